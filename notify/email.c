/* SPDX-License-Identifier: MIT */
/*
 * Email. The parts are written when the decision is made and kept in the outbox; each try sends them to those who do not
 * have them yet.
 */
#include "notify/email_p.h"

#include <string.h>

#define SUBJECT_CHARS 200u
#define TIMEOUT_MS (2 * 60 * 1000) /* servers look at a mail before they answer; the sender's lease holds for two tries */

static char *make_subject(const struct message *message)
{
        static const struct { const char *kind, *prefix; } prefixes[] = {
                { "updated", "Updated: " },   { "lowered", "Lowered: " }, { "escalated", "Escalated: " },
                { "reminder", "Reminder: " }, { "overdue", "Overdue: " },
        };
        const char *prefix = "";
        for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
                if (g_str_equal(message->kind, prefixes[i].kind))
                        prefix = prefixes[i].prefix;
        g_autofree char *subject = g_strconcat(prefix, message->headline, NULL);
        return message_clean_line(subject, SUBJECT_CHARS);
}

/* A mail reader may put these first: what is to be acted on, and is critical or not known. */
static bool is_urgent(const struct message *message)
{
        static const char *const kinds[] = { "new", "raised", "escalated", "reminder", "overdue", NULL };
        enum message_weight weight = message_weight(message);
        return g_strv_contains(kinds, message->kind) && (weight == WEIGHT_CRITICAL || weight == WEIGHT_UNKNOWN);
}

static char *render(const struct channel *channel, const struct message *message)
{
        (void) channel;
        g_autofree char *subject = make_subject(message);
        g_autofree char *text = email_text_part(message);
        g_autofree char *html = email_html_part(message);
        json_t *payload = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s}", "subject", subject, "lead", message->lead,
                                    "action", message->kind, "route", message->route ? message->route : "", "reason",
                                    message->reason ? message->reason : "", "bulletin",
                                    message->bulletin_id ? message->bulletin_id : "", "urgent", is_urgent(message), "text",
                                    text, "html", html);
        /* Whoever is reminded has had the attachments. */
        if (message->mail_id > 0 && !g_str_equal(message->kind, "reminder"))
                json_object_set_new(payload, "mail", json_integer(message->mail_id));
        return channel_dump_json(payload);
}

static int submit(const struct channel *channel, const struct notify_transport *transport, const GPtrArray *left,
                  const char *data, size_t size, struct smtp_answer *ret_answer, struct error *err)
{
        g_autofree char *from = email_bare_address(channel->from);
        struct smtp_request mail = { .url = channel->smtp_url, .user = channel->user, .password = channel->password,
                                     .from = from, .to = (const char *const *) left->pdata, .data = data, .size = size,
                                     .ca_file = channel->ca_file, .insecure = channel->insecure,
                                     .timeout_ms = TIMEOUT_MS };
        return transport->smtp_send(transport->context, &mail, ret_answer, err);
}

/* One exchange. *ret_attached: the mail had attachments. */
static int try_once(const struct channel *channel, const struct notify_transport *transport,
                    const struct delivery_request *request, const json_t *payload, json_t *memo, const GPtrArray *left,
                    struct smtp_answer *ret_answer, bool *ret_attached, struct error *err)
{
        g_autofree char *data = NULL;
        size_t size = 0;
        int r = email_write(channel, transport, request, payload, memo, &data, &size, ret_attached, err);
        return r < 0 ? r : submit(channel, transport, left, data, size, ret_answer, err);
}

/* A mail that is refused for what is attached (too large, a file the server does not like) goes without. */
static int try_to_send(const struct channel *channel, const struct notify_transport *transport,
                       const struct delivery_request *request, const json_t *payload, json_t *memo, const GPtrArray *left,
                       struct smtp_answer *ret_answer, struct error *err)
{
        bool attached = false;
        int r = try_once(channel, transport, request, payload, memo, left, ret_answer, &attached, err);
        if (r < 0 || !attached || !email_is_refused_whole(ret_answer))
                return r;
        smtp_answer_clear(ret_answer);
        *ret_answer = (struct smtp_answer) { 0 };
        json_object_set_new(memo, "bare", json_true());
        return try_once(channel, transport, request, payload, memo, left, ret_answer, &attached, err);
}

static void send_payload(const struct channel *channel, const struct notify_transport *transport,
                         const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        if (!channel->smtp_url || !channel->from || channel->to->len == 0) {
                channel_report(channel, report, RESULT_TRY_AGAIN, "server, sender or recipients are not known");
                return;
        }
        json_t *memo = email_memo_read(request->memo);
        g_autoptr(GPtrArray) left = email_memo_left(memo, channel);
        struct smtp_answer answer = { 0 };
        struct error err = ERROR_INIT;
        bool all_have_it = left->len == 1;
        int r = all_have_it ? 0 : try_to_send(channel, transport, request, payload, memo, left, &answer, &err);
        if (all_have_it)
                channel_report(channel, report, RESULT_SENT, "every recipient has it already");
        else if (r == -ERR_MALFORMED || r == -ERR_LIMIT) /* no retry will change what it says */
                channel_report(channel, report, RESULT_REFUSED, "the mail cannot be written: %s", error_text(&err));
        else if (r < 0)
                channel_report_error(channel, report, r, &err);
        else
                email_judge(channel, left, &answer, memo, report);
        if (r < 0)
                report->memo = email_memo_text(memo);
        smtp_answer_clear(&answer);
        error_clear(&err);
        json_decref(memo);
}

/* What a person looks at before it is sent: the head, and the text part. */
static char *preview(const struct channel *channel, const json_t *payload)
{
        GString *out = g_string_new(NULL);
        g_autofree char *from = message_clean_line(channel->from, SUBJECT_CHARS);
        g_string_append_printf(out, "From: %s\nTo: ", from);
        for (guint i = 0; i < channel->to->len; i++) {
                g_autofree char *to = message_clean_line(g_ptr_array_index(channel->to, i), SUBJECT_CHARS);
                g_string_append_printf(out, "%s%s", i ? ", " : "", to);
        }
        g_string_append_printf(out, "\nSubject: %s\n", channel_payload_text(payload, "subject"));
        if (json_is_true(json_object_get(payload, "urgent")))
                g_string_append(out, "Importance: high\n");
        if (json_object_get(payload, "mail") && (channel->attach_original || channel->attach_csaf))
                g_string_append_printf(out, "Attached: %s%s%s\n", channel->attach_original ? "the original mail" : "",
                                       channel->attach_original && channel->attach_csaf ? ", " : "",
                                       channel->attach_csaf ? "the CSAF document" : "");
        g_string_append_printf(out, "\n%s", channel_payload_text(payload, "text"));
        return g_string_free(out, FALSE);
}

const struct channel_driver email_channel_driver = { .name = "email", .payload_key = "html", .render = render,
                                                     .send = send_payload, .preview = preview };
