/* SPDX-License-Identifier: MIT */
/*
 * The rows of 予想適用時間 as plain lines. Where the mail was wrapped nothing shows whether a space stood at the break:
 * "1時間" and "39分" on two lines are one time or two. That there are four times decides it.
 */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_deployments_p.h"

#define ROW_LINES_MAX 8u
#define ROW_BYTES_MAX 1200u
#define BREAKS_MAX 4u      /* each of them is tried with a space and without */
#define TIME_WORDS_MAX 10u /* "1 時間 22 分" is one time of four words */

struct gathered_row {
        GString *text;
        gsize breaks[BREAKS_MAX]; /* offsets of the text where the mail was wrapped */
        guint break_count;
        gsize product; /* where the first bracket on a line of its own begins, or 0 */
};

struct deployment_row {
        char *name, *product; /* product may be NULL */
        gint64 minutes[4];
};

static void deployment_row_clear(struct deployment_row *row)
{
        g_clear_pointer(&row->name, g_free);
        g_clear_pointer(&row->product, g_free);
}

static bool is_closing(gunichar c)
{
        return c == ')' || c == 0xFF09;
}

/* "(X 1) (X 2)": brackets and nothing between or behind them. */
static bool is_brackets(const char *text)
{
        int open = 0;
        for (const char *at = text; *at; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);
                bool opens = c == '(' || c == 0xFF08;
                if (open == 0 && !opens && !g_unichar_isspace(c))
                        return false;
                open += opens ? 1 : is_closing(c) ? -1 : 0;
        }
        return open == 0;
}

static bool ends_with_time(const char *text)
{
        const char *start = text + strlen(text);
        while (start > text && !g_unichar_isspace(g_utf8_get_char(g_utf8_prev_char(start))))
                start = g_utf8_prev_char(start);
        g_autofree char *normal = text_normalize(start);
        gint64 minutes;
        size_t size = hotfix_match_time(normal, &minutes);
        return size > 0 && !normal[size];
}

/* What stands before the times: a name, and brackets behind it or none. product: where these begin, or 0. */
static bool split_names(const char *text, gsize product, struct deployment_row *row)
{
        const char *bracket = product > 0 && product < strlen(text) ? text + product : hotfix_find_bracket(text);
        if (bracket && !is_brackets(bracket))
                return false;
        g_autofree char *start = bracket ? g_strndup(text, (gsize) (bracket - text)) : g_strdup(text);
        g_autofree char *name = text_strip(start);
        if (!*name || ends_with_time(name))
                return false;
        row->name = g_steal_pointer(&name);
        row->product = bracket ? text_strip(bracket) : NULL;
        return true;
}

/* Where the last word before at begins, also behind a closing bracket; text for none. */
static const char *previous_word(const char *text, const char *at)
{
        while (at > text && g_unichar_isspace(g_utf8_get_char(g_utf8_prev_char(at))))
                at = g_utf8_prev_char(at);
        const char *end = at;
        while (at > text) {
                gunichar c = g_utf8_get_char(g_utf8_prev_char(at));
                if (g_unichar_isspace(c) || (is_closing(c) && at < end))
                        break;
                at = g_utf8_prev_char(at);
        }
        return at;
}

/* A whole row. The times are the fewest last words that are four of them. */
static bool parse_row(const char *text, gsize product, struct deployment_row *ret_row)
{
        const char *at = text + strlen(text);
        for (guint words = 0; words < TIME_WORDS_MAX && (at = previous_word(text, at)) > text; words++) {
                g_autofree char *normal = text_normalize(at), *start = g_strndup(text, (gsize) (at - text));
                g_autofree char *before = text_strip(start);
                if (hotfix_match_four_times(normal, ret_row->minutes) && split_names(before, product, ret_row))
                        return true;
        }
        return false;
}

static bool needs_space(const GString *text, gsize at)
{
        return at > 0 && g_ascii_isgraph(text->str[at - 1]) && g_ascii_isgraph(text->str[at]);
}

