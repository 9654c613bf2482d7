/* SPDX-License-Identifier: MIT */
/* The transfer module against peers on loopback: those of tests/peers, and a scripted server in a thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "daemon/transfer.h"
#include "daemon/transfer_p.h"
#include "tests/line_server.h"
#include "tests/support.h"

#define TIMEOUT_MS 10000

static char *directory;
static struct transfer_wake wake;
static struct error err;
static GPid peer;
static char *peer_place; /* "127.0.0.1:N" */

static char *path_in(const char *name)
{
        return g_build_filename(directory, name, NULL);
}

static void setup(void)
{
        directory = support_temporary_directory();
        wake.stop_fd = eventfd(0, EFD_CLOEXEC);
        wake.attention_fd = eventfd(0, EFD_CLOEXEC);
        err = (struct error) ERROR_INIT;
        ck_assert_int_eq(transfer_prepare(NULL), 0);
}

static void stop_peer(void)
{
        if (!peer)
                return;
        kill(peer, SIGTERM);
        waitpid(peer, NULL, 0);
        g_spawn_close_pid(peer);
        peer = 0;
        g_clear_pointer(&peer_place, g_free);
}

static void teardown(void)
{
        stop_peer();
        transfer_finish();
        error_clear(&err);
        close(wake.stop_fd);
        close(wake.attention_fd);
        g_free(directory);
}

static void signal_event(int fd)
{
        uint64_t one = 1;
        ck_assert_int_eq(write(fd, &one, sizeof(one)), sizeof(one));
}

/* Reads the peer's first line, "port N". */
static unsigned read_port(int fd)
{
        g_autoptr(GString) line = g_string_new(NULL);
        char c;
        while (read(fd, &c, 1) == 1 && c != '\n')
                g_string_append_c(line, c);
        ck_assert_msg(g_str_has_prefix(line->str, "port "), "the peer did not start: \"%s\"", line->str);
        return (unsigned) g_ascii_strtoull(line->str + strlen("port "), NULL, 10);
}

/* Starts a script of tests/peers with these arguments (ended by NULL). */
static unsigned start_peer(const char *name, ...)
{
        g_autofree char *relative = g_strconcat("peers/", name, NULL), *script = support_source_path(relative);
        g_autoptr(GPtrArray) argv = g_ptr_array_new();
        g_ptr_array_add(argv, (gpointer) "/usr/bin/python3");
        g_ptr_array_add(argv, script);
        va_list arguments;
        va_start(arguments, name);
        for (char *argument; (argument = va_arg(arguments, char *));)
                g_ptr_array_add(argv, argument);
        va_end(arguments);
        g_ptr_array_add(argv, NULL);
        int out = -1;
        GError *error = NULL;
        ck_assert(g_spawn_async_with_pipes(NULL, (char **) argv->pdata, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                                           &peer, NULL, &out, NULL, &error));
        unsigned port = read_port(out);
        close(out);
        peer_place = g_strdup_printf("127.0.0.1:%u", port);
        return port;
}

/* A self-signed certificate: NAME.pem and NAME.key. */
static void make_certificate_for(const char *name, const char *subjects)
{
        g_autofree char *command = g_strdup_printf(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
                "-addext %s -keyout %s/%s.key -out %s/%s.pem", subjects, directory, name, directory, name);
        g_autofree char *output = NULL;
        int status = -1;
        ck_assert(g_spawn_command_line_sync(command, NULL, &output, &status, NULL));
        ck_assert_msg(status == 0, "%s", output);
}

static void make_certificate(const char *name)
{
        make_certificate_for(name, "subjectAltName=DNS:localhost,IP:127.0.0.1");
}

static void assert_text(const char *part)
{
        ck_assert_msg(err.text && strstr(err.text, part), "\"%s\" is not in \"%s\"", part, error_text(&err));
}

/* HTTP */

static struct http_answer answer;

static int post(const char *url, const char *body, const char *ca_file)
{
        static const char *const headers[] = { "X-Idempotency-Key: k1", NULL };
        struct http_request request = { .url = url,
                                        .content_type = "application/json",
                                        .body = body,
                                        .headers = headers,
                                        .ca_file = ca_file,
                                        .insecure = true,
                                        .timeout_ms = TIMEOUT_MS };
        http_answer_clear(&answer);
        error_clear(&err);
        return transfer_http_post(&wake, &request, &answer, &err);
}

static char *http_script(const char *text)
{
        char *path = path_in("script");
        ck_assert(g_file_set_contents(path, text, -1, NULL));
        return path;
}

static char *sink_url(const char *path)
{
        return g_strdup_printf("http://%s%s", peer_place, path);
}

START_TEST(http_posts_body_and_headers)
{
        g_autofree char *out = path_in("out");
        start_peer("http_sink.py", "--out", out, NULL);
        g_autofree char *url = sink_url("/T0/s3cret");
        ck_assert_msg(post(url, "{\"text\": \"更新\"}", NULL) == 0, "%s", error_text(&err));
        ck_assert_int_eq(answer.status, 200);
        ck_assert_str_eq(answer.body, "ok");
        ck_assert_int_eq(answer.retry_after_ms, -1);
        g_autofree char *got = support_read_file(out, NULL);
        ck_assert_ptr_nonnull(strstr(got, "\"path\": \"/T0/s3cret\""));
        ck_assert_ptr_nonnull(strstr(got, "\"content-type\": \"application/json\""));
        ck_assert_ptr_nonnull(strstr(got, "\"x-idempotency-key\": \"k1\""));
        ck_assert_ptr_nonnull(strstr(got, "{\\\"text\\\": \\\"更新\\\"}"));
        ck_assert_ptr_null(strstr(got, "expect"));
        http_answer_clear(&answer);
}
END_TEST

START_TEST(http_statuses_are_answers)
{
        g_autofree char *out = path_in("out"), *script = http_script("429 2\n500\n302\n404\n429 999999999\n");
        start_peer("http_sink.py", "--out", out, "--script", script, NULL);
        g_autofree char *url = sink_url("/x");
        static const long expected[] = { 429, 500, 302, 404, 429, 200 };
        static const int64_t after[] = { 2000, -1, -1, -1, INT64_C(7) * 24 * 3600 * 1000, -1 };
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
                ck_assert_msg(post(url, "{}", NULL) == 0, "%s", error_text(&err));
                ck_assert_int_eq(answer.status, expected[i]);
                ck_assert_int_eq(answer.retry_after_ms, after[i]);
        }
        g_autofree char *got = support_read_file(out, NULL);
        ck_assert_ptr_null(strstr(got, "elsewhere")); /* the redirection was not followed */
        http_answer_clear(&answer);
}
END_TEST

START_TEST(http_failures_have_codes_and_no_secrets)
{
        g_autofree char *script = http_script("close\nendless\nendless\n");
        unsigned port = start_peer("http_sink.py", "--script", script, NULL);
        g_autofree char *url = sink_url("/T0/s3cret");
        ck_assert_int_eq(post(url, "{}", NULL), -ERR_CONNECTION);
        ck_assert(answer.begun);
        assert_text(peer_place);
        ck_assert_ptr_null(strstr(err.text, "s3cret"));
        ck_assert_msg(post(url, "{}", NULL) == 0, "%s", error_text(&err)); /* too long: kept as far as the limit */
        ck_assert_int_eq(answer.status, 200);
        ck_assert_uint_eq(strlen(answer.body), LIMIT_ANSWER_BYTES);
        http_answer_clear(&answer);
        struct http_request larger = { .url = url, .content_type = "text/plain", .body = "x", .insecure = true,
                                       .timeout_ms = TIMEOUT_MS, .answer_bytes = 3 * LIMIT_ANSWER_BYTES + 1 };
        ck_assert_msg(transfer_http_post(&wake, &larger, &answer, &err) == 0, "%s", error_text(&err));
        ck_assert_uint_eq(strlen(answer.body), 3 * LIMIT_ANSWER_BYTES + 1);
        stop_peer();
        ck_assert_int_eq(post(url, "{}", NULL), -ERR_CONNECTION);
        ck_assert(!answer.begun); /* nobody was there to take it */
        g_autofree char *place = g_strdup_printf("127.0.0.1:%u", port);
        assert_text(place);
        ck_assert_ptr_null(strstr(err.text, "s3cret"));
        http_answer_clear(&answer);
}
END_TEST

