/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "ingest/imap_encode.h"
#include "ingest/imap_session_p.h"

struct search {
        guint32 first_uid, last_uid; /* what lies outside is not taken */
        GArray *uids;                /* guint32, as found */
};

static int fail_too_many(struct error *err)
{
        return error_set(err, -ERR_LIMIT, "the IMAP server's UID SEARCH found too many messages");
}

/* The numbers of SEARCH. Those of the first answer are taken over as they are. */
static int take_list(struct search *search, struct imap_response *response, struct error *err)
{
        GArray *found = response->numbers;
        guint kept = 0;
        for (guint i = 0; i < found->len; i++) {
                guint32 uid = g_array_index(found, guint32, i);
                if (uid >= search->first_uid && uid <= search->last_uid)
                        g_array_index(found, guint32, kept++) = uid;
        }
        g_array_set_size(found, kept);
        if (kept > LIMIT_IMAP_SEARCH_UIDS - search->uids->len)
                return fail_too_many(err);
        if (search->uids->len == 0) {
                g_array_unref(search->uids);
                search->uids = g_steal_pointer(&response->numbers);
        } else
                g_array_append_vals(search->uids, found->data, kept);
        return 0;
}

static int take_ranges(struct search *search, const GArray *ranges, struct error *err)
{
        for (guint i = 0; i + 1 < ranges->len; i += 2) {
                guint32 low = MAX(g_array_index(ranges, guint32, i), search->first_uid);
                guint32 high = MIN(g_array_index(ranges, guint32, i + 1), search->last_uid);
                if (low <= high && high - low >= LIMIT_IMAP_SEARCH_UIDS - search->uids->len)
                        return fail_too_many(err);
                for (guint64 uid = low; uid <= high; uid++) {
                        guint32 value = (guint32) uid;
                        g_array_append_val(search->uids, value);
                }
        }
        return 0;
}

/* True for ESEARCH about UIDs and, where it says so, in answer to this command: other searches may be under way on the
 * server's side only if it is confused, but their numbers would be taken for ours. */
static bool is_answer_to(const struct imap_response *response, const char *tag)
{
        bool is_uid = false;
        for (guint i = 0; i < response->tokens->len; i++) {
                const struct imap_token *token = g_ptr_array_index(response->tokens, i);
                is_uid = is_uid || imap_token_is(token, "UID");
                if (i > 0 || token->kind != IMAP_LIST || token->children->len != 2)
                        continue;
                const struct imap_token *name = g_ptr_array_index(token->children, 0);
                const struct imap_token *value = g_ptr_array_index(token->children, 1);
                if (imap_token_is(name, "TAG") && (!value->data || strcmp(value->data, tag) != 0))
                        return false;
        }
        return is_uid;
}

static int take_found(struct imap_session *session, struct imap_response *response, void *context, struct error *err)
{
        struct search *search = context;
        if (!response->numbers)
                return 0;
        if (strcmp(response->name, "SEARCH") == 0)
                return take_list(search, response, err);
        g_autofree char *tag = session->flying > 0 ? imap_tag(session->flight[0].tag) : g_strdup("");
        return is_answer_to(response, tag) ? take_ranges(search, response->numbers, err) : 0;
}

static gint compare_uids(gconstpointer a, gconstpointer b)
{
        const guint32 *left = a, *right = b;
        return *left < *right ? -1 : *left > *right;
}

/* Most servers answer in order. */
static bool is_ascending(const GArray *uids)
{
        for (guint i = 1; i < uids->len; i++)
                if (g_array_index(uids, guint32, i) <= g_array_index(uids, guint32, i - 1))
                        return false;
        return true;
}

static void sort_unique(GArray *uids)
{
        guint kept = 0;
        if (is_ascending(uids))
                return;
        g_array_sort(uids, compare_uids);
        for (guint i = 0; i < uids->len; i++) {
                guint32 uid = g_array_index(uids, guint32, i);
                if (kept == 0 || g_array_index(uids, guint32, kept - 1) != uid)
                        g_array_index(uids, guint32, kept++) = uid;
        }
        g_array_set_size(uids, kept);
}

