/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "ingest/imap_encode.h"
#include "ingest/imap_session_p.h"

/* Messages that are flagged or moved together. */
#define CHANGE_MESSAGES 1000u
/* Goes with \Deleted where it is we who moved the message: others' flags are not for us to act on. */
#define MOVED_KEYWORD "$HotfixdMoved"

static GArray *uids_new(void)
{
        return g_array_new(FALSE, FALSE, sizeof(guint32));
}

/* "what SET rest" for all these messages, in as many commands as the length of lines demands. */
static int run_on(struct imap_session *session, const char *what, const GArray *uids, const char *rest,
                  imap_response_function function, void *context, struct error *err)
{
        g_autoptr(GString) set = g_string_new(NULL);
        int r = 0;
        for (guint first = 0; r == 0 && first < uids->len;) {
                g_string_truncate(set, 0);
                first += imap_encode_uid_set(uids, first, G_MAXUINT, IMAP_SET_BYTES, set);
                imap_start(session, what, "%s%s%s", set->str, rest ? " " : "", rest ? rest : "");
                r = imap_run(session, function, context, err);
        }
        return r;
}

/* ---- moving without MOVE ---- */

struct copied {
        bool is_told;   /* there was a COPYUID */
        GArray *ranges; /* guint32: the lowest and the highest of each */
};

static int take_copied(struct imap_session *session, struct imap_response *response, void *context, struct error *err)
{
        struct copied *copied = context;
        (void) session;
        if (strcmp(response->name, "OK") != 0 || g_strcmp0(response->code, "COPYUID") != 0)
                return 0;
        copied->is_told = true;
        g_auto(GStrv) parts = g_strsplit(response->code_text ? response->code_text : "", " ", 3);
        bool good = g_strv_length(parts) == 3 && imap_decode_uid_set(parts[1], copied->ranges) == 0;
        return good ? 0 : error_set(err, -ERR_PROTOCOL, "the IMAP server's COPYUID is not understood");
}

static bool in_ranges(const GArray *ranges, guint32 uid)
{
        for (guint i = 0; i + 1 < ranges->len; i += 2)
                if (uid >= g_array_index(ranges, guint32, i) && uid <= g_array_index(ranges, guint32, i + 1))
                        return true;
        return false;
}

static bool in_list(const GArray *uids, guint32 uid)
{
        for (guint i = 0; i < uids->len; i++)
                if (g_array_index(uids, guint32, i) == uid)
                        return true;
        return false;
}

/* Copies, and notes in session->copied what the server says it has copied. */
static int copy(struct imap_session *session, const GArray *uids, const char *folder, struct error *err)
{
        g_autoptr(GArray) ranges = uids_new();
        struct copied copied = { .ranges = ranges };
        int r = run_on(session, "UID COPY", uids, folder, take_copied, &copied, err);
        guint before = session->copied->len;
        /* After a refusal what was copied by an earlier command is known only where the server has told. */
        for (guint i = 0; (r == 0 || copied.is_told) && i < uids->len; i++) {
                guint32 uid = g_array_index(uids, guint32, i);
                if (!copied.is_told || in_ranges(ranges, uid))
                        g_array_append_val(session->copied, uid);
        }
        if (r == 0 && uids->len > 0 && session->copied->len == before)
                r = error_set(err, -ERR_REFUSED,
                              "the IMAP server says that it has copied other messages than those asked for");
        return r;
}

static void forget_copied(struct imap_session *session, const GArray *uids)
{
        guint kept = 0;
        for (guint i = 0; i < session->copied->len; i++) {
                guint32 uid = g_array_index(session->copied, guint32, i);
                if (!in_list(uids, uid))
                        g_array_index(session->copied, guint32, kept++) = uid;
        }
        g_array_set_size(session->copied, kept);
}

/* What is to be done with which messages. */
struct stages { GArray *to_copy, *to_flag, *to_expunge; };

/* Of the messages flagged \Deleted, those that we have flagged in another session. */
static int find_moved(struct imap_session *session, const GArray *flagged, GArray **ret_moved, struct error *err)
{
        g_autoptr(GArray) none = uids_new();
        bool may_be = session->keywords && imap_session_has(session, "UIDPLUS");
        return imap_search_keyword(session, may_be ? flagged : none, MOVED_KEYWORD, ret_moved, err);
}

static int sort_by_stage(struct imap_session *session, const GArray *uids, struct stages *stages, struct error *err)
{
        g_autoptr(GArray) flagged = NULL;
        g_autoptr(GArray) moved = NULL;
        int r = imap_session_search_among(session, uids, IMAP_SEARCH_DELETED, &flagged, err);
        if (r == 0)
                r = find_moved(session, flagged, &moved, err);
        for (guint i = 0; r == 0 && i < uids->len; i++) {
                guint32 uid = g_array_index(uids, guint32, i);
                bool copied = in_list(session->copied, uid), is_flagged = in_list(flagged, uid);
                if (is_flagged && (copied || in_list(moved, uid)))
                        g_array_append_val(stages->to_expunge, uid);
                else if (!is_flagged && copied)
                        g_array_append_val(stages->to_flag, uid);
                else if (!is_flagged) /* one that others have flagged is theirs */
                        g_array_append_val(stages->to_copy, uid);
        }
        return r;
}

