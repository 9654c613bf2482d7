/* SPDX-License-Identifier: MIT */
#include "store/mails.h"

#include <errno.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/limits.h"
#include "store/compress.h"

const char *mail_outcome_name(enum mail_outcome outcome)
{
        static const char *const names[MAIL_OUTCOME_MAX] = {
                [MAIL_BULLETIN] = "bulletin",
                [MAIL_UNRECOGNISED] = "unrecognised",
                [MAIL_QUARANTINED] = "quarantined",
                [MAIL_REPLACED] = "replaced",
        };
        return (unsigned) outcome < MAIL_OUTCOME_MAX ? names[outcome] : "unknown";
}

/* --- storing --- */

static int find_by_digest(struct database *db, const char *sha256, int64_t *ret_id, bool *ret_known, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT id FROM mail WHERE sha256 = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_lent_text(statement, 1, sha256);
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_known = r > 0;
        if (r > 0)
                *ret_id = statement_int(statement, 0);
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int insert_head(struct database *db, const struct mail_row *mail, const char *sha256, size_t size,
                       struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                db,
                "INSERT INTO mail (sha256, message_id, sender, subject, date, size_bytes, received_ms,"
                " stored_ms, history, outcome, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                &statement, err);
        if (r < 0)
                return r;
        statement_bind_lent_text(statement, 1, sha256);
        statement_bind_lent_text(statement, 2, mail->message_id);
        statement_bind_lent_text(statement, 3, mail->from);
        statement_bind_lent_text(statement, 4, mail->subject);
        statement_bind_lent_text(statement, 5, mail->date);
        statement_bind_int(statement, 6, (int64_t) size);
        statement_bind_int(statement, 7, mail->received_ms);
        statement_bind_int(statement, 8, mail->stored_ms ? mail->stored_ms : clock_wall_ms());
        statement_bind_int(statement, 9, mail->history);
        statement_bind_int(statement, 10, mail->outcome);
        statement_bind_lent_text(statement, 11, mail->reason);
        return statement_run(statement, err);
}

void mail_packed_clear(struct mail_packed *packed)
{
        g_free(packed->data);
        *packed = (struct mail_packed) { .data = NULL };
}

static int check_size(size_t size, struct error *err)
{
        if (size <= LIMIT_MESSAGE_BYTES_MAX)
                return 0;
        return error_set(err, -ERR_LIMIT, "a mail of %zu bytes is larger than any that is stored (%u)", size,
                         LIMIT_MESSAGE_BYTES_MAX);
}

int mails_pack(const void *data, size_t size, const char *sha256, struct mail_packed *ret_packed, struct error *err)
{
        struct mail_packed packed = { .size = size };
        int r = check_size(size, err);
        if (r == 0)
                r = compress_bytes(data, size, &packed.data, &packed.data_size, err);
        if (r < 0)
                return r;
        if (sha256)
                g_strlcpy(packed.sha256, sha256, sizeof packed.sha256);
        else
                digest_sha256(data, size, packed.sha256);
        *ret_packed = packed;
        return 0;
}

static int insert_data(struct database *db, int64_t mail_id, const struct mail_packed *packed, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "INSERT INTO mail_data (mail_id, data) VALUES (?1, ?2)", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mail_id);
        statement_bind_blob(statement, 2, packed->data, packed->data_size);
        return statement_run(statement, err);
}

static int insert_new(struct database *db, const struct mail_row *mail, const struct mail_packed *packed, int64_t *ret_id,
                      struct error *err)
{
        int r = insert_head(db, mail, packed->sha256, packed->size, err);
        if (r < 0)
                return r;
        int64_t id = database_last_id(db);
        r = insert_data(db, id, packed, err);
        if (r == 0)
                *ret_id = id;
        return r;
}

