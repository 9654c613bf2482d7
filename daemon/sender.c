/* SPDX-License-Identifier: MIT */
/* A sender: the thread that delivers what the outbox holds for one channel. */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "daemon/attachment.h"
#include "daemon/service_p.h"
#include "daemon/transfer.h"
#include "ingest/mime.h"
#include "notify/channel.h"
#include "store/outbox.h"

#define LEASE_MS (5 * 60 * 1000)   /* longer than any one attempt takes */
#define STORE_RETRY_MS 1000
#define LONGEST_SILENCE_MS (60 * 60 * 1000) /* of the whole channel; a delivery that was put off obeys longer ones */

struct sender {
        struct service *service;
        const struct channel *channel;
        int wake_fd;
        struct database *db;
        char *owner, *context;
        bool has_journal; /* it was looked at what was sent before */
        bool has_sent; /* something since it began */
        bool may_hold; /* a claim: of an attempt that is not on record, or of the service before a reload */
        struct attachment_context attachment;
        struct notify_transport transport;
        int64_t silent_until_ms; /* monotonic: what the other side asked for */
        struct log_repeat repeat, store_repeat, journal_repeat;
};

/* The least time from one message to the next: services that count them say so. */
static int64_t pace_ms(enum channel_type type)
{
        static const int64_t paces[CHANNEL_TYPE_MAX] = {
                [CHANNEL_SLACK] = 1000, /* about one message a second and channel */
                [CHANNEL_TEAMS] = 1000, /* four requests a second and connector, for all who use it */
                [CHANNEL_PAGERDUTY] = 500, /* 120 events a minute and key */
        };
        return paces[type];
}

/* The seam between notify/ and the one module that knows GMime. */
static int write_mail(void *context, const struct mail_draft *draft, char **ret_data, size_t *ret_size, struct error *err)
{
        (void) context;
        g_autofree struct mime_attachment *attachments = g_new0(struct mime_attachment, draft->attachment_count);
        for (size_t i = 0; i < draft->attachment_count; i++) {
                const struct mail_attachment *from = &draft->attachments[i];
                attachments[i] = (struct mime_attachment) { from->type, from->name, from->data, from->size };
        }
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
                .attachments = attachments,
                .attachment_count = draft->attachment_count,
        };
        return mime_write(&mime, ret_data, ret_size, err);
}

/* What was made of an attempt: for the outbox, and in words. */
static const char *result_state(const struct delivery_report *report, struct delivery_outcome *outcome)
{
        switch (report->result) {
        case RESULT_SENT:
                outcome->state = DELIVERY_SENT;
                return "sent";
        case RESULT_REFUSED:
                outcome->state = DELIVERY_DEAD;
                return "refused for good";
        default:
                outcome->state = outcome->next_ms < 0 ? DELIVERY_DEAD : DELIVERY_PENDING;
                return outcome->next_ms < 0 ? "given up" : "to be tried again";
        }
}

static char *describe(const struct delivery *delivery)
{
        return g_strdup_printf("delivery %" G_GINT64_FORMAT " (%s, %.12s)", delivery->id, delivery->kind, delivery->identity);
}

static void log_attempt(struct sender *sender, const struct delivery *delivery, const struct delivery_outcome *outcome,
                        const char *what)
{
        g_autofree char *about = describe(delivery);
        const char *answer = outcome->answer ? outcome->answer : "";
        if (outcome->state == DELIVERY_SENT) {
                log_repeat_success(&sender->repeat, sender->context, "deliveries succeed again");
                log_info(sender->context, "%s: sent: %s", about, answer);
                return;
        }
        g_atomic_int_inc(&sender->service->failures);
        if (outcome->state == DELIVERY_DEAD) {
                log_error(sender->context, "%s: %s: %s", about, what, answer);
                return;
        }
        g_autofree char *text = g_strdup_printf("%s: %s in %" G_GINT64_FORMAT " s: %s", about, what,
                                                MAX(0, outcome->next_ms - clock_wall_ms()) / 1000, answer);
        log_repeat_failure(&sender->repeat, LOG_LEVEL_WARNING, sender->context, text);
}

