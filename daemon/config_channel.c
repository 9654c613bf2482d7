/* SPDX-License-Identifier: MIT */
/* [channel NAME] */
#include "daemon/config_p.h"

#include <string.h>

#include "daemon/transfer.h"
#include "notify/slack.h"

static void check_address(struct config_reader *reader, const struct config_section *section, const char *key,
                          const char *address)
{
        /* Addresses go into SMTP commands as they are. */
        if (!config_mail_address_is_valid(address))
                config_problem(reader, section, key, "\"%s\" is not an address of the form user@host", address);
}

/* The address a channel talks to; an insecure one must be this machine. what names it in a problem. */
static bool check_server(struct config_reader *reader, const struct config_section *section, const char *key,
                         const char *url, const char *plain_scheme, const char *const *schemes, bool path_allowed)
{
        struct config_address address = { 0 };
        struct error err = ERROR_INIT;
        bool insecure = config_bool(reader, section, "insecure");
        if (config_address_parse(url, schemes, &address, &err) < 0) {
                config_problem(reader, section, key, "%s", error_text(&err));
                error_clear(&err);
                return false;
        }
        bool plain = strcmp(address.scheme, plain_scheme) == 0;
        bool has_path = *address.path != '\0' && strcmp(address.path, "/") != 0;
        if (has_path && !path_allowed)
                config_problem(reader, section, key, "the URL has something behind host and port");
        if (insecure && (!plain || !transfer_host_is_loopback(address.host)))
                config_problem(reader, section, "insecure", "\"yes\" is only for %s:// to a loopback address",
                               plain_scheme);
        config_address_clear(&address);
        return plain && !insecure;
}

static void read_slack(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        static const char *const schemes[] = { "https", "http", NULL };
        channel->url = config_secret(reader, section, "url", true);
        channel->mention = g_strdup(config_text(section, "mention"));
        if (channel->mention && !slack_mention_is_valid(channel->mention))
                config_problem(reader, section, "mention",
                               "\"%s\" calls nobody; Slack's form is <!here>, <!channel>, <@U…> or "
                               "<!subteam^S…>",
                               channel->mention);
        const char *key = config_is_set(section, "url-credential") ? "url-credential" : "url-file";
        if (channel->url && check_server(reader, section, key, channel->url, "http", schemes, true))
                config_problem(
                        reader, section, key,
                        "the URL does not start with https://; plain text needs insecure = yes and a loopback address");
}

/* "user@host" or "Name <user@host>". The name only ever stands in a header, encoded there. */
static void check_sender(struct config_reader *reader, const struct config_section *section, const char *from)
{
        for (const char *c = from; *c; c++)
                if (g_ascii_iscntrl(*c)) {
                        config_problem(reader, section, "from", "control characters are not allowed");
                        return;
                }
        const char *open = strrchr(from, '<');
        size_t length = strlen(from);
        if (!open || from[length - 1] != '>') {
                check_address(reader, section, "from", from);
                return;
        }
        g_autofree char *address = g_strndup(open + 1, length - 2 - (size_t) (open - from));
        check_address(reader, section, "from", address);
}

static void read_smtp_login(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        bool has_secret = config_is_set(section, "password-credential") || config_is_set(section, "password-file");
        channel->user = g_strdup(config_text(section, "user"));
        channel->password = config_secret(reader, section, "password", channel->user != NULL);
        if (has_secret && !channel->user)
                config_problem(reader, section, NULL, "has a password and no user");
}

static void read_email(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        static const char *const schemes[] = { "smtps", "smtp", NULL };
        channel->smtp_url = g_strdup(config_text(section, "smtp-url"));
        if (channel->smtp_url)
                check_server(reader, section, "smtp-url", channel->smtp_url, "smtp", schemes, false);
        else
                config_problem(reader, section, NULL, "needs smtp-url");
        channel->from = g_strdup(config_text(section, "from"));
        if (channel->from)
                check_sender(reader, section, channel->from);
        else
                config_problem(reader, section, NULL, "needs from");
        g_clear_pointer(&channel->to, g_ptr_array_unref);
        channel->to = config_list(section, "to");
        for (guint i = 0; i < channel->to->len; i++)
                check_address(reader, section, "to", g_ptr_array_index(channel->to, i));
        if (channel->to->len == 0)
                config_problem(reader, section, NULL, "needs to");
        read_smtp_login(reader, section, channel);
}

static void read_log(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };
        channel->log_level = g_strdup(levels[config_choice(reader, section, "level", levels)]);
}

struct channel *config_read_channel(struct config_reader *reader, const struct config_section *section)
{
        static const char *const names[] = { "slack", "email", "log", NULL };
        const char *name = config_text(section, "type");
        enum channel_type type;
        if (!name)
                config_problem(reader, section, NULL, "needs type (%s)", config_key_find("channel", "type")->values);
        else if (channel_type_parse(name, &type) < 0)
                config_choice(reader, section, "type", names);
        if (!name || channel_type_parse(name, &type) < 0)
                return NULL;

        struct channel *channel = channel_new(section->name, type);
        if (type == CHANNEL_SLACK)
                read_slack(reader, section, channel);
        else if (type == CHANNEL_EMAIL)
                read_email(reader, section, channel);
        else
                read_log(reader, section, channel);
        if (type != CHANNEL_LOG) {
                channel->insecure = config_bool(reader, section, "insecure");
                channel->ca_file = config_ca_file(reader, section, "tls-ca-file");
        }
        return channel;
}
