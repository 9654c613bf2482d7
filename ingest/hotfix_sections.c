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
        bool speaks = heading && g_str_has_prefix(heading, "■") && !strstr(heading, "適用テストの結果");
        if (!*text && !speaks)
                return;
        g_ptr_array_add(page->bulletin->sections, section_new(heading, text));
}

static bool is_known_word(const char *key)
{
        static const char *const words[] = { "攻撃手法", "脆弱性の影響", NULL };
        return hotfix_word_value(hotfix_words_urgency, key) || hotfix_word_value(hotfix_words_attack, key) ||
               g_strv_contains(words, key);
}

/* The labels of 可能性のある攻撃 one behind the other, as plain lines have them. */
static bool is_label_row(const char *key)
{
        const struct hotfix_word *word;
        while ((word = hotfix_word_prefix(hotfix_words_attack, key)))
                key += strlen(word->key);
        return *key == '\0';
}

/* The line behind the paragraph that starts at i. */
static guint find_paragraph_end(const struct page *page, guint i, guint end)
{
        for (; i < end; i++) {
                if (page->lines[i].block->marks & MARK_CELL_END)
                        return i + 1;
                if (i + 1 < end && (page->lines[i + 1].block->marks & MARK_PARAGRAPH))
                        return i + 1;
        }
        return end;
}

/* Whether the paragraph is no prose: the row of labels, perhaps wrapped, or the explanation of the scale, which is the
 * same in every bulletin and known by explaining both ends of the scale. */
static bool is_fixture(const struct page *page, guint first, guint end)
{
        GString *joined = g_string_new(NULL);
        for (guint i = first; i < end; i++)
                g_string_append(joined, page->lines[i].key);
        bool both_ends = strstr(joined->str, "「緊急適用」") && strstr(joined->str, "「SP待ち」");
        bool fixture = both_ends || is_label_row(joined->str);
        g_string_free(joined, TRUE);
        return fixture;
}

/* Takes what belongs to 危険性 and 可能性のある攻撃, so that the prose behind them remains. */
static void take_scale(struct page *page, guint label_line)
{
        guint end = hotfix_page_region_end(page, label_line);
        const struct line *label = &page->lines[label_line];
        guint i = label_line + 1;
        if (label->key[label->label_length])
                i = find_paragraph_end(page, label_line, end);
        hotfix_page_take(page, label_line, i);
        while (i < end) {
                const struct line *line = &page->lines[i];
                guint next = i + 1;
                bool known = !line->key[0] || is_known_word(line->key) || g_utf8_strlen(line->key, -1) <= 2;
                if (!known) {
                        next = find_paragraph_end(page, i, end);
                        known = is_fixture(page, i, next);
                }
                if (known)
                        hotfix_page_take(page, i, next);
                i = next;
        }
}

/* 対応策 is prose; what follows 危険性 and 可能性のある攻撃 is prose whose head was a picture. */
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
                enum hotfix_label label = page->lines[i].label;
                if (label == LABEL_RISK || label == LABEL_ATTACKS) {
                        take_scale(page, i);
                        add_section(page, NULL, i + 1, hotfix_page_region_end(page, i));
                }
        }
}

static char *read_heading(const struct page *page, guint at)
{
        const struct block *block = page->lines[at].block;
        const char *text = page->lines[at].key[0] ? block->text : block->image_alt;
        g_autofree char *heading = hotfix_section_heading(text ? text : "");
        return hotfix_bounded(heading);
}

/* A ■ head that was wrapped goes on in the next line; the prose below a head is indented or parted. */
static guint find_heading_end(const struct page *page, guint at, char **heading)
{
        guint next = at + 1;
        const struct block *block = page->lines[at].block;
        if (!page->is_wrapped || !g_str_has_prefix(page->lines[at].key, "■") ||
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

/* Tables that have heads of their own; below a ■ head they mean that theirs was a picture. */
static bool is_headed_table(enum hotfix_label label)
{
        return label == LABEL_TABLE_DOWNLOADS || label == LABEL_TABLE_FILES || label == LABEL_TABLE_MINUTES ||
               label == LABEL_PRODUCT;
}

static guint find_section_end(const struct page *page, guint from, const char *heading)
{
        bool stops_at_table = heading && g_str_has_prefix(heading, "■");
        guint i = from;
        for (; i < page->count; i++) {
                enum hotfix_label label = page->lines[i].label;
                if (label == LABEL_SECTION || label == LABEL_FOOTER || (stops_at_table && is_headed_table(label)))
                        break;
        }
        return i;
}

void hotfix_read_sections(struct page *page)
{
        read_middle(page);
        guint i = page->body;
        while (i < page->count && page->lines[i].label != LABEL_FOOTER) {
                if (page->lines[i].label != LABEL_SECTION) {
                        guint end = find_section_end(page, i, NULL);
                        add_section(page, NULL, i, end);
                        i = MAX(end, i + 1);
                        continue;
                }
                char *heading = read_heading(page, i);
                guint first = find_heading_end(page, i, &heading), end = find_section_end(page, first, heading);
                add_section(page, heading, first, end);
                g_free(heading);
                i = end;
        }
}
