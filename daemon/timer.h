/* SPDX-License-Identifier: MIT */
/*
 * What is done by the clock: escalation steps and reminders, digests, looks at the service's own health, clearing of old
 * deliveries. All of it stands in the database with the time it is due, so that a restart or a clock that is set changes
 * nothing but when it happens.
 */
#ifndef DAEMON_TIMER_H
#define DAEMON_TIMER_H

#include <glib.h>
#include <stdint.h>

#include "daemon/config.h"
#include "store/database.h"

/* One task of the clock. Does what is due at now_ms, each in a transaction of its own, and says when there is something
 * again (0: nothing known; the timer comes back after a minute in any case). *deliveries is increased by new ones. */
typedef int (*timer_task)(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
                          int64_t *ret_next_ms, struct error *err);

/* A task that a change of the database concerns at once (every_ms 0), or that then waits until its last run is so long ago:
 * mails that pour in change it many times a second. What is due by the clock never waits. */
struct timer_entry {
        timer_task task;
        int64_t every_ms;
        int64_t ran_ms;  /* clock_monotonic_ms of the last run; 0: none yet, or it failed */
        int64_t next_ms; /* what that said */
};

/* Runs the entries whose turn it is at now_ms (wall clock) and monotonic_ms. Goes on behind one that fails, and returns the
 * first error. *ret_next_ms: when to come back, as a task says it. */
int timer_run(struct timer_entry *entries, size_t count, struct database *db, const struct config *config, int64_t now_ms,
              int64_t monotonic_ms, unsigned *deliveries, int64_t *ret_next_ms, struct error *err);

/* The thread; its argument is the service. Ends with stop_fd; with service->once after one run. */
gpointer timer_thread(gpointer service);

#endif
