/* SPDX-License-Identifier: MIT */
/* News: "[不具合情報] …" with its numbers and its one date. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_kinds.h"

/* Without a tag, the title stands this close above the labels. */
#define TITLE_LINES_MAX 3u
#define TITLE_CHARACTERS_MAX 100
#define UNKNOWN_CHARACTERS_MAX 14

/* --- recognition --- */

static bool has_value(const struct item *item, enum item_label label)
{
        const char *text = item->labels[label].text;
        return text && strpbrk(text, "0123456789") != NULL;
}

/* "[共有] HotFix Alert:2007/05/11版" */
static bool is_title_of_another_kind(const char *title)
{
        static const char *const titles[] = { "hotfixalert", "hotfixweekly" };
        g_autofree char *normal = text_normalize(title), *key = hotfix_key(normal), *lower = g_ascii_strdown(key, -1);
        for (size_t i = 0; i < G_N_ELEMENTS(titles); i++) {
                const char *found = strstr(lower, titles[i]), *rest = found ? found + strlen(titles[i]) : "x";
                if (!*rest || *rest == ':' || g_ascii_isdigit(*rest))
                        return true;
        }
        return false;
}

/* The dates alone may be an alert's, whose title a mailing list gave a tag. One label alone is enough only if it states
 * a number. */
static bool is_sound(const struct item *item)
{
        bool numbered = item->labels[ITEM_NUMBER].text || item->labels[ITEM_ARTICLE].text;
        if (!numbered || (item->title && is_title_of_another_kind(item->title)))
                return false;
        return item->known >= 2 || has_value(item, ITEM_NUMBER) || has_value(item, ITEM_ARTICLE);
}

static bool find_news(const struct page *page, guint from, guint end, struct item *ret_item)
{
        for (guint i = from; i < end; i = ret_item->tag + 1) {
                if (!hotfix_item_find(page, i, end, ret_item))
                        return false;
                if (is_sound(ret_item))
                        return true;
                guint tag = ret_item->tag;
                hotfix_item_clear(ret_item);
                ret_item->tag = tag;
        }
        return false;
}

/* All three labels one below the other are a news item whose tag was a picture. */
static bool find_labels(const struct page *page, guint from, guint end, struct item *ret_item)
{
        for (guint i = from; i < end; i++) {
                if (!hotfix_item_read_labels(page, i, ret_item))
                        continue;
                if (ret_item->labels[ITEM_NUMBER].text && ret_item->labels[ITEM_ARTICLE].text &&
                    has_value(ret_item, ITEM_UPDATED))
                        return true;
                guint next = ret_item->end;
                hotfix_item_clear(ret_item);
                i = MAX(next, i + 1) - 1;
        }
        return false;
}

bool hotfix_is_news_head(const struct page *page, guint at)
{
        struct item item;
        bool found = find_news(page, at, at + 1, &item) || find_labels(page, at, at + 1, &item);
        if (found)
                hotfix_item_clear(&item);
        return found;
}

bool hotfix_is_news(const struct page *page)
{
        struct item item;
        if (!find_news(page, 0, page->count, &item) && !find_labels(page, 0, page->count, &item))
                return false;
        hotfix_item_clear(&item);
        return true;
}

/* --- the values --- */

/* Returns whether the label's value was nothing but a date. */
static bool read_date(struct page *page, const struct item_value *value, const char *what,
                      char ret_date[BULLETIN_DATE_SIZE])
{
        if (!value->text)
                return true;
        g_autofree char *key = hotfix_key(value->text);
        size_t size = hotfix_match_date(key, ret_date);
        if (size == 0 || !ret_date[0]) {
                ret_date[0] = '\0';
                bulletin_add_warning(page->bulletin, "the %s date is not a date", what);
        }
        return !*key || (size > 0 && hotfix_is_date_end(key + size));
}

/* The lines of the labels are read, unless a value held more than the field takes. */
static void take_labels(struct page *page, const struct item *item, const bool whole[ITEM_LABEL_MAX])
{
        for (int label = 0; label < ITEM_LABEL_MAX; label++)
                if (item->labels[label].text)
                        hotfix_page_take(page, item->labels[label].line, item->labels[label].end);
        for (int label = 0; label < ITEM_LABEL_MAX; label++)
                for (guint i = item->labels[label].line; item->labels[label].text && !whole[label] && i < item->labels[label].end; i++)
                        page->lines[i].taken = false;
}

static void read_labels(struct page *page, const struct item *item)
{
        struct bulletin *b = page->bulletin;
        g_autoptr(GPtrArray) entries = hotfix_entries_new();
        bool whole[ITEM_LABEL_MAX];
        hotfix_item_numbers(page, item, entries, whole);
        whole[ITEM_UPDATED] = read_date(page, &item->labels[ITEM_UPDATED], "update", b->updated);
        whole[ITEM_REGISTERED] = read_date(page, &item->labels[ITEM_REGISTERED], "registration", b->registered);
        take_labels(page, item, whole);
        if (entries->len == 0)
                return;
        struct bulletin_entry *first = g_ptr_array_index(entries, 0);
        b->id = g_steal_pointer(&first->id);
        for (guint i = 0; i < first->kbs->len; i++)
                g_ptr_array_add(b->kbs, g_strdup(g_ptr_array_index(first->kbs, i)));
        g_ptr_array_remove_index(entries, 0);
        while (entries->len > 0) /* the further numbers */
                g_ptr_array_add(b->entries, g_ptr_array_steal_index(entries, 0));
}

