/* SPDX-License-Identifier: MIT */
/* What is said to a token endpoint, and what its answers mean. Pure. */
#include <jansson.h>
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "daemon/config_p.h"
#include "daemon/credential.h"
#include "daemon/oauth2_p.h"
#include "daemon/transfer_p.h"

#define SECOND_MS INT64_C(1000)
#define LIFETIME_UNSAID_MS (300 * SECOND_MS) /* an answer need not state it (RFC 6749 section 5.1) */
#define LIFETIME_MAX_SECONDS (24 * 3600)     /* a longer one is not relied upon */
#define ERROR_NAME_CHARS_MAX 64u
#define DESCRIPTION_CHARS_MAX 300u
#define WORD_CHARS_MAX 48u /* a longer one in a server's words may be a token */

void oauth2_answer_clear(struct oauth2_answer *answer)
{
        if (answer->body)
                explicit_bzero(answer->body, answer->size);
        g_clear_pointer(&answer->body, g_free);
        *answer = (struct oauth2_answer) { .retry_after_ms = -1 };
}

void oauth2_grant_clear(struct oauth2_grant *grant)
{
        credential_free(grant->access_token);
        credential_free(grant->refresh_token);
        *grant = (struct oauth2_grant) { 0 };
}

bool oauth2_token_is_valid(const char *text)
{
        size_t length = strlen(text);
        for (size_t i = 0; i < length; i++)
                if (!g_ascii_isgraph(text[i]))
                        return false;
        return length > 0 && length <= LIMIT_TOKEN_BYTES;
}

/* "&name=value", or "" without a value. */
static char *form_field(const char *name, const char *value)
{
        char *escaped = value ? g_uri_escape_string(value, NULL, FALSE) : NULL;
        char *field = escaped ? g_strconcat("&", name, "=", escaped, NULL) : g_strdup("");
        credential_free(escaped);
        return field;
}

