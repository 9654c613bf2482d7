/* SPDX-License-Identifier: MIT */
/*
 * After an upgrade the mails that earlier versions could not read, or did not recognise, are read again, once: one of them
 * may be a bulletin of which nobody was told. In the background, one at a time, beside the parsers of the mails that arrive,
 * so that none of these has to wait.
 */
#include "build_config.h"

#include <errno.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/pipeline.h"
#include "daemon/service_p.h"
#include "daemon/verification.h"
#include "store/mails.h"
#include "store/refetch.h"
#include "store/reread.h"

#define REREAD_AGE_MS (366ll * 24 * 60 * 60 * 1000) /* what came before that is nobody's surprise any more */
#define RETRY_WAIT_MS 60000
#define SAVE_EVERY 50u

struct reread {
        struct service *service;
        struct database *db;
        struct worker *worker;
        struct log_repeat repeat;
        int64_t last_mail_id;
        unsigned read, changed;
};

/* Until a mail is stored; whoever is last frees: the writer may come to it when this thread has ended. */
struct ticket { gint references; int fd; };

static void ticket_unref(void *data)
{
        struct ticket *ticket = data;
        if (!g_atomic_int_dec_and_test(&ticket->references))
                return;
        close(ticket->fd);
        g_free(ticket);
}

static void ticket_signal(struct job *job, void *context)
{
        (void) job;
        wake_signal(((struct ticket *) context)->fd);
}

/* Takes the job. */
static int store(struct reread *reread, struct job *job)
{
        struct ticket *ticket = g_new0(struct ticket, 1);
        ticket->references = 2;
        ticket->fd = wake_new();
        job->committed = ticket_signal;
        job->release = ticket_unref;
        job->context = ticket;
        pipeline_prepare(job);
        int r = job_queue_put(reread->service->queue, job);
        while (r == 0 && !wake_is_set(ticket->fd) && !wake_is_set(reread->service->stop_fd))
                wake_wait(ticket->fd, reread->service->stop_fd, 60000);
        if (r == 0 && !wake_is_set(ticket->fd))
                r = -ERR_CANCELLED;
        ticket_unref(ticket);
        return r;
}

/* NULL: there is nothing to be read of it. */
static struct job *job_for(struct reread *reread, const struct mail_row *mail, struct error *err)
{
        char *data;
        size_t size;
        GPtrArray *sightings;
        if (mails_read(reread->db, mail->id, &data, &size, err) < 0)
                return NULL;
        struct job *job = job_new(JOB_MAIL);
        job->again_mail_id = mail->id;
        job->received_ms = mail->received_ms;
        job->history = mail->history;
        job->form = READER_MAIL;
        job->data = data;
        job->size = size;
        job->parsed = true;
        if (mails_sightings(reread->db, mail->id, &sightings, NULL) == 0) {
                job->source = g_strdup(verification_source(reread->service->config, sightings));
                g_ptr_array_unref(sightings);
        }
        if (!job->source)
                job->source = g_strdup("quarantine");
        return job;
}

static bool is_understood_better(const struct mail_row *mail, const struct job *job)
{
        if (job->code < 0 || job->result.outcome == READER_REFUSED)
                return false;
        return job->result.outcome == READER_RECOGNISED || mail->outcome == MAIL_QUARANTINED;
}

static int read_mail(struct reread *reread, const struct mail_row *mail, struct error *err)
{
        struct error damaged = ERROR_INIT;
        struct job *job = job_for(reread, mail, &damaged);
        if (!job) {
                log_warning("reread", "%s", error_text(&damaged));
                error_clear(&damaged);
                return 0;
        }
        int64_t start_ms = clock_monotonic_ms();
        int r = parse_job(reread->service, reread->worker, job, &reread->repeat);
        reread->read++;
        if (r == 0) /* half of one processor's time is enough for this */
                wake_wait(reread->service->stop_fd, -1, 1 + clock_monotonic_ms() - start_ms);
        if (r == 0 && is_understood_better(mail, job)) {
                r = store(reread, job);
                reread->changed += r == 0;
        } else {
                job_free(job);
        }
        return r < 0 ? error_set(err, -ERR_CANCELLED, "stopped") : 0;
}

static int is_wanted(struct reread *reread, const struct mail_row *mail, bool *ret_wanted, struct error *err)
{
        struct quarantine_row *row;
        *ret_wanted = mail->stored_ms >= clock_wall_ms() - REREAD_AGE_MS;
        if (mail->outcome != MAIL_QUARANTINED)
                return 0;
        int r = quarantine_get(reread->db, mail->id, &row, err);
        if (r == -ERR_NOT_FOUND) { /* 'quarantine retry' was quicker */
                error_clear(err);
                *ret_wanted = false;
                return 0;
        }
        if (r < 0)
                return r;
        *ret_wanted = *ret_wanted && !refetch_is_needed(row);
        quarantine_row_free(row);
        return 0;
}

/* *ret_more: there was one. */
static int read_next(struct reread *reread, bool *ret_more, struct error *err)
{
        int64_t mail_id;
        struct mail_row *mail;
        bool wanted = false;
        int r = reread_next(reread->db, reread->last_mail_id, &mail_id, err);
        *ret_more = r == 0 && mail_id != 0;
        if (!*ret_more)
                return r;
        r = mails_get(reread->db, mail_id, &mail, err);
        if (r < 0)
                return r;
        r = is_wanted(reread, mail, &wanted, err);
        if (r == 0 && wanted)
                r = read_mail(reread, mail, err);
        mail_row_free(mail);
        if (r == 0)
                reread->last_mail_id = mail_id;
        return r;
}

static int read_all(struct reread *reread, struct error *err)
{
        bool done, more = true;
        int r = reread_load(reread->db, PACKAGE_VERSION, &reread->last_mail_id, &done, err);
        if (r < 0 || done)
                return r;
        for (unsigned i = 1; r == 0 && more; i++) {
                if (wake_is_set(reread->service->stop_fd))
                        return error_set(err, -ERR_CANCELLED, "stopped");
                r = read_next(reread, &more, err);
                if (r == 0 && more && i % SAVE_EVERY == 0)
                        r = reread_save(reread->db, PACKAGE_VERSION, reread->last_mail_id, false, err);
        }
        if (r == 0)
                r = reread_save(reread->db, PACKAGE_VERSION, reread->last_mail_id, true, err);
        if (r == 0 && reread->read > 0)
                log_notice("reread", "%u mail%s that an earlier version did not understand %s read again: %u of them %s "
                           "understood now", reread->read, reread->read == 1 ? "" : "s", reread->read == 1 ? "was" : "were",
                           reread->changed, reread->changed == 1 ? "is" : "are");
        return r;
}

gpointer reread_thread(gpointer data)
{
        struct service *service = data;
        struct reread reread = { .service = service, .db = service_open_database(service, "reread") };
        reread.worker = worker_new(&service->config->parser);
        int r = reread.db ? -EAGAIN : 0;
        while (r < 0) {
                struct error err = ERROR_INIT;
                r = read_all(&reread, &err);
                if (r == -ERR_CANCELLED || wake_is_set(service->stop_fd))
                        r = 0;
                if (r < 0)
                        log_warning("reread", "%s", error_text(&err));
                if (r < 0 && (!store_error_passes(r) || service->once || wake_wait(service->stop_fd, -1, RETRY_WAIT_MS) == 0))
                        r = 0; /* the next start goes on with it */
                error_clear(&err);
        }
        worker_free(reread.worker);
        database_close(reread.db);
        return NULL;
}
