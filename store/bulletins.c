/* SPDX-License-Identifier: MIT */
/* Reading bulletins. */
#include "store/bulletins.h"

#include <errno.h>
#include <string.h>

#include "common/text.h"
#include "store/bulletins_p.h"

#define HEAD_COLUMNS \
        "SELECT b.id, b.feed, b.key, b.archive_name, b.kind, b.current_revision_id, b.history, b.number, b.title," \
        " b.date, b.severity, b.urgency, (SELECT count(*) FROM revision WHERE bulletin_id = b.id), b.unverified"
#define ROW_SELECT \
        HEAD_COLUMNS ", v.id, v.packed FROM bulletin b" \
        " JOIN revision r ON r.id = b.current_revision_id JOIN variant v ON v.id = r.standing_variant_id WHERE"
/* Where the content is not wanted, it is not looked for either. */
#define HEAD_SELECT HEAD_COLUMNS " FROM bulletin b WHERE b.current_revision_id IS NOT NULL AND"

const char *bulletin_row_name(const struct bulletin_row *row)
{
        return row->number && !row->unverified ? row->number : row->key;
}

void bulletin_row_free(struct bulletin_row *row)
{
        if (!row)
                return;
        g_free(row->feed);
        g_free(row->key);
        g_free(row->archive_name);
        g_free(row->number);
        g_free(row->title);
        g_free(row->date);
        g_clear_pointer(&row->current, bulletin_free);
        g_free(row);
}

static void free_row(void *row)
{
        bulletin_row_free(row);
}

int bulletins_read_content(struct database *db, struct statement *statement, int column, int64_t variant_id,
                           struct bulletin **ret_content, struct error *err)
{
        struct error cause = ERROR_INIT;
        int r = content_read(statement, column, ret_content, &cause);
        if (r == 0)
                return 0;
        r = r == -ENOMEM ? r : -ERR_STORE_CORRUPT;
        error_set(err, r, "%s: the content of variant %" G_GINT64_FORMAT " can't be read: %s",
                  database_path(db), variant_id, error_text(&cause));
        error_clear(&cause);
        return r;
}

char *bulletins_fold(const char *text)
{
        g_autofree char *valid = g_utf8_make_valid(text, -1), *normal = text_normalize(valid);
        return g_utf8_casefold(normal, -1);
}

static enum bulletin_kind read_kind(struct statement *statement, int column)
{
        int64_t kind = statement_int(statement, column);
        return kind > 0 && kind < BULLETIN_KIND_MAX ? (enum bulletin_kind) kind : BULLETIN_UNKNOWN;
}

/* Of severity or urgency. */
static int read_level(struct statement *statement, int column)
{
        return statement_is_null(statement, column) ? -1 : (int) statement_int(statement, column);
}

static int read_row(struct database *db, struct statement *statement, bool without_content,
                    struct bulletin_row **ret_row, struct error *err)
{
        struct bulletin *current = NULL;
        if (!without_content) {
                int r = bulletins_read_content(db, statement, 15, statement_int(statement, 14), &current, err);
                if (r < 0)
                        return r;
        }
        struct bulletin_row *row = g_new0(struct bulletin_row, 1);
        *row = (struct bulletin_row) {
                .id = statement_int(statement, 0),
                .feed = statement_text_copy(statement, 1),
                .key = statement_text_copy(statement, 2),
                .archive_name = statement_text_copy(statement, 3),
                .kind = read_kind(statement, 4),
                .current_revision_id = statement_int(statement, 5),
                .history = statement_int(statement, 6) != 0,
                .number = statement_text_copy(statement, 7),
                .title = statement_text_copy(statement, 8),
                .date = statement_text_copy(statement, 9),
                .severity = read_level(statement, 10),
                .urgency = read_level(statement, 11),
                .revisions = (unsigned) statement_int(statement, 12),
                .current = current,
                .unverified = statement_int(statement, 13) != 0,
        };
        *ret_row = row;
        return 0;
}

static int missing(int64_t bulletin_id, struct error *err)
{
        return error_set(err, -ERR_NOT_FOUND, "there is no bulletin with the number %" G_GINT64_FORMAT, bulletin_id);
}

static int get(struct database *db, int64_t bulletin_id, bool without_content, struct bulletin_row **ret_row,
               struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, without_content ? HEAD_SELECT " b.id = ?1" : ROW_SELECT " b.id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, bulletin_id);
        r = statement_step(statement, err);
        if (r > 0)
                r = read_row(db, statement, without_content, ret_row, err);
        else if (r == 0)
                r = missing(bulletin_id, err);
        statement_done(statement);
        return r;
}

