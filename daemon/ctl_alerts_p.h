/* SPDX-License-Identifier: MIT */
/* What list, show, trace, status and ack tell of alerts. */
#ifndef DAEMON_CTL_ALERTS_P_H
#define DAEMON_CTL_ALERTS_P_H

#include "daemon/ctl.h"
#include "store/alerts.h"
#include "store/bulletins.h"

/* The alerts and acknowledgements of one bulletin. */
struct ctl_alerts { GPtrArray *alerts, *acknowledgements; };
int ctl_alerts_load(struct database *db, int64_t bulletin_id, struct ctl_alerts *ret_alerts, struct error *err);
void ctl_alerts_clear(struct ctl_alerts *alerts);

json_t *ctl_alerts_to_json(const struct ctl_alerts *alerts);
json_t *ctl_acknowledgements_to_json(const struct ctl_alerts *alerts);

/* One line for each route that has told of it: open since when, or who took note. */
void ctl_alerts_print(const struct ctl_alerts *alerts, const char *indent);
/* Everything that was ever said, oldest first. */
void ctl_acknowledgements_print(const struct ctl_alerts *alerts, const char *indent);

/* 'list --open': the bulletins that nobody has acknowledged, the oldest first. Returns the exit status. */
int ctl_list_open(struct database *db, const struct bulletin_filter *filter);

/* For the status. */
json_t *ctl_alert_counts_to_json(const struct alert_counts *counts);
void ctl_alert_counts_print(const struct alert_counts *counts);

/* Since when it is open. What its times count from lies ahead where a message is held back, as by quiet hours. */
int64_t ctl_alert_since(const struct alert *alert);

/* When something is due, 0: nothing. That is not always when it is looked at next: quiet hours may end before. */
int64_t ctl_alert_next(const struct alert *alert);

/* Local time with the weekday, in the configured zone; newly allocated. */
char *ctl_alert_time(int64_t wall_ms);

#endif
