/* SPDX-License-Identifier: MIT */
#include "store/archive.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/bulletin_json.h"
#include "common/clock.h"
#include "common/bulletin_mark.h"
#include "common/file.h"
#include "common/file_batch.h"
#include "common/file_writer.h"
#include "store/archive_p.h"
#include "store/bulletins.h"
#include "store/mails.h"

#define FILE_MODE 0640
#define DIRECTORY_MODE 0750
#define PENDING_AT_ONCE 256u   /* bulletins between two syncs */
#define INDEX_INTERVAL_MS 10000 /* while the list never gets empty */
#define DIGITS 12 /* of a mail's SHA-256 in its file's name */
#define DEPTH_MAX 4u

static void free_revision(gpointer revision)
{
        revision_row_free(revision);
}

static void archive_mail_free(gpointer data)
{
        struct archive_mail *mail = data;
        g_free(mail->file);
        g_free(mail->subject);
        g_free(mail->from);
        g_free(mail->date);
        g_free(mail->unverified);
        g_free(mail);
}

/* Everything one bulletin's files are made of, and the paths that were written. */
struct writing {
        struct database *db;
        struct file_batch *files;
        const char *directory;
        struct bulletin_row *row;
        GPtrArray *revisions, *mails; /* struct revision_row, struct archive_mail */
        GHashTable *written;          /* relative paths, or NULL */
        struct archive_fresh *fresh;  /* what all this is made of, without reading it; or NULL */
};

static int write_file(struct writing *w, const char *suffix, const void *data, size_t size, struct error *err)
{
        g_autofree char *name = g_strconcat(w->row->archive_name, suffix, NULL);
        g_autofree char *path = g_build_filename(w->directory, name, NULL);
        int r = file_batch_write(w->files, path, data, size, FILE_MODE, DIRECTORY_MODE, err);
        if (r == 0 && w->written)
                g_hash_table_add(w->written, g_steal_pointer(&name));
        return r;
}

/* Takes the texts of the row. */
static void add_mail(struct writing *w, const char *suffix, char *subject, char *from, char *date, char *unverified)
{
        struct archive_mail *mail = g_new0(struct archive_mail, 1);
        g_autofree char *base = g_path_get_basename(w->row->archive_name);
        mail->file = g_strconcat(base, suffix, NULL);
        mail->subject = subject;
        mail->from = from;
        mail->date = date;
        mail->unverified = unverified;
        g_ptr_array_add(w->mails, mail);
}

static int write_fresh_mail(struct writing *w, struct error *err)
{
        const struct mail_info *info = &w->fresh->bulletin->mail;
        int r = write_file(w, ".eml", w->fresh->data, w->fresh->size, err);
        if (r == 0)
                add_mail(w, ".eml", g_strdup(info->subject), g_strdup(info->from), g_strdup(info->date),
                         g_strdup(w->fresh->unverified));
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
        if (r == 0)
                add_mail(w, stands ? ".eml" : other, g_steal_pointer(&row->subject), g_steal_pointer(&row->from),
                         g_steal_pointer(&row->date), g_steal_pointer(&row->unverified));
        mail_row_free(row);
        return r;
}

static int write_mails(struct writing *w, struct error *err)
{
        if (w->fresh)
                return write_fresh_mail(w, err);
        GArray *ids;
        int r = bulletins_mails(w->db, w->row->id, &ids, err);
        if (r < 0)
                return r;
        for (guint i = 0; r == 0 && i < ids->len; i++)
                r = write_mail(w, g_array_index(ids, int64_t, i), i == 0, err);
        g_array_unref(ids);
        return r;
}

static int write_unverified_json(struct writing *w, struct error *err)
{
        const struct archive_mail *mail = w->mails->len > 0 ? g_ptr_array_index(w->mails, 0) : NULL;
        json_t *json = bulletin_to_json(w->row->current);
        bulletin_mark_unverified(json, mail ? mail->unverified : NULL);
        char *text = json_dumps(json, JSON_INDENT(2));
        json_decref(json);
        if (!text)
                return error_set(err, -ENOMEM, "%s: out of memory", w->row->archive_name);
        g_autofree char *line = g_strconcat(text, "\n", NULL);
        free(text);
        return write_file(w, ".json", line, strlen(line), err);
}

