/* SPDX-License-Identifier: MIT */
/* quarantine retry: stored mails through the same parsers and the same writer as the daemon's; mails of which only the
 * beginning is stored are asked for at the daemon. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "daemon/ctl_quarantine_p.h"
#include "daemon/job.h"
#include "daemon/service.h"
#include "daemon/service_p.h"
#include "daemon/verification.h"
#include "store/archive.h"
#include "store/bulletins.h"
#include "store/refetch.h"

#define TURN_MS 100
#define ANSWER_MS 15000 /* how long the daemon may take to fetch: it looks once a second, and connects if it has to */

enum way { WAY_NONE, WAY_READ, WAY_FETCH };

struct retry {
        struct database *db; /* reads, and writes requests */
        struct service *service;
        GPtrArray *mails;    /* struct mail_row, as they were */
        enum way *ways;      /* of each */
        bool accept;         /* whoever sent them */
        char **problems;     /* of each: why nothing could be done, or NULL */
        int done_fd, stop_fd;
        guint64 daemon_pid;
};

static void say_progress(const char *what, guint done, guint total)
{
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "\r\033[K%s%u of %u mails", what, done, total);
}

static void clear_progress(void)
{
        if (isatty(STDERR_FILENO))
                fputs("\r\033[K", stderr);
}

/* What is a bulletin already, or was replaced by another mail, has nothing to be read again for, but one whose sender was
 * not verified: the configuration may be another now. */
static int choose_way(struct retry *retry, const struct mail_row *mail, enum way *ret_way, struct error *err)
{
        struct quarantine_row *row;
        *ret_way = WAY_READ;
        if (mail->outcome == MAIL_REPLACED || (mail->outcome == MAIL_BULLETIN && !mail->unverified))
                *ret_way = WAY_NONE;
        if (mail->outcome != MAIL_QUARANTINED)
                return 0;
        int r = quarantine_get(retry->db, mail->id, &row, err);
        if (r < 0)
                return r;
        if (refetch_is_needed(row))
                *ret_way = WAY_FETCH;
        quarantine_row_free(row);
        return 0;
}

/* --- reading again --- */

static void signal_mark(struct job *job, void *context)
{
        if (job->kind == JOB_MARK)
                wake_signal(((struct retry *) context)->done_fd);
}

static int find_source(struct database *db, int64_t mail_id, char **ret_source, struct error *err)
{
        GPtrArray *sightings;
        int r = mails_sightings(db, mail_id, &sightings, err);
        if (r < 0)
                return r;
        *ret_source = g_strdup(verification_source(ctl.config, sightings));
        g_ptr_array_unref(sightings);
        return 0;
}

static int queue_mail(struct retry *retry, const struct mail_row *mail, struct error *err)
{
        char *data, *source;
        size_t size;
        int r = find_source(retry->db, mail->id, &source, err);
        if (r < 0)
                return r;
        r = mails_read(retry->db, mail->id, &data, &size, err);
        if (r < 0) {
                g_free(source);
                return r;
        }
        struct job *job = job_new(JOB_MAIL);
        job->source = source;
        job->again_mail_id = mail->id;
        job->received_ms = mail->received_ms;
        job->history = mail->history;
        job->accepted = retry->accept;
        job->form = READER_MAIL;
        job->data = data;
        job->size = size;
        r = job_queue_put(service_queue(retry->service), job);
        return r < 0 ? error_set(err, -ERR_STORE, "the mails could not be stored") : 0;
}

static int wait_for_commit(struct retry *retry, struct error *err)
{
        struct job *mark = job_new(JOB_MARK);
        mark->source = g_strdup("quarantine");
        mark->committed = signal_mark;
        mark->context = retry;
        int r = job_queue_put(service_queue(retry->service), mark);
        while (r == 0 && wake_wait(retry->done_fd, service_failed_fd(retry->service), 1000) < 0)
                ;
        if (r == 0 && !wake_is_set(retry->done_fd))
                r = -ERR_STORE;
        return r < 0 ? error_set(err, -ERR_STORE, "the mails could not be stored") : 0;
}

