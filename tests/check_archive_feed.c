/* SPDX-License-Identifier: MIT */
#include "store/archive_feed.h"

#include <glib/gstdio.h>
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
        fresh->text_size = size / 2;
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

static int64_t mark_of(int64_t bulletin_id)
{
        g_autoptr(GArray) rows = NULL;
        ck_assert_int_eq(bulletins_archive_pending(kit.db, 0, &rows, NULL), 0);
        for (guint i = 0; i < rows->len; i++) {
                const struct archive_pending *row = &g_array_index(rows, struct archive_pending, i);
                if (row->bulletin_id == bulletin_id)
                        return row->mark;
        }
        return 0;
}

/* As the writer makes it. */
static struct archive_fresh *fresh_of(int64_t bulletin_id)
{
        struct archive_fresh *fresh = g_new0(struct archive_fresh, 1);
        struct bulletin_row *row;
        GArray *mails;
        ck_assert_int_eq(bulletins_get(kit.db, bulletin_id, &row, NULL), 0);
        fresh->bulletin = g_steal_pointer(&row->current);
        fresh->text = bulletin_to_text(fresh->bulletin);
        fresh->mark = mark_of(bulletin_id);
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
        struct archive_pass pass = { .more_comes = false };
        struct error err = ERROR_INIT;
        struct archive_mirror *mirror = archive_mirror_new(kit.db, kit.config->archive_dir, feed);
        int r = archive_mirror_update(mirror, NULL, NULL, &pass, &err);
        archive_mirror_free(mirror);
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

static gpointer take_none(gpointer unused)
{
        (void) unused;
        assert_take(9, false);
        return NULL;
}

static gpointer take_two(gpointer unused)
{
        (void) unused;
        assert_take(4, true);
        assert_take(6, false); /* a larger one was put: it will not come */
        return NULL;
}

/* What is committed, or about to be, and not put yet is waited for. */
START_TEST(what_is_on_its_way_is_waited_for)
{
        archive_feed_put(feed, fresh_new(2, 10), 0);
        assert_take(3, false); /* nothing is expected */
        archive_feed_expect(feed, true);
        GThread *thread = g_thread_new("taker", take_two, NULL);
        g_usleep(20000); /* only so that it waits in most runs; it need not */
        archive_feed_put(feed, fresh_new(4, 10), 0);
        archive_feed_put(feed, fresh_new(7, 10), 0);
        g_thread_join(thread);
        assert_take(5, false); /* smaller than what has been put: no wait */
        assert_take(7, true);
        thread = g_thread_new("taker", take_none, NULL);
        g_usleep(20000);
        archive_feed_expect(feed, false); /* the commit has failed, or stored something else */
        g_thread_join(thread);
        archive_feed_expect(feed, true);
        for (int mark = 10; mark < 1000; mark++)
                assert_take(mark, false); /* the store is held up: only the first waits */
}
END_TEST

START_TEST(half_full)
{
        ck_assert(!archive_feed_put(feed, fresh_new(1, 30000), 0));
        ck_assert(archive_feed_put(feed, fresh_new(2, 30000), 0));
        ck_assert(archive_feed_is_filling(feed));
        ck_assert(!archive_feed_put(feed, fresh_new(3, 20), 0)); /* it was before */
        assert_take(2, true);
        ck_assert(!archive_feed_is_filling(feed));
        archive_feed_set_active(feed, true);
        archive_feed_put(feed, fresh_new(4, 200000), 60000); /* would never fit: no wait */
        assert_take(4, false);
}
END_TEST

static gpointer put_large(gpointer unused)
{
        (void) unused;
        archive_feed_put(feed, fresh_new(2, 70000), 60000);
        return NULL;
}

/* What is too large to fit beside less than the half: whoever takes must hear of it, else the writer waits in vain. */
START_TEST(somebody_waits_for_room)
{
        archive_feed_set_active(feed, true);
        archive_feed_put(feed, fresh_new(1, 40000), 0);
        ck_assert(!archive_feed_is_filling(feed));
        GThread *thread = g_thread_new("writer", put_large, NULL);
        for (gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC; !archive_feed_is_filling(feed);) {
                ck_assert_int_lt(g_get_monotonic_time(), end);
                g_thread_yield();
        }
        assert_take(1, true);
        g_thread_join(thread);
        assert_take(2, true);
}
END_TEST

static void pass(struct archive_mirror *mirror, bool more_comes, unsigned written, const char *left)
{
        struct archive_pass pass = { .more_comes = more_comes };
        ck_assert_int_eq(archive_mirror_update(mirror, NULL, NULL, &pass, NULL), 0);
        ck_assert_uint_eq(pass.written, written);
        ck_assert_int_eq(pass.unfinished, strcmp(left, "0") != 0);
        ck_assert_query("SELECT count(*) FROM archive_todo", left);
}

/* The syncs and the index are put off: nothing leaves the list, and is not written twice for that. */
START_TEST(the_index_later)
{
        struct archive_mirror *mirror = archive_mirror_new(kit.db, kit.config->archive_dir, feed);
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "一", "a"), NULL);
        pass(mirror, false, 1, "0");
        g_autofree char *old = content_of("index.html");
        kit_commit(&kit, kit_mail(&kit, "MS07-905", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "二", "b"), NULL);
        pass(mirror, true, 1, "1");
        kit_commit(&kit, kit_mail(&kit, "MS07-906", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "三", "c"), NULL);
        pass(mirror, true, 1, "2");
        g_autofree char *same = content_of("index.html"), *page = content_of("alert/2007/ms07-906.html");
        ck_assert_str_eq(same, old);
        ck_assert_ptr_nonnull(strstr(page, "三"));
        kit_commit(&kit, kit_mail(&kit, "MS07-905", "2007-09-26", "2007-10-26", SEVERITY_LOW, URGENCY_EARLY, "四", "d"), NULL);
        pass(mirror, false, 1, "0");
        g_autofree char *index = content_of("index.html");
        ck_assert_ptr_nonnull(strstr(index, "ms07-905.html"));
        ck_assert_ptr_nonnull(strstr(index, "ms07-906.html"));
        archive_mirror_free(mirror);
}
END_TEST

