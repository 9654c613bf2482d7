/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "tests/imap_peer.h"
#include "tests/support.h"

static int wait_for_change(struct peer *peer, bool use_idle, bool *ret_changed)
{
        return imap_session_wait(peer->session, use_idle, 9 * 60000, ret_changed, &peer->err);
}

START_TEST(idle_reports_new_mail)
{
        static const char *const news[] = { "* 4 EXISTS\r\n", "* 2 EXPUNGE\r\n", "* 1 FETCH (FLAGS (\\Seen))\r\n" };
        for (size_t i = 0; i < G_N_ELEMENTS(news); i++) {
                struct peer peer;
                bool changed = false;
                peer_start(&peer, _i);
                peer_select(&peer);
                script_expect(peer.script, "h4 IDLE\r\n");
                script_answer(peer.script, "+ idling\r\n* OK Still here\r\n* 0 RECENT\r\n");
                script_answer(peer.script, news[i]);
                script_expect(peer.script, "DONE\r\n");
                script_answer(peer.script, "* 1 RECENT\r\nh4 OK\r\n");
                ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
                ck_assert(changed);
                ck_assert_int_eq(script_waited_ms(peer.script), 0);
                peer_finish(&peer);
        }
}
END_TEST

START_TEST(idle_ends_after_its_time)
{
        struct peer peer;
        bool changed = true;
        peer_start(&peer, _i);
        peer_select(&peer);
        script_expect(peer.script, "h4 IDLE\r\n");
        script_answer(peer.script, "+ idling\r\n* OK Still here\r\n");
        script_stall(peer.script);
        script_expect(peer.script, "DONE\r\n");
        script_answer(peer.script, "h4 OK\r\n");
        ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
        ck_assert(!changed);
        ck_assert_int_eq(script_waited_ms(peer.script), 9 * 60000);
        peer_finish(&peer);
}
END_TEST

/* A peer that is gone without a word is noticed when it does not answer DONE. */
START_TEST(idle_notices_a_dead_peer)
{
        struct peer peer;
        bool changed = true;
        peer_start(&peer, _i);
        peer_select(&peer);
        script_expect(peer.script, "h4 IDLE\r\n");
        script_answer(peer.script, "+ idling\r\n");
        script_stall(peer.script);
        script_expect(peer.script, "DONE\r\n");
        script_stall(peer.script);
        peer_assert_failed(&peer, wait_for_change(&peer, true, &changed), -ERR_TIMEOUT, "to IDLE for 60 s");
        ck_assert(changed); /* not written */
        peer_finish(&peer);

        peer_start(&peer, _i);
        script_expect(peer.script, "h3 IDLE\r\n");
        script_stall(peer.script);
        peer_assert_failed(&peer, wait_for_change(&peer, true, &changed), -ERR_TIMEOUT, "to IDLE for 60 s");
        peer_finish(&peer);
}
END_TEST

START_TEST(mail_announced_before_idle_is_not_lost)
{
        struct peer peer;
        bool changed = false;
        g_autoptr(GArray) uids = NULL;
        peer_start(&peer, _i);
        peer_select(&peer);
        script_expect(peer.script, "h4 UID SEARCH UID 1:*\r\n");
        script_answer(peer.script, "* 4 EXISTS\r\n* SEARCH 1 2 3 4\r\n* 5 EXISTS\r\nh4 OK\r\n");
        ck_assert_int_eq(imap_session_search(peer.session, 1, &uids, &peer.err), 0);
        unsigned waits = script_count_waits(peer.script);
        ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
        ck_assert(changed);
        ck_assert_int_eq(wait_for_change(&peer, false, &changed), 0);
        ck_assert(changed);
        ck_assert_uint_eq(script_count_waits(peer.script), waits);
        ck_assert_uint_eq(imap_session_exists(peer.session), 5);
        g_clear_pointer(&uids, g_array_unref);
        script_expect(peer.script, "h5 UID SEARCH UID 5:*\r\n");
        script_answer(peer.script, "* SEARCH 5\r\nh5 OK\r\n");
        ck_assert_int_eq(imap_session_search(peer.session, 5, &uids, &peer.err), 0);
        script_stall(peer.script);
        script_expect(peer.script, "h6 NOOP\r\n");
        script_answer(peer.script, "h6 OK\r\n");
        ck_assert_int_eq(wait_for_change(&peer, false, &changed), 0);
        ck_assert(!changed);
        peer_finish(&peer);
}
END_TEST

