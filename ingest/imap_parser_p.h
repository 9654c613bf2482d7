/* SPDX-License-Identifier: MIT */
/* Making responses and tokens: what imap_parser.c and imap_response.c share. */
#ifndef INGEST_IMAP_PARSER_P_H
#define INGEST_IMAP_PARSER_P_H

#include "ingest/imap_parser.h"

struct imap_response *imap_response_new(void);

/* A token with a copy of the bytes; an IMAP_LIST is made with NULL and 0. */
struct imap_token *imap_token_new(enum imap_token_kind kind, const char *data, size_t size);

/* Takes data, which has a NUL at data[size]. */
struct imap_token *imap_token_new_literal(char *data, size_t size, guint64 full_size);

/* Splits "[CODE text] human text" into code, code_text and one IMAP_TEXT. Text without closing bracket has no code. */
void imap_response_take_text(struct imap_response *response, const char *text, size_t size, bool may_have_code);

#endif
