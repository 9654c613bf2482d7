/* SPDX-License-Identifier: MIT */
/* Mails and a database for tests of what comes behind the parser: jobs are made as if a worker had read them. */
#ifndef TESTS_PIPELINE_KIT_H
#define TESTS_PIPELINE_KIT_H

#include <check.h>
#include <glib.h>

#include "daemon/config.h"
#include "daemon/job.h"
#include "daemon/pipeline.h"
#include "store/database.h"

struct kit {
        struct config *config;
        char *directory;
        struct database *db;
        guint32 last_uid;
};

/* One route "ops" (critical or immediate, with updates) to one channel "log", and one route "mail" (important) to "log" too. */
void kit_open(struct kit *kit);
void kit_close(struct kit *kit);

/* A job for a mail that is this bulletin. Dates "YYYY-MM-DD"; salt makes the bytes differ. */
struct job *kit_mail(struct kit *kit, const char *id, const char *registered, const char *updated, int severity, int urgency,
                     const char *title, const char *salt);
struct job *kit_unreadable(struct kit *kit, int code, const char *text);
/* The mark at the end of a pass, for the mailbox as kit_mail has filled it; history_uid 0: none. */
struct job *kit_mark(struct kit *kit, guint32 history_uid);

/* Commits the jobs (ended by NULL) in one transaction or fails the test; frees them. */
void kit_commit(struct kit *kit, struct job *first, ...) __attribute__((sentinel));

/* All rows of a query as text, cells joined by "|", rows by newlines; newly allocated. */
char *kit_query(struct database *db, const char *sql);
/* Of the test's own kit, which is the variable "kit". */
#define ck_assert_query(sql, expected) do { \
        g_autofree char *answer = kit_query(kit.db, sql); \
        ck_assert_str_eq(answer, expected); \
} while (0)

#endif
