/* SPDX-License-Identifier: MIT */
#include "daemon/digest.h"

#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/delivery.h"
#include "notify/message_digest.h"
#include "store/alerts.h"
#include "store/bulletins.h"
#include "store/digests.h"

#define DAY_MS (24ll * 3600 * 1000)
#define LOOK_BACK_MS (8 * DAY_MS) /* longer than the time between two digests */
#define DAYS_OFF_MAX 60           /* in a row; more than that are a mistake in the file of holidays */

int64_t digest_due_ms(const struct route *route, const struct calendar *calendar, int64_t after_ms)
{
        int weekday = route->digest == ROUTE_DIGEST_WEEKLY ? route->digest_weekday : 0;
        int64_t due_ms = calendar_next(calendar, after_ms, route->digest_minute, weekday), first_ms = due_ms;
        if (!route->schedule.business_days)
                return due_ms;
        for (int i = 0; i < DAYS_OFF_MAX && !calendar_is_business_day(calendar, due_ms); i++)
                due_ms = calendar_next(calendar, due_ms, route->digest_minute, 0);
        return calendar_is_business_day(calendar, due_ms) ? due_ms : first_ms;
}

/* The last moment at which one was due, behind the last one and up to now; 0: none was. *ret_next_ms: the first in the
 * future. */
static int64_t last_due_ms(const struct route *route, const struct calendar *calendar, int64_t until_ms, int64_t now_ms,
                           int64_t *ret_next_ms)
{
        int64_t last_ms = 0, due_ms = digest_due_ms(route, calendar, MAX(until_ms, now_ms - LOOK_BACK_MS));
        for (; due_ms <= now_ms; due_ms = digest_due_ms(route, calendar, due_ms))
                last_ms = due_ms;
        *ret_next_ms = due_ms;
        return last_ms;
}

/* ---- what is in it ---- */

struct digest {
        struct database *db;
        const struct config *config;
        const struct route *route;
        int64_t now_ms, due_ms;
        struct digest_mark before, after;
        GPtrArray *items;     /* struct digest_item */
        GPtrArray *open;      /* struct alert: of this route, owned */
        GPtrArray *open_before; /* those of them that are not among the items that are named */
        GPtrArray *bulletins; /* struct bulletin_row: those that are named, owned */
        GPtrArray *entries, *open_entries;
        GPtrArray *texts;     /* what the entries point to, owned */
};

static void free_row(void *row)
{
        bulletin_row_free(row);
}

static void digest_clear(struct digest *digest)
{
        g_clear_pointer(&digest->items, g_ptr_array_unref);
        g_clear_pointer(&digest->open_before, g_ptr_array_unref);
        g_clear_pointer(&digest->open, g_ptr_array_unref);
        g_clear_pointer(&digest->bulletins, g_ptr_array_unref);
        g_clear_pointer(&digest->entries, g_ptr_array_unref);
        g_clear_pointer(&digest->open_entries, g_ptr_array_unref);
        g_clear_pointer(&digest->texts, g_ptr_array_unref);
}

/* Where nobody is asked to acknowledge, that nobody does says nothing. */
static bool wants_acknowledgement(const struct route *route)
{
        bool wants = route->steps->len > 0 || route->remind_after_ms > 0;
        for (gsize i = 0; i < G_N_ELEMENTS(route->deadlines); i++)
                wants |= route->deadlines[i].ms > 0 || route->deadlines[i].business_days > 0;
        return wants;
}

static int load_open(struct digest *digest, struct error *err)
{
        digest->open = g_ptr_array_new_with_free_func((GDestroyNotify) alert_free);
        digest->open_before = g_ptr_array_new();
        if (!wants_acknowledgement(digest->route))
                return 0;
        g_autoptr(GPtrArray) all = NULL;
        int r = alerts_open(digest->db, 0, &all, err);
        for (guint i = 0; r == 0 && i < all->len; i++) {
                struct alert *alert = g_ptr_array_index(all, i);
                if (strcmp(alert->route, digest->route->name) != 0)
                        continue;
                g_ptr_array_add(digest->open, g_steal_pointer(&all->pdata[i]));
                g_ptr_array_add(digest->open_before, alert);
        }
        return r;
}

