/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "daemon/config.h"
#include "daemon/config_p.h"
#include "tests/config_kit.h"
#include "tests/support.h"

static const struct config_mailbox *mailbox(guint index)
{
        ck_assert_uint_lt(index, conf->mailboxes->len);
        return g_ptr_array_index(conf->mailboxes, index);
}

START_TEST(defaults)
{
        conf_assert_loads(MAILBOX);
        ck_assert_str_eq(conf->state_dir, CONFIG_DEFAULT_STATE_DIR);
        ck_assert_str_eq(conf->database_file, CONFIG_DEFAULT_STATE_DIR "/hotfixd.db");
        ck_assert_str_eq(conf->archive_dir, CONFIG_DEFAULT_STATE_DIR "/archive");
        ck_assert_int_eq(conf->log_level, LOG_LEVEL_INFO);
        ck_assert_uint_eq(conf->workers, 2);
        ck_assert_uint_eq(conf->max_message_bytes, LIMIT_MESSAGE_BYTES_DEFAULT);
        ck_assert_ptr_null(conf->parser.program);
        ck_assert_uint_eq(conf->parser.limits.text_bytes, LIMIT_TEXT_BYTES_DEFAULT);
        ck_assert_int_eq(conf->parser.wall_ms, LIMIT_WORKER_WALL_MS);
        ck_assert_int_eq(conf->parser.cpu_ms, LIMIT_WORKER_CPU_MS);
        ck_assert_uint_eq(conf->parser.memory_bytes, LIMIT_WORKER_MEMORY_BYTES);
        ck_assert_int_eq(conf->retention_ms, INT64_C(400) * 86400000);
        ck_assert_ptr_nonnull(conf->calendar);
        const struct config_mailbox *m = mailbox(0);
        ck_assert_str_eq(m->host, "imap.example.org");
        ck_assert_str_eq(m->folder, "INBOX");
        ck_assert_uint_eq(m->port, 993);
        ck_assert_int_eq(m->tls, CONFIG_TLS_IMPLICIT);
        ck_assert_str_eq(m->password, "hunter2");
        ck_assert_str_eq(m->auth, "auto");
        ck_assert(m->idle && !m->insecure);
        ck_assert_int_eq(m->poll_interval_ms, 60000);
        ck_assert_int_eq(m->idle_renew_ms, 540000);
        ck_assert_int_eq(m->timeout_ms, 60000);
        ck_assert_int_eq(m->reconcile_interval_ms, 3600000);
        ck_assert_ptr_null(m->oauth2);
        ck_assert_int_eq(m->after, CONFIG_AFTER_NONE);
        ck_assert_str_eq(m->location, "u@imap.example.org:993/INBOX");
        ck_assert_ptr_null(m->ca_file);
}
END_TEST

START_TEST(every_daemon_key_is_read)
{
        conf_assert_loads(MAILBOX
                     "[daemon]\nstate-dir = /srv//hotfix/\nlog-level = debug\nworkers = 16\nmax-message-size = 64k\n"
                     "max-text-size = 8M\nparser-timeout = 10m\nparser-cpu-time = 1s\nparser-memory = 4G\n"
                     "delivery-retention = 90d\n");
        ck_assert_int_eq(conf->retention_ms, INT64_C(90) * 86400000);
        ck_assert_str_eq(conf->state_dir, "/srv/hotfix");
        ck_assert_str_eq(conf->database_file, "/srv/hotfix/hotfixd.db");
        ck_assert_int_eq(conf->log_level, LOG_LEVEL_DEBUG);
        ck_assert_uint_eq(conf->workers, 16);
        ck_assert_uint_eq(conf->max_message_bytes, 64 * KIB);
        ck_assert_uint_eq(conf->parser.limits.text_bytes, LIMIT_TEXT_BYTES);
        ck_assert_int_eq(conf->parser.wall_ms, LIMIT_WORKER_WALL_MS_MAX);
        ck_assert_int_eq(conf->parser.cpu_ms, LIMIT_WORKER_CPU_MS_MIN);
        ck_assert_uint_eq(conf->parser.memory_bytes, LIMIT_WORKER_MEMORY_BYTES_MAX);
}
END_TEST

/* 2026-11-22 15:00 UTC is Monday, 23 November, 00:00 in Tokyo. */
#define MIDNIGHT_IN_TOKYO_MS INT64_C(1795359600000)

START_TEST(the_calendar_is_read)
{
        conf_write_file("holidays", "# of ours\n2026-11-24 a day of our own\n");
        conf_assert_loads(MAILBOX "[daemon]\ntime-zone = Asia/Tokyo\nholidays-file = @/holidays\n");
        ck_assert_str_eq(calendar_last_holiday(conf->calendar), "2026-11-24");
        ck_assert(calendar_is_business_day(conf->calendar, MIDNIGHT_IN_TOKYO_MS));
        ck_assert(!calendar_is_business_day(conf->calendar, MIDNIGHT_IN_TOKYO_MS - 1)); /* a Sunday */
        ck_assert_str_eq(calendar_holiday(conf->calendar, 2026, 11, 24), "a day of our own");
        conf_assert_loads(MAILBOX "[daemon]\ntime-zone = UTC\nholidays-file = none\n");
        ck_assert(!calendar_is_business_day(conf->calendar, MIDNIGHT_IN_TOKYO_MS));
        ck_assert_str_eq(calendar_last_holiday(conf->calendar), "");

        conf_assert_one_problem("[daemon]\ntime-zone = Asia/Tokio\n",
                           "[daemon] time-zone: there is no time zone \"Asia/Tokio\"; it takes a name such as Asia/Tokyo");
        conf_write_file("holidays", "2026-11-31 no such day\n");
        ck_assert_int_eq(conf_load_text(MAILBOX "[daemon]\nholidays-file = @/holidays\n"), -ERR_CONFIG);
        g_autofree char *all = conf_join(conf_problems);
        ck_assert_msg(conf_problems->len == 1 && strstr(all, "[daemon] holidays-file: ") && strstr(all, "holidays"), "%s", all);
        ck_assert_int_eq(conf_load_for(CONFIG_FOR_CONTROL), -ERR_CONFIG);
        /* a file that is named has to be there; hotfixctl, whose user may not see it, does without */
        ck_assert_int_eq(conf_load_text(MAILBOX "[daemon]\nholidays-file = @/missing\n"), -ERR_CONFIG);
        ck_assert_uint_eq(conf_problems->len, 1);
        ck_assert_int_eq(conf_load_for(CONFIG_FOR_CONTROL), 0);
}
END_TEST