START_TEST(http_waits_no_longer_than_asked)
{
        g_autofree char *script = http_script("hang\n");
        start_peer("http_sink.py", "--script", script, NULL);
        g_autofree char *url = sink_url("/x");
        struct http_request request = { .url = url, .content_type = "text/plain", .body = "", .insecure = true,
                                        .timeout_ms = 300 };
        ck_assert_int_eq(transfer_http_post(&wake, &request, &answer, &err), -ERR_TIMEOUT);
}
END_TEST

START_TEST(http_refuses_plain_text_to_others)
{
        struct http_request request = { .content_type = "text/plain", .body = "", .timeout_ms = TIMEOUT_MS };
        request.url = "http://127.0.0.1:1/s3cret";
        ck_assert_int_eq(transfer_http_post(&wake, &request, &answer, &err), -ERR_TLS);
        request.insecure = true;
        request.url = "http://192.0.2.1/s3cret";
        ck_assert_int_eq(transfer_http_post(&wake, &request, &answer, &err), -ERR_TLS);
        ck_assert_ptr_null(strstr(err.text, "s3cret"));
        request.url = "ftp://127.0.0.1/s3cret";
        ck_assert_int_eq(transfer_http_post(&wake, &request, &answer, &err), -ERR_CONFIG);
        request.url = "s3cret";
        ck_assert_int_eq(transfer_http_post(&wake, &request, &answer, &err), -ERR_CONFIG);
        ck_assert_ptr_null(strstr(err.text, "s3cret"));
        static const char *const headers[] = { "A: b\r\nC: d", NULL };
        request = (struct http_request) { .url = "https://127.0.0.1:1/", .content_type = "text/plain", .body = "",
                                          .headers = headers, .timeout_ms = TIMEOUT_MS };
        ck_assert_int_eq(transfer_http_post(&wake, &request, &answer, &err), -ERR_MALFORMED);
}
END_TEST

START_TEST(https_verifies_the_certificate)
{
        make_certificate("own");
        make_certificate("other");
        g_autofree char *pem = path_in("own.pem"), *key = path_in("own.key"), *other = path_in("other.pem");
        unsigned port = start_peer("http_sink.py", "--certificate", pem, "--key", key, NULL);
        g_autofree char *url = g_strdup_printf("https://localhost:%u/x", port);
        ck_assert_int_eq(post(url, "{}", NULL), -ERR_TLS);
        assert_text("certificate");
        ck_assert_int_eq(post(url, "{}", other), -ERR_TLS);
        ck_assert_msg(post(url, "{}", pem) == 0, "%s", error_text(&err));
        ck_assert_int_eq(answer.status, 200);
        http_answer_clear(&answer);
}
END_TEST

START_TEST(https_verifies_the_name)
{
        make_certificate_for("own", "subjectAltName=DNS:localhost");
        g_autofree char *pem = path_in("own.pem"), *key = path_in("own.key");
        unsigned port = start_peer("http_sink.py", "--certificate", pem, "--key", key, NULL);
        g_autofree char *right = g_strdup_printf("https://localhost:%u/x", port);
        g_autofree char *wrong = g_strdup_printf("https://127.0.0.1:%u/x", port);
        ck_assert_msg(post(right, "{}", pem) == 0, "%s", error_text(&err));
        ck_assert_int_eq(post(wrong, "{}", pem), -ERR_TLS);
        http_answer_clear(&answer);
}
END_TEST

START_TEST(environment_proxies_are_not_used)
{
        g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
        g_setenv("ALL_PROXY", "http://127.0.0.1:1", TRUE);
        start_peer("http_sink.py", NULL);
        g_autofree char *url = sink_url("/x");
        ck_assert_msg(post(url, "{}", NULL) == 0, "%s", error_text(&err));
        http_answer_clear(&answer);
}
END_TEST

/* Whoever runs this by hand may have passwords for the same host. */
START_TEST(a_netrc_is_not_used)
{
        g_autofree char *netrc = path_in(".netrc"), *out = path_in("out");
        ck_assert(g_file_set_contents(netrc, "machine 127.0.0.1 login me password mine\n", -1, NULL));
        g_setenv("HOME", directory, TRUE);
        start_peer("http_sink.py", "--out", out, NULL);
        g_autofree char *url = sink_url("/x");
        ck_assert_msg(post(url, "{}", NULL) == 0, "%s", error_text(&err));
        g_autofree char *got = support_read_file(out, NULL);
        ck_assert_ptr_nonnull(strstr(got, "\"path\": \"/x\""));
        ck_assert_ptr_null(strstr(got, "authorization"));
        http_answer_clear(&answer);
}
END_TEST

/* HTTP, on one connection */

/* What the sink has got: ports[i] is the connection that the i-th request came on. */
static void assert_connections(const char *out, const unsigned *same_as, size_t count)
{
        g_autofree char *got = support_read_file(out, NULL);
        g_auto(GStrv) lines = g_strsplit(g_strchomp(got), "\n", -1);
        g_autofree guint64 *ports = g_new0(guint64, count);
        ck_assert_msg(g_strv_length(lines) == count, "%u requests came: %s", g_strv_length(lines), got);
        for (size_t i = 0; i < count; i++) {
                const char *port = strstr(lines[i], "\"port\": ");
                ck_assert_ptr_nonnull(port);
                ports[i] = g_ascii_strtoull(port + strlen("\"port\": "), NULL, 10);
                for (size_t j = 0; j < i; j++)
                        ck_assert_msg((ports[i] == ports[j]) == (same_as[i] == same_as[j]), "%zu and %zu: %s", j, i, got);
        }
}

static void assert_posted(const char *url, const char *ca_file)
{
        ck_assert_msg(post(url, "{}", ca_file) == 0, "%s", error_text(&err));
        ck_assert_int_eq(answer.status, 200);
}

static void keep_connections(void)
{
        clock_set_for_test(INT64_C(1700000000000), 1000000);
        wake.kept = transfer_kept_new();
}

static void stop_keeping(void)
{
        transfer_kept_free(wake.kept);
        wake.kept = NULL;
        clock_set_for_test(-1, -1);
        http_answer_clear(&answer);
}

static void let_pass(int64_t ms)
{
        clock_set_for_test(clock_wall_ms() + ms, clock_monotonic_ms() + ms);
}

/* Over TLS, where it saves a handshake, and never one of another verification. */
START_TEST(a_connection_is_kept_for_a_while)
{
        static const unsigned same_as[] = { 0, 0, 0, 1, 1, 2, 3, 4, 5 };
        make_certificate("own");
        make_certificate("other");
        g_autofree char *pem = path_in("own.pem"), *key = path_in("own.key"), *other = path_in("other.pem"), *out = path_in("out");
        unsigned port = start_peer("http_sink.py", "--certificate", pem, "--key", key, "--out", out, NULL);
        g_autofree char *url = g_strdup_printf("https://localhost:%u/x", port);
        g_autofree char *by_address = g_strdup_printf("https://127.0.0.1:%u/x", port);
        keep_connections();
        assert_posted(url, pem);
        assert_posted(url, pem);
        let_pass(29999);
        assert_posted(url, pem);
        let_pass(30000);
        assert_posted(url, pem);
        assert_posted(url, pem);
        ck_assert_int_eq(post(url, "{}", other), -ERR_TLS);
        assert_posted(url, pem);
        ck_assert_int_eq(post(url, "{}", NULL), -ERR_TLS);
        assert_posted(url, pem);
        assert_posted(by_address, pem);
        stop_keeping();
        assert_posted(url, pem);
        assert_connections(out, same_as, G_N_ELEMENTS(same_as));
        http_answer_clear(&answer);
}
END_TEST

