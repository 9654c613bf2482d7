/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/errors.h"
#include "common/text.h"

#define LINE_BYTES_MAX ((gsize) 16 * 1024) /* journald cuts at 48 KiB; one line is not to drown the rest */
#define REPEAT_FIRST_MS (60 * 1000)
#define REPEAT_LONGEST_MS (60 * 60 * 1000)

static const struct {
        const char *name;
        char priority; /* syslog(3) */
} levels[LOG_LEVEL_MAX] = {
        [LOG_LEVEL_ERROR] = { "error", '3' },   [LOG_LEVEL_WARNING] = { "warning", '4' },
        [LOG_LEVEL_NOTICE] = { "notice", '5' }, [LOG_LEVEL_INFO] = { "info", '6' },
        [LOG_LEVEL_DEBUG] = { "debug", '7' },
};

static _Atomic int highest_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
        atomic_store(&highest_level, level);
}

const char *log_level_name(enum log_level level)
{
        return level >= 0 && level < LOG_LEVEL_MAX ? levels[level].name : "unknown";
}

int log_level_parse(const char *name, enum log_level *ret_level)
{
        for (int i = 0; i < LOG_LEVEL_MAX; i++) {
                if (strcmp(levels[i].name, name) == 0) {
                        *ret_level = (enum log_level) i;
                        return 0;
                }
        }
        return -ERR_NOT_FOUND;
}

/* JOURNAL_STREAM is "device:inode" of the stream systemd made. Comparing tells a daemon whose standard error was
 * redirected since (systemd.exec(5)). */
static bool is_journal(void)
{
        const char *stream = g_getenv("JOURNAL_STREAM");
        if (!stream)
                return false;
        g_auto(GStrv) parts = g_strsplit(stream, ":", 3);
        guint64 device, inode;
        struct stat st;
        return g_strv_length(parts) == 2 && text_parse_uint64(parts[0], G_MAXUINT64, &device) == 0 &&
               text_parse_uint64(parts[1], G_MAXUINT64, &inode) == 0 && fstat(STDERR_FILENO, &st) == 0 &&
               st.st_dev == device && st.st_ino == inode;
}

/* Only what can be shown: no line ends, no escape sequences, no marks that turn the direction of writing. */
static void append_clean(GString *line, const char *text)
{
        g_autofree char *valid = text_make_valid(text, strlen(text), NULL);
        for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);
                if (line->len > LINE_BYTES_MAX) {
                        g_string_append(line, "…");
                        break;
                }
                if (g_unichar_isspace(c))
                        g_string_append_c(line, ' ');
                else
                        g_string_append_unichar(line, g_unichar_isprint(c) ? c : '?');
        }
}

static void write_line(const GString *line)
{
        const char *at = line->str;
        size_t left = line->len;
        while (left > 0) {
                ssize_t n = write(STDERR_FILENO, at, left);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0) /* there is nowhere to say so */
                        break;
                at += n;
                left -= (size_t) n;
        }
}

void log_write(enum log_level level, const char *context, const char *format, ...)
{
        if ((int) level > atomic_load(&highest_level))
                return;
        int saved_errno = errno;
        va_list args;
        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);

        GString *line = g_string_new(NULL);
        if (is_journal())
                g_string_append_printf(line, "<%c>", level < LOG_LEVEL_MAX ? levels[level].priority : '7');
        else {
                g_autofree char *now = clock_format_utc(clock_wall_ms());
                g_string_append_printf(line, "%s %s ", now, log_level_name(level));
        }
        if (context) {
                append_clean(line, context);
                g_string_append(line, ": ");
        }
        append_clean(line, text);
        g_string_append_c(line, '\n');
        write_line(line);
        g_string_free(line, TRUE);
        errno = saved_errno;
}

/* "40s", "12m 5s", "3h 20m", "2d 4h". */
static char *describe_duration(gint64 ms)
{
        gint64 s = MAX(ms, 0) / 1000;
        if (s < 60)
                return g_strdup_printf("%" G_GINT64_FORMAT "s", s);
        if (s < 3600)
                return g_strdup_printf("%" G_GINT64_FORMAT "m %" G_GINT64_FORMAT "s", s / 60, s % 60);
        if (s < 86400)
                return g_strdup_printf("%" G_GINT64_FORMAT "h %" G_GINT64_FORMAT "m", s / 3600, s / 60 % 60);
        return g_strdup_printf("%" G_GINT64_FORMAT "d %" G_GINT64_FORMAT "h", s / 86400, s / 3600 % 24);
}

void log_repeat_failure(struct log_repeat *repeat, enum log_level level, const char *context, const char *text)
{
        gint64 now = clock_monotonic_ms();
        if (!repeat->failing) {
                *repeat = (struct log_repeat){
                        .failing = true, .count = 1, .started_ms = now, .next_ms = now + REPEAT_FIRST_MS
                };
                log_write(level, context, "%s", text);
                return;
        }
        if (repeat->count < G_MAXUINT)
                repeat->count++;
        if (now < repeat->next_ms)
                return;
        g_autofree char *since = describe_duration(now - repeat->started_ms);
        log_write(level, context, "%s (failed %u times in %s)", text, repeat->count, since);
        /* Waiting as long again as it has failed doubles the interval each time. */
        repeat->next_ms = now + CLAMP(now - repeat->started_ms, REPEAT_FIRST_MS, REPEAT_LONGEST_MS);
}

void log_repeat_success(struct log_repeat *repeat, const char *context, const char *text)
{
        if (!repeat->failing)
                return;
        g_autofree char *since = describe_duration(clock_monotonic_ms() - repeat->started_ms);
        log_write(LOG_LEVEL_NOTICE, context, "%s: recovered after %u %s in %s", text, repeat->count,
                  repeat->count == 1 ? "failure" : "failures", since);
        *repeat = (struct log_repeat){ 0 };
}
