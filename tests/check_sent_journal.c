/* SPDX-License-Identifier: MIT */
#include "daemon/sent_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "store/outbox.h"
#include "tests/support.h"

#define DAY_MS (24 * 3600 * 1000ll)
#define NOW_MS (1000 * DAY_MS)

static struct database *db;
static char *file;

static void setup(void)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "hotfixd.db", NULL);
        struct error err = ERROR_INIT;
        file = g_build_filename(directory, "sent", NULL);
        ck_assert_msg(database_open(path, DATABASE_CREATE, &db, &err) == 0, "%s", error_text(&err));
}

static void teardown(void)
{
        g_clear_pointer(&db, database_close);
        g_clear_pointer(&file, g_free);
}

static char *identity(unsigned number)
{
        return g_strdup_printf("%064x", number);
}

static struct sent_journal *open_journal(int64_t now_ms)
{
        struct sent_journal *journal = sent_journal_new(file, 400 * DAY_MS);
        struct error err = ERROR_INIT;
        ck_assert_msg(sent_journal_load(journal, db, now_ms, &err) == 0, "%s", error_text(&err));
        return journal;
}

static void add(struct sent_journal *journal, unsigned number, int64_t sent_ms, const char *memo)
{
        g_autofree char *id = identity(number);
        struct error err = ERROR_INIT;
        ck_assert_msg(sent_journal_add(journal, id, sent_ms, memo, &err) == 0, "%s", error_text(&err));
}

/* -1: not found. */
static int64_t find(struct sent_journal *journal, unsigned number, char **ret_memo)
{
        g_autofree char *id = identity(number);
        struct sent_entry entry;
        if (!sent_journal_find(journal, id, &entry))
                return -1;
        if (ret_memo)
                *ret_memo = g_strdup(entry.memo);
        sent_entry_clear(&entry);
        return entry.sent_ms;
}

static void put_in_outbox(unsigned number, bool sent)
{
        g_autofree char *id = identity(number);
        struct delivery delivery = { .identity = id, .channel = (char *) "ops", .kind = (char *) "new", .payload = (char *) "{}" };
        struct delivery_outcome outcome = { .state = DELIVERY_SENT, .now_ms = NOW_MS };
        struct error err = ERROR_INIT;
        bool known;
        ck_assert_int_eq(outbox_add(db, &delivery, 0, &known, &err), 0);
        struct delivery *claimed = NULL;
        int64_t next_ms;
        if (sent) {
                ck_assert_int_eq(outbox_claim(db, "ops", "me", NOW_MS, 1000, &claimed, &next_ms, &err), 0);
                ck_assert_int_eq(outbox_record(db, claimed, "me", &outcome, &err), 0);
        }
        delivery_free(claimed);
}

/* What this run sends stands in the database. What a database of an earlier day does not know is found. */
START_TEST(only_what_the_database_does_not_know_is_found)
{
        struct sent_journal *journal = open_journal(NOW_MS);
        add(journal, 1, NOW_MS, NULL);
        add(journal, 2, NOW_MS + 1, "{\"ts\":\"1.2\"}");
        add(journal, 3, NOW_MS + 2, NULL);
        ck_assert_int_eq(find(journal, 1, NULL), -1);
        sent_journal_free(journal);
        put_in_outbox(1, true);
        put_in_outbox(3, false); /* asked for, and not on record as sent */
        journal = open_journal(NOW_MS + 1000);
        g_autofree char *memo = NULL, *none = NULL;
        ck_assert_int_eq(find(journal, 1, NULL), -1);
        ck_assert_int_eq(find(journal, 2, &memo), NOW_MS + 1);
        ck_assert_str_eq(memo, "{\"ts\":\"1.2\"}");
        ck_assert_int_eq(find(journal, 3, &none), NOW_MS + 2);
        ck_assert_ptr_null(none);
        ck_assert_int_eq(find(journal, 4, NULL), -1);
        sent_journal_free(journal);
}
END_TEST

