/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "common/file_p.h"
#include "tests/support.h"

static char *directory;
static unsigned synced_files, synced_directories;
static unsigned sweeps; /* so often another process takes a temporary file away before it has its name */

static void sweep(void)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        for (const char *name; (name = g_dir_read_name(dir));) {
                g_autofree char *path = g_build_filename(directory, name, NULL);
                if (g_str_has_prefix(name, ".tmp-"))
                        ck_assert_int_eq(unlink(path), 0);
        }
        g_dir_close(dir);
}

/* Takes the place of the C library's, to see what is brought to the disk. */
int fsync(int fd)
{
        struct stat st;
        ck_assert_int_eq(fstat(fd, &st), 0);
        (*(S_ISDIR(st.st_mode) ? &synced_directories : &synced_files))++;
        if (sweeps > 0 && S_ISREG(st.st_mode)) {
                sweeps--;
                sweep();
        }
        return (int) syscall(SYS_fsync, fd);
}

static void setup(void)
{
        directory = support_temporary_directory();
}

static void teardown(void)
{
        g_clear_pointer(&directory, g_free);
}

static char *path_of(const char *name)
{
        return g_build_filename(directory, name, NULL);
}

static void assert_content(const char *path, const char *expected)
{
        g_autofree char *data = support_read_file(path, NULL);
        ck_assert_str_eq(data, expected);
}

/* How many entries, so that a forgotten temporary file is seen. */
static unsigned count_entries(void)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        unsigned count = 0;
        while (g_dir_read_name(dir))
                count++;
        g_dir_close(dir);
        return count;
}

static void put(const char *path, const char *data)
{
        ck_assert(g_file_set_contents(path, data, -1, NULL));
}

START_TEST(read_whole_files)
{
        g_autofree char *path = path_of("a");
        char *data = NULL;
        size_t size = 99;
        put(path, "");
        ck_assert_int_eq(file_read(path, 0, &data, &size, NULL), 0);
        ck_assert_uint_eq(size, 0);
        ck_assert_str_eq(data, "");
        g_free(data);

        size_t sizes[] = { 1, 65535, 65536, 65537, 300000 };
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autofree char *written = g_strnfill(sizes[i], 'x');
                written[sizes[i] - 1] = 'z';
                put(path, written);
                ck_assert_int_eq(file_read(path, sizes[i], &data, &size, NULL), 0);
                ck_assert_uint_eq(size, sizes[i]);
                ck_assert_str_eq(data, written); /* and so a NUL behind */
                g_free(data);
        }
}
END_TEST

START_TEST(read_is_bounded)
{
        g_autofree char *path = path_of("a");
        put(path, "12345");
        char *data = NULL;
        size_t size = 99;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(file_read(path, 4, &data, &size, &err), -ERR_LIMIT);
        ck_assert_ptr_null(data);
        ck_assert_uint_eq(size, 99);
        ck_assert_ptr_nonnull(strstr(error_text(&err), path));
        ck_assert_int_eq(file_read("/dev/zero", 100000, &data, &size, &err), -ERR_LIMIT); /* of no known size */
        error_clear(&err);
}
END_TEST

START_TEST(read_says_what_failed)
{
        g_autofree char *path = path_of("missing");
        char *data = NULL;
        size_t size;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(file_read(path, 10, &data, &size, &err), -ENOENT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), path));
        ck_assert_ptr_nonnull(strstr(error_text(&err), "No such file"));
        ck_assert_int_eq(file_read(directory, 1000000, &data, &size, &err), -EISDIR);
        error_clear(&err);
}
END_TEST

START_TEST(read_standard_input)
{
        int ends[2], saved = dup(STDIN_FILENO);
        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(write(ends[1], "a\0b", 3), 3);
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        char *data = NULL;
        size_t size = 0;
        int r = file_read("-", 3, &data, &size, NULL);
        dup2(saved, STDIN_FILENO);
        close(saved);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_eq(size, 3);
        ck_assert_mem_eq(data, "a\0b", 4);
        g_free(data);
}
END_TEST

START_TEST(write_replaces_whole)
{
        g_autofree char *path = path_of("a");
        put(path, "old and longer");
        ck_assert_int_eq(file_write_atomic(path, "new", 3, 0640, NULL), 0);
        assert_content(path, "new");
        struct stat st;
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0640);
        ck_assert_uint_eq(count_entries(), 1);
        ck_assert_int_eq(file_write_atomic(path, NULL, 0, 0600, NULL), 0);
        assert_content(path, "");
}
END_TEST

