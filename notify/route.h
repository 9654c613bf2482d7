/* SPDX-License-Identifier: MIT */
/*
 * Routes: which bulletins concern whom (pure). A route has thresholds, filters and channels; for a revision it decides
 * what to do and says why in one English sentence.
 */
#ifndef NOTIFY_ROUTE_H
#define NOTIFY_ROUTE_H

#include <glib.h>
#include <stdbool.h>

#include "common/bulletin.h"
#include "notify/calendar.h"

enum route_match { ROUTE_ANY, ROUTE_ALL };              /* either threshold suffices, or both are needed */
enum route_environment { ROUTE_ENV_ANY, ROUTE_ENV_SERVER, ROUTE_ENV_CLIENT };
enum route_exploit { ROUTE_EXPLOIT_ANY, ROUTE_EXPLOIT_AVAILABLE, ROUTE_EXPLOIT_PUBLISHED, ROUTE_EXPLOIT_ATTACKS };

enum route_digest { ROUTE_DIGEST_NONE, ROUTE_DIGEST_DAILY, ROUTE_DIGEST_WEEKLY };

/* By when a bulletin is to be acknowledged: a time, or the same time of day so many business days later. */
struct route_deadline { int64_t ms; unsigned business_days; };

struct route {
        char *name;
        int severity, urgency;  /* the lowest value that is above the threshold; 0: that field does not count */
        enum route_match match;
        enum route_environment environment;
        enum route_exploit exploit;
        GPtrArray *products;    /* char *, patterns on affected software, platforms and titles; empty: all. A pattern is found
                                 * anywhere in the text, in any case and width; '*' and '?' are wild */
        unsigned kinds;         /* bits 1 << enum bulletin_kind; default: alert only */
        bool updates;           /* wants "updated" */
        bool undetermined;      /* undetermined counts as above (default true) */
        GPtrArray *channels;    /* char *, names */
        GPtrArray *software;    /* char *, patterns as above, on the affected software alone; empty: all */
        GPtrArray *feeds;       /* char *, names; empty: all */
        unsigned restarts;      /* bits 1 << value of FIELD_RESTART; 0: all */

        /* What follows a first notification, until somebody acknowledges it. Times count while the schedule is active. */
        struct schedule schedule;
        GPtrArray *steps;       /* struct route_step, by time; empty: none */
        int64_t remind_after_ms;/* 0: no reminders */
        unsigned remind_limit;  /* at most so many */
        struct route_deadline deadlines[SEVERITY_CRITICAL + 1]; /* by severity; [0]: undetermined. ms and days 0: none */

        enum route_digest digest;
        int digest_minute;      /* of the day, in the calendar's time zone */
        int digest_weekday;     /* 1 Monday … 7 Sunday, of a weekly one */
        bool digest_empty;      /* also when there is nothing to report */
        bool immediate;         /* false: decisions are made and recorded as ever, but only the digest tells them */
};
struct route_step { int64_t after_ms; GPtrArray *channels; /* char *, names */ };
struct route_step *route_step_new(int64_t after_ms, GPtrArray *channels /* taken over */);
struct route *route_new(const char *name); /* with the defaults */
void route_free(struct route *route);

/* How the reason begins where a revision is not told because it is history. */
#define ROUTE_REASON_HISTORY "history: "

enum route_action { ACTION_NONE, ACTION_NEW, ACTION_RAISED, ACTION_UPDATED, ACTION_LOWERED, ACTION_MAX };
const char *route_action_name(enum route_action action);

/* What happened to the bulletin, as the store says it. */
enum route_event { EVENT_FIRST, EVENT_LATER, EVENT_VARIANT, EVENT_UNDATED, EVENT_EARLIER, EVENT_DUPLICATE };

struct route_input {
        const struct bulletin *bulletin; /* the incoming content */
        enum route_event event;
        bool history;
        const char *unverified;          /* why the sender does not count as verified; NULL: it does */
        bool known, above, sent;         /* the route's state before, see struct route_state in store/outbox.h */
        int severity, urgency;
        const GPtrArray *changes;        /* struct bulletin_change since what stood before; may be NULL */
};

struct route_decision {
        enum route_action action;
        char *reason;                    /* one English sentence; owned */
        bool known, above, sent;         /* the state afterwards, to be stored */
        int severity, urgency;
        bool compared;                   /* raised, lowered: the state before was known; what it held is in … */
        int before_severity, before_urgency; /* … these, for the wording of the message; 0 undetermined */
};
void route_decision_clear(struct route_decision *decision);

/* Never fails. reason is always set. For a route that is not immediate the reason says so. */
void route_decide(const struct route *route, const struct route_input *input, struct route_decision *ret_decision);

/* Whether the content is above the thresholds and passes the filters; *ret_reason (newly allocated) says which and why. */
bool route_matches(const struct route *route, const struct bulletin *bulletin, char **ret_reason);

/* Whether route_matches looks at more than feed, kind, title, severity and urgency. */
bool route_needs_content(const struct route *route);

/* Whether days off make a difference to it: nobody is disturbed on them, or a deadline counts the others. */
bool route_counts_business_days(const struct route *route);

/* The severity that the route's schedule goes by: 0 for an alert that does not say; for a kind of message that has none
 * (news), the lowest. */
int route_schedule_severity(const struct bulletin *bulletin);

#endif
