/* SPDX-License-Identifier: MIT */
/* Plain text (renderings L, P and T of the feed, quoted and wrapped mail) to the document model. */
#ifndef INGEST_TEXT_DOCUMENT_H
#define INGEST_TEXT_DOCUMENT_H

#include <stdbool.h>

#include "ingest/document.h"

struct text_document_options {
        bool flowed, delsp; /* RFC 3676 */
};

/* text is valid UTF-8, and taken apart where it stands: afterwards it is of no use any more. Quote marks ("> ") before
 * every line are taken off. Lines ended by "|" become cells, "| a | b |" rows a table. Blank lines set MARK_PARAGRAPH
 * on what follows. Errors: -ERR_LIMIT. */
int text_document_read(char *text, const struct text_document_options *options, struct document **ret_document,
                       struct error *err);

#endif
