/* SPDX-License-Identifier: MIT */
/*
 * What can be wrong with a mailbox, and how long to wait before it is tried again (pure). Nothing hammers a server: the
 * pauses grow with each failure in a row, and where only a person can mend something they begin long.
 */
#ifndef DAEMON_MAILBOX_RETRY_H
#define DAEMON_MAILBOX_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum mailbox_problem {
        MAILBOX_FINE,
        MAILBOX_NAME,        /* the server's name is not resolved */
        MAILBOX_NETWORK,     /* not reachable, refused, reset */
        MAILBOX_TIMEOUT,     /* connected, and then nothing */
        MAILBOX_CLOSED,      /* the server ended the session */
        MAILBOX_UNAVAILABLE, /* RFC 5530: UNAVAILABLE, INUSE, SERVERBUG: it works, but not now */
        MAILBOX_LIMITED,     /* RFC 5530: LIMIT, OVERQUOTA: too much of something, too many connections as a rule */
        MAILBOX_LOGIN,       /* user or password refused */
        MAILBOX_CERTIFICATE, /* certificate or TLS refused */
        MAILBOX_FOLDER,      /* the folder cannot be opened; often only for a moment, while it is renamed */
        MAILBOX_PROTOCOL,    /* the server breaks IMAP, or says BAD or NO where it should not */
        MAILBOX_STORE,       /* our own database, or the file of a token */
        MAILBOX_PROBLEM_MAX
};

/* "network", "timeout", …: one word, for programs. NULL for MAILBOX_FINE. Static. */
const char *mailbox_problem_name(enum mailbox_problem problem);

/* What a session's error is about. code is negative; text is what the error says, in which a response code of the server
 * stands as it came: "[UNAVAILABLE]". */
enum mailbox_problem mailbox_problem_of(int code, const char *text);

/* True where time alone seldom mends it. */
bool mailbox_problem_needs_a_person(enum mailbox_problem problem);

/* How long to wait after the failures-th failure in a row of this kind (the first is 1). spread, from 0 to 1, takes off
 * up to a quarter, so that many clients do not come back to a restarted server at one moment. */
int64_t mailbox_retry_ms(enum mailbox_problem problem, unsigned failures, double spread);

/* Failures in a row. */
struct mailbox_failures {
        unsigned count;    /* 0: none */
        unsigned same;     /* of these, the last ones that the same rule is for */
        enum mailbox_problem problem;
        int64_t since_ms;  /* wall clock: of the first */
};

/* Notes a failure and returns the wait. *ret_is_another: the one before was of another kind, or there was none. */
int64_t mailbox_failures_add(struct mailbox_failures *failures, enum mailbox_problem problem, int64_t now_ms, double spread,
                             bool *ret_is_another);

/* After so long in step with the server a session was good: what follows is a first failure; and a server that ends it
 * then (they do that after hours) has done nothing wrong. */
#define MAILBOX_GOOD_SESSION_MS 60000

#endif
