/* SPDX-License-Identifier: MIT */
/*
 * Sends by Slack's Web API. What is known of a message once it is there (the memo) lets later ones follow it in its thread,
 * and lets a later try of the same delivery do only what is left.
 */
#include <string.h>

#include "common/clock.h"
#include "notify/slack_p.h"

#define LOOK_MS 60000 /* with what follows, less than a claim on a delivery lasts */
#define LOOKS_MAX 3   /* tries to find a message that may be there already; then it is posted, at worst once too often */
#define UPDATES_MAX 3 /* tries to edit the first message of the thread */

/* {"channel": "C…", "ts": "…", "to": as configured, "looks": n, "updates": n} */
struct memo {
        struct slack_place place;
        char *to;
        unsigned looks, updates;
};

static void clear_memo(struct memo *memo)
{
        slack_place_clear(&memo->place);
        g_clear_pointer(&memo->to, g_free);
}

static unsigned count_of(const json_t *json, const char *key)
{
        json_int_t count = json_integer_value(json_object_get(json, key));
        return count > 0 && count < 1000 ? (unsigned) count : 0;
}

/* Anything that is not what we write there is left out. */
static struct memo read_memo(const char *text)
{
        json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
        const char *channel = json_string_value(json_object_get(json, "channel"));
        const char *ts = json_string_value(json_object_get(json, "ts"));
        struct memo memo = {
                .to = g_strdup(json_string_value(json_object_get(json, "to"))),
                .looks = count_of(json, "looks"),
                .updates = count_of(json, "updates"),
        };
        if (slack_is_id(channel) && slack_is_timestamp(ts))
                memo.place = (struct slack_place) { g_strdup(channel), g_strdup(ts) };
        json_decref(json);
        return memo;
}

static void write_memo(struct slack_attempt *attempt, const struct memo *memo)
{
        json_t *json = json_object();
        if (memo->place.ts) {
                json_object_set_new(json, "channel", json_string(memo->place.channel));
                json_object_set_new(json, "ts", json_string(memo->place.ts));
                json_object_set_new(json, "to", json_string(attempt->channel->slack_channel));
        }
        if (memo->looks > 0)
                json_object_set_new(json, "looks", json_integer(memo->looks));
        if (memo->updates > 0)
                json_object_set_new(json, "updates", json_integer(memo->updates));
        g_free(attempt->report->memo);
        attempt->report->memo = channel_dump_json(json);
}

/* Whether the thread's first message is where this channel's messages go now. */
static bool is_here(const struct slack_attempt *attempt, const struct memo *thread)
{
        const char *here = attempt->channel->slack_channel;
        return thread->place.ts && (g_strcmp0(thread->to, here) == 0 || g_str_equal(thread->place.channel, here));
}

/* After an attempt whose end nobody knows. SLACK_OK: it is there (memo->place), or it can be posted. */
static enum slack_outcome look(struct slack_attempt *attempt, const struct slack_place *thread, struct memo *memo)
{
        g_autofree char *why = NULL;
        enum slack_outcome outcome = slack_find(attempt, thread, &memo->place, &why);
        if (outcome == SLACK_FAILED && attempt->report->result == RESULT_TRY_AGAIN) {
                memo->looks++;
                attempt->report->unclear = true;
                write_memo(attempt, memo);
        } else if (outcome == SLACK_NO) {
                g_string_append_printf(attempt->notes, "; posted without knowing whether it was there already: %s", why);
        } else if (memo->place.ts) {
                g_string_append(attempt->notes, "; it was there already");
        }
        return outcome == SLACK_FAILED ? SLACK_FAILED : SLACK_OK;
}

/* Refusals that concern the thread: the message still has a place in the channel. */
static bool is_about_thread(const char *error)
{
        static const char *const words[] = { "cannot_reply_to_message", "thread", "message_not_found" };
        for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
                if (strstr(error, words[i]))
                        return true;
        return false;
}

static json_t *make_post(const struct slack_attempt *attempt, const struct slack_place *thread, unsigned form)
{
        json_t *body = slack_body(attempt->payload, attempt->identity, form);
        const json_t *own = json_object_get(attempt->payload, SLACK_OWN);
        const char *to = thread->ts ? thread->channel : attempt->channel->slack_channel;
        json_object_set_new(body, "channel", json_string(to));
        if (thread->ts) {
                json_object_set_new(body, "thread_ts", json_string(thread->ts));
                json_object_set_new(body, "reply_broadcast", json_boolean(json_is_true(json_object_get(own, "broadcast"))));
        }
        return body;
}

