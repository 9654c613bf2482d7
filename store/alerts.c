/* SPDX-License-Identifier: MIT */
#include "store/alerts.h"

#include "store/outbox.h"

#define ALERT_COLUMNS \
        "a.id, a.route, a.bulletin_id, a.state, a.opened_ms, a.started_ms, a.severity, a.urgency, a.round, a.step," \
        " a.reminders, a.reminded_ms, a.deadline_ms, a.overdue, a.next_ms, a.decision_id, a.acknowledgement_id," \
        " a.fingerprint, d.mail_id"
#define SELECT_ALERTS "SELECT " ALERT_COLUMNS " FROM alert a LEFT JOIN decision d ON d.id = a.decision_id "

const char *alert_state_name(enum alert_state state)
{
        static const char *const names[ALERT_STATE_MAX] = { "open", "acknowledged", "closed" };
        return (unsigned) state < ALERT_STATE_MAX ? names[state] : "unknown";
}

void alert_free(struct alert *alert)
{
        if (!alert)
                return;
        g_free(alert->route);
        g_free(alert->fingerprint);
        g_free(alert);
}

static void free_alert(void *alert)
{
        alert_free(alert);
}

static struct alert *read_alert(struct statement *s)
{
        struct alert *alert = g_new0(struct alert, 1);
        *alert = (struct alert) {
                .id = statement_int(s, 0),
                .route = statement_text_copy(s, 1),
                .bulletin_id = statement_int(s, 2),
                .state = (enum alert_state) statement_int(s, 3),
                .opened_ms = statement_int(s, 4),
                .started_ms = statement_int(s, 5),
                .severity = (int) statement_int(s, 6),
                .urgency = (int) statement_int(s, 7),
                .round = (unsigned) statement_int(s, 8),
                .step = (unsigned) statement_int(s, 9),
                .reminders = (unsigned) statement_int(s, 10),
                .reminded_ms = statement_int(s, 11),
                .deadline_ms = statement_int(s, 12),
                .overdue = statement_int(s, 13) != 0,
                .next_ms = statement_int(s, 14),
                .decision_id = statement_int(s, 15),
                .acknowledgement_id = statement_int(s, 16),
                .fingerprint = statement_text_copy(s, 17),
                .mail_id = statement_int(s, 18),
        };
        return alert;
}

int alerts_get(struct database *db, const char *route, int64_t bulletin_id, struct alert **ret_alert, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, SELECT_ALERTS "WHERE a.route = ?1 AND a.bulletin_id = ?2", &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, route);
                statement_bind_int(statement, 2, bulletin_id);
                r = statement_step(statement, err);
                if (r >= 0)
                        *ret_alert = r > 0 ? read_alert(statement) : NULL;
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot read what route %s has told of bulletin %" G_GINT64_FORMAT, route, bulletin_id);
        return r < 0 ? r : 0;
}

int alerts_save(struct database *db, const struct alert *alert, struct error *err)
{
        struct statement *s;
        int r = database_prepare(db,
                                 "INSERT INTO alert (id, route, bulletin_id, state, opened_ms, started_ms, severity,"
                                 " urgency, round, step, reminders, reminded_ms, deadline_ms, overdue, next_ms, decision_id,"
                                 " acknowledgement_id, fingerprint) VALUES (nullif(?1, 0), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                                 " ?10, ?11, ?12, nullif(?13, 0), ?14, nullif(?15, 0), nullif(?16, 0), nullif(?17, 0), ?18)"
                                 " ON CONFLICT (id) DO UPDATE SET state = ?4, opened_ms = ?5, started_ms = ?6,"
                                 " severity = ?7, urgency = ?8, round = ?9, step = ?10, reminders = ?11, reminded_ms = ?12,"
                                 " deadline_ms = nullif(?13, 0), overdue = ?14, next_ms = nullif(?15, 0),"
                                 " decision_id = nullif(?16, 0), acknowledgement_id = nullif(?17, 0), fingerprint = ?18",
                                 &s, err);
        if (r == 0) {
                const int64_t numbers[] = {
                        alert->state, alert->opened_ms, alert->started_ms, alert->severity, alert->urgency, alert->round,
                        alert->step, alert->reminders, alert->reminded_ms, alert->deadline_ms, alert->overdue,
                        alert->next_ms, alert->decision_id, alert->acknowledgement_id,
                };
                statement_bind_int(s, 1, alert->id);
                statement_bind_text(s, 2, alert->route);
                statement_bind_int(s, 3, alert->bulletin_id);
                for (int i = 0; i < (int) G_N_ELEMENTS(numbers); i++)
                        statement_bind_int(s, 4 + i, numbers[i]);
                statement_bind_text(s, 18, alert->fingerprint);
                r = statement_run(s, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store the alert of route %s on bulletin %" G_GINT64_FORMAT, alert->route,
                             alert->bulletin_id);
        return r;
}

