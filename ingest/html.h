/* SPDX-License-Identifier: MIT */
/* HTML to the document model; the only module that includes libxml. Never loads anything, never expands entities from
 * outside. */
#ifndef INGEST_HTML_H
#define INGEST_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "ingest/document.h"

/* Starts libxml2. Call once per process before any other call here. */
void html_prepare(void);

/* text is valid UTF-8 (a charset named inside the page is ignored). Broken HTML is read as browsers do. Scripts, styles
 * and comments are left out. Errors: -ERR_LIMIT (bytes, depth, cells), -ERR_MALFORMED where nothing could be read. */
int html_read(const char *text, size_t size, struct document **ret_document, struct error *err);

/* The same, where the caller may know that text_is_clean says yes of the text. */
int html_read_known(const char *text, size_t size, bool is_clean, struct document **ret_document, struct error *err);

/* The same by libxml2 alone, which a page that is not sound is left to. */
int html_read_by_parser(const char *text, size_t size, struct document **ret_document, struct error *err);

#endif
