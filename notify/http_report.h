/* SPDX-License-Identifier: MIT */
/* What the channel types that post over HTTP share: one request, and what the answer to it means for the delivery. */
#ifndef NOTIFY_HTTP_REPORT_H
#define NOTIFY_HTTP_REPORT_H

#include <stdbool.h>

#include "notify/channel_p.h"

#define HTTP_JSON "application/json; charset=utf-8"

/* What a word of a refusal means, for people who do not know it. A list ends with an empty row. */
struct http_meaning { const char *word, *meaning; };

/* Posts once, with the channel's certificates and time limit; headers may be NULL. False if there is no answer: what that
 * means is in the report then, and whether the request may have arrived all the same. *ret_answer is to be cleared in
 * both cases. */
bool http_report_post(const struct channel *channel, const struct notify_transport *transport, const char *url,
                      const char *content_type, const char *body, const char *const *headers,
                      struct http_answer *ret_answer, struct delivery_report *report);

/* The same for a request of which more is to be said; certificates and time limit are filled in here. */
bool http_report_request(const struct channel *channel, const struct notify_transport *transport,
                         struct http_request *request, struct http_answer *ret_answer, struct delivery_report *report);

/* What an answer means by its status. 2xx: sent, unless it is a page of HTML (a proxy or a login page stood between) or JSON
 * that reports a failure. 407, 408, 425, 429, 3xx, 5xx: to be tried again, not before the time that the answer names.
 * The other 4xx: refused. meanings may be NULL. */
void http_report_answer(const struct channel *channel, struct delivery_report *report, const struct http_answer *answer,
                        const struct http_meaning *meanings);

/* Whether a status says no for good. */
bool http_status_is_refusal(long status);

/* The first row whose word stands in the text; NULL if none does. Static. */
const char *http_meaning_of(const struct http_meaning *meanings, const char *text);

/* The letters and digits of an identity, at most 128: whatever stands in the database must not add a header. Newly
 * allocated. */
char *http_safe_identity(const char *identity);

#endif
