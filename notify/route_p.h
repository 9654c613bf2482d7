/* SPDX-License-Identifier: MIT */
/* What route.c and route_decide.c share. */
#ifndef NOTIFY_ROUTE_P_H
#define NOTIFY_ROUTE_P_H

#include "notify/route.h"

/* The value of a field, 0 where it is undetermined or where this kind of message does not have it. */
int route_value(const struct bulletin *bulletin, enum bulletin_field field);

/* "critical", or "undetermined" for 0. Static. */
const char *route_value_text(enum bulletin_field field, int value);

#endif
