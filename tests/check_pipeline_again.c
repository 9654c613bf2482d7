/* SPDX-License-Identifier: MIT */
/* Mails on record that are read again, were fetched again, or are met again by an import. */
#include <string.h>

#include "daemon/pipeline.h"
#include "store/mails.h"
#include "store/refetch.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

static struct kit kit;

static void setup(void)
{
        kit_open(&kit);
}

static void teardown(void)
{
        kit_close(&kit);
}

#define DECISIONS "SELECT route || ' ' || action FROM decision ORDER BY id"
#define DELIVERIES "SELECT kind || ' ' || channel FROM outbox ORDER BY id"
#define MAILS "SELECT id || ' ' || outcome || ' ' || coalesce(event, reason, '') FROM mail ORDER BY id"

static struct job *critical(const char *salt)
{
        return kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", salt);
}

/* What the worker made of the same bytes before. */
static struct job *as_unreadable(struct job *job)
{
        reader_result_clear(&job->result);
        job->result = (struct reader_result) { .outcome = READER_REFUSED, .reason = g_strdup("too deep") };
        return job;
}

static struct job *as_unrecognised(struct job *job)
{
        g_clear_pointer(&job->result.archive_name, g_free);
        job->result.outcome = READER_UNRECOGNISED;
        job->result.reason = g_strdup("no feed");
        return job;
}

/* As 'quarantine retry' puts it. */
static struct job *again(struct job *job, int64_t mail_id, bool history)
{
        g_clear_pointer(&job->mailbox, g_free);
        g_clear_pointer(&job->location, g_free);
        job->uid = 0;
        job->again_mail_id = mail_id;
        job->history = history;
        return job;
}

static struct job *imported(struct job *job, const char *path)
{
        job = again(job, 0, true);
        g_free(job->source);
        job->source = g_strdup_printf("import:%s", path);
        return job;
}

START_TEST(from_quarantine_to_a_bulletin)
{
        kit_commit(&kit, as_unreadable(critical("a")), NULL);
        ck_assert_query(MAILS, "1 2 too deep");
        ck_assert_query("SELECT count(*) FROM mail WHERE subject IS NULL", "1");
        kit_commit(&kit, again(as_unreadable(critical("a")), 1, false), NULL);
        ck_assert_query("SELECT attempts || ' ' || reason FROM quarantine", "2 too deep");
        kit_commit(&kit, again(critical("a"), 1, false), NULL);
        ck_assert_query(MAILS, "1 0 first");
        ck_assert_query("SELECT count(*) FROM quarantine", "0");
        ck_assert_query("SELECT subject FROM mail", "MS07-901"); /* which is known only now */
        ck_assert_query(DECISIONS, "ops new\nmail new");
        ck_assert_query(DELIVERIES, "new log");
        ck_assert_query("SELECT source || ' ' || uid FROM sighting", "imap:work 1"); /* it was seen nowhere else */
        ck_assert_query("SELECT last_uid FROM cursor", "1");
        /* And once more: it is settled. */
        kit_commit(&kit, again(critical("a"), 1, false), NULL);
        kit_commit(&kit, again(as_unreadable(critical("a")), 1, false), NULL);
        ck_assert_query(MAILS, "1 0 first");
        ck_assert_query(DECISIONS, "ops new\nmail new");
}
END_TEST

START_TEST(what_was_history_stays_history)
{
        struct job *old = as_unreadable(critical("a"));
        old->history = true;
        kit_commit(&kit, old, NULL);
        kit_commit(&kit, again(critical("a"), 1, true), NULL);
        ck_assert_query(MAILS, "1 0 first");
        ck_assert_query(DECISIONS, "ops none\nmail none");
        ck_assert_query(DELIVERIES, "");
        ck_assert_query("SELECT count(*) FROM import_todo", "0"); /* no summary of one mail */
}
END_TEST

