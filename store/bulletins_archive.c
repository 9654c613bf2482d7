/* SPDX-License-Identifier: MIT */
/* The names of bulletins in the archive, and the archive's to-do list. */
#include "common/digest.h"
#include "store/bulletins_p.h"

#define SUFFIX_DIGITS 8
#define AFFECTED_MAX 3 /* bulletins whose name one change can touch */

/* --- names --- */

struct claimant {
        int64_t id;
        char *feed, *key, *name; /* name NULL: none yet */
        char *due;               /* the name it is to have */
};

struct claimants {
        struct claimant members[AFFECTED_MAX];
        unsigned count;
};

static void claimants_clear(struct claimants *claimants)
{
        for (unsigned i = 0; i < claimants->count; i++) {
                g_free(claimants->members[i].feed);
                g_free(claimants->members[i].key);
                g_free(claimants->members[i].name);
                g_free(claimants->members[i].due);
        }
        claimants->count = 0;
}

static char *suffixed_name(const char *wanted, const struct claimant *claimant, int digits)
{
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256_strings(digest, claimant->feed, claimant->key, NULL);
        return g_strdup_printf("%s-%.*s", wanted, digits, digest);
}

/* The first two of those that want the name, and the one that has just come to want it. Nobody else can be touched: all
 * behind the second have a name of their own already. */
static int load_claimants(struct database *db, const char *wanted, int64_t newcomer_id, struct claimants *claimants,
                          struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                db,
                "SELECT id, feed, key, archive_name FROM ("
                " SELECT id, feed, key, archive_name FROM bulletin WHERE archive_wanted = ?1"
                " ORDER BY feed, key LIMIT 2)"
                " UNION SELECT id, feed, key, archive_name FROM bulletin WHERE id = ?2 ORDER BY feed, key",
                &statement, err);
        if (r < 0)
                return r;
        statement_bind_lent_text(statement, 1, wanted);
        statement_bind_int(statement, 2, newcomer_id);
        while (claimants->count < AFFECTED_MAX && (r = statement_step(statement, err)) > 0) {
                struct claimant *claimant = &claimants->members[claimants->count++];
                *claimant = (struct claimant) {
                        .id = statement_int(statement, 0),
                        .feed = statement_text_copy(statement, 1),
                        .key = statement_text_copy(statement, 2),
                        .name = statement_text_copy(statement, 3),
                };
                claimant->due =
                        claimants->count == 1 ? g_strdup(wanted) : suffixed_name(wanted, claimant, SUFFIX_DIGITS);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int run_with_name(struct database *db, const char *sql, int64_t bulletin_id, const char *name, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r < 0)
                return r;
        statement_bind_lent_text(statement, 1, name);
        if (bulletin_id)
                statement_bind_int(statement, 2, bulletin_id);
        return statement_run(statement, err);
}

static int set_name(struct database *db, int64_t bulletin_id, const char *name, struct error *err)
{
        return run_with_name(db, "UPDATE bulletin SET archive_name = ?1 WHERE id = ?2", bulletin_id, name, err);
}

static int drop_name(struct database *db, const struct claimant *claimant, struct error *err)
{
        int r = run_with_name(db, "INSERT OR IGNORE INTO archive_stale (name) VALUES (?1)", 0, claimant->name, err);
        return r < 0 ? r : set_name(db, claimant->id, NULL, err);
}

/* Whether the query with the name as ?1 has a row. */
static int any_with_name(struct database *db, const char *sql, const char *name, bool *ret_any, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r < 0)
                return r;
        statement_bind_lent_text(statement, 1, name);
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_any = r > 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int name_is_taken(struct database *db, const char *name, bool *ret_taken, struct error *err)
{
        return any_with_name(db, "SELECT 1 FROM bulletin WHERE archive_name = ?1", name, ret_taken, err);
}

int bulletins_archive_name_is_free(struct database *db, const char *name, bool *ret_free, struct error *err)
{
        bool any = false;
        int r = any_with_name(db,
                              "SELECT 1 FROM bulletin WHERE archive_wanted = ?1"
                              " UNION ALL SELECT 1 FROM bulletin WHERE archive_name = ?1 LIMIT 1",
                              name, &any, err);
        if (r == 0)
                *ret_free = !any;
        return r;
}

static int give_name(struct database *db, const struct claimant *claimant, const char *wanted, struct error *err)
{
        bool taken;
        int r = name_is_taken(db, claimant->due, &taken, err);
        if (r < 0)
                return r;
        g_autofree char *name = taken ? suffixed_name(wanted, claimant, DIGEST_TEXT_SIZE - 1) : g_strdup(claimant->due);
        r = set_name(db, claimant->id, name, err);
        if (r == 0)
                r = run_with_name(db, "DELETE FROM archive_stale WHERE name = ?1", 0, name, err);
        return r < 0 ? r : bulletins_archive_add(db, claimant->id, err);
}

