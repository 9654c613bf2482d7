/* SPDX-License-Identifier: MIT */
/* The part of text.h that says whether bytes are text. */
#include "common/text.h"
#include "common/text_blocks.h"

#if defined(BY_BLOCKS)

static const unsigned char *skip_usual(const unsigned char *p, const unsigned char *end)
{
        return is_for_wide_blocks(p, end) ? text_skip_clean_wide(p, end) : skip_clean(p, end);
}

static bool is_valid_by_blocks(const unsigned char *text, size_t size)
{
        if (is_for_wide_blocks(text, text + size))
                return text_is_valid_wide(text, text + size);
        if (size >= BLOCK_BYTES)
                return are_blocks_valid(text, text + size);
        const byte_block bytes = load_rest(text, size);
        return find_wrong(bytes) == 0 && find_nuls(bytes) == (BLOCK_BITS & ~0u << size);
}

#else

static const unsigned char *skip_usual(const unsigned char *p, const unsigned char *end)
{
        (void) end;
        return p;
}

static bool is_valid_by_blocks(const unsigned char *text, size_t size)
{
        (void) text;
        return size == 0;
}

#endif

bool text_is_clean(const char *text, size_t size)
{
        const unsigned char *p = (const unsigned char *) text, *end = p + size;
        while ((p = skip_usual(p, end)) < end) {
                if (*p < 0x80) {
                        if ((*p < 0x20 && *p != '\n' && *p != '\r' && *p != '\t') || *p == 0x7F)
                                return false;
                        p++;
                        continue;
                }
                gunichar c = g_utf8_get_char_validated((const char *) p, end - p);
                if (c >= (gunichar) -2 || c < 0xA0 || (c & 0xFFFE) == 0xFFFE)
                        return false;
                p = (const unsigned char *) g_utf8_next_char(p);
        }
        return true;
}

bool text_is_valid(const char *text, size_t size)
{
        return is_valid_by_blocks((const unsigned char *) text, size) || g_utf8_validate_len(text, size, NULL);
}
