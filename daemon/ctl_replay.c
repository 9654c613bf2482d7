/* SPDX-License-Identifier: MIT */
/*
 * replay: every mail on record through the parser and the configuration as they are now, in the order in which they came,
 * into a database that is thrown away afterwards. It is the daemon's own pipeline; only nobody sends what it asks for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/ctl.h"
#include "daemon/ctl_replay_p.h"
#include "daemon/service.h"
#include "daemon/service_p.h"
#include "daemon/verification.h"
#include "notify/route.h"
#include "store/refetch.h"

#define PROGRESS_MS 200

struct replay {
        struct database *db;      /* what is on record; only read */
        struct config config;     /* the configuration, but with places of its own */
        char *directory;
        struct service *service;
        int done_fd;
        GHashTable *left_out;     /* numbers of mails */
        int64_t drawn_ms;
        bool shown;               /* there is a terminal */
        char *since;              /* "YYYY-MM-DD" in local time, or NULL: all */
        bool news;                /* as if no mail had been history */
        struct replay_totals totals;
};

static void show_progress(struct replay *replay, const char *what, unsigned mails)
{
        int64_t now_ms = clock_monotonic_ms();
        if (!replay->shown || now_ms - replay->drawn_ms < PROGRESS_MS)
                return;
        replay->drawn_ms = now_ms;
        fprintf(stderr, "\r\033[K%u mails %s", mails, what);
}

static void clear_progress(struct replay *replay)
{
        if (replay->shown)
                fputs("\r\033[K", stderr);
        replay->drawn_ms = 0;
}

/* --- the second life of the mails --- */

static void count_committed(struct job *job, void *context)
{
        struct replay *replay = context;
        if (job->kind == JOB_MARK)
                wake_signal(replay->done_fd);
}

static int find_source(struct replay *replay, struct job *job, int64_t mail_id, struct error *err)
{
        GPtrArray *sightings;
        int r = mails_sightings(replay->db, mail_id, &sightings, err);
        if (r < 0)
                return r;
        job->source = g_strdup(verification_source(ctl.config, sightings));
        g_ptr_array_unref(sightings);
        return 0;
}

/* The store of a replay needs a mail's digest but not its bytes. */
static void leave_bytes_out(struct job *job, const char *sha256)
{
        g_strlcpy(job->packed.sha256, sha256, sizeof job->packed.sha256);
        job->packed.size = job->size;
        job->packed.data = g_strdup("");
        job->packed.data_size = 1;
}

static int fill_job(struct replay *replay, struct job *job, const struct mail_row *mail, struct error *err)
{
        bool was_history = false;
        int r = find_source(replay, job, mail->id, err);
        if (r == 0 && !replay->news)
                r = replay_overtaking(replay->db, mail->id, ROUTE_REASON_HISTORY, &was_history, &job->overtook, err);
        if (r == 0)
                r = mails_read(replay->db, mail->id, &job->data, &job->size, err);
        if (r < 0)
                return r;
        leave_bytes_out(job, mail->sha256);
        job->received_ms = mail->received_ms;
        job->history = (mail->history || was_history) && !replay->news;
        job->form = READER_MAIL;
        job->committed = count_committed;
        job->context = replay;
        return 0;
}

/* What is only a beginning cannot be read; what was fetched again, whole, is on record as another mail. */
static int is_whole(struct replay *replay, const struct mail_row *mail, bool *ret_whole, struct error *err)
{
        struct quarantine_row *row;
        *ret_whole = mail->outcome != MAIL_REPLACED;
        if (mail->outcome != MAIL_QUARANTINED)
                return 0;
        int r = quarantine_get(replay->db, mail->id, &row, err);
        if (r < 0)
                return r;
        *ret_whole = !refetch_is_needed(row);
        quarantine_row_free(row);
        return 0;
}

