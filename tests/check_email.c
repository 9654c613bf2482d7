/* SPDX-License-Identifier: MIT */
/* Email: both parts, the envelope and the headers, threads, retries, hostile bulletins, and what each answer means. */
#include <glib.h>

#include "common/limits.h"
#include "common/text.h"
#include "notify/email_p.h"
#include "tests/notify_fake.h"

#define ID "00112233445566778899aabbccddeeff.hotfixd@example.com"
#define THREAD_ID "ffeeddccbbaa99887766554433221100.hotfixd@example.com"

static struct channel *email(void)
{
        struct channel *channel = channel_new("ops-mail", CHANNEL_EMAIL);
        channel->smtp_url = g_strdup("smtps://mail.example.com:465");
        channel->from = g_strdup("hotfixd <hotfixd@Example.com>");
        g_ptr_array_add(channel->to, g_strdup("admin@example.com"));
        g_ptr_array_add(channel->to, g_strdup("当直 <night@example.com>"));
        channel->user = g_strdup("sender");
        channel->password = g_strdup("pass word");
        return channel;
}

static const char *header(const struct fake_peer *peer, const char *name)
{
        for (guint i = 0; i + 1 < peer->extra->len; i += 2)
                if (g_str_equal(g_ptr_array_index(peer->extra, i), name))
                        return g_ptr_array_index(peer->extra, i + 1);
        return "(none)";
}

static struct message *raised_message(const struct bulletin *b, GPtrArray **ret_changes)
{
        g_autoptr(bulletin_t) old = fake_bulletin();
        fake_field(old, FIELD_SEVERITY, SEVERITY_MODERATE, "3(警告)");
        *ret_changes = bulletin_diff(old, b);
        struct route_decision decision = { .action = ACTION_RAISED, .compared = true, .before_severity = 2,
                                           .before_urgency = 4,
                                           .reason = (char *) "severity was moderate, now critical" };
        return message_for_bulletin(b, "ops", &decision, *ret_changes);
}

static const char *const golden_text =
        "[緊急][至急適用] MS07-099 見本エンジンの入力検査の誤りにより、遠隔から任意の\n"
        "命令が実行される危険性\n"
        "\n"
        "Severity raised from moderate to critical.\n"
        "\n"
        "変更点 (changes)\n"
        "  - 深刻度: 3(警告) → 1(緊急)\n"
        "\n"
        "深刻度              1(緊急)\n"
        "緊急性              至急適用\n"
        "対策                至急適用\n"
        "再起動              不要(必要な場合あり)\n"
        "アンインストール    undetermined (the line is empty)\n"
        "対象環境            サーバ\n"
        "攻撃コード          なし / 攻撃コード未公開\n"
        "攻撃事例            攻撃事例なし\n"
        "影響を受けるソフトウェア\n"
        "    見本エンジン 2.0 (Windows XP SP2)\n"
        "    見本エンジン 3.0\n"
        "CVE                 CVE-2007-9999\n"
        "KB                  KB999999\n"
        "登録日              2007-05-11\n"
        "更新日              2007-05-14\n"
        "\n"
        "概要\n"
        "    見本エンジンは、受け取った文字列の長さを確かめない。\n"
        "    細工されたページを開くと、命令が実行される。\n"
        "\n"
        "リンク (links)\n"
        "  - MS07-099(日本)\n"
        "    <https://www.example.com/ms07-099?a=1&b=2>\n"
        "\n"
        "-- \n"
        "Route ops: severity was moderate, now critical\n"
        "hotfixd\n";

START_TEST(the_text_part)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_autoptr(GPtrArray) changes = NULL;
        struct message *m = raised_message(b, &changes);
        g_autofree char *text = email_text_part(m);
        ck_assert_str_eq(text, golden_text);
        message_free(m);
}
END_TEST

/* No line of the text part is wider than 76 columns, wide characters counted, except for an address. */
START_TEST(the_text_part_is_wrapped)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_autoptr(GString) words = g_string_new(NULL);
        for (int i = 0; i < 60; i++)
                g_string_append(words, i % 3 ? "文字の続き" : " ascii words ");
        g_free(b->title);
        b->title = g_strdup(words->str);
        fake_field(b, FIELD_RESTART, RESTART_REQUIRED, words->str);
        g_ptr_array_set_size(b->sections, 0);
        fake_section(b, "概要", words->str);
        bulletin_add_warning(b, "%s", words->str);
        g_autofree char *path = g_strnfill(200, 'p');
        g_autofree char *url = g_strconcat("https://www.example.com/", path, NULL);
        g_ptr_array_add(b->links, link_new(words->str, url));
        struct message *m = fake_message(b, ACTION_NEW);
        g_autofree char *text = email_text_part(m);
        ck_assert_ptr_nonnull(strstr(text, url));
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                ck_assert_msg(text_width(*line) <= 76 || strstr(*line, "https://"), "too wide: %s", *line);
        message_free(m);
}
END_TEST

