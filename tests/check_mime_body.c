/* SPDX-License-Identifier: MIT */
/* Parts whose header does not say what they are, or says it wrongly. */
#include <glib.h>
#include <string.h>

#include "common/limits.h"
#include "ingest/mime.h"
#include "tests/support.h"

#define HEAD "From: Desk <desk@a.example>\nSubject: s\nMIME-Version: 1.0\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nsee below\n--B\n"

static struct mime_mail *read_text(const char *text)
{
        struct mime_mail *mail = NULL;
        struct error err = ERROR_INIT;
        int r = mime_read(text, strlen(text), &mail, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        return mail;
}

static const struct mime_part *part_at(const struct mime_mail *mail, guint i)
{
        ck_assert_uint_lt(i, mail->parts->len);
        return g_ptr_array_index(mail->parts, i);
}

static bool has_warning(const struct mime_mail *mail, const char *word)
{
        for (guint i = 0; i < mail->warnings->len; i++)
                if (strstr(g_ptr_array_index(mail->warnings, i), word))
                        return true;
        return false;
}

static void expect_body(const char *encoding, const char *body, const char *text, const char *warning)
{
        g_autofree char *bytes =
                g_strconcat(HEAD "Content-Type: text/plain; charset=utf-8\n", encoding, "\n", body, NULL);
        struct mime_mail *mail = read_text(bytes);
        ck_assert_str_eq(part_at(mail, 0)->data, text);
        if (warning)
                ck_assert_msg(has_warning(mail, warning), "%s", text);
        else
                ck_assert_uint_eq(mail->warnings->len, 0);
        mime_mail_free(mail);
}

#define TEXT "対策を取ってください。\n緊急の更新です。\n対象はサーバです。\n"
#define BASE64 "5a++562W44KS5Y+W44Gj44Gm44GP44Gg44GV44GE44CCCue3iuaApeOBruabtOaWsOOBp+OBmeOA\n" \
               "ggrlr77osaHjga/jgrXjg7zjg5DjgafjgZnjgIIK\n"
#define QUOTED "=E5=AF=BE=E7=AD=96=E3=82=92=E5=8F=96=E3=81=A3=E3=81=A6=E3=81=8F=E3=81=A0=\n" \
               "=E3=81=95=E3=81=84=E3=80=82\n"

START_TEST(test_text_in_another_encoding_than_it_says)
{
        static const char *const none[] = { "", "Content-Transfer-Encoding: 7bit\n",
                                            "Content-Transfer-Encoding: 8bit\n",
                                            "Content-Transfer-Encoding: binary\n" };
        for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
                expect_body(none[i], BASE64, TEXT, "is not none but base64");
                expect_body(none[i], QUOTED, "対策を取ってください。\n", "is not none but quoted-printable");
        }
        expect_body("Content-Transfer-Encoding: quoted-printable\n", BASE64, TEXT, "but base64");
        expect_body("Content-Transfer-Encoding: base64\n", TEXT, TEXT, "is not base64 but none");
        expect_body("Content-Transfer-Encoding: base64\n", "Words of plain text.\nAnd more (of them).\n",
                    "Words of plain text.\nAnd more (of them).\n", "is not base64 but none");
        expect_body("Content-Transfer-Encoding: base64\n", QUOTED, "対策を取ってください。\n",
                    "is not base64 but quoted-printable");
        expect_body("Content-Transfer-Encoding: chunked\n", TEXT, TEXT, "unknown transfer encoding \"chunked\"");
}
END_TEST

START_TEST(test_text_that_only_resembles_an_encoding)
{
        expect_body("", "one=two three=E3four a=b\n", "one=two three=E3four a=b\n", NULL);
        expect_body("", "word\n", "word\n", NULL);
        expect_body("", "AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKKKLLLL\n",
                    "AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKKKLLLL\n", NULL);
        expect_body("", "shortline\nanother\nlongerlineofwordsinasingleline\n",
                    "shortline\nanother\nlongerlineofwordsinasingleline\n", NULL);
        /* A short line of Japanese in quoted-printable has nothing but digits, letters and "=". */
        expect_body("Content-Transfer-Encoding: quoted-printable\n",
                    "=E5=AF=BE=E7=AD=96=E3=82=92=E5=8F=96=E3=81=A3=E3=81=A6=E3=81=8F=E3=81=A0x\n", "対策を取ってくだx\n",
                    NULL);
        expect_body("Content-Transfer-Encoding: quoted-printable\n",
                    "abc=E5=AF=BEd=E7=AD=96=E3=82=92=E5=8F=96=E3=81=A3x\n", "abc対d策を取っx\n", NULL);
        /* Some values that look like bytes above 0x7F, among others that do not. */
        expect_body("", "a=E1 a=E2 a=E3 a=E4 a=E5 a=E6 a=E7 a=E8 n=ok n=no n=in\n",
                    "a=E1 a=E2 a=E3 a=E4 a=E5 a=E6 a=E7 a=E8 n=ok n=no n=in\n", NULL);
        /* One wrong character in a line makes no text of base64. */
        expect_body("Content-Transfer-Encoding: base64\n", "5a++562W44KS5Y+W44Gj44Gm44GP44Gg44GV44GE44CC!\n",
                    "対策を取ってください。", "do not belong");
        expect_body("Content-Transfer-Encoding: base64\n", "d29y\nZA==\n-- \na list: http://lists.a.example/\n", "word",
                    "do not belong");
}
END_TEST

