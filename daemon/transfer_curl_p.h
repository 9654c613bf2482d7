/* SPDX-License-Identifier: MIT */
/*
 * What the files of the transfer module share: one curl handle in one multi handle for each transfer.
 * The only file that includes curl.h; only transfer*.c include it.
 */
#ifndef DAEMON_TRANSFER_CURL_P_H
#define DAEMON_TRANSFER_CURL_P_H

#include <curl/curl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/errors.h"
#include "daemon/transfer.h"

struct transfer {
        CURLM *multi;
        CURL *easy;
        struct transfer_wake wake;
        struct transfer_kept *kept; /* multi is lent from there; or NULL */
        bool was_open;             /* there was a connection from the beginning */
        bool complete;             /* HTTP: request and answer are over */
        char *place;               /* "host:port", for messages */
        char **secrets;            /* what must not turn up in a message */
        struct curl_slist *headers, *recipients;
        bool only_loopback;        /* plain text: no socket to another machine is opened */
        bool address_refused;
        bool tls_first;            /* TLS from the first byte */
        const char *ca_key;        /* the key of the configuration that names certificates; NULL: tls-ca-file */
        int64_t silence_ms;        /* after this long without a sign of life the connection counts as dead */
        GString *replies;          /* IMAP, SMTP: the server's last lines; HTTP: the body */
        bool secret_replies;       /* they are wiped */
        size_t answer_bytes;       /* HTTP: how much of the body is kept; 0: LIMIT_ANSWER_BYTES */
        bool truncated;            /* HTTP: the body was longer than what is kept */
        bool login_sent;           /* IMAP: a login has begun */
        int64_t deadline_ms;       /* monotonic; INT64_MAX: none */
        int abort_code;            /* why the transfer was ended early, or 0 */
        const char *upload;        /* HTTP, SMTP: what is still to be sent */
        size_t upload_size;
        char error_buffer[CURL_ERROR_SIZE];
};

struct transfer *transfer_new(const struct transfer_wake *wake, const char *place);
/* On the connection that wake->kept has, if it has one. */
struct transfer *transfer_new_kept(const struct transfer_wake *wake, const char *place);
void transfer_free(struct transfer *transfer);

typedef struct transfer transfer_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(transfer_t, transfer_free)

/* curl_easy_setopt fails for want of memory or for an option this libcurl was built without. Neither may pass in
 * silence: half of these options are what keeps a connection safe. */
#define SET(transfer, option, value) \
        do { \
                CURLcode set_code = curl_easy_setopt((transfer)->easy, option, value); \
                if (set_code != CURLE_OK) \
                        g_error("libcurl refuses " #option ": %s", curl_easy_strerror(set_code)); \
        } while (0)

/* What every transfer sets. Keepalive and TCP_USER_TIMEOUT follow silence_ms, which counts from here on. */
void transfer_set_common(struct transfer *transfer, const char *protocols, int64_t silence_ms);
void transfer_set_deadline(struct transfer *transfer, int64_t timeout_ms);
void transfer_set_tls(struct transfer *transfer, const char *ca_file);
/* libcurl left to itself may pick a mechanism that cannot work here (GSSAPI for any user name with "@" in it), or one
 * that sends an empty password: options name the mechanisms ("AUTH=PLAIN;AUTH=LOGIN"). */
void transfer_set_login(struct transfer *transfer, const char *user, const char *password, const char *options);

void transfer_append(struct curl_slist **list, const char *text);

/* A write function for lines of IMAP and SMTP servers: only the last ones are of interest. */
size_t transfer_keep_reply(char *data, size_t unit, size_t count, void *transfer);

/* A read function for what is in upload. */
size_t transfer_give_upload(char *buffer, size_t unit, size_t count, void *transfer);

/* Runs the handle until libcurl is done with it. Returns 0 and libcurl's result, or why it was ended early. */
int transfer_run(struct transfer *transfer, CURLcode *ret_result, struct error *err);

/* transfer_error.c: makes libcurl's result, or a code of ours, an error with a text for people. */
int transfer_fail(const struct transfer *transfer, CURLcode result, struct error *err);
int transfer_fail_early(const struct transfer *transfer, int code, struct error *err);
int transfer_code_of(CURLcode result);
/* The server's last words are "* BYE …": it turns us away, whatever libcurl makes of that. */
bool transfer_says_bye(const struct transfer *transfer);

/* Checks scheme and host before anything else; *ret_plain tells that this will be a loopback connection without TLS. */
int transfer_check_url(const char *url, const char *tls_scheme, const char *plain_scheme, bool insecure,
                       bool *ret_plain, char **ret_place, struct error *err);

/* transfer_kept.c: a multi handle, *ret_open: in which there is a connection; and the end of its use. complete: nothing more
 * belongs to this exchange. */
CURLM *transfer_kept_take(struct transfer_kept *kept, bool *ret_open);
void transfer_kept_give(struct transfer_kept *kept, CURL *easy, bool complete);

/* transfer_login.c: logs in with the LOGIN command. *ret_refused: the server's answer, in transfer->replies, is no OK. */
int transfer_login_command(struct stream *stream, struct transfer *transfer, const struct config_mailbox *mailbox,
                           bool *ret_refused, struct error *err);

#endif
