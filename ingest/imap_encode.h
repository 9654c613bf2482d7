/* SPDX-License-Identifier: MIT */
/* How mailbox names, UID sets and dates are written in IMAP (pure). */
#ifndef INGEST_IMAP_ENCODE_H
#define INGEST_IMAP_ENCODE_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* A mailbox name in UTF-8 as a quoted string of modified UTF-7 (RFC 3501 section 5.1.3); newly allocated. -EINVAL for
 * an empty name, one that is not UTF-8, is above 1000 bytes, or holds CR or LF. */
int imap_encode_mailbox(const char *name, char **ret_quoted);

/* Appends uids[first], ... as "1:5,9" until count UIDs or max_bytes are used up; returns how many it took (at least
 * one, if count > 0). first is at most the array's length. Ascending neighbours become ranges. */
guint imap_encode_uid_set(const GArray *uids, guint first, guint count, size_t max_bytes, GString *out);

/* "1:5,9" to the lowest and the highest of each range, appended (guint32). -ERR_PROTOCOL where it is no set of UIDs. */
int imap_decode_uid_set(const char *set, GArray *ranges);

/* INTERNALDATE ("17-Jul-1996 02:44:25 -0700") to milliseconds since 1970; 0 where it is none. */
int64_t imap_decode_date_ms(const char *text, size_t size);

#endif
