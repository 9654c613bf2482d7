/* SPDX-License-Identifier: MIT */
/* The first message of a thread is edited to show how things stand: revised, acknowledged, over. */
#include <string.h>

#include "notify/slack_p.h"

#define ITERATION_CHARS 12 /* of the identity of the delivery that brings the change */
#define LEAD_INDEX 1       /* of a message's blocks (slack_blocks) */

/* The line that says what this is, as a mark. Without the mention: an edit calls nobody, so it shall not look like a call. */
static json_t *make_mark(const struct slack_attempt *attempt)
{
        json_t *mark = json_deep_copy(json_array_get(json_object_get(attempt->payload, "blocks"), LEAD_INDEX));
        json_t *object = json_object_get(mark, "text");
        const char *text = json_string_value(json_object_get(object, "text"));
        g_autofree char *mention = g_strdup_printf("%s ", slack_own_text(attempt->payload, "mention"));
        g_autofree char *id = g_strdup_printf(SLACK_MARK_PREFIX "%s-%.*s", slack_own_text(attempt->payload, "kind"),
                                              ITERATION_CHARS, attempt->identity);
        if (!text)
                return mark;
        g_autofree char *bare = g_strdup(g_str_has_prefix(text, mention) ? text + strlen(mention) : text);
        json_object_set_new(object, "text", json_string(bare));
        json_object_set_new(mark, "block_id", json_string(id));
        return mark;
}

static bool has_id(const json_t *block, const char *prefix)
{
        const char *id = json_string_value(json_object_get(block, "block_id"));
        return id && g_str_has_prefix(id, prefix);
}

/* The mark of an acknowledgement; a new reference, or NULL. */
static json_t *acknowledged_mark(const json_t *message)
{
        size_t index;
        json_t *block;
        json_array_foreach(json_object_get(message, "blocks"), index, block)
                if (has_id(block, SLACK_MARK_PREFIX "acknowledged-"))
                        return json_incref(block);
        return NULL;
}

/* Our message as it now is, with its line in the place of the one before. */
static json_t *replaced_blocks(const struct slack_attempt *attempt, const json_t *message)
{
        json_t *blocks = json_copy(json_object_get(attempt->payload, "blocks"));
        json_t *acknowledged = acknowledged_mark(message);
        json_array_set_new(blocks, LEAD_INDEX, make_mark(attempt));
        if (acknowledged)
                json_array_insert_new(blocks, LEAD_INDEX, acknowledged);
        return blocks;
}

/* The message as it stands there, with our line in it and no other mark. */
static json_t *marked_blocks(const struct slack_attempt *attempt, const json_t *message)
{
        json_t *blocks = json_copy(json_object_get(message, "blocks"));
        for (size_t i = json_array_size(blocks); i > 0; i--) {
                if (has_id(json_array_get(blocks, i - 1), SLACK_ID_PREFIX))
                        json_array_remove(blocks, i - 1);
        }
        if (json_array_size(blocks) > 0)
                json_array_insert_new(blocks, LEAD_INDEX, make_mark(attempt));
        return blocks;
}

/* Without the mention. */
static char *edited_text(const struct slack_attempt *attempt)
{
        const char *text = channel_payload_text(attempt->payload, "text");
        g_autofree char *mention = g_strdup_printf("%s ", slack_own_text(attempt->payload, "mention"));
        return g_strdup(g_str_has_prefix(text, mention) ? text + strlen(mention) : text);
}

static enum slack_outcome put(struct slack_attempt *attempt, const struct slack_place *head, const json_t *blocks,
                              char **ret_why)
{
        g_autofree char *text = edited_text(attempt), *thread = http_safe_identity(attempt->request->thread);
        g_autofree char *iteration = g_strndup(attempt->identity, ITERATION_CHARS);
        unsigned form = 0;
        for (;;) {
                json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:b}", "channel", head->channel, "ts", head->ts, "text", text,
                                         "parse", "none", "link_names", 0);
                json_t *signed_blocks = json_copy((json_t *) blocks);
                slack_sign_body(body, signed_blocks, thread, iteration, form);
                json_decref(signed_blocks);
                struct slack_answer answer;
                enum slack_outcome outcome = slack_call(attempt, "chat.update", body, &answer);
                bool again = outcome == SLACK_NO && slack_simplify(answer.error, &form) && !(form & SLACK_FORM_PLAIN);
                if (outcome == SLACK_NO && !again)
                        *ret_why = g_strdup(answer.error);
                slack_answer_clear(&answer);
                if (!again)
                        return outcome;
        }
}

/* What the head is to become. SLACK_NO without *ret_why: nothing is to be done. */
static enum slack_outcome make_blocks(struct slack_attempt *attempt, const struct slack_place *head, json_t **ret_blocks,
                                      char **ret_why)
{
        const char *what = slack_own_text(attempt->payload, "head");
        bool replaces = g_str_equal(what, "replace"), keeps = g_str_equal(what, "keep"), marks = g_str_equal(what, "mark");
        json_t *message = NULL;
        *ret_blocks = NULL;
        *ret_why = NULL;
        if (json_array_size(json_object_get(attempt->payload, "blocks")) <= LEAD_INDEX || !(replaces || keeps || marks))
                return SLACK_NO;
        enum slack_outcome outcome = replaces ? SLACK_OK : slack_read(attempt, head, &message, ret_why);
        if (outcome == SLACK_OK)
                *ret_blocks = marks ? marked_blocks(attempt, message) : replaced_blocks(attempt, message);
        json_decref(message);
        return outcome;
}

enum slack_outcome slack_update_head(struct slack_attempt *attempt, const struct slack_place *head)
{
        g_autofree char *why = NULL;
        json_t *blocks = NULL;
        enum slack_outcome outcome = make_blocks(attempt, head, &blocks, &why);
        if (outcome == SLACK_OK && json_array_size(blocks) > LEAD_INDEX)
                outcome = put(attempt, head, blocks, &why);
        json_decref(blocks);
        if (outcome == SLACK_NO && why) {
                const char *meaning = slack_explain(why);
                g_string_append_printf(attempt->notes, "; the first message of the thread stays as it was: %s%s%s", why,
                                       meaning ? ": " : "", meaning ? meaning : "");
        }
        return outcome;
}
