/* SPDX-License-Identifier: MIT */
/* The summary of history: how many of it are above a route's thresholds is what the route itself would say of each, whether
 * their contents are read for it or only their heads. */
#include <check.h>
#include <string.h>

#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit;

static void setup(void)
{
        kit_open(&kit);
        g_ptr_array_set_size(kit.config->channels, 0);
        g_ptr_array_set_size(kit.config->routes, 0);
        g_ptr_array_add(kit.config->channels, channel_new("hook", CHANNEL_WEBHOOK));
}

static void teardown(void)
{
        kit_close(&kit);
}

static struct job *history_mail(const char *id, int severity, const char *software, int restart)
{
        struct job *job = kit_mail(&kit, id, "2007-09-12", "2007-09-12", severity, URGENCY_WAIT, id, id);
        struct bulletin *b = job->result.bulletin;
        job->history = true;
        job->cursor.history_uid = 4;
        job->cursor.history_done = false;
        g_ptr_array_add(b->affected, affected_new(software, NULL));
        bulletin_set_field(b, FIELD_RESTART, BASIS_STATED, restart, NULL, NULL);
        bulletin_set_field(b, FIELD_EXPLOIT_CODE, BASIS_STATED, restart == RESTART_REQUIRED ? EXPLOIT_AVAILABLE : EXPLOIT_NONE_STATED,
                           NULL, NULL);
        bulletin_set_field(b, FIELD_ENVIRONMENT_SERVER, BASIS_STATED, restart == RESTART_REQUIRED ? ANSWER_YES : ANSWER_NO, NULL,
                           NULL);
        return job;
}

/* Three alerts, critical, important and low, and a piece of news. */
static void commit_history(void)
{
        struct job *critical = history_mail("MS07-901", SEVERITY_CRITICAL, "Outlook", RESTART_REQUIRED);
        struct job *important = history_mail("MS07-902", SEVERITY_IMPORTANT, "Word", RESTART_NOT_REQUIRED);
        struct job *low = history_mail("MS07-903", SEVERITY_LOW, "Outlook", RESTART_CONDITIONAL);
        struct job *news = history_mail("news-1", 0, "Outlook", RESTART_REQUIRED);
        news->result.bulletin->kind = BULLETIN_NEWS;
        news->result.bulletin->fields[FIELD_SEVERITY].present = news->result.bulletin->fields[FIELD_URGENCY].present = false;
        kit_commit(&kit, critical, important, low, news, NULL);
        kit_commit(&kit, kit_mark(&kit, 4), NULL);
}

static void by_severity(struct route *route) { route->severity = SEVERITY_IMPORTANT; }
static void by_nothing(struct route *route) { (void) route; }
static void by_software(struct route *route) { g_ptr_array_add(route->software, g_strdup("outlook")); }
static void by_products(struct route *route) { g_ptr_array_add(route->products, g_strdup("word")); }
static void by_restart(struct route *route) { route->restarts = 1u << RESTART_NOT_REQUIRED | 1u << RESTART_CONDITIONAL; }
static void by_exploit(struct route *route) { route->exploit = ROUTE_EXPLOIT_AVAILABLE; }
static void by_environment(struct route *route) { route->environment = ROUTE_ENV_SERVER; }
static void by_feed(struct route *route) { g_ptr_array_add(route->feeds, g_strdup("hotfix-report")); }
static void by_other_feed(struct route *route) { g_ptr_array_add(route->feeds, g_strdup("other")); }
static void by_kind(struct route *route) { route->kinds = 1u << BULLETIN_NEWS; }

static const struct summary_row { void (*choose)(struct route *route); const char *lead; } summary_rows[] = {
        { by_nothing, "3 of them are" }, { by_severity, "2 of them are" }, { by_software, "2 of them are" },
        { by_products, "1 of them is" }, { by_restart, "2 of them are" },  { by_exploit, "1 of them is" },
        { by_environment, "1 of them is" }, { by_feed, "3 of them are" },  { by_other_feed, "None of them is" },
        { by_kind, "1 of them is" },
};

START_TEST(what_a_summary_counts)
{
        const struct summary_row *row = &summary_rows[_i];
        struct route *route = route_new("r");
        g_ptr_array_add(route->channels, g_strdup("hook"));
        row->choose(route);
        g_ptr_array_add(kit.config->routes, route);
        commit_history();
        g_autofree char *payload = kit_query(kit.db, "SELECT payload FROM outbox WHERE kind = 'summary'");
        ck_assert_msg(strstr(payload, row->lead) != NULL, "row %d: %s", _i, payload);
        ck_assert_msg(strstr(payload, "4 bulletins from mailbox work") != NULL, "row %d: %s", _i, payload);
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("summary");
        TCase *tests = tcase_create("summary");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_loop_test(tests, what_a_summary_counts, 0, G_N_ELEMENTS(summary_rows));
        suite_add_tcase(suite, tests);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
