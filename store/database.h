/* SPDX-License-Identifier: MIT */
/*
 * The database connection and its statements; the only module that includes sqlite3.h. One connection per thread.
 * WAL, synchronous=FULL, foreign keys on, application_id checked, busy timeout DATABASE_BUSY_MS.
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/errors.h"

#define DATABASE_APPLICATION_ID 0x68664431 /* "hfD1" */
#define DATABASE_BUSY_MS 10000

struct database;
struct statement;

enum database_mode {
        DATABASE_READ,   /* an existing database, no change */
        DATABASE_WRITE,  /* an existing one */
        DATABASE_CREATE, /* created if missing; migrated to the present schema */
};

/* Opens and checks: not ours (-ERR_STORE_CORRUPT), a newer schema (-ERR_STORE_NEWER), an older one in READ or WRITE
 * mode (-ERR_STORE), missing (-ENOENT), locked (-ERR_STORE_BUSY), full (-ERR_STORE_FULL). */
int database_open(const char *path, enum database_mode mode, struct database **ret_db, struct error *err);
void database_close(struct database *db);
const char *database_path(const struct database *db);

/* Takes over into the database what its log holds, as far as no reader needs the log, and makes that durable. Whoever closes
 * it last does the same with all of it: what is done before, while others still work, need not be done then. What fails is
 * left to that. */
void database_checkpoint(struct database *db);

/* Gives the cached pages back, for a connection that will have nothing to do for a while. */
void database_release_memory(struct database *db);
/* How many pages it caches at most, instead of 1 MiB of them: for a connection that reads everything once. */
void database_set_cache_kib(struct database *db, unsigned kib);
/* Where what SQLite needs for a while is kept: in memory, as it is from the start, or in files beside the database, where
 * there has to be room anyway. Not within a transaction, nor while another thread opens a database. */
void database_keep_temporary(struct database *db, bool in_memory);

/* BEGIN IMMEDIATE, COMMIT, ROLLBACK. rollback never fails and does nothing outside a transaction. */
int database_begin(struct database *db, struct error *err);
int database_commit(struct database *db, struct error *err);
void database_rollback(struct database *db);

/* Like database_begin, for a transaction that its maker undoes as a whole if any part of it fails: the parts that are entered
 * need no savepoints, for each of which SQLite would copy every page before it is changed. A commit after a part has failed
 * is refused (-EINVAL). */
int database_begin_whole(struct database *db, struct error *err);

/* Many reads in one view of the database, which cost less than each in its own; database_rollback ends it. */
int database_begin_reading(struct database *db, struct error *err);

/* Runs SQL without parameters or results (migrations, pragmas). */
int database_execute(struct database *db, const char *sql, struct error *err);

/* Makes several statements one step, inside a running transaction (a savepoint, but for database_begin_whole) as well as
 * outside (a transaction of its own): enter, the statements, leave with what became of them. Code 0 keeps them; a negative
 * code undoes them and is returned. Pairs may be nested. */
int database_enter(struct database *db, struct error *err);
int database_leave(struct database *db, int code, struct error *err);

/* How long to wait for another process's lock; DATABASE_BUSY_MS at first. */
void database_set_busy_ms(struct database *db, unsigned busy_ms);

/* From now on that wait ends early, as if the time were over, once stop says so (it is asked again and again while
 * waiting). */
typedef bool (*database_stop_function)(void *context);
void database_set_stop(struct database *db, database_stop_function stop, void *context);

/* A statement from the connection's cache, ready to bind (parameters count from 1). statement_done gives it back. sql
 * must be a literal: the cache is keyed by its address. */
int database_prepare(struct database *db, const char *sql, struct statement **ret_statement, struct error *err);
void statement_done(struct statement *statement);

void statement_bind_int(struct statement *statement, int index, int64_t value);
void statement_bind_text(struct statement *statement, int index, const char *text); /* NULL binds NULL; copied */
/* Likewise, and not copied: text stays as it is until statement_done or statement_run. For what each mail binds. */
void statement_bind_lent_text(struct statement *statement, int index, const char *text);
void statement_bind_blob(struct statement *statement, int index, const void *data, size_t size); /* not copied */
void statement_bind_null(struct statement *statement, int index);

/* 1: a row, 0: no more, or a negative code. */
int statement_step(struct statement *statement, struct error *err);
/* Steps once where no row is expected, and gives the statement back. */
int statement_run(struct statement *statement, struct error *err);

int64_t statement_int(struct statement *statement, int column);
const char *statement_text(struct statement *statement, int column); /* NULL for NULL; valid until the next step */
char *statement_text_copy(struct statement *statement, int column);
const void *statement_blob(struct statement *statement, int column, size_t *ret_size);
bool statement_is_null(struct statement *statement, int column);

/* A number that changes whenever another connection has changed the database. */
int database_data_version(struct database *db, int64_t *ret_version, struct error *err);

int64_t database_last_id(const struct database *db);
int64_t database_changes(const struct database *db);

/* The number that a query for one row answers with; no row is -ERR_STORE_CORRUPT. */
int database_read_int(struct database *db, const char *sql, int64_t *ret_number, struct error *err);

/* Rows that this connection's cached statements have stepped over in scans of whole tables: what must not grow with the
 * number of mails. */
int64_t database_scanned_rows(const struct database *db);

#endif
