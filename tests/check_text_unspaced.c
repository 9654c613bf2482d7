/* SPDX-License-Identifier: MIT */
/* text_append_unspaced goes over plain characters many at a time; here it is compared with what it stands for. */
#include <glib.h>
#include <string.h>

#include "common/text.h"
#include "tests/support.h"

/* The slow way: the text in its normal form, and then no spaces. */
static char *expected_of(const char *text)
{
        g_autofree char *normal = text_normalize(text);
        GString *out = g_string_new(NULL);
        for (const char *at = normal; *at; at++)
                if (*at != ' ')
                        g_string_append_c(out, *at);
        return g_string_free(out, FALSE);
}

static void assert_same(const char *text)
{
        g_autofree char *expected = expected_of(text);
        GString *out = g_string_new("before:");
        text_append_unspaced(out, text);
        if (strcmp(out->str + strlen("before:"), expected) != 0)
                ck_abort_msg("\"%s\" becomes \"%s\", not \"%s\"", text, out->str, expected);
        g_string_free(out, TRUE);
}

START_TEST(plain_and_spaced_text)
{
        static const char *const texts[] = {
                "", " ", "a", "語", "a b  c\td\r\ne", "  更新 の 適用は、 \n 早めに。\n", "漢字かなカナ漢字かなカナ漢字かなカナ abc 漢字",
                "（緊急）ＭＳ０７－９０１の　修正", "か\xE3\x82\x99か\xE3\x82\x99 ハ\xE3\x82\x9A", "x\xCC\x81y", "～〜", "①②③ ㈱ ｶﾞｷﾞ ｸﾞ",
        };
        GString *out = g_string_new(NULL);
        text_append_unspaced(out, NULL);
        ck_assert_str_eq(out->str, "");
        g_string_free(out, TRUE);
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                assert_same(texts[i]);
}
END_TEST

/* Every character of the plane that holds all the feed's own, at each place of a block of five, before and behind plain
 * ones and spaces. */
START_TEST(every_character_at_every_place)
{
        static const char *const before[] = { "", "か", "かな", "漢字カ", "漢字かな", "漢字かなカ", "ab", "漢 " };
        for (gunichar c = 0x20; c <= 0xFFFF; c++) {
                if (c >= 0xD800 && c <= 0xDFFF)
                        continue;
                char letter[8];
                letter[g_unichar_to_utf8(c, letter)] = '\0';
                for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
                        char text[128];
                        g_snprintf(text, sizeof text, "%s%s漢字かなカナ漢字かな", before[i], letter);
                        assert_same(text);
                }
        }
}
END_TEST

/* Bytes that are no UTF-8 count as repaired, wherever they stand. */
START_TEST(broken_text)
{
        static const char base[] = "漢字かなカナ漢字 abc 漢字かなカナ";
        for (size_t at = 0; at < sizeof base - 1; at++)
                for (unsigned byte = 1; byte < 256; byte++) {
                        g_autofree char *text = g_strdup(base);
                        text[at] = (char) byte;
                        g_autofree char *valid = text_make_valid(text, strlen(text), NULL);
                        g_autofree char *expected = expected_of(g_utf8_validate(text, -1, NULL) ? text : valid);
                        GString *out = g_string_new(NULL);
                        text_append_unspaced(out, text);
                        if (strcmp(out->str, expected) != 0)
                                ck_abort_msg("byte 0x%02x at %zu: \"%s\", not \"%s\"", byte, at, out->str, expected);
                        g_string_free(out, TRUE);
                }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("text_unspaced");
        TCase *t = tcase_create("text_unspaced");
        suite_add_tcase(s, t);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, plain_and_spaced_text);
        tcase_add_test(t, every_character_at_every_place);
        tcase_add_test(t, broken_text);
        return s;
}

int main(void)
{
        return support_run(suite());
}
