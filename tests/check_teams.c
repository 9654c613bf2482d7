/* SPDX-License-Identifier: MIT */
/* Microsoft Teams: the card against its limits and against hostile bulletins, and what each answer means. */
#include <glib.h>

#include "tests/notify_fake.h"

#define WORKFLOW "https://prod-1.example.com/workflows/0a1b2c3d4e5f/triggers/manual/paths/invoke?sig=s3cretSignature-abc"

static struct channel *teams(void)
{
        struct channel *channel = channel_new("ops-teams", CHANNEL_TEAMS);
        channel->url = g_strdup(WORKFLOW);
        return channel;
}

static json_t *rendered(const struct message *m)
{
        struct channel *channel = teams();
        g_autofree char *payload = channel_render(channel, m);
        channel_free(channel);
        return fake_parse(payload);
}

static json_t *card_of(const json_t *payload)
{
        return json_object_get(json_array_get(json_object_get(payload, "attachments"), 0), "content");
}

static const char *text_of(const json_t *json, const char *key)
{
        const char *text = json_string_value(json_object_get(json, key));
        return text ? text : "";
}

static const char *golden_top =
        "{\"type\":\"Container\",\"style\":\"attention\",\"bleed\":true,\"items\":["
        "{\"type\":\"RichTextBlock\",\"spacing\":\"None\",\"inlines\":[{\"type\":\"TextRun\",\"weight\":\"Bolder\",\"size\":\"Medium\","
        "\"text\":\"[緊急][至急適用] MS07-099 見本エンジンの入力検査の誤りにより、遠隔から任意の命令が実行される危険性\"}]},"
        "{\"type\":\"RichTextBlock\",\"spacing\":\"Medium\",\"inlines\":[{\"type\":\"TextRun\",\"weight\":\"Bolder\",\"text\":\"NEW  \"},"
        "{\"type\":\"TextRun\",\"text\":\"New alert: severity critical, urgency immediate.\"}]}]}";

START_TEST(golden_card)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        m->footer = g_strdup("hotfixctl ack MS07-099");
        json_t *payload = rendered(m), *card = card_of(payload), *body = json_object_get(card, "body");
        ck_assert_str_eq(text_of(payload, "type"), "message");
        const json_t *attachment = json_array_get(json_object_get(payload, "attachments"), 0);
        ck_assert_str_eq(text_of(attachment, "contentType"), "application/vnd.microsoft.card.adaptive");
        ck_assert_str_eq(text_of(card, "type"), "AdaptiveCard");
        ck_assert_str_eq(text_of(card, "version"), "1.4");
        json_t *top = fake_parse(golden_top);
        ck_assert(json_equal(json_array_get(body, 0), top));
        json_decref(top);
        json_t *action = json_array_get(json_object_get(card, "actions"), 0);
        ck_assert_str_eq(text_of(action, "type"), "Action.OpenUrl");
        ck_assert_str_eq(text_of(action, "title"), "MS07-099(日本)");
        ck_assert_str_eq(text_of(action, "url"), "https://www.example.com/ms07-099?a=1&b=2");

        struct channel *channel = teams();
        g_autofree char *stored = channel_render(channel, m), *text = channel_preview(channel, stored);
        static const char *const parts[] = {
                "Microsoft Teams, by a workflow:\n\n[緊急][至急適用] MS07-099 ", "\nNEW  New alert: severity critical",
                "\n深刻度: 1(緊急)\n緊急性: 至急適用\n",
                "\n影響を受けるソフトウェア\n見本エンジン 2.0 (Windows XP SP2)\n見本エンジン 3.0\nCVE: CVE-2007-9999\n",
                "\n見本エンジンは、受け取った文字列の長さを確かめない。\n細工されたページを開くと、",
                "\nhotfixctl ack MS07-099\nRoute ops: severity critical is at or above important\n[MS07-099(日本)] https://www.example.com/ms07-099?a=1&b=2\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
                ck_assert_msg(strstr(text, parts[i]), "%s is not in\n%s", parts[i], text);
        channel_free(channel);
        json_decref(payload);
        message_free(m);
}
END_TEST

/* The texts of a card: only in text runs, and in the titles of buttons, which are no Markdown either. */
static void check_element(const json_t *element, unsigned *runs)
{
        const char *type = text_of(element, "type");
        size_t index;
        json_t *part;
        if (g_str_equal(type, "Container")) {
                json_array_foreach(json_object_get(element, "items"), index, part)
                        check_element(part, runs);
                return;
        }
        ck_assert_str_eq(type, "RichTextBlock");
        ck_assert_ptr_null(json_object_get(element, "text"));
        ck_assert_uint_ge(json_array_size(json_object_get(element, "inlines")), 1);
        json_array_foreach(json_object_get(element, "inlines"), index, part) {
                ck_assert_str_eq(text_of(part, "type"), "TextRun");
                ck_assert_ptr_null(json_object_get(part, "selectAction"));
                ck_assert_uint_gt(strlen(text_of(part, "text")), 0);
                ck_assert_ptr_null(strstr(text_of(part, "text"), "{{"));
                ck_assert_ptr_null(strchr(text_of(part, "text"), '\n'));
                ++*runs;
        }
}

