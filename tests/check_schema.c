/* SPDX-License-Identifier: MIT */
#include "store/schema.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/digest.h"
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

static void execute(struct database *db, const char *sql)
{
        struct error err = ERROR_INIT;
        ck_assert_msg(database_execute(db, sql, &err) == 0, "%s", error_text(&err));
}

static char *ask(struct database *db, const char *sql)
{
        struct statement *statement;
        struct error err = ERROR_INIT;
        ck_assert_msg(database_prepare(db, sql, &statement, &err) == 0, "%s", error_text(&err));
        ck_assert_msg(statement_step(statement, &err) == 1, "%s", error_text(&err));
        char *value = statement_text_copy(statement, 0);
        statement_done(statement);
        return value;
}

static void assert_answer(struct database *db, const char *sql, const char *expected)
{
        g_autofree char *answer = ask(db, sql);
        ck_assert_str_eq(answer, expected);
}

static char *all_sql(struct database *db)
{
        return ask(db, "SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema ORDER BY name)");
}

START_TEST(every_table_is_strict_and_sound)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        assert_answer(db,
                      "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict"
                      " AND name NOT LIKE 'sqlite_%'",
                      "0");
        assert_answer(db, "SELECT count(*) > 15 FROM pragma_table_list WHERE schema = 'main' AND strict", "1");
        assert_answer(db, "SELECT integrity_check FROM pragma_integrity_check", "ok");
        assert_answer(db, "SELECT count(*) FROM pragma_foreign_key_check", "0");
        database_close(db);
}
END_TEST

START_TEST(migrating_again_changes_nothing)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        g_autofree char *before = all_sql(db), *cookie_before = ask(db, "PRAGMA schema_version");
        ck_assert_int_eq(schema_migrate(db, &err), 0);
        database_close(db);
        db = open_or_fail(path, DATABASE_CREATE);
        g_autofree char *after = all_sql(db), *cookie_after = ask(db, "PRAGMA schema_version");
        ck_assert_str_eq(before, after);
        ck_assert_str_eq(cookie_before, cookie_after);
        database_close(db);
}
END_TEST

START_TEST(a_newer_schema_is_refused)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        execute(db, "PRAGMA user_version=12345");
        ck_assert_int_eq(schema_migrate(db, &err), -ERR_STORE_NEWER);
        error_clear(&err);
        database_close(db);
        g_autofree char *known = g_strdup_printf("up to %d", schema_version_latest());
        for (int mode = DATABASE_READ; mode <= DATABASE_CREATE; mode++) {
                ck_assert_int_eq(database_open(path, (enum database_mode) mode, &db, &err), -ERR_STORE_NEWER);
                ck_assert_ptr_nonnull(strstr(error_text(&err), path));
                ck_assert_ptr_nonnull(strstr(error_text(&err), "12345"));
                ck_assert_ptr_nonnull(strstr(error_text(&err), known));
                error_clear(&err);
        }
}
END_TEST

/* Version 0 of ours: an older schema, as a database before the first migration would be. */
START_TEST(an_older_schema_is_refused_where_it_may_not_be_changed)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        execute(db, "PRAGMA user_version=0");
        database_close(db);
        for (int mode = DATABASE_READ; mode <= DATABASE_WRITE; mode++) {
                ck_assert_int_eq(database_open(path, (enum database_mode) mode, &db, &err), -ERR_STORE);
                ck_assert_ptr_nonnull(strstr(error_text(&err), path));
                ck_assert_ptr_nonnull(strstr(error_text(&err), "schema 0"));
                error_clear(&err);
        }
}
END_TEST

/* What the second migration adds. */
#define TAKE_BACK_2 "DROP TABLE condition_detail; DROP TABLE condition; DROP TABLE sender; DROP TABLE unknown_label;" \
                    "DROP TABLE fill_sum; DROP TABLE fill; PRAGMA user_version=1"

/* Databases in the field have run it: a change of it would leave them with other tables than new ones. */
START_TEST(the_first_migration_stays_as_it_is)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        execute(db, TAKE_BACK_2);
        g_autofree char *sql = all_sql(db);
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256(sql, strlen(sql), digest);
        ck_assert_str_eq(digest, "37b40182c093e2c45cfdb04f46ce0e2126dbaa4544c81308c6fd775f1a27e1cd");
        database_close(db);
}
END_TEST

