/* SPDX-License-Identifier: MIT */
/* The part of text.h that says whether bytes are text. */
#include "common/text.h"
#include "common/text_p.h"

/* A character of three bytes from U+1000 to U+CFFF: kana, kanji and their punctuation. */
static inline bool is_wide(const unsigned char *p)
{
        return p[0] >= 0xE1 && p[0] <= 0xEC && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80;
}

#if defined(__SSE2__)

/* The bytes of a block that are no ASCII or a control, a bit each. Of controls only NUL counts where others may be. */
static inline unsigned find_odd(__m128i block, bool controls_may_be)
{
        if (controls_may_be)
                return (unsigned) _mm_movemask_epi8(_mm_cmpgt_epi8(block, _mm_setzero_si128())) ^ 0xFFFFu;
        const __m128i tab = _mm_cmpeq_epi8(block, _mm_set1_epi8('\t'));
        const __m128i feed = _mm_cmpeq_epi8(block, _mm_set1_epi8('\n'));
        const __m128i usual = _mm_or_si128(_mm_or_si128(tab, feed), _mm_cmpeq_epi8(block, _mm_set1_epi8('\r')));
        const __m128i odd = _mm_andnot_si128(usual, _mm_cmplt_epi8(block, _mm_set1_epi8(' ')));
        return (unsigned) _mm_movemask_epi8(_mm_or_si128(odd, _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7F))));
}

/* The bytes that a block begins with and that make up whole characters, ASCII or wide ones; the block begins with a
 * character. Each first byte of a wide one must have two of the others behind it, and these must stand nowhere else. */
static inline unsigned measure_block(__m128i block, bool controls_may_be)
{
        unsigned odd = find_odd(block, controls_may_be);
        if (odd == 0)
                return (unsigned) BLOCK_BYTES;
        unsigned leads = (unsigned) _mm_movemask_epi8(is_within(block, 0xE1, 0xEC));
        unsigned others = (unsigned) _mm_movemask_epi8(_mm_cmplt_epi8(block, _mm_set1_epi8((char) 0xC0)));
        if ((leads & 0x7FFF) == 0x1249 && (others & 0x7FFF) == 0x6DB6)
                return 15; /* five wide characters */
        unsigned wrong = (odd ^ (leads | others)) | (others ^ (leads << 1 | leads << 2));
        unsigned sound = (unsigned) __builtin_ctz(wrong | 1u << BLOCK_BYTES);
        /* not a character of which the end is beyond */
        unsigned cut = leads & (sound > 2 ? 3u << (sound - 2) : 3u);
        return cut ? MIN(sound, (unsigned) __builtin_ctz(cut)) : sound;
}

/* Skips ASCII and wide characters by blocks, up to the first byte that is neither, or near the end. */
static inline const unsigned char *skip_blocks(const unsigned char *p, const unsigned char *end, bool controls_may_be)
{
        for (unsigned size = 1; size > 0 && end - p >= BLOCK_BYTES; p += size)
                size = measure_block(load_block(p), controls_may_be);
        return p;
}

#else

static inline const unsigned char *skip_blocks(const unsigned char *p, const unsigned char *end, bool controls_may_be)
{
        (void) end;
        (void) controls_may_be;
        return p;
}

#endif

bool text_is_clean(const char *text, size_t size)
{
        const unsigned char *p = (const unsigned char *) text, *end = p + size;
        while ((p = skip_blocks(p, end, false)) < end) {
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

#define SINGLE_MAX 6u /* characters looked at one by one before the next try to skip many */

/* ASCII and the characters of three bytes, which nearly all text is made of, are looked at here. */
bool text_is_valid(const char *text, size_t size)
{
        const unsigned char *p = (const unsigned char *) text, *end = p + size;
        while ((p = skip_blocks(p, end, true)) < end) {
                const unsigned char *start = p;
                for (unsigned i = 0; i < SINGLE_MAX && p < end && *p > 0 && *p < 0x80; i++)
                        p++;
                for (unsigned i = 0; i < SINGLE_MAX && end - p >= 3 && is_wide(p); i++)
                        p += 3;
                if (end - p >= 3 && p[0] == 0xEF && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80)
                        p += 3; /* full-width letters */
                if (p == start)
                        return g_utf8_validate_len((const char *) p, (gsize) (end - p), NULL);
        }
        return true;
}
