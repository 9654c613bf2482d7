/* SPDX-License-Identifier: MIT */
/*
 * Channels: one file and one row in channel.c's table for each type. A type renders a message to the payload that the
 * outbox keeps, and sends a payload through the transport that daemon/ hands it.
 */
#ifndef NOTIFY_CHANNEL_H
#define NOTIFY_CHANNEL_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/errors.h"
#include "notify/message.h"

enum channel_type { CHANNEL_SLACK, CHANNEL_EMAIL, CHANNEL_LOG, CHANNEL_TYPE_MAX };

struct channel {
        char *name;
        enum channel_type type;
        char *url;              /* slack: incoming webhook; a secret, wiped when freed */
        char *mention;          /* slack: "<!here>", "<@U…>" put before new and raised alerts, or NULL */
        char *smtp_url;         /* email: smtp://host:port, smtps://host:port */
        bool insecure;          /* email, slack: plain text to a loopback host is allowed */
        char *ca_file;          /* PEM file instead of the system's, or NULL */
        char *from;             /* email */
        GPtrArray *to;          /* email: char * addresses */
        char *user, *password;  /* email: SMTP AUTH; password wiped when freed */
        char *log_level;        /* log: "warning", … */
};
struct channel *channel_new(const char *name, enum channel_type type);
void channel_free(struct channel *channel);

const char *channel_type_name(enum channel_type type);
int channel_type_parse(const char *name, enum channel_type *ret_type);

/* What daemon/transfer.c does for channels. All calls block at most their timeout and return early with -ERR_CANCELLED
 * when the daemon stops. */
struct http_request { const char *url, *content_type, *body; const char *const *headers; /* "Name: value", NULL */
                      const char *ca_file; bool insecure; int64_t timeout_ms; };
struct http_answer { long status; char *body; /* at most LIMIT_ANSWER_BYTES */ int64_t retry_after_ms; /* -1: none said */ };
struct smtp_request { const char *url, *user, *password, *from; const char *const *to; const char *data; size_t size;
                      const char *ca_file; bool insecure; int64_t timeout_ms; };
struct smtp_answer { long status; char *text; /* the last reply line */ };
struct mail_draft { const char *from; const char *const *to; const char *subject, *message_id, *in_reply_to;
                    const char *const *references; int64_t date_ms; const char *text, *html; const char *const *extra; };

struct notify_transport {
        void *context;
        int (*http_post)(void *context, const struct http_request *request, struct http_answer *ret_answer, struct error *err);
        int (*smtp_send)(void *context, const struct smtp_request *request, struct smtp_answer *ret_answer, struct error *err);
        /* Builds the bytes of a mail (GMime, behind ingest/mime.h). */
        int (*mail_write)(void *context, const struct mail_draft *draft, char **ret_data, size_t *ret_size, struct error *err);
};
void http_answer_clear(struct http_answer *answer);
void smtp_answer_clear(struct smtp_answer *answer);

/* The payload for the outbox: a JSON text, newly allocated. It holds no secret. */
char *channel_render(const struct channel *channel, const struct message *message);

enum delivery_result { RESULT_SENT, RESULT_TRY_AGAIN, RESULT_REFUSED, RESULT_CANCELLED };

struct delivery_request {
        const char *identity, *thread; /* thread: identity of the first delivery for the same bulletin here, or NULL */
        const char *payload;
        int64_t created_ms;            /* the Date of the mail: the same at every retry */
};
struct delivery_report {
        enum delivery_result result;
        char *answer;           /* one line for people, no secrets; owned */
        int64_t retry_after_ms; /* what the other side asked for; -1: nothing */
};

/* Sends one payload. Never fails: whatever happens is in the report. */
void channel_send(const struct channel *channel, const struct notify_transport *transport,
                  const struct delivery_request *request, struct delivery_report *ret_report);
void delivery_report_clear(struct delivery_report *report);

/* When to try again (pure): attempts counts those made; grows from 5 s to 1 h with a spread derived from identity, obeys
 * retry_after_ms, gives up after RETRY_GIVE_UP_ATTEMPTS and RETRY_GIVE_UP_MS since created_ms: then -1. */
#define RETRY_GIVE_UP_MS (5ll * 24 * 3600 * 1000)
#define RETRY_GIVE_UP_ATTEMPTS 8
int64_t retry_next_ms(unsigned attempts, const char *identity, int64_t created_ms, int64_t now_ms, int64_t retry_after_ms);

#endif
