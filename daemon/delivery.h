/* SPDX-License-Identifier: MIT */
/* From a message to a row of the outbox. */
#ifndef DAEMON_DELIVERY_H
#define DAEMON_DELIVERY_H

#include <stdint.h>

#include "common/errors.h"
#include "notify/channel.h"
#include "notify/message.h"
#include "store/database.h"

/* What a delivery is about: with channel and kind of message these make its identity. */
struct delivery_subject {
        const char *feed, *key, *fingerprint; /* of the bulletin; "" for feed and key where there is none */
        int64_t bulletin_id, decision_id;     /* 0: none */
        const char *thread; /* without a bulletin: the identity of the delivery that this one follows, or NULL */
        int64_t due_ms;     /* not before; 0: now */
};

/* Renders the message for the channel and asks the outbox for it, within the running transaction; not if the channel has
 * nothing to say for messages of this kind. Two routes that tell the same channel the same thing share one delivery (its
 * identity says so), which goes at the earlier of their times. *deliveries is increased if it is new. */
int delivery_ask(struct database *db, const struct channel *channel, const struct message *message,
                 const struct delivery_subject *subject, int64_t now_ms, unsigned *deliveries, struct error *err);

#endif
