/* SPDX-License-Identifier: MIT */
#include "daemon/health.h"

#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "daemon/delivery.h"
#include "store/conditions.h"
#include "store/outbox.h"

struct line {
        enum log_level level;
        char *context, *text;
};

static void free_line(void *data)
{
        struct line *line = data;
        g_free(line->context);
        g_free(line->text);
        g_free(line);
}

void health_init(struct health *health, struct database *db, const struct config *config, int64_t now_ms,
                 unsigned *deliveries)
{
        *health = (struct health){ .db = db, .config = config, .now_ms = now_ms, .deliveries = deliveries,
                                   .lines = g_ptr_array_new_with_free_func(free_line) };
}

void health_clear(struct health *health)
{
        g_clear_pointer(&health->lines, g_ptr_array_unref);
}

void health_add_line(struct health *health, enum log_level level, const char *context, const char *format, ...)
{
        struct line *line = g_new0(struct line, 1);
        va_list arguments;
        va_start(arguments, format);
        line->level = level;
        line->context = g_strdup(context);
        line->text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        g_ptr_array_add(health->lines, line);
}

void health_write_lines(struct health *health)
{
        for (guint i = 0; i < health->lines->len; i++) {
                const struct line *line = g_ptr_array_index(health->lines, i);
                log_write(line->level, line->context, "%s", line->text);
        }
        g_ptr_array_set_size(health->lines, 0);
}

void health_drop_lines(struct health *health)
{
        g_ptr_array_set_size(health->lines, 0);
}

char *health_time(const struct health *health, int64_t wall_ms)
{
        return health->config->calendar ? calendar_format(health->config->calendar, wall_ms) : clock_format_local(wall_ms);
}

/* What makes a message of a condition this one and no other: which time it is that the condition is there, and what is
 * said of it. */
static char *make_fingerprint(const struct condition *condition, const char *what)
{
        return g_strdup_printf("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%s", condition->id, condition->started_ms, what);
}

#define WHAT_BEGAN "began"

static int tell_channel(struct health *health, const struct channel *channel, const struct message *message,
                        const struct condition *condition, const char *what, struct error *err)
{
        g_autofree char *fingerprint = make_fingerprint(condition, what), *first = make_fingerprint(condition, WHAT_BEGAN);
        g_autofree char *thread = strcmp(what, WHAT_BEGAN) == 0 ? NULL :
                                  outbox_identity(channel->name, "", condition->name, "problem", first);
        struct delivery_subject subject = { .feed = "", .key = condition->name, .fingerprint = fingerprint, .thread = thread };
        return delivery_ask(health->db, channel, message, &subject, health->now_ms, health->deliveries, err);
}

/* Tells every health channel, and notes for the log who is told. */
static int tell(struct health *health, const struct health_report *report, const struct condition *condition,
                const char *what, struct error *err)
{
        g_autoptr(GPtrArray) channels = config_health_channels(health->config);
        g_autoptr(GString) names = g_string_new(NULL);
        struct message *message = message_for_health(report);
        int r = 0;
        for (guint i = 0; r == 0 && i < channels->len; i++) {
                const struct channel *channel = g_ptr_array_index(channels, i);
                g_string_append_printf(names, "%s%s", i ? ", " : "", channel->name);
                r = tell_channel(health, channel, message, condition, what, err);
        }
        if (r == 0 && channels->len > 0)
                health_add_line(health, LOG_LEVEL_NOTICE, condition->name, "%s; told on %s", report->reason, names->str);
        else if (r == 0)
                health_add_line(health, LOG_LEVEL_NOTICE, condition->name, "%s; there is no health channel to tell",
                                report->reason);
        message_free(message);
        return r;
}

