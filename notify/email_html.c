/* SPDX-License-Identifier: MIT */
/*
 * The HTML part of an email: one column that is at most 640 pixels wide and shrinks with the window, tables and inline
 * styles (dark on white), and for those mail readers that know a dark theme a few rules for it; nothing is loaded from
 * anywhere.
 */
#include "notify/email_p.h"

#include <string.h>

#include "common/text.h"

#define FONT "font-family:'Hiragino Sans','Hiragino Kaku Gothic ProN','Yu Gothic',Meiryo,'Noto Sans CJK JP'," \
             "'Noto Sans JP',sans-serif;"
#define CELL "padding:7px 9px;border-bottom:1px solid #e4e7eb;font-size:14px;line-height:1.55;vertical-align:top;" \
             "text-align:left;"
#define LABEL "width:35%;font-size:13px;font-weight:bold;"
#define HEADING "margin:22px 0 6px;font-size:13px;line-height:1.4;font-weight:bold;color:#52606d;"

/* Text with its line feeds as breaks. */
static void append_text(GString *out, const char *text)
{
        g_autofree char *escaped = text_escape_html(text);
        for (const char *p = escaped; *p; p++) {
                if (*p == '\n')
                        g_string_append(out, "<br>\n");
                else
                        g_string_append_c(out, *p);
        }
}

static const char *weight_colour(enum message_weight weight)
{
        switch (weight) {
        case WEIGHT_CRITICAL:
                return "#b3261e";
        case WEIGHT_IMPORTANT:
                return "#b4540a";
        case WEIGHT_MODERATE:
                return "#7a6000";
        case WEIGHT_LOW:
                return "#2f6690";
        case WEIGHT_UNKNOWN:
                return "#6b3fa0";
        case WEIGHT_PROBLEM:
                return "#9d174d";
        case WEIGHT_RECOVERED:
                return "#1b6e3c";
        default:
                return "#44546a";
        }
}

/* Colours only: without these rules everything stands as it is, dark on white. */
static const char *const dark_theme =
        "<style>\n@media (prefers-color-scheme: dark) {\n"
        ".page { background: #14181d !important; color: #e4e8ec !important }\n"
        ".card { background: #1e242b !important; border-color: #3a444f !important }\n"
        ".text { color: #e4e8ec !important; border-color: #3a444f !important }\n"
        ".quiet { color: #a5b0bc !important }\n"
        ".label, .box { background: #29313a !important; color: #c6ced7 !important; border-color: #3a444f !important }\n"
        ".changed { background: #3b3521 !important; color: #eae0c2 !important; border-color: #3a444f !important }\n"
        ".link { color: #82baf2 !important }\n"
        "}\n</style>\n";

static void append_start(GString *out, const struct message *message)
{
        g_string_append(out, "<!DOCTYPE html>\n<html lang=\"ja\">\n<head>\n<meta charset=\"utf-8\">\n"
                             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                             "<meta name=\"color-scheme\" content=\"light dark\">\n"
                             "<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>");
        append_text(out, message->headline);
        g_string_append_printf(out, "</title>\n%s</head>\n", dark_theme);
        g_string_append(out, "<body class=\"page\" style=\"margin:0;padding:0;background:#f3f4f6;color:#1f2933;" FONT "\">\n"
                             "<table class=\"page\" role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
                             "style=\"background:#f3f4f6;border-collapse:collapse;\">\n<tr>"
                             "<td align=\"center\" style=\"padding:12px 6px;\">\n"
                             "<table class=\"card\" role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
                             "style=\"max-width:640px;background:#ffffff;border:1px solid #d9dee3;"
                             "border-collapse:collapse;table-layout:fixed;word-wrap:break-word;"
                             "overflow-wrap:anywhere;\">\n");
}

/* What a list of mails shows beside the subject; a mail that is open does not show it. */
static void append_teaser(GString *out, const struct message *message)
{
        g_string_append(out, "<div style=\"display:none;max-height:0;overflow:hidden;\">");
        append_text(out, message->lead);
        g_string_append(out, "</div>\n");
}

/* The coloured strip with the headline, and under it what this is. */
static void append_head(GString *out, const struct message *message)
{
        g_autofree char *kind = g_ascii_strup(message->kind, -1);
        g_string_append_printf(out, "<tr><td style=\"background:%s;padding:15px 16px;color:#ffffff;\">\n"
                                    "<div style=\"font-size:12px;line-height:1.4;font-weight:bold;letter-spacing:1px;"
                                    "color:#ffffff;\">",
                               weight_colour(message_weight(message)));
        append_text(out, kind);
        g_string_append(out, "</div>\n<h1 style=\"margin:4px 0 0;font-size:19px;line-height:1.45;font-weight:bold;"
                             "color:#ffffff;\">");
        append_text(out, message->headline);
        g_string_append(out, "</h1>\n</td></tr>\n<tr><td class=\"text\" style=\"padding:15px 16px 18px;color:#1f2933;\">\n"
                             "<p style=\"margin:0 0 12px;font-size:15px;line-height:1.6;\">");
        append_text(out, message->lead);
        g_string_append(out, "</p>\n");
        if (message->footer && *message->footer) {
                g_string_append(out, "<p class=\"box\" style=\"margin:0 0 14px;padding:9px 11px;background:#eef2f6;font-size:14px;"
                                     "line-height:1.5;color:#1f2933;\">");
                append_text(out, message->footer);
                g_string_append(out, "</p>\n");
        }
}

