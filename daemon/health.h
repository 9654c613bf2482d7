/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with hotfixd itself, told once when it begins and once when it is over, on the channels that
 * config_health_channels names, through the outbox like everything else. All within the running transaction; what is to
 * be logged waits until it is committed.
 */
#ifndef DAEMON_HEALTH_H
#define DAEMON_HEALTH_H

#include <glib.h>
#include <stdint.h>

#include "common/log.h"
#include "daemon/config.h"
#include "notify/message.h"
#include "store/database.h"

struct health {
        struct database *db;
        const struct config *config;
        int64_t now_ms;
        unsigned *deliveries; /* increased by those that are new */
        GPtrArray *lines;     /* what to log after the commit */
};
void health_init(struct health *health, struct database *db, const struct config *config, int64_t now_ms,
                 unsigned *deliveries);
void health_clear(struct health *health);

/* A line for the log, once the transaction is committed. */
void health_add_line(struct health *health, enum log_level level, const char *context, const char *format, ...)
        G_GNUC_PRINTF(4, 5);
void health_write_lines(struct health *health);
void health_drop_lines(struct health *health); /* it was rolled back */

/* The condition shows. report says so (its reason is filled in here); details (char *) are what it is about. It is told
 * when the condition begins and when a detail joins that it did not have. */
int health_problem(struct health *health, const struct health_report *report, const GPtrArray *details, struct error *err);

/* The condition does not show. Once that was so needed times in a row it is over, and the report is told, with since when
 * it was, how often it showed and its details as further facts. */
int health_good(struct health *health, const struct health_report *report, unsigned needed, struct error *err);

/* "2026-11-22 00:20 (Sun)" in the time zone that is configured; newly allocated. */
char *health_time(const struct health *health, int64_t wall_ms);

#endif
