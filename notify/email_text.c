/* SPDX-License-Identifier: MIT */
/* The plain text part of an email. */
#include "notify/email_p.h"

#include <string.h>

#include "common/text.h"

#define LABEL_COLUMNS 20u
#define INDENT "    "

static void append_heading(GString *out, const char *heading)
{
        g_string_append_printf(out, "\n%s\n", heading);
}

static void append_spaces(GString *out, size_t count)
{
        while (count-- > 0)
                g_string_append_c(out, ' ');
}

/* "深刻度              1(緊急)", or the value on lines of its own where it does not fit beside the label. */
static void append_fact(GString *out, const struct message_fact *fact)
{
        size_t label = text_width(fact->label);
        bool beside = label < LABEL_COLUMNS && !strchr(fact->value, '\n') &&
                      text_width(fact->value) <= EMAIL_COLUMNS - LABEL_COLUMNS;
        g_string_append(out, fact->label);
        if (beside) {
                append_spaces(out, LABEL_COLUMNS - label);
                g_string_append_printf(out, "%s\n", fact->value);
        } else {
                g_string_append_c(out, '\n');
                text_append_wrapped(out, fact->value, EMAIL_COLUMNS, INDENT);
        }
}

/* "  - text", and what does not fit on the line below it. */
static void append_item(GString *out, const char *text)
{
        size_t start = out->len;
        text_append_wrapped(out, text, EMAIL_COLUMNS, INDENT);
        if (out->len > start)
                out->str[start + strlen(INDENT) - 2] = '-';
}

static void append_changes(GString *out, const struct message *message)
{
        if (message->changes->len == 0)
                return;
        append_heading(out, "変更点 (changes)");
        for (guint i = 0; i < message->changes->len; i++) {
                g_autofree char *change = message_change_text(g_ptr_array_index(message->changes, i));
                append_item(out, change);
        }
        if (message->changes_left_out > 0)
                g_string_append_printf(out, INDENT "… and %u more\n", message->changes_left_out);
}

static void append_list(GString *out, const char *heading, const GPtrArray *lines)
{
        if (lines->len == 0)
                return;
        append_heading(out, heading);
        for (guint i = 0; i < lines->len; i++)
                append_item(out, g_ptr_array_index(lines, i));
}

/* Addresses are never wrapped: a broken one cannot be opened. */
static void append_links(GString *out, const struct message *message)
{
        if (message->links->len == 0)
                return;
        append_heading(out, "リンク (links)");
        for (guint i = 0; i < message->links->len; i++) {
                const struct link *link = g_ptr_array_index(message->links, i);
                bool named = !g_str_equal(link->text, link->url);
                if (named)
                        append_item(out, link->text);
                g_string_append_printf(out, "%s<%s>\n", named ? INDENT : "  - ", link->url);
        }
}

static void append_why(GString *out, const struct message *message)
{
        bool routed = message->route && *message->route;
        g_autofree char *why = g_strdup_printf("%s%s%s%s", routed ? "Route " : "", routed ? message->route : "",
                                               routed ? ": " : "", message->reason ? message->reason : "");
        g_string_append(out, "\n-- \n");
        text_append_wrapped(out, why, EMAIL_COLUMNS, "");
        g_string_append(out, "hotfixd\n");
}

/* Near the top: it is what is to be done next. Never wrapped, since a command is to be copied from it. */
static void append_footer(GString *out, const struct message *message)
{
        if (message->footer && *message->footer)
                g_string_append_printf(out, "\n%s\n", message->footer);
}

char *email_text_part(const struct message *message)
{
        GString *out = g_string_new(NULL);
        text_append_wrapped(out, message->headline, EMAIL_COLUMNS, "");
        g_string_append_c(out, '\n');
        text_append_wrapped(out, message->lead, EMAIL_COLUMNS, "");
        append_footer(out, message);
        append_changes(out, message);
        if (message->facts->len > 0)
                g_string_append_c(out, '\n');
        for (guint i = 0; i < message->facts->len; i++)
                append_fact(out, g_ptr_array_index(message->facts, i));
        append_list(out, message_lines_heading(message), message->lines);
        if (message->excerpt) {
                append_heading(out, "概要");
                text_append_wrapped(out, message->excerpt, EMAIL_COLUMNS, INDENT);
        }
        append_links(out, message);
        append_list(out, "注意 (warnings)", message->warnings);
        append_why(out, message);
        return g_string_free(out, FALSE);
}