START_TEST(a_connection_is_not_kept_for_ever)
{
        static const unsigned same_as[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1 };
        g_autofree char *out = path_in("out");
        start_peer("http_sink.py", "--out", out, NULL);
        g_autofree char *url = sink_url("/x");
        keep_connections();
        for (size_t i = 0; i < G_N_ELEMENTS(same_as); i++) {
                assert_posted(url, NULL);
                let_pass(29000); /* the twelfth is sent after 319 s */
        }
        stop_keeping();
        assert_connections(out, same_as, G_N_ELEMENTS(same_as));
}
END_TEST

/* Our end of a connection to the peer; -1: there is none. */
static int find_connection(unsigned port)
{
        for (int fd = 3; fd < 256; fd++) {
                struct sockaddr_in address = { 0 };
                socklen_t size = sizeof(address);
                if (getpeername(fd, (struct sockaddr *) &address, &size) == 0 && address.sin_family == AF_INET &&
                    ntohs(address.sin_port) == port)
                        return fd;
        }
        return -1;
}

static void wait_for_its_end(unsigned port)
{
        struct pollfd p = { .fd = find_connection(port), .events = POLLRDHUP };
        if (p.fd >= 0) /* else libcurl has seen the end already */
                ck_assert_int_eq(poll(&p, 1, 10000), 1);
}

static void drops_are_no_failures(const char *pem)
{
        static const unsigned same_as[] = { 0, 1, 2, 2 };
        g_autofree char *key = path_in("own.key"), *out = path_in("out"), *script = http_script("drop\n408\n");
        unsigned port = pem ? start_peer("http_sink.py", "--out", out, "--script", script, "--certificate", pem, "--key", key, NULL)
                            : start_peer("http_sink.py", "--out", out, "--script", script, NULL);
        g_autofree char *url = g_strdup_printf("%s://127.0.0.1:%u/x", pem ? "https" : "http", port);
        keep_connections();
        assert_posted(url, pem);
        wait_for_its_end(port);
        assert_posted(url, pem);
        wait_for_its_end(port);
        assert_posted(url, pem);
        assert_posted(url, pem);
        transfer_kept_tidy(wake.kept);
        ck_assert_int_ge(find_connection(port), 0);
        let_pass(30000);
        transfer_kept_tidy(wake.kept);
        ck_assert_int_eq(find_connection(port), -1);
        stop_keeping();
        assert_connections(out, same_as, G_N_ELEMENTS(same_as));
        g_unlink(out);
        stop_peer();
}

START_TEST(a_kept_connection_that_the_server_ends_is_no_failure)
{
        make_certificate("own");
        g_autofree char *pem = path_in("own.pem");
        drops_are_no_failures(NULL);
        drops_are_no_failures(pem);
}
END_TEST

/* What the server did with the request nobody knows: that is for the outbox to decide, as with a new connection. */
static void failures_are_not_repeated(const char *pem)
{
        static const unsigned same_as[] = { 0, 0, 1, 1, 2 };
        g_autofree char *key = path_in("own.key"), *out = path_in("out"), *script = http_script("200\nclose\n200\nhang\n");
        unsigned port = pem ? start_peer("http_sink.py", "--out", out, "--script", script, "--certificate", pem, "--key", key, NULL)
                            : start_peer("http_sink.py", "--out", out, "--script", script, NULL);
        g_autofree char *url = g_strdup_printf("%s://127.0.0.1:%u/s3cret", pem ? "https" : "http", port);
        keep_connections();
        clock_set_for_test(-1, -1); /* a time limit is one of real time */
        assert_posted(url, pem);
        ck_assert_int_eq(post(url, "{}", pem), -ERR_CONNECTION);
        assert_text("the connection broke before an answer came");
        ck_assert_ptr_null(strstr(err.text, "s3cret"));
        assert_posted(url, pem);
        struct http_request request = { .url = url, .content_type = "text/plain", .body = "x", .ca_file = pem, .insecure = true,
                                        .timeout_ms = 300 };
        ck_assert_int_eq(transfer_http_post(&wake, &request, &answer, &err), -ERR_TIMEOUT);
        assert_text("before any answer");
        assert_posted(url, pem);
        stop_keeping();
        assert_connections(out, same_as, G_N_ELEMENTS(same_as));
        g_unlink(out);
        stop_peer();
}

START_TEST(nothing_is_sent_twice)
{
        make_certificate("own");
        g_autofree char *pem = path_in("own.pem");
        failures_are_not_repeated(NULL);
        failures_are_not_repeated(pem);
}
END_TEST

START_TEST(an_unfinished_answer_ends_a_kept_connection)
{
        static const unsigned same_as[] = { 0, 0, 1, 1 };
        g_autofree char *out = path_in("out"), *script = http_script("429 2\nendless\n500\n");
        start_peer("http_sink.py", "--out", out, "--script", script, NULL);
        g_autofree char *url = sink_url("/x");
        static const long expected[] = { 429, 200, 500, 200 };
        keep_connections();
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
                ck_assert_msg(post(url, "{}", NULL) == 0, "%s", error_text(&err));
                ck_assert_int_eq(answer.status, expected[i]);
                ck_assert_int_eq(answer.retry_after_ms, i == 0 ? 2000 : -1); /* of this answer, not of an earlier one */
        }
        stop_keeping();
        assert_connections(out, same_as, G_N_ELEMENTS(same_as));
}
END_TEST

/* SMTP */

static struct smtp_answer reply;

static const char *const recipients[] = { "b@example.org", "c@example.org", NULL };

static int send_mail(const struct smtp_request *changes)
{
        g_autofree char *url = g_strdup_printf("smtp://%s", peer_place);
        static const char mail[] = "Subject: test\n\n.a line with a dot\n.\nend\n";
        struct smtp_request request = *changes;
        if (!request.url)
                request.url = url;
        request.from = "a@example.org";
        request.to = recipients;
        request.data = mail;
        request.size = strlen(mail);
        if (request.timeout_ms == 0)
                request.timeout_ms = TIMEOUT_MS;
        smtp_answer_clear(&reply);
        error_clear(&err);
        return transfer_smtp_send(&wake, &request, &reply, &err);
}

static unsigned count_files(const char *folder)
{
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        unsigned count = 0;
        while (dir && g_dir_read_name(dir))
                count++;
        return count;
}

/* The only mail in the sink's folder. */
static char *read_only_mail(void)
{
        g_autofree char *folder = path_in("maildir/new");
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        ck_assert_ptr_nonnull(dir);
        const char *name = g_dir_read_name(dir);
        ck_assert_ptr_nonnull(name);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        char *text = support_read_file(path, NULL);
        ck_assert_ptr_null(g_dir_read_name(dir));
        return text;
}

START_TEST(smtp_delivers_bytes_and_envelope)
{
        g_autofree char *maildir = path_in("maildir");
        start_peer("smtp_sink.py", "--maildir", maildir, NULL);
        ck_assert_msg(send_mail(&(struct smtp_request) { .insecure = true }) == 0, "%s", error_text(&err));
        ck_assert_int_eq(reply.status, 250);
        ck_assert_str_eq(reply.text, "250 kept");
        g_autofree char *mail = read_only_mail();
        ck_assert_str_eq(mail, "X-Envelope-From: a@example.org\r\nX-Envelope-To: b@example.org, c@example.org\r\n"
                               "Subject: test\r\n\r\n.a line with a dot\r\n.\r\nend\r\n");
        smtp_answer_clear(&reply);
}
END_TEST

