/* SPDX-License-Identifier: MIT */
/*
 * An item of news: a tag in brackets, a title, and the labels below. It is a mail of its own, or one of several in a
 * weekly. The labels are a block: what stands behind it is prose, and a label's word in prose is no label.
 */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_kinds.h"

/* The labels stand this close to the tag. */
#define NEAR_LINES_MAX 10u
#define TITLE_LINES_MAX 4u
/* Other short lines between two labels. */
#define GAP_LINES_MAX 3u
#define GAP_CHARACTERS_MAX 24
#define BLOCK_LINES_MAX 40u
#define TAG_CHARACTERS_MAX 16
/* A title goes on in the next line if its own is as wide as mail programs make them. */
#define WRAPPED_COLUMNS_MIN 56u

static const char *const label_words[ITEM_LABEL_MAX] = {
        [ITEM_NUMBER] = "セキュリティ番号",
        [ITEM_ARTICLE] = "サポート技術情報",
        [ITEM_UPDATED] = "更新日",
        [ITEM_REGISTERED] = "登録日",
};

const char *hotfix_item_label_text(enum item_label label)
{
        return (unsigned) label < ITEM_LABEL_MAX ? label_words[label] : "";
}

char *hotfix_line_words(const struct line *line)
{
        if (line->key[0] || !line->block->image_alt)
                return g_strdup(line->key);
        g_autofree char *normal = text_normalize(line->block->image_alt);
        return hotfix_key(normal);
}

/* --- tags --- */

/* Signs that are set before a head. */
static const char *skip_decoration(const char *at)
{
        static const char *const signs[] = { "■", "□", "●", "○", "◆", "◇", "・", "*", " " };
        for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
                if (hotfix_has_prefix(at, signs[i])) {
                        at += strlen(signs[i]);
                        i = (size_t) -1;
                }
        return at;
}

static bool is_label_word(const char *word)
{
        for (int label = 0; label < ITEM_LABEL_MAX; label++)
                if (g_str_equal(word, label_words[label]))
                        return true;
        return false;
}

static bool is_fault_type(const char *type)
{
        return strstr(type, "不具合") != NULL;
}

size_t hotfix_match_tag(const char *key, char **ret_type)
{
        const char *start = skip_decoration(key);
        bool square = *start == '[', black = hotfix_has_prefix(start, "【");
        if (!square && !black)
                return 0;
        const char *inner = start + (square ? 1 : strlen("【"));
        const char *end = strstr(inner, square ? "]" : "】");
        if (!end || end == inner || g_ascii_isdigit(*inner) || g_utf8_strlen(inner, end - inner) > TAG_CHARACTERS_MAX)
                return 0;
        g_autofree char *type = g_strndup(inner, (gsize) (end - inner));
        if (is_label_word(type) || strpbrk(type, ":[") || (black && !is_fault_type(type) && !strstr(type, "情報")))
                return 0;
        if (ret_type)
                *ret_type = g_steal_pointer(&type);
        return (size_t) (end + (square ? 1 : strlen("】")) - key);
}

/* The tag of a line, which may be its picture; *ret_rest: whether more than the tag stands there. */
static bool read_tag(const struct line *line, char **ret_type, bool *ret_rest)
{
        size_t size = hotfix_match_tag(line->key, ret_type);
        if (size > 0) {
                *ret_rest = line->key[size] != '\0';
                return true;
        }
        if (!line->block->image_alt)
                return false;
        g_autofree char *normal = text_normalize(line->block->image_alt), *alt = hotfix_key(normal);
        if (hotfix_match_tag(alt, ret_type) == 0) {
                if (!is_fault_type(alt) || g_utf8_strlen(alt, -1) > TAG_CHARACTERS_MAX)
                        return false;
                *ret_type = g_strdup(alt);
        }
        *ret_rest = line->key[0] != '\0';
        return true;
}

/* --- labels --- */

/* Spaces may stand inside the word: "更 新 日". */
static size_t match_word(const char *normal, const char *word)
{
        const char *at = normal;
        for (; *word; at++) {
                if (*at == ' ' && at > normal)
                        continue;
                if (*at != *word++)
                        return 0;
        }
        return (size_t) (at - normal);
}