START_TEST(every_mailbox_key_is_read)
{
        g_setenv("CREDENTIALS_DIRECTORY", conf_directory, TRUE);
        conf_assert_loads(
                "[mailbox m]\nurl = imap://[2001:db8::1]:1143/%E6%9B%B4%E6%96%B0/a%3Fb\nuser = me@example.org\n"
                "password-credential = secret\nauth = login\ntls-ca-file = @/secret\nidle = no\npoll-interval = 5m\n"
                "idle-renew = 29m\ntimeout = 10\nreconcile-interval = 1d\nafter-ingest = move:処理済み/2007\n");
        const struct config_mailbox *m = mailbox(0);
        g_autofree char *ca_file = g_build_filename(conf_directory, "secret", NULL);
        ck_assert_str_eq(m->host, "2001:db8::1");
        ck_assert_uint_eq(m->port, 1143);
        ck_assert_str_eq(m->folder, "更新/a?b");
        ck_assert_int_eq(m->tls, CONFIG_TLS_STARTTLS);
        ck_assert_str_eq(m->user, "me@example.org");
        ck_assert_str_eq(m->password, "hunter2");
        ck_assert_str_eq(m->auth, "login");
        ck_assert_str_eq(m->ca_file, ca_file);
        ck_assert(!m->idle);
        ck_assert_int_eq(m->poll_interval_ms, 300000);
        ck_assert_int_eq(m->idle_renew_ms, 29 * 60000);
        ck_assert_int_eq(m->timeout_ms, 10000);
        ck_assert_int_eq(m->reconcile_interval_ms, 86400000);
        ck_assert_int_eq(m->after, CONFIG_AFTER_MOVE);
        ck_assert_str_eq(m->after_folder, "処理済み/2007");
        ck_assert_str_eq(m->location, "me@example.org@[2001:db8::1]:1143/更新/a?b");
        conf_assert_loads("[mailbox m]\nurl = imap://localhost/x/\nuser = u\npassword-file = @/secret\ninsecure = yes\n"
                     "after-ingest = seen\n");
        ck_assert_int_eq(mailbox(0)->tls, CONFIG_TLS_NONE);
        ck_assert_int_eq(mailbox(0)->after, CONFIG_AFTER_SEEN);
        ck_assert(mailbox(0)->insecure);
}
END_TEST

START_TEST(every_oauth2_key_is_read)
{
        conf_assert_loads(TOKEN_MAILBOX "oauth2-flow = client-credentials\noauth2-client-secret-file = @/secret\n"
                                   "oauth2-scope = https://outlook.office365.com/.default\noauth2-tls-ca-file = @/hook\n"
                                   "[mailbox n]\nurl = imaps://h\nuser = u\nauth = oauthbearer\n" ENDPOINT VERIFIED
                                   "oauth2-refresh-token-file = @/secret\n"
                                   "[daemon]\nstate-dir = /srv/x\n");
        const struct config_oauth2 *m = mailbox(0)->oauth2, *n = mailbox(1)->oauth2;
        ck_assert_uint_eq(conf_warnings->len, 1); /* no route */
        ck_assert_str_eq(mailbox(0)->auth, "xoauth2");
        ck_assert_ptr_null(mailbox(0)->password);
        ck_assert_int_eq(m->flow, CONFIG_OAUTH2_CLIENT_CREDENTIALS);
        ck_assert_str_eq(m->token_url, "https://login.example.org/t/token");
        ck_assert_str_eq(m->client_id, "client");
        ck_assert_str_eq(m->client_secret, "hunter2");
        ck_assert_ptr_null(m->refresh_token);
        ck_assert_str_eq(m->scope, "https://outlook.office365.com/.default");
        ck_assert(g_str_has_suffix(m->ca_file, "/hook"));
        ck_assert_str_eq(m->store_directory, "/srv/x/oauth2");
        ck_assert(!m->insecure);
        ck_assert_str_eq(mailbox(1)->auth, "oauthbearer");
        ck_assert_int_eq(n->flow, CONFIG_OAUTH2_REFRESH_TOKEN);
        ck_assert_str_eq(n->refresh_token, "hunter2");
        ck_assert_ptr_null(n->client_secret); /* a public client */
        ck_assert_ptr_null(n->scope);
        ck_assert_ptr_null(n->ca_file);
        conf_assert_loads("[mailbox m]\nurl = imap://[::1]\nuser = u\ninsecure = yes\nauth = xoauth2\noauth2-client-id = c\n"
                     "oauth2-token-url = http://127.0.0.1:80/token\noauth2-refresh-token-file = @/secret\n");
        ck_assert(mailbox(0)->oauth2->insecure);
}
END_TEST

/* This mailbox gives exactly one problem, which ends so. */
static void assert_one_problem_of(const char *text, const char *end)
{
        ck_assert_int_eq(conf_load_text(text), -ERR_CONFIG);
        conf_assert_has(conf_problems, end);
        g_autofree char *all = conf_join(conf_problems);
        ck_assert_msg(conf_problems->len == 1, "%s", all);
}

START_TEST(oauth2_keys_fit_together)
{
#define REFRESH "oauth2-refresh-token-file = @/secret\n"
        assert_one_problem_of(TOKEN_MAILBOX, "[mailbox m]: needs oauth2-refresh-token-credential or oauth2-refresh-token-file");
        assert_one_problem_of(TOKEN_MAILBOX "oauth2-flow = client-credentials\n",
                              "[mailbox m]: needs oauth2-client-secret-credential or oauth2-client-secret-file");
        assert_one_problem_of(TOKEN_MAILBOX REFRESH "oauth2-flow = client-credentials\noauth2-client-secret-file = @/secret\n",
                              "[mailbox m] oauth2-refresh-token-file: oauth2-flow = client-credentials uses no refresh token");
        assert_one_problem_of(TOKEN_MAILBOX REFRESH "password-credential = x\n",
                              "[mailbox m] password-credential: auth = xoauth2 logs in with a token; a password has no place "
                              "beside it");
        assert_one_problem_of(TOKEN_MAILBOX REFRESH "oauth2-flow = password\n",
                              "[mailbox m] oauth2-flow: bad value \"password\"; it takes refresh-token | client-credentials");
        assert_one_problem_of(PLACE "auth = oauthbearer\noauth2-client-id = x\n" REFRESH,
                              "[mailbox m]: needs oauth2-token-url, as auth = xoauth2 or oauthbearer is set");
        assert_one_problem_of(PLACE "auth = xoauth2\noauth2-token-url = https://h\n" REFRESH,
                              "[mailbox m]: needs oauth2-client-id, as auth = xoauth2 or oauthbearer is set");
        assert_one_problem_of(TOKEN_MAILBOX REFRESH "oauth2-scope = a\"b\n",
                              "[mailbox m] oauth2-scope: only words of printable ASCII characters without \" and \\ are allowed");
        assert_one_problem_of(TOKEN_MAILBOX REFRESH "oauth2-client-id = ä\n",
                              "[mailbox m] oauth2-client-id: only printable ASCII characters are allowed");
        assert_one_problem_of(TOKEN_MAILBOX "oauth2-refresh-token = s3cret\n" REFRESH,
                              "[mailbox m] oauth2-refresh-token: secrets have no place here; use "
                              "oauth2-refresh-token-credential = NAME or oauth2-refresh-token-file = PATH");
        static const char *const lonely[] = { "oauth2-flow = refresh-token", "oauth2-client-id = x", "oauth2-scope = x",
                                              "oauth2-token-url = https://h", "oauth2-client-secret-file = @/secret",
                                              "oauth2-refresh-token-credential = x", "oauth2-tls-ca-file = @/hook" };
        for (size_t i = 0; i < G_N_ELEMENTS(lonely); i++) {
                g_autofree char *text = g_strdup_printf(MAILBOX "auth = login\n%s\n", lonely[i]);
                assert_one_problem_of(text, ": only auth = xoauth2 or oauthbearer has use for this key");
        }
}
END_TEST

