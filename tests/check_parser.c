/* SPDX-License-Identifier: MIT */
/*
 * Who is to blame when several mails are read in one exchange and it fails. The worker is this program: it reads mails as the
 * real one does, but for those that say what is to go wrong with them, and keeps a list of what it was asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "daemon/service_p.h"
#include "ingest/worker_p.h"
#include "ingest/worker_shared.h"
#include "tests/support.h"

/* --- the worker --- */

static bool spoiled; /* by a mail, for those that come behind it */
static int asked_before; /* processes before this one, how often */

/* What one mail does to the process, or to its answer. */
static GString *read_or_fail(const char *mail)
{
        if (strstr(mail, "X-Fault: crash"))
                raise(SIGKILL);
        if (strstr(mail, "X-Fault: bad luck") && asked_before < 3)
                raise(SIGKILL);
        if (strstr(mail, "X-Fault: time"))
                raise(SIGPROF);
        if (strstr(mail, "X-Fault: hang"))
                pause();
        if (strstr(mail, "X-Fault: memory"))
                _exit(WORKER_EXIT_MEMORY);
        struct reader_result result;
        reader_read_limited(mail, strlen(mail), READER_MAIL, &(struct reader_limits){ .without_digest = true }, &result);
        GString *reply = worker_pack_reply(&result, 0);
        reader_result_clear(&result);
        if (spoiled || strstr(mail, "X-Fault: nonsense"))
                memset(reply->str + sizeof(struct worker_frame), 0xff, reply->len - sizeof(struct worker_frame));
        spoiled = spoiled || strstr(mail, "X-Fault: spoil");
        return reply;
}

static uint32_t outcome_of(const GString *reply)
{
        struct worker_frame frame;
        memcpy(&frame, reply->str, sizeof frame);
        return frame.kind;
}

static size_t put_answer(struct worker_shared *shared, size_t at, const GString *reply)
{
        size_t size = reply->len - sizeof(struct worker_frame);
        memcpy(shared->reply + at, reply->str + sizeof(struct worker_frame), size);
        return size;
}

static void serve(const struct worker_frame *request, struct worker_shared *shared)
{
        bool together = request->magic == WORKER_REQUEST_TOGETHER_MAGIC;
        uint32_t count = together ? request->kind : 1;
        struct worker_part parts[WORKER_TOGETHER_MAX], answers[WORKER_TOGETHER_MAX] = { 0 };
        size_t from = 0, to = 0;
        if (together) {
                memcpy(parts, shared->request, count * sizeof *parts);
                from = to = count * sizeof *parts;
        }
        for (uint32_t i = 0; i < count; i++) {
                const char *mail = shared->request + from;
                g_autoptr(GString) reply = read_or_fail(mail);
                bool crowded = count > 1 && strstr(mail, "X-Fault: crowded");
                answers[i] = (struct worker_part) { outcome_of(reply), crowded ? 0 : (uint32_t) put_answer(shared, to, reply) };
                from += together ? parts[i].size + 1 : 0;
                to += answers[i].size;
        }
        if (together)
                memcpy(shared->reply, answers, count * sizeof *answers);
        const struct worker_frame frame = { together ? WORKER_REPLY_TOGETHER_MAGIC : WORKER_REPLY_SHARED_MAGIC,
                                            together ? count : answers[0].kind, to, request->serial };
        if (write(WORKER_FD, &frame, sizeof frame) != (ssize_t) sizeof frame)
                _exit(1);
}

