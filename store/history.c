/* SPDX-License-Identifier: MIT */
#include "store/history.h"

int history_bulletins(struct database *db, const char *source, GArray **ret_bulletin_ids, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT DISTINCT revision.bulletin_id FROM sighting"
                                 " JOIN mail_variant ON mail_variant.mail_id = sighting.mail_id"
                                 " JOIN variant ON variant.id = mail_variant.variant_id"
                                 " JOIN revision ON revision.id = variant.revision_id"
                                 " JOIN bulletin ON bulletin.id = revision.bulletin_id"
                                 " WHERE sighting.source = ?1 AND bulletin.history = 1"
                                 " ORDER BY revision.bulletin_id",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, source);
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        while ((r = statement_step(statement, err)) > 0) {
                int64_t id = statement_int(statement, 0);
                g_array_append_val(ids, id);
        }
        statement_done(statement);
        if (r == 0)
                *ret_bulletin_ids = g_steal_pointer(&ids);
        return r;
}
