/* SPDX-License-Identifier: MIT */
/* The files of one bulletin: its mails, its JSON and, last, the page that points to them. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/append.h"
#include "common/bulletin_json.h"
#include "common/bulletin_mark.h"
#include "common/limits.h"
#include "store/archive_p.h"
#include "store/mails.h"

#define DIGITS 12 /* of a mail's SHA-256 in its file's name */
#define TEXT_ROOM (64u * KIB) /* most files need no more */
#define TEXT_ROOM_KEPT (256u * KIB)
#define SUFFIX_ROOM (DIGITS + sizeof "..html")

/* Everything one bulletin's files are made of. */
struct bulletin_writing {
        struct archive_writing *to;
        const struct bulletin_row *row;
        GPtrArray *revisions, *mails; /* struct revision_row, struct archive_mail */
        GString *path;                /* of its files, without what they end in */
};

void archive_writing_init(struct archive_writing *writing, struct database *db, const char *directory)
{
        *writing = (struct archive_writing) { .db = db, .directory = directory, .files = file_batch_new(),
                                              .text = g_string_sized_new(TEXT_ROOM) };
}

void archive_writing_clear(struct archive_writing *writing)
{
        file_batch_free(writing->files);
        g_string_free(writing->text, TRUE);
}

GString *archive_text_again(GString *text)
{
        if (text->allocated_len <= TEXT_ROOM_KEPT)
                return g_string_truncate(text, 0);
        g_string_free(text, TRUE);
        return g_string_sized_new(TEXT_ROOM);
}

static GString *begin_text(struct bulletin_writing *w)
{
        return w->to->text = archive_text_again(w->to->text);
}

static void free_mail(gpointer data)
{
        struct archive_mail *mail = data;
        g_free(mail->file);
        g_free(mail->subject);
        g_free(mail->from);
        g_free(mail->date);
        g_free(mail->unverified);
        g_free(mail);
}

static void begin_writing(struct bulletin_writing *w, struct archive_writing *to, const struct bulletin_row *row)
{
        *w = (struct bulletin_writing) { .to = to, .row = row };
        w->path = g_string_sized_new(strlen(to->directory) + strlen(row->archive_name) + SUFFIX_ROOM);
        g_string_append(w->path, to->directory);
        g_string_append_c(w->path, '/');
        g_string_append(w->path, row->archive_name);
}

static void end_writing(struct bulletin_writing *w)
{
        g_clear_pointer(&w->revisions, g_ptr_array_unref);
        g_clear_pointer(&w->mails, g_ptr_array_unref);
        g_string_free(w->path, TRUE);
}

static int write_file(struct bulletin_writing *w, const char *suffix, const void *data, size_t size, struct error *err)
{
        gsize stem = w->path->len;
        g_string_append(w->path, suffix);
        int r = file_batch_write(w->to->files, w->path->str, data, size, ARCHIVE_FILE_MODE, ARCHIVE_DIRECTORY_MODE, err);
        g_string_truncate(w->path, stem);
        if (r == 0 && w->to->written)
                g_hash_table_add(w->to->written, g_strconcat(w->row->archive_name, suffix, NULL));
        return r;
}

static int write_text(struct bulletin_writing *w, const char *suffix, struct error *err)
{
        return write_file(w, suffix, w->to->text->str, w->to->text->len, err);
}

/* Takes the texts. */
static void add_mail(struct bulletin_writing *w, const char *suffix, char *subject, char *from, char *date, char *unverified)
{
        struct archive_mail *mail = g_new0(struct archive_mail, 1);
        mail->file = g_strconcat(archive_name_base(w->row->archive_name), suffix, NULL);
        mail->subject = subject;
        mail->from = from;
        mail->date = date;
        mail->unverified = unverified;
        g_ptr_array_add(w->mails, mail);
}

/* The mail that stands may have been one of the others before. */
static int remove_other(struct bulletin_writing *w, const char *suffix, struct error *err)
{
        g_autofree char *path = g_strconcat(w->path->str, suffix, NULL);
        if (unlink(path) < 0 && errno != ENOENT)
                return error_set(err, -errno, "%s: cannot be removed: %s", path, strerror(errno));
        return 0;
}

static int write_mail(struct bulletin_writing *w, int64_t mail_id, bool stands, struct error *err)
{
        struct mail_row *row;
        int r = mails_get(w->to->db, mail_id, &row, err);
        if (r < 0)
                return r;
        g_autofree char *other = g_strdup_printf(".%.*s.eml", DIGITS, row->sha256);
        const char *suffix = stands ? ".eml" : other;
        char *data = NULL;
        size_t size;
        r = mails_read(w->to->db, mail_id, &data, &size, err);
        if (r == 0)
                r = write_file(w, suffix, data, size, err);
        g_free(data);
        if (r == 0 && stands)
                r = remove_other(w, other, err);
        if (r == 0)
                add_mail(w, suffix, g_steal_pointer(&row->subject), g_steal_pointer(&row->from),
                         g_steal_pointer(&row->date), g_steal_pointer(&row->unverified));
        mail_row_free(row);
        return r;
}

