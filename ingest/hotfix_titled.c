/* SPDX-License-Identifier: MIT */
/* Titles such as "HotFix Weekly:2007/05/30日版", on one line or several, and the edition's date. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_kinds.h"

/* The date stands on the title's line or this close behind it. */
#define DATE_LINES_MAX 4u
#define REST_CHARACTERS_MAX 14
#define SHOWN_CHARACTERS_MAX 40

const char *hotfix_find_date(const char *key, char ret_date[BULLETIN_DATE_SIZE])
{
        for (const char *at = key; *at; at = g_utf8_next_char(at))
                if ((at == key || !g_ascii_isdigit(at[-1])) && hotfix_match_date(at, ret_date) > 0)
                        return at;
        return NULL;
}

static bool is_date_part(const char *key)
{
        return g_ascii_isdigit(key[0]) || key[0] == '/';
}

/* Behind a title's words there is a date, an edition in brackets, or little. A sentence about an edition is no title. */
static bool is_title_rest(const char *rest)
{
        char date[BULLETIN_DATE_SIZE];
        size_t size = hotfix_match_date(rest, date);
        if (size == 0)
                return !strstr(rest, "。") && g_utf8_strlen(rest, -1) <= REST_CHARACTERS_MAX;
        rest += size;
        static const char *const suffixes[] = { "日版", "版", "号" };
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++)
                if (hotfix_has_prefix(rest, suffixes[i])) {
                        rest += strlen(suffixes[i]);
                        break;
                }
        return !*rest || *rest == '(' || *rest == '[' || *rest == '|' || hotfix_has_prefix(rest, "【");
}

bool hotfix_is_subject_line(const char *key)
{
        return g_ascii_strncasecmp(key, "subject:", strlen("subject:")) == 0 || hotfix_has_prefix(key, "件名:");
}

const char *hotfix_match_titled(const char *key, const char *lower_words)
{
        g_autofree char *lower = g_ascii_strdown(key, -1);
        const char *found = strstr(lower, lower_words);
        if (!found || hotfix_is_subject_line(key))
                return NULL;
        const char *rest = key + (found - lower) + strlen(lower_words);
        bool opens_line = found == lower, has_colon = *rest == ':';
        rest += has_colon;
        bool dated = is_date_part(rest) || rest[0] == '(' || rest[0] == '[';
        if (!opens_line && !(has_colon && is_date_part(rest)))
                return NULL;
        bool is_title = !*rest || ((has_colon || dated) && is_title_rest(rest));
        return is_title ? rest : NULL;
}

static void add_line(struct page *page, guint at, GString *title, bool parted)
{
        const char *text = page->lines[at].block->text;
        g_autofree char *stripped = text_strip(hotfix_has_prefix(text, "■") ? text + strlen("■") : text);
        if (title->len > 0 && *stripped && parted)
                g_string_append_c(title, ' ');
        g_string_append(title, stripped);
        page->lines[at].taken = true;
}

/* "事前通知版" in a line of its own, with brackets perhaps. */
static bool is_notice_line(const struct line *line)
{
        return strstr(line->key, "事前通知") && g_utf8_strlen(line->key, -1) <= REST_CHARACTERS_MAX;
}

/* Whether the date in the text can go on in the next line: it is not there yet, or it ends with the text and the next
 * line is no more than the rest of a day. */
static bool wants_more(const char *text, const char *next)
{
        char date[BULLETIN_DATE_SIZE];
        const char *found = hotfix_find_date(text, date);
        if (!found)
                return is_date_part(next);
        size_t size = hotfix_match_date(found, date), digits = strspn(next, "0123456789");
        if (found[size] || size >= strlen("2007/05/11"))
                return false;
        return digits > 0 && digits <= 1 && (!next[digits] || hotfix_has_prefix(next + digits, "日") ||
                                             hotfix_has_prefix(next + digits, "版"));
}

/* Adds the lines over which the date was split; returns the line behind them. */
static guint read_date_lines(struct page *page, guint at, guint limit, GString *date, GString *title)
{
        guint end = at + 1;
        for (guint i = at + 1; i < limit; i++) {
                const char *key = page->lines[i].key;
                if (!*key)
                        continue;
                if (!wants_more(date->str, key))
                        break;
                bool splits_date = date->len > 0 && g_ascii_isdigit(date->str[date->len - 1]);
                g_string_append(date, key);
                add_line(page, i, title, !splits_date);
                end = i + 1;
        }
        return end;
}

guint hotfix_read_titled_edition(struct page *page, guint at, const char *rest)
{
        struct bulletin *b = page->bulletin;
        g_autoptr(GString) title = g_string_new(NULL), date = g_string_new(rest);
        guint limit = MIN(page->count, at + 1 + DATE_LINES_MAX);
        add_line(page, at, title, false);
        guint end = read_date_lines(page, at, limit, date, title);
        const char *found = hotfix_find_date(date->str, b->edition);
        for (guint i = end; !found && i < limit; i++)
                if (hotfix_match_date(page->lines[i].key, b->edition) > 0)
                        found = page->lines[i].key;
        if (found && !b->edition[0]) {
                g_autofree char *shown = text_cut_chars(found, SHOWN_CHARACTERS_MAX);
                bulletin_add_warning(b, "the edition date \"%s\" does not exist", shown);
        }
        for (guint i = at + 1; i < limit; i++)
                if (is_notice_line(&page->lines[i]) && !page->lines[i].taken) {
                        add_line(page, i, title, true);
                        end = MAX(end, i + 1);
                }
        b->title = hotfix_bounded(title->str);
        return end;
}

bool hotfix_is_date_end(const char *rest)
{
        static const char *const days[] = { "月", "火", "水", "木", "金", "土", "日" };
        if (*rest == '(')
                for (size_t i = 0; i < G_N_ELEMENTS(days); i++) {
                        g_autofree char *day = g_strconcat("(", days[i], ")", NULL);
                        if (g_str_equal(rest, day))
                                return true;
                }
        return !*rest || g_str_equal(rest, "版");
}

static void read_own_date(struct page *page, const struct item_value *value, guint end, char ret_date[BULLETIN_DATE_SIZE])
{
        if (!value->text || value->end > end)
                return;
        char date[BULLETIN_DATE_SIZE];
        g_autofree char *key = hotfix_key(value->text);
        size_t size = hotfix_match_date(key, date);
        if (size == 0 || !hotfix_is_date_end(key + size))
                return;
        memcpy(ret_date, date, sizeof date);
        hotfix_page_take(page, value->line, value->end);
}

void hotfix_read_own_dates(struct page *page, guint from, guint end)
{
        struct bulletin *b = page->bulletin;
        for (guint i = from; i < end; i++) {
                struct item item;
                if (!hotfix_item_read_labels(page, i, &item))
                        continue;
                read_own_date(page, &item.labels[ITEM_REGISTERED], end, b->registered);
                read_own_date(page, &item.labels[ITEM_UPDATED], end, b->updated);
                i = MAX(item.end, i + 1) - 1;
                hotfix_item_clear(&item);
        }
}