/* Neither the bytes nor the name may be lost with the power. */
START_TEST(write_reaches_the_disk)
{
        g_autofree char *path = path_of("a");
        ck_assert_int_eq(file_write_atomic(path, "x", 1, 0644, NULL), 0);
        ck_assert_uint_eq(synced_files, 1);
        ck_assert_uint_eq(synced_directories, 1);
}
END_TEST

START_TEST(write_ignores_the_umask)
{
        g_autofree char *path = path_of("a");
        mode_t old = umask(0077);
        ck_assert_int_eq(file_write_atomic(path, "x", 1, 0644, NULL), 0);
        umask(old);
        struct stat st;
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0644);
}
END_TEST

START_TEST(write_replaces_links_not_targets)
{
        g_autofree char *target = path_of("target"), *path = path_of("link");
        put(target, "target");
        ck_assert_int_eq(symlink(target, path), 0);
        ck_assert_int_eq(file_write_atomic(path, "new", 3, 0600, NULL), 0);
        assert_content(target, "target");
        assert_content(path, "new");
}
END_TEST

START_TEST(readers_see_old_or_new)
{
        g_autofree char *path = path_of("a");
        put(path, "old");
        int fd = open(path, O_RDONLY);
        ck_assert_int_eq(file_write_atomic(path, "new", 3, 0600, NULL), 0);
        char data[4] = "";
        ck_assert_int_eq(read(fd, data, 3), 3);
        close(fd);
        ck_assert_str_eq(data, "old");
}
END_TEST

START_TEST(write_failures_leave_nothing)
{
        g_autofree char *file = path_of("file"), *below = path_of("file/below"), *missing = path_of("no/a"),
                        *subdirectory = path_of("sub"), *slash = path_of("sub/");
        struct error err = ERROR_INIT;
        put(file, "kept");
        ck_assert_int_eq(mkdir(subdirectory, 0700), 0);
        ck_assert_int_eq(file_write_atomic(below, "x", 1, 0600, &err), -ENOTDIR);
        ck_assert_ptr_nonnull(strstr(error_text(&err), below));
        ck_assert_int_eq(file_write_atomic(missing, "x", 1, 0600, &err), -ENOENT);
        ck_assert_int_eq(file_write_atomic(subdirectory, "x", 1, 0600, &err), -EISDIR); /* the rename fails */
        ck_assert_int_eq(file_write_atomic(slash, "x", 1, 0600, &err), -EISDIR);
        ck_assert_uint_eq(count_entries(), 2);
        assert_content(file, "kept");
        error_clear(&err);
}
END_TEST

