/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/bulletin_json.h"
#include "common/digest.h"
#include "common/limits.h"
#include "ingest/reader.h"
#include "ingest/reader_p.h"
#include "tests/support.h"

/* A bulletin of our own in rendering L; the chosen severity is the option that is not indented. */
static char *make_lines(int severity, const char *urgency)
{
        static const char *const options[] = { "1(緊急)", "2(重要)", "3(警告)", "4(注意)" };
        GString *out = g_string_new("HotFix Alert:2007/06/13版\n\n【登録日】2007/06/13\n【更新日】2007/06/14\n\n深刻度\n");
        for (int i = 0; i < 4; i++)
                g_string_append_printf(out, "%s%s\n", i + 1 == severity ? "" : "  ", options[i]);
        g_string_append_printf(out, "攻撃コードの有無\nなし\n対策\n%s\n再起動の必要性\n必要\nアンインストール\n可能\n", urgency);
        g_string_append_printf(out,
                               "対象環境\nサーバ\n  クライアント\nセキュリティ情報\nMS07-099(日本)\nサポート技術情報\n"
                               "含まれる過去の修正\nなし\n脆弱性識別番号\nCVE-2007-9999\nMS07-099/999001\n"
                               "試験用部品の不具合により、停止する危険性\n(試験用部品の脆弱性により、停止する)\n\n"
                               "対応の緊急性:%s [攻撃コード未公開][攻撃事例なし]\n\n概要\n\n 試験のための文章である。\n",
                               urgency);
        return g_string_free(out, FALSE);
}

/* The same in rendering H. */
static char *make_html(int severity, const char *urgency)
{
        static const char *const options[] = { "1(緊急)", "2(重要)", "3(警告)", "4(注意)" };
        GString *out = g_string_new("<html><body><p>HotFix Alert:2007/06/13版</p><p>【登録日】2007/06/13<br>"
                                    "【更新日】2007/06/14</p><table><tr><td>深刻度</td><td><table>");
        for (int i = 0; i < 4; i++)
                g_string_append_printf(out, "<tr><td>%s</td><td>%s</td></tr>", i + 1 == severity ? "→" : "&nbsp;",
                                       options[i]);
        g_string_append_printf(out,
                               "</table></td></tr><tr><td>攻撃コードの有無</td><td>なし</td></tr><tr><td>対策</td><td>%s</td></tr>"
                               "<tr><td>再起動の必要性</td><td>必要</td></tr><tr><td>アンインストール</td><td>可能</td></tr>"
                               "<tr><td>対象環境</td><td><table><tr><td>→</td><td>サーバ</td></tr><tr><td></td><td>クライアント"
                               "</td></tr></table></td></tr><tr><td>セキュリティ情報</td><td>MS07-099(日本)</td></tr>"
                               "<tr><td>サポート技術情報</td><td></td></tr><tr><td>含まれる過去の修正</td><td>なし</td></tr>"
                               "<tr><td>脆弱性識別番号</td><td>CVE-2007-9999</td></tr></table><p>MS07-099/999001</p>"
                               "<p>試験用部品の不具合により、停止する危険性</p><p>(試験用部品の脆弱性により、停止する)</p>"
                               "<p>対応の緊急性:%s [攻撃コード未公開][攻撃事例なし]</p><h2>概要</h2><p>試験のための文章である。"
                               "</p></body></html>",
                               urgency, urgency);
        return g_string_free(out, FALSE);
}

static const char mail_head[] = "From: =?ISO-2022-JP?B?GyRCO24ITTbICG0bKEI=?= <feed@example.jp>\r\n"
                                "Message-ID: <one@example.jp>\r\nDate: Thu, 14 Jun 2007 12:04:05 +0900 (JST)\r\n"
                                "Subject: =?utf-8?B?44OG44K544OI?=\r\nMIME-Version: 1.0\r\n";

static struct reader_result read_text(const char *text, enum reader_form form)
{
        struct reader_result result;
        reader_read(text, strlen(text), form, &result);
        return result;
}

static struct reader_result read_mail_with(const char *headers, const char *body)
{
        g_autofree char *mail = g_strconcat(mail_head, headers, "\r\n", body, NULL);
        return read_text(mail, READER_MAIL);
}

static const struct choice *field(const struct reader_result *result, enum bulletin_field number)
{
        ck_assert_ptr_nonnull(result->bulletin);
        return &result->bulletin->fields[number];
}

