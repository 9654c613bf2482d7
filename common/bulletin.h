/* SPDX-License-Identifier: MIT */
/*
 * A bulletin as a plain struct: the vocabulary that extraction, store, notification and commands share.
 * Strings are UTF-8 and owned by the struct; NULL means "not stated". Dates are "YYYY-MM-DD" or "".
 */
#ifndef COMMON_BULLETIN_H
#define COMMON_BULLETIN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define BULLETIN_SCHEMA "hotfixd.bulletin/1"
#define BULLETIN_DATE_SIZE 11
#define BULLETIN_WARNINGS_MAX 200 /* bulletin_add_warning keeps no more */

enum bulletin_kind {
        BULLETIN_UNKNOWN,
        BULLETIN_ALERT,
        BULLETIN_ADVANCE_NOTICE,
        BULLETIN_WEEKLY,
        BULLETIN_NEWS,
        BULLETIN_TIPS,
        BULLETIN_KIND_MAX
};

/* How a value came about. */
enum basis { BASIS_UNDETERMINED, BASIS_STATED, BASIS_INFERRED, BASIS_MAX };

/* The enumerated fields. The order is the order in JSON and on a page. */
enum bulletin_field {
        FIELD_SEVERITY,
        FIELD_URGENCY,
        FIELD_MEASURE,
        FIELD_EXPLOIT_CODE,
        FIELD_EXPLOIT_PUBLISHED,
        FIELD_ATTACKS_OBSERVED,
        FIELD_RESTART,
        FIELD_UNINSTALL,
        FIELD_ENVIRONMENT_SERVER,
        FIELD_ENVIRONMENT_CLIENT,
        FIELD_ATTACK_REMOTE,
        FIELD_ATTACK_WORM,
        FIELD_ATTACK_EMAIL,
        FIELD_ATTACK_WEB,
        FIELD_IMPACT_CODE_EXECUTION,
        FIELD_IMPACT_PRIVILEGE_ELEVATION,
        FIELD_IMPACT_INFORMATION_DISCLOSURE,
        FIELD_IMPACT_DENIAL_OF_SERVICE,
        FIELD_IMPACT_SPOOFING,
        FIELD_MAX
};

/* Values. In each set 0 is "no value" (null in JSON). Severity and urgency grow with their weight. */
enum { SEVERITY_NONE, SEVERITY_LOW, SEVERITY_MODERATE, SEVERITY_IMPORTANT, SEVERITY_CRITICAL };
enum { URGENCY_NONE, URGENCY_WAIT, URGENCY_CONSIDER, URGENCY_EARLY, URGENCY_IMMEDIATE }; /* urgency and measure */
enum { EXPLOIT_NONE_STATED = 1, EXPLOIT_AVAILABLE = 2 };                                 /* exploit_code */
enum { ANSWER_NO = 1, ANSWER_YES = 2 };                                                  /* yes/no fields */
enum { RESTART_NOT_REQUIRED = 1, RESTART_CONDITIONAL, RESTART_REQUIRED };
enum { UNINSTALL_POSSIBLE = 1, UNINSTALL_CONDITIONAL, UNINSTALL_NOT_POSSIBLE };
enum { TEST_OK = 1, TEST_PARTIAL, TEST_FAIL };

/* One enumerated field of one bulletin. */
struct choice {
        bool present;     /* false: this kind of message does not have the field (null in JSON) */
        enum basis basis; /* BASIS_UNDETERMINED: value is 0 and reason says why */
        int value;
        char *text;   /* as the mail words it, or NULL */
        char *reason; /* why it is undetermined or how it was inferred, English, or NULL */
};

struct affected { char *software, *platforms; };
struct lab_test { char *platform; struct choice result; };
struct download { char *platform, *center, *catalog; };
struct package_file { char *name, *date, *version; gint64 size; /* bytes; -1 unknown */ char *description, *folder; };
struct package { char *product; struct package_file *file; /* or NULL */ GPtrArray *files; /* struct package_file */ };
struct deployment { char *package, *product; gint64 minutes[4]; /* for 50, 100, 250, 500 hosts; -1 unknown */ };
struct update_expert { char *product, *text; };
/* A row of a digest: what it refers to, in the feed's words. */
struct bulletin_entry { char *type, *id; GPtrArray *kbs; /* char *, digits only */ char *title; };
struct section { char *heading, *text; };
struct link { char *text, *url; };
struct charset_use { char *declared, *used; bool repaired; };

struct mail_info {
        char *message_id, *from, *subject;
        char *date;   /* RFC 3339 as the Date field says, or NULL */
        char *sha256; /* of the raw bytes */
        GPtrArray *charsets; /* struct charset_use */
};

