/* SPDX-License-Identifier: MIT */
#include "store/bulletins.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "store/archive_p.h"
#include "store/compress.h"
#include "store/mails.h"
#include "tests/support.h"

static struct database *db;

static void setup(void)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "hotfixd.db", NULL);
        struct error err = ERROR_INIT;
        clock_set_for_test(1000, 1000);
        ck_assert_msg(database_open(path, DATABASE_CREATE, &db, &err) == 0, "%s", error_text(&err));
}

static void teardown(void)
{
        g_clear_pointer(&db, database_close);
        clock_set_for_test(-1, -1);
}

/* One mail and what it says. */
struct letter {
        const char *bytes, *date; /* of the mail */
        const char *id, *registered, *updated;
        int severity; /* 0: undetermined; -1: the field is missing */
        const char *title;
        bool history;
        const char *archive_name; /* NULL: "alert/" and the id */
        enum bulletin_kind kind;  /* 0: an alert */
};

static struct bulletin *bulletin_of(const struct letter *letter)
{
        struct bulletin *b = bulletin_new();
        b->feed = g_strdup("hotfix-report");
        b->kind = letter->kind ? letter->kind : BULLETIN_ALERT;
        b->id = g_strdup(letter->id);
        g_strlcpy(b->registered, letter->registered, BULLETIN_DATE_SIZE);
        g_strlcpy(b->updated, letter->updated, BULLETIN_DATE_SIZE);
        b->title = g_strdup(letter->title);
        if (letter->severity > 0)
                bulletin_set_field(b, FIELD_SEVERITY, BASIS_STATED, letter->severity, NULL, NULL);
        else if (letter->severity == 0)
                bulletin_set_undetermined(b, FIELD_SEVERITY, NULL, "not marked");
        b->mail.date = g_strdup(letter->date);
        b->mail.message_id = g_strconcat("<", letter->bytes, "@example.jp>", NULL);
        return b;
}

static int64_t store_mail(const char *bytes)
{
        struct mail_row mail = { .outcome = MAIL_BULLETIN };
        struct error err = ERROR_INIT;
        int64_t id;
        bool known;
        ck_assert_msg(mails_insert(db, &mail, bytes, strlen(bytes), &id, &known, &err) == 0, "%s", error_text(&err));
        return id;
}

static char *archive_name_of(const struct letter *letter)
{
        if (letter->archive_name)
                return g_strdup(letter->archive_name);
        return g_strconcat("alert/", letter->id ? letter->id : "none", NULL);
}

static int insert_raw(const struct letter *letter, struct bulletin_arrival *ret_arrival, struct error *err)
{
        g_autoptr(bulletin_t) b = bulletin_of(letter);
        g_autofree char *name = archive_name_of(letter);
        return bulletins_insert(db, b, name, store_mail(letter->bytes), letter->history, ret_arrival, err);
}

static struct bulletin_arrival insert(const struct letter *letter)
{
        struct bulletin_arrival arrival;
        struct error err = ERROR_INIT;
        int r = insert_raw(letter, &arrival, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_ptr_nonnull(arrival.changes);
        return arrival;
}

static void insert_expecting(const struct letter *letter, enum dedup_event event, bool stands)
{
        struct bulletin_arrival arrival = insert(letter);
        ck_assert_msg(arrival.event == event, "%s: %s instead of %s", letter->bytes, dedup_event_name(arrival.event),
                      dedup_event_name(event));
        ck_assert_msg(arrival.stands == stands, "%s: stands is wrong", letter->bytes);
        bulletin_arrival_clear(&arrival);
}

static struct bulletin_row *find(const char *id)
{
        struct bulletin_row *row = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(bulletins_find(db, id, &row, &err) == 0, "%s", error_text(&err));
        return row;
}

static void assert_current_title(const char *id, const char *title)
{
        struct bulletin_row *row = find(id);
        ck_assert_str_eq(row->current->title, title);
        ck_assert_str_eq(row->title, title);
        bulletin_row_free(row);
}

static GPtrArray *revisions(int64_t bulletin_id)
{
        GPtrArray *rows = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(bulletins_revisions(db, bulletin_id, &rows, &err) == 0, "%s", error_text(&err));
        return rows;
}

static void execute(const char *sql)
{
        struct error err = ERROR_INIT;
        ck_assert_msg(database_execute(db, sql, &err) == 0, "%s", error_text(&err));
}

static char *ask(const char *sql)
{
        struct statement *statement;
        struct error err = ERROR_INIT;
        ck_assert_msg(database_prepare(db, sql, &statement, &err) == 0, "%s", error_text(&err));
        ck_assert_msg(statement_step(statement, &err) == 1, "%s", error_text(&err));
        char *value = statement_text_copy(statement, 0);
        statement_done(statement);
        return value;
}

static void assert_answer(const char *sql, const char *expected)
{
        g_autofree char *answer = ask(sql);
        ck_assert_msg(g_strcmp0(answer, expected) == 0, "%s: %s instead of %s", sql, answer, expected);
}

/* --- the events --- */

static const struct letter first = { "m1", "2007-05-11T10:00:00+09:00", "MS07-028", "2007-05-11", "2007-05-11",
                                     SEVERITY_IMPORTANT, "first", false, NULL, 0 };

START_TEST(a_bulletin_that_was_not_known)
{
        struct bulletin_arrival arrival = insert(&first);
        ck_assert_int_eq(arrival.event, DEDUP_FIRST);
        ck_assert(arrival.stands);
        ck_assert_ptr_null(arrival.before);
        ck_assert_uint_eq(arrival.changes->len, 0);
        struct bulletin_row *row = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletins_get(db, arrival.bulletin_id, &row, &err), 0);
        ck_assert_int_eq(row->id, arrival.bulletin_id);
        ck_assert_int_eq(row->current_revision_id, arrival.revision_id);
        ck_assert_str_eq(row->feed, "hotfix-report");
        ck_assert_str_eq(row->key, "MS07-028");
        ck_assert_str_eq(row->number, "MS07-028");
        ck_assert_str_eq(row->archive_name, "alert/MS07-028");
        ck_assert_str_eq(row->date, "2007-05-11");
        ck_assert_int_eq(row->kind, BULLETIN_ALERT);
        ck_assert_int_eq(row->severity, SEVERITY_IMPORTANT);
        ck_assert_int_eq(row->urgency, -1);
        ck_assert_uint_eq(row->revisions, 1);
        ck_assert(!row->history);
        ck_assert_str_eq(row->current->mail.message_id, "<m1@example.jp>");
        bulletin_row_free(row);
        bulletin_arrival_clear(&arrival);
        ck_assert_ptr_null(arrival.changes);
}
END_TEST

