/* SPDX-License-Identifier: MIT */
/* Every key there is. */
#include "daemon/config_p.h"

#include <string.h>

#define SLACK (1u << CHANNEL_SLACK)
#define EMAIL (1u << CHANNEL_EMAIL)
#define LOG (1u << CHANNEL_LOG)
#define WEBHOOK (1u << CHANNEL_WEBHOOK)
#define PAGERDUTY (1u << CHANNEL_PAGERDUTY)
#define TEAMS (1u << CHANNEL_TEAMS)
#define POSTED (SLACK | WEBHOOK | TEAMS) /* to a URL that is a secret */
#define BULLETINS CONFIG_ROUTE_BULLETINS
#define HEALTH CONFIG_ROUTE_HEALTH

/* Where a default is also a number in common/limits.h, check_config.c compares the two. */
static const struct config_key keys[] = {
        { "daemon", "state-dir", CONFIG_DEFAULT_STATE_DIR, "absolute path", "where the database and the archive are",
          0 },
        { "daemon", "log-level", "info", "error | warning | notice | info | debug", "how much is logged", 0 },
        { "daemon", "workers", "2", "1 to 16", "parser processes", 0 },
        { "daemon", "max-message-size", "25M", "a size such as 30M, from 64k to 256M", "larger mails are quarantined", 0 },
        { "daemon", "max-text-size", "2M", "a size such as 4M, from 64k to 8M", "longer texts of a mail are not read", 0 },
        { "daemon", "parser-timeout", "20s", "a duration such as 30s, from 1s to 10m", "time to read one mail", 0 },
        { "daemon", "parser-cpu-time", "2s", "a duration such as 5s, from 1s to 10m",
          "processor time to read one mail", 0 },
        { "daemon", "parser-memory", "256M", "a size such as 512M, from 128M to 4G",
          "address space of a parser process", 0 },
        { "daemon", "time-zone", "", "a name such as Asia/Tokyo",
          "time of the people who are told; else this machine's", 0 },
        { "daemon", "holidays-file", CONFIG_DEFAULT_HOLIDAYS_FILE, "absolute path, or none",
          "the days that are off, beside Saturday and Sunday", 0 },
        { "daemon", "delivery-retention", "400d", "a duration such as 90d, from 30d to 3650d",
          "how long what was sent stays on record", 0 },

        { "mailbox", "url", "", "imaps://HOST[:PORT][/FOLDER] or imap://…", "server and folder; required", 0 },
        { "mailbox", "user", "", "text", "login name; required", 0 },
        { "mailbox", "password-credential", "", "name", "credential that holds the password", 0 },
        { "mailbox", "password-file", "", "absolute path", "file that holds the password", 0 },
        { "mailbox", "auth", "auto", "auto | plain | login | xoauth2 | oauthbearer", "how to log in", 0 },
        { "mailbox", "oauth2-flow", "refresh-token", "refresh-token | client-credentials",
          "how an access token is asked for", 0 },
        { "mailbox", "oauth2-token-url", "", "https://HOST[:PORT]/PATH", "where access tokens come from", 0 },
        { "mailbox", "oauth2-client-id", "", "text", "hotfixd's name at the token endpoint", 0 },
        { "mailbox", "oauth2-client-secret-credential", "", "name", "credential that holds the client's secret", 0 },
        { "mailbox", "oauth2-client-secret-file", "", "absolute path", "file that holds the client's secret", 0 },
        { "mailbox", "oauth2-refresh-token-credential", "", "name", "credential that holds the refresh token", 0 },
        { "mailbox", "oauth2-refresh-token-file", "", "absolute path", "file that holds the refresh token", 0 },
        { "mailbox", "oauth2-scope", "", "words separated by spaces", "what the token is to be good for", 0 },
        { "mailbox", "oauth2-tls-ca-file", "", "absolute path",
          "certificates to trust at the token endpoint instead of the system's", 0 },
        { "mailbox", "tls-ca-file", "", "absolute path", "certificates to trust instead of the system's", 0 },
        { "mailbox", "insecure", "no", "yes | no", "plain text, to a loopback address only", 0 },
        { "mailbox", "idle", "yes", "yes | no", "let the server announce new mail (IDLE)", 0 },
        { "mailbox", "poll-interval", "60s", "a duration such as 90s or 5m, from 5s to 1d",
          "time between looks without IDLE", 0 },
        { "mailbox", "idle-renew", "9m", "a duration such as 90s or 5m, from 10s to 29m",
          "how long one IDLE lasts", 0 },
        { "mailbox", "timeout", "60s", "a duration such as 90s or 5m, from 1s to 10m",
          "silence after which the server counts as gone", 0 },
        { "mailbox", "reconcile-interval", "1h", "a duration such as 30m or 6h, from 1m to 1d",
          "time between two comparisons of all UIDs", 0 },
        { "mailbox", "trusted-senders", "", "list of addresses user@host or of @domain",
          "whose mails count as verified; without it, everybody's", 0 },
        { "mailbox", "require-authentication", "none", "none | dkim | spf | dmarc",
          "what our own mail server must have verified of a mail", 0 },
        { "mailbox", "authserv-id", "", "list of words, such as mx.example.org",
          "the name that our own mail servers write into Authentication-Results", 0 },
        { "mailbox", "after-ingest", "none", "none | seen | move:FOLDER", "what happens to a stored mail", 0 },

        { "channel", "type", "", "slack | email | teams | pagerduty | webhook | log", "kind of channel; required", 0 },
        { "channel", "url-credential", "", "name", "credential that holds the URL to post to", POSTED },
        { "channel", "url-file", "", "absolute path", "file that holds the URL to post to", POSTED },
        { "channel", "token-credential", "", "name", "credential that holds the bot's token", SLACK },
        { "channel", "token-file", "", "absolute path", "file that holds the bot's token", SLACK },
        { "channel", "slack-channel", "", "C0123ABCD or #name", "where the bot posts", SLACK },
        { "channel", "mention", "", "text", "put before new and raised alerts", SLACK },
        { "channel", "routing-key-credential", "", "name", "credential that holds the integration key", PAGERDUTY },
        { "channel", "routing-key-file", "", "absolute path", "file that holds the integration key", PAGERDUTY },
        { "channel", "api-url", "", "https://HOST[:PORT]/PATH", "where the service is, if not at its usual place",
          SLACK | PAGERDUTY },
        { "channel", "secret-credential", "", "name", "credential that holds the key of the signature", WEBHOOK },
        { "channel", "secret-file", "", "absolute path", "file that holds the key of the signature", WEBHOOK },
        { "channel", "smtp-url", "", "smtp://HOST[:PORT] or smtps://HOST[:PORT]", "mail server; required", EMAIL },
        { "channel", "from", "", "address", "sender; required", EMAIL },
        { "channel", "to", "", "list of addresses", "recipients; required", EMAIL },
        { "channel", "user", "", "text", "login name at the mail server", EMAIL },
        { "channel", "password-credential", "", "name", "credential that holds the password", EMAIL },
        { "channel", "password-file", "", "absolute path", "file that holds the password", EMAIL },
        { "channel", "attach-original", "no", "yes | no", "attach the mail that brought the bulletin", EMAIL },
        { "channel", "attach-csaf", "no", "yes | no", "attach the bulletin as CSAF document", EMAIL },
        { "channel", "tls-ca-file", "", "absolute path", "certificates to trust instead of the system's", ~LOG },
        { "channel", "insecure", "no", "yes | no", "plain text, to a loopback address only", ~LOG },
        { "channel", "level", "warning", "error | warning | notice | info | debug", "level of the log lines", LOG },

        { "route", "severity", "", "critical | important | moderate | low", "lowest severity that is sent", BULLETINS },
        { "route", "urgency", "", "immediate | early | consider | wait", "lowest urgency that is sent", BULLETINS },
        { "route", "match", "any", "any | all", "whether one threshold suffices", BULLETINS },
        { "route", "environment", "any", "any | server | client", "only what concerns these machines", BULLETINS },
        { "route", "products", "", "list of patterns", "only what affects these products", BULLETINS },
        { "route", "software", "", "list of patterns", "only what affects this software", BULLETINS },
        { "route", "exploit", "any", "any | available | published | attacks",
          "only with this much of an exploit", BULLETINS },
        { "route", "restart", "", "list of required, not-required, conditional", "only with such a restart", BULLETINS },
        { "route", "feeds", "", "list of feeds", "only what these feeds bring", BULLETINS },
        { "route", "kinds", "alert", "list of kinds", "kinds of message", BULLETINS },
        { "route", "updates", "no", "yes | no", "send revisions that change what matters", BULLETINS },
        { "route", "undetermined", "yes", "yes | no", "undetermined counts as above the thresholds", BULLETINS },
        { "route", "channels", "", "list of channel names", "where to send", 0 },
        { "route", "escalate", "", "steps such as \"30m oncall, phone; 2h manager\"",
          "whom to tell when nobody acknowledges", BULLETINS },
        { "route", "remind-after", "", "a duration such as 4h, from 1s to 30d", "time between reminders", BULLETINS },
        { "route", "remind-limit", "3", "1 to 100", "most reminders of one bulletin", BULLETINS },
        { "route", "deadlines", "", "such as \"critical 4h; important 2bd\" (bd: business days)",
          "by when it is to be acknowledged", BULLETINS },
        { "route", "quiet-hours", "", "from and to, such as 22:00-07:00", "when nobody is disturbed", BULLETINS },
        { "route", "business-days", "no", "yes | no", "nobody is disturbed on days off", BULLETINS },
        { "route", "quiet-except", "critical", "critical | important | moderate | low | none",
          "from which severity on people are disturbed all the same", BULLETINS },
        { "route", "digest", "none", "none | daily | weekly", "a summary of what there was", BULLETINS },
        { "route", "digest-time", "09:00", "a time of day such as 09:00", "when the digest is sent", BULLETINS },
        { "route", "digest-day", "monday", "monday | tuesday | wednesday | thursday | friday | saturday | sunday",
          "the day of a weekly digest", BULLETINS },
        { "route", "digest-empty", "no", "yes | no", "a digest also when there is nothing to report", BULLETINS },
        { "route", "immediate", "yes", "yes | no", "no: only the digest tells", BULLETINS },
        { "route", "unreachable-after", "30m", "a duration such as 1h, up to 30d, or 0",
          "a mailbox cannot be read, or a channel not be reached, for so long", HEALTH },
        { "route", "silence-after", "0", "a duration such as 14d, up to 365d, or 0",
          "no bulletin has come for so long", HEALTH },
        { "route", "patch-tuesday", "yes", "yes | no",
          "no alert has come by the Thursday after Microsoft's patch day", HEALTH },
        { "route", "quarantine-growth", "10", "0 to 1000000",
          "so many mails went into quarantine within a day", HEALTH },
        { "route", "disk-free", "5", "percent, 0 to 90", "less than so much of the disk is free", HEALTH },
        { NULL, NULL, NULL, NULL, NULL, 0 },
};

const struct config_key *config_keys(void)
{
        return keys;
}

const struct config_key *config_key_find(const char *section, const char *key)
{
        for (const struct config_key *k = keys; k->section; k++)
                if (strcmp(k->section, section) == 0 && strcmp(k->key, key) == 0)
                        return k;
        return NULL;
}
