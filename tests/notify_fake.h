/* SPDX-License-Identifier: MIT */
/* For the checks of notify/: a bulletin of our own, and a transport that records what it is asked and answers by script. */
#ifndef TESTS_NOTIFY_FAKE_H
#define TESTS_NOTIFY_FAKE_H

#include <glib.h>
#include <jansson.h>
#include <string.h>

#include "notify/channel.h"
#include "tests/support.h"

#define FAKE_IDENTITY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FAKE_THREAD "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define FAKE_WEBHOOK "https://hooks.example.com/services/T0AAAA/B0BBBB/s3cretTokenOfTheHook"

static inline void fake_field(struct bulletin *b, enum bulletin_field field, int value, const char *text)
{
        bulletin_set_field(b, field, BASIS_STATED, value, text, NULL);
}

static inline void fake_section(struct bulletin *b, const char *heading, const char *text)
{
        g_ptr_array_add(b->sections, section_new(heading, text));
}

static inline struct bulletin *fake_bulletin(void)
{
        struct bulletin *b = bulletin_new();
        b->feed = g_strdup("hotfix-report");
        b->kind = BULLETIN_ALERT;
        b->id = g_strdup("MS07-099");
        b->title = g_strdup("見本エンジンの入力検査の誤りにより、遠隔から任意の命令が実行される危険性");
        b->vendor_title = g_strdup("見本エンジンの脆弱性 (999999)");
        g_strlcpy(b->edition, "2007-05-11", sizeof b->edition);
        g_strlcpy(b->registered, "2007-05-11", sizeof b->registered);
        g_strlcpy(b->updated, "2007-05-14", sizeof b->updated);
        fake_field(b, FIELD_SEVERITY, SEVERITY_CRITICAL, "1(緊急)");
        fake_field(b, FIELD_URGENCY, URGENCY_IMMEDIATE, "至急適用");
        fake_field(b, FIELD_MEASURE, URGENCY_IMMEDIATE, "至急適用");
        fake_field(b, FIELD_EXPLOIT_CODE, EXPLOIT_NONE_STATED, "なし");
        fake_field(b, FIELD_EXPLOIT_PUBLISHED, ANSWER_NO, "攻撃コード未公開");
        fake_field(b, FIELD_ATTACKS_OBSERVED, ANSWER_NO, "攻撃事例なし");
        fake_field(b, FIELD_RESTART, RESTART_CONDITIONAL, "不要(必要な場合あり)");
        bulletin_set_undetermined(b, FIELD_UNINSTALL, NULL, "the line is empty");
        fake_field(b, FIELD_ENVIRONMENT_SERVER, ANSWER_YES, "サーバ");
        fake_field(b, FIELD_ENVIRONMENT_CLIENT, ANSWER_NO, "クライアント");
        g_ptr_array_add(b->kbs, g_strdup("999999"));
        g_ptr_array_add(b->cves, g_strdup("CVE-2007-9999"));
        g_ptr_array_add(b->affected, affected_new("見本エンジン 2.0", "Windows XP SP2"));
        g_ptr_array_add(b->affected, affected_new("見本エンジン 3.0", NULL));
        fake_section(b, "‥‥‥ 概要 ‥‥‥", "見本エンジンは、受け取った文字列の長さを確かめない。\n細工されたページを開くと、命令が実行される。");
        g_ptr_array_add(b->links, link_new("MS07-099(日本)", "https://www.example.com/ms07-099?a=1&b=2"));
        return b;
}

struct fake_peer {
        int code;              /* what the transport call returns */
        const char *error;     /* with this text */
        bool begun;            /* and whether the request was on its way */
        long status;
        const char *body;      /* the answer */
        int64_t retry_after_ms;
        int write_code;        /* what mail_write returns */
        const struct smtp_reply *replies; /* SMTP: of each recipient, or NULL */
        int failure;           /* SMTP: how the exchange breaks off, with the text in body */
        const struct smtp_answer *next_answer; /* SMTP: of the second call, if not NULL */
        const char *original, *csaf; /* what may be attached, or NULL */
        unsigned calls;
        char *url, *body_sent, *content_type, *ca_file;
        GPtrArray *headers;    /* of the HTTP request */
        char *from, *user, *password;
        GPtrArray *to;         /* of the envelope */
        char *draft_from, *subject, *message_id, *in_reply_to, *reference, *text, *html;
        GPtrArray *extra, *draft_to;
        GPtrArray *attachments; /* type, name, data in turn */
        int64_t date_ms;
        bool insecure;
};

