/* SPDX-License-Identifier: MIT */
/* What the escalation says, and to whom. */
#include <string.h>

#include "daemon/escalation_p.h"
#include "daemon/escalation_plan.h"

void turn_init(struct turn *turn, struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries)
{
        *turn = (struct turn) { .db = db, .config = config, .now_ms = now_ms, .deliveries = deliveries,
                                .told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                                .note = g_string_new(NULL) };
}

void turn_clear(struct turn *turn)
{
        g_hash_table_unref(turn->told);
        g_string_free(turn->note, TRUE);
}

bool turn_mark(struct turn *turn, int64_t bulletin_id, const char *channel)
{
        return g_hash_table_add(turn->told, g_strdup_printf("%" G_GINT64_FORMAT " %s", bulletin_id, channel));
}

char *escalation_duration(int64_t duration_ms)
{
        static const struct { int64_t ms; char sign; } units[] = { { 86400000, 'd' }, { 3600000, 'h' }, { 60000, 'm' },
                                                                   { 1000, 's' } };
        g_autoptr(GString) text = g_string_new(NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
                if (duration_ms / units[i].ms > 0)
                        g_string_append_printf(text, "%" G_GINT64_FORMAT "%c", duration_ms / units[i].ms, units[i].sign);
                duration_ms %= units[i].ms;
        }
        return g_strdup(text->len > 0 ? text->str : "0s");
}

/* The mail that stands for the bulletin now, for whoever attaches it; else the one that opened the alert. */
static int find_mail(struct turn *turn, const struct alert *alert, int64_t *ret_mail_id, struct error *err)
{
        GArray *ids;
        int r = bulletins_mails(turn->db, alert->bulletin_id, &ids, err);
        if (r < 0)
                return r;
        *ret_mail_id = ids->len > 0 ? g_array_index(ids, int64_t, 0) : alert->mail_id;
        g_array_unref(ids);
        return 0;
}

int telling_begin(struct turn *turn, const struct alert *alert, const struct bulletin_row *row,
                  const struct alert_report *report, char *what, struct telling *ret_telling, struct error *err)
{
        int64_t mail_id = 0;
        int r = find_mail(turn, alert, &mail_id, err);
        if (r < 0) {
                g_free(what);
                return r;
        }
        *ret_telling = (struct telling) { .alert = alert, .row = row, .message = message_for_alert(row->current, report),
                                          .what = what };
        ret_telling->message->subject_key = g_strdup_printf("%s:%s", row->feed, row->key);
        ret_telling->message->mail_id = mail_id;
        if (ret_telling->message->footer && !alert->overdue && strcmp(ret_telling->message->kind, "overdue") != 0)
                plan_say_deadline(alert, turn->config->calendar, ret_telling->message);
        return 0;
}

void telling_end(struct telling *telling)
{
        message_free(telling->message);
        g_free(telling->what);
}

int telling_send(struct turn *turn, const struct telling *telling, const GPtrArray *channels, struct error *err)
{
        const struct alert *alert = telling->alert;
        g_autofree char *fingerprint = g_strdup_printf("%s:%s:%u:%s", alert->fingerprint, alert->route, alert->round,
                                                       telling->what);
        struct delivery_subject subject = {
                .feed = telling->row->feed,
                .key = telling->row->key,
                .fingerprint = fingerprint,
                .bulletin_id = alert->bulletin_id,
                .decision_id = alert->decision_id,
                .due_ms = telling->due_ms,
        };
        int r = 0;
        for (guint i = 0; r == 0 && i < channels->len; i++) {
                const struct channel *channel = config_channel(turn->config, g_ptr_array_index(channels, i));
                if (channel && turn_mark(turn, alert->bulletin_id, channel->name))
                        r = delivery_ask(turn->db, channel, telling->message, &subject, turn->now_ms, turn->deliveries, err);
        }
        return r;
}

int escalation_add_called(struct database *db, const struct route *route, const struct alert *alert, GPtrArray *channels,
                          struct error *err)
{
        unsigned taken = alert->overdue ? route->steps->len : MIN(alert->step, route->steps->len);
        for (unsigned i = 0; i < taken; i++) {
                const struct route_step *step = g_ptr_array_index(route->steps, i);
                for (guint k = 0; k < step->channels->len; k++)
                        g_ptr_array_add(channels, g_strdup(g_ptr_array_index(step->channels, k)));
        }
        return alerts_called(db, alert, channels, err);
}

static int tell_once(struct turn *turn, const struct alert *alert, const struct bulletin_row *row,
                     const struct alert_report *report, char *what, int64_t due_ms, const GPtrArray *channels,
                     const GPtrArray *steps, struct error *err)
{
        struct telling telling;
        int r = telling_begin(turn, alert, row, report, what, &telling, err);
        if (r < 0)
                return r;
        telling.due_ms = due_ms;
        r = telling_send(turn, &telling, channels, err);
        for (guint i = 0; r == 0 && steps && i < steps->len; i++)
                r = telling_send(turn, &telling, ((struct route_step *) g_ptr_array_index(steps, i))->channels, err);
        telling_end(&telling);
        return r;
}

