/* SPDX-License-Identifier: MIT */
/*
 * What goes with a mail: the bulletin's own mail, and its CSAF document. Neither is worth a delay of the mail itself: what
 * cannot be attached is left out, and the mail says so.
 */
#include "notify/email_p.h"

#include <string.h>

#include "common/limits.h"

#define NAME_BYTES_MAX 60u

typedef int (*read_function)(void *context, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err);

/* The bulletin's number as CSAF has it in file names: a to z, digits, "+" and "-"; all else in a row is one "_". */
static char *base_name(const char *number)
{
        GString *name = g_string_new(NULL);
        for (const char *p = number; *p && name->len < NAME_BYTES_MAX; p++) {
                char c = g_ascii_tolower(*p);
                if (g_ascii_isalnum(c) || c == '+' || c == '-')
                        g_string_append_c(name, c);
                else if (name->len > 0 && name->str[name->len - 1] != '_')
                        g_string_append_c(name, '_');
        }
        if (name->len == 0)
                g_string_assign(name, "bulletin");
        return g_string_free(name, FALSE);
}

static void add_item(struct email_attachments *attachments, const char *type, char *name, char *data, size_t size)
{
        size_t i = attachments->count++;
        attachments->names[i] = name;
        attachments->data[i] = data;
        attachments->items[i] = (struct mail_attachment) { type, name, data, size };
}

static void collect_one(const struct notify_transport *transport, read_function read, int64_t mail_id, const char *what,
                        const char *type, char *name, struct email_attachments *attachments)
{
        char *data = NULL;
        size_t size = 0;
        struct error err = ERROR_INIT;
        int r = read ? read(transport->context, mail_id, &data, &size, &err) : -ERR_NOT_FOUND;
        if (r == 0 && size <= LIMIT_ATTACHMENT_BYTES) {
                add_item(attachments, type, name, data, size);
                return;
        }
        if (r == 0) {
                g_string_append_printf(attachments->notes, "%s is not attached: it has %zu bytes, more than %u.\n", what, size,
                                       LIMIT_ATTACHMENT_BYTES);
        } else {
                g_autofree char *why = message_clean_line(error_text(&err), EMAIL_COLUMNS * 3);
                g_string_append_printf(attachments->notes, "%s is not attached: %s.\n", what,
                                       r == -ERR_NOT_FOUND ? "there is none on record" : why);
        }
        g_free(data);
        g_free(name);
        error_clear(&err);
}

void email_attachments_collect(const struct channel *channel, const struct notify_transport *transport,
                               const json_t *payload, bool bare, struct email_attachments *ret_attachments)
{
        *ret_attachments = (struct email_attachments) { .notes = g_string_new(NULL) };
        int64_t mail_id = json_integer_value(json_object_get(payload, "mail"));
        if (mail_id <= 0 || !(channel->attach_original || channel->attach_csaf))
                return;
        if (bare) {
                g_string_append(ret_attachments->notes, "Nothing is attached: the mail server refuses this mail with its "
                                                        "attachments.\n");
                return;
        }
        g_autofree char *base = base_name(channel_payload_text(payload, "bulletin"));
        if (channel->attach_original)
                collect_one(transport, transport->original_read, mail_id, "The original mail", "message/rfc822",
                            g_strconcat(base, ".eml", NULL), ret_attachments);
        if (channel->attach_csaf)
                collect_one(transport, transport->csaf_read, mail_id, "The CSAF document", "application/json",
                            g_strconcat(base, ".json", NULL), ret_attachments);
}

void email_attachments_clear(struct email_attachments *attachments)
{
        for (size_t i = 0; i < attachments->count; i++) {
                g_free(attachments->names[i]);
                g_free(attachments->data[i]);
        }
        g_string_free(attachments->notes, TRUE);
        *attachments = (struct email_attachments) { 0 };
}
