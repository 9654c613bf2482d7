/* SPDX-License-Identifier: MIT */
/* One mail's bytes to one bulletin: MIME, charset, document, feed, in that order. What the worker process runs. */
#ifndef INGEST_READER_H
#define INGEST_READER_H

#include <stddef.h>

#include "common/bulletin.h"
#include "common/errors.h"
#include "common/label_report.h"
#include "ingest/authenticity.h"

enum reader_form { READER_MAIL, READER_TEXT, READER_HTML, READER_GUESS, READER_FORM_MAX };

enum reader_outcome {
        READER_RECOGNISED,
        READER_UNRECOGNISED, /* readable, but no feed knows it; bulletin has kind unknown and the mail's head */
        READER_REFUSED,      /* a limit, or bytes that cannot be read: to be quarantined, reason says why */
        READER_OUTCOME_MAX
};

struct reader_result {
        enum reader_outcome outcome;
        struct bulletin *bulletin; /* NULL if refused */
        char *text;                /* the text for search, valid UTF-8; NULL if refused */
        char *archive_name;        /* NULL unless recognised */
        char *reason;              /* why not recognised or refused; else NULL */
        struct label_report labels; /* of a recognised one; else its lists may be NULL */
        struct authentication_report authentication; /* of a mail that was not refused; else empty */
};

/* Those that a user may set; the others are in common/limits.h. */
struct reader_limits {
        size_t text_bytes; /* one text or HTML part, before and after its charset; 0: LIMIT_TEXT_BYTES_DEFAULT */
        bool without_digest; /* the caller knows the input's digest, so that the bulletin's stays NULL */
        bool without_text;   /* nor does it want the text of a recognised one, which is "" */
};

/* Starts the libraries underneath and opens what they would load later. Once per process. */
void reader_prepare(void);

/* Reads one input. READER_GUESS takes a mail, or plain text or HTML of a bulletin, judged by its first lines. Where a
 * mail has several readable parts, each is tried; the best one is kept, completed by what others of the same bulletin
 * state. limits may be NULL: the defaults. Always fills *ret_result. */
void reader_read_limited(const void *data, size_t size, enum reader_form form, const struct reader_limits *limits,
                         struct reader_result *ret_result);

/* The same with the default limits. */
void reader_read(const void *data, size_t size, enum reader_form form, struct reader_result *ret_result);

void reader_result_clear(struct reader_result *result);

#endif
