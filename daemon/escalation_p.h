/* SPDX-License-Identifier: MIT */
/* What the files of escalation.h share. */
#ifndef DAEMON_ESCALATION_P_H
#define DAEMON_ESCALATION_P_H

#include "daemon/escalation.h"
#include "notify/message_alert.h"
#include "store/bulletins.h"

/* One look at what is due. Within it nobody hears of a bulletin twice, however many routes and steps lead to a channel. */
struct turn {
        struct database *db;
        const struct config *config;
        int64_t now_ms;
        unsigned *deliveries;
        GHashTable *told; /* char *: bulletin and channel */
        GString *note;    /* what was done, for the log once it is committed; empty: nothing */
};
void turn_init(struct turn *turn, struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries);
void turn_clear(struct turn *turn);

/* The channel counts as told of the bulletin. False: it did already. */
bool turn_mark(struct turn *turn, int64_t bulletin_id, const char *channel);

/* A message on its way to several channels. */
struct telling {
        const struct alert *alert;
        const struct bulletin_row *row;
        struct message *message;
        char *what;       /* makes its identity, together with the alert's content, route and round: "step:2" */
        int64_t due_ms;   /* 0: at once */
};
int telling_begin(struct turn *turn, const struct alert *alert, const struct bulletin_row *row,
                  const struct alert_report *report, char *what /* taken over */, struct telling *ret_telling,
                  struct error *err);
int telling_send(struct turn *turn, const struct telling *telling, const GPtrArray *channels, struct error *err);
void telling_end(struct telling *telling);

/* What is due of an open alert, once each. due->steps, remind, overdue are noted in the alert. */
struct plan_due;
int turn_tell_due(struct turn *turn, struct alert *alert, const struct route *route, const struct bulletin_row *row,
                  const struct plan_due *due, struct error *err);

/* Another round, because an acknowledgement no longer holds: why ("expired", "withdrawn by …") goes on record, lead and
 * reason to the route's channels. route NULL: it is not configured any more. */
int turn_reopen(struct turn *turn, struct alert *alert, const struct route *route, const struct bulletin_row *row,
                const char *why, const char *lead, const char *reason, struct error *err);

/* The channels of the steps taken, and all that were called in an earlier round and think it goes on; appended to an array
 * that owns its strings, some perhaps twice. */
int escalation_add_called(struct database *db, const struct route *route, const struct alert *alert, GPtrArray *channels,
                          struct error *err);

/* "30m", "1h30m", "2d"; newly allocated. */
char *escalation_duration(int64_t duration_ms);

#endif
