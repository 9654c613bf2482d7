/* SPDX-License-Identifier: MIT */
/* The channel type: by incoming webhook, or with a bot's token by the Web API (slack_send.c). */
#include <string.h>

#include "notify/slack_p.h"

static char *render(const struct channel *channel, const struct message *message)
{
        return channel_dump_json(slack_payload(channel, message));
}

/* What a person can do about the words a webhook refuses with. */
static const struct http_meaning meanings[] = {
        { "no_service", "the webhook was removed or disabled" },
        { "no_team", "the workspace is gone" },
        { "invalid_token", "the webhook address is not valid" },
        { "action_prohibited", "an administrator of the workspace forbids it" },
        { "posting_to_general_channel_denied", "the channel is restricted" },
        { "channel_not_found", "the channel was deleted" },
        { "channel_is_archived", "the channel is archived" },
        { NULL, NULL },
};

/* Whether the answer is a refusal of the form that a simpler form may pass: adds that to *form. */
static bool simplify(const struct http_answer *answer, unsigned *form)
{
        return http_status_is_refusal(answer->status) && answer->body && slack_simplify(answer->body, form);
}

static void send_to_webhook(const struct channel *channel, const struct notify_transport *transport,
                            const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        g_autofree char *identity = http_safe_identity(request->identity);
        g_autofree char *key = g_strdup_printf("Idempotency-Key: %s", identity);
        const char *const headers[] = { key, NULL };
        unsigned form = 0;
        for (;;) {
                g_autofree char *body = channel_dump_json(slack_body(payload, identity, form));
                struct http_answer answer;
                bool answered = http_report_post(channel, transport, channel->url, HTTP_JSON, body, headers, &answer,
                                                 report);
                bool again = answered && simplify(&answer, &form);
                if (answered && !again)
                        http_report_answer(channel, report, &answer, meanings);
                http_answer_clear(&answer);
                if (!again)
                        return;
        }
}

static void send_payload(const struct channel *channel, const struct notify_transport *transport,
                         const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        /* hotfixctl loads channels without their secrets. */
        if (!channel->url)
                channel_report(channel, report, RESULT_TRY_AGAIN, "the webhook address is not known");
        else if (channel->slack_channel && !channel->token)
                channel_report(channel, report, RESULT_TRY_AGAIN, "the token is not known");
        else if (channel->slack_channel)
                slack_send(channel, transport, request, payload, report);
        else
                send_to_webhook(channel, transport, request, payload, report);
}

const struct channel_driver slack_channel_driver = {
        .name = "slack",
        .payload_key = "blocks",
        .render = render,
        .send = send_payload,
        .wants = channel_wants_all,
        .preview = slack_preview,
};
