/* SPDX-License-Identifier: MIT */
/*
 * Decisions of the routes and the outbox of deliveries they ask for. A delivery's identity is derived from what it says
 * to whom, so asking for the same one twice gives one row; it is claimed with owner and expiry before it is sent.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "store/database.h"

/* What a route last knew and sent of a bulletin. */
struct route_state {
        bool known;             /* the route has decided on this bulletin before */
        bool above;             /* the last decision found it above the thresholds */
        bool sent;              /* something was sent for it */
        int severity, urgency;  /* of what was last sent or, if nothing was, last decided on; 0 undetermined */
};

struct decision_row {
        int64_t id, revision_id, mail_id, bulletin_id;
        char *route, *action, *reason; /* action: "new", "raised", "updated", "lowered", "none" */
        int64_t decided_ms;
        GPtrArray *deliveries; /* struct delivery: those asked for by this decision (by outbox_decisions only) */
};
void decision_row_free(struct decision_row *row);

enum delivery_state {
        DELIVERY_PENDING,
        DELIVERY_SENT,
        DELIVERY_DEAD,    /* refused for good, or given up after days: somebody should look at it */
        DELIVERY_DROPPED, /* by a person, or because nobody needs it any more */
        DELIVERY_STATE_MAX
};
const char *delivery_state_name(enum delivery_state state);

struct delivery {
        int64_t id;
        char *identity;  /* 64 hexadecimal digits */
        char *channel, *kind; /* kind: the decision's action, "summary", "test", "problem", "recovered" */
        int64_t bulletin_id;  /* 0: none */
        char *payload;   /* rendered JSON, made for the channel's type */
        char *thread;    /* identity of the first delivery for this bulletin on this channel, or of the one that told a
                          * problem first; NULL if this is it */
        enum delivery_state state;
        unsigned attempts;
        int64_t created_ms, next_ms, sent_ms;
        int64_t since_ms; /* when it was first due, or was last asked for by hand: what giving up counts from */
        char *answer;    /* the last answer or error, for people; NULL: none */
        char *memo;      /* what the channel left at an earlier try, or NULL */
        char *thread_memo; /* that of the thread's first delivery (or, where that has none, of the first one sent that has),
                            * or NULL (by outbox_claim only) */
        char *about;     /* number or key of its bulletin, or NULL (by outbox_search and outbox_find only) */
        unsigned tries;  /* how often it was taken and may have arrived, by all that is known: more than 1 once it is taken
                          * again, it may be there already */
};
void delivery_free(struct delivery *delivery);

int outbox_route_state(struct database *db, const char *route, int64_t bulletin_id, struct route_state *ret_state,
                       struct error *err);
int outbox_set_route_state(struct database *db, const char *route, int64_t bulletin_id, const struct route_state *state,
                           struct error *err);

int outbox_add_decision(struct database *db, const struct decision_row *decision, int64_t *ret_id, struct error *err);
/* Decisions for a bulletin, oldest first; array of struct decision_row with their deliveries. */
int outbox_decisions(struct database *db, int64_t bulletin_id, GPtrArray **ret_decisions, struct error *err);
/* The newest decisions of all, newest first. */
int outbox_decisions_latest(struct database *db, unsigned limit, GPtrArray **ret_decisions, struct error *err);

/* Identity of a delivery: a digest of channel, bulletin, what is said and the content's fingerprint. */
char *outbox_identity(const char *channel, const char *feed, const char *key, const char *kind,
                      const char *fingerprint);

/* Asks for a delivery in the running transaction, and ties it to the decision (0: none). identity known already:
 * nothing is added, *ret_known is true, and the known one is tied to the decision; if it still waits for its time, it is
 * due at the earlier of the two. thread is filled in here where there is a bulletin; else it is kept if there is such a
 * delivery. What of the same thread waits for a later time becomes due with it, so that nothing is told before what it
 * refers to. Of the delivery only identity, channel, kind, bulletin_id, payload, thread, created_ms (0: now) and next_ms
 * (0: at once) are looked at. */
int outbox_add(struct database *db, const struct delivery *delivery, int64_t decision_id, bool *ret_known,
               struct error *err);

/* Takes one due delivery of this channel for owner until now + lease_ms. NULL if none is due; *ret_next_ms then tells
 * when the next one will be (0: none is waiting). A claim that ran out can be taken by anybody. */
int outbox_claim(struct database *db, const char *channel, const char *owner, int64_t now_ms, int64_t lease_ms,
                 struct delivery **ret_delivery, int64_t *ret_next_ms, struct error *err);

