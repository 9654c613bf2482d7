/* SPDX-License-Identifier: MIT */
/* "hotfixctl notify": what would be sent, and a drill that is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "daemon/ctl.h"
#include "daemon/ctl_notify_p.h"
#include "daemon/delivery.h"
#include "daemon/service_p.h"
#include "store/outbox.h"

#define ANSWER_MS 120000 /* longer than one attempt takes, and one before it */
#define TURN_MS 100
#define DROP_REASON "a test is not tried again"

/* One drill: as the outbox has it, and how it ended. */
struct drill {
        const struct channel *channel;
        struct database *db;
        guint64 pid;
        char *identity;
        struct delivery *delivery;
};

static int find_channel(const char *name, const struct channel **ret_channel, struct error *err)
{
        const struct channel *channel = config_channel(ctl.config, name);
        if (!channel)
                return error_set(err, -ERR_NOT_FOUND, "the configuration has no [channel %s]", name);
        if (!channel_wants(channel, "test"))
                return error_set(err, -EOPNOTSUPP, "a channel of type %s sends no tests", channel_type_name(channel->type));
        *ret_channel = channel;
        return 0;
}

/* Each drill is one of its own. */
static int ask(struct drill *drill, struct error *err)
{
        int64_t now_ms = clock_wall_ms();
        unsigned deliveries = 0;
        g_autofree char *fingerprint = g_strdup_printf("test:%" G_GINT64_FORMAT ":%d", now_ms, (int) getpid());
        struct message *message = message_for_test(drill->channel->name);
        message->subject_key = g_strdup(fingerprint);
        struct delivery_subject subject = { .feed = "", .key = "", .fingerprint = fingerprint };
        drill->identity = outbox_identity(drill->channel->name, "", "", message->kind, fingerprint);
        int r = database_begin(drill->db, err);
        if (r == 0)
                r = delivery_ask(drill->db, drill->channel, message, &subject, now_ms, &deliveries, err);
        if (r == 0)
                r = database_commit(drill->db, err);
        if (r < 0)
                database_rollback(drill->db);
        message_free(message);
        return r;
}

static int look(struct drill *drill, struct error *err)
{
        g_clear_pointer(&drill->delivery, delivery_free);
        return outbox_find(drill->db, drill->identity, &drill->delivery, err);
}

static bool is_answered(const struct drill *drill)
{
        return drill->delivery->state != DELIVERY_PENDING || drill->delivery->attempts > 0;
}

static int wait_for_answer(struct drill *drill, struct error *err)
{
        int stop_fd = ctl_catch_stop();
        if (isatty(STDERR_FILENO))
                fprintf(stderr, "waiting for hotfixd (process %" G_GUINT64_FORMAT ") to send it\n", drill->pid);
        int64_t end_ms = clock_monotonic_ms() + ANSWER_MS;
        for (;;) {
                int r = look(drill, err);
                if (r < 0 || is_answered(drill) || drill->pid == 0 || clock_monotonic_ms() >= end_ms || ctl_is_stopped(NULL))
                        return r;
                drill->pid = ctl_daemon_pid(); /* 0: one more look, and no more */
                wake_wait(stop_fd, -1, TURN_MS);
        }
}

/* A drill that comes at night, once the other side works again, would be a false alarm. */
static int forget(struct drill *drill, bool *ret_dropped, struct error *err)
{
        int r = outbox_drop(drill->db, drill->delivery->id, clock_wall_ms(), DROP_REASON, err);
        *ret_dropped = r == 0;
        if (r != -EBUSY && r != -ERR_NOT_FOUND)
                return r;
        error_clear(err); /* it is being sent at this moment, or was meanwhile */
        return 0;
}

static void print_outcome(const struct drill *drill, const char *answer, bool answered, bool dropped)
{
        const char *channel = drill->channel->name, *type = channel_type_name(drill->channel->type);
        if (drill->delivery->state == DELIVERY_SENT)
                printf("sent to channel %s (%s): %s\n", channel, type, answer ? answer : "no answer");
        else if (answered)
                printf("channel %s (%s) failed: %s\n%s", channel, type, answer ? answer : "no answer",
                       dropped ? "" : "it may be tried again: 'hotfixctl queue list' shows it\n");
        else if (ctl_is_stopped(NULL))
                printf("stopped waiting%s\n", dropped ? "; the test is not sent any more" : "; the test may still be sent");
        else if (drill->pid == 0)
                printf("hotfixd ended before it was sent%s\n", dropped ? "; it is not sent any more" : "");
        else
                printf("hotfixd (process %" G_GUINT64_FORMAT ") has not sent it within %d s%s; if the channel is new, reload "
                       "hotfixd, and see 'hotfixctl queue list'\n",
                       drill->pid, ANSWER_MS / 1000, dropped ? " and will not" : "");
}

