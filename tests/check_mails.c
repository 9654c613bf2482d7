/* SPDX-License-Identifier: MIT */
#include "store/mails.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/limits.h"
#include "store/compress.h"
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

static int64_t insert(const struct mail_row *mail, const void *data, size_t size, bool expect_known)
{
        int64_t id = 0;
        bool known = !expect_known;
        struct error err = ERROR_INIT;
        ck_assert_msg(mails_insert(db, mail, data, size, &id, &known, &err) == 0, "%s", error_text(&err));
        ck_assert_int_eq(known, expect_known);
        ck_assert_int_gt(id, 0);
        return id;
}

static int64_t insert_text(const char *text, const char *message_id)
{
        struct mail_row mail = { .message_id = (char *) message_id, .outcome = MAIL_UNRECOGNISED };
        return insert(&mail, text, strlen(text), false);
}

static void assert_bytes(int64_t id, const void *data, size_t size)
{
        char *read = NULL;
        size_t read_size = 0;
        struct error err = ERROR_INIT;
        ck_assert_msg(mails_read(db, id, &read, &read_size, &err) == 0, "%s", error_text(&err));
        ck_assert_uint_eq(read_size, size);
        ck_assert(size == 0 || memcmp(read, data, size) == 0);
        ck_assert_int_eq(read[size], '\0');
        g_free(read);
}

/* As decimal digits, of the ids found. */
static char *find(const char *what)
{
        GPtrArray *mails = NULL;
        struct error err = ERROR_INIT;
        int r = mails_find(db, what, &mails, &err);
        if (r == -ERR_NOT_FOUND) {
                ck_assert_ptr_null(mails);
                ck_assert_ptr_nonnull(strstr(error_text(&err), "no mail"));
                error_clear(&err);
                return g_strdup("none");
        }
        ck_assert_msg(r == 0, "%s", error_text(&err));
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < mails->len; i++) {
                const struct mail_row *mail = g_ptr_array_index(mails, i);
                g_string_append_printf(out, "%s%d", i ? " " : "", (int) mail->id);
        }
        g_ptr_array_unref(mails);
        return g_string_free(out, FALSE);
}

static void assert_found(const char *what, const char *expected)
{
        g_autofree char *found = find(what);
        ck_assert_msg(strcmp(found, expected) == 0, "%s: %s instead of %s", what, found, expected);
}

static int64_t count_rows(const char *sql)
{
        struct statement *statement;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_prepare(db, sql, &statement, &err), 0);
        ck_assert_int_eq(statement_step(statement, &err), 1);
        int64_t count = statement_int(statement, 0);
        statement_done(statement);
        return count;
}

/* --- storing and reading --- */

START_TEST(bytes_come_back_exactly)
{
        char every_byte[256];
        for (int i = 0; i < 256; i++)
                every_byte[i] = (char) i;
        struct mail_row mail = { .outcome = MAIL_BULLETIN };
        assert_bytes(insert(&mail, every_byte, sizeof(every_byte), false), every_byte, sizeof(every_byte));
        assert_bytes(insert(&mail, NULL, 0, false), NULL, 0);
        size_t size = 3 * MIB;
        g_autofree char *large = g_malloc(size);
        guint32 state = 1;
        for (size_t i = 0; i < size; i++) { /* half of it compresses badly */
                state = state * 1664525u + 1013904223u;
                large[i] = i < size / 2 ? (char) (state >> 24) : 'x';
        }
        assert_bytes(insert(&mail, large, size, false), large, size);
        /* Around the size from which a mail is packed in another place; what does not compress at all grows. */
        for (size_t around = 64 * KIB - 2; around <= 64 * KIB + 2; around++)
                assert_bytes(insert(&mail, large, around, false), large, around);
}
END_TEST

