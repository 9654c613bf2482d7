/* SPDX-License-Identifier: MIT */
/* Small text helpers of the rules for HotFix Report. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

/* No label is longer than this, and one character of it is at most four in the original (half-width with marks). */
#define PREFIX_CHARACTERS_MAX 96u

/* The same in a text of which the key is the text itself without its spaces; NULL where that does not begin so. */
static const char *skip_plain_key(const char *text, const char *key, size_t size)
{
        while (size > 0) {
                if (*text != ' ' && *text != *key)
                        return NULL;
                bool counts = *text++ != ' ';
                key += counts;
                size -= counts;
        }
        return text;
}

const char *hotfix_text_behind(const char *text, const char *key, size_t size)
{
        bool is_short = size > 0 && size <= PREFIX_CHARACTERS_MAX / 2; /* with a space behind each character, too */
        const char *plain = is_short && text_is_plain(text) ? skip_plain_key(text, key, size) : NULL;
        if (plain)
                return plain + (*plain == ' ');
        g_autofree char *wanted = g_strndup(key, size);
        const char *at = text;
        for (unsigned n = 0; *at && n < PREFIX_CHARACTERS_MAX; n++) {
                at = g_utf8_next_char(at);
                g_autofree char *start = g_strndup(text, (gsize) (at - text));
                g_autofree char *normal = text_normalize(start);
                g_autofree char *start_key = hotfix_key(normal);
                if (g_str_equal(start_key, wanted))
                        break;
        }
        while (*at && g_unichar_isspace(g_utf8_get_char(at)))
                at = g_utf8_next_char(at);
        return at;
}

/* Names are not longer; a character of one may be a few in the original. */
#define MEASURED_CHARACTERS_MAX 640

static char *normalize_start(const char *text, glong characters)
{
        g_autofree char *start = g_strndup(text, (gsize) (g_utf8_offset_to_pointer(text, characters) - text));
        return text_normalize(start);
}

/* The comparison form of a longer start is not shorter, so the place is found by halving. */
size_t hotfix_measure_prefix(const char *text, const char *normal)
{
        size_t size = strlen(normal);
        glong first = 0, last = MIN(g_utf8_strlen(text, -1), MEASURED_CHARACTERS_MAX);
        while (first < last) {
                glong middle = first + (last - first) / 2;
                g_autofree char *start = normalize_start(text, middle);
                if (strlen(start) < size)
                        first = middle + 1;
                else
                        last = middle;
        }
        g_autofree char *found = normalize_start(text, first);
        return size > 0 && g_str_equal(found, normal) ? (size_t) (g_utf8_offset_to_pointer(text, first) - text) : 0;
}

void hotfix_append_wrapped(GString *out, const char *text)
{
        if (out->len > 0 && *text && hotfix_are_words(out->str[out->len - 1], *text))
                g_string_append_c(out, ' ');
        g_string_append(out, text);
}

bool hotfix_is_symbols(const char *key)
{
        for (; *key; key = g_utf8_next_char(key))
                if (g_unichar_isalnum(g_utf8_get_char(key)))
                        return false;
        return true;
}

#define RULER_CHARACTERS_MIN 5
#define RULER_BYTES_MAX 64 /* of which the characters are counted */

bool hotfix_is_ruler(const char *key)
{
        if (!*key)
                return false;
        size_t size = (size_t) (g_utf8_next_char(key) - key);
        for (size_t i = 0; i < size; i++) /* the first two characters: nearly all lines end here */
                if (key[size + i] != key[i])
                        return false;
        gunichar first = g_utf8_get_char(key);
        if (g_unichar_isalnum(first) || g_utf8_strlen(key, RULER_BYTES_MAX) < RULER_CHARACTERS_MIN)
                return false;
        for (; *key; key = g_utf8_next_char(key))
                if (g_utf8_get_char(key) != first)
                        return false;
        return true;
}

#define BOUNDED_CHARACTERS_MAX 8000u /* four bytes each: half of what a bulletin's JSON takes for a line */

char *hotfix_bounded(const char *text)
{
        return text_cut_chars(text, BOUNDED_CHARACTERS_MAX);
}

/* The only piece that says something, as in most fields; NULL where there are more or none. */
static const struct piece *only_piece(const GArray *pieces)
{
        const struct piece *only = NULL;
        for (guint i = 0; i < pieces->len; i++) {
                if (!piece_at(pieces, i)->key[0])
                        continue;
                if (only)
                        return NULL;
                only = piece_at(pieces, i);
        }
        return only;
}

char *hotfix_pieces_text(const GArray *pieces)
{
        const struct piece *only = only_piece(pieces);
        size_t size;
        const char *trimmed = only ? text_trim(only->text, &size) : NULL;
        if (trimmed && size <= HOTFIX_BOUNDED_BYTES)
                return g_strndup(trimmed, size);
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < pieces->len; i++) {
                const struct piece *piece = piece_at(pieces, i);
                if (!piece->key[0])
                        continue;
                g_autofree char *line = text_strip(piece->text);
                if (piece->continues) {
                        hotfix_append_wrapped(out, line);
                        continue;
                }
                if (out->len > 0)
                        g_string_append_c(out, '\n');
                g_string_append(out, line);
        }
        g_autofree char *text = g_string_free(out, FALSE);
        return hotfix_bounded(text);
}

char *hotfix_pieces_key(const GArray *pieces)
{
        const struct piece *only = only_piece(pieces);
        if (only)
                return g_strdup(only->key);
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < pieces->len; i++)
                g_string_append(out, piece_at(pieces, i)->key);
        return g_string_free(out, FALSE);
}
