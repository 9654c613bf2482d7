/* SPDX-License-Identifier: MIT */
/*
 * What people are to acknowledge: an alert is a bulletin that a route has told of, with how far its escalation has come;
 * it is opened anew, as another round, when the bulletin rises or an acknowledgement ends.
 */
#ifndef STORE_ALERTS_H
#define STORE_ALERTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"

enum alert_state { ALERT_OPEN, ALERT_ACKNOWLEDGED, ALERT_CLOSED, ALERT_STATE_MAX };
const char *alert_state_name(enum alert_state state);

struct alert {
        int64_t id;            /* 0: not on record yet */
        char *route;
        int64_t bulletin_id;
        enum alert_state state;
        int64_t opened_ms;     /* when this round began, by the clock then */
        int64_t started_ms;    /* what its times count from: when people could first be told of it */
        int severity, urgency; /* of what opened it; 0 undetermined */
        unsigned round, step, reminders; /* which time it is open; steps taken and reminders sent in this round */
        int64_t reminded_ms;   /* 0: never */
        int64_t deadline_ms;   /* 0: none */
        bool overdue;          /* the deadline has passed, and that was told */
        int64_t next_ms;       /* when there is something to do; 0: nothing */
        int64_t decision_id;   /* what opened it; 0: not known */
        int64_t mail_id;       /* the mail that decision was about; only read */
        int64_t acknowledgement_id; /* 0: none holds */
        char *fingerprint;     /* of the content that opened it */
};
void alert_free(struct alert *alert);

/* *ret_alert is NULL if the route has never told of the bulletin. */
int alerts_get(struct database *db, const char *route, int64_t bulletin_id, struct alert **ret_alert, struct error *err);
/* Stores all of it: a new one (id 0) or the one of that id. */
int alerts_save(struct database *db, const struct alert *alert, struct error *err);

/* Arrays of struct alert: those of a bulletin, by route; those with something to do at now_ms, the longest due first; those
 * that began after now_ms, so that the clock must have been set back since; those that are open, the oldest first. limit 0:
 * all. */
int alerts_of_bulletin(struct database *db, int64_t bulletin_id, GPtrArray **ret_alerts, struct error *err);
int alerts_due(struct database *db, int64_t now_ms, unsigned limit, GPtrArray **ret_alerts, struct error *err);
int alerts_of_the_future(struct database *db, int64_t now_ms, GPtrArray **ret_alerts, struct error *err);
int alerts_open(struct database *db, unsigned limit, GPtrArray **ret_alerts, struct error *err);

/* When there is something to do next; 0: nothing. */
int alerts_next(struct database *db, int64_t *ret_next_ms, struct error *err);

/* Open ones that are still at something are looked at again now: the configuration may have changed. */
int alerts_look_again(struct database *db, int64_t now_ms, struct error *err);

/* Bulletins with an open alert, how many of them are overdue, and since when the oldest one is open (0: none). */
struct alert_counts { int64_t open, overdue, oldest_ms; };
int alerts_count(struct database *db, struct alert_counts *ret_counts, struct error *err);

/* Deliveries that the escalation of this alert asked for and that still wait: nobody needs them any more. Each is dropped,
 * with the reason on record, unless it is being sent right now. */
int alerts_drop_waiting(struct database *db, const struct alert *alert, int64_t now_ms, const char *reason,
                        struct error *err);

/* Names of the channels that the escalation of this alert has called, in this round or an earlier one, and that have not
 * heard since that it is over; appended to an array that owns its strings. */
int alerts_called(struct database *db, const struct alert *alert, GPtrArray *channels, struct error *err);

struct acknowledgement {
        int64_t id, bulletin_id;
        char *route;         /* NULL: of all routes */
        int64_t at_ms;
        int64_t until_ms;    /* 0: for good */
        char *person, *comment; /* comment: or NULL */
        int64_t ended_ms;    /* 0: it holds */
        char *ended;         /* what ended it, or NULL */
};
void acknowledgement_free(struct acknowledgement *acknowledgement);

int acknowledgements_add(struct database *db, const struct acknowledgement *acknowledgement, int64_t *ret_id,
                         struct error *err);
/* Does nothing while an alert rests on it, or if it has ended. */
int acknowledgements_end(struct database *db, int64_t id, int64_t now_ms, const char *why, struct error *err);
/* Oldest first. */
int acknowledgements_of(struct database *db, int64_t bulletin_id, GPtrArray **ret_acknowledgements, struct error *err);

#endif
