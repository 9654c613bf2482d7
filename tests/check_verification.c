/* SPDX-License-Identifier: MIT */
/* Mails whose sender is not verified: kept apart, never told, and told of when they are all there is. */
#include "daemon/verification.h"

#include <string.h>

#include "store/archive.h"
#include "store/bulletins.h"
#include "store/mails.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

#define GOOD "mx.company.example; dkim=pass header.d=hotfix.example"
#define BAD "mx.company.example; dkim=none"

static struct kit kit;
static struct config_mailbox mailbox;
static unsigned salt;

static void setup(void)
{
        kit_open(&kit);
        g_ptr_array_add(kit.config->channels, channel_new("health", CHANNEL_LOG));
        mailbox = (struct config_mailbox){
                .name = (char *) "work",
                .authenticity = { .require = AUTHENTICATION_DKIM, .authserv_id = (char *) "mx.company.example" },
        };
        g_ptr_array_add(kit.config->mailboxes, &mailbox);
        salt = 0;
}

static void teardown(void)
{
        kit_close(&kit);
}

static struct job *with_results(struct job *job, const char *results)
{
        struct authentication_report *report = &job->result.authentication;
        report->from = AUTHENTICATION_FROM_ONE;
        report->from_local = g_strdup("report");
        report->from_domain = g_strdup("hotfix.example");
        report->fields = g_ptr_array_new_with_free_func((GDestroyNotify) authentication_field_free);
        g_ptr_array_add(report->fields, authentication_field_parse(results, strlen(results)));
        return job;
}

static struct job *mail_of(const char *id, const char *updated, int severity, const char *title, const char *results)
{
        g_autofree char *text = g_strdup_printf("%u", ++salt);
        struct job *job = kit_mail(&kit, id, "2007-05-11", updated, severity, URGENCY_IMMEDIATE, title, text);
        g_strlcpy(job->result.bulletin->edition, updated, BULLETIN_DATE_SIZE);
        return with_results(job, results);
}

static struct job *real(const char *updated, int severity)
{
        return mail_of("MS07-028", updated, severity, "題名", GOOD);
}

static struct job *forged(const char *updated, int severity)
{
        return mail_of("MS07-028", updated, severity, "題名", BAD);
}

#define SENT "SELECT kind || ' ' || bulletin_id FROM outbox WHERE channel = 'log' ORDER BY id"
#define HEALTH "SELECT kind FROM outbox WHERE channel = 'health' ORDER BY id"
#define BULLETINS "SELECT key || ' ' || unverified || ' ' || severity || ' ' || archive_name FROM bulletin ORDER BY key"
#define REAL_ROW "MS07-028 0 4 alert/2007/ms07-028"
#define FORGED_ROW(severity) "unverified:MS07-028 1 " severity " unverified/alert/2007/ms07-028"

START_TEST(a_forgery_first)
{
        kit_commit(&kit, forged("2007-05-11", SEVERITY_CRITICAL), NULL);
        ck_assert_query(SENT, "");
        ck_assert_query("SELECT route || ': ' || action || ': ' || reason FROM decision ORDER BY id",
                        "ops: none: sender not verified: mx.company.example says dkim=none\n"
                        "mail: none: sender not verified: mx.company.example says dkim=none");
        ck_assert_query("SELECT unverified FROM mail", "mx.company.example says dkim=none");
        ck_assert_query("SELECT count(*) FROM route_state", "0");
        /* The very same content with a good sender is new. */
        kit_commit(&kit, real("2007-05-11", SEVERITY_CRITICAL), NULL);
        ck_assert_query("SELECT event FROM mail ORDER BY id", "first\nfirst");
        ck_assert_query(SENT, "new 2");
        ck_assert_query(BULLETINS, REAL_ROW "\n" FORGED_ROW("4"));
        ck_assert_query("SELECT count(*) FROM mail WHERE unverified IS NULL", "1");
}
END_TEST

