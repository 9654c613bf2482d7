/* SPDX-License-Identifier: MIT */
/* A sender by a clock of the test's own: when it tries again, for how long, and when it is silent. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/service_p.h"
#include "daemon/transfer.h"
#include "store/outbox.h"
#include "tests/support.h"

#define START_MS INT64_C(1178852645000)
#define HOUR_MS (3600 * INT64_C(1000))
#define DEADLINE_US (20 * G_USEC_PER_SEC)
#define DEADLINE_MS 20000

/* The receiver answers each request with the next of these, and with the last one from then on. */
static struct {
        int fd;
        unsigned port;
        const char *const *answers; /* "500", "429\r\nRetry-After: 120" */
        GThread *thread;
        GAsyncQueue *times;         /* when each request came, by the test's clock */
} receiver;

static struct service service;
static struct config config;
static struct database *db;
static GThread *sender;
static int wake_fd;
static int64_t now_ms;

static void answer_one(FILE *in, FILE *out)
{
        char line[1024];
        size_t size = 0;
        while (fgets(line, sizeof line, in) && strcmp(line, "\r\n") != 0)
                if (g_ascii_strncasecmp(line, "Content-Length: ", 16) == 0)
                        size = (size_t) g_ascii_strtoull(line + 16, NULL, 10);
        while (size > 0 && fgetc(in) != EOF)
                size--;
        if (feof(in))
                return;
        fprintf(out, "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", receiver.answers[0]);
        fflush(out);
        if (receiver.answers[1])
                receiver.answers++;
        g_async_queue_push(receiver.times, g_memdup2(&(int64_t) { clock_wall_ms() }, sizeof(int64_t)));
}

static gpointer receive(gpointer unused)
{
        for (;;) {
                int connection = accept(receiver.fd, NULL, NULL);
                if (connection < 0)
                        return unused;
                FILE *in = fdopen(connection, "r"), *out = fdopen(dup(connection), "w");
                answer_one(in, out);
                fclose(in);
                fclose(out);
        }
}

static void start_receiver(const char *const *answers)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof address;
        receiver.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(receiver.fd, (struct sockaddr *) &address, length), 0);
        ck_assert_int_eq(listen(receiver.fd, 5), 0);
        ck_assert_int_eq(getsockname(receiver.fd, (struct sockaddr *) &address, &length), 0);
        receiver.port = ntohs(address.sin_port);
        receiver.answers = answers;
        receiver.times = g_async_queue_new_full(g_free);
        receiver.thread = g_thread_new("receiver", receive, NULL);
}

static void set_clock(int64_t wall_ms)
{
        now_ms = wall_ms;
        clock_set_for_test(wall_ms, wall_ms - START_MS + HOUR_MS);
}

static void setup(void)
{
        g_autofree char *directory = support_temporary_directory();
        struct error err = ERROR_INIT;
        set_clock(START_MS);
        log_set_level(LOG_LEVEL_ERROR);
        ck_assert_int_eq(transfer_prepare(&err), 0);
        config = (struct config) { .database_file = g_build_filename(directory, "hotfixd.db", NULL),
                                   .channels = g_ptr_array_new() };
        ck_assert_msg(database_open(config.database_file, DATABASE_CREATE, &db, &err) == 0, "%s", error_text(&err));
        g_autofree char *journal = g_build_filename(directory, "sent", NULL);
        service = (struct service) { .config = &config, .give_up_fd = -1, .journal = sent_journal_new(journal, 0) };
        int *const fds[] = { &service.stop_fd, &service.abort_fd, &service.failed_fd, &service.timer_fd,
                             &service.senders_fd, &wake_fd };
        for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
                *fds[i] = wake_new();
}

static void start_sender(const char *const *answers)
{
        start_receiver(answers);
        struct channel *channel = channel_new("hook", CHANNEL_WEBHOOK);
        channel->url = g_strdup_printf("http://127.0.0.1:%u/hook", receiver.port);
        channel->insecure = true;
        g_ptr_array_add(config.channels, channel);
        struct sender_start *start = g_new0(struct sender_start, 1);
        *start = (struct sender_start) { &service, channel, wake_fd };
        g_atomic_int_set(&service.senders_running, 1);
        sender = g_thread_new("sender", sender_thread, start);
}

static void teardown(void)
{
        wake_signal(service.stop_fd);
        wake_signal(service.abort_fd);
        g_thread_join(sender);
        shutdown(receiver.fd, SHUT_RDWR);
        g_thread_join(receiver.thread);
        close(receiver.fd);
        g_async_queue_unref(receiver.times);
        channel_free(g_ptr_array_index(config.channels, 0));
        g_ptr_array_unref(config.channels);
        sent_journal_free(service.journal);
        g_clear_pointer(&db, database_close);
        g_free(config.database_file);
        const int fds[] = { service.stop_fd, service.abort_fd, service.failed_fd, service.timer_fd, service.senders_fd,
                            wake_fd };
        for (size_t i = 0; i < G_N_ELEMENTS(fds); i++)
                close(fds[i]);
        clock_set_for_test(-1, -1);
        transfer_finish();
}

static void add(unsigned number, int64_t next_ms)
{
        g_autofree char *identity = g_strdup_printf("%064x", number);
        struct delivery delivery = { .identity = identity, .channel = (char *) "hook", .kind = (char *) "new",
                                     .payload = (char *) "{\"specversion\":\"1.0\"}", .created_ms = now_ms,
                                     .next_ms = next_ms };
        struct error err = ERROR_INIT;
        bool known;
        ck_assert_msg(outbox_add(db, &delivery, 0, &known, &err) == 0, "%s", error_text(&err));
}

