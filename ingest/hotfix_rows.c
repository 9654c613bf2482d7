/* SPDX-License-Identifier: MIT */
#include "ingest/hotfix_rows.h"

#include <string.h>

#include "common/text.h"

static void row_free(gpointer data)
{
        struct row *row = data;
        for (guint i = 0; i < HOTFIX_COLUMNS_MAX; i++)
                g_free(row->text[i]);
        g_free(row);
}

static bool is_blank_cell(const struct cell *cell)
{
        return !cell->key[0] && !cell->has_image;
}

static struct row *row_from_cells(const GArray *cells, guint at, guint columns)
{
        struct row *row = g_new0(struct row, 1);
        for (guint i = 0; i < columns; i++) {
                row->cell[i] = cell_at(cells, at + i);
                row->text[i] = g_strdup(row->cell[i]->text);
        }
        row->first = row->cell[0]->first;
        row->end = row->cell[columns - 1]->end;
        return row;
}

/* Whether the cell, of a row above, reaches down to this row of the table by its rowspan. */
static bool reaches_row(const struct cell *cell, int row)
{
        return cell && (gint64) row < (gint64) cell->block->row + cell->block->row_span;
}

/* What a rowspan covers has the value of the cell above; any other hole is a cell that is missing, and says nothing. */
static void fill_covered(const struct row *above, struct row *row, int table_row, guint columns)
{
        for (guint i = 0; i < columns; i++) {
                row->cover[i] = row->cell[i];
                if (row->cell[i] || !above || !reaches_row(above->cover[i], table_row))
                        continue;
                row->cover[i] = above->cover[i];
                row->text[i] = g_strdup(above->cover[i]->text);
        }
}

/* The cells of the row that starts at this one: their number, and whether any of them says something. */
static guint count_row_cells(const GArray *cells, guint at, bool *ret_speaks)
{
        const struct block *start = cell_at(cells, at)->block;
        guint end = at;
        *ret_speaks = false;
        for (; end < cells->len; end++) {
                const struct cell *cell = cell_at(cells, end);
                if (cell->block->table != start->table || cell->block->row != start->row)
                        break;
                *ret_speaks = *ret_speaks || cell->key[0] || cell->image_alt;
        }
        return end - at;
}

/* A sentence over the whole table is a note to it. */
static bool is_note_row(const GArray *cells, guint at, guint count)
{
        return count == 1 && strstr(cell_at(cells, at)->key, "。") != NULL;
}

/* A table that is long and narrow is printed side by side: its header stands there as often. */
#define GROUPS_MAX 4u

/* The rows of a table whose rows are known, as they are read. */
struct table_reader {
        const GArray *cells;
        guint columns, groups;
        const struct row *above[GROUPS_MAX];
        GPtrArray *rows; /* struct row */
};

/* The columns of the header's row, no more than asked for: one that the table lacks is empty in every row. */
static guint count_header_columns(const GArray *cells, guint columns)
{
        bool speaks;
        return cell_at(cells, 0)->block->table >= 0 ? MIN(columns, count_row_cells(cells, 0, &speaks)) : columns;
}

/* How often the header stands side by side. */
static guint count_groups(const GArray *cells, guint columns)
{
        guint groups = 1;
        for (; groups < GROUPS_MAX && (groups + 1) * columns <= cells->len; groups++)
                for (guint i = 0; i < columns; i++)
                        if (!g_str_equal(cell_at(cells, groups * columns + i)->key, cell_at(cells, i)->key))
                                return groups;
        return groups;
}

/* The next row, its cells by their column; of several side by side those that say something. */
static void add_table_row(struct table_reader *reader, guint at, guint count, guint group)
{
        struct row *row = g_new(struct row, 1);
        *row = (struct row){ .first = cell_at(reader->cells, at)->first,
                             .end = cell_at(reader->cells, at + count - 1)->end };
        bool speaks = group == 0;
        for (guint i = at; i < at + count; i++) {
                struct cell *cell = cell_at(reader->cells, i);
                int column = cell->block->column - (int) (group * reader->columns);
                if (column < 0 || column >= (int) reader->columns || row->cell[column])
                        continue;
                row->cell[column] = cell;
                row->text[column] = g_strdup(cell->text);
                speaks = speaks || cell->key[0] || cell->image_alt;
        }
        fill_covered(reader->above[group], row, cell_at(reader->cells, at)->block->row, reader->columns);
        if (!speaks) {
                row_free(row);
                return;
        }
        reader->above[group] = row;
        g_ptr_array_add(reader->rows, row);
}