/* Neither a later revision that plays it down, nor an earlier date, nor other content under the same dates. */
START_TEST(a_forgery_afterwards)
{
        kit_commit(&kit, real("2007-05-11", SEVERITY_CRITICAL), NULL);
        ck_assert_query(SENT, "new 1");
        static const char *const dates[] = { "2007-05-12", "2007-05-10", "2007-05-11", "2007-05-11", "" };
        static const int severities[] = { SEVERITY_LOW, SEVERITY_LOW, SEVERITY_LOW, SEVERITY_CRITICAL, SEVERITY_CRITICAL };
        for (gsize i = 0; i < G_N_ELEMENTS(dates); i++)
                kit_commit(&kit, forged(dates[i], severities[i]), NULL);
        ck_assert_query(SENT, "new 1");
        ck_assert_query(BULLETINS, REAL_ROW "\n" FORGED_ROW("1"));
        ck_assert_query("SELECT count(*) FROM revision WHERE bulletin_id = 1", "1");
        ck_assert_query("SELECT event FROM mail ORDER BY id", "first\nfirst\nearlier\nearlier\nvariant\nearlier");
        ck_assert_query("SELECT count(*) FROM decision WHERE bulletin_id = 2 AND reason NOT LIKE 'sender not verified: %'", "0");
        kit_commit(&kit, real("2007-05-12", SEVERITY_LOW), NULL); /* the real one is still told: it is above for one route */
        ck_assert_query("SELECT kind FROM outbox WHERE channel = 'log' ORDER BY id", "new\nupdated");
        /* And sent again, a forgery is a duplicate among its like. */
        kit_commit(&kit, forged("2007-05-12", SEVERITY_LOW), NULL);
        ck_assert_query("SELECT event FROM mail ORDER BY id DESC LIMIT 1", "duplicate");
}
END_TEST

START_TEST(look_ups_prefer_the_verified_one)
{
        struct error err = ERROR_INIT;
        struct bulletin_row *row;
        char *key = NULL;
        kit_commit(&kit, forged("2007-05-11", SEVERITY_CRITICAL), NULL);
        ck_assert_int_eq(bulletins_find(kit.db, "ms07-028", &row, &err), 0);
        ck_assert(row->unverified);
        ck_assert_int_eq(bulletins_unverified_key(kit.db, row, &key, &err), 0);
        ck_assert_ptr_null(key);
        bulletin_row_free(row);
        kit_commit(&kit, real("2007-05-10", SEVERITY_LOW), NULL);
        static const char *const names[] = { "ms07-028", "MS07-028", "hotfix-report:MS07-028" };
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
                ck_assert_int_eq(bulletins_find(kit.db, names[i], &row, &err), 0);
                ck_assert(!row->unverified);
                ck_assert_int_eq(bulletins_unverified_key(kit.db, row, &key, &err), 0);
                ck_assert_str_eq(key, "unverified:MS07-028");
                g_clear_pointer(&key, g_free);
                bulletin_row_free(row);
        }
        ck_assert_int_eq(bulletins_find(kit.db, "unverified:ms07-028", &row, &err), 0);
        ck_assert(row->unverified);
        bulletin_row_free(row);
        static const struct { enum bulletin_trust trust; guint count; } lists[] = {
                { BULLETINS_ALL, 2 }, { BULLETINS_VERIFIED, 1 }, { BULLETINS_UNVERIFIED, 1 },
        };
        for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
                struct bulletin_filter filter = { .kind = -1, .trust = lists[i].trust };
                GPtrArray *rows;
                ck_assert_int_eq(bulletins_list(kit.db, &filter, &rows, &err), 0);
                ck_assert_uint_eq(rows->len, lists[i].count);
                g_ptr_array_unref(rows);
        }
        int64_t bulletins, revisions, unverified, mails;
        ck_assert_int_eq(bulletins_count(kit.db, &bulletins, &revisions, &err), 0);
        ck_assert_int_eq(bulletins_count_unverified(kit.db, &unverified, &err), 0);
        ck_assert_int_eq(mails_count_unverified(kit.db, &mails, &err), 0);
        ck_assert_int_eq(bulletins * 1000 + revisions * 100 + unverified * 10 + mails, 1111);
}
END_TEST

static void assert_file(const char *name, const char *part, bool there)
{
        g_autofree char *path = g_build_filename(kit.config->archive_dir, name, NULL);
        g_autofree char *text = support_read_file(path, NULL);
        ck_assert_msg((strstr(text, part) != NULL) == there, "%s: \"%s\" is %sthere", name, part, there ? "not " : "");
}

