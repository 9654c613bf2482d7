/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "common/limits.h"
#include "tests/imap_peer.h"
#include "tests/support.h"

#define ITEMS "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[])"
#define HEAD "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.4>)"

/* The caller of a stream: gives UIDs in slices, notes all it is told. */
struct caller {
        guint32 next_uid, last_uid; /* what it gives */
        guint slice;                /* at most so many at once; 0: as many as are taken */
        guint calls, fail_at;       /* next fails at this call */
        int fail_code, message_code, answered_code;
        guint count;                /* messages */
        bool brief;                 /* notes no messages */
        GString *log;
};

static int next(GArray *uids, guint max, void *context, struct error *err)
{
        struct caller *caller = context;
        ck_assert_uint_eq(uids->len, 0);
        ck_assert_uint_gt(max, 0);
        if (++caller->calls == caller->fail_at)
                return caller->fail_code == -ERR_STORE ? error_set(err, -ERR_STORE, "no list") : caller->fail_code;
        guint most = caller->slice > 0 ? MIN(caller->slice, max) : max;
        for (; uids->len < most && caller->next_uid <= caller->last_uid; caller->next_uid++)
                g_array_append_val(uids, caller->next_uid);
        return 0;
}

static int receive(struct imap_message *message, void *context)
{
        struct caller *caller = context;
        ck_assert_ptr_nonnull(message->data);
        ck_assert_int_eq(message->data[message->data_size], '\0');
        if (!caller->brief)
                g_string_append_printf(caller->log, "%u/%" G_GUINT64_FORMAT "/%s%s;", message->uid, message->size_bytes,
                                       message->data, message->head_only ? "…" : "");
        if (caller->count++ % 2 == 0) /* both ways of leaving the data */
                g_clear_pointer(&message->data, g_free);
        return caller->message_code;
}

static int answered(guint32 last_uid, void *context, struct error *err)
{
        struct caller *caller = context;
        (void) err;
        g_string_append_printf(caller->log, "<=%u;", last_uid);
        return caller->answered_code;
}

static int fetch(struct peer *peer, struct caller *caller)
{
        struct imap_fetch_stream stream = {
                .max_bytes = 500, .head_bytes = 4,
                .next = next, .message = receive, .answered = answered, .context = caller,
        };
        caller->log = g_string_new(NULL);
        return imap_session_fetch_stream(peer->session, &stream, &peer->err);
}

static void assert_log(struct caller *caller, const char *expected)
{
        ck_assert_str_eq(caller->log->str, expected);
        g_string_free(g_steal_pointer(&caller->log), TRUE);
}

START_TEST(sizes_then_bodies)
{
        struct peer peer;
        struct caller caller = { .next_uid = 5, .last_uid = 7 };
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 5:7 (UID RFC822.SIZE)\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 5 RFC822.SIZE 1)\r\n* 2 FETCH (RFC822.SIZE 2 UID 6)\r\n"
                                   "* 3 FETCH (UID 7 RFC822.SIZE 3)\r\nh3 OK\r\n");
        script_expect(peer.script, "h4 UID FETCH 5:7 " ITEMS "\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 5 RFC822.SIZE 1 BODY[] {1}\r\na)\r\n"
                                   "* 3 FETCH (UID 7 BODY[] {3}\r\nccc)\r\n"
                                   "* 2 FETCH (UID 6 BODY[] \"bb\")\r\nh4 OK\r\n");
        ck_assert_int_eq(fetch(&peer, &caller), 0);
        assert_log(&caller, "5/1/a;7/3/ccc;6/2/bb;<=7;");
        /* Nothing to fetch, nothing asked; and the session goes on. */
        ck_assert_int_eq(fetch(&peer, &caller), 0);
        assert_log(&caller, "");
        peer_finish(&peer);
}
END_TEST

