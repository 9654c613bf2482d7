/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "common/bulletin_json.h"
#include "common/bulletin_mark.h"
#include "common/text.h"
#include "daemon/ctl_alerts_p.h"
#include "daemon/ctl_show_p.h"
#include "store/bulletins.h"

#define LABEL_COLUMNS 24
#define PAGE_COLUMNS 100

void show_fact(const char *label, const char *value)
{
        if (!value || !value[0])
                return;
        int pad = LABEL_COLUMNS - (int) text_width(label);
        g_autofree char *indent = g_strnfill(LABEL_COLUMNS, ' ');
        g_auto(GStrv) lines = g_strsplit(value, "\n", -1);
        for (guint i = 0; lines[i]; i++)
                if (i == 0)
                        printf("%s%*s%s\n", label, MAX(pad, 1), "", lines[i]);
                else
                        printf("%s%s\n", indent, lines[i]);
}

static void print_list(const char *label, const GPtrArray *strings)
{
        g_autoptr(GString) joined = g_string_new(NULL);
        for (guint i = 0; i < strings->len; i++)
                g_string_append_printf(joined, "%s%s", i ? ", " : "", (const char *) g_ptr_array_index(strings, i));
        show_fact(label, joined->str);
}

static void print_field(const struct bulletin *b, enum bulletin_field field)
{
        const struct choice *choice = &b->fields[field];
        if (!choice->present)
                return;
        g_autoptr(GString) text = g_string_new(ctl_field_value(b, field));
        if (choice->text && choice->text[0])
                g_string_append_printf(text, "  %s", choice->text);
        if (choice->reason)
                g_string_append_printf(text, "  (%s)", choice->reason);
        show_fact(bulletin_field_english(field), text->str);
}

static void print_wrapped(const char *text)
{
        g_autoptr(GString) out = g_string_new(NULL);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (guint i = 0; lines[i]; i++) {
                text_append_wrapped(out, lines[i], PAGE_COLUMNS, "  ");
                if (out->len == 0 || out->str[out->len - 1] != '\n')
                        g_string_append_c(out, '\n');
        }
        fputs(out->str, stdout);
}

static void print_entries(const struct bulletin *b)
{
        for (guint i = 0; i < b->entries->len; i++) {
                const struct bulletin_entry *entry = g_ptr_array_index(b->entries, i);
                g_autoptr(GString) text = g_string_new(entry->type);
                if (entry->id)
                        g_string_append_printf(text, "%s%s", text->len > 0 ? "  " : "", entry->id);
                for (guint k = 0; k < entry->kbs->len; k++)
                        g_string_append_printf(text, "%sKB%s", text->len == 0 ? "" : k == 0 ? "  " : ", ",
                                               (const char *) g_ptr_array_index(entry->kbs, k));
                if (entry->title)
                        g_string_append_printf(text, "%s%s", text->len > 0 ? "  " : "", entry->title);
                show_fact(i == 0 ? "entries" : "", text->str);
        }
}

void ctl_print_bulletin(const struct bulletin *b)
{
        printf("%s%s%s\n", b->id ? b->id : bulletin_kind_name(b->kind), b->title ? "  " : "", b->title ? b->title : "");
        if (b->vendor_title)
                printf("%s\n", b->vendor_title);
        putchar('\n');
        show_fact("kind", bulletin_kind_name(b->kind));
        show_fact("edition", b->edition);
        show_fact("registered", b->registered);
        show_fact("updated", b->updated);
        for (int field = 0; field < FIELD_MAX; field++)
                print_field(b, (enum bulletin_field) field);
        print_list("KB", b->kbs);
        print_list("CVE", b->cves);
        print_list("supersedes", b->supersedes);
        show_tables(b);
        print_entries(b);
        for (guint i = 0; i < b->links->len; i++) {
                const struct link *link = g_ptr_array_index(b->links, i);
                show_fact(i == 0 ? "links" : "", link->url);
        }
        for (guint i = 0; i < b->warnings->len; i++)
                show_fact(i == 0 ? "warnings" : "", g_ptr_array_index(b->warnings, i));
        show_fact("mail", b->mail.subject);
        show_fact("", b->mail.from);
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                printf("\n%s\n", section->heading ? section->heading : "");
                if (section->text)
                        print_wrapped(section->text);
        }
}

void ctl_print_trust(const struct bulletin_row *row, const char *unverified_key, const char *command)
{
        if (row->unverified)
                printf("UNVERIFIED: the sender could not be verified; it may be forged, and nobody was told of it\n");
        else if (unverified_key)
                printf("mails whose sender is not verified say something of it too: 'hotfixctl %s %s'\n", command, unverified_key);
}

/* Why the mail that stands for an unverified bulletin is not verified; newly allocated. */
static int find_reason(struct database *db, const struct bulletin_row *row, char **ret_reason, struct error *err)
{
        GArray *ids;
        struct mail_row *mail = NULL;
        int r = bulletins_mails(db, row->id, &ids, err);
        if (r < 0)
                return r;
        if (ids->len > 0)
                r = mails_get(db, g_array_index(ids, int64_t, 0), &mail, err);
        *ret_reason = r == 0 && mail ? g_strdup(mail->unverified) : NULL;
        mail_row_free(mail);
        g_array_unref(ids);
        return r;
}

/* What was told of it, and whether anybody took note. */
static int print_alerts(struct database *db, int64_t bulletin_id, struct error *err)
{
        struct ctl_alerts alerts;
        int r = ctl_alerts_load(db, bulletin_id, &alerts, err);
        if (r < 0)
                return r;
        if (alerts.alerts->len > 0)
                putchar('\n');
        ctl_alerts_print(&alerts, "");
        ctl_alerts_clear(&alerts);
        return 0;
}

static int print_row(struct database *db, const struct bulletin_row *row, struct error *err)
{
        g_autofree char *reason = NULL, *unverified_key = NULL;
        int r = row->unverified ? find_reason(db, row, &reason, err) : bulletins_unverified_key(db, row, &unverified_key, err);
        if (r < 0)
                return ctl_fail(err);
        if (ctl.json) {
                json_t *json = bulletin_to_json(row->current);
                if (row->unverified)
                        bulletin_mark_unverified(json, reason);
                return ctl_print_json(json);
        }
        ctl_print_trust(row, unverified_key, "show");
        if (reason)
                printf("why: %s\n", reason);
        if (row->unverified || unverified_key)
                putchar('\n');
        ctl_print_bulletin(row->current);
        if (print_alerts(db, row->id, err) < 0)
                return ctl_fail(err);
        printf("\n%u revision%s; archive %s/%s.html; 'hotfixctl trace %s' tells what was sent and why\n", row->revisions,
               row->revisions == 1 ? "" : "s", ctl.config->archive_dir, row->archive_name,
               row->current->id && !row->unverified ? row->current->id : row->key);
        return CTL_DONE;
}

int ctl_show(const struct ctl_command *command, int argc, char **argv)
{
        int status;
        if (ctl_next_option(command, argc, argv, NULL, &status) == -2)
                return status;
        if (argc - optind != 1)
                return ctl_usage_error(command, "one ID is needed");
        struct database *db;
        if ((status = ctl_load_config()) != 0 || (status = ctl_open_database(DATABASE_READ, &db)) != 0)
                return status;
        struct error err = ERROR_INIT;
        struct bulletin_row *row = NULL;
        status = bulletins_find(db, argv[optind], &row, &err) < 0 ? ctl_fail(&err) : print_row(db, row, &err);
        bulletin_row_free(row);
        database_close(db);
        return status;
}
