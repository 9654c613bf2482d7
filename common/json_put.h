/* SPDX-License-Identifier: MIT */
/* JSON as json_dumps(JSON_COMPACT) writes it, piece by piece and without a tree. */
#ifndef COMMON_JSON_PUT_H
#define COMMON_JSON_PUT_H

#include <glib.h>
#include <stddef.h>

#include "common/append.h"

/* Valid UTF-8 without a NUL, in quotation marks and escaped. */
void json_put_string(GString *out, const char *text, size_t size);

/* A constant of ours, which needs no escape, in quotation marks; NULL is null. */
void json_put_name(GString *out, const char *name);

#define json_put_null(out) append_literal(out, "null")

#endif