static inline GPtrArray *fake_copy_strings(const char *const *strings)
{
        GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);
        for (; strings && *strings; strings++)
                g_ptr_array_add(copy, g_strdup(*strings));
        return copy;
}

static inline int fake_fail(const struct fake_peer *peer, struct error *err)
{
        return error_set(err, peer->code, "%s", peer->error ? peer->error : "it failed");
}

static inline int fake_http_post(void *context, const struct http_request *request, struct http_answer *ret_answer,
                                 struct error *err)
{
        struct fake_peer *peer = context;
        char **strings[] = { &peer->url, &peer->body_sent, &peer->content_type, &peer->ca_file };
        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                g_clear_pointer(strings[i], g_free);
        g_clear_pointer(&peer->headers, g_ptr_array_unref);
        peer->calls++;
        peer->url = g_strdup(request->url);
        peer->body_sent = g_strdup(request->body);
        peer->content_type = g_strdup(request->content_type);
        peer->ca_file = g_strdup(request->ca_file);
        peer->insecure = request->insecure;
        peer->headers = fake_copy_strings(request->headers);
        ck_assert_int_gt(request->timeout_ms, 0);
        ret_answer->begun = peer->begun;
        if (peer->code < 0)
                return fake_fail(peer, err);
        *ret_answer = (struct http_answer) { .status = peer->status, .body = g_strdup(peer->body),
                                             .retry_after_ms = peer->retry_after_ms, .begun = true };
        return 0;
}

static inline struct smtp_answer fake_copy_answer(const struct smtp_answer *from, size_t count)
{
        struct smtp_answer copy = *from;
        copy.text = g_strdup(from->text);
        copy.recipient_count = from->recipients ? count : 0;
        copy.recipients = from->recipients ? g_new0(struct smtp_reply, count) : NULL;
        for (size_t i = 0; i < copy.recipient_count; i++)
                copy.recipients[i] = (struct smtp_reply) { from->recipients[i].status, g_strdup(from->recipients[i].text) };
        return copy;
}

static inline int fake_smtp_send(void *context, const struct smtp_request *request, struct smtp_answer *ret_answer,
                                 struct error *err)
{
        struct fake_peer *peer = context;
        char **strings[] = { &peer->url, &peer->from, &peer->user, &peer->password, &peer->body_sent };
        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                g_clear_pointer(strings[i], g_free);
        g_clear_pointer(&peer->to, g_ptr_array_unref);
        peer->calls++;
        peer->url = g_strdup(request->url);
        peer->from = g_strdup(request->from);
        peer->user = g_strdup(request->user);
        peer->password = g_strdup(request->password);
        peer->to = fake_copy_strings(request->to);
        peer->body_sent = g_strndup(request->data, request->size);
        ck_assert_int_gt(request->timeout_ms, 0);
        if (peer->code < 0)
                return fake_fail(peer, err);
        struct smtp_answer first = { .status = peer->status, .text = (char *) peer->body,
                                     .recipients = (struct smtp_reply *) peer->replies, .failure = peer->failure,
                                     .unclear = peer->begun };
        *ret_answer = fake_copy_answer(peer->calls == 2 && peer->next_answer ? peer->next_answer : &first, peer->to->len);
        return 0;
}

static inline int fake_read(const struct fake_peer *peer, const char *text, char **ret_data, size_t *ret_size,
                            struct error *err)
{
        if (peer->error)
                return error_set(err, -ERR_STORE_BUSY, "%s", peer->error);
        if (!text)
                return error_set(err, -ERR_NOT_FOUND, "nothing");
        *ret_data = g_strdup(text);
        *ret_size = strlen(text);
        return 0;
}

