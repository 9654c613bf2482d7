/* SPDX-License-Identifier: MIT */
/* Which sections and keys there are, and what to say about others. */
#include "daemon/config_p.h"

#include <string.h>

#define SLACK (1u << CHANNEL_SLACK)
#define EMAIL (1u << CHANNEL_EMAIL)
#define LOG (1u << CHANNEL_LOG)

/* Where a default is also a number in common/limits.h, check_config.c compares the two. */
static const struct config_key keys[] = {
        { "daemon", "state-dir", CONFIG_DEFAULT_STATE_DIR, "absolute path", "where the database and the archive are",
          0 },
        { "daemon", "log-level", "info", "error | warning | notice | info | debug", "how much is logged", 0 },
        { "daemon", "workers", "2", "1 to 16", "parser processes", 0 },
        { "daemon", "max-message-size", "25M", "a size such as 30M, from 64k to 256M", "larger mails are quarantined", 0 },
        { "daemon", "max-text-size", "2M", "a size such as 4M, from 64k to 8M", "longer texts of a mail are not read", 0 },
        { "daemon", "parser-timeout", "20s", "a duration such as 30s, from 1s to 10m", "time to read one mail", 0 },
        { "daemon", "parser-cpu-time", "2s", "a duration such as 5s, from 1s to 10m",
          "processor time to read one mail", 0 },
        { "daemon", "parser-memory", "256M", "a size such as 512M, from 128M to 4G",
          "address space of a parser process", 0 },

        { "mailbox", "url", "", "imaps://HOST[:PORT][/FOLDER] or imap://…", "server and folder; required", 0 },
        { "mailbox", "user", "", "text", "login name; required", 0 },
        { "mailbox", "password-credential", "", "name", "credential that holds the password", 0 },
        { "mailbox", "password-file", "", "absolute path", "file that holds the password", 0 },
        { "mailbox", "auth", "auto", "auto | plain | login | xoauth2 | oauthbearer", "how to log in", 0 },
        { "mailbox", "oauth2-flow", "refresh-token", "refresh-token | client-credentials",
          "how an access token is asked for", 0 },
        { "mailbox", "oauth2-token-url", "", "https://HOST[:PORT]/PATH", "where access tokens come from", 0 },
        { "mailbox", "oauth2-client-id", "", "text", "hotfixd's name at the token endpoint", 0 },
        { "mailbox", "oauth2-client-secret-credential", "", "name", "credential that holds the client's secret", 0 },
        { "mailbox", "oauth2-client-secret-file", "", "absolute path", "file that holds the client's secret", 0 },
        { "mailbox", "oauth2-refresh-token-credential", "", "name", "credential that holds the refresh token", 0 },
        { "mailbox", "oauth2-refresh-token-file", "", "absolute path", "file that holds the refresh token", 0 },
        { "mailbox", "oauth2-scope", "", "words separated by spaces", "what the token is to be good for", 0 },
        { "mailbox", "oauth2-tls-ca-file", "", "absolute path",
          "certificates to trust at the token endpoint instead of the system's", 0 },
        { "mailbox", "tls-ca-file", "", "absolute path", "certificates to trust instead of the system's", 0 },
        { "mailbox", "insecure", "no", "yes | no", "plain text, to a loopback address only", 0 },
        { "mailbox", "idle", "yes", "yes | no", "let the server announce new mail (IDLE)", 0 },
        { "mailbox", "poll-interval", "60s", "a duration such as 90s or 5m, from 5s to 1d",
          "time between looks without IDLE", 0 },
        { "mailbox", "idle-renew", "9m", "a duration such as 90s or 5m, from 10s to 29m",
          "how long one IDLE lasts", 0 },
        { "mailbox", "timeout", "60s", "a duration such as 90s or 5m, from 1s to 10m",
          "silence after which the server counts as gone", 0 },
        { "mailbox", "reconcile-interval", "1h", "a duration such as 30m or 6h, from 1m to 1d",
          "time between two comparisons of all UIDs", 0 },
        { "mailbox", "trusted-senders", "", "list of addresses user@host or of @domain",
          "whose mails count as verified; without it, everybody's", 0 },
        { "mailbox", "require-authentication", "none", "none | dkim | spf | dmarc",
          "what our own mail server must have verified of a mail", 0 },
        { "mailbox", "authserv-id", "", "list of words, such as mx.example.org",
          "the name that our own mail servers write into Authentication-Results", 0 },
        { "mailbox", "after-ingest", "none", "none | seen | move:FOLDER", "what happens to a stored mail", 0 },

        { "channel", "type", "", "slack | email | log", "kind of channel; required", 0 },
        { "channel", "url-credential", "", "name", "credential that holds the webhook's URL", SLACK },
        { "channel", "url-file", "", "absolute path", "file that holds the webhook's URL", SLACK },
        { "channel", "mention", "", "text", "put before new and raised alerts", SLACK },
        { "channel", "smtp-url", "", "smtp://HOST[:PORT] or smtps://HOST[:PORT]", "mail server; required", EMAIL },
        { "channel", "from", "", "address", "sender; required", EMAIL },
        { "channel", "to", "", "list of addresses", "recipients; required", EMAIL },
        { "channel", "user", "", "text", "login name at the mail server", EMAIL },
        { "channel", "password-credential", "", "name", "credential that holds the password", EMAIL },
        { "channel", "password-file", "", "absolute path", "file that holds the password", EMAIL },
        { "channel", "tls-ca-file", "", "absolute path", "certificates to trust instead of the system's",
          SLACK | EMAIL },
        { "channel", "insecure", "no", "yes | no", "plain text, to a loopback address only", SLACK | EMAIL },
        { "channel", "level", "warning", "error | warning | notice | info | debug", "level of the log lines", LOG },

        { "route", "severity", "", "critical | important | moderate | low", "lowest severity that is sent", 0 },
        { "route", "urgency", "", "immediate | early | consider | wait", "lowest urgency that is sent", 0 },
        { "route", "match", "any", "any | all", "whether one threshold suffices", 0 },
        { "route", "environment", "any", "any | server | client", "only what concerns these machines", 0 },
        { "route", "products", "", "list of patterns", "only what affects these products", 0 },
        { "route", "exploit", "any", "any | available | published | attacks", "only with this much of an exploit", 0 },
        { "route", "kinds", "alert", "list of kinds", "kinds of message", 0 },
        { "route", "updates", "no", "yes | no", "send revisions that change what matters", 0 },
        { "route", "undetermined", "yes", "yes | no", "undetermined counts as above the thresholds", 0 },
        { "route", "channels", "", "list of channel names", "where to send", 0 },
        { NULL, NULL, NULL, NULL, NULL, 0 },
};

