/* SPDX-License-Identifier: MIT */
/* URLs of servers in the configuration. */
#include "daemon/config_p.h"

#include <string.h>

#include "common/text.h"

void config_address_clear(struct config_address *address)
{
        g_clear_pointer(&address->scheme, g_free);
        g_clear_pointer(&address->host, g_free);
        g_clear_pointer(&address->path, g_free);
        address->port = 0;
}

static char *scheme_list(const char *const *schemes)
{
        GString *list = g_string_new(NULL);
        for (size_t i = 0; schemes[i]; i++)
                g_string_append_printf(list, "%s%s://", i ? " or " : "", schemes[i]);
        return g_string_free(list, FALSE);
}

static int split_scheme(const char *url, const char *const *schemes, struct config_address *address,
                        const char **ret_rest, struct error *err)
{
        const char *colon = strstr(url, "://");
        g_autofree char *scheme = colon ? g_ascii_strdown(url, colon - url) : NULL;
        if (!scheme || !g_strv_contains(schemes, scheme)) {
                g_autofree char *list = scheme_list(schemes);
                return error_set(err, -ERR_MALFORMED, "the URL does not start with %s", list);
        }
        address->scheme = g_steal_pointer(&scheme);
        *ret_rest = colon + strlen("://");
        return 0;
}

static bool host_is_valid(const char *host, bool bracketed)
{
        const char *others = bracketed ? ":." : "-._";
        if (bracketed)
                return g_hostname_is_ip_address(host) && strchr(host, ':') && !strchr(host, '%');
        for (const char *c = host; *c; c++)
                if (!g_ascii_isalnum(*c) && !strchr(others, *c))
                        return false;
        return *host != '\0' && *host != '.' && *host != '-' && strlen(host) <= 253;
}

/* "host", "host:port", "[address]:port". */
static int split_authority(const char *authority, struct config_address *address, struct error *err)
{
        if (strchr(authority, '@'))
                return error_set(err, -ERR_MALFORMED,
                                 "the URL holds a user or a password; they have keys of their own");
        bool bracketed = authority[0] == '[';
        const char *host_end = bracketed ? strchr(authority, ']') : authority + strcspn(authority, ":");
        if (!host_end)
                return error_set(err, -ERR_MALFORMED, "the URL has \"[\" without \"]\"");
        g_autofree char *host = g_strndup(authority + bracketed, (gsize) (host_end - authority - bracketed));
        const char *rest = host_end + bracketed;
        guint64 port = 0;
        if (*rest == ':' && (text_parse_uint64(rest + 1, 65535, &port) < 0 || port == 0))
                return error_set(err, -ERR_MALFORMED, "the port of the URL is not a number from 1 to 65535");
        if (*rest != '\0' && *rest != ':')
                return error_set(err, -ERR_MALFORMED, "the URL has something else than a port behind the address");
        g_autofree char *ascii = bracketed ? g_strdup(host) : g_hostname_to_ascii(host);
        if (!ascii || !host_is_valid(ascii, bracketed))
                return error_set(err, -ERR_MALFORMED, "the URL has no valid host name");
        address->host = g_steal_pointer(&ascii);
        address->port = (unsigned) port;
        return 0;
}

int config_address_parse(const char *url, const char *const *schemes, struct config_address *ret_address,
                         struct error *err)
{
        struct config_address address = { 0 };
        const char *rest = NULL;
        int r = split_scheme(url, schemes, &address, &rest, err);
        if (r == 0) {
                size_t length = strcspn(rest, "/?#");
                g_autofree char *authority = g_strndup(rest, length);
                address.path = g_strdup(rest + length);
                r = split_authority(authority, &address, err);
        }
        if (r < 0) {
                config_address_clear(&address);
                return r;
        }
        *ret_address = address;
        return 0;
}
