/* SPDX-License-Identifier: MIT */
/* What ctl_status.c and ctl_status_feeds.c share. */
#ifndef DAEMON_CTL_STATUS_P_H
#define DAEMON_CTL_STATUS_P_H

#include <jansson.h>

#include "daemon/ctl.h"
#include "store/drift.h"

/* One feed and kind. */
struct feed_status {
        char *name;
        enum bulletin_kind kind;
        struct drift_counts counts;
        struct fill_counts recent; /* the last DRIFT_RECENT */
        GPtrArray *labels;         /* struct unknown_label */
};

/* An array of struct feed_status. */
int status_load_feeds(struct database *db, GPtrArray **ret_feeds, struct error *err);

json_t *status_feeds_to_json(const GPtrArray *feeds);
json_t *status_conditions_to_json(const GPtrArray *conditions); /* of struct condition */
void status_print_feeds(const GPtrArray *feeds);
void status_print_conditions(const GPtrArray *conditions);

#endif
