/* SPDX-License-Identifier: MIT */
/* What is asked for each message, and what a FETCH response says: for imap_fetch_stream.c. */
#ifndef INGEST_IMAP_FETCH_P_H
#define INGEST_IMAP_FETCH_P_H

#include "ingest/imap_session_p.h"

#define IMAP_ITEMS_SIZE "(UID RFC822.SIZE)"
#define IMAP_ITEMS_WHOLE "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[])"
#define IMAP_ITEMS_HEAD "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.%" G_GUINT32_FORMAT ">)"

struct imap_items {
        bool has_uid, has_size;
        guint32 uid;
        guint64 size_bytes;
        int64_t date_ms;
        struct imap_token *body; /* or NULL */
};

/* Returns 1 and the items, 0 where the response is no FETCH, or -ERR_PROTOCOL. */
int imap_items_take(const struct imap_response *response, struct imap_items *ret_items, struct error *err);

/* At most body_max bytes of the body, which there must be; they change hands without a copy. */
void imap_items_to_message(struct imap_items *items, guint64 body_max, struct imap_message *ret_message);

/* Returns code, with a text that says that the caller's function ended the fetch. */
int imap_not_taken(int code, struct error *err);

#endif
