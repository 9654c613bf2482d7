/* SPDX-License-Identifier: MIT */
/* hotfixctl queue: what is to be sent, and what a person can do about it. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "daemon/ctl_queue_p.h"
#include "daemon/table.h"
#include "notify/channel.h"

#define LIMIT_MAX 1000000u
#define ANSWER_COLUMNS 40u /* of what stands before it nothing is cut */

enum { OPTION_ALL = 256, OPTION_CHANNEL, OPTION_STATE, OPTION_LIMIT, OPTION_REASON };

static const struct option queue_options[] = {
        { "all", no_argument, NULL, OPTION_ALL },
        { "channel", required_argument, NULL, OPTION_CHANNEL },
        { "state", required_argument, NULL, OPTION_STATE },
        { "limit", required_argument, NULL, OPTION_LIMIT },
        { "reason", required_argument, NULL, OPTION_REASON },
        { NULL, 0, NULL, 0 },
};

struct queue_options {
        bool all;
        const char *channel, *state, *reason;
        unsigned limit;
};

const char *queue_state(const struct delivery *delivery)
{
        if (delivery->state != DELIVERY_PENDING)
                return delivery_state_name(delivery->state);
        return delivery->attempts > 0 ? "failing" : "waiting";
}

json_t *queue_to_json(const struct delivery *delivery)
{
        bool pending = delivery->state == DELIVERY_PENDING;
        json_t *json = json_object();
        json_object_set_new(json, "delivery", json_integer(delivery->id));
        json_object_set_new(json, "identity", json_string(delivery->identity));
        json_object_set_new(json, "channel", json_string(delivery->channel));
        json_object_set_new(json, "kind", json_string(delivery->kind));
        json_object_set_new(json, "about", ctl_json_text(delivery->about));
        json_object_set_new(json, "state", json_string(queue_state(delivery)));
        json_object_set_new(json, "created", ctl_json_time(delivery->created_ms));
        json_object_set_new(json, "next", ctl_json_time(pending ? delivery->next_ms : 0));
        json_object_set_new(json, "sent", ctl_json_time(delivery->sent_ms));
        json_object_set_new(json, "tries", json_integer(delivery->attempts));
        json_object_set_new(json, "unclear", json_boolean(pending && delivery->tries > 0));
        json_object_set_new(json, "answer", ctl_json_text(delivery->answer));
        return json;
}

/* --- list --- */

/* On a terminal without year and seconds: there is little room, and all of it is of these days. */
static char *row_time(int64_t wall_ms, size_t width)
{
        g_autofree char *text = ctl_time(wall_ms);
        bool whole = width == 0 || strlen(text) != strlen("YYYY-MM-DD HH:MM:SS");
        return whole ? g_steal_pointer(&text) : g_strndup(text + strlen("YYYY-"), strlen("MM-DD HH:MM"));
}

static void add_row(struct table *table, const struct delivery *delivery, size_t width)
{
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, delivery->id);
        g_autofree char *created = row_time(delivery->created_ms, width), *tries = g_strdup_printf("%u", delivery->attempts);
        g_autofree char *next = row_time(delivery->state == DELIVERY_PENDING ? delivery->next_ms : delivery->sent_ms, width);
        g_autofree char *about = delivery->about ? text_cut_columns(delivery->about, width ? 24 : 1000) : NULL;
        size_t answer_columns = width ? MAX(width, ANSWER_COLUMNS) : 1000;
        g_autofree char *answer = delivery->answer ? text_cut_columns(delivery->answer, answer_columns) : NULL;
        table_add(table, number, queue_state(delivery), delivery->channel, delivery->kind, about, created, next, tries,
                  answer);
}

static void print_table(const GPtrArray *deliveries)
{
        size_t width = table_terminal_width(STDOUT_FILENO);
        struct table *table = table_new("DELIVERY", "STATE", "CHANNEL", "KIND", "ABOUT", "CREATED", "NEXT/SENT", "TRIES",
                                        "ANSWER", NULL);
        for (guint i = 0; i < deliveries->len; i++)
                add_row(table, g_ptr_array_index(deliveries, i), width);
        table_print(table, stdout, width);
        table_free(table);
}

