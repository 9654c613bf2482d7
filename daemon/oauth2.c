/* SPDX-License-Identifier: MIT */
#include "daemon/oauth2.h"

#include <glib.h>
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "daemon/credential.h"
#include "daemon/oauth2_p.h"
#include "daemon/transfer_p.h"

#define REQUEST_TIMEOUT_MS 30000
#define MARGIN_MAX_MS INT64_C(60000)           /* a token is used until this long before its end */
#define WAIT_MAX_MS (INT64_C(3600) * 1000)     /* whatever an endpoint asks for; no mailbox is blind for longer */

/* What is known of one client's grant. All mailboxes that use it share it, also over a reload of the configuration. */
struct entry {
        GMutex lock;               /* held during the request: whoever comes meanwhile finds the new token */
        char *access_token, *scope;
        int64_t use_until_ms;      /* monotonic */
        int64_t not_before_ms;     /* monotonic: the endpoint has asked to be left alone until then */
        char *unstored;            /* a new refresh token that could not be stored yet */
        int failures;              /* atomic: of requests; the last one: */
        int failed_code;
        char *failed_text, *failed_scope;
};

static GMutex entries_lock;
static GHashTable *entries; /* digest → struct entry */

static void entry_free(void *data)
{
        struct entry *entry = data;
        credential_free(entry->access_token);
        credential_free(entry->unstored);
        g_free(entry->scope);
        g_free(entry->failed_text);
        g_free(entry->failed_scope);
        g_mutex_clear(&entry->lock);
        g_free(entry);
}

/* Entries live until the end of the process; a few for each configuration there has been. */
static struct entry *find_entry(const struct config_oauth2 *oauth2)
{
        bool refreshes = oauth2->flow == CONFIG_OAUTH2_REFRESH_TOKEN;
        g_autofree char *identity = oauth2_identity(oauth2);
        char key[DIGEST_TEXT_SIZE];
        /* One grant has one refresh token, whatever the scope. */
        digest_sha256_strings(key, refreshes ? "refresh" : "client", identity,
                              !refreshes && oauth2->scope ? oauth2->scope : "", NULL);
        g_mutex_lock(&entries_lock);
        if (!entries)
                entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
        struct entry *entry = g_hash_table_lookup(entries, key);
        if (!entry) {
                entry = g_new0(struct entry, 1);
                g_mutex_init(&entry->lock);
                g_hash_table_insert(entries, g_strdup(key), entry);
        }
        g_mutex_unlock(&entries_lock);
        return entry;
}

void oauth2_finish(void)
{
        g_mutex_lock(&entries_lock);
        g_clear_pointer(&entries, g_hash_table_unref);
        g_mutex_unlock(&entries_lock);
}

static void drop_token(struct entry *entry)
{
        credential_free(g_steal_pointer(&entry->access_token));
        g_clear_pointer(&entry->scope, g_free);
}

void oauth2_forget(const struct config_oauth2 *oauth2, const char *token)
{
        struct entry *entry = find_entry(oauth2);
        g_mutex_lock(&entry->lock);
        if (g_strcmp0(entry->access_token, token) == 0)
                drop_token(entry);
        g_mutex_unlock(&entry->lock);
}

static int store_unstored(const struct config_oauth2 *oauth2, struct entry *entry, struct error *err)
{
        if (!entry->unstored)
                return 0;
        int r = oauth2_store_refresh_token(oauth2, entry->unstored, err);
        if (r < 0) {
                error_prefix(err, "the token endpoint has given a new refresh token, which must not be lost");
                return r;
        }
        credential_free(g_steal_pointer(&entry->unstored));
        return 0;
}

static void take_grant(const struct config_oauth2 *oauth2, struct entry *entry, struct oauth2_grant *grant,
                       const char *used)
{
        drop_token(entry);
        entry->access_token = g_steal_pointer(&grant->access_token);
        entry->scope = g_strdup(oauth2->scope);
        entry->use_until_ms = clock_monotonic_ms() + grant->lifetime_ms - MIN(MARGIN_MAX_MS, grant->lifetime_ms / 4);
        if (used && grant->refresh_token && strcmp(grant->refresh_token, used) != 0)
                entry->unstored = g_steal_pointer(&grant->refresh_token);
}

/* What an endpoint knows and may repeat, also as it stands in the form. */
static char **collect_secrets(const struct config_oauth2 *oauth2, const struct entry *entry, const char *refresh_token)
{
        const char *const texts[] = { refresh_token, oauth2->client_secret, oauth2->refresh_token, entry->access_token };
        GPtrArray *secrets = g_ptr_array_new();
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                if (texts[i]) {
                        g_ptr_array_add(secrets, g_strdup(texts[i]));
                        g_ptr_array_add(secrets, g_uri_escape_string(texts[i], NULL, FALSE));
                }
        g_ptr_array_add(secrets, NULL);
        return (char **) g_ptr_array_free(secrets, FALSE);
}

