/* SPDX-License-Identifier: MIT */
/*
 * Error codes and the text that goes with them.
 *
 * A function that can fail returns 0 or a negative code: a negated errno value, or one of the ERR_ codes
 * below, negated. A function whose failure a person may read about also takes a struct error, which gets
 * one sentence that names the thing and the place. Library code fills it and does not log; the caller that
 * knows the context logs once.
 */
#ifndef COMMON_ERRORS_H
#define COMMON_ERRORS_H

#include <glib.h>
#include <stdbool.h>

/* Codes of our own start above every errno value. */
enum error_code {
        ERR_CONNECTION = 1000, /* network: unreachable, reset, closed; try again */
        ERR_TIMEOUT,           /* the other side said nothing within the bound; try again */
        ERR_TLS,               /* certificate or handshake refused; try again slowly */
        ERR_AUTH,              /* login refused; try again slowly */
        ERR_PROTOCOL,          /* the other side broke its protocol; reconnect */
        ERR_REFUSED,           /* the other side understood and said no */
        ERR_CANCELLED,         /* we were asked to stop */
        ERR_LIMIT,             /* a limit on outside input was exceeded */
        ERR_MALFORMED,         /* bytes from outside are not what they should be */
        ERR_WORKER_CRASHED,    /* the parser worker died on this input */
        ERR_WORKER_TIMEOUT,    /* the parser worker ran out of time on this input */
        ERR_STORE,             /* the database failed */
        ERR_STORE_BUSY,        /* the database is locked by another process; try again */
        ERR_STORE_FULL,        /* no space left for the database or the archive; try again slowly */
        ERR_STORE_CORRUPT,     /* the database is damaged or is not ours */
        ERR_STORE_NEWER,       /* the database has a newer schema than this program */
        ERR_CONFIG,            /* the configuration is wrong */
        ERR_CREDENTIAL,        /* a secret is missing or unreadable */
        ERR_NOT_FOUND,         /* nothing of that name */
        ERR_USAGE,             /* wrong arguments */
        ERR_RESOLVE,           /* the name of a server cannot be resolved; try again */
        ERR_CODE_MAX
};

struct error {
        int code;   /* 0, or the negative code */
        char *text; /* NULL, or one sentence without a final period; owned */
};

#define ERROR_INIT { 0, NULL }

/* Sets code and text, replacing what was there. err may be NULL. Returns code, so that it can end a function:
 * return error_set(err, -ERR_CONFIG, "…"). */
int error_set(struct error *err, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Puts "prefix: " before the text. Does nothing if err is NULL or holds no error. */
void error_prefix(struct error *err, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Moves the error from one place to another and returns its code. to may be NULL. */
int error_move(struct error *to, struct error *from);

void error_clear(struct error *err);

/* The text, or the name of the code where there is none. Never NULL; valid as long as err is. */
const char *error_text(const struct error *err);

/* A short English name for a code of either kind, e.g. "connection failed". Never NULL, static. */
const char *error_name(int code);

/* True for codes after which the same request may succeed later without anyone changing anything. */
bool error_is_temporary(int code);

#endif
