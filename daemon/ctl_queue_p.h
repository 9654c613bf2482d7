/* SPDX-License-Identifier: MIT */
/* What the files of 'hotfixctl queue' share. */
#ifndef DAEMON_CTL_QUEUE_P_H
#define DAEMON_CTL_QUEUE_P_H

#include <jansson.h>

#include "daemon/ctl.h"
#include "store/outbox.h"

/* What a state is called: "waiting", "failing" (it waits after a failure), "sent", "dead", "dropped". Static. */
const char *queue_state(const struct delivery *delivery);

/* What list and show have in common. */
json_t *queue_to_json(const struct delivery *delivery);

/* All that is known of one delivery. Returns the exit status. */
int queue_show(struct database *db, const char *what);

#endif