static const char *skip_spaces(const char *at)
{
        return at + strspn(at, " ");
}

static bool starts_value(const char *at)
{
        return g_ascii_isdigit(*at) || hotfix_match_id(at, NULL) > 0 || g_ascii_strncasecmp(at, "KB", 2) == 0;
}

/* A label at this place: where its value begins, or NULL. Within a line it needs its colon or brackets. */
static const char *match_label(const char *at, bool opens_line, enum item_label *ret_label)
{
        if (opens_line)
                at = skip_decoration(at);
        bool black = hotfix_has_prefix(at, "【"), square = *at == '[';
        at = skip_spaces(at + (black ? strlen("【") : square));
        for (int label = 0; label < ITEM_LABEL_MAX; label++) {
                size_t size = match_word(at, label_words[label]);
                if (size == 0)
                        continue;
                const char *end = skip_spaces(at + size), *close = black ? "】" : "]";
                bool closed = (black || square) && hotfix_has_prefix(end, close);
                if ((black || square) && !closed)
                        return NULL;
                end = closed ? skip_spaces(end + strlen(close)) : end;
                bool colon = *end == ':';
                end = skip_spaces(end + colon);
                *ret_label = (enum item_label) label;
                bool bare = opens_line && (!*end || starts_value(end));
                return colon || closed || bare ? end : NULL;
        }
        return NULL;
}

bool hotfix_is_item_label(const struct line *line)
{
        enum item_label label;
        return match_label(line->block->normal, true, &label) != NULL;
}

/* The next label within a line, from this place on; NULL if there is none. */
static const char *find_label(const char *at)
{
        enum item_label label;
        for (; *at; at = g_utf8_next_char(at))
                if (match_label(at, false, &label))
                        return at;
        return NULL;
}

static bool is_nothing_but_numbers(const char *normal)
{
        g_autoptr(GPtrArray) entries = hotfix_entries_new();
        return hotfix_read_numbers(normal, entries);
}

/* Whether the line goes on with the value that the label's line began. */
static bool continues_value(enum item_label label, const char *value, const struct line *line)
{
        const char *normal = line->block->normal;
        if (hotfix_match_tag(line->key, NULL) > 0 || hotfix_is_item_label(line))
                return false;
        if (label == ITEM_NUMBER || label == ITEM_ARTICLE)
                return is_nothing_but_numbers(normal);
        char date[BULLETIN_DATE_SIZE];
        return hotfix_match_date(value, date) == 0 && (g_ascii_isdigit(*normal) || *normal == '/');
}

/* The labels that a line holds. The last one's value may go on below. */
static guint read_label_line(const struct page *page, guint at, guint end, struct item *item)
{
        const char *from = page->lines[at].block->normal;
        guint last = at + 1;
        enum item_label label;
        for (const char *value = match_label(from, true, &label); value; value = match_label(from, false, &label)) {
                const char *next = find_label(value);
                g_autofree char *own = g_strndup(value, next ? (gsize) (next - value) : strlen(value));
                g_autoptr(GString) text = g_string_new(g_strchomp(own));
                guint line = at + 1;
                for (; !next && line < end && line <= at + TITLE_LINES_MAX; line++) {
                        const struct line *below = &page->lines[line];
                        if (!below->key[0] && text->len > 0)
                                break;
                        if (below->key[0] && !continues_value(label, text->str, below))
                                break;
                        bool digits = label == ITEM_UPDATED || label == ITEM_REGISTERED;
                        g_string_append_printf(text, "%s%s", digits || text->len == 0 ? "" : " ", below->block->normal);
                }
                while (line > at + 1 && !page->lines[line - 1].key[0])
                        line--;
                if (!item->labels[label].text) {
                        item->labels[label] = (struct item_value){ .line = at, .end = line, .text = g_strdup(text->str) };
                        item->known++;
                }
                last = MAX(last, line);
                if (!next)
                        break;
                from = next;
        }
        return last;
}

