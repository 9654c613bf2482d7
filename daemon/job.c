/* SPDX-License-Identifier: MIT */
#include "daemon/job.h"

#include <string.h>

#include "common/limits.h"

/* Each kind of waiting has a condition of its own, and none is signalled that nobody waits for: with thousands of mails in a
 * row, threads that wake for nothing, and the calls that wake nobody, cost as much as a tenth of the parsing. */
struct waiting {
        GCond changed;
        unsigned threads;
};

struct job_queue {
        GMutex mutex;
        struct waiting for_room, for_mail, for_parsed; /* mailboxes, parsers, the writer */
        GQueue jobs;     /* in the order of arrival */
        GQueue unparsed; /* those that still wait for a parser */
        size_t bytes, max_bytes; /* of those inside, and of those taken and not yet done with */
        size_t parsed_bytes;     /* of those that wait for the writer */
        guint parsed, parsed_new; /* parsed_new: no history */
        unsigned gathering; /* how many parsed jobs the writer waits for, while it has some already */
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

static void wait_while_nothing_changes(struct job_queue *queue, struct waiting *waiting)
{
        waiting->threads++;
        g_cond_wait(&waiting->changed, &queue->mutex);
        waiting->threads--;
}

/* False: the time is over. */
static bool wait_until(struct job_queue *queue, struct waiting *waiting, gint64 end)
{
        waiting->threads++;
        bool in_time = g_cond_wait_until(&waiting->changed, &queue->mutex, end);
        waiting->threads--;
        return in_time;
}

static void wake_one(struct waiting *waiting)
{
        if (waiting->threads > 0)
                g_cond_signal(&waiting->changed);
}

static void wake_all(struct waiting *waiting)
{
        if (waiting->threads > 0)
                g_cond_broadcast(&waiting->changed);
}

struct job_queue *job_queue_new(size_t max_bytes)
{
        struct job_queue *queue = g_new0(struct job_queue, 1);
        g_mutex_init(&queue->mutex);
        g_cond_init(&queue->for_room.changed);
        g_cond_init(&queue->for_mail.changed);
        g_cond_init(&queue->for_parsed.changed);
        g_queue_init(&queue->jobs);
        g_queue_init(&queue->unparsed);
        queue->max_bytes = max_bytes;
        queue->gather_ms = LIMIT_BATCH_WAIT_MS;
        return queue;
}

static void free_job(gpointer job)
{
        job_free(job);
}

void job_queue_free(struct job_queue *queue)
{
        if (!queue)
                return;
        g_queue_clear(&queue->unparsed);
        g_queue_clear_full(&queue->jobs, free_job);
        g_cond_clear(&queue->for_room.changed);
        g_cond_clear(&queue->for_mail.changed);
        g_cond_clear(&queue->for_parsed.changed);
        g_mutex_clear(&queue->mutex);
        g_free(queue);
}

/* What a job takes besides the mail: itself, its lists, and the room that is lost between pieces. */
#define JOB_BYTES (4u * KIB)

/* The memory that a job takes. Before a mail is parsed nobody knows what will come of it: of a usual one, packed, as a
 * bulletin and as that one's text, one and a half times as much again. Once it is, a bulletin's own strings are about as
 * long as its text. */
static size_t job_weight(const struct job *job)
{
        if (!job->parsed)
                return JOB_BYTES + job->size * 5 / 2;
        size_t data = job->data ? job->size : 0;
        return JOB_BYTES + data + job->packed.data_size + job->prepared.packed.size + 2 * job->prepared.text_size;
}

static bool is_new_mail(const struct job *job)
{
        return job->kind == JOB_MAIL && !job->history;
}

static bool head_is_ready(struct job_queue *queue)
{
        const struct job *head = g_queue_peek_head(&queue->jobs);
        return head && head->parsed;
}

/* After a mail of a mailbox's history there is always something: further mails, and a mark where the pass ends. But whoever
 * has to bring it must not be waiting for room. */
static bool more_is_fetched(struct job_queue *queue)
{
        const struct job *tail = g_queue_peek_tail(&queue->jobs);
        return tail->kind == JOB_MAIL && tail->history && tail->mailbox && queue->for_room.threads == 0;
}

/* A transaction costs as much as some mails do. Of a history, which nobody waits for, as many as are about to be ready go
 * into one; a mail that has just come is never held up, nor by the history of another mailbox before it. */
static bool more_is_coming(struct job_queue *queue, unsigned max)
{
        const struct job *head = g_queue_peek_head(&queue->jobs);
        bool more = queue->parsed < g_queue_get_length(&queue->jobs) || more_is_fetched(queue);
        return more && head->kind == JOB_MAIL && head->history && queue->parsed_new == 0 && queue->parsed < max &&
               queue->parsed_bytes < queue->max_bytes / 2;
}

/* One more is parsed. */
static void count_parsed(struct job_queue *queue, struct job *job)
{
        job->parsed = true;
        queue->bytes -= job->weight;
        job->weight = job_weight(job);
        queue->bytes += job->weight;
        queue->parsed++;
        queue->parsed_new += is_new_mail(job) ? 1 : 0;
        queue->parsed_bytes += job->weight;
        if (head_is_ready(queue) && (queue->gathering == 0 || !more_is_coming(queue, queue->gathering)))
                wake_all(&queue->for_parsed);
}

int job_queue_put(struct job_queue *queue, struct job *job)
{
        job->weight = job_weight(job);
        g_mutex_lock(&queue->mutex);
        while (!queue->closed && queue->bytes > 0 && queue->bytes + job->weight > queue->max_bytes) {
                if (queue->gathering > 0) /* it is not to wait for this one */
                        wake_all(&queue->for_parsed);
                wait_while_nothing_changes(queue, &queue->for_room);
        }
        if (queue->closed) {
                g_mutex_unlock(&queue->mutex);
                job_free(job);
                return -ERR_CANCELLED;
        }
        queue->bytes += job->weight;
        g_queue_push_tail(&queue->jobs, job);
        if (job->kind != JOB_MAIL || job->oversize_bytes != 0 || job->known_mail_id != 0 || job->parsed || job->code < 0) {
                count_parsed(queue, job);
        } else {
                g_queue_push_tail(&queue->unparsed, job);
                wake_one(&queue->for_mail);
        }
        g_mutex_unlock(&queue->mutex);
        return 0;
}

/* Whether the next mail may be read together with those before it: nobody waits for the mails of a history. */
static bool may_come_along(struct job_queue *queue, size_t room)
{
        const struct job *job = g_queue_peek_head(&queue->unparsed);
        return job && job->history && job->size <= room;
}

unsigned job_queue_take_unparsed(struct job_queue *queue, unsigned parsers, unsigned max, size_t max_bytes,
                                 struct job **ret_jobs)
{
        unsigned taken = 0;
        g_mutex_lock(&queue->mutex);
        while (!queue->closed && g_queue_is_empty(&queue->unparsed))
                wait_while_nothing_changes(queue, &queue->for_mail);
        if (!queue->closed) {
                unsigned share = MIN(max, (g_queue_get_length(&queue->unparsed) + parsers - 1) / parsers);
                struct job *job = ret_jobs[taken++] = g_queue_pop_head(&queue->unparsed);
                size_t bytes = job->size;
                while (job->history && taken < share && bytes < max_bytes && may_come_along(queue, max_bytes - bytes)) {
                        job = ret_jobs[taken++] = g_queue_pop_head(&queue->unparsed);
                        bytes += job->size;
                }
        }
        g_mutex_unlock(&queue->mutex);
        return taken;
}

void job_queue_set_parsed(struct job_queue *queue, struct job *job)
{
        g_mutex_lock(&queue->mutex);
        count_parsed(queue, job);
        g_mutex_unlock(&queue->mutex);
}

void job_queue_set_gather_ms(struct job_queue *queue, int64_t gather_ms)
{
        queue->gather_ms = gather_ms;
}

static void gather(struct job_queue *queue, unsigned max)
{
        gint64 end = g_get_monotonic_time() + queue->gather_ms * 1000;
        queue->gathering = max;
        while (!queue->closed && more_is_coming(queue, max))
                if (!wait_until(queue, &queue->for_parsed, end))
                        break;
        queue->gathering = 0;
}

GPtrArray *job_queue_take_ready(struct job_queue *queue, unsigned max, int64_t wait_ms)
{
        GPtrArray *jobs = g_ptr_array_new_with_free_func((GDestroyNotify) job_free);
        gint64 end = g_get_monotonic_time() + wait_ms * 1000;
        g_mutex_lock(&queue->mutex);
        while (!queue->closed && !head_is_ready(queue))
                if (!wait_until(queue, &queue->for_parsed, end))
                        break;
        if (!queue->closed && head_is_ready(queue))
                gather(queue, max);
        while (!queue->closed && jobs->len < max && head_is_ready(queue)) {
                struct job *job = g_queue_pop_head(&queue->jobs);
                queue->parsed_bytes -= job->weight;
                queue->parsed--;
                queue->parsed_new -= is_new_mail(job) ? 1 : 0;
                g_ptr_array_add(jobs, job);
        }
        g_mutex_unlock(&queue->mutex);
        return jobs;
}

void job_queue_end(struct job_queue *queue, GPtrArray *jobs)
{
        size_t bytes = 0;
        for (guint i = 0; i < jobs->len; i++)
                bytes += ((struct job *) g_ptr_array_index(jobs, i))->weight;
        g_ptr_array_unref(jobs);
        if (bytes == 0)
                return;
        g_mutex_lock(&queue->mutex);
        queue->bytes -= bytes;
        wake_all(&queue->for_room);
        g_mutex_unlock(&queue->mutex);
}

size_t job_queue_bytes(struct job_queue *queue)
{
        g_mutex_lock(&queue->mutex);
        size_t bytes = queue->bytes;
        g_mutex_unlock(&queue->mutex);
        return bytes;
}

void job_queue_close(struct job_queue *queue)
{
        g_mutex_lock(&queue->mutex);
        queue->closed = true;
        wake_all(&queue->for_room);
        wake_all(&queue->for_mail);
        wake_all(&queue->for_parsed);
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