START_TEST(a_duplicate_is_counted)
{
        insert_expecting(&first, DEDUP_FIRST, true);
        struct letter again = first;
        again.bytes = "m2";
        again.date = "2007-05-12T10:00:00+09:00";
        struct bulletin_arrival arrival = insert(&again);
        ck_assert_int_eq(arrival.event, DEDUP_DUPLICATE);
        ck_assert(arrival.stands);
        ck_assert_ptr_null(arrival.before);
        ck_assert_uint_eq(arrival.changes->len, 0);
        g_autoptr(GPtrArray) rows = revisions(arrival.bulletin_id);
        ck_assert_uint_eq(rows->len, 1);
        const struct revision_row *row = g_ptr_array_index(rows, 0);
        ck_assert_uint_eq(row->variants, 1);
        ck_assert_uint_eq(row->sightings, 2);
        bulletin_arrival_clear(&arrival);
        /* The very same mail again (a retry after a crash) is not counted. */
        insert_expecting(&again, DEDUP_DUPLICATE, true);
        assert_answer("SELECT count(*) FROM mail_variant", "2");
}
END_TEST

/* Of the mails that said the same, the earliest by its Date stands for the content, whenever it came. */
START_TEST(the_standing_mail_of_a_duplicate)
{
        insert_expecting(&first, DEDUP_FIRST, true);
        struct letter earlier = first, undated = first, same_moment = first;
        earlier.bytes = "earlier";
        earlier.date = "2007-05-11T00:30:00Z"; /* 09:30+09:00 */
        undated.bytes = "undated";
        undated.date = NULL;
        insert_expecting(&undated, DEDUP_DUPLICATE, true);
        struct bulletin_row *row = find("MS07-028");
        ck_assert_str_eq(row->current->mail.message_id, "<m1@example.jp>");
        bulletin_row_free(row);
        insert_expecting(&earlier, DEDUP_DUPLICATE, true);
        row = find("MS07-028");
        ck_assert_str_eq(row->current->mail.message_id, "<earlier@example.jp>");
        GArray *mails = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletins_mails(db, row->id, &mails, &err), 0);
        ck_assert_uint_eq(mails->len, 3);
        assert_answer("SELECT mail_id FROM variant", "3");
        ck_assert_int_eq(g_array_index(mails, int64_t, 0), 3);
        assert_answer("SELECT (SELECT sha256 FROM mail WHERE id = 1) < (SELECT sha256 FROM mail WHERE id = 2)",
                      g_array_index(mails, int64_t, 1) == 1 ? "1" : "0");
        g_array_unref(mails);
        bulletin_row_free(row);
        same_moment.bytes = "same moment";
        same_moment.date = "2007-05-11T09:30:00+09:00";
        insert_expecting(&same_moment, DEDUP_DUPLICATE, true);
        assert_answer("SELECT m.sha256 = (SELECT min(sha256) FROM mail WHERE id IN (3, 4))"
                      " FROM variant v JOIN mail m ON m.id = v.mail_id", "1");
}
END_TEST

START_TEST(variants_of_one_revision)
{
        struct letter milder = first, harder = first, reworded = first;
        milder.bytes = "milder";
        milder.severity = SEVERITY_LOW;
        milder.title = "milder";
        harder.bytes = "harder";
        harder.severity = SEVERITY_CRITICAL;
        harder.title = "harder";
        reworded.bytes = "reworded";
        reworded.severity = 0;
        insert_expecting(&first, DEDUP_FIRST, true);
        insert_expecting(&milder, DEDUP_VARIANT, false);
        assert_current_title("MS07-028", "first");
        struct bulletin_arrival arrival = insert(&harder);
        ck_assert_int_eq(arrival.event, DEDUP_VARIANT);
        ck_assert(arrival.stands);
        ck_assert_str_eq(arrival.before->title, "first");
        ck_assert_uint_eq(arrival.changes->len, 2); /* severity, title */
        const struct bulletin_change *change = g_ptr_array_index(arrival.changes, 0);
        ck_assert_str_eq(change->path, "severity");
        int64_t revision_id = arrival.revision_id;
        bulletin_arrival_clear(&arrival);
        assert_current_title("MS07-028", "harder");
        insert_expecting(&reworded, DEDUP_VARIANT, false);
        insert_expecting(&milder, DEDUP_DUPLICATE, false);
        g_autoptr(GPtrArray) variants = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletins_variants(db, revision_id, &variants, &err), 0);
        ck_assert_uint_eq(variants->len, 4);
        for (guint i = 0; i < 4; i++) {
                const struct variant_row *variant = g_ptr_array_index(variants, i);
                ck_assert_int_eq(variant->stands, i == 0);
                ck_assert_int_eq(variant->changes->len == 0, i == 0);
                ck_assert_uint_eq(variant->mails, 1);
                if (i >= 2)
                        ck_assert_str_gt(variant->fingerprint,
                                         ((struct variant_row *) g_ptr_array_index(variants, i - 1))->fingerprint);
        }
        struct bulletin_row *row = find("MS07-028");
        ck_assert_uint_eq(row->revisions, 1);
        ck_assert_int_eq(row->severity, SEVERITY_CRITICAL);
        g_autoptr(GPtrArray) rows = revisions(row->id);
        ck_assert_uint_eq(((struct revision_row *) g_ptr_array_index(rows, 0))->variants, 4);
        bulletin_row_free(row);
        GPtrArray *none = NULL;
        ck_assert_int_eq(bulletins_variants(db, 99, &none, &err), -ERR_NOT_FOUND);
        error_clear(&err);
}
END_TEST

