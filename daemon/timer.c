/* SPDX-License-Identifier: MIT */
#include "daemon/timer.h"

#include "common/clock.h"
#include "common/log.h"
#include "daemon/digest.h"
#include "daemon/escalation.h"
#include "daemon/health_watch.h"
#include "daemon/retention.h"
#include "daemon/service_p.h"
#include "store/alerts.h"

#define LONGEST_WAIT_MS 60000 /* the wall clock may be set meanwhile */
#define RETRY_WAIT_MS 5000
#define TURN_MS 200           /* between two looks: many mails at once must not make as many of them */
#define LOOK_EVERY_MS 1000
#define CLEAR_EVERY_MS 60000

/* How long until the turn of this one. */
static int64_t wait_of(const struct timer_entry *entry, int64_t now_ms, int64_t monotonic_ms)
{
        if (entry->ran_ms == 0 || (entry->next_ms > 0 && entry->next_ms <= now_ms))
                return 0;
        return MAX(0, entry->ran_ms + entry->every_ms - monotonic_ms);
}

static int run_entry(struct timer_entry *entry, struct database *db, const struct config *config, int64_t now_ms,
                     int64_t monotonic_ms, unsigned *deliveries, struct error *err)
{
        entry->next_ms = 0;
        int r = entry->task(db, config, now_ms, deliveries, &entry->next_ms, err);
        entry->ran_ms = r < 0 ? 0 : monotonic_ms;
        return r;
}

static void keep_earliest(int64_t *next_ms, int64_t at_ms)
{
        if (at_ms > 0 && (*next_ms == 0 || at_ms < *next_ms))
                *next_ms = at_ms;
}

int timer_run(struct timer_entry *entries, size_t count, struct database *db, const struct config *config, int64_t now_ms,
              int64_t monotonic_ms, unsigned *deliveries, int64_t *ret_next_ms, struct error *err)
{
        int result = 0;
        *ret_next_ms = 0;
        for (size_t i = 0; i < count; i++) {
                struct error task_err = ERROR_INIT;
                int64_t wait_ms = wait_of(&entries[i], now_ms, monotonic_ms);
                int r = wait_ms > 0 ? 0 : run_entry(&entries[i], db, config, now_ms, monotonic_ms, deliveries, &task_err);
                if (r < 0 && result == 0) {
                        result = r;
                        error_move(err, &task_err);
                }
                error_clear(&task_err);
                if (r < 0)
                        continue;
                if (wait_ms > 0) /* what has changed meanwhile is looked at then */
                        keep_earliest(ret_next_ms, now_ms + wait_ms);
                keep_earliest(ret_next_ms, entries[i].next_ms);
        }
        return result;
}

/* Once at first: the configuration may be another than the one that what waits was planned by. */
static int run(struct database *db, struct service *service, struct timer_entry *entries, size_t count, bool *looked,
               unsigned *deliveries, int64_t *ret_next_ms, struct error *err)
{
        int64_t now_ms = clock_wall_ms();
        int r = *looked ? 0 : alerts_look_again(db, now_ms, err);
        *looked = *looked || r == 0;
        return r < 0 ? r : timer_run(entries, count, db, service->config, now_ms, clock_monotonic_ms(), deliveries,
                                  ret_next_ms, err);
}

gpointer timer_thread(gpointer data)
{
        struct service *service = data;
        struct log_repeat repeat = { 0 };
        struct timer_entry entries[] = {
                { .task = escalation_run },
                { .task = digest_run, .every_ms = LOOK_EVERY_MS },
                { .task = health_watch_run, .every_ms = LOOK_EVERY_MS },
                { .task = retention_run, .every_ms = CLEAR_EVERY_MS },
        };
        bool looked = false;
        struct database *db = service_open_database(service, "timer");
        for (bool last = db == NULL; !last;) {
                struct error err = ERROR_INIT;
                int64_t next_ms = 0;
                unsigned deliveries = 0;
                wake_clear(service->timer_fd);
                int r = run(db, service, entries, G_N_ELEMENTS(entries), &looked, &deliveries, &next_ms, &err);
                if (r < 0 && r != -ERR_CANCELLED)
                        log_repeat_failure(&repeat, LOG_LEVEL_ERROR, "timer", error_text(&err));
                else if (r == 0)
                        log_repeat_success(&repeat, "timer", "the database can be used again");
                error_clear(&err);
                if (deliveries > 0)
                        service_wake_after_commit(service);
                int64_t wait_ms = r < 0 ? RETRY_WAIT_MS : next_ms > 0 ? MAX(0, next_ms - clock_wall_ms()) : LONGEST_WAIT_MS;
                last = (service->once && !store_error_passes(r)) || wake_is_set(service->stop_fd);
                if (last && r < 0 && r != -ERR_CANCELLED)
                        g_atomic_int_inc(&service->failures);
                int64_t turn_ms = MIN(wait_ms, TURN_MS);
                if (!last && wake_wait(service->stop_fd, -1, turn_ms) != 0)
                        wake_wait(service->stop_fd, service->timer_fd, MIN(wait_ms, LONGEST_WAIT_MS) - turn_ms);
                last = last || wake_is_set(service->stop_fd);
        }
        database_close(db);
        return NULL;
}
