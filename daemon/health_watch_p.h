/* SPDX-License-Identifier: MIT */
/* What the files of the health watch share. */
#ifndef DAEMON_HEALTH_WATCH_P_H
#define DAEMON_HEALTH_WATCH_P_H

#include "daemon/health.h"
#include "daemon/health_watch.h"

#define WATCH_UNREACHABLE "unreachable:" /* the names of conditions; behind these the mailbox's or the channel's */
#define WATCH_SILENCE "silence:"
#define WATCH_CHANNEL "channel:"
#define WATCH_PATCH_DAY "patch-day"
#define WATCH_QUARANTINE "quarantine"
#define WATCH_DISK "disk"
#define WATCH_ARCHIVE "archive"
#define WATCH_HOLIDAYS "holidays"

struct watch {
        struct health health;
        GPtrArray *open;      /* struct condition: as it was when the look began */
        int64_t next_ms;      /* when something is known to be due; 0: nothing */
};
int watch_init(struct watch *watch, struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries,
               struct error *err);
void watch_clear(struct watch *watch);

/* Is the condition open? NULL: no. */
const struct condition *watch_find(const struct watch *watch, const char *name);

/* It shows: tells it (health_problem) if that is news. A condition that goes on is noted once an hour: the look comes every
 * minute, and most of the time nothing is written at all. */
int watch_bad(struct watch *watch, const struct health_report *report, const GPtrArray *details, struct error *err);

/* It does not show: tells so where it is open. Free where it is not. */
int watch_good(struct watch *watch, const char *name, const char *headline, const char *lead, struct error *err);

/* There will be something to do then. */
void watch_due(struct watch *watch, int64_t at_ms);

/* For facts and advice of a report: the arrays own what is in them. */
GPtrArray *watch_facts(void);
void watch_fact(GPtrArray *facts, const char *label, const char *value);
void watch_fact_time(const struct watch *watch, GPtrArray *facts, const char *label, int64_t at_ms);
GPtrArray *watch_texts(const char *first, ...) G_GNUC_NULL_TERMINATED;

/* "45 min", "3 h", "8 d"; newly allocated. */
char *watch_duration(int64_t ms);

/* The looks. Each leaves alone what it cannot tell. */
int watch_mailboxes(struct watch *watch, struct error *err);
int watch_channels(struct watch *watch, struct error *err);
int watch_quarantine(struct watch *watch, struct error *err);
int watch_disk(struct watch *watch, struct error *err);
int watch_holidays(struct watch *watch, struct error *err);

#endif
