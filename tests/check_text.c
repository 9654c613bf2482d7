/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <string.h>

#include "common/errors.h"
#include "common/text.h"
#include "tests/support.h"

static void assert_text(char *text, const char *expected)
{
        ck_assert_ptr_nonnull(text);
        ck_assert_str_eq(text, expected);
        g_free(text);
}

START_TEST(normalize_folds_width)
{
        assert_text(text_normalize("ＭＳ０７－０２８：（緊急）／Ａ"), "MS07-028:(緊急)/A");
        assert_text(text_normalize("ｺｰﾄﾞの実行"), "コードの実行");
        assert_text(text_normalize("か\xE3\x82\x99"), "が"); /* a base and a combining mark */
        assert_text(text_normalize("①㈱"), "1(株)");
}
END_TEST

START_TEST(normalize_folds_white_space)
{
        assert_text(text_normalize(" \t深刻度　\xC2\xA0\r\n\xE2\x80\xA8 1 \v\f\xC2\x85"), "深刻度 1");
        assert_text(text_normalize(""), "");
        assert_text(text_normalize("　\xC2\xA0"), "");
        assert_text(text_normalize(NULL), "");
}
END_TEST

START_TEST(normalize_unites_charset_twins)
{
        static const char *const twins[][2] = {
                { "10〜12", "10～12" },               /* U+301C, U+FF5E */
                { "ビュー−タブ", "ビュー－タブ" },    /* U+2212, U+FF0D */
                { "A—B", "A―B" },                     /* U+2014, U+2015 */
                { "‖", "∥" },                         /* U+2016, U+2225 */
                { "\xC2\xA3\xC2\xAC", "￡￢" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(twins); i++) {
                g_autofree char *b = text_normalize(twins[i][1]);
                ck_assert_str_ne(twins[i][0], twins[i][1]);
                assert_text(text_normalize(twins[i][0]), b);
        }
}
END_TEST

START_TEST(normalize_is_stable)
{
        static const char *const texts[] = { "ａ　ｂ", "ｶﾞ 〜", "x \xEF\xB7\xBA y", "½ ㌔", "—‖−" };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autofree char *once = text_normalize(texts[i]);
                assert_text(text_normalize(once), once);
        }
}
END_TEST

/* The slow way, by definition: NFKC of the whole. */
static char *normalize_by_definition(const char *text)
{
        g_autofree char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
        GString *out = g_string_new(NULL);
        bool space = false;
        for (const char *at = composed; *at; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);
                if (g_unichar_isspace(c) || c == 0x0B || c == 0x85) {
                        space = out->len > 0;
                        continue;
                }
                if (c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
                    (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF)
                        continue;
                if (space)
                        g_string_append_c(out, ' ');
                space = false;
                c = c == 0x301C ? '~' : c == 0x2212 ? '-' : c;
                c = c == 0x2014 ? 0x2015 : c == 0x2016 ? 0x2225 : c;
                g_string_append_unichar(out, c);
        }
        return g_string_free(out, FALSE);
}

START_TEST(normalize_is_nfkc_for_every_character)
{
        /* Alone, after and before characters that may join: an accent, sound marks of both widths, Hangul parts. */
        static const gunichar neighbours[] = { 0x301,  0x338,  0x3099, 0x309A, 0xFF9E,
                                               0xFF9F, 0x1161, 0x11A8, 0x327,  0x200D };
        for (gunichar c = 1; c < 0x30000; c++) {
                /* Kanji, Hangul syllables and what lies behind are many and alike: each 37th will do. */
                if ((c >= 0xD800 && c < 0xE000) || (((c > 0x4E10 && c < 0xF900) || c > 0x1FFFF) && c % 37 != 0))
                        continue;
                for (size_t i = 0; i < G_N_ELEMENTS(neighbours); i++) {
                        gunichar chars[] = { 0x30AB, c, neighbours[i], c, 'A', neighbours[i], 0 };
                        g_autofree char *text = g_ucs4_to_utf8(chars, -1, NULL, NULL, NULL);
                        g_autofree char *expected = normalize_by_definition(text), *actual = text_normalize(text);
                        ck_assert_msg(strcmp(expected, actual) == 0, "U+%04X with U+%04X", c, neighbours[i]);
                }
        }
}
END_TEST

