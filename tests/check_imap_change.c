/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "tests/imap_peer.h"
#include "tests/support.h"

#define NO_MOVE "IMAP4rev1 UIDPLUS"

/* A transcript of "move UIDs 5 to 7 to x". The tags begin with h3. */
struct line { const char *expect, *answer; };

static void play_lines(struct peer *peer, const struct line *lines)
{
        for (; lines->expect; lines++) {
                script_expect(peer->script, lines->expect);
                script_answer(peer->script, lines->answer);
        }
}

static void assert_move(int loop, const char *capabilities, const struct line *lines, int code, const char *text)
{
        struct peer peer;
        g_autoptr(GArray) uids = peer_uids(5, 3);
        peer_start_with(&peer, loop, capabilities);
        play_lines(&peer, lines);
        int r = imap_session_move(peer.session, uids, "x", &peer.err);
        if (code < 0)
                peer_assert_failed(&peer, r, code, text);
        else
                ck_assert_msg(r == 0, "%s", error_text(&peer.err));
        peer_finish(&peer);
}

START_TEST(messages_are_marked_and_moved)
{
        struct peer peer;
        g_autoptr(GArray) uids = peer_uids(5, 3);
        g_autoptr(GArray) none = peer_uids(1, 0);
        g_array_remove_index(uids, 1);
        peer_start(&peer, _i);
        ck_assert_int_eq(imap_session_mark_seen(peer.session, none, &peer.err), 0);
        script_expect(peer.script, "h3 UID STORE 5,7 +FLAGS.SILENT (\\Seen)\r\n");
        script_answer(peer.script, "* 2 FETCH (FLAGS (\\Seen))\r\nh3 OK\r\n");
        ck_assert_int_eq(imap_session_mark_seen(peer.session, uids, &peer.err), 0);
        script_expect(peer.script, "h4 UID MOVE 5,7 \"Done/&ZeVnLIqe-\"\r\n");
        script_answer(peer.script, "* OK [COPYUID 1 5,7 1:2]\r\n* 2 EXPUNGE\r\n* 1 EXPUNGE\r\nh4 OK\r\n");
        ck_assert_int_eq(imap_session_move(peer.session, uids, "Done/日本語", &peer.err), 0);
        script_expect(peer.script, "h5 UID MOVE 5,7 \"x\"\r\n");
        script_answer(peer.script, "h5 NO [TRYCREATE] no such folder\r\n");
        int r = imap_session_move(peer.session, uids, "x", &peer.err);
        peer_assert_failed(&peer, r, -ERR_REFUSED, "UID MOVE: [TRYCREATE] no such folder");
        ck_assert_int_eq(imap_session_move(peer.session, uids, "x\ny", &peer.err), -EINVAL);
        peer_finish(&peer);
}
END_TEST

START_TEST(moving_without_move)
{
        static const struct line lines[] = {
                { "h3 UID SEARCH UID 5:7 DELETED\r\n", "* SEARCH\r\nh3 OK\r\n" },
                { "h4 UID COPY 5:7 \"x\"\r\n", "h4 OK [COPYUID 9 5:7 1:3] done\r\n" },
                { "h5 UID STORE 5:7 +FLAGS.SILENT (\\Deleted)\r\n", "h5 OK\r\n" },
                { "h6 UID EXPUNGE 5:7\r\n", "* 1 EXPUNGE\r\nh6 OK\r\n" },
                { NULL, NULL },
        };
        assert_move(_i, NO_MOVE, lines, 0, "");
        /* Servers that tell nothing of what they copied. */
        static const struct line silent[] = {
                { "h3 UID SEARCH UID 5:7 DELETED\r\n", "h3 OK\r\n" },
                { "h4 UID COPY 5:7 \"x\"\r\n", "h4 OK\r\n" },
                { "h5 UID STORE 5:7 +FLAGS.SILENT (\\Deleted)\r\n", "h5 OK\r\n" },
                { NULL, NULL },
        };
        assert_move(_i, "IMAP4rev1", silent, 0, "");
}
END_TEST

/* What others have thrown away is theirs. */
START_TEST(what_others_have_flagged_is_left)
{
        static const struct line lines[] = {
                { "h3 UID SEARCH UID 5:7 DELETED\r\n", "* SEARCH 7 5 99\r\nh3 OK\r\n" },
                { "h4 UID COPY 6 \"x\"\r\n", "h4 OK\r\n" },
                { "h5 UID STORE 6 +FLAGS.SILENT (\\Deleted)\r\n", "h5 OK\r\n" },
                { "h6 UID EXPUNGE 6\r\n", "h6 OK\r\n" },
                { NULL, NULL },
        };
        assert_move(_i, NO_MOVE, lines, 0, "");
        static const struct line all[] = {
                { "h3 UID SEARCH UID 5:7 DELETED\r\n", "* SEARCH 5 6 7\r\nh3 OK\r\n" },
                { NULL, NULL },
        };
        assert_move(_i, NO_MOVE, all, 0, "");
        assert_move(_i, "IMAP4rev1", all, 0, "");
}
END_TEST

