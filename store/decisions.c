/* SPDX-License-Identifier: MIT */
/* The part of outbox.h that keeps what routes know and decide. */
#include "store/outbox_p.h"

#define DECISION_COLUMNS "id, bulletin_id, revision_id, mail_id, route, action, reason, decided_ms"

void decision_row_free(struct decision_row *row)
{
        if (!row)
                return;
        g_free(row->route);
        g_free(row->action);
        g_free(row->reason);
        g_clear_pointer(&row->deliveries, g_ptr_array_unref);
        g_free(row);
}

static void free_decision(void *row)
{
        decision_row_free(row);
}

int outbox_route_state(struct database *db, const char *route, int64_t bulletin_id, struct route_state *ret_state,
                       struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT above, sent, severity, urgency FROM route_state"
                                 " WHERE route = ?1 AND bulletin_id = ?2",
                                 &statement, err);
        if (r == 0) {
                statement_bind_lent_text(statement, 1, route);
                statement_bind_int(statement, 2, bulletin_id);
                r = statement_step(statement, err);
                if (r >= 0)
                        *ret_state = (struct route_state) { 0 };
                if (r > 0)
                        *ret_state = (struct route_state) {
                                .known = true,
                                .above = statement_int(statement, 0) != 0,
                                .sent = statement_int(statement, 1) != 0,
                                .severity = (int) statement_int(statement, 2),
                                .urgency = (int) statement_int(statement, 3),
                        };
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot read what route %s knows", route);
        return r < 0 ? r : 0;
}

static int forget_route_state(struct database *db, const char *route, int64_t bulletin_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "DELETE FROM route_state WHERE route = ?1 AND bulletin_id = ?2", &statement, err);
        if (r < 0)
                return r;
        statement_bind_lent_text(statement, 1, route);
        statement_bind_int(statement, 2, bulletin_id);
        return statement_run(statement, err);
}

static int store_route_state(struct database *db, const char *route, int64_t bulletin_id,
                             const struct route_state *state, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO route_state (route, bulletin_id, above, sent, severity, urgency)"
                                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (route, bulletin_id)"
                                 " DO UPDATE SET above = ?3, sent = ?4, severity = ?5, urgency = ?6",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_lent_text(statement, 1, route);
        statement_bind_int(statement, 2, bulletin_id);
        statement_bind_int(statement, 3, state->above);
        statement_bind_int(statement, 4, state->sent);
        statement_bind_int(statement, 5, state->severity);
        statement_bind_int(statement, 6, state->urgency);
        return statement_run(statement, err);
}

int outbox_set_route_state(struct database *db, const char *route, int64_t bulletin_id, const struct route_state *state,
                           struct error *err)
{
        int r = state->known ? store_route_state(db, route, bulletin_id, state, err)
                             : forget_route_state(db, route, bulletin_id, err);
        if (r < 0)
                error_prefix(err, "cannot store what route %s knows", route);
        return r;
}

int outbox_add_decision(struct database *db, const struct decision_row *decision, int64_t *ret_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                db,
                "INSERT INTO decision (bulletin_id, revision_id, mail_id, route, action, reason, decided_ms)"
                " VALUES (nullif(?1, 0), nullif(?2, 0), nullif(?3, 0), ?4, ?5, ?6, ?7)",
                &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, decision->bulletin_id);
                statement_bind_int(statement, 2, decision->revision_id);
                statement_bind_int(statement, 3, decision->mail_id);
                statement_bind_lent_text(statement, 4, decision->route);
                statement_bind_lent_text(statement, 5, decision->action);
                statement_bind_lent_text(statement, 6, decision->reason);
                statement_bind_int(statement, 7, decision->decided_ms);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store a decision of route %s", decision->route);
        else
                *ret_id = database_last_id(db);
        return r;
}

static struct decision_row *read_decision(struct statement *statement)
{
        struct decision_row *row = g_new0(struct decision_row, 1);
        *row = (struct decision_row) {
                .id = statement_int(statement, 0),
                .bulletin_id = statement_int(statement, 1),
                .revision_id = statement_int(statement, 2),
                .mail_id = statement_int(statement, 3),
                .route = statement_text_copy(statement, 4),
                .action = statement_text_copy(statement, 5),
                .reason = statement_text_copy(statement, 6),
                .decided_ms = statement_int(statement, 7),
                .deliveries = g_ptr_array_new_with_free_func(outbox_free_delivery),
        };
        return row;
}

/* Gives the statement back. */
static int collect(struct statement *statement, GPtrArray **ret_decisions, struct error *err)
{
        g_autoptr(GPtrArray) decisions = g_ptr_array_new_with_free_func(free_decision);
        int r;
        while ((r = statement_step(statement, err)) > 0)
                g_ptr_array_add(decisions, read_decision(statement));
        statement_done(statement);
        if (r == 0)
                *ret_decisions = g_steal_pointer(&decisions);
        return r;
}

static int load_deliveries(struct database *db, struct decision_row *row, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT " DELIVERY_COLUMNS " FROM outbox WHERE id IN"
                                 " (SELECT delivery_id FROM decision_delivery WHERE decision_id = ?1) ORDER BY id",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, row->id);
        while ((r = statement_step(statement, err)) > 0)
                g_ptr_array_add(row->deliveries, outbox_read_delivery(statement));
        statement_done(statement);
        return r;
}

static int load_decisions(struct database *db, int64_t bulletin_id, GPtrArray **ret_decisions, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT " DECISION_COLUMNS " FROM decision WHERE bulletin_id = ?1 ORDER BY id",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, bulletin_id);
        return collect(statement, ret_decisions, err);
}

int outbox_decisions(struct database *db, int64_t bulletin_id, GPtrArray **ret_decisions, struct error *err)
{
        g_autoptr(GPtrArray) decisions = NULL;
        int r = load_decisions(db, bulletin_id, &decisions, err);
        for (guint i = 0; r == 0 && i < decisions->len; i++)
                r = load_deliveries(db, g_ptr_array_index(decisions, i), err);
        if (r < 0) {
                error_prefix(err, "cannot read the decisions on bulletin %" G_GINT64_FORMAT, bulletin_id);
                return r;
        }
        *ret_decisions = g_steal_pointer(&decisions);
        return 0;
}

int outbox_decisions_for(struct database *db, int64_t delivery_id, GPtrArray **ret_decisions, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT " DECISION_COLUMNS " FROM decision WHERE id IN"
                                 " (SELECT decision_id FROM decision_delivery WHERE delivery_id = ?1) ORDER BY id",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, delivery_id);
                r = collect(statement, ret_decisions, err);
        }
        if (r < 0)
                error_prefix(err, "cannot read the decisions for delivery %" G_GINT64_FORMAT, delivery_id);
        return r;
}

int outbox_decisions_latest(struct database *db, unsigned limit, GPtrArray **ret_decisions, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT " DECISION_COLUMNS " FROM decision ORDER BY id DESC LIMIT ?1", &statement,
                                 err);
        if (r == 0) {
                statement_bind_int(statement, 1, limit ? (int64_t) limit : -1);
                r = collect(statement, ret_decisions, err);
        }
        if (r < 0)
                error_prefix(err, "cannot read the latest decisions");
        return r;
}
