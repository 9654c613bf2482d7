/* SPDX-License-Identifier: MIT */
#include "ingest/imap_session.h"

#include <errno.h>
#include <string.h>

#include "tests/imap_peer.h"
#include "tests/support.h"

/* ---- open and close ---- */

START_TEST(open_learns_capabilities)
{
        struct peer peer;
        peer_prepare(&peer, _i);
        script_answer(peer.script, "h1 OK done\r\n* CAPABILITY IMAP4rev1 Idle x-odd\r\nh2 OK done\r\n");
        ck_assert_int_eq(peer_open(&peer), 0);
        ck_assert(imap_session_has(peer.session, "idle"));
        ck_assert(imap_session_has(peer.session, "X-Odd"));
        ck_assert(!imap_session_has(peer.session, "MOVE"));
        script_expect(peer.script, "h3 LOGOUT\r\n");
        script_answer(peer.script, "* OK so long\r\n* BYE bye\r\n");
        imap_session_close(peer.session);
        ck_assert(script_is_done(peer.script));
        ck_assert(script_is_closed(peer.script));
        script_free(peer.script);
}
END_TEST

/* libcurl may have swallowed the beginning of what came behind the login's answer. */
START_TEST(open_drops_what_may_be_cut)
{
        struct peer peer;
        peer_prepare(&peer, _i);
        script_answer(peer.script, "STS\r\n\n{999999}\r\n* 5 EXISTS\r\n* CAPABILITY WRONG\r\n"
                                   "h1 OK done\r\n* CAPABILITY IDLE\r\nh2 OK done\r\n");
        ck_assert_int_eq(peer_open(&peer), 0);
        ck_assert(!imap_session_has(peer.session, "WRONG"));
        ck_assert(imap_session_has(peer.session, "IDLE"));
        ck_assert_uint_eq(imap_session_exists(peer.session), 0);
        peer_finish(&peer);
}
END_TEST

START_TEST(open_takes_capabilities_from_a_code)
{
        struct peer peer;
        peer_prepare(&peer, _i);
        script_answer(peer.script, "h1 NO not now\r\nh2 OK [CAPABILITY IMAP4rev2] done\r\n");
        ck_assert_int_eq(peer_open(&peer), 0);
        ck_assert(imap_session_has(peer.session, "IMAP4rev2"));
        ck_assert(imap_session_has(peer.session, "IDLE"));
        ck_assert(imap_session_has(peer.session, "MOVE"));
        ck_assert(!imap_session_has(peer.session, "CONDSTORE"));
        peer_finish(&peer);
}
END_TEST

static void assert_open_fails(int loop, const char *answer, bool end, int code, const char *text)
{
        struct peer peer;
        peer_prepare(&peer, loop);
        if (*answer)
                script_answer(peer.script, answer);
        if (end)
                script_end(peer.script);
        int r = peer_open(&peer);
        peer_assert_failed(&peer, r, code, text);
        ck_assert(script_is_closed(peer.script));
        ck_assert_ptr_null(peer.session);
        error_clear(&peer.err);
        script_free(peer.script);
}

START_TEST(open_fails_cleanly)
{
        assert_open_fails(_i, "", true, -ERR_CONNECTION, "closed the connection");
        assert_open_fails(_i, "", false, -ERR_TIMEOUT, "NOOP for 60 s");
        assert_open_fails(_i, "EXI\r\n* BYE too many\r\n", false, -ERR_CONNECTION, "too many");
        assert_open_fails(_i, "h1 OK\r\n", false, -ERR_TIMEOUT, "CAPABILITY");
        assert_open_fails(_i, "h1 OK\r\nh2 NO never\r\n", false, -ERR_REFUSED, "CAPABILITY: never");
        assert_open_fails(_i, "h1 BAD what?\r\n", false, -ERR_PROTOCOL, "NOOP: what?");
        assert_open_fails(_i, "h1 OK\r\nh9 OK\r\n", false, -ERR_PROTOCOL, "not sent");
}
END_TEST

