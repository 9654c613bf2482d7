/* SPDX-License-Identifier: MIT */
/*
 * The text of an archive file in the making: thousands of pieces of a few bytes each, put together in one block that is kept
 * from file to file. A piece costs little more than its copy: what is known when this is compiled (size of a literal) is
 * known here, because it is inline.
 */
#ifndef STORE_ARCHIVE_TEXT_H
#define STORE_ARCHIVE_TEXT_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARCHIVE_TEXT_BLOCK ((size_t) 16) /* bytes that are looked at together */

struct archive_text {
        char *data; /* no NUL behind it */
        size_t size, room;
};
#define ARCHIVE_TEXT_INIT { .data = NULL }

void archive_text_clear(struct archive_text *text); /* frees it; it can be used again */
void archive_text_restart(struct archive_text *text); /* makes it empty; keeps a block of usual size */
void archive_text_grow(struct archive_text *text, size_t more);

/* Room for so many more bytes, and for one block that is written behind them and does not count. */
static inline void archive_text_reserve(struct archive_text *text, size_t more)
{
        if (text->room - text->size < more + ARCHIVE_TEXT_BLOCK)
                archive_text_grow(text, more);
}

static inline void archive_text_put(struct archive_text *text, const char *data, size_t size)
{
        archive_text_reserve(text, size);
        memcpy(text->data + text->size, data, size);
        text->size += size;
}

static inline void archive_text_add(struct archive_text *text, const char *string)
{
        archive_text_put(text, string, strlen(string));
}

static inline void archive_text_add_char(struct archive_text *text, char c)
{
        archive_text_put(text, &c, 1);
}

void archive_text_add_number(struct archive_text *text, int64_t number);

/* As text_append_escaped does it. NULL: nothing. */
void archive_text_add_escaped(struct archive_text *text, const char *string);

#endif
