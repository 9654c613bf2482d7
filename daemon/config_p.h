/* SPDX-License-Identifier: MIT */
/* What the files of the configuration module share: the merged sections, and the list of problems. */
#ifndef DAEMON_CONFIG_P_H
#define DAEMON_CONFIG_P_H

#include <glib.h>

#include "daemon/config.h"

#define CONFIG_NAME_LENGTH_MAX 64u

/* One value and the file it came from. */
struct config_value {
        char *text;
        const char *file; /* owned by the reader */
};

struct config_section {
        char *kind;         /* "daemon", "mailbox", "channel", "route" */
        char *name;         /* "" for [daemon] */
        char *title;        /* as in the file, without brackets: "mailbox work" */
        const char *file;   /* the first file that has it */
        GHashTable *values; /* key → struct config_value */
};

struct config_reader {
        enum config_purpose purpose;
        GPtrArray *files;     /* char *, in reading order; the first is the main file */
        GPtrArray *sections;  /* struct config_section, in the order they appear */
        GPtrArray *problems;  /* char * */
        GPtrArray *warnings;  /* char * */
        bool incomplete;      /* a file could not be read or parsed: what refers to what is not known */
        bool only_credentials;/* every problem so far is a missing or unreadable secret */
};

/* config_file.c: reads the main file and its drop-ins into sections. Returns 0, or -errno if the main file cannot be
 * read; all else that is wrong becomes a problem. */
int config_reader_read(struct config_reader *reader, const char *file);
struct config_reader *config_reader_new(enum config_purpose purpose);
void config_reader_free(struct config_reader *reader);

/* Adds "FILE: [section] key: text"; key NULL: about the section. The file is the one the key's value came from. */
void config_problem(struct config_reader *reader, const struct config_section *section, const char *key,
                    const char *format, ...) G_GNUC_PRINTF(4, 5);
void config_credential_problem(struct config_reader *reader, const struct config_section *section, const char *key,
                               const char *text);
void config_warning(struct config_reader *reader, const struct config_section *section, const char *key,
                    const char *format, ...) G_GNUC_PRINTF(4, 5);
/* Adds "FILE: text". */
void config_file_problem(struct config_reader *reader, const char *file, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* config_keys.c, config_key_table.c: whether the sections and keys are known ones. */
void config_unknown_section(struct config_reader *reader, const char *file, const char *title, const char *kind);
bool config_section_kind_is_known(const char *kind);
void config_check_keys(struct config_reader *reader, const struct config_section *section);
const struct config_key *config_key_find(const char *section, const char *key);
/* The closest of the words (NULL-terminated), or NULL if none is close. */
const char *config_suggest(const char *word, const char *const *words);

/* config_values.c: typed values; a bad one becomes a problem and the default stands in, so that reading goes on. */
const char *config_text(const struct config_section *section, const char *key); /* value or default; NULL for "" */
bool config_is_set(const struct config_section *section, const char *key);
bool config_bool(struct config_reader *reader, const struct config_section *section, const char *key);
/* The index in names (NULL-terminated). */
int config_choice(struct config_reader *reader, const struct config_section *section, const char *key,
                  const char *const *names);
unsigned config_number(struct config_reader *reader, const struct config_section *section, const char *key,
                       unsigned min, unsigned max);
gint64 config_duration_ms(struct config_reader *reader, const struct config_section *section, const char *key,
                          gint64 min_ms, gint64 max_ms);
guint64 config_size(struct config_reader *reader, const struct config_section *section, const char *key, guint64 min,
                    guint64 max);
char *config_path(struct config_reader *reader, const struct config_section *section, const char *key);
/* The path in this key, a readable file with certificates; NULL if there is none. */
char *config_ca_file(struct config_reader *reader, const struct config_section *section, const char *key);
/* The words between commas and semicolons, stripped; empty ones left out. Never NULL; frees its members. */
GPtrArray *config_list(const struct config_section *section, const char *key);
bool config_has_control_characters(const char *text);
bool config_is_printable(const char *text); /* ASCII, spaces included */
/* user@host, of characters that need no quoting anywhere (RFC 5321); host is ASCII. */
bool config_mail_address_is_valid(const char *address);
/* The secret from KEY-credential or KEY-file; NULL if there is none (a problem if required), or for hotfixctl. */
char *config_secret(struct config_reader *reader, const struct config_section *section, const char *key, bool required);

/* config_url.c */
struct config_address {
        char *scheme, *host, *path; /* path: as written, "" or from its "/" on */
        unsigned port;              /* 0: none given */
};
/* Text and URL of a problem never repeat the URL itself: it may hold a secret. Returns -ERR_MALFORMED. */
int config_address_parse(const char *url, const char *const *schemes, struct config_address *ret_address,
                         struct error *err);
void config_address_clear(struct config_address *address);

/* config_mailbox.c, config_channel.c, config_route.c: one section to one struct. NULL after a problem that leaves
 * nothing to build; other problems leave a struct that serves to find more problems. */
struct config_mailbox *config_read_mailbox(struct config_reader *reader, const struct config_section *section);
void config_mailbox_free(struct config_mailbox *mailbox);
/* Only INBOX is without regard to case (RFC 9051 section 5.1). */
bool config_is_same_folder(const char *a, const char *b);
struct channel *config_read_channel(struct config_reader *reader, const struct config_section *section);
struct route *config_read_route(struct config_reader *reader, const struct config_section *section);

/* The address a channel talks to: schemes are the safe one and the plain one. An insecure one must be this machine. True
 * if it is plain text and nothing allows that. */
bool config_check_server(struct config_reader *reader, const struct config_section *section, const char *key,
                         const char *url, const char *const *schemes, bool path_allowed);

/* config_channel_http.c */
void config_read_slack(struct config_reader *reader, const struct config_section *section, struct channel *channel);
void config_read_teams(struct config_reader *reader, const struct config_section *section, struct channel *channel);
void config_read_webhook(struct config_reader *reader, const struct config_section *section, struct channel *channel);
void config_read_pagerduty(struct config_reader *reader, const struct config_section *section, struct channel *channel);

/* config_route_after.c: what follows a first notification, when, and the digest. */
void config_read_escalation(struct config_reader *reader, const struct config_section *section, struct route *route);
void config_read_schedule(struct config_reader *reader, const struct config_section *section, struct route *route);
void config_read_digest(struct config_reader *reader, const struct config_section *section, struct route *route);

/* config_references.c: what one section says of others. */
void config_check_references(struct config_reader *reader, const struct config *config);
const struct config_section *config_find_section(const struct config_reader *reader, const char *kind, const char *name);

/* config_oauth2.c: the oauth2-* keys. NULL if the mailbox logs in with a password; then they must not be there. */
struct config_oauth2 *config_read_oauth2(struct config_reader *reader, const struct config_section *section, bool wanted);
void config_oauth2_free(struct config_oauth2 *oauth2);

/* config_authenticity.c: trusted-senders, require-authentication, authserv-id, into a zeroed policy. */
void config_read_authenticity(struct config_reader *reader, const struct config_section *section,
                              struct authenticity_policy *policy);
void config_authenticity_clear(struct authenticity_policy *policy);

/* config_health.c */
bool config_section_is_health(const struct config_section *section);
struct route *config_read_health(const struct config_section *section);
/* The section's other keys; NULL: the defaults. */
void config_read_health_rules(struct config_reader *reader, const struct config_section *section,
                              struct config_health *rules);

#endif
