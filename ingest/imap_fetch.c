/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "ingest/imap_encode.h"
#include "ingest/imap_fetch_p.h"

/* Messages in one command that asks for sizes only. */
#define SIZES_MESSAGES 2000u

struct fetch {
        const char *items;   /* what is asked for each message */
        bool wants_body;
        guint64 body_max;    /* of a body this much is handed over */
        GArray *uids;        /* guint32, strictly ascending */
        GArray *sizes;       /* guint64 for each of uids; NULL: the command's size does not depend on them */
        guint next;          /* the first message not asked for yet */
        char *delivered;     /* for each of uids: whether it has been handed over */
        guint64 chunk_bytes; /* of the largest chunk, for the bound on time */
        imap_message_function function;
        void *context;
        int stopped;         /* what the function returned to end the fetch */
};

/* The place of this UID among those asked for. */
static bool find_asked(const struct fetch *fetch, guint32 uid, guint *ret_index)
{
        guint low = 0, high = fetch->next;
        while (low < high) {
                guint middle = low + (high - low) / 2;
                guint32 found = g_array_index(fetch->uids, guint32, middle);
                if (found == uid) {
                        *ret_index = middle;
                        return true;
                }
                if (found < uid)
                        low = middle + 1;
                else
                        high = middle;
        }
        return false;
}

static int hand_over(struct fetch *fetch, struct imap_items *items, struct error *err)
{
        struct imap_message message;
        imap_items_to_message(items, fetch->wants_body, fetch->body_max, &message);
        int r = fetch->function(&message, fetch->context);
        g_free(message.data);
        if (r < 0)
                fetch->stopped = imap_not_taken(r, err);
        return r;
}

/* Other clients' changes come as FETCH too, and a server may send what nobody asked for: only what was asked for, is
 * complete, and did not come before is handed over. */
static int take_fetched(struct imap_session *session, struct imap_response *response, void *context, struct error *err)
{
        struct fetch *fetch = context;
        struct imap_items items;
        guint index;
        int r = imap_items_take(response, &items, err);
        if (r <= 0)
                return r;
        bool complete = fetch->wants_body ? items.body != NULL : items.has_size;
        if (!items.has_uid || !complete || !find_asked(fetch, items.uid, &index) || fetch->delivered[index])
                return 0;
        fetch->delivered[index] = 1;
        r = hand_over(fetch, &items, err);
        /* The receiver may have taken long; and each message is handed over once, so this does not go on for ever. */
        imap_be_patient(session, fetch->chunk_bytes);
        return r;
}

/* How many messages the next command asks for: at least one, and no more than the limits on a chunk. */
static guint plan_chunk(struct fetch *fetch)
{
        guint left = fetch->uids->len - fetch->next;
        if (!fetch->sizes)
                return MIN(left, SIZES_MESSAGES);
        guint count = 0;
        guint64 bytes = 0;
        for (; count < MIN(left, LIMIT_IMAP_CHUNK_MESSAGES); count++) {
                guint64 size = g_array_index(fetch->sizes, guint64, fetch->next + count);
                if (count > 0 && size > LIMIT_IMAP_CHUNK_BYTES - MIN(bytes, LIMIT_IMAP_CHUNK_BYTES))
                        break;
                bytes += MIN(size, G_MAXUINT32);
        }
        fetch->chunk_bytes = MAX(fetch->chunk_bytes, bytes);
        return count;
}

static void start_chunk(struct imap_session *session, struct fetch *fetch)
{
        g_autoptr(GString) set = g_string_new(NULL);
        guint count = plan_chunk(fetch);
        fetch->next += imap_encode_uid_set(fetch->uids, fetch->next, count, IMAP_SET_BYTES, set);
        imap_start(session, "UID FETCH", "%s %s", set->str, fetch->items);
        imap_be_patient(session, fetch->chunk_bytes);
}

/* Keeps two commands in flight, so that the server never waits for us. After a refusal what is in flight is still
 * awaited: the session stays usable. */
