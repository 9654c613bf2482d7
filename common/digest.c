/* SPDX-License-Identifier: MIT */
#include "common/digest.h"

#include <glib.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static void digest_by_glib(const void *data, size_t size, char ret_text[DIGEST_TEXT_SIZE])
{
        GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
        const guchar *at = data;
        while (size > 0) {
                /* GChecksum counts in gssize: larger data go in slices. */
                size_t slice = MIN(size, (size_t) 1 << 30);
                g_checksum_update(checksum, at, (gssize) slice);
                at += slice;
                size -= slice;
        }
        memcpy(ret_text, g_checksum_get_string(checksum), DIGEST_TEXT_SIZE);
        g_checksum_free(checksum);
}

#if defined(__x86_64__)

/*
 * Every mail is digested more than once on its way. The SHA instructions of x86 processors do that five times as fast as
 * GLib. FIPS 180-4, sections 5.1.1, 5.3.3 and 6.2.2; the layout of the registers is the instructions' own.
 */
#define BLOCK_BYTES 64u

static const uint32_t round_constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

struct sha_state {
        __m128i abef, cdgh;
};

#define SHA_INSTRUCTIONS __attribute__((target("sha,sse4.1,ssse3")))
#define SHA_INLINE SHA_INSTRUCTIONS __attribute__((always_inline)) static inline

SHA_INLINE void load_words(__m128i words[4], const uint8_t *block)
{
        const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
#pragma GCC unroll 4
        for (unsigned i = 0; i < 4; i++)
                words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *) (const void *) block + i), big_endian);
}

/* i: from 0 to 15. */
SHA_INLINE void run_four_rounds(struct sha_state *state, __m128i words[4], unsigned i)
{
        __m128i *w = &words[i % 4];
        const __m128i last = words[(i + 3) % 4];
        if (i >= 4) {
                const __m128i seventh = _mm_alignr_epi8(last, words[(i + 2) % 4], 4);
                const __m128i first = _mm_sha256msg1_epu32(*w, words[(i + 1) % 4]);
                *w = _mm_sha256msg2_epu32(_mm_add_epi32(first, seventh), last);
        }
        const __m128i k = _mm_loadu_si128((const __m128i *) (const void *) round_constants + i);
        const __m128i input = _mm_add_epi32(*w, k);
        state->cdgh = _mm_sha256rnds2_epu32(state->cdgh, state->abef, input);
        state->abef = _mm_sha256rnds2_epu32(state->abef, state->cdgh, _mm_shuffle_epi32(input, 0x0E));
}

SHA_INLINE struct sha_state sum(struct sha_state a, struct sha_state b)
{
        return (struct sha_state){ _mm_add_epi32(a.abef, b.abef), _mm_add_epi32(a.cdgh, b.cdgh) };
}

SHA_INSTRUCTIONS static void digest_blocks(struct sha_state *state, const uint8_t *data, size_t blocks)
{
        struct sha_state now = *state;
        for (; blocks > 0; blocks--, data += BLOCK_BYTES) {
                const struct sha_state before = now;
                __m128i words[4];
                load_words(words, data);
#pragma GCC unroll 16
                for (unsigned i = 0; i < 16; i++)
                        run_four_rounds(&now, words, i);
                now = sum(now, before);
        }
        *state = now;
}

/* Each round waits for the one before it; those of other data fill a part of that time. */
SHA_INSTRUCTIONS static void digest_blocks_of_two(struct sha_state states[2], const uint8_t *one, const uint8_t *other,
                                                  size_t blocks)
{
        struct sha_state now = states[0], other_now = states[1];
        for (; blocks > 0; blocks--, one += BLOCK_BYTES, other += BLOCK_BYTES) {
                const struct sha_state before = now, other_before = other_now;
                __m128i words[4], other_words[4];
                load_words(words, one);
                load_words(other_words, other);
#pragma GCC unroll 16
                for (unsigned i = 0; i < 16; i++) {
                        run_four_rounds(&now, words, i);
                        run_four_rounds(&other_now, other_words, i);
                }
                now = sum(now, before);
                other_now = sum(other_now, other_before);
        }
        states[0] = now;
        states[1] = other_now;
}

static void write_hex(const struct sha_state *state, char ret_text[DIGEST_TEXT_SIZE])
{
        static const char hex[] = "0123456789abcdef";
        uint32_t abef[4], cdgh[4]; /* from the lowest lane: F E B A and H G D C */
        memcpy(abef, &state->abef, sizeof abef);
        memcpy(cdgh, &state->cdgh, sizeof cdgh);
        const uint32_t words[8] = { abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0] };
        for (unsigned i = 0; i < DIGEST_TEXT_SIZE - 1; i++)
                ret_text[i] = hex[words[i / 8] >> (28 - 4 * (i % 8)) & 15];
        ret_text[DIGEST_TEXT_SIZE - 1] = '\0';
}