static guint count_ways(const struct retry *retry, enum way way)
{
        guint count = 0;
        for (guint i = 0; i < retry->mails->len; i++)
                count += retry->ways[i] == way;
        return count;
}

/* A mail whose bytes are damaged does not keep the others from being read. */
static int read_again(struct retry *retry, struct error *err)
{
        guint done = 0, total = count_ways(retry, WAY_READ);
        if (total == 0)
                return 0;
        retry->service = service_start_store(ctl.config, retry->stop_fd);
        int r = 0;
        for (guint i = 0; r == 0 && i < retry->mails->len && !ctl_is_stopped(NULL); i++) {
                if (retry->ways[i] != WAY_READ)
                        continue;
                say_progress("", done++, total);
                r = queue_mail(retry, g_ptr_array_index(retry->mails, i), err);
                if (r == -ERR_STORE_CORRUPT || r == -ERR_NOT_FOUND) {
                        retry->problems[i] = g_strdup(error_text(err));
                        error_clear(err);
                        r = 0;
                }
        }
        if (r == 0)
                r = wait_for_commit(retry, err);
        service_stop(retry->service);
        clear_progress();
        if (r == 0 && retry->daemon_pid == 0)
                r = archive_update(retry->db, ctl.config->archive_dir, ctl_is_stopped, NULL, NULL, err);
        return r;
}

/* --- fetching again --- */

static bool is_configured(const char *source)
{
        for (guint i = 0; i < ctl.config->mailboxes->len; i++) {
                const struct config_mailbox *mailbox = g_ptr_array_index(ctl.config->mailboxes, i);
                if (g_str_has_prefix(source, "imap:") && strcmp(source + strlen("imap:"), mailbox->name) == 0)
                        return true;
        }
        return false;
}

static int ask(struct retry *retry, guint i, struct error *err)
{
        const struct mail_row *mail = g_ptr_array_index(retry->mails, i);
        unsigned places;
        GPtrArray *requests;
        int r = refetch_ask(retry->db, mail->id, clock_wall_ms(), &places, err);
        if (r == -ERR_NOT_FOUND) {
                retry->problems[i] = g_strdup(error_text(err));
                error_clear(err);
                return 0;
        }
        if (r == 0)
                r = refetch_of_mail(retry->db, mail->id, &requests, err);
        if (r < 0)
                return r;
        for (guint k = 0; r == 0 && k < requests->len; k++) {
                const struct refetch_row *row = g_ptr_array_index(requests, k);
                if (!is_configured(row->source))
                        r = refetch_answer(retry->db, row, "the configuration does not have this mailbox any more",
                                           clock_wall_ms(), err);
        }
        g_ptr_array_unref(requests);
        return r;
}

/* Whether all that was asked for was fetched, or every place has answered. */
static int is_answered(struct retry *retry, guint i, bool *ret_answered, struct error *err)
{
        const struct mail_row *mail = g_ptr_array_index(retry->mails, i);
        GPtrArray *requests;
        int r = refetch_of_mail(retry->db, mail->id, &requests, err);
        if (r < 0)
                return r;
        *ret_answered = true;
        for (guint k = 0; k < requests->len; k++)
                *ret_answered = *ret_answered && ((struct refetch_row *) g_ptr_array_index(requests, k))->answer;
        g_ptr_array_unref(requests);
        return 0;
}

static int wait_for_answers(struct retry *retry, struct error *err)
{
        int64_t end_ms = clock_monotonic_ms() + ANSWER_MS;
        guint total = count_ways(retry, WAY_FETCH);
        for (;;) {
                guint answered = 0;
                for (guint i = 0; i < retry->mails->len; i++) {
                        bool is = false;
                        int r = retry->ways[i] == WAY_FETCH ? is_answered(retry, i, &is, err) : 0;
                        if (r < 0)
                                return r;
                        answered += is;
                }
                if (answered == total || clock_monotonic_ms() >= end_ms || ctl_is_stopped(NULL))
                        return 0;
                say_progress("waiting for hotfixd to fetch: ", answered, total);
                wake_wait(retry->stop_fd, -1, TURN_MS);
        }
}

