/* SPDX-License-Identifier: MIT */
/*
 * The inside of a mailbox session. mailbox.c is the sequence of steps; mailbox_connect.c what comes before the first
 * fetch; mailbox_list.c which messages there are; mailbox_pass.c and mailbox_missing.c fetch and queue them;
 * mailbox_reconcile.c finds what the cursor has passed; mailbox_refetch.c serves requests; mailbox_after.c tells the server.
 */
#ifndef DAEMON_MAILBOX_P_H
#define DAEMON_MAILBOX_P_H

#include "common/limits.h"
#include "common/log.h"
#include "daemon/mailbox_retry.h"
#include "daemon/service_p.h"
#include "daemon/transfer.h"
#include "ingest/cursor.h"
#include "ingest/imap_session.h"

/* Messages that are listed, fetched and committed before the next are looked at: what bounds the memory of a session
 * whatever the size of the mailbox. */
#define MAILBOX_SLICE_UIDS 20000u
#define MAILBOX_HEAD_BYTES (64 * KIB)                  /* of a mail above max-message-size this much is kept */
#define MAILBOX_HELD_BYTES (2 * LIMIT_IMAP_CHUNK_BYTES) /* what two FETCHes can bring in the wrong order */
#define MAILBOX_REFUSED_ALONE_MAX 20 /* messages; with so many it is not the messages */
#define MAILBOX_SHORT_PASS_MS 1000 /* what status need not show */
#define MAILBOX_SHORT_PASS_MAILS 20u
#define MAILBOX_SHORT_PASS_BYTES (256 * KIB)
#define MAILBOX_BREAKS_MAX 3 /* sessions in a row that end at the same message: then those behind it come first */
#define MAILBOX_SUSPECTS_MAX 100u
#define MAILBOX_REFUSALS_MAX 12 /* times in a row that the server refuses a message: then it is passed over */

/* A message before which sessions have broken off, in a row. */
struct suspect {
        guint32 uid;
        unsigned breaks; /* from MAILBOX_BREAKS_MAX on it is left out where others are fetched */
        bool late;       /* it lies below the cursor */
};

struct mailbox {
        struct service *service;
        const struct config_mailbox *config;
        char *context, *source, *place; /* "mailbox NAME", "imap:NAME", "host:port" */
        struct database *db;
        struct transfer_wake wake;
        struct imap_session *session;
        struct imap_mailbox selected;
        struct cursor cursor;    /* as committed */

        struct mailbox_failures failures;
        char *written;           /* what status was last told: it is not told twice */
        char *error;             /* the last failure, until the mailbox is in step again; or NULL */
        int64_t retry_ms;        /* wall clock: when it is tried next, or 0 */
        int64_t login_pause_ms;  /* the login was refused: for so long no mailbox of the account tries; or 0 */
        int64_t in_step_ms;      /* monotonic: since when this session is in step with the server; 0: it was not yet */
        bool pass_is_due;
        bool reopen_is_due;      /* before the next pass */
        guint32 exists;          /* messages in the folder after the last pass */
        int64_t passed_ms;       /* monotonic: when the last pass began */
        guint64 asked_bytes;     /* of the mails asked for in it */
        bool unlisted;           /* more were announced before it, and it found none: it is soon looked again */
        const char *mode;        /* "push", "polling" or NULL */
        int64_t reconciled_ms;   /* monotonic: of the last full look at the UIDs; 0: none yet in this session */
        int64_t reconciled_wall_ms;

        guint32 compared_uid;    /* the message that mailbox_connect() compares with what is on record, until it has come */

        unsigned refusals;       /* passes in a row that broke off because the server refuses to send something */
        unsigned late_refusals;  /* the same of the messages below the cursor */
        GArray *suspects;        /* struct suspect, ascending */
        bool probing;            /* a withheld message is being asked for */
        guint32 probed_uid;      /* the last one */
        int64_t probed_ms;       /* monotonic: when they were last asked for; 0: never */
        char *after_error;       /* why after-ingest does not work, or NULL */
        bool after_is_behind;    /* the server takes nothing: with the next mails all is tried that is left */
        GArray *refused;         /* guint32: what it did not let us mark or move in this session, while it took others */
        struct log_repeat repeat, after_repeat, late_repeat, listing_repeat;
};

/* ---- mailbox.c ---- */

/* For status, with what m knows to be wrong. */
void mailbox_set_state(struct mailbox *m, const char *state);

/* ---- mailbox_connect.c ---- */

/* Connects, logs in, and opens the folder. */
int mailbox_connect(struct mailbox *m, struct error *err);

/* Opens the folder (again), decides what is history, and has that on record. */
int mailbox_open_folder(struct mailbox *m, struct error *err);

