/* SPDX-License-Identifier: MIT */
/* Looking up and listing stored mails. */
#include <string.h>

#include "common/digest.h"
#include "common/text.h"
#include "store/mails.h"

#define DIGEST_PREFIX_MIN 6

#define MAIL_COLUMNS \
        "mail.id, sha256, message_id, sender, subject, date, size_bytes, received_ms, stored_ms, history, outcome," \
        " reason, revision_id, event, (SELECT count(*) FROM sighting WHERE mail_id = mail.id), unverified"

void mail_row_free(struct mail_row *mail)
{
        if (!mail)
                return;
        g_free(mail->sha256);
        g_free(mail->message_id);
        g_free(mail->from);
        g_free(mail->subject);
        g_free(mail->date);
        g_free(mail->reason);
        g_free(mail->event);
        g_free(mail->unverified);
        g_free(mail);
}

static void free_mail(void *mail)
{
        mail_row_free(mail);
}

static void free_sighting(void *data)
{
        struct sighting_row *row = data;
        g_free(row->source);
        g_free(row);
}

static struct mail_row *read_mail(struct statement *statement)
{
        struct mail_row *mail = g_new0(struct mail_row, 1);
        mail->id = statement_int(statement, 0);
        mail->sha256 = statement_text_copy(statement, 1);
        mail->message_id = statement_text_copy(statement, 2);
        mail->from = statement_text_copy(statement, 3);
        mail->subject = statement_text_copy(statement, 4);
        mail->date = statement_text_copy(statement, 5);
        mail->size_bytes = statement_int(statement, 6);
        mail->received_ms = statement_int(statement, 7);
        mail->stored_ms = statement_int(statement, 8);
        mail->history = statement_int(statement, 9) != 0;
        int64_t outcome = statement_int(statement, 10);
        mail->outcome = outcome >= 0 && outcome < MAIL_OUTCOME_MAX ? (enum mail_outcome) outcome : MAIL_OUTCOME_MAX;
        mail->reason = statement_text_copy(statement, 11);
        mail->revision_id = statement_int(statement, 12);
        mail->event = statement_text_copy(statement, 13);
        mail->sightings = (unsigned) statement_int(statement, 14);
        mail->unverified = statement_text_copy(statement, 15);
        return mail;
}

/* Gives the statement back. */
static int collect(struct statement *statement, GPtrArray **ret_mails, struct error *err)
{
        g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(free_mail);
        int r;
        while ((r = statement_step(statement, err)) > 0)
                g_ptr_array_add(mails, read_mail(statement));
        statement_done(statement);
        if (r == 0)
                *ret_mails = g_steal_pointer(&mails);
        return r;
}

/* "12" and "mail:12"; 0 for anything else. */
static int64_t parse_number(const char *what)
{
        guint64 number;
        if (g_str_has_prefix(what, "mail:"))
                what += strlen("mail:");
        return text_parse_uint64(what, G_MAXINT64, &number) == 0 ? (int64_t) number : 0;
}

/* Lower case, or NULL if what is no start of a digest. */
static char *parse_digest(const char *what)
{
        size_t length = strlen(what);
        if (length < DIGEST_PREFIX_MIN || length >= DIGEST_TEXT_SIZE ||
            strspn(what, "0123456789abcdefABCDEF") != length)
                return NULL;
        return g_ascii_strdown(what, -1);
}

static char *strip_brackets(const char *what)
{
        size_t length = strlen(what);
        if (length >= 2 && what[0] == '<' && what[length - 1] == '>')
                return g_strndup(what + 1, length - 2);
        return g_strdup(what);
}

int mails_find(struct database *db, const char *what, GPtrArray **ret_mails, struct error *err)
{
        struct statement *statement;
        /* "g" sorts behind every digit: the range is all digests that start so. */
        int r = database_prepare(
                db,
                "SELECT " MAIL_COLUMNS " FROM mail WHERE id IN ("
                " SELECT ?1 UNION SELECT id FROM mail WHERE message_id IN (?2, ?3)"
                " UNION SELECT id FROM mail WHERE sha256 >= ?4 AND sha256 < ?4 || 'g') ORDER BY id DESC",
                &statement, err);
        if (r < 0)
                return r;
        g_autofree char *valid = g_utf8_make_valid(what, -1);
        g_autofree char *stripped = text_strip(valid), *bare = strip_brackets(stripped);
        g_autofree char *bracketed = g_strconcat("<", bare, ">", NULL), *digest = parse_digest(stripped);
        statement_bind_int(statement, 1, parse_number(stripped));
        statement_bind_text(statement, 2, bare);
        statement_bind_text(statement, 3, bracketed);
        statement_bind_text(statement, 4, digest);
        g_autoptr(GPtrArray) mails = NULL;
        r = collect(statement, &mails, err);
        if (r < 0) {
                error_prefix(err, "cannot look up mail %s", valid);
                return r;
        }
        if (mails->len == 0)
                return error_set(err, -ERR_NOT_FOUND, "no mail with the number, Message-ID or digest \"%s\"", valid);
        *ret_mails = g_steal_pointer(&mails);
        return 0;
}

