/* SPDX-License-Identifier: MIT */
/* The archive's to-do list as the mirror goes through it: many bulletins with each look. */
#include "store/archive_p.h"

static void free_due(gpointer data)
{
        struct archive_due *due = data;
        g_free(due->key);
        g_free(due->name);
        g_free(due);
}

/* One that is on the list and not there shows when it is written. */
static struct archive_due *read_row(struct statement *statement)
{
        struct archive_due *due = g_new0(struct archive_due, 1);
        due->mark = statement_int(statement, 0);
        due->bulletin_id = statement_int(statement, 1);
        due->key = statement_text_copy(statement, 2);
        due->name = statement_text_copy(statement, 3);
        due->unverified = statement_int(statement, 4) != 0;
        due->single = statement_int(statement, 5) == 1;
        return due;
}

int archive_todo_read(struct database *db, int64_t mark, unsigned limit, GPtrArray **ret_due, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT t.mark, t.bulletin_id, b.key, b.archive_name, b.unverified,"
                                 " (SELECT count(*) FROM revision r WHERE r.bulletin_id = t.bulletin_id)"
                                 " FROM archive_todo t LEFT JOIN bulletin b ON b.id = t.bulletin_id"
                                 " WHERE t.mark > ?1 ORDER BY t.mark LIMIT ?2",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mark);
        statement_bind_int(statement, 2, (int64_t) limit);
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_due);
        while ((r = statement_step(statement, err)) > 0)
                g_ptr_array_add(rows, read_row(statement));
        statement_done(statement);
        if (r == 0)
                *ret_due = g_steal_pointer(&rows);
        return r;
}

static int remove_span(struct database *db, const struct archive_span *span, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "DELETE FROM archive_todo WHERE mark BETWEEN ?1 AND ?2", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, span->first);
        statement_bind_int(statement, 2, span->last);
        return statement_run(statement, err);
}

int archive_todo_remove(struct database *db, const struct archive_span *spans, unsigned count, struct error *err)
{
        if (count == 0)
                return 0;
        int r = database_enter(db, err);
        if (r < 0)
                return r;
        for (unsigned i = 0; r == 0 && i < count; i++)
                r = remove_span(db, &spans[i], err);
        return database_leave(db, r, err);
}
