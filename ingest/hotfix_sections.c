/* SPDX-License-Identifier: MIT */
/* The prose: each head with the text below it that no other rule has read. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

static void add_section(struct page *page, const char *heading, guint first, guint end)
{
        if (page->bulletin->sections->len >= HOTFIX_LIST_MAX)
                return;
        g_autofree char *text = hotfix_page_prose(page, first, end);
        /* A caution of the lab may be said in its head alone; the other heads say nothing by themselves. */
        bool speaks = heading && hotfix_has_prefix(heading, "■") && !strstr(heading, "適用テストの結果");
        if (!*text && !speaks)
                return;
        struct section *section = section_new(heading, NULL);
        section->text = g_steal_pointer(&text);
        g_ptr_array_add(page->bulletin->sections, section);
}

/* Of a row of empty cells no more are looked at. */
#define ROW_CELLS_MAX 64u

static bool has_row_text(const struct page *page, guint at)
{
        const struct block *block = page->lines[at].block;
        guint first = at, end = at;
        while (first > 0 && at - first < ROW_CELLS_MAX && page->lines[first - 1].block->table == block->table &&
               page->lines[first - 1].block->row == block->row)
                first--;
        while (end < page->count && end - at < ROW_CELLS_MAX && page->lines[end].block->table == block->table &&
               page->lines[end].block->row == block->row)
                end++;
        for (guint i = first; i < end; i++)
                if (page->lines[i].key[0])
                        return true;
        return false;
}

/* Whether the cell is empty and its whole row is, as far as rows are known. What ends a cell behind the table in it is
 * no cell of its own. */
static bool is_empty_row_cell(const struct page *page, guint at)
{
        const struct block *block = page->lines[at].block;
        if (page->lines[at].key[0] || page->lines[at].taken || !(block->marks & MARK_CELL_END) || block->image_alt)
                return false;
        if (block->table < 0)
                return true;
        bool ends_nested = at > 0 && page->lines[at - 1].block->parent_table == block->table;
        return !ends_nested && !has_row_text(page, at);
}

/* Tables that have heads of their own: LABEL_NONE, or the label that stands for them. */
static enum hotfix_label headed_table(enum hotfix_label label)
{
        if (label == LABEL_PRODUCT)
                return LABEL_TABLE_FILES;
        bool headed = label == LABEL_TABLE_DOWNLOADS || label == LABEL_TABLE_FILES || label == LABEL_TABLE_MINUTES;
        return headed ? label : LABEL_NONE;
}

/* The table that stands below this head. */
static enum hotfix_label table_of_heading(const char *heading)
{
        if (!heading)
                return LABEL_NONE;
        return strstr(heading, "適用されるファイル情報") ? LABEL_TABLE_FILES
               : strstr(heading, "ダウンロード先")         ? LABEL_TABLE_DOWNLOADS
               : strstr(heading, "予想適用時間")           ? LABEL_TABLE_MINUTES
                                                               : LABEL_NONE;
}

/* So many empty cells part two texts; an empty row with a picture in it, which may have been a head, does alone. */
#define EMPTY_CELLS_MIN 2u

/* Where a text begins that rows of empty cells part from what stands above it: heads that were pictures are such rows.
 * A table that has a head of its own begins there, too; other tables and their rows belong to the text above. */
static guint find_part_end(const struct page *page, guint first, guint end, const char *heading)
{
        enum hotfix_label table = LABEL_NONE; /* the last one with a head of its own */
        bool has_content = false;
        guint empty = 0;
        for (guint i = first; i < end; i++) {
                const struct line *line = &page->lines[i];
                if (is_empty_row_cell(page, i)) {
                        empty += line->block->marks & MARK_IMAGE ? EMPTY_CELLS_MIN : 1;
                        continue;
                }
                if (!line->key[0] && !line->taken)
                        continue;
                enum hotfix_label own = headed_table(line->label);
                if (has_content && empty >= EMPTY_CELLS_MIN) {
                        enum hotfix_label last = table != LABEL_NONE ? table : table_of_heading(heading);
                        if (!line->taken || (own != LABEL_NONE && own != last))
                                return i;
                }
                table = own != LABEL_NONE ? own : table;
                has_content = true;
                empty = 0;
        }
        return end;
}

/* The text from first to end; only its first part stands below the head. */
static void add_parts(struct page *page, const char *heading, guint first, guint end)
{
        guint part = find_part_end(page, first, end, heading);
        add_section(page, heading, first, part);
        while (part < end) {
                guint next = find_part_end(page, part, end, NULL);
                add_section(page, NULL, part, next);
                part = next;
        }
}

