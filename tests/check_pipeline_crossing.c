/* SPDX-License-Identifier: MIT */
/* What each channel is told when a bulletin rises, falls or comes again: once, whatever routes lead there. */
#include <string.h>

#include "common/clock.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit; /* routes "ops" (critical or immediate, with updates) and "mail" (important), both to "log" */

static void setup(void)
{
        kit_open(&kit);
}

static void teardown(void)
{
        kit_close(&kit);
}

static struct job *revision(const char *updated, int severity, int urgency, const char *title)
{
        g_autofree char *salt = g_strdup_printf("%s%d%d%s", updated, severity, urgency, title);
        struct job *job = kit_mail(&kit, "MS07-050", "2007-08-15", updated, severity, urgency, title, salt);
        g_strlcpy(job->result.bulletin->edition, "2007-08-15", BULLETIN_DATE_SIZE);
        return job;
}

static void comes(const char *updated, int severity, int urgency)
{
        kit_commit(&kit, revision(updated, severity, urgency, "題名"), NULL);
}

#define TOLD "SELECT kind FROM outbox WHERE channel = 'log' ORDER BY id"
#define DECIDED "SELECT route || ' ' || action FROM decision ORDER BY id"
#define TIED "SELECT count(*) FROM decision_delivery"

START_TEST(two_routes_that_rise_share_one_message)
{
        comes("2007-08-15", SEVERITY_IMPORTANT, URGENCY_EARLY);
        comes("2007-08-20", SEVERITY_CRITICAL, URGENCY_EARLY);
        ck_assert_query(DECIDED, "ops none\nmail new\nops raised\nmail raised");
        ck_assert_query(TOLD, "new\nraised");
        ck_assert_query(TIED, "3");
}
END_TEST

/* A route that a reload has added leads to a channel that knows the bulletin. */
START_TEST(raised_says_more_than_new)
{
        g_autoptr(GPtrArray) routes = kit.config->routes;
        kit.config->routes = g_ptr_array_new_with_free_func((GDestroyNotify) route_free);
        g_ptr_array_add(kit.config->routes, g_ptr_array_steal_index(routes, 1)); /* "mail" */
        comes("2007-08-15", SEVERITY_IMPORTANT, URGENCY_EARLY);
        g_ptr_array_insert(kit.config->routes, 0, g_ptr_array_steal_index(routes, 0));
        comes("2007-08-20", SEVERITY_CRITICAL, URGENCY_EARLY);
        ck_assert_query(DECIDED, "mail new\nops new\nmail raised");
        ck_assert_query(TOLD, "new\nraised");
        ck_assert_query(TIED, "3");
        ck_assert_query("SELECT count(*) FROM outbox WHERE thread IS NOT NULL", "1");
}
END_TEST

START_TEST(still_above_for_one_is_not_over)
{
        struct route *mail = g_ptr_array_index(kit.config->routes, 1);
        mail->updates = true;
        comes("2007-08-15", SEVERITY_CRITICAL, URGENCY_EARLY);
        comes("2007-08-20", SEVERITY_IMPORTANT, URGENCY_EARLY);
        ck_assert_query(DECIDED, "ops new\nmail new\nops lowered\nmail updated");
        ck_assert_query(TOLD, "new\nupdated");
        comes("2007-08-21", SEVERITY_LOW, URGENCY_EARLY);
        ck_assert_query(TOLD, "new\nupdated\nlowered");
}
END_TEST

/* One whose messages wait for the digest leaves the word to the other. */
START_TEST(a_route_that_is_not_immediate_has_no_say)
{
        struct route *ops = g_ptr_array_index(kit.config->routes, 0), *mail = g_ptr_array_index(kit.config->routes, 1);
        ops->immediate = false;
        mail->updates = true;
        comes("2007-08-15", SEVERITY_IMPORTANT, URGENCY_EARLY);
        comes("2007-08-20", SEVERITY_IMPORTANT, URGENCY_IMMEDIATE);
        ck_assert_query(DECIDED, "ops none\nmail new\nops raised\nmail raised");
        ck_assert_query(TOLD, "new\nraised");
        ck_assert_query(TIED, "2");
}
END_TEST

