/* SPDX-License-Identifier: MIT */
/* What message.c shares with message_facts.c and message_health.c. */
#ifndef NOTIFY_MESSAGE_P_H
#define NOTIFY_MESSAGE_P_H

#include "notify/message.h"

/* An empty one of this kind. */
struct message *message_new(const char *kind);

/* value is taken over. */
void message_add_fact(struct message *message, const char *label, char *value);

/* "[緊急][至急適用] MS07-028 …"; newly allocated. */
char *message_headline(const struct bulletin *bulletin);

/* The table of facts: what an administrator reads first. */
void message_add_bulletin_facts(struct message *message, const struct bulletin *bulletin);

/* The first part of the summary, cut; NULL if the bulletin has none. */
char *message_excerpt(const struct bulletin *bulletin);

#endif
