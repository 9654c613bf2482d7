/* SPDX-License-Identifier: MIT */
/* The part of 'status' that says whether bulletins are read as they should be: conditions, filled fields, labels. */
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "daemon/ctl_status_p.h"
#include "daemon/drift_rules.h"
#include "daemon/table.h"
#include "store/conditions.h"

#define PAGE_COLUMNS 80u /* as most terminals have at least */
#define LABELS_SHOWN 20u /* of each kind, on a page for a person */

static void free_feed(void *data)
{
        struct feed_status *feed = data;
        g_free(feed->name);
        g_clear_pointer(&feed->labels, g_ptr_array_unref);
        g_free(feed);
}

static int load_feed(struct database *db, const struct drift_kind *kind, struct feed_status **ret_feed, struct error *err)
{
        struct feed_status *feed = g_new0(struct feed_status, 1);
        feed->name = g_strdup(kind->feed);
        feed->kind = kind->kind;
        int r = drift_counts_load(db, kind->feed, kind->kind, &feed->counts, err);
        if (r == 0)
                r = drift_counts_last(db, kind->feed, kind->kind, false, DRIFT_RECENT, &feed->recent, err);
        if (r == 0)
                r = drift_labels(db, kind->feed, kind->kind, &feed->labels, err);
        if (r < 0)
                free_feed(feed);
        else
                *ret_feed = feed;
        return r;
}

int status_load_feeds(struct database *db, GPtrArray **ret_feeds, struct error *err)
{
        g_autoptr(GPtrArray) kinds = NULL, feeds = g_ptr_array_new_with_free_func(free_feed);
        int r = drift_kinds(db, &kinds, err);
        for (guint i = 0; r == 0 && i < kinds->len; i++) {
                struct feed_status *feed;
                r = load_feed(db, g_ptr_array_index(kinds, i), &feed, err);
                if (r == 0)
                        g_ptr_array_add(feeds, feed);
        }
        if (r == 0)
                *ret_feeds = g_steal_pointer(&feeds);
        return r;
}

/* --- JSON --- */

/* With four decimals. */
static json_t *rate_to_json(const struct fill_counts *counts, unsigned field)
{
        if (counts->bulletins == 0)
                return json_null();
        return json_real((double) (counts->filled[field] * 10000 / counts->bulletins) / 10000);
}

static json_t *fields_to_json(const struct feed_status *feed)
{
        json_t *fields = json_array();
        for (unsigned i = 0; i < BULLETIN_FILL_MAX; i++) {
                json_t *json = json_object();
                json_object_set_new(json, "field", json_string(bulletin_fill_path(i)));
                json_object_set_new(json, "recent_rate", rate_to_json(&feed->recent, i));
                json_object_set_new(json, "long_run_rate", rate_to_json(&feed->counts.all, i));
                json_object_set_new(json, "deviates", json_boolean(drift_field_deviates(&feed->counts, i, NULL)));
                json_array_append_new(fields, json);
        }
        return fields;
}

static json_t *labels_to_json(const struct feed_status *feed)
{
        json_t *labels = json_array();
        for (guint i = 0; i < feed->labels->len; i++) {
                const struct unknown_label *label = g_ptr_array_index(feed->labels, i);
                json_t *json = json_object();
                json_object_set_new(json, "label", json_string(label->label));
                json_object_set_new(json, "count", json_integer(label->count));
                json_object_set_new(json, "first", ctl_json_time(label->first_ms));
                json_object_set_new(json, "last", ctl_json_time(label->last_ms));
                json_object_set_new(json, "bulletin", json_string(label->bulletin));
                json_array_append_new(labels, json);
        }
        return labels;
}

json_t *status_feeds_to_json(const GPtrArray *feeds)
{
        json_t *array = json_array();
        for (guint i = 0; i < feeds->len; i++) {
                const struct feed_status *feed = g_ptr_array_index(feeds, i);
                json_t *json = json_object();
                json_object_set_new(json, "name", json_string(feed->name));
                json_object_set_new(json, "kind", json_string(bulletin_kind_name(feed->kind)));
                json_object_set_new(json, "bulletins", json_integer(feed->counts.all.bulletins));
                json_object_set_new(json, "recent", json_integer(feed->recent.bulletins));
                json_object_set_new(json, "fields", fields_to_json(feed));
                json_object_set_new(json, "unknown_labels", labels_to_json(feed));
                json_array_append_new(array, json);
        }
        return array;
}

static json_t *details_to_json(const GPtrArray *details)
{
        json_t *array = json_array();
        for (guint i = 0; i < details->len; i++)
                json_array_append_new(array, json_string(g_ptr_array_index(details, i)));
        return array;
}

json_t *status_conditions_to_json(const GPtrArray *conditions)
{
        json_t *array = json_array();
        for (guint i = 0; i < conditions->len; i++) {
                const struct condition *condition = g_ptr_array_index(conditions, i);
                json_t *json = json_object();
                json_object_set_new(json, "name", json_string(condition->name));
                json_object_set_new(json, "message", json_string(condition->message));
                json_object_set_new(json, "started", ctl_json_time(condition->started_ms));
                json_object_set_new(json, "last", ctl_json_time(condition->last_ms));
                json_object_set_new(json, "count", json_integer(condition->count));
                json_object_set_new(json, "details", details_to_json(condition->details));
                json_array_append_new(array, json);
        }
        return array;
}

/* --- for people --- */

