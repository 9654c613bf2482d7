/* SPDX-License-Identifier: MIT */
#include "daemon/pipeline.h"

#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/log.h"
#include "daemon/delivery.h"
#include "daemon/drift_watch.h"
#include "daemon/escalation.h"
#include "daemon/health.h"
#include "daemon/summary.h"
#include "daemon/unread_watch.h"
#include "daemon/verification.h"
#include "notify/message.h"
#include "notify/message_alert.h"
#include "store/bulletins.h"
#include "store/cursors.h"
#include "store/history.h"
#include "store/mails.h"
#include "store/outbox.h"
#include "store/refetch.h"

/* What the jobs of one transaction share. */
struct batch {
        struct database *db;
        const struct config *config;
        int64_t now_ms;
        struct pipeline_totals totals;
        struct health health;
        struct drift_watch drift;
};

static void batch_init(struct batch *batch, struct database *db, const struct config *config)
{
        *batch = (struct batch){ .db = db, .config = config, .now_ms = clock_wall_ms() };
        health_init(&batch->health, db, config, batch->now_ms, &batch->totals.deliveries);
        drift_watch_init(&batch->drift, &batch->health);
}

static void batch_clear(struct batch *batch)
{
        drift_watch_clear(&batch->drift);
        health_clear(&batch->health);
}

static enum route_event event_for_routes(enum dedup_event event)
{
        switch (event) {
        case DEDUP_FIRST:
                return EVENT_FIRST;
        case DEDUP_LATER:
                return EVENT_LATER;
        case DEDUP_VARIANT:
                return EVENT_VARIANT;
        case DEDUP_EARLIER:
                return EVENT_EARLIER;
        case DEDUP_UNDATED:
                return EVENT_UNDATED;
        default:
                return EVENT_DUPLICATE;
        }
}

/* What a route has to tell of an arrival. */
struct verdict {
        const struct route *route;
        enum route_action action;
        int64_t decision_id;
        struct message *message;
};

static void free_verdict(gpointer data)
{
        struct verdict *verdict = data;
        message_free(verdict->message);
        g_free(verdict);
}

/* Of several messages for one channel the one that says most is sent: what rose is more than that it is new to a route that
 * was added since, and what is still above for one route is not over. */
static gint says_more_first(gconstpointer a, gconstpointer b)
{
        static const int order[ACTION_MAX] = {
                [ACTION_RAISED] = 1, [ACTION_NEW] = 2, [ACTION_UPDATED] = 3, [ACTION_LOWERED] = 4
        };
        const struct verdict *left = *(struct verdict *const *) a, *right = *(struct verdict *const *) b;
        return order[left->action] - order[right->action];
}

static bool leads_to(const struct route *route, const char *channel)
{
        for (guint i = 0; route->immediate && i < route->channels->len; i++) /* else the digest tells it */
                if (strcmp(g_ptr_array_index(route->channels, i), channel) == 0)
                        return true;
        return false;
}

/* Whatever a channel is told of one arrival, it is told once: the first verdict that leads there has the word. */
static const struct message *message_of_channel(const GPtrArray *verdicts, const char *channel)
{
        for (guint i = 0; i < verdicts->len; i++) {
                const struct verdict *verdict = g_ptr_array_index(verdicts, i);
                if (leads_to(verdict->route, channel))
                        return verdict->message;
        }
        return NULL;
}