/* Whether it has its due name, or the longer one it got because that was taken. */
static bool has_due_name(const struct claimant *claimant, const char *wanted)
{
        g_autofree char *longer = suffixed_name(wanted, claimant, DIGEST_TEXT_SIZE - 1);
        return g_strcmp0(claimant->name, claimant->due) == 0 || g_strcmp0(claimant->name, longer) == 0;
}

/* All give up what is not theirs before any takes anything: a name passes from one to the other. */
static int settle_names(struct database *db, const char *wanted, int64_t newcomer_id, struct error *err)
{
        struct claimants claimants = { .count = 0 };
        int r = load_claimants(db, wanted, newcomer_id, &claimants, err);
        for (unsigned i = 0; i < claimants.count && r == 0; i++) {
                const struct claimant *claimant = &claimants.members[i];
                if (claimant->name && !has_due_name(claimant, wanted))
                        r = drop_name(db, claimant, err);
        }
        for (unsigned i = 0; i < claimants.count && r == 0; i++)
                if (!has_due_name(&claimants.members[i], wanted))
                        r = give_name(db, &claimants.members[i], wanted, err);
        claimants_clear(&claimants);
        return r;
}

/* A bulletin that asks for another name leaves its old one before the others are looked at. */
static int leave_name(struct database *db, int64_t bulletin_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT OR IGNORE INTO archive_stale (name)"
                                 " SELECT archive_name FROM bulletin WHERE id = ?1 AND archive_name IS NOT NULL",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, bulletin_id);
        r = statement_run(statement, err);
        return r < 0 ? r : set_name(db, bulletin_id, NULL, err);
}

int bulletins_want_archive_name(struct database *db, int64_t bulletin_id, const char *was, const char *wanted,
                                struct error *err)
{
        if (g_strcmp0(was, wanted) == 0)
                return 0;
        int r = was ? leave_name(db, bulletin_id, err) : 0;
        if (r == 0)
                r = run_with_name(db, "UPDATE bulletin SET archive_wanted = ?1 WHERE id = ?2", bulletin_id, wanted,
                                  err);
        if (r == 0 && was)
                r = settle_names(db, was, 0, err);
        return r < 0 ? r : settle_names(db, wanted, bulletin_id, err);
}

int bulletins_leave_archive(struct database *db, int64_t bulletin_id, struct error *err)
{
        int r = leave_name(db, bulletin_id, err);
        return r < 0 ? r : bulletins_archive_done(db, bulletin_id, err);
}

int bulletins_settle_archive(struct database *db, const char *wanted, struct error *err)
{
        return settle_names(db, wanted, 0, err);
}

/* --- to do --- */

int bulletins_run(struct database *db, const char *sql, int64_t first, int64_t second, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, first);
        if (second)
                statement_bind_int(statement, 2, second);
        return statement_run(statement, err);
}

int bulletins_archive_add(struct database *db, int64_t bulletin_id, struct error *err)
{
        return bulletins_run(db, "INSERT OR REPLACE INTO archive_todo (bulletin_id) VALUES (?1)", bulletin_id, 0, err);
}

int bulletins_archive_add_new(struct database *db, int64_t bulletin_id, struct error *err)
{
        return bulletins_run(db, "INSERT INTO archive_todo (bulletin_id) VALUES (?1)", bulletin_id, 0, err);
}

int bulletins_archive_all(struct database *db, struct error *err)
{
        return database_execute(
                db, "INSERT OR REPLACE INTO archive_todo (bulletin_id) SELECT id FROM bulletin ORDER BY id", err);
}

int bulletins_archive_done(struct database *db, int64_t bulletin_id, struct error *err)
{
        return bulletins_run(db, "DELETE FROM archive_todo WHERE bulletin_id = ?1", bulletin_id, 0, err);
}

int bulletins_archive_pending(struct database *db, unsigned limit, GArray **ret_pending, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT bulletin_id, mark FROM archive_todo ORDER BY mark LIMIT ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, limit ? (int64_t) limit : -1);
        g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct archive_pending));
        while ((r = statement_step(statement, err)) > 0) {
                struct archive_pending row = { statement_int(statement, 0), statement_int(statement, 1) };
                g_array_append_val(rows, row);
        }
        statement_done(statement);
        if (r == 0)
                *ret_pending = g_steal_pointer(&rows);
        return r;
}

int bulletins_archive_stale(struct database *db, unsigned limit, GPtrArray **ret_names, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT name FROM archive_stale ORDER BY name LIMIT ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, limit ? (int64_t) limit : -1);
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        while ((r = statement_step(statement, err)) > 0)
                g_ptr_array_add(names, statement_text_copy(statement, 0));
        statement_done(statement);
        if (r == 0)
                *ret_names = g_steal_pointer(&names);
        return r;
}

int bulletins_archive_stale_done(struct database *db, const char *name, struct error *err)
{
        return run_with_name(db, "DELETE FROM archive_stale WHERE name = ?1", 0, name, err);
}
