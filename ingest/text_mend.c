/* SPDX-License-Identifier: MIT */
/* What programs do to the lines of a text on its way, undone: blank lines between all lines, rows and addresses that
 * are cut where the line was full, stars for bold. */
#include <string.h>

#include "common/text.h"
#include "ingest/text_lines.h"

#define line_at(lines, i) (&g_array_index((lines), struct text_line, (i)))

#define DOUBLE_SPACED_LINES_MIN 12
#define ROWS_MIN 2             /* rows that are whole, before others count as cut */
#define ROW_PIECES_MAX 20      /* lines of one row */
#define ADDRESS_PIECES_MAX 4
#define BOLD_PIECES_MAX 3
#define CUT_ROWS_MIN 3         /* that show how they were cut */
#define FULL_ROW_PIECES_MAX 3  /* lines of a row that looks whole */
#define FULL_LINE 60           /* columns: wrapping is done at 66 to 78 */
#define NARROWEST_BREAK 40     /* columns: a shorter line was not cut because it was full */

/* Lines that were joined to others have no text of their own any more. */
static void drop_joined_lines(GArray *lines)
{
        guint kept = 0;
        for (guint i = 0; i < lines->len; i++)
                if (line_at(lines, i)->text)
                        *line_at(lines, kept++) = *line_at(lines, i);
        g_array_set_size(lines, kept);
}

/* --- blank lines --- */

/* A blank line behind every line: nearly no two lines stand together. */
static bool is_double_spaced(const GArray *lines)
{
        guint filled = 0, together = 0;
        for (guint i = 0; i < lines->len; i++) {
                filled += !line_at(lines, i)->blank;
                together += i > 0 && !line_at(lines, i)->blank && !line_at(lines, i - 1)->blank;
        }
        return filled >= DOUBLE_SPACED_LINES_MIN && together * 20 <= filled;
}

static bool ends_with_bar(const char *text)
{
        size_t size = strlen(text);
        while (size > 0 && g_ascii_isspace(text[size - 1]))
                size--;
        return size > 0 && text[size - 1] == '|';
}

static bool is_row_text(const char *text)
{
        return text[0] == '|' && ends_with_bar(text + 1);
}

/* Between the rows of a table a blank line would end it. Elsewhere blank lines do no harm, and the text's own ones
 * cannot be told from those put in. */
static void close_double_spaced_rows(GArray *lines)
{
        guint kept = 0;
        if (!is_double_spaced(lines))
                return;
        for (guint i = 0; i < lines->len; i++) {
                struct text_line line = *line_at(lines, i);
                bool between_rows = line.blank && kept > 0 && is_row_text(line_at(lines, kept - 1)->text) &&
                                    i + 1 < lines->len && is_row_text(line_at(lines, i + 1)->text);
                if (!between_rows)
                        *line_at(lines, kept++) = line;
        }
        g_array_set_size(lines, kept);
}

/* --- lines that were cut --- */

/* Two words; they need a space between. */
static bool are_words_at_break(const char *first, const char *end, const char *second)
{
        if (end <= first || !g_ascii_isgraph(end[-1]) || !g_ascii_isgraph(second[0]))
                return false;
        return end[-1] != '-' || end - first < 2 || !g_ascii_isgraph(end[-2]); /* "CVE-2007-" and its number */
}

/* An address in angle brackets that is open at the line's end: "<http://…". */
static bool has_open_address(const char *text)
{
        const char *bracket = strrchr(text, '<');
        return bracket && (g_str_has_prefix(bracket, "<http://") || g_str_has_prefix(bracket, "<https://")) &&
               !strpbrk(bracket, "> \t");
}

/* Puts the count lines behind i to its end. They follow each other in the buffer, with a line end between at least. */
static void join_lines(GArray *lines, guint i, guint count, bool as_words)
{
        char *text = line_at(lines, i)->text, *end = text + strlen(text);
        for (guint n = 1; n <= count; n++) {
                struct text_line *next = line_at(lines, i + n);
                if (as_words && are_words_at_break(text, end, next->text) && !has_open_address(text))
                        *end++ = ' ';
                size_t size = strlen(next->text);
                memmove(end, next->text, size + 1);
                end += size;
                next->text = NULL;
        }
}

/* How many lines behind i belong to the row that starts there, 0 where it is whole or its end cannot be found. A row
 * that was cut behind a bar looks whole; then the line below ends with a bar and does not begin with one. */
