/* SPDX-License-Identifier: MIT */
/*
 * A message in Slack's Block Kit. What comes from a bulletin stands in plain_text objects, where nothing is parsed, or
 * in mrkdwn only if it holds no character that mrkdwn could restyle; it is escaped in both.
 */
#include "notify/slack_p.h"

#include <string.h>

#include "common/text.h"

/* How long one character is once it is escaped. Slack counts like JavaScript: two for those beyond U+FFFF. */
static size_t escaped_length(gunichar c)
{
        return c == '&' ? 5 : c == '<' || c == '>' ? 4 : c > 0xFFFF ? 2 : 1;
}

char *slack_escape(const char *text, size_t max_chars)
{
        size_t chars = 0, length = 0, fit = 0; /* fit: characters that leave room for the "…" of a cut */
        for (const char *p = text; *p && length <= max_chars; p = g_utf8_next_char(p)) {
                length += escaped_length(g_utf8_get_char(p));
                chars++;
                if (length < max_chars)
                        fit = chars;
        }
        /* One character more, so that text_cut_chars has something to cut when only the escaping made it too long. */
        g_autofree char *longer = length > max_chars ? g_strconcat(text, "…", NULL) : NULL;
        g_autofree char *cut = longer ? text_cut_chars(longer, fit + 1) : g_strdup(text);
        GString *out = g_string_new(NULL);
        for (const char *p = cut; *p; p++) {
                if (*p == '&')
                        g_string_append(out, "&amp;");
                else if (*p == '<')
                        g_string_append(out, "&lt;");
                else if (*p == '>')
                        g_string_append(out, "&gt;");
                else
                        g_string_append_c(out, *p);
        }
        return g_string_free(out, FALSE);
}

json_t *slack_text_object(bool markup, const char *escaped)
{
        /* verbatim: addresses and channel names in the text stay text. */
        if (markup)
                return json_pack("{s:s, s:s, s:b}", "type", "mrkdwn", "text", escaped, "verbatim", 1);
        return json_pack("{s:s, s:s, s:b}", "type", "plain_text", "text", escaped, "emoji", 0);
}

json_t *slack_context(const char *text)
{
        g_autofree char *escaped = slack_escape(text, SLACK_SECTION_CHARS);
        return json_pack("{s:s, s:[o]}", "type", "context", "elements", slack_text_object(false, escaped));
}

bool slack_wants_mention(const struct channel *channel, const struct message *message)
{
        return channel->mention && *channel->mention &&
               (g_str_equal(message->kind, "new") || g_str_equal(message->kind, "raised"));
}

static void add_section(json_t *blocks, bool markup, const char *escaped)
{
        if (*escaped)
                json_array_append_new(blocks, json_pack("{s:s, s:o}", "type", "section", "text",
                                                        slack_text_object(markup, escaped)));
}

static void add_plain(json_t *blocks, const char *text)
{
        g_autofree char *escaped = slack_escape(text, SLACK_SECTION_CHARS);
        add_section(blocks, false, escaped);
}

static void add_header(json_t *blocks, const struct message *message)
{
        g_autofree char *escaped = slack_escape(message->headline, SLACK_HEADER_CHARS);
        json_array_append_new(blocks,
                              json_pack("{s:s, s:o}", "type", "header", "text", slack_text_object(false, escaped)));
}

static const char *weight_sign(enum message_weight weight)
{
        switch (weight) {
        case WEIGHT_CRITICAL:
                return "🔴";
        case WEIGHT_IMPORTANT:
                return "🟠";
        case WEIGHT_MODERATE:
                return "🟡";
        case WEIGHT_LOW:
                return "🔵";
        case WEIGHT_UNKNOWN:
                return "🟣";
        case WEIGHT_PROBLEM:
                return "⚠️";
        case WEIGHT_RECOVERED:
                return "✅";
        default:
                return "⚪";
        }
}

/* "<!here> 🔴 *RAISED* Severity raised from moderate to critical." */
static void add_lead(json_t *blocks, const struct channel *channel, const struct message *message)
{
        bool mention = slack_wants_mention(channel, message);
        g_autofree char *lead = slack_escape(message->lead, SLACK_SECTION_CHARS - 1000);
        g_autofree char *kind = g_ascii_strup(message->kind, -1);
        g_autofree char *text = g_strdup_printf("%s%s%s *%s*  %s", mention ? channel->mention : "", mention ? " " : "",
                                                weight_sign(message_weight(message)), kind, lead);
        add_section(blocks, true, text);
}

