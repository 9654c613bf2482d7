/* SPDX-License-Identifier: MIT */
/* What channel.c and the channel types share: a type is one file and one row in channel.c's table. */
#ifndef NOTIFY_CHANNEL_P_H
#define NOTIFY_CHANNEL_P_H

#include <jansson.h>

#include "notify/channel.h"

#define CHANNEL_TIMEOUT_MS 30000

/* send gets the payload already parsed (an object); the report starts as RESULT_TRY_AGAIN without an answer. */
struct channel_driver {
        const char *name;
        const char *payload_key; /* a member that every payload of this type has, and none of another type */
        char *(*render)(const struct channel *channel, const struct message *message);
        void (*send)(const struct channel *channel, const struct notify_transport *transport,
                     const struct delivery_request *request, const json_t *payload, struct delivery_report *report);
        bool (*wants)(const struct channel *channel, const char *kind);        /* NULL: all but "acknowledged" */
        char *(*preview)(const struct channel *channel, const json_t *payload); /* NULL: the payload as indented JSON */
};

/* For channels at which others, or programs, are to see also that somebody has taken it on. */
bool channel_wants_all(const struct channel *channel, const char *kind);

extern const struct channel_driver slack_channel_driver, email_channel_driver, log_channel_driver,
        webhook_channel_driver, pagerduty_channel_driver, teams_channel_driver;

/* Sets result and answer. The answer becomes one line of at most LIMIT_ANSWER_KEPT_BYTES without the channel's
 * secrets. */
void channel_report(const struct channel *channel, struct delivery_report *report, enum delivery_result result,
                    const char *format, ...) G_GNUC_PRINTF(4, 5);

/* What a failed transport call means: cancelled, or try again. */
void channel_report_error(const struct channel *channel, struct delivery_report *report, int code,
                          const struct error *err);

/* One line of JSON, newly allocated (g_free); json's reference is taken over. */
char *channel_dump_json(json_t *json);

/* An array of strings, of char *. */
json_t *channel_texts_to_json(const GPtrArray *texts);

/* A member of the payload that must be a string; "" where it is missing or something else. */
const char *channel_payload_text(const json_t *payload, const char *key);

#endif
