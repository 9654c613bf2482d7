/* SPDX-License-Identifier: MIT */
/*
 * What is counted to notice that a publisher has changed the format: which fields the contents have filled, in order of
 * arrival (counted by store/drift_tally.h); labels that no rule knows; and who sends bulletins. All within the running
 * transaction.
 */
#ifndef STORE_DRIFT_H
#define STORE_DRIFT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/bulletin_fill.h"
#include "store/database.h"

#define DRIFT_RECENT 20u     /* the last bulletins, live or history, whose rates are compared with those of all */
#define DRIFT_LIVE_RUN 5u    /* the last live ones that a rule looks at */
#define DRIFT_BEFORE 50u   /* the last bulletins, live or history, that arrived before these */
#define DRIFT_LABELS_MAX 500u /* unknown labels that are kept of each feed; beyond that the rarest, oldest goes */

/* Of so many bulletins, how many have each field filled. */
struct fill_counts {
        int64_t bulletins;
        int64_t filled[BULLETIN_FILL_MAX];
};

/* One bulletin more, with these fields. */
void fill_counts_add(struct fill_counts *counts, uint64_t mask);

/* All that were counted; zeros where there are none. */
int drift_counts_all(struct database *db, const char *feed, enum bulletin_kind kind, struct fill_counts *ret_counts,
                     struct error *err);
/* The last of them, at most max (0: all). */
int drift_counts_last(struct database *db, const char *feed, enum bulletin_kind kind, bool live_only, unsigned max,
                      struct fill_counts *ret_counts, struct error *err);

/* The last DRIFT_BEFORE of those that arrived before the last DRIFT_LIVE_RUN live ones; none as long as there are not so
 * many live ones. */
int drift_counts_before(struct database *db, const char *feed, enum bulletin_kind kind, struct fill_counts *ret_counts,
                        struct error *err);

/* The counts of one feed and kind that a rule goes by: all, with the last live ones in them; those that came right before
 * the last live ones (a field that older bulletins never had is usual there); and the last live ones. */
struct drift_counts { struct fill_counts all, before, live; };
int drift_counts_load(struct database *db, const char *feed, enum bulletin_kind kind, struct drift_counts *ret_counts,
                      struct error *err);

/* The feeds and kinds that were counted, by name and number: an array of struct drift_kind. */
struct drift_kind { char *feed; enum bulletin_kind kind; };
int drift_kinds(struct database *db, GPtrArray **ret_kinds, struct error *err);

/* Counts each of the labels (char *, without repetition; NULL: none) once; bulletin names where they stood. */
int drift_add_labels(struct database *db, const char *feed, enum bulletin_kind kind, const GPtrArray *labels,
                     const char *bulletin, int64_t now_ms, struct error *err);

struct unknown_label { char *label, *bulletin; int64_t count, first_ms, last_ms; };
/* The most frequent first, of those the last seen: an array of struct unknown_label. */
int drift_labels(struct database *db, const char *feed, enum bulletin_kind kind, GPtrArray **ret_labels, struct error *err);

/* What an address has sent: bulletins, mails that are none, and how many of these came since its last bulletin. feed: of
 * its last bulletin; NULL for an address that has sent none. */
struct sender_record { char *feed; int64_t bulletins, others, run; };
void sender_record_clear(struct sender_record *record);
int drift_sender_find(struct database *db, const char *address, struct sender_record *ret_record, struct error *err);
int drift_sender_sent_bulletins(struct database *db, const char *address, const char *feed, int64_t count, struct error *err);
/* Counts a mail that is no bulletin, if the address has ever sent one. *ret_before: the record before that. */
int drift_sender_sent_other(struct database *db, const char *address, struct sender_record *ret_before, struct error *err);

#endif