START_TEST(later_earlier_and_undated_revisions)
{
        struct letter later = first, earlier = first, undated = first;
        later.bytes = "later";
        later.updated = "2007-06-01";
        later.title = "later";
        later.severity = SEVERITY_CRITICAL;
        earlier.bytes = "earlier";
        earlier.updated = "2007-05-20";
        earlier.registered = "2007-05-12"; /* after that of the later one: the update date counts first */
        earlier.title = "between";
        undated.bytes = "undated";
        undated.registered = undated.updated = "";
        undated.title = "undated";
        insert_expecting(&first, DEDUP_FIRST, true);
        struct bulletin_arrival arrival = insert(&later);
        ck_assert_int_eq(arrival.event, DEDUP_LATER);
        ck_assert(arrival.stands);
        ck_assert_str_eq(arrival.before->title, "first");
        ck_assert_uint_eq(arrival.changes->len, 3); /* update date, severity, title */
        int64_t bulletin_id = arrival.bulletin_id;
        bulletin_arrival_clear(&arrival);
        arrival = insert(&earlier);
        ck_assert_int_eq(arrival.event, DEDUP_EARLIER);
        ck_assert(!arrival.stands);
        ck_assert_str_eq(arrival.before->title, "later");
        bulletin_arrival_clear(&arrival);
        insert_expecting(&undated, DEDUP_UNDATED, false);
        insert_expecting(&undated, DEDUP_DUPLICATE, false);
        assert_current_title("MS07-028", "later");

        static const char *const titles[] = { "undated", "first", "between", "later" };
        g_autoptr(GPtrArray) rows = revisions(bulletin_id);
        ck_assert_uint_eq(rows->len, 4);
        for (guint i = 0; i < 4; i++) {
                const struct revision_row *row = g_ptr_array_index(rows, i);
                ck_assert_str_eq(row->content->title, titles[i]);
                ck_assert_int_eq(row->current, i == 3);
                ck_assert_int_eq(row->bulletin_id, bulletin_id);
                ck_assert_int_eq(row->stored_ms, 1000);
                ck_assert_int_eq(row->changes->len == 0, i == 0);
                for (guint k = 0; k < row->changes->len; k++) {
                        const struct bulletin_change *change = g_ptr_array_index(row->changes, k);
                        if (strcmp(change->path, "title") == 0)
                                ck_assert_str_eq(change->from, titles[i - 1]); /* against the one before it by date */
                }
        }
        int64_t bulletins, count;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletins_count(db, &bulletins, &count, &err), 0);
        ck_assert_int_eq(bulletins, 1);
        ck_assert_int_eq(count, 4);
}
END_TEST

START_TEST(a_dated_revision_after_an_undated_one)
{
        struct letter undated = first;
        undated.bytes = "undated";
        undated.registered = undated.updated = "";
        undated.title = "undated";
        insert_expecting(&undated, DEDUP_FIRST, true);
        struct bulletin_row *row = find("MS07-028");
        ck_assert_str_eq(row->date, "2007-05-11"); /* the mail's */
        bulletin_row_free(row);
        insert_expecting(&first, DEDUP_LATER, true);
        assert_current_title("MS07-028", "first");
}
END_TEST

START_TEST(history_is_what_came_as_nothing_else)
{
        struct letter old = first, fresh = first, later = first;
        old.history = true;
        fresh.bytes = "fresh";
        later.bytes = "later";
        later.updated = "2007-06-01";
        later.history = true;
        insert_expecting(&old, DEDUP_FIRST, true);
        insert_expecting(&later, DEDUP_LATER, true);
        assert_answer("SELECT history || (SELECT group_concat(history, '') FROM revision) FROM bulletin", "111");
        insert_expecting(&fresh, DEDUP_DUPLICATE, false);
        struct bulletin_row *row = find("MS07-028");
        ck_assert(!row->history);
        g_autoptr(GPtrArray) rows = revisions(row->id);
        ck_assert(!((struct revision_row *) g_ptr_array_index(rows, 0))->history);
        ck_assert(((struct revision_row *) g_ptr_array_index(rows, 1))->history);
        bulletin_row_free(row);
}
END_TEST

/* --- the order of arrival --- */

static const char dump_sql[] =
        "SELECT group_concat(line, char(10)) FROM ("
        " SELECT b.feed || ' ' || b.key || ' ' || b.archive_name || ' ' || b.history || b.kind || ' ' || b.title || ' '"
        "  || b.date || ' ' || ifnull(b.severity, '-') || ' ' || r.updated || ' ' || v.fingerprint || ' ' || m.sha256"
        "  || hex(v.packed) AS line FROM bulletin b JOIN revision r ON r.id = b.current_revision_id"
        "  JOIN variant v ON v.id = r.standing_variant_id JOIN mail m ON m.id = v.mail_id"
        " UNION SELECT b.key || ' ' || r.registered || ' ' || r.updated || ' ' || r.history || ' ' || s.fingerprint"
        "  FROM revision r JOIN bulletin b ON b.id = r.bulletin_id JOIN variant s ON s.id = r.standing_variant_id"
        " UNION SELECT b.key || ' ' || r.updated || ' ' || v.fingerprint || ' ' || m.sha256 || hex(v.packed) FROM variant v"
        "  JOIN revision r ON r.id = v.revision_id JOIN bulletin b ON b.id = r.bulletin_id"
        "  JOIN mail m ON m.id = v.mail_id"
        " UNION SELECT m.sha256 || ' ' || v.fingerprint || ' ' || r.updated || ' ' || b.key FROM mail_variant x"
        "  JOIN mail m ON m.id = x.mail_id JOIN variant v ON v.id = x.variant_id"
        "  JOIN revision r ON r.id = v.revision_id JOIN bulletin b ON b.id = r.bulletin_id"
        " UNION SELECT 'todo ' || key FROM archive_todo t JOIN bulletin b ON b.id = t.bulletin_id"
        " ORDER BY line)";

/* A standing content and its variant, a duplicate with an earlier mail, three revisions, one without dates. */
static const struct letter letters[] = {
        { "p1", "2007-05-11T10:00:00+09:00", "MS07-028", "2007-05-11", "2007-05-11", SEVERITY_LOW, "one", true,
          "a/2007", 0 },
        { "p2", "2007-05-11T11:00:00+09:00", "MS07-028", "2007-05-11", "2007-05-11", SEVERITY_CRITICAL, "one, harder",
          true, "a/2007", 0 },
        { "p3", "2007-05-11T00:30:00+00:00", "MS07-028", "2007-05-11", "2007-05-11", SEVERITY_LOW, "one", false,
          "a/2007", 0 },
        { "p4", "2007-06-01T10:00:00+09:00", "MS07-028", "2007-05-11", "2007-06-01", SEVERITY_MODERATE, "two", true,
          "a/2007", 0 },
        { "p5", "2008-01-01T10:00:00+09:00", "MS07-028", "2007-05-11", "2008-01-01", 0, "three", true, "a/2008", 0 },
        { "p6", NULL, "MS07-028", "", "", SEVERITY_IMPORTANT, "undated", true, "a/undated", 0 },
};

