/* SPDX-License-Identifier: MIT */
/* A file written piece by piece in bounded memory, and as a whole: nobody sees it before file_writer_commit. */
#ifndef COMMON_FILE_WRITER_H
#define COMMON_FILE_WRITER_H

#include <stddef.h>
#include <sys/types.h>

#include "common/errors.h"

struct file_writer;

int file_writer_open(const char *path, mode_t mode, struct file_writer **ret_writer, struct error *err);

/* A failure is kept and reported by the commit. */
void file_writer_append(struct file_writer *writer, const void *data, size_t size);

/* As file_write_atomic: synced, renamed, the directory synced. Frees the writer in any case. */
int file_writer_commit(struct file_writer *writer, struct error *err);
void file_writer_abort(struct file_writer *writer); /* frees it; NULL is fine */

#endif
