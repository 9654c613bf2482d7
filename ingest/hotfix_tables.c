/* SPDX-License-Identifier: MIT */
/* The tables of the body that say what is affected, what the lab found, and how UpdateEXPERT shows the update. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_rows.h"

/* A product's name has no more words. */
#define DOUBLED_WORDS_MAX 40u

/* "Windows Vista Windows Vista SP1": where a line starts with the same words twice, the product ends between them. True
 * only if there is exactly one way to read it so. */
static char *find_doubled_start(const char *text)
{
        g_autofree char *normal = text_normalize(text);
        g_autofree char *found = NULL;
        guint spaces = 0;
        for (const char *at = strchr(normal, ' '); at && spaces < DOUBLED_WORDS_MAX; at = strchr(at + 1, ' '), spaces++) {
                size_t size = (size_t) (at - normal);
                if (strncmp(at + 1, normal, size) != 0)
                        continue;
                if (found)
                        return NULL;
                found = g_strndup(normal, size);
        }
        if (found && g_ascii_strncasecmp(found, "SP", 2) == 0 && g_ascii_isdigit(found[2]))
                return NULL; /* a service pack is no product: the line goes on from the one before */
        size_t size = found ? hotfix_measure_prefix(text, found) : 0;
        return size > 0 ? g_strndup(text, size) : NULL;
}

/* Whether lines follow each other without a blank one, so that a blank line ends a list. Where every line is a
 * paragraph of its own (double spacing, HTML with an element a line) the first of a list is one, too. */
static bool blank_line_ends_list(const struct page *page, guint first)
{
        return !(page->lines[first].block->marks & MARK_PARAGRAPH);
}

/* The line and what was wrapped from its end, which does not start like a row; *ret_next is the line behind. */
static char *join_row(const struct page *page, guint first, guint end, guint *ret_next)
{
        GString *out = g_string_new(page->lines[first].block->text);
        guint i = first + 1;
        for (; i < end; i++) {
                const char *text = page->lines[i].block->text;
                g_autofree char *doubled = find_doubled_start(text);
                if (doubled || !*text || !hotfix_line_continues(page, i, page->lines[i - 1].block))
                        break;
                hotfix_append_wrapped(out, text);
        }
        *ret_next = i;
        return g_string_free(out, FALSE);
}

/* "Internet Explorer 6 Windows XP SP2": a product that the mail names elsewhere, and behind it the systems it runs on. */
static char *find_product_on_windows(const GPtrArray *names, const char *row)
{
        g_autofree char *normal = text_normalize(row);
        const char *name = hotfix_find_product(names, normal);
        if (!name || g_str_has_prefix(name, "Windows") || !g_str_has_prefix(normal + strlen(name), " Windows "))
                return NULL;
        size_t size = hotfix_measure_prefix(row, name);
        return size > 0 ? g_strndup(row, size) : NULL;
}

static void read_affected_lines(struct page *page, guint first, guint end)
{
        GPtrArray *list = page->bulletin->affected;
        g_autoptr(GPtrArray) names = hotfix_product_names(page->bulletin);
        guint i = first, next;
        for (; i < end && list->len < HOTFIX_LIST_MAX; i = next) {
                const struct block *block = page->lines[i].block;
                bool is_parted = i > first && (block->marks & MARK_PARAGRAPH);
                bool is_drawn = !page->lines[i].key[0] || hotfix_is_ruler(page->lines[i].key);
                next = i + 1;
                if (is_drawn && list->len == 0)
                        continue;
                if (is_drawn || (is_parted && blank_line_ends_list(page, first)))
                        break;
                g_autofree char *row = join_row(page, i, end, &next);
                g_autofree char *software = find_doubled_start(row);
                if (!software)
                        software = find_product_on_windows(names, row);
                if (!software) { /* half a list would leave out a product that is affected: all of it stays text */
                        g_ptr_array_set_size(list, 0);
                        hotfix_warn_rows(page, "影響を受けるソフトウェア", 1);
                        return;
                }
                g_autofree char *platforms = text_strip(row + strlen(software));
                g_ptr_array_add(list, affected_new(software, platforms));
        }
        if (list->len > 0)
                hotfix_page_take(page, first - 1, i);
}

