/* SPDX-License-Identifier: MIT */
#include "daemon/mailbox_p.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "store/cursors.h"

#define COMPARED_SPAN 1000u /* UIDs below the cursor among which one is looked for */

static enum login_answer answer_of(int code, const struct error *err)
{
        if (code == 0)
                return LOGIN_ANSWER_TAKEN;
        bool refused = code == -ERR_AUTH && mailbox_problem_of(code, err->text) == MAILBOX_LOGIN;
        return refused ? LOGIN_ANSWER_REFUSED : LOGIN_ANSWER_NONE;
}

/* Mailboxes of one account do not all try a login that is refused. */
static int log_in(struct mailbox *m, struct stream **ret_stream, struct error *err)
{
        struct login_attempt attempt;
        int64_t wait_max_ms = MAX(m->config->timeout_ms, TRANSFER_CONNECT_TIMEOUT_MS);
        m->login_pause_ms = 0;
        int r = login_pace_begin(m->service->login_pace, m->config, wait_max_ms, m->service->stop_fd, &attempt,
                                 &m->login_pause_ms, err);
        if (r < 0)
                return r;
        r = transfer_open_imap(m->config, &m->wake, ret_stream, err);
        m->login_pause_ms = login_pace_end(&attempt, answer_of(r, err));
        return r;
}

static int open_session(struct mailbox *m, struct error *err)
{
        struct stream *stream;
        int r = log_in(m, &stream, err);
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

/* ---- whether the messages are still the same ---- */

struct comparison { struct mailbox *mailbox; guint32 uid; bool asked, same; struct error *err; };

static int give_compared(GArray *uids, guint max, void *context, struct error *err)
{
        struct comparison *comparison = context;
        (void) max;
        (void) err;
        if (!comparison->asked)
                g_array_append_val(uids, comparison->uid);
        comparison->asked = true;
        return 0;
}

static int compare(struct imap_message *message, void *context)
{
        struct comparison *comparison = context;
        const struct mailbox *m = comparison->mailbox;
        char sha256[DIGEST_TEXT_SIZE];
        if (message->uid != comparison->uid || !message->data || message->head_only)
                return 0;
        digest_sha256(message->data, message->data_size, sha256);
        return cursors_is_same(m->db, m->source, m->cursor.uid_validity, message->uid, sha256, (int64_t) message->data_size,
                               message->internal_date_ms, &comparison->same, comparison->err);
}

/* The last message up to the cursor that is there and stored whole; 0: none of the last ones is. */
static int find_compared(struct mailbox *m, guint32 *ret_uid, struct error *err)
{
        guint32 last_uid = m->cursor.last_uid, first_uid = last_uid > COMPARED_SPAN ? last_uid - COMPARED_SPAN + 1 : 1;
        GArray *listed, *whole;
        int r = imap_session_search_only(m->session, first_uid, last_uid, IMAP_SEARCH_THERE, &listed, err);
        if (r < 0)
                return r;
        r = cursors_filter(m->db, m->source, m->cursor.uid_validity, listed, CURSORS_WHOLE, &whole, err);
        g_array_unref(listed);
        if (r < 0)
                return r;
        *ret_uid = whole->len > 0 ? g_array_index(whole, guint32, whole->len - 1) : 0;
        g_array_unref(whole);
        return 0;
}

/* A mailbox that was restored from a backup may give UIDs again that it has given since, under the same UIDVALIDITY. The last
 * message tells. One that ended the session the last time is let be. */
static int look_for_others(struct mailbox *m, bool *ret_others, struct error *err)
{
        struct comparison comparison = { .mailbox = m, .same = true, .err = err };
        guint32 before = m->compared_uid;
        *ret_others = false;
        if (m->cursor.last_uid == 0)
                return 0;
        int r = find_compared(m, &comparison.uid, err);
        if (r < 0 || comparison.uid == 0 || comparison.uid == before)
                return r;
        m->compared_uid = comparison.uid;
        struct imap_fetch_stream stream = { .max_bytes = MIN(m->service->config->max_message_bytes, MIB), .head_bytes = 1,
                                            .next = give_compared, .message = compare, .context = &comparison };
        r = imap_session_fetch_stream(m->session, &stream, err);
        if (r < 0 && r != -ERR_REFUSED)
                return r;
        if (r == -ERR_REFUSED)
                error_clear(err);
        m->compared_uid = 0;
        *ret_others = !comparison.same;
        return 0;
}

/* *ret_changed: the cursor is another than the stored one. */
static int start_cursor(struct mailbox *m, bool connects, bool *ret_changed, struct error *err)
{
        int r = load_cursor(m, err);
        if (r < 0)
                return r;
        bool others = false;
        if (connects && m->cursor.known && !m->selected.uid_not_sticky && m->cursor.uid_validity == m->selected.uid_validity)
                r = look_for_others(m, &others, err);
        if (r < 0)
                return r;
        if (m->selected.uid_not_sticky || others) /* there every session has its own */
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

static int open_folder(struct mailbox *m, bool connects, struct error *err)
{
        bool changed = false;
        int r = select_folder(m, err);
        if (r == 0)
                r = start_cursor(m, connects, &changed, err);
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

int mailbox_open_folder(struct mailbox *m, struct error *err)
{
        return open_folder(m, false, err);
}

int mailbox_connect(struct mailbox *m, struct error *err)
{
        mailbox_set_state(m, "connecting");
        int r = open_session(m, err);
        return r < 0 ? r : open_folder(m, true, err);
}
