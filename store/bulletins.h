/* SPDX-License-Identifier: MIT */
/* Bulletins, their revisions and the variants of a revision. */
#ifndef STORE_BULLETINS_H
#define STORE_BULLETINS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/bulletin.h"
#include "common/digest.h"
#include "store/content.h"
#include "store/database.h"
#include "store/dedup.h"

struct bulletin_row {
        int64_t id;
        char *feed, *key, *archive_name;
        enum bulletin_kind kind;
        int64_t current_revision_id;
        unsigned revisions;
        struct bulletin *current; /* what stands for the current revision; NULL if the list was asked for without */
        bool history;             /* only ever seen as history */
        bool unverified;          /* only mails say so whose sender is not verified; key begins BULLETIN_UNVERIFIED_PREFIX */
        /* What the current content says, without reading it: the id ("MS07-028") and the title or NULL, severity and
         * urgency (0 undetermined, -1: this kind has none), and the date it is listed under: of the update, else of the
         * registration, the edition, or the mail; "" where there is none at all. */
        char *number, *title, *date;
        int severity, urgency;
};
void bulletin_row_free(struct bulletin_row *row);

/* What people call it, and bulletins_find finds it by. The key of an unverified one says what it is. */
const char *bulletin_row_name(const struct bulletin_row *row);

struct revision_row {
        int64_t id, bulletin_id, mail_id; /* mail_id: the mail whose content stands for it */
        char *registered, *updated;       /* "" where undetermined */
        char *fingerprint;
        bool current, history;
        unsigned variants, sightings;     /* the contents, at least 1; the mails that carried any of them */
        int64_t stored_ms;
        struct bulletin *content;
        GPtrArray *changes; /* struct bulletin_change against the revision before it; empty for the first */
};
void revision_row_free(struct revision_row *row);

struct bulletin_arrival {
        enum dedup_event event;
        int64_t bulletin_id, revision_id, variant_id;
        int64_t archive_mark;     /* on the archive's to-do list */
        bool stands;              /* this content now stands for the bulletin (it is what "current" shows) */
        /* What stood for the bulletin before, the reader's previous knowledge, and the struct bulletin_change from it
         * to this content. NULL and empty for the first content, and for a duplicate, which says nothing new. */
        struct bulletin *before;
        GPtrArray *changes;
};
void bulletin_arrival_clear(struct bulletin_arrival *arrival);

/* Puts a parsed bulletin in its place within the running transaction, by the rules of dedup.h, marks it for the
 * archive, and says what happened. What is stored in the end does not depend on the order of arrival (but for the event
 * on record for each mail). The same mail again changes nothing and is a DUPLICATE; one that is known for another
 * content is -EEXIST.
 *
 * Of several bulletins that ask for one archive name, the first by feed and key has it, the others that name, "-" and
 * eight digits of the digest of feed and key. So a name can pass from one bulletin to another: both are then marked for
 * the archive, and a name nobody has any more is put among the stale ones. Only where such a made-up name is itself
 * what a third bulletin asks for, the order of arrival decides which of the two gets all 64 digits. */
int bulletins_insert(struct database *db, const struct bulletin *bulletin, const char *archive_name, int64_t mail_id,
                     bool history, struct bulletin_arrival *ret_arrival, struct error *err);

/* What mails say whose sender is not verified (struct bulletin_insertion, unverified) makes bulletins of its own, by the same rules and
 * apart from all others: nobody's forgery becomes current, replaces or lowers what the feed says, or makes the feed's own
 * mail a duplicate. Their keys begin with the first of these, their names in the archive with the second. */
#define BULLETIN_UNVERIFIED_PREFIX "unverified:"
#define BULLETIN_UNVERIFIED_FOLDER "unverified/"

/* Takes a mail out of the unverified bulletin that it is in, as if it had never come: its sender has turned out to be
 * verified. *ret_withdrawn: it was in one. Its decisions stay on record, without a bulletin, until they are adopted. */
int bulletins_withdraw_unverified(struct database *db, int64_t mail_id, bool *ret_withdrawn, struct error *err);
/* What was decided on a mail when it was in no bulletin, or in another, now belongs to this one. */
int bulletins_adopt_decisions(struct database *db, int64_t mail_id, int64_t bulletin_id, int64_t revision_id,
                              struct error *err);

enum bulletin_trust { BULLETINS_ALL, BULLETINS_VERIFIED, BULLETINS_UNVERIFIED };

/* What is computed of a bulletin before it is stored; that needs no database. */
struct bulletin_prepared {
        char fingerprint[DIGEST_TEXT_SIZE];
        char *key, *text; /* bulletin_key; the content as JSON */
        size_t text_size; /* to measure it again is to read all of it */
        struct content_packed packed; /* that text as it is stored */
        char *folded_key, *folded_number, *date;
        int64_t mail_date;
};
int bulletins_prepare(const struct bulletin *bulletin, struct bulletin_prepared *ret_prepared, struct error *err);
void bulletin_prepared_clear(struct bulletin_prepared *prepared);

