/* SPDX-License-Identifier: MIT */
#include "store/drift_tally.h"

#include <string.h>

struct sum {
        char *feed;
        enum bulletin_kind kind;
        struct fill_counts counts; /* with those that are stored */
};

struct sender {
        char *address, *feed; /* of its last bulletin */
        int64_t bulletins;    /* beside those that are stored */
};

struct drift_tally {
        struct database *db;
        GPtrArray *sums, *senders; /* a batch has few: they are looked up by walking */
};

static void free_sum(void *data)
{
        struct sum *sum = data;
        g_free(sum->feed);
        g_free(sum);
}

static void free_sender(void *data)
{
        struct sender *sender = data;
        g_free(sender->address);
        g_free(sender->feed);
        g_free(sender);
}

struct drift_tally *drift_tally_new(struct database *db)
{
        struct drift_tally *tally = g_new0(struct drift_tally, 1);
        tally->db = db;
        tally->sums = g_ptr_array_new_with_free_func(free_sum);
        tally->senders = g_ptr_array_new_with_free_func(free_sender);
        return tally;
}

void drift_tally_free(struct drift_tally *tally)
{
        if (!tally)
                return;
        g_ptr_array_unref(tally->sums);
        g_ptr_array_unref(tally->senders);
        g_free(tally);
}

/* --- fields --- */

static int save_sums(struct database *db, const char *feed, enum bulletin_kind kind, const struct fill_counts *counts,
                     struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO fill_sum (feed, kind, bulletins, filled) VALUES (?1, ?2, ?3, ?4)"
                                 " ON CONFLICT (feed, kind) DO UPDATE SET bulletins = ?3, filled = ?4",
                                 &statement, err);
        if (r < 0)
                return r;
        g_autoptr(GString) numbers = g_string_sized_new(BULLETIN_FILL_MAX * 6);
        for (unsigned i = 0; i < BULLETIN_FILL_MAX; i++)
                g_string_append_printf(numbers, "%s%" G_GINT64_FORMAT, i ? " " : "", counts->filled[i]);
        statement_bind_lent_text(statement, 1, feed);
        statement_bind_int(statement, 2, kind);
        statement_bind_int(statement, 3, counts->bulletins);
        statement_bind_lent_text(statement, 4, numbers->str);
        return statement_run(statement, err);
}

static int insert_fill(struct database *db, const char *feed, enum bulletin_kind kind, int64_t variant_id, bool live,
                       uint64_t mask, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO fill (variant_id, feed, kind, live, filled) VALUES (?1, ?2, ?3, ?4, ?5)",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, variant_id);
        statement_bind_lent_text(statement, 2, feed);
        statement_bind_int(statement, 3, kind);
        statement_bind_int(statement, 4, live);
        statement_bind_int(statement, 5, (int64_t) mask);
        return statement_run(statement, err);
}

/* What is stored is read once; from then on until they are saved the sums are kept here. */
static int load_sum(struct drift_tally *tally, const char *feed, enum bulletin_kind kind, struct sum **ret_sum,
                    struct error *err)
{
        for (guint i = 0; i < tally->sums->len; i++) {
                struct sum *sum = g_ptr_array_index(tally->sums, i);
                if (sum->kind == kind && strcmp(sum->feed, feed) == 0) {
                        *ret_sum = sum;
                        return 0;
                }
        }
        struct fill_counts counts;
        int r = drift_counts_all(tally->db, feed, kind, &counts, err);
        if (r < 0)
                return r;
        struct sum *sum = g_new0(struct sum, 1);
        *sum = (struct sum) { .feed = g_strdup(feed), .kind = kind, .counts = counts };
        g_ptr_array_add(tally->sums, sum);
        *ret_sum = sum;
        return 0;
}

int drift_tally_content(struct drift_tally *tally, const char *feed, enum bulletin_kind kind, int64_t variant_id, bool live,
                        uint64_t mask, struct error *err)
{
        struct sum *sum;
        int r = load_sum(tally, feed, kind, &sum, err);
        if (r < 0)
                return r;
        r = insert_fill(tally->db, feed, kind, variant_id, live, mask, err);
        if (r < 0)
                error_prefix(err, "cannot store which fields a bulletin of %s has", feed);
        else
                fill_counts_add(&sum->counts, mask);
        return r;
}

/* --- senders --- */

void drift_tally_sender(struct drift_tally *tally, const char *address, const char *feed)
{
        struct sender *sender = NULL;
        for (guint i = 0; i < tally->senders->len && !sender; i++) {
                struct sender *one = g_ptr_array_index(tally->senders, i);
                sender = strcmp(one->address, address) == 0 ? one : NULL;
        }
        if (!sender) {
                sender = g_new0(struct sender, 1);
                sender->address = g_strdup(address);
                g_ptr_array_add(tally->senders, sender);
        }
        if (g_strcmp0(sender->feed, feed) != 0) {
                g_free(sender->feed);
                sender->feed = g_strdup(feed);
        }
        sender->bulletins++;
}

/* --- saving --- */

int drift_tally_save(struct drift_tally *tally, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < tally->sums->len; i++) {
                const struct sum *sum = g_ptr_array_index(tally->sums, i);
                r = save_sums(tally->db, sum->feed, sum->kind, &sum->counts, err);
                if (r < 0)
                        error_prefix(err, "cannot store which fields the bulletins of %s have", sum->feed);
        }
        for (guint i = 0; r == 0 && i < tally->senders->len; i++) {
                const struct sender *sender = g_ptr_array_index(tally->senders, i);
                r = drift_sender_sent_bulletins(tally->db, sender->address, sender->feed, sender->bulletins, err);
        }
        if (r < 0)
                return r;
        g_ptr_array_set_size(tally->sums, 0);
        g_ptr_array_set_size(tally->senders, 0);
        return 0;
}
