/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "common/text.h"
#include "daemon/ctl_alerts_p.h"
#include "daemon/ctl_list_p.h"
#include "daemon/table.h"
#include "store/bulletins.h"
#include "store/mails.h"

struct list_options {
        struct bulletin_filter filter;
        int outcome; /* -1: bulletins; else the mails with this enum mail_outcome */
        bool open;   /* of the bulletins only those that nobody has acknowledged */
};

enum { OPTION_KIND = 256, OPTION_SEVERITY, OPTION_URGENCY, OPTION_SINCE, OPTION_LIMIT, OPTION_UNRECOGNISED, OPTION_QUARANTINED,
       OPTION_VERIFIED, OPTION_UNVERIFIED, OPTION_OPEN };

static const struct option list_options[] = {
        { "kind", required_argument, NULL, OPTION_KIND },
        { "severity", required_argument, NULL, OPTION_SEVERITY },
        { "urgency", required_argument, NULL, OPTION_URGENCY },
        { "since", required_argument, NULL, OPTION_SINCE },
        { "limit", required_argument, NULL, OPTION_LIMIT },
        { "unrecognised", no_argument, NULL, OPTION_UNRECOGNISED },
        { "quarantined", no_argument, NULL, OPTION_QUARANTINED },
        { "verified", no_argument, NULL, OPTION_VERIFIED },
        { "unverified", no_argument, NULL, OPTION_UNVERIFIED },
        { "open", no_argument, NULL, OPTION_OPEN },
        { NULL, 0, NULL, 0 },
};

/* These two: 0, or the exit status of a wrong value. */
static int take_level(const struct ctl_command *command, const char *option, enum bulletin_field field, int *ret_level)
{
        int level = bulletin_value_parse(field, optarg);
        if (level > 0) {
                *ret_level = level;
                return 0;
        }
        g_autoptr(GString) names = g_string_new(NULL);
        const char *name;
        for (int i = 1; (name = bulletin_value_name(field, i)); i++)
                g_string_append_printf(names, "%s%s", i > 1 ? ", " : "", name);
        return ctl_usage_error(command, "%s: unknown level '%s'; there are %s", option, optarg, names->str);
}

static int take_option(const struct ctl_command *command, int option, struct list_options *options)
{
        enum bulletin_kind kind;
        guint64 number;
        switch (option) {
        case OPTION_KIND:
                if (bulletin_kind_parse(optarg, &kind) < 0)
                        return ctl_usage_error(command, "--kind: unknown kind '%s'; there are alert, advance-notice, weekly, news, "
                                       "tips", optarg);
                options->filter.kind = kind;
                break;
        case OPTION_SEVERITY:
                return take_level(command, "--severity", FIELD_SEVERITY, &options->filter.min_severity);
        case OPTION_URGENCY:
                return take_level(command, "--urgency", FIELD_URGENCY, &options->filter.min_urgency);
        case OPTION_SINCE:
                if (!bulletin_date_is_valid(optarg))
                        return ctl_usage_error(command, "--since: '%s' is no date of the form YYYY-MM-DD", optarg);
                options->filter.since = optarg;
                break;
        case OPTION_LIMIT:
                if (text_parse_uint64(optarg, 1000000, &number) < 0 || number == 0)
                        return ctl_usage_error(command, "--limit: '%s' is no number from 1 to 1000000", optarg);
                options->filter.limit = (unsigned) number;
                break;
        case OPTION_UNRECOGNISED:
                options->outcome = MAIL_UNRECOGNISED;
                break;
        case OPTION_VERIFIED:
                options->filter.trust = BULLETINS_VERIFIED;
                break;
        case OPTION_UNVERIFIED:
                options->filter.trust = BULLETINS_UNVERIFIED;
                break;
        case OPTION_OPEN:
                options->open = true;
                break;
        default:
                options->outcome = MAIL_QUARANTINED;
                break;
        }
        return 0;
}

const char *list_value_text(enum bulletin_field field, int value)
{
        return value < 0 ? "-" : value == 0 ? "undetermined" : bulletin_value_name(field, value);
}

static const char *value_for_json(enum bulletin_field field, int value)
{
        return value > 0 ? bulletin_value_name(field, value) : NULL;
}

