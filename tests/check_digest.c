/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <string.h>

#include "common/digest.h"
#include "tests/support.h"

static void assert_digest(const char *data, size_t size, const char *expected)
{
        char text[DIGEST_TEXT_SIZE];
        digest_sha256(data, size, text);
        ck_assert_str_eq(text, expected);
}

/* The vectors of FIPS 180-2. */
START_TEST(known_answers)
{
        assert_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        const char *long_one = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_digest(long_one, strlen(long_one), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
        g_autofree char *million = g_strnfill(1000000, 'a');
        assert_digest(million, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(every_length_around_a_block)
{
        /* Compared with GLib's own counting, one byte at a time. */
        g_autofree char *data = g_strnfill(300, 'x');
        for (size_t size = 0; size <= 300; size++) {
                GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
                for (size_t i = 0; i < size; i++)
                        g_checksum_update(checksum, (const guchar *) data + i, 1);
                assert_digest(data, size, g_checksum_get_string(checksum));
                g_checksum_free(checksum);
        }
}
END_TEST

/* Of any two sizes, also where one ends long before the other. */
START_TEST(two_are_as_each_alone)
{
        static const size_t sizes[] = { 0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 5000 };
        g_autofree char *one = g_malloc(5000), *other = g_malloc(5000);
        for (size_t i = 0; i < 5000; i++) {
                one[i] = (char) (i * 7);
                other[i] = (char) (i * i);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                for (size_t j = 0; j < G_N_ELEMENTS(sizes); j++) {
                        const struct digest_input inputs[2] = { { one, sizes[i] }, { other, sizes[j] } };
                        char texts[2][DIGEST_TEXT_SIZE];
                        digest_sha256_of_two(inputs, texts);
                        assert_digest(one, sizes[i], texts[0]);
                        assert_digest(other, sizes[j], texts[1]);
                }
        }
}
END_TEST

START_TEST(strings_are_kept_apart)
{
        char a[DIGEST_TEXT_SIZE], b[DIGEST_TEXT_SIZE];
        digest_sha256_strings(a, "ab", "c", NULL);
        digest_sha256_strings(b, "a", "bc", NULL);
        ck_assert_str_ne(a, b);
        digest_sha256_strings(b, "ab", "c", "", NULL);
        ck_assert_str_ne(a, b);
        digest_sha256_strings(b, "ab", "c", NULL);
        ck_assert_str_eq(a, b);
        digest_sha256_strings(a, NULL);
        ck_assert_str_eq(a, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(strings_are_the_same_on_every_machine)
{
        char text[DIGEST_TEXT_SIZE];
        digest_sha256_strings(text, "ab", "c", NULL);
        /* The digests are stored, so the form they are made from is fixed. */
        assert_digest("\2\0\0\0\0\0\0\0ab\1\0\0\0\0\0\0\0c", 19, text);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("digest");
        TCase *t = tcase_create("digest");
        suite_add_tcase(s, t);
        tcase_add_test(t, known_answers);
        tcase_add_test(t, every_length_around_a_block);
        tcase_add_test(t, two_are_as_each_alone);
        tcase_add_test(t, strings_are_kept_apart);
        tcase_add_test(t, strings_are_the_same_on_every_machine);
        return s;
}

int main(void)
{
        return support_run(suite());
}
