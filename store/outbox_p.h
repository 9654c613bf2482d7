/* SPDX-License-Identifier: MIT */
/* What the files of the outbox module share. */
#ifndef STORE_OUTBOX_P_H
#define STORE_OUTBOX_P_H

#include "store/outbox.h"

#define DELIVERY_COLUMNS \
        "id, identity, channel, kind, bulletin_id, payload, thread, state, attempts, created_ms, next_ms, sent_ms," \
        " answer"

/* From a row that starts with DELIVERY_COLUMNS. */
struct delivery *outbox_read_delivery(struct statement *statement);

/* delivery_free, as a GDestroyNotify. */
void outbox_free_delivery(void *delivery);

#endif