START_TEST(mail_announced_while_idle_begins_is_not_lost)
{
        struct peer peer;
        bool changed = false;
        peer_start(&peer, _i);
        peer_select(&peer);
        script_expect(peer.script, "h4 IDLE\r\n");
        script_answer(peer.script, "* 4 EXISTS\r\n+ idling\r\n");
        script_expect(peer.script, "DONE\r\n");
        script_answer(peer.script, "h4 OK\r\n");
        ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
        ck_assert(changed);
        peer_finish(&peer);
}
END_TEST

START_TEST(attention_ends_idle)
{
        struct peer peer;
        bool changed = true;
        peer_start(&peer, _i);
        peer_select(&peer);
        script_expect(peer.script, "h4 IDLE\r\n");
        script_answer(peer.script, "+ idling\r\n");
        script_attention(peer.script);
        script_expect(peer.script, "DONE\r\n");
        script_answer(peer.script, "* 4 EXISTS\r\nh4 OK\r\n");
        ck_assert_int_eq(wait_for_change(&peer, true, &changed), -EINTR);
        ck_assert_int_eq(script_waited_ms(peer.script), 0);
        /* The session goes on, and what came meanwhile is known. */
        ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
        ck_assert(changed);
        peer_finish(&peer);
}
END_TEST

/* Attention stays wanted all the time; only the wait for news may look at it. */
START_TEST(attention_does_not_disturb_commands)
{
        struct peer peer;
        bool changed;
        peer_prepare(&peer, _i);
        script_attention(peer.script);
        script_answer(peer.script, "h1 OK\r\n* CAPABILITY IDLE\r\nh2 OK\r\n");
        ck_assert_int_eq(peer_open(&peer), 0);
        peer_select(&peer);
        script_expect(peer.script, "h4 IDLE\r\n");
        script_answer(peer.script, "+ idling\r\n");
        script_expect(peer.script, "DONE\r\n");
        script_answer(peer.script, "h4 OK\r\n");
        ck_assert_int_eq(wait_for_change(&peer, true, &changed), -EINTR);
        peer_finish(&peer);
}
END_TEST

START_TEST(waiting_without_idle_asks)
{
        struct peer peer;
        bool changed = true;
        peer_start_with(&peer, _i, "IMAP4rev1");
        peer_select(&peer);
        script_stall(peer.script);
        script_expect(peer.script, "h4 NOOP\r\n");
        script_answer(peer.script, "* OK nothing\r\nh4 OK\r\n");
        ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
        ck_assert(!changed);
        ck_assert_int_eq(script_waited_ms(peer.script), 9 * 60000);
        script_stall(peer.script);
        script_expect(peer.script, "h5 NOOP\r\n");
        script_answer(peer.script, "* 4 EXISTS\r\nh5 OK\r\n");
        ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
        ck_assert(changed);
        peer_finish(&peer);
}
END_TEST

START_TEST(waiting_without_idle_listens)
{
        struct peer peer;
        bool changed = false;
        peer_start(&peer, _i);
        peer_select(&peer);
        script_attention(peer.script);
        ck_assert_int_eq(wait_for_change(&peer, false, &changed), -EINTR);
        script_answer(peer.script, "* OK hello\r\n* 4 EXISTS\r\n");
        ck_assert_int_eq(wait_for_change(&peer, false, &changed), 0);
        ck_assert(changed);
        ck_assert_int_eq(script_waited_ms(peer.script), 0);
        peer_finish(&peer);
}
END_TEST

