/* SPDX-License-Identifier: MIT */
/* The line on a terminal that says how far an import is. In a pipe there is none, and nothing is measured for it. */
#ifndef DAEMON_CTL_IMPORT_P_H
#define DAEMON_CTL_IMPORT_P_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define IMPORT_PROGRESS_MS 200

struct import_progress {
        bool shown;           /* there is a terminal */
        uint64_t total_bytes; /* of all files */
        int64_t start_ms, drawn_ms;
};

/* Measures the files, if there is a terminal. */
void import_progress_start(struct import_progress *progress, char **paths, int count);

/* Draws the line, if it is time to: mails so far, and the bytes of the files looked at. */
void import_progress_show(struct import_progress *progress, unsigned mails, uint64_t bytes);

/* Puts some other words there. */
void import_progress_say(const struct import_progress *progress, const char *text);

/* Takes the line away. */
void import_progress_end(struct import_progress *progress);

/* ", 34 % of the bytes" or, where that is not known, ""; newly allocated. */
char *import_progress_share(const struct import_progress *progress, uint64_t bytes);

/* The line itself, without the terminal's codes: "12345 mails, 2310 a second, 34 % of 1.2 GB, 2:13 left"; newly
 * allocated. */
char *import_progress_line(const struct import_progress *progress, unsigned mails, uint64_t bytes, int64_t now_ms);

#endif
