/* SPDX-License-Identifier: MIT */
/* Escaping for HTML. An archive consists of little else, so plain text is looked at many bytes at a time. */
#include "common/append.h"
#include "common/blocks.h"
#include "common/text.h"

#define PART_BYTES ((size_t) BLOCK_BYTES) /* that are looked at together */
#define ESCAPE_BYTES_MAX 6u               /* that stand for one */
#define PART_BYTES_MAX (PART_BYTES * ESCAPE_BYTES_MAX)

static const struct escape { char text[ESCAPE_BYTES_MAX + 1]; unsigned char size; } escapes[256] = {
        ['&'] = { "&amp;", 5 }, ['<'] = { "&lt;", 4 }, ['>'] = { "&gt;", 4 }, ['"'] = { "&quot;", 6 }, ['\''] = { "&#39;", 5 },
};

/* Which bytes of a part need an escape: bit 0 is the first one's. */
static inline unsigned find_special(const char *part)
{
#if defined(BY_BLOCKS)
        const __m128i bytes = load_block(part);
        /* In ASCII & and ' differ in one bit, < and > too. */
        const __m128i joins = is_byte(_mm_or_si128(bytes, _mm_set1_epi8('&' ^ '\'')), '&' | '\'');
        const __m128i angles = is_byte(_mm_or_si128(bytes, _mm_set1_epi8('<' ^ '>')), '<' | '>');
        return bits_of(_mm_or_si128(is_byte(bytes, '"'), _mm_or_si128(joins, angles)));
#else
        unsigned found = 0;
        for (size_t i = 0; i < PART_BYTES; i++)
                found |= (unsigned) (escapes[(unsigned char) part[i]].size > 0) << i;
        return found;
#endif
}

static char *put_escaped(char *at, const char *text, size_t size)
{
        for (const char *end = text + size; text < end; text++) {
                const struct escape *escape = &escapes[(unsigned char) *text];
                if (escape->size == 0) {
                        *at++ = *text;
                } else {
                        memcpy(at, escape->text, ESCAPE_BYTES_MAX);
                        at += escape->size;
                }
        }
        return at;
}

/* 1 byte to a part; returns the end of it. What is looked at is the copy: there a whole part can be read, whatever stands
 * behind the text. */
static inline char *put_part(char *at, const char *text, size_t size)
{
        memcpy(at, text, size);
        bool plain = (find_special(at) & (0xFFFFu >> (PART_BYTES - size))) == 0;
        return plain ? at + size : put_escaped(at, text, size);
}

void text_append_escaped(GString *out, const char *text)
{
        size_t left = text ? strlen(text) : 0;
        char *at = append_room(out, left + PART_BYTES_MAX);
        for (; left > PART_BYTES; text += PART_BYTES, left -= PART_BYTES) {
                append_end(out, put_part(at, text, PART_BYTES));
                at = append_room(out, left + PART_BYTES_MAX);
        }
        append_end(out, left > 0 ? put_part(at, text, left) : at);
}

char *text_escape_html(const char *text)
{
        GString *out = g_string_sized_new(strlen(text) + 16);
        text_append_escaped(out, text);
        return g_string_free(out, FALSE);
}
