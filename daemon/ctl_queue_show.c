/* SPDX-License-Identifier: MIT */
/* hotfixctl queue show. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ctl_queue_p.h"
#include "notify/channel.h"

struct shown {
        struct delivery *delivery;
        GPtrArray *attempts, *decisions;
        int64_t thread_id;             /* of the first delivery of its thread; 0: this is it */
        const struct channel *channel; /* as it is configured now, or NULL */
};

static void shown_clear(struct shown *shown)
{
        delivery_free(shown->delivery);
        g_clear_pointer(&shown->attempts, g_ptr_array_unref);
        g_clear_pointer(&shown->decisions, g_ptr_array_unref);
}

static int shown_load(struct database *db, const char *what, struct shown *shown, struct error *err)
{
        int r = outbox_find(db, what, &shown->delivery, err);
        if (r == 0)
                r = outbox_attempts(db, shown->delivery->id, &shown->attempts, err);
        if (r == 0)
                r = outbox_decisions_for(db, shown->delivery->id, &shown->decisions, err);
        struct delivery *first = NULL;
        if (r == 0 && shown->delivery->thread && (r = outbox_find(db, shown->delivery->thread, &first, err)) == 0)
                shown->thread_id = first->id;
        delivery_free(first);
        if (r == 0)
                shown->channel = config_channel(ctl.config, shown->delivery->channel);
        return r;
}

/* --- JSON --- */

static json_t *attempts_to_json(const GPtrArray *attempts)
{
        json_t *list = json_array();
        for (guint i = 0; i < attempts->len; i++) {
                const struct attempt *attempt = g_ptr_array_index(attempts, i);
                json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "at", ctl_json_time(attempt->at_ms), "result",
                                                      ctl_json_text(attempt->result), "answer",
                                                      ctl_json_text(attempt->answer)));
        }
        return list;
}

static json_t *decisions_to_json(const GPtrArray *decisions)
{
        json_t *list = json_array();
        for (guint i = 0; i < decisions->len; i++) {
                const struct decision_row *decision = g_ptr_array_index(decisions, i);
                json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:s}", "at", ctl_json_time(decision->decided_ms),
                                                      "route", decision->route, "action", decision->action, "reason",
                                                      decision->reason));
        }
        return list;
}

static int print_json(const struct shown *shown)
{
        json_t *json = queue_to_json(shown->delivery), *payload = json_loads(shown->delivery->payload, 0, NULL);
        g_autofree char *text = channel_preview(shown->channel, shown->delivery->payload);
        json_object_set_new(json, "schema", json_string("hotfixd.delivery/1"));
        json_object_set_new(json, "since", ctl_json_time(shown->delivery->since_ms));
        json_object_set_new(json, "follows", shown->thread_id ? json_integer(shown->thread_id) : json_null());
        json_object_set_new(json, "noted", ctl_json_text(shown->delivery->memo));
        json_object_set_new(json, "attempts", attempts_to_json(shown->attempts));
        json_object_set_new(json, "decisions", decisions_to_json(shown->decisions));
        json_object_set_new(json, "preview", ctl_json_text(text));
        json_object_set_new(json, "payload", payload ? payload : json_null());
        return ctl_print_json(json);
}

/* --- text --- */

static void print_facts(const struct shown *shown)
{
        const struct delivery *delivery = shown->delivery;
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT " (identity %s)", delivery->id, delivery->identity);
        g_autofree char *channel = g_strdup_printf("%s (%s)", delivery->channel, shown->channel ?
                                                   channel_type_name(shown->channel->type) : "not configured any more");
        g_autofree char *follows = shown->thread_id ? g_strdup_printf("delivery %" G_GINT64_FORMAT, shown->thread_id) : NULL;
        ctl_print_fact("delivery", number);
        ctl_print_fact("channel", channel);
        ctl_print_fact("kind", delivery->kind);
        ctl_print_fact("about", delivery->about);
        ctl_print_fact("state", queue_state(delivery));
        ctl_print_fact_time("created", delivery->created_ms);
        ctl_print_fact_time(delivery->state == DELIVERY_PENDING ? "next attempt" : "sent",
                   delivery->state == DELIVERY_PENDING ? delivery->next_ms : delivery->sent_ms);
        if (delivery->state == DELIVERY_PENDING && delivery->tries > 0)
                ctl_print_fact("unclear", "it is being sent now, or an earlier attempt may have arrived");
        ctl_print_fact("follows", follows);
        ctl_print_fact("noted", delivery->memo);
        ctl_print_fact("last answer", delivery->answer);
}

static void print_history(const struct shown *shown)
{
        for (guint i = 0; i < shown->decisions->len; i++) {
                const struct decision_row *decision = g_ptr_array_index(shown->decisions, i);
                g_autofree char *at = ctl_time(decision->decided_ms);
                printf("%s%s  route %s: %s: %s\n", i ? "    " : "\nasked for by\n    ", at, decision->route, decision->action,
                       decision->reason);
        }
        for (guint i = 0; i < shown->attempts->len; i++) {
                const struct attempt *attempt = g_ptr_array_index(shown->attempts, i);
                g_autofree char *at = ctl_time(attempt->at_ms);
                printf("%s%s  %s%s%s\n", i ? "    " : "\nattempts\n    ", at, attempt->result, attempt->answer ? ": " : "",
                       attempt->answer ? attempt->answer : "");
        }
}

int queue_show(struct database *db, const char *what)
{
        struct shown shown = { 0 };
        struct error err = ERROR_INIT;
        int status;
        if (shown_load(db, what, &shown, &err) < 0) {
                status = ctl_fail(&err);
        } else if (ctl.json) {
                status = print_json(&shown);
        } else {
                g_autofree char *text = channel_preview(shown.channel, shown.delivery->payload);
                print_facts(&shown);
                print_history(&shown);
                printf("\nmessage\n%s%s", text, g_str_has_suffix(text, "\n") ? "" : "\n");
                status = CTL_DONE;
        }
        shown_clear(&shown);
        return status;
}
