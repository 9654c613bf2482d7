/* SPDX-License-Identifier: MIT */
#include "daemon/mailbox_retry.h"

#include <errno.h>
#include <glib.h>

#include "common/errors.h"
#include "tests/support.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)

static const struct { int code; const char *text; enum mailbox_problem problem; } errors[] = {
        { -ERR_RESOLVE, "h:993: the server's name cannot be resolved", MAILBOX_NAME },
        { -ERR_CONNECTION, "h:993: Failed to connect to h port 993: Connection refused", MAILBOX_NETWORK },
        { -ERR_CONNECTION, "h:993: the connection broke: Recv failure: Connection reset by peer", MAILBOX_NETWORK },
        { -ERR_CONNECTION, NULL, MAILBOX_NETWORK },
        { -ENOMEM, "h:993: libcurl failed", MAILBOX_NETWORK },
        { -ERR_TIMEOUT, "no answer of the IMAP server to DONE for 30 s", MAILBOX_TIMEOUT },
        { -ERR_CONNECTION, "the IMAP server closed the connection", MAILBOX_CLOSED },
        { -ERR_CONNECTION, "IDLE: the IMAP server said goodbye: Session expired, please login again.", MAILBOX_CLOSED },
        { -ERR_CONNECTION, "the IMAP server said goodbye: [UNAVAILABLE] maintenance", MAILBOX_UNAVAILABLE },
        { -ERR_AUTH, "h:993: Login denied; the server says \"NO [AUTHENTICATIONFAILED] Authentication failed.\"", MAILBOX_LOGIN },
        { -ERR_AUTH, "h:993: Login denied; the server says \"NO no\"", MAILBOX_LOGIN },
        { -ERR_AUTH, "h:993: Login denied; the server says \"NO [UNAVAILABLE] Temporary failure\"", MAILBOX_UNAVAILABLE },
        { -ERR_AUTH, "h:993: Login denied; the server says \"NO [inuse] busy\"", MAILBOX_UNAVAILABLE },
        { -ERR_AUTH, "h:993: Login denied; the server says \"NO [LIMIT] Maximum number of connections\"", MAILBOX_LIMITED },
        { -ERR_CONNECTION, "h:993: the server turns us away: \"* BYE [UNAVAILABLE] not now\"", MAILBOX_UNAVAILABLE },
        { -ERR_CONNECTION, "h:993: the server turns us away: \"* BYE not now\"", MAILBOX_CLOSED },
        { -ERR_CONNECTION, "h:993: the server cannot check a login now; it says \"NO [UNAVAILABLE] away\"", MAILBOX_UNAVAILABLE },
        { -ERR_AUTH, "h:993: Login denied; the server says \"NO [LIMITED] no such code\"", MAILBOX_LOGIN },
        { -ERR_CREDENTIAL, "no token", MAILBOX_LOGIN },
        { -ERR_TLS, "h:993: SSL certificate problem: self-signed certificate", MAILBOX_CERTIFICATE },
        { -ERR_TLS, "h:993: a certificate that says [UNAVAILABLE]", MAILBOX_CERTIFICATE },
        { -ERR_REFUSED, "folder Alarms: the IMAP server refused SELECT: [NONEXISTENT] no such mailbox", MAILBOX_FOLDER },
        { -ERR_REFUSED, "folder Alarms: the IMAP server refused SELECT: [INUSE] locked", MAILBOX_UNAVAILABLE },
        { -EINVAL, "folder x: this mailbox name cannot be sent to an IMAP server", MAILBOX_FOLDER },
        { -ERR_PROTOCOL, "the IMAP server did not understand IDLE: what?", MAILBOX_PROTOCOL },
        { -ERR_LIMIT, "the IMAP server's search found too many messages", MAILBOX_PROTOCOL },
        { -ERR_STORE_BUSY, "database is locked", MAILBOX_STORE },
        { -ENOSPC, "cannot write /state/oauth2/probe: No space left on device", MAILBOX_STORE },
        { -EACCES, "cannot write /state/oauth2/probe: Permission denied", MAILBOX_STORE },
};

START_TEST(errors_are_told_apart)
{
        ck_assert_msg(mailbox_problem_of(errors[_i].code, errors[_i].text) == errors[_i].problem, "%s: %d", errors[_i].text,
                      mailbox_problem_of(errors[_i].code, errors[_i].text));
}
END_TEST

