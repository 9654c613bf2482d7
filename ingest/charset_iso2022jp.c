/* SPDX-License-Identifier: MIT */
/*
 * The Japanese encodings that are made of JIS pairs. A converter for ISO-2022-JP rejects the vendors' characters or
 * reads half-width katakana wrongly, so the escape sequences are taken apart here, and each JIS X 0208 pair is moved by
 * arithmetic to its Shift_JIS pair, which CP932's table reads.
 */
#include <string.h>

#include "ingest/charset_p.h"

#define ESC 0x1B
#define SO 0x0E
#define SI 0x0F

/* What bytes 0x21 to 0x7E mean at the moment. */
enum jis_set { SET_ASCII, SET_KATAKANA, SET_X0208, SET_X0212, SET_X0213_1, SET_X0213_2, SET_GB2312, SET_KSC5601 };

struct jis_decoder {
        GString *out;
        size_t *replaced;
        enum encoding_id pending_encoding;
        GString *pending; /* bytes for that converter: the sets that CP932 does not have */
};

static void decoder_open(struct jis_decoder *d, GString *out, size_t *replaced)
{
        *d = (struct jis_decoder){ .out = out, .replaced = replaced, .pending = g_string_new(NULL) };
}

static inline void decoder_flush(struct jis_decoder *d)
{
        if (d->pending->len == 0)
                return;
        encoding_decode(encoding_get(d->pending_encoding), d->pending->str, d->pending->len, d->out, d->replaced);
        g_string_truncate(d->pending, 0);
}

static void decoder_close(struct jis_decoder *d)
{
        decoder_flush(d);
        g_string_free(d->pending, TRUE);
}

/* A character, or 0 for what means nothing. */
static inline void decoder_put(struct jis_decoder *d, gunichar c)
{
        if (d->pending->len > 0)
                decoder_flush(d);
        if (c != 0)
                charset_put(d->out, c);
        else
                charset_append_replacement(d->out, d->replaced);
}

static inline void put_single(struct jis_decoder *d, unsigned char c)
{
        if (c >= 0xA1 && c <= 0xDF)
                decoder_put(d, 0xFF61u + c - 0xA1u);
        else
                decoder_put(d, c < 0x80 ? c : 0);
}

static inline void put_x0208(struct jis_decoder *d, unsigned char row, unsigned char cell)
{
        decoder_put(d, charset_x0208_pair(row, cell));
}

static void put_pair(struct jis_decoder *d, enum jis_set set, unsigned char row, unsigned char cell)
{
        static const enum encoding_id by_set[] = {
                [SET_X0212] = ENCODING_EUCJPMS,    [SET_X0213_1] = ENCODING_JISX0213, [SET_X0213_2] = ENCODING_JISX0213,
                [SET_GB2312] = ENCODING_GB18030,   [SET_KSC5601] = ENCODING_EUCKR,
        };
        if (set == SET_X0208) {
                put_x0208(d, row, cell);
                return;
        }
        if (d->pending_encoding != by_set[set])
                decoder_flush(d);
        d->pending_encoding = by_set[set];
        if (set == SET_X0212 || set == SET_X0213_2)
                g_string_append_c(d->pending, (char) 0x8F);
        g_string_append_c(d->pending, (char) (row | 0x80));
        g_string_append_c(d->pending, (char) (cell | 0x80));
}

/* The escape sequences, without ESC. Those with a '(' before the final are the long form of the same set. */
static const struct { const char *bytes; enum jis_set set; bool changes_set; } escapes[] = {
        { "(B", SET_ASCII, true },      { "(J", SET_ASCII, true },       { "(H", SET_ASCII, true },
        { "(I", SET_KATAKANA, true },   { "$@", SET_X0208, true },       { "$B", SET_X0208, true },
        { "$(@", SET_X0208, true },     { "$(B", SET_X0208, true },      { "$(D", SET_X0212, true },
        { "$(O", SET_X0213_1, true },   { "$(Q", SET_X0213_1, true },    { "$(P", SET_X0213_2, true },
        { "$A", SET_GB2312, true },     { "$(A", SET_GB2312, true },     { "$(C", SET_KSC5601, true },
        { "&@", SET_ASCII, false }, /* JIS X 0208-1990 follows; the pair of escapes means the same set here */
};

