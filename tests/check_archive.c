/* SPDX-License-Identifier: MIT */
#include "store/archive.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bulletin_json.h"
#include "common/file_batch.h"
#include "ingest/reader.h"
#include "store/bulletins.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit;

static void setup(void)
{
        kit_open(&kit);
}

static void teardown(void)
{
        kit_close(&kit);
}

static void list_into(GPtrArray *lines, const char *root, const char *relative)
{
        g_autofree char *folder = g_build_filename(root, relative, NULL);
        GDir *dir = g_dir_open(folder, 0, NULL);
        ck_assert_ptr_nonnull(dir);
        const char *entry;
        while ((entry = g_dir_read_name(dir))) {
                g_autofree char *name = g_build_filename(relative, entry, NULL);
                g_autofree char *path = g_build_filename(root, name, NULL);
                if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
                        list_into(lines, root, name);
                        continue;
                }
                g_autofree char *content = support_read_file(path, NULL);
                g_ptr_array_add(lines, g_strdup_printf("%s %s", name, content));
        }
        g_dir_close(dir);
}

static gint compare(gconstpointer a, gconstpointer b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Every file of a tree with its content, as one text. */
static char *tree(const char *root)
{
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
        list_into(lines, root, "");
        g_ptr_array_sort(lines, compare);
        g_ptr_array_add(lines, NULL);
        return g_strjoinv("\n", (char **) lines->pdata);
}

static void update(void)
{
        struct error err = ERROR_INIT;
        g_mkdir_with_parents(kit.config->archive_dir, 0700);
        int r = archive_update(kit.db, kit.config->archive_dir, NULL, NULL, NULL, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
}

static void rebuild(unsigned *ret_removed)
{
        struct error err = ERROR_INIT;
        unsigned written;
        int r = archive_rebuild(kit.db, kit.config->archive_dir, NULL, NULL, &written, ret_removed, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_uint_gt(written, 0);
}

static char *path_of(const char *name)
{
        return g_build_filename(kit.config->archive_dir, name, NULL);
}

static bool exists(const char *name)
{
        g_autofree char *path = path_of(name);
        return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* The mails of these tests: two revisions, a duplicate, a variant, another bulletin. */
static struct job *letter(int number)
{
        switch (number) {
        case 0:
                return kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_MODERATE, URGENCY_EARLY, "字幕の問題", "a");
        case 1:
                return kit_mail(&kit, "MS07-904", "2007-09-26", "2007-10-02", SEVERITY_CRITICAL, URGENCY_EARLY, "字幕の問題", "b");
        case 2:
                return kit_mail(&kit, "MS07-904", "2007-09-26", "2007-10-02", SEVERITY_CRITICAL, URGENCY_EARLY, "字幕の問題", "c");
        case 3:
                return kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_MODERATE, URGENCY_EARLY, "字幕の欠陥", "d");
        default:
                return kit_mail(&kit, "MS07-905", "2007-09-28", "2007-09-28", SEVERITY_LOW, 0, "<script>alert('x')</script>", "e");
        }
}

START_TEST(the_files_are_there)
{
        kit_commit(&kit, letter(0), letter(4), NULL);
        update();
        ck_assert(exists("index.html"));
        ck_assert(exists("alert/2007/ms07-904.html"));
        ck_assert(exists("alert/2007/ms07-904.json"));
        g_autofree char *eml = path_of("alert/2007/ms07-904.eml");
        g_autofree char *bytes = support_read_file(eml, NULL);
        ck_assert_ptr_nonnull(strstr(bytes, "Subject: MS07-904\r\n"));
        g_autofree char *page = path_of("alert/2007/ms07-905.html");
        g_autofree char *html = support_read_file(page, NULL);
        ck_assert_ptr_null(strstr(html, "<script"));
        ck_assert_ptr_nonnull(strstr(html, "&lt;script&gt;"));
        ck_assert_ptr_nonnull(strstr(html, "urgency undetermined"));
        g_autofree char *index = path_of("index.html");
        g_autofree char *list = support_read_file(index, NULL);
        ck_assert_ptr_null(strstr(list, "<script"));
        ck_assert_ptr_nonnull(strstr(list, "href=\"alert/2007/ms07-904.html\""));
        /* Nothing is left to do. */
        GArray *pending;
        ck_assert_int_eq(bulletins_archive_pending(kit.db, 0, &pending, NULL), 0);
        ck_assert_uint_eq(pending->len, 0);
        g_array_unref(pending);
}
END_TEST

START_TEST(any_order_gives_the_same_tree)
{
        static const int orders[][5] = { { 0, 1, 2, 3, 4 }, { 4, 3, 2, 1, 0 }, { 2, 0, 4, 1, 3 }, { 3, 1, 0, 4, 2 }, { 1, 4, 3, 2, 0 } };
        g_autofree char *first = NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
                if (i > 0) {
                        kit_close(&kit);
                        kit_open(&kit);
                }
                for (int k = 0; k < 5; k++) {
                        kit_commit(&kit, letter(orders[i][k]), NULL);
                        update(); /* after each: what is superseded must go again */
                }
                g_autofree char *now = tree(kit.config->archive_dir);
                if (!first)
                        first = g_strdup(now);
                ck_assert_str_eq(now, first);
        }
        ck_assert_ptr_nonnull(strstr(first, "字幕の問題"));
}
END_TEST

START_TEST(a_rebuild_gives_the_same_tree)
{
        kit_commit(&kit, letter(0), letter(1), letter(2), letter(3), letter(4), NULL);
        update();
        g_autofree char *before = tree(kit.config->archive_dir);
        unsigned removed;
        rebuild(&removed);
        ck_assert_uint_eq(removed, 0);
        g_autofree char *again = tree(kit.config->archive_dir);
        ck_assert_str_eq(again, before);

        g_autofree char *page = path_of("alert/2007/ms07-904.html"), *json = path_of("alert/2007/ms07-905.json");
        g_autofree char *stray = path_of("alert/2007/stray.html"), *other = path_of("news/2003/x.html"), *own = path_of("notes.txt");
        g_autofree char *left = path_of("alert/2007/.tmp-abc"), *news = path_of("news/2003");
        ck_assert_int_eq(g_unlink(page), 0);
        ck_assert(g_file_set_contents(json, "damaged", -1, NULL));
        ck_assert(g_file_set_contents(stray, "x", -1, NULL) && g_file_set_contents(left, "x", -1, NULL));
        ck_assert_int_eq(g_mkdir_with_parents(news, 0700), 0);
        ck_assert(g_file_set_contents(other, "x", -1, NULL) && g_file_set_contents(own, "mine", -1, NULL));
        rebuild(&removed);
        ck_assert_uint_eq(removed, 3);
        ck_assert(!exists("news"));
        ck_assert(exists("notes.txt")); /* not in a folder of the archive's own */
        ck_assert_int_eq(g_unlink(own), 0);
        g_autofree char *mended = tree(kit.config->archive_dir);
        ck_assert_str_eq(mended, before);
}
END_TEST

START_TEST(what_cannot_be_written_stays_to_do)
{
        kit_commit(&kit, letter(0), letter(4), NULL);
        g_autofree char *folder = path_of("alert/2007/ms07-904.html");
        /* A folder where a file should be. */
        ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
        struct error err = ERROR_INIT;
        ck_assert_int_lt(archive_update(kit.db, kit.config->archive_dir, NULL, NULL, NULL, &err), 0);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "ms07-904"));
        error_clear(&err);
        ck_assert(exists("alert/2007/ms07-905.html")); /* the other one is written all the same */
        ck_assert_int_eq(g_rmdir(folder), 0);
        update();
        ck_assert(exists("alert/2007/ms07-904.html"));
}
END_TEST