static int fetch_again(struct retry *retry, struct error *err)
{
        if (count_ways(retry, WAY_FETCH) == 0)
                return 0;
        int r = database_begin(retry->db, err);
        for (guint i = 0; r == 0 && i < retry->mails->len; i++)
                if (retry->ways[i] == WAY_FETCH)
                        r = ask(retry, i, err);
        if (r == 0)
                r = database_commit(retry->db, err);
        if (r < 0)
                database_rollback(retry->db);
        else if (retry->daemon_pid != 0)
                r = wait_for_answers(retry, err);
        clear_progress();
        return r;
}

/* --- what came of it --- */

/* All that is said of one mail. */
struct result {
        struct mail_row *mail;             /* as it is now */
        struct mail_row *final;            /* it, or the one that replaces it */
        struct mail_row *successor;        /* or NULL */
        struct quarantine_row *quarantine; /* or NULL */
        GPtrArray *requests;
        char *bulletin;                    /* "MS07-901", or NULL */
};

static void result_clear(struct result *result)
{
        mail_row_free(result->mail);
        mail_row_free(result->successor);
        quarantine_row_free(result->quarantine);
        g_clear_pointer(&result->requests, g_ptr_array_unref);
        g_free(result->bulletin);
}

static int load_bulletin_name(struct database *db, struct result *result, struct error *err)
{
        int64_t bulletin_id;
        struct bulletin_row *row;
        if (result->final->revision_id == 0)
                return 0;
        int r = bulletins_of_revision(db, result->final->revision_id, &bulletin_id, err);
        if (r == 0)
                r = bulletins_get(db, bulletin_id, &row, err);
        if (r < 0)
                return r;
        result->bulletin = g_strdup(row->number ? row->number : row->key);
        bulletin_row_free(row);
        return 0;
}

static int result_load(struct database *db, int64_t mail_id, struct result *result, struct error *err)
{
        int r = mails_get(db, mail_id, &result->mail, err);
        if (r == 0)
                r = refetch_of_mail(db, mail_id, &result->requests, err);
        if (r < 0)
                return r;
        result->final = result->mail;
        int64_t successor = refetch_successor(result->mail);
        if (successor != 0)
                r = mails_get(db, successor, &result->successor, err);
        if (r == 0 && result->successor)
                result->final = result->successor;
        if (r == 0 && result->final->outcome == MAIL_QUARANTINED)
                r = quarantine_get(db, result->final->id, &result->quarantine, err);
        return r < 0 ? r : load_bulletin_name(db, result, err);
}

static const struct refetch_row *pending_request(const struct result *result)
{
        for (guint i = 0; i < result->requests->len; i++) {
                const struct refetch_row *row = g_ptr_array_index(result->requests, i);
                if (!row->answer)
                        return row;
        }
        return NULL;
}

static void print_requests(const struct retry *retry, const struct result *result)
{
        if (pending_request(result)) {
                printf("asked for; %s\n", retry->daemon_pid == 0 ? "hotfixd does not run: it is fetched when it does" :
                       "hotfixd has not answered yet: 'hotfixctl quarantine show' says when it has");
                return;
        }
        for (guint i = 0; i < result->requests->len; i++) {
                const struct refetch_row *row = g_ptr_array_index(result->requests, i);
                printf("%s%s (UID %u): %s", i ? "; " : "not fetched: ", row->source, row->uid, row->answer);
        }
        putchar('\n');
}

static void print_result(const struct retry *retry, guint i, const struct result *result)
{
        const struct mail_row *mail = result->final;
        printf("mail %" G_GINT64_FORMAT ": ", result->mail->id);
        if (result->successor)
                printf("fetched again as mail %" G_GINT64_FORMAT ": ", mail->id);
        if (retry->problems[i]) {
                printf("%s\n", retry->problems[i]);
        } else if (retry->ways[i] == WAY_FETCH && !result->successor && result->requests->len > 0) {
                print_requests(retry, result);
        } else if (mail->outcome == MAIL_BULLETIN) {
                printf("bulletin %s, %s%s%s%s\n", result->bulletin ? result->bulletin : "", job_event_text(mail->event),
                       mail->history ? ", history: nobody is told" : "", mail->unverified ? "; sender not verified: " : "",
                       mail->unverified ? mail->unverified : "");
        } else if (mail->outcome == MAIL_UNRECOGNISED) {
                printf("read, and not recognised as a bulletin: %s\n", mail->reason ? mail->reason : "");
        } else {
                printf("still in quarantine, after %u attempt%s: %s\n", result->quarantine ? result->quarantine->attempts : 0,
                       result->quarantine && result->quarantine->attempts == 1 ? "" : "s", mail->reason ? mail->reason : "");
        }
}

