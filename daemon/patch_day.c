/* SPDX-License-Identifier: MIT */
#include "daemon/patch_day.h"

#define DAY_MS (24ll * 3600 * 1000)
#define JAPAN_MS (9ll * 3600 * 1000) /* there is no summer time */
#define JULIAN_OF_1970 719163u       /* GDate's number of 1970-01-01 */
#define LAST_DAY 2932896ll           /* 9999-12-31 */

/* Days since 1970. */
static int64_t second_tuesday(GDateYear year, GDateMonth month)
{
        GDate date;
        g_date_clear(&date, 1);
        g_date_set_dmy(&date, 1, month, year);
        int to_tuesday = (G_DATE_TUESDAY - (int) g_date_get_weekday(&date) + 7) % 7;
        return (int64_t) g_date_get_julian(&date) - JULIAN_OF_1970 + to_tuesday + 7;
}

static int64_t japan_ms(int64_t day)
{
        return day * DAY_MS - JAPAN_MS;
}

/* Of the month that lies so many months after that of now_ms. */
static struct patch_day patch_day_of(int64_t now_ms, int months)
{
        GDate date;
        int64_t day = CLAMP((now_ms + JAPAN_MS) / DAY_MS, 366, LAST_DAY - 366);
        g_date_clear(&date, 1);
        g_date_set_julian(&date, JULIAN_OF_1970 + (guint32) day);
        g_date_set_day(&date, 1);
        if (months > 0)
                g_date_add_months(&date, (guint) months);
        else
                g_date_subtract_months(&date, (guint) -months);
        int64_t tuesday = second_tuesday(g_date_get_year(&date), g_date_get_month(&date));
        struct patch_day result = { .start_ms = japan_ms(tuesday + 1), .deadline_ms = japan_ms(tuesday + 3) };
        g_date_set_julian(&date, JULIAN_OF_1970 + (guint32) (tuesday + 1));
        g_date_strftime(result.date, sizeof result.date, "%Y-%m-%d", &date);
        return result;
}

void patch_day_last(int64_t now_ms, struct patch_day *ret_day)
{
        struct patch_day day = patch_day_of(now_ms, 0);
        *ret_day = day.deadline_ms <= now_ms ? day : patch_day_of(now_ms, -1);
}

int64_t patch_day_next_deadline_ms(int64_t now_ms)
{
        struct patch_day day = patch_day_of(now_ms, 0);
        return day.deadline_ms > now_ms ? day.deadline_ms : patch_day_of(now_ms, 1).deadline_ms;
}
