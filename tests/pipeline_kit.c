/* SPDX-License-Identifier: MIT */
#include "tests/pipeline_kit.h"

#include <stdarg.h>
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/log.h"
#include "tests/support.h"

#define NOW_MS 1190000000000

static struct route *make_route(const char *name, int severity, int urgency, bool updates)
{
        struct route *route = route_new(name);
        route->severity = severity;
        route->urgency = urgency;
        route->updates = updates;
        g_ptr_array_add(route->channels, g_strdup("log"));
        return route;
}

void kit_open(struct kit *kit)
{
        struct error err = ERROR_INIT;
        clock_set_for_test(NOW_MS, 1000);
        log_set_level(LOG_LEVEL_ERROR);
        *kit = (struct kit) { .directory = support_temporary_directory(), .config = g_new0(struct config, 1) };
        kit->config->state_dir = g_strdup(kit->directory);
        kit->config->database_file = g_build_filename(kit->directory, "hotfixd.db", NULL);
        kit->config->archive_dir = g_build_filename(kit->directory, "archive", NULL);
        kit->config->calendar = calendar_new("Asia/Tokyo");
        kit->config->mailboxes = g_ptr_array_new();
        kit->config->channels = g_ptr_array_new_with_free_func((GDestroyNotify) channel_free);
        kit->config->routes = g_ptr_array_new_with_free_func((GDestroyNotify) route_free);
        g_ptr_array_add(kit->config->channels, channel_new("log", CHANNEL_LOG));
        g_ptr_array_add(kit->config->routes, make_route("ops", SEVERITY_CRITICAL, URGENCY_IMMEDIATE, true));
        g_ptr_array_add(kit->config->routes, make_route("mail", SEVERITY_IMPORTANT, 0, false));
        int r = database_open(kit->config->database_file, DATABASE_CREATE, &kit->db, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
}

void kit_close(struct kit *kit)
{
        database_close(kit->db);
        config_free(kit->config);
        g_free(kit->directory);
        clock_set_for_test(-1, -1);
}

static struct job *new_job(struct kit *kit, enum job_kind kind)
{
        struct job *job = job_new(kind);
        job->source = g_strdup("imap:work");
        job->mailbox = g_strdup("work");
        job->location = g_strdup("me@host/INBOX");
        job->cursor = (struct cursor) { .known = true, .uid_validity = 7, .last_uid = kit->last_uid, .history_done = true };
        return job;
}

static struct job *new_mail(struct kit *kit, char *bytes)
{
        kit->last_uid++;
        struct job *job = new_job(kit, JOB_MAIL);
        job->uid = kit->last_uid;
        job->received_ms = NOW_MS;
        job->data = bytes;
        job->size = strlen(bytes);
        return job;
}

struct job *kit_mail(struct kit *kit, const char *id, const char *registered, const char *updated, int severity, int urgency,
                     const char *title, const char *salt)
{
        struct job *job = new_mail(kit, g_strdup_printf("Subject: %s\r\n\r\n%s %s %d %d %s %s\r\n", id, registered, updated,
                                                        severity, urgency, title, salt));
        struct bulletin *b = bulletin_new();
        char sha256[DIGEST_TEXT_SIZE];
        digest_sha256(job->data, job->size, sha256);
        b->feed = g_strdup("hotfix-report");
        b->kind = BULLETIN_ALERT;
        b->id = g_strdup(id);
        b->title = g_strdup(title);
        g_strlcpy(b->registered, registered, sizeof b->registered);
        g_strlcpy(b->updated, updated, sizeof b->updated);
        if (severity)
                bulletin_set_field(b, FIELD_SEVERITY, BASIS_STATED, severity, NULL, NULL);
        else
                bulletin_set_undetermined(b, FIELD_SEVERITY, NULL, "the mark is lost");
        if (urgency)
                bulletin_set_field(b, FIELD_URGENCY, BASIS_STATED, urgency, NULL, NULL);
        else
                bulletin_set_undetermined(b, FIELD_URGENCY, NULL, "not stated");
        b->mail.subject = g_strdup(id);
        b->mail.sha256 = g_strdup(sha256);
        job->result.outcome = READER_RECOGNISED;
        job->result.bulletin = b;
        job->result.text = g_strdup(title);
        g_autofree char *lower = g_ascii_strdown(id, -1);
        job->result.archive_name = g_strdup_printf("alert/2007/%s", lower);
        return job;
}

struct job *kit_unreadable(struct kit *kit, int code, const char *text)
{
        struct job *job = new_mail(kit, g_strdup_printf("bytes of %s", text));
        job->code = code;
        error_set(&job->error, code, "%s", text);
        return job;
}

struct job *kit_mark(struct kit *kit, guint32 history_uid)
{
        struct job *job = new_job(kit, JOB_MARK);
        job->cursor.history_uid = history_uid;
        job->cursor.history_done = false;
        job->complete = true;
        return job;
}

void kit_commit(struct kit *kit, struct job *first, ...)
{
        struct error err = ERROR_INIT;
        g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify) job_free);
        va_list more;
        va_start(more, first);
        for (struct job *job = first; job; job = va_arg(more, struct job *))
                g_ptr_array_add(jobs, job);
        va_end(more);
        int r = pipeline_commit(kit->db, kit->config, jobs, NULL, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
}

char *kit_query(struct database *db, const char *sql)
{
        struct error err = ERROR_INIT;
        struct statement *statement;
        int r = database_prepare(db, sql, &statement, &err);
        ck_assert_msg(r == 0, "%s", error_text(&err));
        GString *out = g_string_new(NULL);
        while ((r = statement_step(statement, &err)) > 0) {
                const char *text = statement_text(statement, 0);
                g_string_append_printf(out, "%s%s", out->len ? "\n" : "", text ? text : "NULL");
        }
        ck_assert_msg(r == 0, "%s", error_text(&err));
        statement_done(statement);
        return g_string_free(out, FALSE);
}
