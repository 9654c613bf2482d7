/* SPDX-License-Identifier: MIT */
#include "ingest/html_builder.h"

#include <string.h>

#include "common/append.h"
#include "common/blocks.h"
#include "common/limits.h"
#include "common/text.h"

/* Columns whose rowspan is followed. */
#define SPAN_COLUMNS_MAX 1000u
#define LINK_TEXT_CHARS_MAX 1000u

struct table {
        int number, parent;
        int row, column, next_column;
        unsigned row_span; /* of the open cell */
        bool cell_open;
        int last_block;   /* index of the open cell's newest block, or -1 */
        GArray *occupied; /* int per column: the first row that no rowspan from above covers; NULL while none does */
};

struct html_builder {
        struct document *document;
        GPtrArray *tables; /* struct table, the innermost last */
        unsigned cells;    /* rows and tables too */
        size_t link_bytes, link_count;
        bool links_cut; /* there were more, which were left out */
        bool full;

        /* the line being built */
        GString *line;
        bool space, newline; /* white space has come since, with a line end in it */
        bool all_bold;
        unsigned marks;
        unsigned line_number;
        bool image;
        char *image_alt, *image_source;
        GPtrArray *links; /* struct block_link */

        /* for the next line */
        bool paragraph, item;
        unsigned source_line;

        char *url; /* of the open link, or NULL */
        gsize link_start;
};

static void table_free(gpointer data)
{
        struct table *table = data;
        g_clear_pointer(&table->occupied, g_array_unref);
        g_free(table);
}

struct html_builder *html_builder_new(struct document *document)
{
        struct html_builder *b = g_new(struct html_builder, 1);
        *b = (struct html_builder){
                .document = document,
                .tables = g_ptr_array_new_with_free_func(table_free),
                .links = g_ptr_array_new_with_free_func((GDestroyNotify) block_link_free),
                .line = g_string_new(NULL),
        };
        return b;
}

void html_builder_free(struct html_builder *b)
{
        if (!b)
                return;
        g_ptr_array_unref(b->tables);
        g_ptr_array_unref(b->links);
        g_string_free(b->line, TRUE);
        g_free(b->image_alt);
        g_free(b->image_source);
        g_free(b->url);
        g_free(b);
}

bool html_builder_is_full(const struct html_builder *b)
{
        return b->full;
}

void html_builder_set_line(struct html_builder *b, unsigned line)
{
        b->source_line = line;
}

/* The table whose cell the text stands in. Text of a table outside its cells belongs to the cell around the table. */
static struct table *current_table(const struct html_builder *b)
{
        for (guint i = b->tables->len; i > 0; i--) {
                struct table *table = g_ptr_array_index(b->tables, i - 1);
                if (table->cell_open)
                        return table;
        }
        return NULL;
}

static void take_image(struct html_builder *b, struct block *block)
{
        if (!b->image)
                return;
        block->marks |= MARK_IMAGE;
        block->image_alt = g_steal_pointer(&b->image_alt);
        block->image_source = g_steal_pointer(&b->image_source);
        if (block->image_alt)
                g_clear_pointer(&block->image_source, g_free);
        b->image = false;
}

static void take_links(struct html_builder *b, struct block *block)
{
        if (b->links->len == 0)
                return;
        for (guint i = 0; i < b->links->len; i++)
                block_add_link(block, g_ptr_array_index(b->links, i));
        g_free(g_ptr_array_steal(b->links, NULL)); /* they are the block's now */
}

/* Adds a block in the open cell with the image and the links that wait. */
static struct block *add_block(struct html_builder *b, const char *text, size_t size, unsigned marks, unsigned indent)
{
        if (b->paragraph)
                marks |= MARK_PARAGRAPH;
        struct block *block = document_add_sized(b->document, text, size, marks, indent);
        if (!block) {
                b->full = true;
                return NULL;
        }
        b->paragraph = false;
        block->line = b->line_number ? b->line_number : b->source_line;
        take_image(b, block);
        take_links(b, block);
        struct table *table = current_table(b);
        if (table) {
                block->table = table->number;
                block->parent_table = table->parent;
                block->row = table->row;
                block->column = table->column;
                block->row_span = table->row_span;
                table->last_block = (int) b->document->block_count - 1;
        }
        return block;
}

