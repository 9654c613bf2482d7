/* SPDX-License-Identifier: MIT */
#include "store/history.h"

#include "store/mails.h"

/* Gives the statement back. */
static int collect_ids(struct statement *statement, GArray **ret_bulletin_ids, struct error *err)
{
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        int r;
        while ((r = statement_step(statement, err)) > 0) {
                int64_t id = statement_int(statement, 0);
                g_array_append_val(ids, id);
        }
        statement_done(statement);
        if (r == 0)
                *ret_bulletin_ids = g_steal_pointer(&ids);
        return r;
}

int history_bulletins(struct database *db, const char *source, GArray **ret_bulletin_ids, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT DISTINCT revision.bulletin_id FROM sighting"
                                 " JOIN mail_variant ON mail_variant.mail_id = sighting.mail_id"
                                 " JOIN variant ON variant.id = mail_variant.variant_id"
                                 " JOIN revision ON revision.id = variant.revision_id"
                                 " JOIN bulletin ON bulletin.id = revision.bulletin_id"
                                 " WHERE sighting.source = ?1 AND bulletin.history = 1 AND bulletin.unverified = 0"
                                 " ORDER BY revision.bulletin_id",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, source);
        return collect_ids(statement, ret_bulletin_ids, err);
}

int history_add_import(struct database *db, int64_t bulletin_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "INSERT INTO import_todo (bulletin_id) VALUES (?1) ON CONFLICT (bulletin_id) DO NOTHING",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, bulletin_id);
        return statement_run(statement, err);
}

int history_imported(struct database *db, GArray **ret_bulletin_ids, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT bulletin_id FROM import_todo ORDER BY bulletin_id", &statement, err);
        return r < 0 ? r : collect_ids(statement, ret_bulletin_ids, err);
}

int history_imported_done(struct database *db, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "DELETE FROM import_todo", &statement, err);
        return r < 0 ? r : statement_run(statement, err);
}

int history_was_ahead(struct database *db, int64_t revision_id, int64_t mail_id, int64_t since_ms, bool *ret_ahead,
                      struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT count(*) > 0 AND min(history = 1 AND stored_ms > ?3 AND NOT EXISTS (SELECT 1 FROM sighting"
                                 " WHERE sighting.mail_id = mail.id AND source LIKE '" SIGHTING_IMPORT_PREFIX "%')) FROM mail"
                                 " WHERE revision_id = ?1 AND id <> ?2",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, revision_id);
        statement_bind_int(statement, 2, mail_id);
        statement_bind_int(statement, 3, since_ms);
        r = statement_step(statement, err);
        if (r > 0)
                *ret_ahead = statement_int(statement, 0) != 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

int history_take_back(struct database *db, int64_t revision_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "UPDATE mail SET history = 0 WHERE revision_id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, revision_id);
        return statement_run(statement, err);
}
