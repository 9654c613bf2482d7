/* SPDX-License-Identifier: MIT */
/* What the bytes of a part really are, where its header does not say or says it wrongly. */
#include <string.h>

#include "ingest/charset.h"
#include "ingest/mime_p.h"

/* Bytes that are looked at. */
#define SNIFF_BYTES (8u * 1024u)
/* Less is a word, not a body in base64. */
#define BASE64_BYTES_MIN 40u
/* "=E3" and the like, before text counts as quoted-printable. */
#define QUOTED_BYTES_MIN 8u
#define UU_NAME_BYTES_MAX 255u
/* A text may begin with one line like a header's. */
#define SNIFF_FIELDS_MIN 2u
#define JUDGED_LINES 6u

static bool is_base64_char(char c)
{
        return g_ascii_isalnum(c) || c == '+' || c == '/' || c == '=';
}

static const char *text_end(const char *line, const char *stop)
{
        while (stop > line && g_ascii_isspace(stop[-1]))
                stop--;
        return stop;
}

/* A group of four digits ends with the padding. In quoted-printable without a blank the sign stands anywhere. */
static bool has_misplaced_padding(const char *line, const char *stop)
{
        for (const char *c = line; c < stop; c++) {
                size_t place = (size_t) (c - line) % 4;
                if (*c == '=' && (place < 2 || (place == 2 && c + 1 < stop && c[1] != '=')))
                        return true;
        }
        return false;
}

/* Lines of one length, the last one shorter, of nothing but base64. Prose has spaces, and lines of any length. */
static bool looks_like_base64(const char *data, size_t size)
{
        const char *end = data + size, *stop;
        size_t length = 0, total = 0;
        bool last = false, letters = false, others = false;
        for (const char *p = data; p < end; p = stop) {
                stop = mime_line_end(p, end);
                const char *line_stop = text_end(p, stop);
                size_t line = (size_t) (line_stop - p);
                if (line == 0) {
                        last = total > 0;
                        continue;
                }
                if (last || (length > 0 && line > length) || (total == 0 && line % 4 != 0 && stop < end) ||
                    has_misplaced_padding(p, line_stop))
                        return false;
                for (const char *c = p; c < line_stop; c++) {
                        if (!is_base64_char(*c))
                                return false;
                        letters = letters || g_ascii_islower(*c);
                        others = others || g_ascii_isupper(*c) || g_ascii_isdigit(*c);
                }
                length = MAX(length, line);
                last = line < length;
                total += line;
        }
        return total >= BASE64_BYTES_MIN && total % 4 == 0 && letters && others;
}

/* Bytes above 0x7F or ESC, written out. */
static bool looks_like_quoted_printable(const char *data, size_t size)
{
        size_t quoted = 0, equals = 0;
        if (!charset_is_seven_bit(data, size))
                return false;
        for (size_t i = 0; i < size; i++) {
                const char *next = memchr(data + i, '=', size - i);
                if (!next)
                        break;
                i = (size_t) (next - data);
                int byte = mime_hex_byte(data + i + 1, size - i - 1);
                quoted += byte >= 0x80 || byte == 0x1B;
                equals += byte < 0x80 && byte != 0x1B && byte != '=' && i + 1 < size && !g_ascii_isspace(data[i + 1]);
        }
        return quoted >= QUOTED_BYTES_MIN && equals * 4 <= quoted;
}

/* Bytes that base64 never has, or words. */
static bool is_text_line(const char *line, const char *stop)
{
        size_t junk = 0, others = 0;
        stop = text_end(line, stop);
        while (line < stop && g_ascii_isspace(*line))
                line++;
        for (; line < stop; line++) {
                if (*line == ' ')
                        return true;
                junk += !is_base64_char(*line);
                others += is_base64_char(*line);
        }
        return junk * 8 > others;
}

/* Judged by the first lines: what a list puts behind base64 is no reason. */
static bool looks_like_text(const char *data, size_t size)
{
        unsigned lines = 0, text = 0;
        bool first = false;
        const char *end = data + size, *stop;
        for (const char *p = data; p < end && lines < JUDGED_LINES; p = stop) {
                stop = mime_line_end(p, end);
                if (text_end(p, stop) == p)
                        continue;
                bool is_text = is_text_line(p, stop);
                first = lines == 0 ? is_text : first;
                lines++;
                text += is_text;
        }
        return first && text * 2 >= lines;
}

enum transfer_encoding mime_true_encoding(enum transfer_encoding declared, const char *data, size_t size)
{
        size_t sample = MIN(size, SNIFF_BYTES);
        if (declared == TRANSFER_BASE64 && looks_like_quoted_printable(data, sample))
                return TRANSFER_QUOTED_PRINTABLE;
        if (declared == TRANSFER_BASE64)
                return looks_like_text(data, sample) ? TRANSFER_IDENTITY : declared;
        if (declared == TRANSFER_UUENCODE)
                return declared;
        if (looks_like_base64(data, size))
                return TRANSFER_BASE64;
        if (declared != TRANSFER_QUOTED_PRINTABLE && looks_like_quoted_printable(data, sample))
                return TRANSFER_QUOTED_PRINTABLE;
        return declared;
}

