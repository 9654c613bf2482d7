/* SPDX-License-Identifier: MIT */
/* replay: what differs, and how a person reads it. */
#include <stdio.h>
#include <string.h>

#include "daemon/ctl.h"
#include "daemon/ctl_replay_p.h"

static void change_free(void *change)
{
        bulletin_change_free(change);
}

static void route_change_free(void *data)
{
        struct replay_route_change *change = data;
        g_free(change->route);
        g_free(change->from);
        g_free(change->from_reason);
        g_free(change->to);
        g_free(change->to_reason);
        g_free(change);
}

void replay_difference_free(struct replay_difference *difference)
{
        if (!difference)
                return;
        g_free(difference->outcome_from);
        g_free(difference->outcome_to);
        g_ptr_array_unref(difference->fields);
        g_ptr_array_unref(difference->decisions);
        g_free(difference);
}

/* "bulletin MS07-028", "bulletin MS07-028 of an unverified sender", "quarantined": what became of the mail, in words. Its
 * event ("first", "duplicate") is no part of that: it depends on what came before. */
static char *outcome_text(const struct replay_record *record)
{
        const struct mail_row *mail = record->mail;
        if (mail->outcome != MAIL_BULLETIN)
                return g_strdup_printf("%s%s%s", mail_outcome_name(mail->outcome), mail->reason ? ": " : "",
                                       mail->reason ? mail->reason : "");
        return g_strdup_printf("bulletin %s%s%s", record->bulletin ? record->bulletin : "",
                               mail->unverified ? ", sender not verified: " : "", mail->unverified ? mail->unverified : "");
}

static void compare_outcomes(struct replay_difference *difference, const struct replay_record *before,
                             const struct replay_record *after)
{
        g_autofree char *from = outcome_text(before), *to = outcome_text(after);
        if (strcmp(from, to) == 0)
                return;
        difference->outcome_from = g_steal_pointer(&from);
        difference->outcome_to = g_steal_pointer(&to);
}

static void compare_contents(struct replay_difference *difference, const struct replay_record *before,
                             const struct replay_record *after, GHashTable *seen)
{
        if (!before->content || !after->content || g_strcmp0(before->fingerprint, after->fingerprint) == 0)
                return;
        if (!g_hash_table_add(seen, g_strconcat(before->fingerprint, after->fingerprint, NULL)))
                return;
        g_ptr_array_unref(difference->fields);
        difference->fields = bulletin_diff(before->content, after->content);
}

static const struct replay_decision *find_decision(const GPtrArray *decisions, const char *route)
{
        for (guint i = 0; i < decisions->len; i++) {
                const struct replay_decision *decision = g_ptr_array_index(decisions, i);
                if (strcmp(decision->route, route) == 0)
                        return decision;
        }
        return NULL;
}

static void compare_decision(struct replay_difference *difference, const char *route, const struct replay_decision *before,
                             const struct replay_decision *after)
{
        const char *from = before ? before->action : "none", *to = after ? after->action : "none";
        if (strcmp(from, to) == 0)
                return;
        struct replay_route_change *change = g_new0(struct replay_route_change, 1);
        change->route = g_strdup(route);
        change->from = g_strdup(from);
        change->from_reason = g_strdup(before ? before->reason : "the route did not decide on it");
        change->to = g_strdup(to);
        change->to_reason = g_strdup(after ? after->reason : "no route of that name decides on it");
        g_ptr_array_add(difference->decisions, change);
}

static void compare_decisions(struct replay_difference *difference, const struct replay_record *before,
                              const struct replay_record *after)
{
        for (guint i = 0; i < before->decisions->len; i++) {
                const struct replay_decision *decision = g_ptr_array_index(before->decisions, i);
                compare_decision(difference, decision->route, decision, find_decision(after->decisions, decision->route));
        }
        for (guint i = 0; i < after->decisions->len; i++) {
                const struct replay_decision *decision = g_ptr_array_index(after->decisions, i);
                if (!find_decision(before->decisions, decision->route))
                        compare_decision(difference, decision->route, NULL, decision);
        }
}

