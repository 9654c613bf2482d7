/* SPDX-License-Identifier: MIT */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/schema.h"
#include "tests/support.h"

static char *database_file(void)
{
        g_autofree char *directory = support_temporary_directory();
        return g_build_filename(directory, "hotfixd.db", NULL);
}

static struct database *open_or_fail(const char *path, enum database_mode mode)
{
        struct database *db = NULL;
        struct error err = ERROR_INIT;
        int r = database_open(path, mode, &db, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        return db;
}

/* The open fails with this code, and the message names the path. */
static void assert_open_fails(const char *path, enum database_mode mode, int code, const char *part)
{
        struct database *db = NULL;
        struct error err = ERROR_INIT;
        int r = database_open(path, mode, &db, &err);
        ck_assert_msg(r == code, "%d instead of %d: %s", r, code, error_text(&err));
        ck_assert_ptr_null(db);
        ck_assert_int_eq(err.code, code);
        ck_assert_msg(strstr(error_text(&err), path), "no path: %s", error_text(&err));
        ck_assert_msg(strstr(error_text(&err), part), "no \"%s\": %s", part, error_text(&err));
        error_clear(&err);
}

static void execute(struct database *db, const char *sql)
{
        struct error err = ERROR_INIT;
        ck_assert_msg(database_execute(db, sql, &err) == 0, "%s", error_text(&err));
}

static int64_t ask(struct database *db, const char *sql)
{
        struct statement *statement;
        struct error err = ERROR_INIT;
        ck_assert_msg(database_prepare(db, sql, &statement, &err) == 0, "%s", error_text(&err));
        ck_assert_msg(statement_step(statement, &err) == 1, "%s", error_text(&err));
        int64_t value = statement_int(statement, 0);
        statement_done(statement);
        return value;
}

static void make_table(struct database *db)
{
        execute(db, "CREATE TABLE t (a INTEGER, b TEXT, c BLOB)");
}

static void flip_bytes(const char *path, off_t offset, size_t size, int value)
{
        int fd = open(path, O_RDWR);
        ck_assert_int_ge(fd, 0);
        g_autofree char *garbage = g_malloc(size);
        memset(garbage, value, size);
        ck_assert_int_eq(pwrite(fd, garbage, size, offset), (ssize_t) size);
        ck_assert_int_eq(close(fd), 0);
}

/* --- opening --- */

START_TEST(creates_and_reopens)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        ck_assert_str_eq(database_path(db), path);
        ck_assert_int_eq(ask(db, "PRAGMA application_id"), DATABASE_APPLICATION_ID);
        ck_assert_int_eq(ask(db, "PRAGMA user_version"), schema_version_latest());
        ck_assert_int_eq(ask(db, "PRAGMA synchronous"), 2);
        ck_assert_int_eq(ask(db, "PRAGMA foreign_keys"), 1);
        ck_assert_int_eq(ask(db, "PRAGMA trusted_schema"), 0);
        ck_assert_int_eq(ask(db, "SELECT (SELECT journal_mode FROM pragma_journal_mode) = 'wal'"), 1);
        execute(db, "INSERT INTO archive_stale (name) VALUES ('kept')");
        database_close(db);
        db = open_or_fail(path, DATABASE_CREATE);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM archive_stale WHERE name = 'kept'"), 1);
        database_close(db);
        db = open_or_fail(path, DATABASE_WRITE);
        execute(db, "DELETE FROM archive_stale");
        database_close(db);
        struct stat st;
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 0007, 0); /* nothing for others */
}
END_TEST