START_TEST(token_urls_are_checked)
{
        static const char *const bad[] = { "http://login.example.org/t", "http://127.0.0.1/t", "ftp://h/", "login.example.org",
                                           "https://", "https://me:s3cret@h/t", "https://h/a b", "https://h/t#s3cret",
                                           "https://h/\x01", "https://h/ä" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *text = g_strdup_printf(TOKEN_MAILBOX "oauth2-refresh-token-file = @/secret\n"
                                                        "oauth2-token-url = %s\n", bad[i]);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG, "%s", bad[i]);
                g_autofree char *all = conf_join(conf_problems);
                ck_assert_msg(conf_problems->len == 1 && strstr(all, "[mailbox m] oauth2-token-url: ") && !strstr(all, "s3cret"),
                              "%s: %s", bad[i], all);
        }
        conf_write_file("odd", "tok\x7f" "en\n");
        ck_assert_int_eq(conf_load_text(TOKEN_MAILBOX "oauth2-refresh-token-file = @/odd\n"), -ERR_CREDENTIAL);
        conf_assert_has(conf_problems, "oauth2-refresh-token-file: this is no refresh token: it has characters that are not printable "
                             "ASCII");
}
END_TEST

#define ROUTED_TO_LOG "[channel l]\ntype = log\n[route r]\nchannels = l\n[route health]\nchannels = l\n"

START_TEST(whom_a_mailbox_believes)
{
        conf_assert_loads(OPEN_MAILBOX "require-authentication = dmarc\nauthserv-id = mx\n"
                                  "trusted-senders = Report@HotFix.example; @Vendor.EXAMPLE, @例え.example\n");
        const struct authenticity_policy *policy = &mailbox(0)->authenticity;
        ck_assert_uint_eq(policy->trusted_senders->len, 3);
        ck_assert_str_eq(g_ptr_array_index(policy->trusted_senders, 0), "report@hotfix.example");
        ck_assert_str_eq(g_ptr_array_index(policy->trusted_senders, 1), "@vendor.example");
        ck_assert_str_eq(g_ptr_array_index(policy->trusted_senders, 2), "@xn--r8jz45g.example");
        ck_assert_int_eq(policy->require, AUTHENTICATION_DMARC);
        ck_assert_str_eq(policy->authserv_id, "mx");
        ck_assert_uint_eq(conf_warnings->len, 1); /* no route */
        conf_assert_loads(OPEN_MAILBOX "require-authentication = dmarc\nauthserv-id = mx1.example ,mx2.example;\n");
        ck_assert_str_eq(mailbox(0)->authenticity.authserv_id, "mx1.example, mx2.example");
        conf_assert_one_problem("[mailbox m]\nauthserv-id = mx1, mx2 x, mx3 y\n", "\"mx2 x\" is not one word as it stands first in "
                           "Authentication-Results");

        static const char *const methods[] = { "none", "dkim", "spf", "dmarc" };
        for (int i = 0; i < AUTHENTICATION_METHOD_MAX; i++) {
                g_autofree char *text = g_strdup_printf(MAILBOX "require-authentication = %s\n", methods[i]);
                conf_assert_loads(text);
                ck_assert_int_eq(mailbox(0)->authenticity.require, i);
        }
        static const char *const bad[] = { "hotfix.example", "@", "a@", "a b@c", "@.example", "@a..b", "<a@b>", "@a@b", "@a.", "*@ab/c" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *text = g_strdup_printf("[mailbox m]\ntrusted-senders = ok@ok.example, %s\n", bad[i]);
                g_autofree char *end = g_strdup_printf(
                        "[mailbox m] trusted-senders: \"%s\" is neither an address user@host nor a domain @host", bad[i]);
                conf_assert_one_problem(text, end);
        }
        conf_assert_one_problem("[mailbox m]\ntrusted-senders = ;\n", "[mailbox m] trusted-senders: the list is empty");
        /* What is wrong has no consequences that would only confuse. */
        ck_assert_int_eq(conf_load_text(OPEN_MAILBOX ROUTED_TO_LOG "[mailbox m]\ntrusted-senders = @a.example\nauthserv-id = mx\n"
                                   "require-authentication = DMARC\n"), -ERR_CONFIG);
        g_autofree char *said = conf_join(conf_warnings);
        ck_assert_msg(!strstr(said, "forged") && !strstr(said, "no effect") && !strstr(said, "believes"), "%s", said);
        conf_assert_one_problem("[mailbox m]\nauthserv-id = a b\n",
                           "[mailbox m] authserv-id: \"a b\" is not one word as it stands first in Authentication-Results");
        conf_assert_one_problem("[mailbox m]\nauthserv-id = mx; dkim=pass\n", "as it stands first in Authentication-Results");
        conf_assert_one_problem("[mailbox m]\nauthserv-id =\n", "[mailbox m]: needs authserv-id: whose Authentication-Results count");
}
END_TEST

START_TEST(believing_everybody_is_doubtful)
{
        conf_assert_loads(OPEN_MAILBOX ROUTED_TO_LOG);
        ck_assert_uint_eq(conf_warnings->len, 1);
        conf_assert_has(conf_warnings, "[mailbox m]: believes every mail: whoever knows the address can have people called; "
                             "trusted-senders and require-authentication say whom to believe");
        ck_assert_int_eq(mailbox(0)->authenticity.require, AUTHENTICATION_NONE);
        ck_assert_uint_eq(mailbox(0)->authenticity.trusted_senders->len, 0);
        ck_assert_ptr_null(mailbox(0)->authenticity.authserv_id);
        conf_assert_loads(OPEN_MAILBOX "trusted-senders = a@b\nauthserv-id = mx\n" ROUTED_TO_LOG);
        ck_assert_uint_eq(conf_warnings->len, 2);
        conf_assert_has(conf_warnings, "trusted-senders: a sender's address is easily forged; require-authentication asks for proof");
        conf_assert_has(conf_warnings, "authserv-id: has no effect without require-authentication");
        conf_assert_loads(OPEN_MAILBOX "require-authentication = spf\nauthserv-id = mx\n" ROUTED_TO_LOG);
        ck_assert_uint_eq(conf_warnings->len, 1);
        conf_assert_has(conf_warnings, "require-authentication: a mail that is verified can still be anybody's; trusted-senders says "
                             "whom to believe");
        conf_assert_loads(MAILBOX ROUTED_TO_LOG);
        ck_assert_uint_eq(conf_warnings->len, 0);
}
END_TEST