/* Every channel of the route is told, and somebody is to acknowledge it. */
static int ask_for_deliveries(struct batch *batch, const struct job *job, const struct bulletin_arrival *arrival,
                              const GPtrArray *verdicts, const struct verdict *verdict, struct error *err)
{
        const struct route *route = verdict->route;
        struct delivery_subject subject = {
                .feed = job->result.bulletin->feed,
                .key = job->prepared.key,
                .fingerprint = job->prepared.fingerprint,
                .bulletin_id = arrival->bulletin_id,
                .decision_id = verdict->decision_id,
                .due_ms = schedule_next_active(&route->schedule, batch->config->calendar,
                                               route_schedule_severity(job->result.bulletin), batch->now_ms),
        };
        int r = escalation_decided(batch->db, batch->config, route, verdict->action, verdict->message, &subject, batch->now_ms,
                                   &batch->totals.deliveries, err);
        for (guint i = 0; r == 0 && i < route->channels->len; i++) {
                const struct channel *channel = config_channel(batch->config, g_ptr_array_index(route->channels, i));
                const struct message *message = message_of_channel(verdicts, channel->name);
                bool keep = false;
                if (verdict->action == ACTION_LOWERED)
                        r = escalation_keeps_from(batch->db, batch->config, route, arrival->bulletin_id, channel, &keep, err);
                if (r == 0 && !keep && leads_to(route, channel->name))
                        r = delivery_ask(batch->db, channel, message, &subject, batch->now_ms, &batch->totals.deliveries, err);
        }
        return r;
}

static int record_decision(struct batch *batch, const struct job *job, const struct route *route,
                           const struct bulletin_arrival *arrival, const struct route_decision *decision, GPtrArray *verdicts,
                           struct error *err)
{
        struct decision_row row = {
                .revision_id = arrival->revision_id,
                .mail_id = job->mail_id,
                .bulletin_id = arrival->bulletin_id,
                .route = route->name,
                .action = (char *) route_action_name(decision->action),
                .reason = decision->reason,
                .decided_ms = batch->now_ms,
        };
        int64_t decision_id = 0;
        int r = outbox_add_decision(batch->db, &row, &decision_id, err);
        if (r < 0 || decision->action == ACTION_NONE)
                return r;
        struct verdict *verdict = g_new0(struct verdict, 1);
        struct message *message = message_for_bulletin(job->result.bulletin, route->name, decision, arrival->changes);
        message->subject_key = g_strdup_printf("%s:%s", job->result.bulletin->feed, job->prepared.key);
        message->mail_id = job->mail_id;
        if (escalation_opens(route, decision->action))
                escalation_ask_for_note(message, job->result.bulletin, job->prepared.key, route, batch->config->calendar,
                                        batch->now_ms);
        *verdict = (struct verdict) { route, decision->action, decision_id, message };
        g_ptr_array_add(verdicts, verdict);
        return 0;
}

static int decide_route(struct batch *batch, const struct job *job, const struct route *route,
                        const struct bulletin_arrival *arrival, GPtrArray *verdicts, struct error *err)
{
        struct route_state state = { 0 };
        /* Of a bulletin that this mail is all of no route knows anything. */
        int r = job->fresh_mark != 0 ? 0 :
                outbox_route_state(batch->db, route->name, arrival->bulletin_id, &state, err);
        if (r < 0)
                return r;
        struct route_input input = {
                .bulletin = job->result.bulletin,
                /* Overtaken (see below), and an earlier revision was told. */
                .event = arrival->event == DEDUP_FIRST && state.sent ? EVENT_LATER : event_for_routes(arrival->event),
                .history = job->history,
                .unverified = job->unverified,
                .known = state.known,
                .above = state.above,
                .sent = state.sent,
                .severity = state.severity,
                .urgency = state.urgency,
                .changes = arrival->changes,
        };
        struct route_decision decision;
        route_decide(route, &input, &decision);
        r = record_decision(batch, job, route, arrival, &decision, verdicts, err);
        if (r == 0) {
                state = (struct route_state) { .known = decision.known, .above = decision.above, .sent = decision.sent,
                                               .severity = decision.severity, .urgency = decision.urgency };
                r = outbox_set_route_state(batch->db, route->name, arrival->bulletin_id, &state, err);
        }
        g_free(decision.reason);
        return r;
}

static void count_event(struct pipeline_totals *totals, enum dedup_event event)
{
        switch (event) {
        case DEDUP_FIRST:
                totals->bulletins_first++;
                break;
        case DEDUP_DUPLICATE:
                totals->duplicates++;
                break;
        case DEDUP_VARIANT:
        case DEDUP_UNDATED:
                totals->variants++;
                break;
        case DEDUP_LATER:
                totals->later++;
                break;
        case DEDUP_EARLIER:
                totals->earlier++;
                break;
        default:
                break;
        }
}

