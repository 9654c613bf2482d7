/* SPDX-License-Identifier: MIT */
/* The part of outbox.h that forgets. */
#include "store/outbox_p.h"

/* What may go: no newer delivery, and none that still waits, is threaded to it. Its followers go first, in an earlier call,
 * so that no row ever refers to one that is gone. */
#define MAY_GO \
        "(SELECT id FROM outbox AS old WHERE old.state <> 0 AND old.created_ms < ?1" \
        " AND NOT EXISTS (SELECT 1 FROM outbox AS later WHERE later.thread = old.identity)" \
        " ORDER BY old.created_ms LIMIT ?2)"

static const char *const clear_sql[] = {
        "DELETE FROM attempt WHERE delivery_id IN " MAY_GO,
        "DELETE FROM decision_delivery WHERE delivery_id IN " MAY_GO,
        "DELETE FROM outbox WHERE id IN " MAY_GO,
};

static int clear(struct database *db, int64_t before_ms, unsigned limit, unsigned *ret_removed, struct error *err)
{
        int r = 0;
        for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(clear_sql); i++) {
                struct statement *statement;
                r = database_prepare(db, clear_sql[i], &statement, err);
                if (r < 0)
                        break;
                statement_bind_int(statement, 1, before_ms);
                statement_bind_int(statement, 2, limit);
                r = statement_run(statement, err);
        }
        if (r == 0)
                *ret_removed = (unsigned) database_changes(db);
        return r;
}

/* Without a lock: mostly there is nothing. */
static int may_any_go(struct database *db, int64_t before_ms, bool *ret_any, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT EXISTS " MAY_GO, &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, before_ms);
        statement_bind_int(statement, 2, 1);
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_any = r > 0 && statement_int(statement, 0) != 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

int outbox_clear_old(struct database *db, int64_t before_ms, unsigned limit, unsigned *ret_removed, int64_t *ret_oldest_ms,
                     struct error *err)
{
        unsigned removed = 0;
        int64_t oldest_ms = 0;
        bool any = false;
        int r = may_any_go(db, before_ms, &any, err);
        if (r == 0 && any && (r = database_enter(db, err)) == 0)
                r = database_leave(db, clear(db, before_ms, limit, &removed, err), err);
        if (r == 0)
                r = database_read_int(db, "SELECT coalesce(min(created_ms), 0) FROM outbox WHERE state <> 0",
                                      &oldest_ms, err);
        if (r < 0) {
                error_prefix(err, "cannot clear old deliveries");
                return r;
        }
        *ret_removed = removed;
        *ret_oldest_ms = oldest_ms;
        return 0;
}
