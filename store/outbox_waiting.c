/* SPDX-License-Identifier: MIT */
#include "store/outbox.h"

static void free_waiting(gpointer data)
{
        struct outbox_waiting *row = data;
        g_free(row->channel);
        g_free(row);
}

int outbox_waiting(struct database *db, GPtrArray **ret_waiting, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT channel, count(*) FROM outbox WHERE state = 0 GROUP BY channel ORDER BY channel",
                                 &statement, err);
        if (r < 0)
                return r;
        g_autoptr(GPtrArray) waiting = g_ptr_array_new_with_free_func(free_waiting);
        while ((r = statement_step(statement, err)) > 0) {
                struct outbox_waiting *row = g_new0(struct outbox_waiting, 1);
                row->channel = statement_text_copy(statement, 0);
                row->count = statement_int(statement, 1);
                g_ptr_array_add(waiting, row);
        }
        statement_done(statement);
        if (r < 0) {
                error_prefix(err, "cannot count the waiting deliveries");
                return r;
        }
        *ret_waiting = g_steal_pointer(&waiting);
        return 0;
}
