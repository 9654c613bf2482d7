/* SPDX-License-Identifier: MIT */
/* What is due of an alert's escalation, and when there is something next (pure). */
#ifndef DAEMON_ESCALATION_PLAN_H
#define DAEMON_ESCALATION_PLAN_H

#include "notify/message.h"
#include "notify/route.h"
#include "store/alerts.h"

/* Begins another round of the alert at now_ms, for a bulletin of its severity: open, with nothing done yet. */
void plan_begin(struct alert *alert, const struct route *route, const struct calendar *calendar, int64_t now_ms);

/* The same round, as if it began at now_ms: the clock was set back. */
void plan_begin_at(struct alert *alert, const struct route *route, const struct calendar *calendar, int64_t now_ms);

/* "確認期限": by when it is to be acknowledged; nothing without a deadline. */
void plan_say_deadline(const struct alert *alert, const struct calendar *calendar, struct message *message);

/* Its deadline by the present configuration, unless it has passed and was told. */
void plan_refresh(struct alert *alert, const struct route *route, const struct calendar *calendar);

/* What is to be done at now_ms, where the route may disturb people then. However long the time was that nobody looked, a
 * step comes due once, and reminders are one. */
struct plan_due {
        unsigned steps; /* how many steps are taken then; more than before: these are due */
        bool remind, overdue;
};
void plan_look(const struct alert *alert, const struct route *route, const struct calendar *calendar, int64_t now_ms,
               struct plan_due *ret_due);

/* When an open alert needs a look, after what was due has been done and noted in it; 0: never. */
int64_t plan_next(const struct alert *alert, const struct route *route, const struct calendar *calendar);

#endif
