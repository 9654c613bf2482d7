/* SPDX-License-Identifier: MIT */
/* What a file is, judged by its first bytes, and the line that stands before each mail of an mbox. Pure functions. */
#ifndef DAEMON_MAIL_KIND_H
#define DAEMON_MAIL_KIND_H

#include <stdbool.h>
#include <stddef.h>

#define MAIL_KIND_BYTES 4096u /* of a file's beginning are looked at */

enum mail_kind {
        MAIL_KIND_NONE,       /* no header at the start: not a mail */
        MAIL_KIND_EMPTY,      /* nothing, or blank lines only */
        MAIL_KIND_COMPRESSED, /* gzip, bzip2, xz, zstd */
        MAIL_KIND_SOMETHING,  /* starts with something like a header, but nothing in it is peculiar to mail */
        MAIL_KIND_MAIL,       /* a header with fields that mails have */
        MAIL_KIND_MBOX,
};

/* The kind of a file that begins with these bytes; complete: there are no more. */
enum mail_kind mail_kind_of(const char *data, size_t size, bool complete);

/* "From SENDER Fri May 11 10:00:00 2007", with or without seconds, with a time zone before or behind the year, with or
 * without a sender; the line's end may be there or not. */
bool mail_kind_is_from_line(const char *line, size_t size);

/* "Name: value" */
bool mail_kind_is_field(const char *line, size_t size);

#endif
