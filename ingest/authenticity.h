/* SPDX-License-Identifier: MIT */
/*
 * Whether a mail really is from whom it says. Three steps, of which only the first sees bytes of the mail:
 *  - the parser worker makes a plain report of the head: From, and every Authentication-Results field (RFC 8601);
 *  - the daemon takes the report, which it does not trust, over the worker's pipe;
 *  - the rules (pure) judge the report by what the mailbox's configuration asks for.
 */
#ifndef INGEST_AUTHENTICITY_H
#define INGEST_AUTHENTICITY_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/errors.h"
#include "common/pack.h"

enum authentication_method {
        AUTHENTICATION_NONE, /* nothing is asked for */
        AUTHENTICATION_DKIM,
        AUTHENTICATION_SPF,
        AUTHENTICATION_DMARC,
        AUTHENTICATION_METHOD_MAX
};

/* What a mailbox asks for. Zeroed: nothing, every mail counts as verified. */
struct authenticity_policy {
        GPtrArray *trusted_senders;        /* char *: "report@hotfix.example" or "@hotfix.example"; NULL or empty: anyone */
        enum authentication_method require;
        char *authserv_id;                 /* whose Authentication-Results count, several with commas; needed unless
                                            * require is NONE */
};

/* --- what stands in a mail's head --- */

enum authentication_from {
        AUTHENTICATION_FROM_NONE, /* there is no From field; zeroed reports say so too */
        AUTHENTICATION_FROM_ONE,  /* the only good one: one field, one mailbox */
        AUTHENTICATION_FROM_FIELDS,    /* several From fields: which one a reader shows is anybody's guess */
        AUTHENTICATION_FROM_MAILBOXES, /* one field with several mailboxes, or a group */
        AUTHENTICATION_FROM_BROKEN,    /* not what RFC 5322 calls a mailbox */
        AUTHENTICATION_FROM_MAX
};

/* "header.d=example.org": type "header", name "d". type is "" where the word had no dot. Both are in lower case. */
struct authentication_property { char *type, *name, *value; };

struct authentication_result {
        char *method, *result; /* "dkim", "pass"; in lower case */
        GPtrArray *properties; /* struct authentication_property */
};

struct authentication_field {
        char *authserv_id;
        bool broken;       /* the rest cannot be read: it states nothing, and still is a field of that id */
        GPtrArray *results;/* struct authentication_result */
};

struct authentication_report {
        enum authentication_from from;
        char *from_local, *from_domain; /* of the one mailbox; else NULL */
        GPtrArray *fields;              /* struct authentication_field, topmost first; NULL: none */
};

void authentication_report_clear(struct authentication_report *report);

/* --- reading it; in the worker --- */

/* One Authentication-Results field: what stands behind the colon, as it stands, folding and all. NULL if it names no
 * authserv-id that can be read. */
struct authentication_field *authentication_field_parse(const char *data, size_t size);
void authentication_field_free(struct authentication_field *field);

/* One From field. FROM_ONE fills *ret_local and *ret_domain (newly allocated); else they are NULL. Never FROM_NONE or
 * FROM_FIELDS. */
enum authentication_from authentication_from_parse(const char *data, size_t size, char **ret_local, char **ret_domain);

/* --- over the pipe --- */

void authentication_report_pack(struct packer *p, const struct authentication_report *report);
/* Checks everything. -ERR_MALFORMED, or -ERR_LIMIT as unpack_number; *ret_report is empty then. */
int authentication_report_unpack(struct unpacker *u, struct authentication_report *ret_report);

/* --- judging it; in the daemon --- */

/* Whether anything is asked for. */
bool authenticity_asks(const struct authenticity_policy *policy);

/* NULL: the mail counts as verified. Otherwise why not: one line of English without a full stop; newly allocated. */
char *authenticity_judge(const struct authenticity_policy *policy, const struct authentication_report *report);

/* Of one that does not: nobody found anything wrong with it. The border wrote nothing on it that can be read, said nothing of
 * what is asked for, or could not find out (temperror). */
bool authenticity_is_unclear(const struct authenticity_policy *policy, const struct authentication_report *report);

const char *authentication_method_name(enum authentication_method method); /* "none", "dkim", "spf", "dmarc" */

#endif
