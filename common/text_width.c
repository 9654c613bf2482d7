/* SPDX-License-Identifier: MIT */
/* The part of text.h that counts columns and characters: widths, cutting, wrapping. */
#include <string.h>

#include "common/text.h"

#define ELLIPSIS "…"

static size_t width_of(gunichar c)
{
        if (c >= 0x20 && c < 0x7F)
                return 1;
        bool is_kana = (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FE);
        if (is_kana || (c >= 0x4E00 && c <= 0x9FFF))
                return 2;
        if (g_unichar_iszerowidth(c) || g_unichar_iscntrl(c))
                return 0;
        return g_unichar_iswide(c) ? 2 : 1;
}

/* Shown on or joined to the character before it. The half-width sound marks are letters to Unicode. */
static bool is_attached(gunichar c)
{
        return g_unichar_ismark(c) || g_unichar_iszerowidth(c) || c == 0xFF9E || c == 0xFF9F;
}

/* The character at *at, which moves on. A byte that is no UTF-8 counts as one character of one column. */
static gunichar next_char(const char **at)
{
        if ((unsigned char) **at < 0x80 && **at)
                return (gunichar) *(*at)++;
        const unsigned char *p = (const unsigned char *) *at;
        if (*p >= 0xE1 && *p <= 0xEC && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
                *at += 3;
                return (gunichar) (p[0] & 0x0F) << 12 | (gunichar) (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        }
        gunichar c = g_utf8_get_char_validated(*at, -1);
        if (c >= (gunichar) -2) {
                (*at)++;
                return 0xFFFD;
        }
        *at = g_utf8_next_char(*at);
        return c;
}

size_t text_width(const char *text)
{
        size_t width = 0;
        while (*text)
                width += width_of(next_char(&text));
        return width;
}

/* How many bytes from the start fit into so many columns. Zero-width characters go with what is before them. */
static size_t bytes_that_fit(const char *text, size_t columns)
{
        const char *at = text, *next = text;
        for (size_t width = 0; *at; at = next) {
                width += width_of(next_char(&next));
                if (width > columns)
                        break;
        }
        return (size_t) (at - text);
}

static char *cut_at(const char *text, size_t bytes)
{
        GString *out = g_string_sized_new(bytes + sizeof ELLIPSIS);
        g_string_append_len(out, text, (gssize) bytes);
        g_string_append(out, ELLIPSIS);
        return g_string_free(out, FALSE);
}

char *text_cut_columns(const char *text, size_t max_columns)
{
        if (text[bytes_that_fit(text, max_columns)] == '\0')
                return g_strdup(text);
        return max_columns == 0 ? g_strdup("") : cut_at(text, bytes_that_fit(text, max_columns - 1));
}

char *text_cut_chars(const char *text, size_t max_chars)
{
        size_t size = strnlen(text, max_chars + 1);
        if (size <= max_chars) /* no character is less than a byte */
                return g_strndup(text, size);
        const char *at = text, *cut = text, *last = text;
        for (size_t n = 0; *at && n < max_chars; n++) {
                const char *start = at;
                gunichar c = next_char(&at);
                if (n < max_chars - 1)
                        last = at;
                /* A cut may go before every character that is not attached to the one before it. */
                if (!is_attached(c))
                        cut = start;
        }
        if (*at == '\0')
                return g_strdup(text);
        if (max_chars == 0)
                return g_strdup("");
        /* What follows the last one that fits decides whether that one is whole. With nothing but marks there is no
         * good place, so any will do. */
        return cut_at(text, cut > text ? (size_t) (cut - text) : (size_t) (last - text));
}

/* Characters that must not start a line, so that they stay with the one before. */
static bool sticks_to_previous(gunichar c)
{
        static const char closing[] = "、。，．,.)）]］}｝」』】〉》〕:：;；!！?？・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々…‥";
        return is_attached(c) || g_utf8_strchr(closing, -1, c) != NULL;
}

/* Characters that must not end a line, so that the next one stays with them. */
static bool sticks_to_next(gunichar c)
{
        static const char opening[] = "（「『【〈《〔［｛";
        return g_utf8_strchr(opening, -1, c) != NULL;
}

/* The next run that is not to be broken: a word, or a wide character with what sticks to it. Empty only at the end. */
static const char *end_of_unit(const char *start)
{
        const char *at = start;
        gunichar previous = next_char(&at);
        while (*at) {
                const char *next = at;
                gunichar c = next_char(&next);
                if (g_unichar_isspace(c) != g_unichar_isspace(previous))
                        break;
                bool breakable = g_unichar_iswide(c) || g_unichar_iswide(previous);
                if (!g_unichar_isspace(c) && breakable && !sticks_to_previous(c) && !sticks_to_next(previous))
                        break;
                previous = c;
                at = next;
        }
        return at;
}

struct wrapper {
        GString *out;
        const char *indent;
        size_t room;  /* columns behind the indent */
        size_t used;  /* columns of the line that is being written */
        bool started; /* the line has its indent */
};

static void put(struct wrapper *w, const char *text, size_t bytes, size_t width)
{
        if (!w->started)
                g_string_append(w->out, w->indent);
        w->started = true;
        g_string_append_len(w->out, text, (gssize) bytes);
        w->used += width;
}

static void end_line(struct wrapper *w)
{
        g_string_append_c(w->out, '\n');
        w->started = false;
        w->used = 0;
}

/* A unit wider than a line is cut wherever the line ends. */
static void put_word(struct wrapper *w, const char *word)
{
        size_t width = text_width(word);
        if (w->used > 0 && w->used + width > w->room)
                end_line(w);
        while (width > w->room) {
                size_t bytes = bytes_that_fit(word, w->room);
                if (bytes == 0)
                        bytes = (size_t) (g_utf8_next_char(word) - word);
                g_autofree char *piece = g_strndup(word, bytes);
                put(w, word, bytes, text_width(piece));
                end_line(w);
                width -= text_width(piece);
                word += bytes;
        }
        if (*word)
                put(w, word, strlen(word), width);
}

static void wrap_line(struct wrapper *w, const char *line)
{
        g_autofree char *blanks = g_strdup("");
        for (const char *at = line; *at;) {
                const char *end = end_of_unit(at);
                g_autofree char *unit = g_strndup(at, (gsize) (end - at));
                at = end;
                if (text_is_blank(unit)) {
                        g_free(blanks);
                        blanks = g_steal_pointer(&unit);
                        continue;
                }
                size_t gap = text_width(blanks);
                if (w->used + gap + text_width(unit) <= w->room)
                        put(w, blanks, strlen(blanks), gap);
                else if (w->used > 0)
                        end_line(w);
                put_word(w, unit);
                g_free(blanks);
                blanks = g_strdup("");
        }
        end_line(w);
}

void text_append_wrapped(GString *out, const char *text, size_t columns, const char *indent)
{
        size_t indent_width = text_width(indent);
        /* Two columns always remain, so that each line takes at least one character. */
        size_t room = columns > indent_width + 2 ? columns - indent_width : 2;
        struct wrapper w = { .out = out, .indent = indent, .room = room };
        while (*text) {
                const char *end = strchr(text, '\n');
                g_autofree char *line = end ? g_strndup(text, (gsize) (end - text)) : g_strdup(text);
                wrap_line(&w, line);
                text = end ? end + 1 : text + strlen(text);
        }
}
