/* SPDX-License-Identifier: MIT */
/* trace: everything on record about one bulletin or one mail, in the order in which it happened, with the reasons. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "daemon/ctl_alerts_p.h"
#include "daemon/job.h"
#include "store/bulletins.h"
#include "store/mails.h"
#include "store/outbox.h"

struct trace {
        struct database *db;
        struct bulletin_row *bulletin;
        char *unverified_key;             /* of what unverified mails say about the same bulletin, or NULL */
        GPtrArray *revisions, *decisions; /* struct revision_row, struct decision_row */
        GPtrArray *mails;                 /* struct mail_row */
        struct ctl_alerts alerts;         /* of the bulletin */
};

static void trace_clear(struct trace *trace)
{
        bulletin_row_free(trace->bulletin);
        g_free(trace->unverified_key);
        g_clear_pointer(&trace->revisions, g_ptr_array_unref);
        g_clear_pointer(&trace->decisions, g_ptr_array_unref);
        g_clear_pointer(&trace->mails, g_ptr_array_unref);
        ctl_alerts_clear(&trace->alerts);
}

static int load_mails(struct trace *trace, struct error *err)
{
        GArray *ids;
        int r = bulletins_mails(trace->db, trace->bulletin->id, &ids, err);
        if (r < 0)
                return r;
        trace->mails = g_ptr_array_new_with_free_func((GDestroyNotify) mail_row_free);
        for (guint i = 0; r == 0 && i < ids->len; i++) {
                struct mail_row *mail;
                r = mails_get(trace->db, g_array_index(ids, int64_t, i), &mail, err);
                if (r == 0)
                        g_ptr_array_add(trace->mails, mail);
        }
        g_array_unref(ids);
        return r;
}

static int load_bulletin(struct trace *trace, struct error *err)
{
        int r = bulletins_revisions(trace->db, trace->bulletin->id, &trace->revisions, err);
        if (r == 0)
                r = outbox_decisions(trace->db, trace->bulletin->id, &trace->decisions, err);
        if (r == 0)
                r = ctl_alerts_load(trace->db, trace->bulletin->id, &trace->alerts, err);
        if (r == 0)
                r = load_mails(trace, err);
        if (r == 0)
                r = bulletins_unverified_key(trace->db, trace->bulletin, &trace->unverified_key, err);
        return r;
}

/* JSON */

static json_t *attempts_to_json(struct database *db, const struct delivery *delivery)
{
        json_t *list = json_array();
        GPtrArray *attempts;
        if (outbox_attempts(db, delivery->id, &attempts, NULL) < 0)
                return list;
        for (guint i = 0; i < attempts->len; i++) {
                const struct attempt *attempt = g_ptr_array_index(attempts, i);
                json_t *json = json_object();
                json_object_set_new(json, "at", ctl_json_time(attempt->at_ms));
                json_object_set_new(json, "result", ctl_json_text(attempt->result));
                json_object_set_new(json, "answer", ctl_json_text(attempt->answer));
                json_array_append_new(list, json);
        }
        g_ptr_array_unref(attempts);
        return list;
}

static json_t *delivery_to_json(struct database *db, const struct delivery *delivery)
{
        json_t *json = json_object();
        json_object_set_new(json, "delivery", json_integer(delivery->id));
        json_object_set_new(json, "identity", json_string(delivery->identity));
        json_object_set_new(json, "channel", json_string(delivery->channel));
        json_object_set_new(json, "kind", json_string(delivery->kind));
        json_object_set_new(json, "state", json_string(delivery_state_name(delivery->state)));
        json_object_set_new(json, "created", ctl_json_time(delivery->created_ms));
        json_object_set_new(json, "sent", ctl_json_time(delivery->sent_ms));
        json_object_set_new(json, "next", ctl_json_time(delivery->state == DELIVERY_PENDING ? delivery->next_ms : 0));
        json_object_set_new(json, "attempts", attempts_to_json(db, delivery));
        return json;
}

static json_t *decision_to_json(struct database *db, const struct decision_row *decision)
{
        json_t *json = json_object(), *deliveries = json_array();
        for (guint i = 0; decision->deliveries && i < decision->deliveries->len; i++)
                json_array_append_new(deliveries, delivery_to_json(db, g_ptr_array_index(decision->deliveries, i)));
        json_object_set_new(json, "at", ctl_json_time(decision->decided_ms));
        json_object_set_new(json, "mail", json_integer(decision->mail_id));
        json_object_set_new(json, "revision", json_integer(decision->revision_id));
        json_object_set_new(json, "route", json_string(decision->route));
        json_object_set_new(json, "action", json_string(decision->action));
        json_object_set_new(json, "reason", json_string(decision->reason));
        json_object_set_new(json, "deliveries", deliveries);
        return json;
}

