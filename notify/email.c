/* SPDX-License-Identifier: MIT */
/*
 * Email. The parts are written when the decision is made and kept in the outbox; the envelope, the Message-ID and the
 * Date follow from the delivery, so that each retry sends the very same mail.
 */
#include <string.h>

#include "common/text.h"
#include "notify/channel_p.h"
#include "notify/email_p.h"

#define SUBJECT_CHARS 200u
#define HEADER_CHARS 200u
#define ADDRESS_CHARS 320u
#define MESSAGE_ID_DIGITS 32

static char *make_subject(const struct message *message)
{
        const char *prefix = g_str_equal(message->kind, "updated")   ? "Updated: "
                             : g_str_equal(message->kind, "lowered") ? "Lowered: "
                                                                      : "";
        g_autofree char *subject = g_strconcat(prefix, message->headline, NULL);
        return message_clean_line(subject, SUBJECT_CHARS);
}

/* A mail reader may put these first: what is new or got worse, and is critical or not known. */
static bool is_urgent(const struct message *message)
{
        enum message_weight weight = message_weight(message);
        return (g_str_equal(message->kind, "new") || g_str_equal(message->kind, "raised")) &&
               (weight == WEIGHT_CRITICAL || weight == WEIGHT_UNKNOWN);
}

static char *render(const struct channel *channel, const struct message *message)
{
        (void) channel;
        g_autofree char *subject = make_subject(message);
        g_autofree char *text = email_text_part(message);
        g_autofree char *html = email_html_part(message);
        return channel_dump_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:s}", "subject", subject, "lead",
                                           message->lead, "action", message->kind, "route",
                                           message->route ? message->route : "", "reason",
                                           message->reason ? message->reason : "", "bulletin",
                                           message->bulletin_id ? message->bulletin_id : "", "urgent",
                                           is_urgent(message), "text", text, "html", html));
}

/* "a@b" out of "Name <a@b>". Newly allocated. */
static char *bare_address(const char *address)
{
        g_autofree char *line = message_clean_line(address, ADDRESS_CHARS);
        const char *open = strrchr(line, '<');
        const char *close = open ? strchr(open, '>') : NULL;
        return close ? g_strndup(open + 1, (gsize) (close - open - 1)) : text_strip(line);
}

/* The domain of the sender, for identifiers; "localhost" where it has none that could stand in one. */
static char *sender_domain(const struct channel *channel)
{
        g_autofree char *address = bare_address(channel->from);
        const char *at = strrchr(address, '@');
        bool valid = at && g_ascii_isalnum(at[1]);
        for (const char *p = valid ? at + 1 : ""; *p; p++)
                valid &= g_ascii_isalnum(*p) || *p == '.' || *p == '-';
        return valid ? g_ascii_strdown(at + 1, -1) : g_strdup("localhost");
}

/* The Message-ID that belongs to a delivery's identity, without angle brackets. */
static char *message_id(const char *identity, const char *domain)
{
        g_autoptr(GString) digits = g_string_new(NULL);
        for (const char *p = identity; *p && digits->len < MESSAGE_ID_DIGITS; p++)
                if (g_ascii_isalnum(*p))
                        g_string_append_c(digits, *p);
        return g_strdup_printf("%s.hotfixd@%s", digits->str, domain);
}

static bool is_header_text(const char *text)
{
        for (const char *p = text; *p; p++)
                if (!g_ascii_isprint(*p))
                        return false;
        return *text != '\0';
}

/* Names and values in turn; a value that could not stand in a header as it is, is left out. */
static void add_header(GPtrArray *headers, const char *name, const char *value)
{
        g_autofree char *line = message_clean_line(value, HEADER_CHARS);
        if (!is_header_text(line))
                return;
        g_ptr_array_add(headers, g_strdup(name));
        g_ptr_array_add(headers, g_steal_pointer(&line));
}

/* "<ops.hotfixd.example.com>": what a mail filter can sort by (RFC 2919). */
static char *list_id(const char *route, const char *domain)
{
        g_autoptr(GString) label = g_string_new(NULL);
        for (const char *p = route; *p && label->len < 60; p++)
                if (g_ascii_isalnum(*p) || (*p == '-' && label->len > 0))
                        g_string_append_c(label, g_ascii_tolower(*p));
        return label->len > 0 ? g_strdup_printf("<%s.hotfixd.%s>", label->str, domain)
                              : g_strdup_printf("<hotfixd.%s>", domain);
}

static GPtrArray *extra_headers(const json_t *payload, const struct delivery_request *request, const char *domain)
{
        GPtrArray *headers = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *list = list_id(channel_payload_text(payload, "route"), domain);
        add_header(headers, "Auto-Submitted", "auto-generated"); /* RFC 3834: no vacation replies, please */
        add_header(headers, "X-Auto-Response-Suppress", "All");
        add_header(headers, "List-Id", list);
        if (json_is_true(json_object_get(payload, "urgent")))
                add_header(headers, "Importance", "high");
        add_header(headers, "X-Hotfixd-Action", channel_payload_text(payload, "action"));
        add_header(headers, "X-Hotfixd-Bulletin", channel_payload_text(payload, "bulletin"));
        add_header(headers, "X-Hotfixd-Route", channel_payload_text(payload, "route"));
        add_header(headers, "X-Hotfixd-Delivery", request->identity);
        g_ptr_array_add(headers, NULL);
        return headers;
}

