/* SPDX-License-Identifier: MIT */
/*
 * The one file that knows the order: parsed mails become rows, revisions, decisions, deliveries and a cursor in one
 * transaction (promises 1 and 2 of the design).
 */
#ifndef DAEMON_PIPELINE_H
#define DAEMON_PIPELINE_H

#include <glib.h>

#include "daemon/config.h"
#include "daemon/job.h"
#include "store/database.h"

struct pipeline_totals {
        unsigned mails, known, bulletins_first, duplicates, variants, later, earlier, unrecognised, quarantined, deliveries;
};

/* Commits all jobs (struct job) in one transaction, or none. On success each job's mail_id, bulletin_id and event are
 * set, one line for each mail has been logged and totals (may be NULL) are added to. Errors: those of the store. */
int pipeline_commit(struct database *db, const struct config *config, GPtrArray *jobs, struct pipeline_totals *totals,
                    struct error *err);

/* Queues the summary for imported history: one delivery per route and channel. bulletin_ids (int64_t) are those that the
 * import brought and that were not known before. Its own transaction; nothing for an empty list. */
int pipeline_summarise_import(struct database *db, const struct config *config, const char *source, const GArray *bulletin_ids,
                              struct error *err);

#endif
