/* SPDX-License-Identifier: MIT */
/* What to say about sections and keys that there are not. */
#include "daemon/config_p.h"

#include <string.h>

static const char *const section_kinds[] = { "daemon", "mailbox", "channel", "route", NULL };

/* Names under which people put a secret straight into a configuration, beside those of the keys themselves. */
static const char *const secret_words[] = { "password", "passwd", "pass", "secret", "token", "smtp-password",
                                            "imap-password", "api-key", NULL };
static const char *const secret_url_words[] = { "url", "webhook", "webhook-url", "slack-url", "slack-webhook", NULL };

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
        if (strcmp(section->kind, "route") == 0)
                return key->types == 0 ||
                       (key->types & (config_section_is_health(section) ? CONFIG_ROUTE_HEALTH : CONFIG_ROUTE_BULLETINS));
        return key->types == 0 || type == CHANNEL_TYPE_MAX || (key->types & 1u << type);
}

static bool has_secret(const struct config_section *section, const char *name)
{
        g_autofree char *by_name = g_strconcat(name, "-credential", NULL);
        const struct config_key *known = config_key_find(section->kind, by_name);
        return known && key_applies(known, section);
}

/* Which of the section's secrets, without "-credential" and "-file", is meant with that word; NULL: none. */
static const char *secret_of_word(const struct config_section *section, const char *word)
{
        static const char *const secrets[] = { "password", "routing-key", "secret", "url" };
        if (has_secret(section, word))
                return word;
        if (g_strv_contains(secret_url_words, word))
                return has_secret(section, "url") ? "url" : NULL;
        for (size_t i = 0; g_strv_contains(secret_words, word) && i < G_N_ELEMENTS(secrets); i++)
                if (has_secret(section, secrets[i]))
                        return secrets[i];
        return NULL;
}

/* Returns true if it had something better to say than "unknown". The value is never shown. */
static bool explain_secret(struct config_reader *reader, const struct config_section *section, const char *key)
{
        const char *secret = secret_of_word(section, key);
        if (!secret)
                return false;
        config_problem(reader, section, key, "%s; use %s-credential = NAME or %s-file = PATH",
                       strcmp(secret, "url") == 0 ? "the URL is a secret and has no place here"
                                                  : "secrets have no place here",
                       secret, secret);
        return true;
}

static void report_unknown_key(struct config_reader *reader, const struct config_section *section, const char *key)
{
        g_autoptr(GPtrArray) words = g_ptr_array_new();
        for (const struct config_key *k = config_keys(); k->section; k++)
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
        types &= (1u << CHANNEL_TYPE_MAX) - 1;
        for (unsigned type = 0; type < CHANNEL_TYPE_MAX; type++)
                if (types & 1u << type)
                        g_string_append_printf(names, "%s%s", names->len == 0 ? "" : types >> (type + 1) ? ", " : " or ",
                                               channel_type_name(type));
        return g_string_free(names, FALSE);
}

static void report_misplaced_key(struct config_reader *reader, const struct config_section *section,
                                 const struct config_key *key)
{
        g_autofree char *types = NULL;
        if (config_section_is_health(section))
                config_problem(reader, section, key->key,
                               "this route is for what is wrong with hotfixd itself and has no such key; a route for "
                               "bulletins needs another name");
        else if (strcmp(section->kind, "route") == 0)
                config_problem(reader, section, key->key, "only [route " CONFIG_HEALTH_NAME "] has this key");
        else
                config_problem(reader, section, key->key, "only a channel of type %s has this key",
                               types = type_names(key->types));
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
                if (known && config_is_set(section, key) && !key_applies(known, section))
                        report_misplaced_key(reader, section, known);
        }
}
