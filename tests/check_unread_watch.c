/* SPDX-License-Identifier: MIT */
/* Mails that cannot be read: told once for each kind of failure, and when it is over. */
#include "daemon/unread_watch.h"

#include <string.h>

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
#define OPEN "SELECT name || ' ' || count FROM condition WHERE ended_ms IS NULL"

static struct job *bad(int code, const char *text)
{
        return kit_unreadable(&kit, code, text);
}

static void read_some(unsigned count)
{
        for (unsigned i = 0; i < count; i++) {
                g_autofree char *id = g_strdup_printf("MS08-%03u", ++number);
                struct job *job = kit_mail(&kit, id, "2008-01-15", "2008-01-15", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", id);
                g_strlcpy(job->result.bulletin->edition, "2008-01-15", BULLETIN_DATE_SIZE);
                kit_commit(&kit, job, NULL);
        }
}

START_TEST(each_kind_is_told_once)
{
        kit_commit(&kit, bad(-ERR_WORKER_TIMEOUT, "more than 2000 ms of processor time"), NULL);
        ck_assert_query(HEADLINES, "[hotfixd] a mail could not be read: the parser ran out of time");
        ck_assert_query("SELECT count(*) FROM quarantine", "1");
        kit_commit(&kit, bad(-ERR_WORKER_TIMEOUT, "more than 2000 ms of processor time, again"), NULL);
        ck_assert_query(HEALTH, "problem");
        kit_commit(&kit, bad(-ERR_WORKER_CRASHED, "signal 11"), NULL);
        ck_assert_query(HEALTH, "problem\nproblem");
        ck_assert_query(OPEN, "unread 3");
        read_some(UNREAD_CLEAN_RUN - 1);
        kit_commit(&kit, bad(-ERR_WORKER_CRASHED, "signal 6"), NULL); /* not over yet */
        read_some(UNREAD_CLEAN_RUN - 1);
        ck_assert_query(HEALTH, "problem\nproblem");
        read_some(1);
        ck_assert_query(HEALTH, "problem\nproblem\nrecovered");
        ck_assert_query(OPEN, "");
        read_some(UNREAD_CLEAN_RUN + 1);
        ck_assert_query(HEALTH, "problem\nproblem\nrecovered");
}
END_TEST

START_TEST(the_message_says_which_and_why)
{
        struct channel *channel = g_ptr_array_index(kit.config->channels, kit.config->channels->len - 1);
        channel->type = CHANNEL_SLACK;
        kit_commit(&kit, bad(-ERR_WORKER_TIMEOUT, "more than 2000 ms of processor time"), NULL);
        g_autofree char *payload = kit_query(kit.db, "SELECT payload FROM outbox WHERE channel = 'health'");
        static const char *const parts[] = { "more than 2000 ms of processor time", "imap:work, UID 1.", "1 (UID 1)",
                                             "hotfixctl quarantine list", "hotfixctl quarantine retry" };
        for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
                ck_assert_msg(strstr(payload, parts[i]) != NULL, "%s is not in %s", parts[i], payload);
}
END_TEST

/* What was there before, and what somebody imports or retries and sees the result of. */
START_TEST(only_what_arrives_is_told)
{
        struct job *old = bad(-ERR_WORKER_CRASHED, "old"), *import = bad(-ERR_WORKER_CRASHED, "import");
        old->history = true;
        g_clear_pointer(&import->mailbox, g_free);
        kit_commit(&kit, old, import, NULL);
        ck_assert_query("SELECT count(*) FROM quarantine", "2");
        ck_assert_query("SELECT count(*) FROM condition", "0");
        ck_assert_query(HEALTH, "");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("unread_watch");
        TCase *tcase = tcase_create("unread");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, each_kind_is_told_once);
        tcase_add_test(tcase, the_message_says_which_and_why);
        tcase_add_test(tcase, only_what_arrives_is_told);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
