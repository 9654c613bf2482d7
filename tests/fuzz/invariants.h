/* SPDX-License-Identifier: MIT */
/* What the headers promise of a document and a bulletin, whatever bytes they were made of. Each call ends the process
 * where a promise is broken. */
#ifndef TESTS_FUZZ_INVARIANTS_H
#define TESTS_FUZZ_INVARIANTS_H

#include "common/bulletin.h"
#include "common/label_report.h"
#include "ingest/document.h"
#include "ingest/feed.h"
#include "ingest/reader.h"

/* Valid UTF-8, or NULL. */
void require_text(const char *what, const char *text);
/* Besides one line without control characters but tabs. */
void require_line(const char *what, const char *text);

/* The text without what renderings and rules change: compatibility forms, white space, marks, letter case. */
char *bare_text(const char *text);

void require_document(const struct document *document);
void require_labels(const struct label_report *labels);

/* The bulletin by itself: forms, bounds, its JSON read back, its fingerprint. */
void require_bulletin(const struct bulletin *bulletin);

/* What was extracted says nothing that the document does not. */
void require_grounded(const struct bulletin *bulletin, const struct document *document);

void require_archive_name(const char *name);

/* Recognises and extracts, twice; the same must come out, and all of the above must hold. */
void require_extraction(const struct document *document);

/* The whole answer of reader_read for these bytes. */
void require_result(const struct reader_result *result, const void *data, size_t size);

#endif
