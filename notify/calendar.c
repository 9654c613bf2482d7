/* SPDX-License-Identifier: MIT */
#include "notify/calendar.h"

#include <string.h>

#include "common/file.h"
#include "common/limits.h"
#include "common/text.h"
#include "notify/calendar_p.h"

#define DATE_CHARS 10u
#define TIME_CHARS 5u
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* some editors put it first */
#define HOLIDAY_NAME_CHARS 100u
#define BUSINESS_DAYS_SEARCHED_MAX 4000 /* a file that makes every day a holiday must not hang anybody */
#define WALL_MAX_MS 253402214400000ll   /* the day before the year 10000: stored times are outside data */

struct calendar {
        GTimeZone *zone;
        GHashTable *holidays; /* of days since 1970 (int64_t *) to char * */
        int64_t last_holiday; /* the last of these */
        char *last_text;
};

struct calendar *calendar_new(const char *time_zone)
{
        GTimeZone *zone = time_zone && *time_zone ? g_time_zone_new_identifier(time_zone) : g_time_zone_new_local();
        if (!zone)
                return NULL;
        struct calendar *calendar = g_new0(struct calendar, 1);
        calendar->zone = zone;
        calendar->holidays = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
        calendar->last_text = g_strdup("");
        return calendar;
}

void calendar_free(struct calendar *calendar)
{
        if (!calendar)
                return;
        g_time_zone_unref(calendar->zone);
        g_hash_table_unref(calendar->holidays);
        g_free(calendar->last_text);
        g_free(calendar);
}

static int64_t divide_down(int64_t value, int64_t by)
{
        return value / by - (value % by < 0);
}

static int64_t zone_offset_ms(const struct calendar *calendar, int64_t wall_ms)
{
        gint interval = g_time_zone_find_interval(calendar->zone, G_TIME_TYPE_UNIVERSAL, divide_down(wall_ms, 1000));
        return interval < 0 ? 0 : (int64_t) g_time_zone_get_offset(calendar->zone, interval) * 1000;
}

struct local_time calendar_local(const struct calendar *calendar, int64_t wall_ms)
{
        wall_ms = CLAMP(wall_ms, 0, WALL_MAX_MS);
        int64_t local_ms = wall_ms + zone_offset_ms(calendar, wall_ms);
        int64_t day = divide_down(local_ms, DAY_MS);
        return (struct local_time) { day, local_ms - day * DAY_MS };
}

/*
 * Two guesses suffice: with the offset that holds a day before, and with the one a day after. A time that comes twice is
 * its first, with the offset from before; one that is left out lies, with the offset from before, as far behind the gap
 * as it is into it, so what it means is the end of the gap.
 */
int64_t calendar_wall(const struct calendar *calendar, int64_t day, int64_t ms)
{
        int64_t local_ms = CLAMP(day * DAY_MS + ms, 0, WALL_MAX_MS);
        int64_t before = zone_offset_ms(calendar, local_ms - DAY_MS), after = zone_offset_ms(calendar, local_ms + DAY_MS);
        if (zone_offset_ms(calendar, local_ms - before) == before)
                return local_ms - before;
        if (zone_offset_ms(calendar, local_ms - after) == after)
                return local_ms - after;
        int64_t low = local_ms - after, high = local_ms - before; /* before the gap, and behind it */
        while (high - low > 1) {
                int64_t middle = low + (high - low) / 2;
                *(zone_offset_ms(calendar, middle) == before ? &low : &high) = middle;
        }
        return high;
}

static int64_t day_of_date(const GDate *date)
{
        return (int64_t) g_date_get_julian(date) - 719163; /* of 1970-01-01 */
}

static void date_of_day(int64_t day, GDate *ret_date)
{
        g_date_clear(ret_date, 1);
        g_date_set_julian(ret_date, (guint32) (day + 719163));
}

static const char *holiday_of_day(const struct calendar *calendar, int64_t day)
{
        return g_hash_table_lookup(calendar->holidays, &day);
}

/* Two digits below a limit. */
static bool parse_pair(const char *text, int limit, int *ret_value)
{
        if (!g_ascii_isdigit(text[0]) || !g_ascii_isdigit(text[1]))
                return false;
        *ret_value = (text[0] - '0') * 10 + (text[1] - '0');
        return *ret_value < limit;
}

