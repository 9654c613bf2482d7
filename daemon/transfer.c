/* SPDX-License-Identifier: MIT */
/*
 * One curl handle in one multi handle for each connection, never reused. The multi handle is there for its poll, which
 * also looks at the owner's stop; the handle stays in it as long as the stream lives, since send and recv need that.
 */
#include "daemon/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/text.h"
#include "daemon/transfer_p.h"

#define CONNECT_TIMEOUT_MS 30000L
#define KEEPALIVE_IDLE_SECONDS 30L
#define KEEPALIVE_INTERVAL_SECONDS 10L
#define USER_TIMEOUT_MS 60000u
#define RECEIVE_BUFFER_BYTES (64L * 1024)
#define POLL_SLICE_MS 1000

struct transfer {
        CURLM *multi;
        CURL *easy;
        struct transfer_wake wake;
        char *place;               /* "host:port", for messages */
        char **secrets;            /* what must not turn up in a message */
        struct curl_slist *headers, *recipients;
        bool only_loopback;        /* plain text: no socket to another machine is opened */
        bool address_refused;
        GString *replies;          /* IMAP, SMTP: the server's last lines; HTTP: the body */
        bool truncated;            /* HTTP: the body was longer than what is kept */
        bool mail_stage;           /* SMTP: the server has greeted us, so that a refusal concerns this mail */
        int64_t deadline_ms;       /* monotonic; INT64_MAX: none */
        int abort_code;            /* why check_abort ended the transfer, or 0 */
        const char *upload;        /* SMTP: what is still to be sent */
        size_t upload_size;
        char error_buffer[CURL_ERROR_SIZE];
};

int transfer_prepare(struct error *err)
{
        /* With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE to us, and TLS writes without MSG_NOSIGNAL. */
        signal(SIGPIPE, SIG_IGN);
        CURLcode code = curl_global_init(CURL_GLOBAL_ALL);
        if (code != CURLE_OK)
                return error_set(err, -ERR_CONNECTION, "libcurl cannot start: %s", curl_easy_strerror(code));
        const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
        static const char *const needed[] = { "https", "imap", "imaps", "smtp", "smtps", NULL };
        for (size_t i = 0; needed[i]; i++)
                if (!g_strv_contains((const char *const *) version->protocols, needed[i])) {
                        curl_global_cleanup();
                        return error_set(err, -ERR_CONNECTION, "libcurl %s cannot do %s", version->version, needed[i]);
                }
        return 0;
}

void transfer_finish(void)
{
        curl_global_cleanup();
}

/* The one place that sees an address before anything is sent to it. Names can lie (/etc/hosts), addresses cannot. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
        struct transfer *transfer = context;
        (void) purpose;
        if (transfer->only_loopback && !transfer_address_is_loopback(&address->addr)) {
                transfer->address_refused = true;
                return CURL_SOCKET_BAD;
        }
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int tune_socket(void *context, curl_socket_t fd, curlsocktype purpose)
{
        (void) context, (void) purpose;
        unsigned timeout_ms = USER_TIMEOUT_MS;
        /* Only shortens the time to notice a dead peer; without it the connection works as well. */
        (void) setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
        return CURL_SOCKOPT_OK;
}

static bool is_readable(int fd)
{
        struct pollfd p = { .fd = fd, .events = POLLIN };
        return fd >= 0 && poll(&p, 1, 0) > 0 && p.revents;
}

/*
 * The one way a transfer ends early. Just removing the handle would not do: libcurl's SMTP then ends the mail with a
 * dot where it stands, so that half a mail arrives as a whole one, and waits for the server's answer. It also calls
 * this while it blocks (it does so for the answer to a mail's data, and for that to QUIT), about once a second.
 */
static int check_abort(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
        struct transfer *transfer = context;
        (void) down_total, (void) down, (void) up_total, (void) up;
        if (transfer->abort_code == 0 && is_readable(transfer->wake.stop_fd))
                transfer->abort_code = -ERR_CANCELLED;
        if (transfer->abort_code == 0 && clock_monotonic_ms() >= transfer->deadline_ms)
                transfer->abort_code = -ERR_TIMEOUT;
        return transfer->abort_code != 0;
}

