/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/errors.h"
#include "common/log.h"
#include "tests/support.h"

#define MAY_2007_MS INT64_C(1178852645000) /* 2007-05-11T03:04:05Z */

static int saved_stderr = -1, ends[2] = { -1, -1 };

/* A socket of datagrams in place of standard error: each write arrives as one packet. */
static void setup(void)
{
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        saved_stderr = dup(STDERR_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[1]);
        unsetenv("JOURNAL_STREAM");
        clock_set_for_test(MAY_2007_MS, 1000);
        log_set_level(LOG_LEVEL_INFO);
}

static void teardown(void)
{
        dup2(saved_stderr, STDERR_FILENO);
        close(saved_stderr);
        close(ends[0]);
        clock_set_for_test(-1, -1);
}

/* The next write as a string, "" when there is none. */
static char *next_write(void)
{
        char *data = g_malloc(200000);
        ssize_t n = recv(ends[0], data, 199999, MSG_DONTWAIT);
        data[MAX(n, 0)] = '\0';
        return data;
}

static void assert_logged(const char *expected)
{
        g_autofree char *line = next_write();
        ck_assert_str_eq(line, expected);
}

START_TEST(a_line_is_one_write)
{
        log_warning("mailbox work", "lost %d of %s", 3, "ten");
        assert_logged("2007-05-11T03:04:05Z warning mailbox work: lost 3 of ten\n");
        log_error(NULL, "no context");
        assert_logged("2007-05-11T03:04:05Z error no context\n");
        assert_logged("");
}
END_TEST

START_TEST(levels_filter)
{
        log_debug("x", "hidden");
        assert_logged("");
        log_set_level(LOG_LEVEL_DEBUG);
        log_debug("x", "shown");
        assert_logged("2007-05-11T03:04:05Z debug x: shown\n");
        log_set_level(LOG_LEVEL_ERROR);
        log_warning("x", "hidden");
        log_notice("x", "hidden");
        log_info("x", "hidden");
        assert_logged("");
}
END_TEST

static void name_journal(ino_t shift)
{
        struct stat st;
        ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
        g_autofree char *stream = g_strdup_printf("%ju:%ju", (uintmax_t) st.st_dev, (uintmax_t) (st.st_ino + shift));
        setenv("JOURNAL_STREAM", stream, 1);
}

START_TEST(the_journal_gets_priorities)
{
        static const char *const expected[] = { "<3>c: t\n", "<4>c: t\n", "<5>c: t\n", "<6>c: t\n", "<7>c: t\n" };
        log_set_level(LOG_LEVEL_DEBUG);
        name_journal(0);
        for (int level = 0; level < LOG_LEVEL_MAX; level++) {
                log_write((enum log_level) level, "c", "t");
                assert_logged(expected[level]);
        }
        name_journal(1); /* standard error is something else by now */
        log_error("c", "t");
        assert_logged("2007-05-11T03:04:05Z error c: t\n");
        static const char *const wrong[] = { "", ":", "1", "1:2:3", "a:b", "-1:5", "99999999999999999999:1" };
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                setenv("JOURNAL_STREAM", wrong[i], 1);
                log_error("c", "t");
                assert_logged("2007-05-11T03:04:05Z error c: t\n");
        }
}
END_TEST

START_TEST(outside_bytes_forge_nothing)
{
        log_error("a\nb", "x\r\n<0>fake: y\x1b[2J\tz\x7f\xE2\x80\xAE\xE2\x80\xA8q");
        assert_logged("2007-05-11T03:04:05Z error a b: x <0>fake: y[2J z? q\n");
        log_error("c", "bad \xFF bytes, 緊急");
        assert_logged("2007-05-11T03:04:05Z error c: bad \xEF\xBF\xBD bytes, 緊急\n");
        log_error("c", "%s", "%n%s");
        assert_logged("2007-05-11T03:04:05Z error c: %n%s\n");
}
END_TEST

START_TEST(long_lines_are_cut)
{
        g_autofree char *text = g_strnfill(150000, 'x');
        log_error("c", "%s", text);
        g_autofree char *line = next_write();
        ck_assert_uint_lt(strlen(line), 20000);
        ck_assert(g_str_has_suffix(line, "x…\n"));
}
END_TEST

