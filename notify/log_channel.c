/* SPDX-License-Identifier: MIT */
/* The log as a channel: one line for each notification, for what reads the journal. */
#include "common/log.h"
#include "notify/channel_p.h"

static char *render(const struct channel *channel, const struct message *message)
{
        (void) channel;
        const char *route = message->route ? message->route : "", *reason = message->reason ? message->reason : "";
        return channel_dump_json(json_pack("{s:s, s:s, s:s, s:s}", "headline", message->headline, "action",
                                           message->kind, "route", route, "reason", reason));
}

static void send_line(const struct channel *channel, const struct notify_transport *transport,
                      const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        (void) transport, (void) request;
        enum log_level level;
        if (!channel->log_level || log_level_parse(channel->log_level, &level) < 0)
                level = LOG_LEVEL_WARNING;
        const char *route = channel_payload_text(payload, "route");
        g_autofree char *context = g_strdup_printf("channel %s", channel->name);
        log_write(level, context, "%s: %s (%s%s%s%s)", channel_payload_text(payload, "action"),
                  channel_payload_text(payload, "headline"), *route ? "route " : "", route, *route ? ": " : "",
                  channel_payload_text(payload, "reason"));
        channel_report(channel, report, RESULT_SENT, "written to the log");
}

/* Whoever reads the journal wants to see the end of an alert, too. */
static bool wants(const struct channel *channel, const char *kind)
{
        (void) channel, (void) kind;
        return true;
}

const struct channel_driver log_channel_driver = { .name = "log", .payload_key = "headline", .render = render,
                                                   .send = send_line, .wants = wants };