START_TEST(open_does_not_listen_for_ever)
{
        struct peer peer;
        peer_prepare(&peer, 0);
        g_autofree char *noise = g_strnfill(100000, 'x');
        script_answer(peer.script, noise);
        peer_assert_failed(&peer, peer_open(&peer), -ERR_PROTOCOL, "keeps talking");
        error_clear(&peer.err);
        script_free(peer.script);
}
END_TEST

START_TEST(close_does_not_wait_long)
{
        struct peer peer;
        peer_start(&peer, _i);
        int64_t before_ms = script_waited_ms(peer.script);
        imap_session_close(peer.session);
        ck_assert_str_eq(script_extra(peer.script), "h3 LOGOUT\r\n");
        ck_assert_int_le(script_waited_ms(peer.script) - before_ms, 5000);
        ck_assert(script_is_closed(peer.script));
        script_free(peer.script);
}
END_TEST

START_TEST(close_after_an_error_says_nothing)
{
        struct peer peer;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
        script_end(peer.script);
        GArray *uids = NULL;
        int r = imap_session_search(peer.session, 1, &uids, &peer.err);
        peer_assert_failed(&peer, r, -ERR_CONNECTION, "UID SEARCH");
        ck_assert_ptr_null(uids);
        peer_assert_failed(&peer, imap_session_search(peer.session, 1, &uids, &peer.err), -ERR_CONNECTION, "is over");
        peer_finish(&peer);
}
END_TEST

/* ---- SELECT ---- */

START_TEST(select_reads_the_mailbox)
{
        struct peer peer;
        struct imap_mailbox mailbox;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 SELECT \"INBOX\"\r\n");
        script_answer(peer.script, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
                                   "* OK [PERMANENTFLAGS (\\Answered \\Seen \\*)] Flags permitted.\r\n"
                                   "* 23 EXISTS\r\n* 1 RECENT\r\n* OK [UNSEEN 14] First unseen.\r\n"
                                   "* OK [UIDVALIDITY 1179000001] UIDs valid\r\n* OK [UIDNEXT 4242 ] Predicted\r\n"
                                   "* OK [HIGHESTMODSEQ 1] Highest\r\n"
                                   "h3 OK [READ-WRITE] Select completed (0.001 + 0.000 secs).\r\n");
        ck_assert_int_eq(imap_session_select(peer.session, "INBOX", false, &mailbox, &peer.err), 0);
        ck_assert_uint_eq(mailbox.uid_validity, 1179000001);
        ck_assert_uint_eq(mailbox.uid_next, 4242);
        ck_assert_uint_eq(mailbox.exists, 23);
        ck_assert(!mailbox.read_only);
        peer_finish(&peer);
}
END_TEST

START_TEST(select_reads_little)
{
        struct peer peer;
        struct imap_mailbox mailbox;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 EXAMINE \"a \\\"b\\\\&- &ZeVnLIqe-\"\r\n");
        script_answer(peer.script, "* OK [UIDVALIDITY 7]\r\nh3 OK\r\n");
        ck_assert_int_eq(imap_session_select(peer.session, "a \"b\\& 日本語", true, &mailbox, &peer.err), 0);
        ck_assert_uint_eq(mailbox.uid_validity, 7);
        ck_assert_uint_eq(mailbox.uid_next, 0);
        ck_assert_uint_eq(mailbox.exists, 0);
        ck_assert(mailbox.read_only);
        script_expect(peer.script, "h4 SELECT \"x\"\r\n");
        script_answer(peer.script, "* OK [UIDVALIDITY 8]\r\nh4 OK [READ-ONLY]\r\n");
        ck_assert_int_eq(imap_session_select(peer.session, "x", false, &mailbox, &peer.err), 0);
        ck_assert(mailbox.read_only);
        peer_finish(&peer);
}
END_TEST