START_TEST(errno_survives)
{
        errno = ENOTDIR;
        log_error("c", "t");
        ck_assert_int_eq(errno, ENOTDIR);
        close(ends[0]);
        ends[0] = -1; /* nobody listens any more */
        errno = EBADMSG;
        log_error("c", "t");
        ck_assert_int_eq(errno, EBADMSG);
}
END_TEST

START_TEST(level_names)
{
        for (int level = 0; level < LOG_LEVEL_MAX; level++) {
                enum log_level parsed = LOG_LEVEL_MAX;
                ck_assert_int_eq(log_level_parse(log_level_name((enum log_level) level), &parsed), 0);
                ck_assert_int_eq((int) parsed, level);
        }
        enum log_level parsed = LOG_LEVEL_MAX;
        ck_assert_int_eq(log_level_parse("loud", &parsed), -ERR_NOT_FOUND);
        ck_assert_int_eq(log_level_parse("", &parsed), -ERR_NOT_FOUND);
        ck_assert_int_eq(parsed, LOG_LEVEL_MAX);
        ck_assert_ptr_nonnull(log_level_name(LOG_LEVEL_MAX));
}
END_TEST

static void at_seconds(int64_t seconds)
{
        clock_set_for_test(MAY_2007_MS, 1000 + seconds * 1000);
}

START_TEST(repeated_failures_grow_rare)
{
        struct log_repeat repeat = { 0 };
        log_repeat_success(&repeat, "m", "connected");
        assert_logged(""); /* it never failed */
        log_repeat_failure(&repeat, LOG_LEVEL_WARNING, "m", "no answer");
        assert_logged("2007-05-11T03:04:05Z warning m: no answer\n");
        unsigned lines = 0;
        for (int64_t second = 10; second <= 86400; second += 10) { /* for a day */
                at_seconds(second);
                log_repeat_failure(&repeat, LOG_LEVEL_WARNING, "m", "no answer");
                g_autofree char *line = next_write();
                lines += *line != '\0';
                if (second == 60)
                        ck_assert_str_eq(line, "2007-05-11T03:04:05Z warning m: no answer (failed 7 times in 1m 0s)\n");
                else if (second < 120)
                        ck_assert_str_eq(line, "");
        }
        ck_assert_uint_ge(lines, 24); /* at least once an hour */
        ck_assert_uint_le(lines, 34);
        log_repeat_success(&repeat, "m", "connected");
        assert_logged("2007-05-11T03:04:05Z notice m: connected: recovered after 8641 failures in 1d 0h\n");
        log_repeat_success(&repeat, "m", "connected");
        assert_logged("");
        log_repeat_failure(&repeat, LOG_LEVEL_WARNING, "m", "again");
        assert_logged("2007-05-11T03:04:05Z warning m: again\n");
        log_repeat_success(&repeat, "m", "connected");
        assert_logged("2007-05-11T03:04:05Z notice m: connected: recovered after 1 failure in 0s\n");
}
END_TEST

static gpointer log_many(gpointer data)
{
        (void) data;
        for (int i = 0; i < 200; i++)
                log_error("thread", "%s", "0123456789012345678901234567890123456789");
        return NULL;
}

START_TEST(threads_do_not_mix_lines)
{
        GThread *threads[4];
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                threads[i] = g_thread_new("log", log_many, NULL);
        for (int i = 0; i < 800; i++) {
                char line[200] = "";
                ck_assert_int_gt(recv(ends[0], line, sizeof line - 1, 0), 0);
                ck_assert_str_eq(line, "2007-05-11T03:04:05Z error thread: 0123456789012345678901234567890123456789\n");
        }
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                g_thread_join(threads[i]);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("log");
        TCase *t = tcase_create("log");
        suite_add_tcase(s, t);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_line_is_one_write);
        tcase_add_test(t, levels_filter);
        tcase_add_test(t, the_journal_gets_priorities);
        tcase_add_test(t, outside_bytes_forge_nothing);
        tcase_add_test(t, long_lines_are_cut);
        tcase_add_test(t, errno_survives);
        tcase_add_test(t, level_names);
        tcase_add_test(t, repeated_failures_grow_rare);
        tcase_add_test(t, threads_do_not_mix_lines);
        return s;
}

int main(void)
{
        return support_run(suite());
}
