/* SPDX-License-Identifier: MIT */
/*
 * The log: one line per event on standard error, with the priority prefix of sd-daemon(3) ("<6>") when
 * standard error is the journal (JOURNAL_STREAM is set), with a UTC time stamp otherwise.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <glib.h>
#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVEL_MAX };

/* Lines above this level are not written. The default is LOG_LEVEL_INFO. Thread-safe. */
void log_set_level(enum log_level level);

/* Writes one line "context: text". context names what the line is about ("mailbox work", "channel ops") or is
 * NULL. Control characters in the text are replaced, so that outside bytes cannot forge lines. Thread-safe. */
void log_write(enum log_level level, const char *context, const char *format, ...) G_GNUC_PRINTF(3, 4);

#define log_error(context, ...) log_write(LOG_LEVEL_ERROR, context, __VA_ARGS__)
#define log_warning(context, ...) log_write(LOG_LEVEL_WARNING, context, __VA_ARGS__)
#define log_notice(context, ...) log_write(LOG_LEVEL_NOTICE, context, __VA_ARGS__)
#define log_info(context, ...) log_write(LOG_LEVEL_INFO, context, __VA_ARGS__)
#define log_debug(context, ...) log_write(LOG_LEVEL_DEBUG, context, __VA_ARGS__)

/* "error", "warning", "notice", "info", "debug"; and back. Returns -ERR_NOT_FOUND for another word. */
const char *log_level_name(enum log_level level);
int log_level_parse(const char *name, enum log_level *ret_level);

/* A failure that may repeat: logged when it starts, then at growing intervals with the count, and when it ends. */
struct log_repeat {
        bool failing;
        unsigned count;
        gint64 started_ms, next_ms; /* monotonic */
};

void log_repeat_failure(struct log_repeat *repeat, enum log_level level, const char *context, const char *text);
/* Logs "recovered after N failures in …" if it was failing; text says what works again. */
void log_repeat_success(struct log_repeat *repeat, const char *context, const char *text);

#endif