/* What was sent must not be sent again because the database was locked or full for a moment: only a stop ends the trying. */
static int record(struct sender *sender, const struct delivery *delivery, const struct delivery_outcome *outcome,
                  struct error *err)
{
        int r;
        for (;;) {
                r = outbox_record(sender->db, delivery, sender->owner, outcome, err);
                if (!store_error_passes(r) || wake_wait(sender->service->stop_fd, -1, STORE_RETRY_MS) == 0)
                        break;
                log_repeat_failure(&sender->store_repeat, LOG_LEVEL_ERROR, sender->context, error_text(err));
                error_clear(err);
        }
        if (r != -ERR_NOT_FOUND)
                return r;
        /* Somebody has settled it by hand meanwhile. */
        log_warning(sender->context, "%s", error_text(err));
        error_clear(err);
        return 0;
}

/* --- the journal of what was sent --- */

/* Without it there is still the database; but what only has to be waited for is waited for. */
static int load_journal(struct sender *sender, struct error *err)
{
        int r = sender->has_journal ? 0 : sent_journal_load(sender->service->journal, sender->db, clock_wall_ms(), err);
        if (store_error_passes(r))
                return r;
        if (r < 0)
                log_warning(sender->context, "%s; what a restored database does not know may be sent again", error_text(err));
        error_clear(err);
        sender->has_journal = true;
        return 0;
}

static void note_in_journal(struct sender *sender, const struct delivery *delivery, const struct delivery_outcome *outcome)
{
        struct error err = ERROR_INIT;
        if (sent_journal_add(sender->service->journal, delivery->identity, outcome->now_ms, outcome->memo, &err) < 0)
                log_repeat_failure(&sender->journal_repeat, LOG_LEVEL_WARNING, sender->context, error_text(&err));
        else
                log_repeat_success(&sender->journal_repeat, sender->context, "what is sent can be noted again");
        error_clear(&err);
}

/* 1: it was sent before, and that is on record now. */
static int settle_if_sent(struct sender *sender, const struct delivery *delivery, struct error *err)
{
        struct sent_entry entry;
        if (!sent_journal_find(sender->service->journal, delivery->identity, &entry))
                return 0;
        struct delivery_outcome outcome = {
                .state = DELIVERY_SENT,
                .now_ms = clock_wall_ms(),
                .sent_ms = entry.sent_ms,
                .memo = entry.memo,
                /* Taken before, it was this database that was to learn of it. */
                .answer = delivery->tries > 1 ? "sent before hotfixd ended without recording it" :
                                                "sent before (the database is older than that)",
        };
        g_autofree char *about = describe(delivery);
        log_notice(sender->context, "%s: not sent again: %s", about, outcome.answer);
        int r = record(sender, delivery, &outcome, err);
        sent_entry_clear(&entry);
        return r < 0 ? r : 1;
}

/* --- one delivery --- */

/* The other side has said when it wants to hear of us again: that goes for all that this channel has to say. */
static void obey(struct sender *sender, const struct delivery_report *report)
{
        if (report->result != RESULT_SENT && report->retry_after_ms > 0)
                sender->silent_until_ms = clock_monotonic_ms() + MIN(report->retry_after_ms, LONGEST_SILENCE_MS);
}

/* The channel works: what waits because of earlier failures need not wait longer. */
static void hurry_others(struct sender *sender)
{
        struct error err = ERROR_INIT;
        if (outbox_hurry(sender->db, sender->channel->name, clock_wall_ms(), &err) < 0)
                log_warning(sender->context, "%s", error_text(&err)); /* they go at their own times */
        error_clear(&err);
}

static int record_report(struct sender *sender, const struct delivery *delivery, const struct delivery_report *report,
                         struct error *err)
{
        struct delivery_outcome outcome = { .now_ms = clock_wall_ms(), .answer = report->answer, .memo = report->memo,
                                            .unclear = report->unclear };
        /* Also what failed in an earlier process counts, and what this one has not looked at yet. */
        bool was_failing = sender->repeat.failing || delivery->attempts > 0 || !sender->has_sent;
        if (report->result == RESULT_TRY_AGAIN)
                outcome.next_ms = retry_next_ms(delivery->attempts + 1, delivery->identity, delivery->since_ms, outcome.now_ms,
                                                report->retry_after_ms);
        const char *what = result_state(report, &outcome);
        if (outcome.state == DELIVERY_SENT)
                note_in_journal(sender, delivery, &outcome);
        log_attempt(sender, delivery, &outcome, what);
        obey(sender, report);
        int r = record(sender, delivery, &outcome, err);
        if (r == 0 && outcome.state == DELIVERY_SENT && was_failing)
                hurry_others(sender);
        if (r == 0 && (outcome.state != DELIVERY_SENT || was_failing))
                wake_signal(sender->service->timer_fd); /* it looks at how the channels do */
        sender->has_sent |= outcome.state == DELIVERY_SENT;
        return r;
}

