/* SPDX-License-Identifier: MIT */
/* Which logins are sent to an IMAP server and which never are, against scripted servers with exact transcripts. */
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "daemon/oauth2.h"
#include "daemon/transfer.h"
#include "daemon/transfer_p.h"
#include "tests/line_server.h"
#include "tests/support.h"

#define TIMEOUT_MS 10000
#define USER "me@example.org"

static char *directory;
static struct transfer_wake wake;
static struct error err;
static struct line_server imap, endpoint;
static bool has_endpoint;
static char *token_url;
static struct config_oauth2 oauth2;

static void setup(void)
{
        directory = support_temporary_directory();
        wake = (struct transfer_wake) { .stop_fd = eventfd(0, EFD_CLOEXEC), .attention_fd = -1 };
        err = (struct error) ERROR_INIT;
        ck_assert_int_eq(transfer_prepare(NULL), 0);
}

static void teardown(void)
{
        if (has_endpoint)
                line_server_stop(&endpoint);
        has_endpoint = false;
        g_clear_pointer(&token_url, g_free);
        transfer_finish();
        error_clear(&err);
        close(wake.stop_fd);
        g_free(directory);
}

static struct config_mailbox mailbox_with(const char *auth)
{
        return (struct config_mailbox){ .host = (char *) "127.0.0.1", .port = imap.port, .tls = CONFIG_TLS_NONE,
                                        .insecure = true, .user = (char *) USER, .password = (char *) "s3cret",
                                        .auth = (char *) auth, .timeout_ms = TIMEOUT_MS };
}

/* A token endpoint that answers so; one list of steps for each connection. */
static void start_endpoint(const char *const *const *scripts)
{
        line_server_start(&endpoint, scripts, wake.stop_fd);
        has_endpoint = true;
        token_url = g_strdup_printf("http://127.0.0.1:%u/token", endpoint.port);
        oauth2 = (struct config_oauth2) { .flow = CONFIG_OAUTH2_CLIENT_CREDENTIALS, .token_url = token_url,
                                          .client_id = (char *) "client", .client_secret = (char *) "client-s3cret",
                                          .store_directory = directory, .insecure = true };
}

/* An answer of one line; the length holds for tokens of 21 characters. */
#define ANSWER(token) \
        "C:", "S: HTTP/1.1 200 OK", "S: Content-Type: application/json", "S: Content-Length: 82", "S: ", \
        "S: {\"access_token\":\"" token "\",\"token_type\":\"Bearer\",\"expires_in\":3600}"
#define TOKEN_1 "access-token-number-1"
#define TOKEN_2 "access-token-number-2"
static const char *const gives_1[] = { ANSWER(TOKEN_1), NULL };
static const char *const gives_2[] = { ANSWER(TOKEN_2), NULL };
static const char *const *const one_token[] = { gives_1, NULL };
static const char *const *const two_tokens[] = { gives_1, gives_2, NULL };

static int open_mailbox(const char *auth, bool with_token, struct stream **ret_stream)
{
        struct config_mailbox mailbox = mailbox_with(auth);
        if (with_token) {
                mailbox.oauth2 = &oauth2;
                mailbox.password = NULL;
        }
        error_clear(&err);
        return transfer_open_imap(&mailbox, &wake, ret_stream, &err);
}

static void open_and_close(const char *auth, bool with_token)
{
        struct stream *stream = NULL;
        ck_assert_msg(open_mailbox(auth, with_token, &stream) == 0, "%s", error_text(&err));
        stream->ops->close(stream);
}

static int open_in_vain(const char *auth, bool with_token)
{
        struct stream *stream = NULL;
        int r = open_mailbox(auth, with_token, &stream);
        ck_assert_int_lt(r, 0);
        ck_assert_ptr_null(stream);
        ck_assert_int_eq(err.code, r);
        return r;
}

static void assert_text(const char *part)
{
        ck_assert_msg(strstr(error_text(&err), part), "\"%s\" is not in: %s", part, error_text(&err));
}

static void assert_heard(const char *text)
{
        line_server_join(&imap);
        ck_assert_str_eq(imap.heard->str, text);
        line_server_stop(&imap);
}

static void imap_start(const char *const *const *scripts)
{
        line_server_start(&imap, scripts, wake.stop_fd);
}