/* Another content of the same revision: what rose is told with the difference, what did not is not told. */
START_TEST(variants)
{
        struct channel *channel = g_ptr_array_index(kit.config->channels, 0);
        channel->type = CHANNEL_SLACK;
        comes("2007-08-15", SEVERITY_IMPORTANT, URGENCY_EARLY);
        comes("2007-08-15", SEVERITY_MODERATE, URGENCY_EARLY);  /* never lowers */
        comes("2007-08-15", SEVERITY_IMPORTANT, URGENCY_CONSIDER);
        ck_assert_query(TOLD, "new");
        comes("2007-08-15", SEVERITY_IMPORTANT, URGENCY_IMMEDIATE);
        ck_assert_query(TOLD, "new\nraised");
        g_autofree char *payload = kit_query(kit.db, "SELECT payload FROM outbox WHERE kind = 'raised'");
        ck_assert_msg(strstr(payload, "早期適用 → 至急適用") != NULL, "%s", payload);
        ck_assert_query("SELECT a.identity = b.thread FROM outbox a, outbox b WHERE a.kind = 'new' AND b.kind = 'raised'", "1");
        comes("2007-08-15", SEVERITY_IMPORTANT, URGENCY_IMMEDIATE);  /* the same mail */
        kit_commit(&kit, revision("2007-08-15", SEVERITY_IMPORTANT, URGENCY_IMMEDIATE, "別の題名"), NULL);
        ck_assert_query(TOLD, "new\nraised");
        comes("2007-08-15", SEVERITY_CRITICAL, URGENCY_EARLY);
        ck_assert_query(TOLD, "new\nraised\nraised");
}
END_TEST

/* Every order of arrival of a rise tells it, and nothing twice. */
START_TEST(a_rise_is_told_in_any_order)
{
        static const struct { const char *updated; int severity; } all[] = {
                { "2007-08-15", SEVERITY_MODERATE }, { "2007-08-16", SEVERITY_IMPORTANT }, { "2007-08-17", SEVERITY_CRITICAL },
        };
        static const unsigned orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
        for (unsigned round = 0; round < 3; round++) /* and then all of it again */
                for (unsigned i = 0; i < 3; i++) {
                        unsigned which = orders[_i][i];
                        comes(all[which].updated, all[which].severity, URGENCY_EARLY);
                }
        ck_assert_query("SELECT count(*) FROM decision JOIN revision ON revision.id = revision_id WHERE route = 'ops'"
                        " AND action IN ('new', 'raised') AND updated = '2007-08-17'", "1");
        ck_assert_query("SELECT count(*) FROM outbox WHERE kind IN ('new', 'raised')",
                        _i == 0 || _i == 2 || _i == 3 ? "2" : "1"); /* the important one came before it */
}
END_TEST

/* A rise that another mailbox, new itself, has read as history: the mailbox that brings it as new has it told as what it is
 * for those who were told of it before, and what was told of it at first is not looked for in every mail on record. */
START_TEST(a_rise_that_was_overtaken)
{
        comes("2007-08-15", SEVERITY_IMPORTANT, URGENCY_EARLY);
        ck_assert_int_eq(database_execute(kit.db, "UPDATE cursor SET synced_ms = 1", NULL), 0);
        struct job *ahead = revision("2007-08-20", SEVERITY_CRITICAL, URGENCY_EARLY, "題名");
        g_free(ahead->mailbox);
        ahead->mailbox = g_strdup("new");
        ahead->history = true;
        kit_commit(&kit, ahead, NULL);
        ck_assert_query(TOLD, "new");
        int64_t scanned = database_scanned_rows(kit.db);
        kit_commit(&kit, revision("2007-08-20", SEVERITY_CRITICAL, URGENCY_EARLY, "題名"), NULL);
        ck_assert_int_eq(database_scanned_rows(kit.db), scanned);
        ck_assert_query(DECIDED, "ops none\nmail new\nops none\nmail none\nops new\nmail raised");
        ck_assert_query(TOLD, "new\nraised");
        comes("2007-08-20", SEVERITY_CRITICAL, URGENCY_EARLY);
        ck_assert_query(TOLD, "new\nraised");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("pipeline_crossing");
        TCase *tcase = tcase_create("crossing");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, two_routes_that_rise_share_one_message);
        tcase_add_test(tcase, raised_says_more_than_new);
        tcase_add_test(tcase, still_above_for_one_is_not_over);
        tcase_add_test(tcase, a_route_that_is_not_immediate_has_no_say);
        tcase_add_test(tcase, variants);
        tcase_add_loop_test(tcase, a_rise_is_told_in_any_order, 0, 6);
        tcase_add_test(tcase, a_rise_that_was_overtaken);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
