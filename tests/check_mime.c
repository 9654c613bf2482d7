/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <string.h>

#include "common/limits.h"
#include "ingest/charset.h"
#include "ingest/mime.h"
#include "ingest/mime_decode.h"
#include "tests/support.h"

static struct mime_mail *read_bytes(const char *bytes, size_t size)
{
        struct mime_mail *mail = NULL;
        struct error err = ERROR_INIT;
        int r = mime_read(bytes, size, &mail, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        return mail;
}

static struct mime_mail *read_text(const char *text)
{
        return read_bytes(text, strlen(text));
}

static const struct mime_part *part_at(const struct mime_mail *mail, guint i)
{
        ck_assert_uint_lt(i, mail->parts->len);
        return g_ptr_array_index(mail->parts, i);
}

static void expect_part(const struct mime_mail *mail, guint i, const char *type, const char *data)
{
        const struct mime_part *part = part_at(mail, i);
        ck_assert_str_eq(part->type, type);
        ck_assert_str_eq(part->data, data);
        ck_assert_uint_eq(part->size, strlen(data));
}

static bool has_warning(const struct mime_mail *mail, const char *word)
{
        for (guint i = 0; i < mail->warnings->len; i++)
                if (strstr(g_ptr_array_index(mail->warnings, i), word))
                        return true;
        return false;
}

static void expect_limit(const char *bytes, size_t size, const char *name)
{
        struct mime_mail *mail = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mime_read(bytes, size, &mail, &err), -ERR_LIMIT);
        ck_assert_ptr_null(mail);
        ck_assert_msg(strstr(error_text(&err), name), "%s", error_text(&err));
        error_clear(&err);
}

#define HEAD                                                                                                           \
        "From: Desk <desk@a.example>\nSubject: s\nDate: Fri, 11 May 2007 12:00:00 +0900\nMessage-ID: <1@a.example>\n"

START_TEST(test_simple_mail)
{
        struct mime_mail *mail = read_text(
                "Authentication-Results: one; dkim=pass\nAuthentication-Results: two\n" HEAD
                "List-Id: a\n b\nContent-Type: Text/Plain; charset=\"ISO-2022-JP\"; format=flowed; DelSp=Yes\n\n"
                "body\n");
        ck_assert_str_eq(mail->from, "Desk <desk@a.example>");
        ck_assert_str_eq(mail->from_address, "desk@a.example");
        ck_assert_str_eq(mail->subject, "s");
        ck_assert_str_eq(mail->message_id, "<1@a.example>");
        ck_assert_str_eq(mail->list_id, "a b");
        ck_assert(mail->date_is_valid);
        ck_assert_int_eq(mail->date_ms, G_GINT64_CONSTANT(1178852400000));
        ck_assert_uint_eq(mail->authentication_results->len, 2);
        ck_assert_str_eq(g_ptr_array_index(mail->authentication_results, 0), "one; dkim=pass");
        ck_assert_uint_eq(mail->parts->len, 1);
        expect_part(mail, 0, "text/plain", "body\n");
        ck_assert_str_eq(part_at(mail, 0)->charset, "ISO-2022-JP");
        ck_assert(part_at(mail, 0)->flowed && part_at(mail, 0)->delsp && !part_at(mail, 0)->attachment);
        ck_assert_int_eq(part_at(mail, 0)->alternative_group, -1);
        ck_assert_uint_eq(mail->warnings->len, 0);
        mime_mail_free(mail);
}
END_TEST

#define ALTERNATIVE                                                                                                   \
        HEAD "Content-Type: multipart/mixed; boundary=out\n\npreamble\n--out\n"                                       \
        "Content-Type: multipart/alternative;\n boundary=\"in\"\n\n--in\n"                                            \
        "Content-Type: text/plain\n\nplain\n--in\nContent-Type: multipart/related; boundary=r\n\n"                    \
        "--r\nContent-Type: text/html; charset=utf-8\n\n<p>html</p>\n--r\n"                                           \
        "Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAEC\n--r--\n\n--in--\n"                       \
        "--out\nContent-Type: application/pdf; name=\"x.pdf\"\n"                                                      \
        "Content-Disposition: attachment; filename=\"y.pdf\"\n\npdf\n--out--\n"

