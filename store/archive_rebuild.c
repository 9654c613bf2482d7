/* SPDX-License-Identifier: MIT */
/* The archive made anew from the database. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "store/archive_p.h"

#define DEPTH_MAX 4u

/* What has been written (writing.written) must stay. */
struct sweep { struct archive_writing writing; unsigned removed; };

/* Whether a file that the rebuild did not write is somebody's after all: mails may have arrived since. A file is only ever
 * written after the commit that asks for it, so the database, asked now, knows its bulletin. */
static int is_newly_wanted(struct sweep *sweep, const char *name, bool *ret_wanted, struct error *err)
{
        g_autofree char *stem = g_strdup(name);
        char *dot = strchr(archive_name_base(stem), '.');
        if (dot)
                *dot = '\0';
        int64_t bulletin_id;
        *ret_wanted = false;
        int r = bulletins_of_archive_name(sweep->writing.db, stem, &bulletin_id, err);
        if (r == -ERR_NOT_FOUND) {
                error_clear(err);
                return 0;
        }
        if (r == 0)
                r = archive_write_bulletin(&sweep->writing, bulletin_id, err);
        if (r == 0)
                *ret_wanted = g_hash_table_contains(sweep->writing.written, name);
        return r;
}

static int sweep_file(struct sweep *sweep, const char *name, const char *path, struct error *err)
{
        if (g_hash_table_contains(sweep->writing.written, name))
                return 0;
        bool wanted;
        int r = is_newly_wanted(sweep, name, &wanted, err);
        if (r < 0 || wanted)
                return r;
        if (unlink(path) < 0)
                return errno == ENOENT ? 0 : error_set(err, -errno, "%s: cannot be removed: %s", path, strerror(errno));
        sweep->removed++;
        return 0;
}

/* Removes what was not written, and folders that are empty then. */
static int sweep_folder(struct sweep *sweep, const char *relative, unsigned depth, struct error *err)
{
        g_autofree char *folder = g_build_filename(sweep->writing.directory, relative, NULL);
        GDir *dir = g_dir_open(folder, 0, NULL);
        if (!dir)
                return 0;
        int r = 0;
        const char *entry;
        while (r == 0 && (entry = g_dir_read_name(dir))) {
                g_autofree char *name = g_build_filename(relative, entry, NULL);
                g_autofree char *path = g_build_filename(sweep->writing.directory, name, NULL);
                bool is_folder = g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
                if (!is_folder)
                        r = sweep_file(sweep, name, path, err);
                else if (depth < DEPTH_MAX)
                        r = sweep_folder(sweep, name, depth + 1, err);
        }
        g_dir_close(dir);
        rmdir(folder); /* only succeeds when nothing is left in it */
        return r;
}

/* The folders that are the archive's own: the first part of every name it gives. */
static int sweep_all(struct sweep *sweep, struct error *err)
{
        static const char *const folders[] = { "advance-notice", "alert", "news", "tips", "unverified", "weekly" };
        int r = 0;
        for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(folders); i++)
                r = sweep_folder(sweep, folders[i], 0, err);
        return r;
}

static int rebuild_bulletins(struct archive_writing *writing, const GArray *todo, archive_progress_function progress,
                             void *context, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < todo->len; i++) {
                int64_t id = g_array_index(todo, struct archive_pending, i).bulletin_id;
                r = archive_write_bulletin(writing, id, err);
                if (r == 0 && progress)
                        progress(i + 1, todo->len, context);
        }
        return r;
}

static int write_and_sweep(struct sweep *sweep, const GArray *todo, archive_progress_function progress, void *context,
                           struct error *err)
{
        int r = rebuild_bulletins(&sweep->writing, todo, progress, context, err);
        if (r == 0)
                r = sweep_all(sweep, err);
        if (r == 0)
                r = archive_remove_stale(sweep->writing.db, sweep->writing.directory, err);
        if (r == 0)
                r = file_batch_sync(sweep->writing.files, err);
        return r;
}

/* The marks are older than what was read: what has arrived meanwhile has put a newer mark, which stays. */
static int take_off_list(struct database *db, const GArray *todo, struct error *err)
{
        if (todo->len == 0)
                return 0;
        struct archive_span all = { g_array_index(todo, struct archive_pending, 0).mark,
                                    g_array_index(todo, struct archive_pending, todo->len - 1).mark };
        return archive_todo_remove(db, &all, 1, err);
}

int archive_rebuild(struct database *db, const char *directory, archive_progress_function progress, void *context,
                    unsigned *ret_written, unsigned *ret_removed, struct error *err)
{
        g_autoptr(GArray) todo = NULL;
        int r = bulletins_archive_all(db, err);
        if (r == 0)
                r = bulletins_archive_pending(db, 0, &todo, err);
        if (r < 0)
                return r;
        g_autoptr(GHashTable) written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        struct sweep sweep = { .removed = 0 };
        archive_writing_init(&sweep.writing, db, directory);
        sweep.writing.written = written;
        r = write_and_sweep(&sweep, todo, progress, context, err);
        archive_writing_clear(&sweep.writing);
        if (r == 0)
                r = archive_write_index(db, directory, err);
        if (r == 0)
                r = take_off_list(db, todo, err);
        if (r == 0) {
                *ret_written = todo->len;
                *ret_removed = sweep.removed;
        }
        return r;
}
