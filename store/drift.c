/* SPDX-License-Identifier: MIT */
#include "store/drift.h"

#include <string.h>

#include "common/text.h"

#define LIVE_RUN_LESS_ONE 4
G_STATIC_ASSERT(LIVE_RUN_LESS_ONE + 1 == DRIFT_LIVE_RUN);

/* --- fields --- */

void fill_counts_add(struct fill_counts *counts, uint64_t mask)
{
        counts->bulletins++;
        for (unsigned i = 0; i < BULLETIN_FILL_MAX; i++)
                counts->filled[i] += (mask >> i) & 1;
}

/* The numbers of a row; one that ends early was written before the last fields were counted. */
static int parse_sums(const char *text, struct fill_counts *counts)
{
        g_auto(GStrv) numbers = g_strsplit(text ? text : "", " ", BULLETIN_FILL_MAX + 1);
        for (unsigned i = 0; i < BULLETIN_FILL_MAX && numbers[i]; i++) {
                guint64 number;
                if (text_parse_uint64(numbers[i], (guint64) counts->bulletins, &number) < 0)
                        return -ERR_STORE_CORRUPT;
                counts->filled[i] = (int64_t) number;
        }
        return 0;
}

/* sql has three parameters: the feed, the kind, and the number of rows. */
static int count_rows(struct database *db, const char *sql, const char *feed, enum bulletin_kind kind, int64_t max,
                      struct fill_counts *ret_counts, struct error *err)
{
        struct fill_counts counts = { 0 };
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, feed);
                statement_bind_int(statement, 2, kind);
                statement_bind_int(statement, 3, max);
                while ((r = statement_step(statement, err)) > 0)
                        fill_counts_add(&counts, (uint64_t) statement_int(statement, 0));
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot read which fields the last bulletins of %s have", feed);
        else
                *ret_counts = counts;
        return r;
}

int drift_counts_last(struct database *db, const char *feed, enum bulletin_kind kind, bool live_only, unsigned max,
                      struct fill_counts *ret_counts, struct error *err)
{
        static const char all_sql[] = "SELECT filled FROM fill WHERE feed = ?1 AND kind = ?2 ORDER BY id DESC LIMIT ?3";
        static const char live_sql[] = "SELECT filled FROM fill WHERE feed = ?1 AND kind = ?2 AND live = 1"
                                       " ORDER BY id DESC LIMIT ?3";
        return count_rows(db, live_only ? live_sql : all_sql, feed, kind, max ? (int64_t) max : -1, ret_counts, err);
}

int drift_counts_before(struct database *db, const char *feed, enum bulletin_kind kind, struct fill_counts *ret_counts,
                        struct error *err)
{
        static const char sql[] = "SELECT filled FROM fill WHERE feed = ?1 AND kind = ?2 AND id <"
                                  " (SELECT id FROM fill WHERE feed = ?1 AND kind = ?2 AND live = 1"
                                  " ORDER BY id DESC LIMIT 1 OFFSET " G_STRINGIFY(LIVE_RUN_LESS_ONE) ")"
                                  " ORDER BY id DESC LIMIT ?3";
        return count_rows(db, sql, feed, kind, DRIFT_BEFORE, ret_counts, err);
}

