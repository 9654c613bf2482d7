/* SPDX-License-Identifier: MIT */
/*
 * What the bulletins of one transaction add to the counts of store/drift.h: sums of many numbers, which are the same row
 * for nearly every bulletin. They are added up here and stored once, by drift_tally_save: before the transaction is
 * committed, and before anybody in it reads those counts. After a rollback the tally is freed with what it has.
 */
#ifndef STORE_DRIFT_TALLY_H
#define STORE_DRIFT_TALLY_H

#include "store/drift.h"

struct drift_tally;

struct drift_tally *drift_tally_new(struct database *db);
void drift_tally_free(struct drift_tally *tally);

/* One content, once: the caller does not count duplicates. mask: see bulletin_fill_mask. */
int drift_tally_content(struct drift_tally *tally, const char *feed, enum bulletin_kind kind, int64_t variant_id, bool live,
                        uint64_t mask, struct error *err);

/* This address has sent a bulletin of the feed. */
void drift_tally_sender(struct drift_tally *tally, const char *address, const char *feed);

int drift_tally_save(struct drift_tally *tally, struct error *err);

#endif