START_TEST(smtp_refusals_are_answers)
{
        start_peer("smtp_sink.py", "--reject", "mail:421,rcpt:550,data:451,data:554,-", NULL);
        static const struct { long status; const char *text; } expected[] = {
                { 421, "421 mail refused as asked" }, { 550, "550 recipient refused as asked" },
                { 451, "451 data refused as asked" }, { 554, "554 data refused as asked" }, { 250, "250 kept" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
                ck_assert_msg(send_mail(&(struct smtp_request) { .insecure = true }) == 0, "%s", error_text(&err));
                ck_assert_int_eq(reply.status, expected[i].status);
                ck_assert_str_eq(reply.text, expected[i].text);
        }
        smtp_answer_clear(&reply);
}
END_TEST

/* Who is refused keeps nobody else from getting the mail, and each gets the reply that was meant for him. */
START_TEST(smtp_answers_for_each_recipient)
{
        g_autofree char *maildir = path_in("maildir");
        start_peer("smtp_sink.py", "--maildir", maildir, "--reject",
                   "b@example.org:550,c@example.org:450,b@example.org:450+c@example.org:550,c@example.org:550+data:451", NULL);
        static const struct { long status, b, c; const char *text; } expected[] = {
                { 250, 550, 250, "250 kept" },
                { 250, 250, 450, "250 kept" },
                { 550, 450, 550, "550 recipient refused as asked" }, /* nobody is left: the last reply */
                { 451, 250, 550, "451 data refused as asked" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
                ck_assert_msg(send_mail(&(struct smtp_request) { .insecure = true }) == 0, "%s", error_text(&err));
                ck_assert_int_eq(reply.status, expected[i].status);
                ck_assert_str_eq(reply.text, expected[i].text);
                ck_assert_uint_eq(reply.recipient_count, 2);
                ck_assert_int_eq(reply.recipients[0].status, expected[i].b);
                ck_assert_int_eq(reply.recipients[1].status, expected[i].c);
                ck_assert_int_eq(reply.failure, 0);
                ck_assert(!reply.unclear);
        }
        ck_assert_str_eq(reply.recipients[1].text, "550 recipient refused as asked");
        smtp_answer_clear(&reply);
        g_autofree char *folder = path_in("maildir/new");
        ck_assert_uint_eq(count_files(folder), 2);
}
END_TEST

static void expect_broken(int failure, bool unclear)
{
        ck_assert_int_eq(reply.failure, failure);
        ck_assert(reply.unclear == unclear);
        ck_assert_int_eq(reply.status, 0);
        ck_assert_msg(strstr(reply.text, peer_place) != NULL, "%s", reply.text);
        ck_assert_uint_eq(reply.recipient_count, 2);
}

/* A mail that was handed over without an answer may be there. */
START_TEST(smtp_tells_what_is_unclear)
{
        start_peer("smtp_sink.py", "--reject", "data:close,data:hang,c@example.org:close", NULL);
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .insecure = true }), 0);
        expect_broken(-ERR_CONNECTION, true);
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .insecure = true, .timeout_ms = 500 }), 0);
        expect_broken(-ERR_TIMEOUT, true);
        ck_assert_int_eq(reply.recipients[1].status, 250);
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .insecure = true }), 0);
        expect_broken(-ERR_CONNECTION, false);
        ck_assert_int_eq(reply.recipients[0].status, 250);
        ck_assert_int_eq(reply.recipients[1].status, 0);
        g_autofree char *url = g_strdup_printf("smtp://%s", peer_place);
        stop_peer();
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .url = url, .insecure = true }), -ERR_CONNECTION);
}
END_TEST

/* Replies of several lines, and one that says more than the rules allow. */
START_TEST(smtp_replies_of_several_lines)
{
        static const char *const steps[] = { "S: 220-hello", "S: 220 ready", "C:", "S: 250-sink", "S: 250 SIZE 1000000", "C:",
                                             "S: 250 OK", "C:", "S: 550-5.1.1 The account does not exist.",
                                             "S: 550 5.1.1 Ask its owner.", "C:", "S: 251 will forward", "C:", "S: 354 go",
                                             "C:", "C:", "S: 250-2.0.0", "S: 250", NULL };
        static const char *const early[] = { "S: 220 ready", "C:", "S: 250 sink", "C:", "S: 250 OK", "S: 250 b", "C:",
                                             "S: 550 c", "C:", "close", NULL };
        static const char *const hasty[] = { "S: 220 ready", "C:", "S: 250 sink", "C:", "S: 250 OK", "C:", "S: 250 b", "C:",
                                             "S: 250 c", "C:", "S: 250 taken already", "C:", "S: 221 bye",
                                             NULL };
        static const char *const *const scripts[] = { steps, early, hasty, NULL };
        struct line_server server;
        line_server_start(&server, scripts, wake.stop_fd);
        g_autofree char *url = g_strdup_printf("smtp://127.0.0.1:%u", server.port);
        ck_assert_msg(send_mail(&(struct smtp_request) { .url = url, .insecure = true }) == 0, "%s", error_text(&err));
        ck_assert_str_eq(reply.text, "250 2.0.0");
        ck_assert_str_eq(reply.recipients[0].text, "550 5.1.1 The account does not exist. 5.1.1 Ask its owner.");
        ck_assert_int_eq(reply.recipients[1].status, 251);
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .url = url, .insecure = true }), 0);
        ck_assert_int_eq(reply.failure, -ERR_CONNECTION);
        ck_assert(!reply.unclear);
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .url = url, .insecure = true }), 0);
        ck_assert_int_eq(reply.failure, -ERR_CONNECTION);
        ck_assert_int_eq(reply.status, 0);
        line_server_stop(&server);
        smtp_answer_clear(&reply);
}
END_TEST

START_TEST(smtp_demands_starttls)
{
        g_autofree char *maildir = path_in("maildir");
        unsigned port = start_peer("smtp_sink.py", "--maildir", maildir, NULL);
        g_autofree char *url = g_strdup_printf("smtp://localhost:%u", port);
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .url = url, .user = "u", .password = "s3cret" }), -ERR_TLS);
        assert_text("STARTTLS");
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .url = "smtp://192.0.2.1", .insecure = true }), -ERR_TLS);
        assert_text("loopback");
}
END_TEST

START_TEST(smtp_logs_in_over_tls)
{
        make_certificate("own");
        g_autofree char *pem = path_in("own.pem"), *key = path_in("own.key"), *maildir = path_in("maildir");
        unsigned port = start_peer("smtp_sink.py", "--certificate", pem, "--key", key, "--auth", "u:s3cret",
                                   "--maildir", maildir, NULL);
        g_autofree char *url = g_strdup_printf("smtp://localhost:%u", port);
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .url = url, .user = "u", .password = "s3cret" }), -ERR_TLS);
        assert_text("certificate");
        struct smtp_request request = { .url = url, .user = "u", .password = "wr0ng", .ca_file = pem };
        ck_assert_int_eq(send_mail(&request), -ERR_AUTH);
        ck_assert_ptr_null(strstr(err.text, "wr0ng"));
        assert_text("535");
        request.password = "s3cret";
        ck_assert_msg(send_mail(&request) == 0, "%s", error_text(&err));
        ck_assert_int_eq(reply.status, 250);
        g_autofree char *mail = read_only_mail();
        ck_assert_ptr_nonnull(strstr(mail, "Subject: test"));
        smtp_answer_clear(&reply);
}
END_TEST

START_TEST(smtps_is_tls_from_the_first_byte)
{
        make_certificate("own");
        g_autofree char *pem = path_in("own.pem"), *key = path_in("own.key");
        unsigned port = start_peer("smtp_sink.py", "--certificate", pem, "--key", key, "--implicit", NULL);
        g_autofree char *url = g_strdup_printf("smtps://localhost:%u", port);
        ck_assert_msg(send_mail(&(struct smtp_request) { .url = url, .ca_file = pem }) == 0, "%s", error_text(&err));
        ck_assert_int_eq(reply.status, 250);
        smtp_answer_clear(&reply);
}
END_TEST

/* IMAP */

static void server_start(struct line_server *server, const char *const *const *scripts)
{
        line_server_start(server, scripts, wake.stop_fd);
}

