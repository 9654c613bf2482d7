/* SPDX-License-Identifier: MIT */
/* Routes in the configuration: filters, what follows a notification, when people may be disturbed, digests. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "tests/config_kit.h"
#include "tests/support.h"

static const char *step_text(const struct route *route, guint index, int64_t after_ms)
{
        static char *joined;
        ck_assert_uint_lt(index, route->steps->len);
        const struct route_step *step = g_ptr_array_index(route->steps, index);
        ck_assert_int_eq(step->after_ms, after_ms);
        g_free(joined);
        joined = g_strdup("");
        for (guint i = 0; i < step->channels->len; i++) {
                char *more = g_strconcat(joined, i ? "," : "", g_ptr_array_index(step->channels, i), NULL);
                g_free(joined);
                joined = more;
        }
        return joined;
}

#define ROUTE CHANNELS "[route r]\nchannels = l, oncall, boss\n"
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

START_TEST(every_key_of_what_follows_is_read)
{
        conf_assert_loads(CHANNELS "[route r]\nchannels = l\nsoftware = *Outlook*, IIS 6.?\nfeeds = hotfix-report\n"
                     "restart = required; conditional\nescalate = 30m oncall, l; 2h boss ;\nremind-after = 4h\nremind-limit = 100\n"
                     "deadlines = critical 4h; important 2bd; low 10d\nquiet-hours = 22:00 - 7:00\nbusiness-days = yes\n"
                     "quiet-except = important\ndigest = weekly\ndigest-time = 8:30\ndigest-day = friday\ndigest-empty = yes\n"
                     "[daemon]\nholidays-file = none\n");
        ck_assert_uint_eq(conf_warnings->len, 1); /* whom to tell of the mailbox */
        const struct route *r = config_route(conf, "r");
        ck_assert_uint_eq(r->software->len, 2);
        ck_assert_str_eq(g_ptr_array_index(r->software, 1), "IIS 6.?");
        ck_assert_uint_eq(r->feeds->len, 1);
        ck_assert_str_eq(g_ptr_array_index(r->feeds, 0), "hotfix-report");
        ck_assert_uint_eq(r->restarts, 1u << RESTART_REQUIRED | 1u << RESTART_CONDITIONAL);
        ck_assert_uint_eq(r->steps->len, 2);
        ck_assert_str_eq(step_text(r, 0, 30 * MINUTE), "oncall,l");
        ck_assert_str_eq(step_text(r, 1, 2 * HOUR), "boss");
        ck_assert_int_eq(r->remind_after_ms, 4 * HOUR);
        ck_assert_uint_eq(r->remind_limit, 100);
        ck_assert_int_eq(r->schedule.quiet_from, 22 * 60);
        ck_assert_int_eq(r->schedule.quiet_to, 7 * 60);
        ck_assert(r->schedule.business_days && r->schedule.exempt_severity == SEVERITY_IMPORTANT);
        ck_assert_int_eq(r->digest, ROUTE_DIGEST_WEEKLY);
        ck_assert_int_eq(r->digest_minute, 8 * 60 + 30);
        ck_assert_int_eq(r->digest_weekday, 5);
        ck_assert(r->digest_empty && r->immediate);
}
END_TEST

START_TEST(what_follows_has_defaults)
{
        conf_assert_loads(ROUTE);
        const struct route *r = config_route(conf, "r");
        ck_assert_uint_eq(r->software->len + r->feeds->len + r->steps->len + r->restarts, 0);
        ck_assert_int_eq(r->remind_after_ms, 0);
        ck_assert_uint_eq(r->remind_limit, 3);
        for (int severity = 0; severity <= SEVERITY_CRITICAL; severity++)
                ck_assert(r->deadlines[severity].ms == 0 && r->deadlines[severity].business_days == 0);
        ck_assert_int_eq(r->schedule.quiet_from, r->schedule.quiet_to);
        ck_assert(!r->schedule.business_days && r->schedule.exempt_severity == SEVERITY_CRITICAL);
        ck_assert_int_eq(r->digest, ROUTE_DIGEST_NONE);
        ck_assert_int_eq(r->digest_minute, 9 * 60);
        ck_assert_int_eq(r->digest_weekday, 1);
        ck_assert(!r->digest_empty && r->immediate);
        conf_assert_loads(ROUTE "quiet-except = none\nquiet-hours = 00:30-24:00\ndigest = daily\nimmediate = no\n");
        r = config_route(conf, "r");
        ck_assert(r->schedule.exempt_severity == 0 && r->schedule.quiet_from == 30 && r->schedule.quiet_to == 0);
        ck_assert(!r->immediate && r->digest == ROUTE_DIGEST_DAILY);
        ck_assert_uint_eq(conf_warnings->len, 2);
        conf_assert_has(conf_warnings, "[route r] quiet-hours: has no effect with immediate = no");
}
END_TEST

