/* SPDX-License-Identifier: MIT */
/*
 * An IMAP session against a server that says whatever the input holds, all at once and in pieces chosen by the first
 * byte. The client numbers its commands from h1 on, so a transcript can be written down whatever it asks. What must hold: it returns, hands over what it asked for and no message twice, and the
 * pieces change nothing.
 */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "ingest/imap_session.h"
#include "tests/fuzz/fuzz.h"

const struct fuzz_target fuzz_target = { .name = "imap_session" };

#define MESSAGE_BYTES_MAX 60u
#define FIRST_UID 2u

/* It gives what it has, then ends; it takes everything that is sent. Waits move the clock. */
struct spoken {
        struct stream stream; /* first, so that a stream is its struct spoken */
        const uint8_t *data;
        size_t size, at, piece; /* piece 0: all at once */
        bool pause;
        int64_t clock_ms;
        unsigned waits;
};

static int spoken_receive(struct stream *stream, void *buffer, size_t size, size_t *ret_size, struct error *err)
{
        struct spoken *spoken = (struct spoken *) stream;
        (void) err;
        if (spoken->pause) {
                spoken->pause = false;
                return -EAGAIN;
        }
        *ret_size = MIN(size, spoken->size - spoken->at);
        if (spoken->piece > 0 && *ret_size > 0) {
                *ret_size = MIN(*ret_size, spoken->piece);
                spoken->pause = true;
        }
        memcpy(buffer, spoken->data + spoken->at, *ret_size);
        spoken->at += *ret_size;
        return 0;
}

static int spoken_send(struct stream *stream, const void *data, size_t size, size_t *ret_size, struct error *err)
{
        (void) stream, (void) err;
        fuzz_require(size > 0 && !memchr(data, 0, size), "%zu bytes are sent", size);
        *ret_size = size;
        return 0;
}

static int spoken_wait(struct stream *stream, bool for_write, bool interruptible, int64_t timeout_ms, struct error *err)
{
        struct spoken *spoken = (struct spoken *) stream;
        (void) for_write, (void) interruptible, (void) err;
        fuzz_require(timeout_ms >= 0, "waits for %" G_GINT64_FORMAT " ms", timeout_ms);
        fuzz_require(spoken->waits++ < 200000, "it waits for ever");
        if (timeout_ms == 0)
                return -ETIMEDOUT;
        return 0;
}

static void spoken_close(struct stream *stream)
{
        (void) stream;
}

static const struct stream_ops spoken_ops = {
        .receive = spoken_receive,
        .send = spoken_send,
        .wait = spoken_wait,
        .close = spoken_close,
};

struct received {
        GString *log;
        const GArray *asked; /* guint32 */
        guint64 seen;        /* a bit for each of asked */
        guint given; /* of asked */
        guint32 answered;
};

static int receive(struct imap_message *message, void *context)
{
        struct received *received = context;
        guint place = 0;
        while (place < received->asked->len && g_array_index(received->asked, guint32, place) != message->uid)
                place++;
        fuzz_require(place < received->asked->len, "UID %u was not asked for", message->uid);
        fuzz_require(!(received->seen >> place & 1), "UID %u comes twice", message->uid);
        received->seen |= G_GUINT64_CONSTANT(1) << place;
        fuzz_require(message->data, "UID %u, no body", message->uid);
        fuzz_require(message->data_size <= MESSAGE_BYTES_MAX + 1, "a message of %zu bytes",
                     message->data_size);
        fuzz_require(message->data[message->data_size] == '\0', "no NUL behind a message");
        g_string_append_printf(received->log, "%u %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %zu ", message->uid,
                               message->size_bytes, message->internal_date_ms, message->data_size);
        g_string_append_len(received->log, message->data, (gssize) message->data_size);
        if (place % 2 == 0) /* both ways of leaving the data */
                g_clear_pointer(&message->data, g_free);
        return 0;
}

static bool note(GString *log, const char *what, int r, struct error *err)
{
        static const int known[] = { ERR_CONNECTION, ERR_TIMEOUT, ERR_PROTOCOL, ERR_REFUSED, ERR_LIMIT };
        g_string_append_printf(log, "%s: %d %s\n", what, r, r < 0 ? error_text(err) : "");
        bool is_known = r == 0;
        for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
                is_known = is_known || r == -known[i];
        fuzz_require(is_known, "%s returns %d", what, r);
        bool told = err->code == r && err->text && g_utf8_validate(err->text, -1, NULL);
        fuzz_require(r == 0 || told, "%s: %d, not told", what, r);
        for (const char *c = r < 0 ? err->text : ""; *c; c++)
                fuzz_require(!g_ascii_iscntrl(*c) || *c == '\t', "%s: a control character: %s", what, err->text);
        error_clear(err);
        return r == 0 || r == -ERR_REFUSED;
}