static struct config_mailbox mailbox_at(unsigned port)
{
        return (struct config_mailbox){ .host = (char *) "127.0.0.1",
                                        .port = port,
                                        .tls = CONFIG_TLS_NONE,
                                        .insecure = true,
                                        .user = (char *) "me@example.org",
                                        .password = (char *) "s3cret",
                                        .auth = (char *) "auto",
                                        .timeout_ms = TIMEOUT_MS };
}

static int open_at(unsigned port, struct stream **ret_stream)
{
        struct config_mailbox mailbox = mailbox_at(port);
        error_clear(&err);
        return transfer_open_imap(&mailbox, &wake, ret_stream, &err);
}

#define GREETING "S: * OK ready"
#define CAPABILITY(list) "C:", "S: * CAPABILITY IMAP4rev1 " list, "S: A001 OK done"
/* AUTHENTICATE PLAIN without SASL-IR: the command, the go-ahead, the response. */
#define AUTHENTICATE "C:", "S: + ", "C:"

/* Reads until the stream has given this many bytes. */
static char *receive(struct stream *stream, size_t wanted)
{
        GString *got = g_string_new(NULL);
        while (got->len < wanted) {
                char buffer[64];
                size_t n = 0;
                int r = stream->ops->receive(stream, buffer, MIN(sizeof(buffer), wanted - got->len), &n, &err);
                if (r == -EAGAIN) {
                        ck_assert_int_eq(stream->ops->wait(stream, false, false, TIMEOUT_MS, &err), 0);
                        continue;
                }
                ck_assert_int_eq(r, 0);
                ck_assert_uint_gt(n, 0);
                g_string_append_len(got, buffer, (gssize) n);
        }
        return g_string_free(got, FALSE);
}

static void send_all(struct stream *stream, const char *text)
{
        size_t n = 0;
        ck_assert_int_eq(stream->ops->send(stream, text, strlen(text), &n, &err), 0);
        ck_assert_uint_eq(n, strlen(text));
}

START_TEST(imap_logs_in_and_gives_the_stream)
{
        static const char *const steps[] = { GREETING,     CAPABILITY("AUTH=GSSAPI AUTH=PLAIN"),
                                             AUTHENTICATE, "S: A002 OK in",
                                             "C:",         "S: h1 OK NOOP",
                                             NULL };
        static const char *const *const scripts[] = { steps, NULL };
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        ck_assert_msg(open_at(server.port, &stream) == 0, "%s", error_text(&err));
        send_all(stream, "h1 NOOP\r\n");
        g_autofree char *got = receive(stream, strlen("h1 OK NOOP\r\n"));
        ck_assert_str_eq(got, "h1 OK NOOP\r\n");
        char c;
        size_t n = 0;
        ck_assert_int_eq(stream->ops->receive(stream, &c, 1, &n, &err), -EAGAIN);
        stream->ops->close(stream);
        line_server_join(&server);
        ck_assert_str_eq(server.heard->str, "A001 CAPABILITY\r\nA002 AUTHENTICATE PLAIN\r\n"
                                            "AG1lQGV4YW1wbGUub3JnAHMzY3JldA==\r\nh1 NOOP\r\n");
        line_server_stop(&server);
}
END_TEST

START_TEST(imap_auto_falls_back_to_the_login_command)
{
        static const char *const none[] = { GREETING, CAPABILITY("IDLE"), NULL };
        static const char *const login[] = { GREETING, CAPABILITY("IDLE"), "C:", "S: L1 OK in", NULL };
        static const char *const *const scripts[] = { none, login, NULL };
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        ck_assert_msg(open_at(server.port, &stream) == 0, "%s", error_text(&err));
        stream->ops->close(stream);
        line_server_join(&server);
        ck_assert_str_eq(server.heard->str,
                         "A001 CAPABILITY\r\nA001 CAPABILITY\r\nL1 LOGIN \"me@example.org\" \"s3cret\"\r\n");
        line_server_stop(&server);
}
END_TEST

START_TEST(imap_auth_is_pinned)
{
        static const char *const login_only[] = { GREETING, CAPABILITY("AUTH=LOGIN"), NULL };
        static const char *const both[] = {
                GREETING, CAPABILITY("AUTH=PLAIN AUTH=LOGIN"), "C:", "S: + ", "C:", "S: + ", "C:", "S: A002 OK in", NULL
        };
        static const char *const *const scripts[] = { login_only, both, NULL };
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        struct config_mailbox mailbox = mailbox_at(server.port);
        mailbox.auth = (char *) "plain";
        ck_assert_int_eq(transfer_open_imap(&mailbox, &wake, &stream, &err), -ERR_AUTH);
        mailbox.auth = (char *) "login";
        ck_assert_msg(transfer_open_imap(&mailbox, &wake, &stream, &err) == 0, "%s", error_text(&err));
        stream->ops->close(stream);
        line_server_join(&server);
        ck_assert_str_eq(server.heard->str, "A001 CAPABILITY\r\nA001 CAPABILITY\r\nA002 AUTHENTICATE LOGIN\r\n"
                                            "bWVAZXhhbXBsZS5vcmc=\r\nczNjcmV0\r\n");
        line_server_stop(&server);
}
END_TEST

START_TEST(imap_refused_login_quotes_the_server_but_no_secret)
{
        static const char *const no[] = { GREETING, CAPABILITY("AUTH=PLAIN"), AUTHENTICATE,
                                          "S: A002 NO [AUTHENTICATIONFAILED] Application-specific password required",
                                          NULL };
        static const char *const raw[] = { GREETING, CAPABILITY("AUTH=PLAIN"), AUTHENTICATE, "S: A002 NO not s3cret",
                                           NULL };
        static const char *const coded[] = { GREETING, CAPABILITY("AUTH=PLAIN"), AUTHENTICATE,
                                             "S: A002 NO bad AG1lQGV4YW1wbGUub3JnAHMzY3JldA==", NULL };
        static const char *const *const scripts[] = { no, raw, coded, NULL };
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        ck_assert_int_eq(open_at(server.port, &stream), -ERR_AUTH);
        assert_text("Application-specific password required");
        g_autofree char *place = g_strdup_printf("127.0.0.1:%u: ", server.port);
        assert_text(place);
        for (int i = 0; i < 2; i++) {
                ck_assert_int_eq(open_at(server.port, &stream), -ERR_AUTH);
                ck_assert_msg(!strstr(err.text, "s3cret") && !strstr(err.text, "AG1l"), "%s", err.text);
        }
        ck_assert_ptr_null(stream);
        line_server_stop(&server);
}
END_TEST

START_TEST(imap_failures_have_codes)
{
        static const char *const closes[] = { GREETING, "C:", "close", NULL };
        static const char *const bye[] = { "S: * BYE too busy", NULL };
        static const char *const *const scripts[] = { closes, bye, NULL };
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        ck_assert_int_eq(open_at(server.port, &stream), -ERR_CONNECTION);
        ck_assert_msg(open_at(server.port, &stream) == -ERR_CONNECTION, "%d %s", err.code, err.text);
        assert_text("the server turns us away: \"* BYE too busy\"");
        unsigned port = server.port;
        line_server_stop(&server);
        ck_assert_int_eq(open_at(port, &stream), -ERR_CONNECTION);
        assert_text("the connection is refused: nothing listens there");
        struct config_mailbox mailbox = mailbox_at(port);
        mailbox.host = (char *) "name.invalid";
        mailbox.tls = CONFIG_TLS_IMPLICIT;
        ck_assert_int_eq(transfer_open_imap(&mailbox, &wake, &stream, &err), -ERR_RESOLVE);
        g_autofree char *text = g_strdup_printf("name.invalid:%u: the server's name cannot be resolved", port);
        assert_text(text);
        ck_assert_ptr_null(stream);
}
END_TEST

