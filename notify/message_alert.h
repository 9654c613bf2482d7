/* SPDX-License-Identifier: MIT */
/* Messages about an alert that was told before: nobody has acknowledged it, or somebody has. */
#ifndef NOTIFY_MESSAGE_ALERT_H
#define NOTIFY_MESSAGE_ALERT_H

#include "notify/message.h"

/* All texts are cleaned and cut here. */
struct alert_report {
        const char *kind;   /* "escalated", "reminder", "overdue", "acknowledged" */
        const char *route;
        const char *lead;   /* what this is, a whole sentence */
        const char *reason; /* why it is sent now */
        const char *person, *comment; /* acknowledged: who took note, and what he said (or NULL) */
        const char *until;  /* acknowledged: when it is opened again, as text, or NULL */
        const char *key;    /* what 'hotfixctl ack' finds the bulletin by where it has no id */
};

/* All of the bulletin as it stands, under this heading. */
struct message *message_for_alert(const struct bulletin *bulletin, const struct alert_report *report);

/* Says in the message's footer how to acknowledge. For a name that a person could not copy into a shell as it is, the
 * footer says where to look. */
void message_set_footer(struct message *message, const struct bulletin *bulletin, const char *key);

#endif
