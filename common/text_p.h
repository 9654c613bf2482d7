/* SPDX-License-Identifier: MIT */
/* Only for text*.c: which characters text_normalize leaves as they are. */
#ifndef COMMON_TEXT_P_H
#define COMMON_TEXT_P_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/blocks.h"

static inline bool is_ascii_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The bytes of the character at p if it is its own simple form and no space; else 0. */
size_t text_plain_size(const unsigned char *p);

/* What text_skip_plain has gone over, if that is the whole text. */
struct text_plain_run {
        size_t wide_chars; /* of three bytes */
        unsigned spaces;   /* not 0: there are some */
};

/* Where the first character is that may not stay as it is; a NUL stands at the end. */
const char *text_skip_plain(const char *text, size_t size, struct text_plain_run *run);

/* Copies plain characters, without the ASCII white space between them, up to the end, where a NUL stands, or up to the
 * first that is not plain, and returns where that is. *to has room for all the text and TEXT_COPY_ROOM bytes more. */
#define TEXT_COPY_ROOM ((size_t) BLOCK_BYTES)
const char *text_copy_unspaced(const char *text, const char *end, char **to);

/* The same, and more of text_valid.c, with wide blocks, of which the text has at least one. What is left of a text that
 * is copied or clean, less than a block, is for the caller. */
const unsigned char *text_skip_wide(const unsigned char *text, const unsigned char *end, struct text_plain_run *run);
const unsigned char *text_copy_wide(const unsigned char *text, const unsigned char *end, char **to, unsigned *begun);
const unsigned char *text_skip_clean_wide(const unsigned char *text, const unsigned char *end);
bool text_is_valid_wide(const unsigned char *text, const unsigned char *end);

#if defined(BY_BLOCKS)

static inline bool is_for_wide_blocks(const unsigned char *text, const unsigned char *end)
{
        return end - text >= WIDE_BLOCK_BYTES && has_wide_blocks();
}

#endif

#endif