static void read_affected(struct page *page, guint label_line)
{
        if (page->bulletin->affected->len > 0)
                return;
        struct table_body body;
        table_body_read(&body, page, label_line, 2);
        for (guint i = 0; i < body.rows->len; i++) {
                char *const *text = table_body_row(&body, i)->text;
                g_ptr_array_add(page->bulletin->affected,
                                affected_new(hotfix_cell_text(text[0]), hotfix_cell_text(text[1])));
        }
        table_body_take(page, &body, body.rows->len);
        if (body.rows->len == 0 && !body.in_cells)
                read_affected_lines(page, body.first, body.end);
        table_body_clear(&body);
}

static int test_value(const char *key)
{
        static const struct hotfix_word marks[] = {
                { "○", TEST_OK },      { "◯", TEST_OK },   { "〇", TEST_OK },  { "△", TEST_PARTIAL },
                { "×", TEST_FAIL }, { "✕", TEST_FAIL }, { NULL, 0 },
        };
        return hotfix_word_value(marks, key);
}

/* Words that a mark stands before; another mark among them makes it a legend or a choice. */
static bool has_mark(const char *key)
{
        for (; *key; key = g_utf8_next_char(key)) {
                g_autofree char *mark = g_strndup(key, (gsize) (g_utf8_next_char(key) - key));
                if (test_value(mark))
                        return true;
        }
        return false;
}

/* "△", "△(注1)", "× 障害あり": the value of the mark that a short text starts with, 0 if it starts with none. */
static int marked_value(const char *text)
{
        g_autofree char *normal = text_normalize(text);
        g_autofree char *key = hotfix_key(normal);
        if (!*key)
                return 0;
        g_autofree char *mark = g_strndup(key, (gsize) (g_utf8_next_char(key) - key));
        const char *rest = key + strlen(mark);
        bool is_remark = (*rest == '(' && g_str_has_suffix(rest, ")")) || *rest == '*' || g_str_has_prefix(rest, "※");
        bool is_parted = g_unichar_isspace(g_utf8_get_char(normal + strlen(mark))) && !has_mark(rest);
        return !*rest || is_remark || is_parted ? test_value(mark) : 0;
}

static void add_test(struct page *page, const char *platform, const char *result)
{
        struct lab_test *test = lab_test_new(platform);
        g_autofree char *normal = text_normalize(result ? result : "");
        test->result.present = true;
        test->result.value = marked_value(normal);
        test->result.basis = test->result.value ? BASIS_STATED : BASIS_UNDETERMINED;
        test->result.text = *normal ? g_strdup(result) : NULL;
        if (!test->result.value)
                test->result.reason = g_strdup(*normal ? "unknown mark" : "no mark is stated");
        g_ptr_array_add(page->bulletin->tests, test);
}

static const char *result_of(const struct row *row)
{
        const char *text = row->text[1];
        if ((!text || !*text) && row->cover[1] && row->cover[1]->image_alt)
                return row->cover[1]->image_alt;
        return text;
}

/* "○は…": what the marks mean. */
static bool is_legend(const char *key)
{
        return g_str_has_prefix(key, "○は") || g_str_has_prefix(key, "◯は") || g_str_has_prefix(key, "〇は");
}

/* A mark at the end of the line, parted from it by a space: the size of the platform's name before it, or 0. */
static size_t split_mark(const char *text)
{
        for (const char *at = text + strlen(text); (at = g_utf8_find_prev_char(text, at));)
                if (g_unichar_isspace(g_utf8_get_char(at)))
                        return marked_value(g_utf8_next_char(at)) ? (size_t) (at - text) : 0;
        return 0;
}

