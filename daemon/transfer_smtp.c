/* SPDX-License-Identifier: MIT */
/*
 * SMTP: one mail to its recipients, and what the server said of each. libcurl speaks the protocol; which of the replies
 * is whose is found out here by counting them, from the command with which a mail begins (RFC 5321 section 4.1.4).
 */
#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "daemon/transfer_curl_p.h"
#include "daemon/transfer_p.h"

#define SILENCE_MS 60000
#define LOGIN_SASL "AUTH=PLAIN;AUTH=LOGIN"
#define QUIT_MS 1000 /* libcurl waits for the answer to QUIT where a mail was refused */
#define REPLY_BYTES_MAX 2000u /* of one reply of several lines; the rest is left out */

/* What the next reply is about. */
enum stage {
        STAGE_SESSION, /* greeting, EHLO, STARTTLS, AUTH: nothing of this mail */
        STAGE_SENDER,
        STAGE_RECIPIENT,
        STAGE_DATA,    /* whether the mail itself may come */
        STAGE_MAIL,
        STAGE_OVER,
};

struct exchange {
        struct transfer *transfer;
        enum stage stage;
        struct smtp_reply *recipients;
        size_t recipient_count, answered; /* how many of them the server has spoken about */
        bool accepted;         /* one of them at least */
        struct smtp_reply last;
        GString *lines;        /* of a reply that is not complete yet, without codes */
};

/* Nothing of what libcurl says here is kept: it holds credentials. */
static int notice_mail(CURL *easy, curl_infotype type, char *data, size_t size, void *context)
{
        struct exchange *exchange = context;
        static const char mail[] = "MAIL FROM:";
        (void) easy;
        if (type == CURLINFO_HEADER_OUT && size > strlen(mail) && memcmp(data, mail, strlen(mail)) == 0)
                exchange->stage = STAGE_SENDER;
        return 0;
}

static bool is_positive(long status)
{
        return status >= 200 && status < 300;
}

static struct smtp_reply copy_reply(const struct smtp_reply *reply)
{
        return (struct smtp_reply) { reply->status, g_strdup(reply->text) };
}

static void take_recipient(struct exchange *exchange, const struct smtp_reply *reply)
{
        exchange->recipients[exchange->answered++] = copy_reply(reply);
        exchange->accepted |= is_positive(reply->status);
        if (exchange->answered == exchange->recipient_count)
                exchange->stage = exchange->accepted ? STAGE_DATA : STAGE_OVER;
}

static void take_reply(struct exchange *exchange, const struct smtp_reply *reply)
{
        switch (exchange->stage) {
        case STAGE_SENDER:
                exchange->stage = is_positive(reply->status) ? STAGE_RECIPIENT : STAGE_OVER;
                break;
        case STAGE_RECIPIENT:
                take_recipient(exchange, reply);
                break;
        case STAGE_DATA:
                if (!is_positive(reply->status)) /* "done" before there was anything would be nonsense */
                        exchange->stage = reply->status == 354 ? STAGE_MAIL : STAGE_OVER;
                break;
        case STAGE_MAIL:
                exchange->stage = STAGE_OVER;
                break;
        default:
                break;
        }
}

static bool has_code(const char *data, size_t size)
{
        return size >= 4 && g_ascii_isdigit(data[0]) && g_ascii_isdigit(data[1]) && g_ascii_isdigit(data[2]) &&
               (data[3] == ' ' || data[3] == '-' || data[3] == '\r' || data[3] == '\n');
}