static const char weekly_text[] =
        "From: a@example.com\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\nHotFix Weekly:2007/05/30日版\n"
        "情報の種類 セキュリティ番号 タイトル\n[不具合情報] MS07-902/931906/931907 <b>画像</b>\n[情報] 休止\n";

/* What a weekly refers to is a table; it comes back from the database as it went in. */
START_TEST(entries_are_a_table)
{
        struct reader_result read;
        reader_prepare();
        reader_read(weekly_text, strlen(weekly_text), READER_MAIL, &read);
        ck_assert_int_eq(read.outcome, READER_RECOGNISED);
        struct job *job = kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "x", "w");
        GPtrArray *entries = job->result.bulletin->entries;
        ck_assert_uint_eq(read.bulletin->entries->len, 2);
        while (read.bulletin->entries->len > 0)
                g_ptr_array_add(entries, g_ptr_array_steal_index(read.bulletin->entries, 0));
        reader_result_clear(&read);
        kit_commit(&kit, job, NULL);
        update();
        g_autofree char *page = path_of("alert/2007/ms07-904.html"), *html = support_read_file(page, NULL);
        ck_assert_ptr_nonnull(strstr(html, "<tr><th>情報の種類</th><th>セキュリティ番号</th><th>サポート技術情報</th><th>タイトル</th></tr>\n"
                                           "<tr><td>不具合情報</td><td>MS07-902</td><td>931906, 931907</td>"
                                           "<td>&lt;b&gt;画像&lt;/b&gt;</td></tr>\n"
                                           "<tr><td>情報</td><td></td><td></td><td>休止</td></tr>\n"));
        g_autofree char *file = path_of("alert/2007/ms07-904.json"), *json = support_read_file(file, NULL);
        ck_assert_ptr_nonnull(strstr(json, "MS07-902"));
        ck_assert_ptr_nonnull(strstr(json, "\"entries\""));
}
END_TEST