static int queue_mail(struct replay *replay, int64_t mail_id, struct error *err)
{
        struct mail_row *mail;
        bool whole = false;
        int r = mails_get(replay->db, mail_id, &mail, err);
        if (r < 0)
                return r;
        r = is_whole(replay, mail, &whole, err);
        if (r == 0 && whole) {
                struct job *job = job_new(JOB_MAIL);
                r = fill_job(replay, job, mail, err);
                if (r < 0)
                        job_free(job);
                else
                        r = job_queue_put(service_queue(replay->service), job);
        } else if (r == 0) {
                int64_t *number = g_new(int64_t, 1);
                *number = mail_id;
                g_hash_table_add(replay->left_out, number);
        }
        mail_row_free(mail);
        return r;
}

static bool is_over(const struct replay *replay)
{
        return ctl_is_stopped(NULL) || wake_is_set(service_failed_fd(replay->service));
}

static int wait_for_commit(struct replay *replay)
{
        struct job *mark = job_new(JOB_MARK);
        mark->source = g_strdup("replay");
        mark->committed = count_committed;
        mark->context = replay;
        int r = job_queue_put(service_queue(replay->service), mark);
        while (r == 0 && !wake_is_set(replay->done_fd) && !is_over(replay))
                wake_wait(replay->done_fd, service_failed_fd(replay->service), PROGRESS_MS);
        return r;
}

static int read_again(struct replay *replay, struct error *err)
{
        int64_t mail_id = 0;
        unsigned count = 0;
        int r = replay_next(replay->db, mail_id, &mail_id, err);
        while (r == 0 && mail_id != 0 && !is_over(replay)) {
                show_progress(replay, "read again", ++count);
                r = queue_mail(replay, mail_id, err);
                if (r == 0)
                        r = replay_next(replay->db, mail_id, &mail_id, err);
        }
        if (r == 0 && !is_over(replay))
                r = wait_for_commit(replay);
        if (ctl_is_stopped(NULL))
                return error_set(err, -ERR_CANCELLED, "stopped");
        if (wake_is_set(service_failed_fd(replay->service)))
                return error_set(err, -ERR_STORE, "%s: the replay could not be stored", replay->directory);
        return r;
}

/* --- what is different --- */

static int compare_mail(struct replay *replay, struct database *scratch, int64_t mail_id, GHashTable *seen, struct error *err)
{
        struct replay_record *before = NULL, *after = NULL;
        int64_t scratch_id = 0;
        bool unused;
        int r = replay_read(replay->db, mail_id, &before, err);
        g_autofree char *stored = r == 0 ? ctl_time(before->mail->stored_ms) : NULL;
        /* Both sides begin alike, whatever stands behind the date. */
        bool wanted = r == 0 && (!replay->since || strncmp(stored, replay->since, strlen(replay->since)) >= 0);
        if (wanted)
                r = mails_find_digest(scratch, before->mail->sha256, "", &scratch_id, &unused, err);
        if (r == 0 && wanted && scratch_id != 0)
                r = replay_read(scratch, scratch_id, &after, err);
        if (r == 0 && after) {
                replay->totals.mails++;
                struct replay_difference *difference = replay_compare(before, after, seen);
                if (difference) {
                        clear_progress(replay);
                        replay_print_difference(before, difference);
                        replay->totals.outcomes += difference->outcome_from != NULL;
                        replay->totals.fields += difference->fields->len > 0;
                        replay->totals.decisions += difference->decisions->len > 0;
                }
                replay_difference_free(difference);
        }
        replay->totals.left_out += wanted && g_hash_table_contains(replay->left_out, &mail_id);
        replay_record_free(before);
        replay_record_free(after);
        return r;
}

