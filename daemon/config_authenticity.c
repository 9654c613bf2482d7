/* SPDX-License-Identifier: MIT */
/* trusted-senders, require-authentication and authserv-id of [mailbox NAME]. */
#include "daemon/config_p.h"

#include <string.h>

void config_authenticity_clear(struct authenticity_policy *policy)
{
        g_clear_pointer(&policy->trusted_senders, g_ptr_array_unref);
        g_clear_pointer(&policy->authserv_id, g_free);
}

/* "User@Host" or "@Host" in lower case, the host as it is written in mails (ASCII); NULL if it is neither. */
static char *normalize_sender(const char *text)
{
        const char *at = strrchr(text, '@');
        if (!at)
                return NULL;
        g_autofree char *host = g_hostname_to_ascii(at + 1);
        g_autofree char *user = g_strndup(text, (gsize) (at - text));
        /* A domain is checked as the address of somebody there. */
        g_autofree char *address = host ? g_strconcat(*user ? user : "x", "@", host, NULL) : NULL;
        if (!address || !config_mail_address_is_valid(address) || *host == '.' || *host == '-' || strstr(host, "..") ||
            g_str_has_suffix(host, "."))
                return NULL;
        g_autofree char *whole = g_strconcat(user, "@", host, NULL);
        return g_ascii_strdown(whole, -1);
}

static void read_senders(struct config_reader *reader, const struct config_section *section,
                         struct authenticity_policy *policy)
{
        g_autoptr(GPtrArray) list = config_list(section, "trusted-senders");
        policy->trusted_senders = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < list->len; i++) {
                char *sender = normalize_sender(g_ptr_array_index(list, i));
                if (sender)
                        g_ptr_array_add(policy->trusted_senders, sender);
                else
                        config_problem(reader, section, "trusted-senders",
                                       "\"%s\" is neither an address user@host nor a domain @host",
                                       (char *) g_ptr_array_index(list, i));
        }
        if (list->len == 0 && config_is_set(section, "trusted-senders"))
                config_problem(reader, section, "trusted-senders", "the list is empty");
}

/* A token of RFC 2045, which is what an authserv-id is where it is not quoted (RFC 8601 section 2.2). */
static bool is_token(const char *text)
{
        for (const char *c = text; *c; c++)
                if (!g_ascii_isgraph(*c) || strchr("()<>@,;:\\\"/[]?=", *c))
                        return false;
        return true;
}

/* Several servers may take in mails, each under its own name. */
static void read_authserv_id(struct config_reader *reader, const struct config_section *section,
                             struct authenticity_policy *policy)
{
        g_autoptr(GPtrArray) list = config_list(section, "authserv-id");
        GString *ids = g_string_new(NULL);
        bool good = true;
        for (guint i = 0; good && i < list->len; i++) {
                const char *id = g_ptr_array_index(list, i);
                good = is_token(id);
                g_string_append_printf(ids, "%s%s", i ? ", " : "", id);
                if (!good)
                        config_problem(reader, section, "authserv-id",
                                       "\"%s\" is not one word as it stands first in Authentication-Results", id);
        }
        if (list->len == 0 && policy->require != AUTHENTICATION_NONE)
                config_problem(reader, section, NULL, "needs authserv-id: whose Authentication-Results count");
        policy->authserv_id = g_string_free(ids, list->len == 0);
}

static void warn_of_openness(struct config_reader *reader, const struct config_section *section,
                             const struct authenticity_policy *policy)
{
        bool named = policy->trusted_senders->len > 0, verified = policy->require != AUTHENTICATION_NONE;
        if (!named && !verified)
                config_warning(reader, section, NULL,
                               "believes every mail: whoever knows the address can have people called; trusted-senders "
                               "and require-authentication say whom to believe");
        else if (!named)
                config_warning(reader, section, "require-authentication",
                               "a mail that is verified can still be anybody's; trusted-senders says whom to believe");
        else if (!verified)
                config_warning(reader, section, "trusted-senders",
                               "a sender's address is easily forged; require-authentication asks for proof");
        if (policy->authserv_id && !verified)
                config_warning(reader, section, "authserv-id", "has no effect without require-authentication");
}

void config_read_authenticity(struct config_reader *reader, const struct config_section *section,
                              struct authenticity_policy *policy)
{
        static const char *const methods[AUTHENTICATION_METHOD_MAX + 1] = { "none", "dkim", "spf", "dmarc", NULL };
        guint problems = reader->problems->len;
        policy->require =
                (enum authentication_method) config_choice(reader, section, "require-authentication", methods);
        read_senders(reader, section, policy);
        read_authserv_id(reader, section, policy);
        if (reader->problems->len == problems) /* else it is not known what was meant */
                warn_of_openness(reader, section, policy);
}
