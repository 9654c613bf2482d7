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

/* The bytes of the key that are a size's unit at its end. */
static size_t unit_length(const char *key)
{
        static const char *const units[] = { "バイト", "bytes", "byte" };
        for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
                if (g_str_has_suffix(key, units[i]))
                        return strlen(units[i]);
        return 0;
}

#define SIZE_DIGITS_MAX 15u

/* "647,669", "1913" or "647,669バイト" as the whole key; -1 if it is no size. */
static gint64 parse_size(const char *key)
{
        gint64 bytes = 0;
        size_t count = 0, length = strlen(key);
        if (length == 0 || (!g_ascii_isdigit(key[0]) && key[0] != ','))
                return -1;
        size_t unit = g_ascii_isdigit(key[length - 1]) ? 0 : unit_length(key);
        for (const char *end = key + length - unit; key < end; key++) {
                if (*key == ',')
                        continue;
                if (count++ == SIZE_DIGITS_MAX || !g_ascii_isdigit(*key))
                        return -1;
                bytes = bytes * 10 + g_ascii_digit_value(*key);
        }
        return count > 0 ? bytes : -1;
}

static bool is_path(const char *key)
{
        return key[0] == '%' || key[0] == '\\' || (g_ascii_isalpha(key[0]) && key[1] == ':' && key[2] == '\\');
}

#define FOLDER_LABEL "展開フォルダ"

static bool is_folder_label(const char *key)
{
        return hotfix_has_prefix(key, FOLDER_LABEL);
}

