/* SPDX-License-Identifier: MIT */
/* A mark is what stands before an option on its line, or in the cell before it: an arrow, an image, anything. */
#include "ingest/hotfix_options.h"

#include <string.h>

#include "common/text.h"

/* A word in the cell before an option is a mark, longer text is not; a line of more symbols is a ruler. */
#define MARK_CHARACTERS_MAX 8
#define MARK_LINE_CHARACTERS_MAX 3
#define MARK_WORD_CHARACTERS_MAX 1
#define UNKNOWN_CHARACTERS_MAX 80

/* Far more options than a list has; what follows is not read. */
#define OPTIONS_MAX 64u

/* What was seen since the last option and may be the mark of the next. */
struct pending {
        char *mark;
        bool is_word;
        const struct block *block;
        unsigned cell;
};

struct reader {
        const struct hotfix_word *words;
        struct option_list *list;
        struct pending pending;
        unsigned cell;
        unsigned label_cell_end; /* cells up to here are the label's own */
};

static void option_free(gpointer data)
{
        struct option *option = data;
        g_free(option->text);
        g_free(option->mark);
        g_free(option);
}

void option_list_free(struct option_list *list)
{
        if (!list)
                return;
        g_ptr_array_unref(list->options);
        g_free(list->unknown);
        g_free(list);
}

bool option_mark_denies(const char *mark)
{
        static const char *const words[] = { "×", "✕", "✖", "✗", "☓", "-", "−", "–", "―", "ー", "□", "☐", "▢", "◻",
                                             "未選択", "非選択", "非該当", "対象外", "該当なし", "なし", "いいえ",
                                             "unchecked", "unselected", "off", "no", NULL };
        bool is_text = mark && g_str_has_prefix(mark, "text:");
        if (!is_text && !(mark && g_str_has_prefix(mark, "image:")))
                return false;
        g_autofree char *normal = text_normalize(strchr(mark, ':') + 1), *key = hotfix_key(normal);
        g_autofree char *lower = g_ascii_strdown(key, -1);
        return g_strv_contains(words, lower);
}

/* How programs that turn HTML into text write an image: "[arrow.gif]", "![](arrow.gif)", "[IMG]". */
static bool is_image_text(const char *key)
{
        return g_str_has_prefix(key, "![") || (key[0] == '[' && g_str_has_suffix(key, "]")) ||
               g_str_has_suffix(key, ".gif") || g_str_has_suffix(key, ".png") || g_str_has_suffix(key, ".jpg");
}

/* "2(重大)" in a cell of its own is an option that is not known, not the mark of the next one. */
static bool looks_like_option(const char *key)
{
        return g_ascii_isdigit(key[0]) && key[1] == '(';
}

/* Words on an option's own line are no mark: "最大 1(緊急)" is not the format. */
static bool is_mark_text(const char *key)
{
        return hotfix_is_symbols(key) || is_image_text(key) || g_utf8_strlen(key, -1) <= MARK_WORD_CHARACTERS_MAX;
}

static void note_unknown(struct option_list *list, const char *text)
{
        if (!list->unknown)
                list->unknown = text_cut_chars(text, UNKNOWN_CHARACTERS_MAX);
}

static void drop_pending(struct reader *reader)
{
        struct pending *pending = &reader->pending;
        if (pending->mark && pending->is_word)
                note_unknown(reader->list, pending->mark + strlen("text:"));
        g_clear_pointer(&pending->mark, g_free);
        pending->block = NULL;
}

static bool is_same_row(const struct block *a, const struct block *b)
{
        return a->table >= 0 && a->table == b->table && a->row == b->row;
}

static bool is_other_row(const struct block *a, const struct block *b)
{
        return a->table >= 0 && a->table == b->table && a->row != b->row;
}

/* The mark of an option in this block, taken from what stood before it; NULL if that does not belong to it. */
static char *take_pending(struct reader *reader, const struct block *block)
{
        struct pending *pending = &reader->pending;
        if (!pending->mark)
                return NULL;
        bool cell_before = reader->cell == pending->cell + 1 && !is_other_row(pending->block, block);
        bool same_cell = reader->cell == pending->cell && !pending->is_word;
        if (cell_before || same_cell || is_same_row(pending->block, block)) {
                pending->block = NULL;
                return g_steal_pointer(&pending->mark);
        }
        drop_pending(reader);
        return NULL;
}

/* Whether the empty block ends the cell whose own table holds the mark: both are the mark's cell then. */
static bool is_cell_around(const struct block *block, const struct block *inner)
{
        return inner->table >= 0 && block->table >= 0 && inner->parent_table == block->table;
}

