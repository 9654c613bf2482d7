/* SPDX-License-Identifier: MIT */
/*
 * The transfer encodings of mail bodies and encoded words (RFC 2045 section 6, RFC 2047 section 4, uuencode), read
 * tolerantly: whatever can be read is, and what was wrong is noted. Pure functions.
 */
#ifndef INGEST_MIME_DECODE_H
#define INGEST_MIME_DECODE_H

#include <glib.h>
#include <stddef.h>

enum decode_note {
        DECODE_INNER_PADDING = 1 << 0, /* base64 went on behind its padding, and was read on */
        DECODE_JUNK = 1 << 1, /* characters that the encoding does not have were passed over, or kept as they are */
        DECODE_CUT = 1 << 2,  /* the end is missing */
};

enum transfer_encoding {
        TRANSFER_IDENTITY, /* 7bit, 8bit, binary, none */
        TRANSFER_BASE64,
        TRANSFER_QUOTED_PRINTABLE,
        TRANSFER_UUENCODE,
        TRANSFER_UNKNOWN /* read as identity, with a warning */
};

/* The encoding that a Content-Transfer-Encoding value names; NULL and "" are identity. */
enum transfer_encoding transfer_encoding_parse(const char *value);

/* Each appends the decoded bytes to out and returns the notes (enum decode_note). */
unsigned mime_decode_base64(const char *data, size_t size, GString *out);
unsigned mime_decode_quoted_printable(const char *data, size_t size, GString *out);
unsigned mime_decode_uuencode(const char *data, size_t size, GString *out);
/* The Q encoding of encoded words: as quoted-printable, and "_" is a space. */
unsigned mime_decode_q(const char *data, size_t size, GString *out);

/* The body in any encoding; out is empty before. */
unsigned mime_decode_transfer(enum transfer_encoding encoding, const char *data, size_t size, GString *out);

/* A hexadecimal byte at p (two digits), or -1. */
int mime_hex_byte(const char *p, size_t left);

#endif
