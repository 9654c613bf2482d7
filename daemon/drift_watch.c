/* SPDX-License-Identifier: MIT */
#include "daemon/drift_watch.h"

#include "daemon/drift_rules.h"
#include "store/conditions.h"
#include "store/drift_tally.h"

static void free_fact(void *fact)
{
        message_fact_free(fact);
}

static const char *feed_of(const struct bulletin *bulletin)
{
        return bulletin->feed ? bulletin->feed : "";
}

/* What 'hotfixctl show' finds it by; newly allocated. */
static char *name_of(const struct bulletin *bulletin)
{
        return bulletin->id ? g_strdup(bulletin->id) : bulletin_key(bulletin);
}

static void add_fact(GPtrArray *facts, const char *label, const char *value)
{
        if (value && *value)
                g_ptr_array_add(facts, message_fact_new(label, value));
}

static void add_list_fact(GPtrArray *facts, const char *label, const GPtrArray *texts)
{
        g_autofree char *joined = drift_join(texts);
        add_fact(facts, label, joined);
}

void drift_watch_init(struct drift_watch *watch, struct health *health)
{
        *watch = (struct drift_watch){ .health = health, .tally = drift_tally_new(health->db) };
}

void drift_watch_clear(struct drift_watch *watch)
{
        g_clear_pointer(&watch->tally, drift_tally_free);
}

int drift_watch_save(struct drift_watch *watch, struct error *err)
{
        return drift_tally_save(watch->tally, err);
}

/* --- a bulletin --- */

static int tell_problem(struct drift_watch *watch, const struct job *job, const struct drift_signs *signs, const char *name,
                        struct error *err)
{
        const struct bulletin *bulletin = job->result.bulletin;
        const char *kind = bulletin_kind_name(bulletin->kind);
        g_autofree char *condition = drift_condition_name(feed_of(bulletin), bulletin->kind);
        g_autofree char *text = drift_signs_text(signs), *headline = g_strdup_printf("%s: %s", feed_of(bulletin), text);
        g_autofree char *which = g_strdup_printf("%s %s", kind, name), *since = health_time(watch->health, watch->health->now_ms);
        g_autofree char *lead = g_strdup_printf(
                "A message of kind %s is not written as hotfixd expects. The publisher may have changed the format: fields of "
                "this and of the next messages may be missing.", kind);
        g_autofree char *read_it = g_strdup_printf(
                "Read it in full: hotfixctl show %s. A severity or urgency that cannot be read counts as undetermined.", name);
        g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func(free_fact);
        g_autoptr(GPtrArray) advice = g_ptr_array_new();
        add_fact(facts, "feed", feed_of(bulletin));
        add_fact(facts, "bulletin", which);
        add_fact(facts, "from", bulletin->mail.from);
        add_list_fact(facts, "unknown labels", signs->unknown);
        add_list_fact(facts, "missing labels", signs->missing);
        add_list_fact(facts, "empty fields", signs->fields);
        add_fact(facts, "seen", since);
        g_ptr_array_add(advice, read_it);
        g_ptr_array_add(advice, (gpointer) "See which fields are still filled, and all unknown labels: hotfixctl status.");
        g_ptr_array_add(advice, (gpointer) "If the format has changed for good, hotfixd needs a version that knows it.");
        struct health_report report = { .condition = condition, .headline = headline, .lead = lead, .facts = facts,
                                        .advice = advice, .bulletin_id = bulletin->id };
        return health_problem(watch->health, &report, signs->details, err);
}

static int tell_good(struct drift_watch *watch, const struct bulletin *bulletin, struct error *err)
{
        g_autofree char *condition = drift_condition_name(feed_of(bulletin), bulletin->kind);
        g_autofree char *headline = g_strdup_printf("%s: read as usual again", feed_of(bulletin));
        g_autofree char *lead = g_strdup_printf(
                "The last %u messages of kind %s were written as hotfixd expects. What came before may have been read only in "
                "part.", DRIFT_CLEAN_RUN, bulletin_kind_name(bulletin->kind));
        struct health_report report = { .condition = condition, .headline = headline, .lead = lead };
        return health_good(watch->health, &report, DRIFT_CLEAN_RUN, err);
}

/* *ret_details: of the condition that goes on; NULL if there is none. */
static int load_known(struct drift_watch *watch, const struct bulletin *bulletin, GPtrArray **ret_details, struct error *err)
{
        g_autofree char *name = drift_condition_name(feed_of(bulletin), bulletin->kind);
        struct condition *condition = NULL;
        GPtrArray *details = NULL;
        int r = conditions_find(watch->health->db, name, &condition, err);
        if (r == 0 && condition)
                r = conditions_details(watch->health->db, condition->id, &details, err);
        if (r == 0)
                *ret_details = details;
        condition_free(condition);
        return r;
}

static int find_signs(struct drift_watch *watch, const struct job *job, struct drift_signs *signs, struct error *err)
{
        const struct bulletin *bulletin = job->result.bulletin;
        struct drift_counts counts;
        g_autoptr(GPtrArray) known = NULL;
        int r = drift_counts_load(watch->health->db, feed_of(bulletin), bulletin->kind, &counts, err);
        if (r == 0)
                r = load_known(watch, bulletin, &known, err);
        if (r < 0)
                return r;
        drift_signs_add_labels(signs, &job->result.labels);
        drift_signs_add_title(signs, bulletin);
        drift_signs_add_fields(signs, &counts, known);
        return 0;
}

