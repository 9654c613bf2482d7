/* SPDX-License-Identifier: MIT */
/*
 * All network through libcurl; the only module that includes curl.h. IMAP: connection, TLS and login only
 * (CURLOPT_CONNECT_ONLY), the stream is then ours. HTTP POST and SMTP for the channels.
 */
#ifndef DAEMON_TRANSFER_H
#define DAEMON_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/errors.h"
#include "daemon/config.h"
#include "daemon/oauth2.h"
#include "ingest/stream.h"
#include "notify/channel.h"

#define TRANSFER_CONNECT_TIMEOUT_MS 30000L /* to an IMAP server more, where the mailbox's timeout is longer */

struct transfer_kept;

/* How a blocked transfer is interrupted: both are eventfds, or -1. stop readable: -ERR_CANCELLED. attention readable:
 * the stream's wait returns -EINTR (it is left readable; its owner reads it). kept is used by transfer_http_post, and NULL
 * where each post is to have a connection of its own. */
struct transfer_wake { int stop_fd, attention_fd; struct transfer_kept *kept; };

/* A connection that is left open after an HTTP post, for the next one to the same server half a minute later at most; of
 * one thread. No request is ever sent twice for it: if it breaks, that is an error as with any other connection. */
struct transfer_kept *transfer_kept_new(void);
void transfer_kept_free(struct transfer_kept *kept);

/* Closes it if its time is over. */
void transfer_kept_tidy(struct transfer_kept *kept);

/* Once per process, before any thread. SIGPIPE is ignored from then on. */
int transfer_prepare(struct error *err);
void transfer_finish(void);

/* Connects, verifies TLS, logs in, with a token of daemon/oauth2.h where the mailbox says so: then one that the server
 * refuses is replaced by a fresh one, once. Verification cannot be switched off. Plain text is refused unless the mailbox
 * says insecure and the address connected to is a loopback one. Errors: -ERR_RESOLVE, -ERR_CONNECTION, -ERR_TIMEOUT,
 * -ERR_TLS, -ERR_AUTH (the login, or the token, is refused), -ERR_PROTOCOL, -ERR_CANCELLED, those of files for a refresh
 * token that cannot be stored; the text names host and port and never holds a secret. wake is copied. */
int transfer_open_imap(const struct config_mailbox *mailbox, const struct transfer_wake *wake,
                       struct stream **ret_stream, struct error *err);

/* The functions of struct notify_transport; context is a struct transfer_wake (attention_fd unused). They return 0 with
 * a status when the other side answered, whatever it answered. A mail server's refusal of all mail (greeting, EHLO)
 * is -ERR_PROTOCOL and a refused login -ERR_AUTH, since they say nothing about the mail. Once it has answered to a
 * recipient, that is told with 0 also where the exchange breaks off later (failure in struct smtp_answer). */
int transfer_http_post(void *context, const struct http_request *request, struct http_answer *ret_answer,
                       struct error *err);
int transfer_smtp_send(void *context, const struct smtp_request *request, struct smtp_answer *ret_answer,
                       struct error *err);

/* The post of struct oauth2_transport; context is a struct transfer_wake. */
int transfer_oauth2_post(void *context, const struct oauth2_request *request, struct oauth2_answer *ret_answer,
                         struct error *err);

/* True for 127.0.0.0/8, ::1 and "localhost". */
bool transfer_host_is_loopback(const char *host);

#endif
