/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "ingest/imap_encode.h"
#include "ingest/imap_session_p.h"

/* As many UIDs as the longest SEARCH line can hold. */
#define SEARCH_UIDS_MAX (LIMIT_IMAP_SEARCH_BYTES / 2)
/* Messages in one STORE, COPY or MOVE. */
#define CHANGE_MESSAGES 1000u

static int run(struct imap_session *session, imap_response_function function, void *context, struct error *err)
{
        imap_be_patient(session, 0);
        return imap_await(session, function, context, err);
}

/* ---- SELECT ---- */

static int take_code_number(const struct imap_response *response, guint32 *ret_value, struct error *err)
{
        char *text = response->code_text ? response->code_text : response->code;
        struct imap_token number = { .kind = IMAP_ATOM, .data = text, .size = strcspn(text, " ") };
        int r = imap_token_uint32(&number, ret_value);
        return r < 0 ? error_set(err, r, "the IMAP server's %s is not a number", response->code) : 0;
}

static int take_selected(struct imap_session *session, struct imap_response *response, void *context, struct error *err)
{
        struct imap_mailbox *mailbox = context;
        (void) session;
        if (!response->code || strcmp(response->name, "OK") != 0)
                return 0;
        if (strcmp(response->code, "UIDVALIDITY") == 0)
                return take_code_number(response, &mailbox->uid_validity, err);
        if (strcmp(response->code, "UIDNEXT") == 0)
                return take_code_number(response, &mailbox->uid_next, err);
        if (strcmp(response->code, "READ-ONLY") == 0)
                mailbox->read_only = true;
        return 0;
}

static int select_mailbox(struct imap_session *session, const char *name, struct imap_mailbox *mailbox,
                          struct error *err)
{
        g_autofree char *quoted = NULL;
        if (imap_encode_mailbox(name, &quoted) < 0)
                return error_set(err, -EINVAL, "this mailbox name cannot be sent to an IMAP server");
        session->exists = 0;
        imap_start(session, mailbox->read_only ? "EXAMINE" : "SELECT", "%s", quoted);
        int r = run(session, take_selected, mailbox, err);
        if (r < 0)
                return r;
        if (mailbox->uid_validity == 0)
                return error_set(err, -ERR_PROTOCOL, "the IMAP server gives no UIDVALIDITY for the mailbox");
        session->grown = false;
        mailbox->exists = session->exists;
        return 0;
}

int imap_session_select(struct imap_session *session, const char *name, bool read_only,
                        struct imap_mailbox *ret_mailbox, struct error *err)
{
        struct imap_mailbox mailbox = { .read_only = read_only };
        int r = imap_begin(session, err);
        if (r < 0)
                return r;
        r = imap_end(session, select_mailbox(session, name, &mailbox, err));
        if (r < 0)
                return r;
        *ret_mailbox = mailbox;
        return 0;
}

/* ---- SEARCH ---- */

struct search {
        guint32 first_uid;
        GArray *uids;
};

static bool take_digits(const char **p, guint32 *ret_uid)
{
        guint64 value = 0;
        const char *start = *p;
        for (; g_ascii_isdigit(**p); (*p)++) {
                value = value * 10 + (guint64) (**p - '0');
                if (value > G_MAXUINT32)
                        return false;
        }
        *ret_uid = (guint32) value;
        return *p > start && value > 0;
}

static int add_range(struct search *search, guint32 low, guint32 high, struct error *err)
{
        if (high - low >= SEARCH_UIDS_MAX - search->uids->len)
                return error_set(err, -ERR_LIMIT, "the IMAP server's search found too many messages");
        for (guint64 uid = MAX(low, search->first_uid); uid <= high; uid++) {
                guint32 value = (guint32) uid;
                g_array_append_val(search->uids, value);
        }
        return 0;
}

/* "1 2 3", behind which CONDSTORE may put "(MODSEQ 5)". */
static int take_search(struct search *search, const char *text, struct error *err)
{
        for (const char *p = text;;) {
                guint32 uid;
                while (*p == ' ')
                        p++;
                if (*p == '\0' || *p == '(')
                        return 0;
                if (!take_digits(&p, &uid) || (*p != ' ' && *p != '\0'))
                        return error_set(err, -ERR_PROTOCOL, "the IMAP server's search result is no list of numbers");
                int r = add_range(search, uid, uid, err);
                if (r < 0)
                        return r;
        }
}

