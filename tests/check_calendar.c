/* SPDX-License-Identifier: MIT */
/* Time zones, holidays, business days and quiet hours. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "notify/calendar.h"
#include "tests/support.h"

#define MINUTE 60000ll
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static struct calendar *calendar;

static void setup_tokyo(void)
{
        calendar = calendar_new("Asia/Tokyo");
        ck_assert_ptr_nonnull(calendar);
}

static void setup_berlin(void)
{
        calendar = calendar_new("Europe/Berlin");
        ck_assert_ptr_nonnull(calendar);
}

static void teardown(void)
{
        calendar_free(calendar);
        calendar = NULL;
}

/* "2026-11-22T09:00:00+09:00" */
static int64_t at(const char *iso)
{
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(iso, NULL);
        ck_assert_msg(time != NULL, "%s", iso);
        return g_date_time_to_unix(time) * 1000;
}

/* "2026-11-22 09:00" in Japan */
static int64_t jst(const char *text)
{
        g_autofree char *iso = g_strdup_printf("%.10sT%s:00+09:00", text, text + 11);
        return at(iso);
}

static void assert_when(int64_t got_ms, const char *want)
{
        g_autofree char *got = calendar_format(calendar, got_ms);
        ck_assert_msg(strncmp(got, want, strlen(want)) == 0, "got %s, want %s", got, want);
}

static int load(const char *text, struct error *err)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *file = g_build_filename(directory, "holidays", NULL);
        ck_assert(g_file_set_contents(file, text, -1, NULL));
        return calendar_load_holidays(calendar, file, err);
}

static void load_shipped(void)
{
        g_autofree char *file = support_source_path("../systemd/holidays-jp");
        struct error err = ERROR_INIT;
        ck_assert_msg(calendar_load_holidays(calendar, file, &err) == 0, "%s", error_text(&err));
}

START_TEST(formats_in_its_zone)
{
        assert_when(jst("2026-11-22 09:00"), "2026-11-22 09:00 (Sun)");
        assert_when(at("2026-11-22T00:00:00Z"), "2026-11-22 09:00 (Sun)");
        assert_when(0, "1970-01-01 09:00 (Thu)");
        assert_when(G_MININT64, "1970-01-01 09:00 (Thu)"); /* a damaged store is no reason to fail */
        assert_when(G_MAXINT64, "9999-12-31 ");
        ck_assert_ptr_null(calendar_new("Asia/Nowhere"));
        struct calendar *local = calendar_new(NULL);
        ck_assert_ptr_nonnull(local);
        calendar_free(local);
        calendar_free(NULL);
}
END_TEST

START_TEST(reads_holidays)
{
        struct error err = ERROR_INIT;
        ck_assert_str_eq(calendar_last_holiday(calendar), "");
        ck_assert_int_eq(load("\xef\xbb\xbf# ours\n\n 2026-12-29\t仕事納め の翌日 \r\n2026-12-31\n2026-02-28 x\n", &err), 0);
        ck_assert_str_eq(calendar_holiday(calendar, 2026, 12, 29), "仕事納め の翌日");
        ck_assert_str_eq(calendar_holiday(calendar, 2026, 12, 31), "holiday");
        ck_assert_str_eq(calendar_last_holiday(calendar), "2026-12-31");
        ck_assert_ptr_null(calendar_holiday(calendar, 2026, 12, 30));
        ck_assert_ptr_null(calendar_holiday(calendar, 2026, 2, 29));
        ck_assert_ptr_null(calendar_holiday(calendar, 2026, 13, 1));
        ck_assert_ptr_null(calendar_holiday(calendar, 2026, 1, 257));
        ck_assert_ptr_null(calendar_holiday(calendar, 1 << 20, 1, 1));
        ck_assert_int_eq(load("2027-01-04 a\n", &err), 0); /* a second file adds to the first */
        ck_assert_str_eq(calendar_last_holiday(calendar), "2027-01-04");
        ck_assert_ptr_nonnull(calendar_holiday(calendar, 2026, 12, 29));
}
END_TEST

