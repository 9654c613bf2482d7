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

#if defined(BY_BLOCKS)

/* A block begins so many bytes behind the last one, whatever that holds, so that the processor need not wait for what
 * it found: each judges the characters that begin in its first bytes, which are whole in it. */
#define STRIDE (BLOCK_BYTES - 2)
#define STRIDE_BITS (BLOCK_BITS >> 2)

/* Where the wide characters begin that are plain, as is_plain_wide has it, and whole in the block. Bytes are compared
 * as signed ones: 0x80 is the lowest. */
static inline unsigned find_plain_wide(__m128i block)
{
        const __m128i second = _mm_srli_si128(block, 1), third = _mm_srli_si128(block, 2);
        /* from U+4E00 */
        const __m128i first_kanji = _mm_and_si128(is_byte(block, 0xE4), _mm_cmpgt_epi8(second, _mm_set1_epi8((char) 0xB7)));
        const __m128i kanji = _mm_or_si128(is_within(block, 0xE5, 0xE9), first_kanji);
        /* U+3000 to U+30FF, by the last eight bits */
        const __m128i page = _mm_and_si128(is_byte(block, 0xE3), _mm_cmplt_epi8(second, _mm_set1_epi8((char) 0x84)));
        const __m128i low = _mm_or_si128(_mm_and_si128(_mm_slli_epi16(second, 6), _mm_set1_epi8((char) 0xC0)),
                                         _mm_and_si128(third, _mm_set1_epi8(0x3F)));
        const __m128i kana = _mm_or_si128(is_within(low, 0x41, 0x96), is_within(low, 0xA1, 0xFE));
        const __m128i marks = _mm_andnot_si128(is_byte(low, 0x1C), is_within(low, 0x01, 0x20));
        const __m128i plain = _mm_or_si128(kanji, _mm_and_si128(page, _mm_or_si128(kana, marks)));
        unsigned others = bits_of(_mm_cmplt_epi8(block, _mm_set1_epi8((char) 0xC0)));
        return bits_of(plain) & others >> 1 & others >> 2;
}

/* What a block, or the end of one, is made of. */
struct look {
        unsigned plain; /* the bytes of plain characters that are whole in it */
        unsigned wide;  /* the first bytes of the wide ones among them */
        unsigned spaces;
};

static inline struct look look_at_block(__m128i block)
{
        unsigned wide = find_plain_wide(block), ascii = bits_of(is_within(block, 0x21, 0x7E));
        return (struct look){ .plain = ascii | wide | wide << 1 | wide << 2, .wide = wide,
                              .spaces = bits_of(is_byte(block, ' ')) };
}

/* What is left of the text from p on. Where that is less than a block, but the text has one, its last block is looked
 * at, which begins before p: sooner done than bringing the rest together. */
static inline struct look look_at(const unsigned char *text, const unsigned char *p, const unsigned char *end)
{
        if (end - p >= BLOCK_BYTES)
                return look_at_block(load_block(p));
        if (end - text < BLOCK_BYTES)
                return look_at_block(load_rest(p, (size_t) (end - p)));
        struct look look = look_at_block(load_block(end - BLOCK_BYTES));
        unsigned before = (unsigned) (BLOCK_BYTES - (end - p));
        return (struct look){ look.plain >> before, look.wide >> before, look.spaces >> before };
}

/* Of wide characters any three bytes hold no more than one beginning: so they are counted by threes, an octal digit each,
 * and the product has the sum of the digits. */
static inline unsigned count_wide(unsigned wide)
{
        return ((wide | wide >> 1 | wide >> 2) & 011111) * 011111 >> 12 & 7;
}

/* Single spaces between plain characters are gone over, too. Returns where that ends; what the run says is right only if
 * that is the end of the text. */
static const unsigned char *skip_run(const unsigned char *text, const unsigned char *end, struct text_plain_run *run)
{
        unsigned begun = 0, behind_plain = 0; /* bytes of a character from before the block; whether it is a plain one */
        for (const unsigned char *p = text; p < end; p += STRIDE) {
                struct look look = look_at(text, p, end);
                look.plain |= begun;
                run->wide_chars += count_wide(look.wide);
                run->spaces |= look.spaces;
                unsigned other = ~(look.plain | (look.spaces & (look.plain << 1 | behind_plain))) & STRIDE_BITS;
                if (other)
                        return p + __builtin_ctz(other);
                begun = (look.wide << 1 | look.wide << 2) >> STRIDE;
                behind_plain = look.plain >> (STRIDE - 1) & 1;
        }
        return end;
}

const char *text_copy_unspaced(const char *text, const char *text_end, char **to)
{
        const unsigned char *p = (const unsigned char *) text, *end = (const unsigned char *) text_end;
        unsigned begun = 0; /* see skip_run */
        while (p < end) {
                const __m128i block = end - p >= BLOCK_BYTES ? load_block(p) : load_rest(p, (size_t) (end - p));
                struct look look = look_at_block(block);
                unsigned other = ~(look.plain | begun) & STRIDE_BITS;
                _mm_storeu_si128((__m128i *) (void *) *to, block); /* as much of it as counts is kept */
                size_t taken = other ? (size_t) __builtin_ctz(other) : STRIDE;
                p += taken;
                *to += taken;
                begun = other ? 0 : (look.wide << 1 | look.wide << 2) >> STRIDE;
                if (other && !is_ascii_space((char) *p))
                        break;
                while (other && is_ascii_space((char) *p))
                        p++;
        }
        return (const char *) p;
}

#else

static const unsigned char *skip_run(const unsigned char *p, const unsigned char *end, struct text_plain_run *run)
{
        (void) end;
        for (size_t last = 0, size;; last = size) {
                size = text_plain_size(p);
                if (size == 0 && (last == 0 || *p != ' '))
                        return p;
                run->wide_chars += size == 3;
                run->spaces |= size == 0;
                p += size > 0 ? size : 1;
        }
}

const char *text_copy_unspaced(const char *text, const char *text_end, char **to)
{
        const unsigned char *p = (const unsigned char *) text;
        (void) text_end;
        while (true) {
                size_t size = text_plain_size(p);
                if (size == 0 && !is_ascii_space((char) *p))
                        return (const char *) p;
                memcpy(*to, p, size);
                *to += size;
                p += size > 0 ? size : 1;
        }
}

#endif

/* Most lines are single spaces between plain characters, and nothing else. */
const char *text_skip_plain(const char *text, size_t size, struct text_plain_run *run)
{
        const unsigned char *start = (const unsigned char *) text, *p = skip_run(start, start + size, run);
        bool ends_in_space = p > start && p[-1] == ' ';
        if (!*p && !ends_in_space)
                return (const char *) p;
        p -= ends_in_space;
        if (p > start) /* what follows may join the last one, which has one byte or three */
                p -= p[-1] < 0x80 ? 1 : 3;
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
        *ret_shape = (struct text_shape){ .columns = size - run.wide_chars, .has_space = run.spaces != 0 };
        return true;
}