static void assert_deadline(int severity, int64_t ms, unsigned days)
{
        const struct route_deadline *deadline = &config_route(conf, "r")->deadlines[severity];
        ck_assert_int_eq(deadline->ms, ms);
        ck_assert_uint_eq(deadline->business_days, days);
}

/* What is more severe is due no later than what is less severe, and what is undetermined as the strictest. */
START_TEST(deadlines_by_severity)
{
        conf_assert_loads(ROUTE "[daemon]\nholidays-file = none\n[route r]\ndeadlines = important 2bd, low 10d\n");
        ck_assert_uint_eq(conf_warnings->len, 1);
        assert_deadline(SEVERITY_LOW, 10 * DAY, 0);
        assert_deadline(SEVERITY_MODERATE, 10 * DAY, 0);
        assert_deadline(SEVERITY_IMPORTANT, 0, 2);
        assert_deadline(SEVERITY_CRITICAL, 0, 2);
        assert_deadline(SEVERITY_NONE, 0, 2);
        conf_assert_loads(ROUTE "deadlines = critical 30m\n");
        assert_deadline(SEVERITY_IMPORTANT, 0, 0);
        assert_deadline(SEVERITY_CRITICAL, 30 * MINUTE, 0);
        assert_deadline(SEVERITY_NONE, 30 * MINUTE, 0);
        conf_assert_loads(ROUTE "deadlines = critical 3d; important 1h\n");
        assert_deadline(SEVERITY_NONE, HOUR, 0);
        conf_assert_has(conf_warnings, "[route r] deadlines: critical has more time than important");
}
END_TEST

