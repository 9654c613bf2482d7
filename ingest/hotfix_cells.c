/* SPDX-License-Identifier: MIT */
/* The page as cells, for the rules that read tables, and as prose, for the sections. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

static void cell_clear(gpointer data)
{
        struct cell *cell = data;
        if (!cell->owned_text) /* nor, then, the others */
                return;
        g_free(cell->owned_text);
        g_free(cell->owned_lines);
        g_free(cell->owned_key);
}

/* Outside tables a line is a cell; in rendering P the pipe that ends it may come lines later. */
static bool is_line_a_cell(const struct page *page, guint at)
{
        return page->lines[at].block->table < 0 && page->document->rendering != RENDERING_PIPES;
}

static bool is_single_line(const struct page *page, guint first, guint end)
{
        return first + 1 >= end || (page->lines[first].block->marks & MARK_CELL_END) || is_line_a_cell(page, first);
}

/* What text_trim makes of the block's text. A plain one has no space at its ends. */
static const char *trim_block(const struct block *block, size_t *ret_size)
{
        if (!block->is_plain)
                return text_trim(block->text, ret_size);
        *ret_size = block->size;
        return block->text;
}

static void read_line_cell(const struct page *page, guint at, struct cell *cell)
{
        const struct line *line = &page->lines[at];
        cell->first = at;
        cell->end = at + 1;
        cell->block = line->block;
        size_t size;
        const char *text = trim_block(line->block, &size);
        if (text[size] || size > HOTFIX_BOUNDED_BYTES) {
                g_autofree char *stripped = g_strndup(text, size);
                text = cell->owned_text = hotfix_bounded(stripped);
        }
        cell->text = cell->lines = text;
        cell->key = line->key;
        cell->ended = (line->block->marks & MARK_CELL_END) != 0;
        cell->has_image = (line->block->marks & MARK_IMAGE) != 0;
        cell->image_alt = cell->has_image ? line->block->image_alt : NULL;
}

static void read_cell(const struct page *page, guint first, guint end, struct cell *cell)
{
        if (is_single_line(page, first, end)) {
                read_line_cell(page, first, cell);
                return;
        }
        GString *text = g_string_new(NULL), *lines = g_string_new(NULL), *key = g_string_new(NULL);
        cell->first = first;
        cell->block = page->lines[first].block;
        guint i = first;
        for (; i < end && !cell->ended; i++) {
                const struct line *line = &page->lines[i];
                g_autofree char *stripped = text_strip(line->block->text);
                hotfix_append_wrapped(text, stripped);
                if (lines->len > 0 && *stripped)
                        g_string_append_c(lines, '\n');
                g_string_append(lines, stripped);
                g_string_append(key, line->key);
                if (line->block->marks & MARK_IMAGE) {
                        cell->has_image = true;
                        cell->image_alt = line->block->image_alt;
                }
                cell->ended = (line->block->marks & MARK_CELL_END) != 0;
                if (is_line_a_cell(page, i))
                        break;
        }
        cell->end = MIN(i + (i < end && !cell->ended ? 1 : 0), end);
        g_autofree char *whole = g_string_free(text, FALSE), *whole_lines = g_string_free(lines, FALSE);
        cell->text = cell->owned_text = hotfix_bounded(whole);
        cell->lines = cell->owned_lines = hotfix_bounded(whole_lines);
        cell->key = cell->owned_key = g_string_free(key, FALSE);
}

#define USUAL_CELLS 64u