/* One content, undated: what is listed comes from the mail that stands for it. */
static const struct letter undated_letters[] = {
        { "u1", "2007-05-11T10:00:00+09:00", "MS07-028", "", "", SEVERITY_LOW, "one", true, NULL, 0 },
        { "u2", "2007-04-01T10:00:00+09:00", "MS07-028", "", "", SEVERITY_LOW, "o n e", true, NULL, 0 },
        { "u3", NULL, "MS07-028", "", "", SEVERITY_LOW, "one", true, NULL, 0 },
        { "u4", "2007-04-01T10:00:00+09:00", "MS07-028", "", "", SEVERITY_LOW, "on e", true, NULL, 0 },
};

static void permute(unsigned *order, guint count, guint fixed, void (*visit)(const unsigned *order))
{
        if (fixed == count) {
                visit(order);
                return;
        }
        for (guint i = fixed; i < count; i++) {
                unsigned kept = order[fixed];
                order[fixed] = order[i];
                order[i] = kept;
                permute(order, count, fixed + 1, visit);
                order[i] = order[fixed];
                order[fixed] = kept;
        }
}

static const struct letter *visited;
static guint visited_count;
static char *reference;
static unsigned visits;

static void insert_in_order(const unsigned *order)
{
        for (guint i = 0; i < visited_count; i++) {
                struct bulletin_arrival arrival = insert(&visited[order[i]]);
                bulletin_arrival_clear(&arrival);
        }
}

static void compare_with_reference(const unsigned *order)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(db, &err), 0);
        insert_in_order(order);
        g_autofree char *dump = ask(dump_sql);
        if (visits++ % 16 == 0) { /* running it again changes nothing */
                insert_in_order(order);
                g_autofree char *again = ask(dump_sql);
                ck_assert_str_eq(dump, again);
        }
        database_rollback(db);
        if (!reference)
                reference = g_strdup(dump);
        ck_assert_msg(strcmp(reference, dump) == 0, "another end after the order %u %u %u %u …:\n%s\ninstead of\n%s",
                      order[0], order[1], order[2], order[3], dump, reference);
}

static void assert_order_does_not_matter(const struct letter *set, guint count)
{
        unsigned order[8];
        ck_assert_uint_le(count, G_N_ELEMENTS(order));
        for (guint i = 0; i < count; i++)
                order[i] = i;
        visited = set;
        visited_count = count;
        visits = 0;
        permute(order, count, 0, compare_with_reference);
        g_clear_pointer(&reference, g_free);
}

START_TEST(no_order_of_arrival_makes_a_difference)
{
        assert_order_does_not_matter(letters, G_N_ELEMENTS(letters));
        ck_assert_uint_eq(visits, 720);
        assert_order_does_not_matter(undated_letters, G_N_ELEMENTS(undated_letters));
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(db, &err), 0);
        for (guint i = 0; i < G_N_ELEMENTS(letters); i++) {
                struct bulletin_arrival arrival = insert(&letters[i]);
                bulletin_arrival_clear(&arrival);
        }
        struct bulletin_row *row = find("ms07-028");
        ck_assert_str_eq(row->title, "three");
        ck_assert_int_eq(row->severity, 0);
        ck_assert_str_eq(row->archive_name, "a/2007");
        ck_assert(!row->history);
        bulletin_row_free(row);
        database_rollback(db);
}
END_TEST

/* --- names in the archive --- */

static const struct letter claimants[] = {
        { "c1", NULL, "MS07-003", "2007-01-01", "2007-01-01", SEVERITY_LOW, "c", false, "same", 0 },
        { "c2", NULL, "MS07-002", "2007-01-01", "2007-01-01", SEVERITY_LOW, "b", false, "same", 0 },
        { "c3", NULL, "MS07-001", "2007-01-01", "2007-01-01", SEVERITY_LOW, "a", false, "same", 0 },
        { "c4", NULL, "MS07-001", "2007-01-01", "2007-02-02", SEVERITY_LOW, "a, again", false, "other", 0 },
        { "c5", NULL, "MS07-004", "2007-01-01", "2007-01-01", SEVERITY_LOW, "d", false, "other", 0 },
};

START_TEST(one_name_wanted_by_many)
{
        assert_order_does_not_matter(claimants, G_N_ELEMENTS(claimants));
        for (guint i = 0; i < G_N_ELEMENTS(claimants); i++) {
                struct bulletin_arrival arrival = insert(&claimants[i]);
                bulletin_arrival_clear(&arrival);
        }
        assert_answer("SELECT archive_name FROM bulletin WHERE key = 'MS07-001'", "other");
        assert_answer("SELECT archive_name FROM bulletin WHERE key = 'MS07-002'", "same");
        assert_answer("SELECT count(*) FROM bulletin WHERE key = 'MS07-003' AND length(archive_name) = 13"
                      " AND archive_name LIKE 'same-________'", "1");
        assert_answer("SELECT count(*) FROM bulletin WHERE key = 'MS07-004' AND archive_name LIKE 'other-________'",
                      "1");
}
END_TEST

START_TEST(names_that_nobody_has_any_more)
{
        struct error err = ERROR_INIT;
        insert_expecting(&claimants[0], DEDUP_FIRST, true);  /* MS07-003 has "same" */
        execute("DELETE FROM archive_todo");
        insert_expecting(&claimants[1], DEDUP_FIRST, true);  /* MS07-002 takes it over */
        assert_answer("SELECT count(*) FROM archive_todo", "2"); /* both are to be written */
        g_autoptr(GPtrArray) none = NULL, stale = NULL;
        ck_assert_int_eq(bulletins_archive_stale(db, 0, &none, &err), 0);
        ck_assert_uint_eq(none->len, 0);
        struct letter moved = claimants[1];
        moved.bytes = "moved";
        moved.updated = "2007-09-09";
        moved.archive_name = "before";
        insert_expecting(&moved, DEDUP_LATER, true); /* MS07-002 is "before" now, MS07-003 has "same" again */
        assert_answer("SELECT archive_name FROM bulletin WHERE key = 'MS07-002'", "before");
        assert_answer("SELECT archive_name FROM bulletin WHERE key = 'MS07-003'", "same");
        ck_assert_int_eq(bulletins_archive_stale(db, 10, &stale, &err), 0);
        ck_assert_uint_eq(stale->len, 1);
        ck_assert_msg(g_str_has_prefix(g_ptr_array_index(stale, 0), "same-"), "%s",
                      (char *) g_ptr_array_index(stale, 0));
        ck_assert_int_eq(bulletins_archive_stale_done(db, g_ptr_array_index(stale, 0), &err), 0);
        assert_answer("SELECT count(*) FROM archive_stale", "0");
}
END_TEST

