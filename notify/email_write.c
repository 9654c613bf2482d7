/* SPDX-License-Identifier: MIT */
/*
 * The mail itself, out of a payload. The envelope, the Message-ID and the Date follow from the delivery, so that each try
 * sends the very same mail.
 */
#include "notify/email_p.h"

#include <string.h>

#include "common/text.h"

#define SUBJECT_CHARS 200u
#define HEADER_CHARS 200u
#define ADDRESS_CHARS 320u
#define MESSAGE_ID_DIGITS 32

char *email_bare_address(const char *address)
{
        g_autofree char *line = message_clean_line(address, ADDRESS_CHARS);
        const char *open = strrchr(line, '<');
        const char *close = open ? strchr(open, '>') : NULL;
        return close ? g_strndup(open + 1, (gsize) (close - open - 1)) : text_strip(line);
}

/* The domain of the sender, for identifiers; "localhost" where it has none that could stand in one. */
static char *sender_domain(const struct channel *channel)
{
        g_autofree char *address = email_bare_address(channel->from);
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

static char *header_address(const char *address)
{
        return message_clean_line(address, ADDRESS_CHARS);
}

/* Everybody, also where this try is for some of them only. */
static GPtrArray *header_recipients(const struct channel *channel)
{
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < channel->to->len; i++)
                g_ptr_array_add(list, header_address(g_ptr_array_index(channel->to, i)));
        g_ptr_array_add(list, NULL);
        return list;
}

/* The Message-ID of the mail that this one answers, as that mail had it; NULL: it answers none. */
static char *thread_id(const struct delivery_request *request, const char *domain)
{
        if (!request->thread || !*request->thread || g_str_equal(request->thread, request->identity))
                return NULL;
        json_t *memo = email_memo_read(request->thread_memo);
        const char *known = email_memo_message_id(memo);
        char *id = known ? g_strdup(known) : message_id(request->thread, domain);
        json_decref(memo);
        return id;
}

/* The text with what is to be said of the attachments, above the line that begins the signature. */
static char *text_with_notes(const char *text, const GString *notes)
{
        g_autoptr(GString) wrapped = g_string_new(NULL);
        text_append_wrapped(wrapped, notes->str, EMAIL_COLUMNS, "");
        const char *signature = g_strrstr(text, "\n-- \n");
        size_t before = signature ? (size_t) (signature - text) : strlen(text);
        return g_strdup_printf("%.*s\n%s%s", (int) before, text, wrapped->str, text + before);
}

static char *html_with_notes(const char *html, const GString *notes)
{
        g_autofree char *escaped = text_escape_html(notes->str);
        const char *end = g_strrstr(html, "</body>");
        size_t before = end ? (size_t) (end - html) : strlen(html);
        return g_strdup_printf("%.*s<p style=\"margin:0;padding:0 16px 12px;font-size:13px;\">%s</p>\n%s", (int) before, html,
                               escaped, html + before);
}

/* The parts as they were written when the decision was made, but for what is to be said of the attachments. */
static void make_parts(const json_t *payload, const struct email_attachments *attachments, char **ret_text, char **ret_html)
{
        const char *text = channel_payload_text(payload, "text"), *html = channel_payload_text(payload, "html");
        bool noted = attachments->notes->len > 0;
        *ret_text = noted ? text_with_notes(text, attachments->notes) : g_strdup(text);
        if (!*html)
                *ret_html = NULL;
        else
                *ret_html = noted ? html_with_notes(html, attachments->notes) : g_strdup(html);
}

static int write_parts(const struct channel *channel, const struct notify_transport *transport,
                       const struct delivery_request *request, const json_t *payload, json_t *memo,
                       const struct email_attachments *attachments, char **ret_data, size_t *ret_size, struct error *err)
{
        g_autofree char *domain = sender_domain(channel), *from = header_address(channel->from);
        const char *known = email_memo_message_id(memo);
        g_autofree char *id = known ? g_strdup(known) : message_id(request->identity, domain);
        g_autofree char *thread = thread_id(request, domain);
        int64_t date_ms = email_memo_date_ms(memo) ? email_memo_date_ms(memo) : request->created_ms;
        const char *const references[] = { thread, NULL };
        g_autoptr(GPtrArray) to = header_recipients(channel), extra = extra_headers(payload, request, domain);
        g_autofree char *subject = message_clean_line(channel_payload_text(payload, "subject"), SUBJECT_CHARS);
        g_autofree char *text = NULL, *html = NULL;
        make_parts(payload, attachments, &text, &html);
        struct mail_draft draft = {
                .from = from,
                .to = (const char *const *) to->pdata,
                .subject = *subject ? subject : "hotfixd",
                .message_id = id,
                .in_reply_to = thread,
                .references = thread ? references : NULL,
                .date_ms = date_ms,
                .text = text,
                .html = html,
                .extra = (const char *const *) extra->pdata,
                .attachments = attachments->items,
                .attachment_count = attachments->count,
        };
        json_object_set_new(memo, "message_id", json_string(id));
        json_object_set_new(memo, "date_ms", json_integer(date_ms));
        return transport->mail_write(transport->context, &draft, ret_data, ret_size, err);
}

int email_write(const struct channel *channel, const struct notify_transport *transport,
                const struct delivery_request *request, const json_t *payload, json_t *memo, char **ret_data,
                size_t *ret_size, bool *ret_attached, struct error *err)
{
        struct email_attachments attachments;
        email_attachments_collect(channel, transport, payload, json_is_true(json_object_get(memo, "bare")), &attachments);
        int r = write_parts(channel, transport, request, payload, memo, &attachments, ret_data, ret_size, err);
        if (r == 0)
                *ret_attached = attachments.count > 0;
        email_attachments_clear(&attachments);
        return r;
}
