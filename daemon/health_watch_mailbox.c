/* SPDX-License-Identifier: MIT */
/* The looks at mailboxes: not reachable, silent, and a patch day after which nothing has come. */
#include "daemon/health_watch_p.h"

#include <string.h>

#include "daemon/patch_day.h"
#include "store/conditions.h"
#include "store/cursors.h"
#include "store/watch.h"

#define SETTLE_MS (5ll * 60 * 1000) /* a machine that has just started may have no network yet */

struct mailbox_look {
        const struct config_mailbox *config;
        const struct mailbox_state *state; /* or NULL */
        const struct cursor_row *cursor;   /* or NULL */
        int64_t since_ms;  /* it has been watched since then */
        int64_t synced_ms; /* what it holds was known in full then; 0: never yet */
};

static const struct mailbox_state *find_state(const GPtrArray *states, const char *name)
{
        for (guint i = 0; i < states->len; i++) {
                const struct mailbox_state *state = g_ptr_array_index(states, i);
                if (strcmp(state->mailbox, name) == 0)
                        return state;
        }
        return NULL;
}

static const struct cursor_row *find_cursor(const GPtrArray *cursors, const struct config_mailbox *config)
{
        for (guint i = 0; i < cursors->len; i++) {
                const struct cursor_row *cursor = g_ptr_array_index(cursors, i);
                if (strcmp(cursor->mailbox, config->name) == 0 && strcmp(cursor->location, config->location) == 0)
                        return cursor;
        }
        return NULL;
}

static int look_up(struct watch *watch, const struct config_mailbox *config, const GPtrArray *cursors, const GPtrArray *states,
                   struct mailbox_look *ret_look, struct error *err)
{
        g_autofree char *name = g_strdup_printf("mailbox:%s:%s", config->name, config->location);
        struct mailbox_look look = { .config = config, .state = find_state(states, config->name),
                                     .cursor = find_cursor(cursors, config) };
        look.synced_ms = look.cursor ? look.cursor->synced_ms : 0;
        int r = watch_since(watch->health.db, name, watch->health.now_ms, &look.since_ms, err);
        if (r == 0)
                *ret_look = look;
        return r;
}

/* ---- reachable ---- */

static bool is_failing(const struct mailbox_look *look)
{
        return look->state && look->state->error && look->state->failing_ms > 0;
}

/*
 * Since when it counts as not reachable; *ret_due_ms: from when on that is to be told. A service that starts over and over,
 * or that a timer starts for one pass, begins to count its failures each time: there the last complete sync tells how long
 * it has been, but not before the failure has lasted for a moment.
 */
static int64_t unreachable_since(const struct mailbox_look *look, int64_t after_ms, int64_t *ret_due_ms)
{
        int64_t failing_ms = look->state->failing_ms;
        int64_t known_ms = MIN(MAX(look->synced_ms, look->since_ms), failing_ms);
        bool ended = strcmp(look->state->state, "stopped") == 0; /* after one pass, with its error */
        int64_t by_sync_ms = ended ? known_ms + after_ms
                                   : MAX(known_ms + 2 * after_ms, failing_ms + MIN(after_ms, SETTLE_MS));
        *ret_due_ms = MIN(failing_ms + after_ms, by_sync_ms);
        return *ret_due_ms == failing_ms + after_ms ? failing_ms : known_ms;
}

static int tell_unreachable(struct watch *watch, const struct mailbox_look *look, int64_t since_ms, const char *name,
                            struct error *err)
{
        const struct mailbox_state *state = look->state;
        g_autofree char *headline = g_strdup_printf("mailbox %s cannot be read: %s", look->config->name, state->error);
        g_autoptr(GPtrArray) facts = watch_facts(), details = watch_texts(NULL, NULL);
        g_autoptr(GPtrArray) advice = watch_texts("What is wrong, and when it is tried again: hotfixctl status.",
                                                  "A wrong password, certificate or folder is tried at growing distances: "
                                                  "mend it and reload.", NULL);
        watch_fact(facts, "mailbox", look->config->location);
        watch_fact(facts, "error", state->error);
        watch_fact_time(watch, facts, "since", since_ms);
        watch_fact_time(watch, facts, "last read in full", look->synced_ms);
        struct health_report report = {
                .condition = name,
                .headline = headline,
                .lead = "Bulletins that arrive meanwhile are told once the mailbox can be read again. Until then nobody hears "
                        "of them.",
                .facts = facts,
                .advice = advice,
        };
        return watch_bad(watch, &report, details, err);
}

