/* SPDX-License-Identifier: MIT */
/* What is taken out of the archive: files of names that no bulletin has any more, and what a crash has left. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "store/archive_p.h"

#define DEPTH_MAX 4u

/* Removes every file of a bulletin's name: NAME.html, NAME.json, NAME.eml, NAME.<digits>.eml. */
static int remove_name(const char *directory, const char *name, struct error *err)
{
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_autofree char *folder = g_path_get_dirname(path), *base = g_path_get_basename(path);
        g_autofree char *prefix = g_strconcat(base, ".", NULL);
        GDir *dir = g_dir_open(folder, 0, NULL);
        if (!dir)
                return 0;
        int r = 0;
        const char *entry;
        while (r == 0 && (entry = g_dir_read_name(dir))) {
                if (!g_str_has_prefix(entry, prefix))
                        continue;
                g_autofree char *victim = g_build_filename(folder, entry, NULL);
                if (unlink(victim) < 0 && errno != ENOENT)
                        r = error_set(err, -errno, "%s: cannot be removed: %s", victim, strerror(errno));
        }
        g_dir_close(dir);
        return r;
}

int archive_remove_stale(struct database *db, const char *directory, struct error *err)
{
        GPtrArray *names;
        int r = bulletins_archive_stale(db, 0, &names, err);
        if (r < 0)
                return r;
        for (guint i = 0; r == 0 && i < names->len; i++) {
                const char *name = g_ptr_array_index(names, i);
                r = remove_name(directory, name, err);
                if (r == 0)
                        r = bulletins_archive_stale_done(db, name, err);
        }
        g_ptr_array_unref(names);
        return r;
}

static void remove_leftovers(const char *folder, unsigned depth)
{
        GDir *dir = g_dir_open(folder, 0, NULL);
        if (!dir)
                return;
        const char *entry;
        while ((entry = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(folder, entry, NULL);
                bool is_folder = g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
                if (is_folder && depth < DEPTH_MAX)
                        remove_leftovers(path, depth + 1);
                else if (!is_folder && g_str_has_prefix(entry, ".tmp-"))
                        unlink(path); /* one that stays is in nobody's way */
        }
        g_dir_close(dir);
}

void archive_remove_leftovers(const char *directory)
{
        remove_leftovers(directory, 0);
}
