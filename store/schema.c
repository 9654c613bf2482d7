/* SPDX-License-Identifier: MIT */
#include "store/schema.h"

#include <glib.h>

#include "store/content.h"

/*
 * A migration is never changed after a release: databases in the field have run it. What changes the schema is a new
 * entry at the end. Times are milliseconds since 1970; dates are "YYYY-MM-DD" or "" where undetermined; enumerations
 * are those of the headers, which therefore only grow at their end.
 */
static const char migration_1[] =
        /* A mail, known by the digest of its bytes. revision_id and event: what it did when it came. */
        "CREATE TABLE mail ("
        "        id INTEGER PRIMARY KEY,"
        "        sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64),"
        "        message_id TEXT,"
        "        sender TEXT,"
        "        subject TEXT,"
        "        date TEXT,"
        "        size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),"
        "        received_ms INTEGER NOT NULL,"
        "        stored_ms INTEGER NOT NULL,"
        "        history INTEGER NOT NULL CHECK (history IN (0, 1)),"
        "        outcome INTEGER NOT NULL,"
        "        reason TEXT,"
        "        revision_id INTEGER REFERENCES revision,"
        "        event TEXT) STRICT;"
        "CREATE INDEX mail_message_id ON mail (message_id) WHERE message_id IS NOT NULL;"
        "CREATE INDEX mail_outcome ON mail (outcome, id);"
        "CREATE INDEX mail_revision ON mail (revision_id) WHERE revision_id IS NOT NULL;"

        /* Its exact bytes as one zstd frame; apart, so that what reads mail does not page over them. */
        "CREATE TABLE mail_data ("
        "        mail_id INTEGER PRIMARY KEY REFERENCES mail,"
        "        data BLOB NOT NULL) STRICT;"

        /* Where and when a mail was seen. */
        "CREATE TABLE sighting ("
        "        id INTEGER PRIMARY KEY,"
        "        mail_id INTEGER NOT NULL REFERENCES mail,"
        "        source TEXT NOT NULL,"
        "        uid_validity INTEGER NOT NULL,"
        "        uid INTEGER NOT NULL,"
        "        seen_ms INTEGER NOT NULL,"
        "        UNIQUE (mail_id, source, uid_validity, uid)) STRICT;"
        "CREATE INDEX sighting_source ON sighting (source, seen_ms);"

        /* A mail that could not be read, and how often that was tried. */
        "CREATE TABLE quarantine ("
        "        mail_id INTEGER PRIMARY KEY REFERENCES mail,"
        "        code INTEGER NOT NULL,"
        "        reason TEXT NOT NULL,"
        "        attempts INTEGER NOT NULL,"
        "        first_ms INTEGER NOT NULL,"
        "        last_ms INTEGER NOT NULL) STRICT;"

        /* A bulletin. Behind history: what its current content says, for lists and look-ups. severity and urgency are 0
         * where undetermined and NULL where this kind of message has none. archive_wanted is the first
         * of the names its contents ask for, archive_name the one it has. */
        "CREATE TABLE bulletin ("
        "        id INTEGER PRIMARY KEY,"
        "        feed TEXT NOT NULL,"
        "        key TEXT NOT NULL,"
        "        folded_key TEXT NOT NULL,"
        "        current_revision_id INTEGER REFERENCES revision,"
        "        archive_wanted TEXT NOT NULL,"
        "        archive_name TEXT UNIQUE,"
        "        history INTEGER NOT NULL CHECK (history IN (0, 1)),"
        "        kind INTEGER NOT NULL,"
        "        number TEXT,"
        "        folded_number TEXT,"
        "        title TEXT,"
        "        date TEXT NOT NULL,"
        "        severity INTEGER,"
        "        urgency INTEGER,"
        "        UNIQUE (feed, key)) STRICT;"
        "CREATE INDEX bulletin_folded_key ON bulletin (folded_key);"
        "CREATE INDEX bulletin_folded_number ON bulletin (folded_number) WHERE folded_number IS NOT NULL;"
        "CREATE INDEX bulletin_date ON bulletin (date DESC, feed, key);"
        "CREATE INDEX bulletin_archive_wanted ON bulletin (archive_wanted, feed, key);"

        /* A revision of a bulletin, known by its two dates. standing_variant_id: the content that stands for it. */
        "CREATE TABLE revision ("
        "        id INTEGER PRIMARY KEY,"
        "        bulletin_id INTEGER NOT NULL REFERENCES bulletin,"
        "        registered TEXT NOT NULL,"
        "        updated TEXT NOT NULL,"
        "        standing_variant_id INTEGER REFERENCES variant,"
        "        history INTEGER NOT NULL CHECK (history IN (0, 1)),"
        "        stored_ms INTEGER NOT NULL,"
        "        UNIQUE (bulletin_id, registered, updated)) STRICT;"

        /* One content of a revision (JSON, hotfixd.bulletin/1). mail_id and mail_date (seconds): the mail it is taken
         * from among those that said the same. */
        "CREATE TABLE variant ("
        "        id INTEGER PRIMARY KEY,"
        "        revision_id INTEGER NOT NULL REFERENCES revision,"
        "        fingerprint TEXT NOT NULL,"
        "        mail_id INTEGER NOT NULL REFERENCES mail,"
        "        mail_date INTEGER NOT NULL,"
        "        content TEXT NOT NULL,"
        "        UNIQUE (revision_id, fingerprint)) STRICT;"
        "CREATE INDEX variant_mail_id ON variant (mail_id);"

        /* Which mail said which content. */
        "CREATE TABLE mail_variant ("
        "        mail_id INTEGER PRIMARY KEY REFERENCES mail,"
        "        variant_id INTEGER NOT NULL REFERENCES variant) STRICT;"
        "CREATE INDEX mail_variant_variant ON mail_variant (variant_id);"

        /* Bulletins whose files are to be written, longest waiting first; every new reason to gives a new mark, and no
         * mark is used twice. */
        "CREATE TABLE archive_todo ("
        "        mark INTEGER PRIMARY KEY AUTOINCREMENT,"
        "        bulletin_id INTEGER NOT NULL UNIQUE REFERENCES bulletin) STRICT;"

        /* Names that a bulletin had in the archive and has no more: their files are to be removed. */
        "CREATE TABLE archive_stale (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"

        /* How far a mailbox has been read. */
        "CREATE TABLE cursor ("
        "        mailbox TEXT NOT NULL,"
        "        location TEXT NOT NULL,"
        "        uid_validity INTEGER NOT NULL,"
        "        last_uid INTEGER NOT NULL,"
        "        history_uid INTEGER NOT NULL,"
        "        history_done INTEGER NOT NULL CHECK (history_done IN (0, 1)),"
        "        synced_ms INTEGER NOT NULL,"
        "        PRIMARY KEY (mailbox, location)) STRICT, WITHOUT ROWID;"

        /* What a mailbox is doing, for people. */
        "CREATE TABLE mailbox_state ("
        "        mailbox TEXT PRIMARY KEY,"
        "        state TEXT NOT NULL,"
        "        error TEXT,"
        "        changed_ms INTEGER NOT NULL,"
        "        retry_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

        /* What a route last knew and sent of a bulletin. */
        "CREATE TABLE route_state ("
        "        route TEXT NOT NULL,"
        "        bulletin_id INTEGER NOT NULL REFERENCES bulletin,"
        "        above INTEGER NOT NULL CHECK (above IN (0, 1)),"
        "        sent INTEGER NOT NULL CHECK (sent IN (0, 1)),"
        "        severity INTEGER NOT NULL,"
        "        urgency INTEGER NOT NULL,"
        "        PRIMARY KEY (route, bulletin_id)) STRICT, WITHOUT ROWID;"

        /* What a route decided on a mail's content, and why. */
        "CREATE TABLE decision ("
        "        id INTEGER PRIMARY KEY,"
        "        bulletin_id INTEGER REFERENCES bulletin,"
        "        revision_id INTEGER REFERENCES revision,"
        "        mail_id INTEGER REFERENCES mail,"
        "        route TEXT NOT NULL,"
        "        action TEXT NOT NULL,"
        "        reason TEXT NOT NULL,"
        "        decided_ms INTEGER NOT NULL) STRICT;"
        "CREATE INDEX decision_bulletin ON decision (bulletin_id, id);"

        /* A delivery. state: 0 pending, 1 sent, 2 dead. thread: the identity of the first one for this bulletin on this
         * channel. owner and expires_ms: who is sending it, and until when nobody else may. */
        "CREATE TABLE outbox ("
        "        id INTEGER PRIMARY KEY,"
        "        identity TEXT NOT NULL UNIQUE,"
        "        channel TEXT NOT NULL,"
        "        kind TEXT NOT NULL,"
        "        bulletin_id INTEGER REFERENCES bulletin,"
        "        payload TEXT NOT NULL,"
        "        thread TEXT REFERENCES outbox (identity),"
        "        state INTEGER NOT NULL,"
        "        attempts INTEGER NOT NULL,"
        "        created_ms INTEGER NOT NULL,"
        "        next_ms INTEGER NOT NULL,"
        "        sent_ms INTEGER NOT NULL,"
        "        answer TEXT,"
        "        owner TEXT,"
        "        expires_ms INTEGER) STRICT;"
        "CREATE INDEX outbox_due ON outbox (channel, next_ms, id) WHERE state = 0;"
        "CREATE INDEX outbox_state ON outbox (state, id);"
        "CREATE INDEX outbox_bulletin ON outbox (bulletin_id, channel, id) WHERE bulletin_id IS NOT NULL;"
        "CREATE INDEX outbox_owner ON outbox (owner) WHERE owner IS NOT NULL;"

        /* Each attempt to send a delivery. */
        "CREATE TABLE attempt ("
        "        id INTEGER PRIMARY KEY,"
        "        delivery_id INTEGER NOT NULL REFERENCES outbox,"
        "        at_ms INTEGER NOT NULL,"
        "        result TEXT NOT NULL,"
        "        answer TEXT) STRICT;"
        "CREATE INDEX attempt_delivery ON attempt (delivery_id, id);"

        /* Which decisions asked for a delivery. */
        "CREATE TABLE decision_delivery ("
        "        decision_id INTEGER NOT NULL REFERENCES decision,"
        "        delivery_id INTEGER NOT NULL REFERENCES outbox,"
        "        PRIMARY KEY (decision_id, delivery_id)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX decision_delivery_delivery ON decision_delivery (delivery_id);";

