/* SPDX-License-Identifier: MIT */
/* Reading whole files within a limit, and writing them so that a reader sees the old or the new one, whole. */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <glib.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/errors.h"

/* Reads a whole file. More than max_bytes is -ERR_LIMIT. The result is owned by the caller (g_free) and has a NUL
 * behind its last byte. path "-" is standard input. Errors: a negative errno value, -ERR_LIMIT. */
int file_read(const char *path, size_t max_bytes, char **ret_data, size_t *ret_size, struct error *err);

/* Writes a file atomically and durably: temporary file in the same directory, fsync, rename, fsync of the directory.
 * Run as root, the file gets the owner of its directory. A crash leaves the old file or the new one, and at worst a
 * temporary file whose name starts with ".tmp-". */
int file_write_atomic(const char *path, const void *data, size_t size, mode_t mode, struct error *err);

/* Creates a directory and its missing parents with this mode. An existing directory is no error. Run as root, a new
 * directory gets its parent's owner. */
int file_make_directory(const char *path, mode_t mode, struct error *err);

#endif
