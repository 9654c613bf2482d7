/* SPDX-License-Identifier: MIT */
#include "store/cursors.h"

#include <string.h>

#include "common/clock.h"
#include "store/mails.h"
#include "tests/support.h"

static struct database *db;

static void setup(void)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "hotfixd.db", NULL);
        struct error err = ERROR_INIT;
        ck_assert_msg(database_open(path, DATABASE_CREATE, &db, &err) == 0, "%s", error_text(&err));
}

static void teardown(void)
{
        g_clear_pointer(&db, database_close);
        clock_set_for_test(-1, -1);
}

static struct cursor_row *load(const char *mailbox, const char *location)
{
        struct cursor_row *row = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(cursors_load(db, mailbox, location, &row, &err) == 0, "%s", error_text(&err));
        ck_assert_str_eq(row->mailbox, mailbox);
        ck_assert_str_eq(row->location, location);
        return row;
}

static void save(const struct cursor_row *row)
{
        struct error err = ERROR_INIT;
        ck_assert_msg(cursors_save(db, row, &err) == 0, "%s", error_text(&err));
}

START_TEST(a_cursor_is_kept_whole)
{
        struct cursor_row *row = load("work", "a@host/INBOX");
        ck_assert(!row->known);
        ck_assert_uint_eq(row->last_uid, 0);
        row->uid_validity = G_MAXUINT32;
        row->last_uid = G_MAXUINT32 - 1;
        row->history_uid = 17;
        row->history_done = true;
        row->synced_ms = 1178852645000;
        save(row);
        cursor_row_free(row);
        row = load("work", "a@host/INBOX");
        ck_assert(row->known && row->history_done);
        ck_assert_uint_eq(row->uid_validity, G_MAXUINT32);
        ck_assert_uint_eq(row->last_uid, G_MAXUINT32 - 1);
        ck_assert_uint_eq(row->history_uid, 17);
        ck_assert_int_eq(row->synced_ms, 1178852645000);
        row->last_uid = 5;
        row->history_done = false;
        row->synced_ms = 0; /* leaves what is stored */
        save(row);
        cursor_row_free(row);
        row = load("work", "a@host/INBOX");
        ck_assert_uint_eq(row->last_uid, 5);
        ck_assert(!row->history_done);
        ck_assert_int_eq(row->synced_ms, 1178852645000);
        row->synced_ms = 1178852645001;
        save(row);
        cursor_row_free(row);
        row = load("work", "a@host/INBOX");
        ck_assert_int_eq(row->synced_ms, 1178852645001);
        cursor_row_free(row);
}
END_TEST

START_TEST(another_location_is_another_mailbox)
{
        struct cursor_row *row = load("work", "a@host/INBOX");
        row->last_uid = 9;
        save(row);
        cursor_row_free(row);
        row = load("work", "a@other/INBOX");
        ck_assert(!row->known);
        row->last_uid = 1;
        save(row);
        cursor_row_free(row);
        row = load("work", "a@host/INBOX"); /* coming back finds the old one */
        ck_assert_uint_eq(row->last_uid, 9);
        cursor_row_free(row);
}
END_TEST

START_TEST(a_cursor_moves_with_its_transaction)
{
        struct error err = ERROR_INIT;
        struct cursor_row *row = load("work", "a@host/INBOX");
        row->last_uid = 9;
        ck_assert_int_eq(database_begin(db, &err), 0);
        save(row);
        database_rollback(db);
        cursor_row_free(row);
        row = load("work", "a@host/INBOX");
        ck_assert(!row->known);
        cursor_row_free(row);
}
END_TEST

START_TEST(an_impossible_uid_is_damage)
{
        struct error err = ERROR_INIT;
        struct cursor_row *row = load("work", "a@host/INBOX");
        save(row);
        cursor_row_free(row);
        row = NULL;
        ck_assert_int_eq(database_execute(db, "UPDATE cursor SET last_uid = 4294967296", &err), 0);
        ck_assert_int_eq(cursors_load(db, "work", "a@host/INBOX", &row, &err), -ERR_STORE_CORRUPT);
        ck_assert_ptr_null(row);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "work"));
        error_clear(&err);
        GPtrArray *cursors = NULL, *states = NULL;
        ck_assert_int_eq(cursors_list(db, &cursors, &states, &err), -ERR_STORE_CORRUPT);
        ck_assert_ptr_null(cursors);
        error_clear(&err);
}
END_TEST

static void set_state(const char *mailbox, const char *state, const char *error, int64_t retry_ms)
{
        struct error err = ERROR_INIT;
        ck_assert_msg(cursors_set_state(db, mailbox, state, error, retry_ms, &err) == 0, "%s", error_text(&err));
}

static GPtrArray *list_states(guint expected_cursors)
{
        GPtrArray *cursors = NULL, *states = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(cursors_list(db, &cursors, &states, &err) == 0, "%s", error_text(&err));
        ck_assert_uint_eq(cursors->len, expected_cursors);
        g_ptr_array_unref(cursors);
        return states;
}

static void see_mail(const char *source, const char *bytes, int64_t seen_ms)
{
        struct error err = ERROR_INIT;
        struct mail_row mail = { .outcome = MAIL_UNRECOGNISED };
        int64_t id;
        bool known;
        ck_assert_int_eq(mails_insert(db, &mail, bytes, strlen(bytes), &id, &known, &err), 0);
        struct sighting sighting = { source, 1, (guint32) seen_ms, seen_ms };
        ck_assert_int_eq(mails_add_sighting(db, id, &sighting, &err), 0);
}

START_TEST(states_for_status)
{
        clock_set_for_test(1000, 1000);
        set_state("work", "idle", NULL, 0);
        set_state("home", "waiting to retry", "connection refused", 9000);
        clock_set_for_test(2000, 2000);
        set_state("work", "idle", NULL, 0); /* still the same: since when does not change */
        see_mail("imap:work", "one", 1500);
        see_mail("imap:work", "two", 1200);
        see_mail("imap:workshop", "three", 1900);
        struct cursor_row *row = load("work", "a@host/INBOX");
        save(row);
        cursor_row_free(row);
        g_autoptr(GPtrArray) states = list_states(1);
        ck_assert_uint_eq(states->len, 2);
        const struct mailbox_state *home = g_ptr_array_index(states, 0), *work = g_ptr_array_index(states, 1);
        ck_assert_str_eq(home->mailbox, "home");
        ck_assert_str_eq(home->state, "waiting to retry");
        ck_assert_str_eq(home->error, "connection refused");
        ck_assert_int_eq(home->retry_ms, 9000);
        ck_assert_int_eq(home->last_mail_ms, 0);
        ck_assert_str_eq(work->state, "idle");
        ck_assert_ptr_null(work->error);
        ck_assert_int_eq(work->changed_ms, 1000);
        ck_assert_int_eq(work->last_mail_ms, 1500);
        set_state("home", "connecting", NULL, 0);
        g_autoptr(GPtrArray) later = list_states(1);
        home = g_ptr_array_index(later, 0);
        ck_assert_int_eq(home->changed_ms, 2000);
        ck_assert_ptr_null(home->error);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("cursors");
        TCase *tcase = tcase_create("cursors");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_cursor_is_kept_whole);
        tcase_add_test(tcase, another_location_is_another_mailbox);
        tcase_add_test(tcase, a_cursor_moves_with_its_transaction);
        tcase_add_test(tcase, an_impossible_uid_is_damage);
        tcase_add_test(tcase, states_for_status);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
