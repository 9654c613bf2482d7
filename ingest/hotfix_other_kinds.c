/* SPDX-License-Identifier: MIT */
/* Weekly digests, advance notices, news and tips: their one date, number and title, and their prose. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

/* The date stands on the title's line or this close behind it. */
#define DATE_LINES_MAX 4u

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

/* "[不具合情報] …" */
static bool is_news_title(const char *key)
{
        const char *end = strchr(key, ']');
        if (key[0] != '[' || !end)
                return false;
        g_autofree char *tag = g_strndup(key + 1, (gsize) (end - key - 1));
        return g_str_has_prefix(tag, "不具合");
}

static gint find_news_title(const struct page *page)
{
        for (guint i = 0; i < page->count; i++)
                if (is_news_title(page->lines[i].key))
                        return (gint) i;
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

/* "事前通知版" below the title belongs to it. */
static void extend_title(struct page *page, guint at)
{
        for (guint i = at + 1; i < page->count && i <= at + DATE_LINES_MAX; i++) {
                const struct line *line = &page->lines[i];
                if (!strstr(line->key, "事前通知") || line->label != LABEL_NONE || g_utf8_strlen(line->key, -1) > 20)
                        continue;
                g_autofree char *title = g_steal_pointer(&page->bulletin->title);
                page->bulletin->title = g_strconcat(title, " ", line->block->text, NULL);
                page->lines[i].taken = true;
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

/* A weekly or an advance notice: the title's line with the edition's date on it or close below. */
static guint read_titled_edition(struct page *page, const char *lower_title)
{
        for (guint i = 0; i < page->count; i++) {
                const char *key = page->lines[i].key;
                if (g_ascii_strncasecmp(key, lower_title, strlen(lower_title)) != 0)
                        continue;
                set_title(page, i);
                const char *rest = key + strlen(lower_title);
                rest += *rest == ':';
                g_autofree char *date = hotfix_collect_date(page, i, rest);
                size_t size = hotfix_match_date(date, page->bulletin->edition);
                for (guint n = i + 1; size == 0 && n < page->count && n <= i + DATE_LINES_MAX; n++)
                        size = hotfix_match_date(page->lines[n].key, page->bulletin->edition);
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

static guint read_news(struct page *page)
{
        struct bulletin *b = page->bulletin;
        gint title = find_news_title(page), last = title;
        if (title >= 0)
                set_title(page, (guint) title);
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

static guint read_tips(struct page *page)
{
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
                hotfix_read_stated_dates(page);
        warn_undated(page);
        read_prose(page, first);
}
