/* SPDX-License-Identifier: MIT */
/* The payload as it is stored and as it is posted, in the form that the other side takes. */
#include <string.h>

#include "notify/slack_p.h"

#define IDENTITY_SHOWN 8

/* What a follow-up does to the first message of its thread. "replace": it shows the bulletin as it is now. "keep": likewise,
 * but the mark of an acknowledgement stays. "mark": only its line is put there. "": nothing. */
static const char *head_of(const struct message *message)
{
        static const char *const replacing[] = { "raised", "lowered", "escalated", "reminder", "overdue", "acknowledged",
                                                 NULL };
        static const char *const marking[] = { "escalated", "reminder", "overdue", "acknowledged", "recovered", NULL };
        if (message->bulletin && g_str_equal(message->kind, "updated"))
                return "keep";
        if (message->bulletin && g_strv_contains(replacing, message->kind))
                return "replace";
        return !message->bulletin && g_strv_contains(marking, message->kind) ? "mark" : "";
}

/* A reply in a thread is seen only by those who follow it. What calls for somebody is shown in the channel too. */
static bool is_for_all(const struct message *message)
{
        static const char *const quiet[] = { "updated", "lowered", "acknowledged", NULL };
        return !g_strv_contains(quiet, message->kind);
}

json_t *slack_payload(const struct channel *channel, const struct message *message)
{
        const char *mention = slack_wants_mention(channel, message) ? channel->mention : "";
        g_autofree char *headline = slack_escape(message->headline, SLACK_SECTION_CHARS);
        g_autofree char *lead = slack_escape(message->lead ? message->lead : "", SLACK_SECTION_CHARS);
        /* What a phone's notification shows, and what a server without Block Kit posts. */
        g_autofree char *text = g_strdup_printf("%s%s%s\n%s", mention, *mention ? " " : "", headline, lead);
        g_autofree char *plain = slack_plain(channel, message);
        json_t *own = json_pack("{s:s, s:s, s:s, s:b, s:s}", "kind", message->kind, "plain", plain, "mention", mention,
                                "broadcast", is_for_all(message), "head", head_of(message));
        return json_pack("{s:s, s:o, s:s, s:b, s:b, s:b, s:o}", "text", text, "blocks", slack_blocks(channel, message),
                         "parse", "none", "link_names", 0, "unfurl_links", 0, "unfurl_media", 0, SLACK_OWN, own);
}

const char *slack_own_text(const json_t *payload, const char *key)
{
        const char *text = json_string_value(json_object_get(json_object_get(payload, SLACK_OWN), key));
        return text ? text : "";
}

void slack_sign_body(json_t *body, json_t *blocks, const char *identity, const char *iteration, unsigned form)
{
        g_autofree char *shown = g_strdup_printf("delivery %.*s", IDENTITY_SHOWN, identity);
        g_autofree char *id = g_strdup_printf(SLACK_ID_PREFIX "%s%s%s", identity, iteration ? "-" : "",
                                              iteration ? iteration : "");
        json_t *last = slack_context(shown);
        json_object_set_new(last, "block_id", json_string(id));
        json_array_append_new(blocks, last);
        json_object_set(body, "blocks", blocks);
        if (!(form & SLACK_FORM_NO_METADATA))
                json_object_set_new(body, "metadata", json_pack("{s:s, s:{s:s}}", "event_type", "hotfixd_delivery",
                                                                "event_payload", "identity", identity));
}

/* Without blocks, the number of the delivery stands in the text. */
static void make_plain(json_t *body, const json_t *payload, const char *identity)
{
        const char *plain = slack_own_text(payload, "plain");
        g_autofree char *text = g_strdup_printf("%s\ndelivery %.*s", *plain ? plain : channel_payload_text(payload, "text"),
                                                IDENTITY_SHOWN, identity);
        json_object_set_new(body, "text", json_string(text));
        json_object_del(body, "blocks");
}

json_t *slack_body(const json_t *payload, const char *identity, unsigned form)
{
        json_t *body = json_copy((json_t *) payload);
        json_object_del(body, SLACK_OWN);
        json_t *blocks = json_copy(json_object_get(payload, "blocks"));
        if (!json_is_array(blocks)) {
                json_decref(blocks);
                blocks = json_array();
        }
        slack_sign_body(body, blocks, identity, NULL, form);
        json_decref(blocks);
        if (form & SLACK_FORM_PLAIN)
                make_plain(body, payload, identity);
        return body;
}

bool slack_simplify(const char *error, unsigned *form)
{
        static const struct { const char *word; unsigned without; } words[] = {
                { "invalid_blocks", SLACK_FORM_PLAIN },      { "msg_blocks_too_long", SLACK_FORM_PLAIN },
                { "invalid_attachments", SLACK_FORM_PLAIN }, { "msg_too_long", SLACK_FORM_PLAIN },
                { "invalid_payload", SLACK_FORM_PLAIN },     { "invalid_metadata", SLACK_FORM_NO_METADATA },
                { "metadata_", SLACK_FORM_NO_METADATA },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
                if (strstr(error, words[i].word) && !(*form & words[i].without)) {
                        *form |= words[i].without;
                        return true;
                }
        return false;
}
