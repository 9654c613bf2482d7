/* SPDX-License-Identifier: MIT */
#include "store/archive_text.h"

#include "store/archive_scan_p.h"

#define ROOM_MIN ((size_t) 64 * 1024) /* most files need no more */
#define ROOM_KEPT ((size_t) 256 * 1024)
#define DIGITS_MAX 20u /* and a sign */
#define ESCAPE_MAX 6u  /* bytes that stand for one */
#define PART_MAX (ARCHIVE_TEXT_BLOCK * ESCAPE_MAX)

void archive_text_clear(struct archive_text *text)
{
        g_free(text->data);
        *text = (struct archive_text) ARCHIVE_TEXT_INIT;
}

void archive_text_restart(struct archive_text *text)
{
        if (text->room > ROOM_KEPT)
                archive_text_clear(text);
        text->size = 0;
}

void archive_text_grow(struct archive_text *text, size_t more)
{
        size_t wanted = text->size + more + ARCHIVE_TEXT_BLOCK;
        text->room = MAX(MAX(wanted, text->room * 2), ROOM_MIN);
        text->data = g_realloc(text->data, text->room);
}

void archive_text_add_number(struct archive_text *text, int64_t number)
{
        char digits[DIGITS_MAX];
        size_t at = sizeof digits;
        for (uint64_t rest = number < 0 ? -(uint64_t) number : (uint64_t) number; rest > 0 || at == sizeof digits; rest /= 10)
                digits[--at] = (char) ('0' + rest % 10);
        if (number < 0)
                archive_text_add_char(text, '-');
        archive_text_put(text, digits + at, sizeof digits - at);
}

/* Without a look at the room. */
static void put_escaped(struct archive_text *text, const char *at, size_t size)
{
        static const struct escape { char text[ESCAPE_MAX + 1]; unsigned char size; } escapes[256] = {
                ['&'] = { "&amp;", 5 }, ['<'] = { "&lt;", 4 }, ['>'] = { "&gt;", 4 }, ['"'] = { "&quot;", 6 },
                ['\''] = { "&#39;", 5 },
        };
        char *to = text->data + text->size;
        for (const char *end = at + size; at < end; at++) {
                const struct escape *escape = &escapes[(unsigned char) *at];
                if (escape->size == 0) {
                        *to++ = *at;
                } else {
                        memcpy(to, escape->text, ESCAPE_MAX);
                        to += escape->size;
                }
        }
        text->size = (size_t) (to - text->data);
}

/* At most a block. What is looked at is the copy: there a whole block can be read, whatever stands behind the string. */
static inline void add_part(struct archive_text *text, const char *string, size_t size)
{
        const char *copy = text->data + text->size;
        memcpy(text->data + text->size, string, size);
        if ((archive_scan_html(copy) & archive_scan_first(size)) == 0)
                text->size += size;
        else
                put_escaped(text, string, size);
}

void archive_text_add_escaped(struct archive_text *text, const char *string)
{
        size_t size = string ? strlen(string) : 0;
        archive_text_reserve(text, size + PART_MAX);
        for (; size > ARCHIVE_TEXT_BLOCK; string += ARCHIVE_TEXT_BLOCK, size -= ARCHIVE_TEXT_BLOCK) {
                add_part(text, string, ARCHIVE_TEXT_BLOCK);
                archive_text_reserve(text, size + PART_MAX);
        }
        if (size > 0)
                add_part(text, string, size);
}