START_TEST(the_archive_keeps_them_apart)
{
        struct error err = ERROR_INIT;
        unsigned written, removed;
        kit_commit(&kit, forged("2007-05-12", SEVERITY_LOW), real("2007-05-11", SEVERITY_CRITICAL), NULL);
        ck_assert_int_eq(archive_update(kit.db, kit.config->archive_dir, NULL, NULL, NULL, &err), 0);
        assert_file("unverified/alert/2007/ms07-028.html", "<strong>Unverified.</strong>", true);
        assert_file("unverified/alert/2007/ms07-028.html", "<title>[unverified] MS07-028", true);
        assert_file("unverified/alert/2007/ms07-028.html", "mx.company.example says dkim=none", true);
        assert_file("unverified/alert/2007/ms07-028.html", "href=\"../../../index.html\"", true);
        assert_file("unverified/alert/2007/ms07-028.json", "\"verified\": false", true);
        assert_file("alert/2007/ms07-028.html", "nverified", false);
        assert_file("alert/2007/ms07-028.json", "verified", false);
        assert_file("index.html", "<p class=\"soft\">1 bulletin</p>", true);
        assert_file("index.html", "<h2>Unverified</h2>", true);
        assert_file("index.html", "href=\"unverified/alert/2007/ms07-028.html\"", true);
        g_autofree char *stray = g_build_filename(kit.config->archive_dir, "unverified/alert/2007/stray.html", NULL);
        ck_assert(g_file_set_contents(stray, "x", 1, NULL));
        ck_assert_int_eq(archive_rebuild(kit.db, kit.config->archive_dir, NULL, NULL, &written, &removed, &err), 0);
        ck_assert_uint_eq(written * 10 + removed, 21);
        assert_file("unverified/alert/2007/ms07-028.html", "<strong>Unverified.</strong>", true);
}
END_TEST

/* What anybody can send neither opens nor ends what is said of the feed, nor counts as it. */
START_TEST(nothing_is_learned_from_them)
{
        kit_commit(&kit, kit_unreadable(&kit, -ERR_WORKER_CRASHED, "signal 11"), NULL);
        ck_assert_query("SELECT name || good FROM condition", "unread0");
        for (unsigned i = 0; i < 30; i++) {
                struct job *job = forged("2007-05-11", SEVERITY_CRITICAL);
                label_report_init(&job->result.labels);
                label_report_add_unknown(&job->result.labels, "知らない");
                kit_commit(&kit, job, NULL);
        }
        ck_assert_query("SELECT count(*) FROM fill", "0");
        ck_assert_query("SELECT count(*) FROM unknown_label", "0");
        ck_assert_query("SELECT count(*) FROM sender", "0");
        ck_assert_query("SELECT name || good FROM condition WHERE name NOT LIKE 'unverified%'", "unread0");
}
END_TEST

static struct job *letter_from(const char *sender)
{
        struct job *letter = forged("2007-05-11", SEVERITY_CRITICAL);
        letter->result.bulletin->mail.from = g_strdup(sender);
        letter->result.outcome = READER_UNRECOGNISED;
        letter->result.reason = g_strdup("no feed recognises the text");
        g_clear_pointer(&letter->result.archive_name, g_free);
        return letter;
}

/* A letter in the publisher's name: it would look as if the publisher had changed the format. */
START_TEST(letters_are_not_the_publishers)
{
        static const char sender[] = "HotFix Report <report@hotfix.example>";
        for (unsigned i = 0; i < 5; i++) {
                g_autofree char *id = g_strdup_printf("MS08-%03u", i);
                struct job *job = mail_of(id, "2008-01-15", SEVERITY_CRITICAL, id, GOOD);
                job->result.bulletin->mail.from = g_strdup(sender);
                kit_commit(&kit, job, NULL);
        }
        for (unsigned i = 0; i < 5; i++)
                kit_commit(&kit, letter_from(sender), NULL);
        ck_assert_query("SELECT count(*) FROM mail WHERE outcome = 1 AND unverified IS NOT NULL", "5");
        ck_assert_query("SELECT bulletins || ' ' || others || ' ' || run FROM sender", "5 0 0");
        ck_assert_query("SELECT count(*) FROM condition", "0");
        /* But if there is nothing else any more, the publisher may have changed everything. */
        for (unsigned i = 5; i < VERIFICATION_LETTERS + 2; i++) {
                ck_assert_query(HEALTH, i < VERIFICATION_LETTERS ? "" : "problem");
                kit_commit(&kit, letter_from(sender), NULL);
        }
        kit_commit(&kit, letter_from("somebody@else.example"), NULL); /* who is no publisher */
        ck_assert_query("SELECT verified || ' ' || unverified || ' ' || run FROM verification", "5 12 12");
        ck_assert_query("SELECT name FROM condition", "unverified:work:hotfix-report");
        ck_assert_query("SELECT bulletins || ' ' || others || ' ' || run FROM sender", "5 0 0");
}
END_TEST