static void add_changes(json_t *blocks, const struct message *message)
{
        if (message->changes->len == 0)
                return;
        g_autoptr(GString) text = g_string_new("変更点 (changes)");
        for (guint i = 0; i < message->changes->len; i++) {
                g_autofree char *change = message_change_text(g_ptr_array_index(message->changes, i));
                g_string_append_printf(text, "\n• %s", change);
        }
        if (message->changes_left_out > 0)
                g_string_append_printf(text, "\n… and %u more", message->changes_left_out);
        add_plain(blocks, text->str);
}

/* Whether mrkdwn would show the text differently from what it says: styles, quotes, links, :emoji:. */
static bool has_markup(const char *text)
{
        const char *colon = strchr(text, ':');
        return strpbrk(text, "*_~`<>|") || (colon && strchr(colon + 1, ':'));
}

static json_t *make_field(const struct message_fact *fact)
{
        bool markup = !has_markup(fact->value);
        g_autofree char *value = slack_escape(fact->value, SLACK_FIELD_CHARS - 100);
        g_autofree char *text = g_strdup_printf(markup ? "*%s*\n%s" : "%s\n%s", fact->label, value);
        return slack_text_object(markup, text);
}

static void add_facts(json_t *blocks, const struct message *message)
{
        json_t *fields = NULL;
        for (guint i = 0; i < message->facts->len; i++) {
                if (i % SLACK_FIELDS_MAX == 0) {
                        fields = json_array();
                        json_array_append_new(blocks, json_pack("{s:s, s:o}", "type", "section", "fields", fields));
                }
                json_array_append_new(fields, make_field(g_ptr_array_index(message->facts, i)));
        }
}

static void add_lines(json_t *blocks, const struct message *message)
{
        if (message->lines->len == 0)
                return;
        g_autoptr(GString) text = g_string_new(message_lines_heading(message));
        for (guint i = 0; i < message->lines->len; i++)
                g_string_append_printf(text, "\n• %s", (const char *) g_ptr_array_index(message->lines, i));
        add_plain(blocks, text->str);
}

/* "<url|text>", only whole ones, as many as a section takes. */
static void add_links(json_t *blocks, const struct message *message)
{
        g_autoptr(GString) text = g_string_new(NULL);
        size_t chars = 0;
        for (guint i = 0; i < message->links->len; i++) {
                const struct link *link = g_ptr_array_index(message->links, i);
                g_autofree char *url = slack_escape(link->url, SLACK_SECTION_CHARS);
                g_autofree char *label = slack_escape(link->text, SLACK_SECTION_CHARS);
                bool named = !has_markup(link->text) && !g_str_equal(link->text, link->url);
                g_autofree char *line = named ? g_strdup_printf("<%s|%s>", url, label) : g_strdup_printf("<%s>", url);
                chars += (size_t) g_utf8_strlen(line, -1) + 1;
                if (chars > SLACK_SECTION_CHARS)
                        break;
                g_string_append_printf(text, "%s%s", text->len ? "\n" : "", line);
        }
        add_section(blocks, true, text->str);
}

static void add_warnings(json_t *blocks, const struct message *message)
{
        if (message->warnings->len == 0)
                return;
        g_autoptr(GString) text = g_string_new("注意 (warnings)");
        for (guint i = 0; i < message->warnings->len; i++)
                g_string_append_printf(text, "\n• %s", (const char *) g_ptr_array_index(message->warnings, i));
        add_plain(blocks, text->str);
}

static void add_why(json_t *blocks, const struct message *message)
{
        const char *route = message->route ? message->route : "", *reason = message->reason ? message->reason : "";
        g_autofree char *why = *route ? g_strdup_printf("Route %s: %s", route, reason) : g_strdup(reason);
        if (*why)
                json_array_append_new(blocks, slack_context(why));
}

json_t *slack_blocks(const struct channel *channel, const struct message *message)
{
        json_t *blocks = json_array();
        add_header(blocks, message);
        add_lead(blocks, channel, message);
        add_changes(blocks, message);
        add_facts(blocks, message);
        add_lines(blocks, message);
        if (message->excerpt)
                add_plain(blocks, message->excerpt);
        add_links(blocks, message);
        add_warnings(blocks, message);
        add_why(blocks, message);
        while (json_array_size(blocks) >= SLACK_BLOCKS_MAX) /* one more is added when it is sent */
                json_array_remove(blocks, json_array_size(blocks) - 1);
        return blocks;
}
