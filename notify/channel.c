/* SPDX-License-Identifier: MIT */
/* The table of channel types and what they share. */
#include "notify/channel.h"

#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "notify/channel_p.h"

#define SECRET_BYTES_MIN 4u    /* a shorter one cannot be told from ordinary text */
#define URL_SECRET_BYTES_MIN 12u /* what may be a key among the parts of an address */

static const struct channel_driver *const drivers[CHANNEL_TYPE_MAX] = {
        [CHANNEL_SLACK] = &slack_channel_driver,
        [CHANNEL_EMAIL] = &email_channel_driver,
        [CHANNEL_LOG] = &log_channel_driver,
        [CHANNEL_WEBHOOK] = &webhook_channel_driver,
        [CHANNEL_PAGERDUTY] = &pagerduty_channel_driver,
        [CHANNEL_TEAMS] = &teams_channel_driver,
};

const char *channel_type_name(enum channel_type type)
{
        return (unsigned) type < CHANNEL_TYPE_MAX ? drivers[type]->name : "unknown";
}

int channel_type_parse(const char *name, enum channel_type *ret_type)
{
        for (unsigned i = 0; i < CHANNEL_TYPE_MAX; i++)
                if (g_str_equal(drivers[i]->name, name)) {
                        *ret_type = i;
                        return 0;
                }
        return -ERR_NOT_FOUND;
}

struct channel *channel_new(const char *name, enum channel_type type)
{
        struct channel *channel = g_new0(struct channel, 1);
        channel->name = g_strdup(name);
        channel->type = type;
        channel->to = g_ptr_array_new_with_free_func(g_free);
        return channel;
}

static void free_secret(char *secret)
{
        if (secret)
                explicit_bzero(secret, strlen(secret));
        g_free(secret);
}

void channel_free(struct channel *channel)
{
        if (!channel)
                return;
        g_free(channel->name);
        free_secret(channel->url);
        free_secret(channel->token);
        free_secret(channel->signing_secret);
        g_free(channel->slack_channel);
        g_free(channel->mention);
        g_free(channel->smtp_url);
        g_free(channel->ca_file);
        g_free(channel->from);
        g_ptr_array_unref(channel->to);
        g_free(channel->user);
        free_secret(channel->password);
        g_free(channel->log_level);
        g_free(channel);
}

void http_answer_clear(struct http_answer *answer)
{
        g_clear_pointer(&answer->body, g_free);
}

void smtp_answer_clear(struct smtp_answer *answer)
{
        for (size_t i = 0; i < answer->recipient_count; i++)
                g_free(answer->recipients[i].text);
        g_clear_pointer(&answer->recipients, g_free);
        answer->recipient_count = 0;
        g_clear_pointer(&answer->text, g_free);
}

void delivery_report_clear(struct delivery_report *report)
{
        g_clear_pointer(&report->answer, g_free);
        g_clear_pointer(&report->memo, g_free);
}

char *channel_dump_json(json_t *json)
{
        char *dumped = json_dumps(json, JSON_COMPACT);
        json_decref(json);
        char *text = g_strdup(dumped ? dumped : "{}");
        free(dumped);
        return text;
}

json_t *channel_texts_to_json(const GPtrArray *texts)
{
        json_t *list = json_array();
        for (guint i = 0; i < texts->len; i++)
                json_array_append_new(list, json_string(g_ptr_array_index(texts, i)));
        return list;
}

const char *channel_payload_text(const json_t *payload, const char *key)
{
        const char *text = json_string_value(json_object_get(payload, key));
        return text ? text : "";
}

static void redact(GString *text, const char *secret)
{
        if (secret && strlen(secret) >= SECRET_BYTES_MIN)
                g_string_replace(text, secret, "[secret]", 0);
}

/* The whole address, its path, and the parts of the path: one of them is the key to the webhook. */
static void redact_webhook(GString *text, const char *url)
{
        redact(text, url);
        const char *scheme = strstr(url, "://");
        const char *path = scheme ? strchr(scheme + 3, '/') : NULL;
        if (!path)
                return;
        redact(text, path);
        redact(text, path + 1);
        g_auto(GStrv) parts = g_strsplit_set(path, "/?&=", -1);
        for (char **part = parts; *part; part++) {
                char *decoded = g_uri_unescape_string(*part, NULL); /* as the other side reads it */
                if (strlen(*part) >= URL_SECRET_BYTES_MIN || !part[1]) {
                        redact(text, *part);
                        redact(text, decoded);
                }
                explicit_bzero(*part, strlen(*part));
                free_secret(decoded);
        }
}

/* The password as it is and as SASL PLAIN and LOGIN put it, for a server that repeats what it was sent. */
static void redact_password(GString *text, const char *user, const char *password)
{
        redact(text, password);
        g_autofree char *coded = g_base64_encode((const guchar *) password, strlen(password));
        redact(text, coded);
        g_autoptr(GString) plain = g_string_new(NULL);
        g_string_append_len(plain, "", 1);
        g_string_append_len(plain, user ? user : "", user ? (gssize) strlen(user) + 1 : 1);
        g_string_append(plain, password);
        g_autofree char *coded_plain = g_base64_encode((const guchar *) plain->str, plain->len);
        redact(text, coded_plain);
        explicit_bzero(plain->str, plain->len);
        explicit_bzero(coded, strlen(coded));
        explicit_bzero(coded_plain, strlen(coded_plain));
}

