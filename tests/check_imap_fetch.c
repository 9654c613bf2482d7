/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "common/limits.h"
#include "tests/imap_peer.h"
#include "tests/support.h"

struct received {
        GString *text;
        guint count, stop_after;
        int stop_code;
};

static int receive(struct imap_message *message, void *context)
{
        struct received *received = context;
        g_string_append_printf(received->text, "%u/%" G_GUINT64_FORMAT "/%" G_GINT64_FORMAT, message->uid,
                               message->size_bytes, message->internal_date_ms);
        if (message->data) {
                ck_assert_int_eq(message->data[message->data_size], '\0');
                g_string_append_c(received->text, '/');
                g_string_append_len(received->text, message->data, (gssize) message->data_size);
        }
        g_string_append_c(received->text, ';');
        if (received->count++ % 2 == 0) /* both ways of leaving the data */
                g_clear_pointer(&message->data, g_free);
        return received->stop_after == received->count ? received->stop_code : 0;
}

#define ITEMS "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[])"

static void assert_fetch(int loop, const char *answer, int code, const char *expected)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(5, 3);
        g_autoptr(GArray) sizes = peer_sizes(uids, 3);
        peer_start(&peer, loop);
        script_expect(peer.script, "h3 UID FETCH 5:7 " ITEMS "\r\n");
        script_answer(peer.script, answer);
        int r = imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err);
        if (code < 0)
                peer_assert_failed(&peer, r, code, "");
        ck_assert_msg(r == code, "%d: %s", r, error_text(&peer.err));
        ck_assert_str_eq(received.text->str, expected);
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}

START_TEST(fetch_hands_messages_over)
{
        assert_fetch(_i, "* 1 FETCH (UID 5 INTERNALDATE \"11-May-2007 12:04:05 +0900\" RFC822.SIZE 3 "
                         "BODY[] {3}\r\nabc)\r\n"
                         "* 2 FETCH (BODY[] \"d\\\"f\" RFC822.SIZE 900 FLAGS (\\Seen) UID 6)\r\n"
                         "* 3 FETCH (UID 7 INTERNALDATE \"some day\" BODY[] ~{0}\r\n)\r\nh3 OK done\r\n",
                     0, "5/3/1178852645000/abc;6/900/0/d\"f;7/0/0/;");
}
END_TEST

START_TEST(fetch_ignores_what_was_not_asked_for)
{
        assert_fetch(_i, "* 9 FETCH (UID 4 RFC822.SIZE 3 BODY[] {3}\r\nbad)\r\n"
                         "* 9 FETCH (UID 8 RFC822.SIZE 3 BODY[] {3}\r\nbad)\r\n"
                         "* 9 FETCH (RFC822.SIZE 3 BODY[] {3}\r\nbad)\r\n"
                         "* 9 FETCH (UID 5 FLAGS (\\Seen))\r\n"
                         "* 9 FETCH (UID 5 BODY[] NIL)\r\n"
                         "* 9 FETCH (UID 5 BODY[TEXT] {3}\r\nbad)\r\n"
                         "* 9 EXISTS\r\n* 1 RECENT\r\n* OK still here\r\n* X-NEW (a \"b\" {1}\r\nc)\r\n"
                         "* 1 FETCH (UID 5 RFC822.SIZE 3 BODY[] {3}\r\none)\r\n"
                         "* 1 FETCH (UID 5 RFC822.SIZE 3 BODY[] {3}\r\ntwo)\r\nh3 OK [EXPUNGEISSUED] done\r\n",
                     0, "5/3/0/one;");
}
END_TEST

START_TEST(fetch_is_not_fooled_by_bodies)
{
        assert_fetch(_i, "* 1 FETCH (UID 5 RFC822.SIZE 3 BODY[] {64}\r\n"
                         "h3 OK done\r\n)\r\n* 1 FETCH (UID 6 BODY[] {3}\r\nbad)\r\n* BYE\r\nh9 OK\r\n)\r\n"
                         "h3 OK done\r\n",
                     0, "5/3/0/h3 OK done\r\n)\r\n* 1 FETCH (UID 6 BODY[] {3}\r\nbad)\r\n* BYE\r\nh9 OK\r\n;");
}
END_TEST