/* The bulletin that makes the sender a publisher is in the same transaction, and not yet stored. */
START_TEST(a_letter_behind_the_first_bulletin)
{
        static const char sender[] = "HotFix Report <report@hotfix.example>";
        struct job *job = real("2007-05-11", SEVERITY_CRITICAL);
        job->history = true;
        job->result.bulletin->mail.from = g_strdup(sender);
        kit_commit(&kit, job, letter_from(sender), NULL);
        ck_assert_query("SELECT verified || ' ' || unverified || ' ' || run FROM verification", "1 1 1");
}
END_TEST

static void commit_many(unsigned count, const char *results, bool history)
{
        for (unsigned i = 0; i < count; i++) {
                g_autofree char *id = g_strdup_printf("MS08-%03u", ++salt);
                struct job *job = mail_of(id, "2008-01-15", SEVERITY_CRITICAL, id, results);
                job->history = history;
                kit_commit(&kit, job, NULL);
        }
}

#define MISSING "other.example; dkim=pass header.d=hotfix.example"

/* The border stops writing its field: every bulletin is missed, and somebody must know. */
START_TEST(a_run_is_told_once)
{
        commit_many(5, GOOD, false);
        commit_many(VERIFICATION_RUN - 1, BAD, false);
        commit_many(1, GOOD, false);
        commit_many(VERIFICATION_RUN - 1, BAD, false);
        ck_assert_query(HEALTH, "");
        commit_many(1, BAD, false);
        ck_assert_query(HEALTH, "problem");
        ck_assert_query("SELECT json_extract(payload, '$.headline') FROM outbox WHERE channel = 'health'",
                        "[hotfixd] hotfix-report: 3 mails in a row of mailbox work were not verified: "
                        "mx.company.example says dkim=none");
        commit_many(4, BAD, false);
        commit_many(2, "mx.company.example; dkim=fail", false); /* for another reason: not told again */
        commit_many(VERIFICATION_CLEAN_RUN - 1, GOOD, false);
        ck_assert_query(HEALTH, "problem");
        commit_many(1, GOOD, false);
        ck_assert_query(HEALTH, "problem\nrecovered");
        commit_many(5, GOOD, false);
        ck_assert_query(HEALTH, "problem\nrecovered");
        ck_assert_query("SELECT name FROM condition WHERE ended_ms IS NULL", "");
        commit_many(1, BAD, false);
        ck_assert_query("SELECT verified || ' ' || unverified || ' ' || run FROM verification", "14 12 1");
}
END_TEST

/* Whoever forges bulletins does not hide that the real ones fail, too. */
START_TEST(a_border_that_breaks_among_forgeries)
{
        commit_many(VERIFICATION_RUN + 1, BAD, false);
        ck_assert_query(HEALTH, "problem");
        commit_many(2, MISSING, false);
        ck_assert_query(HEALTH, "problem\nproblem");
        commit_many(2, BAD, false);
        commit_many(VERIFICATION_CLEAN_RUN, GOOD, false);
        ck_assert_query(HEALTH, "problem\nproblem\nrecovered");
}
END_TEST

