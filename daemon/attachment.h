/* SPDX-License-Identifier: MIT */
/* What mails may carry beside their text: the reading functions of struct notify_transport. */
#ifndef DAEMON_ATTACHMENT_H
#define DAEMON_ATTACHMENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/errors.h"
#include "daemon/transfer.h"
#include "store/database.h"

/* The context of a transport whose other functions are those of daemon/transfer.h: these take it for their transfer_wake. */
struct attachment_context {
        struct transfer_wake wake; /* first */
        struct database *db;
};

/* The bytes of a mail. -ERR_NOT_FOUND, or what the store says. */
int attachment_original_read(void *context, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err);

/* The CSAF document of the content that the mail brought, with the revisions up to that one. -ERR_NOT_FOUND: the mail brought
 * no bulletin, or one without any date. */
int attachment_csaf_read(void *context, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err);

#endif
