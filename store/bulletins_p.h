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

/* Runs a statement with the parameters ?1 and, unless it is 0, ?2. */
int bulletins_run(struct database *db, const char *sql, int64_t first, int64_t second, struct error *err);

/* Makes the revision the current one, and the row say what this content says. */
int bulletins_show(struct database *db, int64_t bulletin_id, int64_t revision_id, const struct bulletin *b,
                   const struct bulletin_prepared *prepared, struct error *err);

/* Takes away the name that a bulletin has in the archive, and its place on the to-do list, before the row is deleted; and
 * gives the name to whom it is due then, after that. */
int bulletins_leave_archive(struct database *db, int64_t bulletin_id, struct error *err);
int bulletins_settle_archive(struct database *db, const char *wanted, struct error *err);

/* Nobody wants this name in the archive, nor has it. */
int bulletins_archive_name_is_free(struct database *db, const char *name, bool *ret_free, struct error *err);

/* Makes the bulletin ask for this name in the archive; puts in order who of those that want it has it. was is what it
 * asked for before, NULL if it is new. */
int bulletins_want_archive_name(struct database *db, int64_t bulletin_id, const char *was, const char *wanted,
                                struct error *err);

/* Puts the bulletin on the archive's to-do list, or marks it again. */
int bulletins_archive_add(struct database *db, int64_t bulletin_id, struct error *err);
/* The same of one that cannot be there yet, which costs half as much. */
int bulletins_archive_add_new(struct database *db, int64_t bulletin_id, struct error *err);

#endif
