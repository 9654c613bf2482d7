/* SPDX-License-Identifier: MIT */
/* Parameters of Content-Type and Content-Disposition, as mailers write them (RFC 2231, RFC 2047 in quotes, raw). */
#include <string.h>

#include "ingest/charset.h"
#include "ingest/mime_decode.h"
#include "ingest/mime_p.h"

#define SEGMENTS_MAX 1000

/* One "name=value", "name*=charset'language'value", or one piece of a longer value ("name*2*=…"). */
struct segment {
        unsigned number;
        bool numbered, extended;
        char *value;
};

static void segment_clear(gpointer segment)
{
        g_free(((struct segment *) segment)->value);
}

static const char *skip_blanks(const char *p)
{
        return p + strspn(p, " \t\r\n");
}

/* A quoted string at p (behind the quote). Only \" and \\ are escapes: a backslash is also half of a Shift_JIS kanji.
 * Raw ISO-2022-JP kanji may hold a quote. Returns where the value ends. */
static const char *read_quoted(const char *p, GString *value)
{
        bool kanji = false;
        for (; *p && (kanji || *p != '"'); p++) {
                if (p[0] == 0x1B)
                        kanji = p[1] == '$';
                if (!kanji && p[0] == '\\' && (p[1] == '"' || p[1] == '\\'))
                        p++;
                g_string_append_c(value, *p);
        }
        return *p ? p + 1 : p;
}

static const char *read_value(const char *p, GString *value)
{
        p = skip_blanks(p);
        if (*p == '"') {
                p = read_quoted(p + 1, value);
                return p + strcspn(p, ";");
        }
        size_t length = strcspn(p, ";");
        g_string_append_len(value, p, (gssize) length);
        g_strstrip(value->str);
        value->len = strlen(value->str);
        return p + length;
}

/* Reads "*", "*12" or "*12*" behind a parameter's name. */
static bool read_suffix(const char *p, size_t size, struct segment *segment)
{
        size_t i = 0;
        if (size == 0)
                return true;
        if (p[i++] != '*')
                return false;
        if (i == size) {
                segment->extended = true;
                return true;
        }
        for (segment->numbered = true; i < size && g_ascii_isdigit(p[i]) && segment->number < SEGMENTS_MAX; i++)
                segment->number = segment->number * 10 + (unsigned) (p[i] - '0');
        if (i < size && p[i] == '*') {
                segment->extended = true;
                i++;
        }
        return i == size && i > 1;
}

static gint compare_segments(gconstpointer a, gconstpointer b)
{
        const struct segment *x = a, *y = b;
        return x->numbered != y->numbered ? (int) y->numbered - (int) x->numbered
                                          : (x->number > y->number) - (x->number < y->number);
}

/* All pieces of one parameter, in order; a plain value comes last. */
static GArray *collect_segments(const char *raw, const char *name)
{
        GArray *segments = g_array_new(FALSE, TRUE, sizeof(struct segment));
        size_t name_size = strlen(name);
        g_array_set_clear_func(segments, segment_clear);
        for (const char *p = strchr(raw, ';'); p && *p;) {
                p = skip_blanks(p + (*p == ';'));
                size_t length = strcspn(p, "=;"), trimmed = length;
                if (p[length] != '=') {
                        p += length;
                        continue;
                }
                while (trimmed > 0 && g_ascii_isspace(p[trimmed - 1]))
                        trimmed--;
                struct segment segment = { 0 };
                GString *value = g_string_new(NULL);
                bool wanted = trimmed >= name_size && g_ascii_strncasecmp(p, name, name_size) == 0 &&
                              read_suffix(p + name_size, trimmed - name_size, &segment);
                p = read_value(p + length + 1, value);
                segment.value = g_string_free(value, !wanted);
                if (wanted && segments->len < SEGMENTS_MAX)
                        g_array_append_val(segments, segment);
                else
                        g_free(segment.value);
        }
        g_array_sort(segments, compare_segments);
        return segments;
}

static void append_percent_decoded(GString *out, const char *text)
{
        for (size_t left = strlen(text); left > 0;) {
                int byte = *text == '%' ? mime_hex_byte(text + 1, left - 1) : -1;
                g_string_append_c(out, byte >= 0 ? (char) byte : *text);
                size_t used = byte >= 0 ? 3 : 1;
                text += used;
                left -= used;
        }
}

/* The part of an extended value before its second quote is "charset'language". */
static const char *take_charset(const char *value, char **ret_charset)
{
        const char *quote = strchr(value, '\''), *second = quote ? strchr(quote + 1, '\'') : NULL;
        if (!second)
                return value;
        *ret_charset = g_strndup(value, (gsize) (quote - value));
        return second + 1;
}

static char *join_segments(const GArray *segments)
{
        const struct segment *first = &g_array_index(segments, struct segment, 0);
        if (!first->numbered && !first->extended)
                return charset_decode_header(first->value);

        g_autoptr(GString) bytes = g_string_new(NULL);
        g_autofree char *charset = NULL;
        bool extended = false;
        unsigned next = 0;
        for (guint i = 0; i < segments->len; i++) {
                const struct segment *segment = &g_array_index(segments, struct segment, i);
                if (first->numbered ? !segment->numbered || segment->number < next : segment != first)
                        continue;
                next = segment->number + 1;
                const char *value =
                        segment->extended && i == 0 ? take_charset(segment->value, &charset) : segment->value;
                extended = extended || segment->extended;
                if (segment->extended)
                        append_percent_decoded(bytes, value);
                else
                        g_string_append(bytes, value);
        }
        if (!extended) /* split without extension: encoded words and raw bytes are found here too */
                return charset_decode_header(bytes->str);
        struct charset_result result;
        charset_decode(charset, bytes->str, bytes->len, &result);
        char *line = charset_make_line(result.text);
        g_free(result.text);
        return line;
}

char *mime_value_parameter(const char *raw, const char *name)
{
        if (!raw || !strcasestr(raw, name)) /* most are not there */
                return NULL;
        g_autoptr(GArray) segments = collect_segments(raw, name);
        /* Of "name*=" and "name=" the extended one is the better (RFC 6266 section 4.3). */
        for (guint i = 1; i < segments->len; i++) {
                struct segment *first = &g_array_index(segments, struct segment, 0), *other = first + i, swap = *first;
                if (!first->numbered && !first->extended && other->extended) {
                        *first = *other;
                        *other = swap;
                }
        }
        return segments->len > 0 ? join_segments(segments) : NULL;
}

char *mime_value_token(const char *raw)
{
        const char *p = skip_blanks(raw ? raw : "");
        GString *token = g_string_new(NULL);
        while (*p && *p != ';' && *p != '(') {
                const char *next = skip_blanks(p);
                bool at_slash = *next == '/' || (token->len > 0 && token->str[token->len - 1] == '/');
                if (next > p && !at_slash) /* blanks may stand around the slash only */
                        break;
                if (next == p) {
                        if (*p > 0x20 && *p < 0x7F && *p != '"')
                                g_string_append_c(token, g_ascii_tolower(*p));
                        next++;
                }
                p = next;
        }
        return g_string_free(token, FALSE);
}