/* Images without alt text are told apart by their address: the arrow and the blanks beside it are different files. */
static char *describe_image(const struct block *block)
{
        if (!block->image_alt && block->image_source)
                return g_strconcat("image-source:", block->image_source, NULL);
        return g_strconcat("image:", block->image_alt ? block->image_alt : "", NULL);
}

static void set_pending(struct reader *reader, const struct piece *piece)
{
        const struct block *block = piece->block;
        bool has_image = (block->marks & MARK_IMAGE) && !piece->beside_label;
        if (!piece->key[0] && !has_image) {
                /* An empty cell between a mark and the option parts them, except within one row of a known table. */
                if (!reader->pending.mark || !(block->marks & MARK_CELL_END))
                        return;
                if (is_cell_around(block, reader->pending.block)) {
                        reader->pending.block = block;
                        reader->pending.cell = reader->cell;
                } else if (!is_same_row(reader->pending.block, block)) {
                        drop_pending(reader);
                }
                return;
        }
        if (!piece->key[0] && reader->cell < reader->label_cell_end)
                return;
        drop_pending(reader);
        struct pending *pending = &reader->pending;
        if (piece->key[0])
                pending->mark = g_strconcat("text:", piece->key, NULL);
        else
                pending->mark = describe_image(block);
        bool is_image = is_image_text(piece->key);
        pending->is_word = piece->key[0] && !hotfix_is_symbols(piece->key) && !is_image;
        pending->block = block;
        pending->cell = reader->cell;
        bool in_cell = (block->marks & MARK_CELL_END) != 0;
        glong size = g_utf8_strlen(piece->key, -1);
        if (pending->is_word && (!in_cell || looks_like_option(piece->key) || size > MARK_CHARACTERS_MAX))
                drop_pending(reader);
        else if (!pending->is_word && !is_image && !in_cell && size > MARK_LINE_CHARACTERS_MAX)
                drop_pending(reader);
}

/* An image on the label's own line may stand before the label, as an ornament, or before the option behind it. An arrow
 * is a mark; of others nobody knows. */
static bool is_arrow(const char *alt)
{
        static const char *const arrows[] = { "→", "⇒", "➡", "⇨", "►", "▶", "☞", ">", "->", NULL };
        return alt && g_strv_contains(arrows, alt);
}

/* "1(緊急) | ✓ | 2(重要) | | …": the row's first cell is an option, so its marks stand behind the options, or it is no
 * list at all but a change from one to the other. An option over two columns has its own place for a mark. */
static bool is_mark_between(const struct reader *reader, const struct block *block, const struct block *mark)
{
        const GPtrArray *options = reader->list->options;
        const struct option *first = NULL, *last = NULL;
        for (guint i = 0; mark && is_same_row(mark, block) && i < options->len; i++) {
                const struct option *other = option_at(reader->list, i);
                if (other->table != block->table || other->row != block->row)
                        continue;
                last = other;
                first = first ? first : other;
        }
        return first && first->column == 0 && last->column + 1 == mark->column;
}

static bool is_behind_space(const struct piece *piece)
{
        const char *start = piece->block->text;
        return piece->text > start && g_unichar_isspace(g_utf8_get_char(g_utf8_prev_char(piece->text)));
}

static struct option *add_option(struct reader *reader, const struct piece *piece, const struct hotfix_word *word,
                                 const char *gap, size_t gap_size)
{
        const struct block *block = piece->block;
        struct option *option = g_new(struct option, 1);
        *option = (struct option){
                .value = word->value,
                .cell = reader->cell,
                .beside_label = piece->beside_label,
                .indent = piece->beside_label ? 0 : block->indent,
                .has_gap = piece->beside_label && is_behind_space(piece),
                .text = g_str_equal(piece->key, word->key) ? text_strip(piece->text) : g_strdup(word->key),
                .table = block->table,
                .row = block->row,
                .column = block->column,
        };
        bool is_between = is_mark_between(reader, block, reader->pending.block);
        g_autofree char *before = take_pending(reader, block);
        if (before && is_between)
                reader->list->marks_between = true;
        g_autofree char *beside = gap_size > 0 ? g_strndup(gap, gap_size) : NULL;
        option->is_unclear = gap_size > 0 && !is_mark_text(beside);
        if (option->is_unclear)
                note_unknown(reader->list, beside);
        else if (gap_size > 0)
                option->mark = g_strconcat("text:", beside, NULL);
        else if ((block->marks & MARK_IMAGE) && (!piece->beside_label || is_arrow(block->image_alt)))
                option->mark = describe_image(block);
        else
                option->mark = g_steal_pointer(&before);
        g_ptr_array_add(reader->list->options, option);
        return option;
}

