/* SPDX-License-Identifier: MIT */
#include "ingest/imap_session.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "ingest/imap_session_p.h"

#define LOGOUT_WAIT_MS 2000
#define PATIENCE_TIMEOUTS 10
#define PATIENCE_BYTES_PER_MS 8
#define SERVER_TEXT_CHARS 300
/* Of messages above the limit the end is dropped, up to this many bytes; a larger one ends the session. */
#define DROPPED_BYTES_MAX (4ul * LIMIT_MESSAGE_BYTES_MAX)

/* ---- commands in flight ---- */

int imap_begin(const struct imap_session *session, struct error *err)
{
        if (session->broken < 0)
                return error_set(err, -ERR_CONNECTION, "the IMAP session is over after an earlier error (%s)",
                                 error_name(session->broken));
        return 0;
}

int imap_end(struct imap_session *session, int code)
{
        if (code < 0 && code != -ERR_REFUSED && code != -EINTR && code != -EINVAL)
                session->broken = code;
        return code;
}

void imap_be_patient(struct imap_session *session, guint64 bytes)
{
        session->deadline_ms = clock_monotonic_ms() + PATIENCE_TIMEOUTS * session->options.command_timeout_ms +
                               (int64_t) (bytes / PATIENCE_BYTES_PER_MS);
}

void imap_start(struct imap_session *session, const char *what, const char *format, ...)
{
        g_assert(session->flying < IMAP_FLIGHT_MAX);
        session->flight[session->flying++] = (struct imap_flight) { ++session->last_tag, what };
        g_string_append_printf(session->queued, "h%" G_GUINT64_FORMAT " %s", session->last_tag, what);
        if (format) {
                va_list arguments;
                g_string_append_c(session->queued, ' ');
                va_start(arguments, format);
                g_string_append_vprintf(session->queued, format, arguments);
                va_end(arguments);
        }
        g_string_append(session->queued, "\r\n");
}

char *imap_tag(guint64 number)
{
        return g_strdup_printf("h%" G_GUINT64_FORMAT, number);
}

/* Takes the command with this tag off the list. Returns its name, or NULL. */
static const char *land(struct imap_session *session, const char *tag)
{
        for (unsigned i = 0; i < session->flying; i++) {
                g_autofree char *own = imap_tag(session->flight[i].tag);
                if (strcmp(own, tag) != 0)
                        continue;
                const char *what = session->flight[i].what;
                session->landed = session->flight[i].tag;
                session->flying--;
                memmove(session->flight + i, session->flight + i + 1,
                        (session->flying - i) * sizeof session->flight[0]);
                return what;
        }
        return NULL;
}

/* The server's human text with its response code, fit to be shown: without control characters, not too long, and not
 * where it repeats the password. */
static char *server_text(struct imap_session *session, const struct imap_response *response)
{
        const struct stream_ops *ops = session->stream->ops;
        g_autoptr(GString) raw = g_string_new(NULL);
        if (response->code)
                g_string_append_printf(raw, "[%s%s%s] ", response->code_sent, response->code_text ? " " : "",
                                       response->code_text ? response->code_text : "");
        if (response->tokens->len > 0) {
                const struct imap_token *token = g_ptr_array_index(response->tokens, 0);
                if (token->kind == IMAP_TEXT)
                        g_string_append_len(raw, token->data, (gssize) token->size);
        }
        if (raw->len == 0)
                g_string_append(raw, "no reason given");
        if (ops->repeats_secret && ops->repeats_secret(session->stream, raw->str, raw->len))
                return g_strdup("(its words repeat the password and are not shown)");
        g_autofree char *valid = text_make_valid(raw->str, raw->len, NULL);
        return text_cut_chars(valid, SERVER_TEXT_CHARS);
}

