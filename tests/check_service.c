/* SPDX-License-Identifier: MIT */
/* A running service against a small IMAP server that misbehaves where the test says so. */
#include "daemon/service.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/config_p.h"
#include "daemon/transfer.h"
#include "ingest/worker.h"
#include "ingest/worker_p.h"
#include "tests/pipeline_kit.h"
#include "tests/support.h"

#define DEADLINE_US (20 * G_USEC_PER_SEC)
#define POLL_US 5000

/* The server: one connection after another, mails 1 to mails, each with a subject of its own. Set before it starts. */
static struct {
        int fd;
        unsigned mails, refused_uid; /* 0: none */
        const char *hang_at;         /* no answer to commands that contain this */
        const char *refuse;          /* NO to commands that contain this */
        unsigned withheld_uid;       /* listed, and never sent */
        unsigned silent_at_uid;      /* falls silent before it sends this */
        unsigned surprise;           /* mails that are there from the second IDLE on, unannounced */
        unsigned late_uid;           /* listed only from the second IDLE on */
        bool backwards;              /* mails are sent in the wrong order */
        bool poisoned;               /* the subjects of the first mails are what the worker below stumbles over */
        bool lock_after_fetch;       /* once mails were sent, nothing can be committed for a moment */
        gint idles, opened_writable, stored_flags, hasty; /* what was seen */
} server;

static struct kit kit;

static const char *const poison[] = { "crash", "spin", "lie" };

static char *mail_of(unsigned uid)
{
        if (server.poisoned && uid <= G_N_ELEMENTS(poison))
                return g_strdup_printf("Subject: %s\r\n\r\nhello\r\n", poison[uid - 1]);
        return g_strdup_printf("Subject: mail %u\r\n\r\nhello\r\n", uid);
}

/* While nothing can be committed the client has nothing to say. */
static void lock_for_a_moment(FILE *in)
{
        struct database *db;
        ck_assert_int_eq(database_open(kit.config->database_file, DATABASE_WRITE, &db, NULL), 0);
        ck_assert_int_eq(database_begin(db, NULL), 0);
        struct pollfd wait = { .fd = fileno(in), .events = POLLIN };
        g_atomic_int_add(&server.hasty, poll(&wait, 1, 300));
        database_rollback(db);
        database_close(db);
}

static void be_silent(FILE *in)
{
        while (fgetc(in) != EOF)
                ;
}

static void answer_fetch(FILE *in, FILE *out, const char *tag, const char *arguments)
{
        bool whole = strstr(arguments, "BODY") != NULL;
        g_auto(GStrv) words = g_strsplit(arguments, " ", 2);
        g_auto(GStrv) ranges = g_strsplit(words[0], ",", -1);
        g_autoptr(GString) answer = g_string_new(NULL);
        for (unsigned i = 0; ranges[i]; i++) {
                const char *colon = strchr(ranges[i], ':');
                unsigned first = (unsigned) g_ascii_strtoull(ranges[i], NULL, 10);
                unsigned last = colon ? (unsigned) g_ascii_strtoull(colon + 1, NULL, 10) : first;
                for (unsigned uid = first; uid <= last; uid++) {
                        if (whole && uid == server.refused_uid) {
                                fprintf(out, "%s NO [SERVERBUG] unreadable\r\n", tag);
                                return;
                        }
                        if (whole && uid == server.withheld_uid)
                                continue;
                        if (whole && uid == server.silent_at_uid) {
                                fputs(answer->str, out);
                                fflush(out);
                                be_silent(in);
                                return;
                        }
                        g_autofree char *mail = mail_of(uid);
                        g_autoptr(GString) one = g_string_new(NULL);
                        g_string_append_printf(one, "* %u FETCH (UID %u RFC822.SIZE %zu", uid, uid, strlen(mail));
                        if (whole)
                                g_string_append_printf(one, " INTERNALDATE \"11-May-2007 03:04:05 +0000\" BODY[] {%zu}\r\n%s",
                                                       strlen(mail), mail);
                        g_string_append(one, ")\r\n");
                        g_string_insert(answer, server.backwards ? 0 : -1, one->str);
                }
        }
        fprintf(out, "%s%s OK done\r\n", answer->str, tag);
}

