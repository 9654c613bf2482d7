/* SPDX-License-Identifier: MIT */
#include "store/schema.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/digest.h"
#include "store/compress.h"
#include "store/content.h"
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

/* Databases in the field have run those of a release: a change of one would leave them with other tables than new ones. */
START_TEST(released_migrations_stay_as_they_are)
{
        static const char *const released[] = {
                "a2ed3ecaa0f9143caff3018efd90d3319ab623d471302ec52440812b8b128298",
                "9fc428531d774e8758f812745467c2300ae03187f5ab3bf6a2918c3f8cd420e6",
                "2f6096be06c4b7c717408fe586ad9e53ea4510c9f42ec2b1575ee5f19060260b",
                "e4c691fa9249330750e236c4b8568fbf2a1b9a31c91f4a1f180eb717084e51ae",
        };
        ck_assert_int_le(G_N_ELEMENTS(released), schema_version_latest());
        for (size_t i = 0; i < G_N_ELEMENTS(released); i++) {
                g_autofree char *sql = schema_migration_sql((int) i + 1);
                char digest[DIGEST_TEXT_SIZE];
                digest_sha256(sql, strlen(sql), digest);
                ck_assert_msg(strcmp(digest, released[i]) == 0, "migration %zu is now %s", i + 1, digest);
        }
}
END_TEST

