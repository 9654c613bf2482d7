/* SPDX-License-Identifier: MIT */
#include "daemon/verification.h"

#include <string.h>

#include "daemon/drift_rules.h"
#include "store/verification.h"

#define SOURCE_PREFIX "imap:"
#define IMPORT_PREFIX "import:"

static const struct config_mailbox *find_mailbox(const struct config *config, const char *source)
{
        if (!g_str_has_prefix(source, SOURCE_PREFIX))
                return NULL;
        for (guint i = 0; i < config->mailboxes->len; i++) {
                const struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, i);
                if (strcmp(mailbox->name, source + strlen(SOURCE_PREFIX)) == 0)
                        return mailbox;
        }
        return NULL;
}

static bool anybody_asks(const struct config *config)
{
        for (guint i = 0; i < config->mailboxes->len; i++) {
                const struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, i);
                if (authenticity_asks(&mailbox->authenticity))
                        return true;
        }
        return false;
}

char *verification_judge(const struct config *config, const struct job *job)
{
        if (job->accepted || g_str_has_prefix(job->source, IMPORT_PREFIX))
                return NULL;
        const struct config_mailbox *mailbox = find_mailbox(config, job->source);
        if (mailbox)
                return authenticity_judge(&mailbox->authenticity, &job->result.authentication);
        /* Renamed, perhaps: what it asked for is not known any more, and is not to be forgotten with the name. */
        return anybody_asks(config) ? g_strdup("the configuration does not have the mailbox any more that brought it") : NULL;
}

const char *verification_source(const struct config *config, const GPtrArray *sightings)
{
        for (guint i = 0; i < sightings->len; i++) {
                const struct sighting_row *row = g_ptr_array_index(sightings, i);
                if (g_str_has_prefix(row->source, IMPORT_PREFIX) || find_mailbox(config, row->source))
                        return row->source;
        }
        return sightings->len > 0 ? ((struct sighting_row *) g_ptr_array_index(sightings, 0))->source : "quarantine";
}

bool verification_may_turn(const struct job *job)
{
        return job->mailbox && job->code == 0 && job->result.bulletin && job->result.outcome == READER_RECOGNISED;
}

bool verification_turns(const struct config *config, const struct job *job)
{
        g_autofree char *reason = verification_may_turn(job) ? verification_judge(config, job) : g_strdup("");
        return !reason;
}

/* --- the condition --- */

static char *condition_name(const char *source, const char *feed)
{
        return g_strdup_printf(VERIFICATION_CONDITION ":%s:%s", source + strlen(SOURCE_PREFIX), feed);
}

static void free_fact(void *fact)
{
        message_fact_free(fact);
}

static void add_fact(GPtrArray *facts, const char *label, const char *value)
{
        if (value && *value)
                g_ptr_array_add(facts, message_fact_new(label, value));
}

/* It may well be a real one. */
static bool is_unclear(const struct health *health, const struct job *job)
{
        const struct config_mailbox *mailbox = find_mailbox(health->config, job->source);
        return mailbox && authenticity_is_unclear(&mailbox->authenticity, &job->result.authentication);
}

/* Told once, and once more when what somebody forges is joined by what the mail server does not check any more. */
static void add_details(GPtrArray *details, const struct health *health, const struct job *job)
{
        bool unclear = job && is_unclear(health, job);
        if (unclear || !job)
                g_ptr_array_add(details, (gpointer) "could not be checked");
        if (!unclear)
                g_ptr_array_add(details, (gpointer) "found to fail");
}

/* How 'show' finds it; newly allocated. NULL: it is no bulletin. */
static char *bulletin_name(const struct job *job)
{
        return job && job->prepared.key ? g_strconcat(BULLETIN_UNVERIFIED_PREFIX, job->prepared.key, NULL) : NULL;
}

