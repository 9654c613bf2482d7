/* SPDX-License-Identifier: MIT */
/*
 * The parts of a mail that is as sound as nearly all are: one text, or one multipart of leaves whose boundary stands
 * where it should. They are found here in a small part of the time that the library takes. At the first thing that is not
 * plainly sound the mail is left to the library.
 */
#include <string.h>

#include "common/limits.h"
#include "ingest/mime_p.h"

#define BOUNDARY_BYTES_MAX 70 /* RFC 2046 section 5.1.1 */
#define FACE_BYTES_MAX 300    /* around the parts: more than that may be a part that lost its boundary */
#define PARTS_MAX 20u
#define FIELDS_MAX 30u

static bool has_name(const char *line, size_t size, const char *name)
{
        return size > strlen(name) && g_ascii_strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':';
}

/* Keeps the value of one field; false for a second one. */
static bool take_value(char **value, const char *line, size_t size, const char *name)
{
        if (*value)
                return false;
        const char *start = line + strlen(name) + 1;
        *value = g_strndup(start, (gsize) (line + size - start));
        return strlen(*value) == (size_t) (line + size - start); /* no NUL in it */
}

/* The field that begins at p, with its folded lines; NULL for what is none. */
static const char *field_stop(const char *p, const char *end)
{
        const char *stop = mime_line_end(p, end);
        size_t name = 0, size = (size_t) (stop - p);
        while (name < size && (g_ascii_isalnum(p[name]) || p[name] == '-' || p[name] == '_'))
                name++;
        if (name == 0 || name == size || p[name] != ':')
                return NULL;
        while (stop < end && (*stop == ' ' || *stop == '\t'))
                stop = mime_line_end(stop, end);
        return stop < end ? stop : NULL;
}

static bool take_field(struct sound_part *part, const char *line, size_t size)
{
        static const char type[] = "Content-Type", disposition[] = "Content-Disposition",
                          encoding[] = "Content-Transfer-Encoding";
        if (has_name(line, size, type))
                return take_value(&part->type, line, size, type);
        if (has_name(line, size, disposition))
                return take_value(&part->disposition, line, size, disposition);
        if (has_name(line, size, encoding))
                return take_value(&part->encoding, line, size, encoding);
        return true;
}

/* Reads the header at *p up to behind its blank line. */
static bool read_header(struct sound_part *part, const char **p, const char *end)
{
        const char *start = *p;
        for (unsigned fields = 0; *p < end && fields <= FIELDS_MAX; fields++) {
                const char *stop = mime_line_end(*p, end);
                if (mime_line_is_blank(*p, stop)) {
                        /* "\n" or "\r\n"; some field was there */
                        bool is_sound = fields > 0 && (stop - *p == 1 || (stop - *p == 2 && **p == '\r'));
                        *p = stop;
                        return is_sound && (size_t) (stop - start) <= LIMIT_HEADER_BYTES / 4;
                }
                stop = field_stop(*p, end);
                if (!stop || !take_field(part, *p, (size_t) (stop - *p)))
                        return false;
                *p = stop;
        }
        return false;
}

/* The type as it stands at the start of the value; NULL where it has to be made out. */
static char *read_type(const char *raw)
{
        g_autofree char *type = raw ? mime_value_token(raw) : NULL;
        while (raw && g_ascii_isspace(*raw))
                raw++;
        if (!type || !*type || g_ascii_strncasecmp(raw, type, strlen(type)) != 0)
                return NULL;
        char next = raw[strlen(type)];
        return next == '\0' || next == ';' || g_ascii_isspace(next) ? g_steal_pointer(&type) : NULL;
}

