/* SPDX-License-Identifier: MIT */
#include "store/refetch.h"

#include <string.h>

#include "common/digest.h"
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

#define ok(call) \
        do { \
                struct error err = ERROR_INIT; \
                int ok_r = (call); \
                ck_assert_msg(ok_r == 0, "%s", error_text(&err)); \
        } while (0)

static int64_t store(const char *bytes, bool history)
{
        struct mail_row mail = { .received_ms = 5000, .stored_ms = 6000, .history = history, .outcome = MAIL_QUARANTINED,
                                 .reason = (char *) "oversize: it is" };
        int64_t id;
        bool known;
        ok(mails_insert(db, &mail, bytes, strlen(bytes), &id, &known, &err));
        if (!known)
                ok(quarantine_put(db, id, -ERR_LIMIT, "oversize: it is", &err));
        return id;
}

static void see(int64_t mail_id, const char *source, guint32 uid_validity, guint32 uid)
{
        struct sighting sighting = { source, uid_validity, uid, 7000 };
        ok(mails_add_sighting(db, mail_id, &sighting, &err));
}

/* "mail UID" of each, with "|" behind. */
static void assert_open(const char *source, guint32 uid_validity, const char *expected)
{
        GPtrArray *rows;
        ok(refetch_list(db, source, uid_validity, &rows, &err));
        g_autoptr(GString) text = g_string_new(NULL);
        for (guint i = 0; i < rows->len; i++) {
                const struct refetch_row *row = g_ptr_array_index(rows, i);
                ck_assert_str_eq(row->source, source);
                ck_assert_uint_eq(row->uid_validity, uid_validity);
                ck_assert_ptr_null(row->answer);
                g_string_append_printf(text, "%d %u|", (int) row->mail_id, row->uid);
        }
        ck_assert_str_eq(text->str, expected);
        g_ptr_array_unref(rows);
}

static bool pending(void)
{
        bool is;
        ok(refetch_pending(db, &is, &err));
        return is;
}

START_TEST(each_place_is_asked)
{
        int64_t one = store("one", true), two = store("two", false);
        unsigned places;
        see(one, "imap:a", 7, 10);
        see(one, "imap:a", 7, 4);
        see(one, "imap:b", 9, 11);
        see(one, "import:/x", 0, 0);
        see(two, "imap:a", 7, 5);
        ck_assert(!pending());
        ok(refetch_ask(db, one, 2000, &places, &err));
        ck_assert_uint_eq(places, 3);
        ok(refetch_ask(db, two, 1000, &places, &err));
        ck_assert_uint_eq(places, 1);
        assert_open("imap:a", 7, "2 5|1 4|1 10|"); /* who asked first is first */
        assert_open("imap:b", 9, "1 11|");
        assert_open("imap:a", 8, "");
        assert_open("import:/x", 0, "");
        ck_assert(pending());

        GPtrArray *rows;
        ok(refetch_of_mail(db, one, &rows, &err));
        ck_assert_uint_eq(rows->len, 3);
        const struct refetch_row *row = g_ptr_array_index(rows, 0);
        ck_assert_uint_eq(row->uid, 4);
        ck_assert_int_eq(row->requested_ms, 2000);
        ck_assert_int_eq(row->received_ms, 5000);
        ck_assert(row->history);
        g_ptr_array_unref(rows);
}
END_TEST

START_TEST(a_mail_without_a_mailbox)
{
        int64_t mail = store("one", false);
        unsigned places;
        struct error err = ERROR_INIT;
        see(mail, "import:/x", 0, 0);
        ck_assert_int_eq(refetch_ask(db, mail, 1000, &places, &err), -ERR_NOT_FOUND);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "never seen in a mailbox"));
        error_clear(&err);
        ck_assert(!pending());
}
END_TEST

START_TEST(answers)
{
        int64_t mail = store("one", false);
        unsigned places;
        GPtrArray *rows;
        see(mail, "imap:a", 7, 10);
        see(mail, "imap:a", 8, 3);
        ok(refetch_ask(db, mail, 1000, &places, &err));
        ok(refetch_list(db, "imap:a", 8, &rows, &err));
        ok(refetch_answer(db, g_ptr_array_index(rows, 0), "gone from the server", 1500, &err));
        ok(refetch_answer_stale(db, "imap:a", 8, 1600, &err));
        g_ptr_array_unref(rows);
        ck_assert(!pending());
        assert_open("imap:a", 8, "");
        assert_open("imap:a", 7, "");
        ok(refetch_of_mail(db, mail, &rows, &err));
        const struct refetch_row *old = g_ptr_array_index(rows, 0), *present = g_ptr_array_index(rows, 1);
        ck_assert_ptr_nonnull(strstr(old->answer, "UIDVALIDITY is no longer 7"));
        ck_assert_int_eq(old->answered_ms, 1600);
        ck_assert_str_eq(present->answer, "gone from the server");
        ck_assert_int_eq(present->answered_ms, 1500);
        /* Asked again, what was answered is forgotten. */
        ok(refetch_ask(db, mail, 2000, &places, &err));
        assert_open("imap:a", 8, "1 3|");
        /* What was answered is not made stale: the better answer stays. */
        ok(refetch_answer(db, old, "still too large", 2500, &err));
        ok(refetch_answer_stale(db, "imap:a", 8, 2600, &err));
        g_ptr_array_unref(rows);
        ok(refetch_of_mail(db, mail, &rows, &err));
        ck_assert_str_eq(((struct refetch_row *) g_ptr_array_index(rows, 0))->answer, "still too large");
        g_ptr_array_unref(rows);
}
END_TEST

