/* SPDX-License-Identifier: MIT */
/* What slack.c and slack_blocks.c share. The limits are Slack's (Block Kit reference). */
#ifndef NOTIFY_SLACK_P_H
#define NOTIFY_SLACK_P_H

#include <jansson.h>

#include "notify/channel.h"

#define SLACK_HEADER_CHARS 150u
#define SLACK_SECTION_CHARS 3000u
#define SLACK_FIELD_CHARS 2000u
#define SLACK_FIELDS_MAX 10u
#define SLACK_BLOCKS_MAX 50u

/* Text as Slack wants it in every text object: & < > as entities, so that nothing in it is a mention or a link; cut
 * at a character boundary so that the escaped form has at most max_chars characters. Newly allocated. */
char *slack_escape(const char *text, size_t max_chars);

/* {"type": "plain_text" or "mrkdwn", …} of text that is already escaped. */
json_t *slack_text_object(bool markup, const char *escaped);

/* {"type": "context", …} with one plain text. */
json_t *slack_context(const char *text);

/* All blocks of a message. */
json_t *slack_blocks(const struct channel *channel, const struct message *message);

/* Whether this message may carry the channel's mention: only what is new or got worse may wake people. */
bool slack_wants_mention(const struct channel *channel, const struct message *message);

#endif
