/* SPDX-License-Identifier: MIT */
/*
 * after-ingest: the server is told of what is durably stored, and of nothing else. Of a mail above the limit only the head
 * is stored, and of a withheld one nothing: they stay as they are.
 */
#include "daemon/mailbox_p.h"

#include <errno.h>

#include "store/cursors.h"

/* Where the server refuses a command for many messages, it may be for one of them: halves of halves are tried, and it is
 * left in peace where it seems to refuse them all, as when the folder is missing. */
#define APART_COMMANDS 40u
#define APART_REFUSED 3u

struct span { guint first, count; };

static int change(struct mailbox *m, const GArray *uids, struct span span, struct error *err)
{
        g_autoptr(GArray) some = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_array_append_vals(some, &g_array_index(uids, guint32, span.first), span.count);
        return m->config->after == CONFIG_AFTER_SEEN ? imap_session_mark_seen(m->session, some, err) :
                imap_session_move(m->session, some, m->config->after_folder, err);
}

static void push_halves(GArray *spans, struct span span)
{
        const struct span halves[] = { { span.first + span.count / 2, span.count - span.count / 2 },
                                       { span.first, span.count / 2 } }; /* the last is the next to be tried */
        g_array_append_vals(spans, halves, G_N_ELEMENTS(halves));
}

/* The next to be tried, or the one farthest behind it. */
static struct span take(GArray *spans, bool farthest)
{
        guint i = farthest ? 0 : spans->len - 1;
        struct span span = g_array_index(spans, struct span, i);
        g_array_remove_index(spans, i);
        return span;
}

/* 0: the messages that the server refuses are known, and all others are done. -ERR_REFUSED: it takes nothing, or there is
 * no end of what it refuses. err has its last refusal in both cases. */
static int change_apart(struct mailbox *m, const GArray *uids, struct error *err)
{
        g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(struct span));
        guint known = m->refused->len;
        bool takes_some = false, farthest = false;
        push_halves(spans, (struct span){ 0, uids->len });
        for (unsigned commands = 0; spans->len > 0 && commands < APART_COMMANDS; commands++) {
                if (!takes_some && m->refused->len == known + APART_REFUSED)
                        break;
                struct error other = ERROR_INIT;
                struct span span = take(spans, farthest);
                int r = change(m, uids, span, &other);
                takes_some = takes_some || r == 0;
                farthest = !takes_some && span.count == 1; /* those that are refused may lie together */
                if (r == 0)
                        continue;
                error_clear(err);
                error_move(err, &other);
                if (r != -ERR_REFUSED)
                        return r;
                if (span.count > 1)
                        push_halves(spans, span);
                else
                        g_array_append_val(m->refused, g_array_index(uids, guint32, span.first));
        }
        if (!takes_some)
                g_array_set_size(m->refused, known);
        return takes_some && spans->len == 0 ? 0 : -ERR_REFUSED;
}

static bool is_refused(const struct mailbox *m, guint32 uid)
{
        for (guint i = 0; i < m->refused->len; i++)
                if (g_array_index(m->refused, guint32, i) == uid)
                        return true;
        return false;
}

/* Those that the server has not refused in this session. */
static GArray *leave_refused(const struct mailbox *m, const GArray *uids)
{
        GArray *others = g_array_new(FALSE, FALSE, sizeof(guint32));
        for (guint i = 0; i < uids->len; i++) {
                guint32 uid = g_array_index(uids, guint32, i);
                if (!is_refused(m, uid))
                        g_array_append_val(others, uid);
        }
        return others;
}

static void note_failure(struct mailbox *m, bool takes_others, struct error *err)
{
        guint refused = m->refused->len;
        if (takes_others)
                error_prefix(err, "%u message%s refused, the others taken", refused, refused == 1 ? "" : "s");
        if (m->config->after == CONFIG_AFTER_MOVE)
                error_prefix(err, "move to %s", m->config->after_folder);
        error_prefix(err, "after-ingest");
        g_free(m->after_error);
        m->after_error = g_strdup(error_text(err));
        error_clear(err);
        log_repeat_failure(&m->after_repeat, LOG_LEVEL_ERROR, m->context, m->after_error);
        if (m->service->once)
                g_atomic_int_inc(&m->service->failures);
}

static void note_success(struct mailbox *m)
{
        g_clear_pointer(&m->after_error, g_free);
        log_repeat_success(&m->after_repeat, m->context, "after-ingest works again");
}

/* Whatever the server thinks of it, mails are fetched and told of. */
static int apply(struct mailbox *m, const GArray *uids, struct error *err)
{
        guint refused = m->refused->len;
        int r = change(m, uids, (struct span){ 0, uids->len }, err);
        if (r == -ERR_REFUSED && uids->len > 1)
                r = change_apart(m, uids, err);
        if (r < 0 && r != -ERR_REFUSED && r != -EINVAL)
                return r;
        m->after_is_behind = r < 0;
        if (r < 0 || m->refused->len > refused)
                note_failure(m, r == 0, err);
        else if (refused == 0)
                note_success(m);
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

/* Of what is stored and left on the server, all that it has not refused in this session. */
static int find_left(struct mailbox *m, const GArray *listed, GArray **ret_left, struct error *err)
{
        g_autoptr(GArray) left = NULL;
        int r = cursors_filter(m->db, m->source, m->cursor.uid_validity, listed, CURSORS_WHOLE, &left, err);
        if (r == 0)
                *ret_left = leave_refused(m, left);
        return r;
}

static int make_up(struct mailbox *m, struct error *err)
{
        struct mailbox_listing listing;
        mailbox_listing_init(&listing, 1, m->cursor.last_uid, m->cursor.last_uid);
        listing.only = which_are_left(m);
        m->after_is_behind = false;
        while (!listing.ended && !m->after_is_behind) {
                g_autoptr(GArray) listed = NULL;
                g_autoptr(GArray) left = NULL;
                int r = mailbox_list(m, &listing, &listed, err);
                if (r == 0)
                        r = find_left(m, listed, &left, err);
                if (r == 0 && left->len > 0) {
                        log_info(m->context, "%u stored mail%s not %s yet", left->len, left->len == 1 ? " was" : "s were",
                                 m->config->after == CONFIG_AFTER_SEEN ? "marked as seen" : "moved");
                        r = apply(m, left, err);
                }
                if (r < 0)
                        return r;
        }
        if (!m->after_is_behind && m->refused->len == 0)
                note_success(m); /* what was refused may be gone */
        return 0;
}

int mailbox_after_make_up(struct mailbox *m, struct error *err)
{
        g_array_set_size(m->refused, 0);
        /* Where UIDs do not last, those on record are not those of this session. */
        return m->config->after == CONFIG_AFTER_NONE || m->selected.uid_not_sticky ? 0 : make_up(m, err);
}

int mailbox_after(struct mailbox *m, const GArray *uids, struct error *err)
{
        if (m->config->after == CONFIG_AFTER_NONE)
                return 0;
        if (m->after_is_behind && !m->selected.uid_not_sticky)
                return make_up(m, err);
        return uids->len > 0 ? apply(m, uids, err) : 0;
}
