/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>

#include "common/errors.h"
#include "tests/support.h"

START_TEST(set_keeps_code_and_text)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(error_set(&err, -ERR_CONFIG, "key %s is %d", "a", 7), -ERR_CONFIG);
        ck_assert_int_eq(err.code, -ERR_CONFIG);
        ck_assert_str_eq(error_text(&err), "key a is 7");
        ck_assert_int_eq(error_set(&err, -ERR_STORE, "later: %s", err.text), -ERR_STORE);
        ck_assert_str_eq(error_text(&err), "later: key a is 7");
        error_clear(&err);
        ck_assert_int_eq(err.code, 0);
        ck_assert_ptr_null(err.text);
        error_clear(&err);
}
END_TEST

START_TEST(set_without_a_place_returns_the_code)
{
        ck_assert_int_eq(error_set(NULL, -EIO, "lost"), -EIO);
        error_prefix(NULL, "x");
        error_clear(NULL);
        ck_assert_ptr_nonnull(error_text(NULL));
}
END_TEST

START_TEST(prefix_goes_before)
{
        struct error err = ERROR_INIT;
        error_prefix(&err, "nothing to prefix");
        ck_assert_ptr_null(err.text);
        error_set(&err, -EIO, "disk gone");
        error_prefix(&err, "mailbox %s", "work");
        ck_assert_str_eq(error_text(&err), "mailbox work: disk gone");
        error_clear(&err);

        err.code = -ERR_TIMEOUT; /* a code alone */
        error_prefix(&err, "fetch");
        ck_assert_str_eq(error_text(&err), "fetch: timed out");
        error_clear(&err);
}
END_TEST

START_TEST(move_empties_the_source)
{
        struct error from = ERROR_INIT, to = ERROR_INIT;
        error_set(&from, -ERR_TLS, "first");
        error_set(&to, -EIO, "replaced");
        ck_assert_int_eq(error_move(&to, &from), -ERR_TLS);
        ck_assert_str_eq(error_text(&to), "first");
        ck_assert_int_eq(from.code, 0);
        ck_assert_ptr_null(from.text);
        ck_assert_int_eq(error_move(&to, &to), -ERR_TLS);
        ck_assert_str_eq(error_text(&to), "first");
        ck_assert_int_eq(error_move(NULL, &to), -ERR_TLS);
        ck_assert_ptr_null(to.text);
}
END_TEST

START_TEST(every_code_has_a_name)
{
        for (int code = ERR_CONNECTION; code < ERR_CODE_MAX; code++) {
                ck_assert_ptr_nonnull(error_name(-code));
                ck_assert_str_ne(error_name(-code), "unknown error");
                for (int other = ERR_CONNECTION; other < code; other++)
                        ck_assert_str_ne(error_name(-code), error_name(-other));
        }
        ck_assert_str_eq(error_name(-ENOENT), "No such file or directory");
        ck_assert_str_eq(error_name(0), "no error");
        ck_assert_str_eq(error_name(-ERR_CODE_MAX), "unknown error");
        ck_assert_str_eq(error_name(-999), "unknown error");
        ck_assert_str_eq(error_name(INT_MIN), "unknown error");
        ck_assert_str_eq(error_name(INT_MAX), "unknown error");
}
END_TEST

START_TEST(temporary_means_try_again)
{
        static const int temporary[] = { -ERR_CONNECTION, -ERR_TIMEOUT, -ERR_RESOLVE, -ERR_TLS, -ERR_AUTH, -ERR_PROTOCOL,
                                         -ERR_STORE_BUSY, -ERR_STORE_FULL, -EAGAIN, -ENOSPC, -ECONNREFUSED };
        static const int lasting[] = { 0, -ERR_REFUSED, -ERR_CANCELLED, -ERR_LIMIT, -ERR_MALFORMED, -ERR_WORKER_CRASHED,
                                       -ERR_STORE_CORRUPT, -ERR_STORE_NEWER, -ERR_CONFIG, -ERR_CREDENTIAL,
                                       -ERR_NOT_FOUND, -ERR_USAGE, -EACCES, -ENOENT, -12345, INT_MIN };
        for (size_t i = 0; i < G_N_ELEMENTS(temporary); i++)
                ck_assert_msg(error_is_temporary(temporary[i]), "%s", error_name(temporary[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(lasting); i++)
                ck_assert_msg(!error_is_temporary(lasting[i]), "%s", error_name(lasting[i]));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("errors");
        TCase *t = tcase_create("errors");
        suite_add_tcase(s, t);
        tcase_add_test(t, set_keeps_code_and_text);
        tcase_add_test(t, set_without_a_place_returns_the_code);
        tcase_add_test(t, prefix_goes_before);
        tcase_add_test(t, move_empties_the_source);
        tcase_add_test(t, every_code_has_a_name);
        tcase_add_test(t, temporary_means_try_again);
        return s;
}

int main(void)
{
        return support_run(suite());
}
