/* SPDX-License-Identifier: MIT */
/* IMAP: connection, TLS and login; then the stream is the caller's. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/credential.h"
#include "daemon/oauth2.h"
#include "daemon/transfer_curl_p.h"
#include "daemon/transfer_p.h"

/* IMAP: the stream */

struct transfer_stream {
        struct stream base;
        struct transfer *transfer;
        curl_socket_t socket;
};

static int stream_error(const struct transfer *transfer, CURLcode code, struct error *err)
{
        int r = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ? -ERR_CONNECTION : transfer_code_of(code);
        return error_set(err, r, "%s: the connection broke: %s", transfer->place,
                         *transfer->error_buffer ? transfer->error_buffer : curl_easy_strerror(code));
}

static int stream_receive(struct stream *stream, void *buffer, size_t size, size_t *ret_size, struct error *err)
{
        struct transfer *transfer = ((struct transfer_stream *) stream)->transfer;
        size_t n = 0;
        CURLcode code = curl_easy_recv(transfer->easy, buffer, size, &n);
        if (code == CURLE_AGAIN)
                return -EAGAIN;
        if (code != CURLE_OK)
                return stream_error(transfer, code, err);
        *ret_size = n;
        return 0;
}

static int stream_send(struct stream *stream, const void *data, size_t size, size_t *ret_size, struct error *err)
{
        struct transfer *transfer = ((struct transfer_stream *) stream)->transfer;
        size_t n = 0;
        CURLcode code = curl_easy_send(transfer->easy, data, size, &n);
        if (code == CURLE_AGAIN || (code == CURLE_OK && n == 0 && size > 0))
                return -EAGAIN;
        if (code != CURLE_OK)
                return stream_error(transfer, code, err);
        *ret_size = n;
        return 0;
}

static int stream_wait(struct stream *stream, bool for_write, bool interruptible, int64_t timeout_ms, struct error *err)
{
        struct transfer_stream *self = (struct transfer_stream *) stream;
        const struct transfer *transfer = self->transfer;
        /* poll() passes over negative descriptors. */
        struct pollfd fds[] = {
                { .fd = self->socket, .events = for_write ? POLLOUT : POLLIN },
                { .fd = transfer->wake.stop_fd, .events = POLLIN },
                { .fd = interruptible ? transfer->wake.attention_fd : -1, .events = POLLIN },
        };
        int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
        for (int64_t left_ms = timeout_ms;; left_ms = deadline_ms - clock_monotonic_ms()) {
                int n = poll(fds, G_N_ELEMENTS(fds), (int) CLAMP(left_ms, 0, G_MAXINT));
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set(err, -ERR_CONNECTION, "%s: poll: %s", transfer->place, g_strerror(errno));
                break;
        }
        if (fds[1].revents)
                return error_set(err, -ERR_CANCELLED, "%s: interrupted", transfer->place);
        if (fds[0].revents & POLLNVAL)
                return error_set(err, -ERR_CONNECTION, "%s: the connection is closed", transfer->place);
        if (fds[0].revents)
                return 0; /* errors too: receive and send say which */
        return fds[2].revents ? -EINTR : -ETIMEDOUT;
}

static bool stream_repeats_secret(struct stream *stream, const char *text, size_t size)
{
        const struct transfer *transfer = ((struct transfer_stream *) stream)->transfer;
        return transfer_repeats_secret(text, size, (const char *const *) transfer->secrets);
}

static void stream_close(struct stream *stream)
{
        struct transfer_stream *self = (struct transfer_stream *) stream;
        transfer_free(self->transfer);
        g_free(self);
}

static const struct stream_ops stream_ops = {
        .receive = stream_receive,
        .send = stream_send,
        .wait = stream_wait,
        .repeats_secret = stream_repeats_secret,
        .close = stream_close,
};

/* What "auth" allows, and in which words libcurl is told. Whatever else a server offers, nothing else is used: libcurl left to
 * itself also tries mechanisms that cannot work (GSSAPI, for any user name with "@") or that send an empty password. */
struct method { const char *auth, *options, *mechanisms[3]; };

