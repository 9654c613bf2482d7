/* SPDX-License-Identifier: MIT */
/* A Slack message as text for a terminal: what stands in it, without Slack's signs. */
#include <string.h>

#include "notify/slack_p.h"

/* "<url|text>" and "<url>" become "text: url" and "url"; "*bold*" becomes its text. Only for what we have written ourselves
 * as mrkdwn. */
static char *plain_markup(const char *text)
{
        g_autoptr(GString) out = g_string_new(NULL);
        for (const char *p = text; *p; p++) {
                const char *end = *p == '<' ? strchr(p, '>') : NULL;
                const char *bar = end ? memchr(p, '|', (size_t) (end - p)) : NULL;
                if (bar)
                        g_string_append_printf(out, "%.*s: %.*s", (int) (end - bar - 1), bar + 1, (int) (bar - p - 1),
                                               p + 1);
                else if (end && p[1] == 'h') /* a link; else a mention */
                        g_string_append_len(out, p + 1, end - p - 1);
                else if (end)
                        g_string_append_len(out, p, end - p + 1);
                else if (*p != '*')
                        g_string_append_c(out, *p);
                if (end)
                        p = end;
        }
        return slack_unescape(out->str);
}

static char *object_text(const json_t *object)
{
        const char *text = json_string_value(json_object_get(object, "text"));
        const char *type = json_string_value(json_object_get(object, "type"));
        if (!text)
                return g_strdup("");
        return g_strcmp0(type, "mrkdwn") == 0 ? plain_markup(text) : slack_unescape(text);
}

static void append_object(GString *out, const json_t *object, const char *start)
{
        g_autofree char *text = object_text(object);
        if (*text)
                g_string_append_printf(out, "%s%s\n", start, text);
}

/* "深刻度\n1(緊急)" in one line; several lines below one another. */
static void append_field(GString *out, const json_t *object)
{
        g_autofree char *text = object_text(object);
        char *value = strchr(text, '\n');
        if (!value) {
                g_string_append_printf(out, "  %s\n", text);
                return;
        }
        *value++ = '\0';
        g_autoptr(GString) lines = g_string_new(value);
        g_string_replace(lines, "\n", "\n    ", 0);
        g_string_append_printf(out, "  %s:%s%s\n", text, strchr(value, '\n') ? "\n    " : " ", lines->str);
}

static void append_block(GString *out, const json_t *block)
{
        size_t index;
        json_t *item;
        append_object(out, json_object_get(block, "text"), "");
        json_array_foreach(json_object_get(block, "fields"), index, item)
                append_field(out, item);
        json_array_foreach(json_object_get(block, "elements"), index, item)
                append_object(out, item, "-- ");
}

char *slack_preview(const struct channel *channel, const json_t *payload)
{
        g_autoptr(GString) out = g_string_new(NULL);
        size_t index;
        json_t *block;
        if (channel->slack_channel)
                g_string_append_printf(out, "Slack, %s:\n\n", channel->slack_channel);
        else
                g_string_append(out, "Slack, by incoming webhook:\n\n");
        json_array_foreach(json_object_get(payload, "blocks"), index, block) {
                append_block(out, block);
                g_string_append_c(out, '\n');
        }
        return g_string_free(g_steal_pointer(&out), FALSE);
}
