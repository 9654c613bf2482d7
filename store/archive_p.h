/* SPDX-License-Identifier: MIT */
/* The pages of the archive, rendered to text; what archive.c writes to files. */
#ifndef STORE_ARCHIVE_P_H
#define STORE_ARCHIVE_P_H

#include <glib.h>

#include "store/bulletins.h"

struct archive_mail {
        char *file; /* name of its file, beside the page */
        char *subject, *from, *date; /* or NULL */
        char *unverified; /* why its sender does not count as verified, or NULL */
};

/* The page of one bulletin; revisions are struct revision_row, oldest first; mails are struct archive_mail. Owned by the
 * caller. */
GString *archive_page_render(const struct bulletin_row *row, const GPtrArray *revisions, const GPtrArray *mails);

/* Its JSON, indented; text: the same in one line. */
GString *archive_json_render(const char *text);

/* The index, appended row by row: struct bulletin_row (contents are not needed) in the order in which they are to stand,
 * those that are unverified behind all others. */
struct archive_index { char year[5]; bool open, unverified; };
void archive_index_begin(struct archive_index *index, GString *out, int64_t bulletins);
void archive_index_row(struct archive_index *index, GString *out, const struct bulletin_row *row);
void archive_index_end(struct archive_index *index, GString *out);

/* Shared pieces. */
void archive_append_head(GString *out, const char *title, const char *style_extra);
void archive_append_escaped(GString *out, const char *text); /* NULL: nothing */
void archive_append_badge(GString *out, enum bulletin_field field, int value); /* severity or urgency; 0: undetermined */

#endif
