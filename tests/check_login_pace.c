/* SPDX-License-Identifier: MIT */
#include "daemon/login_pace.h"

#include <glib.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "daemon/service_p.h"
#include "tests/support.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define START INT64_C(1000000)
#define THREADS 8

static struct login_pace *pace;
static int stop_fd;
static int64_t now_ms;

static struct config_mailbox mailboxes[] = {
        { .name = (char *) "a", .host = (char *) "h", .port = 993, .user = (char *) "u", .auth = (char *) "auto",
          .password = (char *) "p" },
        { .name = (char *) "b", .host = (char *) "H", .port = 993, .user = (char *) "u", .auth = (char *) "auto",
          .password = (char *) "p" },
        { .name = (char *) "c", .host = (char *) "h", .port = 993, .user = (char *) "u", .auth = (char *) "auto",
          .password = (char *) "p" },
};
#define A (&mailboxes[0])
#define B (&mailboxes[1])
#define C (&mailboxes[2])

static void advance(int64_t ms)
{
        now_ms += ms;
        clock_set_for_test(now_ms, now_ms);
}

static void setup(void)
{
        now_ms = START;
        advance(0);
        pace = login_pace_new();
        stop_fd = wake_new();
}

static void teardown(void)
{
        login_pace_free(pace);
        close(stop_fd);
}

