/* SPDX-License-Identifier: MIT */
#include "store/verification.h"

#define VERIFICATION_COLUMNS "source, feed, verified, unverified, run, reason"

void verification_row_free(struct verification_row *row)
{
        if (!row)
                return;
        g_free(row->source);
        g_free(row->feed);
        g_free(row->reason);
        g_free(row);
}

static void free_row(void *row)
{
        verification_row_free(row);
}

static struct verification_row *read_row(struct statement *statement)
{
        struct verification_row *row = g_new0(struct verification_row, 1);
        *row = (struct verification_row){
                .source = statement_text_copy(statement, 0),
                .feed = statement_text_copy(statement, 1),
                .verified = statement_int(statement, 2),
                .unverified = statement_int(statement, 3),
                .run = statement_int(statement, 4),
                .reason = statement_text_copy(statement, 5),
        };
        return row;
}

int verification_count(struct database *db, const char *source, const char *feed, const char *reason,
                       struct verification_row **ret_row, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO verification (source, feed, verified, unverified, run, reason)"
                                 " VALUES (?1, ?2, ?3 IS NULL, ?3 IS NOT NULL, ?3 IS NOT NULL, ?3)"
                                 " ON CONFLICT (source, feed) DO UPDATE SET verified = verified + (?3 IS NULL),"
                                 " unverified = unverified + (?3 IS NOT NULL),"
                                 " run = CASE WHEN ?3 IS NULL THEN 0 ELSE run + 1 END, reason = coalesce(?3, reason)"
                                 " RETURNING " VERIFICATION_COLUMNS,
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, source);
                statement_bind_text(statement, 2, feed);
                statement_bind_text(statement, 3, reason);
                r = statement_step(statement, err);
                if (r > 0)
                        *ret_row = read_row(statement);
                else if (r == 0)
                        r = error_set(err, -ERR_STORE, "nothing was counted");
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot count the verified mails of %s", source);
        return r < 0 ? r : 0;
}

int verification_list(struct database *db, const char *source, GPtrArray **ret_rows, struct error *err)
{
        struct statement *statement;
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
        int r = database_prepare(db, "SELECT " VERIFICATION_COLUMNS " FROM verification WHERE source = ?1 ORDER BY feed",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, source);
                while ((r = statement_step(statement, err)) > 0)
                        g_ptr_array_add(rows, read_row(statement));
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot read how many mails of %s are verified", source);
        else
                *ret_rows = g_steal_pointer(&rows);
        return r;
}
