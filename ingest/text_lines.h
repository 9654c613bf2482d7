/* SPDX-License-Identifier: MIT */
/* The body of a plain-text mail to its lines: line ends, format=flowed (RFC 3676) and quote marks are taken away. */
#ifndef INGEST_TEXT_LINES_H
#define INGEST_TEXT_LINES_H

#include <glib.h>

#include "common/errors.h"
#include "ingest/text_document.h"

struct text_line {
        char *text;      /* points into the buffer */
        unsigned number; /* in the source, from 1; of the first one where lines were joined */
        bool blank;      /* nothing but white space */
};

/* Which of the characters that show what is to be mended the text has at all. */
struct text_marks {
        bool bars, brackets, stars; /* "|", "<", "*" */
};

/* Cuts the buffer, which is changed and must outlive the result, into an array of struct text_line.
 * Errors: -ERR_LIMIT. */
int text_lines_split(char *buffer, const struct text_document_options *options, GArray **ret_lines, struct error *err);

/* Joins what was cut and takes off what was put in on the way: see text_mend.c. Part of text_lines_split. */
void text_lines_mend(GArray *lines, const struct text_marks *marks);

#endif
