/* SPDX-License-Identifier: MIT */
/* What the configuration needs to know about Slack. */
#ifndef NOTIFY_SLACK_H
#define NOTIFY_SLACK_H

#include <stdbool.h>

/* Whether text is one or more mentions as Slack's API writes them, separated by spaces: "<!here>", "<!channel>",
 * "<!everyone>", "<@U012AB3CD>", "<!subteam^S012AB3CD>". Anything else ("@here") would arrive as plain text and call
 * nobody. */
bool slack_mention_is_valid(const char *text);

#endif