/* Parameters 1 and 2 are numbers, where the statement has them. */
static int list_alerts(struct database *db, const char *sql, int parameters, int64_t first, int64_t second,
                       GPtrArray **ret_alerts, struct error *err)
{
        struct statement *statement;
        g_autoptr(GPtrArray) alerts = g_ptr_array_new_with_free_func(free_alert);
        int r = database_prepare(db, sql, &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, first);
                if (parameters > 1)
                        statement_bind_int(statement, 2, second);
                while ((r = statement_step(statement, err)) > 0)
                        g_ptr_array_add(alerts, read_alert(statement));
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot list the alerts");
        else
                *ret_alerts = g_steal_pointer(&alerts);
        return r;
}

int alerts_of_bulletin(struct database *db, int64_t bulletin_id, GPtrArray **ret_alerts, struct error *err)
{
        return list_alerts(db, SELECT_ALERTS "WHERE a.bulletin_id = ?1 ORDER BY a.route", 1, bulletin_id, 0, ret_alerts,
                           err);
}

int alerts_due(struct database *db, int64_t now_ms, unsigned limit, GPtrArray **ret_alerts, struct error *err)
{
        return list_alerts(db, SELECT_ALERTS "WHERE a.next_ms <= ?1 ORDER BY a.next_ms, a.id LIMIT ?2", 2, now_ms,
                    limit ? (int64_t) limit : -1, ret_alerts, err);
}

int alerts_of_the_future(struct database *db, int64_t now_ms, GPtrArray **ret_alerts, struct error *err)
{
        /* By the index of what is due, which is short; "+" keeps it from the one of all that are open. */
        return list_alerts(db, SELECT_ALERTS "WHERE a.next_ms > 0 AND +a.state = 0"
                    " AND (a.opened_ms > ?1 OR a.reminded_ms > ?1) ORDER BY a.next_ms, a.id", 1, now_ms, 0, ret_alerts, err);
}

int alerts_open(struct database *db, unsigned limit, GPtrArray **ret_alerts, struct error *err)
{
        return list_alerts(db, SELECT_ALERTS "WHERE a.state = 0 ORDER BY a.started_ms, a.id LIMIT ?1", 1,
                    limit ? (int64_t) limit : -1, 0, ret_alerts, err);
}

int alerts_next(struct database *db, int64_t *ret_next_ms, struct error *err)
{
        return database_read_int(db, "SELECT coalesce((SELECT next_ms FROM alert WHERE next_ms IS NOT NULL"
                                 " ORDER BY next_ms LIMIT 1), 0)", ret_next_ms, err);
}

int alerts_look_again(struct database *db, int64_t now_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "UPDATE alert SET next_ms = ?1 WHERE next_ms > ?1 AND state = 0", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, now_ms);
        return statement_run(statement, err);
}

int alerts_count(struct database *db, struct alert_counts *ret_counts, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT count(DISTINCT bulletin_id), count(DISTINCT iif(overdue, bulletin_id, NULL)),"
                                 " coalesce(min(started_ms), 0) FROM alert WHERE state = 0",
                                 &statement, err);
        if (r < 0)
                return r;
        r = statement_step(statement, err);
        if (r > 0)
                *ret_counts = (struct alert_counts) { statement_int(statement, 0), statement_int(statement, 1),
                                                      statement_int(statement, 2) };
        statement_done(statement);
        return r < 0 ? r : 0;
}

/* What is on its way already is passed over here: a drop that is refused would fail the whole of the caller's transaction. */
static int find_waiting(struct database *db, const struct alert *alert, int64_t now_ms, GArray *ids, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT DISTINCT o.id FROM decision d JOIN decision_delivery t ON t.decision_id = d.id"
                                 " JOIN outbox o ON o.id = t.delivery_id WHERE d.bulletin_id = ?1 AND d.route = ?2"
                                 " AND o.state = 0 AND o.kind IN ('escalated', 'reminder', 'overdue')"
                                 " AND (o.owner IS NULL OR o.expires_ms <= ?3)",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, alert->bulletin_id);
        statement_bind_text(statement, 2, alert->route);
        statement_bind_int(statement, 3, now_ms);
        while ((r = statement_step(statement, err)) > 0) {
                int64_t id = statement_int(statement, 0);
                g_array_append_val(ids, id);
        }
        statement_done(statement);
        return r;
}