static int complete(struct imap_session *session, struct imap_response *response, imap_response_function function,
                    void *context, struct error *err)
{
        const char *what = land(session, response->tag);
        if (!what)
                return error_set(err, -ERR_PROTOCOL, "the IMAP server answered a command that was not sent");
        if (strcmp(response->name, "OK") == 0) {
                int r = function ? function(session, response, context, err) : 0;
                return r < 0 ? r : 1;
        }
        g_autofree char *text = server_text(session, response);
        if (strcmp(response->name, "NO") == 0)
                return error_set(err, -ERR_REFUSED, "the IMAP server refused %s: %s", what, text);
        return error_set(err, session->changing ? -EINVAL : -ERR_PROTOCOL, "the IMAP server did not understand %s: %s", what,
                         text);
}

/* ---- what servers say unasked ---- */

static void add_capabilities(struct imap_session *session, const char *text, size_t size)
{
        g_autofree char *upper = g_ascii_strup(text, (gssize) size);
        g_auto(GStrv) words = g_strsplit(upper, " ", -1);
        for (gsize i = 0; words[i]; i++)
                if (*words[i])
                        g_hash_table_add(session->capabilities, g_strdup(words[i]));
}

static void note_capabilities(struct imap_session *session, const struct imap_response *response)
{
        bool is_code = g_strcmp0(response->code, "CAPABILITY") == 0;
        if (!is_code && strcmp(response->name, "CAPABILITY") != 0)
                return;
        g_hash_table_remove_all(session->capabilities);
        if (is_code) {
                const char *text = response->code_text ? response->code_text : "";
                add_capabilities(session, text, strlen(text));
                return;
        }
        for (guint i = 0; i < response->tokens->len; i++) {
                const struct imap_token *token = g_ptr_array_index(response->tokens, i);
                if (token->kind == IMAP_ATOM)
                        add_capabilities(session, token->data, token->size);
        }
}

static void note_messages(struct imap_session *session, const struct imap_response *response)
{
        if (!response->has_number)
                return;
        if (strcmp(response->name, "EXISTS") == 0) {
                session->changed = true;
                if (response->number > session->exists)
                        session->grown = true;
                session->exists = response->number;
        } else if (strcmp(response->name, "EXPUNGE") == 0) {
                session->changed = true;
                if (session->exists > 0)
                        session->exists--;
        } else if (strcmp(response->name, "FETCH") == 0) {
                session->changed = true;
        }
}

int imap_take(struct imap_session *session, struct imap_response *response, imap_response_function function,
              void *context, struct error *err)
{
        if (strcmp(response->tag, "+") == 0)
                return error_set(err, -ERR_PROTOCOL, "the IMAP server asked for input that nobody offered");
        note_capabilities(session, response);
        if (strcmp(response->tag, "*") != 0)
                return complete(session, response, function, context, err);
        if (strcmp(response->name, "BYE") == 0) {
                g_autofree char *text = server_text(session, response);
                return error_set(err, -ERR_CONNECTION, "the IMAP server said goodbye: %s", text);
        }
        note_messages(session, response);
        return function ? function(session, response, context, err) : 0;
}

int imap_unanswered(const struct imap_session *session, const char *what, struct error *err)
{
        return error_set(err, -ERR_TIMEOUT, "no answer of the IMAP server to %s for %" G_GINT64_FORMAT " s", what,
                         session->options.command_timeout_ms / 1000);
}