/* *ret_sound: the row could be read. */
static int read_sums(struct database *db, const char *feed, enum bulletin_kind kind, struct fill_counts *counts,
                     bool *ret_sound, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT bulletins, filled FROM fill_sum WHERE feed = ?1 AND kind = ?2", &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, feed);
        statement_bind_int(statement, 2, kind);
        r = statement_step(statement, err);
        if (r > 0)
                counts->bulletins = statement_int(statement, 0);
        *ret_sound = r == 0 || parse_sums(statement_text(statement, 1), counts) == 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

int drift_counts_all(struct database *db, const char *feed, enum bulletin_kind kind, struct fill_counts *ret_counts,
                     struct error *err)
{
        struct fill_counts counts = { 0 };
        bool sound = true;
        int r = read_sums(db, feed, kind, &counts, &sound, err);
        if (r < 0)
                error_prefix(err, "cannot read which fields the bulletins of %s have", feed);
        else if (!sound) /* they are only sums: no mail has to wait for them */
                r = drift_counts_last(db, feed, kind, false, 0, &counts, err);
        if (r == 0)
                *ret_counts = counts;
        return r;
}

int drift_counts_load(struct database *db, const char *feed, enum bulletin_kind kind, struct drift_counts *ret_counts,
                      struct error *err)
{
        int r = drift_counts_all(db, feed, kind, &ret_counts->all, err);
        if (r == 0)
                r = drift_counts_before(db, feed, kind, &ret_counts->before, err);
        if (r == 0)
                r = drift_counts_last(db, feed, kind, true, DRIFT_LIVE_RUN, &ret_counts->live, err);
        return r;
}

static void free_kind(void *data)
{
        struct drift_kind *kind = data;
        g_free(kind->feed);
        g_free(kind);
}

int drift_kinds(struct database *db, GPtrArray **ret_kinds, struct error *err)
{
        struct statement *statement;
        g_autoptr(GPtrArray) kinds = g_ptr_array_new_with_free_func(free_kind);
        int r = database_prepare(db, "SELECT feed, kind FROM fill_sum ORDER BY feed, kind", &statement, err);
        if (r == 0) {
                while ((r = statement_step(statement, err)) > 0) {
                        int64_t number = statement_int(statement, 1);
                        if (number < 0 || number >= BULLETIN_KIND_MAX)
                                continue;
                        struct drift_kind *kind = g_new0(struct drift_kind, 1);
                        kind->feed = statement_text_copy(statement, 0);
                        kind->kind = (enum bulletin_kind) number;
                        g_ptr_array_add(kinds, kind);
                }
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot list the feeds");
        else
                *ret_kinds = g_steal_pointer(&kinds);
        return r;
}

/* --- labels --- */

/* *ret_new: the label was not on record. */
static int count_label(struct database *db, const char *feed, enum bulletin_kind kind, const char *label,
                       const char *bulletin, int64_t now_ms, bool *ret_new, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO unknown_label (feed, kind, label, count, first_ms, last_ms, bulletin)"
                                 " VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5) ON CONFLICT (feed, kind, label)"
                                 " DO UPDATE SET count = count + 1, last_ms = max(last_ms, ?4), bulletin = ?5"
                                 " RETURNING count",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, feed);
        statement_bind_int(statement, 2, kind);
        statement_bind_text(statement, 3, label);
        statement_bind_int(statement, 4, now_ms);
        statement_bind_text(statement, 5, bulletin);
        r = statement_step(statement, err);
        if (r > 0)
                *ret_new = statement_int(statement, 0) == 1;
        statement_done(statement);
        return r < 0 ? r : 0;
}

/* Labels come from outside, so a sender could invent any number of them. The one at hand stays: it is the news. */
static int forget_surplus(struct database *db, const char *feed, enum bulletin_kind kind, const char *newest,
                          struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "DELETE FROM unknown_label WHERE feed = ?1"
                                 " AND (SELECT count(*) FROM unknown_label WHERE feed = ?1) > ?4"
                                 " AND (kind, label) = (SELECT kind, label FROM unknown_label WHERE feed = ?1"
                                 " AND NOT (kind = ?2 AND label = ?3) ORDER BY count, last_ms, label LIMIT 1)",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, feed);
        statement_bind_int(statement, 2, kind);
        statement_bind_text(statement, 3, newest);
        statement_bind_int(statement, 4, DRIFT_LABELS_MAX);
        return statement_run(statement, err);
}

