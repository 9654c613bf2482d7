/* SPDX-License-Identifier: MIT */
/*
 * 修正プログラムのダウンロード先: platform, download centre, and the name in the update catalogue.
 *
 * In plain lines the columns' borders are gone, and the centre's cell, a link or a picture, is gone with them: what is
 * left is "PLATFORM CATALOGUE (KB931906)". It can be parted where the row starts with one of the mail's own names of
 * products; what goes on as a longer name of a product ("SP2", "Edition") is not parted.
 */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_rows.h"

#define NAME_CHARACTERS_MAX 160
/* A row is wrapped over no more lines. */
#define ROW_LINES_MAX 6u

static void add_name(GPtrArray *names, const char *text)
{
        g_autofree char *name = text_normalize(text ? text : "");
        if (*name && g_utf8_strlen(name, -1) <= NAME_CHARACTERS_MAX && names->len < HOTFIX_LIST_MAX)
                g_ptr_array_add(names, g_steal_pointer(&name));
}

/* Heads of file tables, the other tables, and what is affected. */
GPtrArray *hotfix_product_names(const struct bulletin *b)
{
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < b->packages->len; i++)
                add_name(names, ((const struct package *) g_ptr_array_index(b->packages, i))->product);
        for (guint i = 0; i < b->deployments->len; i++)
                add_name(names, ((const struct deployment *) g_ptr_array_index(b->deployments, i))->product);
        for (guint i = 0; i < b->update_expert->len; i++)
                add_name(names, ((const struct update_expert *) g_ptr_array_index(b->update_expert, i))->product);
        for (guint i = 0; i < b->affected->len; i++)
                add_name(names, ((const struct affected *) g_ptr_array_index(b->affected, i))->software);
        return names;
}

const char *hotfix_find_product(const GPtrArray *names, const char *normal)
{
        const char *best = NULL;
        for (guint i = 0; i < names->len; i++) {
                const char *name = g_ptr_array_index(names, i);
                if (g_str_has_prefix(normal, name) && normal[strlen(name)] == ' ' &&
                    (!best || strlen(name) > strlen(best)))
                        best = name;
        }
        return best;
}

/* The text of the download centre's cell, where it is one of the usual ones: its bytes, or 0. */
static size_t match_centre(const char *rest)
{
        static const char *const words[] = { "ダウンロード・センター", "ダウンロード", "日本語版", "日本語", "英語版" };
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_str_has_prefix(rest, words[i]) && rest[strlen(words[i])] == ' ')
                        return strlen(words[i]);
        return 0;
}

/* Whether the product's name goes on here. */
static bool is_doubtful_start(const char *rest)
{
        static const char *const words[] = { "R2",      "x64",          "x86",        "ia64",     "for ",
                                             "with ",   "Edition",      "Gold",       "Service ", "SP ",
                                             "Server ", "Professional", "Home ",      "Standard", "Enterprise",
                                             "Itanium", "および",       "(",          "+",        "/",
                                             "、",      "・",           ",",          "&" };
        if (g_ascii_isdigit(rest[0]) || (g_ascii_strncasecmp(rest, "SP", 2) == 0 && g_ascii_isdigit(rest[2])))
                return true;
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_ascii_strncasecmp(rest, words[i], strlen(words[i])) == 0)
                        return true;
        return false;
}

/* "(KB931906)", of the first years also "(Q823803)" and "(823803)", here: its bytes, or 0. */
static size_t match_number(const char *at)
{
        size_t letters = strspn(at + 1, "KBQkbq");
        if (at[0] != '(' || letters > 2)
                return 0;
        size_t digits = strspn(at + 1 + letters, "0123456789");
        return digits >= 5 && digits <= 7 && at[1 + letters + digits] == ')' ? 2 + letters + digits : 0;
}

/* The name of an update: words, then its number, once and at the end. */
static bool is_catalogue_name(const char *normal)
{
        for (const char *at = strchr(normal, '('); at; at = strchr(at + 1, '(')) {
                size_t size = match_number(at);
                if (size > 0)
                        return at > normal && !at[size];
        }
        return false;
}

