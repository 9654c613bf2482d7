/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over files, whole and cut at a number of places: those named as arguments, or all below
 * tests/fuzz/corpus/TARGET, tests/fuzz/regressions/TARGET and, for targets that read mails, tests/mail.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/support.h"

#define DEPTH_MAX 5u
#define CUTS_MAX 12u

static void find_files(const char *directory, const char *suffix, unsigned depth, GPtrArray *paths)
{
        GDir *dir = g_dir_open(directory, 0, NULL);
        for (const char *name; dir && (name = g_dir_read_name(dir));) {
                g_autofree char *path = g_build_filename(directory, name, NULL);
                if (depth < DEPTH_MAX && g_file_test(path, G_FILE_TEST_IS_DIR))
                        find_files(path, suffix, depth + 1, paths);
                else if (name[0] != '.' && g_str_has_suffix(name, suffix))
                        g_ptr_array_add(paths, g_steal_pointer(&path));
        }
        if (dir)
                g_dir_close(dir);
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void find_kept(const char *folder, GPtrArray *paths)
{
        g_autofree char *relative = g_build_filename("fuzz", folder, fuzz_target.name, NULL);
        g_autofree char *directory = support_source_path(relative);
        find_files(directory, "", 0, paths);
}

/* A copy of exactly these bytes, so that a sanitizer sees what reads beyond them. */
static void run_on(const char *data, size_t size)
{
        uint8_t *copy = g_malloc(MAX(size, 1));
        memcpy(copy, data, size);
        if (size == 0)
                g_clear_pointer(&copy, g_free);
        LLVMFuzzerTestOneInput(copy ? copy : (const uint8_t *) "", size);
        g_free(copy);
}

static unsigned replay(const char *path)
{
        g_autofree char *data = NULL;
        gsize size = 0;
        GError *error = NULL;
        if (!g_file_get_contents(path, &data, &size, &error)) {
                fprintf(stderr, "%s\n", error->message);
                exit(EXIT_FAILURE);
        }
        /* Before it runs: whatever ends the process, the last line names the file. */
        printf("%s\n", path);
        fflush(stdout);
        run_on(data, size);
        unsigned cuts = (unsigned) MIN(size, CUTS_MAX);
        for (unsigned i = 0; i < cuts; i++)
                run_on(data, size * i / cuts);
        return cuts + 1;
}

int main(int argc, char **argv)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        for (int i = 1; i < argc; i++)
                g_ptr_array_add(paths, g_strdup(argv[i]));
        if (argc < 2) {
                find_kept("corpus", paths);
                find_kept("regressions", paths);
                g_autofree char *mails = support_source_path("mail");
                if (fuzz_target.reads_mails)
                        find_files(mails, ".eml", 0, paths);
                g_ptr_array_sort(paths, compare_paths);
        }
        unsigned runs = 0;
        for (guint i = 0; i < paths->len; i++)
                runs += replay(g_ptr_array_index(paths, i));
        printf("%s: %u files, %u runs\n", fuzz_target.name, paths->len, runs);
        if (paths->len == 0)
                fprintf(stderr, "no file was found\n");
        return paths->len > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