/* The cells of the header's row that belong to none of the columns asked for. */
static guint skip_header_rest(const GArray *cells, guint columns)
{
        const struct block *header = cell_at(cells, columns - 1)->block;
        guint at = columns;
        while (at < cells->len && cell_at(cells, at)->block->table == header->table &&
               cell_at(cells, at)->block->row == header->row)
                at++;
        return at;
}

static GPtrArray *read_table_rows(const GArray *cells, guint columns)
{
        struct table_reader reader = { .cells = cells, .columns = columns, .groups = count_groups(cells, columns) };
        reader.rows = g_ptr_array_new_with_free_func(row_free);
        int table = cell_at(cells, columns - 1)->block->table; /* that of the header's last cell */
        for (guint at = skip_header_rest(cells, columns), count;
             at < cells->len && cell_at(cells, at)->block->table == table && reader.rows->len < HOTFIX_LIST_MAX;
             at += count) {
                bool speaks;
                count = count_row_cells(cells, at, &speaks);
                if (is_note_row(cells, at, count))
                        break;
                for (guint group = 0; speaks && group < reader.groups; group++) /* else it is a line between rows */
                        add_table_row(&reader, at, count, group);
        }
        return reader.rows;
}

/* Rendering P: so many cells a row, until an empty one where a row would start, or text that is no cell. */
static GPtrArray *read_cell_rows(const GArray *cells, guint at, guint columns)
{
        GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
        for (; at + columns <= cells->len && rows->len < HOTFIX_LIST_MAX; at += columns) {
                bool whole = !is_blank_cell(cell_at(cells, at)) && !strstr(cell_at(cells, at)->key, "。");
                for (guint i = 0; i < columns; i++)
                        whole = whole && cell_at(cells, at + i)->ended;
                if (!whole)
                        break;
                g_ptr_array_add(rows, row_from_cells(cells, at, columns));
        }
        return rows;
}

static bool is_space_at(const char *at)
{
        return *at && g_unichar_isspace(g_utf8_get_char(at));
}

/* The end of the column that starts here: a tab, or two spaces of any width. */
static const char *find_column_end(const char *from, bool by_tabs)
{
        for (const char *at = from; *at; at = g_utf8_next_char(at))
                if (by_tabs ? *at == '\t' : is_space_at(at) && is_space_at(g_utf8_next_char(at)))
                        return at;
        return from + strlen(from);
}

/* A line's columns. Tabs part cells, each of which may be empty, the last ones also missing; several spaces part what
 * is not. */
static struct row *row_from_text(const char *text, guint columns, bool may_lack_columns)
{
        struct row *row = g_new0(struct row, 1);
        bool by_tabs = strchr(text, '\t') != NULL;
        guint n = 0;
        for (const char *from = text; from; n++) {
                const char *end = find_column_end(from, by_tabs);
                g_autofree char *column = g_strndup(from, (gsize) (end - from));
                if (n < columns)
                        row->text[n] = text_strip(column);
                from = *end ? g_utf8_next_char(end) : NULL;
                while (from && !by_tabs && is_space_at(from))
                        from = g_utf8_next_char(from);
        }
        if (n == columns || (by_tabs && n > 1 && n < columns && may_lack_columns))
                return row;
        row_free(row);
        return NULL;
}

static bool has_columns(const char *text)
{
        return *find_column_end(text, strchr(text, '\t') != NULL) != '\0';
}

/* What is no row but stands right below the rows: a sentence, a legend, a footnote. */
static bool is_line_below_table(const char *key)
{
        static const char *const starts[] = { "○は", "◯は", "〇は", "※", "*", "注)" };
        for (size_t i = 0; i < G_N_ELEMENTS(starts); i++)
                if (g_str_has_prefix(key, starts[i]))
                        return true;
        return !*key || strstr(key, "。") != NULL || hotfix_is_ruler(key);
}