static size_t utf16_bytes(const char *text)
{
        glong units = 0;
        g_free(g_utf8_to_utf16(text, -1, NULL, &units, NULL));
        return (size_t) units * 2;
}

static void check_card(const struct message *m)
{
        struct channel *channel = teams();
        g_autofree char *payload = channel_render(channel, m);
        struct fake_peer peer = { .status = 202, .body = "" };
        struct delivery_report report = fake_send(&peer, channel, NULL, payload);
        ck_assert_int_eq(report.result, RESULT_SENT);
        ck_assert_uint_le(strlen(peer.body_sent), 24 * 1024);
        ck_assert_uint_le(utf16_bytes(peer.body_sent), 24 * 1024);
        json_t *body = fake_parse(peer.body_sent), *card = card_of(body), *element;
        unsigned runs = 0;
        size_t index;
        json_array_foreach(json_object_get(card, "body"), index, element)
                check_element(element, &runs);
        ck_assert_uint_gt(runs, 5);
        json_array_foreach(json_object_get(card, "actions"), index, element) {
                ck_assert_str_eq(text_of(element, "type"), "Action.OpenUrl");
                ck_assert(g_str_has_prefix(text_of(element, "url"), "https://www.example.com/"));
        }
        ck_assert_uint_le(index, 6);
        ck_assert_ptr_null(strstr(peer.body_sent, "\"entities\"")); /* without them <at>…</at> calls nobody */
        /* What stands at the end is there, however long the rest is. */
        element = json_array_get(json_object_get(card, "body"), json_array_size(json_object_get(card, "body")) - 2);
        ck_assert(g_str_has_prefix(text_of(json_array_get(json_object_get(element, "inlines"), 0), "text"), "Route "));
        json_decref(body);
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}

static struct bulletin *poisoned(const char *text)
{
        struct bulletin *b = fake_bulletin();
        g_free(b->title);
        b->title = g_strdup(text);
        for (int i = 0; i < FIELD_MAX; i++)
                if (b->fields[i].present)
                        fake_field(b, i, b->fields[i].value ? b->fields[i].value : 1, text);
        for (int i = 0; i < 20; i++) {
                g_autofree char *url = g_strdup_printf("https://www.example.com/%d?%s", i, "{{DATE(1)}}");
                g_ptr_array_add(b->affected, affected_new(text, text));
                g_ptr_array_add(b->links, link_new(text, i % 2 ? "https://www.example.com/x" : url));
                bulletin_add_warning(b, "%s", text);
        }
        g_ptr_array_set_size(b->sections, 0);
        fake_section(b, "概要", text);
        return b;
}

static const char *const poison[] = {
        "[click](https://evil.example.net)", "**bold** _it_", "<at>everyone</at>", "{{DATE(2026-01-01T00:00:00Z, SHORT)}}",
        "{{{{TIME(x)}}", "\"}],\"x\":[{\"", "a\\nb", "\xF0\x9F\x98\x80",
};

START_TEST(nothing_of_a_bulletin_is_live)
{
        g_autoptr(bulletin_t) b = poisoned(poison[_i]);
        struct message *m = fake_message(b, ACTION_RAISED);
        check_card(m);
        message_free(m);
}
END_TEST

START_TEST(limits_hold_for_long_text)
{
        static const char *const fills[] = { "\"", "字", "\xF0\x9F\x98\x80", "a", "\\", "{{" };
        g_autoptr(GString) text = g_string_new(NULL);
        for (int i = 0; i < 5000; i++)
                g_string_append(text, fills[_i]);
        g_autoptr(bulletin_t) b = poisoned(text->str);
        struct message *m = fake_message(b, ACTION_NEW);
        check_card(m);
        for (int i = 0; i < 30; i++)
                g_ptr_array_add(m->lines, g_strdup(text->str));
        m->footer = g_strdup("hotfixctl ack");
        check_card(m);
        struct channel *channel = teams();
        g_autofree char *payload = channel_render(channel, m);
        ck_assert_ptr_nonnull(strstr(payload, "(shortened: hotfixctl show has all of it)"));
        ck_assert_ptr_nonnull(strstr(payload, "hotfixctl ack\""));
        channel_free(channel);
        message_free(m);
}
END_TEST

