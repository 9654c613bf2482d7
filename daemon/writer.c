/* SPDX-License-Identifier: MIT */
/* The one writer, which commits what the parser threads bring. */
#include <errno.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "daemon/memory.h"
#include "daemon/pipeline.h"
#include "daemon/service_p.h"
#include "store/outbox.h"
#include "store/refetch.h"

#define WRITER_TURN_MS 1000
#define RETRY_WAIT_MS 1000
#define MUCH 50u /* mails */
/* For the archive to take what one transaction stored: reading it from the database again costs more than the wait, which
 * only comes up while mails pour in. */
#define FEED_WAIT_MS 500
#define IDLE_TURNS 3u
#define CACHE_KIB 2048u /* what a transaction of a hundred mails changes: pages that must make room in its middle are written twice */

/* Errors that one mail can cause: a row that a constraint refuses, a value that is too large. With any other the store
 * would refuse every mail. */
static bool may_be_the_mails_fault(int code)
{
        return code == -ERR_STORE || code == -ERR_LIMIT || code == -ERR_MALFORMED || code == -EINVAL || code == -ERR_NOT_FOUND;
}

/* One mail whose rows the store refuses must not keep the others out: it goes into quarantine with what the store said,
 * if the store says it twice. */
static int commit_alone(struct service *service, struct database *db, struct job *job, struct error *err)
{
        g_autoptr(GPtrArray) one = g_ptr_array_new();
        g_ptr_array_add(one, job);
        int r = pipeline_commit(db, service->config, one, NULL, err);
        if (r < 0 && may_be_the_mails_fault(r)) {
                error_clear(err);
                r = pipeline_commit(db, service->config, one, NULL, err);
        }
        if (r == 0 || !may_be_the_mails_fault(r) || job->kind != JOB_MAIL)
                return r;
        reader_result_clear(&job->result);
        job->code = r;
        error_clear(&job->error);
        error_move(&job->error, err);
        error_prefix(&job->error, "the bulletin could not be stored");
        return pipeline_commit(db, service->config, one, NULL, err);
}

/* Commits all jobs, in order, as one transaction or, where that fails for the sake of one, each alone. *done counts those
 * that are committed. */
static int commit_jobs(struct service *service, struct database *db, GPtrArray *jobs, guint *done, struct error *err)
{
        if (*done == 0 && jobs->len > 1) {
                int r = pipeline_commit(db, service->config, jobs, NULL, err);
                if (r == 0)
                        *done = jobs->len;
                if (r == 0 || !may_be_the_mails_fault(r))
                        return r;
                error_clear(err);
        }
        while (*done < jobs->len) {
                int r = commit_alone(service, db, g_ptr_array_index(jobs, *done), err);
                if (r < 0)
                        return r;
                (*done)++;
        }
        return 0;
}

/* The archive need not read again what it has not seen before. */
static void feed_archive(struct service *service, struct job *job, int64_t *wait_ms)
{
        if (job->fresh_mark == 0 || !job->data)
                return;
        struct archive_fresh *fresh = g_new0(struct archive_fresh, 1);
        fresh->mark = job->fresh_mark;
        fresh->bulletin = g_steal_pointer(&job->result.bulletin);
        fresh->text = g_steal_pointer(&job->prepared.text);
        fresh->text_size = job->prepared.text_size;
        fresh->unverified = g_steal_pointer(&job->unverified);
        fresh->data = g_steal_pointer(&job->data);
        fresh->size = job->size;
        int64_t start_ms = clock_monotonic_ms();
        if (archive_feed_put(service->archive_feed, fresh, MAX(*wait_ms, 0)))
                wake_signal(service->archive_full_fd);
        *wait_ms -= clock_monotonic_ms() - start_ms;
}

static void tell_committed(struct service *service, GPtrArray *jobs)
{
        for (guint i = 0; i < jobs->len; i++) {
                struct job *job = g_ptr_array_index(jobs, i);
                if (job->kind == JOB_MAIL)
                        g_atomic_int_inc(&service->mails_stored);
                if (job->committed)
                        job->committed(job, job->context);
        }
        service_wake_after_commit(service);
        wake_signal(service->timer_fd); /* what is told may have to be told again */
        int64_t wait_ms = FEED_WAIT_MS;
        for (guint i = 0; i < jobs->len; i++)
                feed_archive(service, g_ptr_array_index(jobs, i), &wait_ms);
}

