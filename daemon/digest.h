/* SPDX-License-Identifier: MIT */
/*
 * Digests: what a route has told and kept back in a day or a week, in one message to its channels. How far they have come
 * stands in the database: after a time off there is one digest for all of it.
 */
#ifndef DAEMON_DIGEST_H
#define DAEMON_DIGEST_H

#include <stdint.h>

#include "daemon/config.h"
#include "store/database.h"

/* A task of the timer (daemon/timer.h). */
int digest_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
               int64_t *ret_next_ms, struct error *err);

/* The first moment after after_ms at which a digest of the route is due: a route that goes by business days has none on
 * days off, and a weekly one waits for the next business day. */
int64_t digest_due_ms(const struct route *route, const struct calendar *calendar, int64_t after_ms);

#endif
