/* SPDX-License-Identifier: MIT */
/* From a message to a row of the outbox. */
#include "daemon/delivery.h"

#include "common/clock.h"
#include "store/outbox.h"
#include "tests/notify_fake.h"

#define NOW_MS 100000

static struct database *db;
static struct channel *channel;

static void setup(void)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "hotfixd.db", NULL);
        struct error err = ERROR_INIT;
        clock_set_for_test(NOW_MS, NOW_MS);
        channel = channel_new("oncall", CHANNEL_PAGERDUTY);
        ck_assert_msg(database_open(path, DATABASE_CREATE, &db, &err) == 0, "%s", error_text(&err));
}

static void teardown(void)
{
        g_clear_pointer(&db, database_close);
        g_clear_pointer(&channel, channel_free);
        clock_set_for_test(-1, -1);
}

/* How many deliveries were new. */
static unsigned ask(const char *kind, const char *fingerprint, int64_t due_ms)
{
        g_autoptr(bulletin_t) b = fake_bulletin();
        struct message *message = fake_message(b, ACTION_NEW);
        struct delivery_subject subject = { .feed = "hotfix-report", .key = "MS07-099", .fingerprint = fingerprint,
                                            .due_ms = due_ms };
        struct error err = ERROR_INIT;
        unsigned deliveries = 0;
        g_free(message->kind);
        message->kind = g_strdup(kind);
        ck_assert_msg(delivery_ask(db, channel, message, &subject, NOW_MS, &deliveries, &err) == 0, "%s", error_text(&err));
        message_free(message);
        return deliveries;
}

static struct delivery *get(const char *number)
{
        struct delivery *delivery = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(outbox_find(db, number, &delivery, &err) == 0, "%s", error_text(&err));
        return delivery;
}

START_TEST(a_delivery_holds_the_rendered_message)
{
        ck_assert_uint_eq(ask("new", "f1", 0), 1);
        struct delivery *delivery = get("1");
        ck_assert_str_eq(delivery->channel, "oncall");
        ck_assert_str_eq(delivery->kind, "new");
        ck_assert_int_eq(delivery->created_ms, NOW_MS);
        ck_assert_int_eq(delivery->next_ms, NOW_MS);
        ck_assert_ptr_nonnull(strstr(delivery->payload, "\"event_action\":\"trigger\""));
        g_autofree char *identity = outbox_identity("oncall", "hotfix-report", "MS07-099", "new", "f1");
        ck_assert_str_eq(delivery->identity, identity);
        delivery_free(delivery);
}
END_TEST

START_TEST(what_a_channel_does_not_want_is_not_asked_for)
{
        ck_assert_uint_eq(ask("updated", "f1", 0), 0);
        ck_assert_uint_eq(ask("digest", "f1", 0), 0);
        int64_t count = -1;
        ck_assert_int_eq(outbox_count(db, DELIVERY_STATE_MAX, &count, NULL), 0);
        ck_assert_int_eq(count, 0);
        ck_assert_uint_eq(ask("acknowledged", "f1", 0), 1); /* that ends the incident */
}
END_TEST

/* Quiet hours of two routes. */
START_TEST(two_routes_share_one_at_the_earlier_time)
{
        static const int64_t due_ms[] = { NOW_MS + 9000, NOW_MS + 20000, NOW_MS + 5000, 1 };
        static const int64_t next_ms[] = { NOW_MS + 9000, NOW_MS + 9000, NOW_MS + 5000, NOW_MS };
        for (size_t i = 0; i < G_N_ELEMENTS(due_ms); i++) {
                ck_assert_uint_eq(ask("new", "f1", due_ms[i]), i == 0);
                struct delivery *delivery = get("1");
                ck_assert_int_eq(delivery->next_ms, next_ms[i]); /* nothing is due in the past */
                ck_assert_int_eq(delivery->created_ms, NOW_MS);
                delivery_free(delivery);
        }
        ck_assert_uint_eq(ask("new", "f2", 0), 1); /* other content is another message */
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("delivery");
        TCase *c = tcase_create("delivery");
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, a_delivery_holds_the_rendered_message);
        tcase_add_test(c, what_a_channel_does_not_want_is_not_asked_for);
        tcase_add_test(c, two_routes_share_one_at_the_earlier_time);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
