/* SPDX-License-Identifier: MIT */
#include "store/compress.h"

#include <errno.h>
#include <glib.h>
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_c_literalCompressionMode */
#include <zstd.h>

#include "common/limits.h"

/* Of a mail of 32 KB, 24 % remain. Level 3 leaves 5 % less and takes half as long again: its tables push what the other
 * threads work on out of the processor's caches. */
#define COMPRESS_LEVEL 1
/* 128 KiB of places where bytes were seen, four times what the level takes: fewer of them overwrite each other, and looking
 * at the right one at once saves a tenth of the time. */
#define COMPRESS_HASH_LOG 15
/* Every third place is looked at, not every second one, and for seven bytes that were there before, not six: that leaves 3 %
 * more and saves a tenth of the time. */
#define COMPRESS_TARGET_LENGTH 2
#define COMPRESS_MIN_MATCH 7

/* What a thread compresses with: making a context costs more than a small mail does. Most mails fit into the room, so that
 * nothing larger than what remains of them is allocated: it waits in queues, among pieces of all sizes. */
#define ROOM_BYTES ZSTD_COMPRESSBOUND(64 * KIB)
struct packing {
        ZSTD_CCtx *context;
        char room[ROOM_BYTES];
};

static void free_packing(void *data)
{
        struct packing *packing = data;
        ZSTD_freeCCtx(packing->context);
        g_free(packing);
}

static ZSTD_CCtx *make_context(void)
{
        static const struct { ZSTD_cParameter parameter; int value; } settings[] = {
                { ZSTD_c_compressionLevel, COMPRESS_LEVEL },
                { ZSTD_c_hashLog, COMPRESS_HASH_LOG },
                { ZSTD_c_targetLength, COMPRESS_TARGET_LENGTH },
                { ZSTD_c_minMatch, COMPRESS_MIN_MATCH },
        };
        ZSTD_CCtx *context = ZSTD_createCCtx();
        for (size_t i = 0; context && i < G_N_ELEMENTS(settings); i++)
                if (ZSTD_isError(ZSTD_CCtx_setParameter(context, settings[i].parameter, settings[i].value)))
                        ZSTD_freeCCtx(g_steal_pointer(&context));
        /* With such steps, bytes that were not there before would be left as they are. A library that does not know this
         * parameter, which is none of the stable ones, packs all the same. */
        if (context)
                (void) ZSTD_CCtx_setParameter(context, ZSTD_c_literalCompressionMode, ZSTD_ps_enable);
        return context;
}

/* The thread's own, or NULL. */
static struct packing *thread_packing(void)
{
        static GPrivate private = G_PRIVATE_INIT(free_packing);
        struct packing *packing = g_private_get(&private);
        if (packing)
                return packing;
        ZSTD_CCtx *context = make_context();
        packing = context ? g_try_malloc(sizeof *packing) : NULL;
        if (!packing) {
                ZSTD_freeCCtx(context);
                return NULL;
        }
        packing->context = context;
        g_private_set(&private, packing);
        return packing;
}

static void free_restoring(void *context)
{
        ZSTD_freeDCtx(context);
}

static GPrivate restoring = G_PRIVATE_INIT(free_restoring);

/* For the restoring of bytes, which takes half as long with one that is there. */
static ZSTD_DCtx *restoring_context(void)
{
        ZSTD_DCtx *context = g_private_get(&restoring);
        if (!context) {
                context = ZSTD_createDCtx();
                g_private_set(&restoring, context);
        }
        return context;
}

void compress_release(void)
{
        g_private_replace(&restoring, NULL);
}

int compress_bytes(const void *data, size_t size, char **ret_data, size_t *ret_size, struct error *err)
{
        struct packing *packing = thread_packing();
        size_t bound = ZSTD_compressBound(size);
        bool fits = packing && bound <= sizeof packing->room;
        g_autofree char *large = fits ? NULL : g_try_malloc(bound);
        if (!packing || (!fits && !large))
                return error_set(err, -ENOMEM, "cannot compress %zu bytes: out of memory", size);
        char *out = fits ? packing->room : large;
        size_t written = ZSTD_compress2(packing->context, out, bound, data, size);
        if (ZSTD_isError(written))
                return error_set(err, -ERR_STORE, "cannot compress %zu bytes: %s", size, ZSTD_getErrorName(written));
        *ret_size = written;
        *ret_data = fits ? g_memdup2(out, written) : g_realloc(g_steal_pointer(&large), written);
        return 0;
}

int compress_restore(const void *data, size_t data_size, size_t size, char **ret_data, struct error *err)
{
        ZSTD_DCtx *context = restoring_context();
        g_autofree char *out = g_try_malloc(size + 1);
        if (!context || !out)
                return error_set(err, -ENOMEM, "cannot restore %zu bytes: out of memory", size);
        size_t restored = ZSTD_decompressDCtx(context, out, size, data, data_size); /* whatever the frame says: no more than size */
        if (ZSTD_isError(restored) || restored != size)
                return error_set(err, -ERR_STORE_CORRUPT, "the stored bytes are damaged: %s",
                                 ZSTD_isError(restored) ? ZSTD_getErrorName(restored) : "too few");
        out[size] = '\0';
        *ret_data = g_steal_pointer(&out);
        return 0;
}

int compress_restore_whole(const void *data, size_t data_size, size_t max, char **ret_data, size_t *ret_size,
                           struct error *err)
{
        unsigned long long size = ZSTD_getFrameContentSize(data, data_size);
        if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > max)
                return error_set(err, -ERR_STORE_CORRUPT, "the stored bytes are damaged: %s",
                                 size == ZSTD_CONTENTSIZE_ERROR ? "not a zstd frame" : "an impossible size");
        int r = compress_restore(data, data_size, (size_t) size, ret_data, err);
        if (r == 0)
                *ret_size = (size_t) size;
        return r;
}
