/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/mail_source.h"
#include "tests/support.h"

static int collect(const char *path, char *data, size_t size, void *context)
{
        (void) path;
        ck_assert_uint_eq(strlen(data), size);
        g_ptr_array_add(context, data);
        return 0;
}

struct found { GPtrArray *mails, *problems; uint64_t bytes, measured; unsigned others; };

static struct found walk(const char *path, uint64_t max_bytes)
{
        struct found found = { g_ptr_array_new_with_free_func(g_free), g_ptr_array_new_with_free_func(g_free), 0, 0, 0 };
        struct error err = ERROR_INIT;
        struct mail_source source = { .max_bytes = max_bytes, .mail = collect, .context = found.mails, .problems = found.problems };
        int r = mail_source_walk(&source, path, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        found.bytes = source.bytes;
        found.others = source.others;
        g_autoptr(GPtrArray) again = g_ptr_array_new_with_free_func(g_free);
        struct mail_source measure = { .problems = again };
        ck_assert_int_eq(mail_source_walk(&measure, path, NULL), 0);
        found.measured = measure.bytes;
        return found;
}

static void found_clear(struct found *found)
{
        g_ptr_array_unref(found->mails);
        g_ptr_array_unref(found->problems);
}

/* The mails, in order. */
static void assert_found(const struct found *found, const char *expected)
{
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < found->mails->len; i++)
                g_string_append_printf(text, "%s%s", i ? "|" : "", (const char *) g_ptr_array_index(found->mails, i));
        ck_assert_str_eq(text->str, expected);
}

static void assert_problem(const struct found *found, guint i, const char *part)
{
        ck_assert_uint_gt(found->problems->len, i);
        const char *text = g_ptr_array_index(found->problems, i);
        ck_assert_msg(strstr(text, part) != NULL, "%s", text);
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

static void make_folder(const char *directory, const char *name)
{
        g_autofree char *path = g_build_filename(directory, name, NULL);
        ck_assert_int_eq(g_mkdir_with_parents(path, 0700), 0);
}

#define FROM "From a@b Fri May 11 10:00:00 2007\n"

START_TEST(one_mail)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = put(directory, "a.eml", "Subject: one\n\nFrom here on\n");
        struct found found = walk(path, 1000);
        assert_found(&found, "Subject: one\n\nFrom here on\n");
        ck_assert_uint_eq(found.bytes, found.measured);
        found_clear(&found);
}
END_TEST

START_TEST(an_mbox)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = put(directory, "box", FROM "Subject: one\n\nfirst\n>From quoted\n>>From twice\nFrom inside\n\n"
                                                      FROM "Subject: two\n\nsecond\n\n" FROM "\n" FROM "\n\n\n");
        struct found found = walk(path, 1000);
        assert_found(&found, "Subject: one\n\nfirst\nFrom quoted\n>From twice\nFrom inside\n|Subject: two\n\nsecond\n");
        ck_assert_uint_eq(found.others, 2); /* the empty ones */
        ck_assert_uint_eq(found.bytes, found.measured);
        found_clear(&found);
}
END_TEST

START_TEST(a_maildir_in_a_folder)
{
        g_autofree char *directory = support_temporary_directory();
        write_file(directory, "md/cur/1:2,S", "Subject: cur\n\n");
        write_file(directory, "md/cur/.hidden", "Subject: hidden\n\n");
        write_file(directory, "md/new/2", FROM "no header, and no mbox\n");
        write_file(directory, "md/tmp/3", "Subject: tmp\n\n");
        write_file(directory, "md/dovecot.index.log", "Subject: index\n\n");
        write_file(directory, "md/dovecot-uidlist", "3 V1 N2\n");
        write_file(directory, "md/.Sub.Deep/cur/4:2,", "Subject: sub\n\n");
        write_file(directory, "md/.Sub.Deep/maildirfolder", "");
        make_folder(directory, "md/.Sub.Deep/new");
        write_file(directory, "md/.cache/5", "Subject: cache\n\n");
        write_file(directory, "md/Other/cur/6", "Subject: other\n\n");
        make_folder(directory, "md/Other/new");
        write_file(directory, "b.eml", "Subject: file\n\n");
        write_file(directory, ".hidden", "Subject: hidden\n\n");
        struct found found = walk(directory, 1000);
        assert_found(&found, "Subject: file\n\n|Subject: sub\n\n|Subject: other\n\n|Subject: cur\n\n|" FROM "no header, and no mbox\n");
        ck_assert_uint_eq(found.problems->len, 0);
        ck_assert_uint_eq(found.others, 5);
        ck_assert_uint_eq(found.bytes, found.measured);
        found_clear(&found);
}
END_TEST

