/* SPDX-License-Identifier: MIT */
/* Takes from the calling process what a parser never needs. */
#ifndef INGEST_SANDBOX_H
#define INGEST_SANDBOX_H

#include <stdint.h>

#include "common/errors.h"

/* Limits memory (address space, of at most this many bytes), files and processes (setrlimit(2)), forbids new privileges and
 * core dumps. To be called first, before anything from outside is read. */
int sandbox_limit_resources(uint64_t memory_bytes, struct error *err);

/* Puts the system call filter on (seccomp(2)): from now on the process can read and write the descriptors it has, ask
 * for memory that is not executable and read the clock. Opening a file fails with EACCES; anything else kills it. */
int sandbox_filter_calls(struct error *err);

#endif
