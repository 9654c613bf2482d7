/* SPDX-License-Identifier: MIT */
/* The mirror kept up to date: through the to-do list, and the order in which things become durable. */
#include "store/archive.h"

#include "common/clock.h"
#include "store/archive_p.h"

#define LISTED_AT_ONCE 256u
#define SYNCED_AT_ONCE 256u     /* bulletins: a sync costs as much as a handful of files */
#define INDEX_INTERVAL_MS 10000 /* while the list never gets empty */

struct archive_mirror {
        struct archive_writing writing;
        struct archive_feed *feed; /* or NULL */
        int64_t last_mark;         /* the list is worked off up to here */
        GArray *written;           /* struct archive_span: what is written and still on the list */
        bool failed_since;         /* the last one could not be written: a new span begins */
        unsigned unsynced;         /* of these bulletins */
        int64_t index_ms;          /* when the index was last written */
};

struct archive_mirror *archive_mirror_new(struct database *db, const char *directory, struct archive_feed *feed)
{
        struct archive_mirror *mirror = g_new0(struct archive_mirror, 1);
        archive_writing_init(&mirror->writing, db, directory);
        mirror->feed = feed;
        mirror->written = g_array_new(FALSE, FALSE, sizeof(struct archive_span));
        mirror->index_ms = clock_monotonic_ms();
        return mirror;
}