static const struct method methods[] = {
        { "auto", "AUTH=PLAIN;AUTH=LOGIN", { "PLAIN", "LOGIN" } },
        { "plain", "AUTH=PLAIN", { "PLAIN" } },
        { "login", "AUTH=LOGIN", { "LOGIN" } },
        { "xoauth2", "AUTH=XOAUTH2", { "XOAUTH2" } },
        { "oauthbearer", "AUTH=OAUTHBEARER", { "OAUTHBEARER" } },
};
/* The LOGIN command, which is ours to send: libcurl gets no credentials and stops before the login. */
static const struct method login_command = { "auto", NULL, { NULL } };

static const struct method *find_method(const char *auth)
{
        for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
                if (strcmp(methods[i].auth, auth) == 0)
                        return &methods[i];
        g_assert_not_reached(); /* the configuration takes no other */
}

enum login { LOGIN_NOT_TRIED, LOGIN_NOT_OFFERED, LOGIN_REFUSED };

struct attempt {
        const struct config_mailbox *mailbox;
        const struct transfer_wake *wake;
        const char *place;
        const struct method *method;
        const char *token; /* or NULL: the password */
        enum login login;  /* what became of it */
};

static void set_secret(struct transfer *transfer, const struct attempt *attempt)
{
        const struct config_mailbox *mailbox = attempt->mailbox;
        if (!attempt->method->options) {
                transfer->secrets = transfer_secret_forms(mailbox->user, mailbox->password);
                return;
        }
        if (!attempt->token) {
                transfer_set_login(transfer, mailbox->user, mailbox->password, attempt->method->options);
                return;
        }
        transfer->secrets = transfer_token_forms(mailbox->user, mailbox->host, mailbox->port, attempt->token);
        bool escaped = strcmp(attempt->method->auth, "oauthbearer") == 0; /* libcurl leaves that to us */
        g_autofree char *name = escaped ? transfer_escape_name(mailbox->user) : g_strdup(mailbox->user);
        SET(transfer, CURLOPT_USERNAME, name);
        SET(transfer, CURLOPT_XOAUTH2_BEARER, attempt->token);
        SET(transfer, CURLOPT_LOGIN_OPTIONS, attempt->method->options);
}

/* What libcurl would print with CURLOPT_VERBOSE. Nothing of it is kept: it holds credentials. */
static int notice_login(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
        struct transfer *transfer = context;
        (void) easy;
        if (type == CURLINFO_HEADER_OUT && transfer_is_login(data, size))
                transfer->login_sent = true;
        return 0;
}

static void set_imap(struct transfer *transfer, const struct attempt *attempt)
{
        const struct config_mailbox *mailbox = attempt->mailbox;
        bool is_ipv6 = strchr(mailbox->host, ':') != NULL;
        g_autofree char *url = g_strdup_printf(is_ipv6 ? "%s://[%s]:%u/" : "%s://%s:%u/",
                                               mailbox->tls == CONFIG_TLS_IMPLICIT ? "imaps" : "imap", mailbox->host,
                                               mailbox->port);
        transfer_set_common(transfer, mailbox->tls == CONFIG_TLS_IMPLICIT ? "imaps" : "imap", mailbox->timeout_ms);
        transfer_set_tls(transfer, mailbox->ca_file);
        set_secret(transfer, attempt);
        SET(transfer, CURLOPT_URL, url);
        SET(transfer, CURLOPT_USE_SSL,
            mailbox->tls == CONFIG_TLS_NONE ? (long) CURLUSESSL_NONE : (long) CURLUSESSL_ALL);
        SET(transfer, CURLOPT_CONNECT_ONLY, 1L);
        SET(transfer, CURLOPT_DEBUGFUNCTION, notice_login);
        SET(transfer, CURLOPT_DEBUGDATA, transfer);
        SET(transfer, CURLOPT_VERBOSE, 1L);
        /* The connect timeout reaches from the name look-up to the login. */
        SET(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long) MAX(mailbox->timeout_ms, TRANSFER_CONNECT_TIMEOUT_MS));
        SET(transfer, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long) (mailbox->timeout_ms + 999) / 1000);
        SET(transfer, CURLOPT_HEADERFUNCTION, transfer_keep_reply);
        SET(transfer, CURLOPT_HEADERDATA, transfer);
        transfer->tls_first = mailbox->tls == CONFIG_TLS_IMPLICIT;
        transfer->only_loopback = mailbox->tls == CONFIG_TLS_NONE;
}

