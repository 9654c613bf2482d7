/* SPDX-License-Identifier: MIT */
#include "ingest/hotfix_digest.h"

#include <string.h>

#include "common/text.h"

#define GRID_COLUMNS_MAX 12
#define HEADER_LINES_MAX 12u

enum digest_column hotfix_digest_column(const char *words)
{
        static const struct { const char *word; enum digest_column column; } columns[] = {
                { "情報の種類", DIGEST_TYPE },         { "種類", DIGEST_TYPE },     { "種別", DIGEST_TYPE },
                { "セキュリティ番号", DIGEST_NUMBER }, { "番号", DIGEST_NUMBER },   { "タイトル", DIGEST_TITLE },
                { "件名", DIGEST_TITLE },              { "表題", DIGEST_TITLE },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
                if (g_str_equal(words, columns[i].word))
                        return columns[i].column;
        return DIGEST_OTHER;
}

/* "情報の種類 セキュリティ番号 タイトル" in one line. */
static bool is_header_line(const char *words)
{
        return g_str_has_prefix(words, "情報の種類") && strstr(words, "タイトル") && !strstr(words, "。");
}

guint hotfix_digest_find_header(const struct page *page, guint from, guint *ret_end)
{
        for (guint i = from; i < page->count; i++) {
                g_autofree char *words = hotfix_line_words(&page->lines[i]);
                if (is_header_line(words)) {
                        *ret_end = i + 1;
                        return i;
                }
                if (!g_str_equal(words, "情報の種類"))
                        continue;
                for (guint n = i + 1; n < page->count && n <= i + HEADER_LINES_MAX; n++) {
                        g_autofree char *other = hotfix_line_words(&page->lines[n]);
                        if (hotfix_digest_column(other) != DIGEST_TITLE)
                                continue;
                        *ret_end = n + 1;
                        return i;
                }
        }
        return page->count;
}

/* --- one row --- */

/* "[不具合情報]" without its brackets, so that a picture's words and the text's are the same. */
static char *bare_type(const char *type)
{
        g_autofree char *stripped = type ? text_strip(type) : NULL;
        if (!stripped || !*stripped)
                return NULL;
        g_autofree char *normal = text_normalize(stripped), *inner = NULL;
        size_t size = hotfix_match_tag(normal, &inner);
        return size > 0 && !normal[size] ? g_steal_pointer(&inner) : hotfix_bounded(stripped);
}

bool hotfix_digest_add(struct page *page, const char *type, const char *number, const char *title)
{
        GPtrArray *list = page->bulletin->entries;
        g_autoptr(GPtrArray) found = hotfix_entries_new();
        bool whole = !number || hotfix_read_numbers(number, found);
        g_autofree char *bare = bare_type(type), *own = title ? text_strip(title) : NULL;
        g_autofree char *bounded = own && *own ? hotfix_bounded(own) : NULL;
        if (found->len == 0 && !bounded)
                return false;
        if (found->len == 0)
                g_ptr_array_add(found, bulletin_entry_new(NULL, NULL, NULL));
        while (found->len > 0 && list->len < HOTFIX_LIST_MAX) {
                struct bulletin_entry *entry = g_ptr_array_steal_index(found, 0);
                entry->type = g_strdup(bare);
                entry->title = g_strdup(bounded);
                g_ptr_array_add(list, entry);
        }
        return whole && found->len == 0;
}

/* --- cells with rows and columns --- */

struct grid {
        int table;
        GArray *inner; /* numbers of the tables within it */
        enum digest_column columns[GRID_COLUMNS_MAX];
};

/* The row that is being put together. */
struct grid_row {
        guint first, end;
        int row;
        GString *text[DIGEST_COLUMN_MAX];
        bool seen[DIGEST_COLUMN_MAX];
        guint cells;
        GString *inner; /* of a table within the cell whose end has not come yet; perhaps the next row's first */
        guint inner_first;
        GPtrArray *linked; /* numbers that links in the number's cell name */
};

static void reset_row(struct grid_row *row)
{
        for (int i = 0; i < DIGEST_COLUMN_MAX; i++) {
                if (!row->text[i])
                        row->text[i] = g_string_new(NULL);
                g_string_truncate(row->text[i], 0);
                row->seen[i] = false;
        }
        g_ptr_array_set_size(row->linked, 0);
        row->cells = 0;
        row->row = -1;
}

static bool is_inner(struct grid *grid, const struct block *block)
{
        for (guint i = 0; i < grid->inner->len; i++)
                if (g_array_index(grid->inner, int, i) == block->table)
                        return true;
        bool inner = block->table > grid->table && block->parent_table == grid->table;
        for (guint i = 0; !inner && i < grid->inner->len; i++)
                inner = block->table > grid->table && block->parent_table == g_array_index(grid->inner, int, i);
        if (inner && grid->inner->len < GRID_COLUMNS_MAX * GRID_COLUMNS_MAX)
                g_array_append_val(grid->inner, block->table);
        return inner;
}

static void learn_columns(struct grid *grid, const struct page *page, guint header, guint first)
{
        for (int i = 0; i < GRID_COLUMNS_MAX; i++)
                grid->columns[i] = DIGEST_OTHER;
        for (guint i = header; i < first; i++) {
                const struct block *block = page->lines[i].block;
                if (block->table != grid->table || block->column < 0 || block->column >= GRID_COLUMNS_MAX)
                        continue;
                g_autofree char *words = hotfix_line_words(&page->lines[i]);
                if (*words)
                        grid->columns[block->column] = hotfix_digest_column(words);
        }
}

static enum digest_column column_of(const struct grid *grid, const struct block *block)
{
        return block->column >= 0 && block->column < GRID_COLUMNS_MAX ? grid->columns[block->column] : DIGEST_OTHER;
}

static const char *block_words(const struct block *block)
{
        return block->text[0] || !block->image_alt ? block->text : block->image_alt;
}

/* A number's parts are lines of their own; the others may be wrapped. */
static void append_words(GString *out, const char *words, enum digest_column column)
{
        if (column == DIGEST_NUMBER && out->len > 0 && *words)
                g_string_append_c(out, ' ');
        hotfix_append_wrapped(out, words);
}

static void add_block(const struct grid *grid, struct grid_row *row, const struct block *block)
{
        enum digest_column column = column_of(grid, block);
        append_words(row->text[column], row->inner->str, column);
        g_string_truncate(row->inner, 0);
        append_words(row->text[column], block_words(block), column);
        row->cells += !row->seen[column];
        row->seen[column] = true;
        if (column == DIGEST_NUMBER)
                hotfix_read_linked_numbers(block, row->linked);
}

/* A cell that spans the rest of its row is a caption, not a row. A cell that a rowspan covers says what stands above;
 * that of the type counts where its place is empty, and that of the number where the type's is, too: without these a
 * colspan could be the reason. */
static bool finish_row(struct page *page, struct grid_row *row, GString *above[DIGEST_COLUMN_MAX])
{
        bool spans = row->cells == 1 && row->seen[DIGEST_TYPE];
        bool is_row = row->cells > 0 && !spans;
        bool covered = !row->seen[DIGEST_TYPE];
        if (is_row && covered)
                g_string_assign(row->text[DIGEST_TYPE], above[DIGEST_TYPE]->str);
        if (is_row && covered && !row->seen[DIGEST_NUMBER])
                g_string_assign(row->text[DIGEST_NUMBER], above[DIGEST_NUMBER]->str);
        bool whole = false;
        if (is_row) {
                g_autofree char *number = text_normalize(row->text[DIGEST_NUMBER]->str);
                g_autoptr(GString) named = g_string_new(number);
                for (guint i = 0; i < row->linked->len && !strpbrk(number, "0123456789"); i++) {
                        const struct bulletin_entry *entry = g_ptr_array_index(row->linked, i);
                        g_string_append_printf(named, " %s%s", entry->id ? entry->id : "KB",
                                               entry->id ? "" : (char *) g_ptr_array_index(entry->kbs, 0));
                }
                whole = hotfix_digest_add(page, row->text[DIGEST_TYPE]->str, named->str, row->text[DIGEST_TITLE]->str) &&
                        row->text[DIGEST_OTHER]->len == 0;
        }
        if (is_row)
                for (int i = 0; i < DIGEST_COLUMN_MAX; i++)
                        g_string_assign(above[i], row->text[i]->str);
        if (whole)
                hotfix_page_take(page, row->first, row->end);
        reset_row(row);
        return is_row;
}

static guint read_rows(struct page *page, struct grid *grid, guint first, struct grid_row *row,
                       GString *above[DIGEST_COLUMN_MAX])
{
        guint i = first;
        for (; i < page->count; i++) {
                const struct block *block = page->lines[i].block;
                bool own = block->table == grid->table;
                if (!own && !is_inner(grid, block))
                        break;
                if (!own) {
                        if (row->inner->len == 0)
                                row->inner_first = i;
                        hotfix_append_wrapped(row->inner, block_words(block));
                        continue;
                }
                if (row->row >= 0 && block->row != row->row)
                        finish_row(page, row, above);
                if (row->row < 0) {
                        row->row = block->row;
                        row->first = row->inner->len > 0 ? row->inner_first : i;
                }
                add_block(grid, row, block);
                row->end = i + 1;
        }
        if (row->row >= 0)
                finish_row(page, row, above);
        return i;
}

guint hotfix_digest_read_grid(struct page *page, guint header, guint first)
{
        struct grid grid = { .table = page->lines[header].block->table, .inner = g_array_new(FALSE, FALSE, sizeof(int)) };
        struct grid_row row = { .inner = g_string_new(NULL), .linked = hotfix_entries_new() };
        GString *above[DIGEST_COLUMN_MAX];
        for (int i = 0; i < DIGEST_COLUMN_MAX; i++)
                above[i] = g_string_new(NULL);
        reset_row(&row);
        guint start = first;
        while (start < page->count && page->lines[start].block->table == grid.table &&
               page->lines[start].block->row == page->lines[header].block->row)
                start++; /* the rest of the header's row */
        learn_columns(&grid, page, header, start);
        guint end = read_rows(page, &grid, start, &row, above);
        if (page->bulletin->entries->len > 0)
                hotfix_page_take(page, header, start);
        for (int i = 0; i < DIGEST_COLUMN_MAX; i++) {
                g_string_free(above[i], TRUE);
                g_string_free(row.text[i], TRUE);
        }
        g_string_free(row.inner, TRUE);
        g_ptr_array_unref(row.linked);
        g_array_unref(grid.inner);
        return end;
}