/* "09:00", as minutes of the day */
static bool parse_minute(const char *text, int *ret_minute)
{
        int hours, minutes;
        if (strlen(text) != TIME_CHARS || text[2] != ':')
                return false;
        if (!parse_pair(text, 24, &hours) || !parse_pair(text + 3, 60, &minutes))
                return false;
        *ret_minute = hours * 60 + minutes;
        return true;
}

/* "2026-11-23" */
static bool parse_date(const char *text, size_t size, GDate *ret_date)
{
        if (size != DATE_CHARS || text[4] != '-' || text[7] != '-')
                return false;
        unsigned parts[3] = { 0, 0, 0 };
        for (size_t i = 0, part = 0; i < size; i++) {
                if (i == 4 || i == 7)
                        part++;
                else if (g_ascii_isdigit(text[i]))
                        parts[part] = parts[part] * 10 + (unsigned) (text[i] - '0');
                else
                        return false;
        }
        if (parts[0] < 1970 || !g_date_valid_dmy((GDateDay) parts[2], (GDateMonth) parts[1], (GDateYear) parts[0]))
                return false;
        g_date_clear(ret_date, 1);
        g_date_set_dmy(ret_date, (GDateDay) parts[2], (GDateMonth) parts[1], (GDateYear) parts[0]);
        return true;
}

static void add_holiday(struct calendar *calendar, const char *date_text, const GDate *date, const char *name)
{
        int64_t *day = g_new(int64_t, 1);
        *day = day_of_date(date);
        if (*day > calendar->last_holiday) {
                calendar->last_holiday = *day;
                g_free(calendar->last_text);
                calendar->last_text = g_strndup(date_text, DATE_CHARS);
        }
        g_hash_table_replace(calendar->holidays, day, text_cut_chars(*name ? name : "holiday", HOLIDAY_NAME_CHARS));
}

static int load_line(struct calendar *calendar, const char *line)
{
        GDate date;
        size_t size = strcspn(line, " \t");
        if (!parse_date(line, size, &date))
                return -ERR_MALFORMED;
        g_autofree char *name = text_strip(line + size);
        add_holiday(calendar, line, &date, name);
        return 0;
}

int calendar_load_holidays(struct calendar *calendar, const char *file, struct error *err)
{
        g_autofree char *data = NULL;
        size_t size;
        int r = file_read(file, LIMIT_CONFIG_BYTES, &data, &size, err);
        if (r < 0)
                return r;
        if (!text_is_valid(data, size))
                return error_set(err, -ERR_MALFORMED, "%s: not UTF-8 text", file);
        const char *text = g_str_has_prefix(data, BYTE_ORDER_MARK) ? data + strlen(BYTE_ORDER_MARK) : data;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (guint i = 0; lines[i]; i++) {
                g_autofree char *line = text_strip(lines[i]);
                if (*line == '\0' || *line == '#')
                        continue;
                if (load_line(calendar, line) < 0) {
                        g_autofree char *shown = text_make_line(line, strlen(line));
                        g_autofree char *cut = text_cut_chars(shown, 40);
                        return error_set(err, -ERR_MALFORMED, "%s: line %u: \"%s\" is not \"YYYY-MM-DD name\"", file,
                                         i + 1, cut);
                }
        }
        return 0;
}

const char *calendar_holiday(const struct calendar *calendar, int year, int month, int day)
{
        if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 ||
            !g_date_valid_dmy((GDateDay) day, (GDateMonth) month, (GDateYear) year))
                return NULL;
        GDate date;
        g_date_clear(&date, 1);
        g_date_set_dmy(&date, (GDateDay) day, (GDateMonth) month, (GDateYear) year);
        return holiday_of_day(calendar, day_of_date(&date));
}

const char *calendar_last_holiday(const struct calendar *calendar)
{
        return calendar->last_text;
}

/* 1 Monday … 7 Sunday; 1970-01-01 was a Thursday. */
static int weekday_of_day(int64_t day)
{
        return (int) (day + 3 - divide_down(day + 3, 7) * 7) + 1;
}

