/* SPDX-License-Identifier: MIT */
#include "ingest/mime_decode.h"

#include <stdbool.h>
#include <string.h>

#define SPACE 64
#define PAD 65
#define JUNK 66

/* The value of each base64 digit, and SPACE, PAD or JUNK for the other bytes. */
static const unsigned char *base64_values(void)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        static unsigned char values[256];
        static gsize ready;
        if (g_once_init_enter(&ready)) {
                memset(values, JUNK, sizeof values);
                for (unsigned i = 0; i < 64; i++)
                        values[(unsigned char) digits[i]] = (unsigned char) i;
                values[' '] = values['\t'] = values['\r'] = values['\n'] = SPACE;
                values['='] = PAD;
                g_once_init_leave(&ready, 1);
        }
        return values;
}

/* What a line is made of. */
struct line_look {
        size_t digits, junk;
        size_t gaps; /* white space inside */
};

static struct line_look look_at_line(const unsigned char *p, const unsigned char *end)
{
        const unsigned char *values = base64_values();
        struct line_look look = { 0 };
        bool gap = false;
        for (; p < end && *p != '\n'; p++) {
                if (values[*p] == SPACE) {
                        gap = look.digits + look.junk > 0;
                        continue;
                }
                look.gaps += gap;
                gap = false;
                if (values[*p] == JUNK)
                        look.junk++;
                else
                        look.digits++;
        }
        return look;
}

/* Behind padding only lines that are base64 through and through are read on: a list's footer is not data. */
static bool is_base64_line(const unsigned char *p, const unsigned char *end)
{
        struct line_look look = look_at_line(p, end);
        return look.junk == 0 && look.gaps == 0 && look.digits % 4 == 0;
}

/* Text that someone put behind data without padding: words, or many characters that base64 does not have. */
static bool is_foreign_line(const unsigned char *p, const unsigned char *end)
{
        struct line_look look = look_at_line(p, end);
        return (look.gaps > 0 && (look.junk > 0 || look.digits % 4 != 0)) || look.junk * 16 > look.digits;
}

/* Words that a gateway put before the data: several, with characters that base64 does not have, on a line of their own. */
static bool is_preface_line(const unsigned char *p, const unsigned char *end)
{
        struct line_look look = look_at_line(p, end);
        return look.gaps >= 2 && look.junk > 0 && end > p && end[-1] == '\n';
}

static const unsigned char *line_end(const unsigned char *p, const unsigned char *end)
{
        const unsigned char *newline = memchr(p, '\n', (size_t) (end - p));
        return newline ? newline : end;
}

/* Digits that are waiting for the rest of their group of four. */
struct base64_group {
        guint32 bits;
        unsigned count;
};

/* What each of the four digits of a group adds to its three bytes as they stand in memory; what is no digit sets the
 * byte behind them. */
static guint32 group_bytes[4][256];

static void fill_group_bytes(void)
{
        const unsigned char *values = base64_values();
        for (unsigned place = 0; place < 4; place++)
                for (unsigned c = 0; c < 256; c++) {
                        guint32 bits = (guint32) (values[c] & 63) << (18 - 6 * place);
                        const unsigned char bytes[4] = { (unsigned char) (bits >> 16), (unsigned char) (bits >> 8),
                                                         (unsigned char) bits, values[c] >= 64 };
                        memcpy(&group_bytes[place][c], bytes, sizeof bytes);
                }
}

static void prepare_groups(void)
{
        static gsize ready;
        if (g_once_init_enter(&ready)) {
                fill_group_bytes();
                g_once_init_leave(&ready, 1);
        }
}

/* Whole groups of four digits at p; returns where that ended. */
static const unsigned char *decode_groups(const unsigned char *p, const unsigned char *end, GString *out)
{
        static const unsigned char no_digit[4] = { 0, 0, 0, 1 };
        guint32 stop;
        size_t used = out->len;
        if (end - p < 4)
                return p;
        prepare_groups();
        memcpy(&stop, no_digit, sizeof stop);
        g_string_set_size(out, used + (size_t) (end - p) / 4 * 3 + 1); /* four bytes are written, three count */
        char *to = out->str + used;
        for (; end - p >= 4; p += 4, to += 3) {
                guint32 bytes = group_bytes[0][p[0]] | group_bytes[1][p[1]];
                bytes |= group_bytes[2][p[2]] | group_bytes[3][p[3]];
                if (bytes & stop)
                        break;
                memcpy(to, &bytes, sizeof bytes);
        }
        g_string_truncate(out, (size_t) (to - out->str));
        return p;
}

/* The usual case, quickly: a line of nothing but whole groups. Else nothing is decoded. */
static bool decode_whole_line(const unsigned char *p, const unsigned char *end, GString *out)
{
        gsize before = out->len;
        p = decode_groups(p, end, out);
        while (p < end && (*p == '\r' || *p == '\n'))
                p++;
        if (p < end)
                g_string_truncate(out, before);
        return p == end;
}

