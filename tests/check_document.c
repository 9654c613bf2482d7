/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/limits.h"
#include "ingest/document.h"
#include "tests/support.h"

START_TEST(test_block_is_outside_any_table_until_said)
{
        struct document *document = document_new(RENDERING_LINES);
        struct block *block = document_add(document, "ＨｏｔＦｉｘ　Ａｌｅｒｔ：２００７", MARK_PARAGRAPH, 2);
        ck_assert_str_eq(block->text, "ＨｏｔＦｉｘ　Ａｌｅｒｔ：２００７");
        ck_assert_str_eq(block->normal, "HotFix Alert:2007");
        ck_assert_uint_eq(block->marks, MARK_PARAGRAPH);
        ck_assert_uint_eq(block->indent, 2);
        ck_assert_int_eq(block->table, -1);
        ck_assert_int_eq(block->parent_table, -1);
        ck_assert_int_eq(block->row, -1);
        ck_assert_int_eq(block->column, -1);
        ck_assert_ptr_null(block->links);
        ck_assert_ptr_null(block->image_alt);
        document_free(document);
}
END_TEST

START_TEST(test_links_are_copied)
{
        struct document *document = document_new(RENDERING_HTML);
        struct block *block = document_add(document, "two links", 0, 0);
        char url[] = "http://a.example/";
        block_add_link(block, block_link_new("two", url));
        url[7] = 'x';
        block_add_link(block, block_link_new("links", "http://b.example/"));
        ck_assert_uint_eq(block->links->len, 2);
        ck_assert_str_eq(((struct block_link *) g_ptr_array_index(block->links, 0))->url, "http://a.example/");
        ck_assert_str_eq(((struct block_link *) g_ptr_array_index(block->links, 1))->text, "links");
        document_free(document);
}
END_TEST

START_TEST(test_text_has_one_line_per_block)
{
        struct document *document = document_new(RENDERING_HTML);
        document_add(document, "first", 0, 2);
        document_add(document, "", MARK_CELL_END, 0);
        document_add(document, "", MARK_IMAGE, 0)->image_alt = g_strdup("→");
        document_add(document, "last", MARK_IMAGE, 0)->image_alt = g_strdup("not shown: there is text");
        g_autofree char *text = document_text(document);
        ck_assert_str_eq(text, "first\n→\nlast\n");
        document_free(document);
}
END_TEST

