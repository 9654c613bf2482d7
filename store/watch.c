/* SPDX-License-Identifier: MIT */
#include "store/watch.h"

#include <glib.h>

#include "common/bulletin.h"

/* The number that a prepared statement for one row answers with; gives the statement back. */
static int read_number(struct statement *statement, int64_t *ret_number, struct error *err)
{
        int r = statement_step(statement, err);
        if (r >= 0)
                *ret_number = r > 0 ? statement_int(statement, 0) : 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int find_since(struct database *db, const char *name, int64_t *ret_since_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT since_ms FROM watch WHERE name = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, name);
        return read_number(statement, ret_since_ms, err);
}

static int add_since(struct database *db, const char *name, int64_t now_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "INSERT INTO watch (name, since_ms) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, name);
        statement_bind_int(statement, 2, now_ms);
        return statement_run(statement, err);
}

int watch_since(struct database *db, const char *name, int64_t now_ms, int64_t *ret_since_ms, struct error *err)
{
        int64_t since_ms = 0;
        int r = find_since(db, name, &since_ms, err);
        if (r == 0 && since_ms == 0) {
                r = add_since(db, name, now_ms, err);
                since_ms = now_ms;
        }
        if (r < 0)
                error_prefix(err, "cannot read since when %s is watched", name);
        else
                *ret_since_ms = since_ms;
        return r;
}

int watch_bulletin_came(struct database *db, const char *source, int64_t since_ms, bool *ret_came, struct error *err)
{
        struct statement *statement;
        int64_t came = 0;
        int r = database_prepare(db,
                                 "SELECT EXISTS (SELECT 1 FROM sighting JOIN mail ON mail.id = mail_id WHERE source = ?1"
                                 " AND seen_ms >= ?2 AND stored_ms >= ?2 AND outcome = 0 AND unverified IS NULL)",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, source);
                statement_bind_int(statement, 2, since_ms);
                r = read_number(statement, &came, err);
        }
        if (r < 0)
                error_prefix(err, "cannot read what %s has brought", source);
        else
                *ret_came = came != 0;
        return r;
}

int watch_last_bulletin(struct database *db, const char *source, int64_t *ret_last_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT iif(received_ms BETWEEN 1 AND stored_ms, received_ms, stored_ms) FROM sighting"
                                 " JOIN mail ON mail.id = mail_id WHERE source = ?1 AND outcome = 0 AND unverified IS NULL"
                                 " ORDER BY seen_ms DESC LIMIT 1",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, source);
                r = read_number(statement, ret_last_ms, err);
        }
        if (r < 0)
                error_prefix(err, "cannot read what %s brought last", source);
        return r;
}

int watch_alert_came(struct database *db, int64_t since_ms, bool *ret_came, struct error *err)
{
        struct statement *statement;
        int64_t came = 0;
        int r = database_prepare(db,
                                 "SELECT EXISTS (SELECT 1 FROM revision JOIN bulletin ON bulletin.id = bulletin_id"
                                 " WHERE revision.history = 0 AND stored_ms >= ?1 AND kind = ?2 AND unverified = 0)",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, since_ms);
                statement_bind_int(statement, 2, BULLETIN_ALERT);
                r = read_number(statement, &came, err);
        }
        if (r < 0)
                error_prefix(err, "cannot read whether an alert has come");
        else
                *ret_came = came != 0;
        return r;
}

int watch_quarantined(struct database *db, int64_t since_ms, int64_t *ret_count, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT count(*) FROM quarantine JOIN mail ON mail.id = mail_id"
                                 " WHERE first_ms >= ?1 AND history = 0",
                                 &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, since_ms);
                r = read_number(statement, ret_count, err);
        }
        if (r < 0)
                error_prefix(err, "cannot count what went into quarantine");
        return r;
}

/* --- channels --- */

void watch_channel_clear(struct watch_channel *channel)
{
        g_clear_pointer(&channel->dead_answer, g_free);
        g_clear_pointer(&channel->failing_answer, g_free);
}

static int look_at_dead(struct database *db, const char *name, struct watch_channel *channel, int64_t *ret_attempt_id,
                        struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT max(attempt.id), count(DISTINCT outbox.id), outbox.id, at_ms, attempt.answer"
                                 " FROM outbox JOIN attempt ON delivery_id = outbox.id"
                                 " WHERE state = 2 AND channel = ?1 AND result = 'dead'",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, name);
        r = statement_step(statement, err);
        if (r > 0) { /* beside max(), the other columns are those of its row */
                *ret_attempt_id = statement_int(statement, 0);
                channel->dead = statement_int(statement, 1);
                channel->dead_id = statement_int(statement, 2);
                channel->dead_ms = statement_int(statement, 3);
                channel->dead_answer = statement_text_copy(statement, 4);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

/* The first of those that were given up in a row: nothing was sent between it and the last. */
static int look_at_run(struct database *db, const char *name, int64_t last_attempt_id, struct watch_channel *channel,
                       struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT min(at_ms) FROM outbox JOIN attempt ON delivery_id = outbox.id"
                                 " WHERE state = 2 AND channel = ?1 AND result = 'dead' AND attempt.id >"
                                 " ifnull((SELECT a.id FROM attempt AS a JOIN outbox AS o ON o.id = a.delivery_id"
                                 " WHERE a.id < ?2 AND o.channel = ?1 AND a.result = 'sent' ORDER BY a.id DESC LIMIT 1), 0)",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, name);
        statement_bind_int(statement, 2, last_attempt_id);
        return read_number(statement, &channel->dead_since_ms, err);
}

static int look_at_failing(struct database *db, const char *name, struct watch_channel *channel, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT id, since_ms, answer,"
                                 " (SELECT count(*) FROM outbox WHERE channel = ?1 AND state = 0) FROM outbox"
                                 " WHERE channel = ?1 AND state = 0 AND attempts > 0 ORDER BY since_ms, id LIMIT 1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, name);
        r = statement_step(statement, err);
        if (r > 0) {
                channel->failing_id = statement_int(statement, 0);
                channel->failing_ms = statement_int(statement, 1);
                channel->failing_answer = statement_text_copy(statement, 2);
                channel->waiting = statement_int(statement, 3);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

int watch_channel_look(struct database *db, const char *name, struct watch_channel *ret_channel, struct error *err)
{
        struct watch_channel channel = { 0 };
        int64_t attempt_id = 0;
        int r = look_at_dead(db, name, &channel, &attempt_id, err);
        if (r == 0 && channel.dead > 0)
                r = look_at_run(db, name, attempt_id, &channel, err);
        if (r == 0)
                r = look_at_failing(db, name, &channel, err);
        if (r < 0) {
                watch_channel_clear(&channel);
                error_prefix(err, "cannot read how channel %s does", name);
                return r;
        }
        *ret_channel = channel;
        return 0;
}
