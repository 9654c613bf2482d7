/* SPDX-License-Identifier: MIT */
/*
 * The mails of an mbox, in any of its forms. What they share is a "From " line before each mail, behind an empty line.
 * How a line of a mail that itself begins so is kept from being taken for one differs: "mboxo" puts ">" before it,
 * "mboxrd" before ">From " too, "mboxcl" and "mboxcl2" state the mail's size in Content-Length, the latter without any
 * ">". No file says which it is: it is read through once before, and judged by what is found. It is never in memory as a
 * whole.
 */
#ifndef DAEMON_MBOX_H
#define DAEMON_MBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/errors.h"

struct mbox;

enum mbox_quoting {
        MBOX_QUOTES_NOTHING,
        MBOX_QUOTES_SEPARATORS, /* only lines that would be taken for the one before a mail */
        MBOX_QUOTES_ALL,        /* every ">From " line has one ">" that the mail did not have */
};

/* Asked now and then while a file is read; true breaks it off with -ERR_CANCELLED. */
typedef bool (*mbox_stop_function)(void *context);

/* Judges a regular file, which stays open and is the caller's. Only what it holds now is read, not what is appended
 * meanwhile. stop may be NULL. */
int mbox_open(int fd, mbox_stop_function stop, void *context, struct mbox **ret_mbox, struct error *err);
void mbox_free(struct mbox *mbox);

/* What was found: whether Content-Length says where mails end, and how they are quoted. */
bool mbox_counts_bytes(const struct mbox *mbox);
enum mbox_quoting mbox_quoting(const struct mbox *mbox);

/* The next mail, as it was before it was put into the mbox; owned by the caller, with a NUL behind its last byte. 1: a mail,
 * 0: there are no more. One that is larger than max_bytes is passed over: 1 with *ret_data NULL. One without any byte comes
 * with size 0. */
int mbox_next(struct mbox *mbox, uint64_t max_bytes, char **ret_data, size_t *ret_size, struct error *err);

/* How far it has been read. */
uint64_t mbox_position(const struct mbox *mbox);

#endif
