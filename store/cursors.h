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

/* What a mailbox is doing, for status. */
struct mailbox_state {
        char *mailbox;
        char *state;          /* "connecting", "syncing", "idle", "waiting to retry", "stopped" */
        char *error;          /* what is wrong, for people; NULL: nothing */
        char *problem;        /* the same in one word (daemon/mailbox_retry.h), or NULL */
        char *mode;           /* how it hears of news: "push" or "polling"; NULL: not known yet */
        unsigned failures;    /* in a row */
        int64_t failing_ms;   /* of the first of them; 0: none */
        int64_t retry_ms;     /* when it is tried next; 0: it is not waiting */
        int64_t reconciled_ms;/* all UIDs were last compared with what is on record; 0: never */
        int64_t changed_ms;   /* of the state; cursors_set_state writes it */
        int64_t last_mail_ms; /* only read */
};
void mailbox_state_free(struct mailbox_state *state);
/* Writes all of it; reconciled_ms 0 leaves the time that is stored. */
int cursors_set_state(struct database *db, const struct mailbox_state *state, struct error *err);
/* All mailboxes; arrays of struct cursor_row and struct mailbox_state, by name. */
int cursors_list(struct database *db, GPtrArray **ret_cursors, GPtrArray **ret_states, struct error *err);

/* Which of the messages with these UIDs (guint32, ascending) are on record in this way, ascending. */
enum cursors_record {
        CURSORS_UNRECORDED, /* not at all */
        CURSORS_WHOLE,      /* with all their bytes: not only the head, nor a note that the server withholds them */
};
int cursors_filter(struct database *db, const char *source, guint32 uid_validity, const GArray *uids,
                   enum cursors_record record, GArray **ret_uids, struct error *err);

/* Whether the message that is on record with this UID can be this one: it has the same bytes, or came at the same time with the same
 * size. True also where none is on record. */
int cursors_is_same(struct database *db, const char *source, guint32 uid_validity, guint32 uid, const char *sha256,
                    int64_t size_bytes, int64_t received_ms, bool *ret_same, struct error *err);

/* Messages that the server listed and did not send: there is a note of each in quarantine. From those above after_uid the
 * first ones, at most max, by UID: an array of struct cursors_withheld. */
struct cursors_withheld {
        int64_t mail_id; /* of the note */
        guint32 uid;
        bool history;
};
int cursors_list_withheld(struct database *db, const char *source, guint32 uid_validity, guint32 after_uid, guint max,
                          GArray **ret_withheld, struct error *err);

#endif
