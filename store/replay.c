/* SPDX-License-Identifier: MIT */
#include "store/replay.h"

#include "store/content.h"

static void decision_free(void *data)
{
        struct replay_decision *decision = data;
        g_free(decision->route);
        g_free(decision->action);
        g_free(decision->reason);
        g_free(decision);
}

void replay_record_free(struct replay_record *record)
{
        if (!record)
                return;
        mail_row_free(record->mail);
        g_free(record->bulletin);
        g_free(record->fingerprint);
        bulletin_free(record->content);
        g_ptr_array_unref(record->decisions);
        g_free(record);
}

int replay_next(struct database *db, int64_t mail_id, int64_t *ret_mail_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT id FROM mail WHERE id > ?1 ORDER BY id LIMIT 1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mail_id);
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_mail_id = r > 0 ? statement_int(statement, 0) : 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int read_content(struct database *db, struct replay_record *record, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT ifnull(bulletin.number, bulletin.key), variant.fingerprint, variant.packed"
                                 " FROM mail_variant JOIN variant ON variant.id = variant_id"
                                 " JOIN revision ON revision.id = variant.revision_id"
                                 " JOIN bulletin ON bulletin.id = revision.bulletin_id WHERE mail_variant.mail_id = ?1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, record->mail->id);
        r = statement_step(statement, err);
        if (r > 0) {
                record->bulletin = statement_text_copy(statement, 0);
                record->fingerprint = statement_text_copy(statement, 1);
                r = content_read(statement, 2, &record->content, err);
                if (r < 0)
                        error_prefix(err, "the stored content is damaged");
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

/* Decisions are found by their bulletin: there is one for each mail that is about it. */
static int read_decisions(struct database *db, struct replay_record *record, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT route, action, reason, max(decision.id) FROM decision WHERE mail_id = ?1"
                                 " AND bulletin_id = (SELECT bulletin_id FROM revision WHERE id = ?2)"
                                 " GROUP BY route ORDER BY route",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, record->mail->id);
        statement_bind_int(statement, 2, record->mail->revision_id);
        while ((r = statement_step(statement, err)) > 0) {
                struct replay_decision *decision = g_new0(struct replay_decision, 1);
                decision->route = statement_text_copy(statement, 0);
                decision->action = statement_text_copy(statement, 1);
                decision->reason = statement_text_copy(statement, 2);
                g_ptr_array_add(record->decisions, decision);
        }
        statement_done(statement);
        return r;
}

/* The mails of such a revision are no history any more; that they were is still to be seen in what the routes said. Where the
 * very same bytes were told, that is all one mail, which comes only once here: it is told at once. */
int replay_overtaking(struct database *db, int64_t mail_id, const char *history, bool *ret_was_history, bool *ret_overtook,
                      struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "WITH this AS (SELECT revision_id, revision.bulletin_id FROM mail"
                                 " JOIN revision ON revision.id = revision_id WHERE mail.id = ?1),"
                                 " overtaken AS (SELECT d.mail_id AS ahead, (SELECT n.mail_id FROM decision n"
                                 " WHERE n.bulletin_id = d.bulletin_id AND n.revision_id = d.revision_id AND n.route = d.route"
                                 " AND n.id > d.id AND substr(n.reason, 1, length(?2)) <> ?2 ORDER BY n.id LIMIT 1) AS told"
                                 " FROM decision d JOIN this USING (bulletin_id, revision_id) JOIN mail ON mail.id = d.mail_id"
                                 " WHERE mail.history = 0 AND substr(d.reason, 1, length(?2)) = ?2)"
                                 " SELECT max(ahead = ?1), max(told = ?1) FROM overtaken WHERE told <> ahead",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mail_id);
        statement_bind_text(statement, 2, history);
        r = statement_step(statement, err);
        if (r > 0) {
                *ret_was_history = statement_int(statement, 0) != 0;
                *ret_overtook = statement_int(statement, 1) != 0;
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

int replay_read(struct database *db, int64_t mail_id, struct replay_record **ret_record, struct error *err)
{
        struct replay_record *record = g_new0(struct replay_record, 1);
        record->decisions = g_ptr_array_new_with_free_func(decision_free);
        int r = mails_get(db, mail_id, &record->mail, err);
        if (r == 0)
                r = read_content(db, record, err);
        if (r == 0 && record->mail->revision_id != 0)
                r = read_decisions(db, record, err);
        if (r < 0) {
                error_prefix(err, "mail %" G_GINT64_FORMAT, mail_id);
                replay_record_free(record);
                return r;
        }
        *ret_record = record;
        return 0;
}
