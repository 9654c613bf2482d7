/* SPDX-License-Identifier: MIT */
#include "tests/support.h"

#include <ftw.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a test case may take where it says nothing itself: libcheck's own 4 s are too few on a busy machine, and it asks
 * when the case is made, before support_run is called. */
__attribute__((constructor)) static void allow_time(void)
{
        g_setenv("CK_DEFAULT_TIMEOUT", "120", FALSE);
}

int support_run(Suite *suite)
{
        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        int failed = srunner_ntests_failed(runner), run = srunner_ntests_run(runner);
        srunner_free(runner);
        if (run == 0) {
                fprintf(stderr, "no test was run\n");
                return EXIT_FAILURE;
        }
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char *source_directory(void)
{
        const char *directory = g_getenv("srcdir");
        return directory ? directory : ".";
}

char *support_source_path(const char *relative)
{
        return g_build_filename(source_directory(), "tests", relative, NULL);
}

char *support_seeds_directory(void)
{
        const char *named = g_getenv("HOTFIXD_SEEDS");
        char *path = named ? g_strdup(named) : g_build_filename(source_directory(), "..", "shared", "feed", "seeds", NULL);
        if (!g_file_test(path, G_FILE_TEST_IS_DIR))
                g_clear_pointer(&path, g_free);
        return path;
}

static GPtrArray *temporary_directories;
static pid_t temporary_owner;

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
        (void) st, (void) flag, (void) ftw;
        return remove(path);
}

static void remove_temporary_directories(void)
{
        if (getpid() != temporary_owner) /* a child that libcheck forked: its parent cleans its own */
                return;
        for (guint i = 0; i < temporary_directories->len; i++)
                nftw(g_ptr_array_index(temporary_directories, i), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        g_ptr_array_free(temporary_directories, TRUE);
}

char *support_temporary_directory(void)
{
        char *path = g_dir_make_tmp("hotfixd-test-XXXXXX", NULL);
        ck_assert_ptr_nonnull(path);
        if (!temporary_directories || temporary_owner != getpid()) {
                temporary_directories = g_ptr_array_new_with_free_func(g_free);
                temporary_owner = getpid();
                atexit(remove_temporary_directories);
        }
        g_ptr_array_add(temporary_directories, g_strdup(path));
        return path;
}

char *support_read_file(const char *path, size_t *ret_size)
{
        char *data = NULL;
        gsize size = 0;
        GError *error = NULL;
        if (!g_file_get_contents(path, &data, &size, &error))
                ck_abort_msg("%s", error->message);
        if (ret_size)
                *ret_size = size;
        return data;
}