/* Every route decides. */
static int ask_routes(struct batch *batch, const struct job *job, const struct bulletin_arrival *arrival, struct error *err)
{
        g_autoptr(GPtrArray) verdicts = g_ptr_array_new_with_free_func(free_verdict);
        int r = 0;
        for (guint i = 0; r == 0 && i < batch->config->routes->len; i++)
                r = decide_route(batch, job, g_ptr_array_index(batch->config->routes, i), arrival, verdicts, err);
        g_ptr_array_sort(verdicts, says_more_first);
        for (guint i = 0; r == 0 && i < verdicts->len; i++)
                r = ask_for_deliveries(batch, job, arrival, verdicts, g_ptr_array_index(verdicts, i), err);
        return r;
}

/* A content that was not known: it is told, and the feed's health is looked at. */
static int store_news(struct batch *batch, const struct job *job, const struct bulletin_arrival *arrival, struct error *err)
{
        int r = ask_routes(batch, job, arrival, err);
        if (r < 0 || job->unverified) /* what anybody may have sent says nothing of the feed */
                return r;
        return drift_watch_bulletin(&batch->drift, job, arrival->variant_id, err);
}

/* A mail on record that a parser, perhaps a newer one, has read again. */
static bool is_read_again(const struct job *job)
{
        return job->turned || (job->again_mail_id != 0 && job->mail_id == job->again_mail_id);
}

/* Whether another mailbox, which is new itself, has read the revision as its history since this one, which brings it as new,
 * was last read in full: without that other one it would be told. mail_id: of this mail, if it is not among those. */
static int find_overtaken(struct batch *batch, const struct job *job, int64_t revision_id, int64_t mail_id, bool *ret_overtaken,
                          struct error *err)
{
        struct cursor_row *row;
        *ret_overtaken = job->overtook;
        if (job->overtook || !job->mailbox || job->history)
                return 0;
        int r = cursors_load(batch->db, job->mailbox, job->location, &row, err);
        if (r < 0)
                return r;
        int64_t synced_ms = row->synced_ms;
        cursor_row_free(row);
        return synced_ms > 0 ? history_was_ahead(batch->db, revision_id, mail_id, synced_ms, ret_overtaken, err) : 0;
}

static int tell_overtaken(struct batch *batch, const struct job *job, struct bulletin_arrival *arrival, struct error *err)
{
        bool is_new = arrival->event == DEDUP_VARIANT;
        arrival->event = DEDUP_FIRST; /* that it is for those who are told */
        int r = is_new ? store_news(batch, job, arrival, err) : ask_routes(batch, job, arrival, err);
        return r < 0 ? r : history_take_back(batch->db, arrival->revision_id, err);
}

/* A duplicate says nothing new: the mail's own row records it, and no route is asked, unless it was overtaken. */
static int store_arrival(struct batch *batch, const struct job *job, struct bulletin_arrival *arrival, struct error *err)
{
        bool is_known = arrival->event == DEDUP_DUPLICATE || arrival->event == DEDUP_VARIANT, overtaken = false;
        int r = is_known && arrival->stands && !job->unverified ?
                find_overtaken(batch, job, arrival->revision_id, job->mail_id, &overtaken, err) : 0;
        if (r == 0 && overtaken)
                return tell_overtaken(batch, job, arrival, err);
        return r == 0 && arrival->event != DEDUP_DUPLICATE ? store_news(batch, job, arrival, err) : r;
}

static int put_bulletin(struct batch *batch, struct job *job, struct bulletin_arrival *arrival, struct error *err)
{
        struct bulletin_insertion insertion = {
                .bulletin = job->result.bulletin,
                .prepared = &job->prepared,
                .archive_name = job->result.archive_name,
                .mail_id = job->mail_id,
                .mail_sha256 = job->packed.data ? job->packed.sha256 : NULL,
                .history = job->history,
                .unverified = job->unverified != NULL,
        };
        int r = job->prepared.key ? 0 : bulletins_prepare(job->result.bulletin, &job->prepared, err);
        return r < 0 ? r : bulletins_put(batch->db, &insertion, arrival, err);
}

