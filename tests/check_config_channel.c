/* SPDX-License-Identifier: MIT */
/* Channels in the configuration that post; and [route health]. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "tests/config_kit.h"
#include "tests/support.h"

#define KEY_32 "0123456789abcdef0123456789abcdef"

START_TEST(channels_that_post_are_read)
{
        conf_write_file("token", "xoxb-1-2-abc\n");
        conf_write_file("key", KEY_32 "\n");
        conf_write_file("long", "a secret of many letters\n");
        conf_assert_loads(MAILBOX "[channel bot]\ntype = slack\ntoken-file = @/token\nslack-channel = C0123ABCD\nmention = <!here>\n"
                     "[channel named]\ntype = slack\ntoken-file = @/token\nslack-channel = #更新プログラム-1\n"
                     "api-url = https://slack.example.org/api/\n"
                     "[channel local]\ntype = slack\ntoken-file = @/token\nslack-channel = #x\napi-url = http://127.0.0.1:81/api\n"
                     "insecure = yes\n"
                     "[channel pd]\ntype = pagerduty\nrouting-key-file = @/key\n"
                     "[channel pd2]\ntype = pagerduty\nrouting-key-file = @/key\napi-url = https://eu.example.org/v2/enqueue\n"
                     "[channel t]\ntype = teams\nurl-file = @/hook\n"
                     "[channel w]\ntype = webhook\nurl-file = @/hook\nsecret-file = @/long\ntls-ca-file = @/secret\n"
                     "[channel w2]\ntype = webhook\nurl-file = @/hook\n"
                     "[channel mail]\ntype = email\nsmtp-url = smtps://h\nfrom = a@b\nto = c@d\nattach-original = yes\n"
                     "attach-csaf = yes\n"
                     "[route r]\nchannels = bot, named, local, pd, pd2, t, w, w2, mail\n");
        const struct channel *c = config_channel(conf, "bot");
        ck_assert_str_eq(c->token, "xoxb-1-2-abc");
        ck_assert_str_eq(c->slack_channel, "C0123ABCD");
        ck_assert_str_eq(c->url, "https://slack.com/api");
        ck_assert_str_eq(c->mention, "<!here>");
        c = config_channel(conf, "named");
        ck_assert_str_eq(c->slack_channel, "#更新プログラム-1");
        ck_assert_str_eq(c->url, "https://slack.example.org/api");
        ck_assert(config_channel(conf, "local")->insecure);
        c = config_channel(conf, "pd");
        ck_assert_str_eq(c->token, KEY_32);
        ck_assert_str_eq(c->url, "https://events.pagerduty.com/v2/enqueue");
        ck_assert_str_eq(config_channel(conf, "pd2")->url, "https://eu.example.org/v2/enqueue");
        ck_assert_str_eq(config_channel(conf, "t")->url, "https://hooks.example.org/T/B/s3cret");
        c = config_channel(conf, "w");
        ck_assert_str_eq(c->signing_secret, "a secret of many letters");
        ck_assert_ptr_nonnull(c->ca_file);
        ck_assert_ptr_null(config_channel(conf, "w2")->signing_secret);
        c = config_channel(conf, "mail");
        ck_assert(c->attach_original && c->attach_csaf);
}
END_TEST

START_TEST(channels_that_post_are_checked)
{
        conf_write_file("token", "xoxb-1-2-abc\n");
        conf_write_file("key", KEY_32 "\n");
        conf_write_file("spaced", "xoxb 1\n");
        conf_write_file("odd", "https://hooks.example.org/a b\n");
#define BOT "type = slack\ntoken-file = @/token\n"
#define ALLOWED "plain text needs insecure = yes and a loopback address"
        static const struct { const char *text, *end; } rows[] = {
                { "type = slack\n", ": needs url-credential or url-file (a webhook), or token-credential or token-file (a bot)" },
                { BOT, ": needs slack-channel, as it has a token" },
                { BOT "slack-channel = #x\nurl-file = @/hook\n",
                  " token-file: url-file is set as well; a channel posts either as a bot or through a webhook" },
                { BOT "slack-channel = general\n",
                  " slack-channel: \"general\" is no channel; write its identifier (C0123ABCD) or \"#\" and its name" },
                { BOT "slack-channel = #General\n",
                  " slack-channel: \"#General\" is no channel; write its identifier (C0123ABCD) or \"#\" and its name" },
                { BOT "slack-channel = U0123ABCD\n",
                  " slack-channel: \"U0123ABCD\" is no channel; write its identifier (C0123ABCD) or \"#\" and its name" },
                { BOT "slack-channel = #a b\n",
                  " slack-channel: \"#a b\" is no channel; write its identifier (C0123ABCD) or \"#\" and its name" },
                { BOT "slack-channel = #x\napi-url = http://h/\n", " api-url: the URL does not start with https://; " ALLOWED },
                { BOT "slack-channel = #x\napi-url = ftp://h/\n", " api-url: the URL does not start with https:// or http://" },
                { BOT "slack-channel = #x\ninsecure = yes\n", " insecure: \"yes\" is only for http:// to a loopback address" },
                { "type = slack\nurl-file = @/hook\nslack-channel = #x\n",
                  " slack-channel: only a channel with token-credential or token-file has this key; a webhook posts into the channel "
                  "that it was made for" },
                { BOT "slack-channel = #x\ninsecure = maybe\n", " insecure: bad value \"maybe\"; it takes yes | no" },
                { "type = pagerduty\n", ": needs routing-key-credential or routing-key-file" },
                { "type = pagerduty\nurl-file = @/hook\nrouting-key-file = @/key\n",
                  " url-file: only a channel of type slack, webhook or teams has this key" },
                { "type = teams\n", ": needs url-credential or url-file" },
                { "type = webhook\n", ": needs url-credential or url-file" },
                { "type = webhook\nurl-file = @/odd\n", " url-file: the URL has a character in it that no such URL has" },
                { "type = webhook\nurl-file = @/hook\nsecret = x\n",
                  " secret: secrets have no place here; use secret-credential = NAME or secret-file = PATH" },
                { "type = teams\nurl-file = @/hook\nwebhook = x\n",
                  " webhook: the URL is a secret and has no place here; use url-credential = NAME or url-file = PATH" },
                { "type = pagerduty\nrouting-key-file = @/key\nrouting-key = x\n",
                  " routing-key: secrets have no place here; use routing-key-credential = NAME or routing-key-file = PATH" },
                { "type = email\nsmtp-url = smtps://h\nfrom = a@b\nto = c@d\nattach-csaf = csaf\n",
                  " attach-csaf: bad value \"csaf\"; it takes yes | no" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = g_strdup_printf(MAILBOX "[channel c]\n%s", rows[i].text);
                g_autofree char *end = g_strdup_printf("[channel c]%s", rows[i].end);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG, "%s", rows[i].text);
                conf_assert_has(conf_problems, end);
                ck_assert_msg(conf_problems->len == 1, "%s", rows[i].text);
        }
        /* what is wrong with a secret itself never shows it */
        ck_assert_int_eq(conf_load_text(MAILBOX "[channel c]\ntype = slack\ntoken-file = @/spaced\nslack-channel = #x\n"), -ERR_CREDENTIAL);
        conf_assert_has(conf_problems, "[channel c] token-file: the secret has characters in it that are not printable ASCII, or spaces");
        ck_assert_int_eq(conf_load_text(MAILBOX "[channel c]\ntype = slack\ntoken-file = @/hook\nslack-channel = #x\n"), -ERR_CREDENTIAL);
        conf_assert_has(conf_problems, "[channel c] token-file: this is a URL and no token; a webhook's URL goes with url-credential or url-file");
        conf_assert_loads(MAILBOX "[channel c]\ntype = pagerduty\nrouting-key-file = @/secret\n[channel w]\ntype = webhook\nurl-file = @/hook\n"
                             "secret-file = @/secret\n[route r]\nchannels = c, w\n");
        conf_assert_has(conf_warnings, "[channel c] routing-key-file: integration keys of PagerDuty's Events API v2 have 32 characters");
        conf_assert_has(conf_warnings, "[channel w] secret-file: a secret of fewer than 16 characters can be guessed");
}
END_TEST

