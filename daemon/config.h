/* SPDX-License-Identifier: MIT */
/*
 * The configuration: GKeyFile, with drop-ins (in FILE.d, names ending in .conf) read after FILE in the order of their
 * names; a key set again replaces the earlier value, an empty value means the default. Unknown sections and keys, bad
 * values, missing secrets and references to things that do not exist are all collected, each naming file, section and
 * key.
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/errors.h"
#include "common/log.h"
#include "ingest/authenticity.h"
#include "ingest/worker.h"
#include "notify/channel.h"
#include "notify/route.h"

#define CONFIG_DEFAULT_FILE "/etc/hotfixd/hotfixd.conf"
#define CONFIG_DEFAULT_STATE_DIR "/var/lib/hotfixd"
#define CONFIG_DEFAULT_HOLIDAYS_FILE "/usr/share/hotfixd/holidays-jp" /* installed */
#define CONFIG_HEALTH_NAME "health" /* of the route, and of the channel that is used without it */

enum config_tls { CONFIG_TLS_IMPLICIT, CONFIG_TLS_STARTTLS, CONFIG_TLS_NONE };
enum config_after { CONFIG_AFTER_NONE, CONFIG_AFTER_SEEN, CONFIG_AFTER_MOVE };

enum config_oauth2_flow { CONFIG_OAUTH2_REFRESH_TOKEN, CONFIG_OAUTH2_CLIENT_CREDENTIALS };

/* Where a mailbox gets its access token (RFC 6749). Secrets are wiped when freed. */
struct config_oauth2 {
        enum config_oauth2_flow flow;
        char *token_url, *client_id;
        char *client_secret; /* NULL for a public client */
        char *refresh_token; /* of the refresh-token flow */
        char *scope;         /* or NULL */
        char *ca_file;       /* for the token endpoint, or NULL: the system's */
        bool insecure;       /* http:// to a loopback address is allowed */
        char *store_directory; /* where refresh tokens that replace configured ones are kept */
};

struct config_mailbox {
        char *name;
        char *url;            /* as written */
        char *host, *folder;  /* folder: percent-decoded UTF-8 */
        unsigned port;
        enum config_tls tls; /* imaps://: implicit; imap://: STARTTLS required, or none with insecure=yes on loopback */
        bool insecure;
        char *ca_file;        /* PEM file instead of the system's, or NULL */
        char *user, *password;/* password wiped when freed */
        char *auth;           /* "auto", "plain", "login", "xoauth2", "oauthbearer" */
        struct config_oauth2 *oauth2; /* with the last two, else NULL; password is NULL then */
        struct authenticity_policy authenticity;
        bool idle;            /* use IDLE where the server has it; default yes */
        int64_t poll_interval_ms; /* default 60 s; used where there is no IDLE */
        int64_t idle_renew_ms;    /* default 9 min */
        int64_t timeout_ms;       /* default 60 s: silence of the server while an answer is owed */
        int64_t reconcile_interval_ms; /* default 1 h: all UIDs are compared with what is on record */
        enum config_after after;
        char *after_folder;   /* for CONFIG_AFTER_MOVE, UTF-8 */
        char *location;       /* "user@host:port/folder", for the cursor and for messages */
};

/* From when on something that is wrong with the service itself is told; 0 turns a rule off. */
struct config_health {
        int64_t unreachable_ms;    /* a mailbox cannot be reached for so long */
        int64_t silence_ms;        /* no bulletin has come for so long */
        bool patch_tuesday;        /* no alert has come by the Thursday after Microsoft's patch day (both in Japan) */
        unsigned quarantine;       /* so many mails went into quarantine within a day */
        unsigned disk_free_percent;/* less than so much of the disk is free */
};

struct config {
        char *file;           /* as opened */
        char *state_dir, *database_file, *archive_dir; /* absolute */
        enum log_level log_level;
        unsigned workers;     /* default 2 */
        uint64_t max_message_bytes;
        struct worker_options parser; /* its program is NULL */
        GPtrArray *mailboxes; /* struct config_mailbox */
        GPtrArray *channels;  /* struct channel */
        GPtrArray *routes;    /* struct route; without [route health] */
        struct route *health_route; /* of [route health] only name and channels; NULL if there is none */
        struct config_health health;/* the other keys of [route health], or their defaults */
        struct calendar *calendar;  /* [daemon] time-zone and holidays-file */
        int64_t retention_ms;       /* [daemon] delivery-retention: what was sent is kept so long with all its attempts */
};

enum config_purpose {
        CONFIG_FOR_DAEMON,  /* secrets are read and must be there */
        CONFIG_FOR_CONTROL, /* hotfixctl: secrets are left alone (they may belong to the service's user) */
};

/* Reads and checks. On failure -ERR_CONFIG, -ERR_CREDENTIAL or -errno, and ret_problems holds one line for each problem
 * ("FILE: [section] key: what is wrong"); it is NULL on success. ret_warnings (may be NULL) gets lines for what is
 * legal and doubtful (a channel no route uses, a route without channels, a secret file others can read, a mailbox that
 * believes every sender). */
int config_load(const char *file, enum config_purpose purpose, struct config **ret_config, GPtrArray **ret_problems,
                GPtrArray **ret_warnings);
void config_free(struct config *config);

const struct channel *config_channel(const struct config *config, const char *name);
const struct route *config_route(const struct config *config, const char *name);

/* The channels (const struct channel *) that are told what is wrong with the service itself: those of [route health];
 * without it the channel named "health", if there is one. The caller frees the array. */
GPtrArray *config_health_channels(const struct config *config);

#define CONFIG_ROUTE_BULLETINS 1u
#define CONFIG_ROUTE_HEALTH 2u /* [route health] */

/* Every section kind and key with its default, the values it takes and one line of help: what --check-config accepts,
 * for the test that compares man page and sample with the code. */
struct config_key {
        const char *section, *key, *default_value; /* "" where there is no default */
        const char *values, *help;
        unsigned types; /* [channel]: those that have the key, bits 1 << enum channel_type; [route]: bits below; 0: all */
};
const struct config_key *config_keys(void); /* ends with section NULL */

#endif