/* The file is what jansson makes of the bulletin. */
START_TEST(json_is_indented)
{
        struct job *job = kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY,
                                   "\"{[,:]}\\\n\t\b\f\r二\x01\x1f\x7f", "w");
        struct bulletin *b = job->result.bulletin;
        g_ptr_array_add(b->cves, g_strdup("CVE-2007-0001"));
        g_ptr_array_add(b->cves, g_strdup("CVE-2007-0002"));
        json_t *json = bulletin_to_json(b);
        char *text = json_dumps(json, JSON_INDENT(2));
        g_autofree char *expected = g_strconcat(text, "\n", NULL);
        free(text);
        json_decref(json);
        kit_commit(&kit, job, NULL);
        update();
        g_autofree char *path = path_of("alert/2007/ms07-904.json"), *present = support_read_file(path, NULL);
        ck_assert_str_eq(present, expected);
        ck_assert_ptr_nonnull(strstr(present, "[]"));
}
END_TEST

static bool stop_at_second(void *context)
{
        return ++*(int *) context > 1;
}

START_TEST(a_stop_leaves_the_rest_to_do)
{
        kit_commit(&kit, letter(0), letter(4), NULL);
        g_mkdir_with_parents(kit.config->archive_dir, 0700);
        int asked = 0;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(archive_update(kit.db, kit.config->archive_dir, stop_at_second, &asked, NULL, &err), -ERR_CANCELLED);
        error_clear(&err);
        g_autofree char *left = kit_query(kit.db, "SELECT count(*) FROM archive_todo");
        ck_assert_str_eq(left, "1");
        ck_assert(exists("index.html")); /* for the one that is there */
        update();
        g_autofree char *after = tree(kit.config->archive_dir);
        rebuild(&(unsigned) { 0 });
        g_autofree char *whole = tree(kit.config->archive_dir);
        ck_assert_str_eq(after, whole);
}
END_TEST

/* Nothing leaves the to-do list before the index tells of it: whoever is killed in between does it again. */
START_TEST(the_index_is_part_of_the_work)
{
        kit_commit(&kit, letter(0), NULL);
        g_autofree char *index = path_of("index.html");
        ck_assert_int_eq(g_mkdir_with_parents(index, 0700), 0); /* it can't be written */
        ck_assert_int_lt(archive_update(kit.db, kit.config->archive_dir, NULL, NULL, NULL, NULL), 0);
        ck_assert_int_eq(g_rmdir(index), 0);
        g_autofree char *old = g_strdup("the index before");
        ck_assert(g_file_set_contents(index, old, -1, NULL));
        update();
        g_autofree char *text = support_read_file(index, NULL);
        ck_assert_str_ne(text, old);
}
END_TEST

