/* SPDX-License-Identifier: MIT */
/* What is counted of the bulletins, their labels and their senders. */
#include "store/drift_tally.h"

#include <string.h>

#include "tests/pipeline_kit.h"
#include "tests/support.h"

#define FEED "hotfix-report"

static struct kit kit;
static int64_t next_variant;

static void setup(void)
{
        kit_open(&kit);
        next_variant = 1;
        /* These tests need no contents: the counts refer to them by number only. */
        ck_assert_int_eq(database_execute(kit.db, "PRAGMA foreign_keys=OFF", NULL), 0);
}

static void teardown(void)
{
        kit_close(&kit);
}

static void add(const char *feed, enum bulletin_kind kind, bool live, uint64_t mask)
{
        struct error err = ERROR_INIT;
        struct drift_tally *tally = drift_tally_new(kit.db);
        int r = drift_tally_content(tally, feed, kind, next_variant++, live, mask, &err);
        if (r == 0)
                r = drift_tally_save(tally, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        drift_tally_free(tally);
}

static struct fill_counts all_of(const char *feed, enum bulletin_kind kind)
{
        struct fill_counts counts;
        ck_assert_int_eq(drift_counts_all(kit.db, feed, kind, &counts, NULL), 0);
        return counts;
}

static struct fill_counts last_of(const char *feed, enum bulletin_kind kind, bool live_only, unsigned max)
{
        struct fill_counts counts;
        ck_assert_int_eq(drift_counts_last(kit.db, feed, kind, live_only, max, &counts, NULL), 0);
        return counts;
}

static struct fill_counts before_of(const char *feed, enum bulletin_kind kind)
{
        struct fill_counts counts;
        ck_assert_int_eq(drift_counts_before(kit.db, feed, kind, &counts, NULL), 0);
        return counts;
}

/* Those behind the last live ones do not belong to it, whatever they are. */
START_TEST(what_came_before_the_last_live_ones)
{
        for (unsigned i = 0; i < 60; i++)
                add(FEED, BULLETIN_ALERT, i % 2 == 0, i < 20 ? 1 : 2);
        for (unsigned i = 0; i < DRIFT_LIVE_RUN - 1; i++)
                add(FEED, BULLETIN_NEWS, true, 1);
        ck_assert_int_eq(before_of(FEED, BULLETIN_NEWS).bulletins, 0);
        add(FEED, BULLETIN_NEWS, true, 1);
        ck_assert_int_eq(before_of(FEED, BULLETIN_NEWS).bulletins, 0); /* they are the last live ones */
        add(FEED, BULLETIN_NEWS, true, 1);
        ck_assert_int_eq(before_of(FEED, BULLETIN_NEWS).bulletins, 1);
        struct fill_counts counts = before_of(FEED, BULLETIN_ALERT); /* 0 to 49: the last live ones are 50, 52, … 58 */
        ck_assert_int_eq(counts.bulletins, DRIFT_BEFORE);
        ck_assert_int_eq(counts.filled[0], 20);
        ck_assert_int_eq(counts.filled[1], 30);
        add(FEED, BULLETIN_ALERT, true, 2);
        ck_assert_int_eq(before_of(FEED, BULLETIN_ALERT).filled[0], 18); /* 2 to 51 */
}
END_TEST

START_TEST(sums_and_the_last_ones)
{
        for (unsigned i = 0; i < 30; i++)
                add(FEED, BULLETIN_ALERT, i % 2 == 0, (i < 25 ? 1 : 0) | UINT64_C(1) << (BULLETIN_FILL_MAX - 1));
        add(FEED, BULLETIN_NEWS, true, 2);
        add("other", BULLETIN_ALERT, true, 4);
        struct fill_counts all = all_of(FEED, BULLETIN_ALERT);
        ck_assert_int_eq(all.bulletins, 30);
        ck_assert_int_eq(all.filled[0], 25);
        ck_assert_int_eq(all.filled[1], 0);
        ck_assert_int_eq(all.filled[BULLETIN_FILL_MAX - 1], 30);
        struct fill_counts recent = last_of(FEED, BULLETIN_ALERT, false, 20);
        ck_assert_int_eq(recent.bulletins, 20);
        ck_assert_int_eq(recent.filled[0], 15);
        struct fill_counts live = last_of(FEED, BULLETIN_ALERT, true, 5); /* 20, 22, 24, 26, 28 */
        ck_assert_int_eq(live.bulletins, 5);
        ck_assert_int_eq(live.filled[0], 3);
        struct fill_counts every = last_of(FEED, BULLETIN_ALERT, false, 0);
        ck_assert(memcmp(&every, &all, sizeof all) == 0);
        ck_assert_int_eq(all_of(FEED, BULLETIN_NEWS).filled[1], 1);
        ck_assert_int_eq(all_of(FEED, BULLETIN_TIPS).bulletins, 0);
        ck_assert_int_eq(last_of("none", BULLETIN_ALERT, true, 5).bulletins, 0);
        GPtrArray *kinds;
        ck_assert_int_eq(drift_kinds(kit.db, &kinds, NULL), 0);
        ck_assert_uint_eq(kinds->len, 3);
        const struct drift_kind *second = g_ptr_array_index(kinds, 1);
        ck_assert_str_eq(second->feed, FEED);
        ck_assert_int_eq(second->kind, BULLETIN_NEWS);
        g_ptr_array_unref(kinds);
}
END_TEST

/* A content counts once, whoever asks. */
START_TEST(a_content_counts_once)
{
        struct error err = ERROR_INIT;
        add(FEED, BULLETIN_ALERT, true, 1);
        struct drift_tally *tally = drift_tally_new(kit.db);
        ck_assert_int_lt(drift_tally_content(tally, FEED, BULLETIN_ALERT, 1, true, 1, &err), 0);
        error_clear(&err);
        ck_assert_int_eq(drift_tally_save(tally, &err), 0);
        drift_tally_free(tally);
        ck_assert_int_eq(all_of(FEED, BULLETIN_ALERT).bulletins, 1);
}
END_TEST

/* However many are added up before they are stored, the same rows come of it. */
START_TEST(a_tally_is_the_sum_of_its_bulletins)
{
        static const char *const queries[] = { "SELECT group_concat(feed || kind || ' ' || bulletins || ' ' || filled, ';') FROM fill_sum",
                                               "SELECT group_concat(address || feed || ' ' || bulletins || ' ' || others || ' ' || run, ';')"
                                               " FROM sender" };
        char *expected[] = { NULL, NULL };
        for (unsigned together = 1; together <= 50; together = together * 3 + 1) {
                struct error err = ERROR_INIT;
                struct drift_tally *tally = drift_tally_new(kit.db);
                ck_assert_int_eq(database_begin(kit.db, &err), 0);
                for (unsigned i = 0; i < 90; i++) {
                        const char *feed = i % 5 ? FEED : "other";
                        struct sender_record before = { 0 };
                        ck_assert_int_eq(drift_tally_content(tally, feed, i % 7 ? BULLETIN_ALERT : BULLETIN_NEWS, i + 1, i % 2,
                                                             UINT64_C(0x123456789) >> i % 30, &err), 0);
                        drift_tally_sender(tally, i % 3 ? "a@example.jp" : "b@example.jp", feed);
                        if (i % together == 0 || i % 45 == 44)
                                ck_assert_int_eq(drift_tally_save(tally, &err), 0);
                        if (i == 44) { /* a letter in between */
                                ck_assert_int_eq(drift_sender_sent_other(kit.db, "a@example.jp", &before, &err), 0);
                                ck_assert_int_eq(before.bulletins, 30);
                        }
                        sender_record_clear(&before);
                }
                for (gsize i = 0; i < G_N_ELEMENTS(queries); i++) {
                        g_autofree char *rows = kit_query(kit.db, queries[i]);
                        if (!expected[i])
                                expected[i] = g_strdup(rows);
                        ck_assert_str_eq(rows, expected[i]);
                }
                drift_tally_free(tally);
                database_rollback(kit.db);
        }
        ck_assert_ptr_nonnull(strstr(expected[1], "b@example.jphotfix-report 30 0 0"));
        g_free(expected[0]);
        g_free(expected[1]);
}
END_TEST

/* The sums are a help: where they are damaged they are made again, and no mail has to wait. */
START_TEST(damaged_sums_are_counted_again)
{
        static const char *const damages[] = { "x", "1 2 -3", "99 1", "1  1", "18446744073709551616" };
        add(FEED, BULLETIN_ALERT, true, 3);
        add(FEED, BULLETIN_ALERT, true, 1);
        for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
                g_autofree char *sql = g_strdup_printf("UPDATE fill_sum SET filled = '%s'", damages[i]);
                ck_assert_int_eq(database_execute(kit.db, sql, NULL), 0);
                struct fill_counts all = all_of(FEED, BULLETIN_ALERT);
                ck_assert_int_eq(all.bulletins, 2 + (int64_t) i);
                ck_assert_int_eq(all.filled[0], 2 + (int64_t) i);
                ck_assert_int_eq(all.filled[1], 1);
                add(FEED, BULLETIN_ALERT, true, 1);
                ck_assert_int_eq(all_of(FEED, BULLETIN_ALERT).bulletins, 3 + (int64_t) i);
        }
        /* One from a time when fewer fields were counted. */
        ck_assert_int_eq(database_execute(kit.db, "UPDATE fill_sum SET filled = '7 1'", NULL), 0);
        ck_assert_int_eq(all_of(FEED, BULLETIN_ALERT).filled[0], 7);
        ck_assert_int_eq(all_of(FEED, BULLETIN_ALERT).filled[2], 0);
}
END_TEST

