/* SPDX-License-Identifier: MIT */
#include "ingest/text_lines.h"

#include <string.h>

#include "common/blocks.h"
#include "common/limits.h"
#include "common/text.h"

#define line_at(lines, i) (&g_array_index((lines), struct text_line, (i)))

#define USUAL_LINES 512u
#define NEAR_BYTES 200       /* of a line, before its end */
#define FULL_LINE_COLUMNS 62 /* a shorter line was broken at a space that was there */

/* The bytes of the line end at p, or 0. Form feed, vertical tab, NEL and the two separators of Unicode end lines too. */
static size_t line_end_size(const char *p)
{
        if (p[0] == '\r' && p[1] == '\n')
                return 2;
        if (p[0] == '\r' || p[0] == '\n' || p[0] == '\f' || p[0] == '\v')
                return 1;
        if (strncmp(p, "\xC2\x85", 2) == 0)
                return 2;
        return strncmp(p, "\xE2\x80\xA8", 3) == 0 || strncmp(p, "\xE2\x80\xA9", 3) == 0 ? 3 : 0;
}

#define END_STARTS "\r\n\f\v\xC2\xE2" /* the first bytes of line ends */

/* Where the next byte is that may begin a line end; a NUL stands at the end. */
static char *find_end_start(char *p, const char *end)
{
#if defined(BY_BLOCKS)
        for (; end - p >= BLOCK_BYTES; p += BLOCK_BYTES) {
                const __m128i block = load_block(p), wide = _mm_or_si128(is_byte(block, 0xC2), is_byte(block, 0xE2));
                unsigned found = bits_of(_mm_or_si128(is_within(block, '\n', '\r'), wide)); /* with \v and \f */
                if (found)
                        return p + __builtin_ctz(found);
        }
#else
        (void) end;
#endif
        return p + strcspn(p, END_STARTS);
}

/* Ends the line with NUL and returns where the next one begins, or NULL behind the last. */
static char *cut_line(char *text, const char *text_end)
{
        char *end = text;
        size_t size = 0;
        while (*(end = find_end_start(end, text_end)) && (size = line_end_size(end)) == 0)
                end++;
        if (!*end)
                return NULL;
        *end = '\0';
        return end + size;
}

static int cut_lines(char *buffer, GArray *lines, struct error *err)
{
        guint count = 0;
        const char *end = buffer + strlen(buffer);
        for (char *next, *text = buffer; text; text = next) {
                next = cut_line(text, end);
                if (!next && !*text)
                        break;
                if (count >= LIMIT_DOCUMENT_BLOCKS)
                        return error_set(err, -ERR_LIMIT, "the text has more than %u lines (LIMIT_DOCUMENT_BLOCKS)",
                                         LIMIT_DOCUMENT_BLOCKS);
                if (count == lines->len)
                        g_array_set_size(lines, MAX(2 * count, USUAL_LINES));
                *line_at(lines, count) = (struct text_line){ .text = text, .number = count + 1 };
                count++;
        }
        g_array_set_size(lines, count);
        return 0;
}

/* RFC 3676 section 4.5: the depth is the number of ">" without space between; 4.4: then one stuffed space goes. */
static unsigned take_flowed_quotes(char **text)
{
        unsigned depth = strspn(*text, ">");
        *text += depth;
        if (**text == ' ')
                (*text)++;
        return depth;
}

/* A line of nothing but spaces is taken as a blank one, though the letter of the RFC would join it: writers that do not
 * trim leave such lines, and a line joined to them would seem indented. "-- " is a signature's separator (4.3). */
static bool is_flowed(const char *text)
{
        size_t size = strlen(text);
        return size > 0 && text[size - 1] == ' ' && strspn(text, " ") < size && strcmp(text, "-- ") != 0;
}

/* Kanji, kana, their punctuation and full-width forms: what is written without spaces. */
static bool is_wide(gunichar c)
{
        return (c >= 0x3001 && c <= 0x9FFF) || (c >= 0xFF01 && c <= 0xFF60);
}

/* Whether the text has a space between characters that need none: then its spaces are its own. */
static bool has_spaces_between_wide(const char *text)
{
        for (const char *p = text; (p = strchr(p, ' ')); p++)
                if (p > text && is_wide(g_utf8_get_char(g_utf8_prev_char(p))) && is_wide(g_utf8_get_char(p + 1)))
                        return true;
        return false;
}

/* Writers that break Japanese lines without DelSp=yes leave a space within the sentence. first, of which only the end is
 * looked at, ends with that space. */
static bool is_break_inside_sentence(const char *first, const char *end, const char *second)
{
        if (end - first < 2 || !is_wide(g_utf8_get_char(g_utf8_prev_char(end - 1))) || !is_wide(g_utf8_get_char(second)))
                return false;
        const char *near = end - first > NEAR_BYTES ? g_utf8_find_next_char(end - NEAR_BYTES, end) : first;
        return !has_spaces_between_wide(near) && !has_spaces_between_wide(second);
}

