/* SPDX-License-Identifier: MIT */
/* The thread that keeps the archive mirror up to date with the database. */
#include "common/clock.h"
#include "common/log.h"
#include "daemon/health_watch.h"
#include "daemon/memory.h"
#include "daemon/service_p.h"
#include "store/archive.h"
#include "store/compress.h"

#define RETRY_WAIT_MS 60000
#define GATHER_MIN_MS 200  /* a batch of mails makes one new index, not one for each mail; nor does a long index, made */
#define GATHER_MAX_MS 5000 /* again and again, take more than a small part of the time */
#define GATHER_SHARE 20
#define GATHER_STEP_MS 20 /* between two looks at whether the service is to stop */
#define MUCH 50u           /* bulletins in one update */
#define CACHE_KIB 256u

struct archiver {
        struct service *service;
        struct database *db;
        struct archive_mirror *mirror;
        struct log_repeat repeat;
        struct archive_pass pass;
        unsigned written; /* since memory was last given back */
};

static void report(struct archiver *archiver, int r, const struct error *err)
{
        struct service *service = archiver->service;
        if (r < 0 && !wake_is_set(service->stop_fd))
                log_repeat_failure(&archiver->repeat, LOG_LEVEL_ERROR, "archive", error_text(err));
        else if (r == 0)
                log_repeat_success(&archiver->repeat, "archive", "the archive is up to date");
        unsigned deliveries = 0;
        health_watch_archive(archiver->db, service->config, r, error_text(err), &deliveries);
        if (deliveries > 0)
                service_wake_after_commit(service);
}

static int update(struct archiver *archiver, bool pouring)
{
        struct service *service = archiver->service;
        struct error err = ERROR_INIT;
        archiver->pass.more_comes = pouring;
        wake_clear(service->archive_fd);
        archive_feed_set_active(service->archive_feed, true);
        int r = archive_mirror_update(archiver->mirror, wake_stops, &service->stop_fd, &archiver->pass, &err);
        archive_feed_set_active(service->archive_feed, r == 0);
        if (r < 0 || !pouring)
                report(archiver, r, &err);
        error_clear(&err);
        archiver->written += archiver->pass.written;
        if (archiver->written >= MUCH && !pouring && !wake_is_set(service->archive_end_fd)) {
                database_release_memory(archiver->db);
                compress_release();
                memory_trim();
                archiver->written = 0;
        }
        return r;
}

/* Waits for something to do, and then for more of it, unless there is enough. Returns whether mails pour in. */
static bool wait_for_work(struct archiver *archiver, int result)
{
        struct service *service = archiver->service;
        int64_t gather_ms = CLAMP(archiver->pass.index_took_ms * GATHER_SHARE, GATHER_MIN_MS, GATHER_MAX_MS);
        int64_t wait_ms = archiver->pass.unfinished ? GATHER_MIN_MS : G_MAXINT;
        wake_wait(service->stop_fd, service->archive_fd, result < 0 ? RETRY_WAIT_MS : wait_ms);
        for (int64_t end_ms = clock_monotonic_ms() + gather_ms; clock_monotonic_ms() < end_ms;) {
                wake_clear(service->archive_full_fd); /* before the look at what it stands for */
                if (archive_feed_is_filling(service->archive_feed))
                        return true;
                if (wake_is_set(service->stop_fd) || wake_is_set(service->archive_end_fd))
                        break;
                wake_wait(service->archive_full_fd, service->archive_end_fd, GATHER_STEP_MS);
        }
        return false;
}

gpointer archiver_thread(gpointer data)
{
        struct archiver archiver = { .service = data };
        struct service *service = archiver.service;
        bool pouring = false;
        archiver.db = service_open_database(service, "archive");
        if (archiver.db) {
                database_set_cache_kib(archiver.db, CACHE_KIB);
                archiver.mirror = archive_mirror_new(archiver.db, service->config->archive_dir, service->archive_feed);
        }
        for (bool last = archiver.db == NULL; !last && !wake_is_set(service->stop_fd);) {
                last = wake_is_set(service->archive_end_fd); /* asked before the update: it has then seen everything */
                int r = update(&archiver, pouring && !last);
                if (last && r < 0 && r != -ERR_CANCELLED)
                        g_atomic_int_inc(&service->failures);
                if (!last)
                        pouring = wait_for_work(&archiver, r);
        }
        archive_feed_set_active(service->archive_feed, false);
        archive_mirror_free(archiver.mirror);
        database_close(archiver.db);
        return NULL;
}