static json_t *result_to_json(const struct retry *retry, guint i, const struct result *result)
{
        json_t *json = ctl_json_mail(result->mail);
        bool has_answer = result->requests->len > 0 && !pending_request(result);
        const struct refetch_row *first = has_answer ? g_ptr_array_index(result->requests, 0) : NULL;
        json_object_set_new(json, "attempts", result->quarantine ? json_integer(result->quarantine->attempts) : json_null());
        json_object_set_new(json, "bulletin", ctl_json_text(result->bulletin));
        json_object_set_new(json, "replaced_by", result->successor ? ctl_json_mail(result->successor) : json_null());
        json_object_set_new(json, "pending", json_boolean(pending_request(result) != NULL));
        json_object_set_new(json, "answer", ctl_json_text(first ? first->answer : retry->problems[i]));
        return json;
}

static int status_of(const struct result *result)
{
        switch (result->final->outcome) {
        case MAIL_BULLETIN:
                return CTL_DONE;
        case MAIL_UNRECOGNISED:
                return CTL_NOTHING;
        default:
                return CTL_FAILED;
        }
}

static int print_results(const struct retry *retry, struct error *err)
{
        json_t *list = ctl.json ? json_array() : NULL;
        int r = 0, status = CTL_DONE;
        for (guint i = 0; r == 0 && i < retry->mails->len; i++) {
                struct result result = { 0 };
                r = result_load(retry->db, ((struct mail_row *) g_ptr_array_index(retry->mails, i))->id, &result, err);
                if (r == 0) {
                        int one = status_of(&result);
                        status = status == CTL_FAILED || one == CTL_FAILED ? CTL_FAILED : MAX(status, one);
                        if (list)
                                json_array_append_new(list, result_to_json(retry, i, &result));
                        else
                                print_result(retry, i, &result);
                }
                result_clear(&result);
        }
        if (r == 0 && list)
                ctl_print_json(g_steal_pointer(&list));
        json_decref(list);
        return r < 0 ? ctl_fail(err) : status;
}

static int run(struct retry *retry, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < retry->mails->len; i++)
                r = choose_way(retry, g_ptr_array_index(retry->mails, i), &retry->ways[i], err);
        if (r == 0)
                r = read_again(retry, err);
        if (r == 0)
                r = fetch_again(retry, err);
        if (r == 0 && ctl_is_stopped(NULL))
                fputs("hotfixctl: stopped; what is listed here stands\n", stderr);
        return r;
}

int quarantine_retry(GPtrArray *mails, bool accept)
{
        struct error err = ERROR_INIT;
        struct retry retry = { .mails = mails, .accept = accept, .daemon_pid = ctl_daemon_pid() };
        if (mails->len == 0) {
                fputs("there is no such mail\n", stderr);
                return CTL_NOTHING;
        }
        int status = ctl_open_database(DATABASE_WRITE, &retry.db);
        if (status != 0)
                return status;
        retry.ways = g_new0(enum way, mails->len);
        retry.problems = g_new0(char *, mails->len);
        retry.done_fd = wake_new();
        retry.stop_fd = ctl_catch_stop();
        int r = run(&retry, &err);
        status = r < 0 ? ctl_fail(&err) : print_results(&retry, &err);
        close(retry.done_fd);
        for (guint i = 0; i < mails->len; i++)
                g_free(retry.problems[i]);
        g_free(retry.problems);
        g_free(retry.ways);
        database_close(retry.db);
        return status;
}