static void expect_alternative(const struct mime_mail *mail)
{
        ck_assert_uint_eq(mail->parts->len, 4);
        ck_assert_str_eq(part_at(mail, 0)->type, "text/plain");
        ck_assert_str_eq(part_at(mail, 0)->data, "plain");
        ck_assert_str_eq(part_at(mail, 1)->data, "<p>html</p>");
        ck_assert_uint_eq(part_at(mail, 2)->size, 3);
        ck_assert_int_eq(memcmp(part_at(mail, 2)->data, "\0\1\2", 3), 0);
        ck_assert_int_eq(part_at(mail, 0)->alternative_group, 0);
        ck_assert_int_eq(part_at(mail, 1)->alternative_group, 0);
        ck_assert_int_eq(part_at(mail, 3)->alternative_group, -1);
        ck_assert_uint_eq(part_at(mail, 0)->depth, 2);
        ck_assert_uint_eq(part_at(mail, 1)->depth, 3);
        ck_assert_str_eq(part_at(mail, 3)->filename, "y.pdf");
        ck_assert(part_at(mail, 3)->attachment);
        ck_assert_uint_eq(mail->warnings->len, 0);
}

static char *to_crlf(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        return g_strjoinv("\r\n", lines);
}

START_TEST(test_nested_parts_with_either_line_end)
{
        struct mime_mail *mail = read_text(ALTERNATIVE);
        expect_alternative(mail);
        mime_mail_free(mail);
        g_autofree char *crlf = to_crlf(ALTERNATIVE);
        mail = read_text(crlf);
        expect_alternative(mail);
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_prelude)
{
        static const char *const preludes[] = { "From desk@a.example Fri May 11 12:00:00 2007\n", "\xEF\xBB\xBF",
                                                "\n\n", "\r\n>From x\r\n" };
        for (size_t i = 0; i < G_N_ELEMENTS(preludes); i++) {
                g_autofree char *text = g_strconcat(preludes[i], ALTERNATIVE, NULL);
                struct mime_mail *mail = read_text(text);
                ck_assert_str_eq(mail->subject, "s");
                expect_alternative(mail);
                mime_mail_free(mail);
        }
}
END_TEST

START_TEST(test_cut_anywhere_gives_a_mail)
{
        static const char text[] = ALTERNATIVE;
        for (size_t size = 0; size < sizeof text; size++) {
                g_autofree char *copy = g_memdup2(text, size + 1);
                struct mime_mail *mail = read_bytes(copy, size);
                ck_assert_uint_ge(mail->parts->len, 1);
                mime_mail_free(mail);
        }
}
END_TEST

START_TEST(test_truncated_multipart)
{
        struct mime_mail *mail =
                read_text(HEAD "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo, cut");
        ck_assert_uint_eq(mail->parts->len, 2);
        expect_part(mail, 0, "text/plain", "one");
        expect_part(mail, 1, "text/plain", "two, cut");
        ck_assert(has_warning(mail, "end boundary"));
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_boundary_missing_or_wrong)
{
        static const char body[] =
                "--real\nContent-Type: text/plain\n\none\n--real\nContent-Type: text/html\n\n<p>two\n--real--\n";
        static const char *const types[] = { "multipart/alternative", "multipart/alternative; boundary=other",
                                             "multipart/alternative; boundary=\"\"" };
        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                g_autofree char *text = g_strconcat(HEAD "Content-Type: ", types[i], "\n\n", body, NULL);
                struct mime_mail *mail = read_text(text);
                ck_assert_uint_eq(mail->parts->len, 2);
                expect_part(mail, 0, "text/plain", "one");
                expect_part(mail, 1, "text/html", "<p>two");
                ck_assert_int_eq(part_at(mail, 1)->alternative_group, 0);
                ck_assert(has_warning(mail, "\"real\""));
                mime_mail_free(mail);
        }
}
END_TEST

