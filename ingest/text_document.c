/* SPDX-License-Identifier: MIT */
#include "ingest/text_document.h"

#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "ingest/text_lines.h"

#define line_at(lines, i) (&g_array_index((lines), struct text_line, (i)))

/* A share of the lines, 1/SHARE_DIVISOR, must have the form for the whole text to be read that way. */
#define SHARE_DIVISOR 5
#define PIPES_MIN 3

struct builder {
        struct document *document;
        bool paragraph;      /* a blank line has been seen since the last block */
        bool cell_open;      /* rendering P: lines of a cell whose pipe has not come yet */
        bool in_table;       /* rendering T */
        bool blank_in_table; /* a blank line since its last row */
        int row, columns;    /* of its last row */
        unsigned cells;
        unsigned line;
};

/* A piece of a line without white space at either end. */
struct piece {
        const char *start, *end;
};

static inline bool is_space_at(const char *at)
{
        return !text_is_surely_filled(at) && g_unichar_isspace(g_utf8_get_char(at));
}

static struct piece strip_piece(const char *start, const char *end)
{
        while (start < end && is_space_at(start))
                start = g_utf8_next_char(start);
        while (end > start) {
                const char *last = text_last_character(start, end);
                if (!is_space_at(last))
                        break;
                end = last;
        }
        return (struct piece){ start, end };
}

static struct piece strip_line(const char *text)
{
        return strip_piece(text, text + strlen(text));
}

static bool ends_with_pipe(const struct piece *piece)
{
        return piece->end > piece->start && piece->end[-1] == '|';
}

static bool is_row(const struct piece *piece)
{
        return piece->end - piece->start >= 2 && piece->start[0] == '|' && ends_with_pipe(piece);
}

/* "---", ":-:", "===", but not "-", which is a cell's way to say "nothing". */
static bool is_dashes(struct piece piece)
{
        if (piece.end - piece.start < 2)
                return false;
        piece.start += piece.start[0] == ':';
        piece.end -= piece.end[-1] == ':';
        for (const char *p = piece.start; p < piece.end; p++)
                if (*p != '-' && *p != '=')
                        return false;
        return piece.start < piece.end;
}

/* "|---|---|" and "+---+---+". */
static bool is_ruler(const struct piece *piece)
{
        if (piece->end - piece->start < 3 || piece->start[0] != piece->end[-1] ||
            (piece->start[0] != '|' && piece->start[0] != '+'))
                return false;
        for (const char *start = piece->start + 1; start < piece->end;) {
                const char *end = start;
                while (*end != '|' && *end != '+')
                        end++;
                if (!is_dashes(strip_piece(start, end)))
                        return false;
                start = end + 1;
        }
        return true;
}

static enum document_rendering judge_rendering(const GArray *lines)
{
        guint filled = 0, rows = 0, pipes = 0, lone = 0;
        for (guint i = 0; i < lines->len; i++) {
                if (line_at(lines, i)->blank)
                        continue;
                struct piece piece = strip_line(line_at(lines, i)->text);
                filled++;
                if (is_row(&piece))
                        rows++;
                else if (ends_with_pipe(&piece))
                        pipes++;
                lone += piece.end - piece.start == 1 && piece.start[0] == '|';
        }
        /* A line of nothing but a pipe is never prose. */
        if (pipes >= PIPES_MIN && pipes > rows && (pipes * SHARE_DIVISOR >= filled || lone >= PIPES_MIN))
                return RENDERING_PIPES;
        if (rows > 0 && rows * SHARE_DIVISOR >= filled)
                return RENDERING_ROWS;
        return RENDERING_LINES;
}

/* NULL at the limit. */
static struct block *add_block(struct builder *b, const struct piece *piece, unsigned marks, unsigned indent)
{
        if (b->paragraph)
                marks |= MARK_PARAGRAPH;
        b->paragraph = false;
        size_t size = (size_t) (piece->end - piece->start);
        struct block *block = document_add_sized(b->document, piece->start, size, marks, indent);
        if (block)
                block->line = b->line;
        return block;
}

/* A lone pipe ends the cell of the lines before it, or is an empty cell where these have ended already. */
static bool add_pipe(struct builder *b)
{
        static const struct piece empty = { "", "" };
        if (!b->cell_open)
                return add_block(b, &empty, MARK_CELL_END, 0) != NULL;
        document_block(b->document, b->document->block_count - 1)->marks |= MARK_CELL_END;
        b->cell_open = false;
        return true;
}

/* The next pipe that parts cells: the first or last thing of the line, or one between white space. */
static const char *find_cell_pipe(const char *from, const struct piece *line)
{
        for (const char *p = from; p < line->end; p++) {
                if (*p != '|')
                        continue;
                bool space_before = p == line->start || p == from || g_ascii_isspace(p[-1]);
                if (p == line->start || p + 1 == line->end || (space_before && g_ascii_isspace(p[1])))
                        return p;
        }
        return NULL;
}

static bool add_pipe_line(struct builder *b, const struct piece *line, unsigned indent)
{
        const char *from = line->start;
        for (const char *pipe; (pipe = find_cell_pipe(from, line)); from = pipe + 1, indent = 0) {
                struct piece piece = strip_piece(from, pipe);
                if (piece.start == piece.end) {
                        if (!add_pipe(b))
                                return false;
                        continue;
                }
                if (!add_block(b, &piece, MARK_CELL_END, indent))
                        return false;
                b->cell_open = false;
        }
        struct piece rest = strip_piece(from, line->end);
        if (rest.start == rest.end)
                return true;
        b->cell_open = true;
        return add_block(b, &rest, 0, indent) != NULL;
}

