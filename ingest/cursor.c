/* SPDX-License-Identifier: MIT */
#include "ingest/cursor.h"

/* The last UID that is in the mailbox now. */
static guint32 last_present_uid(guint32 uid_next, guint32 highest_uid)
{
        return uid_next > 0 ? uid_next - 1 : highest_uid;
}

static void start_first_contact(guint32 uid_validity, guint32 present_uid, struct cursor *ret_cursor)
{
        *ret_cursor = (struct cursor) {
                .known = true,
                .uid_validity = uid_validity,
                .history_uid = present_uid,
                .history_done = present_uid == 0,
        };
}

static void start_again(const struct cursor *stored, guint32 uid_validity, guint32 present_uid,
                        struct cursor *ret_cursor)
{
        *ret_cursor = (struct cursor) {
                .known = true,
                .uid_validity = uid_validity,
                .history_uid = stored->history_done ? 0 : present_uid,
                .history_done = stored->history_done,
        };
}

enum cursor_event cursor_start(const struct cursor *stored, guint32 uid_validity, guint32 uid_next,
                               guint32 highest_uid, struct cursor *ret_cursor)
{
        guint32 present_uid = last_present_uid(uid_next, highest_uid);
        if (!stored->known) {
                start_first_contact(uid_validity, present_uid, ret_cursor);
                return CURSOR_FIRST_CONTACT;
        }
        /* highest_uid says nothing here: the last messages may have been deleted. */
        bool went_back = uid_next > 0 && uid_next <= stored->last_uid;
        if (stored->uid_validity != uid_validity || went_back) {
                start_again(stored, uid_validity, present_uid, ret_cursor);
                return CURSOR_UID_VALIDITY_CHANGED;
        }
        *ret_cursor = *stored;
        return CURSOR_CONTINUES;
}

guint32 cursor_first_uid(const struct cursor *cursor)
{
        /* No UID follows the largest; asking for that one again is harmless. */
        return cursor->last_uid < G_MAXUINT32 ? cursor->last_uid + 1 : G_MAXUINT32;
}

bool cursor_is_history(const struct cursor *cursor, guint32 uid)
{
        return !cursor->history_done && uid <= cursor->history_uid;
}
