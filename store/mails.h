/* SPDX-License-Identifier: MIT */
/* Stored mails: exact bytes (zstd), where and when they were seen, and what became of each. */
#ifndef STORE_MAILS_H
#define STORE_MAILS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/digest.h"
#include "store/database.h"

enum mail_outcome {
        MAIL_BULLETIN,     /* became a revision, a variant or a sighting */
        MAIL_UNRECOGNISED, /* readable, no feed knows it */
        MAIL_QUARANTINED,  /* could not be read; the quarantine row says why */
        MAIL_REPLACED,     /* only its beginning was stored; fetched again as another mail, which the reason names */
        MAIL_OUTCOME_MAX
};

struct mail_row {
        int64_t id;
        char *sha256;
        char *message_id, *from, *subject, *date; /* decoded; may be NULL */
        int64_t size_bytes, received_ms; /* received: INTERNALDATE, or the time of import */
        int64_t stored_ms;
        bool history;
        enum mail_outcome outcome;
        char *reason;            /* for unrecognised and quarantined */
        int64_t revision_id;     /* 0 unless MAIL_BULLETIN */
        char *event;             /* dedup event name, or NULL */
        char *unverified;        /* why the sender does not count as verified; NULL: it does */
        unsigned sightings;
};
void mail_row_free(struct mail_row *mail);

/* A mail's bytes as they are stored. Making them is most of the work of storing a mail, and needs no database. */
struct mail_packed {
        char sha256[DIGEST_TEXT_SIZE];
        size_t size; /* of the mail itself */
        char *data;  /* NULL: not made */
        size_t data_size;
};
/* sha256: of these bytes, for whoever has computed it already; else NULL. */
int mails_pack(const void *data, size_t size, const char *sha256, struct mail_packed *ret_packed, struct error *err);
void mail_packed_clear(struct mail_packed *packed);

/* How the source of what was imported begins. */
#define SIGHTING_IMPORT_PREFIX "import:"

/* Where a mail was seen. One mail can have many sightings. */
struct sighting {
        const char *source;   /* "imap:NAME" or "import:PATH" */
        guint32 uid_validity, uid; /* 0 for imports */
        int64_t seen_ms;
};

/* Stores the bytes and the head in the running transaction. A mail whose bytes are known is not stored again:
 * *ret_known is true and *ret_id its row. mail->id, ->revision_id, ->event, ->unverified and ->sightings are not looked at; stored_ms
 * 0 is now; a sha256 that is set and not that of data is -EINVAL; more than LIMIT_MESSAGE_BYTES_MAX is -ERR_LIMIT. */
int mails_insert(struct database *db, const struct mail_row *mail, const void *data, size_t size, int64_t *ret_id,
                 bool *ret_known, struct error *err);
/* The same with bytes that are packed already; mail->sha256 is not looked at. */
int mails_insert_packed(struct database *db, const struct mail_row *mail, const struct mail_packed *packed, int64_t *ret_id,
                        bool *ret_known, struct error *err);
/* Records a sighting; the same (source, uid_validity, uid) again changes nothing. */
int mails_add_sighting(struct database *db, int64_t mail_id, const struct sighting *sighting, struct error *err);
/* reason and event may be NULL, revision_id 0. */
int mails_set_outcome(struct database *db, int64_t mail_id, enum mail_outcome outcome, const char *reason,
                      int64_t revision_id, const char *event, struct error *err);

/* reason NULL: the sender counts as verified. */
int mails_set_unverified(struct database *db, int64_t mail_id, const char *reason, struct error *err);
/* How many mails have a sender that does not. */
/* Those whose sender does not count as verified, newest first. */
int mails_list_unverified(struct database *db, GPtrArray **ret_mails, struct error *err);
int mails_count_unverified(struct database *db, int64_t *ret_count, struct error *err);

/* Message-ID, sender, subject and date, where mail has them; what is on record stays where it has not. */
int mails_set_head(struct database *db, int64_t mail_id, const struct mail_row *mail, struct error *err);

/* The exact bytes; owned by the caller. The digest is checked: -ERR_STORE_CORRUPT if they differ. */
int mails_read(struct database *db, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err);

/* By number ("12", "mail:12"), Message-ID (with or without angle brackets) or the start of the SHA-256 (at least 6
 * digits). Several matches: all, newest first. An array of struct mail_row. None: -ERR_NOT_FOUND. */
int mails_find(struct database *db, const char *what, GPtrArray **ret_mails, struct error *err);
/* Or -ERR_NOT_FOUND. */
int mails_get(struct database *db, int64_t mail_id, struct mail_row **ret_mail, struct error *err);
/* The mail whose bytes have this digest, 0: none; and whether a file of this source brought it before. */
int mails_find_digest(struct database *db, const char *sha256, const char *source, int64_t *ret_id, bool *ret_seen,
                      struct error *err);
/* Newest (last stored) first; outcome MAIL_OUTCOME_MAX means any; limit 0: all. */
int mails_list(struct database *db, enum mail_outcome outcome, unsigned limit, GPtrArray **ret_mails,
               struct error *err);
/* The sightings of a mail as an array of struct sighting_row. */
struct sighting_row { char *source; guint32 uid_validity, uid; int64_t seen_ms; };
int mails_sightings(struct database *db, int64_t mail_id, GPtrArray **ret_sightings, struct error *err);
int mails_count(struct database *db, enum mail_outcome outcome, int64_t *ret_count, struct error *err);

const char *mail_outcome_name(enum mail_outcome outcome); /* "bulletin", "unrecognised", "quarantined", "replaced" */

/* Quarantine: a row for a mail that could not be read, with the reason and the number of attempts. Putting it there
 * again counts an attempt and replaces the reason. Removing what is not there is no error. */
struct quarantine_row { int64_t mail_id; int code; char *reason; unsigned attempts; int64_t first_ms, last_ms; };
void quarantine_row_free(struct quarantine_row *row);
int quarantine_put(struct database *db, int64_t mail_id, int code, const char *reason, struct error *err);
int quarantine_remove(struct database *db, int64_t mail_id, struct error *err);
/* Or -ERR_NOT_FOUND. */
int quarantine_get(struct database *db, int64_t mail_id, struct quarantine_row **ret_row, struct error *err);

#endif