/* The beginning of a large message comes in its place. */
START_TEST(large_messages_get_a_command_of_their_own)
{
        struct peer peer;
        struct caller caller = { .next_uid = 5, .last_uid = 8 };
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 5:8 (UID RFC822.SIZE)\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 5 RFC822.SIZE 1)\r\n* 2 FETCH (UID 6 RFC822.SIZE 501)\r\n"
                                   "* 3 FETCH (UID 7 RFC822.SIZE 18446744073709551615)\r\n"
                                   "* 4 FETCH (UID 8 RFC822.SIZE 500)\r\nh3 OK\r\n");
        script_expect(peer.script, "h4 UID FETCH 5 " ITEMS "\r\nh5 UID FETCH 6 " HEAD "\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 5 BODY[] {1}\r\na)\r\nh4 OK\r\n");
        script_expect(peer.script, "h6 UID FETCH 7 " HEAD "\r\n");
        script_answer(peer.script, "* 2 FETCH (UID 6 RFC822.SIZE 501 BODY[]<0> {4}\r\nhead)\r\nh5 OK\r\n");
        script_expect(peer.script, "h7 UID FETCH 8 " ITEMS "\r\n");
        /* One that sends more than was asked for. */
        script_answer(peer.script, "* 3 FETCH (UID 7 RFC822.SIZE 900 BODY[]<0> {9}\r\nheadtails)\r\nh6 OK\r\n"
                                   "* 4 FETCH (UID 8 BODY[] {1}\r\nd)\r\nh7 OK\r\n");
        ck_assert_int_eq(fetch(&peer, &caller), 0);
        assert_log(&caller, "5/1/a;<=5;6/501/head…;<=6;7/900/head…;<=7;8/1/d;<=8;");
        peer_finish(&peer);
}
END_TEST

/* Gone before its size, gone before its body, and a whole slice of them. */
START_TEST(what_does_not_come_is_answered)
{
        struct peer peer;
        struct caller caller = { .next_uid = 1, .last_uid = 6, .slice = 3 };
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 1:3 (UID RFC822.SIZE)\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 2 RFC822.SIZE 1)\r\n* 2 FETCH (UID 3)\r\n"
                                   "* 1 FETCH (UID 3 FLAGS ())\r\nh3 OK\r\n");
        script_expect(peer.script, "h4 UID FETCH 4:6 (UID RFC822.SIZE)\r\nh5 UID FETCH 2 " ITEMS "\r\n");
        script_answer(peer.script, "h4 OK\r\n* 1 FETCH (UID 2 BODY[] NIL)\r\n"
                                   "* 1 FETCH (UID 2 FLAGS (\\Seen))\r\nh5 OK\r\n");
        ck_assert_int_eq(fetch(&peer, &caller), 0);
        assert_log(&caller, "<=1;<=6;");
        peer_finish(&peer);
}
END_TEST

START_TEST(what_was_not_asked_for_is_left_out)
{
        struct peer peer;
        struct caller caller = { .next_uid = 5, .last_uid = 6 };
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 5:6 (UID RFC822.SIZE)\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 5 RFC822.SIZE 1 BODY[] {5}\r\nearly)\r\n"
                                   "* 1 FETCH (UID 4 RFC822.SIZE 1)\r\n* 1 FETCH (UID 7 RFC822.SIZE 1)\r\n"
                                   "* 1 FETCH (UID 0 RFC822.SIZE 1)\r\n* 2 FETCH (UID 6 RFC822.SIZE 1)\r\n"
                                   "* 2 FETCH (UID 6 RFC822.SIZE 999)\r\nh3 OK\r\n");
        script_expect(peer.script, "h4 UID FETCH 5:6 " ITEMS "\r\n");
        script_answer(peer.script, "* 9 FETCH (UID 4 BODY[] {3}\r\nbad)\r\n* 9 FETCH (UID 7 BODY[] {3}\r\nbad)\r\n"
                                   "* 9 FETCH (BODY[] {3}\r\nbad)\r\n* 9 FETCH (UID 0 BODY[] {3}\r\nbad)\r\n"
                                   "* 9 FETCH (UID 5 BODY[TEXT] {3}\r\nbad)\r\n"
                                   "* 9 FETCH (UID 5 BODY[]<1> {3}\r\nbad)\r\n"
                                   "* 9 FETCH (UID 5 RFC822 {3}\r\nbad)\r\n* 9 FETCH (UID 5 RFC822.SIZE 1)\r\n"
                                   "* SEARCH 5 6 7\r\n* 3 EXPUNGE\r\n* 1 EXISTS\r\n* VANISHED 5:6\r\n"
                                   "* X (\"y\" {1}\r\nz)\r\n"
                                   "* 1 FETCH (UID 5 BODY[] {3}\r\none)\r\n* 1 FETCH (UID 5 BODY[] {3}\r\ntwo)\r\n"
                                   "* 2 FETCH (UID 6 BODY[] {40}\r\n* 1 FETCH (UID 6 BODY[] {3}\r\nbad)\r\nh4 \r\n)\r\n"
                                   "h4 OK\r\n");
        ck_assert_int_eq(fetch(&peer, &caller), 0);
        assert_log(&caller, "5/3/one;6/40/* 1 FETCH (UID 6 BODY[] {3}\r\nbad)\r\nh4 \r\n;<=6;");
        peer_finish(&peer);
}
END_TEST

