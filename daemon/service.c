/* SPDX-License-Identifier: MIT */
#include "daemon/service.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "daemon/service_p.h"
#include "daemon/timer.h"
#include "store/outbox.h"

#define STOP_GRACE_MS 1000      /* a request broken off is sent again later: one that is nearly done may end */
#define WRITER_SILENCE_MS 60000 /* the writer turns at least every second; a commit may wait for the disk */

int wake_new(void)
{
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
                g_error("eventfd: %s", strerror(errno));
        return fd;
}

void wake_signal(int fd)
{
        uint64_t one = 1;
        ssize_t n = write(fd, &one, sizeof one);
        (void) n; /* a full counter is as readable as can be */
}

void wake_clear(int fd)
{
        uint64_t count;
        ssize_t n = read(fd, &count, sizeof count);
        (void) n;
}

bool wake_is_set(int fd)
{
        return wake_wait(fd, -1, 0) == 0;
}

int wake_wait(int fd_a, int fd_b, int64_t timeout_ms)
{
        struct pollfd fds[2] = { { fd_a, POLLIN, 0 }, { fd_b, POLLIN, 0 } };
        int n = poll(fds, 2, (int) CLAMP(timeout_ms, 0, G_MAXINT));
        return n > 0 ? 0 : -ETIMEDOUT;
}

bool wake_stops(void *fd)
{
        return wake_is_set(*(int *) fd);
}

bool store_error_passes(int code)
{
        return code == -ERR_STORE_BUSY || code == -ERR_STORE_FULL;
}

void service_fail(struct service *service, const char *context, const struct error *err)
{
        log_error(context, "%s; the service cannot go on", error_text(err));
        wake_signal(service->failed_fd);
}

struct database *service_open_database(struct service *service, const char *context)
{
        struct log_repeat repeat = { 0 };
        for (;;) {
                struct error err = ERROR_INIT;
                struct database *db;
                int r = database_open(service->config->database_file, DATABASE_WRITE, &db, &err);
                if (r == 0) {
                        log_repeat_success(&repeat, context, "the database can be opened again");
                        database_set_stop(db, wake_stops, &service->stop_fd);
                        return db;
                }
                if (!store_error_passes(r)) {
                        service_fail(service, context, &err);
                        error_clear(&err);
                        return NULL;
                }
                log_repeat_failure(&repeat, LOG_LEVEL_ERROR, context, error_text(&err));
                bool over = wake_wait(service->stop_fd, service->give_up_fd, 1000) == 0;
                if (over && !wake_is_set(service->stop_fd))
                        service_fail(service, context, &err);
                error_clear(&err);
                if (over)
                        return NULL;
        }
}

void service_wake_after_commit(struct service *service)
{
        wake_signal(service->archive_fd);
        for (guint i = 0; i < service->sender_fds->len; i++)
                wake_signal(GPOINTER_TO_INT(g_ptr_array_index(service->sender_fds, i)));
}

void service_wake_for_others(struct service *service, bool requests)
{
        service_wake_after_commit(service);
        wake_signal(service->timer_fd);
        for (guint i = 0; requests && i < service->mailbox_fds->len; i++)
                wake_signal(GPOINTER_TO_INT(g_ptr_array_index(service->mailbox_fds, i)));
}

static struct service *service_new(const struct config *config)
{
        struct service *service = g_new0(struct service, 1);
        service->config = config;
        service->queue = job_queue_new(LIMIT_QUEUE_BYTES);
        service->give_up_fd = -1;
        service->stop_fd = wake_new();
        service->abort_fd = wake_new();
        service->failed_fd = wake_new();
        service->archive_fd = wake_new();
        service->archive_full_fd = wake_new();
        service->archive_end_fd = wake_new();
        service->timer_fd = wake_new();
        service->archive_feed = archive_feed_new(LIMIT_FEED_BYTES);
        service->sender_fds = g_ptr_array_new();
        service->mailbox_fds = g_ptr_array_new();
        service->parsers = g_ptr_array_new();
        service->mailboxes = g_ptr_array_new();
        service->senders = g_ptr_array_new();
        service->senders_fd = wake_new();
        /* Before any thread: the writer wakes them, whether or not the senders have been started. */
        for (guint i = 0; i < config->channels->len; i++)
                g_ptr_array_add(service->sender_fds, GINT_TO_POINTER(wake_new()));
        for (guint i = 0; i < config->mailboxes->len; i++)
                g_ptr_array_add(service->mailbox_fds, GINT_TO_POINTER(wake_new()));
        g_autofree char *journal = g_build_filename(config->state_dir, "sent", NULL);
        service->journal = sent_journal_new(journal, config->retention_ms);
        service->login_pace = login_pace_new();
        service->writer_beat_ms = clock_monotonic_ms();
        return service;
}