static const struct sha_state start_state = {
        .abef = { G_GINT64_CONSTANT(0x510e527f9b05688c), G_GINT64_CONSTANT(0x6a09e667bb67ae85) },
        .cdgh = { G_GINT64_CONSTANT(0x1f83d9ab5be0cd19), G_GINT64_CONSTANT(0x3c6ef372a54ff53a) },
};

/* What follows the first blocks of the data. */
static void digest_rest(struct sha_state *state, const void *data, size_t size, size_t blocks, char ret_text[DIGEST_TEXT_SIZE])
{
        size_t whole = size / BLOCK_BYTES, rest = size % BLOCK_BYTES;
        if (whole > blocks)
                digest_blocks(state, (const uint8_t *) data + blocks * BLOCK_BYTES, whole - blocks);

        /* The rest, a one bit, zeros and the number of bits: one block, or two where the number has no room. */
        uint8_t tail[2 * BLOCK_BYTES] = { 0 };
        size_t tail_blocks = rest < BLOCK_BYTES - sizeof(uint64_t) ? 1 : 2;
        if (rest > 0)
                memcpy(tail, (const uint8_t *) data + whole * BLOCK_BYTES, rest);
        tail[rest] = 0x80;
        uint64_t bits = GUINT64_TO_BE((uint64_t) size * 8);
        memcpy(tail + tail_blocks * BLOCK_BYTES - sizeof bits, &bits, sizeof bits);
        digest_blocks(state, tail, tail_blocks);
        write_hex(state, ret_text);
}

static bool has_instructions(void)
{
        unsigned a, b, c, d, features_b, features_c;
        if (!__get_cpuid(1, &a, &b, &features_c, &d) || !__get_cpuid_count(7, 0, &a, &features_b, &c, &d))
                return false;
        return (features_b & bit_SHA) && (features_c & bit_SSSE3) && (features_c & bit_SSE4_1);
}

static bool can_use_instructions(void)
{
        static gsize checked; /* 0 not yet, 1 no, 2 yes */
        if (g_once_init_enter(&checked))
                g_once_init_leave(&checked, has_instructions() ? 2 : 1);
        return checked == 2;
}

void digest_sha256(const void *data, size_t size, char ret_text[DIGEST_TEXT_SIZE])
{
        struct sha_state state = start_state;
        if (can_use_instructions())
                digest_rest(&state, data, size, 0, ret_text);
        else
                digest_by_glib(data, size, ret_text);
}

void digest_sha256_of_two(const struct digest_input inputs[2], char ret_texts[2][DIGEST_TEXT_SIZE])
{
        struct sha_state states[2] = { start_state, start_state };
        size_t blocks = can_use_instructions() ? MIN(inputs[0].size, inputs[1].size) / BLOCK_BYTES : 0;
        if (blocks > 0)
                digest_blocks_of_two(states, inputs[0].data, inputs[1].data, blocks);
        for (unsigned n = 0; n < 2; n++)
                if (blocks > 0)
                        digest_rest(&states[n], inputs[n].data, inputs[n].size, blocks, ret_texts[n]);
                else
                        digest_sha256(inputs[n].data, inputs[n].size, ret_texts[n]);
}

#else

void digest_sha256(const void *data, size_t size, char ret_text[DIGEST_TEXT_SIZE])
{
        digest_by_glib(data, size, ret_text);
}

void digest_sha256_of_two(const struct digest_input inputs[2], char ret_texts[2][DIGEST_TEXT_SIZE])
{
        for (unsigned n = 0; n < 2; n++)
                digest_by_glib(inputs[n].data, inputs[n].size, ret_texts[n]);
}

#endif

void digest_sha256_strings(char ret_text[DIGEST_TEXT_SIZE], ...)
{
        GByteArray *all = g_byte_array_new();
        va_list args;
        va_start(args, ret_text);
        const char *text;
        while ((text = va_arg(args, const char *))) {
                /* The digests are stored: the same on every machine. */
                uint64_t size = GUINT64_TO_LE((uint64_t) strlen(text));
                g_byte_array_append(all, (const guint8 *) &size, sizeof size);
                g_byte_array_append(all, (const guint8 *) text, (guint) strlen(text));
        }
        va_end(args);
        digest_sha256(all->data, all->len, ret_text);
        g_byte_array_free(all, TRUE);
}
