/* SPDX-License-Identifier: MIT */
/* What stands in the packed form (common/pack.h), for what takes it apart. */
#ifndef TESTS_PACKED_H
#define TESTS_PACKED_H

#include "common/pack.h"
#include "ingest/authenticity.h"

/* These very texts and numbers, whatever they are, and that much room. */
static inline GString *packed_bytes(const char *texts, size_t texts_size, const char *numbers, size_t numbers_size,
                                    size_t room)
{
        struct packer p;
        GString *out = g_string_new(NULL);
        packer_init(&p, out);
        g_string_append_len(p.out, texts, (gssize) texts_size);
        g_string_append_len(p.numbers, numbers, (gssize) numbers_size);
        p.room = room;
        packer_end(&p);
        return out;
}

static inline GString *packed_report(const struct authentication_report *report)
{
        struct packer p;
        GString *out = g_string_new(NULL);
        packer_init(&p, out);
        authentication_report_pack(&p, report);
        packer_end(&p);
        return out;
}

#endif