START_TEST(old_lines_are_taken_out)
{
        struct sent_journal *journal = open_journal(NOW_MS);
        add(journal, 1, NOW_MS, NULL);
        add(journal, 2, NOW_MS + DAY_MS, NULL);
        sent_journal_free(journal);
        journal = open_journal(NOW_MS + 400 * DAY_MS + 1);
        ck_assert_int_eq(find(journal, 1, NULL), -1);
        ck_assert_int_eq(find(journal, 2, NULL), NOW_MS + DAY_MS);
        sent_journal_free(journal);
        g_autofree char *text = support_read_file(file, NULL), *id = identity(2);
        ck_assert(g_str_has_prefix(text, id) && strchr(text, '\n') == text + strlen(text) - 1);
}
END_TEST

/* A crash, or a hand, leaves anything; what is whole counts. */
START_TEST(damage_costs_no_more_than_itself)
{
        g_autofree char *one = identity(1), *two = identity(2), *three = identity(3), *four = identity(4);
        g_autofree char *text = g_strdup_printf("%s 5\n%s\n%s 99999999999999999999\n \n\xff\xfe\n%.63s 7\n%s 8 {\"memo\xff\"}\n%s 9\n"
                                                "%s 1", one, two, two, two, three, two, four);
        ck_assert(g_file_set_contents(file, text, -1, NULL));
        struct sent_journal *journal = sent_journal_new(file, 0); /* for ever */
        struct error err = ERROR_INIT;
        ck_assert_int_eq(sent_journal_load(journal, db, NOW_MS, &err), 0);
        g_autofree char *memo = NULL;
        ck_assert_int_eq(find(journal, 1, NULL), 5);
        ck_assert_int_eq(find(journal, 2, NULL), 9);
        ck_assert_int_eq(find(journal, 3, &memo), 8);
        ck_assert(g_utf8_validate(memo, -1, NULL));
        ck_assert_int_eq(find(journal, 4, NULL), -1); /* cut off: it may have been "1234" */
        /* The next line does not hang on to the one that was cut. */
        add(journal, 5, NOW_MS, NULL);
        sent_journal_free(journal);
        journal = open_journal(NOW_MS);
        ck_assert_int_eq(find(journal, 5, NULL), NOW_MS);
        sent_journal_free(journal);
}
END_TEST

START_TEST(what_would_spoil_the_file_is_not_written)
{
        struct sent_journal *journal = open_journal(NOW_MS);
        struct error err = ERROR_INIT;
        g_autofree char *long_identity = g_strnfill(65, 'a'), *large = g_strnfill(100000, 'm');
        const char *const bad[] = { "", "x", "0123", long_identity };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                ck_assert_int_eq(sent_journal_add(journal, bad[i], NOW_MS, NULL, &err), -ERR_MALFORMED);
                error_clear(&err);
        }
        add(journal, 1, NOW_MS, "{}\n{}");
        add(journal, 2, -5, large);
        add(journal, 3, NOW_MS, "");
        sent_journal_free(journal);
        g_autofree char *text = support_read_file(file, NULL);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        ck_assert_uint_eq(g_strv_length(lines), 4);
        for (int i = 0; i < 3; i++)
                ck_assert_uint_le(strlen(lines[i]), 64 + 1 + 20);
}
END_TEST

/* Nobody else has to know who is told what. Somebody may take the file away. */
START_TEST(the_file_is_private_and_made_again)
{
        struct sent_journal *journal = open_journal(NOW_MS);
        struct stat st;
        ck_assert_int_eq(stat(file, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0600);
        ck_assert_int_eq(unlink(file), 0);
        add(journal, 1, NOW_MS, NULL);
        add(journal, 2, NOW_MS, NULL);
        ck_assert_int_eq(stat(file, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0600);
        sent_journal_free(journal);
        journal = open_journal(NOW_MS);
        ck_assert_int_eq(find(journal, 1, NULL), NOW_MS);
        ck_assert_int_eq(find(journal, 2, NULL), NOW_MS);
        sent_journal_free(journal);
        sent_journal_free(NULL);
}
END_TEST

START_TEST(errors_name_the_file)
{
        struct error err = ERROR_INIT;
        struct sent_journal *journal = sent_journal_new("/nowhere/at/all/sent", 0);
        g_autofree char *id = identity(1);
        ck_assert_int_eq(sent_journal_load(journal, db, NOW_MS, &err), -ENOENT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "/nowhere/at/all"));
        error_clear(&err);
        ck_assert_int_eq(sent_journal_add(journal, id, NOW_MS, NULL, &err), -ENOENT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "/nowhere/at/all"));
        error_clear(&err);
        struct sent_entry entry;
        ck_assert(!sent_journal_find(journal, id, &entry));
        sent_journal_free(journal);
        /* Not through a link that somebody has put there. */
        g_autofree char *elsewhere = g_strdup_printf("%s.elsewhere", file);
        journal = open_journal(NOW_MS);
        ck_assert(g_file_set_contents(elsewhere, "", 0, NULL));
        ck_assert(unlink(file) == 0 && symlink(elsewhere, file) == 0);
        ck_assert_int_eq(sent_journal_add(journal, id, NOW_MS, NULL, &err), -ELOOP);
        error_clear(&err);
        sent_journal_free(journal);
}
END_TEST