START_TEST(what_follows_is_checked)
{
        static const struct { const char *text, *end; } rows[] = {
                { "escalate = oncall", "escalate: \"oncall\" does not start with a duration such as 30m or 2h, from 1s to 30d" },
                { "escalate = 30 oncall", "escalate: \"30 oncall\" does not start with a duration such as 30m or 2h, from 1s to 30d" },
                { "escalate = 31d oncall", "escalate: \"31d oncall\" does not start with a duration such as 30m or 2h, from 1s to 30d" },
                { "escalate = 30m", "escalate: \"30m\" names no channel" },
                { "escalate = 30m oncall; 30m boss",
                  "escalate: \"30m boss\" is not later than the step before it; all times count from the first notification" },
                { "escalate = 30m oncal", "escalate: there is no [channel oncal]; did you mean \"oncall\"?" },
                { "remind-after = 4", "remind-after: bad value \"4\"; it takes a duration such as 4h, from 1s to 30d" },
                { "remind-after = 0m", "remind-after: bad value \"0m\"; it takes a duration such as 4h, from 1s to 30d" },
                { "remind-after = 4h\nremind-limit = 0", "remind-limit: bad value \"0\"; it takes 1 to 100" },
                { "deadlines = critcal 4h", "deadlines: unknown severity \"critcal\"; did you mean \"critical\"?" },
                { "deadlines = high 4h",
                  "deadlines: unknown severity \"high\"; there are critical, important, moderate, low" },
                { "deadlines = critical 4",
                  "deadlines: critical: \"4\" is neither a duration such as 4h, up to 365d, nor business days such as 2bd" },
                { "deadlines = critical 0bd",
                  "deadlines: critical: \"0bd\" is neither a duration such as 4h, up to 365d, nor business days such as 2bd" },
                { "deadlines = critical",
                  "deadlines: critical: \"\" is neither a duration such as 4h, up to 365d, nor business days such as 2bd" },
                { "deadlines = critical 1h; critical 2h", "deadlines: has \"critical\" twice" },
                { "quiet-hours = 22-7", "quiet-hours: bad value \"22-7\"; it takes from and to, such as 22:00-07:00" },
                { "quiet-hours = 24:00-07:00",
                  "quiet-hours: bad value \"24:00-07:00\"; it takes from and to, such as 22:00-07:00" },
                { "quiet-hours = 22:60-07:00",
                  "quiet-hours: bad value \"22:60-07:00\"; it takes from and to, such as 22:00-07:00" },
                { "quiet-hours = 00:00-24:00", "quiet-hours: \"00:00-24:00\" is all day or none of it; leave the key out, or use "
                                               "immediate = no with a digest" },
                { "digest = daily\ndigest-time = 9", "digest-time: bad value \"9\"; it takes a time of day such as 09:00" },
                { "digest = daily\ndigest-time = 24:00",
                  "digest-time: bad value \"24:00\"; it takes a time of day such as 09:00" },
                { "digest = weekly\ndigest-day = fridays", "digest-day: bad value \"fridays\"; did you mean \"friday\"?" },
                { "immediate = no", "immediate: nothing would ever be told; \"no\" needs digest = daily or weekly" },
                { "restart = needed",
                  "restart: unknown value \"needed\"; there are not-required, conditional, required" },
                { "feeds = hotfix-reports", "feeds: unknown feed \"hotfix-reports\"; did you mean \"hotfix-report\"?" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = g_strdup_printf(ROUTE "%s\n", rows[i].text);
                g_autofree char *end = g_strdup_printf("[route r] %s", rows[i].end);
                ck_assert_msg(conf_load_text(text) == -ERR_CONFIG, "%s", rows[i].text);
                conf_assert_has(conf_problems, end);
                ck_assert_msg(conf_problems->len == 1, "%s", rows[i].text);
        }
        g_autoptr(GString) many = g_string_new(ROUTE "escalate = ");
        for (int i = 1; i <= 21; i++)
                g_string_append_printf(many, "%dm l;", i);
        ck_assert_int_eq(conf_load_text(many->str), -ERR_CONFIG);
        conf_assert_has(conf_problems, "[route r] escalate: has 21 steps; at most 20 are allowed");
}
END_TEST

START_TEST(what_follows_may_be_doubtful)
{
        static const struct { const char *text, *end; } rows[] = {
                { "escalate = 30s oncall", "escalate: 30s is less than a minute" },
                { "escalate = 30m oncall, oncall", "escalate: names \"oncall\" more than once" },
                { "remind-after = 59s", "remind-after: 59s is less than a minute" },
                { "remind-limit = 5", "remind-limit: has no effect without remind-after" },
                { "deadlines = critical 10s", "deadlines: 10s is less than a minute" },
                { "quiet-except = none", "quiet-except: has no effect without quiet-hours or business-days" },
                { "digest-empty = yes", "digest-empty: has no effect without digest = daily or weekly" },
                { "digest = daily\ndigest-day = friday", "digest-day: has no effect with digest = daily" },
                { "digest = daily\nimmediate = no\nremind-after = 4h", "remind-after: has no effect with immediate = no" },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *text = g_strdup_printf(ROUTE "%s\n", rows[i].text);
                g_autofree char *end = g_strdup_printf("[route r] %s", rows[i].end);
                conf_assert_loads(text);
                conf_assert_has(conf_warnings, end);
                ck_assert_msg(conf_warnings->len == 2, "%s", rows[i].text);
        }
        /* a channel that only a step names is used */
        conf_assert_loads(CHANNELS "[route r]\nchannels = l\nescalate = 1h oncall; 2h boss\n");
        ck_assert_uint_eq(conf_warnings->len, 1);
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("config_route");
        TCase *tcase = tcase_create("config_route");
        tcase_add_checked_fixture(tcase, conf_setup, conf_teardown);
        tcase_add_test(tcase, every_key_of_what_follows_is_read);
        tcase_add_test(tcase, what_follows_has_defaults);
        tcase_add_test(tcase, deadlines_by_severity);
        tcase_add_test(tcase, what_follows_is_checked);
        tcase_add_test(tcase, what_follows_may_be_doubtful);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        unsetenv("CREDENTIALS_DIRECTORY"); /* the caller's would answer for the tests' own */
        return support_run(suite());
}