static bool has_warning(const struct reader_result *result, const char *part)
{
        for (guint i = 0; i < result->bulletin->warnings->len; i++)
                if (strstr(g_ptr_array_index(result->bulletin->warnings, i), part))
                        return true;
        return false;
}

static void check_recognised(const struct reader_result *result, int severity, int urgency)
{
        ck_assert_int_eq(result->outcome, READER_RECOGNISED);
        ck_assert_ptr_null(result->reason);
        ck_assert_str_eq(result->bulletin->feed, "hotfix-report");
        ck_assert_int_eq(result->bulletin->kind, BULLETIN_ALERT);
        ck_assert_str_eq(result->bulletin->id, "MS07-099");
        ck_assert_str_eq(result->archive_name, "alert/2007/ms07-099");
        ck_assert_int_eq(field(result, FIELD_SEVERITY)->value, severity);
        ck_assert_int_eq(field(result, FIELD_URGENCY)->value, urgency);
        ck_assert(g_utf8_validate(result->text, -1, NULL));
        ck_assert_ptr_nonnull(strstr(result->text, "MS07-099/999001"));
        /* what the worker sends must be accepted at the other end */
        struct bulletin *copy = NULL;
        g_autofree char *json = bulletin_to_text(result->bulletin);
        ck_assert_int_eq(bulletin_from_text(json, strlen(json), &copy, NULL), 0);
        bulletin_free(copy);
}

START_TEST(test_plain_mail)
{
        g_autofree char *text = make_lines(2, "早期適用");
        struct reader_result result = read_mail_with("Content-Type: text/plain; charset=utf-8\r\n", text);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        const struct mail_info *mail = &result.bulletin->mail;
        ck_assert_str_eq(mail->message_id, "one@example.jp");
        ck_assert_str_eq(mail->subject, "テスト");
        ck_assert_str_eq(mail->date, "2007-06-14T12:04:05+09:00");
        ck_assert_ptr_nonnull(strstr(mail->from, "<feed@example.jp>"));
        ck_assert_uint_eq(mail->charsets->len, 1);
        const struct charset_use *use = g_ptr_array_index(mail->charsets, 0);
        ck_assert_str_eq(use->declared, "utf-8");
        ck_assert_str_eq(use->used, "utf-8");
        ck_assert(!use->repaired);
        g_autofree char *whole = g_strconcat(mail_head, "Content-Type: text/plain; charset=utf-8\r\n\r\n", text, NULL);
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256(whole, strlen(whole), digest);
        ck_assert_str_eq(mail->sha256, digest);
        reader_result_clear(&result);
        ck_assert_ptr_null(result.bulletin);
}
END_TEST

START_TEST(test_charsets_give_the_same_bulletin)
{
        static const char *const names[] = { "ISO-2022-JP", "CP932", "EUC-JP", "UTF-8" };
        static const char *const labels[] = { "iso-2022-jp", "Shift_JIS", "euc-jp", "utf-8" };
        g_autofree char *text = make_lines(1, "至急適用");
        char first[65] = "";
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                gsize size = 0;
                g_autofree char *bytes = g_convert(text, -1, names[i], "UTF-8", NULL, &size, NULL);
                ck_assert_ptr_nonnull(bytes);
                g_autofree char *head = g_strdup_printf("%sContent-Type: text/plain; charset=\"%s\"\r\n\r\n", mail_head,
                                                        labels[i]);
                GString *mail = g_string_new(head);
                g_string_append_len(mail, bytes, (gssize) size);
                struct reader_result result;
                reader_read(mail->str, mail->len, READER_GUESS, &result);
                check_recognised(&result, SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
                char fingerprint[65];
                bulletin_fingerprint(result.bulletin, fingerprint);
                if (i == 0)
                        g_strlcpy(first, fingerprint, sizeof first);
                ck_assert_str_eq(fingerprint, first);
                reader_result_clear(&result);
                g_string_free(mail, TRUE);
        }
}
END_TEST

static struct reader_result read_alternative(const char *text, const char *html)
{
        g_autofree char *body = g_strconcat("--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", text,
                                            "\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n", html,
                                            "\r\n--b--\r\n", NULL);
        return read_mail_with("Content-Type: multipart/alternative; boundary=b\r\n", body);
}

