/* SPDX-License-Identifier: MIT */
/* The webhook channel: the envelope, its signature, and what answers mean. */
#include <glib.h>

#include "common/bulletin_json.h"
#include "tests/notify_fake.h"

#define SECRET "key of the signature"

static struct channel *make_channel(void)
{
        struct channel *channel = channel_new("siem", CHANNEL_WEBHOOK);
        channel->url = g_strdup(FAKE_WEBHOOK);
        channel->signing_secret = g_strdup(SECRET);
        return channel;
}

static const char *text_of(const json_t *json, const char *key)
{
        const char *text = json_string_value(json_object_get(json, key));
        ck_assert_msg(text, "%s is no text", key);
        return text;
}

/* What is posted for the message, as it arrives. */
static json_t *post(const struct channel *channel, const struct message *message, struct fake_peer *peer)
{
        g_autofree char *payload = channel_render(channel, message);
        struct delivery_report report = fake_send(peer, channel, NULL, payload);
        ck_assert_msg(report.result == RESULT_SENT, "%s", report.answer);
        delivery_report_clear(&report);
        return fake_parse(peer->body_sent);
}

static const char *header(const struct fake_peer *peer, const char *name)
{
        for (guint i = 0; i < peer->headers->len; i++) {
                const char *line = g_ptr_array_index(peer->headers, i);
                if (g_str_has_prefix(line, name) && g_str_has_prefix(line + strlen(name), ": "))
                        return line + strlen(name) + 2;
        }
        return NULL;
}

START_TEST(an_event_of_a_bulletin)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct bulletin_change change = { .path = (char *) "severity", .label = (char *) "深刻度", .from = (char *) "3(警告)",
                                          .to = (char *) "1(緊急)", .matters = true };
        g_autoptr(GPtrArray) changes = g_ptr_array_new();
        g_ptr_array_add(changes, &change);
        struct route_decision decision = { .action = ACTION_RAISED, .reason = (char *) "because", .compared = true,
                                           .before_severity = SEVERITY_MODERATE };
        struct message *m = message_for_bulletin(b, "ops", &decision, changes);
        m->subject_key = g_strdup("hotfix-report:MS07-099");
        m->footer = g_strdup("hotfixctl ack MS07-099");
        struct channel *channel = make_channel();
        struct fake_peer peer = { .status = 202, .body = "{\"accepted\":true}" };
        json_t *event = post(channel, m, &peer), *data = json_object_get(event, "data");
        ck_assert_str_eq(peer.content_type, "application/cloudevents+json; charset=utf-8");
        ck_assert_str_eq(peer.url, FAKE_WEBHOOK);
        static const char *const envelope[][2] = {
                { "specversion", "1.0" }, { "id", FAKE_IDENTITY }, { "time", "2007-05-11T03:04:05Z" },
                { "type", "hotfixd.bulletin.raised" }, { "source", "/hotfixd/hotfix-report" }, { "subject", "MS07-099" },
                { "datacontenttype", "application/json" }, { "dataschema", "urn:hotfixd:event:1" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(envelope); i++)
                ck_assert_str_eq(text_of(event, envelope[i][0]), envelope[i][1]);
        ck_assert_uint_eq(json_object_size(event), G_N_ELEMENTS(envelope) + 1);
        static const char *const plain[][2] = {
                { "schema", "hotfixd.event/1" }, { "event", "raised" }, { "route", "ops" }, { "reason", "because" },
                { "about", "hotfix-report:MS07-099" }, { "bulletin_id", "MS07-099" }, { "severity", "critical" },
                { "urgency", "immediate" }, { "footer", "hotfixctl ack MS07-099" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(plain); i++)
                ck_assert_str_eq(text_of(data, plain[i][0]), plain[i][1]);
        const json_t *first = json_array_get(json_object_get(data, "changes"), 0);
        ck_assert_str_eq(text_of(first, "field"), "severity");
        ck_assert_str_eq(text_of(first, "from"), "3(警告)");
        ck_assert_str_eq(text_of(first, "to"), "1(緊急)");
        json_t *whole = bulletin_to_json(b);
        ck_assert(json_equal(json_object_get(data, "bulletin"), whole));
        ck_assert_uint_eq(json_array_size(json_object_get(data, "warnings")), b->warnings->len);
        json_decref(whole);
        json_decref(event);
        fake_clear(&peer);
        message_free(m);
        channel_free(channel);
}
END_TEST

START_TEST(events_of_other_things)
{
        struct health_report health = { .condition = "drift:x", .headline = "h", .lead = "l", .reason = "r" };
        struct message *const messages[] = { message_for_health(&health), message_for_test("siem"),
                                             message_for_history("mailbox w", "ops", 1, 0, NULL) };
        static const char *const types[] = { "hotfixd.health.problem", "hotfixd.test", "hotfixd.summary" };
        static const char *const subjects[] = { "drift:x", NULL, NULL };
        struct channel *channel = make_channel();
        for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
                struct fake_peer peer = { .status = 200, .body = "" };
                json_t *event = post(channel, messages[i], &peer), *data = json_object_get(event, "data");
                ck_assert_str_eq(text_of(event, "type"), types[i]);
                ck_assert_str_eq(text_of(event, "source"), "/hotfixd");
                const json_t *subject = json_object_get(event, "subject");
                ck_assert(subjects[i] ? g_str_equal(json_string_value(subject), subjects[i]) : !subject);
                static const char *const nulls[] = { "bulletin", "severity", "urgency", "bulletin_id" };
                for (size_t n = 0; n < G_N_ELEMENTS(nulls); n++)
                        ck_assert(json_is_null(json_object_get(data, nulls[n])));
                json_decref(event);
                fake_clear(&peer);
                message_free(messages[i]);
        }
        channel_free(channel);
}
END_TEST

