/* SPDX-License-Identifier: MIT */
/* What people do to the outbox by hand. */
#include <errno.h>

#include "store/outbox_p.h"

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
        if (state != DELIVERY_PENDING && state != DELIVERY_DEAD && state != DELIVERY_DROPPED)
                return error_set(err, -ERR_NOT_FOUND, "it is %s", delivery_state_name(state));
        if (claimed)
                return 0;
        struct statement *statement;
        r = database_prepare(db,
                             "UPDATE outbox SET state = 0, next_ms = ?2, since_ms = ?2, owner = NULL, expires_ms = NULL"
                             " WHERE id = ?1",
                             &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, delivery_id);
        statement_bind_int(statement, 2, now_ms);
        r = statement_run(statement, err);
        return r < 0 ? r : outbox_insert_attempt(db, delivery_id, now_ms, "again", "asked for by hand", err);
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
        if (state != DELIVERY_PENDING && state != DELIVERY_DEAD)
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
        statement_bind_int(statement, 2, DELIVERY_DROPPED);
        statement_bind_text(statement, 3, reason);
        r = statement_run(statement, err);
        return r < 0 ? r : outbox_insert_attempt(db, delivery_id, now_ms, "dropped", reason, err);
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
