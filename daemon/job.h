/* SPDX-License-Identifier: MIT */
/*
 * What travels from the mailbox sessions to the store: one job per mail, and a mark at the end of each pass over a
 * mailbox. The queue keeps them in the order they were put in, while several threads parse them in any order: the
 * writer takes what is ready from the head, so that a mailbox's mails are committed in the order of their UIDs.
 */
#ifndef DAEMON_JOB_H
#define DAEMON_JOB_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/errors.h"
#include "ingest/cursor.h"
#include "ingest/reader.h"
#include "store/bulletins.h"
#include "store/mails.h"

enum job_kind {
        JOB_MAIL,
        JOB_MARK, /* a pass over the mailbox ends here, with this cursor */
};

struct job {
        enum job_kind kind;
        char *source;           /* "imap:NAME" or "import:PATH" */
        char *mailbox;          /* configuration name; NULL for imports */
        char *location;         /* see config.h; NULL for imports */
        struct cursor cursor;   /* what the stored cursor becomes with this job; unused for imports */
        bool complete;          /* a mark: nothing was left behind (else the pass broke off here) */
        guint32 uid;            /* 0 for imports */
        int64_t received_ms;
        bool history;
        enum reader_form form;
        char *data;             /* raw bytes */
        size_t size;
        uint64_t oversize_bytes;/* not 0: the mail is larger than the limit, data is only its beginning */
        int64_t again_mail_id;  /* not 0: this mail is on record and is read again, or was fetched again, whole */
        bool overtook;          /* read again for a replay: it was told though another had brought its revision as history */
        bool accepted;          /* the administrator knows the sender to be real, whatever the mail server found */
        int64_t known_mail_id;  /* not 0: these very bytes are on record as this mail; data may be left out */

        bool parsed;            /* the mail was read, and what follows is filled; while it is queued, the queue's */
        size_t weight;          /* the queue's */

        /* Filled by the parser; a code set beforehand means there is nothing to parse. */
        int code;               /* 0, or why the worker gave no result */
        struct error error;     /* the text that goes with code */
        struct reader_result result;

        /* Filled by the parser's thread, or by the writer where there was nothing to parse: see pipeline_prepare. */
        struct mail_packed packed;
        struct bulletin_prepared prepared; /* key NULL: not of a bulletin */

        /* Filled by the writer, for whoever waits for it. */
        void (*committed)(struct job *job, void *context); /* called after the commit, on the writer's thread; may be NULL */
        void (*release)(void *context);                    /* called when the job is freed, committed or not; may be NULL */
        void *context;
        bool turned;            /* on record as unverified, and verified where it is seen now */
        char *unverified;       /* why the sender does not count as verified; NULL: it does. See verification.h */
        int64_t mail_id, bulletin_id;
        int64_t fresh_mark;     /* not 0: this mail is all that is known of its bulletin; see store/archive_feed.h */
        const char *event;      /* dedup_event_name, "known", "unrecognised", "quarantined"; static. See job_event_text */
};

struct job *job_new(enum job_kind kind);
void job_free(struct job *job);

struct job_queue;

/* max_bytes bounds the memory of the jobs inside and of those taken from it; one that needs more still gets in alone. */
struct job_queue *job_queue_new(size_t max_bytes);
void job_queue_free(struct job_queue *queue); /* frees the jobs inside */

/* Puts a job at the end; waits while the queue is full. Takes the job in any case. -ERR_CANCELLED once it is closed. */
int job_queue_put(struct job_queue *queue, struct job *job);

/* The next mail to parse; waits for one. With a mail of a history come those of a history behind it, at most max mails of
 * max_bytes in all, and no more than a fair share of what waits for so many parsers. Returns how many; 0: the queue is
 * closed. The jobs stay in the queue. */
unsigned job_queue_take_unparsed(struct job_queue *queue, unsigned parsers, unsigned max, size_t max_bytes,
                                 struct job **ret_jobs);
void job_queue_set_parsed(struct job_queue *queue, struct job *job);

/* Waits up to wait_ms until the head is ready, then takes it and the ready ones behind it, at most max jobs. An empty
 * array: nothing came, or the queue is closed. */
GPtrArray *job_queue_take_ready(struct job_queue *queue, unsigned max, int64_t wait_ms);
/* Frees what was taken; only now is there room for more. */
void job_queue_end(struct job_queue *queue, GPtrArray *jobs);

/* How long mails of a history that are ready wait for those that are being parsed, instead of LIMIT_BATCH_WAIT_MS. */
void job_queue_set_gather_ms(struct job_queue *queue, int64_t gather_ms);

/* What the queue takes for the memory of its jobs. For tests. */
size_t job_queue_bytes(struct job_queue *queue);

/* From now on put fails and nobody waits. */
void job_queue_close(struct job_queue *queue);
bool job_queue_is_closed(struct job_queue *queue);

/* An event as people read it: "first" is "first seen". An event without words of its own comes back as it is. */
const char *job_event_text(const char *event);

#endif