static guint find_row_pieces(const GArray *lines, guint i)
{
        const char *text = line_at(lines, i)->text;
        bool looks_whole = is_row_text(text);
        guint most = looks_whole ? FULL_ROW_PIECES_MAX : ROW_PIECES_MAX;
        if (text[0] != '|' || text_width(text) < (looks_whole ? FULL_LINE : NARROWEST_BREAK))
                return 0;
        for (guint n = 1; n <= most && i + n < lines->len && !line_at(lines, i + n)->blank; n++) {
                const char *piece = line_at(lines, i + n)->text;
                if (looks_whole && piece[0] == '|')
                        return 0;
                if (ends_with_bar(piece))
                        return n;
        }
        return 0;
}

/* Whether the cut rows were cut at one width, in the middle of words too: then no space was where a line ends. */
static bool are_cut_hard(const GArray *lines)
{
        size_t widest = 0, narrowest = G_MAXSIZE;
        guint cut = 0;
        for (guint i = 0; i < lines->len; i++) {
                guint pieces = find_row_pieces(lines, i);
                for (guint n = 0; n < pieces; n++, cut++) {
                        size_t width = text_width(line_at(lines, i + n)->text);
                        widest = MAX(widest, width);
                        narrowest = MIN(narrowest, width);
                }
                i += pieces;
        }
        return cut >= CUT_ROWS_MIN && widest - narrowest <= 1; /* a wide character may not have had room */
}

static void join_rows(GArray *lines)
{
        guint rows = 0, others = 0;
        for (guint i = 0; i < lines->len; i++) {
                rows += is_row_text(line_at(lines, i)->text);
                others += !line_at(lines, i)->blank;
        }
        if (rows < ROWS_MIN)
                return;
        bool hard = are_cut_hard(lines), below_row = false;
        for (guint i = 0; i < lines->len; i++) {
                /* Where there are few rows, a cut one is known by the one above. */
                guint pieces = rows * 5 >= others || below_row ? find_row_pieces(lines, i) : 0;
                below_row = pieces > 0 || is_row_text(line_at(lines, i)->text);
                join_lines(lines, i, pieces, !hard);
                i += pieces;
        }
        drop_joined_lines(lines);
}

static guint find_address_pieces(const GArray *lines, guint i)
{
        if (!has_open_address(line_at(lines, i)->text))
                return 0;
        for (guint n = 1; n < ADDRESS_PIECES_MAX && i + n < lines->len; n++) {
                const char *piece = line_at(lines, i + n)->text;
                size_t size = strcspn(piece, "> \t<");
                if (piece[size] == '>' && size + n > 1)
                        return n;
                if (piece[size] != '\0' || size == 0)
                        return 0;
        }
        return 0;
}

static void join_addresses(GArray *lines)
{
        for (guint i = 0; i < lines->len; i++) {
                guint pieces = find_address_pieces(lines, i);
                join_lines(lines, i, pieces, false);
                i += pieces;
        }
        drop_joined_lines(lines);
}

/* --- bold --- */

/* The star that ends what the star at p begins, on this line: "*label*", "*label:* value". */
static char *find_closing_star(char *p)
{
        if (p[0] != '*' || p[1] == '\0' || p[1] == '*' || g_ascii_isspace(p[1]))
                return NULL;
        char *star = strchr(p + 1, '*');
        if (!star || g_ascii_isspace(star[-1]) || star[1] == '*')
                return NULL;
        if (g_ascii_isalnum(star[1]) && g_ascii_isalnum(star[-1])) /* "*a*b" is arithmetic */
                return NULL;
        return star;
}

static void remove_char(char *p)
{
        memmove(p, p + 1, strlen(p + 1) + 1);
}

/* Of a bold text over several lines: the last one's star, or NULL. */
static char *find_star_below(const GArray *lines, guint i, const char *first)
{
        if (first[0] != '*' || first[1] == '\0' || first[1] == '*' || g_ascii_isspace(first[1]) ||
            strchr(first + 1, '*') || text_width(first) < NARROWEST_BREAK)
                return NULL;
        for (guint n = 1; n <= BOLD_PIECES_MAX && i + n < lines->len && !line_at(lines, i + n)->blank; n++) {
                char *text = line_at(lines, i + n)->text, *star = strchr(text, '*');
                if (star)
                        return star > text && text_is_blank(star + 1) ? star : NULL;
        }
        return NULL;
}

/* The stars that programs write for bold where they turn HTML into text. */
static void strip_stars(GArray *lines)
{
        for (guint i = 0; i < lines->len; i++) {
                char *first = line_at(lines, i)->text + strspn(line_at(lines, i)->text, " \t");
                char *star = find_closing_star(first);
                if (!star)
                        star = find_star_below(lines, i, first);
                if (!star)
                        continue;
                remove_char(star);
                remove_char(first);
        }
}

void text_lines_mend(GArray *lines, const struct text_marks *marks)
{
        if (marks->bars) {
                join_rows(lines);
                close_double_spaced_rows(lines);
        }
        if (marks->brackets)
                join_addresses(lines);
        if (marks->stars)
                strip_stars(lines);
}