START_TEST(test_multipart_without_parts)
{
        struct mime_mail *mail = read_text(HEAD "Content-Type: multipart/mixed; boundary=b\n\njust text\nand more\n");
        ck_assert_uint_eq(mail->parts->len, 1);
        expect_part(mail, 0, "text/plain", "just text\nand more\n");
        ck_assert(has_warning(mail, "no parts"));
        mime_mail_free(mail);
        mail = read_text(HEAD
                         "Content-Type: multipart/mixed\nContent-Transfer-Encoding: base64\n\nPGh0bWw+YTwvaHRtbD4=\n");
        expect_part(mail, 0, "text/html", "<html>a</html>");
        mime_mail_free(mail);
        mail = read_text(
                HEAD
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n"
                "inner text\n--b--\n");
        expect_part(mail, 0, "text/plain", "inner text");
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_text_around_the_parts)
{
        g_autofree char *lines = g_strnfill(500, 'y');
        g_autofree char *text = g_strconcat(HEAD "Content-Type: multipart/mixed; boundary=b\n\n", lines,
                                            "\n--b\n\none\n--b--\n", lines, "\n", NULL);
        struct mime_mail *mail = read_text(text);
        ck_assert_uint_eq(mail->parts->len, 3);
        ck_assert_uint_ge(part_at(mail, 0)->size, 500);
        expect_part(mail, 1, "text/plain", "one");
        ck_assert_uint_ge(part_at(mail, 2)->size, 500);
        ck_assert(has_warning(mail, "outside"));
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_no_header)
{
        static const char *const texts[] = { "HotFix Alert:2007/05/11\n\nbody\n",
                                             "just one line",
                                             "",
                                             "\n",
                                             "Note: this is text\nURL: x\n\nmore",
                                             "--b\n\ntext\n--b--\n",
                                             "<html><body>x</body></html>" };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                struct mime_mail *mail = read_text(texts[i]);
                ck_assert_uint_eq(mail->parts->len, 1);
                expect_part(mail, 0, texts[i][0] == '<' ? "text/html" : "text/plain", texts[i]);
                ck_assert(has_warning(mail, "no mail header"));
                ck_assert_ptr_null(mail->from);
                mime_mail_free(mail);
        }
}
END_TEST

START_TEST(test_no_blank_line)
{
        struct mime_mail *mail = read_text(HEAD "first line of text\nURL: http://a.example/\n\nsecond\n");
        expect_part(mail, 0, "text/plain", "first line of text\nURL: http://a.example/\n\nsecond\n");
        ck_assert(has_warning(mail, "no blank line"));
        mime_mail_free(mail);

        mail = read_text(HEAD "broken line among them\nX-Mailer: m\n\nbody\n");
        expect_part(mail, 0, "text/plain", "body\n");
        ck_assert(has_warning(mail, "no field"));
        mime_mail_free(mail);

        mail = read_text(HEAD
                         "Content-Type: multipart/mixed; boundary=b\n\n--b\ntext without a header\nline two\n\nmore\n"
                         "--b\nContent-Type: text/html\n<p>x\n\n<p>y\n--b--\n");
        expect_part(mail, 0, "text/plain", "text without a header\nline two\n\nmore");
        expect_part(mail, 1, "text/html", "<p>x\n\n<p>y");
        mime_mail_free(mail);

        mail = read_text(HEAD "Content-Type: message/rfc822\n\nno header in here\nat all\n\nmore\n");
        ck_assert_uint_eq(mail->parts->len, 1);
        expect_part(mail, 0, "text/plain", "no header in here\nat all\n\nmore\n");
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_empty_bodies)
{
        struct mime_mail *mail = read_text(HEAD);
        expect_part(mail, 0, "text/plain", "");
        mime_mail_free(mail);
        mail = read_text(HEAD "\n");
        expect_part(mail, 0, "text/plain", "");
        mime_mail_free(mail);
        mail = read_text("Subject: x");
        ck_assert_str_eq(mail->subject, "x");
        ck_assert_ptr_null(mail->from);
        ck_assert(!mail->date_is_valid);
        expect_part(mail, 0, "text/plain", "");
        mime_mail_free(mail);
        mail = read_text(
                HEAD
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\n--b\n"
                "Content-Type: message/rfc822\n\n--b--\n");
        ck_assert_uint_eq(mail->parts->len, 3);
        expect_part(mail, 0, "text/html", "");
        expect_part(mail, 1, "text/plain", "");
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_old_macintosh_lines)
{
        struct mime_mail *mail = read_text("From: a@b.example\rSubject: s\r\rbody\rtwo");
        ck_assert_str_eq(mail->subject, "s");
        expect_part(mail, 0, "text/plain", "body\ntwo");
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_attached_messages)
{
        struct mime_mail *mail = read_text(
                HEAD
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nsee below\n"
                "--b\nContent-Type: message/rfc822\n\nFrom: x@y.example\nSubject: inner\n"
                "Content-Type: text/html\n\n<p>inner\n"
                "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
                "RnJvbTogcUByLmV4YW1wbGUKQ29udGVudC1UeXBlOiBtdWx0aXBhcnQvYWx0ZXJuYXRpdmU7IGJvdW5kYXJ5PWIKCi0tYgoKcGxhaW4KLS1iLS0K\n--b--\n");
        ck_assert_uint_eq(mail->parts->len, 3);
        ck_assert_str_eq(mail->subject, "s");
        expect_part(mail, 0, "text/plain", "see below");
        expect_part(mail, 1, "text/html", "<p>inner");
        expect_part(mail, 2, "text/plain", "plain");
        ck_assert_int_eq(part_at(mail, 0)->message, 0);
        ck_assert_int_eq(part_at(mail, 1)->message, 1);
        ck_assert_int_eq(part_at(mail, 2)->message, 2);
        ck_assert_int_eq(part_at(mail, 2)->alternative_group, 0);
        ck_assert_uint_gt(part_at(mail, 1)->depth, part_at(mail, 0)->depth);
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_types_corrected_by_name)
{
        struct mime_mail *mail = read_text(
                HEAD
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
                "Content-Type: application/octet-stream; name=\"A.HTM\"\n\n<p>x\n"
                "--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=n.txt\n\nt\n"
                "--b\nContent-Type: application/octet-stream; name=f.eml\nContent-Disposition: attachment\n\n"
                "From: a@b.example\n\ninner\n"
                "--b\nContent-Type: application/octet-stream; name=f.exe\n\nMZ\n--b--\n");
        ck_assert_uint_eq(mail->parts->len, 4);
        expect_part(mail, 0, "text/html", "<p>x");
        expect_part(mail, 1, "text/plain", "t");
        ck_assert(part_at(mail, 1)->attachment);
        expect_part(mail, 2, "text/plain", "inner");
        ck_assert_int_eq(part_at(mail, 2)->message, 1);
        expect_part(mail, 3, "application/octet-stream", "MZ");
        ck_assert(has_warning(mail, "A.HTM"));
        mime_mail_free(mail);
}
END_TEST

