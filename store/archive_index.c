/* SPDX-License-Identifier: MIT */
/* The archive's index page: every bulletin, by year. */
#include <string.h>

#include "common/file_writer.h"
#include "store/archive_p.h"

#define FLUSH_BYTES ((size_t) 16 * 1024)

static const char index_style[] =
        "body{max-width:75rem}td:nth-child(1),td:nth-child(2),td:nth-child(3),td:nth-child(4){white-space:nowrap}"
        "@media(max-width:45rem){table,tbody,tr,td{display:block}th{display:none}td{border:0;padding:.1rem .3rem}"
        "tr{border-bottom:1px solid var(--line);padding:.4rem 0}}";

static void append_row(struct archive_text *out, const struct bulletin_row *row)
{
        archive_text_add(out, "<tr><td>");
        archive_text_add(out, row->date[0] ? row->date : "undated");
        archive_text_add(out, "</td><td><a href=\"");
        archive_text_add(out, row->archive_name);
        archive_text_add(out, ".html\">");
        archive_text_add_escaped(out, row->number ? row->number : bulletin_kind_name(row->kind));
        archive_text_add(out, "</a></td><td>");
        if (row->severity >= 0)
                archive_add_badge(out, FIELD_SEVERITY, row->severity);
        archive_text_add(out, "</td><td>");
        if (row->urgency >= 0)
                archive_add_badge(out, FIELD_URGENCY, row->urgency);
        archive_text_add(out, "</td><td>");
        archive_text_add_escaped(out, row->title);
        if (row->revisions > 1) {
                archive_text_add(out, " <span class=\"soft\">");
                archive_text_add_number(out, row->revisions);
                archive_text_add(out, " revisions</span>");
        }
        archive_text_add(out, "</td></tr>\n");
}

/* Rows come in the order in which they are to stand, those that are unverified behind all others. */
struct index_state { char year[5]; bool open, unverified; };

#define TABLE_HEAD "<table>\n<tr><th>Updated</th><th>Bulletin</th><th>Severity</th><th>Urgency</th><th>Title</th></tr>\n"

static void begin_index(struct index_state *index, struct archive_text *out, int64_t bulletins)
{
        *index = (struct index_state) { .year = "-" };
        archive_begin_head(out);
        archive_text_add(out, "hotfixd archive");
        archive_end_head(out, index_style);
        archive_text_add(out, "<h1>Security bulletins</h1>\n<p class=\"soft\">");
        archive_text_add_number(out, bulletins);
        archive_text_add(out, bulletins == 1 ? " bulletin</p>\n" : " bulletins</p>\n");
}

static void close_table(struct index_state *index, struct archive_text *out)
{
        archive_text_add(out, index->open ? "</table>\n" : "");
        index->open = true;
}

static void add_row(struct index_state *index, struct archive_text *out, const struct bulletin_row *row)
{
        if (row->unverified && !index->unverified) {
                close_table(index, out);
                index->unverified = true;
                archive_text_add(out, "<h2>Unverified</h2>\n<div class=\"warning\">The senders of these could not be "
                                     "verified: they may be forged, and nobody was told of them.</div>\n" TABLE_HEAD);
        } else if (!row->unverified && (strncmp(row->date, index->year, 4) != 0 || !index->open)) {
                close_table(index, out);
                g_strlcpy(index->year, row->date, sizeof index->year);
                archive_text_add(out, "<h2>");
                archive_text_add(out, index->year[0] ? index->year : "Undated");
                archive_text_add(out, "</h2>\n" TABLE_HEAD);
        }
        append_row(out, row);
}

static void end_index(struct index_state *index, struct archive_text *out)
{
        close_table(index, out);
        archive_text_add(out, "</body>\n</html>\n");
}

/* The index in the making: its rows go to the file one by one, however many there are. */
struct index_writing { struct file_writer *file; struct archive_text text; struct index_state state; };

static void flush_index(struct index_writing *w)
{
        file_writer_append(w->file, w->text.data, w->text.size);
        archive_text_restart(&w->text);
}

static void write_index_row(const struct bulletin_row *row, void *context)
{
        struct index_writing *w = context;
        add_row(&w->state, &w->text, row);
        if (w->text.size >= FLUSH_BYTES)
                flush_index(w);
}

static int write_index_rows(struct database *db, struct index_writing *w, struct error *err)
{
        struct bulletin_filter verified = { .kind = -1, .without_content = true, .trust = BULLETINS_VERIFIED };
        struct bulletin_filter others = { .kind = -1, .without_content = true, .trust = BULLETINS_UNVERIFIED };
        int64_t bulletins, revisions;
        int r = bulletins_count(db, &bulletins, &revisions, err);
        if (r < 0)
                return r;
        begin_index(&w->state, &w->text, bulletins);
        r = bulletins_each(db, &verified, write_index_row, w, err);
        if (r == 0)
                r = bulletins_each(db, &others, write_index_row, w, err);
        end_index(&w->state, &w->text);
        flush_index(w);
        return r;
}

int archive_write_index(struct database *db, const char *directory, struct error *err)
{
        g_autofree char *path = g_build_filename(directory, "index.html", NULL);
        struct index_writing w = { .text = ARCHIVE_TEXT_INIT };
        int r = file_writer_open(path, ARCHIVE_FILE_MODE, &w.file, err);
        if (r < 0)
                return r;
        r = database_begin_reading(db, err);
        if (r == 0) {
                r = write_index_rows(db, &w, err);
                database_rollback(db);
        }
        archive_text_clear(&w.text);
        if (r == 0)
                return file_writer_commit(w.file, err);
        file_writer_abort(w.file);
        return r;
}
