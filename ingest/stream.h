/* SPDX-License-Identifier: MIT */
/*
 * A connected byte stream, as the IMAP session needs it. daemon/transfer.c makes real ones; tests make scripted ones.
 * All calls are for one thread, except stream_cancel's flag, which lives outside (see wait).
 */
#ifndef INGEST_STREAM_H
#define INGEST_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/errors.h"

struct stream;

struct stream_ops {
        /* Reads what is there without waiting. Returns 0 and *ret_size > 0; -EAGAIN when nothing is there yet; 0 and
         * *ret_size = 0 at the end of the stream; or -ERR_CONNECTION, -ERR_TLS. */
        int (*receive)(struct stream *stream, void *buffer, size_t size, size_t *ret_size, struct error *err);
        /* Sends some of the bytes. -EAGAIN: nothing was taken; call again with the same address and the same size
         * (TLS insists on both). */
        int (*send)(struct stream *stream, const void *data, size_t size, size_t *ret_size, struct error *err);
        /* Waits until the stream can be read (or written, if for_write) or timeout_ms has passed: 0, -ETIMEDOUT.
         * Returns -ERR_CANCELLED at once when the owner asked to stop. Only if interruptible is true it also looks at
         * the owner's attention and returns -EINTR when that is wanted (there is work for this session); if false,
         * attention is not polled at all, since it stays readable and would make the wait spin. With timeout_ms 0 it
         * only looks. Call receive until -EAGAIN before waiting: TLS may hold decrypted bytes. */
        int (*wait)(struct stream *stream, bool for_write, bool interruptible, int64_t timeout_ms, struct error *err);
        /* True if this text repeats a secret with which the stream has logged in: it must not be shown. May be NULL. */
        bool (*repeats_secret)(struct stream *stream, const char *text, size_t size);
        /* Closes and frees. */
        void (*close)(struct stream *stream);
};

struct stream {
        const struct stream_ops *ops; /* first member of every implementation */
};

#endif
