/* SPDX-License-Identifier: MIT */
/* What went wrong with a transfer, for programs (a code) and for people (one line). */
#include <errno.h>
#include <string.h>

#include "daemon/transfer_curl_p.h"
#include "daemon/transfer_p.h"

int transfer_code_of(CURLcode result)
{
        switch (result) {
        case CURLE_OPERATION_TIMEDOUT:
                return -ERR_TIMEOUT;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_SHUTDOWN_FAILED:
        case CURLE_SSL_ENGINE_INITFAILED:
        case CURLE_USE_SSL_FAILED:
                return -ERR_TLS;
        case CURLE_LOGIN_DENIED:
        case CURLE_AUTH_ERROR:
                return -ERR_AUTH;
        case CURLE_COULDNT_RESOLVE_HOST:
                return -ERR_RESOLVE;
        case CURLE_COULDNT_CONNECT:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_SEND_FAIL_REWIND: /* a kept connection broke; libcurl would have said everything again */
                return -ERR_CONNECTION;
        case CURLE_OUT_OF_MEMORY:
                return -ENOMEM;
        default:
                return -ERR_PROTOCOL;
        }
}

static bool has_happened(const struct transfer *transfer, CURLINFO time)
{
        curl_off_t microseconds = 0;
        return curl_easy_getinfo(transfer->easy, time, &microseconds) == CURLE_OK && microseconds > 0;
}

static bool uses_old_connection(const struct transfer *transfer)
{
        long connections = 0;
        return transfer->was_open && curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections) == CURLE_OK &&
               connections == 0;
}

/* How far the transfer came. */
static const char *stage_of(const struct transfer *transfer)
{
        if (uses_old_connection(transfer))
                return "before any answer";
        if (!has_happened(transfer, CURLINFO_NAMELOOKUP_TIME_T))
                return "while the server's name was being resolved";
        if (transfer->tls_first && !has_happened(transfer, CURLINFO_APPCONNECT_TIME_T))
                return "while connecting or during the TLS handshake"; /* libcurl times both as one */
        if (!has_happened(transfer, CURLINFO_CONNECT_TIME_T))
                return "while connecting";
        return transfer->replies->len > 0 ? "after the last answer" : "before any answer";
}

static int fail_connect(const struct transfer *transfer, struct error *err)
{
        long number = 0;
        const char *why = "no connection";
        curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
        if (number == ECONNREFUSED)
                why = "the connection is refused: nothing listens there, or a firewall is in between";
        else if (number == ENETUNREACH || number == EHOSTUNREACH || number == ENETDOWN || number == EHOSTDOWN)
                why = "the server is unreachable: no way to its network";
        else if (number == ETIMEDOUT)
                why = "the server does not answer to the attempt to connect";
        else if (number > 0)
                return error_set(err, -ERR_CONNECTION, "%s: no connection: %s", transfer->place, g_strerror((int) number));
        return error_set(err, -ERR_CONNECTION, "%s: %s", transfer->place, why);
}

/* A peer that goes away during the handshake is a connection that failed, not a certificate that is wrong. */
static bool is_reset(const char *text)
{
        return strstr(text, "Connection reset by peer") || strstr(text, "SSL_ERROR_SYSCALL") ||
               strstr(text, "Broken pipe");
}

static int fail_tls(const struct transfer *transfer, CURLcode result, const char *text, struct error *err)
{
        const char *advice = "";
        g_autofree char *trust = NULL;
        if (result == CURLE_USE_SSL_FAILED)
                return error_set(err, -ERR_TLS, "%s: the server does not encrypt (STARTTLS); no password, no mail was sent",
                                 transfer->place);
        if (result == CURLE_SSL_CONNECT_ERROR && is_reset(text))
                return error_set(err, -ERR_CONNECTION, "%s: the connection broke during the TLS handshake", transfer->place);
        if (strstr(text, "wrong version number"))
                advice = " (there is no TLS from the first byte on this port: another port, or a URL without the \"s\"?)";
        else if (strstr(text, "certificate has expired"))
                advice = " (the server's administrator has to renew it)";
        else if (strstr(text, "not yet valid"))
                advice = " (is the clock of this machine right?)";
        else if (strstr(text, "no alternative certificate subject name") || strstr(text, "does not match"))
                advice = " (the certificate is for another name: is the host in the URL right?)";
        else if (strstr(text, "certificate problem"))
                advice = trust = g_strdup_printf(" (the issuer is not trusted; %s names certificates to trust)",
                                                 transfer->ca_key ? transfer->ca_key : "tls-ca-file");
        /* It can quote what the server sent, such as names in a certificate. */
        g_autofree char *own = transfer_quote_reply(text, strlen(text), NULL);
        return error_set(err, -ERR_TLS, "%s: %s%s", transfer->place, own ? own : error_name(-ERR_TLS), advice);
}

bool transfer_says_bye(const struct transfer *transfer)
{
        const char *replies = transfer->replies->str;
        gssize end = (gssize) transfer->replies->len;
        while (end > 0 && g_ascii_isspace(replies[end - 1]))
                end--;
        const char *last = g_strrstr_len(replies, end, "\n");
        return g_ascii_strncasecmp(last ? last + 1 : replies, "* BYE", 5) == 0;
}

int transfer_fail(const struct transfer *transfer, CURLcode result, struct error *err)
{
        const char *text = *transfer->error_buffer ? transfer->error_buffer : curl_easy_strerror(result);
        const char *const *secrets = (const char *const *) transfer->secrets;
        int code = transfer_code_of(result);
        if (transfer->address_refused)
                return error_set(err, -ERR_TLS,
                                 "%s: plain text is only for a loopback address, and this name has another",
                                 transfer->place);
        if (code == -ERR_TLS)
                return fail_tls(transfer, result, text, err);
        if (code == -ERR_RESOLVE)
                return error_set(err, code, "%s: the server's name cannot be resolved: there is no such name, or no name "
                                 "server answers", transfer->place);
        if (code == -ERR_TIMEOUT)
                return error_set(err, code, "%s: no answer in time, %s", transfer->place, stage_of(transfer));
        if (result == CURLE_COULDNT_CONNECT)
                return fail_connect(transfer, err);
        if (result == CURLE_SEND_FAIL_REWIND)
                text = "the connection broke before an answer came";
        /* A server's words only follow if they do not repeat the password. */
        g_autofree char *reply = transfer->secret_replies ? NULL :
                transfer_quote_reply(transfer->replies->str, transfer->replies->len, secrets);
        if (transfer_says_bye(transfer))
                return error_set(err, -ERR_CONNECTION, reply ? "%s: the server turns us away: \"%s\"" :
                                                               "%s: the server turns us away", transfer->place, reply);
        g_autofree char *own = transfer_quote_reply(text, strlen(text), secrets);
        if (code != -ERR_AUTH && code != -ERR_PROTOCOL)
                g_clear_pointer(&reply, g_free);
        return error_set(err, code, reply ? "%s: %s; the server says \"%s\"" : "%s: %s", transfer->place,
                         own ? own : error_name(code), reply);
}

int transfer_fail_early(const struct transfer *transfer, int code, struct error *err)
{
        if (code == -ERR_CANCELLED)
                return error_set(err, code, "%s: interrupted", transfer->place);
        if (code == -ERR_TIMEOUT)
                return transfer_fail(transfer, CURLE_OPERATION_TIMEDOUT, err);
        return error_set(err, code, "%s: libcurl failed", transfer->place);
}
