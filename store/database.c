/* SPDX-License-Identifier: MIT */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/limits.h"
#include "store/schema.h"

#define CACHE_KIB 1024
#define CHECKPOINT_PAGES 3000 /* of the log: a page that many transactions change is copied into the database once */
/* A -wal file that grew beyond this is cut when it is empty again. In a stream of mails it does not grow so far, also where
 * readers keep the log from starting anew for a while: what is cut has to be made again page by page. */
#define JOURNAL_KEPT_BYTES (32u * MIB)
#define ROW_BYTES_MAX (LIMIT_MESSAGE_BYTES_MAX + 2u * MIB) /* a stored mail, even one that zstd makes larger */
#define WAL_RETRY_MS 5u
#define LOCK_PAUSE_MAX_MS 50 /* between two looks at another process's lock */
#define SQL_SHOWN_CHARS 60 /* of a statement that failed for a reason of its own */

struct statement {
        struct database *db;
        sqlite3_stmt *handle;
        bool cached, busy, finished;
        int bind_code; /* the first failure of a bind, reported by the next step */
};

struct database {
        char *path;
        sqlite3 *handle;
        GHashTable *statements; /* SQL literal (by address) → struct statement */
        unsigned entered;       /* pairs of enter and leave that are open */
        bool entered_outside;   /* the outermost of them began the transaction */
        bool whole, broken;     /* the transaction has no parts; one that it would have had has failed */
        database_stop_function stop; /* or NULL: waits for locks are SQLite's own */
        void *stop_context;
        int64_t waiting_since_us;
};

static void statement_free(void *data)
{
        struct statement *statement = data;
        sqlite3_finalize(statement->handle);
        g_free(statement);
}

static int code_of_errno(int code)
{
        switch (code) {
        case ENOSPC:
        case EDQUOT:
                return -ERR_STORE_FULL;
        case EACCES:
        case EPERM:
        case EROFS:
                return -EACCES;
        case ENOENT:
                return -ENOENT;
        default:
                return -ERR_STORE;
        }
}

static int code_of_result(sqlite3 *handle, int result)
{
        if (result == SQLITE_IOERR_CORRUPTFS)
                return -ERR_STORE_CORRUPT;
        switch (result & 0xff) {
        case SQLITE_FULL:
                return -ERR_STORE_FULL;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -ERR_STORE_BUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_FORMAT:
                return -ERR_STORE_CORRUPT;
        case SQLITE_READONLY:
        case SQLITE_PERM:
                return -EACCES;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
                return code_of_errno(handle ? sqlite3_system_errno(handle) : 0);
        default:
                return -ERR_STORE;
        }
}