static void expect_filename(const char *headers, const char *filename)
{
        g_autofree char *text = g_strconcat(HEAD, headers, "\n\nx", NULL);
        struct mime_mail *mail = read_text(text);
        ck_assert_ptr_nonnull(part_at(mail, 0)->filename);
        ck_assert_str_eq(part_at(mail, 0)->filename, filename);
        mime_mail_free(mail);
}

START_TEST(test_filenames)
{
        expect_filename("Content-Disposition: attachment; filename=\"a b.txt\"", "a b.txt");
        expect_filename("Content-Disposition: attachment; filename=a b.txt; size=3", "a b.txt");
        expect_filename("Content-Disposition: attachment; filename*=UTF-8''%E7%B7%8A%E6%80%A5.pdf", "緊急.pdf");
        expect_filename("Content-Disposition: attachment; filename=\"x.pdf\"; filename*=utf-8'ja'%E7%B7%8A.pdf",
                        "緊.pdf");
        expect_filename(
                "Content-Disposition: attachment;\n filename*0*=shift_jis''%8B%D9%8B;\n filename*1*=%7D;\n"
                " filename*2=\".pdf\"",
                "緊急.pdf");
        expect_filename("Content-Disposition: attachment; filename*1=b.txt; filename*0=a", "ab.txt");
        expect_filename("Content-Type: image/x; name=\"=?ISO-2022-JP?B?GyRCNls1XhsoQg==?=.png\"", "緊急.png");
        expect_filename("Content-Type: image/x; name=\"\x8B\xD9\x8B\x7D\x82\xCC.png\"", "緊急の.png");
        expect_filename("Content-Type: image/x; name=\"\033$B6[5^\033(B.png\"", "緊急.png");
        expect_filename("Content-Type: image/x; name=\"q\\\"u\\\\o.png\"", "q\"u\\o.png");
        expect_filename("Content-Type: image/x; name=\"unterminated.png", "unterminated.png");
        expect_filename("Content-Type: image/x; name=\"\x83\x5C\x83\x74\x83\x67.png\"",
                        "ソフト.png"); /* 0x5C inside a kanji */
}
END_TEST

