/* SPDX-License-Identifier: MIT */
#include "common/json_scan.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "tests/support.h"

/* Whatever is read must be what jansson reads, and what jansson refuses must be refused. */
static bool reads(const char *text, size_t size)
{
        json_t *quick = json_scan(text, size), *slow = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        bool read = quick != NULL;
        if (quick)
                ck_assert_msg(slow && json_equal(quick, slow), "%.*s", (int) size, text);
        json_decref(quick);
        json_decref(slow);
        return read;
}

static const char *const ours[] = {
        "{}", "[]", "{\"a\":1}", "[1,-2,0,123456789012345678]", "[null,true,false,\"\"]",
        "{\"a\":{\"b\":[{\"c\":\"d\"},[]]},\"e\":\"\\n\\t\\\"\\\\\\/\\b\\f\\r\\u00e9\\u3042\"}",
        " { \"a\" : [ 1 , \"二\" ] , \"b\\n\" : { } } \n", "{\"\":\"x\"}", "[\"緊急\\n至急適用\",\"\\u0001\"]",
};

static const char *const refused[] = {
        "", " ", "1", "\"a\"", "null", "{", "[", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "[01]", "[-]", "[+1]",
        "[1a]", "[nul]", "[nulll]", "[\"a]", "[\"\\x\"]", "[\"\\u12\"]", "[\"\\u12g4\"]", "[\"\n\"]", "[1]x", "[1]]", "{\"a\":1,\"a\":2}",
        "{\"a\":1 \"b\":2}", "[1 2]", "[\"\xff\"]", "{\"\xe3\x81\":1}", "[--1]", "[1.]", "[.5]", "[\"\\", "[\"\\u", "{\"a\\u0000\":1}",
};

/* jansson's to read. */
static const char *const left[] = { "[1.5]", "[1e3]", "[\"\\ud83d\\ude00\"]", "[1234567890123456789]" };

START_TEST(as_jansson_does)
{
        for (size_t i = 0; i < G_N_ELEMENTS(ours); i++)
                ck_assert_msg(reads(ours[i], strlen(ours[i])), "%s", ours[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
                ck_assert_msg(!reads(refused[i], strlen(refused[i])), "%s", refused[i]);
        for (size_t i = 0; i < G_N_ELEMENTS(left); i++)
                ck_assert_msg(!reads(left[i], strlen(left[i])), "%s", left[i]);
        ck_assert(!reads("[\"a\0b\"]", 7));
}
END_TEST

START_TEST(cut_and_changed_anywhere)
{
        for (size_t i = 0; i < G_N_ELEMENTS(ours); i++)
                for (size_t k = 0; k < strlen(ours[i]); k++) {
                        g_autofree char *cut = g_memdup2(ours[i], k + 1); /* exactly so long: a read beyond it is seen */
                        reads(cut, k);
                        g_autofree char *other = g_memdup2(ours[i], strlen(ours[i]));
                        for (int c = 0; c < 256; c++) {
                                other[k] = (char) c;
                                reads(other, strlen(ours[i]));
                        }
                }
}
END_TEST

START_TEST(depth_is_bounded)
{
        g_autofree char *deep = g_strnfill(100000, '['), *allowed = g_strdup_printf("%.20s%s", deep, "]]]]]]]]]]]]]]]]]]]]");
        ck_assert(!reads(deep, 1000)); /* jansson has a limit of its own */
        ck_assert_ptr_null(json_scan(deep, strlen(deep)));
        ck_assert(reads(allowed, strlen(allowed)));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("json_scan");
        TCase *tests = tcase_create("json_scan");
        tcase_add_test(tests, as_jansson_does);
        tcase_add_test(tests, cut_and_changed_anywhere);
        tcase_add_test(tests, depth_is_bounded);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
