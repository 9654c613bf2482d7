/* SPDX-License-Identifier: MIT */
/*
 * The archive mirror: a tree of files rendered from the database alone, by the publisher's own paths. A file that is
 * there is replaced as a whole; the page of a bulletin is written after the others, and the index last. The same database
 * gives the same tree, byte for byte; so does any order of arrival of the same mails.
 *
 *      index.html  alert/2007/ms07-028.html  .json  .eml  (further mails: ms07-028.<12 digits of SHA-256>.eml)
 *
 * What mails say whose sender is not verified is in a tree of its own below unverified/, each page marked.
 */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include <glib.h>
#include <stdbool.h>

#include "store/archive_feed.h"
#include "store/database.h"

/* Writes index.html. */
int archive_write_index(struct database *db, const char *directory, struct error *err);

/* Asked between two bulletins; true breaks the work off. */
typedef bool (*archive_stop_function)(void *context);

/* Works off the to-do list, then the index if anything was written. *ret_written and stop may be NULL. What it writes is
 * durable before it leaves the list. A bulletin that can't be written stays on the list and does not keep the others from
 * being written; the first error is returned at the end. -ERR_CANCELLED once stop says so: what is left stays on the list. */
int archive_update(struct database *db, const char *directory, archive_stop_function stop, void *context,
                   unsigned *ret_written, struct error *err);

/* The same for whoever does it again and again. What one pass writes may be made durable, and leave the list, in a later
 * one. The feed is a short cut to what was just stored, or NULL. */
struct archive_mirror;
struct archive_mirror *archive_mirror_new(struct database *db, const char *directory, struct archive_feed *feed);
void archive_mirror_free(struct archive_mirror *mirror); /* what is not durable is still on the list; NULL is fine */

struct archive_pass {
        bool more_comes;       /* at once: syncs and index may wait for it */
        unsigned written;      /* set: how many bulletins, also after a failure */
        bool unfinished;       /* set: there are syncs or the index for a later pass to do */
        int64_t index_took_ms; /* set: the index, if it was written */
};
int archive_mirror_update(struct archive_mirror *mirror, archive_stop_function stop, void *context, struct archive_pass *pass,
                          struct error *err);

/* Removes the temporary files (common/file.h) of a process that was killed while it wrote. */
void archive_remove_leftovers(const char *directory);

typedef void (*archive_progress_function)(unsigned done, unsigned total, void *context);

/* Writes every file anew and removes files under the archive's own folders that belong to no bulletin. */
int archive_rebuild(struct database *db, const char *directory, archive_progress_function progress, void *context,
                    unsigned *ret_written, unsigned *ret_removed, struct error *err);

#endif