#define GREETING "S: * OK ready"
#define CAPABILITY(list) "C:", "S: * CAPABILITY IMAP4rev1 " list, "S: A001 OK done"
#define ASKED "A001 CAPABILITY\r\n"

/* In base64: user=me@example.org^Aauth=Bearer access-token-number-N^A^A */
static char *xoauth2_line(const char *token)
{
        g_autofree char *text = g_strdup_printf("user=%s\001auth=Bearer %s\001\001", USER, token);
        return g_base64_encode((const guchar *) text, strlen(text));
}

static char *oauthbearer_line(const char *token)
{
        g_autofree char *text = g_strdup_printf("n,a=%s,\001host=127.0.0.1\001port=%u\001auth=Bearer %s\001\001", USER, imap.port,
                                                token);
        return g_base64_encode((const guchar *) text, strlen(text));
}

/* With a token, nothing but the mechanism named goes out, whatever else is offered: no PLAIN with an empty password, no
 * LOGIN, no other way to use the token. */
START_TEST(a_token_is_only_for_its_mechanism)
{
        static const char *const plain[] = { GREETING, CAPABILITY("SASL-IR AUTH=PLAIN AUTH=LOGIN"), NULL };
        static const char *const none[] = { GREETING, CAPABILITY("SASL-IR"), NULL };
        static const char *const other[] = { GREETING, CAPABILITY("SASL-IR AUTH=OAUTHBEARER AUTH=PLAIN"), NULL };
        static const char *const strange[] = { GREETING, CAPABILITY("AUTH=XOAUTH2X AUTH=GSSAPI AUTH=EXTERNAL"), NULL };
        static const char *const bad[] = { GREETING, "C:", "S: A001 BAD what", NULL };
        static const char *const *const scripts[] = { plain, none, other, strange, bad, NULL };
        static const char *const offered[] = { "PLAIN, LOGIN", "no mechanism", "OAUTHBEARER, PLAIN", "XOAUTH2X, GSSAPI, EXTERNAL",
                                               "no mechanism" };
        start_endpoint(one_token);
        imap_start(scripts);
        for (size_t i = 0; i < G_N_ELEMENTS(offered); i++) {
                ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_AUTH);
                assert_text("the server does not offer to log in with XOAUTH2, as auth = xoauth2 asks for; it offers ");
                assert_text(offered[i]);
                assert_text("nothing was sent");
        }
        assert_heard(ASKED ASKED ASKED ASKED ASKED);
}
END_TEST

