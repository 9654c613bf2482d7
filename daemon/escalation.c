/* SPDX-License-Identifier: MIT */
#include "daemon/escalation.h"

#include "common/log.h"
#include "daemon/escalation_p.h"
#include "daemon/escalation_plan.h"
#include "notify/message_alert.h"

#define ALERTS_PER_RUN 200u

bool escalation_opens(const struct route *route, enum route_action action)
{
        return (action == ACTION_NEW || action == ACTION_RAISED) && route->immediate &&
               (route->channels->len > 0 || route->steps->len > 0);
}

void escalation_ask_for_note(struct message *message, const struct bulletin *bulletin, const char *key,
                             const struct route *route, const struct calendar *calendar, int64_t now_ms)
{
        struct alert plan = { .severity = route_schedule_severity(bulletin), .urgency = message->urgency };
        plan_begin(&plan, route, calendar, now_ms);
        message_set_footer(message, bulletin, key);
        plan_say_deadline(&plan, calendar, message);
}

static struct alert *alert_new(const struct route *route, int64_t bulletin_id)
{
        struct alert *alert = g_new0(struct alert, 1);
        alert->route = g_strdup(route->name);
        alert->bulletin_id = bulletin_id;
        return alert;
}

static int open_alert(struct database *db, const struct config *config, const struct route *route, struct alert *alert,
                      const struct message *message, const struct delivery_subject *subject, int64_t now_ms,
                      struct error *err)
{
        int64_t acknowledgement_id = alert->acknowledgement_id;
        alert->severity = route_schedule_severity(message->bulletin);
        alert->urgency = message->urgency;
        alert->decision_id = subject->decision_id;
        g_free(alert->fingerprint);
        alert->fingerprint = g_strdup(subject->fingerprint);
        plan_begin(alert, route, config->calendar, now_ms);
        int r = alerts_save(db, alert, err);
        if (r == 0 && acknowledgement_id)
                r = acknowledgements_end(db, acknowledgement_id, now_ms, "raised", err);
        return r;
}

static int needs(struct database *db, const struct config *config, const struct alert *alert, const char *channel,
                 bool *ret_needs, struct error *err)
{
        const struct route *route = config_route(config, alert->route);
        g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func(g_free);
        int r = route ? escalation_add_called(db, route, alert, told, err) : alerts_called(db, alert, told, err);
        if (r == 0)
                *ret_needs = (route && g_ptr_array_find_with_equal_func(route->channels, channel, g_str_equal, NULL)) ||
                             g_ptr_array_find_with_equal_func(told, channel, g_str_equal, NULL);
        return r;
}

int escalation_keeps_from(struct database *db, const struct config *config, const struct route *route, int64_t bulletin_id,
                          const struct channel *channel, bool *ret_keeps, struct error *err)
{
        bool keeps = false;
        GPtrArray *alerts = NULL;
        int r = channel->type == CHANNEL_PAGERDUTY ? alerts_of_bulletin(db, bulletin_id, &alerts, err) : 0;
        for (guint i = 0; r == 0 && !keeps && alerts && i < alerts->len; i++) {
                const struct alert *alert = g_ptr_array_index(alerts, i);
                if (alert->state == ALERT_OPEN && !g_str_equal(alert->route, route->name))
                        r = needs(db, config, alert, channel->name, &keeps, err);
        }
        g_clear_pointer(&alerts, g_ptr_array_unref);
        if (r == 0)
                *ret_keeps = keeps;
        return r;
}

