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
        struct mailbox_state row = { .mailbox = (char *) mailbox, .state = (char *) state, .error = (char *) error,
                                     .retry_ms = retry_ms };
        ck_assert_msg(cursors_set_state(db, &row, &err) == 0, "%s", error_text(&err));
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

START_TEST(a_state_says_what_is_wrong)
{
        struct error err = ERROR_INIT;
        struct mailbox_state row = { .mailbox = (char *) "work", .state = (char *) "waiting to retry", .error = (char *) "denied",
                                     .problem = (char *) "login", .mode = (char *) "push", .failures = 7, .failing_ms = 400,
                                     .retry_ms = 9000, .reconciled_ms = 300 };
        ck_assert_msg(cursors_set_state(db, &row, &err) == 0, "%s", error_text(&err));
        g_autoptr(GPtrArray) states = list_states(0);
        const struct mailbox_state *work = g_ptr_array_index(states, 0);
        ck_assert_str_eq(work->problem, "login");
        ck_assert_str_eq(work->mode, "push");
        ck_assert_uint_eq(work->failures, 7);
        ck_assert_int_eq(work->failing_ms, 400);
        ck_assert_int_eq(work->reconciled_ms, 300);
        set_state("work", "idle", NULL, 0);
        g_autoptr(GPtrArray) later = list_states(0);
        work = g_ptr_array_index(later, 0);
        ck_assert_ptr_null(work->problem);
        ck_assert_ptr_null(work->mode);
        ck_assert_uint_eq(work->failures, 0);
        ck_assert_int_eq(work->failing_ms, 0);
        ck_assert_int_eq(work->reconciled_ms, 300); /* 0 leaves what is stored */
}
END_TEST

/* ---- what is on record ---- */

static int64_t record(const char *source, guint32 uid_validity, guint32 uid)
{
        struct error err = ERROR_INIT;
        struct mail_row mail = { .outcome = MAIL_UNRECOGNISED };
        int64_t id;
        bool known;
        g_autofree char *bytes = g_strdup_printf("%s %u %u", source, uid_validity, uid);
        ck_assert_int_eq(mails_insert(db, &mail, bytes, strlen(bytes), &id, &known, &err), 0);
        struct sighting sighting = { source, uid_validity, uid, 1 };
        ck_assert_int_eq(mails_add_sighting(db, id, &sighting, &err), 0);
        return id;
}

static void quarantine(int64_t id, int code, const char *reason)
{
        ck_assert_int_eq(mails_set_outcome(db, id, MAIL_QUARANTINED, reason, 0, NULL, NULL), 0);
        ck_assert_int_eq(quarantine_put(db, id, code, reason, NULL), 0);
}

