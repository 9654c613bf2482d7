/* SPDX-License-Identifier: MIT */
/* What is to be said, before any channel's form: built once from a bulletin and a decision, rendered by each channel type. */
#ifndef NOTIFY_MESSAGE_H
#define NOTIFY_MESSAGE_H

#include <glib.h>
#include <stdbool.h>

#include "common/bulletin.h"
#include "notify/route.h"

struct message_fact { char *label, *value; };          /* "深刻度", "1(緊急)" */
struct message_change { char *label, *from, *to, *path; /* path: of the field, for machines */ };

struct message {
        char *kind;        /* "new", "raised", "updated", "lowered", "escalated", "reminder", "overdue", "acknowledged",
                            * "digest", "summary", "test", "problem", "recovered" */
        char *headline;    /* "[緊急][至急適用] MS07-028 …", one line */
        char *lead;        /* English sentence: what this is ("Severity raised from moderate to critical.") */
        char *route, *reason; /* why this was sent */
        GPtrArray *facts;   /* struct message_fact */
        GPtrArray *changes; /* struct message_change: those that matter first */
        unsigned changes_left_out; /* how many more there are */
        char *excerpt;      /* first part of the summary section, or NULL */
        GPtrArray *links;   /* struct link; http and https only */
        GPtrArray *warnings;/* char * */
        GPtrArray *lines;   /* char *: body lines of a summary or test, what to do about a problem */
        int severity, urgency; /* for colour and order; 0 unknown */
        char *bulletin_id;  /* or NULL */
        char *subject_key;  /* "hotfix-report:MS07-028", "drift:hotfix-report": the same for all that is told of one thing; or NULL */
        const struct bulletin *bulletin; /* for channels that send all of it; borrowed, or NULL */
        int64_t mail_id;    /* the mail on record that brought it, for attachments; 0: none */
        char *footer;       /* one line: how to acknowledge, "hotfixctl ack MS07-028"; or NULL */
};
void message_free(struct message *message);

struct message *message_for_bulletin(const struct bulletin *bulletin, const char *route_name,
                                     const struct route_decision *decision, const GPtrArray *changes);

/* One summary for history: count bulletins came in from source; top are the most severe ones (struct bulletin *, at most
 * ten are listed), matching of them are above the route's thresholds. */
struct message *message_for_history(const char *source, const char *route_name, unsigned count, unsigned matching,
                                    const GPtrArray *top);

/* "Is this channel set up right?" Marked as a drill. */
struct message *message_for_test(const char *channel_name);

/* What is wrong with the service itself, or no longer is. Everything is cleaned and cut here. */
struct health_report {
        bool recovered;        /* else a problem */
        const char *condition; /* its name: "drift:hotfix-report" */
        const char *headline;  /* "hotfix-report: labels not recognised: …"; "[hotfixd] " is put before it */
        const char *lead;      /* what this means, in English */
        const char *reason;    /* why this is sent now */
        const GPtrArray *facts;  /* struct message_fact */
        const GPtrArray *advice; /* char *: what to do */
        const char *bulletin_id; /* the one that shows it, or NULL */
};
struct message *message_for_health(const struct health_report *report);
/* A fact for such a report; both are copied. */
struct message_fact *message_fact_new(const char *label, const char *value);
void message_fact_free(struct message_fact *fact);

/* "深刻度: 3(警告) → 1(緊急)"; newly allocated. */
char *message_change_text(const struct message_change *change);

/* What stands above the lines of a summary, a test or a problem. Static. */
const char *message_lines_heading(const struct message *message);

/* What the colour and the order of a message go by. */
enum message_weight {
        WEIGHT_PLAIN,
        WEIGHT_LOW,
        WEIGHT_MODERATE,
        WEIGHT_IMPORTANT,
        WEIGHT_CRITICAL,
        WEIGHT_UNKNOWN,
        WEIGHT_PROBLEM,
        WEIGHT_RECOVERED,
};
enum message_weight message_weight(const struct message *message);

/* An http or https URL that is safe to make clickable, with bytes outside ASCII percent-encoded; NULL for anything else
 * (other schemes, user names, spaces, quotes, control characters). Newly allocated. */
char *message_clean_url(const char *url);

/* One line of at most max_chars characters out of any bytes: no control characters, no characters that change the
 * direction of text, white space collapsed. Newly allocated, never NULL. */
char *message_clean_line(const char *text, size_t max_chars);

#endif