START_TEST(test_html_of_an_alternative)
{
        g_autofree char *text = make_lines(2, "早期適用"), *html = make_html(2, "早期適用");
        struct reader_result result = read_alternative("Please read the HTML part.\r\n", html);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        ck_assert_uint_eq(result.bulletin->mail.charsets->len, 2);
        reader_result_clear(&result);
        result = read_alternative(text, "<p>see the text part</p>");
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        reader_result_clear(&result);
        result = read_alternative(text, html);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        ck_assert(!has_warning(&result, "disagree"));
        reader_result_clear(&result);
}
END_TEST

START_TEST(test_more_severe_of_two_parts_is_kept)
{
        g_autofree char *text = make_lines(1, "早期適用"), *html = make_html(3, "早期適用");
        struct reader_result result = read_alternative(text, html);
        check_recognised(&result, SEVERITY_CRITICAL, URGENCY_EARLY);
        ck_assert(has_warning(&result, "disagree in severity (moderate and critical)"));
        reader_result_clear(&result);
        g_autofree char *late = make_lines(3, "適用の検討");
        result = read_alternative(late, html);
        check_recognised(&result, SEVERITY_MODERATE, URGENCY_EARLY);
        ck_assert(has_warning(&result, "disagree in urgency"));
        reader_result_clear(&result);
}
END_TEST

START_TEST(test_forwarded_and_attached)
{
        g_autofree char *text = make_lines(2, "早期適用"), *html = make_html(2, "早期適用");
        g_autofree char *inner = g_strconcat("--b\r\n\r\nFYI\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
                                             "Subject: inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
                                             text, "\r\n--b--\r\n", NULL);
        struct reader_result result = read_mail_with("Content-Type: multipart/mixed; boundary=b\r\n", inner);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        ck_assert_str_eq(result.bulletin->mail.subject, "テスト");
        reader_result_clear(&result);
        g_autofree char *encoded = g_base64_encode((const guchar *) html, strlen(html));
        g_autofree char *attached = g_strconcat("--b\r\n\r\nFYI\r\n--b\r\nContent-Type: application/octet-stream\r\n"
                                                "Content-Disposition: attachment; filename=\"MS07-099.HTM\"\r\n"
                                                "Content-Transfer-Encoding: base64\r\n\r\n",
                                                encoded, "\r\n--b--\r\n", NULL);
        result = read_mail_with("Content-Type: multipart/mixed; boundary=b\r\n", attached);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        reader_result_clear(&result);
}
END_TEST

START_TEST(test_quoted_and_flowed)
{
        g_autofree char *text = make_lines(2, "早期適用");
        GString *quoted = g_string_new("FYI\n\n");
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                g_string_append_printf(quoted, "> %s\n", *line);
        struct reader_result result = read_mail_with("Content-Type: text/plain; charset=utf-8; format=flowed\r\n",
                                                     quoted->str);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        reader_result_clear(&result);
        result = read_text(quoted->str, READER_GUESS);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        reader_result_clear(&result);
        g_string_free(quoted, TRUE);
}
END_TEST

START_TEST(test_plain_text_inside_html)
{
        g_autofree char *text = make_lines(2, "早期適用");
        GString *html = g_string_new("<html><body>");
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++)
                g_string_append_printf(html, "&gt; %s%s<br>\n", g_str_has_prefix(*line, "  ") ? "&nbsp;&nbsp;" : "",
                                       *line + strspn(*line, " "));
        struct reader_result result = read_text(html->str, READER_GUESS);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        reader_result_clear(&result);
        g_string_free(html, TRUE);
}
END_TEST

START_TEST(test_mislabelled_html)
{
        g_autofree char *html = make_html(2, "早期適用");
        struct reader_result result = read_mail_with("Content-Type: text/plain; charset=utf-8\r\n", html);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        reader_result_clear(&result);
        g_autofree char *below = g_strconcat("FYI\r\n\r\n", html, NULL);
        result = read_mail_with("Content-Type: text/plain; charset=utf-8\r\n", below);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        reader_result_clear(&result);
        gsize size = 0;
        g_autofree char *page = g_strconcat("<meta http-equiv=Content-Type content='text/html; charset=euc-jp'>", html,
                                            NULL);
        g_autofree char *bytes = g_convert(page, -1, "EUC-JP", "UTF-8", NULL, &size, NULL);
        reader_read(bytes, size, READER_HTML, &result);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        const struct charset_use *use = g_ptr_array_index(result.bulletin->mail.charsets, 0);
        ck_assert_str_eq(use->declared, "euc-jp");
        ck_assert_ptr_null(result.bulletin->mail.subject);
        ck_assert_ptr_nonnull(result.bulletin->mail.sha256);
        reader_result_clear(&result);
}
END_TEST

