/* SPDX-License-Identifier: MIT */
/* What the files of the bulletins module share. */
#ifndef STORE_BULLETINS_P_H
#define STORE_BULLETINS_P_H

#include "store/bulletins.h"

/* The stored content in this column. -ERR_STORE_CORRUPT, naming the variant, if it can't be read. */
int bulletins_read_content(struct database *db, struct statement *statement, int column, int64_t variant_id,
                           struct bulletin **ret_content, struct error *err);

/* The form in which ids and keys are looked up: NFKC, no case. text may be any bytes. Newly allocated. */
char *bulletins_fold(const char *text);

/* Makes the bulletin ask for this name in the archive; puts in order who of those that want it has it. was is what it
 * asked for before, NULL if it is new. */
int bulletins_want_archive_name(struct database *db, int64_t bulletin_id, const char *was, const char *wanted,
                                struct error *err);

/* Puts the bulletin on the archive's to-do list, or marks it again. */
int bulletins_archive_add(struct database *db, int64_t bulletin_id, struct error *err);

#endif