START_TEST(imap_silence_is_bounded)
{
        static const char *const silent[] = { NULL };
        static const char *const mute[] = { GREETING, "C:", NULL };
        static const char *const *const scripts[] = { silent, mute, silent, NULL };
        static const char *const texts[] = { "no answer in time, before any answer", "no answer in time, after the last answer" };
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        struct config_mailbox mailbox = mailbox_at(server.port);
        mailbox.timeout_ms = 1000;
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                ck_assert_int_eq(transfer_open_imap(&mailbox, &wake, &stream, &err), -ERR_TIMEOUT);
                assert_text(texts[i]);
        }
        g_autofree char *url = g_strdup_printf("https://127.0.0.1:%u/", server.port);
        struct http_request request = { .url = url, .body = "", .content_type = "text/plain", .timeout_ms = 1000 };
        ck_assert_int_eq(transfer_http_post(&wake, &request, &answer, &err), -ERR_TIMEOUT);
        assert_text("no answer in time, while connecting or during the TLS handshake");
        line_server_stop(&server);
}
END_TEST

/* Nothing but the capability request and STARTTLS may have been said. */
START_TEST(imap_demands_starttls_before_any_credential)
{
        static const char *const stripped[] = { GREETING, CAPABILITY("AUTH=PLAIN"), NULL };
        static const char *const refused[] = { GREETING, CAPABILITY("STARTTLS AUTH=PLAIN"), "C:", "S: A002 NO not now",
                                               NULL };
        static const char *const preauth[] = { "S: * PREAUTH welcome", CAPABILITY("STARTTLS"), NULL };
        static const char *const *const scripts[] = { stripped, refused, preauth, NULL };
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        struct config_mailbox mailbox = mailbox_at(server.port);
        mailbox.tls = CONFIG_TLS_STARTTLS;
        mailbox.insecure = false;
        for (int i = 0; i < 3; i++) {
                ck_assert_int_lt(transfer_open_imap(&mailbox, &wake, &stream, &err), 0);
                ck_assert_msg(i == 2 || (err.code == -ERR_TLS && strstr(err.text, "does not encrypt (STARTTLS); no password")),
                              "%d: %s", i, err.text);
        }
        line_server_join(&server);
        g_auto(GStrv) lines = g_strsplit(server.heard->str, "\r\n", -1);
        for (size_t i = 0; lines[i]; i++)
                ck_assert_msg(!*lines[i] || g_str_has_suffix(lines[i], "CAPABILITY") ||
                                      g_str_has_suffix(lines[i], "STARTTLS"),
                              "the client said: %s", lines[i]);
        line_server_stop(&server);
}
END_TEST

START_TEST(imap_plain_text_is_for_loopback_only)
{
        struct stream *stream = NULL;
        struct config_mailbox mailbox = mailbox_at(143);
        mailbox.insecure = false;
        ck_assert_int_eq(transfer_open_imap(&mailbox, &wake, &stream, &err), -ERR_TLS);
        mailbox.insecure = true;
        mailbox.host = (char *) "192.0.2.1";
        ck_assert_int_eq(transfer_open_imap(&mailbox, &wake, &stream, &err), -ERR_TLS);
        assert_text("loopback");
        ck_assert_ptr_null(stream);
}
END_TEST

/* A thread that asks for the stop as soon as the server has heard the client. */
static void *stop_when_heard(void *data)
{
        struct line_server *server = data;
        struct pollfd p = { .fd = server->heard_event, .events = POLLIN };
        poll(&p, 1, TIMEOUT_MS);
        signal_event(wake.stop_fd);
        return NULL;
}

START_TEST(stop_interrupts_a_hanging_login)
{
        static const char *const hangs[] = { GREETING, "C:", NULL };
        static const char *const *const scripts[] = { hangs, NULL };
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        struct config_mailbox mailbox = mailbox_at(server.port);
        mailbox.timeout_ms = 600000;
        GThread *stopper = g_thread_new("stopper", stop_when_heard, &server);
        gint64 before = g_get_monotonic_time();
        ck_assert_int_eq(transfer_open_imap(&mailbox, &wake, &stream, &err), -ERR_CANCELLED);
        ck_assert_int_lt(g_get_monotonic_time() - before, 60 * G_USEC_PER_SEC);
        g_thread_join(stopper);
        line_server_stop(&server);
}
END_TEST

/* A listening socket whose queue is full: the connection is never made. */
START_TEST(stop_interrupts_a_hanging_connect)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fillers[2];
        ck_assert_int_eq(bind(fd, (struct sockaddr *) &address, length), 0);
        ck_assert_int_eq(listen(fd, 0), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *) &address, &length), 0);
        for (size_t i = 0; i < G_N_ELEMENTS(fillers); i++) {
                fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                connect(fillers[i], (struct sockaddr *) &address, length);
        }
        struct stream *stream = NULL;
        signal_event(wake.stop_fd);
        ck_assert_int_eq(open_at(ntohs(address.sin_port), &stream), -ERR_CANCELLED);
        for (size_t i = 0; i < G_N_ELEMENTS(fillers); i++)
                close(fillers[i]);
        close(fd);
}
END_TEST

START_TEST(stop_interrupts_http_and_smtp)
{
        g_autofree char *script = http_script("hang\n");
        start_peer("http_sink.py", "--script", script, NULL);
        signal_event(wake.stop_fd);
        g_autofree char *url = sink_url("/x");
        ck_assert_int_eq(post(url, "{}", NULL), -ERR_CANCELLED);
        ck_assert_int_eq(send_mail(&(struct smtp_request) { .insecure = true }), -ERR_CANCELLED);
}
END_TEST

#define SMTP_TO_DATA                                                                                                   \
        "S: 220 ready", "C:", "S: 250 sink", "C:", "S: 250 OK", "C:", "S: 250 OK", "C:", "S: 250 OK", "C:", "S: 354 go"

static int send_large_mail(unsigned port, size_t size)
{
        g_autofree char *url = g_strdup_printf("smtp://127.0.0.1:%u", port), *data = g_strnfill(size, 'x');
        for (size_t i = 70; i < size; i += 70)
                data[i] = '\n';
        struct smtp_request request = { .url = url,
                                        .from = "a@example.org",
                                        .to = recipients,
                                        .data = data,
                                        .size = size,
                                        .insecure = true,
                                        .timeout_ms = 600000 };
        error_clear(&err);
        smtp_answer_clear(&reply);
        int r = transfer_smtp_send(&wake, &request, &reply, &err);
        return r < 0 ? r : reply.failure;
}

/* A server that turns everybody away says nothing about the mail: it is to be tried again. */
START_TEST(smtp_refused_greeting_is_no_answer)
{
        static const char *const busy[] = { "S: 421 too busy", NULL };
        static const char *const none[] = { "S: 554 no service for you", NULL };
        static const char *const ehlo[] = { "S: 220 ready", "C:", "S: 550 who are you", "C:", "S: 550 no", NULL };
        static const char *const *const scripts[] = { busy, none, ehlo, NULL };
        static const char *const texts[] = { "too busy", "no service for you", "no" };
        struct line_server server;
        server_start(&server, scripts);
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                ck_assert_msg(send_large_mail(server.port, 10) == -ERR_PROTOCOL, "%d: %s", err.code, error_text(&err));
                assert_text(texts[i]);
        }
        line_server_stop(&server);
}
END_TEST

/* Half a mail must not get the dot that makes it a whole one. */
START_TEST(stop_leaves_a_mail_unfinished)
{
        static const char *const steps[] = { SMTP_TO_DATA, "C:", "stop", NULL };
        static const char *const *const scripts[] = { steps, NULL };
        struct line_server server;
        server_start(&server, scripts);
        ck_assert_int_eq(send_large_mail(server.port, 40u * MIB), -ERR_CANCELLED);
        line_server_join(&server);
        ck_assert_uint_gt(server.heard->len, 100);
        ck_assert_uint_lt(server.heard->len, 40u * MIB);
        ck_assert_ptr_null(strstr(server.heard->str, "\r\n.\r\n"));
        ck_assert_ptr_null(strstr(server.heard->str, "QUIT"));
        ck_assert(!reply.unclear);
        smtp_answer_clear(&reply);
        line_server_stop(&server);
}
END_TEST