/* Whoever was called for help hears that it is over. */
static int close_alert(struct database *db, const struct config *config, const struct route *route, struct alert *alert,
                       const struct message *message, struct delivery_subject *subject, int64_t now_ms,
                       unsigned *deliveries, struct error *err)
{
        int64_t acknowledgement_id = alert->acknowledgement_id;
        g_autoptr(GPtrArray) called = g_ptr_array_new_with_free_func(g_free);
        int64_t alert_due_ms = schedule_next_active(&route->schedule, config->calendar, alert->severity, now_ms);
        subject->due_ms = MIN(subject->due_ms, alert_due_ms);
        alert->state = ALERT_CLOSED;
        alert->next_ms = alert->acknowledgement_id = 0;
        int r = alerts_save(db, alert, err);
        if (r == 0 && acknowledgement_id)
                r = acknowledgements_end(db, acknowledgement_id, now_ms, "lowered", err);
        if (r == 0)
                r = alerts_drop_waiting(db, alert, now_ms, "no longer above the thresholds", err);
        if (r == 0)
                r = escalation_add_called(db, route, alert, called, err);
        for (guint i = 0; r == 0 && i < called->len; i++) {
                const char *name = g_ptr_array_index(called, i);
                const struct channel *channel = config_channel(config, name);
                bool keep = g_ptr_array_find_with_equal_func(route->channels, name, g_str_equal, NULL); /* told anyway */
                if (channel && !keep)
                        r = escalation_keeps_from(db, config, route, subject->bulletin_id, channel, &keep, err);
                if (r == 0 && channel && !keep)
                        r = delivery_ask(db, channel, message, subject, now_ms, deliveries, err);
        }
        return r;
}

int escalation_decided(struct database *db, const struct config *config, const struct route *route, enum route_action action,
                       const struct message *message, struct delivery_subject *subject, int64_t now_ms,
                       unsigned *deliveries, struct error *err)
{
        if (!escalation_opens(route, action) && action != ACTION_LOWERED)
                return 0;
        struct alert *alert = NULL;
        int r = alerts_get(db, route->name, subject->bulletin_id, &alert, err);
        if (r < 0)
                return r;
        if (action == ACTION_LOWERED) {
                if (alert && alert->state != ALERT_CLOSED)
                        r = close_alert(db, config, route, alert, message, subject, now_ms, deliveries, err);
        } else {
                alert = alert ? alert : alert_new(route, subject->bulletin_id);
                r = open_alert(db, config, route, alert, message, subject, now_ms, err);
        }
        alert_free(alert);
        return r;
}

/* --- by the clock --- */

/* Who had taken note, and until when; newly allocated. */
static int describe_end(struct turn *turn, const struct alert *alert, char **ret_lead, struct error *err)
{
        GPtrArray *list;
        int r = acknowledgements_of(turn->db, alert->bulletin_id, &list, err);
        if (r < 0)
                return r;
        *ret_lead = g_strdup("Open again: the acknowledgement has run out.");
        for (guint i = 0; i < list->len; i++) {
                const struct acknowledgement *one = g_ptr_array_index(list, i);
                if (one->id != alert->acknowledgement_id)
                        continue;
                g_autofree char *until = calendar_format(turn->config->calendar, one->until_ms);
                g_free(*ret_lead);
                *ret_lead = g_strdup_printf("Open again: %s had acknowledged this until %s.", one->person, until);
        }
        g_ptr_array_unref(list);
        return 0;
}

static int expire(struct turn *turn, struct alert *alert, const struct route *route, const struct bulletin_row *row,
                  struct error *err)
{
        g_autofree char *lead = NULL;
        int r = describe_end(turn, alert, &lead, err);
        return r < 0 ? r : turn_reopen(turn, alert, route, row, "expired", lead, "an acknowledgement has run out", err);
}

static int escalate(struct turn *turn, struct alert *alert, const struct route *route, const struct bulletin_row *row,
                    struct error *err)
{
        const struct calendar *calendar = turn->config->calendar;
        struct plan_due due;
        plan_refresh(alert, route, calendar);
        plan_look(alert, route, calendar, turn->now_ms, &due);
        int r = turn_tell_due(turn, alert, route, row, &due, err);
        if (r < 0)
                return r;
        alert->next_ms = plan_next(alert, route, calendar);
        return alerts_save(turn->db, alert, err);
}

static int rest(struct turn *turn, struct alert *alert, int64_t until_ms, struct error *err)
{
        alert->next_ms = until_ms;
        return alerts_save(turn->db, alert, err);
}

static int act(struct turn *turn, struct alert *alert, struct error *err)
{
        const struct route *route = config_route(turn->config, alert->route);
        if (!route || alert->state >= ALERT_CLOSED)
                return rest(turn, alert, 0, err);
        /* After a time off, or when quiet hours were configured meanwhile. */
        int64_t active_ms = schedule_next_active(&route->schedule, turn->config->calendar, alert->severity, turn->now_ms);
        if (active_ms > turn->now_ms)
                return rest(turn, alert, active_ms, err);
        struct bulletin_row *row = NULL;
        int r = bulletins_get(turn->db, alert->bulletin_id, &row, err);
        if (r == 0)
                r = alert->state == ALERT_ACKNOWLEDGED ? expire(turn, alert, route, row, err) :
                                                         escalate(turn, alert, route, row, err);
        bulletin_row_free(row);
        return r;
}