START_TEST(from_unrecognised_to_a_bulletin)
{
        kit_commit(&kit, as_unrecognised(critical("a")), NULL);
        kit_commit(&kit, again(as_unrecognised(critical("a")), 1, false), NULL);
        ck_assert_query(MAILS, "1 1 no feed");
        ck_assert_query("SELECT count(*) FROM quarantine", "0");
        kit_commit(&kit, again(critical("a"), 1, false), NULL);
        ck_assert_query(MAILS, "1 0 first");
        ck_assert_query(DELIVERIES, "new log");
}
END_TEST

START_TEST(from_quarantine_to_unrecognised_and_back)
{
        kit_commit(&kit, as_unreadable(critical("a")), NULL);
        kit_commit(&kit, again(as_unrecognised(critical("a")), 1, false), NULL);
        ck_assert_query(MAILS, "1 1 no feed");
        ck_assert_query("SELECT count(*) FROM quarantine", "0");
        kit_commit(&kit, again(as_unreadable(critical("a")), 1, false), NULL);
        ck_assert_query(MAILS, "1 2 too deep");
        ck_assert_query("SELECT attempts FROM quarantine", "1");
}
END_TEST

/* A sender's mails are counted when they come, however often they are read. */
START_TEST(it_is_no_second_mail_of_its_sender)
{
        struct job *good = critical("a");
        good->result.bulletin->mail.from = g_strdup("publisher@example.com");
        kit_commit(&kit, good, NULL);
        for (int i = 0; i < 3; i++) {
                struct job *other = as_unrecognised(critical("b"));
                other->result.bulletin->mail.from = g_strdup("publisher@example.com");
                kit_commit(&kit, i == 0 ? other : again(other, 2, false), NULL);
        }
        ck_assert_query("SELECT address || ' ' || bulletins || ' ' || others FROM sender", "publisher@example.com 1 1");
}
END_TEST

static void ask(int64_t mail_id)
{
        unsigned places;
        struct error err = ERROR_INIT;
        ck_assert_msg(refetch_ask(kit.db, mail_id, 1, &places, &err) == 0, "%s", error_text(&err));
}

/* As a mailbox session does it: under the UID of the one of which only the beginning is there. */
static struct job *fetched(struct job *job, guint32 uid, int64_t mail_id)
{
        job->uid = uid;
        job->cursor.last_uid = kit.last_uid = 1;
        job->again_mail_id = mail_id;
        return job;
}

static void store_beginning(void)
{
        struct job *beginning = kit_unreadable(&kit, 0, "the beginning");
        beginning->oversize_bytes = 99000000;
        kit_commit(&kit, beginning, NULL);
}

START_TEST(the_whole_replaces_its_beginning)
{
        store_beginning();
        ask(1);
        kit_commit(&kit, fetched(critical("whole"), 1, 1), NULL);
        ck_assert_query(MAILS, "1 3 fetched again as mail 2\n2 0 first");
        ck_assert_query("SELECT (SELECT count(*) FROM quarantine) || ' ' || (SELECT count(*) FROM refetch)", "0 0");
        ck_assert_query("SELECT mail_id || ' ' || uid FROM sighting ORDER BY mail_id", "1 1\n2 1");
        ck_assert_query("SELECT last_uid FROM cursor", "1");
        ck_assert_query(DELIVERIES, "new log");
}
END_TEST

/* It was in another folder too, or was fetched twice. */
START_TEST(the_whole_is_known_already)
{
        store_beginning();
        kit_commit(&kit, critical("whole"), NULL);
        ask(1);
        kit_commit(&kit, fetched(critical("whole"), 1, 1), NULL);
        ck_assert_query(MAILS, "1 3 fetched again as mail 2\n2 0 first");
        ck_assert_query("SELECT count(*) FROM refetch", "0");
        ck_assert_query(DELIVERIES, "new log");
}
END_TEST

