/* SPDX-License-Identifier: MIT */
#include "store/archive.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bulletin_json.h"
#include "common/file.h"
#include "store/archive_p.h"
#include "store/bulletins.h"
#include "store/mails.h"

#define FILE_MODE 0640
#define DIRECTORY_MODE 0750
#define PENDING_AT_ONCE 256u
#define DIGITS 12 /* of a mail's SHA-256 in its file's name */
#define DEPTH_MAX 4u

static void archive_mail_free(gpointer data)
{
        struct archive_mail *mail = data;
        g_free(mail->file);
        g_free(mail->subject);
        g_free(mail->from);
        g_free(mail->date);
        g_free(mail);
}

/* Everything one bulletin's files are made of, and the paths that were written. */
struct writing {
        struct database *db;
        const char *directory;
        struct bulletin_row *row;
        GPtrArray *revisions, *mails; /* struct revision_row, struct archive_mail */
        GHashTable *written;          /* relative paths, or NULL */
};

static int write_file(struct writing *w, const char *suffix, const void *data, size_t size, struct error *err)
{
        g_autofree char *name = g_strconcat(w->row->archive_name, suffix, NULL);
        g_autofree char *path = g_build_filename(w->directory, name, NULL);
        int r = file_write_if_changed(path, data, size, FILE_MODE, NULL, err);
        if (r == 0 && w->written)
                g_hash_table_add(w->written, g_steal_pointer(&name));
        return r;
}

static int write_mail(struct writing *w, int64_t mail_id, bool stands, struct error *err)
{
        struct mail_row *row;
        int r = mails_get(w->db, mail_id, &row, err);
        if (r < 0)
                return r;
        g_autofree char *other = g_strdup_printf(".%.*s.eml", DIGITS, row->sha256);
        char *data = NULL;
        size_t size;
        r = mails_read(w->db, mail_id, &data, &size, err);
        if (r == 0)
                r = write_file(w, stands ? ".eml" : other, data, size, err);
        g_free(data);
        if (r == 0 && stands) {
                /* It may have been one of the others before. */
                g_autofree char *path = g_strconcat(w->directory, "/", w->row->archive_name, other, NULL);
                if (unlink(path) < 0 && errno != ENOENT)
                        r = error_set(err, -errno, "%s: cannot be removed: %s", path, strerror(errno));
        }
        if (r == 0) {
                struct archive_mail *mail = g_new0(struct archive_mail, 1);
                g_autofree char *base = g_path_get_basename(w->row->archive_name);
                mail->file = g_strconcat(base, stands ? ".eml" : other, NULL);
                mail->subject = g_steal_pointer(&row->subject);
                mail->from = g_steal_pointer(&row->from);
                mail->date = g_steal_pointer(&row->date);
                g_ptr_array_add(w->mails, mail);
        }
        mail_row_free(row);
        return r;
}

static int write_mails(struct writing *w, struct error *err)
{
        GArray *ids;
        int r = bulletins_mails(w->db, w->row->id, &ids, err);
        if (r < 0)
                return r;
        for (guint i = 0; r == 0 && i < ids->len; i++)
                r = write_mail(w, g_array_index(ids, int64_t, i), i == 0, err);
        g_array_unref(ids);
        return r;
}

static int write_json(struct writing *w, struct error *err)
{
        json_t *json = bulletin_to_json(w->row->current);
        char *text = json_dumps(json, JSON_INDENT(2));
        json_decref(json);
        if (!text)
                return error_set(err, -ENOMEM, "%s: out of memory", w->row->archive_name);
        g_autofree char *line = g_strconcat(text, "\n", NULL);
        free(text);
        return write_file(w, ".json", line, strlen(line), err);
}

static int write_all(struct writing *w, struct error *err)
{
        g_autofree char *page_path = g_build_filename(w->directory, w->row->archive_name, NULL);
        g_autofree char *folder = g_path_get_dirname(page_path);
        int r = file_make_directory(folder, DIRECTORY_MODE, err);
        if (r == 0)
                r = bulletins_revisions(w->db, w->row->id, &w->revisions, err);
        if (r == 0)
                r = write_mails(w, err);
        if (r == 0)
                r = write_json(w, err);
        if (r == 0) {
                /* The page last: what it points to is there. */
                GString *page = archive_page_render(w->row, w->revisions, w->mails);
                r = write_file(w, ".html", page->str, page->len, err);
                g_string_free(page, TRUE);
        }
        return r;
}

