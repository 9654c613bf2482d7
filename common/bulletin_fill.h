/* SPDX-License-Identifier: MIT */
/*
 * Which fields of a bulletin hold something. Counted over many bulletins this shows when a publisher has changed the
 * format: a field that was always there is suddenly not.
 */
#ifndef COMMON_BULLETIN_FILL_H
#define COMMON_BULLETIN_FILL_H

#include <stdint.h>

#include "common/bulletin.h"

/* The fields that are counted, each with a number of its own. These numbers are stored: they only grow at their end. An
 * enumerated field is filled when it is determined, a text when it is not blank, a list when it has a member. */
#define BULLETIN_FILL_MAX 37u

/* Bit i: field i is filled. */
uint64_t bulletin_fill_mask(const struct bulletin *bulletin);

/* The JSON path of a field ("environments.server", "tests") and what it is called in English ("environment: server", "lab tests").
 * Static; NULL for a number that no field has. */
const char *bulletin_fill_path(unsigned field);
const char *bulletin_fill_english(unsigned field);

#endif
