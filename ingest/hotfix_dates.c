/* SPDX-License-Identifier: MIT */
/* The edition's date and the dates of registration and update. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

/* "HotFix Alert:" / "2006" / "/01/12版": a date may be split over so many lines below its label. */
#define DATE_LINES_MAX 4u
#define SHOWN_CHARACTERS_MAX 40
#define TITLE_REST_CHARACTERS_MAX 12

static size_t count_digits(const char *at)
{
        size_t count = 0;
        while (g_ascii_isdigit(at[count]))
                count++;
        return count;
}

/* Digits at *at, at most max of them; -1 if there are none or more. */
static int take_number(const char **at, size_t max)
{
        size_t digits = count_digits(*at);
        if (digits == 0 || digits > max)
                return -1;
        int value = 0;
        for (size_t i = 0; i < digits; i++)
                value = value * 10 + ((*at)[i] - '0');
        *at += digits;
        return value;
}

static bool take_word(const char **at, const char *word)
{
        if (!hotfix_has_prefix(*at, word))
                return false;
        *at += strlen(word);
        return true;
}

static bool take_separator(const char **at, const char *word)
{
        return take_word(at, "/") || take_word(at, "-") || take_word(at, ".") || take_word(at, word);
}

#define YEAR_DIGITS 4u

size_t hotfix_match_date(const char *key, char ret_date[BULLETIN_DATE_SIZE])
{
        const char *at = key;
        if (count_digits(at) != YEAR_DIGITS)
                return 0;
        at += YEAR_DIGITS;
        if (!take_separator(&at, "年"))
                return 0;
        int month = take_number(&at, 2);
        if (month < 0 || !take_separator(&at, "月"))
                return 0;
        int day = take_number(&at, 2);
        if (day < 0 || *at == '/')
                return 0;
        take_word(&at, "日");
        const char date[BULLETIN_DATE_SIZE] = {
                key[0], key[1], key[2], key[3], '-', (char) ('0' + month / 10), (char) ('0' + month % 10),
                '-', (char) ('0' + day / 10), (char) ('0' + day % 10), '\0',
        };
        memcpy(ret_date, date, sizeof date);
        if (!bulletin_date_is_valid(ret_date))
                ret_date[0] = '\0';
        return (size_t) (at - key);
}

static void warn_of_date(struct page *page, const char *what, const char *key, const char *why)
{
        g_autofree char *shown = text_cut_chars(key, SHOWN_CHARACTERS_MAX);
        bulletin_add_warning(page->bulletin, "the %s date \"%s\" %s", what, shown, why);
}

/* Reads the date or says why there is none. what is the field's English name. */
static void set_date(struct page *page, const char *what, const char *key, char ret_date[BULLETIN_DATE_SIZE])
{
        if (hotfix_match_date(key, ret_date) == 0) {
                ret_date[0] = '\0';
                if (key[0])
                        warn_of_date(page, what, key, "is not a date");
                else
                        bulletin_add_warning(page->bulletin, BULLETIN_STATES_NO "%s date", what);
        } else if (!ret_date[0]) {
                warn_of_date(page, what, key, "does not exist");
        }
}

static bool is_date_part(const char *key)
{
        return g_ascii_isdigit(key[0]) || key[0] == '/';
}

/* Whether the text begins with a date to which no line below can add. */
static bool begins_with_whole_date(const char *text)
{
        char date[BULLETIN_DATE_SIZE];
        size_t size = hotfix_match_date(text, date);
        return size > 0 && (text[size] || size == strlen("2007/05/11"));
}

char *hotfix_collect_date(const struct page *page, guint at, const char *rest)
{
        if (begins_with_whole_date(rest)) /* as nearly all */
                return g_strdup(rest);
        GString *out = g_string_new(rest);
        for (guint i = at + 1; i < page->count && i <= at + DATE_LINES_MAX && !begins_with_whole_date(out->str); i++) {
                const char *key = page->lines[i].key;
                if (*key && !is_date_part(key))
                        break;
                g_string_append(out, key);
        }
        return g_string_free(out, FALSE);
}

