/* SPDX-License-Identifier: MIT */
/* Fetching, queueing, and waiting for the commit. */
#include "daemon/mailbox_p.h"

#include <string.h>
#include <unistd.h>

#include "common/clock.h"

guint mailbox_find_uid(const GArray *uids, guint32 uid)
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

/* ---- a slice ---- */

void slice_init(struct slice *slice, struct mailbox *m, GArray *uids, bool late)
{
        *slice = (struct slice) {
                .mailbox = m,
                .uids = uids,
                .late = late,
                .come = g_new0(bool, uids->len + 1),
                .held = g_new0(struct job *, uids->len + 1),
                .cursor = m->cursor,
                .whole = g_array_new(FALSE, FALSE, sizeof(guint32)),
        };
        g_atomic_int_add(&m->service->mails_found, (gint) uids->len);
}

void slice_clear(struct slice *slice)
{
        for (guint i = slice->prefix; i < slice->come_end; i++)
                job_free(slice->held[i]);
        g_array_unref(slice->uids);
        g_array_unref(slice->whole);
        g_free(slice->come);
        g_free(slice->held);
}

bool slice_has_come(const struct slice *slice, guint32 uid)
{
        return slice->come[mailbox_find_uid(slice->uids, uid)];
}

struct job *slice_new_job(struct slice *slice, enum job_kind kind)
{
        struct mailbox *m = slice->mailbox;
        struct job *job = job_new(kind);
        job->source = g_strdup(m->source);
        job->mailbox = g_strdup(m->config->name);
        job->location = g_strdup(m->config->location);
        job->cursor = slice->cursor;
        return job;
}

static int put(struct slice *slice, guint index)
{
        struct job *job = g_steal_pointer(&slice->held[index]);
        if (!job)
                return 0;
        slice->held_bytes -= job->size;
        job->cursor = slice->cursor;
        return job_queue_put(slice->mailbox->service->queue, job);
}

/* The cursor goes with what has come without a gap: also the job that it comes to carries it. */
static void move_cursor(struct slice *slice)
{
        for (; slice->prefix < slice->queued && slice->come[slice->prefix]; slice->prefix++)
                if (!slice->late)
                        slice->cursor.last_uid = g_array_index(slice->uids, guint32, slice->prefix);
}

