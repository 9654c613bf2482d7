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
 * dropped unread until that answer (or BYE) begins one. *ret_used: how many bytes this took. */
static int take_unsynced(struct imap_session *session, const char *data, size_t size, size_t *ret_used,
                         struct error *err)
{
        size_t used = 0;
        while (session->sync_line && used < size) {
                if (++session->sync_bytes > LIMIT_IMAP_LINE_BYTES)
                        return error_set(err, -ERR_PROTOCOL, "the IMAP server does not answer but keeps talking");
                g_string_append_c(session->sync_line, data[used]);
                if (data[used++] != '\n')
                        continue;
                const char *line = session->sync_line->str;
                if (g_str_has_prefix(line, "h1 ") || g_ascii_strncasecmp(line, "* BYE", 5) == 0) {
                        g_autoptr(GString) answer = g_steal_pointer(&session->sync_line);
                        *ret_used = used;
                        return imap_parser_feed(session->parser, answer->str, answer->len, err);
                }
                g_string_truncate(session->sync_line, 0);
        }
        *ret_used = used;
        return 0;
}

static int feed(struct imap_session *session, const char *data, size_t size, struct error *err)
{
        size_t used = 0;
        int r = session->sync_line ? take_unsynced(session, data, size, &used, err) : 0;
        if (r < 0)
                return r;
        return imap_parser_feed(session->parser, data + used, size - used, err);
}

/* Returns 1 if bytes came, 0 if none are there. */
static int receive_some(struct imap_session *session, struct error *err)
{
        size_t size = 0;
        int r = session->stream->ops->receive(session->stream, session->buffer, IMAP_BUFFER_BYTES, &size, err);
        if (r == -EAGAIN)
                return 0;
        if (r < 0)
                return stream_failed(r, err);
        if (size == 0)
                return error_set(err, -ERR_CONNECTION, "the IMAP server closed the connection%s",
                                 imap_parser_is_inside(session->parser) ? " in the middle of an answer" : "");
        feed(session, session->buffer, size, &session->parser_error);
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
                if (session->parser_error.code < 0)
                        return error_move(err, &session->parser_error);
                if (clock_monotonic_ms() > session->deadline_ms)
                        return error_set(err, -ERR_TIMEOUT, "the IMAP server talks but does not come to an end");
                int r = send_some(session, err);
                if (r < 0)
                        return r;
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