START_TEST(stop_interrupts_the_wait_for_the_last_answer)
{
        static const char *const steps[] = { SMTP_TO_DATA, "C:", "C:", "stop", NULL };
        static const char *const *const scripts[] = { steps, NULL };
        struct line_server server;
        server_start(&server, scripts);
        gint64 before = g_get_monotonic_time();
        ck_assert_int_eq(send_large_mail(server.port, 10), -ERR_CANCELLED);
        ck_assert_int_lt(g_get_monotonic_time() - before, 60 * G_USEC_PER_SEC);
        ck_assert(reply.unclear);
        smtp_answer_clear(&reply);
        line_server_stop(&server);
}
END_TEST

/* The mail is in; that the server owes the answer to QUIT changes nothing. */
START_TEST(no_answer_to_quit_is_waited_for)
{
        static const char *const steps[] = { SMTP_TO_DATA, "C:", "C:", "S: 250 kept", NULL };
        static const char *const refused[] = { "S: 220 ready", "C:", "S: 250 sink", "C:", "S: 550 no", NULL };
        static const char *const *const scripts[] = { steps, refused, NULL };
        struct line_server server;
        server_start(&server, scripts);
        gint64 before = g_get_monotonic_time();
        ck_assert_msg(send_large_mail(server.port, 10) == 0, "%s", error_text(&err));
        ck_assert_int_lt(g_get_monotonic_time() - before, 60 * G_USEC_PER_SEC);
        ck_assert_str_eq(reply.text, "250 kept");
        ck_assert_msg(send_large_mail(server.port, 10) == 0, "%s", error_text(&err));
        ck_assert_int_eq(reply.status, 550);
        ck_assert_int_lt(g_get_monotonic_time() - before, 60 * G_USEC_PER_SEC);
        line_server_join(&server);
        ck_assert_ptr_nonnull(strstr(server.heard->str, "\r\n.\r\nQUIT\r\n"));
        /* It introduces itself with a whole name. */
        const char *host = g_get_host_name(), *domain = strchr(host, '.') ? "" : ".example.org";
        g_autofree char *greeting = g_strdup_printf("EHLO %s%s\r\nMAIL FROM:<a@example.org>", host, domain);
        ck_assert_msg(g_str_has_prefix(server.heard->str, greeting), "%.80s", server.heard->str);
        line_server_stop(&server);
        smtp_answer_clear(&reply);
}
END_TEST

START_TEST(wait_obeys_stop_attention_and_time)
{
        static const char *const steps[] = {
                GREETING, CAPABILITY("AUTH=PLAIN"), AUTHENTICATE, "S: A002 OK in", "C:", "close", NULL
        };
        static const char *const *const scripts[] = { steps, NULL };
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        ck_assert_msg(open_at(server.port, &stream) == 0, "%s", error_text(&err));
        ck_assert_int_eq(stream->ops->wait(stream, false, true, 20, &err), -ETIMEDOUT);
        ck_assert_int_eq(stream->ops->wait(stream, false, true, 0, &err), -ETIMEDOUT);
        ck_assert_int_eq(stream->ops->wait(stream, true, true, TIMEOUT_MS, &err), 0); /* it can be written to */
        signal_event(wake.attention_fd);
        ck_assert_int_eq(stream->ops->wait(stream, false, true, TIMEOUT_MS, &err), -EINTR);
        ck_assert_int_eq(stream->ops->wait(stream, false, false, 20, &err), -ETIMEDOUT);
        send_all(stream, "h1 LOGOUT\r\n");
        ck_assert_int_eq(stream->ops->wait(stream, false, false, TIMEOUT_MS, &err), 0); /* the end can be read */
        char c;
        size_t n = 1;
        ck_assert_int_eq(stream->ops->receive(stream, &c, 1, &n, &err), 0);
        ck_assert_uint_eq(n, 0);
        signal_event(wake.stop_fd);
        ck_assert_int_eq(stream->ops->wait(stream, false, false, TIMEOUT_MS, &err), -ERR_CANCELLED);
        stream->ops->close(stream);
        line_server_stop(&server);
}
END_TEST

START_TEST(imaps_verifies_the_certificate)
{
        static const char *const steps[] = { GREETING, CAPABILITY("AUTH=PLAIN"), AUTHENTICATE, "S: A002 OK in", "C:",
                                             "S: h1 OK NOOP", "close", NULL };
        static const char *const *const scripts[] = { steps, NULL };
        make_certificate("own");
        g_autofree char *pem = path_in("own.pem"), *key = path_in("own.key");
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        g_autofree char *to = g_strdup_printf("%u", server.port);
        struct config_mailbox mailbox =
                mailbox_at(start_peer("tls_front.py", "--certificate", pem, "--key", key, "--to", to, NULL));
        mailbox.tls = CONFIG_TLS_IMPLICIT;
        mailbox.insecure = false;
        ck_assert_int_eq(transfer_open_imap(&mailbox, &wake, &stream, &err), -ERR_TLS);
        assert_text("certificate");
        mailbox.ca_file = pem;
        mailbox.timeout_ms = 1000;
        ck_assert_msg(transfer_open_imap(&mailbox, &wake, &stream, &err) == 0, "%s", error_text(&err));
        send_all(stream, "h1 NOOP\r\n");
        g_autofree char *got = receive(stream, strlen("h1 OK NOOP\r\n"));
        ck_assert_str_eq(got, "h1 OK NOOP\r\n");
        stream->ops->close(stream);
        stop_peer();
        line_server_stop(&server);
}
END_TEST

/* A certificate that has expired: NAME.pem, for the key NAME.key. */
static void make_expired_certificate(const char *name)
{
        make_certificate(name);
        g_autofree char *config = path_in("ca.conf"), *index = path_in("index"), *serial = path_in("serial"), *output = NULL;
        g_autofree char *text = g_strdup_printf("[ca]\ndefault_ca=x\n[x]\ndatabase=%s\nserial=%s\nnew_certs_dir=%s\n"
                                                "default_md=sha256\npolicy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\n"
                                                "subjectAltName=DNS:localhost,IP:127.0.0.1\n[req]\ndistinguished_name=dn\n[dn]\n",
                                                index, serial, directory);
        ck_assert(g_file_set_contents(config, text, -1, NULL) && g_file_set_contents(index, "", 0, NULL) &&
                  g_file_set_contents(serial, "01\n", -1, NULL));
        g_autofree char *commands = g_strdup_printf(
                "cd %s && openssl req -new -config ca.conf -subj /CN=localhost -key %s.key -out %s.csr && "
                "openssl ca -batch -selfsign -notext -config ca.conf -keyfile %s.key -in %s.csr -out %s.pem "
                "-startdate 20200101000000Z -enddate 20200102000000Z", directory, name, name, name, name, name);
        const char *argv[] = { "/bin/sh", "-c", commands, NULL };
        int status = -1;
        ck_assert(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &output, &status, NULL));
        ck_assert_msg(status == 0, "%s", output);
}

START_TEST(imaps_says_what_is_wrong_with_a_certificate)
{
        static const char *const none[] = { NULL };
        static const char *const *const scripts[] = { none, NULL };
        static const struct { const char *name, *text; bool trusted; } cases[] = {
                { "unknown", "the issuer is not trusted; tls-ca-file names certificates to trust", false },
                { "elsewhere", "the certificate is for another name: is the host in the URL right?", true },
                { "expired", "certificate has expired (the server's administrator has to renew it)", true },
        };
        make_certificate("unknown");
        make_certificate_for("elsewhere", "subjectAltName=DNS:mail.example.org");
        make_expired_certificate("expired");
        struct line_server server;
        struct stream *stream = NULL;
        server_start(&server, scripts);
        g_autofree char *to = g_strdup_printf("%u", server.port);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *pem = g_strdup_printf("%s/%s.pem", directory, cases[i].name);
                g_autofree char *key = g_strdup_printf("%s/%s.key", directory, cases[i].name);
                struct config_mailbox mailbox =
                        mailbox_at(start_peer("tls_front.py", "--certificate", pem, "--key", key, "--to", to, NULL));
                mailbox.tls = CONFIG_TLS_IMPLICIT;
                mailbox.insecure = false;
                mailbox.ca_file = cases[i].trusted ? pem : NULL;
                error_clear(&err);
                ck_assert_int_eq(transfer_open_imap(&mailbox, &wake, &stream, &err), -ERR_TLS);
                assert_text(cases[i].text);
                assert_text(peer_place);
                stop_peer();
        }
        ck_assert_uint_eq(server.heard->len, 0);
        line_server_stop(&server);
}
END_TEST

