/* SPDX-License-Identifier: MIT */
#include "ingest/cursor.h"
#include "tests/support.h"

static void assert_cursor(const struct cursor *cursor, guint32 uid_validity, guint32 last_uid, guint32 history_uid,
                          bool history_done)
{
        ck_assert(cursor->known);
        ck_assert_uint_eq(cursor->uid_validity, uid_validity);
        ck_assert_uint_eq(cursor->last_uid, last_uid);
        ck_assert_uint_eq(cursor->history_uid, history_uid);
        ck_assert_int_eq(cursor->history_done, history_done);
}

START_TEST(first_contact_takes_what_is_there_as_history)
{
        struct cursor stored = { .known = false, .uid_validity = 7, .last_uid = 99 }, cursor;
        ck_assert_int_eq(cursor_start(&stored, 7, 501, 0, &cursor), CURSOR_FIRST_CONTACT);
        assert_cursor(&cursor, 7, 0, 500, false);
        ck_assert_uint_eq(cursor_first_uid(&cursor), 1);
        ck_assert(cursor_is_history(&cursor, 1));
        ck_assert(cursor_is_history(&cursor, 500));
        ck_assert(!cursor_is_history(&cursor, 501));
}
END_TEST

START_TEST(first_contact_with_an_empty_mailbox_has_no_history)
{
        struct cursor stored = { .known = false }, cursor;
        ck_assert_int_eq(cursor_start(&stored, 7, 1, 0, &cursor), CURSOR_FIRST_CONTACT);
        assert_cursor(&cursor, 7, 0, 0, true);
        ck_assert(!cursor_is_history(&cursor, 1));
        ck_assert_int_eq(cursor_start(&stored, 7, 0, 0, &cursor), CURSOR_FIRST_CONTACT);
        assert_cursor(&cursor, 7, 0, 0, true);
}
END_TEST

START_TEST(first_contact_without_uid_next_uses_the_highest_uid)
{
        struct cursor stored = { .known = false }, cursor;
        cursor_start(&stored, 7, 0, 42, &cursor);
        assert_cursor(&cursor, 7, 0, 42, false);
}
END_TEST

START_TEST(mail_that_arrives_during_the_first_contact_is_new)
{
        struct cursor stored = { .known = false }, cursor;
        cursor_start(&stored, 7, 501, 502, &cursor);
        ck_assert(cursor_is_history(&cursor, 500));
        ck_assert(!cursor_is_history(&cursor, 501));
        ck_assert(!cursor_is_history(&cursor, 502));
}
END_TEST

START_TEST(a_known_mailbox_continues)
{
        struct cursor stored = { true, 7, 120, 100, true }, cursor;
        ck_assert_int_eq(cursor_start(&stored, 7, 130, 129, &cursor), CURSOR_CONTINUES);
        assert_cursor(&cursor, 7, 120, 100, true);
        ck_assert_uint_eq(cursor_first_uid(&cursor), 121);
        /* Nothing new; the last messages deleted; a server that does not say. */
        ck_assert_int_eq(cursor_start(&stored, 7, 121, 120, &cursor), CURSOR_CONTINUES);
        ck_assert_int_eq(cursor_start(&stored, 7, 121, 3, &cursor), CURSOR_CONTINUES);
        ck_assert_int_eq(cursor_start(&stored, 7, 0, 3, &cursor), CURSOR_CONTINUES);
        assert_cursor(&cursor, 7, 120, 100, true);
}
END_TEST

START_TEST(an_interrupted_history_continues)
{
        struct cursor stored = { true, 7, 60, 100, false }, cursor;
        ck_assert_int_eq(cursor_start(&stored, 7, 130, 129, &cursor), CURSOR_CONTINUES);
        assert_cursor(&cursor, 7, 60, 100, false);
        ck_assert(cursor_is_history(&cursor, 100));
        ck_assert(!cursor_is_history(&cursor, 101));
}
END_TEST

