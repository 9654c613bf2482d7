/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/limits.h"
#include "tests/imap_peer.h"
#include "tests/support.h"

static void assert_search(int loop, guint32 first_uid, const char *answer, const char *expected)
{
        struct peer peer;
        g_autoptr(GArray) uids = NULL;
        peer_start(&peer, loop);
        g_autofree char *command = g_strdup_printf("h3 UID SEARCH UID %u:*\r\n", MAX(first_uid, 1));
        script_expect(peer.script, command);
        script_answer(peer.script, answer);
        int r = imap_session_search(peer.session, first_uid, &uids, &peer.err);
        ck_assert_msg(r == 0, "%s", error_text(&peer.err));
        peer_assert_uids(uids, expected);
        peer_finish(&peer);
}

START_TEST(search_lists_what_is_new)
{
        assert_search(_i, 1, "* SEARCH 2 84 882\r\nh3 OK done\r\n", "2 84 882");
        assert_search(_i, 0, "* SEARCH 1 \r\nh3 OK done\r\n", "1");
        assert_search(_i, 1, "* SEARCH\r\nh3 OK done\r\n", "");
        assert_search(_i, 1, "* SEARCH \r\nh3 OK done\r\n", "");
        assert_search(_i, 1, "h3 OK done\r\n", "");
        assert_search(_i, 100, "* SEARCH 99\r\nh3 OK done\r\n", "");
        assert_search(_i, 100, "* SEARCH 101 100 99 101\r\n* 5 EXISTS\r\n* SEARCH 7 200\r\nh3 OK\r\n", "100 101 200");
        assert_search(_i, 5, "* SEARCH 9 8 (MODSEQ 12345678901)\r\nh3 OK\r\n", "8 9");
        assert_search(_i, 4294967295u, "* SEARCH 4294967295 4294967294\r\nh3 OK\r\n", "4294967295");
        assert_search(_i, 3, "* ESEARCH (TAG \"h3\") UID ALL 1:4,9,7:6\r\nh3 OK\r\n", "3 4 6 7 9");
        assert_search(_i, 3, "* ESEARCH (TAG \"h3\") UID\r\nh3 OK\r\n", "");
        assert_search(_i, 3, "* ESEARCH UID COUNT 2 ALL 3:4\r\nh3 OK\r\n", "3 4");
}
END_TEST

static void assert_search_fails(int loop, const char *answer, int code)
{
        struct peer peer;
        GArray *uids = NULL;
        peer_start(&peer, loop);
        script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
        script_answer(peer.script, answer);
        peer_assert_failed(&peer, imap_session_search(peer.session, 1, &uids, &peer.err), code, "UID SEARCH");
        ck_assert_ptr_null(uids);
        peer_finish(&peer);
}

START_TEST(search_results_are_checked)
{
        assert_search_fails(_i, "* SEARCH 1 x\r\n", -ERR_PROTOCOL);
        assert_search_fails(_i, "* SEARCH 1 -2\r\n", -ERR_PROTOCOL);
        assert_search_fails(_i, "* SEARCH 0\r\n", -ERR_PROTOCOL);
        assert_search_fails(_i, "* SEARCH 1,2\r\n", -ERR_PROTOCOL);
        assert_search_fails(_i, "* SEARCH 4294967296\r\n", -ERR_PROTOCOL);
        assert_search_fails(_i, "* ESEARCH (TAG \"h3\") UID ALL 1:\r\n", -ERR_PROTOCOL);
        assert_search_fails(_i, "* ESEARCH (TAG \"h3\") UID ALL 1:*\r\n", -ERR_PROTOCOL);
        assert_search_fails(_i, "* ESEARCH (TAG \"h3\") UID ALL 1:4294967295\r\n", -ERR_LIMIT);
}
END_TEST

/* Numbers that are no answer to this search: other messages' sequence numbers, other commands' answers, mails' text. */
START_TEST(search_takes_no_other_numbers)
{
        assert_search(_i, 1, "* ESEARCH (TAG \"h2\") UID ALL 6\r\n* ESEARCH (TAG \"h4\") UID ALL 7\r\n"
                             "* ESEARCH (TAG NIL) UID ALL 8\r\n* ESEARCH (TAG (\"h3\")) UID ALL 9\r\n"
                             "* ESEARCH (TAG \"h3\") ALL 10\r\n* 11 SEARCH 12\r\n* OK SEARCH 13\r\n"
                             "* OK [SEARCH 14] x\r\n* X-SEARCH 15\r\n* 1 FETCH (UID 16 BODY[] {13}\r\n"
                             "\r\n* SEARCH 17)\r\n* SORT 18\r\n* SEARCH 5\r\nh3 OK [SEARCH 19] * SEARCH 20\r\n", "5");
}
END_TEST

