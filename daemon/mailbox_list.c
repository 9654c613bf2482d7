/* SPDX-License-Identifier: MIT */
/*
 * A large mailbox is listed range by range, so that neither side has to hold all of it. UIDs can be dense or far apart:
 * the ranges grow while little is found in them.
 */
#include "daemon/mailbox_p.h"

#define WIDTH_GROWTH 8u

void mailbox_listing_init(struct mailbox_listing *listing, guint32 first, guint32 last, guint32 known_last)
{
        *listing = (struct mailbox_listing) { .next = first, .last = last, .known_last = MIN(known_last, last),
                                              .width = MAILBOX_SLICE_UIDS, .ended = first > last };
}

/* The last UID of the next range. Where the end is near or not known the rest is asked for at once. */
static guint32 range_end(const struct mailbox_listing *listing)
{
        if (listing->known_last < listing->next || listing->known_last - listing->next < listing->width)
                return listing->last;
        return listing->next + (listing->width - 1);
}

static void adapt(struct mailbox_listing *listing, guint found)
{
        if (found < MAILBOX_SLICE_UIDS / 4)
                listing->width = listing->width > G_MAXUINT32 / WIDTH_GROWTH ? G_MAXUINT32 : listing->width * WIDTH_GROWTH;
        else if (found >= MAILBOX_SLICE_UIDS)
                listing->width = MAX(listing->width / WIDTH_GROWTH, MAILBOX_SLICE_UIDS);
}

/* Appends what one search finds, as long as there is room, and moves on behind it. */
static int list_range(struct mailbox *m, struct mailbox_listing *listing, GArray *uids, struct error *err)
{
        GArray *found;
        guint32 end = range_end(listing);
        int r = imap_session_search_only(m->session, listing->next, end, listing->only, &found, err);
        if (r < 0)
                return r;
        adapt(listing, found->len);
        guint taken = MIN(found->len, MAILBOX_SLICE_UIDS - uids->len);
        g_array_append_vals(uids, found->data, taken);
        if (taken < found->len) {
                end = g_array_index(found, guint32, taken) - 1;
                listing->known_last = MAX(listing->known_last, g_array_index(found, guint32, found->len - 1));
        }
        listing->ended = end >= listing->last;
        listing->next = listing->ended ? listing->last : end + 1;
        g_array_unref(found);
        return 0;
}

int mailbox_list(struct mailbox *m, struct mailbox_listing *listing, GArray **ret_uids, struct error *err)
{
        g_autoptr(GArray) uids = g_array_new(FALSE, FALSE, sizeof(guint32));
        while (!listing->ended && uids->len < MAILBOX_SLICE_UIDS) {
                int r = list_range(m, listing, uids, err);
                if (r < 0)
                        return r;
        }
        *ret_uids = g_steal_pointer(&uids);
        return 0;
}
