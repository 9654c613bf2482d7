/* SPDX-License-Identifier: MIT */
#include "store/outbox.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/limits.h"
#include "store/bulletins.h"
#include "store/mails.h"
#include "tests/support.h"

#define LEASE_MS 60000

static struct database *db;

static void setup(void)
{
        g_autofree char *directory = support_temporary_directory();
        g_autofree char *path = g_build_filename(directory, "hotfixd.db", NULL);
        struct error err = ERROR_INIT;
        clock_set_for_test(1000, 1000);
        ck_assert_msg(database_open(path, DATABASE_CREATE, &db, &err) == 0, "%s", error_text(&err));
}

static void teardown(void)
{
        g_clear_pointer(&db, database_close);
        clock_set_for_test(-1, -1);
}

static void make_bulletin(const char *id, int64_t *ret_bulletin_id, int64_t *ret_revision_id, int64_t *ret_mail_id)
{
        struct error err = ERROR_INIT;
        struct mail_row mail = { .outcome = MAIL_BULLETIN };
        bool known;
        ck_assert_int_eq(mails_insert(db, &mail, id, strlen(id), ret_mail_id, &known, &err), 0);
        g_autoptr(bulletin_t) b = bulletin_new();
        b->feed = g_strdup("hotfix-report");
        b->kind = BULLETIN_ALERT;
        b->id = g_strdup(id);
        struct bulletin_arrival arrival;
        ck_assert_msg(bulletins_insert(db, b, id, *ret_mail_id, false, &arrival, &err) == 0, "%s", error_text(&err));
        *ret_bulletin_id = arrival.bulletin_id;
        *ret_revision_id = arrival.revision_id;
        bulletin_arrival_clear(&arrival);
}

static int64_t bulletin(const char *id)
{
        int64_t bulletin_id, revision_id, mail_id;
        make_bulletin(id, &bulletin_id, &revision_id, &mail_id);
        return bulletin_id;
}

static bool add_tied(const char *identity, const char *channel, int64_t bulletin_id, int64_t next_ms,
                     int64_t decision_id)
{
        struct delivery delivery = { .identity = (char *) identity, .channel = (char *) channel, .kind = (char *) "new",
                                     .bulletin_id = bulletin_id, .payload = (char *) "{}", .next_ms = next_ms };
        struct error err = ERROR_INIT;
        bool known;
        ck_assert_msg(outbox_add(db, &delivery, decision_id, &known, &err) == 0, "%s", error_text(&err));
        return known;
}

static bool add(const char *identity, const char *channel, int64_t bulletin_id, int64_t next_ms)
{
        return add_tied(identity, channel, bulletin_id, next_ms, 0);
}

static struct delivery *claim(const char *channel, const char *owner, int64_t now_ms, int64_t *ret_next_ms)
{
        struct delivery *delivery = NULL;
        struct error err = ERROR_INIT;
        int r = outbox_claim(db, channel, owner, now_ms, LEASE_MS, &delivery, ret_next_ms, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        return delivery;
}

/* Claims, expecting this delivery. */
static struct delivery *claim_expecting(const char *channel, const char *owner, int64_t now_ms, const char *identity)
{
        int64_t next_ms = -1;
        struct delivery *delivery = claim(channel, owner, now_ms, &next_ms);
        ck_assert_msg(delivery, "nothing is due instead of %s", identity);
        ck_assert_str_eq(delivery->identity, identity);
        ck_assert_int_eq(next_ms, 0);
        return delivery;
}

static void claim_nothing(const char *channel, int64_t now_ms, int64_t expected_next_ms)
{
        int64_t next_ms = -1;
        ck_assert_ptr_null(claim(channel, "other", now_ms, &next_ms));
        ck_assert_int_eq(next_ms, expected_next_ms);
}

static int record(const struct delivery *delivery, const char *owner, enum delivery_state state, int64_t now_ms,
                  int64_t next_ms, const char *answer)
{
        struct delivery_outcome outcome = { .state = state, .now_ms = now_ms, .next_ms = next_ms, .answer = answer };
        struct error err = ERROR_INIT;
        int r = outbox_record(db, delivery, owner, &outcome, &err);
        ck_assert((r == 0) == (err.code == 0));
        error_clear(&err);
        return r;
}

/* Newest first. */
static GPtrArray *all_deliveries(void)
{
        struct outbox_filter filter = { .states = 0 };
        GPtrArray *deliveries = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(outbox_search(db, &filter, &deliveries, &err), 0);
        return deliveries;
}

static struct delivery *only_delivery(enum delivery_state state)
{
        g_autoptr(GPtrArray) deliveries = all_deliveries();
        struct delivery *delivery = NULL;
        struct error err = ERROR_INIT;
        ck_assert_uint_eq(deliveries->len, 1);
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, ((struct delivery *) deliveries->pdata[0])->id);
        ck_assert_int_eq(outbox_find(db, number, &delivery, &err), 0);
        ck_assert(state == DELIVERY_STATE_MAX || delivery->state == state);
        return delivery;
}

