/* SPDX-License-Identifier: MIT */
/*
 * A feed: everything that knows one publisher sits behind this interface. Adding one is a file and a row in feed.c.
 * Pure: a document in, a bulletin out; no library, no I/O.
 */
#ifndef INGEST_FEED_H
#define INGEST_FEED_H

#include "common/bulletin.h"
#include "common/label_report.h"
#include "ingest/document.h"

struct feed {
        const char *name; /* "hotfix-report" */
        /* In a few words what a message of it is recognised by, for the reason of a mail that is none: "a line …". */
        const char *looks_for;
        /* What the document is, or BULLETIN_UNKNOWN. */
        enum bulletin_kind (*recognise)(const struct document *document);
        /* Fills everything but bulletin->feed and ->mail, and the report, which the caller has initialised. kind is what
         * recognise said. Never fails: what the document does not state is undetermined, with the reason;
         * contradictions become warnings. */
        void (*extract)(const struct document *document, enum bulletin_kind kind, struct bulletin *bulletin,
                        struct label_report *labels);
        /* Both in one, which is what costs least; *ret_kind is BULLETIN_UNKNOWN where it recognises nothing and fills
         * nothing. */
        void (*read)(const struct document *document, enum bulletin_kind *ret_kind, struct bulletin *bulletin,
                     struct label_report *labels);
        /* The publisher's own path without suffix, "alert/2007/ms07-028". Only [a-z0-9._/-], no "..", whatever the
         * bulletin holds. Newly allocated. */
        char *(*archive_name)(const struct bulletin *bulletin);
};

/* All feeds, NULL at the end. */
const struct feed *const *feed_all(void);

/* Asks each feed; returns the one that recognises the document and the kind, or NULL and BULLETIN_UNKNOWN. */
const struct feed *feed_recognise(const struct document *document, enum bulletin_kind *ret_kind);

/* The same, and extracts: *ret_bulletin is new and *ret_labels filled where a feed is returned. */
const struct feed *feed_read(const struct document *document, struct bulletin **ret_bulletin,
                             struct label_report *ret_labels);

extern const struct feed feed_hotfix_report;

#endif
