/* SPDX-License-Identifier: MIT */
/* One call of Slack's Web API, and what the answer means. */
#include <string.h>

#include "common/limits.h"
#include "notify/slack_p.h"

#define ERROR_CHARS 80u

void slack_place_clear(struct slack_place *place)
{
        g_clear_pointer(&place->channel, g_free);
        g_clear_pointer(&place->ts, g_free);
}

void slack_answer_clear(struct slack_answer *answer)
{
        g_clear_pointer(&answer->json, json_decref);
        g_clear_pointer(&answer->error, g_free);
}

bool slack_is_id(const char *text)
{
        size_t length = text ? strlen(text) : 0;
        return length >= 2 && length <= 64 && strchr("CGD", *text) &&
               strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == length;
}

bool slack_is_timestamp(const char *text)
{
        size_t seconds = text ? strspn(text, "0123456789") : 0;
        if (seconds == 0 || seconds > 16 || text[seconds] != '.')
                return false;
        size_t fraction = strspn(text + seconds + 1, "0123456789");
        return fraction > 0 && fraction <= 16 && text[seconds + 1 + fraction] == '\0';
}

const char *slack_explain(const char *error)
{
        static const struct http_meaning meanings[] = {
                { "not_authed", "no token was given" },
                { "invalid_auth", "the token is not valid" },
                { "account_inactive", "the app was removed, or its account is deactivated" },
                { "token_revoked", "the token was revoked" },
                { "token_expired", "the token has expired" },
                { "not_allowed_token_type", "it takes the app's bot token (xoxb-…)" },
                { "no_permission", "the app is not allowed to" },
                { "missing_scope", "the app needs this permission: add it and install the app again" },
                { "channel_not_found", "there is no such channel, or it is private and the app is not in it" },
                { "not_in_channel", "the app is not in the channel: invite it there" },
                { "is_archived", "the channel is archived" },
                { "restricted_action", "the workspace or the channel does not let the app post" },
                { "ekm_access_denied", "the workspace's administrators have suspended posting" },
                { "team_access_not_granted", "the app was not given this workspace" },
                { "messages_tab_disabled", "the app does not take direct messages" },
                { "cant_update_message", "the message was posted by somebody else" },
                { "edit_window_closed", "the workspace lets nobody edit messages of that age" },
                { "message_not_found", "the message was deleted" },
                { "access_denied", "access is denied" },
                { NULL, NULL },
        };
        return http_meaning_of(meanings, error);
}

/* Refusals that say nothing about this message: it goes on later. */
static bool is_passing(const char *error)
{
        static const char *const words[] = { "ratelimited", "rate_limited", "internal_error", "fatal_error",
                                             "request_timeout", "service_unavailable", "team_added_to_org", "accesslimited",
                                             "org_login_required", "external_channel_migrating", NULL };
        return g_strv_contains(words, error);
}

/* Of these Slack says that some of it may have been done. */
static bool may_be_done(const char *error)
{
        static const char *const words[] = { "internal_error", "fatal_error", "request_timeout", NULL };
        return g_strv_contains(words, error);
}

/* The word that Slack refuses with, and for a missing permission which one. */
static char *error_of(const json_t *json)
{
        const char *word = json_string_value(json_object_get(json, "error"));
        const char *needed = json_string_value(json_object_get(json, "needed"));
        g_autofree char *text = needed ? g_strdup_printf("%s (%s)", word ? word : "", needed) : g_strdup(word);
        g_autofree char *line = message_clean_line(text, ERROR_CHARS);
        return *line ? g_steal_pointer(&line) : g_strdup("an error without a name");
}

static enum slack_outcome try_again(struct slack_attempt *attempt, const char *method, const struct http_answer *answer,
                                    const char *what, bool unclear)
{
        attempt->report->retry_after_ms = answer->retry_after_ms;
        attempt->report->unclear = unclear;
        channel_report(attempt->channel, attempt->report, RESULT_TRY_AGAIN, "%s: %ld %s", method, answer->status, what);
        return SLACK_FAILED;
}

/* Slack says in the body whether it did what was asked; the status tells of what stands in front of it. */
static enum slack_outcome read_answer(struct slack_attempt *attempt, const char *method, const struct http_answer *answer,
                                      struct slack_answer *ret_answer)
{
        const char *body = answer->body ? answer->body : "";
        ret_answer->json = json_loads(body, 0, NULL);
        const json_t *ok = json_object_get(ret_answer->json, "ok");
        bool success = answer->status >= 200 && answer->status < 300;
        if (success && json_is_true(ok))
                return SLACK_OK;
        if (json_is_false(ok) && (success || http_status_is_refusal(answer->status))) {
                ret_answer->error = error_of(ret_answer->json);
                if (!is_passing(ret_answer->error))
                        return SLACK_NO;
                return try_again(attempt, method, answer, ret_answer->error, may_be_done(ret_answer->error));
        }
        if (success)
                return try_again(attempt, method, answer, "and no answer of Slack's", true);
        if (!http_status_is_refusal(answer->status))
                return try_again(attempt, method, answer, body, answer->status >= 500);
        g_autofree char *line = message_clean_line(body, ERROR_CHARS);
        ret_answer->error = g_strdup_printf("%ld%s%s", answer->status, *line ? " " : "", line);
        return SLACK_NO;
}

static enum slack_outcome call(struct slack_attempt *attempt, const char *method, struct http_request *request,
                               struct slack_answer *ret_answer)
{
        *ret_answer = (struct slack_answer) { NULL, NULL };
        size_t base = strlen(attempt->channel->url);
        while (base > 0 && attempt->channel->url[base - 1] == '/')
                base--;
        g_autofree char *url = g_strdup_printf("%.*s/%s", (int) base, attempt->channel->url, method);
        g_autofree char *authorization = g_strdup_printf("Authorization: Bearer %s", attempt->channel->token);
        const char *const headers[] = { authorization, NULL };
        request->url = url;
        request->answer_bytes = LIMIT_HISTORY_BYTES; /* it repeats what was posted, with six bytes for each letter */
        request->headers = headers;
        struct http_answer answer;
        bool answered = http_report_request(attempt->channel, attempt->transport, request, &answer, attempt->report);
        enum slack_outcome outcome = answered ? read_answer(attempt, method, &answer, ret_answer) : SLACK_FAILED;
        explicit_bzero(authorization, strlen(authorization));
        http_answer_clear(&answer);
        return outcome;
}

enum slack_outcome slack_call(struct slack_attempt *attempt, const char *method, json_t *body,
                              struct slack_answer *ret_answer)
{
        g_autofree char *text = channel_dump_json(body);
        struct http_request request = { .content_type = HTTP_JSON, .body = text };
        return call(attempt, method, &request, ret_answer);
}

enum slack_outcome slack_call_form(struct slack_attempt *attempt, const char *method, const char *form,
                                   struct slack_answer *ret_answer)
{
        struct http_request request = { .content_type = "application/x-www-form-urlencoded", .body = form };
        return call(attempt, method, &request, ret_answer);
}
