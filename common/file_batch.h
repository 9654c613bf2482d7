/* SPDX-License-Identifier: MIT */
/*
 * Many files written together. Each is visible at once and durable only after file_batch_sync: a few files are synced one
 * by one, many by one sync of the file systems they are on, which costs as much as a handful of single ones.
 */
#ifndef COMMON_FILE_BATCH_H
#define COMMON_FILE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/errors.h"

struct file_batch;

struct file_batch *file_batch_new(void);
void file_batch_free(struct file_batch *batch); /* NULL is fine; syncs nothing */

/* Writes a file, and its directory (directory_mode) if that is missing, unless its content is already the same. A file that
 * was there is replaced as a whole; a new one is written in place. A crash before the end of file_batch_sync may leave a part
 * of either: whoever has not come there writes it again. Run as root, the file gets the owner of its directory. */
int file_batch_write(struct file_batch *batch, const char *path, const void *data, size_t size, mode_t mode,
                     mode_t directory_mode, struct error *err);

/* Makes all of it durable, what other batches have left undone included. After a failure nothing that was written since
 * the last success may count as durable. The batch can be used again afterwards. */
int file_batch_sync(struct file_batch *batch, struct error *err);

/* For tests: what is called instead of fsync and syncfs (whole: the file system that the descriptor is on). Returns 0 or
 * -1 with errno. NULL: the real ones. */
typedef int (*file_batch_sync_function)(int fd, bool whole);
void file_batch_replace_sync(file_batch_sync_function function);

#endif