static int store_bulletin(struct batch *batch, struct job *job, struct error *err)
{
        struct bulletin_arrival arrival = { 0 };
        int r = put_bulletin(batch, job, &arrival, err);
        if (r < 0)
                return r;
        job->bulletin_id = arrival.bulletin_id;
        job->fresh_mark = arrival.event == DEDUP_FIRST ? arrival.archive_mark : 0;
        job->event = dedup_event_name(arrival.event);
        if (job->unverified)
                batch->totals.unverified++;
        else
                count_event(&batch->totals, arrival.event);
        r = mails_set_outcome(batch->db, job->mail_id, MAIL_BULLETIN, NULL, arrival.revision_id, job->event, err);
        if (r == 0 && is_read_again(job))
                r = bulletins_adopt_decisions(batch->db, job->mail_id, arrival.bulletin_id, arrival.revision_id, err);
        if (r == 0 && arrival.event == DEDUP_FIRST && job->history && !job->mailbox && job->again_mail_id == 0)
                r = history_add_import(batch->db, arrival.bulletin_id, err);
        if (r == 0)
                r = store_arrival(batch, job, &arrival, err);
        if (r == 0 && !job->accepted && !(job->unverified && is_read_again(job))) /* it was counted when it came */
                r = verification_watch_bulletin(&batch->health, job, err);
        bulletin_arrival_clear(&arrival);
        return r;
}

static int put_into_quarantine(struct batch *batch, struct job *job, int code, const char *reason, struct error *err)
{
        job->event = "quarantined";
        batch->totals.quarantined++;
        int r = mails_set_outcome(batch->db, job->mail_id, MAIL_QUARANTINED, reason, 0, NULL, err);
        if (r == 0)
                r = quarantine_put(batch->db, job->mail_id, code, reason, err);
        return r < 0 ? r : unread_watch_quarantined(&batch->health, job, code, reason, err);
}

static int store_unrecognised(struct batch *batch, struct job *job, struct error *err)
{
        job->event = "unrecognised";
        batch->totals.unrecognised++;
        int r = mails_set_outcome(batch->db, job->mail_id, MAIL_UNRECOGNISED, job->result.reason, 0, NULL, err);
        if (r < 0 || is_read_again(job)) /* it was counted when it came */
                return r;
        if (job->unverified) {
                r = drift_watch_save(&batch->drift, err);
                return r < 0 ? r : verification_watch_letter(&batch->health, job, err);
        }
        return drift_watch_unrecognised(&batch->drift, job, err);
}

/* By what is configured now; an earlier attempt may have said otherwise. */
static int verify(struct batch *batch, struct job *job, struct error *err)
{
        g_free(job->unverified);
        job->unverified = verification_judge(batch->config, job);
        if (!job->unverified && !is_read_again(job))
                return 0;
        return mails_set_unverified(batch->db, job->mail_id, job->unverified, err);
}

static int store_outcome(struct batch *batch, struct job *job, struct error *err)
{
        if (job->oversize_bytes != 0) {
                g_autofree char *reason = g_strdup_printf("oversize: %" G_GUINT64_FORMAT " bytes are more than max-message-size; "
                                                          "only the first %zu are kept", job->oversize_bytes, job->size);
                return put_into_quarantine(batch, job, -ERR_LIMIT, reason, err);
        }
        if (job->code < 0)
                return put_into_quarantine(batch, job, job->code, error_text(&job->error), err);
        if (job->result.outcome == READER_REFUSED)
                return put_into_quarantine(batch, job, -ERR_MALFORMED, job->result.reason, err);
        int r = is_read_again(job) ? quarantine_remove(batch->db, job->mail_id, err) : 0;
        if (r == 0)
                r = verify(batch, job, err);
        if (r == 0)
                r = job->result.outcome == READER_UNRECOGNISED ? store_unrecognised(batch, job, err) : store_bulletin(batch, job, err);
        return r < 0 || job->unverified ? r : unread_watch_read(&batch->health, job, err);
}

static bool is_bulletin(const struct job *job)
{
        return job->code == 0 && job->result.bulletin && job->result.outcome == READER_RECOGNISED;
}