/* The bytes of the key that label, footnote mark and colon take. */
static size_t folder_label_length(const char *key)
{
        size_t size = strlen(FOLDER_LABEL);
        return size + strspn(key + size, "*:");
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
static void add_file(struct packages *packages, const char *name, const char *date, const char *version, gint64 size,
                     const char *description)
{
        if (++packages->files > HOTFIX_LIST_MAX)
                return;
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

static bool read_date_key(const char *key, char ret_date[BULLETIN_DATE_SIZE])
{
        size_t size = hotfix_match_date(key, ret_date);
        return size > 0 && !key[size];
}

/* A path that was wrapped in its cell: between words, or behind a character that no word ends with. */
static void set_folder(struct packages *packages, const char *cell_lines)
{
        GString *path = g_string_new(NULL);
        g_auto(GStrv) lines = g_strsplit(cell_lines, "\n", -1);
        for (char **line = lines; *line; line++) {
                if (path->len > 0 && !strchr("_\\-.", path->str[path->len - 1]))
                        g_string_append_c(path, ' ');
                g_string_append(path, *line);
        }
        g_free(packages->folder);
        packages->folder = g_string_free(path, FALSE);
}

/* The cells of a table's row that holds nothing: they part the rows around it. 0 for any other. */
static guint count_separator(const GArray *cells, guint at)
{
        const struct block *start = cell_at(cells, at)->block;
        guint count = 0;
        for (; start->table >= 0 && at + count < cells->len; count++) {
                const struct cell *cell = cell_at(cells, at + count);
                if (cell->block->table != start->table || cell->block->row != start->row)
                        break;
                if (cell->key[0])
                        return 0;
        }
        return count;
}

/* In cells: a folder's row has the label or nothing in its first cell and a path in the next. Returns how many cells
 * were read. */
static guint read_cell_row(struct packages *packages, const GArray *cells, guint at)
{
        guint columns = packages->described ? FILES_COLUMNS : FILE_COLUMNS, left = cells->len - at;
        const char *key = cell_at(cells, at)->key;
        bool labelled = is_folder_label(key) || !*key;
        if (packages->described && labelled && left >= 2 && is_path(cell_at(cells, at + 1)->key)) {
                set_folder(packages, cell_at(cells, at + 1)->lines);
                return 2;
        }
        if (packages->described && is_folder_label(key) && is_path(key + folder_label_length(key))) {
                set_folder(packages, hotfix_text_behind(cell_at(cells, at)->lines, key, folder_label_length(key)));
                return 1;
        }
        char date[BULLETIN_DATE_SIZE];
        bool plain_row = left >= columns && *key && read_date_key(cell_at(cells, at + 1)->key, date);
        if (packages->described && is_path(key) && !plain_row) {
                set_folder(packages, cell_at(cells, at)->lines);
                return 1;
        }
        if (!plain_row)
                return 0;
        const char *description = columns == FILES_COLUMNS ? cell_at(cells, at + 4)->text : NULL;
        add_file(packages, cell_at(cells, at)->text, date, cell_at(cells, at + 2)->text,
                 parse_size(cell_at(cells, at + 3)->key), description);
        return columns;
}

static void read_cells(struct packages *packages, const GArray *cells, guint header)
{
        guint at = header, read;
        while (at < cells->len &&
               ((read = count_separator(cells, at)) > 0 || (read = read_cell_row(packages, cells, at)) > 0))
                at += read;
        if (at > header)
                hotfix_page_take(packages->page, cell_at(cells, 0)->first, cell_at(cells, at - 1)->end);
}

/* A plain line "name date [version] [size [description]]". */
struct file_line {
        char *name, *version, *description; /* the last two or NULL */
        char date[BULLETIN_DATE_SIZE];
        gint64 size; /* -1: not on this line */
};

static void file_line_clear(struct file_line *line)
{
        g_free(line->name);
        g_free(line->version);
        g_free(line->description);
        *line = (struct file_line){ .size = -1 };
}

static const char *skip_space(const char *at)
{
        while (*at && g_unichar_isspace(g_utf8_get_char(at)))
                at = g_utf8_next_char(at);
        return at;
}

/* The next word in key form, "" at the end. Returns where it ends. */
static const char *next_word(const char *at, char **ret_key)
{
        const char *start = skip_space(at), *end = start;
        while (*end && !g_unichar_isspace(g_utf8_get_char(end)))
                end = g_utf8_next_char(end);
        g_autofree char *word = g_strndup(start, (gsize) (end - start)), *normal = text_normalize(word);
        *ret_key = hotfix_key(normal);
        return end;
}

/* The words of a name are few; its end is where the date stands. Returns what follows the date, or NULL. */
static const char *find_file_date(const char *text, struct file_line *line)
{
        const char *at = text;
        for (unsigned words = 0; words < 12 && *skip_space(at); words++) {
                g_autofree char *key = NULL;
                const char *end = next_word(at, &key);
                if (words > 0 && read_date_key(key, line->date)) {
                        g_autofree char *name = g_strndup(text, (gsize) (at - text));
                        line->name = text_strip(name);
                        return end;
                }
                at = end;
        }
        return NULL;
}

/* Version and size are single words, and either can be missing; what follows the size is the description. */
static bool parse_file_line(const char *text, bool described, struct file_line *ret_line)
{
        struct file_line line = { .size = -1 };
        const char *rest = find_file_date(text, &line);
        if (!rest)
                return false;
        g_autofree char *first = NULL, *second = NULL;
        const char *behind_first = next_word(rest, &first), *behind = next_word(behind_first, &second);
        bool has_version = *first && (*second ? parse_size(second) >= 0 : parse_size(first) < 0);
        line.size = parse_size(has_version ? second : first);
        if (has_version)
                line.version = g_strndup(skip_space(rest), (gsize) (behind_first - skip_space(rest)));
        if (!has_version)
                behind = behind_first;
        if (*skip_space(behind) && line.size >= 0)
                line.description = text_strip(behind);
        bool fits = (line.size >= 0 || !*skip_space(behind)) && (described || !line.description);
        if (fits)
                *ret_line = line;
        else
                file_line_clear(&line);
        return fits;
}

static bool is_file_line(const char *text)
{
        struct file_line line;
        bool is_line = parse_file_line(text, true, &line);
        if (is_line)
                file_line_clear(&line);
        return is_line;
}

static guint skip_blank(const struct page *page, guint i, guint end)
{
        while (i < end && !page->lines[i].key[0])
                i++;
        return i;
}

/* The text of line i is the description of the file above it. */
static bool is_description(const struct packages *packages, guint i)
{
        const struct line *line = &packages->page->lines[i];
        return line->key[0] && !is_path(line->key) && !is_folder_label(line->key) &&
               (packages->is_spaced || !(line->block->marks & MARK_PARAGRAPH)) && !is_file_line(line->block->text);
}

/* The file whose line is i: its size on the same line or the next, its description behind. Returns the line behind. */
static guint read_file_lines(struct packages *packages, guint i, guint end)
{
        const struct page *page = packages->page;
        struct file_line file;
        if (!parse_file_line(page->lines[i].block->text, packages->described, &file))
                return i;
        guint below = skip_blank(page, i + 1, end), next = i + 1;
        if (file.size < 0 && below < end && parse_size(page->lines[below].key) >= 0) {
                file.size = parse_size(page->lines[below].key);
                next = below + 1;
        }
        /* The mail's wrapping may have parted the digits: then only part of the size is here. */
        if (file.size >= 0 && next == i + 1 && next < end && g_ascii_isdigit(page->lines[next].key[0]) &&
            hotfix_row_continues(page, next, page->lines[i].block) && !file.description)
                file.size = -1;
        if (packages->described && !file.description && next < end && is_description(packages, next))
                file.description = g_strdup(page->lines[next++].block->text);
        while (file.description && next < end && is_description(packages, next) &&
               hotfix_row_continues(page, next, page->lines[next - 1].block)) {
                GString *whole = g_string_new(file.description);
                hotfix_append_wrapped(whole, page->lines[next++].block->text);
                g_free(file.description);
                file.description = g_string_free(whole, FALSE);
        }
        add_file(packages, file.name, file.date, file.version, file.size, file.description);
        file_line_clear(&file);
        return next;
}

/* "展開フォルダ %ProgramFiles%\X\", the label alone with the path below, or the path alone. */
static guint read_folder_line(struct packages *packages, guint i, guint end)
{
        const struct page *page = packages->page;
        const struct line *line = &page->lines[i];
        const char *path = line->block->text;
        if (is_folder_label(line->key)) {
                size_t label = folder_label_length(line->key);
                path = is_path(line->key + label) ? hotfix_text_behind(line->block->text, line->key, label) : NULL;
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
        g_autoptr(GArray) cells = hotfix_page_cells(page, header, end);
        bool in_cells = cells->len > FILE_COLUMNS && cell_at(cells, 0)->ended;
        packages->described = in_cells ? g_str_equal(cell_at(cells, FILE_COLUMNS)->key, "機能")
                                       : g_str_has_suffix(page->lines[header].key, "機能");
        g_clear_pointer(&packages->folder, g_free);
        if (in_cells)
                read_cells(packages, cells, packages->described ? FILES_COLUMNS : FILE_COLUMNS);
        else
                read_lines(packages, header, end);
}

/* "・Windows Vista:" without the dot and the colon, as the mail writes it. */
static char *product_name(const char *text)
{
        g_autofree char *name = text_strip(text);
        gunichar first = g_utf8_get_char(name);
        const char *start = first == 0x30FB || first == 0xFF65 ? g_utf8_next_char(name) : name;
        char *last = *start ? g_utf8_prev_char(name + strlen(name)) : NULL;
        if (last && (*last == ':' || g_utf8_get_char(last) == 0xFF1A))
                *last = '\0';
        return text_strip(start);
}

static void start_product(struct packages *packages, guint at)
{
        struct line *line = &packages->page->lines[at];
        g_free(packages->product);
        packages->product = product_name(line->block->text);
        packages->current = NULL;
        line->taken = true;
}

#define PRODUCT_CHARACTERS_MAX 80

/* The line that stands alone above a package's own table names the product without a colon, too; a sentence does not. */
static void look_for_product(struct packages *packages, guint header)
{
        const struct page *page = packages->page;
        guint at = header;
        while (at > page->body && !page->lines[at - 1].key[0])
                at--;
        if (at == page->body || g_str_has_suffix(page->lines[header].key, "機能"))
                return;
        const struct line *line = &page->lines[at - 1];
        bool in_table = line->block->table >= 0 && line->block->table == page->lines[header].block->table;
        if (line->label == LABEL_NONE && !line->taken && !in_table && !(line->block->marks & MARK_CELL_END) &&
            !strstr(line->key, "。") && !hotfix_is_symbols(line->key) && !is_path(line->key) &&
            g_utf8_strlen(line->key, -1) <= PRODUCT_CHARACTERS_MAX)
                start_product(packages, at - 1);
}

void hotfix_read_packages(struct page *page)
{
        struct packages packages = { .page = page };
        for (guint i = page->body; i < page->count; i++) {
                if (page->lines[i].label == LABEL_PRODUCT) {
                        start_product(&packages, i);
                } else if (page->lines[i].label == LABEL_TABLE_FILES) {
                        look_for_product(&packages, i);
                        read_files_table(&packages, i);
                }
        }
        g_free(packages.product);
        g_free(packages.folder);
}