static int64_t count(enum delivery_state state)
{
        int64_t n = -1;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(outbox_count(db, state, &n, &err), 0);
        return n;
}

/* --- asking --- */

START_TEST(identities)
{
        g_autofree char *one = outbox_identity("ops", "hotfix-report", "MS07-028", "new", "f1");
        g_autofree char *same = outbox_identity("ops", "hotfix-report", "MS07-028", "new", "f1");
        ck_assert_uint_eq(strlen(one), 64);
        ck_assert_str_eq(one, same);
        static const char *const others[][5] = {
                { "dev", "hotfix-report", "MS07-028", "new", "f1" },
                { "ops", "other", "MS07-028", "new", "f1" },
                { "ops", "hotfix-report", "MS07-029", "new", "f1" },
                { "ops", "hotfix-report", "MS07-028", "raised", "f1" },
                { "ops", "hotfix-report", "MS07-028", "new", "f2" },
                { "ops", "hotfix-reportMS07-028", "", "new", "f1" },
                { "opshotfix-report", "", "MS07-028", "new", "f1" },
        };
        for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
                g_autofree char *other =
                        outbox_identity(others[i][0], others[i][1], others[i][2], others[i][3], others[i][4]);
                ck_assert_str_ne(one, other);
        }
        g_autofree char *nothing = outbox_identity("ops", NULL, NULL, "test", NULL);
        ck_assert_uint_eq(strlen(nothing), 64);
}
END_TEST

START_TEST(asking_twice_gives_one)
{
        ck_assert(!add("i1", "ops", 0, 0));
        ck_assert(add("i1", "ops", 0, 0));
        struct delivery *delivery = only_delivery(DELIVERY_STATE_MAX);
        ck_assert_int_eq(delivery->state, DELIVERY_PENDING);
        ck_assert_int_eq(delivery->bulletin_id, 0);
        ck_assert_int_eq(delivery->created_ms, 1000);
        ck_assert_uint_eq(delivery->attempts, 0);
        ck_assert_ptr_null(delivery->thread);
        ck_assert_ptr_null(delivery->answer);
        ck_assert_str_eq(delivery->payload, "{}");
        /* Also when it has been sent: what was said is not said again. */
        struct delivery *claimed = claim_expecting("ops", "me", 1000, "i1");
        ck_assert_int_eq(record(claimed, "me", DELIVERY_SENT, 1000, 0, NULL), 0);
        ck_assert(add("i1", "ops", 0, 0));
        claim_nothing("ops", 5000, 0);
        delivery_free(delivery);
        delivery_free(claimed);
}
END_TEST

START_TEST(a_thread_is_the_first_one_for_the_bulletin_on_the_channel)
{
        int64_t one = bulletin("MS07-001"), two = bulletin("MS07-002");
        add("a1", "ops", one, 0);
        add("a2", "dev", one, 0);
        add("a3", "ops", two, 0);
        add("a4", "ops", one, 0);
        add("a5", "ops", one, 0);
        add("a6", "ops", 0, 0);
        add("a7", "ops", 0, 0);
        static const char *const threads[] = { NULL, NULL, NULL, "a1", "a1", NULL, NULL };
        GPtrArray *deliveries = all_deliveries();
        ck_assert_uint_eq(deliveries->len, 7);
        for (guint i = 0; i < 7; i++) {
                const struct delivery *delivery = g_ptr_array_index(deliveries, 6 - i); /* newest first */
                ck_assert_msg(g_strcmp0(delivery->thread, threads[i]) == 0, "%s: %s", delivery->identity,
                              delivery->thread);
        }
        g_ptr_array_unref(deliveries);
}
END_TEST

/* Without a bulletin whoever asks says what it follows; it counts if that is there. */
START_TEST(a_thread_without_a_bulletin)
{
        static const char *const asked[] = { NULL, "i0", "i1", "nowhere" }, *const kept[] = { NULL, "i0", "i1", NULL };
        struct error err = ERROR_INIT;
        for (guint i = 0; i < G_N_ELEMENTS(asked); i++) {
                g_autofree char *identity = g_strdup_printf("i%u", i);
                struct delivery delivery = { .identity = identity, .channel = (char *) "ops", .kind = (char *) "problem",
                                             .payload = (char *) "{}", .thread = (char *) asked[i] };
                bool known;
                ck_assert_msg(outbox_add(db, &delivery, 0, &known, &err) == 0, "%s", error_text(&err));
        }
        GPtrArray *deliveries = all_deliveries();
        ck_assert_uint_eq(deliveries->len, G_N_ELEMENTS(asked));
        for (guint i = 0; i < deliveries->len; i++) {
                const struct delivery *delivery = g_ptr_array_index(deliveries, deliveries->len - 1 - i);
                ck_assert_msg(g_strcmp0(delivery->thread, kept[i]) == 0, "%u: %s", i, delivery->thread);
        }
        g_ptr_array_unref(deliveries);
}
END_TEST

