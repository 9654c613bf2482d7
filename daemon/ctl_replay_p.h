/* SPDX-License-Identifier: MIT */
/* What the files of the command 'replay' share. */
#ifndef DAEMON_CTL_REPLAY_P_H
#define DAEMON_CTL_REPLAY_P_H

#include "store/replay.h"

struct replay_totals {
        unsigned mails;     /* compared */
        unsigned left_out;  /* of which only the beginning is stored */
        unsigned outcomes, fields, decisions; /* mails that differ in what became of them, contents, mails that differ in decisions */
};

/* A route's decision on one mail, before and after; "" and NULL: none. */
struct replay_route_change { char *route, *from, *from_reason, *to, *to_reason; };

struct replay_difference {
        char *outcome_from, *outcome_to; /* "bulletin MS07-028", "quarantined: …"; NULL: the same */
        GPtrArray *fields;    /* struct bulletin_change */
        GPtrArray *decisions; /* struct replay_route_change */
};

/* What differs between the two records of one mail; NULL: nothing. seen (a set of strings, owned by the caller) keeps a
 * change of content that many mails share from being told for each. */
struct replay_difference *replay_compare(const struct replay_record *before, const struct replay_record *after,
                                         GHashTable *seen);
void replay_difference_free(struct replay_difference *difference);

void replay_print_difference(const struct replay_record *before, const struct replay_difference *difference);
void replay_print_totals(const struct replay_totals *totals);

#endif
