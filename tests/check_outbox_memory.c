/* SPDX-License-Identifier: MIT */
/* What the outbox remembers between attempts, when it moves what waits, how one is found, and what it forgets. */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "store/bulletins.h"
#include "store/mails.h"
#include "store/outbox.h"
#include "tests/support.h"

#define LEASE_MS 60000
#define ME "me"

static struct database *db;

static void setup(void)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "hotfixd.db", NULL);
        struct error err = ERROR_INIT;
        clock_set_for_test(1000, 1000);
        ck_assert_msg(database_open(path, DATABASE_CREATE, &db, &err) == 0, "%s", error_text(&err));
}

static void teardown(void)
{
        g_clear_pointer(&db, database_close);
        clock_set_for_test(-1, -1);
}

static int64_t bulletin(const char *id, int64_t *ret_decision_id)
{
        struct error err = ERROR_INIT;
        struct mail_row mail = { .outcome = MAIL_BULLETIN };
        bool known;
        int64_t mail_id;
        ck_assert_int_eq(mails_insert(db, &mail, id, strlen(id), &mail_id, &known, &err), 0);
        g_autoptr(bulletin_t) b = bulletin_new();
        b->feed = g_strdup("hotfix-report");
        b->kind = BULLETIN_ALERT;
        b->id = g_strdup(id);
        struct bulletin_arrival arrival;
        ck_assert_msg(bulletins_insert(db, b, id, mail_id, false, &arrival, &err) == 0, "%s", error_text(&err));
        struct decision_row decision = { .bulletin_id = arrival.bulletin_id, .revision_id = arrival.revision_id, .mail_id = mail_id,
                                         .route = (char *) "ops", .action = (char *) "new", .reason = (char *) "because" };
        if (ret_decision_id)
                ck_assert_int_eq(outbox_add_decision(db, &decision, ret_decision_id, &err), 0);
        int64_t bulletin_id = arrival.bulletin_id;
        bulletin_arrival_clear(&arrival);
        return bulletin_id;
}

struct asked { const char *identity, *channel, *thread; int64_t bulletin_id, created_ms, next_ms, decision_id; };

static bool ask_for(struct asked asked)
{
        struct delivery delivery = { .identity = (char *) asked.identity, .channel = (char *) (asked.channel ? asked.channel : "ops"),
                                     .kind = (char *) "new", .bulletin_id = asked.bulletin_id, .payload = (char *) "{}",
                                     .thread = (char *) asked.thread, .created_ms = asked.created_ms, .next_ms = asked.next_ms };
        struct error err = ERROR_INIT;
        bool known;
        ck_assert_msg(outbox_add(db, &delivery, asked.decision_id, &known, &err) == 0, "%s", error_text(&err));
        return known;
}

static struct delivery *get(const char *what)
{
        struct delivery *delivery = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(outbox_find(db, what, &delivery, &err) == 0, "%s", error_text(&err));
        return delivery;
}

static int64_t next_ms_of(const char *number)
{
        struct delivery *delivery = get(number);
        int64_t next_ms = delivery->next_ms;
        delivery_free(delivery);
        return next_ms;
}

/* NULL: nothing is due. */
static struct delivery *claim(int64_t now_ms)
{
        struct delivery *delivery = NULL;
        struct error err = ERROR_INIT;
        int64_t next_ms;
        ck_assert_msg(outbox_claim(db, "ops", ME, now_ms, LEASE_MS, &delivery, &next_ms, &err) == 0, "%s", error_text(&err));
        return delivery;
}

static void end(struct delivery *delivery, struct delivery_outcome outcome)
{
        struct error err = ERROR_INIT;
        ck_assert_msg(outbox_record(db, delivery, ME, &outcome, &err) == 0, "%s", error_text(&err));
        delivery_free(delivery);
}

static void assert_tries(struct delivery *delivery, unsigned tries)
{
        ck_assert_ptr_nonnull(delivery);
        ck_assert_uint_eq(delivery->tries, tries);
}