START_TEST(a_rolled_back_delivery_was_never_asked_for)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(db, &err), 0);
        add("i1", "ops", 0, 0);
        database_rollback(db);
        ck_assert_int_eq(count(DELIVERY_STATE_MAX), 0);
        struct delivery bad = { .identity = (char *) "i2", .channel = (char *) "ops", .kind = (char *) "new",
                                .bulletin_id = 99, .payload = (char *) "{}" };
        bool known = true;
        ck_assert_int_eq(outbox_add(db, &bad, 0, &known, &err), -ERR_STORE); /* no such bulletin */
        ck_assert_ptr_nonnull(strstr(error_text(&err), "ops"));
        error_clear(&err);
        bad.bulletin_id = 0;
        ck_assert_int_eq(outbox_add(db, &bad, 99, &known, &err), -ERR_STORE); /* no such decision */
        error_clear(&err);
        ck_assert(known);
        ck_assert_int_eq(count(DELIVERY_STATE_MAX), 0);
}
END_TEST

/* --- sending --- */

START_TEST(claims_go_by_time_and_channel)
{
        add("later", "ops", 0, 9000);
        add("second", "ops", 0, 2000);
        add("first", "ops", 0, 1000);
        add("elsewhere", "dev", 0, 0);
        claim_nothing("ops", 500, 1000);
        claim_nothing("nobody", 500, 0);
        delivery_free(claim_expecting("ops", "me", 5000, "first"));
        delivery_free(claim_expecting("ops", "you", 5000, "second"));
        claim_nothing("ops", 5000, 9000); /* before the claims run out at 65000 */
        delivery_free(claim_expecting("ops", "me", 9000, "later"));
        claim_nothing("ops", 9000, 5000 + LEASE_MS);
        delivery_free(claim_expecting("dev", "me", 5000, "elsewhere"));
}
END_TEST

START_TEST(a_claim_that_ran_out_can_be_taken)
{
        add("i1", "ops", 0, 0);
        struct delivery *mine = claim_expecting("ops", "me", 1000, "i1");
        claim_nothing("ops", 1000 + LEASE_MS - 1, 1000 + LEASE_MS);
        struct delivery *yours = claim_expecting("ops", "you", 1000 + LEASE_MS, "i1");
        /* The slow one comes back: it does not hold the claim any more, and changes nothing. */
        ck_assert_int_eq(record(mine, "me", DELIVERY_SENT, 99000, 0, "ok"), -ERR_NOT_FOUND);
        struct delivery *now = only_delivery(DELIVERY_PENDING);
        ck_assert_uint_eq(now->attempts, 0);
        GPtrArray *attempts = NULL;
        struct error err = ERROR_INIT;
        ck_assert_int_eq(outbox_attempts(db, now->id, &attempts, &err), 0);
        ck_assert_uint_eq(attempts->len, 0);
        g_ptr_array_unref(attempts);
        ck_assert_int_eq(record(yours, "you", DELIVERY_SENT, 99000, 0, "ok"), 0);
        ck_assert_int_eq(record(yours, "you", DELIVERY_SENT, 99000, 0, "ok"), -ERR_NOT_FOUND);
        delivery_free(now);
        delivery_free(mine);
        delivery_free(yours);
}
END_TEST

START_TEST(a_slow_owner_keeps_its_claim_until_another_takes_it)
{
        add("i1", "ops", 0, 0);
        struct delivery *mine = claim_expecting("ops", "me", 1000, "i1");
        ck_assert_int_eq(record(mine, "me", DELIVERY_SENT, 1000 + 10 * LEASE_MS, 0, "ok"), 0);
        claim_nothing("ops", G_MAXINT64, 0);
        delivery_free(mine);
}
END_TEST