/* A mail that may well be real is told of at once, and once. */
START_TEST(one_that_could_not_be_checked)
{
        static const char *const unclear[] = { MISSING, "mx.company.example; dkim=temperror", "mx.company.example; dkim=(" };
        for (unsigned i = 0; i < G_N_ELEMENTS(unclear); i++) {
                commit_many(1, unclear[i], true); /* history is another thing */
                commit_many(1, unclear[i], false);
                commit_many(1, unclear[i], false);
                commit_many(VERIFICATION_CLEAN_RUN, GOOD, false);
        }
        ck_assert_query(HEALTH, "problem\nrecovered\nproblem\nrecovered\nproblem\nrecovered");
        commit_many(1, "mx.company.example; dkim=temperror", false);
        ck_assert_query("SELECT json_extract(payload, '$.headline') FROM outbox WHERE channel = 'health' ORDER BY id DESC LIMIT 1",
                        "[hotfixd] hotfix-report: a mail of mailbox work was not verified: mx.company.example says dkim=temperror");
}
END_TEST

/* A wrong authserv-id shows at the end of the first pass. */
START_TEST(history_that_is_not_verified)
{
        commit_many(4, MISSING, true);
        ck_assert_query(HEALTH, "");
        kit_commit(&kit, kit_mark(&kit, 1), NULL);
        ck_assert_query(HEALTH, "problem");
        ck_assert_query("SELECT count(*) FROM outbox WHERE channel = 'log'", "0"); /* no summary of forgeries */
        commit_many(1, MISSING, false);
        ck_assert_query(HEALTH, "problem");
        ck_assert_query("SELECT DISTINCT reason LIKE 'sender not verified: %' FROM decision", "1");
}
END_TEST

START_TEST(old_history_may_be_unverified)
{
        commit_many(10, MISSING, true);
        commit_many(1, GOOD, true);
        kit_commit(&kit, kit_mark(&kit, 1), NULL);
        ck_assert_query(HEALTH, "");
        ck_assert_query("SELECT count(*) FROM outbox WHERE kind = 'history' OR kind = 'summary'", "1");
        commit_many(1, BAD, false);
        ck_assert_query(HEALTH, "");
}
END_TEST

/* Nothing asked for, and what somebody imports. */
START_TEST(mails_that_are_not_judged)
{
        struct job *import = forged("2007-05-11", SEVERITY_CRITICAL);
        g_clear_pointer(&import->mailbox, g_free);
        g_free(import->source);
        import->source = g_strdup("import:/tmp/mails");
        import->history = true;
        kit_commit(&kit, import, NULL);
        ck_assert_query("SELECT count(*) FROM mail WHERE unverified IS NOT NULL", "0");
        mailbox.authenticity.require = AUTHENTICATION_NONE;
        kit_commit(&kit, forged("2007-05-12", SEVERITY_CRITICAL), NULL);
        ck_assert_query("SELECT count(*) FROM mail WHERE unverified IS NOT NULL", "0");
        ck_assert_query("SELECT count(*) FROM verification", "0");
        ck_assert_query("SELECT count(*) FROM bulletin", "1");
}
END_TEST

/* An open condition ends also when nothing is asked for any more. */
START_TEST(a_condition_does_not_outlive_its_cause)
{
        commit_many(VERIFICATION_RUN, BAD, false);
        ck_assert_query(HEALTH, "problem");
        mailbox.authenticity.require = AUTHENTICATION_NONE;
        commit_many(VERIFICATION_CLEAN_RUN, BAD, false);
        ck_assert_query(HEALTH, "problem\nrecovered");
}
END_TEST

/* --- judged again --- */

/* The job that reads the mail of that number again, as it was. */
static struct job *again(int64_t mail_id, const char *id, const char *updated, int severity, const char *title, const char *text,
                         const char *results)
{
        struct job *job = kit_mail(&kit, id, "2007-05-11", updated, severity, URGENCY_IMMEDIATE, title, text);
        g_strlcpy(job->result.bulletin->edition, updated, BULLETIN_DATE_SIZE);
        g_clear_pointer(&job->mailbox, g_free);
        job->uid = 0;
        job->again_mail_id = mail_id;
        return with_results(job, results);
}

#define ORPHANS "SELECT (SELECT count(*) FROM revision WHERE bulletin_id NOT IN (SELECT id FROM bulletin))" \
                " + (SELECT count(*) FROM variant WHERE revision_id NOT IN (SELECT id FROM revision))" \
                " + (SELECT count(*) FROM variant WHERE id NOT IN (SELECT variant_id FROM mail_variant))" \
                " + (SELECT count(*) FROM bulletin WHERE current_revision_id IS NULL)" \
                " + (SELECT count(*) FROM decision WHERE bulletin_id IS NULL)" \
                " + (SELECT count(*) FROM pragma_foreign_key_check)"

