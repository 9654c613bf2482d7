/* SPDX-License-Identifier: MIT */
/* What the threads of a running service share; see service.h for what a service is. */
#ifndef DAEMON_SERVICE_P_H
#define DAEMON_SERVICE_P_H

#include <glib.h>
#include <stdbool.h>

#include "daemon/config.h"
#include "daemon/job.h"
#include "daemon/login_pace.h"
#include "daemon/sent_journal.h"
#include "ingest/worker.h"
#include "store/archive_feed.h"
#include "store/database.h"

struct service {
        const struct config *config;
        struct job_queue *queue;
        int stop_fd;    /* eventfd, readable from the moment the service is to stop */
        int abort_fd;   /* eventfd, readable STOP_GRACE_MS later: requests under way are broken off */
        int failed_fd;  /* eventfd, readable once a thread has met an error the service cannot go on with */
        int give_up_fd; /* of its owner, or -1: readable once a store that refuses is not to be waited for */
        struct database *store; /* for the writer, until it has taken it; or NULL */
        struct archive_feed *archive_feed; /* from the writer to the archiver */
        int archive_fd; /* eventfd, wakes the archiver */
        int archive_full_fd; /* eventfd, the feed is more than half full */
        int archive_end_fd; /* eventfd, readable from the moment the archiver is to end with what is stored by then */
        bool once;
        GPtrArray *sender_fds; /* eventfds as GINT_TO_POINTER, wake the senders */
        GPtrArray *mailbox_fds; /* likewise, wake the mailbox sessions: there may be requests for them (store/refetch.h) */
        GThread *writer, *archiver, *timer;
        int timer_fd;   /* eventfd, wakes the timer: there may be something new to do by the clock */
        GPtrArray *parsers, *mailboxes, *senders; /* GThread */
        struct sent_journal *journal; /* what was sent, for the senders */
        struct login_pace *login_pace; /* of the mailboxes */
        int senders_fd; /* eventfd, readable once the last sender has ended */
        gint senders_running;  /* atomic */
        gint mails_stored;     /* atomic: mail jobs committed */
        gint mails_found;      /* atomic: mail jobs announced by the servers */
        gint failures;         /* atomic: mailboxes, deliveries or looks at the clock that failed (for --once) */
        gint mailboxes_idle;   /* atomic: mailboxes that wait for news */
        gint64 writer_beat_ms; /* monotonic; written by the writer at every turn */
};

/* An eventfd that blocks nobody. wake_signal makes it readable, wake_clear unreadable. wake_wait waits for any of two of
 * them (-1: none) and returns -ETIMEDOUT, or 0. */
int wake_new(void);
void wake_signal(int fd);
void wake_clear(int fd);
bool wake_is_set(int fd);
int wake_wait(int fd_a, int fd_b, int64_t timeout_ms);

/* Opens the service's database for a thread. Retries while it is locked or full and the service is not to stop; returns
 * NULL when it is to stop or the database can't be used at all (logged; failed_fd is set). No wait for a lock outlasts
 * stop_fd. */
struct database *service_open_database(struct service *service, const char *context);

/* For database_set_stop and archive_mirror_update: true once the eventfd that context points to is readable. */
bool wake_stops(void *fd);

/* Errors of the store that time or an administrator can mend. */
bool store_error_passes(int code);

/* Says that the service cannot go on (logged once). */
void service_fail(struct service *service, const char *context, const struct error *err);

void service_wake_after_commit(struct service *service);

/* After another process has written to the database: its deliveries, bulletins and requests have nobody else to tell the
 * threads of them. */
void service_wake_for_others(struct service *service, bool requests);

/* Has a worker read the job's mail, with another try if that fails. -ERR_CANCELLED when the service is to stop. */
int parse_job(struct service *service, struct worker *worker, struct job *job, struct log_repeat *repeat);

/* The same for several, at most WORKER_TOGETHER_MAX, in one exchange. Where that fails, each of them is read alone, in a
 * fresh process. */
int parse_jobs(struct service *service, struct worker *worker, struct job **jobs, unsigned count, struct log_repeat *repeat);

/* Thread functions. */
gpointer parser_thread(gpointer service);
gpointer writer_thread(gpointer service);
gpointer archiver_thread(gpointer service);
gpointer reread_thread(gpointer service); /* ends by itself */

struct mailbox_start { struct service *service; const struct config_mailbox *mailbox; int attention_fd; };
gpointer mailbox_thread(gpointer mailbox_start); /* frees its argument */

struct sender_start { struct service *service; const struct channel *channel; int wake_fd; };
gpointer sender_thread(gpointer sender_start); /* frees its argument */

#endif