START_TEST(attempts_are_kept)
{
        struct error err = ERROR_INIT;
        add("i1", "ops", 0, 0);
        struct delivery *d = claim_expecting("ops", "me", 1000, "i1");
        ck_assert_int_eq(record(d, "me", DELIVERY_PENDING, 1100, 6000, "503 busy"), 0);
        delivery_free(d);
        claim_nothing("ops", 1100, 6000);
        d = claim_expecting("ops", "me", 6000, "i1");
        ck_assert_uint_eq(d->attempts, 1);
        ck_assert_str_eq(d->answer, "503 busy");
        ck_assert_int_eq(record(d, "me", DELIVERY_SENT, 6100, 77, NULL), 0);
        delivery_free(d);
        d = only_delivery(DELIVERY_SENT);
        ck_assert_uint_eq(d->attempts, 2);
        ck_assert_int_eq(d->sent_ms, 6100);
        ck_assert_int_eq(d->next_ms, 6000);
        ck_assert_ptr_null(d->answer);
        g_autoptr(GPtrArray) attempts = NULL;
        ck_assert_int_eq(outbox_attempts(db, d->id, &attempts, &err), 0);
        ck_assert_uint_eq(attempts->len, 2);
        const struct attempt *first = g_ptr_array_index(attempts, 0), *second = g_ptr_array_index(attempts, 1);
        ck_assert_int_eq(first->at_ms, 1100);
        ck_assert_str_eq(first->result, "retry");
        ck_assert_str_eq(first->answer, "503 busy");
        ck_assert_str_eq(second->result, "sent");
        ck_assert_ptr_null(second->answer);
        delivery_free(d);
}
END_TEST

START_TEST(dead_deliveries_stay_dead)
{
        add("i1", "ops", 0, 0);
        struct delivery *d = claim_expecting("ops", "me", 1000, "i1");
        ck_assert_int_eq(record(d, "me", DELIVERY_STATE_MAX, 1100, 0, NULL), -EINVAL);
        ck_assert_int_eq(record(d, "me", DELIVERY_DEAD, 1100, 0, "404 no such channel"), 0);
        claim_nothing("ops", G_MAXINT64, 0);
        ck_assert_int_eq(count(DELIVERY_DEAD), 1);
        ck_assert_int_eq(count(DELIVERY_PENDING), 0);
        ck_assert_int_eq(count(DELIVERY_STATE_MAX), 1);
        delivery_free(d);
}
END_TEST

/* Answers come from outside: any length, any bytes. */
START_TEST(answers_are_cut_between_characters)
{
        g_autoptr(GString) long_answer = g_string_new(NULL);
        for (int i = 0; i < 5000; i++)
                g_string_append(long_answer, "緊急"); /* 3 bytes a character: 500 is in the middle of one */
        static const char *const answers[] = { "", "\xff\xfe bad \xe7\xb7", "fine" };
        struct error err = ERROR_INIT;
        add("i1", "ops", 0, 0);
        for (guint i = 0; i <= G_N_ELEMENTS(answers); i++) {
                struct delivery *d = claim_expecting("ops", "me", 1000, "i1");
                const char *answer = i < G_N_ELEMENTS(answers) ? answers[i] : long_answer->str;
                ck_assert_int_eq(record(d, "me", DELIVERY_PENDING, 1000, 1000, answer), 0);
                delivery_free(d);
        }
        g_autoptr(GPtrArray) attempts = NULL;
        ck_assert_int_eq(outbox_attempts(db, 1, &attempts, &err), 0);
        ck_assert_uint_eq(attempts->len, 4);
        for (guint i = 0; i < attempts->len; i++) {
                const struct attempt *attempt = g_ptr_array_index(attempts, i);
                ck_assert(g_utf8_validate(attempt->answer, -1, NULL));
        }
        const struct attempt *last = g_ptr_array_index(attempts, 3);
        ck_assert_uint_eq(strlen(last->answer), LIMIT_ANSWER_KEPT_BYTES / 3 * 3);
        struct delivery *d = only_delivery(DELIVERY_PENDING);
        ck_assert_str_eq(d->answer, last->answer);
        delivery_free(d);
}
END_TEST

START_TEST(claims_are_given_up)
{
        struct error err = ERROR_INIT;
        add("i1", "ops", 0, 0);
        add("i2", "ops", 0, 0);
        struct delivery *mine = claim_expecting("ops", "me", 1000, "i1");
        delivery_free(claim_expecting("ops", "you", 1000, "i2"));
        claim_nothing("ops", 1000, 1000 + LEASE_MS);
        ck_assert_int_eq(outbox_release(db, "me", &err), 0);
        delivery_free(claim_expecting("ops", "me", 1000, "i1"));
        ck_assert_int_eq(outbox_release(db, NULL, &err), 0);
        ck_assert_int_eq(record(mine, "me", DELIVERY_SENT, 1000, 0, NULL), -ERR_NOT_FOUND);
        delivery_free(claim_expecting("ops", "me", 1000, "i1"));
        delivery_free(claim_expecting("ops", "me", 1000, "i2"));
        ck_assert_int_eq(outbox_release(db, NULL, &err), 0);
        ck_assert_int_eq(outbox_release(db, NULL, &err), 0);
        delivery_free(mine);
}
END_TEST