START_TEST(an_mh_folder_in_the_order_of_its_numbers)
{
        g_autofree char *directory = support_temporary_directory();
        write_file(directory, "10", "X-Any: ten\n\n");
        write_file(directory, "9", "X-Any: nine\n\n");
        write_file(directory, "1", "X-Any: one\n\n");
        write_file(directory, ".mh_sequences", "unseen: 1-10\n");
        write_file(directory, "+8", "X-Any: deleted, and not known to be a mail\n\n");
        struct found found = walk(directory, 1000);
        assert_found(&found, "X-Any: one\n\n|X-Any: nine\n\n|X-Any: ten\n\n");
        ck_assert_uint_eq(found.others, 2);
        found_clear(&found);
}
END_TEST

START_TEST(what_is_no_mail_is_left_out)
{
        g_autofree char *directory = support_temporary_directory();
        write_file(directory, "README", "Note: these are old mails\nfrom the old server\n");
        write_file(directory, "logo.png", "\x89PNG\r\n");
        write_file(directory, "mail.db", "SQLite format 3");
        write_file(directory, "config", "Name: x\nValue: y\n");
        write_file(directory, "empty.eml", "");
        write_file(directory, "backup.tgz", "\x1f\x8b\x08");
        write_file(directory, "own.eml", "Name: x\nValue: y\n");
        write_file(directory, "unnamed", "Return-Path: <a@b>\nName: x\n\n");
        struct found found = walk(directory, 1000);
        assert_found(&found, "Name: x\nValue: y\n|Return-Path: <a@b>\nName: x\n\n");
        ck_assert_uint_eq(found.others, 6);
        ck_assert_uint_eq(found.problems->len, 0);
        found_clear(&found);
}
END_TEST

START_TEST(what_somebody_names_is_taken_if_it_has_a_header)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *config = put(directory, "config", "Name: x\nValue: y\n"), *readme = put(directory, "README", "Read this.\n");
        g_autofree char *packed = put(directory, "packed", "\x1f\x8b\x08");
        struct found found = walk(config, 1000);
        assert_found(&found, "Name: x\nValue: y\n");
        found_clear(&found);
        found = walk(readme, 1000);
        assert_found(&found, "");
        assert_problem(&found, 0, "README: not a mail");
        found_clear(&found);
        found = walk(packed, 1000);
        assert_problem(&found, 0, "unpack it first");
        found_clear(&found);
}
END_TEST

START_TEST(compressed_mails_are_named)
{
        g_autofree char *directory = support_temporary_directory();
        write_file(directory, "md/cur/1:2,SZ", "\x1f\x8b\x08");
        make_folder(directory, "md/new");
        write_file(directory, "a.eml.gz", "\x1f\x8b\x08");
        struct found found = walk(directory, 1000);
        ck_assert_uint_eq(found.problems->len, 2);
        assert_problem(&found, 0, "a.eml.gz: compressed");
        assert_problem(&found, 1, "1:2,SZ: compressed");
        found_clear(&found);
}
END_TEST

START_TEST(what_is_too_large_is_named)
{
        g_autofree char *directory = support_temporary_directory();
        write_file(directory, "big.eml", "Subject: a\n\n0123456789012345678901234567890123456789\n");
        write_file(directory, "box", FROM "Subject: big\n\n0123456789012345678901234567890123456789\n\n" FROM "Subject: ok\n\n");
        struct found found = walk(directory, 30);
        assert_found(&found, "Subject: ok\n");
        ck_assert_uint_eq(found.problems->len, 2);
        assert_problem(&found, 0, "big.eml");
        assert_problem(&found, 1, "box");
        ck_assert_uint_eq(found.bytes, found.measured);
        found_clear(&found);
}
END_TEST

START_TEST(what_is_missing_is_named)
{
        struct mail_source source = { .max_bytes = 1000, .mail = collect };
        struct error err = ERROR_INIT;
        ck_assert_int_lt(mail_source_walk(&source, "/nonexistent/mail", &err), 0);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "/nonexistent/mail"));
        error_clear(&err);
}
END_TEST

/* A device has no end; a pipe can't be looked at before it is read. */
START_TEST(only_files_and_directories_are_taken)
{
        struct mail_source source = { .max_bytes = 1000, .mail = collect };
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mail_source_walk(&source, "/dev/zero", &err), -EINVAL);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "/dev/zero"));
        error_clear(&err);
}
END_TEST

