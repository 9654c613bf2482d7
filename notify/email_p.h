/* SPDX-License-Identifier: MIT */
/* What the files of the email channel share. */
#ifndef NOTIFY_EMAIL_P_H
#define NOTIFY_EMAIL_P_H

#include <jansson.h>

#include "notify/channel_p.h"
#include "notify/message.h"

#define EMAIL_COLUMNS 76u

/* Plain text, no line wider than EMAIL_COLUMNS except for addresses. Newly allocated. */
char *email_text_part(const struct message *message);

/* A whole HTML document, as mail readers want it: styles inline, but for those of a dark theme; everything from the message
 * is escaped. */
char *email_html_part(const struct message *message);

/* "a@b" out of "Name <a@b>". Newly allocated. */
char *email_bare_address(const char *address);

/*
 * The memo of a delivery: what earlier tries have come to.
 *
 *      {"done": [addresses that have it], "refused": {address: the server's reply}, "bare": true (the server would not have
 *       it with its attachments), "message_id": "…", "date_ms": N}
 *
 * An object with the first three in it, whatever text is; the caller owns the reference.
 */
json_t *email_memo_read(const char *text);
/* NULL where there is nothing worth keeping. Newly allocated. */
char *email_memo_text(const json_t *memo);
bool email_memo_is_done(const json_t *memo, const char *address);
const char *email_memo_refusal(const json_t *memo, const char *address); /* or NULL */
void email_memo_set_done(json_t *memo, const char *address);
void email_memo_set_refused(json_t *memo, const char *address, const char *reply);
/* The Message-ID of the delivery whose memo this is, or NULL. */
const char *email_memo_message_id(const json_t *memo);
/* Its Date, or 0: who gets the mail at a later try gets the same one. */
int64_t email_memo_date_ms(const json_t *memo);

/* Bare addresses, each once. */
GPtrArray *email_recipients(const struct channel *channel);

/* Who is still to get it: bare addresses, each once, with NULL behind. Those that were refused only if nobody else is left:
 * then somebody has asked for another try. */
GPtrArray *email_memo_left(const json_t *memo, const struct channel *channel);

/* The bytes of the mail. *ret_attached tells whether it has attachments; its Message-ID and Date are noted in memo. */
int email_write(const struct channel *channel, const struct notify_transport *transport,
                const struct delivery_request *request, const json_t *payload, json_t *memo, char **ret_data,
                size_t *ret_size, bool *ret_attached, struct error *err);

/* The files that go with the mail, and what is to be said of those that do not. */
struct email_attachments {
        struct mail_attachment items[2];
        size_t count;
        char *names[2], *data[2]; /* what items points to */
        GString *notes;           /* lines; empty: nothing is missing */
};
void email_attachments_collect(const struct channel *channel, const struct notify_transport *transport,
                               const json_t *payload, bool bare, struct email_attachments *ret_attachments);
void email_attachments_clear(struct email_attachments *attachments);

/* What became of each recipient goes into memo, of the whole into report. left: who the request was for, as the answer
 * has them. */
void email_judge(const struct channel *channel, const GPtrArray *left, const struct smtp_answer *answer, json_t *memo,
                 struct delivery_report *report);

/* The server would not have the mail at all, with a reason that may lie in its attachments. */
bool email_is_refused_whole(const struct smtp_answer *answer);

#endif