/* A lease without end does not turn into one that is over. */
START_TEST(a_lease_does_not_overflow)
{
        struct error err = ERROR_INIT;
        struct delivery *d = NULL;
        int64_t next_ms;
        add("i1", "ops", 0, 0);
        ck_assert_int_eq(outbox_claim(db, "ops", "me", 1000, G_MAXINT64, &d, &next_ms, &err), 0);
        ck_assert_ptr_nonnull(d);
        claim_nothing("ops", 2000, G_MAXINT64);
        delivery_free(d);
}
END_TEST

enum { SENDERS = 4, DELIVERIES = 40 };

static void add_of_kind(const char *identity, const char *kind, int64_t bulletin_id, const char *thread, int64_t next_ms)
{
        struct delivery delivery = { .identity = (char *) identity, .channel = (char *) "ops", .kind = (char *) kind,
                                     .bulletin_id = bulletin_id, .payload = (char *) "{}", .thread = (char *) thread,
                                     .next_ms = next_ms };
        struct error err = ERROR_INIT;
        bool known;
        ck_assert_msg(outbox_add(db, &delivery, 0, &known, &err) == 0, "%s", error_text(&err));
}

/* It was tried, and is tried again at 5000. */
static void add_failing(const char *identity, const char *kind, int64_t bulletin_id)
{
        add_of_kind(identity, kind, bulletin_id, NULL, 0);
        struct delivery *delivery = claim_expecting("ops", "a", 1000, identity);
        record(delivery, "a", DELIVERY_PENDING, 1000, 5000, "busy");
        delivery_free(delivery);
}

/* Whoever is told that it is over, and then that it has begun, is left with the alarm. */
START_TEST(an_all_clear_waits_for_its_alarm)
{
        int64_t one = bulletin("MS07-001"), other = bulletin("MS07-002");
        add_failing("alarm", "new", one);
        add_of_kind("worse", "raised", one, NULL, 1000);
        add_of_kind("over", "acknowledged", one, NULL, 1000);
        add_of_kind("other", "lowered", other, NULL, 1000);
        struct delivery *worse = claim_expecting("ops", "a", 2000, "worse"); /* an alarm waits for nothing */
        struct delivery *unrelated = claim_expecting("ops", "a", 2000, "other");
        claim_nothing("ops", 2000, 5000);
        record(worse, "a", DELIVERY_SENT, 2000, 0, NULL);
        struct delivery *alarm = claim_expecting("ops", "a", 5000, "alarm");
        record(alarm, "a", DELIVERY_DEAD, 5000, 0, "no"); /* however it ended */
        delivery_free(claim_expecting("ops", "a", 5000, "over"));
        delivery_free(worse);
        delivery_free(unrelated);
        delivery_free(alarm);
}
END_TEST

START_TEST(a_recovery_waits_for_its_problem)
{
        add_failing("problem", "problem", 0);
        add_of_kind("recovered", "recovered", 0, "problem", 1000);
        claim_nothing("ops", 2000, 5000);
        struct delivery *problem = claim_expecting("ops", "a", 5000, "problem");
        record(problem, "a", DELIVERY_SENT, 5000, 0, NULL);
        delivery_free(claim_expecting("ops", "a", 5000, "recovered"));
        delivery_free(problem);
}
END_TEST

static void send_all(const char *path, int sender)
{
        g_autofree char *owner = g_strdup_printf("sender %d", sender);
        struct error err = ERROR_INIT;
        db = NULL;
        if (database_open(path, DATABASE_WRITE, &db, &err) < 0)
                _exit(100);
        int sent = 0;
        for (;; sent++) {
                struct delivery *d = NULL;
                int64_t next_ms;
                if (outbox_claim(db, "ops", owner, 1000, LEASE_MS, &d, &next_ms, &err) < 0)
                        _exit(101);
                if (!d)
                        break;
                struct delivery_outcome outcome = { .state = DELIVERY_SENT, .now_ms = 1000, .answer = owner };
                if (outbox_record(db, d, owner, &outcome, &err) < 0)
                        _exit(102);
                delivery_free(d);
        }
        database_close(db);
        _exit(sent);
}

