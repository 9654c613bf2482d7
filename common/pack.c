/* SPDX-License-Identifier: MIT */
#include "common/pack.h"

#include <string.h>

#include "common/append.h"
#include "common/text.h"

/* In front: the bytes of all texts, and of the room. */
struct head {
        guint64 texts, room;
};

/* Behind each text: a character of its own, that parts it from the next, and is a valid one where a NUL would not be. The
 * reader makes it a NUL. */
#define TEXT_END '\n'

/* No struct needs more room than this for each of its members; so a short answer cannot ask for much. */
#define ROOM_OF_NUMBER 64u

void packer_init(struct packer *p, GString *out)
{
        const struct head head = { 0 };
        *p = (struct packer){ .out = out, .numbers = g_string_sized_new(4096), .start = out->len };
        append_bytes(out, (const char *) &head, sizeof head);
}

void packer_end(struct packer *p)
{
        const struct head head = { .texts = p->out->len - p->start - sizeof head, .room = p->room };
        memcpy(p->out->str + p->start, &head, sizeof head);
        append_bytes(p->out, p->numbers->str, p->numbers->len);
        g_string_free(p->numbers, TRUE);
        p->numbers = NULL;
}

/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
void pack_number(struct packer *p, guint64 number)
{
        for (; number >= 0x80; number >>= 7)
                append_char(p->numbers, (char) (0x80 | (number & 0x7F)));
        append_char(p->numbers, (char) number);
        p->values++;
}

void pack_sized(struct packer *p, const char *text, size_t size)
{
        pack_number(p, (guint64) size + 1);
        append_bytes(p->out, text, size);
        append_char(p->out, TEXT_END);
}

void pack_text(struct packer *p, const char *text)
{
        if (text)
                pack_sized(p, text, strlen(text));
        else
                pack_number(p, 0);
}

/* Every struct begins where any may. */
static size_t aligned(size_t bytes)
{
        return (bytes + sizeof(gint64) - 1) & ~(sizeof(gint64) - 1);
}

void pack_room(struct packer *p, size_t bytes)
{
        p->room += aligned(bytes);
}

struct pack_mark packer_mark(const struct packer *p)
{
        return (struct pack_mark){ p->out->len, p->numbers->len, p->values, p->room };
}

void packer_return(struct packer *p, const struct pack_mark *mark)
{
        g_string_truncate(p->out, mark->texts);
        g_string_truncate(p->numbers, mark->numbers);
        p->values = mark->values;
        p->room = mark->room;
}

int unpacker_init(struct unpacker *u, char *bytes, size_t size, size_t values_max)
{
        struct head head;
        *u = (struct unpacker){ .bytes = bytes };
        if (size < sizeof head)
                return -ERR_MALFORMED;
        memcpy(&head, bytes, sizeof head);
        size -= sizeof head;
        if (head.texts > size || head.room > MIN(size - head.texts, values_max) * ROOM_OF_NUMBER)
                return -ERR_MALFORMED;
        /* All at once. Whoever takes one of them sees that it ends where a character does. */
        char *texts = bytes + sizeof head;
        if (!text_is_valid(texts, (size_t) head.texts))
                return -ERR_MALFORMED;
        u->texts = texts;
        u->texts_end = texts + head.texts;
        u->numbers = u->texts_end;
        u->numbers_end = texts + size;
        u->values_left = values_max;
        if (head.room > 0) {
                u->room = u->room_at = g_malloc0((gsize) head.room);
                u->room_end = u->room + head.room;
        }
        return 0;
}

void unpacker_clear(struct unpacker *u)
{
        g_free(u->bytes);
        g_free(u->room);
        *u = (struct unpacker){ 0 };
}

bool unpacker_is_done(const struct unpacker *u)
{
        return u->numbers == u->numbers_end && u->texts == u->texts_end;
}

int unpack_number(struct unpacker *u, guint64 max, guint64 *ret_number)
{
        guint64 number = 0;
        if (u->values_left == 0)
                return -ERR_LIMIT;
        u->values_left--;
        for (unsigned shift = 0; u->numbers < u->numbers_end && shift < 64; shift += 7) {
                guint64 bits = (unsigned char) *u->numbers & 0x7F;
                if (bits << shift >> shift != bits)
                        return -ERR_MALFORMED;
                number |= bits << shift;
                if (!((unsigned char) *u->numbers++ & 0x80)) {
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
        /* There is no NUL among them, so none is within this one. */
        if (size >= (size_t) (u->texts_end - u->texts) || u->texts[size] != TEXT_END)
                return -ERR_MALFORMED;
        *ret_text = u->texts;
        u->texts[size] = '\0';
        u->texts += size + 1;
        return 0;
}

void *unpack_room(struct unpacker *u, size_t bytes)
{
        size_t size = aligned(bytes);
        if (size > (size_t) (u->room_end - u->room_at))
                return NULL;
        char *room = u->room_at;
        u->room_at += size;
        return room;
}