void pipeline_prepare(struct job *job)
{
        struct error err = ERROR_INIT;
        /* Computed by this process, of the bytes that it had the worker read. */
        const char *sha256 = job->code == 0 && job->result.bulletin ? job->result.bulletin->mail.sha256 : NULL;
        if (!job->packed.data && job->data && mails_pack(job->data, job->size, sha256, &job->packed, &err) == 0 &&
            !is_bulletin(job)) /* the archive takes the bytes of a bulletin's mail */
                g_clear_pointer(&job->data, g_free);
        g_clear_pointer(&job->result.text, g_free); /* as large as the mail, and nobody's here */
        error_clear(&err); /* met again, and reported, when it is stored */
        if (!job->prepared.key && is_bulletin(job))
                bulletins_prepare(job->result.bulletin, &job->prepared, &err);
        error_clear(&err);
}

/* The row of the mail's bytes. *ret_known: it was there before. */
static int store_bytes(struct batch *batch, struct job *job, bool *ret_known, struct error *err)
{
        if (job->known_mail_id != 0) {
                job->mail_id = job->known_mail_id;
                *ret_known = true;
                return 0;
        }
        const struct mail_info *info = job->result.bulletin ? &job->result.bulletin->mail : NULL;
        struct mail_row row = {
                .message_id = info ? info->message_id : NULL,
                .from = info ? info->from : NULL,
                .subject = info ? info->subject : NULL,
                .date = info ? info->date : NULL,
                .size_bytes = (int64_t) job->size,
                .received_ms = job->received_ms,
                .stored_ms = batch->now_ms,
                .history = job->history,
                .outcome = is_bulletin(job) ? MAIL_BULLETIN : MAIL_QUARANTINED, /* set for good when it is settled */
        };
        int r = job->packed.data ? mails_insert_packed(batch->db, &row, &job->packed, &job->mail_id, ret_known, err) :
                mails_insert(batch->db, &row, job->data, job->size, &job->mail_id, ret_known, err);
        /* What could not be read before may have told nothing of its head. */
        if (r == 0 && *ret_known && is_read_again(job) && info)
                r = mails_set_head(batch->db, job->mail_id, &row, err);
        return r;
}

static int store_sighting(struct batch *batch, const struct job *job, struct error *err)
{
        struct sighting sighting = { .source = job->source, .uid_validity = job->cursor.uid_validity, .uid = job->uid,
                                     .seen_ms = batch->now_ms };
        if (!job->mailbox)
                sighting.uid_validity = 0;
        return mails_add_sighting(batch->db, job->mail_id, &sighting, err);
}

/* What became of a mail stands, but for one that is read again, unless that has made a bulletin of it meanwhile. */
static int is_settled(struct batch *batch, struct job *job, bool *ret_settled, struct error *err)
{
        *ret_settled = true;
        if (!is_read_again(job) && !verification_may_turn(job))
                return 0;
        struct mail_row *mail;
        int r = mails_get(batch->db, job->mail_id, &mail, err);
        if (r < 0)
                return r;
        job->turned = mail->unverified && verification_turns(batch->config, job); /* by the mailbox that sees it now */
        if (is_read_again(job))
                *ret_settled = mail->outcome != MAIL_UNRECOGNISED && mail->outcome != MAIL_QUARANTINED && !mail->unverified;
        mail_row_free(mail);
        return 0;
}

/* The very same bytes, seen again after a change of UIDVALIDITY or in another folder: what became of them is on record. Only
 * where they were overtaken there is something to tell. */
static int store_known(struct batch *batch, struct job *job, struct error *err)
{
        struct mail_row *mail;
        bool overtaken = false;
        job->event = "known";
        batch->totals.known++;
        if (!is_bulletin(job) || !job->mailbox || job->history)
                return 0;
        int r = mails_get(batch->db, job->mail_id, &mail, err);
        if (r < 0)
                return r;
        g_autofree char *unverified = verification_judge(batch->config, job);
        if (mail->outcome == MAIL_BULLETIN && mail->history && !mail->unverified && !unverified)
                r = find_overtaken(batch, job, mail->revision_id, 0, &overtaken, err);
        mail_row_free(mail);
        if (r < 0 || !overtaken)
                return r;
        struct bulletin_arrival arrival = { 0 };
        r = put_bulletin(batch, job, &arrival, err);
        if (r == 0 && arrival.stands) {
                job->bulletin_id = arrival.bulletin_id;
                r = tell_overtaken(batch, job, &arrival, err);
        }
        bulletin_arrival_clear(&arrival);
        return r;
}

