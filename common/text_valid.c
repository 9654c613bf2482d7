/* SPDX-License-Identifier: MIT */
/* The part of text.h that says whether bytes are text. */
#include "common/blocks.h"
#include "common/text.h"

#if defined(BY_BLOCKS)

/* The bytes that a block begins with and that make up whole characters, ASCII or wide ones; the block begins with a
 * character. Each first byte of a wide one must have two of the others behind it, and these must stand nowhere else. */
static inline unsigned measure_block(__m128i block)
{
        unsigned odd = bits_of(is_odd(block));
        if (odd == 0)
                return (unsigned) BLOCK_BYTES;
        unsigned leads = bits_of(is_within(block, 0xE1, 0xEC));
        unsigned others = bits_of(_mm_cmplt_epi8(block, _mm_set1_epi8((char) 0xC0)));
        if ((leads & 0x7FFF) == 0x1249 && (others & 0x7FFF) == 0x6DB6)
                return 15; /* five wide characters */
        unsigned wrong = (odd ^ (leads | others)) | (others ^ (leads << 1 | leads << 2));
        unsigned sound = (unsigned) __builtin_ctz(wrong | 1u << BLOCK_BYTES);
        /* not a character of which the end is beyond */
        unsigned cut = leads & (sound > 2 ? 3u << (sound - 2) : 3u);
        return cut ? MIN(sound, (unsigned) __builtin_ctz(cut)) : sound;
}

/* Skips ASCII and wide characters by blocks, up to the first byte that is neither, or near the end. */
static inline const unsigned char *skip_blocks(const unsigned char *p, const unsigned char *end)
{
        for (unsigned size = 1; size > 0 && end - p >= BLOCK_BYTES; p += size)
                size = measure_block(load_block(p));
        return p;
}

#else

static inline const unsigned char *skip_blocks(const unsigned char *p, const unsigned char *end)
{
        (void) end;
        return p;
}

#endif

bool text_is_clean(const char *text, size_t size)
{
        const unsigned char *p = (const unsigned char *) text, *end = p + size;
        while ((p = skip_blocks(p, end)) < end) {
                if (*p < 0x80) {
                        if ((*p < 0x20 && *p != '\n' && *p != '\r' && *p != '\t') || *p == 0x7F)
                                return false;
                        p++;
                        continue;
                }
                gunichar c = g_utf8_get_char_validated((const char *) p, end - p);
                if (c >= (gunichar) -2 || c < 0xA0 || (c & 0xFFFE) == 0xFFFE)
                        return false;
                p = (const unsigned char *) g_utf8_next_char(p);
        }
        return true;
}

#if defined(BY_BLOCKS)

/* The bytes of a block that are in no character, but for NULs, and those that ask for a longer look: the first ones of
 * characters from U+0800, U+D000 and U+10000. What the first two bytes are depends on what is before them. */
static inline unsigned find_wrong(__m128i block)
{
        const __m128i others = _mm_cmplt_epi8(block, _mm_set1_epi8((char) 0xC0));
        /* 0x80 and above where one of the others must be */
        const __m128i second = _mm_subs_epu8(_mm_slli_si128(block, 1), _mm_set1_epi8(0xC0 - 0x80));
        const __m128i third = _mm_subs_epu8(_mm_slli_si128(block, 2), _mm_set1_epi8(0xE0 - 0x80));
        const __m128i misplaced = _mm_xor_si128(others, _mm_or_si128(second, third));
        const __m128i overlong = _mm_or_si128(is_within(block, 0xC0, 0xC1), is_byte(block, 0xE0));
        const __m128i surrogate = is_byte(block, 0xED);
        const __m128i four = is_within(block, 0xF0, 0xFF);
        return bits_of(_mm_or_si128(_mm_or_si128(misplaced, overlong), _mm_or_si128(surrogate, four)));
}

static inline unsigned find_nuls(__m128i block)
{
        return bits_of(_mm_cmpeq_epi8(block, _mm_setzero_si128()));
}

/* Says no also of what asks for a longer look. Each block begins with two bytes of the one before, which tell of what
 * follows them. */
static bool is_valid_by_blocks(const unsigned char *text, size_t size)
{
        if (size < BLOCK_BYTES) {
                const __m128i block = load_rest(text, size);
                return find_wrong(block) == 0 && find_nuls(block) == (BLOCK_BITS & ~0u << size);
        }
        const unsigned char *p = text, *last = text + size - BLOCK_BYTES;
        for (unsigned judged = 0; p < last; p += BLOCK_BYTES - 2, judged = 3) {
                const __m128i block = load_block(p);
                if ((find_wrong(block) & ~judged) | find_nuls(block))
                        return false;
        }
        const __m128i block = load_block(last);
        bool is_cut = last[BLOCK_BYTES - 1] >= 0xC0 || last[BLOCK_BYTES - 2] >= 0xE0;
        return (find_wrong(block) & (last > text ? ~3u : ~0u)) == 0 && find_nuls(block) == 0 && !is_cut;
}

#else

static bool is_valid_by_blocks(const unsigned char *text, size_t size)
{
        (void) text;
        return size == 0;
}

#endif

bool text_is_valid(const char *text, size_t size)
{
        return is_valid_by_blocks((const unsigned char *) text, size) || g_utf8_validate_len(text, size, NULL);
}