START_TEST(fetch_cuts_a_message_larger_than_announced)
{
        g_autofree char *kept = g_strnfill(1001, 'x'), *whole = g_strnfill(1200, 'x');
        g_autofree char *answer = g_strdup_printf("* 1 FETCH (UID 5 RFC822.SIZE 3 BODY[] {1200}\r\n%s)\r\n"
                                                  "* 2 FETCH (UID 6 BODY[] {3}\r\nabc)\r\nh3 OK done\r\n", whole);
        g_autofree char *expected = g_strdup_printf("5/1200/0/%s;6/3/0/abc;", kept);
        assert_fetch(_i, answer, 0, expected);
        assert_fetch(_i, "* 1 FETCH (UID 5 BODY[] {4294967295}\r\n", -ERR_LIMIT, "");
}
END_TEST

START_TEST(fetch_answers_are_checked)
{
        assert_fetch(_i, "* 1 FETCH (UID 5 BODY[])\r\n", -ERR_PROTOCOL, "");
        assert_fetch(_i, "* 1 FETCH\r\n", -ERR_PROTOCOL, "");
        assert_fetch(_i, "* 1 FETCH UID 5\r\n", -ERR_PROTOCOL, "");
        assert_fetch(_i, "* 1 FETCH (UID x BODY[] {1}\r\na)\r\n", -ERR_PROTOCOL, "");
        assert_fetch(_i, "* 1 FETCH (UID 5 RFC822.SIZE (1) BODY[] {1}\r\na)\r\n", -ERR_PROTOCOL, "");
        assert_fetch(_i, "* 1 FETCH (UID 5 BODY[] {1}\r\na)\r\nh4 OK\r\n", -ERR_PROTOCOL, "5/1/0/a;");
        assert_fetch(_i, "* 1 FETCH (UID 5 BODY[] {1}\r\na)\r\n+ go on\r\n", -ERR_PROTOCOL, "5/1/0/a;");
        assert_fetch(_i, "* 1 FETCH (UID 5 BODY[] {1}\r\na)\r\n\r\n", -ERR_PROTOCOL, "5/1/0/a;");
        assert_fetch(_i, "* 1 FETCH (UID 5 BODY[] {1}\r\na)\r\n* BYE x\r\n", -ERR_CONNECTION, "5/1/0/a;");
        assert_fetch(_i, "* 1 FETCH (UID 5 BODY[] {1}\r\na)\r\n* 2 FETCH (UID 6 BODY[] {9}\r\nab", -ERR_TIMEOUT,
                     "5/1/0/a;");
}
END_TEST

START_TEST(fetch_cut_in_a_literal_is_a_lost_connection)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(5, 1);
        g_autoptr(GArray) sizes = peer_sizes(uids, 3);
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 5 " ITEMS "\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 5 BODY[] {9}\r\nab");
        script_end(peer.script);
        int r = imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err);
        peer_assert_failed(&peer, r, -ERR_CONNECTION, "in the middle of an answer");
        ck_assert_str_eq(received.text->str, "");
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

static void answer_messages(struct script *script, guint first, guint last, const char *tagged)
{
        GString *answer = g_string_new(NULL);
        for (guint uid = first; uid <= last; uid++)
                g_string_append_printf(answer, "* %u FETCH (UID %u RFC822.SIZE 1 BODY[] {1}\r\nx)\r\n", uid, uid);
        g_string_append(answer, tagged);
        script_answer(script, answer->str);
        g_string_free(answer, TRUE);
}