START_TEST(a_real_one_is_mended)
{
        struct error err = ERROR_INIT;
        kit_commit(&kit, forged("2007-05-11", SEVERITY_CRITICAL), NULL);
        ck_assert_int_eq(archive_update(kit.db, kit.config->archive_dir, NULL, NULL, NULL, &err), 0);
        mailbox.authenticity.require = AUTHENTICATION_NONE; /* the administrator has changed his mind */
        kit_commit(&kit, again(1, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "1", BAD), NULL);
        ck_assert_query(BULLETINS, REAL_ROW);
        ck_assert_query("SELECT kind FROM outbox WHERE channel = 'log'", "new");
        ck_assert_query("SELECT event || ' ' || (unverified IS NULL) || ' ' || (revision_id = 1) FROM mail", "first 1 1");
        ck_assert_query("SELECT action || ' ' || (reason LIKE 'sender not verified: %') FROM decision WHERE route = 'ops' ORDER BY id",
                        "none 1\nnew 0");
        ck_assert_query(ORPHANS, "0");
        ck_assert_int_eq(archive_update(kit.db, kit.config->archive_dir, NULL, NULL, NULL, &err), 0);
        g_autofree char *stale = g_build_filename(kit.config->archive_dir, "unverified/alert/2007/ms07-028.html", NULL);
        ck_assert(!g_file_test(stale, G_FILE_TEST_EXISTS));
        assert_file("index.html", "nverified", false);
        /* Once more: it is settled now. */
        kit_commit(&kit, again(1, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "1", BAD), NULL);
        ck_assert_query("SELECT count(*) FROM outbox WHERE channel = 'log'", "1");
}
END_TEST

START_TEST(a_forgery_stays_one)
{
        kit_commit(&kit, forged("2007-05-11", SEVERITY_CRITICAL), NULL);
        kit_commit(&kit, again(1, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "1", BAD), NULL);
        ck_assert_query(BULLETINS, FORGED_ROW("4"));
        ck_assert_query(SENT, "");
        ck_assert_query("SELECT count(*) FROM mail WHERE unverified IS NOT NULL AND revision_id IS NOT NULL", "1");
        ck_assert_query("SELECT unverified || ' ' || run FROM verification", "1 1");
        ck_assert_query(ORPHANS, "0");
}
END_TEST

/* What stays behind stands as if the one that left had never come. */
START_TEST(what_stays_behind)
{
        kit_commit(&kit, forged("2007-05-11", SEVERITY_CRITICAL), NULL);
        kit_commit(&kit, forged("2007-05-11", SEVERITY_CRITICAL), NULL); /* says the same */
        kit_commit(&kit, forged("2007-05-11", SEVERITY_LOW), NULL);
        kit_commit(&kit, forged("2007-05-13", SEVERITY_MODERATE), NULL);
        ck_assert_query(BULLETINS, FORGED_ROW("2"));
        kit_commit(&kit, again(4, "MS07-028", "2007-05-13", SEVERITY_MODERATE, "題名", "4", GOOD), NULL);
        ck_assert_query(BULLETINS, "MS07-028 0 2 alert/2007/ms07-028\n" FORGED_ROW("4"));
        ck_assert_query(ORPHANS, "0");
        kit_commit(&kit, again(1, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "1", GOOD), NULL);
        ck_assert_query(BULLETINS, "MS07-028 0 2 alert/2007/ms07-028\n" FORGED_ROW("4"));
        ck_assert_query("SELECT count(*) FROM variant WHERE mail_id = 1", "1"); /* the other one stands for mail 2 now */
        ck_assert_query(ORPHANS, "0");
        kit_commit(&kit, again(2, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "2", GOOD), NULL);
        ck_assert_query(BULLETINS, "MS07-028 0 2 alert/2007/ms07-028\n" FORGED_ROW("1"));
        ck_assert_query(ORPHANS, "0");
        kit_commit(&kit, again(3, "MS07-028", "2007-05-11", SEVERITY_LOW, "題名", "3", GOOD), NULL);
        ck_assert_query(BULLETINS, "MS07-028 0 2 alert/2007/ms07-028");
        ck_assert_query("SELECT event FROM mail ORDER BY id", "earlier\nduplicate\nvariant\nfirst");
        ck_assert_query(ORPHANS, "0");
}
END_TEST

