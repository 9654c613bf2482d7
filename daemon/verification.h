/* SPDX-License-Identifier: MIT */
/* Whether a mail counts as verified by what its mailbox asks for, and the condition that opens when a feed's mails stop
 * being it. Called by the pipeline, within its transaction. */
#ifndef DAEMON_VERIFICATION_H
#define DAEMON_VERIFICATION_H

#include "daemon/health.h"
#include "daemon/job.h"

#define VERIFICATION_CONDITION "unverified" /* "unverified:MAILBOX:FEED" */
#define VERIFICATION_RUN 3       /* bulletins in a row that are not verified open it, or one that nobody could verify … */
#define VERIFICATION_CLEAN_RUN 3 /* … and such that are end it */
#define VERIFICATION_LETTERS 10  /* so many do where the last is no bulletin: publishers send advertisements, too */

/* Why the mail that was read does not count as verified; NULL: it does. Newly allocated. Decided by the mailbox that
 * job->source names ("imap:NAME"), so that a mail on record can be judged again; what was imported from files is not
 * judged: whoever imports has chosen them. Nor is one that the administrator accepts. */
char *verification_judge(const struct config *config, const struct job *job);

/* By which of the places where a mail was seen (struct sighting_row, in order) it is judged when it is read again: the first
 * that is still there. Owned by the row; "quarantine" if there is none. */
const char *verification_source(const struct config *config, const GPtrArray *sightings);

/* A mail on record can be seen in another mailbox, which asks for less: where any of them verifies it, it counts as
 * verified, whichever saw it first. Whether the job can tell, and whether it does, for one that is on record as unverified. */
bool verification_may_turn(const struct job *job);
bool verification_turns(const struct config *config, const struct job *job);

/* For each bulletin that was stored, with job->unverified. History is counted only. */
int verification_watch_bulletin(struct health *health, const struct job *job, struct error *err);

/* For a mail that is no bulletin and has job->unverified. One in the name of somebody who sends bulletins counts with the
 * others: a publisher who changes both format and mail server is not to vanish without a word. */
int verification_watch_letter(struct health *health, const struct job *job, struct error *err);

/* At the end of a mailbox's history: says so if some of it, or the end of it, is not verified. */
int verification_watch_history(struct health *health, const char *source, struct error *err);

#endif