int drift_add_labels(struct database *db, const char *feed, enum bulletin_kind kind, const GPtrArray *labels,
                     const char *bulletin, int64_t now_ms, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && labels && i < labels->len; i++) {
                const char *label = g_ptr_array_index(labels, i);
                bool new = false;
                r = count_label(db, feed, kind, label, bulletin, now_ms, &new, err);
                if (r == 0 && new)
                        r = forget_surplus(db, feed, kind, label, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store the unknown labels of %s", feed);
        return r;
}

static void free_label(void *data)
{
        struct unknown_label *label = data;
        g_free(label->label);
        g_free(label->bulletin);
        g_free(label);
}

int drift_labels(struct database *db, const char *feed, enum bulletin_kind kind, GPtrArray **ret_labels, struct error *err)
{
        struct statement *statement;
        g_autoptr(GPtrArray) labels = g_ptr_array_new_with_free_func(free_label);
        int r = database_prepare(db,
                                 "SELECT label, bulletin, count, first_ms, last_ms FROM unknown_label"
                                 " WHERE feed = ?1 AND kind = ?2 ORDER BY count DESC, last_ms DESC, label",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, feed);
                statement_bind_int(statement, 2, kind);
                while ((r = statement_step(statement, err)) > 0) {
                        struct unknown_label *label = g_new0(struct unknown_label, 1);
                        label->label = statement_text_copy(statement, 0);
                        label->bulletin = statement_text_copy(statement, 1);
                        label->count = statement_int(statement, 2);
                        label->first_ms = statement_int(statement, 3);
                        label->last_ms = statement_int(statement, 4);
                        g_ptr_array_add(labels, label);
                }
                statement_done(statement);
        }
        if (r < 0)
                error_prefix(err, "cannot list the unknown labels of %s", feed);
        else
                *ret_labels = g_steal_pointer(&labels);
        return r;
}

/* --- senders --- */

void sender_record_clear(struct sender_record *record)
{
        g_free(record->feed);
        *record = (struct sender_record) { 0 };
}

int drift_sender_sent_bulletins(struct database *db, const char *address, const char *feed, int64_t count, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO sender (address, feed, bulletins, others, run) VALUES (?1, ?2, ?3, 0, 0)"
                                 " ON CONFLICT (address) DO UPDATE SET feed = ?2, bulletins = bulletins + ?3, run = 0",
                                 &statement, err);
        if (r == 0) {
                statement_bind_text(statement, 1, address);
                statement_bind_text(statement, 2, feed);
                statement_bind_int(statement, 3, count);
                r = statement_run(statement, err);
        }
        if (r < 0)
                error_prefix(err, "cannot store what %s has sent", address);
        return r;
}

static int read_sender(struct database *db, const char *address, struct sender_record *record, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT feed, bulletins, others, run FROM sender WHERE address = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, address);
        r = statement_step(statement, err);
        if (r > 0) {
                record->feed = statement_text_copy(statement, 0);
                record->bulletins = statement_int(statement, 1);
                record->others = statement_int(statement, 2);
                record->run = statement_int(statement, 3);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int count_other(struct database *db, const char *address, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "UPDATE sender SET others = others + 1, run = run + 1 WHERE address = ?1", &statement,
                                 err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, address);
        return statement_run(statement, err);
}

int drift_sender_find(struct database *db, const char *address, struct sender_record *ret_record, struct error *err)
{
        struct sender_record record = { 0 };
        int r = read_sender(db, address, &record, err);
        if (r < 0)
                error_prefix(err, "cannot read what %s has sent", address);
        else
                *ret_record = record;
        return r;
}

int drift_sender_sent_other(struct database *db, const char *address, struct sender_record *ret_before, struct error *err)
{
        struct sender_record before = { 0 };
        int r = read_sender(db, address, &before, err);
        if (r == 0 && before.feed)
                r = count_other(db, address, err);
        if (r < 0) {
                sender_record_clear(&before);
                error_prefix(err, "cannot store what %s has sent", address);
        } else {
                *ret_before = before;
        }
        return r;
}