static int write_bulletin(struct database *db, const char *directory, int64_t bulletin_id, GHashTable *written,
                          struct error *err)
{
        struct writing w = { .db = db, .directory = directory, .written = written };
        int r = bulletins_get(db, bulletin_id, &w.row, err);
        if (r < 0)
                return r;
        w.mails = g_ptr_array_new_with_free_func(archive_mail_free);
        r = write_all(&w, err);
        if (r < 0)
                error_prefix(err, "archive of %s", w.row->key);
        g_clear_pointer(&w.revisions, g_ptr_array_unref);
        g_ptr_array_unref(w.mails);
        bulletin_row_free(w.row);
        return r;
}

int archive_write_bulletin(struct database *db, const char *directory, int64_t bulletin_id, struct error *err)
{
        return write_bulletin(db, directory, bulletin_id, NULL, err);
}

int archive_write_index(struct database *db, const char *directory, struct error *err)
{
        struct bulletin_filter everything = { .kind = -1, .without_content = true };
        GPtrArray *rows;
        int r = bulletins_list(db, &everything, &rows, err);
        if (r < 0)
                return r;
        GString *page = archive_index_render(rows);
        g_autofree char *path = g_build_filename(directory, "index.html", NULL);
        r = file_write_if_changed(path, page->str, page->len, FILE_MODE, NULL, err);
        g_string_free(page, TRUE);
        g_ptr_array_unref(rows);
        return r;
}

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

static int remove_stale(struct database *db, const char *directory, struct error *err)
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

/* What was written and is to leave the to-do list. It does so only once the index stands too: whoever is killed in between
 * writes the same files again. */
struct finished { int64_t bulletin_id, mark; };

/* The mark is taken before the bulletin is read: what arrives meanwhile puts a newer mark, which stays. */
static int write_marked(struct database *db, const char *directory, int64_t bulletin_id, GHashTable *written, GArray *finished,
                        struct error *err)
{
        struct finished one = { .bulletin_id = bulletin_id };
        int r = bulletins_archive_mark(db, bulletin_id, &one.mark, err);
        if (r == 0)
                r = write_bulletin(db, directory, bulletin_id, written, err);
        if (r == 0)
                g_array_append_val(finished, one);
        return r;
}

static int write_index_and_finish(struct database *db, const char *directory, const GArray *finished, struct error *err)
{
        int r = archive_write_index(db, directory, err);
        if (r == 0)
                r = database_enter(db, err);
        if (r < 0)
                return r;
        for (guint i = 0; r == 0 && i < finished->len; i++) {
                const struct finished *one = &g_array_index(finished, struct finished, i);
                r = bulletins_archive_done_at(db, one->bulletin_id, one->mark, err);
        }
        return database_leave(db, r, err);
}

static int keep_first(int first, int r, struct error *err, struct error *local)
{
        if (r < 0 && first == 0) {
                error_move(err, local);
                return r;
        }
        error_clear(local);
        return first;
}

/* Some of the to-do list, up to a stop. The first error is returned; what was written is finished whatever else failed. */
static int update_some(struct database *db, const char *directory, const int64_t *ids, guint count, archive_stop_function stop,
                       void *context, unsigned *written, struct error *err)
{
        int first = 0;
        struct error local = ERROR_INIT;
        g_autoptr(GArray) finished = g_array_new(FALSE, FALSE, sizeof(struct finished));
        for (guint i = 0; i < count && first != -ERR_CANCELLED; i++) {
                int r = stop && stop(context) ? error_set(&local, -ERR_CANCELLED, "stopped") :
                        write_marked(db, directory, ids[i], NULL, finished, &local);
                first = keep_first(first, r, err, &local);
        }
        int r = finished->len > 0 ? write_index_and_finish(db, directory, finished, &local) : 0;
        *written += finished->len;
        return keep_first(first, r, err, &local);
}