START_TEST(every_channel_key_is_read)
{
        conf_write_file("plain-hook", "http://127.0.0.1:8080/x\n");
        conf_assert_loads(MAILBOX "[channel s]\ntype = slack\nurl-file = @/hook\nmention = <!here>\ntls-ca-file = @/secret\n"
                     "[channel p]\ntype = slack\nurl-file = @/plain-hook\ninsecure = yes\n"
                     "[channel e]\ntype = email\nsmtp-url = smtp://mail.example.org:587\nfrom = a@example.org\n"
                     "to = b@example.org, c@example.org;d@localhost;\nuser = u\npassword-file = @/secret\n"
                     "[channel l]\ntype = log\nlevel = error\n");
        const struct channel *s = config_channel(conf, "s"), *p = config_channel(conf, "p");
        const struct channel *e = config_channel(conf, "e"), *l = config_channel(conf, "l");
        ck_assert_str_eq(s->url, "https://hooks.example.org/T/B/s3cret");
        ck_assert_str_eq(s->mention, "<!here>");
        ck_assert_ptr_nonnull(s->ca_file);
        ck_assert(p->insecure && !s->insecure);
        ck_assert_int_eq(e->type, CHANNEL_EMAIL);
        ck_assert_str_eq(e->smtp_url, "smtp://mail.example.org:587");
        ck_assert_str_eq(e->from, "a@example.org");
        ck_assert_uint_eq(e->to->len, 3);
        ck_assert_str_eq(g_ptr_array_index(e->to, 2), "d@localhost");
        ck_assert_str_eq(e->user, "u");
        ck_assert_str_eq(e->password, "hunter2");
        ck_assert_str_eq(l->log_level, "error");
        ck_assert_ptr_null(config_channel(conf, "x"));
}
END_TEST

START_TEST(every_route_key_is_read)
{
        conf_assert_loads(MAILBOX "[channel l]\ntype = log\n[route r]\nseverity = important\nurgency = early\nmatch = all\n"
                     "environment = client\nproducts = *Windows \\* XP*; *Office*,\nexploit = attacks\n"
                     "kinds = alert, news\nupdates = yes\nundetermined = no\nchannels = l\n[route d]\nchannels = l\n");
        const struct route *r = config_route(conf, "r"), *d = config_route(conf, "d");
        ck_assert_int_eq(r->severity, SEVERITY_IMPORTANT);
        ck_assert_int_eq(r->urgency, URGENCY_EARLY);
        ck_assert_int_eq(r->match, ROUTE_ALL);
        ck_assert_int_eq(r->environment, ROUTE_ENV_CLIENT);
        ck_assert_uint_eq(r->products->len, 2);
        ck_assert_str_eq(g_ptr_array_index(r->products, 0), "*Windows \\* XP*");
        ck_assert_int_eq(r->exploit, ROUTE_EXPLOIT_ATTACKS);
        ck_assert_uint_eq(r->kinds, 1u << BULLETIN_ALERT | 1u << BULLETIN_NEWS);
        ck_assert(r->updates && !r->undetermined);
        ck_assert_str_eq(g_ptr_array_index(r->channels, 0), "l");
        ck_assert_ptr_null(config_route(conf, "x"));

        /* What the table calls a default is what a route has by itself. */
        struct route *plain = route_new("d");
        ck_assert_int_eq(d->severity, plain->severity);
        ck_assert_int_eq(d->urgency, plain->urgency);
        ck_assert_int_eq(d->match, plain->match);
        ck_assert_int_eq(d->environment, plain->environment);
        ck_assert_int_eq(d->exploit, plain->exploit);
        ck_assert_uint_eq(d->kinds, plain->kinds);
        ck_assert_int_eq(d->updates, plain->updates);
        ck_assert_int_eq(d->undetermined, plain->undetermined);
        route_free(plain);
}
END_TEST

START_TEST(all_problems_come_at_once)
{
        ck_assert_int_eq(conf_load_text("[daemon]\nworkers = 0\nlog-level = loud\n"
                                   "[mailbox m]\nurll = imaps://h\nuser = u\npassword = hunter2\n"
                                   "[channel c]\ntype = slak\n[chanel x]\n[route r]\nchannels = nobody\n"),
                         -ERR_CONFIG);
        conf_assert_has(conf_problems, "[daemon] workers: bad value \"0\"; it takes 1 to 16");
        conf_assert_has(conf_problems,
                   "[daemon] log-level: bad value \"loud\"; it takes error | warning | notice | info | debug");
        conf_assert_has(conf_problems, "[mailbox m] urll: unknown key; did you mean \"url\"?");
        conf_assert_has(conf_problems, "[mailbox m]: needs url");
        conf_assert_has(conf_problems, "[mailbox m] password: secrets have no place here; use password-credential = NAME or "
                             "password-file = PATH");
        conf_assert_has(conf_problems, "[mailbox m]: needs password-credential or password-file");
        conf_assert_has(conf_problems, "[channel c] type: bad value \"slak\"; did you mean \"slack\"?");
        g_autofree char *all = conf_join(conf_problems);
        ck_assert_ptr_null(strstr(all, "hunter2"));
}
END_TEST

START_TEST(sections_are_checked)
{
        conf_assert_one_problem("[chanel x]\ntype = log\n", "[chanel x]: unknown section; did you mean [channel NAME]?");
        conf_assert_one_problem("[zzz]\n",
                           "[zzz]: unknown section; there are [daemon], [mailbox NAME], [channel NAME], [route NAME]");
        conf_assert_one_problem("[daemon x]\n", "[daemon x]: the section [daemon] has no name");
        conf_assert_one_problem("[route]\n", "needs a name of at most 64 letters, digits, \"_\", \".\" or \"-\"");
        conf_assert_one_problem("[route a b]\n", "needs a name of at most 64 letters, digits, \"_\", \".\" or \"-\"");
        conf_assert_one_problem("[route a/b]\n", "needs a name of at most 64 letters, digits, \"_\", \".\" or \"-\"");
        ck_assert_int_eq(conf_load_text("[daemon]\n"), -ERR_CONFIG);
        conf_assert_has(conf_problems, "[mailbox NAME]: there is no mailbox; at least one is needed");
}
END_TEST