START_TEST(read_mode_reads_beside_a_writer_and_changes_nothing)
{
        g_autofree char *path = database_file();
        struct database *writer = open_or_fail(path, DATABASE_CREATE), *reader = open_or_fail(path, DATABASE_READ);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(writer, &err), 0);
        execute(writer, "INSERT INTO archive_stale (name) VALUES ('new')");
        database_set_busy_ms(reader, 0);
        ck_assert_int_eq(ask(reader, "SELECT count(*) FROM archive_stale"), 0);
        ck_assert_int_eq(database_commit(writer, &err), 0);
        ck_assert_int_eq(ask(reader, "SELECT count(*) FROM archive_stale"), 1);
        ck_assert_int_eq(database_execute(reader, "DELETE FROM archive_stale", &err), -EACCES);
        error_clear(&err);
        ck_assert_int_eq(ask(reader, "SELECT count(*) FROM archive_stale"), 1);
        database_close(writer);
        database_close(reader);
}
END_TEST

START_TEST(missing_file)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "hotfixd.db", NULL);
        assert_open_fails(path, DATABASE_READ, -ENOENT, "No such file");
        assert_open_fails(path, DATABASE_WRITE, -ENOENT, "No such file");
        ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
        g_autofree char *nowhere = g_build_filename(directory, "no", "such", "hotfixd.db", NULL);
        assert_open_fails(nowhere, DATABASE_CREATE, -ENOENT, "No such file");
}
END_TEST

START_TEST(what_is_no_database)
{
        g_autofree char *path = database_file();
        g_autofree char *text = g_strnfill(10000, 'x');
        ck_assert(g_file_set_contents(path, text, -1, NULL));
        for (int mode = DATABASE_READ; mode <= DATABASE_CREATE; mode++)
                assert_open_fails(path, (enum database_mode) mode, -ERR_STORE_CORRUPT, "not a database");
        g_autofree char *after = support_read_file(path, NULL);
        ck_assert_str_eq(after, text);
        g_autofree char *directory = g_path_get_dirname(path);
        assert_open_fails(directory, DATABASE_CREATE, -ERR_STORE_CORRUPT, "not a regular file");
        g_autofree char *pipe_path = g_build_filename(directory, "pipe", NULL);
        ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
        assert_open_fails(pipe_path, DATABASE_READ, -ERR_STORE_CORRUPT, "not a regular file");
}
END_TEST

START_TEST(an_empty_file_is_set_up_only_by_create)
{
        g_autofree char *path = database_file();
        ck_assert(g_file_set_contents(path, "", 0, NULL));
        assert_open_fails(path, DATABASE_READ, -ERR_STORE, "empty");
        assert_open_fails(path, DATABASE_WRITE, -ERR_STORE, "empty");
        database_close(open_or_fail(path, DATABASE_CREATE));
        database_close(open_or_fail(path, DATABASE_READ));
}
END_TEST

START_TEST(another_program_s_database)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        execute(db, "PRAGMA application_id=305419896");
        database_close(db);
        for (int mode = DATABASE_READ; mode <= DATABASE_CREATE; mode++)
                assert_open_fails(path, (enum database_mode) mode, -ERR_STORE_CORRUPT, "0x12345678");
}
END_TEST

START_TEST(tables_without_an_application_id)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        execute(db, "PRAGMA application_id=0; PRAGMA user_version=0");
        database_close(db);
        assert_open_fails(path, DATABASE_CREATE, -ERR_STORE_CORRUPT, "another program");
}
END_TEST

static void as_nobody(const char *path, void (*check)(const char *))
{
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
                if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(9);
                check(path);
                _exit(0);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
}

/* Runs in a child of the test: says what is wrong by its exit status. */
static void expect_no_access(const char *path)
{
        struct error err = ERROR_INIT;
        struct database *db = NULL;
        for (int mode = DATABASE_READ; mode <= DATABASE_CREATE; mode++) {
                if (database_open(path, (enum database_mode) mode, &db, &err) != -EACCES)
                        _exit(2);
                if (!strstr(error_text(&err), path) || !strstr(error_text(&err), "run this as root"))
                        _exit(3);
        }
        error_clear(&err);
}

static void expect_read_only(const char *path)
{
        struct error err = ERROR_INIT;
        struct database *db = NULL;
        if (database_open(path, DATABASE_WRITE, &db, &err) != -EACCES)
                _exit(4);
        if (database_open(path, DATABASE_CREATE, &db, &err) != -EACCES)
                _exit(5);
        error_clear(&err);
        if (database_open(path, DATABASE_READ, &db, &err) != 0)
                _exit(6);
        database_close(db);
}

