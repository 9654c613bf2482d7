/* SPDX-License-Identifier: MIT */
/* The part of escalation.h that people do. */
#include <string.h>

#include "daemon/escalation_p.h"
#include "daemon/escalation_plan.h"

/* What a person says, on its way through the alerts it is about. */
struct saying {
        struct turn *turn;
        const struct acknowledgement *said;
        const struct bulletin_row *row;
        GPtrArray *alerts; /* struct alert: all of the bulletin */
        unsigned met;      /* how many it was about */
        const struct alert *closed, *open; /* one that is so, and was passed over */
};

static bool is_meant(const struct saying *saying, const struct alert *alert)
{
        return !saying->said->route || strcmp(saying->said->route, alert->route) == 0;
}

/* Why there is nothing to say it of. */
static int explain_nothing(const struct saying *saying, bool to_acknowledge, struct error *err)
{
        const char *name = bulletin_row_name(saying->row), *route = saying->said->route;
        if (to_acknowledge && saying->closed)
                return error_set(err, -ERR_NOT_FOUND, "%s: nothing is open: it is no longer above the thresholds of route %s",
                                 name, saying->closed->route);
        if (!to_acknowledge && (saying->closed || saying->open))
                return error_set(err, -ERR_NOT_FOUND, "%s: nobody has acknowledged it", name);
        if (route && saying->alerts->len > 0)
                return error_set(err, -ERR_NOT_FOUND, "%s: route %s has not told anybody of it", name, route);
        return error_set(err, -ERR_NOT_FOUND, "%s: there is nothing to acknowledge: no route has told anybody of it", name);
}

/* The channels that were told of an alert: those of the route, and those that its steps have called. */
static int add_channels(const struct turn *turn, const struct alert *alert, GPtrArray *channels, struct error *err)
{
        const struct route *route = config_route(turn->config, alert->route);
        if (!route)
                return 0;
        for (guint i = 0; i < route->channels->len; i++)
                g_ptr_array_add(channels, g_strdup(g_ptr_array_index(route->channels, i)));
        return escalation_add_called(turn->db, route, alert, channels, err);
}

static int tell_acknowledged(struct saying *saying, const struct alert *alert, struct error *err)
{
        const struct acknowledgement *said = saying->said;
        struct turn *turn = saying->turn;
        g_autofree char *at = calendar_format(turn->config->calendar, turn->now_ms);
        g_autofree char *until = said->until_ms ? calendar_format(turn->config->calendar, said->until_ms) : NULL;
        g_autofree char *lead = g_strdup_printf("%s took note of this at %s%s%s.", said->person, at,
                                                until ? "; it is open again from " : "", until ? until : "");
        g_autofree char *person = g_strdup_printf("%s, %s", said->person, at);
        struct alert_report report = { .kind = "acknowledged", .route = alert->route, .lead = lead,
                                       .reason = "somebody has acknowledged it", .person = person, .comment = said->comment,
                                       .until = until, .key = saying->row->key };
        g_autoptr(GPtrArray) channels = g_ptr_array_new_with_free_func(g_free);
        struct telling telling;
        char *what = g_strdup_printf("acknowledged:%" G_GINT64_FORMAT, turn->now_ms);
        int r = telling_begin(turn, alert, saying->row, &report, what, &telling, err);
        if (r < 0)
                return r;
        telling.due_ms = alert->started_ms; /* not before the message that it is about */
        r = add_channels(turn, alert, channels, err);
        if (r == 0)
                r = telling_send(turn, &telling, channels, err);
        telling_end(&telling);
        return r;
}

/* When it is open again: not while nobody is to be disturbed. 0: never. */
static int64_t find_end(const struct saying *saying, const struct alert *alert)
{
        const struct config *config = saying->turn->config;
        const struct route *route = config_route(config, alert->route);
        int64_t until_ms = saying->said->until_ms;
        if (!until_ms || !route)
                return until_ms;
        return schedule_next_active(&route->schedule, config->calendar, alert->severity, until_ms);
}

static int acknowledge_one(struct saying *saying, struct alert *alert, int64_t acknowledgement_id, struct error *err)
{
        int64_t earlier_id = alert->acknowledgement_id, now_ms = saying->turn->now_ms;
        int r = tell_acknowledged(saying, alert, err);
        if (r < 0)
                return r;
        alert->state = ALERT_ACKNOWLEDGED;
        alert->acknowledgement_id = acknowledgement_id;
        alert->next_ms = find_end(saying, alert);
        r = alerts_save(saying->turn->db, alert, err);
        if (r == 0 && earlier_id)
                r = acknowledgements_end(saying->turn->db, earlier_id, now_ms, "replaced by a later one", err);
        return r < 0 ? r : alerts_drop_waiting(saying->turn->db, alert, now_ms,
                                               "acknowledged before it was sent", err);
}