static const char migration_2[] =
        /* Which fields each content has filled (bits of common/bulletin_fill.h), in the order in which contents arrived.
         * Those stored before this migration are not among them. */
        "CREATE TABLE fill ("
        "        id INTEGER PRIMARY KEY,"
        "        variant_id INTEGER NOT NULL UNIQUE REFERENCES variant,"
        "        feed TEXT NOT NULL,"
        "        kind INTEGER NOT NULL,"
        "        live INTEGER NOT NULL CHECK (live IN (0, 1)),"
        "        filled INTEGER NOT NULL CHECK (filled >= 0)) STRICT;"
        "CREATE INDEX fill_order ON fill (feed, kind, id, filled);"
        "CREATE INDEX fill_live ON fill (feed, kind, id, filled) WHERE live = 1;"

        /* Their sums, so that no mail has to count them again. filled: how many have field 0, 1, …, with a space
         * between. */
        "CREATE TABLE fill_sum ("
        "        feed TEXT NOT NULL,"
        "        kind INTEGER NOT NULL,"
        "        bulletins INTEGER NOT NULL CHECK (bulletins >= 0),"
        "        filled TEXT NOT NULL,"
        "        PRIMARY KEY (feed, kind)) STRICT, WITHOUT ROWID;"

        /* Labels that no rule of the feed knows. bulletin: the name of the last one that had it. */
        "CREATE TABLE unknown_label ("
        "        feed TEXT NOT NULL,"
        "        kind INTEGER NOT NULL,"
        "        label TEXT NOT NULL,"
        "        count INTEGER NOT NULL,"
        "        first_ms INTEGER NOT NULL,"
        "        last_ms INTEGER NOT NULL,"
        "        bulletin TEXT NOT NULL,"
        "        PRIMARY KEY (feed, kind, label)) STRICT, WITHOUT ROWID;"

        /* What an address has sent: bulletins of a feed, mails that are none, and how many of these came since its last
         * bulletin. Only addresses that have sent a bulletin are here. */
        "CREATE TABLE sender ("
        "        address TEXT PRIMARY KEY,"
        "        feed TEXT NOT NULL,"
        "        bulletins INTEGER NOT NULL,"
        "        others INTEGER NOT NULL,"
        "        run INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

        /* What is, or was, wrong with the service itself. good: how often in a row it was found well since; ended_ms NULL:
         * it goes on. */
        "CREATE TABLE condition ("
        "        id INTEGER PRIMARY KEY,"
        "        name TEXT NOT NULL,"
        "        message TEXT NOT NULL,"
        "        started_ms INTEGER NOT NULL,"
        "        last_ms INTEGER NOT NULL,"
        "        count INTEGER NOT NULL,"
        "        good INTEGER NOT NULL,"
        "        ended_ms INTEGER) STRICT;"
        "CREATE UNIQUE INDEX condition_open ON condition (name) WHERE ended_ms IS NULL;"

        /* What a condition has named so far, so that it is told once. */
        "CREATE TABLE condition_detail ("
        "        condition_id INTEGER NOT NULL REFERENCES condition,"
        "        detail TEXT NOT NULL,"
        "        PRIMARY KEY (condition_id, detail)) STRICT, WITHOUT ROWID;";

