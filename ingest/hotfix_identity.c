/* SPDX-License-Identifier: MIT */
/* The identifier line and the two titles below it. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

/* A title is at most so many lines; more is something else. */
#define TITLE_LINES_MAX 8u

static void warn_other_identifiers(struct page *page, guint first)
{
        for (guint i = first + 1; i < page->count; i++) {
                if (!(page->lines[i].kinds & KIND_IDENTIFIER))
                        continue;
                g_autofree char *id = NULL;
                if (!hotfix_match_identifier(page->lines[i].key, &id, NULL) ||
                    g_strcmp0(id, page->bulletin->id) == 0)
                        continue;
                bulletin_add_warning(page->bulletin, "the mail also has an identifier line of %s; the first counts",
                                     id);
                return;
        }
}

/* Without an identifier line the KB number may still stand under サポート技術情報. */
static void read_support_article(struct page *page)
{
        g_autoptr(GArray) pieces = hotfix_page_value(page, LABEL_SUPPORT_ARTICLE);
        for (guint i = 0; pieces && i < pieces->len; i++) {
                const char *key = piece_at(pieces, i)->key;
                if (g_ascii_strncasecmp(key, "KB", 2) == 0)
                        key += 2;
                size_t digits = strspn(key, "0123456789");
                if (digits >= 5 && digits <= 7 && !key[digits])
                        g_ptr_array_add(page->bulletin->kbs, g_strdup(key));
        }
}

static int paren_balance(const char *key)
{
        int balance = 0;
        for (; *key; key++)
                balance += *key == '(' ? 1 : *key == ')' ? -1 : 0;
        return balance;
}

/* Whether a line break stands for the end of what was said, not for the mail's wrapping. */
static bool starts_anew(const struct page *page, guint i)
{
        return (page->lines[i].block->marks & MARK_PARAGRAPH) || (page->lines[i - 1].block->marks & MARK_CELL_END);
}

/* The lines from first on that are one outermost bracket to the end of the last: the line behind them, or 0. */
static guint find_bracket_end(const struct page *page, guint first, guint end)
{
        if (page->lines[first].key[0] != '(')
                return 0;
        int balance = 0;
        for (guint i = first; i < end; i++) {
                if (i > first && starts_anew(page, i))
                        return 0;
                balance += paren_balance(page->lines[i].key);
                if (balance < 0)
                        return 0;
                if (balance == 0)
                        return g_str_has_suffix(page->lines[i].key, ")") ? i + 1 : 0;
        }
        return 0;
}

static char *join_lines(const struct page *page, guint first, guint end)
{
        GString *out = g_string_new(NULL);
        for (guint i = first; i < end; i++) {
                g_autofree char *line = text_strip(page->lines[i].block->text);
                hotfix_append_wrapped(out, line);
        }
        g_autofree char *text = g_string_free(out, FALSE);
        return hotfix_bounded(text);
}

/* "(…)" without its brackets, in whichever width they are. */
static char *strip_brackets(const char *text)
{
        const char *start = g_utf8_next_char(text);
        const char *end = text + strlen(text);
        end = end > start ? g_utf8_find_prev_char(start, end) : start;
        char *inner = g_strndup(start, end ? (gsize) (end - start) : 0);
        char *stripped = text_strip(inner);
        g_free(inner);
        return stripped;
}

static char *or_null(char *text)
{
        if (*text)
                return text;
        g_free(text);
        return NULL;
}

/* "MS04-035/885881/" and on the next line "885882": the line behind the numbers. */
static guint take_wrapped_numbers(struct page *page, guint identifier)
{
        guint next = identifier + 1;
        if (!g_str_has_suffix(page->lines[identifier].key, "/") || next >= page->count)
                return next;
        g_autofree char *joined = g_strconcat(page->lines[identifier].key, page->lines[next].key, NULL);
        g_autoptr(GPtrArray) kbs = g_ptr_array_new_with_free_func(g_free);
        if (!hotfix_match_identifier(joined, NULL, kbs))
                return next;
        for (guint i = page->bulletin->kbs->len; i < kbs->len; i++)
                g_ptr_array_add(page->bulletin->kbs, g_strdup(g_ptr_array_index(kbs, i)));
        return next + 1;
}

static void read_titles(struct page *page, guint first)
{
        guint end = hotfix_page_region_end(page, first - 1);
        while (first < end && !page->lines[first].key[0])
                first++;
        end = MIN(end, first + TITLE_LINES_MAX);
        guint vendor = end, behind = 0;
        for (guint i = first; i < end; i++) {
                guint found = find_bracket_end(page, i, end);
                if (found == 0)
                        continue;
                vendor = i;
                behind = found;
                if (found == end || starts_anew(page, found))
                        break; /* else it was a wrapped piece of our title that happens to be one bracket */
        }
        /* Without the vendor's title nothing marks the end of ours but a blank line or the end of the cell. */
        guint title_end = vendor;
        for (guint i = first + 1; behind == 0 && i < end; i++)
                if (starts_anew(page, i)) {
                        title_end = i;
                        break;
                }
        page->titles_end = behind > 0 ? behind : title_end;
        page->bulletin->title = or_null(join_lines(page, first, title_end));
        if (behind == 0) {
                bulletin_add_warning(page->bulletin, BULLETIN_STATES_NO "title of the vendor in brackets");
                return;
        }
        g_autofree char *bracketed = join_lines(page, vendor, behind);
        page->bulletin->vendor_title = or_null(strip_brackets(bracketed));
}

void hotfix_read_identifier(struct page *page)
{
        struct bulletin *b = page->bulletin;
        gint at = page->first[LABEL_IDENTIFIER];
        if (at < 0) {
                bulletin_add_warning(b, BULLETIN_HAS_NO "identifier line (bulletin number and KB number)");
                read_support_article(page);
                return;
        }
        hotfix_match_identifier(page->lines[at].key, &b->id, b->kbs);
        guint behind = take_wrapped_numbers(page, (guint) at);
        warn_other_identifiers(page, (guint) at);
        read_titles(page, behind);
        if (!b->title)
                bulletin_add_warning(b, BULLETIN_STATES_NO "title");
}