START_TEST(the_html_part)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_autoptr(GPtrArray) changes = NULL;
        struct message *m = raised_message(b, &changes);
        g_autofree char *html = email_html_part(m);
        static const char *const parts[] = {
                "<!DOCTYPE html>", "<html lang=\"ja\">", "<meta charset=\"utf-8\">", "max-width:640px",
                "[緊急][至急適用] MS07-099 見本エンジンの", "Severity raised from moderate to critical.",
                ">深刻度</th>", ">1(緊急)</td>", "3(警告)</span> → <strong>1(緊急)</strong>",
                "見本エンジン 2.0 (Windows XP SP2)<br>\n見本エンジン 3.0</td>",
                "href=\"https://www.example.com/ms07-099?a=1&amp;b=2\"", "Route ops: severity was moderate, now critical",
                "background:#b3261e", "</html>\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
                ck_assert_msg(strstr(html, parts[i]) != NULL, "missing: %s", parts[i]);
        /* Nothing is loaded, nothing runs. */
        static const char *const never[] = { "<script", "<img", "<link", "src=", "url(", "@import", "javascript:" };
        for (size_t i = 0; i < G_N_ELEMENTS(never); i++)
                ck_assert_msg(!strstr(html, never[i]), "there is %s", never[i]);
        message_free(m);
}
END_TEST

/* How often a tag is opened. */
static unsigned count(const char *html, const char *tag)
{
        unsigned n = 0;
        for (const char *p = strstr(html, tag); p; p = strstr(p + 1, tag))
                n++;
        return n;
}

/* A hostile bulletin gives the same elements as a harmless one. */
START_TEST(html_of_a_hostile_bulletin)
{
        static const char *const poison = "</td></table><script>alert(1)</script><img src=x onerror=y>\"'&amp;&lt;";
        const char *const texts[] = { "harmless", poison };
        unsigned counts[2][8];
        static const char *const tags[] = { "<script", "<img", "<td", "</td>", "<table", "</table>", "<a ", "<" };
        for (int i = 0; i < 2; i++) {
                g_autoptr(bulletin_t) b = fake_bulletin();
                const char *text = texts[i];
                g_free(b->title);
                b->title = g_strdup(text);
                fake_field(b, FIELD_SEVERITY, SEVERITY_CRITICAL, text);
                bulletin_set_undetermined(b, FIELD_UNINSTALL, text, text);
                g_ptr_array_set_size(b->affected, 0);
                g_ptr_array_add(b->affected, affected_new(text, text));
                g_ptr_array_set_size(b->sections, 0);
                fake_section(b, "概要", text);
                g_ptr_array_add(b->links, link_new(text, "https://www.example.com/q"));
                bulletin_add_warning(b, "%s", text);
                struct message *m = fake_message(b, ACTION_NEW);
                g_autofree char *html = email_html_part(m);
                for (int t = 0; t < 8; t++)
                        counts[i][t] = count(html, tags[t]);
                message_free(m);
        }
        for (int t = 0; t < 8; t++)
                ck_assert_msg(counts[0][t] == counts[1][t], "%s: %u and %u", tags[t], counts[0][t], counts[1][t]);
}
END_TEST

START_TEST(the_payload)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = email();
        g_autofree char *payload = channel_render(channel, m), *text = email_text_part(m), *html = email_html_part(m);
        json_t *json = fake_parse(payload);
        json_t *want = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s}", "subject",
                                 "[緊急][至急適用] MS07-099 見本エンジンの入力検査の誤りにより、遠隔から任意の命令が実行される危険性",
                                 "lead", "New alert: severity critical, urgency immediate.", "action", "new", "route", "ops",
                                 "reason", "severity critical is at or above important", "bulletin", "MS07-099", "urgent", 1,
                                 "text", text, "html", html);
        ck_assert(json_equal(json, want));
        ck_assert(!strstr(payload, "pass word") && !strstr(payload, "mail.example.com"));
        json_decref(json);
        json_decref(want);
        channel_free(channel);
        message_free(m);
}
END_TEST

