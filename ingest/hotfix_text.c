/* SPDX-License-Identifier: MIT */
/* Small text helpers of the rules for HotFix Report. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"

/* No label is longer than this, and one character of it is at most four in the original (half-width with marks). */
#define PREFIX_CHARACTERS_MAX 96u

const char *hotfix_text_behind(const char *text, const char *key, size_t size)
{
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

void hotfix_append_wrapped(GString *out, const char *text)
{
        if (out->len > 0 && *text && (guchar) out->str[out->len - 1] < 0x80 && (guchar) *text < 0x80 &&
            out->str[out->len - 1] != ' ')
                g_string_append_c(out, ' ');
        g_string_append(out, text);
}

#define BOUNDED_CHARACTERS_MAX 8000u /* four bytes each: half of what a bulletin's JSON takes for a line */

char *hotfix_bounded(const char *text)
{
        return text_cut_chars(text, BOUNDED_CHARACTERS_MAX);
}

char *hotfix_pieces_text(const GArray *pieces)
{
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < pieces->len; i++) {
                if (!piece_at(pieces, i)->key[0])
                        continue;
                g_autofree char *line = text_strip(piece_at(pieces, i)->text);
                if (out->len > 0)
                        g_string_append_c(out, '\n');
                g_string_append(out, line);
        }
        g_autofree char *text = g_string_free(out, FALSE);
        return hotfix_bounded(text);
}

char *hotfix_pieces_key(const GArray *pieces)
{
        GString *out = g_string_new(NULL);
        for (guint i = 0; i < pieces->len; i++)
                g_string_append(out, piece_at(pieces, i)->key);
        return g_string_free(out, FALSE);
}
