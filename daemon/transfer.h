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
#include "ingest/stream.h"
#include "notify/channel.h"

/* How a blocked transfer is interrupted: both are eventfds, or -1. stop readable: -ERR_CANCELLED. attention readable:
 * the stream's wait returns -EINTR (it is left readable; its owner reads it). */
struct transfer_wake { int stop_fd, attention_fd; };

/* Once per process, before any thread. SIGPIPE is ignored from then on. */
int transfer_prepare(struct error *err);
void transfer_finish(void);

/* Connects, verifies TLS, logs in. Verification cannot be switched off. Plain text is refused unless the mailbox says
 * insecure and the address connected to is a loopback one. Errors: -ERR_CONNECTION, -ERR_TIMEOUT, -ERR_TLS, -ERR_AUTH,
 * -ERR_PROTOCOL, -ERR_CANCELLED; the text names host and port and never holds a secret. wake is copied. */
int transfer_open_imap(const struct config_mailbox *mailbox, const struct transfer_wake *wake,
                       struct stream **ret_stream, struct error *err);

/* The functions of struct notify_transport; context is a struct transfer_wake (attention_fd unused). They return 0 with
 * a status when the other side answered, whatever it answered. A mail server's refusal of all mail (greeting, EHLO)
 * is -ERR_PROTOCOL and a refused login -ERR_AUTH, since they say nothing about the mail. */
int transfer_http_post(void *context, const struct http_request *request, struct http_answer *ret_answer,
                       struct error *err);
int transfer_smtp_send(void *context, const struct smtp_request *request, struct smtp_answer *ret_answer,
                       struct error *err);

/* True for 127.0.0.0/8, ::1 and "localhost". */
bool transfer_host_is_loopback(const char *host);

#endif