static const char migration_3[] =
        /* Which messages of a mailbox are on record: what a look at all UIDs is compared with. */
        "CREATE INDEX sighting_uid ON sighting (source, uid_validity, uid);"

        /* 1: only mails whose sender was not verified say this; such bulletins are kept apart from the others. */
        "ALTER TABLE bulletin ADD COLUMN unverified INTEGER NOT NULL DEFAULT 0 CHECK (unverified IN (0, 1));"
        /* Why the sender of a mail does not count as verified; NULL: it does, or that was not asked for. */
        "ALTER TABLE mail ADD COLUMN unverified TEXT;"
        "CREATE INDEX mail_unverified ON mail (id) WHERE unverified IS NOT NULL;"

        /* What is wrong with a mailbox in one word, how it hears of news, failures in a row and when they began, and when
         * all its UIDs were last compared with what is on record. */
        "ALTER TABLE mailbox_state ADD COLUMN problem TEXT;"
        "ALTER TABLE mailbox_state ADD COLUMN mode TEXT;"
        "ALTER TABLE mailbox_state ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE mailbox_state ADD COLUMN failing_ms INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE mailbox_state ADD COLUMN reconciled_ms INTEGER NOT NULL DEFAULT 0;"

        /* How many mails of a feed came from a source with a verified sender, how many without, how many of these since
         * the last verified one, and why the last of these was not. */
        "CREATE TABLE verification ("
        "        source TEXT NOT NULL,"
        "        feed TEXT NOT NULL,"
        "        verified INTEGER NOT NULL,"
        "        unverified INTEGER NOT NULL,"
        "        run INTEGER NOT NULL,"
        "        reason TEXT,"
        "        PRIMARY KEY (source, feed)) STRICT, WITHOUT ROWID;"

        /* Messages that a mailbox session is to fetch again, whole. answer: why it cannot. */
        "CREATE TABLE refetch ("
        "        mail_id INTEGER NOT NULL REFERENCES mail,"
        "        source TEXT NOT NULL,"
        "        uid_validity INTEGER NOT NULL,"
        "        uid INTEGER NOT NULL,"
        "        requested_ms INTEGER NOT NULL,"
        "        answer TEXT,"
        "        answered_ms INTEGER NOT NULL DEFAULT 0,"
        "        PRIMARY KEY (source, uid_validity, uid)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX refetch_mail ON refetch (mail_id);"

        /* Bulletins that imports brought and that no summary has told of yet. */
        "CREATE TABLE import_todo (bulletin_id INTEGER PRIMARY KEY REFERENCES bulletin) STRICT;"

        /* The version of the parser that has read again what was not understood, and the last mail it has read. */
        "CREATE TABLE reread ("
        "        version TEXT PRIMARY KEY,"
        "        last_mail_id INTEGER NOT NULL,"
        "        done INTEGER NOT NULL CHECK (done IN (0, 1))) STRICT, WITHOUT ROWID;";