static void select_with(struct peer *peer, const char *flags)
{
        struct imap_mailbox mailbox;
        g_autofree char *answer = g_strdup_printf("* OK [UIDVALIDITY 7]\r\n%sh3 OK\r\n", flags);
        script_expect(peer->script, "h3 SELECT \"INBOX\"\r\n");
        script_answer(peer->script, answer);
        ck_assert_int_eq(imap_session_select(peer->session, "INBOX", false, &mailbox, &peer->err), 0);
}

static void assert_keyword(int loop, const char *capabilities, const struct line *lines)
{
        struct peer peer;
        g_autoptr(GArray) uids = peer_uids(5, 3);
        peer_start_with(&peer, loop, capabilities);
        select_with(&peer, "* OK [PERMANENTFLAGS (\\Answered \\Deleted \\*)] Flags\r\n");
        play_lines(&peer, lines);
        int r = imap_session_move(peer.session, uids, "x", &peer.err);
        ck_assert_msg(r == 0, "%s", error_text(&peer.err));
        peer_finish(&peer);
}

/* Where the server takes keywords, an interrupted move of an earlier session is known by one, and finished. */
START_TEST(a_keyword_tells_ours_from_others)
{
        static const struct line lines[] = {
                { "h4 UID SEARCH UID 5:7 DELETED\r\n", "* SEARCH 5 6\r\nh4 OK\r\n" },
                { "h5 UID SEARCH UID 5:6 DELETED KEYWORD $HotfixdMoved\r\n", "* SEARCH 6 7 99\r\nh5 OK\r\n" },
                { "h6 UID COPY 7 \"x\"\r\n", "h6 OK\r\n" },
                { "h7 UID STORE 7 +FLAGS.SILENT (\\Deleted $HotfixdMoved)\r\n", "h7 OK\r\n" },
                { "h8 UID EXPUNGE 6:7\r\n", "h8 OK\r\n" },
                { NULL, NULL },
        };
        assert_keyword(_i, NO_MOVE, lines);
        static const struct line refused[] = {
                { "h4 UID SEARCH UID 5:7 DELETED\r\n", "h4 OK\r\n" },
                { "h5 UID COPY 5:7 \"x\"\r\n", "h5 OK\r\n" },
                { "h6 UID STORE 5:7 +FLAGS.SILENT (\\Deleted $HotfixdMoved)\r\n", "h6 NO [LIMIT] too many\r\n" },
                { "h7 UID STORE 5:7 +FLAGS.SILENT (\\Deleted)\r\n", "h7 OK\r\n" },
                { "h8 UID EXPUNGE 5:7\r\n", "h8 OK\r\n" },
                { NULL, NULL },
        };
        assert_keyword(_i, NO_MOVE, refused);
        /* It is of no use where nothing can be expunged. */
        static const struct line unused[] = {
                { "h4 UID SEARCH UID 5:7 DELETED\r\n", "h4 OK\r\n" },
                { "h5 UID COPY 5:7 \"x\"\r\n", "h5 OK\r\n" },
                { "h6 UID STORE 5:7 +FLAGS.SILENT (\\Deleted)\r\n", "h6 OK\r\n" },
                { NULL, NULL },
        };
        assert_keyword(_i, "IMAP4rev1", unused);
}
END_TEST

