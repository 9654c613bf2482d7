/* SPDX-License-Identifier: MIT */
#include "daemon/summary.h"

#include <string.h>

#include "common/digest.h"
#include "daemon/delivery.h"
#include "notify/message.h"
#include "store/bulletins.h"

#define SUMMARY_TOP 10u /* bulletins that a summary names */

static gint more_severe_first(gconstpointer a, gconstpointer b)
{
        const struct bulletin_row *left = *(struct bulletin_row *const *) a, *right = *(struct bulletin_row *const *) b;
        if (left->severity != right->severity)
                return right->severity - left->severity;
        if (left->urgency != right->urgency)
                return right->urgency - left->urgency;
        int newer = strcmp(right->date, left->date);
        return newer != 0 ? newer : g_strcmp0(left->key, right->key);
}

/* The summary of one channel in the making: however many routes lead to it, it gets one. */
struct summary {
        const struct channel *channel;
        GPtrArray *routes;  /* struct route */
        unsigned matching;  /* bulletins above the thresholds of any of the routes */
        GPtrArray *top;     /* struct bulletin_row: the most severe of them, owned */
};

static void summary_free(gpointer data)
{
        struct summary *summary = data;
        g_ptr_array_unref(summary->routes);
        g_ptr_array_unref(summary->top);
        g_free(summary);
}

static bool route_has_channel(const struct route *route, const char *channel)
{
        for (guint i = 0; i < route->channels->len; i++)
                if (strcmp(g_ptr_array_index(route->channels, i), channel) == 0)
                        return true;
        return false;
}

/* One for each channel that a route leads to. */
static GPtrArray *start_summaries(const struct config *config)
{
        GPtrArray *summaries = g_ptr_array_new_with_free_func(summary_free);
        for (guint i = 0; i < config->channels->len; i++) {
                struct summary *summary = g_new0(struct summary, 1);
                summary->channel = g_ptr_array_index(config->channels, i);
                summary->routes = g_ptr_array_new();
                summary->top = g_ptr_array_new_with_free_func((GDestroyNotify) bulletin_row_free);
                for (guint k = 0; k < config->routes->len; k++) {
                        struct route *route = g_ptr_array_index(config->routes, k);
                        if (route_has_channel(route, summary->channel->name))
                                g_ptr_array_add(summary->routes, route);
                }
                if (summary->routes->len > 0)
                        g_ptr_array_add(summaries, summary);
                else
                        summary_free(summary);
        }
        return summaries;
}

static bool any_route_matches(const GPtrArray *routes, const struct bulletin *bulletin)
{
        for (guint i = 0; i < routes->len; i++) {
                const struct route *route = g_ptr_array_index(routes, i);
                g_autofree char *reason = NULL;
                if ((route->kinds & 1u << bulletin->kind) && route_matches(route, bulletin, &reason))
                        return true;
        }
        return false;
}

static bool any_needs_content(const GPtrArray *summaries)
{
        for (guint i = 0; i < summaries->len; i++) {
                const struct summary *summary = g_ptr_array_index(summaries, i);
                for (guint k = 0; k < summary->routes->len; k++)
                        if (route_needs_content(g_ptr_array_index(summary->routes, k)))
                                return true;
        }
        return false;
}

static void set_choice(struct choice *choice, int value)
{
        choice->present = value >= 0;
        choice->value = MAX(value, 0);
        choice->basis = value > 0 ? BASIS_STATED : BASIS_UNDETERMINED;
}

/* What route_matches looks at if not route_needs_content. Takes the place of what was in it. */
static void sketch(struct bulletin *bulletin, const struct bulletin_row *row)
{
        g_free(bulletin->feed);
        g_free(bulletin->title);
        bulletin->kind = row->kind;
        bulletin->feed = g_strdup(row->feed);
        bulletin->title = g_strdup(row->title);
        set_choice(&bulletin->fields[FIELD_SEVERITY], row->severity);
        set_choice(&bulletin->fields[FIELD_URGENCY], row->urgency);
}

/* Of a row what says where it stands among others; the rest is read again of the few that stay. */
static struct bulletin_row *copy_place(const struct bulletin_row *row)
{
        struct bulletin_row *copy = g_new0(struct bulletin_row, 1);
        *copy = (struct bulletin_row) { .id = row->id, .key = g_strdup(row->key), .date = g_strdup(row->date),
                                        .severity = row->severity, .urgency = row->urgency };
        return copy;
}

/* Takes the row. */
static void add_to_top(GPtrArray *top, struct bulletin_row *row)
{
        g_ptr_array_add(top, row);
        g_ptr_array_sort(top, more_severe_first);
        if (top->len > SUMMARY_TOP)
                g_ptr_array_set_size(top, (gint) SUMMARY_TOP);
}