START_TEST(refuses_what_is_no_date)
{
        static const char *const bad[] = { "2026-02-29 x", "2026-2-01 x", "2026/02/01 x", "x", "2026-02-0a", "0000-01-01 x",
                                           "2026-00-10 x", "2026-13-10 x", "2026-01-32 x", "2026-01-011", "+026-01-01" };
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                struct error err = ERROR_INIT;
                g_autofree char *text = g_strdup_printf("# a\n2026-01-01 b\n%s\n", bad[i]);
                ck_assert_msg(load(text, &err) == -ERR_MALFORMED, "%s", bad[i]);
                ck_assert_ptr_nonnull(strstr(error_text(&err), "holidays: line 3: "));
                error_clear(&err);
        }
        struct error err = ERROR_INIT;
        ck_assert_int_eq(load("2026-01-01 \xff\n", &err), -ERR_MALFORMED);
        error_clear(&err);
        ck_assert_int_lt(calendar_load_holidays(calendar, "/nonexistent/holidays", &err), 0);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "/nonexistent/holidays"));
        error_clear(&err);
}
END_TEST

/* The lists that the Cabinet Office published, with the days made up for. */
START_TEST(ships_the_published_holidays)
{
        static const char *const published[] = {
                "2026-01-01", "2026-01-12", "2026-02-11", "2026-02-23", "2026-03-20", "2026-04-29", "2026-05-03",
                "2026-05-04", "2026-05-05", "2026-05-06", "2026-07-20", "2026-08-11", "2026-09-21", "2026-09-22",
                "2026-09-23", "2026-10-12", "2026-11-03", "2026-11-23",
                "2027-01-01", "2027-01-11", "2027-02-11", "2027-02-23", "2027-03-21", "2027-03-22", "2027-04-29",
                "2027-05-03", "2027-05-04", "2027-05-05", "2027-07-19", "2027-08-11", "2027-09-20", "2027-09-23",
                "2027-10-11", "2027-11-03", "2027-11-23",
        };
        load_shipped();
        unsigned found = 0;
        for (int64_t day = jst("2026-01-01 12:00"); day < jst("2028-01-01 00:00"); day += DAY) {
                g_autofree char *text = calendar_format(calendar, day);
                g_auto(GStrv) parts = g_strsplit_set(text, "- ", 4);
                bool off = calendar_holiday(calendar, atoi(parts[0]), atoi(parts[1]), atoi(parts[2])) != NULL;
                bool wanted = found < G_N_ELEMENTS(published) && g_str_has_prefix(text, published[found]);
                ck_assert_msg(off == wanted, "%s", text);
                found += wanted;
        }
        ck_assert_uint_eq(found, G_N_ELEMENTS(published));
        ck_assert_str_eq(calendar_last_holiday(calendar), "2035-11-23");
        ck_assert_str_eq(calendar_holiday(calendar, 2026, 9, 22), "国民の休日");
}
END_TEST

/* What holds for every year by the law: 16 named days; one on a Sunday is made up for; no single day between two. */
START_TEST(ships_what_the_law_says_until_2035)
{
        static const struct { int month, day; } fixed[] = { { 1, 1 }, { 2, 11 }, { 2, 23 }, { 4, 29 }, { 5, 3 }, { 5, 4 },
                                                            { 5, 5 }, { 8, 11 }, { 11, 3 }, { 11, 23 } };
        static const struct { int month, first; } mondays[] = { { 1, 8 }, { 7, 15 }, { 9, 15 }, { 10, 8 } };
        static const int spring[] = { 20, 21, 20, 20, 20, 21, 20, 20, 20, 21 }, autumn[] = { 23, 23, 22, 23, 23, 23, 22, 23, 23, 23 };
        load_shipped();
        for (int year = 2026; year <= 2035; year++) {
                for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
                        ck_assert_ptr_nonnull(calendar_holiday(calendar, year, fixed[i].month, fixed[i].day));
                for (size_t i = 0; i < G_N_ELEMENTS(mondays); i++)
                        for (int day = mondays[i].first; day < mondays[i].first + 7; day++) {
                                GDate date;
                                g_date_clear(&date, 1);
                                g_date_set_dmy(&date, (GDateDay) day, mondays[i].month, (GDateYear) year);
                                bool monday = g_date_get_weekday(&date) == G_DATE_MONDAY;
                                ck_assert(!monday || calendar_holiday(calendar, year, mondays[i].month, day));
                        }
                ck_assert_str_eq(calendar_holiday(calendar, year, 3, spring[year - 2026]), "春分の日");
                ck_assert_str_eq(calendar_holiday(calendar, year, 9, autumn[year - 2026]), "秋分の日");
        }
}
END_TEST

