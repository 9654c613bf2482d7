/* SPDX-License-Identifier: MIT */
/* What became of each mail, read so that two databases can be compared: what is on record, and a replay of it. */
#ifndef STORE_REPLAY_H
#define STORE_REPLAY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/bulletin.h"
#include "store/database.h"
#include "store/mails.h"

/* What a route decided on a mail: of several times, the last. */
struct replay_decision { char *route, *action, *reason; };

struct replay_record {
        struct mail_row *mail;
        char *bulletin;             /* its number or key, or NULL: it became none */
        char *fingerprint;          /* of the content it brought, or NULL */
        struct bulletin *content;   /* or NULL */
        GPtrArray *decisions;       /* struct replay_decision, by route */
};
void replay_record_free(struct replay_record *record);

/* The mail after this one in the order in which they were stored, 0: there is none. */
int replay_next(struct database *db, int64_t mail_id, int64_t *ret_mail_id, struct error *err);

/* Where a revision was told although another mailbox had brought it as history (see history_take_back): whether this mail
 * is of that history, and whether it is the one that was told. history: how the reasons of decisions on history begin. */
int replay_overtaking(struct database *db, int64_t mail_id, const char *history, bool *ret_was_history, bool *ret_overtook,
                      struct error *err);

int replay_read(struct database *db, int64_t mail_id, struct replay_record **ret_record, struct error *err);

#endif
