/* SPDX-License-Identifier: MIT */
#include "notify/message_digest.h"

#include <string.h>

#include "common/text.h"
#include "notify/message_p.h"

#define HEADLINE_CHARS 100u /* of one bulletin: all lines together fit a section of Slack */
#define REASON_CHARS 70u
#define ROUTE_CHARS 120u

static const struct { const char *action, *word, *label; } kinds[] = {
        { "new", "new", "新規 (new)" },
        { "raised", "raised", "引き上げ (raised)" },
        { "updated", "updated", "更新 (updated)" },
        { "lowered", "lowered", "引き下げ (lowered)" },
        { "none", "not sent", "送信なし (not sent)" },
};

static const char *word_of(const char *action)
{
        for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (strcmp(kinds[i].action, action) == 0)
                        return kinds[i].word;
        return "told";
}

static unsigned count_of(const GPtrArray *actions, const char *action)
{
        unsigned count = 0;
        for (guint i = 0; i < actions->len; i++)
                count += strcmp(g_ptr_array_index(actions, i), action) == 0;
        return count;
}

/* "3 bulletins" */
static char *number_of_bulletins(unsigned count)
{
        return g_strdup_printf("%u bulletin%s", count, count == 1 ? "" : "s");
}

static char *make_lead(const struct digest_report *report)
{
        g_autoptr(GString) lead = g_string_new(NULL);
        g_autofree char *number = number_of_bulletins(report->actions->len);
        bool one = report->actions->len == 1;
        if (report->actions->len == 0)
                g_string_append(lead, "Nothing that concerns this route came in this time.");
        else
                g_string_append_printf(lead, "%s that concern%s this route came in this time.", number, one ? "s" : "");
        if (report->open > 0)
                g_string_append_printf(lead, " Nobody has acknowledged %u of what was told, now or before.", report->open);
        return g_string_free(g_steal_pointer(&lead), FALSE);
}

static void add_counts(struct message *message, const struct digest_report *report)
{
        for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
                unsigned count = count_of(report->actions, kinds[i].action);
                if (count > 0)
                        message_add_fact(message, kinds[i].label, g_strdup_printf("%u", count));
        }
        if (report->open > 0)
                message_add_fact(message, "未確認 (open)", g_strdup_printf("%u", report->open));
}

/* "raised, not acknowledged: [緊急][至急適用] MS07-028 … — severity was moderate, now critical" */
static char *make_line(const struct digest_entry *entry)
{
        g_autofree char *full = message_headline(entry->bulletin);
        g_autofree char *headline = message_clean_line(full, HEADLINE_CHARS);
        if (!entry->action)
                return g_strdup_printf("not acknowledged since %s: %s", entry->since, headline);
        bool plain = strcmp(entry->action, "new") == 0 || !entry->reason || !*entry->reason;
        g_autofree char *reason = plain ? NULL : message_clean_line(entry->reason, REASON_CHARS);
        return g_strdup_printf("%s%s: %s%s%s", word_of(entry->action), entry->since ? ", not acknowledged" : "", headline,
                               plain ? "" : " — ", plain ? "" : reason);
}

static void add_lines(struct message *message, const GPtrArray *entries, unsigned max, unsigned all, const char *more)
{
        guint named = MIN(entries->len, max);
        for (guint i = 0; i < named; i++)
                g_ptr_array_add(message->lines, make_line(g_ptr_array_index(entries, i)));
        if (all > named)
                g_ptr_array_add(message->lines, g_strdup_printf("… and %u more%s", all - named, more));
}

struct message *message_for_digest(const struct digest_report *report)
{
        struct message *message = message_new("digest");
        const char *period = report->weekly ? "weekly digest" : "daily digest";
        g_autofree char *number = number_of_bulletins(report->actions->len);
        message->route = message_clean_line(report->route, ROUTE_CHARS);
        message->headline = g_strdup_printf("[%s] %s: %s", period, message->route,
                                            report->actions->len > 0 ? number :
                                            report->open > 0 ? "nothing new" : "nothing to report");
        message->lead = make_lead(report);
        message->reason = g_strdup_printf("%s of this route", period);
        message->subject_key = g_strdup_printf("digest:%s", message->route);
        message_add_fact(message, "期間 (period)", g_strdup_printf("%s – %s", report->from, report->to));
        add_counts(message, report);
        add_lines(message, report->entries, DIGEST_LINES_MAX, report->actions->len, ": hotfixctl list");
        add_lines(message, report->open_entries, DIGEST_OPEN_MAX, report->open_before,
                  " that nobody has acknowledged: hotfixctl list --open");
        return message;
}