START_TEST(knows_business_days)
{
        load_shipped();
        ck_assert(calendar_is_business_day(calendar, jst("2026-11-20 23:59")));  /* Friday */
        ck_assert(!calendar_is_business_day(calendar, jst("2026-11-21 00:00")));
        ck_assert(!calendar_is_business_day(calendar, jst("2026-11-22 12:00")));
        ck_assert(!calendar_is_business_day(calendar, jst("2026-11-23 12:00"))); /* 勤労感謝の日, a Monday */
        ck_assert(calendar_is_business_day(calendar, jst("2026-11-24 00:00")));
        assert_when(calendar_add_business_days(calendar, jst("2026-11-20 17:30"), 1), "2026-11-24 17:30");
        assert_when(calendar_add_business_days(calendar, jst("2026-11-20 17:30"), 2), "2026-11-25 17:30");
        assert_when(calendar_add_business_days(calendar, jst("2026-11-21 10:00"), 1), "2026-11-24 10:00");
        assert_when(calendar_add_business_days(calendar, jst("2026-11-21 10:00"), 0), "2026-11-21 10:00");
        assert_when(calendar_add_business_days(calendar, jst("2026-04-28 09:00"), 3), "2026-05-07 09:00");
}
END_TEST

START_TEST(finds_the_next_time_of_day)
{
        assert_when(calendar_next(calendar, jst("2026-11-20 08:59"), 540, 0), "2026-11-20 09:00");
        assert_when(calendar_next(calendar, jst("2026-11-20 09:00"), 540, 0), "2026-11-21 09:00");
        assert_when(calendar_next(calendar, jst("2026-11-20 09:00") - 1, 540, 0), "2026-11-20 09:00");
        assert_when(calendar_next(calendar, jst("2026-11-20 09:00"), 540, 1), "2026-11-23 09:00 (Mon)");
        assert_when(calendar_next(calendar, jst("2026-11-23 09:00"), 540, 1), "2026-11-30 09:00 (Mon)");
        assert_when(calendar_next(calendar, jst("2026-11-23 08:00"), 540, 7), "2026-11-29 09:00 (Sun)");
        assert_when(calendar_next(calendar, jst("2026-11-20 23:59"), 0, 0), "2026-11-21 00:00");
        ck_assert_int_gt(calendar_next(calendar, G_MAXINT64 / 2, 540, 0), G_MAXINT64 / 2);
}
END_TEST

/* Clocks go forward on 2026-03-29 from 02:00 to 03:00, back on 2026-10-25 from 03:00 to 02:00. */
START_TEST(follows_a_change_of_the_clocks)
{
        int64_t gap = at("2026-03-29T01:00:00Z"); /* 03:00 summer time */
        ck_assert_int_eq(calendar_next(calendar, gap - 4 * HOUR, 150, 0), gap);
        ck_assert_int_eq(calendar_next(calendar, gap, 150, 0), at("2026-03-30T00:30:00Z"));
        ck_assert_int_eq(calendar_next(calendar, gap - 4 * HOUR, 119, 0), gap - MINUTE);
        /* 02:30 comes twice, and counts once. */
        ck_assert_int_eq(calendar_next(calendar, at("2026-10-24T12:00:00Z"), 150, 0), at("2026-10-25T00:30:00Z"));
        ck_assert_int_eq(calendar_next(calendar, at("2026-10-25T00:30:00Z"), 150, 0), at("2026-10-26T01:30:00Z"));
        /* The same time of day, whatever the day's length. */
        ck_assert_int_eq(calendar_add_business_days(calendar, at("2026-03-27T08:00:00Z"), 1), at("2026-03-30T07:00:00Z"));
        /* Quiet until 02:30: that ends with the gap, and ends once where the hour is repeated. */
        struct schedule night = { 22 * 60, 150, false, 0 };
        ck_assert_int_eq(schedule_next_active(&night, calendar, 2, gap - HOUR), gap);
        ck_assert_int_eq(schedule_next_active(&night, calendar, 2, at("2026-10-24T21:00:00Z")), at("2026-10-25T00:30:00Z"));
        ck_assert(schedule_is_active(&night, calendar, 2, at("2026-10-25T01:10:00Z"))); /* 02:10, the second one */
        /* A day of 23 and one of 25 hours. */
        struct schedule days = { 0, 0, true, 0 };
        ck_assert_int_eq(schedule_add(&days, calendar, 2, at("2026-03-27T12:00:00Z"), 12 * HOUR), at("2026-03-29T23:00:00Z"));
}
END_TEST

