/* SPDX-License-Identifier: MIT */
/* [channel NAME]: what all types share, email, log. */
#include "daemon/config_p.h"

#include <string.h>

#include "daemon/transfer.h"

static void check_address(struct config_reader *reader, const struct config_section *section, const char *key,
                          const char *address)
{
        /* Addresses go into SMTP commands as they are. */
        if (!config_mail_address_is_valid(address))
                config_problem(reader, section, key, "\"%s\" is not an address of the form user@host", address);
}

bool config_check_server(struct config_reader *reader, const struct config_section *section, const char *key,
                         const char *url, const char *const *schemes, bool path_allowed)
{
        struct config_address address = { 0 };
        struct error err = ERROR_INIT;
        const char *plain_scheme = schemes[1];
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
                config_check_server(reader, section, "smtp-url", channel->smtp_url, schemes, false);
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
        channel->attach_original = config_bool(reader, section, "attach-original");
        channel->attach_csaf = config_bool(reader, section, "attach-csaf");
}

static void read_log(struct config_reader *reader, const struct config_section *section, struct channel *channel)
{
        static const char *const levels[] = { "error", "warning", "notice", "info", "debug", NULL };
        channel->log_level = g_strdup(levels[config_choice(reader, section, "level", levels)]);
}

static enum channel_type read_type(struct config_reader *reader, const struct config_section *section)
{
        const char *names[CHANNEL_TYPE_MAX + 1] = { NULL };
        const char *name = config_text(section, "type");
        enum channel_type type = CHANNEL_TYPE_MAX;
        for (unsigned i = 0; i < CHANNEL_TYPE_MAX; i++)
                names[i] = channel_type_name((enum channel_type) i);
        if (!name)
                config_problem(reader, section, NULL, "needs type (%s)", config_key_find("channel", "type")->values);
        else if (channel_type_parse(name, &type) < 0)
                config_choice(reader, section, "type", names);
        return type;
}

struct channel *config_read_channel(struct config_reader *reader, const struct config_section *section)
{
        static void (*const readers[])(struct config_reader *, const struct config_section *, struct channel *) = {
                [CHANNEL_SLACK] = config_read_slack,     [CHANNEL_EMAIL] = read_email,
                [CHANNEL_LOG] = read_log,                [CHANNEL_WEBHOOK] = config_read_webhook,
                [CHANNEL_PAGERDUTY] = config_read_pagerduty, [CHANNEL_TEAMS] = config_read_teams,
        };
        G_STATIC_ASSERT(G_N_ELEMENTS(readers) == CHANNEL_TYPE_MAX);
        enum channel_type type = read_type(reader, section);
        if (type == CHANNEL_TYPE_MAX)
                return NULL;
        struct channel *channel = channel_new(section->name, type);
        readers[type](reader, section, channel);
        if (type != CHANNEL_LOG) {
                channel->insecure = config_bool(reader, section, "insecure");
                channel->ca_file = config_ca_file(reader, section, "tls-ca-file");
        }
        return channel;
}
