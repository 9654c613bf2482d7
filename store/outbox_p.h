/* SPDX-License-Identifier: MIT */
/* What the files of the outbox module share. */
#ifndef STORE_OUTBOX_P_H
#define STORE_OUTBOX_P_H

#include "store/outbox.h"

#define DELIVERY_COLUMNS \
        "id, identity, channel, kind, bulletin_id, payload, thread, state, attempts, created_ms, next_ms, sent_ms," \
        " answer, memo, tries, since_ms"

/* From a row that starts with DELIVERY_COLUMNS. */
struct delivery *outbox_read_delivery(struct statement *statement);

/* A line of the delivery's history. answer: kept as it is. */
int outbox_insert_attempt(struct database *db, int64_t delivery_id, int64_t at_ms, const char *result, const char *answer,
                          struct error *err);

/* delivery_free, as a GDestroyNotify. */
void outbox_free_delivery(void *delivery);

#endif
