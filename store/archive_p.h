/* SPDX-License-Identifier: MIT */
/* The pages of the archive, rendered to text; what archive.c writes to files. */
#ifndef STORE_ARCHIVE_P_H
#define STORE_ARCHIVE_P_H

#include <glib.h>

#include "store/bulletins.h"

struct archive_mail {
        char *file; /* name of its file, beside the page */
        char *subject, *from, *date; /* or NULL */
};

/* The page of one bulletin; revisions are struct revision_row, oldest first; mails are struct archive_mail. Owned by the
 * caller. */
GString *archive_page_render(const struct bulletin_row *row, const GPtrArray *revisions, const GPtrArray *mails);

/* The index; rows are struct bulletin_row (contents are not needed) in the order in which they are to
 * stand. */
GString *archive_index_render(const GPtrArray *rows);

/* Shared pieces. */
void archive_append_head(GString *out, const char *title, const char *style_extra);
void archive_append_escaped(GString *out, const char *text); /* NULL: nothing */
void archive_append_badge(GString *out, enum bulletin_field field, int value); /* severity or urgency; 0: undetermined */

#endif
