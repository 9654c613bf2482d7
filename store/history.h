/* SPDX-License-Identifier: MIT */
/* Which bulletins a mailbox's history, or an import, brought, for the one summary that is sent instead of notifications. */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <glib.h>

#include "store/database.h"

/* Ids (int64_t, ascending) of the verified bulletins that were only ever seen as history and of which a mail was seen at this
 * source ("imap:NAME"). The caller frees the array. */
int history_bulletins(struct database *db, const char *source, GArray **ret_bulletin_ids, struct error *err);

/* Bulletins that an import brought and that no summary has told of yet: put on that list, all of it (ids as above), and the
 * list emptied, in the transaction that asks for the summary. */
int history_add_import(struct database *db, int64_t bulletin_id, struct error *err);
int history_imported(struct database *db, GArray **ret_bulletin_ids, struct error *err);
int history_imported_done(struct database *db, struct error *err);

/* Whether all mails of this revision, but for the one given (0: none), came as history of mailboxes, and after since_ms. */
int history_was_ahead(struct database *db, int64_t revision_id, int64_t mail_id, int64_t since_ms, bool *ret_ahead,
                      struct error *err);
/* They are not history: another mailbox has brought them as new. */
int history_take_back(struct database *db, int64_t revision_id, struct error *err);

#endif