/* sql is named only where the statement itself may be to blame. */
static int fail(struct database *db, int result, const char *sql, struct error *err)
{
        int code = code_of_result(db->handle, result);
        int system_errno = (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN
                                   ? sqlite3_system_errno(db->handle) : 0;
        if (code == -ERR_STORE && sql && !system_errno)
                return error_set(err, code, "%s: %s (in \"%.*s\")", db->path, sqlite3_errmsg(db->handle),
                                 SQL_SHOWN_CHARS, sql);
        if (system_errno)
                return error_set(err, code, "%s: %s: %s", db->path, sqlite3_errmsg(db->handle),
                                 g_strerror(system_errno));
        return error_set(err, code, "%s: %s", db->path, sqlite3_errmsg(db->handle));
}

/* --- statements --- */

int database_prepare(struct database *db, const char *sql, struct statement **ret_statement, struct error *err)
{
        struct statement *found = g_hash_table_lookup(db->statements, sql);
        /* The comparison costs nothing beside the step, and keeps a string that is no literal from running another's
         * SQL. */
        if (found && !found->busy && strcmp(sqlite3_sql(found->handle), sql) == 0) {
                found->busy = true;
                *ret_statement = found;
                return 0;
        }
        sqlite3_stmt *handle = NULL;
        int result = sqlite3_prepare_v3(db->handle, sql, -1, found ? 0 : SQLITE_PREPARE_PERSISTENT, &handle, NULL);
        if (result != SQLITE_OK)
                return fail(db, result, sql, err);
        struct statement *statement = g_new0(struct statement, 1);
        statement->db = db;
        statement->handle = handle;
        statement->busy = true;
        statement->cached = !found;
        if (statement->cached)
                g_hash_table_insert(db->statements, (void *) sql, statement);
        *ret_statement = statement;
        return 0;
}

void statement_done(struct statement *statement)
{
        if (!statement)
                return;
        if (!statement->cached) {
                statement_free(statement);
                return;
        }
        sqlite3_reset(statement->handle);
        sqlite3_clear_bindings(statement->handle); /* blobs are not copied: they may go away after this */
        statement->busy = statement->finished = false;
        statement->bind_code = SQLITE_OK;
}

static void note_bind(struct statement *statement, int result)
{
        if (statement->bind_code == SQLITE_OK)
                statement->bind_code = result;
}

void statement_bind_int(struct statement *statement, int index, int64_t value)
{
        note_bind(statement, sqlite3_bind_int64(statement->handle, index, value));
}

static void bind_text(struct statement *statement, int index, const char *text, sqlite3_destructor_type owner)
{
        if (!text)
                statement_bind_null(statement, index);
        else
                note_bind(statement,
                          sqlite3_bind_text64(statement->handle, index, text, strlen(text), owner, SQLITE_UTF8));
}

void statement_bind_text(struct statement *statement, int index, const char *text)
{
        bind_text(statement, index, text, SQLITE_TRANSIENT);
}

void statement_bind_lent_text(struct statement *statement, int index, const char *text)
{
        bind_text(statement, index, text, SQLITE_STATIC);
}

void statement_bind_blob(struct statement *statement, int index, const void *data, size_t size)
{
        note_bind(statement, sqlite3_bind_blob64(statement->handle, index, size ? data : "", size, SQLITE_STATIC));
}

void statement_bind_null(struct statement *statement, int index)
{
        note_bind(statement, sqlite3_bind_null(statement->handle, index));
}

int statement_step(struct statement *statement, struct error *err)
{
        struct database *db = statement->db;
        if (statement->finished) /* SQLite would run it again */
                return 0;
        if (statement->bind_code != SQLITE_OK)
                return error_set(err, code_of_result(db->handle, statement->bind_code),
                                 "%s: %s (a parameter of \"%.*s\")", db->path, sqlite3_errstr(statement->bind_code),
                                 SQL_SHOWN_CHARS, sqlite3_sql(statement->handle));
        int result = sqlite3_step(statement->handle);
        if (result == SQLITE_ROW)
                return 1;
        statement->finished = true;
        if (result == SQLITE_DONE)
                return 0;
        return fail(db, result, sqlite3_sql(statement->handle), err);
}

int statement_run(struct statement *statement, struct error *err)
{
        int r;
        do
                r = statement_step(statement, err);
        while (r > 0);
        statement_done(statement);
        return r;
}

int64_t statement_int(struct statement *statement, int column)
{
        return sqlite3_column_int64(statement->handle, column);
}

const char *statement_text(struct statement *statement, int column)
{
        return (const char *) sqlite3_column_text(statement->handle, column);
}

char *statement_text_copy(struct statement *statement, int column)
{
        return g_strdup(statement_text(statement, column));
}

const void *statement_blob(struct statement *statement, int column, size_t *ret_size)
{
        const void *data = sqlite3_column_blob(statement->handle, column);
        *ret_size = (size_t) sqlite3_column_bytes(statement->handle, column);
        return data;
}

bool statement_is_null(struct statement *statement, int column)
{
        return sqlite3_column_type(statement->handle, column) == SQLITE_NULL;
}

int database_data_version(struct database *db, int64_t *ret_version, struct error *err)
{
        return database_read_int(db, "PRAGMA data_version", ret_version, err);
}

int64_t database_last_id(const struct database *db)
{
        return sqlite3_last_insert_rowid(db->handle);
}

int64_t database_changes(const struct database *db)
{
        return sqlite3_changes64(db->handle);
}

int64_t database_scanned_rows(const struct database *db)
{
        int64_t rows = 0;
        GHashTableIter iter;
        void *value;
        g_hash_table_iter_init(&iter, db->statements);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                const struct statement *statement = value;
                rows += sqlite3_stmt_status(statement->handle, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);
        }
        return rows;
}

int database_execute(struct database *db, const char *sql, struct error *err)
{
        int result = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
        return result == SQLITE_OK ? 0 : fail(db, result, sql, err);
}

void database_set_busy_ms(struct database *db, unsigned busy_ms)
{
        sqlite3_busy_timeout(db->handle, (int) MIN(busy_ms, (unsigned) G_MAXINT));
}