static void drop_every_table(struct database *db)
{
        g_autofree char *names = ask(db, "SELECT group_concat('DROP TABLE ' || name, ';') FROM sqlite_schema"
                                         " WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
        execute(db, "PRAGMA foreign_keys=OFF");
        execute(db, names);
        execute(db, "PRAGMA user_version=0");
}

/* A database as the release with that schema made it. */
static struct database *database_of_schema(const char *path, int version)
{
        struct database *db = open_or_fail(path, DATABASE_CREATE);
        drop_every_table(db);
        struct error err = ERROR_INIT;
        for (int i = 1; i <= version; i++)
                ck_assert_msg(schema_migration(db, i, &err) == 0, "%s", error_text(&err));
        g_autofree char *mark = g_strdup_printf("PRAGMA foreign_keys=ON; PRAGMA user_version=%d", version);
        execute(db, mark);
        return db;
}

/* A row for each table that this schema has added. */
static const char *const rows_of_schema[] = {
        /* 1 */
        "INSERT INTO mail (sha256, size_bytes, received_ms, stored_ms, history, outcome)"
        " VALUES (printf('%064d', 1), 1, 1, 1, 0, 0), (printf('%064d', 2), 3, 1, 1, 1, 2);"
        "INSERT INTO mail_data VALUES (1, x'28b52ffd0001'), (2, x'00');"
        "INSERT INTO sighting (mail_id, source, uid_validity, uid, seen_ms) VALUES (1, 'imap:a', 7, 5, 1);"
        "INSERT INTO quarantine VALUES (2, -5, 'why', 1, 1, 1);"
        "INSERT INTO bulletin (feed, key, folded_key, archive_wanted, history, kind, date)"
        " VALUES ('f', 'k', 'k', 'a', 0, 1, '');"
        "INSERT INTO revision (bulletin_id, registered, updated, history, stored_ms) VALUES (1, '', '', 0, 1);"
        "INSERT INTO variant (revision_id, fingerprint, mail_id, mail_date, content) VALUES (1, 'x', 1, 1, '{}');"
        "INSERT INTO mail_variant VALUES (1, 1);"
        "INSERT INTO archive_todo (bulletin_id) VALUES (1);"
        "INSERT INTO archive_stale VALUES ('alert/2007/old');"
        "INSERT INTO cursor VALUES ('a', 'l', 7, 5, 5, 1, 9);"
        "INSERT INTO mailbox_state (mailbox, state, error, changed_ms, retry_ms) VALUES ('a', 'idle', NULL, 1, 0);"
        "INSERT INTO route_state VALUES ('r', 1, 1, 1, 4, 4);"
        "INSERT INTO decision (bulletin_id, revision_id, mail_id, route, action, reason, decided_ms)"
        " VALUES (1, 1, 1, 'r', 'new', 'y', 1);"
        "INSERT INTO outbox (identity, channel, kind, bulletin_id, payload, state, attempts, created_ms, next_ms, sent_ms)"
        " VALUES ('i', 'c', 'new', 1, '{}', 1, 1, 1, 1, 1);"
        "INSERT INTO attempt (delivery_id, at_ms, result) VALUES (1, 1, 'sent');"
        "INSERT INTO decision_delivery VALUES (1, 1)",
        /* 2 */
        "INSERT INTO fill (variant_id, feed, kind, live, filled) VALUES (1, 'f', 1, 1, 3);"
        "INSERT INTO fill_sum VALUES ('f', 1, 1, '1 1');"
        "INSERT INTO unknown_label VALUES ('f', 1, 'l', 1, 1, 1, 'k');"
        "INSERT INTO sender VALUES ('s@example.com', 'f', 1, 0, 0);"
        "INSERT INTO condition (name, message, started_ms, last_ms, count, good) VALUES ('n', 'm', 1, 1, 1, 0);"
        "INSERT INTO condition_detail VALUES (1, 'd')",
        /* 3, and what waits to be sent, in a thread */
        "UPDATE mailbox_state SET problem = 'network', mode = 'idle', failures = 2, failing_ms = 3, reconciled_ms = 4;"
        "UPDATE mail SET unverified = 'DKIM fails' WHERE id = 2;"
        "INSERT INTO verification VALUES ('imap:a', 'f', 3, 1, 1, 'w');"
        "INSERT INTO refetch (mail_id, source, uid_validity, uid, requested_ms) VALUES (2, 'imap:a', 7, 6, 1);"
        "INSERT INTO import_todo VALUES (1);"
        "INSERT INTO reread VALUES ('0.0', 2, 1);"
        "INSERT INTO outbox (identity, channel, kind, bulletin_id, payload, thread, state, attempts, created_ms, next_ms,"
        " sent_ms, answer) VALUES ('j', 'c', 'raised', 1, '{}', 'i', 0, 3, 5, 900, 0, 'no route to host')",
        /* 4, as what was there is migrated to it */
        "UPDATE outbox SET since_ms = created_ms;"
        "INSERT INTO acknowledgement (bulletin_id, at_ms, person) VALUES (1, 5, 'p');"
        "INSERT INTO alert (route, bulletin_id, state, opened_ms, started_ms, severity, urgency, round, step, reminders,"
        " reminded_ms, overdue, acknowledgement_id, fingerprint) VALUES ('r', 1, 1, 1, 1, 4, 4, 1, 0, 0, 0, 0, 1, 'x');"
        "INSERT INTO digest VALUES ('r', 1, 9);"
        "INSERT INTO watch VALUES ('w', 1)",
};

/* For each table of this schema a query for all its rows, in the columns it has now. */
static GStrv queries_for_rows(struct database *db)
{
        g_autofree char *all = ask(
                db, "SELECT group_concat(query, char(10)) FROM (SELECT 'SELECT ''' || t.name || ': '' || group_concat('"
                    " || group_concat('quote(' || c.name || ')', '||'',''||') || ', ''; '') FROM ' || t.name AS query"
                    " FROM sqlite_schema t JOIN pragma_table_info(t.name) c"
                    " WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND NOT (t.name = 'variant' AND c.name = 'content')"
                    " GROUP BY t.name)"); /* what a variant says is packed since schema 5 */
        return g_strsplit(all, "\n", -1);
}

static char *rows(struct database *db, char *const *queries)
{
        GString *text = g_string_new(NULL);
        for (size_t i = 0; queries[i]; i++) {
                g_autofree char *answer = ask(db, queries[i]);
                ck_assert_msg(answer, "no rows: %s", queries[i]);
                g_string_append_printf(text, "%s\n", answer);
        }
        return g_string_free(text, FALSE);
}

static void assert_content(struct database *db, int64_t variant_id, const char *text, size_t length)
{
        struct statement *statement;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_prepare(db, "SELECT packed FROM variant WHERE id = ?1", &statement, &err), 0);
        statement_bind_int(statement, 1, variant_id);
        ck_assert_int_eq(statement_step(statement, &err), 1);
        size_t packed_size, size;
        const void *packed = statement_blob(statement, 0, &packed_size);
        char *restored;
        int r = compress_restore_whole(packed, packed_size, CONTENT_BYTES_MAX, &restored, &size, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_uint_eq(size, length);
        ck_assert_mem_eq(restored, text, length);
        g_free(restored);
        statement_done(statement);
}

/* A database of each release, with rows in each of its tables, becomes what a new one is and keeps them. */
START_TEST(from_an_earlier_schema)
{
        int version = _i + 1;
        g_autofree char *path = database_file(), *new_path = database_file();
        struct database *db = open_or_fail(new_path, DATABASE_CREATE), *none = NULL;
        struct error err = ERROR_INIT;
        g_autofree char *new_sql = all_sql(db);
        database_close(db);
        db = database_of_schema(path, version);
        for (int i = 0; i < version; i++)
                execute(db, rows_of_schema[i]);
        g_auto(GStrv) queries = queries_for_rows(db);
        g_autofree char *before = rows(db, queries);
        database_close(db);
        ck_assert_int_eq(database_open(path, DATABASE_READ, &none, &err), -ERR_STORE);
        g_autofree char *says = g_strdup_printf("schema %d, this program needs %d; start hotfixd once to convert it", version,
                                                schema_version_latest());
        ck_assert_msg(strstr(error_text(&err), says), "%s", error_text(&err));
        error_clear(&err);
        db = open_or_fail(path, DATABASE_CREATE);
        g_autofree char *migrated = all_sql(db), *after = rows(db, queries);
        ck_assert_str_eq(migrated, new_sql);
        ck_assert_str_eq(before, after);
        assert_content(db, 1, "{}", 2);
        if (version < 2)
                assert_answer(db, "SELECT (SELECT count(*) FROM fill) + (SELECT count(*) FROM fill_sum)", "0"); /* not measured */
        /* The five days of what waits count from when it was asked for. */
        assert_answer(db, "SELECT count(*) FROM outbox WHERE since_ms <> created_ms OR tries <> 0 OR memo IS NOT NULL", "0");
        assert_answer(db, "SELECT count(*) FROM pragma_foreign_key_check", "0");
        database_close(db);
        database_close(open_or_fail(path, DATABASE_READ));
}
END_TEST

/* A database of schema 4 with contents of all sizes; returns them. Numbers are left out, as where a bulletin was withdrawn. */
static GPtrArray *many_contents(struct database *db)
{
        GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
        struct statement *statement;
        struct error err = ERROR_INIT;
        execute(db, rows_of_schema[0]);
        execute(db, "DELETE FROM mail_variant; DELETE FROM variant");
        for (int i = 0; i < 40; i++) {
                GString *text = g_string_new(i ? "{\"title\": \"" : "");
                while (text->len < (gsize) (i * i * 60))
                        g_string_append_printf(text, "更新 %d ", i * 7919 + (int) text->len);
                g_ptr_array_add(texts, g_string_free(text, FALSE));
                ck_assert_int_eq(database_prepare(db, "INSERT INTO variant (id, revision_id, fingerprint, mail_id, mail_date,"
                                                      " content) VALUES (?1, 1, ?1, 1, 1, ?2)", &statement, &err), 0);
                statement_bind_int(statement, 1, 3 * i + 1);
                statement_bind_text(statement, 2, g_ptr_array_index(texts, i));
                ck_assert_int_eq(statement_run(statement, &err), 0);
        }
        return texts;
}

START_TEST(contents_are_packed)
{
        g_autofree char *path = database_file();
        struct database *db = database_of_schema(path, 4);
        struct error err = ERROR_INIT;
        g_autoptr(GPtrArray) texts = many_contents(db);
        ck_assert_int_eq(schema_migrate(db, &err), 0);
        for (guint i = 0; i < texts->len; i++) {
                const char *text = g_ptr_array_index(texts, i);
                assert_content(db, 3 * i + 1, text, strlen(text));
        }
        assert_answer(db, "SELECT count(*) FROM variant", "40");
        assert_answer(db, "SELECT sum(length(packed)) < 1000000 FROM variant", "1");
        assert_answer(db, "SELECT integrity_check FROM pragma_integrity_check", "ok");
        database_close(db);
}
END_TEST

/* What a statement notes of all the pages that it changes goes to a file: a database may be larger than the memory. */
START_TEST(a_migration_needs_little_memory)
{
        g_autofree char *path = database_file();
        struct database *db = database_of_schema(path, 4);
        struct error err = ERROR_INIT;
        g_ptr_array_unref(many_contents(db));
        assert_answer(db, "PRAGMA temp_store", "2");
        execute(db, "PRAGMA trusted_schema=ON; CREATE TABLE seen (store);"
                    "CREATE TRIGGER look BEFORE UPDATE ON variant WHEN new.id = 4"
                    " BEGIN INSERT INTO seen SELECT temp_store FROM pragma_temp_store; END");
        int r = schema_migrate(db, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        assert_answer(db, "SELECT group_concat(store) FROM seen", "1");
        assert_answer(db, "PRAGMA temp_store", "2");
        database_close(db);
}
END_TEST

/* A migration that fails before all is packed: the contents are there as they were, and the next start goes on. */
START_TEST(contents_stay_where_they_cannot_be_packed)
{
        g_autofree char *path = database_file();
        struct database *db = database_of_schema(path, 4);
        struct error err = ERROR_INIT;
        g_autoptr(GPtrArray) texts = many_contents(db);
        g_autofree char *before = ask(db, "SELECT group_concat(id || content) FROM variant"), *sql = all_sql(db);
        execute(db, "CREATE TRIGGER full BEFORE UPDATE ON variant WHEN new.id > 60 BEGIN SELECT raise(FAIL, 'no room'); END");
        ck_assert_int_lt(schema_migrate(db, &err), 0);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "cannot bring the schema from 4 to"));
        error_clear(&err);
        assert_answer(db, "PRAGMA user_version", "4");
        execute(db, "DROP TRIGGER full");
        g_autofree char *after = ask(db, "SELECT group_concat(id || content) FROM variant"), *sql_after = all_sql(db);
        ck_assert_str_eq(before, after);
        ck_assert_str_eq(sql, sql_after);
        ck_assert_int_eq(schema_migrate(db, &err), 0);
        assert_content(db, 4, g_ptr_array_index(texts, 1), strlen(g_ptr_array_index(texts, 1)));
        database_close(db);
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
        tcase_add_test(tcase, released_migrations_stay_as_they_are);
        tcase_add_loop_test(tcase, from_an_earlier_schema, 0, G_N_ELEMENTS(rows_of_schema));
        tcase_add_test(tcase, contents_are_packed);
        tcase_add_test(tcase, a_migration_needs_little_memory);
        tcase_add_test(tcase, contents_stay_where_they_cannot_be_packed);
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