START_TEST(test_odd_types)
{
        static const struct { const char *value, *type; } values[] = {
                { "TEXT / HTML ; charset=utf-8", "text/html" },
                { "text/html charset=utf-8", "text/html" },
                { "text/\fhtml", "text/html" },
                { "text/html(comment)", "text/html" },
                { "html", "text/plain" },
                { "", "text/plain" },
                { "/", "text/plain" },
                { "text/", "text/plain" },
                { "\"text/html\"", "text/html" },
                { "text/html;;; ;charset", "text/html" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
                g_autofree char *text = g_strconcat(HEAD "Content-Type: ", values[i].value, "\n\nx", NULL);
                struct mime_mail *mail = read_text(text);
                expect_part(mail, 0, values[i].type, "x");
                mime_mail_free(mail);
        }
}
END_TEST

START_TEST(test_base64_goes_on_behind_padding)
{
        struct mime_mail *mail = read_text(
                HEAD
                "Content-Transfer-Encoding: BASE64\n\nZmlyc3Q=\nc2Vjb25k\ndGhpcmQ=\nZW5k\n-- \nfooter of a list\n");
        expect_part(mail, 0, "text/plain", "firstsecondthirdend");
        ck_assert(has_warning(mail, "padding"));
        mime_mail_free(mail);
}
END_TEST

static void expect_decoded(unsigned (*decode)(const char *, size_t, GString *), const char *in, const char *out,
                           unsigned notes)
{
        g_autoptr(GString) text = g_string_new(NULL);
        unsigned seen = decode(in, strlen(in), text);
        ck_assert_str_eq(text->str, out);
        ck_assert_msg(seen == notes, "notes %u for %s", seen, in);
}

/* Each byte at each place of a group, and lines of any length. */
START_TEST(test_decode_base64_groups)
{
        for (unsigned byte = 1; byte < 256; byte++)
                for (size_t at = 0; at < 4; at++) {
                        char digits[] = "AAAAQUJD";
                        digits[at] = (char) byte;
                        g_autoptr(GString) out = g_string_new(NULL);
                        mime_decode_base64(digits, 8, out);
                        gsize size;
                        g_autofree guchar *expected = g_base64_decode(digits, &size);
                        if (g_ascii_isalnum(byte) || byte == '+' || byte == '/')
                                ck_assert_mem_eq(out->str, expected, MAX(size, out->len));
                        else
                                ck_assert_msg(out->len != 6, "%02x is taken for a digit", byte);
                }
        for (gsize size = 0; size < 400; size++) {
                g_autofree guchar *bytes = g_malloc(size + 1);
                for (gsize i = 0; i < size; i++)
                        bytes[i] = (guchar) (i * 167 + size);
                g_autofree char *encoded = g_base64_encode(bytes, size);
                g_autoptr(GString) out = g_string_new("kept"), lines = g_string_new(NULL);
                for (size_t i = 0; encoded[i]; i++)
                        g_string_append_printf(lines, "%s%c", i > 0 && i % 76 == 0 ? "\r\n" : "", encoded[i]);
                ck_assert_uint_eq(mime_decode_base64(lines->str, lines->len, out), 0);
                ck_assert_uint_eq(out->len, 4 + size);
                ck_assert_mem_eq(out->str, "kept", 4);
                ck_assert(memcmp(out->str + 4, bytes, size) == 0);
        }
}
END_TEST

START_TEST(test_decode_base64)
{
        expect_decoded(mime_decode_base64, "", "", 0);
        expect_decoded(mime_decode_base64, "YQ==", "a", 0);
        expect_decoded(mime_decode_base64, "YWI=\r\n", "ab", 0);
        expect_decoded(mime_decode_base64, "YWJj\r\nZGVm", "abcdef", 0);
        expect_decoded(mime_decode_base64, "YW  \n\tJj", "abc", 0);
        expect_decoded(mime_decode_base64, "YWI", "ab", DECODE_CUT);
        expect_decoded(mime_decode_base64, "YWJjZ", "abc", DECODE_CUT);
        expect_decoded(mime_decode_base64, "YW!Jj*ZGVm", "abcdef", DECODE_JUNK);
        expect_decoded(mime_decode_base64, "YQ==YQ==YQ==", "aaa", DECODE_INNER_PADDING);
        expect_decoded(mime_decode_base64, "YQ==\n\nYWJj\n", "aabc", DECODE_INNER_PADDING);
        expect_decoded(mime_decode_base64, "YQ==\nThis list\n", "a", DECODE_JUNK);
        expect_decoded(mime_decode_base64, "[EXTERNAL] Take care, please.\nIt came from outside.\n\nYWJj\nZA==\n",
                       "[EXTERNAL] Take care, please.\nIt came from outside.\nabcd", DECODE_JUNK);
        expect_decoded(mime_decode_base64, "YWJj\n-- \nThis is a list\nhttps://lists.a.example/x\n", "abc",
                       DECODE_JUNK);
        expect_decoded(mime_decode_base64, "====", "", 0);
}
END_TEST

START_TEST(test_decode_quoted_printable)
{
        expect_decoded(mime_decode_quoted_printable, "a=3Db=\nc=\r\nd= \t\ne", "a=bcde", 0);
        expect_decoded(mime_decode_quoted_printable, "=e3=81=82", "あ", 0);
        expect_decoded(mime_decode_quoted_printable, "a = b =ZZ =4", "a = b =ZZ =4", DECODE_JUNK);
        expect_decoded(mime_decode_quoted_printable, "trail  \t\r\nnext \nlast ", "trail\r\nnext\nlast ", 0);
        expect_decoded(mime_decode_quoted_printable, "keep=20\nx=", "keep \nx", 0);
        expect_decoded(mime_decode_q, "a_b=20c=3F_=", "a b c? =", DECODE_JUNK);
}
END_TEST

START_TEST(test_decode_uuencode)
{
        expect_decoded(mime_decode_uuencode, "text before\nbegin 644 a.txt\n#86)C\n`\nend\nafter", "abc", 0);
        expect_decoded(mime_decode_uuencode, "begin 644 a.txt\n#86)C\n", "abc", DECODE_CUT);
        expect_decoded(mime_decode_uuencode, "no such thing\n", "no such thing\n", DECODE_JUNK);
        struct mime_mail *mail =
                read_text(HEAD "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a.txt\n#86)C\n`\nend\n");
        expect_part(mail, 0, "text/plain", "abc");
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_long_lines_and_long_boundaries)
{
        static const size_t sizes[] = { 900, 4000, 4095, 4096, 4097, 5000, 100000 };
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autofree char *line = g_strnfill(sizes[i], 'x');
                g_autofree char *text =
                        g_strconcat(HEAD "Content-Type: multipart/mixed; boundary=", line, "\n\n--", line, "\n\n", line,
                                    line, "\n--", line, "\n\nshort\n--", line, "--\n", NULL);
                g_autofree char *body = g_strconcat(line, line, NULL);
                struct mime_mail *mail = read_text(text);
                ck_assert_uint_ge(mail->parts->len, 1);
                if (sizes[i] < 4000)
                        expect_part(mail, 0, "text/plain", body);
                mime_mail_free(mail);
                g_autofree char *single = g_strconcat(HEAD "\n", line, line, "\n", NULL);
                mail = read_text(single);
                ck_assert_uint_eq(part_at(mail, 0)->size, 2 * sizes[i] + 1);
                mime_mail_free(mail);
        }
}
END_TEST