START_TEST(write_in_the_working_directory)
{
        ck_assert_int_eq(chdir(directory), 0);
        ck_assert_int_eq(file_write_atomic("plain", "x", 1, 0600, NULL), 0);
        assert_content("plain", "x");
        ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* A full disk: the file size limit makes write fail in the same place. */
START_TEST(write_failure_keeps_the_old_file)
{
        g_autofree char *path = path_of("a");
        put(path, "old");
        pid_t child = fork();
        if (child == 0) {
                const struct rlimit limit = { 5000, 5000 };
                char *big = g_strnfill(100000, 'x');
                if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) < 0)
                        _exit(2);
                _exit(file_write_atomic(path, big, 100000, 0600, NULL) == -EFBIG ? 0 : 1);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        assert_content(path, "old");
        ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

static void assert_has_content(const char *path, const char *content, bool expected)
{
        ck_assert(file_has_content(AT_FDCWD, path, content, strlen(content)) == expected);
}

START_TEST(content_is_compared)
{
        g_autofree char *path = path_of("a"), *missing = path_of("no/a"), *pipe = path_of("pipe"), *link = path_of("l");
        ck_assert_int_eq(file_write_atomic(path, "abc", 3, 0600, NULL), 0);
        assert_has_content(path, "abc", true);
        assert_has_content(path, "abd", false);
        assert_has_content(path, "ab", false);
        assert_has_content(path, "abcd", false);
        assert_has_content(path, "", false);
        ck_assert_int_eq(file_write_atomic(path, "", 0, 0600, NULL), 0);
        assert_has_content(path, "", true);
        assert_has_content(missing, "", false);
        ck_assert_int_eq(mkfifo(pipe, 0600), 0);
        assert_has_content(pipe, "", false); /* at once, though its size is 0 too */
        ck_assert_int_eq(symlink(path, link), 0);
        assert_has_content(link, "", false);
}
END_TEST

START_TEST(make_directories)
{
        g_autofree char *deep = path_of("a/b//c/"), *b = path_of("a/b");
        g_autofree char *file = path_of("file"), *below = path_of("file/x");
        struct error err = ERROR_INIT;
        struct stat st;
        mode_t old = umask(0077);
        ck_assert_int_eq(file_make_directory(deep, 0755, NULL), 0);
        umask(old);
        ck_assert_int_eq(stat(b, &st), 0);
        ck_assert(S_ISDIR(st.st_mode));
        ck_assert_int_eq(st.st_mode & 07777, 0755);
        /* An existing one keeps its mode. */
        ck_assert_int_eq(file_make_directory(b, 0700, NULL), 0);
        ck_assert_int_eq(stat(b, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0755);

        put(file, "");
        ck_assert_int_eq(file_make_directory(file, 0700, &err), -ENOTDIR);
        ck_assert_int_eq(file_make_directory(below, 0700, &err), -ENOTDIR);
        ck_assert_ptr_nonnull(strstr(error_text(&err), file));
        ck_assert_int_eq(file_make_directory("", 0700, &err), -ENOENT);
        ck_assert_int_eq(file_make_directory("/", 0700, &err), 0);
        g_autofree char *dangling = path_of("dangling");
        ck_assert_int_eq(symlink("nowhere", dangling), 0);
        ck_assert_int_eq(file_make_directory(dangling, 0700, &err), -ENOENT);
        error_clear(&err);
        ck_assert_int_eq(chdir(directory), 0);
        ck_assert_int_eq(file_make_directory("relative/x", 0700, NULL), 0);
        ck_assert_int_eq(stat("relative/x", &st), 0);
        ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(root_gives_to_the_owner)
{
        if (geteuid() != 0)
                return; /* nothing to give */
        g_autofree char *path = path_of("a"), *sub = path_of("sub/deeper");
        struct stat st;
        ck_assert_int_eq(chown(directory, 12345, 23456), 0);
        ck_assert_int_eq(file_write_atomic(path, "x", 1, 0640, NULL), 0);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_uid, 12345);
        ck_assert_uint_eq(st.st_gid, 23456);
        ck_assert_int_eq(st.st_mode & 07777, 0640);
        ck_assert_int_eq(file_make_directory(sub, 0750, NULL), 0);
        ck_assert_int_eq(stat(sub, &st), 0);
        ck_assert_uint_eq(st.st_uid, 12345);
        ck_assert_uint_eq(st.st_gid, 23456);
        ck_assert_int_eq(st.st_mode & 07777, 0750);
}
END_TEST

/* A service that starts sweeps up what a crash has left; an import may be writing meanwhile. */
START_TEST(write_again_after_a_sweep)
{
        g_autofree char *path = path_of("swept"), *other = path_of("other");
        sweeps = 1;
        ck_assert_int_eq(file_write_atomic(path, "here", 4, 0600, NULL), 0);
        ck_assert_uint_eq(sweeps, 0);
        assert_content(path, "here");
        ck_assert_uint_eq(count_entries(), 1);
        sweeps = 1000; /* but not for ever */
        ck_assert_int_eq(file_write_atomic(other, "gone", 4, 0600, NULL), -ENOENT);
        ck_assert_uint_ge(sweeps, 900);
        sweeps = 0;
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("file");
        TCase *t = tcase_create("file");
        suite_add_tcase(s, t);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, read_whole_files);
        tcase_add_test(t, write_again_after_a_sweep);
        tcase_add_test(t, read_is_bounded);
        tcase_add_test(t, read_says_what_failed);
        tcase_add_test(t, read_standard_input);
        tcase_add_test(t, write_replaces_whole);
        tcase_add_test(t, write_reaches_the_disk);
        tcase_add_test(t, write_ignores_the_umask);
        tcase_add_test(t, write_replaces_links_not_targets);
        tcase_add_test(t, readers_see_old_or_new);
        tcase_add_test(t, write_failures_leave_nothing);
        tcase_add_test(t, write_in_the_working_directory);
        tcase_add_test(t, write_failure_keeps_the_old_file);
        tcase_add_test(t, content_is_compared);
        tcase_add_test(t, make_directories);
        tcase_add_test(t, root_gives_to_the_owner);
        return s;
}

int main(void)
{
        return support_run(suite());
}