char *oauth2_form(const struct config_oauth2 *oauth2, const char *refresh_token)
{
        bool refreshes = oauth2->flow == CONFIG_OAUTH2_REFRESH_TOKEN;
        char *fields[] = { form_field("client_id", oauth2->client_id), form_field("client_secret", oauth2->client_secret),
                           form_field("refresh_token", refreshes ? refresh_token : NULL),
                           form_field("scope", oauth2->scope) };
        char *form = g_strconcat("grant_type=", refreshes ? "refresh_token" : "client_credentials", fields[0], fields[1],
                                 fields[2], fields[3], NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
                credential_free(fields[i]);
        return form;
}

/* "token endpoint HOST" for messages. */
static char *name_endpoint(const struct config_oauth2 *oauth2)
{
        static const char *const schemes[] = { "https", "http", NULL };
        struct config_address address = { 0 };
        if (config_address_parse(oauth2->token_url, schemes, &address, NULL) < 0)
                return g_strdup("token endpoint");
        char *name = g_strdup_printf("token endpoint %s", address.host);
        config_address_clear(&address);
        return name;
}

/* What the endpoint says, fit to be shown: its first line, nothing that is a secret or looks like a token. */
static char *quote(const char *text, const char *const *secrets)
{
        g_autofree char *first = g_strndup(text, strcspn(text, "\r\n"));
        g_autofree char *line = text_make_line(first, strlen(first));
        g_autofree char *cut = text_cut_chars(g_strstrip(line), DESCRIPTION_CHARS_MAX);
        if (*cut == '\0' || transfer_repeats_secret(text, strlen(text), secrets) ||
            transfer_repeats_secret(cut, strlen(cut), secrets))
                return NULL;
        GString *out = g_string_new(NULL);
        for (const char *c = cut; *c;) {
                size_t word = 0;
                while (g_ascii_isalnum(c[word]) || (c[word] && strchr("-._~+/=%", c[word])))
                        word++;
                if (word > WORD_CHARS_MAX)
                        g_string_append(out, "…");
                else
                        g_string_append_len(out, c, (gssize) MAX(word, 1));
                c += MAX(word, 1);
        }
        return g_string_free(out, FALSE);
}

/* The text of a member, or NULL where it is absent or null. False if it is something else. */
static bool get_text(const json_t *answer, const char *name, const char **ret_text)
{
        const json_t *value = json_object_get(answer, name);
        *ret_text = json_is_string(value) ? json_string_value(value) : NULL;
        return !value || json_is_null(value) || json_is_string(value);
}

/* The short name of an error (section 5.2), or NULL if the answer has none, or none to be shown. */
static const char *get_error_name(const json_t *answer)
{
        const char *name = NULL;
        if (!get_text(answer, "error", &name) || !name || !*name || strlen(name) > ERROR_NAME_CHARS_MAX)
                return NULL;
        for (const char *c = name; *c; c++)
                if (!g_ascii_isalnum(*c) && !strchr("_-.", *c))
                        return NULL;
        return name;
}

struct meaning { const char *name; int code; const char *advice; };

static const struct meaning meanings[] = {
        { "invalid_grant", -ERR_AUTH, "what was granted has expired or was revoked" },
        { "interaction_required", -ERR_AUTH, "a person has to consent again" },
        { "consent_required", -ERR_AUTH, "a person has to consent again" },
        { "login_required", -ERR_AUTH, "a person has to consent again" },
        { "invalid_client", -ERR_AUTH, "oauth2-client-id or the client's secret is wrong, or the secret has expired" },
        { "unauthorized_client", -ERR_AUTH, "this client may not do that: see oauth2-client-id, oauth2-flow and its rights" },
        { "access_denied", -ERR_AUTH, "this client or person has no right to it" },
        { "invalid_scope", -ERR_AUTH, "oauth2-scope is wrong" },
        { "invalid_request", -ERR_AUTH, "see oauth2-token-url, oauth2-flow and oauth2-scope" },
        { "unsupported_grant_type", -ERR_AUTH, "this endpoint does not know what oauth2-flow says" },
        { "temporarily_unavailable", -ERR_CONNECTION, "it is tried again" },
        { "server_error", -ERR_CONNECTION, "it is tried again" },
        { "slow_down", -ERR_CONNECTION, "it is tried again" },
};

static const struct meaning *find_meaning(const char *name)
{
        for (size_t i = 0; name && i < G_N_ELEMENTS(meanings); i++)
                if (strcmp(name, meanings[i].name) == 0)
                        return &meanings[i];
        return NULL;
}

static const char *advise(const struct config_oauth2 *oauth2, const struct meaning *meaning, long status)
{
        if (meaning && oauth2->flow == CONFIG_OAUTH2_REFRESH_TOKEN && strcmp(meaning->name, "invalid_grant") == 0)
                return "the refresh token has expired or was revoked; get a new one and put it where "
                       "oauth2-refresh-token-credential or -file points to";
        if (meaning)
                return meaning->advice;
        return status == 404 || status == 405 || status == 410 ? "is oauth2-token-url right?" :
                "see oauth2-token-url, oauth2-client-id and its secret";
}

/* An answer other than 200. */
static int refuse(const struct config_oauth2 *oauth2, const struct oauth2_answer *answer, const json_t *json,
                  const char *const *secrets, struct error *err)
{
        g_autofree char *endpoint = name_endpoint(oauth2), *description = NULL;
        const char *name = get_error_name(json), *text = NULL;
        const struct meaning *meaning = find_meaning(name);
        if (name && transfer_repeats_secret(name, strlen(name), secrets))
                name = NULL;
        if (get_text(json, "error_description", &text) && text)
                description = quote(text, secrets);
        if (answer->status == 408 || answer->status == 425 || answer->status == 429 || answer->status >= 500 ||
            (meaning && meaning->code == -ERR_CONNECTION))
                return error_set(err, -ERR_CONNECTION, "%s is in trouble or busy (status %ld%s%s)", endpoint, answer->status,
                                 name ? ", " : "", name ? name : "");
        if (answer->status < 400)
                return error_set(err, -ERR_PROTOCOL, "%s answers with status %ld, which brings no token; is oauth2-token-url "
                                 "right? Redirections are not followed", endpoint, answer->status);
        return error_set(err, -ERR_AUTH, "%s gives no access token (status %ld%s%s%s%s%s): %s", endpoint, answer->status,
                         name ? ", " : "", name ? name : "", description ? ", \"" : "", description ? description : "",
                         description ? "\"" : "", advise(oauth2, meaning, answer->status));
}

/* A number, or a string of digits as some servers write it. */
static bool get_lifetime(const json_t *json, int64_t *ret_ms)
{
        const json_t *value = json_object_get(json, "expires_in");
        double seconds = -1;
        guint64 digits = 0;
        if (!value || json_is_null(value)) {
                *ret_ms = LIFETIME_UNSAID_MS;
                return true;
        }
        if (json_is_number(value))
                seconds = json_number_value(value);
        else if (json_is_string(value)) {
                int r = text_parse_uint64(json_string_value(value), LIFETIME_MAX_SECONDS, &digits);
                seconds = r == 0 ? (double) digits : r == -ERR_LIMIT ? LIFETIME_MAX_SECONDS : -1;
        }
        if (!(seconds >= 0))
                return false;
        *ret_ms = (int64_t) (MIN(seconds, (double) LIFETIME_MAX_SECONDS) * (double) SECOND_MS);
        return true;
}

/* NULL if the answer is right, else what is wrong with it. */
static const char *find_fault(const json_t *json, struct oauth2_grant *grant)
{
        const char *access = NULL, *type = NULL, *refresh = NULL;
        if (!json_is_object(json))
                return "it is not a JSON object";
        if (json_object_get(json, "error") && !json_is_null(json_object_get(json, "error")))
                return "it is an error with the status of a success";
        if (!get_text(json, "access_token", &access) || !access || !oauth2_token_is_valid(access))
                return "its access_token is missing or cannot be one";
        if (!get_text(json, "token_type", &type) || !type || g_ascii_strcasecmp(type, "bearer") != 0)
                return "its token_type is not \"Bearer\"";
        if (!get_lifetime(json, &grant->lifetime_ms))
                return "its expires_in is not a number of seconds";
        if (!get_text(json, "refresh_token", &refresh) || (refresh && *refresh && !oauth2_token_is_valid(refresh)))
                return "its refresh_token cannot be one";
        grant->access_token = g_strdup(access);
        grant->refresh_token = refresh && *refresh ? g_strdup(refresh) : NULL;
        return NULL;
}

/* jansson frees its strings as they are. */
static void wipe_texts(json_t *json)
{
        const char *name;
        json_t *value;
        if (json_is_object(json))
                json_object_foreach(json, name, value)
                        if (json_is_string(value))
                                explicit_bzero((char *) json_string_value(value), json_string_length(value));
}

int oauth2_read_answer(const struct config_oauth2 *oauth2, const struct oauth2_answer *answer, const char *const *secrets,
                       struct oauth2_grant *ret_grant, struct error *err)
{
        json_t *json = answer->truncated || !answer->body ? NULL :
                json_loadb(answer->body, answer->size, JSON_REJECT_DUPLICATES, NULL);
        struct oauth2_grant grant = { 0 };
        int r = 0;
        if (answer->status != 200)
                r = refuse(oauth2, answer, json, secrets, err);
        else {
                const char *fault = answer->truncated ? "it is too long" : find_fault(json, &grant);
                g_autofree char *endpoint = name_endpoint(oauth2);
                if (fault)
                        r = error_set(err, -ERR_PROTOCOL, "%s: the answer makes no sense: %s", endpoint, fault);
                else
                        *ret_grant = grant;
        }
        wipe_texts(json);
        json_decref(json);
        return r;
}
