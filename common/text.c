/* SPDX-License-Identifier: MIT */
#include "common/text.h"

#include <errno.h>
#include <string.h>

#include "common/append.h"
#include "common/errors.h"
#include "common/text_p.h"

#define REPLACEMENT 0xFFFDu

/* NFKC sorts the marks on a character in a time that grows with the square of their number, and makes eighteen
 * characters of one. So hostile text gets no more than this at once; a real piece is one word. */
#define PIECE_BYTES 64
#define PIECE_BYTES_MAX 256

static bool is_space(gunichar c)
{
        if ((c > 0x20 && c < 0x7F) || c > 0x3000) /* there is no white space beyond U+3000 */
                return false;
        /* GLib leaves out the vertical tab and NEL. */
        return g_unichar_isspace(c) || c == 0x0B || c == 0x85;
}

/*
 * The Japanese charset tables disagree on a handful of characters: the same byte pair of the same mail is U+301C by one
 * table and U+FF5E by another, and NFKC does not unite them. Each becomes the NFKC form of its CP932 reading.
 */
static gunichar unite_charset_twins(gunichar c)
{
        switch (c) {
        case 0x301C: /* wave dash; CP932 U+FF5E */
                return '~';
        case 0x2212: /* minus sign; CP932 U+FF0D */
                return '-';
        case 0x2014: /* em dash */
                return 0x2015;
        case 0x2016: /* double vertical line */
                return 0x2225;
        default:
                return c;
        }
}

/* The input where it is valid, else a repaired copy that goes to *ret_owned. Promised valid, but not relied on. */
static const char *validated(const char *text, char **ret_owned)
{
        *ret_owned = NULL;
        if (!text)
                return "";
        size_t size = strlen(text);
        if (text_is_valid(text, size))
                return text;
        return *ret_owned = text_make_valid(text, size, NULL);
}

/* One character of valid text. g_utf8_get_char takes most of its time for the forms that are not in this feed. */
static inline gunichar decode(const char *at)
{
        const unsigned char *u = (const unsigned char *) at;
        if (u[0] < 0x80)
                return u[0];
        if ((u[0] & 0xF0) == 0xE0)
                return (gunichar) (u[0] & 0x0F) << 12 | (gunichar) (u[1] & 0x3F) << 6 | (u[2] & 0x3F);
        return g_utf8_get_char(at);
}

/* What text_normalize has written so far. */
struct folded {
        GString *out;
        bool pending_space;
};

/* What takes no place and means nothing to a rule: soft hyphens, zero-width characters, marks of direction, variation
 * selectors. */
