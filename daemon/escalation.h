/* SPDX-License-Identifier: MIT */
/*
 * What follows a notification that nobody acknowledges: steps, reminders, deadlines. How far it has come stands in the
 * database (store/alerts.h) together with the deliveries asked for, so that a restart repeats nothing.
 */
#ifndef DAEMON_ESCALATION_H
#define DAEMON_ESCALATION_H

#include <stdint.h>

#include "daemon/config.h"
#include "daemon/delivery.h"
#include "store/alerts.h"
#include "store/database.h"

/* Whether there will be something to acknowledge after a route has decided so. */
bool escalation_opens(const struct route *route, enum route_action action);

/* Says in the first message of an alert how it is acknowledged, and by when where the route has a deadline for it. */
void escalation_ask_for_note(struct message *message, const struct bulletin *bulletin, const char *key,
                             const struct route *route, const struct calendar *calendar, int64_t now_ms);

/* In the transaction of a route's decision: what that means for the alert. Opened by "new", opened anew by "raised", closed
 * by "lowered", which is then told to the channels of the steps taken as well, and at any time at which the alert itself
 * could be told (subject->due_ms): what calls people in the night is to stop in the night. */
int escalation_decided(struct database *db, const struct config *config, const struct route *route, enum route_action action,
                       const struct message *message, struct delivery_subject *subject, int64_t now_ms,
                       unsigned *deliveries, struct error *err);

/* Whether "lowered" of a route is to be kept from a channel: it would end an incident there that another route, whose alert
 * is open, has called for as well. */
int escalation_keeps_from(struct database *db, const struct config *config, const struct route *route, int64_t bulletin_id,
                          const struct channel *channel, bool *ret_keeps, struct error *err);

/* A task of the timer (daemon/timer.h). */
int escalation_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
                   int64_t *ret_next_ms, struct error *err);

/* What a person says of a bulletin that was told: he takes note of it (bulletin_id, route, until_ms, person, comment of the
 * acknowledgement are looked at), or takes that back (bulletin_id, route, person). *ret_alerts: how many alerts it was
 * about. -ERR_NOT_FOUND, and nothing is changed, if there is none. */
int escalation_acknowledge(struct database *db, const struct config *config, const struct acknowledgement *said,
                           int64_t now_ms, unsigned *ret_alerts, struct error *err);
int escalation_withdraw(struct database *db, const struct config *config, const struct acknowledgement *said,
                        int64_t now_ms, unsigned *ret_alerts, struct error *err);

#endif
