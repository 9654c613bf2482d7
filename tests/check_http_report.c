/* SPDX-License-Identifier: MIT */
/* What the drivers that post over HTTP share: the request, the statuses, the words of refusals. */
#include <glib.h>

#include "notify/http_report.h"
#include "tests/notify_fake.h"

#define PAGES "pages.example.com/hook/s3cretTokenOfTheHook"

static struct channel *some_channel(void)
{
        struct channel *channel = channel_new("hook", CHANNEL_WEBHOOK);
        channel->url = g_strdup("https://" PAGES);
        channel->ca_file = g_strdup("/ca.pem");
        channel->insecure = true;
        return channel;
}

START_TEST(statuses)
{
        static const struct { long status; bool refusal, unclear; enum delivery_result result; } rows[] = {
                { 0, false, false, RESULT_TRY_AGAIN },   { 199, false, false, RESULT_TRY_AGAIN },
                { 200, false, false, RESULT_SENT },      { 299, false, false, RESULT_SENT },
                { 300, false, false, RESULT_TRY_AGAIN }, { 399, false, false, RESULT_TRY_AGAIN },
                { 400, true, false, RESULT_REFUSED },    { 401, true, false, RESULT_REFUSED },
                { 403, true, false, RESULT_REFUSED },    { 404, true, false, RESULT_REFUSED },
                { 407, false, false, RESULT_TRY_AGAIN }, { 408, false, false, RESULT_TRY_AGAIN },
                { 410, true, false, RESULT_REFUSED },    { 413, true, false, RESULT_REFUSED },
                { 425, false, false, RESULT_TRY_AGAIN }, { 429, false, false, RESULT_TRY_AGAIN },
                { 499, true, false, RESULT_REFUSED },    { 500, false, true, RESULT_TRY_AGAIN },
                { 503, false, true, RESULT_TRY_AGAIN },  { 599, false, true, RESULT_TRY_AGAIN },
        };
        struct channel *channel = some_channel();
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                struct http_answer answer = { .status = rows[i].status, .retry_after_ms = 4000 };
                struct delivery_report report = { .retry_after_ms = -1 };
                http_report_answer(channel, &report, &answer, NULL);
                ck_assert_msg(report.result == rows[i].result, "%ld: %s", rows[i].status, report.answer);
                ck_assert_msg(report.unclear == rows[i].unclear, "%ld", rows[i].status);
                ck_assert_int_eq(report.retry_after_ms, rows[i].result == RESULT_SENT ? -1 : 4000);
                ck_assert(http_status_is_refusal(rows[i].status) == rows[i].refusal);
                delivery_report_clear(&report);
        }
        channel_free(channel);
}
END_TEST

START_TEST(words)
{
        static const struct http_meaning meanings[] = { { "gone", "it is gone" }, { "go", "it goes" }, { NULL, NULL } };
        static const struct { long status; const char *body, *answer; } rows[] = {
                { 404, "all gone", "404 all gone: it is gone" },
                { 404, "go", "404 go: it goes" },
                { 404, "other", "404 other" },
                { 404, NULL, "404" },
                { 500, "gone", "500 gone" }, /* meanings are for refusals */
                { 200, " ok\n", "200 ok" },
                { 200, "{\"ok\":true}", "200 {\"ok\":true}" },
                { 200, "\xEF\xBB\xBF\r\n <!DOCTYPE html>", "answered 200 with a page instead of a receipt: <!DOCTYPE html>" },
                { 200, "{\"success\":false}", "answered 200 and reported a failure: {\"success\":false}" },
                { 403, "https://" PAGES " is closed", "403 [secret] is closed" },
        };
        struct channel *channel = some_channel();
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                struct http_answer answer = { .status = rows[i].status, .body = (char *) rows[i].body, .retry_after_ms = -1 };
                struct delivery_report report = { 0 };
                http_report_answer(channel, &report, &answer, meanings);
                ck_assert_str_eq(report.answer, rows[i].answer);
                delivery_report_clear(&report);
        }
        ck_assert_ptr_null(http_meaning_of(NULL, "gone"));
        channel_free(channel);
}
END_TEST

START_TEST(requests)
{
        struct channel *channel = some_channel();
        const char *const headers[] = { "X-A: b", NULL };
        struct fake_peer peer = { .status = 200, .body = "ok" };
        struct notify_transport transport = { .context = &peer, .http_post = fake_http_post };
        struct delivery_report report = { .result = RESULT_TRY_AGAIN, .retry_after_ms = -1 };
        struct http_answer answer;
        ck_assert(http_report_post(channel, &transport, "https://x/y", HTTP_JSON, "{}", headers, &answer, &report));
        ck_assert_str_eq(answer.body, "ok");
        ck_assert_ptr_null(report.answer);
        ck_assert_str_eq(peer.url, "https://x/y");
        ck_assert_str_eq(peer.content_type, "application/json; charset=utf-8");
        ck_assert_str_eq(peer.ca_file, "/ca.pem");
        ck_assert(peer.insecure);
        ck_assert_str_eq(g_ptr_array_index(peer.headers, 0), "X-A: b");
        http_answer_clear(&answer);
        static const struct { int code; bool begun; enum delivery_result result; } rows[] = {
                { -ERR_TIMEOUT, true, RESULT_TRY_AGAIN },    { -ERR_TIMEOUT, false, RESULT_TRY_AGAIN },
                { -ERR_CONNECTION, true, RESULT_TRY_AGAIN }, { -ERR_TLS, false, RESULT_TRY_AGAIN },
                { -ERR_CANCELLED, true, RESULT_CANCELLED },  { -ERR_CANCELLED, false, RESULT_CANCELLED },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                peer.code = rows[i].code;
                peer.begun = rows[i].begun;
                peer.error = "https://" PAGES " failed";
                ck_assert(!http_report_post(channel, &transport, "https://x/y", HTTP_JSON, "{}", NULL, &answer, &report));
                ck_assert_int_eq(report.result, rows[i].result);
                ck_assert(report.unclear == rows[i].begun);
                ck_assert_str_eq(report.answer, "[secret] failed");
                http_answer_clear(&answer);
        }
        delivery_report_clear(&report);
        fake_clear(&peer);
        channel_free(channel);
}
END_TEST

START_TEST(identities)
{
        static const char *const rows[][2] = {
                { "00aaFF", "00aaFF" }, { "a\r\nX-Evil: 1", "aXEvil1" }, { "", "" }, { "\xE3\x81\x82z", "z" }, { NULL, "" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *safe = http_safe_identity(rows[i][0]);
                ck_assert_str_eq(safe, rows[i][1]);
        }
        g_autofree char *endless = g_strnfill(100000, 'a'), *cut = http_safe_identity(endless);
        ck_assert_uint_eq(strlen(cut), 128);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("http_report");
        TCase *c = tcase_create("http_report");
        tcase_add_test(c, statuses);
        tcase_add_test(c, words);
        tcase_add_test(c, requests);
        tcase_add_test(c, identities);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
