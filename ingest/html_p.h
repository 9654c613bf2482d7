/* SPDX-License-Identifier: MIT */
/* What the html files share: a page's events, whoever finds its tags, and what libxml2 knows of them. */
#ifndef INGEST_HTML_P_H
#define INGEST_HTML_P_H

#include "common/limits.h"
#include "ingest/html_builder.h"

/* An open element that changes how its content is read. */
struct open_element {
        unsigned flags;
        struct html_style style; /* what held before it */
};

struct html_reader {
        struct html_builder *builder;
        struct open_element open[LIMIT_HTML_DEPTH];
        unsigned open_count;
        struct html_style style;
        unsigned depth;      /* of all elements */
        unsigned skip_depth; /* of the element whose content is left out; 0: none */
        bool in_title;       /* that is a <title> */
        bool long_url;
        char *limit; /* which one was reached, or NULL; owned */
};

void html_reader_init(struct html_reader *reader, struct document *document);
void html_reader_clear(struct html_reader *reader);

/* Of an element with these flags (html_element_flags); attributes as in html_attributes.h. After a limit was reached,
 * nothing happens any more. line is that of the source. */
void html_start_element(struct html_reader *reader, unsigned flags, const char *const *attributes, unsigned line);
void html_end_element(struct html_reader *reader, unsigned flags, unsigned line);
void html_add_text(struct html_reader *reader, const char *text, size_t size, unsigned line);
/* The same for valid UTF-8 without control characters. */
void html_add_clean_text(struct html_reader *reader, const char *text, size_t size, unsigned line);
/* The end of the page. */
void html_finish(struct html_reader *reader);

/*
 * Reads a page of sound HTML, with the same events that libxml2 gives, in a small part of its time. Returns false where
 * there is something in the page that asks for its care: then nothing counts that was read.
 * is_clean: text_is_clean is known to say yes of the text; else it is asked.
 */
bool html_read_sound(struct html_reader *reader, const char *text, size_t size, bool is_clean);
void html_sound_prepare(void);

/* Of libxml2: whether the tag closes an open element of the other name; whether an element has no content; the
 * character of an entity, or 0. */
bool html_tag_closes(const char *name, const char *open);
bool html_tag_is_empty(const char *name);
unsigned html_entity_value(const char *name);

#endif
