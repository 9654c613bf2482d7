/* SPDX-License-Identifier: MIT */
/* Alerts and acknowledgements on record. */
#include "store/alerts.h"

#include <string.h>

#include "common/clock.h"
#include "store/outbox.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit;

static void setup(void)
{
        kit_open(&kit);
        g_ptr_array_set_size(kit.config->routes, 0); /* nothing is opened but by the test */
        for (int i = 1; i <= 3; i++) {
                g_autofree char *id = g_strdup_printf("MS07-90%d", i);
                kit_commit(&kit, kit_mail(&kit, id, "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", id), NULL);
        }
}

static void teardown(void)
{
        kit_close(&kit);
}

static void save(const char *route, int64_t bulletin_id, enum alert_state state, int64_t started_ms, int64_t next_ms)
{
        struct alert alert = { .route = (char *) route, .bulletin_id = bulletin_id, .state = state, .opened_ms = started_ms,
                               .started_ms = started_ms, .severity = 4, .urgency = 3, .round = 2, .step = 1, .reminders = 5,
                               .reminded_ms = started_ms, .deadline_ms = 900, .overdue = true, .next_ms = next_ms,
                               .fingerprint = (char *) "f" };
        struct error err = ERROR_INIT;
        ck_assert_msg(alerts_save(kit.db, &alert, &err) == 0, "%s", error_text(&err));
}

/* "route/bulletin route/bulletin" */
static void assert_alerts(GPtrArray *alerts, const char *want)
{
        g_autoptr(GString) got = g_string_new(NULL);
        for (guint i = 0; i < alerts->len; i++) {
                const struct alert *alert = g_ptr_array_index(alerts, i);
                g_string_append_printf(got, "%s%s/%" G_GINT64_FORMAT, i ? " " : "", alert->route, alert->bulletin_id);
        }
        ck_assert_str_eq(got->str, want);
        g_ptr_array_unref(alerts);
}

START_TEST(what_is_saved_is_read)
{
        struct alert *alert = NULL;
        ck_assert_int_eq(alerts_get(kit.db, "ops", 1, &alert, NULL), 0);
        ck_assert_ptr_null(alert);
        save("ops", 1, ALERT_OPEN, 100, 200);
        ck_assert_int_eq(alerts_get(kit.db, "ops", 1, &alert, NULL), 0);
        ck_assert(alert->id > 0 && alert->bulletin_id == 1 && alert->state == ALERT_OPEN && alert->opened_ms == 100);
        ck_assert(alert->started_ms == 100 && alert->severity == 4 && alert->urgency == 3 && alert->round == 2);
        ck_assert(alert->step == 1 && alert->reminders == 5 && alert->reminded_ms == 100 && alert->deadline_ms == 900);
        ck_assert(alert->overdue && alert->next_ms == 200 && alert->decision_id == 0 && alert->mail_id == 0);
        ck_assert_str_eq(alert->route, "ops");
        ck_assert_str_eq(alert->fingerprint, "f");
        alert->state = ALERT_CLOSED;
        alert->next_ms = alert->deadline_ms = 0;
        alert->overdue = false;
        alert->round = 3;
        ck_assert_int_eq(alerts_save(kit.db, alert, NULL), 0);
        alert_free(alert);
        ck_assert_query("SELECT state || ' ' || round || ' ' || overdue || ' ' || (next_ms IS NULL) || ' ' || (deadline_ms IS NULL)"
                        " FROM alert", "2 3 0 1 1");
        struct alert again = { .route = (char *) "ops", .bulletin_id = 1, .fingerprint = (char *) "f" };
        ck_assert_int_lt(alerts_save(kit.db, &again, NULL), 0); /* one for a route and a bulletin */
        struct alert nowhere = { .route = (char *) "ops", .bulletin_id = 99, .fingerprint = (char *) "f" };
        ck_assert_int_lt(alerts_save(kit.db, &nowhere, NULL), 0);
        ck_assert_str_eq(alert_state_name(ALERT_ACKNOWLEDGED), "acknowledged");
        ck_assert_str_eq(alert_state_name((enum alert_state) 77), "unknown");
}
END_TEST