static int store_mail(struct batch *batch, struct job *job, struct error *err)
{
        job->bulletin_id = job->fresh_mark = 0; /* an earlier attempt may have set it */
        job->turned = false;
        pipeline_prepare(job);
        bool known = false;
        int r = store_bytes(batch, job, &known, err);
        if (r == 0 && (job->mailbox || !is_read_again(job))) /* what is only read again was not seen anywhere */
                r = store_sighting(batch, job, err);
        bool withdrawn;
        if (r == 0 && known)
                r = is_settled(batch, job, &known, err);
        if (r == 0 && !known && is_read_again(job)) /* a bulletin of an unverified sender, who may be verified by now */
                r = bulletins_withdraw_unverified(batch->db, job->mail_id, &withdrawn, err);
        if (r < 0)
                return r;
        batch->totals.mails++;
        r = known ? store_known(batch, job, err) : store_outcome(batch, job, err);
        if (r == 0 && job->again_mail_id != 0)
                r = refetch_done(batch->db, job->again_mail_id, job->mail_id, err);
        return r;
}

static int summarise(struct batch *batch, const char *source, const GArray *ids, struct error *err)
{
        return summary_ask(batch->db, batch->config, source, ids, batch->now_ms, &batch->totals.deliveries, err);
}

/* At the end of a pass: the history is complete once the cursor has reached it. The job itself is changed only after the
 * commit: a transaction that failed is tried again with the same job, and must ask for the summary again. */
static bool ends_history(const struct job *job)
{
        const struct cursor *cursor = &job->cursor;
        return job->kind == JOB_MARK && job->mailbox && !cursor->history_done && cursor->last_uid >= cursor->history_uid;
}

static int finish_history(struct batch *batch, const struct job *job, struct error *err)
{
        if (!ends_history(job))
                return 0;
        GArray *ids;
        int r = history_bulletins(batch->db, job->source, &ids, err);
        if (r < 0)
                return r;
        r = summarise(batch, job->source, ids, err);
        g_array_unref(ids);
        return r < 0 ? r : verification_watch_history(&batch->health, job->source, err);
}

static int save_cursor(struct batch *batch, const struct job *job, struct error *err)
{
        struct cursor_row row = {
                .mailbox = job->mailbox,
                .location = job->location,
                .known = true,
                .uid_validity = job->cursor.uid_validity,
                .last_uid = job->cursor.last_uid,
                .history_uid = job->cursor.history_uid,
                .history_done = job->cursor.history_done || ends_history(job),
                .synced_ms = job->kind == JOB_MARK && job->complete ? batch->now_ms : 0, /* 0 leaves what is stored */
        };
        return cursors_save(batch->db, &row, err);
}

static int store_job(struct batch *batch, struct job *job, bool last_of_mailbox, struct error *err)
{
        int r = job->kind == JOB_MAIL ? store_mail(batch, job, err) : finish_history(batch, job, err);
        if (r == 0 && job->mailbox && last_of_mailbox)
                r = save_cursor(batch, job, err);
        if (r < 0)
                error_prefix(err, "%s%s%u", job->source, job->uid ? " UID " : " ", job->uid);
        return r;
}

/* Only the last cursor of a mailbox within a batch needs to be written, unless a mark stands before it. */
static bool is_last_of_mailbox(GPtrArray *jobs, guint index)
{
        const struct job *job = g_ptr_array_index(jobs, index);
        if (!job->mailbox || job->kind == JOB_MARK)
                return true;
        for (guint i = index + 1; i < jobs->len; i++) {
                const struct job *later = g_ptr_array_index(jobs, i);
                if (g_strcmp0(later->mailbox, job->mailbox) == 0)
                        return false;
        }
        return true;
}

