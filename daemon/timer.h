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

/* All tasks once, at now_ms. Goes on behind one that fails, and returns the first error. */
int timer_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries, int64_t *ret_next_ms,
              struct error *err);

/* The thread; its argument is the service. Ends with stop_fd; with service->once after one run. */
gpointer timer_thread(gpointer service);

#endif