START_TEST(the_head_is_kept)
{
        clock_set_for_test(5000, 1);
        struct mail_row mail = { .message_id = (char *) "<a@b>", .from = (char *) "送信者 <a@b>",
                                 .subject = (char *) "件名", .date = (char *) "2007-05-11T12:00:00+09:00",
                                 .received_ms = 4000, .history = true, .outcome = MAIL_QUARANTINED,
                                 .reason = (char *) "worker crashed" };
        int64_t id = insert(&mail, "bytes", 5, false);
        struct mail_row *row = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mails_get(db, id, &row, &err), 0);
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256("bytes", 5, digest);
        ck_assert_str_eq(row->sha256, digest);
        ck_assert_str_eq(row->message_id, "<a@b>");
        ck_assert_str_eq(row->from, "送信者 <a@b>");
        ck_assert_str_eq(row->subject, "件名");
        ck_assert_str_eq(row->date, "2007-05-11T12:00:00+09:00");
        ck_assert_int_eq(row->size_bytes, 5);
        ck_assert_int_eq(row->received_ms, 4000);
        ck_assert_int_eq(row->stored_ms, 5000);
        ck_assert(row->history);
        ck_assert_int_eq(row->outcome, MAIL_QUARANTINED);
        ck_assert_str_eq(row->reason, "worker crashed");
        ck_assert_int_eq(row->revision_id, 0);
        ck_assert_ptr_null(row->event);
        mail_row_free(row);
        row = NULL;
        ck_assert_int_eq(mails_get(db, id + 1, &row, &err), -ERR_NOT_FOUND);
        ck_assert_ptr_null(row);
        error_clear(&err);
}
END_TEST

START_TEST(known_bytes_are_not_stored_again)
{
        int64_t id = insert_text("the same", "<one@x>");
        struct mail_row again = { .message_id = (char *) "<two@x>", .outcome = MAIL_BULLETIN };
        ck_assert_int_eq(insert(&again, "the same", 8, true), id);
        assert_found("two@x", "none");
        ck_assert_int_eq(count_rows("SELECT count(*) FROM mail_data"), 1);
}
END_TEST

START_TEST(a_wrong_digest_is_refused)
{
        g_autofree char *wrong = g_strnfill(64, 'a');
        struct mail_row mail = { .sha256 = wrong };
        int64_t id = -7;
        bool known = true;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mails_insert(db, &mail, "x", 1, &id, &known, &err), -EINVAL);
        error_clear(&err);
        ck_assert_int_eq(mails_insert(db, &mail, "x", LIMIT_MESSAGE_BYTES_MAX + (size_t) 1, &id, &known, &err),
                         -ERR_LIMIT);
        error_clear(&err);
        ck_assert_int_eq(id, -7); /* nothing is written on failure */
        ck_assert(known);
        ck_assert_int_eq(count_rows("SELECT count(*) FROM mail"), 0);
}
END_TEST

/* The head alone is never there: neither outside a transaction nor inside one that goes on. */
START_TEST(all_of_a_mail_or_nothing)
{
        struct error err = ERROR_INIT;
        struct mail_row mail = { .outcome = MAIL_UNRECOGNISED };
        int64_t id;
        bool known;
        ck_assert_int_eq(database_execute(db, "CREATE TRIGGER t BEFORE INSERT ON mail_data WHEN new.mail_id = 2"
                                          " BEGIN SELECT raise(ABORT, 'no'); END", &err), 0);
        insert_text("first", NULL);
        ck_assert_int_eq(mails_insert(db, &mail, "second", 6, &id, &known, &err), -ERR_STORE);
        error_clear(&err);
        ck_assert_int_eq(count_rows("SELECT count(*) FROM mail"), 1);
        ck_assert_int_eq(database_begin(db, &err), 0);
        ck_assert_int_eq(database_execute(db, "INSERT INTO archive_stale (name) VALUES ('before')", &err), 0);
        ck_assert_int_eq(mails_insert(db, &mail, "second", 6, &id, &known, &err), -ERR_STORE);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "cannot store mail"));
        error_clear(&err);
        ck_assert_int_eq(database_commit(db, &err), 0);
        ck_assert_int_eq(count_rows("SELECT count(*) FROM mail"), 1);
        ck_assert_int_eq(count_rows("SELECT count(*) FROM archive_stale"), 1);
}
END_TEST

