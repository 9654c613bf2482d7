/* SPDX-License-Identifier: MIT */
/* PagerDuty by its Events API v2: an incident for each bulletin, or for each problem of the service. */
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/text.h"
#include "notify/http_report.h"

/* Documented limits: summary 1,024 characters, dedup_key 255, an event 512 KB. */
#define SUMMARY_CHARS 1024u
#define KEY_BYTES 255u
#define KEY_PREFIX "hotfixd/"

enum action { TRIGGER, RESOLVE, NOTHING };

/* Nobody is woken for a revision that is no worse, for old mails, or for a list. */
static enum action action_of(const char *kind)
{
        static const struct { const char *kind; enum action action; } actions[] = {
                { "new", TRIGGER },       { "raised", TRIGGER },   { "escalated", TRIGGER },   { "reminder", TRIGGER },
                { "overdue", TRIGGER },   { "problem", TRIGGER },  { "test", TRIGGER },        { "lowered", RESOLVE },
                { "recovered", RESOLVE }, { "acknowledged", RESOLVE },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(actions); i++)
                if (g_str_equal(actions[i].kind, kind))
                        return actions[i].action;
        return NOTHING;
}

static bool wants(const struct channel *channel, const char *kind)
{
        (void) channel;
        return action_of(kind) != NOTHING;
}

/* PagerDuty puts what has the same key into one incident, and ends that by it. NULL: the delivery has one for itself. */
static char *make_dedup_key(const struct channel *channel, const struct message *message)
{
        const char *about = message->subject_key ? message->subject_key : message->bulletin_id;
        if (!about)
                return NULL;
        g_autofree char *plain = g_strconcat(KEY_PREFIX, channel->name, "/", about, NULL);
        if (strlen(plain) <= KEY_BYTES)
                return g_steal_pointer(&plain);
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256_strings(digest, channel->name, about, NULL);
        return g_strconcat(KEY_PREFIX, digest, NULL);
}

/* Undetermined is treated as the worst, and says so in the message. */
static const char *severity_word(const struct message *message)
{
        static const char *const words[] = {
                [SEVERITY_NONE] = "critical",  [SEVERITY_LOW] = "info",          [SEVERITY_MODERATE] = "warning",
                [SEVERITY_IMPORTANT] = "error", [SEVERITY_CRITICAL] = "critical",
        };
        if (g_str_equal(message->kind, "test"))
                return "info";
        if (g_str_equal(message->kind, "problem") || g_str_equal(message->kind, "recovered"))
                return "error";
        bool known = message->severity >= 0 && (gsize) message->severity < G_N_ELEMENTS(words);
        return known ? words[message->severity] : "critical";
}

static void set_text(json_t *details, const char *label, const char *value)
{
        if (value && *value)
                json_object_set_new(details, label, json_string(value));
}

static json_t *make_details(const struct message *message)
{
        json_t *details = json_object(), *changes = json_array();
        set_text(details, "what", message->lead);
        set_text(details, "route", message->route);
        set_text(details, "why", message->reason);
        set_text(details, "to acknowledge", message->footer);
        for (guint i = 0; i < message->changes->len; i++) {
                g_autofree char *text = message_change_text(g_ptr_array_index(message->changes, i));
                json_array_append_new(changes, json_string(text));
        }
        if (json_array_size(changes) > 0)
                json_object_set(details, "changes", changes);
        json_decref(changes);
        for (guint i = 0; i < message->facts->len; i++) {
                const struct message_fact *fact = g_ptr_array_index(message->facts, i);
                if (!json_object_get(details, fact->label))
                        set_text(details, fact->label, fact->value);
        }
        set_text(details, "概要", message->excerpt);
        if (message->lines->len > 0)
                json_object_set_new(details, message_lines_heading(message), channel_texts_to_json(message->lines));
        if (message->warnings->len > 0)
                json_object_set_new(details, "warnings", channel_texts_to_json(message->warnings));
        return details;
}

static json_t *make_links(const struct message *message)
{
        json_t *list = json_array();
        for (guint i = 0; i < message->links->len; i++) {
                const struct link *link = g_ptr_array_index(message->links, i);
                json_array_append_new(list, json_pack("{s:s, s:s}", "href", link->url, "text", link->text));
        }
        return list;
}

static json_t *make_payload(const struct message *message)
{
        const char *feed = message->bulletin ? message->bulletin->feed : NULL;
        g_autofree char *summary = text_cut_chars(message->headline, SUMMARY_CHARS);
        json_t *payload = json_pack("{s:s, s:s, s:s, s:s}", "summary", summary, "source", "hotfixd", "severity",
                                    severity_word(message), "class", message->kind);
        set_text(payload, "component", message->bulletin_id);
        set_text(payload, "group", feed);
        json_object_set_new(payload, "custom_details", make_details(message));
        return payload;
}

/* The routing key, a secret, and the time are put in when it is sent. */
static char *render(const struct channel *channel, const struct message *message)
{
        enum action action = action_of(message->kind);
        g_autofree char *key = make_dedup_key(channel, message);
        json_t *event = json_pack("{s:s, s:s}", "event_action", action == RESOLVE ? "resolve" : "trigger", "client",
                                  "hotfixd");
        if (key)
                json_object_set_new(event, "dedup_key", json_string(key));
        json_object_set_new(event, "payload", make_payload(message));
        if (message->links->len > 0)
                json_object_set_new(event, "links", make_links(message));
        return channel_dump_json(event);
}

static char *make_body(const struct channel *channel, const json_t *stored, const char *identity, int64_t created_ms)
{
        json_t *event = json_deep_copy(stored), *payload = json_object_get(event, "payload");
        g_autofree char *time = clock_format_utc(created_ms);
        json_object_set_new(event, "routing_key", json_string(channel->token));
        if (!json_object_get(event, "dedup_key")) {
                g_autofree char *key = g_strconcat(KEY_PREFIX, identity, NULL);
                json_object_set_new(event, "dedup_key", json_string(key));
        }
        if (json_is_object(payload))
                json_object_set_new(payload, "timestamp", json_string(time));
        return channel_dump_json(event);
}

static void send_payload(const struct channel *channel, const struct notify_transport *transport,
                         const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        static const struct http_meaning meanings[] = {
                { "Invalid routing key", "the integration was removed, or its key is another" },
                { "invalid event", "PagerDuty does not take the event's form or its routing key" },
                { NULL, NULL },
        };
        if (!channel->url || !channel->token) {
                channel_report(channel, report, RESULT_TRY_AGAIN, "the %s is not known",
                               channel->url ? "routing key" : "address of the Events API");
                return;
        }
        g_autofree char *identity = http_safe_identity(request->identity);
        g_autofree char *body = make_body(channel, payload, identity, request->created_ms);
        struct http_answer answer;
        if (http_report_post(channel, transport, channel->url, HTTP_JSON, body, NULL, &answer, report))
                http_report_answer(channel, report, &answer, meanings);
        http_answer_clear(&answer);
        if (body)
                explicit_bzero(body, strlen(body));
}

const struct channel_driver pagerduty_channel_driver = { .name = "pagerduty", .payload_key = "event_action", .render = render,
                                                         .send = send_payload, .wants = wants };
