/* SPDX-License-Identifier: MIT */
/* What was delivered long ago is cleared, by a clock of the test's own. */
#include "daemon/retention.h"

#include <string.h>

#include "common/clock.h"
#include "store/outbox.h"
#include "tests/support.h"

#define DAY_MS (24 * 3600 * 1000ll)
#define START_MS (1000 * DAY_MS)

static struct database *db;
static struct config config;

static void setup(void)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "hotfixd.db", NULL);
        struct error err = ERROR_INIT;
        config = (struct config) { .retention_ms = 400 * DAY_MS };
        ck_assert_msg(database_open(path, DATABASE_CREATE, &db, &err) == 0, "%s", error_text(&err));
}

static void teardown(void)
{
        g_clear_pointer(&db, database_close);
}

static void add_sent(int number, const char *thread, int64_t created_ms)
{
        g_autofree char *identity = g_strdup_printf("i%d", number);
        struct delivery delivery = { .identity = identity, .channel = (char *) "ops", .kind = (char *) "problem",
                                     .payload = (char *) "{}", .thread = (char *) thread, .created_ms = created_ms };
        struct delivery *claimed = NULL;
        struct delivery_outcome outcome = { .state = DELIVERY_SENT, .now_ms = created_ms };
        struct error err = ERROR_INIT;
        int64_t next_ms;
        bool known;
        ck_assert_int_eq(outbox_add(db, &delivery, 0, &known, &err), 0);
        ck_assert_int_eq(outbox_claim(db, "ops", "me", created_ms, 1000, &claimed, &next_ms, &err), 0);
        ck_assert_int_eq(outbox_record(db, claimed, "me", &outcome, &err), 0);
        delivery_free(claimed);
}

static int64_t left(void)
{
        int64_t n = -1;
        ck_assert_int_eq(outbox_count(db, DELIVERY_STATE_MAX, &n, NULL), 0);
        return n;
}

static int64_t run(int64_t now_ms)
{
        struct error err = ERROR_INIT;
        unsigned deliveries = 0;
        int64_t next_ms = -1;
        ck_assert_msg(retention_run(db, &config, now_ms, &deliveries, &next_ms, &err) == 0, "%s", error_text(&err));
        ck_assert_uint_eq(deliveries, 0);
        return next_ms;
}

START_TEST(each_goes_when_its_time_has_come)
{
        ck_assert_int_eq(run(START_MS), 0);
        add_sent(1, NULL, START_MS);
        add_sent(2, NULL, START_MS + DAY_MS);
        ck_assert_int_eq(run(START_MS + 2 * DAY_MS), START_MS + 400 * DAY_MS + 1);
        ck_assert_int_eq(left(), 2);
        run(START_MS + 400 * DAY_MS);
        ck_assert_int_eq(left(), 2);
        ck_assert_int_eq(run(START_MS + 400 * DAY_MS + 1), START_MS + 401 * DAY_MS + 1);
        ck_assert_int_eq(left(), 1);
        ck_assert_int_eq(run(START_MS + 401 * DAY_MS + 1), 0);
        ck_assert_int_eq(left(), 0);
}
END_TEST

/* A head that has to stay is no reason to look without end. */
START_TEST(a_thread_goes_as_a_whole)
{
        add_sent(1, NULL, START_MS);
        add_sent(2, "i1", START_MS + 100 * DAY_MS);
        int64_t now_ms = START_MS + 450 * DAY_MS;
        ck_assert_int_eq(run(now_ms), now_ms + 3600 * 1000);
        ck_assert_int_eq(left(), 2);
        ck_assert_int_eq(run(START_MS + 501 * DAY_MS), 0);
        ck_assert_int_eq(left(), 0);
}
END_TEST

START_TEST(nothing_goes_without_a_limit)
{
        config.retention_ms = 0;
        add_sent(1, NULL, START_MS);
        ck_assert_int_eq(run(START_MS + 100000 * DAY_MS), 0);
        ck_assert_int_eq(left(), 1);
}
END_TEST

START_TEST(much_goes_in_turns)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(db, &err), 0);
        for (int i = 0; i < 5100; i++)
                add_sent(i, NULL, START_MS);
        ck_assert_int_eq(database_commit(db, &err), 0);
        int64_t now_ms = START_MS + 401 * DAY_MS;
        ck_assert_int_eq(run(now_ms), now_ms + 1000);
        ck_assert_int_eq(left(), 100);
        ck_assert_int_eq(run(now_ms + 1000), 0);
        ck_assert_int_eq(left(), 0);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("retention");
        TCase *c = tcase_create("retention");
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, each_goes_when_its_time_has_come);
        tcase_add_test(c, a_thread_goes_as_a_whole);
        tcase_add_test(c, nothing_goes_without_a_limit);
        tcase_add_test(c, much_goes_in_turns);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
