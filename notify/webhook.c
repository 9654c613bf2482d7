/* SPDX-License-Identifier: MIT */
/* A webhook for programs: a CloudEvents 1.0 envelope in its structured form, signed. schema/event-1.schema.json says what
 * stands in it. */
#include <string.h>

#include "common/bulletin_json.h"
#include "common/clock.h"
#include "common/limits.h"
#include "notify/http_report.h"

#define EVENT_SCHEMA "hotfixd.event/1"
#define EVENT_SCHEMA_URI "urn:hotfixd:event:1"
#define CONTENT_TYPE "application/cloudevents+json; charset=utf-8"
#define BULLETIN_BYTES_MAX ((size_t) 1 * MIB) /* no receiver takes more; hundreds of real ones fit */
#define BULLETIN_LEFT_OUT "the bulletin is too large to be sent along; hotfixctl show has it"

static json_t *text_or_null(const char *text)
{
        return text ? json_string(text) : json_null();
}

static json_t *facts_to_json(const GPtrArray *facts)
{
        json_t *list = json_array();
        for (guint i = 0; i < facts->len; i++) {
                const struct message_fact *fact = g_ptr_array_index(facts, i);
                json_array_append_new(list, json_pack("{s:s, s:s}", "label", fact->label, "value", fact->value));
        }
        return list;
}

static json_t *changes_to_json(const GPtrArray *changes)
{
        json_t *list = json_array();
        for (guint i = 0; i < changes->len; i++) {
                const struct message_change *change = g_ptr_array_index(changes, i);
                json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:s}", "field", text_or_null(change->path), "label",
                                                      change->label, "from", change->from, "to", change->to));
        }
        return list;
}

static json_t *links_to_json(const GPtrArray *links)
{
        json_t *list = json_array();
        for (guint i = 0; i < links->len; i++) {
                const struct link *link = g_ptr_array_index(links, i);
                json_array_append_new(list, json_pack("{s:s, s:s}", "text", link->text, "url", link->url));
        }
        return list;
}

/* The bulletin as everywhere else; null where there is none. Too large a one is left out, and warnings say so. */
static json_t *bulletin_or_null(const struct bulletin *bulletin, json_t *warnings)
{
        json_t *json = bulletin ? bulletin_to_json(bulletin) : json_null();
        if (bulletin && json_dumpb(json, NULL, 0, JSON_COMPACT) > BULLETIN_BYTES_MAX) {
                json_decref(json);
                json = json_null();
                json_array_append_new(warnings, json_string(BULLETIN_LEFT_OUT));
        }
        return json;
}

static json_t *make_data(const struct message *message)
{
        json_t *data = json_object(), *warnings = channel_texts_to_json(message->warnings);
        json_t *bulletin = bulletin_or_null(message->bulletin, warnings);
        json_object_set_new(data, "schema", json_string(EVENT_SCHEMA));
        json_object_set_new(data, "event", json_string(message->kind));
        json_object_set_new(data, "route", text_or_null(message->route));
        json_object_set_new(data, "reason", text_or_null(message->reason));
        json_object_set_new(data, "about", text_or_null(message->subject_key));
        json_object_set_new(data, "bulletin_id", text_or_null(message->bulletin_id));
        json_object_set_new(data, "severity", text_or_null(bulletin_value_name(FIELD_SEVERITY, message->severity)));
        json_object_set_new(data, "urgency", text_or_null(bulletin_value_name(FIELD_URGENCY, message->urgency)));
        json_object_set_new(data, "headline", json_string(message->headline));
        json_object_set_new(data, "lead", text_or_null(message->lead));
        json_object_set_new(data, "facts", facts_to_json(message->facts));
        json_object_set_new(data, "changes", changes_to_json(message->changes));
        json_object_set_new(data, "changes_left_out", json_integer(message->changes_left_out));
        json_object_set_new(data, "lines", channel_texts_to_json(message->lines));
        json_object_set_new(data, "excerpt", text_or_null(message->excerpt));
        json_object_set_new(data, "links", links_to_json(message->links));
        json_object_set_new(data, "warnings", warnings);
        json_object_set_new(data, "footer", text_or_null(message->footer));
        json_object_set_new(data, "bulletin", bulletin);
        return data;
}