START_TEST(oauthbearer_is_only_itself)
{
        static const char *const other[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=LOGIN"), NULL };
        static const char *const *const scripts[] = { other, NULL };
        start_endpoint(one_token);
        imap_start(scripts);
        ck_assert_int_eq(open_in_vain("oauthbearer", true), -ERR_AUTH);
        assert_text("OAUTHBEARER, as auth = oauthbearer asks for; it offers XOAUTH2, PLAIN, LOGIN");
        assert_heard(ASKED);
}
END_TEST

#define ALL "AUTH=PLAIN AUTH=LOGIN AUTH=OAUTHBEARER AUTH=XOAUTH2 AUTH=CRAM-MD5"

START_TEST(a_token_goes_out_as_named)
{
        static const char *const at_once[] = { GREETING, CAPABILITY("SASL-IR " ALL), "C:", "S: A002 OK in", NULL };
        static const char *const asked[] = { GREETING, CAPABILITY(ALL), "C:", "S: + ", "C:", "S: A002 OK in", NULL };
        static const char *const *const scripts[] = { at_once, asked, at_once, asked, NULL };
        start_endpoint(one_token);
        imap_start(scripts);
        open_and_close("xoauth2", true);
        open_and_close("xoauth2", true);
        open_and_close("oauthbearer", true);
        open_and_close("oauthbearer", true);
        g_autofree char *x = xoauth2_line(TOKEN_1), *o = oauthbearer_line(TOKEN_1);
        g_autofree char *all = g_strdup_printf(ASKED "A002 AUTHENTICATE XOAUTH2 %s\r\n" ASKED "A002 AUTHENTICATE XOAUTH2\r\n%s\r\n"
                                               ASKED "A002 AUTHENTICATE OAUTHBEARER %s\r\n"
                                               ASKED "A002 AUTHENTICATE OAUTHBEARER\r\n%s\r\n", x, x, o, o);
        assert_heard(all);
        line_server_join(&endpoint); /* one request: the token was kept */
        ck_assert(g_str_has_prefix(endpoint.heard->str, "POST /token HTTP/1.1\r\n"));
        ck_assert_ptr_nonnull(strstr(endpoint.heard->str, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
        ck_assert_ptr_nonnull(strstr(endpoint.heard->str, "\r\nAccept: application/json\r\n"));
        ck_assert(g_str_has_suffix(endpoint.heard->str, "\r\n\r\ngrant_type=client_credentials&client_id=client"
                                                        "&client_secret=client-s3cret"));
}
END_TEST

START_TEST(names_are_escaped_for_oauthbearer_only)
{
        static const char *const in[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER"), "C:", "S: A002 OK in", NULL };
        static const char *const *const scripts[] = { in, in, NULL };
        static const char *const auths[] = { "xoauth2", "oauthbearer" };
        start_endpoint(one_token);
        imap_start(scripts);
        for (size_t i = 0; i < G_N_ELEMENTS(auths); i++) {
                struct stream *stream = NULL;
                struct config_mailbox mailbox = mailbox_with(auths[i]);
                mailbox.user = (char *) "a,b=c";
                mailbox.oauth2 = &oauth2;
                ck_assert_msg(transfer_open_imap(&mailbox, &wake, &stream, &err) == 0, "%s", error_text(&err));
                stream->ops->close(stream);
        }
        g_autofree char *bearer = g_strdup_printf("n,a=a=2Cb=3Dc,\001host=127.0.0.1\001port=%u\001auth=Bearer %s\001\001", imap.port,
                                                  TOKEN_1);
        static const char x[] = "user=a,b=c\001auth=Bearer " TOKEN_1 "\001\001";
        g_autofree char *xl = g_base64_encode((const guchar *) x, strlen(x));
        g_autofree char *ol = g_base64_encode((const guchar *) bearer, strlen(bearer));
        g_autofree char *all = g_strdup_printf(ASKED "A002 AUTHENTICATE XOAUTH2 %s\r\n" ASKED "A002 AUTHENTICATE OAUTHBEARER %s\r\n",
                                               xl, ol);
        assert_heard(all);
}
END_TEST

START_TEST(a_refused_token_is_replaced_once)
{
        static const char *const in[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2"), "C:", "S: A002 OK in", NULL };
        static const char *const no[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2"), "C:",
                                          "S: A002 NO [AUTHENTICATIONFAILED] expired", NULL };
        static const char *const *const scripts[] = { in, no, in, NULL };
        start_endpoint(two_tokens);
        imap_start(scripts);
        open_and_close("xoauth2", true);
        open_and_close("xoauth2", true); /* the kept one is refused, the fresh one is not */
        g_autofree char *first = xoauth2_line(TOKEN_1), *second = xoauth2_line(TOKEN_2);
        g_autofree char *all = g_strdup_printf(ASKED "A002 AUTHENTICATE XOAUTH2 %s\r\n" ASKED "A002 AUTHENTICATE XOAUTH2 %s\r\n"
                                               ASKED "A002 AUTHENTICATE XOAUTH2 %s\r\n", first, first, second);
        assert_heard(all);
}
END_TEST

START_TEST(a_refused_fresh_token_is_a_refused_login)
{
        static const char *const in[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2"), "C:", "S: A002 OK in", NULL };
        static const char *const no[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2"), "C:", "S: A002 NO AUTHENTICATE failed.",
                                          NULL };
        static const char *const *const endpoint_scripts[] = { gives_1, gives_2, gives_1, NULL };
        static const char *const *const scripts[] = { no, in, no, no, NULL };
        start_endpoint(endpoint_scripts);
        imap_start(scripts);
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_AUTH); /* one login, with token 1 */
        assert_text("the server refuses the login of me@example.org; it says \"NO AUTHENTICATE failed.\"; the access token is a "
                    "fresh one");
        open_and_close("xoauth2", true); /* token 2 */
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_AUTH); /* token 2, then token 1 again; not more */
        line_server_join(&imap);
        line_server_join(&endpoint);
        line_server_stop(&imap);
}
END_TEST

/* XOAUTH2 and OAUTHBEARER servers explain a refusal in a challenge. */
START_TEST(a_challenge_is_explained)
{
#define CHALLENGE "S: + eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ=="
        static const char *const x[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2"), "C:", CHALLENGE, NULL };
        static const char *const o[] = { GREETING, CAPABILITY("SASL-IR AUTH=OAUTHBEARER"), "C:", CHALLENGE, "C:",
                                         "S: A002 NO [AUTHENTICATIONFAILED] no", NULL };
        static const char *const nonsense[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2"), "C:", "S: + !!!!", NULL };
        static const char *const *const scripts[] = { x, o, nonsense, NULL };
        static const char *const *const endpoint_scripts[] = { gives_1, gives_1, gives_1, NULL };
        start_endpoint(endpoint_scripts);
        imap_start(scripts);
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_AUTH);
        assert_text("refuses the login of me@example.org (status 400, scope https://mail.google.com/)");
        ck_assert_int_eq(open_in_vain("oauthbearer", true), -ERR_AUTH);
        assert_text("it says \"NO [AUTHENTICATIONFAILED] no\" (status 400, scope https://mail.google.com/)");
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_AUTH);
        assert_text("refuses the login of me@example.org;");
        g_autofree char *xl = xoauth2_line(TOKEN_1), *ol = oauthbearer_line(TOKEN_1);
        g_autofree char *all = g_strdup_printf(ASKED "A002 AUTHENTICATE XOAUTH2 %s\r\n" ASKED "A002 AUTHENTICATE OAUTHBEARER %s\r\n"
                                               "AQ==\r\n" ASKED "A002 AUTHENTICATE XOAUTH2 %s\r\n", xl, ol, xl);
        assert_heard(all);
}
END_TEST

START_TEST(a_server_out_of_order_is_no_refusal)
{
        static const char *const no[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2 AUTH=PLAIN"), "C:",
                                          "S: A002 NO [UNAVAILABLE] Temporary authentication failure.", NULL };
        static const char *const in[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2"), "C:", "S: A002 OK in", NULL };
        static const char *const bye[] = { "S: * BYE [UNAVAILABLE] maintenance until noon", NULL };
        static const char *const late_bye[] = { GREETING, CAPABILITY("SASL-IR AUTH=PLAIN"), "C:", "S: * BYE too many failures",
                                                "close", NULL };
        static const char *const *const scripts[] = { no, in, no, bye, late_bye, NULL };
        start_endpoint(one_token);
        imap_start(scripts);
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_CONNECTION);
        assert_text("the server cannot check a login now; it says \"NO [UNAVAILABLE] Temporary authentication failure.\"");
        open_and_close("xoauth2", true); /* the token is kept */
        ck_assert_int_eq(open_in_vain("plain", false), -ERR_CONNECTION);
        ck_assert_int_eq(open_in_vain("plain", false), -ERR_CONNECTION);
        assert_text("the server turns us away: \"* BYE [UNAVAILABLE] maintenance until noon\"");
        /* In answer to a login it is taken for a refusal: it must not be tried again and again. */
        ck_assert_int_eq(open_in_vain("plain", false), -ERR_AUTH);
        line_server_stop(&imap);
        line_server_join(&endpoint);
}
END_TEST

/* A server that repeats what it was told, whole, in part or in base64, is not quoted. */
START_TEST(a_token_is_never_quoted)
{
        g_autofree char *part = g_strndup(TOKEN_1, 17), *line = xoauth2_line(TOKEN_1), *line_part = g_strndup(line, 24);
        g_autofree char *challenge_json = g_strdup_printf("{\"status\":\"bad %s\",\"scope\":\"x\"}", TOKEN_1);
        g_autofree char *challenge = g_base64_encode((const guchar *) challenge_json, strlen(challenge_json));
        const char *const echoes[] = { TOKEN_1, part, line, line_part, "x" };
        for (size_t i = 0; i < G_N_ELEMENTS(echoes); i++) {
                bool last = i == G_N_ELEMENTS(echoes) - 1;
                g_autofree char *no = last ? g_strdup_printf("S: + %s", challenge) : g_strdup_printf("S: A002 NO %s", echoes[i]);
                const char *const steps[] = { GREETING, CAPABILITY("SASL-IR AUTH=XOAUTH2"), "C:", no, NULL };
                const char *const *const scripts[] = { steps, NULL };
                start_endpoint(one_token);
                imap_start(scripts);
                ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_AUTH);
                ck_assert_msg(!strstr(err.text, "number") && !strstr(err.text, part) && !strstr(err.text, line_part), "%s",
                              err.text);
                assert_text(last ? "(scope x)" : "refuses the login of me@example.org; the access token");
                line_server_stop(&imap);
                line_server_stop(&endpoint);
                has_endpoint = false;
                g_clear_pointer(&token_url, g_free);
        }
}
END_TEST

/* A thread that asks for the stop as soon as the endpoint has heard the client. */
static void *stop_when_heard(void *data)
{
        struct line_server *server = data;
        struct pollfd p = { .fd = server->heard_event, .events = POLLIN };
        uint64_t one = 1;
        poll(&p, 1, TIMEOUT_MS);
        ck_assert_int_eq(write(wake.stop_fd, &one, sizeof(one)), sizeof(one));
        return NULL;
}

START_TEST(stop_interrupts_the_token_request)
{
        static const char *const hangs[] = { "C:", NULL };
        static const char *const *const scripts[] = { hangs, NULL };
        static const char *const *const none[] = { NULL };
        start_endpoint(scripts);
        imap_start(none);
        GThread *stopper = g_thread_new("stopper", stop_when_heard, &endpoint);
        gint64 before = g_get_monotonic_time();
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_CANCELLED);
        ck_assert_int_lt(g_get_monotonic_time() - before, 20 * G_USEC_PER_SEC);
        g_thread_join(stopper);
        assert_heard("");
}
END_TEST

START_TEST(a_token_endpoint_is_not_followed_elsewhere)
{
        static const char *const moved[] = { "C:", "S: HTTP/1.1 307 Elsewhere", "S: Location: /elsewhere", "S: Content-Length: 0",
                                             "S: ", NULL };
        static const char *const busy[] = { "C:", "S: HTTP/1.1 503 No", "S: Retry-After: 70", "S: Content-Length: 0", "S: ", NULL };
        static const char *const *const scripts[] = { moved, busy, NULL };
        static const char *const *const none[] = { NULL };
        start_endpoint(scripts);
        imap_start(none);
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_PROTOCOL);
        assert_text("token endpoint 127.0.0.1 answers with status 307");
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_CONNECTION);
        assert_text("in trouble or busy (status 503)");
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_CONNECTION); /* without asking */
        assert_text("left alone for 70 more seconds");
        line_server_join(&endpoint);
        ck_assert_ptr_null(strstr(endpoint.heard->str, "elsewhere"));
        line_server_stop(&endpoint);
        has_endpoint = false;
        oauth2.client_id = (char *) "another";
        ck_assert_int_eq(open_in_vain("xoauth2", true), -ERR_CONNECTION); /* nobody listens any more */
        assert_text("token endpoint: 127.0.0.1:");
        assert_text("the connection is refused");
        assert_heard("");
}
END_TEST

