/* SPDX-License-Identifier: MIT */
/*
 * after-ingest: the server is told of what is durably stored, and of nothing else. Of a mail above the limit only the head
 * is stored, and of a withheld one nothing: they stay as they are.
 */
#include "daemon/mailbox_p.h"

#include <errno.h>

#include "store/cursors.h"

/* Whatever the server thinks of it, mails are fetched and told of. */
static int apply(struct mailbox *m, const GArray *uids, struct error *err)
{
        int r = m->config->after == CONFIG_AFTER_SEEN ? imap_session_mark_seen(m->session, uids, err) :
                imap_session_move(m->session, uids, m->config->after_folder, err);
        if (r < 0 && r != -ERR_REFUSED && r != -EINVAL)
                return r;
        g_clear_pointer(&m->after_error, g_free);
        if (r == 0) {
                log_repeat_success(&m->after_repeat, m->context, "after-ingest works again");
                return 0;
        }
        if (m->config->after == CONFIG_AFTER_MOVE)
                error_prefix(err, "move to %s", m->config->after_folder);
        error_prefix(err, "after-ingest");
        m->after_error = g_strdup(error_text(err));
        error_clear(err);
        log_repeat_failure(&m->after_repeat, LOG_LEVEL_ERROR, m->context, m->after_error);
        if (m->service->once)
                g_atomic_int_inc(&m->service->failures);
        return 0;
}

/* Which messages can be left: where a move ends with EXPUNGE, one that is flagged \Deleted may still wait for it, and
 * without it such a flag is all that is to be done. */
static unsigned which_are_left(const struct mailbox *m)
{
        if (m->config->after == CONFIG_AFTER_SEEN)
                return IMAP_SEARCH_UNSEEN;
        bool leaves = imap_session_has(m->session, "MOVE") || imap_session_has(m->session, "UIDPLUS");
        return leaves ? IMAP_SEARCH_THERE : IMAP_SEARCH_UNDELETED;
}

int mailbox_after_make_up(struct mailbox *m, struct error *err)
{
        struct mailbox_listing listing;
        /* Where UIDs do not last, those on record are not those of this session. */
        if (m->config->after == CONFIG_AFTER_NONE || m->selected.uid_not_sticky)
                return 0;
        mailbox_listing_init(&listing, 1, m->cursor.last_uid, m->cursor.last_uid);
        listing.only = which_are_left(m);
        while (!listing.ended) {
                GArray *listed, *left;
                int r = mailbox_list(m, &listing, &listed, err);
                if (r < 0)
                        return r;
                r = cursors_filter(m->db, m->source, m->cursor.uid_validity, listed, CURSORS_WHOLE, &left, err);
                g_array_unref(listed);
                if (r < 0)
                        return r;
                if (left->len > 0) {
                        log_info(m->context, "%u stored mail%s not %s yet", left->len, left->len == 1 ? " was" : "s were",
                                 m->config->after == CONFIG_AFTER_SEEN ? "marked as seen" : "moved");
                        r = apply(m, left, err);
                }
                g_array_unref(left);
                if (r < 0)
                        return r;
                if (m->after_error)
                        break;
        }
        return 0;
}

int mailbox_after(struct mailbox *m, const GArray *uids, struct error *err)
{
        if (m->config->after == CONFIG_AFTER_NONE)
                return 0;
        if (m->after_error)
                return mailbox_after_make_up(m, err);
        return uids->len > 0 ? apply(m, uids, err) : 0;
}
