/* SPDX-License-Identifier: MIT */
/* One whole conversation with an IMAP server, its bytes cut in every way: what the session hands over never depends on
 * how they arrive, and where they end too soon nothing is handed over that did not arrive whole. */
#include <string.h>

#include "common/limits.h"
#include "tests/imap_peer.h"
#include "tests/support.h"

#define ITEMS "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[])"

struct exchange { const char *says, *hears; };

/* The sizes are such that the four messages come in two commands. Literals hold what looks like the end of a response, of the command, and like another literal. */
static const struct exchange exchanges[] = {
        { "h1 NOOP\r\nh2 CAPABILITY\r\n",
          "TES\r\n* 1 EXISTS\r\nh1 OK done\r\n* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS\r\nh2 OK done\r\n" },
        { "h3 SELECT \"INBOX\"\r\n", "* FLAGS (\\Seen)\r\n* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n"
                                     "* OK [UIDNEXT 9]\r\nh3 OK [READ-WRITE] done\r\n" },
        { "h4 UID SEARCH UID 2:*\r\n", "* SEARCH 3 2\r\n* ESEARCH (TAG \"h4\") UID ALL 5:6\r\nh4 OK\r\n" },
        { "h5 UID FETCH 2:3,5:6 (UID RFC822.SIZE)\r\n",
          "* 1 FETCH (UID 2 RFC822.SIZE 5)\r\n* 2 FETCH (RFC822.SIZE 2097147 UID 3)\r\n"
          "* 3 FETCH (UID 5 RFC822.SIZE 1)\r\n* 4 FETCH (UID 6 RFC822.SIZE 2000)\r\nh5 OK\r\n" },
        { "h6 UID FETCH 2:3 " ITEMS "\r\nh7 UID FETCH 5:6 " ITEMS "\r\n",
          "* 1 FETCH (UID 2 INTERNALDATE \"11-May-2007 12:34:56 +0900\" RFC822.SIZE 5 BODY[] {5}\r\na)\r\nb)\r\n"
          "* 9 FETCH (FLAGS (\\Seen) UID 99)\r\n"
          "* 2 FETCH (BODY[] {23}\r\n)\r\nh6 OK no\r\n{9}\r\n* BYE UID 3)\r\n* 4 EXISTS\r\nh6 OK\r\n"
          "* 3 FETCH (UID 5 BODY[] \"\")\r\n* 4 FETCH (UID 6 BODY[] {12}\r\n12345\0\xff\r\n90\n)\r\nh7 OK\r\n" },
        { "h8 UID MOVE 2:3,5:6 \"Done\"\r\n", "* OK [COPYUID 7 2 1] moved\r\n* 1 EXPUNGE\r\nh8 OK\r\n" },
        { "h9 UID SEARCH UID 7:*\r\n", "* SEARCH\r\nh9 OK\r\n" },
        { "h10 IDLE\r\n", "+ idling\r\n* OK Still here\r\n* 5 EXISTS\r\n" },
        { "DONE\r\n", "h10 OK\r\n" },
        { "h11 LOGOUT\r\n", "* BYE\r\n" },
};

/* One of the literals holds a NUL. */
static const size_t nul_exchange = 4;

static size_t answer_size(size_t i)
{
        const char *text = exchanges[i].hears;
        size_t size = strlen(text);
        return i == nul_exchange ? size + 1 + strlen(text + size + 1) : size;
}

static size_t conversation_size(void)
{
        size_t size = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(exchanges); i++)
                size += answer_size(i);
        return size;
}

/* What was handed over, as text. */
struct heard {
        GString *log;
        int failed;
};

static int receive(struct imap_message *message, void *context)
{
        struct heard *heard = context;
        g_string_append_printf(heard->log, "%u/%" G_GUINT64_FORMAT "/%" G_GINT64_FORMAT, message->uid,
                               message->size_bytes, message->internal_date_ms);
        g_autofree char *escaped = NULL;
        if (message->data) {
                g_autofree char *valid = g_strndup(message->data, message->data_size);
                escaped = g_strescape(valid, NULL);
                g_string_append_printf(heard->log, "/%zu:%s", message->data_size, escaped);
        }
        g_string_append_c(heard->log, ';');
        return 0;
}

static void note_uids(struct heard *heard, const GArray *uids)
{
        g_string_append(heard->log, "search");
        for (guint i = 0; i < uids->len; i++)
                g_string_append_printf(heard->log, " %u", g_array_index(uids, guint32, i));
        g_string_append_c(heard->log, ';');
}

static int search(struct peer *peer, guint32 first, GArray **ret_uids, struct heard *heard)
{
        int r = imap_session_search(peer->session, first, ret_uids, &peer->err);
        if (r == 0)
                note_uids(heard, *ret_uids);
        return r;
}