START_TEST(a_new_uid_validity_starts_again_without_history)
{
        struct cursor stored = { true, 7, 120, 100, true }, cursor;
        ck_assert_int_eq(cursor_start(&stored, 8, 131, 130, &cursor), CURSOR_UID_VALIDITY_CHANGED);
        assert_cursor(&cursor, 8, 0, 0, true);
        ck_assert_uint_eq(cursor_first_uid(&cursor), 1);
        ck_assert(!cursor_is_history(&cursor, 1));
        ck_assert(!cursor_is_history(&cursor, 130));
}
END_TEST

START_TEST(a_new_uid_validity_during_the_first_contact_keeps_history)
{
        struct cursor stored = { true, 7, 60, 100, false }, cursor;
        ck_assert_int_eq(cursor_start(&stored, 8, 131, 130, &cursor), CURSOR_UID_VALIDITY_CHANGED);
        assert_cursor(&cursor, 8, 0, 130, false);
        cursor_start(&stored, 8, 0, 125, &cursor);
        assert_cursor(&cursor, 8, 0, 125, false);
        cursor_start(&stored, 8, 1, 0, &cursor);
        assert_cursor(&cursor, 8, 0, 0, false); /* the summary of the 60 is still owed */
}
END_TEST

START_TEST(a_uid_next_that_goes_back_is_a_change)
{
        struct cursor stored = { true, 7, 120, 100, true }, cursor;
        ck_assert_int_eq(cursor_start(&stored, 7, 120, 119, &cursor), CURSOR_UID_VALIDITY_CHANGED);
        assert_cursor(&cursor, 7, 0, 0, true);
        ck_assert_int_eq(cursor_start(&stored, 7, 1, 0, &cursor), CURSOR_UID_VALIDITY_CHANGED);
        assert_cursor(&cursor, 7, 0, 0, true);
}
END_TEST

START_TEST(the_largest_uid_does_not_wrap)
{
        struct cursor cursor = { true, 7, G_MAXUINT32, 0, true };
        ck_assert_uint_eq(cursor_first_uid(&cursor), G_MAXUINT32);
        struct cursor stored = { .known = false };
        cursor_start(&stored, 7, G_MAXUINT32, 0, &cursor);
        ck_assert(cursor_is_history(&cursor, G_MAXUINT32 - 1));
        ck_assert(!cursor_is_history(&cursor, G_MAXUINT32));
}
END_TEST

START_TEST(stored_and_result_may_be_the_same)
{
        struct cursor cursor = { true, 7, 120, 100, false };
        ck_assert_int_eq(cursor_start(&cursor, 8, 131, 130, &cursor), CURSOR_UID_VALIDITY_CHANGED);
        assert_cursor(&cursor, 8, 0, 130, false);
}
END_TEST

/* What appears below the cursor later (a replicated server) is news, unless the history it belongs to is not complete. */
START_TEST(history_ends)
{
        struct cursor cursor = { .known = true, .uid_validity = 7, .last_uid = 60, .history_uid = 100 };
        ck_assert(cursor_is_history(&cursor, 50));
        cursor.last_uid = 100;
        cursor.history_done = true;
        ck_assert(!cursor_is_history(&cursor, 50));
        ck_assert(!cursor_is_history(&cursor, 100));
}
END_TEST

static Suite *suite(void)
{
        TCase *tc = tcase_create("rules");
        tcase_add_test(tc, first_contact_takes_what_is_there_as_history);
        tcase_add_test(tc, first_contact_with_an_empty_mailbox_has_no_history);
        tcase_add_test(tc, first_contact_without_uid_next_uses_the_highest_uid);
        tcase_add_test(tc, mail_that_arrives_during_the_first_contact_is_new);
        tcase_add_test(tc, a_known_mailbox_continues);
        tcase_add_test(tc, an_interrupted_history_continues);
        tcase_add_test(tc, a_new_uid_validity_starts_again_without_history);
        tcase_add_test(tc, a_new_uid_validity_during_the_first_contact_keeps_history);
        tcase_add_test(tc, a_uid_next_that_goes_back_is_a_change);
        tcase_add_test(tc, the_largest_uid_does_not_wrap);
        tcase_add_test(tc, stored_and_result_may_be_the_same);
        tcase_add_test(tc, history_ends);
        Suite *s = suite_create("cursor");
        suite_add_tcase(s, tc);
        return s;
}

int main(void)
{
        return support_run(suite());
}