#define UU_HTML "begin 644 page.html\n#/'`^\n`\nend\n" /* "<p>" */
#define UU_TEXT "begin 644 =?utf-8?B?57eK5oClLnR4dA==?=\n#86)C\n`\nend\n" /* "abc" */

START_TEST(test_uuencoded_files_in_text)
{
        struct mime_mail *mail =
                read_text(HEAD "Content-Type: text/plain\n\nbefore\n" UU_HTML "between\n" UU_TEXT "after\n");
        ck_assert_uint_eq(mail->parts->len, 3);
        ck_assert_str_eq(part_at(mail, 0)->data, "before\nbetween\nafter\n");
        ck_assert_str_eq(part_at(mail, 1)->type, "text/html");
        ck_assert_str_eq(part_at(mail, 1)->data, "<p>");
        ck_assert(part_at(mail, 1)->attachment);
        ck_assert_str_eq(part_at(mail, 2)->type, "text/plain");
        ck_assert_str_eq(part_at(mail, 2)->filename, "緊急.txt");
        ck_assert_str_eq(part_at(mail, 2)->data, "abc");
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_words_that_only_begin_like_a_file)
{
        static const char *const texts[] = { "begin 644 days ago\nwe said so\nend\n", "begin with this\nend\n",
                                             "begin 9999 x\n#86)C\n`\nend\n",       "begin 644\n#86)C\nend\n",
                                             "begin 644 x\nend\n",                  "begin 644 x\n",
                                             "begin 644 SHEETS\nMEETING AT NOON\nBRING PAPERS\nend\n",
                                             "begin 644 x\n#86)C\nand words again\n" };
        g_autofree char *name = g_strnfill(300, 'n'), *long_name = g_strdup_printf("begin 644 %s\n#86)C\n`\nend\n", name);
        expect_body("", long_name, long_name, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                expect_body("", texts[i], texts[i], NULL);
}
END_TEST

static void expect_second(const char *head, const char *body, const char *type, const char *data, int message)
{
        g_autofree char *text = g_strconcat(MIXED, head, "\n", body, "\n--B--\n", NULL);
        struct mime_mail *mail = read_text(text);
        ck_assert_uint_eq(mail->parts->len, 2);
        ck_assert_str_eq(part_at(mail, 1)->type, type);
        ck_assert_str_eq(part_at(mail, 1)->data, data);
        ck_assert_int_eq(part_at(mail, 1)->message, message);
        mime_mail_free(mail);
}

#define OCTETS "Content-Type: application/octet-stream"

START_TEST(test_bytes_of_no_type)
{
        expect_second(OCTETS "\n", "From: a@b.example\nSubject: x\n\ninner", "text/plain", "inner", 1);
        expect_second(OCTETS "\n", "<html><body>x", "text/html", "<html><body>x", 0);
        expect_second(OCTETS "; name=bulletin\n", "緊急の更新", "text/plain", "緊急の更新", 0);
        expect_second(OCTETS "; name=f.exe\n", "MZ words", "application/octet-stream", "MZ words", 0);
        expect_second(OCTETS "\n", "\x01\x02\x03\x04", "application/octet-stream", "\x01\x02\x03\x04", 0);
        expect_second("Content-Type: text/plain; name=a.eml\n", "From: a@b.example\n\ninner", "text/plain", "inner", 1);
        expect_second("Content-Type: text/plain; name=a.eml\n", "no mail", "text/plain", "no mail", 0);
        expect_second("Content-Type: application/x-mimearchive; name=a.mht\n",
                      "From: <Saved by x>\nContent-Type: text/html\n\n<p>x", "text/html", "<p>x", 1);
        expect_second("Content-Type: application/x-foo; name=a.htm\n", "<p>x", "text/html", "<p>x", 0);
        expect_second("Content-Type: text/enriched\n", "<bold>x</bold>", "text/plain", "<bold>x</bold>", 0);
        expect_second("Content-Type: text/css\n", "b { }", "text/css", "b { }", 0);
        expect_second("Content-Type: message/partial; id=x; number=1; total=2\n", "Subject: x\n\ninner", "text/plain",
                      "inner", 1);
        expect_second("Content-Type: =?utf-8?Q?text/html?=\n", "x", "text/plain", "x", 0);
}
END_TEST

START_TEST(test_uuencoded_files_count_as_parts)
{
        g_autoptr(GString) text = g_string_new(HEAD "\n");
        for (unsigned i = 0; i < LIMIT_MIME_PARTS; i++)
                g_string_append(text, UU_TEXT);
        struct mime_mail *mail = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mime_read(text->str, text->len, &mail, &err), -ERR_LIMIT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "LIMIT_MIME_PARTS"));
        error_clear(&err);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mime_body");
        TCase *tcase = tcase_create("body");
        tcase_add_test(tcase, test_text_in_another_encoding_than_it_says);
        tcase_add_test(tcase, test_text_that_only_resembles_an_encoding);
        tcase_add_test(tcase, test_uuencoded_files_in_text);
        tcase_add_test(tcase, test_words_that_only_begin_like_a_file);
        tcase_add_test(tcase, test_bytes_of_no_type);
        tcase_add_test(tcase, test_uuencoded_files_count_as_parts);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        mime_prepare();
        return support_run(suite());
}
