/* SPDX-License-Identifier: MIT */
/*
 * The inside of a session. imap_io.c moves bytes, imap_session.c knows commands in flight and what servers say
 * unasked, and imap_commands.c, imap_search.c, imap_fetch_stream.c,
 * imap_change.c and imap_wait.c are the commands.
 */
#ifndef INGEST_IMAP_SESSION_P_H
#define INGEST_IMAP_SESSION_P_H

#include "common/limits.h"
#include "ingest/imap_parser.h"
#include "ingest/imap_session.h"

#define IMAP_BUFFER_BYTES (64u * KIB)
#define IMAP_FLIGHT_MAX 3u
#define IMAP_FETCH_FLIGHT 2u /* of which FETCHes of bodies */
/* RFC 7162 section 4 recommends command lines of at most 8192 octets; this leaves room for the rest of the line. */
#define IMAP_SET_BYTES 4000u

/* A command that is sent, or about to be, and not answered. */
struct imap_flight {
        guint64 tag;
        const char *what; /* static: the command's name */
};

struct imap_session {
        struct stream *stream;
        struct imap_session_options options;
        GHashTable *capabilities; /* char *, upper case */

        struct imap_parser *parser;
        char *buffer;              /* IMAP_BUFFER_BYTES; from buffer_at to buffer_end it is not read yet */
        size_t buffer_at, buffer_end;
        GString *sync_line;        /* while the answer to our first command has not come: the line in the making */
        size_t sync_bytes;
        size_t unwaited_bytes;     /* received since the stream was last waited on */

        /* Output: sending does not move or change until all of it is sent (stream.h); what is new is queued. */
        GString *sending, *queued;
        size_t sent;

        guint64 last_tag;
        struct imap_flight flight[IMAP_FLIGHT_MAX];
        unsigned flying;
        guint64 landed; /* the tag of the command that was completed last */
        int64_t deadline_ms; /* monotonic; see imap_be_patient */

        guint32 exists;
        bool grown;        /* EXISTS has grown since the last SEARCH was sent */
        bool changed;      /* EXISTS, EXPUNGE or FETCH came since this was last cleared */
        bool idling;       /* the server waits for DONE */
        int64_t idle_since_ms;
        bool idle_refused;
        bool no_deleted, no_seen; /* PERMANENTFLAGS lacks the flag */
        bool keywords;     /* it allows for keywords of our own */
        bool changing;     /* what runs changes messages: BAD ends that, not the session */
        GArray *copied;    /* guint32: UIDs that COPY has taken in this session, and that are not expunged yet */
        int64_t eager_ms, eager_since_ms; /* imap_wait.c */
        int broken;        /* 0, or the error after which the session can only be closed */
};

/* ---- imap_io.c ---- */

/* Adds bytes to the output; they are sent while waiting for a response. */
void imap_io_queue(struct imap_session *session, const char *text);

/* The next response. Sends what is queued. silence_ms bounds the time without a single byte: then -ETIMEDOUT, without a
 * text. -EINTR only if interruptible. -ERR_TIMEOUT when the session's deadline has passed. */
int imap_io_next(struct imap_session *session, bool interruptible, int64_t silence_ms,
                 struct imap_response **ret_response, struct error *err);

/* ---- imap_session.c ---- */

/* Called for each untagged response and for the tagged OK; a negative return ends the command with that code. */
typedef int (*imap_response_function)(struct imap_session *session, struct imap_response *response, void *context,
                                      struct error *err);

/* 0, or -ERR_CONNECTION if the session is broken. Every public function begins with it, and ends with imap_end, which
 * notes what breaks a session and returns code. */
int imap_begin(const struct imap_session *session, struct error *err);
int imap_end(struct imap_session *session, int code);

/* Starts the sanity bound anew: a server that goes on sending, but gets nowhere, is given up after ten times the
 * command timeout plus the time that bytes take at 8 KB a second. */
void imap_be_patient(struct imap_session *session, guint64 bytes);

/* Queues "TAG what arguments". what is static; format may be NULL. At most IMAP_FLIGHT_MAX may be in flight. */
void imap_start(struct imap_session *session, const char *what, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* "h12", newly allocated. */
char *imap_tag(guint64 number);

/* The bounds on time begin anew, and imap_await. */
int imap_run(struct imap_session *session, imap_response_function function, void *context, struct error *err);

/* Waits until one command in flight is completed. -ERR_REFUSED is NO, -ERR_PROTOCOL is BAD. */
int imap_await(struct imap_session *session, imap_response_function function, void *context, struct error *err);

/* -ERR_TIMEOUT that names the command. */
int imap_unanswered(const struct imap_session *session, const char *what, struct error *err);

/* One response: notes what it says of the mailbox, hands it to function (may be NULL), and returns 1 if it completed a
 * command. */
int imap_take(struct imap_session *session, struct imap_response *response, imap_response_function function,
              void *context, struct error *err);

/* ---- imap_search.c ---- */

/* Which of these messages have \Deleted and this keyword. */
int imap_search_keyword(struct imap_session *session, const GArray *uids, const char *keyword, GArray **ret_uids,
                        struct error *err);

#endif
