/* SPDX-License-Identifier: MIT */
/* SHA-256 as lower-case hexadecimal text. */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stddef.h>

#define DIGEST_TEXT_SIZE 65 /* 64 digits and NUL */

void digest_sha256(const void *data, size_t size, char ret_text[DIGEST_TEXT_SIZE]);

/* Of each; together sooner than one after the other. */
struct digest_input { const void *data; size_t size; };
void digest_sha256_of_two(const struct digest_input inputs[2], char ret_texts[2][DIGEST_TEXT_SIZE]);

/* The digest of several strings, each with its length before it, so that ("ab","c") and ("a","bc") differ. The list
 * ends with NULL. */
void digest_sha256_strings(char ret_text[DIGEST_TEXT_SIZE], ...) __attribute__((sentinel));

#endif