/* A digest is a page of text: nothing that a PagerDuty incident could be. */
START_TEST(a_digest_needs_a_channel_that_has_one)
{
        conf_write_file("key", KEY_32 "\n");
#define PAGER MAILBOX "[channel l]\ntype = log\n[channel pd]\ntype = pagerduty\nrouting-key-file = @/key\n"
        ck_assert_int_eq(conf_load_text(PAGER "[route q]\nchannels = l\n[route r]\nchannels = pd\ndigest = daily\n"), -ERR_CONFIG);
        conf_assert_has(conf_problems, "[route r] digest: none of the route's channels is of a type that has digests");
        conf_assert_loads(PAGER "[route r]\nchannels = pd, l\ndigest = daily\n");
        conf_assert_has(conf_warnings, "[route r] digest: channel pd is of type pagerduty, which has no digests");
}
END_TEST

/* The names of the channels that are told what is wrong with hotfixd itself. */
static void assert_told(const char *names)
{
        g_autoptr(GPtrArray) channels = config_health_channels(conf);
        g_autoptr(GString) told = g_string_new(NULL);
        for (guint i = 0; i < channels->len; i++)
                g_string_append_printf(told, "%s%s", i ? " " : "", ((const struct channel *) g_ptr_array_index(channels, i))->name);
        ck_assert_str_eq(told->str, names);
}

