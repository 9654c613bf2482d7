/* SPDX-License-Identifier: MIT */
/*
 * Texts and numbers for what one process of this program tells another: no names, no types. All texts stand together,
 * one behind the other, and the numbers behind them, so that the texts are checked all at once and can be used where
 * they are. Who reads it does not trust it: everything is bounded and checked.
 */
#ifndef COMMON_PACK_H
#define COMMON_PACK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/errors.h"

struct packer {
        GString *out;     /* texts, behind what was there before */
        GString *numbers; /* in packed form */
        size_t start;     /* where in out the packed form begins */
        size_t values;    /* texts and numbers so far */
        size_t room;      /* see pack_room */
};

/* Appends to out what is packed from now on. */
void packer_init(struct packer *p, GString *out);
/* It is complete. */
void packer_end(struct packer *p);

void pack_number(struct packer *p, guint64 number);
/* NULL is told apart from "". */
void pack_text(struct packer *p, const char *text);
void pack_sized(struct packer *p, const char *text, size_t size);
/* Who unpacks it will ask for that much memory with unpack_room. */
void pack_room(struct packer *p, size_t bytes);

/* Back to where the packer was. */
struct pack_mark { gsize texts, numbers; size_t values, room; };
struct pack_mark packer_mark(const struct packer *p);
void packer_return(struct packer *p, const struct pack_mark *mark);

struct unpacker {
        char *bytes;         /* all of it; its texts become strings in their places */
        char *texts, *texts_end;
        const char *numbers, *numbers_end;
        char *room;          /* one zeroed block for what the reader makes of it; NULL if there is none */
        char *room_at, *room_end;
        size_t values_left;  /* how many texts and numbers may still come: each takes more memory than bytes */
};

/* Takes the bytes, which nobody else may have access to, in any case: unpacker_clear frees them. -ERR_MALFORMED: they are
 * not in packed form, or hold a text that is not valid UTF-8 or holds NUL; then there is nothing to unpack. */
int unpacker_init(struct unpacker *u, char *bytes, size_t size, size_t values_max);
void unpacker_clear(struct unpacker *u);

/* Nothing is left. */
bool unpacker_is_done(const struct unpacker *u);

/* -ERR_MALFORMED: there is none, or it is larger than max. -ERR_LIMIT: too many values. */
int unpack_number(struct unpacker *u, guint64 max, guint64 *ret_number);

/* A text of at most max_bytes, or NULL. It stands in the unpacker's bytes. Errors as above. */
int unpack_text(struct unpacker *u, size_t max_bytes, char **ret_text);

/* Zeroed memory for any struct, in the unpacker's room; NULL where more is asked for than was announced. */
void *unpack_room(struct unpacker *u, size_t bytes);

#endif
