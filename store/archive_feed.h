/* SPDX-License-Identifier: MIT */
/*
 * What was just stored, on its way to the archive in memory: a bulletin that nothing else is known of need not be read from
 * the database again. Only a short cut: what is dropped here is read there. One thread puts, one takes.
 */
#ifndef STORE_ARCHIVE_FEED_H
#define STORE_ARCHIVE_FEED_H

#include "store/bulletins.h"
#include "store/mails.h"

/* A bulletin at its first mail, as it was committed with this mark on the archive's to-do list: as long as it has that mark,
 * the database says the same of it. */
struct archive_fresh {
        int64_t mark;
        struct bulletin *bulletin;
        char *text; /* the bulletin as JSON */
        char *data; /* the mail's bytes: to keep them costs less than to restore them */
        size_t size;
        char *unverified; /* of the mail, or NULL */
};
void archive_fresh_free(struct archive_fresh *fresh);

struct archive_feed;
struct archive_feed *archive_feed_new(size_t max_bytes);
void archive_feed_free(struct archive_feed *feed);

/* Takes it; frees it if there is no room. Marks must grow. Where the archive is at work it is given up to wait_ms. */
void archive_feed_put(struct archive_feed *feed, struct archive_fresh *fresh, int64_t wait_ms);

/* What has this mark, or NULL; forgets what has a smaller one. For the caller to free. */
struct archive_fresh *archive_feed_take(struct archive_feed *feed, int64_t mark);

/* Whether somebody takes at the moment: else nobody waits for room. */
void archive_feed_set_active(struct archive_feed *feed, bool active);
bool archive_feed_is_filling(struct archive_feed *feed); /* more than half full */

#endif
