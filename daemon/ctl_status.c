/* SPDX-License-Identifier: MIT */
#include "build_config.h"

#include <string.h>
#include <unistd.h>

#include "daemon/ctl_alerts_p.h"
#include "daemon/ctl_status_p.h"
#include "daemon/table.h"
#include "store/bulletins.h"
#include "store/conditions.h"
#include "store/cursors.h"
#include "store/mails.h"
#include "store/outbox.h"

struct status {
        guint64 pid; /* of the running daemon; 0: none */
        GPtrArray *cursors, *states;
        GPtrArray *feeds, *conditions;
        struct alert_counts alerts;
        int64_t bulletins, revisions, unverified_bulletins, unverified_mails;
        int64_t mails[MAIL_OUTCOME_MAX], deliveries[DELIVERY_STATE_MAX];
};

static int load_counts(struct database *db, struct status *status, struct error *err)
{
        int r = bulletins_count(db, &status->bulletins, &status->revisions, err);
        if (r == 0)
                r = bulletins_count_unverified(db, &status->unverified_bulletins, err);
        if (r == 0)
                r = mails_count_unverified(db, &status->unverified_mails, err);
        for (int i = 0; r == 0 && i < MAIL_OUTCOME_MAX; i++)
                r = mails_count(db, (enum mail_outcome) i, &status->mails[i], err);
        for (int i = 0; r == 0 && i < DELIVERY_STATE_MAX; i++)
                r = outbox_count(db, (enum delivery_state) i, &status->deliveries[i], err);
        if (r == 0)
                r = alerts_count(db, &status->alerts, err);
        if (r == 0)
                r = cursors_list(db, &status->cursors, &status->states, err);
        if (r == 0)
                r = conditions_open(db, &status->conditions, err);
        if (r == 0)
                r = status_load_feeds(db, &status->feeds, err);
        return r;
}

static const struct mailbox_state *find_state(const struct status *status, const char *mailbox)
{
        for (guint i = 0; i < status->states->len; i++) {
                const struct mailbox_state *state = g_ptr_array_index(status->states, i);
                if (strcmp(state->mailbox, mailbox) == 0)
                        return state;
        }
        return NULL;
}

static const struct cursor_row *find_cursor(const struct status *status, const struct config_mailbox *mailbox)
{
        for (guint i = 0; i < status->cursors->len; i++) {
                const struct cursor_row *cursor = g_ptr_array_index(status->cursors, i);
                if (strcmp(cursor->mailbox, mailbox->name) == 0 && strcmp(cursor->location, mailbox->location) == 0)
                        return cursor;
        }
        return NULL;
}

/* What was last written down is true only while somebody is there to write. */
static const char *state_name(const struct status *status, const struct mailbox_state *state)
{
        if (!state)
                return "never run";
        return status->pid ? state->state : "stopped";
}

static json_t *mailbox_to_json(const struct status *status, const struct config_mailbox *mailbox)
{
        const struct mailbox_state *state = find_state(status, mailbox->name);
        const struct cursor_row *cursor = find_cursor(status, mailbox);
        json_t *json = json_object();
        json_object_set_new(json, "name", json_string(mailbox->name));
        json_object_set_new(json, "location", json_string(mailbox->location));
        json_object_set_new(json, "state", json_string(state_name(status, state)));
        json_object_set_new(json, "since", ctl_json_time(state ? state->changed_ms : 0));
        json_object_set_new(json, "mode", ctl_json_text(state ? state->mode : NULL));
        json_object_set_new(json, "error", ctl_json_text(state ? state->error : NULL));
        json_object_set_new(json, "problem", ctl_json_text(state ? state->problem : NULL));
        json_object_set_new(json, "failures", json_integer(state ? state->failures : 0));
        json_object_set_new(json, "failing_since", ctl_json_time(state ? state->failing_ms : 0));
        json_object_set_new(json, "retry", ctl_json_time(state && status->pid ? state->retry_ms : 0));
        json_object_set_new(json, "synced", ctl_json_time(cursor ? cursor->synced_ms : 0));
        json_object_set_new(json, "reconciled", ctl_json_time(state ? state->reconciled_ms : 0));
        json_object_set_new(json, "last_mail", ctl_json_time(state ? state->last_mail_ms : 0));
        json_object_set_new(json, "uid_validity", cursor ? json_integer(cursor->uid_validity) : json_null());
        json_object_set_new(json, "last_uid", cursor ? json_integer(cursor->last_uid) : json_null());
        return json;
}

static int print_json(const struct status *status)
{
        json_t *mails = json_object(), *deliveries = json_object(), *mailboxes = json_array(), *json = json_object();
        for (int i = 0; i < MAIL_REPLACED; i++) /* such a mail counts as the one that replaces it */
                json_object_set_new(mails, mail_outcome_name((enum mail_outcome) i), json_integer(status->mails[i]));
        for (int i = 0; i < DELIVERY_STATE_MAX; i++)
                json_object_set_new(deliveries, delivery_state_name((enum delivery_state) i),
                                    json_integer(status->deliveries[i]));
        for (guint i = 0; i < ctl.config->mailboxes->len; i++)
                json_array_append_new(mailboxes, mailbox_to_json(status, g_ptr_array_index(ctl.config->mailboxes, i)));
        json_object_set_new(json, "schema", json_string("hotfixd.status/1"));
        json_object_set_new(json, "version", json_string(PACKAGE_VERSION));
        json_object_set_new(json, "running", json_boolean(status->pid != 0));
        json_object_set_new(json, "pid", status->pid ? json_integer((json_int_t) status->pid) : json_null());
        json_object_set_new(json, "state_dir", json_string(ctl.config->state_dir));
        json_object_set_new(json, "mailboxes", mailboxes);
        json_object_set_new(json, "bulletins", json_integer(status->bulletins));
        json_object_set_new(json, "revisions", json_integer(status->revisions));
        json_object_set_new(json, "mails", mails);
        json_object_set_new(json, "unverified", json_pack("{s:I,s:I}", "bulletins", (json_int_t) status->unverified_bulletins,
                                                          "mails", (json_int_t) status->unverified_mails));
        json_object_set_new(json, "alerts", ctl_alert_counts_to_json(&status->alerts));
        json_object_set_new(json, "deliveries", deliveries);
        json_object_set_new(json, "conditions", status_conditions_to_json(status->conditions));
        json_object_set_new(json, "feeds", status_feeds_to_json(status->feeds));
        return ctl_print_json(json);
}

