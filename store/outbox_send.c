/* SPDX-License-Identifier: MIT */
/* The part of outbox.h that a sender needs: taking a delivery, and what became of it. */
#include <errno.h>
#include <string.h>

#include "common/limits.h"
#include "store/outbox_p.h"

/* A claim whose time is over counts as none. */
#define IS_FREE "(owner IS NULL OR expires_ms <= ?2)"

/* An all-clear never overtakes the alarm that it ends, which may be waiting for another try: whoever got them in the other
 * order would be left with the alarm. */
#define IS_IN_ORDER \
        "NOT (kind IN ('lowered', 'acknowledged', 'recovered') AND (" \
        "EXISTS (SELECT 1 FROM outbox AS head WHERE head.identity = outbox.thread AND head.state = 0) OR " \
        "EXISTS (SELECT 1 FROM outbox AS older WHERE older.bulletin_id = outbox.bulletin_id AND older.channel = outbox.channel" \
        " AND older.state = 0 AND older.id < outbox.id)))"

/* Of the pending deliveries of a channel: a number of one that can be taken now (0: none). */
static const char due_sql[] =
        "SELECT id FROM outbox WHERE channel = ?1 AND state = 0 AND next_ms <= ?2 AND " IS_FREE
        " AND " IS_IN_ORDER " LIMIT 1";
/* When the first of them can be (0: there are none). One that waits for its alarm has it among the others. */
static const char next_sql[] =
        "SELECT min(iif(" IS_FREE ", next_ms, max(next_ms, expires_ms))) FROM outbox WHERE channel = ?1 AND state = 0"
        " AND " IS_IN_ORDER;

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
                                 "UPDATE outbox SET owner = ?3, expires_ms = ?4, tries = tries + 1"
                                 " WHERE id = (SELECT id FROM outbox WHERE channel = ?1 AND state = 0 AND next_ms <= ?2 AND " IS_FREE
                                 " AND " IS_IN_ORDER " ORDER BY next_ms, id LIMIT 1) RETURNING " DELIVERY_COLUMNS,
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

/* What the channel noted of the first delivery of a thread. One that was given up has nothing; then the first one that was
 * sent stands for it. */