/* --- the title --- */

static guint find_head_below(const struct page *page, guint from)
{
        while (from < page->count && !hotfix_has_prefix(page->lines[from].key, "■"))
                from++;
        return from;
}

/* Where the tag stands alone right above the labels, the first head below them says what it is about; it stays a head. */
static void add_head_to_title(struct page *page, const struct item *item)
{
        guint head = find_head_below(page, item->end);
        if (head >= page->count)
                return;
        const char *text = page->lines[head].block->text;
        g_autofree char *stripped = text_strip(hotfix_has_prefix(text, "■") ? text + strlen("■") : text);
        const char *before = page->bulletin->title;
        g_autofree char *joined = before ? g_strconcat(before, " ", stripped, NULL) : g_strdup(stripped);
        g_free(page->bulletin->title);
        page->bulletin->title = hotfix_bounded(joined);
}

static bool is_tag_alone(const struct page *page, const struct item *item)
{
        const char *key = page->lines[item->tag].key;
        return item->title_end == item->tag + 1 && !key[hotfix_match_tag(key, NULL)];
}

/* The title of an item without a tag: the line above its labels. */
static guint find_line_above(const struct page *page, guint labels)
{
        guint seen = 0;
        for (guint i = labels; i-- > 0 && seen < TITLE_LINES_MAX; seen++) {
                const char *key = page->lines[i].key;
                if (!*key)
                        continue;
                return strstr(key, "。") || g_utf8_strlen(key, -1) > TITLE_CHARACTERS_MAX ? labels : i;
        }
        return labels;
}

/* Returns the first line of the item. */
static guint read_title(struct page *page, const struct item *item)
{
        guint first = MIN(item->tag, item->first);
        if (item->title) {
                page->bulletin->title = g_strdup(item->title);
                hotfix_page_take(page, item->tag, item->title_end);
                if (is_tag_alone(page, item))
                        add_head_to_title(page, item);
                return first;
        }
        guint above = find_line_above(page, item->first);
        if (above == item->first) {
                add_head_to_title(page, item);
                return first;
        }
        g_autofree char *text = text_strip(page->lines[above].block->text);
        page->bulletin->title = hotfix_bounded(text);
        page->lines[above].taken = true;
        return above;
}

/* --- what else the mail holds --- */

/* One mail gives one bulletin: the first item. The others are entries, and sections. */
static void read_further_items(struct page *page, guint from)
{
        struct item item;
        guint count = 0;
        while (from < page->count && find_news(page, from, page->count, &item)) {
                hotfix_item_add_entries(page, &item, true);
                hotfix_prose_add_head(page, item.tag, item.title_end);
                from = MAX(item.title_end, item.end);
                hotfix_item_clear(&item);
                count++;
        }
        if (count > 0)
                bulletin_add_warning(page->bulletin, "the mail holds %u more news item%s; the first counts", count,
                                     count == 1 ? "" : "s");
}

/* "対象製品:…" between two labels that are known: its name, or NULL. */
static char *match_unknown_label(const struct line *line)
{
        const char *key = line->key, *colon = strchr(key, ':');
        if (!colon || colon == key || hotfix_has_prefix(colon, "://") || hotfix_is_item_label(line))
                return NULL;
        g_autofree char *name = g_strndup(key, (gsize) (colon - key));
        bool plain = g_utf8_strlen(name, -1) <= UNKNOWN_CHARACTERS_MAX && !strpbrk(name, "0123456789()[]/");
        return plain ? g_steal_pointer(&name) : NULL;
}

/* Only what is certain is reported: a line in the form of a label between two labels; the date, which an item has
 * always; and a number's label where an unknown one may have taken its place. */
static void report_labels(const struct page *page, const struct item *item)
{
        bool unknown = false;
        for (guint i = item->first; i < item->end; i++) {
                g_autofree char *name = match_unknown_label(&page->lines[i]);
                if (name && !page->lines[i].taken)
                        label_report_add_unknown(page->labels, name);
                unknown = unknown || (name && !page->lines[i].taken);
        }
        for (int label = 0; label <= ITEM_UPDATED; label++)
                if (!item->labels[label].text && (label == ITEM_UPDATED || unknown))
                        label_report_add_missing(page->labels, hotfix_item_label_text((enum item_label) label));
}

void hotfix_read_news(struct page *page)
{
        struct item item;
        if (!find_news(page, 0, page->count, &item) && !find_labels(page, 0, page->count, &item))
                return; /* such a page is not recognised as news */
        guint first = MIN(item.tag, item.first);
        hotfix_prose_prepare(page, first);
        read_labels(page, &item);
        first = read_title(page, &item);
        read_further_items(page, MAX(item.title_end, item.end));
        if (page->labels)
                report_labels(page, &item);
        hotfix_prose_read(page, first);
        hotfix_item_clear(&item);
}
