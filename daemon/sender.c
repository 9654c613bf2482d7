/* SPDX-License-Identifier: MIT */
/* A sender: the thread that delivers what the outbox holds for one channel. */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/service_p.h"
#include "daemon/transfer.h"
#include "ingest/mime.h"
#include "notify/channel.h"
#include "store/outbox.h"

#define LEASE_MS (5 * 60 * 1000)   /* longer than any one attempt takes */
#define STORE_RETRY_MS 1000
#define SLACK_INTERVAL_MS 1000     /* about one message a second and channel (Slack's documented limit) */

struct sender {
        struct service *service;
        const struct channel *channel;
        int wake_fd;
        struct database *db;
        char *owner, *context;
        bool may_hold; /* a claim: of an attempt that is not on record, or of the service before a reload */
        struct transfer_wake transfer_wake;
        struct notify_transport transport;
        struct log_repeat repeat, store_repeat;
};

/* The seam between notify/ and the one module that knows GMime. */
static int write_mail(void *context, const struct mail_draft *draft, char **ret_data, size_t *ret_size, struct error *err)
{
        (void) context;
        struct mime_draft mime = {
                .from = draft->from,
                .to = draft->to,
                .subject = draft->subject,
                .message_id = draft->message_id,
                .in_reply_to = draft->in_reply_to,
                .references = draft->references,
                .date_ms = draft->date_ms,
                .text = draft->text,
                .html = draft->html,
                .extra = draft->extra,
        };
        return mime_write(&mime, ret_data, ret_size, err);
}

static const char *result_state(const struct delivery_report *report, int64_t next_ms, enum delivery_state *ret_state)
{
        switch (report->result) {
        case RESULT_SENT:
                *ret_state = DELIVERY_SENT;
                return "sent";
        case RESULT_REFUSED:
                *ret_state = DELIVERY_DEAD;
                return "refused for good";
        default:
                *ret_state = next_ms < 0 ? DELIVERY_DEAD : DELIVERY_PENDING;
                return next_ms < 0 ? "given up" : "to be tried again";
        }
}

static void log_attempt(struct sender *sender, const struct delivery *delivery, const struct delivery_report *report,
                        const char *what, int64_t next_ms)
{
        g_autofree char *about = g_strdup_printf("delivery %" G_GINT64_FORMAT " (%s, %.12s)", delivery->id, delivery->kind,
                                                 delivery->identity);
        if (report->result == RESULT_SENT) {
                log_repeat_success(&sender->repeat, sender->context, "deliveries succeed again");
                log_info(sender->context, "%s: sent: %s", about, report->answer ? report->answer : "");
                return;
        }
        g_atomic_int_inc(&sender->service->failures);
        g_autofree char *text = next_ms > 0 ?
                g_strdup_printf("%s: %s in %" G_GINT64_FORMAT " s: %s", about, what,
                                MAX(0, next_ms - clock_wall_ms()) / 1000, report->answer ? report->answer : "") :
                g_strdup_printf("%s: %s: %s", about, what, report->answer ? report->answer : "");
        if (next_ms > 0)
                log_repeat_failure(&sender->repeat, LOG_LEVEL_WARNING, sender->context, text);
        else
                log_error(sender->context, "%s", text);
}

/* What was sent must not be sent again because the database was locked or full for a moment: only a stop ends the trying. */
static int record(struct sender *sender, const struct delivery *delivery, enum delivery_state state, int64_t now_ms,
                  int64_t next_ms, const char *answer, struct error *err)
{
        for (;;) {
                int r = outbox_record(sender->db, delivery, sender->owner, state, now_ms, next_ms, answer, err);
                if (!store_error_passes(r) || wake_wait(sender->service->stop_fd, -1, STORE_RETRY_MS) == 0)
                        return r;
                log_repeat_failure(&sender->store_repeat, LOG_LEVEL_ERROR, sender->context, error_text(err));
                error_clear(err);
        }
}

/* Sends one delivery and records what came of it. Negative: the store failed, or the service stops. */
static int deliver(struct sender *sender, const struct delivery *delivery, struct error *err)
{
        struct delivery_request request = {
                .identity = delivery->identity,
                .thread = delivery->thread,
                .payload = delivery->payload,
                .created_ms = delivery->created_ms,
        };
        struct delivery_report report = { 0 };
        channel_send(sender->channel, &sender->transport, &request, &report);
        if (report.result == RESULT_CANCELLED) {
                delivery_report_clear(&report);
                return -ERR_CANCELLED;
        }
        int64_t now_ms = clock_wall_ms(), next_ms = 0;
        if (report.result == RESULT_TRY_AGAIN)
                next_ms = retry_next_ms(delivery->attempts + 1, delivery->identity, delivery->created_ms, now_ms,
                                        report.retry_after_ms);
        enum delivery_state state;
        const char *what = result_state(&report, next_ms, &state);
        log_attempt(sender, delivery, &report, what, next_ms);
        int r = record(sender, delivery, state, now_ms, next_ms, report.answer, err);
        delivery_report_clear(&report);
        if (r != -ERR_NOT_FOUND)
                return r;
        /* Somebody has settled it by hand meanwhile. */
        log_warning(sender->context, "%s", error_text(err));
        error_clear(err);
        return 0;
}

