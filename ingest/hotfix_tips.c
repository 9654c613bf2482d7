/* SPDX-License-Identifier: MIT */
/* Tips: "HotFix Report" and "/UpdateEXPERT TIPS/" above a ■ title. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_kinds.h"

#define REST_CHARACTERS_MAX 24
/* The date stands this close above the title's line, or below it. */
#define DATE_LINES_MAX 4u

static const char tips_words[] = "/updateexperttips/";

/* Where the words stand in the line, or NULL. A sentence about the tips is no title. */
static const char *find_words(const char *key)
{
        g_autofree char *lower = g_ascii_strdown(key, -1);
        const char *found = strstr(lower, tips_words);
        bool sentence = g_utf8_strlen(key, -1) > (glong) strlen(tips_words) + REST_CHARACTERS_MAX || strstr(key, "。");
        return found && !sentence ? key + (found - lower) : NULL;
}

bool hotfix_is_tips_title(const struct page *page, guint at)
{
        g_autofree char *words = hotfix_line_words(&page->lines[at]);
        const char *found = find_words(words);
        if (!found)
                return false;
        if (found == words || g_ascii_strncasecmp(words, "hotfixreport", strlen("hotfixreport")) == 0)
                return true;
        char date[BULLETIN_DATE_SIZE];
        return hotfix_match_date(words, date) > 0;
}

static guint find_title(const struct page *page)
{
        for (guint i = 0; i < page->count; i++)
                if (hotfix_is_tips_title(page, i))
                        return i;
        return page->count;
}

/* A line that is little but a date, or the name of the service with one. */
static bool read_date(struct page *page, guint i)
{
        const char *key = page->lines[i].key;
        char date[BULLETIN_DATE_SIZE];
        const char *found = hotfix_find_date(key, date);
        if (!found || !date[0])
                return false;
        const char *rest = found + hotfix_match_date(found, date);
        bool bare = found == key && (!*rest || g_str_equal(rest, "版") || *rest == '(');
        bool titled = g_ascii_strncasecmp(key, "hotfixreport", strlen("hotfixreport")) == 0 || find_words(key);
        if (!bare && !titled)
                return false;
        memcpy(page->bulletin->edition, date, sizeof date);
        page->lines[i].taken = page->lines[i].taken || bare;
        return true;
}

static void read_edition(struct page *page, guint at)
{
        guint end = MIN(page->count, at + 1 + DATE_LINES_MAX);
        for (guint i = at > DATE_LINES_MAX ? at - DATE_LINES_MAX : 0; i < end; i++) {
                if (i > at && page->lines[i].label == LABEL_SECTION)
                        return;
                if (read_date(page, i))
                        return;
        }
}

/* The line with the ■; a ■ of its own stands before the next one. Without any, the first line. */
static guint find_head(const struct page *page, guint from)
{
        guint first = page->count;
        for (guint i = from; i < page->count && page->lines[i].label != LABEL_FOOTER; i++) {
                const struct line *line = &page->lines[i];
                if (hotfix_has_prefix(line->key, "■"))
                        return i;
                if (first == page->count && line->key[0] && !line->taken)
                        first = i;
        }
        return first;
}

static void read_title(struct page *page, guint from)
{
        guint head = find_head(page, from);
        if (head >= page->count)
                return;
        if (g_str_equal(page->lines[head].key, "■")) {
                guint next = head + 1;
                while (next < page->count && !page->lines[next].key[0])
                        next++;
                hotfix_prose_add_head(page, head, MIN(next + 1, page->count));
        } else if (page->lines[head].label != LABEL_SECTION) {
                hotfix_prose_add_head(page, head, head + 1);
        }
}

/* The title is the first section's head, put together where it was wrapped. */
static void name_by_first_head(struct bulletin *b)
{
        for (guint i = 0; i < b->sections->len && !b->title; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                if (!section->heading)
                        continue;
                const char *bare = hotfix_has_prefix(section->heading, "■") ? section->heading + strlen("■") : section->heading;
                g_autofree char *stripped = text_strip(bare);
                b->title = *stripped ? g_steal_pointer(&stripped) : NULL;
        }
}

void hotfix_read_tips(struct page *page)
{
        guint at = find_title(page), first = MIN(at + 1, page->count);
        hotfix_prose_prepare(page, first);
        hotfix_page_take(page, at, first);
        read_edition(page, at);
        hotfix_read_own_dates(page, first, find_head(page, first));
        read_title(page, first);
        hotfix_prose_read(page, first);
        name_by_first_head(page->bulletin);
        if (!page->bulletin->title && page->labels)
                label_report_add_missing(page->labels, "■");
}