/* The server had announced more than there is. */
START_TEST(the_beginning_was_all)
{
        struct job *beginning = critical("all");
        reader_result_clear(&beginning->result);
        beginning->result = (struct reader_result) { .outcome = READER_REFUSED };
        beginning->oversize_bytes = 99000000;
        kit_commit(&kit, beginning, NULL);
        ask(1);
        kit_commit(&kit, fetched(critical("all"), 1, 1), NULL);
        ck_assert_query(MAILS, "1 0 first");
        ck_assert_query("SELECT (SELECT count(*) FROM quarantine) || ' ' || (SELECT count(*) FROM refetch)", "0 0");
        ck_assert_query(DELIVERIES, "new log");
}
END_TEST

/* It cannot be read as a whole either. */
START_TEST(the_whole_goes_to_quarantine)
{
        store_beginning();
        ask(1);
        kit_commit(&kit, fetched(as_unreadable(critical("whole")), 1, 1), NULL);
        ck_assert_query(MAILS, "1 3 fetched again as mail 2\n2 2 too deep");
        ck_assert_query("SELECT mail_id FROM quarantine", "2");
}
END_TEST

START_TEST(a_known_mail_needs_no_bytes)
{
        kit_commit(&kit, imported(critical("a"), "/old"), NULL);
        struct job *known = job_new(JOB_MAIL);
        known->known_mail_id = 1;
        known = imported(known, "/older");
        kit_commit(&kit, known, NULL);
        ck_assert_query(MAILS, "1 0 first");
        ck_assert_query("SELECT source FROM sighting ORDER BY id", "import:/old\nimport:/older");
        ck_assert_query("SELECT count(*) FROM decision", "2");
}
END_TEST

START_TEST(one_summary_of_all_imports_that_broke_off)
{
        struct error err = ERROR_INIT;
        kit_commit(&kit, imported(critical("a"), "/old"), NULL);
        kit_commit(&kit, imported(critical("b"), "/old"), NULL); /* a duplicate */
        kit_commit(&kit, imported(kit_mail(&kit, "MS07-902", "2007-09-12", "2007-09-12", SEVERITY_LOW, URGENCY_WAIT, "x", "c"), "/old"), NULL);
        ck_assert_query("SELECT bulletin_id FROM import_todo", "1\n2");
        ck_assert_query(DELIVERIES, "");
        ck_assert_int_eq(database_execute(kit.db, "CREATE TRIGGER refuse BEFORE DELETE ON import_todo"
                                          " BEGIN SELECT raise(ABORT, 'refused by the test'); END", NULL), 0);
        ck_assert_int_lt(pipeline_summarise_import(kit.db, kit.config, "import:/old", NULL), 0);
        ck_assert_query(DELIVERIES, "");
        ck_assert_int_eq(database_execute(kit.db, "DROP TRIGGER refuse", NULL), 0);
        ck_assert_msg(pipeline_summarise_import(kit.db, kit.config, "import:/old", &err) == 0, "%s", error_text(&err));
        ck_assert_query(DELIVERIES, "summary log");
        ck_assert_query("SELECT payload LIKE '%2 bulletins from an import of /old%' FROM outbox", "1");
        ck_assert_msg(pipeline_summarise_import(kit.db, kit.config, "import:/old", &err) == 0, "%s", error_text(&err));
        ck_assert_query(DELIVERIES, "summary log");
        ck_assert_query("SELECT count(*) FROM import_todo", "0");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("pipeline_again");
        TCase *tests = tcase_create("again");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, from_quarantine_to_a_bulletin);
        tcase_add_test(tests, what_was_history_stays_history);
        tcase_add_test(tests, from_unrecognised_to_a_bulletin);
        tcase_add_test(tests, from_quarantine_to_unrecognised_and_back);
        tcase_add_test(tests, it_is_no_second_mail_of_its_sender);
        tcase_add_test(tests, the_whole_replaces_its_beginning);
        tcase_add_test(tests, the_whole_is_known_already);
        tcase_add_test(tests, the_beginning_was_all);
        tcase_add_test(tests, the_whole_goes_to_quarantine);
        tcase_add_test(tests, a_known_mail_needs_no_bytes);
        tcase_add_test(tests, one_summary_of_all_imports_that_broke_off);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