/* Its files are not to be removed any more. */
START_TEST(a_new_bulletin_takes_a_name_that_was_given_up)
{
        execute("INSERT INTO archive_stale (name) VALUES ('same'), ('same-0')");
        insert_expecting(&claimants[0], DEDUP_FIRST, true);
        assert_answer("SELECT archive_wanted || ' ' || archive_name FROM bulletin", "same same");
        assert_answer("SELECT group_concat(name) FROM archive_stale", "same-0");
        assert_answer("SELECT count(*) || max(mark) FROM archive_todo", "11");
}
END_TEST

/* What a third bulletin asks for is what another's made-up name would be. */
START_TEST(a_made_up_name_that_is_taken)
{
        insert_expecting(&claimants[1], DEDUP_FIRST, true);
        insert_expecting(&claimants[0], DEDUP_FIRST, true);
        g_autofree char *made_up = ask("SELECT archive_name FROM bulletin WHERE key = 'MS07-003'");
        struct letter third = claimants[0];
        third.bytes = "third";
        third.id = "MS07-009";
        third.archive_name = made_up;
        insert_expecting(&third, DEDUP_FIRST, true);
        assert_answer("SELECT count(DISTINCT archive_name) FROM bulletin WHERE archive_name IS NOT NULL", "3");
        assert_answer("SELECT length(archive_name) FROM bulletin WHERE key = 'MS07-009'", "78");
}
END_TEST

static GArray *pending(unsigned limit)
{
        GArray *rows = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(bulletins_archive_pending(db, limit, &rows, &err) == 0, "%s", error_text(&err));
        return rows;
}

static void assert_pending(guint expected)
{
        GArray *rows = pending(0);
        ck_assert_uint_eq(rows->len, expected);
        g_array_unref(rows);
}

/* 0: it is not on the list. */
static int64_t mark_of(int64_t bulletin_id)
{
        GArray *rows = pending(0);
        int64_t mark = 0;
        for (guint i = 0; i < rows->len; i++) {
                const struct archive_pending *row = &g_array_index(rows, struct archive_pending, i);
                mark = row->bulletin_id == bulletin_id ? row->mark : mark;
        }
        g_array_unref(rows);
        return mark;
}

static void take_off_list(int64_t mark)
{
        struct error err = ERROR_INIT;
        const struct archive_span span = { mark, mark };
        ck_assert_msg(archive_todo_remove(db, &span, 1, &err) == 0, "%s", error_text(&err));
}

START_TEST(the_archive_s_list)
{
        struct error err = ERROR_INIT;
        for (guint i = 0; i < 3; i++)
                insert_expecting(&claimants[i], DEDUP_FIRST, true);
        assert_pending(3);
        GArray *one = pending(1);
        ck_assert_uint_eq(one->len, 1);
        int64_t id = g_array_index(one, struct archive_pending, 0).bulletin_id, mark = mark_of(id);
        g_array_unref(one);
        /* Marked again while its files are being written: it stays. */
        ck_assert_int_gt(mark, 0);
        ck_assert_int_eq(bulletins_archive_all(db, &err), 0);
        take_off_list(mark);
        assert_pending(3);
        int64_t same = mark_of(id);
        ck_assert_int_gt(same, mark);
        take_off_list(same);
        assert_pending(2);
        for (int64_t i = 1; i <= 3; i++)
                ck_assert_int_eq(bulletins_archive_done(db, i, &err), 0);
        assert_pending(0);
        ck_assert_int_eq(mark_of(id), 0);
        ck_assert_int_eq(bulletins_archive_all(db, &err), 0);
        assert_pending(3);
        ck_assert_int_gt(mark_of(id), same); /* no mark is used twice, even when the list was empty */
}
END_TEST

/* --- looking up --- */

static void assert_finds(const char *what, const char *title)
{
        struct bulletin_row *row = NULL;
        struct error err = ERROR_INIT;
        int r = bulletins_find(db, what, &row, &err);
        if (!title) {
                ck_assert_msg(r == -ERR_NOT_FOUND, "%s is found", what);
                ck_assert_ptr_null(row);
                error_clear(&err);
                return;
        }
        ck_assert_msg(r == 0, "%s: %s", what, error_text(&err));
        ck_assert_str_eq(row->title, title);
        bulletin_row_free(row);
}

START_TEST(finding_a_bulletin)
{
        insert_expecting(&first, DEDUP_FIRST, true);
        struct letter news = { "n1", NULL,         "MS07-028", "",       "2009-01-01",
                               -1,   "news on it", false,      "news/1", BULLETIN_NEWS };
        struct letter tips = { "t1", NULL, NULL, "", "", -1, "a tip", false, "tips/1", BULLETIN_TIPS };
        insert_expecting(&news, DEDUP_FIRST, true);
        insert_expecting(&tips, DEDUP_FIRST, true);
        assert_finds("MS07-028", "first"); /* the alert, though the news is newer */
        assert_finds("ms07-028", "first");
        assert_finds("ＭＳ０７－０２８", "first");
        assert_finds(" MS07-028\n", "first");
        assert_finds("hotfix-report:MS07-028", "first");
        assert_finds("hotfix-report:ms07-028", "first");
        assert_finds("other-feed:MS07-028", NULL);
        g_autofree char *news_key = ask("SELECT key FROM bulletin WHERE title = 'news on it'");
        g_autofree char *tips_key = ask("SELECT key FROM bulletin WHERE title = 'a tip'");
        g_autofree char *qualified = g_strconcat("hotfix-report:", tips_key, NULL);
        assert_finds(news_key, "news on it");
        assert_finds(tips_key, "a tip");
        assert_finds(qualified, "a tip");
        static const char *const nothing[] = {
                "", ":", "hotfix-report:", "MS07-02", "MS07-0288", "%", "\xff", "a tip"
        };
        for (guint i = 0; i < G_N_ELEMENTS(nothing); i++)
                assert_finds(nothing[i], NULL);
        struct bulletin_row *row = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletins_get(db, 99, &row, &err), -ERR_NOT_FOUND);
        ck_assert_ptr_null(row);
        error_clear(&err);
        GPtrArray *rows = NULL;
        ck_assert_int_eq(bulletins_revisions(db, 99, &rows, &err), -ERR_NOT_FOUND);
        ck_assert_ptr_null(rows);
        error_clear(&err);
}
END_TEST

