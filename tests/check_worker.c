/* SPDX-License-Identifier: MIT */
/*
 * The worker process, for real: this program is its own worker. Children that hang, die or talk nonsense are shell
 * scripts that speak (or break) the protocol on descriptor 3.
 */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/bulletin_json.h"
#include "common/clock.h"
#include "common/limits.h"
#include "ingest/worker.h"
#include "ingest/worker_p.h"
#include "tests/support.h"

static const char mail[] =
        "From: HotFix Report <report@hotfix.example>\r\n"
        "Subject: HotFix Alert MS07-999\r\n"
        "Message-ID: <worker@test.example>\r\n"
        "Date: Fri, 11 May 2007 10:00:00 +0900\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=UTF-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n"
        "\r\n"
        "HotFix Alert:2007/05/11版\r\n"
        "【登録日】2007/05/11\r\n"
        "【更新日】2007/05/11\r\n"
        "深刻度\r\n"
        "1(緊急)\r\n"
        "  2(重要)\r\n"
        "  3(警告)\r\n"
        "  4(注意)\r\n"
        "対策\r\n"
        "至急適用\r\n"
        "MS07-999/999999\r\n"
        "試験用の題名\r\n"
        "(試験用の元の題名)\r\n";

static bool hurried; /* in the worker: the processor time of a mail is over at once */

/* Takes the place of the C library's. */
int setitimer(__itimer_which_t which, const struct itimerval *value, struct itimerval *ret_old)
{
        struct itimerval given = *value;
        if (hurried && given.it_value.tv_sec == LIMIT_WORKER_CPU_SECONDS)
                given.it_value = (struct timeval) { .tv_usec = 1 };
        return (int) syscall(SYS_setitimer, which, &given, ret_old);
}

static int read_mail(struct worker *worker, struct reader_result *result, struct error *err)
{
        return worker_read(worker, mail, sizeof mail - 1, READER_MAIL, -1, result, err);
}

START_TEST(reads_a_bulletin)
{
        struct worker *worker = worker_new(NULL);
        for (int i = 0; i < 3; i++) {
                struct reader_result result;
                struct error err = ERROR_INIT;
                int r = read_mail(worker, &result, &err);
                ck_assert_msg(r == 0, "%s", error_text(&err));
                ck_assert_int_eq(result.outcome, READER_RECOGNISED);
                ck_assert_str_eq(result.bulletin->id, "MS07-999");
                ck_assert_int_eq(result.bulletin->fields[FIELD_SEVERITY].value, SEVERITY_CRITICAL);
                ck_assert_str_eq(result.archive_name, "alert/2007/ms07-999");
                ck_assert_ptr_nonnull(strstr(result.text, "試験用の題名"));
                reader_result_clear(&result);
        }
        worker_free(worker);
}
END_TEST

START_TEST(reads_what_is_no_bulletin)
{
        struct worker *worker = worker_new(NULL);
        struct reader_result result;
        static const char text[] = "Subject: hello\n\nnothing of interest\n";
        ck_assert_int_eq(worker_read(worker, text, sizeof text - 1, READER_MAIL, -1, &result, NULL), 0);
        ck_assert_int_eq(result.outcome, READER_UNRECOGNISED);
        ck_assert_ptr_nonnull(result.reason);
        ck_assert_ptr_null(result.archive_name);
        reader_result_clear(&result);
        worker_free(worker);
}
END_TEST

/* A worker that is this shell script. */
static char *write_script(const char *body)
{
        g_autofree char *directory = support_temporary_directory();
        char *path = g_build_filename(directory, "worker", NULL);
        g_autofree char *text = g_strdup_printf("#!/bin/sh\n%s\n", body);
        ck_assert(g_file_set_contents(path, text, -1, NULL));
        ck_assert_int_eq(g_chmod(path, 0755), 0);
        return path;
}

static int run_script(const char *body, int64_t wall_ms, int stop_fd, struct error *err)
{
        g_autofree char *path = write_script(body);
        struct worker_options options = { .program = path, .wall_ms = wall_ms };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        int r = worker_read(worker, mail, sizeof mail - 1, READER_MAIL, stop_fd, &result, err);
        if (r == 0)
                reader_result_clear(&result);
        worker_free(worker);
        return r;
}

START_TEST(a_hang_is_ended)
{
        struct error err = ERROR_INIT;
        int64_t start = clock_monotonic_ms();
        ck_assert_int_eq(run_script("exec sleep 600", 100, -1, &err), -ERR_WORKER_TIMEOUT);
        ck_assert_int_lt(clock_monotonic_ms() - start, 60000);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "100 ms"));
        error_clear(&err);
}
END_TEST

