/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "daemon/job.h"
#include "tests/support.h"

static struct job *mail_job(guint32 uid, size_t size)
{
        struct job *job = job_new(JOB_MAIL);
        job->uid = uid;
        job->data = g_malloc0(size);
        job->size = size;
        return job;
}

/* NULL: the queue is closed. */
static struct job *take_one_unparsed(struct job_queue *queue)
{
        struct job *job;
        return job_queue_take_unparsed(queue, 1, 1, SIZE_MAX, &job) > 0 ? job : NULL;
}

static guint32 uid_at(GPtrArray *jobs, guint i)
{
        return ((struct job *) g_ptr_array_index(jobs, i))->uid;
}

START_TEST(order_is_kept_whatever_is_parsed_first)
{
        struct job_queue *queue = job_queue_new(1 << 20);
        for (guint32 uid = 1; uid <= 3; uid++)
                ck_assert_int_eq(job_queue_put(queue, mail_job(uid, 10)), 0);
        ck_assert_int_eq(job_queue_put(queue, job_new(JOB_MARK)), 0);
        struct job *first = take_one_unparsed(queue), *second = take_one_unparsed(queue);
        struct job *third = take_one_unparsed(queue);
        job_queue_set_parsed(queue, third);
        job_queue_set_parsed(queue, second);
        GPtrArray *ready = job_queue_take_ready(queue, 10, 0);
        ck_assert_uint_eq(ready->len, 0); /* the head is not parsed */
        g_ptr_array_unref(ready);
        job_queue_set_parsed(queue, first);
        ready = job_queue_take_ready(queue, 2, 0);
        ck_assert_uint_eq(ready->len, 2);
        ck_assert_uint_eq(uid_at(ready, 0), 1);
        ck_assert_uint_eq(uid_at(ready, 1), 2);
        g_ptr_array_unref(ready);
        ready = job_queue_take_ready(queue, 10, 0);
        ck_assert_uint_eq(ready->len, 2);
        ck_assert_uint_eq(uid_at(ready, 0), 3);
        ck_assert_int_eq(((struct job *) g_ptr_array_index(ready, 1))->kind, JOB_MARK);
        g_ptr_array_unref(ready);
        job_queue_free(queue);
}
END_TEST

static gpointer put_one(gpointer data)
{
        return GINT_TO_POINTER(job_queue_put(data, mail_job(2, 600)) == 0 ? 1 : 2);
}

START_TEST(a_full_queue_waits_for_room)
{
        struct job_queue *queue = job_queue_new(1000);
        /* Larger than the whole queue: alone it gets in. */
        ck_assert_int_eq(job_queue_put(queue, mail_job(1, 5000)), 0);
        GThread *thread = g_thread_new("put", put_one, queue);
        struct job *first = take_one_unparsed(queue);
        job_queue_set_parsed(queue, first);
        GPtrArray *ready = job_queue_take_ready(queue, 10, 0);
        ck_assert_uint_eq(ready->len, 1); /* the second was kept out until now */
        job_queue_end(queue, ready);
        ck_assert_int_eq(GPOINTER_TO_INT(g_thread_join(thread)), 1);
        struct job *second = take_one_unparsed(queue);
        ck_assert_uint_eq(second->uid, 2);
        job_queue_free(queue);
}
END_TEST

static gpointer put_other(gpointer queue)
{
        job_queue_put(queue, mail_job(3, 100000));
        return NULL;
}

static bool is_put(struct job_queue *queue, GThread *thread)
{
        struct job *job = take_one_unparsed(queue); /* waits for it */
        g_thread_join(thread);
        return job->uid == 3;
}

/* What has been taken still takes memory, until it is done with. */
START_TEST(what_was_taken_leaves_no_room)
{
        struct job_queue *queue = job_queue_new(1000000);
        for (guint32 uid = 1; uid <= 2; uid++) {
                ck_assert_int_eq(job_queue_put(queue, mail_job(uid, 150000)), 0); /* 2.5 times as much, each */
                job_queue_set_parsed(queue, take_one_unparsed(queue));
        }
        ck_assert_uint_lt(job_queue_bytes(queue), 320000); /* nothing came of them */
        GPtrArray *ready = job_queue_take_ready(queue, 10, 0);
        ck_assert_uint_eq(ready->len, 2);
        ck_assert_uint_gt(job_queue_bytes(queue), 300000);
        job_queue_end(queue, ready);
        ck_assert_uint_eq(job_queue_bytes(queue), 0);
        job_queue_free(queue);
}
END_TEST