static int compare_all(struct replay *replay, struct error *err)
{
        struct database *scratch;
        int r = database_open(replay->config.database_file, DATABASE_READ, &scratch, err);
        if (r < 0)
                return r;
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        int64_t mail_id = 0;
        r = replay_next(replay->db, mail_id, &mail_id, err);
        while (r == 0 && mail_id != 0) {
                r = compare_mail(replay, scratch, mail_id, seen, err);
                show_progress(replay, "compared", replay->totals.mails);
                if (r == 0)
                        r = replay_next(replay->db, mail_id, &mail_id, err);
                if (r == 0 && ctl_is_stopped(NULL))
                        r = error_set(err, -ERR_CANCELLED, "stopped");
        }
        clear_progress(replay);
        database_close(scratch);
        return r;
}

/* --- the whole of it --- */

static int make_place(struct replay *replay, struct error *err)
{
        g_autoptr(GError) problem = NULL;
        replay->directory = g_dir_make_tmp("hotfixd-replay-XXXXXX", &problem);
        if (!replay->directory)
                return error_set(err, -EIO, "cannot make a directory for the replay: %s", problem->message);
        replay->config = *ctl.config;
        replay->config.state_dir = replay->config.archive_dir = replay->directory;
        replay->config.database_file = g_build_filename(replay->directory, "replay.db", NULL);
        struct database *db;
        int r = database_open(replay->config.database_file, DATABASE_CREATE, &db, err);
        if (r == 0)
                database_close(db);
        return r;
}

static void remove_place(struct replay *replay)
{
        static const char *const behind[] = { "", "-wal", "-shm", "-journal" };
        for (size_t i = 0; replay->config.database_file && i < G_N_ELEMENTS(behind); i++) {
                g_autofree char *path = g_strconcat(replay->config.database_file, behind[i], NULL);
                unlink(path);
        }
        if (replay->directory && rmdir(replay->directory) < 0)
                fprintf(stderr, "hotfixctl: %s: %s\n", replay->directory, strerror(errno));
        g_free(replay->config.database_file);
        g_free(replay->directory);
}

static int run(struct replay *replay, struct error *err)
{
        int stop_fd = ctl_catch_stop(); /* before there is anything to be removed */
        int r = make_place(replay, err);
        if (r < 0)
                return r;
        replay->service = service_start_store(&replay->config, stop_fd);
        r = read_again(replay, err);
        clear_progress(replay);
        service_stop(replay->service);
        if (r == 0)
                r = compare_all(replay, err);
        return r;
}

int ctl_replay(const struct ctl_command *command, int argc, char **argv)
{
        enum { OPTION_SINCE = 1, OPTION_NEWS };
        static const struct option options[] = { { "since", required_argument, NULL, OPTION_SINCE },
                                                 { "news", no_argument, NULL, OPTION_NEWS },
                                                 { NULL, 0, NULL, 0 } };
        struct replay replay = { .shown = isatty(STDERR_FILENO) };
        int status, c;
        while ((c = ctl_next_option(command, argc, argv, options, &status)) >= 0) {
                if (c == OPTION_NEWS)
                        replay.news = true;
                else if (bulletin_date_is_valid(optarg))
                        replay.since = optarg;
                else
                        return ctl_usage_error(command, "--since: '%s' is not a date YYYY-MM-DD", optarg);
        }
        if (c == -2)
                return status;
        if (optind < argc)
                return ctl_usage_error(command, "unexpected argument '%s'", argv[optind]);
        if ((status = ctl_load_config()) != 0 || (status = ctl_open_database(DATABASE_READ, &replay.db)) != 0)
                return status;
        log_set_level(LOG_LEVEL_ERROR); /* what the pipeline would tell is no news */
        struct error err = ERROR_INIT;
        replay.done_fd = wake_new();
        replay.left_out = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
        int r = run(&replay, &err);
        remove_place(&replay);
        if (r == 0)
                replay_print_totals(&replay.totals);
        g_hash_table_unref(replay.left_out);
        close(replay.done_fd);
        database_close(replay.db);
        return r < 0 ? ctl_fail(&err) : CTL_DONE;
}