static int read_thread_memo(struct database *db, struct delivery *delivery, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT memo FROM (SELECT memo, 0 AS id FROM outbox WHERE identity = ?1 AND memo IS NOT NULL"
                                 " UNION ALL SELECT memo, id FROM outbox WHERE thread = ?1 AND memo IS NOT NULL AND state = 1"
                                 " AND id <> ?2) ORDER BY id LIMIT 1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, delivery->thread);
        statement_bind_int(statement, 2, delivery->id);
        r = statement_step(statement, err);
        if (r > 0)
                delivery->thread_memo = statement_text_copy(statement, 0);
        statement_done(statement);
        return r < 0 ? r : 0;
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
        if (r == 0 && delivery && delivery->thread)
                r = read_thread_memo(db, delivery, err);
        if (r == 0 && !delivery)
                r = ask(db, next_sql, channel, now_ms, &next_ms, err);
        if (r < 0) {
                delivery_free(delivery); /* its claim is the owner's, who gives it up */
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

static int update_delivery(struct database *db, int64_t id, const char *owner, const struct delivery_outcome *outcome,
                           const char *answer, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                db,
                "UPDATE outbox SET state = ?3, attempts = attempts + 1, answer = ?6, owner = NULL,"
                " expires_ms = NULL, next_ms = iif(?3 = 0, ?5, next_ms), sent_ms = iif(?3 = 1, ?4, sent_ms),"
                " memo = coalesce(?7, memo), tries = iif(?3 = 1, 0, tries - iif(?8, 0, 1))"
                " WHERE id = ?1 AND owner = ?2 AND state = 0",
                &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, id);
        statement_bind_text(statement, 2, owner);
        statement_bind_int(statement, 3, outcome->state);
        statement_bind_int(statement, 4, outcome->sent_ms ? outcome->sent_ms : outcome->now_ms);
        statement_bind_int(statement, 5, outcome->next_ms);
        statement_bind_text(statement, 6, answer);
        statement_bind_text(statement, 7, outcome->memo);
        statement_bind_int(statement, 8, outcome->unclear);
        r = statement_run(statement, err);
        if (r == 0 && database_changes(db) == 0)
                return error_set(err, -ERR_NOT_FOUND, "%s does not hold the claim on it any more", owner);
        return r;
}

int outbox_insert_attempt(struct database *db, int64_t delivery_id, int64_t at_ms, const char *result, const char *answer,
                          struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "INSERT INTO attempt (delivery_id, at_ms, result, answer) VALUES (?1, ?2, ?3, ?4)",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, delivery_id);
        statement_bind_int(statement, 2, at_ms);
        statement_bind_text(statement, 3, result);
        statement_bind_text(statement, 4, answer);
        return statement_run(statement, err);
}

int outbox_record(struct database *db, const struct delivery *delivery, const char *owner,
                  const struct delivery_outcome *outcome, struct error *err)
{
        static const char *const results[] = {
                [DELIVERY_PENDING] = "retry",
                [DELIVERY_SENT] = "sent",
                [DELIVERY_DEAD] = "dead",
        };
        if ((unsigned) outcome->state >= G_N_ELEMENTS(results))
                return error_set(err, -EINVAL, "no attempt ends in this state of a delivery: %d", (int) outcome->state);
        g_autofree char *kept = cut_answer(outcome->answer);
        int r = database_enter(db, err);
        if (r == 0) {
                r = update_delivery(db, delivery->id, owner, outcome, kept, err);
                if (r == 0)
                        r = outbox_insert_attempt(db, delivery->id, outcome->now_ms, results[outcome->state], kept, err);
                r = database_leave(db, r, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store the result of delivery %" G_GINT64_FORMAT, delivery->id);
        return r;
}

static int put_back(struct database *db, int64_t id, const char *owner, int64_t now_ms, bool unclear, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "UPDATE outbox SET owner = NULL, expires_ms = NULL, tries = tries - iif(?3, 0, 1)"
                                 " WHERE id = ?1 AND owner = ?2 AND state = 0",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, id);
        statement_bind_text(statement, 2, owner);
        statement_bind_int(statement, 3, unclear);
        r = statement_run(statement, err);
        if (r == 0 && database_changes(db) > 0 && unclear)
                r = outbox_insert_attempt(db, id, now_ms, "stopped",
                                          "broken off when hotfixd was stopped; it may have arrived", err);
        return r;
}

int outbox_put_back(struct database *db, const struct delivery *delivery, const char *owner, int64_t now_ms, bool unclear,
                    struct error *err)
{
        int r = database_enter(db, err);
        if (r == 0)
                r = database_leave(db, put_back(db, delivery->id, owner, now_ms, unclear, err), err);
        if (r < 0)
                error_prefix(err, "cannot give back delivery %" G_GINT64_FORMAT, delivery->id);
        return r;
}

int outbox_hurry(struct database *db, const char *channel, int64_t now_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "UPDATE outbox SET next_ms = ?2 WHERE channel = ?1 AND state = 0 AND attempts > 0"
                                 " AND next_ms > ?2 AND owner IS NULL",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, channel);
                statement_bind_int(statement, 2, now_ms);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot hurry the deliveries for channel %s", channel);
        return r;
}

#define WAITS_TOO_LONG \
        " WHERE channel = ?1 AND state = 0 AND owner IS NULL AND (next_ms > ?4 OR (next_ms > ?3 AND attempts > 0))"

/* First without a lock, as with claims. */
static const char *const mend_sql[] = {
        "SELECT 1 FROM outbox" WAITS_TOO_LONG " LIMIT 1",
        "UPDATE outbox SET next_ms = ?2, since_ms = min(since_ms, ?2)" WAITS_TOO_LONG " RETURNING 1",
};

/* 1: there was a row. */
static int step_mending(struct database *db, const char *sql, const char *channel, int64_t now_ms, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, channel);
        statement_bind_int(statement, 2, now_ms);
        statement_bind_int(statement, 3, add_bounded(now_ms, OUTBOX_PUT_OFF_MS_MAX));
        statement_bind_int(statement, 4, add_bounded(now_ms, OUTBOX_WAIT_MS_MAX));
        int found = 0;
        while ((r = statement_step(statement, err)) > 0)
                found = 1;
        statement_done(statement);
        return r < 0 ? r : found;
}

int outbox_mend_times(struct database *db, const char *channel, int64_t now_ms, bool *ret_mended, struct error *err)
{
        int r = 1;
        for (size_t i = 0; r > 0 && i < G_N_ELEMENTS(mend_sql); i++)
                r = step_mending(db, mend_sql[i], channel, now_ms, err);
        if (r < 0) {
                error_prefix(err, "cannot mend the times of the deliveries for channel %s", channel);
                return r;
        }
        *ret_mended = r > 0;
        return 0;
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
