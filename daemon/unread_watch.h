/* SPDX-License-Identifier: MIT */
/* Says so when mails arrive that cannot be read: one of them may be a bulletin, of which nobody was told. Called by the
 * pipeline, within its transaction. */
#ifndef DAEMON_UNREAD_WATCH_H
#define DAEMON_UNREAD_WATCH_H

#include "daemon/health.h"
#include "daemon/job.h"

#define UNREAD_CONDITION "unread"
#define UNREAD_CLEAN_RUN 20 /* mails in a row that were read end the condition */

/* For a mail that goes into quarantine, with the reason. Only those that arrive in a mailbox open the condition: whoever
 * imports sees what becomes of it. */
int unread_watch_quarantined(struct health *health, const struct job *job, int code, const char *reason, struct error *err);

/* For a mail that was read, whatever it was. */
int unread_watch_read(struct health *health, const struct job *job, struct error *err);

#endif
