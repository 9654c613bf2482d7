/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "common/limits.h"
#include "tests/imap_peer.h"
#include "tests/support.h"

struct received {
        GString *text;
        guint count;
};

static int receive(struct imap_message *message, void *context)
{
        struct received *received = context;
        g_string_append_printf(received->text, "%u/%" G_GUINT64_FORMAT "/%" G_GINT64_FORMAT, message->uid,
                               message->size_bytes, message->internal_date_ms);
        ck_assert_ptr_nonnull(message->data);
        ck_assert_int_eq(message->data[message->data_size], '\0');
        g_string_append_c(received->text, '/');
        g_string_append_len(received->text, message->data, (gssize) message->data_size);
        g_string_append_c(received->text, ';');
        if (received->count++ % 2 == 0) /* both ways of leaving the data */
                g_clear_pointer(&message->data, g_free);
        return 0;
}

#define ITEMS "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[])"

/* Whoever fetches asks for the sizes first. */
static void play_sizes(struct peer *peer, const char *set, guint first, guint last)
{
        g_autofree char *asked = g_strdup_printf("h3 UID FETCH %s (UID RFC822.SIZE)\r\n", set);
        GString *answer = g_string_new(NULL);
        for (guint uid = first; uid <= last; uid++)
                g_string_append_printf(answer, "* %u FETCH (UID %u RFC822.SIZE 1)\r\n", uid, uid);
        g_string_append(answer, "h3 OK\r\n");
        script_expect(peer->script, asked);
        script_answer(peer->script, answer->str);
        g_string_free(answer, TRUE);
}

static void assert_fetch(int loop, const char *answer, int code, const char *expected)
{
        struct peer peer;
        struct received received = { .text = g_string_new(NULL) };
        g_autoptr(GArray) uids = peer_uids(5, 3);
        peer_start(&peer, loop);
        play_sizes(&peer, "5:7", 5, 7);
        script_expect(peer.script, "h4 UID FETCH 5:7 " ITEMS "\r\n");
        script_answer(peer.script, answer);
        int r = peer_fetch(&peer, uids, receive, &received);
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
                         "* 3 FETCH (UID 7 INTERNALDATE \"some day\" BODY[] ~{0}\r\n)\r\nh4 OK done\r\n",
                     0, "5/3/1178852645000/abc;6/900/0/d\"f;7/0/0/;");
}
END_TEST

START_TEST(fetch_is_not_fooled_by_bodies)
{
        assert_fetch(_i, "* 1 FETCH (UID 5 RFC822.SIZE 3 BODY[] {64}\r\n"
                         "h4 OK done\r\n)\r\n* 1 FETCH (UID 6 BODY[] {3}\r\nbad)\r\n* BYE\r\nh9 OK\r\n)\r\n"
                         "h4 OK done\r\n",
                     0, "5/3/0/h4 OK done\r\n)\r\n* 1 FETCH (UID 6 BODY[] {3}\r\nbad)\r\n* BYE\r\nh9 OK\r\n;");
}
END_TEST

START_TEST(fetch_cuts_a_message_larger_than_announced)
{
        g_autofree char *kept = g_strnfill(1001, 'x'), *whole = g_strnfill(1200, 'x');
        g_autofree char *answer = g_strdup_printf("* 1 FETCH (UID 5 RFC822.SIZE 3 BODY[] {1200}\r\n%s)\r\n"
                                                  "* 2 FETCH (UID 6 BODY[] {3}\r\nabc)\r\nh4 OK done\r\n", whole);
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
        assert_fetch(_i, "* 1 FETCH (UID 5 BODY[] {1}\r\na)\r\nh5 OK\r\n", -ERR_PROTOCOL, "5/1/0/a;");
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
        peer_start(&peer, _i);
        play_sizes(&peer, "5", 5, 5);
        script_expect(peer.script, "h4 UID FETCH 5 " ITEMS "\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 5 BODY[] {9}\r\nab");
        script_end(peer.script);
        int r = peer_fetch(&peer, uids, receive, &received);
        peer_assert_failed(&peer, r, -ERR_CONNECTION, "in the middle of an answer");
        ck_assert_str_eq(received.text->str, "");
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
        peer_start(&peer, 0);
        script_set_send_limit(peer.script, 1);
        play_sizes(&peer, "1:600", 1, 600);
        script_expect(peer.script, "h4 UID FETCH 1:200 " ITEMS "\r\n");
        script_answer(peer.script, "h4 OK\r\n");
        script_expect(peer.script, "h5 UID FETCH 201:400 " ITEMS "\r\nh6 UID FETCH 401:600 " ITEMS "\r\n");
        script_answer(peer.script, "h5 OK\r\nh6 OK\r\n");
        int r = peer_fetch(&peer, uids, receive, &received);
        ck_assert_msg(r == 0, "%s", error_text(&peer.err));
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
        struct received received = { .text = g_string_new(NULL) };
        GString *expected = g_string_new(NULL);
        for (guint i = 0; i < uids->len; i++) {
                size_t size = i < G_N_ELEMENTS(kept) ? kept[i] : 400000;
                g_autofree char *body = g_malloc(size + 1);
                for (size_t at = 0; at < size; at++)
                        body[at] = "0123456789)\r\nh4 OK"[(at * 7 + at / 1000) % 18];
                body[size] = '\0';
                g_string_append_printf(answer, "* 1 FETCH (UID %u BODY[] {%zu}\r\n%s)\r\n", i + 1, size, body);
                g_string_append_printf(expected, "%u/%zu/0/%.300001s;", i + 1, size, body);
        }
        g_string_append(answer, "h4 OK\r\n");
        peer_prepare(&peer, 0);
        script_answer(peer.script, "h1 OK\r\nh2 OK\r\n");
        ck_assert_int_eq(imap_session_open(script_stream(peer.script), &options, &peer.session, &peer.err), 0);
        script_set_segment(peer.script, segments[_i]);
        play_sizes(&peer, "1:6", 1, 6);
        script_expect(peer.script, "h4 UID FETCH 1:6 " ITEMS "\r\n");
        script_answer(peer.script, answer->str);
        ck_assert_int_eq(peer_fetch(&peer, uids, receive, &received), 0);
        ck_assert(strcmp(received.text->str, expected->str) == 0);
        g_string_free(answer, TRUE);
        g_string_free(expected, TRUE);
        g_string_free(received.text, TRUE);
        peer_finish(&peer);
}
END_TEST

static TCase *fetch_case(void)
{
        TCase *tc = tcase_create("fetch");
        tcase_add_loop_test(tc, fetch_hands_messages_over, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_is_not_fooled_by_bodies, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_cuts_a_message_larger_than_announced, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_answers_are_checked, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, fetch_cut_in_a_literal_is_a_lost_connection, 0, PEER_LOOPS);
        tcase_add_test(tc, a_command_that_is_being_sent_stays_where_it_is);
        tcase_add_loop_test(tc, long_bodies_are_whole, 0, PEER_LOOPS);
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
