/* SPDX-License-Identifier: MIT */
/*
 * Taking a mail out of an unverified bulletin again. What no mail says any more goes with it: the content, then the
 * revision, then the bulletin, each replaced by the one that stands without it, chosen as bulletins_insert.c does.
 */
#include "store/bulletins_p.h"

struct withdrawal {
        struct database *db;
        int64_t mail_id, variant_id, revision_id, bulletin_id;
        char *archive_wanted;
};

/* The first number of the first row, 0 if there is none. */
static int ask(struct database *db, const char *sql, int64_t first, int64_t *ret_number, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, first);
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_number = r > 0 ? statement_int(statement, 0) : 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int find_place(struct withdrawal *w, bool *ret_found, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(w->db,
                                 "SELECT v.id, r.id, b.id, b.archive_wanted FROM mail_variant x"
                                 " JOIN variant v ON v.id = x.variant_id JOIN revision r ON r.id = v.revision_id"
                                 " JOIN bulletin b ON b.id = r.bulletin_id WHERE x.mail_id = ?1 AND b.unverified = 1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, w->mail_id);
        r = statement_step(statement, err);
        *ret_found = r > 0;
        if (r > 0) {
                w->variant_id = statement_int(statement, 0);
                w->revision_id = statement_int(statement, 1);
                w->bulletin_id = statement_int(statement, 2);
                w->archive_wanted = statement_text_copy(statement, 3);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int detach_mail(struct withdrawal *w, struct error *err)
{
        static const char *const sql[] = {
                "UPDATE mail SET revision_id = NULL, event = NULL WHERE id = ?1",
                "UPDATE decision SET bulletin_id = NULL, revision_id = NULL WHERE mail_id = ?1",
                "DELETE FROM mail_variant WHERE mail_id = ?1",
        };
        int r = 0;
        for (unsigned i = 0; r == 0 && i < G_N_ELEMENTS(sql); i++)
                r = bulletins_run(w->db, sql[i], w->mail_id, 0, err);
        return r;
}

struct candidate {
        int64_t id;
        char *fingerprint;
        struct bulletin *content;
};

static void candidate_clear(struct candidate *candidate)
{
        g_clear_pointer(&candidate->fingerprint, g_free);
        g_clear_pointer(&candidate->content, bulletin_free);
        candidate->id = 0;
}

/* Of the other contents of the revision the one that stands for it. id 0: there is none. */
static int choose_variant(struct withdrawal *w, struct candidate *best, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(w->db, "SELECT id, fingerprint, packed FROM variant WHERE revision_id = ?1 AND id <> ?2",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, w->revision_id);
        statement_bind_int(statement, 2, w->variant_id);
        while ((r = statement_step(statement, err)) > 0) {
                struct candidate one = { .id = statement_int(statement, 0), .fingerprint = statement_text_copy(statement, 1) };
                r = bulletins_read_content(w->db, statement, 2, one.id, &one.content, err);
                bool wins = r == 0 && (best->id == 0 || dedup_variant_wins(best->content, best->fingerprint, one.content,
                                                                           one.fingerprint));
                if (wins) {
                        candidate_clear(best);
                        *best = one;
                } else {
                        candidate_clear(&one);
                }
                if (r < 0)
                        break;
        }
        statement_done(statement);
        return r;
}

/* The revision that is current without this one: the latest by its dates, undetermined ones first. 0: there is none. */
static int choose_revision(struct withdrawal *w, int64_t *ret_revision_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(w->db,
                                 "SELECT id FROM revision WHERE bulletin_id = ?1 ORDER BY updated DESC, registered DESC LIMIT 1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, w->bulletin_id);
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_revision_id = r > 0 ? statement_int(statement, 0) : 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int show_revision(struct withdrawal *w, int64_t revision_id, struct error *err)
{
        struct statement *statement;
        struct bulletin *content = NULL;
        int r = database_prepare(w->db,
                                 "SELECT v.id, v.packed FROM revision r JOIN variant v ON v.id = r.standing_variant_id"
                                 " WHERE r.id = ?1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, revision_id);
        r = statement_step(statement, err);
        if (r == 0)
                r = error_set(err, -ERR_STORE_CORRUPT, "revision %" G_GINT64_FORMAT " has no content", revision_id);
        else if (r > 0)
                r = bulletins_read_content(w->db, statement, 1, statement_int(statement, 0), &content, err);
        statement_done(statement);
        if (r < 0)
                return r;
        struct bulletin_prepared prepared;
        r = bulletins_prepare(content, &prepared, err);
        if (r == 0) {
                r = bulletins_show(w->db, w->bulletin_id, revision_id, content, &prepared, err);
                bulletin_prepared_clear(&prepared);
        }
        bulletin_free(content);
        return r;
}

/* The last of its mails is gone. */
static int delete_bulletin(struct withdrawal *w, struct error *err)
{
        int r = bulletins_leave_archive(w->db, w->bulletin_id, err);
        if (r == 0)
                r = bulletins_run(w->db, "DELETE FROM route_state WHERE bulletin_id = ?1", w->bulletin_id, 0, err);
        if (r == 0)
                r = bulletins_run(w->db, "DELETE FROM bulletin WHERE id = ?1", w->bulletin_id, 0, err);
        return r < 0 ? r : bulletins_settle_archive(w->db, w->archive_wanted, err);
}

static int delete_revision(struct withdrawal *w, struct error *err)
{
        int64_t current = 0;
        int r = bulletins_run(w->db, "UPDATE bulletin SET current_revision_id = NULL WHERE id = ?1", w->bulletin_id, 0,
                              err);
        if (r == 0)
                r = bulletins_run(w->db, "DELETE FROM revision WHERE id = ?1", w->revision_id, 0, err);
        if (r == 0)
                r = choose_revision(w, &current, err);
        if (r < 0)
                return r;
        return current ? show_revision(w, current, err) : delete_bulletin(w, err);
}

/* No mail says it any more. */
static int delete_variant(struct withdrawal *w, struct error *err)
{
        struct candidate best = { .id = 0 };
        int r = choose_variant(w, &best, err);
        if (r == 0)
                r = bulletins_run(w->db, "UPDATE revision SET standing_variant_id = nullif(?2, 0) WHERE id = ?1",
                                  w->revision_id, best.id, err);
        if (r == 0)
                r = bulletins_run(w->db, "DELETE FROM variant WHERE id = ?1", w->variant_id, 0, err);
        int64_t current = 0;
        if (r == 0)
                r = ask(w->db, "SELECT current_revision_id FROM bulletin WHERE id = ?1", w->bulletin_id, &current, err);
        if (r == 0 && best.id == 0)
                r = delete_revision(w, err);
        else if (r == 0 && current == w->revision_id)
                r = show_revision(w, w->revision_id, err);
        candidate_clear(&best);
        return r;
}

static int withdraw(struct withdrawal *w, struct error *err)
{
        int64_t other = 0;
        int r = bulletins_archive_add(w->db, w->bulletin_id, err);
        if (r == 0)
                r = detach_mail(w, err);
        if (r == 0)
                r = ask(w->db,
                        "SELECT m.id FROM mail_variant x JOIN mail m ON m.id = x.mail_id WHERE x.variant_id = ?1"
                        " ORDER BY m.sha256 LIMIT 1",
                        w->variant_id, &other, err);
        if (r < 0)
                return r;
        /* Another mail says the same and stands for it from now on. */
        return other ? bulletins_run(w->db, "UPDATE variant SET mail_id = ?2 WHERE id = ?1", w->variant_id, other, err) :
                       delete_variant(w, err);
}

int bulletins_withdraw_unverified(struct database *db, int64_t mail_id, bool *ret_withdrawn, struct error *err)
{
        struct withdrawal w = { .db = db, .mail_id = mail_id };
        bool found = false;
        int r = database_enter(db, err);
        if (r == 0) {
                r = find_place(&w, &found, err);
                if (r == 0 && found)
                        r = withdraw(&w, err);
                r = database_leave(db, r, err);
        }
        g_free(w.archive_wanted);
        if (r < 0)
                error_prefix(err, "cannot take mail %" G_GINT64_FORMAT " out of its unverified bulletin", mail_id);
        else
                *ret_withdrawn = found;
        return r;
}

int bulletins_adopt_decisions(struct database *db, int64_t mail_id, int64_t bulletin_id, int64_t revision_id,
                              struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "UPDATE decision SET bulletin_id = ?2, revision_id = ?3"
                                 " WHERE mail_id = ?1 AND bulletin_id IS NULL",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, mail_id);
                statement_bind_int(statement, 2, bulletin_id);
                statement_bind_int(statement, 3, revision_id);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot keep what was decided on mail %" G_GINT64_FORMAT, mail_id);
        return r;
}