static const char *bulletin_name(const struct job *job)
{
        const struct bulletin *bulletin = job->result.bulletin;
        if (!bulletin)
                return "";
        return bulletin->id ? bulletin->id : bulletin->title ? bulletin->title : bulletin_kind_name(bulletin->kind);
}

static void log_mail(const struct job *job)
{
        const char *context = job->source;
        if (g_strcmp0(job->event, "quarantined") == 0)
                log_warning(context, "mail %" G_GINT64_FORMAT " (UID %u): quarantined: %s", job->mail_id, job->uid,
                            job->code < 0 ? error_text(&job->error) :
                            job->result.reason ? job->result.reason : "larger than max-message-size");
        else if (g_strcmp0(job->event, "unrecognised") == 0)
                log_notice(context, "mail %" G_GINT64_FORMAT " (UID %u): not recognised as a bulletin: %s", job->mail_id,
                           job->uid, job->result.reason);
        else if (job->unverified && !job->history)
                log_warning(context, "mail %" G_GINT64_FORMAT " (UID %u): %s: archived as unverified, and nobody is told: %s",
                            job->mail_id, job->uid, bulletin_name(job), job->unverified);
        else if (job->history)
                log_debug(context, "mail %" G_GINT64_FORMAT " (UID %u): %s: %s (history)", job->mail_id, job->uid,
                          bulletin_name(job), job_event_text(job->event));
        else
                log_info(context, "mail %" G_GINT64_FORMAT " (UID %u): %s: %s", job->mail_id, job->uid, bulletin_name(job),
                         job_event_text(job->event));
}

static void add_totals(struct pipeline_totals *to, const struct pipeline_totals *from)
{
        to->mails += from->mails;
        to->known += from->known;
        to->bulletins_first += from->bulletins_first;
        to->duplicates += from->duplicates;
        to->variants += from->variants;
        to->later += from->later;
        to->earlier += from->earlier;
        to->unrecognised += from->unrecognised;
        to->quarantined += from->quarantined;
        to->unverified += from->unverified;
        to->deliveries += from->deliveries;
}

static int commit_jobs(struct batch *batch, GPtrArray *jobs, struct error *err)
{
        int r = database_begin_whole(batch->db, err);
        if (r < 0)
                return r;
        for (guint i = 0; r == 0 && i < jobs->len; i++)
                r = store_job(batch, g_ptr_array_index(jobs, i), is_last_of_mailbox(jobs, i), err);
        if (r == 0)
                r = drift_watch_save(&batch->drift, err);
        if (r == 0)
                r = database_commit(batch->db, err);
        if (r < 0)
                database_rollback(batch->db);
        return r;
}

int pipeline_commit(struct database *db, const struct config *config, GPtrArray *jobs, struct pipeline_totals *totals,
                    struct error *err)
{
        struct batch batch;
        batch_init(&batch, db, config);
        int r = commit_jobs(&batch, jobs, err);
        for (guint i = 0; r == 0 && i < jobs->len; i++) {
                struct job *job = g_ptr_array_index(jobs, i);
                if (job->kind == JOB_MAIL)
                        log_mail(job);
                else if (ends_history(job))
                        job->cursor.history_done = true;
        }
        if (r == 0) {
                drift_watch_finish(&batch.drift);
                health_write_lines(&batch.health);
        }
        if (r == 0 && totals)
                add_totals(totals, &batch.totals);
        batch_clear(&batch);
        return r;
}

int pipeline_summarise_import(struct database *db, const struct config *config, const char *source, struct error *err)
{
        struct batch batch;
        GArray *ids = NULL;
        batch_init(&batch, db, config);
        int r = database_begin(db, err);
        if (r == 0)
                r = history_imported(db, &ids, err);
        if (r == 0)
                r = summarise(&batch, source, ids, err);
        if (r == 0)
                r = history_imported_done(db, err);
        if (r == 0)
                r = database_commit(db, err);
        if (r < 0)
                database_rollback(db);
        g_clear_pointer(&ids, g_array_unref);
        batch_clear(&batch);
        return r;
}