/* 0: no such word. "failing" ones are pending; they are told apart where they are shown. */
static unsigned parse_states(const char *word)
{
        static const struct { const char *word; unsigned states; } words[] = {
                { "waiting", 1u << DELIVERY_PENDING }, { "failing", 1u << DELIVERY_PENDING },
                { "sent", 1u << DELIVERY_SENT },       { "dead", 1u << DELIVERY_DEAD },
                { "dropped", 1u << DELIVERY_DROPPED },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (strcmp(word, words[i].word) == 0)
                        return words[i].states;
        return 0;
}

/* Of those that are pending only the ones that are called so. */
static void keep_state(GPtrArray *deliveries, const char *state)
{
        for (guint i = deliveries->len; state && i > 0; i--)
                if (strcmp(queue_state(g_ptr_array_index(deliveries, i - 1)), state) != 0)
                        g_ptr_array_remove_index(deliveries, i - 1);
}

static int list(struct database *db, const struct queue_options *options)
{
        struct error err = ERROR_INIT;
        GPtrArray *deliveries = NULL;
        bool splits = options->state && parse_states(options->state) == 1u << DELIVERY_PENDING;
        struct outbox_filter filter = {
                .states = options->all ? 0 : options->state ? parse_states(options->state) :
                                                              1u << DELIVERY_PENDING | 1u << DELIVERY_DEAD,
                .channel = options->channel,
                .limit = splits ? 0 : options->limit,
        };
        if (outbox_search(db, &filter, &deliveries, &err) < 0)
                return ctl_fail(&err);
        keep_state(deliveries, options->state);
        if (options->limit && deliveries->len > options->limit)
                g_ptr_array_set_size(deliveries, (gint) options->limit);
        int status = deliveries->len > 0 ? CTL_DONE : CTL_NOTHING;
        if (ctl.json) {
                json_t *json = json_array();
                for (guint i = 0; i < deliveries->len; i++)
                        json_array_append_new(json, queue_to_json(g_ptr_array_index(deliveries, i)));
                ctl_print_json(json);
        } else if (deliveries->len > 0) {
                print_table(deliveries);
        } else {
                fputs(options->all || options->state || options->channel ? "there is no such delivery\n" :
                      "nothing waits to be sent, and nothing was given up\n", stderr);
        }
        g_ptr_array_unref(deliveries);
        return status;
}

/* --- retry and drop --- */

/* Oldest first: that is the order they are sent in. */
static int add_all(struct database *db, const struct queue_options *options, bool also_waiting, GPtrArray *deliveries,
                   struct error *err)
{
        struct outbox_filter filter = { .states = 1u << DELIVERY_PENDING | 1u << DELIVERY_DEAD, .channel = options->channel };
        GPtrArray *found = NULL;
        int r = outbox_search(db, &filter, &found, err);
        for (guint i = found ? found->len : 0; r == 0 && i > 0; i--) {
                const struct delivery *delivery = g_ptr_array_index(found, i - 1);
                if (also_waiting || delivery->state == DELIVERY_DEAD || delivery->attempts > 0)
                        g_ptr_array_add(deliveries, g_ptr_array_steal_index(found, i - 1));
        }
        g_clear_pointer(&found, g_ptr_array_unref);
        return r;
}

static int add_named(struct database *db, char **names, int count, GPtrArray *deliveries, struct error *err)
{
        for (int i = 0; i < count; i++) {
                struct delivery *delivery;
                int r = outbox_find(db, names[i], &delivery, err);
                if (r < 0)
                        return r;
                g_ptr_array_add(deliveries, delivery);
        }
        return 0;
}

static char *default_reason(void)
{
        g_autofree char *person = ctl_person();
        return g_strdup_printf("dropped by %s", person);
}

/* Says on a line of its own what became of one, and returns the exit status that goes with it. */
static int report(const struct delivery *delivery, int r, const char *what, json_t *list, struct error *err)
{
        int status = r == 0 ? CTL_DONE : r == -ERR_NOT_FOUND ? CTL_NOTHING : CTL_FAILED;
        if (list)
                json_array_append_new(list, json_pack("{s:I, s:s, s:o}", "delivery", (json_int_t) delivery->id, "result",
                                                      r == 0 ? what : "refused", "error",
                                                      ctl_json_text(r == 0 ? NULL : error_text(err))));
        else if (r == 0)
                printf("delivery %" G_GINT64_FORMAT " (%s, %s%s%s): %s\n", delivery->id, delivery->channel, delivery->kind,
                       delivery->about ? " " : "", delivery->about ? delivery->about : "", what);
        else
                fprintf(stderr, "hotfixctl: %s\n", error_text(err));
        error_clear(err);
        return status;
}

/* The worst of them counts. */
static int change_each(struct database *db, const GPtrArray *deliveries, bool retries, const char *reason)
{
        int status = CTL_DONE;
        json_t *list = ctl.json ? json_array() : NULL;
        for (guint i = 0; i < deliveries->len; i++) {
                const struct delivery *delivery = g_ptr_array_index(deliveries, i);
                struct error err = ERROR_INIT;
                int r = retries ? outbox_retry(db, delivery->id, clock_wall_ms(), &err) :
                                  outbox_drop(db, delivery->id, clock_wall_ms(), reason, &err);
                int one = report(delivery, r, retries ? "due now" : "dropped", list, &err);
                status = one == CTL_FAILED || status == CTL_DONE ? one : status;
        }
        if (list && ctl_print_json(list) != CTL_DONE)
                status = CTL_FAILED;
        return status;
}

/* What a daemon that was killed has been sending is held for some minutes by nobody. */
static int release_abandoned(struct database *db, struct error *err)
{
        return ctl_daemon_pid() == 0 ? outbox_release(db, NULL, err) : 0;
}

static int change(struct database *db, const struct queue_options *options, char **names, int count, bool retries)
{
        struct error err = ERROR_INIT;
        g_autoptr(GPtrArray) deliveries = g_ptr_array_new_with_free_func((GDestroyNotify) delivery_free);
        g_autofree char *reason = options->reason ? g_strdup(options->reason) : default_reason();
        int r = release_abandoned(db, &err);
        if (r == 0)
                r = options->all ? add_all(db, options, !retries, deliveries, &err) :
                                   add_named(db, names, count, deliveries, &err);
        if (r < 0)
                return ctl_fail(&err);
        if (deliveries->len == 0) {
                if (ctl.json)
                        ctl_print_json(json_array());
                fputs(retries ? "nothing has failed\n" : "there is nothing to drop\n", stderr);
                return CTL_NOTHING;
        }
        int status = change_each(db, deliveries, retries, reason);
        if (retries && status == CTL_DONE && ctl_daemon_pid() == 0)
                fputs("hotfixd is not running: what is due is sent once it does\n", stderr);
        return status;
}

/* --- the command --- */

enum { ACTION_LIST, ACTION_SHOW, ACTION_RETRY, ACTION_DROP };
static const char *const actions[] = { "list", "show", "retry", "drop", NULL };

static int take_option(const struct ctl_command *command, int option, struct queue_options *options)
{
        guint64 number;
        switch (option) {
        case OPTION_ALL:
                options->all = true;
                break;
        case OPTION_CHANNEL:
                options->channel = optarg;
                break;
        case OPTION_STATE:
                if (parse_states(optarg) == 0)
                        return ctl_usage_error(command, "--state: '%s' is not waiting, failing, sent, dead or dropped",
                                               optarg);
                options->state = optarg;
                break;
        case OPTION_LIMIT:
                if (text_parse_uint64(optarg, LIMIT_MAX, &number) < 0 || number == 0)
                        return ctl_usage_error(command, "--limit: '%s' is no number from 1 to %u", optarg, LIMIT_MAX);
                options->limit = (unsigned) number;
                break;
        default:
                if (!g_utf8_validate(optarg, -1, NULL) || text_is_blank(optarg) || strlen(optarg) > 400)
                        return ctl_usage_error(command, "--reason: a line of text is needed, of at most 400 bytes");
                options->reason = optarg;
                break;
        }
        return 0;
}

/* 0, or the exit status. */
static int check_usage(const struct ctl_command *command, const struct queue_options *options, const struct ctl_action *what)
{
        int action = what->index, count = what->count;
        if ((options->limit || options->state) && action != ACTION_LIST)
                return ctl_usage_error(command, "--limit and --state go with list only");
        if (options->state && options->all)
                return ctl_usage_error(command, "either --state or --all");
        if (options->reason && action != ACTION_DROP)
                return ctl_usage_error(command, "--reason goes with drop only");
        if (action == ACTION_LIST && count > 0)
                return ctl_usage_error(command, "list takes no deliveries");
        if (action == ACTION_SHOW && (count != 1 || options->all || options->channel))
                return ctl_usage_error(command, "one DELIVERY is needed, and no option");
        if (action > ACTION_SHOW && (count > 0) == options->all)
                return ctl_usage_error(command, "either a DELIVERY is needed, or --all");
        if (action > ACTION_SHOW && options->channel && !options->all)
                return ctl_usage_error(command, "--channel goes with list and --all only");
        if (action == ACTION_DROP && options->all && !options->channel) /* not everything by a slip */
                return ctl_usage_error(command, "drop --all needs --channel");
        return 0;
}

static int run(const struct ctl_action *action, struct database *db, const struct queue_options *options)
{
        switch (action->index) {
        case ACTION_LIST:
                return list(db, options);
        case ACTION_SHOW:
                return queue_show(db, action->names[0]);
        default:
                return change(db, options, action->names, action->count, action->index == ACTION_RETRY);
        }
}

int ctl_queue(const struct ctl_command *command, int argc, char **argv)
{
        struct queue_options options = { 0 };
        int status, c;
        while ((c = ctl_next_option(command, argc, argv, queue_options, &status)) >= 0)
                if ((status = take_option(command, c, &options)) != 0)
                        return status;
        if (c == -2)
                return status;
        struct ctl_action action;
        if ((status = ctl_take_action(command, argc, argv, actions, &action)) != 0 ||
            (status = check_usage(command, &options, &action)) != 0)
                return status;
        struct database *db;
        if ((status = ctl_load_config()) != 0 ||
            (status = ctl_open_database(action.index > ACTION_SHOW ? DATABASE_WRITE : DATABASE_READ, &db)) != 0)
                return status;
        status = run(&action, db, &options);
        database_close(db);
        return status;
}
