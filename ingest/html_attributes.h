/* SPDX-License-Identifier: MIT */
/* What is read from the attributes of a tag, which come as name, value, name, value, …, NULL (a value may be NULL); and
 * what is looked at in the source of a page before libxml2 sees it. */
#ifndef INGEST_HTML_ATTRIBUTES_H
#define INGEST_HTML_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>

/* The value, "" for an attribute without one, or NULL. */
const char *html_find_attribute(const char *const *attributes, const char *name);

/* The number that a value begins with, cut at max; fallback where there is none. */
unsigned html_read_number(const char *value, unsigned fallback, unsigned max);

/* By the hidden attribute or an inline style of display:none or visibility:hidden. */
bool html_is_hidden(const char *const *attributes);

/* Of an image: one that only pushes things into place or counts readers is no mark of anything. */
bool html_is_spacer(const char *const *attributes);

/* Of an <input>: a button or box that is switched on, or an image. It marks what stands behind it. */
bool html_is_mark(const char *const *attributes);

/* An absolute URL that is safe to show as a link; newly allocated. NULL for others: relative ones lead nowhere from a
 * mail. *ret_too_long is set to true where only its length was wrong. */
char *html_clean_url(const char *href, bool *ret_too_long);

/* A copy without what libxml2 would lose text over, or NULL where there is nothing of that: a NUL, which it takes for
 * the end, and a "<" that begins no tag, behind which it drops everything up to the next ">". Declarations like Word's
 * <![if !vml]> are left out: it would take them for text. */
char *html_escape_odd_bytes(const char *text, size_t size, size_t *ret_size);

/* Whether some tag has more than LIMIT_HTML_ATTRIBUTES attributes. */
bool html_has_crowded_tag(const char *text, size_t size);

#endif