/* Lines of IMAP and SMTP servers: only the last ones are of interest. */
static size_t keep_reply(char *data, size_t unit, size_t count, void *context)
{
        struct transfer *transfer = context;
        size_t size = unit * count;
        if (transfer->replies->len + size > LIMIT_ANSWER_BYTES)
                g_string_truncate(transfer->replies, 0);
        g_string_append_len(transfer->replies, data, (gssize) MIN(size, LIMIT_ANSWER_BYTES));
        return size;
}

static bool has_code(const char *data, size_t size, const char *code)
{
        return size >= 4 && memcmp(data, code, 3) == 0 && data[3] == ' ';
}

/*
 * The server's greeting is 220, as is the go-ahead for STARTTLS; after either comes EHLO, and no refusal of that is
 * about the mail. What follows a 250 (EHLO, MAIL, RCPT), a 235 (AUTH) or a 354 (DATA) is. 221 is only the answer to QUIT.
 */
static size_t keep_smtp_reply(char *data, size_t unit, size_t count, void *context)
{
        struct transfer *transfer = context;
        size_t size = unit * count;
        if (has_code(data, size, "221"))
                return size;
        if (has_code(data, size, "220"))
                transfer->mail_stage = false;
        else if (has_code(data, size, "250") || has_code(data, size, "235") || has_code(data, size, "354"))
                transfer->mail_stage = true;
        return keep_reply(data, unit, count, context);
}

static size_t keep_body(char *data, size_t unit, size_t count, void *context)
{
        struct transfer *transfer = context;
        size_t size = unit * count, room = LIMIT_ANSWER_BYTES - transfer->replies->len;
        g_string_append_len(transfer->replies, data, (gssize) MIN(size, room));
        transfer->truncated |= size > room;
        return size > room ? CURL_WRITEFUNC_ERROR : size;
}

static size_t give_upload(char *buffer, size_t unit, size_t count, void *context)
{
        struct transfer *transfer = context;
        size_t size = MIN(unit * count, transfer->upload_size);
        memcpy(buffer, transfer->upload, size);
        transfer->upload += size;
        transfer->upload_size -= size;
        return size;
}

static struct transfer *transfer_new(const struct transfer_wake *wake, const char *place)
{
        struct transfer *transfer = g_new0(struct transfer, 1);
        transfer->wake = *wake;
        transfer->place = g_strdup(place);
        transfer->deadline_ms = INT64_MAX;
        transfer->replies = g_string_new(NULL);
        transfer->multi = curl_multi_init();
        transfer->easy = curl_easy_init();
        if (!transfer->multi || !transfer->easy)
                g_error("libcurl is out of memory");
        return transfer;
}

/* libcurl takes leave when it closes a connection (QUIT, SMTP), and waits two minutes for the answer. This way the
 * words still go out, and the answer is not waited for. */
