/* SPDX-License-Identifier: MIT */
/* 予想適用時間: how long the packages take on 50, 100, 250 and 500 machines. */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_deployments_p.h"
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

size_t hotfix_match_time(const char *key, gint64 *ret_minutes)
{
        size_t about = g_str_has_prefix(key, "約") ? strlen("約") : 0;
        size_t size = match_minutes(key + about, ret_minutes);
        if (size > 0)
                return about + size;
        if (*key != '-')
                return 0;
        *ret_minutes = -1;
        return 1;
}

bool hotfix_match_four_times(const char *normal, gint64 ret_minutes[4])
{
        g_auto(GStrv) parts = g_strsplit(normal, " ", 5);
        bool parted = g_strv_length(parts) == 4;
        g_autofree char *key = hotfix_key(normal);
        const char *at = key;
        for (guint i = 0; i < 4; i++) {
                if (parted)
                        at = parts[i];
                size_t size = hotfix_match_time(at, &ret_minutes[i]);
                if (size == 0 || (parted && at[size]))
                        return false;
                at += size;
        }
        return *at == '\0';
}

/* Whether the first bracket is closed by the last one: "(X 1) (X 2)" is two of them. */
static bool is_one_bracket(const char *normal)
{
        size_t size = strlen(normal);
        if (size < 2 || normal[0] != '(' || normal[size - 1] != ')')
                return false;
        int open = 0;
        for (size_t i = 0; i + 1 < size; i++) {
                open += normal[i] == '(' ? 1 : normal[i] == ')' ? -1 : 0;
                if (open == 0)
                        return false;
        }
        return true;
}

void hotfix_add_deployment(struct page *page, const char *name, const char *product, const gint64 minutes[4])
{
        g_autofree char *inner = NULL;
        if (product) {
                g_autofree char *normal = text_normalize(product);
                inner = is_one_bracket(normal) ? g_strndup(normal + 1, strlen(normal) - 2) : g_strdup(normal);
        }
        struct deployment *deployment = deployment_new(name, inner);
        memcpy(deployment->minutes, minutes, sizeof deployment->minutes);
        g_ptr_array_add(page->bulletin->deployments, deployment);
}

const char *hotfix_find_bracket(const char *text)
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
        const char *bracket = hotfix_find_bracket(text);
        if (!text[size] && bracket) /* both on one line */
                size = (size_t) (bracket - text);
        g_autofree char *start = g_strndup(text, size), *name = text_strip(start);
        hotfix_add_deployment(page, name, text[size] ? text + size : NULL, minutes);
}

/* A row without a cell of its own for a time is a remark below the table. */
static bool has_own_times(const struct table_body *body, const struct row *row)
{
        bool own = !body->in_cells;
        for (guint c = 1; c <= 4; c++)
                own = own || row->cell[c];
        return own;
}

/* In plain lines a row that lacks columns, or begins with a time, is a piece of one that was wrapped. */
static bool is_whole_row(const struct table_body *body, const struct row *row)
{
        if (body->in_cells)
                return true;
        for (guint c = 0; c <= 4; c++)
                if (!row->text[c])
                        return false;
        gint64 minutes;
        g_autofree char *normal = text_normalize(row->text[0]);
        return hotfix_match_time(normal, &minutes) == 0;
}

static guint read_deployment_rows(struct page *page, const struct table_body *body)
{
        for (guint i = 0; i < body->rows->len; i++) {
                const struct row *row = table_body_row(body, i);
                GString *key = g_string_new(NULL);
                for (guint c = 1; c <= 4; c++) {
                        g_autofree char *normal = text_normalize(row->text[c] ? row->text[c] : "");
                        g_autofree char *cell_key = hotfix_key(normal);
                        if (c > 1)
                                g_string_append_c(key, ' ');
                        g_string_append(key, *cell_key ? cell_key : "-");
                }
                gint64 minutes[4];
                bool times = hotfix_match_four_times(key->str, minutes);
                g_string_free(key, TRUE);
                if (!times || !row->text[0] || !*row->text[0] || !has_own_times(body, row) ||
                    !is_whole_row(body, row))
                        return i;
                add_deployment_row(page, row, minutes);
        }
        return body->rows->len;
}

/* Whether the columns of times are the usual ones: those of other numbers of machines are not read as these. */
static bool has_usual_columns(const struct table_body *body)
{
        static const char *const heads[] = { "50台", "100台", "250台", "500台" };
        if (!body->in_cells)
                return true;
        for (guint i = 0; i < G_N_ELEMENTS(heads); i++)
                if (i + 1 >= body->columns || !g_str_equal(cell_at(body->cells, i + 1)->key, heads[i]))
                        return false;
        return true;
}

void hotfix_read_deployments(struct page *page, guint label_line)
{
        if (page->bulletin->deployments->len > 0)
                return;
        struct table_body body;
        table_body_read(&body, page, label_line, 5);
        guint rows = has_usual_columns(&body) ? read_deployment_rows(page, &body) : 0;
        table_body_take(page, &body, rows);
        if (!body.in_cells) { /* what is no row of columns may be one that was wrapped */
                guint first = rows > 0 ? table_body_row(&body, rows - 1)->end : body.first;
                guint read = hotfix_read_deployment_lines(page, first, body.end);
                if (read > first)
                        hotfix_page_take(page, label_line, read);
        }
        table_body_clear(&body);
}

