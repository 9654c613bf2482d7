/* SPDX-License-Identifier: MIT */
/*
 * What a fuzz target is. Each fuzz_x.c is one: linked with libFuzzer by tests/fuzz/run, and with replay.c into a check
 * program that runs it over the files that are kept.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
        const char *name; /* of its folder below corpus/ and regressions/, and of its dictionary */
        bool reads_mails; /* what is below tests/mail is input for it too */
};

/* Each fuzz_x.c defines both. */
extern const struct fuzz_target fuzz_target;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, saying what is not as it should be. */
#define fuzz_require(condition, ...) \
        do { \
                if (!(condition)) \
                        fuzz_fail(__FILE__, __LINE__, #condition, __VA_ARGS__); \
        } while (0)
void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...) G_GNUC_PRINTF(4, 5)
        G_GNUC_NORETURN;

#endif