START_TEST(normalize_joins_across_pieces)
{
        /* Half-width letters with sound marks, more than one piece takes. */
        GString *narrow = g_string_new(NULL), *wide = g_string_new(NULL);
        for (int i = 0; i < 200; i++) {
                g_string_append(narrow, i % 3 ? "ｶﾞ" : "ｱ");
                g_string_append(wide, i % 3 ? "ガ" : "ア");
        }
        assert_text(text_normalize(narrow->str), wide->str);
        g_string_free(narrow, TRUE);
        g_string_free(wide, TRUE);
}
END_TEST

START_TEST(normalize_takes_hostile_text)
{
        /* A million marks in the wrong order would take hours to sort; the ligature is eighteen characters. */
        static const char *const units[] = { "\xCC\x81\xCC\x96", "\xEF\xB7\xBA", "\xE1\x84\x80\xE1\x85\xA1" };
        for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
                GString *text = g_string_new("a");
                while (text->len < 1024 * 1024)
                        g_string_append(text, units[i]);
                g_autofree char *normal = text_normalize(text->str);
                ck_assert(g_utf8_validate(normal, -1, NULL));
                g_string_free(text, TRUE);
        }
}
END_TEST

START_TEST(normalize_survives_invalid_bytes)
{
        assert_text(text_normalize("a\xFF" "b"), "a\xEF\xBF\xBD" "b");
        assert_text(text_strip(" \xE3"), "\xEF\xBF\xBD");
        ck_assert(!text_is_blank("\xFF"));
}
END_TEST

START_TEST(strip_takes_all_white_space)
{
        assert_text(text_strip("　\t a　b \n\xC2\xA0"), "a　b");
        assert_text(text_strip("　 "), "");
        assert_text(text_strip("x"), "x");
        ck_assert(text_is_blank(" 　\n"));
        ck_assert(text_is_blank(""));
        ck_assert(!text_is_blank("　.　"));
}
END_TEST

START_TEST(width_counts_columns)
{
        ck_assert_uint_eq(text_width(""), 0);
        ck_assert_uint_eq(text_width("abc"), 3);
        ck_assert_uint_eq(text_width("緊急a"), 5);
        ck_assert_uint_eq(text_width("ｱ"), 1);
        ck_assert_uint_eq(text_width("e\xCC\x81"), 1);
        ck_assert_uint_eq(text_width("\xFF\xFF"), 2);
}
END_TEST

START_TEST(cut_columns_fits)
{
        assert_text(text_cut_columns("緊急", 4), "緊急");
        assert_text(text_cut_columns("緊急適用", 4), "緊…");
        assert_text(text_cut_columns("緊急適用", 5), "緊急…");
        assert_text(text_cut_columns("abcdef", 4), "abc…");
        assert_text(text_cut_columns("abcd", 4), "abcd");
        assert_text(text_cut_columns("abcd", 1), "…");
        assert_text(text_cut_columns("abcd", 0), "");
        assert_text(text_cut_columns("", 0), "");
        assert_text(text_cut_columns("ae\xCC\x81z", 3), "ae\xCC\x81z");
        assert_text(text_cut_columns("ae\xCC\x81zz", 3), "ae\xCC\x81…");
        const char *mixed = "緊a急b適c用\xCC\x81(x)";
        for (size_t columns = 0; columns < 16; columns++) {
                g_autofree char *cut = text_cut_columns(mixed, columns);
                ck_assert(g_utf8_validate(cut, -1, NULL));
                ck_assert_uint_le(text_width(cut), columns);
        }
}
END_TEST

