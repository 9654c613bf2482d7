/* SPDX-License-Identifier: MIT */
/* What both ends of the worker's socket have in common. */
#ifndef INGEST_WORKER_P_H
#define INGEST_WORKER_P_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ingest/reader.h"

#define WORKER_FD 3
#define WORKER_SHARED_FD 4
#define WORKER_SETUP_MAGIC 0x73666431u
#define WORKER_REQUEST_MAGIC 0x71666431u
#define WORKER_REPLY_MAGIC 0x72666431u
/* The same, but the bytes are in the shared memory (worker_shared.h) and do not follow. */
#define WORKER_REQUEST_SHARED_MAGIC 0x71666432u
#define WORKER_REPLY_SHARED_MAGIC 0x72666432u

/* Several mails, and their answers; kind is how many. The bytes are in the shared memory behind a table of them. */
#define WORKER_REQUEST_TOGETHER_MAGIC 0x71666433u
#define WORKER_REPLY_TOGETHER_MAGIC 0x72666433u

/* In front of the bytes of a request (kind: enum reader_form) and of those of a reply (kind: enum reader_outcome). */
struct worker_frame {
        uint32_t magic;
        uint32_t kind;
        uint64_t size;
        uint64_t serial; /* of the request; the reply repeats it */
};

/* The row of such a table for one mail (kind: enum reader_form), behind whose bytes there is a NUL, or for one answer (kind:
 * enum reader_outcome). An answer without bytes: there was no room for it. */
struct worker_part {
        uint32_t kind;
        uint32_t size;
};

/* The first thing that a child reads, once. The child has none of our environment, so its limits come this way. */
struct worker_setup {
        uint32_t magic;
        uint16_t without_text; /* 0 or 1 */
        uint16_t shared;       /* 0 or 1: descriptor 4 is memory that is shared */
        uint64_t cpu_ms, memory_bytes, text_bytes;
};

/* The exit status of a child that got no more memory. */
#define WORKER_EXIT_MEMORY 75

/* A reply with its frame. */
GString *worker_pack_reply(const struct reader_result *result, uint64_t serial);

/* Checks the bytes of a reply, without its frame, to a mail with this digest, which the bulletin gets. Takes them in any
 * case: the bulletin is made of them, so nobody else may be able to write to them. 0 or -ERR_MALFORMED. */
int worker_parse_reply(enum reader_outcome outcome, char *data, size_t size, const char *sha256,
                       struct reader_result *ret_result, struct error *err);

#endif
