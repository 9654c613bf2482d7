/* SPDX-License-Identifier: MIT */
#include "common/pack.h"

#include <string.h>

#include "common/errors.h"
#include "tests/support.h"

static void unpack_from(struct unpacker *u, const char *bytes, size_t size)
{
        unpacker_init(u, bytes, size, 100);
}

START_TEST(numbers_come_back)
{
        static const guint64 numbers[] = { 0, 1, 0x7F, 0x80, 0x3FFF, 0x4000, G_MAXINT32, G_MAXINT64, G_MAXUINT64 };
        struct packer p = { .bytes = g_string_new(NULL) };
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                pack_number(&p, numbers[i]);
        ck_assert_uint_eq(p.values, G_N_ELEMENTS(numbers));
        struct unpacker u;
        unpack_from(&u, p.bytes->str, p.bytes->len);
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
                guint64 number = 42;
                ck_assert(!unpacker_is_done(&u));
                ck_assert_int_eq(unpack_number(&u, G_MAXUINT64, &number), 0);
                ck_assert_uint_eq(number, numbers[i]);
        }
        ck_assert(unpacker_is_done(&u));
        g_string_free(p.bytes, TRUE);
}
END_TEST

START_TEST(wrong_numbers_are_refused)
{
        static const struct { const char *bytes; size_t size; guint64 max; } wrong[] = {
                { "", 0, G_MAXUINT64 },                     /* nothing */
                { "\x80", 1, G_MAXUINT64 },                 /* cut */
                { "\xff\xff\xff", 3, G_MAXUINT64 },
                { "\x05", 1, 4 },                           /* too large */
                { "\x80\x01", 2, 127 },
                { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, G_MAXUINT64 }, /* of 65 bits */
                { "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, G_MAXUINT64 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autofree char *exact = g_memdup2(wrong[i].bytes, wrong[i].size);
                struct unpacker u;
                guint64 number = 42;
                unpack_from(&u, exact ? exact : "", wrong[i].size);
                ck_assert_msg(unpack_number(&u, wrong[i].max, &number) == -ERR_MALFORMED, "number %zu is taken", i);
                ck_assert_uint_eq(number, 42);
        }
}
END_TEST

START_TEST(texts_come_back)
{
        static const char *const texts[] = { "", "a", "深刻度", NULL, "a\nb", NULL };
        struct packer p = { .bytes = g_string_new(NULL) };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                pack_text(&p, texts[i]);
        pack_sized(&p, "xyz", 2);
        struct unpacker u;
        unpack_from(&u, p.bytes->str, p.bytes->len);
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autofree char *text = NULL;
                ck_assert_int_eq(unpack_text(&u, 9, &text), 0);
                ck_assert_pstr_eq(text, texts[i]);
        }
        g_autofree char *last = NULL;
        ck_assert_int_eq(unpack_text(&u, 2, &last), 0);
        ck_assert_str_eq(last, "xy");
        ck_assert(unpacker_is_done(&u));
        g_string_free(p.bytes, TRUE);
}
END_TEST

START_TEST(wrong_texts_are_refused)
{
        static const struct { const char *bytes; size_t size, max; } wrong[] = {
                { "", 0, 100 },
                { "\x03" "a", 2, 100 },      /* shorter than it says */
                { "\x04" "abc", 4, 2 },      /* longer than it may be */
                { "\x02\xff", 2, 100 },      /* no UTF-8 */
                { "\x04" "a\0b", 4, 100 },
                { "\x03\xe3\x81\x82", 4, 100 }, /* cut within a character */
                { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, G_MAXSIZE - 1 },
                { "\xff\xff\xff\xff\xff\xff\xff\xff\x7f" "a", 10, G_MAXSIZE - 1 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autofree char *exact = g_memdup2(wrong[i].bytes, wrong[i].size);
                struct unpacker u;
                char *text = NULL;
                unpack_from(&u, exact ? exact : "", wrong[i].size);
                ck_assert_msg(unpack_text(&u, wrong[i].max, &text) == -ERR_MALFORMED, "text %zu is taken", i);
                ck_assert_ptr_null(text);
        }
}
END_TEST

START_TEST(values_are_counted)
{
        struct unpacker u;
        guint64 number;
        char *text;
        unpacker_init(&u, "\0\0\0\0", 4, 2);
        ck_assert_int_eq(unpack_number(&u, 1, &number), 0);
        ck_assert_int_eq(unpack_text(&u, 1, &text), 0);
        ck_assert_int_eq(unpack_number(&u, 1, &number), -ERR_LIMIT);
        ck_assert_int_eq(unpack_text(&u, 1, &text), -ERR_LIMIT);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("pack");
        TCase *tests = tcase_create("pack");
        tcase_add_test(tests, numbers_come_back);
        tcase_add_test(tests, wrong_numbers_are_refused);
        tcase_add_test(tests, texts_come_back);
        tcase_add_test(tests, wrong_texts_are_refused);
        tcase_add_test(tests, values_are_counted);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
