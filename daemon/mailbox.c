/* SPDX-License-Identifier: MIT */
/*
 * A mailbox session: a thread that connects, fetches what is new, waits for its commit, and waits for news. Written as a
 * straight sequence of steps; every wait ends when the service stops.
 */
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "common/log.h"
#include "daemon/service_p.h"
#include "daemon/transfer.h"
#include "ingest/cursor.h"
#include "ingest/imap_session.h"
#include "store/cursors.h"

#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS (5 * 60 * 1000)
#define RETRY_REFUSED_FIRST_MS (60 * 1000) /* a wrong password or certificate: time alone seldom mends it */
#define RETRY_REFUSED_MAX_MS (60 * 60 * 1000)
#define OVERSIZE_KEPT_BYTES (64 * KIB)
#define HELD_BYTES_MAX (2 * LIMIT_IMAP_CHUNK_BYTES) /* what two FETCHes can bring */
#define REFUSED_ALONE_MAX 20 /* messages; with so many it is not the messages */
#define REFUSALS_MAX 12 /* passes in a row, some 20 minutes, in which the server refuses a message: then it is passed over */

struct mailbox {
        struct service *service;
        const struct config_mailbox *config;
        char *context, *source;
        struct database *db;
        struct transfer_wake wake;
        struct imap_session *session;
        struct cursor cursor; /* as committed */
        unsigned failures;    /* in a row */
        unsigned refusals;    /* passes in a row that broke off because the server refuses to send something */
        char *after_error;    /* why after-ingest does not work, or NULL */
        struct log_repeat repeat, after_repeat;
};

/* A mark on its way through the store. The mailbox stops waiting for it when the service stops, and the writer may still
 * commit it then: whoever is last frees. */
struct commit {
        gint references;
        int fd; /* eventfd, readable once it is committed */
        struct cursor cursor;
};

static struct commit *commit_new(void)
{
        struct commit *commit = g_new0(struct commit, 1);
        commit->references = 1;
        commit->fd = wake_new();
        return commit;
}

static void commit_unref(void *data)
{
        struct commit *commit = data;
        if (!g_atomic_int_dec_and_test(&commit->references))
                return;
        close(commit->fd);
        g_free(commit);
}

static void set_state(struct mailbox *m, const char *state, const char *error, int64_t retry_ms)
{
        struct error err = ERROR_INIT;
        if (cursors_set_state(m->db, m->config->name, state, error, retry_ms, &err) < 0)
                log_debug(m->context, "%s", error_text(&err)); /* only status suffers */
        error_clear(&err);
}

static int load_cursor(struct mailbox *m, struct error *err)
{
        struct cursor_row *row;
        int r = cursors_load(m->db, m->config->name, m->config->location, &row, err);
        if (r < 0)
                return r;
        m->cursor = (struct cursor) { .known = row->known, .uid_validity = row->uid_validity, .last_uid = row->last_uid,
                                      .history_uid = row->history_uid, .history_done = row->history_done };
        cursor_row_free(row);
        return 0;
}

/* The mails of one pass. A server may mix its answers to FETCHes that are under way together (Dovecot does, when the line is
 * slower than its disk), but a revision must not overtake the one before it: mails are held back until those below have
 * come, within HELD_BYTES_MAX. The cursor in a job never stands above a UID that is not queued yet. */
struct pass {
        struct mailbox *mailbox;
        GArray *uids;      /* guint32, ascending */
        bool *have;        /* it has come */
        struct job **held; /* it has come and is not queued yet; else NULL */
        gsize held_bytes;
        guint prefix;      /* uids[0 … prefix-1] are queued */
        struct cursor cursor;
        uint64_t oversize_bytes; /* of the mail being fetched in part, else 0 */
        GArray *stored;    /* guint32: UIDs that were queued, for after-ingest */
};