/* "<br>", "<br/>", "<BR />": how rows of text write a line break inside a cell. The bytes it takes, or 0. */
static size_t match_break(const char *at, const char *end)
{
        if (end - at < 4 || g_ascii_strncasecmp(at, "<br", 3) != 0)
                return 0;
        const char *p = at + 3;
        while (p < end && (*p == ' ' || *p == '/'))
                p++;
        return p < end && *p == '>' ? (size_t) (p + 1 - at) : 0;
}

/* "**深刻度**": bold, as programs that turn HTML into text write it. */
static struct piece strip_bold(struct piece piece)
{
        while (piece.end - piece.start > 4 && strncmp(piece.start, "**", 2) == 0 &&
               strncmp(piece.end - 2, "**", 2) == 0)
                piece = strip_piece(piece.start + 2, piece.end - 2);
        return piece;
}

static bool add_row_block(struct builder *b, struct piece piece, int column, bool is_last)
{
        piece = strip_bold(piece);
        struct block *block = add_block(b, &piece, is_last ? MARK_CELL_END : 0, 0);
        if (!block)
                return false;
        block->table = b->document->table_count - 1;
        block->row = b->row;
        block->column = column;
        return true;
}

static bool add_row_cell(struct builder *b, const char *start, const char *end, int column)
{
        for (const char *at = start; at < end;) {
                size_t size = match_break(at, end);
                if (size > 0 && !add_row_block(b, strip_piece(start, at), column, false))
                        return false;
                at += size > 0 ? size : 1;
                start = size > 0 ? at : start;
        }
        return add_row_block(b, strip_piece(start, end), column, true);
}

/* "| ○ |  | × |": no header of another table. */
static bool is_row_of_marks(const struct piece *line)
{
        for (const char *start = line->start + 1, *end; start < line->end; start = end + 1) {
                end = memchr(start, '|', line->end - start);
                struct piece cell = strip_piece(start, end);
                bool is_mark = cell.start < cell.end && !g_unichar_isalnum(g_utf8_get_char(cell.start)) &&
                               g_utf8_next_char(cell.start) == cell.end;
                if (cell.start < cell.end && !is_mark)
                        return false;
        }
        return true;
}

static bool add_row(struct builder *b, const struct piece *line)
{
        int columns = 0, column = 0;
        for (const char *p = line->start + 1; p < line->end; p++)
                columns += *p == '|';
        /* Rows of the same form go on behind a blank line, which some program put between all lines. */
        if (!b->in_table || (b->blank_in_table && columns != b->columns && !is_row_of_marks(line))) {
                b->in_table = true;
                b->row = 0;
                b->document->table_count++;
        }
        b->blank_in_table = false;
        b->columns = columns;
        for (const char *start = line->start + 1; start < line->end; column++) {
                const char *end = memchr(start, '|', line->end - start);
                if (++b->cells > LIMIT_TABLE_CELLS || !add_row_cell(b, start, end, column))
                        return false;
                start = end + 1;
        }
        b->row++;
        return true;
}

/* A "+---+" line belongs to a table only beside its rows; "|---|" always does. */
static bool is_table_ruler(const struct builder *b, const GArray *lines, guint i, const struct piece *piece)
{
        if (!is_ruler(piece))
                return false;
        if (piece->start[0] == '|' || b->in_table)
                return true;
        if (i + 1 >= lines->len)
                return false;
        struct piece next = strip_line(line_at(lines, i + 1)->text);
        return is_row(&next);
}

static bool add_line(struct builder *b, const GArray *lines, guint i)
{
        const struct text_line *line = line_at(lines, i);
        if (line->blank) {
                b->paragraph = true;
                b->blank_in_table = true;
                return true;
        }
        b->line = line->number;
        struct piece piece = strip_line(line->text);
        const char *rest;
        unsigned indent = piece.start > line->text ? document_split_indent(line->text, &rest) : 0;
        if (b->document->rendering == RENDERING_PIPES)
                return add_pipe_line(b, &piece, indent);
        if (is_table_ruler(b, lines, i, &piece))
                return true;
        if (is_row(&piece))
                return add_row(b, &piece);
        b->in_table = false;
        return add_block(b, &piece, 0, indent) != NULL;
}

int text_document_read(char *text, const struct text_document_options *options, struct document **ret_document,
                       struct error *err)
{
        static const struct text_document_options none;
        if (g_str_has_prefix(text, "\xef\xbb\xbf")) /* a byte order mark is no text */
                text += 3;
        size_t size = strlen(text);
        if (size > LIMIT_TEXT_BYTES)
                return error_set(err, -ERR_LIMIT, "the text has more than %u bytes (LIMIT_TEXT_BYTES)", LIMIT_TEXT_BYTES);
        bool has_bars = memchr(text, '|', size) != NULL; /* without one there are neither rows nor cells */
        g_autoptr(GArray) lines = NULL;
        int r = text_lines_split(text, options ? options : &none, &lines, err);
        if (r < 0)
                return r;
        struct builder b = { .document = document_new(has_bars ? judge_rendering(lines) : RENDERING_LINES) };
        for (guint i = 0; i < lines->len; i++) {
                if (add_line(&b, lines, i))
                        continue;
                document_free(b.document);
                return error_set(err, -ERR_LIMIT, "the text has more than %u lines (LIMIT_DOCUMENT_BLOCKS) or %u cells (LIMIT_TABLE_CELLS)",
                                 LIMIT_DOCUMENT_BLOCKS, LIMIT_TABLE_CELLS);
        }
        *ret_document = b.document;
        return 0;
}