START_TEST(keys_are_checked)
{
        conf_assert_one_problem("[daemon]\nstate_dir = /x\n",
                           "[daemon] state_dir: unknown key; did you mean \"state-dir\"?");
        conf_assert_one_problem("[daemon]\nzzz = 1\n", "[daemon] zzz: unknown key");
        conf_assert_one_problem("[daemon]\nworkers[ja] = 1\n", "[daemon] workers[ja]: unknown key");
        conf_assert_one_problem("[channel l]\ntype = log\nto = a@b\n",
                           "[channel l] to: only a channel of type email has this key");
        conf_assert_one_problem("[channel l]\ntype = log\ninsecure = no\n",
                           "[channel l] insecure: only a channel of type slack, email, webhook, pagerduty or teams has this key");
        conf_assert_one_problem("[channel l]\ntype = log\napi-url = https://h\n",
                           "[channel l] api-url: only a channel of type slack or pagerduty has this key");
        conf_assert_one_problem("[channel l]\nlevel = info\n",
                           "[channel l]: needs type (slack | email | teams | pagerduty | webhook | log)");
        conf_assert_one_problem("[channel l]\ntype = pager-duty\n", "[channel l] type: bad value \"pager-duty\"; did you mean \"pagerduty\"?");
        conf_assert_one_problem("[channel l]\ntype = log\n[route r]\nchannels = l\ndisk-free = 5\n",
                           "[route r] disk-free: only [route health] has this key");
        conf_assert_one_problem("[channel l]\ntype = log\n[route r]\nchannels = l\nescalade = 30m l\n",
                           "[route r] escalade: unknown key; did you mean \"escalate\"?");
}
END_TEST

START_TEST(values_are_checked)
{
        static const char *const bad[] = {
                "workers = 17",           "workers = -1",
                "workers = 2x",           "workers = 99999999999999999999",
                "max-message-size = 63k", "max-message-size = 257M",
                "max-message-size = 1T",  "state-dir = relative",
                "max-text-size = 63k",    "max-text-size = 9M",
                "parser-timeout = 0s",    "parser-timeout = 11m",
                "parser-cpu-time = 0",    "parser-cpu-time = 11m",
                "parser-memory = 127M",   "parser-memory = 5G",
                "log-level = INFO",       "delivery-retention = 29d",
                "time-zone = Asia/Tokio", "holidays-file = holidays",
                "delivery-retention = 3651d",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *text = g_strdup_printf(MAILBOX "[daemon]\n%s\n", bad[i]);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG, "%s", bad[i]);
                ck_assert_uint_eq(conf_problems->len, 1);
        }
        static const char *const bad_mailbox[] = {
                "auth = cram-md5",
                "idle = true",
                "poll-interval = 4s",
                "poll-interval = 2d",
                "idle-renew = 30m",
                "timeout = 0",
                "timeout = 11m",
                "timeout = ten",
                "reconcile-interval = 59s",
                "reconcile-interval = 25h",
                "after-ingest = delete",
                "after-ingest = move:",
                "after-ingest = move:INBOX",
                "after-ingest = move:inbox",
                "insecure = yes",
                "tls-ca-file = /nonexistent/ca.pem",
                "tls-ca-file = ca.pem",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad_mailbox); i++) {
                g_autofree char *text = g_strdup_printf(MAILBOX "%s\n", bad_mailbox[i]);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG, "%s", bad_mailbox[i]);
                ck_assert_uint_eq(conf_problems->len, 1);
        }
        static const char *const bad_route[] = {
                "severity = high", "urgency = now", "match = both", "environment = servers", "exploit = yes",
                "kinds = alerts", "kinds = unknown", "updates = 1", "undetermined = maybe", "channels = l, m",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad_route); i++) {
                g_autofree char *text =
                        g_strdup_printf(MAILBOX "[channel l]\ntype = log\n[route r]\n%s\n", bad_route[i]);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG, "%s", bad_route[i]);
                ck_assert_uint_eq(conf_problems->len, 1);
        }
}
END_TEST

#define FOLDER(name, server, after) \
        "[mailbox " name "]\nurl = imaps://" server "\nuser = u\npassword-file = @/secret\n" VERIFIED "after-ingest = " after "\n"

/* Mails that two mailboxes move to each other would go round without end. */
START_TEST(mails_do_not_go_round)
{
        conf_assert_one_problem(FOLDER("a", "h", "move:Done") FOLDER("b", "H/Done", "move:inbox"),
                                "[mailbox a] after-ingest: moves the mails to \"Done\", and [mailbox b] after-ingest moves what is "
                                "there to \"inbox\": they would go round without end");
        conf_assert_one_problem(FOLDER("c", "h/C", "move:処理済み") FOLDER("end", "h/D", "move:E") FOLDER("in", "h/INBOX", "move:C")
                                FOLDER("a", "h/%E5%87%A6%E7%90%86%E6%B8%88%E3%81%BF", "move:D")
                                FOLDER("b", "h/E", "move:Inbox"),
                                "[mailbox c] after-ingest: moves the mails to \"処理済み\", and [mailbox a] after-ingest moves what is "
                                "there to \"D\", and [mailbox end] after-ingest moves what is there to \"E\", and [mailbox b] "
                                "after-ingest moves what is there to \"Inbox\", and [mailbox in] after-ingest moves what is there to "
                                "\"C\": they would go round without end");
        /* one server by two ports; a way into a circle is none */
        conf_assert_one_problem(FOLDER("way", "h/W", "move:INBOX") FOLDER("a", "h", "move:Done")
                                "[mailbox b]\nurl = imap://h/Done\nuser = U\npassword-file = @/secret\n" VERIFIED
                                "after-ingest = move:INBOX\n",
                                "[mailbox a] after-ingest: moves the mails to \"Done\", and [mailbox b] after-ingest moves what is "
                                "there to \"INBOX\": they would go round without end");
        conf_assert_loads(FOLDER("a", "h", "move:Done") FOLDER("b", "h/Done", "move:Old") FOLDER("c", "h/Old", "seen"));
        conf_assert_loads(FOLDER("a", "h", "move:Done") FOLDER("b", "h/done", "move:INBOX"));
        conf_assert_loads(FOLDER("a", "h", "move:Done") FOLDER("b", "i/Done", "move:INBOX"));
        conf_assert_loads(FOLDER("a", "h:1143", "move:Done") FOLDER("b", "h:1144/Done", "move:INBOX"));
        conf_assert_loads(FOLDER("a", "h", "move:Done") "[mailbox b]\nurl = imap://h/Done\nuser = v\npassword-file = @/secret\n"
                          VERIFIED "after-ingest = move:INBOX\n");
}
END_TEST

