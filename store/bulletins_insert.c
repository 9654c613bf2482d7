/* SPDX-License-Identifier: MIT */
/*
 * Putting a bulletin in its place. Every choice made here (which revision is current, which content stands for a
 * revision, which mail for a content, who has an archive name) is a comparison by a total order that knows nothing of
 * arrival, so any order of the same mails ends in the same tables.
 */
#include <errno.h>
#include <string.h>

#include "common/bulletin_json.h"
#include "common/clock.h"
#include "common/digest.h"
#include "store/bulletins_p.h"

struct insertion {
        struct database *db;
        const struct bulletin *bulletin;
        const struct bulletin_prepared *prepared;
        const char *key, *archive_name, *mail_sha256;
        bool history, unverified;
        int64_t mail_id;

        int64_t bulletin_id, revision_id, variant_id; /* 0 until found or made */
        int64_t current_revision_id, current_variant_id; /* what stood for the bulletin before */
        int64_t standing_variant_id;                     /* of the revision; 0: none yet */
        char *current_registered, *current_updated, *archive_wanted, *found_sha256;
        int64_t archive_mark;
        bool named; /* it was made with the name in the archive that it asks for */
        bool content_changed; /* what stands for the variant is this mail's text */
};

void bulletin_arrival_clear(struct bulletin_arrival *arrival)
{
        g_clear_pointer(&arrival->before, bulletin_free);
        g_clear_pointer(&arrival->changes, g_ptr_array_unref);
        *arrival = (struct bulletin_arrival) { 0 };
}

static void insertion_clear(struct insertion *in)
{
        g_free(in->current_registered);
        g_free(in->current_updated);
        g_free(in->archive_wanted);
        g_free(in->found_sha256);
}

/* --- the mail --- */

