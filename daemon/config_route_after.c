/* SPDX-License-Identifier: MIT */
/* [route NAME]: what follows a first notification until somebody acknowledges it, quiet times, digests. */
#include "daemon/config_p.h"

#include <string.h>

#include "common/text.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define DAY_MS (1440 * MINUTE_MS)
#define STEP_MS_MAX (30 * DAY_MS)
#define DEADLINE_MS_MAX (365 * DAY_MS)
#define DEADLINE_DAYS_MAX 250u
#define STEPS_MAX 20u
#define REMINDERS_MAX 100u
#define MINUTES_OF_DAY 1440

/* A duration with its unit: a number alone, which is seconds elsewhere, is most likely meant to be minutes here. */
static bool parse_duration(const char *text, int64_t max_ms, int64_t *ret_ms)
{
        size_t length = strlen(text);
        gint64 ms = 0;
        if (length == 0 || !g_ascii_isalpha(text[length - 1]) || text_parse_duration_ms(text, &ms) < 0 || ms < SECOND_MS ||
            ms > max_ms)
                return false;
        *ret_ms = ms;
        return true;
}

static void warn_if_short(struct config_reader *reader, const struct config_section *section, const char *key,
                          const char *text, int64_t ms)
{
        if (ms < MINUTE_MS)
                config_warning(reader, section, key, "%s is less than a minute", text);
}

/* The parts between separators, stripped; empty ones left out. */
static GPtrArray *split(const char *text, const char *separators)
{
        GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
        g_auto(GStrv) raw = g_strsplit_set(text ? text : "", separators, -1);
        for (size_t i = 0; raw[i]; i++)
                if (*g_strstrip(raw[i]))
                        g_ptr_array_add(parts, g_strdup(raw[i]));
        return parts;
}

/* Cuts the first word off; the rest is stripped, and "" if there is none. */
static const char *cut_word(char *text)
{
        char *end = text + strcspn(text, " \t");
        if (*end == '\0')
                return end;
        *end = '\0';
        return g_strchug(end + 1);
}

/* Escalation */

/* "30m oncall, phone" */
static void read_step(struct config_reader *reader, const struct config_section *section, char *text,
                      struct route *route)
{
        g_autofree char *shown = g_strdup(text);
        const char *names = cut_word(text);
        const struct route_step *last = route->steps->len ? g_ptr_array_index(route->steps, route->steps->len - 1) : NULL;
        int64_t after_ms = 0;
        if (!parse_duration(text, STEP_MS_MAX, &after_ms)) {
                config_problem(reader, section, "escalate",
                               "\"%s\" does not start with a duration such as 30m or 2h, from 1s to 30d", shown);
                return;
        }
        GPtrArray *channels = split(names, ",");
        if (channels->len == 0)
                config_problem(reader, section, "escalate", "\"%s\" names no channel", shown);
        if (last && after_ms <= last->after_ms)
                config_problem(reader, section, "escalate",
                               "\"%s\" is not later than the step before it; all times count from the first notification",
                               shown);
        warn_if_short(reader, section, "escalate", text, after_ms);
        g_ptr_array_add(route->steps, route_step_new(after_ms, channels));
}

static void read_steps(struct config_reader *reader, const struct config_section *section, struct route *route)
{
        g_autoptr(GPtrArray) parts = split(config_text(section, "escalate"), ";");
        if (parts->len > STEPS_MAX) {
                config_problem(reader, section, "escalate", "has %u steps; at most %u are allowed", parts->len, STEPS_MAX);
                return;
        }
        for (guint i = 0; i < parts->len; i++)
                read_step(reader, section, g_ptr_array_index(parts, i), route);
}

static void read_reminders(struct config_reader *reader, const struct config_section *section, struct route *route)
{
        const char *after = config_text(section, "remind-after");
        route->remind_limit = config_number(reader, section, "remind-limit", 1, REMINDERS_MAX);
        if (!after && config_is_set(section, "remind-limit"))
                config_warning(reader, section, "remind-limit", "has no effect without remind-after");
        if (!after)
                return;
        if (parse_duration(after, STEP_MS_MAX, &route->remind_after_ms))
                warn_if_short(reader, section, "remind-after", after, route->remind_after_ms);
        else
                config_problem(reader, section, "remind-after", "bad value \"%s\"; it takes %s", after,
                               config_key_find("route", "remind-after")->values);
}