/* Longest prefix of at most max bytes that does not cut a character. */
static void truncate_bytes(GString *text, gsize max)
{
        if (text->len <= max)
                return;
        while (max > 0 && ((unsigned char) text->str[max] & 0xC0) == 0x80)
                max--;
        g_string_truncate(text, max);
}

static void redact_all(GString *text, const struct channel *channel)
{
        if (channel->url && !channel->token) /* the address of an API is no secret; its token is */
                redact_webhook(text, channel->url);
        if (channel->password)
                redact_password(text, channel->user, channel->password);
        redact(text, channel->token);
        redact(text, channel->signing_secret);
}

void channel_report(const struct channel *channel, struct delivery_report *report, enum delivery_result result,
                    const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        g_autoptr(GString) raw = g_string_new(NULL);
        g_string_vprintf(raw, format, arguments);
        va_end(arguments);
        redact_all(raw, channel);
        /* Once more when what stood between the letters of a secret is gone, and before anything is cut in two. */
        g_autofree char *cleaned = message_clean_line(raw->str, LIMIT_ANSWER_BYTES);
        g_string_assign(raw, cleaned);
        redact_all(raw, channel);
        g_autofree char *line = message_clean_line(raw->str, LIMIT_ANSWER_KEPT_BYTES);
        g_autoptr(GString) kept = g_string_new(line);
        truncate_bytes(kept, LIMIT_ANSWER_KEPT_BYTES);
        g_free(report->answer);
        report->answer = g_strdup(kept->str);
        report->result = result;
}

void channel_report_error(const struct channel *channel, struct delivery_report *report, int code,
                          const struct error *err)
{
        const char *text = err->text ? err->text : error_name(code);
        /* Whatever went wrong on the way, the other side has not said no: the delivery stays due. */
        channel_report(channel, report, code == -ERR_CANCELLED ? RESULT_CANCELLED : RESULT_TRY_AGAIN, "%s", text);
}

char *channel_render(const struct channel *channel, const struct message *message)
{
        return drivers[channel->type]->render(channel, message);
}

bool channel_wants(const struct channel *channel, const char *kind)
{
        const struct channel_driver *driver = drivers[channel->type];
        return driver->wants ? driver->wants(channel, kind) : strcmp(kind, "acknowledged") != 0;
}

bool channel_wants_all(const struct channel *channel, const char *kind)
{
        (void) channel, (void) kind;
        return true;
}

static void append_code_unit(GString *out, unsigned unit)
{
        g_string_append_printf(out, "\\u%04x", unit);
}

/* As JSON, with escapes for whatever a terminal would obey or not show. */
static char *dump_for_people(const json_t *json)
{
        char *dumped = json_dumps(json, JSON_INDENT(2));
        GString *out = g_string_new(NULL);
        for (const char *p = dumped ? dumped : ""; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);
                GUnicodeType type = g_unichar_type(c);
                if (c == '\n' || (type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT && type != G_UNICODE_LINE_SEPARATOR &&
                                  type != G_UNICODE_PARAGRAPH_SEPARATOR)) {
                        g_string_append_unichar(out, c);
                } else if (c > 0xFFFF) {
                        append_code_unit(out, 0xD7C0 + (c >> 10));
                        append_code_unit(out, 0xDC00 + (c & 0x3FF));
                } else {
                        append_code_unit(out, c);
                }
        }
        free(dumped);
        return g_string_free(out, FALSE);
}

/* Whether the channel's type was changed while this message waited. */
static bool is_of_another_type(const struct channel *channel, const json_t *payload)
{
        if (json_object_get(payload, drivers[channel->type]->payload_key))
                return false;
        for (int type = 0; type < CHANNEL_TYPE_MAX; type++)
                if (json_object_get(payload, drivers[type]->payload_key))
                        return true;
        return false;
}

char *channel_preview(const struct channel *channel, const char *payload)
{
        json_t *json = json_loads(payload, JSON_REJECT_DUPLICATES, NULL);
        const struct channel_driver *driver = channel && !is_of_another_type(channel, json) ? drivers[channel->type] : NULL;
        char *text = !json ? text_make_valid(payload, strlen(payload), NULL) :
                     driver && driver->preview ? driver->preview(channel, json) : dump_for_people(json);
        json_decref(json);
        return text;
}

void channel_send(const struct channel *channel, const struct notify_transport *transport,
                  const struct delivery_request *request, struct delivery_report *ret_report)
{
        struct delivery_report report = { .result = RESULT_TRY_AGAIN, .answer = NULL, .retry_after_ms = -1 };
        json_error_t problem;
        json_t *payload = json_loads(request->payload, JSON_REJECT_DUPLICATES, &problem);
        if (is_of_another_type(channel, payload)) /* it can still leave once the type is back */
                channel_report(channel, &report, RESULT_TRY_AGAIN, "the message was made for a channel of another type than %s",
                               drivers[channel->type]->name);
        else if (json_object_get(payload, drivers[channel->type]->payload_key))
                drivers[channel->type]->send(channel, transport, request, payload, &report);
        else /* an empty message would count as sent */
                channel_report(channel, &report, RESULT_REFUSED, "the stored payload is damaged: %s",
                               !payload ? problem.text : json_is_object(payload) ? "there is no message in it" :
                                                                                   "it is not an object");
        json_decref(payload);
        *ret_report = report;
}
