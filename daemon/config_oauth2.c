/* SPDX-License-Identifier: MIT */
/* The oauth2-* keys of [mailbox NAME]. */
#include "daemon/config_p.h"

#include <string.h>

#include "daemon/credential.h"
#include "daemon/transfer.h"

#define KEY_PREFIX "oauth2-"
#define CLIENT_SECRET "oauth2-client-secret"
#define REFRESH_TOKEN "oauth2-refresh-token"

void config_oauth2_free(struct config_oauth2 *oauth2)
{
        if (!oauth2)
                return;
        g_free(oauth2->token_url);
        g_free(oauth2->client_id);
        credential_free(oauth2->client_secret);
        credential_free(oauth2->refresh_token);
        g_free(oauth2->scope);
        g_free(oauth2->ca_file);
        g_free(oauth2->store_directory);
        g_free(oauth2);
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
        return strcmp(a, b);
}

static void refuse_all(struct config_reader *reader, const struct config_section *section)
{
        g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(section->values), compare_keys);
        for (GList *item = keys; item; item = item->next) {
                const char *key = item->data;
                if (g_str_has_prefix(key, KEY_PREFIX) && config_is_set(section, key) && config_key_find("mailbox", key))
                        config_problem(reader, section, key, "only auth = xoauth2 or oauthbearer has use for this key");
        }
}

/* Key is a secret's, without its ending. */
static void refuse_secret(struct config_reader *reader, const struct config_section *section, const char *key,
                          const char *why)
{
        static const char *const endings[] = { "-credential", "-file" };
        for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
                g_autofree char *full = g_strconcat(key, endings[i], NULL);
                if (config_is_set(section, full))
                        config_problem(reader, section, full, "%s", why);
        }
}

static void read_token_url(struct config_reader *reader, const struct config_section *section,
                           struct config_oauth2 *oauth2)
{
        static const char *const schemes[] = { "https", "http", NULL };
        struct config_address address = { 0 };
        struct error err = ERROR_INIT;
        const char *url = config_text(section, "oauth2-token-url");
        if (!url) {
                config_problem(reader, section, NULL, "needs oauth2-token-url, as auth = xoauth2 or oauthbearer is set");
                return;
        }
        oauth2->token_url = g_strdup(url);
        if (config_address_parse(url, schemes, &address, &err) < 0)
                config_problem(reader, section, "oauth2-token-url", "%s", error_text(&err));
        else if (!config_is_printable(url) || strpbrk(address.path, " #"))
                config_problem(reader, section, "oauth2-token-url",
                               "the URL has a character in it that no URL, or none of a token endpoint, has");
        else if (strcmp(address.scheme, "http") == 0 && (!oauth2->insecure || !transfer_host_is_loopback(address.host)))
                config_problem(reader, section, "oauth2-token-url",
                               "the URL does not start with https://; plain text needs insecure = yes and a loopback "
                               "address");
        error_clear(&err);
        config_address_clear(&address);
}

static void read_client(struct config_reader *reader, const struct config_section *section,
                        struct config_oauth2 *oauth2)
{
        oauth2->client_id = g_strdup(config_text(section, "oauth2-client-id"));
        if (!oauth2->client_id)
                config_problem(reader, section, NULL, "needs oauth2-client-id, as auth = xoauth2 or oauthbearer is set");
        else if (!config_is_printable(oauth2->client_id))
                config_problem(reader, section, "oauth2-client-id", "only printable ASCII characters are allowed");
        oauth2->scope = g_strdup(config_text(section, "oauth2-scope"));
        /* RFC 6749 section 3.3 */
        if (oauth2->scope && (!config_is_printable(oauth2->scope) || strpbrk(oauth2->scope, "\"\\")))
                config_problem(reader, section, "oauth2-scope",
                               "only words of printable ASCII characters without \" and \\ are allowed");
}

static void read_secrets(struct config_reader *reader, const struct config_section *section,
                         struct config_oauth2 *oauth2)
{
        bool refreshes = oauth2->flow == CONFIG_OAUTH2_REFRESH_TOKEN;
        oauth2->client_secret = config_secret(reader, section, CLIENT_SECRET, !refreshes);
        if (refreshes)
                oauth2->refresh_token = config_secret(reader, section, REFRESH_TOKEN, true);
        else
                refuse_secret(reader, section, REFRESH_TOKEN, "oauth2-flow = client-credentials uses no refresh token");
        if (oauth2->refresh_token && !config_is_printable(oauth2->refresh_token)) {
                const char *key = config_is_set(section, REFRESH_TOKEN "-file") ? REFRESH_TOKEN "-file"
                                                                                : REFRESH_TOKEN "-credential";
                config_credential_problem(reader, section, key,
                                          "this is no refresh token: it has characters that are not printable ASCII");
        }
}

struct config_oauth2 *config_read_oauth2(struct config_reader *reader, const struct config_section *section, bool wanted)
{
        static const char *const flows[] = { "refresh-token", "client-credentials", NULL };
        if (!wanted) {
                refuse_all(reader, section);
                return NULL;
        }
        struct config_oauth2 *oauth2 = g_new0(struct config_oauth2, 1);
        oauth2->insecure = strcmp(config_text(section, "insecure"), "yes") == 0; /* checked with the mailbox's url */
        oauth2->flow = (enum config_oauth2_flow) config_choice(reader, section, "oauth2-flow", flows);
        read_token_url(reader, section, oauth2);
        read_client(reader, section, oauth2);
        read_secrets(reader, section, oauth2);
        oauth2->ca_file = config_ca_file(reader, section, "oauth2-tls-ca-file");
        return oauth2;
}
