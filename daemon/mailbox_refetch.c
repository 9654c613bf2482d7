/* SPDX-License-Identifier: MIT */
/*
 * Mails of which only the head is stored, fetched again because somebody asked ('hotfixctl quarantine retry'), and messages
 * that the server withheld, asked for again now and then. One by one: any of them may end the session.
 */
#include "daemon/mailbox_p.h"

#include "common/clock.h"
#include "store/cursors.h"
#include "store/refetch.h"

#define PROBED_MAX 100u /* withheld messages at a time */

struct refetch {
        struct mailbox *mailbox;
        struct slice slice; /* for its jobs and its mark */
        const struct refetch_row *row;
        bool probing; /* it was withheld: nobody waits for an answer */
        bool asked, come, too_large;
        guint64 size_bytes;
};

static int give_uid(GArray *uids, guint max, void *context, struct error *err)
{
        struct refetch *refetch = context;
        (void) max;
        (void) err;
        if (!refetch->asked)
                g_array_append_val(uids, refetch->row->uid);
        refetch->asked = true;
        return 0;
}

static int take_message(struct imap_message *message, void *context)
{
        struct refetch *refetch = context;
        uint64_t max_bytes = refetch->mailbox->service->config->max_message_bytes;
        if (message->uid != refetch->row->uid || refetch->come || !message->data)
                return 0;
        refetch->come = true;
        refetch->size_bytes = MAX(message->size_bytes, message->data_size);
        refetch->too_large = message->head_only || message->data_size > max_bytes;
        if (refetch->too_large && !refetch->probing)
                return 0;
        struct job *job = slice_new_job(&refetch->slice, JOB_MAIL);
        job->uid = message->uid;
        job->received_ms = refetch->row->received_ms;
        if (refetch->probing)
                job->received_ms = message->internal_date_ms ? message->internal_date_ms : clock_wall_ms();
        job->history = refetch->row->history;
        job->form = READER_MAIL;
        job->data = g_steal_pointer(&message->data);
        job->size = message->data_size;
        job->oversize_bytes = refetch->too_large ? refetch->size_bytes : 0;
        job->again_mail_id = refetch->row->mail_id;
        return job_queue_put(refetch->mailbox->service->queue, job);
}

static int answer(struct refetch *refetch, const char *text, struct error *err)
{
        struct mailbox *m = refetch->mailbox;
        if (refetch->probing)
                return 0;
        log_notice(m->context, "mail %" G_GINT64_FORMAT " (UID %u) cannot be fetched again: %s", refetch->row->mail_id,
                   refetch->row->uid, text);
        return refetch_answer(m->db, refetch->row, text, clock_wall_ms(), err);
}

/* It was not handed over, and nothing was said against it. */
static int answer_absent(struct refetch *refetch, struct error *err)
{
        g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(guint32));
        GArray *there;
        g_array_append_val(one, refetch->row->uid);
        int r = imap_session_search_among(refetch->mailbox->session, one, IMAP_SEARCH_THERE, &there, err);
        if (r < 0)
                return r;
        bool gone = there->len == 0;
        g_array_unref(there);
        return answer(refetch, gone ? "it is gone from the server" : "the server lists it and does not send it", err);
}

static int fetch_one(struct refetch *refetch, struct error *err)
{
        struct mailbox *m = refetch->mailbox;
        uint64_t max_bytes = m->service->config->max_message_bytes;
        struct imap_fetch_stream stream = {
                .max_bytes = max_bytes,
                .head_bytes = refetch->probing ? MAILBOX_HEAD_BYTES : 1,
                .next = give_uid,
                .message = take_message,
                .context = refetch,
        };
        struct error local = ERROR_INIT;
        int r = imap_session_fetch_stream(m->session, &stream, &local);
        if (r == -ERR_REFUSED && !refetch->come)
                r = answer(refetch, error_text(&local), err);
        else if (r < 0 && r != -ERR_REFUSED)
                error_move(err, &local);
        else if (!refetch->come)
                r = answer_absent(refetch, err);
        else if (refetch->too_large && !refetch->probing) {
                g_autofree char *text = g_strdup_printf("its %" G_GUINT64_FORMAT " bytes are still more than max-message-size "
                                                        "(%" G_GUINT64_FORMAT ")", refetch->size_bytes, (guint64) max_bytes);
                r = answer(refetch, text, err);
        } else {
                r = 0;
        }
        error_clear(&local);
        return r;
}

static int fetch_rows(struct mailbox *m, const GPtrArray *rows, struct error *err)
{
        struct refetch refetch = { .mailbox = m };
        slice_init(&refetch.slice, m, g_array_new(FALSE, FALSE, sizeof(guint32)), true);
        int r = 0;
        for (guint i = 0; r == 0 && i < rows->len; i++) {
                refetch.row = g_ptr_array_index(rows, i);
                refetch.asked = refetch.come = refetch.too_large = false;
                r = fetch_one(&refetch, err);
        }
        /* Those that are stored are answered in the same transaction; until then they would be asked for once more. */
        int committed = slice_commit(&refetch.slice, false);
        slice_clear(&refetch.slice);
        return r == 0 && committed < 0 ? error_set(err, committed, "stopped") : r;
}

int mailbox_refetch(struct mailbox *m, struct error *err)
{
        GPtrArray *rows;
        int r = refetch_answer_stale(m->db, m->source, m->cursor.uid_validity, clock_wall_ms(), err);
        if (r == 0)
                r = refetch_list(m->db, m->source, m->cursor.uid_validity, &rows, err);
        if (r < 0)
                return r;
        if (rows->len > 0)
                r = fetch_rows(m, rows, err);
        g_ptr_array_unref(rows);
        return r;
}

/* ---- withheld messages ---- */

static int probe(struct mailbox *m, const GArray *withheld, struct error *err)
{
        struct refetch refetch = { .mailbox = m, .probing = true };
        slice_init(&refetch.slice, m, g_array_new(FALSE, FALSE, sizeof(guint32)), true);
        int r = 0;
        m->probing = true;
        for (guint i = 0; r == 0 && i < withheld->len; i++) {
                const struct cursors_withheld *one = &g_array_index(withheld, struct cursors_withheld, i);
                struct refetch_row row = { .mail_id = one->mail_id, .uid = one->uid, .history = one->history };
                m->probed_uid = one->uid; /* if it ends the session, the next time begins behind it */
                refetch.row = &row;
                refetch.asked = refetch.come = refetch.too_large = false;
                r = fetch_one(&refetch, err);
                if (refetch.come)
                        log_notice(m->context, "UID %u: the server sends it now", one->uid);
        }
        m->probing = r < 0;
        int committed = slice_commit(&refetch.slice, false);
        slice_clear(&refetch.slice);
        return r == 0 && committed < 0 ? error_set(err, committed, "stopped") : r;
}

int mailbox_probe_withheld(struct mailbox *m, struct error *err)
{
        if (m->probed_ms != 0 && clock_monotonic_ms() - m->probed_ms < m->config->reconcile_interval_ms)
                return 0;
        m->probed_ms = clock_monotonic_ms();
        GArray *withheld;
        int r = cursors_list_withheld(m->db, m->source, m->cursor.uid_validity, m->probed_uid, PROBED_MAX, &withheld, err);
        if (r < 0)
                return r;
        if (withheld->len < PROBED_MAX) /* the next time from the beginning */
                m->probed_uid = 0;
        if (withheld->len > 0)
                r = probe(m, withheld, err);
        if (r == 0 && withheld->len < PROBED_MAX)
                m->probed_uid = 0;
        g_array_unref(withheld);
        return r;
}
