/* SPDX-License-Identifier: MIT */
/* What a variant says, as the database keeps it: its JSON (hotfixd.bulletin/1) as one zstd frame, a fifth of the text. The
 * pages that this saves cost the one writer more than the packing costs any of the parser threads, which do it. */
#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include <stddef.h>

#include "common/bulletin.h"
#include "common/limits.h"
#include "store/database.h"

/* No answer of a parser makes more. */
#define CONTENT_BYTES_MAX (256u * MIB)

struct content_packed {
        char *data;
        size_t size;
};
void content_packed_clear(struct content_packed *packed);

/* Errors: -ERR_LIMIT (text is too long), -ENOMEM, -ERR_STORE. */
int content_pack(const char *text, size_t length, struct content_packed *ret_packed, struct error *err);

/* The content in this column. Damaged: -ERR_STORE_CORRUPT or -ERR_MALFORMED; or -ENOMEM. */
int content_read(struct statement *statement, int column, struct bulletin **ret_content, struct error *err);

#endif
