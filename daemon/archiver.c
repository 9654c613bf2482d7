/* SPDX-License-Identifier: MIT */
/* The thread that keeps the archive mirror up to date with the database. */
#include "common/log.h"
#include "daemon/service_p.h"
#include "store/archive.h"

#define RETRY_WAIT_MS 60000
#define GATHER_MS 200 /* a batch of mails makes one new index, not one for each mail */

gpointer archiver_thread(gpointer data)
{
        struct service *service = data;
        struct database *db = service_open_database(service, "archive");
        struct log_repeat repeat = { 0 };
        while (db) {
                struct error err = ERROR_INIT;
                wake_clear(service->archive_fd);
                int r = archive_update(db, service->config->archive_dir, wake_stops, &service->stop_fd, NULL, &err);
                if (r < 0 && !wake_is_set(service->stop_fd))
                        log_repeat_failure(&repeat, LOG_LEVEL_ERROR, "archive", error_text(&err));
                else if (r == 0)
                        log_repeat_success(&repeat, "archive", "the archive is up to date");
                error_clear(&err);
                wake_wait(service->stop_fd, service->archive_fd, r < 0 ? RETRY_WAIT_MS : G_MAXINT);
                if (wake_wait(service->stop_fd, -1, GATHER_MS) == 0)
                        break;
        }
        database_close(db);
        return NULL;
}
