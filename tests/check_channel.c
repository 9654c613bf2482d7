/* SPDX-License-Identifier: MIT */
/* What all channel types share, and the log channel. */
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#include "common/log.h"
#include "tests/notify_fake.h"

START_TEST(types)
{
        static const char *const names[CHANNEL_TYPE_MAX] = { "slack", "email", "log", "webhook", "pagerduty", "teams" };
        for (int i = 0; i < CHANNEL_TYPE_MAX; i++) {
                enum channel_type type = CHANNEL_TYPE_MAX;
                ck_assert_str_eq(channel_type_name(i), names[i]);
                ck_assert_int_eq(channel_type_parse(names[i], &type), 0);
                ck_assert_int_eq(type, i);
        }
        enum channel_type type = CHANNEL_EMAIL;
        ck_assert_int_eq(channel_type_parse("pager", &type), -ERR_NOT_FOUND);
        ck_assert_int_eq(type, CHANNEL_EMAIL);
        ck_assert_str_eq(channel_type_name(CHANNEL_TYPE_MAX), "unknown");
        channel_free(NULL);
}
END_TEST

/* A payload is stored data: what is damaged is reported once, never sent, never a crash. */
START_TEST(damaged_payloads)
{
        static const char *const payloads[] = { "", "null", "[]", "\"x\"", "{", "{\"a\":1,\"a\":2}", "{\"text\":\"\xff\"}", "{}",
                                                "{\"a\":1}" };
        for (int type = 0; type < CHANNEL_TYPE_MAX; type++) {
                for (size_t i = 0; i < G_N_ELEMENTS(payloads); i++) {
                        struct channel *channel = channel_new("c", type);
                        channel->url = g_strdup(FAKE_WEBHOOK);
                        struct fake_peer peer = { .status = 200, .body = "ok" };
                        struct delivery_report report = fake_send(&peer, channel, NULL, payloads[i]);
                        ck_assert_msg(report.result == RESULT_REFUSED, "%s: %s", payloads[i], report.answer);
                        ck_assert(g_str_has_prefix(report.answer, "the stored payload is damaged: "));
                        ck_assert_uint_eq(peer.calls, 0);
                        delivery_report_clear(&report);
                        channel_free(channel);
                }
        }
}
END_TEST

/* Every type renders every action, and the payloads hold none of the channel's secrets. */
START_TEST(every_type_renders_everything)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        for (int type = 0; type < CHANNEL_TYPE_MAX; type++) {
                struct channel *channel = channel_new("c", type);
                channel->url = g_strdup(FAKE_WEBHOOK);
                channel->user = g_strdup("the-user");
                channel->password = g_strdup("the-password");
                for (int action = 0; action < ACTION_MAX + 2; action++) {
                        struct message *m = action < ACTION_MAX    ? fake_message(b, action)
                                            : action == ACTION_MAX ? message_for_history("mailbox w", "ops", 1, 0, NULL)
                                                                    : message_for_test("c");
                        g_autofree char *payload = channel_render(channel, m);
                        json_t *json = fake_parse(payload);
                        ck_assert_uint_ge(json_object_size(json), 2);
                        ck_assert(!strstr(payload, "s3cretToken") && !strstr(payload, "the-password"));
                        ck_assert_ptr_null(strchr(payload, '\n'));
                        json_decref(json);
                        message_free(m);
                }
                channel_free(channel);
        }
}
END_TEST

/* A channel whose type changed while messages waited: none is sent in the wrong form, none is lost. */
START_TEST(payloads_of_another_type_wait)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        for (int made = 0; made < CHANNEL_TYPE_MAX; made++)
                for (int now = 0; now < CHANNEL_TYPE_MAX; now++) {
                        struct channel *before = channel_new("c", made), *channel = channel_new("c", now);
                        channel->url = g_strdup(FAKE_WEBHOOK);
                        struct message *m = fake_message(b, ACTION_NEW);
                        g_autofree char *payload = channel_render(before, m);
                        struct fake_peer peer = { .status = 200, .body = "ok" };
                        struct delivery_report report = fake_send(&peer, channel, NULL, payload);
                        bool waits = report.result == RESULT_TRY_AGAIN && strstr(report.answer, "channel of another type");
                        ck_assert_msg(waits == (made != now), "made for %s, sent by %s: %s", channel_type_name(made),
                                      channel_type_name(now), report.answer);
                        if (waits)
                                ck_assert_uint_eq(peer.calls, 0);
                        delivery_report_clear(&report);
                        fake_clear(&peer);
                        message_free(m);
                        channel_free(before);
                        channel_free(channel);
                }
}
END_TEST

/* What the log channel writes to standard error, caught through a file. */
static char *logged(const char *level, const char *payload)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "log", NULL);
        struct channel *channel = channel_new("journal", CHANNEL_LOG);
        channel->log_level = g_strdup(level);
        struct fake_peer peer = { 0 };
        fflush(stderr);
        int saved = dup(STDERR_FILENO);
        ck_assert_ptr_nonnull(freopen(path, "w", stderr));
        struct delivery_report report = fake_send(&peer, channel, NULL, payload);
        fflush(stderr);
        ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
        close(saved);
        ck_assert_int_eq(report.result, RESULT_SENT);
        delivery_report_clear(&report);
        channel_free(channel);
        return support_read_file(path, NULL);
}

START_TEST(the_log_channel)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *m = fake_message(b, ACTION_RAISED);
        struct channel *channel = channel_new("journal", CHANNEL_LOG);
        g_autofree char *payload = channel_render(channel, m);
        g_autofree char *text = logged("notice", payload);
        ck_assert_ptr_nonnull(strstr(text, "channel journal: raised: [緊急][至急適用] MS07-099 見本エンジンの"));
        ck_assert_ptr_nonnull(strstr(text, " (route ops: severity critical is at or above important)\n"));
        ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
        channel_free(channel);
        message_free(m);

        log_set_level(LOG_LEVEL_WARNING);
        g_autofree char *quiet = logged("info", payload), *loud = logged("error", payload), *plain = logged(NULL, payload);
        ck_assert_str_eq(quiet, "");
        ck_assert(*loud && *plain); /* the default is a warning */
}
END_TEST

START_TEST(a_log_line_stays_one_line)
{
        g_autofree char *text = logged("error", "{\"headline\":\"a\\nb %s %n\",\"action\":\"new\"}");
        ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
        ck_assert_ptr_nonnull(strstr(text, "b %s %n ()"));
}
END_TEST

/* What no channel of now can show is shown as it is stored, and no terminal obeys anything in it. */
START_TEST(what_is_left_of_a_channel_can_be_looked_at)
{
        static const char payload[] = "{\"blocks\": [{\"text\": \"a\xc2\x9b" "2Jb\xe2\x80\xae" "c\"}]}";
        struct channel *mail = channel_new("mail", CHANNEL_EMAIL);
        g_autofree char *gone = channel_preview(NULL, payload), *changed = channel_preview(mail, payload);
        ck_assert_ptr_nonnull(strstr(gone, "\"a\\u009b2Jb\\u202ec\""));
        ck_assert_str_eq(changed, gone);
        channel_free(mail);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("channel");
        TCase *c = tcase_create("channel");
        tcase_add_test(c, types);
        tcase_add_test(c, damaged_payloads);
        tcase_add_test(c, payloads_of_another_type_wait);
        tcase_add_test(c, every_type_renders_everything);
        tcase_add_test(c, the_log_channel);
        tcase_add_test(c, a_log_line_stays_one_line);
        tcase_add_test(c, what_is_left_of_a_channel_can_be_looked_at);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