/* Whoever ends without the last pass leaves everything on the list. */
START_TEST(what_is_not_settled_is_done_again)
{
        struct archive_mirror *mirror = archive_mirror_new(kit.db, kit.config->archive_dir, feed);
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "一", "a"), NULL);
        pass(mirror, true, 1, "1");
        archive_mirror_free(mirror);
        mirror = archive_mirror_new(kit.db, kit.config->archive_dir, feed);
        pass(mirror, false, 1, "0");
        archive_mirror_free(mirror);
}
END_TEST

/* MS07-904, -905 and -906. */
static void commit_three(void)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "一", "a"),
                   kit_mail(&kit, "MS07-905", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "二", "b"),
                   kit_mail(&kit, "MS07-906", "2007-09-26", "2007-09-26", SEVERITY_LOW, URGENCY_EARLY, "三", "c"), NULL);
}

/* A failure ends the putting off, and what failed comes up again in the next pass. */
START_TEST(a_failure_while_more_comes)
{
        struct archive_mirror *mirror = archive_mirror_new(kit.db, kit.config->archive_dir, feed);
        commit_three();
        g_autofree char *folder = g_build_filename(kit.config->archive_dir, "alert/2007/ms07-905.json", NULL);
        ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
        struct archive_pass first = { .more_comes = true };
        ck_assert_int_lt(archive_mirror_update(mirror, NULL, NULL, &first, NULL), 0);
        ck_assert_uint_eq(first.written, 2);
        ck_assert_query("SELECT b.number FROM archive_todo t JOIN bulletin b ON b.id = t.bulletin_id", "MS07-905");
        ck_assert_int_eq(g_rmdir(folder), 0);
        pass(mirror, true, 1, "1");
        pass(mirror, false, 0, "0");
        archive_mirror_free(mirror);
}
END_TEST

/* What an index that fails has kept on the list, behind a bulletin that failed too, is no obstacle to either. */
START_TEST(nothing_can_be_finished)
{
        struct archive_mirror *mirror = archive_mirror_new(kit.db, kit.config->archive_dir, feed);
        commit_three();
        g_autofree char *folder = g_build_filename(kit.config->archive_dir, "alert/2007/ms07-904.json", NULL);
        g_autofree char *index = g_build_filename(kit.config->archive_dir, "index.html", NULL);
        ck_assert_int_eq(g_mkdir_with_parents(folder, 0700), 0);
        ck_assert_int_eq(g_mkdir_with_parents(index, 0700), 0);
        struct archive_pass first = { .more_comes = false };
        ck_assert_int_lt(archive_mirror_update(mirror, NULL, NULL, &first, NULL), 0);
        ck_assert_query("SELECT b.number FROM archive_todo t JOIN bulletin b ON b.id = t.bulletin_id", "MS07-904\nMS07-906");
        ck_assert_int_eq(g_rmdir(folder), 0);
        ck_assert_int_eq(g_rmdir(index), 0);
        pass(mirror, false, 2, "0");
        archive_mirror_free(mirror);
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
        tcase_add_test(tests, what_is_on_its_way_is_waited_for);
        tcase_add_test(tests, half_full);
        tcase_add_test(tests, somebody_waits_for_room);
        tcase_add_test(tests, what_is_not_settled_is_done_again);
        tcase_add_test(tests, a_failure_while_more_comes);
        tcase_add_test(tests, nothing_can_be_finished);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