static int judge(struct drift_watch *watch, const struct job *job, const char *name, struct error *err)
{
        struct drift_signs signs;
        drift_signs_init(&signs);
        int r = drift_watch_save(watch, err);
        if (r == 0)
                r = find_signs(watch, job, &signs, err);
        if (r == 0 && drift_signs_any(&signs)) {
                g_autofree char *text = drift_signs_text(&signs);
                health_add_line(watch->health, LOG_LEVEL_WARNING, job->source, "mail %" G_GINT64_FORMAT ": %s %s: %s",
                                job->mail_id, bulletin_kind_name(job->result.bulletin->kind), name, text);
                r = tell_problem(watch, job, &signs, name, err);
        } else if (r == 0) {
                r = tell_good(watch, job->result.bulletin, err);
        }
        drift_signs_clear(&signs);
        return r;
}

static int count_bulletin(struct drift_watch *watch, const struct job *job, int64_t variant_id, const char *name,
                          struct error *err)
{
        const struct bulletin *bulletin = job->result.bulletin;
        g_autofree char *address = drift_sender_address(bulletin->mail.from);
        int r = drift_tally_content(watch->tally, feed_of(bulletin), bulletin->kind, variant_id, !job->history,
                                    bulletin_fill_mask(bulletin), err);
        if (r == 0)
                r = drift_add_labels(watch->health->db, feed_of(bulletin), bulletin->kind, job->result.labels.unknown, name,
                                     watch->health->now_ms, err);
        if (r == 0 && address)
                drift_tally_sender(watch->tally, address, feed_of(bulletin));
        return r;
}

int drift_watch_bulletin(struct drift_watch *watch, const struct job *job, int64_t variant_id, struct error *err)
{
        g_autofree char *name = name_of(job->result.bulletin);
        int r = count_bulletin(watch, job, variant_id, name, err);
        if (r < 0 || !job->history)
                return r < 0 ? r : judge(watch, job, name, err);
        watch->history++;
        watch->history_signs += !label_report_is_empty(&job->result.labels);
        return 0;
}

/* --- a mail that is none --- */

static int tell_mail(struct drift_watch *watch, const struct job *job, const struct sender_record *before, struct error *err)
{
        const struct mail_info *mail = &job->result.bulletin->mail;
        struct drift_signs signs;
        drift_signs_init(&signs);
        drift_signs_add_mail(&signs);
        g_autofree char *condition = drift_condition_name(before->feed, BULLETIN_ALERT);
        g_autofree char *headline = g_strdup_printf("%s: a mail of the publisher is not recognised", before->feed);
        g_autofree char *number = g_strdup_printf("mail %" G_GINT64_FORMAT, job->mail_id);
        g_autofree char *sent = g_strdup_printf("%" G_GINT64_FORMAT " bulletins before", before->bulletins);
        g_autofree char *since = health_time(watch->health, watch->health->now_ms);
        g_autofree char *read_it = g_strdup_printf(
                "Read it in the mailbox: nobody was notified of it. hotfixctl trace %" G_GINT64_FORMAT " says why.", job->mail_id);
        g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func(free_fact);
        g_autoptr(GPtrArray) advice = g_ptr_array_new();
        add_fact(facts, "feed", before->feed);
        add_fact(facts, "mail", number);
        add_fact(facts, "subject", mail->subject);
        add_fact(facts, "from", mail->from);
        add_fact(facts, "this sender", sent);
        add_fact(facts, "why", job->result.reason);
        add_fact(facts, "seen", since);
        g_ptr_array_add(advice, read_it);
        g_ptr_array_add(advice, (gpointer) "If it is a bulletin, the publisher has changed the format, and hotfixd needs a "
                                           "version that knows it.");
        struct health_report report = {
                .condition = condition,
                .headline = headline,
                .lead = "A mail came from an address that sends bulletins, and it is not recognised as one. If it is one, "
                        "nobody was told of it.",
                .facts = facts,
                .advice = advice,
        };
        int r = health_problem(watch->health, &report, signs.details, err);
        drift_signs_clear(&signs);
        return r;
}

int drift_watch_unrecognised(struct drift_watch *watch, const struct job *job, struct error *err)
{
        const struct bulletin *bulletin = job->result.bulletin;
        g_autofree char *address = bulletin ? drift_sender_address(bulletin->mail.from) : NULL;
        if (!address)
                return 0;
        struct sender_record before = { 0 };
        int r = drift_watch_save(watch, err);
        if (r == 0)
                r = drift_sender_sent_other(watch->health->db, address, &before, err);
        if (r == 0 && !job->history && drift_sender_deviates(&before)) {
                health_add_line(watch->health, LOG_LEVEL_WARNING, job->source, "mail %" G_GINT64_FORMAT ": not recognised, "
                                "and its sender %s has sent %" G_GINT64_FORMAT " bulletins of %s", job->mail_id, address,
                                before.bulletins, before.feed);
                r = tell_mail(watch, job, &before, err);
        }
        sender_record_clear(&before);
        return r;
}

void drift_watch_finish(struct drift_watch *watch)
{
        if (watch->history_signs > 0)
                health_add_line(watch->health, LOG_LEVEL_INFO, "history", "%u of %u bulletins have labels that are not "
                                "recognised, or lack some: see 'hotfixctl status'", watch->history_signs, watch->history);
        watch->history = watch->history_signs = 0;
}
