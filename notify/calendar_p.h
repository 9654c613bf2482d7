/* SPDX-License-Identifier: MIT */
/* Local days and times of day, for calendar.c and schedule.c. */
#ifndef NOTIFY_CALENDAR_P_H
#define NOTIFY_CALENDAR_P_H

#include "notify/calendar.h"

#define MINUTE_MS 60000ll
#define DAY_MS (24 * 60 * MINUTE_MS)
#define DAY_MINUTES (24 * 60)

/* A local date as days since 1970-01-01, and what has passed of it by its clock. */
struct local_time { int64_t day, ms; };

struct local_time calendar_local(const struct calendar *calendar, int64_t wall_ms);

/* The first moment with that local time; where a change of the clocks leaves it out, the moment after the gap. */
int64_t calendar_wall(const struct calendar *calendar, int64_t day, int64_t ms);

bool calendar_day_is_business(const struct calendar *calendar, int64_t day);

#endif