int mails_insert_packed(struct database *db, const struct mail_row *mail, const struct mail_packed *packed, int64_t *ret_id,
                        bool *ret_known, struct error *err)
{
        bool known = false;
        int64_t id = 0;
        int r = database_enter(db, err);
        if (r == 0) {
                r = find_by_digest(db, packed->sha256, &id, &known, err);
                if (r == 0 && !known)
                        r = insert_new(db, mail, packed, &id, err);
                r = database_leave(db, r, err);
        }
        if (r < 0) {
                error_prefix(err, "cannot store mail %.12s", packed->sha256);
                return r;
        }
        *ret_id = id;
        *ret_known = known;
        return 0;
}

int mails_insert(struct database *db, const struct mail_row *mail, const void *data, size_t size, int64_t *ret_id,
                 bool *ret_known, struct error *err)
{
        struct mail_packed packed;
        int r = mails_pack(data, size, NULL, &packed, err);
        if (r < 0)
                return r;
        if (mail->sha256 && g_strcmp0(mail->sha256, packed.sha256) != 0)
                r = error_set(err, -EINVAL, "the mail's digest is %s, not %s", packed.sha256, mail->sha256);
        else
                r = mails_insert_packed(db, mail, &packed, ret_id, ret_known, err);
        mail_packed_clear(&packed);
        return r;
}

int mails_add_sighting(struct database *db, int64_t mail_id, const struct sighting *sighting, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                db,
                "INSERT INTO sighting (mail_id, source, uid_validity, uid, seen_ms)"
                " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (mail_id, source, uid_validity, uid) DO NOTHING",
                &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, mail_id);
                statement_bind_lent_text(statement, 2, sighting->source);
                statement_bind_int(statement, 3, sighting->uid_validity);
                statement_bind_int(statement, 4, sighting->uid);
                statement_bind_int(statement, 5, sighting->seen_ms);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store where mail %" G_GINT64_FORMAT " was seen", mail_id);
        return r;
}

static int update_outcome(struct database *db, const char *sql, int64_t mail_id, enum mail_outcome outcome,
                          const char *reason, int64_t revision_id, const char *event, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mail_id);
        statement_bind_int(statement, 2, outcome);
        statement_bind_lent_text(statement, 3, reason);
        statement_bind_int(statement, 4, revision_id);
        statement_bind_lent_text(statement, 5, event);
        return statement_run(statement, err);
}

int mails_set_outcome(struct database *db, int64_t mail_id, enum mail_outcome outcome, const char *reason,
                      int64_t revision_id, const char *event, struct error *err)
{
        /* Most rows are made with their outcome: it has an index, which need not be touched then. */
        int r = update_outcome(db,
                               "UPDATE mail SET revision_id = nullif(?4, 0), event = ?5"
                               " WHERE id = ?1 AND outcome = ?2 AND reason IS ?3",
                               mail_id, outcome, reason, revision_id, event, err);
        if (r == 0 && database_changes(db) == 0)
                r = update_outcome(db,
                                   "UPDATE mail SET outcome = ?2, reason = ?3, revision_id = nullif(?4, 0), event = ?5"
                                   " WHERE id = ?1",
                                   mail_id, outcome, reason, revision_id, event, err);
        if (r == 0 && database_changes(db) == 0)
                r = error_set(err, -ERR_NOT_FOUND, "there is no such mail");
        if (r < 0)
                error_prefix(err, "cannot store what became of mail %" G_GINT64_FORMAT, mail_id);
        return r;
}

int mails_set_unverified(struct database *db, int64_t mail_id, const char *reason, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "UPDATE mail SET unverified = ?2 WHERE id = ?1", &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, mail_id);
                statement_bind_text(statement, 2, reason);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store whether the sender of mail %" G_GINT64_FORMAT " is verified", mail_id);
        return r;
}

