/* SPDX-License-Identifier: MIT */
/* What route.c, route_filter.c and route_decide.c share. */
#ifndef NOTIFY_ROUTE_P_H
#define NOTIFY_ROUTE_P_H

#include "notify/route.h"

/* The value of a field, 0 where it is undetermined or where this kind of message does not have it. */
int route_value(const struct bulletin *bulletin, enum bulletin_field field);

/* "critical", or "undetermined" for 0. Static. */
const char *route_value_text(enum bulletin_field field, int value);

/* Whether the bulletin passes all filters. notes then gets "; …" for each that it passes only because it does not say, else
 * the reason. */
bool route_passes_filters(const struct route *route, const struct bulletin *bulletin, GString *notes);

#endif
