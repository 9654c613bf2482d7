/* SPDX-License-Identifier: MIT */
/* Looking at the outbox. */
#include <string.h>

#include "common/text.h"
#include "store/outbox_p.h"

static void free_attempt(void *data)
{
        struct attempt *attempt = data;
        g_free(attempt->result);
        g_free(attempt->answer);
        g_free(attempt);
}

/* Behind DELIVERY_COLUMNS. */
#define ABOUT_COLUMN ", (SELECT coalesce(number, key) FROM bulletin WHERE bulletin.id = outbox.bulletin_id)"
#define ABOUT_INDEX 16

static struct delivery *read_with_about(struct statement *statement)
{
        struct delivery *delivery = outbox_read_delivery(statement);
        delivery->about = statement_text_copy(statement, ABOUT_INDEX);
        return delivery;
}

/* Newest first, in the order of the index: the payloads are not read. */
static int search_state(struct database *db, int state, const struct outbox_filter *filter, GPtrArray *deliveries,
                        struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT id, identity, channel, kind, bulletin_id, '', thread, state, attempts, created_ms,"
                                 " next_ms, sent_ms, answer, memo, tries, since_ms" ABOUT_COLUMN " FROM outbox"
                                 " WHERE state = ?1 AND (?2 IS NULL OR channel = ?2) ORDER BY id DESC LIMIT ?3",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, state);
        statement_bind_text(statement, 2, filter->channel);
        statement_bind_int(statement, 3, filter->limit ? (int64_t) filter->limit : -1);
        while ((r = statement_step(statement, err)) > 0)
                g_ptr_array_add(deliveries, read_with_about(statement));
        statement_done(statement);
        return r;
}

static gint compare_newest(gconstpointer a, gconstpointer b)
{
        const struct delivery *one = *(const struct delivery *const *) a, *other = *(const struct delivery *const *) b;
        return (one->id < other->id) - (one->id > other->id);
}

int outbox_search(struct database *db, const struct outbox_filter *filter, GPtrArray **ret_deliveries, struct error *err)
{
        g_autoptr(GPtrArray) deliveries = g_ptr_array_new_with_free_func(outbox_free_delivery);
        for (int state = 0; state < DELIVERY_STATE_MAX; state++) {
                bool asked = filter->states == 0 || (filter->states >> state & 1);
                int r = asked ? search_state(db, state, filter, deliveries, err) : 0;
                if (r < 0) {
                        error_prefix(err, "cannot list the deliveries");
                        return r;
                }
        }
        g_ptr_array_sort(deliveries, compare_newest);
        if (filter->limit && deliveries->len > filter->limit)
                g_ptr_array_set_size(deliveries, (gint) filter->limit);
        *ret_deliveries = g_steal_pointer(&deliveries);
        return 0;
}

#define IDENTITY_DIGITS 64u
#define PREFIX_DIGITS_MIN 6u

/* The identities from this prefix on, as far as "g", which sorts behind every digit. */
static int find_by_identity(struct database *db, const char *what, struct delivery **ret_delivery, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT " DELIVERY_COLUMNS ABOUT_COLUMN " FROM outbox"
                                 " WHERE identity >= ?1 AND identity < ?1 || 'g' ORDER BY identity LIMIT 2",
                                 &statement, err);
        if (r < 0)
                return r;
        g_autofree char *prefix = g_ascii_strdown(what, -1);
        statement_bind_text(statement, 1, prefix);
        struct delivery *found = NULL;
        if ((r = statement_step(statement, err)) > 0) {
                found = read_with_about(statement);
                r = statement_step(statement, err);
        }
        statement_done(statement);
        if (r > 0)
                r = error_set(err, -ERR_USAGE, "several deliveries have an identity that starts with %s", what);
        if (r == 0 && found)
                *ret_delivery = g_steal_pointer(&found);
        delivery_free(found);
        return r;
}

static int find_by_number(struct database *db, const char *what, struct delivery **ret_delivery, struct error *err)
{
        guint64 id;
        if (text_parse_uint64(what, G_MAXINT64, &id) < 0)
                return 0;
        struct statement *statement;
        int r = database_prepare(db, "SELECT " DELIVERY_COLUMNS ABOUT_COLUMN " FROM outbox WHERE id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, (int64_t) id);
        r = statement_step(statement, err);
        if (r > 0)
                *ret_delivery = read_with_about(statement);
        statement_done(statement);
        return r < 0 ? r : 0;
}

static bool may_be_identity(const char *what)
{
        size_t length = strlen(what);
        return length >= PREFIX_DIGITS_MIN && length <= IDENTITY_DIGITS && strspn(what, "0123456789abcdefABCDEF") == length;
}

int outbox_find(struct database *db, const char *what, struct delivery **ret_delivery, struct error *err)
{
        struct delivery *found = NULL;
        int r = find_by_number(db, what, &found, err);
        if (r == 0 && !found && may_be_identity(what))
                r = find_by_identity(db, what, &found, err);
        if (r == 0 && !found)
                r = error_set(err, -ERR_NOT_FOUND, "there is no delivery %s", what);
        if (r == 0)
                *ret_delivery = found;
        return r;
}

int outbox_is_sent(struct database *db, const char *identity, bool *ret_sent, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT 1 FROM outbox WHERE identity = ?1 AND state = 1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, identity);
        r = statement_step(statement, err);
        statement_done(statement);
        if (r >= 0)
                *ret_sent = r > 0;
        return r < 0 ? r : 0;
}

int outbox_attempts(struct database *db, int64_t delivery_id, GPtrArray **ret_attempts, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT at_ms, result, answer FROM attempt WHERE delivery_id = ?1 ORDER BY id",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, delivery_id);
        g_autoptr(GPtrArray) attempts = g_ptr_array_new_with_free_func(free_attempt);
        while ((r = statement_step(statement, err)) > 0) {
                struct attempt *attempt = g_new0(struct attempt, 1);
                attempt->at_ms = statement_int(statement, 0);
                attempt->result = statement_text_copy(statement, 1);
                attempt->answer = statement_text_copy(statement, 2);
                g_ptr_array_add(attempts, attempt);
        }
        statement_done(statement);
        if (r == 0)
                *ret_attempts = g_steal_pointer(&attempts);
        return r;
}

int outbox_count(struct database *db, enum delivery_state state, int64_t *ret_count, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT count(*) FROM outbox WHERE state BETWEEN ?1 AND ?2", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, state == DELIVERY_STATE_MAX ? 0 : state);
        statement_bind_int(statement, 2, state);
        r = statement_step(statement, err);
        if (r > 0)
                *ret_count = statement_int(statement, 0);
        statement_done(statement);
        return r < 0 ? r : 0;
}
