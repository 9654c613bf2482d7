/* SPDX-License-Identifier: MIT */
/* "hotfixctl notify preview": what each route would do with a bulletin on record, why and when, and how it would look. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/ctl.h"
#include "daemon/ctl_notify_p.h"
#include "daemon/digest.h"
#include "daemon/escalation.h"
#include "daemon/escalation_plan.h"
#include "notify/message_alert.h"
#include "store/bulletins.h"
#include "store/mails.h"
#include "store/outbox.h"

/* A bulletin, and what is asked about it. */
struct preview {
        const struct notify_options *options;
        struct database *db;
        struct bulletin_row *row;
        int64_t mail_id;          /* whose content stands */
        char *unverified;         /* why its sender does not count as verified, or NULL */
        char *html, *html_from;   /* the HTML part that was asked for, once it is found, and whose it is */
        int64_t now_ms;
};

/* What one route would do. */
struct outlook {
        const struct route *route;
        struct route_decision if_new; /* were it new */
        struct route_decision again;  /* were the same content to come once more */
        struct message *message;      /* NULL: nothing is sent */
        int64_t due_ms;
        struct alert plan;            /* of what follows, if is_open */
        bool is_open;
};

static void preview_clear(struct preview *preview)
{
        bulletin_row_free(preview->row);
        g_free(preview->unverified);
        g_free(preview->html);
        g_free(preview->html_from);
        database_close(preview->db);
}

static void outlook_clear(struct outlook *outlook)
{
        route_decision_clear(&outlook->if_new);
        route_decision_clear(&outlook->again);
        message_free(outlook->message);
}

/* --- finding out --- */

static int load_bulletin(struct preview *preview, const char *id, struct error *err)
{
        GPtrArray *revisions = NULL;
        struct mail_row *mail = NULL;
        int r = bulletins_find(preview->db, id, &preview->row, err);
        if (r == 0)
                r = bulletins_revisions(preview->db, preview->row->id, &revisions, err);
        if (r < 0)
                return r;
        for (guint i = 0; i < revisions->len; i++) {
                const struct revision_row *revision = g_ptr_array_index(revisions, i);
                if (revision->current)
                        preview->mail_id = revision->mail_id;
        }
        g_ptr_array_unref(revisions);
        if (!preview->row->unverified)
                return 0;
        r = mails_get(preview->db, preview->mail_id, &mail, err);
        if (r == 0)
                preview->unverified = g_strdup(mail->unverified ? mail->unverified : "it is not known why");
        mail_row_free(mail);
        return r;
}

static int decide(const struct preview *preview, struct outlook *outlook, struct error *err)
{
        struct route_state state = { 0 };
        int r = outbox_route_state(preview->db, outlook->route->name, preview->row->id, &state, err);
        if (r < 0)
                return r;
        struct route_input input = { .bulletin = preview->row->current, .event = EVENT_FIRST,
                                     .unverified = preview->unverified };
        route_decide(outlook->route, &input, &outlook->if_new);
        input.event = EVENT_LATER;
        input.known = state.known;
        input.above = state.above;
        input.sent = state.sent;
        input.severity = state.severity;
        input.urgency = state.urgency;
        route_decide(outlook->route, &input, &outlook->again);
        return 0;
}

/* The message as the pipeline makes it; of what would be sent if it were new, or else of what would be now. */
static void make_message(const struct preview *preview, struct outlook *outlook)
{
        const struct route *route = outlook->route;
        const struct bulletin *bulletin = preview->row->current;
        const struct route_decision *decision = outlook->if_new.action != ACTION_NONE ? &outlook->if_new : &outlook->again;
        if (decision->action == ACTION_NONE || !route->immediate)
                return;
        outlook->message = message_for_bulletin(bulletin, route->name, decision, NULL);
        outlook->message->subject_key = g_strdup_printf("%s:%s", bulletin->feed, preview->row->key);
        outlook->message->mail_id = preview->mail_id;
        outlook->due_ms = schedule_next_active(&route->schedule, ctl.config->calendar, route_schedule_severity(bulletin),
                                               preview->now_ms);
        outlook->is_open = escalation_opens(route, decision->action);
        if (!outlook->is_open)
                return;
        escalation_ask_for_note(outlook->message, bulletin, preview->row->key, route, ctl.config->calendar, preview->now_ms);
        outlook->plan = (struct alert) { .severity = route_schedule_severity(bulletin),
                                         .urgency = outlook->message->urgency };
        plan_begin(&outlook->plan, route, ctl.config->calendar, preview->now_ms);
}

