/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <string.h>

#include "ingest/charset.h"
#include "ingest/mime.h"
#include "tests/support.h"

static const char *const recipients[] = { "ops@b.example", "\"Doe, Jane\" <jane@b.example>", "管理者 <admin@b.example>",
                                          NULL };
static const char *const thread[] = { "root@a.example", "a-rather-long-identifier-that-makes-the-line-fold@a.example",
                                      NULL };
static const char *const extra[] = { "X-Hotfixd-Delivery", "0123456789", "Auto-Submitted", "auto-generated", NULL };

#define SUBJECT "[緊急] MS07-028: 「暗号の部品」に問題があり、早めの更新を管理者の皆様にお願いしております (3件)"

static struct mime_draft make_draft(void)
{
        return (struct mime_draft){
                .from = "hotfixd <hotfixd@a.example>",
                .to = recipients,
                .subject = SUBJECT,
                .message_id = "d1@a.example",
                .in_reply_to = "root@a.example",
                .references = thread,
                .date_ms = G_GINT64_CONSTANT(1178852645000),
                .text = "alert for you: 緊急.\n\n.dot\nFrom here\ntrailing \nequals = sign\n",
                .html = "<p>緊急の更新</p>\n",
                .extra = extra,
        };
}

static char *write_draft(const struct mime_draft *draft)
{
        char *data = NULL;
        size_t size = 0;
        struct error err = ERROR_INIT;
        ck_assert_msg(mime_write(draft, &data, &size, &err) == 0, "%s", error_text(&err));
        ck_assert_uint_eq(strlen(data), size);
        return data;
}

/* 7-bit, CRLF only, short lines; header lines below 78 columns. */
static void expect_clean(const char *data)
{
        g_auto(GStrv) lines = g_strsplit(data, "\r\n", -1);
        bool header = true;
        for (char **line = lines; *line; line++) {
                ck_assert_ptr_null(strpbrk(*line, "\r\n"));
                ck_assert_uint_le(strlen(*line), 998);
                header = header && **line;
                if (header)
                        ck_assert_msg(strlen(*line) < 78, "%s", *line);
                for (const char *p = *line; *p; p++)
                        ck_assert(((unsigned char) *p >= 0x20 && (unsigned char) *p < 0x7F) || *p == '\t');
        }
}

static struct mime_mail *read_back(const char *data)
{
        struct mime_mail *mail = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(mime_read(data, strlen(data), &mail, &err) == 0, "%s", error_text(&err));
        ck_assert_uint_eq(mail->warnings->len, 0);
        return mail;
}

static void expect_body(const struct mime_mail *mail, guint i, const char *type, const char *text)
{
        const struct mime_part *part = g_ptr_array_index(mail->parts, i);
        g_autofree char *ended = g_strconcat(text, g_str_has_suffix(text, "\n") ? "" : "\n", NULL);
        g_auto(GStrv) lines = g_strsplit(ended, "\n", -1);
        g_autofree char *crlf = g_strjoinv("\r\n", lines);
        ck_assert_str_eq(part->type, type);
        ck_assert_str_eq(part->charset, "utf-8");
        ck_assert(strcmp(part->data, crlf) == 0);
}

START_TEST(test_write_and_read_back)
{
        struct mime_draft draft = make_draft();
        g_autofree char *data = write_draft(&draft), *again = write_draft(&draft);
        expect_clean(data);
        ck_assert_str_eq(data, again);
        struct mime_mail *mail = read_back(data);
        g_autofree char *subject = charset_decode_header(mail->subject);
        ck_assert_str_eq(subject, SUBJECT);
        ck_assert_str_eq(mail->from, "hotfixd <hotfixd@a.example>");
        ck_assert_str_eq(mail->message_id, "<d1@a.example>");
        ck_assert_int_eq(mail->date_ms, draft.date_ms);
        ck_assert_uint_eq(mail->parts->len, 2);
        expect_body(mail, 0, "text/plain", draft.text);
        expect_body(mail, 1, "text/html", draft.html);
        ck_assert_int_eq(((struct mime_part *) g_ptr_array_index(mail->parts, 1))->alternative_group, 0);
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_fields)
{
        struct mime_draft draft = make_draft();
        g_autofree char *data = write_draft(&draft);
        ck_assert_ptr_nonnull(strstr(
                data,
                "\r\nTo: ops@b.example, \"Doe, Jane\" <jane@b.example>, =?UTF-8?B?566h55CG6ICF?=\r\n"
                " <admin@b.example>\r\n"));
        ck_assert_ptr_nonnull(strstr(data, "\r\nDate: Fri, 11 May 2007 03:04:05 +0000\r\n"));
        ck_assert_ptr_nonnull(strstr(data, "\r\nIn-Reply-To: <root@a.example>\r\n"));
        ck_assert_ptr_nonnull(strstr(
                data,
                "\r\nReferences: <root@a.example>\r\n"
                " <a-rather-long-identifier-that-makes-the-line-fold@a.example>\r\n"));
        ck_assert_ptr_nonnull(strstr(data, "\r\nX-Hotfixd-Delivery: 0123456789\r\nAuto-Submitted: auto-generated\r\n"));
        ck_assert_ptr_nonnull(strstr(data, "\r\nMIME-Version: 1.0\r\n"));
        ck_assert_ptr_nonnull(strstr(data, "\r\n=2Edot\r\n=46rom here\r\ntrailing=20\r\nequals =3D sign\r\n"));
}
END_TEST

