/* SPDX-License-Identifier: MIT */
/*
 * A fetch of any number of messages. A window slides over them: at its end those whose size is not asked for yet, then
 * those whose size is known, then those whose bodies are on their way. Sizes are asked for one slice ahead, so that the
 * server always has the next FETCH of bodies before it is done with the one before.
 */
#include <errno.h>

#include "ingest/imap_encode.h"
#include "ingest/imap_fetch_p.h"

/* Messages that are asked from the caller, and whose sizes are asked for, at a time. */
#define SLICE_MESSAGES 1000u

enum place {
        PLACE_NEW,
        PLACE_SIZING, /* its size is asked for */
        PLACE_SIZED,
        PLACE_ASKED,  /* its body is asked for */
        PLACE_SETTLED /* handed over, or the server has nothing to say about it */
};

struct wanted {
        guint32 uid;
        enum place place;
        guint64 size_bytes;
};

/* A command in flight. */
struct piece {
        guint64 tag;
        bool sizes;
        guint32 first_uid, last_uid;
};

struct run {
        const struct imap_fetch_stream *stream;
        GArray *window;      /* struct wanted, ascending */
        guint sized, asked;  /* window[0 … sized-1]: size asked for; [0 … asked-1]: body asked for, or not to be had */
        struct piece pieces[IMAP_FLIGHT_MAX];
        unsigned flying, bodies; /* bodies: how many of them are no sizes */
        guint32 last_given;
        guint64 chunk_bytes; /* of the largest command, for the bound on time */
        bool ended;          /* the caller has no more */
        int stopped;         /* what one of the caller's functions returned to end the fetch */
};

static struct wanted *wanted_at(const struct run *run, guint index)
{
        return &g_array_index(run->window, struct wanted, index);
}

