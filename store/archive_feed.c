/* SPDX-License-Identifier: MIT */
#include "store/archive_feed.h"

#include <string.h>

struct archive_feed {
        GMutex mutex;
        GCond taken;
        GQueue queue; /* struct archive_fresh, by their marks */
        size_t bytes, max_bytes;
        bool active;
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
        g_mutex_clear(&feed->mutex);
        g_free(feed);
}

/* The bulletin's own strings are about as long as its JSON. */
static size_t weight(const struct archive_fresh *fresh)
{
        return sizeof *fresh + fresh->size + 2 * strlen(fresh->text);
}

void archive_feed_put(struct archive_feed *feed, struct archive_fresh *fresh, int64_t wait_ms)
{
        size_t bytes = weight(fresh);
        gint64 end = g_get_monotonic_time() + wait_ms * 1000;
        g_mutex_lock(&feed->mutex);
        while (feed->active && feed->bytes + bytes > feed->max_bytes)
                if (!g_cond_wait_until(&feed->taken, &feed->mutex, end))
                        break;
        bool fits = feed->bytes + bytes <= feed->max_bytes;
        if (fits) {
                g_queue_push_tail(&feed->queue, fresh);
                feed->bytes += bytes;
        }
        g_mutex_unlock(&feed->mutex);
        if (!fits)
                archive_fresh_free(fresh);
}

struct archive_fresh *archive_feed_take(struct archive_feed *feed, int64_t mark)
{
        struct archive_fresh *found = NULL, *head;
        GQueue old = G_QUEUE_INIT;
        g_mutex_lock(&feed->mutex);
        while (!found && (head = g_queue_peek_head(&feed->queue)) && head->mark <= mark) {
                g_queue_pop_head(&feed->queue);
                feed->bytes -= weight(head);
                if (head->mark == mark)
                        found = head;
                else
                        g_queue_push_tail(&old, head);
        }
        g_cond_signal(&feed->taken);
        g_mutex_unlock(&feed->mutex);
        g_queue_clear_full(&old, free_fresh);
        return found;
}

void archive_feed_set_active(struct archive_feed *feed, bool active)
{
        g_mutex_lock(&feed->mutex);
        feed->active = active;
        g_cond_signal(&feed->taken);
        g_mutex_unlock(&feed->mutex);
}

bool archive_feed_is_filling(struct archive_feed *feed)
{
        g_mutex_lock(&feed->mutex);
        bool filling = feed->bytes > feed->max_bytes / 2;
        g_mutex_unlock(&feed->mutex);
        return filling;
}
