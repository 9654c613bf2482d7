/* SPDX-License-Identifier: MIT */
/* What the files of 'quarantine' share. */
#ifndef DAEMON_CTL_QUARANTINE_P_H
#define DAEMON_CTL_QUARANTINE_P_H

#include <glib.h>
#include <stdbool.h>

#include "daemon/ctl.h"
#include "store/mails.h"

/* A mail's subject, sender and the like, which a mail that could not be read as a whole has not told: they are read out of the
 * stored header alone, in a worker, where they are missing. */
struct head_reader;
struct head_reader *head_reader_new(struct database *db);
void head_reader_free(struct head_reader *reader);
void head_reader_complete(struct head_reader *reader, struct mail_row *mail);

/* quarantine retry: mails (struct mail_row) are read again, or fetched again. accept: those that are stored count as verified,
 * whatever the mail server found. Returns the exit status. */
int quarantine_retry(GPtrArray *mails, bool accept);

#endif
