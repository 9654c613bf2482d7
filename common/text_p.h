/* SPDX-License-Identifier: MIT */
/* Only for text*.c: looking at text by blocks, and which characters text_normalize leaves as they are. */
#ifndef COMMON_TEXT_P_H
#define COMMON_TEXT_P_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Where there are no blocks the same is done character by character; a test compiles both and compares them. */
#if defined(__SSE2__) && !defined(TEXT_WITHOUT_BLOCKS)
#define TEXT_BY_BLOCKS 1
#include <emmintrin.h>

#define BLOCK_BYTES ((ptrdiff_t) sizeof(__m128i))
#define BLOCK_BITS 0xFFFFu /* what is asked of each byte of a block is answered by a bit, the lowest for the first */

static inline __m128i load_block(const unsigned char *p)
{
        return _mm_loadu_si128((const __m128i *) (const void *) p);
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

/* Moved so that those from first to last are the highest signed bytes. */
static inline __m128i is_within(__m128i bytes, unsigned char first, unsigned char last)
{
        const __m128i moved = _mm_add_epi8(bytes, _mm_set1_epi8((char) (127 - last)));
        return _mm_cmpgt_epi8(moved, _mm_set1_epi8((char) (126 - (last - first))));
}

#endif

static inline bool is_ascii_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The bytes of the character at p if it is its own simple form and no space; else 0. */
size_t text_plain_size(const unsigned char *p);

/* What text_skip_plain has gone over, if that is the whole text. */
struct text_plain_run {
        size_t wide_chars; /* of three bytes */
        unsigned spaces;   /* not 0: there are some */
};

/* Where the first character is that may not stay as it is; a NUL stands at the end. */
const char *text_skip_plain(const char *text, size_t size, struct text_plain_run *run);

/* Copies plain characters, without the ASCII white space between them, up to the end, where a NUL stands, or up to the
 * first that is not plain, and returns where that is. *to has room for all the text and TEXT_COPY_ROOM bytes more. */
#define TEXT_COPY_ROOM 16
const char *text_copy_unspaced(const char *text, const char *end, char **to);

#endif