START_TEST(many_senders_take_each_delivery_once)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(db, &err), 0);
        for (int i = 0; i < DELIVERIES; i++) {
                g_autofree char *identity = g_strdup_printf("i%d", i);
                add(identity, "ops", 0, 0);
        }
        ck_assert_int_eq(database_commit(db, &err), 0);
        for (int i = 0; i < SENDERS; i++) {
                pid_t child = fork();
                ck_assert_int_ge(child, 0);
                if (child == 0)
                        send_all(database_path(db), i);
        }
        int sent = 0;
        for (int i = 0; i < SENDERS; i++) {
                int status;
                ck_assert_int_gt(wait(&status), 0);
                ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) < 100, "status %d", status);
                sent += WEXITSTATUS(status);
        }
        ck_assert_int_eq(sent, DELIVERIES);
        ck_assert_int_eq(count(DELIVERY_SENT), DELIVERIES);
}
END_TEST

/* Killed between the claim and the record: sent again after the lease, or at once after a restart's release. */
START_TEST(killed_while_sending)
{
        struct error err = ERROR_INIT;
        add("i1", "ops", 0, 0);
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
                struct database *own = NULL;
                struct delivery *d = NULL;
                int64_t next_ms;
                if (database_open(database_path(db), DATABASE_WRITE, &own, &err) < 0 ||
                    outbox_claim(own, "ops", "child", 1000, LEASE_MS, &d, &next_ms, &err) < 0 || !d)
                        _exit(1);
                kill(getpid(), SIGKILL);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFSIGNALED(status), "status %d", status);
        claim_nothing("ops", 1000, 1000 + LEASE_MS);
        ck_assert_int_eq(outbox_release(db, NULL, &err), 0);
        delivery_free(claim_expecting("ops", "me", 1000, "i1"));
}
END_TEST

/* --- by hand --- */

START_TEST(retry_and_drop)
{
        struct error err = ERROR_INIT;
        add("i1", "ops", 0, 9000);
        ck_assert_int_eq(outbox_retry(db, 1, 2000, &err), 0);
        struct delivery *d = claim_expecting("ops", "me", 2000, "i1");
        ck_assert_int_eq(outbox_drop(db, 1, 2000, "not wanted", &err), -EBUSY);
        error_clear(&err);
        ck_assert_int_eq(outbox_retry(db, 1, 2000, &err), 0); /* being sent: nothing to do */
        claim_nothing("ops", 2000, 2000 + LEASE_MS);
        ck_assert_int_eq(record(d, "me", DELIVERY_DEAD, 2000, 0, "410 gone"), 0);
        delivery_free(d);
        ck_assert_int_eq(outbox_retry(db, 1, 3000, &err), 0);
        d = only_delivery(DELIVERY_PENDING);
        ck_assert_int_eq(d->since_ms, 3000); /* five days more */
        delivery_free(d);
        d = claim_expecting("ops", "me", 3000, "i1");
        ck_assert_int_eq(record(d, "me", DELIVERY_DEAD, 3000, 0, "410 gone"), 0);
        delivery_free(d);
        ck_assert_int_eq(outbox_drop(db, 1, 3500, "not wanted", &err), 0); /* a dead letter that somebody has seen */
        ck_assert_int_eq(outbox_drop(db, 1, 3500, "again", &err), -ERR_NOT_FOUND);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "dropped"));
        error_clear(&err);
        ck_assert_int_eq(outbox_retry(db, 1, 3600, &err), 0);
        ck_assert_int_eq(outbox_drop(db, 1, 3700, "not wanted", &err), 0);
        ck_assert_int_eq(count(DELIVERY_DEAD), 0);
        d = only_delivery(DELIVERY_DROPPED);
        ck_assert_str_eq(d->answer, "not wanted");
        delivery_free(d);
        ck_assert_int_eq(outbox_retry(db, 1, 4000, &err), 0);
        d = claim_expecting("ops", "me", 4000, "i1");
        ck_assert_int_eq(record(d, "me", DELIVERY_SENT, 4000, 0, NULL), 0);
        delivery_free(d);
        ck_assert_int_eq(outbox_retry(db, 1, 5000, &err), -ERR_NOT_FOUND);
        error_clear(&err);
        ck_assert_int_eq(outbox_retry(db, 99, 5000, &err), -ERR_NOT_FOUND);
        error_clear(&err);
        ck_assert_int_eq(outbox_drop(db, 99, 5000, NULL, &err), -ERR_NOT_FOUND);
        error_clear(&err);
        ck_assert_int_eq(count(DELIVERY_SENT), 1);
        static const char *const results[] = { "again", "dead", "again", "dead", "dropped", "again", "dropped", "again", "sent" };
        g_autoptr(GPtrArray) attempts = NULL;
        ck_assert_int_eq(outbox_attempts(db, 1, &attempts, &err), 0);
        ck_assert_uint_eq(attempts->len, G_N_ELEMENTS(results)); /* what people did is on record too */
        for (guint i = 0; i < attempts->len; i++)
                ck_assert_str_eq(((struct attempt *) g_ptr_array_index(attempts, i))->result, results[i]);
}
END_TEST

