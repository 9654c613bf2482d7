/* SPDX-License-Identifier: MIT */
/*
 * The LOGIN command, for servers without SASL PLAIN and LOGIN. libcurl knows it too, but cannot be kept from preferring
 * whatever SASL mechanism the server has besides.
 */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/limits.h"
#include "daemon/credential.h"
#include "daemon/transfer_curl_p.h"

#define TAG "L1"

/* One allocation of the final size, so that growing leaves no copy of a password behind. */
static void append_quoted(GString *line, const char *text)
{
        g_string_append_c(line, '"');
        for (const char *c = text; *c; c++) {
                if (*c == '"' || *c == '\\')
                        g_string_append_c(line, '\\');
                g_string_append_c(line, *c);
        }
        g_string_append_c(line, '"');
}

static char *format_command(const char *user, const char *password)
{
        GString *line = g_string_sized_new(2 * (strlen(user) + strlen(password)) + 32);
        g_string_append(line, TAG " LOGIN ");
        append_quoted(line, user);
        g_string_append_c(line, ' ');
        append_quoted(line, password);
        g_string_append(line, "\r\n");
        return g_string_free(line, FALSE);
}

static int wait_for(struct stream *stream, bool for_write, int64_t deadline_ms, struct error *err)
{
        int r = stream->ops->wait(stream, for_write, false, MAX(deadline_ms - clock_monotonic_ms(), 0), err);
        return r == -ETIMEDOUT ? error_set(err, -ERR_TIMEOUT, "the server does not answer to the login in time") : r;
}

static int send_line(struct stream *stream, const char *line, int64_t deadline_ms, struct error *err)
{
        size_t size = strlen(line), n = 0;
        for (size_t sent = 0; sent < size; sent += n) {
                int r = stream->ops->send(stream, line + sent, size - sent, &n, err);
                if (r == -EAGAIN) {
                        n = 0;
                        r = wait_for(stream, true, deadline_ms, err);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Byte by byte, since what follows the tagged line is not ours. */
static int receive_line(struct stream *stream, GString *replies, int64_t deadline_ms, size_t *ret_start, struct error *err)
{
        size_t start = replies->len;
        for (;;) {
                char c;
                size_t n = 0;
                int r = stream->ops->receive(stream, &c, 1, &n, err);
                if (r == -EAGAIN) {
                        r = wait_for(stream, false, deadline_ms, err);
                        if (r == 0)
                                continue;
                }
                if (r < 0)
                        return r;
                if (n == 0)
                        return error_set(err, -ERR_CONNECTION, "the server closed the connection during the login");
                if (replies->len >= LIMIT_ANSWER_BYTES || clock_monotonic_ms() >= deadline_ms)
                        return error_set(err, -ERR_PROTOCOL, "the server does not come to an end answering to the login");
                g_string_append_c(replies, c);
                if (c == '\n')
                        break;
        }
        *ret_start = start;
        return 0;
}

int transfer_login_command(struct stream *stream, struct transfer *transfer, const struct config_mailbox *mailbox,
                           bool *ret_refused, struct error *err)
{
        int64_t deadline_ms = clock_monotonic_ms() + mailbox->timeout_ms;
        char *line = format_command(mailbox->user, mailbox->password);
        int r = send_line(stream, line, deadline_ms, err);
        credential_free(line);
        g_string_truncate(transfer->replies, 0);
        while (r == 0) {
                size_t start = 0;
                r = receive_line(stream, transfer->replies, deadline_ms, &start, err);
                const char *reply = transfer->replies->str + start;
                if (r < 0 || !g_str_has_prefix(reply, TAG " "))
                        continue;
                *ret_refused = g_ascii_strncasecmp(reply, TAG " OK", strlen(TAG " OK")) != 0;
                break;
        }
        if (r < 0 && r != -ERR_CANCELLED)
                error_prefix(err, "%s", transfer->place);
        return r;
}
