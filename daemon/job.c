/* SPDX-License-Identifier: MIT */
#include "daemon/job.h"

#include <string.h>

#include "common/limits.h"

struct slot {
        struct job *job;
        bool parsed;
};

struct job_queue {
        GMutex mutex;
        GCond changed;
        GQueue slots;    /* struct slot, in the order of arrival */
        GQueue unparsed; /* the same slots that still wait for a parser */
        size_t bytes, max_bytes;
        size_t parsed_bytes;
        guint parsed;
        int64_t gather_ms;
        bool closed;
};

struct job *job_new(enum job_kind kind)
{
        struct job *job = g_new0(struct job, 1);
        job->kind = kind;
        return job;
}

void job_free(struct job *job)
{
        if (!job)
                return;
        if (job->release)
                job->release(job->context);
        reader_result_clear(&job->result);
        mail_packed_clear(&job->packed);
        bulletin_prepared_clear(&job->prepared);
        error_clear(&job->error);
        g_free(job->source);
        g_free(job->mailbox);
        g_free(job->location);
        g_free(job->unverified);
        g_free(job->data);
        g_free(job);
}

struct job_queue *job_queue_new(size_t max_bytes)
{
        struct job_queue *queue = g_new0(struct job_queue, 1);
        g_mutex_init(&queue->mutex);
        g_cond_init(&queue->changed);
        g_queue_init(&queue->slots);
        g_queue_init(&queue->unparsed);
        queue->max_bytes = max_bytes;
        queue->gather_ms = LIMIT_BATCH_WAIT_MS;
        return queue;
}

static void slot_free(gpointer data)
{
        struct slot *slot = data;
        job_free(slot->job);
        g_free(slot);
}

void job_queue_free(struct job_queue *queue)
{
        if (!queue)
                return;
        g_queue_clear(&queue->unparsed);
        g_queue_clear_full(&queue->slots, slot_free);
        g_cond_clear(&queue->changed);
        g_mutex_clear(&queue->mutex);
        g_free(queue);
}

/* What a job costs while it is queued: its bytes, and something for itself so that marks count too. */
static size_t job_weight(const struct job *job)
{
        return sizeof *job + job->size;
}

static void count_parsed(struct job_queue *queue, const struct slot *slot)
{
        queue->parsed++;
        queue->parsed_bytes += job_weight(slot->job);
}

int job_queue_put(struct job_queue *queue, struct job *job)
{
        g_mutex_lock(&queue->mutex);
        while (!queue->closed && queue->bytes > 0 && queue->bytes + job_weight(job) > queue->max_bytes)
                g_cond_wait(&queue->changed, &queue->mutex);
        if (queue->closed) {
                g_mutex_unlock(&queue->mutex);
                job_free(job);
                return -ERR_CANCELLED;
        }
        struct slot *slot = g_new0(struct slot, 1);
        slot->job = job;
        slot->parsed = job->kind != JOB_MAIL || job->oversize_bytes != 0 || job->known_mail_id != 0 || job->parsed ||
                       job->code < 0;
        queue->bytes += job_weight(job);
        g_queue_push_tail(&queue->slots, slot);
        if (slot->parsed)
                count_parsed(queue, slot);
        else
                g_queue_push_tail(&queue->unparsed, slot);
        g_cond_broadcast(&queue->changed);
        g_mutex_unlock(&queue->mutex);
        return 0;
}

struct job *job_queue_take_unparsed(struct job_queue *queue)
{
        g_mutex_lock(&queue->mutex);
        while (!queue->closed && g_queue_is_empty(&queue->unparsed))
                g_cond_wait(&queue->changed, &queue->mutex);
        struct slot *slot = queue->closed ? NULL : g_queue_pop_head(&queue->unparsed);
        struct job *job = slot ? slot->job : NULL;
        g_mutex_unlock(&queue->mutex);
        return job;
}

void job_queue_set_parsed(struct job_queue *queue, struct job *job)
{
        g_mutex_lock(&queue->mutex);
        for (GList *link = queue->slots.head; link; link = link->next) {
                struct slot *slot = link->data;
                if (slot->job == job) {
                        slot->parsed = true;
                        count_parsed(queue, slot);
                        break;
                }
        }
        g_cond_broadcast(&queue->changed);
        g_mutex_unlock(&queue->mutex);
}

void job_queue_set_gather_ms(struct job_queue *queue, int64_t gather_ms)
{
        queue->gather_ms = gather_ms;
}

static bool head_is_ready(struct job_queue *queue)
{
        struct slot *head = g_queue_peek_head(&queue->slots);
        return head && head->parsed;
}

/* A transaction costs as much as some mails do. Of a history, which nobody waits for, as many as are about to be ready go
 * into one; a mail that has just come is never held up. */
static bool more_is_coming(struct job_queue *queue, unsigned max)
{
        const struct slot *head = g_queue_peek_head(&queue->slots);
        return head->job->kind == JOB_MAIL && head->job->history && queue->parsed < g_queue_get_length(&queue->slots) &&
               queue->parsed < max && queue->parsed_bytes < queue->max_bytes / 2;
}

static void gather(struct job_queue *queue, unsigned max)
{
        gint64 end = g_get_monotonic_time() + queue->gather_ms * 1000;
        while (!queue->closed && more_is_coming(queue, max))
                if (!g_cond_wait_until(&queue->changed, &queue->mutex, end))
                        break;
}

GPtrArray *job_queue_take_ready(struct job_queue *queue, unsigned max, int64_t wait_ms)
{
        GPtrArray *jobs = g_ptr_array_new_with_free_func((GDestroyNotify) job_free);
        gint64 end = g_get_monotonic_time() + wait_ms * 1000;
        g_mutex_lock(&queue->mutex);
        while (!queue->closed && !head_is_ready(queue))
                if (!g_cond_wait_until(&queue->changed, &queue->mutex, end))
                        break;
        if (!queue->closed && head_is_ready(queue))
                gather(queue, max);
        while (!queue->closed && jobs->len < max && head_is_ready(queue)) {
                struct slot *slot = g_queue_pop_head(&queue->slots);
                queue->bytes -= job_weight(slot->job);
                queue->parsed_bytes -= job_weight(slot->job);
                queue->parsed--;
                g_ptr_array_add(jobs, slot->job);
                g_free(slot);
        }
        g_cond_broadcast(&queue->changed);
        g_mutex_unlock(&queue->mutex);
        return jobs;
}

void job_queue_close(struct job_queue *queue)
{
        g_mutex_lock(&queue->mutex);
        queue->closed = true;
        g_cond_broadcast(&queue->changed);
        g_mutex_unlock(&queue->mutex);
}

bool job_queue_is_closed(struct job_queue *queue)
{
        g_mutex_lock(&queue->mutex);
        bool closed = queue->closed;
        g_mutex_unlock(&queue->mutex);
        return closed;
}

const char *job_event_text(const char *event)
{
        static const struct { const char *event, *text; } texts[] = {
                { "first", "first seen" },
                { "later", "a later revision" },
                { "earlier", "an earlier revision, arriving late" },
                { "variant", "other content under the same dates" },
                { "undated", "other content, without dates" },
                { "known", "the very same mail, on record already" },
        };
        for (size_t i = 0; event && i < G_N_ELEMENTS(texts); i++)
                if (strcmp(texts[i].event, event) == 0)
                        return texts[i].text;
        return event;
}
