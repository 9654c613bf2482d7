/* SPDX-License-Identifier: MIT */
/* Slack by incoming webhook. */
#include <string.h>

#include "notify/channel_p.h"
#include "notify/slack_p.h"

#define IDENTITY_SHOWN 8

static char *render(const struct channel *channel, const struct message *message)
{
        bool mention = slack_wants_mention(channel, message);
        g_autofree char *headline = slack_escape(message->headline, SLACK_SECTION_CHARS);
        g_autofree char *lead = slack_escape(message->lead, SLACK_SECTION_CHARS);
        /* What a phone's notification shows, and what a server without Block Kit posts. */
        g_autofree char *text = g_strdup_printf("%s%s%s\n%s", mention ? channel->mention : "", mention ? " " : "",
                                                headline, lead);
        return channel_dump_json(json_pack("{s:s, s:o, s:b, s:b, s:b}", "text", text, "blocks",
                                           slack_blocks(channel, message), "link_names", 0, "unfurl_links", 0,
                                           "unfurl_media", 0));
}

/* The payload as it is posted: with the delivery's identity for machines (metadata) and, short, for people, who can so
 * tell a repeat after a crash from a second event. */
static char *make_body(const json_t *payload, const char *identity)
{
        json_t *body = json_copy((json_t *) payload);
        json_object_set_new(body, "metadata", json_pack("{s:s, s:{s:s}}", "event_type", "hotfixd_delivery",
                                                        "event_payload", "identity", identity));
        json_t *blocks = json_copy(json_object_get(payload, "blocks"));
        if (json_is_array(blocks)) {
                g_autofree char *shown = g_strdup_printf("delivery %.*s", IDENTITY_SHOWN, identity);
                json_array_append_new(blocks, slack_context(shown));
                json_object_set(body, "blocks", blocks);
        }
        json_decref(blocks);
        return channel_dump_json(body);
}

static bool is_ok(const char *body)
{
        g_autofree char *stripped = g_strstrip(g_strdup(body));
        return g_str_equal(stripped, "ok");
}

/* {"ok": false, …} or {"success": false, …} */
static bool says_failure(const char *body)
{
        json_t *json = json_loads(body, 0, NULL);
        bool failure = json_is_false(json_object_get(json, "ok")) || json_is_false(json_object_get(json, "success"));
        json_decref(json);
        return failure;
}

/* Servers that speak Slack's protocol may answer with other words than "ok". But a page of HTML comes from a proxy or a
 * login page that stood between, and some say in the body that they failed. */
static void report_success(const struct channel *channel, const struct http_answer *answer,
                           struct delivery_report *report)
{
        const char *body = answer->body ? answer->body : "";
        if (*body == '<')
                channel_report(channel, report, RESULT_TRY_AGAIN, "answered %ld with a page instead of a receipt: %s",
                               answer->status, body);
        else if (says_failure(body))
                channel_report(channel, report, RESULT_TRY_AGAIN, "answered %ld and reported a failure: %s",
                               answer->status, body);
        else if (is_ok(body) || *body == '\0')
                channel_report(channel, report, RESULT_SENT, "%ld ok", answer->status);
        else
                channel_report(channel, report, RESULT_SENT, "%ld %s", answer->status, body);
}

/* What a person can do about the words Slack refuses with. */
static const char *explain(const char *body)
{
        static const struct { const char *word, *meaning; } words[] = {
                { "no_service", "the webhook was removed or disabled" },
                { "no_team", "the workspace is gone" },
                { "invalid_token", "the webhook address is not valid" },
                { "action_prohibited", "an administrator of the workspace forbids it" },
                { "posting_to_general_channel_denied", "the channel is restricted" },
                { "channel_not_found", "the channel was deleted" },
                { "channel_is_archived", "the channel is archived" },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
                if (strstr(body, words[i].word))
                        return words[i].meaning;
        return NULL;
}

/* 4xx answers that are not about this request: the proxy wants a login, timeouts, too many requests. */
static bool is_passing(long status)
{
        return status == 407 || status == 408 || status == 425 || status == 429;
}

static void report_status(const struct channel *channel, const struct http_answer *answer,
                          struct delivery_report *report)
{
        const char *body = answer->body ? answer->body : "";
        if (answer->status >= 200 && answer->status < 300) {
                report_success(channel, answer, report);
                return;
        }
        report->retry_after_ms = answer->retry_after_ms;
        bool refused = answer->status >= 400 && answer->status < 500 && !is_passing(answer->status);
        const char *meaning = refused ? explain(body) : NULL;
        channel_report(channel, report, refused ? RESULT_REFUSED : RESULT_TRY_AGAIN, "%ld%s%s%s%s", answer->status,
                       *body ? " " : "", body, meaning ? ": " : "", meaning ? meaning : "");
}

/* The identity comes from the database: whatever stands there must not add a header. */
static char *header_safe(const char *identity)
{
        GString *out = g_string_new(NULL);
        for (const char *p = identity ? identity : ""; *p && out->len < 128; p++)
                if (g_ascii_isalnum(*p))
                        g_string_append_c(out, *p);
        return g_string_free(out, FALSE);
}

static void send_payload(const struct channel *channel, const struct notify_transport *transport,
                         const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        if (!channel->url) {
                channel_report(channel, report, RESULT_TRY_AGAIN, "the webhook address is not known");
                return;
        }
        g_autofree char *identity = header_safe(request->identity);
        g_autofree char *body = make_body(payload, identity);
        g_autofree char *key = g_strdup_printf("Idempotency-Key: %s", identity);
        const char *const headers[] = { key, NULL };
        struct http_request post = { .url = channel->url, .content_type = "application/json; charset=utf-8",
                                     .body = body, .headers = headers, .ca_file = channel->ca_file,
                                     .insecure = channel->insecure, .timeout_ms = CHANNEL_TIMEOUT_MS };
        struct http_answer answer = { .retry_after_ms = -1 };
        struct error err = ERROR_INIT;
        int r = transport->http_post(transport->context, &post, &answer, &err);
        if (r < 0)
                channel_report_error(channel, report, r, &err);
        else
                report_status(channel, &answer, report);
        http_answer_clear(&answer);
        error_clear(&err);
}

const struct channel_driver slack_channel_driver = { .name = "slack", .payload_key = "blocks", .render = render,
                                                     .send = send_payload };
