/* SPDX-License-Identifier: MIT */
/* The pure parts of the transfer module: no network, no libcurl. */
#ifndef DAEMON_TRANSFER_P_H
#define DAEMON_TRANSFER_P_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* True for 127.0.0.0/8, ::1 and 127.0.0.0/8 written as an IPv6 address. */
bool transfer_address_is_loopback(const struct sockaddr *address);

/* The mail with every line ended by CR LF, whatever ended it before (RFC 5321 section 2.3.8). Newly allocated. */
char *transfer_normalize_lines(const char *data, size_t size, size_t *ret_size);

/* One line for people: the last line of what a server said, valid UTF-8, no control characters, cut to a sane length.
 * NULL if there is nothing, or if it repeats one of the secrets (a list ended by NULL). Newly allocated. */
char *transfer_quote_reply(const char *bytes, size_t size, const char *const *secrets);

/* True if the text holds one of the secrets (ended by NULL), or sixteen bytes in a row of a long one. */
bool transfer_repeats_secret(const char *text, size_t size, const char *const *secrets);

/* True if this command to an IMAP server, with its tag, begins a login. */
bool transfer_is_login(const char *command, size_t size);
/* True if a word stands in the last capabilities the server told. */
bool transfer_has_capability(const char *replies, const char *word);
/* "PLAIN, LOGIN": what the server offers, fit to be shown; "no mechanism" if nothing. Newly allocated. */
char *transfer_offered_mechanisms(const char *replies);

/* What a server says of a refused token in its last challenge, base64 of JSON (RFC 7628 section 3.2.2; XOAUTH2 has the
 * same): "status 400, scope https://mail.google.com/". NULL if there is none to be shown. Newly allocated. */
char *transfer_explain_challenge(const char *replies, const char *const *secrets);

/* The name as OAUTHBEARER has it: "," and "=" are "=2C" and "=3D" (RFC 5801 section 4). Newly allocated. */
char *transfer_escape_name(const char *user);

/* The forms in which a password goes over the wire: itself, in base64, and as SASL PLAIN with the user's name. The list
 * ends with NULL; free it with transfer_free_secrets. */
char **transfer_secret_forms(const char *user, const char *password);
/* The same of an access token: itself, in base64, and as XOAUTH2 and OAUTHBEARER. */
char **transfer_token_forms(const char *user, const char *host, unsigned port, const char *token);
void transfer_free_secrets(char **secrets);

#endif
