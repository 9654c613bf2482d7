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
        unsigned mails, known, bulletins_first, duplicates, variants, later, earlier, unrecognised, quarantined, unverified, deliveries;
};

/* Commits all jobs (struct job) in one transaction, or none. On success each job's mail_id, bulletin_id and event are
 * set, one line for each mail has been logged and totals (may be NULL) are added to. Errors: those of the store. */
int pipeline_commit(struct database *db, const struct config *config, GPtrArray *jobs, struct pipeline_totals *totals,
                    struct error *err);

/* The work of storing a mail that needs no database: its bytes packed, what it says as text, digests. For the parser's
 * threads, so that the writer does little else than write; the commit makes up for what was not prepared. The raw bytes
 * (job->data) are freed once they are packed. */
void pipeline_prepare(struct job *job);

/* Queues the summary for imported history: one delivery per route and channel, for all bulletins that imports brought,
 * that were not known before, and that no summary has told of: also those of an import that broke off. Its own
 * transaction; nothing where there are none. */
int pipeline_summarise_import(struct database *db, const struct config *config, const char *source, struct error *err);

#endif
