/* SPDX-License-Identifier: MIT */
#include "common/file_batch.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_writer.h"
#include "tests/support.h"

#define MANY 60 /* more than are synced one by one */

static char *directory;
static struct file_batch *batch;
static unsigned single_syncs, whole_syncs;
static int sync_errno; /* 0: they succeed */

static int count_sync(int fd, bool whole)
{
        ck_assert_int_ge(fd, 0);
        *(whole ? &whole_syncs : &single_syncs) += 1;
        errno = sync_errno;
        return sync_errno ? -1 : 0;
}

static void setup(void)
{
        directory = support_temporary_directory();
        batch = file_batch_new();
        single_syncs = whole_syncs = 0;
        sync_errno = 0;
        file_batch_replace_sync(count_sync);
}

static void teardown(void)
{
        sync_errno = 0;
        file_batch_sync(batch, NULL); /* another test may trust the files again */
        file_batch_free(batch);
        file_batch_replace_sync(NULL);
        g_clear_pointer(&directory, g_free);
}

static char *path_of(const char *name)
{
        return g_build_filename(directory, name, NULL);
}

static int write_text(const char *name, const char *text)
{
        g_autofree char *path = path_of(name);
        return file_batch_write(batch, path, text, strlen(text), 0640, 0750, NULL);
}

static void assert_content(const char *name, const char *expected)
{
        g_autofree char *path = path_of(name), *text = support_read_file(path, NULL);
        ck_assert_str_eq(text, expected);
}

static ino_t inode_of(const char *name)
{
        struct stat st;
        g_autofree char *path = path_of(name);
        ck_assert_int_eq(stat(path, &st), 0);
        return st.st_ino;
}

static void sync_now(int expected)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(file_batch_sync(batch, &err), expected);
        if (expected < 0)
                ck_assert_ptr_nonnull(strstr(error_text(&err), "cannot be synced"));
        error_clear(&err);
}

static void assert_no_leftovers(void)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        const char *name;
        while ((name = g_dir_read_name(dir)))
                ck_assert_msg(!g_str_has_prefix(name, ".tmp-"), "%s", name);
        g_dir_close(dir);
}

START_TEST(files_and_their_directories)
{
        mode_t old = umask(077);
        ck_assert_int_eq(write_text("a/b/one", "1"), 0);
        umask(old);
        ck_assert_int_eq(write_text("a/b/two", "22"), 0);
        ck_assert_int_eq(write_text("three", "333"), 0);
        ck_assert_int_eq(write_text("a/b/one", "other"), 0);
        ck_assert_int_eq(write_text("a/b/two", ""), 0);
        assert_content("a/b/one", "other");
        assert_content("a/b/two", "");
        assert_content("three", "333");
        struct stat st;
        g_autofree char *path = path_of("a/b/one"), *folder = path_of("a/b");
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0640);
        ck_assert_int_eq(stat(folder, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0750);
        assert_no_leftovers();
        sync_now(0);
        ck_assert_uint_eq(whole_syncs, 0);
        ck_assert_uint_ge(single_syncs, 5); /* each file written, and the directories */
}
END_TEST

START_TEST(many_files_are_synced_together)
{
        for (int i = 0; i < MANY; i++) {
                g_autofree char *name = g_strdup_printf("%d/%d", i % 3, i), *text = g_strdup_printf("text %d", i);
                ck_assert_int_eq(write_text(name, text), 0);
        }
        sync_now(0);
        ck_assert_uint_eq(single_syncs, 0);
        ck_assert_uint_eq(whole_syncs, 1);
        /* And a few after that one by one again. */
        ck_assert_int_eq(write_text("0/x", "y"), 0);
        sync_now(0);
        ck_assert_uint_eq(single_syncs, 2);
        ck_assert_uint_eq(whole_syncs, 1);
        assert_content("1/1", "text 1");
        assert_content("2/59", "text 59");
}
END_TEST

START_TEST(same_content_is_left_alone)
{
        ck_assert_int_eq(write_text("one", "1"), 0);
        sync_now(0);
        ino_t before = inode_of("one");
        single_syncs = 0;
        ck_assert_int_eq(write_text("one", "1"), 0);
        ck_assert_uint_eq(inode_of("one"), before);
        sync_now(0);
        ck_assert_uint_ge(single_syncs, 2); /* whoever wrote it may not have come so far */
        ck_assert_int_eq(write_text("one", "2"), 0);
        ck_assert_uint_ne(inode_of("one"), before); /* replaced as a whole: a reader of the old one keeps it */
        assert_content("one", "2");
}
END_TEST

/* What a failed sync has left in memory must be written again, though it reads the same. */
START_TEST(a_failed_sync_is_not_believed_later)
{
        for (int count = 1; count <= MANY; count += MANY - 1) {
                sync_errno = EIO;
                for (int i = 0; i < count; i++) {
                        g_autofree char *name = g_strdup_printf("n%d", i);
                        ck_assert_int_eq(write_text(name, "1"), 0);
                }
                sync_now(-EIO);
                ino_t before = inode_of("n0");
                sync_errno = 0;
                ck_assert_int_eq(write_text("n0", "1"), 0);
                ck_assert_uint_ne(inode_of("n0"), before);
                sync_now(0);
                before = inode_of("n0");
                ck_assert_int_eq(write_text("n0", "1"), 0);
                ck_assert_uint_eq(inode_of("n0"), before);
        }
}
END_TEST