static int run_worker(const char *list)
{
        struct worker_setup setup;
        struct worker_frame request;
        struct worker_shared *shared = worker_shared_open(WORKER_SHARED_FD);
        int fd = open(list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        g_autofree char *text = NULL;
        if (g_file_get_contents(list, &text, NULL, NULL))
                for (const char *c = text; *c; c++)
                        asked_before += *c == '\n';
        reader_prepare();
        if (!shared || fd < 0 || read(WORKER_FD, &setup, sizeof setup) != (ssize_t) sizeof setup)
                return 1;
        while (read(WORKER_FD, &request, sizeof request) == (ssize_t) sizeof request) {
                unsigned count = request.magic == WORKER_REQUEST_TOGETHER_MAGIC ? request.kind : 1;
                dprintf(fd, "%d %u\n", getpid(), count);
                serve(&request, shared);
        }
        return 0;
}

/* --- the daemon's side --- */

#define MAILS 4u

struct scene {
        char *list; /* what the worker was asked: lines of its process and the number of mails */
        struct service service;
        struct worker *worker;
        struct job *jobs[MAILS];
};

static struct job *make_job(unsigned number, const char *fault)
{
        struct job *job = job_new(JOB_MAIL);
        job->form = READER_MAIL;
        job->data = g_strdup_printf("From: HotFix Report <report@hotfix.example>\r\n"
                                    "Subject: HotFix Alert MS07-90%u\r\n"
                                    "X-Fault: %s\r\n"
                                    "Content-Type: text/plain; charset=UTF-8\r\n"
                                    "\r\n"
                                    "HotFix Alert:2007/05/11版\r\n"
                                    "【登録日】2007/05/11\r\n"
                                    "【更新日】2007/05/11\r\n"
                                    "深刻度\r\n1(緊急)\r\n対策\r\n至急適用\r\n"
                                    "MS07-90%u/999999\r\n"
                                    "試験用の題名\r\n"
                                    "(試験用の元の題名)\r\n", number, fault, number);
        job->size = strlen(job->data);
        return job;
}

static void set_up(struct scene *scene, int64_t wall_ms)
{
        *scene = (struct scene) { .service.stop_fd = wake_new() };
        g_autofree char *directory = support_temporary_directory(), *self = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *script = g_build_filename(directory, "worker", NULL);
        scene->list = g_build_filename(directory, "list", NULL);
        g_autofree char *text = g_strdup_printf("#!/bin/sh\nexec %s %s %s\n", self, WORKER_ARGUMENT, scene->list);
        ck_assert(g_file_set_contents(script, text, -1, NULL));
        ck_assert_int_eq(g_chmod(script, 0755), 0);
        scene->worker = worker_new(&(struct worker_options){ .program = script, .wall_ms = wall_ms });
}

/* Has four mails read, of which these are at fault. Returns what parse_jobs did. */
static int read_four(struct scene *scene, unsigned guilty, const char *fault)
{
        struct log_repeat repeat = { 0 };
        for (unsigned i = 0; i < MAILS; i++)
                scene->jobs[i] = make_job(i, guilty & 1u << i ? fault : "none");
        return parse_jobs(&scene->service, scene->worker, scene->jobs, MAILS, &repeat);
}

static void require_read(const struct job *job, unsigned number)
{
        g_autofree char *id = g_strdup_printf("MS07-90%u", number);
        ck_assert_msg(job->code == 0, "mail %u: %s", number, error_text(&job->error));
        ck_assert_int_eq(job->result.outcome, READER_RECOGNISED);
        ck_assert_str_eq(job->result.bulletin->id, id);
}

static void free_jobs(struct scene *scene)
{
        for (unsigned i = 0; i < MAILS; i++)
                job_free(scene->jobs[i]);
}

static void tear_down(struct scene *scene)
{
        worker_free(scene->worker);
        close(scene->service.stop_fd);
        g_free(scene->list);
}

/* What the worker was asked, as "4 1 1": how many mails each time. *ret_processes: how many were started for it. */
static char *asked(const struct scene *scene, unsigned *ret_processes)
{
        g_autofree char *text = support_read_file(scene->list, NULL);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        GString *counts = g_string_new(NULL);
        g_autofree char *last = g_strdup("");
        *ret_processes = 0;
        for (char **line = lines; *line && **line; line++) {
                char *space = strchr(*line, ' ');
                g_string_append(counts, counts->len > 0 ? space : space + 1);
                *space = '\0';
                *ret_processes += strcmp(*line, last) != 0;
                g_free(last);
                last = g_strdup(*line);
        }
        return g_string_free(counts, FALSE);
}

START_TEST(one_exchange_reads_all)
{
        struct scene scene;
        unsigned processes;
        set_up(&scene, 0);
        for (int round = 0; round < 2; round++) {
                ck_assert_int_eq(read_four(&scene, 0, ""), 0);
                for (unsigned i = 0; i < MAILS; i++)
                        require_read(scene.jobs[i], i);
                free_jobs(&scene);
        }
        g_autofree char *counts = asked(&scene, &processes);
        ck_assert_str_eq(counts, "4 4");
        ck_assert_uint_eq(processes, 1);
        tear_down(&scene);
}
END_TEST

static const struct fault {
        const char *name;
        int code;
        const char *error, *asked;
        unsigned processes;
} faults[] = {
        { "crash", -ERR_WORKER_CRASHED, "signal 9", "4 1 1 1 1 1 1", 7 },
        { "time", -ERR_WORKER_TIMEOUT, "parser-cpu-time", "4 1 1 1 1 1", 6 },
        { "nonsense", -ERR_MALFORMED, "invalid answer", "4 1 1 1 1 1", 6 },
        { "memory", -ERR_LIMIT, "parser-memory", "4 1 1 1 1", 5 },
};

static void require_blame(const struct scene *scene, unsigned guilty, int code, const char *error)
{
        for (unsigned i = 0; i < MAILS; i++) {
                const struct job *job = scene->jobs[i];
                if (!(guilty & 1u << i)) {
                        require_read(job, i);
                        continue;
                }
                ck_assert_int_eq(job->code, code);
                ck_assert_msg(strstr(error_text(&job->error), error), "%s", error_text(&job->error));
                ck_assert_ptr_null(job->result.bulletin);
        }
}

/* The one that fails alone, in a process that has read nothing else, is the one. */
START_TEST(exactly_the_guilty_one_is_blamed)
{
        const struct fault *fault = &faults[_i];
        for (unsigned place = 0; place < MAILS; place++) {
                struct scene scene;
                unsigned processes;
                set_up(&scene, 0);
                ck_assert_int_eq(read_four(&scene, 1u << place, fault->name), 0);
                require_blame(&scene, 1u << place, fault->code, fault->error);
                g_autofree char *counts = asked(&scene, &processes);
                ck_assert_str_eq(counts, fault->asked);
                ck_assert_uint_eq(processes, fault->processes);
                free_jobs(&scene);
                tear_down(&scene);
        }
}
END_TEST

START_TEST(so_are_all_that_are_guilty)
{
        struct scene scene;
        set_up(&scene, 0);
        ck_assert_int_eq(read_four(&scene, 0xb, "crash"), 0);
        require_blame(&scene, 0xb, -ERR_WORKER_CRASHED, "signal 9");
        free_jobs(&scene);
        ck_assert_int_eq(read_four(&scene, 0, ""), 0); /* nothing of it is left */
        require_blame(&scene, 0, 0, "");
        free_jobs(&scene);
        tear_down(&scene);
}
END_TEST

/* Something kills processes, and hit this mail's three times in a row, the first with all four. */
START_TEST(bad_luck_is_not_blamed)
{
        struct scene scene;
        unsigned processes;
        set_up(&scene, 0);
        ck_assert_int_eq(read_four(&scene, 1u << 0, "bad luck"), 0);
        require_blame(&scene, 0, 0, "");
        g_autofree char *counts = asked(&scene, &processes);
        ck_assert_str_eq(counts, "4 1 1 1 1 1 1");
        ck_assert_uint_eq(processes, 7);
        free_jobs(&scene);
        tear_down(&scene);
}
END_TEST

/* Longer than a loaded machine needs to start a process. */
#define WALL_MS 2000

START_TEST(a_hang_costs_the_others_only_time)
{
        struct scene scene;
        set_up(&scene, WALL_MS);
        ck_assert_int_eq(read_four(&scene, 1u << 2, "hang"), 0);
        require_blame(&scene, 1u << 2, -ERR_WORKER_TIMEOUT, "parser-timeout");
        free_jobs(&scene);
        tear_down(&scene);
}
END_TEST

/* A mail that leaves a process behind which answers nonsense for all others is read, and so are they. */
START_TEST(nobody_answers_for_what_another_one_spoiled)
{
        for (unsigned place = 0; place < MAILS; place++) {
                struct scene scene;
                set_up(&scene, 0);
                ck_assert_int_eq(read_four(&scene, 1u << place, "spoil"), 0);
                require_blame(&scene, 0, 0, "");
                free_jobs(&scene);
                tear_down(&scene);
        }
}
END_TEST

/* That is no failure: the others have their answers, and the process stays. */
START_TEST(an_answer_without_room_is_asked_for_again)
{
        struct scene scene;
        unsigned processes;
        set_up(&scene, 0);
        ck_assert_int_eq(read_four(&scene, 0x6, "crowded"), 0);
        require_blame(&scene, 0, 0, "");
        g_autofree char *counts = asked(&scene, &processes);
        ck_assert_str_eq(counts, "4 1 1");
        ck_assert_uint_eq(processes, 1);
        free_jobs(&scene);
        tear_down(&scene);
}
END_TEST

START_TEST(a_stop_is_obeyed)
{
        struct scene scene;
        set_up(&scene, 60000);
        wake_signal(scene.service.stop_fd);
        ck_assert_int_eq(read_four(&scene, 1, "hang"), -ERR_CANCELLED);
        free_jobs(&scene);
        tear_down(&scene);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("parser");
        TCase *tests = tcase_create("several mails");
        tcase_add_test(tests, one_exchange_reads_all);
        tcase_add_loop_test(tests, exactly_the_guilty_one_is_blamed, 0, G_N_ELEMENTS(faults));
        tcase_add_test(tests, so_are_all_that_are_guilty);
        tcase_add_test(tests, bad_luck_is_not_blamed);
        tcase_add_test(tests, a_hang_costs_the_others_only_time);
        tcase_add_test(tests, nobody_answers_for_what_another_one_spoiled);
        tcase_add_test(tests, an_answer_without_room_is_asked_for_again);
        tcase_add_test(tests, a_stop_is_obeyed);
        suite_add_tcase(s, tests);
        return s;
}

/* The worker has the argument, that of the script, and the script's list. */
int main(int argc, char **argv)
{
        if (argc == 3 && strcmp(argv[1], WORKER_ARGUMENT) == 0)
                return run_worker(argv[2]);
        return support_run(suite());
}