START_TEST(has_quiet_hours_over_midnight)
{
        struct schedule night = { 22 * 60, 7 * 60, false, 4 };
        ck_assert(schedule_is_active(&night, calendar, 2, jst("2026-11-20 21:59")));
        ck_assert(!schedule_is_active(&night, calendar, 2, jst("2026-11-20 22:00")));
        ck_assert(!schedule_is_active(&night, calendar, 2, jst("2026-11-21 06:59")));
        ck_assert(schedule_is_active(&night, calendar, 2, jst("2026-11-21 07:00")));
        assert_when(schedule_next_active(&night, calendar, 3, jst("2026-11-20 23:10")), "2026-11-21 07:00");
        assert_when(schedule_next_active(&night, calendar, 3, jst("2026-11-21 03:00")), "2026-11-21 07:00");
        assert_when(schedule_next_active(&night, calendar, 3, jst("2026-11-21 12:00")), "2026-11-21 12:00");
        /* What is as severe as the exception, or of unknown severity, waits for nobody. */
        assert_when(schedule_next_active(&night, calendar, 4, jst("2026-11-20 23:10")), "2026-11-20 23:10");
        assert_when(schedule_next_active(&night, calendar, 0, jst("2026-11-20 23:10")), "2026-11-20 23:10");
        night.exempt_severity = 0;
        assert_when(schedule_next_active(&night, calendar, 4, jst("2026-11-20 23:10")), "2026-11-21 07:00");
        assert_when(schedule_next_active(&night, calendar, 0, jst("2026-11-20 23:10")), "2026-11-21 07:00");
}
END_TEST

START_TEST(has_quiet_hours_within_a_day)
{
        struct schedule noon = { 12 * 60, 13 * 60, false, 0 };
        ck_assert(schedule_is_active(&noon, calendar, 2, jst("2026-11-20 00:00")));
        ck_assert(schedule_is_active(&noon, calendar, 2, jst("2026-11-20 11:59")));
        ck_assert(!schedule_is_active(&noon, calendar, 2, jst("2026-11-20 12:30")));
        assert_when(schedule_next_active(&noon, calendar, 2, jst("2026-11-20 12:30")), "2026-11-20 13:00");
        assert_when(schedule_add(&noon, calendar, 2, jst("2026-11-20 11:45"), 30 * MINUTE), "2026-11-20 13:15");
        assert_when(schedule_add(&noon, calendar, 2, jst("2026-11-20 11:30"), 30 * MINUTE), "2026-11-20 13:00");
        struct schedule evening = { 18 * 60, 0, false, 0 }; /* until midnight */
        assert_when(schedule_next_active(&evening, calendar, 2, jst("2026-11-20 19:00")), "2026-11-21 00:00");
        ck_assert(schedule_is_active(&evening, calendar, 2, jst("2026-11-20 17:59")));
}
END_TEST

START_TEST(rests_on_days_off)
{
        load_shipped();
        struct schedule office = { 18 * 60, 9 * 60, true, 4 };
        assert_when(schedule_next_active(&office, calendar, 3, jst("2026-11-20 18:00")), "2026-11-24 09:00 (Tue)");
        assert_when(schedule_next_active(&office, calendar, 3, jst("2026-11-22 12:00")), "2026-11-24 09:00");
        assert_when(schedule_next_active(&office, calendar, 4, jst("2026-11-22 12:00")), "2026-11-22 12:00");
        /* Active time goes over nights and days off. */
        assert_when(schedule_add(&office, calendar, 3, jst("2026-11-20 17:00"), 2 * HOUR), "2026-11-24 10:00");
        assert_when(schedule_add(&office, calendar, 3, jst("2026-11-20 17:00"), HOUR), "2026-11-24 09:00");
        assert_when(schedule_add(&office, calendar, 3, jst("2026-11-21 17:00"), 10 * HOUR), "2026-11-25 10:00");
        assert_when(schedule_add(&office, calendar, 4, jst("2026-11-21 17:00"), 10 * HOUR), "2026-11-22 03:00");
        struct schedule days = { 0, 0, true, 0 };
        assert_when(schedule_next_active(&days, calendar, 0, jst("2026-11-21 00:00")), "2026-11-24 00:00");
}
END_TEST