/* Only what certainly did not arrive is as if it had not been tried. */
START_TEST(tries_count_what_may_have_arrived)
{
        struct error err = ERROR_INIT;
        ask_for((struct asked) { .identity = "i1" });
        struct delivery *d = claim(1000);
        assert_tries(d, 1);
        end(d, (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 1000, .next_ms = 1000, .answer = "503" });
        assert_tries(d = claim(1000), 1); /* it failed for certain */
        end(d, (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 1000, .next_ms = 1000, .unclear = true });
        assert_tries(d = claim(1000), 2);
        ck_assert_int_eq(outbox_put_back(db, d, ME, 1000, false, &err), 0); /* stopped before anything was sent */
        delivery_free(d);
        assert_tries(d = claim(1000), 2);
        ck_assert_int_eq(outbox_put_back(db, d, ME, 1000, true, &err), 0); /* stopped in the middle */
        delivery_free(d);
        assert_tries(d = claim(1000), 3);
        delivery_free(d);
        assert_tries(d = claim(1000 + LEASE_MS), 4); /* nobody knows what became of the last */
        delivery_free(d);
        ck_assert_int_eq(outbox_release(db, NULL, &err), 0); /* a restart after a crash */
        assert_tries(d = claim(1000), 5);
        end(d, (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 1000, .next_ms = 1000, .answer = "refused" });
        assert_tries(d = claim(1000), 5); /* that this one failed says nothing of those before */
        ck_assert_uint_eq(d->attempts, 3);
        end(d, (struct delivery_outcome) { .state = DELIVERY_SENT, .now_ms = 1000 });
        assert_tries(d = get("1"), 0);
        delivery_free(d);
        g_autoptr(GPtrArray) attempts = NULL;
        static const char *const results[] = { "retry", "retry", "stopped", "retry", "sent" };
        ck_assert_int_eq(outbox_attempts(db, 1, &attempts, &err), 0);
        ck_assert_uint_eq(attempts->len, G_N_ELEMENTS(results));
        for (guint i = 0; i < attempts->len; i++)
                ck_assert_str_eq(((struct attempt *) g_ptr_array_index(attempts, i))->result, results[i]);
}
END_TEST

START_TEST(putting_back_needs_the_claim)
{
        struct error err = ERROR_INIT;
        ask_for((struct asked) { .identity = "i1" });
        struct delivery *d = claim(1000);
        ck_assert_int_eq(outbox_put_back(db, d, "another", 1000, true, &err), 0);
        ck_assert_ptr_null(claim(1000));
        ck_assert_int_eq(outbox_put_back(db, d, ME, 1000, false, &err), 0);
        delivery_free(d);
        assert_tries(d = claim(1000), 1);
        delivery_free(d);
}
END_TEST

START_TEST(memos_stay_and_go_with_the_thread)
{
        int64_t bulletin_id = bulletin("MS07-001", NULL);
        ask_for((struct asked) { .identity = "head", .bulletin_id = bulletin_id });
        struct delivery *d = claim(1000);
        ck_assert_ptr_null(d->memo);
        ck_assert_ptr_null(d->thread_memo);
        end(d, (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 1000, .next_ms = 1000, .memo = "{\"a\":1}" });
        d = claim(1000);
        ck_assert_str_eq(d->memo, "{\"a\":1}");
        end(d, (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 1000, .next_ms = 1000 });
        d = claim(1000);
        ck_assert_str_eq(d->memo, "{\"a\":1}"); /* no memo leaves what was there */
        end(d, (struct delivery_outcome) { .state = DELIVERY_SENT, .now_ms = 1000, .memo = "{\"ts\":\"1.2\"}" });
        ask_for((struct asked) { .identity = "second", .bulletin_id = bulletin_id });
        d = claim(1000);
        ck_assert_str_eq(d->thread, "head");
        ck_assert_str_eq(d->thread_memo, "{\"ts\":\"1.2\"}");
        ck_assert_ptr_null(d->memo);
        delivery_free(d);
}
END_TEST

