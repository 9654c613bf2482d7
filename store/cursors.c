/* SPDX-License-Identifier: MIT */
#include "store/cursors.h"

#include "common/clock.h"

#define CURSOR_COLUMNS "mailbox, location, uid_validity, last_uid, history_uid, history_done, synced_ms"

void cursor_row_free(struct cursor_row *row)
{
        if (!row)
                return;
        g_free(row->mailbox);
        g_free(row->location);
        g_free(row);
}

void mailbox_state_free(struct mailbox_state *state)
{
        if (!state)
                return;
        g_free(state->mailbox);
        g_free(state->state);
        g_free(state->error);
        g_free(state->problem);
        g_free(state->mode);
        g_free(state);
}

static void free_cursor(void *row)
{
        cursor_row_free(row);
}

static void free_state(void *state)
{
        mailbox_state_free(state);
}

/* A number of the database that must be a UID. */
static int read_uid(struct statement *statement, int column, guint32 *ret_uid)
{
        int64_t value = statement_int(statement, column);
        if (value < 0 || value > G_MAXUINT32)
                return -ERR_STORE_CORRUPT;
        *ret_uid = (guint32) value;
        return 0;
}

static int read_cursor(struct database *db, struct statement *statement, struct cursor_row **ret_row, struct error *err)
{
        struct cursor_row *row = g_new0(struct cursor_row, 1);
        row->mailbox = statement_text_copy(statement, 0);
        row->location = statement_text_copy(statement, 1);
        row->known = true;
        row->history_done = statement_int(statement, 5) != 0;
        row->synced_ms = statement_int(statement, 6);
        if (read_uid(statement, 2, &row->uid_validity) < 0 || read_uid(statement, 3, &row->last_uid) < 0 ||
            read_uid(statement, 4, &row->history_uid) < 0) {
                error_set(err, -ERR_STORE_CORRUPT, "%s: the cursor of mailbox %s holds an impossible UID",
                          database_path(db), row->mailbox);
                cursor_row_free(row);
                return -ERR_STORE_CORRUPT;
        }
        *ret_row = row;
        return 0;
}

int cursors_load(struct database *db, const char *mailbox, const char *location, struct cursor_row **ret_row,
                 struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT " CURSOR_COLUMNS " FROM cursor WHERE mailbox = ?1 AND location = ?2",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, mailbox);
                statement_bind_text(statement, 2, location);
                r = statement_step(statement, err);
                if (r > 0) {
                        r = read_cursor(db, statement, ret_row, err);
                } else if (r == 0) {
                        *ret_row = g_new0(struct cursor_row, 1);
                        (*ret_row)->mailbox = g_strdup(mailbox);
                        (*ret_row)->location = g_strdup(location);
                }
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot read the cursor of mailbox %s", mailbox);
        return r;
}

int cursors_save(struct database *db, const struct cursor_row *row, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO cursor (" CURSOR_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                                 " ON CONFLICT (mailbox, location) DO UPDATE SET uid_validity = ?3, last_uid = ?4,"
                                 " history_uid = ?5, history_done = ?6, synced_ms = iif(?7 = 0, synced_ms, ?7)",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, row->mailbox);
                statement_bind_text(statement, 2, row->location);
                statement_bind_int(statement, 3, row->uid_validity);
                statement_bind_int(statement, 4, row->last_uid);
                statement_bind_int(statement, 5, row->history_uid);
                statement_bind_int(statement, 6, row->history_done);
                statement_bind_int(statement, 7, row->synced_ms);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store the cursor of mailbox %s", row->mailbox);
        return r;
}

int cursors_set_state(struct database *db, const struct mailbox_state *state, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO mailbox_state (mailbox, state, error, changed_ms, retry_ms, problem, mode,"
                                 " failures, failing_ms, reconciled_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
                                 " ON CONFLICT DO UPDATE SET state = ?2, error = ?3,"
                                 " changed_ms = CASE WHEN state = ?2 THEN changed_ms ELSE ?4 END, retry_ms = ?5,"
                                 " problem = ?6, mode = ?7, failures = ?8, failing_ms = ?9,"
                                 " reconciled_ms = CASE WHEN ?10 = 0 THEN reconciled_ms ELSE ?10 END",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, state->mailbox);
                statement_bind_text(statement, 2, state->state);
                statement_bind_text(statement, 3, state->error);
                statement_bind_int(statement, 4, clock_wall_ms());
                statement_bind_int(statement, 5, state->retry_ms);
                statement_bind_text(statement, 6, state->problem);
                statement_bind_text(statement, 7, state->mode);
                statement_bind_int(statement, 8, state->failures);
                statement_bind_int(statement, 9, state->failing_ms);
                statement_bind_int(statement, 10, state->reconciled_ms);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store the state of mailbox %s", state->mailbox);
        return r;
}

static int list_cursors(struct database *db, GPtrArray *cursors, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT " CURSOR_COLUMNS " FROM cursor ORDER BY mailbox, location", &statement,
                                 err);
        if (r < 0)
                return r;
        while ((r = statement_step(statement, err)) > 0) {
                struct cursor_row *row;
                r = read_cursor(db, statement, &row, err);
                if (r < 0)
                        break;
                g_ptr_array_add(cursors, row);
        }
        statement_done(statement);
        return r;
}

/* last_mail_ms comes from the sightings: what has been committed is what was seen. */
static int list_states(struct database *db, GPtrArray *states, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT mailbox, state, error, changed_ms, retry_ms,"
                                 " (SELECT max(seen_ms) FROM sighting WHERE source = 'imap:' || mailbox),"
                                 " problem, mode, failures, failing_ms, reconciled_ms"
                                 " FROM mailbox_state ORDER BY mailbox",
                                 &statement, err);
        if (r < 0)
                return r;
        while ((r = statement_step(statement, err)) > 0) {
                struct mailbox_state *state = g_new0(struct mailbox_state, 1);
                state->mailbox = statement_text_copy(statement, 0);
                state->state = statement_text_copy(statement, 1);
                state->error = statement_text_copy(statement, 2);
                state->changed_ms = statement_int(statement, 3);
                state->retry_ms = statement_int(statement, 4);
                state->last_mail_ms = statement_int(statement, 5);
                state->problem = statement_text_copy(statement, 6);
                state->mode = statement_text_copy(statement, 7);
                state->failures = (unsigned) statement_int(statement, 8);
                state->failing_ms = statement_int(statement, 9);
                state->reconciled_ms = statement_int(statement, 10);
                g_ptr_array_add(states, state);
        }
        statement_done(statement);
        return r;
}

int cursors_list(struct database *db, GPtrArray **ret_cursors, GPtrArray **ret_states, struct error *err)
{
        g_autoptr(GPtrArray) cursors = g_ptr_array_new_with_free_func(free_cursor);
        g_autoptr(GPtrArray) states = g_ptr_array_new_with_free_func(free_state);
        int r = list_cursors(db, cursors, err);
        if (r == 0)
                r = list_states(db, states, err);
        if (r < 0) {
                error_prefix(err, "cannot list the mailboxes");
                return r;
        }
        *ret_cursors = g_steal_pointer(&cursors);
        *ret_states = g_steal_pointer(&states);
        return 0;
}
