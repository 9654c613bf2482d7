/* SPDX-License-Identifier: MIT */
/*
 * One logged-in IMAP connection, written as a straight sequence of steps (RFC 9051; RFC 2177 IDLE; RFC 4315 UIDPLUS;
 * RFC 6851 MOVE). Not thread-safe: one mailbox thread owns it.
 */
#ifndef INGEST_IMAP_SESSION_H
#define INGEST_IMAP_SESSION_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/errors.h"
#include "ingest/stream.h"

struct imap_session;

struct imap_session_options {
        int64_t command_timeout_ms; /* longest silence while an answer is owed */
        guint64 max_message_bytes;  /* a larger message is cut: struct imap_message, data */
};

struct imap_mailbox {
        guint32 uid_validity;
        guint32 uid_next;  /* 0 where the server does not say */
        guint32 exists;
        bool read_only;
        bool uid_not_sticky; /* the server says that its UIDs do not last (RFC 4315 section 3) */
};

struct imap_message {
        guint32 uid;
        guint64 size_bytes;      /* RFC822.SIZE as the server says; of a message that was cut, what it really was */
        int64_t internal_date_ms; /* 0 where unreadable */
        char *data;              /* raw bytes, NUL behind. A message that proves to be above max_message_bytes is cut:
                                  * data_size is then max_message_bytes + 1 */
        gsize data_size;
        bool head_only;          /* above the max_bytes of the fetch, so data is only the beginning */
};

/* Called for each message in the order the server sends them; takes ownership of message->data by setting it NULL.
 * A negative return ends the fetch with that code. */
typedef int (*imap_message_function)(struct imap_message *message, void *context);

/* Takes a stream that is connected and logged in (libcurl has done TLS and login) and owns it from now on, also on
 * failure. Sends NOOP and CAPABILITY and trusts only what follows the NOOP's answer: bytes right behind the login's OK
 * may have been lost. Errors of all calls here: -ERR_CONNECTION, -ERR_TLS, -ERR_TIMEOUT, -ERR_PROTOCOL, -ERR_REFUSED
 * (NO), -ERR_LIMIT, -ERR_CANCELLED; after all but -ERR_REFUSED the session can only be closed (-EINVAL, for arguments
 * that cannot be sent, and for BAD to what marks or moves messages, leaves it as it was). */
int imap_session_open(struct stream *stream, const struct imap_session_options *options,
                      struct imap_session **ret_session, struct error *err);

/* Says LOGOUT, waits briefly for BYE where the stream is still good, and frees. NULL is fine. */
void imap_session_close(struct imap_session *session);

/* False for "IDLE" after the server has refused or ended it by itself. */
bool imap_session_has(const struct imap_session *session, const char *capability);

/* EXAMINE (read_only) or SELECT. name is UTF-8; it is sent as modified UTF-7 (RFC 3501 section 5.1.3), quoted.
 * -EINVAL for a name that is not UTF-8 or holds CR, LF or NUL. */
int imap_session_select(struct imap_session *session, const char *name, bool read_only,
                        struct imap_mailbox *ret_mailbox, struct error *err);

/* UIDs of all messages with UID >= first_uid, ascending (an array of guint32). "UID SEARCH UID n:*" answers with the
 * last message even where its UID is below n; such UIDs are left out. */
int imap_session_search(struct imap_session *session, guint32 first_uid, GArray **ret_uids, struct error *err);

/* Which are wanted, of those that are there: all, the unseen, those not flagged \Deleted, or those flagged so. */
enum imap_search_only {
        IMAP_SEARCH_THERE = 0,
        IMAP_SEARCH_UNSEEN = 1 << 0,
        IMAP_SEARCH_UNDELETED = 1 << 1,
        IMAP_SEARCH_DELETED = 1 << 2,
};

/* UIDs from first_uid to last_uid, both included (G_MAXUINT32: to the end), ascending: "UID SEARCH UID first:last".
 * What lies outside is left out. An empty range asks nothing. At most LIMIT_IMAP_SEARCH_UIDS: above it -ERR_LIMIT, so
 * large mailboxes are searched range by range. Memory: 4 bytes for each UID found. Only a search for all of them up to
 * the end counts as having looked at what was announced (imap_session_wait). */