/* job: the last of them, or NULL, which is history. */
static int tell_run(struct health *health, const struct verification_row *row, const struct job *job, struct error *err)
{
        const char *mailbox = row->source + strlen(SOURCE_PREFIX);
        g_autofree char *condition = condition_name(row->source, row->feed);
        g_autofree char *run = row->run == 1 ? g_strdup("a mail") :
                               g_strdup_printf("%" G_GINT64_FORMAT " mails in a row", row->run);
        g_autofree char *headline = g_strdup_printf("%s: %s of mailbox %s %s not verified: %s", row->feed, run, mailbox,
                                                    row->run == 1 ? "was" : "were", row->reason ? row->reason : "");
        g_autofree char *number = job ? g_strdup_printf("%" G_GINT64_FORMAT, job->mail_id) : NULL;
        g_autofree char *before = g_strdup_printf("%" G_GINT64_FORMAT " bulletins", row->verified);
        g_autofree char *seen = health_time(health, health->now_ms), *bulletin = bulletin_name(job);
        g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func(free_fact);
        g_autoptr(GPtrArray) advice = g_ptr_array_new(), details = g_ptr_array_new();
        add_fact(facts, "feed", row->feed);
        add_fact(facts, "mailbox", mailbox);
        add_fact(facts, "last bulletin", bulletin);
        add_fact(facts, "last mail", number);
        add_fact(facts, "from", job ? job->result.bulletin->mail.from : NULL);
        add_fact(facts, "why", row->reason);
        add_fact(facts, "verified before", before);
        add_fact(facts, "seen", seen);
        g_ptr_array_add(advice, (gpointer) "Read them now: hotfixctl list --unverified, and those that are no bulletins: hotfixctl list "
                                           "--unrecognised. If they are forged, nothing else is to be done.");
        g_ptr_array_add(advice, (gpointer) "If they are real, see whether the mail server still writes Authentication-Results with "
                                           "the name that authserv-id has, and what it says: hotfixd.conf(5).");
        g_ptr_array_add(advice, (gpointer) "When that is mended and reloaded, have them judged again: hotfixctl quarantine retry "
                                           "--unverified. One that you know to be real: hotfixctl quarantine retry --accept MAIL.");
        add_details(details, health, job);
        struct health_report report = {
                .condition = condition,
                .headline = headline,
                .lead = "Mails in the name of the publisher come whose sender cannot be verified. Bulletins among them are archived "
                        "as unverified, and nobody was told of them. Either somebody forges them, or real ones do not pass "
                        "any more.",
                .facts = facts,
                .advice = advice,
        };
        return health_problem(health, &report, details, err);
}

static int tell_verified(struct health *health, const char *source, const char *feed, struct error *err)
{
        g_autofree char *condition = condition_name(source, feed);
        g_autofree char *headline = g_strdup_printf("%s: mails are verified again", feed);
        struct health_report report = {
                .condition = condition,
                .headline = headline,
                .lead = "The last " G_STRINGIFY(VERIFICATION_CLEAN_RUN) " bulletins counted as verified. Those that did not are still "
                        "archived as unverified: hotfixctl list --unverified.",
        };
        return health_good(health, &report, VERIFICATION_CLEAN_RUN, err);
}

static const char *feed_of(const struct job *job)
{
        return job->result.bulletin->feed ? job->result.bulletin->feed : "";
}

int verification_watch_bulletin(struct health *health, const struct job *job, struct error *err)
{
        const struct config_mailbox *mailbox = find_mailbox(health->config, job->source);
        if (!mailbox)
                return 0;
        /* Where nothing is asked for any more, an open condition still has to end. */
        if (!authenticity_asks(&mailbox->authenticity))
                return job->history ? 0 : tell_verified(health, job->source, feed_of(job), err);
        struct verification_row *row = NULL;
        int r = verification_count(health->db, job->source, feed_of(job), job->unverified, &row, err);
        if (r == 0 && !job->unverified)
                r = tell_verified(health, job->source, feed_of(job), err);
        else if (r == 0 && !job->history && (row->run >= VERIFICATION_RUN || is_unclear(health, job)))
                r = tell_run(health, row, job, err);
        verification_row_free(row);
        return r;
}

int verification_watch_letter(struct health *health, const struct job *job, struct error *err)
{
        const char *from = job->result.bulletin ? job->result.bulletin->mail.from : NULL;
        g_autofree char *address = job->unverified && find_mailbox(health->config, job->source) ? drift_sender_address(from) : NULL;
        if (!address)
                return 0;
        struct sender_record sender = { 0 };
        struct verification_row *row = NULL;
        int r = drift_sender_find(health->db, address, &sender, err);
        if (r == 0 && sender.feed && !job->history)
                r = verification_count(health->db, job->source, sender.feed, job->unverified, &row, err);
        if (r == 0 && row && row->run >= VERIFICATION_LETTERS)
                r = tell_run(health, row, job, err);
        verification_row_free(row);
        sender_record_clear(&sender);
        return r;
}

int verification_watch_history(struct health *health, const char *source, struct error *err)
{
        const struct config_mailbox *mailbox = find_mailbox(health->config, source);
        GPtrArray *rows;
        if (!mailbox || !authenticity_asks(&mailbox->authenticity))
                return 0;
        int r = verification_list(health->db, source, &rows, err);
        if (r < 0)
                return r;
        for (guint i = 0; r == 0 && i < rows->len; i++) {
                const struct verification_row *row = g_ptr_array_index(rows, i);
                if (row->unverified > 0)
                        health_add_line(health, LOG_LEVEL_WARNING, source, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " bulletins of "
                                        "%s are not verified, the last one because: %s", row->unverified,
                                        row->unverified + row->verified, row->feed, row->reason);
                if (row->run >= VERIFICATION_RUN)
                        r = tell_run(health, row, NULL, err);
        }
        g_ptr_array_unref(rows);
        return r;
}
