/* SPDX-License-Identifier: MIT */
/* The archive's JSON: what is found many bytes at a time is what jansson makes byte by byte. */
#include "store/archive_p.h"

#include <jansson.h>
#include <stdlib.h>

#include "tests/support.h"

#define ROUNDS 3000

static GString *text;
static GRand *chance;

static void setup(void)
{
        chance = g_rand_new_with_seed(20071002);
        text = g_string_sized_new(1024);
}

static void teardown(void)
{
        g_rand_free(chance);
        g_string_free(text, TRUE);
}

static void assert_text(const char *expected)
{
        ck_assert_uint_eq(text->len, strlen(expected));
        ck_assert(memcmp(text->str, expected, text->len) == 0);
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

START_TEST(memory_is_taken_again)
{
        const char *before = text->str;
        g_string_assign(text, "short");
        text = archive_text_again(text);
        ck_assert_uint_eq(text->len, 0);
        ck_assert_ptr_eq(text->str, before);
        while (text->len < 1000 * 1000)
                g_string_append(text, "<td>of a large bulletin</td>");
        text = archive_text_again(text);
        ck_assert_uint_eq(text->len, 0);
        ck_assert_uint_le(text->allocated_len, 256 * 1024); /* what one large bulletin needed is not kept */
        g_string_append(text, "again");
        assert_text("again");
}
END_TEST

static json_t *random_json(unsigned depth)
{
        int kind = g_rand_int_range(chance, 0, depth < 12 ? 6 : 3);
        g_autofree char *string = random_string("\"\\/\n\t{}[],: ");
        if (kind == 0)
                return json_integer(g_rand_int_range(chance, -5, 100000));
        if (kind == 1)
                return json_null();
        if (kind == 2)
                return json_string(string);
        json_t *all = kind == 3 ? json_array() : json_object();
        for (int i = g_rand_int_range(chance, 0, 4); i > 0; i--) {
                g_autofree char *key = random_string("\"\\:");
                if (kind == 3)
                        json_array_append_new(all, random_json(depth + 1));
                else
                        json_object_set_new(all, key, random_json(depth + 1));
        }
        return all;
}

static void assert_indented(json_t *json)
{
        char *line = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY), *indented = json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY);
        g_autofree char *expected = g_strconcat(indented, "\n", NULL), *exact = g_strdup(line);
        g_string_truncate(text, 0);
        archive_json_render(text, exact);
        assert_text(expected);
        free(line);
        free(indented);
}

START_TEST(json_as_jansson_indents_it)
{
        for (int i = 0; i < ROUNDS; i++) {
                json_t *json = random_json(0);
                assert_indented(json);
                json_decref(json);
        }
        json_t *deep = json_array();
        for (int i = 0; i < 60; i++) {
                json_t *outer = json_array();
                json_array_append_new(outer, deep);
                json_array_append_new(outer, json_string("\"\\"));
                deep = outer;
        }
        assert_indented(deep);
        json_decref(deep);
}
END_TEST

/* What is no JSON is copied somehow, and ends where it ends. */
START_TEST(json_cut_anywhere)
{
        static const char whole[] = "{\"a\\\"b\":[1,{},[],\"\\\\\",{\"longer than a block of bytes\":\"\\u0001 and longer\"}]}}]";
        for (size_t size = 0; size < sizeof whole; size++) {
                g_autofree char *cut = g_strndup(whole, size);
                g_string_truncate(text, 0);
                archive_json_render(text, cut);
                ck_assert_uint_gt(text->len, size);
                ck_assert_int_eq(text->str[text->len - 1], '\n');
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("archive_json");
        TCase *tests = tcase_create("archive_json");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, memory_is_taken_again);
        tcase_add_test(tests, json_as_jansson_indents_it);
        tcase_add_test(tests, json_cut_anywhere);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
