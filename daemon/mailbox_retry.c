/* SPDX-License-Identifier: MIT */
#include "daemon/mailbox_retry.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "common/errors.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define SPREAD_PART 0.25

static const struct problem {
        const char *name;
        int64_t first_ms, most_ms;
        bool needs_a_person;
} problems[MAILBOX_PROBLEM_MAX] = {
        [MAILBOX_FINE] = { NULL, 0, 0, false },
        [MAILBOX_NETWORK] = { "network", SECOND_MS, 5 * MINUTE_MS, false },
        [MAILBOX_NAME] = { "dns", SECOND_MS, 5 * MINUTE_MS, false },
        [MAILBOX_TIMEOUT] = { "timeout", SECOND_MS, 5 * MINUTE_MS, false },
        [MAILBOX_CLOSED] = { "closed", SECOND_MS, 5 * MINUTE_MS, false },
        [MAILBOX_UNAVAILABLE] = { "unavailable", 5 * SECOND_MS, 5 * MINUTE_MS, false },
        [MAILBOX_LIMITED] = { "limited", MINUTE_MS, 30 * MINUTE_MS, false },
        [MAILBOX_LOGIN] = { "login", MINUTE_MS, 60 * MINUTE_MS, true },
        [MAILBOX_CERTIFICATE] = { "certificate", MINUTE_MS, 60 * MINUTE_MS, true },
        [MAILBOX_FOLDER] = { "folder", 5 * SECOND_MS, 60 * MINUTE_MS, true },
        [MAILBOX_PROTOCOL] = { "protocol", 5 * SECOND_MS, 5 * MINUTE_MS, false },
        [MAILBOX_STORE] = { "store", 5 * SECOND_MS, 5 * MINUTE_MS, false },
};

const char *mailbox_problem_name(enum mailbox_problem problem)
{
        return problems[problem].name;
}

bool mailbox_problem_needs_a_person(enum mailbox_problem problem)
{
        return problems[problem].needs_a_person;
}

static bool says(const char *text, const char *const *codes)
{
        for (; *codes; codes++) {
                const char *found = text ? strcasestr(text, *codes) : NULL;
                if (found && (found[strlen(*codes)] == ']' || found[strlen(*codes)] == ' '))
                        return true;
        }
        return false;
}

/* What RFC 5530 lets a server say more exactly than NO and BYE; or MAILBOX_FINE. */
static enum mailbox_problem problem_of_response_code(const char *text)
{
        static const char *const login[] = { "[AUTHENTICATIONFAILED", "[AUTHORIZATIONFAILED", "[EXPIRED", "[CONTACTADMIN",
                                             "[PRIVACYREQUIRED", NULL };
        static const char *const unavailable[] = { "[UNAVAILABLE", "[INUSE", "[SERVERBUG", NULL };
        static const char *const limited[] = { "[LIMIT", "[OVERQUOTA", NULL };
        if (says(text, login))
                return MAILBOX_LOGIN;
        if (says(text, unavailable))
                return MAILBOX_UNAVAILABLE;
        return says(text, limited) ? MAILBOX_LIMITED : MAILBOX_FINE;
}

static enum mailbox_problem problem_of_code(int code)
{
        switch (code) {
        case -ERR_TIMEOUT:
                return MAILBOX_TIMEOUT;
        case -ERR_RESOLVE:
                return MAILBOX_NAME;
        case -ERR_TLS:
                return MAILBOX_CERTIFICATE;
        case -ERR_AUTH:
        case -ERR_CREDENTIAL:
        case -ERR_CONFIG:
                return MAILBOX_LOGIN;
        case -ERR_REFUSED:
        case -EINVAL: /* a name that no server can be told */
                return MAILBOX_FOLDER;
        case -ERR_STORE:
        case -ERR_STORE_BUSY:
        case -ERR_STORE_FULL:
        case -ERR_STORE_CORRUPT:
        case -ERR_STORE_NEWER:
        case -ENOSPC: /* of the file of a refresh token */
        case -EDQUOT:
        case -EROFS:
        case -EACCES:
                return MAILBOX_STORE;
        case -ERR_PROTOCOL:
        case -ERR_LIMIT:
        case -ERR_MALFORMED:
                return MAILBOX_PROTOCOL;
        default:
                return MAILBOX_NETWORK;
        }
}

/* The words of daemon/transfer_error.c and of the session for an end that the server chose. */
static bool is_end_by_server(const char *text)
{
        return text && (strstr(text, "said goodbye") || strstr(text, "turns us away") || strstr(text, "closed the connection"));
}

enum mailbox_problem mailbox_problem_of(int code, const char *text)
{
        if (code == -ERR_AUTH || code == -ERR_REFUSED || code == -ERR_PROTOCOL || code == -ERR_CONNECTION) {
                enum mailbox_problem said = problem_of_response_code(text);
                if (said != MAILBOX_FINE)
                        return said;
        }
        return code == -ERR_CONNECTION && is_end_by_server(text) ? MAILBOX_CLOSED : problem_of_code(code);
}

int64_t mailbox_retry_ms(enum mailbox_problem problem, unsigned failures, double spread)
{
        const struct problem *rule = &problems[problem];
        int64_t wait_ms = rule->first_ms << MIN(failures > 0 ? failures - 1 : 0, 20);
        wait_ms = MIN(wait_ms, rule->most_ms);
        return wait_ms - (int64_t) (CLAMP(spread, 0.0, 1.0) * SPREAD_PART * (double) wait_ms);
}

int64_t mailbox_failures_add(struct mailbox_failures *failures, enum mailbox_problem problem, int64_t now_ms, double spread,
                             bool *ret_is_another)
{
        bool is_another = failures->count == 0 || failures->problem != problem;
        if (failures->count == 0)
                failures->since_ms = now_ms;
        if (failures->count < G_MAXUINT)
                failures->count++;
        /* Of kinds with the same rule each goes on where the other was: in turns they would never wait longer. */
        bool same_rule = failures->same > 0 && problems[failures->problem].first_ms == problems[problem].first_ms;
        failures->same = same_rule ? failures->same + (failures->same < G_MAXUINT) : 1;
        failures->problem = problem;
        *ret_is_another = is_another;
        return mailbox_retry_ms(problem, failures->same, spread);
}
