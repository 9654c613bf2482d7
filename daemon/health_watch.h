/* SPDX-License-Identifier: MIT */
/*
 * Looks at the service itself by the clock, and tells what is wrong with it (daemon/health.h): mailboxes that cannot be
 * reached or have fallen silent, a patch day without alerts, quarantine that grows, channels that do not take what is sent,
 * a disk that is nearly full, an archive that cannot be written, holidays that end. Everything it goes by stands in the
 * database, so that a restart neither repeats nor forgets anything.
 */
#ifndef DAEMON_HEALTH_WATCH_H
#define DAEMON_HEALTH_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "store/database.h"

/* A task of the timer (daemon/timer.h). */
int health_watch_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
                     int64_t *ret_next_ms, struct error *err);

/* For the archiver, after each of its turns: code 0 or what went wrong, in words. *deliveries is increased by what is to be
 * told of it. What cannot be put on record is told after the next turn. */
void health_watch_archive(struct database *db, const struct config *config, int code, const char *text, unsigned *deliveries);

#endif