/* What every new mail asks must not grow with the number of mails. */
START_TEST(no_table_is_scanned)
{
        for (unsigned i = 0; i < 50; i++) {
                add(FEED, BULLETIN_ALERT, true, 1);
                all_of(FEED, BULLETIN_ALERT);
                last_of(FEED, BULLETIN_ALERT, true, DRIFT_LIVE_RUN);
                before_of(FEED, BULLETIN_ALERT);
        }
        ck_assert_int_eq(database_scanned_rows(kit.db), 0);
}
END_TEST

static void add_labels(enum bulletin_kind kind, const char *labels, const char *bulletin, int64_t now_ms)
{
        g_autoptr(GPtrArray) list = g_ptr_array_new();
        g_auto(GStrv) parts = g_strsplit(labels, " ", -1);
        for (char **part = parts; *part; part++)
                g_ptr_array_add(list, *part);
        struct error err = ERROR_INIT;
        ck_assert_msg(drift_add_labels(kit.db, FEED, kind, list, bulletin, now_ms, &err) == 0, "%s", error_text(&err));
}

START_TEST(labels_are_counted)
{
        add_labels(BULLETIN_ALERT, "重大度 備考", "MS08-001", 1000);
        add_labels(BULLETIN_ALERT, "備考", "MS08-002", 2000);
        add_labels(BULLETIN_NEWS, "備考", "n", 3000);
        GPtrArray *labels;
        ck_assert_int_eq(drift_labels(kit.db, FEED, BULLETIN_ALERT, &labels, NULL), 0);
        ck_assert_uint_eq(labels->len, 2);
        const struct unknown_label *first = g_ptr_array_index(labels, 0), *second = g_ptr_array_index(labels, 1);
        ck_assert_str_eq(first->label, "備考");
        ck_assert_str_eq(first->bulletin, "MS08-002");
        ck_assert_int_eq(first->count, 2);
        ck_assert_int_eq(first->first_ms, 1000);
        ck_assert_int_eq(first->last_ms, 2000);
        ck_assert_str_eq(second->label, "重大度");
        ck_assert_int_eq(second->count, 1);
        g_ptr_array_unref(labels);
}
END_TEST

