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
        size_t text_size;
        char *data; /* the mail's bytes: to keep them costs less than to restore them */
        size_t size;
        char *unverified; /* of the mail, or NULL */
        size_t weight;    /* the feed's: bytes in memory */
};
void archive_fresh_free(struct archive_fresh *fresh);

struct archive_feed;
struct archive_feed *archive_feed_new(size_t max_bytes);
void archive_feed_free(struct archive_feed *feed);

/* Takes it; frees it if there is no room. Marks must grow. Where somebody takes at all, room is waited for up to wait_ms.
 * Returns whether this made it more than half full. */
bool archive_feed_put(struct archive_feed *feed, struct archive_fresh *fresh, int64_t wait_ms);

/* Before a commit: what it stores is about to be put. Who takes then waits a moment rather than read again what is on its
 * way; until this is false again, after the last put. */
void archive_feed_expect(struct archive_feed *feed, bool expected);

/* What has this mark, or NULL; forgets what has a smaller one. For the caller to free. */
struct archive_fresh *archive_feed_take(struct archive_feed *feed, int64_t mark);

/* Whether somebody takes: else nobody waits for room. */
void archive_feed_set_active(struct archive_feed *feed, bool active);
/* More than half full, or somebody waits for room (what it has is too large to fit beside less than that). */
bool archive_feed_is_filling(struct archive_feed *feed);

#endif
