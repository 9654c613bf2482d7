/* SPDX-License-Identifier: MIT */
#include "daemon/health_watch_p.h"

#include <stdarg.h>
#include <string.h>

#include "common/clock.h"
#include "store/conditions.h"

#define NOTE_EVERY_MS (3600ll * 1000)

/* ---- one look ---- */

int watch_init(struct watch *watch, struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
               struct error *err)
{
        GPtrArray *open;
        int r = conditions_open(db, &open, err);
        if (r < 0)
                return r;
        *watch = (struct watch){ .open = open };
        health_init(&watch->health, db, config, now_ms, deliveries);
        return 0;
}

void watch_clear(struct watch *watch)
{
        health_clear(&watch->health);
        g_clear_pointer(&watch->open, g_ptr_array_unref);
}

const struct condition *watch_find(const struct watch *watch, const char *name)
{
        for (guint i = 0; i < watch->open->len; i++) {
                const struct condition *condition = g_ptr_array_index(watch->open, i);
                if (strcmp(condition->name, name) == 0)
                        return condition;
        }
        return NULL;
}

void watch_due(struct watch *watch, int64_t at_ms)
{
        if (at_ms > watch->health.now_ms && (watch->next_ms == 0 || at_ms < watch->next_ms))
                watch->next_ms = at_ms;
}

static bool has_detail(const struct condition *condition, const char *detail)
{
        for (guint i = 0; i < condition->details->len; i++)
                if (strcmp(g_ptr_array_index(condition->details, i), detail) == 0)
                        return true;
        return false;
}

static bool is_news(const struct watch *watch, const struct condition *condition, const GPtrArray *details)
{
        if (!condition)
                return true;
        for (guint i = 0; i < details->len && condition->details->len < CONDITION_DETAILS_MAX; i++)
                if (!has_detail(condition, g_ptr_array_index(details, i)))
                        return true;
        return watch->health.now_ms - condition->last_ms >= NOTE_EVERY_MS;
}

/* Ends the transaction that a change of a condition runs in; what is to be logged waits for that. */
static int end_change(struct watch *watch, int code, struct error *err)
{
        int r = code == 0 ? database_commit(watch->health.db, err) : code;
        if (r == 0) {
                health_write_lines(&watch->health);
        } else {
                database_rollback(watch->health.db);
                health_drop_lines(&watch->health);
        }
        return r;
}

int watch_bad(struct watch *watch, const struct health_report *report, const GPtrArray *details, struct error *err)
{
        if (!is_news(watch, watch_find(watch, report->condition), details))
                return 0;
        unsigned before = *watch->health.deliveries;
        int r = database_begin(watch->health.db, err);
        if (r < 0)
                return r;
        r = end_change(watch, health_problem(&watch->health, report, details, err), err);
        if (r < 0)
                *watch->health.deliveries = before;
        return r;
}

int watch_good(struct watch *watch, const char *name, const char *headline, const char *lead, struct error *err)
{
        if (!watch_find(watch, name))
                return 0;
        struct health_report report = { .condition = name, .headline = headline, .lead = lead };
        unsigned before = *watch->health.deliveries;
        int r = database_begin(watch->health.db, err);
        if (r < 0)
                return r;
        r = end_change(watch, health_good(&watch->health, &report, 1, err), err);
        if (r < 0)
                *watch->health.deliveries = before;
        return r;
}

/* ---- words ---- */

static void free_fact(void *fact)
{
        message_fact_free(fact);
}

GPtrArray *watch_facts(void)
{
        return g_ptr_array_new_with_free_func(free_fact);
}

void watch_fact(GPtrArray *facts, const char *label, const char *value)
{
        if (value && *value)
                g_ptr_array_add(facts, message_fact_new(label, value));
}

void watch_fact_time(const struct watch *watch, GPtrArray *facts, const char *label, int64_t at_ms)
{
        g_autofree char *text = at_ms > 0 ? health_time(&watch->health, at_ms) : g_strdup("never");
        watch_fact(facts, label, text);
}

GPtrArray *watch_texts(const char *first, ...)
{
        GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
        va_list more;
        va_start(more, first);
        for (const char *text = first; text; text = va_arg(more, const char *))
                g_ptr_array_add(texts, g_strdup(text));
        va_end(more);
        return texts;
}

char *watch_duration(int64_t ms)
{
        int64_t minutes = MAX(ms, 0) / 60000;
        if (minutes < 1)
                return g_strdup_printf("%" G_GINT64_FORMAT " s", MAX(ms, 0) / 1000);
        if (minutes < 120)
                return g_strdup_printf("%" G_GINT64_FORMAT " min", minutes);
        if (minutes < 48 * 60)
                return g_strdup_printf("%" G_GINT64_FORMAT " h", minutes / 60);
        return g_strdup_printf("%" G_GINT64_FORMAT " d", minutes / 1440);
}

/* ---- the task ---- */

int health_watch_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
                      int64_t *ret_next_ms, struct error *err)
{
        static int (*const looks[])(struct watch *, struct error *) = {
                watch_mailboxes, watch_channels, watch_quarantine, watch_disk, watch_holidays
        };
        struct watch watch;
        int result = watch_init(&watch, db, config, now_ms, deliveries, err);
        if (result < 0)
                return result;
        for (gsize i = 0; i < G_N_ELEMENTS(looks); i++) { /* one that fails keeps none of the others from being taken */
                struct error look_err = ERROR_INIT;
                int r = looks[i](&watch, &look_err);
                if (r < 0 && result == 0) {
                        result = r;
                        error_move(err, &look_err);
                }
                error_clear(&look_err);
        }
        *ret_next_ms = watch.next_ms;
        watch_clear(&watch);
        return result;
}

/* ---- the archive ---- */

static bool is_archives_fault(int code)
{
        return code != -ERR_CANCELLED && code != -ERR_STORE_BUSY;
}

static int look_at_archive(struct watch *watch, int code, const char *text, struct error *err)
{
        if (code == 0)
                return watch_good(watch, WATCH_ARCHIVE, "the archive can be written again",
                                  "Everything that was stored meanwhile is in it.", err);
        const char *directory = watch->health.config->archive_dir;
        g_autoptr(GPtrArray) facts = watch_facts(), details = watch_texts(NULL, NULL);
        g_autoptr(GPtrArray) advice = watch_texts("Mend what the error names; it is tried again every minute.",
                                                  "What is missing then is made up for by itself; hotfixctl archive rebuild "
                                                  "writes all of it anew.", NULL);
        g_autofree char *headline = g_strdup_printf("the archive cannot be written: %s", text);
        watch_fact(facts, "archive", directory);
        struct health_report report = {
                .condition = WATCH_ARCHIVE,
                .headline = headline,
                .lead = "Bulletins are stored and told as usual, but the pages and files of the archive are not up to date.",
                .facts = facts,
                .advice = advice,
        };
        return watch_bad(watch, &report, details, err);
}

void health_watch_archive(struct database *db, const struct config *config, int code, const char *text, unsigned *deliveries)
{
        struct error err = ERROR_INIT;
        struct watch watch;
        if (code < 0 && !is_archives_fault(code))
                return;
        int r = watch_init(&watch, db, config, clock_wall_ms(), deliveries, &err);
        if (r == 0) {
                r = look_at_archive(&watch, code, text, &err);
                watch_clear(&watch);
        }
        if (r < 0)
                log_debug("health", "%s", error_text(&err)); /* said of the archive itself already */
        error_clear(&err);
}
