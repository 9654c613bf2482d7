/* SPDX-License-Identifier: MIT */
#include "store/archive_feed.h"

#include <string.h>

#include "common/bulletin_json.h"
#include "store/archive.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit;
static struct archive_feed *feed;

static void setup(void)
{
        kit_open(&kit);
        g_mkdir_with_parents(kit.config->archive_dir, 0700);
        feed = archive_feed_new(100000);
}

static void teardown(void)
{
        archive_feed_free(feed);
        kit_close(&kit);
}

static struct archive_fresh *fresh_new(int64_t mark, size_t size)
{
        struct archive_fresh *fresh = g_new0(struct archive_fresh, 1);
        fresh->mark = mark;
        fresh->text = g_strnfill(size / 2, 'x');
        return fresh;
}

static void assert_take(int64_t mark, bool expected)
{
        struct archive_fresh *fresh = archive_feed_take(feed, mark);
        ck_assert_msg((fresh != NULL) == expected, "mark %d", (int) mark);
        ck_assert(!fresh || fresh->mark == mark);
        archive_fresh_free(fresh);
}

START_TEST(by_their_marks)
{
        for (int mark = 2; mark <= 10; mark += 2)
                archive_feed_put(feed, fresh_new(mark, 10), 0);
        assert_take(1, false);
        assert_take(2, true);
        assert_take(2, false);
        assert_take(3, false);
        assert_take(8, true); /* 4 and 6 are forgotten */
        assert_take(6, false);
        assert_take(10, true);
        assert_take(10, false);
}
END_TEST

START_TEST(what_finds_no_room_is_dropped)
{
        for (int mark = 1; mark <= 5; mark++) {
                archive_feed_put(feed, fresh_new(mark, 30000), 60000); /* nobody takes: no wait */
                ck_assert_int_eq(archive_feed_is_filling(feed), mark >= 2);
        }
        assert_take(1, true);
        archive_feed_put(feed, fresh_new(6, 30000), 60000);
        archive_feed_put(feed, fresh_new(7, 200000), 60000); /* never fits */
        assert_take(2, true);
        assert_take(3, true);
        assert_take(4, false);
        assert_take(6, true);
        assert_take(7, false);
        ck_assert(!archive_feed_is_filling(feed));
}
END_TEST

static gpointer put_one(gpointer fresh)
{
        archive_feed_put(feed, fresh, 60000);
        return NULL;
}

/* Whoever puts while the archive is at work is let in as soon as there is room, or when it stops working. */
START_TEST(room_is_waited_for)
{
        archive_feed_set_active(feed, true);
        archive_feed_put(feed, fresh_new(1, 90000), 0);
        archive_feed_put(feed, fresh_new(2, 90000), 1); /* the wait has an end */
        GThread *thread = g_thread_new("put", put_one, fresh_new(3, 90000));
        assert_take(1, true);
        g_thread_join(thread);
        assert_take(2, false);
        assert_take(3, true);
        archive_feed_put(feed, fresh_new(4, 90000), 0);
        thread = g_thread_new("put", put_one, fresh_new(5, 90000));
        archive_feed_set_active(feed, false);
        g_thread_join(thread);
        assert_take(4, true);
        assert_take(5, false);
}
END_TEST

/* As the writer makes it. */
static struct archive_fresh *fresh_of(int64_t bulletin_id)
{
        struct archive_fresh *fresh = g_new0(struct archive_fresh, 1);
        struct bulletin_row *row;
        GArray *mails;
        ck_assert_int_eq(bulletins_get(kit.db, bulletin_id, &row, NULL), 0);
        fresh->bulletin = g_steal_pointer(&row->current);
        fresh->text = bulletin_to_text(fresh->bulletin);
        ck_assert_int_eq(bulletins_archive_mark(kit.db, bulletin_id, &fresh->mark, NULL), 0);
        ck_assert_int_eq(bulletins_mails(kit.db, bulletin_id, &mails, NULL), 0);
        ck_assert_int_eq(mails_read(kit.db, g_array_index(mails, int64_t, 0), &fresh->data, &fresh->size, NULL), 0);
        g_array_unref(mails);
        bulletin_row_free(row);
        return fresh;
}