struct replay_difference *replay_compare(const struct replay_record *before, const struct replay_record *after,
                                         GHashTable *seen)
{
        struct replay_difference *difference = g_new0(struct replay_difference, 1);
        difference->fields = g_ptr_array_new_with_free_func(change_free);
        difference->decisions = g_ptr_array_new_with_free_func(route_change_free);
        compare_outcomes(difference, before, after);
        compare_contents(difference, before, after, seen);
        compare_decisions(difference, before, after);
        if (!difference->outcome_from && difference->fields->len == 0 && difference->decisions->len == 0)
                g_clear_pointer(&difference, replay_difference_free);
        return difference;
}

/* --- for people and for programs --- */

static json_t *difference_to_json(const struct replay_record *before, const struct replay_difference *difference)
{
        json_t *fields = json_array(), *decisions = json_array();
        for (guint i = 0; i < difference->fields->len; i++) {
                const struct bulletin_change *change = g_ptr_array_index(difference->fields, i);
                json_array_append_new(fields, json_pack("{s:s, s:s, s:s, s:s}", "path", change->path, "label", change->label,
                                                        "from", change->from, "to", change->to));
        }
        for (guint i = 0; i < difference->decisions->len; i++) {
                const struct replay_route_change *change = g_ptr_array_index(difference->decisions, i);
                json_array_append_new(decisions,
                                      json_pack("{s:s, s:{s:s, s:s}, s:{s:s, s:s}}", "route", change->route, "from", "action",
                                                change->from, "reason", change->from_reason, "to", "action", change->to,
                                                "reason", change->to_reason));
        }
        json_t *outcome = difference->outcome_from ?
                json_pack("{s:s, s:s}", "from", difference->outcome_from, "to", difference->outcome_to) : json_null();
        return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o}", "mail", (json_int_t) before->mail->id, "sha256",
                         before->mail->sha256, "bulletin", ctl_json_text(before->bulletin), "outcome", outcome, "fields", fields,
                         "decisions", decisions);
}

void replay_print_difference(const struct replay_record *before, const struct replay_difference *difference)
{
        if (ctl.json) {
                ctl_print_json(difference_to_json(before, difference));
                return;
        }
        g_autofree char *stored = ctl_time(before->mail->stored_ms);
        printf("mail %" G_GINT64_FORMAT "  %s  %s\n", before->mail->id, stored,
               before->bulletin ? before->bulletin : before->mail->subject ? before->mail->subject : "(no subject)");
        if (difference->outcome_from)
                printf("  became:   %s\n  now:      %s\n", difference->outcome_from, difference->outcome_to);
        for (guint i = 0; i < difference->fields->len; i++) {
                const struct bulletin_change *change = g_ptr_array_index(difference->fields, i);
                printf("  field:    %s (%s): %s → %s\n", change->path, change->label, *change->from ? change->from : "(nothing)",
                       *change->to ? change->to : "(nothing)");
        }
        for (guint i = 0; i < difference->decisions->len; i++) {
                const struct replay_route_change *change = g_ptr_array_index(difference->decisions, i);
                printf("  route %s:\n    decided:  %s (%s)\n    now:      %s (%s)\n", change->route, change->from,
                       change->from_reason, change->to, change->to_reason);
        }
}

void replay_print_totals(const struct replay_totals *totals)
{
        if (ctl.json) {
                ctl_print_json(json_pack("{s:{s:i, s:i, s:i, s:i, s:i}}", "totals", "mails", totals->mails, "left_out",
                                         totals->left_out, "outcomes", totals->outcomes, "fields", totals->fields, "decisions",
                                         totals->decisions));
                return;
        }
        if (totals->left_out > 0)
                printf("%u mail%s left out, of which only the beginning is stored\n", totals->left_out,
                       totals->left_out == 1 ? "" : "s");
        printf("%u mail%s compared: %u became something else, %u differ%s in fields, %u in decisions. Nothing was sent.\n",
               totals->mails, totals->mails == 1 ? "" : "s", totals->outcomes, totals->fields, totals->fields == 1 ? "s" : "",
               totals->decisions);
}