static struct login_attempt begin(const struct config_mailbox *mailbox, int64_t wait_max_ms)
{
        struct login_attempt attempt;
        struct error err = ERROR_INIT;
        int64_t pause_ms = 0;
        int r = login_pace_begin(pace, mailbox, wait_max_ms, stop_fd, &attempt, &pause_ms, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_int_eq(pause_ms, 0);
        return attempt;
}

/* Who has to wait is told at once that the service stops. */
static void assert_waits(const struct config_mailbox *mailbox)
{
        struct login_attempt attempt;
        struct error err = ERROR_INIT;
        int64_t pause_ms = 0;
        wake_signal(stop_fd);
        ck_assert_int_eq(login_pace_begin(pace, mailbox, MINUTE, stop_fd, &attempt, &pause_ms, &err), -ERR_CANCELLED);
        wake_clear(stop_fd);
        error_clear(&err);
}

static int64_t assert_is_kept_off(const struct config_mailbox *mailbox, const char *refused)
{
        struct login_attempt attempt;
        struct error err = ERROR_INIT;
        int64_t pause_ms = 0;
        g_autofree char *text = g_strdup_printf("the login was refused for mailbox %s,", refused);
        ck_assert_int_eq(login_pace_begin(pace, mailbox, MINUTE, stop_fd, &attempt, &pause_ms, &err), -ERR_AUTH);
        ck_assert_msg(g_str_has_prefix(error_text(&err), text), "%s", error_text(&err));
        error_clear(&err);
        return pause_ms;
}

static void assert_between(int64_t value, int64_t low, int64_t high)
{
        ck_assert_int_ge(value, low);
        ck_assert_int_le(value, high);
}

START_TEST(one_goes_ahead_until_the_login_is_taken)
{
        struct login_attempt first = begin(A, MINUTE);
        assert_waits(B);
        assert_waits(C);
        ck_assert_int_eq(login_pace_end(&first, LOGIN_ANSWER_NONE), 0);
        struct login_attempt second = begin(B, MINUTE); /* nothing was learnt */
        assert_waits(A);
        ck_assert_int_eq(login_pace_end(&second, LOGIN_ANSWER_TAKEN), 0);
        struct login_attempt all[] = { begin(A, MINUTE), begin(B, MINUTE), begin(C, MINUTE) };
        for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
                ck_assert_int_eq(login_pace_end(&all[i], i == 0 ? LOGIN_ANSWER_NONE : LOGIN_ANSWER_TAKEN), 0);
        struct login_attempt again[] = { begin(A, MINUTE), begin(B, MINUTE) };
        for (size_t i = 0; i < G_N_ELEMENTS(again); i++)
                login_pace_end(&again[i], LOGIN_ANSWER_TAKEN);
}
END_TEST

START_TEST(a_refusal_keeps_all_off)
{
        struct login_attempt attempt = begin(A, MINUTE);
        int64_t pause_ms = login_pace_end(&attempt, LOGIN_ANSWER_REFUSED);
        assert_between(pause_ms, 45 * SECOND, MINUTE);
        ck_assert_int_eq(assert_is_kept_off(B, "a"), pause_ms);
        advance(pause_ms - 1);
        ck_assert_int_eq(assert_is_kept_off(C, "a"), 1);
        ck_assert_int_eq(assert_is_kept_off(A, "a"), 1);
        advance(1);
        attempt = begin(C, MINUTE); /* only one tries it again */
        assert_waits(A);
        assert_waits(B);
        pause_ms = login_pace_end(&attempt, LOGIN_ANSWER_REFUSED);
        assert_between(pause_ms, 90 * SECOND, 2 * MINUTE);
        ck_assert_int_eq(assert_is_kept_off(A, "c"), pause_ms);
        advance(pause_ms);
        attempt = begin(A, MINUTE);
        ck_assert_int_eq(login_pace_end(&attempt, LOGIN_ANSWER_NONE), 0); /* the network, this time */
        attempt = begin(B, MINUTE);
        login_pace_end(&attempt, LOGIN_ANSWER_TAKEN);
        struct login_attempt both[] = { begin(A, MINUTE), begin(C, MINUTE) };
        login_pace_end(&both[0], LOGIN_ANSWER_TAKEN);
        login_pace_end(&both[1], LOGIN_ANSWER_TAKEN);
}
END_TEST

/* A password is changed while all folders are read. */
START_TEST(refusals_at_the_same_time_are_one)
{
        struct login_attempt attempt = begin(A, MINUTE);
        login_pace_end(&attempt, LOGIN_ANSWER_TAKEN);
        advance(MINUTE);
        struct login_attempt all[] = { begin(A, MINUTE), begin(B, MINUTE), begin(C, MINUTE) };
        int64_t pause_ms = login_pace_end(&all[0], LOGIN_ANSWER_REFUSED);
        ck_assert_int_eq(login_pace_end(&all[1], LOGIN_ANSWER_REFUSED), pause_ms);
        advance(SECOND);
        ck_assert_int_eq(login_pace_end(&all[2], LOGIN_ANSWER_REFUSED), pause_ms - SECOND);
        advance(pause_ms - SECOND);
        attempt = begin(B, MINUTE);
        assert_between(login_pace_end(&attempt, LOGIN_ANSWER_REFUSED), 90 * SECOND, 2 * MINUTE);
}
END_TEST

/* One whose answer comes after the pause is over does not shorten it to nothing. */
START_TEST(a_late_refusal_makes_a_pause)
{
        struct login_attempt slow = begin(A, MINUTE);
        advance(30 * SECOND);
        struct login_attempt attempt = begin(B, 0);
        int64_t pause_ms = login_pace_end(&attempt, LOGIN_ANSWER_REFUSED);
        ck_assert_int_eq(assert_is_kept_off(C, "b"), pause_ms);
        advance(pause_ms);
        assert_waits(C); /* for the slow one still */
        assert_between(login_pace_end(&slow, LOGIN_ANSWER_REFUSED), 45 * SECOND, MINUTE);
        assert_is_kept_off(C, "a");
}
END_TEST

START_TEST(the_wait_has_a_bound)
{
        struct login_attempt slow = begin(A, MINUTE), attempt = begin(B, 0);
        assert_waits(C);
        login_pace_end(&attempt, LOGIN_ANSWER_NONE);
        assert_waits(C);
        attempt = begin(B, 0);
        login_pace_end(&attempt, LOGIN_ANSWER_TAKEN); /* nobody needs the slow one's answer any more */
        attempt = begin(C, MINUTE);
        login_pace_end(&attempt, LOGIN_ANSWER_TAKEN);
        login_pace_end(&slow, LOGIN_ANSWER_NONE);
}
END_TEST

static int64_t cpu_ms(void)
{
        struct timespec used;
        ck_assert_int_eq(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used), 0);
        return (int64_t) used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

START_TEST(the_wait_costs_nothing)
{
        clock_set_for_test(-1, -1);
        struct login_attempt slow = begin(A, MINUTE), attempt = begin(B, 0);
        login_pace_end(&attempt, LOGIN_ANSWER_NONE); /* whoever waits is to look, and goes on waiting */
        int64_t start_ms = clock_monotonic_ms(), start_cpu_ms = cpu_ms();
        attempt = begin(C, 300);
        ck_assert_int_ge(clock_monotonic_ms() - start_ms, 300);
        ck_assert_int_lt(cpu_ms() - start_cpu_ms, 100);
        login_pace_end(&attempt, LOGIN_ANSWER_NONE);
        login_pace_end(&slow, LOGIN_ANSWER_NONE);
}
END_TEST

START_TEST(pauses_begin_anew_after_a_good_session)
{
        static const struct { int64_t good_ms, low_ms; } cases[] = { { MINUTE - 1, 90 * SECOND }, { MINUTE, 45 * SECOND } };
        struct login_attempt attempt = begin(A, MINUTE);
        advance(login_pace_end(&attempt, LOGIN_ANSWER_REFUSED));
        attempt = begin(A, MINUTE);
        login_pace_end(&attempt, LOGIN_ANSWER_TAKEN);
        advance(cases[_i].good_ms);
        attempt = begin(A, MINUTE);
        int64_t pause_ms = login_pace_end(&attempt, LOGIN_ANSWER_REFUSED);
        assert_between(pause_ms, cases[_i].low_ms, cases[_i].low_ms / 3 * 4);
}
END_TEST

START_TEST(accounts_are_told_apart)
{
        struct config_oauth2 oauth2 = { .token_url = (char *) "https://t", .client_id = (char *) "c" }, other = oauth2;
        other.scope = (char *) "s";
        struct config_mailbox others[] = { *A, *A, *A, *A, *A, *A, *A };
        others[0].host = (char *) "i";
        others[1].port = 143;
        others[2].user = (char *) "U";
        others[3].auth = (char *) "plain";
        others[4].password = (char *) "q";
        others[5].password = others[6].password = NULL;
        others[5].auth = others[6].auth = (char *) "xoauth2";
        others[5].oauth2 = &oauth2;
        others[6].oauth2 = &other;
        struct login_attempt attempt = begin(A, MINUTE);
        login_pace_end(&attempt, LOGIN_ANSWER_REFUSED);
        for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
                attempt = begin(&others[i], MINUTE);
                login_pace_end(&attempt, LOGIN_ANSWER_REFUSED);
                assert_is_kept_off(&others[i], "a");
        }
}
END_TEST

