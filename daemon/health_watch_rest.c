/* SPDX-License-Identifier: MIT */
/* The looks at channels, quarantine, disk and holidays. */
#include "daemon/health_watch_p.h"

#include <string.h>
#include <sys/statvfs.h>

#include "store/conditions.h"
#include "store/watch.h"

#define DAY_MS (24ll * 3600 * 1000)
#define HOLIDAYS_AHEAD_MS (90 * DAY_MS)
#define DISK_MARGIN_PERCENT 1u /* so much more must be free before it is over */

/* ---- channels ---- */

static void add_channel_facts(struct watch *watch, GPtrArray *facts, const struct watch_channel *look)
{
        if (look->dead > 0) {
                g_autofree char *dead = g_strdup_printf("%" G_GINT64_FORMAT, look->dead);
                g_autofree char *last = g_strdup_printf("delivery %" G_GINT64_FORMAT ": %s", look->dead_id,
                                                        look->dead_answer ? look->dead_answer : "no answer");
                watch_fact(facts, "given up", dead);
                watch_fact(facts, "last of them", last);
                watch_fact_time(watch, facts, "at", look->dead_ms);
        }
        if (look->failing_id > 0) {
                g_autofree char *waiting = g_strdup_printf("%" G_GINT64_FORMAT, look->waiting);
                g_autofree char *oldest = g_strdup_printf("delivery %" G_GINT64_FORMAT ": %s", look->failing_id,
                                                          look->failing_answer ? look->failing_answer : "no answer");
                watch_fact(facts, "waiting", waiting);
                watch_fact(facts, "oldest that fails", oldest);
                watch_fact_time(watch, facts, "due since", look->failing_ms);
        }
}

static int tell_channel(struct watch *watch, const char *channel, const char *name, const struct watch_channel *look,
                        struct error *err)
{
        bool dead = look->dead > 0;
        const char *answer = dead ? look->dead_answer : look->failing_answer;
        const char *what = dead ? "did not take a message" : "cannot be reached";
        g_autofree char *headline = g_strdup_printf("channel %s %s: %s", channel, what, answer ? answer : "no answer");
        g_autoptr(GPtrArray) facts = watch_facts();
        g_autofree char *since = health_time(&watch->health, look->dead_since_ms);
        g_autofree char *detail = dead ? g_strdup_printf("messages given up since %s", since) : g_strdup("messages wait");
        g_autoptr(GPtrArray) details = watch_texts(detail, NULL);
        g_autoptr(GPtrArray) advice = watch_texts(
                "See which messages these are: hotfixctl queue list; read them: hotfixctl queue show. Tell the people yourself if "
                "it is urgent.",
                "Mend what the answer names, and try it: hotfixctl notify test. What was given up stands so until somebody has it "
                "sent again (hotfixctl queue retry) or lets it be (queue drop).", NULL);
        watch_fact(facts, "channel", channel);
        add_channel_facts(watch, facts, look);
        struct health_report report = {
                .condition = name,
                .headline = headline,
                .lead = dead ? "Messages for this channel were refused, or tried in vain for days, and are not tried any more. "
                               "Whoever reads this channel was not told." :
                               "Messages for this channel fail and are tried again. Whoever reads this channel has not been "
                               "told yet.",
                .facts = facts,
                .advice = advice,
        };
        return watch_bad(watch, &report, details, err);
}

static int look_at_channel(struct watch *watch, const char *channel, struct error *err)
{
        g_autofree char *name = g_strconcat(WATCH_CHANNEL, channel, NULL);
        g_autofree char *headline = g_strdup_printf("channel %s: nothing fails there any more", channel);
        int64_t after_ms = watch->health.config->health.unreachable_ms;
        struct watch_channel look;
        int r = watch_channel_look(watch->health.db, channel, &look, err);
        if (r < 0)
                return r;
        bool failing = after_ms > 0 && look.failing_id > 0;
        bool failing_long = failing && look.failing_ms + after_ms <= watch->health.now_ms;
        if (failing && !failing_long)
                watch_due(watch, look.failing_ms + after_ms);
        if (look.dead > 0 || failing_long)
                r = tell_channel(watch, channel, name, &look, err);
        else if (!failing) /* else it is not over: only what had waited longest was dropped */
                r = watch_good(watch, name, headline, "Nothing is given up there, and nothing fails.", err);
        watch_channel_clear(&look);
        return r;
}

int watch_channels(struct watch *watch, struct error *err)
{
        const struct config *config = watch->health.config;
        int r = 0;
        for (guint i = 0; r == 0 && i < config->channels->len; i++)
                r = look_at_channel(watch, ((const struct channel *) g_ptr_array_index(config->channels, i))->name, err);
        for (guint i = 0; r == 0 && i < watch->open->len; i++) {
                const struct condition *condition = g_ptr_array_index(watch->open, i);
                if (!g_str_has_prefix(condition->name, WATCH_CHANNEL))
                        continue;
                const char *channel = condition->name + strlen(WATCH_CHANNEL);
                g_autofree char *headline = g_strdup_printf("channel %s is no longer configured", channel);
                if (!config_channel(config, channel))
                        r = watch_good(watch, condition->name, headline, "It is no longer watched.", err);
        }
        return r;
}

/* ---- quarantine ---- */