START_TEST(cut_chars_keeps_marks)
{
        assert_text(text_cut_chars("abc", 3), "abc");
        assert_text(text_cut_chars("abcd", 3), "ab…");
        assert_text(text_cut_chars("緊急適用", 3), "緊急…");
        /* "e" and its accent are one: the cut moves before them. */
        assert_text(text_cut_chars("abe\xCC\x81zz", 4), "ab…");
        assert_text(text_cut_chars("ｶﾞｶﾞ", 4), "ｶﾞｶﾞ");
        assert_text(text_cut_chars("ｶﾞｶﾞｱ", 4), "ｶﾞ…");
        assert_text(text_cut_chars("abc", 0), "");
        assert_text(text_cut_chars("", 0), "");
        assert_text(text_cut_chars("abc", 1), "…");
        g_autofree char *marks = g_strdup("e");
        for (int i = 0; i < 50; i++) {
                char *more = g_strconcat(marks, "\xCC\x81", NULL);
                g_free(marks);
                marks = more;
        }
        g_autofree char *cut = text_cut_chars(marks, 10);
        ck_assert_int_eq(g_utf8_strlen(cut, -1), 10);
}
END_TEST

static void assert_valid(const char *bytes, size_t size, const char *expected, size_t expected_replaced)
{
        size_t replaced = 99;
        char *text = text_make_valid(bytes, size, &replaced);
        ck_assert_str_eq(text, expected);
        ck_assert_uint_eq(replaced, expected_replaced);
        g_free(text);
}

START_TEST(make_valid_repairs)
{
        assert_valid("", 0, "", 0);
        assert_valid("緊急\n\ta", 9, "緊急\n\ta", 0);
        assert_valid("a\0b\x1b[31m\x7f", 9, "ab[31m", 0);
        assert_valid("a\r\xFF\r", 4, "a\n\xEF\xBF\xBD\n", 1);
        assert_valid("\0\0", 2, "", 0);
        assert_valid("a\r\nb\rc\r\r\nd\r", 11, "a\nb\nc\nd\n", 0);
        assert_valid("\xC2\x85x\xC2\x9B", 5, "x", 0); /* C1 controls */
        assert_valid("a\xE3\x81", 3, "a\xEF\xBF\xBD\xEF\xBF\xBD", 2); /* cut off by the end */
        assert_valid("a\xE3\0bc", 5, "a\xEF\xBF\xBD" "bc", 1);          /* and by a NUL */
        assert_valid("\xFF" "a\xC0\x80", 4, "\xEF\xBF\xBD" "a\xEF\xBF\xBD\xEF\xBF\xBD", 3);
        assert_valid("\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3); /* a surrogate */
        assert_valid("\xE3" "abc", 4, "\xEF\xBF\xBD" "abc", 1);
        assert_text(text_make_valid("x\xFE", 2, NULL), "x\xEF\xBF\xBD");
        assert_text(text_make_line("a\tb\r\nc\x1b" "d\xE3\x81", 9), "a b cd\xEF\xBF\xBD");
}
END_TEST

START_TEST(make_valid_is_valid_for_all_pairs)
{
        for (unsigned a = 0; a < 256; a++) {
                for (unsigned b = 0; b < 256; b++) {
                        char bytes[3] = { (char) a, (char) b, 'x' };
                        g_autofree char *text = text_make_valid(bytes, sizeof bytes, NULL);
                        ck_assert(g_utf8_validate(text, -1, NULL));
                        ck_assert_msg(g_str_has_suffix(text, "x"), "%02x %02x: %s", a, b, text);
                }
        }
}
END_TEST

static void assert_judged_alike(const char *bytes, size_t size)
{
        ck_assert_msg(text_is_valid(bytes, size) == g_utf8_validate_len(bytes, size, NULL), "%zu bytes, %02x %02x %02x %02x",
                      size, (unsigned char) bytes[0], (unsigned char) bytes[1], (unsigned char) bytes[2], (unsigned char) bytes[3]);
}

/* Every first and second byte, with what may and may not follow, and at each distance from the end of a long text. */
START_TEST(judges_validity_as_glib_does)
{
        static const char edges[] = { '\0', 'x', 0x7F, (char) 0x80, (char) 0x8F, (char) 0x90, (char) 0x9F, (char) 0xA0, (char) 0xBE,
                                      (char) 0xBF, (char) 0xC0, (char) 0xE3 };
        for (int a = 0; a < 256; a++)
                for (int b = 0; b < 256; b++)
                        for (size_t c = 0; c < G_N_ELEMENTS(edges); c++) {
                                char bytes[5] = { (char) a, (char) b, edges[c], edges[(c * 7 + (size_t) b) % G_N_ELEMENTS(edges)], 'x' };
                                for (size_t size = 0; size <= sizeof bytes; size++)
                                        assert_judged_alike(bytes, size);
                        }
        for (int a = 0; a < 256; a++)
                for (size_t at = 0; at < 60; at++) {
                        char bytes[] = "abcdefghijklmnop緊急適用の検討、緊急適用 (abcdefghijklmnop)";
                        bytes[at] = (char) a;
                        for (size_t start = 0; start < 4; start++) {
                                assert_judged_alike(bytes + start, strlen("abcdefghijklmnop緊急適用の検討、緊急適用 (abcdefghijklmnop)") - start);
                                assert_judged_alike(bytes + start, at + 1 - MIN(start, at));
                        }
                }
}
END_TEST

static bool is_clean_by_glib(const char *bytes, size_t size)
{
        if (!g_utf8_validate_len(bytes, size, NULL))
                return false;
        for (const char *at = bytes; at < bytes + size; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);
                bool is_line_end = c == '\t' || c == '\n' || c == '\r';
                if ((c < 0x20 && !is_line_end) || (c >= 0x7F && c < 0xA0) || (c & 0xFFFE) == 0xFFFE)
                        return false;
        }
        return true;
}

