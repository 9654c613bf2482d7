/* SPDX-License-Identifier: MIT */
/*
 * A message in Slack's Block Kit. What comes from a bulletin stands in plain_text objects, where nothing is parsed, or
 * in mrkdwn only if it holds no character that mrkdwn could restyle; it is escaped in both.
 */
#include <string.h>

#include "notify/slack_p.h"

#define TAIL_CHARS 1600u  /* kept free for what stands at the end: why, what to do, the number of the delivery */
#define TEXT_CHARS_MIN 80u /* a text that would have to be shorter is left out */
#define LEAD_CHARS 2000u
#define LABEL_CHARS 100u

/* What has been put together so far, and how much more Slack takes. */
struct builder {
        json_t *blocks;
        size_t left;
        bool shortened;
};

/* {"type": "plain_text" or "mrkdwn", …} of text that is already escaped. */
static json_t *text_object(bool markup, const char *escaped)
{
        /* verbatim: addresses and channel names in the text stay text. */
        if (markup)
                return json_pack("{s:s, s:s, s:b}", "type", "mrkdwn", "text", escaped, "verbatim", 1);
        return json_pack("{s:s, s:s, s:b}", "type", "plain_text", "text", escaped, "emoji", 0);
}

json_t *slack_context(const char *text)
{
        g_autofree char *escaped = slack_escape(text, SLACK_SECTION_CHARS);
        return json_pack("{s:s, s:[o]}", "type", "context", "elements", text_object(false, escaped));
}

bool slack_wants_mention(const struct channel *channel, const struct message *message)
{
        static const char *const kinds[] = { "new", "raised", "escalated", "reminder", "overdue", NULL };
        return channel->mention && *channel->mention && g_strv_contains(kinds, message->kind);
}

/* Takes the block over if there is room for it. */
static bool add(struct builder *builder, json_t *block)
{
        size_t length = slack_json_length(block) + 1;
        bool fits = length <= builder->left && json_array_size(builder->blocks) < SLACK_BLOCKS_MAX - 3;
        if (fits) {
                builder->left -= length;
                json_array_append(builder->blocks, block);
        }
        json_decref(block);
        return fits;
}

static json_t *section(bool markup, const char *escaped)
{
        return json_pack("{s:s, s:o}", "type", "section", "text", text_object(markup, escaped));
}

/* As much of the text as there is room for. */
static void add_plain(struct builder *builder, const char *text)
{
        if (*text == '\0')
                return;
        for (size_t chars = SLACK_SECTION_CHARS; chars >= TEXT_CHARS_MIN; chars /= 2) {
                g_autofree char *escaped = slack_escape(text, chars);
                if (add(builder, section(false, escaped)))
                        return;
                builder->shortened = true;
        }
}

static void add_header(struct builder *builder, const struct message *message)
{
        g_autofree char *escaped = slack_escape(message->headline, SLACK_HEADER_CHARS);
        add(builder, json_pack("{s:s, s:o}", "type", "header", "text", text_object(false, escaped)));
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

/* "🔴 *RAISED*" */
static char *kind_text(const struct message *message)
{
        bool acknowledged = g_str_equal(message->kind, "acknowledged");
        g_autofree char *kind = g_ascii_strup(message->kind, -1);
        return g_strdup_printf("%s *%s*", acknowledged ? "✅" : weight_sign(message_weight(message)), kind);
}

/* "<!here> 🔴 *RAISED* Severity raised from moderate to critical." */
static void add_lead(struct builder *builder, const struct channel *channel, const struct message *message)
{
        bool mention = slack_wants_mention(channel, message);
        g_autofree char *kind = kind_text(message);
        g_autofree char *start = g_strdup_printf("%s%s%s", mention ? channel->mention : "", mention ? " " : "", kind);
        const char *lead = message->lead ? message->lead : "";
        g_autofree char *escaped = slack_escape(lead, LEAD_CHARS - 1);
        bool apart = *lead && slack_has_markup(lead); /* such as a person's comment */
        g_autofree char *text = apart || !*lead ? g_strdup(start) : g_strdup_printf("%s  %s", start, escaped);
        json_t *block = section(true, text);
        if (apart)
                json_object_set_new(block, "fields", json_pack("[o]", text_object(false, escaped)));
        add(builder, block);
}

static size_t escaped_length(const char *text)
{
        g_autofree char *escaped = slack_escape(text, SLACK_SECTION_CHARS);
        return slack_length(escaped);
}

/* A list, in as many sections as it takes. */
static void add_list(struct builder *builder, const char *heading, const GPtrArray *texts)
{
        g_autoptr(GString) part = g_string_new(heading);
        size_t length = escaped_length(heading);
        for (guint i = 0; i < texts->len; i++) {
                g_autofree char *line = g_strdup_printf("\n• %s", (const char *) g_ptr_array_index(texts, i));
                size_t more = escaped_length(line);
                if (length + more > SLACK_SECTION_CHARS) {
                        add_plain(builder, part->str + (*part->str == '\n'));
                        g_string_truncate(part, 0);
                        length = 0;
                }
                g_string_append(part, line);
                length += more;
        }
        if (texts->len > 0)
                add_plain(builder, part->str + (*part->str == '\n'));
}

static GPtrArray *change_texts(const struct message *message)
{
        GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < message->changes->len; i++)
                g_ptr_array_add(texts, message_change_text(g_ptr_array_index(message->changes, i)));
        if (message->changes_left_out > 0)
                g_ptr_array_add(texts, g_strdup_printf("… and %u more", message->changes_left_out));
        return texts;
}