int mails_get(struct database *db, int64_t mail_id, struct mail_row **ret_mail, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT " MAIL_COLUMNS " FROM mail WHERE id = ?1", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mail_id);
        r = statement_step(statement, err);
        if (r > 0)
                *ret_mail = read_mail(statement);
        else if (r == 0)
                r = error_set(err, -ERR_NOT_FOUND, "there is no mail %" G_GINT64_FORMAT, mail_id);
        statement_done(statement);
        return r < 0 ? r : 0;
}

int mails_find_digest(struct database *db, const char *sha256, const char *source, int64_t *ret_id, bool *ret_seen,
                      struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT id, EXISTS (SELECT 1 FROM sighting WHERE mail_id = mail.id AND source = ?2"
                                 " AND uid_validity = 0 AND uid = 0) FROM mail WHERE sha256 = ?1",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_text(statement, 1, sha256);
        statement_bind_text(statement, 2, source);
        r = statement_step(statement, err);
        if (r >= 0) {
                *ret_id = r > 0 ? statement_int(statement, 0) : 0;
                *ret_seen = r > 0 && statement_int(statement, 1) != 0;
        }
        statement_done(statement);
        return r < 0 ? r : 0;
}

int mails_list(struct database *db, enum mail_outcome outcome, unsigned limit, GPtrArray **ret_mails, struct error *err)
{
        struct statement *statement;
        int r = outcome == MAIL_OUTCOME_MAX
                        ? database_prepare(db, "SELECT " MAIL_COLUMNS " FROM mail ORDER BY id DESC LIMIT ?1",
                                           &statement, err)
                        : database_prepare(
                                  db, "SELECT " MAIL_COLUMNS " FROM mail WHERE outcome = ?2 ORDER BY id DESC LIMIT ?1",
                                  &statement, err);
        if (r == 0) {
                statement_bind_int(statement, 1, limit ? (int64_t) limit : -1);
                if (outcome != MAIL_OUTCOME_MAX)
                        statement_bind_int(statement, 2, outcome);
                r = collect(statement, ret_mails, err);
        }
        if (r < 0)
                error_prefix(err, "cannot list the mails");
        return r;
}

int mails_sightings(struct database *db, int64_t mail_id, GPtrArray **ret_sightings, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db,
                                 "SELECT source, uid_validity, uid, seen_ms FROM sighting WHERE mail_id = ?1"
                                 " ORDER BY seen_ms, source, uid_validity, uid",
                                 &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, mail_id);
        g_autoptr(GPtrArray) sightings = g_ptr_array_new_with_free_func(free_sighting);
        while ((r = statement_step(statement, err)) > 0) {
                struct sighting_row *row = g_new0(struct sighting_row, 1);
                row->source = statement_text_copy(statement, 0);
                row->uid_validity = (guint32) statement_int(statement, 1);
                row->uid = (guint32) statement_int(statement, 2);
                row->seen_ms = statement_int(statement, 3);
                g_ptr_array_add(sightings, row);
        }
        statement_done(statement);
        if (r == 0)
                *ret_sightings = g_steal_pointer(&sightings);
        return r;
}

int mails_count(struct database *db, enum mail_outcome outcome, int64_t *ret_count, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT count(*) FROM mail WHERE outcome BETWEEN ?1 AND ?2", &statement, err);
        if (r < 0)
                return r;
        statement_bind_int(statement, 1, outcome == MAIL_OUTCOME_MAX ? 0 : outcome);
        statement_bind_int(statement, 2, outcome);
        r = statement_step(statement, err);
        if (r > 0)
                *ret_count = statement_int(statement, 0);
        statement_done(statement);
        return r < 0 ? r : 0;
}

int mails_list_unverified(struct database *db, GPtrArray **ret_mails, struct error *err)
{
        struct statement *statement;
        int r = database_prepare(db, "SELECT " MAIL_COLUMNS " FROM mail WHERE unverified IS NOT NULL ORDER BY id DESC",
                                 &statement, err);
        return r < 0 ? r : collect(statement, ret_mails, err);
}

int mails_count_unverified(struct database *db, int64_t *ret_count, struct error *err)
{
        return database_read_int(db, "SELECT count(*) FROM mail WHERE unverified IS NOT NULL", ret_count, err);
}