/* Over only once it was read again: a service that has just started knows of no failure. */
static bool is_read_again(const struct mailbox_look *look, const struct condition *open)
{
        return !is_failing(look) && look->synced_ms > open->started_ms;
}

static int look_at_reach(struct watch *watch, const struct mailbox_look *look, struct error *err)
{
        g_autofree char *name = g_strconcat(WATCH_UNREACHABLE, look->config->name, NULL);
        int64_t after_ms = watch->health.config->health.unreachable_ms, due_ms = 0;
        const struct condition *open = watch_find(watch, name);
        if (after_ms > 0 && is_failing(look)) {
                int64_t since_ms = unreachable_since(look, after_ms, &due_ms);
                if (open || due_ms <= watch->health.now_ms)
                        return tell_unreachable(watch, look, since_ms, name, err);
                watch_due(watch, due_ms);
                return 0;
        }
        if (!open || (after_ms > 0 && !is_read_again(look, open)))
                return 0;
        g_autofree char *headline = g_strdup_printf("mailbox %s is read again", look->config->name);
        return watch_good(watch, name, headline, after_ms > 0 ? "What arrived meanwhile has been fetched." :
                          "It is no longer watched whether the mailbox can be read.", err);
}

/* ---- silent ---- */

static int tell_silent(struct watch *watch, const struct mailbox_look *look, const char *name, struct error *err)
{
        const struct health *health = &watch->health;
        g_autofree char *source = g_strconcat("imap:", look->config->name, NULL);
        int64_t last_ms = 0;
        int r = watch_last_bulletin(health->db, source, &last_ms, err);
        if (r < 0)
                return r;
        g_autofree char *limit = watch_duration(health->config->health.silence_ms);
        g_autofree char *headline = g_strdup_printf("mailbox %s: no bulletin for %s", look->config->name, limit);
        g_autoptr(GPtrArray) facts = watch_facts(), details = watch_texts(NULL, NULL);
        g_autoptr(GPtrArray) advice = watch_texts(
                "Look whether the subscription still runs, and whether the mail server sorts its mails out as spam.",
                "Look at what came and was not taken for a bulletin: hotfixctl list --unrecognised, list --unverified and "
                "quarantine list.", NULL);
        watch_fact(facts, "mailbox", look->config->location);
        watch_fact_time(watch, facts, "last bulletin", last_ms);
        watch_fact_time(watch, facts, "last mail", look->state ? look->state->last_mail_ms : 0);
        watch_fact_time(watch, facts, "last read in full", look->synced_ms);
        struct health_report report = {
                .condition = name,
                .headline = headline,
                .lead = "The mailbox can be read, and no bulletin comes. Either the publisher has nothing to say, or it does not "
                        "arrive.",
                .facts = facts,
                .advice = advice,
        };
        return watch_bad(watch, &report, details, err);
}

/* Judged as of the last complete sync: what came since then is not known yet. */
static int look_at_silence(struct watch *watch, const struct mailbox_look *look, struct error *err)
{
        g_autofree char *name = g_strconcat(WATCH_SILENCE, look->config->name, NULL);
        g_autofree char *source = g_strconcat("imap:", look->config->name, NULL);
        g_autofree char *headline = g_strdup_printf("mailbox %s: a bulletin has come", look->config->name);
        int64_t after_ms = watch->health.config->health.silence_ms;
        bool came = true;
        if (after_ms == 0)
                return watch_good(watch, name, headline, "It is no longer watched whether bulletins come.", err);
        int64_t from_ms = look->synced_ms - after_ms;
        if (from_ms < look->since_ms && !watch_find(watch, name)) /* not watched for so long: spares a look */
                return 0;
        int r = watch_bulletin_came(watch->health.db, source, from_ms, &came, err);
        if (r < 0 || (!came && from_ms < look->since_ms))
                return r;
        return came ? watch_good(watch, name, headline, "Bulletins arrive again.", err) : tell_silent(watch, look, name, err);
}

/* ---- patch day ---- */