static GPtrArray *recipients(const struct channel *channel, char *(*form)(const char *address))
{
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < channel->to->len; i++)
                g_ptr_array_add(list, form(g_ptr_array_index(channel->to, i)));
        g_ptr_array_add(list, NULL);
        return list;
}

static char *header_address(const char *address)
{
        return message_clean_line(address, ADDRESS_CHARS);
}

static int write_mail(const struct channel *channel, const struct notify_transport *transport,
                      const struct delivery_request *request, const json_t *payload, char **ret_data, size_t *ret_size,
                      struct error *err)
{
        g_autofree char *domain = sender_domain(channel);
        g_autofree char *from = header_address(channel->from);
        g_autofree char *id = message_id(request->identity, domain);
        bool replies = request->thread && *request->thread && !g_str_equal(request->thread, request->identity);
        g_autofree char *thread = replies ? message_id(request->thread, domain) : NULL;
        const char *const references[] = { thread, NULL };
        g_autoptr(GPtrArray) to = recipients(channel, header_address);
        g_autoptr(GPtrArray) extra = extra_headers(payload, request, domain);
        g_autofree char *subject = message_clean_line(channel_payload_text(payload, "subject"), SUBJECT_CHARS);
        struct mail_draft draft = {
                .from = from,
                .to = (const char *const *) to->pdata,
                .subject = *subject ? subject : "hotfixd",
                .message_id = id,
                .in_reply_to = thread,
                .references = thread ? references : NULL,
                .date_ms = request->created_ms,
                .text = channel_payload_text(payload, "text"),
                .html = *channel_payload_text(payload, "html") ? channel_payload_text(payload, "html") : NULL,
                .extra = (const char *const *) extra->pdata,
        };
        return transport->mail_write(transport->context, &draft, ret_data, ret_size, err);
}

/* The server does not refuse this mail but our account (RFC 4954): the mail stays due until that is put right. */
static bool is_about_account(long status)
{
        return status == 530 || status == 534 || status == 535 || status == 538;
}

static void report_answer(const struct channel *channel, const struct smtp_answer *answer,
                          struct delivery_report *report)
{
        g_autofree char *code = g_strdup_printf("%ld", answer->status);
        const char *text = answer->text ? answer->text : "";
        bool repeated = g_str_has_prefix(text, code); /* the reply line starts with its own code */
        enum delivery_result result = RESULT_TRY_AGAIN;
        if (answer->status >= 200 && answer->status < 300)
                result = RESULT_SENT;
        else if (answer->status >= 500 && answer->status < 600 && !is_about_account(answer->status))
                result = RESULT_REFUSED;
        channel_report(channel, report, result, "%s%s%s", repeated ? "" : code, repeated || !*text ? "" : " ", text);
}

static void submit(const struct channel *channel, const struct notify_transport *transport, const char *data,
                   size_t size, struct delivery_report *report)
{
        g_autofree char *from = bare_address(channel->from);
        g_autoptr(GPtrArray) to = recipients(channel, bare_address);
        struct smtp_request mail = { .url = channel->smtp_url, .user = channel->user, .password = channel->password,
                                     .from = from, .to = (const char *const *) to->pdata, .data = data, .size = size,
                                     .ca_file = channel->ca_file, .insecure = channel->insecure,
                                     .timeout_ms = CHANNEL_TIMEOUT_MS };
        struct smtp_answer answer = { 0 };
        struct error err = ERROR_INIT;
        int r = transport->smtp_send(transport->context, &mail, &answer, &err);
        if (r < 0)
                channel_report_error(channel, report, r, &err);
        else
                report_answer(channel, &answer, report);
        smtp_answer_clear(&answer);
        error_clear(&err);
}

static void send_payload(const struct channel *channel, const struct notify_transport *transport,
                         const struct delivery_request *request, const json_t *payload, struct delivery_report *report)
{
        if (!channel->smtp_url || !channel->from || channel->to->len == 0) {
                channel_report(channel, report, RESULT_TRY_AGAIN, "server, sender or recipients are not known");
                return;
        }
        g_autofree char *data = NULL;
        size_t size = 0;
        struct error err = ERROR_INIT;
        int r = write_mail(channel, transport, request, payload, &data, &size, &err);
        if (r == -ERR_MALFORMED || r == -ERR_LIMIT) /* no retry will change what it says */
                channel_report(channel, report, RESULT_REFUSED, "the mail cannot be written: %s", error_text(&err));
        else if (r < 0)
                channel_report_error(channel, report, r, &err);
        else
                submit(channel, transport, data, size, report);
        error_clear(&err);
}

const struct channel_driver email_channel_driver = { .name = "email", .payload_key = "subject", .render = render,
                                                     .send = send_payload };