/* "text/html": one word each, and nothing that has parts of its own. */
static bool is_leaf_type(const char *raw)
{
        g_autofree char *type = read_type(raw);
        const char *slash = type ? strchr(type, '/') : NULL;
        if (!slash || slash == type || !slash[1] || g_str_has_prefix(type, "multipart/") ||
            g_str_has_prefix(type, "message/"))
                return false;
        return type[strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789-+./")] == '\0' && !strchr(slash + 1, '/');
}

static const char *skip_space(const char *p)
{
        while (g_ascii_isspace(*p))
                p++;
        return p;
}

/* Whether nothing but parameters follows the type: ; name="value" or ; name=value. */
static bool has_plain_parameters(const char *raw)
{
        const char *p = skip_space(raw + strcspn(raw, ";"));
        while (*p == ';') {
                const char *name = p = skip_space(p + 1);
                while (g_ascii_isalnum(*p) || *p == '-')
                        p++;
                if (p == name || *p++ != '=')
                        return false;
                size_t size = *p == '"' ? strcspn(p + 1, "\"\\\r\n") + 1 : strcspn(p, "; \t\r\n\"");
                if (size == 0 || (*p == '"' && p[size++] != '"'))
                        return false;
                p = skip_space(p + size);
        }
        return *p == '\0';
}

/* The delimiter without its line end, "--" and the boundary; NULL where the header does not name one plainly. */
static char *read_delimiter(const char *raw)
{
        g_autofree char *boundary = mime_value_parameter(raw, "boundary");
        if (!boundary || !*boundary || strlen(boundary) > BOUNDARY_BYTES_MAX || strpbrk(raw, "(\\*%") ||
            boundary[strspn(boundary, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'+_,-./:=")])
                return NULL;
        g_autofree char *quoted = g_strconcat("boundary=\"", boundary, "\"", NULL);
        const char *at = strstr(raw, quoted);
        bool is_own = at && at > raw && (g_ascii_isspace(at[-1]) || at[-1] == ';') && !strcasestr(at + 1, "boundary");
        return is_own && has_plain_parameters(raw) && !strstr(raw, "=?") ? g_strconcat("--", boundary, NULL) : NULL;
}

static void part_clear(gpointer data)
{
        struct sound_part *part = data;
        g_free(part->type);
        g_free(part->disposition);
        g_free(part->encoding);
}

/* The next line that begins with the delimiter, or NULL. */
static const char *find_delimiter(const char *p, const char *end, const char *delimiter)
{
        size_t size = strlen(delimiter);
        for (bool first = true; p < end; first = false) {
                if (first && (size_t) (end - p) >= size && memcmp(p, delimiter, size) == 0)
                        return p;
                p = memmem(p, (size_t) (end - p), delimiter, size);
                if (!p)
                        return NULL;
                if (p[-1] == '\n')
                        return p;
                p++;
        }
        return NULL;
}

/* Behind the delimiter's line; *ret_is_last where it is the last one. NULL where anything else stands on it. */
static const char *behind_delimiter(const char *p, const char *end, const char *delimiter, bool *ret_is_last)
{
        p += strlen(delimiter);
        *ret_is_last = end - p >= 2 && p[0] == '-' && p[1] == '-';
        p += *ret_is_last ? 2 : 0;
        p += p < end && *p == '\r';
        return p < end && *p == '\n' ? p + 1 : NULL;
}

static bool read_part(GArray *parts, const char **p, const char *end, const char *delimiter, bool *ret_is_last)
{
        struct sound_part part = { 0 };
        bool is_sound = read_header(&part, p, end) && is_leaf_type(part.type);
        const char *body = *p, *next = is_sound ? find_delimiter(body, end, delimiter) : NULL;
        if (next && next - body >= 2) {
                part.body = body;
                part.size = (size_t) (next - body) - 1;
                bool has_cr = body[part.size - 1] == '\r';
                part.size -= has_cr;
                *p = behind_delimiter(next, end, delimiter, ret_is_last);
                if (*p && ((*p)[-2] == '\r') != has_cr) /* of mixed line ends the library takes another one off */
                        *p = NULL;
        } else {
                *p = NULL;
        }
        if (!*p) {
                part_clear(&part);
                return false;
        }
        g_array_append_val(parts, part);
        return true;
}

static bool read_multipart(const struct sound_part *whole, const char *p, const char *end, GArray *parts)
{
        g_autofree char *delimiter = read_delimiter(whole->type);
        const char *first = delimiter ? find_delimiter(p, end, delimiter) : NULL;
        bool is_last = false;
        if (!first || first - p > FACE_BYTES_MAX || !(p = behind_delimiter(first, end, delimiter, &is_last)) || is_last)
                return false;
        while (!is_last)
                if (parts->len >= PARTS_MAX || !read_part(parts, &p, end, delimiter, &is_last))
                        return false;
        return end - p <= FACE_BYTES_MAX && !find_delimiter(p, end, "--");
}

/* Those whose parts are read as they stand, whatever their order means. */
static bool is_plain_multipart(const char *raw, bool *ret_alternative)
{
        g_autofree char *type = read_type(raw);
        *ret_alternative = type && strcmp(type, "multipart/alternative") == 0;
        return *ret_alternative ||
               (type && (strcmp(type, "multipart/mixed") == 0 || strcmp(type, "multipart/related") == 0));
}

GArray *mime_split_sound(const char *data, size_t size, bool *ret_is_multipart, bool *ret_alternative)
{
        const char *p = data, *end = data + size;
        struct sound_part whole = { 0 };
        GArray *parts = g_array_new(FALSE, TRUE, sizeof(struct sound_part));
        g_array_set_clear_func(parts, part_clear);
        bool is_sound = read_header(&whole, &p, end);
        *ret_is_multipart = is_sound && is_plain_multipart(whole.type, ret_alternative);
        if (*ret_is_multipart) {
                is_sound = !whole.encoding || strpbrk(whole.encoding, "78"); /* base64 and the like mean nothing there */
                is_sound = is_sound && read_multipart(&whole, p, end, parts);
        } else if (is_sound && is_leaf_type(whole.type) && p < end) {
                whole.body = p;
                whole.size = (size_t) (end - p);
                g_array_append_val(parts, whole);
                whole = (struct sound_part){ 0 };
        } else {
                is_sound = false;
        }
        part_clear(&whole);
        if (!is_sound)
                g_clear_pointer(&parts, g_array_unref);
        return parts;
}
