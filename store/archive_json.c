/* SPDX-License-Identifier: MIT */
/* The archive's JSON file of a bulletin. */
#include "common/append.h"
#include "common/blocks.h"
#include "store/archive_p.h"

#define INDENT 2u

static const char blanks[] = "\n                                ";
#define BLANKS (sizeof blanks - 1)

/* These write at a place with room for it, and return the end of what they wrote there. */

/* Needs room for BLANKS and for the indentation. */
static char *break_line(char *to, unsigned depth)
{
        size_t size = 1 + (size_t) depth * INDENT;
        memcpy(to, blanks, BLANKS); /* of known size: much the cheapest */
        if (size > BLANKS) /* deeper than any bulletin is */
                memset(to + BLANKS, ' ', size - BLANKS);
        return to + size;
}

/* Copies all before the first " or \ of what begins at *at, which then is there, or at the end. */
static char *copy_plain(char *to, const char **at, const char *end)
{
#if defined(BY_BLOCKS)
        for (; end - *at >= BLOCK_BYTES; *at += BLOCK_BYTES, to += BLOCK_BYTES) {
                const __m128i block = load_block(*at);
                unsigned found = bits_of(_mm_or_si128(is_byte(block, '"'), is_byte(block, '\\')));
                store_block(to, block);
                if (found) {
                        *at += __builtin_ctz(found);
                        return to + __builtin_ctz(found);
                }
        }
#endif
        while (*at < end && **at != '"' && **at != '\\')
                *to++ = *(*at)++;
        return to;
}

/* Copies the string literal that starts at *at, as it is, and the colon of a key with a blank; *at is then behind it. */
static char *copy_string(char *to, const char **at, const char *end)
{
        bool is_inside = true;
        *to++ = *(*at)++;
        while (is_inside && *at < end) {
                to = copy_plain(to, at, end);
                if (*at == end)
                        break;
                is_inside = **at == '\\';
                *to++ = *(*at)++;
                if (is_inside && *at < end) /* what is escaped */
                        *to++ = *(*at)++;
        }
        if (*at < end && **at == ':') {
                memcpy(to, ": ", 2);
                to += 2;
                ++*at;
        }
        return to;
}

static bool is_empty(const char *at)
{
        return at[1] == '}' || at[1] == ']';
}

/* One piece of JSON in one line, without blanks between its parts, as it stands when that is spread over many. */
static char *indent_piece(char *to, const char **at, const char *end, unsigned *depth)
{
        char c = **at;
        if (c == '"')
                return copy_string(to, at, end);
        bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        if (opens && is_empty(*at)) {
                memcpy(to, *at, 2);
                *at += 2;
                return to + 2;
        }
        ++*at;
        if (closes)
                to = break_line(to, *depth > 0 ? --*depth : 0);
        *to++ = c;
        if (opens)
                return break_line(to, ++*depth);
        return c == ',' ? break_line(to, *depth) : to;
}

/* The bytes that jansson makes with JSON_INDENT. */
void archive_json_render(GString *out, const char *text)
{
        unsigned depth = 0;
        for (const char *at = text, *end = text + strlen(text); at < end;) {
                /* A string takes what is left, at most, and a blank; all else one byte and the beginning of a line. */
                char *to = append_room(out, (size_t) (end - at) + BLANKS + INDENT * ((size_t) depth + 1));
                append_end(out, indent_piece(to, &at, end, &depth));
        }
        append_char(out, '\n');
}