static int write_mails(struct bulletin_writing *w, struct error *err)
{
        GArray *ids;
        w->mails = g_ptr_array_new_with_free_func(free_mail);
        int r = bulletins_mails(w->to->db, w->row->id, &ids, err);
        if (r < 0)
                return r;
        for (guint i = 0; r == 0 && i < ids->len; i++)
                r = write_mail(w, g_array_index(ids, int64_t, i), i == 0, err);
        g_array_unref(ids);
        return r;
}

static int write_unverified_json(struct bulletin_writing *w, struct error *err)
{
        const struct archive_mail *mail = w->mails->len > 0 ? g_ptr_array_index(w->mails, 0) : NULL;
        json_t *json = bulletin_to_json(w->row->current);
        bulletin_mark_unverified(json, mail ? mail->unverified : NULL);
        char *text = json_dumps(json, JSON_INDENT(2));
        json_decref(json);
        if (!text)
                return error_set(err, -ENOMEM, "%s: out of memory", w->row->archive_name);
        GString *out = begin_text(w);
        append_text(out, text);
        append_char(out, '\n');
        free(text);
        return write_text(w, ".json", err);
}

/* text: its JSON in one line, or NULL: it is made. */
static int write_json(struct bulletin_writing *w, const char *text, struct error *err)
{
        if (w->row->unverified)
                return write_unverified_json(w, err);
        g_autofree char *made = text ? NULL : bulletin_to_text(w->row->current);
        archive_json_render(begin_text(w), text ? text : made);
        return write_text(w, ".json", err);
}

static int write_page(struct bulletin_writing *w, struct error *err)
{
        archive_page_render(begin_text(w), w->row, w->revisions, w->mails);
        return write_text(w, ".html", err);
}

/* The page last: what it points to is there. */
static int write_json_and_page(struct bulletin_writing *w, const char *text, struct error *err)
{
        int r = write_json(w, text, err);
        return r < 0 ? r : write_page(w, err);
}

/* Its one revision, as bulletins_revisions gives it as far as the page shows it, and its one mail. */
int archive_write_fresh(struct archive_writing *writing, const struct archive_due *due, const struct archive_fresh *fresh,
                        struct error *err)
{
        struct bulletin *bulletin = fresh->bulletin;
        struct bulletin_row row = { .id = due->bulletin_id, .archive_name = due->name, .unverified = due->unverified,
                                    .current = bulletin };
        g_autoptr(GPtrArray) no_changes = g_ptr_array_new();
        struct revision_row revision = { .registered = bulletin->registered, .updated = bulletin->updated, .current = true,
                                         .variants = 1, .changes = no_changes, .content = bulletin };
        g_autofree char *file = g_strconcat(archive_name_base(due->name), ".eml", NULL);
        struct archive_mail mail = { .file = file, .subject = bulletin->mail.subject, .from = bulletin->mail.from,
                                     .date = bulletin->mail.date, .unverified = fresh->unverified };
        struct bulletin_writing w;
        begin_writing(&w, writing, &row);
        w.revisions = g_ptr_array_new();
        g_ptr_array_add(w.revisions, &revision);
        w.mails = g_ptr_array_new();
        g_ptr_array_add(w.mails, &mail);
        int r = write_file(&w, ".eml", fresh->data, fresh->size, err);
        if (r == 0)
                r = write_json_and_page(&w, fresh->text, err);
        end_writing(&w);
        if (r < 0)
                error_prefix(err, "archive of %s", due->key);
        return r;
}

/* The content of the current revision is that of the row: it is read once. */
static int load_content(struct bulletin_writing *w, struct bulletin_row *row, struct error *err)
{
        int r = bulletins_revisions(w->to->db, row->id, &w->revisions, err);
        for (guint i = 0; r == 0 && i < w->revisions->len; i++) {
                const struct revision_row *revision = g_ptr_array_index(w->revisions, i);
                if (revision->current)
                        row->current = revision->content;
        }
        if (r == 0 && !row->current)
                r = error_set(err, -ERR_STORE_CORRUPT, "its current revision is missing");
        return r;
}

static int write_row(struct archive_writing *writing, struct bulletin_row *row, struct error *err)
{
        struct bulletin_writing w;
        begin_writing(&w, writing, row);
        int r = load_content(&w, row, err);
        if (r == 0)
                r = write_mails(&w, err);
        if (r == 0)
                r = write_json_and_page(&w, NULL, err);
        if (r < 0)
                error_prefix(err, "archive of %s", row->key);
        row->current = NULL; /* it belongs to its revision */
        end_writing(&w);
        return r;
}

int archive_write_bulletin(struct archive_writing *writing, int64_t bulletin_id, struct error *err)
{
        struct bulletin_row *row;
        int r = database_begin_reading(writing->db, err);
        if (r < 0)
                return r;
        r = bulletins_get_head(writing->db, bulletin_id, &row, err);
        if (r == 0) {
                r = write_row(writing, row, err);
                bulletin_row_free(row);
        }
        database_rollback(writing->db);
        return r;
}
