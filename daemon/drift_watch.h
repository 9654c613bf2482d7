/* SPDX-License-Identifier: MIT */
/* Counts what every stored bulletin has, and says so when a feed begins to drift. Called by the pipeline, within its
 * transaction. */
#ifndef DAEMON_DRIFT_WATCH_H
#define DAEMON_DRIFT_WATCH_H

#include "daemon/health.h"
#include "daemon/job.h"

struct drift_watch {
        struct health *health;
        struct drift_tally *tally;
        unsigned history, history_signs; /* bulletins that came as history, and those of them with unknown or missing labels */
};

/* For the jobs of one transaction. */
void drift_watch_init(struct drift_watch *watch, struct health *health);
void drift_watch_clear(struct drift_watch *watch);

/* For each content that is new: not for duplicates. Live ones open the condition of their feed or end it; history is only
 * counted. */
int drift_watch_bulletin(struct drift_watch *watch, const struct job *job, int64_t variant_id, struct error *err);

/* For a mail that no feed recognises. */
int drift_watch_unrecognised(struct drift_watch *watch, const struct job *job, struct error *err);

/* Stores what was counted: before the commit, and before anything that looks at what a sender has sent. */
int drift_watch_save(struct drift_watch *watch, struct error *err);

/* One line on the history, if there is something to say. */
void drift_watch_finish(struct drift_watch *watch);

#endif
