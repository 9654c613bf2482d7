/* SPDX-License-Identifier: MIT */
#include "common/clock.h"

#include <glib.h>
#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t test_wall_ms = -1, test_monotonic_ms = -1;

static int64_t read_clock(clockid_t id)
{
        struct timespec now;
        /* Cannot fail for the two clocks used here, which every kernel has. */
        clock_gettime(id, &now);
        return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void)
{
        int64_t test = atomic_load(&test_wall_ms);
        return test >= 0 ? test : read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
        int64_t test = atomic_load(&test_monotonic_ms);
        return test >= 0 ? test : read_clock(CLOCK_MONOTONIC);
}

void clock_set_for_test(int64_t wall_ms, int64_t monotonic_ms)
{
        atomic_store(&test_wall_ms, wall_ms);
        atomic_store(&test_monotonic_ms, monotonic_ms);
}

static time_t to_seconds(int64_t wall_ms)
{
        return (time_t) (wall_ms / 1000 - (wall_ms % 1000 < 0));
}

/* Stored times are outside data too: one that no calendar holds is shown as a number. */
static char *format_raw(int64_t wall_ms)
{
        return g_strdup_printf("@%" G_GINT64_FORMAT, (gint64) wall_ms);
}

static char *format_date_time(const struct tm *tm, char separator, const char *suffix)
{
        return g_strdup_printf("%04lld-%02d-%02d%c%02d:%02d:%02d%s", (long long) tm->tm_year + 1900, tm->tm_mon + 1,
                               tm->tm_mday, separator, tm->tm_hour, tm->tm_min, tm->tm_sec, suffix);
}

char *clock_format_utc(int64_t wall_ms)
{
        time_t seconds = to_seconds(wall_ms);
        struct tm tm;
        return gmtime_r(&seconds, &tm) ? format_date_time(&tm, 'T', "Z") : format_raw(wall_ms);
}

char *clock_format_local(int64_t wall_ms)
{
        time_t seconds = to_seconds(wall_ms);
        struct tm tm;
        return localtime_r(&seconds, &tm) ? format_date_time(&tm, ' ', "") : format_raw(wall_ms);
}

char *clock_format_rfc5322(int64_t wall_ms)
{
        static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
        static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        time_t seconds = to_seconds(wall_ms);
        struct tm tm;
        if (!gmtime_r(&seconds, &tm))
                return format_raw(wall_ms);
        return g_strdup_printf("%s, %02d %s %04lld %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday,
                               months[tm.tm_mon], (long long) tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}
