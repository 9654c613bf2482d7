/* SPDX-License-Identifier: MIT */
/* The archive's index page: every bulletin, by year. */
#include <string.h>

#include "store/archive_p.h"

static const char index_style[] =
        "body{max-width:75rem}td:nth-child(1),td:nth-child(2),td:nth-child(3),td:nth-child(4){white-space:nowrap}"
        "@media(max-width:45rem){table,tbody,tr,td{display:block}th{display:none}td{border:0;padding:.1rem .3rem}"
        "tr{border-bottom:1px solid var(--line);padding:.4rem 0}}";

static void append_row(GString *out, const struct bulletin_row *row)
{
        g_string_append_printf(out, "<tr><td>%s</td><td><a href=\"%s.html\">", row->date[0] ? row->date : "undated",
                               row->archive_name);
        archive_append_escaped(out, row->number ? row->number : bulletin_kind_name(row->kind));
        g_string_append(out, "</a></td><td>");
        if (row->severity >= 0)
                archive_append_badge(out, FIELD_SEVERITY, row->severity);
        g_string_append(out, "</td><td>");
        if (row->urgency >= 0)
                archive_append_badge(out, FIELD_URGENCY, row->urgency);
        g_string_append(out, "</td><td>");
        archive_append_escaped(out, row->title);
        if (row->revisions > 1)
                g_string_append_printf(out, " <span class=\"soft\">%u revisions</span>", row->revisions);
        g_string_append(out, "</td></tr>\n");
}

GString *archive_index_render(const GPtrArray *rows)
{
        GString *out = g_string_new(NULL);
        archive_append_head(out, "hotfixd archive", index_style);
        g_string_append_printf(out, "<h1>Security bulletins</h1>\n<p class=\"soft\">%u bulletin%s</p>\n", rows->len,
                               rows->len == 1 ? "" : "s");
        char year[5] = "-";
        bool open = false;
        for (guint i = 0; i < rows->len; i++) {
                const struct bulletin_row *row = g_ptr_array_index(rows, i);
                if (strncmp(row->date, year, 4) != 0 || !open) {
                        g_strlcpy(year, row->date, sizeof year);
                        g_string_append_printf(out, "%s<h2>%s</h2>\n<table>\n<tr><th>Updated</th><th>Bulletin</th>"
                                                    "<th>Severity</th><th>Urgency</th><th>Title</th></tr>\n",
                                               open ? "</table>\n" : "", year[0] ? year : "Undated");
                        open = true;
                }
                append_row(out, row);
        }
        g_string_append(out, open ? "</table>\n</body>\n</html>\n" : "</body>\n</html>\n");
        return out;
}
