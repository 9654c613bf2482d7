/* SPDX-License-Identifier: MIT */
#include "ingest/text_lines.h"

#include <string.h>

#include "common/limits.h"
#include "common/text.h"

#define line_at(lines, i) (&g_array_index((lines), struct text_line, (i)))

/* Ends the line with NUL and returns where the next one begins, or NULL behind the last. CR LF, LF and CR all end
 * one. */
static char *cut_line(char *text)
{
        char *end = text + strcspn(text, "\r\n");
        if (!*end)
                return NULL;
        char *next = end + (end[0] == '\r' && end[1] == '\n' ? 2 : 1);
        *end = '\0';
        return next;
}

static int cut_lines(char *buffer, GArray *lines, struct error *err)
{
        unsigned number = 1;
        for (char *next, *text = buffer; text; text = next, number++) {
                next = cut_line(text);
                if (!next && !*text)
                        break;
                if (lines->len >= LIMIT_DOCUMENT_BLOCKS)
                        return error_set(err, -ERR_LIMIT, "the text has more than %u lines", LIMIT_DOCUMENT_BLOCKS);
                struct text_line line = { .text = text, .number = number };
                g_array_append_val(lines, line);
        }
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

/* Joins in place: what is joined always moves towards the start of the buffer. */
static void reflow(GArray *lines, bool delsp)
{
        guint kept = 0;
        unsigned depth_before = 0;
        bool joining = false;
        char *end = NULL;
        for (guint i = 0; i < lines->len; i++) {
                struct text_line line = *line_at(lines, i);
                unsigned depth = take_flowed_quotes(&line.text);
                bool flowed = is_flowed(line.text), separator = strcmp(line.text, "-- ") == 0;
                size_t size = strlen(line.text);
                bool blank = strspn(line.text, " ") == size;
                if (joining && depth == depth_before && !separator && !blank) {
                        memmove(end, line.text, size + 1);
                } else {
                        *line_at(lines, kept++) = line;
                        end = line.text;
                }
                end += size - (flowed && delsp ? 1 : 0);
                *end = '\0';
                joining = flowed;
                depth_before = depth;
        }
        g_array_set_size(lines, kept);
}

static void mark_blank(GArray *lines)
{
        for (guint i = 0; i < lines->len; i++)
                line_at(lines, i)->blank = text_is_blank(line_at(lines, i)->text);
}

/* Past the marks of all levels: ">", "> > ", ">>". The space behind the last one is not skipped. */
static char *skip_quote_marks(char *text)
{
        while (*text == '>') {
                text++;
                if (text[0] == ' ' && text[1] == '>')
                        text++;
        }
        return text;
}

struct quote_run {
        guint first, end; /* lines */
        guint quoted, others;
};

/* The quoted lines from first on that belong together: blank lines do not part them, nor do the one or two unquoted
 * lines that re-wrapping of a long quoted line leaves. */
static struct quote_run find_run(const GArray *lines, guint first)
{
        struct quote_run run = { .first = first, .end = first + 1, .quoted = 1 };
        guint gap = 0;
        for (guint i = first + 1; i < lines->len && gap <= 2; i++) {
                const struct text_line *line = line_at(lines, i);
                if (line->text[0] == '>') {
                        run.quoted++;
                        run.others += gap;
                        run.end = i + 1;
                        gap = 0;
                } else if (!line->blank) {
                        gap++;
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
                if (text[0] != '>')
                        continue;
                text = skip_quote_marks(text);
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
                if (line->text[0] != '>')
                        continue;
                line->text = skip_quote_marks(line->text);
                if (spaced && line->text[0] == ' ')
                        line->text++;
                line->blank = text_is_blank(line->text);
        }
}

/* A lone ">" before one line is no quote but may be the mark of a chosen option: only runs of three lines, or nearly
 * all of a short text, count as quoted. */
static void strip_quotes(GArray *lines)
{
        guint filled = 0, quoted = 0;
        for (guint i = 0; i < lines->len; i++) {
                filled += !line_at(lines, i)->blank;
                quoted += line_at(lines, i)->text[0] == '>';
        }
        bool all = quoted * 5 >= filled * 4;
        for (guint i = 0; i < lines->len; i++) {
                if (line_at(lines, i)->text[0] != '>')
                        continue;
                struct quote_run run = find_run(lines, i);
                if (all || (run.quoted >= 3 && run.quoted >= 2 * run.others))
                        strip_run(lines, &run);
                i = run.end - 1;
        }
}

int text_lines_split(char *buffer, const struct text_document_options *options, GArray **ret_lines, struct error *err)
{
        GArray *lines = g_array_new(FALSE, FALSE, sizeof(struct text_line));
        int r = cut_lines(buffer, lines, err);
        if (r < 0) {
                g_array_unref(lines);
                return r;
        }
        if (options->flowed)
                reflow(lines, options->delsp);
        mark_blank(lines);
        strip_quotes(lines);
        *ret_lines = lines;
        return 0;
}
