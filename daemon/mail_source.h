/* SPDX-License-Identifier: MIT */
/* Mails from files: single messages, mboxes, Maildirs, MH folders, and folders of any of them. */
#ifndef DAEMON_MAIL_SOURCE_H
#define DAEMON_MAIL_SOURCE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/errors.h"

/* Called with each mail; takes data over. path names the file. A negative return ends the walk with that code. */
typedef int (*mail_source_function)(const char *path, char *data, size_t size, void *context);

/* Asked between files, and now and then within a large one; true ends the walk with -ERR_CANCELLED. */
typedef bool (*mail_source_stop_function)(void *context);

struct mail_source {
        uint64_t max_bytes;             /* a larger mail is left out and named in problems */
        mail_source_function mail;      /* NULL: nothing is read, only bytes is counted */
        mail_source_stop_function stop; /* may be NULL */
        void *context;
        GPtrArray *problems;            /* char *: what could not be read, and why */

        uint64_t bytes;  /* counted up by the walk: of all files, so far */
        unsigned others; /* likewise: files that are no mails */
};

/* Walks one path, in an order that depends on names only (numbers by their value).
 *
 * A directory with cur/ and new/ is a Maildir: every file in these is a mail; of its other entries, folders are walked,
 * hidden ones if they are Maildirs, and files are no mails. In other directories hidden entries are left out, but for
 * Maildirs, and a file is judged by its first bytes: an mbox starts with a "From " line (see mbox.h), a mail with a
 * header that has a field which only mails have; any header will do for a file called *.eml or by a number, or named by
 * path itself.
 *
 * What cannot be read, or is no file (a pipe, a device, a link to a directory), is named in problems, and the walk goes on.
 * An error is returned for path itself, and for what function and stop said. */
int mail_source_walk(struct mail_source *source, const char *path, struct error *err);

#endif