static int fail_not_offered(const struct transfer *transfer, const struct attempt *attempt, struct error *err)
{
        const char *const *wanted = attempt->method->mechanisms;
        g_autofree char *offered = transfer_offered_mechanisms(transfer->replies->str);
        g_autofree char *names = wanted[0] ? g_strjoinv(" or ", (char **) wanted) : g_strdup("PLAIN, LOGIN or the LOGIN command");
        return error_set(err, -ERR_AUTH,
                         "%s: the server does not offer to log in with %s, as auth = %s asks for; it offers %s%s; nothing was "
                         "sent", attempt->place, names, attempt->mailbox->auth, offered,
                         transfer_has_capability(transfer->replies->str, "LOGINDISABLED") ? " (and LOGINDISABLED)" : "");
}

/* Codes with which a server says that it cannot check logins just now (RFC 5530): no fault of ours. */
static bool is_out_of_order(const char *reply)
{
        return reply && (strstr(reply, "[UNAVAILABLE]") || strstr(reply, "[INUSE]") || strstr(reply, "[SERVERBUG]"));
}

/* "A002 NO x" without the tag, which is libcurl's or (L1) ours. */
static const char *skip_tag(const char *reply)
{
        size_t digits = *reply == 'A' || *reply == 'L' ? strspn(reply + 1, "0123456789") : 0;
        return digits > 0 && reply[1 + digits] == ' ' ? reply + digits + 2 : reply;
}

static int fail_refused(const struct transfer *transfer, struct attempt *attempt, struct error *err)
{
        const char *const *secrets = (const char *const *) transfer->secrets;
        g_autofree char *reply = transfer_quote_reply(transfer->replies->str, transfer->replies->len, secrets);
        g_autofree char *challenge = attempt->token ? transfer_explain_challenge(transfer->replies->str, secrets) : NULL;
        if (is_out_of_order(reply))
                return error_set(err, -ERR_CONNECTION, "%s: the server cannot check a login now; it says \"%s\"",
                                 attempt->place, skip_tag(reply));
        attempt->login = LOGIN_REFUSED;
        const char *said = reply && !g_str_has_prefix(reply, "+ ") ? skip_tag(reply) : NULL;
        return error_set(err, -ERR_AUTH, "%s: the server refuses the login of %s%s%s%s%s%s%s", attempt->place,
                         attempt->mailbox->user, said ? "; it says \"" : "", said ? said : "", said ? "\"" : "",
                         challenge ? " (" : "", challenge ? challenge : "", challenge ? ")" : "");
}

static int fail_imap(const struct transfer *transfer, CURLcode result, struct attempt *attempt, struct error *err)
{
        if (transfer->login_sent && (result == CURLE_LOGIN_DENIED || transfer_says_bye(transfer)))
                return fail_refused(transfer, attempt, err);
        if (result != CURLE_LOGIN_DENIED || transfer_says_bye(transfer))
                return transfer_fail(transfer, result, err);
        attempt->login = LOGIN_NOT_OFFERED;
        return fail_not_offered(transfer, attempt, err);
}

/* Takes the transfer, also on failure. */
static int make_stream(struct transfer *transfer, const struct attempt *attempt, struct transfer_stream **ret_stream,
                       struct error *err)
{
        curl_socket_t fd = CURL_SOCKET_BAD;
        if (curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD) {
                transfer_free(transfer);
                return error_set(err, -ERR_CONNECTION, "%s: the connection was closed after the login", attempt->place);
        }
        SET(transfer, CURLOPT_VERBOSE, 0L);
        struct transfer_stream *stream = g_new0(struct transfer_stream, 1);
        stream->base.ops = &stream_ops;
        stream->transfer = transfer;
        stream->socket = fd;
        *ret_stream = stream;
        return 0;
}