START_TEST(test_indent_in_columns)
{
        static const struct {
                const char *text, *rest;
                unsigned columns;
        } cases[] = {
                { "text", "text", 0 },       { "  2(重要)", "2(重要)", 2 }, { "　全角", "全角", 2 },
                { " 　 x", "x", 4 },         { "\xc2\xa0\xc2\xa0x", "x", 2 },   { "\tx", "x", 8 },
                { " \tx", "x", 8 },          { "\t x", "x", 9 },              { "   ", "", 3 },
                { "\xe2\x80\x83x", "x", 1 }, { "", "", 0 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                const char *rest;
                ck_assert_uint_eq(document_split_indent(cases[i].text, &rest), cases[i].columns);
                ck_assert_str_eq(rest, cases[i].rest);
        }
}
END_TEST

START_TEST(test_blocks_are_limited)
{
        struct document *document = document_new(RENDERING_LINES);
        for (unsigned i = 0; i < LIMIT_DOCUMENT_BLOCKS; i++)
                ck_assert_ptr_nonnull(document_add(document, "x", 0, 0));
        ck_assert_ptr_null(document_add(document, "x", 0, 0));
        ck_assert_uint_eq(document->block_count, LIMIT_DOCUMENT_BLOCKS);
        document_free(document);
        document_free(NULL);
}
END_TEST

START_TEST(test_normal_form_of_a_huge_line_is_cut)
{
        GString *text = g_string_new(NULL);
        for (int i = 0; i < 30000; i++)
                g_string_append(text, "\xef\xb7\xba"); /* one character that NFKC makes 18 of */
        struct document *document = document_new(RENDERING_LINES);
        struct block *block = document_add(document, text->str, 0, 0);
        ck_assert_str_eq(block->text, text->str);
        ck_assert(g_utf8_validate(block->normal, -1, NULL));
        ck_assert_uint_ge(strlen(block->normal), 65536);
        ck_assert_uint_lt(strlen(block->normal), 65536 * 12);
        document_free(document);
        g_string_free(text, TRUE);
}
END_TEST

/* Small and large texts share memory, and each stays as it was added, with what else it has. */
START_TEST(test_blocks_of_any_size)
{
        struct document *document = document_new(RENDERING_HTML);
        for (unsigned i = 0; i < 3000; i++) {
                g_autofree char *text = g_strnfill(i % 97 == 0 ? 40000 + i : i % 200, (char) ('a' + i % 26));
                struct block *block = document_add(document, text, 0, 0);
                ck_assert_uint_eq((guintptr) block % sizeof(void *), 0);
                block->image_alt = i % 3 == 0 ? g_strdup("alt") : NULL;
                if (i % 5 == 0)
                        block_add_link(block, block_link_new("text", "http://a.example/"));
        }
        for (unsigned i = 0; i < 3000; i++) {
                const struct block *block = document_block(document, i);
                size_t size = i % 97 == 0 ? 40000 + i : i % 200;
                ck_assert_uint_eq(strlen(block->text), size);
                ck_assert_uint_eq(strspn(block->text, (char[]){ (char) ('a' + i % 26), '\0' }), size);
                ck_assert(block->is_plain && block->size == size && block->normal == block->text);
        }
        document_free(document);
}
END_TEST

static void check_characters(const char *text, bool is_plain)
{
        size_t ascii = 0, wide = 0;
        for (const char *at = text; *at; at = g_utf8_next_char(at)) {
                ascii += (unsigned char) *at < 0x80;
                wide += (unsigned char) *at >= 0x80;
        }
        struct document *document = document_new(RENDERING_LINES);
        const struct block *block = document_add(document, text, 0, 0);
        ck_assert_int_eq(block->is_plain, is_plain);
        ck_assert(block_may_hold_ascii(block, ascii) && block_may_hold_wide(block, wide));
        ck_assert_int_eq(block_may_hold_ascii(block, ascii + 1), !is_plain);
        ck_assert_int_eq(block_may_hold_wide(block, wide + 1), !is_plain);
        document_free(document);
}

START_TEST(test_characters_that_a_block_may_hold)
{
        check_characters("", true);
        check_characters("http://www.example.com/", true);
        check_characters("帳票サーバの、更新プログラム。", true);
        check_characters("更新プログラム (KB999999) は http://www.example.com/ にある", true);
        check_characters("ＫＢ９９９９９９ is a number", false);
        check_characters("  twice  two spaces", false);
        check_characters("½ and ´", false);
}
END_TEST

START_TEST(test_rendering_names)
{
        ck_assert_str_eq(document_rendering_name(RENDERING_HTML), "html");
        ck_assert_str_eq(document_rendering_name(RENDERING_LINES), "lines");
        ck_assert_str_eq(document_rendering_name(RENDERING_PIPES), "pipes");
        ck_assert_str_eq(document_rendering_name(RENDERING_ROWS), "rows");
        ck_assert_str_eq(document_rendering_name(RENDERING_MAX), "unknown");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("document");
        TCase *c = tcase_create("blocks");
        tcase_add_test(c, test_block_is_outside_any_table_until_said);
        tcase_add_test(c, test_links_are_copied);
        tcase_add_test(c, test_text_has_one_line_per_block);
        tcase_add_test(c, test_indent_in_columns);
        tcase_add_test(c, test_blocks_are_limited);
        tcase_add_test(c, test_normal_form_of_a_huge_line_is_cut);
        tcase_add_test(c, test_blocks_of_any_size);
        tcase_add_test(c, test_characters_that_a_block_may_hold);
        tcase_add_test(c, test_rendering_names);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