static void assert_list(const struct bulletin_filter *filter, const char *titles)
{
        g_autoptr(GPtrArray) rows = NULL;
        struct error err = ERROR_INIT;
        ck_assert_msg(bulletins_list(db, filter, &rows, &err) == 0, "%s", error_text(&err));
        g_autoptr(GString) out = g_string_new(NULL);
        for (guint i = 0; i < rows->len; i++) {
                const struct bulletin_row *row = g_ptr_array_index(rows, i);
                g_string_append(out, row->title);
                ck_assert_int_eq(row->current == NULL, filter->without_content);
                if (row->current)
                        ck_assert_str_eq(row->current->title, row->title);
        }
        ck_assert_str_eq(out->str, titles);
}

START_TEST(lists)
{
        static const struct letter set[] = {
                { "l1", NULL, "MS07-001", "2007-01-01", "2007-01-02", SEVERITY_CRITICAL, "A", false, NULL, 0 },
                { "l2", NULL, "MS07-002", "2007-03-01", "2007-03-02", SEVERITY_LOW, "B", false, NULL, 0 },
                { "l3", NULL, "MS07-003", "2007-02-01", "2007-02-02", 0, "C", false, NULL, 0 },
                { "l4", NULL, "MS07-004", "2007-04-04", "", SEVERITY_IMPORTANT, "D", false, NULL, 0 },
                { "l5", NULL, NULL, "", "2007-03-02", -1, "N", false, "news/1", BULLETIN_NEWS },
                { "l6", "2007-03-01T23:30:00-05:00", NULL, "", "", -1, "T", false, "tips/1", BULLETIN_TIPS },
                { "l7", NULL, NULL, "", "", -1, "U", false, "tips/2", BULLETIN_TIPS },
        };
        for (guint i = 0; i < G_N_ELEMENTS(set); i++)
                insert_expecting(&set[i], DEDUP_FIRST, true);
        /* Same date: by feed and key. */
        struct bulletin_filter any = { .kind = -1 };
        g_autoptr(GPtrArray) all = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletins_list(db, &any, &all, &err), 0);
        ck_assert_uint_eq(all->len, 7);
        for (guint i = 1; i < all->len; i++) {
                const struct bulletin_row *before = g_ptr_array_index(all, i - 1), *row = g_ptr_array_index(all, i);
                int order = strcmp(before->date, row->date);
                ck_assert(order > 0 || (order == 0 && strcmp(before->key, row->key) < 0));
        }
        assert_list(&(struct bulletin_filter) { .kind = BULLETIN_ALERT }, "DBCA");
        assert_list(&(struct bulletin_filter) { .kind = BULLETIN_ALERT, .without_content = true }, "DBCA");
        assert_list(&(struct bulletin_filter) { .kind = BULLETIN_NEWS }, "N");
        assert_list(&(struct bulletin_filter) { .kind = BULLETIN_WEEKLY }, "");
        assert_list(&(struct bulletin_filter) { .kind = -1, .min_severity = SEVERITY_IMPORTANT }, "DCA");
        assert_list(&(struct bulletin_filter) { .kind = -1, .min_severity = SEVERITY_CRITICAL, .limit = 1 }, "C");
        assert_list(&(struct bulletin_filter) { .kind = -1, .min_urgency = URGENCY_WAIT }, "");
        assert_list(&(struct bulletin_filter) { .kind = BULLETIN_ALERT, .since = "2007-02-02" }, "DBC");
        assert_list(&(struct bulletin_filter) { .kind = BULLETIN_TIPS, .since = "2007-03-02" }, "TU");
        assert_list(&(struct bulletin_filter) { .kind = BULLETIN_TIPS, .since = "2007-03-03" }, "U");
}
END_TEST

/* Says the same of each as its row, in the order asked for; ends with the one whose title is asked for. */
struct telling { GPtrArray *rows; guint told; const char *last; };

static int assert_told(const struct bulletin_row *row, void *context, struct error *err)
{
        struct telling *telling = context;
        const struct bulletin_row *expected = g_ptr_array_index(telling->rows, telling->told++);
        ck_assert_int_eq(row->id, expected->id);
        ck_assert_str_eq(row->feed, expected->feed);
        ck_assert_str_eq(row->key, expected->key);
        ck_assert_int_eq(row->kind, expected->kind);
        ck_assert_int_eq(g_strcmp0(row->title, expected->title), 0);
        ck_assert_str_eq(row->date, expected->date);
        ck_assert_int_eq(row->severity, expected->severity);
        ck_assert_int_eq(row->urgency, expected->urgency);
        return g_strcmp0(row->title, telling->last) == 0 ? error_set(err, -ECANCELED, "that is enough") : 0;
}

START_TEST(many_are_told)
{
        static const struct letter set[] = {
                { "l1", NULL, "MS07-001", "2007-01-01", "2007-01-02", SEVERITY_CRITICAL, "A", false, NULL, 0 },
                { "l2", NULL, "MS07-002", "2007-03-01", "2007-03-02", 0, NULL, false, NULL, 0 },
                { "l3", NULL, NULL, "", "2007-03-02", -1, "N", false, "news/1", BULLETIN_NEWS },
        };
        for (guint i = 0; i < G_N_ELEMENTS(set); i++)
                insert_expecting(&set[i], DEDUP_FIRST, true);
        struct bulletin_filter any = { .kind = -1, .without_content = true };
        struct error err = ERROR_INIT;
        struct telling telling = { .last = "" };
        ck_assert_int_eq(bulletins_list(db, &any, &telling.rows, &err), 0);
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        for (guint i = 0; i < telling.rows->len; i++)
                g_array_append_val(ids, ((struct bulletin_row *) g_ptr_array_index(telling.rows, i))->id);
        ck_assert_int_eq(bulletins_each_told(db, ids, assert_told, &telling, &err), 0);
        ck_assert_uint_eq(telling.told, G_N_ELEMENTS(set));

        telling.told = 0;
        telling.last = ((struct bulletin_row *) g_ptr_array_index(telling.rows, 1))->title;
        ck_assert_int_eq(bulletins_each_told(db, ids, assert_told, &telling, &err), -ECANCELED);
        ck_assert_uint_eq(telling.told, 2);
        error_clear(&err);

        g_array_index(ids, int64_t, 0) = 4711;
        telling.told = 0;
        ck_assert_int_eq(bulletins_each_told(db, ids, assert_told, &telling, &err), -ERR_NOT_FOUND);
        ck_assert_uint_eq(telling.told, 0);
        error_clear(&err);
        g_ptr_array_unref(telling.rows);
}
END_TEST