/* --- damage --- */

static void assert_damaged(int64_t id, const char *part)
{
        char *data = NULL;
        size_t size;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mails_read(db, id, &data, &size, &err), -ERR_STORE_CORRUPT);
        ck_assert_ptr_null(data);
        ck_assert_msg(strstr(error_text(&err), part) && strstr(error_text(&err), database_path(db)), "%s",
                      error_text(&err));
        error_clear(&err);
}

static void execute(const char *sql)
{
        struct error err = ERROR_INIT;
        ck_assert_msg(database_execute(db, sql, &err) == 0, "%s", error_text(&err));
}

START_TEST(damaged_bytes_are_noticed)
{
        int64_t id =
                insert_text("a text that is long enough to be compressed, to be compressed, to be compressed", NULL);
        insert_text("b text that is long enough to be compressed, to be compressed, to be compressed", NULL);
        execute("CREATE TABLE kept AS SELECT * FROM mail_data");
        /* Another mail's bytes of the same length: only the digest tells. */
        execute("UPDATE mail_data SET data = (SELECT data FROM kept WHERE mail_id = 2) WHERE mail_id = 1");
        assert_damaged(id, "digest");
        execute("UPDATE mail_data SET data = x'00112233' WHERE mail_id = 1");
        assert_damaged(id, "damaged");
        execute("UPDATE mail_data SET data = x'' WHERE mail_id = 1");
        assert_damaged(id, "damaged");
        execute("UPDATE mail_data SET data = (SELECT substr(data, 1, length(data) - 3) FROM kept WHERE mail_id = 1)"
                " WHERE mail_id = 1");
        assert_damaged(id, "damaged");
        execute("UPDATE mail_data SET data = (SELECT data FROM kept WHERE mail_id = 1) WHERE mail_id = 1");
        execute("UPDATE mail SET size_bytes = size_bytes + 1 WHERE id = 1");
        assert_damaged(id, "damaged");
        execute("UPDATE mail SET size_bytes = 1000000000000 WHERE id = 1");
        assert_damaged(id, "impossible");
        execute("DELETE FROM mail_data WHERE mail_id = 1");
        execute("UPDATE mail SET size_bytes = 5 WHERE id = 1");
        assert_damaged(id, "missing");
        char *data;
        size_t size;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mails_read(db, 99, &data, &size, &err), -ERR_NOT_FOUND);
        error_clear(&err);
}
END_TEST

/* A small frame that says it holds much is refused before the memory is asked for. */
START_TEST(a_frame_is_only_what_it_should_be)
{
        g_autofree char *zeros = g_malloc0(16 * MIB), *packed = NULL, *restored = NULL;
        size_t packed_size;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(compress_bytes(zeros, 16 * MIB, &packed, &packed_size, &err), 0);
        ck_assert_uint_lt(packed_size, 64 * KIB);
        ck_assert_int_eq(compress_restore(packed, packed_size, 100, &restored, &err), -ERR_STORE_CORRUPT);
        ck_assert_ptr_null(restored);
        error_clear(&err);
        ck_assert_int_eq(compress_restore(packed, packed_size, 16 * MIB, &restored, &err), 0);
        ck_assert_mem_eq(restored, zeros, 16 * MIB);
        char *whole = NULL;
        size_t size;
        ck_assert_int_eq(compress_restore_whole(packed, packed_size, 16 * MIB - 1, &whole, &size, &err), -ERR_STORE_CORRUPT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "an impossible size"));
        error_clear(&err);
        ck_assert_int_eq(compress_restore_whole(packed, packed_size, 16 * MIB, &whole, &size, &err), 0);
        ck_assert_uint_eq(size, 16 * MIB);
        ck_assert_mem_eq(whole, zeros, size);
        g_free(whole);
        for (size_t cut = 0; cut < MIN(packed_size, 100u); cut++) {
                char *part = NULL;
                ck_assert_int_eq(compress_restore(packed, cut, 16 * MIB, &part, &err), -ERR_STORE_CORRUPT);
                error_clear(&err);
        }
}
END_TEST

