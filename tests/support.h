/* SPDX-License-Identifier: MIT */
/* What every check program shares. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <check.h>
#include <stddef.h>

/* Runs the suite in this process's way (CK_FORK is honoured) and returns the exit status for main. */
int support_run(Suite *suite);

/* A path below tests/ of the source tree ("mail/l/seed.eml"); newly allocated (g_free). */
char *support_source_path(const char *relative);

/* The folder with the publisher's three bulletins (DESIGN.md), or NULL where it is not there. Newly allocated. */
char *support_seeds_directory(void);

/* A fresh empty directory, removed with all it holds at exit; newly allocated. */
char *support_temporary_directory(void);

/* The whole file or a failed test. Newly allocated, NUL behind; ret_size may be NULL. */
char *support_read_file(const char *path, size_t *ret_size);

#endif