void archive_mirror_free(struct archive_mirror *mirror)
{
        if (!mirror)
                return;
        archive_writing_clear(&mirror->writing);
        g_array_unref(mirror->written);
        g_free(mirror);
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

static struct archive_span *last_span(const struct archive_mirror *mirror)
{
        return &g_array_index(mirror->written, struct archive_span, mirror->written->len - 1);
}

static void note_result(struct archive_mirror *mirror, int64_t mark, bool written)
{
        struct archive_span one = { mark, mark };
        mirror->last_mark = mark;
        if (!written) {
                mirror->failed_since = true;
                return;
        }
        if (mirror->written->len == 0 || mirror->failed_since)
                g_array_append_val(mirror->written, one);
        else
                last_span(mirror)->last = mark;
        mirror->failed_since = false;
        mirror->unsynced++;
}

/* What was just stored is taken from memory, as long as the database says the same. */
static int write_due(struct archive_mirror *mirror, const struct archive_due *due, struct error *err)
{
        struct archive_fresh *fresh = mirror->feed ? archive_feed_take(mirror->feed, due->mark) : NULL;
        int r = fresh && due->single && due->name ? archive_write_fresh(&mirror->writing, due, fresh, err) :
                archive_write_bulletin(&mirror->writing, due->bulletin_id, err);
        archive_fresh_free(fresh);
        return r;
}

/* The first error is returned; what can be written is, whatever else failed. */
static int write_some(struct archive_mirror *mirror, const GPtrArray *todo, archive_stop_function stop, void *context,
                      struct archive_pass *pass, struct error *err)
{
        struct error local = ERROR_INIT;
        int first = 0;
        for (guint i = 0; i < todo->len; i++) {
                const struct archive_due *due = g_ptr_array_index(todo, i);
                if (stop && stop(context))
                        return keep_first(first, error_set(&local, -ERR_CANCELLED, "stopped"), err, &local);
                int r = write_due(mirror, due, &local);
                note_result(mirror, due->mark, r == 0);
                pass->written += r == 0;
                first = keep_first(first, r, err, &local);
        }
        return first;
}

/* Where that fails nothing that is still on the list is known to be on the disk: it is written again. */
static int sync_written(struct archive_mirror *mirror, struct error *err)
{
        if (mirror->unsynced == 0)
                return 0;
        mirror->unsynced = 0;
        int r = file_batch_sync(mirror->writing.files, err);
        if (r < 0)
                g_array_set_size(mirror->written, 0);
        return r;
}

static int write_index(struct archive_mirror *mirror, struct archive_pass *pass, struct error *err)
{
        int64_t start_ms = clock_monotonic_ms();
        int r = archive_write_index(mirror->writing.db, mirror->writing.directory, err);
        mirror->index_ms = clock_monotonic_ms();
        pass->index_took_ms = mirror->index_ms - start_ms;
        return r;
}

/* A sync waits for the disk; the index is made meanwhile. */
struct background_sync { struct archive_mirror *mirror; GThread *thread; int code; struct error error; };

static gpointer sync_in_background(gpointer data)
{
        struct background_sync *sync = data;
        sync->code = sync_written(sync->mirror, &sync->error);
        return NULL;
}

static void begin_sync(struct background_sync *sync)
{
        sync->thread = g_thread_try_new("sync", sync_in_background, sync, NULL);
        if (!sync->thread)
                sync_in_background(sync);
}

static int end_sync(struct background_sync *sync, struct error *err)
{
        if (sync->thread)
                g_thread_join(sync->thread);
        return sync->code < 0 ? error_move(err, &sync->error) : 0;
}

/* All but the last `keep`, 0 or 1. */
static int take_off_list(struct archive_mirror *mirror, unsigned keep, struct error *err)
{
        struct archive_span *end = last_span(mirror), kept = { end->last, end->last };
        const struct archive_span *spans = &g_array_index(mirror->written, struct archive_span, 0);
        end->last -= keep;
        int r = archive_todo_remove(mirror->writing.db, spans, mirror->written->len, err);
        if (r < 0) {
                end->last = kept.last;
                return r;
        }
        g_array_set_size(mirror->written, 0);
        if (keep > 0)
                g_array_append_val(mirror->written, kept);
        return 0;
}

/* What is written leaves the list when it is durable and the index tells of it: whoever is killed before that does it again.
 * Where the index can't be written one of them stays there for its sake. */
static int finish(struct archive_mirror *mirror, struct archive_pass *pass, struct error *err)
{
        struct error local = ERROR_INIT, index_error = ERROR_INIT;
        if (mirror->written->len == 0)
                return 0;
        struct background_sync sync = { .mirror = mirror };
        begin_sync(&sync);
        int index_code = write_index(mirror, pass, &index_error);
        int r = end_sync(&sync, err);
        r = keep_first(r, index_code, err, &index_error);
        if (mirror->written->len == 0) /* the sync has failed */
                return r;
        return keep_first(r, take_off_list(mirror, r < 0 ? 1 : 0, &local), err, &local);
}

/* While there is more to do: now and then. */
static int finish_in_time(struct archive_mirror *mirror, struct archive_pass *pass, struct error *err)
{
        if (clock_monotonic_ms() - mirror->index_ms >= INDEX_INTERVAL_MS)
                return finish(mirror, pass, err);
        return mirror->unsynced >= SYNCED_AT_ONCE ? sync_written(mirror, err) : 0;
}

/* In the order of the marks, each once: one that can't be written does not come up again in this pass. */
static int work_off(struct archive_mirror *mirror, archive_stop_function stop, void *context, struct archive_pass *pass,
                    struct error *err)
{
        struct error local = ERROR_INIT;
        int first = 0;
        for (;;) {
                g_autoptr(GPtrArray) todo = NULL;
                int r = archive_todo_read(mirror->writing.db, mirror->last_mark, LISTED_AT_ONCE, &todo, &local);
                if (r < 0)
                        return keep_first(first, r, err, &local);
                if (todo->len == 0)
                        return first;
                r = write_some(mirror, todo, stop, context, pass, &local);
                first = keep_first(first, r, err, &local);
                if (r == -ERR_CANCELLED)
                        return first;
                r = finish_in_time(mirror, pass, &local);
                first = keep_first(first, r, err, &local);
        }
}

static bool has_index(const struct archive_mirror *mirror)
{
        g_autofree char *path = g_build_filename(mirror->writing.directory, "index.html", NULL);
        return g_file_test(path, G_FILE_TEST_EXISTS);
}

int archive_mirror_update(struct archive_mirror *mirror, archive_stop_function stop, void *context, struct archive_pass *pass,
                          struct error *err)
{
        struct error local = ERROR_INIT;
        pass->written = 0;
        int r = archive_remove_stale(mirror->writing.db, mirror->writing.directory, &local);
        int first = keep_first(0, r, err, &local);
        r = work_off(mirror, stop, context, pass, &local);
        first = keep_first(first, r, err, &local);
        if (!pass->more_comes || first < 0) {
                first = keep_first(first, finish(mirror, pass, &local), err, &local);
                if (first == 0 && !has_index(mirror))
                        first = keep_first(first, write_index(mirror, pass, &local), err, &local);
        }
        pass->unfinished = mirror->written->len > 0;
        if (first < 0 || !pass->unfinished) { /* what could not be written comes up again, and what is still on the list */
                mirror->last_mark = 0;
                g_array_set_size(mirror->written, 0);
        }
        return first;
}

int archive_update(struct database *db, const char *directory, archive_stop_function stop, void *context,
                   unsigned *ret_written, struct error *err)
{
        struct archive_pass pass = { .more_comes = false };
        struct archive_mirror *mirror = archive_mirror_new(db, directory, NULL);
        int r = archive_mirror_update(mirror, stop, context, &pass, err);
        archive_mirror_free(mirror);
        if (r == 0 && ret_written)
                *ret_written = pass.written;
        return r;
}
