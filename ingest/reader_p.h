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

/* Whether it may be one: there may be words before the page. */
bool reader_holds_html(const char *data, size_t size);

/* The charset that a page names in a <meta> element near its start, or NULL. Newly allocated. */
char *reader_find_meta_charset(const char *data, size_t size);

/* Bytes that may hold a bulletin. */
struct source {
        const char *data;
        size_t size;
        const char *charset; /* as declared, or NULL */
        bool html, flowed, delsp, attachment;
        int message;
        int group; /* of a multipart/alternative, or -1 */
        const char *name; /* for warnings: "part 2 (text/html)" */
};

/* One way to read a source. */
struct candidate {
        const struct feed *feed; /* NULL: no feed recognised it */
        struct bulletin *bulletin; /* likewise */
        struct label_report labels; /* likewise */
        char *text; /* NULL of a recognised one where nobody wants it */
        bool html, attachment;
        bool is_worse; /* of two readings of one source: only its links count */
        int message, group;
        unsigned source; /* number of the source, from 1 */
        unsigned determined;
};

struct readings {
        GPtrArray *candidates; /* struct candidate */
        GPtrArray *charsets;   /* struct charset_use */
        GPtrArray *warnings;   /* char * */
        char *failure;         /* why a part of the mail's body could not be read; the first one, or NULL */
        size_t text_bytes_max; /* of one source */
        bool without_text;
        size_t decoded_bytes;  /* of all so far */
        unsigned sources;
        bool stopped;          /* LIMIT_TEXT_READINGS was reached */
        bool is_garbage;       /* more than a tenth of some source could not be decoded */
};

void readings_init(struct readings *readings, const struct reader_limits *limits);
void readings_clear(struct readings *readings);
void readings_warn(struct readings *readings, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Decodes a source and adds its candidates. What cannot be read becomes a warning, and the failure. */
void readings_add(struct readings *readings, const struct source *source);

/* The recognised candidate that is the mail's bulletin, completed by other readings of the same one, or NULL. Of several
 * bulletins it is the most severe one; the others, and contradictions between readings, become warnings. */
struct candidate *readings_choose(struct readings *readings);

/* The text that stands for the mail where no feed recognises any: the longest, the mail's own before attachments.
 * Never NULL; valid as long as readings is. */
const char *readings_text(const struct readings *readings);

#endif
