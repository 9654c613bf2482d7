/* SPDX-License-Identifier: MIT */
/* Clears what was delivered long ago, so that the database does not grow with every attempt. */
#ifndef DAEMON_RETENTION_H
#define DAEMON_RETENTION_H

#include <stdint.h>

#include "daemon/config.h"
#include "store/database.h"

/* A task of the timer (daemon/timer.h). */
int retention_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
                  int64_t *ret_next_ms, struct error *err);

#endif
