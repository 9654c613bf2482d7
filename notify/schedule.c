/* SPDX-License-Identifier: MIT */
/*
 * When a route may disturb people. Each local day has at most two stretches that are active; each is computed as moments,
 * from its first to before its last, so that a change of the clocks neither opens nor closes one twice.
 */
#include "notify/calendar_p.h"

#define DAYS_SEARCHED_MAX 4000 /* ten years without an active moment: then it does not count */

struct stretch { int64_t from_ms, to_ms; };

static bool is_always_active(const struct schedule *schedule, int severity)
{
        if (schedule->quiet_from == schedule->quiet_to && !schedule->business_days)
                return true;
        return schedule->exempt_severity > 0 && (severity <= 0 || severity >= schedule->exempt_severity);
}

/* Appends what is active between two minutes of a day, if there is anything. */
static unsigned add_stretch(const struct calendar *calendar, int64_t day, int from, int to, struct stretch *ret_stretches,
                            unsigned count)
{
        int64_t from_ms = calendar_wall(calendar, day, from * MINUTE_MS);
        int64_t to_ms = calendar_wall(calendar, day, to * MINUTE_MS);
        if (from < to && from_ms < to_ms)
                ret_stretches[count++] = (struct stretch) { from_ms, to_ms };
        return count;
}

static unsigned day_stretches(const struct schedule *schedule, const struct calendar *calendar, int64_t day,
                              struct stretch ret_stretches[2])
{
        if (schedule->business_days && !calendar_day_is_business(calendar, day))
                return 0;
        int from = schedule->quiet_from, to = schedule->quiet_to;
        if (from == to)
                return add_stretch(calendar, day, 0, DAY_MINUTES, ret_stretches, 0);
        if (from > to)
                return add_stretch(calendar, day, to, from, ret_stretches, 0);
        unsigned count = add_stretch(calendar, day, 0, from, ret_stretches, 0);
        return add_stretch(calendar, day, to, DAY_MINUTES, ret_stretches, count);
}

/* The moment at which so much of the active time from wall_ms on has passed; it is active itself. -1: there is none. */
static int64_t walk(const struct schedule *schedule, const struct calendar *calendar, int64_t wall_ms, int64_t duration_ms)
{
        int64_t day = calendar_local(calendar, wall_ms).day;
        for (int i = 0; i < DAYS_SEARCHED_MAX; i++, day++) {
                struct stretch stretches[2];
                unsigned count = day_stretches(schedule, calendar, day, stretches);
                for (unsigned k = 0; k < count; k++) {
                        int64_t from_ms = MAX(stretches[k].from_ms, wall_ms), left_ms = stretches[k].to_ms - from_ms;
                        if (left_ms > duration_ms)
                                return from_ms + duration_ms;
                        duration_ms -= MAX(left_ms, 0);
                }
        }
        return -1;
}

bool schedule_is_active(const struct schedule *schedule, const struct calendar *calendar, int severity, int64_t wall_ms)
{
        return schedule_next_active(schedule, calendar, severity, wall_ms) == wall_ms;
}

int64_t schedule_next_active(const struct schedule *schedule, const struct calendar *calendar, int severity, int64_t wall_ms)
{
        return schedule_add(schedule, calendar, severity, wall_ms, 0);
}

int64_t schedule_add(const struct schedule *schedule, const struct calendar *calendar, int severity, int64_t wall_ms,
                     int64_t duration_ms)
{
        int64_t at_ms = is_always_active(schedule, severity) ? -1 : walk(schedule, calendar, wall_ms, duration_ms);
        return at_ms >= 0 ? at_ms : wall_ms + duration_ms;
}
