/* SPDX-License-Identifier: MIT */
/* Weekly digests, advance notices, news and tips: their one date, number and title, and their prose. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

/* The date stands on the title's line or this close behind it. */
#define DATE_LINES_MAX 4u
/* A news item's labels stand this close below its tag. */
#define TITLE_LINES_MAX 4u

static const char *const news_labels[] = { "セキュリティ番号", "サポート技術情報", "更新日" };

/* What stands behind a label at the start of a line, or NULL. */
static const char *behind_label(const char *key, const char *word)
{
        if (!g_str_has_prefix(key, word))
                return NULL;
        const char *rest = key + strlen(word);
        return *rest == ':' ? rest + 1 : *rest == '\0' ? rest : NULL;
}

/* The line of a label and its value, which may stand on the next line; -1 if there is none. */
static gint find_label(const struct page *page, const char *word, const char **ret_value)
{
        for (guint i = 0; i < page->count; i++) {
                const char *rest = behind_label(page->lines[i].key, word);
                if (!rest)
                        continue;
                *ret_value = *rest || i + 1 >= page->count ? rest : page->lines[i + 1].key;
                return (gint) i;
        }
        return -1;
}

/* "[不具合情報] …": the tag's size with its brackets, or 0. */
static size_t match_tag(const char *key)
{
        const char *end = key[0] == '[' ? strchr(key, ']') : NULL;
        return end && end > key + 1 ? (size_t) (end + 1 - key) : 0;
}

static bool is_fault_tag(const char *key)
{
        return match_tag(key) > 0 && g_str_has_prefix(key + 1, "不具合");
}

/* Tags other than 不具合… count only right above セキュリティ番号. */
static bool is_above_number(const struct page *page, guint at)
{
        for (guint i = at + 1; i < page->count && i <= at + TITLE_LINES_MAX; i++)
                if (behind_label(page->lines[i].key, news_labels[0]))
                        return true;
        return false;
}

static gint find_news_title(const struct page *page)
{
        for (guint i = 0; i < page->count; i++) {
                const char *key = page->lines[i].key;
                if (is_fault_tag(key) || (match_tag(key) > 0 && is_above_number(page, i)))
                        return (gint) i;
        }
        return -1;
}

bool hotfix_is_news(const struct page *page)
{
        const char *value;
        if (find_news_title(page) < 0)
                return false;
        guint found = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(news_labels); i++)
                found += find_label(page, news_labels[i], &value) >= 0;
        return found >= 2;
}

static void set_title(struct page *page, guint at)
{
        g_autofree char *text = text_strip(page->lines[at].block->text);
        page->bulletin->title = hotfix_bounded(text);
        page->lines[at].taken = true;
}

static void append_title(struct page *page, guint at)
{
        g_autofree char *title = g_steal_pointer(&page->bulletin->title);
        const char *text = page->lines[at].block->text;
        g_autofree char *more = text_strip(g_str_has_prefix(text, "■") ? text + strlen("■") : text);
        g_autofree char *joined = g_strconcat(title, " ", more, NULL);
        page->bulletin->title = hotfix_bounded(joined);
        page->lines[at].taken = true;
}

/* "事前通知版" below the title belongs to it. */
static void extend_title(struct page *page, guint at)
{
        for (guint i = at + 1; i < page->count && i <= at + DATE_LINES_MAX; i++) {
                const struct line *line = &page->lines[i];
                if (!strstr(line->key, "事前通知") || line->label != LABEL_NONE || g_utf8_strlen(line->key, -1) > 20)
                        continue;
                append_title(page, i);
                return;
        }
}

/* All prose: what stands before the first head, and each section. */
static void read_prose(struct page *page, guint first)
{
        if (first < page->body) {
                g_autofree char *text = hotfix_page_prose(page, first, page->body);
                if (*text)
                        g_ptr_array_add(page->bulletin->sections, section_new(NULL, text));
        }
        hotfix_read_sections(page);
        hotfix_read_links(page);
}

static void warn_undated(struct page *page)
{
        struct bulletin *b = page->bulletin;
        if (!b->edition[0] && !b->registered[0] && !b->updated[0])
                bulletin_add_warning(b, "the mail states no date");
}

/* The first date on the line, as in "HotFix Alert(事前通知版):2007/10/05版". */
static bool find_date_inside(const char *key, char ret_date[BULLETIN_DATE_SIZE])
{
        for (const char *at = key; *at; at = g_utf8_next_char(at))
                if (hotfix_match_date(at, ret_date) > 0)
                        return true;
        return false;
}