static void hang_up(struct transfer *transfer)
{
        curl_socket_t fd = CURL_SOCKET_BAD;
        if (curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
                shutdown(fd, SHUT_RD);
}

static void transfer_free(struct transfer *transfer)
{
        if (!transfer)
                return;
        hang_up(transfer);
        curl_multi_remove_handle(transfer->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
        curl_multi_cleanup(transfer->multi);
        curl_slist_free_all(transfer->headers);
        curl_slist_free_all(transfer->recipients);
        transfer_free_secrets(transfer->secrets);
        g_string_free(transfer->replies, TRUE);
        g_free(transfer->place);
        g_free(transfer);
}

typedef struct transfer transfer_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(transfer_t, transfer_free)

static void append_string(struct curl_slist **list, const char *text)
{
        struct curl_slist *longer = curl_slist_append(*list, text);
        if (!longer)
                g_error("libcurl is out of memory");
        *list = longer;
}

/* curl_easy_setopt fails for want of memory or for an option this libcurl was built without. Neither may pass in
 * silence: half of these options are what keeps a connection safe. */
#define SET(transfer, option, value) \
        do { \
                CURLcode set_code = curl_easy_setopt((transfer)->easy, option, value); \
                if (set_code != CURLE_OK) \
                        g_error("libcurl refuses " #option ": %s", curl_easy_strerror(set_code)); \
        } while (0)

static void set_common(struct transfer *transfer, const char *protocols)
{
        SET(transfer, CURLOPT_ERRORBUFFER, transfer->error_buffer);
        SET(transfer, CURLOPT_NOSIGNAL, 1L);
        SET(transfer, CURLOPT_PROTOCOLS_STR, protocols);
        SET(transfer, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
        SET(transfer, CURLOPT_FOLLOWLOCATION, 0L);
        SET(transfer, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
        SET(transfer, CURLOPT_PROXY, ""); /* not even from the environment: see hotfixd.conf(5) */
        SET(transfer, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
        SET(transfer, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
        SET(transfer, CURLOPT_TCP_KEEPALIVE, 1L);
        SET(transfer, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS);
        SET(transfer, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS);
        SET(transfer, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        SET(transfer, CURLOPT_OPENSOCKETDATA, transfer);
        SET(transfer, CURLOPT_SOCKOPTFUNCTION, tune_socket);
        SET(transfer, CURLOPT_NOPROGRESS, 0L);
        SET(transfer, CURLOPT_XFERINFOFUNCTION, check_abort);
        SET(transfer, CURLOPT_XFERINFODATA, transfer);
        SET(transfer, CURLOPT_QUICK_EXIT, 1L); /* a stop does not wait for a name server; the thread ends by itself */
}

/* Our own deadline and not CURLOPT_TIMEOUT_MS: after that, libcurl still waits two minutes for an answer to QUIT. */
static void set_deadline(struct transfer *transfer, int64_t timeout_ms)
{
        transfer->deadline_ms = clock_monotonic_ms() + timeout_ms;
        SET(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long) CLAMP(timeout_ms, 1, CONNECT_TIMEOUT_MS));
}

static void set_tls(struct transfer *transfer, const char *ca_file)
{
        SET(transfer, CURLOPT_SSL_VERIFYPEER, 1L);
        SET(transfer, CURLOPT_SSL_VERIFYHOST, 2L);
        SET(transfer, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
        if (ca_file) {
                SET(transfer, CURLOPT_CAINFO, ca_file);
                SET(transfer, CURLOPT_CAPATH, NULL); /* else the system's certificates count as well */
        }
}

static void set_login(struct transfer *transfer, const char *user, const char *password, const char *options)
{
        transfer->secrets = transfer_secret_forms(user, password);
        SET(transfer, CURLOPT_USERNAME, user);
        SET(transfer, CURLOPT_PASSWORD, password);
        SET(transfer, CURLOPT_LOGIN_OPTIONS, options);
}

/* Until the deadline, in slices: a wall clock set by a test must not make it sleep for ever. */
static int poll_ms(const struct transfer *transfer)
{
        int64_t left_ms = transfer->deadline_ms - clock_monotonic_ms();
        return (int) CLAMP(left_ms, 0, POLL_SLICE_MS);
}

/* Runs the handle until libcurl is done with it. Returns 0 and libcurl's result, or why it was ended early. */
static int run(struct transfer *transfer, CURLcode *ret_result)
{
        if (curl_multi_add_handle(transfer->multi, transfer->easy) != CURLM_OK)
                return -ENOMEM;
        struct curl_waitfd stop = { .fd = transfer->wake.stop_fd, .events = CURL_WAIT_POLLIN };
        for (int running = 1;;) {
                bool aborting = check_abort(transfer, 0, 0, 0, 0) != 0;
                if (curl_multi_perform(transfer->multi, &running) != CURLM_OK)
                        return -EIO;
                if (running == 0 || aborting)
                        break;
                if (curl_multi_poll(transfer->multi, &stop, stop.fd >= 0 ? 1 : 0, poll_ms(transfer), NULL) != CURLM_OK)
                        return -EIO;
        }
        int left = 0;
        CURLMsg *message = curl_multi_info_read(transfer->multi, &left);
        /* What was finished before the abort came into effect is finished. */
        if (transfer->abort_code < 0 && (!message || message->data.result != CURLE_OK))
                return transfer->abort_code;
        *ret_result = message ? message->data.result : CURLE_FAILED_INIT;
        return 0;
}

static int error_code_of(CURLcode result)
{
        switch (result) {
        case CURLE_OPERATION_TIMEDOUT:
                return -ERR_TIMEOUT;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_SHUTDOWN_FAILED:
        case CURLE_SSL_ENGINE_INITFAILED:
        case CURLE_USE_SSL_FAILED:
                return -ERR_TLS;
        case CURLE_LOGIN_DENIED:
        case CURLE_AUTH_ERROR:
                return -ERR_AUTH;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
                return -ERR_CONNECTION;
        case CURLE_OUT_OF_MEMORY:
                return -ENOMEM;
        default:
                return -ERR_PROTOCOL;
        }
}

/* A peer that goes away during the handshake is a connection that failed, not a certificate that is wrong. */
static bool is_reset(const char *text)
{
        return strstr(text, "Connection reset by peer") || strstr(text, "SSL_ERROR_SYSCALL") ||
               strstr(text, "Broken pipe");
}

/* What to do about a failure of TLS whose own words do not say it; "" if there is nothing to add. */
static const char *tls_advice(CURLcode result, const char *text)
{
        if (result == CURLE_SSL_CONNECT_ERROR && strstr(text, "wrong version number"))
                return " (there is no TLS from the first byte on this port: another port, or a URL without the \"s\"?)";
        if (result == CURLE_PEER_FAILED_VERIFICATION && strstr(text, "certificate problem"))
                return " (tls-ca-file names certificates to trust)";
        return "";
}

static int fail(const struct transfer *transfer, CURLcode result, struct error *err)
{
        const char *text = *transfer->error_buffer ? transfer->error_buffer : curl_easy_strerror(result);
        int code = error_code_of(result);
        if (transfer->address_refused)
                return error_set(err, -ERR_TLS,
                                 "%s: plain text is only for a loopback address, and this name has another",
                                 transfer->place);
        if (result == CURLE_SSL_CONNECT_ERROR && is_reset(text))
                code = -ERR_CONNECTION;
        if (result == CURLE_USE_SSL_FAILED)
                return error_set(err, code, "%s: the server does not encrypt (STARTTLS); no password, no mail was sent",
                                 transfer->place);
        /* What libcurl says is its own words; a server's words follow only if they do not repeat the password. */
        g_autofree char *own = transfer_quote_reply(text, strlen(text), (const char *const *) transfer->secrets);
        g_autofree char *reply = NULL;
        if (code == -ERR_AUTH || code == -ERR_PROTOCOL)
                reply = transfer_quote_reply(transfer->replies->str, transfer->replies->len,
                                             (const char *const *) transfer->secrets);
        return error_set(err, code, reply ? "%s: %s%s; the server says \"%s\"" : "%s: %s%s", transfer->place,
                         own ? own : error_name(code), tls_advice(result, text), reply);
}

static int run_and_check(struct transfer *transfer, CURLcode *ret_result, struct error *err)
{
        int r = run(transfer, ret_result);
        if (r == -ERR_CANCELLED)
                return error_set(err, r, "%s: interrupted", transfer->place);
        if (r == -ERR_TIMEOUT)
                return error_set(err, r, "%s: no answer in time", transfer->place);
        return r < 0 ? error_set(err, r, "%s: libcurl failed", transfer->place) : 0;
}

/* IMAP: the stream */

struct transfer_stream {
        struct stream base;
        struct transfer *transfer;
        curl_socket_t socket;
};

static int stream_error(const struct transfer *transfer, CURLcode code, struct error *err)
{
        int r = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ? -ERR_CONNECTION : error_code_of(code);
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
        .close = stream_close,
};

/* libcurl left to itself may pick a mechanism that cannot work here (GSSAPI for any user name with "@" in it), or one
 * that sends an empty password. Only with no preference at all it also knows the LOGIN command. */
#define LOGIN_PLAIN "AUTH=PLAIN"
#define LOGIN_LOGIN "AUTH=LOGIN"
#define LOGIN_SASL LOGIN_PLAIN ";" LOGIN_LOGIN
#define LOGIN_ANY NULL

static void set_imap(struct transfer *transfer, const struct config_mailbox *mailbox, const char *login_options)
{
        bool is_ipv6 = strchr(mailbox->host, ':') != NULL;
        g_autofree char *url = g_strdup_printf(is_ipv6 ? "%s://[%s]:%u/" : "%s://%s:%u/",
                                               mailbox->tls == CONFIG_TLS_IMPLICIT ? "imaps" : "imap", mailbox->host,
                                               mailbox->port);
        set_common(transfer, mailbox->tls == CONFIG_TLS_IMPLICIT ? "imaps" : "imap");
        set_tls(transfer, mailbox->ca_file);
        set_login(transfer, mailbox->user, mailbox->password, login_options);
        SET(transfer, CURLOPT_URL, url);
        SET(transfer, CURLOPT_USE_SSL,
            mailbox->tls == CONFIG_TLS_NONE ? (long) CURLUSESSL_NONE : (long) CURLUSESSL_ALL);
        SET(transfer, CURLOPT_CONNECT_ONLY, 1L);
        /* The connect timeout reaches from the name look-up to the login. */
        SET(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long) MAX(mailbox->timeout_ms, CONNECT_TIMEOUT_MS));
        SET(transfer, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long) (mailbox->timeout_ms + 999) / 1000);
        SET(transfer, CURLOPT_HEADERFUNCTION, keep_reply);
        SET(transfer, CURLOPT_HEADERDATA, transfer);
        transfer->only_loopback = mailbox->tls == CONFIG_TLS_NONE;
}

static int connect_imap(const struct config_mailbox *mailbox, const struct transfer_wake *wake, const char *place,
                        const char *login_options, bool *ret_no_sasl, struct stream **ret_stream, struct error *err)
{
        g_autoptr(transfer_t) transfer = transfer_new(wake, place);
        set_imap(transfer, mailbox, login_options);
        CURLcode result;
        int r = run_and_check(transfer, &result, err);
        if (r < 0)
                return r;
        if (result != CURLE_OK) {
                *ret_no_sasl = result == CURLE_LOGIN_DENIED && transfer_lacks_sasl(transfer->replies->str);
                return fail(transfer, result, err);
        }
        curl_socket_t fd = CURL_SOCKET_BAD;
        if (curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK || fd == CURL_SOCKET_BAD)
                return error_set(err, -ERR_CONNECTION, "%s: the connection was closed after the login", place);
        g_clear_pointer(&transfer->secrets, transfer_free_secrets);
        g_string_truncate(transfer->replies, 0);
        *transfer->error_buffer = '\0';
        struct transfer_stream *stream = g_new0(struct transfer_stream, 1);
        stream->base.ops = &stream_ops;
        stream->transfer = g_steal_pointer(&transfer);
        stream->socket = fd;
        *ret_stream = &stream->base;
        return 0;
}

static const char *login_options_of(const char *auth)
{
        if (strcmp(auth, "login") == 0)
                return LOGIN_LOGIN;
        return strcmp(auth, "plain") == 0 ? LOGIN_PLAIN : LOGIN_SASL;
}

int transfer_open_imap(const struct config_mailbox *mailbox, const struct transfer_wake *wake,
                       struct stream **ret_stream, struct error *err)
{
        g_autofree char *place = g_strdup_printf("%s:%u", mailbox->host, mailbox->port);
        if (mailbox->tls == CONFIG_TLS_NONE && (!mailbox->insecure || !transfer_host_is_loopback(mailbox->host)))
                return error_set(err, -ERR_TLS, "%s: plain text is only for a loopback address with insecure = yes",
                                 place);

        bool no_sasl = false;
        struct error first = ERROR_INIT;
        int r = connect_imap(mailbox, wake, place, login_options_of(mailbox->auth), &no_sasl, ret_stream, &first);
        if (r < 0 && no_sasl && strcmp(mailbox->auth, "auto") == 0) {
                /* No credential was sent: the server offers neither mechanism. There is still the LOGIN command. */
                error_clear(&first);
                r = connect_imap(mailbox, wake, place, LOGIN_ANY, &no_sasl, ret_stream, &first);
        }
        return r < 0 ? error_move(err, &first) : 0;
}

/* HTTP and SMTP: one exchange */

/* "host:port" of a URL; the rest of it may be a secret. */
static char *place_of(const char *url, char **ret_host)
{
        CURLU *parts = curl_url();
        char *host = NULL, *port = NULL, *place = NULL;
        if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
            curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
                if (curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
                        port = NULL;
                place = port ? g_strdup_printf("%s:%s", host, port) : g_strdup(host);
                *ret_host = g_strdup(host);
        }
        curl_free(host);
        curl_free(port);
        curl_url_cleanup(parts);
        return place;
}

/* Checks scheme and host before anything else; *ret_plain tells that this will be a loopback connection without TLS. */
static int check_url(const char *url, const char *tls_scheme, const char *plain_scheme, bool insecure, bool *ret_plain,
                     char **ret_place, struct error *err)
{
        g_autofree char *host = NULL, *place = place_of(url, &host);
        g_autofree char *scheme = g_uri_parse_scheme(url);
        if (!place || !scheme)
                return error_set(err, -ERR_CONFIG, "the address of the server is not a URL");
        bool plain = g_ascii_strcasecmp(scheme, plain_scheme) == 0;
        if (!plain && g_ascii_strcasecmp(scheme, tls_scheme) != 0)
                return error_set(err, -ERR_CONFIG, "%s: the URL starts neither with %s:// nor with %s://", place,
                                 tls_scheme, plain_scheme);
        *ret_plain = plain && insecure && transfer_host_is_loopback(host);
        if (plain && insecure && !*ret_plain)
                return error_set(err, -ERR_TLS, "%s: plain text is only for a loopback address", place);
        *ret_place = g_steal_pointer(&place);
        return 0;
}

static bool has_line_break(const char *text)
{
        return strpbrk(text, "\r\n") != NULL;
}

static int set_http(struct transfer *transfer, const struct http_request *request, struct error *err)
{
        g_autofree char *type = g_strdup_printf("Content-Type: %s", request->content_type);
        append_string(&transfer->headers, type);
        append_string(&transfer->headers, "Expect:"); /* no round trip of its own for a small body */
        for (size_t i = 0; request->headers && request->headers[i]; i++) {
                if (has_line_break(request->headers[i]))
                        return error_set(err, -ERR_MALFORMED, "%s: a header has a line break in it", transfer->place);
                append_string(&transfer->headers, request->headers[i]);
        }
        set_tls(transfer, request->ca_file);
        SET(transfer, CURLOPT_URL, request->url);
        SET(transfer, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
        SET(transfer, CURLOPT_USERAGENT, "hotfixd");
        SET(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) strlen(request->body));
        SET(transfer, CURLOPT_POSTFIELDS, request->body);
        SET(transfer, CURLOPT_HTTPHEADER, transfer->headers);
        set_deadline(transfer, request->timeout_ms);
        SET(transfer, CURLOPT_WRITEFUNCTION, keep_body);
        SET(transfer, CURLOPT_WRITEDATA, transfer);
        return 0;
}

static int64_t retry_after_ms(CURL *easy)
{
        curl_off_t seconds = 0;
        if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0)
                return -1;
        return MIN((int64_t) seconds, INT64_C(7) * 24 * 3600) * 1000;
}

int transfer_http_post(void *context, const struct http_request *request, struct http_answer *ret_answer,
                       struct error *err)
{
        bool plain = false;
        g_autofree char *place = NULL;
        int r = check_url(request->url, "https", "http", request->insecure, &plain, &place, err);
        if (r < 0)
                return r;
        if (g_ascii_strncasecmp(request->url, "http:", 5) == 0 && !plain)
                return error_set(err, -ERR_TLS, "%s: the URL does not start with https://", place);

        g_autoptr(transfer_t) transfer = transfer_new(context, place);
        set_common(transfer, plain ? "http" : "https");
        transfer->only_loopback = plain;
        r = set_http(transfer, request, err);
        if (r < 0)
                return r;
        CURLcode result;
        r = run_and_check(transfer, &result, err);
        if (r < 0)
                return r;
        long status = 0;
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        /* An answer too long to keep is an answer. */
        if (result != CURLE_OK && !(transfer->truncated && status > 0))
                return fail(transfer, result, err);
        ret_answer->status = status;
        ret_answer->body = text_make_valid(transfer->replies->str, transfer->replies->len, NULL);
        ret_answer->retry_after_ms = retry_after_ms(transfer->easy);
        return 0;
}

static int set_smtp(struct transfer *transfer, const struct smtp_request *request, bool plain, struct error *err)
{
        bool valid = !has_line_break(request->from) && request->to && request->to[0];
        for (size_t i = 0; valid && request->to[i]; i++) {
                valid = !has_line_break(request->to[i]);
                append_string(&transfer->recipients, request->to[i]);
        }
        if (!valid)
                return error_set(err, -ERR_MALFORMED, "%s: the mail has no recipient, or an address with a line break",
                                 transfer->place);
        set_tls(transfer, request->ca_file);
        if (request->user)
                set_login(transfer, request->user, request->password, LOGIN_SASL);
        SET(transfer, CURLOPT_URL, request->url);
        SET(transfer, CURLOPT_USE_SSL, plain ? (long) CURLUSESSL_NONE : (long) CURLUSESSL_ALL);
        SET(transfer, CURLOPT_MAIL_FROM, request->from);
        SET(transfer, CURLOPT_MAIL_RCPT, transfer->recipients);
        SET(transfer, CURLOPT_UPLOAD, 1L);
        SET(transfer, CURLOPT_INFILESIZE_LARGE, (curl_off_t) transfer->upload_size);
        SET(transfer, CURLOPT_READFUNCTION, give_upload);
        SET(transfer, CURLOPT_READDATA, transfer);
        set_deadline(transfer, request->timeout_ms);
        SET(transfer, CURLOPT_HEADERFUNCTION, keep_smtp_reply);
        SET(transfer, CURLOPT_HEADERDATA, transfer);
        return 0;
}

/* A reply with which the server turned this mail down, as opposed to a connection or a login that failed. */
static bool is_refusal(const struct transfer *transfer, CURLcode result, long status)
{
        int code = error_code_of(result);
        return transfer->mail_stage && status >= 400 && status < 600 &&
               (code == -ERR_PROTOCOL || code == -ERR_CONNECTION);
}

static int finish_smtp(struct transfer *transfer, CURLcode result, struct smtp_answer *ret_answer, struct error *err)
{
        long status = 0;
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        if (result != CURLE_OK && !is_refusal(transfer, result, status))
                return fail(transfer, result, err);
        char *text = transfer_quote_reply(transfer->replies->str, transfer->replies->len,
                                          (const char *const *) transfer->secrets);
        ret_answer->status = status;
        ret_answer->text = text ? text : g_strdup_printf("%ld", status);
        return 0;
}

int transfer_smtp_send(void *context, const struct smtp_request *request, struct smtp_answer *ret_answer,
                       struct error *err)
{
        bool plain = false;
        g_autofree char *place = NULL;
        int r = check_url(request->url, "smtps", "smtp", request->insecure, &plain, &place, err);
        if (r < 0)
                return r;
        size_t size = 0;
        g_autofree char *data = transfer_normalize_lines(request->data, request->size, &size);
        g_autoptr(transfer_t) transfer = transfer_new(context, place);
        transfer->upload = data;
        transfer->upload_size = size;
        transfer->only_loopback = plain;
        set_common(transfer, "smtp,smtps");
        r = set_smtp(transfer, request, plain, err);
        if (r < 0)
                return r;
        CURLcode result;
        r = run_and_check(transfer, &result, err);
        return r < 0 ? r : finish_smtp(transfer, result, ret_answer, err);
}