/* RFC 4231, the first test case, by way of what the channel does with key and body; and the very bytes that were sent. */
START_TEST(the_signature_is_of_the_bytes_sent)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = make_channel();
        struct fake_peer peer = { .status = 200, .body = "ok" };
        json_decref(post(channel, m, &peer));
        g_autofree char *digest = g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *) SECRET, strlen(SECRET),
                                                            peer.body_sent, -1);
        ck_assert_ptr_nonnull(header(&peer, "X-Hotfixd-Signature"));
        ck_assert(g_str_has_prefix(header(&peer, "X-Hotfixd-Signature"), "sha256="));
        ck_assert_str_eq(header(&peer, "X-Hotfixd-Signature") + strlen("sha256="), digest);
        ck_assert_str_eq(header(&peer, "Idempotency-Key"), FAKE_IDENTITY);
        g_autofree char *body = g_strdup(peer.body_sent), *signature = g_strdup(header(&peer, "X-Hotfixd-Signature"));
        json_decref(post(channel, m, &peer)); /* a retry is the same */
        ck_assert_str_eq(peer.body_sent, body);
        ck_assert_str_eq(header(&peer, "X-Hotfixd-Signature"), signature);
        g_clear_pointer(&channel->signing_secret, g_free);
        json_decref(post(channel, m, &peer));
        ck_assert_ptr_null(header(&peer, "X-Hotfixd-Signature"));
        ck_assert_str_eq(header(&peer, "Idempotency-Key"), FAKE_IDENTITY);
        fake_clear(&peer);
        message_free(m);
        channel_free(channel);
}
END_TEST

START_TEST(a_huge_bulletin_is_left_out)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_autofree char *text = g_strnfill(1100 * 1024, 'x');
        fake_section(b, "‥‥‥ 詳細 ‥‥‥", text);
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = make_channel();
        struct fake_peer peer = { .status = 200, .body = "ok" };
        json_t *event = post(channel, m, &peer), *data = json_object_get(event, "data");
        ck_assert(json_is_null(json_object_get(data, "bulletin")));
        const json_t *warnings = json_object_get(data, "warnings");
        const json_t *last = json_array_get(warnings, json_array_size(warnings) - 1);
        ck_assert_ptr_nonnull(strstr(json_string_value(last), "too large"));
        ck_assert_uint_lt(strlen(peer.body_sent), 64 * 1024);
        json_decref(event);
        fake_clear(&peer);
        message_free(m);
        channel_free(channel);
}
END_TEST

