/* SPDX-License-Identifier: MIT */
/*
 * The From field by the grammar of RFC 5322 section 3.4 (RFC 6532 for what is not ASCII), and nothing more lenient: what
 * one reader takes for a name, another may take for the address. Encoded words are words of the name like any other, and
 * what they hide is never looked at. Of the obsolete forms only the dots of "John Q. Public" are taken.
 */
#include <string.h>

#include "ingest/authenticity_p.h"

static bool is_dot_atext(unsigned char c)
{
        return c == '.' || scan_is_atext(c);
}

static bool is_dot_atom(const char *text)
{
        size_t length = strlen(text);
        return length > 0 && text[0] != '.' && text[length - 1] != '.' && !strstr(text, "..");
}

struct mailbox_scan {
        struct scan scan;
        char *local, *domain;
};

/* "local@domain" with CFWS around both (section 4.4 lets it stand there); then whatever follows. */
static bool scan_domain(struct mailbox_scan *m)
{
        if (!scan_char(&m->scan, '@') || !scan_cfws(&m->scan, NULL))
                return false;
        m->domain = scan_run(&m->scan, is_dot_atext);
        return m->domain && is_dot_atom(m->domain) && g_utf8_validate(m->domain, -1, NULL) &&
               scan_cfws(&m->scan, NULL);
}

/* A word of a name, whose charset may be any, or a local part. *ret_is_local: it can be that. */
static char *scan_word(struct scan *scan, bool *ret_is_local)
{
        bool quoted = scan_is_at(scan, '"');
        char *text = quoted ? scan_quoted(scan) : scan_run(scan, is_dot_atext);
        *ret_is_local = text && *text && (quoted || is_dot_atom(text)) && g_utf8_validate(text, -1, NULL);
        return text;
}

/* Behind "<". */
static enum authentication_from scan_angle(struct mailbox_scan *m)
{
        bool is_local = false;
        if (!scan_cfws(&m->scan, NULL))
                return AUTHENTICATION_FROM_BROKEN;
        g_free(m->local); /* a word of the name */
        m->local = scan_word(&m->scan, &is_local);
        if (!is_local || !scan_cfws(&m->scan, NULL) || !scan_domain(m) || !scan_char(&m->scan, '>') ||
            !scan_cfws(&m->scan, NULL))
                return AUTHENTICATION_FROM_BROKEN;
        return AUTHENTICATION_FROM_ONE;
}

/* What must follow the one mailbox: nothing. */
static enum authentication_from check_end(const struct scan *scan, enum authentication_from found)
{
        if (found != AUTHENTICATION_FROM_ONE || scan_is_done(scan))
                return found;
        return scan_is_at(scan, ',') || scan_is_at(scan, ';') ? AUTHENTICATION_FROM_MAILBOXES : AUTHENTICATION_FROM_BROKEN;
}

static enum authentication_from scan_mailbox(struct mailbox_scan *m)
{
        unsigned words = 0;
        bool is_local = false;
        if (!scan_cfws(&m->scan, NULL))
                return AUTHENTICATION_FROM_BROKEN;
        while (!scan_is_done(&m->scan)) {
                if (scan_is_at(&m->scan, ':') || scan_is_at(&m->scan, ',') || scan_is_at(&m->scan, ';'))
                        return AUTHENTICATION_FROM_MAILBOXES;
                if (scan_char(&m->scan, '<'))
                        return scan_angle(m);
                if (scan_is_at(&m->scan, '@'))
                        return words == 1 && is_local && scan_domain(m) ? AUTHENTICATION_FROM_ONE : AUTHENTICATION_FROM_BROKEN;
                g_free(m->local);
                m->local = scan_word(&m->scan, &is_local);
                if (!m->local || !scan_cfws(&m->scan, NULL))
                        return AUTHENTICATION_FROM_BROKEN;
                words++;
        }
        return AUTHENTICATION_FROM_BROKEN;
}

enum authentication_from authentication_from_parse(const char *data, size_t size, char **ret_local, char **ret_domain)
{
        struct mailbox_scan m = { .scan = scan_field(data, size) };
        enum authentication_from found = check_end(&m.scan, scan_mailbox(&m));
        *ret_local = found == AUTHENTICATION_FROM_ONE ? g_steal_pointer(&m.local) : NULL;
        *ret_domain = found == AUTHENTICATION_FROM_ONE ? g_steal_pointer(&m.domain) : NULL;
        g_free(m.local);
        g_free(m.domain);
        return found;
}
