/* SPDX-License-Identifier: MIT */
/*
 * Bytes looked at by blocks, where the processor can: BY_BLOCKS says so. Elsewhere the same is done byte by byte or
 * character by character; WITHOUT_BLOCKS asks for that, with which a test compiles both and compares them.
 *
 * A file that defines WIDE_BLOCKS has blocks of twice the size. What it does with them is marked BLOCK_CODE, and called
 * only where has_wide_blocks() says yes.
 */
#ifndef COMMON_BLOCKS_H
#define COMMON_BLOCKS_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define WIDE_BLOCK_BYTES ((ptrdiff_t) 32)

#if defined(__SSE2__) && !defined(WITHOUT_BLOCKS)
#define BY_BLOCKS 1
#include <immintrin.h>

static inline bool has_wide_blocks(void)
{
#if defined(WITHOUT_WIDE_BLOCKS) /* as WITHOUT_BLOCKS */
        return false;
#else
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
#endif
}

#endif

#if defined(WIDE_BLOCKS) && defined(BY_BLOCKS)

#define BLOCK_CODE __attribute__((target("avx2,popcnt")))
#define BLOCK_OP(name) _mm256_##name
#define BLOCK_BYTES WIDE_BLOCK_BYTES
#define BLOCK_BITS 0xFFFFFFFFu
typedef __m256i byte_block;

static inline BLOCK_CODE byte_block load_block(const void *p)
{
        return _mm256_loadu_si256(p);
}

static inline BLOCK_CODE void store_block(void *p, byte_block bytes)
{
        _mm256_storeu_si256(p, bytes);
}

/* Each byte in the place of the one that is so many before or behind it; zeros come in. */
#define move_down(bytes, by) _mm256_alignr_epi8(_mm256_permute2x128_si256(bytes, bytes, 0x81), bytes, by)
#define move_up(bytes, by) _mm256_alignr_epi8(bytes, _mm256_permute2x128_si256(bytes, bytes, 0x08), 16 - (by))

#elif defined(BY_BLOCKS)

#define BLOCK_CODE
#define BLOCK_OP(name) _mm_##name
#define BLOCK_BYTES ((ptrdiff_t) 16)
#define BLOCK_BITS 0xFFFFu /* what is asked of each byte of a block is answered by a bit, the lowest for the first */
typedef __m128i byte_block;

static inline byte_block load_block(const void *p)
{
        return _mm_loadu_si128(p);
}

static inline void store_block(void *p, byte_block bytes)
{
        _mm_storeu_si128(p, bytes);
}

#define move_down(bytes, by) _mm_srli_si128(bytes, by)
#define move_up(bytes, by) _mm_slli_si128(bytes, by)

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

#else

#define BLOCK_BYTES ((ptrdiff_t) 16)

#endif

#if defined(BY_BLOCKS)

static inline BLOCK_CODE unsigned bits_of(byte_block bytes)
{
        return (unsigned) BLOCK_OP(movemask_epi8)(bytes);
}

static inline BLOCK_CODE byte_block is_byte(byte_block bytes, unsigned char byte)
{
        return BLOCK_OP(cmpeq_epi8)(bytes, BLOCK_OP(set1_epi8)((char) byte));
}

/* Bytes are compared as signed ones: 0x80 is the lowest. */
static inline BLOCK_CODE byte_block is_above(byte_block bytes, unsigned char byte)
{
        return BLOCK_OP(cmpgt_epi8)(bytes, BLOCK_OP(set1_epi8)((char) byte));
}

static inline BLOCK_CODE byte_block is_below(byte_block bytes, unsigned char byte)
{
        return BLOCK_OP(cmpgt_epi8)(BLOCK_OP(set1_epi8)((char) byte), bytes);
}

/* Moved so that those from first to last are the highest signed bytes. */
static inline BLOCK_CODE byte_block is_within(byte_block bytes, unsigned char first, unsigned char last)
{
        const byte_block moved = BLOCK_OP(add_epi8)(bytes, BLOCK_OP(set1_epi8)((char) (127 - last)));
        return is_above(moved, (unsigned char) (126 - (last - first)));
}

/* No ASCII, or a control other than tabs and line ends. */
static inline BLOCK_CODE byte_block is_odd(byte_block bytes)
{
        const byte_block usual = is_byte(bytes, '\t') | is_byte(bytes, '\n') | is_byte(bytes, '\r');
        /* as signed bytes, one higher: 0x7F is the lowest, and 0x80 and above are below 0x21, too */
        return ~usual & is_below(BLOCK_OP(add_epi8)(bytes, BLOCK_OP(set1_epi8)(1)), ' ' + 1);
}

#endif

#endif