/* Pure parts */

START_TEST(loopback_hosts)
{
        static const char *const yes[] = { "localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "::1", "[::1]",
                                           "::ffff:127.0.0.1" };
        static const char *const no[] = {
                "",          "example.org", "127.1", "127.0.0.1.example.org", "128.0.0.1", "10.0.0.1",
                "::",        "::2",         "[::1",  "localhost.example.org", "0.0.0.0",   "::ffff:10.0.0.1",
                "0x7f000001"
        };
        for (size_t i = 0; i < G_N_ELEMENTS(yes); i++)
                ck_assert_msg(transfer_host_is_loopback(yes[i]), "%s", yes[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(no); i++)
                ck_assert_msg(!transfer_host_is_loopback(no[i]), "%s", no[i]);
}
END_TEST

START_TEST(loopback_addresses)
{
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
        ck_assert(transfer_address_is_loopback((struct sockaddr *) &in));
        in.sin_addr.s_addr = htonl(0x0a00007f);
        ck_assert(!transfer_address_is_loopback((struct sockaddr *) &in));
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        ck_assert(transfer_address_is_loopback((struct sockaddr *) &in6));
        in6.sin6_addr = (struct in6_addr) IN6ADDR_ANY_INIT;
        ck_assert(!transfer_address_is_loopback((struct sockaddr *) &in6));
        struct sockaddr other = { .sa_family = AF_UNIX };
        ck_assert(!transfer_address_is_loopback(&other));
}
END_TEST

START_TEST(lines_become_crlf)
{
        static const struct { const char *in, *out; } cases[] = {
                { "", "" }, { "a", "a\r\n" }, { "a\nb\n", "a\r\nb\r\n" }, { "a\r\nb\r\n", "a\r\nb\r\n" },
                { "a\rb", "a\r\nb\r\n" }, { "\n\r\n\r", "\r\n\r\n\r\n" }, { "a\r\r\n", "a\r\n\r\n" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                size_t size = 0;
                g_autofree char *out = transfer_normalize_lines(cases[i].in, strlen(cases[i].in), &size);
                ck_assert_str_eq(out, cases[i].out);
                ck_assert_uint_eq(size, strlen(cases[i].out));
        }
}
END_TEST

START_TEST(replies_are_quoted_safely)
{
        static const char two[] = "250-first\r\n250 last \x1b[31m\xff line\r\n";
        g_autofree char *line = transfer_quote_reply(two, strlen(two), NULL);
        ck_assert_msg(g_str_has_prefix(line, "250 last") && g_utf8_validate(line, -1, NULL) && !strchr(line, '\x1b'),
                      "%s", line);
        ck_assert_ptr_null(transfer_quote_reply("", 0, NULL));
        ck_assert_ptr_null(transfer_quote_reply("\r\n\r\n", 4, NULL));
        g_autofree char *long_text = g_strnfill(100000, 'x');
        g_autofree char *cut = transfer_quote_reply(long_text, strlen(long_text), NULL);
        ck_assert_int_le(g_utf8_strlen(cut, -1), 300);
        char **secrets = transfer_secret_forms("u", "pa ss");
        ck_assert_ptr_null(transfer_quote_reply("NO pa ss", 8, (const char *const *) secrets));
        transfer_free_secrets(secrets);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
        TCase *tcase = tcase_create(name);
        tcase_add_checked_fixture(tcase, setup, teardown);
        suite_add_tcase(suite, tcase);
        return tcase;
}

static void add_http(Suite *suite)
{
        TCase *tcase = add_case(suite, "http");
        tcase_add_test(tcase, http_posts_body_and_headers);
        tcase_add_test(tcase, http_statuses_are_answers);
        tcase_add_test(tcase, http_failures_have_codes_and_no_secrets);
        tcase_add_test(tcase, http_waits_no_longer_than_asked);
        tcase_add_test(tcase, http_refuses_plain_text_to_others);
        tcase_add_test(tcase, https_verifies_the_certificate);
        tcase_add_test(tcase, https_verifies_the_name);
        tcase_add_test(tcase, environment_proxies_are_not_used);
        tcase_add_test(tcase, a_netrc_is_not_used);
}

static void add_kept(Suite *suite)
{
        TCase *tcase = add_case(suite, "kept");
        tcase_add_test(tcase, a_connection_is_kept_for_a_while);
        tcase_add_test(tcase, a_connection_is_not_kept_for_ever);
        tcase_add_test(tcase, a_kept_connection_that_the_server_ends_is_no_failure);
        tcase_add_test(tcase, nothing_is_sent_twice);
        tcase_add_test(tcase, an_unfinished_answer_ends_a_kept_connection);
}

static void add_smtp(Suite *suite)
{
        TCase *tcase = add_case(suite, "smtp");
        tcase_add_test(tcase, smtp_delivers_bytes_and_envelope);
        tcase_add_test(tcase, smtp_refusals_are_answers);
        tcase_add_test(tcase, smtp_answers_for_each_recipient);
        tcase_add_test(tcase, smtp_tells_what_is_unclear);
        tcase_add_test(tcase, smtp_replies_of_several_lines);
        tcase_add_test(tcase, smtp_refused_greeting_is_no_answer);
        tcase_add_test(tcase, smtp_demands_starttls);
        tcase_add_test(tcase, smtp_logs_in_over_tls);
        tcase_add_test(tcase, smtps_is_tls_from_the_first_byte);
}

static void add_imap(Suite *suite)
{
        TCase *tcase = add_case(suite, "imap");
        tcase_add_test(tcase, imap_logs_in_and_gives_the_stream);
        tcase_add_test(tcase, imap_auto_falls_back_to_the_login_command);
        tcase_add_test(tcase, imap_auth_is_pinned);
        tcase_add_test(tcase, imap_refused_login_quotes_the_server_but_no_secret);
        tcase_add_test(tcase, imap_failures_have_codes);
        tcase_add_test(tcase, imap_silence_is_bounded);
        tcase_add_test(tcase, imap_demands_starttls_before_any_credential);
        tcase_add_test(tcase, imap_plain_text_is_for_loopback_only);
        tcase_add_test(tcase, imaps_verifies_the_certificate);
        tcase_add_test(tcase, imaps_says_what_is_wrong_with_a_certificate);
}

static void add_stops(Suite *suite)
{
        TCase *tcase = add_case(suite, "stop");
        tcase_add_test(tcase, stop_interrupts_a_hanging_login);
        tcase_add_test(tcase, stop_interrupts_a_hanging_connect);
        tcase_add_test(tcase, stop_interrupts_http_and_smtp);
        tcase_add_test(tcase, stop_leaves_a_mail_unfinished);
        tcase_add_test(tcase, stop_interrupts_the_wait_for_the_last_answer);
        tcase_add_test(tcase, no_answer_to_quit_is_waited_for);
        tcase_add_test(tcase, wait_obeys_stop_attention_and_time);
}

static Suite *suite(void)
{
        Suite *suite = suite_create("transfer");
        add_http(suite);
        add_kept(suite);
        add_smtp(suite);
        add_imap(suite);
        add_stops(suite);
        TCase *pure = tcase_create("pure");
        tcase_add_test(pure, loopback_hosts);
        tcase_add_test(pure, loopback_addresses);
        tcase_add_test(pure, lines_become_crlf);
        tcase_add_test(pure, replies_are_quoted_safely);
        suite_add_tcase(suite, pure);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
