/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "daemon/table.h"
#include "tests/support.h"

static char *print(const struct table *table, size_t width)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        table_print(table, out, width);
        fclose(out);
        return text;
}

START_TEST(wide_characters_keep_the_columns)
{
        struct table *table = table_new("A", "B", "C", NULL);
        table_add(table, "緊急", "x", "one");
        table_add(table, "abc", "重要だ", "two\nlines");
        table_add(table, NULL, "", "three");
        char *text = print(table, 0);
        ck_assert_str_eq(text, "A     B       C\n"
                               "緊急  x       one\n"
                               "abc   重要だ  two lines\n"
                               "-     -       three\n");
        free(text);
        table_free(table);
}
END_TEST

START_TEST(the_last_column_is_cut_to_the_terminal)
{
        struct table *table = table_new("ID", "TITLE", NULL);
        table_add(table, "MS07-901", "帳票サーバの入力処理の脆弱性");
        char *text = print(table, 24);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        ck_assert_uint_le(text_width(lines[1]), 24);
        ck_assert(g_str_has_suffix(lines[1], "…"));
        ck_assert(g_utf8_validate(text, -1, NULL));
        free(text);
        table_free(table);
}
END_TEST

START_TEST(columns_on_the_right_give_way_first)
{
        struct table *table = table_new("MAIL", "RECEIVED", "FROM", "SUBJECT", "REASON", NULL);
        table_add(table, "8", "2026-11-22 00:20:41", "HotFix Report <report@hotfix.example>", "十月の説明会のご案内と会場への道順",
                  "no feed recognises the text");
        char *text = print(table, 80);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        ck_assert_uint_le(text_width(lines[0]), 80);
        ck_assert_uint_le(text_width(lines[1]), 80);
        ck_assert(g_str_has_prefix(lines[1], "8     2026-11-22 00:20:41  HotFix"));
        ck_assert_ptr_nonnull(strstr(lines[1], "…"));
        ck_assert_ptr_nonnull(strstr(lines[1], "no feed"));
        free(text);
        text = print(table, 0); /* nothing is cut in a pipe */
        ck_assert_ptr_null(strstr(text, "…"));
        free(text);
        table_free(table);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("table");
        TCase *tests = tcase_create("print");
        tcase_add_test(tests, wide_characters_keep_the_columns);
        tcase_add_test(tests, the_last_column_is_cut_to_the_terminal);
        tcase_add_test(tests, columns_on_the_right_give_way_first);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