/* What is made of a mail can be many times as large; the next one then waits until that is gone. */
START_TEST(what_was_made_of_a_mail_counts)
{
        struct job_queue *queue = job_queue_new(1000000);
        ck_assert_int_eq(job_queue_put(queue, mail_job(1, 100000)), 0);
        struct job *first = take_one_unparsed(queue);
        first->prepared.text_size = 400000;
        first->packed.data_size = 30000;
        job_queue_set_parsed(queue, first);
        ck_assert_uint_gt(job_queue_bytes(queue), 930000);
        GThread *thread = g_thread_new("put", put_other, queue);
        GPtrArray *ready = job_queue_take_ready(queue, 10, 0);
        ck_assert_uint_eq(ready->len, 1);
        first->packed.data_size = 0; /* there is none */
        job_queue_end(queue, ready);
        ck_assert(is_put(queue, thread));
        job_queue_free(queue);
}
END_TEST

START_TEST(a_closed_queue_lets_everybody_go)
{
        struct job_queue *queue = job_queue_new(1000);
        ck_assert_int_eq(job_queue_put(queue, mail_job(1, 5000)), 0);
        GThread *thread = g_thread_new("put", put_one, queue);
        job_queue_close(queue);
        ck_assert_int_eq(GPOINTER_TO_INT(g_thread_join(thread)), 2);
        ck_assert_ptr_null(take_one_unparsed(queue));
        GPtrArray *ready = job_queue_take_ready(queue, 10, 60000);
        ck_assert_uint_eq(ready->len, 0);
        g_ptr_array_unref(ready);
        job_queue_free(queue);
}
END_TEST

START_TEST(an_oversize_mail_needs_no_parser)
{
        struct job_queue *queue = job_queue_new(1000);
        struct job *job = mail_job(7, 10);
        job->oversize_bytes = 99;
        ck_assert_int_eq(job_queue_put(queue, job), 0);
        GPtrArray *ready = job_queue_take_ready(queue, 10, 0);
        ck_assert_uint_eq(ready->len, 1);
        g_ptr_array_unref(ready);
        job_queue_free(queue);
}
END_TEST

static gpointer take_all(gpointer queue)
{
        return job_queue_take_ready(queue, 10, 60000);
}

static gpointer take_unparsed(gpointer queue)
{
        return take_one_unparsed(queue);
}

/* Each put wakes a parser that waits, each mail that was parsed the writer: nobody is forgotten, however they meet. */
START_TEST(who_waits_is_woken)
{
        struct job_queue *queue = job_queue_new(1 << 20);
        for (guint32 uid = 1; uid <= 200; uid += 2) {
                GThread *parsers[2], *writer;
                for (size_t i = 0; i < G_N_ELEMENTS(parsers); i++)
                        parsers[i] = g_thread_new("parser", take_unparsed, queue);
                if (uid % 3 == 0)
                        g_thread_yield();
                ck_assert_int_eq(job_queue_put(queue, mail_job(uid, 10)), 0);
                ck_assert_int_eq(job_queue_put(queue, mail_job(uid + 1, 10)), 0);
                struct job *jobs[2] = { g_thread_join(parsers[0]), g_thread_join(parsers[1]) };
                job_queue_set_parsed(queue, jobs[jobs[0]->uid == uid + 1 ? 0 : 1]);
                writer = g_thread_new("writer", take_all, queue); /* waits: the head is not parsed */
                if (uid % 3 == 0)
                        g_thread_yield();
                job_queue_set_parsed(queue, jobs[jobs[0]->uid == uid + 1 ? 1 : 0]);
                GPtrArray *ready = g_thread_join(writer);
                ck_assert_uint_eq(ready->len, 2);
                ck_assert_uint_eq(uid_at(ready, 0), uid);
                g_ptr_array_unref(ready);
        }
        job_queue_free(queue);
}
END_TEST

/* Mails of a history wait for one another, so that many share a transaction; a mail that has just come waits for nobody. */
START_TEST(only_a_history_is_gathered)
{
        for (int history = 0; history < 2; history++) {
                struct job_queue *queue = job_queue_new(1 << 20);
                job_queue_set_gather_ms(queue, 600000);
                for (guint32 uid = 1; uid <= 2; uid++) {
                        struct job *job = mail_job(uid, 10);
                        job->history = history;
                        ck_assert_int_eq(job_queue_put(queue, job), 0);
                }
                struct job *first = take_one_unparsed(queue), *second = take_one_unparsed(queue);
                job_queue_set_parsed(queue, first);
                GThread *thread = g_thread_new("take", take_all, queue);
                if (!history) {
                        GPtrArray *ready = g_thread_join(thread);
                        ck_assert_uint_eq(ready->len, 1);
                        g_ptr_array_unref(ready);
                        thread = g_thread_new("take", take_all, queue);
                }
                job_queue_set_parsed(queue, second);
                GPtrArray *ready = g_thread_join(thread);
                ck_assert_uint_eq(ready->len, history ? 2 : 1);
                g_ptr_array_unref(ready);
                job_queue_free(queue);
        }
}
END_TEST