/* Notes the open link for the part of the line that it covers. A link without text counts if it holds an image. */
static void note_link(struct html_builder *b)
{
        if (!b->url)
                return;
        g_autofree char *whole = text_strip(b->line->str + MIN(b->link_start, b->line->len));
        g_autofree char *text = text_cut_chars(whole, LINK_TEXT_CHARS_MAX);
        b->link_start = b->line->len;
        size_t bytes = strlen(text) + strlen(b->url);
        if (!*text && !b->image)
                return;
        if (b->link_count >= LIMIT_DOCUMENT_LINKS || bytes > LIMIT_TEXT_BYTES - b->link_bytes) {
                b->links_cut = true;
                return;
        }
        b->link_bytes += bytes;
        b->link_count++;
        g_ptr_array_add(b->links, block_link_new(*text || !b->image_alt ? text : b->image_alt, b->url));
}

static void start_line(struct html_builder *b)
{
        append_end(b->line, b->line->str);
        b->space = b->newline = false;
        b->all_bold = true;
        b->marks = 0;
        b->line_number = 0;
        b->link_start = 0;
}

/* Neither begins nor ends with white space, as far as that is told at a glance: as nearly all lines. */
static bool is_surely_trimmed(const GString *line)
{
        return text_is_surely_filled(line->str) &&
               text_is_surely_filled(text_last_character(line->str, line->str + line->len));
}

/* Ends the line. Returns whether there was one: false if it was blank. An image that stands alone waits in its cell for
 * the text behind it. */
static bool end_line(struct html_builder *b)
{
        note_link(b);
        if (b->line->len == 0 && !b->image) { /* most edges stand beside another one */
                if (b->links->len > 0)
                        g_ptr_array_set_size(b->links, 0);
                start_line(b);
                return false;
        }
        const char *text = b->line->str;
        size_t size = b->line->len;
        unsigned indent = 0;
        if (size == 0 || !is_surely_trimmed(b->line)) {
                indent = document_split_indent(text, &text);
                text = text_trim(text, &size);
        }
        bool filled = size > 0, waits = b->image && current_table(b);
        if (filled) {
                unsigned marks = b->marks | (b->all_bold ? MARK_BOLD : 0) | (b->item ? MARK_LIST_ITEM : 0);
                b->item = false;
                add_block(b, text, size, marks, indent);
        } else if (b->image && !waits) {
                add_block(b, "", 0, b->marks, 0);
        } else if (!waits) {
                g_ptr_array_set_size(b->links, 0);
        }
        start_line(b);
        return filled || waits;
}

/* Between two wide characters a line end in the source is no space: Japanese text is written without. */
static bool joins_without_space(const GString *line, const char *next)
{
        const char *last = g_utf8_prev_char(line->str + line->len);
        return g_unichar_iswide(g_utf8_get_char(last)) && g_unichar_iswide(g_utf8_get_char(next));
}

static bool is_blank_run(const char *text, size_t size)
{
        if (size > 0 && text_is_surely_filled(text))
                return false;
        for (const char *p = text; p < text + size; p = g_utf8_next_char(p))
                if (!g_unichar_isspace(g_utf8_get_char(p)))
                        return false;
        return true;
}

/* Adds text without collapsible white space in it. */
static void add_run(struct html_builder *b, const struct html_style *style, const char *text, size_t size)
{
        if (b->line->len == 0) {
                b->line_number = b->source_line;
                b->all_bold = true;
        } else if (b->space && !(b->newline && joins_without_space(b->line, text))) {
                append_char(b->line, ' ');
        }
        b->space = b->newline = false;
        b->marks |= (style->heading ? MARK_HEADING : 0) | (style->preformatted ? MARK_PREFORMATTED : 0);
        if (b->all_bold && !style->bold && !is_blank_run(text, size))
                b->all_bold = false;
        append_bytes(b->line, text, size);
}

