/* SPDX-License-Identifier: MIT */
#include "daemon/retention.h"

#include "common/log.h"
#include "store/outbox.h"

#define STEP_DELIVERIES 200u /* in one transaction: mails and senders do not wait for it */
#define STEPS_MAX 25u        /* then others come first */
#define PAUSE_MS 1000
#define LOOK_MS (60 * 60 * 1000ll) /* what is old enough may still have to stay, for what refers to it */

int retention_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
                  int64_t *ret_next_ms, struct error *err)
{
        (void) deliveries;
        if (config->retention_ms <= 0) {
                *ret_next_ms = 0;
                return 0;
        }
        unsigned total = 0, removed = STEP_DELIVERIES;
        int64_t oldest_ms = 0, before_ms = now_ms - config->retention_ms;
        /* A step may end with nothing but what others referred to: these go with the next. */
        for (unsigned step = 0; step < STEPS_MAX && removed > 0; step++) {
                int r = outbox_clear_old(db, before_ms, STEP_DELIVERIES, &removed, &oldest_ms, err);
                if (r < 0)
                        return r;
                total += removed;
        }
        if (total > 0)
                log_info("store", "%u deliver%s from more than %" G_GINT64_FORMAT " days ago cleared", total,
                         total == 1 ? "y" : "ies", config->retention_ms / (24 * 3600 * (int64_t) 1000));
        if (removed > 0)
                *ret_next_ms = now_ms + PAUSE_MS;
        else
                *ret_next_ms = oldest_ms ? MAX(oldest_ms + config->retention_ms + 1, now_ms + LOOK_MS) : 0;
        return 0;
}
