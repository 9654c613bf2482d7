/* SPDX-License-Identifier: MIT */
#include "store/digests.h"

#include <string.h>

int digests_load(struct database *db, const char *route, struct digest_mark *ret_mark, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT decision_id, until_ms FROM digest WHERE route = ?1", &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, route);
                r = statement_step(statement, err);
                if (r >= 0)
                        *ret_mark = (struct digest_mark) { 0 };
                if (r > 0)
                        *ret_mark = (struct digest_mark) { true, statement_int(statement, 0), statement_int(statement, 1) };
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot read how far the digests of route %s have come", route);
        return r < 0 ? r : 0;
}

int digests_save(struct database *db, const char *route, const struct digest_mark *mark, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO digest (route, decision_id, until_ms) VALUES (?1, ?2, ?3)"
                                 " ON CONFLICT (route) DO UPDATE SET decision_id = ?2, until_ms = ?3",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, route);
                statement_bind_int(statement, 2, mark->decision_id);
                statement_bind_int(statement, 3, mark->until_ms);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store how far the digests of route %s have come", route);
        return r;
}

int digests_forget(struct database *db, const char *route, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "DELETE FROM digest WHERE route = ?1", &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, route);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot forget the digests of route %s", route);
        return r;
}

int digests_last_decision(struct database *db, int64_t *ret_id, struct error *err)
{
        int r = database_read_int(db, "SELECT ifnull(max(id), 0) FROM decision", ret_id, err);
        if (r < 0)
                error_prefix(err, "cannot read the newest decision");
        return r;
}

/* ---- items ---- */

void digest_item_free(struct digest_item *item)
{
        if (!item)
                return;
        g_free(item->action);
        g_free(item->reason);
        g_free(item);
}

static void free_item(void *item)
{
        digest_item_free(item);
}

/* A later decision replaces an earlier one, as far as it says more: a rise stands out from an update, nothing sent of a
 * revision does not hide what was sent before, and what was new in this time stays so, unless it is below the thresholds
 * again. */
static bool replaces(const char *before, const char *now)
{
        if (strcmp(now, "none") == 0)
                return strcmp(before, "none") == 0;
        if (strcmp(now, "updated") == 0)
                return strcmp(before, "none") == 0 || strcmp(before, "updated") == 0;
        return strcmp(before, "new") != 0 || strcmp(now, "lowered") == 0;
}

static void add_row(GHashTable *by_bulletin, GPtrArray *items, struct statement *statement)
{
        int64_t bulletin_id = statement_int(statement, 0);
        const char *action = statement_text(statement, 1), *reason = statement_text(statement, 2);
        struct digest_item *item = g_hash_table_lookup(by_bulletin, &bulletin_id);
        if (!item) {
                item = g_new0(struct digest_item, 1);
                item->bulletin_id = bulletin_id;
                g_ptr_array_add(items, item);
                g_hash_table_insert(by_bulletin, &item->bulletin_id, item);
        } else if (!replaces(item->action, action)) {
                return;
        }
        g_free(item->action);
        g_free(item->reason);
        item->action = g_strdup(action);
        item->reason = g_strdup(reason);
        item->severity = statement_is_null(statement, 3) ? -1 : (int) statement_int(statement, 3);
        item->urgency = statement_is_null(statement, 4) ? -1 : (int) statement_int(statement, 4);
}

/* What cannot be read counts as the most severe, as everywhere. */
static int rank(int value)
{
        return value == 0 ? G_MAXINT : value;
}

static gint more_severe_first(gconstpointer a, gconstpointer b)
{
        const struct digest_item *left = *(struct digest_item *const *) a, *right = *(struct digest_item *const *) b;
        if (left->severity != right->severity)
                return rank(left->severity) > rank(right->severity) ? -1 : 1;
        if (left->urgency != right->urgency)
                return rank(left->urgency) > rank(right->urgency) ? -1 : 1;
        return left->bulletin_id < right->bulletin_id ? -1 : left->bulletin_id > right->bulletin_id;
}

static int read_items(struct database *db, const char *route, int64_t after_id, int64_t upto_id, GPtrArray *items,
                      struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT d.bulletin_id, d.action, d.reason, b.severity, b.urgency FROM decision AS d"
                                 " JOIN bulletin AS b ON b.id = d.bulletin_id"
                                 " LEFT JOIN revision AS v ON v.id = d.revision_id"
                                 " LEFT JOIN route_state AS s ON s.route = d.route AND s.bulletin_id = d.bulletin_id"
                                 " WHERE d.id > ?2 AND d.id <= ?3 AND d.route = ?1 AND b.unverified = 0"
                                 " AND (d.action <> 'none'"
                                 " OR (s.above = 1 AND v.history = 0 AND v.id = b.current_revision_id))"
                                 " ORDER BY d.id",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, route);
        statement_bind_int(statement, 2, after_id);
        statement_bind_int(statement, 3, upto_id);
        g_autoptr(GHashTable) by_bulletin = g_hash_table_new(g_int64_hash, g_int64_equal);
        while ((r = statement_step(statement, err)) > 0)
                add_row(by_bulletin, items, statement);
        statement_done(statement);
        return r;
}

int digests_items(struct database *db, const char *route, int64_t after_id, int64_t upto_id, GPtrArray **ret_items,
                  struct error *err)
{
        g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(free_item);
        int r = read_items(db, route, after_id, upto_id, items, err);
        if (r < 0) {
                error_prefix(err, "cannot read what route %s has decided", route);
                return r;
        }
        g_ptr_array_sort(items, more_severe_first);
        *ret_items = g_steal_pointer(&items);
        return 0;
}
