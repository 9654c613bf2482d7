/* SPDX-License-Identifier: MIT */
/* The mark of a bulletin whose mail has no verified sender, in its JSON form. */
#ifndef COMMON_BULLETIN_MARK_H
#define COMMON_BULLETIN_MARK_H

#include <jansson.h>

/* Adds to bulletin_to_json's object "mail": "authentication": {"verified": false, "reason": reason or null}. Bulletins
 * without this member are verified, or that was not asked for. */
void bulletin_mark_unverified(json_t *bulletin, const char *reason);

#endif
