/* SPDX-License-Identifier: MIT */
/* The part of message.h that is about the service itself. */
#include "notify/message_p.h"

#define HEADLINE_CHARS 200u
#define LEAD_CHARS 600u
#define VALUE_CHARS 600u
#define LABEL_CHARS 60u
#define FACTS_MAX 20u
#define ADVICE_MAX 10u

static void add_facts(struct message *message, const GPtrArray *facts)
{
        for (guint i = 0; facts && i < facts->len && i < FACTS_MAX; i++) {
                const struct message_fact *fact = g_ptr_array_index(facts, i);
                g_autofree char *label = message_clean_line(fact->label, LABEL_CHARS);
                message_add_fact(message, label, message_clean_line(fact->value, VALUE_CHARS));
        }
}

struct message *message_for_health(const struct health_report *report)
{
        struct message *message = message_new(report->recovered ? "recovered" : "problem");
        g_autofree char *headline = g_strdup_printf("[hotfixd] %s", report->headline);
        message->headline = message_clean_line(headline, HEADLINE_CHARS);
        message->lead = message_clean_line(report->lead, LEAD_CHARS);
        message->route = g_strdup("health");
        message->reason = message_clean_line(report->reason, VALUE_CHARS);
        message->bulletin_id = report->bulletin_id ? message_clean_line(report->bulletin_id, LABEL_CHARS) : NULL;
        message->subject_key = message_clean_line(report->condition, VALUE_CHARS);
        message_add_fact(message, "condition", message_clean_line(report->condition, VALUE_CHARS));
        add_facts(message, report->facts);
        for (guint i = 0; report->advice && i < report->advice->len && i < ADVICE_MAX; i++)
                g_ptr_array_add(message->lines, message_clean_line(g_ptr_array_index(report->advice, i), LEAD_CHARS));
        return message;
}
