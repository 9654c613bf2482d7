/* SPDX-License-Identifier: MIT */
/* Mails from files: single messages, mboxes, Maildirs, and folders of any of them. */
#ifndef DAEMON_MAIL_SOURCE_H
#define DAEMON_MAIL_SOURCE_H

#include <glib.h>
#include <stdint.h>

#include "common/errors.h"

/* Called with each mail; takes data over. path names the file. A negative return ends the walk with that code. */
typedef int (*mail_source_function)(const char *path, char *data, size_t size, void *context);

/* Walks one path: a directory with cur/ and new/ is a Maildir; another directory is walked in the order of names, hidden
 * entries and symbolic links to directories left out; a file that starts with "From " is an mbox (">From " lines are
 * unquoted as in the mboxrd form), any other file one mail. A file that is too large or can't be read
 * is left out and named in problems (char *). */
int mail_source_walk(const char *path, uint64_t max_bytes, mail_source_function function, void *context, GPtrArray *problems,
                     struct error *err);

#endif
