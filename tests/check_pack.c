/* SPDX-License-Identifier: MIT */
#include "common/pack.h"

#include <string.h>

#include "common/errors.h"
#include "tests/packed.h"
#include "tests/support.h"

#define VALUES_MAX 100u

/* Bytes at the very end of their memory. */
static int unpack_from(struct unpacker *u, const GString *bytes)
{
        return unpacker_init(u, g_memdup2(bytes->str, bytes->len), bytes->len, VALUES_MAX);
}

static void require_unpacker(struct unpacker *u, const char *texts, size_t texts_size, const char *numbers, size_t numbers_size)
{
        g_autoptr(GString) bytes = packed_bytes(texts, texts_size, numbers, numbers_size, 0);
        ck_assert_int_eq(unpack_from(u, bytes), 0);
}

START_TEST(numbers_come_back)
{
        static const guint64 numbers[] = { 0, 1, 0x7F, 0x80, 0x3FFF, 0x4000, G_MAXINT32, G_MAXINT64, G_MAXUINT64 };
        g_autoptr(GString) out = g_string_new("before");
        struct packer p;
        packer_init(&p, out);
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                pack_number(&p, numbers[i]);
        ck_assert_uint_eq(p.values, G_N_ELEMENTS(numbers));
        packer_end(&p);
        ck_assert(g_str_has_prefix(out->str, "before"));
        g_string_erase(out, 0, 6);
        struct unpacker u;
        ck_assert_int_eq(unpack_from(&u, out), 0);
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
                guint64 number = 42;
                ck_assert(!unpacker_is_done(&u));
                ck_assert_int_eq(unpack_number(&u, G_MAXUINT64, &number), 0);
                ck_assert_uint_eq(number, numbers[i]);
        }
        ck_assert(unpacker_is_done(&u));
        unpacker_clear(&u);
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
                struct unpacker u;
                guint64 number = 42;
                require_unpacker(&u, "", 0, wrong[i].bytes, wrong[i].size);
                ck_assert_msg(unpack_number(&u, wrong[i].max, &number) == -ERR_MALFORMED, "number %zu is taken", i);
                ck_assert_uint_eq(number, 42);
                unpacker_clear(&u);
        }
}
END_TEST

START_TEST(texts_come_back)
{
        static const char *const texts[] = { "", "a", "深刻度", NULL, "a\nb\n", "\n", NULL };
        g_autoptr(GString) out = g_string_new(NULL);
        struct packer p;
        packer_init(&p, out);
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                pack_text(&p, texts[i]);
        pack_sized(&p, "xyz", 2);
        packer_end(&p);
        struct unpacker u;
        ck_assert_int_eq(unpack_from(&u, out), 0);
        char *kept[G_N_ELEMENTS(texts)], *last;
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                ck_assert_int_eq(unpack_text(&u, 9, &kept[i]), 0);
        ck_assert_int_eq(unpack_text(&u, 2, &last), 0);
        ck_assert(unpacker_is_done(&u));
        /* They stand where they came, each for itself. */
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                ck_assert_pstr_eq(kept[i], texts[i]);
                ck_assert(!kept[i] || (kept[i] > u.bytes && kept[i] < u.bytes + out->len));
        }
        ck_assert_str_eq(last, "xy");
        unpacker_clear(&u);
        /* Both must be at their ends. */
        require_unpacker(&u, "a\nb\n", 4, "\2", 1);
        ck_assert_int_eq(unpack_text(&u, 2, &last), 0);
        ck_assert(!unpacker_is_done(&u));
        unpacker_clear(&u);
}
END_TEST

