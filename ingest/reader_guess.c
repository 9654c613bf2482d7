/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ingest/html_elements.h"
#include "ingest/reader_p.h"

/* Header lines that are looked at. */
#define FIELDS_MAX 200u
/* Where a page's <meta> is looked for, and its first tags. */
#define META_BYTES 4096u
/* A page of lines and <br>, cut out of its frame; text that mentions the tag does so less often. */
#define BREAKS_MIN 5u

static size_t skip_mark_and_space(const char *data, size_t size)
{
        size_t i = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        while (i < size && g_ascii_isspace(data[i]))
                i++;
        return i;
}

static size_t line_size(const char *data, size_t size)
{
        const char *end = memchr(data, '\n', size);
        return end ? (size_t) (end - data) + 1 : size;
}

static size_t mbox_line_size(const char *data, size_t size)
{
        return size >= 5 && memcmp(data, "From ", 5) == 0 ? line_size(data, size) : 0;
}

/* The bytes of a header field's name (RFC 5322 section 2.2: printable, no space, no colon), or 0 if none is there. An
 * URL is none. */
static size_t field_name_size(const char *line, size_t size)
{
        size_t i = 0;
        while (i < size && line[i] > ' ' && line[i] < 0x7f && line[i] != ':')
                i++;
        if (i == 0 || i == size || line[i] != ':' || (size - i > 2 && memcmp(line + i, "://", 3) == 0))
                return 0;
        return i;
}

static bool is_mail_field(const char *name, size_t size)
{
        static const char *const names[] = { "From",         "Date",        "Subject",    "Received", "MIME-Version",
                                             "Content-Type", "Return-Path", "Message-ID", "To",       "Delivered-To" };
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (strlen(names[i]) == size && g_ascii_strncasecmp(name, names[i], size) == 0)
                        return true;
        return false;
}

/* A header block in which every line is a field, one of them of mail; or where a line is no field, three of mail before
 * it. "HotFix Alert:2007/05/11" is no field: its name would hold a space. */
static bool looks_like_mail(const char *data, size_t size)
{
        unsigned known = 0;
        bool first = true;
        for (unsigned i = 0; i < FIELDS_MAX && size > 0; i++, first = false) {
                size_t length = line_size(data, size), name = field_name_size(data, length);
                if (data[0] == '\n' || data[0] == '\r')
                        break;
                bool continuation = !first && (data[0] == ' ' || data[0] == '\t');
                if (name == 0 && !continuation)
                        return known >= 3;
                if (name > 0 && !continuation)
                        known += is_mail_field(data, name);
                data += length;
                size -= length;
        }
        return known > 0;
}

static bool is_html_name(const char *name)
{
        static const char *const others[] = { "html", "head", "meta", "link", "base", "font", "span", "em",
                                              "i",    "u",    "big",  "small", "tt",  "col",  "colgroup" };
        for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
                if (strcmp(name, others[i]) == 0)
                        return true;
        return html_element_flags(name) != 0;
}

bool reader_looks_like_html(const char *data, size_t size)
{
        size_t start = skip_mark_and_space(data, size);
        data += start;
        size -= start;
        if (size < 3 || data[0] != '<')
                return false;
        static const char *const starts[] = { "<!--", "<!doctype", "<?xml", "<![if" };
        for (size_t i = 0; i < G_N_ELEMENTS(starts); i++)
                if (size > strlen(starts[i]) && g_ascii_strncasecmp(data, starts[i], strlen(starts[i])) == 0)
                        return true;
        size_t end = 1;
        while (end < size && end < 12 && g_ascii_isalnum(data[end]))
                end++;
        if (end == size || (!g_ascii_isspace(data[end]) && data[end] != '>' && data[end] != '/'))
                return false;
        g_autofree char *name = g_ascii_strdown(data + 1, (gssize) end - 1);
        return is_html_name(name);
}

static bool begins_with(const char *data, size_t size, const char *tag)
{
        return size >= strlen(tag) && g_ascii_strncasecmp(data, tag, strlen(tag)) == 0;
}

bool reader_holds_html(const char *data, size_t size)
{
        if (size == 0)
                return false;
        unsigned breaks = 0;
        const char *end = data + strnlen(data, MIN(size, META_BYTES));
        for (const char *at = data; at < end && (at = memchr(at, '<', (size_t) (end - at))); at++) {
                size_t left = (size_t) (end - at);
                if (left < 2 || !g_ascii_isalpha(at[1])) /* a kanji's half, as often as not */
                        continue;
                char letter = at[1] | 0x20;
                if (letter != 'h' && letter != 'b' && letter != 't')
                        continue;
                if (begins_with(at, left, "<html") || begins_with(at, left, "<body") || begins_with(at, left, "<table"))
                        return true;
                breaks += begins_with(at, left, "<br");
        }
        return breaks >= BREAKS_MIN || reader_looks_like_html(data, size);
}

enum reader_form reader_guess_form(const char *data, size_t size)
{
        size_t start = skip_mark_and_space(data, size);
        start += mbox_line_size(data + start, size - start);
        if (looks_like_mail(data + start, size - start))
                return READER_MAIL;
        return reader_looks_like_html(data, size) ? READER_HTML : READER_TEXT;
}

/* Bytes are compared without regard to the charset: all that occur in mail agree on ASCII letters. */
char *reader_find_meta_charset(const char *data, size_t size)
{
        g_autofree char *head = g_ascii_strdown(data, (gssize) MIN(size, META_BYTES));
        for (const char *meta = head; (meta = strstr(meta, "<meta")); meta++) {
                const char *end = strchr(meta, '>'), *name = strstr(meta, "charset=");
                if (!end || !name || name > end)
                        continue;
                name += strlen("charset=");
                name += strspn(name, "\"' ");
                size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.:");
                if (length > 0 && length <= 40)
                        return g_strndup(name, length);
        }
        return NULL;
}
