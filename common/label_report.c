/* SPDX-License-Identifier: MIT */
#include "common/label_report.h"

#include <string.h>

#include "common/text.h"

void label_report_init(struct label_report *report)
{
        *report = (struct label_report){
                .unknown = g_ptr_array_new_with_free_func(g_free),
                .missing = g_ptr_array_new_with_free_func(g_free),
        };
}

void label_report_clear(struct label_report *report)
{
        g_clear_pointer(&report->unknown, g_ptr_array_unref);
        g_clear_pointer(&report->missing, g_ptr_array_unref);
}

static void add(GPtrArray *list, const char *label)
{
        g_autofree char *stripped = text_strip(label), *cut = text_cut_chars(stripped, LABEL_REPORT_CHARS_MAX);
        if (!*cut || list->len >= LABEL_REPORT_MAX)
                return;
        for (char *c = cut; *c; c = g_utf8_next_char(c))
                if (g_unichar_iscntrl(g_utf8_get_char(c)))
                        memset(c, '?', (size_t) (g_utf8_next_char(c) - c));
        for (guint i = 0; i < list->len; i++)
                if (strcmp(g_ptr_array_index(list, i), cut) == 0)
                        return;
        g_ptr_array_add(list, g_steal_pointer(&cut));
}

void label_report_add_unknown(struct label_report *report, const char *label)
{
        add(report->unknown, label);
}

void label_report_add_missing(struct label_report *report, const char *label)
{
        add(report->missing, label);
}

char *label_report_missing_text(const char *label)
{
        return g_strdup_printf("the label %s is missing", label);
}

bool label_report_is_empty(const struct label_report *report)
{
        return (!report->unknown || report->unknown->len == 0) && (!report->missing || report->missing->len == 0);
}
