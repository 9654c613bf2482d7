/* SPDX-License-Identifier: MIT */
/*
 * The table of a weekly: 情報の種類 / セキュリティ番号 / タイトル. In a table with rows and columns each cell has its place.
 * Elsewhere (rendering P, plain lines, a table for each row) a row is told by its number and by what stands around it.
 */
#ifndef INGEST_HOTFIX_DIGEST_H
#define INGEST_HOTFIX_DIGEST_H

#include "ingest/hotfix_kinds.h"

enum digest_column { DIGEST_TYPE, DIGEST_NUMBER, DIGEST_TITLE, DIGEST_OTHER, DIGEST_COLUMN_MAX };

/* The column that a header's cell names. */
enum digest_column hotfix_digest_column(const char *words);

/* The header's first line from this one on, or count. *ret_end is the line behind the header. */
guint hotfix_digest_find_header(const struct page *page, guint from, guint *ret_end);

/* Adds the row's entries, one for each security number; false if the row says nothing or its number cell holds more
 * than numbers. number is in comparison form; each may be NULL. */
bool hotfix_digest_add(struct page *page, const char *type, const char *number, const char *title);

/* Reads the rows below the header as entries and takes their lines; returns the line behind the last one. */
guint hotfix_digest_read_grid(struct page *page, guint header, guint first);
guint hotfix_digest_read_lines(struct page *page, guint header, guint first);

#endif