static struct job *history_job(guint32 uid, size_t size)
{
        struct job *job = mail_job(uid, size);
        job->history = true;
        return job;
}

static void parse_one(struct job_queue *queue, size_t text_size)
{
        struct job *job = take_one_unparsed(queue);
        job->prepared.text_size = text_size;
        job_queue_set_parsed(queue, job);
}

/* Nor does it wait for ever: as many as a transaction takes, or half of the queue, are enough. */
START_TEST(a_gathering_has_an_end)
{
        for (int by_bytes = 0; by_bytes < 2; by_bytes++) {
                struct job_queue *queue = job_queue_new(1000000);
                job_queue_set_gather_ms(queue, 600000);
                for (guint32 uid = 1; uid <= 2; uid++) {
                        ck_assert_int_eq(job_queue_put(queue, history_job(uid, by_bytes ? 150000 : 10)), 0);
                        parse_one(queue, by_bytes ? 60000 : 1);
                }
                for (guint32 uid = 3; uid <= 4; uid++) /* they are still to be parsed */
                        ck_assert_int_eq(job_queue_put(queue, history_job(uid, 10)), 0);
                GPtrArray *ready = job_queue_take_ready(queue, by_bytes ? 10 : 2, 60000);
                ck_assert_uint_eq(ready->len, 2);
                job_queue_end(queue, ready);
                job_queue_free(queue);
        }
}
END_TEST

static struct job *fetched_job(guint32 uid, size_t size)
{
        struct job *job = history_job(uid, size);
        job->mailbox = g_strdup("work");
        return job;
}

/* Also for those that are still on their way: the pass over a mailbox ends with a mark. */
START_TEST(a_gathering_waits_for_the_mark)
{
        struct job_queue *queue = job_queue_new(1000000);
        job_queue_set_gather_ms(queue, 600000);
        ck_assert_int_eq(job_queue_put(queue, fetched_job(1, 10)), 0);
        parse_one(queue, 1);
        GThread *thread = g_thread_new("take", take_all, queue);
        ck_assert_int_eq(job_queue_put(queue, fetched_job(2, 10)), 0);
        parse_one(queue, 1);
        ck_assert_int_eq(job_queue_put(queue, job_new(JOB_MARK)), 0);
        GPtrArray *ready = g_thread_join(thread);
        ck_assert_uint_eq(ready->len, 3);
        job_queue_end(queue, ready);
        job_queue_free(queue);
}
END_TEST

/* Nor does a mail that has just come wait, where those of another mailbox's history stand before it and behind it. */
START_TEST(a_gathering_does_not_hold_up_what_is_new)
{
        struct job_queue *queue = job_queue_new(1000000);
        job_queue_set_gather_ms(queue, 600000);
        ck_assert_int_eq(job_queue_put(queue, fetched_job(1, 10)), 0);
        ck_assert_int_eq(job_queue_put(queue, mail_job(2, 10)), 0);
        ck_assert_int_eq(job_queue_put(queue, fetched_job(3, 10)), 0);
        parse_one(queue, 1);
        GThread *thread = g_thread_new("take", take_all, queue);
        parse_one(queue, 1);
        GPtrArray *ready = g_thread_join(thread);
        ck_assert_uint_eq(ready->len, 2);
        job_queue_end(queue, ready);
        job_queue_free(queue);
}
END_TEST

static gpointer put_large(gpointer queue)
{
        job_queue_put(queue, fetched_job(2, 400000)); /* 2.5 times as much */
        return NULL;
}

/* But not for one that waits for room, which only the writer can make. */
START_TEST(a_gathering_does_not_keep_others_out)
{
        for (int put_first = 0; put_first < 2; put_first++) {
                struct job_queue *queue = job_queue_new(1000000);
                job_queue_set_gather_ms(queue, 600000);
                ck_assert_int_eq(job_queue_put(queue, fetched_job(1, 10)), 0);
                parse_one(queue, 1);
                GThread *threads[2];
                threads[!put_first] = g_thread_new("put", put_large, queue);
                threads[put_first] = g_thread_new("take", take_all, queue);
                GPtrArray *ready = g_thread_join(threads[put_first]);
                ck_assert_uint_eq(ready->len, 1);
                job_queue_end(queue, ready);
                g_thread_join(threads[!put_first]);
                job_queue_free(queue);
        }
}
END_TEST

