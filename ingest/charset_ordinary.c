/* SPDX-License-Identifier: MIT */
/*
 * Text that is what its label says and holds nothing odd, in the two encodings that nearly all of this feed is in:
 * decoded and judged in one pass, where the long way decodes, looks for lost escapes, for controls, for lines of other
 * charsets and for rare characters, one after the other. At the first byte that asks for any of these the text is given
 * up here, so that what is returned is what the long way would return.
 */
#include <string.h>

#include "common/blocks.h"
#include "ingest/charset.h"
#include "ingest/charset_p.h"

#define ESC 0x1B

/* The UTF-8 of ordinary pairs, three bytes as they stand in memory; 0 for all others. By the first byte without its
 * highest bit (CP932) and by both bytes (JIS X 0208). */
static guint32 cp932_pairs[128][256];
static guint32 jis_pairs[128][128];

static guint32 make_utf8(gunichar c)
{
        const unsigned char bytes[4] = { (unsigned char) (0xE0 | c >> 12), (unsigned char) (0x80 | (c >> 6 & 0x3F)),
                                         (unsigned char) (0x80 | (c & 0x3F)), 0 };
        guint32 utf8;
        memcpy(&utf8, bytes, sizeof utf8);
        return utf8;
}

/* Of no cost to a reading (charset_look_at): wrongly labelled bytes would become others, too. */
static bool is_ordinary(gunichar c)
{
        return (c >= 0x2000 && c < 0x3400) || (c >= 0xFF01 && c <= 0xFF5E) || charset_kanji_level(c) == 1;
}

/* Where ESC bytes were lost, these stand for them (charset_restore_escapes). */
static bool is_like_escape(unsigned row, unsigned cell)
{
        return (row == '(' && (cell == 'B' || cell == 'J')) || (row == '?' && cell == '(');
}

void charset_prepare_ordinary(void)
{
        for (unsigned row = 0x21; row <= 0x7E; row++)
                for (unsigned cell = 0x21; cell <= 0x7E; cell++) {
                        gunichar c = charset_x0208_pair((unsigned char) row, (unsigned char) cell);
                        if (c >= 0x800 && !is_like_escape(row, cell))
                                jis_pairs[row][cell] = make_utf8(c);
                }
        for (unsigned lead = 0x80; lead <= 0xFF; lead++)
                for (unsigned trail = 0; trail <= 0xFF; trail++) {
                        gunichar c = charset_cp932_pair((unsigned char) lead, (unsigned char) trail);
                        if (is_ordinary(c))
                                cp932_pairs[lead & 0x7F][trail] = make_utf8(c);
                }
}

/* Text and the usual white space. A dollar sign may be what is left of an escape sequence. */
static bool is_plain(unsigned char c)
{
        return (c >= 0x20 && c < 0x7F && c != '$') || c == '\t' || c == '\n' || c == '\r';
}

/* Copies plain ASCII; returns where it ends. There is room for a block behind all that counts. */
static const unsigned char *copy_plain(const unsigned char *p, const unsigned char *end, char **to)
{
#if defined(BY_BLOCKS)
        for (; end - p >= BLOCK_BYTES; p += BLOCK_BYTES, *to += BLOCK_BYTES) {
                const __m128i block = load_block(p);
                unsigned found = bits_of(_mm_or_si128(is_odd(block), is_byte(block, '$')));
                store_block(*to, block);
                if (found) {
                        *to += __builtin_ctz(found);
                        return p + __builtin_ctz(found);
                }
        }
#endif
        while (p < end && is_plain(*p))
                *(*to)++ = (char) *p++;
        return p;
}

/* At a dollar sign: whether it is no more than that. */
static bool is_lone_dollar(const unsigned char *p, const unsigned char *end)
{
        return *p == '$' && (end - p < 2 || (p[1] != 'B' && p[1] != '@'));
}