/* A URL may hold a secret, so that no problem repeats it. */
START_TEST(urls_are_checked)
{
        static const char *const bad[] = {
                "imap.example.org",     "https://s3cret",     "imaps://",         "imaps:///x",
                "imaps://me:s3cret@h/", "imaps://h:0/",       "imaps://h:65536/", "imaps://h:x/",
                "imaps://h:/",          "imaps://[::1/",      "imaps://[h]/",     "imaps://[::1]x/",
                "imaps://h s3cret/",    "imaps://h/%zz",      "imaps://h/%00",    "imaps://h/%0a",
                "imaps://h/%ff",        "imaps://h/a?s3cret", "imaps://h/a#b",    "imaps://[fe80::1%eth0]/",
                "imaps://-h/",          "imaps://.h/",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *text =
                        g_strdup_printf("[mailbox m]\nurl = %s\nuser = u\npassword-file = @/secret\n", bad[i]);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG, "%s", bad[i]);
                g_autofree char *all = conf_join(conf_problems);
                ck_assert_msg(conf_problems->len == 1 && strstr(all, "[mailbox m] url: ") && !strstr(all, "s3cret"),
                              "%s: %s", bad[i], all);
        }
        conf_assert_loads("[mailbox m]\nurl = IMAPS://例え.example.org/更新 済\nuser = u\npassword-file = @/secret\n");
        ck_assert_str_eq(mailbox(0)->host, "xn--r8jz45g.example.org");
        ck_assert_str_eq(mailbox(0)->folder, "更新 済");
}
END_TEST

START_TEST(plain_text_is_for_loopback_only)
{
        static const char *const bad[] = {
                "url = imap://mail.example.org\n", "url = imaps://localhost\n", "url = imap://127.0.0.1.example.org\n",
                "url = imap://10.0.0.1\n", "url = imap://localhost.example.org\n", "url = imap://[::2]\n",
        };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *text =
                        g_strconcat("[mailbox m]\nuser = u\npassword-file = @/secret\ninsecure = yes\n", bad[i], NULL);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG, "%s", bad[i]);
                conf_assert_has(conf_problems, "[mailbox m] insecure: \"yes\" is only for imap:// to a loopback address");
        }
        conf_write_file("plain", "http://hooks.example.org/s3cret\n");
        conf_assert_one_problem(
                "[channel s]\ntype = slack\nurl-file = @/plain\n",
                "the URL does not start with https://; plain text needs insecure = yes and a loopback address");
        conf_assert_one_problem("[channel s]\ntype = slack\ninsecure = yes\nurl-file = @/plain\n",
                           "[channel s] insecure: \"yes\" is only for http:// to a loopback address");
        conf_assert_one_problem(
                "[channel e]\ntype = email\ninsecure = yes\nsmtp-url = smtp://mail.example.org\nfrom = a@b\nto = c@d\n",
                "[channel e] insecure: \"yes\" is only for smtp:// to a loopback address");
}
END_TEST

START_TEST(secrets_in_the_configuration_are_named_and_not_shown)
{
        static const char *const keys[] = { "url", "webhook", "password", "token", "secret" };
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                g_autofree char *text = g_strdup_printf("[channel s]\ntype = slack\n%s = https://h/s3cret\n", keys[i]);
                ck_assert_int_eq(conf_load_text(text), -ERR_CONFIG);
                g_autofree char *all = conf_join(conf_problems);
                g_autofree char *start = g_strdup_printf("[channel s] %s: ", keys[i]);
                ck_assert_msg(strstr(all, start) && strstr(all, "-credential = NAME") && !strstr(all, "s3cret"), "%s",
                              all);
        }
        conf_assert_one_problem(
                "[channel s]\ntype = slack\nurl-credential = https://h/s3cret\n",
                "[channel s] url-credential: this is not the name of a credential (a file name without \"/\")");
        /* nor where the secret stands in the place of its file */
        static const char *const misplaced[] = {
                "[channel s]\ntype = slack\nurl-file = https://h/s3cret\n",
                "[channel s]\ntype = slack\ntoken-credential = xoxb-s3cret\nslack-channel = #x\n",
                "[channel s]\ntype = pagerduty\nrouting-key-credential = s3cret7890abcdef0123456789abcdef\n",
                "[channel s]\ntype = webhook\nurl-file = @/hook\nsecret-file = s3cret\n",
                "[channel s]\ntype = email\nsmtp-url = smtps://h\nfrom = a@b\nto = c@d\nuser = u\npassword-file = s3cret\n",
        };
        g_setenv("CREDENTIALS_DIRECTORY", conf_directory, TRUE);
        for (size_t i = 0; i < G_N_ELEMENTS(misplaced); i++) {
                g_autofree char *text = g_strconcat(MAILBOX, misplaced[i], NULL);
                ck_assert_int_eq(conf_load_text(text), -ERR_CONFIG);
                g_autofree char *all = conf_join(conf_problems);
                ck_assert_msg(conf_problems->len == 1 && !strstr(all, "s3cret"), "%s", all);
        }
        g_unsetenv("CREDENTIALS_DIRECTORY");
        conf_assert_one_problem("[channel s]\ntype = slack\nurl-credential = a\nurl-file = /b\n",
                           "[channel s] url-file: url-credential is set as well; one of the two is enough");
}
END_TEST

START_TEST(email_is_checked)
{
        static const char *const bad[] = { "a",         "a@",    "@b",  "a@b@c", "<a@b>",
                                           "A B <a@b>", "a@b c", "ä@b", "a@b_c", "\"a\"@b" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *text = g_strdup_printf(
                        "[channel e]\ntype = email\nsmtp-url = smtps://h\nfrom = a@b\nto = %s\n", bad[i]);
                g_autofree char *end =
                        g_strdup_printf("[channel e] to: \"%s\" is not an address of the form user@host", bad[i]);
                conf_assert_one_problem(text, end);
        }
        conf_assert_loads(MAILBOX "[channel e]\ntype = email\nsmtp-url = smtps://h\nfrom = 更新 <a@b>\nto = c@d\n");
        ck_assert_str_eq(config_channel(conf, "e")->from, "更新 <a@b>");
        static const char *const bad_from[] = { "a", "<>", "A <a>", "A <a@b> x", "A\x01 <a@b>", "A <a@b", "a@b>" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad_from); i++) {
                g_autofree char *text = g_strdup_printf(
                        MAILBOX "[channel e]\ntype = email\nsmtp-url = smtps://h\nto = c@d\nfrom = %s\n", bad_from[i]);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG && conf_problems->len == 1, "%s", bad_from[i]);
        }
        conf_assert_one_problem("[channel s]\ntype = slack\nurl-file = @/hook\nmention = @here\n",
                           "[channel s] mention: \"@here\" calls nobody; Slack's form is <!here>, <!channel>, <@U…> or "
                           "<!subteam^S…>");