/* Who has no use for the text of a bulletin is spared it, and gets everything else as before. */
START_TEST(test_without_text)
{
        const struct reader_limits limits = { .without_text = true };
        g_autofree char *lines = make_lines(2, "早期適用"), *html = make_html(2, "早期適用");
        const char *const inputs[] = { lines, html };
        for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++) {
                struct reader_result with, without;
                reader_read_limited(inputs[i], strlen(inputs[i]), READER_GUESS, NULL, &with);
                reader_read_limited(inputs[i], strlen(inputs[i]), READER_GUESS, &limits, &without);
                ck_assert_int_eq(without.outcome, READER_RECOGNISED);
                ck_assert_str_ne(with.text, "");
                ck_assert_str_eq(without.text, "");
                g_autofree char *expected = bulletin_to_text(with.bulletin), *bulletin = bulletin_to_text(without.bulletin);
                ck_assert_str_eq(bulletin, expected);
                ck_assert_str_eq(without.archive_name, with.archive_name);
                reader_result_clear(&with);
                reader_result_clear(&without);
        }
        struct reader_result result;
        reader_read_limited("lunch at noon?", 14, READER_GUESS, &limits, &result);
        ck_assert_int_eq(result.outcome, READER_UNRECOGNISED);
        ck_assert_str_eq(result.text, "lunch at noon?\n");
        ck_assert_ptr_nonnull(strstr(result.reason, "lunch at noon?"));
        reader_result_clear(&result);
}
END_TEST