static json_t *revision_to_json(const struct revision_row *revision)
{
        json_t *json = json_object(), *changes = json_array();
        for (guint i = 0; i < revision->changes->len; i++) {
                const struct bulletin_change *change = g_ptr_array_index(revision->changes, i);
                json_array_append_new(changes, json_pack("{s:s,s:s,s:s,s:s}", "field", change->path, "label", change->label,
                                                         "from", change->from, "to", change->to));
        }
        const struct bulletin *b = revision->content;
        json_object_set_new(json, "revision", json_integer(revision->id));
        json_object_set_new(json, "registered", ctl_json_text(revision->registered[0] ? revision->registered : NULL));
        json_object_set_new(json, "updated", ctl_json_text(revision->updated[0] ? revision->updated : NULL));
        json_object_set_new(json, "current", json_boolean(revision->current));
        json_object_set_new(json, "history", json_boolean(revision->history));
        json_object_set_new(json, "variants", json_integer(revision->variants));
        json_object_set_new(json, "sightings", json_integer(revision->sightings));
        json_object_set_new(json, "severity", ctl_json_text(bulletin_value_name(FIELD_SEVERITY, b->fields[FIELD_SEVERITY].value)));
        json_object_set_new(json, "urgency", ctl_json_text(bulletin_value_name(FIELD_URGENCY, b->fields[FIELD_URGENCY].value)));
        json_object_set_new(json, "changes", changes);
        return json;
}

static json_t *sightings_to_json(struct database *db, int64_t mail_id)
{
        json_t *list = json_array();
        GPtrArray *sightings;
        if (mails_sightings(db, mail_id, &sightings, NULL) < 0)
                return list;
        for (guint i = 0; i < sightings->len; i++) {
                const struct sighting_row *sighting = g_ptr_array_index(sightings, i);
                json_t *json = json_object();
                json_object_set_new(json, "source", json_string(sighting->source));
                json_object_set_new(json, "uid_validity", sighting->uid ? json_integer(sighting->uid_validity) : json_null());
                json_object_set_new(json, "uid", sighting->uid ? json_integer(sighting->uid) : json_null());
                json_object_set_new(json, "at", ctl_json_time(sighting->seen_ms));
                json_array_append_new(list, json);
        }
        g_ptr_array_unref(sightings);
        return list;
}

static json_t *mail_to_json(struct database *db, const struct mail_row *mail)
{
        json_t *json = ctl_json_mail(mail);
        json_object_set_new(json, "sightings", sightings_to_json(db, mail->id));
        return json;
}

static int print_json(const struct trace *trace)
{
        json_t *json = json_object(), *mails = json_array(), *revisions = json_array(), *decisions = json_array();
        for (guint i = 0; i < trace->mails->len; i++)
                json_array_append_new(mails, mail_to_json(trace->db, g_ptr_array_index(trace->mails, i)));
        for (guint i = 0; trace->revisions && i < trace->revisions->len; i++)
                json_array_append_new(revisions, revision_to_json(g_ptr_array_index(trace->revisions, i)));
        for (guint i = 0; trace->decisions && i < trace->decisions->len; i++)
                json_array_append_new(decisions, decision_to_json(trace->db, g_ptr_array_index(trace->decisions, i)));
        json_object_set_new(json, "schema", json_string("hotfixd.trace/1"));
        json_object_set_new(json, "feed", ctl_json_text(trace->bulletin ? trace->bulletin->feed : NULL));
        json_object_set_new(json, "key", ctl_json_text(trace->bulletin ? trace->bulletin->key : NULL));
        json_object_set_new(json, "unverified", json_boolean(trace->bulletin && trace->bulletin->unverified));
        json_object_set_new(json, "unverified_key", ctl_json_text(trace->unverified_key));
        json_object_set_new(json, "mails", mails);
        json_object_set_new(json, "revisions", revisions);
        json_object_set_new(json, "decisions", decisions);
        json_object_set_new(json, "alerts", trace->alerts.alerts ? ctl_alerts_to_json(&trace->alerts) : json_array());
        json_object_set_new(json, "acknowledgements",
                            trace->alerts.alerts ? ctl_acknowledgements_to_json(&trace->alerts) : json_array());
        return ctl_print_json(json);
}

