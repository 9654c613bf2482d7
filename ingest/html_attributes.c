/* SPDX-License-Identifier: MIT */
#include "ingest/html_attributes.h"

#include <glib.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"

#define NAME_BYTES_MAX 100 /* libxml2's HTML_PARSER_BUFFER_SIZE */

const char *html_find_attribute(const char *const *attributes, const char *name)
{
        for (; attributes && attributes[0]; attributes += 2)
                if (attributes[0][0] == name[0] && strcmp(attributes[0], name) == 0)
                        return attributes[1] ? attributes[1] : "";
        return NULL;
}

unsigned html_read_number(const char *text, unsigned fallback, unsigned max)
{
        if (!text)
                return fallback;
        while (g_ascii_isspace(*text))
                text++;
        if (!g_ascii_isdigit(*text))
                return fallback;
        unsigned value = 0;
        for (; g_ascii_isdigit(*text); text++)
                value = MIN(value * 10 + (*text - '0'), max);
        return value;
}

static bool style_hides(const char *style)
{
        if (!strpbrk(style, "dD")) /* of "display" and "hidden" */
                return false;
        g_autoptr(GString) compact = g_string_new(";");
        for (; *style; style++)
                if (!g_ascii_isspace(*style))
                        g_string_append_c(compact, g_ascii_tolower(*style));
        return strstr(compact->str, ";display:none") || strstr(compact->str, ";visibility:hidden");
}

bool html_is_hidden(const char *const *attributes)
{
        const char *style = html_find_attribute(attributes, "style");
        return (style && style_hides(style)) || html_find_attribute(attributes, "hidden");
}

/* The file's name without directory, query, digits and punctuation, in lower case. */
static char *image_stem(const char *source)
{
        size_t size = strcspn(source, "?#");
        const char *slash = g_strrstr_len(source, size, "/"), *start = slash ? slash + 1 : source;
        g_autoptr(GString) stem = g_string_new(NULL);
        for (; start < source + size && *start != '.'; start++)
                if (g_ascii_isalpha(*start))
                        g_string_append_c(stem, g_ascii_tolower(*start));
        return g_string_free(g_steal_pointer(&stem), FALSE);
}

bool html_is_spacer(const char *const *attributes)
{
        static const char *const stems[] = { "spacer", "space", "blank", "clear", "transparent", "shim", "pixel" };
        const char *alt = html_find_attribute(attributes, "alt"), *source = html_find_attribute(attributes, "src");
        if (alt && !text_is_blank(alt))
                return false;
        if (html_read_number(html_find_attribute(attributes, "width"), 2, 2) < 2 ||
            html_read_number(html_find_attribute(attributes, "height"), 2, 2) < 2)
                return true;
        if (!source || g_ascii_strncasecmp(source, "data:", 5) == 0)
                return false;
        g_autofree char *stem = image_stem(source);
        for (size_t i = 0; i < G_N_ELEMENTS(stems); i++)
                if (strcmp(stem, stems[i]) == 0)
                        return true;
        return false;
}

bool html_is_mark(const char *const *attributes)
{
        const char *type = html_find_attribute(attributes, "type");
        if (!type)
                return false;
        if (g_ascii_strcasecmp(type, "image") == 0)
                return !html_is_spacer(attributes);
        bool box = g_ascii_strcasecmp(type, "radio") == 0 || g_ascii_strcasecmp(type, "checkbox") == 0;
        return box && html_find_attribute(attributes, "checked");
}

