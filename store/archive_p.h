/* SPDX-License-Identifier: MIT */
/* What the files of the archive share: its files rendered to text, one bulletin's files written. */
#ifndef STORE_ARCHIVE_P_H
#define STORE_ARCHIVE_P_H

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "common/file_batch.h"
#include "store/archive.h"
#include "store/bulletins.h"

#define ARCHIVE_FILE_MODE 0640
#define ARCHIVE_DIRECTORY_MODE 0750

struct archive_mail {
        char *file; /* name of its file, beside the page */
        char *subject, *from, *date; /* or NULL */
        char *unverified; /* why its sender does not count as verified, or NULL */
};

/* Appends the page of one bulletin; revisions are struct revision_row, oldest first; mails are struct archive_mail. */
void archive_page_render(GString *out, const struct bulletin_row *row, const GPtrArray *revisions,
                         const GPtrArray *mails);

/* Its JSON, indented; text: the same in one line. */
void archive_json_render(GString *out, const char *text);

/* Shared pieces. Between the first two the title. */
void archive_begin_head(GString *out);
void archive_end_head(GString *out, const char *style_extra);
/* Of severity or urgency; 0: undetermined. */
void archive_add_badge(GString *out, enum bulletin_field field, int value);

/* The last part of a name in the archive. */
static inline const char *archive_name_base(const char *name)
{
        const char *slash = strrchr(name, '/');
        return slash ? slash + 1 : name;
}

/* Whoever writes bulletins' files, one bulletin after the other. */
struct archive_writing {
        struct database *db;
        const char *directory;
        struct file_batch *files;
        GHashTable *written; /* what was written, as paths within the directory; or NULL */
        GString *text;       /* the file in the making */
};
/* An empty text, in the memory of this one unless that was one of the few that need much more than others. Takes it. */
GString *archive_text_again(GString *text);

void archive_writing_init(struct archive_writing *writing, struct database *db, const char *directory);
void archive_writing_clear(struct archive_writing *writing);

/* Writes the files of a bulletin as the database has it, in one view of it. */
int archive_write_bulletin(struct archive_writing *writing, int64_t bulletin_id, struct error *err);

/* A bulletin on the to-do list. */
struct archive_due {
        int64_t bulletin_id, mark;
        char *key, *name; /* name: in the archive */
        bool unverified;
        bool single; /* it has one revision */
};

/* Likewise, of what was just stored: the database still says the same. */
int archive_write_fresh(struct archive_writing *writing, const struct archive_due *due, const struct archive_fresh *fresh,
                        struct error *err);

/* The first bulletins on the list behind this mark (0: all), in order; an array of struct archive_due. */
int archive_todo_read(struct database *db, int64_t mark, unsigned limit, GPtrArray **ret_due, struct error *err);

/* Marks that were on the list one after the other, as it was read: newer ones are larger than all of them. */
struct archive_span { int64_t first, last; };
int archive_todo_remove(struct database *db, const struct archive_span *spans, unsigned count, struct error *err);

/* Removes the files of names that no bulletin has any more. */
int archive_remove_stale(struct database *db, const char *directory, struct error *err);

#endif