START_TEST(users_without_rights)
{
        g_autofree char *path = database_file(), *directory = g_path_get_dirname(path);
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        ck_assert_int_eq(chmod(directory, 0755), 0);
        ck_assert_int_eq(chmod(path, 0), 0);
        as_nobody(path, expect_no_access);
        /* While the daemon has it open, whoever may read the files may look; its last user leaves no log to read. */
        g_autofree char *shm = g_strconcat(path, "-shm", NULL), *wal = g_strconcat(path, "-wal", NULL);
        ck_assert_int_eq(chmod(path, 0444), 0);
        ck_assert_int_eq(chmod(shm, 0444), 0);
        ck_assert_int_eq(chmod(wal, 0444), 0);
        ck_assert_int_eq(chmod(directory, 0555), 0);
        as_nobody(path, expect_read_only);
        ck_assert_int_eq(chmod(directory, 0755), 0);
        database_close(db);
        ck_assert(!g_file_test(wal, G_FILE_TEST_EXISTS));
        ck_assert_int_eq(chmod(directory, 0555), 0);
        as_nobody(path, expect_no_access);
        ck_assert_int_eq(chmod(directory, 0755), 0);
}
END_TEST

START_TEST(a_directory_that_may_not_be_written)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "hotfixd.db", NULL);
        ck_assert_int_eq(chmod(directory, 0555), 0);
        pid_t child = fork();
        if (child == 0) {
                struct database *db = NULL;
                if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(9);
                _exit(database_open(path, DATABASE_CREATE, &db, NULL) == -EACCES ? 0 : 1);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        ck_assert_int_eq(chmod(directory, 0755), 0);
}
END_TEST

START_TEST(root_gives_the_files_to_the_directory_s_owner)
{
        g_autofree char *path = database_file(), *directory = g_path_get_dirname(path);
        if (geteuid() == 0)
                ck_assert_int_eq(chown(directory, 65534, 65534), 0);
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        static const char *const suffixes[] = { "", "-wal", "-shm" };
        for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *file = g_strconcat(path, suffixes[i], NULL);
                struct stat of_file, of_directory;
                ck_assert_int_eq(stat(file, &of_file), 0);
                ck_assert_int_eq(stat(directory, &of_directory), 0);
                ck_assert_uint_eq(of_file.st_uid, of_directory.st_uid);
                ck_assert_uint_eq(of_file.st_gid, of_directory.st_gid);
        }
        database_close(db);
}
END_TEST

/* --- statements --- */

START_TEST(values_go_in_and_out)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct statement *statement;
        struct error err = ERROR_INIT;
        make_table(db);
        static const char insert[] = "INSERT INTO t (a, b, c) VALUES (?1, ?2, ?3)";
        ck_assert_int_eq(database_prepare(db, insert, &statement, &err), 0);
        statement_bind_int(statement, 1, INT64_MIN);
        statement_bind_text(statement, 2, "深刻度");
        statement_bind_blob(statement, 3, "a\0b", 3);
        ck_assert_int_eq(statement_run(statement, &err), 0);
        ck_assert_int_eq(database_last_id(db), 1);
        ck_assert_int_eq(database_changes(db), 1);
        /* Nothing of the first run is left in the cached statement. */
        ck_assert_int_eq(database_prepare(db, insert, &statement, &err), 0);
        statement_bind_text(statement, 2, NULL);
        statement_bind_blob(statement, 3, NULL, 0);
        ck_assert_int_eq(statement_run(statement, &err), 0);

        ck_assert_int_eq(database_prepare(db, "SELECT a, b, c FROM t ORDER BY rowid", &statement, &err), 0);
        ck_assert_int_eq(statement_step(statement, &err), 1);
        ck_assert(statement_int(statement, 0) == INT64_MIN);
        g_autofree char *copy = statement_text_copy(statement, 1);
        ck_assert_str_eq(copy, "深刻度");
        size_t size;
        ck_assert_mem_eq(statement_blob(statement, 2, &size), "a\0b", 3);
        ck_assert_uint_eq(size, 3);
        ck_assert_int_eq(statement_step(statement, &err), 1);
        ck_assert(statement_is_null(statement, 0));
        ck_assert_ptr_null(statement_text(statement, 1));
        ck_assert(!statement_is_null(statement, 2)); /* an empty blob is not NULL */
        ck_assert_int_eq(statement_step(statement, &err), 0);
        ck_assert_int_eq(statement_step(statement, &err), 0); /* and does not start again */
        statement_done(statement);
        statement_done(NULL);
        database_close(db);
}
END_TEST