/* Ends a group before its fourth digit: two digits hold one byte, three hold two. */
static void close_group(struct base64_group *group, GString *out, unsigned *notes)
{
        if (group->count == 1)
                *notes |= DECODE_CUT;
        if (group->count >= 2)
                g_string_append_c(out, (char) (group->bits >> (group->count == 2 ? 4 : 10)));
        if (group->count == 3)
                g_string_append_c(out, (char) (group->bits >> 2));
        *group = (struct base64_group){ 0 };
}

static void add_digit(struct base64_group *group, unsigned char value, GString *out)
{
        group->bits = group->bits << 6 | value;
        if (++group->count < 4)
                return;
        g_string_append_c(out, (char) (group->bits >> 16));
        g_string_append_c(out, (char) (group->bits >> 8));
        g_string_append_c(out, (char) group->bits);
        *group = (struct base64_group){ 0 };
}

/* One line, line end included. *padded: padding was seen, and what follows is data only where a line proves it. */
static void decode_base64_line(const unsigned char *p, const unsigned char *end, struct base64_group *group,
                               bool *padded, GString *out, unsigned *notes)
{
        const unsigned char *values = base64_values();
        bool proved = false; /* the rest of this line is base64 */
        for (; p < end; p++) {
                unsigned char value = values[*p];
                if (*padded && value != SPACE && value != PAD) {
                        proved = proved || is_base64_line(p, end);
                        *notes |= proved ? DECODE_INNER_PADDING : DECODE_JUNK;
                        if (!proved)
                                return;
                        *padded = false;
                }
                if (value < 64 && group->count == 0)
                        p = decode_groups(p, end, out);
                if (p == end)
                        return;
                value = values[*p];
                if (value < 64) {
                        add_digit(group, value, out);
                } else if (value == PAD) {
                        *padded = *padded || group->count >= 2;
                        close_group(group, out, notes);
                } else if (value == JUNK) {
                        *notes |= DECODE_JUNK;
                }
        }
}

