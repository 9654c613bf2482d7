/* SPDX-License-Identifier: MIT */
/* import: mails from files into the store, as history, through the same parsers and the same writer as the daemon's. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/file.h"
#include "common/log.h"
#include "common/text.h"
#include "daemon/ctl.h"
#include "daemon/ctl_import_p.h"
#include "daemon/mail_source.h"
#include "daemon/pipeline.h"
#include "daemon/service.h"
#include "daemon/service_p.h"
#include "store/archive.h"

struct import {
        struct service *service;
        struct database *db;      /* for looking only */
        struct mail_source files;
        struct import_progress progress;
        char *source;             /* "import:PATH" of the path at hand */
        unsigned found;           /* mails in the files */
        unsigned seen;            /* of them, on record with this source before: not even queued */
        unsigned counts[7];       /* of them, by outcome, see outcome_names; written by the writer's thread, as is known */
        unsigned known;
        int done_fd;
        struct error *err;        /* of the look-up, while a path is walked */
};

static const char *const outcome_names[] = { "first", "later", "earlier", "variant", "duplicate", "unrecognised",
                                             "quarantined" };
enum { OUTCOME_UNRECOGNISED = 5, OUTCOME_QUARANTINED = 6 };
G_STATIC_ASSERT(G_N_ELEMENTS(outcome_names) == G_N_ELEMENTS(((struct import *) 0)->counts));

static void count_committed(struct job *job, void *context)
{
        struct import *import = context;
        if (job->kind == JOB_MARK) {
                wake_signal(import->done_fd);
                return;
        }
        const char *event = g_strcmp0(job->event, "undated") == 0 ? "variant" : job->event;
        for (size_t i = 0; i < G_N_ELEMENTS(outcome_names); i++)
                if (g_strcmp0(event, outcome_names[i]) == 0)
                        import->counts[i]++;
        if (g_strcmp0(event, "known") == 0)
                import->known++;
}

static bool is_over(void *context)
{
        struct import *import = context;
        return ctl_is_stopped(NULL) || wake_is_set(service_failed_fd(import->service));
}

static struct job *job_for(struct import *import, enum job_kind kind)
{
        struct job *job = job_new(kind);
        job->source = g_strdup(import->source);
        job->received_ms = clock_wall_ms();
        job->history = true;
        job->form = READER_MAIL;
        job->committed = count_committed;
        job->context = import;
        return job;
}

/* What is on record already needs no parser: an import that broke off is soon back where it was. */
static int queue_mail(const char *path, char *data, size_t size, void *context)
{
        struct import *import = context;
        char sha256[DIGEST_TEXT_SIZE];
        int64_t known = 0;
        bool seen = false;
        (void) path;
        import->found++;
        import_progress_show(&import->progress, import->found, import->files.bytes);
        digest_sha256(data, size, sha256);
        int r = mails_find_digest(import->db, sha256, import->source, &known, &seen, import->err);
        if (r < 0 || seen) {
                import->seen += r == 0;
                g_free(data);
                return r;
        }
        struct job *job = job_for(import, JOB_MAIL);
        job->known_mail_id = known;
        if (known == 0) {
                job->data = data;
                job->size = size;
        } else {
                g_free(data);
        }
        return job_queue_put(service_queue(import->service), job);
}

/* Waits until everything queued so far is committed. */
static int wait_for_commit(struct import *import)
{
        int r = job_queue_put(service_queue(import->service), job_for(import, JOB_MARK));
        while (r == 0 && wake_wait(import->done_fd, service_failed_fd(import->service), IMPORT_PROGRESS_MS) < 0)
                import_progress_show(&import->progress, import->found, import->files.bytes);
        if (r == 0 && !wake_is_set(import->done_fd))
                r = -ERR_STORE;
        wake_clear(import->done_fd);
        return r;
}

