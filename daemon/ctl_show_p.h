/* SPDX-License-Identifier: MIT */
/* What the files of 'show' share. */
#ifndef DAEMON_CTL_SHOW_P_H
#define DAEMON_CTL_SHOW_P_H

#include "common/bulletin.h"

/* One line of the page, a label and a value, whose further lines are indented; nothing for no value. */
void show_fact(const char *label, const char *value);

/* The rows of a bulletin's tables: what is affected, lab tests, downloads, packages, minutes, UpdateEXPERT. */
void show_tables(const struct bulletin *bulletin);

#endif
