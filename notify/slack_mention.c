/* SPDX-License-Identifier: MIT */
#include "notify/slack.h"

#include <glib.h>
#include <string.h>

/* Capital letters and digits at least two, of which the first is one of initials. Returns what follows
 * them, or NULL. */
static const char *skip_identifier(const char *p, const char *initials)
{
        if (!*p || !strchr(initials, *p))
                return NULL;
        const char *start = p;
        while (g_ascii_isupper(*p) || g_ascii_isdigit(*p))
                p++;
        return p - start >= 2 ? p : NULL;
}

/* One mention; returns what follows it, or NULL. */
static const char *skip_mention(const char *p)
{
        static const char *const words[] = { "<!here", "<!channel", "<!everyone" };
        const char *end = NULL;
        for (gsize i = 0; i < G_N_ELEMENTS(words) && !end; i++)
                if (g_str_has_prefix(p, words[i]))
                        end = p + strlen(words[i]);
        if (!end && g_str_has_prefix(p, "<@"))
                end = skip_identifier(p + strlen("<@"), "UW");
        if (!end && g_str_has_prefix(p, "<!subteam^"))
                end = skip_identifier(p + strlen("<!subteam^"), "S");
        return end && *end == '>' ? end + 1 : NULL;
}

bool slack_mention_is_valid(const char *text)
{
        unsigned mentions = 0;
        for (const char *p = text; *p;) {
                if (*p == ' ') {
                        p++;
                        continue;
                }
                p = skip_mention(p);
                if (!p)
                        return false;
                mentions++;
        }
        return mentions > 0;
}
