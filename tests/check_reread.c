/* SPDX-License-Identifier: MIT */
#include "store/reread.h"

#include <string.h>

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
        database_close(db);
}

static void assert_stored(const char *version, int64_t last_mail_id, bool done)
{
        int64_t last = -1;
        bool is_done = !done;
        ck_assert_int_eq(reread_load(db, version, &last, &is_done, NULL), 0);
        ck_assert_int_eq(last, last_mail_id);
        ck_assert_int_eq(is_done, done);
}

START_TEST(each_version_begins_anew)
{
        assert_stored("1.0", 0, false);
        ck_assert_int_eq(reread_save(db, "1.0", 7, false, NULL), 0);
        assert_stored("1.0", 7, false);
        ck_assert_int_eq(reread_save(db, "1.0", 9, true, NULL), 0);
        assert_stored("1.0", 9, true);
        assert_stored("1.1", 0, false);
        ck_assert_int_eq(reread_save(db, "1.1", 3, false, NULL), 0);
        assert_stored("1.1", 3, false);
        assert_stored("1.0", 0, false); /* back to the old version: that is a change, too */
}
END_TEST

START_TEST(only_what_was_not_understood)
{
        static const enum mail_outcome outcomes[] = { MAIL_BULLETIN, MAIL_QUARANTINED, MAIL_BULLETIN, MAIL_UNRECOGNISED, MAIL_REPLACED,
                                                      MAIL_UNRECOGNISED, MAIL_QUARANTINED, MAIL_BULLETIN };
        for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++) {
                g_autofree char *bytes = g_strdup_printf("mail %zu", i);
                struct mail_row mail = { .outcome = outcomes[i] };
                int64_t id;
                bool known;
                ck_assert_int_eq(mails_insert(db, &mail, bytes, strlen(bytes), &id, &known, NULL), 0);
        }
        g_autoptr(GString) found = g_string_new(NULL);
        int64_t id = 0;
        do {
                ck_assert_int_eq(reread_next(db, id, &id, NULL), 0);
                g_string_append_printf(found, "%d ", (int) id);
        } while (id != 0);
        ck_assert_str_eq(found->str, "2 4 6 7 0 ");
        ck_assert_int_eq(database_scanned_rows(db), 0);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("reread");
        TCase *tests = tcase_create("reread");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, each_version_begins_anew);
        tcase_add_test(tests, only_what_was_not_understood);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