static void answer_sizes(struct peer *peer, guint first, guint last, const char *tagged)
{
        GString *answer = g_string_new(NULL);
        for (guint uid = first; uid <= last; uid++)
                g_string_append_printf(answer, "* %u FETCH (UID %u RFC822.SIZE 1)\r\n", uid, uid);
        g_string_append(answer, tagged);
        script_answer(peer->script, answer->str);
        g_string_free(answer, TRUE);
}

static void answer_bodies(struct peer *peer, guint first, guint last, const char *tagged)
{
        GString *answer = g_string_new(NULL);
        for (guint uid = first; uid <= last; uid++)
                g_string_append_printf(answer, "* %u FETCH (UID %u BODY[] {1}\r\nx)\r\n", uid, uid);
        g_string_append(answer, tagged);
        script_answer(peer->script, answer->str);
        g_string_free(answer, TRUE);
}

/* The server always has the next command of bodies before it has done the one before, over slices too. */
START_TEST(the_server_never_waits)
{
        struct peer peer;
        struct caller caller = { .next_uid = 1, .last_uid = 1100, .brief = true };
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 1:1000 (UID RFC822.SIZE)\r\n");
        answer_sizes(&peer, 1, 1000, "h3 OK\r\n");
        script_expect(peer.script, "h4 UID FETCH 1:200 " ITEMS "\r\nh5 UID FETCH 201:400 " ITEMS "\r\n");
        answer_bodies(&peer, 1, 200, "h4 OK\r\n");
        script_expect(peer.script, "h6 UID FETCH 1001:1100 (UID RFC822.SIZE)\r\nh7 UID FETCH 401:600 " ITEMS "\r\n");
        answer_bodies(&peer, 201, 400, "h5 OK\r\n");
        script_expect(peer.script, "h8 UID FETCH 601:800 " ITEMS "\r\n");
        answer_sizes(&peer, 1001, 1100, "h6 OK\r\n");
        answer_bodies(&peer, 401, 600, "h7 OK\r\n");
        script_expect(peer.script, "h9 UID FETCH 801:1000 " ITEMS "\r\n");
        answer_bodies(&peer, 601, 800, "h8 OK\r\n");
        script_expect(peer.script, "h10 UID FETCH 1001:1100 " ITEMS "\r\n");
        /* In any order. */
        answer_bodies(&peer, 1001, 1100, "h10 OK\r\n");
        answer_bodies(&peer, 801, 1000, "h9 OK\r\n");
        int r = fetch(&peer, &caller);
        ck_assert_msg(r == 0, "%s", error_text(&peer.err));
        ck_assert_uint_eq(caller.count, 1100);
        ck_assert_uint_eq(caller.calls, 3);
        assert_log(&caller, "<=200;<=400;<=600;<=800;<=1100;");
        peer_finish(&peer);
}
END_TEST

/* A chunk goes over the border of slices. */
START_TEST(slices_of_the_caller_are_joined)
{
        struct peer peer;
        struct caller caller = { .next_uid = 1, .last_uid = 6, .slice = 2 };
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 1:2 (UID RFC822.SIZE)\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 1 RFC822.SIZE 1)\r\n* 1 FETCH (UID 2 RFC822.SIZE 1)\r\nh3 OK\r\n");
        script_expect(peer.script, "h4 UID FETCH 3:4 (UID RFC822.SIZE)\r\nh5 UID FETCH 1:2 " ITEMS "\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 3 RFC822.SIZE 1)\r\n* 1 FETCH (UID 4 RFC822.SIZE 1)\r\nh4 OK\r\n");
        script_expect(peer.script, "h6 UID FETCH 5:6 (UID RFC822.SIZE)\r\nh7 UID FETCH 3:4 " ITEMS "\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 5 RFC822.SIZE 1)\r\n* 1 FETCH (UID 6 RFC822.SIZE 1)\r\nh6 OK\r\n");
        answer_bodies(&peer, 1, 2, "h5 OK\r\n");
        script_expect(peer.script, "h8 UID FETCH 5:6 " ITEMS "\r\n");
        answer_bodies(&peer, 3, 4, "h7 OK\r\n");
        answer_bodies(&peer, 5, 6, "h8 OK\r\n");
        int r = fetch(&peer, &caller);
        ck_assert_msg(r == 0, "%s", error_text(&peer.err));
        assert_log(&caller, "1/1/x;2/1/x;<=2;3/1/x;4/1/x;<=4;5/1/x;6/1/x;<=6;");
        peer_finish(&peer);
}
END_TEST