/* What is wrong with a mailbox, since when, and what comes next. */
static void print_error(const struct status *status, const struct mailbox_state *state)
{
        printf("%s: %s\n", state->mailbox, state->error);
        if (state->failures > 0) {
                g_autofree char *since = ctl_time(state->failing_ms);
                printf("    %u failure%s in a row since %s\n", state->failures, state->failures == 1 ? "" : "s", since);
        }
        if (status->pid && state->retry_ms) {
                g_autofree char *retry = ctl_time(state->retry_ms);
                printf("    next attempt %s\n", retry);
        }
}

static void print_mailboxes(const struct status *status)
{
        struct table *table = table_new("MAILBOX", "STATE", "SINCE", "LAST SYNC", "LOCATION", NULL);
        for (guint i = 0; i < ctl.config->mailboxes->len; i++) {
                const struct config_mailbox *mailbox = g_ptr_array_index(ctl.config->mailboxes, i);
                const struct mailbox_state *state = find_state(status, mailbox->name);
                const struct cursor_row *cursor = find_cursor(status, mailbox);
                g_autofree char *since = ctl_time(state ? state->changed_ms : 0);
                g_autofree char *synced = ctl_time(cursor ? cursor->synced_ms : 0);
                table_add(table, mailbox->name, state_name(status, state), since, synced, mailbox->location);
        }
        table_print(table, stdout, table_terminal_width(STDOUT_FILENO));
        table_free(table);
        for (guint i = 0; i < ctl.config->mailboxes->len; i++) {
                const struct config_mailbox *mailbox = g_ptr_array_index(ctl.config->mailboxes, i);
                const struct mailbox_state *state = find_state(status, mailbox->name);
                if (state && state->error)
                        print_error(status, state);
        }
}

static int print_text(const struct status *status)
{
        if (status->pid)
                printf("hotfixd is running (process %" G_GUINT64_FORMAT "), state in %s\n\n", status->pid, ctl.config->state_dir);
        else
                printf("hotfixd is not running; state in %s\n\n", ctl.config->state_dir);
        print_mailboxes(status);
        printf("\nbulletins   %" G_GINT64_FORMAT " (%" G_GINT64_FORMAT " revision%s)\n", status->bulletins,
               status->revisions, status->revisions == 1 ? "" : "s");
        printf("mails       %" G_GINT64_FORMAT " of bulletins, %" G_GINT64_FORMAT " unrecognised, %" G_GINT64_FORMAT
               " quarantined\n", status->mails[MAIL_BULLETIN], status->mails[MAIL_UNRECOGNISED],
               status->mails[MAIL_QUARANTINED]);
        if (status->mails[MAIL_QUARANTINED] > 0)
                puts("            see 'hotfixctl quarantine list'; try them again: 'hotfixctl quarantine retry --all'");
        if (status->unverified_mails > 0)
                printf("unverified  %" G_GINT64_FORMAT " mail%s, kept apart as %" G_GINT64_FORMAT " bulletin%s: "
                       "'hotfixctl list --unverified'\n", status->unverified_mails, status->unverified_mails == 1 ? "" : "s",
                       status->unverified_bulletins, status->unverified_bulletins == 1 ? "" : "s");
        ctl_alert_counts_print(&status->alerts);
        printf("deliveries  %" G_GINT64_FORMAT " sent, %" G_GINT64_FORMAT " waiting, %" G_GINT64_FORMAT " given up\n",
               status->deliveries[DELIVERY_SENT], status->deliveries[DELIVERY_PENDING], status->deliveries[DELIVERY_DEAD]);
        status_print_conditions(status->conditions);
        status_print_feeds(status->feeds);
        return CTL_DONE;
}

int ctl_status(const struct ctl_command *command, int argc, char **argv)
{
        int status_code;
        int c = ctl_next_option(command, argc, argv, NULL, &status_code);
        if (c == -2)
                return status_code;
        if (optind < argc)
                return ctl_usage_error(command, "unexpected argument '%s'", argv[optind]);
        struct database *db;
        if ((status_code = ctl_load_config()) != 0 || (status_code = ctl_open_database(DATABASE_READ, &db)) != 0)
                return status_code;
        struct status status = { .pid = ctl_daemon_pid() };
        struct error err = ERROR_INIT;
        int r = load_counts(db, &status, &err);
        int result = r < 0 ? ctl_fail(&err) : ctl.json ? print_json(&status) : print_text(&status);
        g_clear_pointer(&status.cursors, g_ptr_array_unref);
        g_clear_pointer(&status.states, g_ptr_array_unref);
        g_clear_pointer(&status.feeds, g_ptr_array_unref);
        g_clear_pointer(&status.conditions, g_ptr_array_unref);
        database_close(db);
        return result;
}
