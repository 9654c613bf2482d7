/* SPDX-License-Identifier: MIT */
/* Digests by a clock that the test sets: when they are due, what is in them, and that each is sent once. */
#include "daemon/digest.h"

#include <string.h>

#include "common/clock.h"
#include "store/alerts.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

#define MINUTE (60 * 1000ll)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START 1189954800000ll /* Monday, 2007-09-17, 00:00 in Japan; a holiday there */
#define NINE (START + 9 * HOUR)

static struct kit kit;
static struct route *route; /* "ops": critical or immediate, with updates */
static int64_t now_ms, next_ms;
static unsigned deliveries;

static void run_at(int64_t ms)
{
        struct error err = ERROR_INIT;
        clock_set_for_test(ms, ms - START + 1000);
        now_ms = ms;
        next_ms = -1;
        int r = digest_run(kit.db, kit.config, ms, &deliveries, &next_ms, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
}

static void setup(void)
{
        kit_open(&kit);
        g_ptr_array_add(kit.config->channels, channel_new("team", CHANNEL_LOG));
        route = g_ptr_array_index(kit.config->routes, 0);
        g_ptr_array_set_size(route->channels, 0);
        g_ptr_array_add(route->channels, g_strdup("team"));
        route->digest = ROUTE_DIGEST_DAILY;
        route->digest_minute = 9 * 60;
        route->digest_weekday = 1;
        deliveries = 0;
        run_at(START);
}

static void teardown(void)
{
        kit_close(&kit);
}

static void bulletin(const char *id, const char *updated, int severity, int urgency)
{
        struct job *job = kit_mail(&kit, id, "2007-09-12", updated, severity, urgency, "題名", updated);
        g_strlcpy(job->result.bulletin->edition, "2007-09-12", BULLETIN_DATE_SIZE);
        kit_commit(&kit, job, NULL);
}

#define DIGESTS "SELECT count(*) FROM outbox WHERE kind = 'digest'"
#define HEADLINE "SELECT json_extract(payload, '$.headline') FROM outbox WHERE kind = 'digest' ORDER BY id DESC LIMIT 1"

/* ---- when ---- */

START_TEST(daily)
{
        ck_assert_int_eq(next_ms, NINE);
        bulletin("MS07-050", "2007-09-12", SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        run_at(NINE - 1);
        ck_assert_query(DIGESTS, "0");
        ck_assert_int_eq(next_ms, NINE);
        run_at(NINE);
        ck_assert_query(DIGESTS, "1");
        ck_assert_query(HEADLINE, "[daily digest] ops: 1 bulletin");
        ck_assert_int_eq(next_ms, NINE + DAY);
        ck_assert_uint_eq(deliveries, 1);
        for (int64_t ms = NINE; ms < NINE + DAY; ms += HOUR)
                run_at(ms);
        run_at(NINE + DAY); /* nothing since */
        ck_assert_query(DIGESTS, "1");
        route->digest_empty = true;
        run_at(NINE + 2 * DAY);
        ck_assert_query(DIGESTS, "2");
        ck_assert_query(HEADLINE, "[daily digest] ops: nothing to report");
}
END_TEST

START_TEST(weekly)
{
        route->digest = ROUTE_DIGEST_WEEKLY;
        route->digest_weekday = 4;
        route->digest_empty = true;
        for (int64_t ms = START; ms < START + 21 * DAY; ms += HOUR)
                run_at(ms);
        ck_assert_query(DIGESTS, "3");
        ck_assert_query("SELECT (created_ms - 1189954800000) / 3600000 FROM outbox WHERE kind = 'digest' ORDER BY id",
                        "81\n249\n417"); /* Thursdays at nine */
}
END_TEST

/* The service was off for ten days: one digest for all of them. */
START_TEST(after_time_off)
{
        bulletin("MS07-050", "2007-09-12", SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        run_at(NINE + 10 * DAY + 3 * HOUR);
        bulletin("MS07-051", "2007-09-12", SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        run_at(NINE + 10 * DAY + 4 * HOUR);
        ck_assert_query(DIGESTS, "1");
        ck_assert_int_eq(next_ms, NINE + 11 * DAY);
        run_at(NINE + 11 * DAY);
        ck_assert_query(DIGESTS, "2");
        ck_assert_query(HEADLINE, "[daily digest] ops: 1 bulletin");
}
END_TEST

START_TEST(a_clock_that_is_set)
{
        route->digest_empty = true;
        run_at(NINE + MINUTE);
        run_at(NINE - HOUR); /* an hour back: nine comes twice */
        run_at(NINE + 2 * MINUTE);
        ck_assert_query(DIGESTS, "1");
        run_at(NINE + 3650 * DAY); /* ten years ahead, and back again */
        ck_assert_query(DIGESTS, "2");
        run_at(NINE + DAY + MINUTE);
        run_at(NINE + 4 * DAY); /* three days ahead */
        ck_assert_query(DIGESTS, "3");
        run_at(NINE + DAY + 2 * MINUTE);
        bulletin("MS07-050", "2007-09-12", SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        run_at(NINE + 4 * DAY); /* that time comes again, with something to tell */
        ck_assert_query(DIGESTS, "4");
        ck_assert_query(HEADLINE, "[daily digest] ops: 1 bulletin");
}
END_TEST

START_TEST(business_days)
{
        struct error err = ERROR_INIT;
        g_autofree char *file = g_build_filename(kit.directory, "holidays", NULL);
        ck_assert(g_file_set_contents(file, "2007-09-17 敬老の日\n2007-09-24 振替休日\n", -1, NULL));
        ck_assert_int_eq(calendar_load_holidays(kit.config->calendar, file, &err), 0);
        route->schedule.business_days = true;
        ck_assert_int_eq(digest_due_ms(route, kit.config->calendar, START), NINE + DAY);
        ck_assert_int_eq(digest_due_ms(route, kit.config->calendar, NINE + 4 * DAY), NINE + 8 * DAY); /* Friday to Tuesday */
        route->digest = ROUTE_DIGEST_WEEKLY;
        ck_assert_int_eq(digest_due_ms(route, kit.config->calendar, START), NINE + DAY);
        ck_assert_int_eq(digest_due_ms(route, kit.config->calendar, NINE + DAY), NINE + 8 * DAY);
        route->digest_weekday = 6;
        ck_assert_int_eq(digest_due_ms(route, kit.config->calendar, START), NINE + 8 * DAY);
}
END_TEST

/* A restored backup, or a crash between asking and storing: the same digest has the same identity. */
START_TEST(the_same_digest_has_the_same_identity)
{
        bulletin("MS07-050", "2007-09-12", SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        g_autofree char *before = kit_query(kit.db, "SELECT until_ms FROM digest WHERE route = 'ops'");
        run_at(NINE - DAY + 5); /* it was on record before that decision */
        run_at(NINE + 5);
        g_autofree char *identity = kit_query(kit.db, "SELECT identity FROM outbox WHERE kind = 'digest'");
        g_autofree char *back = g_strdup_printf("UPDATE digest SET decision_id = 0, until_ms = %s; DELETE FROM outbox", before);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_execute(kit.db, "DELETE FROM decision_delivery", &err), 0);
        ck_assert_int_eq(database_execute(kit.db, back, &err), 0);
        run_at(NINE + 3 * HOUR);
        ck_assert_query("SELECT identity FROM outbox WHERE kind = 'digest'", identity);
}
END_TEST

START_TEST(a_route_that_gets_digests_anew)
{
        route->digest = ROUTE_DIGEST_NONE;
        bulletin("MS07-050", "2007-09-12", SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        run_at(NINE);
        ck_assert_query("SELECT count(*) FROM digest", "0");
        ck_assert_int_eq(next_ms, 0);
        route->digest = ROUTE_DIGEST_DAILY;
        run_at(NINE + DAY + HOUR);
        run_at(NINE + 2 * DAY);
        ck_assert_query(DIGESTS, "0");
}
END_TEST

/* ---- what ---- */

static void use_slack(void)
{
        struct channel *channel = g_ptr_array_index(kit.config->channels, kit.config->channels->len - 1);
        channel->type = CHANNEL_SLACK;
}

static char *last_payload(void)
{
        return kit_query(kit.db, "SELECT payload FROM outbox WHERE kind = 'digest' ORDER BY id DESC LIMIT 1");
}

static void assert_part(const char *payload, const char *part)
{
        ck_assert_msg(strstr(payload, part) != NULL, "%s is not in %s", part, payload);
}

START_TEST(what_was_told_and_what_was_not)
{
        use_slack();
        bulletin("MS07-001", "2007-09-12", SEVERITY_LOW, URGENCY_WAIT);       /* below */
        bulletin("MS07-002", "2007-09-12", SEVERITY_LOW, URGENCY_WAIT);
        bulletin("MS07-003", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY);
        bulletin("MS07-004", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY);
        run_at(NINE);
        bulletin("MS07-002", "2007-09-13", SEVERITY_CRITICAL, URGENCY_EARLY); /* raised */
        bulletin("MS07-003", "2007-09-13", SEVERITY_LOW, URGENCY_WAIT);       /* lowered */
        bulletin("MS07-004", "2007-09-13", SEVERITY_CRITICAL, URGENCY_CONSIDER);  /* still above; updates are told */
        bulletin("MS07-005", "2007-09-12", 0, 0);                             /* new, cannot be read */
        bulletin("MS07-006", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY); /* new and revised at once */
        bulletin("MS07-006", "2007-09-13", SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        route->updates = false;
        bulletin("MS07-004", "2007-09-14", SEVERITY_CRITICAL, URGENCY_WAIT);
        struct job *old = kit_mail(&kit, "MS07-007", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "h");
        old->history = true;
        struct job *forged = kit_mail(&kit, "MS07-008", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名",
                                      "f");
        kit_commit(&kit, old, NULL);
        kit_commit(&kit, forged, NULL);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_execute(kit.db, "UPDATE bulletin SET unverified = 1 WHERE number = 'MS07-008'", &err), 0);
        run_at(NINE + DAY);
        g_autofree char *payload = last_payload();
        assert_part(payload, "[daily digest] ops: 5 bulletins");
        assert_part(payload, "raised: [緊急][早期適用] MS07-002");
        assert_part(payload, "lowered: [注意][SP待ち] MS07-003");
        assert_part(payload, "updated: [緊急][SP待ち] MS07-004");
        assert_part(payload, "new: [severity undetermined][urgency undetermined] MS07-005");
        assert_part(payload, "new: [緊急][至急適用] MS07-006");
        for (unsigned i = 0; i < 3; i++) {
                static const char *const absent[] = { "MS07-001", "MS07-007", "MS07-008" };
                ck_assert_ptr_null(strstr(payload, absent[i]));
        }
        assert_part(payload, "2007-09-17 09:00 (Mon) – 2007-09-18 09:00 (Tue)");
        ck_assert_ptr_null(strstr(payload, "未確認"));
        bulletin("MS07-004", "2007-09-15", SEVERITY_CRITICAL, URGENCY_CONSIDER); /* not told: the route wants no updates */
        run_at(NINE + 2 * DAY);
        g_autofree char *next = last_payload();
        assert_part(next, "送信なし (not sent)");
        assert_part(next, "not sent: [緊急][適用の検討] MS07-004");
}
END_TEST

/* A route that tells nothing at once tells all of it here. */
START_TEST(only_the_digest)
{
        use_slack();
        route->immediate = false;
        bulletin("MS07-001", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY);
        bulletin("MS07-002", "2007-09-12", SEVERITY_LOW, URGENCY_WAIT);
        bulletin("MS07-002", "2007-09-13", SEVERITY_CRITICAL, URGENCY_WAIT);
        ck_assert_query("SELECT count(*) FROM outbox WHERE channel = 'team'", "0");
        run_at(NINE);
        g_autofree char *payload = last_payload();
        assert_part(payload, "new: [緊急][早期適用] MS07-001");
        assert_part(payload, "raised: [緊急][SP待ち] MS07-002");
        ck_assert_query("SELECT count(*) FROM outbox WHERE channel = 'team'", "1");
}
END_TEST

START_TEST(a_flood_is_cut)
{
        use_slack();
        for (unsigned i = 1; i <= 100; i++) {
                g_autofree char *id = g_strdup_printf("MS07-%03u", i);
                bulletin(id, "2007-09-12", i == 77 ? SEVERITY_CRITICAL : SEVERITY_LOW, URGENCY_IMMEDIATE);
        }
        run_at(NINE);
        g_autofree char *payload = last_payload();
        assert_part(payload, "ops: 100 bulletins");
        assert_part(payload, "• new: [緊急][至急適用] MS07-077");
        assert_part(payload, "and 88 more: hotfixctl list");
}
END_TEST

START_TEST(one_that_is_damaged_keeps_nothing_back)
{
        use_slack();
        bulletin("MS07-050", "2007-09-12", SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        bulletin("MS07-051", "2007-09-12", SEVERITY_CRITICAL, URGENCY_IMMEDIATE);
        ck_assert_int_eq(database_execute(kit.db, "UPDATE variant SET packed = x'7b' WHERE id = 1", NULL), 0);
        run_at(NINE);
        g_autofree char *payload = last_payload();
        assert_part(payload, "ops: 2 bulletins");
        assert_part(payload, "MS07-051");
        assert_part(payload, "and 1 more");
        ck_assert_ptr_null(strstr(payload, "MS07-050"));
}
END_TEST

static void save_alert(int64_t bulletin_id, enum alert_state state)
{
        struct error err = ERROR_INIT;
        struct alert alert = { .route = (char *) "ops", .bulletin_id = bulletin_id, .state = state, .opened_ms = NINE,
                               .started_ms = NINE, .round = 1, .fingerprint = (char *) "x" };
        struct alert *there = NULL;
        ck_assert_int_eq(alerts_get(kit.db, "ops", bulletin_id, &there, &err), 0);
        alert.id = there ? there->id : 0;
        alert_free(there);
        int r = alerts_save(kit.db, &alert, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
}

/* Where people are asked to acknowledge, the digest says what is still open, day by day. */
START_TEST(what_nobody_has_acknowledged)
{
        use_slack();
        bulletin("MS07-001", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY);
        bulletin("MS07-002", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY);
        run_at(NINE);
        save_alert(1, ALERT_OPEN);
        save_alert(2, ALERT_ACKNOWLEDGED);
        bulletin("MS07-003", "2007-09-12", SEVERITY_LOW, URGENCY_WAIT); /* nothing to report */
        run_at(NINE + DAY);
        ck_assert_query(DIGESTS, "1"); /* nobody is asked to */
        route->remind_after_ms = HOUR;
        run_at(NINE + 2 * DAY);
        ck_assert_query(DIGESTS, "2");
        g_autofree char *payload = last_payload();
        assert_part(payload, "[daily digest] ops: nothing new");
        assert_part(payload, "not acknowledged since 2007-09-17 09:00 (Mon): [緊急][早期適用] MS07-001");
        ck_assert_ptr_null(strstr(payload, "MS07-002"));
        /* One that is told in this time is named once. */
        bulletin("MS07-004", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY);
        save_alert(4, ALERT_OPEN);
        run_at(NINE + 3 * DAY);
        g_autofree char *next = last_payload();
        assert_part(next, "new, not acknowledged: [緊急][早期適用] MS07-004");
        assert_part(next, "not acknowledged since 2007-09-17 09:00 (Mon): [緊急][早期適用] MS07-001");
        ck_assert_ptr_null(strstr(next, "(Mon): [緊急][早期適用] MS07-004"));
}
END_TEST

/* What a sender has put into a title changes nothing of the form. */
START_TEST(hostile_titles)
{
        use_slack();
        g_autofree char *long_title = g_strnfill(100000, 'x');
        g_autofree char *title = g_strconcat("<!channel> *a*\r\n\xe2\x80\xae ", long_title, NULL);
        struct job *job = kit_mail(&kit, "MS07-001", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, title, "a");
        kit_commit(&kit, job, NULL);
        run_at(NINE);
        g_autofree char *payload = last_payload();
        ck_assert_ptr_null(strstr(payload, "<!channel>"));
        ck_assert_ptr_null(strstr(payload, "\xe2\x80\xae"));
        ck_assert_uint_lt(strlen(payload), 20000);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("digests");
        TCase *when = tcase_create("when"), *what = tcase_create("what");
        tcase_add_checked_fixture(when, setup, teardown);
        tcase_add_test(when, daily);
        tcase_add_test(when, weekly);
        tcase_add_test(when, after_time_off);
        tcase_add_test(when, a_clock_that_is_set);
        tcase_add_test(when, business_days);
        tcase_add_test(when, the_same_digest_has_the_same_identity);
        tcase_add_test(when, a_route_that_gets_digests_anew);
        suite_add_tcase(s, when);
        tcase_add_checked_fixture(what, setup, teardown);
        tcase_add_test(what, what_was_told_and_what_was_not);
        tcase_add_test(what, only_the_digest);
        tcase_add_test(what, a_flood_is_cut);
        tcase_add_test(what, one_that_is_damaged_keeps_nothing_back);
        tcase_add_test(what, what_nobody_has_acknowledged);
        tcase_add_test(what, hostile_titles);
        suite_add_tcase(s, what);
        return s;
}

int main(void)
{
        return support_run(suite());
}
