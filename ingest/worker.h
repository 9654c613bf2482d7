/* SPDX-License-Identifier: MIT */
/*
 * The parser worker: a process without network, writable files or secrets, limited in time and memory, that runs
 * reader_read on hostile bytes. This file is both ends of its pipe. The child is this same program started again as
 * "PROGRAM --parser-worker", with none of our environment, one socket (file descriptor 3) and memory that both share (4).
 *
 * Protocol, native byte order (one machine, one binary): first, once, the limits; then request = magic, form, size,
 * serial, bytes; reply = magic, outcome, size, serial, and packed (common/pack.h) text, archive name, reason, unknown labels,
 * missing labels, authentication, bulletin. The bytes of both are in the shared memory where they fit into it. Several mails
 * that fit into it together go in one exchange, since each one wakes two processes.
 * The reply is untrusted and fully checked, in a copy of the daemon's own.
 */
#ifndef INGEST_WORKER_H
#define INGEST_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/errors.h"
#include "common/limits.h"
#include "ingest/reader.h"

#define WORKER_ARGUMENT "--parser-worker"

struct worker_options {
        const char *program;     /* path to run; NULL: /proc/self/exe */
        int64_t wall_ms;         /* longest time for one mail; 0: LIMIT_WORKER_WALL_MS */
        int64_t cpu_ms;          /* processor time for one mail; 0: LIMIT_WORKER_CPU_MS */
        uint64_t memory_bytes;   /* address space; 0: LIMIT_WORKER_MEMORY_BYTES */
        struct reader_limits limits;
        bool without_text;       /* the caller has no use for the text: where there is one, an empty one comes */
};

/* How many mails can be read together, and of how many bytes: answers are hardly ever longer than their mails, and there is
 * no more room for those. */
#define WORKER_TOGETHER_MAX 8u
#define WORKER_TOGETHER_BYTES (320u * KIB)

struct worker_mail {
        const char *data;
        size_t size;
        enum reader_form form;
        bool is_read;                /* filled: whether there is a result */
        struct reader_result result; /* filled */
};

struct worker;

/* The child's main: puts the limits and the system call filter on and serves until the other end closes. Returns the
 * exit status. main() calls it first of all when argv[1] is WORKER_ARGUMENT. */
int worker_main(void);

/* The parent's end. The process is started at the first request and again after it died or served LIMIT_WORKER_MAILS.
 * One thread at a time may use a worker. */
struct worker *worker_new(const struct worker_options *options);
void worker_free(struct worker *worker);

/* Starts the process if there is none: for whoever has to wait for the first input anyway. A start that fails is tried again
 * at the request. */
int worker_start(struct worker *worker, struct error *err);

/* Has the child read one input. A crash gives -ERR_WORKER_CRASHED, running out of time -ERR_WORKER_TIMEOUT, out of
 * memory -ERR_LIMIT, an invalid answer -ERR_MALFORMED, failing to start a child -errno; after each the next request
 * starts a fresh child. stop_fd (or -1) becoming readable ends the wait with -ERR_CANCELLED. */
int worker_read(struct worker *worker, const void *data, size_t size, enum reader_form form, int stop_fd,
                struct reader_result *ret_result, struct error *err);

/* Has the child read several inputs, one after the other, within the time of one. Each that is not read afterwards is to be
 * read alone: its answer had no room beside the others. The errors are those of worker_read; then none is read, and which
 * of them was the cause is not known. -ENOTSUP: there is no shared memory, or the mails do not fit into it. */
int worker_read_together(struct worker *worker, struct worker_mail *mails, unsigned count, int stop_fd, struct error *err);

/* Ends the child: the next request starts a fresh one. */
void worker_stop(struct worker *worker);

#endif