/* Plain lines: a platform each, its mark at its end or on the next line, where the marks were not lost. */
static void read_test_lines(struct page *page, guint first, guint end)
{
        GPtrArray *tests = page->bulletin->tests;
        guint i = first;
        if (i < end && g_str_equal(page->lines[i].key, "適用テスト結果"))
                i++;
        guint list = i;
        for (; i < end && tests->len < HOTFIX_LIST_MAX; i++) {
                const struct line *line = &page->lines[i];
                if (is_legend(line->key) || strstr(line->key, "。") || hotfix_is_ruler(line->key))
                        break;
                if (!line->key[0] && tests->len > 0)
                        break;
                if (!line->key[0])
                        continue;
                if ((line->block->marks & MARK_PARAGRAPH) && tests->len > 0 && blank_line_ends_list(page, list))
                        break;
                const char *text = line->block->text;
                size_t size = split_mark(text);
                g_autofree char *start = size > 0 ? g_strndup(text, size) : g_strdup(text), *platform = text_strip(start);
                const char *mark = size > 0 ? g_utf8_next_char(text + size) : NULL;
                if (!mark && i + 1 < end && marked_value(page->lines[i + 1].key))
                        mark = page->lines[++i].block->text;
                add_test(page, platform, mark);
        }
        if (tests->len > 0)
                hotfix_page_take(page, first - 1, i);
}

static void take_legend(struct page *page, guint from, guint end)
{
        for (guint i = from; i < end; i++)
                if (is_legend(page->lines[i].key))
                        hotfix_page_take(page, i, i + 1);
}

static void read_tests(struct page *page, guint label_line)
{
        if (page->bulletin->tests->len > 0)
                return;
        struct table_body body;
        table_body_read(&body, page, label_line, 2);
        guint rows = 0;
        for (; rows < body.rows->len; rows++) {
                const struct row *row = table_body_row(&body, rows);
                g_autofree char *normal = text_normalize(row->text[0] ? row->text[0] : "");
                g_autofree char *key = hotfix_key(normal);
                if (is_legend(key))
                        break;
                add_test(page, row->text[0], result_of(row));
        }
        table_body_take(page, &body, rows);
        if (body.rows->len == 0 && !body.in_cells)
                read_test_lines(page, body.first, body.end);
        if (page->bulletin->tests->len > 0)
                take_legend(page, body.first, body.end);
        table_body_clear(&body);
}

static bool is_bullet(const char *key)
{
        return g_str_has_prefix(key, "・");
}

/* An item ends at the next bullet, and where a blank line parts it from what is none of it, as a forwarder's note. */
static guint find_item_end(const struct page *page, guint bullet, guint end)
{
        guint i = bullet + 1;
        bool is_spaced = i < end && (page->lines[i].block->marks & MARK_PARAGRAPH);
        for (; i < end && !is_bullet(page->lines[i].key); i++)
                if (!is_spaced && (page->lines[i].block->marks & MARK_PARAGRAPH))
                        break;
        return i;
}

/* "・Windows Vista:" and below it how UpdateEXPERT shows the package, to the next bullet. */
static void read_update_expert(struct page *page, guint head)
{
        guint end = hotfix_page_region_end(page, head);
        for (guint i = head + 1; i < end && page->bulletin->update_expert->len < HOTFIX_LIST_MAX; i++) {
                const struct line *line = &page->lines[i];
                if (!is_bullet(line->key) || !g_str_has_suffix(line->key, ":"))
                        continue;
                guint next = find_item_end(page, i, end);
                g_autofree char *text = hotfix_page_prose(page, i + 1, next);
                g_autofree char *bounded = hotfix_bounded(text);
                g_autofree char *name = g_strndup(line->block->normal, strlen(line->block->normal) - 1);
                g_autofree char *product = text_strip(name + strlen("・"));
                g_ptr_array_add(page->bulletin->update_expert, update_expert_new(product, *bounded ? bounded : NULL));
                hotfix_page_take(page, i, next);
                i = next - 1;
        }
}

void hotfix_read_affected(struct page *page)
{
        for (guint i = page->body; i < page->count && page->bulletin->affected->len == 0; i++)
                if (page->lines[i].label == LABEL_TABLE_AFFECTED)
                        read_affected(page, i);
}

void hotfix_read_tables(struct page *page)
{
        for (guint i = page->body; i < page->count; i++) {
                switch (page->lines[i].label) {
                case LABEL_TABLE_TESTS:
                        read_tests(page, i);
                        break;
                case LABEL_TABLE_MINUTES:
                        hotfix_read_deployments(page, i);
                        break;
                case LABEL_SECTION:
                        if (strstr(page->lines[i].key, "UpdateEXPERT上の表示"))
                                read_update_expert(page, i);
                        break;
                default:
                        break;
                }
        }
}
