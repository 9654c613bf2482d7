/* SPDX-License-Identifier: MIT */
/* Which bytes of a block (ARCHIVE_TEXT_BLOCK) need a closer look: bit 0 is the first one's. */
#ifndef STORE_ARCHIVE_SCAN_P_H
#define STORE_ARCHIVE_SCAN_P_H

#include <stddef.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "store/archive_text.h"

/* The bits of so many bytes (1 to a block) at its beginning. */
static inline unsigned archive_scan_first(size_t bytes)
{
        return 0xFFFFu >> (ARCHIVE_TEXT_BLOCK - bytes);
}

#ifdef __SSE2__
/* Bytes that are & < > " or '. In ASCII & and ' differ in one bit, < and > too. */
static inline unsigned archive_scan_html(const char *block)
{
        __m128i bytes = _mm_loadu_si128((const __m128i *) (const void *) block);
        __m128i found = _mm_or_si128(
                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                _mm_or_si128(_mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8('&' ^ '\'')), _mm_set1_epi8('&' | '\'')),
                             _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8('<' ^ '>')), _mm_set1_epi8('<' | '>'))));
        return (unsigned) _mm_movemask_epi8(found);
}

/* Bytes that are " or \. */
static inline unsigned archive_scan_json(const char *block)
{
        __m128i bytes = _mm_loadu_si128((const __m128i *) (const void *) block);
        return (unsigned) _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                         _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
}
#else
static inline unsigned archive_scan_html(const char *block)
{
        unsigned found = 0;
        for (size_t i = 0; i < ARCHIVE_TEXT_BLOCK; i++)
                found |= (unsigned) (block[i] && strchr("&<>\"'", block[i])) << i;
        return found;
}

static inline unsigned archive_scan_json(const char *block)
{
        unsigned found = 0;
        for (size_t i = 0; i < ARCHIVE_TEXT_BLOCK; i++)
                found |= (unsigned) (block[i] == '"' || block[i] == '\\') << i;
        return found;
}
#endif

#endif
