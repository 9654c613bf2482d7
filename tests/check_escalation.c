/* SPDX-License-Identifier: MIT */
/* Steps, reminders, deadlines and acknowledgements, with a clock that the test turns. */
#include "daemon/escalation.h"

#include <string.h>

#include "common/clock.h"
#include "daemon/timer.h"
#include "store/outbox.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit;
static int64_t now_ms;

/* "2026-11-20 09:00" in Japan, a Friday */
static int64_t jst(const char *text)
{
        g_autofree char *iso = g_strdup_printf("%.10sT%s:00+09:00", text, text + 11);
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, NULL);
        ck_assert_msg(time != NULL, "%s", text);
        return g_date_time_to_unix(time) * 1000;
}

static void set_time(const char *text)
{
        now_ms = jst(text);
        clock_set_for_test(now_ms, 1000);
}

static struct route *route(const char *name)
{
        return (struct route *) config_route(kit.config, name);
}

static GPtrArray *names(const char *text)
{
        g_auto(GStrv) parts = g_strsplit(text, " ", -1);
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; parts[i] && *parts[i]; i++)
                g_ptr_array_add(list, g_strdup(parts[i]));
        return list;
}

static void add_step(const char *route_name, int64_t minutes, const char *channels)
{
        g_ptr_array_add(route(route_name)->steps, route_step_new(minutes * 60000, names(channels)));
}

/* Only route "ops", to channel "log"; channels "phone" and "boss" for its steps; a Friday morning. Mails are what can be
 * looked at best. */
static void setup(void)
{
        kit_open(&kit);
        g_ptr_array_set_size(kit.config->channels, 0);
        g_ptr_array_add(kit.config->channels, channel_new("log", CHANNEL_EMAIL));
        g_ptr_array_add(kit.config->channels, channel_new("phone", CHANNEL_EMAIL));
        g_ptr_array_add(kit.config->channels, channel_new("boss", CHANNEL_EMAIL));
        g_ptr_array_remove_index(kit.config->routes, 1);
        route("ops")->remind_limit = 3;
        set_time("2026-11-20 09:00");
}

static void teardown(void)
{
        kit_close(&kit);
}

static void arrive(const char *updated, int severity, const char *salt)
{
        kit_commit(&kit, kit_mail(&kit, "MS26-001", "2026-11-20", updated, severity, URGENCY_EARLY, "題名", salt), NULL);
}

