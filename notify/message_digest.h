/* SPDX-License-Identifier: MIT */
/* The message of a digest: what a route has told, and kept back, in a day or a week. */
#ifndef NOTIFY_MESSAGE_DIGEST_H
#define NOTIFY_MESSAGE_DIGEST_H

#include "notify/message.h"

#define DIGEST_LINES_MAX 12u /* bulletins that are named; the others are counted */
#define DIGEST_OPEN_MAX 8u   /* likewise of those that nobody has acknowledged */

struct digest_entry {
        const char *action;               /* of the decision: "new", "raised", "updated", "lowered", "none"; NULL: told before */
        const char *reason;
        const struct bulletin *bulletin;
        const char *since;                /* nobody has acknowledged it since then, for people; else NULL */
};

struct digest_report {
        const char *route;
        bool weekly;
        const char *from, *to;            /* what time it is about, for people */
        const GPtrArray *actions;         /* const char *: of all that there was, named or not */
        const GPtrArray *entries;         /* struct digest_entry: those that are to be named, in order */
        unsigned open;                    /* bulletins that nobody has acknowledged */
        unsigned open_before;             /* those of them that were told before, and are not among the entries */
        const GPtrArray *open_entries;    /* struct digest_entry: those of these that are to be named */
};

/* Everything is cleaned and cut here. */
struct message *message_for_digest(const struct digest_report *report);

#endif