START_TEST(without_schedule_all_time_counts)
{
        struct schedule always = SCHEDULE_ALWAYS;
        int64_t now = jst("2026-11-22 03:00");
        ck_assert(schedule_is_active(&always, calendar, 1, now));
        ck_assert_int_eq(schedule_next_active(&always, calendar, 1, now), now);
        ck_assert_int_eq(schedule_add(&always, calendar, 1, now, 90 * MINUTE), now + 90 * MINUTE);
        ck_assert_int_eq(schedule_add(&always, calendar, 1, now, 0), now);
}
END_TEST

START_TEST(reads_times_as_people_write_them)
{
        static const struct { const char *text, *want; } good[] = {
                { "2h", "2026-11-22 12:30" }, { "90m", "2026-11-22 12:00" }, { "3d", "2026-11-25 10:30" },
                { "11:00", "2026-11-22 11:00" }, { "10:30", "2026-11-23 10:30" }, { "00:00", "2026-11-23 00:00" },
                { "2026-11-24", "2026-11-24 00:00" }, { "2026-11-24 09:15", "2026-11-24 09:15" },
                { "2026-11-24T23:59", "2026-11-24 23:59" },
        };
        static const char *const bad[] = { "", "h", "3", "24:00", "9:00", "09:60", "2026-11-24x09:00", "2026-11-24 09:00:00",
                                           "2026-02-30", "2026-11-24 ", "tomorrow", "-2h", "2026-11-241", "1 h", "0x2h" };
        int64_t now = jst("2026-11-22 10:30"), got = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
                ck_assert_msg(calendar_parse(calendar, good[i].text, now, &got) == 0, "%s", good[i].text);
                assert_when(got, good[i].want);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
                ck_assert_msg(calendar_parse(calendar, bad[i], now, &got) == -ERR_MALFORMED, "%s", bad[i]);
        ck_assert_int_eq(calendar_parse(calendar, "2026-11-22", now, &got), -ERR_LIMIT);
        ck_assert_int_eq(calendar_parse(calendar, "2026-11-22 10:30", now, &got), -ERR_LIMIT);
        ck_assert_int_eq(calendar_parse(calendar, "0h", now, &got), -ERR_LIMIT);
        ck_assert_int_lt(calendar_parse(calendar, "99999999999999999999d", now, &got), 0);
}
END_TEST

#define GRAIN (15 * MINUTE)

/* By the clock on the wall, quarter of an hour by quarter of an hour. */
static bool is_active_by_the_clock(const struct schedule *schedule, GTimeZone *zone, int64_t wall_ms)
{
        g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(wall_ms / 1000);
        g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
        int minute = g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local);
        int from = schedule->quiet_from, to = schedule->quiet_to;
        bool quiet = from < to ? minute >= from && minute < to : from > to && (minute >= from || minute < to);
        bool off = g_date_time_get_day_of_week(local) > 5 ||
                   calendar_holiday(calendar, g_date_time_get_year(local), g_date_time_get_month(local),
                                    g_date_time_get_day_of_month(local));
        return !quiet && !(schedule->business_days && off);
}