static struct download *split_row(const GPtrArray *names, const char *text)
{
        g_autofree char *normal = text_normalize(text);
        const char *name = hotfix_find_product(names, normal);
        if (!name)
                return NULL;
        const char *rest = normal + strlen(name) + 1;
        size_t size = hotfix_measure_prefix(text, name), centre_size = match_centre(rest);
        if (size == 0 || !is_catalogue_name(rest + centre_size) || is_doubtful_start(rest))
                return NULL;
        g_autofree char *start = g_strndup(text, size);
        g_autofree char *platform = text_strip(start), *catalogue = text_strip(text + size);
        g_autofree char *centre = centre_size > 0 ? g_strndup(rest, centre_size) : NULL;
        if (centre) {
                g_autofree char *behind = text_strip(catalogue + hotfix_measure_prefix(catalogue, centre));
                return download_new(platform, centre, behind);
        }
        return download_new(platform, NULL, catalogue);
}

/* The row that starts at line i, with what the mail's wrapping moved to the next lines. */
static char *join_row(const struct page *page, guint i, guint end, guint *ret_next)
{
        GString *out = g_string_new(page->lines[i].block->text);
        end = MIN(end, i + ROW_LINES_MAX);
        for (i++; i < end; i++) {
                g_autofree char *normal = text_normalize(out->str);
                if (is_catalogue_name(normal) || !hotfix_row_continues(page, i, page->lines[i - 1].block))
                        break;
                hotfix_append_wrapped(out, page->lines[i].block->text);
        }
        *ret_next = i;
        return g_string_free(out, FALSE);
}

static bool is_header_rest(const char *key)
{
        return g_str_has_prefix(key, "ダウンロード・センター") || g_str_has_suffix(key, "の表示");
}

static void read_download_lines(struct page *page, const struct table_body *body)
{
        GPtrArray *list = page->bulletin->downloads;
        g_autoptr(GPtrArray) names = hotfix_product_names(page->bulletin);
        guint i = body->first, unread = 0, next;
        while (i < body->end && is_header_rest(page->lines[i].key))
                i++;
        guint first = i;
        bool is_spaced = i < body->end && (page->lines[i].block->marks & MARK_PARAGRAPH);
        for (; i < body->end && list->len < HOTFIX_LIST_MAX; i = next) {
                const struct line *line = &page->lines[i];
                bool is_parted = i > first && !is_spaced && (line->block->marks & MARK_PARAGRAPH);
                if (is_parted || (!line->key[0] && list->len > 0) || strstr(line->key, "。") ||
                    hotfix_is_ruler(line->key))
                        break;
                g_autofree char *row = join_row(page, i, body->end, &next);
                struct download *download = split_row(names, row);
                unread += !download && line->key[0];
                if (!download)
                        continue;
                g_ptr_array_add(list, download);
                hotfix_page_take(page, i, next);
        }
        if (unread > 0)
                hotfix_warn_rows(page, "修正プログラムのダウンロード先", unread);
        else if (list->len > 0)
                hotfix_page_take(page, body->label_line, first);
}

static void read_downloads(struct page *page, guint label_line)
{
        struct table_body body;
        table_body_read(&body, page, label_line, 3);
        for (guint i = 0; i < body.rows->len; i++) {
                char *const *text = table_body_row(&body, i)->text;
                g_ptr_array_add(page->bulletin->downloads,
                                download_new(hotfix_cell_text(text[0]), hotfix_cell_text(text[1]),
                                             hotfix_cell_text(text[2])));
        }
        table_body_take(page, &body, body.rows->len);
        if (body.rows->len == 0 && !body.in_cells)
                read_download_lines(page, &body);
        table_body_clear(&body);
}

void hotfix_read_downloads(struct page *page)
{
        for (guint i = page->body; i < page->count && page->bulletin->downloads->len == 0; i++)
                if (page->lines[i].label == LABEL_TABLE_DOWNLOADS)
                        read_downloads(page, i);
}