/* The open alert about it, taken out of those that are named apart; NULL: there is none. */
static struct alert *take_open(struct digest *digest, int64_t bulletin_id)
{
        for (guint i = 0; i < digest->open_before->len; i++) {
                struct alert *alert = g_ptr_array_index(digest->open_before, i);
                if (alert->bulletin_id == bulletin_id)
                        return g_ptr_array_remove_index(digest->open_before, i);
        }
        return NULL;
}

static int add_entry(struct digest *digest, GPtrArray *entries, int64_t bulletin_id, const struct digest_item *item,
                     const struct alert *open, struct error *err)
{
        struct bulletin_row *row;
        char *since = open ? calendar_format(digest->config->calendar, open->opened_ms) : NULL;
        if (since)
                g_ptr_array_add(digest->texts, since);
        int r = bulletins_get(digest->db, bulletin_id, &row, err);
        if (r == -ERR_STORE_CORRUPT) { /* it is counted and not named: the others are no less worth telling */
                log_error("digest", "%s", error_text(err));
                error_clear(err);
                return 0;
        }
        if (r < 0)
                return r;
        g_ptr_array_add(digest->bulletins, row);
        if (!row->current)
                return 0;
        struct digest_entry *entry = g_new0(struct digest_entry, 1);
        *entry = (struct digest_entry) { .action = item ? item->action : NULL, .reason = item ? item->reason : NULL,
                                         .bulletin = row->current, .since = since };
        g_ptr_array_add(entries, entry);
        return 0;
}

/* Only of those that are named the content is read. */
static int load_entries(struct digest *digest, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < digest->items->len && i < DIGEST_LINES_MAX; i++) {
                const struct digest_item *item = g_ptr_array_index(digest->items, i);
                r = add_entry(digest, digest->entries, item->bulletin_id, item, take_open(digest, item->bulletin_id), err);
        }
        for (guint i = 0; r == 0 && i < digest->open_before->len && i < DIGEST_OPEN_MAX; i++) {
                const struct alert *alert = g_ptr_array_index(digest->open_before, i);
                r = add_entry(digest, digest->open_entries, alert->bulletin_id, NULL, alert, err);
        }
        return r;
}

static int load(struct digest *digest, struct error *err)
{
        digest->bulletins = g_ptr_array_new_with_free_func(free_row);
        digest->entries = g_ptr_array_new_with_free_func(g_free);
        digest->open_entries = g_ptr_array_new_with_free_func(g_free);
        digest->texts = g_ptr_array_new_with_free_func(g_free);
        digest->after = (struct digest_mark) { true, 0, digest->now_ms };
        int r = digests_last_decision(digest->db, &digest->after.decision_id, err);
        if (r == 0)
                r = digests_items(digest->db, digest->route->name, digest->before.decision_id, digest->after.decision_id,
                                  &digest->items, err);
        if (r == 0)
                r = load_open(digest, err);
        return r < 0 ? r : load_entries(digest, err);
}

/* ---- sending it ---- */

static struct message *make_message(const struct digest *digest)
{
        g_autoptr(GPtrArray) actions = g_ptr_array_new();
        for (guint i = 0; i < digest->items->len; i++)
                g_ptr_array_add(actions, ((struct digest_item *) g_ptr_array_index(digest->items, i))->action);
        g_autofree char *from = calendar_format(digest->config->calendar, digest->before.until_ms);
        g_autofree char *to = calendar_format(digest->config->calendar, digest->now_ms);
        struct digest_report report = {
                .route = digest->route->name,
                .weekly = digest->route->digest == ROUTE_DIGEST_WEEKLY,
                .from = from,
                .to = to,
                .actions = actions,
                .entries = digest->entries,
                .open = digest->open->len,
                .open_before = digest->open_before->len,
                .open_entries = digest->open_entries,
        };
        return message_for_digest(&report);
}

static int ask_channels(const struct digest *digest, const struct message *message, const char *fingerprint,
                        unsigned *deliveries, struct error *err)
{
        struct delivery_subject subject = { .feed = "", .key = "", .fingerprint = fingerprint };
        int r = 0;
        for (guint i = 0; r == 0 && i < digest->route->channels->len; i++) {
                const struct channel *channel = config_channel(digest->config, g_ptr_array_index(digest->route->channels, i));
                if (channel)
                        r = delivery_ask(digest->db, channel, message, &subject, digest->now_ms, deliveries, err);
        }
        return r;
}