/* Passwords */

START_TEST(auto_sends_nothing_but_plain_and_login)
{
        static const char *const others[] = { GREETING,
                CAPABILITY("SASL-IR AUTH=CRAM-MD5 AUTH=DIGEST-MD5 AUTH=NTLM AUTH=GSSAPI AUTH=SCRAM-SHA-256 AUTH=EXTERNAL "
                           "AUTH=XOAUTH2"), NULL };
        static const char *const login[] = { GREETING, CAPABILITY("SASL-IR AUTH=CRAM-MD5 AUTH=GSSAPI AUTH=SCRAM-SHA-1"), "C:",
                                             "S: * CAPABILITY IMAP4rev1", "S: L1 OK in", NULL };
        static const char *const disabled[] = { GREETING, CAPABILITY("LOGINDISABLED AUTH=CRAM-MD5"), NULL };
        static const char *const *const scripts[] = { others, login, disabled, disabled, NULL };
        imap_start(scripts);
        open_and_close("auto", false);
        ck_assert_int_eq(open_in_vain("auto", false), -ERR_AUTH);
        assert_text("PLAIN, LOGIN or the LOGIN command, as auth = auto asks for; it offers CRAM-MD5 (and LOGINDISABLED)");
        assert_heard(ASKED ASKED "L1 LOGIN \"me@example.org\" \"s3cret\"\r\n" ASKED ASKED);
}
END_TEST