struct service *service_begin(const struct config *config)
{
        struct service *service = service_new(config);
        for (unsigned i = 0; i < config->workers; i++)
                g_ptr_array_add(service->parsers, g_thread_new("parser", parser_thread, service));
        return service;
}

static void start_writer(struct service *service, struct database *db)
{
        if (db)
                database_set_stop(db, wake_stops, &service->stop_fd);
        service->store = db;
        service->writer = g_thread_new("writer", writer_thread, service);
}

static void start_mailboxes(struct service *service)
{
        for (guint i = 0; i < service->config->mailboxes->len; i++) {
                struct mailbox_start *start = g_new0(struct mailbox_start, 1);
                start->service = service;
                start->mailbox = g_ptr_array_index(service->config->mailboxes, i);
                start->attention_fd = GPOINTER_TO_INT(g_ptr_array_index(service->mailbox_fds, i));
                g_ptr_array_add(service->mailboxes, g_thread_new("mailbox", mailbox_thread, start));
        }
        /* What it reads comes from an earlier day's mailboxes. */
        g_ptr_array_add(service->mailboxes, g_thread_new("reread", reread_thread, service));
}

static void start_senders(struct service *service)
{
        g_atomic_int_set(&service->senders_running, (gint) service->config->channels->len);
        for (guint i = 0; i < service->config->channels->len; i++) {
                struct sender_start *start = g_new0(struct sender_start, 1);
                start->service = service;
                start->channel = g_ptr_array_index(service->config->channels, i);
                start->wake_fd = GPOINTER_TO_INT(g_ptr_array_index(service->sender_fds, i));
                g_ptr_array_add(service->senders, g_thread_new("sender", sender_thread, start));
        }
}

static void join_all(GPtrArray *threads)
{
        for (guint i = 0; i < threads->len; i++)
                g_thread_join(g_ptr_array_index(threads, i));
        g_ptr_array_set_size(threads, 0);
}

void service_start(struct service *service, struct database *db)
{
        start_writer(service, db);
        start_senders(service);
        service->archiver = g_thread_new("archiver", archiver_thread, service);
        service->timer = g_thread_new("timer", timer_thread, service);
        start_mailboxes(service);
}

struct service *service_start_store(const struct config *config, int give_up_fd)
{
        struct service *service = service_begin(config);
        service->give_up_fd = give_up_fd;
        start_writer(service, NULL);
        return service;
}

void service_start_archiver(struct service *service)
{
        service->archiver = g_thread_new("archiver", archiver_thread, service);
}

struct job_queue *service_queue(struct service *service)
{
        return service->queue;
}

/* Senders that are in the middle of a request may end it, for a moment. */
static void stop_senders(struct service *service, int64_t abort_ms)
{
        if (service->senders->len > 0 && g_atomic_int_get(&service->senders_running) > 0)
                wake_wait(service->senders_fd, -1, abort_ms - clock_monotonic_ms());
        wake_signal(service->abort_fd);
        join_all(service->senders);
}

void service_stop(struct service *service)
{
        if (!service)
                return;
        int64_t abort_ms = clock_monotonic_ms() + STOP_GRACE_MS;
        wake_signal(service->stop_fd);
        job_queue_close(service->queue);
        join_all(service->mailboxes);
        if (service->timer)
                g_thread_join(service->timer);
        stop_senders(service, abort_ms);
        join_all(service->parsers);
        if (service->archiver)
                g_thread_join(service->archiver);
        if (service->writer)
                g_thread_join(service->writer);
        job_queue_free(service->queue);
        archive_feed_free(service->archive_feed);
        sent_journal_free(service->journal);
        login_pace_free(service->login_pace);
        for (guint i = 0; i < service->sender_fds->len; i++)
                close(GPOINTER_TO_INT(g_ptr_array_index(service->sender_fds, i)));
        for (guint i = 0; i < service->mailbox_fds->len; i++)
                close(GPOINTER_TO_INT(g_ptr_array_index(service->mailbox_fds, i)));
        g_ptr_array_unref(service->sender_fds);
        g_ptr_array_unref(service->mailbox_fds);
        g_ptr_array_unref(service->parsers);
        g_ptr_array_unref(service->mailboxes);
        g_ptr_array_unref(service->senders);
        close(service->senders_fd);
        close(service->stop_fd);
        close(service->abort_fd);
        close(service->failed_fd);
        close(service->archive_fd);
        close(service->archive_full_fd);
        close(service->archive_end_fd);
        close(service->timer_fd);
        g_free(service);
}

