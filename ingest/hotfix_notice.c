/* SPDX-License-Identifier: MIT */
/* The advance notice: "HotFix Alert" with 事前通知版, which says what next month's bulletins will be. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_kinds.h"

/* "事前通知版" stands on the title's line, or this close to it. */
#define NEAR_LINES_MAX 4u
#define ABOVE_LINES_MAX 2u
#define TITLE_CHARACTERS_MAX 40
#define LINE_CHARACTERS_MAX 24
#define COLUMNS_MAX 8
#define WORD_CHARACTERS_MAX 20

static const char alert_words[] = "hotfixalert";

/* --- recognition --- */

/* Labels that only an alert has; the words of a notice's table are not among them. */
static bool is_whole_alert(const struct page *page)
{
        static const enum hotfix_label certain[] = { LABEL_EXPLOIT_CODE, LABEL_RESTART, LABEL_UNINSTALL, LABEL_ENVIRONMENT,
                                                     LABEL_SUPERSEDES, LABEL_CVES, LABEL_RESPONSE_LEVEL,
                                                     LABEL_RESPONSE_URGENCY, LABEL_RISK };
        guint found = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(certain); i++)
                found += page->first[certain[i]] >= 0;
        return found >= 2 || (page->first[LABEL_IDENTIFIER] >= 0 && found >= 1);
}

static const char *find_notice(const char *key)
{
        const char *found = strstr(key, "事前通知");
        return found ? found : strstr(key, "事前告知");
}

/* The word itself, with little around it. */
static bool is_notice_line(const char *key)
{
        return find_notice(key) && g_utf8_strlen(key, -1) <= LINE_CHARACTERS_MAX && !strstr(key, "。");
}

static bool is_near_title(const struct page *page, guint at)
{
        guint first = at > ABOVE_LINES_MAX ? at - ABOVE_LINES_MAX : 0;
        for (guint i = first; i < page->count && i <= at + NEAR_LINES_MAX; i++) {
                g_autofree char *words = hotfix_line_words(&page->lines[i]);
                if (i != at && is_notice_line(words))
                        return true;
        }
        return false;
}

static bool is_anywhere(const struct page *page)
{
        for (guint i = 0; i < page->count; i++)
                if (find_notice(page->lines[i].key))
                        return true;
        return false;
}

/* "HotFix Alert(事前通知版):2007/12/05版", "[事前通知版] HotFix Alert", but not a sentence about one. */
static bool is_title_with_word(const char *words, const char *found)
{
        if (!find_notice(words) || g_utf8_strlen(words, -1) > TITLE_CHARACTERS_MAX || strstr(words, "。"))
                return false;
        const char *rest = found + strlen(alert_words);
        bool parted = !*rest || strchr(":([/-", *rest) || g_ascii_isdigit(*rest) || hotfix_has_prefix(rest, "【") ||
                      hotfix_has_prefix(rest, "事前") || hotfix_has_prefix(rest, "「") || hotfix_has_prefix(rest, "<");
        char date[BULLETIN_DATE_SIZE];
        const char *word = find_notice(words) + strlen("事前通知");
        bool ends = !*word || hotfix_has_prefix(word, "版") || hotfix_has_prefix(word, "号") || strchr(":)]/", *word) ||
                    hotfix_find_date(word, date);
        const char *behind = hotfix_has_prefix(word, "版") ? word + strlen("版") : word;
        bool sentence = *behind && !strchr(":)]>/-(", *behind) && !g_ascii_isdigit(*behind) &&
                        !hotfix_has_prefix(behind, "】") && !hotfix_has_prefix(behind, "」") &&
                        g_ascii_strncasecmp(behind, "hotfix", strlen("hotfix")) != 0;
        return parted && ends && !sentence;
}

bool hotfix_is_notice_title(const struct page *page, guint at)
{
        g_autofree char *words = hotfix_line_words(&page->lines[at]), *lower = g_ascii_strdown(words, -1);
        const char *found = strstr(lower, alert_words);
        if (!found || hotfix_is_subject_line(words))
                return false;
        if (is_title_with_word(words, words + (found - lower)))
                return true;
        const char *rest = hotfix_match_titled(words, alert_words);
        bool dated = rest && (*rest || (at + 1 < page->count && g_ascii_isdigit(page->lines[at + 1].key[0])));
        if (!dated)
                return false;
        /* Where the word is not the title's own, an alert's labels say that this is an alert. */
        return !is_whole_alert(page) && (is_near_title(page, at) || is_anywhere(page));
}

