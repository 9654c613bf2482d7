/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/bulletin_json.h"
#include "common/limits.h"
#include "ingest/reader.h"
#include "ingest/sandbox.h"
#include "ingest/worker.h"
#include "ingest/worker_p.h"

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

static json_t *text_or_null(const char *text)
{
        return text ? json_string(text) : json_null();
}

static json_t *labels_to_json(const GPtrArray *labels)
{
        json_t *json = json_array();
        for (guint i = 0; labels && i < labels->len; i++)
                json_array_append_new(json, json_string(g_ptr_array_index(labels, i)));
        return json;
}

static int send_reply(const struct reader_result *result)
{
        json_t *json = json_object();
        json_object_set_new(json, "bulletin", result->bulletin ? bulletin_to_json(result->bulletin) : json_null());
        json_object_set_new(json, "text", text_or_null(result->text));
        json_object_set_new(json, "archive_name", text_or_null(result->archive_name));
        json_object_set_new(json, "reason", text_or_null(result->reason));
        json_object_set_new(json, "unknown_labels", labels_to_json(result->labels.unknown));
        json_object_set_new(json, "missing_labels", labels_to_json(result->labels.missing));
        char *body = json_dumps(json, JSON_COMPACT);
        json_decref(json);
        if (!body)
                return -ENOMEM;
        struct worker_frame frame = { WORKER_REPLY_MAGIC, result->outcome, strlen(body) };
        int r = write_all(&frame, sizeof frame);
        if (r == 0)
                r = write_all(body, frame.size);
        free(body);
        return r;
}

/* From the start of a mail on, LIMIT_WORKER_CPU_SECONDS of processor time, then SIGPROF ends the process. The wall
 * clock is the parent's business. */
static void limit_cpu(unsigned seconds)
{
        struct itimerval timer = { .it_value = { .tv_sec = seconds } };
        setitimer(ITIMER_PROF, &timer, NULL);
}

static int serve_one(void)
{
        struct worker_frame frame;
        int r = read_all(&frame, sizeof frame);
        if (r <= 0)
                return r;
        if (frame.magic != WORKER_REQUEST_MAGIC || frame.kind >= READER_FORM_MAX || frame.size > LIMIT_MESSAGE_BYTES_MAX)
                return -EPROTO;
        limit_cpu(LIMIT_WORKER_CPU_SECONDS);
        char *data = g_try_malloc(frame.size + 1);
        if (!data)
                return -ENOMEM;
        r = frame.size > 0 ? read_all(data, frame.size) : 1;
        if (r == 1) {
                data[frame.size] = '\0';
                struct reader_result result;
                reader_read(data, frame.size, (enum reader_form) frame.kind, &result);
                int sent = send_reply(&result);
                reader_result_clear(&result);
                r = sent < 0 ? sent : 1;
        } else if (r == 0) {
                r = -EPIPE;
        }
        g_free(data);
        limit_cpu(0);
        return r;
}

int worker_main(void)
{
        struct error err = ERROR_INIT;
        if (sandbox_limit_resources(&err) < 0) {
                fprintf(stderr, "parser worker: %s\n", error_text(&err));
                _exit(EXIT_FAILURE);
        }
        reader_prepare();
        json_object_seed(0); /* reads the random device now: it could not later */
        if (sandbox_filter_calls(&err) < 0) {
                fprintf(stderr, "parser worker: %s\n", error_text(&err));
                _exit(EXIT_FAILURE);
        }
        int r;
        do
                r = serve_one();
        while (r > 0);
        /* No destructors: they belong to libraries that may be in any state. */
        _exit(r == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
