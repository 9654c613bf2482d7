/* SPDX-License-Identifier: MIT */
/*
 * A bulletin as CSAF 2.0 document (OASIS Common Security Advisory Framework), for tools that read advisories. An alert that
 * names products has the profile csaf_security_advisory, everything else csaf_base. What the bulletin does not say is left
 * out; nothing in the document depends on when it is made.
 */
#ifndef COMMON_BULLETIN_CSAF_H
#define COMMON_BULLETIN_CSAF_H

#include <glib.h>

#include "common/bulletin.h"
#include "common/errors.h"

/* One revision of the bulletin: its dates, "" where undetermined. */
struct csaf_revision { const char *registered, *updated; };

/* One line of JSON; newly allocated. key: what the bulletin is known by (bulletin_key) where it has no id. revisions, oldest
 * first, end with the one that the bulletin is; count 0: that is the only one. -ERR_NOT_FOUND: it states no date at all,
 * without which there can be no such document. */
int bulletin_to_csaf(const struct bulletin *b, const char *key, const struct csaf_revision *revisions, size_t count,
                     char **ret_text, struct error *err);

#endif