START_TEST(listening_asks_nothing)
{
        struct peer peer;
        bool changed = true;
        peer_start(&peer, _i);
        peer_select(&peer);
        script_answer(peer.script, "* OK nothing\r\n");
        script_stall(peer.script);
        ck_assert_int_eq(imap_session_listen(peer.session, 1000, &changed, NULL), 0);
        ck_assert(!changed);
        ck_assert_int_eq(script_waited_ms(peer.script), 1000);
        script_answer(peer.script, "* 4 EXISTS\r\n");
        ck_assert_int_eq(imap_session_listen(peer.session, 1000, &changed, NULL), 0);
        ck_assert(changed);
        ck_assert_int_eq(script_waited_ms(peer.script), 1000);
        peer_finish(&peer);
}
END_TEST

/* Refusing at once, ending it at once, or both by turns must not become a fast circle. */
START_TEST(idle_refused_is_not_tried_again)
{
        static const char *const refusals[] = { "h4 NO not here\r\n", "h4 BAD what?\r\n", "h4 OK done\r\n",
                                                "+ idling\r\nh4 OK enough\r\n" };
        for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
                struct peer peer;
                bool changed = true;
                peer_start(&peer, _i);
                peer_select(&peer);
                script_expect(peer.script, "h4 IDLE\r\n");
                script_answer(peer.script, refusals[i]);
                ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
                ck_assert(!changed);
                ck_assert_int_eq(script_waited_ms(peer.script), 0);
                ck_assert(!imap_session_has(peer.session, "IDLE"));
                script_stall(peer.script);
                script_expect(peer.script, "h5 NOOP\r\n");
                script_answer(peer.script, "h5 OK [CAPABILITY IDLE]\r\n");
                ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
                ck_assert(!changed);
                ck_assert_int_eq(script_waited_ms(peer.script), 9 * 60000);
                ck_assert(!imap_session_has(peer.session, "IDLE"));
                peer_finish(&peer);
        }
}
END_TEST

/* A server that ends it after minutes is no enemy of it. */
START_TEST(idle_ended_after_a_while_is_tried_again)
{
        struct peer peer;
        bool changed = true;
        peer_start(&peer, 0);
        peer_select(&peer);
        script_set_receive_time(peer.script, 60000);
        script_expect(peer.script, "h4 IDLE\r\n");
        script_answer(peer.script, "+ idling\r\n");
        script_answer(peer.script, "h4 OK that is enough\r\n");
        ck_assert_int_eq(wait_for_change(&peer, true, &changed), 0);
        ck_assert(!changed);
        ck_assert(imap_session_has(peer.session, "IDLE"));
        peer_finish(&peer);
}
END_TEST

/* However often it has something to say. */
static void assert_slowed(int loop, bool use_idle, const char *news)
{
        struct peer peer;
        bool changed = false;
        peer_start(&peer, loop);
        peer_select(&peer);
        for (int tag = 4, count = 0; count < 45; tag++, count++) {
                int64_t before_ms = script_waited_ms(peer.script);
                if (count >= 30)
                        script_stall(peer.script);
                if (use_idle) {
                        g_autofree char *begin = g_strdup_printf("h%d IDLE\r\n", tag);
                        g_autofree char *end = g_strdup_printf("h%d OK\r\n", tag);
                        script_expect(peer.script, begin);
                        script_answer(peer.script, "+ idling\r\n");
                        script_answer(peer.script, news);
                        script_expect(peer.script, "DONE\r\n");
                        script_answer(peer.script, end);
                } else
                        script_answer(peer.script, news);
                ck_assert_int_eq(wait_for_change(&peer, use_idle, &changed), 0);
                ck_assert(changed);
                int64_t waited_ms = script_waited_ms(peer.script) - before_ms;
                ck_assert_int_eq(waited_ms, count < 30 ? 0 : 200);
        }
        peer_finish(&peer);
}

START_TEST(announcements_without_end_are_slowed)
{
        assert_slowed(_i, true, "* 1 EXPUNGE\r\n");
        assert_slowed(_i, false, "* 1 FETCH (FLAGS (\\Seen))\r\n");
}
END_TEST