static inline void put_pair(char **to, guint32 utf8)
{
        memcpy(*to, &utf8, sizeof utf8); /* one byte more than counts */
        *to += 3;
}

/* Greek letters, "×": two bytes. */
static bool put_narrow(char **to, gunichar c)
{
        if (c < 0x80 || c >= 0x800)
                return false;
        *(*to)++ = (char) (0xC0 | c >> 6);
        *(*to)++ = (char) (0x80 | (c & 0x3F));
        return true;
}

static const unsigned char *copy_jis_pairs(const unsigned char *p, const unsigned char *end, char **to)
{
        for (guint32 four; end - p >= 4; p += 4) { /* two at a time */
                memcpy(&four, p, sizeof four);
                if (four & 0x80808080u)
                        break;
                guint32 first = jis_pairs[p[0]][p[1]], second = jis_pairs[p[2]][p[3]];
                if (first == 0 || second == 0)
                        break;
                put_pair(to, first);
                put_pair(to, second);
        }
        for (; end - p >= 2 && ((p[0] | p[1]) & 0x80) == 0; p += 2) {
                guint32 utf8 = jis_pairs[p[0]][p[1]];
                if (utf8 != 0)
                        put_pair(to, utf8);
                else if (p[0] == 0x7F || p[1] == 0x7F || !put_narrow(to, charset_x0208_pair(p[0], p[1])))
                        break; /* the table goes on to 0x7F, which is in no pair */
        }
        return p;
}

/* A shift to ASCII or to kanji: its length is 3; 0 for anything else. */
static unsigned read_shift(const unsigned char *p, const unsigned char *end, bool *ret_to_kanji)
{
        if (end - p < 3 || p[0] != ESC)
                return 0;
        *ret_to_kanji = p[1] == '$' && (p[2] == 'B' || p[2] == '@');
        return *ret_to_kanji || (p[1] == '(' && (p[2] == 'B' || p[2] == 'J')) ? 3 : 0;
}

static bool decode_jis(const unsigned char *p, const unsigned char *end, char **to)
{
        while ((p = copy_plain(p, end, to)) < end) {
                bool to_kanji = false;
                unsigned shift = read_shift(p, end, &to_kanji);
                if (shift == 0 && !is_lone_dollar(p, end))
                        return false;
                if (shift == 0)
                        *(*to)++ = (char) *p++;
                p += shift;
                if (to_kanji && (p = copy_jis_pairs(p, end, to)) < end && *p != ESC)
                        return false; /* a line that ends in kanji, for one */
        }
        return true;
}

static bool decode_cp932(const unsigned char *p, const unsigned char *end, char **to)
{
        while ((p = copy_plain(p, end, to)) < end) {
                if (*p < 0x80) {
                        if (!is_lone_dollar(p, end))
                                return false;
                        *(*to)++ = (char) *p++;
                        continue;
                }
                for (; end - p >= 2 && (*p & 0x80); p += 2) {
                        guint32 utf8 = cp932_pairs[*p & 0x7F][p[1]];
                        if (utf8 == 0)
                                return false;
                        put_pair(to, utf8);
                }
                if (p < end && (*p & 0x80))
                        return false; /* cut within a character */
        }
        return true;
}

GString *charset_read_ordinary(const struct encoding *label, const char *data, size_t size)
{
        const unsigned char *p = (const unsigned char *) data;
        bool is_jis = label->decoder == BY_ISO2022JP;
        unsigned widest;
        if (!is_jis && (label->decoder != BY_CP932 || (charset_is_valid_utf8(data, size, &widest) && widest >= 3)))
                return NULL;
        GString *text = g_string_sized_new(size + size / 2 + BLOCK_BYTES);
        char *to = text->str;
        if (is_jis ? decode_jis(p, p + size, &to) : decode_cp932(p, p + size, &to)) {
                text->len = (gsize) (to - text->str);
                *to = '\0';
                return text;
        }
        g_string_free(text, TRUE);
        return NULL;
}