/* --- looking up --- */

START_TEST(finding_a_mail)
{
        int64_t one = insert_text("one", "<one@example.jp>"), two = insert_text("two", "two@example.jp");
        insert_text("three", "<one@example.jp>");
        ck_assert_int_eq(one, 1);
        ck_assert_int_eq(two, 2);
        assert_found("1", "1");
        assert_found("mail:2", "2");
        assert_found(" 2 ", "2");
        assert_found("one@example.jp", "3 1");
        assert_found("<one@example.jp>", "3 1");
        assert_found("<two@example.jp>", "2");
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256("two", 3, digest);
        assert_found(digest, "2");
        g_autofree char *prefix = g_strndup(digest, 6), *short_prefix = g_strndup(digest, 5),
                        *upper = g_ascii_strup(digest, 12);
        assert_found(prefix, "2");
        assert_found(short_prefix, "none");
        assert_found(upper, "2");
        static const char *const nothing[] = { "",       " ",           "0",        "4",
                                               "-1",     "1e0",         "mail:",    "mail:99999999999999999999",
                                               "<>",     "%",           "\xff\xfe", "000000",
                                               "gggggg", "' OR 1=1 --", "ＭＡＩＬ" };
        for (guint i = 0; i < G_N_ELEMENTS(nothing); i++)
                assert_found(nothing[i], "none");
        g_autofree char *too_long = g_strconcat(digest, "0", NULL);
        assert_found(too_long, "none");
}
END_TEST

/* Digits alone can be a number and the start of a digest: both are shown. */
START_TEST(a_number_that_starts_a_digest_too)
{
        char digest[DIGEST_TEXT_SIZE];
        for (int i = 0;; i++) { /* one in 17 or so */
                g_autofree char *text = g_strdup_printf("mail %d", i);
                digest_sha256(text, strlen(text), digest);
                if (strspn(digest, "0123456789") < 6 || digest[0] == '0')
                        continue;
                insert_text(text, NULL);
                break;
        }
        digest[6] = '\0';
        g_autofree char *sql =
                g_strdup_printf("INSERT INTO mail (id, sha256, size_bytes, received_ms, stored_ms, history,"
                                " outcome) VALUES (%s, '%064d', 0, 0, 0, 0, 0)",
                                digest, 0);
        execute(sql);
        g_autofree char *expected = g_strdup_printf("%s 1", digest);
        assert_found(digest, expected);
}
END_TEST

static GPtrArray *list(enum mail_outcome outcome, unsigned limit)
{
        GPtrArray *mails = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(mails_list(db, outcome, limit, &mails, &err) == 0, "%s", error_text(&err));
        return mails;
}

static int64_t count(enum mail_outcome outcome)
{
        int64_t n = -1;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(mails_count(db, outcome, &n, &err), 0);
        return n;
}