int imap_session_search_only(struct imap_session *session, guint32 first_uid, guint32 last_uid, unsigned only,
                             GArray **ret_uids, struct error *err);

/* Which of these messages (guint32, ascending) are there, and are as wanted. An empty array asks nothing. */
int imap_session_search_among(struct imap_session *session, const GArray *uids, unsigned only, GArray **ret_uids,
                              struct error *err);

/* A fetch of any number of messages that never lets the server wait: sizes are asked for ahead, bodies are in flight
 * two commands at a time, and messages above max_bytes get a command of their own for their first bytes, in their
 * place. */
struct imap_fetch_stream {
        guint64 max_bytes;  /* of a message whose RFC822.SIZE is larger only head_bytes are fetched (head_only) */
        guint32 head_bytes; /* at least 1 */
        /* Appends the next messages to uids (guint32, empty): at most max, ascending, above all that were given before.
         * None: there are no more. Called ahead: those given before need not have come yet. A negative return ends the
         * fetch with that code. */
        int (*next)(GArray *uids, guint max, void *context, struct error *err);
        /* Each message, once, in the order in which the server sends them (mostly that of the UIDs). */
        imap_message_function message;
        /* NULL, or: the server has answered for all messages up to last_uid. Those of them that were not handed over
         * are gone, or it withholds them. A negative return ends the fetch with that code. */
        int (*answered)(guint32 last_uid, void *context, struct error *err);
        /* NULL, or: messages of together so many bytes are asked for now. */
        void (*asked)(guint64 bytes, void *context);
        void *context;
};

/* For a message that vanished meanwhile nothing is called but answered; before the cursor passes one, search again to
 * see that it is gone. After -ERR_REFUSED the answers to what was in flight have been awaited and the session
 * is usable; after a negative return of one of the three functions it can only be closed. */
int imap_session_fetch_stream(struct imap_session *session, const struct imap_fetch_stream *stream, struct error *err);

/* UID STORE +FLAGS.SILENT (\Seen). */
int imap_session_mark_seen(struct imap_session *session, const GArray *uids, struct error *err);

/* UID MOVE; else UID COPY, UID STORE \Deleted and, with UIDPLUS, UID EXPUNGE of just these. Without UIDPLUS the
 * messages stay flagged \Deleted: a plain EXPUNGE would take others' mails.
 * Repeating an interrupted move is harmless. With MOVE, what was moved is gone. Without it, flagging follows the copy,
 * so the one thing an interruption can cause is a second copy, when it falls between the answers to COPY and STORE. A
 * message that is flagged \Deleted already is not copied: if it was we (in this session, or by the keyword
 * $HotfixdMoved, where the server takes keywords) it is only expunged, else it is left as it is, since it is for others
 * to say what becomes of it. Nothing is flagged that the server does not say it copied (COPYUID), and nothing is copied
 * where flagging is not permitted (PERMANENTFLAGS). */
int imap_session_move(struct imap_session *session, const GArray *uids, const char *folder, struct error *err);

/* Waits for something new: with IDLE where the server has it (ended with DONE after at most timeout_ms), else by
 * waiting timeout_ms and a NOOP. Returns at once where messages were announced since the last search was sent, and once
 * in a session where the server refuses IDLE: from then on it does not "have" it, and is asked with another timeout.
 * A server that always has something to announce is heard at once some times, then five times a second.
 * *ret_changed: the server announced EXISTS, EXPUNGE or FETCH. Returns -ERR_CANCELLED or -EINTR as the stream's wait
 * does; after -EINTR the session is usable (IDLE has been ended) and no message announced is forgotten. */
int imap_session_wait(struct imap_session *session, bool use_idle, int64_t timeout_ms, bool *ret_changed,
                      struct error *err);

/* The same without IDLE and without NOOP, for a caller that selects the folder again when the time is up: there are
 * servers (Dovecot) that a NOOP confuses where the folder was deleted and made anew. */
int imap_session_listen(struct imap_session *session, int64_t timeout_ms, bool *ret_changed, struct error *err);

/* The message count as last announced. */
guint32 imap_session_exists(const struct imap_session *session);

#endif