static const char migration_4[] =
        /* memo: what the channel wants to know at the next try, or of the first delivery of a thread (JSON). tries: how often
         * it was taken to be sent and may have arrived. since_ms: when it was first due, or was last asked for by hand.
         * state: 3 is dropped. */
        "ALTER TABLE outbox ADD COLUMN memo TEXT;"
        "ALTER TABLE outbox ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE outbox ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0;"
        "UPDATE outbox SET since_ms = created_ms;"
        "CREATE INDEX outbox_thread ON outbox (thread, id) WHERE thread IS NOT NULL;"
        /* What has been dealt with for good, by time, for the retention. */
        "CREATE INDEX outbox_done ON outbox (created_ms) WHERE state <> 0;"

        /* Who took note of a bulletin, for one route or all (NULL), until when (NULL: for good), and what ended that ("raised",
         * "lowered", "expired", "withdrawn by …"). */
        "CREATE TABLE acknowledgement ("
        "        id INTEGER PRIMARY KEY,"
        "        bulletin_id INTEGER NOT NULL REFERENCES bulletin,"
        "        route TEXT,"
        "        at_ms INTEGER NOT NULL,"
        "        until_ms INTEGER,"
        "        person TEXT NOT NULL,"
        "        comment TEXT,"
        "        ended_ms INTEGER,"
        "        ended TEXT) STRICT;"
        "CREATE INDEX acknowledgement_bulletin ON acknowledgement (bulletin_id, id);"

        /* A notification of a route that somebody is to acknowledge. state: 0 open, 1 acknowledged (acknowledgement_id), 2
         * closed (no longer above the thresholds). decision_id, fingerprint: the decision that opened this round, and its
         * content. opened_ms: when that was; started_ms: what its times count from. step: how many of the route's steps were
         * taken; reminded_ms: when it was last reminded of (0: never). next_ms: when there is something to do; NULL:
         * nothing. */
        "CREATE TABLE alert ("
        "        id INTEGER PRIMARY KEY,"
        "        route TEXT NOT NULL,"
        "        bulletin_id INTEGER NOT NULL REFERENCES bulletin,"
        "        state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),"
        "        opened_ms INTEGER NOT NULL,"
        "        started_ms INTEGER NOT NULL,"
        "        severity INTEGER NOT NULL,"
        "        urgency INTEGER NOT NULL,"
        "        round INTEGER NOT NULL,"
        "        step INTEGER NOT NULL,"
        "        reminders INTEGER NOT NULL,"
        "        reminded_ms INTEGER NOT NULL,"
        "        deadline_ms INTEGER,"
        "        overdue INTEGER NOT NULL CHECK (overdue IN (0, 1)),"
        "        next_ms INTEGER,"
        "        decision_id INTEGER REFERENCES decision,"
        "        acknowledgement_id INTEGER REFERENCES acknowledgement,"
        "        fingerprint TEXT NOT NULL,"
        "        UNIQUE (route, bulletin_id)) STRICT;"
        "CREATE INDEX alert_due ON alert (next_ms, id) WHERE next_ms IS NOT NULL;"
        "CREATE INDEX alert_bulletin ON alert (bulletin_id);"
        "CREATE INDEX alert_open ON alert (started_ms) WHERE state = 0;"

        /* How far a route's digests have come: the last decision they have told, and until when they reach. */
        "CREATE TABLE digest ("
        "        route TEXT PRIMARY KEY,"
        "        decision_id INTEGER NOT NULL,"
        "        until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

        /* Since when the service looks at something of its own, such as a mailbox. */
        "CREATE TABLE watch ("
        "        name TEXT PRIMARY KEY,"
        "        since_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        /* What came lately, for that look. */
        "CREATE INDEX quarantine_first ON quarantine (first_ms);"
        "CREATE INDEX revision_live ON revision (stored_ms) WHERE history = 0;";