int imap_await(struct imap_session *session, imap_response_function function, void *context, struct error *err)
{
        const char *what = session->flight[0].what;
        for (;;) {
                struct imap_response *response = NULL;
                int r = imap_io_next(session, false, session->options.command_timeout_ms, &response, err);
                if (r == -ETIMEDOUT)
                        return imap_unanswered(session, what, err);
                if (r < 0) {
                        error_prefix(err, "%s", what);
                        return r;
                }
                r = imap_take(session, response, function, context, err);
                imap_response_free(response);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
}

int imap_run(struct imap_session *session, imap_response_function function, void *context, struct error *err)
{
        imap_be_patient(session, 0);
        return imap_await(session, function, context, err);
}

/* ---- open and close ---- */

static struct imap_session *session_new(struct stream *stream, const struct imap_session_options *options)
{
        struct imap_parser_limits limits = {
                .max_line_bytes = LIMIT_IMAP_LINE_BYTES,
                .max_search_bytes = LIMIT_IMAP_SEARCH_BYTES,
                .max_numbers = LIMIT_IMAP_SEARCH_UIDS,
                .max_literal_bytes = options->max_message_bytes + 1, /* one more: that it was cut can be seen */
                .max_dropped_bytes = DROPPED_BYTES_MAX,
                .max_depth = LIMIT_IMAP_DEPTH,
        };
        struct imap_session *session = g_new0(struct imap_session, 1);
        session->stream = stream;
        session->options = *options;
        session->capabilities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        session->parser = imap_parser_new(&limits);
        session->buffer = g_malloc(IMAP_BUFFER_BYTES);
        session->sync_line = g_string_new(NULL);
        session->sending = g_string_new(NULL);
        session->queued = g_string_new(NULL);
        session->copied = g_array_new(FALSE, FALSE, sizeof(guint32));
        return session;
}

/* The NOOP's answer is only the mark from which on the input is whole; what it says does not matter. */
static int greet(struct imap_session *session, struct error *err)
{
        imap_be_patient(session, 0);
        imap_start(session, "NOOP", NULL);
        imap_start(session, "CAPABILITY", NULL);
        int r = imap_await(session, NULL, NULL, err);
        if (r == -ERR_REFUSED) {
                error_clear(err);
                r = 0;
        }
        return r < 0 ? r : imap_await(session, NULL, NULL, err);
}

int imap_session_open(struct stream *stream, const struct imap_session_options *options,
                      struct imap_session **ret_session, struct error *err)
{
        struct imap_session *session = session_new(stream, options);
        int r = imap_end(session, greet(session, err));
        if (r < 0) {
                imap_session_close(session);
                return r;
        }
        *ret_session = session;
        return 0;
}

static void say_logout(struct imap_session *session)
{
        if (session->idling)
                imap_io_queue(session, "DONE\r\n");
        session->flying = 0; /* nobody waits for their answers any more */
        imap_start(session, "LOGOUT", NULL);
        session->deadline_ms = clock_monotonic_ms() + LOGOUT_WAIT_MS;
        for (bool done = false; !done;) {
                struct imap_response *response = NULL;
                if (imap_io_next(session, false, LOGOUT_WAIT_MS, &response, NULL) < 0)
                        return;
                done = strcmp(response->name, "BYE") == 0;
                imap_response_free(response);
        }
}

/* Asked to stop is not a fault of the connection: the server is still told, but hardly waited for. */
static bool may_say_logout(const struct imap_session *session)
{
        return session->broken == 0 || session->broken == -ERR_CANCELLED;
}

void imap_session_close(struct imap_session *session)
{
        if (!session)
                return;
        if (may_say_logout(session))
                say_logout(session);
        session->stream->ops->close(session->stream);
        imap_parser_free(session->parser);
        g_hash_table_unref(session->capabilities);
        if (session->sync_line)
                g_string_free(session->sync_line, TRUE);
        g_string_free(session->sending, TRUE);
        g_string_free(session->queued, TRUE);
        g_array_unref(session->copied);
        g_free(session->buffer);
        g_free(session);
}

bool imap_session_has(const struct imap_session *session, const char *capability)
{
        /* What IMAP4rev2 contains without naming it (RFC 9051 appendix E). */
        static const char *const contained[] = { "IDLE", "MOVE", "UIDPLUS", NULL };
        g_autofree char *upper = g_ascii_strup(capability, -1);
        if (session->idle_refused && strcmp(upper, "IDLE") == 0)
                return false;
        return g_hash_table_contains(session->capabilities, upper) ||
               (g_strv_contains(contained, upper) && g_hash_table_contains(session->capabilities, "IMAP4REV2"));
}

guint32 imap_session_exists(const struct imap_session *session)
{
        return session->exists;
}
