/* SPDX-License-Identifier: MIT */
/* What is done with text by blocks, with wide ones. */
#define WIDE_BLOCKS

#include "common/text.h"
#include "common/text_blocks.h"

#if defined(BY_BLOCKS)

BLOCK_CODE const unsigned char *text_skip_wide(const unsigned char *text, const unsigned char *end,
                                               struct text_plain_run *run)
{
        return skip_blocks(text, end, run);
}

BLOCK_CODE const unsigned char *text_copy_wide(const unsigned char *text, const unsigned char *end, char **to,
                                               unsigned *begun)
{
        const unsigned char *p = text;
        for (bool goes_on = true; end - p >= BLOCK_BYTES && goes_on;)
                p = copy_block(p, load_block(p), to, begun, &goes_on);
        return p;
}

BLOCK_CODE const unsigned char *text_skip_clean_wide(const unsigned char *text, const unsigned char *end)
{
        return skip_clean(text, end);
}

BLOCK_CODE bool text_is_valid_wide(const unsigned char *text, const unsigned char *end)
{
        return are_blocks_valid(text, end);
}

#endif