#define EMAIL "[channel e]\ntype = email\nsmtp-url = smtps://h\nfrom = a@b\n"
        conf_assert_one_problem(EMAIL "to = ,;\n", "[channel e]: needs to");
        conf_assert_one_problem(EMAIL "to = c@d\nuser = u\n", "[channel e]: needs password-credential or password-file");
        conf_assert_one_problem(EMAIL "to = c@d\npassword-file = @/secret\n", "[channel e]: has a password and no user");
        conf_assert_one_problem("[channel e]\ntype = email\nsmtp-url = smtps://h/x\nfrom = a@b\nto = c@d\n",
                           "[channel e] smtp-url: the URL has something behind host and port");
        ck_assert_int_eq(conf_load_text(MAILBOX "[channel e]\ntype = email\n"), -ERR_CONFIG);
        ck_assert_uint_eq(conf_problems->len, 3);
}
END_TEST

START_TEST(references_are_checked)
{
        conf_assert_one_problem("[channel oops]\ntype = log\n[route r]\nchannels = oops, ops\n",
                           "[route r] channels: there is no [channel ops]; did you mean \"oops\"?");
        conf_assert_one_problem("[route r]\nchannels = nobody\n", "[route r] channels: there is no [channel nobody]");
        conf_assert_one_problem(
                "[mailbox n]\nurl = imaps://IMAP.example.org:993/inbox\nuser = u\npassword-file = @/secret\n",
                "[mailbox n] url: the same folder as [mailbox m]");
}
END_TEST

START_TEST(doubtful_things_are_warnings)
{
        g_autofree char *secret = g_build_filename(conf_directory, "secret", NULL);
        ck_assert_int_eq(g_chmod(secret, 0644), 0);
        conf_assert_loads(MAILBOX "[channel l]\ntype = log\n[channel k]\ntype = log\n[route r]\nchannels = k, k\n[route q]\n"
                             "products = *C #*\n");
        conf_assert_has(conf_warnings, "[channel l]: no route uses it");
        conf_assert_has(conf_warnings, "[route r] channels: names \"k\" more than once");
        conf_assert_has(conf_warnings, "[route q]: has no channels; what matches it is recorded and sent to nobody");
        conf_assert_has(conf_warnings, "a comment needs a line of its own");
        g_autofree char *exposed =
                g_strdup_printf("[mailbox m] password-file: every user of this machine can read %s", secret);
        conf_assert_has(conf_warnings, exposed);
        conf_assert_has(conf_warnings, "[mailbox m]: if its bulletins are not verified any more, nobody is told of that; "
                             "[route health] says whom to tell");
        ck_assert_uint_eq(conf_warnings->len, 6);
        ck_assert_uint_eq(config_route(conf, "r")->channels->len, 1);
        conf_assert_loads(MAILBOX);
        ck_assert_uint_eq(conf_warnings->len, 2);
        conf_assert_has(conf_warnings, "there is no [route NAME]; bulletins are archived and sent to nobody");
}
END_TEST

/* GKeyFile takes the last one without a word; with a list of senders that silences the others. */
START_TEST(a_key_set_twice_is_doubtful)
{
        conf_assert_loads(MAILBOX "# trusted-senders = @c.example\nidle = no\n [mailbox m] \nidle=yes\n[mailbox n]\nurl = imaps://n\n"
                             "user = u\npassword-file = /etc/hostname\nidle = no\n");
        conf_assert_has(conf_warnings, "[mailbox m] idle: is set more than once in this file; only the last one counts");
        ck_assert(mailbox(0)->idle);
        for (guint i = 0; i < conf_warnings->len; i++)
                ck_assert(!strstr(g_ptr_array_index(conf_warnings, i), "more than once") ||
                          strstr(g_ptr_array_index(conf_warnings, i), "[mailbox m] idle"));
}
END_TEST

START_TEST(drop_ins_win_in_the_order_of_their_names)
{
        conf_write_file("test.conf.d/20-b.conf", "[daemon]\nworkers = 5\n");
        conf_write_file("test.conf.d/10-a.conf", "[daemon]\nworkers = 4\nlog-level = debug\n[channel l]\ntype = log\n");
        conf_write_file("test.conf.d/30-c.conf.bak", "[daemon]\nworkers = 6\n");
        conf_write_file("test.conf.d/.40-d.conf", "[daemon]\nworkers = 7\n");
        conf_assert_loads(MAILBOX "[daemon]\nworkers = 3\nlog-level = error\nmax-message-size = 1M\n");
        ck_assert_uint_eq(conf->workers, 5);
        ck_assert_int_eq(conf->log_level, LOG_LEVEL_DEBUG);
        ck_assert_uint_eq(conf->max_message_bytes, MIB);
        ck_assert_ptr_nonnull(config_channel(conf, "l"));

        conf_write_file("test.conf.d/20-b.conf", "[daemon]\nworkers = 50\n[route r]\nchannels =\nseverityy = low\n");
        ck_assert_int_eq(conf_load_text(MAILBOX), -ERR_CONFIG);
        conf_assert_has(conf_problems, "/test.conf.d/20-b.conf: [daemon] workers: bad value \"50\"; it takes 1 to 16");
        conf_assert_has(conf_problems, "/test.conf.d/20-b.conf: [route r] severityy: unknown key; did you mean \"severity\"?");
        conf_write_file("test.conf.d/20-b.conf", "[daemon]\nworkers =\n");
        conf_assert_loads(MAILBOX);
        ck_assert_uint_eq(conf->workers, 2);
}
END_TEST

/* Created in rising and in falling order, so that no order of the directory itself passes by chance. */
START_TEST(drop_ins_are_sorted)
{
        for (int round = 0; round < 2; round++)
                for (int i = 1; i <= 9; i++) {
                        int number = round == 0 ? i : 10 - i;
                        g_autofree char *name = g_strdup_printf("test.conf.d/%d.conf", number);
                        g_autofree char *path = g_build_filename(conf_directory, name, NULL);
                        g_autofree char *text = g_strdup_printf("[daemon]\nworkers = %d\n", number);
                        g_unlink(path);
                        conf_write_file(name, text);
                        conf_assert_loads(MAILBOX);
                        ck_assert_uint_eq(conf->workers, round == 0 ? (unsigned) number : 9);
                }
}
END_TEST

