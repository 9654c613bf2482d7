/* SPDX-License-Identifier: MIT */
/* When a delivery is tried again: growth, spread, what the other side asked for, and the end. */
#include <glib.h>

#include "notify/channel.h"
#include "tests/support.h"

#define CREATED 1178852645000ll

static int64_t delay(unsigned attempts, const char *identity, int64_t retry_after_ms)
{
        return retry_next_ms(attempts, identity, CREATED, CREATED + 1000, retry_after_ms) - (CREATED + 1000);
}

START_TEST(grows_from_seconds_to_an_hour)
{
        static const int64_t nominal[] = { 5000, 5000, 10000, 20000, 40000, 80000, 160000, 320000, 640000, 1280000, 2560000 };
        for (unsigned attempts = 0; attempts < 200; attempts++) {
                int64_t want = attempts < G_N_ELEMENTS(nominal) ? nominal[attempts] : 3600000;
                int64_t got = delay(attempts, "aa", -1);
                ck_assert_msg(got >= want * 8 / 10 && got <= want * 12 / 10, "attempt %u: %lld", attempts, (long long) got);
        }
        ck_assert_int_le(delay(4000000000u, "aa", -1), 3600000 * 12 / 10);
}
END_TEST

START_TEST(is_spread_by_identity)
{
        unsigned differ = 0, low = 0, high = 0;
        for (int i = 0; i < 100; i++) {
                g_autofree char *identity = g_strdup_printf("%064x", i * 7919);
                int64_t got = delay(10, identity, -1);
                ck_assert_int_eq(got, delay(10, identity, -1)); /* the same again after a restart */
                differ += got != delay(10, "other", -1);
                low += got < 2560000 * 9 / 10;
                high += got > 2560000 * 11 / 10;
        }
        ck_assert_uint_ge(differ, 95);
        ck_assert(low >= 10 && high >= 10);
        ck_assert_int_gt(delay(1, NULL, -1), 0);
}
END_TEST

START_TEST(obeys_retry_after)
{
        ck_assert_int_eq(delay(1, "aa", 30000), 30000);
        ck_assert_int_eq(delay(1, "aa", 0), delay(1, "aa", -1));
        ck_assert_int_gt(delay(12, "aa", 30000), 30000); /* never sooner than our own pace */
        ck_assert_int_eq(delay(1, "aa", G_MAXINT64), 24ll * 3600 * 1000);
}
END_TEST

START_TEST(gives_up_after_five_days)
{
        int64_t end = CREATED + RETRY_GIVE_UP_MS;
        ck_assert_int_eq(RETRY_GIVE_UP_MS, 432000000);
        ck_assert_int_gt(retry_next_ms(100, "aa", CREATED, end - 1, -1), end - 1);
        ck_assert_int_eq(retry_next_ms(100, "aa", CREATED, end, -1), -1);
        ck_assert_int_eq(retry_next_ms(100, "aa", CREATED, end + 1, 30000), -1);
        ck_assert_int_eq(retry_next_ms(RETRY_GIVE_UP_ATTEMPTS, "aa", CREATED, end, -1), -1);
        /* Not before some attempts were made: the host may have been off for a week. */
        ck_assert_int_gt(retry_next_ms(RETRY_GIVE_UP_ATTEMPTS - 1, "aa", CREATED, end, -1), end);
        /* A clock that was set back is no reason to give up. */
        ck_assert_int_gt(retry_next_ms(3, "aa", CREATED, CREATED - 86400000, -1), CREATED - 86400000);
        ck_assert_int_gt(retry_next_ms(3, "aa", CREATED, 0, -1), 0);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("retry");
        TCase *c = tcase_create("retry");
        tcase_add_test(c, grows_from_seconds_to_an_hour);
        tcase_add_test(c, is_spread_by_identity);
        tcase_add_test(c, obeys_retry_after);
        tcase_add_test(c, gives_up_after_five_days);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