static int look(const struct preview *preview, const struct route *route, struct outlook *outlook, struct error *err)
{
        *outlook = (struct outlook) { .route = route };
        int r = decide(preview, outlook, err);
        if (r == 0)
                make_message(preview, outlook);
        return r;
}

/* The channels (const struct channel *) at which the message would arrive first. */
static GPtrArray *told_channels(const struct preview *preview, const struct outlook *outlook)
{
        GPtrArray *told = g_ptr_array_new();
        for (guint i = 0; outlook->message && i < outlook->route->channels->len; i++) {
                const char *name = g_ptr_array_index(outlook->route->channels, i);
                const struct channel *channel = config_channel(ctl.config, name);
                if (channel && channel_wants(channel, outlook->message->kind) &&
                    (!preview->options->channel || strcmp(preview->options->channel, name) == 0))
                        g_ptr_array_add(told, (gpointer) channel);
        }
        return told;
}

static int64_t step_time(const struct outlook *outlook, const struct route_step *step)
{
        return schedule_add(&outlook->route->schedule, ctl.config->calendar, outlook->plan.severity, outlook->plan.started_ms,
                            step->after_ms);
}

static int64_t digest_time(const struct preview *preview, const struct route *route)
{
        return digest_due_ms(route, ctl.config->calendar, preview->now_ms);
}

/* The first HTML part that comes up. */
static void keep_html(struct preview *preview, const struct outlook *outlook, const struct channel *channel,
                      const char *payload)
{
        json_t *json = preview->options->html && !preview->html ? json_loads(payload, 0, NULL) : NULL;
        const char *html = json_string_value(json_object_get(json, "html"));
        if (html) {
                preview->html = g_strdup(html);
                preview->html_from = g_strdup_printf("channel %s, route %s", channel->name, outlook->route->name);
        }
        json_decref(json);
}

/* --- for a person --- */

static char *join(const GPtrArray *names)
{
        GString *joined = g_string_new(NULL);
        for (guint i = 0; i < names->len; i++)
                g_string_append_printf(joined, "%s%s", i ? ", " : "", (const char *) g_ptr_array_index(names, i));
        return g_string_free(joined, FALSE);
}

static char *when(int64_t wall_ms)
{
        return calendar_format(ctl.config->calendar, wall_ms);
}

static void print_decision(const char *title, const struct route_decision *decision)
{
        bool sent = decision->action != ACTION_NONE;
        printf("    %s: %s%s: %s\n", title, sent ? "send as " : "not sent", sent ? route_action_name(decision->action) : "",
               decision->reason);
}

static void print_channels(const struct preview *preview, const struct outlook *outlook)
{
        g_autoptr(GPtrArray) told = told_channels(preview, outlook);
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint i = 0; i < told->len; i++) {
                const struct channel *channel = g_ptr_array_index(told, i);
                g_string_append_printf(names, "%s%s (%s)", i ? ", " : "", channel->name, channel_type_name(channel->type));
        }
        g_autofree char *due = when(outlook->due_ms);
        if (told->len == 0)
                printf("    to: %s\n", preview->options->channel ? "not this channel" : "no channel");
        else
                printf("    to: %s\n    when: %s%s\n", names->str,
                       outlook->due_ms > preview->now_ms ? "not before " : "at once",
                       outlook->due_ms > preview->now_ms ? due : "");
}

struct event { int64_t at_ms; char *what; };

static void clear_event(gpointer event)
{
        g_free(((struct event *) event)->what);
}

static int compare_events(gconstpointer a, gconstpointer b)
{
        int64_t a_ms = ((const struct event *) a)->at_ms, b_ms = ((const struct event *) b)->at_ms;
        return (a_ms > b_ms) - (a_ms < b_ms);
}

static void add_event(GArray *events, int64_t at_ms, char *what)
{
        struct event event = { at_ms, what };
        g_array_append_val(events, event);
}

static void print_what_follows(const struct outlook *outlook)
{
        const struct route *route = outlook->route;
        const struct alert *plan = &outlook->plan;
        g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(struct event));
        g_array_set_clear_func(events, clear_event);
        for (guint i = 0; i < route->steps->len; i++) {
                const struct route_step *step = g_ptr_array_index(route->steps, i);
                add_event(events, step_time(outlook, step), join(step->channels));
        }
        if (route->remind_after_ms > 0)
                add_event(events, schedule_add(&route->schedule, ctl.config->calendar, plan->severity, plan->started_ms,
                                               route->remind_after_ms),
                          g_strdup_printf("the first of at most %u reminder%s", route->remind_limit,
                                          route->remind_limit == 1 ? "" : "s"));
        if (plan->deadline_ms > 0)
                add_event(events, plan->deadline_ms, g_strdup("overdue"));
        g_array_sort(events, compare_events);
        for (guint i = 0; i < events->len; i++) {
                const struct event *event = &g_array_index(events, struct event, i);
                g_autofree char *at = when(event->at_ms);
                printf("    unless acknowledged: %s: %s\n", at, event->what);
        }
}