/* The text with a space at each break or not: as usual in a sentence, but for those whose bit is set. */
static char *close_breaks(const struct gathered_row *gathered, guint differing, gsize *ret_product)
{
        GString *out = g_string_new(gathered->text->str);
        *ret_product = gathered->product;
        for (guint i = gathered->break_count; i-- > 0;) {
                gsize at = gathered->breaks[i];
                if (needs_space(gathered->text, at) == ((differing & (1u << i)) != 0))
                        continue;
                g_string_insert_c(out, (gssize) at, ' ');
                *ret_product += at < gathered->product ? 1 : 0;
        }
        return g_string_free(out, FALSE);
}

/* Whether there is one way to read what has been gathered; -1 where there are several. */
static int solve_row(const struct gathered_row *gathered, struct deployment_row *ret_row)
{
        int found = 0;
        for (guint differing = 0; differing < 1u << gathered->break_count; differing++) {
                struct deployment_row row = { 0 };
                gsize product;
                g_autofree char *text = close_breaks(gathered, differing, &product);
                if (!parse_row(text, product, &row))
                        continue;
                bool same = found > 0 && memcmp(row.minutes, ret_row->minutes, sizeof row.minutes) == 0;
                if (found == 0)
                        *ret_row = row;
                else
                        deployment_row_clear(&row);
                if (found > 0 && !same) {
                        deployment_row_clear(ret_row);
                        return -1;
                }
                found = 1;
        }
        return found;
}

/* Nothing but what times are made of. */
static bool is_piece_of_times(const char *key)
{
        for (const char *at = key; *at; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);
                if (!g_ascii_isdigit(*at) && *at != '-' && c != 0x6642 && c != 0x9593 && c != 0x5206 && c != 0x7D04)
                        return false;
        }
        return *key != '\0';
}

static bool is_minutes(const char *key)
{
        return g_str_has_suffix(key, "分") && strspn(key, "0123456789") == strlen(key) - strlen("分");
}

/* Adds line i to the row; false where it is not a part of it. */
static bool gather_line(struct gathered_row *row, const struct page *page, guint i)
{
        const struct line *line = &page->lines[i];
        const char *text = line->block->text;
        gint64 minutes[4];
        bool wrapped = hotfix_row_continues(page, i, page->lines[i - 1].block);
        bool whole = hotfix_match_four_times(line->block->normal, minutes);
        if (row->text->len + strlen(text) > ROW_BYTES_MAX)
                return false;
        if (line->key[0] == '(') {
                g_string_append_c(row->text, ' ');
                if (row->product == 0)
                        row->product = row->text->len;
        } else if (wrapped || (is_piece_of_times(line->key) && line->block->indent == 0 && !whole)) {
                if (row->break_count == BREAKS_MAX)
                        return false;
                row->breaks[row->break_count++] = row->text->len;
        } else if (is_piece_of_times(line->key)) {
                g_string_append_c(row->text, ' ');
        } else {
                return false;
        }
        g_string_append(row->text, text);
        return true;
}

/* The row that starts at line i; *ret_next is the line behind it. */
static bool read_row(const struct page *page, guint i, guint end, struct deployment_row *ret_row, guint *ret_next)
{
        struct gathered_row gathered = { .text = g_string_new(page->lines[i].block->text) };
        int found = gathered.text->len <= ROW_BYTES_MAX ? solve_row(&gathered, ret_row) : -1;
        guint next = i + 1;
        for (; found >= 0 && next < end && next < i + ROW_LINES_MAX; next++) {
                /* The hours end the line, their minutes stand below. */
                bool lacks_minutes = found > 0 && ret_row->minutes[3] > 0 && ret_row->minutes[3] % 60 == 0 &&
                                     is_minutes(page->lines[next].key);
                if ((found > 0 && !lacks_minutes) || !gather_line(&gathered, page, next))
                        break;
                deployment_row_clear(ret_row);
                found = solve_row(&gathered, ret_row);
        }
        g_string_free(gathered.text, TRUE);
        *ret_next = next;
        return found > 0;
}

guint hotfix_read_deployment_lines(struct page *page, guint first, guint end)
{
        guint read = first;
        for (guint i = first, next; i < end && page->bulletin->deployments->len < HOTFIX_LIST_MAX; i = next) {
                struct deployment_row row = { 0 };
                next = i + 1;
                if (!page->lines[i].key[0])
                        continue;
                if (!read_row(page, i, end, &row, &next))
                        break;
                hotfix_add_deployment(page, row.name, row.product, row.minutes);
                deployment_row_clear(&row);
                read = next;
        }
        return read;
}
