/* SPDX-License-Identifier: MIT */
/* The part of text.h that tells text which is in comparison form already, as most lines are. */
#include <string.h>

#include "common/text.h"
#include "common/text_p.h"

static inline bool is_plain_ascii(const unsigned char *p)
{
        return *p > 0x20 && *p < 0x7F;
}

/* Of the characters from U+3000 to U+9FFF those that are their own simple form: by the first two bytes of the UTF-8, a
 * bit for each third byte. Kana and kanji stand in each other's place so often that the processor would guess a branch
 * for each kind wrongly. */
#define ALL_BITS G_GUINT64_CONSTANT(0xFFFFFFFFFFFFFFFF)
static const guint64 plain_wide[7][64] = {
        [0] = { [0x00] = G_GUINT64_CONSTANT(0x00000001EFFFFFFE), /* U+3001 to U+3020 without the wave dash, U+301C */
                [0x01] = ~G_GUINT64_CONSTANT(1), /* U+3041 */
                [0x02] = G_GUINT64_CONSTANT(0xFFFFFFFE007FFFFF), /* up to U+3096, from U+30A1 */
                [0x03] = ALL_BITS >> 1 }, /* up to U+30FE */
        [1] = { [0x38 ... 0x3F] = ALL_BITS }, /* from U+4E00 */
        [2 ... 6] = { [0x00 ... 0x3F] = ALL_BITS },
};

static inline bool is_plain_wide(const unsigned char *p)
{
        unsigned first = p[0] - 0xE3u;
        return first <= 6 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80 &&
               (plain_wide[first][p[1] & 0x3F] >> (p[2] & 0x3F) & 1);
}

/* The bytes of the character at p if it is its own simple form and no space; else 0. */
size_t text_plain_size(const unsigned char *p)
{
        return is_plain_ascii(p) ? 1 : is_plain_wide(p) ? 3 : 0;
}

#if defined(__SSE2__)

/* Whether the block begins with five characters of which is_plain_wide holds; it says no of some that are rare. What is
 * computed counts at the places of their first bytes. Bytes are compared as signed ones: 0x80 is the lowest. */
static inline bool is_plain_block(__m128i block)
{
        const __m128i other = _mm_cmplt_epi8(block, _mm_set1_epi8((char) 0xC0));
        const __m128i whole = _mm_and_si128(_mm_srli_si128(other, 1), _mm_srli_si128(other, 2));
        const __m128i second = _mm_srli_si128(block, 1), third = _mm_srli_si128(block, 2);
        /* from U+4E00 */
        const __m128i first_kanji = _mm_and_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8((char) 0xE4)),
                                                  _mm_cmpgt_epi8(second, _mm_set1_epi8((char) 0xB7)));
        const __m128i kanji = _mm_or_si128(is_within(block, 0xE5, 0xE9), first_kanji);
        /* U+3000 to U+30FF, by the last eight bits */
        const __m128i page = _mm_and_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8((char) 0xE3)),
                                           _mm_cmplt_epi8(second, _mm_set1_epi8((char) 0x84)));
        const __m128i low = _mm_or_si128(_mm_and_si128(_mm_slli_epi16(second, 6), _mm_set1_epi8((char) 0xC0)),
                                         _mm_and_si128(third, _mm_set1_epi8(0x3F)));
        const __m128i kana = _mm_or_si128(is_within(low, 0x41, 0x96), is_within(low, 0xA1, 0xFE));
        const __m128i plain = _mm_or_si128(kanji, _mm_and_si128(page, _mm_or_si128(kana, is_within(low, 0x01, 0x1B))));
        return (_mm_movemask_epi8(_mm_and_si128(whole, plain)) & 0x1249) == 0x1249;
}

static inline const unsigned char *skip_plain_blocks(const unsigned char *p, const unsigned char *end)
{
        while (end - p >= BLOCK_BYTES && is_plain_block(load_block(p)))
                p += 15;
        return p;
}

#else

static inline const unsigned char *skip_plain_blocks(const unsigned char *p, const unsigned char *end)
{
        (void) end;
        return p;
}

#endif

/* Where the first character is that may not stay as it is. Most lines have none: single spaces between plain
 * characters. A NUL stands at the end. */
const char *text_skip_plain(const char *text, size_t size, struct text_plain_run *run)
{
        const unsigned char *p = (const unsigned char *) text, *end = p + size, *last = p;
        for (const unsigned char *start = NULL; p != start;) {
                start = p;
                while (is_plain_ascii(p))
                        p++;
                if (p > start)
                        last = p - 1;
                const unsigned char *wide = p;
                p = skip_plain_blocks(p, end);
                while (is_plain_wide(p))
                        p += 3;
                if (p > wide)
                        last = p - 3;
                run->wide_bytes += (size_t) (p - wide);
                if (p > start && *p == ' ') {
                        run->has_space = true;
                        p++;
                }
        }
        bool is_whole = !*p && (p == last || p[-1] != ' ');
        return (const char *) (is_whole ? p : last); /* what follows may join the last one */
}

const char *text_end_of_plain(const char *text, const char *end)
{
        const unsigned char *p = (const unsigned char *) text, *start;
        do {
                start = p;
                while (is_plain_ascii(p))
                        p++;
                p = skip_plain_blocks(p, (const unsigned char *) end);
                while (is_plain_wide(p))
                        p += 3;
        } while (p != start);
        return (const char *) p;
}

bool text_is_plain(const char *text)
{
        struct text_plain_run run = { 0 };
        return *text_skip_plain(text, strlen(text), &run) == '\0';
}

bool text_measure_plain(const char *text, size_t size, struct text_shape *ret_shape)
{
        struct text_plain_run run = { 0 };
        if (text_skip_plain(text, size, &run) != text + size)
                return false;
        *ret_shape = (struct text_shape){ .columns = size - run.wide_bytes / 3, .has_space = run.has_space };
        return true;
}
