/* SPDX-License-Identifier: MIT */
#include "daemon/mailbox_p.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "store/cursors.h"

static int open_session(struct mailbox *m, struct error *err)
{
        struct stream *stream;
        int r = transfer_open_imap(m->config, &m->wake, &stream, err);
        if (r < 0)
                return r;
        struct imap_session_options options = {
                .command_timeout_ms = m->config->timeout_ms,
                .max_message_bytes = 2 * m->service->config->max_message_bytes + MIB, /* RFC822.SIZE is an estimate with some servers */
        };
        return imap_session_open(stream, &options, &m->session, err);
}

/* With after-ingest = none nothing on the server may change, so the folder is opened for reading only (EXAMINE). */
static int select_folder(struct mailbox *m, struct error *err)
{
        bool read_only = m->config->after == CONFIG_AFTER_NONE;
        int r = imap_session_select(m->session, m->config->folder, read_only, &m->selected, err);
        if (r == -ERR_REFUSED || r == -EINVAL)
                error_prefix(err, "folder %s", m->config->folder);
        return r;
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

/* Only where the server gives no UIDNEXT. A first contact that finds nothing would take all for new that appears later. */
static int find_highest(struct mailbox *m, guint32 *ret_uid, struct error *err)
{
        struct mailbox_listing listing;
        mailbox_listing_init(&listing, 1, G_MAXUINT32, G_MAXUINT32);
        *ret_uid = 0;
        while (!listing.ended) {
                GArray *uids;
                int r = mailbox_list(m, &listing, &uids, err);
                if (r < 0)
                        return r;
                if (uids->len > 0)
                        *ret_uid = g_array_index(uids, guint32, uids->len - 1);
                g_array_unref(uids);
        }
        if (*ret_uid == 0 && imap_session_exists(m->session) > 0 && !m->cursor.known)
                return error_set(err, -ERR_PROTOCOL, "the server announces %u messages and lists none",
                                 imap_session_exists(m->session));
        return 0;
}

static void log_start(struct mailbox *m, enum cursor_event event)
{
        if (event == CURSOR_FIRST_CONTACT)
                log_info(m->context, "first contact: %u mail%s taken as history", m->selected.exists,
                         m->selected.exists == 1 ? " is" : "s are");
        else if (m->selected.uid_not_sticky)
                log_info(m->context, "the server does not keep its UIDs: reading the mailbox again");
        else if (event == CURSOR_UID_VALIDITY_CHANGED)
                log_notice(m->context, "the server renumbered the mailbox (UIDVALIDITY %u): reading it again",
                           m->selected.uid_validity);
}

/* *ret_changed: the cursor is another than the stored one. */
static int start_cursor(struct mailbox *m, bool *ret_changed, struct error *err)
{
        int r = load_cursor(m, err);
        if (r < 0)
                return r;
        if (m->selected.uid_not_sticky) /* every session has its own */
                m->cursor.uid_validity = 0;
        guint32 highest = 0;
        bool goes_on = m->cursor.known && m->cursor.uid_validity == m->selected.uid_validity;
        if (m->selected.uid_next == 0 && !goes_on) {
                r = find_highest(m, &highest, err);
                if (r < 0)
                        return r;
        }
        struct cursor next;
        enum cursor_event event = cursor_start(&m->cursor, m->selected.uid_validity, m->selected.uid_next, highest, &next);
        log_start(m, event);
        if (highest > 0 && highest < G_MAXUINT32)
                m->selected.uid_next = highest + 1; /* a large mailbox is listed in ranges up to there */
        *ret_changed = event != CURSOR_CONTINUES;
        m->cursor = next;
        return 0;
}

/* What is history is decided and on record before anything is fetched: a mail that arrives while the first pass is under
 * way, or while the daemon is down after a crash in it, is not history. */
static int record_start(struct mailbox *m, struct error *err)
{
        struct slice slice;
        slice_init(&slice, m, g_array_new(FALSE, FALSE, sizeof(guint32)), false);
        int r = slice_commit(&slice, false);
        slice_clear(&slice);
        return r < 0 ? error_set(err, -ERR_CANCELLED, "stopped") : 0;
}

int mailbox_open_folder(struct mailbox *m, struct error *err)
{
        bool changed = false;
        int r = select_folder(m, err);
        if (r == 0)
                r = start_cursor(m, &changed, err);
        if (r == 0 && changed) {
                m->reconciled_ms = 0;
                if (!m->selected.uid_not_sticky) { /* there the UIDs are mostly the same in the next session */
                        mailbox_forget_suspects(m, false);
                        mailbox_forget_suspects(m, true);
                }
                r = record_start(m, err);
        }
        return r;
}

int mailbox_connect(struct mailbox *m, struct error *err)
{
        mailbox_set_state(m, "connecting");
        int r = open_session(m, err);
        return r < 0 ? r : mailbox_open_folder(m, err);
}
