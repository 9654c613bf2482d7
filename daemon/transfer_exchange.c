/* SPDX-License-Identifier: MIT */
/* HTTP: one request and its answer. */
#include <string.h>

#include "common/limits.h"
#include "common/text.h"
#include "daemon/oauth2.h"
#include "daemon/transfer_curl_p.h"
#include "daemon/transfer_p.h"

#define SILENCE_MS 60000

static size_t keep_body(char *data, size_t unit, size_t count, void *context)
{
        struct transfer *transfer = context;
        size_t size = unit * count, kept = transfer->answer_bytes ? transfer->answer_bytes : LIMIT_ANSWER_BYTES;
        size_t room = kept - transfer->replies->len;
        g_string_append_len(transfer->replies, data, (gssize) MIN(size, room));
        transfer->truncated |= size > room;
        return size > room ? CURL_WRITEFUNC_ERROR : size;
}

size_t transfer_give_upload(char *buffer, size_t unit, size_t count, void *context)
{
        struct transfer *transfer = context;
        size_t size = MIN(unit * count, transfer->upload_size);
        memcpy(buffer, transfer->upload, size);
        transfer->upload += size;
        transfer->upload_size -= size;
        return size;
}

static bool has_line_break(const char *text)
{
        return strpbrk(text, "\r\n") != NULL;
}

static int set_http(struct transfer *transfer, const struct http_request *request, struct error *err)
{
        g_autofree char *type = g_strdup_printf("Content-Type: %s", request->content_type);
        transfer_append(&transfer->headers, type);
        transfer_append(&transfer->headers, "Expect:"); /* no round trip of its own for a small body */
        for (size_t i = 0; request->headers && request->headers[i]; i++) {
                if (has_line_break(request->headers[i]))
                        return error_set(err, -ERR_MALFORMED, "%s: a header has a line break in it", transfer->place);
                transfer_append(&transfer->headers, request->headers[i]);
        }
        transfer_set_tls(transfer, request->ca_file);
        SET(transfer, CURLOPT_URL, request->url);
        SET(transfer, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
        SET(transfer, CURLOPT_USERAGENT, "hotfixd");
        /* Read, not given whole: then libcurl cannot say it again by itself on another connection when this one breaks. */
        transfer->upload = request->body;
        transfer->upload_size = strlen(request->body);
        SET(transfer, CURLOPT_POST, 1L);
        SET(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) transfer->upload_size);
        SET(transfer, CURLOPT_READFUNCTION, transfer_give_upload);
        SET(transfer, CURLOPT_READDATA, transfer);
        SET(transfer, CURLOPT_DNS_CACHE_TIMEOUT, 0L); /* a new connection goes where the name leads now */
        SET(transfer, CURLOPT_HTTPHEADER, transfer->headers);
        transfer_set_deadline(transfer, request->timeout_ms);
        SET(transfer, CURLOPT_WRITEFUNCTION, keep_body);
        SET(transfer, CURLOPT_WRITEDATA, transfer);
        return 0;
}

static int64_t retry_after_ms(CURL *easy)
{
        curl_off_t seconds = 0;
        if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0)
                return -1;
        return MIN((int64_t) seconds, INT64_C(7) * 24 * 3600) * 1000;
}

/* Makes the one request of this transfer. Returns 0 if the server answered. */
static int run_http(struct transfer *transfer, const struct http_request *request, bool plain, long *ret_status,
                    struct error *err)
{
        transfer_set_common(transfer, plain ? "http" : "https", SILENCE_MS);
        transfer->tls_first = !plain;
        transfer->only_loopback = plain;
        int r = set_http(transfer, request, err);
        if (r < 0)
                return r;
        CURLcode result;
        r = transfer_run(transfer, &result, err);
        if (r < 0)
                return r;
        long status = 0;
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        /* An answer too long to keep is an answer. */
        if (result != CURLE_OK && !(transfer->truncated && status > 0))
                return transfer_fail(transfer, result, err);
        transfer->complete = result == CURLE_OK;
        *ret_status = status;
        return 0;
}

static int check_http(const struct http_request *request, bool *ret_plain, char **ret_place, struct error *err)
{
        int r = transfer_check_url(request->url, "https", "http", request->insecure, ret_plain, ret_place, err);
        if (r == 0 && g_ascii_strncasecmp(request->url, "http:", 5) == 0 && !*ret_plain)
                return error_set(err, -ERR_TLS, "%s: the URL does not start with https://", *ret_place);
        return r;
}

int transfer_http_post(void *context, const struct http_request *request, struct http_answer *ret_answer,
                       struct error *err)
{
        bool plain = false;
        g_autofree char *place = NULL;
        int r = check_http(request, &plain, &place, err);
        if (r < 0)
                return r;
        g_autoptr(transfer_t) transfer = transfer_new_kept(context, place);
        transfer->answer_bytes = request->answer_bytes;
        r = run_http(transfer, request, plain, &ret_answer->status, err);
        ret_answer->begun = transfer->upload && transfer->upload != request->body;
        if (r < 0)
                return r;
        ret_answer->body = text_make_valid(transfer->replies->str, transfer->replies->len, NULL);
        ret_answer->retry_after_ms = retry_after_ms(transfer->easy);
        return 0;
}

int transfer_oauth2_post(void *context, const struct oauth2_request *request, struct oauth2_answer *ret_answer,
                         struct error *err)
{
        static const char *const headers[] = { "Accept: application/json", "Cache-Control: no-store", NULL };
        struct http_request form = { .url = request->url, .content_type = "application/x-www-form-urlencoded",
                                     .body = request->body, .headers = headers, .ca_file = request->ca_file,
                                     .insecure = request->insecure, .timeout_ms = request->timeout_ms };
        bool plain = false;
        g_autofree char *place = NULL;
        int r = check_http(&form, &plain, &place, err);
        if (r < 0)
                return r;
        g_autoptr(transfer_t) transfer = transfer_new(context, place);
        transfer->ca_key = "oauth2-tls-ca-file";
        transfer->secret_replies = true;
        g_string_free(transfer->replies, TRUE);
        transfer->replies = g_string_sized_new(LIMIT_ANSWER_BYTES + 1); /* growing would leave copies behind */
        r = run_http(transfer, &form, plain, &ret_answer->status, err);
        if (r < 0)
                return r;
        ret_answer->size = transfer->replies->len;
        ret_answer->body = g_malloc0(transfer->replies->len + 1);
        memcpy(ret_answer->body, transfer->replies->str, transfer->replies->len);
        ret_answer->truncated = transfer->truncated;
        ret_answer->retry_after_ms = retry_after_ms(transfer->easy);
        return 0;
}