static char *content_of(const char *name)
{
        g_autofree char *path = g_build_filename(kit.config->archive_dir, name, NULL);
        return support_read_file(path, NULL);
}

static void update(void)
{
        struct archive_pass pass = { .feed = feed };
        struct error err = ERROR_INIT;
        int r = archive_update_pass(kit.db, kit.config->archive_dir, NULL, NULL, &pass, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
}

static const char *const suffixes[] = { "html", "json", "eml" };

START_TEST(the_short_cut_leads_to_the_same_files)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-10-02", SEVERITY_CRITICAL, URGENCY_EARLY, "字幕の問題", "b"), NULL);
        struct archive_fresh *fresh = fresh_of(1);
        g_free(fresh->text); /* so that it shows which way the file was made */
        fresh->text = g_strdup("{\"short\":\"cut\"}");
        archive_feed_put(feed, fresh, 0);
        update();
        g_autofree char *json = content_of("alert/2007/ms07-904.json");
        ck_assert_str_eq(json, "{\n  \"short\": \"cut\"\n}\n");
        ck_assert_int_eq(bulletins_archive_all(kit.db, NULL), 0);
        archive_feed_put(feed, fresh_of(1), 0);
        update();
        char *before[G_N_ELEMENTS(suffixes)];
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *name = g_strdup_printf("alert/2007/ms07-904.%s", suffixes[i]);
                before[i] = content_of(name);
        }
        ck_assert_int_eq(bulletins_archive_all(kit.db, NULL), 0);
        update(); /* from the database */
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *name = g_strdup_printf("alert/2007/ms07-904.%s", suffixes[i]), *after = content_of(name);
                ck_assert_str_eq(after, before[i]);
                g_free(before[i]);
        }
}
END_TEST

/* A later mail of the same bulletin: what was put before it does not count any more. */
START_TEST(what_has_changed_since_is_read)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "前", "a"), NULL);
        archive_feed_put(feed, fresh_of(1), 0);
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-10-02", SEVERITY_LOW, URGENCY_EARLY, "後", "b"), NULL);
        struct archive_fresh *wrong = fresh_of(1); /* even one that claims the newest mark: there are two revisions */
        g_free(wrong->text);
        wrong->text = g_strdup("{}");
        archive_feed_put(feed, wrong, 0);
        update();
        g_autofree char *json = content_of("alert/2007/ms07-904.json"), *page = content_of("alert/2007/ms07-904.html");
        ck_assert_ptr_nonnull(strstr(json, "後"));
        ck_assert_ptr_nonnull(strstr(page, "2007-09-26"));
        ck_assert_ptr_nonnull(strstr(page, "<del>"));
}
END_TEST

/* The index is put off: the last bulletin stays on the list until it is made. */
START_TEST(the_index_later)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "一", "a"), NULL);
        update();
        g_autofree char *old = content_of("index.html");
        kit_commit(&kit, kit_mail(&kit, "MS07-905", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "二", "b"),
                   kit_mail(&kit, "MS07-906", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "三", "c"), NULL);
        struct archive_pass pass = { .feed = feed, .index_later = true };
        ck_assert_int_eq(archive_update_pass(kit.db, kit.config->archive_dir, NULL, NULL, &pass, NULL), 0);
        ck_assert_uint_eq(pass.written, 2);
        g_autofree char *same = content_of("index.html"), *left = kit_query(kit.db, "SELECT count(*) FROM archive_todo");
        ck_assert_str_eq(same, old);
        ck_assert_str_eq(left, "1");
        update();
        g_autofree char *index = content_of("index.html"), *none = kit_query(kit.db, "SELECT count(*) FROM archive_todo");
        ck_assert_ptr_nonnull(strstr(index, "ms07-905.html"));
        ck_assert_ptr_nonnull(strstr(index, "ms07-906.html"));
        ck_assert_str_eq(none, "0");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("archive_feed");
        TCase *tests = tcase_create("archive_feed");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, by_their_marks);
        tcase_add_test(tests, what_finds_no_room_is_dropped);
        tcase_add_test(tests, room_is_waited_for);
        tcase_add_test(tests, the_short_cut_leads_to_the_same_files);
        tcase_add_test(tests, what_has_changed_since_is_read);
        tcase_add_test(tests, the_index_later);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