#define ROUTED MAILBOX "[channel l]\ntype = log\n[channel k]\ntype = log\n[route r]\nchannels = l\n"

START_TEST(where_health_goes)
{
        conf_assert_loads(ROUTED "[route health]\nchannels = l, k, l\nseverity =\n");
        assert_told("l k");
        ck_assert_uint_eq(conf->routes->len, 1); /* no bulletin takes that route */
        ck_assert_ptr_null(config_route(conf, "health"));
        ck_assert_uint_eq(conf_warnings->len, 1);
        conf_assert_has(conf_warnings, "[route health] channels: names \"l\" more than once");
        conf_assert_loads(ROUTED "[channel health]\ntype = log\n[route x]\nchannels = k\n");
        assert_told("health");
        ck_assert_uint_eq(conf_warnings->len, 0); /* it is used */
        conf_assert_loads(ROUTED "[channel health]\ntype = log\n[route health]\nchannels = k\n");
        assert_told("k");
        ck_assert_uint_eq(conf_warnings->len, 1);
        conf_assert_has(conf_warnings, "[channel health]: no route uses it");
        conf_assert_loads(ROUTED "[route x]\nchannels = k\n");
        assert_told("");
        ck_assert_uint_eq(conf_warnings->len, 1);
        conf_assert_has(conf_warnings, "[route health] says whom to tell");
        conf_assert_loads(ROUTED "[route x]\nchannels = k\n[channel health]\ntype = log\n[route health]\nchannels =\n");
        assert_told("");
        ck_assert_uint_eq(conf_warnings->len, 2);
        conf_assert_has(conf_warnings, "[route health]: has no channels; what is wrong with hotfixd is only logged");
        conf_assert_loads(MAILBOX "[channel health]\ntype = log\n[route health]\nchannels = health\n");
        conf_assert_has(conf_warnings, "there is no [route NAME]; bulletins are archived and sent to nobody");
}
END_TEST

