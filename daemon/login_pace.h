/* SPDX-License-Identifier: MIT */
/*
 * When the mailboxes of one account may log in. A wrong password that each of them tried would soon have the account locked
 * or this machine shut out: until the server has taken the account's login, one mailbox goes ahead and the others wait for
 * its answer; once it was refused they share the pause. An account is host, port, user, mechanism and secret. Thread-safe.
 */
#ifndef DAEMON_LOGIN_PACE_H
#define DAEMON_LOGIN_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/errors.h"
#include "daemon/config.h"

struct login_pace;
struct login_account;

struct login_pace *login_pace_new(void);
void login_pace_free(struct login_pace *pace);

/* One login; of its caller, who ends each that has begun. */
struct login_attempt {
        struct login_account *account;
        const char *mailbox;
        unsigned refused_ever; /* how often the account was when it began */
        bool leads;            /* others wait for its answer */
};

/* Waits where another mailbox is about to learn whether the login is taken: for wait_max_ms at most, and until stop_fd is
 * readable. Errors: -ERR_CANCELLED; -ERR_AUTH: the login was refused, and is not to be tried for *ret_pause_ms. */
int login_pace_begin(struct login_pace *pace, const struct config_mailbox *mailbox, int64_t wait_max_ms, int stop_fd,
                     struct login_attempt *attempt, int64_t *ret_pause_ms, struct error *err);

enum login_answer { LOGIN_ANSWER_NONE, LOGIN_ANSWER_TAKEN, LOGIN_ANSWER_REFUSED };

/* Tells the others, and returns how long none of them is to try: 0 unless the login is refused. */
int64_t login_pace_end(struct login_attempt *attempt, enum login_answer answer);

#endif