START_TEST(only_what_was_copied_is_flagged)
{
        static const struct line some[] = {
                { "h3 UID SEARCH UID 5:7 DELETED\r\n", "h3 OK\r\n" },
                { "h4 UID COPY 5:7 \"x\"\r\n", "h4 OK [COPYUID 9 7,1:5,4294967295 1:7] done\r\n" },
                { "h5 UID STORE 5,7 +FLAGS.SILENT (\\Deleted)\r\n", "h5 OK\r\n" },
                { "h6 UID EXPUNGE 5,7\r\n", "h6 OK\r\n" },
                { NULL, NULL },
        };
        assert_move(_i, NO_MOVE, some, 0, "");
        static const char *const forged[] = {
                "h4 OK [COPYUID 9 1:4,8:4294967295 1:7] done\r\n", "* OK [COPYUID 9 99 1] x\r\nh4 OK\r\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(forged); i++) {
                const struct line others[] = {
                        { "h3 UID SEARCH UID 5:7 DELETED\r\n", "h3 OK\r\n" },
                        { "h4 UID COPY 5:7 \"x\"\r\n", forged[i] },
                        { NULL, NULL },
                };
                assert_move(_i, NO_MOVE, others, -ERR_REFUSED, "copied other messages");
        }
        static const char *const malformed[] = {
                "h4 OK [COPYUID 9 5: 1:7] done\r\n", "h4 OK [COPYUID] done\r\n", "h4 OK [COPYUID 9 5:7] done\r\n",
                "h4 OK [COPYUID 9 0:7 1:8] done\r\n", "h4 OK [COPYUID 9 5:* 1:8] done\r\n",
                "h4 OK [COPYUID 9 5:4294967296 1:8] done\r\n", "h4 OK [COPYUID 9 5,,6 1:8] done\r\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(malformed); i++) {
                const struct line bad[] = {
                        { "h3 UID SEARCH UID 5:7 DELETED\r\n", "h3 OK\r\n" },
                        { "h4 UID COPY 5:7 \"x\"\r\n", malformed[i] },
                        { NULL, NULL },
                };
                assert_move(_i, NO_MOVE, bad, -ERR_PROTOCOL, "COPYUID");
        }
}
END_TEST

START_TEST(a_refused_move_deletes_nothing)
{
        static const struct line search[] = {
                { "h3 UID SEARCH UID 5:7 DELETED\r\n", "h3 NO not now\r\n" },
                { NULL, NULL },
        };
        assert_move(_i, NO_MOVE, search, -ERR_REFUSED, "not now");
        static const struct line copy[] = {
                { "h3 UID SEARCH UID 5:7 DELETED\r\n", "h3 OK\r\n" },
                { "h4 UID COPY 5:7 \"x\"\r\n", "h4 NO [OVERQUOTA] full\r\n" },
                { NULL, NULL },
        };
        assert_move(_i, NO_MOVE, copy, -ERR_REFUSED, "refused UID COPY: [OVERQUOTA] full");
}
END_TEST

/* The copies are there and the flag is not: trying again must not copy again. */
START_TEST(a_copy_is_made_once)
{
        struct peer peer;
        g_autoptr(GArray) uids = peer_uids(5, 3);
        static const struct line first[] = {
                { "h3 UID SEARCH UID 5:7 DELETED\r\n", "h3 OK\r\n" },
                { "h4 UID COPY 5:7 \"x\"\r\n", "h4 OK [COPYUID 9 5:6 1:2]\r\n" },
                { "h5 UID STORE 5:6 +FLAGS.SILENT (\\Deleted)\r\n", "h5 NO busy\r\n" },
                { NULL, NULL },
        };
        static const struct line second[] = {
                { "h6 UID SEARCH UID 5:7 DELETED\r\n", "h6 OK\r\n" },
                { "h7 UID COPY 7 \"x\"\r\n", "h7 OK\r\n" },
                { "h8 UID STORE 5:7 +FLAGS.SILENT (\\Deleted)\r\n", "h8 OK\r\n" },
                { "h9 UID EXPUNGE 5:7\r\n", "h9 NO busy\r\n" },
                { NULL, NULL },
        };
        static const struct line third[] = {
                { "h10 UID SEARCH UID 5:7 DELETED\r\n", "* SEARCH 5 6\r\nh10 OK\r\n" },
                { "h11 UID STORE 7 +FLAGS.SILENT (\\Deleted)\r\n", "h11 OK\r\n" },
                { "h12 UID EXPUNGE 5:7\r\n", "h12 OK\r\n" },
                { NULL, NULL },
        };
        peer_start_with(&peer, _i, NO_MOVE);
        play_lines(&peer, first);
        peer_assert_failed(&peer, imap_session_move(peer.session, uids, "x", &peer.err), -ERR_REFUSED,
                           "UID STORE: busy");
        play_lines(&peer, second);
        peer_assert_failed(&peer, imap_session_move(peer.session, uids, "x", &peer.err), -ERR_REFUSED,
                           "UID EXPUNGE: busy");
        play_lines(&peer, third);
        ck_assert_int_eq(imap_session_move(peer.session, uids, "x", &peer.err), 0);
        peer_finish(&peer);
}
END_TEST

