/* SPDX-License-Identifier: MIT */
/*
 * A mailbox session: a thread that connects, fetches what is new, waits for its commit, and waits for news. Written as a
 * straight sequence of steps; every wait has a bound and ends when the service stops, and every failure leads to another
 * attempt.
 */
#include "daemon/mailbox_p.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "store/cursors.h"

#define RECONNECT_MS 1000
#define SOON_MS INT64_C(1000)

/* Every commit is noticed by the other threads, and costs a write to the disk: nothing is said twice. */
static bool is_written(struct mailbox *m, const struct mailbox_state *row)
{
        g_autofree char *text = g_strdup_printf("%s|%s|%s|%s|%u|%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT, row->state,
                                                row->error ? row->error : "", row->problem ? row->problem : "",
                                                row->mode ? row->mode : "", row->failures, row->retry_ms, row->reconciled_ms);
        if (g_strcmp0(text, m->written) == 0)
                return true;
        g_free(m->written);
        m->written = g_steal_pointer(&text);
        return false;
}

void mailbox_set_state(struct mailbox *m, const char *state)
{
        struct error err = ERROR_INIT;
        struct mailbox_state row = {
                .mailbox = m->config->name,
                .state = (char *) state,
                .mode = (char *) m->mode,
                .retry_ms = m->retry_ms,
                .reconciled_ms = m->reconciled_wall_ms,
        };
        if (m->error) {
                row.error = m->error;
                row.problem = (char *) mailbox_problem_name(m->failures.problem);
                row.failures = m->failures.count;
                row.failing_ms = m->failures.since_ms;
        } else if (m->after_error) {
                row.error = m->after_error;
                row.problem = (char *) "after-ingest";
        }
        bool written = is_written(m, &row);
        if (!written && cursors_set_state(m->db, &row, &err) < 0) {
                log_debug(m->context, "%s", error_text(&err)); /* only status suffers */
                g_clear_pointer(&m->written, g_free);
        } else if (!written) {
                wake_signal(m->service->timer_fd); /* it looks at whether mailboxes can be read */
        }
        error_clear(&err);
}

/* ---- the sequence ---- */

/* In step with the server: what was wrong is over. How often it went wrong counts until the session has lasted. */
static void note_in_step(struct mailbox *m)
{
        int64_t now_ms = clock_monotonic_ms();
        if (m->in_step_ms == 0) {
                m->in_step_ms = now_ms;
                g_clear_pointer(&m->error, g_free);
                log_repeat_success(&m->repeat, m->context, "connected");
                g_atomic_int_inc(&m->service->mailboxes_idle);
        }
        if (m->failures.count > 0 && now_ms - m->in_step_ms >= MAILBOX_GOOD_SESSION_MS)
                m->failures = (struct mailbox_failures) { 0 };
}

/* What was announced and is not listed yet may be listed in a moment. A comparison of all UIDs is not put off by a long wait. */
static int64_t how_long(const struct mailbox *m, bool idle)
{
        int64_t wait_ms = idle && !m->unlisted ? m->config->idle_renew_ms : m->config->poll_interval_ms;
        int64_t to_reconcile_ms = m->reconciled_ms + m->config->reconcile_interval_ms - clock_monotonic_ms();
        return CLAMP(to_reconcile_ms, SOON_MS, wait_ms);
}

/* Waits until there may be something new, or it is time to look all the same. Nothing announced within the time is no
 * reason to believe so: the pass that follows asks. */
static int wait_for_news(struct mailbox *m, struct error *err)
{
        bool idle = m->config->idle && imap_session_has(m->session, "IDLE");
        int64_t wait_ms = how_long(m, idle);
        m->mode = idle ? "push" : "polling";
        mailbox_set_state(m, "idle");
        bool changed = false;
        bool reopens = !m->selected.uid_not_sticky; /* see pass() */
        int r = idle || !reopens ? imap_session_wait(m->session, idle, wait_ms, &changed, err)
                                 : imap_session_listen(m->session, wait_ms, &changed, err);
        if (r < 0 && r != -EINTR)
                return r;
        bool time_is_up = clock_monotonic_ms() - m->passed_ms >= wait_ms;
        m->pass_is_due = r == 0 || time_is_up;
        m->reopen_is_due = !changed || time_is_up || imap_session_exists(m->session) < m->exists;
        if (r == -EINTR)
                wake_clear(m->wake.attention_fd); /* another process has written: perhaps a request for us */
        return 0;
}