START_TEST(a_crash_is_told)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(run_script("kill -SEGV $$", 0, -1, &err), -ERR_WORKER_CRASHED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "signal 11"));
        error_clear(&err);
        ck_assert_int_eq(run_script("exit 7", 0, -1, &err), -ERR_WORKER_CRASHED);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "status 7"));
        error_clear(&err);
}
END_TEST

START_TEST(processor_time_is_limited)
{
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *body = g_strdup_printf("HURRIED=1 exec %s " WORKER_ARGUMENT, self);
        g_autofree char *path = write_script(body);
        g_autoptr(GString) long_mail = g_string_new("Content-Type: text/html\r\n\r\n");
        while (long_mail->len < 4 * MIB)
                g_string_append(long_mail, "<p>a <b>line</b> of text</p>\r\n");
        struct worker_options options = { .program = path };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        struct error err = ERROR_INIT;
        int r = worker_read(worker, long_mail->str, long_mail->len, READER_MAIL, -1, &result, &err);
        ck_assert_int_eq(r, -ERR_WORKER_TIMEOUT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "processor time"));
        error_clear(&err);
        worker_free(worker);
}
END_TEST

/* A reply whose frame and body are these. */
static char *reply_script(uint32_t outcome, const char *json, uint64_t size)
{
        struct worker_frame frame = { WORKER_REPLY_MAGIC, outcome, size };
        g_autoptr(GString) script = g_string_new("head -c 16 <&3 >/dev/null; printf '");
        for (size_t i = 0; i < sizeof frame; i++)
                g_string_append_printf(script, "\\%03o", ((unsigned char *) &frame)[i]);
        g_string_append_printf(script, "' >&3; cat >&3 <<'END'\n%s\nEND\nexec sleep 600", json);
        return g_string_free(g_steal_pointer(&script), FALSE);
}

