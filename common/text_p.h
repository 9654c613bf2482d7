/* SPDX-License-Identifier: MIT */
/* Only for text*.c: looking at text by blocks, and which characters text_normalize leaves as they are. */
#ifndef COMMON_TEXT_P_H
#define COMMON_TEXT_P_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__SSE2__)
#include <emmintrin.h>

#define BLOCK_BYTES ((ptrdiff_t) sizeof(__m128i))

static inline __m128i load_block(const unsigned char *p)
{
        return _mm_loadu_si128((const __m128i *) (const void *) p);
}

static inline __m128i is_within(__m128i bytes, unsigned char first, unsigned char last)
{
        const __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8((char) first));
        return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8((char) (last - first))), above);
}

#endif

/* The bytes of the character at p if it is its own simple form and no space; else 0. */
size_t text_plain_size(const unsigned char *p);

/* What text_skip_plain has gone over. */
struct text_plain_run {
        size_t wide_bytes; /* of characters of three bytes */
        bool has_space;
};

/* Where the first character is that may not stay as it is; a NUL stands at the end. */
const char *text_skip_plain(const char *text, size_t size, struct text_plain_run *run);

/* Where the first character is that is not plain, spaces included, or the end, where a NUL stands. */
const char *text_end_of_plain(const char *text, const char *end);

#endif