/* --- decisions --- */

START_TEST(route_states)
{
        struct error err = ERROR_INIT;
        int64_t id = bulletin("MS07-001");
        struct route_state state = { .known = true, .severity = 9 };
        ck_assert_int_eq(outbox_route_state(db, "ops", id, &state, &err), 0);
        ck_assert(!state.known && !state.above && !state.sent && state.severity == 0);
        struct route_state kept = { .known = true, .above = true, .sent = true, .severity = 4, .urgency = 3 };
        ck_assert_int_eq(outbox_set_route_state(db, "ops", id, &kept, &err), 0);
        kept.sent = false;
        kept.urgency = 0;
        ck_assert_int_eq(outbox_set_route_state(db, "ops", id, &kept, &err), 0);
        ck_assert_int_eq(outbox_route_state(db, "ops", id, &state, &err), 0);
        ck_assert(state.known && state.above && !state.sent);
        ck_assert_int_eq(state.severity, 4);
        ck_assert_int_eq(state.urgency, 0);
        ck_assert_int_eq(outbox_route_state(db, "dev", id, &state, &err), 0);
        ck_assert(!state.known);
        kept.known = false;
        ck_assert_int_eq(outbox_set_route_state(db, "ops", id, &kept, &err), 0);
        ck_assert_int_eq(outbox_route_state(db, "ops", id, &state, &err), 0);
        ck_assert(!state.known);
        kept.known = true;
        ck_assert_int_eq(outbox_set_route_state(db, "ops", 99, &kept, &err), -ERR_STORE);
        ck_assert_ptr_nonnull(strstr(error_text(&err), "ops"));
        error_clear(&err);
}
END_TEST

static int64_t decide(int64_t bulletin_id, int64_t revision_id, int64_t mail_id, const char *action, int64_t at_ms)
{
        struct decision_row decision = { .bulletin_id = bulletin_id, .revision_id = revision_id, .mail_id = mail_id,
                                         .route = (char *) "ops", .action = (char *) action,
                                         .reason = (char *) "because", .decided_ms = at_ms };
        struct error err = ERROR_INIT;
        int64_t id = 0;
        ck_assert_msg(outbox_add_decision(db, &decision, &id, &err) == 0, "%s", error_text(&err));
        return id;
}

START_TEST(decisions_and_their_deliveries)
{
        struct error err = ERROR_INIT;
        int64_t bulletin_id, revision_id, mail_id, other = bulletin("MS07-002");
        make_bulletin("MS07-001", &bulletin_id, &revision_id, &mail_id);
        int64_t one = decide(bulletin_id, revision_id, mail_id, "new", 100);
        int64_t two = decide(bulletin_id, revision_id, 0, "none", 200);
        int64_t three = decide(other, 0, 0, "new", 300);
        int64_t four = decide(0, 0, 0, "summary", 400);
        add_tied("i1", "slack", bulletin_id, 0, one);
        add_tied("i2", "mail", bulletin_id, 0, one);
        ck_assert(add_tied("i2", "mail", bulletin_id, 0, one));
        ck_assert(add_tied("i1", "slack", bulletin_id, 0, three)); /* known: also tied to this one */
        g_autoptr(GPtrArray) rows = NULL, others = NULL, latest = NULL, all = NULL, none = NULL;
        ck_assert_int_eq(outbox_decisions(db, bulletin_id, &rows, &err), 0);
        ck_assert_uint_eq(rows->len, 2);
        const struct decision_row *row = g_ptr_array_index(rows, 0);
        ck_assert_int_eq(row->id, one);
        ck_assert_int_eq(row->bulletin_id, bulletin_id);
        ck_assert_int_eq(row->revision_id, revision_id);
        ck_assert_int_eq(row->mail_id, mail_id);
        ck_assert_str_eq(row->route, "ops");
        ck_assert_str_eq(row->action, "new");
        ck_assert_str_eq(row->reason, "because");
        ck_assert_int_eq(row->decided_ms, 100);
        ck_assert_uint_eq(row->deliveries->len, 2);
        ck_assert_str_eq(((struct delivery *) g_ptr_array_index(row->deliveries, 1))->identity, "i2");
        row = g_ptr_array_index(rows, 1);
        ck_assert_int_eq(row->id, two);
        ck_assert_int_eq(row->mail_id, 0);
        ck_assert_uint_eq(row->deliveries->len, 0);
        ck_assert_int_eq(outbox_decisions(db, other, &others, &err), 0);
        ck_assert_uint_eq(others->len, 1);
        ck_assert_uint_eq(((struct decision_row *) g_ptr_array_index(others, 0))->deliveries->len, 1);
        ck_assert_int_eq(outbox_decisions_latest(db, 2, &latest, &err), 0);
        ck_assert_uint_eq(latest->len, 2);
        ck_assert_int_eq(((struct decision_row *) g_ptr_array_index(latest, 0))->id, four);
        ck_assert_int_eq(((struct decision_row *) g_ptr_array_index(latest, 1))->id, three);
        ck_assert_int_eq(outbox_decisions_latest(db, 0, &all, &err), 0);
        ck_assert_uint_eq(all->len, 4);
        ck_assert_int_eq(outbox_decisions(db, 99, &none, &err), 0);
        ck_assert_uint_eq(none->len, 0);
        struct decision_row bad = { .revision_id = 99, .route = (char *) "ops", .action = (char *) "new",
                                    .reason = (char *) "x" };
        int64_t id = -7;
        ck_assert_int_eq(outbox_add_decision(db, &bad, &id, &err), -ERR_STORE);
        ck_assert_int_eq(id, -7);
        error_clear(&err);
}
END_TEST

