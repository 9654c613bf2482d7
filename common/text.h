/* SPDX-License-Identifier: MIT */
/* UTF-8 text: comparison form, white space, display width, cutting. All input must be valid UTF-8 unless said. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* The form every rule compares in: NFKC, each run of white space (also U+3000, U+00A0) one space, none at the ends.
 * Invisible characters (zero-width ones, soft hyphens, marks of direction) go.
 * Characters that the Japanese charset tables map differently become one: U+301C is '~', U+2212 is '-', U+2014 is
 * U+2015, U+2016 is U+2225. Newly allocated. */
char *text_normalize(const char *text);

/* Appends the same without its spaces. */
void text_append_unspaced(GString *out, const char *text);

/* Like g_strstrip, but for all Unicode white space; newly allocated. */
char *text_strip(const char *text);

/* What text_strip copies, where the text is known to be valid. */
const char *text_trim(const char *text, size_t *ret_size);

/* Whether text_normalize would return a copy of the text. Says no where that takes a longer look. */
bool text_is_plain(const char *text);

struct text_shape {
        size_t columns; /* as text_width counts */
        bool has_space;
};

/* The same of a text of this size with a NUL behind it; where it is so, also what it looks like. */
bool text_measure_plain(const char *text, size_t size, struct text_shape *ret_shape);

bool text_is_blank(const char *text);

/* Whether no white space begins the text: the first byte tells of nearly all characters, as there is none beyond
 * U+3000. Says no where that takes a longer look. */
static inline bool text_is_surely_filled(const char *text)
{
        const unsigned char *p = (const unsigned char *) text;
        return (p[0] > 0x20 && p[0] < 0x7F) || p[0] > 0xE3 || (p[0] == 0xE3 && (p[1] != 0x80 || p[2] != 0x80));
}

/* Where the last character of a text begins that is not empty and ends there. */
static inline const char *text_last_character(const char *text, const char *end)
{
        const char *last = end - 1;
        while (last > text && ((unsigned char) *last & 0xC0) == 0x80)
                last--;
        return last;
}

/* Whether these bytes are valid UTF-8 without a NUL: what g_utf8_validate_len says, sooner. */
bool text_is_valid(const char *text, size_t size);

/* Whether they are so, and hold no control but tabs and line ends, and no code point that is no character. */
bool text_is_clean(const char *text, size_t size);

/* Columns on a terminal: East Asian wide characters 2, combining ones 0. */
size_t text_width(const char *text);

/* At most max_columns columns; what is longer is cut at a character boundary and ends in "…". Newly allocated. */
char *text_cut_columns(const char *text, size_t max_columns);

/* At most max_chars characters (code points), cut at a boundary that does not split a base from its combining marks,
 * ending in "…" if anything was cut. Newly allocated. */
char *text_cut_chars(const char *text, size_t max_chars);

/* A valid UTF-8 copy of any bytes: each invalid byte becomes U+FFFD; NUL and control characters other than \t and \n
 * are dropped, CR LF and a lone CR become LF. *ret_replaced (may be NULL) is the number of replacements. */
char *text_make_valid(const char *bytes, size_t size, size_t *ret_replaced);

/* The same on one line, with spaces for \t and \n: what a library's message that quotes its input becomes. */
char *text_make_line(const char *bytes, size_t size);

/* Escapes & < > " ' for HTML text and attribute values. Newly allocated. */
char *text_escape_html(const char *text);

/* Appends the same. NULL: nothing. */
void text_append_escaped(GString *out, const char *text);

/* Appends, wrapped so that no line is wider than columns (wide characters counted as 2); Japanese may break anywhere,
 * words of ASCII do not unless they are longer than a line. Each line begins with indent, whose width counts, and ends
 * with a newline, also the last; empty lines stay, without indent; an empty text appends nothing. */
void text_append_wrapped(GString *out, const char *text, size_t columns, const char *indent);

/* Checked decimal number: digits only, no sign, no space. Returns -ERR_MALFORMED or -ERR_LIMIT (over max). */
int text_parse_uint64(const char *text, guint64 max, guint64 *ret_value);

/* Durations such as "90s", "15m", "2h", "5d" (a bare number is seconds), to milliseconds; at most a hundred years. */
int text_parse_duration_ms(const char *text, gint64 *ret_ms);

/* Sizes such as "25M", "512k", "1G" (factors of 1024, any case) or bytes. */
int text_parse_size(const char *text, guint64 *ret_bytes);

#endif