static void answer_search(FILE *out, const char *tag, const char *arguments)
{
        const char *from = strstr(arguments, "UID ");
        unsigned first = from ? (unsigned) g_ascii_strtoull(from + 4, NULL, 10) : 1;
        fputs("* SEARCH", out);
        for (unsigned uid = first; uid <= server.mails; uid++)
                if (uid != server.late_uid || g_atomic_int_get(&server.idles) > 1)
                        fprintf(out, " %u", uid);
        fprintf(out, "\r\n%s OK done\r\n", tag);
}

static void answer(FILE *in, FILE *out, char *line)
{
        g_strchomp(line);
        g_auto(GStrv) words = g_strsplit(line, " ", 2);
        const char *tag = words[0], *command = words[1] ? words[1] : "";
        if (server.hang_at && strstr(command, server.hang_at)) {
                be_silent(in);
        } else if (server.refuse && strstr(command, server.refuse)) {
                fprintf(out, "%s NO refused\r\n", tag);
        } else if (g_str_has_prefix(command, "CAPABILITY")) {
                fprintf(out, "* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS SASL-IR AUTH=PLAIN\r\n%s OK done\r\n", tag);
        } else if (g_str_has_prefix(command, "IDLE")) {
                if (g_atomic_int_add(&server.idles, 1) == 1)
                        server.mails += server.surprise;
                g_autofree char *idle_tag = g_strdup(tag);
                char done[64];
                fputs("+ idling\r\n", out);
                fflush(out);
                if (fgets(done, sizeof done, in) && strcmp(done, "DONE\r\n") == 0)
                        fprintf(out, "%s OK done\r\n", idle_tag);
        } else if (g_str_has_prefix(command, "SELECT") || g_str_has_prefix(command, "EXAMINE")) {
                g_atomic_int_add(&server.opened_writable, *command == 'S');
                fprintf(out, "* %u EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT %u]\r\n%s OK done\r\n", server.mails,
                        server.mails + 1, tag);
        } else if (g_str_has_prefix(command, "UID SEARCH")) {
                answer_search(out, tag, command + strlen("UID SEARCH "));
        } else if (g_str_has_prefix(command, "UID FETCH")) {
                answer_fetch(in, out, tag, command + strlen("UID FETCH "));
                fflush(out);
                if (server.lock_after_fetch && strstr(command, "BODY"))
                        lock_for_a_moment(in);
        } else {
                g_atomic_int_add(&server.stored_flags, g_str_has_prefix(command, "UID STORE"));
                fprintf(out, "%s OK done\r\n", tag);
        }
}

static gpointer serve(gpointer data)
{
        (void) data;
        int fd;
        while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
                FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
                char *line = NULL;
                size_t room = 0;
                fputs("* OK hello\r\n", out);
                fflush(out);
                while (getline(&line, &room, in) > 0) {
                        answer(in, out, line);
                        fflush(out);
                }
                free(line);
                fclose(in);
                fclose(out);
        }
        return NULL;
}

static void start_server(void)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof address;
        server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(server.fd, (struct sockaddr *) &address, size), 0);
        ck_assert_int_eq(listen(server.fd, 5), 0);
        ck_assert_int_eq(getsockname(server.fd, (struct sockaddr *) &address, &size), 0);
        struct config_mailbox *mailbox = g_new0(struct config_mailbox, 1);
        *mailbox = (struct config_mailbox) {
                .name = g_strdup("work"),
                .host = g_strdup("127.0.0.1"),
                .port = ntohs(address.sin_port),
                .folder = g_strdup("INBOX"),
                .tls = CONFIG_TLS_NONE,
                .insecure = true,
                .user = g_strdup("me"),
                .password = g_strdup("secret"),
                .auth = g_strdup("auto"),
                .poll_interval_ms = 100,
                .timeout_ms = 10000,
                .location = g_strdup("me@host/INBOX"),
        };
        mailbox->url = g_strdup_printf("imap://127.0.0.1:%u/INBOX", mailbox->port);
        g_ptr_array_set_free_func(kit.config->mailboxes, (GDestroyNotify) config_mailbox_free);
        g_ptr_array_add(kit.config->mailboxes, mailbox);
        g_thread_unref(g_thread_new("server", serve, NULL));
}