/* Text */

static void print_sightings(struct database *db, int64_t mail_id)
{
        GPtrArray *sightings;
        if (mails_sightings(db, mail_id, &sightings, NULL) < 0)
                return;
        for (guint i = 0; i < sightings->len; i++) {
                const struct sighting_row *sighting = g_ptr_array_index(sightings, i);
                g_autofree char *at = ctl_time(sighting->seen_ms);
                printf("    seen %s at %s", at, sighting->source);
                if (sighting->uid)
                        printf(" (UID %u, UIDVALIDITY %u)", sighting->uid, sighting->uid_validity);
                putchar('\n');
        }
        g_ptr_array_unref(sightings);
}

static void print_mail(struct database *db, const struct mail_row *mail)
{
        g_autofree char *received = ctl_time(mail->received_ms);
        printf("mail %" G_GINT64_FORMAT "  %s  %s\n", mail->id, received, mail->subject ? mail->subject : "(no subject)");
        printf("    from %s, %" G_GINT64_FORMAT " bytes, sha256 %.12s", mail->from ? mail->from : "(nobody)", mail->size_bytes,
               mail->sha256);
        if (mail->message_id)
                printf(", Message-ID %s", mail->message_id);
        putchar('\n');
        print_sightings(db, mail->id);
        printf("    became: %s%s%s%s%s%s\n", mail_outcome_name(mail->outcome), mail->event ? ", " : "",
               mail->event ? job_event_text(mail->event) : "", mail->history ? ", history" : "", mail->reason ? ": " : "",
               mail->reason ? mail->reason : "");
        if (mail->unverified)
                printf("    sender not verified: %s\n", mail->unverified);
}

static void print_revision(const struct revision_row *revision)
{
        printf("revision %s (registered %s)%s%s: severity %s, urgency %s", revision->updated[0] ? revision->updated : "undated",
               revision->registered[0] ? revision->registered : "unknown", revision->current ? ", current" : "",
               revision->history ? ", history" : "", ctl_field_value(revision->content, FIELD_SEVERITY),
               ctl_field_value(revision->content, FIELD_URGENCY));
        if (revision->variants > 1)
                printf("; %u variants", revision->variants);
        printf("; seen in %u mail%s\n", revision->sightings, revision->sightings == 1 ? "" : "s");
        for (guint i = 0; i < revision->changes->len; i++) {
                const struct bulletin_change *change = g_ptr_array_index(revision->changes, i);
                g_autofree char *from = text_cut_columns(change->from[0] ? change->from : "(nothing)", 40);
                g_autofree char *to = text_cut_columns(change->to[0] ? change->to : "(nothing)", 40);
                g_strdelimit(from, "\n", ' ');
                g_strdelimit(to, "\n", ' ');
                printf("    %s: %s → %s\n", change->label, from, to);
        }
}

static const char *delivery_words(enum delivery_state state)
{
        static const char *const words[DELIVERY_STATE_MAX] = {
                [DELIVERY_PENDING] = "waiting for",
                [DELIVERY_SENT] = "sent to",
                [DELIVERY_DEAD] = "given up for",
                [DELIVERY_DROPPED] = "dropped for",
        };
        return (unsigned) state < DELIVERY_STATE_MAX ? words[state] : "unknown for";
}

/* What followed by the clock is named: "escalated: sent to channel phone". */
static void print_delivery(struct database *db, const struct delivery *delivery, const char *action)
{
        g_autofree char *when = ctl_time(delivery->state == DELIVERY_SENT ? delivery->sent_ms : delivery->next_ms);
        bool followed = g_strcmp0(delivery->kind, action) != 0;
        printf("        %s%s%s channel %s (delivery %" G_GINT64_FORMAT ", %.12s)", followed ? delivery->kind : "",
               followed ? ": " : "", delivery_words(delivery->state), delivery->channel, delivery->id, delivery->identity);
        if (delivery->state == DELIVERY_SENT)
                printf(" at %s", when);
        else if (delivery->state == DELIVERY_PENDING)
                printf(", next attempt %s", when);
        putchar('\n');
        GPtrArray *attempts;
        if (outbox_attempts(db, delivery->id, &attempts, NULL) < 0)
                return;
        for (guint i = 0; i < attempts->len; i++) {
                const struct attempt *attempt = g_ptr_array_index(attempts, i);
                g_autofree char *at = ctl_time(attempt->at_ms);
                printf("            %s  %s%s%s\n", at, attempt->result, attempt->answer ? ": " : "",
                       attempt->answer ? attempt->answer : "");
        }
        g_ptr_array_unref(attempts);
}