/* Delivers what is due. Returns when the next one is (0: none waits), or a negative code. */
static int64_t deliver_due(struct sender *sender, struct error *err)
{
        for (;;) {
                struct delivery *delivery = NULL;
                int64_t next_ms = 0;
                int r = outbox_claim(sender->db, sender->channel->name, sender->owner, clock_wall_ms(), LEASE_MS, &delivery,
                                     &next_ms, err);
                if (r < 0)
                        return r;
                if (!delivery)
                        return next_ms;
                sender->may_hold = true;
                r = deliver(sender, delivery, err);
                delivery_free(delivery);
                if (r < 0)
                        return r;
                sender->may_hold = false;
                int64_t pause_ms = sender->channel->type == CHANNEL_SLACK ? SLACK_INTERVAL_MS : 0;
                if (wake_wait(sender->service->stop_fd, -1, pause_ms) == 0)
                        return -ERR_CANCELLED;
        }
}

/* True if it is no use to try again. */
static bool store_failed(struct sender *sender, int code, struct error *err)
{
        if (store_error_passes(code)) {
                log_repeat_failure(&sender->store_repeat, LOG_LEVEL_ERROR, sender->context, error_text(err));
                return false;
        }
        service_fail(sender->service, sender->context, err);
        return true;
}

static int release_claims(struct sender *sender, struct error *err)
{
        int r = sender->may_hold ? outbox_release(sender->db, sender->owner, err) : 0;
        if (r == 0)
                sender->may_hold = false;
        return r;
}

static void run(struct sender *sender)
{
        bool stop = false;
        while (!stop) {
                struct error err = ERROR_INIT;
                wake_clear(sender->wake_fd);
                int64_t next_ms = release_claims(sender, &err);
                if (next_ms == 0)
                        next_ms = deliver_due(sender, &err);
                int64_t wait_ms = G_MAXINT;
                transfer_kept_tidy(sender->transfer_wake.kept);
                if (next_ms == -ERR_CANCELLED || wake_is_set(sender->service->stop_fd)) {
                        stop = true;
                } else if (next_ms < 0) {
                        stop = store_failed(sender, (int) next_ms, &err);
                        wait_ms = STORE_RETRY_MS;
                } else {
                        log_repeat_success(&sender->store_repeat, sender->context, "the outbox can be used again");
                        if (next_ms > 0)
                                wait_ms = MAX(0, next_ms - clock_wall_ms());
                        stop = sender->service->once;
                }
                error_clear(&err);
                /* No wait is longer than a minute: the wall clock may be set meanwhile. */
                if (!stop)
                        wake_wait(sender->service->stop_fd, sender->wake_fd, MIN(wait_ms, 60000));
                stop = stop || wake_is_set(sender->service->stop_fd);
        }
}

gpointer sender_thread(gpointer data)
{
        struct sender_start *start = data;
        struct sender sender = { .service = start->service, .channel = start->channel, .wake_fd = start->wake_fd,
                                 .may_hold = true };
        g_free(start);
        sender.context = g_strdup_printf("channel %s", sender.channel->name);
        sender.owner = g_strdup_printf("%d/%s", (int) getpid(), sender.channel->name);
        sender.transfer_wake = (struct transfer_wake) { .stop_fd = sender.service->abort_fd, .attention_fd = -1,
                                                        .kept = transfer_kept_new() };
        sender.transport = (struct notify_transport) {
                .context = &sender.transfer_wake,
                .http_post = transfer_http_post,
                .smtp_send = transfer_smtp_send,
                .mail_write = write_mail,
        };
        sender.db = service_open_database(sender.service, sender.context);
        if (sender.db) {
                /* A request under way, and the record of how it ended, have until abort_fd. */
                database_set_stop(sender.db, wake_stops, &sender.service->abort_fd);
                run(&sender);
                struct error err = ERROR_INIT;
                if (release_claims(&sender, &err) < 0)
                        log_warning(sender.context, "%s; the claim will run out by itself", error_text(&err));
                error_clear(&err);
                database_close(sender.db);
        }
        transfer_kept_free(sender.transfer_wake.kept);
        g_free(sender.owner);
        g_free(sender.context);
        if (g_atomic_int_dec_and_test(&sender.service->senders_running))
                wake_signal(sender.service->senders_fd);
        return NULL;
}