int mails_set_head(struct database *db, int64_t mail_id, const struct mail_row *mail, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "UPDATE mail SET message_id = coalesce(?2, message_id), sender = coalesce(?3, sender),"
                                 " subject = coalesce(?4, subject), date = coalesce(?5, date) WHERE id = ?1",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, mail_id);
                statement_bind_text(statement, 2, mail->message_id);
                statement_bind_text(statement, 3, mail->from);
                statement_bind_text(statement, 4, mail->subject);
                statement_bind_text(statement, 5, mail->date);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store the head of mail %" G_GINT64_FORMAT, mail_id);
        return r;
}

/* --- reading --- */

static int restore(struct statement *statement, char **ret_data, size_t *ret_size, struct error *err)
{
        const char *sha256 = statement_text(statement, 0);
        int64_t size = statement_int(statement, 1);
        if (size < 0 || size > LIMIT_MESSAGE_BYTES_MAX)
                return error_set(err, -ERR_STORE_CORRUPT, "its stored size is impossible");
        if (statement_is_null(statement, 2))
                return error_set(err, -ERR_STORE_CORRUPT, "its bytes are missing");
        size_t packed_size;
        const void *packed = statement_blob(statement, 2, &packed_size);
        g_autofree char *data = NULL;
        int r = compress_restore(packed, packed_size, (size_t) size, &data, err);
        if (r < 0)
                return r;
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256(data, (size_t) size, digest);
        if (g_strcmp0(digest, sha256) != 0)
                return error_set(err, -ERR_STORE_CORRUPT, "the stored bytes are damaged: their digest is wrong");
        *ret_data = g_steal_pointer(&data);
        *ret_size = (size_t) size;
        return 0;
}

int mails_read(struct database *db, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT sha256, size_bytes, data FROM mail LEFT JOIN mail_data ON mail_id = mail.id"
                                 " WHERE mail.id = ?1",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, mail_id);
                r = statement_step(statement, err);
                if (r > 0)
                        r = restore(statement, ret_data, ret_size, err);
                else if (r == 0)
                        r = error_set(err, -ERR_NOT_FOUND, "there is no such mail");
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "%s: cannot read mail %" G_GINT64_FORMAT, database_path(db), mail_id);
        return r;
}

/* --- quarantine --- */

void quarantine_row_free(struct quarantine_row *row)
{
        if (!row)
                return;
        g_free(row->reason);
        g_free(row);
}

int quarantine_put(struct database *db, int64_t mail_id, int code, const char *reason, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO quarantine (mail_id, code, reason, attempts, first_ms, last_ms)"
                                 " VALUES (?1, ?2, ?3, 1, ?4, ?4) ON CONFLICT (mail_id) DO UPDATE"
                                 " SET code = ?2, reason = ?3, attempts = attempts + 1, last_ms = ?4",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, mail_id);
                statement_bind_int(statement, 2, code);
                statement_bind_text(statement, 3, reason ? reason : error_name(code));
                statement_bind_int(statement, 4, clock_wall_ms());
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot put mail %" G_GINT64_FORMAT " into quarantine", mail_id);
        return r;
}

int quarantine_remove(struct database *db, int64_t mail_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "DELETE FROM quarantine WHERE mail_id = ?1", &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, mail_id);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot take mail %" G_GINT64_FORMAT " out of quarantine", mail_id);
        return r;
}

int quarantine_get(struct database *db, int64_t mail_id, struct quarantine_row **ret_row, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT code, reason, attempts, first_ms, last_ms FROM quarantine WHERE mail_id = ?1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mail_id);
        r = statement_step(statement, err);
        if (r > 0) {
                struct quarantine_row *row = g_new0(struct quarantine_row, 1);
                row->mail_id = mail_id;
                row->code = (int) statement_int(statement, 0);
                row->reason = statement_text_copy(statement, 1);
                row->attempts = (unsigned) statement_int(statement, 2);
                row->first_ms = statement_int(statement, 3);
                row->last_ms = statement_int(statement, 4);
                *ret_row = row;
        } else if (r == 0) {
                r = error_set(err, -ERR_NOT_FOUND, "mail %" G_GINT64_FORMAT " is not in quarantine", mail_id);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}