/* Joins in place: what is joined always moves towards the start of the buffer. */
static void reflow(GArray *lines, bool delsp)
{
        guint kept = 0;
        unsigned depth_before = 0;
        bool joining = false, full = false;
        char *end = NULL;
        for (guint i = 0; i < lines->len; i++) {
                struct text_line line = *line_at(lines, i);
                unsigned depth = take_flowed_quotes(&line.text);
                bool flowed = is_flowed(line.text), separator = strcmp(line.text, "-- ") == 0;
                size_t size = strlen(line.text);
                bool blank = strspn(line.text, " ") == size;
                bool is_full = flowed && !delsp && text_width(line.text) >= FULL_LINE_COLUMNS;
                if (joining && depth == depth_before && !separator && !blank) {
                        if (!delsp && full && is_break_inside_sentence(line_at(lines, kept - 1)->text, end, line.text))
                                end--;
                        memmove(end, line.text, size + 1);
                } else {
                        *line_at(lines, kept++) = line;
                        end = line.text;
                }
                end += size - (flowed && delsp ? 1 : 0);
                *end = '\0';
                joining = flowed;
                full = is_full;
                depth_before = depth;
        }
        g_array_set_size(lines, kept);
}

static void mark_blank(GArray *lines)
{
        for (guint i = 0; i < lines->len; i++) {
                struct text_line *line = line_at(lines, i);
                line->blank = !line->text[0] || (!text_is_surely_filled(line->text) && text_is_blank(line->text));
        }
}

/* What mail programs and people put before quoted lines. */
static const struct quote_mark {
        const char *text;
        bool usual; /* else it means something else as well, and counts only where nearly every line has it */
} quote_marks[] = {
        { ">", true },  { "\xEF\xBC\x9E" /* U+FF1E */, true },
        { "|", false }, { "\xE2\x94\x82" /* U+2502 */, false }, { "\xC2\xBB" /* U+00BB */, false },
        { ":", false }, { "#", false }, { "}", false }, { "%", false },
};

#define QUOTED_LINES_MIN 3         /* a lone ">" may be the mark of a chosen option */
#define UNUSUAL_QUOTED_LINES_MIN 8 /* likewise "|" the edge of a cell */
#define BARRED_LINES_MIN 4         /* unless nothing but quoting looks so */

static bool has_mark(const char *text, const struct quote_mark *mark)
{
        return text[0] == mark->text[0] && g_str_has_prefix(text, mark->text);
}

/* Past the marks of all levels: ">", "> > ", ">>". The space behind the last one is not skipped. */
static char *skip_quote_marks(char *text, const struct quote_mark *mark)
{
        while (has_mark(text, mark)) {
                text += strlen(mark->text);
                if (mark->usual && text[0] == ' ' && has_mark(text + 1, mark))
                        text++;
                if (!mark->usual)
                        break;
        }
        return text;
}

struct quote_run {
        const struct quote_mark *mark;
        guint first, end; /* lines */
        guint quoted, others;
        guint rest;   /* of the others: what wrapping moved from the quoted line above */
        guint rows;   /* quoted lines that end with a pipe, as rows of a table do */
        guint bare;   /* quoted lines of nothing but the mark, as empty cells are */
        guint spaced; /* quoted lines with text, of which a space parts the mark */
};

/* Whether line i can be what wrapping moved from the line above. */
static bool is_rest(const GArray *lines, guint i)
{
        return i > 0 && !line_at(lines, i)->blank && text_width(line_at(lines, i - 1)->text) >= FULL_LINE_COLUMNS;
}

/* The quoted lines from first on that belong together: blank lines do not part them, nor do the one or two unquoted
 * lines that re-wrapping of a long quoted line leaves. */
static struct quote_run find_run(const GArray *lines, guint first, const struct quote_mark *mark)
{
        struct quote_run run = { .mark = mark, .first = first, .end = first + 1 };
        guint gap = 0, rest = 0;
        for (guint i = first; i < lines->len && gap - rest <= 2; i++) {
                const struct text_line *line = line_at(lines, i);
                if (has_mark(line->text, mark)) {
                        run.quoted++;
                        bool bare = text_is_blank(line->text + strlen(mark->text));
                        run.bare += bare;
                        run.rows += !bare && g_str_has_suffix(line->text, "|");
                        run.spaced += !bare && line->text[strlen(mark->text)] == ' ';
                        run.others += gap;
                        run.rest += rest;
                        run.end = i + 1;
                        gap = rest = 0;
                } else if (!line->blank) {
                        gap++;
                        rest += is_rest(lines, i);
                }
        }
        return run;
}

/* Whether the writer put a space behind the marks. If not, a space there is the text's own indentation. */
static bool run_is_spaced(const GArray *lines, const struct quote_run *run)
{
        guint with_text = 0, spaced = 0;
        for (guint i = run->first; i < run->end; i++) {
                char *text = line_at(lines, i)->text;
                if (!has_mark(text, run->mark))
                        continue;
                text = skip_quote_marks(text, run->mark);
                if (!*text)
                        continue;
                with_text++;
                spaced += text[0] == ' ';
        }
        return spaced * 10 >= with_text * 9;
}

