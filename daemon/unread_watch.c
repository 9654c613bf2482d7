/* SPDX-License-Identifier: MIT */
#include "daemon/unread_watch.h"

static void free_fact(void *fact)
{
        message_fact_free(fact);
}

/* The same for every mail of this kind, so that it is told once. */
static const char *kind_of_failure(const struct job *job, int code)
{
        if (job->oversize_bytes != 0)
                return "larger than max-message-size";
        switch (code) {
        case -ERR_WORKER_TIMEOUT:
                return "the parser ran out of time";
        case -ERR_WORKER_CRASHED:
                return "the parser crashed";
        case -ERR_LIMIT:
                return "over a limit";
        default:
                return "not readable";
        }
}

static bool is_watched(const struct job *job)
{
        return job->mailbox && !job->history;
}

int unread_watch_quarantined(struct health *health, const struct job *job, int code, const char *reason, struct error *err)
{
        if (!is_watched(job))
                return 0;
        const char *kind = kind_of_failure(job, code);
        g_autofree char *headline = g_strdup_printf("a mail could not be read: %s", kind);
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT " (UID %u)", job->mail_id, job->uid);
        g_autofree char *seen = health_time(health, health->now_ms);
        g_autofree char *read_it = g_strdup_printf("Read it in the mailbox: %s, UID %u.", job->source, job->uid);
        g_autoptr(GPtrArray) facts = g_ptr_array_new_with_free_func(free_fact);
        g_autoptr(GPtrArray) advice = g_ptr_array_new(), details = g_ptr_array_new();
        g_ptr_array_add(facts, message_fact_new("mailbox", job->source));
        g_ptr_array_add(facts, message_fact_new("mail", number));
        g_ptr_array_add(facts, message_fact_new("why", reason));
        g_ptr_array_add(facts, message_fact_new("seen", seen));
        g_ptr_array_add(advice, read_it);
        g_ptr_array_add(advice, (gpointer) "See all of them, with their reasons: hotfixctl quarantine list.");
        g_ptr_array_add(advice, (gpointer) "If it is a bulletin, and the reason names a limit that is a key of hotfixd.conf(5), "
                                           "raise it, reload, and have it read again: hotfixctl quarantine retry.");
        g_ptr_array_add(details, (gpointer) kind);
        struct health_report report = {
                .condition = UNREAD_CONDITION,
                .headline = headline,
                .lead = "A mail arrived that hotfixd cannot read. It is kept in quarantine. If it is a bulletin, nobody was told of it.",
                .facts = facts,
                .advice = advice,
        };
        return health_problem(health, &report, details, err);
}

int unread_watch_read(struct health *health, const struct job *job, struct error *err)
{
        struct health_report report = {
                .condition = UNREAD_CONDITION,
                .headline = "mails are read again",
                .lead = "The last " G_STRINGIFY(UNREAD_CLEAN_RUN) " mails could be read. Those that could not are still in "
                        "quarantine: hotfixctl quarantine list.",
        };
        return is_watched(job) ? health_good(health, &report, UNREAD_CLEAN_RUN, err) : 0;
}
