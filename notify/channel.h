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

enum channel_type {
        CHANNEL_SLACK, CHANNEL_EMAIL, CHANNEL_LOG, CHANNEL_WEBHOOK, CHANNEL_PAGERDUTY, CHANNEL_TEAMS, CHANNEL_TYPE_MAX
};

struct channel {
        char *name;
        enum channel_type type;
        char *url;              /* slack, webhook, teams: where to post; pagerduty: the API; a secret, wiped when freed */
        char *token;            /* slack: bot token, posts through the Web API; pagerduty: routing key; a secret */
        char *slack_channel;    /* slack: "C0123ABC…" or "#name"; not NULL: the Web API is used, and url is where it is */
        char *signing_secret;   /* webhook: key of the HMAC signature, or NULL; a secret */
        char *mention;          /* slack: "<!here>", "<@U…>" put before what somebody is to see now, or NULL */
        char *smtp_url;         /* email: smtp://host:port, smtps://host:port */
        bool insecure;          /* email, slack: plain text to a loopback host is allowed */
        char *ca_file;          /* PEM file instead of the system's, or NULL */
        char *from;             /* email */
        GPtrArray *to;          /* email: char * addresses */
        char *user, *password;  /* email: SMTP AUTH; password wiped when freed */
        bool attach_original;   /* email: the bulletin's mail as message/rfc822 */
        bool attach_csaf;       /* email: the bulletin as CSAF document */
        char *log_level;        /* log: "warning", … */
};
struct channel *channel_new(const char *name, enum channel_type type);
void channel_free(struct channel *channel);

const char *channel_type_name(enum channel_type type);
int channel_type_parse(const char *name, enum channel_type *ret_type);

/* What daemon/transfer.c does for channels. All calls block at most their timeout and return early with -ERR_CANCELLED
 * when the daemon stops. */
struct http_request { const char *url, *content_type, *body; const char *const *headers; /* "Name: value", NULL */
                      const char *ca_file; bool insecure; int64_t timeout_ms;
                      size_t answer_bytes; /* how much of an answer is kept; 0: LIMIT_ANSWER_BYTES */ };
struct http_answer { long status; char *body; /* cut at answer_bytes */ int64_t retry_after_ms; /* -1: none said */
                     bool begun; /* set after a failure too: the request's body was on its way */ };
struct smtp_request { const char *url, *user, *password, *from; const char *const *to; const char *data; size_t size;
                      const char *ca_file; bool insecure; int64_t timeout_ms; };
struct smtp_reply { long status; /* 0: the server said nothing */ char *text; };
struct smtp_answer { long status; /* of the whole mail: for the recipients that were accepted */ char *text; /* the reply */
                     struct smtp_reply *recipients; size_t recipient_count; /* of each, in the order of the request; none
                                                      * where it did not come to that */
                     int failure; /* negative: the exchange broke off, for the reason in text; status is 0 */
                     bool unclear; /* then: all of the mail was handed over, and the server may have taken it */ };
struct mail_attachment { const char *type, *name; /* "message/rfc822"; file name */ const char *data; size_t size; };
struct mail_draft { const char *from; const char *const *to; const char *subject, *message_id, *in_reply_to;
                    const char *const *references; int64_t date_ms; const char *text, *html; const char *const *extra;
                    const struct mail_attachment *attachments; size_t attachment_count; };

struct notify_transport {
        void *context;
        int (*http_post)(void *context, const struct http_request *request, struct http_answer *ret_answer, struct error *err);
        int (*smtp_send)(void *context, const struct smtp_request *request, struct smtp_answer *ret_answer, struct error *err);
        /* Builds the bytes of a mail (GMime, behind ingest/mime.h). */
        int (*mail_write)(void *context, const struct mail_draft *draft, char **ret_data, size_t *ret_size, struct error *err);
        /* What a delivery may carry beside its payload: the bytes of a mail on record (its number), and the CSAF document
         * of the content that the mail brought. -ERR_NOT_FOUND if there is none. *ret_data is newly allocated. */
        int (*original_read)(void *context, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err);
        int (*csaf_read)(void *context, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err);
};
void http_answer_clear(struct http_answer *answer);
void smtp_answer_clear(struct smtp_answer *answer);

/* The payload for the outbox: a JSON text, newly allocated. It holds no secret, and needs none. */
char *channel_render(const struct channel *channel, const struct message *message);

/* Whether this channel has something to say for a message of that kind: an acknowledgement resolves a PagerDuty incident
 * and marks a Slack message; it is no reason to write an email. */
bool channel_wants(const struct channel *channel, const char *kind);

/* What would be sent, for a person to look at: text for a terminal (UTF-8, lines of any length). Of a channel that is not
 * configured any more (NULL), or is of another type now: the payload as it is stored. Newly allocated. */
char *channel_preview(const struct channel *channel, const char *payload);

enum delivery_result { RESULT_SENT, RESULT_TRY_AGAIN, RESULT_REFUSED, RESULT_CANCELLED };

struct delivery_request {
        const char *identity, *thread; /* thread: identity of the first delivery for the same bulletin here, or NULL */
        const char *payload;
        int64_t created_ms;            /* the Date of the mail: the same at every retry */
        const char *memo;              /* what an earlier try of this delivery left in its report, or NULL */
        const char *thread_memo;       /* that of the thread's first delivery, or NULL */
        bool unclear;                  /* an earlier try may have reached the other side without our knowing */
};
struct delivery_report {
        enum delivery_result result;
        char *answer;           /* one line for people, no secrets; owned */
        int64_t retry_after_ms; /* what the other side asked for; -1: nothing */
        bool unclear;           /* RESULT_TRY_AGAIN, RESULT_CANCELLED: the other side may have taken it (a lost answer) */
        char *memo;             /* JSON for later tries and for what is threaded to it (recipients that have it, Slack's ts);
                                 * NULL: what was there stays; owned; no secrets */
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
