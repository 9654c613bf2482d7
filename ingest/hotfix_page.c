/* SPDX-License-Identifier: MIT */
/* Which block carries which label. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

#define KB_DIGITS_MIN 5u
#define KB_DIGITS_MAX 7u

/* A title that ends in 危険性 may be wrapped before that word: then the line before is this wide, as wrapped lines are. */
#define WRAPPED_COLUMNS_MIN 60u

static bool is_dash(gunichar c)
{
        return c == '-' || c == 0x2010 || c == 0x2013 || c == 0x30FC;
}

static size_t count_digits(const char *key)
{
        return strspn(key, "0123456789");
}

size_t hotfix_match_id(const char *key, char **ret_id)
{
        if ((key[0] | 0x20) != 'm' || (key[1] | 0x20) != 's' || count_digits(key + 2) != 2)
                return 0;
        const char *at = key + 4;
        if (!is_dash(g_utf8_get_char(at)))
                return 0;
        at = g_utf8_next_char(at);
        if (count_digits(at) != 3)
                return 0;
        if (ret_id) {
                char *id = *ret_id = g_strdup("MS00-000");
                memcpy(id + strlen("MS"), key + 2, 2);
                memcpy(id + strlen("MS00-"), at, 3);
        }
        return (size_t) (at + 3 - key);
}

bool hotfix_match_identifier(const char *key, char **ret_id, GPtrArray *ret_kbs)
{
        size_t id_size = (key[0] | 0x20) == 'm' ? hotfix_match_id(key, NULL) : 0;
        if (id_size == 0 || key[id_size] != '/')
                return false;
        g_autoptr(GPtrArray) kbs = ret_kbs ? g_ptr_array_new_with_free_func(g_free) : NULL;
        bool has_number = false;
        for (const char *at = key + id_size; *at;) {
                if (*at++ != '/')
                        return false;
                if (!*at && has_number)
                        break; /* wrapped: the next line has more numbers */
                if (g_ascii_strncasecmp(at, "KB", 2) == 0)
                        at += 2;
                else if (g_ascii_toupper(*at) == 'Q')
                        at++;
                size_t digits = count_digits(at);
                if (digits < KB_DIGITS_MIN || digits > KB_DIGITS_MAX)
                        return false;
                if (kbs)
                        g_ptr_array_add(kbs, g_strndup(at, digits));
                has_number = true;
                at += digits;
        }
        if (ret_id)
                hotfix_match_id(key, ret_id);
        while (kbs && kbs->len > 0)
                g_ptr_array_add(ret_kbs, g_ptr_array_steal_index(kbs, 0));
        return true;
}

/* The closer look at a line that may be a head. */
static bool find_head(const struct page *page, guint at)
{
        const struct line *line = &page->lines[at];
        if (line->key[0] && !hotfix_is_section_head(line->key))
                return false;
        g_autofree char *key = line->key[0] ? NULL : hotfix_image_key(line);
        if (key && !hotfix_is_section_head(key))
                return false;
        /* 対象プラットフォーム is also the name of a column. */
        guint before = at;
        while (before > 0 && at - before < HOTFIX_BROKEN_LINES_MAX && !page->lines[before - 1].key[0])
                before--;
        return before == 0 || !g_str_equal(page->lines[before - 1].key, "影響を受けるソフトウェア");
}

static inline bool is_head(const struct page *page, guint at)
{
        const struct line *line = &page->lines[at];
        return (line->key[0] ? (line->kinds & KIND_HEAD) != 0 : line->block->image_alt != NULL) && find_head(page, at);
}

static inline enum hotfix_label match_table(const struct page *page, guint at)
{
        return page->lines[at].kinds & KIND_TABLE ? hotfix_match_table(page, at) : LABEL_NONE;
}

static void set_label(struct page *page, guint at, enum hotfix_label label, size_t length)
{
        page->lines[at].label = label;
        page->lines[at].label_length = length;
        if (page->first[label] < 0)
                page->first[label] = (gint) at;
}

/* 危険性 is a label, and the word that nearly every title ends in: the last piece of a wrapped title is no label. */
static bool is_end_of_title(const struct page *page, guint at)
{
        gint identifier = page->first[LABEL_IDENTIFIER];
        if (identifier < 0 || at < (guint) identifier + 2 || (page->lines[at].block->marks & MARK_PARAGRAPH))
                return false;
        const struct line *before = &page->lines[at - 1];
        return before->label == LABEL_NONE && !(before->block->marks & MARK_CELL_END) && before->key[0] != '(' &&
               before->key[0] && !(before->kinds & KIND_RULER) &&
               text_width(before->block->text) >= WRAPPED_COLUMNS_MIN;
}

static void label_range(struct page *page, guint from, guint to, enum hotfix_label first, enum hotfix_label last)
{
        for (guint i = from; i < to && i < page->count; i++) {
                struct line *line = &page->lines[i];
                size_t length;
                enum hotfix_label label = hotfix_line_label(line, first, last, &length);
                if (label == LABEL_RISK && !line->key[length] && is_end_of_title(page, i))
                        continue;
                if (label != LABEL_NONE && line->label == LABEL_NONE)
                        set_label(page, i, label, length);
        }
}

