/* SPDX-License-Identifier: MIT */
/*
 * The document model: one form for every rendering, the only thing extraction reads.
 *
 * A document is the blocks of a page in reading order. A block is one line of text with its place in the structure
 * (which table, row and column, how deep) and its marks. A table cell of several lines gives several blocks, the last
 * one with cell_end; an empty cell gives one empty block with cell_end; so does a cell that ends with a table of its own,
 * behind that table. So an HTML table, a pipe-line mail (rendering P) and plain lines (rendering L) are walked by the
 * same code:
 *
 *      H  <td><img></td><td>1(緊急)</td>   ""[image, cell_end]  "1(緊急)"[cell_end]      table 3, row 0, columns 0 and 1
 *      P  "→ |" "1(緊急) |"                "→"[cell_end]        "1(緊急)"[cell_end]      table -1
 *      L  "1(緊急)" / "  2(重要)"           "1(緊急)"[indent 0]  "2(重要)"[indent 2]      table -1
 */
#ifndef INGEST_DOCUMENT_H
#define INGEST_DOCUMENT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/errors.h"
#include "common/text.h"

enum block_mark {
        MARK_IMAGE = 1 << 0,    /* an image stands before the text (or alone in the cell) */
        MARK_CELL_END = 1 << 1, /* the last block of a table cell */
        MARK_HEADING = 1 << 2,  /* h1…h6 */
        MARK_LIST_ITEM = 1 << 3,
        MARK_PREFORMATTED = 1 << 4,
        MARK_BOLD = 1 << 5,
        MARK_PARAGRAPH = 1 << 6, /* a blank line or a block element's edge stands before it */
};

struct block_link { char *text, *url; };

struct block {
        char *text;       /* as it stands, without the indentation and the cell's pipe; valid UTF-8 */
        char *normal;     /* the same in comparison form (text_normalize); of the first 64 KiB where it is longer; it
                           * may be text itself */
        size_t size;      /* of the text */
        bool is_plain;    /* it is text itself (text_is_plain), as of most lines */
        struct text_shape shape; /* of such a text */
        unsigned marks;   /* enum block_mark */
        unsigned indent;  /* columns of white space before it (U+3000 counts 2) */
        int table;        /* number of the innermost table, from 0 in order of opening; -1: not in a table with rows */
        int parent_table; /* the table around that one, or -1 */
        int row, column;  /* within that table, from 0; colspan advances column; -1 outside */
        unsigned row_span; /* rows that its cell covers, this one included; 1 outside */
        char *image_alt;  /* alt text of the image, or NULL */
        char *image_source; /* where it has no alt text: its address as written, to tell it from others; or NULL */
        GPtrArray *links; /* struct block_link, or NULL */
        unsigned line;    /* line of the source, from 1; 0 unknown */
};

enum document_rendering { RENDERING_HTML, RENDERING_LINES, RENDERING_PIPES, RENDERING_ROWS, RENDERING_MAX };

struct document {
        enum document_rendering rendering;
        struct block **blocks;
        guint block_count, block_room;
        size_t spaced_bytes; /* of the comparison forms that may have spaces, with their NULs */
        GPtrArray *warnings; /* char *, English */
        int table_count;
        struct document_chunk *chunks; /* the memory of the blocks and their texts */
};

struct document *document_new(enum document_rendering rendering);
void document_free(struct document *document);

/* Appends a block and fills normal. Takes ownership of nothing; text is copied. The block can be completed by the
 * caller. Returns NULL when LIMIT_DOCUMENT_BLOCKS is reached. */
struct block *document_add(struct document *document, const char *text, unsigned marks, unsigned indent);
/* The same of the first bytes of a text. */
struct block *document_add_sized(struct document *document, const char *text, size_t size, unsigned marks,
                                 unsigned indent);

/* Both texts are copied. */
struct block_link *block_link_new(const char *text, const char *url);
void block_link_free(struct block_link *link);
/* Takes the link. */
void block_add_link(struct block *block, struct block_link *link);

#define document_block(document, i) ((document)->blocks[i])

/* Whether a text of so many ASCII characters, or of so many wide ones, may stand in the block. A plain text has no
 * others, and a wide one has three bytes and two columns: so its size and width tell how many there are of each. */
static inline bool block_may_hold_ascii(const struct block *block, size_t characters)
{
        return !block->is_plain || 3 * block->shape.columns - 2 * block->size >= characters;
}

static inline bool block_may_hold_wide(const struct block *block, size_t characters)
{
        return !block->is_plain || block->size - block->shape.columns >= characters;
}

/* The columns of white space that a line begins with (tab stops every 8 columns, U+3000 counts 2, any other space 1);
 * *ret_rest is where the text begins. */
unsigned document_split_indent(const char *text, const char **ret_rest);

/* All text in reading order, one block a line: what search indexes. Newly allocated. */
char *document_text(const struct document *document);

/* "html", "lines", "pipes", "rows". */
const char *document_rendering_name(enum document_rendering rendering);

#endif
