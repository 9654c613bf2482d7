/* SPDX-License-Identifier: MIT */
/*
 * The rows of a weekly's table where cells have no place: cells of rendering P, or plain lines, of which a row has one
 * or several. What a line is shows by its number ("MS07-902/931906") and its tag ("[不具合情報]"):
 *
 *      [不具合情報] MS07-902 画像閲覧が起動しない          a row
 *      [不具合情報] / MS07-902 / 画像閲覧が起動しない      three lines, of which the number may be missing
 */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_digest.h"

#define TYPE_CHARACTERS_MAX 14
#define TITLE_CHARACTERS_MAX 200
#define TITLE_LINES_MAX 4u
#define NUMBER_BYTES_MAX 4096u
#define TYPES_MAX 100u
#define WRAPPED_COLUMNS_MIN 56u

struct scan {
        struct page *page;
        const GArray *cells; /* struct cell */
        guint at;               /* index of the next cell */
        bool in_cells;
        GHashTable *types; /* words in key form that have been types */
        /* the row that is open */
        char *type, *number, *title;
        guint first, end, title_lines;
        bool open;
};

static void close_row(struct scan *s)
{
        if (s->open && hotfix_digest_add(s->page, s->type, s->number, s->title))
                hotfix_page_take(s->page, s->first, s->end);
        g_clear_pointer(&s->type, g_free);
        g_clear_pointer(&s->number, g_free);
        g_clear_pointer(&s->title, g_free);
        s->open = false;
        s->title_lines = 0;
}

static void open_row(struct scan *s, const struct cell *cell)
{
        close_row(s);
        s->open = true;
        s->first = cell->first;
        s->end = cell->end;
}

static char *cell_words(const struct cell *cell)
{
        return g_strdup(cell->key[0] || !cell->image_alt ? cell->text : cell->image_alt);
}

static char *normal_of(const struct cell *cell)
{
        g_autofree char *words = cell_words(cell);
        return text_normalize(words);
}

static bool is_blank(const struct cell *cell)
{
        return !cell->key[0] && !cell->image_alt;
}

static const struct cell *next_filled(const struct scan *s, guint after)
{
        for (guint i = after + 1; i < s->cells->len; i++)
                if (!is_blank(cell_at(s->cells, i)))
                        return cell_at(s->cells, i);
        return NULL;
}

/* Numbers and nothing else. */
static bool is_number(const char *normal)
{
        g_autoptr(GPtrArray) found = hotfix_entries_new();
        return hotfix_read_numbers(normal, found) && found->len > 0;
}

static bool is_number_cell(const struct cell *cell)
{
        g_autofree char *normal = cell ? normal_of(cell) : NULL;
        return normal && is_number(normal);
}

static bool says_no_number(const char *normal)
{
        g_autoptr(GPtrArray) found = hotfix_entries_new();
        return hotfix_read_numbers(normal, found);
}

static bool is_short_word(const char *key)
{
        return *key && g_utf8_strlen(key, -1) <= TYPE_CHARACTERS_MAX && !strstr(key, "。") && !strchr(key, ':') &&
               !strpbrk(key, "0123456789");
}

/* Words that a type without brackets and without a number is known by. */
static bool is_type_word(const struct scan *s, const char *key)
{
        static const char *const words[] = { "新規", "更新", "追加", "訂正", "変更", "お知らせ", NULL };
        return g_hash_table_contains(s->types, key) || g_strv_contains(words, key) || g_str_has_suffix(key, "情報") ||
               g_str_has_suffix(key, "解消");
}

/* Whether the cell, an empty one and another text are a row without a number. */
static bool has_empty_number(const struct scan *s)
{
        if (!s->in_cells || s->at + 2 >= s->cells->len)
                return false;
        const struct cell *type = cell_at(s->cells, s->at), *number = cell_at(s->cells, s->at + 1);
        const struct cell *title = cell_at(s->cells, s->at + 2);
        return type->ended && number->ended && is_blank(number) && !is_blank(title) && !strstr(title->key, "。");
}

