/* SPDX-License-Identifier: MIT */
/*
 * When a feed counts as drifting: its bulletins are no longer written as its rules expect, so that fields are empty which
 * the bulletins do state. Pure rules, and the words for what they find.
 */
#ifndef DAEMON_DRIFT_RULES_H
#define DAEMON_DRIFT_RULES_H

#include <glib.h>
#include <stdbool.h>

#include "common/label_report.h"
#include "store/drift.h"

#define DRIFT_CLEAN_RUN 5u         /* bulletins in a row without any sign that end the condition */
#define DRIFT_FIELD_EARLIER_MIN 20 /* bulletins that a field's usual rate takes at least */
#define DRIFT_FIELD_PERCENT 80     /* a field that so many of them filled is missed when the last ones have it empty */
#define DRIFT_SENDER_BULLETINS 3   /* bulletins that make an address one of the publisher's */
#define DRIFT_SENDER_OTHERS_SHARE 5 /* one mail in so many that is no bulletin is that publisher's habit, */
#define DRIFT_SENDER_RUN 3         /* unless so many come in a row */

/* Whether the field was usual and none of the last DRIFT_LIVE_RUN live bulletins has it. *ret_percent (may be NULL): how
 * many had it before. */
bool drift_field_deviates(const struct drift_counts *counts, unsigned field, unsigned *ret_percent);

/* Whether a mail that no rule recognises is a sign, by what its sender had sent before it. */
bool drift_sender_deviates(const struct sender_record *before);

/* What one bulletin or mail shows. */
struct drift_signs {
        GPtrArray *unknown, *missing; /* char *: labels */
        GPtrArray *fields;            /* char *: "lab tests (0 of the last 5, 97 % before)" */
        GPtrArray *details;           /* char *: each sign in words that are the same every time */
};
void drift_signs_init(struct drift_signs *signs);
void drift_signs_clear(struct drift_signs *signs);
void drift_signs_add_labels(struct drift_signs *signs, const struct label_report *labels);
/* A whole alert whose title line no rule knows: labels are only missed below that line, since excerpts lack them. */
void drift_signs_add_title(struct drift_signs *signs, const struct bulletin *bulletin);
/* known: details of the condition that goes on, or NULL. A field among them is a sign for as long as none of the last live
 * ones has it: the usual rate sinks with every bulletin that comes without it. */
void drift_signs_add_fields(struct drift_signs *signs, const struct drift_counts *counts, const GPtrArray *known);
void drift_signs_add_mail(struct drift_signs *signs); /* one that is not recognised */
bool drift_signs_any(const struct drift_signs *signs);

/* "labels not recognised: A, B; labels missing: C"; newly allocated. */
char *drift_signs_text(const struct drift_signs *signs);
/* "A, B"; newly allocated. */
char *drift_join(const GPtrArray *texts);

/* "drift:hotfix-report", "drift:hotfix-report:news": alerts have the feed's own name. Newly allocated. */
char *drift_condition_name(const char *feed, enum bulletin_kind kind);

/* "a@b" in small letters out of the From of a mail, or NULL if it holds no address. Newly allocated. */
char *drift_sender_address(const char *from);

#endif