static void end_reply(struct exchange *exchange, const char *code)
{
        struct smtp_reply reply = { .status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0') };
        g_autofree char *said = g_strdup_printf("%ld%s", reply.status, exchange->lines->str);
        reply.text = transfer_quote_reply(said, strlen(said), (const char *const *) exchange->transfer->secrets);
        if (!reply.text)
                reply.text = g_strdup_printf("%ld", reply.status);
        g_string_truncate(exchange->lines, 0);
        bool after_the_end = exchange->stage == STAGE_OVER;
        take_reply(exchange, &reply);
        if (after_the_end) { /* the answer to QUIT */
                g_free(reply.text);
                return;
        }
        g_free(exchange->last.text);
        exchange->last = reply;
        if (exchange->stage == STAGE_OVER)
                exchange->transfer->deadline_ms = MIN(exchange->transfer->deadline_ms, clock_monotonic_ms() + QUIT_MS);
}

/* libcurl gives one line at a time. */
static size_t keep_line(char *data, size_t unit, size_t count, void *context)
{
        struct exchange *exchange = context;
        size_t size = unit * count;
        if (exchange->stage != STAGE_OVER)
                transfer_keep_reply(data, unit, count, exchange->transfer);
        if (!has_code(data, size))
                return size;
        g_autofree char *text = text_make_line(data + 4, size - 4);
        if (exchange->lines->len + strlen(text) < REPLY_BYTES_MAX)
                g_string_append_printf(exchange->lines, " %s", g_strstrip(text));
        if (data[3] != '-')
                end_reply(exchange, data);
        return size;
}

static int set_addresses(struct transfer *transfer, const struct smtp_request *request, struct error *err)
{
        bool valid = !strpbrk(request->from, "\r\n") && request->to && request->to[0];
        for (size_t i = 0; valid && request->to[i]; i++) {
                valid = !strpbrk(request->to[i], "\r\n");
                transfer_append(&transfer->recipients, request->to[i]);
        }
        if (!valid)
                return error_set(err, -ERR_MALFORMED, "%s: the mail has no recipient, or an address with a line break",
                                 transfer->place);
        SET(transfer, CURLOPT_MAIL_FROM, request->from);
        SET(transfer, CURLOPT_MAIL_RCPT, transfer->recipients);
        SET(transfer, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L); /* who is refused keeps nobody else from getting the mail */
        return 0;
}

static bool is_domain(const char *name)
{
        for (const char *p = name; *p; p++)
                if (!g_ascii_isalnum(*p) && *p != '-' && *p != '.')
                        return false;
        return g_ascii_isalnum(*name);
}

/*
 * The server's address, and behind it how we introduce ourselves (EHLO). Left to itself libcurl says the bare name of the
 * machine, which many servers take for a forger's and answer with 504 to every recipient. The domain of a sender is one
 * that this machine may speak for.
 */
static char *url_with_name(const struct smtp_request *request)
{
        const char *host = g_get_host_name(), *at = strrchr(request->from, '@');
        bool whole = strchr(host, '.') != NULL, extended = !whole && at && is_domain(at + 1);
        if (!is_domain(host))
                return g_strdup(request->url);
        return g_strdup_printf("%s%s%s%s%s", request->url, g_str_has_suffix(request->url, "/") ? "" : "/", host,
                               extended ? "." : "", extended ? at + 1 : "");
}

static int set_smtp(struct exchange *exchange, const struct smtp_request *request, bool plain, struct error *err)
{
        struct transfer *transfer = exchange->transfer;
        transfer->only_loopback = plain;
        transfer_set_common(transfer, "smtp,smtps", SILENCE_MS);
        transfer->tls_first = g_ascii_strncasecmp(request->url, "smtps:", 6) == 0;
        int r = set_addresses(transfer, request, err);
        if (r < 0)
                return r;
        transfer_set_tls(transfer, request->ca_file);
        if (request->user)
                transfer_set_login(transfer, request->user, request->password, LOGIN_SASL);
        g_autofree char *url = url_with_name(request);
        SET(transfer, CURLOPT_URL, url);
        SET(transfer, CURLOPT_USE_SSL, plain ? (long) CURLUSESSL_NONE : (long) CURLUSESSL_ALL);
        SET(transfer, CURLOPT_UPLOAD, 1L);
        SET(transfer, CURLOPT_INFILESIZE_LARGE, (curl_off_t) transfer->upload_size);
        SET(transfer, CURLOPT_READFUNCTION, transfer_give_upload);
        SET(transfer, CURLOPT_READDATA, transfer);
        transfer_set_deadline(transfer, request->timeout_ms);
        SET(transfer, CURLOPT_HEADERFUNCTION, keep_line);
        SET(transfer, CURLOPT_HEADERDATA, exchange);
        SET(transfer, CURLOPT_DEBUGFUNCTION, notice_mail);
        SET(transfer, CURLOPT_DEBUGDATA, exchange);
        SET(transfer, CURLOPT_VERBOSE, 1L);
        return 0;
}

/* code: why it broke off, with the reason in err; 0: the server's last reply is about the whole mail. */
static void fill_answer(struct exchange *exchange, int code, struct error *err, struct smtp_answer *ret_answer)
{
        *ret_answer = (struct smtp_answer) {
                .status = code < 0 ? 0 : exchange->last.status,
                .text = g_strdup(code < 0 ? error_text(err) : exchange->last.text),
                .recipients = g_steal_pointer(&exchange->recipients),
                .recipient_count = exchange->answered > 0 ? exchange->recipient_count : 0,
                .failure = code,
                .unclear = code < 0 && exchange->stage == STAGE_MAIL && exchange->transfer->upload_size == 0,
        };
        if (ret_answer->recipient_count == 0)
                g_clear_pointer(&ret_answer->recipients, g_free);
        error_clear(err);
}

static int run_smtp(struct exchange *exchange, struct smtp_answer *ret_answer, struct error *err)
{
        CURLcode result;
        int r = transfer_run(exchange->transfer, &result, err);
        if (r == 0 && result != CURLE_OK && exchange->stage != STAGE_OVER)
                r = transfer_fail(exchange->transfer, result, err);
        else if (exchange->stage == STAGE_OVER)
                r = 0; /* the server has said what there is to say, however the connection ended */
        if (r < 0 && exchange->answered == 0)
                return r;
        fill_answer(exchange, r, err, ret_answer);
        return 0;
}

static void clear_exchange(struct exchange *exchange)
{
        for (size_t i = 0; exchange->recipients && i < exchange->recipient_count; i++)
                g_free(exchange->recipients[i].text);
        g_free(exchange->recipients);
        g_free(exchange->last.text);
        g_string_free(exchange->lines, TRUE);
        transfer_free(exchange->transfer);
}

int transfer_smtp_send(void *context, const struct smtp_request *request, struct smtp_answer *ret_answer,
                       struct error *err)
{
        bool plain = false;
        g_autofree char *place = NULL;
        int r = transfer_check_url(request->url, "smtps", "smtp", request->insecure, &plain, &place, err);
        if (r < 0)
                return r;
        size_t size = 0, count = request->to ? g_strv_length((char **) request->to) : 0;
        g_autofree char *data = transfer_normalize_lines(request->data, request->size, &size);
        struct exchange exchange = { .transfer = transfer_new(context, place), .lines = g_string_new(NULL),
                                     .recipients = g_new0(struct smtp_reply, count), .recipient_count = count };
        exchange.transfer->upload = data;
        exchange.transfer->upload_size = size;
        r = set_smtp(&exchange, request, plain, err);
        if (r == 0)
                r = run_smtp(&exchange, ret_answer, err);
        clear_exchange(&exchange);
        return r;
}