static bool has_known_scheme(const char *url)
{
        static const char *const schemes[] = { "http://", "https://", "ftp://", "mailto:" };
        for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
                if (g_ascii_strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
                        return true;
        return false;
}

/* As browsers do, line ends and tabs inside go, and other control characters and spaces are written as %XX. */
char *html_clean_url(const char *href, bool *ret_too_long)
{
        g_autofree char *stripped = text_strip(href);
        if (!has_known_scheme(stripped))
                return NULL;
        if (strlen(stripped) > LIMIT_URL_BYTES) {
                *ret_too_long = true;
                return NULL;
        }
        GString *url = g_string_new(NULL);
        for (const char *p = stripped; *p; p++) {
                unsigned char c = *p;
                if (c == '\t' || c == '\n' || c == '\r')
                        continue;
                if (c <= ' ' || c == 0x7f || c == '"' || c == '<' || c == '>')
                        g_string_append_printf(url, "%%%02X", c);
                else
                        g_string_append_c(url, *p);
        }
        return g_string_free(url, FALSE);
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *p, const char *end)
{
        while (p < end && is_blank(*p))
                p++;
        return p;
}

static const char *skip_until(const char *p, const char *end, bool (*stops)(char))
{
        while (p < end && !stops(*p))
                p++;
        return p;
}

static bool ends_word(char c)
{
        return is_blank(c) || c == '>';
}

/* What follows an attribute's name. */
static const char *skip_value(const char *p, const char *end)
{
        p = skip_blanks(p, end);
        if (p == end || *p != '=')
                return p;
        p = skip_blanks(p + 1, end);
        if (p == end || (*p != '"' && *p != '\''))
                return skip_until(p, end, ends_word);
        const char *quote = memchr(p + 1, *p, end - p - 1);
        return quote ? quote + 1 : end;
}

/* Past the tag whose name begins at p, or NULL where it has too many attributes. Attributes are told apart as libxml2
 * does: no space is needed between them, and a name ends after NAME_BYTES_MAX. */
static const char *skip_tag(const char *p, const char *end)
{
        unsigned count = 0;
        for (p = skip_until(p, end, ends_word); (p = skip_blanks(p, end)) < end && *p != '>';) {
                const char *name = p;
                if (g_ascii_isalpha(*p) || *p == '_' || *p == ':' || *p == '.')
                        while (p < end && p - name < NAME_BYTES_MAX && (g_ascii_isalnum(*p) || strchr(":-_.", *p)))
                                p++;
                if (p == name) {
                        p = skip_until(p, end, ends_word);
                        continue;
                }
                if (++count > LIMIT_HTML_ATTRIBUTES)
                        return NULL;
                p = skip_value(p, end);
        }
        return p;
}

static const char *find_or_end(const char *p, const char *end, const char *what)
{
        const char *found = p < end ? memmem(p, end - p, what, strlen(what)) : NULL;
        return found ? found : end;
}

static bool begins_with(const char *p, const char *end, const char *name)
{
        size_t length = strlen(name);
        return (size_t) (end - p) > length && g_ascii_strncasecmp(p, name, length) == 0 && !g_ascii_isalnum(p[length]);
}

/* Where a comment ends whose text begins at p: "-->", also "--!>", and at once for "<!-->" and "<!--->". */
static const char *find_comment_end(const char *p, const char *end)
{
        if (p < end && *p == '>')
                return p;
        if (end - p >= 2 && memcmp(p, "->", 2) == 0)
                return p;
        for (; (p = find_or_end(p, end, "--")) < end; p++)
                if ((end - p >= 3 && p[2] == '>') || (end - p >= 4 && memcmp(p + 2, "!>", 2) == 0))
                        return p;
        return end;
}

/* The end tag of an element whose content is no markup. */
static const char *find_raw_end(const char *p, const char *end, const char *name)
{
        for (; (p = find_or_end(p, end, "</")) < end; p += 2)
                if (begins_with(p + 2, end, name))
                        return p;
        return end;
}

bool html_has_crowded_tag(const char *text, size_t size)
{
        const char *end = text + size;
        for (const char *p = text; p < end && (p = memchr(p, '<', end - p));) {
                const char *name = ++p;
                if (end - p >= 3 && memcmp(p, "!--", 3) == 0)
                        p = find_comment_end(p + 3, end);
                if (p == end || !g_ascii_isalpha(*name))
                        continue;
                p = skip_tag(p, end);
                if (!p)
                        return true;
                if (p < end && p[-1] == '/') /* <style/> has no content */
                        continue;
                if (begins_with(name, end, "script"))
                        p = find_raw_end(p, end, "script");
                else if (begins_with(name, end, "style"))
                        p = find_raw_end(p, end, "style");
        }
        return false;
}

/* A place that libxml2 would stumble over: [at, behind) becomes the replacement. at is the end where there is none. */
struct odd_place {
        const char *at, *behind, *replacement;
};

/* "</font <td>": the "<" inside an end tag whose text begins at p, which ends it; NULL where it ends as it should. Else
 * the tag that follows would be a part of it. */
static const char *find_tag_in_end_tag(const char *p, const char *end)
{
        while (p < end && g_ascii_isalnum(*p))
                p++;
        p = skip_blanks(p, end);
        return p < end && *p == '<' ? p : NULL;
}

/* last_close: the last ">" of the page, or its start. */
static struct odd_place find_odd_place(const char *p, const char *end, const char *last_close)
{
        while (p < end && (p = memchr(p, '<', end - p))) {
                const char *name = p + 1;
                if (end - name >= 3 && memcmp(name, "!--", 3) == 0) {
                        p = find_comment_end(name + 3, end);
                        continue;
                }
                bool declares = end - name >= 2 && *name == '!' && (name[1] == '[' || g_ascii_isalpha(name[1])) &&
                                p < last_close;
                if (name == end || (!g_ascii_isalpha(*name) && *name != '/' && *name != '?' && !declares))
                        return (struct odd_place){ p, name, "&lt;" };
                if (declares && !begins_with(name + 1, end, "doctype"))
                        return (struct odd_place){ p, (const char *) memchr(p, '>', end - p) + 1, "" };
                const char *inner = *name == '/' ? find_tag_in_end_tag(name + 1, end) : NULL;
                if (inner)
                        return (struct odd_place){ inner, inner, ">" };
                p = name;
                const char *raw = begins_with(name, end, "script")  ? "script"
                                  : begins_with(name, end, "style") ? "style"
                                                                    : NULL;
                if (raw && (p = skip_tag(name, end)) && p < end && p[-1] != '/')
                        p = find_raw_end(p, end, raw);
                if (!p)
                        p = name;
        }
        return (struct odd_place){ end, end, "" };
}

/* The next U+FFFE or U+FFFF, which libxml2 drops without a word, or NULL. */
static const char *find_noncharacter(const char *from, const char *end)
{
        while ((from = memmem(from, (size_t) (end - from), "\xEF\xBF", 2))) {
                if (end - from >= 3 && (unsigned char) from[2] >= 0xBE)
                        return from;
                from += 2;
        }
        return NULL;
}

char *html_escape_odd_bytes(const char *text, size_t size, size_t *ret_size)
{
        const char *end = text + size, *last_close = memrchr(text, '>', size);
        if (!last_close)
                last_close = text;
        struct odd_place odd = find_odd_place(text, end, last_close);
        if (odd.at == end && !memchr(text, '\0', size) && !find_noncharacter(text, end))
                return NULL;
        GString *out = g_string_sized_new(size + 64);
        for (const char *p = text;; odd = find_odd_place(p, end, last_close)) {
                g_string_append_len(out, p, odd.at - p);
                if (odd.at == end)
                        break;
                g_string_append(out, odd.replacement);
                p = odd.behind;
        }
        for (char *p = out->str; (p = memchr(p, '\0', out->str + out->len - p)); p++)
                *p = ' ';
        for (const char *p = out->str; (p = find_noncharacter(p, out->str + out->len)); p += 3)
                out->str[p + 2 - out->str] = '\xBD'; /* U+FFFD */
        *ret_size = out->len;
        return g_string_free(out, FALSE);
}