/* Whether another table of the mail calls a product by this name. */
static bool is_named_elsewhere(const struct page *page, const char *name)
{
        g_autofree char *bracketed = g_strconcat("(", name, ")", NULL), *item = g_strconcat("・", name, ":", NULL);
        for (guint i = page->body; i < page->count; i++) {
                const char *key = page->lines[i].key;
                if (key[0] == bracketed[0] && g_str_equal(key, bracketed))
                        return true;
                if (key[0] == item[0] && g_str_equal(key, item))
                        return true;
        }
        return false;
}

/* Each look for a name without a colon goes over the whole page: only so many are made. */
#define NAMES_LOOKED_FOR_MAX 200u

/* "Windows Vista:" right before a table of files, or the name alone. */
static void label_product(struct page *page, guint table, guint *looked_for)
{
        for (guint i = table; i-- > page->body;) {
                struct line *line = &page->lines[i];
                if (!line->key[0])
                        continue;
                bool is_head = line->label == LABEL_SECTION && !hotfix_is_section_head(line->key); /* h1…h6 */
                bool is_product = g_str_has_suffix(line->key, ":") ||
                                  ((*looked_for)++ < NAMES_LOOKED_FOR_MAX && is_named_elsewhere(page, line->key));
                if ((line->label == LABEL_NONE || is_head) && is_product)
                        set_label(page, i, LABEL_PRODUCT, strlen(line->key));
                return;
        }
}

/* A header that stands twice in one row is that of one table, printed side by side. */
static bool is_same_header(const struct page *page, guint header, guint at)
{
        if (header >= at)
                return false;
        const struct block *first = page->lines[header].block, *second = page->lines[at].block;
        return first->table >= 0 && first->table == second->table && first->row == second->row;
}

static void label_body(struct page *page)
{
        guint header = page->count, looked_for = 0;
        for (guint i = page->body; i < page->count; i++) {
                const struct line *line = &page->lines[i];
                enum hotfix_label table = match_table(page, i);
                if (table != LABEL_NONE && is_same_header(page, header, i))
                        continue;
                if (table != LABEL_NONE) {
                        header = i;
                        set_label(page, i, table, strlen(line->key));
                        if (table == LABEL_TABLE_FILES)
                                label_product(page, i, &looked_for);
                } else if (is_head(page, i) || ((line->block->marks & MARK_HEADING) && line->key[0])) {
                        set_label(page, i, LABEL_SECTION, strlen(line->key));
                } else if ((line->kinds & KIND_FOOTER) && hotfix_is_footer(line->key)) {
                        set_label(page, i, LABEL_FOOTER, strlen(line->key));
                }
        }
}

#define RULER_CHARACTERS_MIN 10
/* "________": no part of a bulletin where nothing of one stands behind it any more. */
#define FOOTER_RULER_CHARACTERS_MIN 20

/* A drawn line in plain text is read as a blank one. */
static void blank_rulers(struct page *page)
{
        for (guint i = 0; i < page->count; i++) {
                struct line *line = &page->lines[i];
                if ((line->kinds & KIND_RULER) && line->block->table < 0 && !(line->block->marks & MARK_CELL_END) &&
                    g_utf8_strlen(line->key, -1) >= RULER_CHARACTERS_MIN)
                        hotfix_line_set_key(line, "");
        }
}

static void label_footer_ruler(struct page *page)
{
        guint found = page->count;
        for (guint i = page->count; i-- > page->body;) {
                const struct line *line = &page->lines[i];
                if (line->label != LABEL_NONE && line->label != LABEL_FOOTER)
                        break;
                bool is_blanked = !line->key[0] && line->block->normal[0];
                g_autofree char *own = is_blanked ? hotfix_key(line->block->normal) : NULL;
                const char *key = own ? own : line->key;
                if (hotfix_is_ruler(key) && g_utf8_strlen(key, -1) >= FOOTER_RULER_CHARACTERS_MIN)
                        found = i;
        }
        if (found < page->count)
                set_label(page, found, LABEL_FOOTER, strlen(page->lines[found].key));
}

static guint find_body(const struct page *page, guint from)
{
        for (guint i = from; i < page->count; i++)
                if (is_head(page, i) || match_table(page, i) != LABEL_NONE)
                        return i;
        return page->count;
}

/* Normally top, identifier, middle, body; an excerpt starts with any of them, and a layout in two columns may put the
 * identifier before the top. */
static void find_places(struct page *page)
{
        page->first_identifier = hotfix_find_identifier(page, 0);
        page->second = hotfix_find_second(page);
        page->top = hotfix_find_top(page);
        guint identifier = hotfix_find_identifier(page, page->top < page->count ? page->top : 0);
        if (identifier == page->count)
                identifier = page->first_identifier;
        bool has_top = page->top < page->count, has_identifier = identifier < page->count;
        guint from = has_top ? page->top : 0;
        if (has_identifier && identifier > from)
                from = identifier;
        page->body = MIN(find_body(page, from), MAX(from, page->second));
        page->middle = has_identifier ? identifier : from;
        if (has_identifier)
                set_label(page, identifier, LABEL_IDENTIFIER, strlen(page->lines[identifier].key));
}

