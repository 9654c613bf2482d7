/* SPDX-License-Identifier: MIT */
/* Text in Slack's manner: escaped, measured, cut. */
#include <string.h>

#include "common/text.h"
#include "notify/slack_p.h"

/* How long one character is once it is escaped. Slack counts like JavaScript: two for those beyond U+FFFF. */
static size_t escaped_length(gunichar c)
{
        return c == '&' ? 5 : c == '<' || c == '>' ? 4 : c > 0xFFFF ? 2 : 1;
}

char *slack_escape(const char *text, size_t max_chars)
{
        size_t chars = 0, length = 0, fit = 0; /* fit: characters that leave room for the "…" of a cut */
        for (const char *p = text; *p && length <= max_chars; p = g_utf8_next_char(p)) {
                length += escaped_length(g_utf8_get_char(p));
                chars++;
                if (length < max_chars)
                        fit = chars;
        }
        /* One character more, so that text_cut_chars has something to cut when only the escaping made it too long. */
        g_autofree char *longer = length > max_chars ? g_strconcat(text, "…", NULL) : NULL;
        g_autofree char *cut = longer ? text_cut_chars(longer, fit + 1) : g_strdup(text);
        GString *out = g_string_new(NULL);
        for (const char *p = cut; *p; p++) {
                if (*p == '&')
                        g_string_append(out, "&amp;");
                else if (*p == '<')
                        g_string_append(out, "&lt;");
                else if (*p == '>')
                        g_string_append(out, "&gt;");
                else
                        g_string_append_c(out, *p);
        }
        return g_string_free(out, FALSE);
}

char *slack_unescape(const char *text)
{
        GString *out = g_string_new(text);
        g_string_replace(out, "&lt;", "<", 0);
        g_string_replace(out, "&gt;", ">", 0);
        g_string_replace(out, "&amp;", "&", 0);
        return g_string_free(out, FALSE);
}

size_t slack_length(const char *text)
{
        size_t length = 0;
        for (const char *p = text; *p; p = g_utf8_next_char(p))
                length += g_utf8_get_char(p) > 0xFFFF ? 2 : 1;
        return length;
}

size_t slack_json_length(const json_t *json)
{
        char *dumped = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
        size_t length = dumped ? slack_length(dumped) : 0;
        free(dumped);
        return length;
}

/* ":name:", in any script; a time of day is none. */
static bool has_emoji(const char *text)
{
        for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
                size_t name = strcspn(colon + 1, ": \n");
                if (name > 0 && colon[1 + name] == ':')
                        return true;
        }
        return false;
}

bool slack_has_markup(const char *text)
{
        return strpbrk(text, "*_~`<>|") || has_emoji(text);
}
