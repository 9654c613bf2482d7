/* SPDX-License-Identifier: MIT */
/* Tables for a person: columns aligned by display width (wide characters count two), cut to the terminal where there is one. */
#ifndef DAEMON_TABLE_H
#define DAEMON_TABLE_H

#include <stdio.h>

struct table;

/* Column titles, NULL at the end. The last column takes what is left of the line. */
struct table *table_new(const char *first_title, ...) __attribute__((sentinel));
void table_free(struct table *table);

/* One row: as many cells as columns; NULL is shown as "-". Copied. Line breaks inside become spaces. */
void table_add(struct table *table, const char *first_cell, ...);

/* width: columns of the terminal; 0: do not cut. */
void table_print(const struct table *table, FILE *out, size_t width);

/* The terminal's width if the descriptor is one, else 0. */
size_t table_terminal_width(int fd);

#endif
