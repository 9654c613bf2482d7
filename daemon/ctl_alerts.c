/* SPDX-License-Identifier: MIT */
#include "daemon/ctl_alerts_p.h"

#include "common/clock.h"
#include "daemon/escalation_plan.h"

char *ctl_alert_time(int64_t wall_ms)
{
        return wall_ms ? calendar_format(ctl.config->calendar, wall_ms) : g_strdup("-");
}

int ctl_alerts_load(struct database *db, int64_t bulletin_id, struct ctl_alerts *ret_alerts, struct error *err)
{
        struct ctl_alerts alerts = { NULL, NULL };
        int r = alerts_of_bulletin(db, bulletin_id, &alerts.alerts, err);
        if (r == 0)
                r = acknowledgements_of(db, bulletin_id, &alerts.acknowledgements, err);
        if (r < 0)
                ctl_alerts_clear(&alerts);
        else
                *ret_alerts = alerts;
        return r;
}

void ctl_alerts_clear(struct ctl_alerts *alerts)
{
        g_clear_pointer(&alerts->alerts, g_ptr_array_unref);
        g_clear_pointer(&alerts->acknowledgements, g_ptr_array_unref);
}

int64_t ctl_alert_next(const struct alert *alert)
{
        const struct route *route = config_route(ctl.config, alert->route);
        if (alert->state != ALERT_OPEN)
                return alert->next_ms;
        return route ? plan_next(alert, route, ctl.config->calendar) : 0;
}

static const struct acknowledgement *find_acknowledgement(const struct ctl_alerts *alerts, int64_t id)
{
        for (guint i = 0; id && i < alerts->acknowledgements->len; i++) {
                const struct acknowledgement *one = g_ptr_array_index(alerts->acknowledgements, i);
                if (one->id == id)
                        return one;
        }
        return NULL;
}

static json_t *acknowledgement_to_json(const struct acknowledgement *one)
{
        json_t *json = json_object();
        json_object_set_new(json, "route", ctl_json_text(one->route));
        json_object_set_new(json, "at", ctl_json_time(one->at_ms));
        json_object_set_new(json, "by", ctl_json_text(one->person));
        json_object_set_new(json, "until", ctl_json_time(one->until_ms));
        json_object_set_new(json, "comment", ctl_json_text(one->comment));
        json_object_set_new(json, "ended_at", ctl_json_time(one->ended_ms));
        json_object_set_new(json, "ended", ctl_json_text(one->ended));
        return json;
}

static json_t *alert_to_json(const struct ctl_alerts *alerts, const struct alert *alert)
{
        const struct acknowledgement *held = find_acknowledgement(alerts, alert->acknowledgement_id);
        json_t *json = json_object();
        json_object_set_new(json, "route", ctl_json_text(alert->route));
        json_object_set_new(json, "state", json_string(alert_state_name(alert->state)));
        json_object_set_new(json, "opened", ctl_json_time(alert->opened_ms));
        json_object_set_new(json, "since", ctl_json_time(alert->started_ms));
        json_object_set_new(json, "round", json_integer(alert->round));
        json_object_set_new(json, "steps_taken", json_integer(alert->step));
        json_object_set_new(json, "reminders", json_integer(alert->reminders));
        json_object_set_new(json, "deadline", ctl_json_time(alert->deadline_ms));
        json_object_set_new(json, "overdue", json_boolean(alert->overdue));
        json_object_set_new(json, "next", ctl_json_time(ctl_alert_next(alert)));
        json_object_set_new(json, "acknowledgement", held ? acknowledgement_to_json(held) : json_null());
        return json;
}

json_t *ctl_alerts_to_json(const struct ctl_alerts *alerts)
{
        json_t *list = json_array();
        for (guint i = 0; i < alerts->alerts->len; i++)
                json_array_append_new(list, alert_to_json(alerts, g_ptr_array_index(alerts->alerts, i)));
        return list;
}

json_t *ctl_acknowledgements_to_json(const struct ctl_alerts *alerts)
{
        json_t *list = json_array();
        for (guint i = 0; i < alerts->acknowledgements->len; i++)
                json_array_append_new(list, acknowledgement_to_json(g_ptr_array_index(alerts->acknowledgements, i)));
        return list;
}

static void append_time(GString *out, const char *words, int64_t wall_ms)
{
        g_autofree char *text = ctl_alert_time(wall_ms);
        g_string_append_printf(out, "%s%s", words, text);
}