/* Keeps trying until the jobs are stored or the service stops; nothing is passed over. False: stop. */
static bool store_jobs(struct service *service, struct database *db, GPtrArray *jobs, struct log_repeat *repeat)
{
        guint done = 0;
        for (;;) {
                struct error err = ERROR_INIT;
                int r = commit_jobs(service, db, jobs, &done, &err);
                __atomic_store_n(&service->writer_beat_ms, clock_monotonic_ms(), __ATOMIC_RELAXED);
                if (r == 0) {
                        log_repeat_success(repeat, "store", "mails are stored again");
                        tell_committed(service, jobs);
                        return true;
                }
                if (!store_error_passes(r)) {
                        service_fail(service, "store", &err);
                        error_clear(&err);
                        return false;
                }
                if (!wake_is_set(service->stop_fd))
                        log_repeat_failure(repeat, LOG_LEVEL_ERROR, "store", error_text(&err));
                bool over = wake_wait(service->stop_fd, service->give_up_fd, RETRY_WAIT_MS) == 0;
                if (over && !wake_is_set(service->stop_fd))
                        service_fail(service, "store", &err); /* whoever waits for the commit hears of it */
                error_clear(&err);
                if (over)
                        return false;
        }
}

/* Deliveries stay when their channel is taken out of the configuration; somebody should know. */
static void report_orphans(struct service *service, struct database *db)
{
        struct error err = ERROR_INIT;
        GPtrArray *waiting;
        if (outbox_waiting(db, &waiting, &err) < 0) {
                log_warning("store", "%s", error_text(&err));
                error_clear(&err);
                return;
        }
        for (guint i = 0; i < waiting->len; i++) {
                const struct outbox_waiting *row = g_ptr_array_index(waiting, i);
                if (!config_channel(service->config, row->channel))
                        log_warning("store", "deliveries waiting for channel %s, which the configuration does not have: %"
                                    G_GINT64_FORMAT "; they stay until it has it again", row->channel, row->count);
        }
        g_ptr_array_unref(waiting);
}

/* What another process ('hotfixctl quarantine retry', an import) stores is sent and served as soon as what this one does.
 * The database counts every change made through another connection; looking at that costs some microseconds. */
static void notice_others(struct service *service, struct database *db, int64_t *looked_ms, int64_t *version)
{
        int64_t now_ms = clock_monotonic_ms(), present;
        bool requests = false;
        if (now_ms - *looked_ms < WRITER_TURN_MS || database_data_version(db, &present, NULL) < 0)
                return;
        *looked_ms = now_ms;
        if (present != *version && refetch_pending(db, &requests, NULL) == 0)
                service_wake_for_others(service, requests);
        *version = present;
}

/* What has been done since memory was last given back, and for how long nothing has come. */
struct load { unsigned stored, idle_turns; };

/* A daemon that waits needs little memory. One mail now and then is no reason to look for more to give back. */
static void note_work(struct load *load, unsigned jobs, struct database *db)
{
        load->stored += jobs;
        load->idle_turns = jobs > 0 ? 0 : load->idle_turns + 1;
        if (jobs > 1)
                memory_bound();
        if (load->stored < MUCH || load->idle_turns < IDLE_TURNS)
                return;
        database_release_memory(db);
        memory_trim();
        *load = (struct load) { 0 };
}

gpointer writer_thread(gpointer data)
{
        struct service *service = data;
        struct log_repeat repeat = { 0 };
        struct database *db = service->store ? g_steal_pointer(&service->store) : service_open_database(service, "store");
        bool good = db != NULL;
        struct load load = { .stored = MUCH }; /* the start counts as work */
        int64_t looked_ms = 0, version = 0;
        if (good) {
                database_set_cache_kib(db, CACHE_KIB);
                report_orphans(service, db);
        }
        while (good && !job_queue_is_closed(service->queue)) {
                GPtrArray *jobs = job_queue_take_ready(service->queue, LIMIT_BATCH_MAILS, WRITER_TURN_MS);
                __atomic_store_n(&service->writer_beat_ms, clock_monotonic_ms(), __ATOMIC_RELAXED);
                if (jobs->len > 0) {
                        archive_feed_expect(service->archive_feed, true);
                        good = store_jobs(service, db, jobs, &repeat);
                        archive_feed_expect(service->archive_feed, false);
                }
                unsigned count = jobs->len;
                job_queue_end(service->queue, jobs);
                note_work(&load, count, db);
                notice_others(service, db, &looked_ms, &version);
        }
        /* Whoever still waits for a commit must not wait for ever. */
        job_queue_close(service->queue);
        if (!good)
                wake_signal(service->stop_fd);
        else if (service->once)
                database_checkpoint(db); /* while the archive is completed */
        database_close(db);
        return NULL;
}
