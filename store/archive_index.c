/* SPDX-License-Identifier: MIT */
/* The archive's index page: every bulletin, by year. */
#include <string.h>

#include "common/append.h"
#include "common/file_writer.h"
#include "common/text.h"
#include "store/archive_p.h"

#define FLUSH_BYTES ((size_t) 16 * 1024)

static const char index_style[] =
        "body{max-width:75rem}td:nth-child(1),td:nth-child(2),td:nth-child(3),td:nth-child(4){white-space:nowrap}"
        "@media(max-width:45rem){table,tbody,tr,td{display:block}th{display:none}td{border:0;padding:.1rem .3rem}"
        "tr{border-bottom:1px solid var(--line);padding:.4rem 0}}";

static void append_row(GString *out, const struct bulletin_row *row)
{
        append_text(out, "<tr><td>");
        append_text(out, row->date[0] ? row->date : "undated");
        append_text(out, "</td><td><a href=\"");
        append_text(out, row->archive_name);
        append_text(out, ".html\">");
        text_append_escaped(out, row->number ? row->number : bulletin_kind_name(row->kind));
        append_text(out, "</a></td><td>");
        if (row->severity >= 0)
                archive_add_badge(out, FIELD_SEVERITY, row->severity);
        append_text(out, "</td><td>");
        if (row->urgency >= 0)
                archive_add_badge(out, FIELD_URGENCY, row->urgency);
        append_text(out, "</td><td>");
        text_append_escaped(out, row->title);
        if (row->revisions > 1) {
                append_text(out, " <span class=\"soft\">");
                append_number(out, row->revisions);
                append_text(out, " revisions</span>");
        }
        append_text(out, "</td></tr>\n");
}

/* Rows come in the order in which they are to stand, those that are unverified behind all others. */
struct index_state { char year[5]; bool open, unverified; };

#define TABLE_HEAD "<table>\n<tr><th>Updated</th><th>Bulletin</th><th>Severity</th><th>Urgency</th><th>Title</th></tr>\n"

static void begin_index(struct index_state *index, GString *out, int64_t bulletins)
{
        *index = (struct index_state) { .year = "-" };
        archive_begin_head(out);
        append_text(out, "hotfixd archive");
        archive_end_head(out, index_style);
        append_text(out, "<h1>Security bulletins</h1>\n<p class=\"soft\">");
        append_number(out, (guint64) bulletins);
        append_text(out, bulletins == 1 ? " bulletin</p>\n" : " bulletins</p>\n");
}

static void close_table(struct index_state *index, GString *out)
{
        append_text(out, index->open ? "</table>\n" : "");
        index->open = true;
}

static void add_row(struct index_state *index, GString *out, const struct bulletin_row *row)
{
        if (row->unverified && !index->unverified) {
                close_table(index, out);
                index->unverified = true;
                append_text(out, "<h2>Unverified</h2>\n<div class=\"warning\">The senders of these could not be "
                                     "verified: they may be forged, and nobody was told of them.</div>\n" TABLE_HEAD);
        } else if (!row->unverified && (strncmp(row->date, index->year, 4) != 0 || !index->open)) {
                close_table(index, out);
                g_strlcpy(index->year, row->date, sizeof index->year);
                append_text(out, "<h2>");
                append_text(out, index->year[0] ? index->year : "Undated");
                append_text(out, "</h2>\n" TABLE_HEAD);
        }
        append_row(out, row);
}

static void end_index(struct index_state *index, GString *out)
{
        close_table(index, out);
        append_text(out, "</body>\n</html>\n");
}

/* The index in the making: its rows go to the file one by one, however many there are. */
struct index_writing { struct file_writer *file; GString *text; struct index_state state; bool left_out; };

static void flush_index(struct index_writing *w)
{
        file_writer_append(w->file, w->text->str, w->text->len);
        g_string_truncate(w->text, 0);
}

static void write_index_row(const struct bulletin_row *row, void *context)
{
        struct index_writing *w = context;
        add_row(&w->state, w->text, row);
        if (w->text->len >= FLUSH_BYTES)
                flush_index(w);
}

/* Those that are unverified stand behind all others. There being none is the usual case, and looking for them is to look at
 * every bulletin. */
static void write_if_verified(const struct bulletin_row *row, void *context)
{
        struct index_writing *w = context;
        if (row->unverified)
                w->left_out = true;
        else
                write_index_row(row, w);
}

static int write_index_rows(struct database *db, struct index_writing *w, struct error *err)
{
        struct bulletin_filter all = { .kind = -1, .without_content = true };
        struct bulletin_filter others = { .kind = -1, .without_content = true, .trust = BULLETINS_UNVERIFIED };
        int64_t bulletins;
        int r = bulletins_count_verified(db, &bulletins, err);
        if (r < 0)
                return r;
        begin_index(&w->state, w->text, bulletins);
        r = bulletins_each(db, &all, write_if_verified, w, err);
        if (r == 0 && w->left_out)
                r = bulletins_each(db, &others, write_index_row, w, err);
        end_index(&w->state, w->text);
        flush_index(w);
        return r;
}

int archive_write_index(struct database *db, const char *directory, struct error *err)
{
        g_autofree char *path = g_build_filename(directory, "index.html", NULL);
        struct index_writing w = { .text = NULL };
        int r = file_writer_open(path, ARCHIVE_FILE_MODE, &w.file, err);
        if (r < 0)
                return r;
        w.text = g_string_sized_new(FLUSH_BYTES);
        r = database_begin_reading(db, err);
        if (r == 0) {
                r = write_index_rows(db, &w, err);
                database_rollback(db);
        }
        g_string_free(w.text, TRUE);
        if (r == 0)
                return file_writer_commit(w.file, err);
        file_writer_abort(w.file);
        return r;
}