static void print_outlook(const struct preview *preview, const struct outlook *outlook)
{
        printf("\nroute %s\n", outlook->route->name);
        print_decision("were it new", &outlook->if_new);
        print_decision("were it to come once more", &outlook->again);
        if (outlook->message)
                print_channels(preview, outlook);
        if (outlook->is_open)
                print_what_follows(outlook);
        if (outlook->route->digest != ROUTE_DIGEST_NONE) {
                g_autofree char *at = when(digest_time(preview, outlook->route));
                printf("    %s digest: next at %s\n", outlook->route->digest == ROUTE_DIGEST_DAILY ? "daily" : "weekly", at);
        }
}

/* The first route whose message for this channel says the same: a channel is told once of one arrival. */
static const struct route *told_by(const struct preview *preview, const GArray *outlooks, guint index,
                                   const struct channel *channel)
{
        const struct outlook *outlook = &g_array_index(outlooks, struct outlook, index);
        for (guint i = 0; i < index; i++) {
                const struct outlook *other = &g_array_index(outlooks, struct outlook, i);
                g_autoptr(GPtrArray) told = told_channels(preview, other);
                if (g_ptr_array_find(told, channel, NULL) && strcmp(other->message->kind, outlook->message->kind) == 0)
                        return other->route;
        }
        return NULL;
}

static void print_messages(struct preview *preview, const GArray *outlooks, guint index)
{
        const struct outlook *outlook = &g_array_index(outlooks, struct outlook, index);
        g_autoptr(GPtrArray) told = told_channels(preview, outlook);
        for (guint i = 0; i < told->len; i++) {
                const struct channel *channel = g_ptr_array_index(told, i);
                const struct route *other = told_by(preview, outlooks, index, channel);
                printf("\n----- route %s, channel %s (%s): %s -----\n", outlook->route->name, channel->name,
                       channel_type_name(channel->type), outlook->message->kind);
                if (other) {
                        printf("one message tells it for route %s and this one\n", other->name);
                        continue;
                }
                g_autofree char *payload = channel_render(channel, outlook->message);
                g_autofree char *shown = channel_preview(channel, payload);
                printf("%s%s", shown, g_str_has_suffix(shown, "\n") ? "" : "\n");
                keep_html(preview, outlook, channel, payload);
        }
}

/* --- for a program --- */

static json_t *decision_to_json(const struct route_decision *decision)
{
        return json_pack("{s:s, s:s}", "action", route_action_name(decision->action), "reason", decision->reason);
}

static json_t *names_to_json(const GPtrArray *names)
{
        json_t *list = json_array();
        for (guint i = 0; i < names->len; i++)
                json_array_append_new(list, json_string(g_ptr_array_index(names, i)));
        return list;
}

static json_t *steps_to_json(const struct outlook *outlook)
{
        json_t *list = json_array();
        for (guint i = 0; outlook->is_open && i < outlook->route->steps->len; i++) {
                const struct route_step *step = g_ptr_array_index(outlook->route->steps, i);
                json_t *one = json_object();
                json_object_set_new(one, "at", ctl_json_time(step_time(outlook, step)));
                json_object_set_new(one, "channels", names_to_json(step->channels));
                json_array_append_new(list, one);
        }
        return list;
}

static json_t *messages_to_json(const struct preview *preview, const struct outlook *outlook)
{
        json_t *list = json_array();
        g_autoptr(GPtrArray) told = told_channels(preview, outlook);
        for (guint i = 0; i < told->len; i++) {
                const struct channel *channel = g_ptr_array_index(told, i);
                g_autofree char *payload = channel_render(channel, outlook->message);
                json_t *one = json_object(), *parsed = json_loads(payload, 0, NULL);
                json_object_set_new(one, "channel", json_string(channel->name));
                json_object_set_new(one, "type", json_string(channel_type_name(channel->type)));
                json_object_set_new(one, "kind", json_string(outlook->message->kind));
                json_object_set_new(one, "payload", parsed ? parsed : json_null());
                json_array_append_new(list, one);
        }
        return list;
}