static void append_person(GString *out, const struct acknowledgement *one, const char *words)
{
        g_string_append_printf(out, "%s%s", words, one->person);
        append_time(out, ", ", one->at_ms);
        if (one->until_ms)
                append_time(out, ", until ", one->until_ms);
        if (one->comment)
                g_string_append_printf(out, ": %s", one->comment);
}

/* "2026-11-22 09:30 (Sun): step 2, reminder 1" */
static void append_next(GString *out, const struct alert *alert)
{
        const struct route *route = config_route(ctl.config, alert->route);
        int64_t next_ms = ctl_alert_next(alert);
        struct plan_due due = { 0 };
        if (!route)
                g_string_append(out, "; the configuration has no such route any more");
        if (!next_ms || !route)
                return;
        append_time(out, "; next ", next_ms);
        plan_look(alert, route, ctl.config->calendar, next_ms, &due);
        const char *separator = ": ";
        for (unsigned step = alert->step; step < due.steps; step++, separator = ", ")
                g_string_append_printf(out, "%sstep %u", separator, step + 1);
        if (due.remind) {
                g_string_append_printf(out, "%sreminder %u", separator, alert->reminders + 1);
                separator = ", ";
        }
        if (due.overdue)
                g_string_append_printf(out, "%soverdue", separator);
}

int64_t ctl_alert_since(const struct alert *alert)
{
        return alert->started_ms > clock_wall_ms() ? alert->opened_ms : alert->started_ms;
}

static void append_open(GString *out, const struct alert *alert)
{
        append_time(out, "open since ", ctl_alert_since(alert));
        if (alert->started_ms > clock_wall_ms())
                append_time(out, ", nobody is disturbed before ", alert->started_ms);
        if (alert->step > 0)
                g_string_append_printf(out, ", %u step%s taken", alert->step, alert->step == 1 ? "" : "s");
        if (alert->reminders > 0)
                g_string_append_printf(out, ", %u reminder%s", alert->reminders, alert->reminders == 1 ? "" : "s");
        if (alert->deadline_ms)
                append_time(out, alert->overdue ? ", overdue since " : ", to be acknowledged by ", alert->deadline_ms);
        append_next(out, alert);
}

void ctl_alerts_print(const struct ctl_alerts *alerts, const char *indent)
{
        for (guint i = 0; i < alerts->alerts->len; i++) {
                const struct alert *alert = g_ptr_array_index(alerts->alerts, i);
                const struct acknowledgement *held = find_acknowledgement(alerts, alert->acknowledgement_id);
                g_autoptr(GString) line = g_string_new(NULL);
                if (alert->state == ALERT_OPEN)
                        append_open(line, alert);
                else if (alert->state == ALERT_ACKNOWLEDGED && held)
                        append_person(line, held, "acknowledged by ");
                else
                        g_string_append(line, alert->state == ALERT_CLOSED ? "closed: no longer above the thresholds" :
                                        alert_state_name(alert->state));
                printf("%sroute %s: %s\n", indent, alert->route, line->str);
        }
}

void ctl_acknowledgements_print(const struct ctl_alerts *alerts, const char *indent)
{
        for (guint i = 0; i < alerts->acknowledgements->len; i++) {
                const struct acknowledgement *one = g_ptr_array_index(alerts->acknowledgements, i);
                g_autoptr(GString) line = g_string_new(NULL);
                append_person(line, one, "");
                if (one->route)
                        g_string_append_printf(line, " (route %s only)", one->route);
                if (one->ended_ms)
                        append_time(line, "; ended ", one->ended_ms);
                printf("%s%s%s%s\n", indent, line->str, one->ended ? ": " : "", one->ended ? one->ended : "");
        }
}

json_t *ctl_alert_counts_to_json(const struct alert_counts *counts)
{
        json_t *json = json_object();
        json_object_set_new(json, "open", json_integer(counts->open));
        json_object_set_new(json, "overdue", json_integer(counts->overdue));
        json_object_set_new(json, "oldest", ctl_json_time(counts->oldest_ms));
        return json;
}

void ctl_alert_counts_print(const struct alert_counts *counts)
{
        if (counts->open == 0) {
                puts("open        none");
                return;
        }
        g_autofree char *oldest = ctl_alert_time(counts->oldest_ms);
        printf("open        %" G_GINT64_FORMAT " bulletin%s not acknowledged", counts->open, counts->open == 1 ? "" : "s");
        if (counts->oldest_ms <= clock_wall_ms()) /* else nobody was to be disturbed so far */
                printf(", the oldest since %s", oldest);
        if (counts->overdue > 0)
                printf(", %" G_GINT64_FORMAT " overdue", counts->overdue);
        puts(": 'hotfixctl list --open'");
}
