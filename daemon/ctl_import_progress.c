/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "daemon/ctl.h"
#include "daemon/ctl_import_p.h"
#include "daemon/mail_source.h"

#define SETTLE_MS 2000 /* before that a rate says little */

void import_progress_start(struct import_progress *progress, char **paths, int count)
{
        *progress = (struct import_progress) { .shown = isatty(STDERR_FILENO), .start_ms = clock_monotonic_ms() };
        if (!progress->shown)
                return;
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free); /* named when they are read */
        struct mail_source files = { .stop = ctl_is_stopped, .problems = problems };
        for (int i = 0; i < count; i++)
                mail_source_walk(&files, paths[i], NULL);
        progress->total_bytes = files.bytes;
}

static unsigned percent(const struct import_progress *progress, uint64_t bytes)
{
        if (progress->total_bytes == 0)
                return 0;
        return (unsigned) (100.0 * (double) MIN(bytes, progress->total_bytes) / (double) progress->total_bytes);
}

static void append_time_left(GString *line, const struct import_progress *progress, uint64_t bytes, int64_t passed_ms)
{
        if (passed_ms < SETTLE_MS || bytes == 0 || bytes >= progress->total_bytes)
                return;
        double left_s = (double) passed_ms / 1000 * ((double) (progress->total_bytes - bytes) / (double) bytes);
        uint64_t seconds = left_s < 360000 ? (uint64_t) left_s : 360000;
        unsigned hours = (unsigned) (seconds / 3600), minutes = (unsigned) (seconds / 60 % 60);
        if (hours > 0)
                g_string_append_printf(line, ", %u:%02u:%02u left", hours, minutes, (unsigned) (seconds % 60));
        else
                g_string_append_printf(line, ", %u:%02u left", minutes, (unsigned) (seconds % 60));
}

char *import_progress_line(const struct import_progress *progress, unsigned mails, uint64_t bytes, int64_t now_ms)
{
        int64_t passed_ms = now_ms - progress->start_ms;
        GString *line = g_string_new(NULL);
        g_string_append_printf(line, "%u mail%s", mails, mails == 1 ? "" : "s");
        if (passed_ms >= SETTLE_MS)
                g_string_append_printf(line, ", %u a second", (unsigned) ((double) mails * 1000 / (double) passed_ms));
        if (progress->total_bytes > 0) {
                g_autofree char *size = g_format_size(progress->total_bytes);
                g_string_append_printf(line, ", %u %% of %s", percent(progress, bytes), size);
                append_time_left(line, progress, bytes, passed_ms);
        }
        return g_string_free(line, FALSE);
}

void import_progress_say(const struct import_progress *progress, const char *text)
{
        if (progress->shown)
                fprintf(stderr, "\r\033[K%s", text);
}

void import_progress_show(struct import_progress *progress, unsigned mails, uint64_t bytes)
{
        if (!progress->shown)
                return;
        int64_t now_ms = clock_monotonic_ms();
        if (now_ms - progress->drawn_ms < IMPORT_PROGRESS_MS)
                return;
        progress->drawn_ms = now_ms;
        g_autofree char *line = import_progress_line(progress, mails, bytes, now_ms);
        import_progress_say(progress, line);
}

void import_progress_end(struct import_progress *progress)
{
        if (progress->shown)
                fputs("\r\033[K", stderr);
}

char *import_progress_share(const struct import_progress *progress, uint64_t bytes)
{
        return progress->total_bytes > 0 ? g_strdup_printf(", %u %% of the bytes", percent(progress, bytes)) : g_strdup("");
}