/* The keyword is a help for the next session only: where the server does not take it, it goes without. */
static int flag_moved(struct imap_session *session, const GArray *uids, struct error *err)
{
        if (session->keywords && imap_session_has(session, "UIDPLUS")) {
                struct error refusal = ERROR_INIT;
                int r = run_on(session, "UID STORE", uids, "+FLAGS.SILENT (\\Deleted " MOVED_KEYWORD ")", NULL, NULL,
                               &refusal);
                if (r != -ERR_REFUSED && r != -EINVAL)
                        return r < 0 ? error_move(err, &refusal) : r;
                error_clear(&refusal);
        }
        return run_on(session, "UID STORE", uids, "+FLAGS.SILENT (\\Deleted)", NULL, NULL, err);
}

static gint compare_uids(gconstpointer a, gconstpointer b)
{
        const guint32 *left = a, *right = b;
        return *left < *right ? -1 : *left > *right;
}

static int move_in_stages(struct imap_session *session, const GArray *uids, const char *folder, struct stages *stages,
                          struct error *err)
{
        int r = sort_by_stage(session, uids, stages, err);
        if (r == 0)
                r = copy(session, stages->to_copy, folder, err);
        for (guint i = 0; r == 0 && i < stages->to_copy->len; i++) {
                guint32 uid = g_array_index(stages->to_copy, guint32, i);
                if (in_list(session->copied, uid))
                        g_array_append_val(stages->to_flag, uid);
        }
        g_array_sort(stages->to_flag, compare_uids);
        if (r == 0)
                r = flag_moved(session, stages->to_flag, err);
        g_array_append_vals(stages->to_expunge, stages->to_flag->data, stages->to_flag->len);
        g_array_sort(stages->to_expunge, compare_uids);
        if (r == 0 && imap_session_has(session, "UIDPLUS"))
                r = run_on(session, "UID EXPUNGE", stages->to_expunge, NULL, NULL, NULL, err);
        if (r == 0)
                forget_copied(session, uids);
        return r;
}

/* Repeated after an interruption at any place, this does no harm: see imap_session.h. */
static int move_by_copy(struct imap_session *session, const GArray *uids, const char *folder, struct error *err)
{
        if (session->no_deleted)
                return error_set(err, -ERR_REFUSED, "the IMAP server has no MOVE, and does not let messages of this "
                                                    "mailbox be flagged \\Deleted: nothing is copied");
        struct stages stages = { uids_new(), uids_new(), uids_new() };
        int r = move_in_stages(session, uids, folder, &stages, err);
        g_array_unref(stages.to_copy);
        g_array_unref(stages.to_flag);
        g_array_unref(stages.to_expunge);
        return r;
}

/* ---- the calls ---- */

/* Moves to folder (quoted), or marks seen where that is NULL. */
static int change(struct imap_session *session, const GArray *uids, const char *folder, struct error *err)
{
        if (!folder && session->no_seen && uids->len > 0)
                return error_set(err, -ERR_REFUSED, "the IMAP server does not let messages of this mailbox be flagged "
                                                    "\\Seen");
        int r = 0;
        session->changing = true;
        for (guint first = 0; r == 0 && first < uids->len; first += CHANGE_MESSAGES) {
                g_autoptr(GArray) some = uids_new();
                guint count = MIN(uids->len - first, CHANGE_MESSAGES);
                g_array_append_vals(some, &g_array_index(uids, guint32, first), count);
                if (!folder)
                        r = run_on(session, "UID STORE", some, "+FLAGS.SILENT (\\Seen)", NULL, NULL, err);
                else if (imap_session_has(session, "MOVE"))
                        r = run_on(session, "UID MOVE", some, folder, NULL, NULL, err);
                else
                        r = move_by_copy(session, some, folder, err);
        }
        session->changing = false;
        return r;
}

int imap_session_mark_seen(struct imap_session *session, const GArray *uids, struct error *err)
{
        int r = imap_begin(session, err);
        return r < 0 ? r : imap_end(session, change(session, uids, NULL, err));
}

int imap_session_move(struct imap_session *session, const GArray *uids, const char *folder, struct error *err)
{
        g_autofree char *quoted = NULL;
        int r = imap_begin(session, err);
        if (r < 0)
                return r;
        if (imap_encode_mailbox(folder, &quoted) < 0)
                return error_set(err, -EINVAL, "this mailbox name cannot be sent to an IMAP server");
        return imap_end(session, change(session, uids, quoted, err));
}
