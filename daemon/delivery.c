/* SPDX-License-Identifier: MIT */
#include "daemon/delivery.h"

#include <glib.h>

#include "store/outbox.h"

int delivery_ask(struct database *db, const struct channel *channel, const struct message *message,
                 const struct delivery_subject *subject, int64_t now_ms, unsigned *deliveries, struct error *err)
{
        if (!channel_wants(channel, message->kind))
                return 0;
        g_autofree char *identity = outbox_identity(channel->name, subject->feed, subject->key, message->kind,
                                                    subject->fingerprint);
        g_autofree char *payload = channel_render(channel, message);
        struct delivery delivery = {
                .identity = identity,
                .channel = channel->name,
                .kind = message->kind,
                .bulletin_id = subject->bulletin_id,
                .payload = payload,
                .thread = (char *) subject->thread,
                .state = DELIVERY_PENDING,
                .created_ms = now_ms,
                .next_ms = MAX(subject->due_ms, now_ms),
        };
        bool known = false;
        int r = outbox_add(db, &delivery, subject->decision_id, &known, err);
        if (r == 0 && !known)
                (*deliveries)++;
        return r;
}
