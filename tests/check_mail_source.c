/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "daemon/mail_source.h"
#include "tests/support.h"

static int collect(const char *path, char *data, size_t size, void *context)
{
        (void) path;
        ck_assert_uint_eq(strlen(data), size);
        g_ptr_array_add(context, data);
        return 0;
}

struct found { GPtrArray *mails, *problems; };

static struct found walk(const char *path, uint64_t max_bytes)
{
        struct found found = { g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free) };
        struct error err = ERROR_INIT;
        int r = mail_source_walk(path, max_bytes, collect, found.mails, found.problems, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        return found;
}

static void found_clear(struct found *found)
{
        g_ptr_array_unref(found->mails);
        g_ptr_array_unref(found->problems);
}

/* Returns the path. */
static char *put(const char *directory, const char *name, const char *text)
{
        char *path = g_build_filename(directory, name, NULL);
        g_autofree char *folder = g_path_get_dirname(path);
        ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
        return path;
}

static void write_file(const char *directory, const char *name, const char *text)
{
        g_free(put(directory, name, text));
}

#define MAIL(found, i) ((const char *) g_ptr_array_index((found).mails, i))

START_TEST(one_mail)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = put(directory, "a.eml", "Subject: one\n\nFrom here on\n");
        struct found found = walk(path, 1000);
        ck_assert_uint_eq(found.mails->len, 1);
        ck_assert_str_eq(MAIL(found, 0), "Subject: one\n\nFrom here on\n");
        found_clear(&found);
}
END_TEST

START_TEST(an_mbox)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = put(directory, "box",
                                      "From a@b Fri May 11 10:00:00 2007\nSubject: one\n\nfirst\n>From quoted\n>>From twice\nFrom inside\n\n"
                                      "From a@b Fri May 11 11:00:00 2007\nSubject: two\n\nsecond\n\n");
        struct found found = walk(path, 1000);
        ck_assert_uint_eq(found.mails->len, 2);
        ck_assert_str_eq(MAIL(found, 0), "Subject: one\n\nfirst\nFrom quoted\n>From twice\nFrom inside\n");
        ck_assert_str_eq(MAIL(found, 1), "Subject: two\n\nsecond\n");
        found_clear(&found);
}
END_TEST

START_TEST(a_maildir_in_a_folder)
{
        g_autofree char *directory = support_temporary_directory();
        write_file(directory, "md/cur/1:2,S", "Subject: cur\n\n");
        write_file(directory, "md/new/2", "Subject: new\n\n");
        write_file(directory, "md/tmp/3", "Subject: tmp\n\n");
        write_file(directory, "b.eml", "Subject: file\n\n");
        write_file(directory, ".hidden", "Subject: hidden\n\n");
        struct found found = walk(directory, 1000);
        ck_assert_uint_eq(found.mails->len, 3);
        ck_assert_str_eq(MAIL(found, 0), "Subject: file\n\n");
        ck_assert_str_eq(MAIL(found, 1), "Subject: cur\n\n");
        ck_assert_str_eq(MAIL(found, 2), "Subject: new\n\n");
        found_clear(&found);
}
END_TEST

START_TEST(what_is_too_large_is_named)
{
        g_autofree char *directory = support_temporary_directory();
        write_file(directory, "big.eml", "Subject: a\n\n0123456789012345678901234567890123456789\n");
        write_file(directory, "box",
                                     "From a@b x\nSubject: big\n\n0123456789012345678901234567890123456789\n\nFrom a@b x\nSubject: ok\n\n");
        struct found found = walk(directory, 30);
        ck_assert_uint_eq(found.mails->len, 1);
        ck_assert_str_eq(MAIL(found, 0), "Subject: ok\n");
        ck_assert_uint_eq(found.problems->len, 2);
        ck_assert_ptr_nonnull(strstr(g_ptr_array_index(found.problems, 0), "big.eml"));
        ck_assert_ptr_nonnull(strstr(g_ptr_array_index(found.problems, 1), "box"));
        found_clear(&found);
}
END_TEST

START_TEST(what_is_missing_is_named)
{
        g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(g_free), problems = g_ptr_array_new_with_free_func(g_free);
        struct error err = ERROR_INIT;
        ck_assert_int_lt(mail_source_walk("/nonexistent/mail", 1000, collect, mails, problems, &err), 0);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "/nonexistent/mail"));
        error_clear(&err);
}
END_TEST

/* A device has no end; a pipe can't be looked at before it is read. */
START_TEST(only_files_and_directories_are_taken)
{
        g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(g_free), problems = g_ptr_array_new_with_free_func(g_free);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mail_source_walk("/dev/zero", 1000, collect, mails, problems, &err), -EINVAL);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "/dev/zero"));
        error_clear(&err);
}
END_TEST

/* A line of an mbox may be longer than anything that is kept of it. */
START_TEST(an_endless_line_in_an_mbox)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *line = g_strnfill(100000, 'x');
        g_autofree char *text = g_strconcat("From a@b x\nSubject: long\n\n", line, "\n\nFrom a@b x\nSubject: ok\n\n", NULL);
        g_autofree char *path = put(directory, "box", text);
        struct found found = walk(path, 200);
        ck_assert_uint_eq(found.problems->len, 1);
        ck_assert_uint_eq(found.mails->len, 1);
        ck_assert_str_eq(MAIL(found, 0), "Subject: ok\n");
        found_clear(&found);
        found = walk(path, 200000);
        ck_assert_uint_eq(found.mails->len, 2);
        ck_assert_uint_eq(strlen(MAIL(found, 0)), strlen("Subject: long\n\n") + 100001);
        found_clear(&found);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mail_source");
        TCase *tests = tcase_create("walk");
        tcase_add_test(tests, one_mail);
        tcase_add_test(tests, an_mbox);
        tcase_add_test(tests, a_maildir_in_a_folder);
        tcase_add_test(tests, what_is_too_large_is_named);
        tcase_add_test(tests, what_is_missing_is_named);
        tcase_add_test(tests, only_files_and_directories_are_taken);
        tcase_add_test(tests, an_endless_line_in_an_mbox);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