static int run_search(struct imap_session *session, struct search *search, struct error *err)
{
        int r = imap_end(session, imap_run(session, take_found, search, err));
        if (r == 0)
                sort_unique(search->uids);
        return r;
}

static const char *criteria(unsigned only)
{
        static const char *const texts[] = { "", " UNSEEN", " UNDELETED", " UNSEEN UNDELETED",
                                             " DELETED", " UNSEEN DELETED" };
        return texts[MIN(only, G_N_ELEMENTS(texts) - 1)];
}

int imap_session_search_only(struct imap_session *session, guint32 first_uid, guint32 last_uid, unsigned only,
                             GArray **ret_uids, struct error *err)
{
        int r = imap_begin(session, err);
        if (r < 0)
                return r;
        struct search search = { MAX(first_uid, 1), last_uid, g_array_new(FALSE, FALSE, sizeof(guint32)) };
        if (last_uid == G_MAXUINT32) {
                /* What is announced from here on may be missing in the result, and counts as new once more. */
                session->grown = session->grown && only != IMAP_SEARCH_THERE;
                imap_start(session, "UID SEARCH", "UID %" G_GUINT32_FORMAT ":*%s", search.first_uid, criteria(only));
        } else if (search.first_uid <= last_uid)
                imap_start(session, "UID SEARCH", "UID %" G_GUINT32_FORMAT ":%" G_GUINT32_FORMAT "%s", search.first_uid,
                           last_uid, criteria(only));
        if (session->flying > 0)
                r = run_search(session, &search, err);
        if (r < 0)
                g_array_unref(search.uids);
        else
                *ret_uids = search.uids;
        return r;
}

int imap_session_search(struct imap_session *session, guint32 first_uid, GArray **ret_uids, struct error *err)
{
        return imap_session_search_only(session, first_uid, G_MAXUINT32, IMAP_SEARCH_THERE, ret_uids, err);
}

/* ---- among some ---- */

static bool contains(const GArray *uids, guint32 uid)
{
        guint low = 0, high = uids->len;
        while (low < high) {
                guint middle = low + (high - low) / 2;
                if (g_array_index(uids, guint32, middle) < uid)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < uids->len && g_array_index(uids, guint32, low) == uid;
}

static int search_among(struct imap_session *session, const GArray *uids, const char *rest, GArray **ret_uids,
                        struct error *err)
{
        int r = imap_begin(session, err);
        struct search search = { 1, G_MAXUINT32, g_array_new(FALSE, FALSE, sizeof(guint32)) };
        g_autoptr(GArray) among = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_autoptr(GString) set = g_string_new(NULL);
        for (guint first = 0; r == 0 && first < uids->len;) {
                g_string_truncate(set, 0);
                first += imap_encode_uid_set(uids, first, G_MAXUINT, IMAP_SET_BYTES, set);
                imap_start(session, "UID SEARCH", "UID %s%s", set->str, rest);
                r = run_search(session, &search, err);
        }
        for (guint i = 0; r == 0 && i < search.uids->len; i++) {
                guint32 uid = g_array_index(search.uids, guint32, i);
                if (contains(uids, uid))
                        g_array_append_val(among, uid);
        }
        g_array_unref(search.uids);
        if (r == 0)
                *ret_uids = g_steal_pointer(&among);
        return r;
}

int imap_session_search_among(struct imap_session *session, const GArray *uids, unsigned only, GArray **ret_uids,
                              struct error *err)
{
        return search_among(session, uids, criteria(only), ret_uids, err);
}

int imap_search_keyword(struct imap_session *session, const GArray *uids, const char *keyword, GArray **ret_uids,
                        struct error *err)
{
        g_autofree char *rest = g_strdup_printf(" DELETED KEYWORD %s", keyword);
        return search_among(session, uids, rest, ret_uids, err);
}
