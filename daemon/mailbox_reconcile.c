/* SPDX-License-Identifier: MIT */
/*
 * The cursor believes that UIDs only grow. With replicated servers a message can appear below others that were fetched
 * already; and whatever else went wrong, a message that the server lists and that is not on record is fetched.
 */
#include "daemon/mailbox_p.h"

#include "common/clock.h"
#include "store/cursors.h"

bool mailbox_reconcile_is_due(const struct mailbox *m)
{
        return m->reconciled_ms == 0 || clock_monotonic_ms() - m->reconciled_ms >= m->config->reconcile_interval_ms;
}

/* A message that is refused keeps nothing else from going on: it is asked for again at the next time. */
static int fetch_late(struct mailbox *m, struct slice *slice, struct error *err)
{
        struct error local = ERROR_INIT;
        int r = slice_fetch_all(slice, &local);
        if (r == -ERR_REFUSED) {
                log_repeat_failure(&m->late_repeat, LOG_LEVEL_WARNING, m->context, error_text(&local));
                r = 0;
        } else if (r < 0) {
                error_move(err, &local);
        } else {
                m->late_refusals = 0;
                log_repeat_success(&m->late_repeat, m->context, "all messages below the cursor are sent");
        }
        error_clear(&local);
        return r;
}

/* Takes the array. */
static int run_late(struct mailbox *m, GArray *uids, struct error *err)
{
        struct slice slice;
        slice_init(&slice, m, uids, true);
        log_notice(m->context, "%u message%s below UID %u not on record: fetching (the first is UID %u)", uids->len,
                   uids->len == 1 ? " is" : "s are", m->cursor.last_uid + 1, g_array_index(uids, guint32, 0));
        mailbox_set_state(m, "syncing");
        int r = fetch_late(m, &slice, err);
        int committed = slice_queue_held(&slice, true);
        if (committed == 0)
                committed = slice_commit(&slice, false);
        if (r == 0 && committed < 0)
                r = error_set(err, committed, "stopped");
        if (r == 0)
                r = mailbox_after(m, slice.whole, err);
        slice_clear(&slice);
        return r;
}

int mailbox_reconcile(struct mailbox *m, struct error *err)
{
        struct mailbox_listing listing;
        mailbox_listing_init(&listing, 1, m->cursor.last_uid, m->cursor.last_uid);
        while (!listing.ended) {
                GArray *listed, *late;
                int r = mailbox_list(m, &listing, &listed, err);
                if (r < 0)
                        return r;
                r = cursors_filter(m->db, m->source, m->cursor.uid_validity, listed, CURSORS_UNRECORDED, &late, err);
                g_array_unref(listed);
                if (r < 0)
                        return r;
                if (late->len > 0)
                        r = run_late(m, late, err);
                else
                        g_array_unref(late);
                if (r < 0)
                        return r;
        }
        mailbox_forget_suspects(m, true);
        m->reconciled_ms = clock_monotonic_ms();
        m->reconciled_wall_ms = clock_wall_ms();
        return 0;
}