START_TEST(test_plain_text_only)
{
        struct mime_draft draft = make_draft();
        g_autofree char *line = g_strnfill(5000, 'x');
        draft.html = NULL;
        draft.text = line;
        g_autofree char *data = write_draft(&draft);
        expect_clean(data);
        ck_assert_ptr_nonnull(
                strstr(data,
                       "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"));
        struct mime_mail *mail = read_back(data);
        ck_assert_uint_eq(mail->parts->len, 1);
        expect_body(mail, 0, "text/plain", line);
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_mostly_japanese_is_base64)
{
        struct mime_draft draft = make_draft();
        draft.text = "緊急の更新があります。\n管理者の方は早めに適用してください。\n";
        g_autofree char *data = write_draft(&draft);
        expect_clean(data);
        ck_assert_ptr_nonnull(
                strstr(data, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"));
        struct mime_mail *mail = read_back(data);
        expect_body(mail, 0, "text/plain", draft.text);
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_boundary_follows_the_message_id)
{
        struct mime_draft draft = make_draft();
        g_autofree char *one = write_draft(&draft);
        draft.message_id = "d2@a.example";
        g_autofree char *two = write_draft(&draft);
        char *first = strstr(one, "boundary="), *second = strstr(two, "boundary=");
        ck_assert(first && second);
        ck_assert_int_ne(strncmp(first, second, 46), 0);
}
END_TEST

START_TEST(test_subjects)
{
        static const char *const subjects[] = {
                "",
                "plain words",
                " outer spaces ",
                "two  spaces",
                "=?utf-8?B?YQ==?= literally",
                "a very long subject in plain words that has to be folded at least once, and then once more to be sure",
                "oneverylongwordwithoutanyspaceinsidethatcannotbefoldedandthereforemustbeencodedoneverylongword",
                "é",
                "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"
        };
        for (size_t i = 0; i < G_N_ELEMENTS(subjects); i++) {
                struct mime_draft draft = make_draft();
                draft.subject = subjects[i];
                g_autofree char *data = write_draft(&draft);
                expect_clean(data);
                struct mime_mail *mail = read_back(data);
                g_autofree char *subject = charset_decode_header(mail->subject),
                                *stripped = g_strstrip(g_strdup(subjects[i]));
                ck_assert_str_eq(subject, stripped);
                mime_mail_free(mail);
        }
}
END_TEST

static void expect_refused(const struct mime_draft *draft, const char *word)
{
        char *data = NULL;
        size_t size = 0;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mime_write(draft, &data, &size, &err), -ERR_MALFORMED);
        ck_assert_ptr_null(data);
        ck_assert_msg(strstr(error_text(&err), word), "%s", error_text(&err));
        error_clear(&err);
}

START_TEST(test_line_ends_are_refused)
{
        static const char *const bad_to[] = { "a@b.example", "x@y.example\r\nBcc: z@y.example", NULL };
        static const char *const bad_extra[] = { "X-A", "b\nSubject: c", NULL },
                                 *const own_extra[] = { "Subject", "x", NULL },
                                 *const bad_name[] = { "X A", "x", NULL };
        struct mime_draft draft = make_draft();
        draft.subject = "a\nBcc: evil@x.example";
        expect_refused(&draft, "subject");
        draft = make_draft();
        draft.to = bad_to;
        expect_refused(&draft, "address");
        draft = make_draft();
        draft.from = "a@b.example\r";
        expect_refused(&draft, "address");
        draft = make_draft();
        draft.message_id = "a\r\nb@c";
        expect_refused(&draft, "Message-ID");
        draft = make_draft();
        draft.in_reply_to = "a b@c";
        expect_refused(&draft, "Message-ID");
        draft = make_draft();
        draft.extra = bad_extra;
        expect_refused(&draft, "X-A");
        draft.extra = own_extra;
        expect_refused(&draft, "Subject");
        draft.extra = bad_name;
        expect_refused(&draft, "X A");
        draft = make_draft();
        draft.subject = "\xFF";
        expect_refused(&draft, "UTF-8");
}
END_TEST

START_TEST(test_addresses_are_checked)
{
        static const char *const bad[] = { "",
                                           "nobody",
                                           "a@",
                                           "@b.example",
                                           "a@b.example c@d.example",
                                           "a@b.example, c@d.example",
                                           "<a@b.example",
                                           "a@b.example>",
                                           "Name <a@b.example> trailing",
                                           "group: a@b.example;",
                                           "a b@c.example",
                                           "a@b.example;",
                                           "Name a@b.example",
                                           "管理@b.example" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                const char *const to[] = { bad[i], NULL };
                struct mime_draft draft = make_draft();
                draft.to = to;
                char *data = NULL;
                size_t size = 0;
                struct error err = ERROR_INIT;
                int r = mime_write(&draft, &data, &size, &err);
                ck_assert_msg(r == -ERR_MALFORMED, "%s was taken: %s", bad[i], data);
                ck_assert_msg(strstr(error_text(&err), bad[i]), "%s", error_text(&err));
                error_clear(&err);
        }
        static const char *const good[] = { "a@b.example", "<a@b.example>", " a@b.example ", "A. B. <a.b+c@d.example>",
                                            "\"x\" <a@b.example>" };
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                const char *const to[] = { good[i], NULL };
                struct mime_draft draft = make_draft();
                draft.to = to;
                g_autofree char *data = write_draft(&draft);
                expect_clean(data);
        }
        struct mime_draft draft = make_draft();
        static const char *const nobody[] = { NULL };
        draft.to = nobody;
        expect_refused(&draft, "recipient");
}
END_TEST