START_TEST(what_is_posted)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = teams();
        g_autofree char *payload = channel_render(channel, m);
        ck_assert_ptr_null(strstr(payload, "prod-1"));
        struct fake_peer peer = { .status = 202, .body = NULL };
        struct delivery_report report = fake_send(&peer, channel, NULL, payload);
        ck_assert_str_eq(report.answer, "202 ok");
        ck_assert_str_eq(peer.url, WORKFLOW);
        ck_assert_str_eq(peer.content_type, "application/json; charset=utf-8");
        ck_assert_str_eq(g_ptr_array_index(peer.headers, 0), "Idempotency-Key: " FAKE_IDENTITY);
        ck_assert_ptr_nonnull(strstr(peer.body_sent, "\"delivery 00112233\""));
        delivery_report_clear(&report);
        fake_clear(&peer);
        g_clear_pointer(&channel->url, g_free);
        peer = (struct fake_peer) { .status = 202 };
        report = fake_send(&peer, channel, NULL, payload);
        ck_assert_int_eq(report.result, RESULT_TRY_AGAIN);
        ck_assert_uint_eq(peer.calls, 0);
        delivery_report_clear(&report);
        for (int i = 0; i < 2; i++) /* a payload that is not a card of ours */
                g_free(channel_preview(channel, i ? "{\"attachments\":[]}" : "{\"attachments\":[{\"content\":{\"body\":[7,{}]}}]}"));
        channel_free(channel);
        message_free(m);
}
END_TEST

static const struct answer_row {
        int code;
        const char *error;
        bool begun;
        long status;
        const char *body;
        int64_t retry_after_ms;
        enum delivery_result result;
        bool unclear;
        const char *answer;
} answers[] = {
        { 0, NULL, true, 202, "", -1, RESULT_SENT, false, "202 ok" },
        { 0, NULL, true, 200, "1", -1, RESULT_SENT, false, "200 1" },
        { 0, NULL, true, 200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with "
          "ContextId tcid=0", -1, RESULT_TRY_AGAIN, false, "429 Webhook message delivery failed with error: Microsoft Teams "
          "endpoint returned HTTP error 429 with ContextId tcid=0" },
        { 0, NULL, true, 200, "returned HTTP error 413 with", -1, RESULT_REFUSED, false, "413 returned HTTP error 413 with" },
        { 0, NULL, true, 200, "HTTP error 99999999999999999999", -1, RESULT_SENT, false, "200 HTTP error 99999999999999999999" },
        { 0, NULL, true, 200, "HTTP error 200", -1, RESULT_SENT, false, "200 HTTP error 200" },
        { 0, NULL, true, 200, "HTTP error ", -1, RESULT_SENT, false, "200 HTTP error" },
        { 0, NULL, true, 200, "<html>sign in</html>", -1, RESULT_TRY_AGAIN, false,
          "answered 200 with a page instead of a receipt: <html>sign in</html>" },
        { 0, NULL, true, 400, "{\"error\":{\"code\":\"WorkflowTriggerIsNotEnabled\"}}", -1, RESULT_REFUSED, false,
          "400 {\"error\":{\"code\":\"WorkflowTriggerIsNotEnabled\"}}: the workflow is turned off" },
        { 0, NULL, true, 404, "WorkflowNotFound", -1, RESULT_REFUSED, false, "404 WorkflowNotFound: the workflow was deleted" },
        { 0, NULL, true, 401, "DirectApiAuthorizationRequired", -1, RESULT_REFUSED, false,
          "401 DirectApiAuthorizationRequired: the address lacks its signature: copy it from the workflow again" },
        { 0, NULL, true, 429, "", 17000, RESULT_TRY_AGAIN, false, "429" },
        { 0, NULL, true, 502, "bad gateway", 5000, RESULT_TRY_AGAIN, true, "502 bad gateway" },
        { 0, NULL, true, 500, "at /workflows/0a1b2c3d4e5f/triggers/manual/paths/invoke?sig=s3cretSignature-abc", -1,
          RESULT_TRY_AGAIN, true, "500 at [secret]" },
        { -ERR_TIMEOUT, "nothing came", true, 0, NULL, -1, RESULT_TRY_AGAIN, true, "nothing came" },
        { -ERR_CONNECTION, "refused", false, 0, NULL, -1, RESULT_TRY_AGAIN, false, "refused" },
        { -ERR_CANCELLED, "stopped", true, 0, NULL, -1, RESULT_CANCELLED, true, "stopped" },
};

START_TEST(answers_mean)
{
        const struct answer_row *row = &answers[_i];
        struct channel *channel = teams();
        struct fake_peer peer = { .code = row->code, .error = row->error, .begun = row->begun, .status = row->status,
                                  .body = row->body, .retry_after_ms = row->retry_after_ms };
        struct delivery_report report = fake_send(&peer, channel, NULL, "{\"attachments\":[{\"content\":{\"body\":[]}}]}");
        ck_assert_str_eq(report.answer, row->answer);
        ck_assert_int_eq(report.result, row->result);
        ck_assert(report.unclear == row->unclear);
        ck_assert_int_eq(report.retry_after_ms, row->code == 0 && row->status >= 300 ? row->retry_after_ms : -1);
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("teams");
        TCase *c = tcase_create("card");
        tcase_add_test(c, golden_card);
        tcase_add_loop_test(c, nothing_of_a_bulletin_is_live, 0, G_N_ELEMENTS(poison));
        tcase_add_loop_test(c, limits_hold_for_long_text, 0, 6);
        suite_add_tcase(s, c);
        c = tcase_create("sending");
        tcase_add_test(c, what_is_posted);
        tcase_add_loop_test(c, answers_mean, 0, G_N_ELEMENTS(answers));
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
