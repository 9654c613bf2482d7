/* SPDX-License-Identifier: MIT */
/* What the files of 'list' share. */
#ifndef DAEMON_CTL_LIST_P_H
#define DAEMON_CTL_LIST_P_H

#include <jansson.h>

#include "store/bulletins.h"

/* "critical", "undetermined", or "-" for a kind that has no such field (-1). Static. */
const char *list_value_text(enum bulletin_field field, int value);

/* Needs its content. */
json_t *list_row_to_json(const struct bulletin_row *row);

#endif
