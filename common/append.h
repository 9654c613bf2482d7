/* SPDX-License-Identifier: MIT */
/* Appending a few bytes to a GString, in line: most of the time of GLib's own functions goes into calls and checks. */
#ifndef COMMON_APPEND_H
#define COMMON_APPEND_H

#include <glib.h>
#include <stddef.h>
#include <string.h>

/* The end of the text, with room for that many bytes and a NUL. What is written there counts after append_end. */
static inline char *append_room(GString *out, size_t bytes)
{
        if (G_UNLIKELY(out->allocated_len - out->len <= bytes)) {
                gsize length = out->len;
                g_string_set_size(out, length + bytes);
                out->len = length;
        }
        return out->str + out->len;
}

/* The text now ends here, within the room. */
static inline void append_end(GString *out, char *end)
{
        *end = '\0';
        out->len = (gsize) (end - out->str);
}

static inline void append_bytes(GString *out, const char *bytes, size_t size)
{
        char *at = append_room(out, size);
        memcpy(at, bytes, size);
        append_end(out, at + size);
}

static inline void append_char(GString *out, char c)
{
        char *at = append_room(out, 1);
        *at = c;
        append_end(out, at + 1);
}

/* Of a string constant the length is known when this is compiled. */
static inline void append_text(GString *out, const char *text)
{
        append_bytes(out, text, strlen(text));
}

/* A string constant. */
#define append_literal(out, literal) append_bytes(out, "" literal "", sizeof(literal) - 1)

#define APPEND_DIGITS_MAX 20u /* of 64 bits */

/* Writes a number in decimal, without a NUL, and returns its end. printf would take most of a fingerprint's time. */
static inline char *append_digits(char *at, guint64 number)
{
        if (number < 10) { /* as nearly all are */
                *at = (char) ('0' + number);
                return at + 1;
        }
        char digits[APPEND_DIGITS_MAX], *first = digits + sizeof digits;
        do
                *--first = (char) ('0' + number % 10);
        while (number /= 10);
        do
                *at++ = *first++;
        while (first < digits + sizeof digits);
        return at;
}

static inline void append_number(GString *out, guint64 number)
{
        append_end(out, append_digits(append_room(out, APPEND_DIGITS_MAX), number));
}

#endif
