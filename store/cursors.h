/* SPDX-License-Identifier: MIT */
/* Mailbox cursors and the state that status shows for each mailbox. */
#ifndef STORE_CURSORS_H
#define STORE_CURSORS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"

struct cursor_row {
        char *mailbox;   /* configuration name */
        char *location;  /* user@host/folder: another location under the same name is another mailbox */
        bool known;
        guint32 uid_validity, last_uid, history_uid;
        bool history_done;
        int64_t synced_ms; /* last complete sync, 0: never */
};
void cursor_row_free(struct cursor_row *row);

/* The stored cursor; known is false where there is none for this name and location. */
int cursors_load(struct database *db, const char *mailbox, const char *location, struct cursor_row **ret_row,
                 struct error *err);
/* Writes all of it, in the running transaction; synced_ms 0 leaves the time that is stored. */
int cursors_save(struct database *db, const struct cursor_row *row, struct error *err);

/* What a mailbox is doing, for status: "connecting", "syncing", "idle", "waiting to retry", "stopped", with the last
 * error. */
struct mailbox_state {
        char *mailbox, *state, *error; /* error NULL: none */
        int64_t changed_ms, last_mail_ms, retry_ms;
};
void mailbox_state_free(struct mailbox_state *state);
int cursors_set_state(struct database *db, const char *mailbox, const char *state, const char *error, int64_t retry_ms,
                      struct error *err);
/* All mailboxes; arrays of struct cursor_row and struct mailbox_state, by name. */
int cursors_list(struct database *db, GPtrArray **ret_cursors, GPtrArray **ret_states, struct error *err);

#endif
