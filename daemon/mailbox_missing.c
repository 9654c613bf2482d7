/* SPDX-License-Identifier: MIT */
/* Messages that a server lists and does not send, or refuses to send, or at which it ends the session. */
#include "daemon/mailbox_p.h"

/* The messages of the slice that did not come, among those that are still there. The others are expunged. */
static int find_missing(struct slice *slice, GArray **ret_missing, struct error *err)
{
        g_autoptr(GArray) absent = g_array_new(FALSE, FALSE, sizeof(guint32));
        for (guint i = slice->prefix; i < slice->uids->len; i++)
                if (!slice->come[i])
                        g_array_append_val(absent, g_array_index(slice->uids, guint32, i));
        return imap_session_search_among(slice->mailbox->session, absent, IMAP_SEARCH_THERE, ret_missing, err);
}

/* How many were refused alone in this search for the ones that are to blame. */
struct hunt { struct slice *slice; unsigned refused; };

static GArray *not_come(const struct slice *slice, const guint32 *uids, guint count)
{
        GArray *wanted = g_array_new(FALSE, FALSE, sizeof(guint32));
        for (guint i = 0; i < count; i++)
                if (!slice_has_come(slice, uids[i]))
                        g_array_append_val(wanted, uids[i]);
        return wanted;
}

static int fetch_in_halves(struct hunt *hunt, const guint32 *uids, guint count, struct error *err);

/* Both are tried, whatever becomes of the first; a refusal gives way to what is worse. */
static int fetch_both_halves(struct hunt *hunt, const GArray *wanted, struct error *err)
{
        const guint32 *first = &g_array_index(wanted, guint32, 0);
        guint half = wanted->len / 2;
        int r = fetch_in_halves(hunt, first, half, err);
        if (r < 0 && r != -ERR_REFUSED)
                return r;
        struct error other = ERROR_INIT;
        int second = fetch_in_halves(hunt, first + half, wanted->len - half, &other);
        if (second < 0 && (r == 0 || second != r))
                r = error_move(err, &other);
        error_clear(&other);
        return r;
}

/* Fetches these, in halves where the server refuses some of them: one that it cannot send must not keep the others out.
 * Returns -ERR_REFUSED, with the first reason, if some are refused alone too. The depth is that of halving a slice. */
static int fetch_in_halves(struct hunt *hunt, const guint32 *uids, guint count, struct error *err)
{
        g_autoptr(GArray) wanted = not_come(hunt->slice, uids, count);
        if (wanted->len == 0)
                return 0;
        struct error local = ERROR_INIT;
        int r = slice_fetch(hunt->slice, wanted, &local);
        if (r == -ERR_REFUSED && wanted->len == 1 && slice_has_come(hunt->slice, g_array_index(wanted, guint32, 0)))
                r = 0; /* sent and refused at once */
        if (r == -ERR_REFUSED && wanted->len > 1 && hunt->refused < MAILBOX_REFUSED_ALONE_MAX) {
                error_clear(&local);
                return fetch_both_halves(hunt, wanted, err);
        }
        if (r == -ERR_REFUSED) {
                hunt->refused++;
                error_prefix(&local, "UID %u", g_array_index(wanted, guint32, 0));
        }
        if (r < 0)
                error_move(err, &local);
        error_clear(&local);
        return r;
}

int slice_settle_missing(struct slice *slice, unsigned *refusals, struct error *err)
{
        GArray *missing;
        int r = find_missing(slice, &missing, err);
        if (r < 0)
                return r;
        struct hunt hunt = { .slice = slice };
        r = fetch_in_halves(&hunt, (const guint32 *) (void *) missing->data, missing->len, err);
        /* Passed over only where the server sends other messages: else something else is wrong. Below the cursor there may
         * be no others. */
        if (r == -ERR_REFUSED && ++*refusals >= MAILBOX_REFUSALS_MAX && (slice->come_count > 0 || slice->late)) {
                error_clear(err);
                r = 0;
        }
        for (guint i = 0; r == 0 && i < missing->len; i++) {
                guint32 uid = g_array_index(missing, guint32, i);
                if (!slice_has_come(slice, uid) && slice_queue_withheld(slice, uid, "does not send it") < 0)
                        r = error_set(err, -ERR_CANCELLED, "stopped");
        }
        g_array_unref(missing);
        return r;
}

/* ---- messages at which sessions end ---- */

/* The first message that has not come. */
static guint32 first_gap(const struct slice *slice)
{
        for (guint i = slice->prefix; i < slice->uids->len; i++)
                if (!slice->come[i])
                        return g_array_index(slice->uids, guint32, i);
        return 0;
}

/* Dovecot says BYE where it cannot read a mail's file; others hang up, fall silent, or send what is no answer. */
static bool may_be_the_messages_fault(int code)
{
        return code == -ERR_CONNECTION || code == -ERR_TIMEOUT || code == -ERR_PROTOCOL || code == -ERR_LIMIT;
}

static void note_break(struct slice *slice, int code)
{
        struct mailbox *m = slice->mailbox;
        guint32 uid = first_gap(slice);
        if (!may_be_the_messages_fault(code) || uid == 0)
                return;
        m->suspect_breaks = m->suspect_uid == uid ? m->suspect_breaks + 1 : 1;
        m->suspect_uid = uid;
        m->suspect_is_late = slice->late;
}

/* Fetches all but the suspect; if others come it is the suspect that is to blame, and it is put on record as what it is. Below
 * the cursor others have come before. */
static int fetch_around(struct slice *slice, guint suspect, struct error *err)
{
        struct mailbox *m = slice->mailbox;
        g_autoptr(GArray) others = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_array_append_vals(others, slice->uids->data, slice->uids->len);
        g_array_remove_index(others, suspect);
        int r = slice_fetch(slice, others, err);
        if (r < 0)
                return r;
        if (slice->come_count == 0 && !slice->late && m->suspect_breaks < MAILBOX_REFUSALS_MAX)
                return slice_fetch(slice, NULL, err);
        guint32 uid = g_array_index(slice->uids, guint32, suspect);
        log_warning(m->context, "UID %u: %u sessions in a row have ended when it was asked for: the others are fetched without it",
                    uid, m->suspect_breaks);
        r = slice_queue_withheld(slice, uid, "ends the session when asked for it");
        if (r < 0)
                return error_set(err, r, "stopped");
        slice->come[suspect] = true; /* for all that follows it is on record */
        slice->come_end = MAX(slice->come_end, suspect + 1);
        m->suspect_breaks = 0;
        return 0;
}

int slice_fetch_all(struct slice *slice, struct error *err)
{
        struct mailbox *m = slice->mailbox;
        struct error local = ERROR_INIT;
        guint suspect = m->suspect_breaks >= MAILBOX_BREAKS_MAX ? mailbox_find_uid(slice->uids, m->suspect_uid) : slice->uids->len;
        int r = suspect < slice->uids->len ? fetch_around(slice, suspect, &local) : slice_fetch(slice, NULL, &local);
        if (r == 0 || r == -ERR_REFUSED) {
                error_clear(&local);
                r = slice_settle_missing(slice, slice->late ? &m->late_refusals : &m->refusals, &local);
        }
        if (r < 0 && r != -ERR_REFUSED)
                note_break(slice, r);
        if (r < 0)
                error_move(err, &local);
        error_clear(&local);
        return r;
}