START_TEST(named_mechanisms_are_explained)
{
        static const char *const login[] = { GREETING, CAPABILITY("AUTH=LOGIN"), NULL };
        static const char *const plain[] = { GREETING, CAPABILITY("AUTH=PLAIN"), NULL };
        static const char *const *const scripts[] = { login, plain, NULL };
        imap_start(scripts);
        ck_assert_int_eq(open_in_vain("plain", false), -ERR_AUTH);
        assert_text("does not offer to log in with PLAIN, as auth = plain asks for; it offers LOGIN");
        ck_assert_int_eq(open_in_vain("login", false), -ERR_AUTH);
        assert_text("does not offer to log in with LOGIN, as auth = login asks for; it offers PLAIN");
        assert_heard(ASKED ASKED);
}
END_TEST

static const char *const bare[] = { GREETING, CAPABILITY("IDLE"), NULL };

START_TEST(the_login_command_quotes)
{
        static const char *const login[] = { GREETING, CAPABILITY("IDLE"), "C:", "S: * 3 EXISTS", "S: L1 OK [CAPABILITY X] in",
                                             "S: * 4 EXISTS", NULL };
        static const char *const *const scripts[] = { bare, login, NULL };
        struct stream *stream = NULL;
        imap_start(scripts);
        struct config_mailbox mailbox = mailbox_with("auto");
        mailbox.password = (char *) "a\"b\\c d(ä";
        ck_assert_msg(transfer_open_imap(&mailbox, &wake, &stream, &err) == 0, "%s", error_text(&err));
        /* What follows the answer is the stream's. */
        g_autoptr(GString) got = g_string_new(NULL);
        while (!g_str_has_suffix(got->str, "\n")) {
                char c[8];
                size_t n = 0;
                int r = stream->ops->receive(stream, c, sizeof(c), &n, &err);
                if (r == 0)
                        g_string_append_len(got, c, (gssize) n);
                else
                        ck_assert_int_eq(stream->ops->wait(stream, false, false, TIMEOUT_MS, &err), 0);
        }
        ck_assert_str_eq(got->str, "* 4 EXISTS\r\n");
        stream->ops->close(stream);
        assert_heard(ASKED ASKED "L1 LOGIN \"me@example.org\" \"a\\\"b\\\\c d(ä\"\r\n");
}
END_TEST

