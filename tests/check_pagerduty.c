/* SPDX-License-Identifier: MIT */
/* The PagerDuty channel: what triggers and what resolves which incident, and what answers mean. */
#include <glib.h>

#include "tests/notify_fake.h"

#define API "https://events.pagerduty.com/v2/enqueue"
#define ROUTING_KEY "0123456789abcdef0123456789abcdef"

static struct channel *make_channel(void)
{
        struct channel *channel = channel_new("oncall", CHANNEL_PAGERDUTY);
        channel->url = g_strdup(API);
        channel->token = g_strdup(ROUTING_KEY);
        return channel;
}

static const char *text_of(const json_t *json, const char *key)
{
        const char *text = json_string_value(json_object_get(json, key));
        ck_assert_msg(text, "%s is no text", key);
        return text;
}

static json_t *post(const struct channel *channel, const struct message *message)
{
        g_autofree char *payload = channel_render(channel, message);
        ck_assert_ptr_null(strstr(payload, ROUTING_KEY)); /* the outbox holds no secret */
        struct fake_peer peer = { .status = 202, .body = "{\"status\":\"success\",\"message\":\"Event processed\"}" };
        struct delivery_report report = fake_send(&peer, channel, NULL, payload);
        ck_assert_msg(report.result == RESULT_SENT, "%s", report.answer);
        ck_assert_str_eq(peer.url, API);
        ck_assert(g_str_has_prefix(peer.content_type, "application/json"));
        json_t *event = fake_parse(peer.body_sent);
        delivery_report_clear(&report);
        fake_clear(&peer);
        return event;
}

/* A message of this kind about the bulletin. */
static struct message *make_message(const struct bulletin *b, const char *kind)
{
        struct message *m = fake_message(b, ACTION_NEW);
        g_free(m->kind);
        m->kind = g_strdup(kind);
        m->subject_key = g_strdup("hotfix-report:MS07-099");
        return m;
}

START_TEST(an_incident_for_a_bulletin)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = make_message(b, "new");
        m->footer = g_strdup("hotfixctl ack MS07-099");
        struct channel *channel = make_channel();
        json_t *event = post(channel, m), *payload = json_object_get(event, "payload");
        ck_assert_str_eq(text_of(event, "routing_key"), ROUTING_KEY);
        ck_assert_str_eq(text_of(event, "event_action"), "trigger");
        ck_assert_str_eq(text_of(event, "dedup_key"), "hotfixd/oncall/hotfix-report:MS07-099");
        ck_assert_str_eq(text_of(payload, "summary"), m->headline);
        ck_assert_str_eq(text_of(payload, "severity"), "critical");
        ck_assert_str_eq(text_of(payload, "source"), "hotfixd");
        ck_assert_str_eq(text_of(payload, "component"), "MS07-099");
        ck_assert_str_eq(text_of(payload, "group"), "hotfix-report");
        ck_assert_str_eq(text_of(payload, "class"), "new");
        ck_assert_str_eq(text_of(payload, "timestamp"), "2007-05-11T03:04:05Z");
        const json_t *details = json_object_get(payload, "custom_details");
        ck_assert_str_eq(text_of(details, "to acknowledge"), "hotfixctl ack MS07-099");
        ck_assert_str_eq(text_of(details, "route"), "ops");
        ck_assert_str_eq(text_of(details, "深刻度"), "1(緊急)");
        const json_t *link = json_array_get(json_object_get(event, "links"), 0);
        ck_assert_str_eq(text_of(link, "href"), "https://www.example.com/ms07-099?a=1&b=2");
        ck_assert_str_eq(text_of(link, "text"), "MS07-099(日本)");
        json_decref(event);
        message_free(m);
        channel_free(channel);
}
END_TEST

/* All that is told of one bulletin is one incident; what ends it ends just that. */
START_TEST(what_triggers_and_what_resolves)
{
        static const struct { const char *kind, *action; } kinds[] = {
                { "new", "trigger" }, { "raised", "trigger" }, { "escalated", "trigger" }, { "reminder", "trigger" },
                { "overdue", "trigger" }, { "lowered", "resolve" }, { "acknowledged", "resolve" }, { "problem", "trigger" },
                { "recovered", "resolve" }, { "test", "trigger" },
        };
        static const char *const unwanted[] = { "updated", "digest", "summary", "none", "" };
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct channel *channel = make_channel();
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                struct message *m = make_message(b, kinds[i].kind);
                json_t *event = post(channel, m);
                ck_assert(channel_wants(channel, kinds[i].kind));
                ck_assert_str_eq(text_of(event, "event_action"), kinds[i].action);
                ck_assert_str_eq(text_of(event, "dedup_key"), "hotfixd/oncall/hotfix-report:MS07-099");
                json_decref(event);
                message_free(m);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(unwanted); i++)
                ck_assert(!channel_wants(channel, unwanted[i]));
        channel_free(channel);
}
END_TEST