static int print_json(const struct drill *drill, const char *answer, bool answered)
{
        json_t *json = json_object();
        json_object_set_new(json, "schema", json_string("hotfixd.test/1"));
        json_object_set_new(json, "channel", json_string(drill->channel->name));
        json_object_set_new(json, "type", json_string(channel_type_name(drill->channel->type)));
        json_object_set_new(json, "delivery", json_integer(drill->delivery->id));
        json_object_set_new(json, "identity", json_string(drill->identity));
        json_object_set_new(json, "answered", json_boolean(answered));
        json_object_set_new(json, "sent", json_boolean(drill->delivery->state == DELIVERY_SENT));
        json_object_set_new(json, "answer", ctl_json_text(answer));
        return ctl_print_json(json);
}

/* 0: it was sent. */
static int report(struct drill *drill, struct error *err)
{
        bool answered = is_answered(drill), sent = drill->delivery->state == DELIVERY_SENT, dropped = false;
        g_autofree char *answer = answered ? g_strdup(drill->delivery->answer) : NULL; /* before ours takes its place */
        int r = sent ? 0 : forget(drill, &dropped, err);
        if (r < 0)
                return ctl_fail(err);
        int status = sent ? CTL_DONE : CTL_FAILED;
        if (ctl.json)
                return print_json(drill, answer, answered) == CTL_DONE ? status : CTL_FAILED;
        print_outcome(drill, answer, answered, dropped);
        return status;
}

static int send_drill(struct drill *drill)
{
        struct error err = ERROR_INIT;
        drill->pid = ctl_daemon_pid();
        if (drill->pid == 0) {
                fputs("hotfixctl: hotfixd does not run with this configuration: a test goes the way of every message, through "
                      "the daemon; start it, and try again\n", stderr);
                return CTL_FAILED;
        }
        int status = ctl_open_database(DATABASE_WRITE, &drill->db);
        if (status != 0)
                return status;
        int r = ask(drill, &err);
        if (r == 0)
                r = wait_for_answer(drill, &err);
        return r < 0 ? ctl_fail(&err) : report(drill, &err);
}

int notify_test(const char *channel)
{
        struct error err = ERROR_INIT;
        struct drill drill = { 0 };
        if (find_channel(channel, &drill.channel, &err) < 0)
                return ctl_fail(&err);
        int status = send_drill(&drill);
        delivery_free(drill.delivery);
        g_free(drill.identity);
        database_close(drill.db);
        return status;
}

/* --- the command --- */

enum { OPTION_ROUTE = 1000, OPTION_CHANNEL, OPTION_HTML };

static const struct option notify_options[] = {
        { "route", required_argument, NULL, OPTION_ROUTE },
        { "channel", required_argument, NULL, OPTION_CHANNEL },
        { "html", required_argument, NULL, OPTION_HTML },
        { NULL, 0, NULL, 0 },
};

static void take_option(int option, struct notify_options *options)
{
        if (option == OPTION_ROUTE)
                options->route = optarg;
        else if (option == OPTION_CHANNEL)
                options->channel = optarg;
        else
                options->html = optarg;
}

int ctl_notify(const struct ctl_command *command, int argc, char **argv)
{
        struct notify_options options = { 0 };
        int status, c;
        while ((c = ctl_next_option(command, argc, argv, notify_options, &status)) >= 0)
                take_option(c, &options);
        if (c == -2)
                return status;
        const char *action = optind < argc ? argv[optind] : "";
        bool preview = strcmp(action, "preview") == 0, test = strcmp(action, "test") == 0;
        if (!preview && !test)
                return ctl_usage_error(command, "the action is missing or unknown; there are: preview, test");
        if (argc - optind != 2)
                return ctl_usage_error(command, preview ? "one bulletin ID is needed" : "one CHANNEL is needed");
        if (test && (options.route || options.channel || options.html))
                return ctl_usage_error(command, "--route, --channel and --html go with preview only");
        if (ctl.json && options.html)
                return ctl_usage_error(command, "--html does not go with --json, which has the HTML part in it");
        if ((status = ctl_load_config()) != 0)
                return status;
        return preview ? notify_preview(argv[optind + 1], &options) : notify_test(argv[optind + 1]);
}
