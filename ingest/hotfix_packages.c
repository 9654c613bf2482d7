/* SPDX-License-Identifier: MIT */
/*
 * 適用されるファイル情報: per product the package's own file (four columns) and the files it replaces (five columns, with 機能),
 * between which rows of 展開フォルダ name the folder of the files below.
 */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_rows.h"

#define FILE_COLUMNS 4u
#define FILES_COLUMNS 5u

struct packages {
        struct page *page;
        struct package *current;
        char *product; /* of the table, or NULL */
        char *folder;  /* or NULL */
        bool described; /* five columns */
        bool is_spaced; /* every line is a paragraph of its own: a blank line before one says nothing */
        guint files;
};

/* "647,669" or "1913" as the whole key; -1 if it is no size. */
static gint64 parse_size(const char *key)
{
        GString *digits = g_string_new(NULL);
        for (; *key; key++) {
                if (*key == ',')
                        continue;
                g_string_append_c(digits, *key);
        }
        guint64 size = 0;
        bool valid = digits->len <= 15 && text_parse_uint64(digits->str, G_MAXINT64, &size) == 0;
        g_string_free(digits, TRUE);
        return valid ? (gint64) size : -1;
}

static bool is_path(const char *key)
{
        return key[0] == '%' || key[0] == '\\' || (g_ascii_isalpha(key[0]) && key[1] == ':' && key[2] == '\\');
}

static bool is_folder_label(const char *key)
{
        return g_str_has_prefix(key, "展開フォルダ");
}

static struct package *current_package(struct packages *packages)
{
        if (!packages->current) {
                packages->current = package_new(packages->product);
                g_ptr_array_add(packages->page->bulletin->packages, packages->current);
        }
        return packages->current;
}

/* A table of four columns names a package; each of its rows is one. */
static void add_file(struct packages *packages, const char *name, const char *date_key, const char *version,
                     gint64 size, const char *description)
{
        if (++packages->files > HOTFIX_LIST_MAX)
                return;
        char date[BULLETIN_DATE_SIZE] = "";
        hotfix_match_date(date_key, date);
        struct package_file *file = package_file_new(name, date, hotfix_cell_text(version), size,
                                                     hotfix_cell_text(description), NULL);
        if (packages->described) {
                file->folder = g_strdup(packages->folder);
                g_ptr_array_add(current_package(packages)->files, file);
                return;
        }
        if (packages->current && packages->current->file)
                packages->current = NULL;
        current_package(packages)->file = file;
}

static bool is_date_key(const char *key)
{
        char date[BULLETIN_DATE_SIZE];
        size_t size = hotfix_match_date(key, date);
        return size > 0 && !key[size];
}

/* A path that was wrapped in its cell: between words, or behind a character that no word ends with. */
static void set_folder(struct packages *packages, const struct cell *cell)
{
        GString *path = g_string_new(NULL);
        g_auto(GStrv) lines = g_strsplit(cell->lines, "\n", -1);
        for (char **line = lines; *line; line++) {
                if (path->len > 0 && !strchr("_\\-.", path->str[path->len - 1]))
                        g_string_append_c(path, ' ');
                g_string_append(path, *line);
        }
        g_free(packages->folder);
        packages->folder = g_string_free(path, FALSE);
}

/* In cells: a folder's row has the label or nothing in its first cell and a path in the next. Returns how many cells
 * were read. */
static guint read_cell_row(struct packages *packages, const GPtrArray *cells, guint at)
{
        guint columns = packages->described ? FILES_COLUMNS : FILE_COLUMNS, left = cells->len - at;
        const char *key = cell_at(cells, at)->key;
        bool labelled = is_folder_label(key) || !*key;
        if (packages->described && labelled && left >= 2 && is_path(cell_at(cells, at + 1)->key)) {
                set_folder(packages, cell_at(cells, at + 1));
                return 2;
        }
        bool plain_row = left >= columns && *key && is_date_key(cell_at(cells, at + 1)->key);
        if (packages->described && is_path(key) && !plain_row) {
                set_folder(packages, cell_at(cells, at));
                return 1;
        }
        if (!plain_row)
                return 0;
        const char *description = columns == FILES_COLUMNS ? cell_at(cells, at + 4)->text : NULL;
        add_file(packages, cell_at(cells, at)->text, cell_at(cells, at + 1)->key, cell_at(cells, at + 2)->text,
                 parse_size(cell_at(cells, at + 3)->key), description);
        return columns;
}

static void read_cells(struct packages *packages, const GPtrArray *cells, guint header)
{
        guint at = header, read;
        while (at < cells->len && (read = read_cell_row(packages, cells, at)) > 0)
                at += read;
        if (at > header)
                hotfix_page_take(packages->page, cell_at(cells, 0)->first, cell_at(cells, at - 1)->end);
}

