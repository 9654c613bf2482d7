/* SPDX-License-Identifier: MIT */
#include "store/outbox.h"

#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "store/outbox_p.h"

const char *delivery_state_name(enum delivery_state state)
{
        static const char *const names[DELIVERY_STATE_MAX] = {
                [DELIVERY_PENDING] = "pending",
                [DELIVERY_SENT] = "sent",
                [DELIVERY_DEAD] = "dead",
                [DELIVERY_DROPPED] = "dropped",
        };
        return (unsigned) state < DELIVERY_STATE_MAX ? names[state] : "unknown";
}

void delivery_free(struct delivery *delivery)
{
        if (!delivery)
                return;
        g_free(delivery->identity);
        g_free(delivery->channel);
        g_free(delivery->kind);
        g_free(delivery->payload);
        g_free(delivery->thread);
        g_free(delivery->answer);
        g_free(delivery->memo);
        g_free(delivery->about);
        g_free(delivery->thread_memo);
        g_free(delivery);
}

void outbox_free_delivery(void *delivery)
{
        delivery_free(delivery);
}

struct delivery *outbox_read_delivery(struct statement *statement)
{
        int64_t state = statement_int(statement, 7);
        struct delivery *delivery = g_new0(struct delivery, 1);
        *delivery = (struct delivery) {
                .id = statement_int(statement, 0),
                .identity = statement_text_copy(statement, 1),
                .channel = statement_text_copy(statement, 2),
                .kind = statement_text_copy(statement, 3),
                .bulletin_id = statement_int(statement, 4),
                .payload = statement_text_copy(statement, 5),
                .thread = statement_text_copy(statement, 6),
                .state = state >= 0 && state < DELIVERY_STATE_MAX ? (enum delivery_state) state : DELIVERY_STATE_MAX,
                .attempts = (unsigned) statement_int(statement, 8),
                .created_ms = statement_int(statement, 9),
                .next_ms = statement_int(statement, 10),
                .sent_ms = statement_int(statement, 11),
                .answer = statement_text_copy(statement, 12),
                .memo = statement_text_copy(statement, 13),
                .tries = (unsigned) statement_int(statement, 14),
                .since_ms = statement_int(statement, 15),
        };
        return delivery;
}

char *outbox_identity(const char *channel, const char *feed, const char *key, const char *kind, const char *fingerprint)
{
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256_strings(digest, channel ? channel : "", feed ? feed : "", key ? key : "", kind ? kind : "",
                              fingerprint ? fingerprint : "", NULL);
        return g_strdup(digest);
}

/* --- asking --- */

/* What has not been tried yet and waits, for the end of quiet hours, is due at next_ms if that is sooner. */
#define BRING_FORWARD "UPDATE outbox SET next_ms = ?2, since_ms = max(created_ms, ?2)" \
                      " WHERE state = 0 AND attempts = 0 AND next_ms > ?2 AND "

static int bring_forward(struct database *db, const char *sql, int64_t id, int64_t next_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, id);
        statement_bind_int(statement, 2, next_ms);
        return statement_run(statement, err);
}

static const char bring_one_sql[] = BRING_FORWARD "id = ?1";
/* The first of the thread, and what else was asked for before. */
static const char bring_first_sql[] = BRING_FORWARD "identity = (SELECT thread FROM outbox WHERE id = ?1)";
static const char bring_others_sql[] = BRING_FORWARD "thread = (SELECT thread FROM outbox WHERE id = ?1) AND id < ?1";

static int find_identity(struct database *db, const char *identity, int64_t *ret_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT id FROM outbox WHERE identity = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, identity);
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_id = r > 0 ? statement_int(statement, 0) : 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int insert_delivery(struct database *db, const struct delivery *delivery, int64_t *ret_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                db,
                "INSERT INTO outbox (identity, channel, kind, bulletin_id, payload, thread, state, attempts,"
                " created_ms, next_ms, since_ms, sent_ms) VALUES (?1, ?2, ?3, nullif(?4, 0), ?5,"
                " iif(?4 = 0, (SELECT identity FROM outbox WHERE identity = ?9),"
                " (SELECT identity FROM outbox WHERE bulletin_id = ?4 AND channel = ?2 ORDER BY id LIMIT 1)),"
                " ?6, 0, ?7, ?8, max(?7, ?8), 0)",
                &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, delivery->identity);
        statement_bind_text(statement, 2, delivery->channel);
        statement_bind_text(statement, 3, delivery->kind);
        statement_bind_int(statement, 4, delivery->bulletin_id);
        statement_bind_text(statement, 5, delivery->payload);
        statement_bind_int(statement, 6, DELIVERY_PENDING);
        statement_bind_int(statement, 7, delivery->created_ms ? delivery->created_ms : clock_wall_ms());
        statement_bind_int(statement, 8, delivery->next_ms);
        statement_bind_text(statement, 9, delivery->thread);
        r = statement_run(statement, err);
        if (r == 0)
                *ret_id = database_last_id(db);
        return r;
}

static int tie(struct database *db, int64_t decision_id, int64_t delivery_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO decision_delivery (decision_id, delivery_id) VALUES (?1, ?2)"
                                 " ON CONFLICT (decision_id, delivery_id) DO NOTHING",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, decision_id);
        statement_bind_int(statement, 2, delivery_id);
        return statement_run(statement, err);
}

static int add(struct database *db, const struct delivery *delivery, int64_t decision_id, bool *ret_known,
               struct error *err)
{
        int64_t id = 0;
        int r = find_identity(db, delivery->identity, &id, err);
        if (r < 0)
                return r;
        *ret_known = id != 0;
        if (id == 0)
                r = insert_delivery(db, delivery, &id, err);
        else
                r = bring_forward(db, bring_one_sql, id, delivery->next_ms, err);
        bool moved = !*ret_known || (r == 0 && database_changes(db) > 0);
        if (r == 0 && moved)
                r = bring_forward(db, bring_first_sql, id, delivery->next_ms, err);
        if (r == 0 && moved)
                r = bring_forward(db, bring_others_sql, id, delivery->next_ms, err);
        if (r == 0 && decision_id)
                r = tie(db, decision_id, id, err);
        return r;
}

int outbox_add(struct database *db, const struct delivery *delivery, int64_t decision_id, bool *ret_known,
               struct error *err)
{
        bool known = false;
        int r = database_enter(db, err);
        if (r == 0)
                r = database_leave(db, add(db, delivery, decision_id, &known, err), err);
        if (r < 0)
                error_prefix(err, "cannot queue a delivery for channel %s", delivery->channel);
        else
                *ret_known = known;
        return r;
}