static int converse(struct peer *peer, struct heard *heard)
{
        struct imap_mailbox mailbox;
        g_autoptr(GArray) uids = NULL;
        g_autoptr(GArray) none = NULL;
        bool changed = false;
        int r = peer_open(peer);
        if (r == 0)
                r = imap_session_select(peer->session, "INBOX", false, &mailbox, &peer->err);
        if (r < 0)
                return r;
        g_string_append_printf(heard->log, "%u %u %u;", mailbox.uid_validity, mailbox.uid_next, mailbox.exists);
        r = search(peer, 2, &uids, heard);
        if (r == 0)
                r = peer_fetch(peer, uids, receive, heard);
        if (r == 0)
                r = imap_session_move(peer->session, uids, "Done", &peer->err);
        if (r == 0)
                r = search(peer, 7, &none, heard);
        if (r == 0)
                r = imap_session_wait(peer->session, true, 60000, &changed, &peer->err);
        if (r == 0)
                g_string_append_printf(heard->log, "changed %d, %u", changed, imap_session_exists(peer->session));
        return r;
}

/* The transcript with a cut behind so many of the server's bytes: a pause, or the end of the stream. */
static void add_transcript(struct script *script, size_t cut, bool ends)
{
        for (size_t i = 0; i < G_N_ELEMENTS(exchanges); i++) {
                size_t size = answer_size(i);
                script_expect(script, exchanges[i].says);
                if (cut > 0 && cut <= size) {
                        script_answer_bytes(script, exchanges[i].hears, cut);
                        if (ends) {
                                if (cut == size && i + 1 < G_N_ELEMENTS(exchanges))
                                        script_expect(script, exchanges[i + 1].says);
                                script_end(script);
                                return;
                        }
                        if (cut < size)
                                script_answer_bytes(script, exchanges[i].hears + cut, size - cut);
                        cut = 0;
                        continue;
                }
                script_answer_bytes(script, exchanges[i].hears, size);
                cut -= MIN(cut, size);
        }
}

struct way {
        size_t cut;        /* 0: nowhere */
        bool ends;
        size_t segment, send_limit;
};

static char *play(struct way way, int *ret_code)
{
        struct peer peer = { .script = script_new() };
        struct heard heard = { .log = g_string_new(NULL) };
        script_set_segment(peer.script, way.segment);
        script_set_send_limit(peer.script, way.send_limit);
        add_transcript(peer.script, way.cut, way.ends);
        *ret_code = converse(&peer, &heard);
        ck_assert_int_eq(peer.err.code, *ret_code);
        imap_session_close(peer.session);
        ck_assert_msg(*ret_code < 0 || script_is_done(peer.script), "not all was said: segment %zu, send limit %zu",
                      way.segment, way.send_limit);
        ck_assert(script_is_closed(peer.script));
        error_clear(&peer.err);
        script_free(peer.script);
        return g_string_free(heard.log, FALSE);
}

static const char whole[] =
        "7 9 3;search 2 3 5 6;"
        "2/5/1178854496000/5:a)\\r\\nb;3/23/0/23:)\\r\\nh6 OK no\\r\\n{9}\\r\\n* BYE;5/0/0/0:;6/12/0/12:12345;"
        "search;changed 1, 5";

static void assert_whole(struct way way)
{
        int code;
        g_autofree char *log = play(way, &code);
        ck_assert_msg(code == 0 && strcmp(log, whole) == 0, "cut %zu, segment %zu, send limit %zu: %d: %s", way.cut,
                      way.segment, way.send_limit, code, log);
}

START_TEST(at_once_and_byte_by_byte)
{
        assert_whole((struct way) { 0 });
        assert_whole((struct way) { .segment = 1 });
        assert_whole((struct way) { .segment = 1, .send_limit = 1 });
}
END_TEST

/* A segment larger than all answers makes each answer a piece of its own with a wait behind it. */
START_TEST(in_two_pieces_cut_everywhere)
{
        for (size_t cut = 1; cut < conversation_size(); cut++)
                assert_whole((struct way) { .cut = cut, .segment = 1u << 20 });
}
END_TEST

START_TEST(in_pieces_of_every_size)
{
        for (size_t segment = 1; segment <= 400; segment++)
                assert_whole((struct way) { .segment = segment, .send_limit = segment % 64 });
}
END_TEST

/* The end of the stream anywhere: an error, and what was handed over before is the beginning of the whole. */
START_TEST(ended_everywhere)
{
        size_t shortest = conversation_size(), logout = answer_size(G_N_ELEMENTS(exchanges) - 1);
        for (size_t cut = 1; cut < conversation_size() - logout; cut++) {
                int code;
                g_autofree char *log = play((struct way) { .cut = cut, .ends = true, .segment = cut % 3 }, &code);
                ck_assert_msg(code == -ERR_CONNECTION, "ended behind %zu bytes: %d", cut, code);
                ck_assert_msg(g_str_has_prefix(whole, log), "ended behind %zu bytes: %s", cut, log);
                shortest = MIN(shortest, strlen(log));
        }
        ck_assert_uint_eq(shortest, 0);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("imap_splits");
        TCase *tc = tcase_create("conversation");
        tcase_add_test(tc, at_once_and_byte_by_byte);
        tcase_add_test(tc, in_two_pieces_cut_everywhere);
        tcase_add_test(tc, in_pieces_of_every_size);
        tcase_add_test(tc, ended_everywhere);
        suite_add_tcase(s, tc);
        return s;
}

int main(void)
{
        return support_run(suite());
}
