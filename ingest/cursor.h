/* SPDX-License-Identifier: MIT */
/*
 * The rules of the cursor (pure): what a mailbox's UIDVALIDITY and UIDs say about what is new and what is history.
 * UIDs only grow while UIDVALIDITY stays (RFC 9051 section 2.3.1.1).
 */
#ifndef INGEST_CURSOR_H
#define INGEST_CURSOR_H

#include <glib.h>
#include <stdbool.h>

struct cursor {
        bool known;           /* false: first contact with this mailbox */
        guint32 uid_validity;
        guint32 last_uid;     /* every message up to this one is stored */
        guint32 history_uid;  /* messages up to this one were there at the first contact; 0: none */
        bool history_done;    /* the summary for them has been queued */
};

enum cursor_event { CURSOR_FIRST_CONTACT, CURSOR_CONTINUES, CURSOR_UID_VALIDITY_CHANGED };

/* What the cursor must be before messages are fetched from a mailbox with these values. uid_next is 0 where the server
 * does not say; highest_uid (the last one a search of all messages found, 0 for none) is looked at only then.
 *
 * At the first contact all messages below uid_next are history; without any, history_done is true from the start.
 * After a change of UIDVALIDITY everything is fetched again (the store recognises what it has by its bytes) and what it
 * does not have is not history: it arrived meanwhile. Only if the summary of the history had not been queued yet, all
 * that is there now still counts as history, else an interrupted first contact with an old mailbox would page for each
 * of its mails; history_done stays false then, also where nothing is left, since some of them may be stored already.
 * A uid_next at or below last_uid breaks the promise of UIDVALIDITY and is treated as a change of it. */
enum cursor_event cursor_start(const struct cursor *stored, guint32 uid_validity, guint32 uid_next,
                               guint32 highest_uid, struct cursor *ret_cursor);

/* The first UID to ask for. */
guint32 cursor_first_uid(const struct cursor *cursor);

/* Also of a message that appears below the cursor: it is history only as long as the history is not complete. */
bool cursor_is_history(const struct cursor *cursor, guint32 uid);

#endif
