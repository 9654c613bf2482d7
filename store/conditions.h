/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with the service itself, as conditions that begin and end: each is told when it begins and when it is
 * over, not each time it shows. A condition has a name ("drift:hotfix-report"), of which one at a time is open, and
 * details, each of which is news once. All within the running transaction.
 */
#ifndef STORE_CONDITIONS_H
#define STORE_CONDITIONS_H

#include <glib.h>
#include <stdint.h>

#include "store/database.h"

#define CONDITION_DETAILS_MAX 50u /* of one condition; further ones are no news: they may come from outside */
#define CONDITIONS_ENDED_MAX 200u /* those that are over and stay on record */

struct condition {
        int64_t id;
        char *name, *message;  /* message: as it last showed */
        int64_t started_ms, last_ms, ended_ms; /* last_ms: when it last showed; ended_ms 0: it is open */
        int64_t count;         /* how often it showed */
        unsigned good;         /* how often in a row it did not show since */
        GPtrArray *details;    /* char *, by the alphabet; only by conditions_open, else NULL */
};
void condition_free(struct condition *condition);

enum condition_step {
        CONDITION_UNCHANGED, /* goes on, or there is none */
        CONDITION_OPENED,
        CONDITION_JOINED,    /* goes on, with details that it did not have */
        CONDITION_ENDED,
};

/* It shows: opens it or goes on with it. details (char *, may be empty) are what it is about. *ret_new gets those that it
 * did not have; *ret_condition is as it is now. */
int conditions_bad(struct database *db, const char *name, const char *message, const GPtrArray *details, int64_t now_ms,
                   enum condition_step *ret_step, struct condition **ret_condition, GPtrArray **ret_new, struct error *err);

/* It does not show. Ends it once that was so needed times in a row. *ret_condition: as it is now, NULL if none is open. */
int conditions_good(struct database *db, const char *name, unsigned needed, int64_t now_ms, enum condition_step *ret_step,
                    struct condition **ret_condition, struct error *err);

/* The open one of that name, or NULL. */
int conditions_find(struct database *db, const char *name, struct condition **ret_condition, struct error *err);

/* The details that a condition has named, in the order of the alphabet (char *). */
int conditions_details(struct database *db, int64_t id, GPtrArray **ret_details, struct error *err);

/* Those that are open, the oldest first: an array of struct condition. */
int conditions_open(struct database *db, GPtrArray **ret_conditions, struct error *err);

#endif
