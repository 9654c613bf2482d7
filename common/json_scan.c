/* SPDX-License-Identifier: MIT */
#include "common/json_scan.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 20u
#define DIGITS_MAX 18 /* fit into 64 bits whatever they are */

struct scan {
        const char *at, *end;
        GString *unescaped; /* the last string that had an escape in it */
};

struct span { const char *text; size_t size; };

static void skip_space(struct scan *scan)
{
        while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r'))
                scan->at++;
}

static bool take(struct scan *scan, char c)
{
        skip_space(scan);
        if (scan->at == scan->end || *scan->at != c)
                return false;
        scan->at++;
        return true;
}

static bool take_word(struct scan *scan, const char *word)
{
        size_t size = strlen(word);
        if ((size_t) (scan->end - scan->at) < size || memcmp(scan->at, word, size) != 0)
                return false;
        scan->at += size;
        return true;
}

/* \uXXXX but for NUL and halves of pairs. */
static bool take_code_point(struct scan *scan)
{
        gunichar c = 0;
        if (scan->end - scan->at < 4)
                return false;
        for (int i = 0; i < 4; i++) {
                int digit = g_ascii_xdigit_value(*scan->at++);
                if (digit < 0)
                        return false;
                c = c << 4 | (gunichar) digit;
        }
        if (c == 0 || (c >= 0xd800 && c <= 0xdfff))
                return false;
        g_string_append_unichar(scan->unescaped, c);
        return true;
}

/* What stands behind a backslash. */
static bool take_escape(struct scan *scan)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        if (scan->at == scan->end)
                return false;
        char c = *scan->at++;
        if (c == 'u')
                return take_code_point(scan);
        const char *found = c ? strchr(from, c) : NULL;
        if (!found)
                return false;
        g_string_append_c(scan->unescaped, to[found - from]);
        return true;
}

static const char *plain_end(const struct scan *scan)
{
        const char *at = scan->at;
        while (at < scan->end && *at != '"' && *at != '\\' && (unsigned char) *at >= 0x20)
                at++;
        return at;
}

/* The rest of a string whose quotation mark has been taken. The result is good until the next string. */
static bool take_string(struct scan *scan, struct span *ret_span)
{
        const char *start = scan->at;
        scan->at = plain_end(scan);
        if (scan->at < scan->end && *scan->at == '"') {
                *ret_span = (struct span) { start, (size_t) (scan->at++ - start) };
                return true;
        }
        g_string_truncate(scan->unescaped, 0);
        g_string_append_len(scan->unescaped, start, scan->at - start);
        while (scan->at < scan->end && *scan->at == '\\') {
                scan->at++;
                if (!take_escape(scan))
                        return false;
                start = scan->at;
                scan->at = plain_end(scan);
                g_string_append_len(scan->unescaped, start, scan->at - start);
        }
        if (scan->at == scan->end || *scan->at != '"')
                return false;
        scan->at++;
        *ret_span = (struct span) { scan->unescaped->str, scan->unescaped->len };
        return true;
}

static json_t *scan_value(struct scan *scan, unsigned depth);

static json_t *scan_number(struct scan *scan)
{
        bool negative = *scan->at == '-';
        scan->at += negative;
        const char *start = scan->at;
        json_int_t number = 0;
        while (scan->at < scan->end && g_ascii_isdigit(*scan->at) && scan->at - start < DIGITS_MAX)
                number = number * 10 + (*scan->at++ - '0');
        bool whole = scan->at > start && (*start != '0' || scan->at == start + 1);
        if (!whole || (scan->at < scan->end && (g_ascii_isalnum(*scan->at) || *scan->at == '.' || *scan->at == '+')))
                return NULL;
        return json_integer(negative ? -number : number);
}

/* Takes the value. */
static bool add_member(json_t *object, const struct span *key, json_t *value)
{
        size_t before = json_object_size(object);
        if (!value)
                return false;
        return json_object_setn_new_nocheck(object, key->text, key->size, value) == 0 &&
               json_object_size(object) == before + 1;
}

static bool scan_members(struct scan *scan, json_t *object, unsigned depth)
{
        if (take(scan, '}'))
                return true;
        do {
                struct span key;
                if (!take(scan, '"') || !take_string(scan, &key) || memchr(key.text, 0, key.size))
                        return false;
                g_autofree char *kept = key.text == scan->unescaped->str ? g_strndup(key.text, key.size) : NULL;
                if (kept)
                        key.text = kept;
                if (!take(scan, ':') || !add_member(object, &key, scan_value(scan, depth + 1)))
                        return false;
        } while (take(scan, ','));
        return take(scan, '}');
}

static bool scan_items(struct scan *scan, json_t *array, unsigned depth)
{
        if (take(scan, ']'))
                return true;
        do {
                json_t *value = scan_value(scan, depth + 1);
                if (!value || json_array_append_new(array, value) < 0)
                        return false;
        } while (take(scan, ','));
        return take(scan, ']');
}

static json_t *scan_container(struct scan *scan, unsigned depth)
{
        bool is_object = *scan->at++ == '{';
        if (depth >= DEPTH_MAX)
                return NULL;
        json_t *json = is_object ? json_object() : json_array();
        if (json && (is_object ? scan_members(scan, json, depth) : scan_items(scan, json, depth)))
                return json;
        json_decref(json);
        return NULL;
}

static json_t *scan_value(struct scan *scan, unsigned depth)
{
        struct span text;
        skip_space(scan);
        if (scan->at == scan->end)
                return NULL;
        switch (*scan->at) {
        case '{':
        case '[':
                return scan_container(scan, depth);
        case '"':
                scan->at++;
                return take_string(scan, &text) ? json_stringn_nocheck(text.text, text.size) : NULL;
        case 'n':
                return take_word(scan, "null") ? json_null() : NULL;
        case 't':
                return take_word(scan, "true") ? json_true() : NULL;
        case 'f':
                return take_word(scan, "false") ? json_false() : NULL;
        default:
                return *scan->at == '-' || g_ascii_isdigit(*scan->at) ? scan_number(scan) : NULL;
        }
}

json_t *json_scan(const char *text, size_t size)
{
        /* All at once, for every string in it; jansson refuses invalid text too. */
        if (!g_utf8_validate(text, (gssize) size, NULL))
                return NULL;
        struct scan scan = { text, text + size, g_string_new(NULL) };
        skip_space(&scan);
        json_t *json = scan.at < scan.end && (*scan.at == '{' || *scan.at == '[') ? scan_container(&scan, 0) : NULL;
        skip_space(&scan);
        if (json && scan.at != scan.end)
                g_clear_pointer(&json, json_decref);
        g_string_free(scan.unescaped, TRUE);
        return json;
}
