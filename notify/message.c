/* SPDX-License-Identifier: MIT */
/*
 * What a notification says, before any channel's form. Everything taken from a bulletin is cleaned and cut here, once:
 * the renderers then only escape.
 */
#include "notify/message.h"

#include <string.h>

#include "common/text.h"
#include "notify/message_p.h"
#include "notify/route_p.h"

#define HEADLINE_CHARS 200u
#define FACT_CHARS 300u
#define REASON_CHARS 300u
#define SIDE_CHARS 120u /* one side of a change */
#define CHANGES_MAX 12u
#define WARNINGS_MAX 8u
#define LINKS_MAX 10u
#define HISTORY_LINES_MAX 10u

struct message_fact *message_fact_new(const char *label, const char *value)
{
        struct message_fact *fact = g_new0(struct message_fact, 1);
        fact->label = g_strdup(label);
        fact->value = g_strdup(value);
        return fact;
}

void message_fact_free(struct message_fact *fact)
{
        if (!fact)
                return;
        g_free(fact->label);
        g_free(fact->value);
        g_free(fact);
}

static void fact_free(gpointer data)
{
        message_fact_free(data);
}

static void change_free(gpointer data)
{
        struct message_change *change = data;
        g_free(change->label);
        g_free(change->from);
        g_free(change->to);
        g_free(change->path);
        g_free(change);
}

static void link_free(gpointer data)
{
        struct link *link = data;
        g_free(link->text);
        g_free(link->url);
        g_free(link);
}

struct message *message_new(const char *kind)
{
        struct message *message = g_new0(struct message, 1);
        message->kind = g_strdup(kind);
        message->facts = g_ptr_array_new_with_free_func(fact_free);
        message->changes = g_ptr_array_new_with_free_func(change_free);
        message->links = g_ptr_array_new_with_free_func(link_free);
        message->warnings = g_ptr_array_new_with_free_func(g_free);
        message->lines = g_ptr_array_new_with_free_func(g_free);
        return message;
}

void message_free(struct message *message)
{
        if (!message)
                return;
        g_free(message->kind);
        g_free(message->headline);
        g_free(message->lead);
        g_free(message->route);
        g_free(message->reason);
        g_ptr_array_unref(message->facts);
        g_ptr_array_unref(message->changes);
        g_free(message->excerpt);
        g_ptr_array_unref(message->links);
        g_ptr_array_unref(message->warnings);
        g_ptr_array_unref(message->lines);
        g_free(message->bulletin_id);
        g_free(message->subject_key);
        g_free(message->footer);
        g_free(message);
}

void message_add_fact(struct message *message, const char *label, char *value)
{
        struct message_fact *fact = g_new0(struct message_fact, 1);
        fact->label = g_strdup(label);
        fact->value = value;
        g_ptr_array_add(message->facts, fact);
}

/* "[緊急]", "[severity undetermined]", or nothing for a kind of message that has no such field. */
static void append_mark(GString *out, const struct bulletin *bulletin, enum bulletin_field field)
{
        if (!bulletin->fields[field].present && bulletin->kind != BULLETIN_ALERT)
                return;
        int value = route_value(bulletin, field);
        const char *label = value ? bulletin_value_label(field, value) : NULL;
        if (!label && value)
                label = bulletin_value_name(field, value);
        if (label)
                g_string_append_printf(out, "[%s]", label);
        else
                g_string_append_printf(out, "[%s undetermined]", bulletin_field_english(field));
}

static const char *bulletin_any_title(const struct bulletin *bulletin)
{
        const char *const titles[] = { bulletin->title, bulletin->vendor_title, bulletin->mail.subject };
        for (gsize i = 0; i < G_N_ELEMENTS(titles); i++)
                if (titles[i] && *titles[i])
                        return titles[i];
        return "(no title)";
}

/* "[緊急][至急適用] MS07-028 …" */
char *message_headline(const struct bulletin *bulletin)
{
        g_autoptr(GString) line = g_string_new(NULL);
        append_mark(line, bulletin, FIELD_SEVERITY);
        append_mark(line, bulletin, FIELD_URGENCY);
        if (line->len == 0)
                g_string_append_printf(line, "[%s]", bulletin_kind_name(bulletin->kind));
        if (bulletin->id)
                g_string_append_printf(line, " %s", bulletin->id);
        g_autofree char *title = message_clean_line(bulletin_any_title(bulletin), HEADLINE_CHARS);
        g_string_append_printf(line, " %s", title);
        return message_clean_line(line->str, HEADLINE_CHARS);
}

/* "severity critical, urgency immediate" */
static char *standing_text(const struct bulletin *bulletin)
{
        return g_strdup_printf("severity %s, urgency %s",
                               route_value_text(FIELD_SEVERITY, route_value(bulletin, FIELD_SEVERITY)),
                               route_value_text(FIELD_URGENCY, route_value(bulletin, FIELD_URGENCY)));
}