/* A refusal of anything but the folder is no setting that is wrong, but a server that does not do what IMAP asks of it. */
static int check_refusal(int code, struct error *err)
{
        if (code != -ERR_REFUSED && code != -EINVAL)
                return code;
        return error_set(err, -ERR_PROTOCOL, "%s", error_text(err));
}

/* Some servers never tell a session that its folder was deleted and made anew: it goes on showing the old one (Dovecot), or
 * an empty one (Cyrus). Only opening it again shows the other UIDVALIDITY, or that it is gone. */
static int pass(struct mailbox *m, struct error *err)
{
        if (m->reopen_is_due && !m->selected.uid_not_sticky) {
                int r = mailbox_open_folder(m, err);
                if (r < 0)
                        return r;
        }
        guint32 before = m->exists;
        m->passed_ms = clock_monotonic_ms();
        m->asked_bytes = 0;
        guint32 uid_next = m->selected.uid_next;
        m->selected.uid_next = 0; /* it is true once */
        int r = mailbox_run_pass(m, uid_next, err);
        m->exists = imap_session_exists(m->session);
        m->unlisted = m->in_step_ms != 0 && m->exists > before && m->asked_bytes == 0;
        return check_refusal(r, err);
}

/* Everything that is new, and whatever else is to be done at times. */
static int look(struct mailbox *m, struct error *err)
{
        int r = m->pass_is_due ? pass(m, err) : 0;
        if (r == 0 && mailbox_reconcile_is_due(m))
                r = check_refusal(mailbox_reconcile(m, err), err);
        if (r == 0)
                r = check_refusal(mailbox_refetch(m, err), err);
        return r < 0 ? r : check_refusal(mailbox_probe_withheld(m, err), err);
}

static int run_connected(struct mailbox *m, struct error *err)
{
        int r = check_refusal(mailbox_after_make_up(m, err), err);
        while (r == 0) {
                r = look(m, err);
                if (r < 0 || m->service->once)
                        break;
                note_in_step(m);
                r = check_refusal(wait_for_news(m, err), err);
        }
        return r;
}

/* All else was done, and it was known that this could happen. */
static int end_probe(struct mailbox *m, struct error *err)
{
        log_info(m->context, "UID %u: still not sent: %s", m->probed_uid, error_text(err));
        error_clear(err);
        m->probing = false;
        return 0;
}

/* From the connection to the first failure, or to the end of a single pass. */
static int run_session(struct mailbox *m, struct error *err)
{
        m->in_step_ms = 0;
        m->pass_is_due = true;
        m->reopen_is_due = false;
        m->reconciled_ms = 0;
        int r = mailbox_connect(m, err);
        if (r == 0)
                r = run_connected(m, err);
        if (m->in_step_ms != 0)
                g_atomic_int_add(&m->service->mailboxes_idle, -1);
        imap_session_close(g_steal_pointer(&m->session));
        if (r < 0 && m->probing && r != -ERR_CANCELLED)
                return end_probe(m, err);
        if (r < 0 && !strstr(error_text(err), m->place)) /* the session does not know whom it talks to */
                error_prefix(err, "%s", m->place);
        return r;
}

/* ---- failures ---- */

static char *describe_minutes(int64_t ms)
{
        int64_t minutes = ms / 60000;
        if (minutes < 120)
                return g_strdup_printf("%" G_GINT64_FORMAT " min", minutes);
        return g_strdup_printf("%" G_GINT64_FORMAT " h", minutes / 60);
}

