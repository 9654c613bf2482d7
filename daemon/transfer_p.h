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

/* True if the server told its capabilities and neither AUTH=PLAIN nor AUTH=LOGIN is among them. replies: its lines. */
bool transfer_lacks_sasl(const char *replies);

/* The forms in which a password goes over the wire: itself, in base64, and as SASL PLAIN with the user's name. The list
 * ends with NULL; free it with transfer_free_secrets. */
char **transfer_secret_forms(const char *user, const char *password);
void transfer_free_secrets(char **secrets);

#endif