static int begun, kept_off; /* atomic */

static gpointer try_to_log_in(gpointer data)
{
        struct login_attempt attempt;
        struct error err = ERROR_INIT;
        int64_t pause_ms = 0;
        (void) data;
        int r = login_pace_begin(pace, B, MINUTE, stop_fd, &attempt, &pause_ms, &err);
        g_atomic_int_inc(r == 0 ? &begun : &kept_off);
        if (r == 0)
                login_pace_end(&attempt, LOGIN_ANSWER_TAKEN);
        error_clear(&err);
        return NULL;
}

/* However they come, during the answer or after it. */
START_TEST(threads_learn_the_answer)
{
        bool taken = _i == 1;
        GThread *threads[THREADS];
        begun = kept_off = 0;
        struct login_attempt attempt = begin(A, MINUTE);
        for (size_t i = 0; i < THREADS; i++)
                threads[i] = g_thread_new("login", try_to_log_in, NULL);
        login_pace_end(&attempt, taken ? LOGIN_ANSWER_TAKEN : LOGIN_ANSWER_REFUSED);
        for (size_t i = 0; i < THREADS; i++)
                g_thread_join(threads[i]);
        ck_assert_int_eq(begun, taken ? THREADS : 0);
        ck_assert_int_eq(kept_off, taken ? 0 : THREADS);
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("login_pace");
        TCase *tests = tcase_create("login_pace");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, one_goes_ahead_until_the_login_is_taken);
        tcase_add_test(tests, a_refusal_keeps_all_off);
        tcase_add_test(tests, refusals_at_the_same_time_are_one);
        tcase_add_test(tests, a_late_refusal_makes_a_pause);
        tcase_add_test(tests, the_wait_has_a_bound);
        tcase_add_test(tests, the_wait_costs_nothing);
        tcase_add_loop_test(tests, pauses_begin_anew_after_a_good_session, 0, 2);
        tcase_add_test(tests, accounts_are_told_apart);
        tcase_add_loop_test(tests, threads_learn_the_answer, 0, 2);
        suite_add_tcase(suite, tests);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
