/* SPDX-License-Identifier: MIT */
#include <glib.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "ingest/charset.h"
#include "tests/support.h"

#define R "\xEF\xBF\xBD" /* U+FFFD */

/* A sentence of our own with the characters that break decoders: ①㈱髙, half-width katakana, a backslash, a tilde. */
#define SAMPLE "①株式会社㈱の髙橋さんへ: ｻｰﾊﾞ C:\\temp ~ 更新のお知らせ"

static void expect(const char *declared, const char *bytes, size_t size, const char *text, const char *used,
                   bool repaired, size_t replaced)
{
        struct charset_result result;
        charset_decode(declared, bytes, size, &result);
        ck_assert_str_eq(result.text, text);
        ck_assert_uint_eq(result.size, strlen(text));
        ck_assert_str_eq(result.used, used);
        ck_assert_msg(result.repaired == repaired, "repaired is %d for %s", result.repaired, text);
        ck_assert_uint_eq(result.replaced, replaced);
        g_free(result.text);
}

#define EXPECT(declared, bytes, ...) expect(declared, bytes, sizeof(bytes) - 1, __VA_ARGS__)

/* UTF-8 to another encoding by the C library. */
static char *encode(const char *charset, const char *text, gsize *ret_size)
{
        GError *error = NULL;
        char *bytes = g_convert(text, -1, charset, "UTF-8", NULL, ret_size, &error);
        ck_assert_msg(bytes != NULL, "%s", error ? error->message : "");
        return bytes;
}

/* UTF-8 to CP932, with 髙 and ⅳ where ISO-2022-JP and EUC-JP can reach them: in NEC's selection of IBM characters. */
static char *encode_sjis_nec(const char *text, gsize *ret_size)
{
        static const char *const pairs[][2] = { { "\xFB\xFC", "\xEE\xE0" }, { "\xFA\x43", "\xEE\xF2" } };
        char *bytes = encode("CP932", text, ret_size);
        for (char *p = bytes; *p; p++) {
                for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
                        if (strncmp(p, pairs[i][0], 2) == 0)
                                memcpy(p, pairs[i][1], 2);
                if (((unsigned char) *p >= 0x81 && (unsigned char) *p <= 0x9F) || (unsigned char) *p >= 0xE0)
                        p++; /* the trail byte */
        }
        return bytes;
}

static void append_unshifted(GString *jis, const unsigned char *p, char *mode)
{
        if (*mode != 'B')
                g_string_append(jis, "\033(B");
        *mode = 'B';
        g_string_append_c(jis, (char) *p);
}

/* UTF-8 to ISO-2022-JP with the vendors' characters, the reverse of the arithmetic under test, by way of CP932. */
static GString *encode_jis(const char *text)
{
        gsize size;
        g_autofree char *sjis = encode_sjis_nec(text, &size);
        GString *jis = g_string_new(NULL);
        char mode = 'B';
        for (const unsigned char *p = (unsigned char *) sjis, *end = p + size; p < end;) {
                if (*p < 0x80) {
                        append_unshifted(jis, p++, &mode);
                } else if (*p >= 0xA1 && *p <= 0xDF) {
                        g_string_append(jis, mode == 'I' ? "" : "\033(I");
                        mode = 'I';
                        g_string_append_c(jis, (char) (*p++ & 0x7F));
                } else {
                        unsigned lead = p[0] > 0x9F ? p[0] - 0xC1u : p[0] - 0x81u,
                                 trail = p[1] > 0x7F ? p[1] - 0x41u : p[1] - 0x40u;
                        g_string_append(jis, mode == '$' ? "" : "\033$B");
                        mode = '$';
                        g_string_append_c(jis, (char) (lead * 2 + 0x21 + (trail >= 94)));
                        g_string_append_c(jis, (char) (trail % 94 + 0x21));
                        p += 2;
                }
        }
        if (mode != 'B')
                g_string_append(jis, "\033(B");
        return jis;
}

/* UTF-8 to EUC-JP with the vendors' rows as Windows writes them. */
static GString *encode_euc(const char *text)
{
        gsize size;
        g_autofree char *sjis = encode_sjis_nec(text, &size);
        GString *euc = g_string_new(NULL);
        for (const unsigned char *p = (unsigned char *) sjis, *end = p + size; p < end; p++) {
                if (*p < 0x80) {
                        g_string_append_c(euc, (char) *p);
                } else if (*p >= 0xA1 && *p <= 0xDF) {
                        g_string_append_c(euc, (char) 0x8E);
                        g_string_append_c(euc, (char) *p);
                } else {
                        unsigned lead = p[0] > 0x9F ? p[0] - 0xC1u : p[0] - 0x81u,
                                 trail = p[1] > 0x7F ? p[1] - 0x41u : p[1] - 0x40u;
                        g_string_append_c(euc, (char) (lead * 2 + 0xA1 + (trail >= 94)));
                        g_string_append_c(euc, (char) (trail % 94 + 0xA1));
                        p++;
                }
        }
        return euc;
}

START_TEST(test_shift_jis_names)
{
        static const char *const names[] = {
                "Shift_JIS", "shift-jis", "SJIS", "x-sjis", "MS_Kanji", "Windows-31J", "cp932", "ms932", "csShiftJIS",
                "\"shift_jis\"", "x-ms-cp932", " SHIFT_JIS ", "shift_jis; format=flowed", "shiftjis", "x_sjis",
                "'Shift_JIS'",
        };
        gsize size;
        g_autofree char *sjis = encode("CP932", SAMPLE "\nアプリの更新\n", &size);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                expect(names[i], sjis, size, SAMPLE "\nアプリの更新\n", "cp932", false, 0);
}
END_TEST