START_TEST(nonsense_is_refused)
{
        static const struct { uint32_t outcome; const char *json; uint64_t size; } replies[] = {
                { READER_RECOGNISED, "no json at all", 14 },
                { READER_RECOGNISED, "[1,2]", 5 },
                { READER_RECOGNISED, "{\"bulletin\":null,\"text\":\"x\",\"archive_name\":\"a\",\"reason\":null}", 61 },
                { READER_REFUSED, "{\"bulletin\":null,\"text\":null,\"archive_name\":null,\"reason\":7}", 59 },
                { READER_REFUSED, "{\"bulletin\":null,\"text\":null,\"archive_name\":\"../../x\",\"reason\":\"r\"}", 67 },
                { READER_UNRECOGNISED, "{\"bulletin\":{\"schema\":\"other\"},\"text\":null,\"archive_name\":null,\"reason\":\"r\"}", 77 },
                { READER_OUTCOME_MAX, "{}", 2 },
                { READER_RECOGNISED, "{}", (uint64_t) LIMIT_WORKER_REPLY_BYTES + 1 },
                { READER_RECOGNISED, "{}", 0 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
                g_autofree char *script = reply_script(replies[i].outcome, replies[i].json, replies[i].size);
                struct error err = ERROR_INIT;
                int r = run_script(script, 20000, -1, &err);
                ck_assert_msg(r == -ERR_MALFORMED, "reply %zu: %d %s", i, r, error_text(&err));
                error_clear(&err);
        }
        /* The well-formed refusal that the others are mutations of is taken. */
        static const char good[] = "{\"bulletin\":null,\"text\":null,\"archive_name\":null,\"reason\":\"r\","
                                   "\"unknown_labels\":[],\"missing_labels\":[]}";
        g_autofree char *script = reply_script(READER_REFUSED, good, sizeof good - 1);
        ck_assert_int_eq(run_script(script, 20000, -1, NULL), 0);
}
END_TEST

/* What a worker answers that has read the mail, but for the archive's name. */
static int answer_with_name(const struct bulletin *bulletin, const char *name)
{
        json_t *json = json_pack("{s:o, s:s, s:s, s:n, s:[], s:[]}", "bulletin", bulletin_to_json(bulletin), "text", "x",
                                 "archive_name", name, "reason", "unknown_labels", "missing_labels");
        char *text = json_dumps(json, JSON_COMPACT);
        g_autofree char *script = reply_script(READER_RECOGNISED, text, strlen(text));
        free(text);
        json_decref(json);
        return run_script(script, 20000, -1, NULL);
}

/* Who has taken a worker over can lie about the bulletin, but not choose files or speak for another mail. */
START_TEST(well_formed_lies_are_refused)
{
        static const char *const lies[] = { "../x", "/x", "a/../x", "a//x", "a/.x", ".x", "A", "a/", "a b", "a\nb", "" };
        struct worker *worker = worker_new(NULL);
        struct reader_result result;
        ck_assert_int_eq(read_mail(worker, &result, NULL), 0);
        worker_free(worker);
        ck_assert_int_eq(answer_with_name(result.bulletin, "a/b-1.c"), 0);
        for (size_t i = 0; i < G_N_ELEMENTS(lies); i++)
                ck_assert_msg(answer_with_name(result.bulletin, lies[i]) == -ERR_MALFORMED, "\"%s\"", lies[i]);
        char *first = &result.bulletin->mail.sha256[0];
        *first = *first == '0' ? '1' : '0';
        ck_assert_int_eq(answer_with_name(result.bulletin, "a/b-1.c"), -ERR_MALFORMED);
        reader_result_clear(&result);
}
END_TEST

START_TEST(a_worker_that_dies_is_replaced)
{
        /* The script dies at its first request, and at the second becomes the real worker. */
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *body = g_strdup_printf("if [ -e %s/once ]; then exec %s --parser-worker; fi; : > %s/once; exit 1",
                                                directory, self, directory);
        g_autofree char *path = write_script(body);
        struct worker_options options = { .program = path };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(read_mail(worker, &result, &err), -ERR_WORKER_CRASHED);
        error_clear(&err);
        int r = read_mail(worker, &result, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        ck_assert_str_eq(result.bulletin->id, "MS07-999");
        reader_result_clear(&result);
        worker_free(worker);
}
END_TEST

START_TEST(a_stop_is_obeyed)
{
        int stop = eventfd(1, EFD_CLOEXEC);
        struct error err = ERROR_INIT;
        ck_assert_int_eq(run_script("exec sleep 600", 60000, stop, &err), -ERR_CANCELLED);
        error_clear(&err);
        close(stop);
}
END_TEST

START_TEST(a_missing_program_is_named)
{
        struct worker_options options = { .program = "/nonexistent/worker" };
        struct worker *worker = worker_new(&options);
        struct reader_result result;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(read_mail(worker, &result, &err), -ENOENT);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "/nonexistent/worker"));
        error_clear(&err);
        worker_free(worker);
}
END_TEST

START_TEST(nothing_is_inherited)
{
        /* The child sees no variable and no descriptor of ours. */
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *report = g_build_filename(directory, "report", NULL);
        g_autofree char *body = g_strdup_printf("{ ls -l /proc/$$/fd; tr '\\0' '\\n' < /proc/$$/environ; } > %s; exit 3",
                                                report);
        setenv("SECRET_OF_THE_PARENT", "hush", 1);
        int leaked = eventfd(0, 0);
        run_script(body, 0, -1, NULL);
        close(leaked);
        g_autofree char *text = support_read_file(report, NULL);
        ck_assert_ptr_null(strstr(text, "hush"));
        ck_assert_ptr_nonnull(strstr(text, "3 -> socket:"));
        ck_assert_ptr_null(strstr(text, "eventfd"));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("worker");
        TCase *tests = tcase_create("worker");
        tcase_set_timeout(tests, 120);
        tcase_add_test(tests, reads_a_bulletin);
        tcase_add_test(tests, reads_what_is_no_bulletin);
        tcase_add_test(tests, a_hang_is_ended);
        tcase_add_test(tests, a_crash_is_told);
        tcase_add_test(tests, processor_time_is_limited);
        tcase_add_test(tests, nonsense_is_refused);
        tcase_add_test(tests, well_formed_lies_are_refused);
        tcase_add_test(tests, a_worker_that_dies_is_replaced);
        tcase_add_test(tests, a_stop_is_obeyed);
        tcase_add_test(tests, a_missing_program_is_named);
        tcase_add_test(tests, nothing_is_inherited);
        suite_add_tcase(s, tests);
        return s;
}

int main(int argc, char **argv)
{
        if (argc == 2 && strcmp(argv[1], WORKER_ARGUMENT) == 0) {
                hurried = getenv("HURRIED") != NULL;
                return worker_main();
        }
        return support_run(suite());
}
