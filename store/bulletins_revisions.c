/* SPDX-License-Identifier: MIT */
/* Reading the revisions of a bulletin and the variants of a revision. */
#include "store/bulletins_p.h"

void revision_row_free(struct revision_row *row)
{
        if (!row)
                return;
        g_free(row->registered);
        g_free(row->updated);
        g_free(row->fingerprint);
        g_clear_pointer(&row->content, bulletin_free);
        g_clear_pointer(&row->changes, g_ptr_array_unref);
        g_free(row);
}

static void free_revision(void *row)
{
        revision_row_free(row);
}

static void free_variant(void *data)
{
        struct variant_row *row = data;
        g_free(row->fingerprint);
        g_clear_pointer(&row->content, bulletin_free);
        g_clear_pointer(&row->changes, g_ptr_array_unref);
        g_free(row);
}

static void free_change(void *change)
{
        bulletin_change_free(change);
}

static GPtrArray *difference(const struct bulletin *before, const struct bulletin *after)
{
        return before ? bulletin_diff(before, after) : g_ptr_array_new_with_free_func(free_change);
}

static int compare_revisions(gconstpointer a, gconstpointer b)
{
        const struct revision_row *left = *(struct revision_row *const *) a, *right = *(struct revision_row *const *) b;
        return dedup_compare_dates(left->registered, left->updated, right->registered, right->updated);
}

static int read_revision(struct database *db, struct statement *statement, struct revision_row **ret_row,
                         struct error *err)
{
        struct bulletin *content;
        int r = bulletins_read_content(db, statement, 8, statement_int(statement, 7), &content, err);
        if (r < 0)
                return r;
        struct revision_row *row = g_new0(struct revision_row, 1);
        *row = (struct revision_row) {
                .id = statement_int(statement, 0),
                .bulletin_id = statement_int(statement, 1),
                .registered = statement_text_copy(statement, 2),
                .updated = statement_text_copy(statement, 3),
                .history = statement_int(statement, 4) != 0,
                .stored_ms = statement_int(statement, 5),
                .current = statement_int(statement, 6) != 0,
                .content = content,
                .mail_id = statement_int(statement, 9),
                .fingerprint = statement_text_copy(statement, 10),
                .variants = (unsigned) statement_int(statement, 11),
                .sightings = (unsigned) statement_int(statement, 12),
        };
        *ret_row = row;
        return 0;
}

static int load_revisions(struct database *db, int64_t bulletin_id, GPtrArray *rows, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT r.id, r.bulletin_id, r.registered, r.updated, r.history, r.stored_ms,"
                                 " r.id = b.current_revision_id, v.id, v.packed, v.mail_id, v.fingerprint,"
                                 " (SELECT count(*) FROM variant WHERE revision_id = r.id),"
                                 " (SELECT count(*) FROM variant x JOIN mail_variant y ON y.variant_id = x.id"
                                 "  WHERE x.revision_id = r.id)"
                                 " FROM bulletin b JOIN revision r ON r.bulletin_id = b.id"
                                 " JOIN variant v ON v.id = r.standing_variant_id WHERE b.id = ?1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, bulletin_id);
        while ((r = statement_step(statement, err)) > 0) {
                struct revision_row *row;
                r = read_revision(db, statement, &row, err);
                if (r < 0)
                        break;
                g_ptr_array_add(rows, row);
        }
        statement_done(statement);
        return r;
}

int bulletins_revisions(struct database *db, int64_t bulletin_id, GPtrArray **ret_revisions, struct error *err)
{
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_revision);
        int r = load_revisions(db, bulletin_id, rows, err);
        if (r == 0 && rows->len == 0)
                r = error_set(err, -ERR_NOT_FOUND, "there is no such bulletin");
        if (r < 0) {
                error_prefix(err, "cannot read the revisions of bulletin %" G_GINT64_FORMAT, bulletin_id);
                return r;
        }
        g_ptr_array_sort(rows, compare_revisions);
        const struct bulletin *before = NULL;
        for (guint i = 0; i < rows->len; i++) {
                struct revision_row *row = g_ptr_array_index(rows, i);
                row->changes = difference(before, row->content);
                before = row->content;
        }
        *ret_revisions = g_steal_pointer(&rows);
        return 0;
}

static int read_variant(struct database *db, struct statement *statement, const struct bulletin *standing,
                        struct variant_row **ret_row, struct error *err)
{
        struct bulletin *content;
        int64_t id = statement_int(statement, 0);
        int r = bulletins_read_content(db, statement, 4, id, &content, err);
        if (r < 0)
                return r;
        struct variant_row *row = g_new0(struct variant_row, 1);
        *row = (struct variant_row) {
                .id = id,
                .mail_id = statement_int(statement, 1),
                .fingerprint = statement_text_copy(statement, 2),
                .stands = statement_int(statement, 3) != 0,
                .mails = (unsigned) statement_int(statement, 5),
                .content = content,
                .changes = difference(standing, content),
        };
        *ret_row = row;
        return 0;
}

static int load_variants(struct database *db, int64_t revision_id, GPtrArray *rows, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT v.id, v.mail_id, v.fingerprint, v.id = r.standing_variant_id, v.packed,"
                                 " (SELECT count(*) FROM mail_variant WHERE variant_id = v.id)"
                                 " FROM revision r JOIN variant v ON v.revision_id = r.id WHERE r.id = ?1"
                                 " ORDER BY v.id = r.standing_variant_id DESC, v.fingerprint",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, revision_id);
        while ((r = statement_step(statement, err)) > 0) {
                const struct variant_row *first = rows->len ? g_ptr_array_index(rows, 0) : NULL;
                struct variant_row *row;
                r = read_variant(db, statement, first ? first->content : NULL, &row, err);
                if (r < 0)
                        break;
                g_ptr_array_add(rows, row);
        }
        statement_done(statement);
        return r;
}

int bulletins_variants(struct database *db, int64_t revision_id, GPtrArray **ret_variants, struct error *err)
{
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_variant);
        int r = load_variants(db, revision_id, rows, err);
        if (r == 0 && rows->len == 0)
                r = error_set(err, -ERR_NOT_FOUND, "there is no such revision");
        if (r < 0) {
                error_prefix(err, "cannot read the contents of revision %" G_GINT64_FORMAT, revision_id);
                return r;
        }
        *ret_variants = g_steal_pointer(&rows);
        return 0;
}