START_TEST(they_are_listed_by_what_is_to_do)
{
        GPtrArray *alerts;
        int64_t next_ms = -1;
        ck_assert_int_eq(alerts_next(kit.db, &next_ms, NULL), 0);
        ck_assert_int_eq(next_ms, 0);
        save("ops", 1, ALERT_OPEN, 300, 500);
        save("ops", 2, ALERT_ACKNOWLEDGED, 200, 400);
        save("ops", 3, ALERT_OPEN, 100, 0);
        save("mail", 1, ALERT_OPEN, 300, 600);
        save("mail", 2, ALERT_CLOSED, 50, 0);
        ck_assert_int_eq(alerts_next(kit.db, &next_ms, NULL), 0);
        ck_assert_int_eq(next_ms, 400);
        ck_assert_int_eq(alerts_due(kit.db, 399, 0, &alerts, NULL), 0);
        assert_alerts(alerts, "");
        ck_assert_int_eq(alerts_due(kit.db, 500, 0, &alerts, NULL), 0);
        assert_alerts(alerts, "ops/2 ops/1");
        ck_assert_int_eq(alerts_due(kit.db, 9999, 1, &alerts, NULL), 0);
        assert_alerts(alerts, "ops/2");
        ck_assert_int_eq(alerts_open(kit.db, 0, &alerts, NULL), 0);
        assert_alerts(alerts, "ops/3 ops/1 mail/1");
        ck_assert_int_eq(alerts_open(kit.db, 2, &alerts, NULL), 0);
        assert_alerts(alerts, "ops/3 ops/1");
        ck_assert_int_eq(alerts_of_bulletin(kit.db, 1, &alerts, NULL), 0);
        assert_alerts(alerts, "mail/1 ops/1");
        ck_assert_int_eq(alerts_of_the_future(kit.db, 299, &alerts, NULL), 0);
        assert_alerts(alerts, "ops/1 mail/1");
        ck_assert_int_eq(alerts_of_the_future(kit.db, 300, &alerts, NULL), 0);
        assert_alerts(alerts, "");
        struct alert_counts counts = { 0 };
        ck_assert_int_eq(alerts_count(kit.db, &counts, NULL), 0);
        ck_assert(counts.open == 2 && counts.overdue == 2 && counts.oldest_ms == 100);
        /* Only what is open and at something is looked at again, and nothing is put off by it. */
        ck_assert_int_eq(alerts_look_again(kit.db, 550, NULL), 0);
        ck_assert_query("SELECT route || '/' || bulletin_id || ' ' || coalesce(next_ms, '-') FROM alert ORDER BY id",
                        "ops/1 500\nops/2 400\nops/3 -\nmail/1 550\nmail/2 -");
}
END_TEST

/* The clock looks at them after every mail. */
START_TEST(no_look_goes_through_all_of_them)
{
        GPtrArray *alerts;
        int64_t next_ms;
        for (int i = 0; i < 20; i++) {
                g_autofree char *route = g_strdup_printf("r%d", i);
                save(route, 1, ALERT_OPEN, 300, i ? 0 : 500);
        }
        int64_t before = database_scanned_rows(kit.db);
        ck_assert_int_eq(alerts_next(kit.db, &next_ms, NULL), 0);
        ck_assert_int_eq(alerts_due(kit.db, 400, 10, &alerts, NULL), 0);
        g_ptr_array_unref(alerts);
        ck_assert_int_eq(alerts_of_the_future(kit.db, 400, &alerts, NULL), 0);
        g_ptr_array_unref(alerts);
        ck_assert_int_eq(database_scanned_rows(kit.db), before);
}
END_TEST

static int64_t acknowledge(int64_t until_ms)
{
        struct acknowledgement one = { .bulletin_id = 1, .at_ms = 100, .until_ms = until_ms, .person = (char *) "太郎" };
        int64_t id = 0;
        ck_assert_int_eq(acknowledgements_add(kit.db, &one, &id, NULL), 0);
        return id;
}

START_TEST(an_acknowledgement_ends_when_no_alert_rests_on_it)
{
        GPtrArray *list;
        int64_t id = acknowledge(700);
        save("ops", 1, ALERT_ACKNOWLEDGED, 1, 0);
        save("mail", 1, ALERT_ACKNOWLEDGED, 1, 0);
        ck_assert_int_eq(database_execute(kit.db, "UPDATE alert SET acknowledgement_id = 1", NULL), 0);
        ck_assert_int_eq(acknowledgements_end(kit.db, id, 200, "raised", NULL), 0);
        ck_assert_query("SELECT coalesce(ended, 'holds') FROM acknowledgement", "holds");
        ck_assert_int_eq(database_execute(kit.db, "UPDATE alert SET acknowledgement_id = NULL", NULL), 0);
        ck_assert_int_eq(acknowledgements_end(kit.db, id, 200, "raised", NULL), 0);
        ck_assert_int_eq(acknowledgements_end(kit.db, id, 300, "expired", NULL), 0); /* it has ended already */
        acknowledge(0);
        ck_assert_int_eq(acknowledgements_of(kit.db, 1, &list, NULL), 0);
        ck_assert_uint_eq(list->len, 2);
        const struct acknowledgement *first = g_ptr_array_index(list, 0), *second = g_ptr_array_index(list, 1);
        ck_assert(first->id == id && first->until_ms == 700 && first->ended_ms == 200 && !first->route && !first->comment);
        ck_assert_str_eq(first->ended, "raised");
        ck_assert_str_eq(first->person, "太郎");
        ck_assert(second->until_ms == 0 && second->ended_ms == 0 && !second->ended);
        g_ptr_array_unref(list);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("alerts");
        TCase *c = tcase_create("alerts");
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, what_is_saved_is_read);
        tcase_add_test(c, they_are_listed_by_what_is_to_do);
        tcase_add_test(c, no_look_goes_through_all_of_them);
        tcase_add_test(c, an_acknowledgement_ends_when_no_alert_rests_on_it);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
