/* SPDX-License-Identifier: MIT */
/*
 * What a feed's rules met of the labels that they go by: those that stand in a label's place and are unknown, and those
 * that a whole message of this kind always had and that are not there. A publisher who changes the format shows here
 * first. Both lists are bounded: the labels come from outside.
 */
#ifndef COMMON_LABEL_REPORT_H
#define COMMON_LABEL_REPORT_H

#include <glib.h>
#include <stdbool.h>

#define LABEL_REPORT_MAX 50u       /* labels of each list that are kept */
#define LABEL_REPORT_CHARS_MAX 40u /* characters of a label that are kept */

struct label_report {
        GPtrArray *unknown; /* char *, one line each, as the page has it */
        GPtrArray *missing; /* char *, as the feed writes it */
};

void label_report_init(struct label_report *report);
void label_report_clear(struct label_report *report);

/* Copies the label: its first LABEL_REPORT_CHARS_MAX characters, white space at the ends taken off, no control
 * characters. A blank label, one that the list has, and one more than LABEL_REPORT_MAX change nothing. */
void label_report_add_unknown(struct label_report *report, const char *label);
void label_report_add_missing(struct label_report *report, const char *label);

/* The warning that says that a label is missing; newly allocated. */
char *label_report_missing_text(const char *label);

bool label_report_is_empty(const struct label_report *report);

#endif
