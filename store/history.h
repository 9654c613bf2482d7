/* SPDX-License-Identifier: MIT */
/* Which bulletins a mailbox's history brought, for the one summary that is sent instead of notifications. */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <glib.h>

#include "store/database.h"

/* Ids (int64_t, ascending) of the bulletins that were only ever seen as history and of which a mail was seen at this
 * source ("imap:NAME"). The caller frees the array. */
int history_bulletins(struct database *db, const char *source, GArray **ret_bulletin_ids, struct error *err);

#endif