/* p points behind ESC. Returns how many bytes of a known sequence follow, 0 for none. */
static size_t read_escape(const unsigned char *p, const unsigned char *end, enum jis_set *set)
{
        if (end - p >= 2 && p[1] == 'B' && (p[0] == '(' || p[0] == '$')) { /* nearly all of them */
                *set = p[0] == '(' ? SET_ASCII : SET_X0208;
                return 2;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++) {
                size_t length = strlen(escapes[i].bytes);
                if ((size_t) (end - p) < length || memcmp(p, escapes[i].bytes, length) != 0)
                        continue;
                if (escapes[i].changes_set)
                        *set = escapes[i].set;
                return length;
        }
        return 0;
}

static bool is_pair_byte(unsigned char c)
{
        return c >= 0x21 && c <= 0x7E;
}

bool charset_has_jis_escape(const char *data, size_t size)
{
        const unsigned char *p = (const unsigned char *) data, *end = p + size;
        while ((p = memchr(p, ESC, (size_t) (end - p)))) {
                enum jis_set set = SET_ASCII;
                if (read_escape(++p, end, &set) > 0 && set != SET_ASCII)
                        return true;
        }
        return false;
}

/* One byte in ASCII or katakana. JIS8 has katakana above 0x7F in any state. */
static void decode_single(struct jis_decoder *d, enum jis_set set, unsigned char c)
{
        if (set == SET_KATAKANA && c >= 0x21 && c <= 0x5F)
                put_single(d, c | 0x80);
        else
                put_single(d, c);
}

/* One step inside a two-byte set; returns the bytes used. Spaces and controls between pairs stand for themselves. */
static size_t decode_double(struct jis_decoder *d, enum jis_set set, const unsigned char *p, const unsigned char *end)
{
        if (p[0] <= 0x20 || p[0] == 0x7F) {
                put_single(d, p[0]);
                return 1;
        }
        if (is_pair_byte(p[0]) && end - p >= 2 && is_pair_byte(p[1])) {
                put_pair(d, set, p[0], p[1]);
                return 2;
        }
        decoder_put(d, 0);
        return 1;
}

/* To ASCII, or to katakana, which hardly anyone writes behind ASCII. */
static bool is_shift_from_kanji(const unsigned char *p, const unsigned char *end)
{
        return end - p >= 3 && p[0] == ESC && p[1] == '(' && (p[2] == 'B' || p[2] == 'J' || p[2] == 'I');
}

/* p stands behind a line end or an encoded word's end inside kanji. A program that cuts lines without looking into them
 * leaves the rest of the kanji behind; what tells is that they are then ended by a shift to ASCII, which would change
 * nothing in ASCII. ret_until is where the shift stands. */
static bool kanji_go_on(const unsigned char *p, const unsigned char *end, const unsigned char **ret_until)
{
        size_t pairs = 0;
        for (; end - p >= 2 && *p != ESC; pairs++) {
                if (*p == '\n' || *p == '\r') {
                        p++;
                        continue;
                }
                if (!is_pair_byte(p[0]) || !is_pair_byte(p[1]) || charset_x0208_pair(p[0], p[1]) == 0)
                        return false;
                p += 2;
        }
        *ret_until = p;
        return pairs > 0 && is_shift_from_kanji(p, end);
}

static bool katakana_go_on(const unsigned char *p, const unsigned char *end)
{
        const unsigned char *start = p;
        while (p < end && *p >= 0x21 && *p <= 0x5F)
                p++;
        return p > start && end - p >= 3 && p[0] == ESC && p[2] != 'I';
}

bool charset_jis_goes_on(const char *data, size_t before, size_t size)
{
        const unsigned char *p = (const unsigned char *) data, *cut = p + before, *end = p + size;
        enum jis_set set = SET_ASCII;
        const unsigned char *shifted = p; /* behind the last escape sequence */
        for (; p < cut; p++) {
                if (*p != ESC)
                        continue;
                size_t length = read_escape(p + 1, cut, &set);
                if (length > 0)
                        shifted = p + 1 + length;
        }
        if (set == SET_KATAKANA)
                return katakana_go_on(cut, end);
        bool inside_pair = (cut - shifted) % 2 != 0;
        return set == SET_X0208 && cut < end && (inside_pair || kanji_go_on(cut, end, &shifted));
}

