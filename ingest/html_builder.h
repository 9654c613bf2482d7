/* SPDX-License-Identifier: MIT */
/*
 * From the events of an HTML page (text, line break, edge of a block, cell, image, link) to blocks: white space is
 * collapsed here, lines are cut, and tables are counted. It knows nothing of tags and their nesting.
 */
#ifndef INGEST_HTML_BUILDER_H
#define INGEST_HTML_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include "ingest/document.h"

struct html_builder;

/* How the text that comes next is written; html.c keeps it. */
struct html_style {
        bool bold, heading, preformatted;
};

struct html_builder *html_builder_new(struct document *document);
void html_builder_free(struct html_builder *builder);

/* True when a limit was reached; the calls below do nothing from then on. */
bool html_builder_is_full(const struct html_builder *builder);

/* The source's line, for the blocks that begin now. */
void html_builder_set_line(struct html_builder *builder, unsigned line);

void html_builder_add_text(struct html_builder *builder, const struct html_style *style, const char *text, size_t size);
void html_builder_break_line(struct html_builder *builder); /* <br> */
void html_builder_add_edge(struct html_builder *builder);   /* of a block element */
void html_builder_start_item(struct html_builder *builder); /* the next line begins a list item */
void html_builder_add_image(struct html_builder *builder, const char *alt, const char *source); /* each may be NULL */

/* A link's text is what is added until it is closed; one that spans several lines is put on each. */
void html_builder_open_link(struct html_builder *builder, const char *url);
void html_builder_close_link(struct html_builder *builder);

/* Strictly nested: a cell in a row in a table. */
void html_builder_open_table(struct html_builder *builder);
void html_builder_close_table(struct html_builder *builder);
void html_builder_open_row(struct html_builder *builder);
void html_builder_open_cell(struct html_builder *builder, unsigned colspan, unsigned rowspan);
void html_builder_close_cell(struct html_builder *builder);

/* The end of the page. */
void html_builder_finish(struct html_builder *builder);

#endif