static guint find_title(const struct page *page)
{
        for (guint i = 0; i < page->count; i++)
                if (hotfix_is_notice_title(page, i))
                        return i;
        return page->count;
}

/* --- what it announces --- */

enum notice_column { NOTICE_SEVERITY, NOTICE_PRODUCT, NOTICE_NUMBER, NOTICE_OTHER };

/* The column that a header's cell names; false if it is no word of a header. */
static bool match_column(const char *key, enum notice_column *ret_column)
{
        static const struct { const char *word; enum notice_column column; } words[] = {
                { "深刻度", NOTICE_SEVERITY },   { "重要度", NOTICE_SEVERITY },     { "製品", NOTICE_PRODUCT },
                { "対象", NOTICE_PRODUCT },      { "ソフトウェア", NOTICE_PRODUCT }, { "プラットフォーム", NOTICE_PRODUCT },
                { "番号", NOTICE_NUMBER },       { "件数", NOTICE_OTHER },          { "予定数", NOTICE_OTHER },
                { "影響", NOTICE_OTHER },        { "再起動", NOTICE_OTHER },        { "概要", NOTICE_OTHER },
                { "タイトル", NOTICE_OTHER },    { "内容", NOTICE_OTHER },          { "数", NOTICE_OTHER },
        };
        if (g_utf8_strlen(key, -1) > WORD_CHARACTERS_MAX || strstr(key, "。") || strchr(key, ':'))
                return false;
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_str_has_suffix(key, words[i].word)) {
                        *ret_column = words[i].column;
                        return true;
                }
        return false;
}

/* The header's cells from this one on: how many follow each other, at least two with one that names what it is about. */
static guint match_header(const struct page *page, const GArray *cells, guint at, enum notice_column *ret_columns)
{
        guint count = 0;
        bool about = false;
        for (; at + count < cells->len && count < COLUMNS_MAX; count++) {
                const struct cell *cell = cell_at(cells, at + count);
                /* In rendering P the text above the table is the start of its first cell. */
                const char *key = count == 0 && cell->end > cell->first ? page->lines[cell->end - 1].key : cell->key;
                if (!cell->ended || !match_column(key, &ret_columns[count]) ||
                    cell->block->table != cell_at(cells, at)->block->table ||
                    cell->block->row != cell_at(cells, at)->block->row)
                        break;
                about = about || ret_columns[count] == NOTICE_SEVERITY || ret_columns[count] == NOTICE_PRODUCT;
        }
        return about && count >= 2 ? count : 0;
}

static void append_part(GString *out, const char *text)
{
        if (!text || !*text)
                return;
        if (out->len > 0)
                g_string_append_c(out, ' ');
        g_string_append(out, text);
}

/* The severity is what kind of entry it is, and without one the product; the other cells are its title. */
static void add_row(struct page *page, const struct cell *const *row, const enum notice_column *columns, guint count)
{
        GPtrArray *list = page->bulletin->entries;
        g_autoptr(GString) type = g_string_new(NULL), title = g_string_new(NULL);
        g_autoptr(GPtrArray) numbers = hotfix_entries_new();
        bool has_severity = false;
        for (guint i = 0; i < count; i++)
                has_severity = has_severity || columns[i] == NOTICE_SEVERITY;
        for (guint i = 0; i < count; i++) {
                const char *text = row[i] ? row[i]->text : NULL;
                g_autofree char *normal = text_normalize(text ? text : "");
                bool names = columns[i] == (has_severity ? NOTICE_SEVERITY : NOTICE_PRODUCT);
                if (columns[i] == NOTICE_NUMBER && hotfix_read_numbers(normal, numbers))
                        continue;
                append_part(names ? type : title, text);
        }
        if ((type->len == 0 && title->len == 0) || list->len >= HOTFIX_LIST_MAX)
                return;
        const struct bulletin_entry *number = numbers->len > 0 ? g_ptr_array_index(numbers, 0) : NULL;
        struct bulletin_entry *entry = bulletin_entry_new(type->len > 0 ? type->str : NULL, number ? number->id : NULL,
                                                          title->len > 0 ? title->str : NULL);
        for (guint i = 0; number && i < number->kbs->len; i++)
                g_ptr_array_add(entry->kbs, g_strdup(g_ptr_array_index(number->kbs, i)));
        g_ptr_array_add(list, entry);
}