START_TEST(chunks_are_bounded_by_bytes)
{
        struct peer peer;
        struct caller caller = { .next_uid = 1, .last_uid = 3 };
        g_autofree char *sizes = g_strdup_printf("* 1 FETCH (UID 1 RFC822.SIZE %u)\r\n"
                                                 "* 2 FETCH (UID 2 RFC822.SIZE %u)\r\n"
                                                 "* 3 FETCH (UID 3 RFC822.SIZE 1)\r\nh3 OK\r\n",
                                                 LIMIT_IMAP_CHUNK_BYTES / 2, LIMIT_IMAP_CHUNK_BYTES / 2);
        struct imap_fetch_stream stream = {
                .max_bytes = G_MAXUINT64, .head_bytes = 1, .next = next, .message = receive, .context = &caller,
        };
        caller.log = g_string_new(NULL);
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 1:3 (UID RFC822.SIZE)\r\n");
        script_answer(peer.script, sizes);
        script_expect(peer.script, "h4 UID FETCH 1:2 " ITEMS "\r\nh5 UID FETCH 3 " ITEMS "\r\n");
        script_answer(peer.script, "h5 OK\r\nh4 OK\r\n");
        ck_assert_int_eq(imap_session_fetch_stream(peer.session, &stream, &peer.err), 0);
        assert_log(&caller, "");
        peer_finish(&peer);
}
END_TEST

/* What was in flight is awaited, and what is refused is not said to be answered. */
START_TEST(a_refusal_leaves_the_session)
{
        struct peer peer;
        struct caller caller = { .next_uid = 1, .last_uid = 600, .brief = true };
        g_autoptr(GArray) uids = NULL;
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 1:600 (UID RFC822.SIZE)\r\n");
        answer_sizes(&peer, 1, 600, "h3 OK\r\n");
        script_expect(peer.script, "h4 UID FETCH 1:200 " ITEMS "\r\nh5 UID FETCH 201:400 " ITEMS "\r\n");
        answer_bodies(&peer, 1, 150, "h4 NO [SERVERBUG] disk\r\n");
        answer_bodies(&peer, 201, 400, "h5 OK\r\n");
        peer_assert_failed(&peer, fetch(&peer, &caller), -ERR_REFUSED, "UID FETCH: [SERVERBUG] disk");
        ck_assert_uint_eq(caller.count, 350);
        assert_log(&caller, "<=150;");
        script_expect(peer.script, "h6 UID SEARCH UID 1:*\r\n");
        script_answer(peer.script, "h6 OK\r\n");
        ck_assert_int_eq(imap_session_search(peer.session, 1, &uids, &peer.err), 0);

        caller = (struct caller) { .next_uid = 1, .last_uid = 2 };
        script_expect(peer.script, "h7 UID FETCH 1:2 (UID RFC822.SIZE)\r\n");
        script_answer(peer.script, "* 1 FETCH (UID 1 RFC822.SIZE 1)\r\nh7 NO no sizes\r\n");
        peer_assert_failed(&peer, fetch(&peer, &caller), -ERR_REFUSED, "no sizes");
        assert_log(&caller, "");
        peer_finish(&peer);
}
END_TEST

static void start_failing(struct peer *peer, int loop)
{
        peer_start(peer, loop);
        script_expect(peer->script, "h3 UID FETCH 1:2 (UID RFC822.SIZE)\r\n");
        script_answer(peer->script, "* 1 FETCH (UID 1 RFC822.SIZE 1)\r\n* 1 FETCH (UID 2 RFC822.SIZE 1)\r\nh3 OK\r\n");
        script_expect(peer->script, "h4 UID FETCH 1:2 " ITEMS "\r\n");
}

