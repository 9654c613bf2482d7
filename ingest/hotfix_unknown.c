/* SPDX-License-Identifier: MIT */
/*
 * Labels of the top table that the rules do not know: the publisher has renamed one, or added one. They end the value of
 * the label before them, so that nobody's value grows by what is not its own.
 *
 * What stands in the table is a label or a value. A line (in tables: a cell) that cannot be a value of the label above,
 * looks like a label, and does not stand in a value's place is one. In a value's place it is one only if the label that
 * should follow is not there, or if it has a value of its own.
 */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

#define LABEL_CHARACTERS_MIN 2
#define LABEL_CHARACTERS_MAX 20
#define SHORT_CHARACTERS_MAX 10

static const char *const severity_words[] = { "(緊急)", "(重要)", "(警告)", "(注意)", NULL };
static const char *const measure_words[] = { "適用", "SP待ち", "開始", NULL };
static const char *const restart_words[] = { "必要", "不要", NULL };
static const char *const uninstall_words[] = { "可", NULL };
static const char *const environment_words[] = { "サーバ", "クライアント", NULL };
static const char *const place_words[] = { "日本", "英", "米", "US", NULL };

static bool has_word(const char *key, const char *const *words)
{
        for (; *words; words++)
                if (strstr(key, *words))
                        return true;
        return false;
}

static bool has_id(const char *key)
{
        for (; *key; key++)
                if (hotfix_match_id(key, NULL) > 0)
                        return true;
        return false;
}

static bool has_cve(const char *key)
{
        g_autofree char *upper = g_ascii_strup(key, -1);
        return strstr(upper, "CVE-") || strstr(upper, "CAN-");
}

/* A run of digits that may be the number of an article. */
static bool has_article(const char *key)
{
        while (*key) {
                size_t digits = strspn(key, "0123456789");
                if (digits >= 5)
                        return true;
                key += digits > 0 ? digits : 1;
        }
        return false;
}

/* Whether the key holds words that only a value of this label has. */
static bool has_content_of(enum hotfix_label label, const char *key)
{
        switch (label) {
        case LABEL_SEVERITY:
                return has_word(key, severity_words);
        case LABEL_MEASURE:
                return has_word(key, measure_words);
        case LABEL_RESTART:
                return has_word(key, restart_words);
        case LABEL_UNINSTALL:
                return has_word(key, uninstall_words);
        case LABEL_ENVIRONMENT:
                return has_word(key, environment_words);
        case LABEL_SECURITY_BULLETIN:
                return has_id(key) || (has_word(key, place_words) && !has_article(key));
        case LABEL_SUPPORT_ARTICLE:
                return has_article(key);
        case LABEL_QUESTIONS:
        case LABEL_HISTORY:
                return has_id(key) || has_article(key) || has_word(key, place_words);
        case LABEL_SUPERSEDES:
                return has_id(key);
        case LABEL_CVES:
                return has_cve(key);
        default:
                return false;
        }
}

static bool has_letter(const char *key)
{
        for (; *key; key = g_utf8_next_char(key))
                if (g_unichar_isalpha(g_utf8_get_char(key)))
                        return true;
        return false;
}

static bool is_plain_no(const char *key)
{
        static const char *const words[] = { "なし", "あり", "無し", "有り", "無", "有", "未定", "不明" };
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (hotfix_has_prefix(key, words[i]) && !key[strlen(words[i])])
                        return true;
        return g_str_has_suffix(key, ":なし");
}

static bool is_value_of(enum hotfix_label label, const char *key)
{
        if (label == LABEL_EXPLOIT_CODE)
                return hotfix_has_prefix(key, "あり") || hotfix_has_prefix(key, "なし");
        if (label != LABEL_UNKNOWN)
                return has_content_of(label, key);
        for (unsigned known = LABEL_SEVERITY; known <= LABEL_CVES; known++)
                if (has_content_of((enum hotfix_label) known, key))
                        return true;
        return false;
}

/* Whether the unit can be a value of the label, as nearly all are, or says nothing: marks, pictures, addresses. */
static bool is_explained(enum hotfix_label label, const char *key)
{
        return is_value_of(label, key) || !has_letter(key) || is_plain_no(key) || strstr(key, "://") ||
               hotfix_is_link_line(key) || hotfix_has_prefix(key, "[") || hotfix_has_prefix(key, "![");
}

static bool is_hiragana(gunichar c)
{
        return c >= 0x3041 && c <= 0x309F;
}

