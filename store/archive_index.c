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

#define TABLE_HEAD "<table>\n<tr><th>Updated</th><th>Bulletin</th><th>Severity</th><th>Urgency</th><th>Title</th></tr>\n"

void archive_index_begin(struct archive_index *index, GString *out, int64_t bulletins)
{
        *index = (struct archive_index) { .year = "-" };
        archive_append_head(out, "hotfixd archive", index_style);
        g_string_append_printf(out, "<h1>Security bulletins</h1>\n<p class=\"soft\">%" G_GINT64_FORMAT " bulletin%s</p>\n",
                               bulletins, bulletins == 1 ? "" : "s");
}

static void close_table(struct archive_index *index, GString *out)
{
        g_string_append(out, index->open ? "</table>\n" : "");
        index->open = true;
}

void archive_index_row(struct archive_index *index, GString *out, const struct bulletin_row *row)
{
        if (row->unverified && !index->unverified) {
                close_table(index, out);
                index->unverified = true;
                g_string_append(out, "<h2>Unverified</h2>\n<div class=\"warning\">The senders of these could not be "
                                     "verified: they may be forged, and nobody was told of them.</div>\n" TABLE_HEAD);
        } else if (!row->unverified && (strncmp(row->date, index->year, 4) != 0 || !index->open)) {
                close_table(index, out);
                g_strlcpy(index->year, row->date, sizeof index->year);
                g_string_append_printf(out, "<h2>%s</h2>\n" TABLE_HEAD, index->year[0] ? index->year : "Undated");
        }
        append_row(out, row);
}

void archive_index_end(struct archive_index *index, GString *out)
{
        close_table(index, out);
        g_string_append(out, "</body>\n</html>\n");
}
