/* SPDX-License-Identifier: MIT */
/* What both ends of the worker's socket share. */
#ifndef INGEST_WORKER_P_H
#define INGEST_WORKER_P_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORKER_FD 3
#define WORKER_REQUEST_MAGIC 0x71666431u
#define WORKER_REPLY_MAGIC 0x72666431u

/* In front of the bytes of a request (kind: enum reader_form) and of the JSON of a reply (kind: enum reader_outcome). */
struct worker_frame {
        uint32_t magic;
        uint32_t kind;
        uint64_t size;
};

#endif