START_TEST(test_every_label_of_the_others)
{
        static const struct { const char *label, *used; } names[] = {
                { "ISO-2022-JP", "iso-2022-jp" }, { "iso2022jp", "iso-2022-jp" }, { "CP50220", "iso-2022-jp" },
                { "x-windows-50221", NULL },      { "ISO-2022-JP-MS", "iso-2022-jp" }, { "csISO2022JP", "iso-2022-jp" },
                { "utf8", "utf-8" },              { "UTF-8", "utf-8" },           { "US-ASCII", "us-ascii" },
                { "ANSI_X3.4-1968", "us-ascii" }, { "latin1", "iso-8859-1" },     { "ISO-8859-1", "iso-8859-1" },
                { "cp1252", "windows-1252" },     { "euc-jp", "euc-jp" },         { "x-euc-jp", "euc-jp" },
                { "EUCJP-win", "euc-jp" },        { "us-ascii (Plain text)", "us-ascii" }, { "utf-8*ja", "utf-8" },
                { "gb2312", "gb18030" },          { "koi8-r", "koi8-r" },         { "cp65001", "utf-8" },
                { "iso-2022-jp-ext", "iso-2022-jp" }, { "x-euc", "euc-jp" },      { "CP51932", "euc-jp" },
                { "Extended_UNIX_Code_Packed_Format_for_Japanese", "euc-jp" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                expect(names[i].label, "plain", 5, "plain", names[i].used ? names[i].used : "us-ascii", !names[i].used,
                       0);
        EXPECT(NULL, "plain", "plain", "us-ascii", false, 0);
        EXPECT("", "plain", "plain", "us-ascii", false, 0);
        EXPECT("x-unknown-99", "plain", "plain", "us-ascii", true, 0);
        EXPECT("%n%s\x80\xff", "plain", "plain", "us-ascii", true, 0);
        EXPECT("utf-8", "", "", "utf-8", false, 0);
        expect(NULL, NULL, 0, "", "us-ascii", false, 0);
}
END_TEST

START_TEST(test_iso2022jp_whole_repertoire)
{
        g_autoptr(GString) jis = encode_jis(SAMPLE);
        expect("ISO-2022-JP", jis->str, jis->len, SAMPLE, "iso-2022-jp", false, 0);
        expect("iso-2022-jp-ms", jis->str, jis->len, SAMPLE, "iso-2022-jp", false, 0);
        expect(NULL, jis->str, jis->len, SAMPLE, "iso-2022-jp", false, 0);
        expect("us-ascii", jis->str, jis->len, SAMPLE, "iso-2022-jp", true, 0);
        expect("utf-8", jis->str, jis->len, SAMPLE, "iso-2022-jp", true, 0);
        expect("shift_jis", jis->str, jis->len, SAMPLE, "iso-2022-jp", true, 0);
        expect("iso-8859-1", jis->str, jis->len, SAMPLE, "iso-2022-jp", true, 0);
        EXPECT("iso-2022-jp", "\033$B|b\033(B", "髙", "iso-2022-jp", false, 0); /* an IBM character in NEC's row 92 */
}
END_TEST

START_TEST(test_iso2022jp_escapes)
{
        EXPECT("iso-2022-jp", "\033$@4A;z\033(J\\~", "漢字\\~", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp", "\033&@\033$B4A;z\033(B.", "漢字.", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp", "\033$(B4A;z\033(B", "漢字", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp", "\033(I;0J^\033(B", "ｻｰﾊﾞ", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp", "a\016;0J^\017b", "aｻｰﾊﾞb", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp", "\033$(D0!0\"\033(B", "丂丄", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp-3", "\033$(O.!\033(B", "俱", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp-2", "\033$AVPND\033(B", "中文", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp-2", "\033$(CGQ1[\033(B", "한글", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp", "\033$B4A\n;z\n", "漢\n;z\n", "iso-2022-jp", false, 0); /* the line's end resets */
        EXPECT("iso-2022-jp", "\033$B4A;z\r\nabc", "漢字\r\nabc", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp", "\033$B4A ;z\033(B", "漢 字", "iso-2022-jp", false, 0);
}
END_TEST

START_TEST(test_iso2022jp_damage)
{
        EXPECT("iso-2022-jp", "\033$B4A;z\033", "漢字" R, "iso-2022-jp", false, 1);
        EXPECT("iso-2022-jp", "\033$B4A;\033(Babc", "漢" R "abc", "iso-2022-jp", false, 1);
        EXPECT("iso-2022-jp", "\033$B4A;\nabc", "漢" R "\nabc", "iso-2022-jp", false, 1);
        EXPECT("iso-2022-jp", "\033$B4A;", "漢" R, "iso-2022-jp", false, 1);
        EXPECT("iso-2022-jp", "a\033Zb \033$B4A;z\033(B", "a" R "Zb 漢字", "iso-2022-jp", false, 1);
        EXPECT("iso-2022-jp", "\033$B4A)!;z\033(B", "漢" R "字", "iso-2022-jp", false, 1); /* row 9 is empty */
}
END_TEST

START_TEST(test_eucjp)
{
        g_autoptr(GString) euc = encode_euc(SAMPLE);
        expect("EUC-JP", euc->str, euc->len, SAMPLE, "euc-jp", false, 0);
        expect(NULL, euc->str, euc->len, SAMPLE, "euc-jp", false, 0);
        expect("us-ascii", euc->str, euc->len, SAMPLE, "euc-jp", true, 0);
        expect("utf-8", euc->str, euc->len, SAMPLE, "euc-jp", true, 0);
        expect("iso-8859-1", euc->str, euc->len, SAMPLE, "euc-jp", true, 0);
        EXPECT("euc-jp", "\x8F\xB0\xA1", "丂", "euc-jp", false, 0);
        EXPECT("euc-jp", "\xB4\xC1\xBB", "漢" R, "euc-jp", false, 1);
        EXPECT("euc-jp", "\xB4\xC1\xBB\n\xA4\xCE", "漢" R "\nの", "euc-jp", false, 1);
}
END_TEST

START_TEST(test_utf8_and_utf16)
{
        EXPECT("utf-8", SAMPLE, SAMPLE, "utf-8", false, 0);
        EXPECT("utf-8", "\xEF\xBB\xBF" SAMPLE, SAMPLE, "utf-8", false, 0);
        EXPECT("shift_jis", "\xEF\xBB\xBF" SAMPLE, SAMPLE, "utf-8", true, 0);
        EXPECT("utf-8", "\xE6\xBC", R, "utf-8", false, 1);
        EXPECT("utf-8", "漢\xE6\xBC字漢字", "漢" R "字漢字", "utf-8", false, 1);
        EXPECT("utf-8", "漢字の\xC0\x80漢字", "漢字の" R R "漢字", "utf-8", false, 2);
        EXPECT("utf-16", "\xFF\xFE\x22\x6F\x57\x5B\x0A\x00", "漢字\n", "utf-16", false, 0);
        EXPECT("utf-16", "\xFE\xFF\x6F\x22\x5B\x57", "漢字", "utf-16", false, 0);
        EXPECT("utf-16le", "\x22\x6F\x3D\xD8\x00\xDE\x0A", "漢😀" R, "utf-16le", false, 1);
        EXPECT("utf-16be", "\x00" "a\xD8\x3D\x00" "b", "a" R "b", "utf-16be", false, 1);
        EXPECT("utf-16", "a\0b\0c\0\n\0", "abc\n", "utf-16", false, 0);
        EXPECT(NULL, "\xFF\xFE\x22\x6F\x57\x5B\x0A\x00", "漢字\n", "utf-16", false, 0);
        EXPECT("utf-8", "\xFF\xFE\x22\x6F\x57\x5B\x0A\x00", "漢字\n", "utf-16", true, 0);
        EXPECT("utf-16", "plain text\n", "plain text\n", "utf-8", true, 0);
}
END_TEST

START_TEST(test_wrong_labels)
{
        gsize size;
        g_autofree char *sjis = encode("CP932", SAMPLE, &size);
        expect(NULL, sjis, size, SAMPLE, "cp932", false, 0);
        expect("us-ascii", sjis, size, SAMPLE, "cp932", true, 0);
        expect("utf-8", sjis, size, SAMPLE, "cp932", true, 0);
        expect("euc-jp", sjis, size, SAMPLE, "cp932", true, 0);
        expect("iso-2022-jp", sjis, size, SAMPLE, "cp932", true, 0);
        expect("iso-8859-1", sjis, size, SAMPLE, "cp932", true, 0);
        expect("x-nonsense", sjis, size, SAMPLE, "cp932", true, 0);

        static const char *const labels[] = { "shift_jis",    "euc-jp",   "iso-2022-jp", "iso-8859-1",
                                              "windows-1252", "us-ascii", "gb2312" };
        for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
                EXPECT(labels[i], SAMPLE, SAMPLE, "utf-8", true, 0);
                EXPECT(labels[i], "緊急", "緊急", "utf-8", true, 0);
        }
        g_autoptr(GString) euc = encode_euc("更新のお知らせです。サーバの管理者の方へ。");
        expect("shift_jis", euc->str, euc->len, "更新のお知らせです。サーバの管理者の方へ。", "euc-jp", true, 0);
        expect("iso-2022-jp", euc->str, euc->len, "更新のお知らせです。サーバの管理者の方へ。", "euc-jp", true, 0);
}
END_TEST

START_TEST(test_right_labels_stay)
{
        EXPECT("iso-8859-1", "caf\xE9 cr\xE8me br\xFBl\xE9" "e", "café crème brûlée", "iso-8859-1", false, 0);
        EXPECT("windows-1252", "\x93quoted\x94 \x80 5", "“quoted” € 5", "windows-1252", false, 0);
        EXPECT("iso-8859-1", "\x93quoted\x94 caf\xE9", "“quoted” café", "windows-1252", true, 0);
        EXPECT("koi8-r", "\xF0\xD2\xC9\xD7\xC5\xD4", "Привет", "koi8-r", false, 0);
        EXPECT("gb2312", "\xD6\xD0\xCE\xC4", "中文", "gb18030", false, 0);
        EXPECT("shift_jis", "\xBB\xB0\xCA\xDE", "ｻｰﾊﾞ", "cp932", false, 0); /* also two kanji of EUC-JP */
        EXPECT("shift_jis", "\x81\x60 C:\\ ~", "～ C:\\ ~", "cp932", false, 0);
        EXPECT("shift_jis", "\x8B\xD9\x8B\x7D\x81", "緊急" R, "cp932", false, 1);
        EXPECT("shift_jis", "\x8B\xD9\x8B\n", "緊" R "\n", "cp932", false, 1); /* the line end is not swallowed */
        EXPECT(NULL, "caf\xE9 cr\xE8me", "café crème", "windows-1252", false, 0);
        EXPECT("utf-7", "+byJbVw-", "漢字", "utf-7", false, 0);
}
END_TEST

START_TEST(test_controls_are_counted)
{
        EXPECT("us-ascii", "a\0b\x01" "c\t\r\n", "a" R "b" R "c\t\r\n", "utf-8", true, 2);
        EXPECT("utf-8", "漢\0字\b", "漢" R "字" R, "utf-8", false, 2);
        EXPECT("utf-8", "漢\f字\v", "漢\f字\v", "utf-8", false, 0); /* these end lines */
        EXPECT("shift_jis", "\x8B\xD9\0\x8B\x7D", "緊" R "急", "cp932", false, 1);
        EXPECT("iso-2022-jp", "\033$B4A\0;z\033(B", "漢" R "字", "iso-2022-jp", false, 1);
}
END_TEST

START_TEST(test_long_text_is_judged_by_its_first_strange_bytes)
{
        g_autoptr(GString) text = g_string_new(NULL);
        while (text->len < 200000)
                g_string_append(text, "plain line of ASCII\n");
        g_string_append(text, SAMPLE "\n");
        gsize size;
        g_autofree char *sjis = encode("CP932", text->str, &size);
        expect("utf-8", sjis, size, text->str, "cp932", true, 0);
        expect(NULL, sjis, size, text->str, "cp932", false, 0);
}
END_TEST

START_TEST(test_any_bytes_give_valid_text)
{
        static const char *const labels[] = { NULL,          "utf-8",      "cp932",        "euc-jp",   "iso-2022-jp",
                                              "utf-16",      "iso-8859-1", "gb18030",      "big5",     "euc-kr",
                                              "iso-2022-kr", "utf-7",      "windows-1255", "us-ascii", "windows-874" };
        g_autoptr(GRand) random = g_rand_new_with_seed(20070511);
        static const char odd[] = "\033$(B@DIJ\x0E\x0F\x81\x8F\xE3\xA4\xB0 a\n";
        for (unsigned round = 0; round < 400; round++) {
                char bytes[64];
                size_t size = (size_t) g_rand_int_range(random, 0, sizeof bytes);
                for (size_t i = 0; i < size; i++)
                        bytes[i] = round & 1 ? (char) g_rand_int_range(random, 0, 256) : odd[g_rand_int_range(random, 0, 17)];
                for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
                        struct charset_result result;
                        charset_decode(labels[i], bytes, size, &result);
                        ck_assert(g_utf8_validate(result.text, (gssize) result.size, NULL));
                        ck_assert_uint_eq(strlen(result.text), result.size);
                        g_free(result.text);
                }
        }
}
END_TEST

/* --- words of the feed in every encoding, under every label --- */

static const char *const words[] = {
        "深刻度", "1(緊急)", "2(重要)", "攻撃コードの有無", "なし", "対策", "至急適用", "再起動の必要性", "不要(必要な場合あり)",
        "アンインストール", "対象環境", "サーバ", "クライアント", "MS07-901(日本)", "サポート技術情報", "含まれる過去の修正",
        "脆弱性識別番号", "対応の緊急性:早期適用", "[攻撃コード未公開][攻撃事例なし]", "可能性のある攻撃", "○", "△", "概要",
        "ｻｰﾊﾞ", "ﾌﾟﾛｸﾞﾗﾑ", "①", "ⅳ", "㈱", "髙橋", "～", "。", "、", "の", "を", "について", "更新のお知らせ", "【登録日】2007/10/12",
        "Windows XP", "適用の検討", "■適用テストの結果", "予想適用時間", "1時間28分", "株式会社", "管理者の方へ", "\n", "　", " ",
};

/* A text of at least so many characters; the generator's order is fixed. */
static char *make_text(GRand *random, size_t chars)
{
        GString *text = g_string_new(NULL);
        while ((size_t) g_utf8_strlen(text->str, -1) < chars)
                g_string_append(text, words[g_rand_int_range(random, 0, G_N_ELEMENTS(words))]);
        return g_string_free(text, FALSE);
}

struct encoded {
        const char *name;
        char *bytes;
        gsize size;
};

static void encode_all(const char *text, struct encoded *ret_encoded)
{
        g_autoptr(GString) jis = encode_jis(text), euc = encode_euc(text);
        ret_encoded[0] = (struct encoded){ "utf-8", g_strdup(text), strlen(text) };
        ret_encoded[1] = (struct encoded){ .name = "cp932" };
        ret_encoded[1].bytes = encode("CP932", text, &ret_encoded[1].size);
        ret_encoded[2] = (struct encoded){ "euc-jp", g_memdup2(euc->str, euc->len + 1), euc->len };
        ret_encoded[3] = (struct encoded){ "iso-2022-jp", g_memdup2(jis->str, jis->len + 1), jis->len };
}

static void expect_text(const char *label, const struct encoded *encoded, const char *text)
{
        struct charset_result result;
        charset_decode(label, encoded->bytes, encoded->size, &result);
        ck_assert_msg(strcmp(result.text, text) == 0, "%s labelled %s was read as %s:\n%s\nnot\n%s", encoded->name,
                      label ? label : "nothing", result.used, result.text, text);
        ck_assert_uint_eq(result.replaced, 0);
        ck_assert(result.repaired || !label || strcmp(result.used, "us-ascii") == 0 ||
                  strcmp(result.used, label) == 0 || strcmp(label, "shift_jis") == 0);
        g_free(result.text);
}

START_TEST(test_right_labels_read_any_length)
{
        static const char *const labels[] = { "utf-8", "shift_jis", "euc-jp", "iso-2022-jp" };
        g_autoptr(GRand) random = g_rand_new_with_seed(932);
        for (size_t round = 0; round < 1000; round++) {
                g_autofree char *text = make_text(random, 1 + round % 50);
                struct encoded encoded[4];
                encode_all(text, encoded);
                for (size_t i = 0; i < 4; i++) {
                        expect_text(labels[i], &encoded[i], text);
                        g_free(encoded[i].bytes);
                }
        }
}
END_TEST

START_TEST(test_wrong_labels_are_seen_through)
{
        static const char *const labels[] = { NULL,         "utf-8",      "shift_jis",    "euc-jp",    "iso-2022-jp",
                                              "us-ascii",   "iso-8859-1", "windows-1252", "x-unknown", "iso-8859-15",
                                              "iso-8859-2", "koi8-r",     "gb2312",       "big5",      "euc-kr" };
        g_autoptr(GRand) random = g_rand_new_with_seed(50221);
        for (size_t round = 0; round < 200; round++) {
                g_autofree char *some = make_text(random, 60 + round);
                g_autofree char *text = g_strconcat(some, "を確認してください。", NULL); /* a sentence, not only names */
                struct encoded encoded[4];
                encode_all(text, encoded);
                for (size_t i = 0; i < 4; i++) {
                        for (size_t k = 0; k < G_N_ELEMENTS(labels); k++)
                                expect_text(labels[k], &encoded[i], text);
                        g_free(encoded[i].bytes);
                }
        }
}
END_TEST

START_TEST(test_short_text_under_a_wrong_label)
{
        g_autoptr(GString) euc = encode_euc("運賃計算の注意");
        expect("shift_jis", euc->str, euc->len, "運賃計算の注意", "euc-jp", true, 0);
        g_autoptr(GString) urgent = encode_euc("緊急");
        expect("shift_jis", urgent->str, urgent->len, "緊急", "euc-jp", true, 0); /* ﾞ behind ｵ is no word */
        gsize size;
        g_autofree char *sjis = encode("CP932", "緊急の更新", &size);
        expect("windows-1252", sjis, size, "緊急の更新", "cp932", true, 0);
        struct charset_result unsure;
        charset_decode("gb2312", sjis, size, &unsure); /* one kana is too little to be sure: the label counts */
        ck_assert_str_eq(unsure.used, "gb18030");
        ck_assert(!unsure.repaired);
        g_free(unsure.text);
}
END_TEST

START_TEST(test_half_width_katakana_keeps_its_label)
{
        static const char text[] = "ﾌﾟﾛｸﾞﾗﾑ ｻｰﾊﾞ ｱｯﾌﾟﾃﾞｰﾄ ﾒｰﾙ･･･";
        gsize size;
        g_autofree char *sjis = encode("CP932", text, &size);
        g_autoptr(GString) euc = encode_euc(text), jis = encode_jis(text);
        expect("shift_jis", sjis, size, text, "cp932", false, 0);
        expect("euc-jp", euc->str, euc->len, text, "euc-jp", false, 0);
        expect("iso-2022-jp", jis->str, jis->len, text, "iso-2022-jp", false, 0);
}
END_TEST

START_TEST(test_other_languages_keep_their_label)
{
        static const struct { const char *label, *iconv_name, *used, *text; } samples[] = {
                { "gb2312", "GB2312", "gb18030", "微软发布了紧急安全更新。" },
                { "gb2312", "GB2312", "gb18030", "お知らせ：会议は三时から。" },
                { "big5", "BIG5", "big5", "微軟發布了緊急安全更新" },
                { "euc-kr", "EUC-KR", "euc-kr", "긴급 보안 업데이트가 발견되었습니다." },
                { "koi8-r", "KOI8-R", "koi8-r", "Срочно: установите обновление" },
                { "windows-1251", "CP1251", "windows-1251", "Срочно: установите обновление" },
                { "iso-8859-7", "ISO-8859-7", "iso-8859-7", "Κρίσιμη ενημέρωση ασφαλείας" },
                { "windows-874", "CP874", "windows-874", "การปรับปรุงความปลอดภัย" },
                { "iso-8859-2", "ISO-8859-2", "iso-8859-2", "Příliš žluťoučký kůň úpěl ódy" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
                gsize size;
                g_autofree char *bytes = encode(samples[i].iconv_name, samples[i].text, &size);
                expect(samples[i].label, bytes, size, samples[i].text, samples[i].used, false, 0);
        }
}
END_TEST

START_TEST(test_damage_does_not_change_the_label)
{
        static const char *const labels[] = { "utf-8", "shift_jis", "euc-jp", "iso-2022-jp" };
        g_autoptr(GRand) random = g_rand_new_with_seed(1990);
        for (size_t round = 0; round < 300; round++) {
                g_autofree char *text = make_text(random, 60 + round);
                struct encoded encoded[4];
                encode_all(text, encoded);
                for (size_t i = 0; i < 4; i++) {
                        struct charset_result result;
                        gsize place = (gsize) g_rand_int_range(random, 0, (gint32) encoded[i].size);
                        encoded[i].bytes[place] = (char) g_rand_int_range(random, 0, 256);
                        charset_decode(labels[i], encoded[i].bytes, encoded[i].size, &result);
                        ck_assert_str_eq(result.used, encoded[i].name);
                        ck_assert_ptr_null(result.also);
                        g_free(result.text);
                        g_free(encoded[i].bytes);
                }
        }
}
END_TEST

START_TEST(test_sample_ends_inside_a_character)
{
        static const char *const labels[] = { NULL,       "utf-8",      "shift_jis",    "euc-jp",    "iso-2022-jp",
                                              "us-ascii", "iso-8859-1", "windows-1252", "x-unknown", "gb2312" };
        g_autoptr(GRand) random = g_rand_new_with_seed(8192);
        for (size_t k = 0; k < 6; k++) {
                g_autofree char *ascii = g_strnfill(k, 'a'), *some = make_text(random, 9000);
                g_autofree char *text = g_strconcat(ascii, g_strdelimit(some, "\n ", 'x'), NULL); /* all one line */
                struct encoded encoded[4];
                encode_all(text, encoded);
                for (size_t i = 0; i < 4; i++) {
                        for (size_t n = 0; n < G_N_ELEMENTS(labels); n++)
                                expect_text(labels[n], &encoded[i], text);
                        g_free(encoded[i].bytes);
                }
        }
}
END_TEST

START_TEST(test_text_that_ends_inside_a_character)
{
        static const char *const labels[] = { NULL, "utf-8", "shift_jis", "euc-jp", "us-ascii", "iso-8859-1" };
        g_autoptr(GRand) random = g_rand_new_with_seed(8193);
        g_autofree char *some = make_text(random, 120), *text = g_strconcat(some, "更新。", NULL);
        struct encoded encoded[4];
        encode_all(text, encoded);
        for (size_t i = 0; i < 4; i++) {
                for (size_t n = 0; i < 3 && n < G_N_ELEMENTS(labels); n++) {
                        struct charset_result result;
                        charset_decode(labels[n], encoded[i].bytes, encoded[i].size - 1, &result);
                        ck_assert_str_eq(result.used, encoded[i].name);
                        ck_assert_uint_eq(result.replaced, 1);
                        ck_assert(g_str_has_prefix(result.text, some));
                        g_free(result.text);
                }
                g_free(encoded[i].bytes);
        }
}
END_TEST

START_TEST(test_foreign_tail)
{
        static const char *const labels[] = { NULL, "iso-8859-1", "windows-1252", "shift_jis" };
        g_autoptr(GRand) random = g_rand_new_with_seed(792);
        g_autofree char *text = make_text(random, 400);
        gsize size;
        g_autofree char *sjis = encode("CP932", text, &size);
        g_autoptr(GString) footer = encode_euc("配信停止はこちら");
        g_autofree char *bytes = g_strconcat(sjis, footer->str, NULL); /* on the text's last line */
        for (size_t n = 0; n < G_N_ELEMENTS(labels); n++) {
                struct charset_result result;
                charset_decode(labels[n], bytes, strlen(bytes), &result);
                ck_assert_str_eq(result.used, "cp932");
                ck_assert(g_str_has_prefix(result.text, text));
                g_free(result.text);
        }
}
END_TEST

/* --- what happens on the way --- */

START_TEST(test_lines_of_several_charsets)
{
        static const char *const labels[] = { NULL, "utf-8", "shift_jis", "euc-jp", "iso-2022-jp", "us-ascii" };
        static const char preface[] = "転送します。①もご確認ください。\n", text[] = SAMPLE "\n更新のお知らせです。\nplain\n";
        struct encoded of_preface[4], of_text[4];
        g_autofree char *both = g_strconcat(preface, text, NULL);
        encode_all(preface, of_preface);
        encode_all(text, of_text);
        for (size_t i = 0; i < 4; i++) {
                for (size_t k = 0; k < 4; k++) {
                        g_autofree char *bytes = g_strconcat(of_preface[i].bytes, of_text[k].bytes, NULL);
                        bool legacy = (i == 1 && k == 2) || (i == 2 && k == 1); /* each can be read as the other */
                        for (size_t n = 0; n < G_N_ELEMENTS(labels) && i != k && !legacy; n++) {
                                struct charset_result result;
                                charset_decode(labels[n], bytes, strlen(bytes), &result);
                                ck_assert_str_eq(result.text, both);
                                ck_assert_str_eq(result.used, of_text[k].name);
                                ck_assert_str_eq(result.also, of_preface[i].name);
                                ck_assert(result.repaired == (labels[n] != NULL));
                                ck_assert_uint_eq(result.replaced, 0);
                                g_free(result.text);
                        }
                }
        }
        for (size_t i = 0; i < 4; i++) {
                g_free(of_preface[i].bytes);
                g_free(of_text[i].bytes);
        }
}
END_TEST

static void expect_restored_as(const char *label, const char *bytes, const char *text, size_t restored)
{
        struct charset_result result;
        charset_decode(label, bytes, strlen(bytes), &result);
        ck_assert_str_eq(result.text, text);
        ck_assert_uint_eq(result.restored, restored);
        ck_assert_uint_eq(result.replaced, 0);
        if (restored > 0)
                ck_assert_str_eq(result.used, "iso-2022-jp");
        ck_assert(result.repaired == (restored > 0 && label) || restored == 0);
        g_free(result.text);
}

static void expect_restored(const char *bytes, const char *text, size_t restored)
{
        static const char *const labels[] = { NULL, "iso-2022-jp", "us-ascii" };
        for (size_t i = 0; i < G_N_ELEMENTS(labels); i++)
                expect_restored_as(labels[i], bytes, text, restored);
}

START_TEST(test_lost_escapes)
{
        expect_restored("$B6[5^(B a\n$B4A;z$N(Bb\n", "緊急 a\n漢字のb\n", 4);
        expect_restored(" $B6[5^ (B a\n $B4A;z$N (Bb\n", "緊急 a\n漢字のb\n", 4);
        expect_restored("?$B6[5^?(B a\n?$B4A;z$N?(Bb\n", "緊急 a\n漢字のb\n", 4);
        expect_restored("\033$B6[5^(B a\n\033$B4A;z$N(Bb\n", "緊急 a\n漢字のb\n", 2);
        expect_restored("$B6[5^\nplain\n$B4A;z(B\n", "緊急\nplain\n漢字\n", 3); /* not all shifts back were there */
}
END_TEST

/* Text that only looks like it, in a header above all. */
START_TEST(test_no_lost_escapes)
{
        static const char *const texts[] = { "price: $B12 (B)\n",       "cost $Bxy, $Bab\n",
                                             "a(B)c (J) $@ $B",         "(B(!$B(B(!$B=-!V",
                                             "plan $BABCD(B, $BEFGH(B", "$B12(B and $B34(B: see (B)",
                                             "$B(B $B(B $B6[5^(B" };
        static const char *const labels[] = { NULL, "iso-2022-jp", "us-ascii", "utf-8", "shift_jis" };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                for (size_t k = 0; k < G_N_ELEMENTS(labels); k++)
                        expect_restored_as(labels[k], texts[i], texts[i], 0);
        g_autofree char *subject = charset_decode_header("(B(!$B(B(!$B=-!V");
        ck_assert_str_eq(subject, "(B(!$B(B(!$B=-!V");
}
END_TEST

/* A label that cannot be so is believed until there are sentences. */
START_TEST(test_lost_escapes_under_other_labels)
{
        static const char few[] = "$B6[5^(B a\n$B4A;z$N(Bb\n";
        static const char many[] = "$B6[5^$N4A;z$O$3$3$K$\"$k(B a\n$B4A;z$N(Bb\n";
        static const char *const labels[] = { "utf-8", "shift_jis", "euc-jp", "iso-8859-1" };
        for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
                expect_restored_as(labels[i], few, few, 0);
                expect_restored_as(labels[i], many, "緊急の漢字はここにある a\n漢字のb\n", 4);
        }
}
END_TEST

START_TEST(test_kanji_cut_by_line_ends)
{
        EXPECT("iso-2022-jp", "\033$B6[5^\n4A;z\033(B a\n", "緊急\n漢字 a\n", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp", "\033$B6[5^\r\n4A\r\n;z\033(B a\r\n", "緊急\r\n漢\r\n字 a\r\n", "iso-2022-jp", false, 0);
        EXPECT("iso-2022-jp", "\033$B6[5^\nMS07\n\033$B4A;z\033(B\n", "緊急\nMS07\n漢字\n", "iso-2022-jp", false, 0);
}
END_TEST

START_TEST(test_unicode_in_odd_forms)
{
        static const char text[] = "漢字の更新 ok\n二行目\n";
        static const char *const names[] = { "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE" };
        static const char *const used[] = { "utf-16le", "utf-16be", "utf-32le", "utf-32be" };
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                gsize size;
                g_autofree char *bytes = encode(names[i], text, &size);
                expect(names[i], bytes, size, text, used[i], false, 0);
                expect(NULL, bytes, size, text, used[i], false, 0); /* no mark, no label */
                expect("shift_jis", bytes, size, text, used[i], true, 0);
        }
        EXPECT("utf-8", "漢字\xC0\xAF漢字", "漢字" R R "漢字", "utf-8", false, 2);                 /* overlong */
        EXPECT("utf-8", "漢字\xE0\x80\xAF漢字", "漢字" R R R "漢字", "utf-8", false, 3);         /* overlong */
        EXPECT("utf-8", "漢字\xED\xA0\xBD漢字", "漢字" R R R "漢字", "utf-8", false, 3);         /* a surrogate */
        EXPECT("utf-8", "漢字\xF4\x90\x80\x80漢字", "漢字" R R R R "漢字", "utf-8", false, 4);   /* beyond U+10FFFF */
        EXPECT("utf-8", "漢字\xEF\xBF\xBE漢字", "漢字\xEF\xBF\xBE漢字", "utf-8", false, 0);     /* a non-character */
        EXPECT("utf-8", "漢字の更新\xE6\xBC", "漢字の更新" R, "utf-8", false, 1);               /* cut */
}
END_TEST

/* Dollars and brackets of a shell's words, which could be kanji that nobody writes. */
START_TEST(test_words_that_resemble_lost_escapes)
{
        EXPECT("us-ascii", "take $Bprices(B and $Bsample(B off", "take $Bprices(B and $Bsample(B off", "us-ascii", false, 0);
        EXPECT(NULL, "$B4A;z(B\n$Bx\n$By\n$Bz\n", "$B4A;z(B\n$Bx\n$By\n$Bz\n", "us-ascii", false, 0);
}
END_TEST

/* A converter that reports an error behind the last byte. */
START_TEST(test_error_behind_the_end)
{
        static const char bytes[] = "\xBD\xC3\xB0\xA4\xA2\xE8";
        for (size_t size = 0; size < sizeof bytes; size++) {
                g_autofree char *copy = g_memdup2(bytes, size + 1);
                struct charset_result result;
                charset_decode("euc-kr", copy, size, &result);
                ck_assert(g_utf8_validate(result.text, (gssize) result.size, NULL));
                ck_assert_uint_le(result.size, 3 * size);
                g_free(result.text);
        }
}
END_TEST

START_TEST(test_guess)
{
        gsize size;
        g_autofree char *sjis = encode("CP932", SAMPLE, &size);
        g_autoptr(GString) euc = encode_euc(SAMPLE), jis = encode_jis(SAMPLE);
        ck_assert_str_eq(charset_guess("abc", 3), "us-ascii");
        ck_assert_str_eq(charset_guess(SAMPLE, strlen(SAMPLE)), "utf-8");
        ck_assert_str_eq(charset_guess(sjis, size), "cp932");
        ck_assert_str_eq(charset_guess(euc->str, euc->len), "euc-jp");
        ck_assert_str_eq(charset_guess(jis->str, jis->len), "iso-2022-jp");
        ck_assert_ptr_null(charset_guess("\x81\x00\xFF\xFE\x80\x90\xFD\x02\xA0", 9));
}
END_TEST

static void expect_header(const char *raw, const char *text)
{
        g_autofree char *decoded = charset_decode_header(raw);
        ck_assert_str_eq(decoded, text);
}

START_TEST(test_header_words)
{
        expect_header("plain", "plain");
        expect_header("=?UTF-8?B?57eK5oCl?=", "緊急");
        expect_header("=?utf-8?q?=E7=B7=8A_=E6=80=A5?=", "緊 急");
        expect_header("=?ISO-2022-JP?B?GyRCNls1XhsoQg==?=", "緊急");
        expect_header("[a] =?ISO-2022-JP?B?GyRCNls1XhsoQg==?= (b)", "[a] 緊急 (b)");
        expect_header("\"=?ISO-2022-JP?B?GyRCNls1XhsoQg==?=\" <a@b.example>", "\"緊急\" <a@b.example>");
        expect_header("=?shift_jis?B?i9mLfQ==?=", "緊急");
        expect_header("=?windows-31j?B?h0A=?=", "①");
        expect_header("=?UTF-8*ja?B?57eK5oCl?=", "緊急");
        expect_header("=?iso-8859-1?Q?caf=E9?= =?utf-8?Q?_=C3=A9?=", "café é");
        expect_header("=?utf-8?Q?a?=\r\n =?utf-8?Q?b?= c =?utf-8?Q?d?=", "ab c d");
}
END_TEST

START_TEST(test_header_words_split_inside_a_character)
{
        expect_header("=?UTF-8?B?57eK5g==?=\r\n =?UTF-8?B?gKU=?=", "緊急");
        expect_header("=?UTF-8?Q?=E7=B7=8A=E6?= =?utf-8?Q?=80=A5?=", "緊急");
        expect_header("=?Shift_JIS?B?i9mL?= =?Shift_JIS?B?fQ==?=", "緊急");
        expect_header("=?ISO-2022-JP?B?GyRCNls1?= =?ISO-2022-JP?B?XhsoQg==?=", "緊急");
        /* Each word right by itself, without a return to ASCII at its end: the second must not be read as kanji. */
        expect_header("=?ISO-2022-JP?B?GyRCNls1Xg==?= =?ISO-2022-JP?Q?abc?=", "緊急abc");
}
END_TEST

/* The bytes cut into words at every place; size bytes a word, or 0: one cut, at each place in turn. */
static void expect_split(const char *charset, const char *bytes, gsize size, const char *text, gsize cut)
{
        GString *raw = g_string_new(NULL);
        for (gsize start = 0; start < size; start += cut) {
                g_autofree char *base64 = g_base64_encode((const guchar *) bytes + start, MIN(cut, size - start));
                g_string_append_printf(raw, "%s=?%s?B?%s?=", start > 0 ? "\r\n " : "", charset, base64);
        }
        expect_header(raw->str, text);
        g_string_free(raw, TRUE);
}

START_TEST(test_header_words_split_anywhere)
{
        static const char text[] = "緊急①㈱髙橋ｻｰﾊﾞ MS07-901 更新の~お知らせ";
        struct encoded encoded[4];
        encode_all(text, encoded);
        for (size_t i = 0; i < 4; i++) {
                for (gsize cut = 1; cut <= encoded[i].size; cut++)
                        expect_split(encoded[i].name, encoded[i].bytes, encoded[i].size, text, cut);
                expect_header(encoded[i].bytes, text); /* raw */
                g_free(encoded[i].bytes);
        }
}
END_TEST

/* The whole text in base64, which is then cut into words, also inside a group of four digits and in the padding. */
START_TEST(test_header_base64_cut_anywhere)
{
        static const char text[] = "緊急①㈱髙橋ｻｰﾊﾞ MS07-901 更新の~お知らせ";
        struct encoded encoded[4];
        encode_all(text, encoded);
        for (size_t i = 0; i < 4; i++) {
                g_autofree char *base64 = g_base64_encode((const guchar *) encoded[i].bytes, encoded[i].size);
                for (gsize cut = 5; cut <= strlen(base64); cut++) {
                        GString *raw = g_string_new(NULL);
                        for (gsize start = 0; start < strlen(base64); start += cut)
                                g_string_append_printf(raw, "%s=?%s?B?%.*s?=", start > 0 ? "\n\t" : "", encoded[i].name,
                                                       (int) cut, base64 + start);
                        expect_header(raw->str, text);
                        g_string_free(raw, TRUE);
                }
                g_free(encoded[i].bytes);
        }
}
END_TEST

START_TEST(test_header_words_without_padding)
{
        expect_header("=?UTF-8?B?57eK5oClYQ?= =?UTF-8?B?57eK5oClYQ?=", "緊急a緊急a");
        expect_header("=?Shift_JIS?B?i9mLfQ?= =?Shift_JIS?B?i9mLfQ?=", "緊急緊急");
        expect_header("=?ISO-2022-JP?B?GyRCNls1XhsoQg?= =?ISO-2022-JP?B?GyRCNls1XhsoQg?=", "緊急緊急");
        /* Only what stands behind padding, or in another encoding, is never joined. */
        expect_header("=?UTF-8?B?57eKYQ==?= =?UTF-8?B?5oCl?= =?UTF-8?Q?b?=", "緊a急b");
}
END_TEST

START_TEST(test_header_of_several_charsets)
{
        expect_header("=?ISO-2022-JP?B?GyRCNls1XhsoQg==?= =?UTF-8?B?57eK5oCl?= =?shift_jis?B?i9mLfQ==?=\r\n "
                      "=?EUC-JP?B?ttu13g==?=",
                      "緊急緊急緊急緊急");
        expect_header("=?UTF-8?Q?what?" "?=", "what?");
        expect_header("=?UTF-8?Q?a?b?= c", "a?b c");
        expect_header("=?ISO-2022-JP?B?" "GyRCNls1Xg?=", "緊急"); /* no padding */
        expect_header("=?UTF-8?B?57eK5oCl===?=", "緊急");
        expect_header("=?UTF-8?B?57eK 5o\r\n Cl?=", "緊急");
        expect_header("=?UTF-8?B?57eK?=,=?UTF-8?B?5oCl?=", "緊,急");
        expect_header("$B6[5^(B $B4A;z(B", "緊急 漢字");
        expect_header("=?UTF-8?Q?=3D=3Futf-8=3FB=3F57eK=3F=3D?=", "=?utf-8?B?57eK?="); /* decoded once only */
}
END_TEST

START_TEST(test_header_broken)
{
        expect_header("=?utf-8?B?57eK", "=?utf-8?B?57eK");
        expect_header("=?utf-8?B?57eK5oCl? =", "=?utf-8?B?57eK5oCl? =");
        expect_header("=?x =?utf-8?B?57eK5oCl?=", "=?x 緊急");
        expect_header("=?", "=?");
        expect_header("=?=?==?", "=?=?==?");
        expect_header("=?utf-8?X?abc?=", "=?utf-8?X?abc?=");
        expect_header("=?shift_jis?B?57eK5oCl?=", "緊急"); /* wrong label */
        expect_header("=?x-none?B?57eK5oCl?=", "緊急");
        expect_header("=?utf-8?Q?a=0D=0ABcc:_x?=", "a Bcc: x");
        expect_header("=?utf-8?Q?a=00b=07?=", "a" R "b" R);
        expect_header(NULL, "");
}
END_TEST

START_TEST(test_header_raw_bytes)
{
        expect_header("緊急のお知らせ", "緊急のお知らせ");
        expect_header("\x8B\xD9\x8B\x7D\x82\xCC\x82\xA8\x92\x6D\x82\xE7\x82\xB9", "緊急のお知らせ");
        expect_header("\xB6\xDB\xB5\xDE\xA4\xCE\xA4\xAA\xC3\xCE\xA4\xE9\xA4\xBB", "緊急のお知らせ");
        expect_header("\033$B6[5^\033(B abc", "緊急 abc");
        expect_header("\033$B6[5^=?\033(B =?utf-8?B?57eK5oCl?=", "緊急戎 緊急"); /* "=?" is a kanji here */
        expect_header("a\r\n b\n\tc\r\n\r\n", "a b c");
        expect_header(" a  b ", "a  b");
}
END_TEST

START_TEST(test_header_is_bounded)
{
        g_autoptr(GString) raw = g_string_new(NULL);
        while (raw->len < 200000)
                g_string_append(raw, "=?utf-8?B?57eK5oCl?= =?iso-2022-jp?B?GyRCNls1XhsoQg==?= ");
        g_autofree char *text = charset_decode_header(raw->str);
        ck_assert_uint_le(strlen(text), LIMIT_HEADER_VALUE_BYTES);
        ck_assert(g_utf8_validate(text, -1, NULL));
}
END_TEST

/* Who reads the text next relies on it. Of what is not clean it is not said, whatever way the text was read. */
START_TEST(test_says_what_is_clean)
{
        static const struct { const char *declared, *bytes; bool is_clean; } texts[] = {
                { "utf-8", "更新 a\r\n\tb", true },           { "utf-8", "\xEF\xBB\xBF更新", false },
                { "utf-8", "更新\f", false },                  { "utf-8", "更新\x7F", false },
                { "utf-8", "更新\xC2\x85", false },            { "utf-8", "更新\xEF\xBF\xBF", false },
                { "utf-8", "更新\x01", false },                { "utf-8", "\xE6\x9B", false },
                { "iso-2022-jp", "\033$B99?7\033(B a", true }, { "iso-2022-jp", "\033$B99?7\033(B \f", false },
                { "iso-2022-jp", "\033$B99?7\033(B \x7F", false }, { "iso-2022-jp", "\033$B99?7\033(B\001", false },
                { "shift_jis", "\x8D\x58\x90\x56 a", true },   { "shift_jis", "\x8D\x58\x90\x56 \x7F", false },
                { "shift_jis", "\x8D\x58\x90\x56\v", false },  { NULL, "a\x7F", false },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                struct charset_result result;
                charset_decode(texts[i].declared, texts[i].bytes, strlen(texts[i].bytes), &result);
                ck_assert_msg(result.is_clean == texts[i].is_clean, "number %zu: \"%s\"", i, result.text);
                ck_assert(!result.is_clean || text_is_clean(result.text, result.size));
                g_free(result.text);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("charset");
        TCase *decode = tcase_create("decode"), *header = tcase_create("header");
        tcase_add_test(decode, test_says_what_is_clean);
        tcase_add_test(decode, test_shift_jis_names);
        tcase_add_test(decode, test_every_label_of_the_others);
        tcase_add_test(decode, test_iso2022jp_whole_repertoire);
        tcase_add_test(decode, test_iso2022jp_escapes);
        tcase_add_test(decode, test_iso2022jp_damage);
        tcase_add_test(decode, test_eucjp);
        tcase_add_test(decode, test_utf8_and_utf16);
        tcase_add_test(decode, test_wrong_labels);
        tcase_add_test(decode, test_right_labels_stay);
        tcase_add_test(decode, test_controls_are_counted);
        tcase_add_test(decode, test_long_text_is_judged_by_its_first_strange_bytes);
        tcase_add_test(decode, test_any_bytes_give_valid_text);
        tcase_add_test(decode, test_right_labels_read_any_length);
        tcase_add_test(decode, test_wrong_labels_are_seen_through);
        tcase_add_test(decode, test_short_text_under_a_wrong_label);
        tcase_add_test(decode, test_half_width_katakana_keeps_its_label);
        tcase_add_test(decode, test_other_languages_keep_their_label);
        tcase_add_test(decode, test_damage_does_not_change_the_label);
        tcase_add_test(decode, test_sample_ends_inside_a_character);
        tcase_add_test(decode, test_text_that_ends_inside_a_character);
        tcase_add_test(decode, test_foreign_tail);
        tcase_add_test(decode, test_lines_of_several_charsets);
        tcase_add_test(decode, test_lost_escapes);
        tcase_add_test(decode, test_no_lost_escapes);
        tcase_add_test(decode, test_lost_escapes_under_other_labels);
        tcase_add_test(decode, test_kanji_cut_by_line_ends);
        tcase_add_test(decode, test_unicode_in_odd_forms);
        tcase_add_test(decode, test_words_that_resemble_lost_escapes);
        tcase_add_test(decode, test_error_behind_the_end);
        tcase_add_test(decode, test_guess);
        tcase_add_test(header, test_header_words);
        tcase_add_test(header, test_header_words_split_inside_a_character);
        tcase_add_test(header, test_header_words_split_anywhere);
        tcase_add_test(header, test_header_base64_cut_anywhere);
        tcase_add_test(header, test_header_words_without_padding);
        tcase_add_test(header, test_header_of_several_charsets);
        tcase_add_test(header, test_header_broken);
        tcase_add_test(header, test_header_raw_bytes);
        tcase_add_test(header, test_header_is_bounded);
        suite_add_tcase(s, decode);
        suite_add_tcase(s, header);
        return s;
}

int main(void)
{
        return support_run(suite());
}
