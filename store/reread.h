/* SPDX-License-Identifier: MIT */
/* Which version of the program has read again what an earlier one did not understand, and how far it has come. */
#ifndef STORE_REREAD_H
#define STORE_REREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"

/* The last mail that this version has read again, 0: none; and whether it is through. */
int reread_load(struct database *db, const char *version, int64_t *ret_last_mail_id, bool *ret_done, struct error *err);

/* Notes how far it is; what earlier versions did is forgotten. */
int reread_save(struct database *db, const char *version, int64_t last_mail_id, bool done, struct error *err);

/* The next mail behind last_mail_id that is in quarantine or was not recognised; 0: there is none. */
int reread_next(struct database *db, int64_t last_mail_id, int64_t *ret_mail_id, struct error *err);

#endif
