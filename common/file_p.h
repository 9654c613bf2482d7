/* SPDX-License-Identifier: MIT */
/* What the files of the file module share. Codes are negative errno values. */
#ifndef COMMON_FILE_P_H
#define COMMON_FILE_P_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

int file_write_all(int fd, const void *data, size_t size);

/* Root works in directories of the service's user, who must be able to replace what root wrote. */
int file_give_to_owner_of(int directory, int fd);

/* A new file that nobody else can read yet, in the directory; the name is newly allocated. Returns the descriptor. */
int file_create_temporary(int directory, char **ret_name);

/* Bytes, owner and mode of a new file. */
int file_fill(int directory, int fd, const void *data, size_t size, mode_t mode);

/* The file's content is exactly this. */
bool file_has_content(int directory, const char *name, const void *data, size_t size);

#endif