START_TEST(no_scan_of_whole_tables)
{
        struct error err = ERROR_INIT;
        ck_assert_int_eq(database_begin(db, &err), 0);
        for (int i = 0; i < 200; i++) {
                g_autofree char *id = g_strdup_printf("MS07-%03d", i);
                int64_t bulletin_id, revision_id, mail_id;
                make_bulletin(id, &bulletin_id, &revision_id, &mail_id);
                int64_t decision_id = decide(bulletin_id, revision_id, mail_id, "new", 1);
                struct route_state state = { .known = true };
                ck_assert_int_eq(outbox_set_route_state(db, "ops", bulletin_id, &state, &err), 0);
                ck_assert_int_eq(outbox_route_state(db, "ops", bulletin_id, &state, &err), 0);
                add_tied(id, "ops", bulletin_id, 0, decision_id);
                struct delivery *d = claim_expecting("ops", "me", 1000, id);
                ck_assert_int_eq(record(d, "me", DELIVERY_SENT, 1000, 0, NULL), 0);
                claim_nothing("ops", 1000, 0);
                ck_assert_int_eq(outbox_release(db, "me", &err), 0);
                delivery_free(d);
                g_autoptr(GPtrArray) rows = NULL, attempts = NULL;
                ck_assert_int_eq(outbox_decisions(db, bulletin_id, &rows, &err), 0);
                ck_assert_int_eq(outbox_attempts(db, i + 1, &attempts, &err), 0);
        }
        ck_assert_int_eq(database_scanned_rows(db), 0);
        ck_assert_int_eq(database_commit(db, &err), 0);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("outbox");
        TCase *asking = tcase_create("asking");
        tcase_add_checked_fixture(asking, setup, teardown);
        tcase_add_test(asking, identities);
        tcase_add_test(asking, asking_twice_gives_one);
        tcase_add_test(asking, a_thread_is_the_first_one_for_the_bulletin_on_the_channel);
        tcase_add_test(asking, a_thread_without_a_bulletin);
        tcase_add_test(asking, a_rolled_back_delivery_was_never_asked_for);
        suite_add_tcase(s, asking);
        TCase *sending = tcase_create("sending");
        tcase_add_checked_fixture(sending, setup, teardown);
        tcase_add_test(sending, claims_go_by_time_and_channel);
        tcase_add_test(sending, a_claim_that_ran_out_can_be_taken);
        tcase_add_test(sending, a_slow_owner_keeps_its_claim_until_another_takes_it);
        tcase_add_test(sending, attempts_are_kept);
        tcase_add_test(sending, dead_deliveries_stay_dead);
        tcase_add_test(sending, answers_are_cut_between_characters);
        tcase_add_test(sending, claims_are_given_up);
        tcase_add_test(sending, a_lease_does_not_overflow);
        tcase_add_test(sending, many_senders_take_each_delivery_once);
        tcase_add_test(sending, an_all_clear_waits_for_its_alarm);
        tcase_add_test(sending, a_recovery_waits_for_its_problem);
        tcase_add_test(sending, killed_while_sending);
        tcase_add_test(sending, retry_and_drop);
        suite_add_tcase(s, sending);
        TCase *decisions = tcase_create("decisions");
        tcase_add_checked_fixture(decisions, setup, teardown);
        tcase_add_test(decisions, route_states);
        tcase_add_test(decisions, decisions_and_their_deliveries);
        tcase_add_test(decisions, no_scan_of_whole_tables);
        suite_add_tcase(s, decisions);
        return s;
}

int main(void)
{
        return support_run(suite());
}