START_TEST(select_refused_leaves_the_session)
{
        struct peer peer;
        struct imap_mailbox mailbox = { .exists = 99 };
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 SELECT \"gone\"\r\n");
        script_answer(peer.script, "h3 NO [NONEXISTENT] no such\x1b mailbox\r\n");
        int r = imap_session_select(peer.session, "gone", false, &mailbox, &peer.err);
        peer_assert_failed(&peer, r, -ERR_REFUSED, "refused SELECT: [NONEXISTENT] no such mailbox");
        ck_assert_uint_eq(mailbox.exists, 99);
        ck_assert_int_eq(imap_session_select(peer.session, "a\r\nb", false, &mailbox, &peer.err), -EINVAL);
        ck_assert_int_eq(imap_session_select(peer.session, "\xff", false, &mailbox, &peer.err), -EINVAL);
        ck_assert_int_eq(imap_session_select(peer.session, "", false, &mailbox, &peer.err), -EINVAL);
        script_expect(peer.script, "h4 SELECT \"x\"\r\n");
        script_answer(peer.script, "* OK [UIDVALIDITY 8]\r\nh4 OK\r\n");
        ck_assert_int_eq(imap_session_select(peer.session, "x", false, &mailbox, &peer.err), 0);
        peer_finish(&peer);
}
END_TEST

static void assert_select_fails(int loop, const char *answer, int code, const char *text)
{
        struct peer peer;
        struct imap_mailbox mailbox;
        peer_start(&peer, loop);
        script_expect(peer.script, "h3 SELECT \"x\"\r\n");
        script_answer(peer.script, answer);
        peer_assert_failed(&peer, imap_session_select(peer.session, "x", false, &mailbox, &peer.err), code, text);
        peer_finish(&peer);
}

START_TEST(select_needs_a_uid_validity)
{
        assert_select_fails(_i, "* 1 EXISTS\r\nh3 OK\r\n", -ERR_PROTOCOL, "no UIDVALIDITY");
        assert_select_fails(_i, "* OK [UIDVALIDITY 0]\r\nh3 OK\r\n", -ERR_PROTOCOL, "no UIDVALIDITY");
        assert_select_fails(_i, "* OK [UIDVALIDITY]\r\nh3 OK\r\n", -ERR_PROTOCOL, "not a number");
        assert_select_fails(_i, "* OK [UIDVALIDITY 4294967296]\r\nh3 OK\r\n", -ERR_PROTOCOL, "not a number");
        assert_select_fails(_i, "* OK [UIDNEXT -1]\r\nh3 OK\r\n", -ERR_PROTOCOL, "not a number");
}
END_TEST

/* ---- faults of the connection ---- */

START_TEST(answers_that_break_the_session)
{
        static const struct { const char *answer, *text; int code; } cases[] = {
                { "h3 BAD no such command\r\n", "did not understand UID SEARCH: no such command", -ERR_PROTOCOL },
                { "* BYE shutting down\r\n", "goodbye: shutting down", -ERR_CONNECTION },
                { "h4 OK\r\n", "not sent", -ERR_PROTOCOL },
                { "H3 OK\r\n", "not sent", -ERR_PROTOCOL },
                { "h2 OK\r\n", "not sent", -ERR_PROTOCOL },
                { "+ what?\r\n", "asked for input", -ERR_PROTOCOL },
                { "* (\r\n", "UID SEARCH: unusable answer", -ERR_PROTOCOL },
                { "* X ((((((((((((((((((((((((((((((((((", "nested too deeply in X", -ERR_LIMIT },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct peer peer;
                GArray *uids = NULL;
                peer_start(&peer, _i);
                script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
                script_answer(peer.script, cases[i].answer);
                int r = imap_session_search(peer.session, 1, &uids, &peer.err);
                peer_assert_failed(&peer, r, cases[i].code, cases[i].text);
                peer_finish(&peer);
        }
}
END_TEST

