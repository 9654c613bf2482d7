/* SPDX-License-Identifier: MIT */
/* [mailbox NAME] */
#include "daemon/config_p.h"

#include <string.h>

#include "daemon/credential.h"
#include "daemon/transfer.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define MOVE_PREFIX "move:"

void config_mailbox_free(struct config_mailbox *mailbox)
{
        if (!mailbox)
                return;
        g_free(mailbox->name);
        g_free(mailbox->url);
        g_free(mailbox->host);
        g_free(mailbox->folder);
        g_free(mailbox->ca_file);
        g_free(mailbox->user);
        credential_free(mailbox->password);
        g_free(mailbox->auth);
        config_oauth2_free(mailbox->oauth2);
        config_authenticity_clear(&mailbox->authenticity);
        g_free(mailbox->after_folder);
        g_free(mailbox->location);
        g_free(mailbox);
}

/* "/Folder/Sub" or "" or "/" to the folder's name; NULL after a problem. */
static char *read_folder(struct config_reader *reader, const struct config_section *section, const char *path)
{
        if (strpbrk(path, "?#")) {
                config_problem(reader, section, "url", "write \"?\" in a folder's name as %%3F and \"#\" as %%23");
                return NULL;
        }
        if (*path == '\0' || strcmp(path, "/") == 0)
                return g_strdup("INBOX");
        g_autofree char *folder = g_uri_unescape_string(path + 1, NULL);
        if (!folder || !g_utf8_validate(folder, -1, NULL) || config_has_control_characters(folder)) {
                config_problem(reader, section, "url", "the folder is not percent-encoded UTF-8");
                return NULL;
        }
        return g_steal_pointer(&folder);
}

static void read_url(struct config_reader *reader, const struct config_section *section, struct config_mailbox *mailbox)
{
        static const char *const schemes[] = { "imaps", "imap", NULL };
        struct config_address address = { 0 };
        struct error err = ERROR_INIT;
        const char *url = config_text(section, "url");
        mailbox->insecure = config_bool(reader, section, "insecure");
        if (!url) {
                config_problem(reader, section, NULL, "needs url");
                return;
        }
        if (config_address_parse(url, schemes, &address, &err) < 0) {
                config_problem(reader, section, "url", "%s", error_text(&err));
                error_clear(&err);
                return;
        }
        bool implicit = strcmp(address.scheme, "imaps") == 0;
        mailbox->url = g_strdup(url);
        mailbox->folder = read_folder(reader, section, address.path);
        mailbox->port = address.port ? address.port : implicit ? 993 : 143;
        mailbox->tls = implicit ? CONFIG_TLS_IMPLICIT : mailbox->insecure ? CONFIG_TLS_NONE : CONFIG_TLS_STARTTLS;
        mailbox->host = g_steal_pointer(&address.host);
        config_address_clear(&address);
        if (mailbox->insecure && (implicit || !transfer_host_is_loopback(mailbox->host)))
                config_problem(reader, section, "insecure", "\"yes\" is only for imap:// to a loopback address");
}

static void read_login(struct config_reader *reader, const struct config_section *section,
                       struct config_mailbox *mailbox)
{
        static const char *const methods[] = { "auto", "plain", "login", "xoauth2", "oauthbearer", NULL };
        static const char *const password_keys[] = { "password-credential", "password-file", NULL };
        const char *user = config_text(section, "user");
        if (!user)
                config_problem(reader, section, NULL, "needs user");
        else if (config_has_control_characters(user))
                config_problem(reader, section, "user", "control characters are not allowed");
        mailbox->user = g_strdup(user);
        int method = config_choice(reader, section, "auth", methods);
        bool with_token = method >= 3;
        mailbox->auth = g_strdup(methods[method]);
        mailbox->oauth2 = config_read_oauth2(reader, section, with_token);
        if (!with_token)
                mailbox->password = config_secret(reader, section, "password", true);
        for (size_t i = 0; with_token && password_keys[i]; i++)
                if (config_is_set(section, password_keys[i]))
                        config_problem(reader, section, password_keys[i],
                                       "auth = %s logs in with a token; a password has no place beside it", mailbox->auth);
}

bool config_is_same_folder(const char *a, const char *b)
{
        return strcmp(a, b) == 0 || (g_ascii_strcasecmp(a, "INBOX") == 0 && g_ascii_strcasecmp(b, "INBOX") == 0);
}

static void read_after(struct config_reader *reader, const struct config_section *section,
                       struct config_mailbox *mailbox)
{
        const char *text = config_text(section, "after-ingest");
        bool bare = strcmp(text, "move") == 0;
        if (bare || g_str_has_prefix(text, MOVE_PREFIX)) {
                g_autofree char *folder = g_strstrip(g_strdup(bare ? "" : text + strlen(MOVE_PREFIX)));
                mailbox->after = CONFIG_AFTER_MOVE;
                if (*folder == '\0' || config_has_control_characters(folder))
                        config_problem(reader, section, "after-ingest", "moving needs the name of a folder: move:FOLDER");
                else if (mailbox->folder && config_is_same_folder(folder, mailbox->folder))
                        config_problem(reader, section, "after-ingest", "the mails are in \"%s\" already", folder);
                mailbox->after_folder = g_steal_pointer(&folder);
                return;
        }
        static const char *const names[] = { "none", "seen", NULL };
        int index = config_choice(reader, section, "after-ingest", names);
        mailbox->after = index == 1 ? CONFIG_AFTER_SEEN : CONFIG_AFTER_NONE;
}

struct config_mailbox *config_read_mailbox(struct config_reader *reader, const struct config_section *section)
{
        struct config_mailbox *mailbox = g_new0(struct config_mailbox, 1);
        mailbox->name = g_strdup(section->name);
        read_url(reader, section, mailbox);
        read_login(reader, section, mailbox);
        read_after(reader, section, mailbox);
        mailbox->ca_file = config_ca_file(reader, section, "tls-ca-file");
        mailbox->idle = config_bool(reader, section, "idle");
        mailbox->poll_interval_ms =
                config_duration_ms(reader, section, "poll-interval", 5 * SECOND_MS, 1440 * MINUTE_MS);
        mailbox->idle_renew_ms = config_duration_ms(reader, section, "idle-renew", 10 * SECOND_MS, 29 * MINUTE_MS);
        mailbox->timeout_ms = config_duration_ms(reader, section, "timeout", SECOND_MS, 10 * MINUTE_MS);
        mailbox->reconcile_interval_ms =
                config_duration_ms(reader, section, "reconcile-interval", MINUTE_MS, 1440 * MINUTE_MS);
        config_read_authenticity(reader, section, &mailbox->authenticity);
        bool colon = mailbox->host && strchr(mailbox->host, ':');
        mailbox->location = g_strdup_printf(colon ? "%s@[%s]:%u/%s" : "%s@%s:%u/%s", mailbox->user ? mailbox->user : "",
                                            mailbox->host ? mailbox->host : "", mailbox->port,
                                            mailbox->folder ? mailbox->folder : "");
        return mailbox;
}