static int write_json(struct writing *w, struct error *err)
{
        if (w->row->unverified)
                return write_unverified_json(w, err);
        g_autofree char *made = w->fresh ? NULL : bulletin_to_text(w->row->current);
        GString *text = archive_json_render(w->fresh ? w->fresh->text : made);
        int r = write_file(w, ".json", text->str, text->len, err);
        g_string_free(text, TRUE);
        return r;
}

/* Its one revision, as bulletins_revisions gives it as far as the page shows it. */
static void take_fresh(struct writing *w)
{
        struct revision_row *revision = g_new0(struct revision_row, 1);
        struct bulletin *bulletin = w->fresh->bulletin;
        revision->registered = g_strdup(bulletin->registered);
        revision->updated = g_strdup(bulletin->updated);
        revision->current = true;
        revision->variants = 1;
        revision->changes = g_ptr_array_new();
        w->revisions = g_ptr_array_new_with_free_func(free_revision);
        g_ptr_array_add(w->revisions, revision);
        revision->content = w->row->current = bulletin;
}

/* The content of the current revision is that of the row: it is read once. */
static int load_content(struct writing *w, struct error *err)
{
        if (w->fresh) {
                take_fresh(w);
                return 0;
        }
        int r = bulletins_revisions(w->db, w->row->id, &w->revisions, err);
        for (guint i = 0; r == 0 && i < w->revisions->len; i++) {
                const struct revision_row *revision = g_ptr_array_index(w->revisions, i);
                if (revision->current)
                        w->row->current = revision->content;
        }
        if (r == 0 && !w->row->current)
                r = error_set(err, -ERR_STORE_CORRUPT, "its current revision is missing");
        return r;
}

