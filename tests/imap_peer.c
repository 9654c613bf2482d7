/* SPDX-License-Identifier: MIT */
#include "tests/imap_peer.h"

#include <check.h>
#include <string.h>

#define CAPABILITIES "IMAP4rev1 IDLE MOVE UIDPLUS"

/* Every transcript is played with answers cut like this, and the odd ones with a send that takes little at a time. */
static const size_t segments[PEER_LOOPS] = { 0, 1, 2, 3, 5, 17, 64 };

void peer_prepare(struct peer *peer, int loop)
{
        *peer = (struct peer) { .script = script_new() };
        script_set_segment(peer->script, segments[loop]);
        script_set_send_limit(peer->script, loop % 2 ? 4 : 0);
        script_expect(peer->script, "h1 NOOP\r\nh2 CAPABILITY\r\n");
}

int peer_open(struct peer *peer)
{
        struct imap_session_options options = { .command_timeout_ms = PEER_TIMEOUT_MS, .max_message_bytes = 1000 };
        return imap_session_open(script_stream(peer->script), &options, &peer->session, &peer->err);
}

void peer_start_with(struct peer *peer, int loop, const char *capabilities)
{
        peer_prepare(peer, loop);
        g_autofree char *answer = g_strdup_printf("h1 OK done\r\n* CAPABILITY %s\r\nh2 OK done\r\n", capabilities);
        script_answer(peer->script, answer);
        ck_assert_msg(peer_open(peer) == 0, "%s", error_text(&peer->err));
}

void peer_start(struct peer *peer, int loop)
{
        peer_start_with(peer, loop, CAPABILITIES);
}

void peer_finish(struct peer *peer)
{
        ck_assert(peer->failed || script_is_done(peer->script));
        imap_session_close(peer->session);
        ck_assert(!peer->failed || *script_extra(peer->script) == '\0');
        ck_assert(script_is_closed(peer->script));
        error_clear(&peer->err);
        script_free(peer->script);
}

void peer_assert_failed(struct peer *peer, int r, int code, const char *text)
{
        ck_assert_msg(r == code, "%d, expected %d: %s", r, code, error_text(&peer->err));
        ck_assert_int_eq(peer->err.code, code);
        ck_assert_msg(strstr(error_text(&peer->err), text), "\"%s\" lacks \"%s\"", error_text(&peer->err), text);
        error_clear(&peer->err);
        peer->failed = peer->failed || (code != -ERR_REFUSED && code != -EINVAL && code != -ERR_CANCELLED);
}

void peer_select(struct peer *peer)
{
        struct imap_mailbox mailbox;
        script_expect(peer->script, "h3 SELECT \"INBOX\"\r\n");
        script_answer(peer->script, "* OK [UIDVALIDITY 7]\r\n* 3 EXISTS\r\nh3 OK\r\n");
        ck_assert_int_eq(imap_session_select(peer->session, "INBOX", false, &mailbox, &peer->err), 0);
        ck_assert_uint_eq(mailbox.exists, 3);
}

GArray *peer_uids(guint32 first, guint count)
{
        GArray *uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        for (guint32 uid = first; uid < first + count; uid++)
                g_array_append_val(uids, uid);
        return uids;
}

struct given {
        const GArray *uids;
        guint count; /* of uids, so far */
        imap_message_function message;
        void *context;
};

static int give(GArray *uids, guint max, void *context, struct error *err)
{
        struct given *given = context;
        (void) err;
        for (guint i = 0; i < max && given->count < given->uids->len; i++)
                g_array_append_val(uids, g_array_index(given->uids, guint32, given->count++));
        return 0;
}

static int pass_on(struct imap_message *message, void *context)
{
        struct given *given = context;
        return given->message(message, given->context);
}

int peer_fetch(struct peer *peer, const GArray *uids, imap_message_function message, void *context)
{
        struct given given = { .uids = uids, .message = message, .context = context };
        struct imap_fetch_stream stream = {
                .max_bytes = G_MAXUINT64, .head_bytes = 1, .next = give, .message = pass_on, .context = &given,
        };
        return imap_session_fetch_stream(peer->session, &stream, &peer->err);
}

void peer_assert_uids(const GArray *uids, const char *expected)
{
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < uids->len; i++)
                g_string_append_printf(text, "%s%u", i > 0 ? " " : "", g_array_index(uids, guint32, i));
        ck_assert_str_eq(text->str, expected);
}