/* How an attempt ended. */
struct delivery_outcome {
        enum delivery_state state; /* DELIVERY_PENDING: it is to be tried again at next_ms */
        int64_t now_ms, next_ms;
        int64_t sent_ms;    /* DELIVERY_SENT: when; 0: now_ms */
        const char *answer; /* one line for people, or NULL */
        const char *memo;   /* NULL: what was there stays */
        bool unclear;       /* not DELIVERY_SENT: the other side may have it all the same */
};
/* Records an attempt and its outcome and gives the claim up. -ERR_NOT_FOUND, and nothing is changed, if owner does not
 * hold the claim any more. */
int outbox_record(struct database *db, const struct delivery *delivery, const char *owner,
                  const struct delivery_outcome *outcome, struct error *err);
/* Gives the claim up after an attempt that was broken off because the service stops: it stays due. unclear: the other
 * side may have it; else nothing was sent, and it is as if it had not been taken. */
int outbox_put_back(struct database *db, const struct delivery *delivery, const char *owner, int64_t now_ms, bool unclear,
                    struct error *err);
/* After failures the channel works again: what was put off is due at once. */
int outbox_hurry(struct database *db, const char *channel, int64_t now_ms, struct error *err);
/* The clock was set back: what was put off for longer than a day, or waits for longer than a month, is due at once,
 * and was so since then, not since a day that is still to come. */
#define OUTBOX_PUT_OFF_MS_MAX (25 * 3600 * INT64_C(1000))
#define OUTBOX_WAIT_MS_MAX (31 * 24 * 3600 * INT64_C(1000))
int outbox_mend_times(struct database *db, const char *channel, int64_t now_ms, bool *ret_mended, struct error *err);

/* Gives the claims of owner up (clean stop); owner NULL: all claims (start-up of the only daemon). */
int outbox_release(struct database *db, const char *owner, struct error *err);

/* Deliveries without their payloads, newest first. */
struct outbox_filter {
        unsigned states;     /* bits 1 << enum delivery_state; 0: all */
        const char *channel; /* NULL: all */
        unsigned limit;      /* 0: none */
};
int outbox_search(struct database *db, const struct outbox_filter *filter, GPtrArray **ret_deliveries, struct error *err);
/* One by its number or by the start of its identity (at least 6 digits). -ERR_NOT_FOUND; -ERR_USAGE if several start so. */
int outbox_find(struct database *db, const char *what, struct delivery **ret_delivery, struct error *err);

/* Whether a delivery with this identity was sent. */
int outbox_is_sent(struct database *db, const char *identity, bool *ret_sent, struct error *err);

/* result: "sent", "retry" (failed, to be tried again), "dead" (given up), "stopped" (broken off when the service stopped),
 * "again", "dropped" (by hand). Oldest first. */
struct attempt { int64_t at_ms; char *result, *answer; };
int outbox_attempts(struct database *db, int64_t delivery_id, GPtrArray **ret_attempts, struct error *err);
/* The decisions that asked for a delivery, oldest first; array of struct decision_row without their deliveries. */
int outbox_decisions_for(struct database *db, int64_t delivery_id, GPtrArray **ret_decisions, struct error *err);
/* state DELIVERY_STATE_MAX: any. */
int outbox_count(struct database *db, enum delivery_state state, int64_t *ret_count, struct error *err);

/* How many deliveries are pending for each channel that has any, by name: an array of struct outbox_waiting. */
struct outbox_waiting { char *channel; int64_t count; };
int outbox_waiting(struct database *db, GPtrArray **ret_waiting, struct error *err);

/* By hand: a pending, dead or dropped delivery is due at now_ms (one that is being sent right now stays as it is), and not
 * given up before another five days; a pending or dead one is dropped, with the reason as its answer. -ERR_NOT_FOUND for
 * one that is in no such state, -EBUSY for dropping one whose claim has not run out. */
int outbox_retry(struct database *db, int64_t delivery_id, int64_t now_ms, struct error *err);
int outbox_drop(struct database *db, int64_t delivery_id, int64_t now_ms, const char *reason, struct error *err);

/* Removes at most limit deliveries that were done with (sent, dead, dropped) and are older than before_ms, with their
 * attempts; one that a newer one is threaded to stays. *ret_oldest_ms: when the oldest one that is left was made (0: none
 * is left). */
int outbox_clear_old(struct database *db, int64_t before_ms, unsigned limit, unsigned *ret_removed, int64_t *ret_oldest_ms,
                     struct error *err);

#endif
