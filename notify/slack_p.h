/* SPDX-License-Identifier: MIT */
/* What the parts of the Slack channel share. The limits are Slack's (Block Kit reference). */
#ifndef NOTIFY_SLACK_P_H
#define NOTIFY_SLACK_P_H

#include <jansson.h>

#include "notify/channel_p.h"
#include "notify/http_report.h"

#define SLACK_HEADER_CHARS 150u
#define SLACK_SECTION_CHARS 3000u
#define SLACK_FIELD_CHARS 2000u
#define SLACK_FIELDS_MAX 10u
#define SLACK_BLOCKS_MAX 50u
#define SLACK_BLOCKS_CHARS 11000u /* of all blocks as JSON; Slack refuses (msg_blocks_too_long) somewhat above 12,000 */
#define SLACK_PLAIN_CHARS 3500u   /* of a message without blocks; Slack advises 4,000 */

/* The member of a payload that is for us and not posted: {"kind", "plain", "mention", "broadcast", "head"}. */
#define SLACK_OWN "hotfixd"

/* Prefixes of block ids, by which we know our own message and our own marks again. */
#define SLACK_ID_PREFIX "hotfixd-"
#define SLACK_MARK_PREFIX "hotfixd-mark-"

/* --- slack_text.c --- */

/* Text as Slack wants it in every text object: & < > as entities, so that nothing in it is a mention or a link; cut
 * at a character boundary so that the escaped form has at most max_chars characters. Newly allocated. */
char *slack_escape(const char *text, size_t max_chars);

/* What slack_escape escaped. Newly allocated. */
char *slack_unescape(const char *text);

/* How long Slack takes it to be: UTF-16 units, of JSON in its compact form. */
size_t slack_length(const char *text);
size_t slack_json_length(const json_t *json);

/* Whether mrkdwn would show the text differently from what it says: styles, quotes, links, :emoji:. */
bool slack_has_markup(const char *text);

/* --- slack_blocks.c --- */

/* {"type": "context", …} with one plain text. */
json_t *slack_context(const char *text);

/* All blocks of a message. The first is the header, the second the line that says what this is. */
json_t *slack_blocks(const struct channel *channel, const struct message *message);

/* Whether this message may carry the channel's mention: what is new, got worse, or was not acknowledged may wake people. */
bool slack_wants_mention(const struct channel *channel, const struct message *message);

/* The whole message without blocks, for a server that does not take them: a code block, in which nothing is live. */
char *slack_plain(const struct channel *channel, const struct message *message);

/* --- slack_body.c --- */

enum slack_form {
        SLACK_FORM_PLAIN = 1,       /* without blocks */
        SLACK_FORM_NO_METADATA = 2,
};

/* The stored payload. */
json_t *slack_payload(const struct channel *channel, const struct message *message);

/* The payload as it is posted: with the delivery's identity for machines (metadata, block id) and, short, for people, who
 * can so tell a repeat after a crash from a second event. A new reference. */
json_t *slack_body(const json_t *payload, const char *identity, unsigned form);

/* Adds the identity to blocks (an array that is changed) and to the body they are put in. iteration: NULL, or what tells
 * this version of an edited message from others. */
void slack_sign_body(json_t *body, json_t *blocks, const char *identity, const char *iteration, unsigned form);

/* A member of the payload's own part; "" where it is missing or something else. */
const char *slack_own_text(const json_t *payload, const char *key);

/* Whether a refusal is about the form of the message, so that a simpler form may pass: adds to *form what to do without. */
bool slack_simplify(const char *error, unsigned *form);

/* --- slack_api.c, slack_find.c, slack_send.c: the Web API --- */

/* Where a message is: the channel's id and the message's time stamp, which is its name there. */
struct slack_place { char *channel, *ts; };
void slack_place_clear(struct slack_place *place);

/* Whether a text can be an id ("C0123ABC") or a time stamp ("1700000000.000100") of Slack's. */
bool slack_is_id(const char *text);
bool slack_is_timestamp(const char *text);

struct slack_attempt {
        const struct channel *channel;
        const struct notify_transport *transport;
        const struct delivery_request *request;
        const json_t *payload;
        struct delivery_report *report;
        char *identity;
        int64_t look_end_ms; /* monotonic: no further page is looked at after that */
        GString *notes; /* what went otherwise than asked, for the answer */
};

/* SLACK_NO: Slack understood and refused; the answer's error says why. SLACK_FAILED: the report says what failed, to be
 * tried again, or that we were stopped. */
enum slack_outcome { SLACK_OK, SLACK_NO, SLACK_FAILED };
struct slack_answer { json_t *json; char *error; /* one word, or a few */ };
void slack_answer_clear(struct slack_answer *answer);

/* One call of a method, with JSON (taken over) or a form. *ret_answer is to be cleared whatever comes of it. */
enum slack_outcome slack_call(struct slack_attempt *attempt, const char *method, json_t *body,
                              struct slack_answer *ret_answer);
enum slack_outcome slack_call_form(struct slack_attempt *attempt, const char *method, const char *form,
                                   struct slack_answer *ret_answer);

/* What Slack's word for a refusal means; NULL for those that say it themselves. Static. */
const char *slack_explain(const char *error);

/* Looks whether this delivery is there already: in the thread, or (thread->ts NULL) in the channel. SLACK_OK with
 * ret_place->ts NULL: it is not. SLACK_NO: we may not look; *ret_why says why (newly allocated). */
enum slack_outcome slack_find(struct slack_attempt *attempt, const struct slack_place *thread, struct slack_place *ret_place,
                              char **ret_why);

/* The message at that place as it stands there now (an object, a new reference). */
enum slack_outcome slack_read(struct slack_attempt *attempt, const struct slack_place *place, json_t **ret_message,
                              char **ret_why);

/* Does what follows a reply: shows in the thread's first message how things stand. SLACK_NO is put in the notes. */
enum slack_outcome slack_update_head(struct slack_attempt *attempt, const struct slack_place *head);

/* Sends by the Web API. */
void slack_send(const struct channel *channel, const struct notify_transport *transport,
                const struct delivery_request *request, const json_t *payload, struct delivery_report *report);

/* --- slack_preview.c --- */

char *slack_preview(const struct channel *channel, const json_t *payload);

#endif
