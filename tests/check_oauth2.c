/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "daemon/credential.h"
#include "daemon/oauth2_p.h"
#include "tests/support.h"

#define CONFIGURED "configured-refresh-token"
#define SECRET "client-secret/+ &="

static char *directory;
static struct config_oauth2 refresh, client;
static struct error err;

/* The endpoint: a list of answers, each used once, and what was asked. */
struct reply { long status; const char *body; int code; int64_t retry_after_ms; size_t size; bool truncated; };
static GPtrArray *replies;
static GString *asked;
static unsigned requests;
static char *stored_when_asked; /* the stored refresh token at the time of the last request */
static void (*during_request)(void);
static bool break_store;        /* with the next request the folder of stored tokens becomes a file */

static int post(void *context, const struct oauth2_request *request, struct oauth2_answer *ret_answer, struct error *e)
{
        ck_assert_ptr_eq(context, &replies);
        ck_assert_str_eq(request->url, "https://login.example.org/t/token");
        ck_assert_int_eq(request->timeout_ms, 30000);
        g_string_append_printf(asked, "%s\n", request->body);
        ck_assert_msg(requests < replies->len, "asked more often than expected: %s", asked->str);
        const struct reply *reply = g_ptr_array_index(replies, requests++);
        g_clear_pointer(&stored_when_asked, g_free);
        oauth2_load_refresh_token(&refresh, &stored_when_asked, NULL);
        if (during_request) {
                void (*run)(void) = during_request;
                during_request = NULL;
                run();
        }
        if (break_store)
                ck_assert(g_rmdir(refresh.store_directory) == 0 && g_file_set_contents(refresh.store_directory, "", 0, NULL));
        if (reply->code < 0)
                return error_set(e, reply->code, "login.example.org:443: broken");
        ret_answer->status = reply->status;
        ret_answer->size = reply->size ? reply->size : strlen(reply->body);
        ret_answer->body = g_malloc0(ret_answer->size + 1);
        memcpy(ret_answer->body, reply->body, ret_answer->size);
        ret_answer->truncated = reply->truncated;
        ret_answer->retry_after_ms = reply->retry_after_ms ? reply->retry_after_ms : -1;
        return 0;
}

static const struct oauth2_transport transport = { .context = &replies, .post = post };

static void answers(const struct reply *reply)
{
        g_ptr_array_add(replies, (gpointer) reply);
}

static void setup(void)
{
        directory = support_temporary_directory();
        err = (struct error) ERROR_INIT;
        replies = g_ptr_array_new();
        asked = g_string_new(NULL);
        requests = 0;
        break_store = false;
        clock_set_for_test(INT64_C(1700000000000), 1000000);
        refresh = (struct config_oauth2) { .flow = CONFIG_OAUTH2_REFRESH_TOKEN,
                                           .token_url = (char *) "https://login.example.org/t/token",
                                           .client_id = (char *) "client id", .refresh_token = (char *) CONFIGURED,
                                           .scope = (char *) "https://x/ offline_access",
                                           .store_directory = g_build_filename(directory, "oauth2", NULL) };
        client = refresh;
        client.flow = CONFIG_OAUTH2_CLIENT_CREDENTIALS;
        client.refresh_token = NULL;
        client.client_secret = (char *) SECRET;
        client.scope = (char *) "https://outlook.office365.com/.default";
}

static void teardown(void)
{
        oauth2_finish();
        error_clear(&err);
        clock_set_for_test(-1, -1);
        g_ptr_array_unref(replies);
        g_string_free(asked, TRUE);
        g_clear_pointer(&stored_when_asked, g_free);
        g_free(refresh.store_directory);
        g_free(directory);
}

static void wait_ms(int64_t ms)
{
        clock_set_for_test(clock_wall_ms() + ms, clock_monotonic_ms() + ms);
}

