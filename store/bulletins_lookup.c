/* SPDX-License-Identifier: MIT */
/* Which bulletin something else belongs to. */
#include "store/bulletins.h"

/* Steps a statement whose first column is the id, and gives it back. */
static int take_id(struct statement *statement, int64_t *ret_bulletin_id, struct error *err)
{
        int r = statement_step(statement, err);
        if (r > 0)
                *ret_bulletin_id = statement_int(statement, 0);
        statement_done(statement);
        return r > 0 ? 0 : r;
}

int bulletins_of_revision(struct database *db, int64_t revision_id, int64_t *ret_bulletin_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT bulletin_id FROM revision WHERE id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, revision_id);
        int64_t id = 0;
        r = take_id(statement, &id, err);
        if (r == 0 && id == 0)
                return error_set(err, -ERR_NOT_FOUND, "there is no revision %" G_GINT64_FORMAT, revision_id);
        if (r == 0)
                *ret_bulletin_id = id;
        return r;
}

int bulletins_of_archive_name(struct database *db, const char *name, int64_t *ret_bulletin_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT id FROM bulletin WHERE archive_name = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, name);
        int64_t id = 0;
        r = take_id(statement, &id, err);
        if (r == 0 && id == 0)
                return error_set(err, -ERR_NOT_FOUND, "no bulletin is archived as %s", name);
        if (r == 0)
                *ret_bulletin_id = id;
        return r;
}