static bool is_known_word(const char *key)
{
        static const char *const words[] = { "攻撃手法", "脆弱性の影響", NULL };
        return hotfix_word_value(hotfix_words_urgency, key) || hotfix_word_value(hotfix_words_attack, key) ||
               g_strv_contains(words, key);
}

/* Longer than the explanation of the scale. */
#define FIXTURE_BYTES_MAX 4000u

/* The labels of 可能性のある攻撃 one behind the other, as plain lines have them. */
static bool is_label_row(const char *key)
{
        const struct hotfix_word *word;
        while ((word = hotfix_word_prefix(hotfix_words_attack, key)))
                key += strlen(word->key);
        return *key == '\0';
}

/* Whether a paragraph ends with this line. */
static bool ends_paragraph(const struct page *page, guint i, guint end)
{
        return i + 1 >= end || (page->lines[i].block->marks & MARK_CELL_END) ||
               (page->lines[i + 1].block->marks & MARK_PARAGRAPH);
}

/* What is no prose: the row of labels, perhaps wrapped, or the explanation of the scale, which is the same in every
 * bulletin and known by explaining both ends of the scale. The line behind it, or 0. */
static guint find_fixture_end(const struct page *page, guint first, guint end)
{
        g_autoptr(GString) joined = NULL; /* of the lines, where there are several */
        guint found = 0;
        for (guint i = first; i < end; i++) {
                if (i > first && !joined)
                        joined = g_string_new(page->lines[first].key);
                if (joined)
                        g_string_append(joined, page->lines[i].key);
                const char *key = joined ? joined->str : page->lines[i].key;
                bool both_ends = strstr(key, "「緊急適用」") && strstr(key, "「SP待ち」");
                if (both_ends && g_str_has_suffix(key, "。"))
                        return i + 1;
                if (is_label_row(key) || both_ends)
                        found = i + 1;
                if (ends_paragraph(page, i, end) || strlen(key) > FIXTURE_BYTES_MAX)
                        break;
        }
        return found;
}

/* Takes what belongs to 危険性 and 可能性のある攻撃, so that the prose behind them remains. */
static void take_scale(struct page *page, guint label_line)
{
        guint end = hotfix_page_region_end(page, label_line);
        const struct line *label = &page->lines[label_line];
        guint i = label_line + 1;
        if (label->key[label->label_length])
                i = MAX(i, find_fixture_end(page, label_line, end));
        hotfix_page_take(page, label_line, i);
        while (i < end) {
                const struct line *line = &page->lines[i];
                bool known = !line->key[0] || is_known_word(line->key) || g_utf8_strlen(line->key, -1) <= 2;
                guint next = known ? i + 1 : find_fixture_end(page, i, end);
                if (next > 0 && line->key[0]) /* empty cells part the texts behind */
                        hotfix_page_take(page, i, next);
                while (next == 0 && !ends_paragraph(page, i, end) && !is_known_word(page->lines[i + 1].key))
                        i++;
                i = next > 0 ? next : i + 1;
        }
}

/* The line behind the value of the urgency's label: its own line or the first that says something, and what belongs to
 * it because a bracket is open or opens. */
static guint find_urgency_end(const struct page *page, guint label_line)
{
        const struct line *label = &page->lines[label_line];
        guint end = hotfix_page_region_end(page, label_line), i = label_line;
        bool started = false;
        int open = 0;
        for (const char *key = label->key + label->label_length; i < end; key = ++i < end ? page->lines[i].key : "") {
                if (started && *key && open <= 0 && *key != '[')
                        break;
                started = started || *key;
                for (; *key; key++)
                        open += *key == '[' ? 1 : *key == ']' ? -1 : 0;
        }
        return i;
}

/* 対応策 is prose; what follows the titles, the urgency, 危険性 and 可能性のある攻撃 is prose
 * whose head was a picture. */
static void read_middle(struct page *page)
{
        gint response = page->first[LABEL_RESPONSE];
        if (response >= 0) {
                struct line *line = &page->lines[response];
                g_autoptr(GArray) pieces = hotfix_page_value(page, LABEL_RESPONSE);
                g_autofree char *text = hotfix_pieces_text(pieces);
                line->taken = true;
                if (*text)
                        g_ptr_array_add(page->bulletin->sections,
                                        section_new(hotfix_label_text(LABEL_RESPONSE), text));
                hotfix_page_take(page, (guint) response, hotfix_page_region_end(page, (guint) response));
        }
        for (guint i = page->middle; i < page->body; i++) {
                guint first = i + 1;
                switch (page->lines[i].label) {
                case LABEL_RISK:
                case LABEL_ATTACKS:
                        take_scale(page, i);
                        break;
                case LABEL_RESPONSE_LEVEL:
                case LABEL_RESPONSE_URGENCY:
                        first = find_urgency_end(page, i);
                        break;
                case LABEL_IDENTIFIER:
                        first = MAX(first, page->titles_end);
                        break;
                default:
                        continue;
                }
                if (page->lines[i].label != LABEL_IDENTIFIER || page->top == page->count || page->top < i)
                        add_parts(page, NULL, first, hotfix_page_region_end(page, i));
        }
}