/* A type in a cell or line of its own: a tag, or a short word in a type's place. */
static bool is_type(const struct scan *s, const char *normal)
{
        g_autofree char *key = hotfix_key(normal);
        size_t tag = hotfix_match_tag(key, NULL);
        if (tag > 0)
                return !key[tag];
        bool waits_for_title = s->open && !s->title;
        return is_short_word(key) && (is_number_cell(next_filled(s, s->at)) ||
                                      (!waits_for_title && (is_type_word(s, key) || has_empty_number(s))));
}

/* The part of a line before its first number: the type, perhaps in brackets. */
static size_t match_type_before_number(const char *normal)
{
        size_t tag = hotfix_match_tag(normal, NULL);
        if (tag > 0)
                return tag;
        const char *space = strchr(normal, ' ');
        g_autofree char *word = space ? g_strndup(normal, (gsize) (space - normal)) : NULL;
        g_autoptr(GPtrArray) found = hotfix_entries_new();
        if (!word || !is_short_word(word) || hotfix_match_numbers(normal, true, found) > 0 || /* "KB 931906" */
            hotfix_match_numbers(space + 1, true, found) == 0)
                return 0;
        return (size_t) (space - normal);
}

/* The columns of a line that tabs or several spaces part, where there are three. */
static bool read_parted(struct scan *s, const struct cell *cell)
{
        g_autoptr(GPtrArray) columns = g_ptr_array_new_with_free_func(g_free);
        const char *from = cell->block->text;
        for (;;) {
                const char *end = from;
                while (*end && *end != '\t' && !g_str_has_prefix(end, "  ") && !g_str_has_prefix(end, "　"))
                        end = g_utf8_next_char(end);
                g_ptr_array_add(columns, g_strndup(from, (gsize) (end - from)));
                if (!*end || columns->len > 3)
                        break;
                from = *end == '\t' ? end + 1 : end;
                while (*end != '\t' && *from && *from != '\t' && g_unichar_isspace(g_utf8_get_char(from)))
                        from = g_utf8_next_char(from);
        }
        if (columns->len != 3)
                return false;
        g_autofree char *number = text_normalize(g_ptr_array_index(columns, 1));
        g_autofree char *type = text_normalize(g_ptr_array_index(columns, 0));
        if (!says_no_number(number) || g_utf8_strlen(type, -1) > TYPE_CHARACTERS_MAX)
                return false;
        open_row(s, cell);
        s->type = g_strdup(g_ptr_array_index(columns, 0));
        s->number = g_steal_pointer(&number);
        s->title = g_strdup(g_ptr_array_index(columns, 2));
        s->title_lines = 1;
        return true;
}

/* The original text behind so many bytes of its comparison form. */
static char *text_behind(const char *text, const char *normal, size_t size)
{
        g_autofree char *start = g_strndup(normal, size), *key = hotfix_key(start);
        return g_strdup(hotfix_text_behind(text, key, strlen(key)));
}

/* A whole row in one line: type, number and title, of which the type or the number may be missing. */
static bool read_one_line(struct scan *s, const struct cell *cell)
{
        g_autofree char *normal = normal_of(cell), *words = cell_words(cell);
        size_t type = match_type_before_number(normal);
        const char *rest = normal + type + strspn(normal + type, " ");
        g_autoptr(GPtrArray) found = hotfix_entries_new();
        size_t number = hotfix_match_numbers(rest, true, found);
        size_t before = (size_t) (rest - normal) + number;
        if ((type == 0 && number == 0) || !normal[before])
                return false;
        open_row(s, cell);
        s->type = type > 0 ? g_strndup(normal, type) : NULL;
        s->number = number > 0 ? g_strndup(rest, number) : NULL;
        s->title = text_behind(words, normal, before);
        s->title_lines = 1;
        return true;
}

/* "[不具合情報] MS07-902" with the title in the next line. */
static bool read_type_and_number(struct scan *s, const struct cell *cell)
{
        g_autofree char *normal = normal_of(cell);
        size_t type = match_type_before_number(normal);
        if (type == 0 || !is_number(normal + type + strspn(normal + type, " ")))
                return false;
        open_row(s, cell);
        s->type = g_strndup(normal, type);
        s->number = g_strdup(normal + type + strspn(normal + type, " "));
        return true;
}

