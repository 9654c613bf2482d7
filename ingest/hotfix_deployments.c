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

/* Four times, one behind the other, as the whole key. */
static bool match_four_times(const char *key, gint64 ret_minutes[4])
{
        for (guint i = 0; i < 4; i++) {
                size_t size = match_minutes(key, &ret_minutes[i]);
                if (size == 0 && *key == '-') {
                        ret_minutes[i] = -1;
                        size = 1;
                }
                if (size == 0)
                        return false;
                key += size;
        }
        return *key == '\0';
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

static void add_deployment_row(struct page *page, const struct row *row, const gint64 minutes[4])
{
        g_auto(GStrv) lines = g_strsplit(row->cell[0] ? row->cell[0]->lines : row->text[0], "\n", 2);
        add_deployment(page, lines[0], lines[0] ? lines[1] : NULL, minutes);
}

static guint read_deployment_rows(struct page *page, const struct table_body *body)
{
        for (guint i = 0; i < body->rows->len; i++) {
                const struct row *row = table_body_row(body, i);
                GString *key = g_string_new(NULL);
                for (guint c = 1; c <= 4; c++) {
                        g_autofree char *normal = text_normalize(row->text[c] ? row->text[c] : "");
                        g_autofree char *cell_key = hotfix_key(normal);
                        g_string_append(key, *cell_key ? cell_key : "-");
                }
                gint64 minutes[4];
                bool times = match_four_times(key->str, minutes);
                g_string_free(key, TRUE);
                if (!times || !row->text[0] || !*row->text[0])
                        return i;
                add_deployment_row(page, row, minutes);
        }
        return body->rows->len;
}

/* Plain lines: the name, its product in brackets on the next line or not at all, then the four times. */
static void read_deployment_lines(struct page *page, guint first, guint end)
{
        const char *name = NULL, *product = NULL;
        guint read = first;
        for (guint i = first; i < end && page->bulletin->deployments->len < HOTFIX_LIST_MAX; i++) {
                const struct line *line = &page->lines[i];
                gint64 minutes[4];
                if (!line->key[0])
                        continue;
                if (match_four_times(line->key, minutes)) {
                        if (!name)
                                break;
                        add_deployment(page, name, product, minutes);
                        name = product = NULL;
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