/* Deadlines */

/* How long it is, near enough to compare it with others; 0: there is none. */
static int64_t deadline_weight(const struct route_deadline *deadline)
{
        return deadline->business_days ? (int64_t) deadline->business_days * DAY_MS : deadline->ms;
}

static bool parse_deadline(const char *text, struct route_deadline *ret_deadline)
{
        guint64 days = 0;
        if (!g_str_has_suffix(text, "bd"))
                return parse_duration(text, DEADLINE_MS_MAX, &ret_deadline->ms);
        g_autofree char *number = g_strndup(text, strlen(text) - strlen("bd"));
        if (text_parse_uint64(number, DEADLINE_DAYS_MAX, &days) < 0 || days == 0)
                return false;
        ret_deadline->business_days = (unsigned) days;
        return true;
}

/* 0: it is none. */
static int parse_severity(struct config_reader *reader, const struct config_section *section, const char *word)
{
        static const char *const names[] = { "critical", "important", "moderate", "low", NULL };
        int severity = bulletin_value_parse(FIELD_SEVERITY, word);
        const char *suggestion = severity > 0 ? NULL : config_suggest(word, names);
        if (suggestion)
                config_problem(reader, section, "deadlines", "unknown severity \"%s\"; did you mean \"%s\"?", word,
                               suggestion);
        else if (severity <= 0)
                config_problem(reader, section, "deadlines",
                               "unknown severity \"%s\"; there are critical, important, moderate, low", word);
        return severity;
}

/* "critical 4h" */
static void read_deadline(struct config_reader *reader, const struct config_section *section, char *text,
                          struct route *route)
{
        struct route_deadline deadline = { 0 };
        const char *time = cut_word(text);
        int severity = parse_severity(reader, section, text);
        if (severity <= 0)
                return;
        if (!parse_deadline(time, &deadline)) {
                config_problem(reader, section, "deadlines",
                               "%s: \"%s\" is neither a duration such as 4h, up to 365d, nor business days such as 2bd", text,
                               time);
                return;
        }
        if (deadline_weight(&route->deadlines[severity]) != 0)
                config_problem(reader, section, "deadlines", "has \"%s\" twice", text);
        if (!deadline.business_days)
                warn_if_short(reader, section, "deadlines", time, deadline.ms);
        route->deadlines[severity] = deadline;
}

/* What is more severe is due no later, and what may be anything is due as the worst of it. */
static void complete_deadlines(struct config_reader *reader, const struct config_section *section, struct route *route)
{
        const struct route_deadline *strictest = NULL;
        for (int severity = SEVERITY_LOW; severity <= SEVERITY_CRITICAL; severity++) {
                struct route_deadline *deadline = &route->deadlines[severity];
                const struct route_deadline *less = &route->deadlines[MAX(severity - 1, SEVERITY_LOW)];
                if (deadline_weight(deadline) == 0)
                        *deadline = *less;
                if (deadline_weight(deadline) == 0)
                        continue;
                if (deadline_weight(less) != 0 && deadline_weight(less) < deadline_weight(deadline))
                        config_warning(reader, section, "deadlines", "%s has more time than %s",
                                       bulletin_value_name(FIELD_SEVERITY, severity),
                                       bulletin_value_name(FIELD_SEVERITY, severity - 1));
                if (!strictest || deadline_weight(deadline) < deadline_weight(strictest))
                        strictest = deadline;
        }
        if (strictest)
                route->deadlines[SEVERITY_NONE] = *strictest;
}

void config_read_escalation(struct config_reader *reader, const struct config_section *section, struct route *route)
{
        read_steps(reader, section, route);
        read_reminders(reader, section, route);
        g_autoptr(GPtrArray) parts = split(config_text(section, "deadlines"), ";,");
        for (guint i = 0; i < parts->len; i++)
                read_deadline(reader, section, g_ptr_array_index(parts, i), route);
        complete_deadlines(reader, section, route);
}

/* Times of the day */