/* The first in the window whose UID is not below this. */
static guint find(const struct run *run, guint32 uid)
{
        guint low = 0, high = run->window->len;
        while (low < high) {
                guint middle = low + (high - low) / 2;
                if (wanted_at(run, middle)->uid < uid)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static bool is_large(const struct run *run, const struct wanted *wanted)
{
        return wanted->size_bytes > run->stream->max_bytes;
}

/* ---- answers ---- */

static int hand_over(struct imap_session *session, struct run *run, struct wanted *wanted, struct imap_items *items,
                     struct error *err)
{
        struct imap_message message;
        bool head_only = is_large(run, wanted);
        imap_items_to_message(items, head_only ? run->stream->head_bytes : G_MAXUINT64, &message);
        message.head_only = head_only;
        wanted->place = PLACE_SETTLED;
        int r = run->stream->message(&message, run->stream->context);
        g_free(message.data);
        if (r < 0)
                return run->stopped = imap_not_taken(r, err);
        /* The receiver may have taken long; and each message is handed over once, so this does not go on for ever. */
        imap_be_patient(session, run->chunk_bytes);
        return 0;
}

/* Other clients' changes come as FETCH too, and a server may send what nobody asked for: only what was asked for, is
 * complete, and did not come before is handed over. */
static int take_fetched(struct imap_session *session, struct imap_response *response, void *context, struct error *err)
{
        struct run *run = context;
        struct imap_items items;
        int r = imap_items_take(response, &items, err);
        if (r <= 0 || !items.has_uid)
                return MIN(r, 0);
        guint index = find(run, items.uid);
        struct wanted *wanted = index < run->window->len ? wanted_at(run, index) : NULL;
        if (!wanted || wanted->uid != items.uid)
                return 0;
        if (wanted->place == PLACE_SIZING && items.has_size) {
                wanted->size_bytes = items.size_bytes;
                wanted->place = PLACE_SIZED;
        }
        return wanted->place == PLACE_ASKED && items.body ? hand_over(session, run, wanted, &items, err) : 0;
}

/* ---- commands ---- */

static void start(struct imap_session *session, struct run *run, bool sizes, const GArray *uids, guint count,
                  const GString *set, const char *items)
{
        imap_start(session, "UID FETCH", "%s %s", set->str, items);
        run->pieces[run->flying++] = (struct piece) {
                .tag = session->last_tag,
                .sizes = sizes,
                .first_uid = g_array_index(uids, guint32, 0),
                .last_uid = g_array_index(uids, guint32, count - 1),
        };
        run->bodies += sizes ? 0 : 1;
        imap_be_patient(session, run->chunk_bytes);
}

static void start_sizes(struct imap_session *session, struct run *run)
{
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_autoptr(GString) set = g_string_new(NULL);
        for (guint i = run->sized; i < run->window->len; i++)
                g_array_append_val(uids, wanted_at(run, i)->uid);
        guint count = imap_encode_uid_set(uids, 0, SLICE_MESSAGES, IMAP_SET_BYTES, set);
        for (guint i = 0; i < count; i++)
                wanted_at(run, run->sized++)->place = PLACE_SIZING;
        start(session, run, true, uids, count, set, IMAP_ITEMS_SIZE);
}

/* Which messages the next command for bodies asks for, within the limits on a chunk. One that is too large stands
 * alone. Returns their bytes. */
static guint64 plan_bodies(struct run *run, GArray *uids)
{
        guint64 bytes = 0;
        for (guint i = run->asked; i < run->sized && uids->len < LIMIT_IMAP_CHUNK_MESSAGES; i++) {
                const struct wanted *wanted = wanted_at(run, i);
                if (wanted->place == PLACE_SIZING)
                        break;
                if (wanted->place == PLACE_SETTLED)
                        continue;
                bool large = is_large(run, wanted);
                guint64 size = large ? run->stream->head_bytes : MIN(wanted->size_bytes, G_MAXUINT32);
                if (uids->len > 0 && (large || bytes + size > LIMIT_IMAP_CHUNK_BYTES))
                        break;
                g_array_append_val(uids, wanted->uid);
                bytes += size;
                if (large)
                        break;
        }
        return bytes;
}

/* Returns false where there is nothing to ask for at the moment. */
static bool start_bodies(struct imap_session *session, struct run *run)
{
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        g_autoptr(GString) set = g_string_new(NULL);
        guint64 bytes = plan_bodies(run, uids);
        if (uids->len == 0)
                return false;
        guint count = imap_encode_uid_set(uids, 0, uids->len, IMAP_SET_BYTES, set);
        struct wanted *wanted = NULL;
        for (guint i = 0; i < count; run->asked++) {
                wanted = wanted_at(run, run->asked);
                if (wanted->uid != g_array_index(uids, guint32, i))
                        continue;
                wanted->place = PLACE_ASKED;
                i++;
        }
        run->chunk_bytes = MAX(run->chunk_bytes, bytes);
        if (run->stream->asked)
                run->stream->asked(bytes, run->stream->context);
        g_autofree char *head = g_strdup_printf(IMAP_ITEMS_HEAD, run->stream->head_bytes);
        start(session, run, false, uids, count, set, is_large(run, wanted) ? head : IMAP_ITEMS_WHOLE);
        return true;
}

/* ---- the caller's list ---- */

static int take_given(struct run *run, const GArray *uids, struct error *err)
{
        for (guint i = 0; i < uids->len; i++) {
                struct wanted wanted = { .uid = g_array_index(uids, guint32, i) };
                if (wanted.uid <= run->last_given)
                        return error_set(err, -EINVAL, "the messages to fetch are not in ascending order");
                run->last_given = wanted.uid;
                g_array_append_val(run->window, wanted);
        }
        run->ended = uids->len == 0;
        return 0;
}

static int ask_caller(struct run *run, struct error *err)
{
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        int r = run->stream->next(uids, SLICE_MESSAGES, run->stream->context, err);
        if (r == 0)
                r = take_given(run, uids, err);
        if (r < 0) {
                run->stopped = r;
                if (err && err->code != r)
                        error_set(err, r, "there is no list of the messages to fetch: %s", error_name(r));
        }
        return r;
}

/* Sends what there is room for. */
static int refill(struct imap_session *session, struct run *run, struct error *err)
{
        bool sizing = run->flying > run->bodies;
        if (!sizing && run->sized - run->asked < SLICE_MESSAGES) {
                if (run->sized == run->window->len && !run->ended) {
                        int r = ask_caller(run, err);
                        if (r < 0)
                                return r;
                }
                if (run->sized < run->window->len)
                        start_sizes(session, run);
        }
        while (run->bodies < IMAP_FETCH_FLIGHT && start_bodies(session, run))
                ;
        return 0;
}

/* ---- what is over ---- */

/* Lets go of everything in front that is settled, and says so. */
static int slide(struct run *run, struct error *err)
{
        guint settled = 0;
        while (settled < run->sized && wanted_at(run, settled)->place == PLACE_SETTLED)
                settled++;
        if (settled == 0)
                return 0;
        guint32 last_uid = wanted_at(run, settled - 1)->uid;
        g_array_remove_range(run->window, 0, settled);
        run->sized -= settled;
        run->asked -= MIN(run->asked, settled);
        int r = run->stream->answered ? run->stream->answered(last_uid, run->stream->context, err) : 0;
        if (r < 0) {
                run->stopped = r;
                if (err && err->code != r)
                        imap_not_taken(r, err);
        }
        return r;
}

/* Takes the command that was completed off the list. */
static struct piece land(const struct imap_session *session, struct run *run)
{
        unsigned i = 0;
        while (i + 1 < run->flying && run->pieces[i].tag != session->landed)
                i++;
        struct piece piece = run->pieces[i];
        run->flying--;
        run->bodies -= piece.sizes ? 0 : 1;
        for (; i < run->flying; i++)
                run->pieces[i] = run->pieces[i + 1];
        return piece;
}

/* What a completed command has not brought will not come. */
static void settle(struct run *run, const struct piece *piece)
{
        enum place open = piece->sizes ? PLACE_SIZING : PLACE_ASKED;
        for (guint i = find(run, piece->first_uid); i < run->window->len; i++) {
                struct wanted *wanted = wanted_at(run, i);
                if (wanted->uid > piece->last_uid)
                        break;
                if (wanted->place == open)
                        wanted->place = PLACE_SETTLED;
        }
}

/* After a refusal nothing more is asked for, and what is in flight is awaited: the session stays usable. */
static int fetch_all(struct imap_session *session, struct run *run, struct error *err)
{
        struct error refusal = ERROR_INIT;
        for (;;) {
                int r = refusal.code == 0 ? refill(session, run, err) : 0;
                if (r < 0 || run->flying == 0)
                        return r < 0 ? r : error_move(err, &refusal);
                struct error own = ERROR_INIT;
                r = imap_await(session, take_fetched, run, &own);
                if (r < 0 && (r != -ERR_REFUSED || run->stopped < 0)) {
                        error_clear(&refusal);
                        return error_move(err, &own);
                }
                struct piece piece = land(session, run);
                if (r == 0) {
                        settle(run, &piece);
                        r = slide(run, err);
                        if (r < 0) {
                                error_clear(&refusal);
                                return r;
                        }
                } else if (refusal.code == 0)
                        error_move(&refusal, &own);
                error_clear(&own);
        }
}

int imap_session_fetch_stream(struct imap_session *session, const struct imap_fetch_stream *stream, struct error *err)
{
        int r = imap_begin(session, err);
        if (r < 0)
                return r;
        if (stream->head_bytes == 0)
                return error_set(err, -EINVAL, "nothing is to be fetched of large messages");
        struct run run = { .stream = stream, .window = g_array_new(FALSE, FALSE, sizeof(struct wanted)) };
        r = imap_end(session, fetch_all(session, &run, err));
        if (run.stopped < 0) /* with answers in flight the session is of no use, whatever the code */
                session->broken = run.stopped;
        g_array_unref(run.window);
        return r;
}