/* A database of the first release, with mails in it. */
START_TEST(from_the_first_schema)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE), *none = NULL;
        struct error err = ERROR_INIT;
        g_autofree char *latest = all_sql(db);
        execute(db, TAKE_BACK_2);
        execute(db, "INSERT INTO mail (sha256, size_bytes, received_ms, stored_ms, history, outcome)"
                    " VALUES (printf('%064d', 1), 1, 1, 1, 0, 0);"
                    "INSERT INTO bulletin (feed, key, folded_key, archive_wanted, history, kind, date)"
                    " VALUES ('f', 'k', 'k', 'a', 0, 1, '');"
                    "INSERT INTO revision (bulletin_id, registered, updated, history, stored_ms) VALUES (1, '', '', 0, 1);"
                    "INSERT INTO variant (revision_id, fingerprint, mail_id, mail_date, content) VALUES (1, 'x', 1, 1, '{}')");
        database_close(db);
        ck_assert_int_eq(database_open(path, DATABASE_READ, &none, &err), -ERR_STORE);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "schema 1, this program needs 2; start hotfixd once to convert it"));
        error_clear(&err);
        db = open_or_fail(path, DATABASE_CREATE);
        g_autofree char *migrated = all_sql(db);
        ck_assert_str_eq(migrated, latest);
        assert_answer(db, "SELECT (SELECT count(*) FROM mail) + (SELECT count(*) FROM variant)", "2");
        assert_answer(db, "SELECT (SELECT count(*) FROM fill) + (SELECT count(*) FROM fill_sum)", "0"); /* not measured */
        assert_answer(db, "PRAGMA user_version", "2");
        database_close(db);
        database_close(open_or_fail(path, DATABASE_READ));
}
END_TEST

/* The tables of a migration that is cut off in its middle are not there afterwards. */
START_TEST(a_failed_migration_leaves_nothing)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        /* Back to version 0, with one table in the way of a late one of the migration. */
        g_autofree char *names = ask(db, "SELECT group_concat('DROP TABLE ' || name, ';') FROM sqlite_schema"
                                         " WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        execute(db, "PRAGMA foreign_keys=OFF");
        execute(db, names);
        execute(db, "PRAGMA user_version=0; CREATE TABLE attempt (x)");
        g_autofree char *before = all_sql(db);
        ck_assert_int_eq(schema_migrate(db, &err), -ERR_STORE);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "attempt"));
        ck_assert_ptr_nonnull(strstr(error_text(&err), "cannot bring the schema from 0 to"));
        error_clear(&err);
        g_autofree char *after = all_sql(db);
        ck_assert_str_eq(before, after);
        assert_answer(db, "PRAGMA user_version", "0");
        execute(db, "DROP TABLE attempt");
        ck_assert_int_eq(schema_migrate(db, &err), 0);
        database_close(db);
        database_close(open_or_fail(path, DATABASE_READ));
}
END_TEST

/* A disk that has room for the first tables only. */
START_TEST(a_full_disk_during_the_migration)
{
        g_autofree char *path = database_file();
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        struct error err = ERROR_INIT;
        g_autofree char *names = ask(db, "SELECT group_concat('DROP TABLE ' || name, ';') FROM sqlite_schema"
                                         " WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        execute(db, "PRAGMA foreign_keys=OFF");
        execute(db, names);
        execute(db, "PRAGMA user_version=0; VACUUM; PRAGMA max_page_count=20");
        ck_assert_int_eq(schema_migrate(db, &err), -ERR_STORE_FULL);
        error_clear(&err);
        assert_answer(db, "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'", "0");
        execute(db, "PRAGMA max_page_count=100000");
        ck_assert_int_eq(schema_migrate(db, &err), 0);
        database_close(db);
}
END_TEST

/* Several processes that start at the same moment on no database all end up with the same one. */
START_TEST(many_processes_at_once)
{
        g_autofree char *path = database_file();
        enum { PROCESSES = 8 };
        int start[2];
        ck_assert_int_eq(pipe(start), 0);
        for (int i = 0; i < PROCESSES; i++) {
                pid_t child = fork();
                ck_assert_int_ge(child, 0);
                if (child == 0) {
                        char byte;
                        struct database *db = NULL;
                        struct error err = ERROR_INIT;
                        close(start[1]);
                        if (read(start[0], &byte, 1) != 0) /* the other end is closed: go */
                                _exit(1);
                        if (database_open(path, DATABASE_CREATE, &db, &err) < 0) {
                                fprintf(stderr, "process %d: %s\n", i, error_text(&err));
                                _exit(2);
                        }
                        database_close(db);
                        _exit(0);
                }
        }
        close(start[0]);
        close(start[1]);
        for (int i = 0; i < PROCESSES; i++) {
                int status;
                ck_assert_int_gt(wait(&status), 0);
                ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
        }
        struct database *db = open_or_fail(path, DATABASE_READ);
        assert_answer(db, "SELECT integrity_check FROM pragma_integrity_check", "ok");
        database_close(db);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("schema");
        TCase *tcase = tcase_create("schema");
        tcase_add_test(tcase, every_table_is_strict_and_sound);
        tcase_add_test(tcase, migrating_again_changes_nothing);
        tcase_add_test(tcase, a_newer_schema_is_refused);
        tcase_add_test(tcase, an_older_schema_is_refused_where_it_may_not_be_changed);
        tcase_add_test(tcase, the_first_migration_stays_as_it_is);
        tcase_add_test(tcase, from_the_first_schema);
        tcase_add_test(tcase, a_failed_migration_leaves_nothing);
        tcase_add_test(tcase, a_full_disk_during_the_migration);
        tcase_add_test(tcase, many_processes_at_once);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