static bool is_in_same_cell(const struct page *page, guint a, guint b)
{
        const struct block *first = page->lines[a].block, *second = page->lines[b].block;
        if (first->table < 0)
                return second->table < 0 && page->document->rendering == RENDERING_PIPES;
        return first->table == second->table && first->row == second->row && first->column == second->column;
}

static bool is_broken_word(const char *key)
{
        static const char *const words[] = { "影響を受けるソフトウェア", "対象プラットフォーム", "プラットフォーム",
                                             "適用テスト結果", "ダウンロード・センター", "ファイル名", "修正プログラム名" };
        size_t length;
        if (hotfix_label_match(key, key, LABEL_SEVERITY, LABEL_ATTACKS, &length) != LABEL_NONE && !key[length])
                return true;
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_str_equal(key, words[i]))
                        return true;
        return hotfix_is_known_head(key);
}

/* Its first line then has the key of the whole cell, and the others have none. */
static void join_broken_words(struct page *page)
{
        if (page->document->table_count == 0 && page->document->rendering != RENDERING_PIPES)
                return; /* there are no cells */
        g_autoptr(GString) key = g_string_new(NULL);
        for (guint i = 0, end; i < page->count; i = end) {
                for (end = i + 1; end < page->count && !(page->lines[end - 1].block->marks & MARK_CELL_END); end++)
                        if (end - i >= HOTFIX_BROKEN_LINES_MAX || !is_in_same_cell(page, i, end))
                                break;
                bool is_whole = (page->lines[end - 1].block->marks & MARK_CELL_END) != 0;
                if (end - i < 2 || !is_whole || !page->lines[i].key[0])
                        continue;
                g_string_truncate(key, 0);
                for (guint n = i; n < end; n++)
                        g_string_append(key, page->lines[n].key);
                if (!is_broken_word(key->str))
                        continue;
                if (!page->joined)
                        page->joined = g_ptr_array_new_with_free_func(g_free);
                g_ptr_array_add(page->joined, g_strdup(key->str));
                hotfix_line_set_key(&page->lines[i], g_ptr_array_index(page->joined, page->joined->len - 1));
                for (guint n = i + 1; n < end; n++)
                        hotfix_line_set_key(&page->lines[n], "");
        }
}

void hotfix_page_init(struct page *page, const struct document *document)
{
        *page = (struct page){ .document = document, .count = document->block_count };
        for (guint i = 0; i < LABEL_MAX; i++)
                page->first[i] = -1;
        hotfix_page_read_lines(page);
        blank_rulers(page);
        join_broken_words(page);
        find_places(page);
        bool top_is_first = page->first[LABEL_IDENTIFIER] < 0 || page->top < page->middle;
        guint top_end = top_is_first && page->first[LABEL_IDENTIFIER] >= 0 ? page->middle : page->body;
        label_range(page, page->top, top_end, LABEL_SEVERITY, LABEL_CVES);
        label_range(page, MIN(page->middle, page->top), page->body, LABEL_RESPONSE, LABEL_ATTACKS);
        label_body(page);
        label_footer_ruler(page);
        page->is_wrapped = hotfix_page_is_wrapped(page);
        hotfix_mark_unknown_labels(page, top_end);
}

void hotfix_page_clear(struct page *page)
{
        g_clear_pointer(&page->joined, g_ptr_array_unref);
        g_clear_pointer(&page->lines, g_free);
        g_clear_pointer(&page->chosen_mark, g_free);
        g_clear_pointer(&page->other_mark, g_free);
        g_clear_pointer(&page->common_mark, g_free);
}

guint hotfix_page_region_end(const struct page *page, guint label_line)
{
        guint end = label_line + 1;
        while (end < page->count && page->lines[end].label == LABEL_NONE)
                end++;
        return end;
}

#define USUAL_PIECES 16u

GArray *hotfix_page_value(const struct page *page, enum hotfix_label label)
{
        if (page->first[label] < 0)
                return NULL;
        guint at = (guint) page->first[label], end = hotfix_page_region_end(page, at);
        GArray *pieces = g_array_sized_new(FALSE, FALSE, sizeof(struct piece), MIN(end - at, USUAL_PIECES));
        const struct line *line = &page->lines[at];
        if (line->key[line->label_length]) {
                struct piece beside = { .key = line->key + line->label_length, .block = line->block,
                                        .beside_label = true };
                beside.text = hotfix_text_behind(line->block->text, line->key, line->label_length);
                g_array_append_val(pieces, beside);
        }
        for (guint i = at + 1; i < end; i++) {
                if (hotfix_is_link_line(page->lines[i].key))
                        continue;
                struct piece piece = { .text = page->lines[i].block->text, .key = page->lines[i].key,
                                       .block = page->lines[i].block };
                piece.continues = pieces->len > 0 && hotfix_line_continues(page, i, page->lines[i - 1].block);
                g_array_append_val(pieces, piece);
        }
        return pieces;
}