/* While it lingers it listens, and stops when asked to. */
START_TEST(lingering_is_no_deafness)
{
        static const struct { const char *answer, *text; int code; } cases[] = {
                { "* BYE enough\r\n", "enough", -ERR_CONNECTION },
                { "+ what?\r\n", "asked for input", -ERR_PROTOCOL },
                { NULL, "cancelled", -ERR_CANCELLED },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct peer peer;
                bool changed = false;
                peer_start(&peer, _i);
                peer_select(&peer);
                for (int count = 0; count < 30; count++) {
                        script_answer(peer.script, "* 1 EXPUNGE\r\n");
                        ck_assert_int_eq(wait_for_change(&peer, false, &changed), 0);
                }
                if (cases[i].answer)
                        script_answer(peer.script, cases[i].answer);
                else
                        script_cancel(peer.script);
                peer_assert_failed(&peer, wait_for_change(&peer, true, &changed), cases[i].code, cases[i].text);
                peer_finish(&peer);
        }
}
END_TEST

START_TEST(idle_fails_cleanly)
{
        static const struct { const char *answer, *text; int code; } cases[] = {
                { "+ idling\r\n* BYE autologout\r\n", "autologout", -ERR_CONNECTION },
                { "+ idling\r\n+ again\r\n", "asked for input", -ERR_PROTOCOL },
                { "+ idling\r\nh9 OK\r\n", "not sent", -ERR_PROTOCOL },
                { "* BYE x\r\n", "goodbye: x", -ERR_CONNECTION },
                { "h9 OK\r\n", "not sent", -ERR_PROTOCOL },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct peer peer;
                bool changed = true;
                peer_start(&peer, _i);
                peer_select(&peer);
                script_expect(peer.script, "h4 IDLE\r\n");
                script_answer(peer.script, cases[i].answer);
                peer_assert_failed(&peer, wait_for_change(&peer, true, &changed), cases[i].code, cases[i].text);
                peer_finish(&peer);
        }
}
END_TEST

START_TEST(cancelled_while_idling_says_goodbye)
{
        struct peer peer;
        bool changed = true;
        peer_start(&peer, _i);
        peer_select(&peer);
        script_expect(peer.script, "h4 IDLE\r\n");
        script_answer(peer.script, "+ idling\r\n");
        script_cancel(peer.script);
        peer_assert_failed(&peer, wait_for_change(&peer, true, &changed), -ERR_CANCELLED, "");
        imap_session_close(peer.session);
        if (_i % 2 == 0) /* with a send that takes all, it has been sent without waiting */
                ck_assert_str_eq(script_extra(peer.script), "DONE\r\nh5 LOGOUT\r\n");
        ck_assert(script_is_closed(peer.script));
        script_free(peer.script);
}
END_TEST

static TCase *wait_case(void)
{
        TCase *tc = tcase_create("wait");
        tcase_add_loop_test(tc, idle_reports_new_mail, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, idle_ends_after_its_time, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, idle_notices_a_dead_peer, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, mail_announced_before_idle_is_not_lost, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, mail_announced_while_idle_begins_is_not_lost, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, attention_ends_idle, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, attention_does_not_disturb_commands, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, waiting_without_idle_asks, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, waiting_without_idle_listens, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, listening_asks_nothing, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, idle_refused_is_not_tried_again, 0, PEER_LOOPS);
        tcase_add_test(tc, idle_ended_after_a_while_is_tried_again);
        tcase_add_loop_test(tc, announcements_without_end_are_slowed, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, lingering_is_no_deafness, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, idle_fails_cleanly, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, cancelled_while_idling_says_goodbye, 0, PEER_LOOPS);
        return tc;
}

static Suite *suite(void)
{
        Suite *s = suite_create("imap_wait");
        suite_add_tcase(s, wait_case());
        return s;
}

int main(void)
{
        return support_run(suite());
}