static char *read_heading(const struct page *page, guint at)
{
        const struct block *block = page->lines[at].block;
        const char *text = page->lines[at].key[0] ? block->text : block->image_alt;
        g_autoptr(GString) whole = NULL; /* of a head broken in its cell */
        for (guint i = at; i + 1 < page->count && !(page->lines[i].block->marks & MARK_CELL_END) &&
                           !page->lines[i + 1].key[0] && page->lines[i + 1].block->text[0]; i++) {
                if (!whole)
                        whole = g_string_new(text);
                g_string_append(whole, page->lines[i + 1].block->text);
        }
        char *heading = hotfix_section_heading(whole ? whole->str : text);
        if (strlen(heading) <= HOTFIX_BOUNDED_BYTES)
                return heading;
        g_autofree char *long_heading = heading;
        return hotfix_bounded(long_heading);
}

/* A ■ head that was wrapped goes on in the next line; the prose below a head is indented or parted. */
static guint find_heading_end(const struct page *page, guint at, char **heading)
{
        guint next = at + 1;
        const struct block *block = page->lines[at].block;
        if (!page->is_wrapped || !hotfix_has_prefix(page->lines[at].key, "■") ||
            text_width(block->text) < 60 || next >= page->count || page->lines[next].label != LABEL_NONE)
                return next;
        const struct block *below = page->lines[next].block;
        if ((below->marks & MARK_PARAGRAPH) || below->indent > block->indent || text_width(below->text) >= 60)
                return next;
        GString *joined = g_string_new(*heading);
        hotfix_append_wrapped(joined, below->text);
        g_free(*heading);
        *heading = g_string_free(joined, FALSE);
        return next + 1;
}

/* A table with a head of its own that stands below a ■ head: its head was a picture. */
static guint find_section_end(const struct page *page, guint from, const char *heading)
{
        bool stops_at_table = heading && hotfix_has_prefix(heading, "■");
        guint i = from;
        for (; i < page->count; i++) {
                enum hotfix_label label = page->lines[i].label;
                if (label == LABEL_SECTION || label == LABEL_FOOTER || (stops_at_table && headed_table(label)))
                        break;
        }
        return i;
}

/* Of a label that is not known no text is lost. */
static void read_unknown_labels(struct page *page)
{
        for (guint i = page->top; i < page->count; i++) {
                const struct line *line = &page->lines[i];
                if (line->label != LABEL_UNKNOWN || page->bulletin->sections->len >= HOTFIX_LIST_MAX)
                        continue;
                guint own = i;
                while (!(page->lines[own].block->marks & MARK_CELL_END) && own + 1 < page->count &&
                       !line->key[line->label_length] && page->lines[own].block->table >= 0)
                        own++; /* a label of several lines */
                g_autofree char *below = hotfix_page_prose(page, own + 1, hotfix_page_region_end(page, i));
                const char *beside = hotfix_text_behind(line->block->text, line->key, line->label_length);
                g_autofree char *text = line->key[line->label_length] ? g_strconcat(beside, *below ? "\n" : "", below, NULL)
                                                                      : g_strdup(below);
                g_autofree char *label = hotfix_unknown_label_text(page, i);
                if (*text)
                        g_ptr_array_add(page->bulletin->sections, section_new(label, text));
        }
}

void hotfix_read_sections(struct page *page)
{
        read_unknown_labels(page);
        read_middle(page);
        guint i = page->body;
        while (i < page->count && page->lines[i].label != LABEL_FOOTER) {
                if (page->lines[i].label != LABEL_SECTION) {
                        guint end = find_section_end(page, i, NULL);
                        add_parts(page, NULL, i, end);
                        i = MAX(end, i + 1);
                        continue;
                }
                char *heading = read_heading(page, i);
                guint first = find_heading_end(page, i, &heading), end = find_section_end(page, first, heading);
                add_parts(page, heading, first, end);
                g_free(heading);
                i = end;
        }
}
