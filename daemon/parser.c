/* SPDX-License-Identifier: MIT */
/* The parser threads, each with its worker process. */
#include "common/log.h"
#include "daemon/pipeline.h"
#include "daemon/service_p.h"
#include "ingest/worker.h"

#define RETRY_WAIT_MS 1000
#define STARTED_AGAIN "the worker can be started again"

/* Codes that say something of the mail. With any other the worker could not even be started. */
static bool is_about_the_mail(int code)
{
        return code == 0 || code == -ERR_WORKER_CRASHED || code == -ERR_WORKER_TIMEOUT || code == -ERR_MALFORMED ||
               code == -ERR_LIMIT;
}

/* How often a mail is read until what went wrong is its own fault: a crash or a hang may have been the system's doing, and
 * a process that answers nonsense may have been spoiled by the mail before. Whoever kills processes, as a system without
 * memory does, may well do it twice in a row. */
static unsigned most_attempts(int code)
{
        if (code == 0 || code == -ERR_LIMIT)
                return 1;
        return code == -ERR_WORKER_CRASHED ? 3 : 2;
}

/* Each further attempt has a fresh process. One that could not be started is no attempt. */
int parse_job(struct service *service, struct worker *worker, struct job *job, struct log_repeat *repeat)
{
        for (unsigned attempts = 0;;) {
                error_clear(&job->error);
                job->code = worker_read(worker, job->data, job->size, job->form, service->stop_fd, &job->result, &job->error);
                if (job->code == -ERR_CANCELLED)
                        return job->code;
                if (!is_about_the_mail(job->code)) {
                        log_repeat_failure(repeat, LOG_LEVEL_ERROR, "parser", error_text(&job->error));
                        if (wake_wait(service->stop_fd, -1, RETRY_WAIT_MS) == 0)
                                return -ERR_CANCELLED;
                } else if (++attempts >= most_attempts(job->code)) {
                        log_repeat_success(repeat, "parser", STARTED_AGAIN);
                        return 0;
                }
        }
}

/* In one exchange. Each that was read has its result. */
static int read_together(struct service *service, struct worker *worker, struct job **jobs, unsigned count,
                         struct log_repeat *repeat, bool *ret_read)
{
        struct worker_mail mails[WORKER_TOGETHER_MAX];
        for (unsigned i = 0; i < count; i++)
                mails[i] = (struct worker_mail) { .data = jobs[i]->data, .size = jobs[i]->size, .form = jobs[i]->form };
        int r = worker_read_together(worker, mails, count, service->stop_fd, NULL);
        for (unsigned i = 0; i < count; i++) {
                ret_read[i] = mails[i].is_read;
                if (mails[i].is_read)
                        jobs[i]->result = mails[i].result;
        }
        if (r == 0)
                log_repeat_success(repeat, "parser", STARTED_AGAIN);
        return r;
}

int parse_jobs(struct service *service, struct worker *worker, struct job **jobs, unsigned count, struct log_repeat *repeat)
{
        bool is_read[WORKER_TOGETHER_MAX] = { false };
        int r = count > 1 ? read_together(service, worker, jobs, count, repeat, is_read) : 0;
        if (r == -ERR_CANCELLED)
                return r;
        /* No mail is to answer for another one, nor for what that has left behind. */
        bool afresh = r < 0 && is_about_the_mail(r);
        for (unsigned i = 0; i < count; i++) {
                if (is_read[i])
                        continue;
                if (afresh)
                        worker_stop(worker);
                if (parse_job(service, worker, jobs[i], repeat) < 0)
                        return -ERR_CANCELLED;
        }
        return 0;
}

gpointer parser_thread(gpointer data)
{
        struct service *service = data;
        struct worker_options options = service->config->parser;
        options.without_text = true; /* as large as the mail, and nobody's here */
        struct worker *worker = worker_new(&options);
        struct log_repeat repeat = { 0 };
        struct job *jobs[WORKER_TOGETHER_MAX];
        unsigned count;
        worker_start(worker, NULL); /* while the connections are made; what goes wrong is reported with the first mail */
        while ((count = job_queue_take_unparsed(service->queue, service->config->workers, WORKER_TOGETHER_MAX,
                                                WORKER_TOGETHER_BYTES, jobs)) > 0) {
                if (parse_jobs(service, worker, jobs, count, &repeat) < 0)
                        break;
                for (unsigned i = 0; i < count; i++) {
                        pipeline_prepare(jobs[i]);
                        job_queue_set_parsed(service->queue, jobs[i]);
                }
        }
        worker_free(worker);
        return NULL;
}
