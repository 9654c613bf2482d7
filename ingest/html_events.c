/* SPDX-License-Identifier: MIT */
/* What the tags and the text of a page mean for the document. */
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "ingest/html_attributes.h"
#include "ingest/html_elements.h"
#include "ingest/html_p.h"

#define COLSPAN_MAX 1000u  /* as browsers do */
#define ROWSPAN_MAX 65534u

static void stop_for_depth(struct html_reader *reader, unsigned limit, const char *name)
{
        reader->limit = g_strdup_printf("elements nested deeper than %u (%s)", limit, name);
}

static void note_full(struct html_reader *reader)
{
        if (!reader->limit && html_builder_is_full(reader->builder))
                reader->limit = g_strdup_printf(
                        "more than %u lines (LIMIT_DOCUMENT_BLOCKS) or %u tables, rows and cells (LIMIT_TABLE_CELLS)",
                        LIMIT_DOCUMENT_BLOCKS, LIMIT_TABLE_CELLS);
}

static void push(struct html_reader *reader, unsigned flags)
{
        if (reader->open_count >= LIMIT_HTML_DEPTH) {
                stop_for_depth(reader, LIMIT_HTML_DEPTH, "LIMIT_HTML_DEPTH");
                return;
        }
        reader->open[reader->open_count++] = (struct open_element){ .flags = flags, .style = reader->style };
}

static void pop(struct html_reader *reader)
{
        struct open_element element = reader->open[--reader->open_count];
        if (element.flags & HTML_LINK)
                html_builder_close_link(reader->builder);
        if (element.flags & HTML_CELL)
                html_builder_close_cell(reader->builder);
        if (element.flags & HTML_TABLE)
                html_builder_close_table(reader->builder);
        reader->style = element.style;
}

/* The index of the innermost open element with one of the flags, looked for no further than one of the barriers;
 * -1 if there is none. */
static int find_open(const struct html_reader *reader, unsigned flags, unsigned barriers)
{
        for (int i = (int) reader->open_count - 1; i >= 0; i--) {
                unsigned found = reader->open[i].flags;
                if (found & flags)
                        return i;
                if (found & barriers)
                        return -1;
        }
        return -1;
}

static void pop_to(struct html_reader *reader, int size)
{
        while ((int) reader->open_count > size)
                pop(reader);
}

static void open_table(struct html_reader *reader)
{
        push(reader, HTML_TABLE);
        if (reader->limit)
                return;
        html_builder_open_table(reader->builder);
        reader->style = (struct html_style){ 0 };
}

/* Ends what is open in the innermost table, as browsers do for a new row. A page cut out of its middle may begin with
 * a row or a cell. */
static void open_row(struct html_reader *reader)
{
        int table = find_open(reader, HTML_TABLE, 0);
        if (table < 0)
                open_table(reader);
        else
                pop_to(reader, table + 1);
        if (reader->limit)
                return;
        push(reader, HTML_ROW);
        html_builder_open_row(reader->builder);
}

static void open_cell(struct html_reader *reader, unsigned flags, const char *const *attributes)
{
        int row = find_open(reader, HTML_ROW, HTML_TABLE);
        if (row < 0)
                open_row(reader);
        else
                pop_to(reader, row + 1);
        if (reader->limit)
                return;
        push(reader, flags & HTML_CELL);
        unsigned colspan = html_read_number(html_find_attribute(attributes, "colspan"), 1, COLSPAN_MAX);
        unsigned rowspan = html_read_number(html_find_attribute(attributes, "rowspan"), 1, ROWSPAN_MAX);
        /* 0 means "to the end of the group" */
        html_builder_open_cell(reader->builder, MAX(colspan, 1), rowspan ? rowspan : ROWSPAN_MAX);
        reader->style.bold = flags & HTML_BOLD;
}

static void open_link(struct html_reader *reader, const char *const *attributes)
{
        int open = find_open(reader, HTML_LINK, HTML_CELL);
        if (open >= 0)
                pop_to(reader, open);
        const char *href = html_find_attribute(attributes, "href");
        g_autofree char *url = href ? html_clean_url(href, &reader->long_url) : NULL;
        if (!url)
                return;
        push(reader, HTML_LINK);
        html_builder_open_link(reader->builder, url);
}

static void open_styled(struct html_reader *reader, unsigned flags)
{
        unsigned top = reader->open_count > 0 ? reader->open[reader->open_count - 1].flags : 0;
        flags &= HTML_BOLD | HTML_HEADING | HTML_PRE;
        if (top == flags) /* <b><b>: unclosed ones must not fill the stack */
                return;
        push(reader, flags);
        reader->style.bold = reader->style.bold || (flags & HTML_BOLD);
        reader->style.heading = reader->style.heading || (flags & HTML_HEADING);
        reader->style.preformatted = reader->style.preformatted || (flags & HTML_PRE);
}

