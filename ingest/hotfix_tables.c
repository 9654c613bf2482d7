/* SPDX-License-Identifier: MIT */
/* The tables of the body that say what is affected, what the lab found, and where the update is. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_rows.h"

/* "Windows Vista Windows Vista SP1": where a line starts with the same words twice, the product ends between them. True
 * only if there is exactly one way to read it so. */
static char *find_doubled_start(const char *text)
{
        char *found = NULL;
        for (const char *at = strchr(text, ' '); at; at = strchr(at + 1, ' ')) {
                size_t size = (size_t) (at - text);
                if (strncmp(at + 1, text, size) != 0)
                        continue;
                if (found) {
                        g_free(found);
                        return NULL;
                }
                found = g_strndup(text, size);
        }
        return found;
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
                if (doubled || !*text || !hotfix_line_continues(page, i, page->lines[i - 1].block->text))
                        break;
                hotfix_append_wrapped(out, text);
        }
        *ret_next = i;
        return g_string_free(out, FALSE);
}

static void read_doubled_lines(struct page *page, guint first, guint end)
{
        GPtrArray *list = page->bulletin->affected;
        guint i = first, next;
        for (; i < end && list->len < HOTFIX_LIST_MAX; i = next) {
                const struct block *block = page->lines[i].block;
                bool is_parted = i > first && (block->marks & MARK_PARAGRAPH);
                if (!block->text[0] || (is_parted && blank_line_ends_list(page, first)))
                        break;
                g_autofree char *row = join_row(page, i, end, &next);
                g_autofree char *software = find_doubled_start(row);
                if (!software) { /* a line that cannot be told apart: none of them is certain */
                        g_ptr_array_set_size(list, 0);
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
                read_doubled_lines(page, body.first, body.end);
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

static void add_test(struct page *page, const char *platform, const char *result)
{
        struct lab_test *test = lab_test_new(platform);
        g_autofree char *normal = text_normalize(result ? result : "");
        test->result.present = true;
        test->result.value = test_value(normal);
        test->result.basis = test->result.value ? BASIS_STATED : BASIS_UNDETERMINED;
        test->result.text = *normal ? g_strdup(result) : NULL;
        if (!test->result.value)
                test->result.reason = g_strdup(*normal ? "unknown mark" : "no mark is stated");
        g_ptr_array_add(page->bulletin->tests, test);
}

static const char *result_of(const struct row *row)
{
        const char *text = row->text[1];
        if ((!text || !*text) && row->cell[1] && row->cell[1]->image_alt)
                return row->cell[1]->image_alt;
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
        const char *space = strrchr(text, ' ');
        return space && space > text && test_value(space + 1) ? (size_t) (space - text) : 0;
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
                if (is_legend(line->key) || strstr(line->key, "。"))
                        break;
                if (!line->key[0])
                        continue;
                if ((line->block->marks & MARK_PARAGRAPH) && tests->len > 0 && blank_line_ends_list(page, list))
                        break;
                const char *text = line->block->text;
                size_t size = split_mark(text);
                g_autofree char *platform = size > 0 ? g_strndup(text, size) : g_strdup(text);
                const char *mark = size > 0 ? text + size + 1 : NULL;
                if (!mark && i + 1 < end && test_value(page->lines[i + 1].key))
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

static void read_downloads(struct page *page, guint label_line)
{
        if (page->bulletin->downloads->len > 0)
                return;
        struct table_body body;
        table_body_read(&body, page, label_line, 3);
        for (guint i = 0; i < body.rows->len; i++) {
                char *const *text = table_body_row(&body, i)->text;
                g_ptr_array_add(page->bulletin->downloads,
                                download_new(hotfix_cell_text(text[0]), hotfix_cell_text(text[1]),
                                             hotfix_cell_text(text[2])));
        }
        table_body_take(page, &body, body.rows->len);
        table_body_clear(&body);
}

static bool is_bullet(const char *key)
{
        return g_str_has_prefix(key, "・");
}

/* "・Windows Vista:" and below it how UpdateEXPERT shows the package, to the next bullet. */
static void read_update_expert(struct page *page, guint head)
{
        guint end = hotfix_page_region_end(page, head);
        for (guint i = head + 1; i < end && page->bulletin->update_expert->len < HOTFIX_LIST_MAX; i++) {
                const struct line *line = &page->lines[i];
                if (!is_bullet(line->key) || !g_str_has_suffix(line->key, ":"))
                        continue;
                guint next = i + 1;
                while (next < end && !is_bullet(page->lines[next].key))
                        next++;
                g_autofree char *text = hotfix_page_prose(page, i + 1, next);
                g_autofree char *bounded = hotfix_bounded(text);
                g_autofree char *name = g_strndup(line->block->normal, strlen(line->block->normal) - 1);
                g_autofree char *product = text_strip(name + strlen("・"));
                g_ptr_array_add(page->bulletin->update_expert, update_expert_new(product, *bounded ? bounded : NULL));
                hotfix_page_take(page, i, next);
                i = next - 1;
        }
}

void hotfix_read_tables(struct page *page)
{
        for (guint i = page->body; i < page->count; i++) {
                switch (page->lines[i].label) {
                case LABEL_TABLE_AFFECTED:
                        read_affected(page, i);
                        break;
                case LABEL_TABLE_TESTS:
                        read_tests(page, i);
                        break;
                case LABEL_TABLE_DOWNLOADS:
                        read_downloads(page, i);
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