/* In a transaction of its own, and by what is on record now: somebody may have acknowledged it this very moment. */
static int take_turn(struct turn *turn, const struct alert *seen, struct error *err)
{
        struct alert *alert = NULL;
        unsigned before = *turn->deliveries;
        g_string_truncate(turn->note, 0);
        int r = database_begin(turn->db, err);
        if (r < 0)
                return r;
        r = alerts_get(turn->db, seen->route, seen->bulletin_id, &alert, err);
        if (r == 0 && alert && alert->next_ms > 0 && alert->next_ms <= turn->now_ms)
                r = act(turn, alert, err);
        if (r == 0)
                r = database_commit(turn->db, err);
        if (r < 0) {
                database_rollback(turn->db);
                *turn->deliveries = before;
                error_prefix(err, "the alert of route %s on bulletin %" G_GINT64_FORMAT, seen->route, seen->bulletin_id);
        } else if (turn->note->len > 0) {
                log_notice("escalation", "%s", turn->note->str);
        }
        alert_free(alert);
        return r;
}

/* The clock was set back since these rounds began: they begin now, or they would wait for as long as it was wrong. */
static int begin_again(struct turn *turn, struct error *err)
{
        GPtrArray *alerts;
        int r = alerts_of_the_future(turn->db, turn->now_ms, &alerts, err);
        if (r < 0)
                return r;
        for (guint i = 0; r == 0 && i < alerts->len; i++) {
                struct alert *alert = g_ptr_array_index(alerts, i);
                const struct route *route = config_route(turn->config, alert->route);
                if (!route)
                        continue;
                if (alert->opened_ms > turn->now_ms)
                        plan_begin_at(alert, route, turn->config->calendar, turn->now_ms);
                alert->reminded_ms = MIN(alert->reminded_ms, turn->now_ms);
                alert->next_ms = plan_next(alert, route, turn->config->calendar);
                r = alerts_save(turn->db, alert, err);
        }
        g_ptr_array_unref(alerts);
        return r;
}

static int mend_times(struct turn *turn, struct error *err)
{
        GPtrArray *alerts;
        int r = alerts_of_the_future(turn->db, turn->now_ms, &alerts, err);
        if (r < 0)
                return r;
        bool any = alerts->len > 0;
        g_ptr_array_unref(alerts);
        if (!any) /* the usual case, without a lock */
                return 0;
        r = database_enter(turn->db, err);
        return r < 0 ? r : database_leave(turn->db, begin_again(turn, err), err);
}

/* What the next alert would meet as well, after as long a wait. */
static bool is_hopeless(int code)
{
        return code == -ERR_CANCELLED || code == -ERR_STORE_BUSY || code == -ERR_STORE_FULL;
}

static int take_turns(struct turn *turn, const GPtrArray *alerts, struct error *err)
{
        int result = 0;
        int r = 0;
        for (guint i = 0; i < alerts->len && !is_hopeless(r); i++) {
                struct error alert_err = ERROR_INIT;
                r = take_turn(turn, g_ptr_array_index(alerts, i), &alert_err);
                if (r < 0 && result == 0) { /* one that fails must not hold up the others */
                        result = r;
                        error_move(err, &alert_err);
                }
                error_clear(&alert_err);
        }
        return result;
}

int escalation_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
                   int64_t *ret_next_ms, struct error *err)
{
        struct turn turn;
        GPtrArray *alerts = NULL;
        turn_init(&turn, db, config, now_ms, deliveries);
        int r = mend_times(&turn, err);
        if (r == 0)
                r = alerts_due(db, now_ms, ALERTS_PER_RUN, &alerts, err);
        if (r == 0)
                r = take_turns(&turn, alerts, err);
        g_clear_pointer(&alerts, g_ptr_array_unref);
        turn_clear(&turn);
        return r < 0 ? r : alerts_next(db, ret_next_ms, err);
}