/* The service stops. What is not put back counts as one that may have arrived. */
static int put_back(struct sender *sender, const struct delivery *delivery, bool unclear)
{
        struct error err = ERROR_INIT;
        if (outbox_put_back(sender->db, delivery, sender->owner, clock_wall_ms(), unclear, &err) < 0)
                log_warning(sender->context, "%s", error_text(&err));
        error_clear(&err);
        return -ERR_CANCELLED;
}

/* Sends one delivery and records what came of it. Negative: the store failed, or the service stops. */
static int deliver(struct sender *sender, const struct delivery *delivery, struct error *err)
{
        int r = settle_if_sent(sender, delivery, err);
        if (r != 0)
                return MIN(r, 0);
        struct delivery_request request = {
                .identity = delivery->identity,
                .thread = delivery->thread,
                .payload = delivery->payload,
                .created_ms = delivery->since_ms,
                .memo = delivery->memo,
                .thread_memo = delivery->thread_memo,
                .unclear = delivery->tries > 1,
        };
        struct delivery_report report = { 0 };
        channel_send(sender->channel, &sender->transport, &request, &report);
        r = report.result == RESULT_CANCELLED ? put_back(sender, delivery, report.unclear) :
                                                record_report(sender, delivery, &report, err);
        delivery_report_clear(&report);
        return r;
}

/* For how long the other side does not want to hear of this channel. */
static int64_t silence_ms(const struct sender *sender)
{
        return MAX(0, sender->silent_until_ms - clock_monotonic_ms());
}

/* Nothing is due before next_ms. 1: something is all the same, since it waits for a time that the clock had come to by
 * mistake. */
static int mend_times(struct sender *sender, int64_t next_ms, struct error *err)
{
        int64_t now_ms = clock_wall_ms();
        bool mended = false;
        if (next_ms <= now_ms + OUTBOX_PUT_OFF_MS_MAX)
                return 0;
        int r = outbox_mend_times(sender->db, sender->channel->name, now_ms, &mended, err);
        if (mended)
                log_notice(sender->context, "the clock was set back: what waited for another time is sent now");
        return r < 0 ? r : mended;
}

/* Delivers what is due. Returns when the next one is (0: none waits), or a negative code. */
static int64_t deliver_due(struct sender *sender, struct error *err)
{
        for (;;) {
                int64_t silence = silence_ms(sender);
                if (silence > 0)
                        return clock_wall_ms() + silence;
                struct delivery *delivery = NULL;
                int64_t next_ms = 0;
                int r = outbox_claim(sender->db, sender->channel->name, sender->owner, clock_wall_ms(), LEASE_MS, &delivery,
                                     &next_ms, err);
                if (r == 0 && !delivery) {
                        r = mend_times(sender, next_ms, err);
                        if (r <= 0)
                                return r < 0 ? r : next_ms;
                        continue;
                }
                sender->may_hold = true;
                if (r < 0)
                        return r;
                r = deliver(sender, delivery, err);
                delivery_free(delivery);
                if (r < 0)
                        return r;
                sender->may_hold = false;
                if (wake_wait(sender->service->stop_fd, -1, pace_ms(sender->channel->type)) == 0)
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
                        next_ms = load_journal(sender, &err);
                if (next_ms == 0)
                        next_ms = deliver_due(sender, &err);
                int64_t wait_ms = G_MAXINT;
                transfer_kept_tidy(sender->attachment.wake.kept);
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
        sender.attachment.wake = (struct transfer_wake) { .stop_fd = sender.service->abort_fd, .attention_fd = -1,
                                                          .kept = transfer_kept_new() };
        sender.transport = (struct notify_transport) {
                .context = &sender.attachment,
                .http_post = transfer_http_post,
                .smtp_send = transfer_smtp_send,
                .mail_write = write_mail,
                .original_read = attachment_original_read,
                .csaf_read = attachment_csaf_read,
        };
        sender.db = sender.attachment.db = service_open_database(sender.service, sender.context);
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
        transfer_kept_free(sender.attachment.wake.kept);
        g_free(sender.owner);
        g_free(sender.context);
        if (g_atomic_int_dec_and_test(&sender.service->senders_running))
                wake_signal(sender.service->senders_fd);
        return NULL;
}