/* What a server says is not shown where it repeats the password. */
START_TEST(the_password_is_never_shown)
{
        static const struct { const char *answer; int code; } cases[] = {
                { "h3 NO [X] no entry for " SCRIPT_SECRET "\r\n", -ERR_REFUSED },
                { "h3 BAD [" SCRIPT_SECRET "] what?\r\n", -ERR_PROTOCOL },
                { "* BYE [X open-sesame-3] bye\r\n", -ERR_CONNECTION },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct peer peer;
                GArray *uids = NULL;
                peer_start(&peer, _i);
                script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
                script_answer(peer.script, cases[i].answer);
                int r = imap_session_search(peer.session, 1, &uids, &peer.err);
                ck_assert_ptr_null(strcasestr(error_text(&peer.err), SCRIPT_SECRET));
                peer_assert_failed(&peer, r, cases[i].code, "not shown");
                peer_finish(&peer);
        }
}
END_TEST

START_TEST(failures_of_the_stream_pass_through)
{
        struct peer peer;
        GArray *uids = NULL;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
        script_fail(peer.script, -ERR_TLS);
        int r = imap_session_search(peer.session, 1, &uids, &peer.err);
        peer_assert_failed(&peer, r, -ERR_TLS, "the script says so");
        peer_finish(&peer);

        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
        script_cancel(peer.script);
        peer_assert_failed(&peer, imap_session_search(peer.session, 1, &uids, &peer.err), -ERR_CANCELLED, "cancelled");
        peer_finish(&peer);
}
END_TEST

/* Codes that mean something else between server and client must not get there from a socket. */
START_TEST(odd_failures_of_the_stream_are_lost_connections)
{
        static const int codes[] = { -ETIMEDOUT, -EINTR, -EINVAL, -ERR_REFUSED, -ECONNRESET };
        for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
                struct peer peer;
                bool changed;
                peer_start(&peer, _i);
                peer_select(&peer);
                script_expect(peer.script, "h4 IDLE\r\n");
                script_answer(peer.script, "+ idling\r\n");
                script_fail(peer.script, codes[i]);
                int r = imap_session_wait(peer.session, true, 1000, &changed, &peer.err);
                peer_assert_failed(&peer, r, -ERR_CONNECTION, "the script says so");
                peer_finish(&peer);
        }
}
END_TEST

/* Input without a pause, as fast as it can be read. */
START_TEST(a_flood_can_be_cancelled)
{
        struct peer peer;
        GArray *uids = NULL;
        g_autofree char *filler = g_strnfill(60000, 'x');
        g_autofree char *line = g_strdup_printf("* OK %s\r\n", filler);
        peer_start(&peer, 0);
        script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
        script_answer(peer.script, line);
        script_cancel(peer.script);
        for (int i = 0; i < 40; i++)
                script_answer(peer.script, line);
        int r = imap_session_search(peer.session, 1, &uids, &peer.err);
        peer_assert_failed(&peer, r, -ERR_CANCELLED, "cancelled");
        script_abandon(peer.script);
        imap_session_close(peer.session);
        ck_assert_str_eq(script_extra(peer.script), "h4 LOGOUT\r\n");
        ck_assert(script_is_closed(peer.script));
        script_free(peer.script);
}
END_TEST

START_TEST(silence_is_bounded)
{
        struct peer peer;
        GArray *uids = NULL;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
        script_answer(peer.script, "* SEARCH 1");
        script_stall(peer.script);
        int r = imap_session_search(peer.session, 1, &uids, &peer.err);
        peer_assert_failed(&peer, r, -ERR_TIMEOUT, "to UID SEARCH for 60 s");
        ck_assert_int_eq(script_waited_ms(peer.script), PEER_TIMEOUT_MS);
        peer_finish(&peer);
}
END_TEST