/* Japanese, a noun: no digits, no punctuation, no particle that makes a sentence, no verb's ending. */
static bool is_noun(const char *key)
{
        static const char *const particles[] = { "を", "は", "が", "ので", "から", "ます", "です", NULL };
        bool is_japanese = false;
        gunichar c = 0;
        for (const char *at = key; *at; at = g_utf8_next_char(at)) {
                c = g_utf8_get_char(at);
                if (!g_unichar_isalpha(c) && c != '/' && c != 0x30FB && c != 0x30FC && c != 0x3005)
                        return false;
                is_japanese = is_japanese || c >= 0x3041;
        }
        return is_japanese && !is_hiragana(c) && !has_word(key, particles);
}

bool hotfix_is_label_like(const char *key, bool expected)
{
        glong size = g_utf8_strlen(key, -1);
        if (size < LABEL_CHARACTERS_MIN || size > LABEL_CHARACTERS_MAX)
                return false;
        if (!expected)
                return is_noun(key);
        static const char *const sentence[] = { "。", "、", "(", ")", "[", "]", "「", "」", ":", ",", ".", "を", NULL };
        return has_letter(key) && !strpbrk(key, "0123456789") && !has_word(key, sentence);
}

/* A line, or in tables a cell. */
struct unit {
        guint first;
        const char *key;
        char *owned; /* the key, where it is that of several lines */
        size_t label_size; /* bytes of the key in front of what would be its own value */
        bool has_links, continues;
};

static void unit_clear(gpointer data)
{
        g_free(((struct unit *) data)->owned);
}

static bool is_in_cell(const struct page *page, guint i)
{
        return page->lines[i].block->table >= 0 || page->document->rendering == RENDERING_PIPES;
}

/* Lines of a region that are looked at: no value is as long. */
#define REGION_LINES_MAX 1000u

#define USUAL_UNITS 8u

static void add_to_key(struct unit *unit, GString **joined, const char *key)
{
        if (!unit->key) {
                unit->key = key;
                return;
        }
        if (!*joined)
                *joined = g_string_new(unit->key);
        g_string_append(*joined, key);
}

/* What is not empty of the region behind the label. The rest of the label's own cell is taken line by line. */
static void read_units(const struct page *page, guint label_line, guint end, GArray *units)
{
        g_array_set_size(units, 0);
        end = MIN(end, label_line + REGION_LINES_MAX);
        bool own_cell = !(page->lines[label_line].block->marks & MARK_CELL_END);
        struct unit unit = { 0 };
        GString *joined = NULL; /* of the unit's lines, where there are several */
        for (guint i = label_line + 1; i < end; i++) {
                const struct block *block = page->lines[i].block;
                if (!unit.key)
                        unit = (struct unit){ .first = i };
                if (page->lines[i].key[0])
                        add_to_key(&unit, &joined, page->lines[i].key);
                unit.has_links = unit.has_links || block->links;
                unit.continues = unit.continues || hotfix_line_continues(page, i, page->lines[i - 1].block);
                bool goes_on = is_in_cell(page, i) && !own_cell && !(block->marks & MARK_CELL_END) && i + 1 < end;
                own_cell = own_cell && !(block->marks & MARK_CELL_END);
                if (goes_on || !unit.key)
                        continue;
                if (joined)
                        unit.key = unit.owned = g_string_free(g_steal_pointer(&joined), FALSE);
                unit.label_size = strcspn(unit.key, ":");
                g_array_append_val(units, unit);
                unit.key = NULL;
        }
}

#define unit_at(units, i) (&g_array_index((units), struct unit, (i)))

static bool is_optional(enum hotfix_label label)
{
        return label == LABEL_EXPLOIT_CODE || label == LABEL_QUESTIONS || label == LABEL_HISTORY;
}

/* Where the scan is: the last known label, and how many unknown ones have come since. */
struct scan {
        const struct page *page;
        enum hotfix_label label, known;
        guint unknown;
        GArray *units; /* of one region after the other */
};

/* Whether the label that should come now is nowhere on the page. */
static bool is_next_missing(const struct scan *scan)
{
        guint skip = scan->unknown;
        for (unsigned label = scan->known + 1u; label <= LABEL_CVES; label++) {
                if (is_optional((enum hotfix_label) label))
                        continue;
                if (skip-- == 0)
                        return scan->page->first[label] < 0;
        }
        return false;
}

/* Labels whose value may be any words, and may be several lines by product. */
static bool takes_words(enum hotfix_label label)
{
        return label == LABEL_RESTART || label == LABEL_UNINSTALL;
}

static bool is_short_noun(const char *key)
{
        return g_utf8_strlen(key, -1) <= SHORT_CHARACTERS_MAX && (is_noun(key) || is_plain_no(key));
}