START_TEST(one_statement_twice_at_once)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct statement *outer, *inner;
        struct error err = ERROR_INIT;
        make_table(db);
        execute(db, "INSERT INTO t (a) VALUES (1), (2)");
        static const char select[] = "SELECT a FROM t ORDER BY a";
        ck_assert_int_eq(database_prepare(db, select, &outer, &err), 0);
        ck_assert_int_eq(statement_step(outer, &err), 1);
        ck_assert_int_eq(database_prepare(db, select, &inner, &err), 0);
        ck_assert_int_eq(statement_step(inner, &err), 1);
        ck_assert_int_eq(statement_int(inner, 0), 1);
        statement_done(inner);
        ck_assert_int_eq(statement_step(outer, &err), 1);
        ck_assert_int_eq(statement_int(outer, 0), 2);
        statement_done(outer);
        database_close(db);
}
END_TEST

START_TEST(a_string_that_is_no_literal_does_not_run_another_s_statement)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        char sql[] = "SELECT 1";
        ck_assert_int_eq(ask(db, sql), 1);
        sql[7] = '2';
        ck_assert_int_eq(ask(db, sql), 2);
        database_close(db);
}
END_TEST

START_TEST(failures_are_reported)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct statement *statement = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_prepare(db, "SELECT nothing FROM nowhere", &statement, &err), -ERR_STORE);
        ck_assert_ptr_nonnull(strstr(error_text(&err), path));
        ck_assert_ptr_nonnull(strstr(error_text(&err), "nowhere"));
        error_clear(&err);
        ck_assert_int_eq(database_prepare(db, "SELECT ?1", &statement, &err), 0);
        statement_bind_int(statement, 7, 1);
        ck_assert_int_eq(statement_step(statement, &err), -ERR_STORE);
        statement_done(statement);
        error_clear(&err);
        ck_assert_int_eq(ask(db, "SELECT 5"), 5);
        /* Double quotes are not a way to misspell a column. */
        ck_assert_int_eq(database_prepare(db, "SELECT \"sha257\" FROM mail", &statement, &err), -ERR_STORE);
        error_clear(&err);
        ck_assert_int_eq(database_execute(db, "INSERT INTO mail_data (mail_id, data) VALUES (99, x'00')", &err),
                         -ERR_STORE);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "FOREIGN KEY"));
        error_clear(&err);
        database_close(db);
}
END_TEST

/* --- transactions --- */

START_TEST(rollback_and_commit)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        make_table(db);
        database_rollback(db); /* outside: nothing */
        ck_assert_int_eq(database_begin(db, &err), 0);
        execute(db, "INSERT INTO t (a) VALUES (1)");
        database_rollback(db);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 0);
        ck_assert_int_eq(database_begin(db, &err), 0);
        ck_assert_int_eq(database_begin(db, &err), -ERR_STORE);
        error_clear(&err);
        execute(db, "INSERT INTO t (a) VALUES (1)");
        ck_assert_int_eq(database_commit(db, &err), 0);
        ck_assert_int_eq(database_commit(db, &err), -ERR_STORE);
        error_clear(&err);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 1);
        database_close(db);
}
END_TEST

static void insert_step(struct database *db, int result)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_enter(db, &err), 0);
        execute(db, "INSERT INTO t (a) VALUES (1)");
        ck_assert_int_eq(database_leave(db, result, &err), result);
}