/* A short line or an address may stand between two labels. */
static bool is_gap(const struct line *line)
{
        return strstr(line->key, "://") || (g_utf8_strlen(line->key, -1) <= GAP_CHARACTERS_MAX && !strstr(line->key, "。"));
}

static void read_block(const struct page *page, guint first, struct item *item)
{
        guint end = MIN(page->count, first + BLOCK_LINES_MAX), gaps = 0;
        item->first = item->end = first;
        for (guint i = first; i < end && gaps <= GAP_LINES_MAX;) {
                const struct line *line = &page->lines[i];
                if (hotfix_is_item_label(line)) {
                        i = item->end = read_label_line(page, i, end, item);
                        gaps = 0;
                        continue;
                }
                if (hotfix_match_tag(line->key, NULL) > 0 || hotfix_is_section_head(line->key) ||
                    (line->key[0] && !is_gap(line)))
                        break;
                gaps += line->key[0] != '\0';
                i++;
        }
}

bool hotfix_item_read_labels(const struct page *page, guint at, struct item *ret_item)
{
        *ret_item = (struct item){ .tag = at, .title_end = at };
        if (!hotfix_is_item_label(&page->lines[at]))
                return false;
        read_block(page, at, ret_item);
        return true;
}

/* --- the item --- */

void hotfix_item_clear(struct item *item)
{
        g_free(item->type);
        g_free(item->title);
        g_free(item->bare_title);
        for (int label = 0; label < ITEM_LABEL_MAX; label++)
                g_free(item->labels[label].text);
        *item = (struct item){ 0 };
}

/* The first label below the tag before another item or head, or else the labels right above it; count if there are
 * none. */
static guint find_block(const struct page *page, guint tag)
{
        guint seen = 0;
        for (guint i = tag + 1; i < page->count && seen < NEAR_LINES_MAX; i++) {
                const struct line *line = &page->lines[i];
                if (hotfix_is_item_label(line))
                        return i;
                if (hotfix_match_tag(line->key, NULL) > 0 || (hotfix_is_section_head(line->key) && i > tag + 1))
                        break;
                seen += line->key[0] != '\0';
        }
        guint above = page->count;
        for (guint i = tag; i-- > 0 && tag - i <= NEAR_LINES_MAX;) {
                if (hotfix_is_item_label(&page->lines[i]))
                        above = i;
                else if (hotfix_match_tag(page->lines[i].key, NULL) > 0 || strstr(page->lines[i].key, "。"))
                        break;
        }
        return above;
}

static void append_title(GString *out, const struct line *line, bool with_alt)
{
        const char *text = line->block->text;
        if (with_alt && line->block->image_alt && hotfix_match_tag(line->key, NULL) == 0)
                g_string_append(out, line->block->image_alt);
        if (line->key[0])
                hotfix_append_wrapped(out, text);
}

/* The lines of the title: the tag's and, where it stands alone or was wrapped, those behind it up to the labels. */
static void read_title(const struct page *page, guint block, bool has_rest, struct item *item)
{
        g_autoptr(GString) title = g_string_new(NULL);
        append_title(title, &page->lines[item->tag], true);
        guint limit = block > item->tag ? MIN(block, page->count) : page->count, i = item->tag + 1;
        bool complete = has_rest;
        for (; i < limit && i <= item->tag + TITLE_LINES_MAX; i++) {
                const struct line *line = &page->lines[i], *before = &page->lines[i - 1];
                bool parted = (line->block->marks & MARK_PARAGRAPH) || (before->block->marks & MARK_CELL_END);
                if (!line->key[0])
                        continue;
                if (complete && (parted || text_width(before->block->text) < WRAPPED_COLUMNS_MIN || strstr(line->key, "。")))
                        break;
                if (!complete)
                        g_string_append_c(title, ' ');
                if (hotfix_has_prefix(line->block->text, "■"))
                        g_string_append(title, line->block->text + strlen("■"));
                else
                        append_title(title, line, false);
                complete = true;
                item->title_end = i + 1;
        }
        g_autofree char *stripped = text_strip(title->str);
        item->title = hotfix_bounded(stripped);
        g_autofree char *normal = text_normalize(stripped), *key = hotfix_key(normal);
        size_t tag = hotfix_match_tag(key, NULL);
        const char *bare = tag > 0 ? hotfix_text_behind(item->title, key, tag) : item->title;
        item->bare_title = *bare ? g_strdup(bare) : NULL;
}