START_TEST(syntax_errors_name_the_line)
{
        ck_assert_int_eq(conf_load_text("# comment\n\n[daemon]\nworkers = 2\nhunter2\n[mailbox m\n"), -ERR_CONFIG);
        ck_assert_uint_eq(conf_problems->len, 1);
        conf_assert_has(conf_problems,
                   "test.conf: line 5: neither \"key = value\" inside a section, nor \"[section]\", nor a comment "
                   "starting with \"#\"");
        ck_assert_int_eq(conf_load_text("workers = 2\n[daemon]\n"), -ERR_CONFIG);
        g_autofree char *all = conf_join(conf_problems);
        ck_assert_ptr_nonnull(strstr(all, "line 1:"));
        ck_assert_int_eq(conf_load_text("[daemon]\n# \xff\n"), -ERR_CONFIG);
        conf_assert_has(conf_problems, "line 2: not valid UTF-8");

        /* A broken drop-in is reported with the main file's name untouched, and nothing that only follows from it is.
         */
        conf_write_file("test.conf.d/x.conf", "[channel l\n");
        ck_assert_int_eq(conf_load_text(MAILBOX "[route r]\nchannels = l\n"), -ERR_CONFIG);
        ck_assert_uint_eq(conf_problems->len, 1);
        g_autofree char *drop_in = conf_join(conf_problems);
        ck_assert_ptr_nonnull(strstr(drop_in, "x.conf: line 1:"));
}
END_TEST

START_TEST(odd_files)
{
        g_autofree char *none = g_build_filename(conf_directory, "none.conf", NULL);
        ck_assert_int_eq(config_load(none, CONFIG_FOR_DAEMON, &conf, &conf_problems, NULL), -ENOENT);
        ck_assert_uint_eq(conf_problems->len, 1);
        ck_assert_ptr_nonnull(strstr(g_ptr_array_index(conf_problems, 0), none));
        g_clear_pointer(&conf_problems, g_ptr_array_unref);
        ck_assert_int_lt(config_load(conf_directory, CONFIG_FOR_DAEMON, &conf, &conf_problems, NULL), 0);
        ck_assert_int_eq(conf_load_text(""), -ERR_CONFIG);
        g_autofree char *large = g_strnfill(LIMIT_CONFIG_BYTES + 1, '\n');
        ck_assert_int_eq(conf_load_text(large), -ERR_LIMIT);
        large[LIMIT_CONFIG_BYTES] = '\0';
        ck_assert_int_eq(conf_load_text(large), -ERR_CONFIG);
        conf_assert_loads(MAILBOX "[mailbox m]\nidle = no\n[daemon]\r\nworkers = 3\r\n"); /* a section twice; CR LF */
        ck_assert(!mailbox(0)->idle);
        ck_assert_uint_eq(conf->workers, 3);
}
END_TEST

START_TEST(control_reads_no_secrets)
{
        conf_write_file("test.conf", "[mailbox m]\nurl = imaps://h\nuser = u\npassword-file = /nonexistent/x\n"
                                "tls-ca-file = /nonexistent/ca\n[channel s]\ntype = slack\nurl-credential = none\n");
        ck_assert_int_eq(conf_load_for(CONFIG_FOR_CONTROL), 0);
        ck_assert_ptr_null(mailbox(0)->password);
        ck_assert_ptr_null(config_channel(conf, "s")->url);
        ck_assert_int_eq(conf_load_for(CONFIG_FOR_DAEMON), -ERR_CONFIG);
        ck_assert_uint_eq(conf_problems->len, 3);
        conf_write_file("test.conf", "[daemon]\n");
        ck_assert_int_eq(conf_load_for(CONFIG_FOR_CONTROL), 0);
}
END_TEST

START_TEST(missing_secrets_have_a_code_of_their_own)
{
        ck_assert_int_eq(conf_load_text("[mailbox m]\nurl = imaps://h\nuser = u\npassword-file = /nonexistent/x\n"),
                         -ERR_CREDENTIAL);
        ck_assert_uint_eq(conf_problems->len, 1);
        ck_assert_int_eq(conf_load_text("[mailbox m]\nurl = imaps://h\nuser = u\npassword-file = /nonexistent/x\nx = y\n"),
                         -ERR_CONFIG);
        ck_assert_uint_eq(conf_problems->len, 2);
}
END_TEST

START_TEST(suggestions)
{
        static const char *const words[] = { "severity", "urgency", "to", "idle", NULL };
        ck_assert_str_eq(config_suggest("sevrity", words), "severity");
        ck_assert_str_eq(config_suggest("SEVERITY", words), "severity");
        ck_assert_str_eq(config_suggest("urgecny", words), "urgency");
        ck_assert_str_eq(config_suggest("seve", words), "severity");
        ck_assert_str_eq(config_suggest("ot", words), "to");
        ck_assert_ptr_null(config_suggest("x", words));
        ck_assert_ptr_null(config_suggest("", words));
        ck_assert_ptr_null(config_suggest("password", words));
        g_autofree char *long_word = g_strnfill(100000, 'i');
        ck_assert_ptr_null(config_suggest(long_word, words));
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("config");
        TCase *tcase = tcase_create("config");
        tcase_add_checked_fixture(tcase, conf_setup, conf_teardown);
        tcase_add_test(tcase, defaults);
        tcase_add_test(tcase, every_daemon_key_is_read);
        tcase_add_test(tcase, the_calendar_is_read);
        tcase_add_test(tcase, every_mailbox_key_is_read);
        tcase_add_test(tcase, every_oauth2_key_is_read);
        tcase_add_test(tcase, oauth2_keys_fit_together);
        tcase_add_test(tcase, token_urls_are_checked);
        tcase_add_test(tcase, whom_a_mailbox_believes);
        tcase_add_test(tcase, believing_everybody_is_doubtful);
        tcase_add_test(tcase, every_channel_key_is_read);
        tcase_add_test(tcase, every_route_key_is_read);
        tcase_add_test(tcase, all_problems_come_at_once);
        tcase_add_test(tcase, sections_are_checked);
        tcase_add_test(tcase, keys_are_checked);
        tcase_add_test(tcase, values_are_checked);
        tcase_add_test(tcase, mails_do_not_go_round);
        tcase_add_test(tcase, urls_are_checked);
        tcase_add_test(tcase, plain_text_is_for_loopback_only);
        tcase_add_test(tcase, secrets_in_the_configuration_are_named_and_not_shown);
        tcase_add_test(tcase, email_is_checked);
        tcase_add_test(tcase, references_are_checked);
        tcase_add_test(tcase, doubtful_things_are_warnings);
        tcase_add_test(tcase, a_key_set_twice_is_doubtful);
        tcase_add_test(tcase, drop_ins_win_in_the_order_of_their_names);
        tcase_add_test(tcase, drop_ins_are_sorted);
        tcase_add_test(tcase, syntax_errors_name_the_line);
        tcase_add_test(tcase, odd_files);
        tcase_add_test(tcase, control_reads_no_secrets);
        tcase_add_test(tcase, missing_secrets_have_a_code_of_their_own);
        tcase_add_test(tcase, suggestions);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        unsetenv("CREDENTIALS_DIRECTORY"); /* the caller's would answer for the tests' own */
        return support_run(suite());
}