static bool is_among_top(const GPtrArray *top, const struct bulletin_row *row)
{
        return top->len < SUMMARY_TOP || more_severe_first(&row, &g_ptr_array_index(top, top->len - 1)) < 0;
}

/* All summaries of one history in the making. */
struct gathering {
        struct database *db;
        GPtrArray *summaries;
        GString *names;          /* of all bulletins */
        struct bulletin *sketch; /* of one after the other; NULL: their contents are needed */
};

/* Each summary holds at most SUMMARY_TOP bulletins, whatever the size of the history. */
static void add_to_summaries(struct gathering *g, const struct bulletin_row *row, const struct bulletin *bulletin)
{
        for (guint i = 0; i < g->summaries->len; i++) {
                struct summary *summary = g_ptr_array_index(g->summaries, i);
                if (!any_route_matches(summary->routes, bulletin))
                        continue;
                summary->matching++;
                if (is_among_top(summary->top, row))
                        add_to_top(summary->top, copy_place(row));
        }
}

static int gather(const struct bulletin_row *row, void *context, struct error *err)
{
        struct gathering *g = context;
        g_string_append_c(g->names, '\n');
        g_string_append(g->names, row->feed);
        g_string_append_c(g->names, ':');
        g_string_append(g->names, row->key);
        if (g->sketch) {
                sketch(g->sketch, row);
                add_to_summaries(g, row, g->sketch);
                return 0;
        }
        struct bulletin_row *full = NULL;
        int r = bulletins_get(g->db, row->id, &full, err);
        if (r == 0)
                add_to_summaries(g, row, full->current);
        bulletin_row_free(full);
        return r;
}

/* What a summary shows of a bulletin is in its content. */
static int load_top(struct database *db, const struct summary *summary, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < summary->top->len; i++) {
                struct bulletin_row *row = NULL, *head = g_ptr_array_index(summary->top, i);
                r = bulletins_get(db, head->id, &row, err);
                if (r == 0)
                        head->current = g_steal_pointer(&row->current);
                bulletin_row_free(row);
        }
        return r;
}

/* "imap:work" as people know it. */
static char *describe_source(const char *source)
{
        if (g_str_has_prefix(source, "imap:"))
                return g_strdup_printf("mailbox %s", source + strlen("imap:"));
        if (g_str_has_prefix(source, "import:"))
                return g_strdup_printf("an import of %s", source + strlen("import:"));
        return g_strdup(source);
}

static int ask_for_summary(struct database *db, const struct summary *summary, const char *source, unsigned count,
                           const char *digest, int64_t now_ms, unsigned *deliveries, struct error *err)
{
        g_autoptr(GString) names = g_string_new(NULL);
        int r = load_top(db, summary, err);
        if (r < 0)
                return r;
        for (guint i = 0; i < summary->routes->len; i++) {
                const struct route *route = g_ptr_array_index(summary->routes, i);
                g_string_append_printf(names, "%s%s", i ? ", " : "", route->name);
        }
        g_autoptr(GPtrArray) top = g_ptr_array_new();
        for (guint i = 0; i < summary->top->len; i++)
                g_ptr_array_add(top, ((struct bulletin_row *) g_ptr_array_index(summary->top, i))->current);
        g_autofree char *place = describe_source(source);
        struct message *message = message_for_history(place, names->str, count, summary->matching, top);
        struct delivery_subject subject = { .feed = "", .key = "", .fingerprint = digest };
        r = delivery_ask(db, summary->channel, message, &subject, now_ms, deliveries, err);
        message_free(message);
        return r;
}

int summary_ask(struct database *db, const struct config *config, const char *source, const GArray *bulletin_ids,
                int64_t now_ms, unsigned *deliveries, struct error *err)
{
        if (bulletin_ids->len == 0)
                return 0;
        g_autoptr(GPtrArray) summaries = start_summaries(config);
        /* The identity of a summary: its source and the bulletins in it. */
        g_autoptr(GString) names = g_string_new(source);
        struct gathering gathering = { db, summaries, names, any_needs_content(summaries) ? NULL : bulletin_new() };
        int r = bulletins_each_told(db, bulletin_ids, gather, &gathering, err);
        g_clear_pointer(&gathering.sketch, bulletin_free);
        char digest[DIGEST_TEXT_SIZE];
        digest_sha256(names->str, names->len, digest);
        for (guint i = 0; r == 0 && i < summaries->len; i++)
                r = ask_for_summary(db, g_ptr_array_index(summaries, i), source, bulletin_ids->len, digest, now_ms, deliveries,
                                    err);
        return r;
}
