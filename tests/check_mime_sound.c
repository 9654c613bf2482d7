/* SPDX-License-Identifier: MIT */
/* The quick reader of sound mails finds the parts that GMime finds, wherever it does not give up. */
#include <string.h>

#include "ingest/mime.h"
#include "ingest/mime_p.h"
#include "tests/support.h"

#define DIRECTORY_DEPTH_MAX 4u
#define CHANGES_OF_ONE 25

static unsigned mails_read, mails_sound;

static void describe(GString *out, const struct mime_mail *mail)
{
        for (guint i = 0; i < mail->parts->len; i++) {
                const struct mime_part *part = g_ptr_array_index(mail->parts, i);
                g_autofree char *bytes = g_compute_checksum_for_data(G_CHECKSUM_SHA1, (const guchar *) part->data, part->size);
                g_string_append_printf(out, "%s %s %s %zu %s%s%s%s depth %u group %d message %d\n", part->type,
                                       part->charset ? part->charset : "-", part->filename ? part->filename : "-", part->size,
                                       bytes, part->attachment ? " attached" : "", part->flowed ? " flowed" : "",
                                       part->delsp ? " delsp" : "", part->depth, part->alternative_group, part->message);
        }
        for (guint i = 0; i < mail->warnings->len; i++)
                g_string_append_printf(out, "! %s\n", (char *) g_ptr_array_index(mail->warnings, i));
        g_string_append_printf(out, "%s|%s|%s|%d %" G_GINT64_FORMAT "\n", mail->message_id ? mail->message_id : "-",
                               mail->from ? mail->from : "-", mail->from_address ? mail->from_address : "-", mail->date_is_valid,
                               mail->date_ms);
}

static void compare(const char *data, size_t size)
{
        struct mime_mail *quick = NULL, *careful = NULL;
        struct error a = ERROR_INIT, b = ERROR_INIT;
        g_autofree char *exact = g_memdup2(data, size); /* so that reading beyond is seen */
        data = exact ? exact : "";
        int r = mime_read(data, size, &quick, &a), s = mime_read_by_library(data, size, &careful, &b);
        ck_assert_msg(r == s && strcmp(error_text(&a), error_text(&b)) == 0, "%d %s and %d %s", r, error_text(&a), s, error_text(&b));
        error_clear(&a);
        error_clear(&b);
        bool is_multipart, alternative;
        GArray *parts = mime_split_sound(data, size, &is_multipart, &alternative);
        mails_read++;
        mails_sound += parts != NULL;
        g_clear_pointer(&parts, g_array_unref);
        if (r < 0)
                return;
        g_autoptr(GString) x = g_string_new(NULL), y = g_string_new(NULL);
        describe(x, quick);
        describe(y, careful);
        ck_assert_msg(g_string_equal(x, y), "read as\n%s\nand by GMime as\n%s\n%.*s", x->str, y->str, (int) MIN(size, 3000), data);
        mime_mail_free(quick);
        mime_mail_free(careful);
}

#define HEAD "From: a@b.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=\"BB\"\r\n\r\n"
#define PLAIN "Content-Type: text/plain\r\n\r\n"

static const char *const mails[] = {
        HEAD "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ntext\r\n",
        HEAD PLAIN, HEAD PLAIN "x", HEAD "\r\nx", HEAD "Content-Type: text/plain\r\n", HEAD "Content-Type: text\r\n\r\nx",
        HEAD "Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx", HEAD "Content-Type:\r\n text/html\r\n\r\n<p>x",
        MIXED "--BB\r\n" PLAIN "one\r\n--BB\r\n" PLAIN "two\r\n--BB--\r\n",
        MIXED "prologue\r\n--BB\r\n" PLAIN "one\r\n--BB--\r\nepilogue\r\n", MIXED "--BB\r\n" PLAIN "one\r\n--BB--",
        MIXED "--BB\r\n" PLAIN "one\r\n--BB\r\n", MIXED "--BB\r\n" PLAIN "one\r\n", MIXED "--BB--\r\n", MIXED "no part",
        MIXED "--BB \r\n" PLAIN "one\r\n--BB--\r\n", MIXED "--BBB\r\n" PLAIN "one\r\n--BB--\r\n", MIXED "--BB\r\n" PLAIN "--BB--\r\n",
        MIXED "--BB\r\n" PLAIN "\r\n--BB--\r\n", MIXED "--BB\r\n\r\none\r\n--BB--\r\n", MIXED "--BB\r\none\r\n--BB--\r\n",
        MIXED "--BB\r\n" PLAIN "one\n--BB--\n", MIXED "--BB\r\n" PLAIN "one --BB\r\ntwo\r\n--BB--\r\n",
        MIXED "--BB\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n" PLAIN "one\r\n--C--\r\n--BB--\r\n",
        MIXED "--BB\r\nContent-Type: message/rfc822\r\n\r\n" HEAD PLAIN "one\r\n--BB--\r\n",
        MIXED "--BB\r\n" PLAIN "one\r\n--BB--\r\n--BB\r\n" PLAIN "two\r\n--BB--\r\n",
        MIXED "--BB\r\nContent-Type: application/octet-stream; name=\"x.eml\"\r\n\r\n" HEAD PLAIN "one\r\n--BB--\r\n",
        MIXED "--BB\r\nContent-Type: text/html; charset=\"x\"; name=y\r\nContent-Disposition: attachment; filename*=utf-8''%E3%81%82\r\n"
              "Content-Transfer-Encoding: base64\r\n\r\nPHA+eA==\r\n--BB--\r\n",
        HEAD "Content-Type: multipart/alternative;\r\n\tboundary=\"--=_a.b\"\r\n\r\n----=_a.b\r\n" PLAIN "x\r\n----=_a.b\r\n"
             "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=E3=81=82=\r\n</p>\r\n----=_a.b--\r\n",
        HEAD "Content-Type: multipart/alternative; boundary=BB\r\n\r\n--BB\r\n" PLAIN "x\r\n--BB--\r\n",
        HEAD "Content-Type: multipart/digest; boundary=\"BB\"\r\n\r\n--BB\r\n\r\n" HEAD "\r\nx\r\n--BB--\r\n",
        HEAD "Content-Type: multipart/mixed; boundary=\"A B\"\r\n\r\n--A B\r\n" PLAIN "x\r\n--A B--\r\n",
        HEAD "Content-Type: multipart/mixed; boundary=\"BB\"; boundary=\"CC\"\r\n\r\n--BB\r\n" PLAIN "x\r\n--BB--\r\n",
        HEAD "Content-Type: multipart/mixed (boundary=\"CC\"); boundary=\"BB\"\r\n\r\n--BB\r\n" PLAIN "x\r\n--BB--\r\n",
        HEAD "Content-Type: multipart/mixed; xboundary=\"CC\"; boundary=\"BB\"\r\n\r\n--BB\r\n" PLAIN "x\r\n--BB--\r\n",
        HEAD "Content-Type: multipart/mixed; boundary=\"BB\"\r\nContent-Transfer-Encoding: base64\r\n\r\n--BB\r\n" PLAIN "x\r\n--BB--\r\n",
        "From: a@b.example\nContent-Type: multipart/mixed;\n boundary=\"BB\"\n\n--BB\nContent-Type: text/plain\n\nx\n\n--BB--\n",
        "\r\n\r\nFrom: a@b.example\r\nContent-Type: text/plain\r\n\r\nx", "From x\r\nFrom: a@b.example\r\nContent-Type: text/plain\r\n\r\nx",
        "From: a@b.example\r\nContent-Type : text/html\r\n\r\nx", "From: a@b.example\r\nbroken\r\nContent-Type: text/plain\r\n\r\nx",
};