START_TEST(the_latest_of_those_left_is_current)
{
        static const char *const dates[] = { "2007-05-12", "2007-05-10", "2007-05-13", "2007-05-11" };
        static const int severities[] = { SEVERITY_CRITICAL, SEVERITY_LOW, SEVERITY_MODERATE, SEVERITY_IMPORTANT };
        for (gsize i = 0; i < G_N_ELEMENTS(dates); i++)
                kit_commit(&kit, forged(dates[i], severities[i]), NULL);
        ck_assert_query(BULLETINS, FORGED_ROW("2"));
        kit_commit(&kit, again(3, "MS07-028", dates[2], severities[2], "題名", "3", GOOD), NULL);
        ck_assert_query(BULLETINS, "MS07-028 0 2 alert/2007/ms07-028\n" FORGED_ROW("4"));
        kit_commit(&kit, again(2, "MS07-028", dates[1], severities[1], "題名", "2", GOOD), NULL); /* not the current one */
        ck_assert_query(BULLETINS, "MS07-028 0 2 alert/2007/ms07-028\n" FORGED_ROW("4"));
        ck_assert_query("SELECT date FROM bulletin ORDER BY key", "2007-05-13\n2007-05-12");
        ck_assert_query(ORPHANS, "0");
}
END_TEST

/* A parser that fails on it this time. */
START_TEST(read_again_in_vain)
{
        kit_commit(&kit, forged("2007-05-11", SEVERITY_CRITICAL), NULL);
        struct job *job = again(1, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "1", BAD);
        reader_result_clear(&job->result);
        job->code = -ERR_WORKER_CRASHED;
        error_set(&job->error, job->code, "signal 11");
        kit_commit(&kit, job, NULL);
        ck_assert_query("SELECT outcome || ' ' || (revision_id IS NULL) FROM mail", "2 1");
        ck_assert_query("SELECT count(*) FROM bulletin", "0");
        kit_commit(&kit, again(1, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "1", GOOD), NULL);
        ck_assert_query(BULLETINS, REAL_ROW);
        ck_assert_query(ORPHANS, "0");
}
END_TEST

/* The same mail in two folders, of which one asks for nothing: it counts as verified, whichever is read first. */
START_TEST(a_mail_in_two_mailboxes)
{
        for (unsigned order = 0; order < 2; order++) {
                static struct config_mailbox open_mailbox = { .name = (char *) "open" };
                g_ptr_array_set_size(kit.config->mailboxes, 1);
                g_ptr_array_add(kit.config->mailboxes, &open_mailbox);
                g_autofree char *id = g_strdup_printf("MS08-00%u", order);
                for (unsigned i = 0; i < 3; i++) {
                        struct job *job = kit_mail(&kit, id, "2008-01-15", "2008-01-15", SEVERITY_CRITICAL, URGENCY_IMMEDIATE, id, id);
                        if (i % 2 == order) {
                                g_free(job->source);
                                g_free(job->mailbox);
                                job->source = g_strdup("imap:open");
                                job->mailbox = g_strdup("open");
                        }
                        kit_commit(&kit, with_results(job, BAD), NULL);
                }
        }
        ck_assert_query("SELECT key || ' ' || unverified FROM bulletin ORDER BY key", "MS08-000 0\nMS08-001 0");
        ck_assert_query("SELECT kind FROM outbox WHERE channel = 'log' ORDER BY id", "new\nnew");
        ck_assert_query("SELECT (unverified IS NULL) || ' ' || event || ' ' || (SELECT count(*) FROM sighting WHERE mail_id = mail.id)"
                        " FROM mail ORDER BY id", "1 first 3\n1 first 3");
        ck_assert_query(ORPHANS, "0");
}
END_TEST

