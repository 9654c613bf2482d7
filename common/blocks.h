/* SPDX-License-Identifier: MIT */
/*
 * Bytes looked at by blocks, where the processor can: BY_BLOCKS says so. Elsewhere the same is done byte by byte or
 * character by character; WITHOUT_BLOCKS asks for that, with which a test compiles both and compares them.
 */
#ifndef COMMON_BLOCKS_H
#define COMMON_BLOCKS_H

#include <glib.h>
#include <stddef.h>
#include <string.h>

#define BLOCK_BYTES ((ptrdiff_t) 16)

#if defined(__SSE2__) && !defined(WITHOUT_BLOCKS)
#define BY_BLOCKS 1
#include <emmintrin.h>

#define BLOCK_BITS 0xFFFFu /* what is asked of each byte of a block is answered by a bit, the lowest for the first */

static inline __m128i load_block(const void *p)
{
        return _mm_loadu_si128(p);
}

static inline void store_block(void *p, __m128i block)
{
        _mm_storeu_si128(p, block);
}

static inline guint64 load_word(const unsigned char *p)
{
        guint64 word;
        memcpy(&word, p, sizeof word);
        return word;
}

static inline guint32 load_half_word(const unsigned char *p)
{
        guint32 word;
        memcpy(&word, p, sizeof word);
        return word;
}

/* Fewer bytes than a block has, with NULs behind them; nothing beyond is read. Most texts are short, or end so. */
static inline __m128i load_rest(const unsigned char *p, size_t size)
{
        guint64 low = 0, high = 0;
        if (size >= 8) {
                low = load_word(p);
                high = size > 8 ? load_word(p + size - 8) >> (16 - size) * 8 : 0;
        } else if (size >= 4) {
                low = load_half_word(p) | (guint64) load_half_word(p + size - 4) << (size - 4) * 8;
        } else if (size > 0) {
                low = p[0] | (guint64) p[size / 2] << size / 2 * 8 | (guint64) p[size - 1] << (size - 1) * 8;
        }
        return _mm_set_epi64x((gint64) high, (gint64) low);
}

static inline unsigned bits_of(__m128i bytes)
{
        return (unsigned) _mm_movemask_epi8(bytes);
}

static inline __m128i is_byte(__m128i bytes, unsigned char byte)
{
        return _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char) byte));
}

/* Moved so that those from first to last are the highest signed bytes. */
static inline __m128i is_within(__m128i bytes, unsigned char first, unsigned char last)
{
        const __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8((char) (127 - last)));
        return _mm_cmpgt_epi8(moved, _mm_set1_epi8((char) (126 - (last - first))));
}

/* No ASCII, or a control other than tabs and line ends. */
static inline __m128i is_odd(__m128i bytes)
{
        const __m128i usual = _mm_or_si128(_mm_or_si128(is_byte(bytes, '\t'), is_byte(bytes, '\n')), is_byte(bytes, '\r'));
        /* as signed bytes, one higher: 0x7F is the lowest, and 0x80 and above are below 0x21, too */
        const __m128i higher = _mm_add_epi8(bytes, _mm_set1_epi8(1));
        return _mm_andnot_si128(usual, _mm_cmplt_epi8(higher, _mm_set1_epi8(' ' + 1)));
}

#endif

#endif