/* "9:00", "22:30", at most max minutes; -1 for anything else. */
static int parse_minute(const char *text, int max)
{
        g_auto(GStrv) parts = g_strsplit(text, ":", 3);
        guint64 hours = 0, minutes = 0;
        if (g_strv_length(parts) != 2 || strlen(parts[0]) > 2 || strlen(parts[1]) != 2 ||
            text_parse_uint64(parts[0], 24, &hours) < 0 || text_parse_uint64(parts[1], 59, &minutes) < 0)
                return -1;
        int minute = (int) (hours * 60 + minutes);
        return minute > max ? -1 : minute;
}

static void read_quiet_hours(struct config_reader *reader, const struct config_section *section,
                             struct schedule *schedule)
{
        const char *text = config_text(section, "quiet-hours");
        if (!text)
                return;
        g_auto(GStrv) ends = g_strsplit(text, "-", 3);
        int from = -1, to = -1;
        if (g_strv_length(ends) == 2) {
                from = parse_minute(g_strstrip(ends[0]), MINUTES_OF_DAY - 1);
                to = parse_minute(g_strstrip(ends[1]), MINUTES_OF_DAY);
        }
        if (from < 0 || to < 0) {
                config_problem(reader, section, "quiet-hours", "bad value \"%s\"; it takes %s", text,
                               config_key_find("route", "quiet-hours")->values);
                return;
        }
        to %= MINUTES_OF_DAY;
        if (from == to)
                config_problem(reader, section, "quiet-hours",
                               "\"%s\" is all day or none of it; leave the key out, or use immediate = no with a digest",
                               text);
        schedule->quiet_from = from;
        schedule->quiet_to = to;
}

void config_read_schedule(struct config_reader *reader, const struct config_section *section, struct route *route)
{
        static const char *const severities[] = { "none", "low", "moderate", "important", "critical", NULL };
        G_STATIC_ASSERT(SEVERITY_LOW == 1 && SEVERITY_CRITICAL == 4);
        struct schedule *schedule = &route->schedule;
        read_quiet_hours(reader, section, schedule);
        schedule->business_days = config_bool(reader, section, "business-days");
        schedule->exempt_severity = config_choice(reader, section, "quiet-except", severities);
        if (config_is_set(section, "quiet-except") && !config_is_set(section, "quiet-hours") && !schedule->business_days)
                config_warning(reader, section, "quiet-except", "has no effect without quiet-hours or business-days");
}

/* Digest */

static void warn_without_digest(struct config_reader *reader, const struct config_section *section,
                                enum route_digest digest)
{
        static const char *const keys[] = { "digest-time", "digest-day", "digest-empty" };
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                if (!config_is_set(section, keys[i]))
                        continue;
                if (digest == ROUTE_DIGEST_NONE)
                        config_warning(reader, section, keys[i], "has no effect without digest = daily or weekly");
                else if (digest == ROUTE_DIGEST_DAILY && strcmp(keys[i], "digest-day") == 0)
                        config_warning(reader, section, keys[i], "has no effect with digest = daily");
        }
}

static void check_immediate(struct config_reader *reader, const struct config_section *section,
                            const struct route *route)
{
        static const char *const keys[] = { "escalate", "remind-after", "deadlines", "quiet-hours", "business-days" };
        if (route->immediate)
                return;
        if (route->digest == ROUTE_DIGEST_NONE)
                config_problem(reader, section, "immediate",
                               "nothing would ever be told; \"no\" needs digest = daily or weekly");
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                if (config_is_set(section, keys[i]))
                        config_warning(reader, section, keys[i], "has no effect with immediate = no");
}

void config_read_digest(struct config_reader *reader, const struct config_section *section, struct route *route)
{
        static const char *const digests[] = { "none", "daily", "weekly", NULL };
        static const char *const days[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
                                            NULL };
        route->digest = (enum route_digest) config_choice(reader, section, "digest", digests);
        route->digest_weekday = config_choice(reader, section, "digest-day", days) + 1;
        route->digest_empty = config_bool(reader, section, "digest-empty");
        route->immediate = config_bool(reader, section, "immediate");
        route->digest_minute = parse_minute(config_text(section, "digest-time"), MINUTES_OF_DAY - 1);
        if (route->digest_minute < 0) {
                config_problem(reader, section, "digest-time", "bad value \"%s\"; it takes %s",
                               config_text(section, "digest-time"), config_key_find("route", "digest-time")->values);
                route->digest_minute = 0;
        }
        warn_without_digest(reader, section, route->digest);
        check_immediate(reader, section, route);
}