int slice_queue_held(struct slice *slice, bool all)
{
        for (guint i = slice->queued; i < slice->come_end; i++) {
                bool settled = slice->come[i] || i < slice->answered;
                if (!settled && !all)
                        break;
                if (settled && i == slice->queued) {
                        slice->queued++;
                        move_cursor(slice);
                }
                int r = put(slice, i);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What comes for a place that was passed over, because nothing more was expected there, waits for nothing. */
static int queue_late_comer(struct slice *slice, guint index)
{
        move_cursor(slice);
        return put(slice, index);
}

int slice_queue_withheld(struct slice *slice, guint32 uid, const char *reason)
{
        struct mailbox *m = slice->mailbox;
        struct job *job = slice_new_job(slice, JOB_MAIL);
        job->uid = uid;
        job->received_ms = clock_wall_ms();
        job->history = cursor_is_history(&slice->cursor, uid);
        job->data = g_strdup_printf("%s UIDVALIDITY %u UID %u: listed by the server, not sent\n", m->config->location,
                                    slice->cursor.uid_validity, uid);
        job->size = strlen(job->data);
        job->code = error_set(&job->error, -ERR_PROTOCOL, "the server lists this message and %s", reason);
        return job_queue_put(m->service->queue, job);
}

/* ---- fetching ---- */

struct feed {
        struct slice *slice;
        const GArray *wanted;
        guint next; /* of wanted */
};

/* A push mostly brings little: to say so costs more than to fetch it, and the state is committed right when those want to
 * write who send what is new. */
static void tell_syncing(struct mailbox *m, guint mails)
{
        bool is_short = m->in_step_ms != 0 && mails <= MAILBOX_SHORT_PASS_MAILS && m->asked_bytes <= MAILBOX_SHORT_PASS_BYTES &&
                        clock_monotonic_ms() - m->passed_ms < MAILBOX_SHORT_PASS_MS;
        if (!is_short)
                mailbox_set_state(m, "syncing");
}

static void note_asked(guint64 bytes, void *context)
{
        struct slice *slice = ((struct feed *) context)->slice;
        slice->mailbox->asked_bytes += bytes;
        tell_syncing(slice->mailbox, slice->uids->len);
}

static int give_uids(GArray *uids, guint max, void *context, struct error *err)
{
        struct feed *feed = context;
        (void) err;
        guint count = MIN(max, feed->wanted->len - feed->next);
        if (count > 0)
                g_array_append_vals(uids, &g_array_index(feed->wanted, guint32, feed->next), count);
        feed->next += count;
        return 0;
}

static struct job *job_of_message(struct slice *slice, struct imap_message *message)
{
        struct mailbox *m = slice->mailbox;
        struct job *job = slice_new_job(slice, JOB_MAIL);
        job->uid = message->uid;
        job->received_ms = message->internal_date_ms ? message->internal_date_ms : clock_wall_ms();
        job->history = cursor_is_history(&slice->cursor, message->uid);
        job->form = READER_MAIL;
        job->data = g_steal_pointer(&message->data);
        job->size = message->data_size;
        /* The size announced beforehand can be wrong; the bytes cannot. */
        if (message->head_only || job->size > m->service->config->max_message_bytes)
                job->oversize_bytes = MAX(job->size, message->size_bytes);
        return job;
}

static int take_message(struct imap_message *message, void *context)
{
        struct slice *slice = ((struct feed *) context)->slice;
        guint index = mailbox_find_uid(slice->uids, message->uid);
        if (index == slice->uids->len || slice->come[index] || !message->data)
                return 0;
        tell_syncing(slice->mailbox, slice->uids->len);
        struct job *job = job_of_message(slice, message);
        slice->come[index] = true;
        slice->come_count++;
        slice->come_end = MAX(slice->come_end, index + 1);
        slice->held[index] = job;
        slice->held_bytes += job->size;
        if (job->oversize_bytes == 0)
                g_array_append_val(slice->whole, message->uid);
        if (index < slice->queued)
                return queue_late_comer(slice, index);
        return slice_queue_held(slice, slice->held_bytes > MAILBOX_HELD_BYTES);
}

/* Nothing waits any more for what the server has had its chance to send. */
static int take_answered(guint32 last_uid, void *context, struct error *err)
{
        struct slice *slice = ((struct feed *) context)->slice;
        while (slice->answered < slice->uids->len && g_array_index(slice->uids, guint32, slice->answered) <= last_uid)
                slice->answered++;
        int r = slice_queue_held(slice, false);
        return r < 0 ? error_set(err, r, "stopped") : 0;
}

int slice_fetch(struct slice *slice, const GArray *wanted, struct error *err)
{
        struct feed feed = { .slice = slice, .wanted = wanted ? wanted : slice->uids };
        struct imap_fetch_stream stream = {
                .max_bytes = slice->mailbox->service->config->max_message_bytes,
                .head_bytes = MAILBOX_HEAD_BYTES,
                .next = give_uids,
                .message = take_message,
                .answered = wanted ? NULL : take_answered,
                .asked = note_asked,
                .context = &feed,
        };
        return imap_session_fetch_stream(slice->mailbox->session, &stream, err);
}

/* ---- the commit ---- */

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

static void mark_committed(struct job *job, void *context)
{
        struct commit *commit = context;
        commit->cursor = job->cursor;
        wake_signal(commit->fd);
}

int slice_commit(struct slice *slice, bool complete)
{
        struct mailbox *m = slice->mailbox;
        struct commit *commit = commit_new();
        struct job *mark = slice_new_job(slice, JOB_MARK);
        mark->complete = complete;
        mark->committed = mark_committed;
        mark->release = commit_unref;
        mark->context = commit;
        g_atomic_int_inc(&commit->references);
        int r = job_queue_put(m->service->queue, mark);
        if (r == 0) {
                /* However long: the store says why it cannot, and the writer closes the queue if it never can. */
                while (!wake_is_set(commit->fd) && !wake_is_set(m->service->stop_fd))
                        wake_wait(commit->fd, m->service->stop_fd, G_MAXINT);
                r = wake_is_set(commit->fd) ? 0 : -ERR_CANCELLED;
        }
        if (r == 0)
                m->cursor = commit->cursor;
        commit_unref(commit);
        return r;
}

/* ---- a pass ---- */

/* A message that the server lists and refuses to send: no setting is wrong, and all that can be done is to ask again. */
static int fetch_slice(struct slice *slice, struct error *err)
{
        struct error local = ERROR_INIT;
        int r = slice_fetch_all(slice, &local);
        if (r == -ERR_REFUSED)
                r = error_set(err, -ERR_PROTOCOL, "%s", error_text(&local));
        else if (r < 0)
                error_move(err, &local);
        error_clear(&local);
        return r;
}

/* end_uid: everything up to it is done with once the slice is. complete: and nothing is left then. */
static int run_slice(struct slice *slice, guint32 end_uid, bool complete, struct error *err)
{
        struct mailbox *m = slice->mailbox;
        int r = 0;
        if (slice->uids->len > 0) {
                tell_syncing(m, slice->uids->len);
                r = fetch_slice(slice, err);
        }
        /* Before the cursor goes to the end: none of these may carry that. After a broken pass too: what did arrive is
         * kept, and the next pass goes on behind it. */
        int committed = slice_queue_held(slice, true);
        if (r == 0) /* all that was listed is queued, on record, or expunged meanwhile */
                slice->cursor.last_uid = MAX(slice->cursor.last_uid, end_uid);
        if (committed == 0)
                committed = slice_commit(slice, complete && r == 0);
        if (r == 0 && committed < 0)
                r = error_set(err, committed, "stopped");
        return r == 0 ? mailbox_after(m, slice->whole, err) : r;
}

/* True if the server announces more messages than a search of all of them has found: then what is not listed is not
 * taken for gone, and the cursor does not pass it. */
static bool lists_too_few(struct mailbox *m, guint32 first_uid, guint64 listed)
{
        guint32 exists = imap_session_exists(m->session);
        if (first_uid > 1)
                return false;
        if (listed >= exists) {
                log_repeat_success(&m->listing_repeat, m->context, "all messages are listed again");
                return false;
        }
        g_autofree char *text = g_strdup_printf("the server announces %u messages and lists %" G_GUINT64_FORMAT, exists, listed);
        log_repeat_failure(&m->listing_repeat, LOG_LEVEL_WARNING, m->context, text);
        return true;
}

int mailbox_run_pass(struct mailbox *m, guint32 uid_next, struct error *err)
{
        guint32 first_uid = cursor_first_uid(&m->cursor);
        guint64 listed = 0;
        struct mailbox_listing listing;
        mailbox_listing_init(&listing, first_uid, G_MAXUINT32, uid_next > 0 ? uid_next - 1 : 0);
        while (!listing.ended) {
                GArray *uids;
                int r = mailbox_list(m, &listing, &uids, err);
                if (r < 0)
                        return r;
                listed += uids->len;
                guint32 end_uid = uids->len > 0 ? g_array_index(uids, guint32, uids->len - 1) : 0;
                if (listing.ended && uid_next > 0 && !lists_too_few(m, first_uid, listed))
                        end_uid = MAX(end_uid, uid_next - 1);
                struct slice slice;
                slice_init(&slice, m, uids, false);
                r = run_slice(&slice, end_uid, listing.ended, err);
                slice_clear(&slice);
                if (r < 0)
                        return r;
        }
        m->refusals = 0;
        mailbox_forget_suspects(m, false);
        return 0;
}