struct bulletin {
        char *feed;
        enum bulletin_kind kind;
        char *id;            /* "MS07-028"; NULL where the kind has none or it is undetermined */
        GPtrArray *kbs;      /* char *, digits only */
        char edition[BULLETIN_DATE_SIZE], registered[BULLETIN_DATE_SIZE], updated[BULLETIN_DATE_SIZE];
        struct choice fields[FIELD_MAX];
        char *title, *vendor_title;
        GPtrArray *supersedes, *cves; /* char * */
        GPtrArray *affected, *tests, *downloads, *packages, *deployments, *update_expert;
        GPtrArray *entries; /* struct bulletin_entry: of a weekly, an advance notice, a news item about several things */
        GPtrArray *sections, *links;
        struct mail_info mail;
        GPtrArray *warnings; /* char *, English */
        bool sound; /* it was read from what was once written: every text is valid, within its bound and in its form */
        /* Of one that was unpacked (bulletin_pack.h): all its texts, structs and lists are parts of these two blocks, this
         * struct too. It is only read: nothing of it can be changed, added or taken out. */
        char *bytes, *room;
};

/* An empty bulletin: all lists exist and are empty, every field has present = false. Never fails. */
struct bulletin *bulletin_new(void);
void bulletin_free(struct bulletin *bulletin);
typedef struct bulletin bulletin_t; /* for g_autoptr(bulletin_t) only */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(bulletin_t, bulletin_free)

/* Sets a field or a test result and makes it present; the texts are copied and may be NULL. BASIS_UNDETERMINED or a
 * value of 0 make it undetermined. */
void choice_set(struct choice *choice, enum basis basis, int value, const char *text, const char *reason);
void bulletin_set_field(struct bulletin *b, enum bulletin_field field, enum basis basis, int value, const char *text,
                        const char *reason);
/* Makes the field present and undetermined. */
void bulletin_set_undetermined(struct bulletin *b, enum bulletin_field field, const char *text, const char *reason);
/* How a warning begins that says what is not there: another reading of the same bulletin may have it. */
#define BULLETIN_STATES_NO "the mail states no "
#define BULLETIN_HAS_NO "the mail has no "
void bulletin_add_warning(struct bulletin *b, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Constructors for list members; all strings are copied and may be NULL. The lists free them. */
struct affected *affected_new(const char *software, const char *platforms);
struct lab_test *lab_test_new(const char *platform); /* with an undetermined result */
struct download *download_new(const char *platform, const char *center, const char *catalog);
struct package_file *package_file_new(const char *name, const char *date, const char *version, gint64 size_bytes,
                                      const char *description, const char *folder);
struct package *package_new(const char *product);
void package_file_free(struct package_file *file);
struct deployment *deployment_new(const char *package, const char *product);
struct update_expert *update_expert_new(const char *product, const char *text);
struct bulletin_entry *bulletin_entry_new(const char *type, const char *id, const char *title); /* without KBs */
void bulletin_entry_free(struct bulletin_entry *entry);
struct section *section_new(const char *heading, const char *text);
struct link *link_new(const char *text, const char *url);
struct charset_use *charset_use_new(const char *declared, const char *used, bool repaired);

/* Names. The JSON path of a field ("environments.server"), its label in the bulletin ("深刻度"), its English label
 * ("severity", "server"). Static strings. */
const char *bulletin_field_path(enum bulletin_field field);
const char *bulletin_field_label(enum bulletin_field field);
const char *bulletin_field_english(enum bulletin_field field);
/* "critical", "immediate", …: the JSON value. NULL for 0. The reverse returns 0 for an unknown name. */
const char *bulletin_value_name(enum bulletin_field field, int value);
int bulletin_value_parse(enum bulletin_field field, const char *name);
/* "緊急", "至急適用": the feed's own word for a value of severity, urgency, measure; NULL for others and for 0. */
const char *bulletin_value_label(enum bulletin_field field, int value);
const char *bulletin_kind_name(enum bulletin_kind kind); /* "alert", "advance-notice", … */
int bulletin_kind_parse(const char *name, enum bulletin_kind *ret_kind);
const char *basis_name(enum basis basis);
int basis_parse(const char *name, enum basis *ret_basis);
const char *test_result_name(int value);
int test_result_parse(const char *name); /* 0 for an unknown name */

/* "YYYY-MM-DD" of a date that exists. */
bool bulletin_date_is_valid(const char *date);

/*
 * Identity (DESIGN.md, "What a bulletin is"). The key names the bulletin within its feed: the id; for kinds without
 * one its number and date; else "text:" and a hash of the normalised text. Newly allocated, never NULL.
 */
char *bulletin_key(const struct bulletin *b);

/* A digest of everything the bulletin says, in comparison form, without the mail it came in and the warnings: the same
 * content from another charset, encoding or re-sending has the same fingerprint. */
void bulletin_fingerprint(const struct bulletin *b, char ret_text[65]);

/* How many of the enumerated fields, dates, ids and titles are determined. */
unsigned bulletin_count_determined(const struct bulletin *b);

/* One field that differs between two bulletins. */
struct bulletin_change {
        char *path;  /* JSON path: "severity", "title", "sections[概要]" */
        char *label; /* the bulletin's own label: "深刻度" */
        char *from, *to; /* as a reader should see them; "" for nothing, "undetermined" for an undetermined field */
        bool matters;    /* an administrator acts on it: severity, urgency, exploit, restart, affected, …; not prose */
};
void bulletin_change_free(struct bulletin_change *change);

/* All differences from old to new, in page order; an array of struct bulletin_change that frees its members. */
GPtrArray *bulletin_diff(const struct bulletin *old, const struct bulletin *new);

#endif
