/* SPDX-License-Identifier: MIT */
#include "store/outbox.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/limits.h"
#include "store/outbox_p.h"

const char *delivery_state_name(enum delivery_state state)
{
        static const char *const names[DELIVERY_STATE_MAX] = {
                [DELIVERY_PENDING] = "pending",
                [DELIVERY_SENT] = "sent",
                [DELIVERY_DEAD] = "dead",
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
                " created_ms, next_ms, sent_ms) VALUES (?1, ?2, ?3, nullif(?4, 0), ?5,"
                " iif(?4 = 0, (SELECT identity FROM outbox WHERE identity = ?9),"
                " (SELECT identity FROM outbox WHERE bulletin_id = ?4 AND channel = ?2 ORDER BY id LIMIT 1)),"
                " ?6, 0, ?7, ?8, 0)",
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

/* --- sending --- */

/* A claim whose time is over counts as none. */
#define IS_FREE "(owner IS NULL OR expires_ms <= ?2)"

/* Of the pending deliveries of a channel: a number of one that can be taken now (0: none). */
static const char due_sql[] =
        "SELECT id FROM outbox WHERE channel = ?1 AND state = 0 AND next_ms <= ?2 AND " IS_FREE " LIMIT 1";
/* When the first of them can be (0: there are none). */
static const char next_sql[] =
        "SELECT min(iif(" IS_FREE ", next_ms, max(next_ms, expires_ms))) FROM outbox WHERE channel = ?1 AND state = 0";

static int ask(struct database *db, const char *sql, const char *channel, int64_t now_ms, int64_t *ret_value,
               struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, channel);
        statement_bind_int(statement, 2, now_ms);
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_value = r > 0 ? statement_int(statement, 0) : 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

/* One statement looks and takes, so that two senders can't take the same one. */
static int take_due(struct database *db, const char *channel, const char *owner, int64_t now_ms, int64_t expires_ms,
                    struct delivery **ret_delivery, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "UPDATE outbox SET owner = ?3, expires_ms = ?4 WHERE id = (SELECT id FROM outbox"
                                 " WHERE channel = ?1 AND state = 0 AND next_ms <= ?2 AND " IS_FREE
                                 " ORDER BY next_ms, id LIMIT 1) RETURNING " DELIVERY_COLUMNS,
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, channel);
        statement_bind_int(statement, 2, now_ms);
        statement_bind_text(statement, 3, owner);
        statement_bind_int(statement, 4, expires_ms);
        struct delivery *delivery = NULL;
        r = statement_step(statement, err);
        if (r > 0) {
                delivery = outbox_read_delivery(statement);
                r = statement_step(statement, err); /* outside a transaction this is the commit: only now it is ours */
        }
        statement_done(statement);
        if (r < 0) {
                delivery_free(delivery);
                return r;
        }
        *ret_delivery = delivery;
        return 0;
}

static int64_t add_bounded(int64_t a, int64_t b)
{
        return b > 0 && a > INT64_MAX - b ? INT64_MAX : a + b;
}

int outbox_claim(struct database *db, const char *channel, const char *owner, int64_t now_ms, int64_t lease_ms,
                 struct delivery **ret_delivery, int64_t *ret_next_ms, struct error *err)
{
        struct delivery *delivery = NULL;
        int64_t due_id = 0, next_ms = 0;
        /* First without a lock: mostly nothing is due, and a sender that looks must not hold up the writer. */
        int r = ask(db, due_sql, channel, now_ms, &due_id, err);
        if (r == 0 && due_id)
                r = take_due(db, channel, owner, now_ms, add_bounded(now_ms, lease_ms), &delivery, err);
        if (r == 0 && !delivery)
                r = ask(db, next_sql, channel, now_ms, &next_ms, err);
        if (r < 0) {
                error_prefix(err, "cannot take a delivery for channel %s", channel);
                return r;
        }
        *ret_delivery = delivery;
        *ret_next_ms = next_ms;
        return 0;
}

/* What is kept of an answer: valid UTF-8 of at most so many bytes, cut between characters. NULL stays NULL. */
static char *cut_answer(const char *answer)
{
        if (!answer)
                return NULL;
        char *kept = g_utf8_make_valid(answer, (gssize) strnlen(answer, LIMIT_ANSWER_BYTES));
        if (strlen(kept) > LIMIT_ANSWER_KEPT_BYTES) {
                char *end = kept + LIMIT_ANSWER_KEPT_BYTES;
                while (end > kept && ((unsigned char) *end & 0xc0) == 0x80)
                        end--;
                *end = '\0';
        }
        return kept;
}

static int update_delivery(struct database *db, int64_t id, const char *owner, enum delivery_state state,
                           int64_t now_ms, int64_t next_ms, const char *answer, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                db,
                "UPDATE outbox SET state = ?3, attempts = attempts + 1, answer = ?6, owner = NULL,"
                " expires_ms = NULL, next_ms = iif(?3 = 0, ?5, next_ms), sent_ms = iif(?3 = 1, ?4, sent_ms)"
                " WHERE id = ?1 AND owner = ?2 AND state = 0",
                &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, id);
        statement_bind_text(statement, 2, owner);
        statement_bind_int(statement, 3, state);
        statement_bind_int(statement, 4, now_ms);
        statement_bind_int(statement, 5, next_ms);
        statement_bind_text(statement, 6, answer);
        r = statement_run(statement, err);
        if (r == 0 && database_changes(db) == 0)
                return error_set(err, -ERR_NOT_FOUND, "%s does not hold the claim on it any more", owner);
        return r;
}

static int insert_attempt(struct database *db, int64_t delivery_id, int64_t at_ms, enum delivery_state state,
                          const char *answer, struct error *err)
{
        static const char *const results[DELIVERY_STATE_MAX] = {
                [DELIVERY_PENDING] = "retry",
                [DELIVERY_SENT] = "sent",
                [DELIVERY_DEAD] = "dead",
        };
        struct statement *statement;
        int r = database_prepare(db, "INSERT INTO attempt (delivery_id, at_ms, result, answer) VALUES (?1, ?2, ?3, ?4)",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, delivery_id);
        statement_bind_int(statement, 2, at_ms);
        statement_bind_text(statement, 3, results[state]);
        statement_bind_text(statement, 4, answer);
        return statement_run(statement, err);
}

int outbox_record(struct database *db, const struct delivery *delivery, const char *owner, enum delivery_state state,
                  int64_t now_ms, int64_t next_ms, const char *answer, struct error *err)
{
        if ((unsigned) state >= DELIVERY_STATE_MAX)
                return error_set(err, -EINVAL, "no such state of a delivery: %d", (int) state);
        g_autofree char *kept = cut_answer(answer);
        int r = database_enter(db, err);
        if (r == 0) {
                r = update_delivery(db, delivery->id, owner, state, now_ms, next_ms, kept, err);
                if (r == 0)
                        r = insert_attempt(db, delivery->id, now_ms, state, kept, err);
                r = database_leave(db, r, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store the result of delivery %" G_GINT64_FORMAT, delivery->id);
        return r;
}

int outbox_release(struct database *db, const char *owner, struct error *err)
{
        struct statement *statement;
        int r = owner ? database_prepare(db, "UPDATE outbox SET owner = NULL, expires_ms = NULL WHERE owner = ?1",
                                         &statement, err)
                      : database_prepare(db,
                                         "UPDATE outbox SET owner = NULL, expires_ms = NULL WHERE owner IS NOT NULL",
                                         &statement, err);
        if (r == 0) {
                if (owner)
                        statement_bind_text(statement, 1, owner);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot give up the claims of deliveries");
        return r;
}
