/* SPDX-License-Identifier: MIT */
/* The JSON form of a bulletin (schema "hotfixd.bulletin/1"; systemd-independent, versioned, stable). */
#ifndef COMMON_BULLETIN_JSON_H
#define COMMON_BULLETIN_JSON_H

#include <jansson.h>

#include "common/bulletin.h"
#include "common/errors.h"

/* The whole bulletin as an object with all keys in their fixed order. The caller owns the reference. Never NULL. */
json_t *bulletin_to_json(const struct bulletin *b);

/* One line of JSON, UTF-8 unescaped, keys in their fixed order; newly allocated (g_free). */
char *bulletin_to_text(const struct bulletin *b);

/* Reads it back. The input is untrusted: every type, enumerated value, date and list length is checked, and a surplus
 * or missing key is an error; only "entries", which earlier versions did not write, may be missing. Errors:
 * -ERR_MALFORMED with the path of what is wrong. */
int bulletin_from_json(const json_t *json, struct bulletin **ret_bulletin, struct error *err);
int bulletin_from_text(const char *text, size_t size, struct bulletin **ret_bulletin, struct error *err);

#endif