/* Servers end sessions after hours, or to be restarted: that is no failure. Returns how long to wait, or -1. */
static int64_t end_good_session(struct mailbox *m, enum mailbox_problem problem, const struct error *why)
{
        int64_t good_ms = m->in_step_ms > 0 ? clock_monotonic_ms() - m->in_step_ms : 0;
        if (good_ms < MAILBOX_GOOD_SESSION_MS)
                return -1;
        m->failures = (struct mailbox_failures) { 0 };
        if (problem != MAILBOX_CLOSED)
                return -1;
        g_autofree char *how_long = describe_minutes(good_ms);
        log_info(m->context, "the session ended after %s: %s; connecting again", how_long, error_text(why));
        mailbox_set_state(m, "connecting");
        return mailbox_retry_ms(problem, 1, g_random_double());
}

static void log_failure(struct mailbox *m, const struct error *why, int64_t wait_ms, bool is_another)
{
        bool serious = mailbox_problem_needs_a_person(m->failures.problem) || !error_is_temporary(why->code);
        g_autofree char *text = g_strdup_printf("%s; next attempt in %" G_GINT64_FORMAT " s", error_text(why),
                                                MAX(wait_ms, 1000) / 1000);
        if (is_another)
                m->repeat.next_ms = 0; /* something else is wrong now: that is news */
        log_repeat_failure(&m->repeat, serious ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, m->context, text);
}

/* Returns how long to wait. */
static int64_t note_failure(struct mailbox *m, const struct error *why)
{
        enum mailbox_problem problem = mailbox_problem_of(why->code, why->text);
        int64_t wait_ms = end_good_session(m, problem, why);
        if (wait_ms >= 0)
                return wait_ms;
        bool is_another = false;
        wait_ms = mailbox_failures_add(&m->failures, problem, clock_wall_ms(), g_random_double(), &is_another);
        if (m->login_pause_ms > 0)
                wait_ms = m->login_pause_ms;
        log_failure(m, why, wait_ms, is_another);
        g_free(m->error);
        m->error = g_strdup(error_text(why));
        m->retry_ms = clock_wall_ms() + wait_ms;
        mailbox_set_state(m, "waiting to retry");
        m->retry_ms = 0;
        return wait_ms;
}

static void fail_once(struct mailbox *m, const struct error *why)
{
        log_error(m->context, "%s", error_text(why));
        g_atomic_int_inc(&m->service->failures);
        m->error = g_strdup(error_text(why));
        m->failures = (struct mailbox_failures) { 1, 1, mailbox_problem_of(why->code, why->text), clock_wall_ms() };
}

static void run(struct mailbox *m)
{
        while (!wake_is_set(m->service->stop_fd)) {
                struct error err = ERROR_INIT;
                int r = run_session(m, &err);
                if (r < 0 && !wake_is_set(m->service->stop_fd)) {
                        if (m->service->once)
                                fail_once(m, &err);
                        else
                                wake_wait(m->service->stop_fd, -1, note_failure(m, &err));
                }
                error_clear(&err);
                if (m->service->once)
                        break;
                if (r == 0)
                        wake_wait(m->service->stop_fd, -1, RECONNECT_MS);
        }
}

static bool start(struct mailbox *m)
{
        m->context = g_strdup_printf("mailbox %s", m->config->name);
        m->source = g_strdup_printf("imap:%s", m->config->name);
        m->place = g_strdup_printf("%s:%u", m->config->host, m->config->port);
        m->db = service_open_database(m->service, m->context);
        return m->db != NULL;
}

gpointer mailbox_thread(gpointer data)
{
        struct mailbox_start *given = data;
        struct mailbox m = { .service = given->service, .config = given->mailbox };
        m.suspects = g_array_new(FALSE, FALSE, sizeof(struct suspect));
        m.refused = g_array_new(FALSE, FALSE, sizeof(guint32));
        m.wake = (struct transfer_wake) { .stop_fd = m.service->stop_fd, .attention_fd = given->attention_fd };
        g_free(given);
        if (start(&m)) {
                run(&m);
                if (!m.service->once)
                        g_clear_pointer(&m.error, g_free);
                mailbox_set_state(&m, "stopped");
        } else {
                g_atomic_int_inc(&m.service->failures);
        }
        database_close(m.db);
        g_array_unref(m.suspects);
        g_array_unref(m.refused);
        g_free(m.written);
        g_free(m.error);
        g_free(m.after_error);
        g_free(m.place);
        g_free(m.source);
        g_free(m.context);
        return NULL;
}
