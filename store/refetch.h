/* SPDX-License-Identifier: MIT */
/*
 * Requests to fetch a mail again, whole: of a mail that was larger than the limit only the beginning is stored. Somebody
 * asks ('hotfixctl quarantine retry'); the session of the mailbox, which may be another process, serves and answers.
 */
#ifndef STORE_REFETCH_H
#define STORE_REFETCH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"
#include "store/mails.h"

struct refetch_row {
        int64_t mail_id;
        char *source;              /* "imap:NAME" */
        guint32 uid_validity, uid; /* where the mail was seen */
        int64_t requested_ms;
        char *answer;              /* why it could not be fetched, for people; NULL: not answered yet */
        int64_t answered_ms;       /* 0: not answered yet */
        int64_t received_ms;       /* of the mail */
        bool history;              /* of the mail: what is fetched is history too */
};
void refetch_row_free(struct refetch_row *row);

/* Asks for a mail at each mailbox where it was seen; an answer of an earlier time is forgotten. *ret_places: in how many.
 * A mail that was never seen in a mailbox: -ERR_NOT_FOUND. */
int refetch_ask(struct database *db, int64_t mail_id, int64_t now_ms, unsigned *ret_places, struct error *err);

/* The requests at a source that are not answered yet, as an array of struct refetch_row, oldest first. Those under
 * another UIDVALIDITY are not among them: see refetch_answer_stale. */
int refetch_list(struct database *db, const char *source, guint32 uid_validity, GPtrArray **ret_rows, struct error *err);

/* Everything asked for a mail, answered or not. */
int refetch_of_mail(struct database *db, int64_t mail_id, GPtrArray **ret_rows, struct error *err);

/* Whether any request is not answered yet. */
int refetch_pending(struct database *db, bool *ret_pending, struct error *err);

/* Says why a request cannot be served. One that is not there any more is no error: it was served meanwhile. */
int refetch_answer(struct database *db, const struct refetch_row *row, const char *answer, int64_t now_ms, struct error *err);

/* The same for all requests at a source that name a UIDVALIDITY which is not the present one. */
int refetch_answer_stale(struct database *db, const char *source, guint32 uid_validity, int64_t now_ms, struct error *err);

/* The mail was fetched, whole, and is stored as new_mail_id (which may be the same, if its beginning was all of it): the
 * requests end, and if it is another mail, the old one leaves quarantine and points to it. In the transaction that stores
 * it. */
int refetch_done(struct database *db, int64_t mail_id, int64_t new_mail_id, struct error *err);

/* Only the beginning of such a mail is stored, or nothing of it but that the server listed it: reading it again is no use. */
bool refetch_is_needed(const struct quarantine_row *row);

/* The mail that a MAIL_REPLACED one points to, or 0. */
int64_t refetch_successor(const struct mail_row *mail);

#endif