static bool search(struct imap_session *session, GArray **ret_uids, GString *log, struct error *err)
{
        int r = imap_session_search(session, FIRST_UID, ret_uids, err);
        guint32 previous = FIRST_UID - 1;
        for (guint i = 0; r == 0 && i < (*ret_uids)->len; i++) {
                guint32 uid = g_array_index(*ret_uids, guint32, i);
                fuzz_require(uid > previous, "UID %u behind UID %u", uid, previous);
                g_string_append_printf(log, "%u ", previous = uid);
        }
        return note(log, "search", r, err);
}

static int give(GArray *uids, guint max, void *context, struct error *err)
{
        struct received *received = context;
        (void) err;
        fuzz_require(uids->len == 0 && max > 0, "%u of %u asked for", max, uids->len);
        guint count = MIN(received->asked->len - received->given, 2); /* in slices */
        for (guint i = 0; i < count; i++)
                g_array_append_val(uids, g_array_index(received->asked, guint32, received->given++));
        return 0;
}

static int answered(guint32 last_uid, void *context, struct error *err)
{
        struct received *received = context;
        (void) err;
        fuzz_require(last_uid > received->answered, "UID %u answered behind UID %u", last_uid, received->answered);
        received->answered = last_uid;
        g_string_append_printf(received->log, "<=%u ", last_uid);
        return 0;
}

static bool fetch(struct imap_session *session, GArray *uids, GString *log, struct error *err)
{
        struct received received = { .log = log, .asked = uids };
        struct imap_fetch_stream stream = {
                .max_bytes = 20, .head_bytes = 5,
                .next = give, .message = receive, .answered = answered, .context = &received,
        };
        g_array_set_size(uids, MIN(uids->len, 7)); /* its answer may have named millions */
        int r = imap_session_fetch_stream(session, &stream, err);
        fuzz_require(r < 0 || uids->len == 0 || received.answered == g_array_index(uids, guint32, uids->len - 1),
                     "all is fetched, but answered only to UID %u", received.answered);
        if (!note(log, "fetch", r, err))
                return false;
        GArray *among = NULL;
        r = imap_session_search_among(session, uids, IMAP_SEARCH_UNSEEN, &among, err);
        for (guint i = 0; r == 0 && i < among->len; i++)
                g_string_append_printf(log, "%u ", g_array_index(among, guint32, i));
        g_clear_pointer(&among, g_array_unref);
        return note(log, "among", r, err);
}

static void mark_and_move(struct imap_session *session, GArray *uids, GString *log, struct error *err)
{
        g_array_set_size(uids, MIN(uids->len, 1));
        if (uids->len > 0 && note(log, "seen", imap_session_mark_seen(session, uids, err), err))
                note(log, "move", imap_session_move(session, uids, "Done", err), err);
}

static void talk(struct imap_session *session, GString *log, struct error *err)
{
        struct imap_mailbox mailbox = { 0 };
        bool changed = false;
        int r = imap_session_select(session, "INBOX", false, &mailbox, err);
        g_string_append_printf(log, "%u %u %u %d ", mailbox.uid_validity, mailbox.uid_next, mailbox.exists,
                               mailbox.read_only);
        if (!note(log, "select", r, err))
                return;
        fuzz_require(r < 0 || mailbox.uid_validity > 0, "UIDVALIDITY 0");
        g_autoptr(GArray) uids = NULL;
        if (!search(session, &uids, log, err))
                return;
        if (uids && fetch(session, uids, log, err))
                mark_and_move(session, uids, log, err);
        r = imap_session_wait(session, true, 60000, &changed, err);
        g_string_append_printf(log, "%d %u ", changed, imap_session_exists(session));
        note(log, "wait", r, err);
}

static char *play(const uint8_t *data, size_t size, size_t piece)
{
        struct spoken spoken = { .stream.ops = &spoken_ops, .data = data, .size = size, .piece = piece };
        struct imap_session_options options = { .command_timeout_ms = 60000, .max_message_bytes = MESSAGE_BYTES_MAX };
        struct imap_session *session = NULL;
        struct error err = ERROR_INIT;
        GString *log = g_string_new(NULL);
        clock_set_for_test(1000000, 1000000);
        if (note(log, "open", imap_session_open(&spoken.stream, &options, &session, &err), &err) && session)
                talk(session, log, &err);
        imap_session_close(session);
        return g_string_free(log, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        if (size < 1)
                return 0;
        g_autofree char *at_once = play(data + 1, size - 1, 0);
        g_autofree char *in_pieces = play(data + 1, size - 1, 1 + data[0] % 32);
        fuzz_require(strcmp(at_once, in_pieces) == 0, "at once\n%s\nin pieces\n%s", at_once, in_pieces);
        return 0;
}