START_TEST(only_so_many_labels)
{
        add_labels(BULLETIN_ALERT, "often", "b", 1);
        add_labels(BULLETIN_ALERT, "often", "b", 1);
        for (unsigned i = 0; i < DRIFT_LABELS_MAX - 1; i++) {
                g_autofree char *label = g_strdup_printf("l%03u", i);
                add_labels(i % 2 ? BULLETIN_ALERT : BULLETIN_NEWS, label, "b", 10 + i);
        }
        ck_assert_query("SELECT count(*) FROM unknown_label", "500");
        ck_assert_query("SELECT min(label) FROM unknown_label WHERE label LIKE 'l%'", "l000");
        add_labels(BULLETIN_ALERT, "new", "b", 5); /* older by the clock than all: it stays all the same */
        ck_assert_query("SELECT count(*) FROM unknown_label", "500");
        ck_assert_query("SELECT min(label) FROM unknown_label WHERE label LIKE 'l%'", "l001"); /* the rarest, oldest went */
        ck_assert_query("SELECT count FROM unknown_label WHERE label = 'often'", "2");
        ck_assert_query("SELECT count(*) FROM unknown_label WHERE label = 'new'", "1");
        ck_assert_int_eq(drift_add_labels(kit.db, "other", BULLETIN_ALERT, NULL, "b", 1, NULL), 0);
}
END_TEST

START_TEST(senders)
{
        struct sender_record before;
        ck_assert_int_eq(drift_sender_sent_other(kit.db, "a@b", &before, NULL), 0);
        ck_assert_ptr_null(before.feed);
        ck_assert_query("SELECT count(*) FROM sender", "0"); /* whoever never sent a bulletin is not kept */
        for (unsigned i = 0; i < 3; i++)
                ck_assert_int_eq(drift_sender_sent_bulletins(kit.db, "a@b", FEED, 1, NULL), 0);
        for (unsigned i = 0; i < 2; i++) {
                ck_assert_int_eq(drift_sender_sent_other(kit.db, "a@b", &before, NULL), 0);
                ck_assert_str_eq(before.feed, FEED);
                ck_assert_int_eq(before.bulletins, 3);
                ck_assert_int_eq(before.others, i);
                ck_assert_int_eq(before.run, i);
                sender_record_clear(&before);
        }
        ck_assert_int_eq(drift_sender_sent_bulletins(kit.db, "a@b", FEED, 1, NULL), 0);
        ck_assert_int_eq(drift_sender_sent_other(kit.db, "a@b", &before, NULL), 0);
        ck_assert_int_eq(before.bulletins, 4);
        ck_assert_int_eq(before.others, 2);
        ck_assert_int_eq(before.run, 0);
        sender_record_clear(&before);
        sender_record_clear(&before);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("drift");
        TCase *tcase = tcase_create("counts");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, sums_and_the_last_ones);
        tcase_add_test(tcase, what_came_before_the_last_live_ones);
        tcase_add_test(tcase, a_content_counts_once);
        tcase_add_test(tcase, a_tally_is_the_sum_of_its_bulletins);
        tcase_add_test(tcase, damaged_sums_are_counted_again);
        tcase_add_test(tcase, no_table_is_scanned);
        tcase_add_test(tcase, labels_are_counted);
        tcase_add_test(tcase, only_so_many_labels);
        tcase_add_test(tcase, senders);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
