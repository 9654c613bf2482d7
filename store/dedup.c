/* SPDX-License-Identifier: MIT */
#include "store/dedup.h"

#include <glib.h>
#include <string.h>

const char *dedup_event_name(enum dedup_event event)
{
        static const char *const names[DEDUP_EVENT_MAX] = {
                [DEDUP_FIRST] = "first",
                [DEDUP_DUPLICATE] = "duplicate",
                [DEDUP_VARIANT] = "variant",
                [DEDUP_LATER] = "later",
                [DEDUP_EARLIER] = "earlier",
                [DEDUP_UNDATED] = "undated",
        };
        return (unsigned) event < DEDUP_EVENT_MAX ? names[event] : "unknown";
}

/* "" sorts before every date, and "YYYY-MM-DD" sorts as text. */
static int compare_date(const char *a, const char *b)
{
        return strcmp(a ? a : "", b ? b : "");
}

int dedup_compare_dates(const char *registered_a, const char *updated_a, const char *registered_b,
                        const char *updated_b)
{
        int order = compare_date(updated_a, updated_b);
        return order != 0 ? order : compare_date(registered_a, registered_b);
}

enum dedup_event dedup_classify_revision(const char *registered, const char *updated, const char *current_registered,
                                         const char *current_updated)
{
        if (compare_date(registered, "") == 0 && compare_date(updated, "") == 0)
                return DEDUP_UNDATED;
        return dedup_compare_dates(registered, updated, current_registered, current_updated) > 0 ? DEDUP_LATER
                                                                                                  : DEDUP_EARLIER;
}

/* 0 where the field is missing or undetermined: a stated value wins over none. */
static int weight(const struct bulletin *bulletin, enum bulletin_field field)
{
        const struct choice *choice = &bulletin->fields[field];
        return choice->present && choice->basis != BASIS_UNDETERMINED ? choice->value : 0;
}

bool dedup_variant_wins(const struct bulletin *present, const char *present_fingerprint,
                        const struct bulletin *candidate, const char *candidate_fingerprint)
{
        int severity = weight(candidate, FIELD_SEVERITY) - weight(present, FIELD_SEVERITY);
        if (severity != 0)
                return severity > 0;
        int urgency = weight(candidate, FIELD_URGENCY) - weight(present, FIELD_URGENCY);
        if (urgency != 0)
                return urgency > 0;
        unsigned of_candidate = bulletin_count_determined(candidate), of_present = bulletin_count_determined(present);
        if (of_candidate != of_present)
                return of_candidate > of_present;
        return strcmp(candidate_fingerprint, present_fingerprint) > 0;
}

bool dedup_mail_wins(int64_t present_date, const char *present_sha256, int64_t candidate_date,
                     const char *candidate_sha256)
{
        if (candidate_date != present_date)
                return candidate_date < present_date;
        return strcmp(candidate_sha256, present_sha256) < 0;
}

int64_t dedup_mail_date(const char *rfc3339)
{
        if (!rfc3339)
                return INT64_MAX;
        g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
        g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(rfc3339, utc);
        return date ? g_date_time_to_unix(date) : INT64_MAX;
}