/* The first one was refused: the first that could be sent stands for it. */
START_TEST(a_dead_head_is_replaced)
{
        int64_t bulletin_id = bulletin("MS07-001", NULL);
        ask_for((struct asked) { .identity = "head", .bulletin_id = bulletin_id });
        end(claim(1000), (struct delivery_outcome) { .state = DELIVERY_DEAD, .now_ms = 1000 });
        ask_for((struct asked) { .identity = "second", .bulletin_id = bulletin_id });
        struct delivery *d = claim(1000);
        ck_assert_ptr_null(d->thread_memo);
        end(d, (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 1000, .next_ms = 1000, .memo = "own" });
        d = claim(1000);
        ck_assert_ptr_null(d->thread_memo); /* not its own */
        end(d, (struct delivery_outcome) { .state = DELIVERY_SENT, .now_ms = 1000, .memo = "second's" });
        for (int i = 3; i < 5; i++) {
                g_autofree char *identity = g_strdup_printf("%d", i);
                ask_for((struct asked) { .identity = identity, .bulletin_id = bulletin_id });
                d = claim(1000);
                ck_assert_str_eq(d->thread_memo, "second's");
                end(d, (struct delivery_outcome) { .state = DELIVERY_SENT, .now_ms = 1000, .memo = "a later one's" });
        }
}
END_TEST

/* Two routes tell one channel the same: it goes when the first of them wants it to. */
START_TEST(the_earlier_time_counts)
{
        ask_for((struct asked) { .identity = "i1", .next_ms = 9000 });
        ck_assert(ask_for((struct asked) { .identity = "i1", .next_ms = 20000 }));
        ck_assert_int_eq(next_ms_of("1"), 9000);
        ck_assert(ask_for((struct asked) { .identity = "i1", .next_ms = 5000 }));
        ck_assert_int_eq(next_ms_of("1"), 5000);
        struct delivery *d = get("1");
        ck_assert_int_eq(d->since_ms, 5000); /* giving up counts from when it was due, not from the night it waited */
        delivery_free(d);
        end(claim(5000), (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 5000, .next_ms = 30000 });
        ck_assert(ask_for((struct asked) { .identity = "i1", .next_ms = 6000 }));
        ck_assert_int_eq(next_ms_of("1"), 30000); /* it failed: it has a time of its own */
}
END_TEST

/* The bulletin is raised at night: what was held until the morning goes first, and nothing else is touched. */
START_TEST(what_waits_goes_with_what_follows_it)
{
        int64_t one = bulletin("MS07-001", NULL), two = bulletin("MS07-002", NULL);
        ask_for((struct asked) { .identity = "1-new", .bulletin_id = one, .next_ms = 9000 });
        ask_for((struct asked) { .identity = "1-new-mail", .channel = "mail", .bulletin_id = one, .next_ms = 9000 });
        ask_for((struct asked) { .identity = "2-new", .bulletin_id = two, .next_ms = 9000 });
        ask_for((struct asked) { .identity = "1-updated", .bulletin_id = one, .next_ms = 9000 });
        ck_assert_ptr_null(claim(2000));
        ask_for((struct asked) { .identity = "1-raised", .bulletin_id = one, .next_ms = 2000 });
        static const char *const order[] = { "1-new", "1-updated", "1-raised" };
        for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
                struct delivery *d = claim(2000);
                ck_assert_msg(d && strcmp(d->identity, order[i]) == 0, "%u", i);
                end(d, (struct delivery_outcome) { .state = DELIVERY_SENT, .now_ms = 2000 });
        }
        ck_assert_ptr_null(claim(2000));
        ck_assert_int_eq(next_ms_of("2"), 9000);
        /* What comes later waits no less for it. */
        ask_for((struct asked) { .identity = "1-lowered", .bulletin_id = one, .next_ms = 9000 });
        ck_assert(ask_for((struct asked) { .identity = "1-raised", .bulletin_id = one, .next_ms = 2500 }));
        ck_assert_int_eq(next_ms_of("6"), 9000);
}
END_TEST

