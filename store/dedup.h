/* SPDX-License-Identifier: MIT */
/* The rules that relate an incoming bulletin to what is stored (pure; DESIGN.md, "What a bulletin is"). */
#ifndef STORE_DEDUP_H
#define STORE_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bulletin.h"

enum dedup_event {
        DEDUP_FIRST,     /* a bulletin that was not known */
        DEDUP_DUPLICATE, /* same identity, same content: a sighting */
        DEDUP_VARIANT,   /* same identity, other content */
        DEDUP_LATER,     /* a later update date: a new revision that becomes current */
        DEDUP_EARLIER,   /* an earlier one arriving late: stored in its place, not current */
        DEDUP_UNDATED,   /* no dates stated for a bulletin that is known: kept as a revision of its own, not current */
        DEDUP_EVENT_MAX
};

const char *dedup_event_name(enum dedup_event event); /* "first", "duplicate", … */

/* Orders revisions of one bulletin: by update date, then registration date; a missing date is before every date.
 * <0, 0, >0. */
int dedup_compare_dates(const char *registered_a, const char *updated_a, const char *registered_b,
                        const char *updated_b);

/* Which of two contents of one identity stands for the revision, whatever the order of arrival: the more severe, then
 * the more urgent, then the one with more determined, then the greater fingerprint. True if candidate wins over
 * present. */
bool dedup_variant_wins(const struct bulletin *present, const char *present_fingerprint,
                        const struct bulletin *candidate, const char *candidate_fingerprint);

/* What a revision that was not known is to a bulletin that was: LATER, EARLIER or UNDATED. */
enum dedup_event dedup_classify_revision(const char *registered, const char *updated, const char *current_registered,
                                         const char *current_updated);

/* Which of the mails that said the same stands for a content, whatever the order of arrival: the one with the earliest
 * Date, then the smaller digest. True if candidate wins over present. */
bool dedup_mail_wins(int64_t present_date, const char *present_sha256, int64_t candidate_date,
                     const char *candidate_sha256);

/* A Date (RFC 3339, any offset) in seconds since 1970; after every date (INT64_MAX) where it is missing or not
 * readable. */
int64_t dedup_mail_date(const char *rfc3339);

#endif
