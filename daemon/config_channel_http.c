/* SPDX-License-Identifier: MIT */
/* [channel NAME] of the types that post: Slack, Teams, PagerDuty, webhook. */
#include "daemon/config_p.h"

#include <string.h>

#include "notify/slack.h"

#define SLACK_API_URL "https://slack.com/api"
#define PAGERDUTY_API_URL "https://events.pagerduty.com/v2/enqueue"
#define ROUTING_KEY_BYTES 32u
#define SIGNING_SECRET_BYTES_MIN 16u
#define SLACK_NAME_CHARS_MAX 80
#define SLACK_ID_CHARS_MIN 3
#define SLACK_ID_CHARS_MAX 64

static const char *const schemes[] = { "https", "http", NULL };

/* Which of KEY-credential and KEY-file is set; the first if none is. */
static const char *secret_key(const struct config_section *section, const char *by_name, const char *by_file)
{
        return config_is_set(section, by_name) || !config_is_set(section, by_file) ? by_name : by_file;
}

static bool has_secret(const struct config_section *section, const char *by_name, const char *by_file)
{
        return config_is_set(section, by_name) || config_is_set(section, by_file);
}

static void check_posted(struct config_reader *reader, const struct config_section *section, const char *key,
                         const char *url)
{
        if (config_check_server(reader, section, key, url, schemes, true))
                config_problem(
                        reader, section, key,
                        "the URL does not start with https://; plain text needs insecure = yes and a loopback address");
        else if (!config_is_printable(url) || strpbrk(url, " #"))
                config_problem(reader, section, key, "the URL has a character in it that no such URL has");
}

/* The URL that is a secret as a whole. */
static void read_secret_url(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        channel->url = config_secret(reader, section, "url", true);
        if (channel->url)
                check_posted(reader, section, secret_key(section, "url-credential", "url-file"), channel->url);
}

static void read_api_url(struct config_reader *reader, const struct config_section *section, struct channel *channel,
                         const char *usual)
{
        const char *url = config_text(section, "api-url");
        channel->url = g_strdup(url ? url : usual);
        if (url)
                check_posted(reader, section, "api-url", url);
        else if (config_bool(reader, section, "insecure"))
                config_problem(reader, section, "insecure", "\"yes\" is only for http:// to a loopback address");
        for (size_t end = strlen(channel->url); end > 0 && channel->url[end - 1] == '/'; end--)
                channel->url[end - 1] = '\0';
}

/* What goes into a header or a JSON text as it is. */
static void check_token(struct config_reader *reader, const struct config_section *section, const char *key,
                        const char *token)
{
        if (token && (!config_is_printable(token) || strchr(token, ' ')))
                config_credential_problem(reader, section, key,
                                          "the secret has characters in it that are not printable ASCII, or spaces");
}

/* An identifier of a channel, a private one or a conversation, or "#" and a name. Slack's names have no capitals, and no
 * signs in ASCII but these. */
static bool slack_channel_is_valid(const char *text)
{
        const char *p = text + 1;
        if (*text == '#') {
                while (g_ascii_islower(*p) || g_ascii_isdigit(*p) || *p == '-' || *p == '_' || (unsigned char) *p >= 0x80)
                        p++;
                return *p == '\0' && p > text + 1 && g_utf8_strlen(text + 1, -1) <= SLACK_NAME_CHARS_MAX;
        }
        while (g_ascii_isupper(*p) || g_ascii_isdigit(*p))
                p++;
        return strchr("CGD", *text) && *p == '\0' && p - text >= SLACK_ID_CHARS_MIN && p - text <= SLACK_ID_CHARS_MAX;
}

static void read_slack_channel(struct config_reader *reader, const struct config_section *section,
                               struct channel *channel)
{
        channel->slack_channel = g_strdup(config_text(section, "slack-channel"));
        if (!channel->slack_channel)
                config_problem(reader, section, NULL, "needs slack-channel, as it has a token");
        else if (!slack_channel_is_valid(channel->slack_channel))
                config_problem(reader, section, "slack-channel",
                               "\"%s\" is no channel; write its identifier (C0123ABCD) or \"#\" and its name",
                               channel->slack_channel);
}

/* Through the Web API, as a bot. */
static void read_slack_bot(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        const char *key = secret_key(section, "token-credential", "token-file");
        channel->token = config_secret(reader, section, "token", true);
        read_slack_channel(reader, section, channel);
        read_api_url(reader, section, channel, SLACK_API_URL);
        check_token(reader, section, key, channel->token);
        if (channel->token && strstr(channel->token, "://"))
                config_credential_problem(reader, section, key, "this is a URL and no token; a webhook's URL goes with "
                                                                "url-credential or url-file");
}

static void refuse_bot_key(struct config_reader *reader, const struct config_section *section, const char *key)
{
        if (config_is_set(section, key))
                config_problem(reader, section, key,
                               "only a channel with token-credential or token-file has this key; a webhook posts into the "
                               "channel that it was made for");
}

void config_read_slack(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        bool bot = has_secret(section, "token-credential", "token-file");
        bool hook = has_secret(section, "url-credential", "url-file");
        if (bot && hook)
                config_problem(reader, section, secret_key(section, "token-credential", "token-file"),
                               "%s is set as well; a channel posts either as a bot or through a webhook",
                               secret_key(section, "url-credential", "url-file"));
        else if (bot)
                read_slack_bot(reader, section, channel);
        else if (hook)
                read_secret_url(reader, section, channel);
        else
                config_problem(reader, section, NULL,
                               "needs url-credential or url-file (a webhook), or token-credential or token-file (a bot)");
        if (!bot) {
                refuse_bot_key(reader, section, "slack-channel");
                refuse_bot_key(reader, section, "api-url");
        }
        channel->mention = g_strdup(config_text(section, "mention"));
        if (channel->mention && !slack_mention_is_valid(channel->mention))
                config_problem(reader, section, "mention",
                               "\"%s\" calls nobody; Slack's form is <!here>, <!channel>, <@U…> or "
                               "<!subteam^S…>",
                               channel->mention);
}

void config_read_teams(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        read_secret_url(reader, section, channel);
}

void config_read_webhook(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        read_secret_url(reader, section, channel);
        channel->signing_secret = config_secret(reader, section, "secret", false);
        if (channel->signing_secret && strlen(channel->signing_secret) < SIGNING_SECRET_BYTES_MIN)
                config_warning(reader, section, secret_key(section, "secret-credential", "secret-file"),
                               "a secret of fewer than %u characters can be guessed", SIGNING_SECRET_BYTES_MIN);
}

void config_read_pagerduty(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        const char *key = secret_key(section, "routing-key-credential", "routing-key-file");
        channel->token = config_secret(reader, section, "routing-key", true);
        read_api_url(reader, section, channel, PAGERDUTY_API_URL);
        check_token(reader, section, key, channel->token);
        if (channel->token && strlen(channel->token) != ROUTING_KEY_BYTES)
                config_warning(reader, section, key, "integration keys of PagerDuty's Events API v2 have %u characters",
                               ROUTING_KEY_BYTES);
}
