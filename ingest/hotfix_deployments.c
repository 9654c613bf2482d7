/* SPDX-License-Identifier: MIT */
/* 予想適用時間: how long the packages take on 50, 100, 250 and 500 machines. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_rows.h"

/* "1時間28分", "12分", "2時間" at the start of the key: bytes, or 0. */
static size_t match_minutes(const char *key, gint64 *ret_minutes)
{
        const char *at = key;
        gint64 minutes = 0;
        bool any = false;
        for (int i = 0; i < 2; i++) {
                const char *unit = i == 0 ? "時間" : "分";
                size_t digits = strspn(at, "0123456789");
                if (digits == 0 || digits > 4 || !g_str_has_prefix(at + digits, unit))
                        continue;
                g_autofree char *number = g_strndup(at, digits);
                guint64 value = 0;
                if (text_parse_uint64(number, 9999, &value) < 0)
                        return 0;
                minutes += (gint64) value * (i == 0 ? 60 : 1);
                at += digits + strlen(unit);
                any = true;
        }
        *ret_minutes = minutes;
        return any ? (size_t) (at - key) : 0;
}

/* One time, or a dash for none: bytes, or 0. */
static size_t match_time(const char *key, gint64 *ret_minutes)
{
        size_t size = match_minutes(key, ret_minutes);
        if (size > 0 || *key != '-')
                return size;
        *ret_minutes = -1;
        return 1;
}

/* Four times parted by spaces, or, where there are more or fewer spaces, one behind the other. "4時間 1分" are two, and
 * only their spaces say so. */
static bool match_four_times(const char *normal, gint64 ret_minutes[4])
{
        g_auto(GStrv) parts = g_strsplit(normal, " ", 5);
        bool parted = g_strv_length(parts) == 4;
        g_autofree char *key = hotfix_key(normal);
        const char *at = key;
        for (guint i = 0; i < 4; i++) {
                if (parted)
                        at = parts[i];
                size_t size = match_time(at, &ret_minutes[i]);
                if (size == 0 || (parted && at[size]))
                        return false;
                at += size;
        }
        return *at == '\0';
}

/* "CAPICOM.exe" and "(CAPICOM)": the package's name and its product. */
static void add_deployment(struct page *page, const char *name, const char *product, const gint64 minutes[4])
{
        g_autofree char *inner = NULL;
        if (product) {
                g_autofree char *normal = text_normalize(product);
                size_t size = strlen(normal);
                inner = normal[0] == '(' && size >= 2 && normal[size - 1] == ')' ? g_strndup(normal + 1, size - 2)
                                                                                : g_strdup(normal);
        }
        struct deployment *deployment = deployment_new(name, inner);
        memcpy(deployment->minutes, minutes, sizeof deployment->minutes);
        g_ptr_array_add(page->bulletin->deployments, deployment);
}

/* The bracket behind the package's name, in either width, or NULL. */
static const char *find_bracket(const char *text)
{
        for (const char *at = text; *at; at = g_utf8_next_char(at))
                if (at > text && (*at == '(' || g_utf8_get_char(at) == 0xFF08))
                        return at;
        return NULL;
}

static void add_deployment_row(struct page *page, const struct row *row, const gint64 minutes[4])
{
        const char *text = row->cell[0] ? row->cell[0]->lines : row->text[0];
        size_t size = strcspn(text, "\n");
        const char *bracket = find_bracket(text);
        if (!text[size] && bracket) /* both on one line */
                size = (size_t) (bracket - text);
        g_autofree char *start = g_strndup(text, size), *name = text_strip(start);
        add_deployment(page, name, text[size] ? text + size : NULL, minutes);
}

/* A row without a cell of its own for a time is a remark below the table. */
static bool has_own_times(const struct table_body *body, const struct row *row)
{
        bool own = !body->in_cells;
        for (guint c = 1; c <= 4; c++)
                own = own || row->cell[c];
        return own;
}

static guint read_deployment_rows(struct page *page, const struct table_body *body)
{
        for (guint i = 0; i < body->rows->len; i++) {
                const struct row *row = table_body_row(body, i);
                GString *key = g_string_new(NULL);
                for (guint c = 1; c <= 4; c++) {
                        g_autofree char *normal = text_normalize(row->text[c] ? row->text[c] : "");
                        g_autofree char *cell_key = hotfix_key(normal);
                        g_string_append_printf(key, "%s%s", c > 1 ? " " : "", *cell_key ? cell_key : "-");
                }
                gint64 minutes[4];
                bool times = match_four_times(key->str, minutes);
                g_string_free(key, TRUE);
                if (!times || !row->text[0] || !*row->text[0] || !has_own_times(body, row))
                        return i;
                add_deployment_row(page, row, minutes);
        }
        return body->rows->len;
}

/* Where the four times begin that end the text, if something stands before them; NULL if none do. */
static const char *find_times(const char *text, gint64 ret_minutes[4])
{
        const char *start = text + strlen(text);
        for (unsigned words = 0; words < 4; words++) {
                while (start > text && g_unichar_isspace(g_utf8_get_char(g_utf8_prev_char(start))))
                        start = g_utf8_prev_char(start);
                while (start > text && !g_unichar_isspace(g_utf8_get_char(g_utf8_prev_char(start))))
                        start = g_utf8_prev_char(start);
        }
        g_autofree char *normal = text_normalize(start);
        return start > text && match_four_times(normal, ret_minutes) ? start : NULL;
}

static void add_named_deployment(struct page *page, const char *text, const gint64 minutes[4])
{
        const char *bracket = find_bracket(text);
        g_autofree char *start = bracket ? g_strndup(text, (gsize) (bracket - text)) : g_strdup(text);
        g_autofree char *name = text_strip(start);
        add_deployment(page, name, bracket, minutes);
}

/* Plain lines: the name, its product in brackets on the next line or not at all, then the four times; or all of it on
 * one line. */
static void read_deployment_lines(struct page *page, guint first, guint end)
{
        const char *name = NULL, *product = NULL, *times;
        guint read = first;
        for (guint i = first; i < end && page->bulletin->deployments->len < HOTFIX_LIST_MAX; i++) {
                const struct line *line = &page->lines[i];
                gint64 minutes[4];
                if (!line->key[0])
                        continue;
                if (match_four_times(line->block->normal, minutes)) {
                        if (!name)
                                break;
                        add_deployment(page, name, product, minutes);
                        name = product = NULL;
                        read = i + 1;
                } else if (!name && (times = find_times(line->block->text, minutes))) {
                        g_autofree char *package = g_strndup(line->block->text, (gsize) (times - line->block->text));
                        add_named_deployment(page, package, minutes);
                        read = i + 1;
                } else if (!name) {
                        name = line->block->text;
                } else if (!product && line->key[0] == '(') {
                        product = line->block->text;
                } else {
                        break;
                }
        }
        if (read > first)
                hotfix_page_take(page, first - 1, read);
}

void hotfix_read_deployments(struct page *page, guint label_line)
{
        if (page->bulletin->deployments->len > 0)
                return;
        struct table_body body;
        table_body_read(&body, page, label_line, 5);
        guint rows = read_deployment_rows(page, &body);
        table_body_take(page, &body, rows);
        if (rows == 0 && !body.in_cells)
                read_deployment_lines(page, body.first, body.end);
        table_body_clear(&body);
}