static void add_changes(struct builder *builder, const struct message *message)
{
        g_autoptr(GPtrArray) texts = change_texts(message);
        add_list(builder, "変更点 (changes)", texts);
}

static json_t *make_field(const struct message_fact *fact, size_t value_chars)
{
        bool markup = !slack_has_markup(fact->value) && !slack_has_markup(fact->label);
        g_autofree char *label = slack_escape(fact->label, LABEL_CHARS);
        g_autofree char *value = slack_escape(fact->value, value_chars);
        g_autofree char *text = g_strdup_printf(markup ? "*%s*\n%s" : "%s\n%s", label, value);
        return text_object(markup, text);
}

static json_t *make_fields(const GPtrArray *facts, guint from, size_t value_chars)
{
        json_t *fields = json_array();
        for (guint i = from; i < facts->len && i < from + SLACK_FIELDS_MAX; i++)
                json_array_append_new(fields, make_field(g_ptr_array_index(facts, i), value_chars));
        return json_pack("{s:s, s:o}", "type", "section", "fields", fields);
}

static void add_facts(struct builder *builder, const struct message *message)
{
        for (guint from = 0; from < message->facts->len; from += SLACK_FIELDS_MAX) {
                size_t chars = SLACK_FIELD_CHARS - 2 * LABEL_CHARS;
                while (chars >= TEXT_CHARS_MIN / 2 && !add(builder, make_fields(message->facts, from, chars))) {
                        chars /= 2;
                        builder->shortened = true;
                }
        }
}

/* "<url|text>", only whole ones, as many as a section takes. */
static void add_links(struct builder *builder, const struct message *message)
{
        g_autoptr(GString) text = g_string_new(NULL);
        size_t room = MIN(SLACK_SECTION_CHARS, builder->left - MIN(builder->left, TEXT_CHARS_MIN));
        for (guint i = 0; i < message->links->len; i++) {
                const struct link *link = g_ptr_array_index(message->links, i);
                g_autofree char *url = slack_escape(link->url, SLACK_SECTION_CHARS);
                g_autofree char *label = slack_escape(link->text, SLACK_SECTION_CHARS);
                bool named = !slack_has_markup(link->text) && !g_str_equal(link->text, link->url);
                g_autofree char *line = named ? g_strdup_printf("<%s|%s>", url, label) : g_strdup_printf("<%s>", url);
                if (slack_length(text->str) + slack_length(line) + 1 > room) {
                        builder->shortened = true;
                        break;
                }
                g_string_append_printf(text, "%s%s", text->len ? "\n" : "", line);
        }
        if (text->len > 0 && !add(builder, section(true, text->str)))
                builder->shortened = true;
}

static char *why_text(const struct message *message)
{
        const char *route = message->route ? message->route : "", *reason = message->reason ? message->reason : "";
        return *route ? g_strdup_printf("Route %s: %s", route, reason) : g_strdup(reason);
}

/* What stands at the end has its own room, so that it is there whatever came before. */
static void add_tail(struct builder *builder, const struct message *message)
{
        g_autofree char *why = why_text(message);
        builder->left += TAIL_CHARS;
        if (builder->shortened)
                add(builder, slack_context("一部を省略しました (shortened: hotfixctl show has all of it)"));
        if (message->footer && *message->footer)
                add(builder, slack_context(message->footer));
        if (*why)
                add(builder, slack_context(why));
}

json_t *slack_blocks(const struct channel *channel, const struct message *message)
{
        struct builder builder = { .blocks = json_array(), .left = SLACK_BLOCKS_CHARS - TAIL_CHARS };
        add_header(&builder, message);
        add_lead(&builder, channel, message);
        add_changes(&builder, message);
        add_facts(&builder, message);
        add_list(&builder, message_lines_heading(message), message->lines);
        if (message->excerpt)
                add_plain(&builder, message->excerpt);
        add_links(&builder, message);
        add_list(&builder, "注意 (warnings)", message->warnings);
        add_tail(&builder, message);
        return builder.blocks;
}

static void append_texts(GString *text, const GPtrArray *texts)
{
        for (guint i = 0; i < texts->len; i++)
                g_string_append_printf(text, "\n• %s", (const char *) g_ptr_array_index(texts, i));
}

static void append_facts(GString *text, const struct message *message)
{
        for (guint i = 0; i < message->facts->len; i++) {
                const struct message_fact *fact = g_ptr_array_index(message->facts, i);
                g_string_append_printf(text, "\n%s: %s", fact->label, fact->value);
        }
}

char *slack_plain(const struct channel *channel, const struct message *message)
{
        g_autofree char *why = why_text(message), *kind = kind_text(message);
        bool mention = slack_wants_mention(channel, message);
        g_autoptr(GString) text = g_string_new(message->headline);
        g_string_append_printf(text, "\n%s", message->lead ? message->lead : "");
        g_autoptr(GPtrArray) changes = change_texts(message);
        append_texts(text, changes);
        append_facts(text, message);
        append_texts(text, message->lines);
        for (guint i = 0; i < message->links->len; i++)
                g_string_append_printf(text, "\n%s", ((const struct link *) g_ptr_array_index(message->links, i))->url);
        g_string_append_printf(text, "\n%s%s%s", message->footer ? message->footer : "", message->footer ? "\n" : "", why);
        g_string_replace(text, "`", "'", 0); /* it must not end the code block */
        g_autofree char *escaped = slack_escape(text->str, SLACK_PLAIN_CHARS - 200);
        return g_strdup_printf("%s%s%s\n```%s```", mention ? channel->mention : "", mention ? " " : "", kind, escaped);
}
