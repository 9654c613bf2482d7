/* SPDX-License-Identifier: MIT */
/*
 * Refresh tokens that replace configured ones: a file for each, named after what it belongs to. So a new configured token
 * has no file and counts, and mailboxes that share a configured token share the file, since using one that has been
 * replaced can make a server revoke them all.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/file.h"
#include "common/limits.h"
#include "daemon/credential.h"
#include "daemon/oauth2_p.h"

#define SCHEMA "hotfixd.refresh-token/1"
#define NAME_CHARS 32 /* of the digest */
#define FILE_BYTES_MAX LIMIT_ANSWER_BYTES /* more than JSON makes of a token and of what it belongs to */
#define PROBE_BYTES (2u * LIMIT_TOKEN_BYTES)

char *oauth2_identity(const struct config_oauth2 *oauth2)
{
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256_strings(digest, oauth2->token_url, oauth2->client_id,
                              oauth2->refresh_token ? oauth2->refresh_token : "", NULL);
        return g_strdup(digest);
}

static char *path_of(const struct config_oauth2 *oauth2, const char *identity)
{
        g_autofree char *name = g_strdup_printf("%.*s.json", NAME_CHARS, identity);
        return g_build_filename(oauth2->store_directory, name, NULL);
}

/* The token in this text, if it belongs to the identity. */
static char *read_token(const char *data, size_t size, const char *identity)
{
        json_t *json = json_loadb(data, size, JSON_REJECT_DUPLICATES, NULL);
        const char *schema = json_string_value(json_object_get(json, "schema"));
        const char *owner = json_string_value(json_object_get(json, "identity"));
        const char *token = json_string_value(json_object_get(json, "refresh_token"));
        char *copy = NULL;
        if (g_strcmp0(schema, SCHEMA) == 0 && g_strcmp0(owner, identity) == 0 && token && oauth2_token_is_valid(token))
                copy = g_strdup(token);
        if (token)
                explicit_bzero((char *) token, strlen(token));
        json_decref(json);
        return copy;
}

int oauth2_load_refresh_token(const struct config_oauth2 *oauth2, char **ret_token, struct error *err)
{
        g_autofree char *identity = oauth2_identity(oauth2), *path = path_of(oauth2, identity);
        char *data = NULL;
        size_t size = 0;
        struct error local = ERROR_INIT;
        int r = file_read(path, FILE_BYTES_MAX, &data, &size, &local);
        *ret_token = NULL;
        if (r == -ENOENT || r == -ERR_LIMIT) {
                error_clear(&local);
                return 0;
        }
        if (r < 0)
                return error_move(err, &local);
        *ret_token = read_token(data, size, identity);
        explicit_bzero(data, size);
        g_free(data);
        return 0;
}

int oauth2_check_store(const struct config_oauth2 *oauth2, struct error *err)
{
        g_autofree char *path = g_build_filename(oauth2->store_directory, "probe", NULL), *zeros = g_malloc0(PROBE_BYTES);
        int r = file_make_directory(oauth2->store_directory, 0700, err);
        if (r == 0)
                r = file_write_atomic(path, zeros, PROBE_BYTES, 0600, err);
        if (r < 0)
                error_prefix(err, "a new refresh token could not be stored, so that none is asked for");
        else
                unlink(path);
        return r;
}

int oauth2_store_refresh_token(const struct config_oauth2 *oauth2, const char *token, struct error *err)
{
        int r = file_make_directory(oauth2->store_directory, 0700, err);
        if (r < 0)
                return r;
        g_autofree char *identity = oauth2_identity(oauth2), *path = path_of(oauth2, identity);
        g_autofree char *now = clock_format_utc(clock_wall_ms());
        json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "schema", SCHEMA, "identity", identity, "token_url",
                                 oauth2->token_url, "client_id", oauth2->client_id, "stored", now, "refresh_token", token);
        char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
        r = text ? file_write_atomic(path, text, strlen(text), 0600, err) : -ENOMEM;
        if (json)
                explicit_bzero((char *) json_string_value(json_object_get(json, "refresh_token")), strlen(token));
        json_decref(json);
        credential_free(text);
        return r;
}