bool calendar_day_is_business(const struct calendar *calendar, int64_t day)
{
        return weekday_of_day(day) <= 5 && !holiday_of_day(calendar, day);
}

bool calendar_is_business_day(const struct calendar *calendar, int64_t wall_ms)
{
        return calendar_day_is_business(calendar, calendar_local(calendar, wall_ms).day);
}

int64_t calendar_add_business_days(const struct calendar *calendar, int64_t wall_ms, unsigned days)
{
        if (days == 0)
                return wall_ms;
        struct local_time local = calendar_local(calendar, wall_ms);
        unsigned passed = 0;
        for (int i = 0; passed < days && i < BUSINESS_DAYS_SEARCHED_MAX; i++)
                passed += calendar_day_is_business(calendar, ++local.day);
        return calendar_wall(calendar, local.day, local.ms);
}

int64_t calendar_next(const struct calendar *calendar, int64_t wall_ms, int minute, int weekday)
{
        int64_t day = calendar_local(calendar, wall_ms).day;
        /* One more than a week: today's may have passed; one more again where a zone has left out a whole day. */
        for (int i = 0; i <= 8; i++, day++) {
                int64_t at_ms = calendar_wall(calendar, day, minute * MINUTE_MS);
                if (at_ms > wall_ms && (weekday == 0 || weekday == weekday_of_day(day)))
                        return at_ms;
        }
        return wall_ms + DAY_MS; /* beyond the years that can be told */
}

char *calendar_format(const struct calendar *calendar, int64_t wall_ms)
{
        static const char names[7][4] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
        struct local_time local = calendar_local(calendar, wall_ms);
        GDate date;
        date_of_day(local.day, &date);
        int minutes = (int) (local.ms / MINUTE_MS);
        return g_strdup_printf("%04u-%02u-%02u %02d:%02d (%s)", (unsigned) g_date_get_year(&date),
                               (unsigned) g_date_get_month(&date), (unsigned) g_date_get_day(&date), minutes / 60,
                               minutes % 60, names[weekday_of_day(local.day) - 1]);
}

char *calendar_format_exact(const struct calendar *calendar, int64_t wall_ms)
{
        struct local_time local = calendar_local(calendar, wall_ms);
        GDate date;
        date_of_day(local.day, &date);
        int seconds = (int) (local.ms / 1000);
        return g_strdup_printf("%04u-%02u-%02u %02d:%02d:%02d", (unsigned) g_date_get_year(&date),
                               (unsigned) g_date_get_month(&date), (unsigned) g_date_get_day(&date), seconds / 3600,
                               seconds / 60 % 60, seconds % 60);
}

/* "2026-11-23", "2026-11-23 09:00", "2026-11-23T09:00" */
static bool parse_moment(const struct calendar *calendar, const char *text, int64_t *ret_ms)
{
        GDate date;
        int minute = 0;
        size_t size = strlen(text);
        if (size < DATE_CHARS || !parse_date(text, DATE_CHARS, &date))
                return false;
        bool timed = size > DATE_CHARS && (text[DATE_CHARS] == ' ' || text[DATE_CHARS] == 'T');
        if (size > DATE_CHARS && (!timed || !parse_minute(text + DATE_CHARS + 1, &minute)))
                return false;
        *ret_ms = calendar_wall(calendar, day_of_date(&date), minute * MINUTE_MS);
        return true;
}

int calendar_parse(const struct calendar *calendar, const char *text, int64_t now_ms, int64_t *ret_ms)
{
        int64_t at_ms;
        gint64 duration_ms;
        int minute;
        size_t size = strlen(text);
        /* A number without a unit may mean anything. */
        if (size > 0 && g_ascii_isalpha(text[size - 1]) && text_parse_duration_ms(text, &duration_ms) == 0)
                at_ms = now_ms + duration_ms;
        else if (parse_minute(text, &minute))
                at_ms = calendar_next(calendar, now_ms, minute, 0);
        else if (!parse_moment(calendar, text, &at_ms))
                return -ERR_MALFORMED;
        if (at_ms <= now_ms)
                return -ERR_LIMIT;
        *ret_ms = at_ms;
        return 0;
}
