/* SPDX-License-Identifier: MIT */
/* list --open: what nobody has acknowledged. */
#include <string.h>
#include <unistd.h>

#include "daemon/ctl_alerts_p.h"
#include "daemon/ctl_list_p.h"
#include "daemon/table.h"

struct open_list {
        struct database *db;
        const struct bulletin_filter *filter;
        struct table *table; /* NULL: JSON */
        json_t *json;
        unsigned count;
};

/* Undetermined values count as above, as everywhere in 'list'. */
static bool is_at_least(int value, int least)
{
        return least == 0 || value == 0 || value >= least;
}

static bool passes(const struct bulletin_filter *filter, const struct bulletin_row *row)
{
        if (filter->kind >= 0 && (int) row->kind != filter->kind)
                return false;
        if (filter->trust != BULLETINS_ALL && (filter->trust == BULLETINS_UNVERIFIED) != row->unverified)
                return false;
        if (filter->since && *row->date && strcmp(row->date, filter->since) < 0)
                return false;
        return is_at_least(row->severity, filter->min_severity) && is_at_least(row->urgency, filter->min_urgency);
}

/* On a terminal without the year and the weekday: there is little room. */
static char *row_time(int64_t wall_ms)
{
        g_autofree char *text = ctl_alert_time(wall_ms);
        bool whole = table_terminal_width(STDOUT_FILENO) == 0 || strlen(text) <= strlen("YYYY-MM-DD HH:MM");
        return whole ? g_steal_pointer(&text) : g_strndup(text + strlen("YYYY-"), strlen("MM-DD HH:MM"));
}

static void add_to_table(struct open_list *list, const struct bulletin_row *row, const struct ctl_alerts *alerts)
{
        g_autoptr(GString) routes = g_string_new(NULL);
        int64_t since_ms = 0, next_ms = 0;
        bool overdue = false;
        for (guint i = 0; i < alerts->alerts->len; i++) {
                const struct alert *alert = g_ptr_array_index(alerts->alerts, i);
                if (alert->state != ALERT_OPEN)
                        continue;
                g_string_append_printf(routes, "%s%s", routes->len ? ", " : "", alert->route);
                since_ms = since_ms == 0 ? ctl_alert_since(alert) : MIN(since_ms, ctl_alert_since(alert));
                int64_t at_ms = ctl_alert_next(alert);
                if (at_ms && (next_ms == 0 || at_ms < next_ms))
                        next_ms = at_ms;
                overdue |= alert->overdue;
        }
        g_autofree char *since = row_time(since_ms), *next = row_time(next_ms);
        table_add(list->table, bulletin_row_name(row), since, list_value_text(FIELD_SEVERITY, row->severity),
                  list_value_text(FIELD_URGENCY, row->urgency), overdue ? "overdue" : next, routes->str, row->title);
}

static void add_to_json(struct open_list *list, const struct bulletin_row *row, const struct ctl_alerts *alerts)
{
        json_t *json = list_row_to_json(row);
        json_object_set_new(json, "alerts", ctl_alerts_to_json(alerts));
        json_array_append_new(list->json, json);
}

static int add_bulletin(struct open_list *list, int64_t bulletin_id, struct error *err)
{
        struct bulletin_row *row = NULL;
        struct ctl_alerts alerts;
        int r = list->json ? bulletins_get(list->db, bulletin_id, &row, err) :
                             bulletins_get_head(list->db, bulletin_id, &row, err);
        if (r == 0 && passes(list->filter, row)) {
                r = ctl_alerts_load(list->db, bulletin_id, &alerts, err);
                if (r == 0) {
                        list->count++;
                        if (list->json)
                                add_to_json(list, row, &alerts);
                        else
                                add_to_table(list, row, &alerts);
                        ctl_alerts_clear(&alerts);
                }
        }
        bulletin_row_free(row);
        return r;
}

static int fill(struct open_list *list, struct error *err)
{
        GPtrArray *open = NULL;
        g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash, g_int64_equal);
        int r = alerts_open(list->db, 0, &open, err);
        for (guint i = 0; r == 0 && i < open->len && (list->filter->limit == 0 || list->count < list->filter->limit); i++) {
                struct alert *alert = g_ptr_array_index(open, i);
                if (g_hash_table_add(seen, &alert->bulletin_id))
                        r = add_bulletin(list, alert->bulletin_id, err);
        }
        g_hash_table_remove_all(seen);
        g_clear_pointer(&open, g_ptr_array_unref);
        return r;
}

int ctl_list_open(struct database *db, const struct bulletin_filter *filter)
{
        struct open_list list = { .db = db, .filter = filter };
        if (ctl.json)
                list.json = json_array();
        else
                list.table = table_new("BULLETIN", "OPEN SINCE", "SEVERITY", "URGENCY", "NEXT", "ROUTES", "TITLE", NULL);
        struct error err = ERROR_INIT;
        int r = fill(&list, &err);
        int status = r < 0 ? ctl_fail(&err) : list.count > 0 ? CTL_DONE : CTL_NOTHING;
        if (r == 0 && list.json)
                ctl_print_json(json_incref(list.json));
        else if (r == 0 && list.count > 0)
                table_print(list.table, stdout, table_terminal_width(STDOUT_FILENO));
        else if (r == 0)
                fputs("nothing is open\n", stderr);
        json_decref(list.json);
        table_free(list.table);
        return status;
}
