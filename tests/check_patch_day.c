/* SPDX-License-Identifier: MIT */
/* Microsoft's patch day as Japan sees it. */
#include "daemon/patch_day.h"

#include <stdlib.h>

#include "tests/support.h"

static int64_t utc(const char *text)
{
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
        ck_assert_ptr_nonnull(time);
        return g_date_time_to_unix(time) * 1000;
}

/* Second Tuesdays: 2007-05-08, 2026-09-08, 2026-12-08 (the 1st is one), 2027-01-12, 2028-02-08. */
static const struct { const char *date, *start, *deadline; } days[] = {
        { "2007-05-09", "2007-05-08T15:00:00Z", "2007-05-10T15:00:00Z" },
        { "2026-09-09", "2026-09-08T15:00:00Z", "2026-09-10T15:00:00Z" },
        { "2026-12-09", "2026-12-08T15:00:00Z", "2026-12-10T15:00:00Z" },
        { "2027-01-13", "2027-01-12T15:00:00Z", "2027-01-14T15:00:00Z" },
        { "2028-02-09", "2028-02-08T15:00:00Z", "2028-02-10T15:00:00Z" },
        /* A month that begins with a Wednesday: the second Wednesday is the 8th, the day after the second Tuesday the 15th. */
        { "2026-07-15", "2026-07-14T15:00:00Z", "2026-07-16T15:00:00Z" },
};

START_TEST(the_thursday_after)
{
        struct patch_day day;
        int64_t deadline_ms = utc(days[_i].deadline);
        patch_day_last(deadline_ms, &day);
        ck_assert_str_eq(day.date, days[_i].date);
        ck_assert_int_eq(day.start_ms, utc(days[_i].start));
        ck_assert_int_eq(day.deadline_ms, deadline_ms);
        patch_day_last(deadline_ms - 1, &day);
        ck_assert_str_ne(day.date, days[_i].date);
        ck_assert_int_lt(day.deadline_ms, deadline_ms - 20 * 86400000ll);
        ck_assert_int_eq(patch_day_next_deadline_ms(deadline_ms - 1), deadline_ms);
        ck_assert_int_gt(patch_day_next_deadline_ms(deadline_ms), deadline_ms + 20 * 86400000ll);
}
END_TEST

/* In Japan it is the first of a month while it is the last of another elsewhere, and this machine's zone is any. */
START_TEST(months_begin_in_japan)
{
        struct patch_day day;
        setenv("TZ", "America/Los_Angeles", 1);
        patch_day_last(utc("2026-12-31T14:59:59Z"), &day);
        ck_assert_str_eq(day.date, "2026-12-09");
        patch_day_last(utc("2026-12-31T15:00:00Z"), &day);
        ck_assert_str_eq(day.date, "2026-12-09");
        ck_assert_int_eq(patch_day_next_deadline_ms(utc("2026-12-31T15:00:00Z")), utc("2027-01-14T15:00:00Z"));
        unsetenv("TZ");
}
END_TEST

START_TEST(any_clock)
{
        static const int64_t clocks[] = { INT64_MIN / 2, -1, 0, 253402300799000ll, INT64_MAX / 2 };
        struct patch_day day;
        patch_day_last(clocks[_i], &day);
        ck_assert_uint_eq(strlen(day.date), 10);
        patch_day_next_deadline_ms(clocks[_i]);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("patch_day");
        TCase *tcase = tcase_create("patch_day");
        tcase_add_loop_test(tcase, the_thursday_after, 0, (int) G_N_ELEMENTS(days));
        tcase_add_test(tcase, months_begin_in_japan);
        tcase_add_loop_test(tcase, any_clock, 0, 5);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