START_TEST(test_parameters_that_hang_the_library)
{
        g_autofree char *name = g_strnfill(72, 'n');
        g_autofree char *text = g_strconcat(HEAD "Content-Type: multipart/mixed; ", name,
                                            "=\"\xC3\xA9\xC3\xA9\"; boundary=b\n\n--b\n\nx\n--b--\n", NULL);
        struct mime_mail *mail = read_text(text);
        expect_part(mail, 0, "text/plain", "x");
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_sender)
{
        struct mime_mail *mail = read_text("From: \"=?utf-8?Q?desk=40a.example=3E?=\" <Evil@B.Example>\n\nx");
        ck_assert_str_eq(mail->from_address, "Evil@b.example");
        ck_assert_uint_eq(mail->warnings->len, 0);
        mime_mail_free(mail);
        mail = read_text("From: evil@b.example\nFrom: desk@a.example\n\nx");
        ck_assert_str_eq(mail->from, "evil@b.example");
        ck_assert_ptr_null(mail->from_address);
        ck_assert(has_warning(mail, "From"));
        mime_mail_free(mail);
        mail = read_text("From: desk@a.example, evil@b.example\n\nx");
        ck_assert_ptr_null(mail->from_address);
        mime_mail_free(mail);
        mail = read_text("From: nobody\n\nx");
        ck_assert_ptr_null(mail->from_address);
        mime_mail_free(mail);
        mail = read_text("From: \033$B6[5^\033(B <a@b.example>\n\nx");
        ck_assert_str_eq(mail->from_address, "a@b.example");
        mime_mail_free(mail);
}
END_TEST

