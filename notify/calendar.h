/* SPDX-License-Identifier: MIT */
/*
 * When people work (pure, but for reading the file of holidays): a calendar is a time zone and the days that are off; a
 * schedule is what a route makes of it. Wall times are milliseconds since 1970.
 */
#ifndef NOTIFY_CALENDAR_H
#define NOTIFY_CALENDAR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/errors.h"

struct calendar;

/* A time zone by its name in the database of zones ("Asia/Tokyo"); NULL or "": that of this machine. Never fails: an
 * unknown name gives NULL. */
struct calendar *calendar_new(const char *time_zone);
void calendar_free(struct calendar *calendar);

/* Adds the holidays of a file: lines "YYYY-MM-DD name", "#" for comments. -ERR_MALFORMED names file and line. */
int calendar_load_holidays(struct calendar *calendar, const char *file, struct error *err);

/* The name of the holiday on that date (local midnight to midnight), or NULL. */
const char *calendar_holiday(const struct calendar *calendar, int year, int month, int day);
/* The last day that the files say something of, "YYYY-MM-DD"; "" without any. */
const char *calendar_last_holiday(const struct calendar *calendar);

/* Monday to Friday and no holiday. */
bool calendar_is_business_day(const struct calendar *calendar, int64_t wall_ms);

/* The same time of day, so many business days later. */
int64_t calendar_add_business_days(const struct calendar *calendar, int64_t wall_ms, unsigned days);

/* The first moment after wall_ms at which it is minute of the day (0 to 1439), on that weekday (1 Monday … 7; 0: any). A
 * time that a change of the clocks leaves out is the moment after it. */
int64_t calendar_next(const struct calendar *calendar, int64_t wall_ms, int minute, int weekday);

/* Local time for people: "2026-11-22 09:00" and a weekday; newly allocated. */
char *calendar_format(const struct calendar *calendar, int64_t wall_ms);
/* To the second and without the weekday, for tables. */
char *calendar_format_exact(const struct calendar *calendar, int64_t wall_ms);

/* A time to come, as a person writes it: a duration from now ("90m", "2h", "3d"), a local time "HH:MM" (the next one), or a
 * local date "YYYY-MM-DD" (its beginning) with or without " HH:MM" behind it. -ERR_MALFORMED: none of these; -ERR_LIMIT: it
 * is not after now_ms. */
int calendar_parse(const struct calendar *calendar, const char *text, int64_t now_ms, int64_t *ret_ms);

/* When a route may disturb people. */
struct schedule {
        int quiet_from, quiet_to; /* minutes of the day; equal: no quiet hours; from > to: over midnight */
        bool business_days;       /* days off are quiet as a whole */
        int exempt_severity;      /* from this severity on, and for an undetermined one, it is never quiet; 0: no exception */
};
#define SCHEDULE_ALWAYS ((struct schedule) { 0, 0, false, 0 })

bool schedule_is_active(const struct schedule *schedule, const struct calendar *calendar, int severity, int64_t wall_ms);

/* wall_ms itself when it is active then, else the next moment that is. */
int64_t schedule_next_active(const struct schedule *schedule, const struct calendar *calendar, int severity, int64_t wall_ms);

/* The moment at which so much active time has passed since wall_ms; it is active itself (the end of a stretch is the start of
 * the next). Without any active time within ten years: as if all time were. */
int64_t schedule_add(const struct schedule *schedule, const struct calendar *calendar, int severity, int64_t wall_ms,
                     int64_t duration_ms);

#endif
