/* SPDX-License-Identifier: MIT */
#include "common/bulletin_mark.h"

#include <stdbool.h>

void bulletin_mark_unverified(json_t *bulletin, const char *reason)
{
        json_t *mark = json_object();
        json_object_set_new(mark, "verified", json_boolean(false));
        json_object_set_new(mark, "reason", reason ? json_string(reason) : json_null());
        json_object_set_new(json_object_get(bulletin, "mail"), "authentication", mark);
}
