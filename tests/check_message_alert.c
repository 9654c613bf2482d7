/* SPDX-License-Identifier: MIT */
/* What is said of an alert that nobody, or somebody, has acknowledged. */
#include "notify/message_alert.h"

#include <string.h>

#include "tests/notify_fake.h"

static struct message *make(const struct bulletin *b, const char *kind, const char *person)
{
        struct alert_report report = { .kind = kind, .route = "ops", .lead = "Nobody has acknowledged\nthis since\x1b[1m ten.",
                                       .reason = "step 1 of 2", .person = person, .comment = person ? "on\nit" : NULL,
                                       .until = person ? "2026-11-24 09:00 (Tue)" : NULL, .key = "MS07-099" };
        return message_for_alert(b, &report);
}

START_TEST(an_escalation_holds_the_whole_bulletin)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *message = make(b, "escalated", NULL);
        ck_assert_str_eq(message->kind, "escalated");
        ck_assert_str_eq(message->lead, "Nobody has acknowledged this since[1m ten.");
        ck_assert_str_eq(message->reason, "step 1 of 2");
        ck_assert_str_eq(message->route, "ops");
        ck_assert(g_str_has_prefix(message->headline, "[緊急][至急適用] MS07-099 "));
        ck_assert_str_eq(message->footer, "To acknowledge: hotfixctl ack MS07-099");
        ck_assert_uint_gt(message->facts->len, 5);
        ck_assert_uint_eq(message->links->len, 1);
        ck_assert_ptr_nonnull(message->excerpt);
        ck_assert_uint_eq(message->changes->len, 0);
        ck_assert_int_eq(message_weight(message), WEIGHT_CRITICAL);
        message_free(message);
}
END_TEST

START_TEST(an_acknowledgement_says_who_and_what)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *message = make(b, "acknowledged", "taro, 10:00");
        const struct message_fact *who = g_ptr_array_index(message->facts, 0), *until = g_ptr_array_index(message->facts, 1),
                                  *comment = g_ptr_array_index(message->facts, 2);
        ck_assert_str_eq(who->label, "確認者 (acknowledged by)");
        ck_assert_str_eq(who->value, "taro, 10:00");
        ck_assert_str_eq(until->value, "2026-11-24 09:00 (Tue)");
        ck_assert_str_eq(comment->value, "on it");
        ck_assert_ptr_null(message->footer); /* there is nothing left to acknowledge */
        message_free(message);
}
END_TEST

static void assert_footer(const char *id, const char *key, const char *want)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        g_free(b->id);
        b->id = g_strdup(id);
        struct message *message = fake_message(b, ACTION_NEW);
        message_set_footer(message, b, key);
        message_set_footer(message, b, key); /* the second one replaces the first */
        ck_assert_str_eq(message->footer, want);
        message_free(message);
}

/* The id is what a mail says; whoever copies the line runs it. */
START_TEST(a_footer_can_be_copied_into_a_shell)
{
        static const char elsewhere[] = "To acknowledge: hotfixctl list --open, and hotfixctl ack";
        assert_footer("MS07-099", "MS07-099", "To acknowledge: hotfixctl ack MS07-099");
        assert_footer(NULL, "news:2007-05-11", "To acknowledge: hotfixctl ack news:2007-05-11");
        assert_footer("MS07-099; rm -rf ~", "a1b2", "To acknowledge: hotfixctl ack a1b2");
        assert_footer("$(id)", "`id`", elsewhere);
        assert_footer("--undo", "-x", elsewhere);
        assert_footer("ＭＳ０７", "a b", elsewhere);
        assert_footer("", "", elsewhere);
        g_autofree char *lengthy = g_strnfill(200, 'a');
        assert_footer(lengthy, "k", "To acknowledge: hotfixctl ack k");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("message_alert");
        TCase *c = tcase_create("message_alert");
        tcase_add_test(c, an_escalation_holds_the_whole_bulletin);
        tcase_add_test(c, an_acknowledgement_says_who_and_what);
        tcase_add_test(c, a_footer_can_be_copied_into_a_shell);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