/* It runs for years: old lines go while it runs, too. */
START_TEST(it_does_not_grow_without_end)
{
        struct sent_journal *journal = open_journal(NOW_MS);
        g_autofree char *memo = g_strnfill(8000, 'm');
        struct stat st;
        off_t largest = 0;
        for (unsigned i = 0; i < 600; i++) {
                add(journal, i, NOW_MS + i * 4 * DAY_MS, memo);
                ck_assert_int_eq(stat(file, &st), 0);
                largest = MAX(largest, st.st_size);
        }
        ck_assert_int_lt(largest, (off_t) (101 * 8200 + MIB + 8200)); /* a hundred live lines, and what comes before a look */
        sent_journal_free(journal);
        journal = open_journal(NOW_MS + 599 * 4 * DAY_MS);
        ck_assert_int_gt(find(journal, 599, NULL), 0);
        ck_assert_int_gt(find(journal, 500, NULL), 0);
        ck_assert_int_eq(find(journal, 400, NULL), -1);
        sent_journal_free(journal);
}
END_TEST

/* Whatever has made it so: what was sent last is found, and the file is of a bearable size again. */
START_TEST(a_file_that_is_too_large_is_cut)
{
        g_autofree char *one = identity(1), *two = identity(2);
        g_autoptr(GString) text = g_string_new(NULL);
        g_string_append_printf(text, "%s %lld\n", one, (long long) NOW_MS);
        while (text->len < 17 * MIB)
                g_string_append(text, "garbage of some kind or other, line after line after line after line\n");
        g_string_append_printf(text, "%s %lld {\"ts\":\"1.2\"}\n", two, (long long) NOW_MS);
        ck_assert(g_file_set_contents(file, text->str, (gssize) text->len, NULL));
        struct sent_journal *journal = open_journal(NOW_MS);
        g_autofree char *memo = NULL;
        ck_assert_int_eq(find(journal, 1, NULL), -1); /* too far from the end */
        ck_assert_int_eq(find(journal, 2, &memo), NOW_MS);
        ck_assert_str_eq(memo, "{\"ts\":\"1.2\"}");
        add(journal, 3, NOW_MS, NULL);
        sent_journal_free(journal);
        journal = open_journal(NOW_MS);
        ck_assert_int_eq(find(journal, 2, NULL), NOW_MS);
        ck_assert_int_eq(find(journal, 3, NULL), NOW_MS);
        sent_journal_free(journal);
        struct stat st;
        ck_assert(stat(file, &st) == 0 && st.st_size < 1000);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("sent_journal");
        TCase *c = tcase_create("sent_journal");
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, only_what_the_database_does_not_know_is_found);
        tcase_add_test(c, old_lines_are_taken_out);
        tcase_add_test(c, damage_costs_no_more_than_itself);
        tcase_add_test(c, what_would_spoil_the_file_is_not_written);
        tcase_add_test(c, the_file_is_private_and_made_again);
        tcase_add_test(c, errors_name_the_file);
        tcase_add_test(c, it_does_not_grow_without_end);
        tcase_add_test(c, a_file_that_is_too_large_is_cut);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
