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

static struct suspect *find_suspect(const struct mailbox *m, guint32 uid)
{
        for (guint i = 0; i < m->suspects->len; i++)
                if (g_array_index(m->suspects, struct suspect, i).uid == uid)
                        return &g_array_index(m->suspects, struct suspect, i);
        return NULL;
}

/* NULL where there are too many: then it is not the messages. */
static struct suspect *add_suspect(struct mailbox *m, guint32 uid, bool late)
{
        struct suspect suspect = { .uid = uid, .late = late };
        guint i = 0;
        if (m->suspects->len >= MAILBOX_SUSPECTS_MAX)
                return NULL;
        while (i < m->suspects->len && g_array_index(m->suspects, struct suspect, i).uid < uid)
                i++;
        g_array_insert_val(m->suspects, i, suspect);
        return &g_array_index(m->suspects, struct suspect, i);
}

void mailbox_forget_suspects(struct mailbox *m, bool late)
{
        for (guint i = m->suspects->len; i-- > 0;)
                if (g_array_index(m->suspects, struct suspect, i).late == late)
                        g_array_remove_index(m->suspects, i);
}

/* In a row: of the others only those stay that have ended enough sessions. */
static void forget_others(struct mailbox *m, guint32 uid)
{
        for (guint i = m->suspects->len; i-- > 0;) {
                const struct suspect *other = &g_array_index(m->suspects, struct suspect, i);
                if (other->uid != uid && other->breaks < MAILBOX_BREAKS_MAX)
                        g_array_remove_index(m->suspects, i);
        }
}

/* The first message that has not come, of those that were asked for. */
static guint32 first_gap(const struct slice *slice, const GArray *left_out)
{
        for (guint i = slice->prefix; i < slice->uids->len; i++) {
                guint32 uid = g_array_index(slice->uids, guint32, i);
                if (!slice->come[i] && mailbox_find_uid(left_out, uid) == left_out->len)
                        return uid;
        }
        return 0;
}

/* Dovecot says BYE where it cannot read a mail's file; others hang up, fall silent, or send what is no answer. */
static bool may_be_the_messages_fault(int code)
{
        return code == -ERR_CONNECTION || code == -ERR_TIMEOUT || code == -ERR_PROTOCOL || code == -ERR_LIMIT;
}

static void note_break(struct slice *slice, const GArray *left_out, int code)
{
        struct mailbox *m = slice->mailbox;
        guint32 uid = first_gap(slice, left_out);
        if (!may_be_the_messages_fault(code) || uid == 0)
                return;
        forget_others(m, uid);
        struct suspect *suspect = find_suspect(m, uid);
        if (!suspect)
                suspect = add_suspect(m, uid, slice->late);
        if (!suspect)
                return;
        /* One more is found, or was reached behind those left out: no reason to wait longer than before. */
        bool progress = ++suspect->breaks == MAILBOX_BREAKS_MAX || (suspect->breaks == 1 && left_out->len > 0);
        if (progress && m->failures.same > 0)
                m->failures.same--;
}

/* It is asked for again, alone, when all else is done: what ended the sessions may be over. */
static int record_suspect(struct slice *slice, guint index, const struct suspect *suspect)
{
        struct mailbox *m = slice->mailbox;
        guint32 uid = suspect->uid;
        log_warning(m->context, "UID %u: %u sessions in a row have ended when it was asked for: the others are fetched without it",
                    uid, suspect->breaks);
        int r = slice_queue_withheld(slice, uid, "ends the session when asked for it");
        if (r < 0)
                return r;
        slice->come[index] = true; /* for all that follows it is on record */
        slice->come_end = MAX(slice->come_end, index + 1);
        m->failures.same = 0;
        m->probed_ms = 0;
        m->probed_uid = MIN(m->probed_uid, uid - 1);
        return 0;
}

/* If others come it is the suspect that is to blame, and it is put on record as what it is: at once if some come from behind
 * it, else when all others have come. Below the cursor others have come before. */
static int record_proven(struct slice *slice, GArray *left_out, bool all_others)
{
        struct mailbox *m = slice->mailbox;
        guint behind = slice->come_end;
        for (guint i = 0; i < left_out->len;) {
                guint32 uid = g_array_index(left_out, guint32, i);
                guint index = mailbox_find_uid(slice->uids, uid);
                const struct suspect *suspect = find_suspect(m, uid);
                bool others = slice->come_count > 0 || slice->late || suspect->breaks >= MAILBOX_REFUSALS_MAX;
                if (index >= behind && !(all_others && others)) {
                        i++;
                        continue;
                }
                int r = record_suspect(slice, index, suspect);
                if (r < 0)
                        return r;
                g_array_remove_index(m->suspects, (guint) (suspect - &g_array_index(m->suspects, struct suspect, 0)));
                g_array_remove_index(left_out, i);
        }
        return 0;
}

/* Fetches all but these. Where nothing shows that they are to blame they are asked for too, and the array is empty then. */
static int fetch_around(struct slice *slice, GArray *left_out, struct error *err)
{
        g_autoptr(GArray) others = g_array_new(FALSE, FALSE, sizeof(guint32));
        for (guint i = 0; i < slice->uids->len; i++) {
                guint32 uid = g_array_index(slice->uids, guint32, i);
                if (mailbox_find_uid(left_out, uid) == left_out->len)
                        g_array_append_val(others, uid);
        }
        int r = slice_fetch(slice, others, err);
        bool answered = r == 0 || r == -ERR_REFUSED;
        if (!answered && !may_be_the_messages_fault(r))
                return r;
        int recorded = record_proven(slice, left_out, answered);
        if (recorded < 0)
                return error_set(err, recorded, "stopped");
        if (!answered || left_out->len == 0)
                return r;
        error_clear(err);
        g_array_set_size(others, 0);
        g_array_append_vals(others, left_out->data, left_out->len);
        g_array_set_size(left_out, 0);
        return slice_fetch(slice, others, err);
}

/* The messages of the slice that have ended enough sessions. */
static GArray *list_left_out(const struct slice *slice)
{
        const GArray *suspects = slice->mailbox->suspects;
        GArray *left_out = g_array_new(FALSE, FALSE, sizeof(guint32));
        for (guint i = 0; i < suspects->len; i++) {
                const struct suspect *suspect = &g_array_index(suspects, struct suspect, i);
                if (suspect->breaks >= MAILBOX_BREAKS_MAX && mailbox_find_uid(slice->uids, suspect->uid) < slice->uids->len)
                        g_array_append_val(left_out, suspect->uid);
        }
        return left_out;
}

int slice_fetch_all(struct slice *slice, struct error *err)
{
        struct mailbox *m = slice->mailbox;
        struct error local = ERROR_INIT;
        g_autoptr(GArray) left_out = list_left_out(slice);
        int r = left_out->len > 0 ? fetch_around(slice, left_out, &local) : slice_fetch(slice, NULL, &local);
        if (r == 0 || r == -ERR_REFUSED) {
                error_clear(&local);
                r = slice_settle_missing(slice, slice->late ? &m->late_refusals : &m->refusals, &local);
        }
        if (r < 0 && r != -ERR_REFUSED)
                note_break(slice, left_out, r);
        if (r < 0)
                error_move(err, &local);
        error_clear(&local);
        return r;
}