/* --- what goes wrong --- */

static void assert_insert_fails(const struct letter *letter, int code)
{
        struct bulletin_arrival arrival;
        memset(&arrival, 0x5a, sizeof(arrival));
        struct bulletin_arrival untouched = arrival;
        struct error err = ERROR_INIT;
        g_autofree char *before = ask(dump_sql);
        int r = insert_raw(letter, &arrival, &err);
        ck_assert_msg(r == code, "%d instead of %d: %s", r, code, error_text(&err));
        ck_assert_ptr_nonnull(strstr(error_text(&err), "cannot store what mail"));
        error_clear(&err);
        ck_assert_mem_eq(&arrival, &untouched, sizeof(arrival));
        g_autofree char *after = ask(dump_sql);
        ck_assert_int_eq(g_strcmp0(before, after), 0);
}

START_TEST(what_is_refused)
{
        insert_expecting(&first, DEDUP_FIRST, true);
        struct letter other_content = first, no_such_day = first, no_name = first;
        other_content.title = "the same mail says something else";
        assert_insert_fails(&other_content, -EEXIST);
        no_such_day.bytes = "x";
        no_such_day.updated = "2007-02-30";
        assert_insert_fails(&no_such_day, -ERR_MALFORMED);
        no_name.bytes = "x";
        no_name.archive_name = "";
        assert_insert_fails(&no_name, -EINVAL);
        g_autoptr(bulletin_t) b = bulletin_of(&first);
        struct bulletin_arrival arrival;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(bulletins_insert(db, b, "x", 99, false, &arrival, &err), -ERR_NOT_FOUND);
        error_clear(&err);
}
END_TEST

/* Wherever a statement fails, nothing of the call is left, in a transaction as well as outside; then it can be done. */
START_TEST(all_or_nothing)
{
        static const char *const triggers[] = {
                "BEFORE INSERT ON bulletin", "BEFORE INSERT ON revision", "BEFORE INSERT ON variant",
                "BEFORE INSERT ON mail_variant", "BEFORE UPDATE ON revision", "BEFORE UPDATE ON bulletin",
                "BEFORE UPDATE OF history ON bulletin", "BEFORE UPDATE OF current_revision_id ON bulletin",
                "BEFORE INSERT ON archive_todo",
        };
        struct error err = ERROR_INIT;
        for (guint i = 0; i < G_N_ELEMENTS(triggers); i++)
                for (int inside = 0; inside <= 1; inside++) {
                        g_autofree char *sql =
                                g_strdup_printf("CREATE TRIGGER t %s BEGIN SELECT raise(FAIL, 'no'); END", triggers[i]);
                        execute(sql);
                        if (inside)
                                ck_assert_int_eq(database_begin(db, &err), 0);
                        assert_insert_fails(&first, -ERR_STORE);
                        assert_answer("SELECT (SELECT count(*) FROM bulletin) + (SELECT count(*) FROM revision)"
                                      " + (SELECT count(*) FROM variant) + (SELECT count(*) FROM archive_todo)", "0");
                        if (inside)
                                database_rollback(db);
                        execute("DROP TRIGGER t");
                }
        insert_expecting(&first, DEDUP_FIRST, true);
}
END_TEST

/* All that a variant says is now this text. */
static void say(const char *text, size_t length)
{
        struct error err = ERROR_INIT;
        struct content_packed packed;
        struct statement *statement;
        ck_assert_int_eq(content_pack(text, length, &packed, &err), 0);
        ck_assert_int_eq(database_prepare(db, "UPDATE variant SET packed = ?1", &statement, &err), 0);
        statement_bind_blob(statement, 1, packed.data, packed.size);
        ck_assert_int_eq(statement_run(statement, &err), 0);
        content_packed_clear(&packed);
}

static char *said(void)
{
        struct error err = ERROR_INIT;
        struct statement *statement;
        size_t packed_size, length;
        char *text;
        ck_assert_int_eq(database_prepare(db, "SELECT packed FROM variant", &statement, &err), 0);
        ck_assert_int_eq(statement_step(statement, &err), 1);
        const void *packed = statement_blob(statement, 0, &packed_size);
        ck_assert_int_eq(compress_restore_whole(packed, packed_size, CONTENT_BYTES_MAX, &text, &length, &err), 0);
        ck_assert_uint_eq(strlen(text), length);
        statement_done(statement);
        return text;
}

/* from NULL: to is all there is. */
static void damage_text(const char *from, const char *to)
{
        g_autofree char *text = said();
        g_auto(GStrv) pieces = from ? g_strsplit(text, from, -1) : NULL;
        g_autofree char *damaged = from ? g_strjoinv(to, pieces) : g_strdup(to);
        ck_assert_str_ne(text, damaged);
        say(damaged, strlen(damaged));
}

START_TEST(damaged_contents)
{
        struct letter critical = first;
        critical.severity = SEVERITY_CRITICAL;
        insert_expecting(&critical, DEDUP_FIRST, true);
        /* Of the frame; a frame whose size is not given, and one of more bytes than any content has; of what is in it. */
        static const struct { const char *packed, *from, *to; } damages[] = {
                { .packed = "x''" }, { .packed = "x'7b7d'" }, { .packed = "zeroblob(100)" }, { .packed = "substr(packed, 1, 100)" },
                { .packed = "CAST(packed || x'00' AS BLOB)" },
                { .packed = "CAST(packed || packed AS BLOB)" }, { .packed = "substr(packed, 2)" },
                { .packed = "x'28b52ffd00581100007b7d'" },
                { .packed = "x'28b52ffda0ffffff7f1100007b7d'" },
                { .to = "{" }, { .to = "" }, { .to = "{}" }, { .to = "[1,2]" }, { .to = "\xff\xfe" },
                { .from = "critical", .to = "fatal" }, { .from = "\"kind\"", .to = "\"kind2\"" },
                { .from = "}", .to = "" },
        };
        struct letter later = first;
        later.bytes = "later";
        later.updated = "2008-01-01";
        for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
                struct error err = ERROR_INIT;
                ck_assert_int_eq(database_begin(db, &err), 0);
                if (damages[i].packed) {
                        g_autofree char *sql = g_strdup_printf("UPDATE variant SET packed = %s", damages[i].packed);
                        execute(sql);
                } else {
                        damage_text(damages[i].from, damages[i].to);
                }
                struct bulletin_row *row = NULL;
                ck_assert_msg(bulletins_find(db, "MS07-028", &row, &err) == -ERR_STORE_CORRUPT, "damage %u", i);
                ck_assert_ptr_null(row);
                ck_assert_ptr_nonnull(strstr(error_text(&err), database_path(db)));
                error_clear(&err);
                GPtrArray *rows = NULL;
                ck_assert_int_eq(bulletins_revisions(db, 1, &rows, &err), -ERR_STORE_CORRUPT);
                error_clear(&err);
                ck_assert_int_eq(bulletins_variants(db, 1, &rows, &err), -ERR_STORE_CORRUPT);
                error_clear(&err);
                ck_assert_int_eq(bulletins_list(db, &(struct bulletin_filter) { .kind = -1 }, &rows, &err),
                                 -ERR_STORE_CORRUPT);
                error_clear(&err);
                ck_assert_ptr_null(rows);
                assert_list(&(struct bulletin_filter) { .kind = -1, .without_content = true }, "first");
                assert_insert_fails(&later, -ERR_STORE_CORRUPT);
                database_rollback(db);
        }
        insert_expecting(&later, DEDUP_LATER, true);
}
END_TEST