START_TEST(what_cannot_be_written)
{
        struct error err = ERROR_INIT;
        g_autofree char *folder = path_of("folder"), *inside = path_of("file/inside");
        ck_assert_int_eq(g_mkdir(folder, 0700), 0);
        ck_assert_int_lt(file_batch_write(batch, folder, "x", 1, 0640, 0750, &err), 0);
        ck_assert_ptr_nonnull(strstr(error_text(&err), folder));
        error_clear(&err);
        ck_assert_int_eq(write_text("file", "x"), 0);
        ck_assert_int_lt(file_batch_write(batch, inside, "x", 1, 0640, 0750, &err), 0);
        error_clear(&err);
        ck_assert_int_eq(file_batch_write(batch, "", "x", 1, 0640, 0750, NULL), -EINVAL);
        ck_assert_int_eq(file_batch_write(batch, "nofolder", "x", 1, 0640, 0750, NULL), -EINVAL);
        ck_assert_int_eq(file_batch_write(batch, "/tmp/", "x", 1, 0640, 0750, NULL), -EINVAL);
        g_autofree char *nowhere = path_of("no/such");
        ck_assert_int_eq(file_batch_write(batch, nowhere, "x", 1, 0640, 0, NULL), -ENOENT);
        assert_no_leftovers();
}
END_TEST

/* A link in the place of a file is replaced, never written through. */
START_TEST(links_are_not_followed)
{
        g_autofree char *target = path_of("target"), *link = path_of("link");
        ck_assert_int_eq(write_text("target", "kept"), 0);
        ck_assert_int_eq(symlink(target, link), 0);
        ck_assert_int_eq(write_text("link", "new"), 0);
        assert_content("target", "kept");
        assert_content("link", "new");
        ck_assert(!g_file_test(link, G_FILE_TEST_IS_SYMLINK));
}
END_TEST

START_TEST(a_file_piece_by_piece)
{
        g_autofree char *path = path_of("long"), *piece = g_strnfill(1000, 'x');
        struct file_writer *writer;
        ck_assert_int_eq(write_text("long", "before"), 0);
        ck_assert_int_eq(file_writer_open(path, 0640, &writer, NULL), 0);
        for (int i = 0; i < 300; i++)
                file_writer_append(writer, piece, 1000);
        assert_content("long", "before");
        ck_assert_int_eq(file_writer_commit(writer, NULL), 0);
        size_t size;
        g_autofree char *text = support_read_file(path, &size);
        ck_assert_uint_eq(size, 300000);
        ck_assert_uint_eq(strspn(text, "x"), 300000);
        ck_assert_int_eq(file_writer_open(path, 0640, &writer, NULL), 0);
        file_writer_append(writer, "y", 1);
        file_writer_abort(writer);
        g_free(support_read_file(path, &size));
        ck_assert_uint_eq(size, 300000);
        g_autofree char *nowhere = path_of("no/such");
        struct error err = ERROR_INIT;
        ck_assert_int_eq(file_writer_open(nowhere, 0640, &writer, &err), -ENOENT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), nowhere));
        error_clear(&err);
        assert_no_leftovers();
}
END_TEST

static void assert_rights(const char *name, uid_t owner)
{
        struct stat st;
        g_autofree char *path = path_of(name);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0640);
        ck_assert_uint_eq(st.st_uid, owner);
}

/* Every file gets the mode that was asked for and, where root writes, the owner of its directory: the first one there, from
 * which the others' need is known, and the others; also where directories that need it take turns with such that don't. */
START_TEST(owners_and_modes)
{
        bool root = geteuid() == 0;
        g_autofree char *foreign = path_of("foreign"), *own = path_of("own");
        uid_t other = root ? 65534 : geteuid();
        ck_assert_int_eq(g_mkdir(foreign, 0755), 0);
        ck_assert_int_eq(g_mkdir(own, 0755), 0);
        ck_assert_int_eq(chown(foreign, other, root ? 65534 : getegid()), 0);
        static const mode_t masks[] = { 0077, 0022, 0000 };
        for (size_t i = 0; i < G_N_ELEMENTS(masks); i++) {
                mode_t before = umask(masks[i]);
                for (int k = 0; k < 4; k++) {
                        g_autofree char *there = g_strdup_printf("foreign/%zu-%d", i, k), *here = g_strdup_printf("own/%zu-%d", i, k);
                        ck_assert_int_eq(write_text(here, "a"), 0);
                        ck_assert_int_eq(write_text(k % 2 ? there : here, "b"), 0); /* also one that is replaced */
                        ck_assert_int_eq(write_text(there, "c"), 0);
                        assert_rights(there, other);
                        assert_rights(here, geteuid());
                }
                umask(before);
                sync_now(0);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("file_batch");
        TCase *tests = tcase_create("file_batch");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, owners_and_modes);
        tcase_add_test(tests, files_and_their_directories);
        tcase_add_test(tests, many_files_are_synced_together);
        tcase_add_test(tests, same_content_is_left_alone);
        tcase_add_test(tests, a_failed_sync_is_not_believed_later);
        tcase_add_test(tests, what_cannot_be_written);
        tcase_add_test(tests, links_are_not_followed);
        tcase_add_test(tests, a_file_piece_by_piece);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
