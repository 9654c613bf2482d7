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

enum delivery_state { DELIVERY_PENDING, DELIVERY_SENT, DELIVERY_DEAD, DELIVERY_STATE_MAX };
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
        char *answer;    /* the last answer or error, for people; NULL: none */
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
 * nothing is added, *ret_known is true, and the known one is tied to the decision. thread is filled in here where there
 * is a bulletin; else it is kept if there is such a delivery. Of the delivery only identity, channel, kind, bulletin_id,
 * payload, thread, created_ms (0: now) and next_ms (0: at once) are looked at. */
int outbox_add(struct database *db, const struct delivery *delivery, int64_t decision_id, bool *ret_known,
               struct error *err);

/* Takes one due delivery of this channel for owner until now + lease_ms. NULL if none is due; *ret_next_ms then tells
 * when the next one will be (0: none is waiting). A claim that ran out can be taken by anybody. */
int outbox_claim(struct database *db, const char *channel, const char *owner, int64_t now_ms, int64_t lease_ms,
                 struct delivery **ret_delivery, int64_t *ret_next_ms, struct error *err);
/* Records an attempt and its result and gives the claim up. next_ms is for DELIVERY_PENDING. -ERR_NOT_FOUND, and
 * nothing is changed, if owner does not hold the claim any more. */
int outbox_record(struct database *db, const struct delivery *delivery, const char *owner, enum delivery_state state,
                  int64_t now_ms, int64_t next_ms, const char *answer, struct error *err);
/* Gives the claims of owner up (clean stop); owner NULL: all claims (start-up of the only daemon). */
int outbox_release(struct database *db, const char *owner, struct error *err);

/* state DELIVERY_STATE_MAX: any. Newest first; limit 0: all. */
int outbox_list(struct database *db, enum delivery_state state, unsigned limit, GPtrArray **ret_deliveries,
                struct error *err);
/* result: "sent", "retry" (failed, to be tried again), "dead" (given up). Oldest first. */
struct attempt { int64_t at_ms; char *result, *answer; };
int outbox_attempts(struct database *db, int64_t delivery_id, GPtrArray **ret_attempts, struct error *err);
/* state DELIVERY_STATE_MAX: any. */
int outbox_count(struct database *db, enum delivery_state state, int64_t *ret_count, struct error *err);

/* How many deliveries are pending for each channel that has any, by name: an array of struct outbox_waiting. */
struct outbox_waiting { char *channel; int64_t count; };
int outbox_waiting(struct database *db, GPtrArray **ret_waiting, struct error *err);

/* By hand: a pending or dead delivery is due at now_ms (one that is being sent right now stays as it is); a pending one
 * is given up, with the reason as its answer. -ERR_NOT_FOUND for one that is in no such state, -EBUSY for dropping one
 * whose claim has not run out. */
int outbox_retry(struct database *db, int64_t delivery_id, int64_t now_ms, struct error *err);
int outbox_drop(struct database *db, int64_t delivery_id, int64_t now_ms, const char *reason, struct error *err);

#endif