START_TEST(answers)
{
        static const struct { long status; const char *body; enum delivery_result result; bool unclear; const char *answer; } cases[] = {
                { 200, "ok", RESULT_SENT, false, "200 ok" },
                { 204, "", RESULT_SENT, false, "204 ok" },
                { 202, "{\"id\":7}", RESULT_SENT, false, "202 {\"id\":7}" },
                { 200, "<html>log in", RESULT_TRY_AGAIN, false, "a page" },
                { 302, "", RESULT_TRY_AGAIN, false, "302" },
                { 401, "bad signature", RESULT_REFUSED, false, "does the receiver have the same secret? bad signature" },
                { 403, "", RESULT_REFUSED, false, "secret" },
                { 404, "no such hook", RESULT_REFUSED, false, "404 no such hook" },
                { 409, "in progress", RESULT_TRY_AGAIN, true, "busy with an earlier try: in progress" },
                { 410, "", RESULT_REFUSED, false, "410" },
                { 422, "", RESULT_REFUSED, false, "422" },
                { 429, "", RESULT_TRY_AGAIN, false, "429" },
                { 503, "", RESULT_TRY_AGAIN, true, "503" },
        };
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = make_channel();
        g_autofree char *payload = channel_render(channel, m);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct fake_peer peer = { .status = cases[i].status, .body = cases[i].body, .retry_after_ms = 7000 };
                struct delivery_report report = fake_send(&peer, channel, NULL, payload);
                ck_assert_msg(report.result == cases[i].result && report.unclear == cases[i].unclear &&
                              strstr(report.answer, cases[i].answer), "%ld: %s", cases[i].status, report.answer);
                if (report.result == RESULT_TRY_AGAIN && cases[i].status != 200)
                        ck_assert_int_eq(report.retry_after_ms, 7000);
                delivery_report_clear(&report);
                fake_clear(&peer);
        }
        message_free(m);
        channel_free(channel);
}
END_TEST

START_TEST(failures_on_the_way)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = make_channel();
        g_autofree char *payload = channel_render(channel, m);
        struct fake_peer before = { .code = -ERR_CONNECTION, .error = "refused by " FAKE_WEBHOOK " with " SECRET };
        struct delivery_report report = fake_send(&before, channel, NULL, payload);
        ck_assert(report.result == RESULT_TRY_AGAIN && !report.unclear);
        ck_assert(!strstr(report.answer, SECRET) && !strstr(report.answer, "s3cretTokenOfTheHook"));
        delivery_report_clear(&report);
        fake_clear(&before);
        struct fake_peer midway = { .code = -ERR_TIMEOUT, .error = "no answer", .begun = true };
        report = fake_send(&midway, channel, NULL, payload);
        ck_assert(report.result == RESULT_TRY_AGAIN && report.unclear);
        delivery_report_clear(&report);
        fake_clear(&midway);
        g_clear_pointer(&channel->url, g_free);
        report = fake_send(&midway, channel, NULL, payload);
        ck_assert(report.result == RESULT_TRY_AGAIN && strstr(report.answer, "not known"));
        delivery_report_clear(&report);
        fake_clear(&midway);
        message_free(m);
        channel_free(channel);
}
END_TEST

START_TEST(programs_are_told_everything)
{
        struct channel *channel = make_channel();
        static const char *const kinds[] = { "new", "updated", "acknowledged", "digest", "recovered" };
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
                ck_assert(channel_wants(channel, kinds[i]));
        channel_free(channel);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("webhook");
        TCase *c = tcase_create("webhook");
        tcase_add_test(c, an_event_of_a_bulletin);
        tcase_add_test(c, events_of_other_things);
        tcase_add_test(c, the_signature_is_of_the_bytes_sent);
        tcase_add_test(c, a_huge_bulletin_is_left_out);
        tcase_add_test(c, answers);
        tcase_add_test(c, failures_on_the_way);
        tcase_add_test(c, programs_are_told_everything);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