static char *filter(const GArray *uids, enum cursors_record wanted)
{
        struct error err = ERROR_INIT;
        g_autoptr(GString) text = g_string_new(NULL);
        GArray *found = NULL;
        ck_assert_msg(cursors_filter(db, "imap:work", 7, uids, wanted, &found, &err) == 0, "%s", error_text(&err));
        for (guint i = 0; i < found->len; i++)
                g_string_append_printf(text, "%s%u", i ? " " : "", g_array_index(found, guint32, i));
        g_array_unref(found);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

static void assert_filter(const guint32 *uids, guint count, enum cursors_record wanted, const char *expected)
{
        g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_array_append_vals(array, uids, count);
        g_autofree char *found = filter(array, wanted);
        ck_assert_str_eq(found, expected);
}

START_TEST(what_is_on_record)
{
        static const guint32 uids[] = { 1, 2, 3, 5, 9, 4000000000, G_MAXUINT32 };
        record("imap:work", 7, 2);
        record("imap:work", 7, 4);
        record("imap:work", 7, 9);
        record("imap:work", 7, G_MAXUINT32);
        record("imap:work", 8, 1);   /* under another numbering */
        record("imap:works", 7, 3);  /* of another mailbox */
        assert_filter(uids, G_N_ELEMENTS(uids), CURSORS_UNRECORDED, "1 3 5 4000000000");
        assert_filter(uids, G_N_ELEMENTS(uids), CURSORS_WHOLE, "2 9 4294967295");
        assert_filter(uids, 5, CURSORS_UNRECORDED, "1 3 5"); /* close together, so in one walk */
        assert_filter(uids, 5, CURSORS_WHOLE, "2 9");
        assert_filter(uids, 0, CURSORS_UNRECORDED, "");
}
END_TEST

START_TEST(what_is_stored_whole)
{
        static const guint32 uids[] = { 1, 2, 3, 4, 5, 6 };
        record("imap:work", 7, 1);
        quarantine(record("imap:work", 7, 2), -ERR_LIMIT, "oversize: 99 bytes are more than max-message-size; …");
        quarantine(record("imap:work", 7, 3), -ERR_PROTOCOL, "the server lists this message and does not send it");
        quarantine(record("imap:work", 7, 4), -ERR_WORKER_CRASHED, "the parser crashed");
        int64_t replaced = record("imap:work", 7, 5);
        ck_assert_int_eq(mails_set_outcome(db, replaced, MAIL_REPLACED, "fetched again as mail 9", 0, NULL, NULL), 0);
        assert_filter(uids, G_N_ELEMENTS(uids), CURSORS_UNRECORDED, "6");
        assert_filter(uids, G_N_ELEMENTS(uids), CURSORS_WHOLE, "1 4");
        /* Fetched again, whole: the same message is on record twice. */
        int64_t whole = record("imap:other", 7, 5);
        struct sighting sighting = { "imap:work", 7, 5, 2 };
        ck_assert_int_eq(mails_add_sighting(db, whole, &sighting, NULL), 0);
        assert_filter(uids, G_N_ELEMENTS(uids), CURSORS_WHOLE, "1 4 5");
        assert_filter(uids, G_N_ELEMENTS(uids), CURSORS_UNRECORDED, "6");
}
END_TEST

START_TEST(withheld_messages_are_listed)
{
        for (guint32 uid = 1; uid <= 5; uid++)
                quarantine(record("imap:work", 7, uid), uid == 2 ? -ERR_LIMIT : -ERR_PROTOCOL, "withheld");
        quarantine(record("imap:other", 7, 6), -ERR_PROTOCOL, "withheld");
        GArray *rows = NULL;
        ck_assert_int_eq(cursors_list_withheld(db, "imap:work", 7, 1, 2, &rows, NULL), 0);
        ck_assert_uint_eq(rows->len, 2);
        ck_assert_uint_eq(g_array_index(rows, struct cursors_withheld, 0).uid, 3);
        ck_assert_uint_eq(g_array_index(rows, struct cursors_withheld, 1).uid, 4);
        g_array_unref(rows);
        ck_assert_int_eq(cursors_list_withheld(db, "imap:work", 8, 0, 9, &rows, NULL), 0);
        ck_assert_uint_eq(rows->len, 0);
        g_array_unref(rows);
}
END_TEST

START_TEST(many_are_filtered_in_windows)
{
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        ck_assert_int_eq(database_begin(db, NULL), 0);
        for (guint32 uid = 1; uid <= 3000; uid++) {
                g_array_append_val(uids, uid);
                if (uid % 7 != 0)
                        record("imap:work", 7, uid);
        }
        ck_assert_int_eq(database_commit(db, NULL), 0);
        g_autoptr(GString) expected = g_string_new("7");
        for (guint32 uid = 14; uid <= 3000; uid += 7)
                g_string_append_printf(expected, " %u", uid);
        g_autofree char *missing = filter(uids, CURSORS_UNRECORDED);
        ck_assert_str_eq(missing, expected->str);
        GArray *whole = NULL;
        ck_assert_int_eq(cursors_filter(db, "imap:work", 7, uids, CURSORS_WHOLE, &whole, NULL), 0);
        ck_assert_uint_eq(whole->len, 3000 - 3000 / 7);
        g_array_unref(whole);
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
        tcase_add_test(tcase, a_state_says_what_is_wrong);
        tcase_add_test(tcase, what_is_on_record);
        tcase_add_test(tcase, what_is_stored_whole);
        tcase_add_test(tcase, withheld_messages_are_listed);
        tcase_add_test(tcase, many_are_filtered_in_windows);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