static const char *const section_kinds[] = { "daemon", "mailbox", "channel", "route", NULL };

/* Names under which people put a secret straight into a configuration. */
static const char *const secret_words[] = { "password", "passwd", "pass", "secret", "token", "smtp-password",
                                            "imap-password", "api-key", NULL };
static const char *const secret_oauth2_words[] = { "oauth2-client-secret", "oauth2-refresh-token", NULL };
static const char *const secret_url_words[] = { "url", "webhook", "webhook-url", "slack-url", "slack-webhook", NULL };

const struct config_key *config_keys(void)
{
        return keys;
}

const struct config_key *config_key_find(const char *section, const char *key)
{
        for (const struct config_key *k = keys; k->section; k++)
                if (strcmp(k->section, section) == 0 && strcmp(k->key, key) == 0)
                        return k;
        return NULL;
}

bool config_section_kind_is_known(const char *kind)
{
        return g_strv_contains(section_kinds, kind);
}

/* Longer words have no suggestion; this bounds the work. */
#define SUGGEST_LENGTH_MAX 40

/* Edits (insert, delete, replace, swap of neighbours) that lead from a to b. */
static size_t edit_distance(const char *a, const char *b)
{
        size_t rows[SUGGEST_LENGTH_MAX + 1][SUGGEST_LENGTH_MAX + 1];
        size_t la = strlen(a), lb = strlen(b);
        for (size_t i = 0; i <= la; i++)
                rows[i][0] = i;
        for (size_t j = 0; j <= lb; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= la; i++)
                for (size_t j = 1; j <= lb; j++) {
                        size_t cost = a[i - 1] != b[j - 1];
                        size_t best = MIN(rows[i - 1][j] + 1, rows[i][j - 1] + 1);
                        best = MIN(best, rows[i - 1][j - 1] + cost);
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                best = MIN(best, rows[i - 2][j - 2] + 1);
                        rows[i][j] = best;
                }
        return rows[la][lb];
}

/* "poll" of "poll-interval", "url" of "smtp-url". */
static bool is_part_of(const char *word, const char *whole)
{
        size_t length = strlen(word), whole_length = strlen(whole);
        if (length < 3 || whole_length <= length)
                return false;
        return (g_str_has_prefix(whole, word) && length > 3) ||
               (g_str_has_suffix(whole, word) && whole[whole_length - length - 1] == '-');
}

