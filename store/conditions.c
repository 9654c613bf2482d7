/* SPDX-License-Identifier: MIT */
#include "store/conditions.h"

#include <stdbool.h>

#define CONDITION_COLUMNS "id, name, message, started_ms, last_ms, count, good, ended_ms"

void condition_free(struct condition *condition)
{
        if (!condition)
                return;
        g_free(condition->name);
        g_free(condition->message);
        g_clear_pointer(&condition->details, g_ptr_array_unref);
        g_free(condition);
}

static void free_condition(void *condition)
{
        condition_free(condition);
}

static struct condition *read_condition(struct statement *statement)
{
        struct condition *condition = g_new0(struct condition, 1);
        condition->id = statement_int(statement, 0);
        condition->name = statement_text_copy(statement, 1);
        condition->message = statement_text_copy(statement, 2);
        condition->started_ms = statement_int(statement, 3);
        condition->last_ms = statement_int(statement, 4);
        condition->count = statement_int(statement, 5);
        condition->good = (unsigned) statement_int(statement, 6);
        condition->ended_ms = statement_int(statement, 7);
        return condition;
}

int conditions_find(struct database *db, const char *name, struct condition **ret_condition, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT " CONDITION_COLUMNS " FROM condition WHERE name = ?1 AND ended_ms IS NULL",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, name);
                r = statement_step(statement, err);
                if (r >= 0)
                        *ret_condition = r > 0 ? read_condition(statement) : NULL;
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot read condition %s", name);
        return r < 0 ? r : 0;
}

/* Conditions come and go for years; what they were about is kept for the last ones only. */
static int forget_old(struct database *db, struct error *err)
{
#define OLD_CONDITIONS "(SELECT id FROM condition WHERE ended_ms IS NOT NULL ORDER BY id DESC LIMIT -1 OFFSET ?1)"
        static const char *const sql[] = { "DELETE FROM condition_detail WHERE condition_id IN " OLD_CONDITIONS,
                                           "DELETE FROM condition WHERE id IN " OLD_CONDITIONS };
        for (unsigned i = 0; i < G_N_ELEMENTS(sql); i++) {
                struct statement *statement;
                int r = database_prepare(db, sql[i], &statement, err);
                if (r < 0)
                        return r;
                statement_bind_int(statement, 1, CONDITIONS_ENDED_MAX);
                r = statement_run(statement, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int open_condition(struct database *db, const char *name, const char *message, int64_t now_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO condition (name, message, started_ms, last_ms, count, good)"
                                 " VALUES (?1, ?2, ?3, ?3, 1, 0)",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, name);
        statement_bind_text(statement, 2, message);
        statement_bind_int(statement, 3, now_ms);
        r = statement_run(statement, err);
        return r < 0 ? r : forget_old(db, err);
}

static int continue_condition(struct database *db, int64_t id, const char *message, int64_t now_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "UPDATE condition SET message = ?2, last_ms = max(last_ms, ?3), count = count + 1, good = 0"
                                 " WHERE id = ?1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, id);
        statement_bind_text(statement, 2, message);
        statement_bind_int(statement, 3, now_ms);
        return statement_run(statement, err);
}

/* *ret_new: it did not have the detail, and has it now. */
static int add_detail(struct database *db, int64_t id, const char *detail, bool *ret_new, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO condition_detail (condition_id, detail) SELECT ?1, ?2"
                                 " WHERE (SELECT count(*) FROM condition_detail WHERE condition_id = ?1) < ?3"
                                 " ON CONFLICT (condition_id, detail) DO NOTHING",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, id);
        statement_bind_text(statement, 2, detail);
        statement_bind_int(statement, 3, CONDITION_DETAILS_MAX);
        r = statement_run(statement, err);
        if (r == 0)
                *ret_new = database_changes(db) > 0;
        return r;
}

static int add_details(struct database *db, int64_t id, const GPtrArray *details, GPtrArray *new, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < details->len; i++) {
                bool added = false;
                r = add_detail(db, id, g_ptr_array_index(details, i), &added, err);
                if (r == 0 && added)
                        g_ptr_array_add(new, g_strdup(g_ptr_array_index(details, i)));
        }
        return r;
}

