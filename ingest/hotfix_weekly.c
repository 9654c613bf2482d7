/* SPDX-License-Identifier: MIT */
/* The weekly digest: its edition, the table of what it is about, and the items below the table. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_digest.h"

#define DATE_LINES_MAX 4u
#define TABLE_LINES_MAX 40u
#define TITLE_LINES_MAX 30u

bool hotfix_is_weekly_title(const struct page *page, guint at)
{
        g_autofree char *words = hotfix_line_words(&page->lines[at]);
        const char *rest = hotfix_match_titled(words, "hotfixweekly");
        if (!rest)
                return false;
        if (*rest || words[strlen(words) - 1] == ':')
                return true;
        /* The bare words may be a menu's: the date follows, or the table does. */
        for (guint i = at + 1; i < page->count && i <= at + DATE_LINES_MAX; i++) {
                char date[BULLETIN_DATE_SIZE];
                if (hotfix_match_date(page->lines[i].key, date) > 0)
                        return true;
        }
        for (guint i = at + 1; i < page->count && i <= at + TABLE_LINES_MAX; i++)
                if (g_str_has_prefix(page->lines[i].key, "情報の種類"))
                        return true;
        return false;
}

static bool is_dated(const struct page *page, guint at)
{
        char date[BULLETIN_DATE_SIZE];
        g_autofree char *words = hotfix_line_words(&page->lines[at]);
        const char *rest = hotfix_match_titled(words, "hotfixweekly");
        if (!rest || hotfix_find_date(rest, date))
                return rest != NULL;
        return at + 1 < page->count && g_ascii_isdigit(page->lines[at + 1].key[0]);
}

/* A page may have the bare words above, as its logo or in a menu: the first title with a date counts. */
static guint find_title(const struct page *page)
{
        guint first = page->count;
        for (guint i = 0; i < page->count && (first == page->count || i <= first + TITLE_LINES_MAX); i++) {
                if (first == page->count && hotfix_is_weekly_title(page, i))
                        first = i;
                if (first < page->count && is_dated(page, i))
                        return i;
        }
        return first;
}

/* Without a header a line counts as a row only if it has both a tag and a number. */
static void read_loose_rows(struct page *page, guint first)
{
        for (guint i = first; i < page->count && page->lines[i].label != LABEL_FOOTER; i++) {
                const struct line *line = &page->lines[i];
                const char *normal = line->block->normal;
                g_autofree char *type = NULL;
                size_t tag = hotfix_match_tag(normal, &type);
                const char *number = normal + tag + strspn(normal + tag, " ");
                g_autoptr(GPtrArray) found = hotfix_entries_new();
                size_t size = tag > 0 ? hotfix_match_numbers(number, true, found) : 0;
                if (size == 0 || !number[size] || hotfix_is_news_head(page, i))
                        continue;
                g_autofree char *own = g_strndup(number, size), *start = g_strndup(normal, (gsize) (number + size - normal));
                g_autofree char *key = hotfix_key(start);
                if (hotfix_digest_add(page, type, own, hotfix_text_behind(line->block->text, key, strlen(key))))
                        page->lines[i].taken = true;
        }
}

static guint read_table(struct page *page, guint first)
{
        guint rows, header = hotfix_digest_find_header(page, first, &rows), end = first;
        if (header == page->count) {
                read_loose_rows(page, first);
                return first;
        }
        if (page->lines[header].block->table >= 0 && rows > header + 1)
                end = hotfix_digest_read_grid(page, header, rows);
        if (page->bulletin->entries->len == 0)
                end = hotfix_digest_read_lines(page, header, rows);
        return MAX(end, rows);
}

/* The items are sections. Where no table lists what they are about, they say so themselves. */
static guint read_items(struct page *page, guint first)
{
        bool has_table = page->bulletin->entries->len > 0;
        struct item item;
        guint count = 0;
        while (first < page->count && hotfix_item_find(page, first, page->count, &item)) {
                if (page->lines[item.tag].label == LABEL_FOOTER) {
                        hotfix_item_clear(&item);
                        break;
                }
                if (!has_table)
                        hotfix_item_add_entries(page, &item, false);
                hotfix_prose_add_head(page, item.tag, item.title_end);
                first = item.title_end;
                hotfix_item_clear(&item);
                count++;
        }
        return count;
}

/* Where the items begin: their dates are not the weekly's own. */
static guint find_own_end(const struct page *page, guint first)
{
        guint end, header = hotfix_digest_find_header(page, first, &end);
        struct item item;
        guint found = page->count;
        if (hotfix_item_find(page, first, page->count, &item)) {
                found = MIN(item.tag, item.first);
                hotfix_item_clear(&item);
        }
        for (guint i = first; i < page->count && i < found; i++)
                if (page->lines[i].label == LABEL_SECTION)
                        found = i;
        return MIN(found, header);
}

void hotfix_read_weekly(struct page *page)
{
        guint at = find_title(page);
        if (at == page->count)
                return; /* such a page is not recognised as a weekly */
        g_autofree char *words = hotfix_line_words(&page->lines[at]);
        hotfix_prose_prepare(page, at);
        page->lines[at].label = LABEL_NONE; /* a title set as a heading */
        guint first = hotfix_read_titled_edition(page, at, hotfix_match_titled(words, "hotfixweekly"));
        if (!page->bulletin->title || !*page->bulletin->title) { /* it was a picture */
                g_free(page->bulletin->title);
                page->bulletin->title = hotfix_bounded(page->lines[at].block->image_alt);
        }
        hotfix_read_own_dates(page, first, find_own_end(page, first));
        guint rows = read_table(page, first);
        bool has_table = page->bulletin->entries->len > 0;
        guint items = read_items(page, rows);
        if (!has_table && items > 0 && page->labels)
                label_report_add_missing(page->labels, "情報の種類");
        hotfix_prose_read(page, first);
}
