/* SPDX-License-Identifier: MIT */
/* From stored mails to conditions and health messages. */
#include "daemon/drift_watch.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "daemon/drift_rules.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit;
static unsigned number;

static void setup(void)
{
        kit_open(&kit);
        g_ptr_array_add(kit.config->channels, channel_new("health", CHANNEL_LOG));
        number = 0;
}

static void teardown(void)
{
        kit_close(&kit);
}

#define HEALTH "SELECT kind FROM outbox WHERE channel = 'health' ORDER BY id"
#define HEADLINES "SELECT json_extract(payload, '$.headline') FROM outbox WHERE channel = 'health' ORDER BY id"
#define OPEN "SELECT name || ' ' || count FROM condition WHERE ended_ms IS NULL ORDER BY id"

/* The next bulletin, with labels in the manner of "+unknown -missing"; NULL: as it should be. */
static struct job *next(const char *labels)
{
        number++;
        g_autofree char *id = g_strdup_printf("MS08-%03u", number);
        struct job *job = kit_mail(&kit, id, "2008-01-15", "2008-01-15", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", id);
        label_report_init(&job->result.labels);
        job->result.bulletin->mail.from = g_strdup("HotFix Report <Report@hotfix.example>");
        g_strlcpy(job->result.bulletin->edition, "2008-01-15", BULLETIN_DATE_SIZE);
        g_auto(GStrv) parts = g_strsplit(labels ? labels : "", " ", -1);
        for (char **part = parts; *part; part++)
                if (**part == '+')
                        label_report_add_unknown(&job->result.labels, *part + 1);
                else if (**part == '-')
                        label_report_add_missing(&job->result.labels, *part + 1);
        return job;
}

static struct job *history(struct job *job)
{
        job->history = true;
        return job;
}

/* Another mail with the same content. */
static struct job *again(const char *labels)
{
        number--;
        struct job *job = next(labels);
        g_free(job->data);
        job->data = g_strdup_printf("once more %u", kit.last_uid);
        job->size = strlen(job->data);
        return job;
}

static void clean(unsigned count)
{
        for (unsigned i = 0; i < count; i++)
                kit_commit(&kit, next(NULL), NULL);
}

START_TEST(it_is_told_once_and_when_it_is_over)
{
        clean(5);
        ck_assert_query(HEALTH, "");
        kit_commit(&kit, next("+重大度 -深刻度"), NULL);
        ck_assert_query(HEALTH, "problem");
        ck_assert_query(HEADLINES, "[hotfixd] hotfix-report: labels not recognised: 重大度; labels missing: 深刻度");
        ck_assert_query(OPEN, "drift:hotfix-report 1");
        kit_commit(&kit, again("+重大度 -深刻度"), NULL); /* a duplicate */
        ck_assert_query(OPEN, "drift:hotfix-report 1");
        kit_commit(&kit, next("+重大度 -深刻度"), NULL); /* the same at another bulletin */
        ck_assert_query(OPEN, "drift:hotfix-report 2");
        ck_assert_query(HEALTH, "problem");
        kit_commit(&kit, next("+備考"), NULL); /* another label */
        ck_assert_query(HEALTH, "problem\nproblem");
        clean(4);
        kit_commit(&kit, next("+備考"), NULL);
        clean(4);
        ck_assert_query(HEALTH, "problem\nproblem");
        clean(1);
        ck_assert_query(HEALTH, "problem\nproblem\nrecovered");
        ck_assert_query(OPEN, "");
        clean(6);
        ck_assert_query(HEALTH, "problem\nproblem\nrecovered");
        /* What follows stands in the thread of the first. */
        ck_assert_query("SELECT thread IS (SELECT identity FROM outbox WHERE channel = 'health' ORDER BY id LIMIT 1) FROM outbox"
                        " WHERE channel = 'health' ORDER BY id", "0\n1\n1");
        ck_assert_query("SELECT label || ' ' || count || ' ' || bulletin FROM unknown_label ORDER BY label",
                        "備考 2 MS08-013\n重大度 2 MS08-007");
        /* A second time is another one. */
        kit_commit(&kit, next("+備考"), NULL);
        ck_assert_query(HEALTH, "problem\nproblem\nrecovered\nproblem");
}
END_TEST

/* Beginning, end and beginning within one transaction, that is, at one time of the clock. */
START_TEST(all_in_one_batch)
{
        kit_commit(&kit, next("+a"), next(NULL), next(NULL), next(NULL), next(NULL), next(NULL), next("+a"), NULL);
        ck_assert_query(HEALTH, "problem\nrecovered\nproblem");
        ck_assert_query("SELECT count(DISTINCT identity) FROM outbox WHERE channel = 'health'", "3");
}
END_TEST

START_TEST(history_is_counted_and_not_told)
{
        kit_commit(&kit, history(next("+a")), history(next("-b")), history(next(NULL)), NULL);
        ck_assert_query(HEALTH, "");
        ck_assert_query("SELECT count(*) FROM condition", "0");
        ck_assert_query("SELECT bulletins FROM fill_sum", "3");
        ck_assert_query("SELECT label FROM unknown_label", "a");
        ck_assert_query("SELECT bulletins FROM sender WHERE address = 'report@hotfix.example'", "3");
        /* Nor does it end a condition. */
        kit_commit(&kit, next("+a"), NULL);
        for (unsigned i = 0; i < 6; i++)
                kit_commit(&kit, history(next(NULL)), NULL);
        ck_assert_query(HEALTH, "problem");
}
END_TEST

START_TEST(a_field_that_is_gone)
{
        for (unsigned i = 0; i < 20; i++) {
                struct job *job = history(next(NULL));
                g_ptr_array_add(job->result.bulletin->tests, lab_test_new("x"));
                kit_commit(&kit, job, NULL);
        }
        for (unsigned i = 0; i < 4; i++) /* history is no sign of what the publisher does now */
                kit_commit(&kit, history(next(NULL)), NULL);
        clean(4);
        ck_assert_query(HEALTH, "");
        clean(1);
        ck_assert_query(HEADLINES, "[hotfixd] hotfix-report: fields no longer filled: lab tests (0 of the last 5, 83 % before)");
        clean(1);
        ck_assert_query(HEALTH, "problem");
        ck_assert_query(OPEN, "drift:hotfix-report 2");
        for (unsigned i = 0; i < 5; i++) {
                struct job *job = next(NULL);
                g_ptr_array_add(job->result.bulletin->tests, lab_test_new("x"));
                kit_commit(&kit, job, NULL);
        }
        ck_assert_query(HEALTH, "problem\nrecovered");
}
END_TEST

/* The first hundred never had it, the last thirty did; and that it stays away is no recovery. */
START_TEST(a_field_of_newer_bulletins_that_is_gone)
{
        for (unsigned i = 0; i < 130; i++) {
                struct job *job = history(next(NULL));
                if (i >= 100)
                        g_ptr_array_add(job->result.bulletin->tests, lab_test_new("x"));
                kit_commit(&kit, job, NULL);
        }
        clean(5);
        ck_assert_query(HEALTH, "");
        for (unsigned i = 0; i < 20; i++) {
                struct job *job = next(NULL);
                g_ptr_array_add(job->result.bulletin->tests, lab_test_new("x"));
                kit_commit(&kit, job, NULL);
        }
        clean(4);
        ck_assert_query(HEALTH, "");
        clean(1);
        ck_assert_query(HEALTH, "problem");
        clean(40);
        ck_assert_query(HEALTH, "problem");
        ck_assert_query(OPEN, "drift:hotfix-report 41");
        for (unsigned i = 0; i < 5; i++) {
                struct job *job = next(NULL);
                g_ptr_array_add(job->result.bulletin->tests, lab_test_new("x"));
                kit_commit(&kit, job, NULL);
        }
        ck_assert_query(HEALTH, "problem\nrecovered");
}
END_TEST

/* All fields but the one that the title line gives. */
START_TEST(a_title_line_that_is_gone)
{
        struct job *excerpt = next(NULL), *whole = next(NULL);
        excerpt->result.bulletin->edition[0] = whole->result.bulletin->edition[0] = '\0';
        excerpt->result.bulletin->registered[0] = excerpt->result.bulletin->updated[0] = '\0';
        kit_commit(&kit, excerpt, NULL);
        ck_assert_query(HEALTH, "");
        kit_commit(&kit, whole, NULL);
        ck_assert_query(HEADLINES, "[hotfixd] hotfix-report: labels missing: HotFix Alert:YYYY/MM/DD");
}
END_TEST

/* A bulletin whose weight is not known is still sent by every route, besides. */
START_TEST(the_bulletin_itself_is_sent)
{
        struct job *job = next("+重大度 -深刻度");
        bulletin_set_undetermined(job->result.bulletin, FIELD_SEVERITY, NULL, "no 深刻度");
        bulletin_set_undetermined(job->result.bulletin, FIELD_URGENCY, NULL, "no 対策");
        kit_commit(&kit, job, NULL);
        ck_assert_query("SELECT action FROM decision ORDER BY id", "new\nnew");
        ck_assert_query("SELECT kind || ' ' || channel FROM outbox ORDER BY id", "new log\nproblem health");
}
END_TEST

static struct job *news(const char *labels)
{
        struct job *job = next(labels);
        job->result.bulletin->kind = BULLETIN_NEWS;
        return job;
}

START_TEST(each_kind_has_its_own)
{
        kit_commit(&kit, news("+a"), NULL);
        ck_assert_query(OPEN, "drift:hotfix-report:news 1");
        clean(6);
        kit_commit(&kit, news(NULL), NULL);
        ck_assert_query(OPEN, "drift:hotfix-report:news 1");
        kit_commit(&kit, next("+a"), news(NULL), news(NULL), news(NULL), news(NULL), news(NULL), NULL);
        ck_assert_query(OPEN, "drift:hotfix-report 1");
}
END_TEST

/* --- mails that are not recognised --- */

static struct job *unrecognised(const char *from)
{
        struct job *job = next(NULL);
        g_free(job->result.bulletin->id);
        job->result.bulletin->id = NULL;
        job->result.bulletin->kind = BULLETIN_UNKNOWN;
        g_free(job->result.bulletin->mail.from);
        job->result.bulletin->mail.from = g_strdup(from);
        job->result.outcome = READER_UNRECOGNISED;
        job->result.reason = g_strdup("no feed knows it");
        label_report_clear(&job->result.labels);
        return job;
}

START_TEST(a_mail_of_the_publisher)
{
        clean(2);
        kit_commit(&kit, unrecognised("report@HOTFIX.example"), NULL); /* two bulletins do not make a publisher */
        ck_assert_query(HEALTH, "");
        clean(8);
        kit_commit(&kit, unrecognised("somebody@else.example"), unrecognised(NULL), unrecognised("no address"), NULL);
        kit_commit(&kit, history(unrecognised("report@hotfix.example")), NULL);
        ck_assert_query(HEALTH, "");
        kit_commit(&kit, unrecognised("\"HotFix\" <report@hotfix.example>"), NULL);
        ck_assert_query(HEALTH, "problem");
        ck_assert_query(HEADLINES, "[hotfixd] hotfix-report: a mail of the publisher is not recognised");
        kit_commit(&kit, unrecognised("report@hotfix.example"), NULL);
        ck_assert_query(HEALTH, "problem");
        clean(5);
        ck_assert_query(HEALTH, "problem\nrecovered");
}
END_TEST

/* What makes the sender a publisher is in the same transaction, and not yet stored. */
START_TEST(a_mail_of_the_publisher_behind_its_history)
{
        kit_commit(&kit, history(next(NULL)), history(next(NULL)), history(next(NULL)), unrecognised("report@hotfix.example"), NULL);
        ck_assert_query(HEALTH, "problem");
        ck_assert_query("SELECT bulletins || ' ' || others || ' ' || run FROM sender", "3 1 1");
        ck_assert_query("SELECT bulletins FROM fill_sum", "3");
}
END_TEST

/* --- where it goes --- */

START_TEST(without_a_health_channel)
{
        g_ptr_array_set_size(kit.config->channels, 1);
        kit_commit(&kit, next("+a"), NULL);
        ck_assert_query(OPEN, "drift:hotfix-report 1");
        ck_assert_query("SELECT kind FROM outbox", "new");
        /* Whoever sets one up later hears of the end, and of what begins then. */
        g_ptr_array_add(kit.config->channels, channel_new("health", CHANNEL_LOG));
        clean(5);
        ck_assert_query(HEALTH, "recovered");
        ck_assert_query("SELECT thread IS NULL FROM outbox WHERE channel = 'health'", "1");
}
END_TEST

START_TEST(the_route_says_where)
{
        kit.config->health_route = route_new("health");
        g_ptr_array_add(kit.config->health_route->channels, g_strdup("log"));
        g_ptr_array_add(kit.config->health_route->channels, g_strdup("gone"));
        kit_commit(&kit, next("+a"), NULL);
        ck_assert_query("SELECT channel FROM outbox WHERE kind = 'problem'", "log");
        ck_assert_query("SELECT count(*) FROM decision", "2"); /* and decides on no bulletin */
}
END_TEST

/* --- once and for all --- */

/* Killed at any moment, the condition and its message are there or neither is, and the same mail again ends alike. */
START_TEST(killed_anywhere)
{
        const struct timespec moment = { .tv_nsec = 300000L * _i };
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                struct kit own = kit;
                if (database_open(kit.config->database_file, DATABASE_WRITE, &own.db, NULL) < 0)
                        _exit(1);
                kit_commit(&own, next("+a"), NULL);
                _exit(0);
        }
        nanosleep(&moment, NULL);
        kill(pid, SIGKILL);
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        g_autofree char *counts = kit_query(kit.db, "SELECT (SELECT count(*) FROM mail) || ' ' || (SELECT count(*) FROM condition)"
                                                    " || ' ' || (SELECT count(*) FROM outbox WHERE channel = 'health')");
        ck_assert_msg(strcmp(counts, "0 0 0") == 0 || strcmp(counts, "1 1 1") == 0, "%s", counts);
        clock_set_for_test(1190000099000, 2000);
        kit_commit(&kit, next("+a"), NULL);
        ck_assert_query(OPEN, "drift:hotfix-report 1");
        ck_assert_query(HEALTH, "problem");
        ck_assert_query("SELECT bulletins FROM fill_sum", "1");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("drift_watch");
        TCase *tcase = tcase_create("drift");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, it_is_told_once_and_when_it_is_over);
        tcase_add_test(tcase, all_in_one_batch);
        tcase_add_test(tcase, history_is_counted_and_not_told);
        tcase_add_test(tcase, a_field_that_is_gone);
        tcase_add_test(tcase, a_field_of_newer_bulletins_that_is_gone);
        tcase_add_test(tcase, a_title_line_that_is_gone);
        tcase_add_test(tcase, the_bulletin_itself_is_sent);
        tcase_add_test(tcase, each_kind_has_its_own);
        tcase_add_test(tcase, a_mail_of_the_publisher);
        tcase_add_test(tcase, a_mail_of_the_publisher_behind_its_history);
        tcase_add_test(tcase, without_a_health_channel);
        tcase_add_test(tcase, the_route_says_where);
        tcase_add_loop_test(tcase, killed_anywhere, 0, 25);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