START_TEST(the_login_command_fails_clearly)
{
        g_autofree char *huge = g_strnfill(LIMIT_ANSWER_BYTES, 'x'), *endless = g_strconcat("S: * ", huge, NULL);
        static const char *const no[] = { GREETING, CAPABILITY("IDLE"), "C:", "S: L1 NO [AUTHENTICATIONFAILED] not s3cret2", NULL };
        static const char *const echo[] = { GREETING, CAPABILITY("IDLE"), "C:", "S: L1 BAD LOGIN s3cret", NULL };
        static const char *const gone[] = { GREETING, CAPABILITY("IDLE"), "C:", "close", NULL };
        static const char *const silent[] = { GREETING, CAPABILITY("IDLE"), "C:", NULL };
        const char *const noisy[] = { GREETING, CAPABILITY("IDLE"), "C:", endless, NULL };
        static const char *const stops[] = { GREETING, CAPABILITY("IDLE"), "C:", "stop", NULL };
        const char *const *const scripts[] = { bare, no, bare, echo, bare, gone, bare, noisy, bare, silent, bare, stops, NULL };
        struct stream *stream = NULL;
        imap_start(scripts);
        ck_assert_int_eq(open_in_vain("auto", false), -ERR_AUTH);
        ck_assert_ptr_null(strstr(err.text, "s3cret"));
        ck_assert_int_eq(open_in_vain("auto", false), -ERR_AUTH);
        ck_assert_ptr_null(strstr(err.text, "s3cret"));
        ck_assert_int_eq(open_in_vain("auto", false), -ERR_CONNECTION);
        assert_text("closed the connection during the login");
        ck_assert_int_eq(open_in_vain("auto", false), -ERR_PROTOCOL);
        struct config_mailbox mailbox = mailbox_with("auto");
        mailbox.timeout_ms = 1000;
        ck_assert_int_eq(transfer_open_imap(&mailbox, &wake, &stream, &err), -ERR_TIMEOUT);
        assert_text("does not answer to the login in time");
        ck_assert_int_eq(open_in_vain("auto", false), -ERR_CANCELLED);
        line_server_stop(&imap);
}
END_TEST

