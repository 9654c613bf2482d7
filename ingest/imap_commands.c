/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "ingest/imap_encode.h"
#include "ingest/imap_session_p.h"

/* ---- SELECT ---- */

static int take_code_number(const struct imap_response *response, guint32 *ret_value, struct error *err)
{
        char *text = response->code_text ? response->code_text : response->code;
        struct imap_token number = { .kind = IMAP_ATOM, .data = text, .size = strcspn(text, " ") };
        int r = imap_token_uint32(&number, ret_value);
        return r < 0 ? error_set(err, r, "the IMAP server's %s is not a number", response->code) : 0;
}

/* Where the server does not say which flags last, all do (RFC 9051 section 7.1). */
static void take_permanent_flags(struct imap_session *session, const char *text)
{
        g_auto(GStrv) flags = g_strsplit_set(text, "( )", -1);
        session->no_deleted = session->no_seen = true;
        for (gsize i = 0; flags[i]; i++) {
                session->no_deleted = session->no_deleted && g_ascii_strcasecmp(flags[i], "\\Deleted") != 0;
                session->no_seen = session->no_seen && g_ascii_strcasecmp(flags[i], "\\Seen") != 0;
                session->keywords = session->keywords || strcmp(flags[i], "\\*") == 0;
        }
}

static int take_selected(struct imap_session *session, struct imap_response *response, void *context, struct error *err)
{
        struct imap_mailbox *mailbox = context;
        if (strcmp(response->name, "NO") == 0 && g_strcmp0(response->code, "UIDNOTSTICKY") == 0)
                mailbox->uid_not_sticky = true;
        if (!response->code || strcmp(response->name, "OK") != 0)
                return 0;
        if (strcmp(response->code, "UIDVALIDITY") == 0)
                return take_code_number(response, &mailbox->uid_validity, err);
        if (strcmp(response->code, "UIDNEXT") == 0)
                return take_code_number(response, &mailbox->uid_next, err);
        if (strcmp(response->code, "PERMANENTFLAGS") == 0)
                take_permanent_flags(session, response->code_text ? response->code_text : "");
        if (strcmp(response->code, "READ-ONLY") == 0)
                mailbox->read_only = true;
        return 0;
}

static int select_mailbox(struct imap_session *session, const char *name, struct imap_mailbox *mailbox,
                          struct error *err)
{
        g_autofree char *quoted = NULL;
        if (imap_encode_mailbox(name, &quoted) < 0)
                return error_set(err, -EINVAL, "this mailbox name cannot be sent to an IMAP server");
        session->exists = 0;
        session->no_deleted = session->no_seen = session->keywords = false;
        g_array_set_size(session->copied, 0);
        imap_start(session, mailbox->read_only ? "EXAMINE" : "SELECT", "%s", quoted);
        int r = imap_run(session, take_selected, mailbox, err);
        if (r < 0)
                return r;
        if (mailbox->uid_validity == 0)
                return error_set(err, -ERR_PROTOCOL, "the IMAP server gives no UIDVALIDITY for the mailbox");
        session->grown = false;
        mailbox->exists = session->exists;
        return 0;
}

int imap_session_select(struct imap_session *session, const char *name, bool read_only,
                        struct imap_mailbox *ret_mailbox, struct error *err)
{
        struct imap_mailbox mailbox = { .read_only = read_only };
        int r = imap_begin(session, err);
        if (r < 0)
                return r;
        r = imap_end(session, select_mailbox(session, name, &mailbox, err));
        if (r < 0)
                return r;
        *ret_mailbox = mailbox;
        return 0;
}
