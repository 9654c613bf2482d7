/* SPDX-License-Identifier: MIT */
/* What the mime files share: the head of a mail as it stands, limits on its structure, parameters, and addresses. */
#ifndef INGEST_MIME_P_H
#define INGEST_MIME_P_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/errors.h"
#include "ingest/mime.h"
#include "ingest/mime_decode.h"

/* One header field, pointing into the mail. The value is as it stands, folding and all. */
struct header_field {
        const char *name, *value;
        size_t name_size, value_size;
};

/* The header block at the start of a mail. */
struct mail_head {
        bool is_mail;       /* false: the bytes do not start with a mail header; nothing else counts then */
        GArray *fields;     /* struct header_field */
        size_t start;       /* the first field's offset: behind a byte order mark, blank lines, an mbox "From " line */
        size_t end;         /* just behind the last field */
        size_t body;        /* the first byte of the body */
        bool no_blank_line; /* the body follows the fields at once */
        unsigned junk_lines;/* lines among the fields that are none */
};

/* Errors: -ERR_LIMIT (LIMIT_HEADER_BYTES). mail_head_clear afterwards. */
int mail_head_read(const char *data, size_t size, struct mail_head *ret_head, struct error *err);
void mail_head_clear(struct mail_head *head);

/* The value of the first (or n-th, from 0) field of that name, unfolded and without NUL; newly allocated, or NULL. */
char *mail_head_get(const struct mail_head *head, const char *name, unsigned n);
void mail_head_get_all(const struct mail_head *head, const char *name, GPtrArray *values /* char * */);

/* Whether a line starts a header field: its name, optional blanks and ":". */
bool mime_is_header_line(const char *line, size_t size);

/* The end of the line at p, line feed included, or end. */
const char *mime_line_end(const char *p, const char *end);
bool mime_line_is_blank(const char *p, const char *line_end);

/* Refuses a mail that has more parts than LIMIT_MIME_PARTS, before a parser builds them all: -ERR_LIMIT. */
int mime_check_boundaries(const char *data, size_t size, struct error *err);

/* A boundary that the body really uses, where the header names none or another; newly allocated, or NULL. */
char *mime_guess_boundary(const char *data, size_t size);

/* A leaf of a sound mail: header values as they stand, NULL where missing; the body in the mail. */
struct sound_part {
        char *type, *disposition, *encoding;
        const char *body;
        size_t size;
};

/* The parts of a mail that begins with its header, or the one that it is; the array frees them. NULL: it is not sound. */
GArray *mime_split_sound(const char *data, size_t size, bool *ret_is_multipart, bool *ret_alternative);

/* The address of a From value, its domain in lower case, and the seconds since 1970 of a Date value: NULL and false where
 * it is not written as nearly all are, so that GMime must be asked. Newly allocated. */
char *mime_sound_address(const char *from);
bool mime_sound_date(const char *date, gint64 *ret_seconds);

/* Of a Content-Type or Content-Disposition value: the token before the parameters, in lower case ("text/html",
 * "attachment"; "" for none), and one parameter, decoded (RFC 2231, RFC 2047, raw bytes) to a line of UTF-8, or NULL. */
char *mime_value_token(const char *raw);
char *mime_value_parameter(const char *raw, const char *name);

/* The encoding in which a part of text really is, where its bytes can't be in the declared one. */
enum transfer_encoding mime_true_encoding(enum transfer_encoding declared, const char *data, size_t size);

/* What bytes of no known type are: "message/rfc822", "text/html", "text/plain", or NULL. */
const char *mime_sniff_type(const char *data, size_t size);
bool mime_looks_like_html(const char *data, size_t size);
/* A mail's header with at least so many fields. */
bool mime_looks_like_message(const char *data, size_t size, unsigned fields_min);

struct uu_file {
        char *name; /* decoded */
        GString *data;
        unsigned notes; /* enum decode_note */
};

/* Takes uuencoded files out of a text: struct uu_file, which the array frees; NULL where there are none. */
GPtrArray *mime_take_uuencoded(GString *text);

/* Addresses of a header value that is 7-bit or UTF-8, in struct mime_address; the array frees them. -ERR_MALFORMED
 * where one is not an address with a domain. The texts are UTF-8. */
int mime_parse_addresses(const char *text, GPtrArray **ret_addresses, struct error *err);

#endif
