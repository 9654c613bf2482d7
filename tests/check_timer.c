/* SPDX-License-Identifier: MIT */
#include "daemon/timer.h"

#include <errno.h>
#include <string.h>

#include "tests/support.h"

enum { FIRST, SECOND, TASKS };
static struct { unsigned runs; int64_t next_ms; int result; } fake[TASKS];

static int run_fake(int which, int64_t *ret_next_ms, struct error *err)
{
        fake[which].runs++;
        *ret_next_ms = fake[which].next_ms;
        return fake[which].result < 0 ? error_set(err, fake[which].result, "task %d fails", which) : 0;
}

static int run_first(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
                     int64_t *ret_next_ms, struct error *err)
{
        (void) db, (void) config, (void) now_ms;
        ++*deliveries;
        return run_fake(FIRST, ret_next_ms, err);
}

static int run_second(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
                      int64_t *ret_next_ms, struct error *err)
{
        (void) db, (void) config, (void) now_ms, (void) deliveries;
        return run_fake(SECOND, ret_next_ms, err);
}

static struct timer_entry entries[TASKS];
static unsigned deliveries;

static void setup(void)
{
        memset(fake, 0, sizeof fake);
        entries[FIRST] = (struct timer_entry){ .task = run_first };
        entries[SECOND] = (struct timer_entry){ .task = run_second, .every_ms = 1000 };
        deliveries = 0;
}

/* Both clocks go alike, from different beginnings. Returns what the timer says, less the beginning. */
static int64_t turn(int64_t at_ms, int expected)
{
        int64_t begin_ms = 1700000000000, next_ms = -1;
        struct error err = ERROR_INIT;
        for (int i = 0; i < TASKS; i++)
                if (fake[i].next_ms > 0 && fake[i].next_ms < begin_ms)
                        fake[i].next_ms += begin_ms;
        int r = timer_run(entries, TASKS, NULL, NULL, begin_ms + at_ms, 5000 + at_ms, &deliveries, &next_ms, &err);
        ck_assert_int_eq(r, expected);
        ck_assert_int_eq(err.text != NULL, expected < 0);
        error_clear(&err);
        return next_ms == 0 ? 0 : next_ms - begin_ms;
}

/* Each wake-up runs the first; the second waits, and the timer comes back when its wait is over. */
START_TEST(a_task_that_is_not_in_a_hurry_waits)
{
        ck_assert_int_eq(turn(0, 0), 0);
        ck_assert_uint_eq(fake[SECOND].runs, 1);
        ck_assert_int_eq(turn(200, 0), 1000);
        ck_assert_int_eq(turn(999, 0), 1000);
        ck_assert_uint_eq(fake[FIRST].runs, 3);
        ck_assert_uint_eq(fake[SECOND].runs, 1);
        ck_assert_int_eq(turn(1000, 0), 0);
        ck_assert_uint_eq(fake[SECOND].runs, 2);
        ck_assert_uint_eq(deliveries, 4);
}
END_TEST

START_TEST(what_is_due_by_the_clock_never_waits)
{
        fake[SECOND].next_ms = 300;
        ck_assert_int_eq(turn(0, 0), 300);
        ck_assert_int_eq(turn(299, 0), 300);
        ck_assert_uint_eq(fake[SECOND].runs, 1);
        fake[SECOND].next_ms = 70000;
        ck_assert_int_eq(turn(300, 0), 70000);
        ck_assert_uint_eq(fake[SECOND].runs, 2);
        ck_assert_int_eq(turn(400, 0), 1300); /* something else has changed: it is looked at a second after the last look */
        ck_assert_uint_eq(fake[SECOND].runs, 2);
}
END_TEST

START_TEST(the_earliest_of_all_is_the_next)
{
        fake[FIRST].next_ms = 5000;
        fake[SECOND].next_ms = 4000;
        ck_assert_int_eq(turn(0, 0), 4000);
        fake[FIRST].next_ms = 3000;
        ck_assert_int_eq(turn(2000, 0), 3000);
}
END_TEST

START_TEST(one_that_fails_keeps_no_other_back_and_is_run_again)
{
        fake[FIRST].result = -EIO;
        fake[FIRST].next_ms = 1;
        ck_assert_int_eq(turn(0, -EIO), 0);
        ck_assert_uint_eq(fake[SECOND].runs, 1);
        fake[FIRST].result = 0;
        fake[SECOND].result = -EBUSY;
        turn(2000, -EBUSY);
        turn(2001, -EBUSY);
        ck_assert_uint_eq(fake[SECOND].runs, 3); /* no wait after a failure: the thread itself waits */
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("timer");
        TCase *tc = tcase_create("timer");
        tcase_add_checked_fixture(tc, setup, NULL);
        tcase_add_test(tc, a_task_that_is_not_in_a_hurry_waits);
        tcase_add_test(tc, what_is_due_by_the_clock_never_waits);
        tcase_add_test(tc, the_earliest_of_all_is_the_next);
        tcase_add_test(tc, one_that_fails_keeps_no_other_back_and_is_run_again);
        suite_add_tcase(suite, tc);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