static int write_all(struct writing *w, struct error *err)
{
        int r = load_content(w, err);
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

/* Takes the files' content from fresh where that is still what the database says: it has the mark that was put with it. */
static int check_fresh(struct writing *w, struct error *err)
{
        int64_t mark = 0;
        int r = bulletins_archive_mark(w->db, w->row->id, &mark, err);
        if (r == 0 && (mark != w->fresh->mark || w->row->revisions != 1))
                w->fresh = NULL;
        return r;
}

static int write_one(struct writing *w, int64_t bulletin_id, struct error *err)
{
        struct archive_fresh *fresh = w->fresh;
        int r = bulletins_get_head(w->db, bulletin_id, &w->row, err);
        if (r < 0)
                return r;
        w->mails = g_ptr_array_new_with_free_func(archive_mail_free);
        if (w->fresh)
                r = check_fresh(w, err);
        if (r == 0)
                r = write_all(w, err);
        if (r < 0)
                error_prefix(err, "archive of %s", w->row->key);
        if (w->fresh && w->revisions)
                fresh->bulletin = NULL; /* the revision has it */
        w->row->current = NULL; /* it belongs to its revision */
        g_clear_pointer(&w->revisions, g_ptr_array_unref);
        g_clear_pointer(&w->mails, g_ptr_array_unref);
        g_clear_pointer(&w->row, bulletin_row_free);
        return r;
}

static int write_bulletin(struct database *db, struct file_batch *files, const char *directory, int64_t bulletin_id,
                          GHashTable *written, struct error *err)
{
        struct writing w = { .db = db, .files = files, .directory = directory, .written = written };
        return write_one(&w, bulletin_id, err);
}

/* A pass over the to-do list. finished: written and durable, and still on the list: the last one leaves it only when the
 * index tells of it, so that whoever is killed before that makes the index again. */
struct update {
        struct database *db;
        const char *directory;
        archive_stop_function stop;
        void *context;
        struct file_batch *files;
        GArray *finished;
        struct archive_pass *pass;
        bool index_due;
        int64_t index_ms; /* when it was last written */
};

static int write_pending(struct update *update, const struct archive_pending *pending, struct error *err)
{
        struct archive_feed *feed = update->pass->feed;
        struct archive_fresh *fresh = feed ? archive_feed_take(feed, pending->mark) : NULL;
        struct writing w = { .db = update->db, .files = update->files, .directory = update->directory, .fresh = fresh };
        int r = write_one(&w, pending->bulletin_id, err);
        archive_fresh_free(fresh);
        return r;
}

/* The index in the making: its rows go to the file one by one, however many there are. */
struct index_writing { struct file_writer *file; GString *text; struct archive_index index; };

static void flush_index(struct index_writing *w)
{
        file_writer_append(w->file, w->text->str, w->text->len);
        g_string_truncate(w->text, 0);
}

static void write_index_row(const struct bulletin_row *row, void *context)
{
        struct index_writing *w = context;
        archive_index_row(&w->index, w->text, row);
        flush_index(w);
}

static int write_index_rows(struct database *db, struct index_writing *w, struct error *err)
{
        struct bulletin_filter verified = { .kind = -1, .without_content = true, .trust = BULLETINS_VERIFIED };
        struct bulletin_filter others = { .kind = -1, .without_content = true, .trust = BULLETINS_UNVERIFIED };
        int64_t bulletins, revisions;
        int r = bulletins_count(db, &bulletins, &revisions, err);
        if (r < 0)
                return r;
        archive_index_begin(&w->index, w->text, bulletins);
        r = bulletins_each(db, &verified, write_index_row, w, err);
        if (r == 0)
                r = bulletins_each(db, &others, write_index_row, w, err);
        archive_index_end(&w->index, w->text);
        flush_index(w);
        return r;
}

int archive_write_index(struct database *db, const char *directory, struct error *err)
{
        g_autofree char *path = g_build_filename(directory, "index.html", NULL);
        struct index_writing w = { .text = NULL };
        int r = file_writer_open(path, FILE_MODE, &w.file, err);
        if (r < 0)
                return r;
        w.text = g_string_new(NULL);
        r = database_begin_reading(db, err);
        if (r == 0) {
                r = write_index_rows(db, &w, err);
                database_rollback(db);
        }
        g_string_free(w.text, TRUE);
        if (r == 0)
                return file_writer_commit(w.file, err);
        file_writer_abort(w.file);
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


/* Takes what was written, and is durable, off the to-do list, all but the last `keep`. The marks are older than what was
 * read: what has arrived meanwhile has put a newer mark, which stays. */
static int finish(struct database *db, GArray *finished, guint keep, struct error *err)
{
        if (finished->len <= keep)
                return 0;
        guint count = finished->len - keep;
        int r = database_enter(db, err);
        if (r < 0)
                return r;
        for (guint i = 0; r == 0 && i < count; i++) {
                const struct archive_pending *one = &g_array_index(finished, struct archive_pending, i);
                r = bulletins_archive_done_at(db, one->bulletin_id, one->mark, err);
        }
        r = database_leave(db, r, err);
        if (r == 0)
                g_array_remove_range(finished, 0, count);
        return r;
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

static int write_index_and_finish(struct update *update, struct error *err)
{
        int64_t start_ms = clock_monotonic_ms();
        int r = archive_write_index(update->db, update->directory, err);
        update->index_ms = clock_monotonic_ms();
        update->pass->index_took_ms = update->index_ms - start_ms;
        if (r == 0)
                r = finish(update->db, update->finished, 0, err);
        if (r == 0)
                update->index_due = false;
        return r;
}

/* Renders them in one view of the database. The first error is returned; what can be written is, whatever else failed. */
static int write_some(struct update *update, const GArray *todo, struct error *err)
{
        struct error local = ERROR_INIT;
        int first = database_begin_reading(update->db, err);
        if (first < 0)
                return first;
        for (guint i = 0; i < todo->len && first != -ERR_CANCELLED; i++) {
                struct archive_pending one = g_array_index(todo, struct archive_pending, i);
                int r = update->stop && update->stop(update->context) ? error_set(&local, -ERR_CANCELLED, "stopped") :
                        write_pending(update, &one, &local);
                if (r == 0)
                        g_array_append_val(update->finished, one);
                first = keep_first(first, r, err, &local);
        }
        database_rollback(update->db);
        return first;
}

static int update_some(struct update *update, const GArray *todo, struct error *err)
{
        struct error local = ERROR_INIT;
        guint before = update->finished->len;
        int first = write_some(update, todo, err);
        int r = file_batch_sync(update->files, &local);
        if (r < 0)
                g_array_set_size(update->finished, before); /* none of these is known to be on the disk */
        update->pass->written += update->finished->len - before;
        update->index_due = update->index_due || update->finished->len > before;
        if (r == 0)
                r = finish(update->db, update->finished, 1, &local);
        if (r == 0 && update->index_due && clock_monotonic_ms() - update->index_ms >= INDEX_INTERVAL_MS)
                r = write_index_and_finish(update, &local);
        return keep_first(first, r, err, &local);
}

/* In the order of the marks, each once: one that can't be written does not come up again in this pass. */
static int update_all(struct update *update, struct error *err)
{
        struct error local = ERROR_INIT;
        int64_t last_mark = 0;
        int first = 0;
        for (;;) {
                g_autoptr(GArray) todo = NULL;
                int r = bulletins_archive_pending_after(update->db, last_mark, PENDING_AT_ONCE, &todo, &local);
                if (r < 0)
                        return keep_first(first, r, err, &local);
                if (todo->len == 0)
                        return first;
                last_mark = g_array_index(todo, struct archive_pending, todo->len - 1).mark;
                r = update_some(update, todo, &local);
                first = keep_first(first, r, err, &local);
                if (r == -ERR_CANCELLED)
                        return first;
        }
}

int archive_update_pass(struct database *db, const char *directory, archive_stop_function stop, void *context,
                        struct archive_pass *pass, struct error *err)
{
        struct error local = ERROR_INIT;
        struct update update = { .db = db, .directory = directory, .stop = stop, .context = context, .pass = pass,
                                 .files = file_batch_new(), .index_ms = clock_monotonic_ms() };
        update.finished = g_array_new(FALSE, FALSE, sizeof(struct archive_pending));
        pass->written = 0;
        int first = keep_first(0, remove_stale(db, directory, &local), err, &local);
        first = keep_first(first, update_all(&update, &local), err, &local);
        g_autofree char *index = g_build_filename(directory, "index.html", NULL);
        if ((update.index_due && !pass->index_later) || (first == 0 && !g_file_test(index, G_FILE_TEST_EXISTS)))
                first = keep_first(first, write_index_and_finish(&update, &local), err, &local);
        file_batch_free(update.files);
        g_array_unref(update.finished);
        return first;
}

int archive_update(struct database *db, const char *directory, archive_stop_function stop, void *context,
                   unsigned *ret_written, struct error *err)
{
        struct archive_pass pass = { .feed = NULL };
        int r = archive_update_pass(db, directory, stop, context, &pass, err);
        if (r == 0 && ret_written)
                *ret_written = pass.written;
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

struct sweep { struct database *db; struct file_batch *files; const char *directory; GHashTable *keep; unsigned removed; };

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
                r = write_bulletin(sweep->db, sweep->files, sweep->directory, bulletin_id, sweep->keep, err);
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
        static const char *const folders[] = { "advance-notice", "alert", "news", "tips", "unverified", "weekly" };
        int r = 0;
        for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(folders); i++)
                r = sweep_folder(sweep, folders[i], 0, err);
        return r;
}

static int rebuild_bulletins(struct database *db, struct file_batch *files, const char *directory, GHashTable *written,
                             const GArray *todo, archive_progress_function progress, void *context, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < todo->len; i++) {
                int64_t id = g_array_index(todo, struct archive_pending, i).bulletin_id;
                r = write_bulletin(db, files, directory, id, written, err);
                if (r == 0 && progress)
                        progress(i + 1, todo->len, context);
        }
        return r;
}

int archive_rebuild(struct database *db, const char *directory, archive_progress_function progress, void *context,
                    unsigned *ret_written, unsigned *ret_removed, struct error *err)
{
        g_autoptr(GArray) todo = NULL;
        int r = bulletins_archive_all(db, err);
        if (r == 0)
                r = bulletins_archive_pending_after(db, 0, 0, &todo, err);
        if (r < 0)
                return r;
        g_autoptr(GHashTable) written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        unsigned total = todo->len;
        struct file_batch *files = file_batch_new();
        struct sweep sweep = { db, files, directory, written, 0 };
        r = rebuild_bulletins(db, files, directory, written, todo, progress, context, err);
        if (r == 0)
                r = sweep_all(&sweep, err);
        if (r == 0)
                r = remove_stale(db, directory, err);
        if (r == 0)
                r = file_batch_sync(files, err);
        file_batch_free(files);
        if (r == 0)
                r = archive_write_index(db, directory, err);
        if (r == 0)
                r = finish(db, todo, 0, err);
        if (r == 0) {
                *ret_written = total;
                *ret_removed = sweep.removed;
        }
        return r;
}
