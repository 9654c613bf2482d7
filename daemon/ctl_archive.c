/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "daemon/ctl.h"
#include "store/archive.h"

static void show_progress(unsigned done, unsigned total, void *context)
{
        (void) context;
        fprintf(stderr, "\r\033[K%u of %u bulletins", done, total);
        if (done == total)
                fprintf(stderr, "\r\033[K");
}

static int rebuild(void)
{
        struct database *db;
        int status;
        if ((status = ctl_load_config()) != 0 || (status = ctl_open_database(DATABASE_WRITE, &db)) != 0)
                return status;
        struct error err = ERROR_INIT;
        unsigned written = 0, removed = 0;
        int r = file_make_directory(ctl.config->archive_dir, 0750, &err);
        if (r == 0)
                r = archive_rebuild(db, ctl.config->archive_dir, isatty(STDERR_FILENO) ? show_progress : NULL, NULL, &written,
                                    &removed, &err);
        database_close(db);
        if (r < 0)
                return ctl_fail(&err);
        if (!ctl.json) {
                printf("%u bulletin%s written to %s, %u stray file%s removed\n", written, written == 1 ? "" : "s",
                       ctl.config->archive_dir, removed, removed == 1 ? "" : "s");
                return CTL_DONE;
        }
        json_t *json = json_object();
        json_object_set_new(json, "archive", json_string(ctl.config->archive_dir));
        json_object_set_new(json, "written", json_integer(written));
        json_object_set_new(json, "removed", json_integer(removed));
        return ctl_print_json(json);
}

int ctl_archive(const struct ctl_command *command, int argc, char **argv)
{
        int status;
        if (ctl_next_option(command, argc, argv, NULL, &status) == -2)
                return status;
        if (argc - optind != 1 || strcmp(argv[optind], "rebuild") != 0)
                return ctl_usage_error(command, "the action is missing or unknown; there is: rebuild");
        return rebuild();
}