START_TEST(steps_inside_and_outside_a_transaction)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        make_table(db);
        insert_step(db, 0);
        insert_step(db, -EIO);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 1);
        ck_assert_int_eq(database_begin(db, &err), 0); /* and nothing was left open */
        insert_step(db, 0);
        insert_step(db, -EIO);
        ck_assert_int_eq(database_enter(db, &err), 0);
        insert_step(db, 0);
        insert_step(db, -EIO);
        ck_assert_int_eq(database_leave(db, 0, &err), 0);
        ck_assert_int_eq(database_enter(db, &err), 0);
        insert_step(db, 0);
        ck_assert_int_eq(database_leave(db, -EIO, &err), -EIO);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 3);
        ck_assert_int_eq(database_commit(db, &err), 0);
        ck_assert_int_eq(database_enter(db, &err), 0); /* outside, nested */
        insert_step(db, 0);
        insert_step(db, -EIO);
        ck_assert_int_eq(database_leave(db, 0, &err), 0);
        ck_assert_int_eq(database_begin(db, &err), 0);
        database_rollback(db);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 4);
        database_close(db);
}
END_TEST

START_TEST(a_whole_transaction_has_no_parts)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        make_table(db);
        ck_assert_int_eq(database_begin_whole(db, &err), 0);
        insert_step(db, 0);
        insert_step(db, 0);
        ck_assert_int_eq(database_commit(db, &err), 0);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 2);
        /* What failed is not undone by itself, so nothing of it may ever be committed. */
        ck_assert_int_eq(database_begin_whole(db, &err), 0);
        insert_step(db, -EIO);
        insert_step(db, 0);
        ck_assert_int_eq(database_commit(db, &err), -EINVAL);
        ck_assert_ptr_nonnull(strstr(error_text(&err), path));
        error_clear(&err);
        database_rollback(db);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 2);
        /* The next transaction is none of that kind. */
        ck_assert_int_eq(database_begin(db, &err), 0);
        insert_step(db, -EIO);
        ck_assert_int_eq(database_commit(db, &err), 0);
        insert_step(db, -EIO);
        ck_assert_int_eq(database_begin_whole(db, &err), 0);
        ck_assert_int_eq(database_commit(db, &err), 0);
        ck_assert_int_eq(database_begin(db, &err), 0);
        insert_step(db, 0);
        insert_step(db, -EIO);
        ck_assert_int_eq(database_commit(db, &err), 0);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 3);
        database_close(db);
}
END_TEST

START_TEST(a_locked_database_is_busy)
{
        g_autofree char *path = database_file();
        struct database *one = open_or_fail(path, DATABASE_CREATE), *two = open_or_fail(path, DATABASE_WRITE);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(one, &err), 0);
        database_set_busy_ms(two, 1);
        ck_assert_int_eq(database_begin(two, &err), -ERR_STORE_BUSY);
        ck_assert_ptr_nonnull(strstr(error_text(&err), path));
        error_clear(&err);
        ck_assert_int_eq(database_enter(two, &err), -ERR_STORE_BUSY);
        error_clear(&err);
        ck_assert_int_eq(database_execute(two, "INSERT INTO archive_stale (name) VALUES ('x')", &err), -ERR_STORE_BUSY);
        error_clear(&err);
        /* Opening does not need the lock, not even to see whether the schema is the present one. */
        database_close(open_or_fail(path, DATABASE_CREATE));
        ck_assert_int_eq(database_commit(one, &err), 0);
        ck_assert_int_eq(database_begin(two, &err), 0);
        database_rollback(two);
        database_close(one);
        database_close(two);
}
END_TEST

