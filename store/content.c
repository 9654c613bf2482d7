/* SPDX-License-Identifier: MIT */
#include "store/content.h"

#include <glib.h>

#include "common/bulletin_json.h"
#include "store/compress.h"

void content_packed_clear(struct content_packed *packed)
{
        g_free(packed->data);
        *packed = (struct content_packed) { .data = NULL };
}

int content_pack(const char *text, size_t length, struct content_packed *ret_packed, struct error *err)
{
        if (length > CONTENT_BYTES_MAX)
                return error_set(err, -ERR_LIMIT, "a content of %zu bytes is larger than any that is stored (%u)", length,
                                 CONTENT_BYTES_MAX);
        return compress_bytes(text, length, &ret_packed->data, &ret_packed->size, err);
}

int content_read(struct statement *statement, int column, struct bulletin **ret_content, struct error *err)
{
        size_t packed_size, length;
        g_autofree char *text = NULL;
        const void *packed = statement_blob(statement, column, &packed_size);
        int r = compress_restore_whole(packed, packed_size, CONTENT_BYTES_MAX, &text, &length, err);
        if (r < 0)
                return r;
        return bulletin_from_text(text, length, ret_content, err);
}