/* SQLite's own waiting can't be broken off. count: how often it has asked for this one lock. */
static int wait_for_lock(void *data, int count)
{
        struct database *db = data;
        int64_t now_us = g_get_monotonic_time();
        if (count == 0)
                db->waiting_since_us = now_us;
        if (now_us - db->waiting_since_us >= DATABASE_BUSY_MS * 1000LL || db->stop(db->stop_context))
                return 0;
        g_usleep(1000 * (gulong) MIN(1 + count, LOCK_PAUSE_MAX_MS));
        return 1;
}

void database_set_stop(struct database *db, database_stop_function stop, void *context)
{
        db->stop = stop;
        db->stop_context = context;
        sqlite3_busy_handler(db->handle, wait_for_lock, db);
}

void database_checkpoint(struct database *db)
{
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

void database_release_memory(struct database *db)
{
        sqlite3_db_release_memory(db->handle);
}

void database_set_cache_kib(struct database *db, unsigned kib)
{
        g_autofree char *sql = g_strdup_printf("PRAGMA cache_size=-%u", kib);
        sqlite3_exec(db->handle, sql, NULL, NULL, NULL); /* cannot fail but for memory, and then the cache stays as it is */
}

void database_keep_temporary(struct database *db, bool in_memory)
{
        g_autofree char *directory = g_path_get_dirname(db->path);
        sqlite3_free(sqlite3_temp_directory);
        sqlite3_temp_directory = in_memory ? NULL : sqlite3_mprintf("%s", directory);
        sqlite3_exec(db->handle, in_memory ? "PRAGMA temp_store=MEMORY" : "PRAGMA temp_store=FILE", NULL, NULL, NULL);
}

const char *database_path(const struct database *db)
{
        return db->path;
}

/* --- transactions --- */

static int run_literal(struct database *db, const char *sql, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        return r < 0 ? r : statement_run(statement, err);
}

int database_begin(struct database *db, struct error *err)
{
        /* IMMEDIATE: a transaction that turns from reading to writing can fail at any of its statements; this one fails
         * here or not at all. */
        return run_literal(db, "BEGIN IMMEDIATE", err);
}

int database_begin_reading(struct database *db, struct error *err)
{
        return run_literal(db, "BEGIN", err);
}

int database_begin_whole(struct database *db, struct error *err)
{
        int r = database_begin(db, err);
        if (r == 0)
                db->whole = true;
        return r;
}

int database_commit(struct database *db, struct error *err)
{
        if (db->broken)
                return error_set(err, -EINVAL, "%s: a part of the transaction has failed", db->path);
        int r = run_literal(db, "COMMIT", err);
        if (r == 0)
                db->whole = false;
        return r;
}

void database_rollback(struct database *db)
{
        db->whole = db->broken = false;
        /* After some failures (disk full) SQLite has rolled back already. */
        if (!sqlite3_get_autocommit(db->handle))
                sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

int database_enter(struct database *db, struct error *err)
{
        bool outside = sqlite3_get_autocommit(db->handle);
        int r = outside ? database_begin(db, err) : db->whole ? 0 : run_literal(db, "SAVEPOINT part", err);
        if (r < 0)
                return r;
        if (db->entered++ == 0)
                db->entered_outside = outside;
        return 0;
}

static int leave_transaction(struct database *db, int code, struct error *err)
{
        if (code == 0)
                code = database_commit(db, err);
        if (code < 0)
                database_rollback(db);
        return code;
}

static int leave_savepoint(struct database *db, int code, struct error *err)
{
        if (code == 0)
                return run_literal(db, "RELEASE part", err);
        if (!sqlite3_get_autocommit(db->handle))
                sqlite3_exec(db->handle, "ROLLBACK TO part; RELEASE part", NULL, NULL, NULL);
        return code;
}

int database_leave(struct database *db, int code, struct error *err)
{
        db->entered--;
        if (db->entered == 0 && db->entered_outside)
                return leave_transaction(db, code, err);
        if (db->whole) {
                db->broken = db->broken || code < 0;
                return code;
        }
        return leave_savepoint(db, code, err);
}

/* --- opening --- */

/* The directory entry must be as durable as what the database will hold. */
static int sync_directory(const char *directory, struct error *err)
{
        int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) < 0) {
                int code = -errno;
                if (fd >= 0)
                        close(fd);
                return error_set(err, code, "%s: cannot sync the directory: %s", directory, g_strerror(-code));
        }
        close(fd);
        return 0;
}