/* Rows with places: by their columns. */
static guint read_grid(struct page *page, const GArray *cells, guint header, const enum notice_column *columns,
                       guint count)
{
        const struct block *start = cell_at(cells, header)->block;
        guint at = header + count;
        while (at < cells->len && cell_at(cells, at)->block->table == start->table) {
                const struct cell *row[COLUMNS_MAX] = { NULL };
                int number = cell_at(cells, at)->block->row;
                for (; at < cells->len && cell_at(cells, at)->block->table == start->table &&
                       cell_at(cells, at)->block->row == number; at++) {
                        int column = cell_at(cells, at)->block->column - start->column;
                        if (column >= 0 && column < (int) count)
                                row[column] = cell_at(cells, at);
                }
                add_row(page, row, columns, count);
        }
        return at;
}

/* Cells of rendering P: so many a row, until one does not fit. */
static guint read_cadence(struct page *page, const GArray *cells, guint header, const enum notice_column *columns,
                          guint count)
{
        guint at = header + count;
        for (; at + count <= cells->len; at += count) {
                const struct cell *row[COLUMNS_MAX] = { NULL };
                bool fits = cell_at(cells, at)->key[0] != '\0';
                for (guint i = 0; i < count; i++) {
                        row[i] = cell_at(cells, at + i);
                        fits = fits && row[i]->ended && !strstr(row[i]->key, "。");
                }
                if (!fits)
                        break;
                add_row(page, row, columns, count);
        }
        return at;
}

static void read_tables(struct page *page, guint first)
{
        g_autoptr(GArray) cells = hotfix_page_cells(page, first, page->count);
        for (guint i = 0; i < cells->len;) {
                enum notice_column columns[COLUMNS_MAX];
                guint count = match_header(page, cells, i, columns);
                if (count == 0)
                        i++;
                else if (cell_at(cells, i)->block->table >= 0)
                        i = read_grid(page, cells, i, columns, count);
                else
                        i = read_cadence(page, cells, i, columns, count);
        }
}

/* The one severity that the words name, or NULL. */
static const char *find_severity(const char *key)
{
        static const char *const words[] = { "緊急", "重要", "警告", "注意" };
        const char *found = NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                if (!strstr(key, words[i]))
                        continue;
                if (found)
                        return NULL;
                found = words[i];
        }
        return found;
}

static const char *skip_bullet(const char *text)
{
        static const char *const signs[] = { "・", "•", "●", "○", "◆", "*", "-", "･" };
        for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
                if (hotfix_has_prefix(text, signs[i]))
                        return text + strlen(signs[i]);
        return NULL;
}

/* "・Windows:3件(最大深刻度:緊急)": a bullet that counts bulletins or names a severity. */
static void read_list(struct page *page, guint first)
{
        for (guint i = first; i < page->count && page->lines[i].label != LABEL_FOOTER; i++) {
                const struct block *block = page->lines[i].block;
                const char *key = page->lines[i].key, *rest = skip_bullet(block->text);
                bool is_item = rest || (block->marks & MARK_LIST_ITEM);
                const char *severity = find_severity(key), *count = strstr(key, "件");
                bool counts = count && count > key && g_ascii_isdigit(count[-1]);
                if (!is_item || (!severity && !counts) || strstr(key, "。") ||
                    page->bulletin->entries->len >= HOTFIX_LIST_MAX)
                        continue;
                g_autofree char *text = text_strip(rest ? rest : block->text);
                g_autofree char *title = hotfix_bounded(text);
                g_ptr_array_add(page->bulletin->entries, bulletin_entry_new(severity, NULL, title));
        }
}

void hotfix_read_notice(struct page *page)
{
        guint at = find_title(page);
        if (at == page->count)
                return; /* such a page is not recognised as a notice */
        g_autofree char *words = hotfix_line_words(&page->lines[at]), *lower = g_ascii_strdown(words, -1);
        const char *found = strstr(lower, alert_words);
        hotfix_prose_prepare(page, at);
        page->lines[at].label = LABEL_NONE;
        const char *rest = words + (found - lower) + strlen(alert_words);
        guint first = hotfix_read_titled_edition(page, at, *rest == ':' ? rest + 1 : rest);
        if (!page->bulletin->title || !*page->bulletin->title) {
                g_free(page->bulletin->title);
                page->bulletin->title = hotfix_bounded(page->lines[at].block->image_alt);
        }
        hotfix_read_own_dates(page, first, MIN(page->count, first + NEAR_LINES_MAX));
        read_tables(page, first);
        if (page->bulletin->entries->len == 0)
                read_list(page, first);
        hotfix_prose_read(page, first);
}
