/* SPDX-License-Identifier: MIT */
/* Stored bytes as one zstd frame; the only module that includes zstd.h. */
#ifndef STORE_COMPRESS_H
#define STORE_COMPRESS_H

#include <stddef.h>

#include "common/errors.h"

/* Newly allocated (g_free). Errors: -ENOMEM, -ERR_STORE. */
int compress_bytes(const void *data, size_t size, char **ret_data, size_t *ret_size, struct error *err);

/* Back to exactly size bytes, newly allocated (g_free), with a NUL behind the last. What is not a frame of that many
 * bytes is -ERR_STORE_CORRUPT; more memory than that is never asked for. */
int compress_restore(const void *data, size_t data_size, size_t size, char **ret_data, struct error *err);

/* The same of a frame that says itself how many bytes it holds; more than max are refused like any damage. */
int compress_restore_whole(const void *data, size_t data_size, size_t max, char **ret_data, size_t *ret_size,
                           struct error *err);

/* Gives back what the calling thread keeps for its next compress_restore. */
void compress_release(void);

#endif