#define INNER "From: a@b.example\r\nSubject: inner\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\033$B$\"\033(B\r\n"

static struct mime_attachment mail_attachment(const char *data, size_t size)
{
        return (struct mime_attachment) { "message/rfc822", "ms07-901.eml", data, size };
}

/* The part is everything between the boundaries, to the byte. */
START_TEST(test_a_mail_is_attached_as_it_is)
{
        static const char *const inner[] = { INNER, "Subject: x\r\n\r\nno line end" };
        struct mime_attachment attachments[] = { mail_attachment(inner[_i], strlen(inner[_i])),
                                                 { "application/json", "ms07-901.json", "{\"a\":\"\xE7\xB7\x8A\"}", 11 } };
        struct mime_draft draft = make_draft();
        draft.attachments = attachments;
        draft.attachment_count = G_N_ELEMENTS(attachments);
        g_autofree char *data = write_draft(&draft), *again = write_draft(&draft);
        ck_assert_str_eq(data, again);
        g_autofree char *part = g_strconcat("\r\nContent-Type: message/rfc822;\r\n name=\"ms07-901.eml\"\r\n"
                                            "Content-Transfer-Encoding: 7bit\r\nContent-Disposition: attachment;\r\n"
                                            " filename=\"ms07-901.eml\"\r\n\r\n", inner[_i], "\r\n--=_", NULL);
        ck_assert_msg(strstr(data, part) != NULL, "%s", data);
        ck_assert_ptr_nonnull(strstr(data, "\r\nContent-Type: multipart/mixed;\r\n boundary="));
        struct mime_mail *mail = read_back(data);
        ck_assert_uint_eq(mail->parts->len, 4);
        expect_body(mail, 0, "text/plain", draft.text);
        expect_body(mail, 1, "text/html", draft.html);
        const struct mime_part *json = g_ptr_array_index(mail->parts, 3), *text = g_ptr_array_index(mail->parts, 2);
        ck_assert_str_eq(json->type, "application/json");
        ck_assert_str_eq(json->filename, "ms07-901.json");
        ck_assert(json->attachment);
        ck_assert_uint_eq(json->size, 11);
        ck_assert_mem_eq(json->data, attachments[1].data, 11);
        ck_assert_int_eq(text->message, 1);
        mime_mail_free(mail);
}
END_TEST