START_TEST(severities)
{
        static const struct { int severity; const char *kind, *word; } cases[] = {
                { SEVERITY_NONE, "new", "critical" },     { SEVERITY_LOW, "new", "info" },
                { SEVERITY_MODERATE, "raised", "warning" }, { SEVERITY_IMPORTANT, "new", "error" },
                { SEVERITY_CRITICAL, "new", "critical" }, { 99, "new", "critical" },  { -1, "new", "critical" },
                { SEVERITY_CRITICAL, "test", "info" },    { SEVERITY_NONE, "problem", "error" },
        };
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct channel *channel = make_channel();
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct message *m = make_message(b, cases[i].kind);
                m->severity = cases[i].severity;
                json_t *event = post(channel, m);
                ck_assert_str_eq(text_of(json_object_get(event, "payload"), "severity"), cases[i].word);
                json_decref(event);
                message_free(m);
        }
        channel_free(channel);
}
END_TEST

START_TEST(documented_limits)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct channel *channel = make_channel();
        struct message *m = make_message(b, "new");
        g_autoptr(GString) long_text = g_string_new(NULL);
        for (int i = 0; i < 3000; i++)
                g_string_append(long_text, "髙");
        g_free(m->headline);
        m->headline = g_strdup(long_text->str);
        g_free(m->subject_key);
        m->subject_key = g_strdup(long_text->str);
        json_t *event = post(channel, m), *again = post(channel, m);
        const char *summary = text_of(json_object_get(event, "payload"), "summary");
        ck_assert_int_eq(g_utf8_strlen(summary, -1), 1024);
        ck_assert(g_str_has_suffix(summary, "髙…"));
        ck_assert_uint_le(strlen(text_of(event, "dedup_key")), 255);
        ck_assert(json_equal(event, again));
        json_decref(event);
        json_decref(again);
        message_free(m);
        /* What is about nothing in particular has an incident of its own. */
        m = message_for_test("oncall");
        event = post(channel, m);
        ck_assert_str_eq(text_of(event, "dedup_key"), "hotfixd/" FAKE_IDENTITY);
        json_decref(event);
        message_free(m);
        channel_free(channel);
}
END_TEST

START_TEST(answers)
{
        static const struct { long status; const char *body; enum delivery_result result; const char *answer; } cases[] = {
                { 202, "{\"status\":\"success\"}", RESULT_SENT, "202" },
                { 400, "{\"status\":\"invalid event\",\"errors\":[\"x\"]}", RESULT_REFUSED, "does not take the event's form" },
                { 400, "bad " ROUTING_KEY, RESULT_REFUSED, "[secret]" },
                { 429, "", RESULT_TRY_AGAIN, "429" },
                { 500, "", RESULT_TRY_AGAIN, "500" },
        };
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = make_message(b, "new");
        struct channel *channel = make_channel();
        g_autofree char *payload = channel_render(channel, m);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct fake_peer peer = { .status = cases[i].status, .body = cases[i].body, .retry_after_ms = -1 };
                struct delivery_report report = fake_send(&peer, channel, NULL, payload);
                ck_assert_msg(report.result == cases[i].result, "%ld: %s", cases[i].status, report.answer);
                ck_assert_ptr_null(strstr(report.answer, ROUTING_KEY));
                ck_assert_ptr_nonnull(strstr(report.answer, cases[i].answer));
                delivery_report_clear(&report);
                fake_clear(&peer);
        }
        struct fake_peer peer = { .status = 202 };
        g_clear_pointer(&channel->token, g_free);
        struct delivery_report report = fake_send(&peer, channel, NULL, payload);
        ck_assert(report.result == RESULT_TRY_AGAIN && strstr(report.answer, "routing key is not known"));
        ck_assert_uint_eq(peer.calls, 0);
        delivery_report_clear(&report);
        fake_clear(&peer);
        message_free(m);
        channel_free(channel);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("pagerduty");
        TCase *c = tcase_create("pagerduty");
        tcase_add_test(c, an_incident_for_a_bulletin);
        tcase_add_test(c, what_triggers_and_what_resolves);
        tcase_add_test(c, severities);
        tcase_add_test(c, documented_limits);
        tcase_add_test(c, answers);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
