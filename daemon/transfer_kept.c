/* SPDX-License-Identifier: MIT */
/*
 * The connection that an HTTP post leaves open for the next one. It is used again only where it is as good as a new one: not
 * long idle, still silent, and after an exchange that was complete. libcurl looks less closely: it would take what a server
 * says as it ends an idle connection (408) for the answer to the next request.
 */
#include <poll.h>

#include "common/clock.h"
#include "daemon/transfer_curl_p.h"

#define IDLE_MAX_MS (30 * 1000)     /* longer than the pauses within a burst, shorter than most servers and firewalls wait */
#define LIFETIME_MAX_MS (300 * 1000) /* then the name is resolved and the certificate verified again */

struct transfer_kept {
        CURLM *multi;          /* holds the connection; NULL: there is none */
        curl_socket_t socket;  /* the connection's, while nothing uses it; libcurl's */
        int64_t opened_ms, used_ms;
};

struct transfer_kept *transfer_kept_new(void)
{
        return g_new0(struct transfer_kept, 1);
}

static void drop(struct transfer_kept *kept)
{
        if (kept->multi)
                curl_multi_cleanup(kept->multi);
        kept->multi = NULL;
}

void transfer_kept_free(struct transfer_kept *kept)
{
        if (kept)
                drop(kept);
        g_free(kept);
}

void transfer_kept_tidy(struct transfer_kept *kept)
{
        int64_t now_ms = clock_monotonic_ms();
        if (now_ms - kept->used_ms >= IDLE_MAX_MS || now_ms - kept->opened_ms >= LIFETIME_MAX_MS)
                drop(kept);
}

/* What comes while nothing is asked is the end of the connection, or belongs to no answer of ours. */
static bool is_silent(curl_socket_t socket)
{
        struct pollfd p = { .fd = socket, .events = POLLIN };
        return poll(&p, 1, 0) == 0;
}

CURLM *transfer_kept_take(struct transfer_kept *kept, bool *ret_open)
{
        transfer_kept_tidy(kept);
        if (kept->multi && !is_silent(kept->socket))
                drop(kept);
        *ret_open = kept->multi != NULL;
        if (!kept->multi)
                kept->multi = curl_multi_init();
        return kept->multi;
}

void transfer_kept_give(struct transfer_kept *kept, CURL *easy, bool complete)
{
        long connections = 0;
        curl_socket_t fd = CURL_SOCKET_BAD;
        curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connections);
        curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
        curl_multi_remove_handle(kept->multi, easy);
        kept->socket = fd;
        kept->used_ms = clock_monotonic_ms();
        if (connections > 0)
                kept->opened_ms = kept->used_ms;
        if (!complete || fd == CURL_SOCKET_BAD)
                drop(kept);
}
