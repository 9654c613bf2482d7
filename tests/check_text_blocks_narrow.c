/* SPDX-License-Identifier: MIT */
/* Blocks of two sizes come to the same. */
#define WITHOUT_WIDE_BLOCKS
#include "tests/check_text_blocks.c"