static guint find_uid(const GArray *uids, guint32 uid)
{
        guint low = 0, high = uids->len;
        while (low < high) {
                guint middle = low + (high - low) / 2;
                if (g_array_index(uids, guint32, middle) < uid)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < uids->len && g_array_index(uids, guint32, low) == uid ? low : uids->len;
}

/* For a UID of this pass: it has come. */
static bool has_uid(const struct pass *pass, guint32 uid)
{
        return pass->have[find_uid(pass->uids, uid)];
}

static struct job *new_job(struct pass *pass, enum job_kind kind)
{
        struct mailbox *m = pass->mailbox;
        struct job *job = job_new(kind);
        job->source = g_strdup(m->source);
        job->mailbox = g_strdup(m->config->name);
        job->location = g_strdup(m->config->location);
        job->cursor = pass->cursor;
        return job;
}

/* Queues what is held, in the order of the UIDs: up to the first gap or, with all, whatever has come. */
static int queue_held(struct pass *pass, bool all)
{
        for (guint i = pass->prefix; i < pass->uids->len && (all || pass->have[i]); i++) {
                if (i == pass->prefix && pass->have[i])
                        pass->cursor.last_uid = g_array_index(pass->uids, guint32, pass->prefix++);
                struct job *job = g_steal_pointer(&pass->held[i]);
                if (!job)
                        continue;
                pass->held_bytes -= job->size;
                job->cursor = pass->cursor;
                int r = job_queue_put(pass->mailbox->service->queue, job);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int queue_message(struct imap_message *message, void *context)
{
        struct pass *pass = context;
        struct mailbox *m = pass->mailbox;
        guint index = find_uid(pass->uids, message->uid);
        if (index == pass->uids->len || pass->have[index] || !message->data)
                return 0;
        pass->have[index] = true;
        g_array_append_val(pass->stored, message->uid);

        struct job *job = new_job(pass, JOB_MAIL);
        job->uid = message->uid;
        job->received_ms = message->internal_date_ms ? message->internal_date_ms : clock_wall_ms();
        job->history = cursor_is_history(&pass->cursor, message->uid);
        job->form = READER_MAIL;
        job->data = g_steal_pointer(&message->data);
        job->size = message->data_size;
        job->oversize_bytes = pass->oversize_bytes;
        /* The size announced beforehand can be wrong; the bytes cannot. */
        if (job->oversize_bytes == 0 && job->size > m->service->config->max_message_bytes)
                job->oversize_bytes = MAX(job->size, message->size_bytes);
        pass->held[index] = job;
        pass->held_bytes += job->size;
        return queue_held(pass, pass->held_bytes > HELD_BYTES_MAX);
}

/* A message that the server lists and does not send is put on record as what it is: nothing may block the ones behind it,
 * and nothing may be passed over in silence. */
static int queue_withheld(struct pass *pass, guint32 uid)
{
        struct mailbox *m = pass->mailbox;
        struct job *job = new_job(pass, JOB_MAIL);
        job->uid = uid;
        job->received_ms = clock_wall_ms();
        job->history = cursor_is_history(&pass->cursor, uid);
        job->data = g_strdup_printf("%s UIDVALIDITY %u UID %u: listed by the server, not sent\n", m->config->location,
                                    pass->cursor.uid_validity, uid);
        job->size = strlen(job->data);
        job->code = error_set(&job->error, -ERR_PROTOCOL, "the server lists this message and does not send it");
        return job_queue_put(m->service->queue, job);
}

static void mark_committed(struct job *job, void *context)
{
        struct commit *commit = context;
        commit->cursor = job->cursor;
        wake_signal(commit->fd);
}

/* Puts the mark that ends a pass and waits until everything up to it is committed. */
static int commit_mark(struct pass *pass, bool complete)
{
        struct mailbox *m = pass->mailbox;
        struct commit *commit = commit_new();
        struct job *mark = new_job(pass, JOB_MARK);
        mark->complete = complete;
        mark->committed = mark_committed;
        mark->release = commit_unref;
        mark->context = commit;
        g_atomic_int_inc(&commit->references);
        int r = job_queue_put(m->service->queue, mark);
        if (r == 0) {
                wake_wait(commit->fd, m->service->stop_fd, G_MAXINT);
                r = wake_is_set(commit->fd) ? 0 : -ERR_CANCELLED;
        }
        if (r == 0) {
                wake_clear(commit->fd);
                m->cursor = commit->cursor;
        }
        commit_unref(commit);
        return r;
}

struct sizes { GArray *uids, *normal, *normal_sizes, *large, *large_sizes; uint64_t max; };

static int sort_by_size(struct imap_message *message, void *context)
{
        struct sizes *sizes = context;
        if (find_uid(sizes->uids, message->uid) == sizes->uids->len)
                return 0;
        bool large = message->size_bytes > sizes->max;
        g_array_append_val(large ? sizes->large : sizes->normal, message->uid);
        g_array_append_val(large ? sizes->large_sizes : sizes->normal_sizes, message->size_bytes);
        return 0;
}

/* Oversize mails are fetched only in their beginning, one by one, so that they are on record. */
static int fetch_large(struct pass *pass, const struct sizes *sizes, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < sizes->large->len; i++) {
                pass->oversize_bytes = g_array_index(sizes->large_sizes, guint64, i);
                r = imap_session_fetch_head(pass->mailbox->session, g_array_index(sizes->large, guint32, i),
                                            OVERSIZE_KEPT_BYTES, queue_message, pass, err);
        }
        pass->oversize_bytes = 0;
        return r;
}

static int fetch_all(struct pass *pass, struct error *err)
{
        struct mailbox *m = pass->mailbox;
        struct sizes sizes = {
                .uids = pass->uids,
                .normal = g_array_new(FALSE, FALSE, sizeof(guint32)),
                .normal_sizes = g_array_new(FALSE, FALSE, sizeof(guint64)),
                .large = g_array_new(FALSE, FALSE, sizeof(guint32)),
                .large_sizes = g_array_new(FALSE, FALSE, sizeof(guint64)),
                .max = m->service->config->max_message_bytes,
        };
        int r = imap_session_fetch_sizes(m->session, pass->uids, sort_by_size, &sizes, err);
        if (r == 0 && sizes.normal->len > 0)
                r = imap_session_fetch(m->session, sizes.normal, sizes.normal_sizes, queue_message, pass, err);
        if (r == 0)
                r = fetch_large(pass, &sizes, err);
        g_array_unref(sizes.normal);
        g_array_unref(sizes.normal_sizes);
        g_array_unref(sizes.large);
        g_array_unref(sizes.large_sizes);
        return r;
}

/* The UIDs of this pass that did not come, among those that the server still lists. The others are expunged. */
static int find_missing(struct pass *pass, GArray **ret_missing, struct error *err)
{
        GArray *missing = g_array_new(FALSE, FALSE, sizeof(guint32));
        if (pass->prefix < pass->uids->len) {
                GArray *listed;
                guint32 first = g_array_index(pass->uids, guint32, pass->prefix);
                int r = imap_session_search(pass->mailbox->session, first, &listed, err);
                if (r < 0) {
                        g_array_unref(missing);
                        return r;
                }
                for (guint i = pass->prefix; i < pass->uids->len; i++) {
                        guint32 uid = g_array_index(pass->uids, guint32, i);
                        if (!pass->have[i] && find_uid(listed, uid) < listed->len)
                                g_array_append_val(missing, uid);
                }
                g_array_unref(listed);
        }
        *ret_missing = missing;
        return 0;
}

struct retry { struct pass *pass; unsigned refused; };

/* Fetches these, in halves where the server refuses some of them: one that it cannot send must not keep the others out.
 * Returns -ERR_REFUSED, with the first reason, if some are refused alone too. */
static int fetch_in_halves(struct retry *retry, const guint32 *uids, guint count, struct error *err)
{
        g_autoptr(GArray) wanted = g_array_new(FALSE, FALSE, sizeof(guint32)), sizes = g_array_new(FALSE, TRUE, sizeof(guint64));
        for (guint i = 0; i < count; i++)
                if (!has_uid(retry->pass, uids[i]))
                        g_array_append_val(wanted, uids[i]);
        g_array_set_size(sizes, wanted->len);
        if (wanted->len == 0)
                return 0;
        struct error local = ERROR_INIT;
        int r = imap_session_fetch(retry->pass->mailbox->session, wanted, sizes, queue_message, retry->pass, &local);
        if (r == -ERR_REFUSED && wanted->len == 1 && has_uid(retry->pass, g_array_index(wanted, guint32, 0)))
                r = 0; /* sent and refused at once */
        if (r == -ERR_REFUSED && wanted->len > 1 && retry->refused < REFUSED_ALONE_MAX) {
                error_clear(&local);
                guint half = wanted->len / 2;
                const guint32 *first = &g_array_index(wanted, guint32, 0);
                r = fetch_in_halves(retry, first, half, &local);
                if (r == 0 || r == -ERR_REFUSED) {
                        struct error other = ERROR_INIT;
                        int second = fetch_in_halves(retry, first + half, wanted->len - half, &other);
                        if (second < 0 && (r == 0 || second != r)) {
                                error_move(&local, &other);
                                r = second;
                        }
                        error_clear(&other);
                }
        } else if (r == -ERR_REFUSED) {
                retry->refused++;
                error_prefix(&local, "UID %u", g_array_index(wanted, guint32, 0));
        }
        if (r < 0)
                error_move(err, &local);
        error_clear(&local);
        return r;
}

/* True if the server sends other messages and has refused this one often enough. */
static bool gives_up(const struct pass *pass)
{
        return ++pass->mailbox->refusals >= REFUSALS_MAX && pass->stored->len > 0;
}

/* What did not come is asked for once more, and what does not come then is put on record. */
static int settle_missing(struct pass *pass, struct error *err)
{
        GArray *missing;
        int r = find_missing(pass, &missing, err);
        if (r < 0)
                return r;
        struct retry retry = { .pass = pass };
        r = fetch_in_halves(&retry, (const guint32 *) (void *) missing->data, missing->len, err);
        if (r == -ERR_REFUSED && gives_up(pass)) {
                error_clear(err);
                r = 0;
        }
        for (guint i = 0; r == 0 && i < missing->len; i++) {
                guint32 uid = g_array_index(missing, guint32, i);
                if (!has_uid(pass, uid) && queue_withheld(pass, uid) < 0)
                        r = error_set(err, -ERR_CANCELLED, "stopped");
        }
        g_array_unref(missing);
        return r;
}

/* Flags or moves what is safely stored. Whatever the server thinks of that, mails are fetched and told of: a refusal is
 * logged and shown, and is no failure of the session. */
static int apply_after(struct mailbox *m, const GArray *uids, struct error *err)
{
        int r = m->config->after == CONFIG_AFTER_SEEN ? imap_session_mark_seen(m->session, uids, err) :
                imap_session_move(m->session, uids, m->config->after_folder, err);
        if (r < 0 && r != -ERR_REFUSED)
                return r;
        g_clear_pointer(&m->after_error, g_free);
        if (r == 0) {
                log_repeat_success(&m->after_repeat, m->context, "after-ingest works again");
                return 0;
        }
        error_prefix(err, "after-ingest");
        m->after_error = g_strdup(error_text(err));
        error_clear(err);
        log_repeat_failure(&m->after_repeat, LOG_LEVEL_ERROR, m->context, m->after_error);
        if (m->service->once)
                g_atomic_int_inc(&m->service->failures);
        return 0;
}

/* With after-ingest = move everything up to the cursor is stored and should be gone: what an interruption or a refusal left
 * is moved now. */
static int finish_moves(struct mailbox *m, struct error *err)
{
        if (m->config->after != CONFIG_AFTER_MOVE || m->cursor.last_uid == 0)
                return 0;
        GArray *uids;
        int r = imap_session_search(m->session, 1, &uids, err);
        if (r < 0)
                return r;
        while (uids->len > 0 && g_array_index(uids, guint32, uids->len - 1) > m->cursor.last_uid)
                g_array_set_size(uids, uids->len - 1);
        if (uids->len > 0) {
                log_info(m->context, "%u stored mails were not moved yet", uids->len);
                r = apply_after(m, uids, err);
        }
        g_array_unref(uids);
        return r;
}

/* What the administrator asked for once mails are safely stored. */
static int after_ingest(struct pass *pass, struct error *err)
{
        struct mailbox *m = pass->mailbox;
        if (m->config->after == CONFIG_AFTER_MOVE && m->after_error)
                return finish_moves(m, err);
        if (pass->stored->len == 0 || m->config->after == CONFIG_AFTER_NONE)
                return 0;
        return apply_after(m, pass->stored, err);
}

static int fetch_pass(struct pass *pass, struct error *err)
{
        struct error local = ERROR_INIT;
        set_state(pass->mailbox, "syncing", NULL, 0);
        g_atomic_int_add(&pass->mailbox->service->mails_found, (gint) pass->uids->len);
        int r = fetch_all(pass, &local);
        if (r == 0 || r == -ERR_REFUSED) {
                error_clear(&local);
                r = settle_missing(pass, &local);
        }
        /* No setting is wrong: it is tried again as soon as after a broken connection. */
        if (r == -ERR_REFUSED)
                r = error_set(err, -ERR_PROTOCOL, "%s", error_text(&local));
        else if (r < 0)
                error_move(err, &local);
        error_clear(&local);
        return r;
}

/* One pass: everything above the cursor is fetched, stored and committed. uid_next 0: not known any more. */
static int run_pass(struct mailbox *m, guint32 uid_next, struct error *err)
{
        struct pass pass = { .mailbox = m, .cursor = m->cursor };
        int r = imap_session_search(m->session, cursor_first_uid(&m->cursor), &pass.uids, err);
        if (r < 0)
                return r;
        pass.have = g_new0(bool, pass.uids->len + 1);
        pass.held = g_new0(struct job *, pass.uids->len + 1);
        pass.stored = g_array_new(FALSE, FALSE, sizeof(guint32));
        if (pass.uids->len > 0)
                r = fetch_pass(&pass, err);
        /* Before the cursor goes to the end: none of these may carry that. */
        int committed = queue_held(&pass, true);
        if (r == 0) {
                /* All that was searched is queued, on record, or expunged meanwhile. */
                if (pass.uids->len > 0)
                        pass.cursor.last_uid = g_array_index(pass.uids, guint32, pass.uids->len - 1);
                if (uid_next > 0)
                        pass.cursor.last_uid = MAX(pass.cursor.last_uid, uid_next - 1);
        }
        /* After a broken pass too: what did arrive is kept, and the next pass goes on behind it. */
        if (committed == 0)
                committed = commit_mark(&pass, r == 0);
        if (r == 0)
                m->refusals = 0;
        if (r == 0 && committed == 0)
                r = after_ingest(&pass, err);
        g_array_unref(pass.stored);
        for (guint i = 0; i < pass.uids->len; i++)
                job_free(pass.held[i]);
        g_array_unref(pass.uids);
        g_free(pass.held);
        g_free(pass.have);
        if (r == 0 && committed < 0)
                r = error_set(err, committed, "stopped");
        return r;
}

static int connect_session(struct mailbox *m, struct imap_mailbox *ret_selected, struct error *err)
{
        set_state(m, "connecting", NULL, 0);
        struct stream *stream;
        int r = transfer_open_imap(m->config, &m->wake, &stream, err);
        if (r < 0)
                return r;
        uint64_t max = m->service->config->max_message_bytes;
        struct imap_session_options options = {
                .command_timeout_ms = m->config->timeout_ms,
                .max_message_bytes = 2 * max + MIB, /* RFC822.SIZE is an estimate with some servers */
        };
        r = imap_session_open(stream, &options, &m->session, err);
        if (r < 0)
                return r;
        r = imap_session_select(m->session, m->config->folder, m->config->after == CONFIG_AFTER_NONE, ret_selected, err);
        if (r == -ERR_REFUSED)
                error_prefix(err, "folder %s", m->config->folder);
        return r;
}

/* *ret_changed: the cursor is another than the stored one. */
static int start_cursor(struct mailbox *m, const struct imap_mailbox *selected, bool *ret_changed, struct error *err)
{
        int r = load_cursor(m, err);
        if (r < 0)
                return r;
        guint32 highest = 0;
        if (selected->uid_next == 0) {
                GArray *uids;
                r = imap_session_search(m->session, 1, &uids, err);
                if (r < 0)
                        return r;
                highest = uids->len > 0 ? g_array_index(uids, guint32, uids->len - 1) : 0;
                g_array_unref(uids);
        }
        struct cursor next;
        *ret_changed = true;
        switch (cursor_start(&m->cursor, selected->uid_validity, selected->uid_next, highest, &next)) {
        case CURSOR_FIRST_CONTACT:
                log_info(m->context, "first contact: %u mail%s taken as history", selected->exists,
                         selected->exists == 1 ? " is" : "s are");
                break;
        case CURSOR_UID_VALIDITY_CHANGED:
                log_notice(m->context, "the server renumbered the mailbox (UIDVALIDITY %u): reading it again", selected->uid_validity);
                break;
        default:
                *ret_changed = false;
                break;
        }
        m->cursor = next;
        return 0;
}

/* What is history is decided and on record before anything is fetched: a mail that arrives while the first pass is under
 * way, or while the daemon is down after a crash in it, is not history. */
static int record_start(struct mailbox *m, struct error *err)
{
        struct pass pass = { .mailbox = m, .cursor = m->cursor };
        return commit_mark(&pass, false) < 0 ? error_set(err, -ERR_CANCELLED, "stopped") : 0;
}

/* From login to the first failure. In a single run it ends after one pass. */
static int run_session(struct mailbox *m, bool *ret_synced, struct error *err)
{
        struct imap_mailbox selected;
        bool fresh_start = false;
        int r = connect_session(m, &selected, err);
        if (r == 0)
                r = start_cursor(m, &selected, &fresh_start, err);
        if (r == 0 && fresh_start)
                r = record_start(m, err);
        if (r == 0)
                r = finish_moves(m, err);
        guint32 uid_next = selected.uid_next;
        while (r == 0) {
                r = run_pass(m, uid_next, err);
                if (r < 0 || m->service->once)
                        break;
                uid_next = 0;
                if (!*ret_synced) {
                        *ret_synced = true;
                        m->failures = 0;
                        log_repeat_success(&m->repeat, m->context, "connected");
                        g_atomic_int_inc(&m->service->mailboxes_idle);
                }
                set_state(m, "idle", m->after_error, 0);
                bool changed = false;
                bool idle = m->config->idle && imap_session_has(m->session, "IDLE");
                /* Nothing announced within the time is no reason to believe so: the pass that follows asks. */
                r = imap_session_wait(m->session, idle, idle ? m->config->idle_renew_ms : m->config->poll_interval_ms, &changed,
                                      err);
                if (r == -EINTR)
                        r = 0;
        }
        if (*ret_synced)
                g_atomic_int_add(&m->service->mailboxes_idle, -1);
        imap_session_close(g_steal_pointer(&m->session));
        return r;
}

static int64_t retry_delay_ms(unsigned failures, int code)
{
        bool refused = code == -ERR_AUTH || code == -ERR_TLS || code == -ERR_REFUSED;
        int64_t first = refused ? RETRY_REFUSED_FIRST_MS : RETRY_FIRST_MS;
        int64_t most = refused ? RETRY_REFUSED_MAX_MS : RETRY_MAX_MS;
        int64_t delay = first << MIN(failures, 20);
        /* Spread by up to a quarter, so that many clients do not come back to a restarted server at one moment. */
        delay = MIN(delay, most);
        return delay - (int64_t) (g_random_double() * 0.25 * (double) delay);
}

static void run(struct mailbox *m)
{
        while (!wake_is_set(m->service->stop_fd)) {
                struct error err = ERROR_INIT;
                bool synced = false;
                int r = run_session(m, &synced, &err);
                if (r == 0 || r == -ERR_CANCELLED) {
                        error_clear(&err);
                        break;
                }
                int64_t delay_ms = retry_delay_ms(m->failures++, r);
                if (m->service->once) {
                        log_error(m->context, "%s", error_text(&err));
                        g_atomic_int_inc(&m->service->failures);
                        set_state(m, "stopped", error_text(&err), 0);
                        error_clear(&err);
                        return;
                }
                log_repeat_failure(&m->repeat, error_is_temporary(r) ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, m->context,
                                   error_text(&err));
                set_state(m, "waiting to retry", error_text(&err), clock_wall_ms() + delay_ms);
                error_clear(&err);
                wake_wait(m->service->stop_fd, -1, delay_ms);
        }
        set_state(m, "stopped", NULL, 0);
}

gpointer mailbox_thread(gpointer data)
{
        struct mailbox_start *start = data;
        struct mailbox m = { .service = start->service, .config = start->mailbox };
        g_free(start);
        m.context = g_strdup_printf("mailbox %s", m.config->name);
        m.source = g_strdup_printf("imap:%s", m.config->name);
        m.wake = (struct transfer_wake) { .stop_fd = m.service->stop_fd, .attention_fd = -1 };
        m.db = service_open_database(m.service, m.context);
        if (m.db)
                run(&m);
        else
                g_atomic_int_inc(&m.service->failures);
        database_close(m.db);
        g_free(m.after_error);
        g_free(m.source);
        g_free(m.context);
        return NULL;
}
