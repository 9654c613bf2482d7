/* SPDX-License-Identifier: MIT */
/* How far the digests of the routes have come, and what a route has decided since. */
#ifndef STORE_DIGESTS_H
#define STORE_DIGESTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"

struct digest_mark {
        bool known;
        int64_t decision_id; /* the last decision that was told */
        int64_t until_ms;    /* until when the digests reach */
};
int digests_load(struct database *db, const char *route, struct digest_mark *ret_mark, struct error *err);
int digests_save(struct database *db, const char *route, const struct digest_mark *mark, struct error *err);
/* The route has no digests any more: one that it gets again begins anew. */
int digests_forget(struct database *db, const char *route, struct error *err);

/* The number of the newest decision of all; 0: there are none. */
int digests_last_decision(struct database *db, int64_t *ret_id, struct error *err);

/* What a route decided of one bulletin in a time. */
struct digest_item {
        int64_t bulletin_id;
        char *action;        /* that of the decision that says most: "new" if it was first told then; "none": it is above, and
                              * nothing was sent */
        char *reason;        /* of that decision */
        int severity, urgency; /* as it stands now; 0 undetermined, -1 it has none */
};
void digest_item_free(struct digest_item *item);

/* By the decisions behind after_id, up to upto_id: one item for each bulletin, the most severe first. History, what is not
 * above the route's thresholds and was not sent, and what came from unverified senders is not among them. */
int digests_items(struct database *db, const char *route, int64_t after_id, int64_t upto_id, GPtrArray **ret_items,
                  struct error *err);

#endif