/* A channel that another open alert was told on must not show the bulletin as dealt with. */
static int spare_others(struct saying *saying, struct error *err)
{
        g_autoptr(GPtrArray) channels = g_ptr_array_new_with_free_func(g_free);
        int r = 0;
        for (guint i = 0; r == 0 && i < saying->alerts->len; i++) {
                const struct alert *alert = g_ptr_array_index(saying->alerts, i);
                if (alert->state == ALERT_OPEN && !is_meant(saying, alert))
                        r = add_channels(saying->turn, alert, channels, err);
        }
        for (guint i = 0; i < channels->len; i++)
                turn_mark(saying->turn, saying->row->id, g_ptr_array_index(channels, i));
        return r;
}

static int acknowledge(struct saying *saying, struct error *err)
{
        int64_t id = 0;
        int r = spare_others(saying, err);
        if (r == 0)
                r = acknowledgements_add(saying->turn->db, saying->said, &id, err);
        for (guint i = 0; r == 0 && i < saying->alerts->len; i++) {
                struct alert *alert = g_ptr_array_index(saying->alerts, i);
                if (!is_meant(saying, alert))
                        continue;
                if (alert->state == ALERT_CLOSED) {
                        saying->closed = alert;
                        continue;
                }
                saying->met++;
                r = acknowledge_one(saying, alert, id, err);
        }
        return r < 0 || saying->met > 0 ? r : explain_nothing(saying, true, err);
}

static int withdraw(struct saying *saying, struct error *err)
{
        g_autofree char *why = g_strdup_printf("withdrawn by %s", saying->said->person);
        g_autofree char *lead = g_strdup_printf("Open again: %s has withdrawn the acknowledgement.", saying->said->person);
        int r = 0;
        for (guint i = 0; r == 0 && i < saying->alerts->len; i++) {
                struct alert *alert = g_ptr_array_index(saying->alerts, i);
                if (!is_meant(saying, alert))
                        continue;
                if (alert->state != ALERT_ACKNOWLEDGED) {
                        saying->open = alert;
                        continue;
                }
                saying->met++;
                const struct route *route = config_route(saying->turn->config, alert->route);
                r = turn_reopen(saying->turn, alert, route, saying->row, why, lead, "an acknowledgement was withdrawn", err);
        }
        return r < 0 || saying->met > 0 ? r : explain_nothing(saying, false, err);
}

static int say_within(struct saying *saying, int (*say)(struct saying *saying, struct error *err), struct error *err)
{
        struct bulletin_row *row = NULL;
        int64_t bulletin_id = saying->said->bulletin_id;
        int r = bulletins_get(saying->turn->db, bulletin_id, &row, err);
        saying->row = row;
        if (r == 0)
                r = alerts_of_bulletin(saying->turn->db, bulletin_id, &saying->alerts, err);
        if (r == 0)
                r = say(saying, err);
        g_clear_pointer(&saying->alerts, g_ptr_array_unref);
        bulletin_row_free(row);
        return r;
}

static int say_it(struct database *db, const struct config *config, const struct acknowledgement *said, int64_t now_ms,
                  int (*say)(struct saying *saying, struct error *err), unsigned *ret_alerts, struct error *err)
{
        struct turn turn;
        unsigned deliveries = 0;
        turn_init(&turn, db, config, now_ms, &deliveries);
        struct saying saying = { .turn = &turn, .said = said };
        int r = database_enter(db, err);
        if (r == 0)
                r = database_leave(db, say_within(&saying, say, err), err);
        if (r == 0)
                *ret_alerts = saying.met;
        turn_clear(&turn);
        return r;
}

int escalation_acknowledge(struct database *db, const struct config *config, const struct acknowledgement *said,
                           int64_t now_ms, unsigned *ret_alerts, struct error *err)
{
        struct acknowledgement stamped = *said;
        stamped.at_ms = now_ms;
        return say_it(db, config, &stamped, now_ms, acknowledge, ret_alerts, err);
}

int escalation_withdraw(struct database *db, const struct config *config, const struct acknowledgement *said, int64_t now_ms,
                        unsigned *ret_alerts, struct error *err)
{
        return say_it(db, config, said, now_ms, withdraw, ret_alerts, err);
}