int service_failed_fd(const struct service *service)
{
        return service->failed_fd;
}

bool service_is_alive(const struct service *service)
{
        return clock_monotonic_ms() - __atomic_load_n(&service->writer_beat_ms, __ATOMIC_RELAXED) < WRITER_SILENCE_MS;
}

char *service_describe(struct service *service)
{
        guint mailboxes = service->config->mailboxes->len;
        int stored = g_atomic_int_get(&service->mails_stored);
        return g_strdup_printf("%d of %u mailbox%s watched, %d mail%s stored since start",
                               g_atomic_int_get(&service->mailboxes_idle), mailboxes, mailboxes == 1 ? "" : "es",
                               stored, stored == 1 ? "" : "s");
}

void service_progress(struct service *service, unsigned *ret_found, unsigned *ret_stored)
{
        *ret_found = (unsigned) g_atomic_int_get(&service->mails_found);
        *ret_stored = (unsigned) g_atomic_int_get(&service->mails_stored);
}

/* While the mailbox threads of a single pass run: passes a stop on and draws the progress line. */
struct once_watch { struct service *service; int stop_fd, end_fd; bool show_progress; };

static gpointer watch_once(gpointer data)
{
        struct once_watch *watch = data;
        bool drawn = false;
        int64_t abort_ms = 0; /* not 0: it was told to stop */
        while (wake_wait(watch->end_fd, abort_ms ? -1 : watch->stop_fd, 200) < 0 || !wake_is_set(watch->end_fd)) {
                if (!abort_ms && wake_is_set(watch->stop_fd)) {
                        abort_ms = clock_monotonic_ms() + STOP_GRACE_MS;
                        wake_signal(watch->service->stop_fd);
                        job_queue_close(watch->service->queue);
                } else if (abort_ms && clock_monotonic_ms() >= abort_ms) {
                        wake_signal(watch->service->abort_fd);
                }
                unsigned found, stored;
                service_progress(watch->service, &found, &stored);
                if (watch->show_progress && found > 0) {
                        fprintf(stderr, "\r\033[K%u of %u mails stored", stored, found);
                        drawn = true;
                }
        }
        if (drawn)
                fprintf(stderr, "\r\033[K");
        return NULL;
}

/* Everything is stored: the archiver comes to its end with that, parsers and writer have nothing more to do. They end while
 * the rest of the service works, whose waits for the disk and the channels are as long. */
static void begin_end(struct service *service)
{
        wake_signal(service->archive_end_fd);
        wake_signal(service->archive_fd);
        job_queue_close(service->queue);
}

unsigned service_run_once(struct service *service, struct database *db, int stop_fd, bool show_progress)
{
        service->once = true;
        struct once_watch watch = { service, stop_fd, wake_new(), show_progress };
        GThread *watcher = g_thread_new("watch", watch_once, &watch);
        start_writer(service, db);
        service->archiver = g_thread_new("archiver", archiver_thread, service);
        start_mailboxes(service);
        join_all(service->mailboxes);
        begin_end(service);
        if (!wake_is_set(service->stop_fd)) {
                timer_thread(service); /* one turn: what it asks for is delivered with the rest */
                start_senders(service);
                join_all(service->senders);
        }
        g_thread_join(g_steal_pointer(&service->archiver));
        wake_signal(watch.end_fd);
        g_thread_join(watcher);
        close(watch.end_fd);
        unsigned failures = (unsigned) g_atomic_int_get(&service->failures);
        if (wake_is_set(service->stop_fd) || wake_is_set(service->failed_fd))
                failures++;
        service_stop(service);
        return failures;
}