START_TEST(lists_and_counts)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(count(MAIL_OUTCOME_MAX), 0);
        for (int i = 0; i < 6; i++) {
                g_autofree char *text = g_strdup_printf("mail %d", i);
                int64_t id = insert_text(text, NULL);
                ck_assert_int_eq(mails_set_outcome(db, id, (enum mail_outcome) (i % 3), i ? "why" : NULL, 0,
                                                   i ? NULL : "first", &err), 0);
        }
        g_autoptr(GPtrArray) all = list(MAIL_OUTCOME_MAX, 0), last = list(MAIL_OUTCOME_MAX, 2);
        g_autoptr(GPtrArray) bad = list(MAIL_QUARANTINED, 0), one_bad = list(MAIL_QUARANTINED, 1);
        ck_assert_uint_eq(all->len, 6);
        ck_assert_uint_eq(last->len, 2);
        ck_assert_uint_eq(bad->len, 2);
        ck_assert_uint_eq(one_bad->len, 1);
        ck_assert_int_eq(((struct mail_row *) g_ptr_array_index(all, 0))->id, 6);
        ck_assert_int_eq(((struct mail_row *) g_ptr_array_index(bad, 0))->id, 6);
        ck_assert_int_eq(((struct mail_row *) g_ptr_array_index(bad, 1))->id, 3);
        ck_assert_str_eq(((struct mail_row *) g_ptr_array_index(bad, 1))->reason, "why");
        ck_assert_str_eq(((struct mail_row *) g_ptr_array_index(all, 5))->event, "first");
        ck_assert_int_eq(count(MAIL_OUTCOME_MAX), 6);
        ck_assert_int_eq(count(MAIL_BULLETIN), 2);
        ck_assert_int_eq(mails_set_outcome(db, 99, MAIL_BULLETIN, NULL, 0, NULL, &err), -ERR_NOT_FOUND);
        error_clear(&err);
        ck_assert_int_eq(mails_set_outcome(db, 1, MAIL_BULLETIN, NULL, 42, NULL, &err),
                         -ERR_STORE); /* no such revision */
        error_clear(&err);
        ck_assert_str_eq(mail_outcome_name(MAIL_QUARANTINED), "quarantined");
        ck_assert_str_eq(mail_outcome_name(MAIL_OUTCOME_MAX), "unknown");
}
END_TEST

START_TEST(sightings_are_kept_once)
{
        int64_t id = insert_text("seen", NULL), other = insert_text("seen too", NULL);
        struct error err = ERROR_INIT;
        static const struct sighting seen[] = {
                { "imap:work", 7, 1, 300 }, { "imap:work", 7, 1, 400 },        { "imap:work", 8, 1, 100 },
                { "imap:home", 7, 1, 200 }, { "import:/mails/box", 0, 0, 50 }, { "import:/mails/box", 0, 0, 60 },
        };
        for (guint i = 0; i < G_N_ELEMENTS(seen); i++)
                ck_assert_int_eq(mails_add_sighting(db, id, &seen[i], &err), 0);
        ck_assert_int_eq(mails_add_sighting(db, other, &seen[4], &err), 0); /* two mails of one imported file */
        g_autoptr(GPtrArray) rows = NULL;
        ck_assert_int_eq(mails_sightings(db, id, &rows, &err), 0);
        ck_assert_uint_eq(rows->len, 4);
        const struct sighting_row *first = g_ptr_array_index(rows, 0), *last = g_ptr_array_index(rows, 3);
        ck_assert_str_eq(first->source, "import:/mails/box");
        ck_assert_int_eq(first->seen_ms, 50);
        ck_assert_str_eq(last->source, "imap:work");
        ck_assert_uint_eq(last->uid_validity, 7);
        ck_assert_int_eq(last->seen_ms, 300);
        struct mail_row *mail = NULL;
        ck_assert_int_eq(mails_get(db, id, &mail, &err), 0);
        ck_assert_uint_eq(mail->sightings, 4);
        mail_row_free(mail);
        ck_assert_int_eq(mails_add_sighting(db, 99, &seen[0], &err), -ERR_STORE); /* no such mail */
        error_clear(&err);
}
END_TEST

START_TEST(quarantine_counts_attempts)
{
        int64_t id = insert_text("hostile", NULL);
        struct error err = ERROR_INIT;
        struct quarantine_row *row = NULL;
        ck_assert_int_eq(quarantine_get(db, id, &row, &err), -ERR_NOT_FOUND);
        error_clear(&err);
        clock_set_for_test(100, 1);
        ck_assert_int_eq(quarantine_put(db, id, -ERR_WORKER_CRASHED, NULL, &err), 0);
        clock_set_for_test(200, 1);
        ck_assert_int_eq(quarantine_put(db, id, -ERR_WORKER_TIMEOUT, "too slow", &err), 0);
        ck_assert_int_eq(quarantine_get(db, id, &row, &err), 0);
        ck_assert_int_eq(row->mail_id, id);
        ck_assert_int_eq(row->code, -ERR_WORKER_TIMEOUT);
        ck_assert_str_eq(row->reason, "too slow");
        ck_assert_uint_eq(row->attempts, 2);
        ck_assert_int_eq(row->first_ms, 100);
        ck_assert_int_eq(row->last_ms, 200);
        quarantine_row_free(row);
        row = NULL;
        ck_assert_int_eq(quarantine_remove(db, id, &err), 0);
        ck_assert_int_eq(quarantine_remove(db, id, &err), 0);
        ck_assert_int_eq(quarantine_get(db, id, &row, &err), -ERR_NOT_FOUND);
        ck_assert_ptr_null(row);
        error_clear(&err);
}
END_TEST

