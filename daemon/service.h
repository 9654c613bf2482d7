/* SPDX-License-Identifier: MIT */
/*
 * A running service: the threads that one configuration asks for. A mailbox session each, parsers, one writer, one
 * archiver, a sender for each channel. They meet in the job queue and in the database. A reload stops one service and
 * starts the next.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include <stdbool.h>

#include "daemon/config.h"
#include "daemon/job.h"
#include "store/database.h"

struct service;

/* Starts what needs no store yet, the parsers: their processes take a while. Either of the next two, or service_stop, goes on
 * with it. config must outlive the service. */
struct service *service_begin(const struct config *config);

/* Starts all other threads. db: an open connection that the writer takes over, or NULL: it opens one. */
void service_start(struct service *service, struct database *db);

/* Starts the parsers and the writer only: whoever starts it puts the jobs in (import). give_up_fd, or -1: once it is
 * readable, a store that refuses (a full disk) is not waited for any more: that is an error it cannot go on with. */
struct service *service_start_store(const struct config *config, int give_up_fd);
struct job_queue *service_queue(struct service *service);

/* Also keeps the archive up to date meanwhile; what service_stop leaves of that is for the caller (archive_update). */
void service_start_archiver(struct service *service);

/* Instead of that: syncs every mailbox once, brings the archive up to date, delivers what is due, ends, and frees.
 * show_progress draws a line on standard error. stop_fd (an eventfd) readable breaks it off. Returns the number of mailboxes
 * and deliveries that failed. */
unsigned service_run_once(struct service *service, struct database *db, int stop_fd, bool show_progress);

/* Stops all threads, within about two seconds whatever is under way, and frees. */
void service_stop(struct service *service);

/* Readable once the service cannot go on. */
int service_failed_fd(const struct service *service);

/* True while the writer turns; for the watchdog. */
bool service_is_alive(const struct service *service);

/* One line for people and for systemd's STATUS=; newly allocated. */
char *service_describe(struct service *service);

/* Mails found on the servers so far and mails stored, for the progress line. */
void service_progress(struct service *service, unsigned *ret_found, unsigned *ret_stored);

#endif
