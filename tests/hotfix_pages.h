/* SPDX-License-Identifier: MIT */
/* Pages of HotFix Report for the checks of its rules: written as text or HTML, read to a bulletin. */
#ifndef TESTS_HOTFIX_PAGES_H
#define TESTS_HOTFIX_PAGES_H

#include "common/bulletin.h"
#include "common/label_report.h"
#include "ingest/document.h"

struct document *page_of_text(const char *text);
struct document *page_of_html(const char *html);

/* Recognised as this kind and extracted; the document is freed. */
struct bulletin *extract_as(enum bulletin_kind kind, struct document *document);
/* Of whichever kind, with what the rules say of its labels (label_report_clear); the document is freed. */
struct bulletin *extract_labels(struct document *document, struct label_report *ret_labels);
/* An alert in plain text, or in HTML. */
struct bulletin *extract_text(const char *text);
struct bulletin *extract_html(const char *html);

/* An alert in plain lines whose top table has this between 深刻度 and the identifier line. */
struct bulletin *extract_top(const char *top);
/* An alert with this urgency line and this value of 対策. */
struct bulletin *extract_urgency(const char *measure, const char *line);

void check_field(const struct bulletin *b, enum bulletin_field field, int value);
void check_undetermined(const struct bulletin *b, enum bulletin_field field, const char *part_of_reason);
/* A warning with this text in it. */
void check_warning(const struct bulletin *b, const char *part);
void check_no_warnings(const struct bulletin *b);
void check_no_warning(const struct bulletin *b, const char *part);

#endif