static int give_to_owner_of(int fd, const char *directory)
{
        struct stat st;
        if (geteuid() != 0)
                return 0;
        if (stat(directory, &st) < 0 || fchown(fd, st.st_uid, st.st_gid) < 0)
                return -errno;
        return 0;
}

/* Creates an empty file if there is none, so that its owner and mode are right before SQLite sees it. Closing this
 * descriptor releases no lock of another connection: the file did not exist before. */
static int create_file(const char *path, struct error *err)
{
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
        if (fd < 0 && errno == EEXIST)
                return 0;
        if (fd < 0) {
                int code = code_of_errno(errno);
                return error_set(err, code, "%s: cannot create the database: %s", path, g_strerror(errno));
        }
        g_autofree char *directory = g_path_get_dirname(path);
        int r = give_to_owner_of(fd, directory);
        if (close(fd) < 0 && r == 0)
                r = -errno;
        if (r < 0)
                return error_set(err, r, "%s: cannot give the database to its directory's owner: %s", path,
                                 g_strerror(-r));
        return sync_directory(directory, err);
}

static int check_file(const char *path, struct error *err)
{
        struct stat st;
        if (stat(path, &st) < 0) {
                int code = code_of_errno(errno);
                return error_set(err, code, "%s: cannot open the database: %s", path, g_strerror(errno));
        }
        if (!S_ISREG(st.st_mode)) /* a pipe would block, a directory gives an obscure message */
                return error_set(err, -ERR_STORE_CORRUPT, "%s: not a database: not a regular file", path);
        if (access(path, R_OK) < 0)
                return error_set(err, -EACCES, "%s: no right to read the database; run this as root or as its owner",
                                 path);
        return 0;
}

static int configure(struct database *db, struct error *err)
{
        sqlite3_extended_result_codes(db->handle, 1);
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
        sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, (int) ROW_BYTES_MAX);
        sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM needs one */
        database_set_busy_ms(db, DATABASE_BUSY_MS);
        /* mmap_size=0: a damaged disk then gives an error, not SIGBUS. */
        g_autofree char *pragmas =
                g_strdup_printf("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                                "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
                                "PRAGMA cache_size=-%d; PRAGMA journal_size_limit=%u; PRAGMA wal_autocheckpoint=%d",
                                CACHE_KIB, JOURNAL_KEPT_BYTES, CHECKPOINT_PAGES);
        return database_execute(db, pragmas, err);
}

struct identity {
        int64_t application_id, version, tables;
};

/* All three of one moment: another process may be creating the tables right now. */
static int read_identity(struct database *db, struct identity *ret_identity, struct error *err)
{
        struct identity identity = { 0 };
        int r = database_execute(db, "BEGIN", err);
        if (r < 0)
                return r;
        r = database_read_int(db, "SELECT count(*) FROM sqlite_schema", &identity.tables, err);
        if (r == 0)
                r = database_read_int(db, "PRAGMA application_id", &identity.application_id, err);
        if (r == 0)
                r = database_read_int(db, "PRAGMA user_version", &identity.version, err);
        database_rollback(db);
        if (r == 0)
                *ret_identity = identity;
        return r;
}

/* A database without content is nobody's. */
static bool identity_is_blank(const struct identity *identity)
{
        return identity->application_id == 0 && identity->version == 0 && identity->tables == 0;
}

static int check_identity(struct database *db, enum database_mode mode, const struct identity *identity,
                          struct error *err)
{
        int latest = schema_version_latest();
        if (identity_is_blank(identity)) {
                if (mode == DATABASE_CREATE)
                        return 0;
                return error_set(err, -ERR_STORE, "%s: the database is empty; start hotfixd once to set it up",
                                 db->path);
        }
        if (identity->application_id != DATABASE_APPLICATION_ID)
                return error_set(err, -ERR_STORE_CORRUPT,
                                 "%s: this is the database of another program (application id 0x%08x, not 0x%08x)",
                                 db->path, (unsigned) identity->application_id, (unsigned) DATABASE_APPLICATION_ID);
        if (identity->version > latest)
                return error_set(
                        err, -ERR_STORE_NEWER,
                        "%s: the database has schema %d, this program knows up to %d; install the newer hotfixd",
                        db->path, (int) identity->version, latest);
        if (identity->version < latest && mode != DATABASE_CREATE)
                return error_set(
                        err, -ERR_STORE,
                        "%s: the database has schema %d, this program needs %d; start hotfixd once to convert it",
                        db->path, (int) identity->version, latest);
        return 0;
}