int archive_update(struct database *db, const char *directory, archive_stop_function stop, void *context,
                   unsigned *ret_written, struct error *err)
{
        unsigned written = 0;
        struct error local = ERROR_INIT;
        int first = keep_first(0, remove_stale(db, directory, &local), err, &local);
        GArray *ids;
        int r = bulletins_archive_pending(db, 0, &ids, &local);
        if (r < 0)
                return keep_first(first, r, err, &local);
        for (guint i = 0; i < ids->len && r != -ERR_CANCELLED; i += PENDING_AT_ONCE) {
                r = update_some(db, directory, &g_array_index(ids, int64_t, i), MIN(ids->len - i, PENDING_AT_ONCE), stop,
                                context, &written, &local);
                first = keep_first(first, r, err, &local);
        }
        g_array_unref(ids);
        g_autofree char *index = g_build_filename(directory, "index.html", NULL);
        if (first == 0 && written == 0 && !g_file_test(index, G_FILE_TEST_EXISTS))
                first = archive_write_index(db, directory, err);
        if (first == 0 && ret_written)
                *ret_written = written;
        return first;
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

struct sweep { struct database *db; const char *directory; GHashTable *keep; unsigned removed; };

/* Whether a file that the rebuild did not write is somebody's after all: mails may have arrived since. A file is only ever
 * written after the commit that asks for it, so the database, asked now, knows its bulletin. */
static int is_newly_wanted(struct sweep *sweep, const char *name, bool *ret_wanted, struct error *err)
{
        g_autofree char *stem = g_strdup(name);
        char *slash = strrchr(stem, '/');
        char *dot = strchr(slash ? slash : stem, '.');
        if (dot)
                *dot = '\0';
        int64_t bulletin_id;
        *ret_wanted = false;
        int r = bulletins_of_archive_name(sweep->db, stem, &bulletin_id, err);
        if (r == -ERR_NOT_FOUND) {
                error_clear(err);
                return 0;
        }
        if (r == 0)
                r = write_bulletin(sweep->db, sweep->directory, bulletin_id, sweep->keep, err);
        if (r == 0)
                *ret_wanted = g_hash_table_contains(sweep->keep, name);
        return r;
}

static int sweep_file(struct sweep *sweep, const char *name, const char *path, struct error *err)
{
        if (g_hash_table_contains(sweep->keep, name))
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

/* Removes what is not among the paths to keep, and folders that are empty then. */
static int sweep_folder(struct sweep *sweep, const char *relative, unsigned depth, struct error *err)
{
        g_autofree char *folder = g_build_filename(sweep->directory, relative, NULL);
        GDir *dir = g_dir_open(folder, 0, NULL);
        if (!dir)
                return 0;
        int r = 0;
        const char *entry;
        while (r == 0 && (entry = g_dir_read_name(dir))) {
                g_autofree char *name = g_build_filename(relative, entry, NULL);
                g_autofree char *path = g_build_filename(sweep->directory, name, NULL);
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
        static const char *const folders[] = { "advance-notice", "alert", "news", "tips", "weekly" };
        int r = 0;
        for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(folders); i++)
                r = sweep_folder(sweep, folders[i], 0, err);
        return r;
}

int archive_rebuild(struct database *db, const char *directory, archive_progress_function progress, void *context,
                    unsigned *ret_written, unsigned *ret_removed, struct error *err)
{
        GArray *ids;
        int r = bulletins_archive_all(db, err);
        if (r == 0)
                r = bulletins_archive_pending(db, 0, &ids, err);
        if (r < 0)
                return r;
        g_autoptr(GHashTable) written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GArray) finished = g_array_new(FALSE, FALSE, sizeof(struct finished));
        guint total = ids->len;
        for (guint i = 0; r == 0 && i < total; i++) {
                r = write_marked(db, directory, g_array_index(ids, int64_t, i), written, finished, err);
                if (r == 0 && progress)
                        progress(i + 1, total, context);
        }
        g_array_unref(ids);
        struct sweep sweep = { db, directory, written, 0 };
        if (r == 0)
                r = sweep_all(&sweep, err);
        if (r == 0)
                r = remove_stale(db, directory, err);
        if (r == 0)
                r = write_index_and_finish(db, directory, finished, err);
        if (r == 0) {
                *ret_written = total;
                *ret_removed = sweep.removed;
        }
        return r;
}
