/* SPDX-License-Identifier: MIT */
/* From parsed mails to rows, decisions, deliveries and the cursor, in one transaction. */
#include "daemon/pipeline.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/mails.h"
#include "store/outbox.h"
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

START_TEST(a_new_bulletin_is_decided_once_for_each_route)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "a"), NULL);
        ck_assert_query(DECISIONS, "ops new\nmail new");
        /* Both routes lead to one channel and say the same: one delivery, tied to both decisions. */
        ck_assert_query(DELIVERIES, "new log");
        ck_assert_query("SELECT count(*) FROM decision_delivery", "2");
        ck_assert_query("SELECT last_uid || ' ' || uid_validity FROM cursor", "1 7");
        ck_assert_query("SELECT synced_ms FROM cursor", "0");
}
END_TEST

START_TEST(a_duplicate_is_only_a_sighting)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "a"), NULL);
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "b"), NULL);
        ck_assert_query(DECISIONS, "ops new\nmail new");
        ck_assert_query("SELECT event FROM mail ORDER BY id", "first\nduplicate");
        /* The very same bytes again, under another UID: not even a mail. */
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "a"), NULL);
        ck_assert_query("SELECT count(*) FROM mail", "2");
        ck_assert_query("SELECT uid FROM sighting WHERE mail_id = 1 ORDER BY uid", "1\n3");
        ck_assert_query(DELIVERIES, "new log");
        ck_assert_query("SELECT last_uid FROM cursor", "3");
}
END_TEST

START_TEST(a_raising_revision_is_told_and_threaded)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-26", SEVERITY_IMPORTANT, URGENCY_EARLY, "題名", "a"), NULL);
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-10-02", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "b"), NULL);
        ck_assert_query(DECISIONS, "ops none\nmail new\nops raised\nmail raised");
        ck_assert_query(DELIVERIES, "new log\nraised log");
        ck_assert_query("SELECT thread IS NULL FROM outbox ORDER BY id", "1\n0");
        /* An earlier one arriving late changes nothing for anybody. */
        kit_commit(&kit, kit_mail(&kit, "MS07-904", "2007-09-26", "2007-09-27", SEVERITY_CRITICAL, URGENCY_IMMEDIATE, "x", "c"), NULL);
        ck_assert_query("SELECT event FROM mail WHERE id = 3", "earlier");
        ck_assert_query(DELIVERIES, "new log\nraised log");
        ck_assert_query("SELECT count(*) FROM decision WHERE action = 'none'", "3");
}
END_TEST

START_TEST(a_variant_that_does_not_rise_is_kept_and_not_told)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "a"), NULL);
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "別の題名", "b"), NULL);
        ck_assert_query("SELECT count(*) FROM variant", "2");
        ck_assert_query(DELIVERIES, "new log");
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_IMMEDIATE, "題名", "c"), NULL);
        ck_assert_query(DELIVERIES, "new log\nraised log");
}
END_TEST

START_TEST(undetermined_counts_as_above)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-906", "2007-10-10", "2007-10-10", 0, 0, "題名", "a"), NULL);
        ck_assert_query(DECISIONS, "ops new\nmail new");
        ck_assert_query("SELECT reason LIKE '%undetermined%' FROM decision", "1\n1");
}
END_TEST

START_TEST(history_is_summed_up_once)
{
        struct job *one = kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "a");
        struct job *two = kit_mail(&kit, "MS07-902", "2007-09-12", "2007-09-12", SEVERITY_LOW, URGENCY_WAIT, "題名", "b");
        one->history = two->history = true;
        one->cursor.history_uid = two->cursor.history_uid = 2;
        one->cursor.history_done = two->cursor.history_done = false;
        kit_commit(&kit, one, NULL);
        kit_commit(&kit, two, kit_mark(&kit, 2), NULL);
        ck_assert_query(DECISIONS, "ops none\nmail none\nops none\nmail none");
        ck_assert_query(DELIVERIES, "summary log");
        ck_assert_query("SELECT payload LIKE '%2 bulletins from mailbox work%' FROM outbox", "1");
        ck_assert_query("SELECT history_done || ' ' || last_uid || ' ' || (synced_ms > 0) FROM cursor", "1 2 1");
        /* A later pass, and one that believes the history undone (another mailbox name, same mails), add nothing. */
        kit_commit(&kit, kit_mark(&kit, 2), NULL);
        ck_assert_query(DELIVERIES, "summary log");
        /* What is critical as history and rises later is told. */
        kit_commit(&kit, kit_mail(&kit, "MS07-902", "2007-09-12", "2007-10-12", SEVERITY_CRITICAL, URGENCY_WAIT, "題名", "c"), NULL);
        ck_assert_query(DELIVERIES, "summary log\nraised log");
}
END_TEST