bool mime_looks_like_html(const char *data, size_t size)
{
        g_autofree char *start = g_ascii_strdown(data, (gssize) MIN(size, 1024));
        return strstr(start, "<html") || strstr(start, "<!doctype html") || strstr(start, "<body") ||
               strstr(start, "<table");
}

bool mime_looks_like_message(const char *data, size_t size, unsigned fields_min)
{
        struct mail_head head;
        if (mail_head_read(data, size, &head, NULL) < 0)
                return true; /* of a size that will be refused */
        bool is_message = head.is_mail && head.fields->len >= fields_min;
        mail_head_clear(&head);
        return is_message;
}

const char *mime_sniff_type(const char *data, size_t size)
{
        size_t sample = MIN(size, SNIFF_BYTES);
        if (size == 0)
                return NULL;
        if (mime_looks_like_message(data, size, SNIFF_FIELDS_MIN))
                return "message/rfc822";
        if (mime_looks_like_html(data, size))
                return "text/html";
        for (size_t i = 0; i < sample; i++)
                if ((unsigned char) data[i] < 0x20 && !strchr("\t\n\f\r\016\017\033", data[i]))
                        return NULL;
        return charset_guess(data, sample) ? "text/plain" : NULL;
}

/* --- uuencoded files inside text --- */

/* "begin 644 name": the name, or NULL. */
static char *read_uu_start(const char *line, const char *stop)
{
        const char *p = line + 6;
        stop = text_end(line, stop);
        if (stop - line < 11 || memcmp(line, "begin ", 6) != 0)
                return NULL;
        while (p < stop && *p >= '0' && *p <= '7')
                p++;
        if (p - line < 9 || p - line > 10 || p == stop || *p != ' ')
                return NULL;
        return stop - p - 1 <= (gssize) UU_NAME_BYTES_MAX ? g_strndup(p + 1, (gsize) (stop - p - 1)) : NULL;
}

/* A line of data: as long as its first character says, but for blanks that were cut off at its end. */
static bool is_uu_line(const char *line, const char *stop)
{
        while (stop > line && (stop[-1] == '\n' || stop[-1] == '\r'))
                stop--;
        if (stop == line || *line < 0x20 || *line > 0x60)
                return false;
        size_t want = ((size_t) ((unsigned char) *line - 32) & 63) + 2, groups = want / 3;
        for (const char *p = line; p < stop; p++)
                if (*p < 0x20 || *p > 0x60)
                        return false;
        return (size_t) (stop - line) <= 1 + groups * 4 + 2 && (groups == 0 || (size_t) (stop - line) * 2 > groups * 4);
}

static bool is_word_line(const char *line, const char *stop, const char *word)
{
        stop = text_end(line, stop);
        return (size_t) (stop - line) == strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

/* The end of the file that starts at a "begin" line, "end" included; NULL where the lines are no data. */
static const char *find_uu_end(const char *start, const char *end)
{
        const char *p = mime_line_end(start, end), *stop;
        unsigned lines = 0;
        for (; p < end; p = stop, lines++) {
                stop = mime_line_end(p, end);
                if (is_word_line(p, stop, "end"))
                        return lines > 0 ? stop : NULL;
                if (!is_uu_line(p, stop))
                        return lines > 1 ? p : NULL; /* cut */
        }
        return lines > 1 ? p : NULL;
}

static void file_free(gpointer data)
{
        struct uu_file *file = data;
        g_free(file->name);
        g_string_free(file->data, TRUE);
        g_free(file);
}

GPtrArray *mime_take_uuencoded(GString *text)
{
        GPtrArray *files = NULL;
        g_autoptr(GString) rest = g_string_new(NULL);
        const char *end = text->str + text->len, *stop;
        if (!g_str_has_prefix(text->str, "begin ") && !strstr(text->str, "\nbegin "))
                return NULL;
        for (const char *p = text->str; p < end; p = stop) {
                stop = mime_line_end(p, end);
                g_autofree char *name = read_uu_start(p, stop);
                const char *file_end = name ? find_uu_end(p, end) : NULL;
                if (!file_end) {
                        g_string_append_len(rest, p, stop - p);
                        continue;
                }
                struct uu_file *file = g_new0(struct uu_file, 1);
                file->name = charset_decode_header(name);
                file->data = g_string_new(NULL);
                file->notes = mime_decode_uuencode(p, (size_t) (file_end - p), file->data);
                files = files ? files : g_ptr_array_new_with_free_func(file_free);
                g_ptr_array_add(files, file);
                stop = file_end;
        }
        if (files)
                g_string_assign(text, "");
        if (files)
                g_string_append_len(text, rest->str, (gssize) rest->len);
        return files;
}