static void setup(void)
{
        struct error err = ERROR_INIT;
        kit_open(&kit);
        clock_set_for_test(-1, -1);
        ck_assert_int_eq(g_mkdir(kit.config->archive_dir, 0700), 0);
        kit.config->workers = 1;
        kit.config->max_message_bytes = 1000000;
        ck_assert_msg(transfer_prepare(&err) == 0, "%s", error_text(&err));
}

static void teardown(void)
{
        transfer_finish();
        kit_close(&kit);
}

/* Waits until the query's answer is this one. */
static void wait_for(const char *sql, const char *expected)
{
        gint64 end = g_get_monotonic_time() + DEADLINE_US;
        for (;;) {
                g_autofree char *answer_now = kit_query(kit.db, sql);
                if (strcmp(answer_now, expected) == 0)
                        return;
                ck_assert_msg(g_get_monotonic_time() < end, "%s: still \"%s\", not \"%s\"", sql, answer_now, expected);
                g_usleep(POLL_US);
        }
}

static struct config_mailbox *mailbox(void)
{
        return g_ptr_array_index(kit.config->mailboxes, 0);
}

/* Before anything is fetched: a daemon that is killed in its first pass must not take for history what arrives later. */
START_TEST(history_is_settled_first)
{
        server.mails = 3;
        server.hang_at = "UID SEARCH";
        start_server();
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT uid_validity || ' ' || last_uid || ' ' || history_uid || ' ' || history_done FROM cursor", "7 0 3 0");
        service_stop(service);
}
END_TEST

START_TEST(a_message_that_is_refused_keeps_no_other_out)
{
        log_set_level(LOG_LEVEL_ERROR);
        server.mails = 5;
        server.refused_uid = 3;
        start_server();
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT uid FROM sighting ORDER BY uid", "1\n2\n4\n5");
        /* Nothing has passed it. */
        wait_for("SELECT last_uid FROM cursor", "2");
        service_stop(service);
}
END_TEST

/* What the server will not move is no reason not to read on. */
START_TEST(a_refused_move_is_no_failure)
{
        server.mails = 2;
        server.refuse = "UID MOVE";
        start_server();
        mailbox()->after = CONFIG_AFTER_MOVE;
        mailbox()->after_folder = g_strdup("Done");
        log_set_level(LOG_LEVEL_ERROR);
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT state || ': ' || error FROM mailbox_state", "idle: after-ingest: move to Done: the IMAP server refused UID MOVE: refused");
        wait_for("SELECT count(*) FROM mail", "2");
        service_stop(service);
}
END_TEST

/* Whatever is under way; and a job whose mailbox is gone does no harm. */
START_TEST(a_stop_is_quick_while_the_database_is_locked)
{
        server.mails = 2;
        start_server();
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT state FROM mailbox_state", "idle");
        ck_assert_int_eq(database_begin(kit.db, NULL), 0);
        g_usleep(300 * 1000); /* so that somebody waits for the lock; if nobody does, the test proves less and still holds */
        gint64 start = g_get_monotonic_time();
        service_stop(service);
        ck_assert_int_lt((g_get_monotonic_time() - start) / 1000, DATABASE_BUSY_MS / 2);
        database_rollback(kit.db);
}
END_TEST

/* Nor is a message that does not come although nothing was said against it, and it is not passed over in silence. */
START_TEST(a_message_that_is_withheld_is_on_record)
{
        log_set_level(LOG_LEVEL_ERROR);
        server.mails = 4;
        server.withheld_uid = 2;
        start_server();
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT last_uid FROM cursor", "4");
        wait_for("SELECT count(*) FROM mail", "4");
        wait_for("SELECT uid || ': ' || reason FROM quarantine JOIN sighting USING (mail_id)",
                 "2: the server lists this message and does not send it");
        service_stop(service);
}
END_TEST

/* The cursor stays below what has not come, be it the very first. */
START_TEST(the_cursor_waits_for_the_first_message)
{
        log_set_level(LOG_LEVEL_ERROR);
        server.mails = 3;
        server.refused_uid = 1;
        start_server();
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT uid FROM sighting ORDER BY uid", "2\n3");
        wait_for("SELECT state FROM mailbox_state", "waiting to retry");
        wait_for("SELECT last_uid FROM cursor", "0");
        service_stop(service);
}
END_TEST