START_TEST(a_channel_that_works_again_is_hurried)
{
        struct error err = ERROR_INIT;
        ask_for((struct asked) { .identity = "failed" });
        end(claim(1000), (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 1000, .next_ms = 99000 });
        ask_for((struct asked) { .identity = "elsewhere", .channel = "mail", .next_ms = 99000 });
        ask_for((struct asked) { .identity = "held", .next_ms = 99000 });
        ck_assert_int_eq(outbox_hurry(db, "ops", 2000, &err), 0);
        ck_assert_int_eq(next_ms_of("1"), 2000);
        ck_assert_int_eq(next_ms_of("2"), 99000);
        ck_assert_int_eq(next_ms_of("3"), 99000); /* it never failed: it waits for the morning */
}
END_TEST

/* A clock that ran ahead, and was set back. */
START_TEST(no_delivery_waits_for_years)
{
        struct error err = ERROR_INIT;
        const int64_t year_ms = INT64_C(365) * 24 * 3600 * 1000, day_ms = INT64_C(24) * 3600 * 1000;
        bool mended = true;
        ask_for((struct asked) { .identity = "failed" });
        end(claim(1000), (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 1000, .next_ms = year_ms });
        ask_for((struct asked) { .identity = "held", .next_ms = 12 * day_ms });
        ask_for((struct asked) { .identity = "held for years", .next_ms = year_ms });
        ask_for((struct asked) { .identity = "asked to wait" });
        end(claim(1000), (struct delivery_outcome) { .state = DELIVERY_PENDING, .now_ms = 1000, .next_ms = day_ms });
        ask_for((struct asked) { .identity = "elsewhere", .channel = "mail", .next_ms = year_ms });
        ck_assert_int_eq(outbox_mend_times(db, "ops", 2000, &mended, &err), 0);
        ck_assert(mended);
        static const int64_t mends[] = { 2000, 0, 2000, 0, 0 };
        const int64_t before[] = { year_ms, 12 * day_ms, year_ms, day_ms, year_ms };
        for (guint i = 0; i < G_N_ELEMENTS(mends); i++) {
                g_autofree char *number = g_strdup_printf("%u", i + 1);
                ck_assert_int_eq(next_ms_of(number), mends[i] ? mends[i] : before[i]);
        }
        struct delivery *held = NULL; /* giving up, and looking for it at the other side, do not count from a day to come */
        ck_assert_int_eq(outbox_find(db, "3", &held, &err), 0);
        ck_assert_int_eq(held->since_ms, 2000);
        delivery_free(held);
        ck_assert_int_eq(outbox_mend_times(db, "ops", 2000, &mended, &err), 0);
        ck_assert(!mended);
}
END_TEST

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "aaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void find_nothing(const char *what, int code)
{
        struct delivery *d = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(outbox_find(db, what, &d, &err) == code, "%s: %s", what, error_text(&err));
        ck_assert_ptr_null(d);
        error_clear(&err);
}

START_TEST(one_is_found_by_number_or_identity)
{
        ask_for((struct asked) { .identity = ID_A });
        ask_for((struct asked) { .identity = ID_B });
        ask_for((struct asked) { .identity = ID_C });
        static const struct { const char *what, *identity; } found[] = {
                { "1", ID_A }, { "3", ID_C }, { ID_B, ID_B }, { "aaaaaab", ID_B }, { "CCCCCC", ID_C },
        };
        for (guint i = 0; i < G_N_ELEMENTS(found); i++) {
                struct delivery *d = get(found[i].what);
                ck_assert_str_eq(d->identity, found[i].identity);
                ck_assert_str_eq(d->payload, "{}");
                delivery_free(d);
        }
        int64_t bulletin_id = bulletin("MS07-001", NULL);
        ask_for((struct asked) { .identity = "about", .bulletin_id = bulletin_id });
        struct delivery *about = get("4"), *nothing = get("1");
        ck_assert_str_eq(about->about, "MS07-001");
        ck_assert_ptr_null(nothing->about);
        delivery_free(about);
        delivery_free(nothing);
        find_nothing("aaaaaa", -ERR_USAGE);
        static const char *const none[] = { "", "0", "5", "-1", "99999999999999999999999", "ccccc", "cccccd", "%", "cccccc%", ID_C "c",
                                            "1 OR 1", "' OR '1" };
        for (guint i = 0; i < G_N_ELEMENTS(none); i++)
                find_nothing(none[i], -ERR_NOT_FOUND);
}
END_TEST