static const char migration_5[] =
        /* A content is packed (store/content.h): see pack_contents, which goes between these two. */
        "ALTER TABLE variant ADD COLUMN packed BLOB NOT NULL DEFAULT x'';";

static const char migration_5_end[] =
        "ALTER TABLE variant DROP COLUMN content;"
        /* By this nobody has ever looked anything up, and each mail wrote to it. */
        "DROP INDEX variant_mail_id;";

/* The column that is dropped is emptied on the way, else each row would be written once more with all its text. */
static int store_packed(struct database *db, int64_t id, const struct content_packed *packed, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "UPDATE variant SET packed = ?2, content = '' WHERE id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, id);
        statement_bind_blob(statement, 2, packed->data, packed->size);
        return statement_run(statement, err);
}

/* *ret_id: of the first variant behind this one that has been packed; 0: there is none. */
static int pack_next(struct database *db, int64_t after_id, int64_t *ret_id, struct error *err)
{
        struct statement *statement;
        struct content_packed packed = { .data = NULL };
        int r = database_prepare(db, "SELECT id, content FROM variant WHERE id > ?1 ORDER BY id LIMIT 1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, after_id);
        r = statement_step(statement, err);
        *ret_id = r > 0 ? statement_int(statement, 0) : 0;
        if (r > 0) {
                size_t length;
                const void *text = statement_blob(statement, 1, &length);
                r = content_pack(text ? text : "", length, &packed, err);
        }
        statement_done(statement);
        if (r == 0 && *ret_id != 0)
                r = store_packed(db, *ret_id, &packed, err);
        content_packed_clear(&packed);
        return r;
}

static int pack_contents(struct database *db, struct error *err)
{
        int64_t id = 0;
        int r;
        do
                r = pack_next(db, id, &id, err);
        while (r == 0 && id != 0);
        return r;
}

/* What turns a database of the version before into one of this; convert, between the two pieces of SQL, does what SQL
 * cannot. */
struct migration {
        const char *sql;
        int (*convert)(struct database *db, struct error *err);
        const char *end_sql;
};
static const struct migration migrations[] = {
        { migration_1, NULL, "" }, { migration_2, NULL, "" }, { migration_3, NULL, "" }, { migration_4, NULL, "" },
        { migration_5, pack_contents, migration_5_end },
};

int schema_version_latest(void)
{
        return (int) G_N_ELEMENTS(migrations);
}

int schema_migration(struct database *db, int version, struct error *err)
{
        g_assert(version >= 1 && version <= schema_version_latest());
        const struct migration *migration = &migrations[version - 1];
        int r = database_execute(db, migration->sql, err);
        if (r == 0 && migration->convert)
                r = migration->convert(db, err);
        return r < 0 ? r : database_execute(db, migration->end_sql, err);
}

char *schema_migration_sql(int version)
{
        g_assert(version >= 1 && version <= schema_version_latest());
        return g_strconcat(migrations[version - 1].sql, migrations[version - 1].end_sql, NULL);
}

static int read_version(struct database *db, int64_t *ret_version, struct error *err)
{
        return database_read_int(db, "PRAGMA user_version", ret_version, err);
}

/* One step up, in the running transaction. *ret_done: there was nothing to do. */
static int migrate_step(struct database *db, bool *ret_done, struct error *err)
{
        int64_t version = 0;
        int r = read_version(db, &version, err);
        if (r < 0)
                return r;
        if (version < 0 || version > schema_version_latest())
                return error_set(err, -ERR_STORE_NEWER, "%s: the database has schema %d, this program knows up to %d",
                                 database_path(db), (int) version, schema_version_latest());
        *ret_done = version == schema_version_latest();
        if (*ret_done)
                return 0;
        r = schema_migration(db, (int) version + 1, err);
        if (r < 0)
                return r;
        g_autofree char *marks = g_strdup_printf("PRAGMA application_id=%d; PRAGMA user_version=%d",
                                                 DATABASE_APPLICATION_ID, (int) version + 1);
        return database_execute(db, marks, err);
}

/* In one transaction: a new database goes through all versions at every first start, and each commit waits for the disk. The
 * version is read again inside: another process may be doing the same. */
static int migrate_all(struct database *db, struct error *err)
{
        int r = database_begin(db, err);
        for (bool done = false; r == 0 && !done;)
                r = migrate_step(db, &done, err);
        if (r == 0)
                r = database_commit(db, err);
        if (r < 0)
                database_rollback(db);
        return r;
}

int schema_migrate(struct database *db, struct error *err)
{
        int64_t version = 0;
        int r = read_version(db, &version, err);
        if (r < 0 || version == schema_version_latest()) /* without a lock: the usual case */
                return r;
        /* A statement that changes every row of a table notes the pages as they were, in memory unless told otherwise: of
         * 50,000 bulletins 400 MB. */
        database_keep_temporary(db, false);
        r = migrate_all(db, err);
        database_keep_temporary(db, true);
        if (r < 0)
                error_prefix(err, "cannot bring the schema from %d to %d", (int) version, schema_version_latest());
        return r;
}
