/* SPDX-License-Identifier: MIT */
/* What the authenticity files share: the lexical pieces of a header field (RFC 5322 section 3.2, RFC 6532); and the way
 * from a head to its report. */
#ifndef INGEST_AUTHENTICITY_P_H
#define INGEST_AUTHENTICITY_P_H

#include "ingest/authenticity.h"

/* A place in a field's value. Each scan function moves it forward; after a failure the place means nothing. */
struct scan {
        const char *p, *end;
};

/* The value without the line end behind it. */
struct scan scan_field(const char *data, size_t size);

/* Passes over white space, folding and comments, of which there may be none. False if that is malformed: a comment that
 * does not end, a line end that folds nothing, a control character. *ret_any (may be NULL): there was some. */
bool scan_cfws(struct scan *scan, bool *ret_any);

/* Passes over this character, if it is the next one. */
bool scan_char(struct scan *scan, char c);
bool scan_is_at(const struct scan *scan, char c);
bool scan_is_done(const struct scan *scan);

/* The longest run of such bytes (of which NUL is none), or NULL if there is none or it is too long; newly allocated. */
typedef bool (*scan_predicate)(unsigned char c);
char *scan_run(struct scan *scan, scan_predicate is_part);

/* A quoted string, without quotes and escapes, unfolded; NULL if it is malformed or too long. Newly allocated. */
char *scan_quoted(struct scan *scan);

/* The text itself if it is UTF-8; else frees it and gives NULL. NULL stays NULL. */
char *scan_utf8(char *text);

bool scan_is_atext(unsigned char c); /* RFC 5322 atext, and all that is not ASCII */

/* The report of a mail's head. In the worker. */
struct mail_head;
void authentication_report_read(const struct mail_head *head, struct authentication_report *ret_report);

struct authentication_result *authentication_result_new(void);
struct authentication_property *authentication_property_new(void);
struct authentication_field *authentication_field_new(void);

#endif