/* A tag near the start, in any case; or several line breaks. */
START_TEST(test_text_that_holds_a_page)
{
        static const char *const pages[] = { "words before <HTML>", "x<body bgcolor=a>", "<p>a<Table>", "a<br>b<BR>c<br/>d<br>e<br>f", "<p>a" };
        static const char *const texts[] = { "", "a < b", "a<br>b<br>c<br>d<br>e", "x <htm", "<", "<tabl", "x <b>" };
        for (size_t i = 0; i < G_N_ELEMENTS(pages); i++)
                ck_assert_msg(reader_holds_html(pages[i], strlen(pages[i])), "%s", pages[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                ck_assert_msg(!reader_holds_html(texts[i], strlen(texts[i])), "%s", texts[i]);
        ck_assert(!reader_holds_html("x <html", 6));
        ck_assert(!reader_holds_html("x\0<html>", 9)); /* as it would be for who reads it as a string */
        g_autofree char *words = g_strnfill(4096, 'x'), *far = g_strconcat(words, "<html>", NULL);
        ck_assert(!reader_holds_html(far, strlen(far)));
        ck_assert(reader_holds_html(far + 6, strlen(far + 6)));
}
END_TEST

START_TEST(test_unrecognised)
{
        struct reader_result result = read_mail_with("Content-Type: text/plain\r\n", "Hello,\r\nlunch at noon?\r\n");
        ck_assert_int_eq(result.outcome, READER_UNRECOGNISED);
        ck_assert_int_eq(result.bulletin->kind, BULLETIN_UNKNOWN);
        ck_assert_str_eq(result.bulletin->title, "テスト");
        ck_assert_str_eq(result.bulletin->mail.message_id, "one@example.jp");
        ck_assert_str_eq(result.text, "Hello,\nlunch at noon?\n");
        ck_assert_ptr_nonnull(strstr(result.reason, "no feed recognises"));
        ck_assert_ptr_nonnull(strstr(result.reason, "\"Hello,\""));
        ck_assert_ptr_nonnull(strstr(result.reason, "hotfix-report looks for a line \"HotFix Alert:\""));
        ck_assert_ptr_nonnull(strstr(result.reason, "[不具合情報]"));
        ck_assert_ptr_null(result.archive_name);
        ck_assert_uint_eq(result.bulletin->sections->len, 0);
        reader_result_clear(&result);
        result = read_mail_with("Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n", "iVBORw0KGgo=\r\n");
        ck_assert_int_eq(result.outcome, READER_UNRECOGNISED);
        ck_assert_str_eq(result.reason, "there is no text");
        ck_assert_str_eq(result.text, "");
        reader_result_clear(&result);
}
END_TEST

START_TEST(test_refused)
{
        GString *deep = g_string_new(NULL);
        for (unsigned i = 0; i < LIMIT_HTML_DEPTH; i++)
                g_string_append(deep, "<table><tr><td>");
        struct reader_result result = read_text(deep->str, READER_HTML);
        ck_assert_int_eq(result.outcome, READER_REFUSED);
        ck_assert_ptr_null(result.bulletin);
        ck_assert_ptr_null(result.text);
        ck_assert_ptr_nonnull(strstr(result.reason, "nested deeper than 200 (LIMIT_HTML_DEPTH)"));
        reader_result_clear(&result);
        /* beside a readable part that no feed knows, the unreadable one may have been the bulletin */
        result = read_alternative("see the HTML part", deep->str);
        ck_assert_int_eq(result.outcome, READER_REFUSED);
        reader_result_clear(&result);
        /* beside a bulletin it does not matter */
        g_autofree char *text = make_lines(2, "早期適用");
        result = read_alternative(text, deep->str);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        ck_assert(has_warning(&result, "nested deeper than 200 (LIMIT_HTML_DEPTH)"));
        reader_result_clear(&result);
        g_string_free(deep, TRUE);
}
END_TEST

START_TEST(test_bytes_that_are_no_text)
{
        unsigned char bytes[4096];
        for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = (unsigned char) ((i * 7919 + (i >> 3) * 104729) >> 2);
        struct reader_result result;
        reader_read(bytes, sizeof bytes, READER_GUESS, &result);
        ck_assert_int_eq(result.outcome, READER_REFUSED);
        ck_assert_ptr_nonnull(result.reason);
        reader_result_clear(&result);
        reader_read(NULL, 0, READER_GUESS, &result);
        ck_assert_int_eq(result.outcome, READER_UNRECOGNISED);
        ck_assert_str_eq(result.text, "");
        reader_result_clear(&result);
}
END_TEST

START_TEST(test_dates)
{
        static const struct {
                const char *field, *expected;
        } cases[] = {
                { "Thu, 14 Jun 2007 23:59:59 -0330", "2007-06-14T23:59:59-03:30" },
                { "Thu, 14 Jun 2007 12:04:05 +0000", "2007-06-14T12:04:05Z" },
                { "Thu, 14 Jun 2007 12:04:05 GMT", "2007-06-14T12:04:05Z" },
                { "yesterday", NULL },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *mail = g_strdup_printf("From: a@example.com\nDate: %s\n\nx\n", cases[i].field);
                struct reader_result result = read_text(mail, READER_GUESS);
                if (cases[i].expected)
                        ck_assert_str_eq(result.bulletin->mail.date, cases[i].expected);
                else
                        ck_assert_ptr_null(result.bulletin->mail.date);
                reader_result_clear(&result);
        }
}
END_TEST

START_TEST(test_mbox_line_is_passed_over)
{
        g_autofree char *text = make_lines(2, "早期適用");
        g_autofree char *mail = g_strconcat("\xef\xbb\xbf\r\nFrom feed@example.jp Thu Jun 14 12:04:05 2007\n",
                                            mail_head, "Content-Type: text/plain; charset=utf-8\r\n\r\n", text, NULL);
        struct reader_result result = read_text(mail, READER_GUESS);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        ck_assert_str_eq(result.bulletin->mail.message_id, "one@example.jp");
        reader_result_clear(&result);
}
END_TEST

START_TEST(test_guess)
{
        static const struct {
                const char *text;
                enum reader_form form;
        } cases[] = {
                { "From: a@b\n\nx", READER_MAIL },
                { "\xef\xbb\xbf\r\nX-Odd: 1\r\nsubject: x\r\n\r\nbody", READER_MAIL },
                { "From a@b Thu Jun 14 12:04:05 2007\nReceived: from x\n\tby y\n\nbody", READER_MAIL },
                { "Return-Path: <a@b>\nX: 1", READER_MAIL },
                { "From: a\nDate: b\nSubject: c\nno field\n", READER_MAIL },
                { "HotFix Alert:2007/05/11版\n\nFrom: x\n", READER_TEXT },
                { "Subject: a text\nthat goes on\n", READER_TEXT },
                { "対象環境:\nサーバ\n", READER_TEXT },
                { "Note: no field of mail\n\nx", READER_TEXT },
                { "http://a.example/\nFrom: x", READER_TEXT },
                { "From here on\ntext", READER_TEXT },
                { "深刻度\n|\n", READER_TEXT },
                { "", READER_TEXT },
                { "  \n<!DOCTYPE html><p>", READER_HTML },
                { "\xef\xbb\xbf<HTML>\n", READER_HTML },
                { "<table width=1>", READER_HTML },
                { "<?xml version='1.0'?><html>", READER_HTML },
                { "<!-- x --><p>", READER_HTML },
                { "<![if !supportEmptyParas]>&nbsp;<![endif]><p>", READER_HTML },
                { "<font size=2>x", READER_HTML },
                { "<http://a.example/>\n", READER_TEXT },
                { "<元のパス>\\a.dll", READER_TEXT },
                { "<p", READER_TEXT },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                ck_assert_msg(reader_guess_form(cases[i].text, strlen(cases[i].text)) == cases[i].form, "%s",
                              cases[i].text);
}
END_TEST

START_TEST(test_meta_charset)
{
        static const struct {
                const char *html, *charset;
        } cases[] = {
                { "<META HTTP-EQUIV=Content-Type CONTENT=\"text/html; charset=Shift_JIS\">", "shift_jis" },
                { "<meta name=x><meta charset='EUC-JP'>", "euc-jp" },
                { "<meta name=x>charset=no", NULL },
                { "<p>charset=no", NULL },
                { "<meta charset=", NULL },
                { "", NULL },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *found = reader_find_meta_charset(cases[i].html, strlen(cases[i].html));
                ck_assert_pstr_eq(found, cases[i].charset);
        }
}
END_TEST

START_TEST(test_seeds_are_recognised)
{
        static const char *const names[] = { "000_4146a8f84d93d999.txt", "002_2ddb15b8ef39445a.txt",
                                             "003_dd11dfca1f1cb70a.txt" };
        static const char *const ids[] = { "MS07-028", "MS07-038", "MS06-019" };
        g_autofree char *directory = support_seeds_directory();
        for (size_t i = 0; directory && i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = g_build_filename(directory, names[i], NULL);
                gsize size = 0;
                g_autofree char *text = support_read_file(path, &size);
                struct reader_result result;
                reader_read(text, size, READER_GUESS, &result);
                ck_assert_int_eq(result.outcome, READER_RECOGNISED);
                ck_assert_str_eq(result.bulletin->id, ids[i]);
                reader_result_clear(&result);
        }
}
END_TEST

/* Lines and <br>, and nothing else of HTML. */
START_TEST(test_a_page_of_breaks_in_plain_text)
{
        g_autofree char *text = make_lines(2, "早期適用");
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        g_autofree char *page = g_strjoinv("<br>", lines);
        struct reader_result result = read_mail_with("Content-Type: text/plain; charset=utf-8\r\n", page);
        ck_assert_int_eq(result.outcome, READER_RECOGNISED);
        ck_assert_str_eq(result.bulletin->id, "MS07-099");
        ck_assert_int_eq(field(&result, FIELD_URGENCY)->value, URGENCY_EARLY);
        reader_result_clear(&result);
        /* text that mentions the tag stays text */
        g_autofree char *mention = g_strconcat(text, "<br>と<br>は改行である。\n", NULL);
        result = read_mail_with("Content-Type: text/plain; charset=utf-8\r\n", mention);
        check_recognised(&result, SEVERITY_IMPORTANT, URGENCY_EARLY);
        reader_result_clear(&result);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("reader");
        TCase *c = tcase_create("reader");
        tcase_add_checked_fixture(c, reader_prepare, NULL);
        tcase_add_test(c, test_plain_mail);
        tcase_add_test(c, test_a_page_of_breaks_in_plain_text);
        tcase_add_test(c, test_charsets_give_the_same_bulletin);
        tcase_add_test(c, test_html_of_an_alternative);
        tcase_add_test(c, test_more_severe_of_two_parts_is_kept);
        tcase_add_test(c, test_forwarded_and_attached);
        tcase_add_test(c, test_quoted_and_flowed);
        tcase_add_test(c, test_plain_text_inside_html);
        tcase_add_test(c, test_mislabelled_html);
        tcase_add_test(c, test_without_text);
        tcase_add_test(c, test_text_that_holds_a_page);
        tcase_add_test(c, test_unrecognised);
        tcase_add_test(c, test_refused);
        tcase_add_test(c, test_bytes_that_are_no_text);
        tcase_add_test(c, test_dates);
        tcase_add_test(c, test_mbox_line_is_passed_over);
        tcase_add_test(c, test_guess);
        tcase_add_test(c, test_meta_charset);
        tcase_add_test(c, test_seeds_are_recognised);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
