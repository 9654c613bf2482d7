/* SPDX-License-Identifier: MIT */
/*
 * Bytes to UTF-8, the way Japanese mail needs it: "Shift_JIS" means CP932; ISO-2022-JP is taken apart by its escape
 * sequences and read by way of CP932, so that NEC row 13, IBM characters and half-width katakana arrive; wrong and
 * missing labels are noticed. What can't be decoded becomes U+FFFD, and is counted.
 */
#ifndef INGEST_CHARSET_H
#define INGEST_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

struct charset_result {
        char *text;         /* valid UTF-8, NUL behind; owned (g_free) */
        size_t size;
        const char *used;   /* canonical name of what was used: "iso-2022-jp", "cp932", "euc-jp", "utf-8", …; static */
        const char *also;   /* some lines were in this charset, among others in used; else NULL; static */
        bool repaired;      /* read in another way than the label says; false where there is no label */
        size_t restored;    /* lost ESC bytes of ISO-2022-JP that were put back */
        size_t replaced;    /* U+FFFD put in */
        bool is_clean;      /* text_is_clean is known to say yes of the text; of most it is */
};

/* Opens every converter that may be needed, so that none is loaded later (the worker's filter forbids it). Call once
 * per process before the filter; harmless if repeated. */
void charset_prepare(void);

/* declared may be NULL or any nonsense. Always succeeds. */
void charset_decode(const char *declared, const void *data, size_t size, struct charset_result *ret_result);

/* The charset that the bytes are most likely in, judged by escape sequences and validity; "us-ascii" for pure ASCII,
 * NULL where nothing fits. Static string. */
const char *charset_guess(const void *data, size_t size);

/* No byte is above 0x7F. */
bool charset_is_seven_bit(const char *data, size_t size);

/* A decoded header value: RFC 2047 encoded words (also split inside a character, adjacent words of one charset are
 * joined before decoding), raw 8-bit bytes, folding removed. Newly allocated valid UTF-8 without control characters. */
char *charset_decode_header(const char *raw);

/* UTF-8 text as one line: line ends and tabs become spaces, other control characters go, none at the ends, at most
 * LIMIT_HEADER_VALUE_BYTES. Newly allocated. */
char *charset_make_line(const char *text);

#endif