/* A digest is known by the time at which it was due: a database restored from a backup asks for the same one again. But when
 * a clock was ahead for some days and is set right, that time comes twice, with other things to tell. */
static int ask_for_digest(const struct digest *digest, unsigned *deliveries, struct error *err)
{
        g_autofree char *by_time = g_strdup_printf("%s:%" G_GINT64_FORMAT, digest->route->name, digest->due_ms);
        g_autofree char *by_both = g_strdup_printf("%s:%" G_GINT64_FORMAT, by_time, digest->before.decision_id);
        struct message *message = make_message(digest);
        int r = ask_channels(digest, message, by_time, deliveries, err);
        if (r == 0 && *deliveries == 0)
                r = ask_channels(digest, message, by_both, deliveries, err);
        message_free(message);
        return r;
}

static int tell(struct digest *digest, unsigned *deliveries, struct error *err)
{
        int r = load(digest, err);
        bool empty = r == 0 && digest->items->len == 0 && digest->open->len == 0;
        if (r == 0 && (!empty || digest->route->digest_empty))
                r = ask_for_digest(digest, deliveries, err);
        return r < 0 ? r : digests_save(digest->db, digest->route->name, &digest->after, err);
}

static int tell_in_transaction(struct digest *digest, unsigned *deliveries, struct error *err)
{
        unsigned new = 0;
        int r = database_begin(digest->db, err);
        if (r < 0)
                return r;
        r = tell(digest, &new, err);
        if (r == 0)
                r = database_commit(digest->db, err);
        if (r < 0) {
                database_rollback(digest->db);
        } else {
                *deliveries += new;
                log_info("digest", "route %s: bulletins to report: %u, not acknowledged: %u, messages: %u", digest->route->name,
                         digest->items->len, digest->open->len, new);
        }
        digest_clear(digest);
        return r;
}

/* A first digest, or one from a day when the clock was far ahead, has nothing to go back to. */
static int begin(struct database *db, const struct route *route, int64_t now_ms, struct error *err)
{
        struct digest_mark mark = { true, 0, now_ms };
        int r = digests_last_decision(db, &mark.decision_id, err);
        return r < 0 ? r : digests_save(db, route->name, &mark, err);
}

static int run_route(struct database *db, const struct config *config, const struct route *route, int64_t now_ms,
                     unsigned *deliveries, int64_t *ret_next_ms, struct error *err)
{
        struct digest digest = { .db = db, .config = config, .route = route, .now_ms = now_ms };
        int r = digests_load(db, route->name, &digest.before, err);
        if (r < 0)
                return r;
        if (route->digest == ROUTE_DIGEST_NONE)
                return digest.before.known ? digests_forget(db, route->name, err) : 0;
        if (!digest.before.known || digest.before.until_ms > now_ms + DAY_MS) {
                *ret_next_ms = digest_due_ms(route, config->calendar, now_ms);
                return begin(db, route, now_ms, err);
        }
        digest.due_ms = last_due_ms(route, config->calendar, digest.before.until_ms, now_ms, ret_next_ms);
        return digest.due_ms > 0 ? tell_in_transaction(&digest, deliveries, err) : 0;
}

int digest_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
               int64_t *ret_next_ms, struct error *err)
{
        int result = 0;
        *ret_next_ms = 0;
        for (guint i = 0; i < config->routes->len; i++) { /* one that fails keeps none of the others back */
                struct error route_err = ERROR_INIT;
                int64_t next_ms = 0;
                int r = run_route(db, config, g_ptr_array_index(config->routes, i), now_ms, deliveries, &next_ms, &route_err);
                if (r < 0 && result == 0) {
                        result = r;
                        error_move(err, &route_err);
                }
                error_clear(&route_err);
                if (next_ms > 0 && (*ret_next_ms == 0 || next_ms < *ret_next_ms))
                        *ret_next_ms = next_ms;
        }
        return result;
}