static int tell_overdue(struct turn *turn, const struct alert *alert, const struct route *route,
                        const struct bulletin_row *row, struct error *err)
{
        g_autofree char *by = calendar_format(turn->config->calendar, alert->deadline_ms);
        g_autofree char *lead = g_strdup_printf("Overdue: this was to be acknowledged by %s, and nobody has.", by);
        const char *severity = alert->severity > 0 ? bulletin_value_name(FIELD_SEVERITY, alert->severity) : NULL;
        g_autofree char *reason = g_strdup_printf("the deadline for severity %s has passed",
                                                  severity ? severity : "undetermined");
        struct alert_report report = { .kind = "overdue", .route = route->name, .lead = lead, .reason = reason,
                                       .key = row->key };
        return tell_once(turn, alert, row, &report, g_strdup("overdue"), 0, route->channels, route->steps, err);
}

static int tell_step(struct turn *turn, const struct alert *alert, const struct route *route, const struct bulletin_row *row,
                     unsigned index, struct error *err)
{
        const struct route_step *step = g_ptr_array_index(route->steps, index);
        g_autofree char *since = calendar_format(turn->config->calendar, alert->started_ms);
        g_autofree char *after = escalation_duration(step->after_ms);
        g_autofree char *lead = g_strdup_printf("Nobody has acknowledged this since %s.", since);
        g_autofree char *reason = g_strdup_printf("step %u of %u: not acknowledged within %s", index + 1,
                                                  route->steps->len, after);
        struct alert_report report = { .kind = "escalated", .route = route->name, .lead = lead, .reason = reason,
                                       .key = row->key };
        return tell_once(turn, alert, row, &report, g_strdup_printf("step:%u", index + 1), 0, step->channels, NULL, err);
}

static int tell_reminder(struct turn *turn, const struct alert *alert, const struct route *route,
                         const struct bulletin_row *row, struct error *err)
{
        g_autofree char *since = calendar_format(turn->config->calendar, alert->started_ms);
        g_autofree char *every = escalation_duration(route->remind_after_ms);
        g_autofree char *lead = g_strdup_printf("Still open: nobody has acknowledged this since %s.", since);
        g_autofree char *reason = g_strdup_printf("reminder %u of %u, one every %s until somebody acknowledges",
                                                  alert->reminders + 1, route->remind_limit, every);
        struct alert_report report = { .kind = "reminder", .route = route->name, .lead = lead, .reason = reason,
                                       .key = row->key };
        return tell_once(turn, alert, row, &report, g_strdup_printf("reminder:%u", alert->reminders + 1), 0, route->channels,
                         NULL, err);
}

/* "MS07-028, route ops: step 2 of 3, reminder 1" */
static void note_due(struct turn *turn, const struct alert *alert, const struct route *route, const struct bulletin_row *row,
                     const struct plan_due *due)
{
        GString *note = turn->note;
        if (due->steps == alert->step && !due->remind && !due->overdue)
                return;
        g_string_printf(note, "%s, route %s:", row->key, route->name);
        if (due->overdue)
                g_string_append(note, " overdue,");
        if (due->steps > alert->step)
                g_string_append_printf(note, " step %u of %u,", due->steps, route->steps->len);
        if (due->remind)
                g_string_append_printf(note, " reminder %u,", alert->reminders + 1);
        g_string_truncate(note, note->len - 1);
}

int turn_tell_due(struct turn *turn, struct alert *alert, const struct route *route, const struct bulletin_row *row,
                  const struct plan_due *due, struct error *err)
{
        /* The weightiest comes first, since a channel hears one of them only. */
        int r = due->overdue ? tell_overdue(turn, alert, route, row, err) : 0;
        for (unsigned step = due->steps; r == 0 && step > alert->step; step--)
                r = tell_step(turn, alert, route, row, step - 1, err);
        if (r == 0 && due->remind)
                r = tell_reminder(turn, alert, route, row, err);
        if (r < 0)
                return r;
        note_due(turn, alert, route, row, due);
        alert->overdue |= due->overdue;
        alert->step = due->steps;
        if (due->remind) {
                alert->reminders++;
                alert->reminded_ms = turn->now_ms;
        }
        return 0;
}

int turn_reopen(struct turn *turn, struct alert *alert, const struct route *route, const struct bulletin_row *row,
                const char *why, const char *lead, const char *reason, struct error *err)
{
        int64_t acknowledgement_id = alert->acknowledgement_id;
        if (route) {
                plan_begin(alert, route, turn->config->calendar, turn->now_ms);
        } else {
                alert->state = ALERT_OPEN;
                alert->acknowledgement_id = alert->next_ms = 0;
        }
        int r = alerts_save(turn->db, alert, err);
        if (r == 0)
                r = acknowledgements_end(turn->db, acknowledgement_id, turn->now_ms, why, err);
        if (r < 0 || !route)
                return r;
        g_string_printf(turn->note, "%s, route %s: open again: %s", row->key, route->name, reason);
        struct alert_report report = { .kind = "reminder", .route = route->name, .lead = lead, .reason = reason,
                                       .key = row->key };
        return tell_once(turn, alert, row, &report, g_strdup("again"), alert->started_ms, route->channels, NULL, err);
}