static void open_element(struct html_reader *reader, unsigned flags, const char *const *attributes)
{
        if (flags & HTML_BLOCK)
                html_builder_add_edge(reader->builder);
        if (flags & HTML_BREAK)
                html_builder_break_line(reader->builder);
        else if (flags & HTML_IMAGE && !html_is_spacer(attributes))
                html_builder_add_image(reader->builder, html_find_attribute(attributes, "alt"),
                                       html_find_attribute(attributes, "src"));
        else if (flags & HTML_INPUT && html_is_mark(attributes))
                html_builder_add_image(reader->builder, html_find_attribute(attributes, "alt"), NULL);
        else if (flags & HTML_TABLE)
                open_table(reader);
        else if (flags & HTML_ROW)
                open_row(reader);
        else if (flags & HTML_CELL)
                open_cell(reader, flags, attributes);
        else if (flags & HTML_LINK)
                open_link(reader, attributes);
        else if (flags & HTML_ITEM)
                html_builder_start_item(reader->builder);
        else if (flags & (HTML_BOLD | HTML_HEADING | HTML_PRE))
                open_styled(reader, flags);
}

/* An end tag ends the element and all inside it, but never reaches out of a cell or, for parts of a table, out of the
 * table. One for an element that is not open means nothing. */
static void close_element(struct html_reader *reader, unsigned flags)
{
        static const unsigned kinds[] = { HTML_TABLE, HTML_ROW,     HTML_CELL, HTML_LINK,
                                          HTML_BOLD,  HTML_HEADING, HTML_PRE };
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                if (!(flags & kinds[i]))
                        continue;
                unsigned barriers = kinds[i] == HTML_TABLE                      ? 0
                                    : kinds[i] & (HTML_ROW | HTML_CELL)         ? HTML_TABLE
                                                                                : HTML_TABLE | HTML_CELL;
                int open = find_open(reader, kinds[i], barriers);
                if (flags & HTML_BLOCK)
                        html_builder_add_edge(reader->builder);
                if (open >= 0)
                        pop_to(reader, open);
                return;
        }
        if (flags & HTML_BLOCK)
                html_builder_add_edge(reader->builder);
}

void html_start_element(struct html_reader *reader, unsigned flags, const char *const *attributes, unsigned line)
{
        if (reader->limit)
                return;
        if (++reader->depth > LIMIT_HTML_OPEN_ELEMENTS) {
                stop_for_depth(reader, LIMIT_HTML_OPEN_ELEMENTS, "LIMIT_HTML_OPEN_ELEMENTS");
                return;
        }
        if (reader->skip_depth && !reader->in_title)
                return;
        reader->skip_depth = 0; /* a title holds no element: this one was not closed */
        bool hidden = html_is_hidden(attributes);
        if (flags & HTML_SKIP || hidden) {
                if (!hidden) /* a drawing counts, what it is made of does not */
                        open_element(reader, flags, attributes);
                reader->skip_depth = reader->depth;
                reader->in_title = flags & HTML_TITLE;
                return;
        }
        if (flags == 0) /* <font>, <span>: they mean nothing here */
                return;
        html_builder_set_line(reader->builder, line);
        open_element(reader, flags, attributes);
        note_full(reader);
}

void html_end_element(struct html_reader *reader, unsigned flags, unsigned line)
{
        if (reader->limit || reader->depth == 0)
                return;
        unsigned depth = reader->depth--;
        if (reader->skip_depth) {
                if (depth <= reader->skip_depth)
                        reader->skip_depth = 0;
                return;
        }
        if (flags == 0)
                return;
        html_builder_set_line(reader->builder, line);
        close_element(reader, flags);
        note_full(reader);
}

static bool has_controls(const char *text, size_t size)
{
        for (const char *p = text; (p = memchr(p, 0xc2, text + size - p)) && p + 1 < text + size; p++)
                if ((unsigned char) p[1] < 0xa0)
                        return true;
        return memchr(text, 0x7f, size);
}

/* &#150; and the like: browsers read numbers 128 to 159 as windows-1252. */
static char *replace_controls(const char *text, size_t size)
{
        static const gunichar windows_1252[32] = {
                0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
                0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
                0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
        };
        GString *out = g_string_sized_new(size);
        for (const char *p = text; p < text + size; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);
                if (c >= 0x80 && c < 0xa0)
                        c = windows_1252[c - 0x80];
                if (c && c != 0x7f)
                        g_string_append_unichar(out, c);
        }
        return g_string_free(out, FALSE);
}

void html_add_text(struct html_reader *reader, const char *text, size_t size, unsigned line)
{
        if (reader->limit || reader->skip_depth || size == 0)
                return;
        g_autofree char *changed = NULL;
        if (!g_utf8_validate(text, (gssize) size, NULL))
                text = changed = text_make_valid(text, size, NULL);
        else if (has_controls(text, size))
                text = changed = replace_controls(text, size);
        html_add_clean_text(reader, text, changed ? strlen(changed) : size, line);
}

void html_add_clean_text(struct html_reader *reader, const char *text, size_t size, unsigned line)
{
        if (reader->limit || reader->skip_depth || size == 0)
                return;
        html_builder_set_line(reader->builder, line);
        html_builder_add_text(reader->builder, &reader->style, text, size);
        note_full(reader);
}

void html_finish(struct html_reader *reader)
{
        if (reader->limit)
                return;
        pop_to(reader, 0);
        html_builder_finish(reader->builder);
        note_full(reader);
}

void html_reader_init(struct html_reader *reader, struct document *document)
{
        *reader = (struct html_reader){ .builder = html_builder_new(document) };
}

void html_reader_clear(struct html_reader *reader)
{
        html_builder_free(reader->builder);
        g_free(reader->limit);
}