static void compare_with_the_clock(const char *zone_name, const char *begin, GRand *chance)
{
        g_autoptr(GTimeZone) zone = g_time_zone_new_identifier(zone_name);
        /* Not between 01:00 and 03:00, which a change of the clocks leaves out or repeats. */
        int from = g_rand_int_range(chance, 12, 96) * 15, to = g_rand_int_range(chance, 12, 96) * 15;
        struct schedule schedule = { from, to, g_rand_boolean(chance), 0 };
        int64_t start = at(begin) + g_rand_int_range(chance, 0, 7 * 96) * GRAIN, left = g_rand_int_range(chance, 0, 96) * GRAIN;
        int64_t got = schedule_add(&schedule, calendar, 1, start, left), t = start;
        for (; left > 0 || !is_active_by_the_clock(&schedule, zone, t); t += GRAIN)
                left -= is_active_by_the_clock(&schedule, zone, t) ? GRAIN : 0;
        ck_assert_msg(got == t, "%s: quiet %d to %d, off %d: %lld and not %lld from %lld", zone_name, from, to,
                      schedule.business_days, (long long) got, (long long) t, (long long) start);
        ck_assert_int_eq(schedule_next_active(&schedule, calendar, 1, start) == start,
                         is_active_by_the_clock(&schedule, zone, start));
}

START_TEST(active_time_in_tokyo_is_that_of_the_clock)
{
        g_autoptr(GRand) chance = g_rand_new_with_seed(5);
        load_shipped();
        for (int i = 0; i < 100; i++)
                compare_with_the_clock("Asia/Tokyo", "2026-04-27T00:00:00Z", chance);
}
END_TEST

START_TEST(active_time_in_berlin_is_that_of_the_clock)
{
        g_autoptr(GRand) chance = g_rand_new_with_seed(6);
        for (int i = 0; i < 100; i++) {
                compare_with_the_clock("Europe/Berlin", "2026-03-25T00:00:00Z", chance);
                compare_with_the_clock("Europe/Berlin", "2026-10-21T00:00:00Z", chance);
        }
}
END_TEST

/* A file that makes every day a holiday, or a schedule without an active minute, must neither hang nor swallow anything. */
START_TEST(gives_up_where_nothing_is_active)
{
        g_autoptr(GString) text = g_string_new(NULL);
        for (int year = 2026; year <= 2037; year++)
                for (int month = 1; month <= 12; month++)
                        for (int day = 1; day <= 31; day++)
                                if (g_date_valid_dmy((GDateDay) day, month, (GDateYear) year))
                                        g_string_append_printf(text, "%d-%02d-%02d x\n", year, month, day);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(load(text->str, &err), 0);
        struct schedule days = { 0, 0, true, 0 };
        int64_t now = jst("2026-11-22 03:00");
        ck_assert_int_eq(schedule_next_active(&days, calendar, 1, now), now);
        ck_assert_int_eq(schedule_add(&days, calendar, 1, now, HOUR), now + HOUR);
        ck_assert_int_gt(calendar_add_business_days(calendar, now, 1), now);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("calendar");
        TCase *tokyo = tcase_create("tokyo");
        tcase_add_checked_fixture(tokyo, setup_tokyo, teardown);
        tcase_add_test(tokyo, formats_in_its_zone);
        tcase_add_test(tokyo, reads_holidays);
        tcase_add_test(tokyo, refuses_what_is_no_date);
        tcase_add_test(tokyo, ships_the_published_holidays);
        tcase_add_test(tokyo, ships_what_the_law_says_until_2035);
        tcase_add_test(tokyo, knows_business_days);
        tcase_add_test(tokyo, finds_the_next_time_of_day);
        tcase_add_test(tokyo, has_quiet_hours_over_midnight);
        tcase_add_test(tokyo, has_quiet_hours_within_a_day);
        tcase_add_test(tokyo, rests_on_days_off);
        tcase_add_test(tokyo, without_schedule_all_time_counts);
        tcase_add_test(tokyo, reads_times_as_people_write_them);
        tcase_add_test(tokyo, active_time_in_tokyo_is_that_of_the_clock);
        tcase_add_test(tokyo, gives_up_where_nothing_is_active);
        suite_add_tcase(s, tokyo);
        TCase *berlin = tcase_create("berlin");
        tcase_add_checked_fixture(berlin, setup_berlin, teardown);
        tcase_add_test(berlin, active_time_in_berlin_is_that_of_the_clock);
        tcase_add_test(berlin, follows_a_change_of_the_clocks);
        suite_add_tcase(s, berlin);
        return s;
}

int main(void)
{
        return support_run(suite());
}
