/* SPDX-License-Identifier: MIT */
/* The parts of the oauth2 module: what is said to a token endpoint and what it answers (pure), and the stored token. */
#ifndef DAEMON_OAUTH2_P_H
#define DAEMON_OAUTH2_P_H

#include "daemon/oauth2.h"

/* A successful answer (RFC 6749 section 5.1). */
struct oauth2_grant {
        char *access_token;
        int64_t lifetime_ms;
        char *refresh_token; /* a new one, or NULL */
};
void oauth2_grant_clear(struct oauth2_grant *grant);

/* The form that asks for a token (sections 4.4.2 and 6). It holds secrets: free it with credential_free. */
char *oauth2_form(const struct config_oauth2 *oauth2, const char *refresh_token);

/* Reads an answer. secrets (ended by NULL) are what the text of an error must not repeat. Errors: -ERR_AUTH,
 * -ERR_CONNECTION, -ERR_PROTOCOL. */
int oauth2_read_answer(const struct config_oauth2 *oauth2, const struct oauth2_answer *answer, const char *const *secrets,
                       struct oauth2_grant *ret_grant, struct error *err);

/* True if the text can be a token: printable ASCII without spaces, within the limit. */
bool oauth2_token_is_valid(const char *text);

/* What a stored refresh token belongs to: endpoint, client and the configured refresh token. */
char *oauth2_identity(const struct config_oauth2 *oauth2);

/* The stored refresh token; NULL if there is none for this identity, or if the file is damaged. */
int oauth2_load_refresh_token(const struct config_oauth2 *oauth2, char **ret_token, struct error *err);
/* An error where a refresh token could not be stored now (full disk, missing rights): using the one that there is can end
 * it, and the new one would be lost with the process. */
int oauth2_check_store(const struct config_oauth2 *oauth2, struct error *err);
int oauth2_store_refresh_token(const struct config_oauth2 *oauth2, const char *token, struct error *err);

#endif