static guint search(unsigned states, const char *channel, unsigned limit, int64_t first_id)
{
        struct outbox_filter filter = { states, channel, limit };
        g_autoptr(GPtrArray) found = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(outbox_search(db, &filter, &found, &err) == 0, "%s", error_text(&err));
        if (found->len > 0) {
                const struct delivery *d = g_ptr_array_index(found, 0);
                ck_assert_int_eq(d->id, first_id);
                ck_assert_str_eq(d->payload, "");
        }
        for (guint i = 1; i < found->len; i++)
                ck_assert_int_lt(((struct delivery *) g_ptr_array_index(found, i))->id,
                                 ((struct delivery *) g_ptr_array_index(found, i - 1))->id);
        return found->len;
}

START_TEST(searching)
{
        ask_for((struct asked) { .identity = "i1" });
        ask_for((struct asked) { .identity = "i2", .channel = "mail" });
        end(claim(1000), (struct delivery_outcome) { .state = DELIVERY_DEAD, .now_ms = 1000 });
        ask_for((struct asked) { .identity = "i3" });
        ck_assert_uint_eq(search(0, NULL, 0, 3), 3);
        ck_assert_uint_eq(search(0, NULL, 2, 3), 2);
        ck_assert_uint_eq(search(1u << DELIVERY_DEAD, NULL, 0, 1), 1);
        ck_assert_uint_eq(search(1u << DELIVERY_PENDING | 1u << DELIVERY_DEAD, NULL, 0, 3), 3);
        ck_assert_uint_eq(search(1u << DELIVERY_PENDING, "mail", 0, 2), 1);
        ck_assert_uint_eq(search(1u << DELIVERY_SENT, NULL, 0, 0), 0);
}
END_TEST

START_TEST(who_asked_for_it)
{
        struct error err = ERROR_INIT;
        int64_t one, two, bulletin_id = bulletin("MS07-001", &one), other = bulletin("MS07-002", &two);
        ask_for((struct asked) { .identity = "i1", .bulletin_id = bulletin_id, .decision_id = one });
        ask_for((struct asked) { .identity = "i1", .bulletin_id = bulletin_id, .decision_id = two });
        ask_for((struct asked) { .identity = "i2", .bulletin_id = other, .decision_id = two });
        g_autoptr(GPtrArray) both = NULL, last = NULL, none = NULL;
        ck_assert_int_eq(outbox_decisions_for(db, 1, &both, &err), 0);
        ck_assert_int_eq(outbox_decisions_for(db, 2, &last, &err), 0);
        ck_assert_int_eq(outbox_decisions_for(db, 3, &none, &err), 0);
        ck_assert_uint_eq(both->len, 2);
        ck_assert_int_eq(((struct decision_row *) g_ptr_array_index(both, 0))->id, one);
        ck_assert_uint_eq(last->len, 1);
        ck_assert_str_eq(((struct decision_row *) g_ptr_array_index(last, 0))->reason, "because");
        ck_assert_uint_eq(none->len, 0);
}
END_TEST

static void settle(int64_t now_ms)
{
        struct delivery *d = claim(now_ms);
        ck_assert_ptr_nonnull(d);
        end(d, (struct delivery_outcome) { .state = DELIVERY_SENT, .now_ms = now_ms });
}