static void begin(void)
{
        mime_prepare();
        mails_read = mails_sound = 0;
}

START_TEST(single_cases)
{
        begin();
        for (size_t i = 0; i < G_N_ELEMENTS(mails); i++)
                for (size_t cut = 0; cut <= strlen(mails[i]); cut++)
                        compare(mails[i], strlen(mails[i]) - cut);
        ck_assert_uint_gt(mails_sound, 20);
}
END_TEST

static void change(GString *mail, GRand *random)
{
        static const char *const pieces[] = {
                "\r\n", "\n", "\r", " ", "--", "--BB", "\r\n--BB\r\n", "\r\n--BB--\r\n", ":", "boundary=", "\"", ";", "\t", "\r\n\r\n",
                "Content-Type: text/html\r\n", "multipart/mixed", "\xE3", "(", "\r\n ", "Content-Transfer-Encoding: base64\r\n",
        };
        gssize at = g_rand_int_range(random, 0, (gint32) mail->len + 1);
        if (g_rand_int_range(random, 0, 3) == 0 && mail->len > 0)
                g_string_erase(mail, MIN(at, (gssize) mail->len - 1), 1);
        else
                g_string_insert(mail, at, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
}

START_TEST(changed_mails)
{
        begin();
        GRand *random = g_rand_new_with_seed(7);
        for (size_t i = 0; i < G_N_ELEMENTS(mails); i++)
                for (int n = 0; n < 400; n++) {
                        g_autoptr(GString) mail = g_string_new(mails[i]);
                        for (int changes = g_rand_int_range(random, 1, 4); changes > 0; changes--)
                                change(mail, random);
                        compare(mail->str, mail->len);
                }
        g_rand_free(random);
        ck_assert_uint_gt(mails_sound, mails_read / 20);
}
END_TEST

static void compare_folder(const char *directory, unsigned depth, GRand *random)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        ck_assert_ptr_nonnull(dir);
        for (const char *name; (name = g_dir_read_name(dir));) {
                g_autofree char *path = g_build_filename(directory, name, NULL);
                if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
                        if (depth < DIRECTORY_DEPTH_MAX)
                                compare_folder(path, depth + 1, random);
                        continue;
                }
                size_t size;
                g_autofree char *data = support_read_file(path, &size);
                compare(data, size);
                for (int n = 0; n < CHANGES_OF_ONE; n++) {
                        g_autoptr(GString) mail = g_string_new_len(data, (gssize) size);
                        change(mail, random);
                        compare(mail->str, mail->len);
                }
        }
        g_dir_close(dir);
}

START_TEST(the_corpora)
{
        begin();
        GRand *random = g_rand_new_with_seed(8);
        g_autofree char *samples = support_source_path("mail"), *hostile = support_source_path("fuzz/corpus/mime");
        compare_folder(samples, 0, random);
        ck_assert_uint_gt(mails_sound, mails_read / 5);
        compare_folder(hostile, 0, random);
        g_rand_free(random);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mime_sound");
        TCase *tests = tcase_create("mails");
        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, single_cases);
        tcase_add_test(tests, changed_mails);
        tcase_add_test(tests, the_corpora);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