/* The socket connected to this port of ours. */
static int find_socket(unsigned port)
{
        for (int fd = 3; fd < 1024; fd++) {
                struct sockaddr_in peer;
                socklen_t length = sizeof(peer);
                if (getpeername(fd, (struct sockaddr *) &peer, &length) == 0 && peer.sin_family == AF_INET &&
                    ntohs(peer.sin_port) == port)
                        return fd;
        }
        ck_abort_msg("no socket is connected to port %u", port);
}

static int socket_option(int fd, int level, int option)
{
        int value = -1;
        socklen_t length = sizeof(value);
        ck_assert_int_eq(getsockopt(fd, level, option, &value, &length), 0);
        return value;
}

/* A peer that is gone is noticed within the mailbox's timeout: the first probe after five sixths of it ends the connection. */
START_TEST(keepalive_follows_the_timeout)
{
        static const char *const in[] = { GREETING, CAPABILITY("SASL-IR AUTH=PLAIN"), "C:", "S: A002 OK in", NULL };
        static const char *const *const scripts[] = { in, in, in, NULL };
        static const struct { int64_t timeout_ms; int idle, interval, user_ms; } cases[] = {
                { 60000, 20, 10, 50000 }, { 1000, 1, 1, 1000 }, { 600000, 60, 30, 500000 },
        };
        imap_start(scripts);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct stream *stream = NULL;
                struct config_mailbox mailbox = mailbox_with("plain");
                mailbox.timeout_ms = cases[i].timeout_ms;
                ck_assert_msg(transfer_open_imap(&mailbox, &wake, &stream, &err) == 0, "%s", error_text(&err));
                int fd = find_socket(imap.port);
                ck_assert_int_ne(socket_option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
                ck_assert_int_eq(socket_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), cases[i].idle);
                ck_assert_int_eq(socket_option(fd, IPPROTO_TCP, TCP_KEEPINTVL), cases[i].interval);
                ck_assert_int_eq(socket_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), cases[i].user_ms);
                stream->ops->close(stream);
        }
        line_server_stop(&imap);
}
END_TEST

/* The server's end, which is returned, drops every packet, as a cable that was pulled does: no FIN, no answer to a probe. */
static int drop_everything(int client)
{
        struct sock_filter drop = { .code = BPF_RET | BPF_K, .k = 0 };
        struct sock_fprog program = { .len = 1, .filter = &drop };
        struct sockaddr_in own;
        socklen_t length = sizeof(own);
        ck_assert_int_eq(getsockname(client, (struct sockaddr *) &own, &length), 0);
        int fd = find_socket(ntohs(own.sin_port));
        ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
        return fd;
}

START_TEST(a_silent_death_is_noticed_in_time)
{
        static const char *const in[] = { GREETING, CAPABILITY("SASL-IR AUTH=PLAIN"), "C:", "S: A002 OK in", NULL };
        static const char *const *const scripts[] = { in, NULL };
        struct stream *stream = NULL;
        char c;
        size_t n = 0;
        imap_start(scripts);
        struct config_mailbox mailbox = mailbox_with("plain");
        mailbox.timeout_ms = 3000;
        ck_assert_msg(transfer_open_imap(&mailbox, &wake, &stream, &err) == 0, "%s", error_text(&err));
        int peer = drop_everything(find_socket(imap.port));
        /* Nothing is sent meanwhile, as in IDLE. */
        ck_assert_int_eq(stream->ops->wait(stream, false, false, 30000, &err), 0);
        ck_assert_int_eq(stream->ops->receive(stream, &c, 1, &n, &err), -ERR_CONNECTION);
        assert_text("the connection broke: ");
        stream->ops->close(stream);
        shutdown(peer, SHUT_RDWR); /* nobody tells it */
        line_server_stop(&imap);
}
END_TEST

/* Pure parts */