static void print_decision(struct database *db, const struct decision_row *decision)
{
        g_autofree char *at = ctl_time(decision->decided_ms);
        bool sent = strcmp(decision->action, "none") != 0;
        printf("    %s  route %s, mail %" G_GINT64_FORMAT ": %s%s: %s\n", at, decision->route, decision->mail_id,
               sent ? "send as " : "not sent", sent ? decision->action : "", decision->reason);
        for (guint i = 0; decision->deliveries && i < decision->deliveries->len; i++)
                print_delivery(db, g_ptr_array_index(decision->deliveries, i), decision->action);
}

static int print_text(const struct trace *trace)
{
        if (trace->bulletin) {
                const struct bulletin *b = trace->bulletin->current;
                printf("%s  %s\n", b->id ? b->id : trace->bulletin->key, b->title ? b->title : "");
                ctl_print_trust(trace->bulletin, trace->unverified_key, "trace");
                putchar('\n');
        }
        for (guint i = 0; i < trace->mails->len; i++)
                print_mail(trace->db, g_ptr_array_index(trace->mails, i));
        if (!trace->bulletin)
                return CTL_DONE;
        putchar('\n');
        for (guint i = 0; i < trace->revisions->len; i++)
                print_revision(g_ptr_array_index(trace->revisions, i));
        printf("\ndecisions%s\n", trace->decisions->len ? "" : ": none on record (no route was configured)");
        for (guint i = 0; i < trace->decisions->len; i++)
                print_decision(trace->db, g_ptr_array_index(trace->decisions, i));
        if (trace->alerts.alerts && trace->alerts.alerts->len > 0) {
                puts("\nalerts");
                ctl_alerts_print(&trace->alerts, "    ");
                if (trace->alerts.acknowledgements->len > 0)
                        puts("\nacknowledgements");
                ctl_acknowledgements_print(&trace->alerts, "    ");
        }
        return CTL_DONE;
}

/* A mail's trace goes on with the bulletin it became. */
static int find_by_mail(struct trace *trace, const char *what, struct error *err)
{
        int r = mails_find(trace->db, what, &trace->mails, err);
        if (r < 0)
                return r;
        const struct mail_row *mail = g_ptr_array_index(trace->mails, 0);
        if (trace->mails->len > 1 || mail->revision_id == 0)
                return 0;
        int64_t bulletin_id;
        r = bulletins_of_revision(trace->db, mail->revision_id, &bulletin_id, err);
        if (r == 0)
                r = bulletins_get(trace->db, bulletin_id, &trace->bulletin, err);
        if (r == 0)
                r = bulletins_revisions(trace->db, bulletin_id, &trace->revisions, err);
        if (r == 0)
                r = outbox_decisions(trace->db, bulletin_id, &trace->decisions, err);
        if (r == 0)
                r = ctl_alerts_load(trace->db, bulletin_id, &trace->alerts, err);
        return r;
}

static int find(struct trace *trace, const char *what, struct error *err)
{
        int r = bulletins_find(trace->db, what, &trace->bulletin, err);
        if (r == 0)
                return load_bulletin(trace, err);
        if (r != -ERR_NOT_FOUND)
                return r;
        error_clear(err);
        r = find_by_mail(trace, what, err);
        if (r == -ERR_NOT_FOUND)
                return error_set(err, r, "'%s' is neither a bulletin nor a mail on record", what);
        return r;
}

int ctl_trace(const struct ctl_command *command, int argc, char **argv)
{
        int status;
        if (ctl_next_option(command, argc, argv, NULL, &status) == -2)
                return status;
        if (argc - optind != 1)
                return ctl_usage_error(command, "one bulletin ID or one MAIL is needed");
        struct trace trace = { 0 };
        if ((status = ctl_load_config()) != 0 || (status = ctl_open_database(DATABASE_READ, &trace.db)) != 0)
                return status;
        struct error err = ERROR_INIT;
        int r = find(&trace, argv[optind], &err);
        status = r < 0 ? ctl_fail(&err) : ctl.json ? print_json(&trace) : print_text(&trace);
        trace_clear(&trace);
        database_close(trace.db);
        return status;
}