static void append_heading(GString *out, const char *heading)
{
        g_string_append_printf(out, "<h2 class=\"quiet\" style=\"" HEADING "\">%s</h2>\n", heading);
}

static void append_cell(GString *out, const char *tag, const char *class, const char *style, const char *text)
{
        g_string_append_printf(out, "<%s class=\"%s\" style=\"" CELL "%s\">", tag, class, style);
        append_text(out, text);
        g_string_append_printf(out, "</%s>", tag);
}

static void append_table_start(GString *out)
{
        g_string_append(out, "<table class=\"text\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" "
                             "style=\"border-collapse:collapse;border-top:1px solid #e4e7eb;table-layout:fixed;\">\n");
}

static void append_facts(GString *out, const struct message *message)
{
        if (message->facts->len == 0)
                return;
        append_table_start(out);
        for (guint i = 0; i < message->facts->len; i++) {
                const struct message_fact *fact = g_ptr_array_index(message->facts, i);
                g_string_append(out, "<tr>");
                append_cell(out, "th", "label", LABEL "background:#f7f8fa;color:#3e4c59;", fact->label);
                append_cell(out, "td", "text", "color:#1f2933;", fact->value);
                g_string_append(out, "</tr>\n");
        }
        g_string_append(out, "</table>\n");
}

static void append_changes(GString *out, const struct message *message)
{
        if (message->changes->len == 0)
                return;
        append_heading(out, "変更点 (changes)");
        append_table_start(out);
        for (guint i = 0; i < message->changes->len; i++) {
                const struct message_change *change = g_ptr_array_index(message->changes, i);
                g_string_append(out, "<tr>");
                append_cell(out, "th", "changed", LABEL "background:#fff8e6;color:#3e4c59;", change->label);
                g_string_append(out, "<td class=\"text\" style=\"" CELL "color:#1f2933;\">"
                                     "<span class=\"quiet\" style=\"color:#616e7c;\">");
                append_text(out, *change->from ? change->from : "(nothing)");
                g_string_append(out, "</span> → <strong>");
                append_text(out, *change->to ? change->to : "(nothing)");
                g_string_append(out, "</strong></td></tr>\n");
        }
        g_string_append(out, "</table>\n");
        if (message->changes_left_out > 0)
                g_string_append_printf(out, "<p style=\"margin:6px 0 0;font-size:13px;\">… and %u more</p>\n",
                                       message->changes_left_out);
        g_string_append(out, "<div style=\"height:18px;line-height:18px;\">&nbsp;</div>\n");
}

static void append_list(GString *out, const char *heading, const GPtrArray *lines)
{
        if (lines->len == 0)
                return;
        append_heading(out, heading);
        g_string_append(out, "<ul style=\"margin:0;padding:0 0 0 20px;font-size:14px;line-height:1.6;\">\n");
        for (guint i = 0; i < lines->len; i++) {
                g_string_append(out, "<li style=\"margin:0 0 4px;\">");
                append_text(out, g_ptr_array_index(lines, i));
                g_string_append(out, "</li>\n");
        }
        g_string_append(out, "</ul>\n");
}

static void append_excerpt(GString *out, const struct message *message)
{
        if (!message->excerpt)
                return;
        append_heading(out, "概要");
        g_string_append(out, "<p style=\"margin:0;font-size:14px;line-height:1.7;\">");
        append_text(out, message->excerpt);
        g_string_append(out, "</p>\n");
}

/* The address is shown beside its name, so that nobody has to trust the name. */
static void append_links(GString *out, const struct message *message)
{
        if (message->links->len == 0)
                return;
        append_heading(out, "リンク (links)");
        g_string_append(out, "<ul style=\"margin:0;padding:0 0 0 20px;font-size:14px;line-height:1.6;\">\n");
        for (guint i = 0; i < message->links->len; i++) {
                const struct link *link = g_ptr_array_index(message->links, i);
                g_string_append(out, "<li style=\"margin:0 0 4px;\"><a class=\"link\" rel=\"noopener noreferrer\" href=\"");
                g_autofree char *url = text_escape_html(link->url);
                g_string_append_printf(out, "%s\" style=\"color:#0b5cad;\">", url);
                append_text(out, link->text);
                g_string_append(out, "</a>");
                if (!g_str_equal(link->text, link->url))
                        g_string_append_printf(out, "<br><span class=\"quiet\" style=\"font-size:12px;color:#616e7c;\">%s</span>",
                                               url);
                g_string_append(out, "</li>\n");
        }
        g_string_append(out, "</ul>\n");
}

static void append_end(GString *out, const struct message *message)
{
        g_string_append(out, "</td></tr>\n<tr><td class=\"box\" style=\"padding:12px 16px;background:#f7f8fa;"
                             "border-top:1px solid #e4e7eb;font-size:12px;line-height:1.6;color:#52606d;\">");
        if (message->route && *message->route) {
                g_string_append(out, "Route ");
                append_text(out, message->route);
                g_string_append(out, ": ");
        }
        append_text(out, message->reason ? message->reason : "");
        g_string_append(out, "<br>hotfixd</td></tr>\n</table>\n</td></tr>\n</table>\n</body>\n</html>\n");
}

char *email_html_part(const struct message *message)
{
        GString *out = g_string_new(NULL);
        append_start(out, message);
        append_teaser(out, message);
        append_head(out, message);
        append_changes(out, message);
        append_facts(out, message);
        append_list(out, message_lines_heading(message), message->lines);
        append_excerpt(out, message);
        append_links(out, message);
        append_list(out, "注意 (warnings)", message->warnings);
        append_end(out, message);
        return g_string_free(out, FALSE);
}
