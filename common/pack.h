/* SPDX-License-Identifier: MIT */
/*
 * Texts and numbers one behind the other, for what one process of this program tells another: no names, no types, each
 * text with its length in front. Who reads it does not trust it: everything is bounded and checked.
 */
#ifndef COMMON_PACK_H
#define COMMON_PACK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/errors.h"

struct packer {
        GString *bytes;
        size_t values; /* texts and numbers so far */
};

void pack_number(struct packer *p, guint64 number);
/* NULL is told apart from "". */
void pack_text(struct packer *p, const char *text);
void pack_sized(struct packer *p, const char *text, size_t size);

struct unpacker {
        const char *at, *end;
        size_t values_left; /* how many texts and numbers may still come: each takes more memory than bytes */
};

void unpacker_init(struct unpacker *u, const void *data, size_t size, size_t values_max);

/* Nothing is left. */
bool unpacker_is_done(const struct unpacker *u);

/* -ERR_MALFORMED: there is none, or it is larger than max. -ERR_LIMIT: too many values. */
int unpack_number(struct unpacker *u, guint64 max, guint64 *ret_number);

/* A text of at most max_bytes, or NULL; newly allocated. Also -ERR_MALFORMED where it is no valid UTF-8 or holds NUL. */
int unpack_text(struct unpacker *u, size_t max_bytes, char **ret_text);

#endif
