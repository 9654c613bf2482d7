/* SPDX-License-Identifier: MIT */
/*
 * The IMAP response tokenizer (RFC 9051 section 9, RFC 3501): bytes in, whole responses out, at any split point.
 * Literals are counted, never scanned. Memory is bounded by the limits given and grows with the bytes that arrive, not
 * with what the server announces. Lines end in CRLF; a bare CR or LF is malformed, since a server that copies text of a
 * mail into a line could otherwise be made to send a forged one. What a search found becomes numbers as it arrives.
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
        char *code_sent;/* the same as it was sent, or NULL */
        char *code_text;/* what follows it inside the brackets, or NULL */
        GPtrArray *tokens; /* struct imap_token: what follows the name; of status responses and "+" one IMAP_TEXT */
        GArray *numbers;   /* guint32; NULL for all but SEARCH: what was found, as sent, and ESEARCH: the lowest and the
                            * highest of each range behind ALL. They are not among the tokens. None is 0 */
};

void imap_response_free(struct imap_response *response);

struct imap_parser_limits {
        size_t max_line_bytes;    /* a response without its literals */
        size_t max_search_bytes;  /* the numbers of SEARCH, ESEARCH */
        guint max_numbers;        /* how many of them */
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

/* The same, up to the end of the first response. *ret_taken, also on failure: how many of the bytes. */
int imap_parser_feed_one(struct imap_parser *parser, const void *data, size_t size, size_t *ret_taken,
                         struct error *err);

/* Inside of a literal: where its next bytes may be put without a detour, and how many; else 0. Then the parser must be
 * told how many came, before anything else. */
size_t imap_parser_literal_room(struct imap_parser *parser, char **ret_place);
void imap_parser_literal_came(struct imap_parser *parser, size_t size);

/* The next complete response, or NULL. The caller frees it. */
struct imap_response *imap_parser_next(struct imap_parser *parser);

/* True while a response has begun and is not complete (the end of the stream is then a cut). */
bool imap_parser_is_inside(const struct imap_parser *parser);

/* Helpers on tokens: checked numbers (RFC 9051 number, nz-number: 32 bits; number64). Errors: -ERR_PROTOCOL. */
int imap_token_uint32(const struct imap_token *token, guint32 *ret_value);
int imap_token_uint64(const struct imap_token *token, guint64 *ret_value);
bool imap_token_is(const struct imap_token *token, const char *atom); /* case-insensitive */

#endif
