/* SPDX-License-Identifier: MIT */
/* Only for reader*.c: what an input seems to be, and the readings of its text parts among which one is chosen. */
#ifndef INGEST_READER_P_H
#define INGEST_READER_P_H

#include <glib.h>
#include <stdbool.h>

#include "ingest/feed.h"
#include "ingest/reader.h"

/* READER_MAIL, READER_HTML or READER_TEXT, judged by the first lines. */
enum reader_form reader_guess_form(const char *data, size_t size);

/* Whether text that is labelled as plain begins like a page of HTML. */
bool reader_looks_like_html(const char *data, size_t size);

/* The charset that a page names in a <meta> element near its start, or NULL. Newly allocated. */
char *reader_find_meta_charset(const char *data, size_t size);

/* Bytes that may hold a bulletin. */
struct source {
        const char *data;
        size_t size;
        const char *charset; /* as declared, or NULL */
        bool html, flowed, delsp, attachment;
        int message;
        const char *name; /* for warnings: "part 2 (text/html)" */
};

/* One way to read a source. */
struct candidate {
        const struct feed *feed; /* NULL: no feed recognised it */
        struct bulletin *bulletin; /* likewise */
        struct label_report labels; /* likewise */
        char *text;
        bool html, attachment;
        int message;
        unsigned determined;
};

struct readings {
        GPtrArray *candidates; /* struct candidate */
        GPtrArray *charsets;   /* struct charset_use */
        GPtrArray *warnings;   /* char * */
        char *failure;         /* why a part of the mail's body could not be read; the first one, or NULL */
        size_t decoded_bytes;
        bool is_garbage;       /* more than a tenth of some source could not be decoded */
};

void readings_init(struct readings *readings);
void readings_clear(struct readings *readings);
void readings_warn(struct readings *readings, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Decodes a source and adds its candidates. What cannot be read becomes a warning, and the failure. */
void readings_add(struct readings *readings, const struct source *source);

/* The best recognised candidate, or NULL. Contradictions between candidates become warnings. */
struct candidate *readings_choose(struct readings *readings);

/* The text that stands for the mail where no feed recognises any: the longest, the mail's own before attachments.
 * Never NULL; valid as long as readings is. */
const char *readings_text(const struct readings *readings);

#endif