static inline int fake_original_read(void *context, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err)
{
        const struct fake_peer *peer = context;
        return fake_read(peer, mail_id == 12 ? peer->original : NULL, ret_data, ret_size, err);
}

static inline int fake_csaf_read(void *context, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err)
{
        const struct fake_peer *peer = context;
        return fake_read(peer, mail_id == 12 ? peer->csaf : NULL, ret_data, ret_size, err);
}

static inline void fake_forget_draft(struct fake_peer *peer)
{
        char **strings[] = { &peer->draft_from, &peer->subject, &peer->message_id, &peer->in_reply_to, &peer->reference,
                             &peer->text, &peer->html };
        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                g_clear_pointer(strings[i], g_free);
        GPtrArray **lists[] = { &peer->extra, &peer->draft_to, &peer->attachments };
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                g_clear_pointer(lists[i], g_ptr_array_unref);
}

static inline int fake_mail_write(void *context, const struct mail_draft *draft, char **ret_data, size_t *ret_size,
                                  struct error *err)
{
        struct fake_peer *peer = context;
        if (peer->write_code < 0)
                return error_set(err, peer->write_code, "it cannot be written");
        fake_forget_draft(peer);
        peer->attachments = g_ptr_array_new_with_free_func(g_free);
        for (size_t i = 0; i < draft->attachment_count; i++) {
                g_ptr_array_add(peer->attachments, g_strdup(draft->attachments[i].type));
                g_ptr_array_add(peer->attachments, g_strdup(draft->attachments[i].name));
                g_ptr_array_add(peer->attachments, g_strndup(draft->attachments[i].data, draft->attachments[i].size));
        }
        peer->draft_from = g_strdup(draft->from);
        peer->draft_to = fake_copy_strings(draft->to);
        peer->subject = g_strdup(draft->subject);
        peer->message_id = g_strdup(draft->message_id);
        peer->in_reply_to = g_strdup(draft->in_reply_to);
        peer->reference = g_strdup(draft->references ? draft->references[0] : NULL);
        peer->text = g_strdup(draft->text);
        peer->html = g_strdup(draft->html);
        peer->extra = fake_copy_strings(draft->extra);
        peer->date_ms = draft->date_ms;
        *ret_data = g_strdup("the mail");
        *ret_size = strlen(*ret_data);
        return 0;
}

static inline void fake_clear(struct fake_peer *peer)
{
        char **strings[] = { &peer->url, &peer->body_sent, &peer->content_type, &peer->ca_file, &peer->from, &peer->user,
                             &peer->password };
        for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
                g_clear_pointer(strings[i], g_free);
        g_clear_pointer(&peer->headers, g_ptr_array_unref);
        g_clear_pointer(&peer->to, g_ptr_array_unref);
        fake_forget_draft(peer);
}

/* Sends once and returns the report. What the peer recorded before is thrown away. */
static inline struct delivery_report fake_send(struct fake_peer *peer, const struct channel *channel, const char *thread,
                                               const char *payload)
{
        fake_clear(peer);
        struct notify_transport transport = { .context = peer, .http_post = fake_http_post, .smtp_send = fake_smtp_send,
                                              .mail_write = fake_mail_write, .original_read = fake_original_read,
                                              .csaf_read = fake_csaf_read };
        struct delivery_request request = { .identity = FAKE_IDENTITY, .thread = thread, .payload = payload,
                                            .created_ms = 1178852645000 };
        struct delivery_report report;
        channel_send(channel, &transport, &request, &report);
        return report;
}

static inline struct message *fake_message(const struct bulletin *b, enum route_action action)
{
        struct route_decision decision = { .action = action, .reason = (char *) "severity critical is at or above important" };
        return message_for_bulletin(b, "ops", &decision, NULL);
}

static inline json_t *fake_parse(const char *text)
{
        json_error_t problem;
        json_t *json = json_loads(text, 0, &problem);
        ck_assert_msg(json_is_object(json), "not JSON: %s", text);
        return json;
}

#endif