/* "帳票サーバ" above the value that it has, in a list by product. */
static bool names_product(const struct scan *scan, const GArray *units, guint at)
{
        if (at + 1 >= units->len || !has_content_of(scan->label, unit_at(units, at + 1)->key))
                return false;
        bool starts_with_value = has_content_of(scan->label, unit_at(units, 0)->key);
        return !takes_words(scan->label) || !starts_with_value;
}

/* place: 0 is where the label's value stands. */
static bool is_unknown_label(const struct scan *scan, const GArray *units, guint at, guint place)
{
        const struct unit *unit = unit_at(units, at), *next = at + 1 < units->len ? unit_at(units, at + 1) : NULL;
        if (unit->has_links || unit->continues || is_explained(scan->label, unit->key))
                return false;
        bool missing = is_next_missing(scan);
        g_autofree char *label = g_strndup(unit->key, unit->label_size);
        bool has_own_value = unit->key[unit->label_size] != '\0';
        if (!hotfix_is_label_like(label, missing) || (has_own_value && takes_words(scan->label) && !missing))
                return false;
        if (missing || has_own_value)
                return place > 0 || scan->label != LABEL_UNKNOWN;
        if (names_product(scan, units, at))
                return false;
        bool wants_value = takes_words(scan->label) || scan->label == LABEL_ENVIRONMENT || scan->label == LABEL_UNKNOWN;
        if (place > 0)
                return next || !wants_value;
        if (scan->label == LABEL_QUESTIONS || scan->label == LABEL_HISTORY || scan->label == LABEL_UNKNOWN)
                return false;
        return next && (!takes_words(scan->label) || is_short_noun(next->key));
}

static int bracket_balance(const char *key)
{
        int balance = 0;
        for (; *(key += strcspn(key, "()")); key++) /* most have none */
                balance += *key == '(' ? 1 : -1;
        return balance;
}

/* The first line of an unknown label between the labelled line and end; end for none. */
static guint find_in_region(struct page *page, const struct scan *scan, guint label_line, guint end)
{
        const struct line *line = &page->lines[label_line];
        GArray *units = scan->units;
        read_units(page, label_line, end, units);
        guint place = line->key[line->label_length] ? 1 : 0;
        int open = bracket_balance(line->key);
        for (guint i = 0; i < units->len; i++, place++) {
                const struct unit *unit = unit_at(units, i);
                if (open <= 0 && is_unknown_label(scan, units, i, place)) {
                        struct line *found = &page->lines[unit->first];
                        bool has_value = unit->key[unit->label_size] == ':';
                        found->label = LABEL_UNKNOWN;
                        found->label_length = MIN(strlen(found->key), unit->label_size + (has_value ? 1 : 0));
                        return unit->first;
                }
                open += bracket_balance(unit->key);
        }
        return end;
}

/* Behind the last label only the identifier line shows where the table ends. */
static bool is_open_end(const struct page *page, guint end)
{
        if (end >= page->count)
                return true;
        enum hotfix_label label = page->lines[end].label;
        return label > LABEL_CVES && label != LABEL_IDENTIFIER && label != LABEL_UNKNOWN;
}

void hotfix_mark_unknown_labels(struct page *page, guint end)
{
        g_autoptr(GArray) units = g_array_sized_new(FALSE, FALSE, sizeof(struct unit), USUAL_UNITS);
        g_array_set_clear_func(units, unit_clear);
        struct scan scan = { .page = page, .units = units };
        guint at = page->top;
        end = MIN(end, page->count);
        if (at < end && page->lines[at].label == LABEL_NONE && hotfix_is_label_like(page->lines[at].key, true)) {
                page->lines[at].label = LABEL_UNKNOWN;
                page->lines[at].label_length = strlen(page->lines[at].key);
        }
        /* Each one costs a look at all that is left of its region, and no more than so many are reported. */
        for (guint found = 0; at < end && found <= LABEL_REPORT_MAX;) {
                enum hotfix_label label = page->lines[at].label;
                guint region_end = MIN(hotfix_page_region_end(page, at), end);
                if (label > LABEL_CVES && label != LABEL_UNKNOWN)
                        return;
                if (label == LABEL_NONE || is_open_end(page, region_end)) {
                        at = region_end;
                        continue;
                }
                scan.label = label;
                scan.known = label == LABEL_UNKNOWN ? scan.known : label;
                scan.unknown = label == LABEL_UNKNOWN ? scan.unknown + 1 : 0;
                at = find_in_region(page, &scan, at, region_end);
                found += at < region_end;
        }
}