/* A transaction that failed is tried again with the very same jobs. */
START_TEST(the_summary_survives_a_failed_commit)
{
        struct job *mail = kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "a");
        mail->history = true;
        mail->cursor.history_uid = 1;
        mail->cursor.history_done = false;
        g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify) job_free);
        g_ptr_array_add(jobs, mail);
        g_ptr_array_add(jobs, kit_mark(&kit, 1));
        ck_assert_int_eq(database_execute(kit.db, "CREATE TRIGGER refuse BEFORE INSERT ON cursor"
                                          " BEGIN SELECT raise(ABORT, 'refused by the test'); END", NULL), 0);
        ck_assert_int_lt(pipeline_commit(kit.db, kit.config, jobs, NULL, NULL), 0);
        ck_assert_query(DELIVERIES, "");
        ck_assert_int_eq(database_execute(kit.db, "DROP TRIGGER refuse", NULL), 0);
        ck_assert_int_eq(pipeline_commit(kit.db, kit.config, jobs, NULL, NULL), 0);
        ck_assert_query(DELIVERIES, "summary log");
        ck_assert_query("SELECT history_done FROM cursor", "1");
        ck_assert(((struct job *) g_ptr_array_index(jobs, 1))->cursor.history_done);
}
END_TEST

/* By channel, whether or not the configuration still has it. */
START_TEST(what_waits_is_counted)
{
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "x", "a"),
                   kit_mail(&kit, "MS07-902", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "x", "b"), NULL);
        ck_assert_int_eq(database_execute(kit.db, "UPDATE outbox SET channel = 'gone' WHERE id = 1", NULL), 0);
        ck_assert_int_eq(database_execute(kit.db, "INSERT INTO outbox (identity, channel, kind, payload, state, attempts, created_ms,"
                                          " next_ms, sent_ms) SELECT 'sent', 'gone', kind, payload, 1, 1, 1, 1, 1 FROM outbox"
                                          " WHERE id = 1", NULL), 0);
        GPtrArray *waiting;
        ck_assert_int_eq(outbox_waiting(kit.db, &waiting, NULL), 0);
        ck_assert_uint_eq(waiting->len, 2);
        const struct outbox_waiting *gone = g_ptr_array_index(waiting, 0), *here = g_ptr_array_index(waiting, 1);
        ck_assert_str_eq(gone->channel, "gone");
        ck_assert_int_eq(gone->count, 1);
        ck_assert_str_eq(here->channel, "log");
        ck_assert_int_eq(here->count, 1);
        g_ptr_array_unref(waiting);
}
END_TEST

static bool is_over(void *context)
{
        ++*(int *) context;
        return true;
}

START_TEST(a_wait_for_a_lock_can_be_ended)
{
        struct database *other;
        int asked = 0;
        ck_assert_int_eq(database_open(kit.config->database_file, DATABASE_WRITE, &other, NULL), 0);
        database_set_stop(other, is_over, &asked);
        ck_assert_int_eq(database_begin(kit.db, NULL), 0);
        ck_assert_int_eq(database_begin(other, NULL), -ERR_STORE_BUSY);
        ck_assert_int_eq(asked, 1); /* and not for ten seconds */
        database_rollback(kit.db);
        ck_assert_int_eq(database_begin(other, NULL), 0);
        database_rollback(other);
        database_close(other);
}
END_TEST

START_TEST(an_empty_mailbox_needs_no_summary)
{
        kit_commit(&kit, kit_mark(&kit, 0), NULL);
        ck_assert_query(DELIVERIES, "");
        ck_assert_query("SELECT history_done FROM cursor", "1");
}
END_TEST

START_TEST(a_broken_pass_is_not_a_sync)
{
        struct job *mark = kit_mark(&kit, 0);
        mark->complete = true;
        kit_commit(&kit, mark, NULL);
        mark = kit_mark(&kit, 0);
        mark->complete = false;
        mark->cursor.last_uid = 9;
        kit_commit(&kit, mark, NULL);
        ck_assert_query("SELECT last_uid || ' ' || synced_ms FROM cursor", "9 1190000000000");
}
END_TEST