static int tell_patch_day(struct watch *watch, const struct patch_day *day, struct error *err)
{
        g_autofree char *headline = g_strdup_printf("no alert has come since Microsoft's patch day, %s", day->date);
        g_autoptr(GPtrArray) facts = watch_facts(), details = watch_texts(day->date, NULL);
        g_autoptr(GPtrArray) advice = watch_texts(
                "Look at Microsoft's list of updates yourself, and at whether the subscription still runs.",
                "Look at what came and was not taken for a bulletin: hotfixctl list --unrecognised, list --unverified and "
                "quarantine list.", NULL);
        watch_fact(facts, "patch day in Japan", day->date);
        watch_fact_time(watch, facts, "waited until", day->deadline_ms);
        struct health_report report = {
                .condition = WATCH_PATCH_DAY,
                .headline = headline,
                .lead = "Microsoft publishes its updates on that day, and alerts on them are expected by the end of the "
                        "Thursday that follows it. None has come from any mailbox.",
                .facts = facts,
                .advice = advice,
        };
        return watch_bad(watch, &report, details, err);
}

/* Only once every mailbox was read in full after the deadline, and none is new: else the alert may be there. */
static bool can_judge(const GArray *looks, const struct patch_day *day)
{
        for (guint i = 0; i < looks->len; i++) {
                const struct mailbox_look *look = &g_array_index(looks, struct mailbox_look, i);
                if (look->synced_ms < day->deadline_ms || look->since_ms > day->start_ms)
                        return false;
        }
        return looks->len > 0;
}

static int look_at_patch_day(struct watch *watch, const GArray *looks, struct error *err)
{
        static const char headline[] = "an alert has come";
        const struct health *health = &watch->health;
        struct patch_day day;
        bool came = false;
        if (!health->config->health.patch_tuesday)
                return watch_good(watch, WATCH_PATCH_DAY, headline, "It is no longer watched what comes after patch days.",
                                  err);
        patch_day_last(health->now_ms, &day);
        watch_due(watch, patch_day_next_deadline_ms(health->now_ms));
        if (!watch_find(watch, WATCH_PATCH_DAY) && !can_judge(looks, &day))
                return 0;
        int r = watch_alert_came(health->db, day.start_ms, &came, err);
        if (r < 0)
                return r;
        if (came)
                return watch_good(watch, WATCH_PATCH_DAY, headline, "Alerts arrive again.", err);
        return can_judge(looks, &day) ? tell_patch_day(watch, &day, err) : 0;
}

/* ---- all of them ---- */

static bool is_configured(const struct watch *watch, const char *name)
{
        const GPtrArray *mailboxes = watch->health.config->mailboxes;
        for (guint i = 0; i < mailboxes->len; i++)
                if (strcmp(((const struct config_mailbox *) g_ptr_array_index(mailboxes, i))->name, name) == 0)
                        return true;
        return false;
}

/* What is said of a mailbox that is no longer configured is over. */
static int end_others(struct watch *watch, const char *prefix, struct error *err)
{
        int r = 0;
        for (guint i = 0; r == 0 && i < watch->open->len; i++) {
                const struct condition *condition = g_ptr_array_index(watch->open, i);
                if (!g_str_has_prefix(condition->name, prefix) || is_configured(watch, condition->name + strlen(prefix)))
                        continue;
                g_autofree char *headline = g_strdup_printf("mailbox %s is no longer configured",
                                                            condition->name + strlen(prefix));
                r = watch_good(watch, condition->name, headline, "It is no longer watched.", err);
        }
        return r;
}

int watch_mailboxes(struct watch *watch, struct error *err)
{
        g_autoptr(GPtrArray) cursors = NULL, states = NULL;
        g_autoptr(GArray) looks = g_array_new(FALSE, FALSE, sizeof(struct mailbox_look));
        const GPtrArray *mailboxes = watch->health.config->mailboxes;
        int r = cursors_list(watch->health.db, &cursors, &states, err);
        for (guint i = 0; r == 0 && i < mailboxes->len; i++) {
                struct mailbox_look look;
                r = look_up(watch, g_ptr_array_index(mailboxes, i), cursors, states, &look, err);
                if (r == 0)
                        r = look_at_reach(watch, &look, err);
                if (r == 0)
                        r = look_at_silence(watch, &look, err);
                if (r == 0)
                        g_array_append_val(looks, look);
        }
        if (r == 0)
                r = look_at_patch_day(watch, looks, err);
        if (r == 0)
                r = end_others(watch, WATCH_UNREACHABLE, err);
        return r < 0 ? r : end_others(watch, WATCH_SILENCE, err);
}
