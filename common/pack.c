/* SPDX-License-Identifier: MIT */
#include "common/pack.h"

#include <string.h>

#include "common/text.h"

/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
void pack_number(struct packer *p, guint64 number)
{
        for (; number >= 0x80; number >>= 7)
                g_string_append_c(p->bytes, (char) (0x80 | (number & 0x7F)));
        g_string_append_c(p->bytes, (char) number);
        p->values++;
}

void pack_sized(struct packer *p, const char *text, size_t size)
{
        pack_number(p, (guint64) size + 1);
        g_string_append_len(p->bytes, text, (gssize) size);
}

void pack_text(struct packer *p, const char *text)
{
        if (text)
                pack_sized(p, text, strlen(text));
        else
                pack_number(p, 0);
}

void unpacker_init(struct unpacker *u, const void *data, size_t size, size_t values_max)
{
        *u = (struct unpacker){ .at = data, .end = (const char *) data + size, .values_left = values_max };
}

bool unpacker_is_done(const struct unpacker *u)
{
        return u->at == u->end;
}

int unpack_number(struct unpacker *u, guint64 max, guint64 *ret_number)
{
        guint64 number = 0;
        if (u->values_left == 0)
                return -ERR_LIMIT;
        u->values_left--;
        for (unsigned shift = 0; u->at < u->end && shift < 64; shift += 7) {
                guint64 bits = (unsigned char) *u->at & 0x7F;
                if (bits << shift >> shift != bits)
                        return -ERR_MALFORMED;
                number |= bits << shift;
                if (!((unsigned char) *u->at++ & 0x80)) {
                        if (number > max)
                                return -ERR_MALFORMED;
                        *ret_number = number;
                        return 0;
                }
        }
        return -ERR_MALFORMED;
}

int unpack_text(struct unpacker *u, size_t max_bytes, char **ret_text)
{
        guint64 length;
        int r = unpack_number(u, (guint64) max_bytes + 1, &length);
        if (r < 0)
                return r;
        if (length == 0) {
                *ret_text = NULL;
                return 0;
        }
        size_t size = (size_t) length - 1;
        /* With a length given, a NUL within is not valid either. */
        if (size > (size_t) (u->end - u->at) || !text_is_valid(u->at, size))
                return -ERR_MALFORMED;
        char *text = g_malloc(size + 1);
        memcpy(text, u->at, size);
        text[size] = '\0';
        *ret_text = text;
        u->at += size;
        return 0;
}
