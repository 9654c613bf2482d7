/* SPDX-License-Identifier: MIT */
/* What the quick reading of ordinary text takes is what the long way makes of the same bytes, and needs none of it. */
#include <glib.h>
#include <string.h>

#include "common/text.h"
#include "ingest/charset.h"
#include "ingest/charset_p.h"
#include "tests/support.h"

static unsigned texts_read, texts_taken;

static const struct encoding *jis(void)
{
        return encoding_get(ENCODING_ISO2022JP);
}

static const struct encoding *cp932(void)
{
        return encoding_get(ENCODING_CP932);
}

/* Where it takes the text: the decoder comes to the same, nothing speaks against the label, and no escape is missing. */
static bool compare(const struct encoding *label, const char *bytes, size_t size)
{
        g_autofree char *exact = g_memdup2(bytes, size); /* so that reading beyond is seen */
        bytes = exact ? exact : "";
        GString *quick = charset_read_ordinary(label, bytes, size);
        texts_read++;
        texts_taken += quick != NULL;
        if (!quick)
                return false;
        struct reading reading;
        size_t restored;
        charset_read_as(label, bytes, size, &reading);
        ck_assert_msg(g_string_equal(quick, reading.text), "\"%s\" and \"%s\"", quick->str, reading.text->str);
        ck_assert_uint_eq(strlen(quick->str), quick->len);
        ck_assert_uint_eq(reading.replaced, 0);
        ck_assert_msg(text_is_clean(quick->str, quick->len), "not clean: %s", quick->str);
        if (label == cp932())
                ck_assert_msg(reading.penalty == 0 && reading.look.half_width == 0, "odd: %s", quick->str);
        GString *mended = charset_restore_escapes(bytes, size, true, &restored);
        ck_assert_msg(mended == NULL, "escapes are missing: %s", quick->str);
        charset_reading_clear(&reading);
        g_string_free(quick, TRUE);
        return true;
}

/* The same through the front door: the label is kept. */
static void compare_whole(const struct encoding *label, const char *bytes, size_t size)
{
        if (!compare(label, bytes, size))
                return;
        struct charset_result result;
        charset_decode(label->name, bytes, size, &result);
        ck_assert_str_eq(result.used, label->name);
        ck_assert(!result.repaired && result.is_clean);
        g_free(result.text);
}

START_TEST(every_pair)
{
        charset_prepare();
        for (unsigned a = 0; a < 256; a++)
                for (unsigned b = 0; b < 256; b++) {
                        char in_jis[] = "ab\033$B$\"..$\"\033(Bcd", in_cp932[] = "\x82\xA0..\x82\xA0 cd";
                        in_jis[7] = in_cp932[2] = (char) a;
                        in_jis[8] = in_cp932[3] = (char) b;
                        compare(jis(), in_jis, strlen(in_jis));
                        compare(cp932(), in_cp932, strlen(in_cp932));
                }
        ck_assert_uint_gt(texts_taken, 6000);
}
END_TEST

/* Each byte at each place, and the text cut at each. */
START_TEST(every_byte_everywhere)
{
        static const char in_jis[] = "From: a\r\n\tb $5 and \033$B99?7$N$*CN$i$;\033(B KB931906 \033$B$r\033(Jx\r\n\033$@F|K\\\033(B.\n",
                          in_cp932[] = "From: a\r\n\tb $5 and \x8D\x58\x90\x56\x82\xCC\x82\xA8\x92m\x82\xE7\x82\xB9 KB931906\r\n\x93\xFA\x96{.\n";
        charset_prepare();
        ck_assert(compare(jis(), in_jis, sizeof in_jis - 1));
        ck_assert(compare(cp932(), in_cp932, sizeof in_cp932 - 1));
        for (size_t at = 0; at < sizeof in_jis - 1; at++)
                for (unsigned byte = 0; byte < 256; byte++) {
                        g_autofree char *changed = g_memdup2(in_jis, sizeof in_jis);
                        changed[at] = (char) byte;
                        compare_whole(jis(), changed, sizeof in_jis - 1);
                        compare_whole(jis(), changed, at + 1);
                }
        for (size_t at = 0; at < sizeof in_cp932 - 1; at++)
                for (unsigned byte = 0; byte < 256; byte++) {
                        g_autofree char *changed = g_memdup2(in_cp932, sizeof in_cp932);
                        changed[at] = (char) byte;
                        compare_whole(cp932(), changed, sizeof in_cp932 - 1);
                        compare_whole(cp932(), changed, at + 1);
                }
}
END_TEST