/* "import:/var/mail/old": the same however it was typed. */
static char *source_name(const char *path)
{
        g_autofree char *whole = g_canonicalize_filename(path, NULL);
        g_autofree char *name = text_make_line(whole, strlen(whole));
        return g_strdup_printf("import:%s", name);
}

/* An error of the path itself is only named; one of the store is returned. */
static int import_path(struct import *import, const char *path, struct error *err)
{
        struct error of_store = ERROR_INIT, of_path = ERROR_INIT;
        g_free(import->source);
        import->source = source_name(path);
        import->err = &of_store;
        int r = mail_source_walk(&import->files, path, &of_path);
        int committed = wait_for_commit(import);
        if (of_store.code < 0)
                r = error_move(err, &of_store);
        else if (committed < 0 || wake_is_set(service_failed_fd(import->service)))
                r = error_set(err, -ERR_STORE, "%s: not everything could be stored", path);
        else if (r < 0 && r != -ERR_CANCELLED)
                g_ptr_array_add(import->files.problems, g_strdup(error_text(&of_path)));
        error_clear(&of_store);
        error_clear(&of_path);
        return r == -ERR_STORE || (r < 0 && err->code < 0) || r == -ERR_CANCELLED ? r : 0;
}

/* The summary, also for what an import brought that broke off before. A daemon that runs keeps the archive itself. */
static int finish(const struct import *import, int paths, struct error *err)
{
        struct database *db;
        int r = database_open(ctl.config->database_file, DATABASE_WRITE, &db, err);
        if (r < 0)
                return r;
        g_autofree char *source = paths > 1 ? g_strdup_printf("%s and %d more", import->source, paths - 1) :
                                  g_strdup(import->source);
        r = pipeline_summarise_import(db, ctl.config, source, err);
        if (r == 0 && ctl_daemon_pid() == 0) {
                import_progress_say(&import->progress, "writing the archive");
                r = archive_update(db, ctl.config->archive_dir, ctl_is_stopped, NULL, NULL, err);
        }
        if (r == -ERR_CANCELLED)
                error_set(err, r, "stopped while the archive was written; hotfixd, or another import, completes it");
        database_close(db);
        return r;
}

static void print_problems(const GPtrArray *problems)
{
        for (guint i = 0; i < problems->len; i++)
                fprintf(stderr, "hotfixctl: %s\n", (const char *) g_ptr_array_index(problems, i));
}

/* Not what is left of the mails found: where the store has failed, some are nowhere. */
static unsigned known_already(const struct import *import)
{
        return import->seen + import->known;
}

static void print_json(const struct import *import, bool interrupted)
{
        json_t *json = json_object();
        json_object_set_new(json, "mails", json_integer(import->found));
        json_object_set_new(json, "known", json_integer(known_already(import)));
        for (size_t i = 0; i < G_N_ELEMENTS(outcome_names); i++)
                json_object_set_new(json, outcome_names[i], json_integer(import->counts[i]));
        json_object_set_new(json, "skipped", json_integer(import->files.problems->len));
        json_object_set_new(json, "not_mails", json_integer(import->files.others));
        json_object_set_new(json, "interrupted", json_boolean(interrupted));
        ctl_print_json(json);
}

static void print_totals(const struct import *import)
{
        printf("%u mail%s: %u known already", import->found, import->found == 1 ? "" : "s", known_already(import));
        for (size_t i = 0; i < G_N_ELEMENTS(outcome_names); i++)
                printf(", %u %s", import->counts[i], outcome_names[i]);
        putchar('\n');
        if (import->files.others > 0)
                printf("%u file%s left out: not a mail\n", import->files.others, import->files.others == 1 ? "" : "s");
        if (import->files.problems->len > 0)
                printf("%u could not be read, see above\n", import->files.problems->len);
        if (import->counts[OUTCOME_QUARANTINED] > 0)
                puts("See those that could not be understood at all: hotfixctl quarantine list");
        if (import->counts[OUTCOME_UNRECOGNISED] > 0)
                puts("See those that are no bulletin of a known feed: hotfixctl list --unrecognised");
}

