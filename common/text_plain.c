/* SPDX-License-Identifier: MIT */
/* The part of text.h that tells text which is in comparison form already, as most lines are. */
#include <string.h>

#include "common/text.h"
#include "common/text_blocks.h"

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

/* Less than a block: all of it is looked at together. */
static const unsigned char *skip_rest(const unsigned char *text, size_t size, struct text_plain_run *run)
{
        struct look look = look_at_block(load_rest(text, size));
        unsigned other = ~(look.plain | (look.spaces & look.plain << 1)) & (BLOCK_BITS >> (BLOCK_BYTES - size));
        run->wide_chars += count_wide(look.wide);
        run->spaces |= look.spaces;
        return other ? text + __builtin_ctz(other) : text + size;
}

static const unsigned char *skip_run(const unsigned char *text, const unsigned char *end, struct text_plain_run *run)
{
        if (end - text < BLOCK_BYTES)
                return skip_rest(text, (size_t) (end - text), run);
        return is_for_wide_blocks(text, end) ? text_skip_wide(text, end, run) : skip_blocks(text, end, run);
}

const char *text_copy_unspaced(const char *text, const char *text_end, char **to)
{
        const unsigned char *p = (const unsigned char *) text, *end = (const unsigned char *) text_end;
        unsigned begun = 0;
        if (is_for_wide_blocks(p, end))
                p = text_copy_wide(p, end, to, &begun);
        for (bool goes_on = true; p < end && goes_on;) {
                bool is_block = end - p >= BLOCK_BYTES;
                p = copy_block(p, is_block ? load_block(p) : load_rest(p, (size_t) (end - p)), to, &begun, &goes_on);
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