/* "5" or "1:5", in any order. */
static bool take_range(const char **p, guint32 *ret_low, guint32 *ret_high)
{
        guint32 first, last;
        if (!take_digits(p, &first))
                return false;
        last = first;
        if (**p == ':') {
                (*p)++;
                if (!take_digits(p, &last))
                        return false;
        }
        *ret_low = MIN(first, last);
        *ret_high = MAX(first, last);
        return true;
}

/* "1:5,9": how servers that know only IMAP4rev2 list what they found. */
static int take_set(struct search *search, const char *set, struct error *err)
{
        for (const char *p = set;; p++) {
                guint32 low, high;
                if (!take_range(&p, &low, &high))
                        break;
                int r = add_range(search, low, high, err);
                if (r < 0 || *p == '\0' || *p == ' ')
                        return r;
                if (*p != ',')
                        break;
        }
        return error_set(err, -ERR_PROTOCOL, "the IMAP server's search result is no set of numbers");
}

static int take_found(struct imap_session *session, struct imap_response *response, void *context, struct error *err)
{
        struct search *search = context;
        (void) session;
        bool extended = strcmp(response->name, "ESEARCH") == 0;
        if (response->has_number || (!extended && strcmp(response->name, "SEARCH") != 0))
                return 0;
        const struct imap_token *text = g_ptr_array_index(response->tokens, 0);
        if (!extended)
                return take_search(search, text->data, err);
        const char *all = strstr(text->data, " ALL ");
        return all ? take_set(search, all + strlen(" ALL "), err) : 0;
}

static gint compare_uids(gconstpointer a, gconstpointer b)
{
        const guint32 *left = a, *right = b;
        return *left < *right ? -1 : *left > *right;
}

static void sort_unique(GArray *uids)
{
        guint kept = 0;
        g_array_sort(uids, compare_uids);
        for (guint i = 0; i < uids->len; i++) {
                guint32 uid = g_array_index(uids, guint32, i);
                if (kept == 0 || g_array_index(uids, guint32, kept - 1) != uid)
                        g_array_index(uids, guint32, kept++) = uid;
        }
        g_array_set_size(uids, kept);
}

int imap_session_search(struct imap_session *session, guint32 first_uid, GArray **ret_uids, struct error *err)
{
        int r = imap_begin(session, err);
        if (r < 0)
                return r;
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        struct search search = { .first_uid = MAX(first_uid, 1), .uids = uids };
        /* What is announced from here on may be missing in the result, and counts as new once more. */
        session->grown = false;
        imap_start(session, "UID SEARCH", "UID %" G_GUINT32_FORMAT ":*", search.first_uid);
        r = imap_end(session, run(session, take_found, &search, err));
        if (r < 0)
                return r;
        sort_unique(uids);
        *ret_uids = g_steal_pointer(&uids);
        return 0;
}

/* ---- STORE, COPY, MOVE, EXPUNGE ---- */

static int run_on(struct imap_session *session, const char *what, const GString *set, const char *rest,
                  struct error *err)
{
        imap_start(session, what, "%s%s%s", set->str, rest ? " " : "", rest ? rest : "");
        return run(session, NULL, NULL, err);
}

static int copy_and_delete(struct imap_session *session, const GString *set, const char *folder, struct error *err)
{
        int r = run_on(session, "UID COPY", set, folder, err);
        if (r < 0)
                return r;
        r = run_on(session, "UID STORE", set, "+FLAGS.SILENT (\\Deleted)", err);
        if (r < 0 || !imap_session_has(session, "UIDPLUS"))
                return r;
        return run_on(session, "UID EXPUNGE", set, NULL, err);
}

/* Moves to folder (quoted), or marks seen where that is NULL. */
static int change(struct imap_session *session, const GArray *uids, const char *folder, struct error *err)
{
        g_autoptr(GString) set = g_string_new(NULL);
        for (guint first = 0; first < uids->len;) {
                int r;
                g_string_truncate(set, 0);
                first += imap_encode_uid_set(uids, first, CHANGE_MESSAGES, IMAP_SET_BYTES, set);
                if (!folder)
                        r = run_on(session, "UID STORE", set, "+FLAGS.SILENT (\\Seen)", err);
                else if (imap_session_has(session, "MOVE"))
                        r = run_on(session, "UID MOVE", set, folder, err);
                else
                        r = copy_and_delete(session, set, folder, err);
                if (r < 0)
                        return r;
        }
        return 0;
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