static int fetch_all(struct imap_session *session, struct fetch *fetch, struct error *err)
{
        int refused = 0;
        for (;;) {
                while (refused == 0 && session->flying < IMAP_FETCH_FLIGHT && fetch->next < fetch->uids->len)
                        start_chunk(session, fetch);
                if (session->flying == 0)
                        return refused;
                struct error own = ERROR_INIT;
                int r = imap_await(session, take_fetched, fetch, &own);
                if (r == 0)
                        continue;
                if (r != -ERR_REFUSED || fetch->stopped < 0)
                        return error_move(err, &own);
                if (refused == 0)
                        refused = error_move(err, &own);
                error_clear(&own);
        }
}

/* ---- the calls ---- */

struct wanted { guint32 uid; guint64 size_bytes; };

static gint compare_wanted(gconstpointer a, gconstpointer b)
{
        const struct wanted *left = a, *right = b;
        return left->uid < right->uid ? -1 : left->uid > right->uid;
}

/* The messages in ascending order, each once: what sizes were answered in need not be in order. */
static void set_wanted(struct fetch *fetch, const GArray *uids, const GArray *sizes)
{
        g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct wanted));
        for (guint i = 0; i < uids->len; i++) {
                struct wanted one = { g_array_index(uids, guint32, i), sizes ? g_array_index(sizes, guint64, i) : 0 };
                g_array_append_val(all, one);
        }
        g_array_sort(all, compare_wanted);
        fetch->uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        fetch->sizes = sizes ? g_array_new(FALSE, FALSE, sizeof(guint64)) : NULL;
        for (guint i = 0; i < all->len; i++) {
                struct wanted one = g_array_index(all, struct wanted, i);
                if (i > 0 && g_array_index(all, struct wanted, i - 1).uid == one.uid)
                        continue;
                g_array_append_val(fetch->uids, one.uid);
                if (sizes)
                        g_array_append_val(fetch->sizes, one.size_bytes);
        }
        fetch->delivered = g_malloc0((gsize) fetch->uids->len + 1);
}

static int run_fetch(struct imap_session *session, struct fetch *fetch, const GArray *uids, const GArray *sizes,
                     struct error *err)
{
        int r = imap_begin(session, err);
        if (r < 0)
                return r;
        set_wanted(fetch, uids, sizes);
        r = imap_end(session, fetch_all(session, fetch, err));
        if (fetch->stopped < 0) /* with answers in flight the session is of no use, whatever the code */
                session->broken = fetch->stopped;
        g_array_unref(fetch->uids);
        g_clear_pointer(&fetch->sizes, g_array_unref);
        g_free(fetch->delivered);
        return r;
}

int imap_session_fetch_sizes(struct imap_session *session, const GArray *uids, imap_message_function function,
                             void *context, struct error *err)
{
        struct fetch fetch = { .items = IMAP_ITEMS_SIZE, .function = function, .context = context };
        return run_fetch(session, &fetch, uids, NULL, err);
}

int imap_session_fetch(struct imap_session *session, const GArray *uids, const GArray *sizes,
                       imap_message_function function, void *context, struct error *err)
{
        struct fetch fetch = {
                .items = IMAP_ITEMS_WHOLE,
                .wants_body = true,
                .body_max = G_MAXUINT64,
                .function = function,
                .context = context,
        };
        if (sizes->len != uids->len || g_array_get_element_size((GArray *) sizes) != sizeof(guint64))
                return error_set(err, -EINVAL, "the sizes of the messages to fetch are not for these messages");
        return run_fetch(session, &fetch, uids, sizes, err);
}

int imap_session_fetch_head(struct imap_session *session, guint32 uid, guint32 max_bytes,
                            imap_message_function function, void *context, struct error *err)
{
        g_autofree char *items = g_strdup_printf(IMAP_ITEMS_HEAD, MAX(max_bytes, 1));
        struct fetch fetch = {
                .items = items,
                .wants_body = true,
                .body_max = MAX(max_bytes, 1), /* also where a server sends the whole */
                .function = function,
                .context = context,
        };
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_array_append_val(uids, uid);
        return run_fetch(session, &fetch, uids, NULL, err);
}
