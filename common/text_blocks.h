/* SPDX-License-Identifier: MIT */
/*
 * Only for text_plain.c and text_valid.c, and for text_wide.c, which has the same with wide blocks: what is done with
 * text by blocks, of which it has at least one.
 */
#ifndef COMMON_TEXT_BLOCKS_H
#define COMMON_TEXT_BLOCKS_H

#include "common/blocks.h"
#include "common/text.h"
#include "common/text_p.h"

#if defined(BY_BLOCKS)

/* A block begins so many bytes behind the last one, whatever that holds, so that the processor need not wait for what
 * it found: each judges the characters that begin in its first bytes, which are whole in it. */
#define STRIDE (BLOCK_BYTES - 2)
#define STRIDE_BITS (BLOCK_BITS >> 2)

/* --- plain text --- */

/* Where the wide characters begin that are plain, as is_plain_wide has it, and whole in the block. */
static inline BLOCK_CODE unsigned find_plain_wide(byte_block bytes)
{
        const byte_block second = move_down(bytes, 1), third = move_down(bytes, 2);
        /* from U+4E00 */
        const byte_block kanji = is_within(bytes, 0xE5, 0xE9) | (is_byte(bytes, 0xE4) & is_above(second, 0xB7));
        /* U+3000 to U+30FF, by the last eight bits */
        const byte_block page = is_byte(bytes, 0xE3) & is_below(second, 0x84);
        const byte_block low = (BLOCK_OP(slli_epi16)(second, 6) & BLOCK_OP(set1_epi8)((char) 0xC0)) |
                               (third & BLOCK_OP(set1_epi8)(0x3F));
        const byte_block kana = is_within(low, 0x41, 0x96) | is_within(low, 0xA1, 0xFE);
        const byte_block marks = is_within(low, 0x01, 0x20) & ~is_byte(low, 0x1C);
        unsigned others = bits_of(is_below(bytes, 0xC0));
        return bits_of(kanji | (page & (kana | marks))) & others >> 1 & others >> 2;
}

/* What a block, or the end of one, is made of. */
struct look {
        unsigned plain; /* the bytes of plain characters that are whole in it */
        unsigned wide;  /* the first bytes of the wide ones among them */
        unsigned spaces;
};

static inline BLOCK_CODE struct look look_at_block(byte_block bytes)
{
        unsigned wide = find_plain_wide(bytes), ascii = bits_of(is_within(bytes, 0x21, 0x7E));
        return (struct look){ .plain = ascii | wide | wide << 1 | wide << 2, .wide = wide,
                              .spaces = bits_of(is_byte(bytes, ' ')) };
}

/* What is left of the text from p on. Where that is less than a block, its last block is looked at, which begins before
 * p: sooner done than bringing the rest together. */
static inline BLOCK_CODE struct look look_at(const unsigned char *p, const unsigned char *end)
{
        if (end - p >= BLOCK_BYTES)
                return look_at_block(load_block(p));
        struct look look = look_at_block(load_block(end - BLOCK_BYTES));
        unsigned before = (unsigned) (BLOCK_BYTES - (end - p));
        return (struct look){ look.plain >> before, look.wide >> before, look.spaces >> before };
}

static inline BLOCK_CODE unsigned count_wide(unsigned wide)
{
#if defined(WIDE_BLOCKS)
        return (unsigned) __builtin_popcount(wide);
#else
        /* Any three bytes hold no more than one beginning: so they are counted by threes, an octal digit each, and the
         * product has the sum of the digits. Not all processors have an instruction for it. */
        return ((wide | wide >> 1 | wide >> 2) & 011111) * 011111 >> 12 & 7;
#endif
}

/* Single spaces between plain characters are gone over, too. Returns where that ends; what the run says is right only
 * if that is the end of the text. */