static void assert_token(const struct config_oauth2 *oauth2, const char *expected, bool expected_cached)
{
        char *token = NULL;
        bool cached = !expected_cached;
        error_clear(&err);
        ck_assert_msg(oauth2_token(oauth2, &transport, &token, &cached, &err) == 0, "%s", error_text(&err));
        ck_assert_str_eq(token, expected);
        ck_assert_int_eq(cached, expected_cached);
        credential_free(token);
}

static int fails(const struct config_oauth2 *oauth2)
{
        char *token = NULL;
        bool cached = false;
        error_clear(&err);
        int r = oauth2_token(oauth2, &transport, &token, &cached, &err);
        ck_assert_int_lt(r, 0);
        ck_assert_ptr_null(token);
        ck_assert_int_eq(err.code, r);
        ck_assert_msg(!strstr(err.text, CONFIGURED) && !strstr(err.text, "client-secret") && !strstr(err.text, "opaque"), "%s",
                      err.text);
        return r;
}

static void assert_text(const char *part)
{
        ck_assert_msg(strstr(error_text(&err), part), "\"%s\" is not in: %s", part, error_text(&err));
}

#define GOOD(token) { .status = 200, .body = "{\"access_token\":\"" token "\",\"token_type\":\"Bearer\",\"expires_in\":3600}" }
#define ROTATES(token, new_one) \
        { .status = 200, .body = "{\"access_token\":\"" token "\",\"token_type\":\"Bearer\",\"expires_in\":3600," \
                                 "\"refresh_token\":\"" new_one "\"}" }

/* As Microsoft and Google answer. */
static const struct reply microsoft = { .status = 200, .body =
        "{\"token_type\":\"Bearer\",\"scope\":\"https://outlook.office.com/IMAP.AccessAsUser.All\",\"expires_in\":4671,"
        "\"ext_expires_in\":4671,\"access_token\":\"EwBwA8l6BAAU-opaque\",\"refresh_token\":\"M.C5_opaque!x\","
        "\"id_token\":\"eyJ.e.x\"}" };
static const struct reply google = { .status = 200, .body =
        "{\n  \"access_token\": \"ya29.opaque-g\",\n  \"expires_in\": 3599,\n  \"scope\": \"https://mail.google.com/\",\n"
        "  \"token_type\": \"Bearer\",\n  \"refresh_token_expires_in\": 604799\n}\n" };
static const struct reply microsoft_app = { .status = 200, .body =
        "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,\"access_token\":\"eyJ0eXAi.opaque.app\"}" };

START_TEST(the_refresh_flow)
{
        answers(&google);
        assert_token(&refresh, "ya29.opaque-g", false);
        ck_assert_str_eq(asked->str, "grant_type=refresh_token&client_id=client%20id&refresh_token=" CONFIGURED
                                     "&scope=https%3A%2F%2Fx%2F%20offline_access\n");
        char *stored = NULL;
        ck_assert_int_eq(oauth2_load_refresh_token(&refresh, &stored, &err), 0);
        ck_assert_ptr_null(stored); /* nothing new was given */
}
END_TEST