/* A byte now and then is no silence, but gets nowhere. */
START_TEST(dribble_is_bounded)
{
        struct peer peer;
        GArray *uids = NULL;
        peer_start(&peer, 0);
        script_set_segment(peer.script, 1);
        script_set_receive_time(peer.script, PEER_TIMEOUT_MS - 1);
        script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
        script_answer(peer.script, "* OK never ending story\r\n");
        peer_assert_failed(&peer, imap_session_search(peer.session, 1, &uids, &peer.err), -ERR_TIMEOUT, "to an end");
        peer_finish(&peer);
}
END_TEST

/* A server that does not read is given up as well, and is asked again only after waits. */
START_TEST(a_blocked_send_is_bounded)
{
        struct peer peer;
        GArray *uids = NULL;
        peer_start(&peer, _i);
        script_block_send(peer.script);
        int r = imap_session_search(peer.session, 1, &uids, &peer.err);
        peer_assert_failed(&peer, r, -ERR_TIMEOUT, "to UID SEARCH for 60 s");
        ck_assert_int_eq(script_waited_ms(peer.script), PEER_TIMEOUT_MS);
        peer_finish(&peer);
}
END_TEST

/* What comes while sending is blocked is read. */
START_TEST(input_is_read_while_sending)
{
        struct peer peer;
        GArray *uids = NULL;
        peer_start(&peer, 0);
        script_answer(peer.script, "* BYE full\r\n");
        script_block_send(peer.script);
        peer_assert_failed(&peer, imap_session_search(peer.session, 1, &uids, &peer.err), -ERR_CONNECTION, "full");
        peer_finish(&peer);
}
END_TEST

START_TEST(an_interrupted_wait_for_an_answer_goes_on)
{
        struct peer peer;
        GArray *uids = NULL;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
        script_interrupt(peer.script);
        script_answer(peer.script, "* SEARCH 5");
        script_interrupt(peer.script);
        script_answer(peer.script, "\r\nh3 OK\r\n");
        ck_assert_int_eq(imap_session_search(peer.session, 1, &uids, &peer.err), 0);
        peer_assert_uids(uids, "5");
        g_array_unref(uids);
        peer_finish(&peer);
}
END_TEST

static TCase *open_case(void)
{
        TCase *tc = tcase_create("open");
        tcase_add_loop_test(tc, open_learns_capabilities, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, open_drops_what_may_be_cut, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, open_takes_capabilities_from_a_code, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, open_fails_cleanly, 0, PEER_LOOPS);
        tcase_add_test(tc, open_does_not_listen_for_ever);
        tcase_add_loop_test(tc, close_does_not_wait_long, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, close_after_an_error_says_nothing, 0, PEER_LOOPS);
        return tc;
}

static TCase *select_case(void)
{
        TCase *tc = tcase_create("select");
        tcase_add_loop_test(tc, select_reads_the_mailbox, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, select_reads_little, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, select_refused_leaves_the_session, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, select_needs_a_uid_validity, 0, PEER_LOOPS);
        return tc;
}

static TCase *faults_case(void)
{
        TCase *tc = tcase_create("faults");
        tcase_add_loop_test(tc, answers_that_break_the_session, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, the_password_is_never_shown, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, failures_of_the_stream_pass_through, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, odd_failures_of_the_stream_are_lost_connections, 0, PEER_LOOPS);
        tcase_add_test(tc, a_flood_can_be_cancelled);
        tcase_add_loop_test(tc, silence_is_bounded, 0, PEER_LOOPS);
        tcase_add_test(tc, dribble_is_bounded);
        tcase_add_loop_test(tc, a_blocked_send_is_bounded, 0, PEER_LOOPS);
        tcase_add_test(tc, input_is_read_while_sending);
        tcase_add_loop_test(tc, an_interrupted_wait_for_an_answer_goes_on, 0, PEER_LOOPS);
        return tc;
}

static Suite *suite(void)
{
        Suite *s = suite_create("imap_session");
        suite_add_tcase(s, open_case());
        suite_add_tcase(s, select_case());
        suite_add_tcase(s, faults_case());
        return s;
}

int main(void)
{
        return support_run(suite());
}
