/* SPDX-License-Identifier: MIT */
/*
 * Access tokens (RFC 6749): asked for at the token endpoint, kept in memory until shortly before they end, for all
 * mailboxes together. A refresh token that the endpoint hands out in place of the configured one is stored durably before
 * anything else of the answer is used. Thread-safe. No error text holds a token or a secret.
 */
#ifndef DAEMON_OAUTH2_H
#define DAEMON_OAUTH2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/errors.h"
#include "daemon/config.h"

/* The one exchange with a token endpoint: a POST of a form (application/x-www-form-urlencoded). */
struct oauth2_request { const char *url, *body, *ca_file; bool insecure; int64_t timeout_ms; };
struct oauth2_answer {
        long status;
        char *body;             /* as it came, NUL behind; a secret */
        size_t size;
        bool truncated;         /* it was longer than LIMIT_ANSWER_BYTES */
        int64_t retry_after_ms; /* -1: none said */
};
/* Returns 0 with a status when the other side answered, whatever it answered. */
struct oauth2_transport {
        void *context;
        int (*post)(void *context, const struct oauth2_request *request, struct oauth2_answer *ret_answer, struct error *err);
};
void oauth2_answer_clear(struct oauth2_answer *answer);

/* A token from memory, or a new one. *ret_cached: it was asked for at some earlier time. The caller frees it with
 * credential_free. Errors: -ERR_AUTH where the endpoint refuses (somebody has to do something), -ERR_PROTOCOL where its
 * answer makes no sense, -ERR_CONNECTION where it is in trouble or has asked to wait, those of the transport; those of
 * files, where a new refresh token cannot be stored. */
int oauth2_token(const struct config_oauth2 *oauth2, const struct oauth2_transport *transport, char **ret_token,
                 bool *ret_cached, struct error *err);

/* The server refuses this token: it is not handed out again. */
void oauth2_forget(const struct config_oauth2 *oauth2, const char *token);

/* Wipes what is in memory. */
void oauth2_finish(void);

#endif
