/* SPDX-License-Identifier: MIT */
/* Looking at the outbox, and what people do to it by hand. */
#include <errno.h>

#include "store/outbox_p.h"

static void free_attempt(void *data)
{
        struct attempt *attempt = data;
        g_free(attempt->result);
        g_free(attempt->answer);
        g_free(attempt);
}

int outbox_list(struct database *db, enum delivery_state state, unsigned limit, GPtrArray **ret_deliveries,
                struct error *err)
{
        struct statement *statement;
        int r = state == DELIVERY_STATE_MAX
                        ? database_prepare(db, "SELECT " DELIVERY_COLUMNS " FROM outbox ORDER BY id DESC LIMIT ?1",
                                           &statement, err)
                        : database_prepare(db,
                                           "SELECT " DELIVERY_COLUMNS
                                           " FROM outbox WHERE state = ?2 ORDER BY id DESC LIMIT ?1",
                                           &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, limit ? (int64_t) limit : -1);
        if (state != DELIVERY_STATE_MAX)
                statement_bind_int(statement, 2, state);
        g_autoptr(GPtrArray) deliveries = g_ptr_array_new_with_free_func(outbox_free_delivery);
        while ((r = statement_step(statement, err)) > 0)
                g_ptr_array_add(deliveries, outbox_read_delivery(statement));
        statement_done(statement);
        if (r < 0) {
                error_prefix(err, "cannot list the deliveries");
                return r;
        }
        *ret_deliveries = g_steal_pointer(&deliveries);
        return 0;
}

int outbox_attempts(struct database *db, int64_t delivery_id, GPtrArray **ret_attempts, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT at_ms, result, answer FROM attempt WHERE delivery_id = ?1 ORDER BY id",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, delivery_id);
        g_autoptr(GPtrArray) attempts = g_ptr_array_new_with_free_func(free_attempt);
        while ((r = statement_step(statement, err)) > 0) {
                struct attempt *attempt = g_new0(struct attempt, 1);
                attempt->at_ms = statement_int(statement, 0);
                attempt->result = statement_text_copy(statement, 1);
                attempt->answer = statement_text_copy(statement, 2);
                g_ptr_array_add(attempts, attempt);
        }
        statement_done(statement);
        if (r == 0)
                *ret_attempts = g_steal_pointer(&attempts);
        return r;
}

int outbox_count(struct database *db, enum delivery_state state, int64_t *ret_count, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT count(*) FROM outbox WHERE state BETWEEN ?1 AND ?2", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, state == DELIVERY_STATE_MAX ? 0 : state);
        statement_bind_int(statement, 2, state);
        r = statement_step(statement, err);
        if (r > 0)
                *ret_count = statement_int(statement, 0);
        statement_done(statement);
        return r < 0 ? r : 0;
}

/* --- by hand --- */

static int read_standing(struct database *db, int64_t delivery_id, int64_t now_ms, enum delivery_state *ret_state,
                         bool *ret_claimed, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT state, owner IS NOT NULL AND expires_ms > ?2 FROM outbox WHERE id = ?1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, delivery_id);
        statement_bind_int(statement, 2, now_ms);
        r = statement_step(statement, err);
        if (r > 0) {
                *ret_state = (enum delivery_state) statement_int(statement, 0);
                *ret_claimed = statement_int(statement, 1) != 0;
        } else if (r == 0) {
                r = error_set(err, -ERR_NOT_FOUND, "there is no such delivery");
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int retry(struct database *db, int64_t delivery_id, int64_t now_ms, struct error *err)
{
        enum delivery_state state = DELIVERY_STATE_MAX;
        bool claimed = false;
        int r = read_standing(db, delivery_id, now_ms, &state, &claimed, err);
        if (r < 0)
                return r;
        if (state != DELIVERY_PENDING && state != DELIVERY_DEAD)
                return error_set(err, -ERR_NOT_FOUND, "it is %s", delivery_state_name(state));
        if (claimed)
                return 0;
        struct statement *statement;
        r = database_prepare(db,
                             "UPDATE outbox SET state = 0, next_ms = ?2, owner = NULL, expires_ms = NULL WHERE id = ?1",
                             &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, delivery_id);
        statement_bind_int(statement, 2, now_ms);
        return statement_run(statement, err);
}

int outbox_retry(struct database *db, int64_t delivery_id, int64_t now_ms, struct error *err)
{
        int r = database_enter(db, err);
        if (r == 0)
                r = database_leave(db, retry(db, delivery_id, now_ms, err), err);
        if (r < 0)
                error_prefix(err, "cannot retry delivery %" G_GINT64_FORMAT, delivery_id);
        return r;
}

static int drop(struct database *db, int64_t delivery_id, int64_t now_ms, const char *reason, struct error *err)
{
        enum delivery_state state = DELIVERY_STATE_MAX;
        bool claimed = false;
        int r = read_standing(db, delivery_id, now_ms, &state, &claimed, err);
        if (r < 0)
                return r;
        if (state != DELIVERY_PENDING)
                return error_set(err, -ERR_NOT_FOUND, "it is %s", delivery_state_name(state));
        if (claimed)
                return error_set(err, -EBUSY, "it is being sent right now");
        struct statement *statement;
        r = database_prepare(db,
                             "UPDATE outbox SET state = ?2, answer = ?3, owner = NULL, expires_ms = NULL WHERE id = ?1",
                             &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, delivery_id);
        statement_bind_int(statement, 2, DELIVERY_DEAD);
        statement_bind_text(statement, 3, reason);
        return statement_run(statement, err);
}

int outbox_drop(struct database *db, int64_t delivery_id, int64_t now_ms, const char *reason, struct error *err)
{
        int r = database_enter(db, err);
        if (r == 0)
                r = database_leave(db, drop(db, delivery_id, now_ms, reason, err), err);
        if (r < 0)
                error_prefix(err, "cannot drop delivery %" G_GINT64_FORMAT, delivery_id);
        return r;
}