static char *lead_new(const struct bulletin *bulletin)
{
        bool has_fields = bulletin->kind == BULLETIN_ALERT || bulletin->fields[FIELD_SEVERITY].present ||
                          bulletin->fields[FIELD_URGENCY].present;
        if (!has_fields)
                return g_strdup_printf("New message of kind %s.", bulletin_kind_name(bulletin->kind));
        if (!route_value(bulletin, FIELD_SEVERITY) && !route_value(bulletin, FIELD_URGENCY))
                return g_strdup_printf("New %s whose severity and urgency could not be determined: please read it and "
                                       "decide.",
                                       bulletin_kind_name(bulletin->kind));
        g_autofree char *standing = standing_text(bulletin);
        return g_strdup_printf("New %s: %s.", bulletin_kind_name(bulletin->kind), standing);
}

static void append_rise(GString *out, enum bulletin_field field, int before, int now)
{
        if (now <= before)
                return;
        g_autofree char *name = g_strdup(bulletin_field_english(field));
        if (out->len == 0)
                name[0] = g_ascii_toupper(name[0]);
        g_string_append_printf(out, before ? "%s%s raised from %s to %s" : "%s%s was %s and is now %s",
                               out->len ? ", " : "", name, route_value_text(field, before),
                               route_value_text(field, now));
}

static char *lead_raised(const struct bulletin *bulletin, const struct route_decision *decision)
{
        g_autoptr(GString) text = g_string_new(NULL);
        if (decision->compared) {
                append_rise(text, FIELD_SEVERITY, decision->before_severity, route_value(bulletin, FIELD_SEVERITY));
                append_rise(text, FIELD_URGENCY, decision->before_urgency, route_value(bulletin, FIELD_URGENCY));
        }
        if (text->len > 0)
                return g_strdup_printf("%s.", text->str);
        g_autofree char *standing = standing_text(bulletin);
        return g_strdup_printf("Now above the thresholds: %s.", standing);
}

/* What was undetermined counted as above every threshold. */
static bool fell(int before, int now)
{
        return before == 0 ? now > 0 : now < before;
}

static char *make_lead(const struct bulletin *bulletin, const struct route_decision *decision)
{
        g_autofree char *standing = standing_text(bulletin);
        switch (decision->action) {
        case ACTION_NEW:
                return lead_new(bulletin);
        case ACTION_RAISED:
                return lead_raised(bulletin, decision);
        case ACTION_UPDATED:
                return g_strdup_printf("Revised, and still above the thresholds: %s.", standing);
        case ACTION_LOWERED:
                /* else a filter excludes it now, or the thresholds were changed */
                if (decision->compared && !fell(decision->before_severity, route_value(bulletin, FIELD_SEVERITY)) &&
                    !fell(decision->before_urgency, route_value(bulletin, FIELD_URGENCY)))
                        return g_strdup_printf("Not for this route any more: %s.", standing);
                return g_strdup_printf("No longer above the thresholds: %s.", standing);
        default:
                return g_strdup_printf("Nothing is to be sent: %s.", standing);
        }
}

static void add_change(struct message *message, const struct bulletin_change *change)
{
        if (message->changes->len == CHANGES_MAX) {
                message->changes_left_out++;
                return;
        }
        struct message_change *copy = g_new0(struct message_change, 1);
        copy->label = message_clean_line(change->label ? change->label : change->path, SIDE_CHARS);
        copy->from = message_clean_line(change->from, SIDE_CHARS);
        copy->to = message_clean_line(change->to, SIDE_CHARS);
        copy->path = g_strdup(change->path);
        g_ptr_array_add(message->changes, copy);
}

static void add_changes(struct message *message, const GPtrArray *changes)
{
        for (int pass = 0; changes && pass < 2; pass++)
                for (guint i = 0; i < changes->len; i++) {
                        const struct bulletin_change *change = g_ptr_array_index(changes, i);
                        if (change->matters == (pass == 0))
                                add_change(message, change);
                }
}

static bool link_is_listed(const struct message *message, const char *url)
{
        for (guint i = 0; i < message->links->len; i++)
                if (g_str_equal(((const struct link *) g_ptr_array_index(message->links, i))->url, url))
                        return true;
        return false;
}

/* A text that itself looks like an address must not hide where the link really leads. */
static bool looks_like_address(const char *text)
{
        g_autofree char *normal = text_normalize(text);
        g_autofree char *folded = g_utf8_casefold(normal, -1);
        return strstr(folded, "://") || strstr(folded, "www.") || strchr(folded, '@');
}

static void add_links(struct message *message, const struct bulletin *bulletin)
{
        for (guint i = 0; i < bulletin->links->len && message->links->len < LINKS_MAX; i++) {
                const struct link *link = g_ptr_array_index(bulletin->links, i);
                g_autofree char *url = link->url ? message_clean_url(link->url) : NULL;
                if (!url || link_is_listed(message, url))
                        continue;
                g_autofree char *text = message_clean_line(link->text, SIDE_CHARS);
                struct link *copy = g_new0(struct link, 1);
                copy->text = g_strdup(*text && !looks_like_address(text) ? text : url);
                copy->url = g_steal_pointer(&url);
                g_ptr_array_add(message->links, copy);
        }
}

