/* SPDX-License-Identifier: MIT */
/* A running service against a small IMAP server that misbehaves where the test says so. */
#include "daemon/service.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/config_p.h"
#include "daemon/transfer.h"
#include "ingest/worker.h"
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
} server;

static struct kit kit;

static void answer_fetch(FILE *out, const char *tag, const char *arguments)
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
                        g_autofree char *mail = g_strdup_printf("Subject: mail %u\r\n\r\nhello\r\n", uid);
                        g_string_append_printf(answer, "* %u FETCH (UID %u RFC822.SIZE %zu", uid, uid, strlen(mail));
                        if (whole)
                                g_string_append_printf(answer, " INTERNALDATE \"11-May-2007 03:04:05 +0000\" BODY[] {%zu}\r\n%s",
                                                       strlen(mail), mail);
                        g_string_append(answer, ")\r\n");
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
                fprintf(out, " %u", uid);
        fprintf(out, "\r\n%s OK done\r\n", tag);
}

static void answer(FILE *in, FILE *out, char *line)
{
        g_strchomp(line);
        g_auto(GStrv) words = g_strsplit(line, " ", 2);
        const char *tag = words[0], *command = words[1] ? words[1] : "";
        if (server.hang_at && strstr(command, server.hang_at)) {
                while (fgetc(in) != EOF)
                        ;
        } else if (server.refuse && strstr(command, server.refuse)) {
                fprintf(out, "%s NO refused\r\n", tag);
        } else if (g_str_has_prefix(command, "CAPABILITY")) {
                fprintf(out, "* CAPABILITY IMAP4rev1 MOVE UIDPLUS SASL-IR AUTH=PLAIN\r\n%s OK done\r\n", tag);
        } else if (g_str_has_prefix(command, "SELECT") || g_str_has_prefix(command, "EXAMINE")) {
                fprintf(out, "* %u EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT %u]\r\n%s OK done\r\n", server.mails,
                        server.mails + 1, tag);
        } else if (g_str_has_prefix(command, "UID SEARCH")) {
                answer_search(out, tag, command + strlen("UID SEARCH "));
        } else if (g_str_has_prefix(command, "UID FETCH")) {
                answer_fetch(out, tag, command + strlen("UID FETCH "));
        } else {
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
        struct service *service = service_start(kit.config);
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
        struct service *service = service_start(kit.config);
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
        struct service *service = service_start(kit.config);
        wait_for("SELECT state || ': ' || error FROM mailbox_state", "idle: after-ingest: the IMAP server refused UID MOVE: refused");
        wait_for("SELECT count(*) FROM mail", "2");
        service_stop(service);
}
END_TEST

/* Whatever is under way; and a job whose mailbox is gone does no harm. */
START_TEST(a_stop_is_quick_while_the_database_is_locked)
{
        server.mails = 2;
        start_server();
        struct service *service = service_start(kit.config);
        wait_for("SELECT state FROM mailbox_state", "idle");
        ck_assert_int_eq(database_begin(kit.db, NULL), 0);
        g_usleep(300 * 1000); /* so that somebody waits for the lock; if nobody does, the test proves less and still holds */
        gint64 start = g_get_monotonic_time();
        service_stop(service);
        ck_assert_int_lt((g_get_monotonic_time() - start) / 1000, 2000);
        database_rollback(kit.db);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("service");
        TCase *tests = tcase_create("mailbox");
        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, setup, teardown);
        tcase_add_test(tests, history_is_settled_first);
        tcase_add_test(tests, a_message_that_is_refused_keeps_no_other_out);
        tcase_add_test(tests, a_refused_move_is_no_failure);
        tcase_add_test(tests, a_stop_is_quick_while_the_database_is_locked);
        suite_add_tcase(s, tests);
        return s;
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], WORKER_ARGUMENT) == 0)
                return worker_main();
        return support_run(suite());
}
