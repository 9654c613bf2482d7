/* SPDX-License-Identifier: MIT */
#include "store/archive_feed.h"

#define PUT_WAIT_MS 1000 /* for a commit, and the wait for room in the middle of what it puts */

struct archive_feed {
        GMutex mutex;
        GCond taken, put;
        GQueue queue; /* struct archive_fresh, by their marks */
        size_t bytes, max_bytes;
        int64_t last_mark; /* that was put */
        bool active, expected;
        bool putter_waits, taker_waits; /* GLib's signal is a system call also where nobody waits */
};

void archive_fresh_free(struct archive_fresh *fresh)
{
        if (!fresh)
                return;
        bulletin_free(fresh->bulletin);
        g_free(fresh->data);
        g_free(fresh->text);
        g_free(fresh->unverified);
        g_free(fresh);
}

static void free_fresh(gpointer fresh)
{
        archive_fresh_free(fresh);
}

struct archive_feed *archive_feed_new(size_t max_bytes)
{
        struct archive_feed *feed = g_new0(struct archive_feed, 1);
        g_mutex_init(&feed->mutex);
        g_cond_init(&feed->taken);
        g_cond_init(&feed->put);
        g_queue_init(&feed->queue);
        feed->max_bytes = max_bytes;
        return feed;
}

void archive_feed_free(struct archive_feed *feed)
{
        if (!feed)
                return;
        g_queue_clear_full(&feed->queue, free_fresh);
        g_cond_clear(&feed->taken);
        g_cond_clear(&feed->put);
        g_mutex_clear(&feed->mutex);
        g_free(feed);
}

/* The bulletin's own strings are about as long as its JSON. */
static size_t weight(const struct archive_fresh *fresh)
{
        return sizeof *fresh + fresh->size + 2 * fresh->text_size;
}

static bool is_filling(const struct archive_feed *feed)
{
        return feed->bytes > feed->max_bytes / 2;
}

static bool wait_for(GCond *cond, GMutex *mutex, bool *waits, gint64 end)
{
        *waits = true;
        bool in_time = g_cond_wait_until(cond, mutex, end);
        *waits = false;
        return in_time;
}

static void tell(GCond *cond, bool waits)
{
        if (waits)
                g_cond_signal(cond);
}

bool archive_feed_put(struct archive_feed *feed, struct archive_fresh *fresh, int64_t wait_ms)
{
        size_t bytes = fresh->weight = weight(fresh);
        gint64 end = g_get_monotonic_time() + wait_ms * 1000;
        g_mutex_lock(&feed->mutex);
        while (feed->active && bytes <= feed->max_bytes && feed->bytes + bytes > feed->max_bytes)
                if (!wait_for(&feed->taken, &feed->mutex, &feed->putter_waits, end))
                        break;
        bool fits = feed->bytes + bytes <= feed->max_bytes, was_filling = is_filling(feed);
        feed->last_mark = fresh->mark;
        if (fits) {
                g_queue_push_tail(&feed->queue, fresh);
                feed->bytes += bytes;
        }
        bool filling = is_filling(feed) && !was_filling;
        tell(&feed->put, feed->taker_waits);
        g_mutex_unlock(&feed->mutex);
        if (!fits)
                archive_fresh_free(fresh);
        return filling;
}

void archive_feed_expect(struct archive_feed *feed, bool expected)
{
        g_mutex_lock(&feed->mutex);
        feed->expected = expected;
        tell(&feed->put, feed->taker_waits);
        g_mutex_unlock(&feed->mutex);
}

/* What has the mark; what is older is moved to old. */
static struct archive_fresh *find(struct archive_feed *feed, int64_t mark, GQueue *old)
{
        struct archive_fresh *head;
        while ((head = g_queue_peek_head(&feed->queue)) && head->mark <= mark) {
                g_queue_pop_head(&feed->queue);
                feed->bytes -= head->weight;
                if (head->mark == mark)
                        return head;
                g_queue_push_tail(old, head);
        }
        return NULL;
}

/* A larger mark was put: this one will not come. */
static bool may_come(const struct archive_feed *feed, int64_t mark)
{
        return feed->expected && mark > feed->last_mark;
}

struct archive_fresh *archive_feed_take(struct archive_feed *feed, int64_t mark)
{
        GQueue old = G_QUEUE_INIT;
        gint64 end = g_get_monotonic_time() + PUT_WAIT_MS * 1000;
        g_mutex_lock(&feed->mutex);
        struct archive_fresh *found = find(feed, mark, &old);
        while (!found && may_come(feed, mark)) {
                if (!wait_for(&feed->put, &feed->mutex, &feed->taker_waits, end))
                        feed->expected = false; /* the store is held up: whatever else is on the list need not wait too */
                found = find(feed, mark, &old);
        }
        tell(&feed->taken, feed->putter_waits && !is_filling(feed)); /* not for each: there is to be room for many */
        g_mutex_unlock(&feed->mutex);
        g_queue_clear_full(&old, free_fresh);
        return found;
}

void archive_feed_set_active(struct archive_feed *feed, bool active)
{
        g_mutex_lock(&feed->mutex);
        feed->active = active;
        tell(&feed->taken, feed->putter_waits);
        g_mutex_unlock(&feed->mutex);
}

bool archive_feed_is_filling(struct archive_feed *feed)
{
        g_mutex_lock(&feed->mutex);
        bool filling = is_filling(feed) || feed->putter_waits;
        g_mutex_unlock(&feed->mutex);
        return filling;
}
