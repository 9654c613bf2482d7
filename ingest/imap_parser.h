/* SPDX-License-Identifier: MIT */
/*
 * The IMAP response tokenizer (RFC 9051 section 9, RFC 3501): bytes in, whole responses out, at any split point.
 * Literals are counted, never scanned. Memory is bounded by the limits given and grows with the bytes that arrive, not
 * with what the server announces. Lines end in CRLF; a bare CR or LF is malformed, since a server that copies text of a
 * mail into a line could otherwise be made to send a forged one.
 */
#ifndef INGEST_IMAP_PARSER_H
#define INGEST_IMAP_PARSER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/errors.h"

enum imap_token_kind {
        IMAP_ATOM,    /* also numbers and flags such as \Seen */
        IMAP_QUOTED,  /* unescaped */
        IMAP_LITERAL, /* exact bytes */
        IMAP_NIL,
        IMAP_LIST,    /* (...) children */
        IMAP_TEXT,    /* the human text behind OK/NO/BAD/BYE/PREAUTH and + */
        IMAP_TOKEN_KIND_MAX
};

struct imap_token {
        enum imap_token_kind kind;
        char *data;  /* NUL behind the last byte; owned */
        size_t size; /* bytes without that NUL */
        guint64 full_size; /* of a literal: as announced; above size where its end was dropped (max_dropped_bytes) */
        GPtrArray *children; /* struct imap_token, for IMAP_LIST */
};

/* One response: "* 12 FETCH (...)", "a1 OK [CODE x] text", "+ text". */
struct imap_response {
        char *tag;      /* "*", "+" or the tag */
        bool has_number;
        guint32 number; /* "* 12 FETCH": 12 */
        char *name;     /* upper case: "FETCH", "OK", "SEARCH", "CAPABILITY"; "" for "+" */
        char *code;     /* response code in upper case, "UIDVALIDITY", or NULL */
        char *code_text;/* what follows it inside the brackets, or NULL */
        GPtrArray *tokens; /* struct imap_token: what follows the name; one IMAP_TEXT for OK/NO/BAD/BYE/PREAUTH and "+",
                            * and for SEARCH and ESEARCH: millions of numbers must not become millions of tokens */
};

void imap_response_free(struct imap_response *response);

struct imap_parser_limits {
        size_t max_line_bytes;    /* a response without its literals */
        size_t max_search_bytes;  /* the same for SEARCH, ESEARCH */
        size_t max_literal_bytes; /* one literal, and all literals of one response together */
        size_t max_dropped_bytes; /* of a larger literal the end is counted and dropped, up to this many bytes in a
                                   * response; above it, -ERR_LIMIT at the announcement. 0: nothing is dropped */
        unsigned max_depth;
};

struct imap_parser;

struct imap_parser *imap_parser_new(const struct imap_parser_limits *limits);
void imap_parser_free(struct imap_parser *parser);

/* Takes all bytes. Complete responses become available to imap_parser_next, also those before an error. Errors are
 * final for the connection: -ERR_PROTOCOL (malformed), -ERR_LIMIT. */
int imap_parser_feed(struct imap_parser *parser, const void *data, size_t size, struct error *err);

/* The next complete response, or NULL. The caller frees it. */
struct imap_response *imap_parser_next(struct imap_parser *parser);

/* True while a response has begun and is not complete (the end of the stream is then a cut). */
bool imap_parser_is_inside(const struct imap_parser *parser);

/* Helpers on tokens: checked numbers (RFC 9051 number, nz-number: 32 bits; number64). Errors: -ERR_PROTOCOL. */
int imap_token_uint32(const struct imap_token *token, guint32 *ret_value);
int imap_token_uint64(const struct imap_token *token, guint64 *ret_value);
bool imap_token_is(const struct imap_token *token, const char *atom); /* case-insensitive */

#endif