/* ---- mailbox_list.c ---- */

/* The messages from next to last, slice by slice. */
struct mailbox_listing {
        guint32 next, last;
        guint32 known_last; /* no message is expected above this one; 0: not known */
        guint32 width;      /* of the next range of UIDs to be searched */
        unsigned only;      /* IMAP_SEARCH_…; 0: all */
        bool ended;
};
void mailbox_listing_init(struct mailbox_listing *listing, guint32 first, guint32 last, guint32 known_last);

/* Replaces the array by the next messages (guint32, ascending): MAILBOX_SLICE_UIDS at most, and none only at the end. */
int mailbox_list(struct mailbox *m, struct mailbox_listing *listing, GArray **ret_uids, struct error *err);

/* ---- mailbox_pass.c ---- */

/* Messages on their way to the store. A server may mix its answers to FETCHes that are under way together (Dovecot does,
 * when the line is slower than its disk), but a revision must not overtake the one before it: mails are held back until
 * those below have come, within MAILBOX_HELD_BYTES. The cursor in a job never stands above a UID that is not queued. */
struct slice {
        struct mailbox *mailbox;
        GArray *uids;      /* guint32, ascending */
        bool late;         /* they lie below the cursor, which stays as it is */
        bool *come;
        struct job **held; /* it has come and is not queued yet; else NULL */
        gsize held_bytes;
        guint answered;    /* for uids[0 … answered-1] the server has nothing more to send */
        guint queued;      /* uids[0 … queued-1] are queued or will not come in order any more */
        guint prefix;      /* uids[0 … prefix-1] have come and are queued, without a gap */
        guint come_end;    /* behind the last that has come */
        guint come_count;
        struct cursor cursor;
        GArray *whole;     /* guint32: UIDs that were queued with all their bytes, for after-ingest */
};

/* Takes the array. */
void slice_init(struct slice *slice, struct mailbox *m, GArray *uids, bool late);
void slice_clear(struct slice *slice);
/* Fetches all, or what of them is in wanted (guint32, ascending; NULL: all), and queues what comes. */
int slice_fetch(struct slice *slice, const GArray *wanted, struct error *err);
/* Queues what is held; with all, past gaps too. */
int slice_queue_held(struct slice *slice, bool all);
/* Puts a mark and waits until everything up to it is committed. complete: nothing was left behind. */
int slice_commit(struct slice *slice, bool complete);
/* For a UID of the slice: it has come. */
bool slice_has_come(const struct slice *slice, guint32 uid);
struct job *slice_new_job(struct slice *slice, enum job_kind kind);
/* A message that the server lists and does not send is put on record as what it is. It is asked for again at times. */
int slice_queue_withheld(struct slice *slice, guint32 uid, const char *reason);

/* Where a UID stands in the array, or its length. */
guint mailbox_find_uid(const GArray *uids, guint32 uid);

/* One pass: everything above the cursor is fetched, stored, committed, and the server told. uid_next 0: not known. */
int mailbox_run_pass(struct mailbox *m, guint32 uid_next, struct error *err);

/* ---- mailbox_missing.c ---- */

/* What did not come is asked for once more, and what does not come then is put on record as withheld; what the server
 * refuses ends the pass with -ERR_REFUSED until it was refused MAILBOX_REFUSALS_MAX times in a row (*refusals). */
int slice_settle_missing(struct slice *slice, unsigned *refusals, struct error *err);

/* Fetches a slice. A message at which session after session ends keeps nothing else out. */
int slice_fetch_all(struct slice *slice, struct error *err);

/* All messages below, or above, the cursor are done with. */
void mailbox_forget_suspects(struct mailbox *m, bool late);

/* ---- mailbox_reconcile.c ---- */

/* Compares all UIDs that the server lists with those on record, and fetches what is missing below the cursor. */
int mailbox_reconcile(struct mailbox *m, struct error *err);
bool mailbox_reconcile_is_due(const struct mailbox *m);

/* ---- mailbox_refetch.c ---- */

/* Fetches again, whole, what somebody has asked for, or says why not. */
int mailbox_refetch(struct mailbox *m, struct error *err);

/* Asks for the messages that the server listed and did not send, now and then. One of them may end the session: m->probing
 * is set then. */
int mailbox_probe_withheld(struct mailbox *m, struct error *err);

/* ---- mailbox_after.c ---- */

/* What the administrator asked for once these mails (guint32) are safely stored. A refusal is logged and shown, and is no
 * failure of the session. */
int mailbox_after(struct mailbox *m, const GArray *uids, struct error *err);

/* The same for what an interruption or a refusal left: everything up to the cursor that is stored whole. */
int mailbox_after_make_up(struct mailbox *m, struct error *err);

#endif
