/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "ingest/imap_session_p.h"

/* With unsent output the stream is waited on for writing only; this often the input is looked at all the same. */
#define BLOCKED_WAIT_MS 200
/* After so much input without a pause the stream is asked whether to stop. */
#define UNWAITED_BYTES_MAX MIB
/* For fewer bytes of a literal the detour by the buffer is shorter: it takes what follows them as well. */
#define DIRECT_BYTES_MIN (8 * KIB)

/* How long nothing has come. Time that a stream says it has waited counts even if the clock stood still. */
struct silence {
        bool begun;
        int64_t since_ms, waited_ms, limit_ms;
};

void imap_io_queue(struct imap_session *session, const char *text)
{
        g_string_append(session->queued, text);
}

static bool has_unsent(const struct imap_session *session)
{
        return session->sent < session->sending->len || session->queued->len > 0;
}

static bool is_blocked(const struct imap_session *session)
{
        return session->sent < session->sending->len;
}

/* Makes sure that a failed call of the stream has a text, and a code that is not taken for an answer of the server or
 * the end of a wait: an errno value of a socket can be -ETIMEDOUT too. */
static int stream_failed(int code, struct error *err)
{
        int known = code == -ERR_TLS || code == -ERR_TIMEOUT || code == -ERR_CANCELLED ? code : -ERR_CONNECTION;
        if (err && (err->code != code || !err->text))
                return error_set(err, known, "IMAP connection: %s", error_name(code));
        if (err)
                err->code = known;
        return known;
}

/* Sends until all is sent or the stream takes no more. */
static int send_some(struct imap_session *session, struct error *err)
{
        while (has_unsent(session)) {
                if (session->sent == session->sending->len) {
                        GString *empty = session->sending;
                        session->sending = session->queued;
                        session->queued = g_string_truncate(empty, 0);
                        session->sent = 0;
                }
                size_t size = 0;
                int r = session->stream->ops->send(session->stream, session->sending->str + session->sent,
                                                   session->sending->len - session->sent, &size, err);
                if (r == -EAGAIN || (r == 0 && size == 0))
                        return 0;
                if (r < 0)
                        return stream_failed(r, err);
                session->sent += size;
        }
        return 0;
}

/* What comes before the answer to our first command may be the rest of a line whose beginning is lost: lines are
 * dropped unread until that answer (or BYE) begins one. */
static int take_unsynced(struct imap_session *session, struct error *err)
{
        while (session->sync_line && session->buffer_at < session->buffer_end) {
                char c = session->buffer[session->buffer_at++];
                if (++session->sync_bytes > LIMIT_IMAP_LINE_BYTES)
                        return error_set(err, -ERR_PROTOCOL, "the IMAP server does not answer but keeps talking");
                g_string_append_c(session->sync_line, c);
                if (c != '\n')
                        continue;
                const char *line = session->sync_line->str;
                if (g_str_has_prefix(line, "h1 ") || g_ascii_strncasecmp(line, "* BYE", 5) == 0) {
                        g_autoptr(GString) answer = g_steal_pointer(&session->sync_line);
                        return imap_parser_feed(session->parser, answer->str, answer->len, err);
                }
                g_string_truncate(session->sync_line, 0);
        }
        return 0;
}

/* Reads on in what has been received, up to the end of one response: what a server says is never held as more than one
 * response and the buffer. */
static int parse_some(struct imap_session *session, struct error *err)
{
        if (session->sync_line)
                return take_unsynced(session, err);
        size_t taken = 0;
        int r = imap_parser_feed_one(session->parser, session->buffer + session->buffer_at,
                                     session->buffer_end - session->buffer_at, &taken, err);
        session->buffer_at += taken;
        return r;
}

/* Returns 1 if bytes came, 0 if none are there. The buffer is empty. A literal's bytes go straight to their place. */
static int receive_some(struct imap_session *session, struct error *err)
{
        char *place = session->buffer;
        size_t size = 0, room = session->sync_line ? 0 : imap_parser_literal_room(session->parser, &place);
        bool direct = room >= DIRECT_BYTES_MIN;
        int r = session->stream->ops->receive(session->stream, direct ? place : session->buffer,
                                              direct ? room : IMAP_BUFFER_BYTES, &size, err);
        if (r == -EAGAIN)
                return 0;
        if (r < 0)
                return stream_failed(r, err);
        if (size == 0)
                return error_set(err, -ERR_CONNECTION, "the IMAP server closed the connection%s",
                                 imap_parser_is_inside(session->parser) ? " in the middle of an answer" : "");
        session->buffer_at = 0;
        session->buffer_end = direct ? 0 : size;
        if (direct)
                imap_parser_literal_came(session->parser, size);
        session->unwaited_bytes += size;
        return 1;
}

/* A server that never lets us wait must not keep us from hearing that we are to stop. */
static int check_cancelled(struct imap_session *session, struct error *err)
{
        if (session->unwaited_bytes < UNWAITED_BYTES_MAX)
                return 0;
        session->unwaited_bytes = 0;
        int r = session->stream->ops->wait(session->stream, false, false, 0, err);
        return r == -ERR_CANCELLED ? stream_failed(r, err) : 0;
}

/* Waits until the stream is worth another try. */
static int wait_some(struct imap_session *session, bool interruptible, struct silence *silence, struct error *err)
{
        int64_t now_ms = clock_monotonic_ms();
        if (!silence->begun) {
                silence->begun = true;
                silence->since_ms = now_ms;
        }
        int64_t left_ms = silence->limit_ms - MAX(now_ms - silence->since_ms, silence->waited_ms);
        if (left_ms <= 0)
                return -ETIMEDOUT;
        session->unwaited_bytes = 0;
        bool for_write = has_unsent(session);
        int64_t wait_ms = for_write ? MIN(left_ms, BLOCKED_WAIT_MS) : left_ms;
        int r = session->stream->ops->wait(session->stream, for_write, interruptible, wait_ms, err);
        if (r == -ETIMEDOUT)
                silence->waited_ms += wait_ms;
        if (r == -ETIMEDOUT || (r == -EINTR && !interruptible))
                return 0;
        return r == -EINTR || r == 0 ? r : stream_failed(r, err);
}

int imap_io_next(struct imap_session *session, bool interruptible, int64_t silence_ms,
                 struct imap_response **ret_response, struct error *err)
{
        struct silence silence = { .limit_ms = silence_ms };
        for (;;) {
                struct imap_response *response = imap_parser_next(session->parser);
                if (response) {
                        *ret_response = response;
                        return 0;
                }
                if (clock_monotonic_ms() > session->deadline_ms)
                        return error_set(err, -ERR_TIMEOUT, "the IMAP server talks but does not come to an end");
                bool unread = session->buffer_at < session->buffer_end;
                /* With input at hand only what has not been tried yet: sending is tried again after a wait. */
                int r = unread && is_blocked(session) ? 0 : send_some(session, err);
                if (r == 0 && unread) {
                        r = parse_some(session, err);
                        if (r == 0)
                                continue;
                }
                if (r == 0)
                        r = receive_some(session, err);
                if (r < 0)
                        return r;
                if (r > 0)
                        silence = (struct silence) { .limit_ms = silence_ms };
                r = r > 0 ? check_cancelled(session, err) : wait_some(session, interruptible, &silence, err);
                if (r < 0)
                        return r;
        }
}