/* The row that starts at this line, with what the mail's wrapping moved to the next lines. */
static struct row *row_from_lines(const struct page *page, guint at, guint end, guint columns)
{
        GString *text = g_string_new(page->lines[at].block->text);
        guint next = at + 1;
        while (next < end && !has_columns(page->lines[next].block->text) &&
               !is_line_below_table(page->lines[next].key) &&
               hotfix_row_continues(page, next, page->lines[next - 1].block)) {
                if (page->lines[next].block->indent > 0)
                        g_string_append_c(text, ' ');
                hotfix_append_wrapped(text, page->lines[next++].block->text);
        }
        struct row *row = row_from_text(text->str, columns, page->lines[at].block->indent == 0);
        g_string_free(text, TRUE);
        if (row) {
                row->first = at;
                row->end = next;
        }
        return row;
}

static GPtrArray *read_line_rows(const struct page *page, guint at, guint end, guint columns)
{
        GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
        bool is_spaced = at < end && (page->lines[at].block->marks & MARK_PARAGRAPH);
        while (at < end && rows->len < HOTFIX_LIST_MAX) {
                if (!page->lines[at].key[0] && rows->len == 0) { /* a drawn line below the header */
                        at++;
                        continue;
                }
                bool is_parted = !is_spaced && (page->lines[at].block->marks & MARK_PARAGRAPH);
                if (rows->len > 0 && (is_parted || is_line_below_table(page->lines[at].key)))
                        break;
                struct row *row = row_from_lines(page, at, end, columns);
                if (!row) {
                        g_ptr_array_set_size(rows, 0); /* one line that does not fit makes the others doubtful */
                        break;
                }
                g_ptr_array_add(rows, row);
                at = row->end;
        }
        return rows;
}

void table_body_read(struct table_body *body, const struct page *page, guint label_line, guint columns)
{
        guint end = hotfix_page_region_end(page, label_line);
        *body = (struct table_body){ .label_line = label_line, .first = label_line + 1, .end = end };
        body->columns = columns;
        body->cells = hotfix_page_cells(page, label_line, end);
        body->in_cells = body->cells->len > columns && cell_at(body->cells, 0)->ended;
        if (body->in_cells) {
                columns = body->columns = count_header_columns(body->cells, columns);
                body->first = cell_at(body->cells, columns - 1)->end;
                bool rows_known = cell_at(body->cells, 0)->block->table >= 0;
                body->rows = rows_known ? read_table_rows(body->cells, columns)
                                        : read_cell_rows(body->cells, columns, columns);
        } else {
                body->rows = read_line_rows(page, body->first, end, columns);
        }
}

void table_body_clear(struct table_body *body)
{
        g_clear_pointer(&body->rows, g_ptr_array_unref);
        g_clear_pointer(&body->cells, g_array_unref);
}

const struct row *table_body_row(const struct table_body *body, guint i)
{
        return g_ptr_array_index(body->rows, i);
}

void table_body_take(struct page *page, const struct table_body *body, guint rows)
{
        if (rows == 0)
                return;
        guint end = table_body_row(body, rows - 1)->end;
        hotfix_page_take(page, body->label_line, end);
        if (!body->in_cells || cell_at(body->cells, 0)->block->table < 0)
                return;
        /* What stands in further columns is in no field: it stays text. */
        guint columns = body->columns * count_groups(body->cells, body->columns);
        for (guint i = 0; i < body->cells->len && cell_at(body->cells, i)->first < end; i++) {
                const struct cell *cell = cell_at(body->cells, i);
                for (guint n = cell->first; cell->block->column >= (int) columns && n < cell->end; n++)
                        page->lines[n].taken = false;
        }
}

void hotfix_warn_rows(struct page *page, const char *table, guint rows)
{
        bulletin_add_warning(page->bulletin, "the columns of the table %s cannot be told apart (%u %s); it stays text",
                             table, rows, rows == 1 ? "row" : "rows");
}

const char *hotfix_cell_text(const char *text)
{
        if (!text || text_is_blank(text))
                return NULL;
        if (g_ascii_isalnum(*text)) /* as nearly all begin: no dash */
                return text;
        g_autofree char *normal = text_normalize(text);
        return g_str_equal(normal, "-") || g_str_equal(normal, "―") ? NULL : text;
}