/* A plain line "name date [version [size]]". The parts point into parts, which the caller frees. */
static bool split_file_line(const char *normal, char ***ret_parts, guint *ret_date)
{
        g_auto(GStrv) parts = g_strsplit(normal, " ", 12);
        guint count = g_strv_length(parts), date = 0;
        for (guint i = 1; i < count && date == 0; i++)
                if (is_date_key(parts[i]))
                        date = i;
        if (date == 0 || count > date + 3)
                return false;
        *ret_parts = g_steal_pointer(&parts);
        *ret_date = date;
        return true;
}

static bool is_file_line(const char *normal)
{
        g_auto(GStrv) parts = NULL;
        guint date;
        return split_file_line(normal, &parts, &date);
}

static guint skip_blank(const struct page *page, guint i, guint end)
{
        while (i < end && !page->lines[i].key[0])
                i++;
        return i;
}

/* The file whose line is i: its size on the same line or the next, its description behind. Returns the line behind. */
static guint read_file_lines(struct packages *packages, guint i, guint end)
{
        const struct page *page = packages->page;
        g_auto(GStrv) parts = NULL;
        guint date = 0;
        if (!split_file_line(page->lines[i].block->normal, &parts, &date))
                return i;
        guint count = g_strv_length(parts);
        const char *version = count > date + 1 ? parts[date + 1] : NULL, *description = NULL;
        gint64 size = count > date + 2 ? parse_size(parts[date + 2]) : -1;
        guint next = skip_blank(page, i + 1, end);
        if (size < 0 && next < end && parse_size(page->lines[next].key) >= 0)
                size = parse_size(page->lines[next++].key);
        else
                next = i + 1;
        if (packages->described && next < end) {
                const struct line *line = &page->lines[next];
                if (line->key[0] && !is_path(line->key) && !is_folder_label(line->key) &&
                    (packages->is_spaced || !(line->block->marks & MARK_PARAGRAPH)) &&
                    !is_file_line(line->block->normal)) {
                        description = line->block->text;
                        next++;
                }
        }
        char *name_end = parts[date];
        parts[date] = NULL;
        g_autofree char *name = g_strjoinv(" ", parts);
        parts[date] = name_end;
        add_file(packages, name, parts[date], version, size, description);
        return next;
}

/* "展開フォルダ %ProgramFiles%\X\", the label alone with the path below, or the path alone. */
static guint read_folder_line(struct packages *packages, guint i, guint end)
{
        const struct page *page = packages->page;
        const struct line *line = &page->lines[i];
        const char *path = line->block->text;
        if (is_folder_label(line->key)) {
                path = strpbrk(line->block->text, "%\\");
                guint below = skip_blank(page, i + 1, end);
                if (!path && below < end && is_path(page->lines[below].key))
                        path = page->lines[i = below].block->text;
        } else if (!is_path(line->key)) {
                return i;
        }
        if (!path)
                return i;
        g_free(packages->folder);
        packages->folder = text_strip(path);
        return i + 1;
}

static void read_lines(struct packages *packages, guint header, guint end)
{
        guint i = skip_blank(packages->page, header + 1, end), first = i, read = i;
        packages->is_spaced = i < end && (packages->page->lines[i].block->marks & MARK_PARAGRAPH);
        while ((i = skip_blank(packages->page, i, end)) < end) {
                guint next = read_file_lines(packages, i, end);
                if (next == i && packages->described)
                        next = read_folder_line(packages, i, end);
                if (next == i)
                        break;
                i = read = next;
        }
        if (read > first)
                hotfix_page_take(packages->page, header, read);
}

static void read_files_table(struct packages *packages, guint header)
{
        struct page *page = packages->page;
        guint end = hotfix_page_region_end(page, header);
        g_autoptr(GPtrArray) cells = hotfix_page_cells(page, header, end);
        bool in_cells = cells->len > FILE_COLUMNS && cell_at(cells, 0)->ended;
        packages->described = in_cells ? g_str_equal(cell_at(cells, FILE_COLUMNS)->key, "機能")
                                       : g_str_has_suffix(page->lines[header].key, "機能");
        g_clear_pointer(&packages->folder, g_free);
        if (in_cells)
                read_cells(packages, cells, packages->described ? FILES_COLUMNS : FILE_COLUMNS);
        else
                read_lines(packages, header, end);
}

static void start_product(struct packages *packages, guint at)
{
        struct line *line = &packages->page->lines[at];
        g_autofree char *name = g_strdup(line->block->normal);
        g_strchomp(name);
        name[strlen(name) - 1] = '\0'; /* the colon */
        g_free(packages->product);
        packages->product = text_strip(name);
        packages->current = NULL;
        line->taken = true;
}

void hotfix_read_packages(struct page *page)
{
        struct packages packages = { .page = page };
        for (guint i = page->body; i < page->count; i++) {
                if (page->lines[i].label == LABEL_PRODUCT)
                        start_product(&packages, i);
                else if (page->lines[i].label == LABEL_TABLE_FILES)
                        read_files_table(&packages, i);
        }
        g_free(packages.product);
        g_free(packages.folder);
}