static const char *event_family(const struct message *message)
{
        static const char *const alone[] = { "digest", "summary", "test" };
        for (size_t i = 0; i < G_N_ELEMENTS(alone); i++)
                if (g_str_equal(message->kind, alone[i]))
                        return NULL;
        return g_str_equal(message->kind, "problem") || g_str_equal(message->kind, "recovered") ? "health" : "bulletin";
}

/* "hotfixd.bulletin.raised", "hotfixd.health.problem", "hotfixd.digest" */
static char *event_type(const struct message *message)
{
        const char *family = event_family(message);
        return g_strconcat("hotfixd.", family ? family : "", family ? "." : "", message->kind, NULL);
}

/* A reference to where it comes from: the feed, or the service itself. */
static char *event_source(const struct message *message)
{
        const char *feed = message->bulletin ? message->bulletin->feed : NULL;
        g_autofree char *safe = feed ? g_uri_escape_string(feed, NULL, FALSE) : NULL;
        return safe ? g_strdup_printf("/hotfixd/%s", safe) : g_strdup("/hotfixd");
}

/* All but what only the delivery knows: its identity and its time. */
static char *render(const struct channel *channel, const struct message *message)
{
        (void) channel;
        g_autofree char *type = event_type(message), *source = event_source(message);
        const char *subject = message->bulletin_id ? message->bulletin_id : message->subject_key;
        json_t *event = json_pack("{s:s, s:s, s:s}", "specversion", "1.0", "type", type, "source", source);
        if (subject)
                json_object_set_new(event, "subject", json_string(subject));
        json_object_set_new(event, "datacontenttype", json_string("application/json"));
        json_object_set_new(event, "dataschema", json_string(EVENT_SCHEMA_URI));
        json_object_set_new(event, "data", make_data(message));
        return channel_dump_json(event);
}

/* The same bytes at every try, and so the same signature. */
static char *make_body(const json_t *payload, const char *identity, int64_t created_ms)
{
        g_autofree char *time = clock_format_utc(created_ms);
        json_t *event = json_pack("{s:o, s:s, s:s}", "specversion",
                                  json_string(channel_payload_text(payload, "specversion")), "id", identity, "time", time);
        json_object_update_missing(event, (json_t *) payload);
        return channel_dump_json(event);
}

/* NULL without a secret. */
static char *make_signature(const struct channel *channel, const char *body)
{
        if (!channel->signing_secret)
                return NULL;
        g_autofree char *digest = g_compute_hmac_for_data(G_CHECKSUM_SHA256, (const guchar *) channel->signing_secret,
                                                          strlen(channel->signing_secret), (const guchar *) body,
                                                          strlen(body));
        return g_strdup_printf("X-Hotfixd-Signature: sha256=%s", digest);
}

/* By the practice of idempotency keys a conflict says that an earlier try with the same key is still being worked on. */
static void report_answer(const struct channel *channel, struct delivery_report *report, const struct http_answer *answer)
{
        if (answer->status == 409) {
                report->retry_after_ms = answer->retry_after_ms;
                report->unclear = true;
                channel_report(channel, report, RESULT_TRY_AGAIN, "409: the receiver is still busy with an earlier try: %s",
                               answer->body ? answer->body : "");
                return;
        }
        http_report_answer(channel, report, answer, NULL);
        if (answer->status == 401 || answer->status == 403)
                channel_report(channel, report, report->result, "%ld: does the receiver have the same secret? %s",
                               answer->status, answer->body ? answer->body : "");
}

static void send_payload(const struct channel *channel, const struct notify_transport *transport,
                         const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        if (!channel->url) {
                channel_report(channel, report, RESULT_TRY_AGAIN, "the webhook's address is not known");
                return;
        }
        g_autofree char *identity = http_safe_identity(request->identity);
        g_autofree char *body = make_body(payload, identity, request->created_ms);
        g_autofree char *key = g_strdup_printf("Idempotency-Key: %s", identity);
        g_autofree char *signature = make_signature(channel, body);
        const char *const headers[] = { key, signature, NULL };
        struct http_answer answer;
        if (http_report_post(channel, transport, channel->url, CONTENT_TYPE, body, headers, &answer, report))
                report_answer(channel, report, &answer);
        http_answer_clear(&answer);
}

const struct channel_driver webhook_channel_driver = { .name = "webhook", .payload_key = "specversion", .render = render,
                                                       .send = send_payload, .wants = channel_wants_all };