int watch_quarantine(struct watch *watch, struct error *err)
{
        unsigned limit = watch->health.config->health.quarantine;
        int64_t count = 0;
        int r = limit > 0 ? watch_quarantined(watch->health.db, watch->health.now_ms - DAY_MS, &count, err) : 0;
        if (r < 0)
                return r;
        if (limit == 0 || count < limit)
                return watch_good(watch, WATCH_QUARANTINE, "quarantine no longer grows",
                                  "What is in it stays there until somebody looks at it: hotfixctl quarantine list.", err);
        g_autofree char *headline = g_strdup_printf("quarantine grows: %" G_GINT64_FORMAT " mails within a day", count);
        g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, count);
        g_autoptr(GPtrArray) facts = watch_facts(), details = watch_texts(NULL, NULL);
        g_autoptr(GPtrArray) advice = watch_texts(
                "See the mails with the reason for each: hotfixctl quarantine list.",
                "If it is a limit that bulletins exceed, raise it, reload, and have them read again: hotfixctl quarantine retry "
                "--all.", NULL);
        watch_fact(facts, "within the last 24 hours", number);
        struct health_report report = {
                .condition = WATCH_QUARANTINE,
                .headline = headline,
                .lead = "Many mails cannot be read. Nobody is told of what stands in them.",
                .facts = facts,
                .advice = advice,
        };
        return watch_bad(watch, &report, details, err);
}

/* ---- disk ---- */

struct disk { const char *path; uint64_t free, size; unsigned percent; };

/* As df(1) has it: what is reserved for root is no part of the disk. False: it cannot be told, or there is no size. */
static bool look_at_disk(const char *path, struct disk *ret_disk)
{
        struct statvfs stat;
        if (!path || statvfs(path, &stat) != 0 || stat.f_bfree > stat.f_blocks)
                return false;
        uint64_t unit = stat.f_frsize ? stat.f_frsize : stat.f_bsize;
        uint64_t blocks = (uint64_t) stat.f_blocks - stat.f_bfree + stat.f_bavail;
        if (blocks == 0)
                return false;
        *ret_disk = (struct disk){ .path = path, .free = (uint64_t) stat.f_bavail * unit, .size = blocks * unit };
        ret_disk->percent = (unsigned) ((double) stat.f_bavail * 100 / (double) blocks);
        return true;
}

static int tell_disk(struct watch *watch, const struct disk *disk, struct error *err)
{
        g_autofree char *headline = g_strdup_printf("disk nearly full: %u %% free below %s", disk->percent, disk->path);
        g_autofree char *free = g_format_size_full(disk->free, G_FORMAT_SIZE_IEC_UNITS);
        g_autofree char *size = g_format_size_full(disk->size, G_FORMAT_SIZE_IEC_UNITS);
        g_autoptr(GPtrArray) facts = watch_facts(), details = watch_texts(NULL, NULL);
        g_autoptr(GPtrArray) advice = watch_texts("Make room, or move the state directory to a larger disk.", NULL);
        watch_fact(facts, "directory", disk->path);
        watch_fact(facts, "free", free);
        watch_fact(facts, "size", size);
        struct health_report report = {
                .condition = WATCH_DISK,
                .headline = headline,
                .lead = "When it is full, mails stay on the server and nobody is told of them until there is room again. "
                        "Nothing is lost.",
                .facts = facts,
                .advice = advice,
        };
        return watch_bad(watch, &report, details, err);
}

/* The fuller one of the two places. */
int watch_disk(struct watch *watch, struct error *err)
{
        const struct config *config = watch->health.config;
        unsigned limit = config->health.disk_free_percent;
        struct disk disk, archive;
        bool known = look_at_disk(config->state_dir, &disk);
        if (look_at_disk(config->archive_dir, &archive) && (!known || archive.percent < disk.percent)) {
                disk = archive;
                known = true;
        }
        if (limit > 0 && !known)
                return 0;
        if (limit > 0 && disk.percent < limit)
                return tell_disk(watch, &disk, err);
        if (limit > 0 && disk.percent < limit + DISK_MARGIN_PERCENT)
                return 0;
        return watch_good(watch, WATCH_DISK, "there is room on the disk again", "There is enough for what arrives.", err);
}

/* ---- holidays ---- */

static bool any_route_goes_by_days_off(const struct config *config)
{
        for (guint i = 0; i < config->routes->len; i++)
                if (route_counts_business_days(g_ptr_array_index(config->routes, i)))
                        return true;
        return false;
}

/* "2035-11-23" to its midnight; false for anything else. */
static bool parse_day(const char *text, int64_t *ret_ms)
{
        g_autofree char *full = g_strconcat(text, "T00:00:00Z", NULL);
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(full, NULL);
        if (time)
                *ret_ms = g_date_time_to_unix(time) * 1000;
        return time != NULL;
}

int watch_holidays(struct watch *watch, struct error *err)
{
        const struct config *config = watch->health.config;
        const char *last = config->calendar ? calendar_last_holiday(config->calendar) : "";
        int64_t last_ms = 0;
        bool ends = parse_day(last, &last_ms) && last_ms - HOLIDAYS_AHEAD_MS <= watch->health.now_ms &&
                    any_route_goes_by_days_off(config);
        if (!ends)
                return watch_good(watch, WATCH_HOLIDAYS, "holidays are known again", "The file has days to come.", err);
        g_autofree char *headline = g_strdup_printf("the file of holidays ends with %s", last);
        g_autoptr(GPtrArray) facts = watch_facts(), details = watch_texts(NULL, NULL);
        g_autoptr(GPtrArray) advice = watch_texts("Put a newer file in its place ([daemon] holidays-file) and reload.", NULL);
        watch_fact(facts, "last holiday in it", last);
        struct health_report report = {
                .condition = WATCH_HOLIDAYS,
                .headline = headline,
                .lead = "From then on every day from Monday to Friday counts as a business day: people are disturbed on "
                        "holidays, and deadlines count them.",
                .facts = facts,
                .advice = advice,
        };
        return watch_bad(watch, &report, details, err);
}