unsigned mime_decode_base64(const char *data, size_t size, GString *out)
{
        const unsigned char *p = (const unsigned char *) data, *end = p + size;
        struct base64_group group = { 0 };
        size_t start = out->len;
        bool padded = false, before_data = true;
        unsigned notes = 0;
        while (p < end) {
                const unsigned char *stop = line_end(p, end);
                stop += stop < end;
                if (before_data && is_preface_line(p, stop)) {
                        g_string_append_len(out, (const char *) p, stop - p);
                        notes |= DECODE_JUNK;
                        p = stop;
                        continue;
                }
                before_data = before_data && look_at_line(p, stop).digits == 0;
                if (group.count == 0 && !padded && decode_whole_line(p, stop, out))
                        ;
                else if (out->len > start && group.count == 0 && is_foreign_line(p, stop))
                        notes |= DECODE_JUNK;
                else
                        decode_base64_line(p, stop, &group, &padded, out, &notes);
                p = stop;
        }
        if (group.count > 0)
                notes |= DECODE_CUT;
        close_group(&group, out, &notes);
        return notes;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int mime_hex_byte(const char *p, size_t left)
{
        if (left < 2)
                return -1;
        int high = hex_digit(p[0]), low = hex_digit(p[1]);
        return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* The end of a line's text: white space before the line end was added on the way (RFC 2045 section 6.7). */
static const char *quoted_text_end(const char *p, const char *stop, const char **ret_line_end)
{
        const char *text = stop;
        if (text > p && text[-1] == '\n')
                text--;
        if (text < stop && text > p && text[-1] == '\r')
                text--;
        *ret_line_end = text;
        while (text < stop && text > p && (text[-1] == ' ' || text[-1] == '\t'))
                text--;
        return text;
}

/* Decodes one line to a place that has room for all of it; returns where that ended. */
static char *decode_quoted_line(const char *p, const char *stop, char *to, unsigned *notes)
{
        const char *line_end, *text_end = quoted_text_end(p, stop, &line_end);
        while (p < text_end) {
                if (*p != '=') {
                        *to++ = *p++;
                        continue;
                }
                p++;
                int byte = mime_hex_byte(p, (size_t) (text_end - p));
                if (byte >= 0) {
                        *to++ = (char) byte;
                        p += 2;
                } else if (p == text_end) { /* a soft line end */
                        return to;
                } else {
                        *to++ = '=';
                        *notes |= DECODE_JUNK;
                }
        }
        memcpy(to, line_end, (size_t) (stop - line_end));
        return to + (stop - line_end);
}

unsigned mime_decode_quoted_printable(const char *data, size_t size, GString *out)
{
        const char *p = data, *end = data + size;
        size_t used = out->len;
        unsigned notes = 0;
        g_string_set_size(out, used + size); /* it never grows */
        char *to = out->str + used;
        for (const char *stop; p < end; p = stop) {
                const char *newline = memchr(p, '\n', (size_t) (end - p));
                stop = newline ? newline + 1 : end;
                to = decode_quoted_line(p, stop, to, &notes);
        }
        g_string_truncate(out, (gsize) (to - out->str));
        return notes;
}

unsigned mime_decode_q(const char *data, size_t size, GString *out)
{
        unsigned notes = 0;
        for (size_t i = 0; i < size; i++) {
                int byte = data[i] == '=' ? mime_hex_byte(data + i + 1, size - i - 1) : -1;
                if (byte >= 0) {
                        g_string_append_c(out, (char) byte);
                        i += 2;
                } else {
                        g_string_append_c(out, data[i] == '_' ? ' ' : data[i]);
                        notes |= data[i] == '=' ? DECODE_JUNK : 0;
                }
        }
        return notes;
}

static bool starts_line(const char *p, const char *end, const char *word)
{
        size_t length = strlen(word);
        return (size_t) (end - p) >= length && memcmp(p, word, length) == 0;
}

/* One line: the number of bytes, then groups of four characters for three bytes. */
static void decode_uu_line(const char *p, const char *end, GString *out, unsigned *notes)
{
        unsigned want = ((unsigned) (unsigned char) *p++ - 32) & 63;
        for (; want > 0 && p < end; p += 4) {
                unsigned v[4];
                for (int i = 0; i < 4; i++) /* blanks at the end may have been cut off */
                        v[i] = p + i < end ? ((unsigned) (unsigned char) p[i] - 32) & 63 : 0;
                const unsigned char bytes[3] = { (unsigned char) (v[0] << 2 | v[1] >> 4),
                                                 (unsigned char) (v[1] << 4 | v[2] >> 2),
                                                 (unsigned char) (v[2] << 6 | v[3]) };
                unsigned take = MIN(want, 3);
                g_string_append_len(out, (const char *) bytes, take);
                want -= take;
                if (end - p < 4)
                        break;
        }
        if (want > 0)
                *notes |= DECODE_CUT;
}

unsigned mime_decode_uuencode(const char *data, size_t size, GString *out)
{
        const char *p = data, *end = data + size;
        bool inside = false;
        unsigned notes = 0;
        for (const char *stop; p < end; p = stop) {
                const char *newline = memchr(p, '\n', (size_t) (end - p)), *text_end = newline ? newline : end;
                stop = newline ? newline + 1 : end;
                if (text_end > p && text_end[-1] == '\r')
                        text_end--;
                if (!inside)
                        inside = starts_line(p, text_end, "begin ");
                else if (starts_line(p, text_end, "end"))
                        return notes;
                else if (text_end > p)
                        decode_uu_line(p, text_end, out, &notes);
        }
        if (!inside) { /* not uuencoded at all */
                g_string_append_len(out, data, (gssize) size);
                return DECODE_JUNK;
        }
        return notes | DECODE_CUT;
}

enum transfer_encoding transfer_encoding_parse(const char *value)
{
        static const struct { const char *name; enum transfer_encoding encoding; } names[] = {
                { "7bit", TRANSFER_IDENTITY },          { "8bit", TRANSFER_IDENTITY },
                { "binary", TRANSFER_IDENTITY },        { "base64", TRANSFER_BASE64 },
                { "quotedprintable", TRANSFER_QUOTED_PRINTABLE }, { "qp", TRANSFER_QUOTED_PRINTABLE },
                { "uuencode", TRANSFER_UUENCODE },      { "xuuencode", TRANSFER_UUENCODE },
                { "uue", TRANSFER_UUENCODE },           { "xuue", TRANSFER_UUENCODE },
        };
        g_autofree char *key = g_malloc0(20);
        size_t length = 0;
        for (const char *p = value ? value : ""; *p && length < 19; p++) {
                if (g_ascii_isalnum(*p))
                        key[length++] = g_ascii_tolower(*p);
                else if (length > 0 && *p != '-' && *p != '_')
                        break;
        }
        if (length == 0)
                return TRANSFER_IDENTITY;
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (strcmp(key, names[i].name) == 0)
                        return names[i].encoding;
        return TRANSFER_UNKNOWN;
}

unsigned mime_decode_transfer(enum transfer_encoding encoding, const char *data, size_t size, GString *out)
{
        switch (encoding) {
        case TRANSFER_BASE64:
                return mime_decode_base64(data, size, out);
        case TRANSFER_QUOTED_PRINTABLE:
                return mime_decode_quoted_printable(data, size, out);
        case TRANSFER_UUENCODE:
                return mime_decode_uuencode(data, size, out);
        case TRANSFER_IDENTITY:
        case TRANSFER_UNKNOWN:
                break;
        }
        g_string_append_len(out, data, (gssize) size);
        return 0;
}