int bulletins_get(struct database *db, int64_t bulletin_id, struct bulletin_row **ret_row, struct error *err)
{
        return get(db, bulletin_id, false, ret_row, err);
}

int bulletins_get_head(struct database *db, int64_t bulletin_id, struct bulletin_row **ret_row, struct error *err)
{
        return get(db, bulletin_id, true, ret_row, err);
}

static int tell_row(struct statement *statement, int64_t bulletin_id, bulletins_told_function function, void *context,
                    struct error *err)
{
        struct bulletin_row row = {
                .id = bulletin_id,
                .feed = (char *) statement_text(statement, 0),
                .key = (char *) statement_text(statement, 1),
                .kind = read_kind(statement, 2),
                .title = (char *) statement_text(statement, 3),
                .date = (char *) statement_text(statement, 4),
                .severity = read_level(statement, 5),
                .urgency = read_level(statement, 6),
        };
        return function(&row, context, err);
}

int bulletins_each_told(struct database *db, const GArray *bulletin_ids, bulletins_told_function function, void *context,
                        struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < bulletin_ids->len; i++) {
                int64_t bulletin_id = g_array_index(bulletin_ids, int64_t, i);
                struct statement *statement;
                r = database_prepare(db, "SELECT feed, key, kind, title, date, severity, urgency FROM bulletin"
                                     " WHERE id = ?1 AND current_revision_id IS NOT NULL", &statement, err);
                if (r < 0)
                        return r;
                statement_bind_int(statement, 1, bulletin_id);
                r = statement_step(statement, err);
                if (r > 0)
                        r = tell_row(statement, bulletin_id, function, context, err);
                else if (r == 0)
                        r = missing(bulletin_id, err);
                statement_done(statement);
        }
        return r;
}

/* An undetermined severity or urgency (0) passes every threshold; a kind that has none (NULL) passes no threshold. */
#define LIST_CONDITIONS \
        " (?1 < 0 OR b.kind = ?1) AND (?2 = 0 OR b.severity >= ?2 OR b.severity = 0)" \
        " AND (?3 = 0 OR b.urgency >= ?3 OR b.urgency = 0) AND (?4 IS NULL OR b.date >= ?4 OR b.date = '')" \
        " AND (?6 = 0 OR b.unverified = ?6 - 1) ORDER BY b.date DESC, b.feed, b.key LIMIT ?5"

/* Takes the row. */
typedef void (*row_function)(struct bulletin_row *row, void *context);

static int select_rows(struct database *db, const struct bulletin_filter *filter, row_function take, void *context,
                       struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, filter->without_content ? HEAD_SELECT LIST_CONDITIONS : ROW_SELECT LIST_CONDITIONS,
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, filter->kind);
        statement_bind_int(statement, 2, filter->min_severity);
        statement_bind_int(statement, 3, filter->min_urgency);
        statement_bind_text(statement, 4, filter->since);
        statement_bind_int(statement, 5, filter->limit ? (int64_t) filter->limit : -1);
        statement_bind_int(statement, 6, filter->trust);
        while ((r = statement_step(statement, err)) > 0) {
                struct bulletin_row *row;
                r = read_row(db, statement, filter->without_content, &row, err);
                if (r < 0)
                        break;
                take(row, context);
        }
        statement_done(statement);
        if (r < 0)
                error_prefix(err, "cannot list the bulletins");
        return r;
}

static void keep_row(struct bulletin_row *row, void *context)
{
        g_ptr_array_add(context, row);
}

int bulletins_list(struct database *db, const struct bulletin_filter *filter, GPtrArray **ret_rows, struct error *err)
{
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(free_row);
        int r = select_rows(db, filter, keep_row, rows, err);
        if (r == 0)
                *ret_rows = g_steal_pointer(&rows);
        return r;
}

struct each { bulletins_function function; void *context; };

static void show_row(struct bulletin_row *row, void *context)
{
        const struct each *each = context;
        each->function(row, each->context);
        bulletin_row_free(row);
}

int bulletins_each(struct database *db, const struct bulletin_filter *filter, bulletins_function function, void *context,
                   struct error *err)
{
        struct each each = { function, context };
        return select_rows(db, filter, show_row, &each, err);
}

