/* SPDX-License-Identifier: MIT */
#include "daemon/escalation_plan.h"

/* 0: none is set for that severity. */
static int64_t deadline_for(const struct alert *alert, const struct route *route, const struct calendar *calendar,
                            int severity)
{
        const struct route_deadline *deadline = &route->deadlines[severity];
        if (deadline->business_days > 0) {
                int64_t day_ms = calendar_add_business_days(calendar, alert->started_ms, deadline->business_days);
                return schedule_next_active(&route->schedule, calendar, alert->severity, day_ms);
        }
        if (deadline->ms > 0)
                return schedule_add(&route->schedule, calendar, alert->severity, alert->started_ms, deadline->ms);
        return 0;
}

/* What is undetermined may be the worst: the earliest of all. */
static int64_t find_deadline(const struct alert *alert, const struct route *route, const struct calendar *calendar)
{
        if (alert->severity > 0 && alert->severity <= SEVERITY_CRITICAL)
                return deadline_for(alert, route, calendar, alert->severity);
        int64_t earliest_ms = 0;
        for (int severity = 0; severity <= SEVERITY_CRITICAL; severity++) {
                int64_t at_ms = deadline_for(alert, route, calendar, severity);
                if (at_ms > 0 && (earliest_ms == 0 || at_ms < earliest_ms))
                        earliest_ms = at_ms;
        }
        return earliest_ms;
}

void plan_begin_at(struct alert *alert, const struct route *route, const struct calendar *calendar, int64_t now_ms)
{
        alert->opened_ms = now_ms;
        alert->started_ms = schedule_next_active(&route->schedule, calendar, alert->severity, now_ms);
        alert->deadline_ms = find_deadline(alert, route, calendar);
}

void plan_say_deadline(const struct alert *alert, const struct calendar *calendar, struct message *message)
{
        if (alert->deadline_ms <= 0)
                return;
        g_autofree char *by = calendar_format(calendar, alert->deadline_ms);
        g_ptr_array_add(message->facts, message_fact_new("確認期限", by));
}

void plan_refresh(struct alert *alert, const struct route *route, const struct calendar *calendar)
{
        if (!alert->overdue)
                alert->deadline_ms = find_deadline(alert, route, calendar);
}

void plan_begin(struct alert *alert, const struct route *route, const struct calendar *calendar, int64_t now_ms)
{
        alert->state = ALERT_OPEN;
        alert->round++;
        alert->step = alert->reminders = 0;
        alert->reminded_ms = 0;
        alert->overdue = false;
        alert->acknowledgement_id = 0;
        plan_begin_at(alert, route, calendar, now_ms);
        alert->next_ms = plan_next(alert, route, calendar);
}

static int64_t step_ms(const struct alert *alert, const struct route *route, const struct calendar *calendar, unsigned step)
{
        const struct route_step *one = g_ptr_array_index(route->steps, step);
        return schedule_add(&route->schedule, calendar, alert->severity, alert->started_ms, one->after_ms);
}

/* 0: no more of them. */
static int64_t reminder_ms(const struct alert *alert, const struct route *route, const struct calendar *calendar)
{
        if (route->remind_after_ms <= 0 || alert->reminders >= route->remind_limit)
                return 0;
        int64_t from_ms = MAX(alert->started_ms, alert->reminded_ms);
        return schedule_add(&route->schedule, calendar, alert->severity, from_ms, route->remind_after_ms);
}

void plan_look(const struct alert *alert, const struct route *route, const struct calendar *calendar, int64_t now_ms,
               struct plan_due *ret_due)
{
        struct plan_due due = { .steps = alert->step };
        while (due.steps < route->steps->len && step_ms(alert, route, calendar, due.steps) <= now_ms)
                due.steps++;
        int64_t remind_ms = reminder_ms(alert, route, calendar);
        due.remind = remind_ms > 0 && remind_ms <= now_ms;
        due.overdue = !alert->overdue && alert->deadline_ms > 0 && alert->deadline_ms <= now_ms;
        *ret_due = due;
}

static void take_earlier(int64_t *at_ms, int64_t other_ms)
{
        if (other_ms > 0 && (*at_ms == 0 || other_ms < *at_ms))
                *at_ms = other_ms;
}

int64_t plan_next(const struct alert *alert, const struct route *route, const struct calendar *calendar)
{
        int64_t next_ms = 0;
        if (alert->step < route->steps->len)
                take_earlier(&next_ms, step_ms(alert, route, calendar, alert->step));
        take_earlier(&next_ms, reminder_ms(alert, route, calendar));
        if (!alert->overdue)
                take_earlier(&next_ms, alert->deadline_ms);
        return next_ms;
}
