/* SPDX-License-Identifier: MIT */
/* The archive's JSON file of a bulletin. */
#include <string.h>

#include "store/archive_p.h"

#define INDENT 2

static void break_line(GString *out, unsigned depth)
{
        static const char blanks[] = "\n                                ";
        gssize size = (gssize) depth * INDENT;
        g_string_append_len(out, blanks, MIN(size, (gssize) sizeof blanks - 2) + 1);
        for (size -= (gssize) sizeof blanks - 2; size > 0; size--) /* deeper than any bulletin is */
                g_string_append_c(out, ' ');
}

/* Whether an odd number of backslashes stands before the quotation mark. */
static bool is_escaped(const char *start, const char *mark)
{
        const char *first = mark;
        while (first > start && first[-1] == '\\')
                first--;
        return (mark - first) % 2 != 0;
}

/* The string literal that starts here, as it is. Returns what stands behind it. */
static const char *copy_string(GString *out, const char *at)
{
        const char *end = strchrnul(at + 1, '"');
        while (*end && is_escaped(at + 1, end))
                end = strchrnul(end + 1, '"');
        end += *end == '"';
        g_string_append_len(out, at, end - at);
        return end;
}

static bool is_empty(const char *at)
{
        return at[1] == '}' || at[1] == ']';
}

/* JSON in one line, without blanks between its parts, spread over many: the bytes that jansson makes with JSON_INDENT. */
static void indent(GString *out, const char *at)
{
        unsigned depth = 0;
        while (*at) {
                if (*at == '"') {
                        at = copy_string(out, at);
                        continue;
                }
                char c = *at++;
                bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
                if (opens && is_empty(at - 1)) {
                        g_string_append_c(out, c);
                        g_string_append_c(out, *at++);
                        continue;
                }
                if (closes)
                        break_line(out, depth > 0 ? --depth : 0);
                g_string_append_c(out, c);
                if (opens)
                        break_line(out, ++depth);
                else if (c == ',')
                        break_line(out, depth);
                else if (c == ':')
                        g_string_append_c(out, ' ');
        }
}

GString *archive_json_render(const char *text)
{
        GString *out = g_string_sized_new(strlen(text) * 5 / 4);
        indent(out, text);
        g_string_append_c(out, '\n');
        return out;
}
