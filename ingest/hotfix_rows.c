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

static struct row *row_from_cells(const GPtrArray *cells, guint at, guint columns)
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

/* The next row of a table whose rows are known: cells by their column; one that a rowspan covers has the text above. */
static guint add_table_row(GPtrArray *rows, const GPtrArray *cells, guint at, guint columns)
{
        const struct block *start = cell_at(cells, at)->block;
        struct row *row = g_new0(struct row, 1);
        row->first = cell_at(cells, at)->first;
        guint n = 0;
        for (; at < cells->len; at++, n++) {
                struct cell *cell = cell_at(cells, at);
                if (cell->block->table != start->table || cell->block->row != start->row)
                        break;
                int column = cell->block->column;
                if (column >= 0 && column < (int) columns && !row->cell[column]) {
                        row->cell[column] = cell;
                        row->text[column] = g_strdup(cell->text);
                }
                row->end = cell->end;
        }
        const struct row *above = rows->len > 0 ? g_ptr_array_index(rows, rows->len - 1) : NULL;
        for (guint i = 0; i < columns; i++)
                if (!row->text[i] && above)
                        row->text[i] = g_strdup(above->text[i]);
        g_ptr_array_add(rows, row);
        return n;
}

static GPtrArray *read_table_rows(const GPtrArray *cells, guint at, guint columns)
{
        GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
        int table = cell_at(cells, at - 1)->block->table; /* that of the header's last cell */
        while (at < cells->len && cell_at(cells, at)->block->table == table && rows->len < HOTFIX_LIST_MAX)
                at += add_table_row(rows, cells, at, columns);
        return rows;
}

/* Rendering P: so many cells a row, until an empty one where a row would start, or text that is no cell. */
static GPtrArray *read_cell_rows(const GPtrArray *cells, guint at, guint columns)
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

/* A line's columns, parted by a tab or two spaces and more. */
static struct row *row_from_line(const struct page *page, guint at, guint columns)
{
        struct row *row = g_new0(struct row, 1);
        row->first = at;
        row->end = at + 1;
        guint n = 0;
        for (const char *from = page->lines[at].block->text; *from; n++) {
                const char *end = from;
                while (*end && *end != '\t' && !g_str_has_prefix(end, "  ") && !g_str_has_prefix(end, "　"))
                        end++;
                if (n < columns)
                        row->text[n] = g_strndup(from, (gsize) (end - from));
                from = end;
                while (*from && g_unichar_isspace(g_utf8_get_char(from)))
                        from = g_utf8_next_char(from);
        }
        if (n == columns)
                return row;
        row_free(row);
        return NULL;
}

static GPtrArray *read_line_rows(const struct page *page, guint at, guint end, guint columns)
{
        GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
        for (; at < end && rows->len < HOTFIX_LIST_MAX; at++) {
                if (rows->len > 0 && (page->lines[at].block->marks & MARK_PARAGRAPH))
                        break;
                struct row *row = row_from_line(page, at, columns);
                if (!row) {
                        g_ptr_array_set_size(rows, 0); /* one line that does not fit makes the others doubtful */
                        break;
                }
                g_ptr_array_add(rows, row);
        }
        return rows;
}

void table_body_read(struct table_body *body, const struct page *page, guint label_line, guint columns)
{
        guint end = hotfix_page_region_end(page, label_line);
        *body = (struct table_body){ .label_line = label_line, .first = label_line + 1, .end = end };
        body->cells = hotfix_page_cells(page, label_line, end);
        body->in_cells = body->cells->len > columns && cell_at(body->cells, 0)->ended;
        if (body->in_cells) {
                body->first = cell_at(body->cells, columns - 1)->end;
                bool rows_known = cell_at(body->cells, 0)->block->table >= 0;
                body->rows = (rows_known ? read_table_rows : read_cell_rows)(body->cells, columns, columns);
        } else {
                body->rows = read_line_rows(page, body->first, end, columns);
        }
}

void table_body_clear(struct table_body *body)
{
        g_clear_pointer(&body->rows, g_ptr_array_unref);
        g_clear_pointer(&body->cells, g_ptr_array_unref);
}

const struct row *table_body_row(const struct table_body *body, guint i)
{
        return g_ptr_array_index(body->rows, i);
}

void table_body_take(struct page *page, const struct table_body *body, guint rows)
{
        if (rows > 0)
                hotfix_page_take(page, body->label_line, table_body_row(body, rows - 1)->end);
}

const char *hotfix_cell_text(const char *text)
{
        if (!text || text_is_blank(text))
                return NULL;
        g_autofree char *normal = text_normalize(text);
        return g_str_equal(normal, "-") || g_str_equal(normal, "―") ? NULL : text;
}

