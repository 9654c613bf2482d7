/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/limits.h"
#include "daemon/credential.h"
#include "tests/support.h"

static char *directory;

static void setup(void)
{
        directory = support_temporary_directory();
        g_setenv("CREDENTIALS_DIRECTORY", directory, TRUE);
}

static void teardown(void)
{
        g_free(directory);
}

static char *write_file(const char *name, const char *data, gssize size)
{
        char *path = g_build_filename(directory, name, NULL);
        ck_assert(g_file_set_contents(path, data, size, NULL));
        return path;
}

/* The secret of a file with these bytes, or NULL and its error text in *ret_text. */
static char *read_bytes(const char *data, gssize size, char **ret_text)
{
        char *secret = NULL;
        struct error err = ERROR_INIT;
        g_autofree char *path = write_file("file", data, size);
        int r = credential_read_file(path, &secret, &err);
        if (r < 0) {
                ck_assert_int_eq(r, -ERR_CREDENTIAL);
                ck_assert_ptr_null(secret);
                ck_assert_ptr_nonnull(strstr(err.text, path));
        }
        *ret_text = g_strdup(err.text);
        error_clear(&err);
        return secret;
}

static void assert_secret(const char *data, gssize size, const char *expected)
{
        g_autofree char *text = NULL;
        char *secret = read_bytes(data, size, &text);
        ck_assert_msg(secret, "%s", text);
        ck_assert_str_eq(secret, expected);
        credential_free(secret);
}

static void assert_refused(const char *data, gssize size, const char *why)
{
        g_autofree char *text = NULL;
        ck_assert_ptr_null(read_bytes(data, size, &text));
        ck_assert_msg(strstr(text, why), "%s", text);
        ck_assert_msg(!strstr(text, "s3cret"), "%s", text); /* where it is in data */
}

START_TEST(line_end_is_taken_off_once)
{
        assert_secret("s3cret", -1, "s3cret");
        assert_secret("s3cret\n", -1, "s3cret");
        assert_secret("s3cret\r\n", -1, "s3cret");
        assert_secret("  spaces stay ", -1, "  spaces stay ");
        assert_secret("\xe3\x83\x91\xff", -1, "\xe3\x83\x91\xff");
}
END_TEST

START_TEST(unusable_content_is_refused)
{
        assert_refused("", 0, "empty");
        assert_refused("\n", 1, "empty");
        assert_refused("a\nb", -1, "more than one line");
        assert_refused("s3cret\nand more\n", -1, "more than one line");
        assert_refused("s3cret\0", 7, "NUL");
        assert_refused("a\n\n", -1, "more than one line");
        assert_refused("a\rb\n", -1, "more than one line");
        assert_refused("a\0b", 3, "NUL");
        assert_refused("a\0", 2, "NUL");
}
END_TEST

START_TEST(size_is_limited)
{
        g_autofree char *full = g_strnfill(LIMIT_CREDENTIAL_BYTES + 1, 'x');
        assert_refused(full, LIMIT_CREDENTIAL_BYTES + 1, "larger");
        full[LIMIT_CREDENTIAL_BYTES] = '\0';
        assert_secret(full, LIMIT_CREDENTIAL_BYTES, full);
}
END_TEST

START_TEST(only_regular_files_are_read)
{
        struct error err = ERROR_INIT;
        char *secret = NULL;
        g_autofree char *fifo = g_build_filename(directory, "fifo", NULL),
                        *none = g_build_filename(directory, "none", NULL);
        ck_assert_int_eq(mkfifo(fifo, 0600), 0);
        ck_assert_int_eq(credential_read_file(fifo, &secret, &err), -ERR_CREDENTIAL);
        ck_assert_ptr_nonnull(strstr(err.text, "regular"));
        ck_assert_int_eq(credential_read_file(directory, &secret, &err), -ERR_CREDENTIAL);
        ck_assert_int_eq(credential_read_file(none, &secret, &err), -ERR_CREDENTIAL);
        ck_assert_ptr_nonnull(strstr(err.text, g_strerror(ENOENT)));
        error_clear(&err);
}
END_TEST

START_TEST(named_comes_from_the_credentials_directory)
{
        char *secret = NULL;
        struct error err = ERROR_INIT;
        g_free(write_file("imap", "one\n", -1));
        g_free(write_file("hotfixd_smtp", "two\n", -1));
        g_free(write_file("hotfixd_imap", "three\n", -1));
        ck_assert_int_eq(credential_read_named("imap", &secret, &err), 0);
        ck_assert_str_eq(secret, "one");
        credential_free(secret);
        secret = NULL;
        ck_assert_int_eq(credential_read_named("smtp", &secret, &err), 0);
        ck_assert_str_eq(secret, "two");
        credential_free(secret);
        secret = NULL;
        ck_assert_int_eq(credential_read_named("nowhere", &secret, &err), -ERR_CREDENTIAL);
        ck_assert_ptr_nonnull(strstr(err.text, "nowhere"));
        g_unsetenv("CREDENTIALS_DIRECTORY");
        ck_assert_int_eq(credential_read_named("imap", &secret, &err), -ERR_CREDENTIAL);
        ck_assert_ptr_nonnull(strstr(err.text, "CREDENTIALS_DIRECTORY"));
        ck_assert_ptr_null(secret);
        error_clear(&err);
}
END_TEST

/* Also: a URL put where a name belongs must not turn up in a log. */
START_TEST(names_with_a_slash_are_refused_and_not_repeated)
{
        static const char *const bad[] = { "https://hooks.example/T0/s3cret", "../imap", "", ".", ".." };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                char *secret = NULL;
                struct error err = ERROR_INIT;
                ck_assert_int_eq(credential_read_named(bad[i], &secret, &err), -ERR_CREDENTIAL);
                ck_assert_ptr_null(strstr(err.text, "s3cret"));
                error_clear(&err);
        }
}
END_TEST

START_TEST(exposure_is_seen)
{
        g_autofree char *path = write_file("mode", "x", 1);
        ck_assert_int_eq(g_chmod(path, 0640), 0);
        ck_assert(!credential_file_is_exposed(path));
        ck_assert_int_eq(g_chmod(path, 0644), 0);
        ck_assert(credential_file_is_exposed(path));
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("credential");
        TCase *tcase = tcase_create("credential");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, line_end_is_taken_off_once);
        tcase_add_test(tcase, unusable_content_is_refused);
        tcase_add_test(tcase, size_is_limited);
        tcase_add_test(tcase, only_regular_files_are_read);
        tcase_add_test(tcase, named_comes_from_the_credentials_directory);
        tcase_add_test(tcase, names_with_a_slash_are_refused_and_not_repeated);
        tcase_add_test(tcase, exposure_is_seen);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