START_TEST(what_is_sent)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        struct channel *channel = email();
        g_autofree char *payload = channel_render(channel, m);
        struct fake_peer peer = { .status = 250, .body = "250 2.0.0 Ok: queued as 4711" };
        struct delivery_report report = fake_send(&peer, channel, NULL, payload);
        ck_assert_int_eq(report.result, RESULT_SENT);
        ck_assert_str_eq(report.answer, "250 2.0.0 Ok: queued as 4711");
        /* the envelope has bare addresses, the header has the names */
        ck_assert_str_eq(peer.url, "smtps://mail.example.com:465");
        ck_assert_str_eq(peer.from, "hotfixd@Example.com");
        ck_assert_uint_eq(peer.to->len, 2);
        ck_assert_str_eq(g_ptr_array_index(peer.to, 0), "admin@example.com");
        ck_assert_str_eq(g_ptr_array_index(peer.to, 1), "night@example.com");
        ck_assert_str_eq(peer.user, "sender");
        ck_assert_str_eq(peer.password, "pass word");
        ck_assert_str_eq(peer.body_sent, "the mail");
        ck_assert_str_eq(peer.draft_from, "hotfixd <hotfixd@Example.com>");
        ck_assert_str_eq(g_ptr_array_index(peer.draft_to, 1), "当直 <night@example.com>");
        ck_assert(g_str_has_prefix(peer.subject, "[緊急][至急適用] MS07-099 見本エンジンの"));
        ck_assert_str_eq(peer.message_id, ID);
        ck_assert_ptr_null(peer.in_reply_to);
        ck_assert_ptr_null(peer.reference);
        ck_assert_int_eq(peer.date_ms, 1178852645000);
        ck_assert(g_str_has_prefix(peer.text, "[緊急][至急適用] MS07-099"));
        ck_assert(g_str_has_prefix(peer.html, "<!DOCTYPE html>"));
        ck_assert_uint_eq(peer.extra->len % 2, 0);
        ck_assert_str_eq(header(&peer, "Auto-Submitted"), "auto-generated");
        ck_assert_str_eq(header(&peer, "List-Id"), "<ops.hotfixd.example.com>");
        ck_assert_str_eq(header(&peer, "Importance"), "high");
        ck_assert_str_eq(header(&peer, "X-Hotfixd-Action"), "new");
        ck_assert_str_eq(header(&peer, "X-Hotfixd-Bulletin"), "MS07-099");
        ck_assert_str_eq(header(&peer, "X-Hotfixd-Route"), "ops");
        ck_assert_str_eq(header(&peer, "X-Hotfixd-Delivery"), FAKE_IDENTITY);
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
        message_free(m);
}
END_TEST

/* What follows on the same bulletin answers its first mail. */
START_TEST(threads)
{
        struct channel *channel = email();
        struct fake_peer peer = { .status = 250 };
        struct delivery_report report = fake_send(&peer, channel, FAKE_THREAD, "{\"subject\":\"s\",\"text\":\"t\",\"html\":\"\"}");
        ck_assert_str_eq(peer.message_id, ID);
        ck_assert_str_eq(peer.in_reply_to, THREAD_ID);
        ck_assert_str_eq(peer.reference, THREAD_ID);
        ck_assert_ptr_null(peer.html);
        ck_assert_str_eq(header(&peer, "Importance"), "(none)");
        ck_assert_str_eq(header(&peer, "List-Id"), "<hotfixd.example.com>");
        delivery_report_clear(&report);
        report = fake_send(&peer, channel, FAKE_IDENTITY, "{\"html\":\"x\"}"); /* the first one is no answer to itself */
        ck_assert_ptr_null(peer.in_reply_to);
        ck_assert_str_eq(peer.subject, "hotfixd");
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

START_TEST(subjects)
{
        static const struct { enum route_action action; const char *prefix; bool urgent; } rows[] = {
                { ACTION_NEW, "[緊急][至急適用] MS07-099 ", true },
                { ACTION_RAISED, "[緊急][至急適用] MS07-099 ", true },
                { ACTION_UPDATED, "Updated: [緊急][至急適用] MS07-099 ", false },
                { ACTION_LOWERED, "Lowered: [緊急][至急適用] MS07-099 ", false },
        };
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, rows[_i].action);
        struct channel *channel = email();
        g_autofree char *payload = channel_render(channel, m);
        json_t *json = fake_parse(payload);
        ck_assert(g_str_has_prefix(json_string_value(json_object_get(json, "subject")), rows[_i].prefix));
        ck_assert(json_is_true(json_object_get(json, "urgent")) == rows[_i].urgent);
        json_decref(json);
        channel_free(channel);
        message_free(m);
}
END_TEST

static void assert_one_line(const char *text)
{
        ck_assert_msg(!text || !strpbrk(text, "\r\n"), "a line end in: %s", text);
}