static int try_wal(struct database *db, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "PRAGMA journal_mode=WAL", &statement, err);
        if (r < 0)
                return r;
        r = statement_step(statement, err);
        if (r > 0 && g_strcmp0(statement_text(statement, 0), "wal") != 0)
                r = error_set(err, -ERR_STORE, "%s: a write-ahead log is not possible here (a network file system?)",
                              db->path);
        statement_done(statement);
        return r < 0 ? r : 0;
}

/* SQLite may not wait here for another process that is doing the same: the wait that it has everywhere else is ours. */
static int set_wal(struct database *db, struct error *err)
{
        int r;
        database_set_busy_ms(db, 0);
        for (unsigned waited_ms = 0;; waited_ms += WAL_RETRY_MS) {
                r = try_wal(db, err);
                if (r != -ERR_STORE_BUSY || waited_ms >= DATABASE_BUSY_MS)
                        break;
                error_clear(err);
                g_usleep(WAL_RETRY_MS * 1000);
        }
        database_set_busy_ms(db, DATABASE_BUSY_MS);
        return r;
}

static int prepare_for_mode(struct database *db, enum database_mode mode, struct error *err)
{
        if (mode == DATABASE_READ)
                return database_execute(db, "PRAGMA query_only=ON", err);
        if (sqlite3_db_readonly(db->handle, "main") == 1)
                return error_set(err, -EACCES, "%s: no right to write the database; run this as root or as its owner",
                                 db->path);
        if (mode == DATABASE_WRITE)
                return 0;
        int r = set_wal(db, err);
        return r < 0 ? r : schema_migrate(db, err);
}

static int open_and_check(struct database *db, enum database_mode mode, struct error *err)
{
        /* READWRITE also for reading: a reader may have to create -shm or to recover the log of a process that was
         * killed. SQLite opens it read-only where there is no right to write. */
        int result = sqlite3_open_v2(db->path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        if (!db->handle)
                return error_set(err, -ENOMEM, "%s: cannot open the database: out of memory", db->path);
        if (result != SQLITE_OK)
                return fail(db, result, NULL, err);
        struct identity identity = { 0 };
        int r = configure(db, err);
        if (r == 0)
                r = read_identity(db, &identity, err);
        /* Without the right to write, a log can't be made or recovered; how SQLite words that varies. */
        if ((r == -EACCES || r == -ENOENT || r == -ERR_STORE) && sqlite3_db_readonly(db->handle, "main") == 1)
                return error_set(err, -EACCES, "%s: cannot be read without the right to write beside it;"
                                 " run this as root or as its owner", db->path);
        if (r == 0)
                r = check_identity(db, mode, &identity, err);
        return r < 0 ? r : prepare_for_mode(db, mode, err);
}

/* SQLite would count its memory, under a mutex that all threads share, for figures that nobody asks for. */
static gpointer configure_library(gpointer unused)
{
        (void) unused;
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* refused, and no harm, where SQLite has been in use before */
        return NULL;
}

int database_open(const char *path, enum database_mode mode, struct database **ret_db, struct error *err)
{
        static GOnce once = G_ONCE_INIT;
        g_once(&once, configure_library, NULL);
        int r = mode == DATABASE_CREATE ? create_file(path, err) : 0;
        if (r == 0)
                r = check_file(path, err);
        if (r < 0)
                return r;
        struct database *db = g_new0(struct database, 1);
        db->path = g_strdup(path);
        db->statements = g_hash_table_new_full(NULL, NULL, NULL, statement_free);
        r = open_and_check(db, mode, err);
        if (r < 0) {
                database_close(db);
                return r;
        }
        *ret_db = db;
        return 0;
}

void database_close(struct database *db)
{
        if (!db)
                return;
        g_hash_table_destroy(db->statements);
        sqlite3_close(db->handle);
        g_free(db->path);
        g_free(db);
}

int database_read_int(struct database *db, const char *sql, int64_t *ret_number, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r < 0)
                return r;
        r = statement_step(statement, err);
        if (r > 0)
                *ret_number = statement_int(statement, 0);
        else if (r == 0)
                r = error_set(err, -ERR_STORE_CORRUPT, "%s: no answer to \"%s\"", db->path, sql);
        statement_done(statement);
        return r < 0 ? r : 0;
}