/* The first word of the table inside the key, the longest of those that start there. */
static const struct hotfix_word *find_word(const struct hotfix_word *words, const char *key, const char **ret_at)
{
        for (const char *at = key; *at; at = g_utf8_next_char(at)) {
                const struct hotfix_word *word = hotfix_word_prefix(words, at);
                if (word) {
                        *ret_at = at;
                        return word;
                }
        }
        return NULL;
}

static void read_piece(struct reader *reader, const struct piece *piece)
{
        const char *from = piece->key, *at;
        const struct hotfix_word *word = find_word(reader->words, from, &at);
        guint first = reader->list->options->len;
        if (!word)
                set_pending(reader, piece);
        if (word && piece->beside_label && (piece->block->marks & MARK_IMAGE) && !is_arrow(piece->block->image_alt)) {
                note_unknown(reader->list, piece->block->image_alt ? piece->block->image_alt : "image");
                return;
        }
        for (bool is_first = true; word && reader->list->options->len < OPTIONS_MAX; is_first = false) {
                struct piece part = *piece;
                struct block without_image = *piece->block;
                if (!is_first) { /* the image before the line is the mark of its first option only */
                        without_image.marks &= ~(unsigned) MARK_IMAGE;
                        part.block = &without_image;
                }
                add_option(reader, &part, word, from, (size_t) (at - from));
                from = at + strlen(word->key);
                word = find_word(reader->words, from, &at);
        }
        guint added = reader->list->options->len - first;
        for (guint i = first; added > 1 && i < first + added; i++)
                option_at(reader->list, i)->shares_line = true;
        if (added > 0 && *from && !hotfix_is_symbols(from))
                note_unknown(reader->list, from);
        if (piece->block->marks & MARK_CELL_END)
                reader->cell++;
}

/* Images in the label's own cell are ornaments, unless the options stand in that cell too. */
static unsigned find_label_cell_end(const struct page *page, enum hotfix_label label, const GArray *pieces,
                                    const struct hotfix_word *words)
{
        if (page->lines[page->first[label]].block->marks & MARK_CELL_END)
                return 0;
        for (guint i = 0; i < pieces->len; i++) {
                const char *at;
                if (find_word(words, piece_at(pieces, i)->key, &at))
                        return 0;
                if (piece_at(pieces, i)->block->marks & MARK_CELL_END)
                        return 1;
        }
        return 0;
}

/* An image behind text leaves no mark in the document: where images mark the other options, the one on the label's own
 * line may have lost its own. */
static void doubt_option_beside_label(struct option_list *list)
{
        bool has_images = false;
        for (guint i = 0; i < list->options->len; i++) {
                const char *mark = option_at(list, i)->mark;
                has_images = has_images || (mark && g_str_has_prefix(mark, "image"));
        }
        for (guint i = 0; has_images && i < list->options->len; i++)
                if (option_at(list, i)->beside_label && !option_at(list, i)->mark)
                        option_at(list, i)->is_unclear = true;
}

/* "深刻度：1(緊急)" and below, right under the "1", the others: where a column begins, nothing is indented. */
static bool is_aligned(const struct page *page, enum hotfix_label label, const struct option_list *list)
{
        const struct line *line = &page->lines[page->first[label]];
        if (list->options->len < 2 || !option_at(list, 0)->beside_label)
                return false;
        const char *text = line->block->text, *behind = hotfix_text_behind(text, line->key, line->label_length);
        g_autofree char *before = g_strndup(text, (gsize) (behind - text));
        size_t column = line->block->indent + text_width(before);
        for (guint i = 1; i < list->options->len; i++)
                if (option_at(list, i)->indent + 2 >= column)
                        return true;
        return false;
}

struct option_list *option_list_read(const struct page *page, enum hotfix_label label, const struct hotfix_word *words)
{
        g_autoptr(GArray) pieces = hotfix_page_value(page, label);
        if (!pieces)
                return NULL;
        struct option_list *list = g_new(struct option_list, 1);
        *list = (struct option_list){ .options = g_ptr_array_new_with_free_func(option_free),
                                      .baseline = page->lines[page->first[label]].block->indent };
        struct reader reader = { .words = words, .list = list };
        reader.label_cell_end = find_label_cell_end(page, label, pieces, words);
        for (guint i = 0; i < pieces->len; i++)
                read_piece(&reader, piece_at(pieces, i));
        drop_pending(&reader);
        doubt_option_beside_label(list);
        list->is_aligned = is_aligned(page, label, list);
        list->is_cut = hotfix_page_region_end(page, (guint) page->first[label]) == page->count;
        guint count = list->options->len;
        list->in_cells = reader.cell > 0 && (count < 2 || option_at(list, 0)->cell != option_at(list, count - 1)->cell);
        return list;
}
