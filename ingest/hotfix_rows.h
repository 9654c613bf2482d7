/* SPDX-License-Identifier: MIT */
/*
 * The rows of a table of the body. They are read where its columns are certain: cells (renderings H, P and T), or
 * lines whose columns are parted by tabs or several spaces. Other plain lines are left to the section's text; guessing
 * where a product's name ends would be wrong.
 */
#ifndef INGEST_HOTFIX_ROWS_H
#define INGEST_HOTFIX_ROWS_H

#include "ingest/hotfix_p.h"

#define HOTFIX_COLUMNS_MAX 8u

struct row {
        char *text[HOTFIX_COLUMNS_MAX];
        const struct cell *cell[HOTFIX_COLUMNS_MAX]; /* or NULL */
        const struct cell *cover[HOTFIX_COLUMNS_MAX]; /* the same, or the one above that reaches down to this row */
        guint first, end;                     /* lines of the page */
};

struct table_body {
        guint label_line, first, end; /* first: the line behind the header */
        guint columns;                /* as asked for, or as many as the table has; it can have more */
        bool in_cells;
        GArray *cells;
        GPtrArray *rows; /* struct row */
};

/* Reads the table whose header, of so many columns, starts at the labelled line. */
void table_body_read(struct table_body *body, const struct page *page, guint label_line, guint columns);
void table_body_clear(struct table_body *body);
const struct row *table_body_row(const struct table_body *body, guint i);
/* The header and the first so many rows have gone into a field. */
void table_body_take(struct page *page, const struct table_body *body, guint rows);

/* What the mail calls products, in comparison form, as far as its tables have been read; to be unreferenced. */
GPtrArray *hotfix_product_names(const struct bulletin *bulletin);
/* The longest of the names that the row starts with, a space behind it; NULL for none. */
const char *hotfix_find_product(const GPtrArray *names, const char *normal);

/* Says that so many rows of the table stay text because nothing shows where their columns end. */
void hotfix_warn_rows(struct page *page, const char *table, guint rows);

/* NULL for nothing and for the dash that says so; else the text itself. */
const char *hotfix_cell_text(const char *text);

#endif
