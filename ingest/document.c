/* SPDX-License-Identifier: MIT */
#include "ingest/document.h"

#include <stddef.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"

/* Rules compare labels and short values, which no longer line is. NFKC can make text many times as long, and takes
 * several times that in memory while it works. */
#define NORMAL_BYTES_MAX 65536u

#define USUAL_BLOCKS 512u

struct block_link *block_link_new(const char *text, const char *url)
{
        struct block_link *link = g_new(struct block_link, 1);
        *link = (struct block_link){ .text = g_strdup(text), .url = g_strdup(url) };
        return link;
}

void block_link_free(struct block_link *link)
{
        if (!link)
                return;
        g_free(link->text);
        g_free(link->url);
        g_free(link);
}

/* What a block has besides its place in a chunk. */
static void block_clear(struct block *block)
{
        if (block->normal != block->text)
                g_free(block->normal);
        if (!block->image_alt && !block->image_source && !block->links) /* nearly all */
                return;
        g_free(block->image_alt);
        g_free(block->image_source);
        g_clear_pointer(&block->links, g_ptr_array_unref);
}

/* Blocks live and die together, so many stand in one piece of memory, which costs less than a piece for each. Under the
 * address sanitizer each has its own, so that it sees what goes beyond one. */
#if defined(__SANITIZE_ADDRESS__)
#define CHUNK_BYTES 0u
#else
#define CHUNK_BYTES (64u * KIB) /* a usual page's */
#endif

struct document_chunk {
        struct document_chunk *next;
        size_t used, size;
        max_align_t memory[];
};

static void *allocate(struct document *document, size_t size)
{
        size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
        struct document_chunk *chunk = document->chunks;
        if (!chunk || chunk->size - chunk->used < size) {
                size_t room = MAX(size, CHUNK_BYTES);
                chunk = g_malloc(sizeof *chunk + room);
                *chunk = (struct document_chunk){ .next = document->chunks, .size = room };
                document->chunks = chunk;
        }
        void *memory = (char *) chunk->memory + chunk->used;
        chunk->used += size;
        return memory;
}

struct document *document_new(enum document_rendering rendering)
{
        struct document *document = g_new(struct document, 1);
        *document = (struct document){ .rendering = rendering, .warnings = g_ptr_array_new_with_free_func(g_free) };
        return document;
}

void document_free(struct document *document)
{
        if (!document)
                return;
        for (guint i = 0; i < document->block_count; i++)
                block_clear(document->blocks[i]);
        g_free(document->blocks);
        g_ptr_array_unref(document->warnings);
        for (struct document_chunk *chunk = document->chunks, *next; chunk; chunk = next) {
                next = chunk->next;
                g_free(chunk);
        }
        g_free(document);
}

static char *make_normal(const char *text)
{
        size_t size = strlen(text);
        if (size <= NORMAL_BYTES_MAX)
                return text_normalize(text);
        const char *end = g_utf8_find_prev_char(text, text + NORMAL_BYTES_MAX);
        g_autofree char *start = g_strndup(text, end - text);
        return text_normalize(start);
}

struct block *document_add(struct document *document, const char *text, unsigned marks, unsigned indent)
{
        return document_add_sized(document, text, strlen(text), marks, indent);
}

struct block *document_add_sized(struct document *document, const char *text, size_t size, unsigned marks,
                                 unsigned indent)
{
        if (document->block_count >= LIMIT_DOCUMENT_BLOCKS)
                return NULL;
        struct block *block = allocate(document, sizeof *block + size + 1);
        *block = (struct block){ .text = (char *) (block + 1), /* stands behind it */
                                 .size = size, .marks = marks, .indent = indent, .row_span = 1,
                                 .table = -1, .parent_table = -1, .row = -1, .column = -1 };
        memcpy(block->text, text, size);
        block->text[size] = '\0';
        block->is_plain = size <= NORMAL_BYTES_MAX && text_measure_plain(block->text, size, &block->shape);
        block->normal = block->is_plain ? block->text : make_normal(block->text);
        if (!block->is_plain || block->shape.has_space)
                document->spaced_bytes += (block->is_plain ? size : strlen(block->normal)) + 1;
        if (document->block_count == document->block_room) {
                document->block_room = MAX(2 * document->block_room, USUAL_BLOCKS);
                document->blocks = g_renew(struct block *, document->blocks, document->block_room);
        }
        document->blocks[document->block_count++] = block;
        return block;
}

void block_add_link(struct block *block, struct block_link *link)
{
        if (!block->links)
                block->links = g_ptr_array_new_with_free_func((GDestroyNotify) block_link_free);
        g_ptr_array_add(block->links, link);
}

/* An image that stands alone is read as its alt text, as a browser without images does. */
static const char *shown_text(const struct block *block)
{
        return !block->text[0] && block->image_alt ? block->image_alt : block->text;
}

char *document_text(const struct document *document)
{
        size_t size = 0;
        for (guint i = 0; i < document->block_count; i++)
                size += strlen(shown_text(document_block(document, i))) + 1;
        char *out = g_malloc(size + 1), *to = out;
        for (guint i = 0; i < document->block_count; i++) {
                const char *text = shown_text(document_block(document, i));
                if (!text[0])
                        continue;
                to = stpcpy(to, text);
                *to++ = '\n';
        }
        *to = '\0';
        return out;
}

unsigned document_split_indent(const char *text, const char **ret_rest)
{
        unsigned columns = 0;
        for (; *text && !text_is_surely_filled(text); text = g_utf8_next_char(text)) {
                gunichar c = g_utf8_get_char(text);
                if (c == '\t')
                        columns += 8 - columns % 8;
                else if (c == 0x3000)
                        columns += 2;
                else if (g_unichar_isspace(c) || c == 0x00a0)
                        columns += 1;
                else
                        break;
        }
        *ret_rest = text;
        return columns;
}

const char *document_rendering_name(enum document_rendering rendering)
{
        static const char *const names[RENDERING_MAX] = {
                [RENDERING_HTML] = "html",
                [RENDERING_LINES] = "lines",
                [RENDERING_PIPES] = "pipes",
                [RENDERING_ROWS] = "rows",
        };
        return (unsigned) rendering < RENDERING_MAX ? names[rendering] : "unknown";
}
