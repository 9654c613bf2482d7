/* SPDX-License-Identifier: MIT */
/* What each HTML element means for the document model. */
#ifndef INGEST_HTML_ELEMENTS_H
#define INGEST_HTML_ELEMENTS_H

enum html_element {
        HTML_BLOCK = 1 << 0,  /* a line ends at both its edges */
        HTML_SKIP = 1 << 1,   /* its content is no text of the page */
        HTML_TITLE = 1 << 2,  /* likewise, but it cannot hold elements */
        HTML_BREAK = 1 << 3,
        HTML_IMAGE = 1 << 4,
        HTML_LINK = 1 << 5,
        HTML_TABLE = 1 << 6,
        HTML_GROUP = 1 << 7,  /* of rows */
        HTML_ROW = 1 << 8,
        HTML_CELL = 1 << 9,
        HTML_BOLD = 1 << 10,
        HTML_HEADING = 1 << 11,
        HTML_ITEM = 1 << 12,
        HTML_PRE = 1 << 13,
        HTML_INPUT = 1 << 14,
};

/* The flags of a lower-case name; 0 for those that mean nothing here (span, font, …). */
unsigned html_element_flags(const char *name);

#endif
