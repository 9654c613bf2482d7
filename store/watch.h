/* SPDX-License-Identifier: MIT */
/* What the look at the service's own health (daemon/health_watch.h) wants to know of the database. None of it costs more
 * the longer the service has run. */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"

/* Since when something is looked at. Asked for the first time, that is now_ms, which is put on record. */
int watch_since(struct database *db, const char *name, int64_t now_ms, int64_t *ret_since_ms, struct error *err);

/* Whether this source ("imap:NAME") has brought a bulletin since then, from a sender who counts as verified, in a mail that
 * was not on record before. */
int watch_bulletin_came(struct database *db, const char *source, int64_t since_ms, bool *ret_came, struct error *err);
/* When the last one came; 0: never. */
int watch_last_bulletin(struct database *db, const char *source, int64_t *ret_last_ms, struct error *err);

/* Whether any alert has arrived since then, that was not known before and is no history. */
int watch_alert_came(struct database *db, int64_t since_ms, bool *ret_came, struct error *err);

/* How many mails went into quarantine since then; history does not count. */
int watch_quarantined(struct database *db, int64_t since_ms, int64_t *ret_count, struct error *err);

/* How sending to a channel goes. */
struct watch_channel {
        int64_t dead;       /* deliveries that were given up, and that nobody has dropped or had sent again since */
        int64_t dead_id, dead_ms; /* of the last of them; 0: none */
        char *dead_answer;
        int64_t dead_since_ms; /* the first of those between which nothing was sent: another time, another trouble */
        int64_t failing_id, failing_ms; /* the oldest delivery that fails and is tried again, and since when it is due;
                                         * 0: none */
        char *failing_answer;
        int64_t waiting;    /* deliveries that wait to be sent; counted only where one fails */
};
void watch_channel_clear(struct watch_channel *channel);
int watch_channel_look(struct database *db, const char *name, struct watch_channel *ret_channel, struct error *err);

#endif
