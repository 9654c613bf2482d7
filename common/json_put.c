/* SPDX-License-Identifier: MIT */
#include "common/json_put.h"

#include <stdbool.h>
#include <string.h>

#include "common/blocks.h"

#define WORD_BYTES sizeof(guint64)
#define EVERY_BYTE(x) ((guint64) (x) * G_GUINT64_CONSTANT(0x0101010101010101))

static inline bool is_plain(unsigned char c)
{
        return c >= 0x20 && c != '"' && c != '\\';
}

/*
 * These copy what needs no escape, looking and copying at once, and return how many bytes that is; they may have written to
 * the size bytes of the copy's place behind it. The last word or block lies over the one before it, where there was nothing
 * to find.
 */
static size_t copy_words(char *copy, const char *text, size_t size)
{
        for (size_t at = 0;; at = MIN(at + WORD_BYTES, size - WORD_BYTES)) {
                guint64 word;
                memcpy(&word, text + at, sizeof word);
                guint64 marks = word ^ EVERY_BYTE('"'), slashes = word ^ EVERY_BYTE('\\');
                guint64 found = ((word - EVERY_BYTE(0x20)) & ~word) | ((marks - EVERY_BYTE(1)) & ~marks) |
                                ((slashes - EVERY_BYTE(1)) & ~slashes);
                if (found & EVERY_BYTE(0x80)) /* it is one of these bytes; the caller finds which */
                        return at;
                memcpy(copy + at, &word, sizeof word);
                if (at == size - WORD_BYTES)
                        return size;
        }
}

#if defined(BY_BLOCKS)

static size_t copy_blocks(char *copy, const char *text, size_t size)
{
        for (size_t at = 0;; at = MIN(at + BLOCK_BYTES, size - BLOCK_BYTES)) {
                const __m128i block = load_block(text + at), marks = _mm_or_si128(is_byte(block, '"'), is_byte(block, '\\'));
                unsigned found = bits_of(_mm_or_si128(is_within(block, 0, 0x1F), marks));
                store_block(copy + at, block);
                if (found)
                        return at + (unsigned) __builtin_ctz(found);
                if (at == size - BLOCK_BYTES)
                        return size;
        }
}

#endif

static size_t copy_plain(char *copy, const char *text, size_t size)
{
#if defined(BY_BLOCKS)
        if (size >= BLOCK_BYTES)
                return copy_blocks(copy, text, size);
#endif
        size_t at = size >= WORD_BYTES ? copy_words(copy, text, size) : 0;
        for (; at < size && is_plain((unsigned char) text[at]); at++)
                copy[at] = text[at];
        return at;
}

#define ESCAPE_BYTES_MAX 6u

/* Returns the end of it. */
static char *put_escape(char *at, unsigned char c)
{
        static const char hex[] = "0123456789ABCDEF";
        static const char letters[256] = {
                ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
        };
        *at++ = '\\';
        if (letters[c]) {
                *at++ = letters[c];
                return at;
        }
        memcpy(at, "u00", 3);
        at[3] = hex[c >> 4];
        at[4] = hex[c & 15];
        return at + 5;
}

void json_put_string(GString *out, const char *text, size_t size)
{
        char *at = append_room(out, size + 2); /* where nothing needs an escape, all of it */
        *at++ = '"';
        for (const char *end = text + size;;) {
                size_t plain = copy_plain(at, text, (size_t) (end - text));
                at += plain;
                text += plain;
                if (text == end)
                        break;
                append_end(out, at);
                at = append_room(out, ESCAPE_BYTES_MAX + (size_t) (end - text));
                at = put_escape(at, (unsigned char) *text++);
        }
        *at++ = '"';
        append_end(out, at);
}

void json_put_name(GString *out, const char *name)
{
        if (!name) {
                json_put_null(out);
                return;
        }
        size_t size = strlen(name);
        char *at = append_room(out, size + 2);
        *at = '"';
        memcpy(at + 1, name, size);
        at[size + 1] = '"';
        append_end(out, at + size + 2);
}