START_TEST(every_problem_has_a_name_and_a_rule)
{
        ck_assert_ptr_null(mailbox_problem_name(MAILBOX_FINE));
        for (int i = MAILBOX_FINE + 1; i < MAILBOX_PROBLEM_MAX; i++) {
                enum mailbox_problem problem = (enum mailbox_problem) i;
                ck_assert_ptr_nonnull(mailbox_problem_name(problem));
                int64_t last = 0;
                for (unsigned failures = 1; failures < 100; failures++) {
                        int64_t wait = mailbox_retry_ms(problem, failures, 0);
                        ck_assert_int_ge(wait, MAX(last, SECOND)); /* never at once, never sooner than before */
                        ck_assert_int_le(wait, 60 * MINUTE);       /* never given up */
                        last = wait;
                }
                ck_assert_int_eq(mailbox_retry_ms(problem, G_MAXUINT, 0), last);
                ck_assert_int_eq(mailbox_retry_ms(problem, 0, 0), mailbox_retry_ms(problem, 1, 0));
                /* What only a person can mend is not tried often, and all else is tried again soon enough. */
                bool slow = mailbox_problem_needs_a_person(problem);
                ck_assert_int_eq(mailbox_retry_ms(problem, 1, 0) >= MINUTE,
                                 problem == MAILBOX_LOGIN || problem == MAILBOX_CERTIFICATE || problem == MAILBOX_LIMITED);
                ck_assert(last == 60 * MINUTE || !slow);
        }
}
END_TEST

START_TEST(pauses_grow)
{
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_NETWORK, 1, 0), SECOND);
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_NETWORK, 2, 0), 2 * SECOND);
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_NETWORK, 9, 0), 256 * SECOND);
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_NETWORK, 10, 0), 5 * MINUTE);
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_LOGIN, 1, 0), MINUTE);
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_LOGIN, 2, 0), 2 * MINUTE);
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_LOGIN, 7, 0), 60 * MINUTE);
}
END_TEST

START_TEST(pauses_are_spread_by_up_to_a_quarter)
{
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_LOGIN, 1, 1), 45 * SECOND);
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_LOGIN, 1, 0.5), 52500);
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_LOGIN, 1, 7), 45 * SECOND);
        ck_assert_int_eq(mailbox_retry_ms(MAILBOX_LOGIN, 1, -7), MINUTE);
}
END_TEST

START_TEST(failures_are_counted_by_kind_and_in_all)
{
        struct mailbox_failures failures = { 0 };
        bool another = false;
        ck_assert_int_eq(mailbox_failures_add(&failures, MAILBOX_NETWORK, 1000, 0, &another), SECOND);
        ck_assert(another);
        ck_assert_int_eq(mailbox_failures_add(&failures, MAILBOX_NETWORK, 2000, 0, &another), 2 * SECOND);
        ck_assert(!another);
        /* A wrong password begins with its own first pause, however long the network was away. */
        ck_assert_int_eq(mailbox_failures_add(&failures, MAILBOX_LOGIN, 3000, 0, &another), MINUTE);
        ck_assert(another);
        ck_assert_uint_eq(failures.count, 3);
        ck_assert_int_eq(failures.since_ms, 1000);
        ck_assert_int_eq(failures.problem, MAILBOX_LOGIN);
        ck_assert_int_eq(mailbox_failures_add(&failures, MAILBOX_NETWORK, 4000, 0, &another), SECOND);
}
END_TEST

/* A server that now closes and now falls silent is not asked every second for ever. */
START_TEST(kinds_in_turns_wait_longer_too)
{
        struct mailbox_failures failures = { 0 };
        bool another = false;
        int64_t wait = 0;
        for (int i = 0; i < 20; i++) {
                wait = mailbox_failures_add(&failures, i % 2 ? MAILBOX_TIMEOUT : MAILBOX_CLOSED, i, 0, &another);
                ck_assert(another);
        }
        ck_assert_int_eq(wait, 5 * MINUTE);
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("mailbox_retry");
        TCase *tests = tcase_create("mailbox_retry");
        tcase_add_loop_test(tests, errors_are_told_apart, 0, G_N_ELEMENTS(errors));
        tcase_add_test(tests, every_problem_has_a_name_and_a_rule);
        tcase_add_test(tests, pauses_grow);
        tcase_add_test(tests, pauses_are_spread_by_up_to_a_quarter);
        tcase_add_test(tests, failures_are_counted_by_kind_and_in_all);
        tcase_add_test(tests, kinds_in_turns_wait_longer_too);
        suite_add_tcase(suite, tests);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
