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

static const timer_task tasks[] = { escalation_run, digest_run, health_watch_run, retention_run };

int timer_run(struct database *db, const struct config *config, int64_t now_ms, unsigned *deliveries, int64_t *ret_next_ms,
              struct error *err)
{
        int result = 0;
        *ret_next_ms = 0;
        for (gsize i = 0; i < G_N_ELEMENTS(tasks); i++) {
                struct error task_err = ERROR_INIT;
                int64_t next_ms = 0;
                int r = tasks[i](db, config, now_ms, deliveries, &next_ms, &task_err);
                if (r < 0 && result == 0) {
                        result = r;
                        error_move(err, &task_err);
                }
                error_clear(&task_err);
                if (r == 0 && next_ms > 0 && (*ret_next_ms == 0 || next_ms < *ret_next_ms))
                        *ret_next_ms = next_ms;
        }
        return result;
}

/* Once at first: the configuration may be another than the one that what waits was planned by. */
static int run(struct database *db, struct service *service, bool *looked, unsigned *deliveries, int64_t *ret_next_ms,
               struct error *err)
{
        int64_t now_ms = clock_wall_ms();
        int r = *looked ? 0 : alerts_look_again(db, now_ms, err);
        *looked = *looked || r == 0;
        return r < 0 ? r : timer_run(db, service->config, now_ms, deliveries, ret_next_ms, err);
}

gpointer timer_thread(gpointer data)
{
        struct service *service = data;
        struct log_repeat repeat = { 0 };
        bool looked = false;
        struct database *db = service_open_database(service, "timer");
        for (bool last = db == NULL; !last;) {
                struct error err = ERROR_INIT;
                int64_t next_ms = 0;
                unsigned deliveries = 0;
                wake_clear(service->timer_fd);
                int r = run(db, service, &looked, &deliveries, &next_ms, &err);
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