static bool is_collapsible(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Where the next byte is that may be collapsible: none is above a space. */
static const char *find_low(const char *p, const char *end)
{
#if defined(BY_BLOCKS)
        for (; end - p >= BLOCK_BYTES; p += BLOCK_BYTES) {
                unsigned low = bits_of(is_within(load_block(p), 0, ' '));
                if (low)
                        return p + __builtin_ctz(low);
        }
        /* the NULs behind the rest are low, too */
        return p + __builtin_ctz(bits_of(is_within(load_rest((const unsigned char *) p, (size_t) (end - p)), 0, ' ')));
#else
        while (p < end && (unsigned char) *p > ' ')
                p++;
        return p;
#endif
}

static void add_collapsed(struct html_builder *b, const struct html_style *style, const char *text, size_t size)
{
        for (const char *end = text + size; text < end;) {
                const char *run = text;
                while ((text = find_low(text, end)) < end && !is_collapsible(*text))
                        text++;
                if (text > run)
                        add_run(b, style, run, text - run);
                for (; text < end && is_collapsible(*text); text++) {
                        b->space = true;
                        b->newline = b->newline || *text == '\n' || *text == '\r';
                }
        }
}

static void add_preformatted(struct html_builder *b, const struct html_style *style, const char *text, size_t size)
{
        for (const char *end = text + size; text < end && !b->full;) {
                const char *line_end = memchr(text, '\n', end - text);
                size_t length = (line_end ? line_end : end) - text;
                size_t shown = line_end && length > 0 && text[length - 1] == '\r' ? length - 1 : length;
                if (shown > 0)
                        add_run(b, style, text, shown);
                text += length;
                if (line_end) {
                        html_builder_break_line(b);
                        text++;
                }
        }
}

void html_builder_add_text(struct html_builder *b, const struct html_style *style, const char *text, size_t size)
{
        if (b->full)
                return;
        if (style->preformatted)
                add_preformatted(b, style, text, size);
        else
                add_collapsed(b, style, text, size);
}

void html_builder_break_line(struct html_builder *b)
{
        if (b->full)
                return;
        if (!end_line(b))
                b->paragraph = true;
}

void html_builder_add_edge(struct html_builder *b)
{
        if (b->full)
                return;
        end_line(b);
        b->paragraph = true;
}

void html_builder_start_item(struct html_builder *b)
{
        b->item = true;
}

/* Of an address, what is kept: enough for any name, and not a picture that is written into the page itself. */
#define IMAGE_SOURCE_BYTES_MAX 512u

/* "→", "○": what an image of a mark has in place of the image. */
static bool is_mark_text(const char *alt)
{
        g_autofree char *text = text_strip(alt);
        long length = g_utf8_strlen(text, -1);
        for (const char *p = text; *p; p = g_utf8_next_char(p))
                if (g_unichar_isalnum(g_utf8_get_char(p)))
                        return false;
        return length == 1 || length == 2;
}

static bool ends_with_colon(const GString *line)
{
        g_autofree char *text = text_strip(line->str);
        return g_str_has_suffix(text, ":") || g_str_has_suffix(text, "：");
}

/* Only an image before the text can be the mark of a chosen option; one behind text says nothing, unless it says itself
 * that it is one, or a label's colon stands before it: then the value begins with it, and is a line of its own. */
void html_builder_add_image(struct html_builder *b, const char *alt, const char *source)
{
        if (b->full)
                return;
        bool is_behind_text = !is_blank_run(b->line->str, b->line->len);
        g_autofree char *mark = is_behind_text && alt && is_mark_text(alt) ? text_strip(alt) : NULL;
        if (is_behind_text && !mark && ends_with_colon(b->line)) {
                end_line(b);
        } else if (is_behind_text) {
                static const struct html_style plain = { 0 };
                if (mark)
                        html_builder_add_text(b, &plain, mark, strlen(mark));
                return;
        }
        if (!b->image) /* that of one that was passed over */
                g_clear_pointer(&b->image_source, g_free);
        b->image = true;
        if (!b->image_alt && alt && !text_is_blank(alt))
                b->image_alt = text_strip(alt);
        if (!b->image_source && source && strlen(source) <= IMAGE_SOURCE_BYTES_MAX)
                b->image_source = g_strdup(source);
}

void html_builder_open_link(struct html_builder *b, const char *url)
{
        html_builder_close_link(b);
        b->url = g_strdup(url);
        b->link_start = b->line->len;
}

void html_builder_close_link(struct html_builder *b)
{
        note_link(b);
        g_clear_pointer(&b->url, g_free);
}

/* Ends the line before a cell or table begins or ends; an image waits no longer. */
static void end_content(struct html_builder *b)
{
        end_line(b);
        if (b->image)
                add_block(b, "", 0, 0, 0);
}

static bool count_cell(struct html_builder *b)
{
        if (b->full || ++b->cells > LIMIT_TABLE_CELLS)
                b->full = true;
        return !b->full;
}

void html_builder_open_table(struct html_builder *b)
{
        if (!count_cell(b))
                return;
        end_content(b);
        b->paragraph = true;
        struct table *around = current_table(b), *table = g_new(struct table, 1);
        *table = (struct table){ .number = b->document->table_count++, .parent = around ? around->number : -1,
                                 .row = -1, .last_block = -1 };
        g_ptr_array_add(b->tables, table);
}

void html_builder_close_table(struct html_builder *b)
{
        if (b->full)
                return;
        html_builder_add_edge(b);
        g_ptr_array_set_size(b->tables, (gint) b->tables->len - 1);
}

void html_builder_open_row(struct html_builder *b)
{
        if (!count_cell(b))
                return;
        end_line(b);
        struct table *table = g_ptr_array_index(b->tables, b->tables->len - 1);
        table->row++;
        table->column = table->next_column = 0;
}

static bool is_occupied(const struct table *table, int column)
{
        return table->occupied && column < (int) table->occupied->len &&
               g_array_index(table->occupied, int, column) > table->row;
}

static void occupy(struct table *table, unsigned colspan, unsigned rowspan)
{
        if (!table->occupied)
                table->occupied = g_array_new(FALSE, TRUE, sizeof(int));
        for (unsigned i = table->column; i < table->column + colspan && i < SPAN_COLUMNS_MAX; i++) {
                if (table->occupied->len <= i)
                        g_array_set_size(table->occupied, i + 1);
                g_array_index(table->occupied, int, i) = table->row + (int) rowspan;
        }
}

void html_builder_open_cell(struct html_builder *b, unsigned colspan, unsigned rowspan)
{
        if (!count_cell(b))
                return;
        end_line(b);
        struct table *table = g_ptr_array_index(b->tables, b->tables->len - 1);
        table->column = table->next_column;
        while (is_occupied(table, table->column))
                table->column++;
        table->next_column = table->column + (int) colspan;
        table->row_span = rowspan;
        if (rowspan > 1)
                occupy(table, colspan, rowspan);
        table->cell_open = true;
        table->last_block = -1;
}

/* The cell's last block gets the mark. Where the cell holds nothing, or a table of its own stands at its end, an empty
 * block does, as a lone pipe does in rendering P. */
void html_builder_close_cell(struct html_builder *b)
{
        if (b->full)
                return;
        end_line(b);
        struct table *table = g_ptr_array_index(b->tables, b->tables->len - 1);
        if (b->image && table->last_block >= 0 && !b->image_alt)
                b->image = false;
        bool last = table->last_block >= 0 && table->last_block == (int) b->document->block_count - 1 && !b->image;
        struct block *block = last ? document_block(b->document, table->last_block) : add_block(b, "", 0, 0, 0);
        if (block)
                block->marks |= MARK_CELL_END;
        table->cell_open = false;
        b->paragraph = b->item = false;
}

void html_builder_finish(struct html_builder *b)
{
        if (!b->full)
                end_content(b);
        if (b->links_cut)
                g_ptr_array_add(b->document->warnings,
                                g_strdup_printf("of the page's links those behind the first %u (LIMIT_DOCUMENT_LINKS) or "
                                                "%u bytes (LIMIT_TEXT_BYTES) were left out",
                                                LIMIT_DOCUMENT_LINKS, LIMIT_TEXT_BYTES));
}
