/* SPDX-License-Identifier: MIT */
/* The archive's JSON file of a bulletin. */
#include "store/archive_p.h"
#include "store/archive_scan_p.h"

#define INDENT 2u

static const char blanks[] = "\n                                ";
#define BLANKS (sizeof blanks - 1)

/* Needs room for BLANKS. */
static void break_line(struct archive_text *out, unsigned depth)
{
        size_t size = 1 + (size_t) depth * INDENT;
        memcpy(out->data + out->size, blanks, BLANKS); /* of known size: much the cheapest */
        out->size += MIN(size, BLANKS);
        for (; size > BLANKS; size--) /* deeper than any bulletin is */
                archive_text_add_char(out, ' ');
}

/* The first " or \ of what begins here, or the end; all before it is copied. Needs room for it. */
static const char *copy_plain(struct archive_text *out, const char *at, const char *end)
{
        while (end - at >= (ptrdiff_t) ARCHIVE_TEXT_BLOCK) {
                memcpy(out->data + out->size, at, ARCHIVE_TEXT_BLOCK);
                unsigned found = archive_scan_json(at);
                size_t plain = found ? (size_t) __builtin_ctz(found) : ARCHIVE_TEXT_BLOCK;
                out->size += plain;
                at += plain;
                if (found)
                        return at;
        }
        for (; at < end && *at != '"' && *at != '\\'; at++)
                out->data[out->size++] = *at;
        return at;
}

/* The string literal that starts here, as it is, and the colon of a key. Returns what stands behind it. Needs room for all up
 * to the end and a blank. */
static const char *copy_string(struct archive_text *out, const char *at, const char *end)
{
        out->data[out->size++] = *at++;
        while ((at = copy_plain(out, at, end)) < end) {
                bool escape = *at == '\\';
                out->data[out->size++] = *at++;
                if (!escape)
                        break;
                if (at < end)
                        out->data[out->size++] = *at++;
        }
        if (at < end && *at == ':') {
                memcpy(out->data + out->size, ": ", 2);
                out->size += 2;
                at++;
        }
        return at;
}

static bool is_empty(const char *at)
{
        return at[1] == '}' || at[1] == ']';
}

/* JSON in one line, without blanks between its parts, spread over many: the bytes that jansson makes with JSON_INDENT. */
static void indent(struct archive_text *out, const char *at, const char *end)
{
        unsigned depth = 0;
        while (at < end) {
                archive_text_reserve(out, (size_t) (end - at) + BLANKS);
                char c = *at;
                if (c == '"') {
                        at = copy_string(out, at, end);
                        continue;
                }
                bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
                if (opens && is_empty(at)) {
                        archive_text_put(out, at, 2);
                        at += 2;
                        continue;
                }
                at++;
                if (closes)
                        break_line(out, depth > 0 ? --depth : 0);
                archive_text_add_char(out, c);
                if (opens)
                        break_line(out, ++depth);
                else if (c == ',')
                        break_line(out, depth);
        }
}

void archive_json_render(struct archive_text *out, const char *text)
{
        indent(out, text, text + strlen(text));
        archive_text_add_char(out, '\n');
}
