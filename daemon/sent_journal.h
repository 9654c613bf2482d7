/* SPDX-License-Identifier: MIT */
/*
 * What was sent, in a file of its own beside the database (state-dir/sent): a database that is restored from a backup is
 * older than that, and asks for the same deliveries again. A line for each: identity, time, and what the channel noted
 * (JSON), with a space between. It must not be restored together with the database.
 */
#ifndef DAEMON_SENT_JOURNAL_H
#define DAEMON_SENT_JOURNAL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"

struct sent_journal;

/* keep_ms: for how long a line is kept; 0: for ever. Reads nothing yet. Never NULL. */
struct sent_journal *sent_journal_new(const char *file, int64_t keep_ms);
void sent_journal_free(struct sent_journal *journal);

/* Reads the file (creates it if need be) and remembers what the database does not know as sent; does nothing if that was
 * done. Any thread. Errors: those of files and of the store. */
int sent_journal_load(struct sent_journal *journal, struct database *db, int64_t now_ms, struct error *err);

struct sent_entry { int64_t sent_ms; char *memo; /* or NULL */ };
void sent_entry_clear(struct sent_entry *entry);

/* Whether this identity was sent and the database, when it was read, did not know. Any thread. */
bool sent_journal_find(struct sent_journal *journal, const char *identity, struct sent_entry *ret_entry);

/* Adds a line, durably. memo may be NULL. Any thread. */
int sent_journal_add(struct sent_journal *journal, const char *identity, int64_t sent_ms, const char *memo,
                     struct error *err);

#endif