START_TEST(fetch_keeps_two_commands_in_flight)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(1, 450);
        g_array_remove_index(uids, 2); /* UID 3 */
        g_autoptr(GArray) sizes = peer_sizes(uids, 1);
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 1:2,4:201 " ITEMS "\r\nh4 UID FETCH 202:401 " ITEMS "\r\n");
        script_answer(peer.script, "* 9 FETCH (UID 402 BODY[] {8}\r\ntoo soon)\r\n");
        answer_messages(peer.script, 1, 201, "h3 OK done\r\n");
        script_expect(peer.script, "h5 UID FETCH 402:450 " ITEMS "\r\n");
        answer_messages(peer.script, 202, 401, "h4 OK done\r\n");
        answer_messages(peer.script, 402, 450, "h5 OK done\r\n");
        int r = imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err);
        ck_assert_msg(r == 0, "%s", error_text(&peer.err));
        ck_assert_uint_eq(received.count, 449);
        ck_assert_ptr_null(strstr(received.text->str, ";3/"));
        ck_assert_ptr_null(strstr(received.text->str, "soon"));
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

/* The first command is answered while the second is still being sent: the third must not disturb its buffer. */
START_TEST(a_command_that_is_being_sent_stays_where_it_is)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(1, 600);
        g_autoptr(GArray) sizes = peer_sizes(uids, 1);
        peer_start(&peer, 0);
        script_set_send_limit(peer.script, 1);
        script_expect(peer.script, "h3 UID FETCH 1:200 " ITEMS "\r\n");
        script_answer(peer.script, "h3 OK\r\n");
        script_expect(peer.script, "h4 UID FETCH 201:400 " ITEMS "\r\nh5 UID FETCH 401:600 " ITEMS "\r\n");
        script_answer(peer.script, "h4 OK\r\nh5 OK\r\n");
        int r = imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err);
        ck_assert_msg(r == 0, "%s", error_text(&peer.err));
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

START_TEST(fetch_chunks_are_bounded_by_bytes)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(1, 5);
        g_autoptr(GArray) sizes = peer_sizes(uids, LIMIT_IMAP_CHUNK_BYTES * 3 / 8);
        g_array_index(sizes, guint64, 2) = G_MAXUINT64;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 1:2 " ITEMS "\r\nh4 UID FETCH 3 " ITEMS "\r\n");
        script_answer(peer.script, "h3 OK\r\n");
        script_expect(peer.script, "h5 UID FETCH 4:5 " ITEMS "\r\n");
        script_answer(peer.script, "h4 OK\r\nh5 OK\r\n");
        ck_assert_int_eq(imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err), 0);
        ck_assert_uint_eq(received.count, 0);
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

START_TEST(fetch_refused_awaits_what_is_in_flight)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(1, 600);
        g_autoptr(GArray) sizes = peer_sizes(uids, 1);
        struct imap_mailbox mailbox;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 1:200 " ITEMS "\r\nh4 UID FETCH 201:400 " ITEMS "\r\n");
        script_answer(peer.script, "h4 NO [SERVERBUG] disk\r\n* 1 FETCH (UID 7 BODY[] {1}\r\nx)\r\nh3 NO later\r\n");
        int r = imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err);
        peer_assert_failed(&peer, r, -ERR_REFUSED, "UID FETCH: [SERVERBUG] disk");
        ck_assert_str_eq(received.text->str, "7/1/0/x;");
        script_expect(peer.script, "h5 SELECT \"x\"\r\n");
        script_answer(peer.script, "* OK [UIDVALIDITY 8]\r\nh5 OK\r\n");
        ck_assert_int_eq(imap_session_select(peer.session, "x", false, &mailbox, &peer.err), 0);
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