/* A detail joins a condition only once, so that no two messages of one condition have the same. */
static char *joined_what(const GPtrArray *new)
{
        char digest[DIGEST_TEXT_SIZE] = "";
        for (guint i = 0; i < new->len; i++) {
                char step[DIGEST_TEXT_SIZE];
                digest_sha256_strings(step, digest, g_ptr_array_index(new, i), NULL);
                memcpy(digest, step, sizeof digest);
        }
        return g_strdup_printf("joined:%s", digest);
}

static int tell_problem(struct health *health, const struct health_report *report, const struct condition *condition,
                        enum condition_step step, const GPtrArray *new, struct error *err)
{
        g_autofree char *since = health_time(health, condition->started_ms);
        g_autofree char *reason = step == CONDITION_OPENED ?
                g_strdup("a problem has begun; it is told once, and when it is over") :
                g_strdup_printf("something new has joined the problem that began %s", since);
        g_autofree char *what = step == CONDITION_OPENED ? g_strdup(WHAT_BEGAN) : joined_what(new);
        struct health_report told = *report;
        told.recovered = false;
        told.reason = reason;
        return tell(health, &told, condition, what, err);
}

int health_problem(struct health *health, const struct health_report *report, const GPtrArray *details, struct error *err)
{
        struct condition *condition = NULL;
        enum condition_step step;
        GPtrArray *new = NULL;
        g_autofree char *kept = message_clean_line(report->headline, 300);
        int r = conditions_bad(health->db, report->condition, kept, details, health->now_ms, &step, &condition, &new, err);
        if (r == 0 && step != CONDITION_UNCHANGED)
                r = tell_problem(health, report, condition, step, new, err);
        condition_free(condition);
        g_clear_pointer(&new, g_ptr_array_unref);
        return r;
}

static void free_fact(void *fact)
{
        message_fact_free(fact);
}

/* What is to be known of a condition that is over. */
static GPtrArray *recovery_facts(const struct health *health, const struct health_report *report,
                                 const struct condition *condition, const GPtrArray *details)
{
        GPtrArray *facts = g_ptr_array_new_with_free_func(free_fact);
        for (guint i = 0; report->facts && i < report->facts->len; i++) {
                const struct message_fact *fact = g_ptr_array_index(report->facts, i);
                g_ptr_array_add(facts, message_fact_new(fact->label, fact->value));
        }
        g_autofree char *since = health_time(health, condition->started_ms), *last = health_time(health, condition->last_ms);
        g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, condition->count);
        g_ptr_array_add(facts, message_fact_new("began", since));
        g_ptr_array_add(facts, message_fact_new("last seen", last));
        g_ptr_array_add(facts, message_fact_new("times seen", count));
        g_autoptr(GString) about = g_string_new(NULL);
        for (guint i = 0; i < details->len; i++)
                g_string_append_printf(about, "%s%s", i ? "; " : "", (const char *) g_ptr_array_index(details, i));
        if (about->len > 0)
                g_ptr_array_add(facts, message_fact_new("it was", about->str));
        return facts;
}

static int tell_recovery(struct health *health, const struct health_report *report, const struct condition *condition,
                         struct error *err)
{
        g_autoptr(GPtrArray) details = NULL;
        int r = conditions_details(health->db, condition->id, &details, err);
        if (r < 0)
                return r;
        g_autoptr(GPtrArray) facts = recovery_facts(health, report, condition, details);
        g_autofree char *since = health_time(health, condition->started_ms);
        g_autofree char *reason = g_strdup_printf("the problem that began %s is over", since);
        struct health_report told = *report;
        told.recovered = true;
        told.facts = facts;
        told.reason = reason;
        return tell(health, &told, condition, "ended", err);
}

int health_good(struct health *health, const struct health_report *report, unsigned needed, struct error *err)
{
        struct condition *condition = NULL;
        enum condition_step step;
        int r = conditions_good(health->db, report->condition, needed, health->now_ms, &step, &condition, err);
        if (r == 0 && step == CONDITION_ENDED)
                r = tell_recovery(health, report, condition, err);
        condition_free(condition);
        return r;
}
