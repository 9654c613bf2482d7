/* SPDX-License-Identifier: MIT */
/* The page as cells, for the rules that read tables, and as prose, for the sections. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

static void cell_free(gpointer data)
{
        struct cell *cell = data;
        g_free(cell->text);
        g_free(cell->lines);
        g_free(cell->key);
        g_free(cell);
}

static struct cell *read_cell(const struct page *page, guint first, guint end)
{
        struct cell *cell = g_new0(struct cell, 1);
        GString *text = g_string_new(NULL), *lines = g_string_new(NULL), *key = g_string_new(NULL);
        cell->first = first;
        cell->block = page->lines[first].block;
        guint i = first;
        for (; i < end && !cell->ended; i++) {
                const struct line *line = &page->lines[i];
                g_autofree char *stripped = text_strip(line->block->text);
                hotfix_append_wrapped(text, stripped);
                g_string_append_printf(lines, "%s%s", lines->len > 0 && *stripped ? "\n" : "", stripped);
                g_string_append(key, line->key);
                if (line->block->marks & MARK_IMAGE) {
                        cell->has_image = true;
                        cell->image_alt = line->block->image_alt;
                }
                cell->ended = (line->block->marks & MARK_CELL_END) != 0;
                /* Outside tables a line is a cell; in rendering P the pipe that ends it may come lines later. */
                if (line->block->table < 0 && page->document->rendering != RENDERING_PIPES)
                        break;
        }
        cell->end = MIN(i + (i < end && !cell->ended ? 1 : 0), end);
        g_autofree char *whole = g_string_free(text, FALSE), *whole_lines = g_string_free(lines, FALSE);
        cell->text = hotfix_bounded(whole);
        cell->lines = hotfix_bounded(whole_lines);
        cell->key = g_string_free(key, FALSE);
        return cell;
}

GPtrArray *hotfix_page_cells(const struct page *page, guint first, guint end)
{
        GPtrArray *cells = g_ptr_array_new_with_free_func(cell_free);
        for (guint i = first; i < end;) {
                struct cell *cell = read_cell(page, i, end);
                g_ptr_array_add(cells, cell);
                i = MAX(cell->end, i + 1);
        }
        return cells;
}

void hotfix_page_take(struct page *page, guint first, guint end)
{
        for (guint i = first; i < end && i < page->count; i++)
                page->lines[i].taken = true;
}

/* The dots around a head that were wrapped to a line of their own, and rulers. */
static bool is_ornament(const char *key)
{
        return key[strspn(key, ".-=_*")] == '\0';
}

#define WRAP_COLUMNS_MIN 60u /* a wrapped Japanese line ends at 70 to 76; words of ASCII may shorten it */
#define WRAP_COLUMNS_MAX 80u

static bool starts_item(const char *key)
{
        static const char *const starts[] = { "・", "•", "●", "■", "□", "○",     "◆",
                                              "*",  "-", "※", "(",  "http:", "https:", "ftp:" };
        for (size_t i = 0; i < G_N_ELEMENTS(starts); i++)
                if (g_str_has_prefix(key, starts[i]))
                        return true;
        return false;
}

bool hotfix_page_is_wrapped(const struct page *page)
{
        if (page->document->rendering != RENDERING_LINES)
                return false;
        for (guint i = 0; i < page->count; i++)
                if (text_width(page->lines[i].block->text) > WRAP_COLUMNS_MAX && !strstr(page->lines[i].key, "://"))
                        return false;
        return true;
}

/* Only full lines are wrapped, and a full stop ends a sentence. */
bool hotfix_line_continues(const struct page *page, guint i, const char *before)
{
        const struct block *block = page->lines[i].block;
        if (!page->is_wrapped || (block->marks & MARK_PARAGRAPH) || block->indent > 0 ||
            starts_item(page->lines[i].key))
                return false;
        size_t width = text_width(before);
        return width >= WRAP_COLUMNS_MIN && width <= WRAP_COLUMNS_MAX && !g_str_has_suffix(before, "。");
}

char *hotfix_page_prose(const struct page *page, guint first, guint end)
{
        GString *out = g_string_new(NULL);
        const char *before = "";
        bool in_table = false; /* whose lines are rows */
        for (guint i = first; i < end; i++) {
                const struct line *line = &page->lines[i];
                if (line->taken || !line->key[0] || is_ornament(line->key))
                        continue;
                g_autofree char *text = text_strip(line->block->text);
                in_table = line->label != LABEL_NONE || (in_table && !(line->block->marks & MARK_PARAGRAPH));
                if (out->len > 0 && !in_table && hotfix_line_continues(page, i, before)) {
                        hotfix_append_wrapped(out, text);
                } else {
                        if (out->len > 0)
                                g_string_append(out, line->block->marks & MARK_PARAGRAPH ? "\n\n" : "\n");
                        g_string_append(out, text);
                }
                before = line->block->text;
        }
        return g_string_free(out, FALSE);
}