static int run_login_command(struct transfer_stream *stream, struct attempt *attempt, struct error *err)
{
        struct transfer *transfer = stream->transfer;
        bool refused = false;
        if (transfer_has_capability(transfer->replies->str, "LOGINDISABLED")) {
                attempt->login = LOGIN_NOT_OFFERED;
                return fail_not_offered(transfer, attempt, err);
        }
        *transfer->error_buffer = '\0';
        int r = transfer_login_command(&stream->base, transfer, attempt->mailbox, &refused, err);
        return r == 0 && refused ? fail_refused(transfer, attempt, err) : r;
}

static int connect_imap(struct attempt *attempt, struct stream **ret_stream, struct error *err)
{
        g_autoptr(transfer_t) transfer = transfer_new(attempt->wake, attempt->place);
        attempt->login = LOGIN_NOT_TRIED;
        set_imap(transfer, attempt);
        CURLcode result;
        int r = transfer_run(transfer, &result, err);
        if (r < 0)
                return r;
        if (result != CURLE_OK)
                return fail_imap(transfer, result, attempt, err);
        struct transfer_stream *stream = NULL; /* for gcc, which does not see that make_stream() sets it */
        r = make_stream(g_steal_pointer(&transfer), attempt, &stream, err);
        if (r < 0)
                return r;
        if (!attempt->method->options)
                r = run_login_command(stream, attempt, err);
        if (r < 0) {
                stream_close(&stream->base);
                return r;
        }
        g_string_truncate(stream->transfer->replies, 0);
        *stream->transfer->error_buffer = '\0';
        *ret_stream = &stream->base;
        return 0;
}

static int open_with_password(struct attempt *attempt, struct stream **ret_stream, struct error *err)
{
        struct error first = ERROR_INIT;
        int r = connect_imap(attempt, ret_stream, &first);
        if (r < 0 && attempt->login == LOGIN_NOT_OFFERED && strcmp(attempt->mailbox->auth, "auto") == 0) {
                /* No credential was sent: the server offers neither mechanism. There is still the LOGIN command. */
                error_clear(&first);
                attempt->method = &login_command;
                r = connect_imap(attempt, ret_stream, &first);
        }
        return r < 0 ? error_move(err, &first) : 0;
}

/* A token that is not fresh may have been revoked meanwhile: one more login with a fresh one is made, and only one. */
static int open_with_token(struct attempt *attempt, struct stream **ret_stream, struct error *err)
{
        const struct config_oauth2 *oauth2 = attempt->mailbox->oauth2;
        const struct oauth2_transport transport = { .context = (void *) attempt->wake, .post = transfer_oauth2_post };
        for (bool again = false;; again = true) {
                char *token = NULL;
                bool cached = false;
                int r = oauth2_token(oauth2, &transport, &token, &cached, err);
                if (r < 0)
                        return r;
                attempt->token = token;
                r = connect_imap(attempt, ret_stream, err);
                if (attempt->login == LOGIN_REFUSED)
                        oauth2_forget(oauth2, token);
                attempt->token = NULL;
                credential_free(token);
                if (r >= 0 || attempt->login != LOGIN_REFUSED)
                        return r;
                if (!cached || again)
                        return error_set(err, r, "%s; the access token is a fresh one: are user, oauth2-scope and the client's "
                                         "rights to this mailbox right?", error_text(err));
                error_clear(err);
        }
}

int transfer_open_imap(const struct config_mailbox *mailbox, const struct transfer_wake *wake,
                       struct stream **ret_stream, struct error *err)
{
        g_autofree char *place = g_strdup_printf("%s:%u", mailbox->host, mailbox->port);
        if (mailbox->tls == CONFIG_TLS_NONE && (!mailbox->insecure || !transfer_host_is_loopback(mailbox->host)))
                return error_set(err, -ERR_TLS, "%s: plain text is only for a loopback address with insecure = yes",
                                 place);
        struct attempt attempt = { .mailbox = mailbox, .wake = wake, .place = place, .method = find_method(mailbox->auth) };
        return mailbox->oauth2 ? open_with_token(&attempt, ret_stream, err)
                               : open_with_password(&attempt, ret_stream, err);
}