/* Where flags do not last, copying would begin anew each time. */
START_TEST(permanent_flags_are_minded)
{
        static const char *const without[] = {
                "* OK [PERMANENTFLAGS ()] read-only\r\n", "* OK [PERMANENTFLAGS (\\Answered \\*)] limited\r\n",
                "* OK [PERMANENTFLAGS (\\DeletedX)] odd\r\n", "* OK [PERMANENTFLAGS] odd\r\n",
        };
        g_autoptr(GArray) uids = peer_uids(5, 3);
        for (size_t i = 0; i < G_N_ELEMENTS(without); i++) {
                struct peer peer;
                peer_start_with(&peer, _i, NO_MOVE);
                select_with(&peer, without[i]);
                int r = imap_session_move(peer.session, uids, "x", &peer.err);
                peer_assert_failed(&peer, r, -ERR_REFUSED, "nothing is copied");
                r = imap_session_mark_seen(peer.session, uids, &peer.err);
                peer_assert_failed(&peer, r, -ERR_REFUSED, "\\Seen");
                peer_finish(&peer);
        }
        static const struct line lines[] = {
                { "h4 UID STORE 5:7 +FLAGS.SILENT (\\Seen)\r\n", "h4 OK\r\n" },
                { "h5 UID SEARCH UID 5:7 DELETED\r\n", "* SEARCH 5 6 7\r\nh5 OK\r\n" },
                { NULL, NULL },
        };
        struct peer peer;
        peer_start_with(&peer, _i, NO_MOVE);
        select_with(&peer, "* OK [PERMANENTFLAGS (\\seen \\DELETED)] limited\r\n");
        play_lines(&peer, lines);
        ck_assert_int_eq(imap_session_mark_seen(peer.session, uids, &peer.err), 0);
        ck_assert_int_eq(imap_session_move(peer.session, uids, "x", &peer.err), 0);
        peer_finish(&peer);
}
END_TEST

/* At most so many messages together, so that an interruption leaves few in between. */
START_TEST(many_are_moved_in_parts)
{
        struct peer peer;
        g_autoptr(GArray) uids = peer_uids(1, 1500);
        static const struct line lines[] = {
                { "h3 UID MOVE 1:1000 \"x\"\r\n", "h3 OK\r\n" },
                { "h4 UID MOVE 1001:1500 \"x\"\r\n", "h4 NO\r\n" },
                { NULL, NULL },
        };
        peer_start(&peer, _i);
        play_lines(&peer, lines);
        peer_assert_failed(&peer, imap_session_move(peer.session, uids, "x", &peer.err), -ERR_REFUSED,
                           "no reason given");
        peer_finish(&peer);
}
END_TEST

/* Interrupted at every byte: nothing is ever flagged before it was copied, nor expunged before it was flagged. */
START_TEST(a_move_can_be_cut_anywhere)
{
        static const struct line lines[] = {
                { "h3 UID SEARCH UID 5:7 DELETED\r\n", "* SEARCH 6\r\nh3 OK\r\n" },
                { "h4 UID COPY 5,7 \"x\"\r\n", "h4 OK [COPYUID 9 5,7 1:2] done\r\n" },
                { "h5 UID STORE 5,7 +FLAGS.SILENT (\\Deleted)\r\n", "h5 OK\r\n" },
                { "h6 UID EXPUNGE 5,7\r\n", "* 1 EXPUNGE\r\nh6 OK\r\n" },
        };
        g_autoptr(GArray) uids = peer_uids(5, 3);
        for (size_t cut = 0; cut < G_N_ELEMENTS(lines); cut++)
                for (size_t at = 0; at < strlen(lines[cut].answer); at++) {
                        struct peer peer;
                        peer_start_with(&peer, _i, NO_MOVE);
                        for (size_t i = 0; i <= cut; i++) {
                                script_expect(peer.script, lines[i].expect);
                                if (i < cut || at > 0)
                                        script_answer_bytes(peer.script, lines[i].answer,
                                                            i < cut ? strlen(lines[i].answer) : at);
                        }
                        script_end(peer.script);
                        int r = imap_session_move(peer.session, uids, "x", &peer.err);
                        peer_assert_failed(&peer, r, -ERR_CONNECTION, "closed the connection");
                        peer_finish(&peer);
                }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("imap_change");
        TCase *tc = tcase_create("change");
        tcase_add_loop_test(tc, messages_are_marked_and_moved, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, moving_without_move, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, what_others_have_flagged_is_left, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, a_keyword_tells_ours_from_others, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, only_what_was_copied_is_flagged, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, a_refused_move_deletes_nothing, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, a_copy_is_made_once, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, permanent_flags_are_minded, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, many_are_moved_in_parts, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, a_move_can_be_cut_anywhere, 0, PEER_LOOPS);
        suite_add_tcase(s, tc);
        return s;
}

int main(void)
{
        return support_run(suite());
}