static void strip_run(GArray *lines, const struct quote_run *run)
{
        bool spaced = run_is_spaced(lines, run);
        for (guint i = run->first; i < run->end; i++) {
                struct text_line *line = line_at(lines, i);
                if (!has_mark(line->text, run->mark))
                        continue;
                line->text = skip_quote_marks(line->text, run->mark);
                if (spaced && line->text[0] == ' ')
                        line->text++;
                line->blank = text_is_blank(line->text);
        }
}

struct marked_lines {
        guint filled, quoted;
        guint bare; /* of those quoted, nothing but the mark */
};

/* Bars at the start of lines are the edges of cells as well. They are quote marks where most lines of the whole text have
 * one; and where each of these has a space behind it and none ends with a bar, bare ones are quoted blank lines. */
static bool run_is_quoted_by_bars(const struct quote_run *run, const struct marked_lines *marked)
{
        guint with_text = run->quoted - run->bare;
        if (with_text * 2 < marked->filled - marked->bare)
                return false;
        bool is_plain = with_text >= UNUSUAL_QUOTED_LINES_MIN && run->bare * 2 <= run->quoted && run->others * 20 <= run->quoted &&
                        run->rows * 5 <= run->quoted;
        return is_plain || (with_text >= BARRED_LINES_MIN && run->spaced == with_text && (run->others - run->rest) * 20 <= with_text &&
                            run->rows * 20 <= with_text);
}

static bool run_is_quoted(const struct quote_run *run, const struct marked_lines *marked)
{
        if (run->mark->usual) {
                bool all = marked->quoted * 5 >= marked->filled * 4;
                return all || (run->quoted >= QUOTED_LINES_MIN && run->quoted >= 2 * (run->others - run->rest));
        }
        if (run->mark->text[0] == '|')
                return run_is_quoted_by_bars(run, marked);
        if (run->quoted - run->bare < UNUSUAL_QUOTED_LINES_MIN)
                return false;
        return run->bare * 2 <= run->quoted && run->others * 20 <= run->quoted && run->rows * 5 <= run->quoted;
}

static struct marked_lines count_marked(const GArray *lines, const struct quote_mark *mark)
{
        struct marked_lines marked = { 0 };
        for (guint i = 0; i < lines->len; i++) {
                const struct text_line *line = line_at(lines, i);
                bool quoted = has_mark(line->text, mark);
                marked.filled += !line->blank;
                marked.quoted += quoted;
                marked.bare += quoted && text_is_blank(line->text + strlen(mark->text));
        }
        return marked;
}

/* Whether there were any. */
static bool strip_quotes(GArray *lines, const struct quote_mark *mark)
{
        struct marked_lines marked = count_marked(lines, mark);
        bool stripped = false;
        for (guint i = 0; marked.quoted > 0 && i < lines->len; i++) {
                if (!has_mark(line_at(lines, i)->text, mark))
                        continue;
                struct quote_run run = find_run(lines, i, mark);
                bool is_quoted = run_is_quoted(&run, &marked);
                if (is_quoted)
                        strip_run(lines, &run);
                stripped = stripped || is_quoted;
                i = run.end - 1;
        }
        /* Where lines were quoted, a mark alone is a blank quoted line, though a long wrapped one parts it from them. */
        for (guint i = 0; stripped && i < lines->len; i++) {
                struct text_line *line = line_at(lines, i);
                if (!has_mark(line->text, mark) || !text_is_blank(skip_quote_marks(line->text, mark)))
                        continue;
                line->text = skip_quote_marks(line->text, mark);
                line->blank = true;
        }
        return stripped;
}

/* Most texts have no line that begins with any of the marks. */
static void strip_all_quotes(GArray *lines)
{
        bool begins[256], is_known = false; /* by the first bytes of the lines */
        for (size_t i = 0; i < G_N_ELEMENTS(quote_marks); i++) {
                if (!is_known) {
                        memset(begins, 0, sizeof begins);
                        for (guint n = 0; n < lines->len; n++)
                                begins[(unsigned char) line_at(lines, n)->text[0]] = true;
                }
                is_known = !begins[(unsigned char) quote_marks[i].text[0]] || !strip_quotes(lines, &quote_marks[i]);
        }
}

int text_lines_split(char *buffer, const struct text_document_options *options, GArray **ret_lines, struct error *err)
{
        GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct text_line));
        const struct text_marks marks = { .bars = strchr(buffer, '|'), .brackets = strchr(buffer, '<'),
                                          .stars = strchr(buffer, '*') };
        int r = cut_lines(buffer, lines, err);
        if (r < 0) {
                g_array_unref(lines);
                return r;
        }
        if (options->flowed)
                reflow(lines, options->delsp);
        mark_blank(lines);
        strip_all_quotes(lines);
        text_lines_mend(lines, &marks);
        *ret_lines = lines;
        return 0;
}
