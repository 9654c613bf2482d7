/* SPDX-License-Identifier: MIT */
/*
 * MIME, both ways; the only module that includes gmime.h. Reading turns the bytes of a mail into a flat list of leaf
 * parts in reading order, with nesting noted, bodies decoded from their transfer encoding and not yet from their
 * charset. Writing makes a multipart/alternative mail, within a multipart/mixed one where there are attachments.
 */
#ifndef INGEST_MIME_H
#define INGEST_MIME_H

#include <glib.h>
#include <stdbool.h>

#include "common/errors.h"
#include "ingest/authenticity.h"

struct mime_part {
        char *type;     /* lower case "text/html" */
        char *charset;  /* as declared, or NULL */
        char *filename; /* decoded, or NULL */
        bool flowed, delsp;      /* format=flowed; DelSp=yes (RFC 3676) */
        bool attachment;         /* Content-Disposition: attachment */
        unsigned depth;
        int alternative_group;   /* parts of one multipart/alternative share a number >= 0; else -1 */
        int message;             /* 0: the mail itself; n: the n-th message/rfc822 inside it */
        char *data;              /* after the transfer encoding; NUL behind */
        gsize size;
};

struct mime_mail {
        /* Raw header values of the outermost message, unfolded but not decoded (any bytes but NUL, CR, LF: use
         * charset_decode_header); NULL where missing. Of a field that stands twice, the first one. */
        char *message_id, *from, *subject, *date, *list_id;
        char *from_address; /* the sender's addr-spec, UTF-8, its domain in lower case; NULL where From is missing,
                             * unreadable, or names more than one. What the decoded From looks like proves nothing. */
        gint64 date_ms; /* parsed Date, or 0 with date_is_valid false */
        bool date_is_valid;
        GPtrArray *authentication_results; /* char *, topmost first, raw */
        struct authentication_report authentication;
        GPtrArray *parts;                  /* struct mime_part */
        GPtrArray *warnings;               /* char *, English */
};

/* Starts GMime. Call once per process before any other call here. */
void mime_prepare(void);

/* Reads a mail. Bytes that are not a mail at all give one text/plain part or an error. Only to be called in the
 * worker: the library can hang or crash on hostile bytes. Errors: -ERR_LIMIT, with the limit's name. */
int mime_read(const void *data, size_t size, struct mime_mail **ret_mail, struct error *err);
/* The same by GMime alone, which a mail that is not sound is left to. */
int mime_read_by_library(const void *data, size_t size, struct mime_mail **ret_mail, struct error *err);
void mime_mail_free(struct mime_mail *mail);

/* The sender for people and for rules: "Name <address>" or "address", decoded, one line of UTF-8. Whatever From says,
 * an address in angle brackets stands only at the end, and only if it is from_address. NULL without From. Newly
 * allocated. */
char *mime_mail_sender(const struct mime_mail *mail);

struct mime_address { char *name, *address; };

/* A file that goes with a mail. A mail ("message/rfc822") that can stand in another as it is does so; one that cannot (8-bit
 * characters, long lines, other line ends than CR LF) becomes a file of type application/octet-stream, byte for byte. */
struct mime_attachment {
        const char *type;      /* "message/rfc822", "application/json" */
        const char *name;      /* of the file: printable ASCII without quotes and slashes, at most 100 characters */
        const char *data;
        gsize size;
};

/* A mail to be written. All strings UTF-8; none may hold CR or LF (refused: -ERR_MALFORMED). */
struct mime_draft {
        const char *from;              /* "Name <a@b>" or "a@b" */
        const char *const *to;         /* addresses, NULL at the end */
        const char *subject;
        const char *message_id;        /* without angle brackets */
        const char *in_reply_to;       /* or NULL */
        const char *const *references; /* without angle brackets, NULL at the end; or NULL */
        gint64 date_ms;
        const char *text, *html;       /* html may be NULL: a text/plain mail */
        const char *const *extra;      /* name, value, name, value, …, NULL; or NULL */
        const struct mime_attachment *attachments;
        gsize attachment_count;
};

/* Writes it with CRLF line ends, every line at most 998 bytes and 7-bit clean. The same draft gives the same bytes.
 * *ret_data is owned by the caller (g_free). */
int mime_write(const struct mime_draft *draft, char **ret_data, size_t *ret_size, struct error *err);

#endif