START_TEST(fetch_ends_when_its_receiver_says_so)
{
        static const int codes[] = { -ERR_CANCELLED, -ERR_REFUSED, -EINVAL, -EINTR };
        for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
                struct peer peer;
                struct received received = { .text = g_string_new(NULL), .stop_after = 2, .stop_code = codes[i] };
                g_autoptr(GArray) uids = peer_uids(1, 3);
                g_autoptr(GArray) sizes = peer_sizes(uids, 1);
                peer_start(&peer, _i);
                script_expect(peer.script, "h3 UID FETCH 1:3 " ITEMS "\r\n");
                answer_messages(peer.script, 1, 2, "");
                int r = imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err);
                peer_assert_failed(&peer, r, codes[i], "not taken");
                ck_assert_uint_eq(received.count, 2);
                r = imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err);
                peer_assert_failed(&peer, r, -ERR_CONNECTION, "is over");
                g_string_free(received.text, TRUE);
                peer.failed = codes[i] != -ERR_CANCELLED; /* then a LOGOUT is still said */
                peer_finish(&peer);
        }
}
END_TEST

START_TEST(fetch_arguments_are_checked)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(5, 3);
        g_autoptr(GArray) sizes = peer_sizes(uids, 3);
        g_autoptr(GArray) narrow = peer_uids(1, 3);
        peer_start(&peer, 0);
        ck_assert_int_eq(imap_session_fetch(peer.session, uids, narrow, receive, &received, NULL), -EINVAL);
        g_array_set_size(sizes, 2);
        ck_assert_int_eq(imap_session_fetch(peer.session, uids, sizes, receive, &received, NULL), -EINVAL);
        g_array_set_size(uids, 0);
        ck_assert_int_eq(imap_session_fetch_sizes(peer.session, uids, receive, &received, NULL), 0);
        ck_assert_uint_eq(received.count, 0);
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

/* Sizes may be answered in any order, and are handed back as they came. */
START_TEST(fetch_puts_messages_in_order)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(5, 4);
        g_autoptr(GArray) sizes = peer_sizes(uids, LIMIT_IMAP_CHUNK_BYTES / 8);
        g_array_index(uids, guint32, 0) = 8;
        g_array_index(sizes, guint64, 0) = LIMIT_IMAP_CHUNK_BYTES;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 6:7 " ITEMS "\r\nh4 UID FETCH 8 " ITEMS "\r\n");
        script_answer(peer.script, "* 4 FETCH (UID 8 BODY[] {1}\r\nc)\r\n* 2 FETCH (UID 7 BODY[] {1}\r\nb)\r\n"
                                   "* 1 FETCH (UID 6 BODY[] {1}\r\na)\r\nh3 OK\r\nh4 OK\r\n");
        ck_assert_int_eq(imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err), 0);
        ck_assert_str_eq(received.text->str, "8/1/0/c;7/1/0/b;6/1/0/a;");
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

START_TEST(heads_are_fetched)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autofree char *whole = g_strnfill(1200, 'x');
        g_autofree char *answer = g_strdup_printf("* 1 FETCH (UID 5 RFC822.SIZE 99999 BODY[] {1200}\r\n%s)\r\n"
                                                  "h4 OK\r\n", whole);
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 5 (UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.4>)\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 5 RFC822.SIZE 99999 BODY[]<0> {4}\r\nFrom)\r\nh3 OK\r\n");
        ck_assert_int_eq(imap_session_fetch_head(peer.session, 5, 4, receive, &received, &peer.err), 0);
        /* A server that sends all of it all the same. */
        script_expect(peer.script, "h4 UID FETCH 5 (UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.3>)\r\n");
        script_answer(peer.script, answer);
        ck_assert_int_eq(imap_session_fetch_head(peer.session, 5, 3, receive, &received, &peer.err), 0);
        ck_assert_str_eq(received.text->str, "5/99999/0/From;5/1200/0/xxx;");
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