START_TEST(every_health_key_is_read)
{
        conf_assert_loads(ROUTED "[route health]\nchannels = l\nunreachable-after = 2h\nsilence-after = 14d\npatch-tuesday = no\n"
                            "quarantine-growth = 50\ndisk-free = 20\n");
        ck_assert_int_eq(conf->health.unreachable_ms, 2 * 3600000);
        ck_assert_int_eq(conf->health.silence_ms, INT64_C(14) * 86400000);
        ck_assert(!conf->health.patch_tuesday);
        ck_assert_uint_eq(conf->health.quarantine, 50);
        ck_assert_uint_eq(conf->health.disk_free_percent, 20);
        conf_assert_loads(ROUTED); /* the same defaults with the section and without it */
        struct config_health without = conf->health;
        conf_assert_loads(ROUTED "[route health]\nchannels = l\n");
        ck_assert(without.unreachable_ms == 30 * 60000 && without.silence_ms == 0 && without.patch_tuesday &&
                  without.quarantine == 10 && without.disk_free_percent == 5);
        ck_assert_int_eq(conf->health.unreachable_ms, without.unreachable_ms);
        ck_assert_int_eq(conf->health.silence_ms, without.silence_ms);
        ck_assert(conf->health.patch_tuesday);
        ck_assert_uint_eq(conf->health.quarantine, without.quarantine);
        ck_assert_uint_eq(conf->health.disk_free_percent, without.disk_free_percent);
        conf_assert_loads(ROUTED "[route health]\nchannels = l\nunreachable-after = 0\nquarantine-growth = 0\ndisk-free = 0\n");
        ck_assert(conf->health.unreachable_ms == 0 && conf->health.quarantine == 0 && conf->health.disk_free_percent == 0);
        static const char *const bad[] = { "unreachable-after = 31d", "silence-after = 366d", "silence-after = 3",
                                           "unreachable-after = 30", "patch-tuesday = 2",
                                           "quarantine-growth = 1000001", "disk-free = 91", "disk-free = 5%" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *text = g_strdup_printf(ROUTED "[route health]\nchannels = l\n%s\n", bad[i]);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG && conf_problems->len == 1, "%s", bad[i]);
        }
}
END_TEST

START_TEST(the_health_route_takes_nothing_else)
{
        static const char *const keys[] = { "severity = critical", "urgency = early", "match = all", "environment = server",
                                            "products = x", "exploit = any", "kinds = news", "updates = yes",
                                            "undetermined = no", "software = x", "restart = required", "escalate = 1h l",
                                            "remind-after = 4h", "deadlines = critical 4h", "quiet-hours = 22:00-07:00",
                                            "business-days = yes", "digest = daily", "immediate = no", "feeds = x" };
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                g_auto(GStrv) parts = g_strsplit(keys[i], " ", 2);
                g_autofree char *text = g_strdup_printf("[channel l]\ntype = log\n[route health]\nchannels = l\n%s\n", keys[i]);
                g_autofree char *end = g_strdup_printf("[route health] %s: this route is for what is wrong with hotfixd itself "
                                                       "and has no such key; a route for bulletins needs another name",
                                                       parts[0]);
                conf_assert_one_problem(text, end);
        }
        conf_assert_one_problem("[route health]\nchannels = nobody\n", "[route health] channels: there is no [channel nobody]");
        conf_assert_one_problem("[route health]\nchanels =\n", "[route health] chanels: unknown key; did you mean \"channels\"?");
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("config_channel");
        TCase *tcase = tcase_create("config_channel");
        tcase_add_checked_fixture(tcase, conf_setup, conf_teardown);
        tcase_add_test(tcase, channels_that_post_are_read);
        tcase_add_test(tcase, channels_that_post_are_checked);
        tcase_add_test(tcase, a_digest_needs_a_channel_that_has_one);
        tcase_add_test(tcase, where_health_goes);
        tcase_add_test(tcase, every_health_key_is_read);
        tcase_add_test(tcase, the_health_route_takes_nothing_else);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        unsetenv("CREDENTIALS_DIRECTORY"); /* the caller's would answer for the tests' own */
        return support_run(suite());
}