static void expect_sender(const char *from, const char *sender)
{
        g_autofree char *text = g_strconcat("From: ", from, "\n\nx", NULL);
        struct mime_mail *mail = read_text(text);
        g_autofree char *seen = mime_mail_sender(mail);
        ck_assert_str_eq(seen, sender);
        mime_mail_free(mail);
}

START_TEST(test_sender_cannot_be_forged_by_its_name)
{
        expect_sender("Desk <desk@A.Example>", "Desk <desk@a.example>");
        expect_sender("desk@a.example", "desk@a.example");
        expect_sender("<desk@a.example>", "desk@a.example");
        expect_sender("=?ISO-2022-JP?B?GyRCNls1XhsoQg==?= <desk@a.example>", "緊急 <desk@a.example>");
        expect_sender("=?utf-8?Q?desk=40a.example=3E_=3Cdesk=40a.example=3E?= <evil@b.example>",
                      "desk@a.example desk@a.example <evil@b.example>");
        expect_sender("\"<desk@a.example>\" <evil@b.example>", "desk@a.example <evil@b.example>");
        expect_sender("evil@b.example (<desk@a.example>)", "desk@a.example <evil@b.example>");
        expect_sender("desk@A.example (=?ISO-2022-JP?B?GyRCNls1XhsoQg==?= (a))", "緊急 (a) <desk@a.example>");
        expect_sender("desk@a.example (\033$B6[5^\033(B)", "緊急 <desk@a.example>");
        expect_sender("desk@a.example ()", "desk@a.example");
        expect_sender("desk@a.example (", "desk@a.example (");
        expect_sender("<desk@a.example>, <evil@b.example>", "desk@a.example, evil@b.example");
        expect_sender("Desk", "Desk");
        struct mime_mail *mail = read_text("Subject: x\n\nx");
        ck_assert_ptr_null(mime_mail_sender(mail));
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_limit_header)
{
        g_autoptr(GString) text = g_string_new("Subject: ");
        while (text->len < LIMIT_HEADER_BYTES)
                g_string_append(text, "word word word word\n ");
        g_string_append(text, "\nFrom: a@b.example\n\nx");
        expect_limit(text->str, text->len, "the mail's header has more than 262144 bytes (LIMIT_HEADER_BYTES)");

        g_autofree char *part = g_strconcat(HEAD "Content-Type: multipart/mixed; boundary=b\n\n--b\n", text->str, NULL);
        expect_limit(part, strlen(part), "a part's header has more than 262144 bytes (LIMIT_HEADER_BYTES)");
        g_autofree char *message = g_strconcat(HEAD "Content-Type: message/rfc822\n\n", text->str, NULL);
        expect_limit(message, strlen(message), "a part's header has more than 262144 bytes (LIMIT_HEADER_BYTES)");
        g_string_printf(text, HEAD "X: %0*d\n\nx", (int) LIMIT_HEADER_BYTES - 1000, 0);
        mime_mail_free(read_text(text->str));
}
END_TEST

START_TEST(test_limit_parts)
{
        g_autoptr(GString) text = g_string_new(HEAD "Content-Type: multipart/mixed; boundary=b\n\n");
        for (unsigned i = 0; i + 1 < LIMIT_MIME_PARTS; i++)
                g_string_append(text, "--b\n\n1\n");
        struct mime_mail *mail = read_text(text->str);
        ck_assert_uint_eq(mail->parts->len, LIMIT_MIME_PARTS - 1); /* the multipart counts too */
        mime_mail_free(mail);
        g_string_append(text, "--b\n\n1\n--b\n\n1\n");
        expect_limit(text->str, text->len, "LIMIT_MIME_PARTS");

        g_string_assign(text, HEAD "Content-Type: multipart/mixed; boundary=\"b\\b\"\n\n");
        while (text->len < 4 * MIB)
                g_string_append(text, "--bb\n");
        expect_limit(text->str, text->len, "LIMIT_MIME_PARTS");

        g_string_assign(text, HEAD "\n"); /* lines of dashes are no parts */
        while (text->len < 4 * MIB)
                g_string_append(text, "----------\n");
        mime_mail_free(read_text(text->str));

        g_string_assign(text, HEAD "Content-Type: text/plain\n\nboundary=b\n"); /* nor are those of a mail that is quoted in a text */
        while (text->len < 4 * MIB)
                g_string_append(text, "--b\n");
        mail = read_text(text->str);
        ck_assert_uint_eq(mail->parts->len, 1);
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_limit_parts_over_all_attached_messages)
{
        g_autoptr(GString) inner = g_string_new("From: a@b.example\nContent-Type: multipart/mixed; boundary=i\n\n");
        for (unsigned i = 0; i < LIMIT_MIME_PARTS * 3 / 5; i++)
                g_string_append(inner, "--i\n\n1\n");
        g_autofree char *base64 = g_base64_encode((const guchar *) inner->str, inner->len);
        g_autoptr(GString) text = g_string_new(HEAD "Content-Type: multipart/mixed; boundary=b\n\n");
        for (unsigned i = 0; i < 2; i++)
                g_string_append_printf(text,
                                       "--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n%s\n",
                                       base64);
        expect_limit(text->str, text->len, "the mail has more than 1000 parts (LIMIT_MIME_PARTS)");
}
END_TEST

