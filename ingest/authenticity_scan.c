/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/limits.h"
#include "ingest/authenticity_p.h"

#define COMMENT_DEPTH_MAX 100u

struct scan scan_field(const char *data, size_t size)
{
        if (size > 0 && data[size - 1] == '\n')
                size--;
        if (size > 0 && data[size - 1] == '\r')
                size--;
        return (struct scan){ data, data + size };
}

bool scan_is_done(const struct scan *scan)
{
        return scan->p == scan->end;
}

bool scan_is_at(const struct scan *scan, char c)
{
        return scan->p < scan->end && *scan->p == c;
}

bool scan_char(struct scan *scan, char c)
{
        if (!scan_is_at(scan, c))
                return false;
        scan->p++;
        return true;
}

bool scan_is_atext(unsigned char c)
{
        return g_ascii_isalnum(c) || c >= 0x80 || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

/* Control characters that have no place in a header field; bytes beyond ASCII are left to who uses them. */
static bool is_control(char c)
{
        return (unsigned char) c < 0x20 || c == 0x7F;
}

/* A line end that folds: white space follows. */
static bool pass_fold(struct scan *scan)
{
        if (scan_char(scan, '\r') && !scan_is_at(scan, '\n'))
                return false;
        return scan_char(scan, '\n') && scan->p < scan->end && is_blank(*scan->p);
}

/* Any number of comments in one another, without recursion. Quotes mean nothing in a comment, but one without its second
 * is not taken: a border that copies an address like "a) ; dkim=pass"@evil.example there has it end in the address. */
static bool pass_comment(struct scan *scan)
{
        unsigned depth = 0, quotes = 0;
        do {
                if (scan_is_done(scan))
                        return false;
                char c = *scan->p;
                if (c == '\r' || c == '\n') {
                        if (!pass_fold(scan))
                                return false;
                        continue;
                }
                scan->p++;
                if (c == '(' && ++depth > COMMENT_DEPTH_MAX)
                        return false;
                if (c == ')')
                        depth--;
                quotes += c == '"';
                if (is_control(c) && c != '\t')
                        return false;
                if (c == '\\' && (scan_is_done(scan) || (is_control(*scan->p) && *scan->p != '\t')))
                        return false;
                if (c == '\\')
                        scan->p++;
        } while (depth > 0);
        return quotes % 2 == 0;
}

bool scan_cfws(struct scan *scan, bool *ret_any)
{
        const char *start = scan->p;
        while (scan->p < scan->end) {
                char c = *scan->p;
                bool folds = c == '\r' || c == '\n';
                if (!is_blank(c) && !folds && c != '(')
                        break;
                if (is_blank(c))
                        scan->p++;
                else if (folds ? !pass_fold(scan) : !pass_comment(scan))
                        return false;
        }
        if (ret_any)
                *ret_any = scan->p > start;
        return true;
}

char *scan_run(struct scan *scan, scan_predicate is_part)
{
        const char *start = scan->p;
        while (scan->p < scan->end && is_part((unsigned char) *scan->p))
                scan->p++;
        size_t size = (size_t) (scan->p - start);
        return size > 0 && size <= LIMIT_AUTHENTICATION_VALUE_BYTES ? g_strndup(start, size) : NULL;
}

char *scan_quoted(struct scan *scan)
{
        g_autoptr(GString) text = g_string_new(NULL);
        if (!scan_char(scan, '"'))
                return NULL;
        while (!scan_char(scan, '"')) {
                if (scan_is_at(scan, '\r') || scan_is_at(scan, '\n')) {
                        if (!pass_fold(scan))
                                return NULL;
                        continue;
                }
                scan_char(scan, '\\');
                if (scan_is_done(scan) || (is_control(*scan->p) && *scan->p != '\t'))
                        return NULL;
                g_string_append_c(text, *scan->p++);
                if (text->len > LIMIT_AUTHENTICATION_VALUE_BYTES)
                        return NULL;
        }
        return g_strdup(text->str);
}

char *scan_utf8(char *text)
{
        if (text && g_utf8_validate(text, -1, NULL))
                return text;
        g_free(text);
        return NULL;
}