/* In a folder each is named, and the others are read. */
START_TEST(oddities_in_a_folder)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *pipe = g_build_filename(directory, "a-pipe", NULL), *circle = g_build_filename(directory, "b-circle", NULL);
        g_autofree char *up = g_build_filename(directory, "c-up", NULL), *gone = g_build_filename(directory, "d-gone", NULL);
        g_autofree char *link = g_build_filename(directory, "e-link", NULL), *odd = g_build_filename(directory, "f-\x1b[31m\xff", NULL);
        ck_assert_int_eq(mkfifo(pipe, 0600), 0);
        ck_assert_int_eq(symlink("b-circle", circle), 0);
        ck_assert_int_eq(symlink("..", up), 0);
        ck_assert_int_eq(symlink("nothing", gone), 0);
        ck_assert_int_eq(symlink("mail.eml", link), 0);
        ck_assert_int_eq(mkfifo(odd, 0600), 0);
        write_file(directory, "mail.eml", "Subject: mail\n\n");
        struct found found = walk(directory, 1000);
        assert_found(&found, "Subject: mail\n\n|Subject: mail\n\n");
        ck_assert_uint_eq(found.problems->len, 5);
        assert_problem(&found, 0, "a-pipe: neither a file");
        assert_problem(&found, 1, "b-circle: Too many levels");
        assert_problem(&found, 2, "c-up: a link to a directory");
        assert_problem(&found, 3, "d-gone: No such file");
        assert_problem(&found, 4, "f-");
        ck_assert_ptr_null(strchr(g_ptr_array_index(found.problems, 4), 0x1b));
        ck_assert(g_utf8_validate(g_ptr_array_index(found.problems, 4), -1, NULL));
        found_clear(&found);
}
END_TEST

START_TEST(folders_without_end)
{
        g_autofree char *directory = support_temporary_directory();
        g_autoptr(GString) deep = g_string_new(NULL);
        for (int i = 0; i < 40; i++)
                g_string_append(deep, "d/");
        g_string_append(deep, "a.eml");
        write_file(directory, deep->str, "Subject: deep\n\n");
        write_file(directory, "z.eml", "Subject: z\n\n");
        struct found found = walk(directory, 1000);
        assert_found(&found, "Subject: z\n\n");
        assert_problem(&found, 0, "nested too deeply");
        found_clear(&found);
}
END_TEST

static bool stops(void *context)
{
        return ((GPtrArray *) context)->len >= 2;
}

static int refuse(const char *path, char *data, size_t size, void *context)
{
        (void) path, (void) size, (void) context;
        g_free(data);
        return -ERR_STORE;
}

START_TEST(it_ends_when_told)
{
        g_autofree char *directory = support_temporary_directory();
        for (int i = 0; i < 5; i++) {
                g_autofree char *name = g_strdup_printf("%d", i);
                write_file(directory, name, "Subject: x\n\n");
        }
        g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(g_free), problems = g_ptr_array_new_with_free_func(g_free);
        struct mail_source source = { .max_bytes = 1000, .mail = collect, .stop = stops, .context = mails, .problems = problems };
        ck_assert_int_eq(mail_source_walk(&source, directory, NULL), -ERR_CANCELLED);
        ck_assert_uint_eq(mails->len, 2);
        source.mail = refuse;
        source.stop = NULL;
        ck_assert_int_eq(mail_source_walk(&source, directory, NULL), -ERR_STORE);
        g_autofree char *box = put(directory, "box", FROM "Subject: 1\n\n\n" FROM "Subject: 2\n\n\n");
        ck_assert_int_eq(mail_source_walk(&source, box, NULL), -ERR_STORE);
        ck_assert_uint_eq(problems->len, 0);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mail_source");
        TCase *tests = tcase_create("walk");
        tcase_add_test(tests, one_mail);
        tcase_add_test(tests, an_mbox);
        tcase_add_test(tests, a_maildir_in_a_folder);
        tcase_add_test(tests, an_mh_folder_in_the_order_of_its_numbers);
        tcase_add_test(tests, what_is_no_mail_is_left_out);
        tcase_add_test(tests, what_somebody_names_is_taken_if_it_has_a_header);
        tcase_add_test(tests, compressed_mails_are_named);
        tcase_add_test(tests, what_is_too_large_is_named);
        tcase_add_test(tests, what_is_missing_is_named);
        tcase_add_test(tests, only_files_and_directories_are_taken);
        tcase_add_test(tests, oddities_in_a_folder);
        tcase_add_test(tests, folders_without_end);
        tcase_add_test(tests, it_ends_when_told);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
