/* SPDX-License-Identifier: MIT */
#include "notify/http_report.h"

#include <string.h>

#define IDENTITY_BYTES_MAX 128u

bool http_report_request(const struct channel *channel, const struct notify_transport *transport,
                         struct http_request *request, struct http_answer *ret_answer, struct delivery_report *report)
{
        struct error err = ERROR_INIT;
        request->ca_file = channel->ca_file;
        request->insecure = channel->insecure;
        request->timeout_ms = CHANNEL_TIMEOUT_MS;
        *ret_answer = (struct http_answer) { .retry_after_ms = -1 };
        int r = transport->http_post(transport->context, request, ret_answer, &err);
        if (r < 0) {
                channel_report_error(channel, report, r, &err);
                report->unclear = ret_answer->begun;
        }
        error_clear(&err);
        return r >= 0;
}

bool http_report_post(const struct channel *channel, const struct notify_transport *transport, const char *url,
                      const char *content_type, const char *body, const char *const *headers,
                      struct http_answer *ret_answer, struct delivery_report *report)
{
        struct http_request post = { .url = url, .content_type = content_type, .body = body, .headers = headers };
        return http_report_request(channel, transport, &post, ret_answer, report);
}

/* {"ok": false, …} or {"success": false, …} */
static bool says_failure(const char *body)
{
        json_t *json = json_loads(body, 0, NULL);
        bool failure = json_is_false(json_object_get(json, "ok")) || json_is_false(json_object_get(json, "success"));
        json_decref(json);
        return failure;
}

static bool is_receipt(const char *body)
{
        g_autofree char *stripped = g_strstrip(g_strdup(body));
        return *stripped == '\0' || g_str_equal(stripped, "ok");
}

static void report_success(const struct channel *channel, const struct http_answer *answer,
                           struct delivery_report *report)
{
        const char *body = answer->body ? answer->body : "";
        if (body[strspn(body, " \t\r\n\xEF\xBB\xBF")] == '<')
                channel_report(channel, report, RESULT_TRY_AGAIN, "answered %ld with a page instead of a receipt: %s",
                               answer->status, body);
        else if (says_failure(body))
                channel_report(channel, report, RESULT_TRY_AGAIN, "answered %ld and reported a failure: %s",
                               answer->status, body);
        else if (is_receipt(body))
                channel_report(channel, report, RESULT_SENT, "%ld ok", answer->status);
        else
                channel_report(channel, report, RESULT_SENT, "%ld %s", answer->status, body);
}

/* 4xx answers that are not about this request: the proxy wants a login, timeouts, too many requests. */
static bool is_passing(long status)
{
        return status == 407 || status == 408 || status == 425 || status == 429;
}

bool http_status_is_refusal(long status)
{
        return status >= 400 && status < 500 && !is_passing(status);
}

const char *http_meaning_of(const struct http_meaning *meanings, const char *text)
{
        for (; meanings && meanings->word; meanings++)
                if (strstr(text, meanings->word))
                        return meanings->meaning;
        return NULL;
}

void http_report_answer(const struct channel *channel, struct delivery_report *report, const struct http_answer *answer,
                        const struct http_meaning *meanings)
{
        if (answer->status >= 200 && answer->status < 300) {
                report_success(channel, answer, report);
                return;
        }
        const char *body = answer->body ? answer->body : "";
        bool refused = http_status_is_refusal(answer->status);
        const char *meaning = refused ? http_meaning_of(meanings, body) : NULL;
        report->retry_after_ms = answer->retry_after_ms;
        report->unclear = answer->status >= 500; /* it may have failed after it did what was asked */
        channel_report(channel, report, refused ? RESULT_REFUSED : RESULT_TRY_AGAIN, "%ld%s%s%s%s", answer->status,
                       *body ? " " : "", body, meaning ? ": " : "", meaning ? meaning : "");
}

char *http_safe_identity(const char *identity)
{
        GString *out = g_string_new(NULL);
        for (const char *p = identity ? identity : ""; *p && out->len < IDENTITY_BYTES_MAX; p++)
                if (g_ascii_isalnum(*p))
                        g_string_append_c(out, *p);
        return g_string_free(out, FALSE);
}
