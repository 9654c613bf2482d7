/* SPDX-License-Identifier: MIT */
/* When a delivery that did not succeed is tried again (pure). */
#include "notify/channel.h"

#include <string.h>

#include "common/digest.h"

#define RETRY_FIRST_MS 5000ll
#define RETRY_LONGEST_MS (3600ll * 1000)
#define RETRY_OBEYED_MS (24ll * 3600 * 1000) /* no other side may silence us for longer */
#define RETRY_SPREAD_PERCENT 20

/* -20 to +20 percent, from the identity: deliveries that failed together do not come back together, and the same
 * delivery gets the same times again after a restart. */
static int64_t spread(int64_t delay_ms, unsigned attempts, const char *identity)
{
        char digest[DIGEST_TEXT_SIZE];
        g_autofree char *count = g_strdup_printf("%u", attempts);
        digest_sha256_strings(digest, identity, count, NULL);
        unsigned share = 0;
        for (int i = 0; i < 4; i++)
                share = share * 16 + (unsigned) g_ascii_xdigit_value(digest[i]);
        return delay_ms + delay_ms * RETRY_SPREAD_PERCENT * ((int64_t) share * 2 - 65535) / (65535 * 100);
}

int64_t retry_next_ms(unsigned attempts, const char *identity, int64_t created_ms, int64_t now_ms,
                      int64_t retry_after_ms)
{
        /* Not before some attempts were made: after a host was off for a week, one failure at start is no reason. */
        if (attempts >= RETRY_GIVE_UP_ATTEMPTS && created_ms <= now_ms - RETRY_GIVE_UP_MS)
                return -1;
        int64_t delay_ms = RETRY_FIRST_MS;
        for (unsigned i = 1; i < attempts && delay_ms < RETRY_LONGEST_MS; i++)
                delay_ms *= 2;
        delay_ms = spread(MIN(delay_ms, RETRY_LONGEST_MS), attempts, identity ? identity : "");
        return now_ms + MAX(delay_ms, MIN(retry_after_ms, RETRY_OBEYED_MS));
}