START_TEST(a_full_disk)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        make_table(db);
        execute(db, "INSERT INTO t (a) VALUES (1)");
        g_autofree char *limit = g_strdup_printf("PRAGMA max_page_count=%d", (int) ask(db, "PRAGMA page_count") + 10);
        execute(db, limit);
        ck_assert_int_eq(database_begin(db, &err), 0);
        execute(db, "INSERT INTO t (a) VALUES (2)");
        ck_assert_int_eq(database_execute(db, "INSERT INTO t (c) VALUES (zeroblob(1000000))", &err), -ERR_STORE_FULL);
        ck_assert_ptr_nonnull(strstr(error_text(&err), path));
        error_clear(&err);
        database_rollback(db);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 1);
        ck_assert_int_eq(database_enter(db, &err), 0);
        ck_assert_int_eq(
                database_leave(db, database_execute(db, "INSERT INTO t (c) VALUES (zeroblob(1000000))", &err), &err),
                -ERR_STORE_FULL);
        error_clear(&err);
        insert_step(db, 0); /* space for little things is still there, and the connection works */
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 2);
        database_close(db);
}
END_TEST

/* --- damage --- */

/* Damages one page after the other; reading everything gives rows or -ERR_STORE_CORRUPT, never a crash or another code.
 */
START_TEST(damaged_pages)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        make_table(db);
        execute(db, "CREATE INDEX i ON t (b)");
        execute(db, "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 400)"
                    " INSERT INTO t (a, b, c) SELECT x, 'text ' || x, randomblob(200) FROM n");
        database_close(db);
        size_t size;
        g_autofree char *good = support_read_file(path, &size);
        unsigned found = 0, pages = 0;
        for (size_t page = 0; page < size / 4096; page++, pages++) {
                ck_assert(g_file_set_contents(path, good, (gssize) size, NULL));
                flip_bytes(path, (off_t) (page * 4096), 4096, (int) (0x11 * page + 1));
                int r = database_open(path, DATABASE_WRITE, &db, &err);
                if (r == 0) {
                        r = database_execute(
                                db,
                                "PRAGMA integrity_check; SELECT sum(a), max(b), max(length(c)) FROM t;"
                                "SELECT count(b) FROM t INDEXED BY i WHERE b > ''; UPDATE t SET b = b || 'x';"
                                "DELETE FROM t; INSERT INTO t (b) VALUES ('y')",
                                &err);
                        database_close(db);
                }
                ck_assert_msg(r == 0 || r == -ERR_STORE_CORRUPT, "page %zu: %d %s", page, r, error_text(&err));
                ck_assert(r == 0 || strstr(error_text(&err), path));
                found += r != 0;
                error_clear(&err);
        }
        ck_assert_uint_gt(pages, 20);
        ck_assert_uint_gt(found, 5);
}
END_TEST

START_TEST(a_cut_file)
{
        g_autofree char *path = database_file();
        database_close(open_or_fail(path, DATABASE_CREATE));
        struct stat st;
        ck_assert_int_eq(stat(path, &st), 0);
        for (off_t size = st.st_size / 2; size > 1; size /= 3) {
                ck_assert_int_eq(truncate(path, size), 0);
                struct database *db = NULL;
                struct error err = ERROR_INIT;
                int r = database_open(path, DATABASE_WRITE, &db, &err);
                if (r == 0)
                        r = database_execute(db, "PRAGMA integrity_check; SELECT * FROM mail; SELECT * FROM attempt;"
                                             "INSERT INTO archive_stale (name) VALUES ('x')", &err);
                ck_assert_msg(r == -ERR_STORE_CORRUPT, "size %ld: %d %s", (long) size, r, error_text(&err));
                error_clear(&err);
                database_close(db);
        }
}
END_TEST

/* --- kill --- */

static void write_and_die(const char *path, bool commit)
{
        struct database *db = NULL;
        if (database_open(path, DATABASE_CREATE, &db, NULL) < 0 || database_begin(db, NULL) < 0)
                _exit(1);
        for (int i = 0; i < 2000; i++) /* beyond the cache: some of it reaches the log before the commit */
                if (database_execute(db, "INSERT INTO t (c) VALUES (randomblob(4000))", NULL) < 0)
                        _exit(2);
        if (commit && database_commit(db, NULL) < 0)
                _exit(3);
        kill(getpid(), SIGKILL);
}