static void print_interruption(const struct import *import)
{
        g_autofree char *share = import_progress_share(&import->progress, import->files.bytes);
        fprintf(stderr, "hotfixctl: stopped after %u mail%s%s, which %s stored; the same command goes on from there\n",
                import->found, import->found == 1 ? "" : "s", share, import->found == 1 ? "is" : "are");
}

static int report(const struct import *import, int code, struct error *err)
{
        bool interrupted = code == -ERR_CANCELLED;
        print_problems(import->files.problems);
        if (ctl.json)
                print_json(import, interrupted);
        else
                print_totals(import);
        if (interrupted && err->code == 0)
                print_interruption(import);
        else if (code < 0)
                return ctl_fail(err);
        return import->files.problems->len > 0 || interrupted ? CTL_FAILED : import->found == 0 ? CTL_NOTHING : CTL_DONE;
}

static int import_all(struct import *import, int count, char **paths, struct error *err)
{
        int stop_fd = ctl_catch_stop();
        import_progress_start(&import->progress, paths, count);
        import->service = service_start_store(ctl.config, stop_fd);
        if (ctl_daemon_pid() == 0)
                service_start_archiver(import->service);
        int r = 0;
        for (int i = 0; r == 0 && i < count; i++)
                r = import_path(import, paths[i], err);
        service_stop(import->service);
        if (r == 0)
                r = finish(import, count, err);
        import_progress_end(&import->progress);
        return r;
}

static int run_import(int count, char **paths)
{
        struct error err = ERROR_INIT;
        struct import import = { .done_fd = wake_new() };
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        import.files = (struct mail_source) { .max_bytes = ctl.config->max_message_bytes, .mail = queue_mail, .stop = is_over,
                                              .context = &import, .problems = problems };
        int status = ctl_open_database(DATABASE_READ, &import.db);
        if (status == 0) {
                int r = import_all(&import, count, paths, &err);
                status = report(&import, r, &err);
                error_clear(&err);
                database_close(import.db);
        }
        g_free(import.source);
        close(import.done_fd);
        return status;
}

/* Two imports at once would each send a summary of parts of both. The lock is on the directory: no file remains of it. */
static int lock_imports(int *ret_fd)
{
        int fd = open(ctl.config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
                *ret_fd = fd;
                return 0;
        }
        if (fd >= 0 && errno == EWOULDBLOCK)
                fprintf(stderr, "hotfixctl: another import is running\n");
        else
                fprintf(stderr, "hotfixctl: %s: %s\n", ctl.config->state_dir, strerror(errno));
        if (fd >= 0)
                close(fd);
        return CTL_FAILED;
}

/* What the daemon would make at its first start. */
static int prepare_state(void)
{
        struct database *db;
        struct error err = ERROR_INIT;
        int r = file_make_directory(ctl.config->state_dir, 0750, &err);
        if (r == 0)
                r = file_make_directory(ctl.config->archive_dir, 0750, &err);
        if (r < 0)
                return ctl_fail(&err);
        int status = ctl_open_database(DATABASE_CREATE, &db);
        if (status == 0)
                database_close(db);
        return status;
}

int ctl_import(const struct ctl_command *command, int argc, char **argv)
{
        int status, lock_fd;
        if (ctl_next_option(command, argc, argv, NULL, &status) == -2)
                return status;
        if (optind >= argc)
                return ctl_usage_error(command, "at least one PATH is needed");
        if ((status = ctl_load_config()) != 0)
                return status;
        log_set_level(LOG_LEVEL_ERROR); /* what could not be read is counted, and listed by 'quarantine list' */
        if ((status = prepare_state()) != 0 || (status = lock_imports(&lock_fd)) != 0)
                return status;
        status = run_import(argc - optind, argv + optind);
        close(lock_fd);
        return status;
}