static int refuse_sync(int fd, bool whole)
{
        (void) fd;
        (void) whole;
        errno = EIO;
        return -1;
}

static void assert_todo(const char *expected)
{
        g_autofree char *left = kit_query(kit.db, "SELECT count(*) FROM archive_todo");
        ck_assert_str_eq(left, expected);
}

/* What is not known to be on the disk stays on the list, and is written again. */
START_TEST(a_sync_that_fails)
{
        kit_commit(&kit, letter(0), letter(4), NULL);
        g_mkdir_with_parents(kit.config->archive_dir, 0700);
        struct error err = ERROR_INIT;
        file_batch_replace_sync(refuse_sync);
        ck_assert_int_eq(archive_update(kit.db, kit.config->archive_dir, NULL, NULL, NULL, &err), -EIO);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "cannot be synced"));
        error_clear(&err);
        assert_todo("2");
        file_batch_replace_sync(NULL);
        update();
        assert_todo("0");
        ck_assert(exists("alert/2007/ms07-904.html") && exists("index.html"));
}
END_TEST

/* Killed between a file and the mark: whatever stands there, half a file too, is made whole. */
START_TEST(half_a_file_is_made_whole)
{
        kit_commit(&kit, letter(0), letter(4), NULL);
        update();
        g_autofree char *before = tree(kit.config->archive_dir);
        static const char *const names[] = { "alert/2007/ms07-904.eml", "alert/2007/ms07-904.json", "alert/2007/ms07-904.html",
                                             "index.html" };
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = path_of(names[i]);
                ck_assert_int_eq(truncate(path, i == 0 ? 0 : 10), 0);
        }
        ck_assert_int_eq(database_execute(kit.db, "INSERT INTO archive_todo (bulletin_id) SELECT id FROM bulletin"
                                                  " WHERE number = 'MS07-904'", NULL), 0);
        update();
        g_autofree char *after = tree(kit.config->archive_dir);
        ck_assert_str_eq(after, before);
}
END_TEST

/* More than one batch, one of them with a bulletin that can't be written: everything else is written and leaves the list. */
START_TEST(more_than_one_batch)
{
        enum { COUNT = 600 };
        for (int i = 0; i < COUNT; i++) {
                g_autofree char *id = g_strdup_printf("MS07-%03d", i);
                kit_commit(&kit, kit_mail(&kit, id, "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, id, id), NULL);
        }
        g_autofree char *folder = path_of("alert/2007/ms07-300.json");
        ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
        struct error err = ERROR_INIT;
        ck_assert_int_lt(archive_update(kit.db, kit.config->archive_dir, NULL, NULL, NULL, &err), 0);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "MS07-300"));
        error_clear(&err);
        assert_todo("1");
        ck_assert(exists("alert/2007/ms07-000.html") && exists("alert/2007/ms07-599.html"));
        ck_assert_int_eq(g_rmdir(folder), 0);
        update();
        assert_todo("0");
        g_autofree char *before = tree(kit.config->archive_dir);
        unsigned removed;
        rebuild(&removed);
        ck_assert_uint_eq(removed, 0);
        g_autofree char *after = tree(kit.config->archive_dir);
        ck_assert_str_eq(after, before);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("archive");
        TCase *tests = tcase_create("archive");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, the_files_are_there);
        tcase_add_test(tests, entries_are_a_table);
        tcase_add_test(tests, json_is_indented);
        tcase_add_test(tests, a_sync_that_fails);
        tcase_add_test(tests, half_a_file_is_made_whole);
        tcase_add_test(tests, more_than_one_batch);
        tcase_add_test(tests, any_order_gives_the_same_tree);
        tcase_add_test(tests, a_rebuild_gives_the_same_tree);
        tcase_add_test(tests, what_cannot_be_written_stays_to_do);
        tcase_add_test(tests, a_stop_leaves_the_rest_to_do);
        tcase_add_test(tests, the_index_is_part_of_the_work);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
