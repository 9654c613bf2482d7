/* SPDX-License-Identifier: MIT */
#include "notify/message_alert.h"

#include <string.h>

#include "notify/message_p.h"

#define LEAD_CHARS 400u
#define PERSON_CHARS 120u
#define COMMENT_CHARS 500u
#define NAME_BYTES 80u

/* A bulletin's id comes out of a mail, and a footer is made to be copied. */
static bool is_safe_to_copy(const char *name)
{
        if (!name || !*name || strlen(name) > NAME_BYTES || *name == '-')
                return false;
        for (const char *p = name; *p; p++)
                if (!g_ascii_isalnum(*p) && !strchr("-_.:", *p))
                        return false;
        return true;
}

void message_set_footer(struct message *message, const struct bulletin *bulletin, const char *key)
{
        const char *name = is_safe_to_copy(bulletin->id) ? bulletin->id : key;
        g_free(message->footer);
        message->footer = is_safe_to_copy(name) ? g_strdup_printf("To acknowledge: hotfixctl ack %s", name)
                                                : g_strdup("To acknowledge: hotfixctl list --open, and hotfixctl ack");
}

/* A copy, cleaned, before the facts of the bulletin. */
static void put_first(struct message *message, const char *label, const char *value, size_t max_chars)
{
        if (!value)
                return;
        g_autofree char *clean = message_clean_line(value, max_chars);
        g_ptr_array_insert(message->facts, 0, message_fact_new(label, clean));
}

struct message *message_for_alert(const struct bulletin *bulletin, const struct alert_report *report)
{
        struct route_decision as_new = { .action = ACTION_NEW, .reason = (char *) report->reason };
        struct message *message = message_for_bulletin(bulletin, report->route, &as_new, NULL);
        g_free(message->kind);
        g_free(message->lead);
        message->kind = g_strdup(report->kind);
        message->lead = message_clean_line(report->lead, LEAD_CHARS);
        if (report->person) {
                put_first(message, "メモ (comment)", report->comment, COMMENT_CHARS);
                put_first(message, "期限 (until)", report->until, PERSON_CHARS);
                put_first(message, "確認者 (acknowledged by)", report->person, PERSON_CHARS);
        } else {
                message_set_footer(message, bulletin, report->key);
        }
        return message;
}