/* Each character and each byte at each place of texts that are looked at by blocks. */
START_TEST(tells_clean_text)
{
        static const char text[] = "緊急適用の検討、緊急 (abcdefghijklmnop)\r\n\tz";
        for (gunichar c = 0; c <= 0x10FFFF; c += c < 0x3200 || (c & 0xFFF0) == 0xFFF0 ? 1 : 5) {
                char utf8[6];
                int size = g_unichar_to_utf8(c, utf8);
                g_autofree char *whole = g_strdup_printf("%s%.*s%s", text, size, utf8, text);
                size_t length = c ? strlen(whole) : strlen(text);
                ck_assert_msg(text_is_clean(whole, length) == is_clean_by_glib(whole, length), "U+%04X", c);
        }
        for (size_t at = 0; at < sizeof text - 1; at++)
                for (unsigned byte = 0; byte < 256; byte++) {
                        g_autofree char *changed = g_memdup2(text, sizeof text - 1);
                        changed[at] = (char) byte;
                        ck_assert_msg(text_is_clean(changed, sizeof text - 1) == is_clean_by_glib(changed, sizeof text - 1),
                                      "%02x at %zu", byte, at);
                        ck_assert(text_is_clean(changed, at + 1) == is_clean_by_glib(changed, at + 1));
                }
}
END_TEST

/* Returns whether it is taken for plain; then it must be so in every respect. */
static bool is_plain(const char *text)
{
        struct text_shape shape;
        bool plain = text_measure_plain(text, strlen(text), &shape);
        ck_assert(plain == text_is_plain(text));
        if (!plain)
                return false;
        g_autofree char *normal = text_normalize(text), *composed = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
        ck_assert_str_eq(normal, text);
        ck_assert_str_eq(composed, text);
        ck_assert_msg(shape.columns == text_width(text), "%zu columns: %s", shape.columns, text);
        ck_assert(shape.has_space == (strchr(text, ' ') != NULL));
        return true;
}

/* A character alone, and at each place among others, which are looked at five at a time. */
START_TEST(tells_plain_text)
{
        static const char *const around[][2] = { { "", "x" }, { "", "あいうえおかきくけこ" }, { "あ", "いうえおかきくけこ" },
                                                 { "あい", "うえおかきくけこ" }, { "亜あア", "亜あア亜あア" },
                                                 { "アイウエ", "オ一丁七九" }, { "abc ", "、。々〆一龠" } };
        unsigned taken = 0;
        for (gunichar c = 0x20; c < 0x20000; c++) {
                char utf8[7] = "";
                if (c >= 0xD800 && c < 0xE000)
                        continue;
                g_unichar_to_utf8(c, utf8);
                g_autofree char *beside = g_strdup_printf("x%sx", utf8);
                bool alone = is_plain(beside);
                for (size_t i = 0; i < G_N_ELEMENTS(around); i++) {
                        g_autofree char *text = g_strconcat(around[i][0], utf8, around[i][1], NULL);
                        ck_assert_msg(is_plain(text) == alone || c == ' ', "U+%04X in \"%s\"", c, text);
                }
                taken += alone;
        }
        ck_assert_uint_gt(taken, 21000); /* the kanji alone */
        static const char *const others[] = { " x", "x ", "x  y", "緊急  適用", "緊急 ", "か\xe3\x82\x99", "緊急\t", "緊急\xe3\x81" };
        for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
                ck_assert_msg(!text_is_plain(others[i]), "\"%s\"", others[i]);
        ck_assert(is_plain("") && is_plain("緊急 適用 x"));
        struct text_shape shape;
        ck_assert(!text_measure_plain("緊急\0適用", 13, &shape));
}
END_TEST