static bool is_invisible(gunichar c)
{
        return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
               (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

static void put_folded(struct folded *f, gunichar c)
{
        if (is_invisible(c))
                return;
        if (is_space(c)) {
                f->pending_space = f->out->len > 0;
                return;
        }
        if (f->pending_space)
                g_string_append_c(f->out, ' ');
        f->pending_space = false;
        c = unite_charset_twins(c);
        if (c < 0x80)
                g_string_append_c(f->out, (char) c);
        else
                g_string_append_unichar(f->out, c);
}

/*
 * Nearly all characters of this feed have a form that can be told without the tables of NFKC, which take ten times as
 * long. Returns that form, or 0 for a character that needs the tables. None of these joins the character before it;
 * what follows may still join one of them (a sound mark, an accent).
 */
static gunichar simple_form(gunichar c)
{
        if (c < 0x80)
                return c;
        if ((c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FE))
                return c; /* kanji, hiragana, katakana */
        if (c >= 0xFF01 && c <= 0xFF5E)
                return c - 0xFF01 + '!'; /* full-width ASCII */
        if (c >= 0x3001 && c <= 0x3020 && c != 0x301C)
                return c; /* punctuation */
        if (c == 0x3000)
                return ' ';
        if (c >= 0x2190 && c <= 0x21FF)
                return c; /* arrows */
        return c >= 0x25A0 && c <= 0x25FF ? c : 0; /* marks in front of headings, circles and triangles */
}

/* Whether the character may become one with what is before it: marks, the half-width sound marks, parts of Hangul. */
static bool joins_previous(gunichar c)
{
        return g_unichar_ismark(c) || (c >= 0x1100 && c <= 0x11FF) || (c >= 0x3131 && c <= 0x318E) ||
               (c >= 0xFF9E && c <= 0xFFDC);
}

/* The end of the characters that go through the tables together: up to the next simple one, in bounded pieces. */
static const char *end_of_piece(const char *start)
{
        const char *end = g_utf8_next_char(start);
        while (*end && !simple_form(decode(end))) {
                size_t size = (size_t) (end - start);
                if (size >= PIECE_BYTES_MAX || (size >= PIECE_BYTES && !joins_previous(decode(end))))
                        break;
                end = g_utf8_next_char(end);
        }
        return end;
}

static unsigned dots_of(gunichar c)
{
        return c == 0x2025 ? 2 : c == 0x2026 ? 3 : 0;
}

/* " ‥‥‥", as heads have it, of which the tables make full stops. False if there is anything else. */
static bool put_dots(struct folded *f, const char *piece, const char *end)
{
        for (const char *at = piece; at < end; at = g_utf8_next_char(at))
                if (*at != ' ' && dots_of(decode(at)) == 0)
                        return false;
        for (const char *at = piece; at < end; at = g_utf8_next_char(at)) {
                if (*at == ' ')
                        put_folded(f, ' ');
                for (unsigned dots = dots_of(decode(at)); dots > 0; dots--)
                        put_folded(f, '.');
        }
        return true;
}

static void put_by_tables(struct folded *f, const char *piece, const char *end)
{
        if (put_dots(f, piece, end))
                return;
        g_autofree char *composed = g_utf8_normalize(piece, end - piece, G_NORMALIZE_ALL_COMPOSE);
        for (const char *at = composed; at && *at; at = g_utf8_next_char(at))
                put_folded(f, g_utf8_get_char(at));
}

char *text_normalize(const char *text)
{
        struct text_plain_run run = { 0 };
        const char *start = text ? text : "", *plain = text_skip_plain(start, strlen(start), &run);
        if (!*plain)
                return g_strndup(start, (gsize) (plain - start));
        g_autofree char *repaired = NULL;
        const char *at = validated(start, &repaired);
        const char *kept = at; /* what stays as it is and is not yet appended */
        if (at == start)
                at = plain;
        struct folded f = { .out = NULL }; /* until something is found that does not stay */
        gunichar c = decode(at), simple = simple_form(c);
        while (*at) {
                /* The character after a simple one decides whether it stands alone. */
                const char *next = g_utf8_next_char(at);
                gunichar c_next = decode(next), simple_next = simple_form(c_next);
                bool alone = simple && (simple_next || !*next);
                if (!alone || simple != c || f.pending_space || is_space(c)) {
                        if (!f.out)
                                f.out = g_string_sized_new(strlen(kept));
                        g_string_append_len(f.out, kept, at - kept);
                        if (alone)
                                put_folded(&f, simple);
                        else {
                                next = end_of_piece(at);
                                c_next = decode(next);
                                simple_next = simple_form(c_next);
                                put_by_tables(&f, at, next);
                        }
                        kept = next;
                }
                at = next;
                c = c_next;
                simple = simple_next;
        }
        if (!f.out)
                return g_strndup(kept, (gsize) (at - kept));
        g_string_append_len(f.out, kept, at - kept);
        return g_string_free(f.out, FALSE);
}

static void append_without_spaces(GString *out, const char *text)
{
        for (const char *end; *text; text = end + (*end == ' ')) {
                end = strchrnul(text, ' ');
                g_string_append_len(out, text, end - text);
        }
}

/* A word that is not plain: from its last character that is, which what follows may join. Returns its end. */
static const char *append_word(GString *out, const char *word)
{
        const char *end = word;
        while (*end && !is_ascii_space(*end))
                end++;
        g_autofree char *copy = g_strndup(word, (gsize) (end - word)), *normal = text_normalize(copy);
        append_without_spaces(out, normal);
        return end;
}

/* Appends the plain characters that text begins with, and returns where another one stands. */
static const char *append_plain(GString *out, const char *text, const char *end)
{
        char *to = append_room(out, (size_t) (end - text) + TEXT_COPY_ROOM);
        const char *stop = text_copy_unspaced(text, end, &to);
        if (stop < end && stop > text && !is_ascii_space(stop[-1])) { /* what follows may join the last plain one */
                size_t last = (unsigned char) stop[-1] < 0x80 ? 1 : 3;
                stop -= last;
                to -= last;
        }
        append_end(out, to);
        return stop;
}

/* No character joins white space, so that words can be taken one by one; and plain ones as they are, which are valid,
 * too. Only from the first one that is not plain the text is looked at as a whole. */
void text_append_unspaced(GString *out, const char *text)
{
        g_autofree char *repaired = NULL;
        bool is_valid = false;
        const char *at = text ? text : "", *end = at + strlen(at);
        while ((at = append_plain(out, at, end)) < end) {
                if (!is_valid) {
                        at = validated(at, &repaired);
                        end = at + strlen(at);
                        is_valid = true;
                }
                at = append_word(out, at);
        }
}

const char *text_trim(const char *text, size_t *ret_size)
{
        const char *start = text;
        while (*start && is_space(decode(start)))
                start = g_utf8_next_char(start);
        const char *end = start + strlen(start);
        while (end > start) {
                const char *last = g_utf8_prev_char(end);
                if (!is_space(decode(last)))
                        break;
                end = last;
        }
        *ret_size = (size_t) (end - start);
        return start;
}

char *text_strip(const char *text)
{
        g_autofree char *repaired = NULL;
        size_t size;
        const char *start = text_trim(validated(text, &repaired), &size);
        return g_strndup(start, size);
}

bool text_is_blank(const char *text)
{
        g_autofree char *repaired = NULL;
        if (text && text_plain_size((const unsigned char *) text) > 0)
                return false;
        for (const char *at = validated(text, &repaired); *at; at = g_utf8_next_char(at))
                if (!is_space(decode(at)))
                        return false;
        return true;
}

/* Appends valid text without its control characters; line ends become \n. end is where all the input ends: whether a CR
 * is one may hang on the byte behind the valid text. */
static void append_printable(GString *out, const char *text, const char *valid_end, const char *end)
{
        const char *kept = text; /* what is to be kept and is not yet appended */
        for (const char *at = text; at < valid_end;) {
                unsigned char c = (unsigned char) *at;
                bool c1_control = c == 0xC2 && (unsigned char) at[1] < 0xA0;
                if ((c >= 0x20 && c != 0x7F && !c1_control) || c == '\n' || c == '\t') {
                        at++;
                        continue;
                }
                g_string_append_len(out, kept, at - kept);
                /* "\r\n" and the common damage "\r\r\n" are one line end; a lone CR is one too. */
                if (c == '\r' && !(at + 1 < end && (at[1] == '\n' || at[1] == '\r')))
                        g_string_append_c(out, '\n');
                at += c1_control ? 2 : 1;
                kept = at;
        }
        g_string_append_len(out, kept, valid_end - kept);
}

char *text_make_valid(const char *bytes, size_t size, size_t *ret_replaced)
{
        GString *out = g_string_sized_new(size);
        size_t replaced = 0;
        for (const char *at = bytes, *end = bytes + size; at < end;) {
                const char *valid_end;
                g_utf8_validate_len(at, (gsize) (end - at), &valid_end);
                append_printable(out, at, valid_end, end);
                at = valid_end;
                /* A NUL ends valid text too, and is dropped. */
                if (at < end && *at++ != '\0') {
                        g_string_append_unichar(out, REPLACEMENT);
                        replaced++;
                }
        }
        if (ret_replaced)
                *ret_replaced = replaced;
        return g_string_free(out, FALSE);
}

char *text_make_line(const char *bytes, size_t size)
{
        char *line = text_make_valid(bytes, size, NULL);
        return g_strdelimit(line, "\t\n", ' ');
}

/* Digits up to the first other character. At least one is required. */
static int parse_digits(const char *text, guint64 max, guint64 *ret_value, const char **ret_end)
{
        if (!g_ascii_isdigit(*text))
                return -ERR_MALFORMED;
        guint64 value = 0;
        bool over = false;
        for (; g_ascii_isdigit(*text); text++) {
                guint64 digit = (guint64) (*text - '0');
                /* Goes on to the end, so that rubbish behind a number too large is still rubbish. */
                if (over || value > (max - MIN(digit, max)) / 10 || digit > max)
                        over = true;
                else
                        value = value * 10 + digit;
        }
        *ret_end = text;
        *ret_value = value;
        return over ? -ERR_LIMIT : 0;
}

int text_parse_uint64(const char *text, guint64 max, guint64 *ret_value)
{
        guint64 value = 0;
        const char *end = text;
        int r = parse_digits(text, max, &value, &end);
        if (*end != '\0' || r == -ERR_MALFORMED)
                return -ERR_MALFORMED;
        if (r < 0)
                return r;
        *ret_value = value;
        return 0;
}

struct unit { char letter; guint64 factor; };

/* A number with at most one unit letter from a list that ends with a letter of 0. */
static int parse_with_unit(const char *text, const struct unit *units, guint64 plain, guint64 max, guint64 *ret_value)
{
        guint64 value = 0, factor = plain;
        const char *end = text;
        int r = parse_digits(text, G_MAXUINT64, &value, &end);
        if (r == -ERR_MALFORMED)
                return r;
        if (*end) {
                while (units->letter && units->letter != g_ascii_tolower(*end))
                        units++;
                if (!units->letter || end[1] != '\0')
                        return -ERR_MALFORMED;
                factor = units->factor;
        }
        if (r < 0 || value > max / factor)
                return -ERR_LIMIT;
        *ret_value = value * factor;
        return 0;
}

int text_parse_duration_ms(const char *text, gint64 *ret_ms)
{
        static const struct unit units[] = {
                { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 }, { 0, 0 },
        };
        /* A hundred years: sums of a few such times and a clock never overflow. */
        guint64 value, max = 36525 * G_GUINT64_CONSTANT(86400000);
        int r = parse_with_unit(text, units, 1000, max, &value);
        if (r < 0)
                return r;
        *ret_ms = (gint64) value;
        return 0;
}

int text_parse_size(const char *text, guint64 *ret_bytes)
{
        static const struct unit units[] = { { 'k', 1u << 10 }, { 'm', 1u << 20 }, { 'g', 1u << 30 }, { 0, 0 } };
        return parse_with_unit(text, units, 1, G_MAXINT64, ret_bytes);
}
