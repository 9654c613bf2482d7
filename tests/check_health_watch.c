/* SPDX-License-Identifier: MIT */
/* What is wrong with the service itself, by a clock that the test sets. */
#include "daemon/health_watch.h"

#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/file.h"
#include "store/cursors.h"
#include "store/outbox.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

#define SECOND 1000ll
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START 1190000000000ll /* Monday, 2007-09-17, 12:33 in Japan: behind the Thursday of that month's patch day */

static struct kit kit;
static struct config_mailbox mailbox;
static int64_t now_ms, next_ms;
static unsigned deliveries, serial;

static void set_clock(int64_t ms)
{
        now_ms = ms;
        clock_set_for_test(ms, ms - START + 1000);
}

static void look(void)
{
        struct error err = ERROR_INIT;
        next_ms = -1;
        int r = health_watch_run(kit.db, kit.config, now_ms, &deliveries, &next_ms, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
}

static void look_at(int64_t ms)
{
        set_clock(ms);
        look();
}

static void setup(void)
{
        kit_open(&kit);
        g_ptr_array_add(kit.config->channels, channel_new("health", CHANNEL_LOG));
        mailbox = (struct config_mailbox) { .name = (char *) "work", .location = (char *) "me@host/INBOX" };
        g_ptr_array_add(kit.config->mailboxes, &mailbox);
        deliveries = serial = 0;
        set_clock(START);
}

static void teardown(void)
{
        kit_close(&kit);
}

#define TOLD "SELECT kind || ' ' || json_extract(payload, '$.headline') FROM outbox WHERE channel = 'health' ORDER BY id"
#define OPEN "SELECT name FROM condition WHERE ended_ms IS NULL ORDER BY name"

/* ---- the mailbox ---- */

static void say_state(const char *state, const char *error, int64_t failing_ms)
{
        struct error err = ERROR_INIT;
        struct mailbox_state row = { .mailbox = (char *) "work", .state = (char *) state, .error = (char *) error,
                                     .problem = (char *) (error ? "network" : NULL), .failures = error ? 3 : 0,
                                     .failing_ms = failing_ms };
        ck_assert_int_eq(cursors_set_state(kit.db, &row, &err), 0);
}

/* A pass that ends well. */
static void sync_now(void)
{
        say_state("idle", NULL, 0);
        kit_commit(&kit, kit_mark(&kit, 0), NULL);
}

static struct job *new_bulletin(const char *id)
{
        struct job *job = kit_mail(&kit, id, "2007-09-12", "2007-09-12", SEVERITY_LOW, URGENCY_WAIT, "題名", id);
        g_strlcpy(job->result.bulletin->edition, "2007-09-12", BULLETIN_DATE_SIZE);
        return job;
}

static void bulletin_comes(bool history)
{
        g_autofree char *id = g_strdup_printf("MS07-%03u", ++serial);
        struct job *job = new_bulletin(id);
        job->history = history;
        job->received_ms = now_ms;
        kit_commit(&kit, job, NULL);
}

#define UNREACHABLE "problem [hotfixd] mailbox work cannot be read: cannot connect"
#define REACHED "recovered [hotfixd] mailbox work is read again"

START_TEST(unreachable_is_told_once)
{
        kit.config->health.unreachable_ms = 30 * MINUTE;
        sync_now();
        look();
        say_state("waiting to retry", "cannot connect", START + 10 * MINUTE);
        look_at(START + 10 * MINUTE);
        ck_assert_int_eq(next_ms, START + 40 * MINUTE);
        look_at(START + 40 * MINUTE - 1);
        ck_assert_query(TOLD, "");
        look_at(START + 40 * MINUTE);
        ck_assert_query(TOLD, UNREACHABLE);
        ck_assert_uint_eq(deliveries, 1);
        for (int i = 1; i < 300; i++) /* with another word for it in between */ {
                say_state("waiting to retry", i % 2 ? "name not found" : "cannot connect", START + 10 * MINUTE);
                look_at(START + 40 * MINUTE + i * 10 * MINUTE);
        }
        ck_assert_query(TOLD, UNREACHABLE);
        ck_assert_query(OPEN, "unreachable:work");
        say_state("idle", NULL, 0); /* connected, nothing read yet */
        look();
        ck_assert_query(TOLD, UNREACHABLE);
        set_clock(now_ms + MINUTE);
        sync_now();
        look();
        ck_assert_query(TOLD, UNREACHABLE "\n" REACHED);
        ck_assert_query(OPEN, "");
        look_at(now_ms + DAY);
        ck_assert_uint_eq(deliveries, 2);
}
END_TEST

/* A reload or restart forgets how long it has failed; that is no recovery, and no reason to tell it again. */
START_TEST(unreachable_over_restarts)
{
        kit.config->health.unreachable_ms = 30 * MINUTE;
        sync_now();
        look();
        say_state("waiting to retry", "cannot connect", START);
        look_at(START + 31 * MINUTE);
        ck_assert_query(TOLD, UNREACHABLE);
        say_state("connecting", NULL, 0);
        look_at(START + 32 * MINUTE);
        say_state("waiting to retry", "cannot connect", START + 33 * MINUTE);
        look_at(START + 34 * MINUTE);
        ck_assert_query(TOLD, UNREACHABLE);
        ck_assert_query(OPEN, "unreachable:work");
        set_clock(START + 35 * MINUTE);
        sync_now();
        look();
        ck_assert_query(TOLD, UNREACHABLE "\n" REACHED);
}
END_TEST

/* One that starts again and again before the time is up. */
START_TEST(unreachable_in_a_loop_of_restarts)
{
        kit.config->health.unreachable_ms = 30 * MINUTE;
        sync_now();
        look();
        for (int64_t ms = START + 10 * MINUTE; ms < START + 60 * MINUTE; ms += 10 * MINUTE) {
                say_state("waiting to retry", "cannot connect", ms);
                look_at(ms + 6 * MINUTE);
        }
        ck_assert_query(TOLD, "");
        say_state("waiting to retry", "cannot connect", START + 60 * MINUTE);
        look_at(START + 66 * MINUTE);
        ck_assert_query(TOLD, UNREACHABLE);
}
END_TEST

/* After days off, a network that comes up a moment late is no news. */
START_TEST(unreachable_at_boot)
{
        kit.config->health.unreachable_ms = 30 * MINUTE;
        sync_now();
        look();
        say_state("waiting to retry", "cannot connect", START + 3 * DAY);
        look_at(START + 3 * DAY + 4 * MINUTE);
        ck_assert_query(TOLD, "");
        look_at(START + 3 * DAY + 5 * MINUTE);
        ck_assert_query(TOLD, UNREACHABLE);
}
END_TEST

/* hotfixd --once from a timer: each run fails for the first time. */
START_TEST(unreachable_for_single_passes)
{
        kit.config->health.unreachable_ms = 30 * MINUTE;
        sync_now();
        look();
        for (int64_t ms = START + 10 * MINUTE; ms < START + 30 * MINUTE; ms += 10 * MINUTE) {
                say_state("stopped", "cannot connect", ms);
                look_at(ms);
        }
        ck_assert_query(TOLD, "");
        say_state("stopped", "cannot connect", START + 30 * MINUTE);
        look_at(START + 30 * MINUTE);
        ck_assert_query(TOLD, UNREACHABLE);
}
END_TEST

START_TEST(unreachable_from_the_first_day)
{
        kit.config->health.unreachable_ms = 30 * MINUTE;
        look();
        say_state("waiting to retry", "cannot connect", START + 1);
        look_at(START + 29 * MINUTE);
        ck_assert_query(TOLD, "");
        look_at(START + 31 * MINUTE);
        ck_assert_query(TOLD, UNREACHABLE);
        g_ptr_array_set_size(kit.config->mailboxes, 0);
        look_at(START + 32 * MINUTE);
        ck_assert_query(TOLD, UNREACHABLE "\nrecovered [hotfixd] mailbox work is no longer configured");
        look_at(START + 33 * MINUTE);
        ck_assert_uint_eq(deliveries, 2);
}
END_TEST

START_TEST(rules_that_are_off_say_nothing)
{
        look();
        say_state("waiting to retry", "cannot connect", START);
        look_at(START + 365 * DAY);
        ck_assert_query("SELECT count(*) FROM condition", "0");
        kit.config->health.unreachable_ms = 30 * MINUTE;
        look();
        ck_assert_query(OPEN, "unreachable:work");
        kit.config->health.unreachable_ms = 0; /* by a reload */
        look();
        ck_assert_query(OPEN, "");
}
END_TEST

/* ---- silence ---- */

#define SILENT "problem [hotfixd] mailbox work: no bulletin for 7 d"
#define HEARD "recovered [hotfixd] mailbox work: a bulletin has come"

START_TEST(silence_is_told_once)
{
        kit.config->health.silence_ms = 7 * DAY;
        look();
        bulletin_comes(false);
        for (int day = 1; day <= 6; day++) {
                set_clock(START + day * DAY);
                kit_commit(&kit, kit_unreadable(&kit, -ERR_MALFORMED, "x"), NULL); /* other mail comes */
                sync_now();
                look();
        }
        ck_assert_query("SELECT name FROM condition WHERE name LIKE 'silence%'", "");
        set_clock(START + 7 * DAY + MINUTE);
        look(); /* not synced since: what has come is not known */
        ck_assert_query("SELECT name FROM condition WHERE name LIKE 'silence%'", "");
        sync_now();
        look();
        ck_assert_query(TOLD " DESC LIMIT 1", SILENT);
        for (int day = 8; day < 20; day++) {
                set_clock(START + day * DAY);
                sync_now();
                look();
        }
        ck_assert_query("SELECT count(*) FROM outbox WHERE json_extract(payload, '$.headline') LIKE '%no bulletin%'", "1");
        bulletin_comes(false);
        look();
        ck_assert_query(TOLD " DESC LIMIT 1", HEARD);
}
END_TEST

/* The service was off for two weeks; the bulletins of that time are in the mailbox. */
START_TEST(silence_is_not_time_off)
{
        kit.config->health.silence_ms = 7 * DAY;
        bulletin_comes(false);
        sync_now();
        look();
        look_at(START + 14 * DAY);
        say_state("connecting", NULL, 0);
        look();
        bulletin_comes(false);
        sync_now();
        look();
        ck_assert_query(TOLD, "");
}
END_TEST

START_TEST(silence_of_a_new_mailbox)
{
        kit.config->health.silence_ms = 7 * DAY;
        look();
        set_clock(START + 6 * DAY);
        sync_now();
        look();
        ck_assert_query(TOLD, "");
        set_clock(START + 7 * DAY + HOUR);
        sync_now();
        look();
        ck_assert_query(TOLD, SILENT);
}
END_TEST

/* The same mails under new UIDs say nothing of the publisher. */
START_TEST(silence_is_not_broken_by_known_mails)
{
        kit.config->health.silence_ms = 7 * DAY;
        look();
        kit_commit(&kit, new_bulletin("MS07-050"), NULL);
        set_clock(START + 7 * DAY + HOUR);
        struct job *again = new_bulletin("MS07-050");
        again->cursor.uid_validity = 8;
        kit_commit(&kit, again, NULL);
        sync_now();
        look();
        ck_assert_query(TOLD, SILENT);
}
END_TEST

/* ---- patch day ---- */

#define OCTOBER_START 1191942000000ll /* Wednesday, 2007-10-10, 00:00 in Japan; the second Tuesday was the 9th */
#define OCTOBER_DEADLINE (OCTOBER_START + 2 * DAY)
#define MISSING "problem [hotfixd] no alert has come since Microsoft's patch day, 2007-10-10"
#define CAME "recovered [hotfixd] an alert has come"

START_TEST(patch_day_without_alerts)
{
        kit.config->health.patch_tuesday = true;
        look();
        ck_assert_int_eq(next_ms, OCTOBER_DEADLINE);
        bulletin_comes(false);
        set_clock(OCTOBER_DEADLINE - 1);
        sync_now();
        look();
        ck_assert_query(TOLD, "");
        look_at(OCTOBER_DEADLINE + HOUR); /* not read since */
        ck_assert_query(TOLD, "");
        sync_now();
        look();
        ck_assert_query(TOLD, MISSING);
        bulletin_comes(true); /* what somebody imports */
        look_at(OCTOBER_DEADLINE + DAY);
        ck_assert_query(TOLD, MISSING);
        bulletin_comes(false);
        look();
        ck_assert_query(TOLD, MISSING "\n" CAME);
}
END_TEST

START_TEST(patch_day_with_an_alert)
{
        kit.config->health.patch_tuesday = true;
        look();
        set_clock(OCTOBER_START);
        bulletin_comes(false);
        set_clock(OCTOBER_DEADLINE + HOUR);
        sync_now();
        look();
        ck_assert_query("SELECT count(*) FROM condition", "0");
}
END_TEST

/* Two months in a row: the second is news. */
START_TEST(patch_days_without_alerts)
{
        kit.config->health.patch_tuesday = true;
        look();
        set_clock(OCTOBER_DEADLINE);
        sync_now();
        look();
        set_clock(OCTOBER_DEADLINE + 36 * DAY);
        sync_now();
        look();
        look_at(now_ms + DAY);
        ck_assert_query(TOLD, MISSING "\nproblem [hotfixd] no alert has come since Microsoft's patch day, 2007-11-14");
}
END_TEST

/* It was set up only after the patch day. */
START_TEST(patch_day_before_the_first_look)
{
        kit.config->health.patch_tuesday = true;
        set_clock(OCTOBER_START + DAY);
        look();
        bulletin_comes(true);
        set_clock(OCTOBER_DEADLINE + DAY);
        sync_now();
        look();
        ck_assert_query(TOLD, "");
}
END_TEST

/* ---- quarantine ---- */

START_TEST(quarantine_grows)
{
        kit.config->health.quarantine = 3;
        for (unsigned i = 0; i < 5; i++) {
                g_autofree char *text = g_strdup_printf("old %u", i);
                struct job *job = kit_unreadable(&kit, -ERR_MALFORMED, text);
                job->history = true;
                kit_commit(&kit, job, NULL);
        }
        for (unsigned i = 0; i < 5; i++) { /* two within a day, always */
                g_autofree char *text = g_strdup_printf("slow %u", i);
                set_clock(START + i * 12 * HOUR + i);
                kit_commit(&kit, kit_unreadable(&kit, -ERR_MALFORMED, text), NULL);
                look();
        }
        ck_assert_query(OPEN, "unread");
        kit_commit(&kit, kit_unreadable(&kit, -ERR_MALFORMED, "more"), NULL);
        look();
        ck_assert_query(OPEN, "quarantine\nunread");
        kit_commit(&kit, kit_unreadable(&kit, -ERR_MALFORMED, "still more"), NULL);
        look_at(now_ms + HOUR);
        ck_assert_query("SELECT count(*) FROM outbox"
                        " WHERE json_extract(payload, '$.headline') LIKE '%quarantine grows: 3 mails%'", "1");
        look_at(now_ms + DAY);
        ck_assert_query(OPEN, "unread");
        ck_assert_query(TOLD " DESC LIMIT 1", "recovered [hotfixd] quarantine no longer grows");
}
END_TEST

/* ---- channels ---- */

static void queue_up(const char *channel, const char *identity)
{
        struct error err = ERROR_INIT;
        bool known = false;
        struct delivery delivery = { .identity = (char *) identity, .channel = (char *) channel, .kind = (char *) "new",
                                     .payload = (char *) "{}", .created_ms = now_ms, .next_ms = now_ms };
        ck_assert_int_eq(outbox_add(kit.db, &delivery, 0, &known, &err), 0);
}

/* The next one that is due ends so. */
static void attempt(const char *channel, enum delivery_state state, const char *answer)
{
        struct error err = ERROR_INIT;
        struct delivery *delivery = NULL;
        int64_t due_ms = 0;
        struct delivery_outcome outcome = { .state = state, .now_ms = now_ms, .next_ms = now_ms, .answer = answer };
        ck_assert_int_eq(outbox_claim(kit.db, channel, "test", now_ms, MINUTE, &delivery, &due_ms, &err), 0);
        ck_assert_ptr_nonnull(delivery);
        int r = outbox_record(kit.db, delivery, "test", &outcome, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        delivery_free(delivery);
}

#define REFUSED "problem [hotfixd] channel log did not take a message: 404 no_service"
#define TAKEN "recovered [hotfixd] channel log: nothing fails there any more"

START_TEST(dead_letters)
{
        struct error err = ERROR_INIT;
        queue_up("log", "a");
        attempt("log", DELIVERY_DEAD, "404 no_service");
        look();
        ck_assert_query(TOLD, REFUSED);
        queue_up("log", "b");
        attempt("log", DELIVERY_DEAD, "404 no_service");
        look_at(START + MINUTE);
        look_at(START + 3 * DAY);
        ck_assert_query(TOLD, REFUSED);
        /* That others are sent meanwhile does not make up for those; one that is lost after that is another story. */
        queue_up("log", "c");
        attempt("log", DELIVERY_SENT, "200 ok");
        look();
        ck_assert_query(TOLD, REFUSED);
        queue_up("log", "d");
        attempt("log", DELIVERY_DEAD, "404 no_service");
        look();
        look_at(now_ms + MINUTE);
        ck_assert_query(TOLD, REFUSED "\n" REFUSED);
        ck_assert_query(OPEN, "channel:log");
        /* Until somebody has had them sent again, or let them be. */
        ck_assert_int_eq(outbox_retry(kit.db, 1, now_ms, &err), 0);
        look();
        attempt("log", DELIVERY_SENT, "200 ok");
        look();
        ck_assert_query(OPEN, "channel:log");
        g_autofree char *ids = kit_query(kit.db, "SELECT group_concat(id) FROM outbox WHERE state = 2 AND channel = 'log'");
        g_auto(GStrv) dead = g_strsplit(ids, ",", 0);
        for (guint i = 0; dead[i]; i++)
                ck_assert_int_eq(outbox_drop(kit.db, g_ascii_strtoll(dead[i], NULL, 10), now_ms, "by hand", &err), 0);
        look();
        ck_assert_query(OPEN, "");
        ck_assert_query(TOLD, REFUSED "\n" REFUSED "\n" TAKEN);
}
END_TEST

/* Told also when the next message goes through before anybody has looked. */
START_TEST(one_dead_letter_between_two_that_are_sent)
{
        queue_up("log", "a");
        attempt("log", DELIVERY_SENT, "200 ok");
        queue_up("log", "b");
        attempt("log", DELIVERY_DEAD, "404 no_service");
        queue_up("log", "c");
        attempt("log", DELIVERY_SENT, "200 ok");
        look();
        ck_assert_query(TOLD, REFUSED);
}
END_TEST

START_TEST(a_channel_that_cannot_be_reached)
{
        kit.config->health.unreachable_ms = 30 * MINUTE;
        queue_up("log", "a");
        attempt("log", DELIVERY_PENDING, "connection refused");
        look();
        ck_assert_int_eq(next_ms, START + 30 * MINUTE);
        ck_assert_query(TOLD, "");
        look_at(START + 30 * MINUTE);
        ck_assert_query(TOLD, "problem [hotfixd] channel log cannot be reached: connection refused");
        attempt("log", DELIVERY_PENDING, "connection refused");
        look_at(START + 10 * HOUR);
        ck_assert_uint_eq(deliveries, 1);
        attempt("log", DELIVERY_DEAD, "410 gone"); /* that is more than was said */
        look();
        ck_assert_query(TOLD " DESC LIMIT 1", "problem [hotfixd] channel log did not take a message: 410 gone");
        ck_assert_uint_eq(deliveries, 2);
}
END_TEST

START_TEST(a_delivery_that_waits_for_its_time_is_no_failure)
{
        kit.config->health.unreachable_ms = 30 * MINUTE;
        queue_up("log", "a");
        look_at(START + DAY);
        ck_assert_query(TOLD, "");
}
END_TEST

START_TEST(a_channel_that_is_removed)
{
        queue_up("gone", "a");
        struct channel *channel = channel_new("gone", CHANNEL_LOG);
        g_ptr_array_add(kit.config->channels, channel);
        attempt("gone", DELIVERY_DEAD, "no");
        look();
        ck_assert_query(OPEN, "channel:gone");
        g_ptr_array_remove(kit.config->channels, channel);
        look();
        ck_assert_query(OPEN, "");
}
END_TEST

/* ---- disk, holidays, archive ---- */

START_TEST(a_disk_that_is_nearly_full)
{
        kit.config->health.disk_free_percent = 101; /* more than any disk has */
        look();
        look_at(START + DAY);
        g_autofree char *told = kit_query(kit.db, TOLD);
        ck_assert_msg(g_str_has_prefix(told, "problem [hotfixd] disk nearly full: "), "%s", told);
        ck_assert_uint_eq(deliveries, 1);
        kit.config->health.disk_free_percent = 0;
        look();
        ck_assert_query(OPEN, "");
        ck_assert_query(TOLD " DESC LIMIT 1", "recovered [hotfixd] there is room on the disk again");
}
END_TEST

START_TEST(holidays_that_end)
{
        struct error err = ERROR_INIT;
        g_autofree char *file = g_build_filename(kit.directory, "holidays", NULL);
        ck_assert(g_file_set_contents(file, "2007-12-24 振替休日\n", -1, NULL));
        ck_assert_int_eq(calendar_load_holidays(kit.config->calendar, file, &err), 0);
        struct route *route = g_ptr_array_index(kit.config->routes, 0);
        look_at(START + 30 * DAY);
        ck_assert_query(OPEN, ""); /* nobody goes by them */
        route->schedule.business_days = true;
        look_at(START + 5 * DAY);
        ck_assert_query(OPEN, "");
        look_at(START + 30 * DAY);
        look_at(START + 31 * DAY);
        ck_assert_query(TOLD, "problem [hotfixd] the file of holidays ends with 2007-12-24");
        ck_assert(g_file_set_contents(file, "2008-12-23 天皇誕生日\n", -1, NULL));
        ck_assert_int_eq(calendar_load_holidays(kit.config->calendar, file, &err), 0);
        look();
        ck_assert_query(OPEN, "");
        route->schedule.business_days = false;
        route->deadlines[SEVERITY_CRITICAL].business_days = 2;
        look_at(START + 400 * DAY);
        ck_assert_query(OPEN, "holidays");
}
END_TEST

START_TEST(an_archive_that_cannot_be_written)
{
        health_watch_archive(kit.db, kit.config, 0, "", &deliveries);
        health_watch_archive(kit.db, kit.config, -ERR_STORE_BUSY, "locked", &deliveries);
        health_watch_archive(kit.db, kit.config, -ERR_CANCELLED, "stopped", &deliveries);
        ck_assert_query("SELECT count(*) FROM condition", "0");
        health_watch_archive(kit.db, kit.config, -ERR_STORE, "cannot write index.html: Permission denied", &deliveries);
        health_watch_archive(kit.db, kit.config, -ERR_STORE, "cannot write index.html: Permission denied", &deliveries);
        look();
        ck_assert_query(OPEN, "archive");
        ck_assert_query(TOLD, "problem [hotfixd] the archive cannot be written: cannot write index.html: Permission denied");
        health_watch_archive(kit.db, kit.config, 0, "", &deliveries);
        ck_assert_query(OPEN, "");
        ck_assert_uint_eq(deliveries, 2);
}
END_TEST

/* ---- costs ---- */

/* It comes every minute for years: what goes on is not written down each time. */
START_TEST(a_look_at_what_is_known_writes_nothing)
{
        struct error err = ERROR_INIT;
        struct database *other;
        int64_t before, after;
        kit.config->health = (struct config_health) { 30 * MINUTE, 7 * DAY, true, 1, 0 };
        kit_commit(&kit, kit_unreadable(&kit, -ERR_MALFORMED, "x"), NULL);
        queue_up("log", "a");
        attempt("log", DELIVERY_DEAD, "404 no_service");
        say_state("waiting to retry", "cannot connect", START - HOUR);
        look();
        ck_assert_query(OPEN, "channel:log\nquarantine\nunreachable:work\nunread");
        ck_assert_int_eq(database_open(kit.config->database_file, DATABASE_READ, &other, &err), 0);
        ck_assert_int_eq(database_data_version(other, &before, &err), 0);
        look_at(START + 59 * MINUTE);
        ck_assert_int_eq(database_data_version(other, &after, &err), 0);
        ck_assert_int_eq(before, after);
        ck_assert_int_eq(database_scanned_rows(kit.db) < 20, 1);
        database_close(other);
}
END_TEST

/* A store that fails keeps what would have been said for the next look. */
START_TEST(nothing_is_counted_that_was_not_stored)
{
        struct error err = ERROR_INIT;
        struct database *other;
        kit.config->health.unreachable_ms = 30 * MINUTE;
        look();
        say_state("waiting to retry", "cannot connect", START - HOUR);
        ck_assert_int_eq(database_open(kit.config->database_file, DATABASE_WRITE, &other, &err), 0);
        ck_assert_int_eq(database_begin(other, &err), 0);
        database_set_busy_ms(kit.db, 10);
        set_clock(START + HOUR);
        ck_assert_int_eq(health_watch_run(kit.db, kit.config, now_ms, &deliveries, &next_ms, &err), -ERR_STORE_BUSY);
        error_clear(&err);
        ck_assert_uint_eq(deliveries, 0);
        database_rollback(other);
        look();
        ck_assert_query(TOLD, UNREACHABLE);
        database_close(other);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("health_watch");
        TCase *mailboxes = tcase_create("mailboxes"), *rest = tcase_create("rest");
        tcase_add_checked_fixture(mailboxes, setup, teardown);
        tcase_add_test(mailboxes, unreachable_is_told_once);
        tcase_add_test(mailboxes, unreachable_over_restarts);
        tcase_add_test(mailboxes, unreachable_in_a_loop_of_restarts);
        tcase_add_test(mailboxes, unreachable_at_boot);
        tcase_add_test(mailboxes, unreachable_for_single_passes);
        tcase_add_test(mailboxes, unreachable_from_the_first_day);
        tcase_add_test(mailboxes, rules_that_are_off_say_nothing);
        tcase_add_test(mailboxes, silence_is_told_once);
        tcase_add_test(mailboxes, silence_is_not_time_off);
        tcase_add_test(mailboxes, silence_of_a_new_mailbox);
        tcase_add_test(mailboxes, silence_is_not_broken_by_known_mails);
        tcase_add_test(mailboxes, patch_day_without_alerts);
        tcase_add_test(mailboxes, patch_day_with_an_alert);
        tcase_add_test(mailboxes, patch_days_without_alerts);
        tcase_add_test(mailboxes, patch_day_before_the_first_look);
        suite_add_tcase(s, mailboxes);
        tcase_add_checked_fixture(rest, setup, teardown);
        tcase_add_test(rest, quarantine_grows);
        tcase_add_test(rest, dead_letters);
        tcase_add_test(rest, one_dead_letter_between_two_that_are_sent);
        tcase_add_test(rest, a_channel_that_cannot_be_reached);
        tcase_add_test(rest, a_delivery_that_waits_for_its_time_is_no_failure);
        tcase_add_test(rest, a_channel_that_is_removed);
        tcase_add_test(rest, a_disk_that_is_nearly_full);
        tcase_add_test(rest, holidays_that_end);
        tcase_add_test(rest, an_archive_that_cannot_be_written);
        tcase_add_test(rest, a_look_at_what_is_known_writes_nothing);
        tcase_add_test(rest, nothing_is_counted_that_was_not_stored);
        suite_add_tcase(s, rest);
        return s;
}

int main(void)
{
        return support_run(suite());
}