static bool read_number(struct scan *s, const struct cell *cell)
{
        g_autofree char *normal = normal_of(cell);
        bool waits = s->open && !s->number && !s->title;
        if (waits && says_no_number(normal) && !is_number(normal)) {
                s->end = cell->end; /* a dash */
                return true;
        }
        if (!is_number(normal))
                return false;
        if (s->open && s->number && !s->title) { /* a second line of numbers */
                if (strlen(s->number) > NUMBER_BYTES_MAX)
                        return false;
                g_autofree char *more = g_strconcat(s->number, " ", normal, NULL);
                g_free(s->number);
                s->number = g_steal_pointer(&more);
                s->end = cell->end;
                return true;
        }
        /* A label of an item below: no title stands behind it. */
        if (!waits && hotfix_is_item_label(&s->page->lines[cell->first]))
                return false;
        if (!waits)
                open_row(s, cell);
        s->number = g_steal_pointer(&normal);
        s->end = cell->end;
        return true;
}

static bool read_title(struct scan *s, const struct cell *cell)
{
        if (!s->open)
                return false;
        g_autofree char *words = cell_words(cell);
        if (!s->title) {
                if (g_utf8_strlen(words, -1) > TITLE_CHARACTERS_MAX)
                        return false;
                s->title = g_steal_pointer(&words);
        } else {
                const struct block *before = s->page->lines[cell->first - 1].block;
                bool parted = (cell->block->marks & MARK_PARAGRAPH) || (before->marks & MARK_CELL_END);
                if (parted || s->in_cells || s->title_lines >= TITLE_LINES_MAX || strstr(words, "。") ||
                    text_width(before->text) < WRAPPED_COLUMNS_MIN)
                        return false;
                GString *joined = g_string_new(s->title);
                hotfix_append_wrapped(joined, words);
                g_free(s->title);
                s->title = g_string_free(joined, FALSE);
        }
        s->title_lines++;
        s->end = cell->end;
        return true;
}

/* Where the table ends: a head, the footer, an item's own head with its labels below. */
static bool ends_table(const struct scan *s, const struct cell *cell)
{
        const struct line *line = &s->page->lines[cell->first];
        if (line->label == LABEL_FOOTER || line->label == LABEL_SECTION || g_str_has_prefix(line->key, "■"))
                return true;
        struct item item;
        if (!hotfix_item_find(s->page, cell->first, cell->first + 1, &item))
                return false;
        bool is_item = item.known >= 2;
        hotfix_item_clear(&item);
        return is_item;
}

static bool read_cell(struct scan *s, const struct cell *cell, bool one_line)
{
        g_autofree char *normal = normal_of(cell);
        if (one_line && read_parted(s, cell))
                return true;
        if (is_type(s, normal)) {
                open_row(s, cell);
                s->type = g_strdup(normal);
                if (g_hash_table_size(s->types) < TYPES_MAX)
                        g_hash_table_add(s->types, hotfix_key(normal));
                return true;
        }
        if (read_number(s, cell))
                return true;
        if (read_type_and_number(s, cell) || read_one_line(s, cell))
                return true;
        return read_title(s, cell);
}

guint hotfix_digest_read_lines(struct page *page, guint header, guint first)
{
        g_autoptr(GArray) cells = hotfix_page_cells(page, first, page->count);
        g_autoptr(GHashTable) types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        struct scan s = { .page = page, .cells = cells, .types = types };
        s.in_cells = cells->len > 0 && (cell_at(cells, 0)->ended || page->lines[header].block->table >= 0);
        bool one_line = first == header + 1;
        guint end = first;
        for (; s.at < cells->len; s.at++) {
                const struct cell *cell = cell_at(cells, s.at);
                if (is_blank(cell))
                        continue;
                if (ends_table(&s, cell) || !read_cell(&s, cell, one_line))
                        break;
                end = cell->end;
        }
        close_row(&s);
        if (page->bulletin->entries->len > 0)
                hotfix_page_take(page, header, first);
        return end;
}