START_TEST(wrong_texts_are_refused)
{
        static const struct { const char *texts; size_t texts_size; const char *numbers; size_t size, max; } wrong[] = {
                { "", 0, "", 0, 100 },
                { "a\n", 2, "", 0, 100 },
                { "a", 1, "\x02", 1, 100 },        /* without its end */
                { "a\n", 2, "\x03", 1, 100 },      /* shorter than it says */
                { "123456789", 9, "\n", 1, 100 },  /* its end is the first number */
                { "ab\n", 3, "\x02", 1, 100 },     /* longer */
                { "abc\n", 4, "\x04", 1, 2 },      /* longer than it may be */
                { "あ\n", 4, "\x03", 1, 100 },     /* cut within a character */
                { "a\n", 2, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, G_MAXSIZE - 1 },
                { "a\n", 2, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9, G_MAXSIZE - 1 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                struct unpacker u;
                char *text = NULL;
                require_unpacker(&u, wrong[i].texts, wrong[i].texts_size, wrong[i].numbers, wrong[i].size);
                ck_assert_msg(unpack_text(&u, wrong[i].max, &text) == -ERR_MALFORMED, "text %zu is taken", i);
                ck_assert_ptr_null(text);
                unpacker_clear(&u);
        }
}
END_TEST

/* A text that is not valid spoils all of it, wherever it stands. */
START_TEST(invalid_texts_are_refused)
{
        static const struct { const char *texts; size_t size; } wrong[] = {
                { "a\n\xff\nb\n", 6 }, { "a\nb\0c\n", 6 }, { "a\0", 2 }, { "a\n\xe3\x81\n", 5 }, { "a\n\xe3\x81", 4 },
                { "\x82\n", 2 }, { "\xed\xa0\x80\n", 4 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autoptr(GString) bytes = packed_bytes(wrong[i].texts, wrong[i].size, "\2\2\2", 3, 0);
                struct unpacker u;
                ck_assert_msg(unpack_from(&u, bytes) == -ERR_MALFORMED, "texts %zu are taken", i);
                unpacker_clear(&u);
        }
}
END_TEST

/* The first sixteen bytes say how much there is of everything. */
START_TEST(wrong_heads_are_refused)
{
        g_autoptr(GString) good = packed_bytes("a\n", 2, "\2\0", 2, 128);
        struct unpacker u;
        ck_assert_int_eq(unpack_from(&u, good), 0);
        unpacker_clear(&u);
        const size_t head = good->len - 4;
        for (size_t size = 0; size < head + 2; size++) {
                g_autoptr(GString) cut = g_string_new_len(good->str, (gssize) size);
                ck_assert_int_eq(unpack_from(&u, cut), -ERR_MALFORMED);
                unpacker_clear(&u);
        }
        for (size_t i = 0; i < head; i++) {
                g_autoptr(GString) changed = g_string_new_len(good->str, (gssize) good->len);
                changed->str[i] = (char) 0xFF;
                ck_assert_int_eq(unpack_from(&u, changed), -ERR_MALFORMED);
                unpacker_clear(&u);
        }
        ck_assert_int_eq(unpacker_init(&u, NULL, 0, VALUES_MAX), -ERR_MALFORMED);
        unpacker_clear(&u);
}
END_TEST

START_TEST(room_is_bounded)
{
        g_autoptr(GString) numbers = g_string_new(NULL), out = g_string_new(NULL);
        struct packer p;
        struct unpacker u;
        packer_init(&p, out);
        pack_number(&p, 1);
        pack_room(&p, 3);
        pack_room(&p, 16);
        ck_assert_uint_eq(p.room, 24);
        packer_end(&p);
        ck_assert_int_eq(unpack_from(&u, out), 0);
        char *first = unpack_room(&u, 3), *second = unpack_room(&u, 16);
        ck_assert_ptr_eq(first, u.room);
        ck_assert_ptr_eq(second, u.room + 8);
        for (size_t i = 0; i < 24; i++)
                ck_assert_int_eq(first[i], 0);
        ck_assert_ptr_null(unpack_room(&u, 1));
        ck_assert_ptr_null(unpack_room(&u, G_MAXSIZE / 2));
        unpacker_clear(&u);
        /* What may be announced hangs on how many numbers there are, and on how many there may be. */
        while (numbers->len < VALUES_MAX + 50)
                g_string_append_c(numbers, '\0');
        for (size_t count = 0; count <= numbers->len; count += 10) {
                const size_t most = MIN(count, VALUES_MAX) * 64;
                for (size_t more = 0; more < 2; more++) {
                        g_autoptr(GString) bytes = packed_bytes("", 0, numbers->str, count, most + more);
                        ck_assert_int_eq(unpack_from(&u, bytes), more ? -ERR_MALFORMED : 0);
                        unpacker_clear(&u);
                }
        }
}
END_TEST

START_TEST(a_mark_is_returned_to)
{
        g_autoptr(GString) out = g_string_new(NULL), other = g_string_new(NULL);
        struct packer p, q;
        packer_init(&p, out);
        packer_init(&q, other);
        pack_text(&p, "a");
        pack_text(&q, "a");
        const struct pack_mark mark = packer_mark(&p);
        pack_text(&p, "b");
        pack_number(&p, 300);
        pack_room(&p, 100);
        packer_return(&p, &mark);
        pack_number(&p, 7);
        pack_number(&q, 7);
        ck_assert_uint_eq(p.values, q.values);
        packer_end(&p);
        packer_end(&q);
        ck_assert(g_string_equal(out, other));
}
END_TEST

START_TEST(values_are_counted)
{
        g_autoptr(GString) bytes = packed_bytes("", 0, "\0\0\0\0", 4, 0);
        struct unpacker u;
        guint64 number;
        char *text;
        ck_assert_int_eq(unpacker_init(&u, g_memdup2(bytes->str, bytes->len), bytes->len, 2), 0);
        ck_assert_int_eq(unpack_number(&u, 1, &number), 0);
        ck_assert_int_eq(unpack_text(&u, 1, &text), 0);
        ck_assert_int_eq(unpack_number(&u, 1, &number), -ERR_LIMIT);
        ck_assert_int_eq(unpack_text(&u, 1, &text), -ERR_LIMIT);
        unpacker_clear(&u);
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
        tcase_add_test(tests, invalid_texts_are_refused);
        tcase_add_test(tests, wrong_heads_are_refused);
        tcase_add_test(tests, room_is_bounded);
        tcase_add_test(tests, a_mark_is_returned_to);
        tcase_add_test(tests, values_are_counted);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