static void append_nested(GString *text, unsigned depth)
{
        for (unsigned i = 0; i < depth; i++)
                g_string_append_printf(text, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
        g_string_append(text, "\nx\n");
}

START_TEST(test_limit_depth)
{
        g_autoptr(GString) text = g_string_new(HEAD);
        append_nested(text, LIMIT_MIME_DEPTH);
        struct mime_mail *mail = read_text(text->str);
        ck_assert_uint_eq(part_at(mail, 0)->depth, LIMIT_MIME_DEPTH);
        mime_mail_free(mail);
        g_string_assign(text, HEAD);
        append_nested(text, LIMIT_MIME_DEPTH + 1);
        expect_limit(text->str, text->len, "LIMIT_MIME_DEPTH");
        g_string_assign(text, HEAD);
        for (unsigned i = 0; i < 500; i++)
                g_string_append(text, "Content-Type: message/rfc822\n\n");
        expect_limit(text->str, text->len, "LIMIT_MIME_DEPTH");
        g_string_assign(text, HEAD);
        for (unsigned i = 0; i < 500; i++) /* each one read anew from an attachment */
                g_string_append(text, "Content-Type: application/octet-stream; name=a.eml\n\n");
        expect_limit(text->str, text->len, "LIMIT_MIME_DEPTH");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mime");
        TCase *read = tcase_create("read"), *broken = tcase_create("broken"), *decode = tcase_create("decode"),
              *limit = tcase_create("limit");
        tcase_add_test(read, test_simple_mail);
        tcase_add_test(read, test_nested_parts_with_either_line_end);
        tcase_add_test(read, test_prelude);
        tcase_add_test(read, test_attached_messages);
        tcase_add_test(read, test_types_corrected_by_name);
        tcase_add_test(read, test_odd_types);
        tcase_add_test(read, test_filenames);
        tcase_add_test(read, test_sender);
        tcase_add_test(read, test_sender_cannot_be_forged_by_its_name);
        tcase_add_test(broken, test_cut_anywhere_gives_a_mail);
        tcase_add_test(broken, test_truncated_multipart);
        tcase_add_test(broken, test_boundary_missing_or_wrong);
        tcase_add_test(broken, test_multipart_without_parts);
        tcase_add_test(broken, test_text_around_the_parts);
        tcase_add_test(broken, test_no_header);
        tcase_add_test(broken, test_no_blank_line);
        tcase_add_test(broken, test_empty_bodies);
        tcase_add_test(broken, test_old_macintosh_lines);
        tcase_add_test(broken, test_long_lines_and_long_boundaries);
        tcase_add_test(broken, test_parameters_that_hang_the_library);
        tcase_add_test(decode, test_base64_goes_on_behind_padding);
        tcase_add_test(decode, test_decode_base64);
        tcase_add_test(decode, test_decode_base64_groups);
        tcase_add_test(decode, test_decode_quoted_printable);
        tcase_add_test(decode, test_decode_uuencode);
        tcase_add_test(limit, test_limit_header);
        tcase_add_test(limit, test_limit_parts);
        tcase_add_test(limit, test_limit_parts_over_all_attached_messages);
        tcase_add_test(limit, test_limit_depth);
        suite_add_tcase(s, read);
        suite_add_tcase(s, broken);
        suite_add_tcase(s, decode);
        suite_add_tcase(s, limit);
        return s;
}

int main(void)
{
        mime_prepare();
        return support_run(suite());
}