json_t *list_row_to_json(const struct bulletin_row *row)
{
        const struct bulletin *b = row->current;
        json_t *json = json_object();
        json_object_set_new(json, "feed", json_string(row->feed));
        json_object_set_new(json, "kind", json_string(bulletin_kind_name(row->kind)));
        json_object_set_new(json, "id", ctl_json_text(b->id));
        json_object_set_new(json, "key", json_string(row->key));
        json_object_set_new(json, "registered", ctl_json_text(b->registered[0] ? b->registered : NULL));
        json_object_set_new(json, "updated", ctl_json_text(b->updated[0] ? b->updated : NULL));
        json_object_set_new(json, "severity", ctl_json_text(value_for_json(FIELD_SEVERITY, row->severity)));
        json_object_set_new(json, "urgency", ctl_json_text(value_for_json(FIELD_URGENCY, row->urgency)));
        json_object_set_new(json, "title", ctl_json_text(b->title));
        json_object_set_new(json, "revisions", json_integer(row->revisions));
        json_object_set_new(json, "history", json_boolean(row->history));
        json_object_set_new(json, "unverified", json_boolean(row->unverified));
        json_object_set_new(json, "archive", ctl_json_text(row->archive_name));
        return json;
}

static int print_bulletins(GPtrArray *rows)
{
        if (ctl.json) {
                json_t *list = json_array();
                for (guint i = 0; i < rows->len; i++)
                        json_array_append_new(list, list_row_to_json(g_ptr_array_index(rows, i)));
                ctl_print_json(list);
                return rows->len > 0 ? CTL_DONE : CTL_NOTHING;
        }
        if (rows->len == 0) {
                fputs("no bulletins on record that fit\n", stderr);
                return CTL_NOTHING;
        }
        struct table *table = table_new("BULLETIN", "UPDATED", "SEVERITY", "URGENCY", "REV", "TITLE", NULL);
        for (guint i = 0; i < rows->len; i++) {
                const struct bulletin_row *row = g_ptr_array_index(rows, i);
                g_autofree char *revisions = g_strdup_printf("%u", row->revisions);
                table_add(table, bulletin_row_name(row), row->date, list_value_text(FIELD_SEVERITY, row->severity),
                          list_value_text(FIELD_URGENCY, row->urgency), revisions, row->title);
        }
        table_print(table, stdout, table_terminal_width(STDOUT_FILENO));
        table_free(table);
        return CTL_DONE;
}

static int print_mails(GPtrArray *mails)
{
        if (ctl.json) {
                json_t *list = json_array();
                for (guint i = 0; i < mails->len; i++)
                        json_array_append_new(list, ctl_json_mail(g_ptr_array_index(mails, i)));
                ctl_print_json(list);
                return mails->len > 0 ? CTL_DONE : CTL_NOTHING;
        }
        if (mails->len == 0) {
                fputs("no such mails on record\n", stderr);
                return CTL_NOTHING;
        }
        size_t width = table_terminal_width(STDOUT_FILENO); /* 0, where nothing needs to be cut */
        struct table *table = table_new("MAIL", "RECEIVED", "FROM", "SUBJECT", "REASON", NULL);
        for (guint i = 0; i < mails->len; i++) {
                const struct mail_row *mail = g_ptr_array_index(mails, i);
                g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, mail->id);
                g_autofree char *received = ctl_time(mail->received_ms);
                g_autofree char *from = width > 0 && mail->from ? text_cut_columns(mail->from, 30) : g_strdup(mail->from);
                g_autofree char *subject = width > 0 && mail->subject ? text_cut_columns(mail->subject, 40) :
                                           g_strdup(mail->subject);
                table_add(table, number, received, from, subject, mail->reason);
        }
        table_print(table, stdout, width);
        table_free(table);
        return CTL_DONE;
}

int ctl_list(const struct ctl_command *command, int argc, char **argv)
{
        struct list_options options = { .filter = { .kind = -1 }, .outcome = -1 };
        int status, c;
        while ((c = ctl_next_option(command, argc, argv, list_options, &status)) >= 0)
                if ((status = take_option(command, c, &options)) != 0)
                        return status;
        if (c == -2)
                return status;
        if (optind < argc)
                return ctl_usage_error(command, "unexpected argument '%s'", argv[optind]);
        if (options.open && options.outcome >= 0)
                return ctl_usage_error(command, "--open is about bulletins, --unrecognised and --quarantined are about mails");
        struct database *db;
        if ((status = ctl_load_config()) != 0 || (status = ctl_open_database(DATABASE_READ, &db)) != 0)
                return status;
        if (options.open) {
                status = ctl_list_open(db, &options.filter);
                database_close(db);
                return status;
        }
        struct error err = ERROR_INIT;
        GPtrArray *rows = NULL;
        options.filter.without_content = !ctl.json; /* the table shows nothing that needs it */
        int r = options.outcome < 0 ? bulletins_list(db, &options.filter, &rows, &err) :
                mails_list(db, (enum mail_outcome) options.outcome, options.filter.limit, &rows, &err);
        status = r < 0 ? ctl_fail(&err) : options.outcome < 0 ? print_bulletins(rows) : print_mails(rows);
        g_clear_pointer(&rows, g_ptr_array_unref);
        database_close(db);
        return status;
}