START_TEST(ranges_are_searched)
{
        struct peer peer;
        g_autoptr(GArray) uids = NULL;
        g_autoptr(GArray) none = NULL;
        g_autoptr(GArray) rest = NULL;
        peer_start(&peer, _i);
        peer_select(&peer);
        script_expect(peer.script, "h4 UID SEARCH UID 5:9\r\n");
        script_answer(peer.script, "* SEARCH 9 5 4 10 7\r\n* 8 EXISTS\r\nh4 OK\r\n");
        ck_assert_int_eq(imap_session_search_only(peer.session, 5, 9, IMAP_SEARCH_THERE, &uids, &peer.err), 0);
        peer_assert_uids(uids, "5 7 9");
        ck_assert_int_eq(imap_session_search_only(peer.session, 10, 9, IMAP_SEARCH_THERE, &none, &peer.err), 0);
        ck_assert_uint_eq(none->len, 0);
        script_expect(peer.script, "h5 UID SEARCH UID 10:* UNSEEN UNDELETED\r\n");
        script_answer(peer.script, "* ESEARCH (TAG \"h5\") UID ALL 1:12\r\nh5 OK\r\n");
        unsigned only = IMAP_SEARCH_UNSEEN | IMAP_SEARCH_UNDELETED;
        ck_assert_int_eq(imap_session_search_only(peer.session, 10, G_MAXUINT32, only, &rest, &peer.err), 0);
        peer_assert_uids(rest, "10 11 12");
        /* None of these has looked at all that is new. */
        bool changed = false;
        ck_assert_int_eq(imap_session_wait(peer.session, true, 1000, &changed, &peer.err), 0);
        ck_assert(changed);
        peer_finish(&peer);
}
END_TEST

START_TEST(some_are_searched)
{
        struct peer peer;
        g_autoptr(GArray) asked = peer_uids(5, 4);
        g_autoptr(GArray) found = NULL;
        g_autoptr(GArray) refused = NULL;
        g_array_remove_index(asked, 1);
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID SEARCH UID 5,7:8 DELETED\r\n");
        script_answer(peer.script, "* SEARCH 8 6 5 8 99\r\nh3 OK\r\n");
        ck_assert_int_eq(imap_session_search_among(peer.session, asked, IMAP_SEARCH_DELETED, &found, &peer.err), 0);
        peer_assert_uids(found, "5 8");
        script_expect(peer.script, "h4 UID SEARCH UID 5,7:8\r\n");
        script_answer(peer.script, "h4 NO later\r\n");
        int r = imap_session_search_among(peer.session, asked, IMAP_SEARCH_THERE, &refused, &peer.err);
        peer_assert_failed(&peer, r, -ERR_REFUSED, "later");
        ck_assert_ptr_null(refused);
        peer_finish(&peer);
}
END_TEST

/* A set that does not fit into one line. */
START_TEST(many_are_searched)
{
        struct peer peer;
        g_autoptr(GArray) asked = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_autoptr(GArray) found = NULL;
        peer_start(&peer, 0);
        for (int command = 3; command < 5; command++) {
                g_autoptr(GString) line = g_string_new(NULL);
                g_string_printf(line, "h%d UID SEARCH UID ", command);
                for (guint i = 0; i < (command == 3 ? 363 : 100); i++) {
                        guint32 uid = 2000000000u + 2 * asked->len;
                        g_array_append_val(asked, uid);
                        g_string_append_printf(line, "%s%u", i > 0 ? "," : "", uid);
                }
                g_string_append(line, "\r\n");
                script_expect(peer.script, line->str);
                script_answer(peer.script, command == 3 ? "* SEARCH 2000000002\r\nh3 OK\r\n"
                                                        : "* SEARCH 2000000000 2000000726\r\nh4 OK\r\n");
        }
        ck_assert_int_eq(imap_session_search_among(peer.session, asked, IMAP_SEARCH_THERE, &found, &peer.err), 0);
        peer_assert_uids(found, "2000000000 2000000002 2000000726");
        peer_finish(&peer);
}
END_TEST

/* A million numbers on one line, whose text is above what a line may have. */
START_TEST(a_million_are_found)
{
        struct peer peer;
        g_autoptr(GArray) uids = NULL;
        GString *answer = g_string_new("* SEARCH");
        for (guint32 uid = 1000000; uid < 2000000; uid++)
                g_string_append_printf(answer, " %u", uid);
        g_string_append(answer, "\r\nh3 OK\r\n");
        peer_start(&peer, 0);
        script_expect(peer.script, "h3 UID SEARCH UID 1:*\r\n");
        script_answer(peer.script, answer->str);
        g_string_free(answer, TRUE);
        ck_assert_int_eq(imap_session_search(peer.session, 1, &uids, &peer.err), 0);
        ck_assert_uint_eq(uids->len, 1000000);
        ck_assert_uint_eq(g_array_index(uids, guint32, 999999), 1999999);
        peer_finish(&peer);
}
END_TEST

/* A few bytes can name any number of messages. */
START_TEST(too_many_found_are_refused)
{
        g_autofree char *most = g_strdup_printf("* ESEARCH UID ALL 1:%u,7\r\n", LIMIT_IMAP_SEARCH_UIDS);
        assert_search_fails(0, most, -ERR_LIMIT);
        assert_search_fails(0, "* ESEARCH UID ALL 1:4294967295\r\n", -ERR_LIMIT);
        assert_search_fails(0, "* ESEARCH UID ALL 1:4000000,1:4000000\r\n", -ERR_LIMIT);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("imap_search");
        TCase *tc = tcase_create("search");
        tcase_add_loop_test(tc, search_lists_what_is_new, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, search_results_are_checked, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, search_takes_no_other_numbers, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, ranges_are_searched, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, some_are_searched, 0, PEER_LOOPS);
        tcase_add_test(tc, many_are_searched);
        tcase_add_test(tc, a_million_are_found);
        tcase_add_test(tc, too_many_found_are_refused);
        suite_add_tcase(s, tc);
        return s;
}

int main(void)
{
        return support_run(suite());
}