/* What is done for one mail does not read all the others. */
START_TEST(no_scan_of_whole_tables)
{
        struct error err = ERROR_INIT;
        for (int i = 0; i < 300; i++) {
                g_autofree char *text = g_strdup_printf("mail %d", i), *message_id = g_strdup_printf("<%d@x>", i);
                int64_t id = insert_text(text, message_id);
                struct sighting sighting = { "imap:work", 1, (guint32) i, i };
                ck_assert_int_eq(mails_add_sighting(db, id, &sighting, &err), 0);
                ck_assert_int_eq(mails_set_outcome(db, id, MAIL_UNRECOGNISED, "why", 0, NULL, &err), 0);
                ck_assert_int_eq(quarantine_put(db, id, -EIO, NULL, &err), 0);
                g_autofree char *expected = g_strdup_printf("%d", (int) id);
                assert_found(message_id, expected);
        }
        ck_assert_int_eq(database_scanned_rows(db), 0);
}
END_TEST

START_TEST(a_full_disk_loses_nothing_that_was_stored)
{
        struct error err = ERROR_INIT;
        g_autofree char *limit =
                g_strdup_printf("PRAGMA max_page_count=%d", (int) count_rows("PRAGMA page_count") + 60);
        execute(limit);
        GArray *stored = g_array_new(FALSE, FALSE, sizeof(guint32));
        struct mail_row mail = { .outcome = MAIL_UNRECOGNISED };
        guint32 block[1000];
        int r = 0;
        for (guint32 i = 0; r == 0 && i < 1000; i++) {
                guint32 state = i;
                for (guint k = 0; k < G_N_ELEMENTS(block); k++)
                        block[k] = state = state * 1664525u + 1013904223u;
                int64_t id;
                bool known;
                r = mails_insert(db, &mail, block, sizeof(block), &id, &known, &err);
                if (r == 0)
                        g_array_append_val(stored, i);
        }
        ck_assert_int_eq(r, -ERR_STORE_FULL);
        ck_assert_uint_gt(stored->len, 10);
        error_clear(&err);
        ck_assert_int_eq(count(MAIL_OUTCOME_MAX), stored->len);
        for (guint32 i = 0; i < stored->len; i++) {
                guint32 state = i;
                for (guint k = 0; k < G_N_ELEMENTS(block); k++)
                        block[k] = state = state * 1664525u + 1013904223u;
                assert_bytes(i + 1, block, sizeof(block));
        }
        g_array_unref(stored);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("mails");
        TCase *tcase = tcase_create("mails");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, bytes_come_back_exactly);
        tcase_add_test(tcase, the_head_is_kept);
        tcase_add_test(tcase, known_bytes_are_not_stored_again);
        tcase_add_test(tcase, a_wrong_digest_is_refused);
        tcase_add_test(tcase, all_of_a_mail_or_nothing);
        tcase_add_test(tcase, damaged_bytes_are_noticed);
        tcase_add_test(tcase, a_frame_is_only_what_it_should_be);
        tcase_add_test(tcase, finding_a_mail);
        tcase_add_test(tcase, a_number_that_starts_a_digest_too);
        tcase_add_test(tcase, lists_and_counts);
        tcase_add_test(tcase, sightings_are_kept_once);
        tcase_add_test(tcase, quarantine_counts_attempts);
        tcase_add_test(tcase, no_scan_of_whole_tables);
        tcase_add_test(tcase, a_full_disk_loses_nothing_that_was_stored);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