START_TEST(killed_before_and_after_the_commit)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        make_table(db);
        database_close(db);
        for (int commit = 0; commit <= 1; commit++) {
                pid_t child = fork();
                ck_assert_int_ge(child, 0);
                if (child == 0)
                        write_and_die(path, commit);
                int status;
                ck_assert_int_eq(waitpid(child, &status, 0), child);
                ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
                db = open_or_fail(path, DATABASE_READ);
                ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), commit ? 2000 : 0);
                database_close(db);
                db = open_or_fail(path, DATABASE_WRITE);
                ck_assert_int_eq(ask(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
                                 0);
                database_close(db);
        }
}
END_TEST

/* What a checkpoint has taken over is there without the log; and others may go on meanwhile. */
START_TEST(a_checkpoint_takes_the_log_over)
{
        g_autofree char *path = database_file(), *copy = g_strconcat(path, ".copy", NULL), *data = NULL;
        struct database *db = open_or_fail(path, DATABASE_CREATE), *other = open_or_fail(path, DATABASE_WRITE);
        make_table(db);
        execute(db, "INSERT INTO t (a) VALUES (1)");
        database_checkpoint(db);
        execute(other, "INSERT INTO t (a) VALUES (2)");
        gsize size;
        ck_assert(g_file_get_contents(path, &data, &size, NULL) && g_file_set_contents(copy, data, (gssize) size, NULL));
        struct database *taken = open_or_fail(copy, DATABASE_WRITE);
        ck_assert_int_eq(ask(taken, "SELECT count(*) FROM t"), 1);
        database_close(taken);
        database_close(other);
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 2);
        database_close(db);
}
END_TEST

START_TEST(killed_while_another_has_it_open)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        make_table(db);
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
                write_and_die(path, false);
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 0);
        ck_assert_int_eq(database_begin(db, &err), 0); /* the dead one's lock is gone with it */
        execute(db, "INSERT INTO t (a) VALUES (1)");
        ck_assert_int_eq(database_commit(db, &err), 0);
        database_close(db);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("database");
        TCase *opening = tcase_create("opening");
        tcase_add_test(opening, creates_and_reopens);
        tcase_add_test(opening, read_mode_reads_beside_a_writer_and_changes_nothing);
        tcase_add_test(opening, missing_file);
        tcase_add_test(opening, what_is_no_database);
        tcase_add_test(opening, an_empty_file_is_set_up_only_by_create);
        tcase_add_test(opening, another_program_s_database);
        tcase_add_test(opening, tables_without_an_application_id);
        tcase_add_test(opening, users_without_rights);
        tcase_add_test(opening, a_directory_that_may_not_be_written);
        tcase_add_test(opening, root_gives_the_files_to_the_directory_s_owner);
        suite_add_tcase(s, opening);
        TCase *statements = tcase_create("statements");
        tcase_add_test(statements, values_go_in_and_out);
        tcase_add_test(statements, one_statement_twice_at_once);
        tcase_add_test(statements, a_string_that_is_no_literal_does_not_run_another_s_statement);
        tcase_add_test(statements, failures_are_reported);
        suite_add_tcase(s, statements);
        TCase *transactions = tcase_create("transactions");
        tcase_add_test(transactions, rollback_and_commit);
        tcase_add_test(transactions, steps_inside_and_outside_a_transaction);
        tcase_add_test(transactions, a_whole_transaction_has_no_parts);
        tcase_add_test(transactions, a_locked_database_is_busy);
        tcase_add_test(transactions, a_full_disk);
        suite_add_tcase(s, transactions);
        TCase *damage = tcase_create("damage");
        tcase_add_test(damage, damaged_pages);
        tcase_add_test(damage, a_cut_file);
        tcase_add_test(damage, killed_before_and_after_the_commit);
        tcase_add_test(damage, killed_while_another_has_it_open);
        tcase_add_test(damage, a_checkpoint_takes_the_log_over);
        suite_add_tcase(s, damage);
        return s;
}

int main(void)
{
        return support_run(suite());
}