/* What it was when it last showed, and all that it is about. Not in the table: there is no room on a narrow terminal. */
static void print_details(const struct condition *condition)
{
        const char *subject = strchr(condition->name, ':'); /* "drift:hotfix-report": the message says it */
        bool says_name = subject && strstr(condition->message, subject + 1);
        printf("%s%s%s\n", says_name ? "" : condition->name, says_name ? "" : ": ", condition->message);
        for (guint i = 0; condition->details->len > 1 && i < condition->details->len; i++)
                printf("    %s\n", (const char *) g_ptr_array_index(condition->details, i));
}

void status_print_conditions(const GPtrArray *conditions)
{
        if (conditions->len == 0)
                return;
        puts("\nwhat is wrong:");
        struct table *table = table_new("CONDITION", "SINCE", "LAST SEEN", "TIMES", NULL);
        for (guint i = 0; i < conditions->len; i++) {
                const struct condition *condition = g_ptr_array_index(conditions, i);
                g_autofree char *since = ctl_time(condition->started_ms), *last = ctl_time(condition->last_ms);
                g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, condition->count);
                table_add(table, condition->name, since, last, count);
        }
        table_print(table, stdout, table_terminal_width(STDOUT_FILENO));
        table_free(table);
        for (guint i = 0; i < conditions->len; i++)
                print_details(g_ptr_array_index(conditions, i));
}

static char *rate_text(const struct fill_counts *counts, unsigned field, bool mark)
{
        if (counts->bulletins == 0)
                return g_strdup("    -");
        return g_strdup_printf("%3d %%%s", (int) (counts->filled[field] * 100 / counts->bulletins), mark ? " !" : "");
}

/* The fields that any bulletin had, and the names of the others. */
static GArray *split_fields(const struct feed_status *feed, GString *never)
{
        GArray *fields = g_array_new(FALSE, FALSE, sizeof(unsigned));
        for (unsigned i = 0; i < BULLETIN_FILL_MAX; i++)
                if (feed->counts.all.filled[i] > 0)
                        g_array_append_val(fields, i);
                else
                        g_string_append_printf(never, "%s%s", never->len ? ", " : "", bulletin_fill_english(i));
        return fields;
}

/* Two fields a line, the first half of them on the left. True: some are marked. */
static bool print_fields(const struct feed_status *feed, const GArray *fields)
{
        const guint rows = (fields->len + 1) / 2;
        g_autofree char *last = g_strdup_printf("LAST %" G_GINT64_FORMAT, feed->recent.bulletins);
        struct table *table = table_new("FIELD", last, "ALL", "FIELD", last, "ALL", NULL);
        bool marked = false;
        for (guint row = 0; row < rows; row++) {
                char *cells[6];
                for (unsigned half = 0; half < 2; half++) {
                        guint index = row + half * rows;
                        bool there = index < fields->len;
                        unsigned field = there ? g_array_index(fields, unsigned, index) : 0;
                        bool mark = there && drift_field_deviates(&feed->counts, field, NULL);
                        marked |= mark;
                        cells[half * 3] = g_strdup(there ? bulletin_fill_english(field) : " ");
                        cells[half * 3 + 1] = there ? rate_text(&feed->recent, field, mark) : g_strdup(" ");
                        cells[half * 3 + 2] = there ? rate_text(&feed->counts.all, field, false) : g_strdup(" ");
                }
                table_add(table, cells[0], cells[1], cells[2], cells[3], cells[4], cells[5]);
                for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++)
                        g_free(cells[i]);
        }
        table_print(table, stdout, table_terminal_width(STDOUT_FILENO));
        table_free(table);
        return marked;
}

static void print_rates(const struct feed_status *feed)
{
        g_autoptr(GString) never = g_string_new(NULL);
        g_autoptr(GArray) fields = split_fields(feed, never);
        printf("\n%s, %s: how many of the last %" G_GINT64_FORMAT ", and of all %" G_GINT64_FORMAT ", have each field\n",
               feed->name, bulletin_kind_name(feed->kind), feed->recent.bulletins, feed->counts.all.bulletins);
        if (print_fields(feed, fields))
                printf("! none of the last %u that arrived has it, and at least %d %% had it before: the format may have "
                       "changed\n", DRIFT_LIVE_RUN, DRIFT_FIELD_PERCENT);
        if (never->len > 0) {
                g_autoptr(GString) text = g_string_new(NULL);
                g_string_prepend(never, "in none: ");
                text_append_wrapped(text, never->str, PAGE_COLUMNS, "");
                fputs(text->str, stdout);
        }
}

static void print_labels(const struct feed_status *feed)
{
        if (feed->labels->len == 0)
                return;
        printf("\n%s, %s: labels that are not recognised\n", feed->name, bulletin_kind_name(feed->kind));
        struct table *table = table_new("LABEL", "COUNT", "FIRST SEEN", "LAST SEEN", "BULLETIN", NULL);
        for (guint i = 0; i < feed->labels->len && i < LABELS_SHOWN; i++) {
                const struct unknown_label *label = g_ptr_array_index(feed->labels, i);
                g_autofree char *first = ctl_time(label->first_ms), *last = ctl_time(label->last_ms);
                g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, label->count);
                table_add(table, label->label, count, first, last, label->bulletin);
        }
        table_print(table, stdout, table_terminal_width(STDOUT_FILENO));
        table_free(table);
        if (feed->labels->len > LABELS_SHOWN)
                printf("… and %u more: see --json\n", feed->labels->len - LABELS_SHOWN);
}

void status_print_feeds(const GPtrArray *feeds)
{
        for (guint i = 0; i < feeds->len; i++) {
                const struct feed_status *feed = g_ptr_array_index(feeds, i);
                if (feed->kind == BULLETIN_ALERT && feed->counts.all.bulletins > 0)
                        print_rates(feed);
                print_labels(feed);
        }
}