/* Takes for one of so many parsers, and says how many there were. */
static unsigned take_some(struct job_queue *queue, unsigned parsers, guint32 first_uid)
{
        struct job *jobs[4];
        unsigned count = job_queue_take_unparsed(queue, parsers, G_N_ELEMENTS(jobs), 1000, jobs);
        for (unsigned i = 0; i < count; i++)
                ck_assert_uint_eq(jobs[i]->uid, first_uid + i);
        return count;
}

/* Mails of a history are taken together, but by all parsers alike, as far as their bytes fit, in their order. */
START_TEST(a_history_is_parsed_by_the_handful)
{
        struct job_queue *queue = job_queue_new(1 << 20);
        for (guint32 uid = 1; uid <= 15; uid++)
                ck_assert_int_eq(job_queue_put(queue, history_job(uid, uid == 11 ? 990 : 10)), 0);
        ck_assert_uint_eq(take_some(queue, 2, 1), 4);   /* of 15: the most that there may be */
        ck_assert_uint_eq(take_some(queue, 4, 5), 3);   /* of 11 */
        ck_assert_uint_eq(take_some(queue, 16, 8), 1);  /* of 8 */
        ck_assert_uint_eq(take_some(queue, 1, 9), 2);   /* with the next one they would be too large */
        ck_assert_uint_eq(take_some(queue, 1, 11), 2);  /* just */
        ck_assert_uint_eq(take_some(queue, 2, 13), 2);  /* of 3 */
        ck_assert_uint_eq(take_some(queue, 2, 15), 1);
        ck_assert_int_eq(job_queue_put(queue, history_job(16, 5000)), 0); /* too large for company */
        ck_assert_int_eq(job_queue_put(queue, history_job(17, 0)), 0);
        ck_assert_uint_eq(take_some(queue, 1, 16), 1);
        job_queue_free(queue);
}
END_TEST

/* What is new is read at once: it waits for no other mail's being read, nor do others for it. */
START_TEST(what_is_new_is_parsed_alone)
{
        struct job_queue *queue = job_queue_new(1 << 20);
        for (guint32 uid = 1; uid <= 6; uid++)
                ck_assert_int_eq(job_queue_put(queue, uid == 3 || uid == 4 ? mail_job(uid, 10) : history_job(uid, 10)), 0);
        ck_assert_uint_eq(take_some(queue, 1, 1), 2);
        ck_assert_uint_eq(take_some(queue, 1, 3), 1);
        ck_assert_uint_eq(take_some(queue, 1, 4), 1);
        ck_assert_uint_eq(take_some(queue, 1, 5), 2);
        job_queue_free(queue);
}
END_TEST

static void count_release(void *context)
{
        ++*(int *) context;
}

/* Whoever waits for a commit shares something with the job; the job lets go of it whether it was committed or dropped. */
START_TEST(a_job_lets_go_of_its_context_however_it_ends)
{
        int released = 0;
        for (int i = 0; i < 3; i++) {
                struct job_queue *queue = job_queue_new(1000);
                struct job *job = job_new(JOB_MARK);
                job->release = count_release;
                job->context = &released;
                if (i == 0)
                        job_queue_close(queue); /* refused */
                ck_assert_int_eq(job_queue_put(queue, job), i == 0 ? -ERR_CANCELLED : 0);
                if (i == 2)
                        g_ptr_array_unref(job_queue_take_ready(queue, 1, 0));
                job_queue_free(queue); /* dropped */
                ck_assert_int_eq(released, i + 1);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("job");
        TCase *tests = tcase_create("queue");
        tcase_add_test(tests, order_is_kept_whatever_is_parsed_first);
        tcase_add_test(tests, a_full_queue_waits_for_room);
        tcase_add_test(tests, what_was_taken_leaves_no_room);
        tcase_add_test(tests, what_was_made_of_a_mail_counts);
        tcase_add_test(tests, a_closed_queue_lets_everybody_go);
        tcase_add_test(tests, an_oversize_mail_needs_no_parser);
        tcase_add_test(tests, who_waits_is_woken);
        tcase_add_test(tests, only_a_history_is_gathered);
        tcase_add_test(tests, a_gathering_has_an_end);
        tcase_add_test(tests, a_gathering_waits_for_the_mark);
        tcase_add_test(tests, a_gathering_does_not_hold_up_what_is_new);
        tcase_add_test(tests, a_gathering_does_not_keep_others_out);
        tcase_add_test(tests, a_history_is_parsed_by_the_handful);
        tcase_add_test(tests, what_is_new_is_parsed_alone);
        tcase_add_test(tests, a_job_lets_go_of_its_context_however_it_ends);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