/* Whoever is killed here must not have passed over what was still to come. */
START_TEST(the_cursor_goes_with_the_mails)
{
        server.mails = 5;
        server.silent_at_uid = 3;
        start_server();
        mailbox()->timeout_ms = 60000; /* the end of the pass would set it right */
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT uid FROM sighting ORDER BY id", "1\n2");
        wait_for("SELECT last_uid FROM cursor", "2");
        service_stop(service);
}
END_TEST

START_TEST(mails_are_stored_in_the_order_of_their_numbers)
{
        server.mails = 6;
        server.backwards = true;
        start_server();
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT uid FROM sighting ORDER BY id", "1\n2\n3\n4\n5\n6");
        service_stop(service);
}
END_TEST

/* A mail that crashes the parser, uses up its time, or makes it talk nonsense: on record, and the next one is read. */
START_TEST(a_mail_that_breaks_the_parser_stops_no_other)
{
        log_set_level(LOG_LEVEL_ERROR);
        server.mails = 4;
        server.poisoned = true;
        start_server();
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT uid || ' ' || outcome FROM mail JOIN sighting ON mail_id = mail.id ORDER BY uid", "1 2\n2 2\n3 2\n4 1");
        wait_for("SELECT last_uid FROM cursor", "4");
        wait_for("SELECT reason LIKE 'the parser crashed%' OR reason LIKE '%processor time%' OR reason LIKE '%invalid answer%'"
                 " OR reason LIKE '%exchange with the parser%' FROM quarantine", "1\n1\n1");
        service_stop(service);
}
END_TEST

/* One mail whose rows a constraint refuses must not keep the others of its batch out. */
START_TEST(a_mail_that_the_store_refuses_is_quarantined)
{
        log_set_level(LOG_LEVEL_ERROR);
        ck_assert_int_eq(database_execute(kit.db, "CREATE TRIGGER refuse BEFORE UPDATE ON mail"
                                          " WHEN new.outcome = 1 AND new.subject = 'mail 3'"
                                          " BEGIN SELECT raise(ABORT, 'refused by the test'); END", NULL), 0);
        server.mails = 4;
        server.lock_after_fetch = true; /* so that those behind the first are one batch */
        start_server();
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT uid || ' ' || outcome FROM mail JOIN sighting ON mail_id = mail.id ORDER BY uid", "1 1\n2 1\n3 2\n4 1");
        wait_for("SELECT last_uid FROM cursor", "4");
        wait_for("SELECT reason LIKE 'the bulletin could not be stored: %refused by the test%' FROM quarantine", "1");
        service_stop(service);
}
END_TEST

/* Nothing fetched is lost: the server is told only of what is committed. */
START_TEST(the_server_is_told_after_the_commit)
{
        server.mails = 2;
        server.lock_after_fetch = true;
        start_server();
        mailbox()->after = CONFIG_AFTER_SEEN;
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT state FROM mailbox_state", "idle");
        service_stop(service);
        ck_assert_int_eq(g_atomic_int_get(&server.hasty), 0);
        ck_assert_int_eq(g_atomic_int_get(&server.stored_flags), 1);
        ck_assert_int_eq(g_atomic_int_get(&server.opened_writable), 1);
}
END_TEST

/* An IDLE has its time, and what the server did not announce is found then. Nothing asks for more than to read. */
START_TEST(idle_is_renewed)
{
        server.mails = 1;
        server.surprise = 1;
        start_server();
        mailbox()->idle = true;
        mailbox()->poll_interval_ms = 3600 * 1000;
        mailbox()->idle_renew_ms = 20;
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT uid || ' ' || history FROM mail JOIN sighting ON mail_id = mail.id ORDER BY uid", "1 1\n2 0");
        service_stop(service);
        ck_assert_int_ge(g_atomic_int_get(&server.idles), 2);
        ck_assert_int_eq(g_atomic_int_get(&server.opened_writable), 0);
}
END_TEST

