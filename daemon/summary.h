/* SPDX-License-Identifier: MIT */
/* The one summary that is sent for history, instead of a notification for each of its bulletins. */
#ifndef DAEMON_SUMMARY_H
#define DAEMON_SUMMARY_H

#include <glib.h>
#include <stdint.h>

#include "daemon/config.h"
#include "store/database.h"

/* Asks for one delivery to each channel that a route leads to: how many bulletins (ids, int64_t) came from the source, and
 * the most severe of those above the thresholds. Within the running transaction; nothing for an empty list. The same
 * summary asked for again is the same delivery. *deliveries is increased by those that are new. */
int summary_ask(struct database *db, const struct config *config, const char *source, const GArray *bulletin_ids,
                int64_t now_ms, unsigned *deliveries, struct error *err);

#endif
