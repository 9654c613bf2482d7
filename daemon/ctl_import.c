/* SPDX-License-Identifier: MIT */
/* import: mails from files into the store, as history, through the same parsers and the same writer as the daemon's. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "daemon/ctl.h"
#include "daemon/mail_source.h"
#include "daemon/pipeline.h"
#include "daemon/service.h"
#include "daemon/service_p.h"
#include "store/archive.h"

#define PROGRESS_MS 200

struct import {
        struct service *service;
        char *source;             /* "import:PATH" of the path at hand */
        GArray *first;            /* int64_t: bulletins that were not known before; written by the writer's thread */
        unsigned found, paths;
        unsigned counts[7];       /* by outcome, see outcome_names; written by the writer's thread */
        int done_fd;
        int64_t drawn_ms;
};

static const char *const outcome_names[] = { "first", "later", "earlier", "variant", "duplicate", "unrecognised", "quarantined" };
G_STATIC_ASSERT(G_N_ELEMENTS(outcome_names) == G_N_ELEMENTS(((struct import *) 0)->counts));

static void count_committed(struct job *job, void *context)
{
        struct import *import = context;
        if (job->kind == JOB_MARK) {
                wake_signal(import->done_fd);
                return;
        }
        if (g_strcmp0(job->event, "first") == 0)
                g_array_append_val(import->first, job->bulletin_id);
        const char *event = g_strcmp0(job->event, "undated") == 0 ? "variant" : job->event;
        for (size_t i = 0; i < G_N_ELEMENTS(outcome_names); i++)
                if (g_strcmp0(event, outcome_names[i]) == 0)
                        import->counts[i]++;
}

static void show_progress(struct import *import)
{
        int64_t now = clock_monotonic_ms();
        if (!isatty(STDERR_FILENO) || now - import->drawn_ms < PROGRESS_MS)
                return;
        unsigned found, stored;
        service_progress(import->service, &found, &stored);
        fprintf(stderr, "\r\033[K%u mails read, %u stored", import->found, stored);
        import->drawn_ms = now;
}

static int queue_mail(const char *path, char *data, size_t size, void *context)
{
        struct import *import = context;
        (void) path;
        struct job *job = job_new(JOB_MAIL);
        job->source = g_strdup(import->source);
        job->received_ms = clock_wall_ms();
        job->history = true;
        job->form = READER_GUESS;
        job->data = data;
        job->size = size;
        job->committed = count_committed;
        job->context = import;
        import->found++;
        show_progress(import);
        return job_queue_put(service_queue(import->service), job);
}

/* Waits until everything queued so far is committed. */
static int wait_for_commit(struct import *import)
{
        struct job *mark = job_new(JOB_MARK);
        mark->source = g_strdup(import->source);
        mark->committed = count_committed;
        mark->context = import;
        int r = job_queue_put(service_queue(import->service), mark);
        while (r == 0 && wake_wait(import->done_fd, service_failed_fd(import->service), PROGRESS_MS) < 0)
                show_progress(import);
        if (r == 0 && !wake_is_set(import->done_fd))
                r = -ERR_STORE;
        wake_clear(import->done_fd);
        return r;
}

static int import_path(struct import *import, const char *path, GPtrArray *problems, struct error *err)
{
        g_free(import->source);
        import->source = g_strdup_printf("import:%s", path);
        import->paths++;
        int r = mail_source_walk(path, ctl.config->max_message_bytes, queue_mail, import, problems, err);
        int committed = wait_for_commit(import);
        if (r == 0 && committed < 0)
                r = error_set(err, committed, "%s: not everything could be stored", path);
        return r;
}

static int finish(struct import *import, struct error *err)
{
        struct database *db;
        int r = database_open(ctl.config->database_file, DATABASE_WRITE, &db, err);
        if (r < 0)
                return r;
        g_autofree char *source = import->paths > 1 ? g_strdup_printf("%s and %u more", import->source, import->paths - 1) :
                                  g_strdup(import->source);
        r = pipeline_summarise_import(db, ctl.config, source, import->first, err);
        if (r == 0)
                r = archive_update(db, ctl.config->archive_dir, NULL, NULL, NULL, err);
        database_close(db);
        return r;
}

static int print_totals(const struct import *import, const GPtrArray *problems)
{
        unsigned known = import->found;
        for (size_t i = 0; i < G_N_ELEMENTS(outcome_names); i++)
                known -= MIN(known, import->counts[i]);
        for (guint i = 0; i < problems->len; i++)
                fprintf(stderr, "hotfixctl: %s\n", (const char *) g_ptr_array_index(problems, i));
        if (ctl.json) {
                json_t *json = json_object();
                json_object_set_new(json, "mails", json_integer(import->found));
                json_object_set_new(json, "known", json_integer(known));
                for (size_t i = 0; i < G_N_ELEMENTS(outcome_names); i++)
                        json_object_set_new(json, outcome_names[i], json_integer(import->counts[i]));
                json_object_set_new(json, "skipped", json_integer(problems->len));
                ctl_print_json(json);
        } else {
                printf("%u mail%s: %u known already", import->found, import->found == 1 ? "" : "s", known);
                for (size_t i = 0; i < G_N_ELEMENTS(outcome_names); i++)
                        printf(", %u %s", import->counts[i], outcome_names[i]);
                putchar('\n');
        }
        return problems->len > 0 ? CTL_FAILED : import->found == 0 ? CTL_NOTHING : CTL_DONE;
}

static int run_import(int count, char **paths)
{
        struct error err = ERROR_INIT;
        struct import import = { .first = g_array_new(FALSE, FALSE, sizeof(int64_t)), .done_fd = wake_new() };
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        import.service = service_start_store(ctl.config);
        int r = 0;
        for (int i = 0; r == 0 && i < count; i++)
                r = import_path(&import, paths[i], problems, &err);
        service_stop(import.service);
        if (import.drawn_ms)
                fputs("\r\033[K", stderr);
        if (r == 0)
                r = finish(&import, &err);
        int status = print_totals(&import, problems);
        if (r < 0)
                status = ctl_fail(&err);
        g_array_unref(import.first);
        g_free(import.source);
        close(import.done_fd);
        return status;
}

int ctl_import(const struct ctl_command *command, int argc, char **argv)
{
        int status;
        if (ctl_next_option(command, argc, argv, NULL, &status) == -2)
                return status;
        if (optind >= argc)
                return ctl_usage_error(command, "at least one PATH is needed");
        if ((status = ctl_load_config()) != 0)
                return status;
        log_set_level(LOG_LEVEL_WARNING);
        struct database *db;
        struct error err = ERROR_INIT;
        int r = file_make_directory(ctl.config->state_dir, 0750, &err);
        if (r == 0)
                r = file_make_directory(ctl.config->archive_dir, 0750, &err);
        if (r < 0)
                return ctl_fail(&err);
        if ((status = ctl_open_database(DATABASE_CREATE, &db)) != 0)
                return status;
        database_close(db);
        return run_import(argc - optind, argv + optind);
}