/* All UIDs are looked at once per interval: what appears below the cursor is fetched, and is news. */
START_TEST(late_messages_are_found_without_a_reconnect)
{
        log_set_level(LOG_LEVEL_ERROR);
        server.mails = 3;
        server.late_uid = 2;
        start_server();
        mailbox()->idle = true;
        mailbox()->idle_renew_ms = 20;
        mailbox()->reconcile_interval_ms = 20;
        struct service *service = service_begin(kit.config);
        service_start(service, NULL);
        wait_for("SELECT uid || ' ' || history FROM mail JOIN sighting ON mail_id = mail.id ORDER BY sighting.id", "1 1\n3 1\n2 0");
        wait_for("SELECT last_uid FROM cursor", "3");
        service_stop(service);
}
END_TEST

/* What the watchdog is told: the writer turns, and when it has not for a minute, something is wrong. */
START_TEST(a_silent_writer_is_noticed)
{
        struct service *service = service_start_store(kit.config, -1);
        ck_assert(service_is_alive(service));
        int64_t later_ms = clock_monotonic_ms() + 61000;
        clock_set_for_test(-1, later_ms);
        ck_assert(!service_is_alive(service));
        gint64 end = g_get_monotonic_time() + DEADLINE_US;
        while (!service_is_alive(service) && g_get_monotonic_time() < end)
                g_usleep(POLL_US);
        ck_assert(service_is_alive(service));
        service_stop(service);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("service");
        TCase *tests = tcase_create("mailbox");
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, history_is_settled_first);
        tcase_add_test(tests, a_message_that_is_refused_keeps_no_other_out);
        tcase_add_test(tests, a_refused_move_is_no_failure);
        tcase_add_test(tests, a_stop_is_quick_while_the_database_is_locked);
        tcase_add_test(tests, a_message_that_is_withheld_is_on_record);
        tcase_add_test(tests, the_cursor_waits_for_the_first_message);
        tcase_add_test(tests, the_cursor_goes_with_the_mails);
        tcase_add_test(tests, mails_are_stored_in_the_order_of_their_numbers);
        tcase_add_test(tests, a_mail_that_breaks_the_parser_stops_no_other);
        tcase_add_test(tests, a_mail_that_the_store_refuses_is_quarantined);
        tcase_add_test(tests, the_server_is_told_after_the_commit);
        tcase_add_test(tests, idle_is_renewed);
        tcase_add_test(tests, late_messages_are_found_without_a_reconnect);
        tcase_add_test(tests, a_silent_writer_is_noticed);
        suite_add_tcase(s, tests);
        return s;
}

/* Does what the subject of a mail says; the mail's beginning is at this place of the shared memory. */
static void stumble_over(off_t place, const char *bytes, size_t size)
{
        char text[16] = "";
        if (pread(WORKER_SHARED_FD, text, sizeof text - 1, place) < 0)
                return;
        if (g_str_has_prefix(text, "Subject: crash"))
                raise(SIGKILL);
        if (g_str_has_prefix(text, "Subject: spin")) /* as its own timer would do */
                raise(SIGPROF);
        if (g_str_has_prefix(text, "Subject: lie") && send(WORKER_FD, bytes, size, 0) == (ssize_t) size)
                pause();
}

/* Looks at the mails a worker is about to read: a single one is at the beginning of the shared memory, several have a table
 * before them. */
static void stumble(void)
{
        const size_t asked = sizeof(struct worker_setup) + sizeof(struct worker_frame);
        char bytes[256] = "";
        struct worker_frame frame;
        struct worker_part table[WORKER_TOGETHER_MAX];
        ssize_t n;
        while ((n = recv(WORKER_FD, bytes, sizeof bytes, MSG_PEEK)) > 0 && (size_t) n < asked)
                g_usleep(1000);
        memcpy(&frame, bytes + sizeof(struct worker_setup), sizeof frame);
        if (frame.magic != WORKER_REQUEST_TOGETHER_MAGIC) {
                stumble_over(0, bytes, (size_t) MAX(n, 0));
                return;
        }
        size_t place = frame.kind * sizeof *table;
        if (frame.kind > WORKER_TOGETHER_MAX || pread(WORKER_SHARED_FD, table, place, 0) != (ssize_t) place)
                return;
        for (unsigned i = 0; i < frame.kind; place += table[i++].size + 1)
                stumble_over((off_t) place, bytes, (size_t) n);
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], WORKER_ARGUMENT) == 0) {
                stumble();
                return worker_main();
        }
        return support_run(suite());
}