/* What the timer does at that moment, once. *ret_next_ms: when it wants to come back. */
static int64_t run(void)
{
        struct error err = ERROR_INIT;
        unsigned deliveries = 0;
        int64_t next_ms = 0;
        int r = escalation_run(kit.db, kit.config, now_ms, &deliveries, &next_ms, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_msg(next_ms == 0 || next_ms > now_ms, "it would turn forever");
        return next_ms;
}

/* The timer's life until then: it wakes exactly when it wanted to, and at the end. */
static void live_until(const char *text)
{
        int64_t end_ms = jst(text);
        for (int64_t next_ms; (next_ms = run()) > 0 && next_ms <= end_ms;) {
                now_ms = next_ms;
                clock_set_for_test(now_ms, 1000);
        }
        set_time(text);
        run();
}

/* Off until then: nobody looked meanwhile. */
static void be_off_until(const char *text)
{
        set_time(text);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(alerts_look_again(kit.db, now_ms, &err), 0);
        run();
}

/* "kind channel day-of-month hh:mm" of each delivery in order; that somebody has acknowledged is looked at by itself. */
#define WHEN "kind || ' ' || channel || ' ' || strftime('%d %H:%M', next_ms / 1000 + 32400, 'unixepoch')"
#define TOLD "SELECT " WHEN " FROM outbox WHERE kind <> 'acknowledged' ORDER BY id"
#define HEARD "SELECT " WHEN " FROM outbox WHERE kind = 'acknowledged' ORDER BY id"
#define assert_told(expected) ck_assert_query(TOLD, expected)
#define assert_alert(expected) ck_assert_query("SELECT state || ' ' || round || ' ' || step || ' ' || reminders || ' ' || overdue FROM alert ORDER BY route", expected)

static int64_t bulletin_id(void)
{
        g_autofree char *id = kit_query(kit.db, "SELECT id FROM bulletin");
        return g_ascii_strtoll(id, NULL, 10);
}

/* Returns the error code, or how many alerts it was about. */
static int acknowledge(const char *route_name, const char *until)
{
        struct error err = ERROR_INIT;
        struct acknowledgement said = { .bulletin_id = bulletin_id(), .route = (char *) route_name, .person = (char *) "taro",
                                        .comment = (char *) "I am on it", .until_ms = until ? jst(until) : 0 };
        unsigned alerts = 0;
        int r = escalation_acknowledge(kit.db, kit.config, &said, now_ms, &alerts, &err);
        ck_assert(r == 0 || strlen(error_text(&err)) > 10);
        error_clear(&err);
        return r < 0 ? r : (int) alerts;
}

static int withdraw(void)
{
        struct error err = ERROR_INIT;
        struct acknowledgement said = { .bulletin_id = bulletin_id(), .person = (char *) "hanako" };
        unsigned alerts = 0;
        int r = escalation_withdraw(kit.db, kit.config, &said, now_ms, &alerts, &err);
        error_clear(&err);
        return r < 0 ? r : (int) alerts;
}

/* --- opening --- */

START_TEST(whatever_is_told_can_be_acknowledged)
{
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        assert_told("new log 20 09:00");
        assert_alert("0 1 0 0 0");
        ck_assert_query("SELECT payload LIKE '%hotfixctl ack MS26-001%' FROM outbox", "1");
        ck_assert_query("SELECT next_ms FROM alert", "NULL"); /* nothing follows by itself */
        live_until("2026-12-20 09:00");
        assert_told("new log 20 09:00");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        assert_alert("1 1 0 0 0");
}
END_TEST

START_TEST(history_and_what_is_below_open_nothing)
{
        struct job *old = kit_mail(&kit, "MS26-002", "2026-11-20", "2026-11-20", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "h");
        old->history = true;
        add_step("ops", 30, "phone");
        kit_commit(&kit, old, NULL);
        arrive("2026-11-20", SEVERITY_LOW, "a");
        ck_assert_query("SELECT count(*) FROM alert", "0");
        live_until("2026-11-21 09:00");
        ck_assert_query("SELECT count(*) FROM outbox", "0");
        ck_assert_query("SELECT count(*) FROM decision", "2");
}
END_TEST

START_TEST(a_route_that_only_digests_opens_nothing)
{
        route("ops")->immediate = false;
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        ck_assert_query("SELECT count(*) FROM alert", "0");
}
END_TEST

START_TEST(without_channels_the_steps_alone_count)
{
        g_ptr_array_set_size(route("ops")->channels, 0);
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 18:00");
        assert_told("escalated phone 20 09:30");
}
END_TEST

/* --- steps --- */

START_TEST(steps_are_taken_in_time_and_once)
{
        add_step("ops", 30, "phone log");
        add_step("ops", 120, "boss");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 09:29");
        assert_told("new log 20 09:00");
        live_until("2026-11-20 09:30");
        assert_told("new log 20 09:00\nescalated phone 20 09:30\nescalated log 20 09:30");
        ck_assert_query("SELECT payload LIKE '%Nobody has acknowledged this since 2026-11-20 09:00 (Fri)%'"
                        " AND payload LIKE '%step 1 of 2: not acknowledged within 30m%'"
                        " AND payload LIKE '%hotfixctl ack MS26-001%' AND payload LIKE '%[緊急]%'"
                        " FROM outbox WHERE channel = 'phone'", "1");
        be_off_until("2026-11-20 09:31"); /* a restart */
        be_off_until("2026-11-20 09:31");
        live_until("2026-11-25 09:00");
        assert_told("new log 20 09:00\nescalated phone 20 09:30\nescalated log 20 09:30\nescalated boss 20 11:00");
        assert_alert("0 1 2 0 0");
        ck_assert_query("SELECT next_ms FROM alert", "NULL");
        /* They belong to the decision that opened it, for trace, and follow the first message. */
        ck_assert_query("SELECT count(*) FROM decision_delivery", "4");
        ck_assert_query("SELECT count(*) FROM outbox WHERE thread = (SELECT identity FROM outbox WHERE id = 1)", "1");
}
END_TEST

START_TEST(a_step_at_once_is_taken_at_once)
{
        add_step("ops", 0, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        run();
        assert_told("new log 20 09:00\nescalated phone 20 09:00");
}
END_TEST

/* Down for a day: what is due comes once, and nobody hears of it twice, however many steps lead to him. */
START_TEST(after_a_time_off_each_is_told_once)
{
        add_step("ops", 30, "phone");
        add_step("ops", 60, "phone boss");
        add_step("ops", 90, "boss");
        route("ops")->remind_after_ms = 3600000;
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        be_off_until("2026-11-21 10:00");
        assert_told("new log 20 09:00\nescalated boss 21 10:00\nescalated phone 21 10:00\nreminder log 21 10:00");
        assert_alert("0 1 3 1 0");
        live_until("2026-11-21 11:30");
        assert_told("new log 20 09:00\nescalated boss 21 10:00\nescalated phone 21 10:00\nreminder log 21 10:00\n"
                    "reminder log 21 11:00");
}
END_TEST

START_TEST(many_alerts_all_get_their_turn)
{
        add_step("ops", 30, "phone");
        for (int i = 0; i < 450; i++) {
                g_autofree char *id = g_strdup_printf("MS26-%d", i + 100);
                kit_commit(&kit, kit_mail(&kit, id, "2026-11-20", "2026-11-20", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", id), NULL);
        }
        now_ms = jst("2026-11-20 09:30");
        unsigned turns = 0, deliveries = 0;
        for (int64_t next_ms = now_ms; next_ms != 0 && next_ms <= now_ms; turns++)
                ck_assert_int_eq(escalation_run(kit.db, kit.config, now_ms, &deliveries, &next_ms, NULL), 0);
        ck_assert_uint_eq(deliveries, 450);
        ck_assert_uint_ge(turns, 2); /* others have their turn between */
}
END_TEST

START_TEST(a_failure_is_made_up_for)
{
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        kit_commit(&kit, kit_mail(&kit, "MS26-002", "2026-11-20", "2026-11-20", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "b"), NULL);
        ck_assert_int_eq(database_execute(kit.db, "CREATE TRIGGER refuse BEFORE INSERT ON outbox WHEN new.bulletin_id = 1"
                                          " BEGIN SELECT raise(ABORT, 'refused by the test'); END", NULL), 0);
        set_time("2026-11-20 09:30");
        unsigned deliveries = 0;
        int64_t next_ms = 0;
        struct error err = ERROR_INIT;
        ck_assert_int_lt(escalation_run(kit.db, kit.config, now_ms, &deliveries, &next_ms, &err), 0);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "route ops on bulletin 1"));
        error_clear(&err);
        ck_assert_uint_eq(deliveries, 1);
        assert_alert("0 1 0 0 0\n0 1 1 0 0"); /* the other one has not suffered */
        ck_assert_int_eq(database_execute(kit.db, "DROP TRIGGER refuse", NULL), 0);
        live_until("2026-11-20 09:31");
        assert_alert("0 1 1 0 0\n0 1 1 0 0");
        assert_told("new log 20 09:00\nnew log 20 09:00\nescalated phone 20 09:30\nescalated phone 20 09:30");
}
END_TEST

/* Half a step is none: the message to the phone waits for the one to the boss. */
START_TEST(a_step_is_taken_whole_or_not_at_all)
{
        add_step("ops", 30, "phone boss");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        ck_assert_int_eq(database_execute(kit.db, "CREATE TRIGGER refuse BEFORE INSERT ON outbox WHEN new.channel = 'boss'"
                                          " BEGIN SELECT raise(ABORT, 'refused by the test'); END", NULL), 0);
        set_time("2026-11-20 09:30");
        unsigned deliveries = 0;
        int64_t next_ms = 0;
        ck_assert_int_lt(escalation_run(kit.db, kit.config, now_ms, &deliveries, &next_ms, NULL), 0);
        assert_told("new log 20 09:00");
        ck_assert_uint_eq(deliveries, 0);
        assert_alert("0 1 0 0 0");
}
END_TEST

/* Somebody acknowledges the second one while the first one is dealt with. */
START_TEST(what_is_acknowledged_meanwhile_is_left_alone)
{
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        kit_commit(&kit, kit_mail(&kit, "MS26-002", "2026-11-20", "2026-11-20", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "b"), NULL);
        ck_assert_int_eq(database_execute(kit.db, "CREATE TRIGGER meanwhile AFTER UPDATE ON alert WHEN new.bulletin_id = 1 BEGIN"
                                          " UPDATE alert SET state = 1, next_ms = NULL WHERE bulletin_id = 2; END", NULL), 0);
        live_until("2026-11-20 09:30");
        assert_told("new log 20 09:00\nnew log 20 09:00\nescalated phone 20 09:30");
        assert_alert("0 1 1 0 0\n1 1 0 0 0");
}
END_TEST

/* --- reminders and deadlines --- */

START_TEST(reminders_come_until_their_limit)
{
        route("ops")->remind_after_ms = 4 * 3600000;
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-25 09:00");
        assert_told("new log 20 09:00\nreminder log 20 13:00\nreminder log 20 17:00\nreminder log 20 21:00");
        ck_assert_query("SELECT payload LIKE '%reminder 3 of 3, one every 4h%' FROM outbox ORDER BY id DESC LIMIT 1", "1");
        assert_alert("0 1 0 3 0");
}
END_TEST

START_TEST(after_a_time_off_reminders_are_one)
{
        route("ops")->remind_after_ms = 3600000;
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        be_off_until("2026-11-21 09:00");
        assert_told("new log 20 09:00\nreminder log 21 09:00");
        live_until("2026-11-25 09:00");
        assert_told("new log 20 09:00\nreminder log 21 09:00\nreminder log 21 10:00\nreminder log 21 11:00");
}
END_TEST

START_TEST(two_routes_remind_one_channel_once)
{
        struct route *other = route_new("mail");
        other->severity = SEVERITY_IMPORTANT;
        other->remind_limit = 3;
        other->remind_after_ms = route("ops")->remind_after_ms = 3600000;
        g_ptr_array_add(other->channels, g_strdup("log"));
        g_ptr_array_add(other->channels, g_strdup("boss"));
        g_ptr_array_add(kit.config->routes, other);
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 10:30");
        assert_told("new log 20 09:00\nnew boss 20 09:00\nreminder log 20 10:00\nreminder boss 20 10:00");
        assert_alert("0 1 0 1 0\n0 1 0 1 0");
}
END_TEST

START_TEST(a_missed_deadline_is_told_to_all_once)
{
        add_step("ops", 30, "phone");
        add_step("ops", 48 * 60, "boss");
        route("ops")->remind_after_ms = 4 * 3600000;
        route("ops")->deadlines[SEVERITY_CRITICAL].ms = 4 * 3600000;
        route("ops")->deadlines[SEVERITY_IMPORTANT].ms = 3600000;
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 13:00");
        /* The reminder that is due with it goes under in it. */
        assert_told("new log 20 09:00\nescalated phone 20 09:30\noverdue log 20 13:00\noverdue phone 20 13:00\noverdue boss 20 13:00");
        ck_assert_query("SELECT payload LIKE '%was to be acknowledged by 2026-11-20 13:00 (Fri)%' FROM outbox WHERE kind = 'overdue'"
                        " AND channel = 'boss'", "1");
        /* Those before it say by when. */
        ck_assert_query("SELECT group_concat(kind || (payload LIKE '%確認期限%2026-11-20 13:00 (Fri)%'), ' ') FROM"
                        " (SELECT DISTINCT kind, payload LIKE '%確認期限%' AS said, payload FROM outbox GROUP BY kind ORDER BY min(id))",
                        "new1 escalated1 overdue0");
        assert_alert("0 1 1 1 1");
        struct alert_counts counts = { 0 };
        ck_assert_int_eq(alerts_count(kit.db, &counts, NULL), 0);
        ck_assert(counts.open == 1 && counts.overdue == 1 && counts.oldest_ms == jst("2026-11-20 09:00"));
        live_until("2026-11-20 17:00");
        ck_assert_query("SELECT count(*) FROM outbox WHERE kind = 'overdue'", "3");
        ck_assert_query("SELECT count(*) FROM outbox WHERE kind = 'reminder'", "1");
}
END_TEST

START_TEST(what_is_undetermined_has_the_strictest_deadline)
{
        route("ops")->deadlines[SEVERITY_CRITICAL].ms = 4 * 3600000;
        route("ops")->deadlines[SEVERITY_IMPORTANT].business_days = 2;
        route("ops")->schedule = (struct schedule) { 18 * 60, 9 * 60, true, SEVERITY_CRITICAL };
        kit_commit(&kit, kit_mail(&kit, "MS26-001", "2026-11-20", "2026-11-20", 0, 0, "題名", "a"), NULL);
        live_until("2026-11-20 23:00");
        assert_told("new log 20 09:00\noverdue log 20 13:00");
}
END_TEST

START_TEST(deadlines_count_business_days)
{
        struct error err = ERROR_INIT;
        g_autofree char *file = support_source_path("../systemd/holidays-jp");
        ck_assert_int_eq(calendar_load_holidays(kit.config->calendar, file, &err), 0);
        route("ops")->severity = SEVERITY_IMPORTANT;
        route("ops")->schedule = (struct schedule) { 18 * 60, 9 * 60, true, SEVERITY_CRITICAL };
        route("ops")->deadlines[SEVERITY_IMPORTANT].business_days = 2;
        set_time("2026-11-20 15:00");
        arrive("2026-11-20", SEVERITY_IMPORTANT, "a");
        live_until("2026-12-20 23:00");
        assert_told("new log 20 15:00\noverdue log 25 15:00"); /* the 23rd is a holiday */
}
END_TEST

/* --- quiet hours --- */

START_TEST(quiet_hours_hold_everything_back)
{
        route("ops")->severity = SEVERITY_IMPORTANT;
        route("ops")->schedule = (struct schedule) { 22 * 60, 7 * 60, false, SEVERITY_CRITICAL };
        route("ops")->remind_after_ms = 14 * 3600000;
        route("ops")->deadlines[SEVERITY_IMPORTANT].ms = 20 * 3600000;
        add_step("ops", 30, "phone");
        add_step("ops", 16 * 60, "boss");
        set_time("2026-11-20 23:10");
        arrive("2026-11-20", SEVERITY_IMPORTANT, "a");
        assert_told("new log 21 07:00");
        live_until("2026-11-24 23:00");
        /* 30 minutes, 14, 16 and 20 hours of its active time, which begins at 07:00 and has 15 hours a day. */
        assert_told("new log 21 07:00\nescalated phone 21 07:30\nreminder log 21 21:00\nescalated boss 22 08:00\n"
                    "overdue log 22 12:00\noverdue phone 22 12:00\noverdue boss 22 12:00\nreminder log 22 20:00\n"
                    "reminder log 23 19:00");
        ck_assert_query("SELECT payload LIKE '%since 2026-11-21 07:00 (Sat)%' FROM outbox WHERE channel = 'phone' LIMIT 1", "1");
}
END_TEST

START_TEST(what_is_exempt_is_never_held_back)
{
        route("ops")->schedule = (struct schedule) { 22 * 60, 7 * 60, true, SEVERITY_CRITICAL };
        add_step("ops", 30, "phone");
        set_time("2026-11-21 23:10");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-22 23:00");
        assert_told("new log 21 23:10\nescalated phone 21 23:40");
}
END_TEST

/* The daemon comes back in the night: what is due waits for the morning. */
START_TEST(a_time_off_that_ends_in_the_night_disturbs_nobody)
{
        route("ops")->severity = SEVERITY_IMPORTANT;
        route("ops")->schedule = (struct schedule) { 22 * 60, 7 * 60, false, 0 };
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_IMPORTANT, "a");
        be_off_until("2026-11-20 23:30");
        assert_told("new log 20 09:00");
        live_until("2026-11-21 12:00");
        assert_told("new log 20 09:00\nescalated phone 21 07:00");
}
END_TEST

/* --- acknowledgement --- */

START_TEST(an_acknowledgement_ends_it_all)
{
        route("ops")->remind_after_ms = 3600000;
        route("ops")->deadlines[SEVERITY_CRITICAL].ms = 4 * 3600000;
        add_step("ops", 30, "phone");
        add_step("ops", 120, "boss");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 09:45");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        live_until("2027-11-20 09:45");
        ck_assert_query(HEARD, "");
        /* Nobody is called any more, and what still waited is dropped. */
        assert_told("new log 20 09:00\nescalated phone 20 09:30");
        ck_assert_query("SELECT state || ' ' || answer FROM outbox WHERE kind = 'escalated'", "3 acknowledged before it was sent");
        ck_assert_query("SELECT state FROM outbox WHERE kind = 'new'", "0"); /* that one is still worth knowing */
        ck_assert_query("SELECT person || '|' || comment || '|' || (until_ms IS NULL) || '|' || (ended_ms IS NULL)"
                        " FROM acknowledgement", "taro|I am on it|1|1");
        ck_assert_query("SELECT at_ms FROM acknowledgement", "1795135500000");
        assert_alert("1 1 1 0 0");
}
END_TEST

START_TEST(those_who_can_show_it_hear_of_it)
{
        struct channel *pager = channel_new("pager", CHANNEL_PAGERDUTY), *later = channel_new("later", CHANNEL_PAGERDUTY);
        pager->url = g_strdup("https://events.example.com/v2/enqueue");
        later->url = g_strdup("https://events.example.com/v2/enqueue");
        g_ptr_array_add(kit.config->channels, pager);
        g_ptr_array_add(kit.config->channels, later);
        add_step("ops", 30, "pager");
        add_step("ops", 300, "later");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 09:30");
        ck_assert_int_eq(database_execute(kit.db, "UPDATE outbox SET state = 1", NULL), 0);
        set_time("2026-11-20 09:40");
        if (!channel_wants(pager, "acknowledged"))
                ck_abort_msg("a pager resolves what is acknowledged");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        /* Whom no step has called does not hear that it is over. */
        ck_assert_query(HEARD, "acknowledged pager 20 09:40");
        /* Once more, by somebody else: another one, which replaces it. */
        set_time("2026-11-20 09:50");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        ck_assert_query("SELECT count(*) FROM outbox WHERE kind = 'acknowledged' AND channel = 'pager'", "2");
        ck_assert_query("SELECT coalesce(ended, 'holds') FROM acknowledgement ORDER BY id", "replaced by a later one\nholds");
}
END_TEST

START_TEST(an_acknowledgement_of_a_held_message_waits_with_it)
{
        struct channel *pager = channel_new("pager", CHANNEL_PAGERDUTY);
        pager->url = g_strdup("https://events.example.com/v2/enqueue");
        g_ptr_array_add(kit.config->channels, pager);
        g_ptr_array_add(route("ops")->channels, g_strdup("pager"));
        route("ops")->severity = SEVERITY_IMPORTANT;
        route("ops")->schedule = (struct schedule) { 22 * 60, 7 * 60, false, 0 };
        set_time("2026-11-20 23:10");
        arrive("2026-11-20", SEVERITY_IMPORTANT, "a");
        set_time("2026-11-20 23:20");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        assert_told("new log 21 07:00\nnew pager 21 07:00");
        ck_assert_query(HEARD, "acknowledged pager 21 07:00");
}
END_TEST

START_TEST(an_acknowledgement_for_a_time_runs_out)
{
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 09:10");
        ck_assert_int_eq(acknowledge(NULL, "2026-11-20 14:00"), 1);
        live_until("2026-11-20 13:59");
        assert_told("new log 20 09:00");
        be_off_until("2026-11-20 13:59"); /* a restart is no reason */
        assert_told("new log 20 09:00");
        live_until("2026-11-21 09:00");
        assert_told("new log 20 09:00\nreminder log 20 14:00\nescalated phone 20 14:30");
        ck_assert_query("SELECT payload LIKE '%Open again: taro had acknowledged this until 2026-11-20 14:00 (Fri).%' FROM outbox"
                        " WHERE kind = 'reminder'", "1");
        ck_assert_query("SELECT ended FROM acknowledgement", "expired");
        assert_alert("0 2 1 0 0");
        /* And once more, the same way: it is another round. */
        ck_assert_int_eq(acknowledge(NULL, "2026-11-21 14:00"), 1);
        live_until("2026-11-22 09:00");
        ck_assert_query("SELECT count(*) FROM outbox WHERE kind = 'escalated'", "2");
}
END_TEST

START_TEST(it_runs_out_when_people_may_be_disturbed)
{
        route("ops")->severity = SEVERITY_IMPORTANT;
        route("ops")->schedule = (struct schedule) { 22 * 60, 7 * 60, false, 0 };
        arrive("2026-11-20", SEVERITY_IMPORTANT, "a");
        ck_assert_int_eq(acknowledge(NULL, "2026-11-21 02:00"), 1);
        live_until("2026-11-21 09:00");
        assert_told("new log 20 09:00\nreminder log 21 07:00");
        ck_assert_query("SELECT payload LIKE '%until 2026-11-21 02:00 (Sat)%' FROM outbox WHERE kind = 'reminder'", "1");
}
END_TEST

START_TEST(an_acknowledgement_can_be_taken_back)
{
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        ck_assert_int_eq(withdraw(), -ERR_NOT_FOUND);
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        set_time("2026-11-20 12:00");
        ck_assert_int_eq(withdraw(), 1);
        live_until("2026-11-21 12:00");
        assert_told("new log 20 09:00\nreminder log 20 12:00\nescalated phone 20 12:30");
        ck_assert_query("SELECT payload LIKE '%hanako has withdrawn%' FROM outbox WHERE kind = 'reminder'", "1");
        ck_assert_query("SELECT ended FROM acknowledgement", "withdrawn by hanako");
}
END_TEST

START_TEST(what_is_open_again_in_the_night_is_told_in_the_morning)
{
        route("ops")->severity = SEVERITY_IMPORTANT;
        route("ops")->schedule = (struct schedule) { 22 * 60, 7 * 60, false, 0 };
        arrive("2026-11-20", SEVERITY_IMPORTANT, "a");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        set_time("2026-11-20 23:30");
        ck_assert_int_eq(withdraw(), 1);
        assert_told("new log 20 09:00\nreminder log 21 07:00");
}
END_TEST

START_TEST(one_route_can_be_acknowledged_alone)
{
        struct route *other = route_new("mail");
        other->severity = SEVERITY_IMPORTANT;
        g_ptr_array_add(other->channels, g_strdup("boss"));
        g_ptr_array_add(kit.config->routes, other);
        add_step("ops", 30, "phone");
        add_step("mail", 60, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        ck_assert_int_eq(acknowledge("nowhere", NULL), -ERR_NOT_FOUND);
        ck_assert_query("SELECT count(*) FROM acknowledgement", "0");
        ck_assert_int_eq(acknowledge("ops", NULL), 1);
        assert_alert("0 1 0 0 0\n1 1 0 0 0");
        live_until("2026-11-21 12:00");
        assert_told("new log 20 09:00\nnew boss 20 09:00\nescalated phone 20 10:00");
        ck_assert_int_eq(acknowledge("ops", NULL), 1); /* what the other route has called for is not this one's to drop */
        ck_assert_query("SELECT state FROM outbox WHERE kind = 'escalated'", "0");
        ck_assert_int_eq(acknowledge(NULL, NULL), 2);
        ck_assert_query("SELECT state FROM outbox WHERE kind = 'escalated'", "3");
}
END_TEST

/* Its incident is still somebody's: the pager hears of the end when the last route is acknowledged. */
START_TEST(a_shared_channel_stays_open_with_the_other_route)
{
        struct channel *pager = channel_new("pager", CHANNEL_PAGERDUTY), *own = channel_new("own", CHANNEL_PAGERDUTY);
        pager->url = g_strdup("https://events.example.com/v2/enqueue");
        own->url = g_strdup("https://events.example.com/v2/enqueue");
        g_ptr_array_add(kit.config->channels, pager);
        g_ptr_array_add(kit.config->channels, own);
        struct route *other = route_new("mail");
        other->severity = SEVERITY_IMPORTANT;
        g_ptr_array_add(other->channels, g_strdup("pager"));
        g_ptr_array_add(kit.config->routes, other);
        g_ptr_array_add(route("ops")->channels, g_strdup("pager"));
        g_ptr_array_add(route("ops")->channels, g_strdup("own"));
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        ck_assert_int_eq(acknowledge("ops", NULL), 1);
        ck_assert_query(HEARD, "acknowledged own 20 09:00");
        set_time("2026-11-20 09:10");
        ck_assert_int_eq(acknowledge("mail", NULL), 1);
        ck_assert_query(HEARD, "acknowledged own 20 09:00\nacknowledged pager 20 09:10");
}
END_TEST

START_TEST(what_was_not_told_cannot_be_acknowledged)
{
        arrive("2026-11-20", SEVERITY_LOW, "a");
        ck_assert_int_eq(acknowledge(NULL, NULL), -ERR_NOT_FOUND);
        ck_assert_query("SELECT count(*) FROM acknowledgement", "0");
        ck_assert_query("SELECT count(*) FROM alert", "0");
}
END_TEST

/* --- revisions --- */

START_TEST(a_raised_bulletin_is_open_again)
{
        route("ops")->severity = SEVERITY_IMPORTANT;
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_IMPORTANT, "a");
        live_until("2026-11-20 09:30");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        set_time("2026-11-20 15:00");
        arrive("2026-11-21", SEVERITY_CRITICAL, "b");
        assert_alert("0 2 0 0 0");
        ck_assert_query("SELECT ended FROM acknowledgement", "raised");
        live_until("2026-11-21 15:00");
        assert_told("new log 20 09:00\nescalated phone 20 09:30\nraised log 20 15:00\nescalated phone 20 15:30");
        /* The same mails again: nothing. */
        arrive("2026-11-21", SEVERITY_CRITICAL, "b");
        arrive("2026-11-21", SEVERITY_CRITICAL, "c");
        live_until("2026-11-22 15:00");
        ck_assert_query("SELECT count(*) FROM outbox WHERE kind <> 'acknowledged'", "4");
}
END_TEST

START_TEST(an_update_leaves_it_as_it_is)
{
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        set_time("2026-11-20 15:00");
        kit_commit(&kit, kit_mail(&kit, "MS26-001", "2026-11-20", "2026-11-21", SEVERITY_CRITICAL, URGENCY_EARLY, "別の題名", "b"), NULL);
        live_until("2026-11-22 15:00");
        assert_alert("1 1 0 0 0");
        ck_assert_query("SELECT kind FROM outbox", "new");
}
END_TEST

START_TEST(a_lowered_bulletin_is_closed_and_the_called_hear_it)
{
        route("ops")->remind_after_ms = 3600000;
        add_step("ops", 30, "phone");
        add_step("ops", 300, "boss");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 09:45");
        arrive("2026-11-21", SEVERITY_LOW, "b");
        assert_told("new log 20 09:00\nescalated phone 20 09:30\nlowered phone 20 09:45\nlowered log 20 09:45");
        ck_assert_query("SELECT answer FROM outbox WHERE kind = 'escalated'", "no longer above the thresholds");
        assert_alert("2 1 1 0 0");
        live_until("2026-11-22 15:00");
        ck_assert_query("SELECT count(*) FROM outbox", "4");
        ck_assert_int_eq(acknowledge(NULL, NULL), -ERR_NOT_FOUND);
        ck_assert_query("SELECT count(*) FROM acknowledgement", "0");
        arrive("2026-11-22", SEVERITY_CRITICAL, "c"); /* and up again */
        assert_alert("0 2 0 0 0");
}
END_TEST

/* A new round forgets what the last one has done, but not whom it has called. */
START_TEST(who_was_called_before_it_rose_hears_that_it_is_over)
{
        route("ops")->severity = SEVERITY_IMPORTANT;
        add_step("ops", 30, "phone");
        add_step("ops", 300, "boss");
        arrive("2026-11-20", SEVERITY_IMPORTANT, "a");
        live_until("2026-11-20 09:40");
        ck_assert_int_eq(database_execute(kit.db, "UPDATE outbox SET state = 1", NULL), 0);
        arrive("2026-11-21", SEVERITY_CRITICAL, "b");
        assert_alert("0 2 0 0 0");
        set_time("2026-11-20 09:50");
        arrive("2026-11-22", SEVERITY_LOW, "c");
        assert_told("new log 20 09:00\nescalated phone 20 09:30\nraised log 20 09:40\nlowered phone 20 09:50\n"
                    "lowered log 20 09:50");
        /* He has heard it: a later end is not for him. */
        set_time("2026-11-20 10:00");
        arrive("2026-11-23", SEVERITY_CRITICAL, "d");
        set_time("2026-11-20 10:10");
        arrive("2026-11-24", SEVERITY_LOW, "e");
        ck_assert_query("SELECT count(*) FROM outbox WHERE channel = 'phone'", "2");
}
END_TEST

START_TEST(a_pager_called_before_it_rose_is_resolved)
{
        struct channel *pager = channel_new("pager", CHANNEL_PAGERDUTY);
        pager->url = g_strdup("https://events.example.com/v2/enqueue");
        g_ptr_array_add(kit.config->channels, pager);
        route("ops")->severity = SEVERITY_IMPORTANT;
        add_step("ops", 30, "pager");
        arrive("2026-11-20", SEVERITY_IMPORTANT, "a");
        live_until("2026-11-20 09:30");
        ck_assert_int_eq(database_execute(kit.db, "UPDATE outbox SET state = 1", NULL), 0);
        arrive("2026-11-21", SEVERITY_CRITICAL, "b");
        set_time("2026-11-20 09:40");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        ck_assert_query(HEARD, "acknowledged pager 20 09:40");
}
END_TEST

/* The mail's transaction has no parts: what is refused within it would fail the whole mail, and with it the service. */
START_TEST(a_bulletin_can_be_lowered_while_a_step_is_being_sent)
{
        struct delivery *delivery = NULL;
        int64_t next_ms = 0;
        add_step("ops", 30, "phone");
        route("ops")->urgency = URGENCY_IMMEDIATE;
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 09:30");
        ck_assert_int_eq(outbox_claim(kit.db, "phone", "sender", now_ms, 300000, &delivery, &next_ms, NULL), 0);
        ck_assert_str_eq(delivery->kind, "escalated");
        delivery_free(delivery);
        arrive("2026-11-21", SEVERITY_MODERATE, "b");
        assert_alert("2 1 1 0 0");
        ck_assert_query("SELECT state || ' ' || owner FROM outbox WHERE kind = 'escalated'", "0 sender");
        ck_assert_query("SELECT count(*) FROM outbox WHERE kind = 'lowered' AND channel = 'phone'", "1");
}
END_TEST

/* An incident that two routes have called for does not end while one of them goes on. */
START_TEST(a_pager_that_another_route_needs_is_not_resolved)
{
        struct channel *pager = channel_new("pager", CHANNEL_PAGERDUTY);
        pager->url = g_strdup("https://events.example.com/v2/enqueue");
        g_ptr_array_add(kit.config->channels, pager);
        struct route *wide = route_new("wide");
        wide->severity = SEVERITY_MODERATE;
        g_ptr_array_add(wide->channels, g_strdup("pager"));
        g_ptr_array_add(kit.config->routes, wide);
        add_step("ops", 30, "pager");
        g_ptr_array_add(route("ops")->channels, g_strdup("pager"));
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 09:30");
        ck_assert_int_eq(database_execute(kit.db, "UPDATE outbox SET state = 1", NULL), 0);
        arrive("2026-11-21", SEVERITY_MODERATE, "b"); /* ops: lowered; wide: still above */
        ck_assert_query("SELECT kind || ' ' || channel FROM outbox WHERE kind = 'lowered'", "lowered log");
        arrive("2026-11-22", SEVERITY_LOW, "c");
        ck_assert_query("SELECT channel FROM outbox WHERE kind = 'lowered' ORDER BY id", "log\npager");
}
END_TEST

/* Who was called in the night hears in the night that he may sleep on. */
START_TEST(an_end_is_told_when_the_alert_was)
{
        route("ops")->schedule = (struct schedule) { 22 * 60, 7 * 60, false, SEVERITY_CRITICAL };
        add_step("ops", 30, "phone");
        set_time("2026-11-20 23:10");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 23:50");
        arrive("2026-11-21", SEVERITY_LOW, "b");
        assert_told("new log 20 23:10\nescalated phone 20 23:40\nlowered phone 20 23:50\nlowered log 20 23:50");
}
END_TEST

/* --- the clock and the configuration --- */

START_TEST(a_clock_set_back_does_not_stop_it)
{
        add_step("ops", 30, "phone");
        route("ops")->remind_after_ms = 4 * 3600000;
        route("ops")->deadlines[SEVERITY_CRITICAL].ms = 8 * 3600000;
        set_time("2036-01-01 00:00"); /* the battery was empty */
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        ck_assert_int_eq(database_execute(kit.db, "UPDATE outbox SET state = 1", NULL), 0);
        live_until("2036-01-01 00:10");
        set_time("2026-11-20 09:00");
        live_until("2026-11-20 18:00");
        assert_told("new log 01 00:00\nescalated phone 20 09:30\nreminder log 20 13:00\noverdue log 20 17:00\n"
                    "overdue phone 20 17:00");
        /* Set back by an hour behind a reminder: the next one is four hours off at most. */
        set_time("2026-11-20 12:00");
        live_until("2026-11-20 16:00");
        ck_assert_query("SELECT count(*) FROM outbox WHERE kind = 'reminder'", "2"); /* one went under in the deadline */
        assert_alert("0 1 1 3 1");
}
END_TEST

START_TEST(a_clock_set_forward_takes_the_steps_once)
{
        add_step("ops", 30, "phone");
        add_step("ops", 60, "boss");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        set_time("2036-01-01 00:00");
        run();
        set_time("2026-11-20 09:10");
        live_until("2026-11-22 09:10");
        assert_told("new log 20 09:00\nescalated boss 01 00:00\nescalated phone 01 00:00");
}
END_TEST

START_TEST(a_new_configuration_wakes_nothing_old)
{
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 12:00");
        add_step("ops", 30, "phone"); /* nobody meant what was told long ago */
        be_off_until("2026-11-20 12:01");
        live_until("2026-11-22 09:10");
        assert_told("new log 20 09:00");
}
END_TEST

START_TEST(a_new_configuration_holds_for_what_is_under_way)
{
        add_step("ops", 120, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 09:10");
        ((struct route_step *) g_ptr_array_index(route("ops")->steps, 0))->after_ms = 20 * 60000;
        be_off_until("2026-11-20 09:11");
        live_until("2026-11-20 11:00");
        assert_told("new log 20 09:00\nescalated phone 20 09:20");
        g_ptr_array_set_size(route("ops")->steps, 0);
        be_off_until("2026-11-20 11:01");
        live_until("2026-11-22 11:00");
        assert_told("new log 20 09:00\nescalated phone 20 09:20");
}
END_TEST

START_TEST(a_deadline_that_is_taken_away_does_not_pass)
{
        route("ops")->deadlines[SEVERITY_CRITICAL].ms = 4 * 3600000;
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        live_until("2026-11-20 10:00");
        route("ops")->deadlines[SEVERITY_CRITICAL].ms = 0;
        be_off_until("2026-11-20 10:01");
        live_until("2026-11-22 11:00");
        assert_told("new log 20 09:00");
}
END_TEST

START_TEST(a_route_that_is_gone_is_silent)
{
        add_step("ops", 30, "phone");
        arrive("2026-11-20", SEVERITY_CRITICAL, "a");
        g_ptr_array_set_size(kit.config->routes, 0);
        live_until("2026-11-22 11:00");
        assert_told("new log 20 09:00");
        assert_alert("0 1 0 0 0");
        ck_assert_int_eq(acknowledge(NULL, NULL), 1);
        ck_assert_int_eq(withdraw(), 1);
        assert_alert("0 1 0 0 0");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("escalation");
        TCase *c = tcase_create("escalation");
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_set_timeout(c, 60);
        tcase_add_test(c, whatever_is_told_can_be_acknowledged);
        tcase_add_test(c, history_and_what_is_below_open_nothing);
        tcase_add_test(c, a_route_that_only_digests_opens_nothing);
        tcase_add_test(c, without_channels_the_steps_alone_count);
        tcase_add_test(c, steps_are_taken_in_time_and_once);
        tcase_add_test(c, a_step_at_once_is_taken_at_once);
        tcase_add_test(c, after_a_time_off_each_is_told_once);
        tcase_add_test(c, many_alerts_all_get_their_turn);
        tcase_add_test(c, a_failure_is_made_up_for);
        tcase_add_test(c, a_step_is_taken_whole_or_not_at_all);
        tcase_add_test(c, what_is_acknowledged_meanwhile_is_left_alone);
        tcase_add_test(c, reminders_come_until_their_limit);
        tcase_add_test(c, after_a_time_off_reminders_are_one);
        tcase_add_test(c, two_routes_remind_one_channel_once);
        tcase_add_test(c, a_missed_deadline_is_told_to_all_once);
        tcase_add_test(c, what_is_undetermined_has_the_strictest_deadline);
        tcase_add_test(c, deadlines_count_business_days);
        tcase_add_test(c, quiet_hours_hold_everything_back);
        tcase_add_test(c, what_is_exempt_is_never_held_back);
        tcase_add_test(c, a_time_off_that_ends_in_the_night_disturbs_nobody);
        tcase_add_test(c, an_acknowledgement_ends_it_all);
        tcase_add_test(c, those_who_can_show_it_hear_of_it);
        tcase_add_test(c, an_acknowledgement_of_a_held_message_waits_with_it);
        tcase_add_test(c, an_acknowledgement_for_a_time_runs_out);
        tcase_add_test(c, it_runs_out_when_people_may_be_disturbed);
        tcase_add_test(c, an_acknowledgement_can_be_taken_back);
        tcase_add_test(c, what_is_open_again_in_the_night_is_told_in_the_morning);
        tcase_add_test(c, one_route_can_be_acknowledged_alone);
        tcase_add_test(c, a_shared_channel_stays_open_with_the_other_route);
        tcase_add_test(c, what_was_not_told_cannot_be_acknowledged);
        tcase_add_test(c, a_raised_bulletin_is_open_again);
        tcase_add_test(c, an_update_leaves_it_as_it_is);
        tcase_add_test(c, a_lowered_bulletin_is_closed_and_the_called_hear_it);
        tcase_add_test(c, who_was_called_before_it_rose_hears_that_it_is_over);
        tcase_add_test(c, a_pager_called_before_it_rose_is_resolved);
        tcase_add_test(c, a_pager_that_another_route_needs_is_not_resolved);
        tcase_add_test(c, a_bulletin_can_be_lowered_while_a_step_is_being_sent);
        tcase_add_test(c, an_end_is_told_when_the_alert_was);
        tcase_add_test(c, a_clock_set_back_does_not_stop_it);
        tcase_add_test(c, a_clock_set_forward_takes_the_steps_once);
        tcase_add_test(c, a_new_configuration_wakes_nothing_old);
        tcase_add_test(c, a_new_configuration_holds_for_what_is_under_way);
        tcase_add_test(c, a_deadline_that_is_taken_away_does_not_pass);
        tcase_add_test(c, a_route_that_is_gone_is_silent);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
