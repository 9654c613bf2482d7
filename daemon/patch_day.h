/* SPDX-License-Identifier: MIT */
/* Microsoft's patch day as Japan sees it (pure): updates appear on the second Tuesday of a month in the morning of its own
 * time zone, which is the night to Wednesday in Japan. */
#ifndef DAEMON_PATCH_DAY_H
#define DAEMON_PATCH_DAY_H

#include <glib.h>
#include <stdint.h>

struct patch_day {
        char date[sizeof "2026-11-11"]; /* in Japan: the day after that Tuesday */
        int64_t start_ms;    /* that day begins */
        int64_t deadline_ms; /* the Thursday that follows it is over */
};

/* The last one whose Thursday is over at now_ms, whatever the time zone of this machine. */
void patch_day_last(int64_t now_ms, struct patch_day *ret_day);

/* When the next such Thursday is over. */
int64_t patch_day_next_deadline_ms(int64_t now_ms);

#endif