START_TEST(escape_html)
{
        assert_text(text_escape_html("<a href=\"x\">'&'</a> 緊急"),
                    "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt; 緊急");
        assert_text(text_escape_html(""), "");
        assert_text(text_escape_html("&&x"), "&amp;&amp;x");
}
END_TEST

static void assert_wrapped(const char *text, size_t columns, const char *indent, const char *expected)
{
        GString *out = g_string_new(NULL);
        text_append_wrapped(out, text, columns, indent);
        ck_assert_str_eq(out->str, expected);
        g_string_free(out, TRUE);
}

START_TEST(wrap_words)
{
        assert_wrapped("one two three", 8, "", "one two\nthree\n");
        assert_wrapped("one two three", 8, "  ", "  one\n  two\n  three\n");
        assert_wrapped("abcdefghij k", 4, "", "abcd\nefgh\nij k\n");
        assert_wrapped("a\n\nb\n", 10, "> ", "> a\n\n> b\n");
        assert_wrapped("", 10, "  ", "");
        assert_wrapped("  a  b", 10, "", "  a  b\n");
        assert_wrapped("ab", 0, "      ", "      ab\n");
}
END_TEST

START_TEST(wrap_japanese)
{
        assert_wrapped("更新プログラムを適用", 8, "", "更新プロ\nグラムを\n適用\n");
        assert_wrapped("緊急適用です。次", 12, "", "緊急適用で\nす。次\n");    /* no line begins with a full stop */
        assert_wrapped("これは（注意）", 8, "", "これは\n（注意）\n");         /* nor ends with an opening bracket */
        assert_wrapped("版はMS07-028です", 10, "", "版は\nMS07-028で\nす\n");
}
END_TEST

START_TEST(wrap_never_exceeds)
{
        const char *text = "Windows Serverの緊急更新（MS07-028/931906）を、適用する。http://example.com/a/very/long/address 終わり「」";
        for (size_t columns = 2; columns < 60; columns++) {
                GString *out = g_string_new(NULL);
                text_append_wrapped(out, text, columns, "");
                g_auto(GStrv) lines = g_strsplit(out->str, "\n", -1);
                g_autoptr(GString) together = g_string_new(NULL);
                for (size_t i = 0; lines[i]; i++) {
                        ck_assert_uint_le(text_width(lines[i]), columns);
                        g_string_append(together, lines[i]);
                }
                /* Nothing but spaces is lost. */
                g_auto(GStrv) words = g_strsplit(text, " ", -1), wrapped = g_strsplit(together->str, " ", -1);
                g_autofree char *expected = g_strjoinv("", words), *actual = g_strjoinv("", wrapped);
                ck_assert_str_eq(actual, expected);
                g_string_free(out, TRUE);
        }
}
END_TEST

START_TEST(numbers)
{
        guint64 value = 7;
        ck_assert_int_eq(text_parse_uint64("0", 10, &value), 0);
        ck_assert_uint_eq(value, 0);
        ck_assert_int_eq(text_parse_uint64("18446744073709551615", G_MAXUINT64, &value), 0);
        ck_assert(value == G_MAXUINT64);
        ck_assert_int_eq(text_parse_uint64("007", 7, &value), 0);
        ck_assert_uint_eq(value, 7);
        ck_assert_int_eq(text_parse_uint64("8", 7, &value), -ERR_LIMIT);
        ck_assert_int_eq(text_parse_uint64("5", 0, &value), -ERR_LIMIT);
        ck_assert_int_eq(text_parse_uint64("0", 0, &value), 0);
        value = 7;
        ck_assert_int_eq(text_parse_uint64("18446744073709551616", G_MAXUINT64, &value), -ERR_LIMIT);
        ck_assert_int_eq(text_parse_uint64("99999999999999999999999999", G_MAXUINT64, &value), -ERR_LIMIT);
        static const char *const wrong[] = { "", " 1", "1 ", "-1", "+1", "0x1", "1.0", "１", "99999999999999999999x" };
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                ck_assert_int_eq(text_parse_uint64(wrong[i], 1000, &value), -ERR_MALFORMED);
        ck_assert_uint_eq(value, 7); /* untouched by failures */
}
END_TEST

