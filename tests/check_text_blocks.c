/* SPDX-License-Identifier: MIT */
/* Text is looked at by blocks of bytes where the processor can; here that is compared with the code that goes from
 * character to character, which other machines have. check_text_blocks_narrow.c compares it with that for small blocks. */
#if !defined(WITHOUT_WIDE_BLOCKS)
#define WITHOUT_BLOCKS
#endif
#define text_plain_size slow_plain_size
#define text_skip_plain slow_skip_plain
#define text_copy_unspaced slow_copy_unspaced
#define text_is_plain slow_is_plain
#define text_measure_plain slow_measure_plain
#define text_is_valid slow_is_valid
#define text_is_clean slow_is_clean
#include "common/text_plain.c"
#include "common/text_valid.c"
#undef text_plain_size
#undef text_skip_plain
#undef text_copy_unspaced
#undef text_is_plain
#undef text_measure_plain
#undef text_is_valid
#undef text_is_clean

#include "tests/support.h"

const char *text_skip_plain(const char *text, size_t size, struct text_plain_run *run);
const char *text_copy_unspaced(const char *text, const char *end, char **to);
bool text_measure_plain(const char *text, size_t size, struct text_shape *ret_shape);
bool text_is_valid(const char *text, size_t size);
bool text_is_clean(const char *text, size_t size);

static unsigned plain, valid, clean; /* how many texts were so */

static void compare_plain(const char *text, size_t size)
{
        struct text_plain_run run = { 0 }, slow_run = { 0 };
        struct text_shape shape = { 0 }, slow_shape = { 0 };
        const char *stop = text_skip_plain(text, size, &run);
        ck_assert_msg(stop == slow_skip_plain(text, size, &slow_run), "stops at %td: \"%s\"", stop - text, text);
        bool is_plain = text_measure_plain(text, size, &shape);
        ck_assert(is_plain == slow_measure_plain(text, size, &slow_shape));
        ck_assert_uint_eq(shape.columns, slow_shape.columns);
        ck_assert(shape.has_space == slow_shape.has_space);
        plain += is_plain;
}

static void compare_copies(const char *text, size_t size)
{
        g_autofree char *copy = g_malloc(size + TEXT_COPY_ROOM), *slow_copy = g_malloc(size + TEXT_COPY_ROOM);
        char *to = copy, *slow_to = slow_copy;
        const char *stop = text_copy_unspaced(text, text + size, &to);
        const char *slow_stop = slow_copy_unspaced(text, text + size, &slow_to);
        ck_assert_msg(stop == slow_stop, "stops at %td: \"%s\"", stop - text, text);
        ck_assert_int_eq(to - copy, slow_to - slow_copy);
        ck_assert(memcmp(copy, slow_copy, (size_t) (to - copy)) == 0);
}

static void compare(const char *bytes, size_t size)
{
        /* so that reading beyond is seen */
        g_autofree char *exact = size > 0 ? g_memdup2(bytes, size) : g_malloc(1);
        g_autofree char *text = g_strndup(bytes, size);
        bool is_valid = text_is_valid(exact, size), is_clean = text_is_clean(exact, size);
        ck_assert_msg(is_valid == slow_is_valid(exact, size), "valid: %d: \"%s\"", is_valid, text);
        ck_assert_msg(is_clean == slow_is_clean(exact, size), "clean: %d: \"%s\"", is_clean, text);
        valid += is_valid;
        clean += is_clean;
        compare_plain(text, strlen(text)); /* these have a NUL behind them */
        compare_copies(text, strlen(text));
}

/* Characters of all kinds, and bytes that are none. */
static const char *const pieces[] = {
        "あ", "ヴ", "語", "鿿", "一", "䷿", "、", "〜", "〠", "　", "ぁ", "ー", "゛", "！", "～", "ｶ", "─", "①", "é", "×", "ß", "가",
        "\xC2\x80", "\xC2\xA0", "\xEF\xBF\xBD", "\xEF\xBF\xBE", "\xEF\xBF\xBF", "\xEF\xBB\xBF", "\xE0\xA0\x80", "ก",
        "\xED\x9F\xBF", "\xEE\x80\x80", "😀", "a", "b", "Z", "~", " ", " ", "\t", "\n", "\r", "\x01", "\x7F",
        "\xE3\x81", "\xE3", "\x81", "\xC3", "\xC0\x80", "\xC1", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x9F\x98",
        "\xF4\x90\x80\x80", "\xFF",
};

static guint32 random_state = 1;

static guint32 random_below(guint32 limit)
{
        random_state = random_state * 1664525u + 1013904223u;
        return (random_state >> 8) % limit;
}

/* Mostly of plain characters, with a few others or none. */
START_TEST(texts_of_all_kinds)
{
        static const char *const usual[] = { "あ", "語", "a", "ア", "緊", "0", "、", "x" };
        GString *text = g_string_new(NULL);
        for (unsigned n = 0; n < 60000; n++) {
                unsigned length = random_below(40), odd_one_in = 2 + random_below(60);
                g_string_truncate(text, 0);
                for (unsigned i = 0; i < length; i++) {
                        bool odd = random_below(odd_one_in) == 0;
                        g_string_append(text, odd ? pieces[random_below(G_N_ELEMENTS(pieces))]
                                                  : usual[random_below(n % G_N_ELEMENTS(usual) + 1)]);
                        if (!odd && random_below(12) == 0)
                                g_string_append_c(text, ' ');
                }
                compare(text->str, text->len);
        }
        g_string_free(text, TRUE);
        ck_assert_uint_gt(plain, 5000);
        ck_assert_uint_gt(valid, 15000);
        ck_assert_uint_gt(clean, 15000);
}
END_TEST

/* Each piece at each place and at each distance from the end, in text of one byte and of three bytes a character. */
START_TEST(every_place)
{
        static const char *const fillers[] = { "a", "語", "あ" };
        GString *text = g_string_new(NULL);
        for (size_t f = 0; f < G_N_ELEMENTS(fillers); f++)
                for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
                        for (unsigned before = 0; before < 36; before++)
                                for (unsigned after = 0; after < 36; after += 1 + after / 8) {
                                        g_string_truncate(text, 0);
                                        for (unsigned n = 0; n < before; n++)
                                                g_string_append(text, fillers[f]);
                                        g_string_append(text, pieces[i]);
                                        for (unsigned n = 0; n < after; n++)
                                                g_string_append(text, fillers[f]);
                                        compare(text->str, text->len);
                                }
        g_string_free(text, TRUE);
}
END_TEST

/* Also a NUL, and every other byte, at every place. */
START_TEST(every_byte)
{
        static const char text[] = "Internet Explorer の累積的な更新プログラム。再起動が必要です (KB950749)";
        for (size_t at = 0; at < sizeof text - 1; at++)
                for (unsigned byte = 0; byte < 256; byte++) {
                        g_autofree char *changed = g_memdup2(text, sizeof text);
                        changed[at] = (char) byte;
                        compare(changed, sizeof text - 1);
                        compare(changed, at + 1);
                }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("text_blocks");
        TCase *t = tcase_create("text_blocks");
        suite_add_tcase(s, t);
        tcase_set_timeout(t, 60);
        tcase_add_test(t, texts_of_all_kinds);
        tcase_add_test(t, every_place);
        tcase_add_test(t, every_byte);
        return s;
}

int main(void)
{
        return support_run(suite());
}