/* Verified ones first, then exactly this key, then an alert before other kinds that carry the same number, then the newest. */
static int find_in_feed(struct database *db, const char *feed, const char *id, int64_t *ret_id, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT id FROM bulletin WHERE (folded_key = ?1 OR folded_number = ?1)"
                                 " AND (?2 IS NULL OR feed = ?2)"
                                 " ORDER BY unverified, key = ?3 DESC, kind = ?4 DESC, date DESC, feed, key LIMIT 1",
                                 &statement, err);
        if (r < 0)
                return r;
        g_autofree char *folded = bulletins_fold(id);
        statement_bind_text(statement, 1, folded);
        statement_bind_text(statement, 2, feed);
        statement_bind_text(statement, 3, id);
        statement_bind_int(statement, 4, BULLETIN_ALERT);
        r = statement_step(statement, err);
        if (r > 0)
                *ret_id = statement_int(statement, 0);
        statement_done(statement);
        return r;
}

int bulletins_find(struct database *db, const char *id, struct bulletin_row **ret_row, struct error *err)
{
        int64_t found = 0;
        int r = find_in_feed(db, NULL, id, &found, err);
        const char *colon = strchr(id, ':');
        if (r == 0 && colon) {
                g_autofree char *feed = g_strndup(id, (gsize) (colon - id));
                r = find_in_feed(db, feed, colon + 1, &found, err);
        }
        if (r > 0)
                r = bulletins_get(db, found, ret_row, err);
        else if (r == 0) {
                g_autofree char *valid = g_utf8_make_valid(id, -1);
                return error_set(err, -ERR_NOT_FOUND, "no bulletin with the id \"%s\"", valid);
        }
        if (r < 0)
                error_prefix(err, "cannot look up a bulletin");
        return r;
}

int bulletins_mails(struct database *db, int64_t bulletin_id, GArray **ret_mail_ids, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(
                db,
                "SELECT m.id FROM bulletin b JOIN revision r ON r.bulletin_id = b.id"
                " JOIN variant v ON v.revision_id = r.id JOIN mail_variant x ON x.variant_id = v.id"
                " JOIN mail m ON m.id = x.mail_id WHERE b.id = ?1 ORDER BY"
                " (r.id = b.current_revision_id AND v.id = r.standing_variant_id AND m.id = v.mail_id) DESC,"
                " m.sha256",
                &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, bulletin_id);
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        while ((r = statement_step(statement, err)) > 0) {
                int64_t id = statement_int(statement, 0);
                g_array_append_val(ids, id);
        }
        statement_done(statement);
        if (r == 0)
                *ret_mail_ids = g_steal_pointer(&ids);
        return r;
}

int bulletins_unverified_key(struct database *db, const struct bulletin_row *row, char **ret_key, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT key FROM bulletin WHERE feed = ?1 AND key = ?2 AND unverified = 1 AND id <> ?3",
                                 &statement, err);
        if (r < 0)
                return r;
        g_autofree char *key = g_strconcat(BULLETIN_UNVERIFIED_PREFIX, row->key, NULL);
        statement_bind_text(statement, 1, row->feed);
        statement_bind_text(statement, 2, key);
        statement_bind_int(statement, 3, row->id);
        r = statement_step(statement, err);
        if (r >= 0)
                *ret_key = r > 0 ? statement_text_copy(statement, 0) : NULL;
        statement_done(statement);
        return r < 0 ? r : 0;
}

int bulletins_count_verified(struct database *db, int64_t *ret_bulletins, struct error *err)
{
        return database_read_int(db, "SELECT count(*) FROM bulletin WHERE unverified = 0", ret_bulletins, err);
}

int bulletins_count_unverified(struct database *db, int64_t *ret_bulletins, struct error *err)
{
        return database_read_int(db, "SELECT count(*) FROM bulletin WHERE unverified = 1", ret_bulletins, err);
}

int bulletins_count(struct database *db, int64_t *ret_bulletins, int64_t *ret_revisions, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT (SELECT count(*) FROM bulletin WHERE unverified = 0), (SELECT count(*) FROM"
                                 " bulletin b JOIN revision r ON r.bulletin_id = b.id WHERE b.unverified = 0)",
                                 &statement, err);
        if (r < 0)
                return r;
        r = statement_step(statement, err);
        if (r > 0) {
                *ret_bulletins = statement_int(statement, 0);
                *ret_revisions = statement_int(statement, 1);
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}
