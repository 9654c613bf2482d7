/* SPDX-License-Identifier: MIT */
/*
 * Memory that the daemon and a parser worker have in common: a mail and its answer cost one copy each instead of four
 * through a socket. Its size is sealed, so that a worker cannot make the daemon's next access a fault by shortening it.
 * What stands in it may change while it is looked at: the daemon looks at nothing but a copy of its own.
 */
#ifndef INGEST_WORKER_SHARED_H
#define INGEST_WORKER_SHARED_H

#include "common/limits.h"

/* Nearly every mail and answer; a larger one goes through the socket. */
#define WORKER_SHARED_BYTES (384u * KIB)

struct worker_shared {
        char request[WORKER_SHARED_BYTES]; /* a mail, and a NUL behind it */
        char reply[WORKER_SHARED_BYTES];
};

/* Makes the memory, all zero, and a descriptor for the worker, which the caller closes. NULL where the system does not
 * have it. */
struct worker_shared *worker_shared_new(int *ret_fd);

/* The worker's end; closes the descriptor. NULL if that is anything else. */
struct worker_shared *worker_shared_open(int fd);

void worker_shared_free(struct worker_shared *shared);

#endif
