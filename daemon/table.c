/* SPDX-License-Identifier: MIT */
#include "daemon/table.h"

#include <glib.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/text.h"

#define GAP 2         /* columns between two columns */
#define NARROWEST 12  /* a column is not made narrower than this */
#define LAST_WIDTH 16 /* what the last column gets before others are left wide */

struct table {
        guint columns;
        GPtrArray *cells; /* char *, row by row; the titles are the first row */
};

static void add_cell(struct table *table, const char *text)
{
        g_autofree char *one_line = g_strdup(text && text[0] ? text : "-");
        g_strdelimit(one_line, "\r\n\t", ' ');
        g_ptr_array_add(table->cells, g_steal_pointer(&one_line));
}

struct table *table_new(const char *first_title, ...)
{
        struct table *table = g_new0(struct table, 1);
        table->cells = g_ptr_array_new_with_free_func(g_free);
        va_list titles;
        va_start(titles, first_title);
        for (const char *title = first_title; title; title = va_arg(titles, const char *)) {
                add_cell(table, title);
                table->columns++;
        }
        va_end(titles);
        return table;
}

void table_free(struct table *table)
{
        if (!table)
                return;
        g_ptr_array_unref(table->cells);
        g_free(table);
}

void table_add(struct table *table, const char *first_cell, ...)
{
        va_list cells;
        va_start(cells, first_cell);
        add_cell(table, first_cell);
        for (guint i = 1; i < table->columns; i++)
                add_cell(table, va_arg(cells, const char *));
        va_end(cells);
}

static const char *cell_at(const struct table *table, guint row, guint column)
{
        return g_ptr_array_index(table->cells, row * table->columns + column);
}

static size_t used_before_last(const struct table *table, const size_t *widths)
{
        size_t used = 0;
        for (guint column = 0; column + 1 < table->columns; column++)
                used += widths[column] + GAP;
        return used;
}

/* Where the other columns leave too little to the last one, they give way, those on the right first: names and dates
 * stand on the left. */
static void make_room(const struct table *table, size_t *widths, size_t width)
{
        size_t wanted = MIN(widths[table->columns - 1], LAST_WIDTH);
        for (guint column = table->columns - 1; column-- > 1;)
                while (widths[column] > NARROWEST && used_before_last(table, widths) + wanted > width)
                        widths[column]--;
}

static void print_row(const struct table *table, guint row, const size_t *widths, FILE *out, size_t width)
{
        size_t used = 0;
        for (guint column = 0; column < table->columns; column++) {
                const char *text = cell_at(table, row, column);
                if (column + 1 == table->columns) {
                        g_autofree char *cut = width > used + GAP ? text_cut_columns(text, width - used) : g_strdup(text);
                        fputs(cut, out);
                        break;
                }
                g_autofree char *fitting = text_cut_columns(text, widths[column]);
                fprintf(out, "%s%*s", fitting, (int) (widths[column] - text_width(fitting) + GAP), "");
                used += widths[column] + GAP;
        }
        fputc('\n', out);
}

void table_print(const struct table *table, FILE *out, size_t width)
{
        guint rows = table->cells->len / table->columns;
        g_autofree size_t *widths = g_new0(size_t, table->columns);
        for (guint row = 0; row < rows; row++)
                for (guint column = 0; column < table->columns; column++)
                        widths[column] = MAX(widths[column], text_width(cell_at(table, row, column)));
        if (width > 0)
                make_room(table, widths, width);
        for (guint row = 0; row < rows; row++)
                print_row(table, row, widths, out, width);
}

size_t table_terminal_width(int fd)
{
        struct winsize size;
        if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) < 0)
                return 0;
        return size.ws_col;
}