GArray *hotfix_page_cells(const struct page *page, guint first, guint end)
{
        guint room = first < end ? MIN(end - first, USUAL_CELLS) : 0;
        GArray *cells = g_array_sized_new(FALSE, TRUE, sizeof(struct cell), room);
        g_array_set_clear_func(cells, cell_clear);
        for (guint i = first; i < end;) {
                g_array_set_size(cells, cells->len + 1);
                struct cell *cell = cell_at(cells, cells->len - 1);
                read_cell(page, i, end, cell);
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
static bool is_ornament(const struct line *line)
{
        bool may_be = (unsigned char) *line->key < 0x80 && !g_ascii_isalnum(*line->key);
        return (may_be && line->key[strspn(line->key, ".-=_*")] == '\0') || (line->kinds & KIND_RULER);
}

#define WRAP_COLUMNS_MIN 60u /* a wrapped Japanese line ends at 70 to 76; words of ASCII may shorten it */
#define WRAP_COLUMNS_MAX 80u

static bool starts_item(const char *key)
{
        static const char *const starts[] = { "・", "•", "●", "■", "□", "○",     "◆",
                                              "*",  "-", "※", "(",  "http:", "https:", "ftp:" };
        for (size_t i = 0; i < G_N_ELEMENTS(starts); i++)
                if (hotfix_has_prefix(key, starts[i]))
                        return true;
        return false;
}

/* An address, a path, a key of the registry: no mail program breaks it. */
static bool has_long_word(const char *text)
{
        size_t size = 0;
        for (; *text && size < WRAP_COLUMNS_MIN; text++)
                size = g_ascii_isgraph(*text) ? size + 1 : 0;
        return size >= WRAP_COLUMNS_MIN;
}

static size_t block_width(const struct block *block)
{
        return block->is_plain ? block->shape.columns : text_width(block->text);
}

/* By the bulletin's own lines: those of a forwarder are often wrapped another way. */
bool hotfix_page_is_wrapped(const struct page *page)
{
        if (page->document->rendering != RENDERING_LINES)
                return false;
        guint first = MIN(page->top, MIN(page->middle, page->body));
        for (guint i = first; i < page->count && page->lines[i].label != LABEL_FOOTER; i++) {
                const char *text = page->lines[i].block->text;
                if (block_width(page->lines[i].block) > WRAP_COLUMNS_MAX && !strstr(text, "://") &&
                    !has_long_word(text))
                        return false;
        }
        return true;
}

/* Some programs leave the space at which they break a line at the start of the next one. Else a line that starts with
 * one is a new paragraph. */
static bool is_space_of_break(const struct block *block, const char *before, bool in_table)
{
        if (in_table) /* where no paragraphs are */
                return block->indent <= 2 && g_ascii_isalnum(block->normal[0]);
        size_t size = strlen(before);
        return block->indent == 1 && size > 0 && g_ascii_isalnum(before[size - 1]) && g_ascii_isalnum(block->text[0]);
}

/* As a mail program counts, tabs by their stops. */
static size_t line_width(const char *text)
{
        size_t width = 0;
        while (true) {
                const char *tab = strchr(text, '\t');
                if (!tab)
                        return width + text_width(text);
                g_autofree char *part = g_strndup(text, (gsize) (tab - text));
                width += text_width(part);
                width += 8 - width % 8;
                text = tab + 1;
        }
}

static bool ends_sentence(const struct block *block)
{
        static const char stop[] = "。";
        size_t size = block->is_plain ? block->size : strlen(block->text), length = sizeof stop - 1;
        return size >= length && memcmp(block->text + size - length, stop, length) == 0;
}

/* Whether nothing but the mail's wrapping can part line i from the full line before it. */
static bool follows_full_line(const struct page *page, guint i, const struct block *before, bool in_table)
{
        const struct block *block = page->lines[i].block;
        if (!page->is_wrapped || (block->marks & MARK_PARAGRAPH))
                return false;
        bool is_blank = i == 0 || !page->lines[i - 1].key[0] || !page->lines[i].key[0];
        if (is_blank || (block->indent > 0 && !is_space_of_break(block, before->text, in_table)))
                return false;
        /* Some programs count a tab as one column. */
        bool has_tab = !before->is_plain && strchr(before->text, '\t');
        size_t narrow = block_width(before), wide = has_tab ? line_width(before->text) : narrow;
        return wide >= WRAP_COLUMNS_MIN && narrow <= WRAP_COLUMNS_MAX && !ends_sentence(before) &&
               (wide <= WRAP_COLUMNS_MAX || narrow >= WRAP_COLUMNS_MIN);
}

/* Only full lines are wrapped, and a full stop ends a sentence. */
bool hotfix_line_continues(const struct page *page, guint i, const struct block *before)
{
        return follows_full_line(page, i, before, false) && !starts_item(page->lines[i].key);
}

bool hotfix_row_continues(const struct page *page, guint i, const struct block *before)
{
        const char *key = page->lines[i].key;
        bool is_number = g_ascii_strncasecmp(key, "(KB", 3) == 0 || g_ascii_strncasecmp(key, "(Q", 2) == 0;
        return follows_full_line(page, i, before, true) && (is_number || !starts_item(key));
}

static bool is_prose(const struct line *line)
{
        return !line->taken && line->key[0] && !is_ornament(line);
}

#define BREAK_BYTES 2u /* before a line, at most */

/* The bytes that the prose takes at most. What is not prose is looked for when it is put together. */
static size_t measure_prose(const struct page *page, guint first, guint end)
{
        size_t size = 0;
        for (guint i = first; i < end; i++)
                if (!page->lines[i].taken)
                        size += page->lines[i].block->size + BREAK_BYTES;
        return size;
}

/* What stands between a line of prose and what is before it. */
static char *put_break(char *to, const struct line *line, bool continues, char first)
{
        if (continues) {
                if (hotfix_are_words(to[-1], first))
                        *to++ = ' ';
                return to;
        }
        if (line->block->marks & MARK_PARAGRAPH)
                *to++ = '\n';
        *to++ = '\n';
        return to;
}

char *hotfix_page_prose(const struct page *page, guint first, guint end)
{
        char *text = g_malloc(measure_prose(page, first, end) + 1), *to = text;
        const struct block *before = NULL;
        bool in_table = false; /* whose lines are rows */
        for (guint i = first; i < end; i++) {
                const struct line *line = &page->lines[i];
                if (!is_prose(line))
                        continue;
                size_t size;
                const char *trimmed = trim_block(line->block, &size);
                in_table = line->label != LABEL_NONE || (in_table && !(line->block->marks & MARK_PARAGRAPH));
                if (to > text) {
                        bool continues = page->is_wrapped && !in_table && hotfix_line_continues(page, i, before);
                        to = put_break(to, line, continues, *trimmed);
                }
                memcpy(to, trimmed, size);
                to += size;
                before = line->block;
        }
        *to = '\0';
        return text;
}
