/* SPDX-License-Identifier: MIT */
/* What is written piece by piece is what jansson writes. */
#include "common/json_put.h"

#include <jansson.h>
#include <string.h>

#include "tests/support.h"

static void require_as_jansson(const char *text, size_t size)
{
        g_autofree char *exact = g_memdup2(text, size); /* nothing behind it, so that reading beyond is seen */
        g_autoptr(GString) out = g_string_new("[");
        json_put_string(out, exact ? exact : "", size);
        json_t *json = json_stringn(text, size);
        char *expected = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
        ck_assert_str_eq(out->str + 1, expected);
        ck_assert_uint_eq(out->len, strlen(expected) + 1);
        free(expected);
        json_decref(json);
}

/* Each character at each place of texts of all lengths up to some blocks. */
START_TEST(any_character_anywhere)
{
        for (int c = 1; c < 0x80; c++)
                for (size_t size = 1; size < 70; size++) {
                        g_autofree char *text = g_strnfill(size, 'x');
                        for (size_t at = 0; at < size; at++) {
                                text[at] = (char) c;
                                if (at % 7 == 0 || size < 20)
                                        require_as_jansson(text, size);
                                text[at] = 'x';
                        }
                }
        require_as_jansson("", 0);
}
END_TEST

START_TEST(many_characters)
{
        static const char *const pieces[] = { "a", "\"", "\\", "\n", "\t", "\x01", "\x1f", " ", "\x7f", "é", "深刻度", "\xf0\x9f\x98\x80", "plain text" };
        g_autoptr(GRand) random = g_rand_new_with_seed(7);
        for (unsigned round = 0; round < 3000; round++) {
                g_autoptr(GString) text = g_string_new(NULL);
                for (gint n = g_rand_int_range(random, 0, 60); n > 0; n--)
                        g_string_append(text, pieces[g_rand_int_range(random, 0, round % 2 ? 4 : (gint) G_N_ELEMENTS(pieces))]);
                require_as_jansson(text->str, text->len);
        }
}
END_TEST

/* However much room is left behind what is there already. */
START_TEST(any_room)
{
        g_autofree char *text = g_strnfill(40, 'x');
        for (size_t before = 0; before < 140; before++)
                for (size_t size = 0; size < 40; size++) {
                        g_autoptr(GString) out = g_string_sized_new(8), name = g_string_sized_new(8);
                        for (size_t i = 0; i < before; i++) {
                                append_char(out, 'b');
                                append_char(name, 'b');
                        }
                        json_put_string(out, text + 40 - size, size);
                        json_put_name(name, text + 40 - size);
                        ck_assert_uint_eq(out->len, before + size + 2);
                        ck_assert_uint_eq(strlen(out->str), out->len);
                        ck_assert(g_string_equal(out, name));
                }
}
END_TEST

START_TEST(names_and_numbers)
{
        g_autoptr(GString) out = g_string_new(NULL);
        json_put_name(out, "severity");
        append_char(out, ',');
        json_put_name(out, NULL);
        append_literal(out, ",true,");
        append_number(out, 0);
        append_char(out, ',');
        append_number(out, 1090);
        append_char(out, ',');
        append_number(out, G_MAXUINT64);
        ck_assert_str_eq(out->str, "\"severity\",null,true,0,1090,18446744073709551615");
        ck_assert_uint_eq(out->len, strlen(out->str));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("json_put");
        TCase *tests = tcase_create("json_put");
        tcase_add_test(tests, any_character_anywhere);
        tcase_add_test(tests, many_characters);
        tcase_add_test(tests, any_room);
        tcase_add_test(tests, names_and_numbers);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