/* A weekly or an advance notice: the title's line with the edition's date on it or close below. */
static guint read_titled_edition(struct page *page, const char *lower_title)
{
        for (guint i = 0; i < page->count; i++) {
                const char *key = page->lines[i].key;
                if (g_ascii_strncasecmp(key, lower_title, strlen(lower_title)) != 0)
                        continue;
                set_title(page, i);
                if (g_str_has_suffix(key, ":") && i + 1 < page->count && g_ascii_isdigit(page->lines[i + 1].key[0]))
                        append_title(page, i + 1);
                const char *rest = key + strlen(lower_title);
                rest += *rest == ':';
                g_autofree char *date = hotfix_collect_date(page, i, rest);
                bool dated = hotfix_match_date(date, page->bulletin->edition) > 0 ||
                             find_date_inside(rest, page->bulletin->edition);
                for (guint n = i + 1; !dated && n < page->count && n <= i + DATE_LINES_MAX; n++)
                        dated = hotfix_match_date(page->lines[n].key, page->bulletin->edition) > 0;
                extend_title(page, i);
                return i + 1;
        }
        return 0;
}

static void add_number(GPtrArray *kbs, const char *digits, size_t size)
{
        if (size >= 5 && size <= 7 && kbs->len < HOTFIX_LIST_MAX)
                g_ptr_array_add(kbs, g_strndup(digits, size));
}

static bool is_news_label(const char *key)
{
        for (size_t n = 0; n < G_N_ELEMENTS(news_labels); n++)
                if (behind_label(key, news_labels[n]))
                        return true;
        return false;
}

/* Where the tag stands alone, what it is about follows on the next line, or as the first ■ head. */
static void complete_news_title(struct page *page, guint tag)
{
        const char *key = page->lines[tag].key;
        if (key[match_tag(key)])
                return;
        guint i = tag + 1;
        while (i < page->count && !page->lines[i].key[0])
                i++;
        if (i < page->count && is_news_label(page->lines[i].key))
                while (i < page->count && !g_str_has_prefix(page->lines[i].key, "■"))
                        i++;
        if (i >= page->count)
                return;
        append_title(page, i);
        if (g_str_has_prefix(page->lines[i].key, "■"))
                page->lines[i].taken = false; /* it is the head of its section, too */
}

static guint read_news(struct page *page)
{
        struct bulletin *b = page->bulletin;
        gint title = find_news_title(page), last = title;
        if (title >= 0) {
                set_title(page, (guint) title);
                complete_news_title(page, (guint) title);
        }
        const char *value = "";
        for (size_t n = 0; n < G_N_ELEMENTS(news_labels); n++) {
                gint at = find_label(page, news_labels[n], &value);
                if (at < 0)
                        continue;
                last = MAX(last, at);
                hotfix_page_take(page, (guint) at, (guint) at + 1);
                if (n == 0)
                        hotfix_match_id(value, &b->id);
                for (const char *digits = value; n == 1 && *digits;) {
                        size_t size = strspn(digits, "0123456789");
                        add_number(b->kbs, digits, size);
                        digits += size > 0 ? size : 1;
                }
                if (n == 2 && (hotfix_match_date(value, b->updated) == 0 || !b->updated[0]))
                        bulletin_add_warning(b, "the update date is not a date");
        }
        return (guint) (last + 1);
}

/* A line above the first head that is nothing but a date, perhaps with 版 behind it. */
static void read_bare_date(struct page *page)
{
        for (guint i = 0; i < page->body && !page->bulletin->edition[0]; i++) {
                const char *key = page->lines[i].key;
                char date[BULLETIN_DATE_SIZE];
                size_t size = hotfix_match_date(key, date);
                if (size > 0 && (!key[size] || g_str_equal(key + size, "版")))
                        memcpy(page->bulletin->edition, date, sizeof(date));
        }
}

static guint read_tips(struct page *page)
{
        read_bare_date(page);
        for (guint i = 0; i < page->count; i++) {
                if (!g_str_has_prefix(page->lines[i].key, "■"))
                        continue;
                g_autofree char *text = text_strip(page->lines[i].block->text);
                g_autofree char *bare = text_strip(text + strlen("■"));
                page->bulletin->title = hotfix_bounded(bare);
                break;
        }
        return page->body;
}

/* Where the items begin of which a weekly is a digest: their dates are not its own. */
static guint find_items(const struct page *page)
{
        guint i = 0;
        while (i < page->body && !is_fault_tag(page->lines[i].key) &&
               !behind_label(page->lines[i].key, news_labels[0]) &&
               !g_str_has_prefix(page->lines[i].key, "情報の種類"))
                i++;
        return i;
}

void hotfix_read_other_kind(struct page *page)
{
        guint first = 0;
        switch (page->bulletin->kind) {
        case BULLETIN_WEEKLY:
                first = read_titled_edition(page, "hotfixweekly");
                break;
        case BULLETIN_ADVANCE_NOTICE:
                first = read_titled_edition(page, "hotfixalert");
                break;
        case BULLETIN_NEWS:
                first = read_news(page);
                break;
        default:
                first = read_tips(page);
                break;
        }
        if (page->bulletin->kind != BULLETIN_NEWS)
                hotfix_read_stated_dates(page, find_items(page));
        warn_undated(page);
        read_prose(page, first);
}