START_TEST(what_cannot_be_read_is_quarantined_with_its_bytes)
{
        struct job *refused = kit_mail(&kit, "MS07-907", "2007-10-10", "2007-10-10", 1, 1, "x", "a");
        reader_result_clear(&refused->result);
        refused->result = (struct reader_result) { .outcome = READER_REFUSED, .reason = g_strdup("nested deeper than 32") };
        struct job *oversize = kit_unreadable(&kit, 0, "the beginning");
        oversize->oversize_bytes = 99000000;
        struct job *unknown = kit_mail(&kit, "x", "", "", 0, 0, "news", "b");
        g_clear_pointer(&unknown->result.archive_name, g_free);
        unknown->result.outcome = READER_UNRECOGNISED;
        unknown->result.reason = g_strdup("no feed");
        kit_commit(&kit, kit_unreadable(&kit, -ERR_WORKER_CRASHED, "the parser crashed (signal 11)"), refused, oversize, unknown,
                   kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "題名", "a"), NULL);
        ck_assert_query("SELECT outcome FROM mail ORDER BY id", "2\n2\n2\n1\n0");
        ck_assert_query("SELECT reason FROM quarantine WHERE mail_id < 3 ORDER BY mail_id",
                        "the parser crashed (signal 11)\nnested deeper than 32");
        ck_assert_query("SELECT reason LIKE 'oversize: 99000000 bytes%' FROM quarantine WHERE mail_id = 3", "1");
        char *data;
        size_t size;
        ck_assert_int_eq(mails_read(kit.db, 1, &data, &size, NULL), 0);
        ck_assert_str_eq(data, "bytes of the parser crashed (signal 11)");
        g_free(data);
        ck_assert_query(DELIVERIES, "new log"); /* the mail behind them got through */
}
END_TEST

/* A transaction that fails leaves nothing, not even the mail of the job before. */
START_TEST(all_or_nothing)
{
        g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify) job_free);
        g_ptr_array_add(jobs, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "x", "a"));
        g_ptr_array_add(jobs, kit_mail(&kit, "MS07-902", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "x", "b"));
        ck_assert_int_eq(database_execute(kit.db, "CREATE TRIGGER refuse BEFORE INSERT ON bulletin WHEN new.key LIKE '%902%'"
                                          " BEGIN SELECT raise(ABORT, 'refused by the test'); END", NULL), 0);
        struct error err = ERROR_INIT;
        ck_assert_int_lt(pipeline_commit(kit.db, kit.config, jobs, NULL, &err), 0);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "imap:work UID 2"));
        error_clear(&err);
        ck_assert_query("SELECT (SELECT count(*) FROM mail) + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM cursor)", "0");
}
END_TEST

/* Killed at any moment of the work, the database holds all of a transaction or nothing of it, and the same jobs again
 * lead to the same end. */
START_TEST(killed_anywhere)
{
        const struct timespec moment = { .tv_nsec = 200000L * _i };
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                struct kit own = kit;
                if (database_open(kit.config->database_file, DATABASE_WRITE, &own.db, NULL) < 0)
                        _exit(1);
                kit_commit(&own, kit_mail(&own, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "x", "a"),
                           kit_mail(&own, "MS07-902", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "x", "b"), NULL);
                _exit(0);
        }
        nanosleep(&moment, NULL);
        kill(pid, SIGKILL);
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        g_autofree char *counts = kit_query(kit.db, "SELECT (SELECT count(*) FROM mail) || ' ' || (SELECT count(*) FROM decision)"
                                                    " || ' ' || (SELECT count(*) FROM outbox) || ' ' || (SELECT count(*) FROM cursor)");
        ck_assert_msg(strcmp(counts, "0 0 0 0") == 0 || strcmp(counts, "2 4 2 1") == 0, "%s", counts);
        kit_commit(&kit, kit_mail(&kit, "MS07-901", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "x", "a"),
                   kit_mail(&kit, "MS07-902", "2007-09-12", "2007-09-12", SEVERITY_CRITICAL, URGENCY_EARLY, "x", "b"), NULL);
        ck_assert_query("SELECT (SELECT count(*) FROM mail) || ' ' || (SELECT count(*) FROM decision) || ' ' ||"
                        " (SELECT count(*) FROM outbox) || ' ' || (SELECT count(*) FROM sighting)", "2 4 2 2");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("pipeline");
        TCase *tests = tcase_create("commit");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, a_new_bulletin_is_decided_once_for_each_route);
        tcase_add_test(tests, a_duplicate_is_only_a_sighting);
        tcase_add_test(tests, a_raising_revision_is_told_and_threaded);
        tcase_add_test(tests, a_variant_that_does_not_rise_is_kept_and_not_told);
        tcase_add_test(tests, undetermined_counts_as_above);
        tcase_add_test(tests, history_is_summed_up_once);
        tcase_add_test(tests, the_summary_survives_a_failed_commit);
        tcase_add_test(tests, what_waits_is_counted);
        tcase_add_test(tests, a_wait_for_a_lock_can_be_ended);
        tcase_add_test(tests, an_empty_mailbox_needs_no_summary);
        tcase_add_test(tests, a_broken_pass_is_not_a_sync);
        tcase_add_test(tests, what_cannot_be_read_is_quarantined_with_its_bytes);
        tcase_add_test(tests, all_or_nothing);
        tcase_add_loop_test(tests, killed_anywhere, 0, 40);
        suite_add_tcase(s, tests);
        return s;
}

int main(void)
{
        return support_run(suite());
}
