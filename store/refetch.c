/* SPDX-License-Identifier: MIT */
#include "store/refetch.h"

#include <string.h>

#include "common/text.h"

#define REPLACED_BY "fetched again as mail "
#define REFETCH_COLUMNS \
        "refetch.mail_id, source, uid_validity, uid, requested_ms, answer, answered_ms, mail.received_ms, mail.history"

void refetch_row_free(struct refetch_row *row)
{
        if (!row)
                return;
        g_free(row->source);
        g_free(row->answer);
        g_free(row);
}

static void free_row(void *row)
{
        refetch_row_free(row);
}

int refetch_ask(struct database *db, int64_t mail_id, int64_t now_ms, unsigned *ret_places, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO refetch (mail_id, source, uid_validity, uid, requested_ms)"
                                 " SELECT mail_id, source, uid_validity, uid, ?2 FROM sighting WHERE mail_id = ?1 AND uid > 0"
                                 " ON CONFLICT (source, uid_validity, uid) DO UPDATE"
                                 " SET mail_id = ?1, requested_ms = ?2, answer = NULL, answered_ms = 0",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, mail_id);
                statement_bind_int(statement, 2, now_ms);
                r = statement_run(statement, err);
        }
        int64_t places = r == 0 ? database_changes(db) : 0;
        if (r == 0 && places == 0)
                r = error_set(err, -ERR_NOT_FOUND, "it was never seen in a mailbox");
        if (r < 0)
                error_prefix(err, "cannot ask for mail %" G_GINT64_FORMAT " again", mail_id);
        else
                *ret_places = (unsigned) places;
        return r;
}

/* False for a UID that no server can have given. */
static bool read_row(struct statement *statement, struct refetch_row **ret_row)
{
        int64_t uid_validity = statement_int(statement, 2), uid = statement_int(statement, 3);
        if (uid_validity < 0 || uid_validity > G_MAXUINT32 || uid <= 0 || uid > G_MAXUINT32)
                return false;
        struct refetch_row *row = g_new0(struct refetch_row, 1);
        row->mail_id = statement_int(statement, 0);
        row->source = statement_text_copy(statement, 1);
        row->uid_validity = (guint32) uid_validity;
        row->uid = (guint32) uid;
        row->requested_ms = statement_int(statement, 4);
        row->answer = statement_text_copy(statement, 5);
        row->answered_ms = statement_int(statement, 6);
        row->received_ms = statement_int(statement, 7);
        row->history = statement_int(statement, 8) != 0;
        *ret_row = row;
        return true;
}

/* Gives the statement back. */
static int collect(struct database *db, struct statement *statement, GPtrArray **ret_rows, struct error *err)
{
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
        int r;
        while ((r = statement_step(statement, err)) > 0) {
                struct refetch_row *row;
                if (!read_row(statement, &row)) {
                        r = error_set(err, -ERR_STORE_CORRUPT, "%s: a request to fetch a mail again holds an impossible UID",
                                      database_path(db));
                        break;
                }
                g_ptr_array_add(rows, row);
        }
        statement_done(statement);
        if (r == 0)
                *ret_rows = g_steal_pointer(&rows);
        return r;
}

int refetch_list(struct database *db, const char *source, guint32 uid_validity, GPtrArray **ret_rows, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT " REFETCH_COLUMNS " FROM refetch JOIN mail ON mail.id = mail_id"
                                 " WHERE source = ?1 AND uid_validity = ?2 AND answer IS NULL ORDER BY requested_ms, uid",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, source);
        statement_bind_int(statement, 2, uid_validity);
        return collect(db, statement, ret_rows, err);
}

int refetch_of_mail(struct database *db, int64_t mail_id, GPtrArray **ret_rows, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT " REFETCH_COLUMNS " FROM refetch JOIN mail ON mail.id = mail_id"
                                 " WHERE refetch.mail_id = ?1 ORDER BY source, uid_validity, uid",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mail_id);
        return collect(db, statement, ret_rows, err);
}

int refetch_pending(struct database *db, bool *ret_pending, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT 1 FROM refetch WHERE answer IS NULL LIMIT 1", &statement, err);
        if (r < 0)
                return r;
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_pending = r > 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

int refetch_answer(struct database *db, const struct refetch_row *row, const char *answer, int64_t now_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "UPDATE refetch SET answer = ?4, answered_ms = ?5"
                                 " WHERE source = ?1 AND uid_validity = ?2 AND uid = ?3",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, row->source);
        statement_bind_int(statement, 2, row->uid_validity);
        statement_bind_int(statement, 3, row->uid);
        statement_bind_text(statement, 4, answer);
        statement_bind_int(statement, 5, now_ms);
        return statement_run(statement, err);
}

int refetch_answer_stale(struct database *db, const char *source, guint32 uid_validity, int64_t now_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "UPDATE refetch SET answered_ms = ?3, answer = 'the server has renumbered the mailbox since"
                                 " (its UIDVALIDITY is no longer ' || uid_validity || '): the number it had is worth nothing'"
                                 " WHERE source = ?1 AND uid_validity <> ?2 AND answer IS NULL",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, source);
        statement_bind_int(statement, 2, uid_validity);
        statement_bind_int(statement, 3, now_ms);
        return statement_run(statement, err);
}

static int end_requests(struct database *db, int64_t mail_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "DELETE FROM refetch WHERE mail_id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mail_id);
        return statement_run(statement, err);
}

int refetch_done(struct database *db, int64_t mail_id, int64_t new_mail_id, struct error *err)
{
        int r = end_requests(db, mail_id, err);
        if (r < 0 || new_mail_id == mail_id)
                return r;
        g_autofree char *reason = g_strdup_printf(REPLACED_BY "%" G_GINT64_FORMAT, new_mail_id);
        r = mails_set_outcome(db, mail_id, MAIL_REPLACED, reason, 0, NULL, err);
        return r < 0 ? r : quarantine_remove(db, mail_id, err);
}

bool refetch_is_needed(const struct quarantine_row *row)
{
        return row->code == -ERR_PROTOCOL || (row->code == -ERR_LIMIT && g_str_has_prefix(row->reason, "oversize:"));
}

int64_t refetch_successor(const struct mail_row *mail)
{
        guint64 number;
        if (mail->outcome != MAIL_REPLACED || !mail->reason || !g_str_has_prefix(mail->reason, REPLACED_BY))
                return 0;
        return text_parse_uint64(mail->reason + strlen(REPLACED_BY), G_MAXINT64, &number) == 0 ? (int64_t) number : 0;
}
