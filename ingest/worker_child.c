/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/limits.h"
#include "ingest/reader.h"
#include "ingest/sandbox.h"
#include "ingest/worker.h"
#include "ingest/worker_p.h"
#include "ingest/worker_shared.h"

/* 1: all bytes, 0: the other end closed before the first one, negative: failure or a cut. */
static int read_all(void *buffer, size_t size)
{
        size_t done = 0;
        while (done < size) {
                ssize_t n = read(WORKER_FD, (char *) buffer + done, size - done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return done == 0 ? 0 : -EPIPE;
                done += (size_t) n;
        }
        return 1;
}

static int write_all(const void *buffer, size_t size)
{
        size_t done = 0;
        while (done < size) {
                ssize_t n = write(WORKER_FD, (const char *) buffer + done, size - done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                done += (size_t) n;
        }
        return 0;
}

static int send_reply(const struct reader_result *result, uint64_t serial, struct worker_shared *shared)
{
        struct worker_frame frame;
        g_autoptr(GString) reply = worker_pack_reply(result, serial);
        memcpy(&frame, reply->str, sizeof frame);
        if (!shared || frame.size > sizeof shared->reply)
                return write_all(reply->str, reply->len);
        memcpy(shared->reply, reply->str + sizeof frame, frame.size);
        frame.magic = WORKER_REPLY_SHARED_MAGIC;
        return write_all(&frame, sizeof frame);
}

/* From the start of a mail on, so much processor time, then SIGPROF ends the process. The wall clock is the parent's
 * business. */
static void limit_cpu(uint64_t ms)
{
        struct itimerval timer = { .it_value.tv_sec = (time_t) (ms / 1000),
                                   .it_value.tv_usec = (suseconds_t) (ms % 1000 * 1000) };
        setitimer(ITIMER_PROF, &timer, NULL);
}

static void read_limited(const struct worker_setup *setup, const char *data, size_t size, uint32_t form,
                         struct reader_result *ret_result)
{
        const struct reader_limits limits = { .text_bytes = setup->text_bytes, .without_digest = true,
                                              .without_text = setup->without_text };
        limit_cpu(setup->cpu_ms);
        reader_read_limited(data, size, (enum reader_form) form, &limits, ret_result);
        if (setup->without_text && ret_result->text)
                ret_result->text[0] = '\0';
}

static int read_mail(const struct worker_setup *setup, const struct worker_frame *frame, const char *data,
                     struct worker_shared *shared)
{
        struct reader_result result;
        read_limited(setup, data, frame->size, frame->kind, &result);
        int r = send_reply(&result, frame->serial, shared);
        reader_result_clear(&result);
        return r < 0 ? r : 1;
}

/* The row of an answer, which is put into this room unless that is too small: then the mail is read again, alone. */
static struct worker_part put_reply(const struct reader_result *result, char *place, size_t room)
{
        struct worker_frame frame;
        g_autoptr(GString) reply = worker_pack_reply(result, 0);
        memcpy(&frame, reply->str, sizeof frame);
        if (frame.size > room)
                return (struct worker_part) { frame.kind, 0 };
        memcpy(place, reply->str + sizeof frame, frame.size);
        return (struct worker_part) { frame.kind, (uint32_t) frame.size };
}

static bool part_is_valid(const struct worker_part *part, size_t left)
{
        return part->kind < READER_FORM_MAX && part->size < left; /* and a NUL */
}

/* One after the other; the other end wakes when all are done. */
static int read_mails(const struct worker_setup *setup, const struct worker_frame *frame, struct worker_shared *shared)
{
        struct worker_part table[WORKER_TOGETHER_MAX], replies[WORKER_TOGETHER_MAX];
        size_t head = frame->kind * sizeof *table, from = head, to = head;
        memcpy(table, shared->request, head);
        for (uint32_t i = 0; i < frame->kind; i++) {
                if (!part_is_valid(&table[i], WORKER_SHARED_BYTES - from))
                        return -EPROTO;
                struct reader_result result;
                read_limited(setup, shared->request + from, table[i].size, table[i].kind, &result);
                replies[i] = put_reply(&result, shared->reply + to, WORKER_SHARED_BYTES - to);
                reader_result_clear(&result);
                from += table[i].size + 1;
                to += replies[i].size;
        }
        memcpy(shared->reply, replies, head);
        const struct worker_frame answer = { WORKER_REPLY_TOGETHER_MAGIC, frame->kind, to, frame->serial };
        int r = write_all(&answer, sizeof answer);
        return r < 0 ? r : 1;
}

/* The mail comes behind its frame. */
static int read_received_mail(const struct worker_setup *setup, const struct worker_frame *frame, struct worker_shared *shared)
{
        g_autofree char *data = g_malloc(frame->size + 1);
        int r = frame->size > 0 ? read_all(data, frame->size) : 1;
        if (r <= 0)
                return r < 0 ? r : -EPIPE;
        data[frame->size] = '\0';
        return read_mail(setup, frame, data, shared);
}

static bool frame_is_valid(const struct worker_frame *frame, const struct worker_shared *shared)
{
        if (shared && frame->magic == WORKER_REQUEST_TOGETHER_MAGIC)
                return frame->kind > 0 && frame->kind <= WORKER_TOGETHER_MAX;
        bool is_shared = shared && frame->magic == WORKER_REQUEST_SHARED_MAGIC;
        return (is_shared || frame->magic == WORKER_REQUEST_MAGIC) && frame->kind < READER_FORM_MAX &&
               frame->size <= (is_shared ? WORKER_SHARED_BYTES - 1 : LIMIT_MESSAGE_BYTES_MAX);
}

/* 1: served, 0: the other end closed. */
static int serve_one(const struct worker_setup *setup, struct worker_shared *shared)
{
        struct worker_frame frame;
        int r = read_all(&frame, sizeof frame);
        if (r <= 0)
                return r;
        if (!frame_is_valid(&frame, shared))
                return -EPROTO;
        if (frame.magic == WORKER_REQUEST_TOGETHER_MAGIC)
                r = read_mails(setup, &frame, shared);
        else if (frame.magic == WORKER_REQUEST_SHARED_MAGIC)
                r = read_mail(setup, &frame, shared->request, shared); /* the other end has put a NUL behind it */
        else
                r = read_received_mail(setup, &frame, shared);
        limit_cpu(0);
        return r;
}

static bool setup_is_valid(const struct worker_setup *setup)
{
        return setup->magic == WORKER_SETUP_MAGIC && setup->without_text <= 1 && setup->shared <= 1 && setup->cpu_ms > 0 &&
               setup->cpu_ms <= LIMIT_WORKER_CPU_MS_MAX && setup->memory_bytes > 0 &&
               setup->memory_bytes <= LIMIT_WORKER_MEMORY_BYTES_MAX && setup->text_bytes > 0 &&
               setup->text_bytes <= LIMIT_TEXT_BYTES;
}

/* GLib ends the process where there is no memory. The other end is to know that it was that. */
static void exit_without_memory(const char *message)
{
        if (message && strstr(message, "failed to allocate"))
                _exit(WORKER_EXIT_MEMORY);
}

static void on_log(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
        exit_without_memory(message);
        g_log_default_handler(domain, level, message, data);
}

static GLogWriterOutput on_structured_log(GLogLevelFlags level, const GLogField *fields, gsize count, gpointer data)
{
        for (gsize i = 0; i < count; i++)
                if (strcmp(fields[i].key, "MESSAGE") == 0)
                        exit_without_memory(fields[i].value);
        return g_log_writer_default(level, fields, count, data);
}

static void *allocate(size_t size)
{
        return g_malloc(MAX(size, 1));
}

/* Without memory each library is to end the process here and not to leave out what it could not hold. */
static void watch_memory(void)
{
        g_log_set_default_handler(on_log, NULL);
        g_log_set_writer_func(on_structured_log, NULL, NULL);
        json_set_alloc_funcs(allocate, g_free);
}

#define KEPT_BYTES (4u * MIB)
#define MAPPED_FROM_BYTES (4u * MIB)

/* What a usual mail takes is kept for the next one, instead of being given back and asked for again, page by page. What
 * a large one takes goes back. */
static void keep_memory(void)
{
        mallopt(M_TRIM_THRESHOLD, (int) KEPT_BYTES);
        mallopt(M_MMAP_THRESHOLD, (int) MAPPED_FROM_BYTES);
}

int worker_main(void)
{
        struct error err = ERROR_INIT;
        struct worker_setup setup;
        if (read_all(&setup, sizeof setup) <= 0 || !setup_is_valid(&setup))
                _exit(EXIT_FAILURE);
        if (sandbox_limit_resources(setup.memory_bytes, &err) < 0) {
                fprintf(stderr, "parser worker: %s\n", error_text(&err));
                _exit(EXIT_FAILURE);
        }
        struct worker_shared *shared = setup.shared ? worker_shared_open(WORKER_SHARED_FD) : NULL;
        if (setup.shared && !shared)
                _exit(EXIT_FAILURE);
        watch_memory();
        keep_memory();
        reader_prepare();
        json_object_seed(0); /* reads the random device now: it could not later */
        if (sandbox_filter_calls(&err) < 0) {
                fprintf(stderr, "parser worker: %s\n", error_text(&err));
                _exit(EXIT_FAILURE);
        }
        int r;
        do
                r = serve_one(&setup, shared);
        while (r > 0);
        /* No destructors: they belong to libraries that may be in any state. */
        _exit(r == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