static bool read_item(const struct page *page, guint tag, struct item *ret_item)
{
        struct item item = { .tag = tag, .title_end = tag + 1 };
        bool has_rest = false;
        if (!read_tag(&page->lines[tag], &item.type, &has_rest))
                return false;
        guint block = find_block(page, tag);
        if (block < page->count)
                read_block(page, block, &item);
        /* Other words in brackets than 不具合… are everywhere; the title and the labels make them a tag. */
        bool close = block > tag && block < page->count && block - tag <= TITLE_LINES_MAX + 1;
        if (item.known == 0 || (!is_fault_type(item.type) && !close)) {
                hotfix_item_clear(&item);
                return false;
        }
        read_title(page, block, has_rest, &item);
        *ret_item = item;
        return true;
}

bool hotfix_item_find(const struct page *page, guint from, guint end, struct item *ret_item)
{
        for (guint i = from; i < end; i++)
                if (read_item(page, i, ret_item))
                        return true;
        return false;
}

static void read_links(const struct page *page, const struct item_value *value, GPtrArray *entries)
{
        for (guint i = value->line; value->text && entries->len == 0 && i < value->end; i++)
                hotfix_read_linked_numbers(page->lines[i].block, entries);
}

static void add_articles(struct bulletin_entry *to, const GPtrArray *kbs)
{
        for (guint i = 0; i < kbs->len; i++) {
                const char *digits = g_ptr_array_index(kbs, i);
                if (!g_ptr_array_find_with_equal_func(to->kbs, digits, g_str_equal, NULL) && to->kbs->len < HOTFIX_LIST_MAX)
                        g_ptr_array_add(to->kbs, g_strdup(digits));
        }
}

void hotfix_item_numbers(const struct page *page, const struct item *item, GPtrArray *ret_entries,
                         bool ret_whole[ITEM_LABEL_MAX])
{
        const struct item_value *number = &item->labels[ITEM_NUMBER], *article = &item->labels[ITEM_ARTICLE];
        g_autoptr(GPtrArray) articles = hotfix_entries_new();
        bool whole_number = !number->text || hotfix_read_numbers(number->text, ret_entries);
        bool whole_article = !article->text || hotfix_read_numbers(article->text, articles);
        if (ret_whole) {
                ret_whole[ITEM_NUMBER] = whole_number;
                ret_whole[ITEM_ARTICLE] = whole_article;
        }
        read_links(page, number, ret_entries);
        read_links(page, article, articles);
        /* The articles are about all that the item names; they are kept at the first. */
        for (guint i = 0; i < articles->len; i++) {
                const struct bulletin_entry *from = g_ptr_array_index(articles, i);
                if (from->kbs->len == 0)
                        continue;
                if (ret_entries->len == 0)
                        g_ptr_array_add(ret_entries, bulletin_entry_new(NULL, NULL, NULL));
                add_articles(g_ptr_array_index(ret_entries, 0), from->kbs);
        }
}

void hotfix_item_add_entries(struct page *page, const struct item *item, bool always)
{
        g_autoptr(GPtrArray) entries = hotfix_entries_new();
        hotfix_item_numbers(page, item, entries, NULL);
        if (entries->len == 0 && always)
                g_ptr_array_add(entries, bulletin_entry_new(NULL, NULL, NULL));
        while (entries->len > 0 && page->bulletin->entries->len < HOTFIX_LIST_MAX) {
                struct bulletin_entry *entry = g_ptr_array_steal_index(entries, 0);
                entry->type = g_strdup(item->type);
                entry->title = g_strdup(item->bare_title);
                g_ptr_array_add(page->bulletin->entries, entry);
        }
}