/* Printable ASCII and spaces stand for themselves: what most of a page is made of. Returns where they end. */
static const unsigned char *put_plain(struct jis_decoder *d, const unsigned char *p, const unsigned char *end)
{
        const unsigned char *start = p;
        for (guint64 word; (size_t) (end - p) >= sizeof word; p += sizeof word) {
                memcpy(&word, p, sizeof word);
                if (((word - 0x2020202020202020u) | word | (word + 0x0101010101010101u)) & 0x8080808080808080u)
                        break;
        }
        while (p < end && ((*p >= 0x20 && *p < 0x7F) || *p == '\t'))
                p++;
        if (p > start) {
                decoder_flush(d);
                g_string_append_len(d->out, (const char *) start, p - start);
        }
        return p;
}

#define PAIRS_AT_ONCE 64

/* Pairs that CP932 has and UTF-8 has in three bytes, up to the first that is none. */
static const unsigned char *put_pairs(struct jis_decoder *d, const unsigned char *p, const unsigned char *end)
{
        decoder_flush(d);
        while (true) {
                gsize used = d->out->len;
                g_string_set_size(d->out, used + PAIRS_AT_ONCE * 3);
                char *to = d->out->str + used, *room = to + PAIRS_AT_ONCE * 3;
                while (to < room && end - p >= 2) {
                        gunichar c = is_pair_byte(p[0]) && is_pair_byte(p[1]) ? charset_x0208_pair(p[0], p[1]) : 0;
                        if (c < 0x800)
                                break;
                        *to++ = (char) (0xE0 | c >> 12);
                        *to++ = (char) (0x80 | (c >> 6 & 0x3F));
                        *to++ = (char) (0x80 | (c & 0x3F));
                        p += 2;
                }
                g_string_truncate(d->out, (gsize) (to - d->out->str));
                if (to < room)
                        return p;
        }
}

void charset_decode_iso2022jp(const char *data, size_t size, GString *out, size_t *replaced)
{
        const unsigned char *p = (const unsigned char *) data, *end = p + size;
        const unsigned char *go_on_until = p; /* the kanji up to there are known to go on over line ends */
        enum jis_set set = SET_ASCII;
        bool shifted = false; /* SO: katakana until SI, whatever the set */
        struct jis_decoder d;
        decoder_open(&d, out, replaced);

        while (p < end) {
                if (*p == ESC) {
                        size_t length = read_escape(++p, end, &set);
                        p += length;
                        if (length == 0)
                                decoder_put(&d, 0);
                } else if (*p == SO || *p == SI) {
                        shifted = *p++ == SO;
                } else if (*p == '\n' || *p == '\r') { /* each line starts anew (RFC 1468) */
                        put_single(&d, *p++);
                        if (set != SET_X0208 || (p > go_on_until && !kanji_go_on(p, end, &go_on_until)))
                                set = SET_ASCII;
                        shifted = false;
                } else if (!shifted && set == SET_ASCII && *p >= 0x20 && *p < 0x7F) {
                        p = put_plain(&d, p, end);
                } else if (shifted || set <= SET_KATAKANA) {
                        decode_single(&d, shifted ? SET_KATAKANA : set, *p++);
                } else {
                        const unsigned char *behind = set == SET_X0208 ? put_pairs(&d, p, end) : p;
                        p = behind > p ? behind : p + decode_double(&d, set, p, end);
                }
        }
        decoder_close(&d);
}

void charset_decode_eucjp(const char *data, size_t size, GString *out, size_t *replaced)
{
        const unsigned char *p = (const unsigned char *) data, *end = p + size;
        struct jis_decoder d;
        decoder_open(&d, out, replaced);

        while (p < end) {
                bool second = end - p >= 2 && p[1] >= 0xA1 && p[1] <= 0xFE;
                bool third = end - p >= 3 && p[2] >= 0xA1 && p[2] <= 0xFE;
                if (*p < 0x80) {
                        put_single(&d, *p++);
                } else if (*p == 0x8E && second && p[1] <= 0xDF) {
                        put_single(&d, p[1]);
                        p += 2;
                } else if (*p == 0x8F && second && third) {
                        put_pair(&d, SET_X0212, p[1] & 0x7F, p[2] & 0x7F);
                        p += 3;
                } else if (*p >= 0xA1 && *p <= 0xFE && second) {
                        put_x0208(&d, p[0] & 0x7F, p[1] & 0x7F);
                        p += 2;
                } else {
                        decoder_put(&d, 0);
                        p++;
                }
        }
        decoder_close(&d);
}