START_TEST(durations)
{
        static const struct { const char *text; gint64 ms; } right[] = {
                { "0", 0 }, { "90", 90000 }, { "90s", 90000 }, { "15m", 900000 }, { "2h", 7200000 },
                { "5d", 432000000 }, { "36525d", INT64_C(3155760000000) }, { "1D", 86400000 },
        };
        static const struct { const char *text; int code; } wrong[] = {
                { "", -ERR_MALFORMED }, { "s", -ERR_MALFORMED }, { "1w", -ERR_MALFORMED }, { "1ms", -ERR_MALFORMED },
                { "1 s", -ERR_MALFORMED }, { "-1s", -ERR_MALFORMED }, { "1.5h", -ERR_MALFORMED },
                { "36526d", -ERR_LIMIT }, { "99999999999999999999d", -ERR_LIMIT },
                { "18446744073709551615", -ERR_LIMIT },
        };
        gint64 ms = -1;
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                ck_assert_int_eq(text_parse_duration_ms(wrong[i].text, &ms), wrong[i].code);
        ck_assert_int_eq(ms, -1);
        for (size_t i = 0; i < G_N_ELEMENTS(right); i++) {
                ck_assert_int_eq(text_parse_duration_ms(right[i].text, &ms), 0);
                ck_assert_int_eq(ms, right[i].ms);
        }
}
END_TEST

START_TEST(sizes)
{
        static const struct { const char *text; guint64 bytes; } right[] = {
                { "0", 0 }, { "123", 123 }, { "512k", 524288 }, { "25M", 26214400 }, { "25m", 26214400 },
                { "1G", 1073741824 }, { "9223372036854775807", G_MAXINT64 },
        };
        static const char *const wrong[] = { "", "M", "1T", "1MB", "1 M", "-1", "9223372036854775808", "9999999999G" };
        guint64 bytes = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(right); i++) {
                ck_assert_int_eq(text_parse_size(right[i].text, &bytes), 0);
                ck_assert_uint_eq(bytes, right[i].bytes);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                ck_assert_int_lt(text_parse_size(wrong[i], &bytes), 0);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("text");
        TCase *t = tcase_create("text");
        suite_add_tcase(s, t);
        tcase_add_test(t, normalize_folds_width);
        tcase_add_test(t, normalize_folds_white_space);
        tcase_add_test(t, normalize_unites_charset_twins);
        tcase_add_test(t, normalize_is_stable);
        tcase_add_test(t, normalize_is_nfkc_for_every_character);
        tcase_add_test(t, normalize_joins_across_pieces);
        tcase_add_test(t, normalize_takes_hostile_text);
        tcase_add_test(t, normalize_survives_invalid_bytes);
        tcase_add_test(t, strip_takes_all_white_space);
        tcase_add_test(t, width_counts_columns);
        tcase_add_test(t, cut_columns_fits);
        tcase_add_test(t, cut_chars_keeps_marks);
        tcase_add_test(t, make_valid_repairs);
        tcase_add_test(t, make_valid_is_valid_for_all_pairs);
        tcase_add_test(t, judges_validity_as_glib_does);
        tcase_add_test(t, tells_clean_text);
        tcase_add_test(t, tells_plain_text);
        tcase_add_test(t, escape_html);
        tcase_add_test(t, wrap_words);
        tcase_add_test(t, wrap_japanese);
        tcase_add_test(t, wrap_never_exceeds);
        tcase_add_test(t, numbers);
        tcase_add_test(t, durations);
        tcase_add_test(t, sizes);
        return s;
}

int main(void)
{
        return support_run(suite());
}