static int exchange(const struct config_oauth2 *oauth2, const struct oauth2_transport *transport, struct entry *entry,
                    const char *refresh_token, struct error *err)
{
        char *form = oauth2_form(oauth2, refresh_token);
        struct oauth2_request request = { .url = oauth2->token_url, .body = form, .ca_file = oauth2->ca_file,
                                          .insecure = oauth2->insecure, .timeout_ms = REQUEST_TIMEOUT_MS };
        struct oauth2_answer answer = { .retry_after_ms = -1 };
        int r = transport->post(transport->context, &request, &answer, err);
        credential_free(form);
        if (r < 0) {
                error_prefix(err, "token endpoint");
                return r;
        }
        char **secrets = collect_secrets(oauth2, entry, refresh_token);
        struct oauth2_grant grant = { 0 };
        r = oauth2_read_answer(oauth2, &answer, (const char *const *) secrets, &grant, err);
        transfer_free_secrets(secrets);
        if (r == 0)
                take_grant(oauth2, entry, &grant, refresh_token);
        else if (answer.retry_after_ms > 0)
                entry->not_before_ms = clock_monotonic_ms() + MIN(answer.retry_after_ms, WAIT_MAX_MS);
        oauth2_grant_clear(&grant);
        oauth2_answer_clear(&answer);
        return r;
}

static int request_token(const struct config_oauth2 *oauth2, const struct oauth2_transport *transport,
                         struct entry *entry, struct error *err)
{
        int64_t wait_ms = entry->not_before_ms - clock_monotonic_ms();
        if (wait_ms > 0)
                return error_set(err, -ERR_CONNECTION, "the token endpoint has asked to be left alone for %" G_GINT64_FORMAT
                                 " more seconds", (wait_ms + 999) / 1000);
        bool refreshes = oauth2->flow == CONFIG_OAUTH2_REFRESH_TOKEN;
        char *stored = NULL;
        int r = refreshes ? oauth2_load_refresh_token(oauth2, &stored, err) : 0;
        if (r == 0 && refreshes)
                r = oauth2_check_store(oauth2, err);
        if (r == 0)
                r = exchange(oauth2, transport, entry, stored ? stored : oauth2->refresh_token, err);
        credential_free(stored);
        return r;
}

static int request_and_note(const struct config_oauth2 *oauth2, const struct oauth2_transport *transport,
                            struct entry *entry, struct error *err)
{
        struct error local = ERROR_INIT;
        int r = request_token(oauth2, transport, entry, &local);
        if (r == 0)
                return 0;
        if (r != -ERR_CANCELLED) {
                g_free(entry->failed_text);
                g_free(entry->failed_scope);
                entry->failed_text = g_strdup(error_text(&local));
                entry->failed_scope = g_strdup(oauth2->scope);
                entry->failed_code = r;
                g_atomic_int_inc(&entry->failures);
        }
        return error_move(err, &local);
}

static bool is_usable(const struct entry *entry, const struct config_oauth2 *oauth2)
{
        return entry->access_token && g_strcmp0(entry->scope, oauth2->scope) == 0 &&
               clock_monotonic_ms() < entry->use_until_ms;
}

int oauth2_token(const struct config_oauth2 *oauth2, const struct oauth2_transport *transport, char **ret_token,
                 bool *ret_cached, struct error *err)
{
        struct entry *entry = find_entry(oauth2);
        int failures = g_atomic_int_get(&entry->failures);
        g_mutex_lock(&entry->lock);
        /* A request that failed while this one waited for it has failed for both: else mailboxes of one account would ask in
         * vain one after the other, and each would wait for all before it. */
        bool failed = entry->failures != failures && g_strcmp0(entry->failed_scope, oauth2->scope) == 0;
        /* Before anything is used that came with it. */
        int r = store_unstored(oauth2, entry, err);
        bool cached = is_usable(entry, oauth2);
        if (r == 0 && !cached) {
                r = failed ? error_set(err, entry->failed_code, "%s", entry->failed_text)
                           : request_and_note(oauth2, transport, entry, err);
                if (r == 0)
                        r = store_unstored(oauth2, entry, err);
        }
        if (r == 0) {
                *ret_token = g_strdup(entry->access_token);
                *ret_cached = cached;
        }
        g_mutex_unlock(&entry->lock);
        return r;
}