int conditions_bad(struct database *db, const char *name, const char *message, const GPtrArray *details, int64_t now_ms,
                   enum condition_step *ret_step, struct condition **ret_condition, GPtrArray **ret_new, struct error *err)
{
        struct condition *before = NULL, *now = NULL;
        g_autoptr(GPtrArray) new = g_ptr_array_new_with_free_func(g_free);
        int r = conditions_find(db, name, &before, err);
        if (r == 0)
                r = before ? continue_condition(db, before->id, message, now_ms, err)
                           : open_condition(db, name, message, now_ms, err);
        if (r == 0)
                r = conditions_find(db, name, &now, err);
        if (r == 0 && !now)
                r = error_set(err, -ERR_STORE, "condition %s is gone", name);
        if (r == 0)
                r = add_details(db, now->id, details, new, err);
        if (r == 0) {
                *ret_step = !before ? CONDITION_OPENED : new->len > 0 ? CONDITION_JOINED : CONDITION_UNCHANGED;
                *ret_condition = g_steal_pointer(&now);
                *ret_new = g_steal_pointer(&new);
        } else {
                error_prefix(err, "cannot store condition %s", name);
        }
        condition_free(before);
        condition_free(now);
        return r;
}

/* One more time well. */
static int count_good(struct database *db, struct condition *condition, unsigned needed, int64_t now_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "UPDATE condition SET good = ?2, ended_ms = nullif(?3, 0) WHERE id = ?1", &statement,
                                 err);
        if (r < 0)
                return r;
        condition->good++;
        condition->ended_ms = condition->good >= needed ? now_ms : 0;
        statement_bind_int(statement, 1, condition->id);
        statement_bind_int(statement, 2, condition->good);
        statement_bind_int(statement, 3, condition->ended_ms);
        return statement_run(statement, err);
}

int conditions_good(struct database *db, const char *name, unsigned needed, int64_t now_ms, enum condition_step *ret_step,
                    struct condition **ret_condition, struct error *err)
{
        struct condition *condition = NULL;
        int r = conditions_find(db, name, &condition, err);
        if (r == 0 && condition)
                r = count_good(db, condition, needed, now_ms, err);
        if (r < 0) {
                condition_free(condition);
                error_prefix(err, "cannot store condition %s", name);
                return r;
        }
        *ret_step = condition && condition->ended_ms ? CONDITION_ENDED : CONDITION_UNCHANGED;
        *ret_condition = condition;
        return 0;
}

int conditions_details(struct database *db, int64_t id, GPtrArray **ret_details, struct error *err)
{
        struct statement *statement;
        g_autoptr(GPtrArray) details = g_ptr_array_new_with_free_func(g_free);
        int r = database_prepare(db, "SELECT detail FROM condition_detail WHERE condition_id = ?1 ORDER BY detail",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, id);
                while ((r = statement_step(statement, err)) > 0)
                        g_ptr_array_add(details, statement_text_copy(statement, 0));
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot read what condition %" G_GINT64_FORMAT " is about", id);
        else
                *ret_details = g_steal_pointer(&details);
        return r;
}

static int list_open(struct database *db, GPtrArray *conditions, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT " CONDITION_COLUMNS " FROM condition WHERE ended_ms IS NULL ORDER BY id",
                                 &statement, err);
        if (r < 0)
                return r;
        while ((r = statement_step(statement, err)) > 0)
                g_ptr_array_add(conditions, read_condition(statement));
        statement_done(statement);
        return r;
}

int conditions_open(struct database *db, GPtrArray **ret_conditions, struct error *err)
{
        g_autoptr(GPtrArray) conditions = g_ptr_array_new_with_free_func(free_condition);
        int r = list_open(db, conditions, err);
        for (guint i = 0; r == 0 && i < conditions->len; i++) {
                struct condition *condition = g_ptr_array_index(conditions, i);
                r = conditions_details(db, condition->id, &condition->details, err);
        }
        if (r < 0)
                error_prefix(err, "cannot list the conditions");
        else
                *ret_conditions = g_steal_pointer(&conditions);
        return r;
}