/* What asks for a second look is left to the long way. */
START_TEST(odd_text_is_not_taken)
{
        static const struct { bool is_jis; const char *bytes; } odd[] = {
                { true, "$B99?7(B" },                 /* its escapes are lost */
                { true, "a $B99?7$N\033(B" },         /* one of them */
                { true, "\033$B?(CN\033(B" },         /* a kanji that looks like the rest of one */
                { true, "\033$B99?7\n99?7\033(B" },   /* kanji over a line's end */
                { true, "\033$B99?\033(B" },          /* half a pair */
                { true, "\033(I1\033(B" },            /* half-width katakana */
                { true, "\033$(D\"/\033(B" },         /* another set */
                { true, "\016a\017" }, { true, "a\033" }, { true, "a\001" }, { true, "a\f" }, { true, "\x7F" }, { false, "sixteen bytes...\x7F" }, { false, "sixteen bytes..\v." }, { true, "\xB1" },
                { false, "\x8D\x58\xB1\xB2" },        /* half-width katakana */
                { false, "\x8D\x58\x98\x9F" },        /* kanji of level 2: text in another charset has them */
                { false, "\x8D\x58\x83\xBF" },        /* Greek */
                { false, "\x8D" }, { false, "\x8D\x0A" }, { false, "a $B b \x8D\x58" },
                { false, "\xE7\xB7\x8A\xE6\x80\xA5" }, /* UTF-8 */
        };
        charset_prepare();
        for (size_t i = 0; i < G_N_ELEMENTS(odd); i++) {
                GString *text = charset_read_ordinary(odd[i].is_jis ? jis() : cp932(), odd[i].bytes, strlen(odd[i].bytes));
                ck_assert_msg(text == NULL, "number %zu is taken", i);
        }
        ck_assert_ptr_null(charset_read_ordinary(encoding_get(ENCODING_UTF8), "a", 1));
        ck_assert_ptr_null(charset_read_ordinary(encoding_get(ENCODING_EUCJP), "a", 1));
}
END_TEST

static void append_piece(GString *out, GRand *random)
{
        static const char *const pieces[] = {
                "\033$B", "\033(B", "\033(J", "\033$@", "$B", "$", "(B", "?(", "99", "?7", "$\"", "\n", "\r\n", "abc", " ", "\t",
                "<td nowrap>", "\x8D\x58", "\x82\xA0", "\x81\x41", "\xB1", "\x98\x9F", "!_", "KB931906, 50 minutes and a bit", "(#", "\x0b",
        };
        g_string_append(out, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
}

START_TEST(anything)
{
        charset_prepare();
        g_autoptr(GRand) random = g_rand_new_with_seed(20070511);
        for (unsigned round = 0; round < 30000; round++) {
                g_autoptr(GString) text = g_string_new(NULL);
                for (int n = g_rand_int_range(random, 0, 9); n > 0; n--)
                        append_piece(text, random);
                compare_whole(round % 2 ? jis() : cp932(), text->str, text->len);
        }
        ck_assert_msg(texts_taken * 20 > texts_read && texts_taken < texts_read, "%u of %u are taken", texts_taken, texts_read);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("charset_ordinary");
        TCase *tests = tcase_create("texts");
        tcase_set_timeout(tests, 60);
        tcase_add_test(tests, every_pair);
        tcase_add_test(tests, every_byte_everywhere);
        tcase_add_test(tests, odd_text_is_not_taken);
        tcase_add_test(tests, anything);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