/* Whatever stands in the payload or the bulletin, no header gets a line end. */
START_TEST(no_header_is_injected)
{
        static const char *const payload =
                "{\"subject\":\"a\\r\\nBcc: x@example.com\",\"route\":\"o\\nps\",\"action\":\"new\\rX: y\","
                "\"bulletin\":\"MS\\r\\n\\r\\nbody\",\"text\":\"t\",\"html\":\"h\",\"lead\":17}";
        struct channel *channel = email();
        g_free(channel->from);
        channel->from = g_strdup("a\r\nX: y <b@exa mple.com>\r\nBcc: z@example.com");
        g_ptr_array_add(channel->to, g_strdup("c@example.com\r\nBcc: d@example.com"));
        struct fake_peer peer = { .status = 250 };
        struct delivery_report report = fake_send(&peer, channel, "x\r\ny", payload);
        ck_assert_int_eq(report.result, RESULT_SENT);
        ck_assert_str_eq(peer.subject, "a Bcc: x@example.com");
        ck_assert_str_eq(peer.message_id, "00112233445566778899aabbccddeeff.hotfixd@localhost");
        ck_assert_str_eq(peer.in_reply_to, "xy.hotfixd@localhost");
        const char *const single[] = { peer.draft_from, peer.from, peer.subject, peer.message_id, peer.in_reply_to };
        for (size_t i = 0; i < G_N_ELEMENTS(single); i++)
                assert_one_line(single[i]);
        GPtrArray *const lists[] = { peer.extra, peer.to, peer.draft_to };
        for (size_t l = 0; l < G_N_ELEMENTS(lists); l++)
                for (guint i = 0; i < lists[l]->len; i++)
                        assert_one_line(g_ptr_array_index(lists[l], i));
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

static const struct answer_row {
        int code, write_code;
        long status;
        const char *text;
        enum delivery_result result;
        const char *answer;
} answers[] = {
        { 0, 0, 250, "250 2.0.0 Ok", RESULT_SENT, "250 2.0.0 Ok" },
        { 0, 0, 250, "2.0.0 Ok", RESULT_SENT, "250 2.0.0 Ok" },
        { 0, 0, 250, NULL, RESULT_SENT, "250" },
        { 0, 0, 421, "421 shutting down", RESULT_TRY_AGAIN, "421 shutting down" },
        { 0, 0, 451, "451 4.7.1 greylisted", RESULT_TRY_AGAIN, "451 4.7.1 greylisted" },
        { 0, 0, 452, "452 disk full", RESULT_TRY_AGAIN, "452 disk full" },
        { 0, 0, 550, "550 5.1.1 no such user", RESULT_REFUSED, "550 5.1.1 no such user" },
        { 0, 0, 552, "552 too big", RESULT_REFUSED, "552 too big" },
        { 0, 0, 554, "554 5.7.1 rejected", RESULT_REFUSED, "554 5.7.1 rejected" },
        { 0, 0, 530, "530 5.7.0 authentication required", RESULT_TRY_AGAIN, "530 5.7.0 authentication required" },
        { 0, 0, 535, "535 5.7.8 bad credentials", RESULT_TRY_AGAIN, "535 5.7.8 bad credentials" },
        { 0, 0, 0, NULL, RESULT_TRY_AGAIN, "0" },
        { 0, 0, 354, "354 go on", RESULT_TRY_AGAIN, "354 go on" },
        { -ERR_CONNECTION, 0, 0, NULL, RESULT_TRY_AGAIN, "it failed" },
        { -ERR_AUTH, 0, 0, NULL, RESULT_TRY_AGAIN, "it failed" },
        { -ERR_CANCELLED, 0, 0, NULL, RESULT_CANCELLED, "it failed" },
        { 0, -ERR_MALFORMED, 0, NULL, RESULT_REFUSED, "the mail cannot be written: it cannot be written" },
        { 0, -12, 0, NULL, RESULT_TRY_AGAIN, "it cannot be written" },
        /* the password, as it is and as SASL sends it: base64 of "\0sender\0pass word" and of "pass word" */
        { 0, 0, 535, "535 no: pass word", RESULT_TRY_AGAIN, "535 no: [secret]" },
        { 0, 0, 501, "501 what is AUTH PLAIN AHNlbmRlcgBwYXNzIHdvcmQ=", RESULT_REFUSED, "501 what is AUTH PLAIN [secret]" },
        { 0, 0, 501, "501 what is cGFzcyB3b3Jk", RESULT_REFUSED, "501 what is [secret]" },
};

START_TEST(answers_mean)
{
        const struct answer_row *row = &answers[_i];
        struct channel *channel = email();
        struct fake_peer peer = { .code = row->code, .write_code = row->write_code, .status = row->status, .body = row->text };
        struct delivery_report report = fake_send(&peer, channel, NULL, "{\"subject\":\"s\",\"text\":\"t\",\"html\":\"h\"}");
        ck_assert_str_eq(report.answer, row->answer);
        ck_assert_int_eq(report.result, row->result);
        ck_assert_uint_eq(peer.calls, row->write_code == 0);
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

START_TEST(without_a_server)
{
        struct channel *channel = channel_new("m", CHANNEL_EMAIL);
        struct fake_peer peer = { .status = 250 };
        struct delivery_report report = fake_send(&peer, channel, NULL, "{\"html\":\"x\"}");
        ck_assert_int_eq(report.result, RESULT_TRY_AGAIN);
        ck_assert_uint_eq(peer.calls, 0);
        delivery_report_clear(&report);
        channel_free(channel);
}
END_TEST

/* Sends with what earlier tries have left. */
static struct delivery_report send_again(struct fake_peer *peer, const struct channel *channel, const char *memo,
                                         const char *thread_memo, const char *payload)
{
        fake_clear(peer);
        peer->calls = 0;
        struct notify_transport transport = { .context = peer, .smtp_send = fake_smtp_send, .mail_write = fake_mail_write,
                                              .original_read = fake_original_read, .csaf_read = fake_csaf_read };
        struct delivery_request request = { .identity = FAKE_IDENTITY, .thread = FAKE_THREAD, .payload = payload,
                                            .created_ms = 1178852645000, .memo = memo, .thread_memo = thread_memo };
        struct delivery_report report;
        channel_send(channel, &transport, &request, &report);
        return report;
}

#define PLAIN_PAYLOAD "{\"subject\":\"s\",\"text\":\"t\",\"html\":\"\"}"
#define A "admin@example.com"
#define N "night@example.com"

/* The whole mail's status, each recipient's, and what that means. */
static const struct partial_row {
        long status, first, second;
        enum delivery_result result;
        const char *answer;
        const char *left; /* who gets the next try; NULL: there is none */
} partials[] = {
        { 250, 250, 250, RESULT_SENT, "250 x", NULL },
        { 250, 250, 550, RESULT_REFUSED, "1 of 2 recipients has it: 250 x; refused: " N " (550 x)", N },
        { 250, 450, 250, RESULT_TRY_AGAIN, "1 of 2 recipients has it: 250 x; to be tried again: " A " (450 x)", A },
        { 550, 450, 550, RESULT_TRY_AGAIN, "0 of 2 recipients have it; refused: " N " (550 x); to be tried again: " A " (450 x)",
          A },
        { 550, 550, 550, RESULT_REFUSED, "0 of 2 recipients have it; refused: " A " (550 x), " N " (550 x)", A "," N },
        { 451, 250, 550, RESULT_TRY_AGAIN, "0 of 2 recipients have it; refused: " N " (550 x); to be tried again: " A " (451 x)",
          A },
        { 554, 250, 250, RESULT_REFUSED, "554 x", A "," N },
        { 554, 250, 451, RESULT_TRY_AGAIN, "0 of 2 recipients have it; refused: " A " (554 x); to be tried again: " N " (451 x)",
          N },
        { 250, 530, 250, RESULT_TRY_AGAIN, "1 of 2 recipients has it: 250 x; to be tried again: " A " (530 x)", A },
        { 250, 0, 250, RESULT_SENT, "250 x", NULL },
};

static void expect_recipients(const struct fake_peer *peer, const char *list)
{
        g_autofree char *joined = g_strdup("");
        for (guint i = 0; peer->to && i < peer->to->len; i++) {
                char *longer = g_strconcat(joined, i ? "," : "", (char *) g_ptr_array_index(peer->to, i), NULL);
                g_free(joined);
                joined = longer;
        }
        ck_assert_str_eq(joined, list);
}

START_TEST(recipients_fare_differently)
{
        const struct partial_row *row = &partials[_i];
        const struct smtp_reply replies[] = { { row->first, (char *) "x" }, { row->second, (char *) "x" } };
        struct channel *channel = email();
        struct fake_peer peer = { .status = row->status, .body = "x", .replies = replies };
        struct delivery_report report = send_again(&peer, channel, NULL, NULL, PLAIN_PAYLOAD);
        ck_assert_str_eq(report.answer, row->answer);
        ck_assert_int_eq(report.result, row->result);
        ck_assert_ptr_nonnull(report.memo ? report.memo : row->result == RESULT_TRY_AGAIN ? "" : NULL);
        g_autofree char *memo = g_steal_pointer(&report.memo);
        delivery_report_clear(&report);
        /* The next try, by the clock or by hand. */
        struct fake_peer good = { .status = 250, .body = "250 ok" };
        report = send_again(&good, channel, memo, NULL, PLAIN_PAYLOAD);
        if (row->left) {
                expect_recipients(&good, row->left);
                ck_assert_uint_eq(good.draft_to->len, 2); /* the head names everybody */
                ck_assert_int_eq(report.result, row->result == RESULT_TRY_AGAIN && strstr(row->answer, "refused") ?
                                 RESULT_REFUSED : RESULT_SENT);
        } else {
                ck_assert_uint_eq(good.calls, 0);
                ck_assert_int_eq(report.result, RESULT_SENT);
        }
        delivery_report_clear(&report);
        fake_clear(&peer);
        fake_clear(&good);
        channel_free(channel);
}
END_TEST

START_TEST(a_lost_answer_is_unclear)
{
        static const struct smtp_reply replies[] = { { 250, (char *) "250 ok" }, { 550, (char *) "550 no" } };
        static const struct { int failure; bool unclear; enum delivery_result result; } rows[] = {
                { -ERR_TIMEOUT, true, RESULT_TRY_AGAIN }, { -ERR_CONNECTION, false, RESULT_TRY_AGAIN },
                { -ERR_CANCELLED, true, RESULT_CANCELLED },
        };
        struct channel *channel = email();
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                struct fake_peer peer = { .body = "m:25: it broke", .replies = replies, .failure = rows[i].failure,
                                          .begun = rows[i].unclear };
                struct delivery_report report = send_again(&peer, channel, NULL, NULL, PLAIN_PAYLOAD);
                ck_assert_int_eq(report.result, rows[i].result);
                ck_assert(report.unclear == rows[i].unclear);
                ck_assert_str_eq(report.answer, "0 of 2 recipients have it; refused: " N " (550 no); to be tried again: " A
                                                " (m:25: it broke)");
                ck_assert_ptr_nonnull(strstr(report.memo, "\"refused\":{\"" N "\":\"550 no\"}"));
                delivery_report_clear(&report);
                fake_clear(&peer);
        }
        g_ptr_array_set_size(channel->to, 1);
        struct fake_peer peer = { .body = "m:25: it broke", .replies = replies, .failure = -ERR_TIMEOUT, .begun = true };
        struct delivery_report report = send_again(&peer, channel, NULL, NULL, PLAIN_PAYLOAD);
        ck_assert_str_eq(report.answer, "m:25: it broke; the mail may have arrived");
        ck_assert_ptr_null(report.memo);
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

/* A memo is stored data: whatever is in it, nothing breaks, and nobody is forgotten. */
START_TEST(damaged_memos)
{
        static const char *const memos[] = {
                "", "[]", "17", "{", "{\"done\":17,\"refused\":[]}", "{\"done\":[1,null,{}],\"refused\":{\"" A "\":1}}",
                "{\"done\":[\"admin\",\"@\",\"\"],\"message_id\":\"a b@c\"}", "{\"message_id\":\"<x@y>\"}",
                "{\"message_id\":\"x\\r\\ny@z\"}",
        };
        struct channel *channel = email();
        for (size_t i = 0; i < G_N_ELEMENTS(memos); i++) {
                struct fake_peer peer = { .status = 250, .body = "250 ok" };
                struct delivery_report report = send_again(&peer, channel, memos[i], memos[i], PLAIN_PAYLOAD);
                ck_assert_int_eq(report.result, RESULT_SENT);
                expect_recipients(&peer, A "," N);
                ck_assert_str_eq(peer.message_id, ID);
                ck_assert_str_eq(peer.in_reply_to, THREAD_ID);
                ck_assert_ptr_nonnull(strstr(report.memo, "\"" A "\",\"" N "\"],\"refused\":{},\"bare\":false,"
                                                          "\"message_id\":\"" ID "\",\"date_ms\":1178852645000}"));
                delivery_report_clear(&report);
                fake_clear(&peer);
        }
        channel_free(channel);
}
END_TEST

/* The sender's address may change between two tries, and between the mails of one thread: the ids stay. */
START_TEST(ids_outlive_a_change_of_the_sender)
{
        struct channel *channel = email();
        g_free(channel->from);
        channel->from = g_strdup("alerts@new.example");
        struct fake_peer peer = { .status = 250, .body = "250 ok" };
        struct delivery_report report = send_again(&peer, channel,
                                                   "{\"done\":[\"ADMIN@example.com\",\"admin@EXAMPLE.com\"],"
                                                   "\"message_id\":\"" ID "\",\"date_ms\":1178000000000}",
                                                   "{\"message_id\":\"" THREAD_ID "\"}", PLAIN_PAYLOAD);
        ck_assert_str_eq(peer.message_id, ID);
        ck_assert_str_eq(peer.in_reply_to, THREAD_ID);
        ck_assert_str_eq(peer.reference, THREAD_ID);
        expect_recipients(&peer, N); /* the domain's case means nothing */
        ck_assert_int_eq(peer.date_ms, 1178000000000);
        delivery_report_clear(&report);
        /* The same address written twice gets one mail. */
        g_ptr_array_add(channel->to, g_strdup("Night <night@EXAMPLE.COM>"));
        report = send_again(&peer, channel, NULL, NULL, PLAIN_PAYLOAD);
        expect_recipients(&peer, A "," N);
        ck_assert_int_eq(report.result, RESULT_SENT);
        ck_assert_str_eq(report.answer, "250 ok");
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

#define MAIL_PAYLOAD                                                                                                   \
        "{\"subject\":\"s\",\"text\":\"t\\n\\n-- \\nwhy\\n\",\"html\":\"<body>h</body></html>\","                                   \
        "\"bulletin\":\"MS07-099\",\"mail\":12}"

static const char *attached(const struct fake_peer *peer, guint i)
{
        return i < peer->attachments->len ? g_ptr_array_index(peer->attachments, i) : "(none)";
}

START_TEST(attachments)
{
        struct channel *channel = email();
        struct fake_peer peer = { .status = 250, .body = "250 ok", .original = "the original", .csaf = "{}" };
        struct delivery_report report = send_again(&peer, channel, NULL, NULL, MAIL_PAYLOAD);
        ck_assert_uint_eq(peer.attachments->len, 0); /* only where it is asked for */
        delivery_report_clear(&report);
        channel->attach_original = channel->attach_csaf = true;
        report = send_again(&peer, channel, NULL, NULL, MAIL_PAYLOAD);
        static const char *const expected[] = { "message/rfc822", "ms07-099.eml", "the original",
                                                "application/json", "ms07-099.json", "{}", "(none)" };
        for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
                ck_assert_str_eq(attached(&peer, i), expected[i]);
        ck_assert_str_eq(peer.text, "t\n\n-- \nwhy\n");
        delivery_report_clear(&report);
        /* What is missing keeps nobody from getting the mail, and is told. */
        peer.original = NULL;
        report = send_again(&peer, channel, NULL, NULL, MAIL_PAYLOAD);
        ck_assert_int_eq(report.result, RESULT_SENT);
        ck_assert_str_eq(attached(&peer, 1), "ms07-099.json");
        ck_assert_str_eq(peer.text, "t\n\nThe original mail is not attached: there is none on record.\n\n-- \nwhy\n");
        ck_assert_ptr_nonnull(strstr(peer.html, "The original mail is not attached: there is none on record.\n</p>\n</body>"));
        delivery_report_clear(&report);
        peer.error = "the database is <busy>";
        report = send_again(&peer, channel, NULL, NULL, MAIL_PAYLOAD);
        ck_assert_uint_eq(peer.attachments->len, 0);
        ck_assert_ptr_nonnull(strstr(peer.text, "The CSAF document is not attached: the database is <busy>.\n"));
        ck_assert_ptr_nonnull(strstr(peer.html, "the database is &lt;busy&gt;."));
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

START_TEST(a_large_original_is_not_attached)
{
        struct channel *channel = email();
        channel->attach_original = true;
        g_autofree char *large = g_strnfill(LIMIT_ATTACHMENT_BYTES + 1, 'x');
        struct fake_peer peer = { .status = 250, .body = "250 ok", .original = large };
        struct delivery_report report = send_again(&peer, channel, NULL, NULL, MAIL_PAYLOAD);
        ck_assert_uint_eq(peer.attachments->len, 0);
        ck_assert_ptr_nonnull(strstr(peer.text, "it has 10485761 bytes, more than"));
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

/* A mail refused with its attachments goes without them, at once and at each later try. */
START_TEST(a_refusal_may_lie_in_the_attachments)
{
        static const struct smtp_reply good[] = { { 250, (char *) "250 ok" }, { 250, (char *) "250 ok" } },
                                       bad[] = { { 550, (char *) "550 no" }, { 550, (char *) "550 no" } };
        static const struct { const struct smtp_reply *replies; long status; unsigned calls; } rows[] = {
                { good, 554, 2 }, { good, 552, 2 }, { NULL, 552, 2 }, { NULL, 550, 1 }, { bad, 550, 1 }, { good, 451, 1 },
        };
        struct channel *channel = email();
        channel->attach_original = true;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                static const struct smtp_answer second = { .status = 451, .text = (char *) "451 later" };
                struct fake_peer peer = { .status = rows[i].status, .body = "no", .replies = rows[i].replies,
                                          .next_answer = &second, .original = "o" };
                struct delivery_report report = send_again(&peer, channel, NULL, NULL, MAIL_PAYLOAD);
                ck_assert_uint_eq(peer.calls, rows[i].calls);
                ck_assert_uint_eq(peer.attachments->len, rows[i].calls == 2 ? 0 : 3);
                ck_assert(!strstr(peer.text, "Nothing is attached: the mail server refuses this mail") == (rows[i].calls == 1));
                if (rows[i].calls == 2) {
                        ck_assert_str_eq(report.answer, "451 later");
                        struct fake_peer later = { .status = 250, .original = "o" };
                        struct delivery_report next = send_again(&later, channel, report.memo, NULL, MAIL_PAYLOAD);
                        ck_assert_uint_eq(later.calls, 1);
                        ck_assert_uint_eq(later.attachments->len, 0);
                        ck_assert_int_eq(next.result, RESULT_SENT);
                        delivery_report_clear(&next);
                        fake_clear(&later);
                }
                delivery_report_clear(&report);
                fake_clear(&peer);
        }
        channel_free(channel);
}
END_TEST

START_TEST(the_preview)
{
        struct channel *channel = email();
        channel->attach_original = channel->attach_csaf = true;
        g_autofree char *text = channel_preview(channel, "{\"subject\":\"[緊急] x\",\"urgent\":true,\"mail\":3,\"text\":\"t\\n\"}");
        ck_assert_str_eq(text, "From: hotfixd <hotfixd@Example.com>\nTo: admin@example.com, 当直 <night@example.com>\n"
                               "Subject: [緊急] x\nImportance: high\nAttached: the original mail, the CSAF document\n\nt\n");
        channel_free(channel);
}
END_TEST

static const struct { const char *kind, *prefix; bool urgent, mail; } kinds[] = {
        { "escalated", "Escalated: [緊急]", true, true }, { "reminder", "Reminder: [緊急]", true, false },
        { "overdue", "Overdue: [緊急]", true, true },     { "updated", "Updated: [緊急]", false, true },
        { "new", "[緊急]", true, true },
};

/* What other kinds of message look like, with how to acknowledge. */
START_TEST(kinds_of_message)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_NEW);
        g_free(m->kind);
        m->kind = g_strdup(kinds[_i].kind);
        m->mail_id = 12;
        m->footer = g_strdup("To acknowledge: hotfixctl ack MS07-099 <x>");
        struct channel *channel = email();
        g_autofree char *payload = channel_render(channel, m);
        json_t *json = fake_parse(payload);
        ck_assert(g_str_has_prefix(json_string_value(json_object_get(json, "subject")), kinds[_i].prefix));
        ck_assert(json_is_true(json_object_get(json, "urgent")) == kinds[_i].urgent);
        ck_assert_int_eq(json_integer_value(json_object_get(json, "mail")), kinds[_i].mail ? 12 : 0);
        ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(json, "text")),
                                     "\n\nTo acknowledge: hotfixctl ack MS07-099 <x>\n\n"));
        ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(json, "html")),
                                     ">To acknowledge: hotfixctl ack MS07-099 &lt;x&gt;<"));
        ck_assert(!channel_wants(channel, "acknowledged") && channel_wants(channel, kinds[_i].kind));
        json_decref(json);
        channel_free(channel);
        message_free(m);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("email");
        TCase *c = tcase_create("parts");
        tcase_add_test(c, the_text_part);
        tcase_add_test(c, the_text_part_is_wrapped);
        tcase_add_test(c, the_html_part);
        tcase_add_test(c, html_of_a_hostile_bulletin);
        tcase_add_test(c, the_payload);
        tcase_add_loop_test(c, subjects, 0, 4);
        tcase_add_loop_test(c, kinds_of_message, 0, G_N_ELEMENTS(kinds));
        tcase_add_test(c, the_preview);
        suite_add_tcase(s, c);
        c = tcase_create("sending");
        tcase_add_test(c, what_is_sent);
        tcase_add_test(c, threads);
        tcase_add_test(c, no_header_is_injected);
        tcase_add_loop_test(c, answers_mean, 0, G_N_ELEMENTS(answers));
        tcase_add_test(c, without_a_server);
        tcase_add_loop_test(c, recipients_fare_differently, 0, G_N_ELEMENTS(partials));
        tcase_add_test(c, a_lost_answer_is_unclear);
        tcase_add_test(c, damaged_memos);
        tcase_add_test(c, ids_outlive_a_change_of_the_sender);
        tcase_add_test(c, attachments);
        tcase_add_test(c, a_large_original_is_not_attached);
        tcase_add_test(c, a_refusal_may_lie_in_the_attachments);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