static void report_refusal(struct slack_attempt *attempt, const char *error)
{
        const char *meaning = slack_explain(error);
        channel_report(attempt->channel, attempt->report, RESULT_REFUSED, "%s%s%s", error, meaning ? ": " : "",
                       meaning ? meaning : "");
}

static void keep_place(struct memo *memo, const json_t *answer)
{
        const char *channel = json_string_value(json_object_get(answer, "channel"));
        const char *ts = json_string_value(json_object_get(answer, "ts"));
        if (slack_is_id(channel) && slack_is_timestamp(ts))
                memo->place = (struct slack_place) { g_strdup(channel), g_strdup(ts) };
}

/* Posts, in a simpler form where Slack does not take the one we like best: what is said matters more. SLACK_OK even if
 * Slack does not say where it put the message. */
static enum slack_outcome post(struct slack_attempt *attempt, struct slack_place *thread, struct memo *memo)
{
        unsigned form = 0;
        for (;;) {
                struct slack_answer answer;
                json_t *body = make_post(attempt, thread, form);
                enum slack_outcome outcome = slack_call(attempt, "chat.postMessage", body, &answer);
                bool again = false;
                if (outcome == SLACK_OK)
                        keep_place(memo, answer.json);
                else if (outcome == SLACK_NO && thread->ts && is_about_thread(answer.error)) {
                        slack_place_clear(thread);
                        again = true;
                } else if (outcome == SLACK_NO)
                        again = slack_simplify(answer.error, &form);
                if (again)
                        g_string_append_printf(attempt->notes, "; in a simpler form, since Slack refused the other: %s",
                                               answer.error);
                else if (outcome == SLACK_NO)
                        report_refusal(attempt, answer.error);
                slack_answer_clear(&answer);
                if (!again)
                        return outcome;
        }
}

/* Once it is posted nothing takes that back: the head is tried again a few times, and not when the daemon stops. */
static void follow_up(struct slack_attempt *attempt, const struct slack_place *thread, struct memo *memo)
{
        if (thread->ts && slack_update_head(attempt, thread) == SLACK_FAILED) {
                g_autofree char *why = g_strdup(attempt->report->answer);
                memo->updates++;
                if (attempt->report->result == RESULT_TRY_AGAIN && memo->place.ts && memo->updates < UPDATES_MAX) {
                        attempt->report->unclear = false;
                        write_memo(attempt, memo);
                        channel_report(attempt->channel, attempt->report, RESULT_TRY_AGAIN,
                                       "posted; the first message of the thread is not edited yet: %s", why);
                        return;
                }
                g_string_append_printf(attempt->notes, "; the first message of the thread stays as it was: %s", why);
        }
        attempt->report->unclear = false;
        attempt->report->retry_after_ms = -1;
        if (memo->place.ts)
                write_memo(attempt, memo);
        channel_report(attempt->channel, attempt->report, RESULT_SENT, "ok%s%s%s%s%s",
                       memo->place.ts ? " " : "", memo->place.ts ? memo->place.channel : "", memo->place.ts ? " " : "",
                       memo->place.ts ? memo->place.ts : "", attempt->notes->str);
}

static void run(struct slack_attempt *attempt, struct memo *memo, struct memo *thread_memo)
{
        struct slack_place nowhere = { NULL, NULL };
        struct slack_place *thread = is_here(attempt, thread_memo) ? &thread_memo->place : &nowhere;
        if (!memo->place.ts && attempt->request->unclear && memo->looks < LOOKS_MAX &&
            look(attempt, thread, memo) == SLACK_FAILED)
                return;
        if (memo->place.ts || post(attempt, thread, memo) == SLACK_OK)
                follow_up(attempt, thread, memo);
}

void slack_send(const struct channel *channel, const struct notify_transport *transport,
                const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        g_autofree char *identity = http_safe_identity(request->identity);
        g_autoptr(GString) notes = g_string_new(NULL);
        struct slack_attempt attempt = { channel, transport, request, payload, report, identity,
                                         clock_monotonic_ms() + LOOK_MS, notes };
        struct memo memo = read_memo(request->memo), thread_memo = read_memo(request->thread_memo);
        run(&attempt, &memo, &thread_memo);
        clear_memo(&memo);
        clear_memo(&thread_memo);
}
