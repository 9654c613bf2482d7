/* SPDX-License-Identifier: MIT */
/* The only place that reads a clock. Tests replace it. Times are 64-bit milliseconds. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00Z. Jumps when the clock is set. */
int64_t clock_wall_ms(void);

/* Milliseconds that never jump, for bounds on waiting. */
int64_t clock_monotonic_ms(void);

/* From now on both clocks answer what the test says; negative values return to the real ones. */
void clock_set_for_test(int64_t wall_ms, int64_t monotonic_ms);

/* "2007-05-11T03:04:05Z" (RFC 3339); the string is newly allocated. */
char *clock_format_utc(int64_t wall_ms);

/* "2007-05-11 12:04:05" in the local time zone, for people; newly allocated. */
char *clock_format_local(int64_t wall_ms);

/* "Fri, 11 May 2007 03:04:05 +0000" (RFC 5322 section 3.3), whatever the locale; newly allocated. */
char *clock_format_rfc5322(int64_t wall_ms);

#endif