static void insert_some_and_die(const char *path, bool commit)
{
        struct error err = ERROR_INIT;
        db = NULL;
        if (database_open(path, DATABASE_WRITE, &db, &err) < 0 || database_begin(db, &err) < 0)
                _exit(1);
        for (guint i = 0; i < G_N_ELEMENTS(letters); i++) {
                struct bulletin_arrival arrival;
                if (insert_raw(&letters[i], &arrival, &err) < 0)
                        _exit(2);
        }
        if (commit && database_commit(db, &err) < 0)
                _exit(3);
        kill(getpid(), SIGKILL);
}

START_TEST(killed_before_and_after_the_commit)
{
        for (int commit = 0; commit <= 1; commit++) {
                pid_t child = fork();
                ck_assert_int_ge(child, 0);
                if (child == 0)
                        insert_some_and_die(database_path(db), commit);
                int status;
                ck_assert_int_eq(waitpid(child, &status, 0), child);
                ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "status %d", status);
                assert_answer("SELECT count(*) FROM mail", commit ? "6" : "0");
                assert_answer("SELECT count(*) FROM variant", commit ? "5" : "0");
                assert_answer("SELECT count(*) FROM pragma_foreign_key_check", "0");
        }
        g_autofree char *killed = ask(dump_sql);
        execute("PRAGMA foreign_keys=OFF; DELETE FROM mail_variant; DELETE FROM variant; DELETE FROM revision;"
                "DELETE FROM archive_todo; DELETE FROM archive_stale; DELETE FROM bulletin; PRAGMA foreign_keys=ON");
        for (guint i = 0; i < G_N_ELEMENTS(letters); i++) {
                struct bulletin_arrival arrival = insert(&letters[i]);
                bulletin_arrival_clear(&arrival);
        }
        g_autofree char *undisturbed = ask(dump_sql);
        ck_assert_str_eq(killed, undisturbed);
}
END_TEST

/* What is done for one mail does not read all the others. */
START_TEST(no_scan_of_whole_tables)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(db, &err), 0);
        for (int i = 0; i < 200; i++) {
                g_autofree char *bytes = g_strdup_printf("mail %d", i), *id = g_strdup_printf("MS07-%03d", i / 2);
                struct letter letter = first;
                letter.bytes = bytes;
                letter.id = id;
                letter.archive_name = i % 4 == 0 ? "same" : NULL;
                letter.updated = i % 3 ? "2007-05-11" : "2007-06-11";
                struct bulletin_arrival arrival = insert(&letter);
                GArray *mails = NULL;
                ck_assert_int_eq(bulletins_mails(db, arrival.bulletin_id, &mails, &err), 0);
                g_array_unref(mails);
                g_ptr_array_unref(revisions(arrival.bulletin_id));
                bulletin_arrival_clear(&arrival);
                bulletin_row_free(find(id));
        }
        ck_assert_int_eq(database_commit(db, &err), 0);
        ck_assert_int_eq(database_scanned_rows(db), 0);
        assert_answer("SELECT count(*) FROM bulletin WHERE title > ''", "100");
        ck_assert_int_gt(database_scanned_rows(db), 90); /* so this counter does count */
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("bulletins");
        TCase *events = tcase_create("events");
        tcase_add_checked_fixture(events, setup, teardown);
        tcase_add_test(events, a_bulletin_that_was_not_known);
        tcase_add_test(events, a_duplicate_is_counted);
        tcase_add_test(events, the_standing_mail_of_a_duplicate);
        tcase_add_test(events, variants_of_one_revision);
        tcase_add_test(events, later_earlier_and_undated_revisions);
        tcase_add_test(events, a_dated_revision_after_an_undated_one);
        tcase_add_test(events, history_is_what_came_as_nothing_else);
        suite_add_tcase(s, events);
        TCase *order = tcase_create("order");
        tcase_add_checked_fixture(order, setup, teardown);
        tcase_add_test(order, no_order_of_arrival_makes_a_difference);
        tcase_add_test(order, one_name_wanted_by_many);
        tcase_add_test(order, names_that_nobody_has_any_more);
        tcase_add_test(order, a_new_bulletin_takes_a_name_that_was_given_up);
        tcase_add_test(order, a_made_up_name_that_is_taken);
        tcase_add_test(order, the_archive_s_list);
        suite_add_tcase(s, order);
        TCase *reading = tcase_create("reading");
        tcase_add_checked_fixture(reading, setup, teardown);
        tcase_add_test(reading, finding_a_bulletin);
        tcase_add_test(reading, lists);
        tcase_add_test(reading, many_are_told);
        suite_add_tcase(s, reading);
        TCase *wrong = tcase_create("wrong");
        tcase_add_checked_fixture(wrong, setup, teardown);
        tcase_add_test(wrong, what_is_refused);
        tcase_add_test(wrong, all_or_nothing);
        tcase_add_test(wrong, damaged_contents);
        tcase_add_test(wrong, killed_before_and_after_the_commit);
        tcase_add_test(wrong, no_scan_of_whole_tables);
        suite_add_tcase(s, wrong);
        return s;
}

int main(void)
{
        return support_run(suite());
}