START_TEST(pieces_of_secrets_are_found)
{
        static const char *const secrets[] = { "", "abc", "0123456789abcdefghij", NULL };
        static const struct { const char *text; bool expected; } cases[] = {
                { "", false }, { "nothing", false }, { "xabcx", true }, { "x0123456789abcdefghijx", true },
                { "56789abcdefghij", true /* abc */ }, { "23456789ABCDEFGH", false }, { "x0123456789ABCDEFx", false },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                ck_assert_msg(transfer_repeats_secret(cases[i].text, strlen(cases[i].text), secrets) == cases[i].expected, "%s",
                              cases[i].text);
        static const char *const long_one[] = { "0123456789ABCDEFGHIJ", NULL };
        ck_assert(transfer_repeats_secret("x23456789ABCDEFGHx", 18, long_one));   /* sixteen in a row */
        ck_assert(!transfer_repeats_secret("x23456789ABCDEFGx", 17, long_one));   /* fifteen */
        ck_assert(!transfer_repeats_secret("x", 1, NULL));
}
END_TEST

START_TEST(logins_are_recognised)
{
        static const struct { const char *command; bool expected; } cases[] = {
                { "", false }, { "A001", false }, { "A001 CAPABILITY\r\n", false }, { "A002 STARTTLS\r\n", false },
                { "A002 AUTHENTICATE PLAIN\r\n", true }, { "A002 LOGIN u p\r\n", true }, { "A002 LOGOUT\r\n", false },
                { "A002 authenticate x", true }, { "A002 LOGIN", false }, { "AUTHENTICATE PLAIN", false },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                ck_assert_msg(transfer_is_login(cases[i].command, strlen(cases[i].command)) == cases[i].expected, "%s",
                              cases[i].command);
}
END_TEST

START_TEST(offers_are_told_safely)
{
        g_autofree char *last = transfer_offered_mechanisms("* CAPABILITY AUTH=X\r\n* capability idle auth=plain AUTH=b\x1b[1m\r\nA1");
        ck_assert_str_eq(last, "PLAIN, B[1M");
        g_autofree char *names = g_strnfill(60000, 'x'), *line = g_strconcat("* CAPABILITY AUTH=", names, NULL);
        g_autofree char *cut = transfer_offered_mechanisms(line);
        ck_assert_int_le(g_utf8_strlen(cut, -1), 200);
        ck_assert(transfer_has_capability("* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n", "LOGINDISABLED"));
        ck_assert(!transfer_has_capability("* CAPABILITY IMAP4rev1 XLOGINDISABLED\r\n", "LOGINDISABLED"));
        ck_assert(!transfer_has_capability("* OK LOGINDISABLED\r\n", "LOGINDISABLED"));
        ck_assert_ptr_null(transfer_explain_challenge("+ \r\n+ AAAA\r\n+ WzFd\r\n", NULL)); /* [1] */
        g_autofree char *odd = transfer_explain_challenge("+ eyJzdGF0dXMiOjQwMSwic2NvcGUiOiJhXHUwMDFiYiJ9\r\n", NULL);
        ck_assert_str_eq(odd, "scope ab"); /* {"status":401,"scope":"a\u001bb"} */
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("transfer_login");
        TCase *tcase = tcase_create("login");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_token_is_only_for_its_mechanism);
        tcase_add_test(tcase, oauthbearer_is_only_itself);
        tcase_add_test(tcase, a_token_goes_out_as_named);
        tcase_add_test(tcase, names_are_escaped_for_oauthbearer_only);
        tcase_add_test(tcase, a_refused_token_is_replaced_once);
        tcase_add_test(tcase, a_refused_fresh_token_is_a_refused_login);
        tcase_add_test(tcase, a_challenge_is_explained);
        tcase_add_test(tcase, a_server_out_of_order_is_no_refusal);
        tcase_add_test(tcase, a_token_is_never_quoted);
        tcase_add_test(tcase, stop_interrupts_the_token_request);
        tcase_add_test(tcase, a_token_endpoint_is_not_followed_elsewhere);
        tcase_add_test(tcase, auto_sends_nothing_but_plain_and_login);
        tcase_add_test(tcase, named_mechanisms_are_explained);
        tcase_add_test(tcase, the_login_command_quotes);
        tcase_add_test(tcase, the_login_command_fails_clearly);
        tcase_add_test(tcase, keepalive_follows_the_timeout);
        tcase_add_test(tcase, a_silent_death_is_noticed_in_time);
        suite_add_tcase(suite, tcase);
        TCase *pure = tcase_create("pure");
        tcase_add_test(pure, pieces_of_secrets_are_found);
        tcase_add_test(pure, logins_are_recognised);
        tcase_add_test(pure, offers_are_told_safely);
        suite_add_tcase(suite, pure);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
