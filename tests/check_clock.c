/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <locale.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "tests/support.h"

#define MAY_2007 INT64_C(1178852645) /* 2007-05-11T03:04:05Z */

static void assert_text(char *text, const char *expected)
{
        ck_assert_str_eq(text, expected);
        g_free(text);
}

START_TEST(real_clocks_go_on)
{
        int64_t wall = clock_wall_ms(), monotonic = clock_monotonic_ms();
        ck_assert_int_ge(wall, INT64_C(1000) * (time(NULL) - 5));
        ck_assert_int_le(wall, INT64_C(1000) * (time(NULL) + 5));
        ck_assert_int_gt(monotonic, 0);
        ck_assert_int_ge(clock_monotonic_ms(), monotonic);
}
END_TEST

START_TEST(tests_replace_each_clock)
{
        clock_set_for_test(1000, 5);
        ck_assert_int_eq(clock_wall_ms(), 1000);
        ck_assert_int_eq(clock_monotonic_ms(), 5);
        clock_set_for_test(0, -1);
        ck_assert_int_eq(clock_wall_ms(), 0);
        ck_assert_int_gt(clock_monotonic_ms(), 5);
        clock_set_for_test(-1, -1);
        ck_assert_int_gt(clock_wall_ms(), 1000);
}
END_TEST

START_TEST(utc_whatever_the_zone)
{
        setenv("TZ", "Asia/Tokyo", 1);
        tzset();
        assert_text(clock_format_utc(MAY_2007 * 1000), "2007-05-11T03:04:05Z");
        assert_text(clock_format_utc(MAY_2007 * 1000 + 999), "2007-05-11T03:04:05Z");
        assert_text(clock_format_utc(0), "1970-01-01T00:00:00Z");
        assert_text(clock_format_utc(-1), "1969-12-31T23:59:59Z");
        assert_text(clock_format_utc(-1000), "1969-12-31T23:59:59Z");
        assert_text(clock_format_utc(-1001), "1969-12-31T23:59:58Z");
        assert_text(clock_format_utc(INT64_C(951782400000)), "2000-02-29T00:00:00Z");
}
END_TEST

START_TEST(local_in_the_zone)
{
        setenv("TZ", "JST-9", 1); /* without the zone files */
        tzset();
        assert_text(clock_format_local(MAY_2007 * 1000), "2007-05-11 12:04:05");
}
END_TEST

START_TEST(mail_date_is_english)
{
        setlocale(LC_ALL, "ja_JP.UTF-8"); /* where it is installed */
        assert_text(clock_format_rfc5322(MAY_2007 * 1000), "Fri, 11 May 2007 03:04:05 +0000");
        assert_text(clock_format_rfc5322(0), "Thu, 01 Jan 1970 00:00:00 +0000");
}
END_TEST

START_TEST(no_time_is_too_strange)
{
        static const int64_t strange[] = { INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_C(253402300800000) };
        for (size_t i = 0; i < G_N_ELEMENTS(strange); i++) {
                g_autofree char *utc = clock_format_utc(strange[i]);
                g_autofree char *local = clock_format_local(strange[i]);
                g_autofree char *mail = clock_format_rfc5322(strange[i]);
                ck_assert(*utc && *local && *mail);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("clock");
        TCase *t = tcase_create("clock");
        suite_add_tcase(s, t);
        tcase_add_test(t, real_clocks_go_on);
        tcase_add_test(t, tests_replace_each_clock);
        tcase_add_test(t, utc_whatever_the_zone);
        tcase_add_test(t, local_in_the_zone);
        tcase_add_test(t, mail_date_is_english);
        tcase_add_test(t, no_time_is_too_strange);
        return s;
}

int main(void)
{
        return support_run(suite());
}
