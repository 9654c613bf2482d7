/* SPDX-License-Identifier: MIT */
/* Secrets: read from $CREDENTIALS_DIRECTORY/NAME (systemd LoadCredential=) or from a file; wiped from memory when
 * freed. */
#ifndef DAEMON_CREDENTIAL_H
#define DAEMON_CREDENTIAL_H

#include <stdbool.h>

#include "common/errors.h"

/* name without "/"; the final newline is taken off. An empty secret or one with NUL or line breaks inside is refused.
 * Where NAME is not there, hotfixd_NAME is read: so LoadCredential=hotfixd:DIRECTORY calls the files of a directory.
 * Errors: -ERR_CREDENTIAL. */
int credential_read_named(const char *name, char **ret_secret, struct error *err);
int credential_read_file(const char *path, char **ret_secret, struct error *err);

bool credential_name_is_valid(const char *name);

/* True if every user of the machine can read the file. */
bool credential_file_is_exposed(const char *path);

/* Overwrites and frees. NULL is fine. */
void credential_free(char *secret);

#endif