START_TEST(the_client_credentials_flow)
{
        answers(&microsoft_app);
        assert_token(&client, "eyJ0eXAi.opaque.app", false);
        assert_token(&client, "eyJ0eXAi.opaque.app", true);
        ck_assert_str_eq(asked->str, "grant_type=client_credentials&client_id=client%20id"
                                     "&client_secret=client-secret%2F%2B%20%26%3D"
                                     "&scope=https%3A%2F%2Foutlook.office365.com%2F.default\n");
        ck_assert(!g_file_test(client.store_directory, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(a_token_is_kept_to_its_end)
{
        static const struct reply first = GOOD("one"), second = GOOD("two");
        answers(&first);
        answers(&second);
        assert_token(&client, "one", false);
        wait_ms(3539 * 1000); /* a minute is left for the login */
        assert_token(&client, "one", true);
        wait_ms(1000);
        assert_token(&client, "two", false);
        ck_assert_uint_eq(requests, 2);
}
END_TEST

START_TEST(lifetimes)
{
        static const struct { const char *text; int64_t kept_ms; } cases[] = {
                { "\"expires_in\":100", 75000 }, { "\"expires_in\":\"100\"", 75000 }, { "\"expires_in\":100.0", 75000 },
                { "\"expires_in\":1", 750 }, { "\"scope\":\"x\"", 240000 }, { "\"expires_in\":null", 240000 },
                { "\"expires_in\":9000000000000000000", 86340000 }, { "\"expires_in\":1e300", 86340000 },
                { "\"expires_in\":\"99999999999999999999999\"", 86340000 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *body = g_strdup_printf("{\"access_token\":\"t\",\"token_type\":\"bearer\",%s}", cases[i].text);
                const struct reply reply = { .status = 200, .body = body };
                answers(&reply);
                answers(&reply);
                unsigned before = requests;
                assert_token(&client, "t", false);
                wait_ms(cases[i].kept_ms - 1);
                assert_token(&client, "t", true);
                wait_ms(1);
                assert_token(&client, "t", false);
                ck_assert_msg(requests == before + 2, "%s", cases[i].text);
                oauth2_finish();
        }
        static const struct reply at_once = { .status = 200, .body = "{\"access_token\":\"t\",\"token_type\":\"BEARER\","
                                                                      "\"expires_in\":0}" };
        answers(&at_once);
        answers(&at_once);
        assert_token(&client, "t", false);
        assert_token(&client, "t", false);
}
END_TEST

START_TEST(hostile_answers_are_refused)
{
        g_autofree char *long_token = g_strnfill(LIMIT_TOKEN_BYTES + 1, 'x');
        g_autofree char *too_long = g_strdup_printf("{\"access_token\":\"%s\",\"token_type\":\"Bearer\"}", long_token);
        g_autofree char *deep = g_strnfill(60000, '[');
        const char *const bodies[] = {
                "", "null", "[]", "7", "\"access_token\"", "{", "{\"access_token\":\"t\",\"token_type\":\"Bearer\"", too_long, deep,
                "{\"token_type\":\"Bearer\",\"expires_in\":1}",
                "{\"access_token\":\"\",\"token_type\":\"Bearer\"}", "{\"access_token\":null,\"token_type\":\"Bearer\"}",
                "{\"access_token\":7,\"token_type\":\"Bearer\"}", "{\"access_token\":[\"t\"],\"token_type\":\"Bearer\"}",
                "{\"access_token\":\"a b\",\"token_type\":\"Bearer\"}", "{\"access_token\":\"a\\nb\",\"token_type\":\"Bearer\"}",
                "{\"access_token\":\"a\\u0001auth=\",\"token_type\":\"Bearer\"}",
                "{\"access_token\":\"a\\u0000b\",\"token_type\":\"Bearer\"}", "{\"access_token\":\"ä\",\"token_type\":\"Bearer\"}",
                "{\"access_token\":\"a\\u007f\",\"token_type\":\"Bearer\"}",
                "{\"access_token\":\"t\"}", "{\"access_token\":\"t\",\"token_type\":\"mac\"}",
                "{\"access_token\":\"t\",\"token_type\":1}", "{\"access_token\":\"t\",\"access_token\":\"u\",\"token_type\":\"Bearer\"}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":-1}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":\"-1\"}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":\"1h\"}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":\"\"}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":true}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"expires_in\":{}}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"refresh_token\":5}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"refresh_token\":\"a b\"}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\",\"error\":\"invalid_grant\"}",
                "{\"access_token\":\"t\",\"token_type\":\"Bearer\"} x", "access_token=t&token_type=Bearer", "<html>\xff</html>",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
                const struct reply reply = { .status = 200, .body = bodies[i] };
                answers(&reply);
                ck_assert_msg(fails(&refresh) == -ERR_PROTOCOL, "%s: %s", bodies[i], err.text);
                assert_text("token endpoint login.example.org: the answer makes no sense: ");
                ck_assert_uint_lt(strlen(err.text), 300);
        }
        static const struct reply nul = { .status = 200, .body = "{\"access_token\":\"t\0t\",\"token_type\":\"Bearer\"}", .size = 44 };
        answers(&nul);
        ck_assert_int_eq(fails(&refresh), -ERR_PROTOCOL);
        static const struct reply cut = { .status = 200, .truncated = true,
                                          .body = "{\"access_token\":\"t\",\"token_type\":\"Bearer\"}" };
        answers(&cut);
        ck_assert_int_eq(fails(&refresh), -ERR_PROTOCOL);
        assert_text("it is too long");
        ck_assert_int_eq(g_rmdir(refresh.store_directory), 0); /* nothing was stored */
}
END_TEST

/* Whatever comes is either refused, with a text fit to be shown, or gives a token that is one. */
START_TEST(mutated_answers_do_no_harm)
{
        static const char *const secrets[] = { CONFIGURED, SECRET, NULL };
        const struct reply *const seeds[] = { &microsoft, &google, &microsoft_app };
        g_autoptr(GRand) random = g_rand_new_with_seed(4);
        for (int i = 0; i < 20000; i++) {
                g_autoptr(GString) body = g_string_new(seeds[i % 3]->body);
                for (int n = g_rand_int_range(random, 1, 6); n > 0; n--) {
                        gssize at = g_rand_int_range(random, 0, (gint32) body->len), length = g_rand_int_range(random, 1, 9);
                        if (g_rand_boolean(random))
                                body->str[at] = (char) g_rand_int_range(random, 0, 256);
                        else
                                g_string_erase(body, at, MIN(length, (gssize) body->len - at));
                }
                struct oauth2_answer answer = { .status = i % 5 ? 200 : 400, .body = body->str, .size = body->len };
                struct oauth2_grant grant = { 0 };
                error_clear(&err);
                int r = oauth2_read_answer(&refresh, &answer, secrets, &grant, &err);
                ck_assert(r == 0 || r == -ERR_PROTOCOL || r == -ERR_AUTH || r == -ERR_CONNECTION);
                if (r == 0)
                        ck_assert(oauth2_token_is_valid(grant.access_token) && grant.lifetime_ms >= 0 &&
                                  (!grant.refresh_token || oauth2_token_is_valid(grant.refresh_token)));
                else
                        ck_assert(!grant.access_token && g_utf8_validate(err.text, -1, NULL) && !strstr(err.text, "opaque"));
                oauth2_grant_clear(&grant);
        }
}
END_TEST

START_TEST(refusals_say_what_to_do)
{
        static const struct { struct reply reply; const char *text; } cases[] = {
                { { .status = 400, .body = "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS70008: The provided authorization "
                    "code or refresh token has expired due to inactivity.\\r\\nTrace ID: 5c1a\",\"error_codes\":[70008],"
                    "\"timestamp\":\"2026-11-22 05:00:00Z\",\"trace_id\":\"5c1a\",\"correlation_id\":\"0e\","
                    "\"error_uri\":\"https://login.microsoftonline.com/error?code=70008\"}" },
                  "gives no access token (status 400, invalid_grant, \"AADSTS70008: The provided authorization code or refresh "
                  "token has expired due to inactivity.\"): the refresh token has expired or was revoked; get a new one" },
                { { .status = 400, .body = "{\n  \"error\": \"invalid_grant\",\n  \"error_description\": \"Token has been expired or "
                                           "revoked.\"\n}" },
                  "\"Token has been expired or revoked.\"): the refresh token has expired" },
                { { .status = 401, .body = "{\"error\":\"invalid_client\",\"error_description\":\"The OAuth client was not found.\"}" },
                  "oauth2-client-id or the client's secret is wrong" },
                { { .status = 400, .body = "{\"error\":\"invalid_scope\"}" }, "(status 400, invalid_scope): oauth2-scope is wrong" },
                { { .status = 400, .body = "{\"error\":\"interaction_required\"}" }, "has to consent again" },
                { { .status = 400, .body = "{\"error\":{\"code\":400,\"message\":\"opaque\"}}" }, "(status 400): see oauth2-token-url" },
                { { .status = 403, .body = "<html>opaque</html>" }, "(status 403): see oauth2-token-url" },
                { { .status = 404, .body = "" }, "is oauth2-token-url right?" },
                { { .status = 400, .body = "{\"error\":\"a\\nb\",\"error_description\":\"x\\u001b[1my\"}" }, "(status 400, \"x[1my\")" },
                { { .status = 400, .body = "{\"error\":\"error-5\",\"error_description\":7}" }, "(status 400, error-5): see" },
                { { .status = 400, .truncated = true, .body = "{\"error\":\"invalid_grant\"}" }, "(status 400): see" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                answers(&cases[i].reply);
                ck_assert_int_eq(fails(&refresh), -ERR_AUTH);
                assert_text(cases[i].text);
        }
        static const struct reply app = { .status = 400, .body = "{\"error\":\"invalid_grant\"}" };
        answers(&app);
        ck_assert_int_eq(fails(&client), -ERR_AUTH);
        ck_assert_ptr_null(strstr(err.text, "refresh token"));
}
END_TEST

START_TEST(nothing_secret_is_quoted)
{
        static const char *const descriptions[] = {
                "bad token " CONFIGURED, "bad secret " SECRET, "bad token configured-refresh…", "bad client-secret%2F%2B%20%26%3D", "refused: the-new-opaque-token",
                "line\\nopaque", "see opaque-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        };
        client.refresh_token = (char *) CONFIGURED;
        client.flow = CONFIG_OAUTH2_REFRESH_TOKEN;
        static const struct reply first = GOOD("the-new-opaque-token");
        answers(&first);
        assert_token(&client, "the-new-opaque-token", false);
        wait_ms(3600 * 1000);
        for (size_t i = 0; i < G_N_ELEMENTS(descriptions); i++) {
                g_autofree char *body = g_strdup_printf("{\"error\":\"invalid_grant\",\"error_description\":\"%s\"}", descriptions[i]);
                const struct reply reply = { .status = 400, .body = body };
                answers(&reply);
                ck_assert_int_eq(fails(&client), -ERR_AUTH);
                assert_text("status 400, invalid_grant");
        }
        static const struct reply name = { .status = 400, .body = "{\"error\":\"" CONFIGURED "\"}" };
        answers(&name);
        ck_assert_int_eq(fails(&client), -ERR_AUTH);
}
END_TEST

START_TEST(trouble_is_temporary)
{
        static const struct reply cases[] = {
                { .status = 500, .body = "" }, { .status = 503, .body = "<html>" }, { .status = 408, .body = "" },
                { .status = 400, .body = "{\"error\":\"temporarily_unavailable\"}" },
                { .status = 400, .body = "{\"error\":\"slow_down\"}" },
                { .status = 429, .body = "{\"error\":\"invalid_grant\"}" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                answers(&cases[i]);
                ck_assert_int_eq(fails(&refresh), -ERR_CONNECTION);
                assert_text("token endpoint login.example.org is in trouble or busy (status ");
        }
        static const int codes[] = { -ERR_TIMEOUT, -ERR_RESOLVE, -ERR_TLS, -ERR_CONNECTION, -ERR_CANCELLED };
        for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
                const struct reply broken = { .code = codes[i] };
                answers(&broken);
                ck_assert_int_eq(fails(&refresh), codes[i]);
                assert_text("token endpoint: login.example.org:443: broken");
        }
}
END_TEST

START_TEST(retry_after_is_obeyed)
{
        static const struct reply busy = { .status = 429, .body = "", .retry_after_ms = 120000 };
        static const struct reply for_ever = { .status = 503, .body = "", .retry_after_ms = INT64_MAX };
        static const struct reply good = GOOD("t");
        answers(&busy);
        answers(&for_ever);
        answers(&good);
        ck_assert_int_eq(fails(&refresh), -ERR_CONNECTION);
        wait_ms(119000);
        ck_assert_int_eq(fails(&refresh), -ERR_CONNECTION);
        assert_text("left alone for 1 more seconds");
        ck_assert_uint_eq(requests, 1);
        wait_ms(1000);
        ck_assert_int_eq(fails(&refresh), -ERR_CONNECTION);
        ck_assert_uint_eq(requests, 2);
        wait_ms(INT64_C(3600) * 1000); /* a mailbox is not to be blind for longer */
        assert_token(&refresh, "t", false);
}
END_TEST

START_TEST(a_forgotten_token_is_not_given_again)
{
        static const struct reply first = GOOD("one"), second = GOOD("two");
        answers(&first);
        answers(&second);
        assert_token(&refresh, "one", false);
        oauth2_forget(&refresh, "another"); /* some other mailbox's, late */
        assert_token(&refresh, "one", true);
        oauth2_forget(&refresh, "one");
        assert_token(&refresh, "two", false);
}
END_TEST

static char *stored_token(void)
{
        char *token = NULL;
        ck_assert_int_eq(oauth2_load_refresh_token(&refresh, &token, &err), 0);
        return token;
}

START_TEST(a_new_refresh_token_is_stored_and_used)
{
        static const struct reply first = ROTATES("one", "rotated-1"), second = ROTATES("two", "rotated-2"),
                                  third = ROTATES("three", "rotated-2");
        answers(&first);
        answers(&second);
        answers(&third);
        answers(&microsoft);
        assert_token(&refresh, "one", false);
        g_autofree char *now = stored_token();
        ck_assert_str_eq(now, "rotated-1");
        oauth2_finish(); /* a restart */
        assert_token(&refresh, "two", false);
        ck_assert_str_eq(stored_when_asked, "rotated-1");
        ck_assert_ptr_nonnull(strstr(asked->str, "refresh_token=rotated-1"));
        wait_ms(3600 * 1000);
        assert_token(&refresh, "three", false); /* the same again: nothing to store */
        g_autofree char *kept = stored_token();
        ck_assert_str_eq(kept, "rotated-2");
        wait_ms(3600 * 1000);
        assert_token(&refresh, "EwBwA8l6BAAU-opaque", false);

        g_autoptr(GDir) files = g_dir_open(refresh.store_directory, 0, NULL);
        const char *name = g_dir_read_name(files);
        g_autofree char *path = g_build_filename(refresh.store_directory, name, NULL), *text = support_read_file(path, NULL);
        ck_assert_ptr_null(g_dir_read_name(files));
        ck_assert_ptr_nonnull(strstr(text, "M.C5_opaque!x"));
        ck_assert_ptr_null(strstr(text, CONFIGURED));
        struct stat st;
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
        ck_assert_int_eq(stat(refresh.store_directory, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(a_new_configured_token_wins)
{
        static const struct reply first = ROTATES("one", "rotated-1"), second = GOOD("two"), third = GOOD("three");
        answers(&first);
        answers(&second);
        answers(&third);
        assert_token(&refresh, "one", false);
        refresh.refresh_token = (char *) "newly-configured";
        assert_token(&refresh, "two", false);
        ck_assert_ptr_nonnull(strstr(asked->str, "refresh_token=newly-configured"));
        refresh.refresh_token = (char *) CONFIGURED; /* and the former one has its own successor */
        assert_token(&refresh, "one", true);
        oauth2_finish();
        assert_token(&refresh, "three", false);
        ck_assert_ptr_nonnull(strstr(asked->str, "refresh_token=rotated-1"));
        refresh.client_id = (char *) "other";
        ck_assert_ptr_null(stored_token());
}
END_TEST

/* Mailboxes of one account share the token: if each used the configured one, a server could revoke them all. */
START_TEST(mailboxes_share_a_grant)
{
        static const struct reply first = ROTATES("one", "rotated-1"), second = GOOD("two");
        answers(&first);
        answers(&second);
        struct config_oauth2 other = refresh;
        assert_token(&refresh, "one", false);
        assert_token(&other, "one", true);
        other.scope = (char *) "another"; /* another access token of the same grant */
        assert_token(&other, "two", false);
        ck_assert_ptr_nonnull(strstr(asked->str, "refresh_token=rotated-1&scope=another"));
}
END_TEST

/* What cannot be stored is kept in memory, not used, and stored as soon as that works; the endpoint is not asked again. */
START_TEST(a_token_that_cannot_be_stored_is_not_lost)
{
        static const struct reply first = ROTATES("one", "rotated-1");
        answers(&first);
        break_store = true;
        ck_assert_int_lt(fails(&refresh), 0);
        assert_text("the token endpoint has given a new refresh token, which must not be lost: ");
        ck_assert_int_lt(fails(&refresh), 0);
        ck_assert_ptr_null(strstr(err.text, "rotated"));
        ck_assert_int_eq(g_unlink(refresh.store_directory), 0);
        assert_token(&refresh, "one", true);
        g_autofree char *stored = stored_token();
        ck_assert_str_eq(stored, "rotated-1");
        ck_assert_uint_eq(requests, 1);
}
END_TEST

/* A refresh token is not spent where its successor could not be kept: a stop would lose it for good. */
START_TEST(nothing_is_asked_where_nothing_can_be_stored)
{
        static const struct reply good = GOOD("one");
        answers(&good);
        g_autofree char *in_the_way = g_build_filename(refresh.store_directory, "probe", NULL);
        ck_assert_int_eq(g_mkdir_with_parents(in_the_way, 0700), 0);
        ck_assert_int_lt(fails(&refresh), 0);
        assert_text("a new refresh token could not be stored, so that none is asked for: ");
        ck_assert_uint_eq(requests, 0);
        ck_assert_int_eq(g_rmdir(in_the_way), 0);
        assert_token(&refresh, "one", false);
        ck_assert_int_eq(g_rmdir(refresh.store_directory), 0); /* the probe leaves nothing behind */
}
END_TEST

/* However its characters are written in the file. */
START_TEST(the_longest_token_is_read_again)
{
        char *token = NULL;
        g_autofree char *longest = g_strnfill(LIMIT_TOKEN_BYTES, '"');
        ck_assert_int_eq(oauth2_check_store(&refresh, &err), 0);
        ck_assert_int_eq(oauth2_store_refresh_token(&refresh, longest, &err), 0);
        ck_assert_int_eq(oauth2_load_refresh_token(&refresh, &token, &err), 0);
        ck_assert_str_eq(token, longest);
        credential_free(token);
}
END_TEST

START_TEST(a_damaged_file_is_passed_over)
{
        static const struct reply first = ROTATES("one", "rotated-1");
        answers(&first);
        assert_token(&refresh, "one", false);
        g_autoptr(GDir) files = g_dir_open(refresh.store_directory, 0, NULL);
        g_autofree char *path = g_build_filename(refresh.store_directory, g_dir_read_name(files), NULL);
        g_autofree char *good = support_read_file(path, NULL), *huge = g_strnfill(100000, ' ');
        g_autofree char *identity = oauth2_identity(&refresh);
        g_autofree char *spaced = g_strdup_printf("{\"schema\":\"hotfixd.refresh-token/1\",\"identity\":\"%s\","
                                                  "\"refresh_token\":\"a b\"}", identity);
        const char *const bad[] = { "", "{}", "[]", huge, spaced, "{\"schema\":\"hotfixd.refresh-token/1\",\"refresh_token\":\"x\"}",
                                    "{\"schema\":1,\"identity\":2,\"refresh_token\":3}" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                ck_assert(g_file_set_contents(path, bad[i], -1, NULL));
                ck_assert_ptr_null(stored_token());
        }
        good[strlen(good) / 2] = '\0';
        ck_assert(g_file_set_contents(path, good, -1, NULL));
        ck_assert_ptr_null(stored_token());
        ck_assert_int_eq(g_unlink(path), 0);
        ck_assert_int_eq(g_mkdir(path, 0700), 0);
        char *token = NULL;
        ck_assert_int_lt(oauth2_load_refresh_token(&refresh, &token, &err), 0);
        ck_assert_int_eq(g_rmdir(path), 0);
}
END_TEST

/* Several mailboxes connect at once: one request. */
static void *get_token(void *data)
{
        char *token = NULL;
        bool cached;
        struct error local = ERROR_INIT;
        ck_assert_int_eq(oauth2_token(data, &transport, &token, &cached, &local), 0);
        ck_assert_str_eq(token, "one");
        credential_free(token);
        return NULL;
}

START_TEST(threads_share_one_request)
{
        static const struct reply first = GOOD("one");
        GThread *threads[8];
        answers(&first);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                threads[i] = g_thread_new("mailbox", get_token, &client);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                g_thread_join(threads[i]);
        ck_assert_uint_eq(requests, 1);
}
END_TEST

/* The second mailbox of the account, which comes while the first one's request is under way. */
static struct { GThread *thread; int id; int code; char *text; } second;

static void *fail_too(void *data)
{
        char *token = NULL;
        bool cached;
        struct error local = ERROR_INIT;
        g_atomic_int_set(&second.id, (int) syscall(SYS_gettid));
        second.code = oauth2_token(data, &transport, &token, &cached, &local);
        second.text = g_strdup(error_text(&local));
        error_clear(&local);
        return NULL;
}

/* Until it sleeps, which it does only where it waits for the first. */
static void start_second(void)
{
        second.thread = g_thread_new("mailbox", fail_too, &client);
        for (bool sleeps = false; !sleeps; g_thread_yield()) {
                g_autofree char *path = g_strdup_printf("/proc/self/task/%d/stat", g_atomic_int_get(&second.id)), *text = NULL;
                sleeps = g_atomic_int_get(&second.id) > 0 && g_file_get_contents(path, &text, NULL, NULL) &&
                         strstr(text, ") S ");
        }
}

START_TEST(those_who_wait_share_a_failure)
{
        static const struct reply refused = { .status = 400, .body = "{\"error\":\"invalid_client\"}" };
        static const struct reply good = GOOD("one");
        answers(&refused);
        answers(&good);
        during_request = start_second;
        ck_assert_int_eq(fails(&client), -ERR_AUTH);
        g_thread_join(second.thread);
        ck_assert_int_eq(second.code, -ERR_AUTH);
        ck_assert_str_eq(second.text, error_text(&err));
        ck_assert_uint_eq(requests, 1);
        g_free(second.text);
        assert_token(&client, "one", false); /* who comes later asks */
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("oauth2");
        TCase *tcase = tcase_create("oauth2");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, the_refresh_flow);
        tcase_add_test(tcase, the_client_credentials_flow);
        tcase_add_test(tcase, a_token_is_kept_to_its_end);
        tcase_add_test(tcase, lifetimes);
        tcase_add_test(tcase, hostile_answers_are_refused);
        tcase_add_test(tcase, mutated_answers_do_no_harm);
        tcase_add_test(tcase, refusals_say_what_to_do);
        tcase_add_test(tcase, nothing_secret_is_quoted);
        tcase_add_test(tcase, trouble_is_temporary);
        tcase_add_test(tcase, retry_after_is_obeyed);
        tcase_add_test(tcase, a_forgotten_token_is_not_given_again);
        tcase_add_test(tcase, a_new_refresh_token_is_stored_and_used);
        tcase_add_test(tcase, a_new_configured_token_wins);
        tcase_add_test(tcase, mailboxes_share_a_grant);
        tcase_add_test(tcase, a_token_that_cannot_be_stored_is_not_lost);
        tcase_add_test(tcase, nothing_is_asked_where_nothing_can_be_stored);
        tcase_add_test(tcase, the_longest_token_is_read_again);
        tcase_add_test(tcase, a_damaged_file_is_passed_over);
        tcase_add_test(tcase, threads_share_one_request);
        tcase_add_test(tcase, those_who_wait_share_a_failure);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