static void assert_over(struct peer *peer, struct caller *caller, int code, const char *text, const char *log)
{
        peer_assert_failed(peer, fetch(peer, caller), code, text);
        assert_log(caller, log);
        peer_assert_failed(peer, fetch(peer, caller), -ERR_CONNECTION, "is over");
        assert_log(caller, "");
        peer->failed = code != -ERR_CANCELLED; /* then a LOGOUT is still said */
        peer_finish(peer);
}

START_TEST(the_caller_can_end_it)
{
        struct peer peer;
        static const int codes[] = { -ERR_CANCELLED, -ERR_REFUSED, -EINVAL, -EINTR };
        for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
                struct caller caller = { .next_uid = 1, .last_uid = 2, .message_code = codes[i] };
                start_failing(&peer, _i);
                answer_bodies(&peer, 1, 1, "");
                assert_over(&peer, &caller, codes[i], "not taken any more", "1/1/x;");

                caller = (struct caller) { .next_uid = 1, .last_uid = 2, .answered_code = codes[i] };
                start_failing(&peer, _i);
                answer_bodies(&peer, 1, 2, "h4 OK\r\n");
                assert_over(&peer, &caller, codes[i], "not taken any more", "1/1/x;2/1/x;<=2;");

                caller = (struct caller) { .fail_at = 1, .fail_code = codes[i] };
                peer_start(&peer, _i);
                assert_over(&peer, &caller, codes[i], "no list", "");
        }
        struct caller caller = { .fail_at = 1, .fail_code = -ERR_STORE };
        peer_start(&peer, _i);
        assert_over(&peer, &caller, -ERR_STORE, "no list", "");
}
END_TEST

/* UIDs that were given before. */
static int give_again(GArray *uids, guint max, void *context, struct error *err)
{
        guint32 uid = *(guint *) context == 0 ? 7 : 7 - (*(guint *) context)++;
        (void) err;
        ck_assert_uint_gt(max, 0);
        g_array_append_val(uids, uid);
        *(guint *) context += 1;
        return 0;
}

START_TEST(arguments_are_checked)
{
        struct peer peer;
        guint calls = 0;
        struct imap_fetch_stream stream = {
                .max_bytes = 500, .head_bytes = 4, .next = give_again, .message = receive, .context = &calls,
        };
        peer_start(&peer, _i);
        script_expect(peer.script, "h3 UID FETCH 7 (UID RFC822.SIZE)\r\n");
        script_answer(peer.script, "h3 OK\r\n");
        int r = imap_session_fetch_stream(peer.session, &stream, &peer.err);
        peer_assert_failed(&peer, r, -EINVAL, "ascending order");
        peer.failed = true;
        peer_finish(&peer);

        peer_start(&peer, _i);
        stream.head_bytes = 0;
        r = imap_session_fetch_stream(peer.session, &stream, &peer.err);
        peer_assert_failed(&peer, r, -EINVAL, "nothing is to be fetched");
        peer_finish(&peer);
}
END_TEST

START_TEST(a_lost_connection_is_reported)
{
        struct peer peer;
        struct caller caller = { .next_uid = 1, .last_uid = 2 };
        start_failing(&peer, _i);
        script_answer(peer.script, "* 1 FETCH (UID 1 BODY[] {1}\r\nx)\r\n* 2 FETCH (UID 2 BODY[] {3}\r\nxx");
        script_end(peer.script);
        peer_assert_failed(&peer, fetch(&peer, &caller), -ERR_CONNECTION, "in the middle of an answer");
        assert_log(&caller, "1/1/x;");
        peer_finish(&peer);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("imap_fetch_stream");
        TCase *tc = tcase_create("stream");
        tcase_add_loop_test(tc, sizes_then_bodies, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, large_messages_get_a_command_of_their_own, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, what_does_not_come_is_answered, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, what_was_not_asked_for_is_left_out, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, the_server_never_waits, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, slices_of_the_caller_are_joined, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, chunks_are_bounded_by_bytes, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, a_refusal_leaves_the_session, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, the_caller_can_end_it, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, arguments_are_checked, 0, PEER_LOOPS);
        tcase_add_loop_test(tc, a_lost_connection_is_reported, 0, PEER_LOOPS);
        suite_add_tcase(s, tc);
        return s;
}

int main(void)
{
        return support_run(suite());
}
