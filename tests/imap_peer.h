/* SPDX-License-Identifier: MIT */
/* An IMAP session against a scripted server, as the check_imap_ programs use it. */
#ifndef TESTS_IMAP_PEER_H
#define TESTS_IMAP_PEER_H

#include <glib.h>

#include "ingest/imap_session.h"
#include "tests/scripted_stream.h"

#define PEER_TIMEOUT_MS 60000
/* Loop tests run once for each way to cut the transcript. */
#define PEER_LOOPS 7

struct peer {
        struct script *script;
        struct imap_session *session;
        struct error err;
        bool failed; /* the session is over: the rest of the transcript does not matter */
};

/* A script that has the client's first two commands; what they are answered is the test's. */
void peer_prepare(struct peer *peer, int loop);
int peer_open(struct peer *peer);

/* A session that is open, with nothing selected; the next tag is h3. Messages above 1000 bytes are too large. */
void peer_start(struct peer *peer, int loop);
void peer_start_with(struct peer *peer, int loop, const char *capabilities);

/* Closes. All of the transcript must have been played, unless the session failed; then nothing more may be said. */
void peer_finish(struct peer *peer);

/* Checks a call's code, and that the error's text holds this. */
void peer_assert_failed(struct peer *peer, int r, int code, const char *text);

/* Selects a mailbox of three messages (h3). */
void peer_select(struct peer *peer);

/* An array of guint32. */
GArray *peer_uids(guint32 first, guint count);

/* Fetches these whole, as imap_session_fetch_stream() does. */
int peer_fetch(struct peer *peer, const GArray *uids, imap_message_function message, void *context);

/* The array as "1 2 3". */
void peer_assert_uids(const GArray *uids, const char *expected);

#endif