/* The two above in one, for whoever has prepared it. */
struct bulletin_insertion {
        const struct bulletin *bulletin;
        const struct bulletin_prepared *prepared; /* of this bulletin */
        const char *archive_name;
        int64_t mail_id;
        const char *mail_sha256;                  /* of that mail, or NULL: it is looked up */
        bool history, unverified;
};
int bulletins_put(struct database *db, const struct bulletin_insertion *insertion, struct bulletin_arrival *ret_arrival,
                  struct error *err);

struct bulletin_filter {
        int kind;               /* enum bulletin_kind, or -1 */
        enum bulletin_trust trust;
        int min_severity, min_urgency; /* 0: any. Undetermined fields count as above */
        const char *since;      /* listed date at or after, "YYYY-MM-DD", or NULL; a bulletin without any date passes */
        unsigned limit;         /* 0: no limit */
        bool without_content;   /* leaves ->current NULL: a long list then costs little */
};
/* Newest first by the date they are listed under. An array of struct bulletin_row. */
int bulletins_list(struct database *db, const struct bulletin_filter *filter, GPtrArray **ret_rows, struct error *err);
/* The same, one row at a time: a list of any length in little memory. */
typedef void (*bulletins_function)(const struct bulletin_row *row, void *context);
int bulletins_each(struct database *db, const struct bulletin_filter *filter, bulletins_function function, void *context,
                   struct error *err);

/* By bulletin id in any case and width ("ms07-028"), feed-qualified ("hotfix-report:MS07-028") or key; or
 * -ERR_NOT_FOUND. An unverified one is found by its id only where there is no other. */
int bulletins_find(struct database *db, const char *id, struct bulletin_row **ret_row, struct error *err);
int bulletins_get(struct database *db, int64_t bulletin_id, struct bulletin_row **ret_row, struct error *err);
/* The same without its content. */
int bulletins_get_head(struct database *db, int64_t bulletin_id, struct bulletin_row **ret_row, struct error *err);
/* As much of many as is told of a whole history: feed, key, kind, title, date, severity and urgency, in memory that is only
 * lent. A function that returns a negative code ends it. */
typedef int (*bulletins_told_function)(const struct bulletin_row *row, void *context, struct error *err);
int bulletins_each_told(struct database *db, const GArray *bulletin_ids, bulletins_told_function function, void *context,
                        struct error *err);

/* The key of what unverified mails say about the same bulletin as this row, or NULL if there is no such; newly allocated. */
int bulletins_unverified_key(struct database *db, const struct bulletin_row *row, char **ret_key, struct error *err);

/* The bulletin that a revision belongs to, or that has this name in the archive. -ERR_NOT_FOUND. */
int bulletins_of_revision(struct database *db, int64_t revision_id, int64_t *ret_bulletin_id, struct error *err);
int bulletins_of_archive_name(struct database *db, const char *name, int64_t *ret_bulletin_id, struct error *err);

/* All revisions, oldest first; an array of struct revision_row. */
int bulletins_revisions(struct database *db, int64_t bulletin_id, GPtrArray **ret_revisions, struct error *err);

/* The contents of one revision, the standing one first, then by fingerprint; an array of struct variant_row. */
struct variant_row {
        int64_t id, mail_id;
        char *fingerprint;
        bool stands;
        unsigned mails;
        struct bulletin *content;
        GPtrArray *changes; /* struct bulletin_change from the standing content to this; empty for the standing one */
};
int bulletins_variants(struct database *db, int64_t revision_id, GPtrArray **ret_variants, struct error *err);

/* The mails of a bulletin (array of int64_t ids), the one that stands for the current revision first, the others in an
 * order that does not depend on arrival (digest). */
int bulletins_mails(struct database *db, int64_t bulletin_id, GArray **ret_mail_ids, struct error *err);
/* How many there are, without those that are unverified; and how many of these. */
int bulletins_count(struct database *db, int64_t *ret_bulletins, int64_t *ret_revisions, struct error *err);
int bulletins_count_verified(struct database *db, int64_t *ret_bulletins, struct error *err);
int bulletins_count_unverified(struct database *db, int64_t *ret_bulletins, struct error *err);

/* The archive's to-do list: bulletins whose files are to be written, in the order of their marks (an array of struct
 * archive_pending; limit 0: all). One that is marked again has a larger mark than any before. */
struct archive_pending { int64_t bulletin_id, mark; };
int bulletins_archive_pending(struct database *db, unsigned limit, GArray **ret_pending, struct error *err);
int bulletins_archive_done(struct database *db, int64_t bulletin_id, struct error *err);
int bulletins_archive_all(struct database *db, struct error *err); /* marks every one */
/* Archive names that no bulletin has any more (array of char *): their files are to be removed. */
int bulletins_archive_stale(struct database *db, unsigned limit, GPtrArray **ret_names, struct error *err);
int bulletins_archive_stale_done(struct database *db, const char *name, struct error *err);

#endif