const char *config_suggest(const char *word, const char *const *words)
{
        g_autofree char *lower = g_ascii_strdown(word, -1);
        g_strdelimit(lower, "_ ", '-');
        size_t length = strlen(lower), best = G_MAXSIZE;
        const char *suggestion = NULL;
        if (length == 0 || length > SUGGEST_LENGTH_MAX)
                return NULL;
        for (size_t i = 0; words[i]; i++) {
                if (strlen(words[i]) > SUGGEST_LENGTH_MAX)
                        continue;
                size_t distance = edit_distance(lower, words[i]);
                if (is_part_of(lower, words[i]))
                        distance = MIN(distance, 2);
                if (distance <= (length < 3 ? 1 : 2) && distance < best) {
                        best = distance;
                        suggestion = words[i];
                }
        }
        return suggestion;
}

void config_unknown_section(struct config_reader *reader, const char *file, const char *title, const char *kind)
{
        const char *suggestion = config_suggest(kind, section_kinds);
        if (suggestion)
                config_file_problem(reader, file, "[%s]: unknown section; did you mean [%s%s]?", title, suggestion,
                                    strcmp(suggestion, "daemon") == 0 ? "" : " NAME");
        else
                config_file_problem(
                        reader, file,
                        "[%s]: unknown section; there are [daemon], [mailbox NAME], [channel NAME], [route NAME]",
                        title);
}

static enum channel_type section_channel_type(const struct config_section *section)
{
        enum channel_type type;
        const char *name = strcmp(section->kind, "channel") == 0 ? config_text(section, "type") : NULL;
        return name && channel_type_parse(name, &type) == 0 ? type : CHANNEL_TYPE_MAX;
}

static bool key_applies(const struct config_key *key, const struct config_section *section)
{
        enum channel_type type = section_channel_type(section);
        return key->channel_types == 0 || type == CHANNEL_TYPE_MAX || (key->channel_types & 1u << type);
}

/* Returns true if it had something better to say than "unknown". The value is never shown. */
static bool explain_secret(struct config_reader *reader, const struct config_section *section, const char *key)
{
        bool is_mailbox = strcmp(section->kind, "mailbox") == 0, is_channel = strcmp(section->kind, "channel") == 0;
        enum channel_type type = section_channel_type(section);
        bool word = g_strv_contains(secret_words, key), url_word = g_strv_contains(secret_url_words, key);
        if (is_channel && type != CHANNEL_EMAIL && (url_word || (word && type == CHANNEL_SLACK))) {
                config_problem(reader, section, key,
                               "a webhook's URL is a secret and has no place here; use url-credential = NAME or "
                               "url-file = PATH");
                return true;
        }
        if (is_mailbox && g_strv_contains(secret_oauth2_words, key)) {
                config_problem(reader, section, key, "secrets have no place here; use %s-credential = NAME or %s-file = PATH",
                               key, key);
                return true;
        }
        if (word && (is_mailbox || is_channel)) {
                config_problem(reader, section, key, "secrets have no place here; use password-credential = NAME or "
                                                     "password-file = PATH");
                return true;
        }
        return false;
}

static void report_unknown_key(struct config_reader *reader, const struct config_section *section, const char *key)
{
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        for (const struct config_key *k = keys; k->section; k++)
                if (strcmp(k->section, section->kind) == 0 && key_applies(k, section))
                        g_ptr_array_add(words, (gpointer) k->key);
        g_ptr_array_add(words, NULL);
        const char *suggestion = config_suggest(key, (const char *const *) words->pdata);
        if (suggestion)
                config_problem(reader, section, key, "unknown key; did you mean \"%s\"?", suggestion);
        else
                config_problem(reader, section, key, "unknown key");
}

static char *type_names(unsigned types)
{
        GString *names = g_string_new(NULL);
        for (unsigned type = 0; type < CHANNEL_TYPE_MAX; type++)
                if (types & 1u << type)
                        g_string_append_printf(names, "%s%s", names->len ? " or " : "", channel_type_name(type));
        return g_string_free(names, FALSE);
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
        return strcmp(a, b);
}

void config_check_keys(struct config_reader *reader, const struct config_section *section)
{
        g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(section->values), compare_keys);
        for (GList *item = names; item; item = item->next) {
                const char *key = item->data;
                const struct config_key *known = config_key_find(section->kind, key);
                if (!known && !explain_secret(reader, section, key))
                        report_unknown_key(reader, section, key);
                if (known && !key_applies(known, section)) {
                        g_autofree char *types = type_names(known->channel_types);
                        config_problem(reader, section, key, "only a channel of type %s has this key", types);
                }
        }
}
