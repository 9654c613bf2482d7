/* SPDX-License-Identifier: MIT */
/* Which UIDs are on record. A mailbox can have very many, and the store more, so both are walked in step. */
#include "store/cursors.h"
#include "store/mails.h"

#define WINDOW_UIDS 500u
/* A window whose UIDs lie this far apart is asked for one by one: what lies between them may be very much. */
#define WINDOW_SPAN (16u * WINDOW_UIDS)

struct filter {
        struct database *db;
        const char *source;
        guint32 uid_validity;
        enum cursors_record record;
        const GArray *uids;
        GArray *kept;
};

static guint32 uid_at(const struct filter *filter, guint index)
{
        return g_array_index(filter->uids, guint32, index);
}

static int prepare(const struct filter *filter, struct statement **ret_statement, struct error *err)
{
        if (filter->record == CURSORS_UNRECORDED)
                return database_prepare(filter->db,
                                        "SELECT uid FROM sighting WHERE source = ?1 AND uid_validity = ?2"
                                        " AND uid BETWEEN ?3 AND ?4 ORDER BY uid", ret_statement, err);
        int r = database_prepare(filter->db,
                                 "SELECT uid FROM sighting JOIN mail ON mail.id = sighting.mail_id"
                                 " WHERE source = ?1 AND uid_validity = ?2 AND uid BETWEEN ?3 AND ?4"
                                 " AND outcome <> ?5 AND NOT (outcome = ?6 AND EXISTS (SELECT 1 FROM quarantine"
                                 "  WHERE quarantine.mail_id = mail.id AND (code = ?7 OR quarantine.reason LIKE 'oversize:%')))"
                                 " ORDER BY uid", ret_statement, err);
        if (r == 0) {
                statement_bind_int(*ret_statement, 5, MAIL_REPLACED);
                statement_bind_int(*ret_statement, 6, MAIL_QUARANTINED);
                statement_bind_int(*ret_statement, 7, -ERR_PROTOCOL); /* listed by the server, and never sent */
        }
        return r;
}

static void keep(struct filter *filter, guint32 uid)
{
        g_array_append_val(filter->kept, uid);
}

/* The UIDs begin … end-1, with one walk over what is on record from the first to the last of them. */
static int walk(struct filter *filter, guint begin, guint end, struct error *err)
{
        struct statement *statement;
        int r = prepare(filter, &statement, err);
        if (r < 0)
                return r;
        bool whole = filter->record == CURSORS_WHOLE;
        guint i = begin;
        statement_bind_text(statement, 1, filter->source);
        statement_bind_int(statement, 2, filter->uid_validity);
        statement_bind_int(statement, 3, uid_at(filter, begin));
        statement_bind_int(statement, 4, uid_at(filter, end - 1));
        while ((r = statement_step(statement, err)) > 0) {
                int64_t recorded = statement_int(statement, 0);
                for (; i < end && uid_at(filter, i) < recorded; i++)
                        if (!whole)
                                keep(filter, uid_at(filter, i));
                if (i < end && uid_at(filter, i) == recorded) { /* seen twice, it is recorded twice */
                        if (whole)
                                keep(filter, uid_at(filter, i));
                        i++;
                }
        }
        statement_done(statement);
        for (; r == 0 && !whole && i < end; i++)
                keep(filter, uid_at(filter, i));
        return r;
}

int cursors_filter(struct database *db, const char *source, guint32 uid_validity, const GArray *uids,
                   enum cursors_record record, GArray **ret_uids, struct error *err)
{
        g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(guint32));
        struct filter filter = { db, source, uid_validity, record, uids, kept };
        int r = 0;
        for (guint begin = 0; r == 0 && begin < uids->len;) {
                guint end = begin + MIN(WINDOW_UIDS, uids->len - begin);
                if (uid_at(&filter, end - 1) - uid_at(&filter, begin) > WINDOW_SPAN)
                        end = begin + 1;
                r = walk(&filter, begin, end, err);
                begin = end;
        }
        if (r < 0) {
                error_prefix(err, "cannot look up which messages of %s are on record", source);
                return r;
        }
        *ret_uids = g_steal_pointer(&kept);
        return 0;
}

int cursors_is_same(struct database *db, const char *source, guint32 uid_validity, guint32 uid, const char *sha256,
                    int64_t size_bytes, int64_t received_ms, bool *ret_same, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT count(*) = 0 OR max(sha256 = ?4 OR (size_bytes = ?5 AND received_ms = ?6)) FROM sighting"
                                 " JOIN mail ON mail.id = mail_id WHERE source = ?1 AND uid_validity = ?2 AND uid = ?3",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, source);
        statement_bind_int(statement, 2, uid_validity);
        statement_bind_int(statement, 3, uid);
        statement_bind_text(statement, 4, sha256);
        statement_bind_int(statement, 5, size_bytes);
        statement_bind_int(statement, 6, received_ms);
        r = statement_step(statement, err);
        if (r > 0)
                *ret_same = statement_int(statement, 0) != 0;
        statement_done(statement);
        return r < 0 ? r : 0;
}

int cursors_list_withheld(struct database *db, const char *source, guint32 uid_validity, guint32 after_uid, guint max,
                          GArray **ret_withheld, struct error *err)
{
        struct statement *statement;
        /* In this order, whatever the planner thinks: few mails are in quarantine, and many in a mailbox. */
        int r = database_prepare(db,
                                 "SELECT mail.id, uid, mail.history FROM quarantine CROSS JOIN mail ON mail.id = quarantine.mail_id"
                                 " CROSS JOIN sighting ON sighting.mail_id = mail.id"
                                 " WHERE code = ?1 AND outcome = ?2 AND source = ?3 AND uid_validity = ?4 AND uid > ?5"
                                 " ORDER BY uid LIMIT ?6", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, -ERR_PROTOCOL);
        statement_bind_int(statement, 2, MAIL_QUARANTINED);
        statement_bind_text(statement, 3, source);
        statement_bind_int(statement, 4, uid_validity);
        statement_bind_int(statement, 5, after_uid);
        statement_bind_int(statement, 6, max);
        g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct cursors_withheld));
        while ((r = statement_step(statement, err)) > 0) {
                struct cursors_withheld row = { statement_int(statement, 0), (guint32) statement_int(statement, 1),
                                                statement_int(statement, 2) != 0 };
                g_array_append_val(rows, row);
        }
        statement_done(statement);
        if (r == 0)
                *ret_withheld = g_steal_pointer(&rows);
        return r;
}
