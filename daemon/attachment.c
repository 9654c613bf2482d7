/* SPDX-License-Identifier: MIT */
#include "daemon/attachment.h"

#include <glib.h>
#include <string.h>

#include "common/bulletin_csaf.h"
#include "store/bulletins.h"
#include "store/mails.h"
#include "store/replay.h"

int attachment_original_read(void *context, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err)
{
        const struct attachment_context *attachment = context;
        return mails_read(attachment->db, mail_id, ret_data, ret_size, err);
}

/* Those up to the one with this id; *ret_last is NULL if it is not among them. */
static struct csaf_revision *history_of(const GPtrArray *revisions, int64_t revision_id, size_t *ret_count,
                                        const struct revision_row **ret_last)
{
        struct csaf_revision *history = g_new0(struct csaf_revision, revisions->len + 1);
        *ret_count = 0;
        *ret_last = NULL;
        for (guint i = 0; i < revisions->len && !*ret_last; i++) {
                const struct revision_row *revision = g_ptr_array_index(revisions, i);
                history[(*ret_count)++] = (struct csaf_revision) { revision->registered, revision->updated };
                if (revision->id == revision_id)
                        *ret_last = revision;
        }
        return history;
}

static int write_csaf(const struct bulletin *content, const GPtrArray *revisions, int64_t revision_id, char **ret_text,
                      struct error *err)
{
        size_t count;
        const struct revision_row *last;
        g_autofree struct csaf_revision *history = history_of(revisions, revision_id, &count, &last);
        if (!last)
                return error_set(err, -ERR_NOT_FOUND, "the revision is no longer there");
        g_autofree char *key = bulletin_key(content);
        return bulletin_to_csaf(content, key, history, count, ret_text, err);
}

static int read_csaf(struct database *db, const struct replay_record *record, char **ret_text, struct error *err)
{
        int64_t revision_id = record->mail->revision_id, bulletin_id = 0;
        if (!record->content || revision_id == 0)
                return error_set(err, -ERR_NOT_FOUND, "mail %" G_GINT64_FORMAT " brought no bulletin", record->mail->id);
        GPtrArray *revisions = NULL;
        int r = bulletins_of_revision(db, revision_id, &bulletin_id, err);
        if (r == 0)
                r = bulletins_revisions(db, bulletin_id, &revisions, err);
        if (r == 0)
                r = write_csaf(record->content, revisions, revision_id, ret_text, err);
        g_clear_pointer(&revisions, g_ptr_array_unref);
        return r;
}

int attachment_csaf_read(void *context, int64_t mail_id, char **ret_data, size_t *ret_size, struct error *err)
{
        const struct attachment_context *attachment = context;
        struct replay_record *record = NULL;
        char *text = NULL;
        int r = replay_read(attachment->db, mail_id, &record, err);
        if (r == 0)
                r = read_csaf(attachment->db, record, &text, err);
        replay_record_free(record);
        if (r < 0)
                return r;
        *ret_size = strlen(text);
        *ret_data = text;
        return 0;
}