struct message *message_for_bulletin(const struct bulletin *bulletin, const char *route_name,
                                     const struct route_decision *decision, const GPtrArray *changes)
{
        struct message *message = message_new(route_action_name(decision->action));
        message->headline = message_headline(bulletin);
        message->lead = make_lead(bulletin, decision);
        message->route = message_clean_line(route_name, SIDE_CHARS);
        message->reason = message_clean_line(decision->reason, REASON_CHARS);
        message->severity = route_value(bulletin, FIELD_SEVERITY);
        message->urgency = route_value(bulletin, FIELD_URGENCY);
        message->bulletin = bulletin;
        message->bulletin_id = bulletin->id ? message_clean_line(bulletin->id, SIDE_CHARS) : NULL;
        message_add_bulletin_facts(message, bulletin);
        if (decision->action != ACTION_NEW)
                add_changes(message, changes);
        message->excerpt = message_excerpt(bulletin);
        add_links(message, bulletin);
        for (guint i = 0; i < bulletin->warnings->len && i < WARNINGS_MAX; i++)
                g_ptr_array_add(message->warnings,
                                message_clean_line(g_ptr_array_index(bulletin->warnings, i), FACT_CHARS));
        return message;
}

struct message *message_for_history(const char *source, const char *route_name, unsigned count, unsigned matching,
                                    const GPtrArray *top)
{
        struct message *message = message_new("summary");
        g_autofree char *from = message_clean_line(source, SIDE_CHARS);
        message->headline = g_strdup_printf("[history] %u bulletin%s from %s", count, count == 1 ? "" : "s", from);
        g_autofree char *number = matching == 0 ? g_strdup("None") : g_strdup_printf("%u", matching);
        message->lead = g_strdup_printf("%s of them %s above the thresholds that lead here. They came in as history: "
                                        "they are in the archive, and none of them is sent on its own.",
                                        number, matching <= 1 ? "is" : "are");
        message->route = message_clean_line(route_name, SIDE_CHARS);
        message->reason = g_strdup("one summary instead of a message for each");
        for (guint i = 0; top && i < top->len && i < HISTORY_LINES_MAX; i++) {
                const struct bulletin *bulletin = g_ptr_array_index(top, i);
                g_autofree char *headline = message_headline(bulletin);
                g_autofree char *date = message_clean_line(*bulletin->updated ? bulletin->updated : bulletin->edition,
                                                           BULLETIN_DATE_SIZE);
                g_ptr_array_add(message->lines,
                                *date ? g_strdup_printf("%s (%s)", headline, date) : g_strdup(headline));
        }
        return message;
}

const char *message_lines_heading(const struct message *message)
{
        if (g_str_equal(message->kind, "problem"))
                return "対処 (what to do)";
        if (g_str_equal(message->kind, "digest"))
                return "一覧 (what there was)";
        return g_str_equal(message->kind, "summary") ? "主なもの (the most severe)" : "確認 (check)";
}

struct message *message_for_test(const char *channel_name)
{
        struct message *message = message_new("test");
        g_autofree char *name = message_clean_line(channel_name, SIDE_CHARS);
        message->headline = g_strdup_printf("[訓練][test] hotfixd can reach channel %s", name);
        message->lead = g_strdup("This is a drill (訓練). Nothing has happened, and nothing needs to be done.");
        message->reason = g_strdup("somebody asked for a test message");
        g_ptr_array_add(message->lines, g_strdup("Japanese text arrives whole: 深刻度 1(緊急) 髙 ① ㈱ ～"));
        return message;
}

char *message_change_text(const struct message_change *change)
{
        return g_strdup_printf("%s: %s → %s", change->label, *change->from ? change->from : "(nothing)",
                               *change->to ? change->to : "(nothing)");
}

enum message_weight message_weight(const struct message *message)
{
        static const enum message_weight weights[] = {
                [SEVERITY_NONE] = WEIGHT_UNKNOWN,         [SEVERITY_LOW] = WEIGHT_LOW,
                [SEVERITY_MODERATE] = WEIGHT_MODERATE,    [SEVERITY_IMPORTANT] = WEIGHT_IMPORTANT,
                [SEVERITY_CRITICAL] = WEIGHT_CRITICAL,
        };
        if (g_str_equal(message->kind, "summary") || g_str_equal(message->kind, "test") || g_str_equal(message->kind, "digest"))
                return WEIGHT_PLAIN;
        if (g_str_equal(message->kind, "problem"))
                return WEIGHT_PROBLEM;
        if (g_str_equal(message->kind, "recovered"))
                return WEIGHT_RECOVERED;
        if (message->severity < 0 || (gsize) message->severity >= G_N_ELEMENTS(weights))
                return WEIGHT_UNKNOWN;
        return weights[message->severity];
}