static void clear_old(int64_t before_ms, unsigned limit, unsigned removed, int64_t oldest_ms)
{
        struct error err = ERROR_INIT;
        unsigned found = 99;
        int64_t oldest = -1;
        ck_assert_msg(outbox_clear_old(db, before_ms, limit, &found, &oldest, &err) == 0, "%s", error_text(&err));
        ck_assert_uint_eq(found, removed);
        ck_assert_int_eq(oldest, oldest_ms);
}

static int64_t rows(const char *sql)
{
        struct error err = ERROR_INIT;
        int64_t n = -1;
        ck_assert_int_eq(database_read_int(db, sql, &n, &err), 0);
        return n;
}

START_TEST(old_ones_go_with_their_attempts)
{
        int64_t decision_id, bulletin_id = bulletin("MS07-001", &decision_id);
        ask_for((struct asked) { .identity = "waits", .channel = "mail", .created_ms = 100 });
        ask_for((struct asked) { .identity = "head", .bulletin_id = bulletin_id, .created_ms = 1000, .decision_id = decision_id });
        settle(1000);
        ask_for((struct asked) { .identity = "lone", .created_ms = 1500 });
        settle(1500);
        ask_for((struct asked) { .identity = "follower", .bulletin_id = bulletin_id, .created_ms = 2000 });
        settle(2000);
        clear_old(1000, 10, 0, 1000);
        clear_old(1600, 10, 1, 1000); /* not the head of a thread that goes on, however old */
        ck_assert_int_eq(rows("SELECT count(*) FROM attempt"), 2);
        clear_old(9000, 10, 1, 1000); /* first the follower … */
        clear_old(9000, 10, 1, 0);    /* … then what it referred to */
        clear_old(9000, 10, 0, 0);
        ck_assert_int_eq(rows("SELECT count(*) FROM attempt"), 0);
        ck_assert_int_eq(rows("SELECT count(*) FROM decision_delivery"), 0);
        ck_assert_int_eq(rows("SELECT count(*) FROM decision"), 1); /* why it was sent stays on record */
        struct delivery *d = get("1");
        ck_assert_str_eq(d->identity, "waits"); /* never what is still to be sent */
        delivery_free(d);
}
END_TEST

START_TEST(many_are_cleared_in_steps_without_scans)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(db, &err), 0);
        for (int i = 0; i < 300; i++) {
                g_autofree char *identity = g_strdup_printf("i%d", i);
                ask_for((struct asked) { .identity = identity, .created_ms = 1000 + i });
                settle(1000 + i);
        }
        int64_t before = database_scanned_rows(db);
        clear_old(1200, 150, 150, 1150);
        clear_old(1200, 150, 50, 1200);
        clear_old(1200, 150, 0, 1200);
        ck_assert_int_eq(database_scanned_rows(db), before);
        ck_assert_int_eq(database_commit(db, &err), 0);
        ck_assert_int_eq(rows("SELECT count(*) FROM outbox"), 100);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("outbox_memory");
        TCase *c = tcase_create("outbox_memory");
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, tries_count_what_may_have_arrived);
        tcase_add_test(c, putting_back_needs_the_claim);
        tcase_add_test(c, memos_stay_and_go_with_the_thread);
        tcase_add_test(c, a_dead_head_is_replaced);
        tcase_add_test(c, the_earlier_time_counts);
        tcase_add_test(c, what_waits_goes_with_what_follows_it);
        tcase_add_test(c, a_channel_that_works_again_is_hurried);
        tcase_add_test(c, no_delivery_waits_for_years);
        tcase_add_test(c, one_is_found_by_number_or_identity);
        tcase_add_test(c, searching);
        tcase_add_test(c, who_asked_for_it);
        tcase_add_test(c, old_ones_go_with_their_attempts);
        tcase_add_test(c, many_are_cleared_in_steps_without_scans);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
