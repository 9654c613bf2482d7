/* SPDX-License-Identifier: MIT */
/* Escaping for HTML many bytes at a time does what a look at each byte does; and the appending in line that it uses. */
#include <string.h>

#include "common/append.h"
#include "common/text.h"
#include "tests/support.h"

#define ROUNDS 3000
#define PLACES 48u /* three blocks */

static GString *text;
static GRand *chance;

static void setup(void)
{
        chance = g_rand_new_with_seed(20071002);
        text = g_string_new(NULL);
}

static void teardown(void)
{
        g_rand_free(chance);
        g_string_free(text, TRUE);
}

static void assert_text(const char *expected)
{
        ck_assert_uint_eq(text->len, strlen(expected));
        ck_assert_str_eq(text->str, expected);
}

static char *escape_each(const char *string)
{
        GString *out = g_string_new(NULL);
        for (; *string; string++)
                if (*string == '&')
                        g_string_append(out, "&amp;");
                else if (*string == '<')
                        g_string_append(out, "&lt;");
                else if (*string == '>')
                        g_string_append(out, "&gt;");
                else if (*string == '"')
                        g_string_append(out, "&quot;");
                else if (*string == '\'')
                        g_string_append(out, "&#39;");
                else
                        g_string_append_c(out, *string);
        return g_string_free(out, FALSE);
}

/* Mostly plain, of any length around that of a block, in memory of exactly that size. */
static char *random_string(const char *rare)
{
        guint size = (guint) g_rand_int_range(chance, 0, 70), one_in = (guint) g_rand_int_range(chance, 1, 40);
        char *string = g_malloc(size + 1);
        for (guint i = 0; i < size; i++)
                string[i] = g_rand_int_range(chance, 0, (gint32) one_in) == 0 ? rare[g_rand_int_range(chance, 0, (gint32) strlen(rare))] :
                            (char) g_rand_int_range(chance, 1, 128);
        string[size] = '\0';
        return string;
}

START_TEST(escapes)
{
        text_append_escaped(text, NULL);
        ck_assert_uint_eq(text->len, 0);
        for (int i = 0; i < ROUNDS; i++) {
                g_autofree char *string = random_string("&<>\"'%;=?\xE3\x81\x82"), *expected = escape_each(string);
                g_string_truncate(text, 0);
                text_append_escaped(text, string);
                assert_text(expected);
        }
}
END_TEST

START_TEST(escapes_at_every_place)
{
        for (size_t size = 1; size <= PLACES; size++)
                for (size_t at = 0; at < size; at++)
                        for (const char *special = "&<>\"'"; *special; special++) {
                                g_autofree char *string = g_strnfill(size, 'a');
                                string[at] = *special;
                                g_autofree char *expected = escape_each(string);
                                g_string_truncate(text, 0);
                                text_append_escaped(text, string);
                                assert_text(expected);
                        }
}
END_TEST

START_TEST(escapes_behind_something)
{
        g_string_assign(text, "<td>");
        text_append_escaped(text, "a < b");
        assert_text("<td>a &lt; b");
        for (int i = 0; i < 1000; i++) /* each byte becomes six, again and again where there was just room */
                text_append_escaped(text, "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"");
        ck_assert_uint_eq(text->len, strlen("<td>a &lt; b") + (size_t) 1000 * 17 * strlen("&quot;"));
        ck_assert_str_eq(text->str + text->len - 7, ";&quot;");
}
END_TEST

START_TEST(pieces)
{
        static const guint64 numbers[] = { 0, 7, 10, 99, 931906, G_MAXINT64, G_MAXUINT64 };
        g_autoptr(GString) expected = g_string_new(NULL);
        for (int i = 0; i < 20000; i++) { /* it grows */
                guint64 number = numbers[(size_t) i % G_N_ELEMENTS(numbers)];
                append_text(text, "<td>");
                append_number(text, number);
                append_char(text, '\n');
                g_string_append_printf(expected, "<td>%" G_GUINT64_FORMAT "\n", number);
        }
        assert_text(expected->str);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("text_escape");
        TCase *tests = tcase_create("text_escape");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, escapes);
        tcase_add_test(tests, escapes_at_every_place);
        tcase_add_test(tests, escapes_behind_something);
        tcase_add_test(tests, pieces);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