static inline BLOCK_CODE const unsigned char *skip_blocks(const unsigned char *text, const unsigned char *end,
                                                           struct text_plain_run *run)
{
        unsigned begun = 0, behind_plain = 0; /* bytes of a character from before the block; whether it is a plain one */
        for (const unsigned char *p = text; p < end; p += STRIDE) {
                struct look look = look_at(p, end);
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

/* One step of text_copy_unspaced: copies the plain characters that a block begins with, of which the first may have
 * begun before it, and goes over ASCII white space behind them. *ret_goes_on: another step may follow. */
static inline BLOCK_CODE const unsigned char *copy_block(const unsigned char *p, byte_block bytes, char **to,
                                                         unsigned *begun, bool *ret_goes_on)
{
        struct look look = look_at_block(bytes);
        unsigned other = ~(look.plain | *begun) & STRIDE_BITS;
        store_block(*to, bytes); /* as much of it as counts is kept */
        size_t taken = other ? (size_t) __builtin_ctz(other) : STRIDE;
        p += taken;
        *to += taken;
        *begun = other ? 0 : (look.wide << 1 | look.wide << 2) >> STRIDE;
        *ret_goes_on = !other || is_ascii_space((char) *p);
        while (other && is_ascii_space((char) *p))
                p++;
        return p;
}

/* --- valid and clean text --- */

/* The bytes of a block that are in no character, but for NULs, and those that ask for a longer look: the first ones of
 * characters from U+0800, U+D000 and U+10000. What the first two bytes are depends on what is before them. */
static inline BLOCK_CODE unsigned find_wrong(byte_block bytes)
{
        const byte_block others = is_below(bytes, 0xC0);
        /* 0x80 and above where one of the others must be */
        const byte_block second = BLOCK_OP(subs_epu8)(move_up(bytes, 1), BLOCK_OP(set1_epi8)((char) (0xC0 - 0x80)));
        const byte_block third = BLOCK_OP(subs_epu8)(move_up(bytes, 2), BLOCK_OP(set1_epi8)((char) (0xE0 - 0x80)));
        const byte_block misplaced = others ^ (second | third);
        const byte_block overlong = is_within(bytes, 0xC0, 0xC1) | is_byte(bytes, 0xE0);
        return bits_of(misplaced | overlong | is_byte(bytes, 0xED) | is_within(bytes, 0xF0, 0xFF));
}

static inline BLOCK_CODE unsigned find_nuls(byte_block bytes)
{
        return bits_of(is_byte(bytes, '\0'));
}

/* Says no also of what asks for a longer look. Each block begins with two bytes of the one before, which tell of what
 * follows them. */
static inline BLOCK_CODE bool are_blocks_valid(const unsigned char *text, const unsigned char *end)
{
        const unsigned char *p = text, *last = end - BLOCK_BYTES;
        for (unsigned judged = 0; p < last; p += STRIDE, judged = 3) {
                const byte_block bytes = load_block(p);
                if ((find_wrong(bytes) & ~judged) | find_nuls(bytes))
                        return false;
        }
        const byte_block bytes = load_block(last);
        bool is_cut = last[BLOCK_BYTES - 1] >= 0xC0 || last[BLOCK_BYTES - 2] >= 0xE0;
        return (find_wrong(bytes) & (last > text ? ~3u : ~0u)) == 0 && find_nuls(bytes) == 0 && !is_cut;
}

/* Goes over clean ASCII and wide characters, up to the last one before anything else or to near the end. Returns where a
 * character begins, in text that is valid. */
static inline BLOCK_CODE const unsigned char *skip_clean(const unsigned char *text, const unsigned char *end)
{
        const unsigned char *p = text;
        unsigned begun = 0, wrong = 0; /* bytes of a character from before the block */
        while (end - p >= BLOCK_BYTES && !wrong) {
                const byte_block bytes = load_block(p);
                unsigned leads = bits_of(is_within(bytes, 0xE1, 0xEC)) & STRIDE_BITS, inner = leads << 1 | leads << 2;
                unsigned others = bits_of(is_below(bytes, 0xC0));
                wrong = ((bits_of(is_odd(bytes)) ^ (leads | others)) | (others ^ (inner | begun))) & STRIDE_BITS;
                begun = inner >> STRIDE;
                p += wrong ? __builtin_ctz(wrong) : STRIDE;
        }
        if (p > text && (wrong || begun)) /* within the last character, or right behind it */
                p = (const unsigned char *) text_last_character((const char *) text, (const char *) p);
        return p;
}

#endif

#endif