/* A mailbox that the configuration names otherwise now does not make real what it brought. */
START_TEST(a_mailbox_renamed)
{
        kit_commit(&kit, forged("2007-05-11", SEVERITY_CRITICAL), NULL);
        mailbox.name = (char *) "renamed";
        kit_commit(&kit, again(1, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "1", GOOD), NULL);
        ck_assert_query(SENT, "");
        ck_assert_query(BULLETINS, FORGED_ROW("4"));
        ck_assert_query("SELECT unverified FROM mail", "the configuration does not have the mailbox any more that brought it");
        mailbox.authenticity.require = AUTHENTICATION_NONE; /* nobody asks for anything */
        kit_commit(&kit, again(1, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "1", BAD), NULL);
        ck_assert_query(BULLETINS, REAL_ROW);
        mailbox.name = (char *) "work";
}
END_TEST

/* Whose rules count for a mail that was seen at several places. */
START_TEST(the_place_that_counts)
{
        static const struct { const char *seen[3], *expected; } cases[] = {
                { { "imap:work", "imap:gone" }, "imap:work" },
                { { "imap:gone", "imap:work" }, "imap:work" },
                { { "imap:gone", "imap:lost" }, "imap:gone" },
                { { "imap:gone", "import:/x", "imap:work" }, "import:/x" },
                { { NULL }, "quarantine" },
        };
        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct sighting_row rows[3];
                g_autoptr(GPtrArray) sightings = g_ptr_array_new();
                for (unsigned k = 0; k < 3 && cases[i].seen[k]; k++) {
                        rows[k] = (struct sighting_row){ .source = (char *) cases[i].seen[k] };
                        g_ptr_array_add(sightings, &rows[k]);
                }
                ck_assert_str_eq(verification_source(kit.config, sightings), cases[i].expected);
        }
}
END_TEST

/* What the border could not verify, and somebody has looked at. */
START_TEST(a_mail_accepted)
{
        commit_many(2, BAD, false);
        kit_commit(&kit, forged("2007-05-11", SEVERITY_CRITICAL), NULL);
        ck_assert_query(HEALTH, "problem");
        struct job *job = again(3, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "5", BAD);
        job->accepted = true;
        kit_commit(&kit, job, NULL);
        ck_assert_query("SELECT kind FROM outbox WHERE channel = 'log'", "new");
        ck_assert_query("SELECT key FROM bulletin WHERE unverified = 0", "MS07-028");
        ck_assert_query("SELECT unverified IS NULL FROM mail WHERE id = 3", "1");
        ck_assert_query("SELECT verified || ' ' || run FROM verification", "0 3"); /* it says nothing of the border */
        kit_commit(&kit, again(3, "MS07-028", "2007-05-11", SEVERITY_CRITICAL, "題名", "5", BAD), NULL);
        ck_assert_query("SELECT unverified IS NULL FROM mail WHERE id = 3", "1"); /* it stays accepted */
        ck_assert_query(ORPHANS, "0");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("verification");
        TCase *tcase = tcase_create("unverified");
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_forgery_first);
        tcase_add_test(tcase, a_forgery_afterwards);
        tcase_add_test(tcase, look_ups_prefer_the_verified_one);
        tcase_add_test(tcase, the_archive_keeps_them_apart);
        tcase_add_test(tcase, nothing_is_learned_from_them);
        tcase_add_test(tcase, letters_are_not_the_publishers);
        tcase_add_test(tcase, a_letter_behind_the_first_bulletin);
        tcase_add_test(tcase, a_run_is_told_once);
        tcase_add_test(tcase, a_border_that_breaks_among_forgeries);
        tcase_add_test(tcase, one_that_could_not_be_checked);
        tcase_add_test(tcase, history_that_is_not_verified);
        tcase_add_test(tcase, old_history_may_be_unverified);
        tcase_add_test(tcase, mails_that_are_not_judged);
        tcase_add_test(tcase, a_condition_does_not_outlive_its_cause);
        tcase_add_test(tcase, a_real_one_is_mended);
        tcase_add_test(tcase, a_forgery_stays_one);
        tcase_add_test(tcase, what_stays_behind);
        tcase_add_test(tcase, the_latest_of_those_left_is_current);
        tcase_add_test(tcase, read_again_in_vain);
        tcase_add_test(tcase, a_mail_in_two_mailboxes);
        tcase_add_test(tcase, a_mailbox_renamed);
        tcase_add_test(tcase, the_place_that_counts);
        tcase_add_test(tcase, a_mail_accepted);
        suite_add_tcase(s, tcase);
        return s;
}

int main(void)
{
        return support_run(suite());
}