/* Long bodies go straight to their place, in pieces of every kind; two in a row, and one that is cut. */
START_TEST(long_bodies_are_whole)
{
        static const size_t segments[PEER_LOOPS] = { 0, 4000, 16384, 65535, 65536, 65537, 100001 };
        static const size_t kept[] = { 300000, 200001, 70000, 9000, 65536 };
        struct imap_session_options options = { .command_timeout_ms = PEER_TIMEOUT_MS, .max_message_bytes = 300000 };
        struct peer peer;
        GString *answer = g_string_new(NULL);
        g_autoptr(GArray) uids = peer_uids(1, G_N_ELEMENTS(kept) + 1);
        g_autoptr(GArray) sizes = peer_sizes(uids, 1);
        struct received received = { .text = g_string_new(NULL) };
        GString *expected = g_string_new(NULL);
        for (guint i = 0; i < uids->len; i++) {
                size_t size = i < G_N_ELEMENTS(kept) ? kept[i] : 400000;
                g_autofree char *body = g_malloc(size + 1);
                for (size_t at = 0; at < size; at++)
                        body[at] = "0123456789)\r\nh3 OK"[(at * 7 + at / 1000) % 18];
                body[size] = '\0';
                g_string_append_printf(answer, "* 1 FETCH (UID %u BODY[] {%zu}\r\n%s)\r\n", i + 1, size, body);
                g_string_append_printf(expected, "%u/%zu/0/%.300001s;", i + 1, size, body);
        }
        g_string_append(answer, "h3 OK\r\n");
        peer_prepare(&peer, 0);
        script_answer(peer.script, "h1 OK\r\nh2 OK\r\n");
        ck_assert_int_eq(imap_session_open(script_stream(peer.script), &options, &peer.session, &peer.err), 0);
        script_set_segment(peer.script, segments[_i]);
        script_expect(peer.script, "h3 UID FETCH 1:6 " ITEMS "\r\n");
        script_answer(peer.script, answer->str);
        ck_assert_int_eq(imap_session_fetch(peer.session, uids, sizes, receive, &received, &peer.err), 0);
        ck_assert(strcmp(received.text->str, expected->str) == 0);
        g_string_free(answer, TRUE);
        g_string_free(expected, TRUE);
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

START_TEST(sizes_are_fetched)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(1, 2001);
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 1:2000 (UID RFC822.SIZE)\r\nh4 UID FETCH 2001 (UID RFC822.SIZE)\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 1 RFC822.SIZE 77)\r\n* 1 FETCH (RFC822.SIZE 1)\r\n"
                                   "* 1 FETCH (UID 2)\r\n"
                                   "* 3 FETCH (RFC822.SIZE 9999999999 UID 4)\r\nh3 OK\r\n"
                                   "* 4 FETCH (UID 2001 RFC822.SIZE 5)\r\nh4 OK\r\n");
        ck_assert_int_eq(imap_session_fetch_sizes(peer.session, uids, receive, &received, &peer.err), 0);
        ck_assert_str_eq(received.text->str, "1/77/0;4/9999999999/0;2001/5/0;");
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

static TCase *fetch_case(void)
{
        TCase *tc = tcase_create("fetch");
        tcase_add_loop_test(tc, fetch_hands_messages_over, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_ignores_what_was_not_asked_for, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_is_not_fooled_by_bodies, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_cuts_a_message_larger_than_announced, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_answers_are_checked, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_cut_in_a_literal_is_a_lost_connection, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_keeps_two_commands_in_flight, 0, PEER_LOOPS);
        tcase_add_test(tc, a_command_that_is_being_sent_stays_where_it_is);
        tcase_add_loop_test(tc, fetch_chunks_are_bounded_by_bytes, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_refused_awaits_what_is_in_flight, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_ends_when_its_receiver_says_so, 0, PEER_LOOPS);
        tcase_add_test(tc, fetch_arguments_are_checked);
        tcase_add_loop_test(tc, fetch_puts_messages_in_order, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, heads_are_fetched, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, long_bodies_are_whole, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, sizes_are_fetched, 0, PEER_LOOPS);
        return tc;
}

static Suite *suite(void)
{
        Suite *s = suite_create("imap_fetch");
        suite_add_tcase(s, fetch_case());
        return s;
}

int main(void)
{
        return support_run(suite());
}