int alerts_drop_waiting(struct database *db, const struct alert *alert, int64_t now_ms, const char *reason,
                        struct error *err)
{
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        int r = find_waiting(db, alert, now_ms, ids, err);
        for (guint i = 0; r == 0 && i < ids->len; i++)
                r = outbox_drop(db, g_array_index(ids, int64_t, i), now_ms, reason, err);
        return r;
}

int alerts_called(struct database *db, const struct alert *alert, GPtrArray *channels, struct error *err)
{
        struct statement *statement;
        /* kind is that of the row with the greatest id. */
        int r = database_prepare(db,
                                 "SELECT channel, kind FROM (SELECT o.channel, o.kind, max(o.id) FROM decision d"
                                 " JOIN decision_delivery t ON t.decision_id = d.id JOIN outbox o ON o.id = t.delivery_id"
                                 " WHERE d.bulletin_id = ?1 AND d.route = ?2 AND o.state <> 3"
                                 " AND o.kind IN ('escalated', 'overdue', 'acknowledged', 'lowered') GROUP BY o.channel)"
                                 " WHERE kind IN ('escalated', 'overdue') ORDER BY channel",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, alert->bulletin_id);
                statement_bind_text(statement, 2, alert->route);
                while ((r = statement_step(statement, err)) > 0)
                        g_ptr_array_add(channels, statement_text_copy(statement, 0));
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot list whom route %s has called", alert->route);
        return r;
}

/* --- acknowledgements --- */

void acknowledgement_free(struct acknowledgement *acknowledgement)
{
        if (!acknowledgement)
                return;
        g_free(acknowledgement->route);
        g_free(acknowledgement->person);
        g_free(acknowledgement->comment);
        g_free(acknowledgement->ended);
        g_free(acknowledgement);
}

static void free_acknowledgement(void *acknowledgement)
{
        acknowledgement_free(acknowledgement);
}

int acknowledgements_add(struct database *db, const struct acknowledgement *acknowledgement, int64_t *ret_id,
                         struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO acknowledgement (bulletin_id, route, at_ms, until_ms, person, comment)"
                                 " VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6)",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, acknowledgement->bulletin_id);
                statement_bind_text(statement, 2, acknowledgement->route);
                statement_bind_int(statement, 3, acknowledgement->at_ms);
                statement_bind_int(statement, 4, acknowledgement->until_ms);
                statement_bind_text(statement, 5, acknowledgement->person);
                statement_bind_text(statement, 6, acknowledgement->comment);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store the acknowledgement");
        else
                *ret_id = database_last_id(db);
        return r;
}

int acknowledgements_end(struct database *db, int64_t id, int64_t now_ms, const char *why, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "UPDATE acknowledgement SET ended_ms = ?2, ended = ?3 WHERE id = ?1 AND ended_ms IS NULL"
                                 " AND NOT EXISTS (SELECT 1 FROM alert WHERE bulletin_id = acknowledgement.bulletin_id"
                                 " AND acknowledgement_id = ?1)",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, id);
        statement_bind_int(statement, 2, now_ms);
        statement_bind_text(statement, 3, why);
        r = statement_run(statement, err);
        if (r < 0)
                error_prefix(err, "cannot end acknowledgement %" G_GINT64_FORMAT, id);
        return r;
}

int acknowledgements_of(struct database *db, int64_t bulletin_id, GPtrArray **ret_acknowledgements, struct error *err)
{
        struct statement *s;
        g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_acknowledgement);
        int r = database_prepare(db,
                                 "SELECT id, bulletin_id, route, at_ms, until_ms, person, comment, ended_ms, ended"
                                 " FROM acknowledgement WHERE bulletin_id = ?1 ORDER BY id",
                                 &s, err);
        if (r == 0) {
                statement_bind_int(s, 1, bulletin_id);
                while ((r = statement_step(s, err)) > 0) {
                        struct acknowledgement *one = g_new0(struct acknowledgement, 1);
                        *one = (struct acknowledgement) {
                                .id = statement_int(s, 0),
                                .bulletin_id = statement_int(s, 1),
                                .route = statement_text_copy(s, 2),
                                .at_ms = statement_int(s, 3),
                                .until_ms = statement_int(s, 4),
                                .person = statement_text_copy(s, 5),
                                .comment = statement_text_copy(s, 6),
                                .ended_ms = statement_int(s, 7),
                                .ended = statement_text_copy(s, 8),
                        };
                        g_ptr_array_add(list, one);
                }
                statement_done(s);
        }
        if (r < 0)
                error_prefix(err, "cannot list the acknowledgements");
        else
                *ret_acknowledgements = g_steal_pointer(&list);
        return r;
}