/* What follows a title's date: 版 and at most a bracket. A sentence about an edition is no title. */
static bool ends_title(const char *rest)
{
        char date[BULLETIN_DATE_SIZE];
        size_t size = hotfix_match_date(rest, date);
        if (size == 0)
                return g_utf8_strlen(rest, -1) <= TITLE_REST_CHARACTERS_MAX;
        rest += size;
        if (!take_word(&rest, "日版") && !take_word(&rest, "版"))
                take_word(&rest, "号");
        return !*rest || *rest == '(' || *rest == '[' || hotfix_has_prefix(rest, "【");
}

static const char alert_title[] = "hotfixalert";

static const char *find_alert_title(const char *key)
{
        for (const char *at = key; *at; at++)
                if ((*at | 0x20) == alert_title[0] && g_ascii_strncasecmp(at, alert_title, strlen(alert_title)) == 0)
                        return at;
        return NULL;
}

const char *hotfix_match_alert_title(const char *key)
{
        const char *found = find_alert_title(key);
        if (!found)
                return NULL;
        bool opens_line = found == key;
        const char *rest = found + strlen(alert_title);
        bool has_colon = *rest == ':';
        rest += has_colon;
        if (is_date_part(rest))
                return (opens_line || has_colon) && ends_title(rest) ? rest : NULL;
        return opens_line && !*rest ? rest : NULL;
}

/* The title that is nearest above the dates: those above it are a forwarder's, as in "Subject: HotFix Alert:…". A bare
 * title counts only if a date follows. */
static void read_edition(struct page *page)
{
        g_autofree char *edition = NULL;
        for (guint i = 0; i < MIN(page->top, page->body); i++) {
                const char *rest = hotfix_match_alert_title(page->lines[i].key);
                char date[BULLETIN_DATE_SIZE];
                if (rest) {
                        g_autofree char *text = hotfix_collect_date(page, i, rest);
                        if (!edition || hotfix_match_date(text, date) > 0) {
                                g_free(edition);
                                edition = g_steal_pointer(&text);
                        }
                }
                if (edition && (strstr(page->lines[i].key, "【登録日】") || strstr(page->lines[i].key, "【更新日】")))
                        break;
        }
        set_date(page, "edition", edition ? edition : "", page->bulletin->edition);
}

/* "前回更新日" is another word. */
static bool starts_word(const char *key, const char *at)
{
        const char *before = g_utf8_find_prev_char(key, at);
        return !before || !g_unichar_isalpha(g_utf8_get_char(before));
}

/* On its line up to the next bracket, else below. */
char *hotfix_find_dated(const struct page *page, guint end, const char *word)
{
        for (guint i = 0; i < end; i++) {
                const char *key = page->lines[i].key, *found = strstr(key, word);
                if (!found || !starts_word(key, found))
                        continue;
                const char *rest = found + strlen(word);
                bool has_bracket = take_word(&rest, "】") || take_word(&rest, "]");
                while (take_word(&rest, "*")) /* bold, as mail programs write it in plain text */
                        ;
                bool has_colon = take_word(&rest, ":");
                bool is_label = has_bracket || (found == key && (has_colon || !*rest)) || g_ascii_isdigit(*rest);
                if (!is_label)
                        continue; /* the word inside a sentence */
                const char *next = strstr(rest, "【");
                g_autofree char *own = g_strndup(rest, next ? (gsize) (next - rest) : strlen(rest));
                return next ? g_steal_pointer(&own) : hotfix_collect_date(page, i, own);
        }
        return NULL;
}

static void read_dated(struct page *page, guint end, const char *word, const char *what,
                       char ret_date[BULLETIN_DATE_SIZE])
{
        g_autofree char *text = hotfix_find_dated(page, end, word);
        set_date(page, what, text ? text : "", ret_date);
}

guint hotfix_dates_end(const struct page *page)
{
        if (page->top == page->count && page->first[LABEL_IDENTIFIER] < 0)
                return page->body;
        return MIN(page->top, MIN(page->middle, page->body));
}

void hotfix_read_dates(struct page *page)
{
        struct bulletin *b = page->bulletin;
        guint end = hotfix_dates_end(page);
        read_edition(page);
        read_dated(page, end, "登録日", "registration", b->registered);
        read_dated(page, end, "更新日", "update", b->updated);
        if (b->registered[0] && b->updated[0] && strcmp(b->updated, b->registered) < 0)
                bulletin_add_warning(b, "the update date %s is before the registration date %s", b->updated,
                                     b->registered);
}
