/* SPDX-License-Identifier: MIT */
/* The report of a mail's head: how it is made in the worker, and its form on the pipe. */
#include <string.h>

#include "common/limits.h"
#include "ingest/authenticity_p.h"
#include "ingest/mime_p.h"

void authentication_report_clear(struct authentication_report *report)
{
        g_free(report->from_local);
        g_free(report->from_domain);
        g_clear_pointer(&report->fields, g_ptr_array_unref);
        *report = (struct authentication_report){ 0 };
}

static void free_field(gpointer field)
{
        authentication_field_free(field);
}

/* --- of a head --- */

static bool is_named(const struct header_field *field, const char *name)
{
        return field->name_size == strlen(name) && g_ascii_strncasecmp(field->name, name, field->name_size) == 0;
}

/* A name with white space before the colon is an obsolete form that no border writes, and that one may overlook when it
 * removes what others have written in its name. */
static bool is_spaced(const struct header_field *field)
{
        return field->value != field->name + field->name_size + 1;
}

static void take_field(struct authentication_report *report, const struct header_field *header)
{
        if (is_spaced(header) || report->fields->len >= LIMIT_AUTHENTICATION_FIELDS)
                return;
        struct authentication_field *field = authentication_field_parse(header->value, header->value_size);
        if (field)
                g_ptr_array_add(report->fields, field);
}

static void take_from(struct authentication_report *report, const struct header_field *header)
{
        if (report->from != AUTHENTICATION_FROM_NONE) {
                g_clear_pointer(&report->from_local, g_free);
                g_clear_pointer(&report->from_domain, g_free);
                report->from = AUTHENTICATION_FROM_FIELDS;
                return;
        }
        report->from = authentication_from_parse(header->value, header->value_size, &report->from_local,
                                                 &report->from_domain);
}

/* Whether a line that is no field stands before this one. There the head ends for many a border, which then does not see
 * what it should take away below. */
static bool is_behind_junk(const struct mail_head *head, guint i)
{
        const struct header_field *field = &g_array_index(head->fields, struct header_field, i);
        return i > 0 && field->name != field[-1].value + field[-1].value_size;
}

void authentication_report_read(const struct mail_head *head, struct authentication_report *ret_report)
{
        struct authentication_report report = { .fields = g_ptr_array_new_with_free_func(free_field) };
        bool whole = true;
        for (guint i = 0; head->fields && i < head->fields->len; i++) {
                const struct header_field *field = &g_array_index(head->fields, struct header_field, i);
                whole = whole && !is_behind_junk(head, i);
                if (is_named(field, "From"))
                        take_from(&report, field);
                else if (whole && is_named(field, "Authentication-Results"))
                        take_field(&report, field);
        }
        *ret_report = report;
}

/* --- to the pipe --- */

static void pack_result(struct packer *p, const struct authentication_result *result)
{
        pack_text(p, result->method);
        pack_text(p, result->result);
        pack_number(p, result->properties->len);
        for (guint i = 0; i < result->properties->len; i++) {
                const struct authentication_property *property = g_ptr_array_index(result->properties, i);
                pack_text(p, property->type);
                pack_text(p, property->name);
                pack_text(p, property->value);
        }
}

static void pack_field(struct packer *p, const struct authentication_field *field)
{
        pack_text(p, field->authserv_id);
        pack_number(p, field->broken);
        pack_number(p, field->results->len);
        for (guint i = 0; i < field->results->len; i++)
                pack_result(p, g_ptr_array_index(field->results, i));
}

void authentication_report_pack(struct packer *p, const struct authentication_report *report)
{
        guint count = report->fields ? report->fields->len : 0;
        pack_number(p, report->from);
        if (report->from == AUTHENTICATION_FROM_ONE) {
                pack_text(p, report->from_local);
                pack_text(p, report->from_domain);
        }
        pack_number(p, count);
        for (guint i = 0; i < count; i++)
                pack_field(p, g_ptr_array_index(report->fields, i));
}

/* --- from the pipe --- */

/* A text of a length that an honest worker can send. */
static int take_text(struct unpacker *u, bool may_be_empty, char **ret_text)
{
        char *text;
        int r = unpack_text(u, 2 * LIMIT_AUTHENTICATION_VALUE_BYTES, &text);
        if (r == 0 && (!text || (!may_be_empty && !*text)))
                r = -ERR_MALFORMED;
        if (r == 0)
                *ret_text = g_strdup(text);
        return r;
}

static int take_property(struct unpacker *u, struct authentication_result *result)
{
        struct authentication_property *property = authentication_property_new();
        g_ptr_array_add(result->properties, property);
        int r = take_text(u, true, &property->type);
        if (r == 0)
                r = take_text(u, false, &property->name);
        return r < 0 ? r : take_text(u, true, &property->value);
}

static int take_result(struct unpacker *u, struct authentication_field *field)
{
        struct authentication_result *result = authentication_result_new();
        guint64 count = 0;
        g_ptr_array_add(field->results, result);
        int r = take_text(u, false, &result->method);
        if (r == 0)
                r = take_text(u, false, &result->result);
        if (r == 0)
                r = unpack_number(u, LIMIT_AUTHENTICATION_PROPERTIES, &count);
        for (guint64 i = 0; r == 0 && i < count; i++)
                r = take_property(u, result);
        return r;
}

static int take_reported_field(struct unpacker *u, struct authentication_report *report)
{
        struct authentication_field *field = authentication_field_new();
        guint64 broken = 0, count = 0;
        g_ptr_array_add(report->fields, field);
        int r = take_text(u, false, &field->authserv_id);
        if (r == 0)
                r = unpack_number(u, 1, &broken);
        if (r == 0)
                r = unpack_number(u, broken ? 0 : LIMIT_AUTHENTICATION_RESULTS, &count);
        field->broken = broken != 0;
        for (guint64 i = 0; r == 0 && i < count; i++)
                r = take_result(u, field);
        return r;
}

static int take_reported_from(struct unpacker *u, struct authentication_report *report)
{
        guint64 from;
        int r = unpack_number(u, AUTHENTICATION_FROM_MAX - 1, &from);
        if (r < 0)
                return r;
        report->from = (enum authentication_from) from;
        if (report->from != AUTHENTICATION_FROM_ONE)
                return 0;
        r = take_text(u, false, &report->from_local);
        return r < 0 ? r : take_text(u, false, &report->from_domain);
}

int authentication_report_unpack(struct unpacker *u, struct authentication_report *ret_report)
{
        struct authentication_report report = { .fields = g_ptr_array_new_with_free_func(free_field) };
        guint64 count = 0;
        int r = take_reported_from(u, &report);
        if (r == 0)
                r = unpack_number(u, LIMIT_AUTHENTICATION_FIELDS, &count);
        for (guint64 i = 0; r == 0 && i < count; i++)
                r = take_reported_field(u, &report);
        if (r < 0)
                authentication_report_clear(&report);
        *ret_report = report;
        return r;
}