static int load_mail(struct insertion *in, struct error *err)
{
        if (in->mail_sha256)
                return 0;
        struct statement *statement;
        int r = database_prepare(in->db, "SELECT sha256 FROM mail WHERE id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, in->mail_id);
        r = statement_step(statement, err);
        if (r > 0)
                in->mail_sha256 = in->found_sha256 = statement_text_copy(statement, 0);
        else if (r == 0)
                r = error_set(err, -ERR_NOT_FOUND, "there is no mail %" G_GINT64_FORMAT, in->mail_id);
        statement_done(statement);
        return r < 0 ? r : 0;
}

/* A mail says one thing: what it was once found to say stays. */
static int relate_mail(struct insertion *in, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(in->db, "SELECT variant_id FROM mail_variant WHERE mail_id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, in->mail_id);
        r = statement_step(statement, err);
        int64_t related = r > 0 ? statement_int(statement, 0) : 0;
        statement_done(statement);
        if (r < 0 || (r > 0 && related == in->variant_id))
                return r < 0 ? r : 0;
        if (r > 0)
                return error_set(err, -EEXIST, "mail %" G_GINT64_FORMAT " is on record with another content",
                                 in->mail_id);
        r = database_prepare(in->db, "INSERT INTO mail_variant (mail_id, variant_id) VALUES (?1, ?2)", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, in->mail_id);
        statement_bind_int(statement, 2, in->variant_id);
        return statement_run(statement, err);
}

/* --- the bulletin --- */

static int find_bulletin(struct insertion *in, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(in->db,
                                 "SELECT b.id, b.current_revision_id, r.registered, r.updated, b.archive_wanted,"
                                 " r.standing_variant_id FROM bulletin b LEFT JOIN revision r"
                                 " ON r.id = b.current_revision_id WHERE b.feed = ?1 AND b.key = ?2",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_lent_text(statement, 1, in->bulletin->feed ? in->bulletin->feed : "");
        statement_bind_lent_text(statement, 2, in->key);
        r = statement_step(statement, err);
        if (r > 0) {
                in->bulletin_id = statement_int(statement, 0);
                in->current_revision_id = statement_int(statement, 1);
                in->current_registered = statement_text_copy(statement, 2);
                in->current_updated = statement_text_copy(statement, 3);
                in->archive_wanted = statement_text_copy(statement, 4);
                in->current_variant_id = statement_int(statement, 5);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

static void bind_choice(struct statement *statement, int index, const struct choice *choice)
{
        if (choice->present)
                statement_bind_int(statement, index, choice->basis == BASIS_UNDETERMINED ? 0 : choice->value);
}

/* What the row of a bulletin shows of its content: seven parameters, from ?4 on. */
static void bind_shown(struct statement *statement, const struct bulletin *b, const struct bulletin_prepared *prepared)
{
        statement_bind_int(statement, 4, b->kind);
        statement_bind_lent_text(statement, 5, b->id);
        statement_bind_lent_text(statement, 6, prepared->folded_number);
        statement_bind_lent_text(statement, 7, b->title);
        statement_bind_lent_text(statement, 8, prepared->date);
        bind_choice(statement, 9, &b->fields[FIELD_SEVERITY]);
        bind_choice(statement, 10, &b->fields[FIELD_URGENCY]);
}

/* A new row is made with all that is known: each later change of an indexed column costs as much as the row. */
static int insert_bulletin(struct insertion *in, struct error *err)
{
        int r = bulletins_archive_name_is_free(in->db, in->archive_name, &in->named, err);
        if (r < 0)
                return r;
        struct statement *statement;
        r = database_prepare(in->db,
                             "INSERT INTO bulletin (feed, key, folded_key, kind, number, folded_number, title, date,"
                             " severity, urgency, archive_wanted, archive_name, history, unverified)"
                             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, ?13)",
                             &statement, err);
        if (r < 0)
                return r;
        g_autofree char *folded = in->unverified ? bulletins_fold(in->key) : NULL;
        statement_bind_lent_text(statement, 1, in->bulletin->feed ? in->bulletin->feed : "");
        statement_bind_lent_text(statement, 2, in->key);
        statement_bind_lent_text(statement, 3, folded ? folded : in->prepared->folded_key);
        bind_shown(statement, in->bulletin, in->prepared);
        statement_bind_lent_text(statement, 11, in->archive_name);
        statement_bind_lent_text(statement, 12, in->named ? in->archive_name : NULL);
        statement_bind_int(statement, 13, in->unverified);
        r = statement_run(statement, err);
        if (r == 0)
                in->bulletin_id = database_last_id(in->db);
        return r;
}

/* --- the revision --- */

static int find_revision(struct insertion *in, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(in->db,
                                 "SELECT id, standing_variant_id FROM revision"
                                 " WHERE bulletin_id = ?1 AND registered = ?2 AND updated = ?3",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, in->bulletin_id);
        statement_bind_lent_text(statement, 2, in->bulletin->registered);
        statement_bind_lent_text(statement, 3, in->bulletin->updated);
        r = statement_step(statement, err);
        if (r > 0) {
                in->revision_id = statement_int(statement, 0);
                in->standing_variant_id = statement_int(statement, 1);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int insert_revision(struct insertion *in, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(in->db,
                                 "INSERT INTO revision (bulletin_id, registered, updated, history, stored_ms)"
                                 " VALUES (?1, ?2, ?3, 1, ?4)",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, in->bulletin_id);
        statement_bind_lent_text(statement, 2, in->bulletin->registered);
        statement_bind_lent_text(statement, 3, in->bulletin->updated);
        statement_bind_int(statement, 4, clock_wall_ms());
        r = statement_run(statement, err);
        if (r == 0)
                in->revision_id = database_last_id(in->db);
        return r;
}

/* --- the variant --- */

/* *ret_better: among those that said the same, this mail is the one the content is taken from. */
static int find_variant(struct insertion *in, bool *ret_better, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(in->db,
                                 "SELECT v.id, v.mail_date, m.sha256 FROM variant v JOIN mail m ON m.id = v.mail_id"
                                 " WHERE v.revision_id = ?1 AND v.fingerprint = ?2",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, in->revision_id);
        statement_bind_lent_text(statement, 2, in->prepared->fingerprint);
        r = statement_step(statement, err);
        if (r > 0) {
                in->variant_id = statement_int(statement, 0);
                *ret_better = dedup_mail_wins(statement_int(statement, 1), statement_text(statement, 2),
                                              in->prepared->mail_date, in->mail_sha256);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int insert_variant(struct insertion *in, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                in->db,
                "INSERT INTO variant (revision_id, fingerprint, mail_id, mail_date, packed)"
                " VALUES (?1, ?2, ?3, ?4, ?5)",
                &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, in->revision_id);
        statement_bind_lent_text(statement, 2, in->prepared->fingerprint);
        statement_bind_int(statement, 3, in->mail_id);
        statement_bind_int(statement, 4, in->prepared->mail_date);
        statement_bind_blob(statement, 5, in->prepared->packed.data, in->prepared->packed.size);
        r = statement_run(statement, err);
        if (r == 0)
                in->variant_id = database_last_id(in->db);
        return r;
}

static int take_variant_over(struct insertion *in, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(in->db, "UPDATE variant SET mail_id = ?2, mail_date = ?3, packed = ?4 WHERE id = ?1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, in->variant_id);
        statement_bind_int(statement, 2, in->mail_id);
        statement_bind_int(statement, 3, in->prepared->mail_date);
        statement_bind_blob(statement, 4, in->prepared->packed.data, in->prepared->packed.size);
        return statement_run(statement, err);
}

static int load_variant(struct insertion *in, int64_t variant_id, char **ret_fingerprint, struct bulletin **ret_content,
                        struct error *err)
{
        struct statement *statement;
        int r = database_prepare(in->db, "SELECT fingerprint, packed FROM variant WHERE id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, variant_id);
        r = statement_step(statement, err);
        if (r == 0)
                r = error_set(err, -ERR_STORE_CORRUPT, "%s: variant %" G_GINT64_FORMAT " is missing",
                              database_path(in->db), variant_id);
        if (r > 0)
                r = bulletins_read_content(in->db, statement, 1, variant_id, ret_content, err);
        if (r == 0)
                *ret_fingerprint = statement_text_copy(statement, 0);
        statement_done(statement);
        return r;
}

static int set_standing(struct insertion *in, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(in->db, "UPDATE revision SET standing_variant_id = ?2 WHERE id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, in->revision_id);
        statement_bind_int(statement, 2, in->variant_id);
        r = statement_run(statement, err);
        if (r == 0)
                in->standing_variant_id = in->variant_id;
        return r;
}

/* A new content of a revision that has one: which of the two stands for it? */
static int contend(struct insertion *in, struct error *err)
{
        if (in->standing_variant_id == 0)
                return set_standing(in, err);
        g_autoptr(bulletin_t) present = NULL;
        g_autofree char *fingerprint = NULL;
        int r = load_variant(in, in->standing_variant_id, &fingerprint, &present, err);
        if (r == 0 && dedup_variant_wins(present, fingerprint, in->bulletin, in->prepared->fingerprint))
                r = set_standing(in, err);
        return r;
}

/* A content that this revision did not have. *ret_before: what stood for the bulletin, if it was known. */
static int add_variant(struct insertion *in, struct bulletin **ret_before, struct error *err)
{
        int r = 0;
        if (in->current_revision_id) {
                g_autofree char *fingerprint = NULL;
                r = load_variant(in, in->current_variant_id, &fingerprint, ret_before, err);
        }
        if (r == 0)
                r = insert_variant(in, err);
        return r < 0 ? r : contend(in, err);
}

/* *ret_new: this content was not known of this revision. */
static int place_variant(struct insertion *in, bool *ret_new, struct bulletin **ret_before, struct error *err)
{
        bool better = false;
        int r = in->standing_variant_id ? find_variant(in, &better, err) : 0; /* a new revision has none */
        if (r < 0)
                return r;
        *ret_new = in->variant_id == 0;
        if (*ret_new)
                r = add_variant(in, ret_before, err);
        else if (better)
                r = take_variant_over(in, err);
        in->content_changed = *ret_new || better;
        return r < 0 ? r : relate_mail(in, err);
}

/* --- what the bulletin shows --- */

/* The row of a new bulletin shows its content already. */
static int set_current_revision(struct insertion *in, struct error *err)
{
        return bulletins_run(in->db, "UPDATE bulletin SET current_revision_id = ?2 WHERE id = ?1", in->bulletin_id,
                             in->revision_id, err);
}

int bulletins_show(struct database *db, int64_t bulletin_id, int64_t revision_id, const struct bulletin *b,
                   const struct bulletin_prepared *prepared, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                db,
                "UPDATE bulletin SET current_revision_id = ?2, kind = ?4, number = ?5, folded_number = ?6,"
                " title = ?7, date = ?8, severity = ?9, urgency = ?10 WHERE id = ?1",
                &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, bulletin_id);
        statement_bind_int(statement, 2, revision_id);
        bind_shown(statement, b, prepared);
        return statement_run(statement, err);
}

/* History is what came as nothing else. */
static int clear_history(struct insertion *in, struct error *err)
{
        static const char *const sql[] = { "UPDATE bulletin SET history = 0 WHERE id = ?1 AND history",
                                           "UPDATE revision SET history = 0 WHERE id = ?1 AND history" };
        const int64_t ids[] = { in->bulletin_id, in->revision_id };
        for (unsigned i = 0; i < G_N_ELEMENTS(sql); i++) {
                struct statement *statement;
                int r = database_prepare(in->db, sql[i], &statement, err);
                if (r < 0)
                        return r;
                statement_bind_int(statement, 1, ids[i]);
                r = statement_run(statement, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Of all names that the bulletin's contents ask for the first in the alphabet: in practice that of its first year. */
static int settle_archive(struct insertion *in, struct error *err)
{
        int r = 0;
        if (in->named)
                r = bulletins_archive_stale_done(in->db, in->archive_name, err);
        else if (!in->archive_wanted || strcmp(in->archive_name, in->archive_wanted) < 0)
                r = bulletins_want_archive_name(in->db, in->bulletin_id, in->archive_wanted, in->archive_name, err);
        if (r == 0)
                r = in->named ? bulletins_archive_add_new(in->db, in->bulletin_id, err) :
                                bulletins_archive_add(in->db, in->bulletin_id, err);
        if (r == 0)
                in->archive_mark = database_last_id(in->db);
        return r;
}

/* --- all of it --- */

static enum dedup_event classify(const struct insertion *in, bool bulletin_new, bool revision_new, bool variant_new)
{
        if (bulletin_new)
                return DEDUP_FIRST;
        if (revision_new)
                return dedup_classify_revision(in->bulletin->registered, in->bulletin->updated, in->current_registered,
                                               in->current_updated);
        return variant_new ? DEDUP_VARIANT : DEDUP_DUPLICATE;
}

static int place(struct insertion *in, struct bulletin_arrival *arrival, struct error *err)
{
        int r = load_mail(in, err);
        if (r == 0)
                r = find_bulletin(in, err);
        bool bulletin_new = r == 0 && in->bulletin_id == 0;
        if (bulletin_new)
                r = insert_bulletin(in, err);
        if (r == 0 && !bulletin_new)
                r = find_revision(in, err);
        bool revision_new = r == 0 && in->revision_id == 0, variant_new = false;
        if (revision_new)
                r = insert_revision(in, err);
        if (r == 0)
                r = place_variant(in, &variant_new, &arrival->before, err);
        if (r < 0)
                return r;
        arrival->event = classify(in, bulletin_new, revision_new, variant_new);
        bool is_current = arrival->event == DEDUP_FIRST || arrival->event == DEDUP_LATER ||
                          in->revision_id == in->current_revision_id;
        arrival->stands = is_current && in->standing_variant_id == in->variant_id;
        if (bulletin_new)
                r = set_current_revision(in, err);
        else if (arrival->stands && in->content_changed)
                r = bulletins_show(in->db, in->bulletin_id, in->revision_id, in->bulletin, in->prepared, err);
        if (r == 0 && !in->history)
                r = clear_history(in, err);
        return r < 0 ? r : settle_archive(in, err);
}

static int check_input(const struct bulletin_insertion *insertion, struct error *err)
{
        const struct bulletin *bulletin = insertion->bulletin;
        const char *const dates[] = { bulletin->registered, bulletin->updated, bulletin->edition };
        for (unsigned i = 0; i < G_N_ELEMENTS(dates); i++)
                if (dates[i][0] && !bulletin_date_is_valid(dates[i]))
                        return error_set(err, -ERR_MALFORMED, "the bulletin has an impossible date");
        if (!insertion->archive_name || !insertion->archive_name[0])
                return error_set(err, -EINVAL, "the bulletin has no name for the archive");
        if (!insertion->unverified && g_str_has_prefix(insertion->prepared->key, BULLETIN_UNVERIFIED_PREFIX))
                return error_set(err, -ERR_MALFORMED, "the bulletin has a name that is kept for unverified ones");
        return 0;
}

static void free_change(void *change)
{
        bulletin_change_free(change);
}

static int insert(struct insertion *in, struct bulletin_arrival *arrival, struct error *err)
{
        int r = database_enter(in->db, err);
        if (r < 0)
                return r;
        r = database_leave(in->db, place(in, arrival, err), err);
        if (r < 0)
                return r;
        arrival->bulletin_id = in->bulletin_id;
        arrival->revision_id = in->revision_id;
        arrival->variant_id = in->variant_id;
        arrival->archive_mark = in->archive_mark;
        arrival->changes = arrival->before ? bulletin_diff(arrival->before, in->bulletin)
                                           : g_ptr_array_new_with_free_func(free_change);
        return 0;
}

/* The date of an item in lists; the day of the mail where the item itself states none. */
static char *listed_date(const struct bulletin *b, int64_t mail_date)
{
        const char *stated = b->updated[0] ? b->updated : b->registered[0] ? b->registered : b->edition;
        if (stated[0] || mail_date == INT64_MAX)
                return g_strdup(stated);
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(mail_date);
        int year, month, day;
        if (!date)
                return g_strdup("");
        g_date_time_get_ymd(date, &year, &month, &day);
        return g_strdup_printf("%04d-%02d-%02d", year, month, day);
}

int bulletins_prepare(const struct bulletin *bulletin, struct bulletin_prepared *ret_prepared, struct error *err)
{
        g_autofree char *text = bulletin_to_text(bulletin);
        size_t text_size = strlen(text);
        struct content_packed packed;
        int r = content_pack(text, text_size, &packed, err);
        if (r < 0)
                return r;
        struct bulletin_prepared prepared = {
                .key = bulletin_key(bulletin),
                .text = g_steal_pointer(&text),
                .text_size = text_size,
                .packed = packed,
                .folded_number = bulletin->id ? bulletins_fold(bulletin->id) : NULL,
                .mail_date = dedup_mail_date(bulletin->mail.date),
        };
        bulletin_fingerprint(bulletin, prepared.fingerprint);
        prepared.folded_key = bulletins_fold(prepared.key);
        prepared.date = listed_date(bulletin, prepared.mail_date);
        *ret_prepared = prepared;
        return 0;
}

void bulletin_prepared_clear(struct bulletin_prepared *prepared)
{
        g_free(prepared->key);
        g_free(prepared->text);
        content_packed_clear(&prepared->packed);
        g_free(prepared->folded_key);
        g_free(prepared->folded_number);
        g_free(prepared->date);
        *prepared = (struct bulletin_prepared) { .key = NULL };
}

int bulletins_put(struct database *db, const struct bulletin_insertion *insertion, struct bulletin_arrival *ret_arrival,
                  struct error *err)
{
        const char *folder = insertion->unverified ? BULLETIN_UNVERIFIED_FOLDER : "";
        const char *prefix = insertion->unverified ? BULLETIN_UNVERIFIED_PREFIX : "";
        g_autofree char *key = g_strconcat(prefix, insertion->prepared->key, NULL);
        g_autofree char *name = g_strconcat(folder, insertion->archive_name ? insertion->archive_name : "", NULL);
        struct insertion in = { .db = db, .bulletin = insertion->bulletin, .prepared = insertion->prepared, .key = key,
                                .archive_name = name, .mail_sha256 = insertion->mail_sha256, .mail_id = insertion->mail_id,
                                .history = insertion->history, .unverified = insertion->unverified };
        struct bulletin_arrival arrival = { 0 };
        int r = check_input(insertion, err);
        if (r == 0)
                r = insert(&in, &arrival, err);
        if (r < 0) {
                bulletin_arrival_clear(&arrival);
                error_prefix(err, "cannot store what mail %" G_GINT64_FORMAT " says", in.mail_id);
        } else {
                *ret_arrival = arrival;
        }
        insertion_clear(&in);
        return r;
}

static int prepare_and_put(struct database *db, struct bulletin_insertion *insertion, struct bulletin_arrival *ret_arrival,
                           struct error *err)
{
        struct bulletin_prepared prepared;
        int r = bulletins_prepare(insertion->bulletin, &prepared, err);
        if (r < 0)
                return r;
        insertion->prepared = &prepared;
        r = bulletins_put(db, insertion, ret_arrival, err);
        bulletin_prepared_clear(&prepared);
        return r;
}

int bulletins_insert(struct database *db, const struct bulletin *bulletin, const char *archive_name, int64_t mail_id,
                     bool history, struct bulletin_arrival *ret_arrival, struct error *err)
{
        struct bulletin_insertion insertion = { .bulletin = bulletin, .archive_name = archive_name, .mail_id = mail_id,
                                                .history = history };
        return prepare_and_put(db, &insertion, ret_arrival, err);
}