static json_t *outlook_to_json(const struct preview *preview, const struct outlook *outlook)
{
        const struct route *route = outlook->route;
        json_t *json = json_object();
        json_object_set_new(json, "route", json_string(route->name));
        json_object_set_new(json, "if_new", decision_to_json(&outlook->if_new));
        json_object_set_new(json, "once_more", decision_to_json(&outlook->again));
        json_object_set_new(json, "due", ctl_json_time(outlook->message ? outlook->due_ms : 0));
        json_object_set_new(json, "steps", steps_to_json(outlook));
        json_object_set_new(json, "deadline", ctl_json_time(outlook->is_open ? outlook->plan.deadline_ms : 0));
        json_object_set_new(json, "digest",
                            ctl_json_time(route->digest != ROUTE_DIGEST_NONE ? digest_time(preview, route) : 0));
        json_object_set_new(json, "messages", messages_to_json(preview, outlook));
        return json;
}

/* --- all routes --- */

static bool is_asked_for(const struct preview *preview, const struct route *route)
{
        return !preview->options->route || strcmp(preview->options->route, route->name) == 0;
}

/* First what is decided, then how it looks: a page of text stands between no two decisions. */
static int show_text(struct preview *preview, const GArray *outlooks)
{
        const struct bulletin_row *row = preview->row;
        printf("%s  %s\n", row->number ? row->number : row->key, row->title ? row->title : "");
        ctl_print_trust(row, NULL, "notify preview");
        if (outlooks->len == 0)
                printf("\nthe configuration has no route; nothing is sent to anybody\n");
        for (guint i = 0; i < outlooks->len; i++)
                print_outlook(preview, &g_array_index(outlooks, struct outlook, i));
        for (guint i = 0; i < outlooks->len; i++)
                print_messages(preview, outlooks, i);
        return CTL_DONE;
}

static int show_json(const struct preview *preview, const GArray *outlooks)
{
        json_t *json = json_object(), *routes = json_array();
        json_object_set_new(json, "schema", json_string("hotfixd.preview/1"));
        json_object_set_new(json, "feed", json_string(preview->row->feed));
        json_object_set_new(json, "key", json_string(preview->row->key));
        json_object_set_new(json, "unverified", ctl_json_text(preview->unverified));
        for (guint i = 0; i < outlooks->len; i++)
                json_array_append_new(routes, outlook_to_json(preview, &g_array_index(outlooks, struct outlook, i)));
        json_object_set_new(json, "routes", routes);
        return ctl_print_json(json);
}

static int write_html(const struct preview *preview)
{
        GError *error = NULL;
        if (!preview->html) {
                fputs("hotfixctl: none of these messages has an HTML part; nothing was written\n", stderr);
                return CTL_NOTHING;
        }
        if (!g_file_set_contents(preview->options->html, preview->html, -1, &error)) {
                fprintf(stderr, "hotfixctl: %s\n", error->message);
                g_error_free(error);
                return CTL_FAILED;
        }
        printf("\nthe HTML part of %s is in %s\n", preview->html_from, preview->options->html);
        return CTL_DONE;
}

static void clear_outlook(gpointer outlook)
{
        outlook_clear(outlook);
}

static int show(struct preview *preview, struct error *err)
{
        g_autoptr(GArray) outlooks = g_array_new(FALSE, TRUE, sizeof(struct outlook));
        g_array_set_clear_func(outlooks, clear_outlook);
        for (guint i = 0; i < ctl.config->routes->len; i++) {
                const struct route *route = g_ptr_array_index(ctl.config->routes, i);
                struct outlook outlook;
                if (!is_asked_for(preview, route))
                        continue;
                if (look(preview, route, &outlook, err) < 0)
                        return ctl_fail(err);
                g_array_append_val(outlooks, outlook);
        }
        int status = ctl.json ? show_json(preview, outlooks) : show_text(preview, outlooks);
        return status == CTL_DONE && preview->options->html ? write_html(preview) : status;
}

static int check_names(const struct notify_options *options, struct error *err)
{
        if (options->route && !config_route(ctl.config, options->route))
                return error_set(err, -ERR_NOT_FOUND, "the configuration has no [route %s] for bulletins", options->route);
        if (options->channel && !config_channel(ctl.config, options->channel))
                return error_set(err, -ERR_NOT_FOUND, "the configuration has no [channel %s]", options->channel);
        return 0;
}

int notify_preview(const char *id, const struct notify_options *options)
{
        struct error err = ERROR_INIT;
        struct preview preview = { .options = options, .now_ms = clock_wall_ms() };
        if (check_names(options, &err) < 0)
                return ctl_fail(&err);
        int status = ctl_open_database(DATABASE_READ, &preview.db);
        if (status != 0)
                return status;
        status = load_bulletin(&preview, id, &err) < 0 ? ctl_fail(&err) : show(&preview, &err);
        preview_clear(&preview);
        return status;
}