/* What may not stand in a mail as it is keeps its bytes in another form. */
START_TEST(test_a_mail_that_is_not_plain_becomes_a_file)
{
        g_autofree char *long_line = g_strnfill(999, 'x');
        g_autofree char *long_mail = g_strconcat("Subject: x\r\n\r\n", long_line, "\r\n", NULL);
        const struct { const char *data; size_t size; } mails[] = {
                { "Subject: x\r\n\r\n\xE7\xB7\x8A\r\n", 19 }, { "Subject: x\n\nbody\n", 17 },
                { "Subject: x\r\n\r\na\0b\r\n", 19 },        { "Subject: x\r\n\r\na\rb\r\n", 19 },
                { "Subject: x\r\n\r\na\r", 16 },            { long_mail, strlen(long_mail) },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(mails); i++) {
                struct mime_attachment attachment = mail_attachment(mails[i].data, mails[i].size);
                struct mime_draft draft = make_draft();
                draft.html = NULL;
                draft.attachments = &attachment;
                draft.attachment_count = 1;
                g_autofree char *data = write_draft(&draft);
                expect_clean(data);
                const char *part = strstr(data, "\r\nContent-Type: application/octet-stream;\r\n name=\"ms07-901.eml\"\r\n"
                                                "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n"
                                                " filename=\"ms07-901.eml\"\r\n\r\n");
                ck_assert_msg(part != NULL, "%s", data);
                const char *body = strstr(part, "\r\n\r\n") + 4, *end = strstr(body, "--=_");
                g_autofree char *coded = g_strndup(body, (gsize) (end - body));
                size_t size = 0;
                g_autofree guchar *decoded = g_base64_decode(coded, &size);
                ck_assert_uint_eq(size, mails[i].size);
                ck_assert_mem_eq(decoded, mails[i].data, size);
        }
}
END_TEST

/* A mail that holds the line which would end its part: the boundary is another one then. */
START_TEST(test_an_attached_mail_cannot_end_its_part)
{
        struct mime_attachment attachment = mail_attachment(INNER, strlen(INNER));
        struct mime_draft draft = make_draft();
        draft.html = NULL;
        draft.attachments = &attachment;
        draft.attachment_count = 1;
        g_autofree char *first = write_draft(&draft);
        const char *boundary = strstr(first, "boundary=\"") + strlen("boundary=\"");
        g_autofree char *line = g_strndup(boundary, 34);
        g_autofree char *evil = g_strdup_printf(INNER "--%s\r\nContent-Type: text/html\r\n\r\nevil\r\n--%s--\r\n", line, line);
        attachment = mail_attachment(evil, strlen(evil));
        g_autofree char *second = write_draft(&draft);
        g_autofree char *own = g_strdup_printf("boundary=\"%s\"", line);
        ck_assert_ptr_null(strstr(second, own));
        struct mime_mail *mail = read_back(second);
        ck_assert_uint_eq(mail->parts->len, 2);
        ck_assert_int_eq(((struct mime_part *) g_ptr_array_index(mail->parts, 1))->message, 1);
        mime_mail_free(mail);
}
END_TEST

START_TEST(test_attachments_are_checked)
{
        static const char *const names[] = { "", "a\"b", "a\r\nb", "../x", "\\x", "\xE7\xB7\x8A" };
        static const char *const types[] = { "", "text", "/x", "x/", "text/plain\r\nX: y", "text/plain; x" };
        struct mime_draft draft = make_draft();
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                struct mime_attachment attachment = { "text/plain", names[i], "x", 1 };
                draft.attachments = &attachment;
                draft.attachment_count = 1;
                expect_refused(&draft, "name of an attachment");
                attachment = (struct mime_attachment) { types[i], "x", "x", 1 };
                expect_refused(&draft, "type of an attachment");
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mime_write");
        TCase *write = tcase_create("write"), *refuse = tcase_create("refuse");
        tcase_add_test(write, test_write_and_read_back);
        tcase_add_test(write, test_fields);
        tcase_add_test(write, test_plain_text_only);
        tcase_add_test(write, test_mostly_japanese_is_base64);
        tcase_add_test(write, test_boundary_follows_the_message_id);
        tcase_add_test(write, test_subjects);
        tcase_add_test(refuse, test_line_ends_are_refused);
        tcase_add_test(refuse, test_addresses_are_checked);
        tcase_add_loop_test(write, test_a_mail_is_attached_as_it_is, 0, 2);
        tcase_add_test(write, test_a_mail_that_is_not_plain_becomes_a_file);
        tcase_add_test(write, test_an_attached_mail_cannot_end_its_part);
        tcase_add_test(refuse, test_attachments_are_checked);
        suite_add_tcase(s, write);
        suite_add_tcase(s, refuse);
        return s;
}

int main(void)
{
        mime_prepare();
        return support_run(suite());
}
