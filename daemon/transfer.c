/* SPDX-License-Identifier: MIT */
/*
 * The life of one transfer. The multi handle is there for its poll, which also looks at the owner's stop; the easy
 * handle stays in it as long as an IMAP stream lives, since send and recv need that.
 */
#include "daemon/transfer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "daemon/oauth2.h"
#include "daemon/transfer_curl_p.h"
#include "daemon/transfer_p.h"

#define KEEPALIVE_IDLE_SECONDS_MAX 60 /* firewalls forget silent connections after some minutes */
#define KEEPALIVE_INTERVAL_SECONDS_MAX 30
#define RECEIVE_BUFFER_BYTES (64L * 1024)
#define POLL_SLICE_MS 1000

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
        oauth2_finish();
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
        const struct transfer *transfer = context;
        (void) purpose;
        unsigned timeout_ms = (unsigned) CLAMP(transfer->silence_ms, 1000, G_MAXINT);
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
size_t transfer_keep_reply(char *data, size_t unit, size_t count, void *context)
{
        struct transfer *transfer = context;
        size_t size = unit * count;
        if (transfer->replies->len + size > LIMIT_ANSWER_BYTES)
                g_string_truncate(transfer->replies, 0);
        g_string_append_len(transfer->replies, data, (gssize) MIN(size, LIMIT_ANSWER_BYTES));
        return size;
}

static struct transfer *new_in(const struct transfer_wake *wake, const char *place, struct transfer_kept *kept)
{
        struct transfer *transfer = g_new0(struct transfer, 1);
        transfer->wake = *wake;
        transfer->place = g_strdup(place);
        transfer->deadline_ms = INT64_MAX;
        transfer->replies = g_string_new(NULL);
        transfer->kept = kept;
        transfer->multi = kept ? transfer_kept_take(kept, &transfer->was_open) : curl_multi_init();
        transfer->easy = curl_easy_init();
        if (!transfer->multi || !transfer->easy)
                g_error("libcurl is out of memory");
        return transfer;
}

struct transfer *transfer_new(const struct transfer_wake *wake, const char *place)
{
        return new_in(wake, place, NULL);
}

struct transfer *transfer_new_kept(const struct transfer_wake *wake, const char *place)
{
        return new_in(wake, place, wake->kept);
}

/* libcurl takes leave when it closes a connection (QUIT, SMTP), and waits two minutes for the answer. This way the
 * words still go out, and the answer is not waited for. */
static void hang_up(struct transfer *transfer)
{
        curl_socket_t fd = CURL_SOCKET_BAD;
        if (curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
                shutdown(fd, SHUT_RD);
}

void transfer_free(struct transfer *transfer)
{
        if (!transfer)
                return;
        if (transfer->kept) {
                transfer_kept_give(transfer->kept, transfer->easy, transfer->complete);
        } else {
                hang_up(transfer);
                curl_multi_remove_handle(transfer->multi, transfer->easy);
        }
        curl_easy_cleanup(transfer->easy);
        if (!transfer->kept)
                curl_multi_cleanup(transfer->multi);
        curl_slist_free_all(transfer->headers);
        curl_slist_free_all(transfer->recipients);
        transfer_free_secrets(transfer->secrets);
        if (transfer->secret_replies)
                explicit_bzero(transfer->replies->str, transfer->replies->allocated_len);
        g_string_free(transfer->replies, TRUE);
        g_free(transfer->place);
        g_free(transfer);
}

void transfer_append(struct curl_slist **list, const char *text)
{
        struct curl_slist *longer = curl_slist_append(*list, text);
        if (!longer)
                g_error("libcurl is out of memory");
        *list = longer;
}

/* A probe after a third of the time that a connection may be silent, more of them until five sixths are over: a peer
 * that is gone is noticed before the time is up (TCP_USER_TIMEOUT ends a connection at the first probe after it). */
static void set_keepalive(struct transfer *transfer, int64_t silence_ms)
{
        int64_t sixth_s = silence_ms / 6000;
        transfer->silence_ms = silence_ms * 5 / 6;
        SET(transfer, CURLOPT_TCP_KEEPALIVE, 1L);
        SET(transfer, CURLOPT_TCP_KEEPIDLE, (long) CLAMP(2 * sixth_s, 1, KEEPALIVE_IDLE_SECONDS_MAX));
        SET(transfer, CURLOPT_TCP_KEEPINTVL, (long) CLAMP(sixth_s, 1, KEEPALIVE_INTERVAL_SECONDS_MAX));
        SET(transfer, CURLOPT_SOCKOPTFUNCTION, tune_socket);
        SET(transfer, CURLOPT_SOCKOPTDATA, transfer);
}

void transfer_set_common(struct transfer *transfer, const char *protocols, int64_t silence_ms)
{
        SET(transfer, CURLOPT_ERRORBUFFER, transfer->error_buffer);
        SET(transfer, CURLOPT_NOSIGNAL, 1L);
        SET(transfer, CURLOPT_PROTOCOLS_STR, protocols);
        SET(transfer, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
        SET(transfer, CURLOPT_FOLLOWLOCATION, 0L);
        SET(transfer, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
        SET(transfer, CURLOPT_PROXY, ""); /* not even from the environment: see hotfixd.conf(5) */
        SET(transfer, CURLOPT_CONNECTTIMEOUT_MS, TRANSFER_CONNECT_TIMEOUT_MS);
        SET(transfer, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_BYTES);
        set_keepalive(transfer, silence_ms);
        SET(transfer, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        SET(transfer, CURLOPT_OPENSOCKETDATA, transfer);
        SET(transfer, CURLOPT_NOPROGRESS, 0L);
        SET(transfer, CURLOPT_XFERINFOFUNCTION, check_abort);
        SET(transfer, CURLOPT_XFERINFODATA, transfer);
        SET(transfer, CURLOPT_QUICK_EXIT, 1L); /* a stop does not wait for a name server; the thread ends by itself */
}

/* Our own deadline and not CURLOPT_TIMEOUT_MS: after that, libcurl still waits two minutes for an answer to QUIT. */
void transfer_set_deadline(struct transfer *transfer, int64_t timeout_ms)
{
        transfer->deadline_ms = clock_monotonic_ms() + timeout_ms;
        SET(transfer, CURLOPT_CONNECTTIMEOUT_MS, (long) CLAMP(timeout_ms, 1, TRANSFER_CONNECT_TIMEOUT_MS));
}

void transfer_set_tls(struct transfer *transfer, const char *ca_file)
{
        SET(transfer, CURLOPT_SSL_VERIFYPEER, 1L);
        SET(transfer, CURLOPT_SSL_VERIFYHOST, 2L);
        SET(transfer, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
        if (ca_file) {
                SET(transfer, CURLOPT_CAINFO, ca_file);
                SET(transfer, CURLOPT_CAPATH, NULL); /* else the system's certificates count as well */
        }
}

void transfer_set_login(struct transfer *transfer, const char *user, const char *password, const char *options)
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

int transfer_run(struct transfer *transfer, CURLcode *ret_result, struct error *err)
{
        int r = run(transfer, ret_result);
        return r < 0 ? transfer_fail_early(transfer, r, err) : 0;
}

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

int transfer_check_url(const char *url, const char *tls_scheme, const char *plain_scheme, bool insecure,
                       bool *ret_plain, char **ret_place, struct error *err)
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

