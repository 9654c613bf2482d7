/* SPDX-License-Identifier: MIT */
/* How many mails of a feed came to a mailbox with a verified sender, how many without, and how many of these in a row:
 * if a company's border stops writing Authentication-Results, every bulletin becomes unverified, and somebody must know. */
#ifndef STORE_VERIFICATION_H
#define STORE_VERIFICATION_H

#include <glib.h>
#include <stdint.h>

#include "store/database.h"

struct verification_row {
        char *source, *feed;
        int64_t verified, unverified;
        int64_t run;  /* unverified ones since the last verified one */
        char *reason; /* of the last unverified one, or NULL */
};
void verification_row_free(struct verification_row *row);

/* Counts one mail; reason NULL: verified. Within the running transaction. *ret_row is as it is then. */
int verification_count(struct database *db, const char *source, const char *feed, const char *reason,
                       struct verification_row **ret_row, struct error *err);

/* All of a source, by feed: an array of struct verification_row. */
int verification_list(struct database *db, const char *source, GPtrArray **ret_rows, struct error *err);

#endif