START_TEST(done_with_another_mail)
{
        int64_t head = store("head", false), whole = store("head and the rest", false);
        unsigned places;
        see(head, "imap:a", 7, 10);
        ok(refetch_ask(db, head, 1000, &places, &err));
        ok(refetch_done(db, head, whole, &err));
        ck_assert(!pending());
        struct mail_row *mail;
        ok(mails_get(db, head, &mail, &err));
        ck_assert_int_eq(mail->outcome, MAIL_REPLACED);
        ck_assert_str_eq(mail_outcome_name(mail->outcome), "replaced");
        ck_assert_int_eq(refetch_successor(mail), whole);
        mail_row_free(mail);
        struct quarantine_row *row;
        ck_assert_int_eq(quarantine_get(db, head, &row, NULL), -ERR_NOT_FOUND);
        ok(mails_get(db, whole, &mail, &err));
        ck_assert_int_eq(refetch_successor(mail), 0);
        mail_row_free(mail);
}
END_TEST

/* The beginning was all of it. */
START_TEST(done_with_the_same_mail)
{
        int64_t mail_id = store("all of it", false);
        unsigned places;
        see(mail_id, "imap:a", 7, 10);
        ok(refetch_ask(db, mail_id, 1000, &places, &err));
        ok(refetch_done(db, mail_id, mail_id, &err));
        ck_assert(!pending());
        struct mail_row *mail;
        ok(mails_get(db, mail_id, &mail, &err));
        ck_assert_int_eq(mail->outcome, MAIL_QUARANTINED); /* what becomes of it is the pipeline's */
        mail_row_free(mail);
}
END_TEST

/* Stored data is checked like any other. */
START_TEST(an_impossible_uid)
{
        int64_t mail = store("one", false);
        GPtrArray *rows;
        see(mail, "imap:a", 7, 10);
        ok(database_execute(db, "INSERT INTO refetch (mail_id, source, uid_validity, uid, requested_ms) VALUES (1, 'imap:a', 7, 1e10, 5)", &err));
        ck_assert_int_eq(refetch_list(db, "imap:a", 7, &rows, NULL), -ERR_STORE_CORRUPT);
        struct mail_row broken = { .outcome = MAIL_REPLACED, .reason = (char *) "fetched again as mail of 2007" };
        ck_assert_int_eq(refetch_successor(&broken), 0);
}
END_TEST

START_TEST(a_mail_by_its_digest)
{
        int64_t one = store("one", false), id;
        bool seen;
        char sha256[DIGEST_TEXT_SIZE];
        digest_sha256("one", 3, sha256);
        see(one, "import:/x", 0, 0);
        ok(mails_find_digest(db, sha256, "import:/x", &id, &seen, &err));
        ck_assert(id == one && seen);
        ok(mails_find_digest(db, sha256, "import:/y", &id, &seen, &err));
        ck_assert(id == one && !seen);
        digest_sha256("two", 3, sha256);
        ok(mails_find_digest(db, sha256, "import:/x", &id, &seen, &err));
        ck_assert(id == 0 && !seen);
        struct mail_row head = { .subject = (char *) "S", .from = (char *) "F" };
        ok(mails_set_head(db, one, &head, &err));
        head = (struct mail_row) { .message_id = (char *) "M", .date = (char *) "D" };
        ok(mails_set_head(db, one, &head, &err));
        struct mail_row *mail;
        ok(mails_get(db, one, &mail, &err));
        ck_assert_str_eq(mail->subject, "S");
        ck_assert_str_eq(mail->from, "F");
        ck_assert_str_eq(mail->message_id, "M");
        ck_assert_str_eq(mail->date, "D");
        mail_row_free(mail);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("refetch");
        TCase *tests = tcase_create("refetch");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, each_place_is_asked);
        tcase_add_test(tests, a_mail_without_a_mailbox);
        tcase_add_test(tests, answers);
        tcase_add_test(tests, done_with_another_mail);
        tcase_add_test(tests, done_with_the_same_mail);
        tcase_add_test(tests, an_impossible_uid);
        tcase_add_test(tests, a_mail_by_its_digest);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
