/* SPDX-License-Identifier: MIT */
#include "store/reread.h"

#include <glib.h>

#include "store/mails.h"

int reread_load(struct database *db, const char *version, int64_t *ret_last_mail_id, bool *ret_done, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT last_mail_id, done FROM reread WHERE version = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, version);
        r = statement_step(statement, err);
        if (r >= 0) {
                *ret_last_mail_id = r > 0 ? statement_int(statement, 0) : 0;
                *ret_done = r > 0 && statement_int(statement, 1) != 0;
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

static int forget_others(struct database *db, const char *version, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "DELETE FROM reread WHERE version <> ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, version);
        return statement_run(statement, err);
}

static int save(struct database *db, const char *version, int64_t last_mail_id, bool done, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "INSERT INTO reread (version, last_mail_id, done) VALUES (?1, ?2, ?3)"
                                 " ON CONFLICT (version) DO UPDATE SET last_mail_id = ?2, done = ?3",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, version);
        statement_bind_int(statement, 2, last_mail_id);
        statement_bind_int(statement, 3, done);
        return statement_run(statement, err);
}

int reread_save(struct database *db, const char *version, int64_t last_mail_id, bool done, struct error *err)
{
        int r = database_enter(db, err);
        if (r < 0)
                return r;
        r = forget_others(db, version, err);
        if (r == 0)
                r = save(db, version, last_mail_id, done, err);
        return database_leave(db, r, err);
}

int reread_next(struct database *db, int64_t last_mail_id, int64_t *ret_mail_id, struct error *err)
{
        static const enum mail_outcome outcomes[] = { MAIL_UNRECOGNISED, MAIL_QUARANTINED };
        int64_t next = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++) {
                struct statement *statement;
                int r = database_prepare(db, "SELECT id FROM mail WHERE outcome = ?1 AND id > ?2 ORDER BY id LIMIT 1",
                                         &statement, err);
                if (r < 0)
                        return r;
                statement_bind_int(statement, 1, outcomes[i]);
                statement_bind_int(statement, 2, last_mail_id);
                r = statement_step(statement, err);
                int64_t id = r > 0 ? statement_int(statement, 0) : 0;
                statement_done(statement);
                if (r < 0)
                        return r;
                if (id != 0 && (next == 0 || id < next))
                        next = id;
        }
        *ret_mail_id = next;
        return 0;
}