static struct delivery *get(const char *number)
{
        struct delivery *delivery = NULL;
        ck_assert_int_eq(outbox_find(db, number, &delivery, NULL), 0);
        return delivery;
}

/* When the next request comes, by the test's clock. */
static int64_t next_request(void)
{
        g_autofree int64_t *time = g_async_queue_timeout_pop(receiver.times, DEADLINE_US);
        ck_assert_msg(time, "no request came");
        return *time;
}

/* The result of an attempt that did not succeed is on record. */
static void wait_recorded(void)
{
        ck_assert_int_eq(wake_wait(service.timer_fd, -1, DEADLINE_MS), 0);
        wake_clear(service.timer_fd);
}

static void go_to(int64_t wall_ms)
{
        set_clock(wall_ms);
        wake_signal(wake_fd);
}

START_TEST(five_days_of_trying)
{
        static const char *const answers[] = { "503 no", NULL };
        add(1, START_MS + 7 * HOUR_MS); /* held until then: the five days begin with it */
        start_sender(answers);
        go_to(START_MS + 7 * HOUR_MS);
        int64_t first_ms = now_ms, delay_ms = 0, last_delay_ms = 0;
        for (unsigned attempts = 1;; attempts++) {
                ck_assert_int_eq(next_request(), now_ms);
                wait_recorded();
                struct delivery *delivery = get("1");
                ck_assert_uint_eq(delivery->attempts, attempts);
                bool dead = delivery->state == DELIVERY_DEAD;
                delay_ms = delivery->next_ms - now_ms;
                int64_t next_ms = delivery->next_ms;
                delivery_free(delivery);
                if (dead)
                        break;
                ck_assert_int_lt(attempts, 250);
                ck_assert_int_ge(delay_ms, attempts < 11 ? MAX(4000, last_delay_ms) : HOUR_MS * 8 / 10);
                ck_assert_int_le(delay_ms, HOUR_MS * 12 / 10);
                last_delay_ms = delay_ms;
                go_to(next_ms);
        }
        int64_t took_ms = now_ms - first_ms;
        ck_assert_int_ge(took_ms, 5 * 24 * HOUR_MS);
        ck_assert_int_le(took_ms, 5 * 24 * HOUR_MS + 2 * HOUR_MS);
}
END_TEST

START_TEST(a_pause_is_for_the_whole_channel)
{
        static const char *const answers[] = { "429 slow\r\nRetry-After: 120", "204 taken", NULL };
        add(1, START_MS);
        start_sender(answers);
        ck_assert_int_eq(next_request(), START_MS);
        wait_recorded();
        struct delivery *delivery = get("1");
        ck_assert_int_eq(delivery->next_ms, START_MS + 120000);
        delivery_free(delivery);
        add(2, START_MS);
        go_to(START_MS + 60000);
        go_to(START_MS + 119999);
        ck_assert_ptr_null(g_async_queue_try_pop(receiver.times));
        go_to(START_MS + 120000);
        for (int i = 0; i < 2; i++)
                ck_assert_int_ge(next_request(), START_MS + 120000);
}
END_TEST

/* No other side silences a channel for days. */
START_TEST(a_pause_has_an_end)
{
        static const char *const answers[] = { "503 later\r\nRetry-After: 604800", "204 taken", NULL };
        add(1, START_MS);
        start_sender(answers);
        next_request();
        wait_recorded();
        struct delivery *delivery = get("1");
        ck_assert_int_eq(delivery->next_ms, START_MS + 24 * HOUR_MS);
        delivery_free(delivery);
        add(2, START_MS);
        go_to(START_MS + HOUR_MS);
        ck_assert_int_eq(next_request(), START_MS + HOUR_MS); /* that is the second one; and since it is taken … */
        ck_assert_int_eq(next_request(), START_MS + HOUR_MS); /* … the first one need not wait */
}
END_TEST

START_TEST(a_refusal_is_for_good)
{
        static const char *const answers[] = { "410 gone", "204 taken", NULL };
        add(1, START_MS);
        add(2, START_MS + 1000);
        start_sender(answers);
        next_request();
        wait_recorded();
        struct delivery *delivery = get("1");
        ck_assert_int_eq(delivery->state, DELIVERY_DEAD);
        ck_assert_uint_eq(delivery->tries, 0);
        delivery_free(delivery);
        go_to(START_MS + 1000);
        ck_assert_int_eq(next_request(), START_MS + 1000);
        go_to(START_MS + 1000 * 24 * HOUR_MS);
        add(3, 0);
        wake_signal(wake_fd);
        next_request();
        ck_assert_ptr_null(g_async_queue_try_pop(receiver.times));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("sender");
        TCase *c = tcase_create("sender");
        tcase_set_timeout(c, 60);
        tcase_add_checked_fixture(c, setup, teardown);
        tcase_add_test(c, five_days_of_trying);
        tcase_add_test(c, a_pause_is_for_the_whole_channel);
        tcase_add_test(c, a_pause_has_an_end);
        tcase_add_test(c, a_refusal_is_for_good);
        suite_add_tcase(s, c);
        return s;
}

int main(void)
{
        return support_run(suite());
}
