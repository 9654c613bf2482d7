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

/* What is the matter with every file that this process makes in one directory: they are all alike. */
struct file_rights {
        bool known;
        bool other_owner; /* to be given to the directory's */
        mode_t mode;      /* that a file asked for, and whether it got another */
        bool other_mode;
};

/* Owner and mode of a new file that was made in the directory with this mode. Looks at the first one there; for the others
 * it does only what that one needed. rights: begins as zeros, one for each directory. */
int file_set_rights(int directory, int fd, mode_t mode, struct file_rights *rights);

/* The file's content is exactly this. */
bool file_has_content(int directory, const char *name, const void *data, size_t size);

#endif
